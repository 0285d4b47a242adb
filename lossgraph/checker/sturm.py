"""Polynomials with exact coefficients: no root in an open interval, by Sturm's theorem, so the sign at one point is the sign throughout."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from lossgraph.checker.expression import Unreadable


def sign_without_roots(coefficients: list[Fraction], low: Fraction | None, high: Fraction | None) -> str | None:
    """The sign on the open interval (None: an infinite end) of a polynomial, highest coefficient first; None where it has a root there."""
    if not coefficients or not coefficients[0]:
        raise Unreadable("a polynomial without its leading coefficient")
    if low is not None and high is not None and low >= high:
        raise Unreadable("an empty interval")
    coefficients = [Fraction(value) for value in coefficients]
    if high is not None and len(coefficients) > 1 and _value(coefficients, high) == 0:  # the factor of a root at an end has one sign inside
        return {"+": "-", "-": "+"}.get(sign_without_roots(_deflated(coefficients, high), low, high) or "")
    if low is not None and len(coefficients) > 1 and _value(coefficients, low) == 0:
        return sign_without_roots(_deflated(coefficients, low), low, high)
    chain = _sturm_chain(coefficients)

    def changes(point: Fraction | None, infinite_sign: int) -> int:
        values = [_value(part, point) if point is not None else part[0] * (infinite_sign ** (len(part) - 1)) for part in chain]
        kept = [value for value in values if value]
        if not kept:
            raise Unreadable("a multiple root at an end")
        return sum((first > 0) != (second > 0) for first, second in pairwise(kept))

    roots = changes(low, -1) - changes(high, 1)  # in (lower, upper]
    if high is not None and _value(coefficients, high) == 0:
        roots -= 1
    if roots:
        return None
    middle = (low + high) / 2 if low is not None and high is not None else low + 1 if low is not None else high - 1 if high is not None else Fraction(0)
    value = _value(coefficients, middle)
    return "+" if value > 0 else "-" if value < 0 else None


def _deflated(coefficients: list[Fraction], root: Fraction) -> list[Fraction]:
    """The polynomial divided by (x - root)."""
    found = [coefficients[0]]
    for value in coefficients[1:-1]:
        found.append(value + root * found[-1])
    return found


def _sturm_chain(coefficients: list[Fraction]) -> list[list[Fraction]]:
    degree = len(coefficients) - 1
    chain = [coefficients, [value * (degree - index) for index, value in enumerate(coefficients[:-1])]]
    while len(chain[-1]) > 1:
        remainder = _remainder(chain[-2], chain[-1])
        if not remainder:
            break
        chain.append([-value for value in remainder])
    return [part for part in chain if part]


def _remainder(first: list[Fraction], second: list[Fraction]) -> list[Fraction]:
    rest = list(first)
    while len(rest) >= len(second):
        factor = rest[0] / second[0]
        rest = [value - factor * (second[index] if index < len(second) else 0) for index, value in enumerate(rest)][1:]
    while rest and not rest[0]:
        rest = rest[1:]
    return rest


def _value(coefficients: list[Fraction], point: Fraction) -> Fraction:
    result = Fraction(0)
    for coefficient in coefficients:
        result = result * point + coefficient
    return result
