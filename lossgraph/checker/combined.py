"""Sums of which the certificate says the sign of what they add up (`T0_`): put together from several, so that terms of both signs make one that has a sign."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from lossgraph.checker.expression import ONE, Node, Unreadable, names, number, substitute
from lossgraph.checker.normal import normal
from lossgraph.checker.polynomials import Polynomial, Quotient
from lossgraph.checker.quantities import Quantities
from lossgraph.checker.space import Space, structure
from lossgraph.checker.trees import monomial_tree, polynomial_tree, tree


def component_sign(node: Node, known: Quantities, space: Space) -> str | None:
    """The sign (+ or >=0) of what is added up, for all components: for each value of those that are 0 or 1, by its form, as a square, or by exp(u) >= 1 + u."""
    signs = [_sign(part, space) for part in _instances(node, known)]
    return None if any(sign not in {"+", ">=0", "0"} for sign in signs) else "+" if set(signs) == {"+"} else ">=0"


def _instances(node: Node, known: Quantities) -> Iterator[Node]:
    binary = sorted(known.binary & names(node))
    for values in product((0, 1), repeat=len(binary)):
        yield substitute(node, {name: number(value) for name, value in zip(binary, values, strict=True)})


def _sign(node: Node, space: Space) -> str | None:
    """The sign of one instance. Raises nothing: None where it is open."""
    try:
        form = normal(node, space.positive())
    except Unreadable:
        return structure(node, space)
    for shown in (node, tree(form)):
        found = structure(shown, space)
        if found is not None:
            return found
    if form.denominator != normal(ONE).denominator:
        return None
    if _is_sum_of_squares(form.numerator, space):
        return ">=0"
    lower = _tangents(form.numerator, space)
    return None if lower is None or lower == form.numerator else ">=0" if _sign(polynomial_tree(lower), space) in {"+", ">=0", "0"} else None


def _is_sum_of_squares(polynomial: Polynomial, space: Space) -> bool:
    """a*x**2 + b*x + c with a > 0 and 4*a*c - b**2 >= 0 for a symbol x."""
    for name in sorted(names(polynomial_tree(polynomial))):
        parts: dict[int, Polynomial] = {}
        for monomial, value in polynomial.items():
            inside = [(generator, power) for generator, power in monomial if name in names(monomial_tree(((generator, power),)))]
            if len(inside) > 1 or any(generator != ("symbol", name) or power not in (1, 2) for generator, power in inside):
                parts = {}
                break
            degree = int(inside[0][1]) if inside else 0
            parts.setdefault(degree, {})[tuple(item for item in monomial if item not in inside)] = value
        if 2 not in parts:
            continue
        a, b, c = (polynomial_tree(parts.get(degree, {})) for degree in (2, 1, 0))
        gap: Node = ("add", ("mul", number(4), a, c), ("neg", ("pow", b, number(2))))
        form = normal(gap, space.positive())
        if structure(a, space) == "+" and (form.is_zero() or structure(tree(form), space) in {"+", ">=0"}):
            return True
    return False


def _tangents(polynomial: Polynomial, space: Space) -> Polynomial | None:
    """1 + u in the place of exp(u) where a positive number multiplies it: not more."""
    total = Quotient({})
    for monomial, value in polynomial.items():
        term = Quotient({monomial: value})
        if monomial and value > 0 and all(generator[0] == "exp" for generator, _ in monomial):
            exponent = normal(("log", tree(Quotient({monomial: 1}))), space.positive())
            term = Quotient({(): value}) * (Quotient({(): 1}) + exponent)
        total = total + term
    return total.numerator if total.denominator == normal(ONE).denominator else None
