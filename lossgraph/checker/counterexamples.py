"""Checks the point at which a relation's formula is said to fail: it lies in all domains, and a link between two sides is false there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from lossgraph.checker.calls import Statement, has_limit
from lossgraph.checker.cells import Span
from lossgraph.checker.constants import difference, evaluate, fraction, resolve, sign_of, truth
from lossgraph.checker.expression import Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.instances import Builder
from lossgraph.checker.signs import expect_keys
from lossgraph.checker.space import MINUS_OO, OO

FALSE = {"==": {-1, 1}, "!=": {0}, "<": {0, 1}, "<=": {1}, ">": {-1, 0}, ">=": {-1}}


def check_counterexample(certificate: Mapping[str, Any], statement: Statement) -> bool:
    """Whether the point refutes the statement, and the values shown are those of the sides there."""
    vectors = statement.has_vectors()
    expect_keys(certificate, {"statement", "free", "kind", "point", "left", "operator", "right"} | ({"size"} if vectors else set[str]()))
    size = certificate.get("size", 1)
    if any(has_limit(side) for side in statement.sides) or type(size) is not int or not 1 <= size <= 8:
        return False
    instance = Builder(statement, size).build()
    setting = _setting(certificate["point"], statement, size)
    if set(setting) < set(instance.sets) or not all(_inside(setting[name], members) for name, members in instance.sets.items()):
        return False
    if not all(truth(substitute(condition, setting)) for condition in instance.conditions):
        return False
    if not all(_inside(substitute(node, setting), list(allowed)) for node, allowed in instance.obligations):
        return False
    if not all(_meets(need, sign_of(substitute(node, setting))) for need, node in instance.needs):
        return False
    sides = [substitute(instance.side(place), setting) for place in range(len(statement.sides))]
    return any(
        certificate["operator"] == operator and sign_of(difference(sides[place], sides[place + 1])) in FALSE[operator]
        and _shows(certificate["left"], sides[place]) and _shows(certificate["right"], sides[place + 1])
        for place, operator in enumerate(statement.operators)
    )  # fmt: skip


def _setting(point: Mapping[str, Any], statement: Statement, size: int) -> dict[str, Node]:
    """The free numbers' values. Raises `Unreadable` for what is not exact, of another length, or no point of a simplex."""
    if set(point) != set(statement.quantities):
        raise Unreadable("a point gives each free name once")
    found: dict[str, Node] = {}
    for name, quantity in statement.quantities.items():
        written = point[name]
        if (quantity.length is None) != isinstance(written, str):
            raise Unreadable("a number is a text, a vector a list")
        parts = [_exact(part) for part in ([written] if isinstance(written, str) else written)]
        if quantity.length is None:
            found[name] = parts[0]
            continue
        if len(parts) != (quantity.length if isinstance(quantity.length, int) else size):
            raise Unreadable("a vector of another length")
        if quantity.simplex and (sum(part[1] for part in parts) != 1 or not all(_inside(part, list(quantity.spans)) for part in parts)):
            raise Unreadable("no point of the simplex")
        found.update({f"{name}_{place}": part for place, part in enumerate(parts)})
    return found


def _exact(text: Any) -> Node:
    node = parse(text)
    if node[0] != "number":
        raise Unreadable("a point is an exact fraction")
    return node


def _inside(node: Node, members: list[Span]) -> bool:
    """Whether a constant lies in one of the intervals. Raises `Unreadable` where that cannot be told."""
    return any(_beyond(node, lower, lower_open, 1) and _beyond(node, upper, upper_open, -1) for lower, upper, lower_open, upper_open in members)


def _beyond(node: Node, end: Node, opened: bool, direction: int) -> bool:
    if end in (OO, MINUS_OO):
        return (end == MINUS_OO) == (direction == 1)
    side = sign_of(difference(node, end))
    if side is None:
        raise Unreadable("the order of two numbers cannot be told")
    return side * direction > 0 or (side == 0 and not opened)


def _meets(need: str, sign: int | None) -> bool:
    return sign in {"positive": {1}, "nonzero": {-1, 1}, "nonnegative": {0, 1}}[need]


def _shows(text: str, node: Node) -> bool:
    """Whether a text is the value: a fraction, or a ball `[middle +/- radius]` that holds it and is no wider than a millionth of it (and one)."""
    if names(node):
        return False
    if not text.startswith("["):
        exact = parse(text)
        return exact[0] == "number" and sign_of(difference(node, exact)) == 0
    middle, _, radius = text.strip("[]").partition(" +/- ")
    centre, width = _decimal(middle), _decimal(radius)
    value = evaluate(resolve(node), 256)
    low, high = number(centre - width), number(centre + width)
    holds = sign_of(difference(node, low)) in {0, 1} and sign_of(difference(high, node)) in {0, 1}
    return holds and width <= Fraction(1, 10**6) * (abs(centre) + 1) and bool(value.is_finite()) and fraction(node) is None


def _decimal(text: str) -> Fraction:
    return Fraction(text)
