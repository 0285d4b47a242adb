"""Zeros, symmetry and tails of a split formula: zero_at_target, zero_only_at_target, symmetric, redescending."""

from __future__ import annotations

from dataclasses import replace

import sympy

from lossgraph.verify import trigonometry
from lossgraph.verify.behaviour import derivative, end_limit, vanishes
from lossgraph.verify.checks import Check, Claims, Outcome, conjunction, limit_claim, no_limit, sign_claim, strict_signs, weak_sign
from lossgraph.verify.order import NoLimit, Undecided, difference, equal, split_on
from lossgraph.verify.pieces import Piece, Shape, split
from lossgraph.verify.signs import Sign, is_zero
from lossgraph.verify.space import Interval, Space

WINDOW = 10  # how far from the target other zeros are sought
NOT_ZERO = (Sign.POSITIVE, Sign.NEGATIVE)


def in_domain(target: sympy.Expr, domain: tuple[Interval, ...], space: Space) -> bool:
    """Whether the target is a number in the domain for all parameters (True) or for none (False)."""
    if target.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        return False
    for interval in domain:
        below, above = difference(target, interval.lower, space), difference(interval.upper, target, space)
        inside = [
            sign is Sign.POSITIVE or (not closed_off and sign in (Sign.ZERO, Sign.NONNEGATIVE))
            for sign, closed_off in ((below, interval.lower_open), (above, interval.upper_open))
        ]
        outside = any(
            sign is Sign.NEGATIVE or (closed_off and sign in (Sign.ZERO, Sign.NONPOSITIVE))
            for sign, closed_off in ((below, interval.lower_open), (above, interval.upper_open))
        )
        if all(inside):
            return True
        if not outside:
            for gap, found in ((target - interval.lower, below), (interval.upper - target, above)):
                if found in (Sign.NONNEGATIVE, Sign.NONPOSITIVE):
                    raise split_on(gap, space)
            raise Undecided(f"whether the target {target} lies in the domain")
    return False


def zero_at_target(shape: Shape, target: sympy.Expr) -> Outcome:
    """The value at the target is zero; the shape has the target among its points."""
    value = _value(shape, target)
    holds = equal(value, sympy.S.Zero, shape.space)
    claims: Claims = [
        {"claim": "value", "at": str(target), "value": str(value)},
        {"claim": "equal" if holds else "different", "left": str(value), "right": "0"},
    ]
    return Outcome(holds, claims, shape=shape.certificate())


def _value(shape: Shape, target: sympy.Expr) -> sympy.Expr:
    for point in shape.points():
        if point.at == target or difference(point.at, target, shape.space) is Sign.ZERO:
            return point.value
    raise Undecided(f"the value at the target {target}")


def zero_only_at_target(shape: Shape, target: sympy.Expr) -> Outcome:
    """Zero at the target, and of strict sign on every piece and at every other point."""
    first = zero_at_target(shape, target)
    if not first.holds:
        return first
    others = [point for point in shape.points() if point.at != target and difference(point.at, target, shape.space) is not Sign.ZERO]
    checks: list[Check] = [lambda: (True, first.claims)]
    for point in others:
        checks.append(
            lambda point=point: (not equal(point.value, sympy.S.Zero, shape.space), [{"claim": "value", "at": str(point.at), "value": str(point.value)}])
        )
    return replace(conjunction([*checks, *(_nowhere_zero(shape, piece) for piece in shape.pieces())]), shape=shape.certificate())


def other_zeros(expression: sympy.Expr, variable: sympy.Symbol, target: sympy.Expr, domain: tuple[Interval, ...], space: Space) -> list[sympy.Expr]:
    """A few numbers of the domain, other than the target, at which sines and cosines of the formula turn it to zero; that list need not be complete."""
    if not target.is_number:
        return []
    found = [zero for part in (expression, sympy.diff(expression, variable)) for zero in trigonometry.zeros(part, variable, target - WINDOW, target + WINDOW)]
    near = sorted({zero for zero in found if zero.is_number}, key=lambda zero: sympy.Abs(sympy.N(zero - target, 30)))
    return [zero for zero in near if zero != target and in_domain(zero, domain, space) and is_zero(expression.subs(variable, zero), space)][:2]


def nowhere_zero(shape: Shape) -> Outcome:
    """No zero at all: what zero_only_at_target means for parameters whose target lies outside the domain."""
    checks: list[Check] = [
        lambda point=point: (not equal(point.value, sympy.S.Zero, shape.space), [{"claim": "value", "at": str(point.at), "value": str(point.value)}])
        for point in shape.points()
    ]
    return conjunction([*checks, *(_nowhere_zero(shape, piece) for piece in shape.pieces())])


def _nowhere_zero(shape: Shape, piece: Piece) -> Check:
    def check() -> tuple[bool, Claims]:
        whole = weak_sign(shape, piece, 0)
        if whole is not None and whole[0] in (*NOT_ZERO, Sign.ZERO):
            return whole[0] in NOT_ZERO, whole[1]
        signs = strict_signs(shape, piece, 0)
        return len(signs) == 1 and signs[0][0] in NOT_ZERO, [claim for _, claim in signs]

    return check


def symmetric(expression: sympy.Expr, variable: sympy.Symbol, domain: tuple[Interval, ...], space: Space) -> Outcome:
    """f(x) - f(-x) vanishes for x > 0, over a domain that is its own mirror image."""
    if not _mirrored(domain, space):
        return Outcome(False, [{"claim": "domain_not_symmetric"}], shape={})
    half = tuple(part for interval in domain for part in [_right_half(interval, space)] if part is not None)
    gap = expression - expression.subs(variable, -variable)
    if not half:
        return Outcome(True, [{"claim": "mirror", "function": str(gap)}])
    shape = split(gap, variable, half, space)
    checks: list[Check] = [
        lambda point=point: (equal(point.value, sympy.S.Zero, space), [{"claim": "value", "at": str(point.at), "value": str(point.value)}])
        for point in shape.points()
    ]
    found = conjunction([*checks, *(_vanishing(shape, piece) for piece in shape.pieces())])
    return Outcome(found.holds, [{"claim": "mirror", "function": str(gap)}, *found.claims], shape=shape.certificate())


def _vanishing(shape: Shape, piece: Piece) -> Check:
    def check() -> tuple[bool, Claims]:
        if vanishes(piece.expression, shape.over(piece)):
            return True, [sign_claim(piece.lower, piece.upper, 0, piece.expression, Sign.ZERO, {"kind": "zero"})]
        whole = weak_sign(shape, piece, 0)
        if whole is not None and whole[0] in NOT_ZERO:
            return False, whole[1]
        for side in ("lower", "upper"):
            try:
                end = end_limit(shape, piece, side)
                if difference(end.value, sympy.S.Zero, shape.space) in NOT_ZERO:
                    return False, [limit_claim(piece, side, 0, end), {"claim": "different", "left": str(end.value), "right": "0"}]
            except Undecided:
                continue
        signs = strict_signs(shape, piece, 0)
        different = [claim for found, claim in signs if found in NOT_ZERO]
        return not different, different or [claim for _, claim in signs]

    return check


def _mirrored(domain: tuple[Interval, ...], space: Space) -> bool:
    for interval, other in zip(domain, reversed(domain), strict=True):
        same = difference(interval.lower, -other.upper, space) is Sign.ZERO and difference(interval.upper, -other.lower, space) is Sign.ZERO
        if not same or interval.lower_open != other.upper_open or interval.upper_open != other.lower_open:
            return False
    return True


def _right_half(interval: Interval, space: Space) -> Interval | None:
    """The part of an interval above zero, or None."""
    if difference(interval.upper, sympy.S.Zero, space) is not Sign.POSITIVE:
        return None
    if difference(interval.lower, sympy.S.Zero, space) in (Sign.POSITIVE,):
        return interval
    return Interval(sympy.S.Zero, interval.upper, True, interval.upper_open)


def redescending(shape: Shape) -> Outcome:
    """f' tends to 0 at both infinities."""
    first, last = shape.components[0], shape.components[-1]
    if not first.pieces or not last.pieces or first.pieces[0].lower != -sympy.oo or last.pieces[-1].upper != sympy.oo:
        raise Undecided("redescending is about residuals that may grow without bound in both directions; this domain ends")

    def tail(piece: Piece, side: str) -> Check:
        def check() -> tuple[bool, Claims]:
            try:
                end = end_limit(shape, piece, side, 1)
            except NoLimit as error:
                return False, [no_limit(piece, side, 1, error)]
            holds = equal(end.value, sympy.S.Zero, shape.space)
            return holds, [limit_claim(piece, side, 1, end), {"claim": "equal" if holds else "different", "left": str(end.value), "right": "0"}]

        return check

    return conjunction([tail(first.pieces[0], "lower"), tail(last.pieces[-1], "upper")])


def slope(shape: Shape, piece: Piece) -> sympy.Expr:
    """f' on a piece."""
    return derivative(piece.expression, shape.variable, 1)
