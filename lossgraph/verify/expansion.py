"""Reads a relation's formula (`huber(r, delta=d) = d*smooth_l1(r, beta=d)`): which card calls it makes, and what its free names range over.

Rules: a card's variables stand in the order of its view, its parameters by keyword. A parameter that is left out is a free name of that parameter's
name, so an identity that leaves `alpha` out on both sides is claimed for every common alpha. A free name ranges over the domain of every slot that it
fills (their intersection); one that fills none ranges over the reals; `when` restricts further. Names of lengths (`n`) mean the size at which the
vectors are instantiated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lossgraph.formula.domains import REAL, Domain, Span, intersect, parse_domain, parse_set
from lossgraph.formula.parse import parse_expression
from lossgraph.formula.render import text as written
from lossgraph.formula.tree import Call, CardCall, Compare, Name, Node, names, walk
from lossgraph.model import InputError, Loss, View

DATA_ROLES = frozenset({"target", "outcome", "weight", "advantage", "reference_probability", "reference_logit", "reference_log_probability"})
"""Roles of variables that training does not choose; the others are predictions."""
UNIT = parse_set("[0, 1]")


@dataclass(frozen=True)
class Quantity:
    """A free name: the set (of each component, for a vector) it ranges over, and what it is in the calls. `simplex`: the components sum to 1 besides."""

    name: str
    spans: tuple[Span, ...]
    simplex: bool = False
    length: str | int | None = None
    parameter: bool = True
    prediction: bool = False

    def domain(self) -> str:
        """The set in the grammar of domains."""
        spans = " U ".join(str(span) for span in self.spans)
        return spans if not self.simplex else "simplex" if self.spans == UNIT else f"simplex, components in {spans}"


@dataclass(frozen=True)
class Statement:
    """A relation's formula with every card call complete: `sides[0] operators[0] sides[1] ...` for all `quantities` that satisfy `conditions`."""

    text: str
    operators: tuple[str, ...]
    sides: tuple[Node, ...]
    quantities: tuple[Quantity, ...]
    conditions: tuple[Node, ...]
    lengths: tuple[str, ...]

    @property
    def has_vectors(self) -> bool:
        """Whether a proof speaks of chosen sizes only."""
        return any(quantity.length is not None for quantity in self.quantities)

    def quantity(self, name: str) -> Quantity:
        """The free name's range. Raises InputError where the formula has no such name."""
        for entry in self.quantities:
            if entry.name == name:
                return entry
        raise InputError(f"`{self.text}`: no free name `{name}`")


def view_of(call: CardCall, losses: Mapping[str, Loss]) -> View:
    """The view that a call means: the first, unless it is named. Raises InputError where the card has no formula or no such view."""
    loss = losses[call.loss]
    if not loss.views:
        raise InputError(f"`{written(call)}`: {call.loss} has no formula of its own")
    for view in loss.views:
        if call.view in (None, view.name):
            return view
    raise InputError(f"`{written(call)}`: {call.loss} has no view `{call.view}`; it has {', '.join(view.name for view in loss.views)}")


def expand(text: str, when: str | None, losses: Mapping[str, Loss]) -> Statement:
    """The statement that `text` makes under the condition `when`. Raises InputError for what cannot be read."""
    tree = parse_expression(text.replace(" = ", " == "), cards=losses.keys())
    if not isinstance(tree, Compare):
        raise InputError(f"`{text}` is no equation or inequality; write `one(r) = other(r)` or `one(r) >= other(r)`")
    sides = tuple(complete(side, losses) for side in tree.operands)
    calls = [node for side in sides for node in walk(side) if isinstance(node, CardCall)]
    restriction = parse_domain(when)
    found = _quantities(calls, losses)
    lengths = _length_names(calls, losses) - found.keys()
    free = frozenset().union(*(names(side) for side in sides), *(names(condition) for condition in restriction.conditions), restriction.sets.keys()) - lengths
    _no_length_without_vector(text, when, sides, restriction, lengths, found)
    for name in sorted(free - found.keys()):
        found[name] = Quantity(name, REAL)
    for name, spans in restriction.sets.items():
        if name not in lengths:
            found[name] = _narrowed(found[name], spans, f"when: {when}")
    ordered = sorted(found.values(), key=lambda entry: (entry.prediction, not entry.parameter))
    return Statement(text, tree.operators, sides, tuple(ordered), restriction.conditions, tuple(sorted(lengths)))


def _no_length_without_vector(
    text: str, when: str | None, sides: tuple[Node, ...], restriction: Domain, lengths: set[str], found: Mapping[str, Quantity]
) -> None:
    """A name of a length means the number of components of the free vectors of that length; where there is none it would mean nothing that the reader sees."""
    mentioned = frozenset().union(*(names(side) for side in sides), *(names(condition) for condition in restriction.conditions), restriction.sets.keys())
    known = {quantity.length for quantity in found.values()}
    wrong = sorted(name for name in mentioned & lengths if name not in known)
    if wrong:
        where = f" where {when}" if when else ""
        raise InputError(f"`{text}`{where}: `{wrong[0]}` is the name of a length, and no free vector has that length; choose another name")


def complete(node: Node, losses: Mapping[str, Loss]) -> Node:
    """`node` with each card call naming its view and every variable and parameter by keyword."""
    if isinstance(node, Call):
        return Call(node.function, tuple(complete(argument, losses) for argument in node.arguments))
    if isinstance(node, Compare):
        return Compare(node.operators, tuple(complete(operand, losses) for operand in node.operands))
    if not isinstance(node, CardCall):
        return node
    view = view_of(node, losses)
    variables = list(view.variables)
    if len(node.arguments) > len(variables):
        raise InputError(f"`{written(node)}`: {node.loss} takes {len(variables)} variables ({', '.join(variables)}), not {len(node.arguments)}")
    bound: dict[str, Node] = dict(zip(variables, node.arguments, strict=False))
    for name, value in node.keywords:
        if name not in view.variables and name not in view.parameters:
            raise InputError(f"`{written(node)}`: {node.loss} has no variable or parameter `{name}`; it has {', '.join([*variables, *view.parameters])}")
        if name in bound:
            raise InputError(f"`{written(node)}`: `{name}` is given twice")
        bound[name] = value
    missing = [name for name in variables if name not in bound]
    if missing:
        raise InputError(f"`{written(node)}`: the variable `{missing[0]}` is not given; {node.loss} takes {', '.join(variables)}")
    bound.update({name: Name(name) for name in view.parameters if name not in bound})
    order = [*variables, *view.parameters]
    return CardCall(node.loss, view.name, (), tuple((name, complete(bound[name], losses)) for name in order))


def _quantities(calls: list[CardCall], losses: Mapping[str, Loss]) -> dict[str, Quantity]:
    """The names that fill a slot by themselves."""
    found: dict[str, Quantity] = {}
    for call in calls:
        view = view_of(call, losses)
        for slot, value in call.keywords:
            if not isinstance(value, Name):
                continue
            entry = view.variables.get(slot) or view.parameters[slot]
            role = getattr(entry, "role", None)
            simplex = entry.domain == "simplex"
            old = found.get(value.name, Quantity(value.name, REAL))
            if not simplex:
                old = _narrowed(old, parse_set(entry.domain), written(call))
            elif not old.simplex:
                old = replace(_narrowed(old, UNIT, written(call)), simplex=True)
            found[value.name] = replace(
                old,
                length=_one_length(old.length, entry.length),
                parameter=old.parameter and slot in view.parameters,
                prediction=old.prediction or (slot in view.variables and role not in DATA_ROLES),
            )
    return found


def _one_length(first: str | int | None, second: str | int | None) -> str | int | None:
    """The length of a name that fills slots of two lengths: a number wins, since a named length may be any."""
    return next((length for length in (first, second) if isinstance(length, int)), first if first is not None else second)


def _narrowed(quantity: Quantity, spans: tuple[Span, ...], place: str) -> Quantity:
    shared = intersect(quantity.spans, spans)
    if not shared:
        raise InputError(f"{place}: `{quantity.name}` has no value left; it lies in {quantity.domain()} elsewhere")
    return replace(quantity, spans=shared)


def _length_names(calls: list[CardCall], losses: Mapping[str, Loss]) -> set[str]:
    """The names of lengths of the views that are called."""
    entries = [entry for call in calls for view in [view_of(call, losses)] for entry in (*view.variables.values(), *view.parameters.values())]
    return {entry.length for entry in entries if isinstance(entry.length, str)}


def one_length(statement: Statement, losses: Mapping[str, Loss]) -> bool:
    """Whether all vectors of the statement have one length: they are joined by filling slots of one length in a common call."""
    vectors = {quantity.name for quantity in statement.quantities if quantity.length is not None}
    groups: list[set[object]] = [{name} for name in sorted(vectors)]
    for number, call in enumerate(call for side in statement.sides for call in calls_in(side)):
        view = view_of(call, losses)
        for slot, value in call.keywords:
            length = (view.variables.get(slot) or view.parameters[slot]).length
            members = {(number, length)} if isinstance(length, str) else set()
            group: set[object] = set().union(members, names(value) & vectors)
            joined = [other for other in groups if other & group]
            groups = [other for other in groups if not other & group] + ([group.union(*joined)] if group else [])
    return len(groups) == 1 and all(not isinstance(quantity.length, int) for quantity in statement.quantities)


def limits(node: Node) -> list[Call]:
    """The `limit(expression, name, point)` calls in a side."""
    return [inner for inner in walk(node) if isinstance(inner, Call) and inner.function == "limit"]


def calls_in(node: Node) -> list[CardCall]:
    """The card calls in a side, parents first."""
    return [inner for inner in walk(node) if isinstance(inner, CardCall)]
