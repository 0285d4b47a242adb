"""Losses between sets of points. What they mean, and why they have no formula over scalars, stands on the cards."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor

from .contract import joint, point_sets


@point_sets
def chamfer(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared distance of each point to the nearest one of the other set, both ways; equal points pass no gradient."""
    distances = torch.cdist(prediction, target, compute_mode="donot_use_mm_for_euclid_dist")
    return (distances.amin(2) ** 2).mean(1) + (distances.amin(1) ** 2).mean(1)


@joint
def sinkhorn_divergence(
    first: Tensor, second: Tensor, epsilon: Annotated[float, "(0, oo)"] = 0.05, iterations: Annotated[float, "[1, oo)"] = 100
) -> Tensor:  # fmt: skip
    """Entropic transport cost |x - y|**2/2 between two batches less half of each one's own; 0 where either is empty. `iterations` is a whole number."""
    if iterations != int(iterations):
        raise ValueError(f"sinkhorn_divergence: iterations is {iterations}; pass a whole number")
    if min(len(first), len(second)) == 0:
        return first.sum() * 0 + second.sum() * 0
    pairs = ((first, second, 1.0), (first, first, -0.5), (second, second, -0.5))
    return torch.stack([share * _transport(x, y, epsilon, int(iterations)) for x, y, share in pairs]).sum()


def _transport(first: Tensor, second: Tensor, epsilon: float, count: int) -> Tensor:
    """The dual value of entropic transport. The potentials are held fixed in the last step, so that its gradient is that of the optimum."""
    with torch.no_grad():
        costs = _costs(first, second)
        there, back = _softmin(costs, torch.zeros_like(costs[0]), epsilon), _softmin(costs.T, torch.zeros_like(costs[:, 0]), epsilon)
        for _ in range(count):  # both potentials at once, averaged with the last ones: symmetric, and safe from swinging
            there, back = (there + _softmin(costs, back, epsilon)) / 2, (back + _softmin(costs.T, there, epsilon)) / 2
    mine = _softmin(_costs(first, second.detach()), back, epsilon)
    return mine.mean() + _softmin(_costs(second, first.detach()), there, epsilon).mean()


def _costs(first: Tensor, second: Tensor) -> Tensor:
    return torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist") ** 2 / 2


def _softmin(costs: Tensor, potential: Tensor, epsilon: float) -> Tensor:
    """-epsilon*log of the mean over the other batch of exp((potential - cost)/epsilon)."""
    return -epsilon * ((potential - costs) / epsilon - math.log(costs.shape[1])).logsumexp(1)
