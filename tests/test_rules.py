"""Are the facts and rules sound: validated with precise errors, satisfiable, and able to fire?"""

from __future__ import annotations

import itertools
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

import lossgraph
from lossgraph.build import build
from lossgraph.conditions import fires, holds
from lossgraph.model import TASK, CatalogError, Condition, Rule, Verdict
from lossgraph.recommender.advise import Book, book
from lossgraph.recommender.answer import Finding
from lossgraph.recommender.merging import Problem, settle
from lossgraph.recommender.parameters import FORMULAS
from lossgraph.recommender.ranking import rank
from lossgraph.yaml_files import read_yaml


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "catalog"
    shutil.copytree(lossgraph.load().folder, copy, ignore=shutil.ignore_patterns("certificates"))
    return copy


GOOD = '{id: extra, effect: prefer, when: {problem: regression}, losses: [huber], grade: D, sources: [huber1964], text: "Words."}'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("problem: regression", "problme: regression", 'extra.when.problme: no fact "problme"; did you mean "problem"?'),
        ("problem: regression", "problem: regresion", "'regresion' is no value of problem; did you mean \"regression\"?"),
        ("problem: regression", 'problem: ">= 3"', ">= compares numbers"),
        ("problem: regression", 'n_classes: ">= many"', "a number is expected"),
        ("problem: regression", "outliers: 1", "1 is no value of outliers"),
        ("losses: [huber]", "losses: [hubber]", 'extra.losses: no loss "hubber"; did you mean "huber"?'),
        ("losses: [huber]", "having: [convexx]", 'did you mean "convex"?'),
        ("losses: [huber]", "strength: 2", "say which losses"),
        ("grade: D", "grade: E", "grade"),
        ("effect: prefer", "effect: prefers", "effect"),
        ("[huber1964]", "[huber1965]", 'no reference "huber1965" (nor a URL); did you mean "huber1964"?'),
        ("[huber1964]", "[]", "at least one source"),
        ("id: extra", "id: regression_mean", "taken by a rule of regression.yaml"),
        ("grade: D", "grade: D, strenght: 3", 'no such key; did you mean "strength"?'),
        ("effect: prefer", "effect: set", "extra.parameters: the effect 'set' needs this key"),
        ("effect: prefer", "effect: set, parameters: {gamma: 2}", 'no parameter "gamma" of huber'),
        ("effect: prefer", "effect: set, parameters: {delta: from_data}", "no formula"),
        ("effect: prefer", "effect: ask, fact: outlier", 'did you mean "outliers"?'),
        ("effect: prefer", "effect: measure, metrics: [rmes]", 'did you mean "rmse"?'),
    ],
)
def test_a_broken_rule_is_refused_with_place_and_reason(folder: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    (folder / "rules" / "zz_extra.yaml").write_text(f"rules:\n  - {GOOD.replace(old, new)}\n", encoding="utf-8")
    with pytest.raises(CatalogError) as error:
        lossgraph.load(folder)
    assert said in str(error.value)
    assert "catalog/rules/zz_extra.yaml: " in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extra: {group: data, kind: flag, question: q}", "extra.definition: this key is missing"),
        ("extra: {group: data, kind: choice, definition: d, question: q}", "a choice lists its values"),
        ("extra: {group: data, kind: flag, definition: d, question: q, synonyms: {maybe: [x]}}", "extra.synonyms.maybe: no such value"),
        ("extra: {group: data, kind: flag, definition: d, question: q, derived: [{value: true, when: {nope: true}, text: t}]}", 'no fact "nope"'),
        ("task: {group: data, kind: flag, definition: d, question: q}", "cannot be the name of a fact"),
        ("target: {group: data, kind: flag, definition: d, question: q}", "cannot be the name of a fact"),
        ("extra: {group: data, kind: flug, definition: d, question: q}", "extra.kind"),
    ],
)
def test_a_broken_fact_is_refused(folder: Path, text: str, said: str) -> None:
    file = folder / "facts.yaml"
    file.write_text(file.read_text(encoding="utf-8") + text + "\n", encoding="utf-8")
    with pytest.raises(CatalogError) as error:
        lossgraph.load(folder)
    assert said in str(error.value)


def test_the_good_rule_loads(folder: Path) -> None:
    (folder / "rules" / "zz_extra.yaml").write_text(f"rules:\n  - {GOOD}\n", encoding="utf-8")
    assert list(lossgraph.load(folder).data["rules"])[-1] == "extra"


def satisfying(condition: Condition, known: Book) -> list[Any]:
    """Values of the fact that meet the condition; None stands for not known."""
    fact = known.facts[condition.fact]
    if condition.test == "unknown":
        return [None]
    if condition.test in {"is", "in"}:
        return list(condition.value) if condition.test == "in" else [condition.value]
    candidates: list[Any] = {"flag": [True, False], "number": [2, 0.5, 0.05, 0.3, 5, 60, 200, 1.5]}.get(fact.kind, [*fact.values])
    if fact.among:
        candidates = list(known.catalog.data[fact.among])
    return [value for value in candidates if holds(condition, {condition.fact: value}, ())]


def problem_of(rule: Rule, known: Book) -> Problem | None:
    """A problem whose facts meet the rule's `when`, after refinement and derivation; None where none was found."""
    for values in itertools.product(*(satisfying(condition, known)[:6] for condition in rule.when)):
        given = {condition.fact: value for condition, value in zip(rule.when, values, strict=True) if value is not None}
        problem = Problem(facts={name: Finding(name, value, "flag", "test", 1.0) for name, value in given.items()})
        settle(problem, known.facts, known.catalog)
        if fires(rule, problem.known, known.catalog.lineage(str(problem.known.get(TASK, "")))):
            return problem
    return None


@pytest.mark.parametrize("rule", book().rules, ids=lambda rule: rule.id)
def test_every_rule_can_fire(rule: Rule) -> None:
    assert problem_of(rule, book()) is not None


@pytest.mark.parametrize("rule", [rule for rule in book().rules if rule.effect not in {"conflict", "refuse"}], ids=lambda rule: rule.id)
def test_where_a_rule_fires_with_a_known_task_a_loss_is_left(rule: Rule) -> None:
    """Unless another rule says that the facts exclude each other."""
    known = book()
    problem = problem_of(rule, known)
    assert problem is not None
    if TASK not in problem.facts:
        problem.facts[TASK] = Finding(TASK, "regression", "flag", "test", 1.0)
    lineage = known.catalog.lineage(str(problem.known[TASK]))
    if any(other.effect in {"conflict", "refuse"} and fires(other, problem.known, lineage) for other in known.rules):
        pytest.skip("these facts exclude each other")
    assert known.advice.rank(problem).standings


def test_the_index_finds_the_rules_that_fire() -> None:
    """The same rules in the same order as asking every one, for problems drawn at random."""
    known, drawn = book(), random.Random(5)
    compared = 0
    for _ in range(300):
        names = drawn.sample(sorted(known.facts), drawn.randint(0, 12))
        facts: dict[str, Any] = {}
        for name in {TASK, *names} if drawn.random() < 0.9 else names:
            fact = known.facts[name]
            words = known.catalog.data[fact.among] if fact.among else fact.values
            values: list[Any] = {"flag": [True, False], "number": [0.05, 2, 60]}.get(fact.kind, [*words])
            facts[name] = drawn.choice(values)
        lineage = known.catalog.lineage(str(facts.get(TASK, "")))
        expected = [rule for rule in known.rules if fires(rule, facts, lineage)]
        assert known.advice.index.fired(facts) == expected
        compared += len(expected)
    assert compared > 1000


def test_every_rule_cites_what_exists_and_says_a_sentence() -> None:
    known = lossgraph.load()
    for rule in book().rules:
        assert rule.text[-1] in ".?" or rule.effect in {"ask", "conflict", "refuse"}, rule.id
        assert all("://" in source or source in known.references for source in rule.sources)


def test_formulas_of_parameters_are_known_to_the_validation() -> None:
    from lossgraph.compile_rules import FORMULAS as NAMES

    assert set(NAMES) == set(FORMULAS)


def test_the_ledgers_rules_for_these_tasks_are_covered() -> None:
    """Each of the survey's if/then rules for the first tasks leads where it says."""
    cases: list[tuple[str, dict[str, Any], set[str], set[str]]] = [
        ("r00", {"task": "regression", "outliers": True}, {"mae", "huber", "log_cosh"}, {"mse", "rmse"}),
        ("r01", {"task": "regression", "gaussian": True}, {"mse"}, set()),
        ("r03", {"task": "regression", "smooth": True}, {"huber", "log_cosh", "mse"}, {"mae"}),
        ("r04", {"task": "regression", "outliers": True, "no_tuning": True}, {"log_cosh", "mae"}, set()),
        ("r06", {"task": "regression", "wide_range": True, "relative_error": True}, {"rmsle"}, set()),
        ("r08", {"task": "regression", "wide_range": True, "nonnegative": False}, {"huber", "mae", "mse"}, {"rmsle"}),
        ("r12", {"task": "regression", "interval": 0.9}, {"quantile"}, {"mse"}),
        ("r13", {"task": "regression", "counts": True}, {"poisson_loss"}, {"mse"}),
        ("r14", {"task": "regression", "feature_selection": True}, {"lasso"}, set()),
        ("r15", {"task": "regression", "correlated_features": True}, {"ridge"}, {"lasso"}),
        ("r16", {"task": "regularisation"}, {"l2_regularisation"}, set()),
        ("r18", {"task": "detection"}, {"focal+smooth_l1"}, set()),
        ("r19", {"task": "binary_classification", "max_margin": True}, {"hinge"}, set()),
        (
            "r20", {"task": "binary_classification", "max_margin": True, "smooth": True},
            {"modified_huber", "smoothed_hinge", "quadratically_smoothed_hinge"}, set(),
        ),
        ("r21", {"task": "binary_classification", "max_margin": True, "outliers": True}, {"ramp"}, set()),
        ("r24", {"task": "binary_classification", "calibrated": True}, {"binary_cross_entropy", "brier"}, {"hinge"}),
        ("r25", {"task": "multiclass_classification"}, {"categorical_cross_entropy"}, set()),
        ("r26", {"task": "multiclass_classification", "soft_labels": True}, {"categorical_cross_entropy"}, set()),
        ("r28", {"task": "segmentation", "imbalanced": True}, {"dice_cross_entropy", "dice_focal", "tversky"}, {"binary_cross_entropy"}),
        ("r29", {"task": "multiclass_classification", "overconfident": True}, {"label_smoothing"}, set()),
    ]
    for name, facts, first, never in cases:
        answer = lossgraph.recommend(**facts)
        chosen = [one.loss for one in answer.recommendations]
        assert chosen, (name, answer.errors)
        assert chosen[0] in first, (name, chosen)
        assert not never & set(chosen), (name, chosen)


def test_property_rules_wait_for_the_proof_and_use_it() -> None:
    """The same problem ranked with the verdict undecided and with it proved: the rule fires only then."""
    known = book()
    rule = build(Rule, known.catalog.data["rules"]["smooth_proved"])
    verdict = {"property": "continuously_differentiable", "variables": ("r",), "domain": "", "parameters": ""}

    class Proved(type(known.catalog)):
        """The catalogue with one verdict of its own."""

        settled: bool | None = None

        def verdicts(self, name: str, view: str | None = None) -> dict[str, Verdict]:
            status: Any = {True: "proved", False: "refuted", None: "undecided"}[self.settled]
            return {"continuously_differentiable": Verdict(**verdict, holds=self.settled, status=status)}

    catalog = Proved(known.catalog.data, known.catalog.folder)
    fired: dict[bool | None, bool] = {}
    for settled in (None, False, True):
        catalog.settled = settled
        changed = Book(catalog)
        ranking = rank(changed.advice.index.fired({TASK: "regression", "smooth": True}), {}, changed.advice.cards)
        huber = next(one for one in ranking.standings if one.loss == "huber")
        fired[settled] = rule.id in {one.id for one in huber.reasons}
    assert fired == {None: False, False: False, True: True}


def test_negated_conditions_and_unknown_facts() -> None:
    lineage = lossgraph.load().lineage("count_regression")
    assert holds(Condition(TASK, "is", "regression"), {TASK: "count_regression"}, lineage)
    assert not holds(Condition(TASK, "not", "regression"), {TASK: "count_regression"}, lineage)
    assert not holds(Condition("outliers", "is", False), {}, ())
    assert holds(Condition("outliers", "unknown"), {}, ())
    assert not holds(Condition("n_classes", ">=", 3), {}, ())


def test_the_rules_are_read_from_every_topic() -> None:
    folder = lossgraph.load().folder / "rules"
    written = [entry["id"] for path in sorted(folder.glob("*.yaml")) for entry in read_yaml(path)["rules"]]
    assert written == [rule.id for rule in book().rules]
    assert len(written) >= 200
