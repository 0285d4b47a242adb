"""Our losses over a batch of embeddings against pytorch-metric-learning's."""

from __future__ import annotations

import math
from typing import Any

import torch

import lossgraph

from .comparing import EMBEDDINGS, GROUPS, Comparison, Table, agree, ours


def _theirs(name: str, reducer: str, plain: bool = True, **options: Any) -> Any:
    """A loss of theirs; `plain`: over Euclidean distances of the embeddings as they are, which it normalises by default."""

    def loss(embeddings: torch.Tensor, _: str) -> Any:
        from pytorch_metric_learning import distances, losses, reducers

        distance = {"distance": distances.LpDistance(normalize_embeddings=False)} if plain else {}
        return getattr(losses, name)(reducer=getattr(reducers, reducer)(), **distance, **options)(embeddings, GROUPS)

    return loss


def _compare(name: str, theirs: Any, factor: float = 1.0, **options: Any) -> Comparison:
    """`factor` times our loss over the batch equals theirs, in value and gradient."""
    in_batch: Any = lossgraph.torch.in_batch(name)
    return agree(lambda embeddings, _: factor * in_batch(embeddings, GROUPS, **options), theirs, EMBEDDINGS, ("mean",))


def _margin(name: str, theirs: str, margin: float, theirs_margin: float) -> Comparison:
    """It keeps the class centres and takes embeddings; ours takes their cosines."""
    centres = (EMBEDDINGS[:12] + 2 * EMBEDDINGS[12:24]).T.contiguous()
    directions = torch.nn.functional.normalize

    def reference(embeddings: torch.Tensor, _: str) -> Any:
        from pytorch_metric_learning import losses

        loss = getattr(losses, theirs)(num_classes=12, embedding_size=5, margin=theirs_margin, scale=8).double()
        loss.W.data = centres
        return loss(embeddings, GROUPS)

    def mine(embeddings: torch.Tensor, reduction: str) -> torch.Tensor:
        return ours(name, directions(embeddings, dim=1) @ directions(centres, dim=0), GROUPS, margin=margin, scale=8.0, reduction=reduction)

    return agree(mine, reference, EMBEDDINGS, ("mean",))


TABLE: Table = {
    # its margin is in degrees; 0.05 is small enough that no angle plus it exceeds pi, where it takes a straight line
    "arcface": ("ArcFaceLoss", _margin("arcface", "ArcFaceLoss", 0.05, math.degrees(0.05))),
    "cosface": ("CosFaceLoss", _margin("cosface", "CosFaceLoss", 0.35, 0.35)),
    # it averages over anchors, those without positives counting as 0: the sums agree
    "supervised_contrastive": (
        "SupConLoss",
        _compare("supervised_contrastive", _theirs("SupConLoss", "SumReducer", plain=False, temperature=0.3), temperature=0.3, reduction="sum"),
    ),
    "multi_similarity": (
        "MultiSimilarityLoss",
        _compare("multi_similarity", _theirs("MultiSimilarityLoss", "MeanReducer", plain=False, alpha=2, beta=5, base=0.5), alpha=2.0, beta=5.0, base=0.5),
    ),
    "nt_xent": ("NTXentLoss", _compare("nt_xent", _theirs("NTXentLoss", "MeanReducer", plain=False, temperature=0.3), temperature=0.3)),
    # by default pytorch-metric-learning averages over the triples that cost something; ours averages over all that were chosen
    "triplet": ("TripletMarginLoss", _compare("triplet", _theirs("TripletMarginLoss", "MeanReducer", margin=0.5), margin=0.5)),
    # no squares, so it is no contrastive loss of Hadsell et al.; every ordered pair counts
    "pairwise_ranking": (
        "ContrastiveLoss",
        _compare("pairwise_ranking", _theirs("ContrastiveLoss", "SumReducer", pos_margin=0, neg_margin=2.0), factor=2.0, margin=2.0, reduction="sum"),
    ),
}  # fmt: skip
