"""Explains the values of a loss's tensors: what lies outside the space it should lie in, how much of it, where, and what the loss does with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lossgraph.formula import numeric_function, parse_domain
from lossgraph.formula.domains import Span, end_value, parse_set
from lossgraph.formula.render import text
from lossgraph.formula.tree import Compare, names
from lossgraph.model import Loss, Variable
from lossgraph.pair_values import count, explain_alignments, explain_embeddings

# role of a variable -> the argument that holds it, and what happens outside its space
ARGUMENTS = {
    "prediction": "prediction", "target": "target", "outcome": "target", "probability": "probabilities", "logit": "logits",
    "log_probability": "log_probabilities", "mean": "mean", "variance": "variance", "rate": "rate", "log_rate": "log_rate", "weight": "weights",
    "score": "scores", "similarity": "similarities", "energy": "energies", "ratio": "ratio", "advantage": "advantage", "reference_logit": "reference_logits",
    "distance": "distances",
}  # fmt: skip
RESULTS = {
    "probabilities": "values beyond [0, 1] are clamped, and the loss may be infinite at 0 and 1",
    "log_probabilities": "values above 0 are clamped to 0",
    "rate": "values below 0 are clamped to 0, where the loss may be infinite",
    "distances": "values below 0 are clamped to 0, where the loss may be infinite",
    "variance": "values of 0 or less are taken as the smallest positive number",
    "scale": "values of 0 or less are taken as the smallest positive number",
    "dispersion": "values of 0 or less are taken as the smallest positive number",
    "time": "values of 0 or less are taken as the smallest positive number",
    "deviation": "only its square counts, and 0 as the smallest positive number",
}
SPACES = {"probabilities": "[0, 1]", "log_probabilities": "(-oo, 0]"}  # also where a card has no formula to say so
PLAIN = "the loss is computed as it stands, and means nothing there"


def explain(loss: Loss, implementation: Any, inputs: Sequence[Any], keywords: Mapping[str, Any], value: Any) -> tuple[str, ...]:
    """One sentence for each problem of a call that had the right shapes; `value` is its result."""
    names = implementation.declared.inputs
    given = {**dict(zip(names, inputs, strict=False)), **{key: keywords[key] for key in names if key in keywords}}
    mask = keywords.get("mask")
    found: list[str] = []
    for key, tensor in given.items():
        if hasattr(tensor, "isfinite"):
            found += _not_finite(key, tensor)
            found += _outside(key, tensor, _spans(loss, implementation, key))
    found += _target(implementation, given)
    found += _nothing(implementation, given, mask)
    found += _jointly(loss, implementation, given, mask)
    found += explain_embeddings(loss, given)
    if implementation.layout == "sequences":
        found += explain_alignments(given, int(keywords.get("blank", 0)))
    found += _options(mask, keywords)
    if not bool(value.isfinite().all()) and not found:
        found.append("the loss is not finite although every value lies in its space: it grows beyond the largest number of the result's dtype")
    return tuple(found)


def _not_finite(key: str, tensor: Any) -> list[str]:
    return _problem(key, tensor, ~tensor.isfinite(), "are not finite", "NaN stays NaN unless it is masked") if tensor.is_floating_point() else []


def _spans(loss: Loss, implementation: Any, key: str) -> tuple[Span, ...]:
    """The set that the card's first view gives the argument; () where the card says nothing of it."""
    if implementation.layout in {"classes", "pixels"} and key == "target":
        return ()
    for name, variable in loss.views[0].variables.items() if loss.views else ():
        if (name == key or _holds(variable, key)) and variable.domain != "simplex":
            return parse_set(variable.domain)
        if variable.role == "margin" and key == "target":
            return parse_set("{-1, 1}")
    return parse_set(SPACES[key]) if key in SPACES else ()


def _holds(variable: Variable, key: str) -> bool:
    return ARGUMENTS.get(variable.role or "") == key


def _outside(key: str, tensor: Any, spans: tuple[Span, ...]) -> list[str]:
    if not spans:
        return []
    inside = tensor != tensor
    for span in spans:
        low, high = float(end_value(span.lower)), float(end_value(span.upper))
        inside = inside | (((tensor > low) | ((tensor == low) & (not span.lower_open))) & ((tensor < high) | ((tensor == high) & (not span.upper_open))))
    shown = " U ".join(str(span) for span in spans)
    return _problem(key, tensor, ~inside & (tensor.abs() < float("inf")), f"lie outside {shown}", RESULTS.get(key, PLAIN))


def _target(implementation: Any, given: Mapping[str, Any]) -> list[str]:
    """Class indices that do not exist, and distributions that are none."""
    if implementation.layout not in {"classes", "pixels"}:
        return []
    values, target = (given[key] for key in (implementation.declared.inputs[0], implementation.declared.inputs[-1]))
    if target.shape != values.shape:
        wrong = (target < 0) | (target >= values.shape[1])
        result = "the loss is infinite there; mask what should be ignored"
        return _problem("target", target, wrong, f"are no class: there are {values.shape[1]}, counted from 0", result)
    found = _problem("target", target, (target < 0) | (target > 1), "lie outside [0, 1]", "they are clamped")
    if implementation.layout == "classes":
        found += _problem("target", target.sum(1), (target.sum(1) - 1).abs() > 1e-3, "of its sums over axis 1 differ from 1", "the target is no distribution")
    return found


def _jointly(loss: Loss, implementation: Any, given: Mapping[str, Any], mask: Any) -> list[str]:
    """Vectors that break a condition of the card, such as boxes whose right edge lies left of the left one; `a[0] <= a[2]` counts components from 0."""
    view = loss.views[0] if loss.views else None
    if view is None or view.constraint is None or implementation.layout != "vectors":
        return []
    columns: dict[str, Any] = {name: given.get(ARGUMENTS.get(variable.role or "", "")) for name, variable in view.variables.items()}
    found: list[str] = []
    for condition in parse_domain(view.constraint).conditions:
        used = [name for name in view.variables if name in names(condition)]
        if not used or any(columns[name] is None for name in used) or (isinstance(condition, Compare) and "==" in condition.operators):
            continue
        arrays = {name: columns[name].detach().movedim(1, -1).double().cpu().numpy() for name in used}
        flat = {name: array.reshape(-1, array.shape[-1]) for name, array in arrays.items()}
        kept = numeric_function(condition, set(used))(**flat).reshape(arrays[used[0]].shape[:-1])
        if mask is not None and tuple(mask.shape) == kept.shape:
            kept = kept | ~mask.cpu().numpy()
        if not kept.all():
            first = tuple(int(axis[0]) for axis in (~kept).nonzero())
            what = " and ".join(f"{name} is the {ARGUMENTS[view.variables[name].role or '']}" for name in used)
            found.append(f"{int((~kept).sum())} of {kept.size} vectors break `{text(condition)}`, where {what}, the first at {first}; {PLAIN}")
    return found


def _nothing(implementation: Any, given: Mapping[str, Any], mask: Any) -> list[str]:
    """Masks without foreground, and lists without a relevant item."""
    target = given.get("target")
    if implementation.layout == "pixels" and target is not None and target.shape == given[implementation.declared.inputs[0]].shape:
        return count("target", (target == 0).flatten(2).all(-1), "masks are empty", "the loss there hangs on the smoothing alone")
    if implementation.layout == "lists" and target is not None:
        kept = (target != 0) if mask is None else (target != 0) & mask
        return count("target", ~kept.any(1), "lists hold no relevant item", "they cost 0")
    return []


def _options(mask: Any, keywords: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    if mask is not None and not bool(mask.any()):
        found.append("mask: no element is left; the loss is 0 with a zero gradient")
    for key in ("weight", "class_weight"):
        if keywords.get(key) is not None:
            found += _problem(key, keywords[key], keywords[key] < 0, "are negative", "the loss rewards mistakes there")
    return found


def _problem(key: str, tensor: Any, wrong: Any, what: str, result: str) -> list[str]:
    count = int(wrong.sum())
    if not count:
        return []
    place = tuple(int(index) for index in wrong.nonzero()[0])
    shown = tensor[place].item() if place else tensor.item()
    return [f"{key}: {count} of {tensor.numel()} values {what}, the first {shown:g} at {place}; {result}"]
