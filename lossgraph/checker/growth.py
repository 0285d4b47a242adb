"""How fast a normal form grows as t tends to infinity: its dominant monomials, with exponents that may hold parameters.

Each generator that holds t has a growth (exponents of exp(t**k) by falling k, then the power of t, then that of log(t)), so each monomial has one, and the
largest in numerator and denominator decides. Two growths are compared only where the sign of their difference is seen for all parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from lossgraph.checker.expression import Node, Unreadable, number
from lossgraph.checker.normal import logarithm, normal
from lossgraph.checker.polynomials import UNIT, Monomial, Number, Polynomial, Quotient, constant, is_quotient_key, key_of, multiply_polynomials
from lossgraph.checker.space import Space, structure
from lossgraph.checker.trees import tree

T = "t_"
# the exponents of exp(t**k) under k > 0, the power of t under 0, the power of log(t) under LOG
Growth = dict[Number, Quotient]
LOG = -1
POWER = 0
ONE = constant(1)
MAX_DEPTH = 6


@dataclass(frozen=True)
class Leading:
    """The leading term: coefficient (free of t) times growth; size says whether that grows (1), tends to the coefficient (0) or to 0 (-1)."""

    coefficient: Node
    growth: tuple[tuple[Number, Quotient], ...]
    size: int

    def grows_like(self, other: Leading, space: Space) -> bool:
        """Whether the two growths are the same."""
        return compare(dict(self.growth), dict(other.growth), space) == 0


def leading(form: Quotient, space: Space) -> Leading | None:
    """The leading term of a normal form in t and parameters; None for zero. Its coefficient is not zero where size is 1. Raises `Unreadable`."""
    if form.is_zero():
        return None
    numerator, denominator = _without_large_logs(form.numerator, space), _without_large_logs(form.denominator, space)
    if not numerator:
        return None
    above, top = dominant(numerator, space)
    below, bottom = dominant(denominator, space)
    if _sign(bottom, space) not in {"+", "-"}:
        raise Unreadable("the divisor's leading term may vanish")
    growth = _times(above, below, -1)
    return Leading(tree(top * bottom.inverse()), tuple(growth.items()), compare(growth, {}, space))


def _sign(form: Quotient, space: Space) -> str | None:
    return structure(tree(form), space)


def _times(first: Growth, second: Growth, power: int) -> Growth:
    """first * second**power."""
    if not second:
        return {level: value for level, value in first.items() if not value.is_zero()}
    scale = constant(power)
    found = {level: value + second[level] * scale if level in second else value for level, value in first.items()}
    found.update((level, value * scale) for level, value in second.items() if level not in first)
    return {level: value for level, value in found.items() if not value.is_zero()}


def compare(first: Growth, second: Growth, space: Space) -> int:
    """-1, 0 or 1: which grows faster, for all parameters. Raises `Unreadable`."""
    gap = _times(first, second, -1)
    if not gap:
        return 0
    found = _sign(gap[max(gap)], space)
    if found not in {"+", "-"}:
        raise Unreadable("which growth is larger hangs on a parameter")
    return 1 if found == "+" else -1


def dominant(polynomial: Polynomial, space: Space, depth: int = 0) -> tuple[Growth, Quotient]:
    """The largest growth in a sum, and the sum of the coefficients (free of t) that grow so: the sum divided by growth tends to it.

    A log or a root stands for its own dominant term only as long as such terms do not cancel.
    """
    groups: list[tuple[Growth, Quotient, bool]] = []
    for monomial, value in polynomial.items():
        growth, coefficient, exact = _growth(monomial, space, depth)
        part = coefficient * constant(value)
        for index, (known, collected, sharp) in enumerate(groups):
            if not _times(known, growth, -1):
                groups[index] = (known, collected + part, sharp and exact)
                break
        else:
            groups.append((growth, part, exact))
    while groups:
        largest = _largest([growth for growth, _, _ in groups], space)
        growth, coefficient, exact = groups.pop(largest)
        if not coefficient.is_zero():
            return growth, coefficient
        if not exact:
            raise Unreadable("dominant terms cancel")
    raise Unreadable("everything cancels")


def _largest(growths: list[Growth], space: Space) -> int:
    """The place of the growth that is larger than each other one, for all parameters; which of the others is larger may hang on them. Raises `Unreadable`."""
    best = 0
    for place, growth in enumerate(growths[1:], 1):
        if _gap(growths[best], growth, space) != 1:
            best = place
    if any(place != best and compare(growths[best], growth, space) != 1 for place, growth in enumerate(growths)):
        raise Unreadable("which growth is larger hangs on a parameter")
    return best


def _gap(first: Growth, second: Growth, space: Space) -> int | None:
    try:
        return compare(first, second, space)
    except Unreadable:
        return None


@lru_cache(maxsize=20_000)
def _holds_t(part: Any) -> bool:
    return repr(T) in repr(part)


def _growth(monomial: Monomial, space: Space, depth: int) -> tuple[Growth, Quotient, bool]:
    """How a monomial grows (see `Growth`), its factor free of t, and whether it equals the two rather than being asymptotic to them."""
    growth: Growth = {}
    coefficient, exact = ONE, True
    for generator, power in monomial:
        if not _holds_t(generator):
            coefficient = coefficient * Quotient({((generator, power),): 1})
            continue
        own, factor, sharp = _generator_growth(generator, space, depth)
        exact = exact and sharp
        growth = _times(growth, {level: value * constant(power) for level, value in own.items()}, 1)
        coefficient = coefficient * _raised(factor, constant(power), space)
    return growth, coefficient, exact


def _raised(factor: Quotient, power: Quotient, space: Space) -> Quotient:
    value = power.rational()
    if factor.rational() == 1 or value == 1:
        return factor
    whole = value is not None and value.denominator == 1
    if _sign(factor, space) == "+" or (whole and (value > 0 or _sign(factor, space) == "-")):  # pyright: ignore[reportOptionalOperand]
        return normal(("pow", tree(factor), tree(power)), space.positive())
    raise Unreadable("a power of a factor that may vanish or be negative")


def _generator_growth(generator: tuple[Any, ...], space: Space, depth: int) -> tuple[Growth, Quotient, bool]:
    if depth > MAX_DEPTH:
        raise Unreadable("nested too deeply")
    match generator[0]:
        case "symbol":
            return {POWER: ONE}, ONE, True
        case "exp" if _exponent(generator[1]) is not None:
            level, factor = _exponent(generator[1]) or (0, ONE)
            return ({level: factor}, ONE, True) if level > 0 else ({}, ONE, False)
        case "exp" if is_quotient_key(generator[1]):
            return {}, _limit_of_exponential(generator[1], space, depth), False
        case "log" | "near":
            return _log_growth(dict(generator[1]), dict(generator[2]), space, depth)
        case "root":
            growth, coefficient = _positive_dominant(dict(generator[1]), space, depth)
            return growth, coefficient, len(generator[1]) == 1
        case "power" if not _holds_t(generator[2]):
            growth, coefficient = _positive_dominant(dict(generator[1]), space, depth)
            exponent = Quotient({generator[2]: 1})
            return {level: value * exponent for level, value in growth.items()}, _raised(coefficient, exponent, space), len(generator[1]) == 1
        case "atan" | "erf":
            return _saturating(generator, space, depth)
        case _:
            raise Unreadable("a generator whose growth is not known")


def _limit_of_exponential(inner: Any, space: Space, depth: int) -> Quotient:
    """exp of a quotient that tends to a number."""
    above, first = dominant(dict(inner[0]), space, depth + 1)
    below, second = dominant(dict(inner[1]), space, depth + 1)
    if _sign(second, space) not in {"+", "-"}:
        raise Unreadable("the divisor's leading term may vanish")
    size = compare(above, below, space)
    if size > 0:
        raise Unreadable("an exponential of a quotient that grows")
    return ONE if size < 0 else normal(("exp", tree(first * second.inverse())), space.positive())


def _exponent(inner: Any) -> tuple[Number, Quotient] | None:
    """(k, c) where a generator exp(m) is exp(c*t**k) with c free of t; None for other generators."""
    if not inner or is_quotient_key(inner):
        return None
    rest = tuple(item for item in inner if item[0] != ("symbol", T))
    level = dict(inner).get(("symbol", T), 0)
    return None if _holds_t(rest) or not level else (level, Quotient({rest: 1}))


def _positive_dominant(polynomial: Polynomial, space: Space, depth: int) -> tuple[Growth, Quotient]:
    try:
        growth, coefficient = dominant(polynomial, space, depth + 1)
    except Unreadable:
        growth, coefficient = dominant(_without_large_logs(polynomial, space), space, depth + 1)
    if _sign(coefficient, space) != "+":
        raise Unreadable("a root or power of what may vanish or be negative")
    return growth, coefficient


def _saturating(generator: tuple[Any, ...], space: Space, depth: int) -> tuple[Growth, Quotient, bool]:
    """atan and erf: of what grows, their limit; of what tends to a number other than 0, their value there; of what vanishes, the argument (times a number)."""
    above, first = dominant(dict(generator[1][0]), space, depth + 1)
    below, second = dominant(dict(generator[1][1]), space, depth + 1)
    growth, coefficient = _times(above, below, -1), first * second.inverse()
    sign = _sign(coefficient, space)
    if sign not in {"+", "-"} or _sign(second, space) not in {"+", "-"}:
        raise Unreadable("the argument of a function may vanish")
    size = compare(growth, {}, space)
    if size > 0:
        half: Node = ("mul", ("name", "pi"), number(Fraction(1, 2))) if generator[0] == "atan" else number(1)
        return {}, normal(half if sign == "+" else ("neg", half)), False
    if size == 0:
        return {}, normal((generator[0], tree(coefficient)), space.positive()), False
    slope = ONE if generator[0] == "atan" else normal(("mul", number(2), ("pow", ("name", "pi"), number(Fraction(-1, 2)))))
    return growth, coefficient * slope, False


def _log_growth(top: Polynomial, bottom: Polynomial, space: Space, depth: int) -> tuple[Growth, Quotient, bool]:
    """log(P): its argument's largest exponent, else its power of t times log(t), else the log of its limit, else (limit 1) the argument less 1."""
    above, first = dominant(top, space, depth + 1)
    below, second = dominant(bottom, space, depth + 1)
    growth, ratio = _times(above, below, -1), first * second.inverse()
    if _sign(ratio, space) != "+":
        raise Unreadable("a log of what may vanish")
    levels = [level for level in growth if level > 0]
    if levels or POWER in growth:
        largest = max(growth)
        if _sign(growth[largest], space) not in {"+", "-"}:
            raise Unreadable("a log whose growth may vanish")
        return {POWER: constant(largest)} if levels else {LOG: ONE}, growth[largest], False
    if growth:
        raise Unreadable("a log of a log")
    if ratio.rational() != 1:
        limit = logarithm(ratio, space.positive())
        if _sign(limit, space) not in {"+", "-"}:
            raise Unreadable("a log whose limit may vanish")
        return {}, limit, False
    rest = Quotient(top, bottom) + constant(-1)
    above, first = dominant(rest.numerator, space, depth + 1)
    below, second = dominant(rest.denominator, space, depth + 1)
    return _times(above, below, -1), first * second.inverse(), False


def _without_large_logs(polynomial: Polynomial, space: Space) -> Polynomial:
    """The same sum with each log(P) written as log(d) + log(P/d), d being what dominates P, so that large parts can cancel exactly."""
    total = Quotient({})
    for monomial, value in polynomial.items():
        part: Polynomial = {(): value}
        for generator, power in monomial:
            whole = power.denominator == 1 and 0 < power < 5
            logs = generator[0] == "log" and _holds_t(generator) and whole
            factor: Polynomial = _split_log(generator, space) if logs else {((generator, power),): 1}
            for _ in range(int(power) if logs else 1):
                part = multiply_polynomials(part, factor)
        total = total + Quotient(part)
    return total.numerator


def _split_log(generator: tuple[Any, ...], space: Space) -> Polynomial:
    unchanged: Polynomial = {((generator, 1),): 1}
    above, first = dominant(dict(generator[1]), space)
    below, second = dominant(dict(generator[2]), space)
    growth, limit = _times(above, below, -1), first * second.inverse()
    if any(level < 0 for level in growth) or _sign(limit, space) != "+":
        return unchanged
    result = logarithm(limit, space.positive()) if limit.rational() != 1 else Quotient({})
    dominating = limit
    t: Node = ("name", T)
    for level, factor in growth.items():
        grown: Node = ("mul", tree(factor), ("log", t) if level == 0 else ("pow", t, number(level)))
        result = result + normal(grown, space.positive() | {T})
        dominating = dominating * normal(("exp", grown), space.positive() | {T})
    near = Quotient(dict(generator[1]), dict(generator[2])) * dominating.inverse()
    if result.denominator != UNIT or not near.numerator:
        return unchanged
    if near.rational() == 1:
        return result.numerator
    rest = Quotient({((("near", key_of(near.numerator), key_of(near.denominator)), 1),): 1})
    return (result + rest).numerator
