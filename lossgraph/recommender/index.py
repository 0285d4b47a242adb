"""Finds the rules that fire without asking all of them: by the task, then by the facts that are known.

A recommendation asks about some ten facts, of a hundred; a rule that needs a fact to be known cannot fire without it. The answer is the same as asking every
rule in turn (`tests/test_rules.py` compares both).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any

from lossgraph.build import build
from lossgraph.model import TASK, Condition, Rule
from lossgraph.recommender.conditions import holds

Entry = tuple[int, Rule, tuple[Condition, ...], tuple[Condition, ...]]


class Index:
    """Rules in order, with what each still asks once the task is known. They are made from the compiled catalogue when a task first needs them.

    `screens` tells of each rule the effect and the conditions on the task; only rules with one of the `effects` are asked (all where it is empty).
    """

    def __init__(
        self, compiled: Mapping[str, Any], screens: Mapping[str, Any], lineage: Callable[[str], tuple[str, ...]], effects: Collection[str] = ()
    ) -> None:
        self._compiled = compiled
        self._screens = {name: screen for name, screen in screens.items() if not effects or screen[0] in effects}
        self._lineage = lineage
        self._built: dict[str, Rule] = {}
        self._shelves: dict[str, tuple[list[Entry], dict[str, list[Entry]]]] = {}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All of them."""
        return tuple(self._rule(name) for name in self._screens)

    def _rule(self, name: str) -> Rule:
        if name not in self._built:
            self._built[name] = build(Rule, self._compiled[name])
        return self._built[name]

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
        for place, (name, (_, when, unless)) in enumerate(self._screens.items()):
            if not all(holds(Condition(**one), given, lineage) for one in when) or any(holds(Condition(**one), given, lineage) for one in unless):
                continue
            rule = self._rule(name)
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
