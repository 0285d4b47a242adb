"""Checks proofs about several variables, and about vectors of every length: that the formula has a value on its domain, and what the proof's rule needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lossgraph.checker.cells import cell_space, together
from lossgraph.checker.composition import NEEDED, Reader, check_composition
from lossgraph.checker.defined import check_defined
from lossgraph.checker.domain import read
from lossgraph.checker.expression import Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.quantities import Quantities, quantities
from lossgraph.checker.signs import check_sign, equal, expect_keys
from lossgraph.checker.space import Space, implies, structure
from lossgraph.checker.sums import Sums, sum_interval
from lossgraph.checker.values import ANALYTIC, CONTINUOUS, VALUE, Domain

Certificate = Mapping[str, Any]
SMOOTH = frozenset({"continuous", "differentiable", "continuously_differentiable", "twice_continuously_differentiable"})
_CLAIMS = {"> 0": "+", ">= 0": ">=0", "= 0": "0"}


@dataclass
class Case:
    """A certificate with its proof, its formula, and what is known on the domain. `shown`: what the certificate's sums add up."""

    certificate: Certificate
    proof: Mapping[str, Any]
    known: Quantities
    domain: Domain
    formula: Node
    shown: dict[str, Node] = field(default_factory=dict[str, Node])

    def basic(self) -> Sums:
        """Sums of single monomials. Raises `Unreadable` for vectors of several lengths."""
        if self.domain.basic is None:
            raise Unreadable("vectors of several lengths, or of a fixed one")
        return self.domain.basic

    def own(self, node: Node) -> Node:
        """A tree in the certificate's sums, in the checker's own."""
        sums = self.basic()
        return substitute(node, {name: sums.total(component) for name, component in self.shown.items()})

    def agree(self, shown: Node, node: Node) -> bool:
        """Whether a tree in the certificate's sums is a tree of the formula language, in normal form."""
        first, second = self.own(shown), self.basic().read(node)
        return equal(first, second, self.basic().over())


def check_several(certificate: Certificate, proof: Mapping[str, Any]) -> bool:
    """Whether the proof shows the property, and everything in it is right."""
    rule = RULES.get(proof["rule"])
    if rule is None or certificate["status"] != "proved" or certificate["holds"] is not True:
        return False
    properties, level, fields, check = rule
    if certificate["property"] not in properties:
        return False
    known = quantities(certificate)
    case = Case(certificate, proof, known, Domain(known, Reader(known)), parse(certificate["expression"]))
    if proof["rule"] != "composition":
        expect_keys(proof, {"kind", "rule", "formula"} | fields, {"sums", "claims"})
        case.shown = _sums(proof, known)
        if certificate["constant"] is not None or not _same_formula(case) or not all(_claim(claim, case) for claim in proof.get("claims", ())):
            return False
    case.domain.confirm(case.formula, level)
    return check(case)


def _composition(case: Case) -> bool:
    return check_composition(case.certificate, case.proof, case.known, case.domain.reader)


def _analytic(case: Case) -> bool:
    """What is analytic is smooth."""
    return True


def _continuous(case: Case) -> bool:
    return case.proof["continuous"] == "composition"


def _sums(proof: Mapping[str, Any], known: Quantities) -> dict[str, Node]:
    """What the certificate's sums add up, by their names. Raises `Unreadable`."""
    found = {name: _component(text) for name, text in dict(proof.get("sums", {})).items()}
    allowed = {f"{name}_i" if name in known.vectors else name for name in known.sets}
    if any(not name.startswith("S") or not names(component) <= allowed for name, component in found.items()):
        raise Unreadable("a sum of what is not declared")
    return found


def _component(text: str) -> Node:
    if not text.startswith("sum of "):
        raise Unreadable("what is summed is not said")
    return parse(text.removeprefix("sum of "))


def _same_formula(case: Case) -> bool:
    """Whether the proof's formula, with its sums put in, is the expression; a sum that it does not use is one of those that bound the others."""
    shown = parse(case.proof["formula"])
    allowed = {name for name, _ in case.basic().space.intervals} | set(case.shown)
    idle = [component for name, component in case.shown.items() if name not in names(shown)]
    return all(_is_indicator(component, case) for component in idle) and names(shown) <= allowed and case.agree(shown, case.formula)


def _is_indicator(component: Node, case: Case) -> bool:
    """Whether a component is 1, or a product of `v_i` and `1 - v_i`."""
    choices: list[Node] = [number(1)]
    for name in sorted(names(component)):
        vector: Node = ("name", name)
        choices = [("mul", known, factor) for known in choices for factor in (vector, ("add", number(1), ("neg", vector)))]
        if len(choices) > 64:
            return False
    return any(equal(component, choice, case.basic().space) for choice in choices)


def _claim(claim: Mapping[str, Any], case: Case) -> bool:
    """A claim about the sums: a number's sign, or a sign proof in each cell of what the claim speaks of."""
    node, sign = parse(claim["expression"]), _CLAIMS[claim["claim"]]
    if claim["by"] == "number":
        expect_keys(claim, {"by", "claim", "expression"})
        found = structure(node, Space())
        return not names(node) and found is not None and implies(found, sign)
    expect_keys(claim, {"by", "claim", "expression", "cells"})
    if claim["by"] != "sign":
        raise Unreadable(f"unknown kind {claim['by']!r}")
    space = case.known.space()
    intervals = {**dict(space.intervals), **{name: sum_interval(component, space) for name, component in case.shown.items()}}
    cells = [cell["cell"] for cell in claim["cells"]]
    mentioned = {name for text in cells for name in read(text)[0]} | names(node)
    wanted = {name: [(one.lower, one.upper, one.lower_open, one.upper_open)] for name, one in intervals.items() if name in mentioned}
    if not mentioned <= set(intervals) or not together(cells, wanted):
        return False
    for cell in claim["cells"]:
        expect_keys(cell, {"cell", "sign", "proof"})
        over, fixed = cell_space(cell["cell"])
        if fixed or not implies(cell["sign"], sign):
            return False
        check_defined(node, over)
        if not check_sign(node, cell["sign"], cell["proof"], over):
            return False
    return True


Rule = tuple[frozenset[str], str, frozenset[str], Callable[[Case], bool]]
# rule -> (the properties that it shows, what the formula has to be, its fields beside kind, rule, formula, sums and claims, what it checks)
RULES: dict[str, Rule] = {
    "composition": (
        frozenset(NEEDED), VALUE, frozenset(), _composition,
    ),
    "analytic": (SMOOTH, ANALYTIC, frozenset(), _analytic),
    "continuous": (frozenset({"continuous"}), CONTINUOUS, frozenset({"continuous"}), _continuous),
}  # fmt: skip
