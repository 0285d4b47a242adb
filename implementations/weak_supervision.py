"""Losses that learn from one class alone, or from some of its samples and many without a label. The formulas stand on the cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor

from .contract import batch, vectors

Average = Callable[[Tensor], Tensor]


@vectors
def deep_svdd(embedding: Tensor, center: Tensor) -> Tensor:
    """Squared distance of an embedding from the centre of the normal samples, along axis 1."""
    return ((embedding - center) ** 2).sum(1)


@batch
def nn_pu(scores: Tensor, target: Tensor, average: Average, prior: Annotated[float, "(0, 1)"] = 0.5) -> Tensor:
    """Non-negative risk of a classifier from labelled positives (`target` 1) and unlabelled samples (0), whose share of positives is `prior`.

    A batch without one of the two kinds leaves the terms of that kind out.
    """
    target = target.clamp(0.0, 1.0)

    def risk(member: Tensor, cost: Tensor) -> Tensor:
        share = average(member)
        return average(member * cost) / torch.where(share > 0, share, 1.0)

    negative = risk(1 - target, scores.sigmoid()) - prior * risk(target, scores.sigmoid())
    return prior * risk(target, (-scores).sigmoid()) + negative.relu()
