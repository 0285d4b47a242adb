"""Between which numbers the values of a tree lie: exact intervals with open or closed ends, and how functions carry them over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from lossgraph.checker.constants import fraction
from lossgraph.checker.expression import Node, Unreadable
from lossgraph.checker.space import MINUS_OO, OO, Interval

End = Fraction | None
ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Bounds:
    """`low <= value <= high`, None where nothing is known; `over` and `under` say that the end is never reached."""

    low: End = None
    high: End = None
    over: bool = False
    under: bool = False

    def sign(self) -> str | None:
        """The sign (+ - 0 >=0 <=0) of every value; None where it is open."""
        if self.low == 0 == self.high:
            return "0"
        if self.low is not None and self.low >= 0:
            return "+" if self.low > 0 or self.over else ">=0"
        if self.high is not None and self.high <= 0:
            return "-" if self.high < 0 or self.under else "<=0"
        return None

    def nonnegative(self) -> bool:
        """Whether no value is negative."""
        return self.low is not None and self.low >= 0

    def nonpositive(self) -> bool:
        """Whether no value is positive."""
        return self.high is not None and self.high <= 0

    def within(self, low: End, high: End) -> bool:
        """Whether every value lies between two numbers."""
        return (low is None or (self.low is not None and self.low >= low)) and (high is None or (self.high is not None and self.high <= high))


def of_interval(interval: Interval) -> Bounds:
    """The bounds of an interval; an end that is not rational counts as unknown."""
    low, high = _rational(interval.lower, MINUS_OO), _rational(interval.upper, OO)
    return Bounds(low, high, low is not None and interval.lower_open, high is not None and interval.upper_open)


def _rational(end: Node, infinite: Node) -> End:
    if end in (OO, MINUS_OO):
        if end != infinite:
            raise Unreadable("an end at the wrong infinity")
        return None
    return fraction(end)


def plus(first: Bounds, second: Bounds) -> Bounds:
    """Of a sum."""
    low = None if first.low is None or second.low is None else first.low + second.low
    high = None if first.high is None or second.high is None else first.high + second.high
    return Bounds(low, high, low is not None and (first.over or second.over), high is not None and (first.under or second.under))


def negative(one: Bounds) -> Bounds:
    """Of the negative."""
    return Bounds(None if one.high is None else -one.high, None if one.low is None else -one.low, one.under, one.over)


def times(first: Bounds, second: Bounds) -> Bounds:
    """Of a product: the ends are products of ends (0 times an infinite end is 0); 0 is not reached where both factors have a strict sign."""
    corners = [_corner(one, other) for one in _ends(first) for other in _ends(second)]
    low, high = min(corners), max(corners)
    apart = first.sign() in {"+", "-"} and second.sign() in {"+", "-"}
    return Bounds(low[1] if low[0] == 0 else None, high[1] if high[0] == 0 else None, low == (0, ZERO) and apart, high == (0, ZERO) and apart)


Place = tuple[int, Fraction]
"""A number as (0, number), minus and plus infinity as (-1, 0) and (1, 0): in this order."""


def _ends(one: Bounds) -> tuple[Place, Place]:
    return (-1, ZERO) if one.low is None else (0, one.low), (1, ZERO) if one.high is None else (0, one.high)


def _corner(one: Place, other: Place) -> Place:
    if one[0] == other[0] == 0:
        return 0, one[1] * other[1]
    if (0, ZERO) in (one, other):
        return 0, ZERO
    side = [place[0] or (1 if place[1] > 0 else -1) for place in (one, other)]
    return side[0] * side[1], ZERO


def largest(parts: list[Bounds]) -> Bounds:
    """Of the largest of several."""
    lows = [part for part in parts if part.low is not None]
    low = max((part.low for part in lows if part.low is not None), default=None)
    over = any(part.low == low and part.over for part in lows)
    if any(part.high is None for part in parts):
        return Bounds(low, None, over, False)
    high = max(part.high for part in parts if part.high is not None)
    return Bounds(low, high, over, all(part.under or part.high != high for part in parts))


def smallest(parts: list[Bounds]) -> Bounds:
    """Of the smallest of several."""
    return negative(largest([negative(part) for part in parts]))


def either(parts: list[Bounds]) -> Bounds:
    """Of a value that is one of several."""
    least, most = smallest(parts), largest(parts)
    low = None if any(part.low is None for part in parts) else least.low
    high = None if any(part.high is None for part in parts) else most.high
    over = low is not None and all(part.over or part.low != low for part in parts)
    under = high is not None and all(part.under or part.high != high for part in parts)
    return Bounds(low, high, over, under)


def absolute(one: Bounds) -> Bounds:
    """Of the absolute value."""
    if one.nonnegative():
        return one
    if one.nonpositive():
        return negative(one)
    high = None if one.low is None or one.high is None else max(-one.low, one.high)
    return Bounds(ZERO, high)


def power(one: Bounds, exponent: Fraction) -> Bounds:
    """Of a power with a constant exponent, wherever it has a value."""
    if exponent.denominator == 1 and exponent > 0:
        whole = int(exponent)
        base = absolute(one) if whole % 2 == 0 else one
        if whole > 64:
            return Bounds(ZERO, None) if whole % 2 == 0 else Bounds()
        low, high = (None if end is None else end**whole for end in (base.low, base.high))
        return Bounds(low, high, base.over, base.under)
    if exponent.denominator == 1 and exponent < 0:
        return reciprocal(power(one, -exponent))
    strict = one.sign() == "+"
    if exponent == 0:
        return Bounds(ONE, ONE)
    if exponent < 0:
        return reciprocal(power(one, -exponent))
    low, high = (ONE if one.low is not None and one.low >= 1 else ZERO), (ONE if one.high is not None and one.high <= 1 else None)
    return Bounds(low, high, strict if low == 0 else one.over or one.low != 1)


def reciprocal(one: Bounds) -> Bounds:
    """Of 1 divided by something."""
    if one.nonpositive() and not one.nonnegative():
        return negative(reciprocal(negative(one)))
    if not one.nonnegative():
        return Bounds()
    low = ZERO if one.high is None else None if one.high <= 0 else 1 / one.high
    high = 1 / one.low if one.low is not None and one.low > 0 else None
    return Bounds(low, high, one.high is None or one.under, high is not None and one.over)


def _around(point: Fraction, value: Fraction, least: End, most: End) -> Callable[[Bounds], Bounds]:
    """An increasing function that takes `value` at `point`, and lies strictly between `least` and `most`."""

    def carried(one: Bounds) -> Bounds:
        above, beneath = one.low is not None and one.low >= point, one.high is not None and one.high <= point
        low, high = value if above else least, value if beneath else most
        over = low is not None and (not above or one.low != point or one.over)
        under = high is not None and (not beneath or one.high != point or one.under)
        return Bounds(low, high, over, under)

    return carried


def _cosh(one: Bounds) -> Bounds:
    return Bounds(ONE, None, one.sign() in {"+", "-"})


RISING: dict[str, Callable[[Bounds], Bounds]] = {
    "exp": _around(ZERO, ONE, ZERO, None),
    "log": _around(ONE, ZERO, None, None),
    "softplus": lambda one: Bounds(ZERO, None, True),
    "sigmoid": _around(ZERO, Fraction(1, 2), ZERO, ONE),
    "tanh": _around(ZERO, ZERO, -ONE, ONE),
    "erf": _around(ZERO, ZERO, -ONE, ONE),
    "atan": _around(ZERO, ZERO, Fraction(-2), Fraction(2)),
    "sinh": _around(ZERO, ZERO, None, None),
}
"""The values of increasing functions."""
OTHERS: dict[str, Callable[[Bounds], Bounds]] = {
    "cosh": _cosh,
    "Abs": absolute,
    "sin": lambda one: Bounds(-ONE, ONE),
    "cos": lambda one: Bounds(-ONE, ONE),
    "sign": lambda one: Bounds(-ONE, ONE),
    "Heaviside": lambda one: Bounds(ZERO, ONE),
    "erfc": lambda one: Bounds(ZERO, Fraction(2), True, True),
}
