"""Finds the rules that fire without asking all of them: by the task, then by the facts that are known.

A recommendation asks about some ten facts, of a hundred; a rule that needs a fact to be known cannot fire without it. The answer is the same as asking every
rule in turn (`tests/test_rules.py` compares both).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from lossgraph.build import build
from lossgraph.model import Condition, Rule
from lossgraph.recommender.conditions import TASK, holds

Entry = tuple[int, Rule, tuple[Condition, ...], tuple[Condition, ...]]


class Index:
    """Rules in order, with what each still asks once the task is known. They are made from the compiled catalogue when a task first needs them."""

    def __init__(self, compiled: Iterable[Mapping[str, Any]], lineage: Callable[[str], tuple[str, ...]]) -> None:
        self._compiled = tuple(compiled)
        self._lineage = lineage
        self._built: dict[int, Rule] = {}
        self._shelves: dict[str, tuple[list[Entry], dict[str, list[Entry]]]] = {}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All of them."""
        return tuple(self._rule(place) for place in range(len(self._compiled)))

    def _rule(self, place: int) -> Rule:
        if place not in self._built:
            self._built[place] = build(Rule, self._compiled[place])
        return self._built[place]

    def fired(self, known: Mapping[str, Any]) -> list[Rule]:
        """The rules all of whose conditions hold, in their order."""
        task = str(known.get(TASK, ""))
        if task not in self._shelves:
            self._shelves[task] = self._shelve(task)
        free, needing = self._shelves[task]
        found = [(place, rule) for place, rule, when, unless in free if _fires(when, unless, known)]
        for name in known:
            found += [(place, rule) for place, rule, when, unless in needing.get(name, ()) if _fires(when, unless, known)]
        return [rule for _, rule in sorted(found, key=lambda pair: pair[0])]

    def _shelve(self, task: str) -> tuple[list[Entry], dict[str, list[Entry]]]:
        """The rules that the task allows: those that need no further fact, and the others by a fact that they need."""
        lineage = self._lineage(task)
        given = {TASK: task} if task else {}
        free: list[Entry] = []
        needing: dict[str, list[Entry]] = {}
        for place, compiled in enumerate(self._compiled):
            if not all(holds(Condition(**one), given, lineage) for one in compiled["when"] if one["fact"] == TASK):
                continue
            if any(holds(Condition(**one), given, lineage) for one in compiled["unless"] if one["fact"] == TASK):
                continue
            rule = self._rule(place)
            entry = (place, rule, _others(rule.when), _others(rule.unless))
            needed = next((one.fact for one in entry[2] if one.test != "unknown"), None)
            (free if needed is None else needing.setdefault(needed, [])).append(entry)
        return free, needing


def _others(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(one for one in conditions if one.fact != TASK)


def _fires(when: tuple[Condition, ...], unless: tuple[Condition, ...], known: Mapping[str, Any]) -> bool:
    for one in when:
        if not holds(one, known, ()):
            return False
    return all(not holds(one, known, ()) for one in unless)
