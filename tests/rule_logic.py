"""The facts and rules as formulas for z3, so that claims about every consistent problem can be proved.

A fact is a whole number: 0 where it is not known, else the place of its value among those that some condition tells apart. Whether a value meets a condition
is asked of the recommender itself (`holds`), and so is which losses a rule is about; only "and", "or" and "not" are rebuilt here, and every model that z3 finds
can be played back.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from lossgraph.conditions import holds
from lossgraph.model import TASK, Condition, Fact, Rule
from lossgraph.recommender.advise import Book
from lossgraph.recommender.answer import Finding
from lossgraph.recommender.merging import Problem, refined, settle, settle_conflicts

SELECTED = {"support", "prefer", "avoid", "forbid", "require"}


class AskedForError(Exception):
    """A fact was looked at that no value was assumed for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Asking(dict[str, Any]):
    """Known facts that say which other one was looked at."""

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            raise AskedForError(name)
        return self[name]


class Logic:
    """Formulas for one task."""

    def __init__(self, book: Book, task: str) -> None:
        import z3

        self.z3: Any = z3
        self.book, self.task = book, task
        self.lineage = book.catalog.lineage(task)
        self.values = {name: values_of(book, name) for name in book.facts if name != TASK}
        self.variables = {name: z3.Int(name) for name in self.values}

    def condition(self, one: Condition) -> Any:
        """Where the condition holds."""
        if one.fact == TASK:
            return self.z3.BoolVal(holds(one, {TASK: self.task}, self.lineage))
        places = [place for place, value in enumerate(self.values[one.fact]) if holds(one, {} if value is None else {one.fact: value}, self.lineage)]
        return self.z3.Or([self.variables[one.fact] == place for place in places])

    def fires(self, rule: Rule) -> Any:
        """Where the rule fires."""
        return self.z3.And(*[self.condition(one) for one in rule.when], self.z3.Not(self.z3.Or(*[self.condition(one) for one in rule.unless])))

    def consistent(self) -> Any:
        """Nothing that excludes each other, and nothing open that follows. The wish for another loss is left out: it may rule out any."""
        z3 = self.z3
        parts = [z3.Not(self.fires(rule)) for rule in self.book.conflicts.rules]
        parts += [z3.Not(where) for where in self.moved({})]
        parts.append(self.variables["unlike"] == 0)
        for name, fact in self.book.facts.items():
            for one in fact.derived:
                if name != TASK:
                    parts.append(z3.Implies(z3.And(*[self.condition(condition) for condition in one.when]), self.variables[name] != 0))
        return z3.And(*parts)

    def moved(self, assumed: dict[str, Any]) -> Iterable[Any]:
        """Where the facts make the task a more specific one: `refined` is asked, and each fact that it looks at is tried with each value."""
        try:
            if refined(self.task, Asking(assumed), given=True) is not None:
                yield self.z3.And(*[self.variables[name] == self.values[name].index(value) for name, value in assumed.items()])
        except AskedForError as asked:
            for value in self.values[asked.name]:
                yield from self.moved({**assumed, asked.name: value})

    def candidates(self) -> dict[str, Any]:
        """Every loss that some rule supports for the task, with where one does."""
        found: dict[str, list[Any]] = {}
        for rule in self.rules("support"):
            for loss in rule.losses:
                if self.book.advice.cards.known(loss):
                    found.setdefault(loss, []).append(self.fires(rule))
        return {loss: self.z3.Or(*where) for loss, where in found.items()}

    def rules(self, effect: str) -> list[Rule]:
        """The rules of an effect that the task does not keep from firing."""
        kept = [rule for rule in self.book.rules if rule.effect == effect]
        return [rule for rule in kept if all(holds(one, {TASK: self.task}, self.lineage) for one in rule.when if one.fact == TASK)]

    def barred(self, loss: str) -> Any:
        """Where a rule takes the loss out."""
        cards = self.book.advice.cards
        against = [rule for rule in self.rules("forbid") if (not rule.losses or loss in rule.losses) and cards.chosen(rule, loss)]
        against += [rule for rule in self.rules("require") if not cards.chosen(rule, loss)]
        return self.z3.Or(*[self.fires(rule) for rule in against])

    def find(self, *claims: Any) -> dict[str, Any] | None:
        """The facts of a problem for which all claims hold, or None where there is none."""
        solver = self.z3.Solver()
        solver.add(*claims, *(self.z3.And(variable >= 0, variable < len(self.values[name])) for name, variable in self.variables.items()))
        answer = solver.check()
        assert answer != self.z3.unknown
        if answer == self.z3.unsat:
            return None
        model = solver.model()
        places = {name: model.eval(variable, model_completion=True).as_long() for name, variable in self.variables.items()}
        return {name: self.values[name][place] for name, place in places.items() if place}


@cache
def _conditions(book: Book) -> dict[str, list[Condition]]:
    found: dict[str, list[Condition]] = {}
    for one in (*(one for rule in book.rules for one in (*rule.when, *rule.unless)), *_derivations(book.facts.values())):
        found.setdefault(one.fact, []).append(one)
    return found


def _derivations(facts: Iterable[Fact]) -> Iterable[Condition]:
    return (condition for fact in facts for one in fact.derived for condition in one.when)


@cache
def values_of(book: Book, name: str) -> tuple[Any, ...]:
    """Not known (None), then one value for each case that conditions tell apart."""
    fact = book.facts[name]
    if fact.kind == "flag":
        return (None, True, False)
    conditions = _conditions(book).get(name, [])
    named = {value for one in conditions if one.value is not None for value in (one.value if one.test == "in" else [one.value])}
    if fact.kind == "choice":
        every = [*(book.catalog.data[fact.among] if fact.among else fact.values)]
        return (None, *(value for value in every if value in named), *[value for value in every if value not in named][:1])
    cuts = sorted({float(value) for value in named})
    low, high = float(fact.low or 0), float(fact.high if fact.high is not None else 1e12)
    between = [(one + other) / 2 for one, other in zip([low, *cuts], [*cuts, high], strict=True)]
    tried = sorted({value for value in (*cuts, *between) if low <= value <= high and (not fact.integer or value == int(value))})
    return (None, *(int(value) if fact.integer else value for value in tried))


def played(book: Book, task: str, facts: dict[str, Any]) -> Problem:
    """The problem that the recommender makes of the task and facts, given as flags."""
    problem = Problem(facts={name: Finding(name, value, "flag", "test", 1.0) for name, value in {TASK: task, **facts}.items()})
    settle(problem, book.facts, book.catalog)
    settle_conflicts(problem, book.facts, book.conflicts)
    return problem
