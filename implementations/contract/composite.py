"""Weighted sums of losses as one loss: which tensors the sum takes, and how masks and parameters reach its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from .arguments import OPTIONS, Signature, bind, check_options, check_parameter
from .layouts import Loss

COUPLED = frozenset({"batch", "joint", "joint_views"})  # the layouts whose losses take a process group
Parameters = Mapping[str, float]
Value = float | Callable[[Parameters], float]


@dataclass(frozen=True)
class Term:
    """A part of a composite: the loss, its weight, and the parameters it is used with; each a number or a function of the composite's own parameters.

    `inputs` says what the composite calls the part's tensors, and its mask, where that is another name than the part's own.
    """

    loss: Loss
    weight: Value
    parameters: Mapping[str, Value]
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def names(self) -> tuple[str, ...]:
        """The composite's names for the part's tensors, in the part's order."""
        return tuple(self.inputs.get(key, key) for key in self.loss.declared.inputs)


@dataclass(frozen=True)
class Resolved:
    """A term whose numbers are settled."""

    term: Term
    weight: float
    parameters: Parameters


class Composite:
    """The weighted sum of losses. It takes the tensors of all parts, each once: other inputs first, then `target`, then the weights of the model.

    Where one part takes `logits` and another `probabilities`, the sum takes logits: the probabilities are their softmax where that part is a loss over classes,
    else their sigmoid. Parameters: those in `free`, and every parameter of a part that its term leaves open and that no other part shares.
    Where parts look at different tensors, their terms rename them; a part whose mask is renamed takes that mask (a keyword, none by default) and no other.
    """

    def __init__(self, name: str, terms: tuple[Term, ...], free: tuple[str, ...]) -> None:
        self.__name__, self.terms, self.free = name, terms, free
        self.layouts = tuple(dict.fromkeys(term.loss.layout for term in terms))
        self.layout = self.layouts[0] if len(self.layouts) == 1 else "mixed"
        self.masks = tuple(dict.fromkeys(term.inputs["mask"] for term in terms if "mask" in term.inputs))
        self.declared = self._declare()

    def _declare(self) -> Signature:
        found = dict.fromkeys(key for term in self.terms for key in term.names)
        self.derived = "logits" in found and "probabilities" in found
        order = {"target": 1, "weights": 2}
        inputs = tuple(sorted((key for key in found if not (self.derived and key == "probabilities")), key=lambda key: order.get(key, 0)))
        opened = [(key, term.loss.declared) for term in self.terms for key in term.loss.declared.domains if key not in term.parameters]
        single = [(key, part) for key, part in opened if sum(other == key for other, _ in opened) == 1 and key not in self.free]
        domains = {**dict.fromkeys(self.free, "real"), **{key: part.domains[key] for key, part in single}}
        intervals = {**dict.fromkeys(self.free, ((-torch.inf, torch.inf, True, True),)), **{key: part.intervals[key] for key, part in single}}
        defaults = {key: part.defaults[key] for key, part in single if key in part.defaults}
        return Signature(self.__name__, inputs, domains, intervals, defaults)

    def resolve(self, parameters: Parameters) -> tuple[Resolved, ...]:
        """Every term with its weight and its parameters as numbers. Raises ValueError for a part's parameter outside its domain."""

        def number(value: Value) -> float:
            return float(value(parameters)) if callable(value) else float(value)

        resolved: list[Resolved] = []
        for term in self.terms:
            declared = term.loss.declared
            own = {key: number(value) for key, value in term.parameters.items()}
            own |= {key: parameters[key] for key in declared.domains if key not in own and key in parameters}
            resolved.append(Resolved(term, number(term.weight), {key: check_parameter(declared, key, value) for key, value in own.items()}))
        return tuple(resolved)

    def __call__(self, *inputs: Any, reduction: Any = "mean", normalizer: Any = None, **keywords: Any) -> Tensor:
        name = self.__name__
        check_options(name, reduction, normalizer)
        options = {key: keywords.pop(key, None) for key in ("weight", "class_weight", "mask", "group")}
        masks = {key: keywords.pop(key, None) for key in self.masks}
        tensors, parameters = bind(self.declared, inputs, keywords, (*OPTIONS, *self.masks))
        if len(self.layouts) > 1:
            for key, given in (("reduction", reduction == "none"), ("normalizer", normalizer is not None), ("weight", options["weight"] is not None)):
                if given:
                    kinds = ", ".join(f"{term.loss.__name__} ({term.loss.layout})" for term in self.terms)
                    raise ValueError(f'{name}: this use of {key} has no meaning for parts of different layouts: {kinds}; call the parts themselves')
        given = dict(zip(self.declared.inputs, tensors, strict=True))
        if self.derived:
            over_classes = any(term.loss.layout == "classes" for term in self.terms)
            given["probabilities"] = given["logits"].softmax(1) if over_classes else given["logits"].sigmoid()
        total: Any = 0.0
        for part in self.resolve(parameters):
            loss, names = part.term.loss, part.term.names
            chosen = {**options, "mask": masks[part.term.inputs["mask"]]} if "mask" in part.term.inputs else options
            own = {key: value for key, value in _options_for(loss, chosen, given[names[0]].ndim).items() if value is not None}
            value = loss(*(given[key] for key in names), **part.parameters, **own, reduction=reduction, normalizer=normalizer)
            total = total + part.weight * value
        return total


def _options_for(loss: Loss, options: Mapping[str, Any], axes: int) -> dict[str, Any]:
    """The options a part takes: none for a penalty on weights; a mask with or without the class axis as its layout wants it."""
    if loss.layout == "whole":
        return {}
    own = {key: value for key, value in options.items() if key != "group" or loss.layout in COUPLED}
    mask = own["mask"]
    if isinstance(mask, Tensor) and loss.layout == "elementwise" and mask.ndim == axes - 1 and axes > 2:
        own["mask"] = mask.unsqueeze(1)
    if isinstance(mask, Tensor) and loss.layout == "classes" and mask.ndim == axes and mask.shape[1] == 1:
        own["mask"] = mask.squeeze(1)
    return own
