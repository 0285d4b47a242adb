"""Losses of ordinal regression, where classes have an order. The formulas stand on the cards."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import elementwise, vectors


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
