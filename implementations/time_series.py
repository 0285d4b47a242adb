"""Losses that compare whole series, whatever their timing. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import pad

from .contract import samples

_NEVER = 1e30  # the cost of a cell outside the table: an infinity would make gradients NaN


@samples(flat=False)
def soft_dtw(prediction: Tensor, target: Tensor, gamma: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """Soft minimum, over all alignments in time, of the summed squared distances of aligned points; series are (batch, times) or (batch, channels, times).

    The table of partial alignments is filled along its antidiagonals, each in one step for the whole batch.
    """
    first, second = prediction.reshape(prediction.shape[0], -1, prediction.shape[-1]), target.reshape(target.shape[0], -1, target.shape[-1])
    distances = ((first.unsqueeze(3) - second.unsqueeze(2)) ** 2).sum(1)
    length = distances.shape[1]
    rows = torch.arange(length, device=distances.device)
    before = last = torch.full_like(distances[:, 0], _NEVER)
    for step in range(2 * length - 1):
        columns = step - rows
        inside = (columns >= 0) & (columns < length)
        cost = distances.gather(2, columns.clamp(0, length - 1).reshape(1, -1, 1).expand(distances.shape[0], -1, 1)).squeeze(2)
        reached = _soft_minimum(_shifted(before), _shifted(last), last, gamma) if step else torch.where(rows == 0, 0.0, last)
        before, last = last, torch.where(inside, cost + reached, _NEVER)
    return last[:, -1]


def _shifted(values: Tensor) -> Tensor:
    """The values of the row above."""
    return pad(values, (1, 0), value=_NEVER)[:, :-1]


def _soft_minimum(first: Tensor, second: Tensor, third: Tensor, gamma: float) -> Tensor:
    return -gamma * (-torch.stack((first, second, third)) / gamma).logsumexp(0)
