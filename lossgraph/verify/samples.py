"""Exact sample points of a space and the signs found there by ball arithmetic: they stop hopeless proofs early and give witnesses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from lossgraph.verify.balls import PRECISIONS, Formula, NotEnclosed, enclosure, number_sign
from lossgraph.verify.space import Interval, Space
from lossgraph.verify.structure import NEGATIVE, POSITIVE, relation

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)
Point = dict[Any, Formula]


@lru_cache(maxsize=4096)
def halton(index: int, base: int) -> Formula:
    """The index-th term of the van der Corput sequence: fixed, well spread fractions in (0, 1)."""
    result, scale = Fraction(0), Fraction(1)
    while index:
        index, digit = divmod(index, base)
        scale /= base
        result += digit * scale
    return sympy.Rational(result.numerator, result.denominator)


def _inside(interval: Interval, fraction: Formula, point: Point) -> Formula | None:
    """A point of the interval, given the earlier symbols; None where the interval is empty there."""
    ends: Formula = (interval.lower, interval.upper)
    lower, upper = (end.xreplace(point) if end.free_symbols else end for end in ends)
    if lower.is_infinite and upper.is_infinite:
        return 8 * (2 * fraction - 1) / (1 - (2 * fraction - 1) ** 2) / 3 if fraction not in (0, 1) else None
    if upper.is_infinite:
        return lower + 2 * fraction / (1 - fraction)
    if lower.is_infinite:
        return upper - 2 * fraction / (1 - fraction)
    difference = number_sign(upper - lower) or number_sign(sympy.expand(upper - lower))
    if difference == 0 and not interval.lower_open and not interval.upper_open:
        return lower
    return None if difference != 1 else lower + (upper - lower) * fraction


def truth_at(relational: Formula, point: Point) -> bool | None:
    """The truth of a relational, And, Or or Not at an exact point; None where balls do not tell."""
    if relational in (sympy.true, sympy.false):
        return bool(relational)
    if isinstance(relational, sympy.And | sympy.Or):
        found = [truth_at(part, point) for part in relational.args]
        decisive = isinstance(relational, sympy.Or)
        return decisive if decisive in found else None if None in found else not decisive
    if isinstance(relational, sympy.Not):
        inner = truth_at(relational.args[0], point)
        return None if inner is None else not inner
    related = relation(relational)
    if related is None:
        return None
    sign = number_sign(sympy.expand(related[1].subs(point)))
    if sign is None:
        return None
    return {"==": sign == 0, "!=": sign != 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[related[0]]


@lru_cache(maxsize=20000)
def _coordinates(intervals: tuple[tuple[sympy.Symbol, Interval], ...], index: int) -> Point | None:
    """The index-th point of the intervals; None where one of them is empty there. Spaces share their first symbols, which are placed once."""
    if not intervals:
        return {}
    point = _coordinates(intervals[:-1], index)
    if point is None:
        return None
    symbol, interval = intervals[-1]
    value = _inside(interval, halton(index, PRIMES[(len(intervals) - 1) % len(PRIMES)]), point)
    return None if value is None else {**point, symbol: value}


@lru_cache(maxsize=5000)
def _points(space: Space, count: int) -> tuple[tuple[tuple[sympy.Symbol, Formula], ...], ...]:
    return tuple(tuple(point.items()) for point in _generated(space, count))


def sample_points(space: Space, count: int = 24) -> list[Point]:
    """Up to `count` exact points of the space, always the same ones."""
    return [dict(point) for point in _points(space, count)]


def _generated(space: Space, count: int) -> Iterator[Point]:
    found = 0
    for index in range(1, 4 * count):
        point = _coordinates(space.intervals, index)
        if point is not None and all(truth_at(relational, point) is True for relational in space.conditions):
            found += 1
            yield point
        if found >= count:
            return


@lru_cache(maxsize=1000)
def _balls(space: Space, count: int) -> tuple[dict[sympy.Symbol, Any], ...]:
    """The sample points in balls; those that have none are left out."""
    found: list[dict[sympy.Symbol, Any]] = []
    for point in _points(space, count):
        with suppress(NotEnclosed, ZeroDivisionError, ValueError, OverflowError):
            found.append({symbol: enclosure(value, {}, 90) for symbol, value in point})
    return tuple(found)


@lru_cache(maxsize=20000)
def sampled_signs(expression: Formula, space: Space, count: int = 24) -> int:
    """The set of signs that were proved at sample points (a lower bound on the signs that occur); 0 where none could be evaluated."""
    signs = 0
    for values in _balls(space, count):
        try:
            ball = enclosure(expression, values, 90)
        except (NotEnclosed, ZeroDivisionError, ValueError, OverflowError):
            continue
        signs |= POSITIVE if ball > 0 else NEGATIVE if ball < 0 else 0
        if signs == POSITIVE | NEGATIVE:
            return signs
    return signs


def nonzero_point(expression: Formula, space: Space) -> Point | None:
    """The first sample point at which the expression is proved not to be zero."""
    for point in sample_points(space):
        for precision in PRECISIONS:
            try:
                values = {symbol: enclosure(value, {}, precision) for symbol, value in point.items()}
                ball = enclosure(expression, values, precision)
            except (NotEnclosed, ZeroDivisionError, ValueError, OverflowError):
                break
            if ball > 0 or ball < 0:
                return point
    return None
