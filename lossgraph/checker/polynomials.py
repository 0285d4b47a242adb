"""Quotients of Laurent polynomials with exact coefficients in generators: what the checker's normal form is made of.

A generator is a tuple (symbol, exp(term), base**term, log(base), a root of a sum, another function of a normal form); a monomial is generators with
their powers, in one fixed order; a polynomial gives monomials their coefficients. Numbers are whole numbers where they can be and fractions else, never
floats. Nothing here is changed once it is made, so parts are shared freely.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from lossgraph.checker.expression import Unreadable

Number = int | Fraction
Generator = tuple[Any, ...]
Monomial = tuple[tuple[Generator, Number], ...]
Polynomial = dict[Monomial, Number]
MAX_TERMS = 4000
MAX_POWER = 64
UNIT: Polynomial = {(): 1}


def exact(value: Number) -> Number:
    """The same number, whole where it can be. Raises `Unreadable` for a float, which would not be exact."""
    if type(value) is int:
        return value
    if not isinstance(value, Fraction):
        raise Unreadable("a number that is not exact")
    return value.numerator if value.denominator == 1 else value


def quotient_of(first: Number, second: Number) -> Number:
    """first / second, exactly."""
    return exact(Fraction(first) / second)


@lru_cache(maxsize=100_000)
def order(part: Any) -> str:
    """What generators, and monomials, are sorted by: one text for all equal ones."""
    return repr(part)


def _place(item: tuple[Any, Any]) -> str:
    return order(item[0])


class Quotient:
    """numerator / denominator, both polynomials in generators; equality by cross-multiplication."""

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: Polynomial, denominator: Polynomial | None = None) -> None:
        if denominator is None:
            denominator = UNIT
        if denominator is not UNIT:
            if not denominator:
                raise Unreadable("division by zero")
            if not numerator:  # 0 over anything
                denominator = UNIT
            elif len(denominator) == 1:  # a monomial goes into the numerator as negative powers
                ((monomial, coefficient),) = denominator.items()
                inverse = tuple((generator, -power) for generator, power in monomial)
                numerator = multiply_polynomials(numerator, {inverse: quotient_of(1, coefficient)})
                denominator = UNIT
        self.numerator, self.denominator = numerator, denominator

    def __add__(self, other: Quotient) -> Quotient:
        if not self.numerator or not other.numerator:
            return self if self.numerator else other
        if self.denominator is other.denominator or self.denominator == other.denominator:
            return Quotient(add_polynomials(self.numerator, other.numerator), self.denominator)
        top = add_polynomials(multiply_polynomials(self.numerator, other.denominator), multiply_polynomials(other.numerator, self.denominator))
        return Quotient(top, multiply_polynomials(self.denominator, other.denominator))

    def __mul__(self, other: Quotient) -> Quotient:
        return Quotient(multiply_polynomials(self.numerator, other.numerator), multiply_polynomials(self.denominator, other.denominator))

    def inverse(self) -> Quotient:
        """One divided by this."""
        return Quotient(self.denominator, self.numerator)

    def power(self, exponent: int) -> Quotient:
        """A whole power."""
        if abs(exponent) > MAX_POWER:
            raise Unreadable("a power is too large to expand")
        base, result = (self if exponent >= 0 else self.inverse()), constant(1)
        for _ in range(abs(exponent)):
            result = result * base
        return result

    def __neg__(self) -> Quotient:
        return Quotient({monomial: -value for monomial, value in self.numerator.items()}, self.denominator)

    def is_zero(self) -> bool:
        """Whether the expression is zero as a formal quotient, hence wherever it has a value."""
        return not self.numerator or not _without_root_divisors(self.numerator)

    def equals(self, other: Quotient) -> bool:
        """Whether the difference is zero."""
        if self.numerator == other.numerator and self.denominator == other.denominator:
            return True
        return (self + -other).is_zero()

    def rational(self) -> Fraction | None:
        """The value where this is a number; None else."""
        if not self.numerator:
            return Fraction(0)
        if len(self.numerator) == 1 and () in self.numerator and self.denominator == UNIT:
            return Fraction(self.numerator[()])
        return None

    def key(self) -> Any:
        """A hashable form, equal for equal numerators and denominators."""
        return (key_of(self.numerator), key_of(self.denominator))


def _without_root_divisors(polynomial: Polynomial) -> Polynomial:
    """The polynomial times the roots that stand in it with negative powers, so that root/P and 1/root can cancel."""
    for _ in range(6):
        least: dict[Generator, Number] = {}
        for monomial in polynomial:
            for generator, power in monomial:
                if generator[0] == "root" and power < 0:
                    least[generator] = min(power, least.get(generator, power))
        if not least:
            break
        polynomial = multiply_polynomials(polynomial, {sorted_monomial((generator, -power) for generator, power in least.items()): 1})
    return polynomial


def sorted_monomial(items: Iterable[tuple[Generator, Number]]) -> Monomial:
    """Generators with their powers in the order that monomials keep."""
    return tuple(sorted(items, key=_place))


def sorted_terms(polynomial: Polynomial) -> list[tuple[Monomial, Number]]:
    """The terms in one fixed order."""
    return list(polynomial.items()) if len(polynomial) < 2 else sorted(polynomial.items(), key=_place)


def first_monomial(polynomial: Polynomial) -> Monomial:
    """The monomial that comes first in that order."""
    return min(polynomial, key=order)


def key_of(polynomial: Polynomial) -> Any:
    """A hashable form of a polynomial; `dict(key)` gives it back."""
    return tuple(sorted_terms(polynomial))


def is_quotient_key(inner: Any) -> bool:
    """Whether what a generator exp(...) is of is the key of a quotient; else it is a monomial."""
    return len(inner) == 2 and all(isinstance(part, tuple) and all(isinstance(term[0], tuple) for term in part) for part in inner)  # pyright: ignore[reportUnknownVariableType]


def constant(value: Number) -> Quotient:
    """A number as a quotient."""
    value = exact(value)
    return Quotient({(): value}) if value else Quotient({})


def add_polynomials(first: Polynomial, second: Polynomial) -> Polynomial:
    """The sum."""
    total = dict(first)
    for monomial, value in second.items():
        known = total.get(monomial)
        if known is None:
            total[monomial] = value
        elif new := known + value:
            total[monomial] = new if type(new) is int else exact(new)
        else:
            del total[monomial]
    return total


def multiply_polynomials(first: Polynomial, second: Polynomial) -> Polynomial:
    """The product, roots of sums expanded where they reach a whole power."""
    if second is UNIT or first is UNIT:
        return first if second is UNIT else second
    if len(first) * len(second) > MAX_TERMS * 10:
        raise Unreadable("an expression has too many terms")
    total: Polynomial = {}
    for one, value in first.items():
        for other, factor in second.items():
            monomial, extra = merge(one, other)
            scaled = value * factor
            if extra is None:
                known = total.get(monomial)
                total[monomial] = scaled if known is None else known + scaled
                continue
            for product, new in multiply_polynomials({monomial: scaled}, dict(extra)).items():
                total[product] = total.get(product, 0) + new
    total = {monomial: value if type(value) is int else exact(value) for monomial, value in total.items() if value}
    if len(total) > MAX_TERMS:
        raise Unreadable("an expression has too many terms")
    return total


@lru_cache(maxsize=200_000)
def merge(one: Monomial, other: Monomial) -> tuple[Monomial, Any]:
    """The product of two monomials; a root that reaches a whole power of a sum is expanded, which leaves a polynomial (as its items) beside the monomial."""
    if (not one or not other) and not any(generator[0] == "root" and not 0 < power < 1 for generator, power in (*one, *other)):
        return one or other, None
    powers: dict[Generator, Number] = dict(one)
    for generator, power in other:
        powers[generator] = exact(powers[generator] + power) if generator in powers else power
    extra: Polynomial | None = None
    for generator in [generator for generator in powers if generator[0] == "root"]:
        whole = powers[generator].numerator // powers[generator].denominator
        if whole < 0 and len(generator[1]) == 1 and generator[1][0][0] == ():  # the root of a number: 1/sqrt(2) is sqrt(2)/2
            powers[generator] = exact(powers[generator] - whole)
            extra = multiply_polynomials(UNIT if extra is None else extra, {(): exact(Fraction(generator[1][0][1]) ** whole)})
        elif whole >= 1:
            if whole > MAX_POWER:
                raise Unreadable("a power is too large to expand")
            powers[generator] = exact(powers[generator] - whole)
            for _ in range(whole):
                extra = multiply_polynomials(UNIT if extra is None else extra, dict(generator[1]))
    kept = sorted_monomial((generator, power) for generator, power in powers.items() if power)
    return kept, None if extra is None else tuple(extra.items())
