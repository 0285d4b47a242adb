"""Convex, strictly convex, strongly convex and quasiconvex on a split formula, and monotone, by signs on pieces and jumps at joints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sympy

from lossgraph.verify.behaviour import derivative, end_limit
from lossgraph.verify.checks import (
    DOWN,
    UP,
    Check,
    Claims,
    Outcome,
    compare,
    conjunction,
    continuous_at,
    limit_claim,
    never_negative,
    sides,
    sign_claim,
    strict_signs,
    weak_sign,
)
from lossgraph.verify.extrema import value_range
from lossgraph.verify.limits import Split
from lossgraph.verify.order import Undecided, difference
from lossgraph.verify.pieces import Component, Piece, Shape
from lossgraph.verify.signs import Sign, sign
from lossgraph.verify.spread import spread
from lossgraph.verify.turns import single_turn


def broken_domain(shape: Shape) -> Outcome | None:
    """The refutation where the domain is not convex: two of its points with a point between them that is missing."""
    if len(shape.components) < 2:
        return None
    first, second = (_ends(component) for component in shape.components[:2])
    return Outcome(False, [{"claim": "domain_not_convex", "first": [str(end) for end in first], "second": [str(end) for end in second]}])


def _ends(component: Component) -> tuple[sympy.Expr, sympy.Expr]:
    if not component.pieces:
        assert component.points[0] is not None
        return component.points[0].at, component.points[0].at
    return component.pieces[0].lower, component.pieces[-1].upper


def convex(shape: Shape) -> Outcome:
    """Convex: f'' >= 0 on each piece, continuous with rising slopes at inner joints, and no drop at closed ends."""
    broken = broken_domain(shape)
    if broken is not None:
        return broken
    component = shape.components[0]
    return conjunction([*_joints(shape, component), *(never_negative(shape, piece, 2) for piece in component.pieces)])


def _joints(shape: Shape, component: Component) -> Iterator[Check]:
    for point, left, right in sides(component):
        if left is not None and right is not None:
            yield continuous_at(shape, point, left, "upper")
            yield continuous_at(shape, point, right, "lower")
            yield _slopes_rise(shape, left, right)
        elif left is not None or right is not None:
            piece, side = (left, "upper") if left is not None else (right, "lower")
            assert piece is not None

            def no_drop(piece: Piece = piece, side: str = side, value: sympy.Expr = point.value) -> tuple[bool, Claims]:
                end = end_limit(shape, piece, side)
                holds, claims = compare(shape, value, end.value, UP)
                return holds, [limit_claim(piece, side, 0, end), *claims]

            yield no_drop


def _slopes_rise(shape: Shape, left: Piece, right: Piece) -> Check:
    def check() -> tuple[bool, Claims]:
        before, after = end_limit(shape, left, "upper", 1), end_limit(shape, right, "lower", 1)
        holds, claims = compare(shape, after.value, before.value, UP)
        return holds, [limit_claim(left, "upper", 1, before), limit_claim(right, "lower", 1, after), *claims]

    return check


def strictly_convex(shape: Shape) -> Outcome:
    """Convex, and no piece has f'' identically zero: an analytic f'' >= 0 that is not zero throughout vanishes at isolated points only."""
    affine = _affine(shape)
    if affine is not None:
        return affine
    plain = convex(shape)
    if not plain.holds:
        return plain
    return conjunction([lambda: (True, plain.claims), *(_curved(shape, piece) for piece in shape.pieces())])


def _affine(shape: Shape) -> Outcome | None:
    """The refutation by a piece on which the formula is affine."""
    for piece in shape.pieces():
        second = derivative(piece.expression, shape.variable, 2)
        if second == 0:
            return Outcome(False, [sign_claim(piece.lower, piece.upper, 2, second, Sign.ZERO, {"kind": "zero"})])
    return None


def _curved(shape: Shape, piece: Piece) -> Check:
    def check() -> tuple[bool, Claims]:
        whole = weak_sign(shape, piece, 2)
        if whole is not None and whole[0] in (Sign.POSITIVE, Sign.ZERO):
            return whole[0] is Sign.POSITIVE, whole[1]
        inside = _curved_inside(shape, piece)
        if inside is not None:
            return True, inside
        signs = strict_signs(shape, piece, 2)
        flat = [claim for found, claim in signs if found is Sign.ZERO]
        return not flat, flat or [claim for _, claim in signs]

    return check


def _curved_inside(shape: Shape, piece: Piece) -> Claims | None:
    """Claims that f'' is positive at one point inside the piece, for all parameters."""
    function = derivative(piece.expression, shape.variable, 2)
    for point in sample_points(piece):
        value = function.subs(shape.variable, point)
        if value.has(sympy.nan, sympy.zoo, sympy.oo):
            continue
        proof = sign(value, shape.space)
        if proof is not None and proof.sign is Sign.POSITIVE:
            return [{"claim": "positive_at", "at": str(point), "order": 2, "function": str(function), "proof": proof.certificate}]
    return None


def sample_points(piece: Piece) -> Iterator[sympy.Expr]:
    """A few exact points that lie inside a piece for all parameters."""
    if piece.lower == -sympy.oo and piece.upper == sympy.oo:
        yield from (sympy.Integer(number) for number in (1, -1, 2))
    elif piece.upper == sympy.oo:
        yield from (piece.lower + number for number in (1, 2))
    elif piece.lower == -sympy.oo:
        yield from (piece.upper - number for number in (1, 2))
    else:
        yield from ((piece.lower + piece.upper) / 2, (2 * piece.lower + piece.upper) / 3)


def strongly_convex(shape: Shape) -> Outcome:
    """Convex with inf f'' > 0 on each piece, for each parameter: f'' > 0 inside and at the limits of both ends."""
    affine = _affine(shape)
    if affine is not None:
        return affine
    checks = [
        check for piece in shape.pieces() for check in (_bounded_away(shape, piece, "lower"), _bounded_away(shape, piece, "upper"), _positive(shape, piece))
    ]
    away = conjunction(checks) if len(shape.components) == 1 else None
    if away is not None and not away.holds:
        return away
    plain = convex(shape)
    if not plain.holds or away is None:
        return plain
    return Outcome(True, [*plain.claims, *away.claims])


def _positive(shape: Shape, piece: Piece) -> Check:
    def check() -> tuple[bool, Claims]:
        whole = weak_sign(shape, piece, 2)
        if whole is not None and whole[0] is Sign.POSITIVE:
            return True, whole[1]
        signs = strict_signs(shape, piece, 2)  # a zero of f'' inside, or a sign other than +, refutes
        return len(signs) == 1 and signs[0][0] is Sign.POSITIVE, [claim for _, claim in signs]

    return check


def _bounded_away(shape: Shape, piece: Piece, side: str) -> Check:
    def check() -> tuple[bool, Claims]:
        try:
            end = end_limit(shape, piece, side, 2)
        except Undecided:
            second = derivative(piece.expression, shape.variable, 2)
            found = spread(second, shape.over(piece))
            least = None if found is None else sign(found[0], shape.space)
            if found is None or least is None or least.sign is not Sign.POSITIVE:
                raise
            claim = {"claim": "at_least", "lower": str(piece.lower), "upper": str(piece.upper), "order": 2, "function": str(second), "bound": str(found[0])}
            return True, [claim]
        holds, claims = compare(shape, end.value, sympy.S.Zero, (Sign.POSITIVE,))
        return holds, [limit_claim(piece, side, 2, end), *claims]

    return check


def with_modulus(shape: Shape, outcome: Outcome) -> Outcome:
    """A proof of strong convexity, with the largest modulus where it can be found."""
    return replace(outcome, constant=_modulus(shape))


def _modulus(shape: Shape) -> str | None:
    """The largest modulus of strong convexity, where the infimum of f'' on every piece is known exactly and they can be ordered."""
    best: sympy.Expr | None = None
    try:
        for piece in shape.pieces():
            found = value_range(derivative(piece.expression, shape.variable, 2), shape.variable, shape.over(piece))
            if found is None or isinstance(found, Split) or isinstance(found.infimum, tuple):
                return None
            if best is None or difference(best, found.infimum, shape.space) is Sign.POSITIVE:
                best = found.infimum
    except Exception:  # the constant is a courtesy: without it the verdict stands
        return None
    return None if best is None else str(best)


def steps(shape: Shape, *, strict: bool) -> list[tuple[Sign, Claims]]:
    """The ups and downs of the formula over the domain, in order: along each piece, and from limits to values at each joint and across each gap."""
    found: list[tuple[Sign, Claims]] = []
    last: tuple[sympy.Expr, Claims] | None = None
    for component in shape.components:
        for index, point in enumerate(component.points):
            if point is not None:
                last = _jump(shape, found, last, (point.value, [{"claim": "value", "at": str(point.at), "value": str(point.value)}]))
            if index < len(component.pieces):
                piece = component.pieces[index]
                if last is not None:
                    end = end_limit(shape, piece, "lower")
                    _jump(shape, found, last, (end.value, [limit_claim(piece, "lower", 0, end)]))
                found.extend(_along(shape, piece, strict))
                last = _leaving(shape, piece)
    return found


def _leaving(shape: Shape, piece: Piece) -> tuple[sympy.Expr, Claims] | None:
    """The limit at the upper end of a piece; not needed, and so not asked for, at the end of the domain."""
    last = shape.components[-1]
    if last.pieces and piece is last.pieces[-1] and last.points[-1] is None:
        return None
    end = end_limit(shape, piece, "upper")
    return end.value, [limit_claim(piece, "upper", 0, end)]


def _jump(shape: Shape, found: list[tuple[Sign, Claims]], last: tuple[sympy.Expr, Claims] | None, new: tuple[sympy.Expr, Claims]) -> tuple[sympy.Expr, Claims]:
    if last is not None:
        gap = difference(new[0], last[0], shape.space)
        found.append((gap, [*last[1], *new[1], {"claim": "compare", "left": str(new[0]), "right": str(last[0]), "sign": gap.value}]))
    return new


def _along(shape: Shape, piece: Piece, strict: bool) -> list[tuple[Sign, Claims]]:
    whole = weak_sign(shape, piece, 1)
    if whole is not None and (not strict or whole[0] in (Sign.POSITIVE, Sign.NEGATIVE, Sign.ZERO)):
        return [whole]
    product = None if strict else _product(shape, piece)
    if product is not None:
        return [product]
    try:
        return [(found, [claim]) for found, claim in strict_signs(shape, piece, 1)]
    except Undecided:
        turn = single_turn(shape, piece)
        if turn is None:
            raise
        return turn


def _product(shape: Shape, piece: Piece) -> tuple[Sign, Claims] | None:
    """The direction of a product of factors whose sizes all go one way, as a weight and a loss that both fall towards the target; None for others."""
    constant, moving = piece.expression.as_independent(shape.variable, as_Add=False)
    factors: list[Any] = list(sympy.Mul.make_args(moving))
    size = None if len(factors) < 2 else sign(constant, shape.space)
    if size is None or size.sign not in (Sign.POSITIVE, Sign.NEGATIVE):
        return None
    over, up, parts = shape.over(piece), size.sign is Sign.POSITIVE, []
    directions: set[bool] = set()
    for factor in factors:
        positive = sign(factor, over)
        slope = derivative(factor, shape.variable, 1)
        way = None if positive is None or positive.sign not in (Sign.POSITIVE, Sign.NEGATIVE) else sign(slope, over)
        if positive is None or way is None or way.sign not in (*UP, *DOWN) or way.sign is Sign.ZERO:
            return None
        negative = positive.sign is Sign.NEGATIVE  # minus the factor is positive, and goes the other way
        up ^= negative
        directions.add((way.sign in UP) ^ negative)
        parts.append({"expression": str(factor), "proof": positive.certificate, "slope": way.certificate})
    if len(directions) != 1:
        return None
    found = Sign.NONNEGATIVE if directions.pop() == up else Sign.NONPOSITIVE
    certificate = {"kind": "product", "content": str(constant), "content_proof": size.certificate, "factors": parts}
    return found, [sign_claim(piece.lower, piece.upper, 1, sympy.diff(piece.expression, shape.variable), found, certificate)]


def _either(shape: Shape, judge: Any) -> Outcome:
    """The judgement on weak steps, and where they leave it open, on strict ones."""
    verdict = judge(steps(shape, strict=False))
    return verdict or judge(steps(shape, strict=True)) or _open()


def _open() -> Outcome:
    raise Undecided("steps of unknown strictness")


def monotone(shape: Shape) -> Outcome:
    """All steps go one way."""

    def judge(found: list[tuple[Sign, Claims]]) -> Outcome | None:
        for direction in (UP, DOWN):
            if all(step in direction for step, _ in found):
                return Outcome(True, [claim for _, claims in found for claim in claims])
        up = next((claims for step, claims in found if step is Sign.POSITIVE), None)
        down = next((claims for step, claims in found if step is Sign.NEGATIVE), None)
        return None if up is None or down is None else Outcome(False, [*up, *down])

    return _either(shape, judge)


def quasiconvex(shape: Shape) -> Outcome:
    """On a convex domain: no step goes down after one went up."""
    broken = broken_domain(shape)
    if broken is not None:
        return broken

    def judge(found: list[tuple[Sign, Claims]]) -> Outcome | None:
        for turn in range(len(found) + 1):
            if all(step in DOWN for step, _ in found[:turn]) and all(step in UP for step, _ in found[turn:]):
                return Outcome(True, [claim for _, claims in found for claim in claims])
        for index, (step, claims) in enumerate(found):
            later = next((after for direction, after in found[index + 1 :] if direction is Sign.NEGATIVE), None)
            if step is Sign.POSITIVE and later is not None:
                return Outcome(False, [*claims, *later])
        return None

    return _either(shape, judge)
