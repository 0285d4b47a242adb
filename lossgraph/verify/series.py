"""Asymptotic series as a variable t tends to infinity: sums of c * exp(E) * t**a * log(t)**d with exact coefficients in parameters, and a remainder.

A coefficient counts as non-zero only where its sign is proved; where the proof is missing, `Undetermined` names the expression whose sign is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy

from lossgraph.verify.balls import Formula
from lossgraph.verify.polynomials import NotNormal, simplified
from lossgraph.verify.space import Space

NUMBER = Formula


class Undetermined(ArithmeticError):
    """The sign of `expression` (in the parameters) is needed and is not fixed on the space."""

    def __init__(self, expression: Formula) -> None:
        super().__init__(str(expression))
        self.expression = expression


class Insufficient(ArithmeticError):
    """All kept terms cancelled: the series must be longer."""


class Unsupported(ArithmeticError):
    """No series of this kind exists here."""


@dataclass(frozen=True)
class Growth:
    """exp(sum of coefficient * growth) * t**power * log(t)**logs; the exponent's growths are all unbounded, the largest first."""

    exponent: tuple[tuple[Growth, Formula], ...] = ()
    power: Formula = sympy.S.Zero
    logs: Formula = sympy.S.Zero


ONE = Growth()
LOG = Growth(logs=sympy.Integer(1))
Term = tuple[Growth, Formula]


@dataclass(frozen=True)
class Series:
    """Terms in strictly falling order; `rest` bounds what is left out (None: nothing is)."""

    terms: tuple[Term, ...]
    rest: Growth | None = None


@dataclass
class Calculus:
    """Arithmetic of series over the parameters of `space`; `facts` collects the sign proofs that were used."""

    space: Space
    length: int
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    cache: dict[Formula, int] = field(default_factory=dict)
    simple: dict[Formula, Formula] = field(default_factory=dict)
    expansions: dict[tuple[Formula, sympy.Symbol, Series], Series] = field(default_factory=dict)

    def sign(self, expression: Formula) -> int:
        """-1, 0 or 1, proved on all of the space; raises `Undetermined`."""
        from lossgraph.verify.signs import Sign, sign

        if expression in self.cache:
            return self.cache[expression]
        proof = sign(expression, self.space)
        values = {Sign.POSITIVE: 1, Sign.NEGATIVE: -1, Sign.ZERO: 0}
        if proof is None or proof.sign not in values:
            raise Undetermined(expression)
        if expression.free_symbols:
            self.facts[str(expression)] = {"sign": proof.sign.value, "proof": proof.certificate}
        self.cache[expression] = values[proof.sign]
        return values[proof.sign]

    def plain(self, expression: Formula) -> Formula:
        """The coefficient in normal form, so that a zero is seen."""
        if isinstance(expression, sympy.Rational):
            return expression
        if expression not in self.simple:
            self.simple[expression] = simplified(expression, self.space)
        return self.simple[expression]

    # Growths

    def size(self, growth: Growth) -> int:
        """1 where the growth tends to infinity, 0 where it is constant, -1 where it tends to zero."""
        if growth.exponent:
            return self.sign(growth.exponent[0][1])
        if growth.power != 0 and (found := self.sign(growth.power)):
            return found
        return self.sign(growth.logs) if growth.logs != 0 else 0

    def product(self, first: Growth, second: Growth) -> Growth:
        """The product of two growths."""
        exponent = self.sum(Series(first.exponent), Series(second.exponent)).terms if first.exponent or second.exponent else ()
        return Growth(exponent, self.plain(first.power + second.power), self.plain(first.logs + second.logs))

    def raised(self, growth: Growth, power: Formula) -> Growth:
        """growth**power."""
        if power == 0:
            return ONE
        exponent = tuple((inner, self.plain(coefficient * power)) for inner, coefficient in growth.exponent)
        return Growth(exponent, self.plain(growth.power * power), self.plain(growth.logs * power))

    def compare(self, first: Growth, second: Growth) -> int:
        """1 where `first` grows faster, 0 where they are equal, -1 where it grows more slowly."""
        if first == second:
            return 0
        return self.size(self.product(first, self.raised(second, sympy.Integer(-1))))

    def larger(self, first: Growth | None, second: Growth | None) -> Growth | None:
        """The larger of two remainders."""
        if first is None or second is None:
            return second if first is None else first
        return first if self.compare(first, second) >= 0 else second

    # Series

    def constant(self, value: Formula) -> Series:
        """A number, or an expression in the parameters."""
        value = self.plain(value)
        return Series(()) if value == 0 else Series(((ONE, value),))

    def shortened(self, series: Series) -> Series:
        """At most `length` terms."""
        if len(series.terms) <= self.length:
            return series
        return Series(series.terms[: self.length], series.terms[self.length][0])

    def sum(self, first: Series, second: Series) -> Series:
        """The sum, terms of equal growth added up, what the remainder covers dropped."""
        rest = self.larger(first.rest, second.rest)
        merged: list[Term] = list(first.terms)
        for growth, coefficient in second.terms:
            for place, (other, present) in enumerate(merged):
                order = self.compare(growth, other)
                if order == 0:
                    merged[place] = (other, self.plain(present + coefficient))
                    break
                if order > 0:
                    merged.insert(place, (growth, coefficient))
                    break
            else:
                merged.append((growth, coefficient))
        kept = tuple(term for term in merged if term[1] != 0 and (rest is None or self.compare(term[0], rest) > 0))
        return Series(kept, rest)

    def times(self, first: Series, second: Series) -> Series:
        """The product of two series."""
        first, second = self.shortened(first), self.shortened(second)
        result = Series((), None)
        for growth, coefficient in first.terms:
            row = tuple((self.product(growth, other), self.plain(coefficient * value)) for other, value in second.terms)
            result = self.sum(result, Series(row))
        rest: Growth | None = None
        for one, other in ((first, second), (second, first)):
            if one.rest is not None:
                if other.terms:
                    rest = self.larger(rest, self.product(one.rest, other.terms[0][0]))
                if other.rest is not None:
                    rest = self.larger(rest, self.product(one.rest, other.rest))
        return self.shortened(self.sum(result, Series((), rest)))

    def lead(self, series: Series) -> Term:
        """The first term, its coefficient proved not to vanish."""
        if not series.terms:
            if series.rest is None:
                raise Unsupported("zero has no leading term")
            raise Insufficient
        growth, coefficient = series.terms[0]
        if self.sign(coefficient) == 0:
            return self.lead(Series(series.terms[1:], series.rest))
        return growth, coefficient

    def relative(self, series: Series) -> tuple[Term, Series]:
        """(lead, delta) with series = lead * (1 + delta) and delta tending to zero."""
        growth, coefficient = self.lead(series)
        inverse = self.raised(growth, sympy.Integer(-1))
        start = next(place for place, term in enumerate(series.terms) if term[0] == growth) + 1
        terms = tuple((self.product(inverse, other), self.plain(value / coefficient)) for other, value in series.terms[start:])
        rest = None if series.rest is None else self.product(inverse, series.rest)
        return (growth, coefficient), Series(terms, rest)

    def power_series(self, delta: Series, coefficient: Callable[[int], Formula]) -> Series:
        """sum over k of coefficient(k) * delta**k, for delta tending to zero."""
        result, power = self.constant(coefficient(0)), self.constant(sympy.Integer(1))
        if not delta.terms and delta.rest is None:
            return result
        for index in range(1, self.length + 1):
            power = self.times(power, delta)
            factor = self.plain(coefficient(index))
            if factor != 0:
                result = self.sum(result, self.times(power, self.constant(factor)))
            if not power.terms and power.rest is None:
                return result
        largest = delta.terms[0][0] if delta.terms else delta.rest
        assert largest is not None
        return self.shortened(self.sum(result, Series((), self.raised(largest, sympy.Integer(self.length + 1)))))

    def raise_to(self, series: Series, power: Formula) -> Series:
        """series**power for a constant power; unless it is whole the series must be positive in the end."""
        if power.is_Integer and 0 <= power <= 6:
            result = self.constant(sympy.Integer(1))
            for _ in range(int(power)):
                result = self.times(result, series)
            return result
        if not series.terms and series.rest is None and power.is_positive:
            return series
        (growth, coefficient), delta = self.relative(series)
        if not power.is_Integer and self.sign(coefficient) < 0:
            raise Unsupported("a root of something negative")
        head = Series(((self.raised(growth, power), self.plain(coefficient**power)),))
        return self.times(head, self.power_series(delta, lambda index: sympy.ff(power, index) / sympy.factorial(index)))

    def logarithm(self, series: Series) -> Series:
        """log of a series that is positive in the end."""
        (growth, coefficient), delta = self.relative(series)
        if self.sign(coefficient) < 0 or growth.logs != 0:
            raise Unsupported("a logarithm of something negative or logarithmic")
        head = self.sum(Series(growth.exponent), self.constant(sympy.log(coefficient)))
        if growth.power != 0:
            head = self.sum(head, Series(((LOG, growth.power),)))
        tail = self.power_series(delta, lambda index: sympy.Integer(0) if index == 0 else sympy.Rational((-1) ** (index + 1), index))
        return self.shortened(self.sum(head, tail))

    def split(self, series: Series) -> tuple[tuple[Term, ...], Formula, Series]:
        """(unbounded terms, constant, what tends to zero); the remainder must tend to zero."""
        if series.rest is not None and self.size(series.rest) >= 0:
            raise Insufficient
        sizes = [self.size(growth) for growth, _ in series.terms]
        large = tuple(term for term, size in zip(series.terms, sizes, strict=True) if size > 0)
        constant = sympy.Add(*[value for (_, value), size in zip(series.terms, sizes, strict=True) if size == 0])
        small = tuple(term for term, size in zip(series.terms, sizes, strict=True) if size < 0)
        return large, constant, Series(small, series.rest)

    def exponential(self, series: Series) -> Series:
        """exp of a series."""
        large, constant, small = self.split(series)
        power = sympy.Add(*[value for growth, value in large if growth == LOG])
        growth = Growth(tuple(term for term in large if term[0] != LOG), self.plain(power))
        head = Series(((growth, self.plain(sympy.exp(constant))),))
        return self.times(head, self.power_series(small, lambda index: 1 / sympy.factorial(index)))

    def taylor(self, function: Callable[[Formula], Formula], constant: Formula, small: Series) -> Series:
        """function(constant + small) for a function that is analytic at the constant."""
        name = sympy.Dummy("z", real=True)

        def coefficient(index: int) -> Formula:
            return sympy.diff(function(name), name, index).subs(name, constant) / sympy.factorial(index)

        return self.power_series(small, coefficient)


__all__ = ["LOG", "ONE", "Calculus", "Growth", "Insufficient", "NotNormal", "Series", "Term", "Undetermined", "Unsupported"]
