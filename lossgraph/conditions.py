"""Whether the conditions of rules and facts hold, given what is known; and how values are written in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import ge, gt, le, lt
from typing import Any

from lossgraph.model import TASK, Condition, Fact, Rule

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def holds(condition: Condition, known: Mapping[str, Any], lineage: tuple[str, ...]) -> bool:
    """Whether one condition holds. A fact that is not known meets only `unknown`; a task is also everything in its `lineage`."""
    value = known.get(condition.fact)
    if condition.test in {"known", "unknown"}:
        return (value is None) == (condition.test == "unknown")
    if value is None:
        return False
    if condition.fact == TASK:
        wanted = condition.value if condition.test == "in" else (condition.value,)
        return any(task in lineage for task in wanted) != (condition.test == "not")
    if condition.test == "is":
        return value == condition.value
    if condition.test == "not":
        return value != condition.value
    return value in condition.value if condition.test == "in" else _COMPARE[condition.test](value, condition.value)


def fires(rule: Rule, known: Mapping[str, Any], lineage: tuple[str, ...]) -> bool:
    """Whether all of a rule's `when` hold and none of its `unless`."""
    return all(holds(one, known, lineage) for one in rule.when) and not any(holds(one, known, lineage) for one in rule.unless)


def filled(text: str, known: Mapping[str, Any], facts: Mapping[str, Fact]) -> str:
    """The sentence with every `{fact}` replaced by its value, shares in percent."""
    for name, value in known.items() if "{" in text else ():
        if f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", written(value, facts.get(name)))
    return text


def written(value: Any, fact: Fact | None = None) -> str:
    """A value as people write it: yes and no, shares in percent, three significant digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if fact is not None and fact.unit == "share":
            return f"{100 * value:.3g} %"
        return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"
    return str(value)


def mentioned(rules: Iterable[Rule]) -> set[str]:
    """Every fact that these rules look at."""
    return {condition.fact for rule in rules for condition in (*rule.when, *rule.unless)}
