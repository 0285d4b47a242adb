"""Losses of angles and other quantities that repeat. The formulas stand on the cards."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .contract import elementwise


@elementwise
def periodic(prediction: Tensor, target: Tensor) -> Tensor:
    """1 - cos(prediction - target), of angles in radians."""
    return 2 * _half_sine(prediction, target) ** 2


@elementwise
def von_mises_nll(mean: Tensor, concentration: Tensor, target: Tensor) -> Tensor:
    """Negative log-density of the von Mises distribution around the angle `mean`; a concentration below 0 is taken as 0, the uniform distribution."""
    concentration = concentration.clamp(min=0)
    return math.log(2 * math.pi) + torch.special.i0e(concentration).log() + 2 * concentration * _half_sine(mean, target) ** 2


def _half_sine(first: Tensor, second: Tensor) -> Tensor:
    """sin((first - second)/2) without the difference, which would round away the digits of a small angle beside a large one."""
    return (first / 2).sin() * (second / 2).cos() - (first / 2).cos() * (second / 2).sin()
