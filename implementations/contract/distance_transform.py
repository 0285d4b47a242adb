"""Distances of pixels to the boundary of a mask, exactly, by one pass along each axis; they carry no gradient."""

from __future__ import annotations

import torch
from torch import Tensor

_FAR = 1e12  # the squared distance to nothing
_AT_ONCE = 1 << 24  # numbers held at once, so that large images need no more memory than that


@torch.no_grad()
def signed_distance(mask: Tensor) -> Tensor:
    """For a mask (batch, classes, places...) the distance of each pixel to the nearest pixel of the other kind, in pixels: positive outside, negative inside.

    A mask is boolean, or counts where it exceeds 1/2. An empty or full mask has no boundary: all its distances are 0. Raises ValueError for fewer than
    three axes.
    """
    if mask.ndim < 3:
        raise ValueError(f"mask has shape {tuple(mask.shape)}; it needs (batch, classes, places...), for one binary mask add axes with [None, None]")
    inside = mask if mask.dtype == torch.bool else mask > 0.5
    found = _distance_to(inside) - _distance_to(~inside)
    flat = inside.flatten(2)
    bounded = flat.any(-1) & ~flat.all(-1)
    return torch.where(bounded.reshape(*bounded.shape, *([1] * (mask.ndim - 2))), found, 0.0)


def _distance_to(members: Tensor) -> Tensor:
    """The distance of each pixel to the nearest member, 0 at members: squared distances are minimised along one axis after the other."""
    squares = torch.where(members, 0.0, _FAR).to(torch.float64)
    for axis in range(2, members.ndim):
        squares = _along(squares.movedim(axis, -1)).movedim(-1, axis)
    return squares.sqrt().to(torch.get_default_dtype())


def _along(squares: Tensor) -> Tensor:
    """min over j of squares[..., j] + (i - j)**2, in stretches that fit into memory."""
    length = squares.shape[-1]
    places = torch.arange(length, dtype=squares.dtype, device=squares.device)
    apart = (places.unsqueeze(1) - places) ** 2
    rows = squares.reshape(-1, length)
    parts = rows.split(max(_AT_ONCE // max(length**2, 1), 1))
    return torch.cat([(part.unsqueeze(1) + apart).amin(-1) for part in parts]).reshape(squares.shape)
