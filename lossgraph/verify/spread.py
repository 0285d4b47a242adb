"""Numbers between which an expression stays, by its form: sines in [-1, 1], arcs and sigmoids in theirs, sums and products of such, whatever the variables."""

from __future__ import annotations

from typing import Any

import sympy

from lossgraph.verify.balls import number_sign
from lossgraph.verify.space import Space

Spread = tuple[sympy.Expr, sympy.Expr]
_ONE, _HALF_PI = sympy.S.One, sympy.pi / 2
FIXED: dict[str, Spread] = {
    "sin": (-_ONE, _ONE), "cos": (-_ONE, _ONE), "tanh": (-_ONE, _ONE), "erf": (-_ONE, _ONE), "erfc": (sympy.S.Zero, sympy.Integer(2)),
    "atan": (-_HALF_PI, _HALF_PI), "asin": (-_HALF_PI, _HALF_PI), "acos": (sympy.S.Zero, sympy.pi),
}  # fmt: skip
LARGEST = 60  # operations


def spread(expression: sympy.Expr, space: Space) -> Spread | None:
    """(least, greatest) numbers that the expression never leaves; it must be defined on the space. None where the form gives none."""
    try:
        return _spread(expression, space) if sympy.count_ops(expression) <= LARGEST else None
    except ValueError:
        return None


def _spread(expression: Any, space: Space) -> Spread | None:
    if not expression.free_symbols:
        return (expression, expression) if expression.is_finite else None
    if isinstance(expression, sympy.Symbol):
        ends = next(((interval.lower, interval.upper) for name, interval in space.intervals if name == expression), None)
        return ends if ends is not None and all(end.is_number and end.is_finite for end in ends) else None
    if isinstance(expression, (sympy.Add, sympy.Mul)):
        parts = [_spread(argument, space) for argument in expression.args]
        if None in parts:
            return None
        known = [part for part in parts if part is not None]
        if isinstance(expression, sympy.Add):
            return sympy.Add(*(low for low, _ in known)), sympy.Add(*(high for _, high in known))
        total = known[0]
        for part in known[1:]:
            total = _extent([first * second for first in total for second in part])
        return total
    if isinstance(expression, sympy.Pow) and expression.exp.is_Integer and expression.exp.is_positive and expression.base is not sympy.E:
        inner = _spread(expression.base, space)
        return None if inner is None else _power(inner, int(expression.exp))
    if isinstance(expression, sympy.exp):
        inner = _spread(expression.args[0], space)
        return None if inner is None else (sympy.exp(inner[0]), sympy.exp(inner[1]))
    if isinstance(expression, (sympy.Abs, sympy.Max, sympy.Min)):
        return _switched(expression, [_spread(argument, space) for argument in expression.args])
    return FIXED.get(expression.func.__name__)


def _switched(expression: Any, parts: list[Spread | None]) -> Spread | None:
    """Abs, Max and Min of what stays between numbers."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if isinstance(expression, sympy.Abs):
        return sympy.S.Zero, _extent([known[0][1], -known[0][0]])[1]
    pick = 1 if isinstance(expression, sympy.Max) else 0
    return _extent([low for low, _ in known])[pick], _extent([high for _, high in known])[pick]


def _power(inner: Spread, exponent: int) -> Spread:
    ends = _extent([inner[0] ** exponent, inner[1] ** exponent])
    if exponent % 2 or number_sign(inner[0] * inner[1]) == 1:
        return ends
    return sympy.S.Zero, ends[1]


def _extent(values: list[sympy.Expr]) -> Spread:
    """The least and the greatest of some numbers. Raises `ValueError` where they cannot be told apart."""
    low = high = values[0]
    for value in values[1:]:
        below, above = number_sign(value - low), number_sign(value - high)
        if below is None or above is None:
            raise ValueError("numbers too close to tell")
        low, high = value if below < 0 else low, value if above > 0 else high
    return low, high
