"""A relation's statement over numbers: card calls replaced by their formulas, what the free numbers range over, and what has to hold for it to make sense.

Vectors are written out at one size (`Builder`), or stand for vectors of every length (`lossgraph.checker.totals`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lossgraph.checker.calls import UNIT, Quantity, Statement, View, slots
from lossgraph.checker.cells import LINE, Span
from lossgraph.checker.defined import WEAK, own_needs
from lossgraph.checker.domain import read
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.shape import spans
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space, structure
from lossgraph.checker.vectors import Value
from lossgraph.checker.vectors import expand as written_out

POINT_ZERO: Span = (ZERO, ZERO, False, False)


@dataclass
class Instance:
    """A statement over numbers.

    `sets`: each free number's intervals; `conditions` restrict them jointly. `bare` are the sides with each outermost card call as a name, `calls` what
    these names are. `obligations`: an expression must lie in one of the intervals. `needs`: what the formula around the calls needs to have a value.
    """

    sets: dict[str, list[Span]]
    conditions: list[Node]
    sides: list[Value]
    bare: list[Value]
    calls: dict[str, tuple[str, Value]]
    obligations: list[tuple[Node, tuple[Span, ...]]]
    needs: list[tuple[str, Node]]
    predictions: frozenset[str]
    meanings: dict[str, Node]

    def hull(self) -> Space:
        """Each free number in the least interval that holds its set."""
        return hull(self.sets)

    def side(self, place: int) -> Node:
        """A side that is a number. Raises `Unreadable` for a vector."""
        return number_of(self.sides[place])


def hull(sets: Mapping[str, list[Span]]) -> Space:
    """Each name in the least interval that holds its set."""
    space = Space()
    for name, members in sets.items():
        (lower, _, lower_open, _), (_, upper, _, upper_open) = members[0], members[-1]
        space = space.extended(name, Interval(lower, upper, lower_open, upper_open))
    return space


def number_of(value: Value) -> Node:
    """A value that is a number. Raises `Unreadable` for a vector."""
    if isinstance(value, list):
        raise Unreadable("a vector where a number is needed")
    return value


class Builder:
    """Collects what the sides of a statement hold; one use each. A name that begins with `#` stands for a value that was computed."""

    def __init__(self, statement: Statement, size: int) -> None:
        self.statement, self.size, self.noting = statement, size, False
        self.sets: dict[str, list[Span]] = {}
        self.conditions: list[Node] = []
        self.obligations: list[tuple[Node, tuple[Span, ...]]] = []
        self.needs: list[tuple[str, Node]] = []
        self.predictions: set[str] = set()
        self.computed: dict[str, Node] = {}
        self.calls: dict[Node, Value] = {}
        self.summed: dict[str, Node] = {}
        self.values: dict[str, Value] = {name: self.quantity(name, entry) for name, entry in statement.quantities.items()}
        self.values.update({name: number(size) for name in statement.lengths})

    def quantity(self, name: str, entry: Quantity) -> Value:
        """A free name: one number, or the list of a vector's components."""
        if entry.length is None:
            return self.free(name, entry)
        components = [f"{name}_{place}" for place in range(entry.length if isinstance(entry.length, int) else self.size)]
        if set(components) & set(self.statement.quantities):
            raise Unreadable("a free name is called like a component of a vector")
        if not entry.simplex:
            return [self.free(component, entry) for component in components]
        found = [self.free(component, entry) for component in components[:-1]]
        last: Node = ("add", ONE, *(("neg", part) for part in found))
        if len(found) > 1 or entry.spans[0][:2] != UNIT[:2] or len(entry.spans) > 1:  # one component in [0, 1] or (0, 1) puts the other there too
            self.conditions.append(inside(last, entry.spans))
        return [*found, last]

    def free(self, name: str, entry: Quantity) -> Node:
        """A free number."""
        self.sets[name] = list(entry.spans)
        if entry.prediction:
            self.predictions.add(name)
        return ("name", name)

    def build(self) -> Instance:
        """The statement over numbers."""
        bare = [self.bare(self.lifted(side)) for side in self.statement.sides]
        sides = [self.filled(side) for side in bare]
        self.conditions += [number_of(self.filled(self.bare(condition, note=False))) for condition in self.statement.conditions]
        calls = {value[1] if isinstance(value, tuple) else "": (call[1], self.filled(value)) for call, value in self.calls.items()}
        shown = [[substitute(part, self.summed) for part in side] if isinstance(side, list) else substitute(side, self.summed) for side in bare]
        return Instance(
            self.sets, self.conditions, sides, shown, calls, self.obligations, self.needs, frozenset(self.predictions), self.meanings(),
        )  # fmt: skip

    def meanings(self) -> dict[str, Node]:
        """What names of sums stand for: none where vectors are written out."""
        return {}

    def lifted(self, node: Node) -> Node:
        """The tree with card calls and vectors replaced by names of computed values; a limit stands for what is inside."""
        if node[0] in {"number", "name"}:
            return node
        if node[0] == "limit":
            return self.lifted(node[1])
        if node[0] == "vector":
            return self.keep([number_of(self.filled(self.bare(self.lifted(child)))) for child in node[1:]])
        if node[0] == "card":
            if node not in self.calls:
                value = self.call(node)
                self.calls[node] = [self.mark(part) for part in value] if isinstance(value, list) else self.mark(value)
            return self.keep(self.calls[node])
        return (node[0], *(self.lifted(child) for child in node[1:]))

    def keep(self, value: Value) -> Node:
        """A name for a value, which may be a vector."""
        name = f"#v{len(self.values)}"
        self.values[name] = value
        return ("name", name)

    def mark(self, part: Node) -> Node:
        """A name for a number that was computed."""
        name = f"#{len(self.computed)}"
        self.computed[name] = part
        return ("name", name)

    def bare(self, node: Node, *, note: bool = True) -> Value:
        """A formula around calls, written out; what it needs to have a value is noted."""
        self.noting = note
        value = self.written(node, self.values)
        if note:
            for part in value if isinstance(value, list) else [value]:
                self.note(part)
        self.noting = False
        return value

    def note(self, part: Node) -> None:
        """Notes what a formula around calls needs."""
        for need, inner in self.around(part):
            entry = (need, number_of(self.filled(inner)))
            if entry not in self.needs:
                self.needs.append(entry)

    def around(self, part: Node) -> Iterator[tuple[str, Node]]:
        """What a tree needs; 0 may have a positive power whose exponent is no number."""
        if part[0] == "pow" and part[2][0] != "number" and structure(number_of(self.filled(part[2])), self.space()) == "+":
            yield WEAK, part[1]
        elif part[0] == "Piecewise":
            raise Unreadable("a Piecewise around calls")
        else:
            yield from own_needs(part) if part[0] not in {"number", "name"} else ()
        for child in part[1:] if part[0] not in {"number", "name"} else ():
            yield from self.around(child)

    def space(self) -> Space:
        """What is known of the free numbers by themselves."""
        return hull(self.sets)

    def written(self, node: Node, values: Mapping[str, Value]) -> Value:
        """A formula without calls over numbers."""
        return written_out(node, values)

    def filled(self, value: Value) -> Value:
        """A value with all computed parts put in."""
        if isinstance(value, list):
            return [substitute(part, self.computed) for part in value]
        return substitute(value, self.computed)

    def call(self, node: Node) -> Value:
        """A card call: its view's formula at the arguments, component by component where a vector stands in a number's place."""
        view = self.statement.views[node[1], node[2]]
        known = slots(view)
        given: dict[str, Value] = {slot: self.argument(value) for slot, value in node[3]}
        sizes = self.sizes(view, given)
        arguments: dict[str, Value] = {}
        counts: set[int] = set()
        for slot, value in node[3]:
            found, length = given[slot], known[slot]["length"]
            if length is not None and not isinstance(found, list):
                found = [found] * (length if isinstance(length, int) else sizes[length])
            if length is None and isinstance(found, list):
                counts.add(len(found))
            if isinstance(length, int) and isinstance(found, list) and len(found) != length:
                raise Unreadable("a vector of another length")
            if not (value[0] == "name" and value[1] in self.statement.quantities):  # a free name ranges over the slot's domain already
                self.oblige(found, known[slot]["domain"])
            arguments[slot] = found
        formula = parse(view["expression"])
        self.constrain(view, arguments, sizes)
        if not counts:
            return self.inner(formula, arguments, sizes)
        if len(counts) > 1:
            raise Unreadable("vectors of different lengths")
        scalar = {slot for slot in known if known[slot]["length"] is None}
        rows = [{slot: part[place] if slot in scalar and isinstance(part, list) else part for slot, part in arguments.items()} for place in range(min(counts))]
        return [number_of(self.inner(formula, row, sizes)) for row in rows]

    def argument(self, node: Node) -> Value:
        """The value of an argument of a call."""
        return self.filled(self.bare(self.lifted(node)))

    def sizes(self, view: View, given: Mapping[str, Value]) -> dict[str, int]:
        """What the names of a view's lengths are in a call."""
        counts: dict[str, set[int]] = {}
        for slot, entry in slots(view).items():
            length, value = entry["length"], given[slot]
            if isinstance(length, str):
                counts.setdefault(length, set()).update({len(value)} if isinstance(value, list) else ())
        if any(len(sizes) > 1 for sizes in counts.values()):
            raise Unreadable("vectors of different lengths")
        return {length: min(sizes, default=self.size) for length, sizes in counts.items()}

    def inner(self, formula: Node, arguments: Mapping[str, Value], sizes: Mapping[str, int]) -> Value:
        """A view's formula at arguments."""
        table: dict[str, Value] = {**{name: number(size) for name, size in sizes.items()}, **arguments}
        if not names(formula) <= set(table):
            raise Unreadable("a formula with names that its view does not declare")
        return self.written(formula, table)

    def constrain(self, view: View, arguments: Mapping[str, Value], sizes: Mapping[str, int]) -> None:
        """A view's joint constraint is assumed: the relation speaks of points where the card is defined."""
        sets, conditions = read(view["constraint"] or "")
        if sets:
            raise Unreadable("a constraint that is a set")
        self.conditions += [number_of(self.inner(parse(condition), arguments, sizes)) for condition in conditions]

    def oblige(self, value: Value, domain: str) -> None:
        """Notes that an argument has to lie in a domain."""
        parts = value if isinstance(value, list) else [value]
        allowed = (UNIT,) if domain == "simplex" else tuple(spans(domain))
        if allowed != (LINE,):
            self.obligations += [(part, allowed) for part in parts]
        if domain == "simplex":
            self.obligations.append((("add", self.total(parts), number(-1)), (POINT_ZERO,)))

    def total(self, parts: list[Node]) -> Node:
        """The sum of a vector's components."""
        return ("add", *parts, ZERO)


def inside(node: Node, allowed: tuple[Span, ...]) -> Node:
    """The condition that a number lies in one of the intervals."""
    choices: list[Node] = []
    for lower, upper, lower_open, upper_open in allowed:
        if lower == upper:
            choices.append(("==", node, lower))
            continue
        parts: list[Node] = []
        if lower != MINUS_OO:
            parts.append((">" if lower_open else ">=", node, lower))
        if upper not in {OO, ONE}:
            parts.append(("<" if upper_open else "<=", node, upper))
        choices.append(parts[0] if len(parts) == 1 else ("and", *parts))
    return choices[0] if len(choices) == 1 else ("or", *choices)
