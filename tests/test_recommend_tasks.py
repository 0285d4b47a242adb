"""Does every task of the vocabulary get a sensible, explained answer: losses, reasons, metrics of that task, code that runs; and can every loss be reached?"""

from __future__ import annotations

import re
from typing import Any

import pytest

import lossgraph
from lossgraph.conditions import fires
from lossgraph.model import TASK
from lossgraph.recommender.advise import book
from lossgraph.recommender.answer import Finding
from lossgraph.recommender.merging import Problem, settle
from tests.test_rules import problem_of

CATALOG = lossgraph.load()
TASKS: dict[str, str] = {name: task for task, entry in CATALOG.data["tasks"].items() for name in (task, entry["name"], *entry["aliases"])}
# Tasks about the training of a model for another task: judged by that task's metrics.
BORROWS: dict[str, tuple[str, ...]] = {
    "adaptation": ("classification",), "continual_learning": ("classification",), "optimisation": ("classification",), "inference": ("regression",),
    "image_fusion": ("segmentation", "generative"), "energy_based": ("classification",), "structured_prediction": ("classification",),
    "domain_adaptation": ("classification",),
    "distillation": ("classification",), "image_registration": ("segmentation",),
}  # fmt: skip
# Names of tasks that are also everyday words, as in "fraud detection": alone they are not enough.
EVERYDAY = frozenset({"detection", "inversion", "regularisation"})
# Tasks whose objectives no metric of the catalogue judges.
UNJUDGED = frozenset({"equilibrium", "regularisation", "style_transfer", "audio_synthesis", "multi_task"})
# Tasks whose losses are not in the catalogue yet: they are answered with just that.
UNADVISED: frozenset[str] = frozenset()
# Losses that no rule recommends, and why.
UNRECOMMENDED: dict[str, str] = {
    "half_squared_error": "the squared error, halved: `mse` stands for it",
    "rmse": "same optimum as `mse`, with a worse gradient; a metric",
    "mbe": "errors of opposite sign cancel; a metric only",
    "ols": "the sum that `mse` averages",
    "perplexity": "same optimum as the mean negative log-likelihood; a metric",
    "zero_one": "no gradient; a metric only",
    "cross_entropy": "takes probabilities; `categorical_cross_entropy` is the same on logits, and stable",
    "gan_minimax": "the discriminator's half, named in a caution of `gan_nonsaturating`; as the generator's it saturates",
    "wgan_generator": "the generator's half of `wgan_critic`",
    "pairwise_ranking": "`contrastive` and `margin_ranking` are its two uses, and are recommended for them",
}


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_answered_under_each_of_its_names(name: str) -> None:
    answer = lossgraph.recommend(task=name)
    if TASKS[name] in UNADVISED:
        assert "there is no advice" in answer.errors[0]
        return
    assert answer.status == "recommended", answer.errors
    assert next(fact.value for fact in answer.facts if fact.name == TASK) == TASKS[name]
    for one in answer.recommendations:
        assert one.because, one.loss
        assert all(reason.sources and reason.text for reason in one.because), one.loss
        assert one.code


@pytest.mark.parametrize("task", sorted(set(CATALOG.data["tasks"]) - UNADVISED))
def test_every_task_is_read_in_a_text(task: str) -> None:
    """Its name, in a sentence, is enough."""
    answer = lossgraph.recommend(f"which loss should I use to train a model for {CATALOG.tasks[task].name}?")
    assert answer.status == ("question" if task in EVERYDAY else "recommended"), answer.questions
    assert task in EVERYDAY or next(fact.value for fact in answer.facts if fact.name == TASK) == task


def judged(metric: str, task: str) -> bool:
    """Whether a metric judges the task, one above or below it, or the task that it borrows from."""
    tasks = CATALOG.data["metrics"][metric]["tasks"]
    wanted = {one for each in (task, *BORROWS.get(task, ())) for one in CATALOG.lineage(each)}
    return not tasks or any(wanted & {*CATALOG.lineage(one)} for one in tasks)


@pytest.mark.parametrize("task", CATALOG.data["tasks"])
def test_metrics_to_watch_belong_to_the_task(task: str) -> None:
    """Whatever metric is named, including those of other tasks."""
    shown = 0
    for metric in CATALOG.data["metrics"]:
        answer = lossgraph.recommend(task=task, metric=metric, top=30)
        for one in answer.recommendations:
            wrong = [name for name in one.metrics if not judged(name, task)]
            assert not wrong, (one.loss, wrong)
            shown += len(one.metrics)
            assert judged(metric, task) or any(CATALOG.metrics[metric].name in caution for caution in one.cautions)
    assert bool(shown) != (task in UNJUDGED)


@pytest.mark.parametrize("rule", [rule for rule in book().rules if rule.effect == "measure"], ids=lambda rule: rule.id)
def test_rules_measure_what_belongs_to_their_task(rule: Any) -> None:
    tasks = [task for one in rule.when if one.fact == TASK for task in (one.value if one.test == "in" else [one.value])]
    assert tasks
    assert all(judged(metric, task) for task in tasks for metric in rule.metrics)


@pytest.mark.parametrize("rule", book().rules, ids=lambda rule: rule.id)
def test_a_sentence_names_only_facts_that_its_rule_knows(rule: Any) -> None:
    """`{fact}` in a sentence is filled with the fact's value, so the rule must look at a known value of it."""
    known = {one.fact for one in rule.when if one.test != "unknown"}
    assert set(re.findall(r"\{(\w+)\}", rule.text)) <= known


def reached() -> set[str]:
    """Every loss that stands among the candidates for the facts of some rule that supports it."""
    known, found = book(), set[str]()
    for rule in known.rules:
        if rule.effect == "support" and not set(rule.losses) <= found:
            problem = problem_of(rule, known)
            assert problem is not None, rule.id
            found |= {one.loss for one in known.advice.rank(problem).standings}
    return found


def test_every_loss_that_a_rule_names_can_be_recommended() -> None:
    named = {loss for rule in book().rules if rule.effect in {"support", "prefer", "require"} for loss in rule.losses}
    assert named - reached() == set()


def test_losses_without_a_rule_are_few_and_said() -> None:
    """Cards of kind loss that no rule recommends are said with a reason; parts and frameworks are not recommended alone."""
    found = {part for loss in reached() for part in loss.split("+")}
    left = {loss.id for loss in CATALOG if loss.kind in {"loss", "composite"} and loss.implementation} - found
    assert set(UNRECOMMENDED) <= left
    assert left == set(UNRECOMMENDED)


def test_no_rule_forbids_every_loss_of_a_task() -> None:
    """For each task, a rule that forbids leaves something, whatever facts make it fire."""
    known = book()
    for rule in known.rules:
        if rule.effect not in {"forbid", "require"}:
            continue
        for task in set(known.catalog.data["tasks"]) - UNADVISED:
            facts = {one.fact: one.value for one in rule.when if one.test == "is" and one.fact != TASK}
            problem = Problem(facts={name: Finding(name, value, "flag", "test", 1.0) for name, value in {**facts, TASK: task}.items()})
            settle(problem, known.facts, known.catalog)
            lineage = known.catalog.lineage(str(problem.known[TASK]))
            if any(other.effect in {"conflict", "refuse"} and fires(other, problem.known, lineage) for other in known.rules):
                continue
            assert known.advice.rank(problem).standings, (rule.id, task, known.catalog.family(task))


@pytest.mark.parametrize(
    ("facts", "loss", "said"),
    [
        ({"task": "regression", "metric": "mae"}, "mse", "lowest at the median"),
        ({"task": "regression", "metric": "rmse", "outliers": True}, "huber", "lowest at the mean"),
        ({"task": "segmentation", "metric": "dice"}, "binary_cross_entropy", "while this loss counts pixels"),
        ({"task": "binary_classification", "metric": "f1"}, "binary_cross_entropy", "depends on a threshold"),
        ({"task": "binary_classification", "max_margin": True}, "hinge", "no probabilities"),
        ({"task": "multilabel_classification"}, "focal", "will not be calibrated"),
        ({"task": "regression"}, "mse", "its slope has no bound"),
        ({"task": "embedding", "many_negatives": True}, "nt_xent", "gradients accumulated"),
    ],
)
def test_consequences_and_scores_that_disagree_are_said(facts: dict[str, Any], loss: str, said: str) -> None:
    answer = lossgraph.recommend(top=20, **facts)
    about = next(one.cautions for one in answer.recommendations if one.loss == loss)
    assert any(said in caution for caution in about), about
    others = [one for one in lossgraph.recommend(task="equilibrium").recommendations if any(said in caution for caution in one.cautions)]
    assert not others
