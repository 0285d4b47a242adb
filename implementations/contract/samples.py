"""Layouts whose loss is for a whole sample: `samples`, all axes but the first taken together as one vector, and `images`, (batch, channels, height, width)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .arguments import Signature, check_tensors, shape_error
from .layouts import Core, Loss, Result, kept, prepare, public_loss
from .reduction import aligned, used_elements


def samples(*scalars: str, flat: bool = True) -> Callable[[Core], Loss]:
    """Inputs of one shape (batch, axes...) with further axes, a loss for every sample; the core sees (batch, numbers), or all axes unless `flat`.

    The inputs named in `scalars` hold one number a sample, shape (batch,); where masked they are 1, the other inputs 0.
    Weight and mask have the shape (batch,).
    """

    def decorate(core: Core) -> Loss:
        def check(declared: Signature, inputs: tuple[Tensor, ...]) -> None:
            named = dict(zip(declared.inputs, inputs, strict=True))
            vectors = {key: value for key, value in named.items() if key not in scalars}
            first, batch = _first(declared, named, vectors)
            for key, value in vectors.items():
                if value.shape != vectors[first].shape:
                    raise shape_error(declared.name, key, value, f"the shape of {first}, {tuple(vectors[first].shape)}; nothing is broadcast")
            for key in scalars:
                if named[key].shape != batch:
                    raise shape_error(declared.name, key, named[key], f"({', '.join(map(str, batch))},), one number for each sample; sum over the others first")

        return _per_sample(core, "samples", check, frozenset(scalars), flat=flat)

    return decorate


def images(core: Core) -> Loss:
    """Inputs of one shape (batch, channels, height, width) and a loss for every image. Weight and mask have the shape (batch,)."""
    return _images(core, frozenset())


def images_beside(*names: str) -> Callable[[Core], Loss]:
    """As `images`; the inputs named may have another number of channels than the first."""
    return lambda core: _images(core, frozenset(names))


def _images(core: Core, beside: frozenset[str]) -> Loss:
    def check(declared: Signature, inputs: tuple[Tensor, ...]) -> None:
        for key, value in zip(declared.inputs, inputs, strict=True):
            if value.ndim != 4 or 0 in value.shape[1:]:
                raise shape_error(declared.name, key, value, "four axes, (batch, channels, height, width), none but the first empty")
            first = inputs[0].shape
            if (value.shape[0], *value.shape[2:]) != (first[0], *first[2:]) or (key not in beside and value.shape != first):
                raise shape_error(declared.name, key, value, f"the shape of {declared.inputs[0]}, {tuple(first)}; nothing is broadcast")

    return _per_sample(core, "images", check, frozenset(), flat=False)


def _first(declared: Signature, named: dict[str, Tensor], vectors: dict[str, Tensor]) -> tuple[str, torch.Size]:
    """The input that the others are measured by, and the shape of one number a sample."""
    if not vectors:
        key = declared.inputs[0]
        if named[key].ndim != 1:
            raise shape_error(declared.name, key, named[key], "one axis, (batch,): one number for each sample; sum over the others first")
        return key, named[key].shape
    key = next(iter(vectors))
    if vectors[key].ndim < 2:
        raise shape_error(declared.name, key, vectors[key], "at least two axes, (batch, axes...)")
    return key, vectors[key].shape[:1]


def _per_sample(core: Core, layout: str, check: Callable[[Signature, tuple[Tensor, ...]], None], scalars: frozenset[str], flat: bool) -> Loss:
    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, Any], options: dict[str, Any]) -> Result:
        name, dtype = declared.name, check_tensors(declared, inputs)
        check(declared, inputs)
        if options["class_weight"] is not None:
            raise ValueError(f"{name}: class_weight has no meaning here, since the loss is for a whole sample; use weight")
        batch = inputs[0].shape[:1]
        keep = kept(name, options["mask"], batch)
        factor = None if options["weight"] is None else aligned(name, "weight", options["weight"], batch, "one number for each sample").to(dtype)
        used = used_elements(keep, factor)
        prepared: list[Tensor] = []
        for key, value in zip(declared.inputs, inputs, strict=True):
            ready = prepare(key, value, dtype, None if used is None else used.reshape(-1, *([1] * (value.ndim - 1))))
            if key in scalars:
                ready = ready if used is None else torch.where(used, ready, 1.0)
            elif flat:
                ready = ready.flatten(1)
            prepared.append(ready)
        loss = core(*prepared, **parameters)
        if used is not None:  # a sample of zeros, which stands in for one that is left out, may have an infinite loss
            loss = torch.where(used, loss, 0.0)
        return loss if factor is None else loss * factor, keep

    return public_loss(core, layout, run)
