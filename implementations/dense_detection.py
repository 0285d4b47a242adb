"""Losses of the dense outputs of detectors: scores that join class and quality, distances as distributions, heatmaps. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import elementwise, pairs


@elementwise
def varifocal(
    logits: Tensor, target: Tensor, alpha: Annotated[float, "(0, oo)"] = 0.75, gamma: Annotated[float, "[0, oo)"] = 2.0
) -> Tensor:  # fmt: skip
    """Cross-entropy against an overlap, weighted by it; where the `target` is 0, focal background with weight `alpha`."""
    positive, negative = logsigmoid(logits), logsigmoid(-logits)
    objects = -target * (target * positive + (1 - target) * negative)
    return torch.where(target > 0, objects, -alpha * (gamma * positive).exp() * negative)


@elementwise
def quality_focal(logits: Tensor, target: Tensor, beta: Annotated[float, "(0, oo)"] = 2.0) -> Tensor:
    """Cross-entropy against a soft label, times the distance of the score from it to the power `beta`; where both are equal the gradient is 0."""
    entropy = -target * logsigmoid(logits) - (1 - target) * logsigmoid(-logits)
    distance = (target * (-logits).sigmoid() - (1 - target) * logits.sigmoid()).abs()  # |target - score|, accurate where the score is almost 1
    return _power(distance, beta) * entropy


@pairs
def distribution_focal(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of a distribution over bins 0, 1, 2, ... along axis 1 against the two bins around the target, which is clamped to the bins."""
    last = logits.shape[1] - 1
    place = target.clamp(0, last)
    left = place.detach().floor().clamp(max=max(last - 1, 0))
    share = place - left
    logarithms = logits.log_softmax(1)
    index = left.long().unsqueeze(1)
    near = logarithms.gather(1, torch.cat((index, (index + 1).clamp(max=last)), 1))
    return -(1 - share) * near[:, 0] - share * near[:, 1]


@elementwise
def gaussian_focal(
    logits: Tensor, target: Tensor, alpha: Annotated[float, "[0, oo)"] = 2.0, beta: Annotated[float, "[0, oo)"] = 4.0
) -> Tensor:  # fmt: skip
    """Focal loss of a heatmap: places where the `target` is 1 are positives, all others negatives that weigh (1 - target)**`beta`."""
    positive, negative = logsigmoid(logits), logsigmoid(-logits)
    away = -((1 - target).clamp(min=0) ** beta) * (alpha * positive).exp() * negative
    return torch.where(target >= 1, -(alpha * negative).exp() * positive, away)


def _power(values: Tensor, exponent: float) -> Tensor:
    """values**exponent for a positive exponent, with gradient 0 where a value is 0."""
    positive = values > 0
    return torch.where(positive, torch.where(positive, values, 1.0) ** exponent, 0.0)
