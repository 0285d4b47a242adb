"""Checks convexity by the minors of a Hessian, worked out anew, and quasiconvexity of quotients of affine functions."""

from __future__ import annotations

from itertools import combinations

from lossgraph.checker.composition import convex_domain
from lossgraph.checker.defined import ratio_of
from lossgraph.checker.expression import Node, Unreadable, names, number, parse
from lossgraph.checker.normal import differentiate, normal
from lossgraph.checker.polynomials import Polynomial
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.trees import monomial_tree, polynomial_tree
from lossgraph.checker.vector_case import Case

LARGEST = 3


def hessian(case: Case) -> bool:
    """Convex: all principal minors are nonnegative. Strictly convex: the leading ones are positive. On a convex domain, of numbers."""
    expect_keys(case.proof, {"kind", "rule", "formula", "smooth", "minors"}, {"sums", "defined"})
    asked = case.known.asked
    if case.known.vectors or len(asked) > LARGEST or not convex_domain(case.known, case.domain.reader):
        return False
    smooth = case.proof["smooth"]
    expect_keys(smooth, {"rule"}, {"claims"})
    if smooth["rule"] != "analytic" or not all(case.holds(claim) for claim in smooth.get("claims", ())):
        return False
    if case.certificate["property"] == "strictly_convex":
        chosen, wanted = [tuple(range(size)) for size in range(1, len(asked) + 1)], "> 0"
    else:
        chosen, wanted = [rows for size in range(1, len(asked) + 1) for rows in combinations(range(len(asked)), size)], ">= 0"
    matrix = [[_short(differentiate(differentiate(case.formula, first), second)) for second in asked] for first in asked]
    minors = case.proof["minors"]
    if len(minors) != len(chosen):
        return False
    return all(case.shows(_determinant([[matrix[i][j] for j in rows] for i in rows]), wanted, claim) for rows, claim in zip(chosen, minors, strict=True))


def _short(node: Node) -> Node:
    """A second derivative without products by 0 and 1."""
    if node[0] in {"number", "name"}:
        return node
    parts = [_short(child) for child in node[1:]]
    if node[0] == "mul":
        return number(0) if number(0) in parts else ("mul", *parts)
    return ("add", number(0), *(part for part in parts if part != number(0))) if node[0] == "add" else (node[0], *parts)


def _determinant(rows: list[list[Node]]) -> Node:
    if len(rows) == 1:
        return rows[0][0]
    terms: list[Node] = []
    for place, entry in enumerate(rows[0]):
        minor = _determinant([row[:place] + row[place + 1 :] for row in rows[1:]])
        term: Node = ("mul", entry, minor)
        terms.append(term if place % 2 == 0 else ("neg", term))
    return ("add", *terms)


def affine_quotient(case: Case) -> bool:
    """N/D with N and D affine and D > 0: N/D <= t where N - t*D <= 0, a half-space. On a convex domain."""
    expect_keys(case.proof, {"kind", "rule", "formula", "denominator"}, {"sums", "defined"})
    if not convex_domain(case.known, case.domain.reader):
        return False
    claim = case.proof["denominator"]
    divisor = case.own(parse(claim["expression"]))
    if not case.shows(divisor, "> 0", claim):
        return False
    space = case.basic().over()
    whole, bottom = normal(case.own_formula(), space.positive()), normal(divisor, space.positive())
    top = whole * bottom
    if top.denominator != normal(number(1)).denominator:  # numerator/divisor as it stands, the divisor being a multiple of D
        if ratio_of(normal(polynomial_tree(whole.denominator), space.positive()), bottom) is None:
            return False
        top = normal(polynomial_tree(whole.numerator), space.positive())
    return is_affine(top.numerator, case) and bottom.denominator == normal(number(1)).denominator and is_affine(bottom.numerator, case)


def is_affine(polynomial: Polynomial, case: Case) -> bool:
    """Whether a polynomial is affine in the variables asked about: each term has one of them, or one sum of what is affine in its components, at most once."""
    moving = moving_names(case)
    for monomial in polynomial:
        parts = [item for item in monomial if names(monomial_tree((item,))) & moving]
        if len(parts) > 1 or any(generator[0] != "symbol" or power != 1 for generator, power in parts):
            return False
    asked = components_asked(case)
    for name in moving - asked:
        component = case.basic().found[name]
        for first in asked & names(component):
            for second in asked & names(component):
                if not equal(differentiate(differentiate(component, first), second), number(0), case.basic().space):
                    return False
    return True


def components_asked(case: Case) -> set[str]:
    """The numbers, and the generic components of vectors, that the property is about."""
    return {f"{name}_i" if name in case.known.vectors else name for name in case.known.asked}


def moving_names(case: Case) -> set[str]:
    """These, and the sums that hold them."""
    asked = components_asked(case)
    moving = set(asked)
    for name, component in case.basic().found.items():  # a sum may name sums that were met before it
        if names(component) & moving:
            if any(other in moving for other in names(component) & set(case.basic().found)):
                raise Unreadable("a sum within a sum")
            moving.add(name)
    return moving
