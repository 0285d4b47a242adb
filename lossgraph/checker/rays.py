"""Checks refutations of Lipschitz properties on two rays from one point: the values on them stay apart while the rays meet.

The point itself may lie outside the domain; both rays lie in it for 0 < t < 1. A Lipschitz formula is continuous on them and its values at distance t*|d - e|
come together, so their difference, 0 at t = 0, is continuous on [0, 1). One with a Lipschitz gradient is Lipschitz on every bounded part of a convex domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.checker.constants import truth
from lossgraph.checker.defined import check_defined
from lossgraph.checker.domain import read
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, parse
from lossgraph.checker.forms import alike
from lossgraph.checker.lines import inside, line_of, parameters_on, restricted, space_of
from lossgraph.checker.normal import normal
from lossgraph.checker.polynomials import UNIT
from lossgraph.checker.shape import prune, spans
from lossgraph.checker.signs import expect_keys
from lossgraph.checker.space import Interval

Certificate = Mapping[str, Any]
PLAIN = {"<", "<=", ">", ">=", "=="}


def question_on_rays(certificate: Certificate, proof: Certificate) -> Certificate:
    """The inner certificate, that the difference of the formula on the two rays is not continuous. Raises `Unreadable` where it is about something else."""
    expect_keys(proof, {"kind", "variable", "from", "directions", "given", "lengths", "question"})
    question: Certificate = proof["question"]
    refuted = certificate["holds"] is question["holds"] is False and certificate["status"] == question["status"] == "refuted"
    right = question["property"] == "continuous" and question["format"] == 1 and question["constant"] is None and certificate["constant"] is None
    if not refuted or not right or dict(question["roles"]) or question["proof"]["kind"] in {"line", "rays", "several"} or len(proof["directions"]) != 2:
        raise Unreadable("the question on the rays is another one")
    if certificate["property"] not in {"lipschitz", "lipschitz_gradient"}:
        raise Unreadable("a property that rays do not refute")
    variable = str(proof["variable"])
    if question["variables"] != variable or read(question["domain"])[1] or set(read(question["domain"])[0]) != {variable}:
        raise Unreadable("the rays are one interval")
    if spans(read(question["domain"])[0][variable]) != [(ZERO, ONE, False, True)]:
        raise Unreadable("the rays run from 0 to 1")
    values: list[Node] = []
    scalars: dict[str, Any] = {}
    for direction in proof["directions"]:
        ray = {**{name: proof[name] for name in ("variable", "given", "lengths")}, "at": proof["from"], "direction": direction}
        line = line_of(certificate, ray, {"variables": variable, "domain": f"{variable}: (0, 1)"})
        if line.settled:
            raise Unreadable("rays for some parameters refute nothing for all")
        scalars = inside(certificate, line)
        values.append(restricted(certificate, line, scalars))
    if certificate["property"] == "lipschitz_gradient" and not _convex(certificate, set(proof["from"])):
        raise Unreadable("a domain that is not seen to be convex")
    branches = parse(f"Piecewise((0, {variable} <= 0), (1, True))")
    gap: Node = ("add", values[0], ("neg", values[1]))
    last = branches[-1]
    expected: Node = (*branches[:-1], (last[0], gap, *last[2:]))
    shared = parameters_on(question, (names(values[0]) | names(values[1])) - {variable}, scalars)
    if not alike(parse(question["expression"]), expected):
        raise Unreadable("the formula on the rays is another one")
    return {**question, "expression": _worked_out(gap, variable, shared) or question["expression"]}


def _worked_out(gap: Node, variable: str, shared: Mapping[str, Any]) -> str | None:
    """The question's formula where the difference on the rays is one number, which it has no value for at t = 0 as it stands (t/t is 1 elsewhere)."""
    plain = prune(_decided(gap))
    over = space_of(shared).extended(variable, Interval(ZERO, ONE))
    form = normal(plain, over.positive())
    value = form.rational()
    check_defined(plain, over)
    return None if value is None else f"Piecewise((0, {variable} <= 0), ({value}, True))"


def _decided(node: Node) -> Node:
    """The tree without the branches of a Piecewise that numbers alone rule out."""
    if node[0] in {"number", "name"}:
        return node
    if node[0] != "Piecewise":
        return (node[0], *(_decided(child) for child in node[1:]))
    left = [branch for branch in node[1:] if names(branch[2]) or truth(branch[2])]
    if left and not names(left[0][2]):
        return _decided(left[0][1])
    return ("Piecewise", *((branch[0], _decided(branch[1]), branch[2]) for branch in left))


def _convex(certificate: Certificate, asked: set[str]) -> bool:
    """Whether the variables asked about, for fixed data and parameters, lie in one interval each, and every condition on them is affine, and no exclusion."""
    sets, conditions = read(certificate["domain"])
    if not all(sets.get(name, "real").strip() == "simplex" or len(spans(sets.get(name, "real"))) == 1 for name in asked):
        return False
    for text in conditions:
        node = parse(text)
        for operator, left, right in node[1:] if node[0] == "and" else (node,):
            if operator not in PLAIN or not _affine(("add", left, ("neg", right)), asked):
                return False
    return True


def _affine(node: Node, asked: set[str]) -> bool:
    """Whether a tree over numbers is affine in the names asked about. One with vectors is not seen to be (`Unreadable`)."""
    form = normal(node)
    if form.denominator is not UNIT and form.denominator != UNIT:
        return False
    for monomial in form.numerator:
        degree = 0
        for generator, power in monomial:
            if generator[0] != "symbol":
                return False
            if generator[1] in asked:
                degree += power if power == 1 else 2
        if degree > 1:
            return False
    return True
