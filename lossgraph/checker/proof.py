"""Checks a whole certificate: that the question is well formed, that every claim in the proof holds, and that together they settle the property."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.checker.cells import cell_space, parameter_sets, together, within
from lossgraph.checker.claims import Facts, read_claims
from lossgraph.checker.domain import LINKS, contains, is_quantified, read
from lossgraph.checker.expression import FUNCTIONS, Node, Unreadable, names, parse, substitute
from lossgraph.checker.lines import question_on_line
from lossgraph.checker.properties import RULES
from lossgraph.checker.ranges import ORDERS, constant_is
from lossgraph.checker.rays import question_on_rays
from lossgraph.checker.several import check_several
from lossgraph.checker.shape import read_shape
from lossgraph.checker.signs import expect_keys
from lossgraph.checker.special import SPECIAL, Question
from lossgraph.checker.witness import KINDS, about_the_domain, check_witness

Certificate = Mapping[str, Any]
FIELDS = {"format", "property", "expression", "variables", "domain", "parameters", "roles", "holds", "status", "constant", "proof"}
RESERVED = (FUNCTIONS - {"gamma"}) | {"pi", "E", "oo", "True", "False", "q_", "t_"}
NEEDED_ROLES = {"redescending": "residual", "classification_calibrated": "margin"}
# the highest derivative that a proof of a property speaks of, where that is not the second
HIGHEST = {
    **dict.fromkeys(("continuous", "bounded_below", "bounded_above"), 0),
    **dict.fromkeys(("differentiable", "continuously_differentiable", "lipschitz", "quasiconvex", "monotone", "nonnegative", "redescending"), 1),
}
EXPECTED = {"proved": {True}, "refuted": {False}, "depends": {True, False}, "undecided": {False}}


def check_proof(certificate: Certificate) -> bool:
    """Whether the proof settles what the certificate says. A witness shows that the property fails for an allowed parameter, and no more."""
    expect_keys(certificate, FIELDS, {"lengths"})
    proof, status = certificate["proof"], certificate["status"]
    if status not in EXPECTED or certificate["holds"] is not (status == "proved") or (certificate["constant"] is not None and status != "proved"):
        return False
    names_of(certificate)
    if proof["kind"] in KINDS:
        free = not proof["parameters"] and not certificate["parameters"].strip()
        alone = status == "undecided" or (status == "refuted" and (free or about_the_domain(certificate, proof)))
        return alone and check_witness(certificate, proof)
    if proof["kind"] == "several":
        return check_several(certificate, proof)
    if proof["kind"] == "line":
        return check_proof(question_on_line(certificate, proof))
    if proof["kind"] == "rays":
        return check_proof(question_on_rays(certificate, proof))
    if proof["kind"] not in {"pieces", "cells"} or "lengths" in certificate:
        return False
    cells = _cells(certificate)
    variables = {cell["variable"] for cell in cells}
    if len(variables) != 1 or not _asked(certificate, next(iter(variables))):
        return False
    texts = [cell["cell"] for cell in cells]
    wanted = parameter_sets(certificate, cells[0]["variable"])
    if certificate["property"] in {"proper", "strictly_proper"}:
        wanted.pop(_outcome(certificate) or "", None)  # the risk averages over the outcome
    if not (within(texts, wanted) if status == "undecided" else together(texts, wanted)):
        return False
    verdicts = {cell["holds"] for cell in cells}
    return verdicts == EXPECTED[status] and all(_check_cell(certificate, cell) for cell in cells)


def _cells(certificate: Certificate) -> list[Certificate]:
    proof = certificate["proof"]
    if proof["kind"] == "cells":
        expect_keys(proof, {"kind", "cells"}, {"example"})
    cells: list[Certificate] = list(proof["cells"]) if proof["kind"] == "cells" else [proof]
    for cell in cells:
        expect_keys(cell, {"kind", "variable", "shape", "claims", "cell", "holds"}, {"example"})
        if cell["kind"] != "pieces" or type(cell["holds"]) is not bool:
            raise Unreadable("a cell of another kind")
    for example in (part["example"] for part in {id(part): part for part in (proof, *cells)}.values() if "example" in part):
        if certificate["status"] != "refuted" or example["kind"] not in KINDS or not check_witness(certificate, example):
            raise Unreadable("an example that is none")
    return cells


def names_of(certificate: Certificate) -> list[str]:
    """The variables; every name of the question is declared, and none is one that the checker or the language uses itself. Raises `Unreadable`."""
    variables = [name.strip() for name in str(certificate["variables"]).split(",")]
    parameters, _ = read(certificate["parameters"])
    sets, conditions = read(certificate["domain"])
    lengths = dict(certificate.get("lengths", {}))
    free: frozenset[str] = frozenset().union(*(names(parse(condition)) for condition in read(certificate["parameters"])[1]))
    declared = {*variables, *parameters, *free}
    if len(set(variables)) != len(variables) or declared & RESERVED or set(variables) & (set(parameters) | free):
        raise Unreadable("a name is declared twice, or reserved")
    if not set(lengths) <= declared or any(not (type(length) is int or str(length).isidentifier()) for length in lengths.values()):
        raise Unreadable("a length of no name, or that is none")
    declared |= {length for length in lengths.values() if isinstance(length, str)}
    if not set(sets) <= set(variables) or not set(dict(certificate["roles"])) <= declared or any(not names(parse(text)) <= declared for text in conditions):
        raise Unreadable("a name that is not declared")
    return variables


def _asked(certificate: Certificate, variable: str) -> bool:
    """Whether the variable is the one that the property is about."""
    roles = dict(certificate["roles"])
    asked = [name for name in names_of(certificate) if not is_quantified(roles.get(name))]
    role = NEEDED_ROLES.get(certificate["property"])
    return asked == [variable] and (role is None or roles.get(variable) == role)


def _check_cell(certificate: Certificate, cell: Certificate) -> bool:
    """One part of the parameter domain."""
    variable = cell["variable"]
    sets, conditions = read(certificate["domain"])
    if conditions:
        raise Unreadable("conditions that tie the variable to others")
    property_id = certificate["property"]
    outcome = _outcome(certificate) if property_id in {"proper", "strictly_proper"} else None
    if outcome is not None and not all(contains(sets.get(outcome, "real"), parse(value)) for value in ("0", "1")):
        return False
    space, fixed = cell_space(cell["cell"])
    formula = substitute(parse(certificate["expression"]), fixed)
    if not names(formula) <= {variable, *(name for name, _ in space.intervals), *({outcome} if outcome else ())}:
        raise Unreadable("a name that is not declared")
    domain = sets.get(variable, "real")
    special = SPECIAL.get(property_id)
    if special is not None:
        target = _target(certificate, variable, fixed)
        return certificate["constant"] is None and special(Question(formula, variable, domain, space, target, property_id, outcome), cell, cell["holds"])
    rule = RULES.get(property_id)
    if rule is None:
        return False
    shape = read_shape(cell["shape"], formula, variable, domain, space)
    if any(claim.get("order", 0) > HIGHEST.get(property_id, 2) for claim in cell["claims"]):
        return False
    facts = read_claims(cell["claims"], shape)
    facts.derive = not cell["holds"]  # a proof names every limit that it uses; a refutation, what fails
    return rule(shape, facts, cell["holds"]) and _constant(certificate, facts, fixed)


def _constant(certificate: Certificate, facts: Facts, fixed: dict[str, Node]) -> bool:
    constant = certificate["constant"]
    if constant is None:
        return True
    return certificate["property"] in ORDERS and constant_is(certificate["property"], constant, facts, fixed)


def _target(certificate: Certificate, variable: str, fixed: dict[str, Node]) -> Node | None:
    roles = dict(certificate["roles"])
    if "residual" in roles.values():
        return parse("0") if roles.get(variable) == "residual" else None
    named = [name for name, role in sorted(roles.items()) if role == "target"]
    if len(named) != 1:
        return None
    return substitute(parse(LINKS.get(roles.get(variable, ""), "{y}").format(y=named[0])), fixed)


def _outcome(certificate: Certificate) -> str | None:
    return next((name for name, role in sorted(dict(certificate["roles"]).items()) if role == "outcome"), None)
