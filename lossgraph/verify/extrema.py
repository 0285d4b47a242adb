"""The range of a smooth expression over an interval: from the sign of its derivative and its limits at the ends, exact or certified enclosures."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

import sympy

from lossgraph.verify.balls import Formula
from lossgraph.verify.critical import candidates
from lossgraph.verify.enclosures import maximum
from lossgraph.verify.limits import Limit, Split, limit
from lossgraph.verify.polynomials import tidy
from lossgraph.verify.signs import Sign, SignProof, defined, sign
from lossgraph.verify.space import Interval, Space
from lossgraph.verify.spread import spread

Bound = Formula | tuple[Formula, Formula]
"""An exact bound (an expression, oo or -oo), or an enclosure (low, high) by rationals."""
STRICT = (Sign.POSITIVE, Sign.NEGATIVE)
TAILS = (2, 8, 64)


@dataclass(frozen=True)
class Range:
    """The infimum and supremum of an expression; `*_attained` says whether it is taken inside the interval (None: not known)."""

    infimum: Bound
    supremum: Bound
    infimum_attained: bool | None
    supremum_attained: bool | None
    certificate: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bounded:
    """Whether sup |expression| is finite for each parameter value, and why."""

    bounded: bool
    certificate: dict[str, Any]


@dataclass(frozen=True)
class Value:
    """A value of the expression, or its limit at an end, that the range must cover."""

    at: Formula
    value: Formula
    attained: bool | None
    certificate: dict[str, Any]


def value_range(expression: Formula, variable: sympy.Symbol, space: Space) -> Range | Split | None:
    """The range of `expression` over the interval of `variable` in `space`, for all parameters; None: undecided."""
    try:
        return _value_range(sympy.sympify(expression), variable, space)
    except Exception:  # a failure inside the engine means undecided
        return None


def is_bounded(expression: Formula, variable: sympy.Symbol, space: Space) -> Bounded | Split | None:
    """Whether |expression| stays bounded over the interval of `variable`, for each value of the parameters; None: undecided.

    `.bounded` False is proved too: an end limit is infinite for all parameters of the space.
    """
    try:
        return _is_bounded(sympy.sympify(expression), variable, space)
    except Exception:  # a failure inside the engine means undecided
        return None


def _parameters(variable: sympy.Symbol, space: Space) -> Space | None:
    """The space without the variable; None where conditions or other intervals mention it, so that its values need not form an interval."""
    rest = tuple(item for item in space.intervals if item[0] != variable)
    used = [relational.free_symbols for relational in space.conditions]
    used += [interval.lower.free_symbols | interval.upper.free_symbols for _, interval in rest]
    return None if any(variable in symbols for symbols in used) else Space(rest, space.conditions)


def _between(variable: sympy.Symbol, space: Space, interval: Interval) -> Space:
    """The space with another interval for the variable, which comes last."""
    rest = tuple(item for item in space.intervals if item[0] != variable)
    return Space((*rest, (variable, interval)), space.conditions)


@lru_cache(maxsize=5000)
def _is_bounded(expression: Formula, variable: sympy.Symbol, space: Space) -> Bounded | Split | None:
    parameters = _parameters(variable, space)
    if parameters is None or not defined(expression, space):
        return None
    interval = space.interval(variable)
    found: list[dict[str, Any]] = []
    asked: Split | None = None
    undecided = False
    for end, side, is_open in ((interval.lower, "+", interval.lower_open), (interval.upper, "-", interval.upper_open)):
        if not is_open:
            found.append({"at": str(end), "closed": True})
            continue
        value = limit(expression, variable, end, side, parameters)  # type: ignore[arg-type]
        if isinstance(value, Limit):
            found.append(value.certificate)
            if value.value.is_infinite:
                return Bounded(False, {"kind": "bounded", "expression": str(expression), "ends": [value.certificate]})
        else:
            undecided = True
            asked = asked or value
    if not undecided:
        return Bounded(True, {"kind": "bounded", "expression": str(expression), "ends": found})
    if _bounded_by_form(expression, variable) or spread(expression, space) is not None:
        return Bounded(True, {"kind": "bounded_form", "expression": str(expression), "symbol": str(variable)})
    return asked


def _bounded_by_form(expression: Formula, variable: sympy.Symbol) -> bool:
    """Sums, products and whole positive powers of sin, cos, atan, tanh, erf, erfc, asin, acos and constants."""
    if variable not in expression.free_symbols:
        return True
    if isinstance(expression, sympy.Add | sympy.Mul):
        return all(_bounded_by_form(argument, variable) for argument in expression.args)
    if isinstance(expression, sympy.Pow):
        return bool(expression.exp.is_Integer and expression.exp > 0) and _bounded_by_form(expression.base, variable)
    return expression.func.__name__ in ("sin", "cos", "atan", "tanh", "erf", "erfc", "asin", "acos")


@lru_cache(maxsize=5000)
def _value_range(expression: Formula, variable: sympy.Symbol, space: Space) -> Range | Split | None:
    parameters = _parameters(variable, space)
    if parameters is None or not defined(expression, space):
        return None
    if variable not in expression.free_symbols:
        return Range(expression, expression, True, True, {"kind": "constant", "expression": str(expression)})
    interval = space.interval(variable)
    inner = _between(variable, space, Interval(interval.lower, interval.upper))
    slope = sympy.diff(expression, variable)
    if not defined(slope, inner):
        return None
    pieces = monotone_pieces(slope, variable, inner)
    if isinstance(pieces, list):
        values = _values(expression, variable, interval, pieces, parameters)
        return values if isinstance(values, Split) or values is None else _range(expression, variable, pieces, values, parameters)
    if not parameters.intervals:
        enclosed = _enclosed(expression, slope, variable, interval)
        if enclosed is not None:
            return enclosed
    return pieces


Piece = tuple[Formula, Formula, SignProof]


def monotone_pieces(slope: Formula, variable: sympy.Symbol, space: Space) -> list[Piece] | Split | None:
    """The variable's open interval cut where `slope` vanishes: (lower, upper, proof of the sign of `slope` between); None: undecided."""
    interval = space.interval(variable)
    whole = sign(slope, space)
    if whole is not None:
        return [(interval.lower, interval.upper, whole)]
    points = candidates(slope, variable, space)
    if points is None or isinstance(points, Split):
        return points
    if not points:
        return None
    result: list[Piece] = []
    ends = [interval.lower, *points, interval.upper]
    for lower, upper in pairwise(ends):
        proof = sign(slope, _between(variable, space, Interval(lower, upper)))
        if proof is None:
            return None
        result.append((lower, upper, proof))
    return result


def _values(expression: Formula, variable: sympy.Symbol, interval: Interval, pieces: list[Piece], parameters: Space) -> list[Value] | Split | None:
    """The limits at both ends and the values between the pieces."""
    result: list[Value] = []
    for end, side, is_open, proof in ((interval.lower, "+", interval.lower_open, pieces[0][2]), (interval.upper, "-", interval.upper_open, pieces[-1][2])):
        found = limit(expression, variable, end, side, parameters)  # type: ignore[arg-type]
        if not isinstance(found, Limit):
            return found
        attained = (True if not is_open else False if proof.sign in STRICT else proof.sign is Sign.ZERO or None) if not found.value.is_infinite else False
        value = found.value if found.value.is_infinite else tidy(found.value, parameters)
        result.append(Value(end, value, attained, {"at": str(end), "side": side, "value": str(value), "limit": found.certificate}))
    middle = []
    for _, point, _ in pieces[:-1]:
        value = tidy(expression.subs(variable, point), parameters)
        middle.append(Value(point, value, True, {"at": str(point), "value": str(value)}))
    return [result[0], *middle, result[1]]


def _range(expression: Formula, variable: sympy.Symbol, pieces: list[Piece], values: list[Value], parameters: Space) -> Range:
    """The least and the greatest of the values, by proved comparisons."""
    order: list[dict[str, Any]] = []
    low, low_attained = _least(values, 1, parameters, order)
    high, high_attained = _least(values, -1, parameters, order)
    certificate = {
        "kind": "range", "expression": str(expression), "symbol": str(variable),
        "pieces": [{"lower": str(lower), "upper": str(upper), "derivative": proof.certificate} for lower, upper, proof in pieces],
        "values": [value.certificate for value in values], "order": order, "infimum": str(low), "supremum": str(high),
    }
    return Range(low, high, low_attained, high_attained, certificate)


def _least(values: list[Value], direction: int, parameters: Space, order: list[dict[str, Any]]) -> tuple[Formula, bool | None]:
    """The least (direction 1) or greatest (-1) value and whether it is attained; a Min or Max of those that could not be compared."""
    kept: list[Value] = []
    for candidate in values:
        beaten = False
        for other in list(kept):
            comparison = _compare(candidate.value, other.value, parameters, order)
            if comparison is None:
                continue
            if comparison == 0:
                merged = True if candidate.attained or other.attained else None if None in (candidate.attained, other.attained) else False
                kept[kept.index(other)] = Value(other.at, other.value, merged, other.certificate)
                beaten = True
                break
            if comparison * direction > 0:
                beaten = True
                break
            kept.remove(other)
        if not beaten:
            kept.append(candidate)
    if len(kept) == 1:
        return kept[0].value, kept[0].attained
    attained = {value.attained for value in kept}
    joined = sympy.Min(*[value.value for value in kept]) if direction > 0 else sympy.Max(*[value.value for value in kept])
    return joined, attained.pop() if len(attained) == 1 else None


def _compare(first: Formula, second: Formula, parameters: Space, order: list[dict[str, Any]]) -> int | None:
    """The sign of first - second, proved; a weak sign does not tell."""
    if first == second:
        return 0
    if first.is_infinite or second.is_infinite:
        return 1 if first is sympy.oo or second is -sympy.oo else -1
    proof = sign(first - second, parameters)
    if proof is None or proof.sign not in (Sign.POSITIVE, Sign.NEGATIVE, Sign.ZERO):
        return None
    order.append(proof.certificate)
    return {Sign.POSITIVE: 1, Sign.NEGATIVE: -1, Sign.ZERO: 0}[proof.sign]


def _enclosed(expression: Formula, slope: Formula, variable: sympy.Symbol, interval: Interval) -> Range | None:
    """Monotone tails at the ends by sign proofs, the compact middle by balls."""
    left, right = _tail(expression, slope, variable, interval, True), _tail(expression, slope, variable, interval, False)
    if left is None or right is None:
        return None
    cut_left, value_left, proof_left = left
    cut_right, value_right, proof_right = right
    if not cut_left < cut_right:
        return None
    high, low = maximum(expression, variable, cut_left, cut_right), maximum(-expression, variable, cut_left, cut_right)
    if high is None or low is None:
        return None
    outer = [value_left, value_right]
    supremum, supremum_attained = _with_ends((high[0], high[1]), outer, 1)
    infimum, infimum_attained = _with_ends((-low[1], -low[0]), outer, -1)
    certificate = {
        "kind": "enclosure", "expression": str(expression), "symbol": str(variable), "compact": [str(cut_left), str(cut_right)],
        "tails": [proof_left, proof_right], "infimum": str(infimum), "supremum": str(supremum),
    }
    return Range(infimum, supremum, infimum_attained, supremum_attained, certificate)


def _with_ends(middle: tuple[Formula, Formula], ends: list[Formula], direction: int) -> tuple[Bound, bool | None]:
    """The enclosure of the extremum on the compact part, corrected by the limits at the ends; what lies in the tails lies between limit and cut."""
    low, high = middle
    for value in ends:
        if value.is_infinite:
            if (value is sympy.oo) == (direction > 0):
                return value, False
            continue
        inner, outer = (low, high) if direction > 0 else (high, low)
        proof = sign(direction * (value - inner), Space(()))
        if proof is not None and proof.sign in (Sign.NEGATIVE, Sign.NONPOSITIVE, Sign.ZERO):
            continue
        beyond = sign(direction * (value - outer), Space(()))
        return (value, False) if beyond is not None and beyond.sign is Sign.POSITIVE else ((low, high), None)
    return (low, high), True


def _tail(expression: Formula, slope: Formula, variable: sympy.Symbol, interval: Interval, lower: bool) -> tuple[Formula, Formula, Any] | None:
    """(cut, limit at the end, certificate): beyond the rational cut the expression is monotone."""
    end, is_open, side = (interval.lower, interval.lower_open, "+") if lower else (interval.upper, interval.upper_open, "-")
    other = interval.upper if lower else interval.lower
    if not is_open and end.is_Rational:
        return end, expression.subs(variable, end), {"at": str(end), "closed": True}
    found = limit(expression, variable, end, side, Space(()))  # type: ignore[arg-type]
    if not isinstance(found, Limit) or not (end.is_infinite or end.is_Rational):
        return None
    for size in TAILS:
        span = (other - end) if other.is_Rational and end.is_Rational else sympy.Integer(1)
        cut = sympy.Integer(-size if lower else size) if end.is_infinite else end + span / (2 * size)
        ends = (end, cut) if lower else (cut, end)
        proof = sign(slope, Space(((variable, Interval(*ends)),)), effort=0)
        if proof is not None:
            return cut, found.value, {"at": str(end), "cut": str(cut), "limit": found.certificate, "derivative": proof.certificate}
    return None
