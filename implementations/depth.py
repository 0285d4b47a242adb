"""Losses of depth maps. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .contract import Inside, images_beside, maps


@maps
def scale_invariant_log(prediction: Tensor, target: Tensor, inside: Inside, lam: Annotated[float, "[0, 1]"] = 0.5) -> Tensor:
    """Mean squared difference of log-depths less `lam` times the square of its mean, over the places that the mask keeps; depths of 0 or less count as tiny."""
    kept = inside.to(prediction.dtype)
    count = kept.sum(1).clamp(min=1)
    difference = torch.where(inside, _log(torch.where(inside, prediction, 1.0)) - _log(torch.where(inside, target, 1.0)), 0.0)
    mean = difference.sum(1) / count
    spread = (torch.where(inside, difference - mean.unsqueeze(1), 0.0) ** 2).sum(1) / count
    return spread + (1 - lam) * mean**2


@images_beside("image")
def inverse_depth_smoothness(prediction: Tensor, image: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring inverse depths along rows plus that along columns, each times exp(-the image's mean absolute difference)."""
    total = prediction.sum((1, 2, 3)) * 0
    for axis in (2, 3):
        if prediction.shape[axis] > 1:
            slope, edge = prediction.diff(dim=axis).abs(), image.diff(dim=axis).abs().mean(1, keepdim=True)
            total = total + (slope * (-edge).exp()).mean((1, 2, 3))
    return total


def _log(values: Tensor) -> Tensor:
    return values.clamp(min=torch.finfo(values.dtype).tiny).log()
