"""Reads the cells of a parameter domain, and checks that they together are that domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.checker.constants import difference, sign_of
from lossgraph.checker.cover import Cover, inside
from lossgraph.checker.domain import read
from lossgraph.checker.expression import Node, Unreadable, names, parse, substitute
from lossgraph.checker.shape import spans
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space

Values = dict[str, Node]
Span = tuple[Node, Node, bool, bool]
LINE: Span = (MINUS_OO, OO, True, True)


def parameter_sets(certificate: Mapping[str, Any], variable: str) -> dict[str, list[Span]]:
    """The set of each parameter, and of each variable but the one asked about, as intervals. Raises `Unreadable` for conditions that tie several."""
    sets, conditions = read(certificate["parameters"])
    own, _ = read(certificate["domain"])
    for name in (name.strip() for name in str(certificate["variables"]).split(",")):
        own.setdefault(name, "real")
    found = {name: spans(text) for name, text in {**sets, **{name: text for name, text in own.items() if name != variable}}.items()}
    for condition in conditions:
        fold_conditions(condition, found)
    return found


def fold_conditions(condition: str, sets: dict[str, list[Span]]) -> None:
    """Cuts the set of a parameter by a comparison with a number."""
    node = parse(condition)
    for operator, left, right in node[1:] if node[0] == "and" else (node,):
        if left[0] != "name" or not names(left):
            left, right = right, left
            operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
        if left[0] != "name" or names(right):
            raise Unreadable(f"a condition on several parameters: {condition}")
        halves: dict[str, list[Span]] = {
            "<": [(MINUS_OO, right, True, True)],
            "<=": [(MINUS_OO, right, True, False)],
            ">": [(right, OO, True, True)],
            ">=": [(right, OO, False, True)],
            "==": [(right, right, False, False)],
            "!=": [(MINUS_OO, right, True, True), (right, OO, True, True)],
        }
        name = str(left[1])
        old = sets.get(name, [LINE])
        sets[name] = [part for one in old for half in halves[str(operator)] for part in meet(one, half)]


def order(first: Node, second: Node) -> int:
    """-1, 0 or 1: how two ends, which may be infinite, are ordered. Raises `Unreadable`."""
    if first == second:
        return 0
    if first == MINUS_OO or second == OO:
        return -1
    if first == OO or second == MINUS_OO:
        return 1
    found = sign_of(difference(first, second))
    if found is None:
        raise Unreadable("the order of two ends is not seen")
    return found


def meet(first: Span, second: Span) -> list[Span]:
    """What two intervals share: one interval, or none."""
    low = first if order(first[0], second[0]) > 0 or (order(first[0], second[0]) == 0 and first[2]) else second
    high = first if order(first[1], second[1]) < 0 or (order(first[1], second[1]) == 0 and first[3]) else second
    gap = order(low[0], high[1])
    return [(low[0], high[1], low[2], high[3])] if gap < 0 or (gap == 0 and not low[2] and not high[3]) else []


def read_cell(text: str, *, conditions: bool = False) -> dict[str, Span]:
    """The parameters of a cell, each in one interval; `name == value` is a point. Other conditions are left out, if `conditions` may stand there."""
    sets, texts = read(text)
    found: dict[str, Span] = {}
    for name, members in sets.items():
        parts = spans(members)
        if len(parts) != 1:
            raise Unreadable("a cell with a union")
        found[name] = parts[0]
    for condition in texts:
        node = parse(condition)
        if node[0] != "==" or node[1][0] != "name" or node[1][1] in found:
            if conditions:
                continue
            raise Unreadable(f"a condition in a cell: {condition}")
        found[node[1][1]] = (node[2], node[2], False, False)
    return found


def cell_space(text: str, *, conditions: bool = False) -> tuple[Space, Values]:
    """The free parameters of a cell in their intervals, and the values of the fixed ones."""
    cell = read_cell(text, conditions=conditions)
    space, fixed = Space(), {name: span[0] for name, span in cell.items() if span[0] == span[1]}
    for name, (lower, upper, lower_open, upper_open) in cell.items():
        if name not in fixed:
            ends = [substitute(end, fixed) if end not in (OO, MINUS_OO) else end for end in (lower, upper)]
            if not names(ends[0]) | names(ends[1]) <= {other for other, _ in space.intervals}:
                raise Unreadable("an end that names a later parameter")
            space = space.extended(name, Interval(ends[0], ends[1], lower_open, upper_open))
    if not all(names(value) <= {other for other, _ in space.intervals} for value in fixed.values()):
        raise Unreadable("a value that names a parameter with a value")
    return space, fixed


def together(cells: list[str], wanted: Mapping[str, list[Span]]) -> bool:
    """Whether the cells fill the product of the sets, each inside it and none empty."""
    return fill([read_cell(cell) for cell in cells], wanted)


def fill(cells: list[dict[str, Span]], wanted: Mapping[str, list[Span]]) -> bool:
    """The same, of cells that were read."""
    return all(set(cell) == set(wanted) for cell in cells) and Cover(cells, wanted).fills()


def merged(cells: list[dict[str, Span]]) -> list[dict[str, Span]]:
    """The cells, three that lie before, at and after an end that names other parameters being one: together they are the whole, whatever that end is."""
    for point in cells:
        name = next((name for name, (lower, upper, _, _) in point.items() if lower == upper and names(lower)), None)
        if name is None:
            continue
        end, rest = point[name][0], {other: span for other, span in point.items() if other != name}
        beside = [cell for cell in cells if cell is not point and {other: span for other, span in cell.items() if other != name} == rest]
        below = [cell for cell in beside if cell[name][1] == end and cell[name][3] and not names(cell[name][0])]
        above = [cell for cell in beside if cell[name][0] == end and cell[name][2] and not names(cell[name][1])]
        if len(below) == len(above) == 1:
            whole = (below[0][name][0], above[0][name][1], below[0][name][2], above[0][name][3])
            return merged([*(cell for cell in cells if cell is not point and cell not in (below[0], above[0])), {**rest, name: whole}])
    return cells


def within(cells: list[str], wanted: Mapping[str, list[Span]]) -> bool:
    """Whether every cell lies in the product of the sets, and none is empty."""
    found = [read_cell(cell) for cell in cells]
    return all(set(cell) == set(wanted) for cell in found) and inside(found, wanted)


def same_spans(first: list[Span], second: list[Span]) -> bool:
    """Whether two sets have the same intervals."""
    if len(first) != len(second):
        return False
    return all(span_within(one, other) and span_within(other, one) for one, other in zip(first, second, strict=True))


def span_within(inner: Span, outer: Span) -> bool:
    """Whether an interval lies in another."""
    low, high = order(outer[0], inner[0]), order(inner[1], outer[1])
    point = inner[0] == inner[1]
    below = low < 0 or (low == 0 and (not outer[2] or (inner[2] and not point)))
    above = high < 0 or (high == 0 and (not outer[3] or (inner[3] and not point)))
    return below and above
