"""Losses of displacements between images. The formulas stand on the cards."""

from __future__ import annotations

from torch import Tensor

from .contract import vectors
from .contract.norms import length


@vectors
def endpoint_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Euclidean distance of two vectors along axis 1; the gradient of a perfect match is 0."""
    return length(prediction - target)
