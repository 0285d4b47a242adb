"""Checks formulas of several variables or vectors against themselves: with two variables swapped or one mirrored, and at the target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.checker.cells import Span
from lossgraph.checker.domain import LINKS
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, parse, substitute
from lossgraph.checker.normal import condition_key, normal
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, structure
from lossgraph.checker.vector_case import Case

_TRUE = {">": {"+"}, ">=": {"+", ">=0", "0"}, "<": {"-"}, "<=": {"-", "<=0", "0"}, "==": {"0"}, "!=": {"+", "-"}}


def mirror(case: Case) -> bool:
    """Unchanged under f(-x) in one variable, under swapping two; on a domain that is unchanged as well."""
    expect_keys(case.proof, {"kind", "rule", "formula", "claim"}, {"sums", "defined"})
    known, swapped = case.known, _swapped(case)
    if swapped is None:
        name = known.asked[0]
        if name in known.simplices or not _mirrors_itself(known.sets[name]):
            return False
        changed: dict[str, Node] = {name: ("neg", ("name", name))}
    else:
        first, second = swapped
        if not _same_kind(case, first, second):
            return False
        changed = {first: ("name", second), second: ("name", first)}
    if {substitute(condition, changed) for condition in known.conditions} != set(known.conditions):
        return False
    other = case.basic().read(substitute(case.formula, changed))
    return case.shows(("add", other, ("neg", case.own_formula())), "= 0", case.proof["claim"])


def _swapped(case: Case) -> tuple[str, str] | None:
    """The two variables that are swapped: the first two asked about; or one vector asked about and data of the same kind in the first two places."""
    known = case.known
    if len(known.asked) > 1:
        return known.asked[0], known.asked[1]
    first, second = [*known.variables, ""][:2]
    vectors = second in known.sets and first in known.vectors and set(known.asked) <= {first, second}
    return (first, second) if vectors and _same_kind(case, first, second) else None


def _same_kind(case: Case, first: str, second: str) -> bool:
    known = case.known
    alike = known.lengths.get(first) == known.lengths.get(second) and (first in known.simplices) == (second in known.simplices)
    return alike and known.sets[first] == known.sets[second]


def _mirrors_itself(members: tuple[Span, ...]) -> bool:
    """Whether a set is its own mirror image."""
    for first, other in zip(members, reversed(members), strict=True):
        infinite = MINUS_OO in first[:2] or OO in first[:2] or MINUS_OO in other[:2] or OO in other[:2]
        if first[2] != other[3] or first[3] != other[2]:
            return False
        for end, opposite in ((first[0], other[1]), (first[1], other[0])):
            if infinite and (end in (OO, MINUS_OO) or opposite in (OO, MINUS_OO)):
                if {end, opposite} != {OO, MINUS_OO}:
                    return False
            elif not normal(("add", end, opposite)).is_zero():
                return False
    return True


def value_at_target(case: Case) -> bool:
    """The formula is 0 where the prediction equals the target, which lies in the domain; or every target is 0 or 1, and its logit no number."""
    more = {"combined", "positive", "claims"} if case.proof["rule"] == "positive elsewhere" else set[str]()
    if "target" in case.proof:
        expect_keys(case.proof, {"kind", "rule", "formula", "target"}, {"sums", "defined"})
        return is_outside(case)
    expect_keys(case.proof, {"kind", "rule", "formula", "claim", "inside"} | more, {"sums", "defined"})
    known = case.known
    if len(known.asked) != 1:
        return False
    name = known.asked[0]
    target = target_of(case)
    case.domain.confirm(target)
    if not _lies_in(target, name, case) or not _stays_inside(target, name, case):
        return False
    own = case.basic().read(target)
    if not lies_in(own, known.sets[name], case.proof["inside"], case):
        return False
    value = case.basic().read(_vanishing(substitute(case.formula, {name: target}), case))
    return case.shows(value, "= 0", case.proof["claim"])


def is_outside(case: Case) -> bool:
    """Whether the certificate says that the target is no number, which is so for the logit of what is 0 or 1."""
    known = case.known
    targets = [name for name, role in known.roles.items() if role == "target"]
    logit = len(known.asked) == 1 and known.roles.get(known.asked[0]) == "logit" and "residual" not in known.roles.values()
    hard = len(targets) == 1 and all(lower == upper and lower in {ZERO, ONE} for lower, upper, _, _ in known.sets[targets[0]])
    return case.proof["target"] == "outside" and logit and hard


def target_of(case: Case) -> Node:
    """Where the loss should be zero: at 0 for a residual, else where the prediction is the variable or parameter of role target. Raises `Unreadable`."""
    known, roles = case.known, case.known.roles
    name = known.asked[0]
    if "residual" in roles.values():
        if roles.get(name) != "residual":
            raise Unreadable("the residual is another variable")
        return ("mul", ZERO, ("name", name)) if name in known.vectors else ZERO
    targets = [other for other, role in sorted(roles.items()) if role == "target"]
    if len(targets) != 1 or (name in known.vectors) != (targets[0] in known.vectors):
        raise Unreadable("no target")
    return substitute(parse(LINKS.get(roles.get(name, ""), "{y}").format(y=targets[0])), {})


def _lies_in(target: Node, name: str, case: Case) -> bool:
    """Whether the target lies in the set of the prediction: in one interval by its bounds, or as a variable whose set is part of it; a simplex needs one."""
    known = case.known
    if name in known.simplices and not (target[0] == "name" and target[1] in known.simplices):
        return False
    if target[0] == "name" and set(known.sets[target[1]]) <= set(known.sets[name]):
        return True
    values = case.domain.reader.facts(target).values
    for lower, upper, lower_open, upper_open in known.sets[name]:
        if any(end[0] != "number" and end not in (OO, MINUS_OO) for end in (lower, upper)):
            continue
        low, high = (None if end in (OO, MINUS_OO) else end[1] for end in (lower, upper))
        above = not (lower_open and low is not None and values.low == low and not values.over)
        beneath = not (upper_open and high is not None and values.high == high and not values.under)
        if values.within(low, high) and above and beneath:
            return True
    return False


def _stays_inside(target: Node, name: str, case: Case) -> bool:
    """Whether the joint conditions hold at the target as well: each becomes one that is there already, or true."""
    known, sums = case.known, case.basic()
    for operator, left, right in known.conditions:
        if not known.varies((operator, left, right)):
            continue
        placed = (operator, *(sums.read(substitute(side, {name: target})) for side in (left, right)))
        keys = [condition_key(condition, sums.space.positive()) for condition in case.conditions()]
        gap: Node = ("add", placed[1], ("neg", placed[2]))
        if condition_key(placed, sums.space.positive()) not in keys and structure(gap, sums.over()) not in _TRUE[str(operator)]:
            return False
    return True


def lies_in(node: Node, allowed: tuple[Span, ...], entry: Mapping[str, Any], case: Case) -> bool:
    """Whether the claims of a certificate say of a number that it lies in one of the intervals, or is one of the numbers of a finite set."""
    if "claims" not in entry:
        product: Node = ("number", ZERO[1] + 1)
        for lower, _, _, _ in allowed:
            product = ("mul", product, ("add", node, ("neg", lower)))
        return all(lower == upper for lower, upper, _, _ in allowed) and case.shows(product, "= 0", entry)
    expect_keys(entry, {"claims"})
    for lower, upper, lower_open, upper_open in allowed:
        gaps: list[tuple[Node, bool]] = [] if lower == MINUS_OO else [(("add", node, ("neg", lower)), lower_open)]
        gaps += [] if upper == OO else [(("add", upper, ("neg", node)), upper_open)]
        if len(gaps) != len(entry["claims"]):
            continue
        tried = (_tried(gap, "> 0" if opened else ">= 0", claim, case) for (gap, opened), claim in zip(gaps, entry["claims"], strict=True))
        if all(tried):
            return True
    return False


def _tried(node: Node, wanted: str, claim: Mapping[str, Any], case: Case) -> bool:
    try:
        return case.shows(node, wanted, claim)
    except Unreadable:
        return False


def _vanishing(node: Node, case: Case) -> Node:
    """The tree with every power of 0 to a positive exponent that is no number written as 0."""
    if node[0] in {"number", "name", "index"}:
        return node
    node = (node[0], *(_vanishing(child, case) for child in node[1:]))
    if node[0] == "pow" and node[2][0] != "number" and case.domain.reader.facts(node[2]).sign() == "+" and _is_zero(node[1], case):
        return ZERO
    return node


def _is_zero(node: Node, case: Case) -> bool:
    try:
        return equal(case.basic().read(node), ZERO, case.basic().over())
    except Unreadable:
        return False
