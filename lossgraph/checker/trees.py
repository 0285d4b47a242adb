"""Normal forms written back as trees, so that their signs can be read off and symbols be put in."""

from __future__ import annotations

from typing import Any

from lossgraph.checker.expression import ONE, Node, Unreadable, number
from lossgraph.checker.polynomials import UNIT, Generator, Monomial, Number, Polynomial, Quotient, is_quotient_key, sorted_terms


def tree(form: Quotient) -> Node:
    """A tree with this normal form."""
    top = polynomial_tree(form.numerator)
    return top if form.denominator == UNIT else ("mul", top, ("pow", polynomial_tree(form.denominator), number(-1)))


def polynomial_tree(polynomial: Polynomial) -> Node:
    """A sum of monomials as a tree."""
    terms = [monomial_tree(monomial, value) for monomial, value in sorted_terms(polynomial)]
    return terms[0] if len(terms) == 1 else ("add", *terms) if terms else number(0)


def monomial_tree(monomial: Monomial, value: Number = 1) -> Node:
    """A coefficient times powers of generators as a tree."""
    parts: list[Node] = [] if value == 1 and monomial else [number(value)]
    for generator, power in monomial:
        inner = _generator_tree(generator)
        parts.append(inner if power == 1 else _raised(inner, power))
    return parts[0] if len(parts) == 1 else ("mul", *parts)


def _raised(inner: Node, power: Number) -> Node:
    if inner[0] == "exp":
        return ("exp", ("mul", number(power), inner[1]))
    if inner[0] == "pow":
        return ("pow", inner[1], ("mul", number(power), inner[2]) if inner[2][0] != "number" else number(inner[2][1] * power))
    return ("pow", inner, number(power))


def _polynomial(key: Any) -> Polynomial:
    return dict(key)


def _quotient(key: Any) -> Node:
    return tree(Quotient(_polynomial(key[0]), _polynomial(key[1])))


def _generator_tree(generator: Generator) -> Node:
    kind = generator[0]
    match kind:
        case "symbol":
            return ("name", generator[1])
        case "pi":
            return ("name", "pi")
        case "exp":
            inner = generator[1]
            return ("exp", _quotient(inner) if is_quotient_key(inner) else monomial_tree(inner) if inner else ONE)
        case "over":
            return ("pow", polynomial_tree(_polynomial(generator[1])), number(-1))
        case "log":
            return ("log", _quotient((generator[1], generator[2])))
        case "root":
            return ("pow", polynomial_tree(_polynomial(generator[1])), ONE)  # the power that stands beside the generator is put in by `_raised`
        case "power":
            return ("pow", polynomial_tree(_polynomial(generator[1])), monomial_tree(generator[2]))
        case "sin" | "cos" | "asin" | "acos" | "atan" | "erf" | "loggamma" | "gamma" | "Abs":
            return (kind, _quotient(generator[1]))
        case "polygamma":
            return ("polygamma", _quotient(generator[1]), _quotient(generator[2]))
        case "Max" | "Min":
            return (kind, *(_quotient(key) for key in generator[1:]))
        case _:
            raise Unreadable(f"{kind} is not written back")
