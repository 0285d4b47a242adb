"""The layouts of losses: each decorator turns a core, a small function of prepared tensors, into the public function that keeps the contract.

elementwise  inputs of one shape, a loss for every element
classes      (batch, classes, places...) against indices (batch, places...) or distributions: a loss for every place
vectors      inputs of one shape (batch, components, places...): a loss for every place
pairs        vectors as above, and one label (batch, places...) for each pair of them: a loss for every place
lists, maps, sequences  see `items`
pixels, masks  see `pixels`
batch        inputs of one shape, one loss for all of them together (batch-coupled), over several processes where `group` is given
whole        one tensor of any shape, or several, one loss: regularisers
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, Protocol, cast

import torch
from torch import Tensor

from .arguments import OPTIONS, Signature, bind, check_devices, check_options, check_tensors, compute_dtype, read_signature, shape_error
from .distributed import check_group, sum_over_processes
from .reduction import aligned, check_class_weight, check_mask, reduce, used_elements
from .targets import ClassTarget, along_classes

# What stands in for an input where it is masked: a point where every loss and its gradient are finite.
_NEUTRAL = {
    "probabilities": 0.5, "rate": 1.0, "variance": 1.0, "mean": 1.0, "weights": 0.0, "distances": 1.0, "scale": 1.0, "dispersion": 1.0, "time": 1.0,
    "upper": 1.0,
}  # fmt: skip
_POSITIVE = frozenset({"variance", "scale", "dispersion", "time"})
Inside = Annotated[Tensor, "inside"]  # for cores of `pixels`, `lists` and others: where the mask keeps an element
Core = Callable[..., Tensor]
Result = tuple[Tensor, Tensor | None]
_Run = Callable[[Signature, tuple[Tensor, ...], dict[str, Any], dict[str, Any]], Result]


class Loss(Protocol):
    """A public loss function: its declaration, the name of its layout, and the call itself."""

    declared: Signature
    layout: str
    __name__: str

    def __call__(self, *inputs: Tensor, **keywords: Any) -> Tensor: ...


def elementwise(core: Core) -> Loss:
    """Inputs of one shape, any number of axes; a loss for every element. `class_weight` runs along axis 1."""

    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, float], options: dict[str, Any]) -> Result:
        dtype = check_tensors(declared, inputs)
        shape = one_shape(declared, inputs)
        keep = kept(declared.name, options["mask"], shape)
        factor = weighting(declared.name, options, inputs[0], dtype)
        used = used_elements(keep, factor)
        prepared = [prepare(key, value, dtype, used) for key, value in zip(declared.inputs, inputs, strict=True)]
        loss = core(*prepared, **parameters)
        return loss if factor is None else loss * factor, keep

    return public_loss(core, "elementwise", run)


def classes(core: Core) -> Loss:
    """Values (batch, classes, places...) with at least two classes; the target as indices (batch, places...) or as a distribution of the values' shape.

    Further inputs between the two have the values' shape.
    """

    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, float], options: dict[str, Any]) -> Result:
        values, target = inputs[0], inputs[-1]
        dtype = check_tensors(declared, inputs)
        places = _class_shape(declared, values, target)
        one_shape(declared, inputs[:-1])
        keep = kept(declared.name, options["mask"], places)
        factor = None if options["weight"] is None else aligned(declared.name, "weight", options["weight"], places, "the shape of the loss").to(dtype)
        used = used_elements(keep, factor)
        answer, valid = _class_target(declared, values, target, used, options["class_weight"], dtype)
        inner = None if used is None else used.unsqueeze(1)
        loss = core(*(prepare(key, value, dtype, inner) for key, value in zip(declared.inputs[:-1], inputs[:-1], strict=True)), answer, **parameters)
        loss = loss if valid is None else torch.where(valid, loss, torch.inf)
        return loss if factor is None else loss * factor, keep

    return public_loss(core, "classes", run)


def vectors(core: Core) -> Loss:
    """Inputs of one shape (batch, components, places...); a loss for every vector along axis 1."""
    return _vectors(core, "vectors", labelled=False)


def pairs(core: Core) -> Loss:
    """Two or more inputs of one shape (batch, components, places...), then a target of shape (batch, places...) that labels what they are together."""
    return _vectors(core, "pairs", labelled=True)


def _vectors(core: Core, layout: str, labelled: bool) -> Loss:
    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, float], options: dict[str, Any]) -> Result:
        dtype = check_tensors(declared, inputs)
        shape = one_shape(declared, inputs[:-1] if labelled else inputs)
        if len(shape) < 2:
            raise shape_error(declared.name, declared.inputs[0], inputs[0], "at least two axes, (batch, components, places...)")
        if options["class_weight"] is not None:
            raise ValueError(f"{declared.name}: class_weight has no meaning here, since axis 1 runs over the components of a vector; use weight")
        places = torch.Size((shape[0], *shape[2:]))
        if labelled and inputs[-1].shape != places:
            raise shape_error(declared.name, declared.inputs[-1], inputs[-1], f"the shape {tuple(places)}, one label for each pair of vectors")
        keep = kept(declared.name, options["mask"], places)
        factor = None if options["weight"] is None else aligned(declared.name, "weight", options["weight"], places, "the shape of the loss").to(dtype)
        used = used_elements(keep, factor)
        inner = None if used is None else used.unsqueeze(1)
        prepared = [prepare(key, value, dtype, inner if value.shape == shape else used) for key, value in zip(declared.inputs, inputs, strict=True)]
        loss = core(*prepared, **parameters)
        return loss if factor is None else loss * factor, keep

    return public_loss(core, layout, run)


def batch(core: Core) -> Loss:
    """Inputs of one shape and one loss for all of them; the core gets `average`, the weighted mean over the unmasked elements of all processes."""

    def run(declared: Signature, inputs: tuple[Tensor, ...], parameters: dict[str, float], options: dict[str, Any]) -> Result:
        name, dtype = declared.name, check_tensors(declared, inputs)
        shape = one_shape(declared, inputs)
        if options["normalizer"] is not None:
            why = "the loss couples the whole batch, so losses of micro-batches do not add up; use group"
            raise ValueError(f"{name}: normalizer is {options['normalizer']}, but {why}")
        check_group(name, options["group"])
        keep = kept(name, options["mask"], shape)
        factor = weighting(name, options, inputs[0], dtype)
        used = used_elements(keep, factor)

        def average(terms: Tensor) -> Tensor:
            weighted = terms if factor is None else terms * factor
            total = (weighted if keep is None else torch.where(keep, weighted, 0.0)).sum()
            count = torch.full_like(total, terms.numel()) if keep is None else keep.sum().to(total.dtype)
            if options["group"] is not None:
                total, count = sum_over_processes(torch.stack([total, count]), options["group"]).unbind()
            return total / count.clamp(min=1)

        return core(*(prepare(key, value, dtype, used) for key, value in zip(declared.inputs, inputs, strict=True)), average=average, **parameters), None

    return public_loss(core, "batch", run, (*OPTIONS, "group"))


def whole(core: Core) -> Loss:
    """One tensor of any shape, or an iterable of them such as `model.parameters()`; the core gives a term for every element, and the loss is their sum."""

    def run(declared: Signature, inputs: tuple[Any, ...], parameters: dict[str, float], options: dict[str, Any]) -> Result:
        (values,) = inputs
        if not isinstance(values, Tensor) and isinstance(values, Iterable):
            tensors: list[Any] = list(cast("Iterable[Any]", values))
            if not tensors or any(options[key] is not None for key in ("weight", "mask", "class_weight")):
                held = f"{declared.inputs[0]} holds {len(tensors)} tensors"
                raise ValueError(f"{declared.name}: {held}; give at least one, and weights or a mask only with a single tensor")
            dtype = compute_dtype([value for value in tensors if isinstance(value, Tensor)])
            parts = [run(declared, (value,), parameters, options)[0].to(dtype) for value in tensors]
            return torch.stack(parts).sum(), None
        dtype = check_tensors(declared, inputs)
        keep = kept(declared.name, options["mask"], values.shape)
        factor = weighting(declared.name, options, values, dtype)
        terms = core(prepare(declared.inputs[0], values, dtype, used_elements(keep, factor)), **parameters)
        return reduce(terms if factor is None else terms * factor, keep, "sum", None), None

    return public_loss(core, "whole", run)


def public_loss(core: Core, layout: str, run: _Run, allowed: tuple[str, ...] = OPTIONS) -> Loss:
    declared = read_signature(core)

    @wraps(core)
    def loss(
        *inputs: Any, reduction: Any = "mean", normalizer: Any = None, weight: Any = None, class_weight: Any = None, mask: Any = None, **keywords: Any
    ) -> Tensor:
        check_options(declared.name, reduction, normalizer)
        options: dict[str, Any] = {"weight": weight, "class_weight": class_weight, "mask": mask, "normalizer": normalizer}
        if "group" in allowed:
            options["group"] = keywords.pop("group", None)
        tensors, parameters = bind(declared, inputs, keywords, allowed)
        check_devices(declared, tensors, options)
        value, keep = run(declared, tensors, parameters, options)
        return reduce(value, keep, reduction, normalizer)

    public = cast("Any", loss)
    public.declared, public.layout, public.__signature__ = declared, layout, _shown(declared, allowed)
    public.__annotations__ = {}
    del public.__wrapped__
    return cast("Loss", public)


def _shown(declared: Signature, allowed: tuple[str, ...]) -> Any:
    """The signature that `help` shows."""
    shown = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=Tensor) for name in declared.inputs]
    shown += [
        Parameter(name, Parameter.KEYWORD_ONLY, default=declared.defaults.get(name, Parameter.empty), annotation=float) for name in declared.domains
    ]
    shown += [Parameter(name, Parameter.KEYWORD_ONLY, default="mean" if name == "reduction" else None) for name in allowed]
    return signature(lambda: None).replace(parameters=shown, return_annotation=Tensor)


def one_shape(declared: Signature, inputs: tuple[Tensor, ...]) -> torch.Size:
    """The shape of all inputs. Raises ValueError where they differ."""
    for key, value in zip(declared.inputs, inputs, strict=False):
        if value.shape != inputs[0].shape:
            raise shape_error(declared.name, key, value, f"the shape of {declared.inputs[0]}, {tuple(inputs[0].shape)}; nothing is broadcast")
        if key == "target" and declared.inputs[0] == "scores" and value.dtype in (torch.bool, torch.uint8):
            raise TypeError(f"{declared.name}: target has dtype {value.dtype}, which cannot hold the labels -1 and +1; pass 2*target.float() - 1")
    return inputs[0].shape


def kept(name: str, mask: Any, shape: torch.Size) -> Tensor | None:
    """The mask in the shape of the loss; None where nothing is masked."""
    if mask is None:
        return None
    check_mask(name, mask)
    return aligned(name, "mask", mask, shape, "the shape of the loss")


def weighting(name: str, options: dict[str, Any], values: Tensor, dtype: torch.dtype) -> Tensor | None:
    """What each element of `values` is multiplied with: its weight times its class's weight."""
    factor = None
    if options["weight"] is not None:
        factor = aligned(name, "weight", options["weight"], values.shape, "the shape of the loss").to(dtype)
    if options["class_weight"] is not None:
        check_class_weight(name, options["class_weight"], values)
        by_class = along_classes(options["class_weight"], values).to(dtype).expand(values.shape)
        factor = by_class if factor is None else factor * by_class
    return factor


def prepare(key: str, value: Tensor, dtype: torch.dtype, used: Tensor | None) -> Tensor:
    """In the dtype to compute in, neutral where unused, clamped into its space: probabilities to [0, 1], rates and distances to >= 0, scales to > 0 ..."""
    value = value.to(dtype)
    if used is not None:
        value = torch.where(used, value, _NEUTRAL.get(key, 0.0))
    if key == "probabilities":
        return value.clamp(0.0, 1.0)
    if key == "log_probabilities":
        return value.clamp(max=0.0)
    if key in {"rate", "distances"}:
        return value.clamp(min=0.0)
    return value.clamp(min=torch.finfo(dtype).tiny) if key in _POSITIVE else value


def _class_shape(declared: Signature, values: Tensor, target: Tensor) -> torch.Size:
    name, first = declared.name, declared.inputs[0]
    if values.ndim < 2 or values.shape[1] < 2:
        raise shape_error(name, first, values, "(batch, classes, places...) with at least 2 classes on axis 1; for one output use a binary loss")
    places = torch.Size((values.shape[0], *values.shape[2:]))
    if target.dtype == torch.bool:
        raise TypeError(f"{name}: target has dtype torch.bool; pass class indices (an integer dtype) or probabilities (a floating dtype)")
    if target.is_floating_point() and target.shape != values.shape:
        raise shape_error(name, "target", target, f"the shape of {first}, {tuple(values.shape)}, since its dtype {target.dtype} makes it probabilities")
    if not target.is_floating_point() and target.shape != places:
        raise shape_error(name, "target", target, f"the shape {tuple(places)}, since its dtype {target.dtype} makes it class indices")
    return places


def _class_target(
    declared: Signature, values: Tensor, target: Tensor, used: Tensor | None, class_weight: Any, dtype: torch.dtype
) -> tuple[ClassTarget, Tensor | None]:
    """The target for the core, and where its indices exist (None for distributions)."""
    if class_weight is not None:
        check_class_weight(declared.name, class_weight, values)
        class_weight = class_weight.to(dtype)
    if target.is_floating_point():
        shares = prepare("target", target, dtype, None if used is None else used.unsqueeze(1)).clamp(0.0, 1.0)
        return ClassTarget(None, shares, class_weight), None
    indices = target.long()
    indices = indices if used is None else torch.where(used, indices, 0)
    return ClassTarget(indices.clamp(0, values.shape[1] - 1), None, class_weight), (indices >= 0) & (indices < values.shape[1])
