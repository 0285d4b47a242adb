"""Reads a relation's formula, `huber(r, delta=d) = d*smooth_l1(r, beta=d)`: its card calls, and what its free names range over.

A card call is the node `("card", id, view, ((slot, node), ...))` with every slot of the view. A parameter that is left out is a free name of that
parameter's name; a free name ranges over what the domains of all slots that it fills share; one that fills none ranges over the reals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lossgraph.checker.cells import LINE, Span, fold_conditions, meet
from lossgraph.checker.domain import read
from lossgraph.checker.expression import FUNCTIONS, Node, Reader, Unreadable, names, parse, tokens_of
from lossgraph.checker.shape import spans

View = Mapping[str, Any]
Cards = Mapping[str, list[View]]
# roles of variables that training does not choose; the others are predictions
DATA = frozenset({"target", "outcome", "weight", "advantage", "reference_probability", "reference_logit", "reference_log_probability"})
UNIT: Span = spans("[0, 1]")[0]
_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(\*\*|<=|>=|==|!=|[-+*/<>(),&|~\[\]=.]))")
_OPERATORS = frozenset({"==", "<=", ">=", "<", ">", "!="})


@dataclass(frozen=True)
class Quantity:
    """A free name: the set of each of its components, and what it is in the calls."""

    spans: tuple[Span, ...] = (LINE,)
    simplex: bool = False
    length: str | int | None = None
    prediction: bool = False


@dataclass(frozen=True)
class Statement:
    """`sides[0] operators[0] sides[1] ...` for all `quantities` that satisfy `conditions`; `lengths` are the names of lengths of the views that are called."""

    operators: tuple[str, ...]
    sides: tuple[Node, ...]
    quantities: Mapping[str, Quantity]
    conditions: tuple[Node, ...]
    lengths: frozenset[str]
    views: Mapping[tuple[str, str], View] = field(default_factory=dict[tuple[str, str], View])

    def has_vectors(self) -> bool:
        """Whether a free name is a vector."""
        return any(quantity.length is not None for quantity in self.quantities.values())


class _Reader(Reader):
    """Formulas with card calls, named arguments, `limit` and `vector`."""

    def __init__(self, tokens: list[str], cards: Cards) -> None:
        super().__init__(tokens)
        self.cards = cards

    def word(self, token: str, depth: int) -> Node:
        view = ""
        if token in self.cards and self.peek() == ".":
            self.take()
            view = self.take()
        called = self.peek() == "("
        if token in {"limit", "vector"} and called:
            return (token, *(value for _, value in self._arguments(depth, named=False)))
        if token not in self.cards or not called:
            if view:
                raise Unreadable(f"{token}.{view} is no call")
            return super().word(token, depth)
        return ("card", token, view, tuple(self._arguments(depth, named=True)))

    def _arguments(self, depth: int, named: bool) -> Iterator[tuple[str, Node]]:
        self.take("(")
        while True:
            slot = ""
            if named and self.tokens[self.position + 1 : self.position + 2] == ["="]:
                slot = self.take()
                self.take("=")
            yield slot, self.expression(0, depth + 1)
            if self.peek() != ",":
                self.take(")")
                return
            self.take()


def expand(text: str, when: str | None, cards: Cards) -> Statement:
    """What `text` claims under the condition `when`. Raises `Unreadable`."""
    tree = _Reader(tokens_of(text.replace(" = ", " == "), _TOKEN), cards).read()
    links = tree[1:] if tree[0] == "and" else (tree,)
    if any(link[0] not in _OPERATORS for link in links):
        raise Unreadable("neither equation nor inequality")
    views: dict[tuple[str, str], View] = {}
    sides = tuple(complete(side, cards, views) for side in (links[0][1], *(link[2] for link in links)))
    found: dict[str, Quantity] = {}
    lengths: set[str] = set()
    for call in (call for side in sides for call in calls_in(side)):
        view = views[call[1], call[2]]
        lengths |= {entry["length"] for entry in slots(view).values() if isinstance(entry["length"], str)}
        for slot, value in call[3]:
            if value[0] == "name" and names(value):
                found[value[1]] = _filling(found.get(value[1], Quantity()), slots(view)[slot], prediction=_predicted(view, slot))
    sets, conditions = read(when or "")
    lengths -= set(found)
    mentioned = frozenset().union(*(free(side) for side in sides), *(names(parse(part)) for part in conditions), sets)
    if any(name not in {quantity.length for quantity in found.values()} for name in mentioned & lengths):
        raise Unreadable("a free name is called like a length, of which there is no free vector")
    found.update({name: Quantity() for name in mentioned - lengths - set(found)})
    for name in set(sets) - lengths:
        found[name] = replace(found[name], spans=_shared(found[name].spans, sets[name]))
    restrictions = _restricted(found, conditions)
    if set(found) & (FUNCTIONS - {"gamma"}) or any(name.endswith("_") for name in found):
        raise Unreadable("a name that is reserved")
    return Statement(tuple(link[0] for link in links), sides, found, restrictions, frozenset(lengths), views)


def _restricted(found: dict[str, Quantity], conditions: list[str]) -> tuple[Node, ...]:
    """Cuts the sets of free names by conditions that compare one with a number; gives back the conditions that tie several."""
    joint: list[Node] = []
    for condition in conditions:
        sets = {name: list(quantity.spans) for name, quantity in found.items()}
        try:
            fold_conditions(condition, sets)
        except Unreadable:
            joint.append(parse(condition))
            continue
        if set(sets) != set(found) or not all(sets.values()):
            raise Unreadable("a name without a value")
        found.update({name: replace(quantity, spans=tuple(sets[name])) for name, quantity in found.items()})
    return tuple(joint)


def slots(view: View) -> dict[str, Mapping[str, Any]]:
    """Variables and parameters of a view, in order."""
    return {**view["variables"], **view["parameters"]}


def _predicted(view: View, slot: str) -> bool:
    return slot in view["variables"] and view["variables"][slot].get("role") not in DATA


def _filling(old: Quantity, entry: Mapping[str, Any], *, prediction: bool) -> Quantity:
    """What is known of a name after it was seen to fill a slot."""
    simplex = entry["domain"] == "simplex"
    shared = old.spans if simplex and old.simplex else _shared(old.spans, "[0, 1]" if simplex else entry["domain"])
    lengths = [length for length in (old.length, entry["length"]) if length is not None]
    length = next((length for length in lengths if isinstance(length, int)), lengths[0] if lengths else None)
    return Quantity(shared, old.simplex or simplex, length, old.prediction or prediction)


def _shared(first: tuple[Span, ...], text: str) -> tuple[Span, ...]:
    found = tuple(part for one in first for other in spans(text) for part in meet(one, other))
    if not found:
        raise Unreadable("a name without a value")
    return found


def complete(node: Node, cards: Cards, views: dict[tuple[str, str], View]) -> Node:
    """The tree with every card call naming its view and all slots; the views are noted."""
    if node[0] in {"number", "name"}:
        return node
    if node[0] != "card":
        return (node[0], *(complete(child, cards, views) for child in node[1:]))
    _, card, wanted, given = node
    view = next((view for view in cards[card] if wanted in {"", view["name"]}), None)
    if view is None:
        raise Unreadable(f"{card} has no view {wanted}")
    known, variables = slots(view), list(view["variables"])
    bound: dict[str, Node] = {}
    for place, (slot, value) in enumerate(given):
        slot = slot or (variables[place] if place < len(variables) else "")
        if slot not in known or slot in bound:
            raise Unreadable(f"an argument of {card} that has no place, or is given twice")
        bound[slot] = complete(value, cards, views)
    if not set(variables) <= set(bound):
        raise Unreadable(f"a variable of {card} is not given")
    views[card, view["name"]] = view
    return ("card", card, view["name"], tuple((slot, bound.get(slot, ("name", slot))) for slot in known))


def children(node: Node) -> tuple[Node, ...]:
    """The inner trees of a node, a card call's arguments included."""
    if node[0] in {"number", "name"}:
        return ()
    return tuple(value for _, value in node[3]) if node[0] == "card" else node[1:]


def walk(node: Node) -> Iterator[Node]:
    """A tree and all that is in it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def calls_in(node: Node) -> list[Node]:
    """The card calls in a tree."""
    return [part for part in walk(node) if part[0] == "card"]


def free(node: Node) -> frozenset[str]:
    """The names in a tree with card calls, without pi, E and oo."""
    return frozenset().union(*(names(part) for part in walk(node) if part[0] == "name"))


def has_limit(node: Node) -> bool:
    """Whether a side holds a limit."""
    return any(part[0] == "limit" for part in walk(node))


def one_length(statement: Statement) -> bool:
    """Whether all vectors have one length, because they fill slots of one length in a common call; no length may be a number."""
    vectors = {name for name, quantity in statement.quantities.items() if quantity.length is not None}
    groups: list[set[Any]] = [{name} for name in vectors]
    for number, call in enumerate(call for side in statement.sides for call in calls_in(side)):
        for slot, value in call[3]:
            length = slots(statement.views[call[1], call[2]])[slot]["length"]
            members = {*(free(value) & vectors), *([(number, length)] if isinstance(length, str) else [])}
            joined = [other for other in groups if other & members]
            groups = [other for other in groups if not other & members] + ([members.union(*joined)] if members else [])
    return len(groups) == 1 and not any(isinstance(quantity.length, int) for quantity in statement.quantities.values())
