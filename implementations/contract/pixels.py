"""Layouts of segmentation: (batch, classes, places...) against masks of that shape or indices (batch, places...), a loss for every batch entry and class."""

from __future__ import annotations

from inspect import signature
from typing import Any

import torch
from torch import Tensor

from .arguments import Signature, check_tensors, shape_error
from .layouts import Core, Loss, Result, prepare, public_loss, weighting
from .reduction import aligned, check_mask


def pixels(core: Core) -> Loss:
    """Probabilities or logits (batch, classes, places...) and the masks that they should match; a loss for every batch entry and class over all its pixels.

    The core sees (batch, classes, pixels), with 0 in both tensors where the mask leaves a pixel out; one that declares `inside` is told which those are.
    """
    return _pixels(core, flat=True)


def masks(core: Core) -> Loss:
    """As `pixels`, for cores that look at neighbours: they see (batch, classes, places...), with 0 in both tensors where the mask leaves a place out."""
    return _pixels(core, flat=False)


def _pixels(core: Core, flat: bool) -> Loss:
    wants_inside = "inside" in signature(core).parameters

    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, Any], options: dict[str, Any]) -> Result:
        values, target = inputs
        name, dtype = declared.name, check_tensors(declared, inputs)
        truth, valid = _pixel_target(declared, values, target)
        keep = _pixel_mask(name, options["mask"], values)
        ready = [prepare(declared.inputs[0], values, dtype, None), prepare("target", truth, dtype, None).clamp(0.0, 1.0)]
        if keep is not None:
            ready = [torch.where(keep, value, 0.0) for value in ready]
        if wants_inside:
            parameters["inside"] = torch.ones_like(ready[0]).flatten(2) if keep is None else keep.flatten(2).to(dtype)
        loss = core(*(value.flatten(2) if flat else value for value in ready), **parameters)
        present = None if keep is None else keep.flatten(2).any(-1)
        if valid is not None:
            spoilt = ~valid if keep is None else ~valid & keep.any(1)
            loss = torch.where(spoilt.flatten(1).any(-1).unsqueeze(1), torch.inf, loss)
        factor = weighting(name, options, loss, dtype)
        return loss if factor is None else loss * factor, present

    return public_loss(core, "pixels", run)


def _pixel_target(declared: Signature, values: Tensor, target: Tensor) -> tuple[Tensor, Tensor | None]:
    """The masks in the shape of the probabilities, and where the indices exist (None where the target holds masks)."""
    name, first = declared.name, declared.inputs[0]
    if values.ndim < 3:
        raise shape_error(name, first, values, "(batch, classes, places...) with at least 3 axes; for binary masks add the class axis with unsqueeze(1)")
    if target.shape == values.shape:
        return target, None
    places = (values.shape[0], *values.shape[2:])
    if target.is_floating_point() or target.dtype == torch.bool or target.shape != places or values.shape[1] < 2:
        wanted = f"masks of the shape of {first}, {tuple(values.shape)}, or, for 2 or more classes, integer class indices of shape {tuple(places)}"
        raise shape_error(name, "target", target, wanted)
    numbers = torch.arange(values.shape[1], device=target.device).reshape(1, -1, *([1] * (values.ndim - 2)))
    return target.unsqueeze(1) == numbers, (target >= 0) & (target < values.shape[1])


def _pixel_mask(name: str, mask: Any, values: Tensor) -> Tensor | None:
    if mask is None:
        return None
    check_mask(name, mask)
    if mask.ndim == values.ndim - 1:
        mask = mask.unsqueeze(1)
    return aligned(name, "mask", mask, values.shape, "the shape of the first input, with or without the class axis")
