"""Checks certificates of relations: the formula is read anew with the cards that it names, and every claim about it is confirmed (docs/relations.md).

That a card's own formula has a value on its domain is what its verdicts rest on; here every argument of a call has to lie in the domain of its slot, and the
formula around the calls has to have a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

from lossgraph.checker.calls import Quantity, Statement, calls_in, expand, has_limit
from lossgraph.checker.cells import Span
from lossgraph.checker.corners import by_corners
from lossgraph.checker.counterexamples import check_counterexample
from lossgraph.checker.defined import MEETS, strict_sign
from lossgraph.checker.demands import check_demand, misfit
from lossgraph.checker.everywhere import Field, check_claim
from lossgraph.checker.expression import ONE, Node, Unreadable, names, number, parse
from lossgraph.checker.forms import plain
from lossgraph.checker.instances import Builder, Instance, hull
from lossgraph.checker.normal import normal
from lossgraph.checker.shape import spans, unrooted
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, Space
from lossgraph.checker.tending import check_limits
from lossgraph.checker.totals import EveryLength, Totals

Question = Mapping[str, Any]
Parts = Mapping[str, Any]
FORMS = frozenset({"identity", "bound", "limit"})
MAX_PARTS = 64
PARTS = frozenset({"domains", "defined", "links", "limit", "type"})
# operator -> (which side is the larger one, the claim about larger minus smaller)
LINKS = {"==": (0, "= 0"), ">=": (0, ">= 0"), ">": (0, "> 0"), "<=": (1, ">= 0"), "<": (1, "> 0")}


def check_relation(question: Question) -> bool:
    """Whether the certificate shows that the relation is proved (refuted), as `status` says."""
    expect_keys(question, {"format", "type", "source", "target", "as", "when", "cards", "status", "certificate"})
    certificate, status = question["certificate"], question["status"]
    statement = expand(question["as"], question["when"], question["cards"])
    if certificate["statement"] != question["as"] or not _free(certificate["free"], statement):
        return False
    called = {call[1] for side in statement.sides for call in calls_in(side)}
    if not {question["source"], question["target"]} <= called:
        return False
    wrong = misfit(question["type"], statement, question["source"], question["target"])
    kind = certificate["kind"]
    if kind == "misfit":
        expect_keys(certificate, {"statement", "free", "kind", "reason"})
        return status == "refuted" and wrong is not None and certificate["reason"] == wrong
    if kind == "counterexample":
        return status == "refuted" and check_counterexample(certificate, statement)
    if status != "proved" or wrong is not None or kind not in FORMS or kind != form(statement):
        return False
    return _proved(question["type"], certificate, statement, (question["source"], question["target"]))


def form(statement: Statement) -> str:
    """The kind of certificate that a statement's form needs."""
    if any(has_limit(side) for side in statement.sides):
        return "limit"
    return "identity" if set(statement.operators) == {"=="} else "bound"


def _free(shown: Mapping[str, str], statement: Statement) -> bool:
    """Whether the certificate names the free names and what they range over."""
    return set(shown) == set(statement.quantities) and all(_ranges(shown[name], entry) for name, entry in statement.quantities.items())


def _ranges(text: str, quantity: Quantity) -> bool:
    text, _, length = text.partition(" of length ")
    if length != ("" if quantity.length is None else str(quantity.length)):
        return False
    if quantity.simplex:
        head, _, components = text.partition(", components in ")
        return head == "simplex" and tuple(spans(components or "[0, 1]")) == quantity.spans
    return tuple(spans(text)) == quantity.spans


def _proved(kind: str, certificate: Mapping[str, Any], statement: Statement, ends: tuple[str, str]) -> bool:
    head = {"statement", "free", "kind"}
    if not statement.has_vectors():
        expect_keys(certificate, head, PARTS)
        return _parts(kind, certificate, statement, Field.of(Builder(statement, 1).build()), ends)
    if "lengths" in certificate:
        expect_keys(certificate, head | {"lengths", "sums"}, PARTS)
        builder = EveryLength(statement, certificate["sums"])
        return certificate["lengths"] == "every" and _parts(kind, certificate, statement, Field.of(builder.build(), builder), ends)
    expect_keys(certificate, head | {"sizes"})
    wanted = [2, 3] if "K" in statement.lengths else [1, 2, 3]
    if [entry["size"] for entry in certificate["sizes"]] != wanted:
        return False
    for entry in certificate["sizes"]:
        expect_keys(entry, {"size"}, PARTS)
    return all(_parts(kind, entry, statement, Field.of(Builder(statement, entry["size"]).build()), ends) for entry in certificate["sizes"])


def _parts(kind: str, parts: Parts, statement: Statement, field: Field, ends: tuple[str, str]) -> bool:
    """The claims about one instance of the statement."""
    instance = field.instance
    obligations = parts.get("domains", [])
    if len(obligations) != len(instance.obligations):
        return False
    placed = all(_lies_in(node, allowed, claim, field) for (node, allowed), claim in zip(instance.obligations, obligations, strict=True))
    if not placed or not _defined(parts.get("defined", []), field):
        return False
    if any(has_limit(side) for side in statement.sides):
        right = "links" not in parts and check_limits(parts["limit"], statement, field)
    else:
        links = parts["links"]
        right = "limit" not in parts and len(links) == len(statement.operators)
        right = right and all(_link(operator, instance, place, links[place], field) for place, operator in enumerate(statement.operators))
    return right and check_demand(kind, parts.get("type"), statement, field, ends)


def _lies_in(node: Node, allowed: tuple[Span, ...], claim: Mapping[str, Any], field: Field) -> bool:
    """Whether an argument lies in one of the intervals, or is one of the numbers of a finite set."""
    if "claims" not in claim:
        product: Node = ONE
        for lower, upper, _, _ in allowed:
            if lower != upper:
                return False
            product = ("mul", product, ("add", node, ("neg", lower)))
        return len(allowed) > 1 and check_claim(product, "= 0", claim, field)
    expect_keys(claim, {"claims"})
    for lower, upper, lower_open, upper_open in allowed:
        gaps: list[tuple[Node, bool]] = []
        if lower != MINUS_OO:
            gaps.append((("add", node, ("neg", lower)), lower_open))
        if upper != OO:
            gaps.append((("add", upper, ("neg", node)), upper_open))
        if len(gaps) != len(claim["claims"]):
            continue
        if all(_tried(gap, "> 0" if opened else ">= 0", part, field) for (gap, opened), part in zip(gaps, claim["claims"], strict=True)):
            return True
    return False


def _tried(node: Node, wanted: str, claim: Mapping[str, Any], field: Field) -> bool:
    try:
        return check_claim(node, wanted, claim, field)
    except Unreadable:
        return False


def _defined(entries: list[Mapping[str, Any]], field: Field) -> bool:
    """Whether the formula around the calls has a value: each need is seen at once, or shown by an entry; each entry speaks of a need."""
    space = field.wide(field.hull(), {})
    settled = [_met(need, node, space, field) for need, node in field.instance.needs]
    for entry in entries:
        expect_keys(entry, {"condition", "claims"})
        condition = parse(entry["condition"])
        if len(entry["claims"]) != (len(condition) - 1 if condition[0] == "and" else 1):
            return False
        for part, claim in zip(condition[1:] if condition[0] == "and" else (condition,), entry["claims"], strict=True):
            if not _condition(part, claim, settled, field):
                return False
    return all(settled)


def _met(need: str, node: Node, space: Space, field: Field) -> bool:
    """Whether a need is seen at once."""
    if (strict_sign(node, space) or _largest(node, space)) in MEETS[need]:
        return True
    return _in_parts(need, node, field) or _by_corners(need, node, field)


def _in_parts(need: str, node: Node, field: Field) -> bool:
    """Whether a need is met in each part of the sets of the names, where one has a gap (`y != 0`)."""
    split = {name: field.sets[name] for name in sorted(names(node)) if len(field.sets.get(name, ())) > 1}
    if not split or prod(len(members) for members in split.values()) > MAX_PARTS:
        return False
    parts = ({**field.sets, **{name: [member] for name, member in zip(split, chosen, strict=True)}} for chosen in product(*split.values()))
    return all(strict_sign(node, replace(field, sets=part).wide(hull(part), {})) in MEETS[need] for part in parts)


def _by_corners(need: str, node: Node, field: Field) -> bool:
    """Whether a need is met since sums are sums of products of `v_i` and `1 - v_i`, which are not negative."""
    found = by_corners(node, field.totals) if isinstance(field.totals, Totals) else None
    return found is not None and strict_sign(*found) in MEETS[need]


def _largest(node: Node, space: Space) -> str | None:
    """The sign of a maximum of which one argument is not negative."""
    if node[0] != "Max":
        return None
    signs = {strict_sign(part, space) for part in node[1:]}
    return "+" if "+" in signs else ">=0" if signs & {"0", ">=0"} else None


def _condition(condition: Node, claim: Mapping[str, Any], settled: list[bool], field: Field) -> bool:
    """Whether a comparison is shown by its claim; the needs that it meets are settled."""
    operator, left, right = condition
    gap = field.own(("add", left, ("neg", right)))
    gap = ("neg", gap) if operator in {"<", "<="} else gap
    tries = {">": [(gap, "> 0")], "<": [(gap, "> 0")], ">=": [(gap, ">= 0")], "<=": [(gap, ">= 0")]}.get(
        operator, [(gap, "> 0"), (("neg", gap), "> 0"), (("pow", gap, number(2)), "> 0")] if operator == "!=" else []
    )
    if not any(claim.get("claim") == wanted and _tried(node, wanted, claim, field) for node, wanted in tries):
        return False
    space = field.wide(field.hull(), {})
    meets = {">": {"positive", "nonzero", "nonnegative"}, "<": {"positive", "nonzero", "nonnegative"}, "!=": {"nonzero"}}.get(operator, {"nonnegative"})
    found = [
        place for place, (need, node) in enumerate(field.instance.needs)
        if need in meets and (equal(node, gap, space) or (need == "nonzero" and _opposite(node, gap, space)))
    ]  # fmt: skip
    for place in found:
        settled[place] = True
    return bool(found)


def _opposite(first: Node, second: Node, space: Space) -> bool:
    return normal(("add", first, second), space.positive()).is_zero()


def _link(operator: str, instance: Instance, place: int, claim: Mapping[str, Any], field: Field) -> bool:
    if operator not in LINKS:
        return False
    larger, wanted = LINKS[operator]
    sides = (instance.side(place), instance.side(place + 1))
    large, small = sides[larger], sides[1 - larger]
    if "both" not in claim:
        return check_claim(("add", large, ("neg", small)), wanted, claim, field)
    expect_keys(claim, {"both"})
    small = plain(unrooted(small))
    if operator == "==" or small[0] != "Abs" or len(claim["both"]) != 2:  # |a| <= b is -b <= a <= b
        return False
    gaps: list[Node] = [("add", large, ("neg", small[1])), ("add", large, small[1])]
    return any(all(_tried(gap, wanted, part, field) for gap, part in zip(pair, claim["both"], strict=True)) for pair in (gaps, gaps[::-1]))
