"""One turning point that has no name: the slope has one sign up to a number a, the other from b on, and between the two the second derivative has a sign."""

from __future__ import annotations

from typing import Any

import sympy

from lossgraph.verify.balls import number_sign
from lossgraph.verify.behaviour import derivative
from lossgraph.verify.checks import Claims, sign_claim
from lossgraph.verify.pieces import Piece, Shape
from lossgraph.verify.samples import sample_points
from lossgraph.verify.signs import Sign, sign
from lossgraph.verify.space import Interval

MAX_HALVINGS = 4
UP, DOWN = (Sign.POSITIVE, Sign.NONNEGATIVE), (Sign.NEGATIVE, Sign.NONPOSITIVE)


def single_turn(shape: Shape, piece: Piece) -> list[tuple[Sign, Claims]] | None:
    """The two steps of a piece on which the formula turns once, at a point between two fractions; None where that is not proved, or parameters are about."""
    slope, bend = (derivative(piece.expression, shape.variable, order) for order in (1, 2))
    if shape.space.intervals or not slope.free_symbols <= {shape.variable}:
        return None
    bracket = _bracket(slope, shape, piece)
    for _ in range(MAX_HALVINGS):
        if bracket is None:
            return None
        found = _proved(shape, piece, slope, bend, *bracket)
        if found is not None:
            return found
        bracket = _halved(slope, shape.variable, *bracket)
    return None


def _slope_sign(slope: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr) -> int | None:
    value = slope.subs(variable, point)
    return number_sign(value) if value.is_finite is not False else None


def _bracket(slope: sympy.Expr, shape: Shape, piece: Piece) -> tuple[sympy.Expr, sympy.Expr, int] | None:
    """Neighbouring sample points between which the slope changes its sign, where it does so once, and its sign at the first."""
    points = sorted((next(iter(point.values())) for point in sample_points(shape.over(piece), 16)), key=lambda point: sympy.N(point, 30))
    known = [(point, found) for point in points if (found := _slope_sign(slope, shape.variable, point))]
    changes = [index for index in range(1, len(known)) if known[index][1] != known[index - 1][1]]
    if len(changes) != 1:
        return None
    (first, before), (second, _) = known[changes[0] - 1 : changes[0] + 1]
    return first, second, before


def _halved(slope: sympy.Expr, variable: sympy.Symbol, low: sympy.Expr, high: sympy.Expr, before: int) -> tuple[sympy.Expr, sympy.Expr, int] | None:
    """The bracket at a quarter of its width."""
    for _ in range(2):
        middle = (low + high) / 2
        found = _slope_sign(slope, variable, middle)
        if not found:
            return None
        low, high = (middle, high) if found == before else (low, middle)
    return low, high, before


def _proved(
    shape: Shape, piece: Piece, slope: sympy.Expr, bend: sympy.Expr, low: sympy.Expr, high: sympy.Expr, before: int
) -> list[tuple[Sign, Claims]] | None:
    first, last = (DOWN, UP) if before < 0 else (UP, DOWN)
    steps: list[Any] = []
    for lower, upper, order, function, allowed in (
        (piece.lower, low, 1, slope, first), (low, high, 2, bend, last), (high, piece.upper, 1, slope, last),
    ):  # fmt: skip
        proof = sign(function, shape.space.extended(shape.variable, Interval(lower, upper)))
        if proof is None or proof.sign not in allowed:
            return None
        steps.append((proof.sign, sign_claim(lower, upper, order, function, proof.sign, proof.certificate)))
    return [(steps[0][0], [steps[0][1], steps[1][1]]), (steps[2][0], [steps[2][1]])]
