"""Splits a one-variable formula into smooth pieces on open intervals and exact values at the points between: the form that every proof works on.

Completeness is proved, never assumed: each switching function (what stands inside Abs, decides a Max, a condition of a Piecewise, ...)
keeps a proved sign on each open piece. A node type that is not listed here is refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sympy

from lossgraph.verify.order import Undecided, difference, number_or_parametric, split_on
from lossgraph.verify.roots import cut, open_part
from lossgraph.verify.signs import Sign, SignProof, is_zero, sign
from lossgraph.verify.smooth import check_defined, obstacle, regular_at
from lossgraph.verify.space import Interval, Space
from lossgraph.verify.switches import ROUNDING, next_switch, resolve, rounded, swap, switch_functions

MAX_PIECES = 40


@dataclass(frozen=True)
class Piece:
    """A formula that is real-analytic on the open interval (lower, upper). `resolutions` say how the switching nodes were removed, in order."""

    lower: sympy.Expr
    upper: sympy.Expr
    expression: sympy.Expr
    resolutions: tuple[dict[str, Any], ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Point:
    """A point of the domain at the end of a piece, and the exact value of the formula there."""

    at: sympy.Expr
    value: sympy.Expr
    resolutions: tuple[dict[str, Any], ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Component:
    """One connected part of the domain: pieces in order, and the points around them (one more than pieces; None at an open end)."""

    pieces: tuple[Piece, ...]
    points: tuple[Point | None, ...]


@dataclass(frozen=True)
class Shape:
    """A formula over its domain, split completely. `space` holds the parameters."""

    variable: sympy.Symbol
    space: Space
    components: tuple[Component, ...]
    doubtful: bool = field(default=False, compare=False)  # a counterexample is known for some parameters: refutations are tried first

    def pieces(self) -> Iterator[Piece]:
        """All pieces, in order."""
        for component in self.components:
            yield from component.pieces

    def points(self) -> Iterator[Point]:
        """All points that carry a value of their own, in order."""
        for component in self.components:
            yield from (point for point in component.points if point is not None)

    def over(self, piece: Piece) -> Space:
        """The parameters and the variable inside a piece."""
        return open_part(self.space, self.variable, piece.lower, piece.upper)

    def certificate(self) -> dict[str, Any]:
        """The pieces and points as text, with the proofs of the switching signs."""
        return {
            "components": [
                {
                    "pieces": [
                        {"lower": str(p.lower), "upper": str(p.upper), "expression": str(p.expression), "resolutions": list(p.resolutions)}
                        for p in component.pieces
                    ],
                    "points": [None if p is None else {"at": str(p.at), "value": str(p.value), "resolutions": list(p.resolutions)} for p in component.points],
                }
                for component in self.components
            ]
        }


def split(expression: sympy.Expr, variable: sympy.Symbol, domain: tuple[Interval, ...], space: Space, marks: tuple[sympy.Expr, ...] = ()) -> Shape:
    """The shape of `expression` over the disjoint, ordered intervals `domain`; `marks` are further points where a joint is wanted.

    Raises `Undefined` where the formula is proved not to be finite and real at a point of the domain, `NeedSplit` where the answer hangs on the sign of a
    parameter expression, and `Undecided` for everything that is not understood or not proved.
    """
    return Shape(variable, space, tuple(_component(expression, variable, interval, space, marks) for interval in domain))


def _component(expression: sympy.Expr, variable: sympy.Symbol, interval: Interval, space: Space, marks: tuple[sympy.Expr, ...]) -> Component:
    lower, upper = interval.lower, interval.upper
    if lower == upper:
        return Component((), (point_value(expression, variable, lower, space),))
    inner = [mark for mark in marks if _inside(mark, lower, upper, space)]
    ends = [lower, *inner, upper]
    pieces = [piece for left, right in itertools.pairwise(ends) for piece in _pieces(expression, variable, left, right, space, ())]
    pieces = _merged(pieces, variable, expression, space, frozenset(inner))
    if len(pieces) > MAX_PIECES:
        raise Undecided(f"more than {MAX_PIECES} pieces")
    first = None if interval.lower_open else point_value(expression, variable, lower, space)
    last = None if interval.upper_open else point_value(expression, variable, upper, space)
    joints = [point_value(expression, variable, piece.lower, space) for piece in pieces[1:]]
    return Component(tuple(pieces), (first, *joints, last))


def _inside(mark: sympy.Expr, lower: sympy.Expr, upper: sympy.Expr, space: Space) -> bool:
    below, above = difference(mark, lower, space), difference(upper, mark, space)
    for gap, found in ((mark - lower, below), (upper - mark, above)):
        if found in (Sign.NONNEGATIVE, Sign.NONPOSITIVE):
            raise split_on(gap, space)
    return below is Sign.POSITIVE and above is Sign.POSITIVE


def _merged(pieces: list[Piece], variable: sympy.Symbol, expression: sympy.Expr, space: Space, keep: frozenset[sympy.Expr]) -> list[Piece]:
    """Neighbours with the same formula joined, where the point between has that formula's value too and the formula is analytic there."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last is not None and piece.lower not in keep and last.expression == piece.expression and regular_at(piece.expression, variable, piece.lower, space):
            value = point_value(expression, variable, piece.lower, space).value
            if is_zero(value - piece.expression.subs(variable, piece.lower), space):
                merged[-1] = Piece(last.lower, piece.upper, last.expression, (*last.resolutions, {"join": str(piece.lower)}, *piece.resolutions))
                continue
        merged.append(piece)
    return merged


def _pieces(
    expression: sympy.Expr, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr, space: Space, resolutions: tuple[dict[str, Any], ...]
) -> list[Piece]:
    """The pieces of `expression` on the open interval (lower, upper), by removing one switching node at a time, innermost first."""
    node = next_switch(expression)
    if node is None:
        blocking = obstacle(expression, open_part(space, variable, lower, upper))
        if blocking is None:
            return [Piece(lower, upper, expression, resolutions)]
        functions = [blocking]
    else:
        functions = list(switch_functions(node, variable, lower, upper, space))
    for function in functions:
        found = cut(function, variable, lower, upper, space)
        if found.points:
            ends = (lower, *found.points, upper)
            parts = [_pieces(expression, variable, left, right, space, resolutions) for left, right in itertools.pairwise(ends)]
            return [piece for part in parts for piece in part]
    if node is None:
        raise Undecided(f"{functions[0]} keeps its sign, and yet {expression} is not smooth")

    def proof(function: sympy.Expr) -> SignProof:
        return cut(function, variable, lower, upper, space).proofs[0]

    rounding = isinstance(node, ROUNDING)
    replaced, claims = rounded(node, variable, lower, upper, space) if rounding else resolve(node, proof)
    resolution = {"node": str(node), "becomes": str(replaced), "signs": claims}
    return _pieces(swap(expression, node, replaced), variable, lower, upper, space, (*resolutions, resolution))


def _without_powers_of_zero(value: Any, space: Space) -> Any:
    """0 in the place of powers, of positive exponents that hold parameters, of what is zero without looking so."""
    powers = [node for node in value.atoms(sympy.Pow) if node.exp.is_positive and not node.exp.is_number and not node.base.is_Atom]
    zeros = {node: sympy.Integer(0) for node in powers if is_zero(node.base, space)}
    return value.xreplace(zeros) if zeros else value


def point_value(expression: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr, space: Space) -> Point:
    """The exact value of `expression` at `point`. Raises `Undefined` where it is proved to have none."""
    resolutions: list[dict[str, Any]] = []
    number_or_parametric(point, space)

    def proof(function: sympy.Expr) -> SignProof:
        value = function.subs(variable, point)
        check_defined(function, variable, point, space)
        found = SignProof(Sign.ZERO, {"kind": "zero", "expression": str(value)}) if is_zero(value, space) else sign(value, space)
        if found is None or found.sign not in (Sign.POSITIVE, Sign.NEGATIVE, Sign.ZERO):
            raise split_on(value, space)
        return found

    while (node := next_switch(expression)) is not None:
        if isinstance(node, ROUNDING):
            replaced: sympy.Basic = node.func(node.args[0].subs(variable, point))
            if not isinstance(replaced, sympy.Integer):
                raise Undecided(f"{node} at {point}")
            claims: list[dict[str, Any]] = []
        else:
            replaced, claims = resolve(node, proof)
        resolutions.append({"node": str(node), "becomes": str(replaced), "signs": claims})
        expression = swap(expression, node, replaced)
    check_defined(expression, variable, point, space)
    value = _without_powers_of_zero(sympy.sympify(expression.subs(variable, point)), space)
    if value.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I):
        raise Undecided(f"value {value} at {variable} = {point}")
    return Point(point, value, tuple(resolutions))
