"""Verifies whole cards: decides the grid (every property of every view) and the relations, re-using what stored certificates settle already.

The unit of storage is the card: its file is assembled when all its questions are answered, so an interrupted run loses at most the cards under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from typing import Any

from lossgraph.certificate import ENGINE, FORMAT, full_verdict, relation_hash, relation_question, slim_verdict, view_hash
from lossgraph.checker import check, check_relation, uncollected
from lossgraph.formula.domains import end_value, intersect, parse_domain, parse_set
from lossgraph.formula.render import text as written
from lossgraph.model import InputError, Loss, Property, Relation, Verdict, View
from lossgraph.verify.expansion import DATA_ROLES

WORKERS = 2
CARD_ERROR = "the card is wrong: "
Stored = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """One thing to decide: a property of a view (under `when`, if a claim has one), or a relation by its place on the card."""

    loss: str
    view: str = ""
    property: str = ""
    when: str | None = None
    relation: int | None = None


@dataclass(frozen=True)
class Plan:
    """What a card's file takes over from the stored one, and what has to be decided. `stale` says why the stored file does not suffice, line by line.

    A question that is asked again is both kept and open.
    """

    loss: Loss
    kept: Mapping[Question, Stored]
    open: tuple[Question, ...]
    stale: tuple[str, ...]

    def questions(self) -> tuple[Question, ...]:
        """Everything that the card's file answers."""
        return tuple(dict.fromkeys((*self.kept, *self.open)))


def applicable(view: View, properties: Mapping[str, Property]) -> list[str]:
    """The properties of the grid that can be asked of a view: those of calculus whose roles it has, and one-variable ones where it has one number.

    Where two variables are called targets, nothing says which one the prediction should equal: that role then counts as missing.
    """
    given = [entry.role for entry in view.variables.values()]
    roles = set(given) - ({"target"} if given.count("target") > 1 else set())
    asked = [entry for entry in view.variables.values() if entry.role not in DATA_ROLES]
    single = len(asked) == 1 and asked[0].length is None
    return [
        name
        for name, entry in properties.items()
        if entry.decided_by == "calculus"
        and (single or not entry.one_variable_only)
        and (not entry.roles or any(_has(words, roles) for words in entry.roles))
        and (not entry.unbounded_only or all(_unbounded(variable.domain) for variable in asked))
    ]


def _unbounded(domain: str) -> bool:
    """Whether a set of reals runs to both infinities."""
    spans = parse_set(domain)
    return (end_value(spans[0].lower), end_value(spans[-1].upper)) == (-float("inf"), float("inf"))


def _has(words: str, roles: set[str | None]) -> bool:
    """`probability & outcome` needs both, `residual` one."""
    return all(word.strip() in roles for word in words.split("&"))


def is_scalar(view: View) -> bool:
    """Whether a view is about one real variable (targets and weights, which proofs quantify over, aside): where the grid is meant to be decided."""
    asked = [entry for entry in view.variables.values() if entry.role not in DATA_ROLES]
    return len(asked) == 1 and all(entry.length is None for entry in view.variables.values())


def questions(loss: Loss, properties: Mapping[str, Property]) -> Iterator[Question]:
    """The grid of a card, the claims it makes under a condition, and its relations."""
    for view in loss.views:
        names = applicable(view, properties)
        yield from (Question(loss.id, view.name, name) for name in names)
        yield from (Question(loss.id, view.name, name, claim.when) for name, claim in view.properties.items() if claim.when and name in names)
    yield from (Question(loss.id, relation=index) for index, relation in enumerate(loss.relations) if relation.identity is not None)


def plan(
    loss: Loss, losses: Mapping[str, Loss], properties: Mapping[str, Property], stored: Sequence[Stored], *, fresh: bool = False, again: bool = False,
    seen: bool = False,
) -> Plan:  # fmt: skip
    """Which questions the stored files answer for the card as it is now (by hashes and the engine's number), and which are open.

    What the checker confirmed when it was stored must still pass: a proof that it now rejects is made anew. `again`: what is stored as undecided is open too.
    `seen`: this very checker has read these very files already, so what they say of `checked` stands.
    """
    known: dict[Question, Stored] = {}
    for entry in () if fresh else reversed(stored):
        known.update(answers(loss, losses, entry))
    wanted = list(questions(loss, properties))
    asked = [question for question in wanted if question in known]
    with uncollected():
        checked = {question: known[question] if seen else rechecked(known[question], loss, losses, question) for question in asked}
    kept = {question: entry for question, entry in checked.items() if entry is not None}
    missing = tuple(question for question in wanted if question not in kept)
    if missing and not known:
        engines = sorted({str(entry.get("made_by", {}).get("engine")) for entry in stored} - {str(ENGINE)})
        return Plan(loss, kept, missing, (f"{loss.id}: {f'made by engine {engines[0]}, not {ENGINE}' if engines else 'no current certificate'}",))
    rejected = [question for question, entry in checked.items() if entry is None]
    words = {question: "the checker rejects the certificate" if question in rejected else "no current certificate" for question in missing}
    asked_again = [question for question, entry in kept.items() if again and entry["status"] == "undecided"]
    return Plan(loss, kept, (*missing, *asked_again), tuple(f"{name_of(question, loss)}: {word}" for question, word in words.items()))


def rechecked(stored: Stored, loss: Loss, losses: Mapping[str, Loss], question: Question) -> Stored | None:
    """The stored answer with `checked` as the checker sees it now; None where it rejects what it once confirmed."""
    if "certificate" not in stored or find_spec("flint") is None:
        return stored  # without ball arithmetic the checker could only doubt what it confirmed elsewhere
    if question.relation is not None:
        passes = check_relation(relation_question(loss, loss.relations[question.relation], losses, stored))
    else:
        view = next(entry for entry in loss.views if entry.name == question.view)
        passes = check(full_verdict(stored, view)["certificate"])
    if passes:
        return {**stored, "checked": True}
    return None if stored.get("checked") else stored


def answers(loss: Loss, losses: Mapping[str, Loss], stored: Stored) -> dict[Question, Stored]:
    """The stored results that still speak for the card."""
    if stored.get("made_by", {}).get("engine") != ENGINE:
        return {}
    found: dict[Question, Stored] = {}
    for view in loss.views:
        entry = stored["views"].get(view.name, {})
        if entry.get("sha256") == view_hash(view):
            found.update({Question(loss.id, view.name, verdict["property"]): verdict for verdict in entry["verdicts"]})
            found.update({Question(loss.id, view.name, verdict["property"], verdict["when"]): verdict for verdict in entry.get("stated", [])})
    by_hash = {entry["sha256"]: entry for entry in stored["relations"]}
    for index, relation in enumerate(loss.relations):
        digest = relation_hash(loss, relation, losses)
        if relation.identity is not None and digest in by_hash:
            found[Question(loss.id, relation=index)] = by_hash[digest]
    return found


def name_of(question: Question, loss: Loss) -> str:
    """`huber.r: convex` or `huber: relation to mae`."""
    if question.relation is not None:
        return f"{loss.id}: {loss.relations[question.relation].type} {loss.relations[question.relation].target}"
    return f"{loss.id}.{question.view}: {question.property}{f' where {question.when}' if question.when else ''}"


def decide(question: Question, loss: Loss, losses: Mapping[str, Loss], timeout: float) -> dict[str, Any]:
    """The answer to one question, as it is stored."""
    if question.relation is not None:
        return _relation(loss, loss.relations[question.relation], losses, timeout)
    view = next(entry for entry in loss.views if entry.name == question.view)
    from lossgraph.verify import decide_view

    try:
        asked = restricted(view, question.when) if question.when else view
        verdict = decide_view(asked, question.property, timeout=timeout)
    except InputError as error:
        verdict = Verdict(question.property, tuple(view.variables), "", "", None, "undecided", reason=f"{CARD_ERROR}{error}")
        return slim_verdict({**asdict(verdict), "when": question.when}, view)
    return slim_verdict({**asdict(verdict), "when": question.when}, asked)


def restricted(view: View, when: str) -> View:
    """The view under a claim's condition: parameters and variables in the narrower sets, joint conditions added. Raises `InputError` where nothing is left."""
    given = parse_domain(when)
    unknown = sorted(name for name in given.sets if name not in view.variables and name not in view.parameters)
    if unknown:
        raise InputError(f"`when: {when}`: `{unknown[0]}` is neither a variable nor a parameter")

    def narrowed(name: str, entry: Any) -> Any:
        if name not in given.sets or entry.domain == "simplex":
            return entry
        shared = intersect(parse_set(entry.domain), given.sets[name])
        if not shared:
            raise InputError(f"`when: {when}`: no value of `{name}` is left")
        return replace(entry, domain=" U ".join(str(span) for span in shared))

    variables = {name: narrowed(name, entry) for name, entry in view.variables.items()}
    parameters = {name: narrowed(name, entry) for name, entry in view.parameters.items()}
    constraint = "; ".join([*([view.constraint] if view.constraint else []), *(written(condition) for condition in given.conditions)]) or None
    return replace(view, variables=variables, parameters=parameters, constraint=constraint)


def _relation(loss: Loss, relation: Relation, losses: Mapping[str, Loss], timeout: float) -> dict[str, Any]:
    from lossgraph.verify.pool import POOL, WorkerLost
    from lossgraph.verify.relations import request_for

    answer: dict[str, Any]
    try:
        answer = POOL.ask(request_for(loss, relation, losses), timeout)
    except WorkerLost as error:
        answer = {"failure": str(error)}
    failed: dict[str, Any] = {"status": "undecided", "reason": answer.get("failure") or answer.get("input_error"), "certificate": {}}
    found = answer.get("relation", failed)
    head = {"sha256": relation_hash(loss, relation, losses), "type": relation.type, "target": relation.target, "status": found["status"]}
    return confirmed({**head, **{key: found[key] for key in ("reason", "certificate") if found[key]}}, loss, relation, losses)


def confirmed(answer: dict[str, Any], loss: Loss, relation: Relation, losses: Mapping[str, Loss]) -> dict[str, Any]:
    """The answer on a relation, with `checked` where the checker confirms its certificate."""
    return {**answer, "checked": True} if "certificate" in answer and check_relation(relation_question(loss, relation, losses, answer)) else answer


def assemble(plan: Plan, losses: Mapping[str, Loss], results: Mapping[Question, Stored], made_by: Mapping[str, Any]) -> dict[str, Any]:
    """The card's file from what was kept and what was decided, in the order of card and vocabulary; answers that say no more than kept ones are dropped."""
    told = {question: entry for question, entry in results.items() if question not in plan.kept or _told(entry) > _told(plan.kept[question])}
    everything = {**plan.kept, **told}
    loss = plan.loss
    views = {
        view.name: {
            "sha256": view_hash(view),
            "verdicts": [entry for question, entry in _sorted(everything) if question.view == view.name and question.when is None],
            "stated": [entry for question, entry in _sorted(everything) if question.view == view.name and question.when is not None],
        }
        for view in loss.views
    }
    relations = [everything[Question(loss.id, relation=index)] for index in range(len(loss.relations)) if Question(loss.id, relation=index) in everything]
    return {"format": FORMAT, "loss": loss.id, "made_by": dict(made_by), "relations": relations, "views": views}


def _told(entry: Stored) -> int:
    """How much an answer says: undecided, fails for some parameters, or all."""
    return 2 if entry["status"] != "undecided" else 1 if entry.get("holds") is False else 0


def _sorted(everything: Mapping[Question, Stored]) -> list[tuple[Question, Stored]]:
    return sorted(everything.items(), key=lambda item: (item[0].view, item[0].property, item[0].when or ""))


def run(
    plans: Iterable[Plan], losses: Mapping[str, Loss], timeout: float, answered: Callable[[Question], None] = lambda question: None
) -> Iterator[tuple[Plan, dict[Question, dict[str, Any]]]]:
    """Decides the open questions of each plan, two at a time across all cards, and yields each card with its results as soon as they are complete."""
    listed = list(plans)
    executor = ThreadPoolExecutor(max_workers=WORKERS)

    def one(question: Question, loss: Loss) -> dict[str, Any]:
        found = decide(question, loss, losses, timeout)
        answered(question)
        return found

    futures: dict[Question, Future[dict[str, Any]]] = {}
    try:
        for entry in listed:
            futures.update({question: executor.submit(one, question, entry.loss) for question in entry.open})
        for entry in listed:
            yield entry, {question: futures[question].result() for question in entry.open}
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def versions() -> dict[str, Any]:
    """What made a file: the engine's number and the versions of what it rests on."""
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, Any] = {"engine": ENGINE}
    for package in ("sympy", "python-flint", "z3-solver"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found
