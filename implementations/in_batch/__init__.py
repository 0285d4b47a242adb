"""Losses of a whole batch of embeddings with labels: the pairs and triples are formed here, without a loop and without a tensor of N**3 numbers.

    loss = triplet(embeddings, labels, margin=0.2, mining="semi_hard")

Every function takes embeddings (N, d) and integer labels (N,): equal labels belong together. `mask` (N,) leaves samples out, `group` joins the batches of
several processes, `reduction` is "mean" over the pairs, triples or anchors, or "sum". A batch without any has loss 0 with a zero gradient.
The losses of single pairs and triples, with the formulas of the cards, are in `ranking`.
"""

from .distances import contrastive, pairwise_ranking, triplet
from .similarities import multi_similarity, nt_xent, supervised_contrastive

__all__ = ["contrastive", "multi_similarity", "nt_xent", "pairwise_ranking", "supervised_contrastive", "triplet"]
