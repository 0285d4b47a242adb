"""Turns a relation's statement into SymPy at one size of its vectors: the sides, what their symbols range over, what must hold for them to make sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy

from lossgraph.formula.domains import Span, parse_domain, parse_set
from lossgraph.formula.parse import parse_expression
from lossgraph.formula.render import text as written
from lossgraph.formula.symbolic import end, requirements, symbol, to_sympy
from lossgraph.formula.tree import Call, CardCall, Compare, Name, Node
from lossgraph.model import InputError, Loss, View
from lossgraph.verify.expansion import UNIT, Quantity, Statement, one_length, view_of
from lossgraph.verify.lengths import Sums, evaluate, resolved
from lossgraph.verify.space import Interval

_INNER = parse_set("(0, 1)")
_MARK = "__call"  # the formula language has no name that begins with `_`, so a placeholder cannot collide


@dataclass(frozen=True)
class Obligation:
    """An argument of a card call must lie in the slot's domain: `expression` in the union of `intervals`."""

    place: str
    expression: sympy.Expr
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class Instance:
    """A statement over numbers. `symbols` gives every free number its intervals (in order: parameters, data, predictions), `conditions` restrict them jointly.

    `requirements` are pairs (guard, condition) that the formula around the card calls needs in order to have a value.
    """

    size: int
    symbols: tuple[tuple[sympy.Symbol, tuple[Interval, ...]], ...]
    conditions: tuple[sympy.Basic, ...]
    sides: tuple[Any, ...]
    obligations: tuple[Obligation, ...]
    requirements: tuple[tuple[Any, Any], ...]
    predictions: tuple[sympy.Symbol, ...]
    hints: tuple[sympy.Basic, ...] = ()

    def about(self, expression: sympy.Expr) -> tuple[sympy.Basic, ...]:
        """The conditions, and of the hints (true, but seldom needed) those that speak of nothing else than `expression` does."""
        return (*self.conditions, *(hint for hint in self.hints if hint.free_symbols <= expression.free_symbols))


def intervals(spans: tuple[Span, ...]) -> tuple[Interval, ...]:
    """Spans of the domain grammar as intervals with SymPy ends."""
    return tuple(Interval(end(span.lower), end(span.upper), span.lower_open, span.upper_open) for span in spans)


def _within(expression: sympy.Expr, allowed: tuple[Interval, ...]) -> sympy.Basic:
    """The condition that a component of a simplex is in one of the intervals; the bound 1 above follows from the others' being nonnegative."""
    choices: list[Any] = []
    for interval in allowed:
        below = expression > interval.lower if interval.lower_open else expression >= interval.lower
        above = sympy.true if interval.upper == 1 else expression < interval.upper if interval.upper_open else expression <= interval.upper
        choices.append(sympy.Eq(expression, interval.lower) if interval.lower == interval.upper else sympy.And(below, above))
    return sympy.Or(*choices)


def instantiate(statement: Statement, losses: Mapping[str, Loss], size: int = 1) -> Instance:
    """`statement` with every vector of open length at `size` components. Raises InputError where the vectors do not fit.

    A side that is a `limit(...)` is left to the limit checker: here it stands for its inner expression.
    """
    builder = _Builder(statement, losses, size)
    try:
        sides = tuple(builder.value(side) for side in statement.sides)
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"`{statement.text}`: vectors of different sizes meet") from None
    conditions = [*builder.conditions, *(builder.value(condition) for condition in statement.conditions)]
    given = tuple(condition for condition in conditions if condition is not sympy.true)
    return Instance(size, tuple(builder.symbols), given, sides, tuple(builder.obligations), tuple(builder.requirements), tuple(builder.predictions))


def instantiate_every(statement: Statement, losses: Mapping[str, Loss]) -> tuple[Instance, dict[str, str]]:
    """`statement` for vectors of every length, and what its unknown sums mean. Raises InputError where it has no such meaning."""
    if not one_length(statement, losses):
        raise InputError(f"`{statement.text}`: its vectors may have different lengths")
    builder = _EveryLength(statement, losses)
    sides = tuple(builder.value(side) for side in statement.sides)
    conditions = [*builder.conditions, *(builder.value(condition) for condition in statement.conditions), *builder.sums.conditions()]
    given = tuple(condition for condition in conditions if condition is not sympy.true)
    symbols = (*builder.symbols, *builder.sums.components.items(), *builder.sums.symbols())
    hints = builder.sums.hints("K" in statement.lengths)
    summed = [unknown for part, (unknown, _) in builder.sums.unknowns.items() if part.free_symbols & set(builder.predictions)]
    builder.predictions += summed
    instance = Instance(0, symbols, given, sides, tuple(builder.obligations), tuple(builder.requirements), tuple(builder.predictions), hints)
    return instance, builder.sums.meanings()


def outline(statement: Statement, losses: Mapping[str, Loss], size: int = 1) -> tuple[tuple[Any, ...], dict[sympy.Symbol, tuple[CardCall, Any]]]:
    """The sides with each outermost card call as one unknown, and for each unknown its call and its formula. Equal calls are one unknown.

    `size` 0 stands for every length.
    """
    builder = _Builder(statement, losses, size) if size else _EveryLength(statement, losses)
    unknowns: dict[CardCall, sympy.Symbol] = {}

    def stand(node: Node) -> Node:
        if isinstance(node, CardCall):
            unknowns.setdefault(node, sympy.Symbol(f"f{len(unknowns)}_", real=True))
            return Name(unknowns[node].name)
        return Call(node.function, tuple(stand(argument) for argument in node.arguments)) if isinstance(node, Call) else node

    bare = [stand(side) for side in statement.sides]
    table = {**builder.values, **{unknown.name: unknown for unknown in unknowns.values()}}
    return tuple(builder.plain(side, table) for side in bare), {unknown: (call, builder.value(call)) for call, unknown in unknowns.items()}


class _Builder:
    """Collects symbols, obligations and requirements while the sides are turned into SymPy; one use each."""

    def __init__(self, statement: Statement, losses: Mapping[str, Loss], size: int) -> None:
        self.losses, self.size = losses, size
        self.lengths = dict.fromkeys(statement.lengths, size)
        self.symbols: list[tuple[sympy.Symbol, tuple[Interval, ...]]] = []
        self.conditions: list[sympy.Basic] = []
        self.obligations: list[Obligation] = []
        self.requirements: list[tuple[Any, Any]] = []
        self.predictions: list[sympy.Symbol] = []
        self.called: list[CardCall] = []
        self.names = frozenset(quantity.name for quantity in statement.quantities)
        self.values: dict[str, Any] = {quantity.name: self._quantity(quantity) for quantity in statement.quantities}

    def _quantity(self, quantity: Quantity) -> Any:
        if quantity.length is None:
            return self._symbol(quantity.name, quantity)
        count = quantity.length if isinstance(quantity.length, int) else self.size
        names = [f"{quantity.name}_{index}" for index in range(count)]
        if set(names) & self.names:
            raise InputError(f"`{names[0]}` is both a free name and a component of `{quantity.name}`; rename it")
        if not quantity.simplex:
            return tuple(self._symbol(name, quantity) for name in names)
        free = tuple(self._symbol(name, quantity) for name in names[:-1])
        last = 1 - sympy.Add(*free)
        if len(free) > 1 or quantity.spans not in (UNIT, _INNER):  # one free component in [0, 1] or (0, 1) puts the other there too
            self.conditions.append(_within(last, intervals(quantity.spans)))
        return (*free, last)

    def _symbol(self, name: str, quantity: Quantity) -> sympy.Symbol:
        made = symbol(name, quantity.spans)
        self.symbols.append((made, intervals(quantity.spans)))
        if quantity.prediction:
            self.predictions.append(made)
        return made

    def value(self, node: Node) -> Any:
        """A node in SymPy (a tuple for a vector), card calls replaced by the formulas of their views."""
        if isinstance(node, CardCall):
            return self.call(node)
        table = dict(self.values)
        bare = self._without_calls(node, table)
        return self.plain(bare, table)

    def plain(self, node: Node, table: Mapping[str, Any]) -> Any:
        """A formula without card calls, whose requirements are noted."""
        self.requirements += [pair for pair in requirements(node, table, self.lengths) if pair not in self.requirements]
        return to_sympy(node, table, self.lengths)

    def inside(self, node: Node, arguments: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
        """A view's formula, or a condition of it, at arguments."""
        return to_sympy(node, arguments, sizes)

    def _without_calls(self, node: Node, table: dict[str, Any]) -> Node:
        if isinstance(node, CardCall):
            mark = f"{_MARK}{len(table)}"
            table[mark] = self.call(node)
            return Name(mark)
        if isinstance(node, Call) and node.function == "limit":
            return self._without_calls(node.arguments[0], table)
        if isinstance(node, Call):
            return Call(node.function, tuple(self._without_calls(argument, table) for argument in node.arguments))
        if isinstance(node, Compare):
            return Compare(node.operators, tuple(self._without_calls(operand, table) for operand in node.operands))
        return node

    def call(self, call: CardCall) -> Any:
        """A card call: its view's formula at the arguments; component by component where a vector stands in a number's place."""
        view = view_of(call, self.losses)
        again = call in self.called
        self.called.append(call)
        arguments: dict[str, Any] = {}
        spread = 0
        given = {slot: self.value(node) for slot, node in call.keywords}
        sizes = sizes_in(view, given, self.size)
        for slot, node in call.keywords:
            entry = view.variables.get(slot) or view.parameters[slot]
            value = given[slot]
            if entry.length is not None and not isinstance(value, tuple):
                value = (value,) * (entry.length if isinstance(entry.length, int) else sizes[entry.length])
            if entry.length is None and isinstance(value, tuple):
                spread = max(spread, len(value))
            # a free name ranges over the slot's domain already; a call that is made twice owes its domains once
            if not again and not (isinstance(node, Name) and node.name in self.names):
                self._oblige(f"{call.loss}: {slot} = {written(node)}", value, entry.domain)
            arguments[slot] = value
        tree = formula(view)
        if view.constraint is not None:
            self._constrain(view, arguments, sizes)
        if not spread:
            return self.inside(tree, arguments, sizes)
        return tuple(self.inside(tree, one, sizes) for one in _components(view, arguments, spread))

    def _constrain(self, view: View, arguments: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        """A view's joint constraint is assumed of the free names: the relation speaks of points where the card is defined."""
        for condition in parse_domain(view.constraint).conditions:
            self.conditions.append(self.inside(condition, arguments, sizes))

    def _oblige(self, place: str, value: Any, domain: str) -> None:
        parts = value if isinstance(value, tuple) else (value,)
        allowed = intervals(UNIT if domain == "simplex" else parse_set(domain))
        if allowed != (Interval(),):
            self.obligations += [Obligation(f"{place} in {domain}", part, allowed) for part in parts]
        if domain == "simplex":
            zero = Interval(sympy.Integer(0), sympy.Integer(0), False, False)
            self.obligations.append(Obligation(f"{place} sums to 1", self.total(parts) - 1, (zero,)))

    def total(self, parts: tuple[Any, ...]) -> sympy.Expr:
        """The sum of a vector's components."""
        return sympy.Add(*parts)


class _EveryLength(_Builder):
    """The builder for vectors of every length: see `lossgraph.verify.lengths`."""

    def __init__(self, statement: Statement, losses: Mapping[str, Loss]) -> None:
        self.sums = Sums()
        self.named = frozenset(statement.lengths)
        super().__init__(statement, losses, 1)
        self.sums.scalars = tuple(self.symbols)

    def _quantity(self, quantity: Quantity) -> Any:
        if quantity.length is None:
            return self._symbol(quantity.name, quantity)
        if isinstance(quantity.length, int):
            raise InputError(f"`{quantity.name}` has a length of its own")
        vector = self.sums.vector(quantity.name, quantity.spans, intervals(quantity.spans), quantity.simplex)
        if quantity.prediction:
            self.predictions.append(vector[0])
        return vector

    def plain(self, node: Node, table: Mapping[str, Any]) -> Any:
        return to_sympy(*resolved(node, table, self.sums, self.named, self.requirements))

    def inside(self, node: Node, arguments: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
        return evaluate(node, arguments, self.sums, frozenset(sizes))

    def total(self, parts: tuple[Any, ...]) -> sympy.Expr:
        return self.sums.total(parts[0])


def sizes_in(view: View, given: Mapping[str, Any], size: int) -> dict[str, int]:
    """What the names of a view's lengths stand for in a call: the length of a vector that fills such a slot (`vector(a, b)` has 2), else `size`."""
    found: dict[str, int] = {}
    for slot, entry in (*view.variables.items(), *view.parameters.items()):
        if isinstance(entry.length, str):
            value = given.get(slot)
            found[entry.length] = len(value) if isinstance(value, tuple) else found.get(entry.length, size)
    return found


def _components(view: View, arguments: Mapping[str, Any], count: int) -> Iterator[dict[str, Any]]:
    """The arguments of a view over numbers, once for each component of the vectors that stand there."""
    lengths = {**{name: entry.length for name, entry in view.variables.items()}, **{name: entry.length for name, entry in view.parameters.items()}}
    for index in range(count):
        yield {name: value[index] if isinstance(value, tuple) and lengths[name] is None else value for name, value in arguments.items()}


def formula(view: View) -> Node:
    """The tree of a view's expression."""
    return _tree(view.expression)


@lru_cache(maxsize=512)
def _tree(expression: str) -> Node:
    return parse_expression(expression)
