"""In-batch losses of cosine similarities: one softmax over the batch for each anchor, in time O(N**2 * d) and memory O(N**2 + N*d)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from .. import ranking
from .arguments import Batch, check_batch, check_number


def nt_xent(
    embeddings: Tensor, target: Tensor, *, temperature: float = 0.5, mask: Tensor | None = None, group: Any = None, reduction: str = "mean"
) -> Tensor:
    """NT-Xent over the batch: each ordered pair with equal labels is an anchor with its positive, and all samples of other labels are its negatives.

    With two views of each sample, both under one label, this is the loss of SimCLR. Where a label has more samples, the other positives are left out of the
    denominator. An embedding of zeros has similarity 0 with everything, and its gradient is 0.
    """
    batch = check_batch("nt_xent", embeddings, target, mask, group, reduction)
    temperature = check_number("nt_xent", "temperature", temperature, 0, allowed=False)
    directions = _directions(batch.embeddings)
    scaled = directions @ directions.T / temperature
    lowest = torch.finfo(scaled.dtype).min
    negatives = torch.where(batch.different, scaled, lowest).logsumexp(1, keepdim=True) if len(scaled) else scaled
    losses = torch.where(batch.alike & batch.different.any(1, keepdim=True), softplus(negatives - scaled, threshold=80.0), 0.0)
    return losses.sum() if reduction == "sum" else losses.sum() / batch.alike.sum().clamp(min=1)


def supervised_contrastive(
    embeddings: Tensor, target: Tensor, *, temperature: float = 0.1, mask: Tensor | None = None, group: Any = None, reduction: str = "mean"
) -> Tensor:
    """The supervised contrastive loss over the batch: each sample with another of its label is an anchor, and all other samples are its candidates."""
    batch = check_batch("supervised_contrastive", embeddings, target, mask, group, reduction)
    return _over_anchors(ranking.supervised_contrastive, batch, batch.alike.any(1, keepdim=True), reduction, temperature=temperature)


def multi_similarity(
    embeddings: Tensor, target: Tensor, *, alpha: float = 2.0, beta: float = 50.0, base: float = 1.0, mask: Tensor | None = None, group: Any = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The multi-similarity loss over all pairs of the batch; each sample is an anchor, and nothing is mined."""
    batch = check_batch("multi_similarity", embeddings, target, mask, group, reduction)
    return _over_anchors(ranking.multi_similarity, batch, batch.alike | batch.different, reduction, alpha=alpha, beta=beta, base=base)


def _over_anchors(loss: Any, batch: Batch, anchors: Tensor, reduction: str, **parameters: float) -> Tensor:
    """A loss of lists, one for each anchor: its similarities to all others, of which those with its label are the positives."""
    directions = _directions(batch.embeddings)
    pairs = (batch.alike | batch.different) & anchors
    return loss(directions @ directions.T, batch.alike.to(directions.dtype), mask=pairs, reduction=reduction, **parameters)


def _directions(embeddings: Tensor) -> Tensor:
    """Vectors of length 1, scaled by the largest component first so that no square over- or underflows; zeros stay zeros."""
    largest = embeddings.detach().abs().amax(1, keepdim=True) if embeddings.shape[1] else embeddings.detach().sum(1, keepdim=True)
    scaled = embeddings / torch.where(largest > 0, largest, 1.0)
    length = torch.linalg.vector_norm(scaled, dim=1, keepdim=True)
    return scaled / torch.where(length > 0, length, 1.0)
