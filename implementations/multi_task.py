"""Weights of the losses of several tasks that are trained together. The formulas stand on the cards."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .contract import elementwise


@elementwise
def uncertainty_weighting(losses: Tensor, log_variance: Tensor) -> Tensor:
    """Each task's loss over its trained variance, plus what keeps the variance from growing; sum over the tasks with `reduction="sum"`."""
    losses = losses.clamp(min=0)
    hidden = (losses == 0) & (-log_variance > math.log(torch.finfo(losses.dtype).max))  # 0 times an overflow
    return (losses * torch.where(hidden, 0.0, -log_variance).exp() + log_variance) / 2
