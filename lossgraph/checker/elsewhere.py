"""Checks proofs that look at one component away from its target: zero at the target only, and properness of vectors of probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.checker.cells import Span
from lossgraph.checker.everywhere import Field, check_claim
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.instances import Instance
from lossgraph.checker.minors import components_asked
from lossgraph.checker.normal import differentiate, normal
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.targets import is_outside, target_of, value_at_target
from lossgraph.checker.trees import monomial_tree, polynomial_tree
from lossgraph.checker.vector_case import Case

Claims = list[Mapping[str, Any]]


def positive_elsewhere(case: Case) -> bool:
    """Zero at the target. The formula is positive as soon as one of the sums `positive` is; and what these add up is positive away from the target.

    Each of these sums adds up what is nonnegative; where a component is not its target, one of them is positive.
    """
    expect_keys(case.proof, {"kind", "rule", "formula", "combined", "claims"}, {"sums", "defined", "positive", "target", "claim", "inside"})
    known, claims = case.known, list(case.proof["claims"])
    shown: dict[str, str] = dict(case.proof["combined"])
    if len(known.asked) != 1 or not known.vectors:
        return False
    if "target" in case.proof:  # nothing equals the target
        alone = not {"positive", "claim", "inside"} & set(case.proof) and len(claims) == 1 and is_outside(case)
        return alone and check_claim(case.own_formula(), "> 0", claims[0], case.combined_field(shown))
    used = list(case.proof["positive"])
    if not used or len(set(used)) != len(used) or not set(used) <= set(shown) or len(claims) != len(used) + 2 or not value_at_target(case):
        return False
    for name, claim in zip(used, claims, strict=False):
        if not check_claim(case.own_formula(), "> 0", claim, case.combined_field(shown, name)):
            return False
    whole: Node = ("add", ZERO, *(parse(shown[name].removeprefix("sum of ")) for name in used))
    component, target = next(iter(components_asked(case))), case.basic().read(target_of(case))
    return _on_both_sides(case, whole, "> 0", component, target, claims[-2:], {})


def _on_both_sides(case: Case, node: Node, wanted: str, component: str, other: Node, claims: Claims, extra: Mapping[str, list[Span]]) -> bool:
    """Whether claims show the sign of what one component contributes, where it is above another quantity and where it is below."""
    sets = {f"{name}_i" if name in case.known.vectors else name: list(members) for name, members in case.known.sets.items()}
    for operator, claim in zip((">", "<"), claims, strict=True):
        instance = Instance({}, [], [], [], {}, [], [], frozenset(), {})
        if not check_claim(node, wanted, claim, Field(instance, {**sets, **extra}, [(operator, ("name", component), other)])):
            return False
    return True


def tangent(case: Case) -> bool:
    """The expected loss is the formula with the outcome's probabilities q in the outcome's place, being affine in it. Less its value at p = q it is the sum of
    h(p_i, q_i) = l(p_i, q_i) - l(q_i, q_i) + m*(p_i - q_i), p and q having the same sum; h >= 0, and > 0 where p_i is not q_i for strictly proper."""
    expect_keys(case.proof, {"kind", "rule", "formula", "multiplier", "component", "claims"}, {"sums", "defined"})
    known = case.known
    outcomes = [name for name in known.variables if known.roles.get(name) == "outcome"]
    if len(known.asked) != 1 or len(outcomes) != 1 or not {known.asked[0], outcomes[0]} <= known.weights:
        return False
    p, y, q = f"{known.asked[0]}_i", f"{outcomes[0]}_i", "q_i"
    single = all(_holds(known.sets[outcomes[0]], value) for value in (ZERO, ONE))
    if q == p or ("q" in known.sets and q != y) or not single or known.roles.get(known.asked[0]) != "probability":
        return False
    share, space = _share(case, y), case.basic().space
    if not equal(differentiate(differentiate(share, y), y), ZERO, space):
        return False
    inner = known.interval(known.asked[0])
    loss, wide = substitute(share, {y: ("name", q)}), space.narrowed(q, inner) if q == y else space.extended(q, inner)
    stated, factor = parse(case.proof["component"]), parse(case.proof["multiplier"])
    gap: Node = ("add", ("name", p), ("neg", ("name", q)))
    wanted: Node = ("add", loss, ("neg", substitute(loss, {p: ("name", q)})), ("mul", factor, gap))
    if names(factor) & {f"{name}_i" for name in known.vectors} or not equal(stated, wanted, wide):
        return False
    sign = "> 0" if case.certificate["property"] == "strictly_proper" else ">= 0"
    return _on_both_sides(case, wanted, sign, p, ("name", q), list(case.proof["claims"]), {q: list(known.sets[known.asked[0]])})


def _holds(members: tuple[Span, ...], value: Node) -> bool:
    """Whether a set with rational ends holds a number."""
    for lower, upper, lower_open, upper_open in members:
        if lower[0] == upper[0] == "number":
            above = lower[1] < value[1] or (lower == value and not lower_open)
            beneath = value[1] < upper[1] or (upper == value and not upper_open)
            if above and beneath:
                return True
    return False


def _share(case: Case, outcome: str) -> Node:
    """What one component contributes to a combination of sums, powers of the outcome (0 or 1) being the outcome. Raises `Unreadable` for other formulas."""
    sums = case.basic()
    form = normal(case.own_formula(), sums.over().positive())
    if names(polynomial_tree(form.denominator)) & set(sums.found):
        raise Unreadable("a quotient of sums")
    divisor: Node = ("pow", polynomial_tree(form.denominator), number(-1))
    shares: list[Node] = [ZERO]
    for monomial, value in form.numerator.items():
        held = [item for item in monomial if names(monomial_tree((item,))) & set(sums.found)]
        if not held:
            continue
        if len(held) > 1 or held[0][0][0] != "symbol" or held[0][1] != 1:
            raise Unreadable("no combination of sums")
        rest = tuple(item for item in monomial if item is not held[0])
        shares.append(("mul", monomial_tree(rest, value), divisor, _own_powers(sums.found[held[0][0][1]], outcome, case)))
    return ("add", *shares)


def _own_powers(component: Node, outcome: str, case: Case) -> Node:
    form = normal(component, case.basic().space.positive())
    terms: list[Node] = [ZERO]
    for monomial, value in form.numerator.items():
        terms.append(monomial_tree(tuple((g, 1 if g == ("symbol", outcome) and power >= 1 else power) for g, power in monomial), value))
    whole: Node = ("add", *terms)
    return ("mul", whole, ("pow", polynomial_tree(form.denominator), number(-1)))
