"""Losses of classification that wrong labels move less. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .contract import ClassTarget, classes


@classes
def reverse_cross_entropy(logits: Tensor, target: ClassTarget, log_zero: Annotated[float, "(-oo, 0)"] = -4.0) -> Tensor:
    """Cross-entropy with prediction and label in exchanged places, `log_zero` standing for log(0); a soft target takes the mean over its classes."""
    return target.expect(log_zero * logits.log_softmax(1).expm1())


@classes
def symmetric_cross_entropy(
    logits: Tensor, target: ClassTarget, alpha: Annotated[float, "[0, oo)"] = 0.1, beta: Annotated[float, "[0, oo)"] = 1.0,
    log_zero: Annotated[float, "(-oo, 0)"] = -4.0,
) -> Tensor:  # fmt: skip
    """`alpha` times the cross-entropy plus `beta` times the reverse cross-entropy; a soft target takes the mean over its classes."""
    logarithms = logits.log_softmax(1)
    return target.expect(beta * log_zero * logarithms.expm1() - alpha * logarithms)


@classes
def normalized_cross_entropy(logits: Tensor, target: ClassTarget) -> Tensor:
    """Cross-entropy as a share of the sum of the cross-entropies of all classes. Where classes have probability 0, these share the whole."""
    costs = -logits.log_softmax(1)
    infinite = costs.isinf()
    several = infinite.sum(1, keepdim=True)
    finite = torch.where(infinite, 0.0, costs)
    total = torch.where(several > 0, 1.0, finite.sum(1, keepdim=True))
    return target.expect(torch.where(several > 0, infinite.to(costs.dtype) / several.clamp(min=1), finite / total))
