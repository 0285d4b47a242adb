"""One-sided limits of smooth expressions with parameters, by an own calculus of asymptotic series (SymPy's `limit` is wrong with parameters)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import sympy

from lossgraph.verify.balls import Formula
from lossgraph.verify.polynomials import NotNormal, proved_zero, simplified
from lossgraph.verify.series import LOG, ONE, Calculus, Growth, Insufficient, Series, Undetermined, Unsupported
from lossgraph.verify.space import Interval, Space
from lossgraph.verify.structure import understood

LENGTHS = (1, 3, 6, 10)


@dataclass(frozen=True)
class Limit:
    """A limit: a finite expression in the parameters, oo or -oo, and its certificate."""

    value: Formula
    certificate: dict[str, Any]


@dataclass(frozen=True)
class Split:
    """The answer depends on the sign of `expression` (in the parameters), which the space does not fix: split there and ask again."""

    expression: Formula


def limit(expression: Formula, variable: sympy.Symbol, point: Formula, side: Literal["+", "-"], space: Space) -> Limit | Split | None:
    """The limit of `expression` as `variable` tends to `point` from above ("+") or below ("-"), for all parameters of `space`.

    `point` may be oo ("-"), -oo ("+") or an expression in the parameters. `space` holds the parameters; `variable` may be in it or not.
    `expression` must be defined near the point. None: undecided.
    """
    kept = tuple(item for item in space.intervals if item[0] != variable)
    parameters = Space(kept, tuple(relational for relational in space.conditions if variable not in relational.free_symbols))
    try:
        return _limit(sympy.sympify(expression), variable, sympy.sympify(point), side, parameters)
    except Exception:  # a failure inside the engine means undecided
        return None


@lru_cache(maxsize=20000)
def _limit(expression: Formula, variable: sympy.Symbol, point: Formula, side: str, space: Space) -> Limit | Split | None:
    if not understood(expression) or variable in point.free_symbols:
        return None
    base = {"kind": "asymptotic", "expression": str(expression), "symbol": str(variable), "at": str(point), "side": side}
    if variable not in expression.free_symbols:
        return Limit(expression, {**base, "value": str(expression), "coefficient": str(expression), "growth": "1", "facts": {}})
    asked: Split | None = None
    for form in _forms(expression, variable, point, side, space):
        for length in LENGTHS:
            calculus = Calculus(space, length)
            try:
                found = _leading(form, variable, point, side, calculus)
            except Insufficient:
                continue
            except Undetermined as missing:
                asked = asked or Split(missing.expression)
                if length > LENGTHS[0]:
                    break  # more terms cost much, and seldom settle what is open
                continue
            except (Unsupported, NotNormal):
                break
            value, coefficient, growth = found
            return Limit(value, {**base, "value": str(value), "coefficient": str(coefficient), "growth": growth, "facts": dict(sorted(calculus.facts.items()))})
    return asked


def _forms(expression: Formula, variable: sympy.Symbol, point: Formula, side: str, space: Space) -> Iterator[Formula]:
    """The expression in normal form, which shows cancellations, then as it was given."""
    if side == "-":
        interval = Interval(-sympy.oo, point) if variable.is_positive is not True else Interval(sympy.Integer(0), point)
    else:
        interval = Interval(point, sympy.oo)
    local = space.extended(variable, interval)
    try:
        if proved_zero(expression, local):
            yield sympy.Integer(0)
            return
        yield simplified(expression, local)
    except NotNormal:
        pass
    yield expression


def _leading(expression: Formula, variable: sympy.Symbol, point: Formula, side: str, calculus: Calculus) -> tuple[Formula, Formula, str]:
    """(limit, coefficient, growth as text) of the leading term."""
    one = sympy.Integer(1)
    if point.is_infinite:
        series = Series(((Growth(power=one), one if point is sympy.oo else -one),))
    else:
        series = calculus.sum(calculus.constant(point), Series(((Growth(power=-one), one if side == "+" else -one),)))
    result = expand(expression, variable, series, calculus)
    if not result.terms:
        if result.rest is None or calculus.size(result.rest) < 0:
            return sympy.Integer(0), sympy.Integer(0), "1"
        raise Insufficient
    growth, coefficient = result.terms[0]
    if calculus.size(growth) > 0:
        growth, coefficient = calculus.lead(result)  # only here does it matter whether the coefficient vanishes
    size = calculus.size(growth)
    text = growth_text(growth)
    if size > 0:
        return (sympy.oo if calculus.sign(coefficient) > 0 else -sympy.oo), coefficient, text
    return (coefficient if size == 0 else sympy.Integer(0)), coefficient, text


def growth_text(growth: Growth) -> str:
    """The growth as a formula in t, which tends to infinity."""
    name = sympy.Symbol("t", positive=True)

    def formula(part: Growth) -> Formula:
        inner = sympy.Add(*[value * formula(item) for item, value in part.exponent])
        return sympy.exp(inner) * name**part.power * sympy.log(name) ** part.logs

    return str(formula(growth))


def expand(expression: Formula, variable: sympy.Symbol, series: Series, calculus: Calculus) -> Series:
    """The series of `expression` where `variable` has the given series. Parts that occur again are expanded once."""
    if variable not in expression.free_symbols:
        return calculus.constant(expression)
    if expression == variable:
        return series
    key = (expression, variable, series)
    if key not in calculus.expansions:
        calculus.expansions[key] = _expand(expression, variable, series, calculus)
    return calculus.expansions[key]


def _expand(expression: Formula, variable: sympy.Symbol, series: Series, calculus: Calculus) -> Series:
    if isinstance(expression, sympy.Add):
        result = Series(())
        for argument in expression.args:
            result = calculus.sum(result, expand(argument, variable, series, calculus))
        return result
    if isinstance(expression, sympy.Mul):
        result = calculus.constant(sympy.Integer(1))
        for argument in expression.args:
            result = calculus.times(result, expand(argument, variable, series, calculus))
        return result
    if isinstance(expression, sympy.Pow):
        base, exponent = expression.args
        if variable in exponent.free_symbols:
            return expand(sympy.exp(exponent * sympy.log(base), evaluate=False), variable, series, calculus)
        return calculus.raise_to(expand(base, variable, series, calculus), exponent)
    return _function(expression, variable, series, calculus)


def _function(expression: Formula, variable: sympy.Symbol, series: Series, calculus: Calculus) -> Series:
    name = expression.func.__name__
    if name in ("cosh", "sinh", "tanh"):
        return expand(expression.rewrite(sympy.exp), variable, series, calculus)
    inner = expand(expression.args[-1], variable, series, calculus)
    if name == "exp":
        return calculus.exponential(inner)
    if name == "log":
        return calculus.logarithm(inner)
    if name == "erfc":
        return calculus.sum(calculus.constant(sympy.Integer(1)), _negative(_unbounded_or_taylor(sympy.erf, "erf", inner, calculus), calculus))
    if name in ("loggamma", "polygamma"):
        order = expression.args[0] if name == "polygamma" else sympy.Integer(-1)
        return _gamma(int(order), inner, calculus)
    return _unbounded_or_taylor(expression.func, name, inner, calculus)


def _negative(series: Series, calculus: Calculus) -> Series:
    return calculus.times(series, calculus.constant(sympy.Integer(-1)))


def _unbounded_or_taylor(function: Callable[[Formula], Formula], name: str, inner: Series, calculus: Calculus) -> Series:
    """atan and erf of something unbounded by their expansions at infinity; anything else by Taylor at the finite constant."""
    large, constant, small = calculus.split(inner)
    if not large:
        if name in ("asin", "acos") and 0 in (calculus.sign(1 - constant), calculus.sign(1 + constant)):
            return _arc_at_end(name, inner, calculus.sign(constant), calculus)
        if name in ("asin", "acos") and (calculus.sign(1 - constant) < 0 or calculus.sign(1 + constant) < 0):
            raise Unsupported("asin outside its domain")
        if name == "tan" and (calculus.sign(sympy.pi / 2 - constant) <= 0 or calculus.sign(sympy.pi / 2 + constant) <= 0):
            raise Unsupported("tan outside its main branch")
        return calculus.taylor(function, constant, small)
    direction = sympy.Integer(calculus.sign(calculus.lead(inner)[1]))
    if name == "atan":
        inverse = calculus.raise_to(inner, sympy.Integer(-1))
        return calculus.sum(calculus.constant(direction * sympy.pi / 2), _negative(_unbounded_or_taylor(sympy.atan, "atan", inverse, calculus), calculus))
    if name == "erf":
        square = calculus.raise_to(inner, sympy.Integer(2))
        head = calculus.times(calculus.exponential(_negative(square, calculus)), calculus.raise_to(inner, sympy.Integer(-1)))
        tail = calculus.times(head, calculus.constant(-1 / sympy.sqrt(sympy.pi)))
        if not tail.terms:
            raise Insufficient
        rest = calculus.product(tail.terms[0][0], calculus.raised(square.terms[0][0], sympy.Integer(-1)))
        return calculus.sum(calculus.sum(calculus.constant(direction), tail), Series((), rest))
    raise Unsupported(f"{name} at infinity")


def _arc_at_end(name: str, inner: Series, end: int, calculus: Calculus) -> Series:
    """asin and acos of what tends to 1 or -1: acos(u) = 2*asin(sqrt((1 - u)/2)) for u near 1, and acos(u) = pi - acos(-u)."""
    towards = inner if end > 0 else _negative(inner, calculus)
    half = calculus.times(calculus.sum(calculus.constant(sympy.Integer(1)), _negative(towards, calculus)), calculus.constant(sympy.Rational(1, 2)))
    root = calculus.raise_to(half, sympy.Rational(1, 2))
    arc = calculus.times(calculus.taylor(sympy.asin, sympy.Integer(0), root), calculus.constant(sympy.Integer(2)))
    if end < 0:
        arc = calculus.sum(calculus.constant(sympy.pi), _negative(arc, calculus))
    return arc if name == "acos" else calculus.sum(calculus.constant(sympy.pi / 2), _negative(arc, calculus))


def _gamma(order: int, inner: Series, calculus: Calculus) -> Series:
    """loggamma (order -1) and polygamma, at infinity by Stirling's series, at zero by the recurrence, elsewhere by Taylor."""
    large, constant, small = calculus.split(inner)
    one = calculus.constant(sympy.Integer(1))
    if not large and constant != 0:
        if calculus.sign(constant) < 0:
            raise Unsupported("the gamma function left of zero")
        return calculus.taylor(sympy.loggamma if order < 0 else lambda name: sympy.polygamma(order, name), constant, small)
    if calculus.sign(calculus.lead(inner)[1]) < 0:
        raise Unsupported("the gamma function left of zero")
    if not large:
        shifted = _gamma(order, calculus.sum(one, inner), calculus)
        if order < 0:
            return calculus.sum(shifted, _negative(calculus.logarithm(inner), calculus))
        pole = calculus.raise_to(inner, sympy.Integer(-order - 1))
        return calculus.sum(shifted, calculus.times(pole, calculus.constant(-sympy.Integer((-1) ** order) * sympy.factorial(order))))
    lead = calculus.lead(inner)[0]

    def scaled(power: int, factor: Formula) -> Series:
        return calculus.times(calculus.raise_to(inner, sympy.Integer(power)), calculus.constant(factor))

    half = sympy.Rational(1, 2)
    if order < 0:
        logarithm = calculus.logarithm(inner)
        parts = [calculus.times(calculus.sum(inner, calculus.constant(-half)), logarithm), _negative(inner, calculus)]
        parts += [calculus.constant(sympy.log(2 * sympy.pi) / 2), scaled(-1, sympy.Rational(1, 12))]
        rest = calculus.raised(lead, sympy.Integer(-3))
    elif order == 0:
        parts = [calculus.logarithm(inner), scaled(-1, -half), scaled(-2, -sympy.Rational(1, 12))]
        rest = calculus.raised(lead, sympy.Integer(-4))
    else:
        sign = sympy.Integer((-1) ** (order + 1))
        parts = [scaled(-order, sign * sympy.factorial(order - 1)), scaled(-order - 1, sign * sympy.factorial(order) / 2)]
        rest = calculus.raised(lead, sympy.Integer(-order - 2))
    result = Series((), rest)
    for part in parts:
        result = calculus.sum(result, part)
    return result


__all__ = ["LOG", "ONE", "Limit", "Split", "limit"]
