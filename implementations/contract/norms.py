"""The Euclidean length of vectors, without overflow and with a gradient that is never NaN."""

from __future__ import annotations

import torch
from torch import Tensor


def length(vector: Tensor) -> Tensor:
    """The Euclidean norm along axis 1, scaled by the largest component first so that no square over- or underflows; the gradient at 0 is 0."""
    largest = vector.detach().abs().amax(1, keepdim=True) if vector.shape[1] else vector.detach().sum(1, keepdim=True)
    unit = torch.where(largest > 0, largest, 1.0)
    return torch.linalg.vector_norm(vector / unit, dim=1) * unit.squeeze(1)
