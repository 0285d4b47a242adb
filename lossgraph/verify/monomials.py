"""Polynomials with fractions as coefficients, in named quantities: small, plain and fast enough for thousands of small cases."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]


def rational(number: Any) -> Fraction:
    """A SymPy fraction as Python's."""
    return Fraction(int(number.p), int(number.q))


def constant(value: Fraction) -> Polynomial:
    """A number."""
    return {(): value} if value else {}


def named(name: str, factor: Fraction = Fraction(1)) -> Polynomial:
    """A multiple of one quantity."""
    return {((name, 1),): factor} if factor else {}


def sum_of(*terms: Polynomial) -> Polynomial:
    """The sum."""
    total: dict[Monomial, int | Fraction] = {}
    for term in terms:
        for monomial, coefficient in _plain(term):
            total[monomial] = total.get(monomial, 0) + coefficient
    return _exact(total)


def product_of(*factors: Polynomial) -> Polynomial:
    """The product."""
    total: dict[Monomial, int | Fraction] = dict(_plain(factors[0])) if factors else {(): 1}
    for factor in factors[1:]:
        fresh: dict[Monomial, int | Fraction] = {}
        terms = _plain(factor)
        for one, a in total.items():
            for other, b in terms:
                monomial = _times(one, other)
                fresh[monomial] = fresh.get(monomial, 0) + a * b
        total = fresh
    return _exact(total)


def _plain(value: Polynomial) -> list[tuple[Monomial, int | Fraction]]:
    """The terms with whole coefficients as whole numbers, which Python adds and multiplies ten times as fast as fractions."""
    return [(monomial, coefficient.numerator if coefficient.denominator == 1 else coefficient) for monomial, coefficient in value.items()]


def _exact(value: dict[Monomial, int | Fraction]) -> Polynomial:
    return {monomial: Fraction(coefficient) for monomial, coefficient in value.items() if coefficient}


def _times(one: Monomial, other: Monomial) -> Monomial:
    if not one or not other:
        return one or other
    if one[-1][0] < other[0][0]:
        return one + other
    powers = dict(one)
    for name, power in other:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted(powers.items()))


def put(value: Polynomial, name: str, by: Polynomial) -> Polynomial:
    """`value` with a quantity replaced."""
    if not any(name == own for monomial in value for own, _ in monomial):
        return value
    terms: list[Polynomial] = []
    for monomial, coefficient in value.items():
        power = dict(monomial).get(name, 0)
        rest = tuple(item for item in monomial if item[0] != name)
        terms.append(product_of({rest: coefficient}, *[by] * power))
    return sum_of(*terms)


def linear(value: Polynomial) -> bool:
    """Whether a polynomial is affine."""
    return all(not monomial or (len(monomial) == 1 and monomial[0][1] == 1) for monomial in value)
