"""Searches an exact point at which a relation's formula visibly fails: rational values for every free name, both sides as fractions or rigorous balls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from lossgraph.formula.domains import Span, parse_domain, parse_set
from lossgraph.formula.tree import Call, CardCall, Compare, Name, Node
from lossgraph.model import Loss
from lossgraph.verify.exact import Unsure, Value, evaluate, holds, sign, subtract
from lossgraph.verify.expansion import Quantity, Statement, view_of
from lossgraph.verify.instance import formula, sizes_in
from lossgraph.verify.order import Undefined
from lossgraph.verify.witness import inside, spread

MAX_POINTS = 240
STRIDES = (1, 7, 3, 11, 5, 13, 2, 17, 19, 23)
HOLDS: dict[str, tuple[int, ...]] = {"==": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}


def counterexample(statement: Statement, losses: Mapping[str, Loss], size: int = 1) -> dict[str, Any] | None:
    """The first of a fixed list of points at which a link of the statement is proved false, with the values of its two sides; None where there is none.

    Points at which a side has no value, or an argument leaves its card's domain, say nothing.
    """
    sizes = dict.fromkeys(statement.lengths, size)
    for values in points(statement, size):
        try:
            if not all(holds(condition, {**values, **_lengths(sizes)}) for condition in statement.conditions):
                continue
            sides = [value_at(side, values, losses, sizes) for side in statement.sides]
        except (Unsure, Undefined, ZeroDivisionError, OverflowError, KeyError, ValueError):
            continue
        for index, operator in enumerate(statement.operators):
            try:
                found = sign(subtract(sides[index], sides[index + 1]))
            except (Unsure, TypeError):
                continue
            if found not in HOLDS[operator]:
                shown = {name: _shown(value) for name, value in values.items()}
                return {"point": shown, "left": _shown(sides[index]), "operator": operator, "right": _shown(sides[index + 1])}
    return None


def points(statement: Statement, size: int) -> Iterator[dict[str, Any]]:
    """Points of the free names' ranges: a fixed walk that visits the values of each name at its own pace."""
    columns = [(quantity, _column(quantity)) for quantity in statement.quantities]
    for index in range(MAX_POINTS):
        point = {quantity.name: _value(quantity, column, index, place, size) for place, (quantity, column) in enumerate(columns)}
        if all(inside(part, quantity.spans) for quantity, _ in columns if quantity.simplex for part in point[quantity.name]):
            yield point


def _column(quantity: Quantity) -> list[Fraction]:
    groups = [list(spread(span, "points")) for span in quantity.spans]
    longest = max(len(group) for group in groups)
    return [group[i] for i in range(longest) for group in groups if i < len(group)]


def _value(quantity: Quantity, column: list[Fraction], index: int, place: int, size: int) -> Any:
    if quantity.length is None:
        return column[_step(index, place) % len(column)]
    count = quantity.length if isinstance(quantity.length, int) else size
    parts = tuple(column[_step(index, place + position) % len(column)] for position in range(count))
    if not quantity.simplex:
        return parts
    total = sum(parts) or Fraction(1)
    return tuple(part / total for part in parts) if sum(parts) else (Fraction(1), *parts[1:])


def _step(index: int, place: int) -> int:
    """Each name walks its values with its own stride, and shifts after each round, so that pairs of values do not repeat too soon."""
    return index * STRIDES[place % len(STRIDES)] + place * (index // 11)


def value_at(node: Node, values: Mapping[str, Any], losses: Mapping[str, Loss], sizes: Mapping[str, int]) -> Value:
    """The exact value of a side. Raises `Unsure` or `Undefined`, also where an argument leaves its card's domain."""
    if isinstance(node, CardCall):
        return _call(node, values, losses, sizes)
    table = {**values, **_lengths(sizes)}
    return evaluate(_without_calls(node, table, values, losses, sizes), table)


def _without_calls(node: Node, table: dict[str, Any], values: Mapping[str, Any], losses: Mapping[str, Loss], sizes: Mapping[str, int]) -> Node:
    if isinstance(node, CardCall):
        mark = f"__{len(table)}"
        table[mark] = _call(node, values, losses, sizes)
        return Name(mark)
    if isinstance(node, Call):
        return Call(node.function, tuple(_without_calls(argument, table, values, losses, sizes) for argument in node.arguments))
    if isinstance(node, Compare):
        return Compare(node.operators, tuple(_without_calls(operand, table, values, losses, sizes) for operand in node.operands))
    return node


def _call(call: CardCall, values: Mapping[str, Any], losses: Mapping[str, Loss], sizes: Mapping[str, int]) -> Value:
    view = view_of(call, losses)
    arguments: dict[str, Any] = {}
    spread_over = 0
    given = {slot: value_at(node, values, losses, sizes) for slot, node in call.keywords}
    lengths = sizes_in(view, given, max(sizes.values(), default=1))
    for slot, value in given.items():
        entry = view.variables.get(slot) or view.parameters[slot]
        if entry.length is not None and not isinstance(value, tuple):
            value = (value,) * (entry.length if isinstance(entry.length, int) else lengths[entry.length])
        for part in value if isinstance(value, tuple) else (value,):
            if entry.domain != "simplex" and isinstance(part, Fraction) and not inside(part, _set(entry.domain)):
                raise Unsure(f"{slot} = {part} is outside {entry.domain}")
        if entry.length is None and isinstance(value, tuple):
            spread_over = max(spread_over, len(value))
        arguments[slot] = value
    if not all(holds(condition, {**arguments, **_lengths(lengths)}) for condition in _conditions(view.constraint)):
        raise Unsure("the view's constraint does not hold")
    if not spread_over:
        return evaluate(formula(view), {**arguments, **_lengths(lengths)})
    scalar = {name for name, entry in {**view.variables, **view.parameters}.items() if entry.length is None}
    rows = [{name: value[i] if name in scalar and isinstance(value, tuple) else value for name, value in arguments.items()} for i in range(spread_over)]
    return tuple(evaluate(formula(view), {**row, **_lengths(lengths)}) for row in rows)


@lru_cache(maxsize=512)
def _set(domain: str) -> tuple[Span, ...]:
    return parse_set(domain)


@lru_cache(maxsize=512)
def _conditions(constraint: str | None) -> tuple[Node, ...]:
    return parse_domain(constraint).conditions


def _lengths(sizes: Mapping[str, int]) -> dict[str, Fraction]:
    return {name: Fraction(size) for name, size in sizes.items()}


def _shown(value: Any) -> Any:
    """A fraction as text, a ball with its radius, a vector as a list."""
    if isinstance(value, tuple):
        return [_shown(part) for part in value]
    return str(value) if isinstance(value, Fraction) else value.str(20)
