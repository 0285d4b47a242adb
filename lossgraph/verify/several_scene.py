"""A question about several variables or vectors in SymPy: what its names stand for, what is quantified, what has to hold for it to have a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy

from lossgraph.formula.domains import parse_set
from lossgraph.formula.symbolic import requirements, symbol, to_sympy
from lossgraph.model import InputError
from lossgraph.verify.everywhere import Proof, Symbols, condition_holds, everywhere
from lossgraph.verify.instance import intervals
from lossgraph.verify.lengths import Sums, evaluate, resolved
from lossgraph.verify.moments import MOMENTS, centred, moments
from lossgraph.verify.order import Undecided
from lossgraph.verify.question import Question
from lossgraph.verify.several_witness import sums_to_one
from lossgraph.verify.space import Interval

UNIT = parse_set("[0, 1]")
Certificate = dict[str, Any]
FAILURES = (InputError, Undecided, ValueError, ArithmeticError, AttributeError, NotImplementedError, TypeError)
"""What a proof attempt may raise that shows nothing: the engine fails closed."""


class Open(Exception):
    """A step that was not proved."""


@dataclass(frozen=True)
class Scene:
    """A question in SymPy. `asked` are the symbols (generic components, for vectors) that the property is about; `table` what the names stand for."""

    question: Question
    table: Mapping[str, Any]
    sums: Sums
    expression: sympy.Expr
    asked: tuple[sympy.Symbol, ...]
    scalars: Symbols
    conditions: tuple[sympy.Basic, ...]

    def symbols(self) -> Symbols:
        """Everything that claims are quantified over."""
        return (*self.scalars, *self.sums.components.items(), *self.sums.symbols())

    def demand(self, expression: sympy.Expr, claim: str) -> Certificate:
        """The certificate of a claim that holds everywhere. Raises `Open`."""
        return demand(everywhere(expression, claim, self.symbols(), (*self.conditions, *self.sums.conditions())))

    def demand_where(self, expression: sympy.Expr, claim: str, condition: Any) -> Certificate:
        """The certificate of a claim that holds wherever a condition does. Raises `Open`."""
        return demand(everywhere(expression, claim, self.symbols(), (*self.conditions, *self.sums.conditions(), condition)))

    def targets(self) -> Iterator[tuple[sympy.Symbol, sympy.Expr]]:
        """Each component asked about with what it should be. Raises `Open` where there is no such target."""
        target, names = self.question.target(), self.question.asked()
        if target is None or len(names) != 1:
            raise Open("no single prediction and target")
        value = to_sympy(*resolved(target, self.table, self.sums, frozenset())) if self.sums.components else to_sympy(target, self.table)
        yield from zip(self.asked, value if isinstance(value, tuple) else (value,) * len(self.asked), strict=True)

    def moving(self) -> dict[sympy.Symbol, sympy.Expr]:
        """The sums that hold asked components, and what they sum."""
        return {unknown: part for part, (unknown, _) in self.sums.unknowns.items() if part.free_symbols & set(self.asked)}

    def domain(self, name: sympy.Symbol) -> tuple[Interval, ...]:
        """The set of a scalar or of a vector's components."""
        return dict((*self.scalars, *self.sums.components.items()))[name]


def demand(proof: Proof) -> Certificate:
    """The proof's certificate. Raises `Open`."""
    if not proof.proved:
        raise Open(proof.reason)
    return dict(proof.certificate)


def has_values(question: Question) -> bool:
    """Whether the formula is proved to have a finite value everywhere, for vectors of every length."""
    return _has_values(Key(question))


class Key:
    """A question as a key: what its formula and its domain are."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.texts = (question.text, question.variables, question.domain_text, question.parameters_text, tuple(sorted(map(str, question.lengths.items()))))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.texts == other.texts

    def __hash__(self) -> int:
        return hash(self.texts)


@lru_cache(maxsize=500)
def _has_values(key: Key) -> bool:
    try:
        scene, noted = scene_of(key.question)
        if all(holds_where(scene, condition, guard).proved for guard, condition in noted):
            return True
    except FAILURES:
        pass
    from lossgraph.verify.composed import values_by_facts

    return values_by_facts(key.question)


def holds_where(scene: Scene, condition: Any, guard: Any) -> Proof:
    """Whether a condition of the formula holds wherever its guard does; where sums of squares are in it, also by means and variances."""
    everything = (*scene.conditions, *scene.sums.conditions())
    if guard not in (True, sympy.true):  # what holds everywhere, or wherever one part of the guard does, is easier to see
        for weaker in (sympy.true, *(guard.args if isinstance(guard, sympy.And) else ())):
            found = condition_holds(condition, weaker, scene.symbols(), everything)
            if found.proved:
                return found
    table = moments(scene)
    if table is not None and condition.free_symbols & set(table) and guard in (True, sympy.true):
        gap = centred(condition.lhs - condition.rhs, table)
        found = condition_holds(condition.func(gap, 0), guard, (*scene.symbols(), *MOMENTS), everything)
        if found.proved:
            return found
    return condition_holds(condition, guard, scene.symbols(), everything)


def scene_of(question: Question) -> tuple[Scene, list[tuple[Any, Any]]]:
    """The question in SymPy, and what has to hold for the formula to have a value. Raises InputError where vectors are not all of one open length."""
    lengths = set(question.lengths.values())
    if lengths and all(str(length).isdigit() for length in lengths) and not question.simplices:
        return _written_out(question)
    if len(lengths) > 1 or any(str(length).isdigit() for length in lengths) or not set(question.simplices) <= set(question.lengths):
        raise InputError("vectors of several or fixed lengths")
    sums, table = Sums(), dict[str, Any]()
    scalars: list[tuple[sympy.Symbol, tuple[Interval, ...]]] = []
    for name, spans in {**question.parameters, **question.sets, **dict.fromkeys(question.simplices, UNIT)}.items():
        if name in question.lengths:
            whole = name in question.simplices or (sums_to_one(question, name) and all(span.lower.is_nonnegative for span in intervals(spans)))
            table[name] = sums.vector(name, spans, intervals(spans), whole)
        else:
            table[name] = symbol(name, spans)
            scalars.append((table[name], intervals(spans)))
    sums.scalars = tuple(scalars)
    named = frozenset(str(length) for length in lengths)
    noted: list[tuple[Any, Any]] = []
    bare, values = resolved(question.formula, table, sums, named, noted)
    expression = sympy.sympify(to_sympy(bare, values))
    conditions = [evaluate(condition, table, sums, named) for condition in (*question.conditions, *question.parameter_conditions)]
    asked = tuple(table[name][0] if isinstance(table[name], tuple) else table[name] for name in question.asked())
    return Scene(question, table, sums, expression, asked, tuple(scalars), tuple(c for c in conditions if c is not sympy.true)), noted


def _written_out(question: Question) -> tuple[Scene, list[tuple[Any, Any]]]:
    """The scene where every vector has a fixed length: each component is a number of its own."""
    table: dict[str, Any] = {}
    scalars: list[tuple[sympy.Symbol, tuple[Interval, ...]]] = []
    for name, spans in {**question.parameters, **question.sets}.items():
        count = int(question.lengths.get(name, 0))
        parts = tuple(symbol(f"{name}_{i}", spans) for i in range(count)) if count else (symbol(name, spans),)
        if {str(part) for part in parts} & {str(entry[0]) for entry in scalars}:
            raise InputError("two quantities of one name")
        table[name] = parts if count else parts[0]
        scalars += [(part, intervals(spans)) for part in parts]
    expression = sympy.sympify(to_sympy(question.formula, table))
    conditions = [to_sympy(condition, table) for condition in (*question.conditions, *question.parameter_conditions)]
    asked = tuple(part for name in question.asked() for part in (table[name] if isinstance(table[name], tuple) else (table[name],)))
    given = tuple(part for condition in conditions for part in (condition.args if isinstance(condition, sympy.And) else (condition,)) if part is not sympy.true)
    return Scene(question, table, Sums(), expression, asked, tuple(scalars), given), list(requirements(question.formula, table))


def again(scene: Scene, table: Mapping[str, Any]) -> sympy.Expr:
    """The formula with other arguments, over the same sums."""
    if not scene.sums.components:
        return sympy.sympify(to_sympy(scene.question.formula, table))
    named = frozenset(str(length) for length in scene.question.lengths.values())
    return sympy.sympify(evaluate(scene.question.formula, table, scene.sums, named))
