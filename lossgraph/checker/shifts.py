"""A claim about all values of a real number, after something free of it is added to it: the same claim about the shifted formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lossgraph.checker.cells import LINE
from lossgraph.checker.defined import check_defined
from lossgraph.checker.expression import Node, Unreadable, names, parse, substitute
from lossgraph.checker.normal import normal
from lossgraph.checker.signs import expect_keys
from lossgraph.checker.trees import tree

if TYPE_CHECKING:
    from lossgraph.checker.everywhere import Field

_ARITHMETIC = frozenset({"add", "mul", "neg"})


def shifted(node: Node, claim: Mapping[str, Any], field: Field) -> Node:
    """The formula with `symbol` + `amount` for `symbol`, which is any number: each is at each point what the other is at another. Raises `Unreadable`."""
    expect_keys(claim, {"by", "claim", "symbol", "amount", "of"})
    name, amount = str(claim["symbol"]), parse(claim["amount"])
    space = field.wide(field.hull(), {})
    if field.totals is not None or field.stated is not None or field.sets.get(name) != [LINE]:
        raise Unreadable("a shift of what is not any number")
    if any(name in names(condition) for condition in field.conditions) or name in names(amount) or not names(amount) <= set(field.sets):
        raise Unreadable("a shift by what depends on the number, or of what a condition ties")
    check_defined(amount, space)
    return _worked_out(substitute(node, {name: ("add", ("name", name), amount)}), space.positive())


def _worked_out(node: Node, positive: frozenset[str]) -> Node:
    """The tree with sums and products without functions in normal form, so that what cancels is gone."""
    if node[0] in {"number", "name"}:
        return node
    if _is_polynomial(node):
        return tree(normal(node, positive))
    return (node[0], *(_worked_out(child, positive) for child in node[1:]))


def _is_polynomial(node: Node) -> bool:
    if node[0] in {"number", "name"}:
        return node not in {("name", "oo"), ("name", "True"), ("name", "False")}
    if node[0] == "pow":
        return _is_polynomial(node[1]) and node[2][0] == "number" and node[2][1].denominator == 1 and node[2][1] > 0
    return node[0] in _ARITHMETIC and all(_is_polynomial(child) for child in node[1:])
