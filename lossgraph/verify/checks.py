"""The single steps that properties are proved by: what a formula does at each point of its domain, and its sign inside each piece.

A check returns whether it holds for all parameters of the space (True) or fails for all of them (False), with its claims; otherwise it raises `NeedSplit` or
`Undecided`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy

from lossgraph.verify.behaviour import End, derivative, end_limit, limit_at, runs, vanishes
from lossgraph.verify.order import NeedSplit, NoLimit, Undecided, difference, equal, split_on
from lossgraph.verify.pieces import Component, Piece, Point, Shape
from lossgraph.verify.roots import factorised
from lossgraph.verify.signs import Sign, sign

Claims = list[dict[str, Any]]
Check = Callable[[], tuple[bool, Claims]]
UP = (Sign.POSITIVE, Sign.ZERO, Sign.NONNEGATIVE)
DOWN = (Sign.NEGATIVE, Sign.ZERO, Sign.NONPOSITIVE)


@dataclass(frozen=True)
class Outcome:
    """What is proved in one parameter cell: the property holds for all of its parameters, or fails for all; with the claims that show it."""

    holds: bool
    claims: Claims
    constant: str | None = None
    shape: dict[str, Any] | None = None
    proof: dict[str, Any] | None = None


def conjunction(checks: Iterable[Check]) -> Outcome:
    """All checks together: one that fails refutes whatever the others say; else one that is open leaves all open."""
    claims: Claims = []
    pending: Exception | None = None
    for check in checks:
        try:
            holds, found = check()
        except NeedSplit as error:
            pending = error if not isinstance(pending, NeedSplit) else pending
            continue
        except Undecided as error:
            pending = pending or error
            continue
        if not holds:
            return Outcome(False, found)
        claims.extend(found)
    if pending is not None:
        raise pending
    return Outcome(True, claims)


def sides(component: Component) -> Iterator[tuple[Point, Piece | None, Piece | None]]:
    """Each point of a component with the pieces on its left and right."""
    for index, point in enumerate(component.points):
        if point is not None:
            yield point, component.pieces[index - 1] if index else None, component.pieces[index] if index < len(component.pieces) else None


def neighbours(shape: Shape) -> Iterator[tuple[Point, list[tuple[Piece, str]]]]:
    """Each point with the pieces that end there and which of their ends that is."""
    for component in shape.components:
        for point, left, right in sides(component):
            yield point, [(piece, side) for piece, side in ((left, "upper"), (right, "lower")) if piece is not None]


def limit_claim(piece: Piece, side: str, order: int, end: End) -> dict[str, Any]:
    """The claim of a one-sided limit of a derivative at the end of a piece."""
    point = piece.lower if side == "lower" else piece.upper
    return {
        "claim": "limit",
        "lower": str(piece.lower),
        "upper": str(piece.upper),
        "end": side,
        "at": str(point),
        "order": order,
        "value": str(end.value),
        "proof": end.certificate,
    }


def continuous_at(shape: Shape, point: Point, piece: Piece, side: str) -> Check:
    """The value at the point is the limit from this side."""

    def check() -> tuple[bool, Claims]:
        try:
            end = end_limit(shape, piece, side)
        except NoLimit as error:
            return False, [no_limit(piece, side, 0, error)]
        holds = equal(end.value, point.value, shape.space)
        return holds, [
            limit_claim(piece, side, 0, end),
            {"claim": "equal" if holds else "different", "left": str(end.value), "right": str(point.value), "at": str(point.at)},
        ]

    return check


def no_limit(piece: Piece, side: str, order: int, error: NoLimit) -> dict[str, Any]:
    """The claim that a derivative has no finite limit at an end of a piece. Raises the error again where that is not proved."""
    if error.found.settles:
        raise error
    at = piece.lower if side == "lower" else piece.upper
    return {
        "claim": "no_limit", "lower": str(piece.lower), "upper": str(piece.upper), "end": side, "at": str(at), "order": order, "proof": error.found.certificate,
    }  # fmt: skip


def bounded_near(piece: Piece, side: str, order: int, error: NoLimit) -> dict[str, Any]:
    """The claim that a derivative stays bounded near an end of a piece, though it turns for ever."""
    at = piece.lower if side == "lower" else piece.upper
    return {
        "claim": "bounded_near", "lower": str(piece.lower), "upper": str(piece.upper), "end": side, "at": str(at), "order": order,
        "proof": error.found.certificate,
    }  # fmt: skip


def slope_at(shape: Shape, point: Point, piece: Piece, side: str) -> tuple[sympy.Expr, Claims]:
    """The one-sided derivative at a point where the formula is continuous from this side: the limit of the derivative, else of the difference quotient."""
    try:
        end = end_limit(shape, piece, side, 1)
        return end.value, [limit_claim(piece, side, 1, end)]
    except Undecided:
        quotient = (piece.expression - point.value) / (shape.variable - point.at)
        end = limit_at(quotient, shape.variable, point.at, side, shape.space)
        return end.value, [
            {"claim": "difference_quotient", "at": str(point.at), "end": side, "quotient": str(quotient), "value": str(end.value), "proof": end.certificate}
        ]


def differentiable_at(shape: Shape, point: Point, around: list[tuple[Piece, str]]) -> Check:
    """The one-sided derivatives are finite and agree; continuity is checked elsewhere and comes first."""

    def check() -> tuple[bool, Claims]:
        if not around:
            raise Undecided(f"a derivative at the isolated point {point.at}")
        slopes, claims = [], []
        for piece, side in around:
            if not continuous_at(shape, point, piece, side)()[0]:
                return continuous_at(shape, point, piece, side)()
            try:
                value, found = slope_at(shape, point, piece, side)
            except NoLimit as error:
                return False, [*claims, {**no_limit(piece, side, 1, error), "claim": "no_slope"}]
            claims += found
            if value in (sympy.oo, -sympy.oo):
                return False, [*found, {"claim": "infinite", "order": 1, "at": str(point.at)}]
            slopes.append(value)
        if len(slopes) == 1 or equal(slopes[0], slopes[1], shape.space):
            return True, [*claims, {"claim": "equal", "left": str(slopes[0]), "right": str(slopes[-1]), "at": str(point.at), "order": 1}]
        return False, [*claims, {"claim": "different", "left": str(slopes[0]), "right": str(slopes[1]), "at": str(point.at), "order": 1}]

    return check


def derivative_continuous_at(shape: Shape, point: Point, around: list[tuple[Piece, str]], order: int) -> Check:
    """The limits of the derivative of this order are finite and agree at the point."""

    def check() -> tuple[bool, Claims]:
        if not around:
            raise Undecided(f"a derivative at the isolated point {point.at}")
        values, claims = [], []
        for piece, side in around:
            try:
                end = end_limit(shape, piece, side, order)
            except NoLimit as error:
                return False, [*claims, no_limit(piece, side, order, error)]
            claims.append(limit_claim(piece, side, order, end))
            if end.value in (sympy.oo, -sympy.oo):
                return False, [*claims, {"claim": "infinite", "order": order, "at": str(point.at)}]
            values.append(end.value)
        same = len(values) == 1 or equal(values[0], values[1], shape.space)
        return same, [
            *claims,
            {"claim": "equal" if same else "different", "left": str(values[0]), "right": str(values[-1]), "at": str(point.at), "order": order},
        ]

    return check


def continuity(shape: Shape) -> list[Check]:
    """Continuity at every point of the domain; inside the pieces the formula is analytic."""
    return [continuous_at(shape, point, piece, side) for point, around in neighbours(shape) for piece, side in around]


def weak_sign(shape: Shape, piece: Piece, order: int) -> tuple[Sign, Claims] | None:
    """The sign of a derivative on a whole piece, where it has one."""
    function = derivative(piece.expression, shape.variable, order)
    proof = sign(function, shape.over(piece))
    if proof is None:
        return (
            (Sign.ZERO, [sign_claim(piece.lower, piece.upper, order, function, Sign.ZERO, {"kind": "zero"})]) if vanishes(function, shape.over(piece)) else None
        )
    return proof.sign, [sign_claim(piece.lower, piece.upper, order, function, proof.sign, proof.certificate)]


def sign_claim(lower: sympy.Expr, upper: sympy.Expr, order: int, function: sympy.Expr, found: Sign, certificate: dict[str, Any]) -> dict[str, Any]:
    """The claim that a derivative has a sign on an open interval."""
    return {"claim": "sign", "lower": str(lower), "upper": str(upper), "order": order, "function": str(function), "sign": found.value, "proof": certificate}


def strict_signs(shape: Shape, piece: Piece, order: int) -> list[tuple[Sign, dict[str, Any]]]:
    """The strict signs of a derivative between its zeros on a piece."""
    function = derivative(piece.expression, shape.variable, order)
    found = runs(shape, piece, order)
    return [(run.sign, sign_claim(run.lower, run.upper, order, function, run.sign, run.certificate["proof"])) for run in found]


def never_negative(shape: Shape, piece: Piece, order: int) -> Check:
    """The derivative of this order is >= 0 on the piece."""

    def check() -> tuple[bool, Claims]:
        negative = negative_end(shape, piece, order) if shape.doubtful else None
        if negative is not None:
            return False, negative
        whole = weak_sign(shape, piece, order)
        if whole is not None and whole[0] in UP:
            return True, whole[1]
        if whole is not None and whole[0] is Sign.NEGATIVE:
            return False, whole[1]
        negative = None if shape.doubtful else negative_end(shape, piece, order)
        if negative is not None:
            return False, negative
        signs = strict_signs(shape, piece, order)
        bad = [claim for found, claim in signs if found is Sign.NEGATIVE]
        return not bad, bad or [claim for _, claim in signs]

    return check


def negative_end(shape: Shape, piece: Piece, order: int) -> Claims | None:
    """Claims that a derivative is negative near an end of the piece; None where that is not so or not proved."""
    for side in ("lower", "upper"):
        try:
            found, claims = sign_near(shape, piece, side, derivative(piece.expression, shape.variable, order), order)
        except (NeedSplit, Undecided):
            continue
        if found is Sign.NEGATIVE:
            return claims
    return None


def sign_near(shape: Shape, piece: Piece, side: str, function: sympy.Expr, order: int) -> tuple[Sign, Claims]:
    """The strict sign of `function` close to an end of a piece: each factor has a sign on the whole piece, or a limit there that is not zero."""
    at = piece.lower if side == "lower" else piece.upper
    negative = False
    parts: list[dict[str, Any]] = []
    for base, power in factorised(function):
        proof = sign(base, shape.over(piece))
        if proof is not None and proof.sign in (Sign.POSITIVE, Sign.NEGATIVE):
            found, part = proof.sign, {"expression": str(base), "power": power, "sign": proof.sign.value, "proof": proof.certificate}
        else:
            end = limit_at(base, shape.variable, at, side, shape.space)
            found = difference(end.value, sympy.S.Zero, shape.space)
            if found not in (Sign.POSITIVE, Sign.NEGATIVE):
                raise Undecided(f"the sign of {base} near {at}")
            part = {"expression": str(base), "power": power, "limit": str(end.value), "sign": found.value, "proof": end.certificate}
        parts.append(part)
        negative ^= found is Sign.NEGATIVE and power % 2 == 1
    result = Sign.NEGATIVE if negative else Sign.POSITIVE
    return result, [
        {
            "claim": "sign_near",
            "lower": str(piece.lower),
            "upper": str(piece.upper),
            "end": side,
            "order": order,
            "function": str(function),
            "factors": parts,
            "sign": result.value,
        }
    ]


def compare(shape: Shape, left: sympy.Expr, right: sympy.Expr, allowed: tuple[Sign, ...]) -> tuple[bool, Claims]:
    """Whether `left - right` has one of the allowed signs (all of them weak or strict in one direction); the opposite must be proved to say no."""
    found = difference(left, right, shape.space)
    claim = {"claim": "compare", "left": str(left), "right": str(right), "sign": found.value}
    if found in allowed:
        return True, [claim]
    opposite = {Sign.POSITIVE, Sign.NEGATIVE, Sign.ZERO} - set(allowed)
    if found in opposite:
        return False, [claim]
    raise split_on(sympy.sympify(left) - sympy.sympify(right), shape.space)
