"""Merges what flags, text and data say of a problem: flags win, text decides the family, data decides what it can count; what contradicts is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lossgraph.catalog import Catalog
from lossgraph.conditions import filled, holds, written
from lossgraph.model import TASK, Fact
from lossgraph.recommender.answer import Finding
from lossgraph.recommender.index import Index
from lossgraph.recommender.resemblance import Resemblance, agree
from lossgraph.record import record

OF_CLASSES = frozenset({"n_classes", "imbalance_ratio", "minority_share", "imbalanced", "long_tail", "ordinal"})
SURE_ENOUGH = 0.55  # below this, the task is asked
WEAK = 0.6  # up to this confidence, what a text says of another fact gives way to its task, and may be confirmed by what follows from surer facts
LOOSE = frozenset(  # what other tasks say in much the same words
    "long_tail empty_masks costly_error soft_labels bounded many_zeros minority_share imbalanced max_margin multilabel censored counts approach "
    "unlabelled".split()
)
SURE = 0.85  # from this confidence on, what the data says of the task is held against the text


@record
class Readings:
    """What each source said. `families` are the task families that the data allows, with the reason; empty where no file was given."""

    flags: Mapping[str, Finding] = field(default_factory=dict)
    text: Mapping[str, Finding] = field(default_factory=dict)
    data: Mapping[str, Finding] = field(default_factory=dict)
    families: tuple[str, ...] = ()
    why_families: str = ""
    alike: Resemblance | None = None  # the worked cases that the text resembles


@dataclass
class Problem:
    """The merged facts, and everything that has to be said about them."""

    facts: dict[str, Finding] = field(default_factory=dict)
    cautions: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    alike: Resemblance | None = None

    @property
    def known(self) -> dict[str, object]:
        """Values by name."""
        return {name: finding.value for name, finding in self.facts.items()}


def merge(readings: Readings, facts: Mapping[str, Fact], conflicts: Index, catalog: Catalog) -> Problem:
    """One problem out of three readings; contradictions become errors, questions or cautions. `conflicts` are the rules that find contradictions."""
    problem = Problem(alike=readings.alike)
    _merge_task(readings, problem, catalog)
    task = problem.facts.get(TASK)
    root = catalog.family(str(task.value)) if task is not None else None
    if root == "regression":  # a column of few numbers was also read as classes
        readings = replace(readings, text=_for_numbers(readings.text), data={name: one for name, one in readings.data.items() if name not in OF_CLASSES})
    if root is not None and root not in {"regression", "classification"} and root not in readings.families and readings.data:
        what = "masks do" if "segmentation" in readings.families else "one column of a table does"
        problem.cautions.append(f"{what} not describe the target of {root}: the file was left aside")
        readings = replace(readings, data={})
    said = {*readings.flags, *readings.text, *readings.data} - {TASK}
    for name, fact in facts.items():
        if name in said:
            _merge_fact(fact, readings, problem)
    settle(problem, facts, catalog)
    settle_conflicts(problem, facts, conflicts, agreed=root is not None and readings.alike is not None and agree(readings.alike, root, catalog))
    return problem


def _for_numbers(text: Mapping[str, Finding]) -> dict[str, Finding]:
    """Words of classes that mean something else where a number is predicted: what is missing was
    underestimated, a long tail is one of the target, and wrong labels are wild targets."""
    result = dict(text)
    error, tail, noise = text.get("costly_error"), result.pop("long_tail", None), text.get("label_noise")
    if error is not None and error.value == "missed":
        result["costly_error"] = replace(error, value="underestimate", confidence=WEAK)
    if tail is not None and tail.value is True:
        result.setdefault("skewed", Finding("skewed", True, "text", tail.evidence, WEAK))
    if noise is not None and noise.value is True:
        result.setdefault("outliers", Finding("outliers", True, "text", noise.evidence, noise.confidence))
    return result


def _merge_task(readings: Readings, problem: Problem, catalog: Catalog) -> None:
    flag, text, data = (source.get(TASK) for source in (readings.flags, readings.text, readings.data))
    allowed = readings.families
    if flag is not None:
        chosen: Finding | None = flag
        root = catalog.family(str(flag.value))
        if allowed and root in {"regression", "classification"} and root not in allowed:
            problem.errors.append(f"the task was given as {flag.value}, but {readings.why_families}; choose another task or another column")
        elif data is not None and data.confidence >= SURE and catalog.family(str(data.value)) != root and root in {"regression", "classification"}:
            problem.cautions.append(f"the task was given as {flag.value}, though {readings.why_families}, which looks like {data.value}")
        elif text is not None and catalog.family(str(text.value)) != root:
            problem.cautions.append(f"the text reads like {text.value} ({text.evidence}); the task that was given, {flag.value}, was used")
    elif text is not None:
        chosen = text
        root = catalog.family(str(text.value))
        sure_of_other = data is not None and data.confidence >= SURE and catalog.family(str(data.value)) != root
        if allowed and root in {"regression", "classification"} and (root not in allowed or sure_of_other):
            other = data.value if data is not None else allowed[0]
            problem.questions.append(
                f"Is this {text.value}, as the text says ({text.evidence}), or {other}, since {readings.why_families}? (--task {text.value} | {other})"
            )
            chosen = None
    else:
        chosen = data
    if chosen is not None and data is not None and chosen is not data and str(chosen.value) in catalog.lineage(str(data.value))[1:]:
        chosen = replace(data, confidence=max(data.confidence, chosen.confidence), evidence=f"{chosen.evidence}; {data.evidence}", source=chosen.source)
    elif flag is None and chosen is not None and chosen is text and data is not None and _corrects(data, chosen, catalog):
        problem.cautions.append(f"the text reads like {chosen.value}; the column says {data.value} ({data.evidence}), which was used")
        chosen = data
    if chosen is not None and chosen is data and chosen.confidence < SURE_ENOUGH and len(allowed) > 1:
        problem.questions.append(f"Is the target a number or a class? {readings.why_families}. (--task {' | '.join(allowed)})")
    if chosen is not None:
        problem.facts[TASK] = chosen


def _corrects(data: Finding, text: Finding, catalog: Catalog) -> bool:
    """Whether the data is sure of another kind of classification than the text: it decides the cardinality."""
    same = catalog.family(str(data.value)) == catalog.family(str(text.value)) != "regression"
    return same and data.value != text.value and data.confidence >= 0.8


def _merge_fact(fact: Fact, readings: Readings, problem: Problem) -> None:
    flag, text, data = (source.get(fact.id) for source in (readings.flags, readings.text, readings.data))
    order = [data, text] if fact.decided_by == "data" else [text, data]
    said = [finding for finding in (flag, *order) if finding is not None]
    if not said:
        return
    chosen = said[0]
    problem.facts[fact.id] = chosen
    for other in said[1:]:
        if _differ(chosen, other):
            origin = {"flag": "what was given", "text": "the text", "data": "the data"}
            problem.cautions.append(
                f"{fact.id}: {origin.get(other.source, other.source)} says {written(other.value, fact)} ({other.evidence}), "
                f"{origin.get(chosen.source, chosen.source)} {written(chosen.value, fact)} ({chosen.evidence}); the latter was used"
            )


def _differ(one: Finding, other: Finding) -> bool:
    numbers = isinstance(one.value, int | float) and isinstance(other.value, int | float) and not isinstance(one.value, bool)
    return abs(one.value - other.value) > 0.1 * abs(one.value) if numbers else one.value != other.value  # type: ignore[operator]


def refine(problem: Problem) -> None:
    """The task made more specific by what else is known."""
    task = problem.facts.get(TASK)
    found = None if task is None else refined(str(task.value), problem.known, given=task.source == "flag" or _literal(task))
    if task is not None and found is not None:
        problem.facts[TASK] = replace(task, value=found[0], evidence=f"{task.evidence}; {found[1]}")


def _literal(task: Finding) -> bool:
    """Whether a text says in so many words how many classes there are: "binary classification with 12 classes" is a contradiction, not a slip."""
    return task.source == "text" and any(word in task.evidence.lower() for word in ("binary", "two class", "multiclass", "multi-class", "multi class"))


def refined(task: str, known: Mapping[str, object], given: bool) -> tuple[str, str] | None:
    """A more specific task, with the reason: classification by the number of classes, regression by counts and quantiles. `given`: the task was, by a flag."""
    if task == "regression":
        if known.get("censored") is True:
            return "survival", "some targets are known only as bounds"
        if known.get("interval") is not None or known.get("quantile_level") is not None:
            return "quantile_regression", "a quantile or an interval is wanted"
        return ("count_regression", "the target counts events") if known.get("counts") is True else None
    if task not in {"classification", "binary_classification", "multiclass_classification"}:
        return None
    classes = known.get("n_classes")
    if isinstance(classes, int | float):
        sort = "binary_classification" if classes == 2 else "multiclass_classification"
        if sort == task or (given and task != "classification") or (task == "classification" and known.get("multilabel")):
            return None
        return sort, f"{written(classes)} classes"
    rare = task == "classification" and known.get("minority_share") is not None
    if rare and not known.get("multilabel") and not known.get("long_tail"):
        return "binary_classification", "the share of one rare class was given"
    return None


def settle(problem: Problem, facts: Mapping[str, Fact], catalog: Catalog) -> None:
    """Refines the task and adds what follows, until neither changes anything."""
    task: object = ""
    while task != problem.known.get(TASK):
        task = problem.known.get(TASK)
        refine(problem)
        derive(problem, facts, catalog)


def derive(problem: Problem, facts: Mapping[str, Fact], catalog: Catalog) -> None:
    """Adds what follows from the facts, until nothing new follows. A fact that is known is never overwritten; a guess from the text may be confirmed."""
    following = [fact for fact in facts.values() if fact.derived]
    changed = True
    while changed:
        changed = False
        known = problem.known
        task = str(known.get(TASK, ""))
        lineage = catalog.lineage(task)
        for fact in following:
            guess = problem.facts.get(fact.id)
            if guess is not None and (guess.source != "text" or guess.confidence > WEAK):
                continue
            for one in fact.derived:
                if one.needs <= known.keys() and all(holds(condition, known, lineage) for condition in one.when):
                    confidence = min((problem.facts[condition.fact].confidence for condition in one.when if condition.fact in problem.facts), default=0.9)
                    if guess is not None and (guess.value != one.value or guess.confidence >= confidence):
                        continue
                    problem.facts[fact.id] = Finding(fact.id, one.value, "derived", filled(one.text, known, facts), confidence)
                    changed = True
                    break


def settle_conflicts(problem: Problem, facts: Mapping[str, Fact], conflicts: Index, agreed: bool = False) -> None:
    """Facts that exclude each other: an error between flags, otherwise the flag stays and the other goes, with a caution; the task in doubt is asked.

    `agreed`: worked cases say the same of the task as the text, so that another fact was misread rather than the task.
    """
    settled: set[str] = set()
    while rule := next((one for one in conflicts.fired(problem.known) if one.id not in settled), None):
        settled.add(rule.id)
        known = problem.known
        said = filled(rule.text, known, facts)
        if rule.effect == "refuse":
            problem.errors.append(said)
            continue
        involved = [problem.facts[condition.fact] for condition in rule.when if condition.fact in problem.facts]
        others = [finding for finding in involved if finding.source != "flag"]
        if not others:
            problem.errors.append(f"{said} ({' against '.join(_shown(finding, facts) for finding in involved)})")
        elif (outweighed := _outweighed(others, agreed)) or len(others) < len(involved) or all(finding.name != TASK for finding in others):
            dropped = min(outweighed or others, key=lambda finding: finding.confidence)
            del problem.facts[dropped.name]
            problem.cautions.append(f"{said}; {_shown(dropped, facts)} was therefore ignored ({dropped.evidence})")
        else:
            problem.questions.append(f"{said}. Which is right: {' or '.join(_shown(finding, facts) for finding in involved)}?")


def _outweighed(findings: list[Finding], agreed: bool) -> list[Finding]:
    """The facts that only weak words speak for, or that are stated loosely as a rule, where the task is surer; all facts of a text where it is `agreed`."""
    task = max((finding.confidence for finding in findings if finding.name == TASK), default=0.0)
    others = [finding for finding in findings if finding.name != TASK]
    weak = [one for one in others if one.confidence <= WEAK and task >= WEAK] or [one for one in others if agreed and one.source == "text"]
    return weak or [one for one in others if one.source == "text" and one.name in LOOSE and task > WEAK]


def _shown(finding: Finding, facts: Mapping[str, Fact]) -> str:
    fact = facts[finding.name]
    return f"{fact.called} = {written(finding.value, fact)}"
