"""What is known of a power with an exponent that the variables asked about do not change, from what is known of its base."""

from __future__ import annotations

from fractions import Fraction

from lossgraph.checker.bounds import ONE, ZERO, Bounds, power
from lossgraph.checker.curvature import Facts, Function, always, composed, down, negated, scaled, up

_MINUS_ONE = Facts(Bounds(-ONE, -ONE), constant=True)


def raised(a: Facts, exponent: Facts) -> Facts:
    """Of a**b, wherever it has a value: b is one number, or constant in the variables asked about. Else its values at most."""
    value = exponent.values.low if exponent.values.low == exponent.values.high else None
    if value is not None and value.denominator == 1:
        return _whole(a, int(value))
    if not exponent.constant or not a.values.nonnegative():
        return Facts(Bounds(ZERO)) if a.values.nonnegative() else Facts()
    return composed(_real(exponent.values, value), a)


def _whole(a: Facts, exponent: int) -> Facts:
    """Of a whole power."""
    if exponent == 1:
        return a
    if exponent == 0:
        return Facts(Bounds(ONE, ONE), constant=True)
    if exponent < 0 and a.sign() == "-":  # x**-k = (-1)**k * (-x)**-k
        found = composed(_inverse(exponent), negated(a))
        return found if exponent % 2 == 0 else scaled(_MINUS_ONE, found)
    if exponent < 0:
        return composed(_inverse(exponent), a) if a.sign() == "+" else Facts(power(a.values, Fraction(exponent)))
    return composed(_even(exponent) if exponent % 2 == 0 else _odd(exponent), a)


def _even(exponent: int) -> Function:
    """x**(2*k): f'' = 2*k*(2*k - 1)*x**(2*k - 2) >= 0, f' has the sign of x; f'' is constant for squares, and all is bounded on bounded sets."""
    square = exponent == 2
    return Function(
        lambda one: power(one, Fraction(exponent)), convex=always, rising=up, falling=down, slope=lambda a: a.bounded(),
        bend=always if square else lambda a: a.bounded(), above=lambda a: a.bounded(), positive=lambda a: a.positive,
    )  # fmt: skip


def _odd(exponent: int) -> Function:
    """x**(2*k + 1): f' >= 0, f'' has the sign of x."""
    return Function(
        lambda one: power(one, Fraction(exponent)), convex=up, concave=down, rising=always, slope=lambda a: a.bounded(), bend=lambda a: a.bounded(),
        below=lambda a: a.below, above=lambda a: a.above, positive=lambda a: a.positive,
    )  # fmt: skip


def _inverse(exponent: int) -> Function:
    """x**-k for x > 0: f' < 0 < f''; f and both are bounded where x >= c > 0; f >= (sup x)**-k."""
    return Function(
        lambda one: power(one, Fraction(exponent)), convex=always, falling=always, slope=lambda a: a.positive, bend=lambda a: a.positive,
        above=lambda a: a.positive, positive=lambda a: a.above,
    )  # fmt: skip


def _real(exponent: Bounds, value: Fraction | None) -> Function:
    """x**r for x >= 0 (x > 0 where r < 0). f' = r*x**(r - 1) and f'' = r*(r - 1)*x**(r - 2): the signs of r and r - 1 tell slope and curvature; x**s is bounded
    where x <= C for s >= 0, where x >= c > 0 for s <= 0, and where c <= x <= C for all s."""
    least = exponent.low

    def bounded(by: int) -> tuple[bool, bool]:
        """Whether r - by is surely nonnegative, or nonpositive."""
        return least is not None and least >= by, exponent.high is not None and exponent.high <= by

    def tame(by: int, a: Facts) -> bool:
        high, low = bounded(by)
        return (a.above and a.positive) or (high and a.above) or (low and a.positive)

    (grows, falls), (bends_up, bends_down) = bounded(0), bounded(1)
    return Function(
        lambda one: _values(one, exponent, value),
        convex=lambda a: bends_up or falls,
        concave=lambda a: grows and bends_down,
        rising=lambda a: grows,
        falling=lambda a: falls,
        slope=lambda a: tame(1, a),
        bend=lambda a: tame(2, a),
        above=lambda a: tame(0, a),
        positive=lambda a: (grows and a.positive) or (falls and a.above) or (a.positive and a.above),
    )


def _values(one: Bounds, exponent: Bounds, value: Fraction | None) -> Bounds:
    """Of x**r: nonnegative; beside 1 on the side that the sides of x and r tell."""
    if value is not None:
        return power(one, value)
    large, small = one.low is not None and one.low >= 1, one.high is not None and one.high <= 1
    above = (large and exponent.nonnegative()) or (small and exponent.nonpositive())
    beneath = (small and exponent.nonnegative()) or (large and exponent.nonpositive())
    under = beneath and small and (one.high != 1 or one.under) and exponent.sign() == "+"  # x < 1 and r > 0
    return Bounds(ONE if above else ZERO, ONE if beneath else None, not above and one.sign() == "+", under)
