"""The layout of losses of a whole map of classes: as `classes`, but one loss for every batch entry over all its places."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch import Tensor

from .arguments import Signature, check_tensors, shape_error
from .layouts import Core, Loss, Result, kept, public_loss
from .reduction import aligned

ClassWeight = Annotated[Tensor | None, "class_weight"]  # for cores: one number a class, or None


def class_maps(core: Core) -> Loss:
    """Values (batch, classes, places...) against indices (batch, places...) or distributions; a loss for every batch entry.

    The mask has the shape of the places, the weight is one number for each batch entry. The core sees values and target as they came, with `inside`, where the
    mask keeps a place, and `class_weight`; it computes its losses of places with a loss of layout `classes`, which checks them.
    """

    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, Any], options: dict[str, Any]) -> Result:
        name, values, dtype = declared.name, inputs[0], check_tensors(declared, inputs)
        if values.ndim < 3:
            raise shape_error(name, declared.inputs[0], values, "(batch, classes, places...) with at least three axes")
        places = torch.Size((values.shape[0], *values.shape[2:]))
        keep = kept(name, options["mask"], places)
        inside = torch.ones(places, dtype=torch.bool, device=values.device) if keep is None else keep
        loss = core(*inputs, inside=inside, class_weight=options["class_weight"], **parameters)
        if options["weight"] is not None:
            loss = loss * aligned(name, "weight", options["weight"], places[:1], "one number for each batch entry").to(dtype)
        return loss, None if keep is None else keep.flatten(1).any(1)

    return public_loss(core, "class_maps", run)
