"""Quotients in lower terms: factors that hold one symbol (or exponential) alone are cancelled, so that logarithms and powers of equal quotients agree."""

from __future__ import annotations

from fractions import Fraction

from lossgraph.checker.polynomials import UNIT, Generator, Monomial, Polynomial, Quotient, exact, order, sorted_monomial

MAX_DEGREE = 24
MAX_TERMS = 400
Coefficients = list[Fraction]  # from the constant up


def reduced(form: Quotient) -> Quotient:
    """The quotient without the factors in one generator that divide both numerator and denominator."""
    top, bottom = form.numerator, form.denominator
    if bottom is UNIT or len(top) + len(bottom) > MAX_TERMS:
        return form
    for generator in sorted({item for monomial in bottom for item, _ in monomial if item[0] in {"symbol", "exp"}}, key=order):
        first, second = _grouped(bottom, generator), _grouped(top, generator)
        if first is None or second is None:
            continue
        common: Coefficients = []
        for part in (*first[1].values(), *second[1].values()):
            common = _gcd(common, part)
            if len(common) == 1:
                break
        if len(common) > 1:
            bottom, top = (_assembled(part[0], {rest: _divided(value, common)[0] for rest, value in part[1].items()}, generator) for part in (first, second))
    return form if bottom is form.denominator else Quotient(top, bottom)


def _grouped(polynomial: Polynomial, generator: Generator) -> tuple[Fraction, dict[Monomial, Coefficients]] | None:
    """The least power of the generator, and by what else stands in a term the polynomial in the generator beside it; None where powers are no whole steps."""
    powers = {monomial: Fraction(dict(monomial).get(generator, 0)) for monomial in polynomial}
    least = min(powers.values(), default=Fraction(0))
    found: dict[Monomial, Coefficients] = {}
    for monomial, value in polynomial.items():
        step = powers[monomial] - least
        if step.denominator != 1 or step > MAX_DEGREE:
            return None
        part = found.setdefault(tuple(item for item in monomial if item[0] != generator), [])
        part.extend([Fraction(0)] * (int(step) + 1 - len(part)))
        part[int(step)] += value
    return least, found


def _assembled(least: Fraction, parts: dict[Monomial, Coefficients], generator: Generator) -> Polynomial:
    found: Polynomial = {}
    for rest, part in parts.items():
        for step, value in enumerate(part):
            if value:
                power = exact(least + step)
                found[sorted_monomial((*rest, (generator, power))) if power else rest] = exact(value)
    return found


def _trimmed(part: Coefficients) -> Coefficients:
    while part and not part[-1]:
        part = part[:-1]
    return part


def _divided(first: Coefficients, second: Coefficients) -> tuple[Coefficients, Coefficients]:
    """Quotient and remainder of two polynomials in one unknown."""
    rest, found = _trimmed(list(first)), [Fraction(0)] * max(len(first) - len(second) + 1, 1)
    while len(rest) >= len(second):
        factor, step = rest[-1] / second[-1], len(rest) - len(second)
        found[step] = factor
        rest = _trimmed([value - (factor * second[place - step] if place >= step else 0) for place, value in enumerate(rest)][:-1])
    return found, rest


def _gcd(first: Coefficients, second: Coefficients) -> Coefficients:
    first, second = _trimmed(first), _trimmed(second)
    while second:
        first, second = second, _divided(first, second)[1] if first else []
    return [value / first[-1] for value in first] if first else first
