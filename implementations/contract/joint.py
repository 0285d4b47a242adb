"""Losses of two batches of vectors taken as a whole: `joint` for batches of any sizes, `joint_views` where row i of both belongs together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .arguments import OPTIONS, Signature, check_tensors, shape_error
from .distributed import check_group, gather_from_processes
from .layouts import Core, Loss, Result, kept, prepare, public_loss


def joint(core: Core) -> Loss:
    """Two batches (N, d) and (M, d) of vectors and one number for them. A `group` joins the batches of several processes; there are no weights or masks."""

    def check(declared: Signature, inputs: tuple[Tensor, ...]) -> None:
        for key, value in zip(declared.inputs, inputs, strict=True):
            if value.ndim != 2 or value.shape[1] != inputs[0].shape[1]:
                raise shape_error(declared.name, key, value, "two axes, (samples, components), with as many components as the others")

    return _joint(core, "joint", check, masked=False)


def joint_views(core: Core) -> Loss:
    """Two batches of one shape (N, d), whose rows belong together, and one number for them. `mask` (N,) leaves rows out; `group` joins several processes.

    The core sees the rows of all processes, with 0 where they are left out, and `inside` (N, 1), 1 for the rows that count.
    """

    def check(declared: Signature, inputs: tuple[Tensor, ...]) -> None:
        for key, value in zip(declared.inputs, inputs, strict=True):
            if value.ndim != 2 or value.shape != inputs[0].shape:
                raise shape_error(declared.name, key, value, f"two axes, (samples, components), and the shape of {declared.inputs[0]}")

    return _joint(core, "joint_views", check, masked=True)


def _joint(core: Core, layout: str, check: Callable[[Signature, tuple[Tensor, ...]], None], masked: bool) -> Loss:
    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, Any], options: dict[str, Any]) -> Result:
        name, dtype = declared.name, check_tensors(declared, inputs)
        check(declared, inputs)
        for key in ("weight", "class_weight", "normalizer", *(() if masked else ("mask",))):
            if options[key] is not None:
                raise ValueError(f"{name}: {key} has no meaning here, since the loss couples the whole batch; leave rows out before the call")
        group = options["group"]
        check_group(name, group)
        keep = kept(name, options["mask"], inputs[0].shape[:1])
        used = None if keep is None else keep.unsqueeze(1)
        rows = [prepare(key, value, dtype, used) for key, value in zip(declared.inputs, inputs, strict=True)]
        if masked:
            inside = torch.ones_like(rows[0][:, :1]) if used is None else used.to(dtype)
            parameters["inside"] = inside if group is None else gather_from_processes(inside, group)
        if group is not None:
            rows = [gather_from_processes(value, group) for value in rows]
        return core(*rows, **parameters), None

    return public_loss(core, layout, run, (*OPTIONS, "group"))
