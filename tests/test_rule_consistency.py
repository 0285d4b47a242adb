"""Proved for every consistent set of facts, task by task: a loss is left, none is both required and forbidden; and every rule can fire."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

import lossgraph
from lossgraph.build import build
from lossgraph.model import TASK, Rule
from lossgraph.recommender.advise import Book, book
from tests.rule_logic import Logic, played
from tests.test_recommend_tasks import UNADVISED

pytest.importorskip("z3")
TASKS = tuple(name for name in lossgraph.load().data["tasks"] if name not in UNADVISED)


@cache
def logic(task: str) -> Logic:
    return Logic(book(), task)


def nothing_left(one: Logic) -> dict[str, Any] | None:
    """The facts of a consistent problem that no loss is left for."""
    left = [one.z3.And(supported, one.z3.Not(one.barred(loss))) for loss, supported in one.candidates().items()]
    return one.find(one.consistent(), one.z3.Not(one.z3.Or(*left)))


def torn(one: Logic) -> tuple[str, str, str, dict[str, Any]] | None:
    """A loss that one rule requires and another forbids, for a consistent problem."""
    cards = one.book.advice.cards
    for loss, supported in one.candidates().items():
        for wants in one.rules("require"):
            for forbids in one.rules("forbid"):
                if cards.chosen(wants, loss) and (not forbids.losses or loss in forbids.losses) and cards.chosen(forbids, loss):
                    facts = one.find(one.consistent(), supported, one.fires(wants), one.fires(forbids))
                    if facts is not None:
                        return loss, wants.id, forbids.id, facts
    return None


@pytest.mark.parametrize("task", TASKS)
def test_a_loss_is_left_for_every_consistent_problem(task: str) -> None:
    assert nothing_left(logic(task)) is None


@pytest.mark.parametrize("task", TASKS)
def test_no_loss_is_required_and_forbidden(task: str) -> None:
    assert torn(logic(task)) is None


@pytest.mark.parametrize("task", TASKS)
def test_some_problem_of_the_task_is_consistent(task: str) -> None:
    """Else the proofs above would hold of nothing."""
    facts = logic(task).find(logic(task).consistent())
    assert facts is not None


@pytest.mark.parametrize("rule", book().rules, ids=lambda rule: rule.id)
def test_every_rule_fires_for_a_consistent_problem(rule: Rule) -> None:
    """A model that z3 finds is played back: the recommender itself makes the rule fire, and finds nothing that excludes each other."""
    wanted = _wanted(rule)
    tasks = [task for task in TASKS if not wanted or wanted & {*book().catalog.lineage(task)}]
    clash = rule.effect in {"conflict", "refuse"}
    for task in tasks:
        one = logic(task)
        facts = one.find(one.fires(rule), *([] if clash else [one.consistent()]), *[one.variables[name] == 0 for name in _others(rule, one)])
        if facts is None:
            facts = one.find(one.fires(rule), *([] if clash else [one.consistent()]))
        if facts is None:
            continue
        problem = played(book(), task, facts)
        if clash:
            if problem.errors or problem.cautions or problem.questions:
                return
            continue
        if not problem.errors and rule in book().advice.index.fired(problem.known):
            return
    pytest.fail(f"{rule.id} fires for no consistent problem")


def _wanted(rule: Rule) -> set[str]:
    return {task for one in rule.when if one.fact == TASK for task in (one.value if one.test == "in" else [one.value])}


def _others(rule: Rule, one: Logic) -> set[str]:
    """Facts that the rule does not look at; a witness without them is easier to read."""
    return set(one.variables) - {condition.fact for condition in (*rule.when, *rule.unless)} - {fact.id for fact in one.book.facts.values() if fact.derived}


def test_the_proofs_see_a_rule_that_leaves_nothing() -> None:
    known = book()
    losses = tuple(logic("segmentation").candidates())
    plain: dict[str, Any] = {**next(iter(known.catalog.data["rules"].values())), "when": [], "unless": [], "having": [], "lacking": []}
    wrong = build(Rule, {**plain, "id": "wrong", "effect": "forbid", "losses": losses})
    changed = Book(known.catalog)
    changed.rules = (*known.rules, wrong)
    assert nothing_left(Logic(changed, "segmentation")) is not None


def test_the_proofs_see_a_loss_that_is_torn() -> None:
    known = book()
    plain: dict[str, Any] = {**next(iter(known.catalog.data["rules"].values())), "losses": ["focal"], "when": [], "unless": [], "having": [], "lacking": []}
    changed = Book(known.catalog)
    changed.rules = tuple(build(Rule, {**plain, "id": effect, "effect": effect}) for effect in ("support", "require", "forbid"))
    found = torn(Logic(changed, "segmentation"))
    assert found is not None
    assert found[:3] == ("focal", "require", "forbid")
