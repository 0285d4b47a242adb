"""Composes the answer: ranks the losses for a merged problem and says why, with parameters, cautions, metrics, code, questions and what was rejected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lossgraph.catalog import Catalog
from lossgraph.conditions import filled, holds, mentioned, written
from lossgraph.model import TASK, Fact, Rule
from lossgraph.recommender.answer import Answer, Change, Component, Finding, Reason, Recommendation, Rejection
from lossgraph.recommender.index import Index
from lossgraph.recommender.merging import Problem, settle
from lossgraph.recommender.parameters import defaults, values_of
from lossgraph.recommender.ranking import Cards, Ranking, Standing, rank
from lossgraph.recommender.resemblance import rules_of
from lossgraph.recommender.snippet import snippet

NAMES = {"scikit_learn": "scikit-learn", "xgboost": "XGBoost", "lightgbm": "LightGBM"}  # of libraries beside PyTorch
MOST_QUESTIONS = 3
MOST_REJECTED = 5
FAR_BEHIND = 0.45  # a candidate with less than this share of the best one's score is not recommended
UNSURE = 0.55  # below this, a task read from text or data is asked, not assumed


class Advice:
    """What composing needs of the catalogue: its facts, rules and cards."""

    def __init__(self, catalog: Catalog, facts: Mapping[str, Fact]) -> None:
        self.catalog = catalog
        self.facts = facts
        self.index = Index(catalog.data)
        self.cards = Cards(catalog)
        self._judged: dict[tuple[str, str], bool] = {}
        self._unlikes: dict[str, Rule] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order of their files."""
        return self.index.rules

    def rank(self, problem: Problem) -> Ranking:
        """The ranking for a problem's facts."""
        fired = self.index.fired(problem.known)
        if problem.alike is not None:
            candidates = {loss for rule in fired if rule.effect == "support" for loss in rule.losses}
            fired += rules_of(problem.alike, candidates, self.catalog, str(problem.known.get(TASK)))
        if "unlike" in problem.facts:
            loss = str(problem.facts["unlike"].value)
            if loss not in self._unlikes:
                self._unlikes[loss] = self._unlike(loss)
            fired.append(self._unlikes[loss])
        return rank(fired, {name: one.confidence for name, one in problem.facts.items()}, self.cards)

    def judges(self, metric: str, task: str) -> bool:
        """Whether a metric judges a task, a more general or a more special one."""
        if (metric, task) not in self._judged:
            tasks = self.catalog.data["metrics"][metric]["tasks"]
            above = self.catalog.lineage(task)
            self._judged[metric, task] = not tasks or any(one in above or task in self.catalog.lineage(one) for one in tasks)
        return self._judged[metric, task]

    def _unlike(self, loss: str) -> Rule:
        """The wish for something else than a loss, which rules out the same function under another name too (proved, and without parameters)."""
        data = self.catalog.data
        same = {loss} | ({"binary_cross_entropy", "categorical_cross_entropy"} if loss.endswith("cross_entropy") else set[str]())
        for edge in data["edges"]:
            ends = {edge["source"], edge["target"]}
            if loss in ends and edge["type"] in {"same_as", "equivalent_up_to_scale"} and edge["status"] == "proved" and edge["when"] is None:
                if re.search(r"\((\w+), (\w+)\) = \w+\(\2, \1\)$", edge["identity"] or ""):
                    continue  # with prediction and target exchanged it is trained towards something else
                same |= ends if not any(view["parameters"] for end in ends for view in data["losses"][end]["views"][:1]) else set[str]()
        text = f"You asked for something other than {data['losses'][loss]['name']}."
        return Rule("unlike", "wish", "forbid", text, "D", (), losses=tuple(sorted(same & set(data["losses"]))))


def compose(problem: Problem, measures: Mapping[str, Any], top: int, would_change: bool, why_not: str | None, advice: Advice, described: bool) -> Answer:
    """The answer for a merged problem. `described` says that the user wrote a text, which a question about the task then mentions."""
    facts = tuple(problem.facts.values())
    if problem.errors:
        return Answer("error", facts=facts, errors=tuple(dict.fromkeys(problem.errors)))
    if problem.questions:
        return Answer("question", facts=facts, questions=tuple(dict.fromkeys(problem.questions)))
    task = problem.facts.get(TASK)
    if task is None or task.confidence < UNSURE:
        return Answer("question", facts=facts, questions=_task_questions(task, problem, advice, described))
    ranking = advice.rank(problem)
    if not ranking.standings:
        return Answer("error", facts=facts, rejected=_rejected(ranking, problem, advice, None), errors=(_no_loss(str(task.value), ranking, advice),))
    recommendations = _recommendations(ranking, problem, measures, top, advice)
    return Answer(
        "recommended",
        facts=facts,
        recommendations=recommendations,
        rejected=_rejected(ranking, problem, advice, why_not, {one.loss for one in recommendations}),
        questions=_refining(ranking, problem, advice),
        would_change=_changes(ranking.standings[0].loss, problem, advice) if would_change else (),
    )


def _task_questions(task: Finding | None, problem: Problem, advice: Advice, described: bool) -> tuple[str, ...]:
    covered = _covered(advice)
    choices = " | ".join(covered)
    if task is not None:
        others = " | ".join([str(task.value), *(name for name in covered if name != task.value)])
        return (f"Is the task {task.value}? I think so only because of {task.evidence}. (--task {others})", *problem.cautions)
    question = advice.facts[TASK].question if TASK in advice.facts else "What is the task?"
    if described and not problem.facts:
        lead = "; ".join(problem.cautions) or "I found nothing in the text that I know about machine-learning problems; describe yours in a sentence"
        return (f"{lead[0].upper()}{lead[1:]}. {question} (--task {choices})",)
    return (f"{question} (--task {choices})", *problem.cautions)


def _covered(advice: Advice) -> list[str]:
    """The tasks that some rule supports a loss for."""
    found: set[str] = set()
    for rule in advice.rules:
        if rule.effect == "support" and any(advice.cards.known(loss) for loss in rule.losses):
            for condition in rule.when:
                if condition.fact == TASK:
                    found.update([condition.value] if condition.test == "is" else condition.value)
    return [name for name in advice.catalog.data["tasks"] if name in found]


def _no_loss(task: str, ranking: Ranking, advice: Advice) -> str:
    if ranking.rejected:
        return f"every loss for {task} is ruled out by what was said (see what was rejected and why); take one of the wishes back"
    return f"there is no advice for {task} yet, so none is given rather than a wrong one; there is for {', '.join(_covered(advice))}"


def _recommendations(ranking: Ranking, problem: Problem, measures: Mapping[str, Any], top: int, advice: Advice) -> tuple[Recommendation, ...]:
    found: list[Recommendation] = []
    rank_now = 0
    for index, standing in enumerate(ranking.standings[:top]):
        if ranking.standings[0].score > 0 and standing.score < FAR_BEHIND * ranking.standings[0].score:
            break
        if index == 0 or round(standing.score, 6) != round(ranking.standings[index - 1].score, 6):
            rank_now = index + 1
        found.append(_recommendation(rank_now, standing, ranking, problem, measures, advice))
    return tuple(found)


def _recommendation(rank_now: int, standing: Standing, ranking: Ranking, problem: Problem, measures: Mapping[str, Any], advice: Advice) -> Recommendation:
    known = problem.known
    loss = standing.loss
    for rule in standing.companions:
        if rule.companion and rule.companion in advice.catalog.data["losses"] and rule.companion not in loss.split("+"):
            loss = f"{loss}+{rule.companion}"
    parts = advice.cards.parts(loss)
    if loss != standing.loss:  # a companion comes with the weight of its rule
        weights = {rule.companion: rule.weight for rule in standing.companions}
        parts = tuple((part, weights.get(part, weight)) for part, weight in parts)
    parameters, setters = _parameters(loss, standing, known, measures, advice)
    parts = _weighed(loss, parts, parameters, advice)
    because = [*standing.reasons, *standing.companions, *setters]
    return Recommendation(
        rank=rank_now,
        loss=loss,
        components=tuple(Component(part, weight) for part, weight in parts) if len(parts) > 1 else (),
        parameters=parameters,
        because=tuple(_reason(rule, known, advice) for rule in because),
        cautions=_cautions(loss, standing, ranking, problem, advice),
        metrics=_metrics(loss, ranking, known, advice),
        code=_code(loss, parameters, known, advice),
    )


def _code(loss: str, parameters: Mapping[str, Any], known: Mapping[str, Any], advice: Advice) -> str:
    """The snippet for the library that is used, where it has the loss; else for PyTorch."""
    framework = str(known.get("framework"))
    if framework in NAMES:
        from lossgraph.recommender.other_frameworks import foreign_snippet

        found = foreign_snippet(framework, loss, parameters, known)
        if found is not None:
            return found
        return f"# {NAMES[framework]} does not have this loss built in; this is PyTorch.\n{snippet(loss, parameters, known, advice.cards)}"
    return snippet(loss, parameters, known, advice.cards)


def _weighed(loss: str, parts: tuple[tuple[str, float], ...], parameters: Mapping[str, Any], advice: Advice) -> tuple[tuple[str, float], ...]:
    """The parts of a composite with the weights that rules have set in place of the names on its card."""
    card = advice.catalog.data["losses"].get(loss)
    named = {part["loss"]: part["weight"] for part in card["composed_of"] if part["weight"] in parameters} if card else {}
    return tuple((part, float(parameters[named[part]])) if part in named else (part, weight) for part, weight in parts)


def _parameters(
    loss: str, standing: Standing, known: Mapping[str, Any], measures: Mapping[str, Any], advice: Advice
) -> tuple[dict[str, Any], list[Rule]]:
    """Every parameter with its value (`part.name` in combinations), and the rules that set one away from its default."""
    parts = advice.cards.parts(loss)
    found: dict[str, Any] = {}
    card = advice.catalog.data["losses"].get(loss)
    own = {part["loss"]: part["parameters"] for part in card["composed_of"]} if card else {}
    free = {part["weight"] for part in card["composed_of"]} if card else set[Any]()
    for part, _ in parts:
        for name, value in {**defaults(advice.catalog, part), **own.get(part, {})}.items():
            found[name if len(parts) == 1 else f"{part}.{name}"] = value
    setters: list[Rule] = []
    for rule in standing.sets:
        values = values_of(rule, known, measures)
        if values is None:
            continue
        setters.append(rule)
        for name, value in values.items():
            if name in free:  # a weight of the composite itself
                found[name] = value
                continue
            owner = next((part for part, _ in parts if name in defaults(advice.catalog, part) or name == "class_weight"), parts[0][0])
            found[name if len(parts) == 1 else f"{owner}.{name}"] = value
    return found, setters


def _reason(rule: Rule, known: Mapping[str, Any], advice: Advice) -> Reason:
    return Reason(rule.id, filled(rule.text, known, advice.facts), rule.sources, rule.grade)


def _cautions(loss: str, standing: Standing, ranking: Ranking, problem: Problem, advice: Advice) -> tuple[str, ...]:
    """What speaks against it, what to mind, and what was contradictory in the description; each sentence once, with its sources."""
    known = problem.known
    rules = [*standing.against, *(rule for rule in ranking.remarks if rule.effect == "warn" and advice.cards.concerns(rule, loss))]
    found = [f"{filled(rule.text, known, advice.facts)} [{rule.grade}: {', '.join(rule.sources)}]" for rule in rules]
    metric = advice.catalog.data["metrics"].get(str(known.get("metric")))
    if metric and not advice.judges(str(known["metric"]), str(known.get(TASK))):
        found.append(f"{metric['name']} does not judge {known[TASK]}; it was left out of the metrics to watch")
    elif metric and metric["warning"]:
        found.append(f"{metric['name']}: {metric['warning']}")
    return tuple(dict.fromkeys([*found, *problem.cautions]))


def _metrics(loss: str, ranking: Ranking, known: Mapping[str, Any], advice: Advice) -> tuple[str, ...]:
    """The metric that was named, then those of the rules, then those of the card; named and card's ones only where they judge this task."""
    named = str(known.get("metric"))
    found: list[str] = [named] if known.get("metric") and advice.judges(named, str(known.get(TASK))) else []
    for rule in ranking.remarks:
        if rule.effect == "measure" and advice.cards.concerns(rule, loss):
            found += rule.metrics
    for part in (loss, *(part for part, _ in advice.cards.parts(loss))):
        card = advice.catalog.data["losses"].get(part)
        for metric in card["use"]["metrics"] if card else []:
            if advice.judges(metric, str(known.get(TASK))):
                found.append(metric)
    return tuple(dict.fromkeys(found))[:5]




def _rejected(ranking: Ranking, problem: Problem, advice: Advice, why_not: str | None, chosen: set[str] | None = None) -> tuple[Rejection, ...]:
    """The losses that were ruled out or fell behind through a rule, those closest to being chosen first; and the one that was asked about."""
    known = problem.known
    chosen = chosen or set()
    found: list[Rejection] = []
    for standing in [*ranking.rejected, *(one for one in ranking.standings if one.loss not in chosen and one.against)]:
        rules = [*standing.barred, *standing.against]
        if rules:
            found.append(Rejection(standing.loss, tuple(_reason(rule, known, advice) for rule in rules)))
    found = found[:MOST_REJECTED] if why_not is None else [one for one in found if one.loss != why_not][:MOST_REJECTED]
    return tuple(found) if why_not is None else (_why_not(why_not, ranking, problem, advice, chosen), *found)


def _why_not(loss: str, ranking: Ranking, problem: Problem, advice: Advice, chosen: set[str]) -> Rejection:
    known = problem.known
    best = ranking.standings[0]
    for standing in [*ranking.standings, *ranking.rejected]:
        if standing.loss == loss:
            place = next((index + 1 for index, one in enumerate(ranking.standings) if one.loss == loss), None)
            said = f"it stands at place {place} with {standing.score:.2g} points; {best.loss} has {best.score:.2g}" if place else "it was ruled out"
            against = tuple(_reason(rule, known, advice) for rule in (*standing.barred, *standing.against))
            return Rejection(loss, (Reason("score", said, (), "D"), *against))
    supporting = [rule for rule in advice.rules if rule.effect == "support" and loss in rule.losses]
    wanted = [_missing(rule, known, advice) for rule in supporting]
    text = f"no rule supports it for these facts{f'; one would if {min(wanted, key=len)}' if wanted else ', nor for any others'}"
    return Rejection(loss, (Reason("unsupported", text, (), "D"),))


def _missing(rule: Rule, known: Mapping[str, Any], advice: Advice) -> str:
    """The conditions of a rule that do not hold, in words."""
    lineage = advice.catalog.lineage(str(known.get(TASK, "")))
    shown: list[str] = []
    for one in rule.when:
        if not holds(one, known, lineage):
            fact = advice.facts[one.fact]
            value = " or ".join(str(item) for item in one.value) if one.test == "in" else written(one.value, fact)
            shown.append(f"{fact.called} were {'' if one.test in {'is', 'in'} else one.test + ' '}{value}".replace(" were known None", " were known"))
    return " and ".join(shown) or "nothing excluded it"


def _refining(ranking: Ranking, problem: Problem, advice: Advice) -> tuple[str, ...]:
    """Questions whose answer would refine the advice, those of the strongest rules first."""
    asked = sorted((rule for rule in ranking.remarks if rule.effect == "ask" and rule.fact not in problem.facts), key=lambda rule: -rule.strength)
    found: list[str] = []
    for rule in asked[:MOST_QUESTIONS]:
        fact = advice.facts[str(rule.fact)]
        option = f"--{fact.called.replace('_', '-')}"
        hint = f"{option} or --no-{option[2:]}" if fact.kind == "flag" else f"{option} {' | '.join(fact.values)}" if fact.values else f"{option} ..."
        found.append(f"{fact.question} ({hint}; {filled(rule.text, problem.known, advice.facts)})")
    return tuple(found)


def _changes(winner: str, problem: Problem, advice: Advice, most: int = 4) -> tuple[Change, ...]:
    """The single changes of facts that put another loss first. A fact that is known is turned round first, then facts that are open."""
    task = str(problem.known[TASK])
    relevant = mentioned(rule for rule in advice.rules if rule.effect in {"support", "prefer", "avoid", "forbid", "require"})
    found: dict[str, Change] = {}
    for name in sorted(relevant - {TASK}, key=lambda one: (one not in problem.facts, one)):
        fact = advice.facts[name]
        for value in _others(fact, problem.known.get(name)):
            changed = _changed(problem, name, value, advice)
            if advice.catalog.family(str(changed.known[TASK])) != advice.catalog.family(task):
                continue
            ranking = advice.rank(changed)
            if ranking.standings and ranking.standings[0].loss != winner and ranking.standings[0].loss not in found:
                first = ranking.standings[0].loss
                shown = "were not known" if value is None else f"were {written(value, fact)}"
                found[first] = Change({name: value}, first, f"{first} would come first if {name} {shown}")
    return tuple(found.values())[:most]


def _others(fact: Fact, value: Any) -> list[Any]:
    """The values to try instead of the present one."""
    if fact.kind == "flag":
        return [not value] if value is not None else [True]
    if fact.kind == "choice":
        return [one for one in fact.values if one != value]
    return [] if value is None else [None]


def _changed(problem: Problem, name: str, value: Any, advice: Advice) -> Problem:
    """The problem with one fact replaced, and what follows from facts derived anew."""
    kept = {key: one for key, one in problem.facts.items() if key != name and one.source != "derived"}
    if value is not None:
        kept[name] = Finding(name, value, "flag", "tried", 1.0)
    changed = Problem(facts={key: replace(one) for key, one in kept.items()}, alike=problem.alike)
    settle(changed, advice.facts, advice.catalog)
    return changed
