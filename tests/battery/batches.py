"""Batches of every layout for the tests of the contract: inputs, the shape of the loss, and how elements are masked, cropped and repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from battery.cases import Case, arguments
from battery.sampling import parameter_sets, rows

Inputs = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Batch:
    """A call of one loss: its inputs, the shape that a mask and a weight have, and where the loss's own numbers lie.

    `mask_shape` is what a mask covers (pixels, for overlap losses), `loss_shape` what `reduction="none"` gives; they differ for `pixels`, `batch` and `whole`.
    """

    case: Case
    inputs: Inputs
    parameters: Mapping[str, float]
    mask_shape: tuple[int, ...]
    loss_shape: tuple[int, ...]

    def __call__(self, inputs: Inputs | None = None, function: Any = None, **keywords: Any) -> torch.Tensor:
        return (function or self.case.function)(**(self.inputs if inputs is None else inputs), **{**self.parameters, **keywords})

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """A weight covers the losses, or, where the whole batch has one loss, the elements."""
        return self.mask_shape if self.case.layout in {"batch", "whole"} else self.loss_shape

    def gradients(self, inputs: Inputs | None = None, **keywords: Any) -> tuple[torch.Tensor, Inputs]:
        """The loss, and the gradients of its sum by argument; `function` replaces the loss, for example by its compiled form."""
        leaves = {name: value.clone().requires_grad_(name != "target") for name, value in (self.inputs if inputs is None else inputs).items()}
        value = self(leaves, **keywords)
        found = torch.autograd.grad(value.sum(), [leaves[name] for name in self.case.differentiated])
        return value.detach(), dict(zip(self.case.differentiated, found, strict=True))

    def random(self, shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
        """Numbers from 0.5 to 1.5, the same on every run."""
        generator = torch.Generator().manual_seed(seed)
        return (torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5).to(self.device)

    def mask(self, seed: int = 0) -> torch.Tensor:
        """About two thirds of the elements, at least one kept and one left out."""
        generator = torch.Generator().manual_seed(seed)
        mask = torch.rand(self.mask_shape, generator=generator) < 0.66
        mask.view(-1)[0], mask.view(-1)[1] = True, False
        return mask.to(self.device)

    @property
    def device(self) -> torch.device:
        return next(iter(self.inputs.values())).device

    def spread(self, mask: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """The mask in the shape of one of the inputs."""
        if self.case.layout in {"samples", "images"}:
            return mask.reshape(-1, *([1] * (value.ndim - 1))).expand(value.shape)
        return mask if mask.ndim == value.ndim else mask.unsqueeze(1).expand(value.shape)

    def cropped(self, mask: torch.Tensor) -> list[Inputs]:
        """The inputs with the masked elements taken away: one set, or, for overlap losses, one for each image and class."""
        layout = self.case.layout
        if layout in {"elementwise", "batch", "whole", "samples", "images"}:
            return [{name: value[mask] for name, value in self.inputs.items()}]
        if layout in {"lists", "maps"}:
            return [{name: value[i : i + 1, mask[i]] for name, value in self.inputs.items()} for i in range(self.loss_shape[0])]
        if layout == "pixels":
            images, groups = self.loss_shape
            return [
                {name: value[i : i + 1, k : k + 1, mask[i, k]] for name, value in self.inputs.items()} for i in range(images) for k in range(groups)
            ]
        return [{name: value.movedim(1, -1)[mask] if value.ndim > mask.ndim else value[mask] for name, value in self.inputs.items()}]


def batch_of(case: Case, device: str, indices: bool = False, seed_rows: int = 0) -> Batch:
    """A batch with a class axis of 3 (but for vectors, whose axis 1 holds components). `indices` gives class indices as target, where the layout takes them."""
    parameters = parameter_sets(case)[0]
    if case.layout in {"elementwise"}:
        inputs = {name: value.reshape(4, 3) for name, value in _inputs(case, parameters, 12, seed_rows, device).items()}
        return Batch(case, inputs, parameters, (4, 3), (4, 3))
    if case.layout in {"batch", "whole"}:
        inputs = {name: value[:3].reshape(4, 3) for name, value in _inputs(case, parameters, 3, seed_rows, device).items()}
        return Batch(case, inputs, parameters, (4, 3), ())
    if case.layout in {"samples", "images"}:
        return Batch(case, _inputs(case, parameters, 4, seed_rows, device), parameters, (4,), (4,))
    if case.layout in {"lists", "maps"}:
        inputs = {name: value.reshape(4, -1) for name, value in _inputs(case, parameters, 4, seed_rows, device).items()}
        size = next(iter(inputs.values())).shape[1]
        return Batch(case, inputs, parameters, (4, size), (4,))
    if case.layout == "pairs":
        inputs = {
            name: value.reshape(4, 2) if value.ndim == 1 else value.reshape(4, 2, -1).movedim(1, -1).contiguous()
            for name, value in _inputs(case, parameters, 8, seed_rows, device).items()
        }
        return Batch(case, inputs, parameters, (4, 2), (4, 2))
    if case.layout == "pixels":
        inputs = {name: value.reshape(2, 3, -1) for name, value in _inputs(case, parameters, 6, seed_rows, device).items()}
        size = next(iter(inputs.values())).shape[2]
        if indices:
            inputs["target"] = torch.tensor([[0, 2, 1, 1], [2, 2, 0, 1]], device=device)[:, :size]
        return Batch(case, inputs, parameters, (2, 3, size), (2, 3))
    inputs = {name: value.reshape(4, 2, -1).movedim(1, -1).contiguous() for name, value in _inputs(case, parameters, 8, seed_rows, device).items()}
    if indices:
        inputs["target"] = torch.tensor([[0, 2], [1, 1], [2, 0], [0, 1]], device=device)
    return Batch(case, inputs, parameters, (4, 2), (4, 2))


def _inputs(case: Case, parameters: Mapping[str, float], count: int, skip: int, device: str) -> Inputs:
    return arguments(case, rows(case, parameters, count + skip, interior=True)[skip:], device)
