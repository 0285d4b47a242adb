"""Layouts whose loss is for a whole list, map or sequence.

`lists` are of items to be ordered, `maps` of values at places that are taken together, `sequences` of frames against shorter sequences of labels.
"""

from __future__ import annotations

from inspect import signature
from typing import Any

import torch
from torch import Tensor

from .arguments import Signature, check_tensors, compute_dtype, shape_error
from .layouts import Core, Loss, Result, kept, one_shape, prepare, public_loss
from .reduction import aligned, used_elements


def lists(core: Core) -> Loss:
    """Inputs of one shape (lists, items) and a loss for every list. The mask leaves items out, so that lists may differ in length; the core sees 0 there.

    A core that declares `inside` is told which items count. A list without any does not count. Weights have the shape (lists,).
    """
    return _lists(core, "lists")


def maps(core: Core) -> Loss:
    """Inputs of one shape (batch, places...) and a loss for every batch entry over all its places; as `lists`, with any number of further axes.

    The core sees (batch, places), with 0 where the mask leaves a place out.
    """
    return _lists(core, "maps")


def _lists(core: Core, layout: str) -> Loss:
    wants_inside = "inside" in signature(core).parameters

    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, Any], options: dict[str, Any]) -> Result:
        name, dtype = declared.name, check_tensors(declared, inputs)
        inputs = tuple(value if value.is_floating_point() else value.to(dtype) for value in inputs)  # relevance may come as whole numbers or bool
        shape = one_shape(declared, inputs)
        if layout == "lists" and len(shape) != 2:
            raise shape_error(name, declared.inputs[0], inputs[0], "two axes, (lists, items); for one list add the first with unsqueeze(0)")
        if len(shape) < 2:
            raise shape_error(name, declared.inputs[0], inputs[0], "at least two axes, (batch, places...)")
        if options["class_weight"] is not None:
            raise ValueError(f"{name}: class_weight has no meaning here, since the loss is for all items together; use weight")
        keep = kept(name, options["mask"], shape)
        what = "one number for each list" if layout == "lists" else "one number for each batch entry"
        factor = None if options["weight"] is None else aligned(name, "weight", options["weight"], shape[:1], what).to(dtype)
        flat = [value.flatten(1) for value in inputs]
        keep = None if keep is None else keep.flatten(1)
        present = None if keep is None else keep.any(1)
        used = used_elements(present, factor)
        used = keep if used is None else used.unsqueeze(1) if keep is None else keep & used.unsqueeze(1)
        if wants_inside:
            parameters["inside"] = torch.ones_like(flat[0], dtype=torch.bool) if used is None else used.expand(flat[0].shape)
        loss = core(*(prepare(key, value, dtype, used) for key, value in zip(declared.inputs, flat, strict=True)), **parameters)
        return loss if factor is None else loss * factor, present

    return public_loss(core, layout, run)


def sequences(core: Core) -> Loss:
    """Log-probabilities (batch, classes, frames), labels (batch, length), and how many frames and labels of each sequence count; a loss for every sequence.

    Lengths beyond the tensors are cut to them, negative ones to 0. Weight and mask have the shape (batch,).
    """
    return _sequences(core, "sequences", "(batch, classes, frames)")


def transductions(core: Core) -> Loss:
    """As `sequences`, with log-probabilities (batch, classes, frames, length + 1): one distribution for each frame after each number of labels."""
    return _sequences(core, "transductions", "(batch, classes, frames, length + 1)")


def _sequences(core: Core, layout: str, shape: str) -> Loss:
    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, Any], options: dict[str, Any]) -> Result:
        name = declared.name
        values, target, frames, labels = inputs
        dtype = _check_sequences(declared, inputs, shape)
        if options["class_weight"] is not None:
            raise ValueError(f"{name}: class_weight has no meaning here, since an alignment runs through several classes; use weight")
        keep = kept(name, options["mask"], values.shape[:1])
        factor = None if options["weight"] is None else aligned(name, "weight", options["weight"], values.shape[:1], "one number for each sequence").to(dtype)
        used = used_elements(keep, factor)
        prepared = prepare(declared.inputs[0], values, dtype, None if used is None else used.reshape(-1, *([1] * (values.ndim - 1))))
        loss = core(prepared, target.long(), frames.long().clamp(0, values.shape[2]), labels.long().clamp(0, target.shape[1]), **parameters)
        if used is not None:  # a sequence that is left out may be impossible to align
            loss = torch.where(used, loss, 0.0)
        return loss if factor is None else loss * factor, keep

    return public_loss(core, layout, run)


def _check_sequences(declared: Signature, inputs: tuple[Tensor, ...], shape: str) -> torch.dtype:
    name, (values, target, *lengths) = declared.name, inputs
    if not isinstance(values, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  (a guard for untyped callers)
        raise TypeError(f"{name}: {declared.inputs[0]} is {type(values).__name__}, not a torch.Tensor")
    if not values.is_floating_point():
        raise TypeError(f"{name}: {declared.inputs[0]} has dtype {values.dtype}; pass floating-point numbers")
    for key, value in zip(declared.inputs[1:], inputs[1:], strict=True):
        if not isinstance(value, Tensor) or value.is_floating_point() or value.is_complex() or value.dtype == torch.bool:  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = f"dtype {value.dtype}" if isinstance(value, Tensor) else f"type {type(value).__name__}"  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{name}: {key} has {kind}; pass whole numbers in an integer tensor")
        if value.device != values.device:
            raise ValueError(f"{name}: {key} lies on {value.device} but {declared.inputs[0]} on {values.device}; move one of them")
    if values.ndim != shape.count(",") + 1:
        raise shape_error(name, declared.inputs[0], values, shape)
    batch = values.shape[0]
    if target.ndim != 2 or target.shape[0] != batch:
        raise shape_error(name, declared.inputs[1], target, f"({batch}, length): the labels of each sequence, padded on the right")
    if values.ndim == 4 and values.shape[3] != target.shape[1] + 1:
        raise shape_error(name, declared.inputs[0], values, f"{shape}, and {declared.inputs[1]} has length {target.shape[1]}")
    for key, value in zip(declared.inputs[2:], lengths, strict=True):
        if value.shape != (batch,):
            raise shape_error(name, key, value, f"({batch},), one length for each sequence")
    return compute_dtype([values])
