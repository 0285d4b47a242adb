"""Proves a property of a sum, a multiple, a maximum or an absolute value from properties of its parts, where the joints between the parts cannot be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sympy

from lossgraph.verify.checks import Outcome
from lossgraph.verify.order import Undecided, sign_of
from lossgraph.verify.signs import Sign
from lossgraph.verify.spread import spread

if TYPE_CHECKING:
    from lossgraph.verify.properties import Case

Prove = Callable[["Case", str], dict[str, Any] | None]

# what all parts must have, and what at least one part must have beside it, for the whole to have the property
SUM: dict[str, tuple[str, str | None]] = {
    "convex": ("convex", None), "strictly_convex": ("convex", "strictly_convex"), "strongly_convex": ("convex", "strongly_convex"),
    **{name: (name, None) for name in ("continuous", "differentiable", "continuously_differentiable", "twice_continuously_differentiable")},
    **{name: (name, None) for name in ("lipschitz", "lipschitz_gradient", "bounded_below", "bounded_above", "nonnegative")},
}  # fmt: skip
MAXIMUM: dict[str, tuple[str | None, str | None]] = {
    **{name: (name, None) for name in ("convex", "strictly_convex", "strongly_convex", "quasiconvex", "continuous", "lipschitz", "bounded_above")},
    "bounded_below": (None, "bounded_below"), "nonnegative": (None, "nonnegative"),
}  # fmt: skip
MINIMUM: dict[str, tuple[str | None, str | None]] = {
    **{name: (name, None) for name in ("continuous", "lipschitz", "bounded_below", "nonnegative")}, "bounded_above": (None, "bounded_above"),
}  # fmt: skip
POSITIVE_MULTIPLE = {*SUM, "quasiconvex", "monotone", "zero_at_target", "symmetric"}
ANY_MULTIPLE = {name for name in SUM if name[:3] in {"con", "dif", "twi", "lip"}} - {"convex"} | {"monotone", "symmetric"}
ROUNDED = {"monotone", "quasiconvex", "bounded_below", "bounded_above"}
ABSOLUTE: dict[str, str | None] = {"continuous": "continuous", "lipschitz": "lipschitz", "nonnegative": None, "bounded_below": None}


def compose(case: Case, property_id: str, prove: Callable[[Case, str], Outcome]) -> Outcome | None:
    """A proof that the property holds by one rule of composition, or None. Each part is decided by `prove`, on the same domain."""

    def child(part: sympy.Expr, name: str) -> dict[str, Any] | None:
        inner = replace(case, expression=part, kept={})
        try:
            found = prove(inner, name)
        except Undecided:
            return None
        if not found.holds:
            return None
        proof = found.proof or {"kind": "pieces", "variable": str(case.variable), "shape": found.shape or inner.shape().certificate(), "claims": found.claims}
        return {"expression": str(part), "property": name, "proof": proof}

    expression = case.expression
    if property_id in {"bounded_below", "bounded_above"} and (between := _between(case)) is not None:
        return Outcome(True, [], proof={"kind": "composition", "rule": "spread", "expression": str(expression), "property": property_id, "between": between})
    children: list[dict[str, Any]] | None = None
    rule = ""
    if isinstance(expression, sympy.Add) and property_id in SUM:
        rule, children = "sum", _parts(expression, SUM[property_id], child)
    elif isinstance(expression, (sympy.Max, sympy.Min)):
        table = MAXIMUM if isinstance(expression, sympy.Max) else MINIMUM
        rule = "maximum" if isinstance(expression, sympy.Max) else "minimum"
        children = _parts(expression, table[property_id], child) if property_id in table else None
    elif isinstance(expression, sympy.Abs) and property_id in ABSOLUTE:
        wanted = ABSOLUTE[property_id]
        inner: Any = expression.args[0]
        found = None if wanted is None else child(inner, wanted)
        rule, children = "absolute", [] if wanted is None else (None if found is None else [found])
    elif isinstance(expression, (sympy.floor, sympy.ceiling)) and property_id in ROUNDED:
        return _rounded(case, property_id, prove)
    elif isinstance(expression, sympy.Mul):
        rule, children = "multiple", _multiple(case, property_id, child)
    if children is None:
        return None
    return Outcome(True, [], proof={"kind": "composition", "rule": rule, "expression": str(expression), "property": property_id, "children": children})


def _between(case: Case) -> list[str] | None:
    """Numbers between which the formula stays, by its form."""
    found = [spread(case.expression, case.space.extended(case.variable, interval)) for interval in case.domain]
    return None if None in found else [str(end) for part in found if part is not None for end in part]


def _rounded(case: Case, property_id: str, prove: Callable[[Case, str], Outcome]) -> Outcome | None:
    """floor(u) and ceiling(u) rise with u and stay within 1 of it: monotone and quasiconvex where u is, bounded exactly where u is."""
    argument: Any = case.expression.args[0]
    inner = replace(case, expression=argument, kept={})
    try:
        found = prove(inner, property_id)
    except Undecided:
        return None
    if not found.holds and property_id in {"monotone", "quasiconvex"}:
        return None
    proof = found.proof or {"kind": "pieces", "variable": str(case.variable), "shape": found.shape or inner.shape().certificate(), "claims": found.claims}
    child = {"expression": str(argument), "property": property_id, "proof": proof}
    whole = {"kind": "composition", "rule": "rounding", "expression": str(case.expression), "property": property_id, "children": [child]}
    return Outcome(found.holds, [], proof=whole)


def _parts(whole: Any, rule: tuple[str | None, str | None], child: Callable[[sympy.Expr, str], dict[str, Any] | None]) -> list[dict[str, Any]] | None:
    """Proofs that all parts have the first property and one part the second."""
    every, one = rule
    parts: list[Any] = sorted(whole.args, key=str)
    found: list[dict[str, Any]] = []
    if every is not None:
        for part in parts:
            proof = child(part, every)
            if proof is None:
                return None
            found.append(proof)
    if one is not None:
        extra = next((proof for proof in (child(part, one) for part in parts) if proof is not None), None)
        if extra is None:
            return None
        found.append(extra)
    return found


def _multiple(case: Case, property_id: str, child: Callable[[sympy.Expr, str], dict[str, Any] | None]) -> list[dict[str, Any]] | None:
    """A proof for the rest of a product once its constant factor is taken out."""
    factor, rest = case.expression.as_independent(case.variable, as_Add=False)
    if factor == 1:
        return None
    found = sign_of(factor, case.space)
    if (found is Sign.POSITIVE and property_id in POSITIVE_MULTIPLE) or (found is not None and property_id in ANY_MULTIPLE):
        proof = child(rest, property_id)
        return None if proof is None else [{**proof, "factor": str(factor), "sign": found.value}]
    return None
