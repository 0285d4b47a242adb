"""Losses of key points of poses and faces, as coordinates and as heatmaps. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .contract import elementwise


@elementwise
def wing(prediction: Tensor, target: Tensor, w: Annotated[float, "(0, oo)"] = 10.0, epsilon: Annotated[float, "(0, oo)"] = 2.0) -> Tensor:
    """Logarithmic up to `w`, linear beyond."""
    size = (prediction - target).abs()
    inner = size.clamp(max=w)
    return w * (inner / epsilon).log1p() + (size - inner)


@elementwise
def adaptive_wing(
    prediction: Tensor, target: Tensor, alpha: Annotated[float, "(1, oo)"] = 2.1, omega: Annotated[float, "(0, oo)"] = 14.0,
    epsilon: Annotated[float, "(0, oo)"] = 1.0, theta: Annotated[float, "(0, oo)"] = 0.5,
) -> Tensor:  # fmt: skip
    """Logarithm of a power `alpha` - target of the error up to `theta`, continued with its slope there; a target beyond [0, 1] is clamped in the power."""
    size = (prediction - target).abs()
    power = alpha - target.detach().clamp(0, 1)
    inner = size.clamp(max=theta)
    positive = inner > 0
    raised = torch.where(positive, (power * (torch.where(positive, inner, 1.0) / epsilon).log()).exp(), 0.0)
    joint = (theta / epsilon) ** power
    slope = omega * power * joint / (theta * (1 + joint))
    return omega * raised.log1p() + slope * (size - inner)
