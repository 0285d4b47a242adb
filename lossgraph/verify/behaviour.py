"""What a piece does at its ends and inside: one-sided limits of the formula and its derivatives, and their signs, cached and with certificates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy

from lossgraph.verify import limits
from lossgraph.verify.order import NeedSplit, NoLimit, Undecided
from lossgraph.verify.oscillation import oscillation
from lossgraph.verify.pieces import Piece, Shape
from lossgraph.verify.roots import cut
from lossgraph.verify.signs import Sign, is_zero
from lossgraph.verify.smooth import regular_at
from lossgraph.verify.space import Space


@dataclass(frozen=True)
class End:
    """A one-sided limit at the end of a piece: a quantity in the parameters, oo or -oo."""

    value: sympy.Expr
    certificate: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A part of a piece on which a function keeps its sign; `proof` is the certificate of that sign."""

    lower: sympy.Expr
    upper: sympy.Expr
    sign: Sign
    certificate: dict[str, Any]


@lru_cache(maxsize=2048)
def derivative(expression: sympy.Expr, variable: sympy.Symbol, order: int) -> sympy.Expr:
    """The derivative of a smooth formula, of order 0, 1 or 2, lightly simplified."""
    if order == 0:
        return expression
    raw = sympy.diff(derivative(expression, variable, order - 1), variable)
    return raw if raw.is_number else _shortest(raw)


def _shortest(expression: sympy.Expr) -> sympy.Expr:
    try:
        factored = sympy.factor(sympy.together(expression))
    except Exception:  # factor fails on some transcendental forms; the plain derivative is as true
        return expression
    return factored if sympy.count_ops(factored) < sympy.count_ops(expression) else expression


def end_limit(shape: Shape, piece: Piece, side: str, order: int = 0) -> End:
    """The limit of the derivative of the given order at the "lower" or "upper" end of a piece, from inside. Raises `NeedSplit` or `Undecided`."""
    point = piece.lower if side == "lower" else piece.upper
    return limit_at(derivative(piece.expression, shape.variable, order), shape.variable, point, side, shape.space)


@lru_cache(maxsize=4096)
def limit_at(expression: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr, side: str, space: Space) -> End:
    """The one-sided limit of a smooth expression at an end of its interval; `side` "lower" means that the variable comes from above."""
    if variable not in expression.free_symbols:
        return End(expression, {"kind": "constant", "value": str(expression)})
    if point not in (sympy.oo, -sympy.oo) and regular_at(expression, variable, point, space):
        value = sympy.sympify(expression.subs(variable, point))
        if not value.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I):
            return End(value, {"kind": "substitution", "value": str(value)})
    found = limits.limit(expression, variable, point, "+" if side == "lower" else "-", space)
    if isinstance(found, limits.Split):
        raise NeedSplit(found.expression)
    if found is None:
        return _turning(expression, variable, point, side, space)
    return End(found.value, found.certificate)


def _turning(expression: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr, side: str, space: Space) -> End:
    """The limit of a formula with sines that turn for ever. Raises `NoLimit` with what else is proved, or `Undecided`."""
    reason = f"the limit of {expression} as {variable} tends to {point}"
    found = oscillation(expression, variable, point, "+" if side == "lower" else "-", space)
    if found is None:
        raise Undecided(reason)
    if found.limit is None:
        raise NoLimit(reason, found)
    return End(found.limit, found.certificate)


def runs(shape: Shape, piece: Piece, order: int) -> tuple[Run, ...]:
    """The parts of a piece between the zeros of a derivative, with its strict sign on each. Raises `NeedSplit` or `Undecided`."""
    function = derivative(piece.expression, shape.variable, order)
    found = cut(function, shape.variable, piece.lower, piece.upper, shape.space)
    ends = (piece.lower, *found.points, piece.upper)
    return tuple(
        Run(left, right, proof.sign, {"function": str(function), "lower": str(left), "upper": str(right), "sign": proof.sign.value, "proof": proof.certificate})
        for left, right, proof in zip(ends, ends[1:], found.proofs, strict=False)
    )


def vanishes(expression: sympy.Expr, space: Space) -> bool:
    """Whether an expression is proved identically zero."""
    return expression == 0 or is_zero(expression, space)
