"""A function that is the identity forward and turns the gradient backward, for losses that a part of the network should maximise."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(value: Tensor, factor: float) -> Tensor:
        return value.view_as(value)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        ctx.factor = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.factor * gradients[0], None


def reverse_gradient(features: Tensor, lam: float = 1.0) -> Tensor:
    """The features themselves; their gradient is multiplied by -`lam` (Ganin et al. 2016, section 4.1)."""
    return _Reverse.apply(features, lam)  # type: ignore[no-any-return]
