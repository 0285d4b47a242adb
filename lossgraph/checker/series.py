"""Series as t tends to infinity, with a bound on what is left out: for limits in which all terms that grow cancel.

A series is exp(rate*t) times a sum of coefficient*exp(a*t)*t**b, the largest first, plus something of at most the order of `rest`. `rate` may hold
parameters, a and b are fractions. A term is dropped only where its coefficient is zero in normal form, and divided by only where its sign is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from lossgraph.checker.expression import Node, Unreadable, names, number, substitute
from lossgraph.checker.growth import T
from lossgraph.checker.normal import Quotient, constant, exponential, logarithm, normal
from lossgraph.checker.space import MINUS_OO, Interval, Space, structure
from lossgraph.checker.trees import tree

Order = tuple[Fraction, Fraction]
UNIT: Order = (Fraction(0), Fraction(0))
MAX_TERMS = 60
FAST: Order = (Fraction(-50), Fraction(0))  # what is less than every exp(-n*t) is less than this
TERMS = (2, 3, 5, 8)
"""How many terms of exp, log and powers are tried."""


@dataclass(frozen=True)
class Series:
    """exp(rate*t)*(sum of terms + O(rest)); without `rest` it is exact."""

    terms: dict[Order, Quotient] = field(default_factory=dict[Order, Quotient])
    rest: Order | None = None
    rate: Quotient = field(default_factory=lambda: constant(0))


def tends_to_zero(function: Node, space: Space) -> bool:
    """Whether a function of t (the name `T`) tends to 0 for all parameters. Raises `Unreadable` where that is not seen."""
    return any(_vanishes(found) for found in _tries(function, space))


def leads_with(function: Node, coefficient: Node, growth: Node, space: Space) -> bool:
    """Whether a function of t is coefficient*growth*(1 + o(1))."""
    expander = _Expander(*_mirrored(space), terms=1)
    flipped = expander.flips
    scale = _plain(expander.series(substitute(growth, flipped)))
    if len(scale.terms) != 1 or scale.rest is not None:
        return False
    ((order, factor),) = scale.terms.items()
    for found in _tries(function, space):
        if not found.terms or (found.rest is not None and max(found.terms) <= found.rest):
            continue
        largest = max(found.terms)
        wanted = normal(substitute(coefficient, flipped), expander.space.positive()) * factor
        return largest == order and found.rate.equals(scale.rate) and found.terms[largest].equals(wanted)
    return False


def _tries(function: Node, space: Space) -> Iterator[Series]:
    """Series with more and more terms. Raises `Unreadable` where there is none."""
    other, flips = _mirrored(space)
    reason: Unreadable | None = None
    for terms in TERMS:
        try:
            yield _Expander(other, flips, terms).series(substitute(function, flips))
        except Unreadable as error:
            reason = error
    if reason is not None:
        raise reason


def _mirrored(space: Space) -> tuple[Space, dict[str, Node]]:
    """The space with negative names replaced by minus a positive name, so that roots of squares are seen; and what is put in."""
    flips: dict[str, Node] = {}
    other = Space()
    for name, interval in space.intervals:
        if interval.lower == MINUS_OO and not names(interval.upper) and interval.upper == number(0) and interval.upper_open:
            flips[name] = ("neg", ("name", name))
            interval = Interval(number(0), ("name", "oo"))
        elif names(interval.lower) | names(interval.upper):
            interval = Interval(substitute(interval.lower, flips), substitute(interval.upper, flips), interval.lower_open, interval.upper_open)
        other = other.extended(name, interval)
    return other, flips


def _plain(series: Series) -> Series:
    value = series.rate.rational()
    if value is None:
        return series
    rest = None if series.rest is None else (series.rest[0] + value, series.rest[1])
    return Series({(a + value, b): coefficient for (a, b), coefficient in series.terms.items()}, rest)


def _vanishes(series: Series) -> bool:
    series = _plain(series)
    small = all(order < UNIT for order in series.terms) and (series.rest is None or series.rest < UNIT)
    return small and series.rate.is_zero()


@dataclass(frozen=True)
class _Expander:
    space: Space
    flips: dict[str, Node]
    terms: int

    def series(self, node: Node) -> Series:
        """The series of a tree in t and parameters."""
        if T not in names(node):
            return self.cut({UNIT: normal(node, self.space.positive())}, None, constant(0))
        match node[0]:
            case "name":
                return Series({(Fraction(0), Fraction(1)): constant(1)})
            case "neg":
                return self.product(Series({UNIT: constant(-1)}), self.series(node[1]))
            case "add":
                found = Series()
                for child in node[1:]:
                    found = self.total(found, self.series(child))
                return found
            case "mul":
                found = Series({UNIT: constant(1)})
                for child in node[1:]:
                    found = self.product(found, self.series(child))
                return found
            case "pow" if T not in names(node[2]):
                return self.power(self.series(node[1]), node[2])
            case "pow":
                return self.series(("exp", ("mul", node[2], ("log", node[1]))))
            case "exp":
                return self.exponential(self.series(node[1]))
            case "log":
                return self.logarithm(self.series(node[1]))
            case "cosh" | "sinh":
                half, sign = number(Fraction(1, 2)), number(1 if node[0] == "cosh" else -1)
                return self.series(("mul", half, ("add", ("exp", node[1]), ("mul", sign, ("exp", ("neg", node[1]))))))
            case "erf":
                return self.error_function(self.series(node[1]))
            case _:
                raise Unreadable(f"{node[0]} has no series here")

    def cut(self, terms: dict[Order, Quotient], rest: Order | None, rate: Quotient) -> Series:
        """The series without what is zero and what the rest hides."""
        kept = {order: value for order, value in terms.items() if not value.is_zero() and (rest is None or order > rest)}
        if len(kept) > MAX_TERMS:
            raise Unreadable("a series is too long")
        return Series(kept, rest, rate)

    def total(self, first: Series, second: Series) -> Series:
        if not first.terms and first.rest is None:
            return second
        if not second.terms and second.rest is None:
            return first
        gap = (second.rate + -first.rate).rational()
        if gap is None:
            raise Unreadable("rates that cannot be compared")
        second = _plain(Series(second.terms, second.rest, constant(gap)))
        terms = dict(first.terms)
        for order, value in second.terms.items():
            terms[order] = terms.get(order, constant(0)) + value
        rests = [rest for rest in (first.rest, second.rest) if rest is not None]
        return self.cut(terms, max(rests) if rests else None, first.rate)

    def product(self, first: Series, second: Series) -> Series:
        terms: dict[Order, Quotient] = {}
        for (a, b), one in first.terms.items():
            for (c, d), other in second.terms.items():
                terms[a + c, b + d] = terms.get((a + c, b + d), constant(0)) + one * other
        rests = [(rest[0] + order[0], rest[1] + order[1]) for rest, other in ((first.rest, second), (second.rest, first)) if rest for order in _orders(other)]
        return self.cut(terms, max(rests) if rests else None, first.rate + second.rate)

    def split(self, series: Series) -> tuple[Order, Quotient, str, Series]:
        """The leading order and coefficient, the sign of this, and u with series = leading*(1 + u), u tending to 0."""
        if not series.terms or (series.rest is not None and max(series.terms) <= series.rest):
            raise Unreadable("no leading term")
        lead = max(series.terms)
        coefficient = series.terms[lead]
        sign = structure(tree(coefficient), self.space)
        if sign not in {"+", "-"}:
            raise Unreadable("a leading term that may vanish")
        inverse = coefficient.inverse()
        others = {(a - lead[0], b - lead[1]): value * inverse for (a, b), value in series.terms.items() if (a, b) != lead}
        rest = None if series.rest is None else (series.rest[0] - lead[0], series.rest[1] - lead[1])
        return lead, coefficient, str(sign), self.cut(others, rest, constant(0))

    def composed(self, small: Series, factors: list[Quotient]) -> Series:
        """factors[0] + factors[1]*u + ... + O(u**len(factors)) for u that tends to 0; exact where u is 0."""
        found, power = Series(), Series({UNIT: constant(1)})
        for factor in factors:
            found = self.total(found, self.product(Series({UNIT: factor}), power))
            power = self.product(power, small)
        orders = _orders(power)
        return self.cut(found.terms, max([*orders, *([found.rest] if found.rest else [])]), found.rate) if orders else found

    def power(self, base: Series, exponent: Node) -> Series:
        form = normal(exponent, self.space.positive())
        value = form.rational()
        if value is not None and value.denominator == 1 and 0 <= value <= 12:
            found = Series({UNIT: constant(1)})
            for _ in range(int(value)):
                found = self.product(found, base)
            return found
        lead, coefficient, sign, small = self.split(base)
        if sign != "+" and (value is None or value.denominator != 1):
            raise Unreadable("a power of what is negative")
        factors, binomial = [], constant(1)
        for place in range(self.terms):
            factors.append(binomial)
            binomial = binomial * (form + constant(-place)) * constant(Fraction(1, place + 1))
        raised = normal(("pow", tree(coefficient), exponent), self.space.positive())
        rate = base.rate * form
        order = UNIT
        if value is not None:
            order = (lead[0] * value, lead[1] * value)
        elif lead[1]:
            raise Unreadable("a power of t with a parameter")
        else:
            rate = rate + constant(lead[0]) * form
        return self.product(Series({order: raised}, None, rate), self.composed(small, factors))

    def exponential(self, inner: Series) -> Series:
        inner = self.linear(inner)
        if self.vanishes_fast(inner):
            return Series({}, FAST)
        rate = constant(0)
        factor = constant(1)
        small: dict[Order, Quotient] = {}
        for order, value in inner.terms.items():
            if order == (0, 1):
                rate = value
            elif order == UNIT:
                factor = exponential(value, self.space.positive())
            elif order < UNIT:
                small[order] = value
            else:
                raise Unreadable("an exponential of another growth")
        if inner.rest is not None and inner.rest >= UNIT:
            raise Unreadable("an exponent that is not known well enough")
        factors, factorial = [], Fraction(1)
        for place in range(self.terms):
            factors.append(constant(1 / factorial))
            factorial *= place + 1
        grown = _plain(Series({UNIT: factor}, None, rate))
        return self.product(grown, self.composed(Series(small, inner.rest), factors))

    def vanishes_fast(self, inner: Series) -> bool:
        """Whether the exponent is -c*t**b*(1 + o(1)), c > 0 and b > 1, so that its exponential is less than every exp(-n*t)."""
        if not inner.terms or not inner.rate.is_zero() or max(inner.terms)[0] != 0 or max(inner.terms)[1] <= 1:
            return False
        return self.split(inner)[2] == "-"

    def error_function(self, inner: Series) -> Series:
        """erf(u) is 1 (or -1) up to exp(-u**2), where u grows (falls) faster than the root of t."""
        lead, _, sign, _ = self.split(self.linear(inner))
        if lead[0] != 0 or lead[1] <= Fraction(1, 2):
            raise Unreadable("erf of what does not grow")
        return Series({UNIT: constant(1 if sign == "+" else -1)}, FAST)

    def linear(self, series: Series) -> Series:
        if not series.rate.is_zero():
            raise Unreadable("an exponential of an exponential")
        return series

    def logarithm(self, inner: Series) -> Series:
        lead, coefficient, sign, small = self.split(inner)
        if sign != "+" or lead[1]:
            raise Unreadable("a logarithm of t, or of what is negative")
        factors = [constant(0), *(constant(Fraction((-1) ** (place + 1), place)) for place in range(1, self.terms))]
        start: dict[Order, Quotient] = {UNIT: logarithm(coefficient, self.space.positive())}
        start[Fraction(0), Fraction(1)] = inner.rate + constant(lead[0])
        return self.total(self.cut(start, None, constant(0)), self.composed(small, factors))


def _orders(series: Series) -> list[Order]:
    """The orders that bound a series: of its largest term, and of its rest."""
    return ([max(series.terms)] if series.terms else []) + ([series.rest] if series.rest is not None else [])
