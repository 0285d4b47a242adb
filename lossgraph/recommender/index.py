"""Finds the rules that fire without asking all of them: by the task, then by the facts that are known.

Which rules a task allows, and which fact each of them needs, is told by the shelves of the compiled catalogue. A recommendation knows some ten facts, of a
hundred; only rules that need one of them, or none, are built and asked. The answer is the same as asking every rule in turn (`tests/test_rules.py` compares
both).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from lossgraph.build import build
from lossgraph.conditions import holds
from lossgraph.model import TASK, Condition, Rule

Conditions = tuple[Condition, ...]


class Index:
    """Rules in order, of one of the `effects` (of all where it is empty). They are made from the compiled catalogue when they are first asked."""

    def __init__(self, catalog: Mapping[str, Any], effects: Collection[str] = ()) -> None:
        self._rules: Mapping[str, Any] = catalog["rules"]
        self._shelves: Mapping[str, Any] = catalog["shelves"]
        self._effects = effects
        self._known: dict[str, dict[str, list[tuple[int, str]]]] = {}
        self._built: dict[str, tuple[Rule, Conditions, Conditions]] = {}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All of them."""
        every = (self._asked(name)[0] for name in self._rules)
        return tuple(rule for rule in every if not self._effects or rule.effect in self._effects)

    def fired(self, known: Mapping[str, Any]) -> list[Rule]:
        """The rules all of whose conditions hold, in their order."""
        shelf = self._shelf(str(known.get(TASK, "")))
        names = [entry for fact in ("", *known) for entry in shelf.get(fact, ())]
        found = (self._asked(name) for _, name in sorted(names))
        return [rule for rule, when, unless in found if _fires(when, unless, known)]

    def _shelf(self, task: str) -> dict[str, list[tuple[int, str]]]:
        """The rules that the task allows with their places, by a fact that they need to be known; under "" those that need none."""
        if task not in self._known:
            shelf: dict[str, list[tuple[int, str]]] = {}
            for place, (name, effect, needed) in enumerate(self._shelves[task]):
                if not self._effects or effect in self._effects:
                    shelf.setdefault(needed, []).append((place, name))
            self._known[task] = shelf
        return self._known[task]

    def _asked(self, name: str) -> tuple[Rule, Conditions, Conditions]:
        """A rule, and its conditions that are not on the task."""
        if name not in self._built:
            rule = build(Rule, self._rules[name])
            self._built[name] = rule, _others(rule.when), _others(rule.unless)
        return self._built[name]


def _others(conditions: Conditions) -> Conditions:
    return tuple(one for one in conditions if one.fact != TASK)


def _fires(when: Conditions, unless: Conditions, known: Mapping[str, Any]) -> bool:
    for one in when:
        if not holds(one, known, ()):
            return False
    return all(not holds(one, known, ()) for one in unless)
