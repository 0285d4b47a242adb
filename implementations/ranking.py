"""Losses of ranking and metric learning: of pairs and triples of embeddings, of two scores, and of whole lists. The formulas stand on the cards.

`in_batch` has those that form the pairs of a batch of embeddings themselves.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import ClassTarget, Inside, classes, elementwise, lists, pairs, vectors
from .contract.norms import length


@pairs
def pairwise_ranking(first: Tensor, second: Tensor, target: Tensor, margin: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """The distance of a similar pair (`target` 1); how far the distance of a dissimilar one (`target` 0) falls short of `margin`."""
    distance = length(first - second)
    return target * distance + (1 - target) * (margin - distance).relu()


@pairs
def contrastive(first: Tensor, second: Tensor, target: Tensor, margin: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """Half the squared distance of a similar pair (`target` 0); half the square of how far a dissimilar one (`target` 1) falls short of `margin`."""
    difference = first - second
    distance = length(difference)
    squared = (difference**2).sum(1).clamp(max=torch.finfo(difference.dtype).max)  # so that 0 times it is 0
    return ((1 - target) * squared + target * (margin - distance).relu() ** 2) / 2


@vectors
def triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: Annotated[float, "[0, oo)"] = 1.0) -> Tensor:
    """How far the negative falls short of lying `margin` farther from the anchor than the positive does. Identical embeddings pass no gradient."""
    return (margin + length(anchor - positive) - length(anchor - negative)).relu()


@elementwise
def margin_ranking(first: Tensor, second: Tensor, target: Tensor, margin: Annotated[float, "[0, oo)"] = 0.0) -> Tensor:
    """How far the score that should be higher (the first where `target` is 1, the second where it is -1) falls short of leading by `margin`."""
    return (margin - target * (first - second)).relu()


@elementwise
def ranknet(first: Tensor, second: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of which of two items ranks higher; `target` is the probability that the first does."""
    lead = first - second
    return -target * logsigmoid(lead) - (1 - target) * logsigmoid(-lead)


@classes
def nt_xent(similarities: Tensor, target: ClassTarget, temperature: Annotated[float, "(0, oo)"] = 0.5) -> Tensor:
    """Negative log-probability of the positive under a softmax of the similarities to all candidates, the positive among them."""
    return -target.expect((similarities / temperature).log_softmax(1))


@lists
def listwise(scores: Tensor, target: Tensor, inside: Inside) -> Tensor:
    """Cross-entropy of the softmax over a list's scores against the relevance of its items."""
    lowest = torch.finfo(scores.dtype).min
    logarithms = torch.where(inside, scores, lowest).log_softmax(1)
    return -(target * torch.where(inside, logarithms, 0.0)).sum(1)


@lists
def lambda_loss(scores: Tensor, target: Tensor, inside: Inside, sigma: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """Logistic losses (in bits) of all pairs of unequal relevance, each weighted by what swapping the two would change in the list's NDCG.

    The ranks that the weights use come from the scores, ties in the order given; they pass no gradient. A list without a relevant item costs 0.
    """
    kept, target = inside.to(scores.dtype), target.clamp(max=_HIGHEST)
    gains = (torch.where(inside, target, 0.0) * _LOG2).expm1() * kept
    discounts = _discounts(torch.where(inside, scores.detach(), -torch.inf))
    ideal = (gains * _discounts(torch.where(inside, target, -torch.inf))).sum(1)
    gains = gains / torch.where(ideal > 0, ideal, 1.0).unsqueeze(1)
    weights = (gains.unsqueeze(2) - gains.unsqueeze(1)).abs() * (discounts.unsqueeze(2) - discounts.unsqueeze(1)).abs()
    better = (target.unsqueeze(2) > target.unsqueeze(1)) & inside.unsqueeze(2) & inside.unsqueeze(1)
    costs = -logsigmoid(sigma * (scores.unsqueeze(2) - scores.unsqueeze(1))) / _LOG2
    return torch.where(better, weights * costs, 0.0).sum((1, 2))


@elementwise
def bpr(preferred: Tensor, other: Tensor) -> Tensor:
    """Logistic loss of the lead of an item that the user chose over one that the user did not."""
    return -logsigmoid(preferred - other)


@lists
def list_mle(scores: Tensor, target: Tensor, inside: Inside) -> Tensor:
    """Negative log-likelihood of the order of falling relevance when items are drawn one by one by the softmax of those left; ties keep the order given."""
    order = torch.argsort(torch.where(inside, target, -torch.inf), dim=1, descending=True, stable=True)
    kept = inside.gather(1, order)
    lowest = torch.finfo(scores.dtype).min / 2
    ordered = torch.where(kept, scores.gather(1, order), lowest).double()  # running sums of far larger scores would swallow small losses
    left = ordered.flip(1).logcumsumexp(1).flip(1)
    return torch.where(kept, left - ordered, 0.0).sum(1).to(scores.dtype)


@lists
def approx_ndcg(scores: Tensor, target: Tensor, inside: Inside, alpha: Annotated[float, "(0, oo)"] = 10.0) -> Tensor:
    """1 - NDCG with sigmoids of differences of scores in place of ranks; 0 where no item is relevant."""
    gains = (torch.where(inside, target.clamp(max=_HIGHEST), 0.0) * _LOG2).expm1()
    others = inside.unsqueeze(1) & ~torch.eye(scores.shape[1], dtype=torch.bool, device=scores.device)
    ahead = torch.where(others, (alpha * (scores.unsqueeze(1) - scores.unsqueeze(2))).sigmoid(), 0.0).sum(2)
    ideal = (gains * _discounts(torch.where(inside, target, -torch.inf))).sum(1)
    found = (gains * _LOG2 / (2 + ahead).log()).sum(1)
    relevant = ideal > 0
    return torch.where(relevant, 1 - found / torch.where(relevant, ideal, 1.0), 0.0)


@lists
def supervised_contrastive(
    similarities: Tensor, target: Tensor, inside: Inside, temperature: Annotated[float, "(0, oo)"] = 0.1
) -> Tensor:  # fmt: skip
    """Mean over an anchor's positives (`target` 1) of their negative log-probability under a softmax over all candidates; 0 without positives."""
    logits = torch.where(inside, similarities / temperature, torch.finfo(similarities.dtype).min)
    positives = target.clamp(0, 1)
    count = positives.sum(1)
    losses = (positives * torch.where(inside, logits.logsumexp(1, keepdim=True) - logits, 0.0)).sum(1)
    return losses / torch.where(count > 0, count, 1.0)


@lists
def multi_similarity(
    similarities: Tensor, target: Tensor, inside: Inside, alpha: Annotated[float, "(0, oo)"] = 2.0, beta: Annotated[float, "(0, oo)"] = 50.0,
    base: Annotated[float, "real"] = 1.0,
) -> Tensor:  # fmt: skip
    """Soft maxima of how far an anchor's positives (`target` 1) fall below `base` and its negatives (0) rise above it."""
    shift = similarities - base
    positives = _log_one_plus_sum(-alpha * shift, inside & (target > 0.5))
    return positives / alpha + _log_one_plus_sum(beta * shift, inside & (target <= 0.5)) / beta


def _log_one_plus_sum(exponents: Tensor, chosen: Tensor) -> Tensor:
    """log(1 + sum of exp over the chosen), without overflow."""
    kept = torch.where(chosen, exponents, torch.finfo(exponents.dtype).min)
    return torch.cat((torch.zeros_like(kept[:, :1]), kept), 1).logsumexp(1)


_LOG2 = 0.6931471805599453
_HIGHEST = 100.0  # relevance beyond it counts as it: 2**relevance must not overflow


def _discounts(values: Tensor) -> Tensor:
    """1/log2(1 + rank) of every item, rank 1 for the largest value, ties in the order given."""
    order = torch.argsort(values, dim=1, descending=True, stable=True)
    places = torch.arange(values.shape[1], device=values.device).expand_as(order)
    ranks = torch.zeros_like(order).scatter(1, order, places).to(values.dtype)
    return _LOG2 / (ranks + 2).log()
