"""Checks proofs about several variables, and about vectors of every length: that the formula has a value on its domain, and what the proof's rule needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lossgraph.checker.composition import NEEDED, Reader, check_composition
from lossgraph.checker.domain import read
from lossgraph.checker.elsewhere import positive_elsewhere, tangent
from lossgraph.checker.expression import Node, Unreadable, names, number, parse
from lossgraph.checker.minors import affine_quotient, hessian
from lossgraph.checker.quantities import is_closed_and_bounded, quantities, written_out
from lossgraph.checker.shape import spans
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.targets import mirror, value_at_target
from lossgraph.checker.termwise import termwise
from lossgraph.checker.values import ANALYTIC, CONTINUOUS, VALUE, Domain
from lossgraph.checker.vector_case import Case

Certificate = Mapping[str, Any]
DIFFERENTIABLE = frozenset({"differentiable", "continuously_differentiable", "twice_continuously_differentiable"})
SMOOTH = DIFFERENTIABLE | {"continuous"}
BOUNDED = frozenset({"bounded_below", "bounded_above"})
LIPSCHITZ = frozenset({"lipschitz", "lipschitz_gradient"})
CONVEX = frozenset({"convex", "strictly_convex", "strongly_convex"})
KEPT = SMOOTH | BOUNDED | {"nonnegative", "zero_at_target", "zero_only_at_target"}
BY_COMPONENTS = frozenset({
    "analytic", "continuous", "continuous on a closed bounded domain", "smooth on a closed bounded domain", "sign", "bound", "hessian",
})  # fmt: skip
"""Rules about all variables asked about together: vectors of a fixed length are as many numbers as they have components."""
IMPLIED = {"quasiconvex": "convex", "bounded_below": "nonnegative"}


def check_several(certificate: Certificate, proof: Mapping[str, Any]) -> bool:
    """Whether the proof shows the property, and everything in it is right."""
    rule = RULES.get(proof["rule"])
    if rule is None or certificate["status"] != "proved" or certificate["holds"] is not True:
        return False
    properties, level, check = rule
    if certificate["property"] not in properties:
        return False
    known, formula = quantities(certificate), parse(certificate["expression"])
    if proof["rule"] in BY_COMPONENTS and known.lengths and not known.named_lengths:
        known, formula = written_out(known, formula)
    case = Case(certificate, proof, known, Domain(known, Reader(known)), formula)
    if proof["rule"] not in {"composition", "implied", "substitution"}:
        case.read_sums()
        if not _same_formula(case) or not all(case.note(claim) for entry in proof.get("defined", ()) for claim in _claims_of(entry)):
            return False
    if level:
        case.domain.confirm(case.formula, level)
    return (certificate["constant"] is None or proof["rule"] == "term by term") and check(case)


def _claims_of(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The claims of one condition under which the formula has a value; a condition that is true says so by a number, of nothing."""
    expect_keys(entry, {"claims"})
    return [claim for claim in entry["claims"] if claim != {"by": "number"}]


def _composition(case: Case) -> bool:
    return check_composition(case.certificate, case.proof, case.known, case.domain.reader)


def _analytic(case: Case) -> bool:
    """What is analytic is smooth; the claims say of what, and have to be true."""
    expect_keys(case.proof, {"kind", "rule", "formula"}, {"sums", "claims", "defined"})
    return all(case.holds(claim) for claim in case.proof.get("claims", ()))


def _continuous(case: Case) -> bool:
    expect_keys(case.proof, {"kind", "rule", "formula", "continuous"}, {"sums", "defined"})
    return case.proof["continuous"] == "composition"


def _is_compact(case: Case, *, convex: bool) -> bool:
    """Whether the variables asked about lie in closed bounded sets, one interval each where it has to be convex, and nothing else restricts them."""
    known = case.known
    expected = {f"{name}_i" if name in known.vectors else name for name in known.asked}
    closed = all(is_closed_and_bounded(known.sets[name]) and (not convex or len(known.sets[name]) == 1) for name in known.asked)
    listed = sorted(case.proof["closed"]) == sorted(expected)
    return closed and listed and not any(known.varies(condition) for condition in known.conditions)


def _continuous_compact(case: Case) -> bool:
    """What is continuous is bounded on a compact set."""
    expect_keys(case.proof, {"kind", "rule", "formula", "closed", "continuous"}, {"sums", "defined"})
    return case.proof["continuous"] == "composition" and _is_compact(case, convex=False)


def _smooth_compact(case: Case) -> bool:
    """What is analytic has bounded derivatives on a compact set, and is Lipschitz, with its gradient, where the set is convex."""
    expect_keys(case.proof, {"kind", "rule", "formula", "closed"}, {"sums", "claims", "defined"})
    return _is_compact(case, convex=True) and all(case.holds(claim) for claim in case.proof.get("claims", ()))


def _sign(case: Case) -> bool:
    expect_keys(case.proof, {"kind", "rule", "formula", "claim"}, {"sums", "defined"})
    return case.shows(case.own_formula(), ">= 0", case.proof["claim"])


def _bound(case: Case) -> bool:
    """The formula is at most (at least) the bound."""
    expect_keys(case.proof, {"kind", "rule", "formula", "claim", "bound"}, {"sums", "defined"})
    bound, formula = parse(case.proof["bound"]), case.own_formula()
    if bound[0] != "number":
        return False
    below = case.certificate["property"] == "bounded_below"
    gap: Node = ("add", formula, ("neg", bound)) if below else ("add", bound, ("neg", formula))
    return case.shows(gap, ">= 0", case.proof["claim"])


def _implied(case: Case) -> bool:
    """What is convex is quasiconvex, what is nonnegative is bounded below; the proof of the stronger property is a certificate of the same question."""
    expect_keys(case.proof, {"kind", "rule", "by"})
    outer, inner = dict(case.certificate), dict(case.proof["by"])
    stronger = IMPLIED[outer["property"]]
    lengths = inner.pop("lengths", outer.get("lengths", {}))
    proof = inner.pop("proof")
    same = {key: value for key, value in outer.items() if key not in {"proof", "lengths"}} | {"property": stronger} == inner
    if not same or lengths != outer.get("lengths", {}) or proof["kind"] != "several" or proof["rule"] == "implied":
        return False
    return check_several({**outer, "property": stronger, "proof": proof}, proof)


def _substitution(case: Case) -> bool:
    """z, a real logit, stands only as sigmoid(z), which is smooth, rising, with bounded derivatives, and has all values in (0, 1): the certificate of the
    formula of p in its place, on (0, 1), says the same; Lipschitz on [0, 1] is kept by what is Lipschitz."""
    expect_keys(case.proof, {"kind", "rule", "variable", "by", "of"})
    known, outer, inner = case.known, dict(case.certificate), dict(case.proof["of"])
    name = case.proof["variable"]
    if known.asked != (name,) or case.proof["by"] != "sigmoid" or known.roles.get(name) != "logit" or name in known.simplices:
        return False
    placed = _without_sigmoid(case.formula, name)
    texts, conditions = read(inner["domain"])
    own, joint = read(outer["domain"])
    expected = {**dict.fromkeys(known.variables, "real"), **own}
    unit = "[0, 1]" if outer["property"] in LIPSCHITZ else "(0, 1)"
    if expected.get(name) != "real" or texts.get(name) != unit or any(known.varies(condition) for condition in known.conditions):
        return False
    alike = all(_members(texts.get(other, "real")) == _members(text) for other, text in expected.items() if other != name)
    same = alike and set(texts) <= set(expected) and sorted(map(parse, conditions), key=repr) == sorted(map(parse, joint), key=repr)
    hard = all(lower == upper for other in known.variables if known.roles.get(other) == "target" for lower, upper, _, _ in known.sets[other])
    roles = dict(outer["roles"]) if hard else {**dict(outer["roles"]), name: "probability"}
    proof = inner["proof"]
    rest = {key: value for key, value in inner.items() if key not in {"expression", "domain", "roles", "proof"}}
    kept = rest == {key: value for key, value in outer.items() if key not in {"expression", "domain", "roles", "proof"}}
    if not (same and kept and inner["roles"] == roles and parse(inner["expression"]) == placed and proof["kind"] == "several"):
        return False
    return proof["rule"] not in {"substitution"} and check_several(inner, proof)


def _members(text: str) -> Any:
    return text if text == "simplex" else spans(text)


def _without_sigmoid(node: Node, name: str) -> Node:
    """The tree with the name in the place of sigmoid(name). Raises `Unreadable` where the name stands elsewhere."""
    if node == parse(f"sigmoid({name})"):
        return ("name", name)
    if node == ("name", name):
        raise Unreadable("a logit beside its sigmoid")
    return node if node[0] in {"number", "name"} else (node[0], *(_without_sigmoid(child, name) for child in node[1:]))


def _same_formula(case: Case) -> bool:
    """Whether the proof's formula, with its sums put in, is the expression; a sum that it does not use is one of those that bound the others."""
    shown = parse(case.proof["formula"])
    allowed = {name for name, _ in case.basic().space.intervals} | set(case.shown)
    idle = [component for name, component in case.shown.items() if name not in names(shown)]
    if not names(shown) <= allowed or not all(_is_indicator(component, case) or case.occurs(component) for component in idle):
        return False
    return equal(case.own(shown), case.own_formula(), case.basic().over())


def _is_indicator(component: Node, case: Case) -> bool:
    """Whether a component is 0, 1, or a product of `v_i` and `1 - v_i`."""
    choices: list[Node] = [number(1)]
    for name in sorted(names(component)):
        vector: Node = ("name", name)
        choices = [("mul", known, factor) for known in choices for factor in (vector, ("add", number(1), ("neg", vector)))]
        if len(choices) > 64:
            return False
    return any(equal(component, choice, case.basic().space) for choice in (number(0), *choices))


Rule = tuple[frozenset[str], str, Callable[[Case], bool]]
# rule -> (the properties that it shows, what the formula has to be on the domain, what else it checks, the fields first)
RULES: dict[str, Rule] = {
    "composition": (frozenset(NEEDED), VALUE, _composition),
    "analytic": (SMOOTH, ANALYTIC, _analytic),
    "continuous": (frozenset({"continuous"}), CONTINUOUS, _continuous),
    "continuous on a closed bounded domain": (BOUNDED, CONTINUOUS, _continuous_compact),
    "smooth on a closed bounded domain": (LIPSCHITZ, ANALYTIC, _smooth_compact),
    "sign": (frozenset({"nonnegative"}), VALUE, _sign),
    "bound": (BOUNDED, VALUE, _bound),
    "mirror": (frozenset({"symmetric"}), VALUE, mirror),
    "value at the target": (frozenset({"zero_at_target"}), VALUE, value_at_target),
    "positive elsewhere": (frozenset({"zero_only_at_target"}), VALUE, positive_elsewhere),
    "tangent": (frozenset({"proper", "strictly_proper"}), VALUE, tangent),
    "substitution": (KEPT | LIPSCHITZ, "", _substitution),
    "hessian": (CONVEX - {"strongly_convex"}, ANALYTIC, hessian),
    "quotient of affine functions": (frozenset({"quasiconvex"}), VALUE, affine_quotient),
    "term by term": (CONVEX | LIPSCHITZ | DIFFERENTIABLE, VALUE, termwise),
    "implied": (frozenset(IMPLIED), "", _implied),
}
