"""Checks `limit(one(z, gamma=g), g, 0) = other(z)`: from every side, for each fixed value of the other names, the difference of the sides tends to zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lossgraph.checker.calls import Statement, free, has_limit
from lossgraph.checker.cells import Span, order
from lossgraph.checker.everywhere import Field, cell_of, covered, holds, is_empty, resolved
from lossgraph.checker.expression import ZERO, Node, Unreadable, names, parse, substitute
from lossgraph.checker.limits import Approach, check_limit
from lossgraph.checker.shape import prune, read_piece
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO


def check_limits(part: Mapping[str, Any], statement: Statement, field: Field) -> bool:
    """Whether the certificate shows the limit from every side from which the moving name's set reaches the point."""
    expect_keys(part, {"approaches"})
    places = [place for place, side in enumerate(statement.sides) if has_limit(side)]
    if statement.operators != ("==",) or len(places) != 1 or statement.sides[places[0]][0] != "limit" or field.totals is not None:
        return False
    _, inner, moving, point, *side = statement.sides[places[0]]
    if has_limit(inner) or moving[0] != "name" or moving[1] not in field.sets or names(point) or len(side) > 1:
        return False
    name, other = str(moving[1]), field.instance.side(1 - places[0])
    if name in names(other) or name in free(statement.sides[1 - places[0]]):
        return False
    if any(name in names(condition) and not holds(condition, field) for condition in field.conditions):
        return False
    wanted = list(approaches(field.sets[name], point, _sides(side)))
    shown = part["approaches"]
    if not wanted or len(shown) != len(wanted):
        return False
    inside = field.instance.side(places[0])
    return all(_approach(entry, name, point, way, inside, other, field) for entry, way in zip(shown, wanted, strict=True))


def _sides(given: list[Node]) -> str:
    if not given:
        return "+-"
    if given[0][0] != "number":
        raise Unreadable("a limit from no side")
    return "+" if given[0][1] > 0 else "-"


def approaches(members: list[Span], point: Node, wanted: str) -> Iterator[tuple[str, Node, Node]]:
    """The sides from which a set reaches a point, each with the ends of the interval next to it."""
    for lower, upper, _, _ in members:
        if point in (OO, MINUS_OO):
            if point in (lower, upper):
                yield ("-" if point == OO else "+"), lower, upper
            continue
        below, above = order(lower, point), order(point, upper)
        if "+" in wanted and below <= 0 and above < 0:
            yield "+", point, upper
        if "-" in wanted and below < 0 and above <= 0:
            yield "-", lower, point


def _approach(entry: Mapping[str, Any], name: str, point: Node, way: tuple[str, Node, Node], inside: Node, other: Node, field: Field) -> bool:
    expect_keys(entry, {"moving", "to", "side", "from", "cells"})
    side, lower, upper = way
    ends = [parse(end) for end in entry["from"].strip("()").split(",")]
    if entry["moving"] != name or parse(entry["to"]) != point or entry["side"] != side or ends != [lower, upper]:
        return False
    if not covered(entry["cells"], (), field, name):
        return False
    return all(_tends(cell, name, point, way, inside, other) for cell in entry["cells"] if not is_empty(cell, field))


def _tends(cell: Mapping[str, Any], name: str, point: Node, way: tuple[str, Node, Node], inside: Node, other: Node) -> bool:
    """In a cell: on the last piece before the point the inner formula is what the certificate says, and its difference to the other side tends to 0."""
    expect_keys(cell, {"cell", "piece", "equals", "limit"})
    space, fixed = cell_of(cell["cell"])
    side, lower, upper = way
    start, stop = parse(cell["piece"]["lower"]), parse(cell["piece"]["upper"])
    if (start != lower) if side == "+" else (stop != upper):
        return False
    piece = read_piece(start, stop, cell["piece"], prune(substitute(inside, fixed)), name, space)
    _ends_inside(start, stop, lower, upper, space)
    value, known = parse(cell["equals"]), resolved(prune(substitute(other, fixed)), space)
    if not equal(value, known, space):
        return False
    difference: Node = ("add", piece.expression, ("neg", known))
    return check_limit(cell["limit"], Approach(difference, name, point, side, space), ZERO)


def _ends_inside(start: Node, stop: Node, lower: Node, upper: Node, space: Any) -> None:
    """Confirms that a piece is a part, not empty, of the interval from which the name comes."""
    from lossgraph.checker.claims import at_most
    from lossgraph.checker.shape import less

    if not (less(start, stop, space) and at_most(lower, start, space) and at_most(stop, upper, space)):
        raise Unreadable("a piece outside the interval, or empty")
