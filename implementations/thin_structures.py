"""Losses of segmentation that look at the centre lines of thin structures, and at the hardest pixels. Why they have no formula stands on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import max_pool1d, max_pool2d, max_pool3d

from .contract import masks

_POOLS = {3: max_pool1d, 4: max_pool2d, 5: max_pool3d}


@masks
def cl_dice(probabilities: Tensor, target: Tensor, iterations: Annotated[float, "[0, oo)"] = 3, smooth: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """1 - the harmonic mean of how much of the predicted centre line lies in the true mask, and of the true one in the prediction.

    `iterations`, a whole number, is how often the soft masks are eroded: at least the largest radius of a structure, in pixels. One to three spatial axes.
    """
    count = _whole(iterations)
    if probabilities.ndim not in _POOLS:
        raise ValueError(f"cl_dice: probabilities has shape {tuple(probabilities.shape)}; it needs one to three axes after (batch, classes)")
    precision = _share(_centre_line(probabilities, count), target, smooth)
    sensitivity = _share(_centre_line(target, count), probabilities, smooth)
    return 1 - 2 * precision * sensitivity / (precision + sensitivity)


def _centre_line(mask: Tensor, count: int) -> Tensor:
    """The soft skeleton: what each opening takes away from the mask, eroded step by step."""
    line = (mask - _dilated(_eroded(mask))).relu()
    for _ in range(count):
        mask = _eroded(mask)
        lost = (mask - _dilated(_eroded(mask))).relu()
        line = line + ((1 - line) * lost).relu()
    return line


def _eroded(mask: Tensor) -> Tensor:
    """The smallest value among a pixel and its neighbours along the axes."""
    axes = mask.ndim - 2
    sizes = [tuple(3 if axis == other else 1 for other in range(axes)) for axis in range(axes)]
    return torch.stack([-_pooled(-mask, size) for size in sizes]).amin(0)


def _dilated(mask: Tensor) -> Tensor:
    """The largest value among a pixel and all its neighbours."""
    return _pooled(mask, (3,) * (mask.ndim - 2))


def _pooled(mask: Tensor, size: tuple[int, ...]) -> Tensor:
    return _POOLS[mask.ndim](mask, size, 1, tuple(length // 2 for length in size))


def _share(line: Tensor, mask: Tensor, smooth: float) -> Tensor:
    """How much of the line lies in the mask, smoothed."""
    return ((line * mask).flatten(2).sum(-1) + smooth) / (line.flatten(2).sum(-1) + smooth)


def _whole(iterations: float) -> int:
    if iterations != int(iterations):
        raise ValueError(f"cl_dice: iterations is {iterations}; pass a whole number")
    return int(iterations)
