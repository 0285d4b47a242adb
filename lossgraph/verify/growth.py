"""Lipschitz, Lipschitz gradient and boundedness of a split formula, with the best constant where it is known."""

from __future__ import annotations

from typing import Any

import sympy

from lossgraph.verify.behaviour import derivative, end_limit
from lossgraph.verify.checks import (
    Check,
    Claims,
    Outcome,
    bounded_near,
    compare,
    conjunction,
    continuity,
    derivative_continuous_at,
    differentiable_at,
    limit_claim,
    neighbours,
    no_limit,
)
from lossgraph.verify.extrema import is_bounded, value_range
from lossgraph.verify.limits import Split
from lossgraph.verify.order import NeedSplit, NoLimit, Undecided, difference, equal
from lossgraph.verify.pieces import Piece, Shape
from lossgraph.verify.signs import Sign


def continuous(shape: Shape) -> Outcome:
    """The value at every joint and closed end is the limit from each side."""
    return conjunction(continuity(shape))


def differentiable(shape: Shape) -> Outcome:
    """The one-sided difference quotients converge to one finite slope at every joint and closed end."""
    return conjunction([*continuity(shape), *(differentiable_at(shape, point, around) for point, around in neighbours(shape))])


def continuously_differentiable(shape: Shape) -> Outcome:
    """The limits of f' agree at every joint, and are finite at closed ends."""
    return conjunction(_smooth(shape, 1))


def twice_continuously_differentiable(shape: Shape) -> Outcome:
    """The limits of f' and of f'' agree at every joint, and are finite at closed ends."""
    return conjunction(_smooth(shape, 2))


def _smooth(shape: Shape, order: int) -> list[Check]:
    around = list(neighbours(shape))
    first = [differentiable_at(shape, point, pieces) for point, pieces in around]
    return [*continuity(shape), *first, *(derivative_continuous_at(shape, point, pieces, k) for k in range(1, order + 1) for point, pieces in around)]


def bounded_derivative(shape: Shape, piece: Piece, order: int) -> Check:
    """|f'| (or |f''|) is bounded on the piece, for each parameter: it is continuous inside with finite limits at the ends."""

    def check() -> tuple[bool, Claims]:
        claims: Claims = []
        pending: Exception | None = None
        for side in ("lower", "upper"):
            try:
                end = end_limit(shape, piece, side, order)
            except NoLimit as error:
                if error.found.directions:
                    return False, [no_limit(piece, side, order, error)]
                if not error.found.bounded:
                    pending = pending or error
                    continue
                claims.append(bounded_near(piece, side, order, error))
                continue
            except (NeedSplit, Undecided) as error:
                pending = error if not isinstance(pending, NeedSplit) else pending
                continue
            claims.append(limit_claim(piece, side, order, end))
            if end.value in (sympy.oo, -sympy.oo):
                return False, [
                    limit_claim(piece, side, order, end),
                    {"claim": "infinite", "order": order, "at": str(piece.lower if side == "lower" else piece.upper)},
                ]
        if pending is None:
            return True, claims
        if isinstance(pending, NeedSplit):
            raise pending
        found = is_bounded(derivative(piece.expression, shape.variable, order), shape.variable, shape.over(piece))
        if isinstance(found, Split):
            raise NeedSplit(found.expression)
        if found is None:
            raise pending
        claim = {"claim": "bounded", "lower": str(piece.lower), "upper": str(piece.upper), "order": order, "bounded": found.bounded, "proof": found.certificate}
        return found.bounded, [claim]

    return check


def lipschitz(shape: Shape) -> Outcome:
    """Continuous with a bounded derivative on every piece; parts of the domain that touch must meet in one value."""
    return _lipschitz(shape, 0, continuity(shape))


def lipschitz_gradient(shape: Shape) -> Outcome:
    """Continuously differentiable with a bounded second derivative on every piece."""
    return _lipschitz(shape, 1, _smooth(shape, 1))


def _lipschitz(shape: Shape, order: int, regular: list[Check]) -> Outcome:
    checks = [*regular, *(bounded_derivative(shape, piece, order + 1) for piece in shape.pieces()), *_gaps(shape, order)]
    return conjunction(checks)


def with_constant(shape: Shape, order: int, outcome: Outcome) -> Outcome:
    """A proof that |f'| (order 1) or |f''| (2) is bounded, with the best bound where it can be found."""
    constant, found = best_constant(shape, order) if len(shape.components) == 1 else (None, [])
    return Outcome(True, [*outcome.claims, *found], constant)


def _gaps(shape: Shape, order: int) -> list[Check]:
    """Where two parts of the domain share an end that neither holds, the limits must agree; parts at a positive distance are harmless."""
    checks: list[Check] = []
    for left, right in zip(shape.components, shape.components[1:], strict=False):
        if not left.pieces or not right.pieces:
            continue

        def check(first: Piece = left.pieces[-1], second: Piece = right.pieces[0]) -> tuple[bool, Claims]:
            if difference(second.lower, first.upper, shape.space) is Sign.POSITIVE:
                return True, []
            before, after = end_limit(shape, first, "upper", order), end_limit(shape, second, "lower", order)
            return equal(before.value, after.value, shape.space), [limit_claim(first, "upper", order, before), limit_claim(second, "lower", order, after)]

        checks.append(check)
    return checks


def best_constant(shape: Shape, order: int) -> tuple[str | None, Claims]:
    """The supremum of |f'| or |f''| over all pieces: exact text, an enclosure `[low, high]`, or None."""
    exact: list[sympy.Expr] = []
    enclosed: list[tuple[sympy.Expr, sympy.Expr]] = []
    claims: Claims = []
    for piece in shape.pieces():
        if _symbolic_powers(derivative(piece.expression, shape.variable, order), shape.variable):
            return None, []
        try:
            found = value_range(derivative(piece.expression, shape.variable, order), shape.variable, shape.over(piece))
        except Exception:  # the constant is a courtesy: without it the verdict stands
            return None, []
        if found is None or isinstance(found, Split):
            return None, []
        for bound, factor in ((found.supremum, 1), (found.infimum, -1)):
            if isinstance(bound, tuple):
                low, high = sorted((factor * bound[0], factor * bound[1]))
                enclosed.append((low, high))
            else:
                exact.append(factor * bound)
        claims.append(
            {
                "claim": "range",
                "lower": str(piece.lower),
                "upper": str(piece.upper),
                "order": order,
                "infimum": _bound(found.infimum),
                "supremum": _bound(found.supremum),
                "proof": found.certificate,
            }
        )
    return _largest(exact, enclosed, shape), claims


def _symbolic_powers(expression: sympy.Expr, variable: sympy.Symbol) -> bool:
    """Whether the variable stands under an exponent that holds a parameter: such ranges have no closed form, and searching one costs minutes."""
    powers = expression.atoms(sympy.Pow)
    return any(variable in power.base.free_symbols and power.exp.free_symbols for power in powers)


def _bound(bound: Any) -> Any:
    return [str(part) for part in bound] if isinstance(bound, tuple) else str(bound)


def _largest(exact: list[sympy.Expr], enclosed: list[tuple[sympy.Expr, sympy.Expr]], shape: Shape) -> str | None:
    kept: list[sympy.Expr] = []
    try:
        for value in exact:
            if not any(
                difference(other, value, shape.space) in (Sign.POSITIVE, Sign.ZERO, Sign.NONNEGATIVE) for other in kept if _comparable(other, value, shape)
            ):
                kept = [
                    other
                    for other in kept
                    if not (_comparable(other, value, shape) and difference(value, other, shape.space) in (Sign.POSITIVE, Sign.NONNEGATIVE))
                ]
                kept.append(value)
        if enclosed:
            numbers = [value for value in kept if value.is_number]
            if len(numbers) != len(kept):
                return None
            low = max([pair[0] for pair in enclosed] + numbers, key=lambda value: sympy.N(value, 30))
            high = max([pair[1] for pair in enclosed] + numbers, key=lambda value: sympy.N(value, 30))
            return str(low) if low == high else f"[{low}, {high}]"
    except (NeedSplit, Undecided):
        return None
    best = [sympy.simplify(value) for value in kept]
    return str(best[0]) if len(best) == 1 else f"Max({', '.join(sorted(str(value) for value in best))})"


def _comparable(first: sympy.Expr, second: sympy.Expr, shape: Shape) -> bool:
    try:
        difference(first, second, shape.space)
    except (NeedSplit, Undecided):
        return False
    return True


def bounded_below(shape: Shape) -> Outcome:
    """No piece tends to -oo at an end."""
    return conjunction([_end_is_not(shape, piece, side, -sympy.oo) for piece in shape.pieces() for side in ("lower", "upper")])


def bounded_above(shape: Shape) -> Outcome:
    """No piece tends to oo at an end."""
    return conjunction([_end_is_not(shape, piece, side, sympy.oo) for piece in shape.pieces() for side in ("lower", "upper")])


def _end_is_not(shape: Shape, piece: Piece, side: str, infinity: sympy.Expr) -> Check:
    def check() -> tuple[bool, Claims]:
        try:
            end = end_limit(shape, piece, side)
        except NoLimit as error:
            if (1 if infinity == sympy.oo else -1) in error.found.directions:
                return False, [no_limit(piece, side, 0, error)]
            if not error.found.bounded:
                raise
            return True, [bounded_near(piece, side, 0, error)]
        return end.value != infinity, [limit_claim(piece, side, 0, end)]

    return check


def nonnegative(shape: Shape) -> Outcome:
    """f >= 0 at every point and on every piece: by its sign, else by its values where f' changes sign and its limits at the ends."""
    checks: list[Check] = [lambda value=point: _at_least_zero(shape, value) for point in (p.value for p in shape.points())]
    return conjunction([*checks, *(_piece_nonnegative(shape, piece) for piece in shape.pieces())])


def _at_least_zero(shape: Shape, value: sympy.Expr) -> tuple[bool, Claims]:
    return compare(shape, value, sympy.S.Zero, (Sign.POSITIVE, Sign.ZERO, Sign.NONNEGATIVE))


def _piece_nonnegative(shape: Shape, piece: Piece) -> Check:
    from lossgraph.verify.checks import never_negative, strict_signs

    def check() -> tuple[bool, Claims]:
        try:
            return never_negative(shape, piece, 0)()
        except (NeedSplit, Undecided):
            turns = strict_signs(shape, piece, 1)
        checks: list[Check] = []
        for side in ("lower", "upper"):
            end = end_limit(shape, piece, side)
            checks.append(lambda end=end, side=side: _with(_at_least_zero(shape, end.value), [limit_claim(piece, side, 0, end)]))
        for _, claim in turns[1:]:
            point = sympy.sympify(_lower_of(shape, piece, claim))
            checks.append(lambda point=point: _at_least_zero(shape, piece.expression.subs(shape.variable, point)))
        found = conjunction(checks)
        return found.holds, [*found.claims, *(claim for _, claim in turns)]

    return check


def _with(result: tuple[bool, Claims], claims: Claims) -> tuple[bool, Claims]:
    return result[0], [*claims, *result[1]]


def _lower_of(shape: Shape, piece: Piece, claim: dict[str, Any]) -> sympy.Expr:
    """The exact joint at which a run of f' starts."""
    from lossgraph.verify.behaviour import runs

    return next(run.lower for run in runs(shape, piece, 1) if str(run.lower) == claim["lower"])
