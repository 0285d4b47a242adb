"""Losses between sets of points. The formulas, and what they mean without one, stand on the cards."""

from __future__ import annotations

import torch
from torch import Tensor

from .contract import point_sets


@point_sets
def chamfer(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared distance of each point to the nearest one of the other set, both ways; equal points pass no gradient."""
    distances = torch.cdist(prediction, target, compute_mode="donot_use_mm_for_euclid_dist")
    return (distances.amin(2) ** 2).mean(1) + (distances.amin(1) ** 2).mean(1)
