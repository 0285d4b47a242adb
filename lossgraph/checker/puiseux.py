"""Leading terms at a finite point, with exponents that may hold parameters: the function is h**E*(C + o(1)) as h, the distance from the point, tends to 0.

What is analytic at the point is read off its derivatives there; sums, products, powers, logarithms and exponentials of such are put together.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import factorial

from lossgraph.checker.defined import smooth
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, number, substitute
from lossgraph.checker.growth import POWER, Leading, T
from lossgraph.checker.normal import differentiate, normal
from lossgraph.checker.signs import equal
from lossgraph.checker.space import Space, structure
from lossgraph.checker.trees import tree

MAX_ORDER = 4
_ENTIRE = frozenset({"exp", "erf", "erfc", "atan", "sin", "cos", "tanh", "sinh", "cosh"})


@dataclass(frozen=True)
class Term:
    """h**exponent*(coefficient + o(1)); the coefficient may vanish, unless its sign is seen."""

    coefficient: Node
    exponent: Node


def leading_at(function: Node, space: Space) -> Leading:
    """The leading term of a function of h (the name `T`) as h tends to 0 from above, as growth in 1/h. Raises `Unreadable`."""
    found = _Local(space).term(function)
    exponent = normal(found.exponent, space.positive())
    size = -_sign_of(tree(exponent), space)
    return Leading(tree(normal(found.coefficient, space.positive())), ((POWER, -exponent),) if not exponent.is_zero() else (), size)


def _sign_of(node: Node, space: Space) -> int:
    if equal(node, ZERO, space):
        return 0
    sign = structure(node, space)
    if sign not in {"+", "-"}:
        raise Unreadable("which power is larger hangs on a parameter")
    return 1 if sign == "+" else -1


@dataclass(frozen=True)
class _Local:
    space: Space

    def analytic(self, node: Node) -> bool:
        """Whether a tree is seen to be analytic at h = 0."""
        try:
            smooth(substitute(node, {T: ZERO}), self.space)
        except Unreadable:
            return False
        return True

    def taylor(self, node: Node) -> Term:
        """The first derivative at h = 0 that is not 0 in normal form."""
        for order in range(MAX_ORDER + 1):
            value = substitute(node, {T: ZERO})
            if not equal(value, ZERO, self.space):
                return Term(("mul", value, number(Fraction(1, factorial(order)))), number(order))
            node = differentiate(node, T)
        raise Unreadable("a zero of high order")

    def term(self, node: Node) -> Term:
        """The leading term of a tree in h and parameters."""
        if T not in names(node):
            return Term(node, ZERO)
        if self.analytic(node):
            return self.taylor(node)
        match node[0]:
            case "neg":
                inner = self.term(node[1])
                return Term(("neg", inner.coefficient), inner.exponent)
            case "add":
                return self.total(node)
            case "mul":
                terms = [self.term(child) for child in node[1:]]
                return Term(("mul", *(term.coefficient for term in terms)), ("add", ZERO, *(term.exponent for term in terms)))
            case "pow" if T not in names(node[2]):
                return self.power(self.term(node[1]), node[2])
            case "log":
                return self.logarithm(node[1])
            case kind if kind in _ENTIRE and len(node) == 2:
                inner = self.term(node[1])
                size = _sign_of(inner.exponent, self.space)
                if size < 0:
                    raise Unreadable("a function of what grows")
                return Term((kind, ZERO if size else inner.coefficient), ZERO)
            case kind:
                raise Unreadable(f"{kind} has no leading term here")

    def total(self, node: Node) -> Term:
        """The terms of the smallest exponent together. What is analytic is taken as one term, where nothing can vanish unseen."""
        children = list(_flat(node))
        regular = [child for child in children if self.analytic(child)]
        terms = [self.term(child) for child in children if child not in regular]
        together: Node = ("add", ZERO, *regular)
        if not equal(together, ZERO, self.space):
            terms.append(self.term(together))
        best = terms[0]
        for other in terms[1:]:
            gap: Node = ("add", other.exponent, ("neg", best.exponent))
            size = _sign_of(gap, self.space)
            if size == 0:
                best = Term(("add", best.coefficient, other.coefficient), best.exponent)
            elif size < 0:
                best = other
        return best

    def power(self, base: Term, exponent: Node) -> Term:
        sign = structure(base.coefficient, self.space)
        whole = exponent[0] == "number" and exponent[1].denominator == 1
        if sign != "+" and not (whole and (exponent[1] > 0 or sign == "-")):
            raise Unreadable("a power of what may vanish or be negative")
        return Term(("pow", base.coefficient, exponent), ("mul", base.exponent, exponent))

    def logarithm(self, inside: Node) -> Term:
        """log(u) where u tends to a positive number; where it tends to 1, log(u) = (u - 1)*(1 + o(1))."""
        inner = self.term(inside)
        if not equal(inner.exponent, ZERO, self.space) or structure(inner.coefficient, self.space) != "+":
            raise Unreadable("a logarithm of what tends to no positive number")
        if equal(inner.coefficient, ONE, self.space):
            return self.term(("add", inside, ("neg", ONE)))
        return Term(("log", inner.coefficient), ZERO)


def _flat(node: Node) -> list[Node]:
    """The terms of a sum, those of sums in it too."""
    if node[0] == "add":
        return [part for child in node[1:] for part in _flat(child)]
    if node[0] == "neg":
        return [("neg", part) for part in _flat(node[1])]
    return [node]
