"""Losses of ordinal regression, where classes have an order. The formulas stand on the cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import batch, elementwise, vectors

Average = Callable[[Tensor], Tensor]


@elementwise
def cumulative_link(scores: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """Negative log-probability that a logistic variable at the score falls between the thresholds around the observed class.

    The first class has the lower threshold -inf, the last one the upper threshold inf. Thresholds in the wrong order cost +inf, without a gradient.
    """
    ordered = upper > lower
    width = torch.where(ordered, upper - lower, 1.0)
    loss = -logsigmoid(upper - scores) - logsigmoid(scores - lower) - (-(-width).expm1()).log()
    return torch.where(ordered, loss, torch.inf)


@vectors
def coral_ordinal(logits: Tensor, target: Tensor) -> Tensor:
    """Sum of the cross-entropies of the questions "is the class above the k-th?", of which the target holds the answers, 1s before 0s."""
    return (-target * logsigmoid(logits) - (1 - target) * logsigmoid(-logits)).sum(1)


@batch
def weighted_kappa(probabilities: Tensor, target: Tensor, average: Average, epsilon: Annotated[float, "(0, oo)"] = 1e-6) -> Tensor:
    """log(1 - kappa + epsilon) of the quadratically weighted kappa between the classes' probabilities and one-hot targets, both (batch, classes).

    A mask or weight is for whole samples, (batch, 1). Where chance alone would agree fully, kappa is 1.
    """
    if probabilities.ndim != 2:
        raise ValueError(f"weighted_kappa: probabilities has shape {tuple(probabilities.shape)}; it needs (batch, classes)")
    size = probabilities.shape[1]
    ranks = torch.arange(size, dtype=probabilities.dtype, device=probabilities.device)
    true = (target * ranks).sum(1, keepdim=True)
    total = size * average(target)  # the mean weight of a sample
    seen = size * average(probabilities * (true - ranks) ** 2)
    squares = size * (average(probabilities * ranks**2) + average(target * ranks**2))
    product = size * average(probabilities * ranks) * size * average(target * ranks)
    chance = squares - 2 * product / torch.where(total > 0, total, 1.0)
    share = torch.where(chance > 0, seen / torch.where(chance > 0, chance, 1.0), 0.0)
    return torch.where(total > 0, (share + epsilon).log(), 0.0)
