"""The layout of losses between sets of points: two tensors (batch, points, coordinates) with any numbers of points, and a loss for every batch entry."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .arguments import Signature, check_tensors, shape_error
from .layouts import Core, Loss, Result, kept, prepare, public_loss
from .reduction import aligned, used_elements


def point_sets(core: Core) -> Loss:
    """Inputs (batch, points, coordinates) that may differ in the number of points; weight and mask have the shape (batch,)."""

    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, Any], options: dict[str, Any]) -> Result:
        name, dtype, first = declared.name, check_tensors(declared, inputs), inputs[0]
        for key, value in zip(declared.inputs, inputs, strict=True):
            if value.ndim != 3 or value.shape[1] == 0 or (value.shape[0], value.shape[2]) != (first.shape[0], first.shape[2]):
                raise shape_error(name, key, value, "(batch, points, coordinates), at least one point, and batch and coordinates as the others")
        if options["class_weight"] is not None:
            raise ValueError(f"{name}: class_weight has no meaning here, since the loss is for a whole set of points; use weight")
        batch = first.shape[:1]
        keep = kept(name, options["mask"], batch)
        factor = None if options["weight"] is None else aligned(name, "weight", options["weight"], batch, "one number for each set").to(dtype)
        used = used_elements(keep, factor)
        spread = None if used is None else used.reshape(-1, 1, 1)
        loss = core(*(prepare(key, value, dtype, spread) for key, value in zip(declared.inputs, inputs, strict=True)), **parameters)
        return loss if factor is None else loss * factor, keep

    return public_loss(core, "point_sets", run)
