"""Is the grid decided, are the shipped certificates the current ones, does every statement of every card stand, and does a decision made anew agree?"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

import lossgraph
from lossgraph.certificate import canonical, file_text, full_verdict, read_file
from lossgraph.model import Loss
from lossgraph.verify import catalogue
from lossgraph.verify.catalogue import Question, is_scalar
from lossgraph.verify.findings import Report, report

CATALOG = lossgraph.load()
LOSSES = {loss.id: loss for loss in CATALOG}
FOLDER = CATALOG.folder / "certificates"
every_loss = pytest.mark.parametrize("loss", list(CATALOG), ids=lambda loss: loss.id)


@cache
def stored(name: str) -> dict[str, Any]:
    """The shipped certificate file of a card."""
    found = read_file(FOLDER / f"{name}.json")
    assert found is not None, f"no certificate file for {name}; run `lossgraph verify {name}`"
    return found


@cache
def reports() -> tuple[Report, ...]:
    """Every card held against its shipped certificates."""
    return tuple(report(loss, LOSSES, CATALOG.properties, stored(loss.id)) for loss in CATALOG)


@every_loss
def test_the_shipped_certificates_are_current(loss: Loss) -> None:
    assert catalogue.plan(loss, LOSSES, CATALOG.properties, [stored(loss.id)]).stale == (), "run `lossgraph verify`"


@every_loss
def test_a_certificate_file_is_written_as_it_is_read(loss: Loss) -> None:
    assert file_text(stored(loss.id)) == (FOLDER / f"{loss.id}.json").read_text(encoding="utf-8")


def test_no_certificate_file_without_a_card() -> None:
    sources = {source.id for source in lossgraph.load().sources.values() if source.formulas}
    assert {path.stem for path in FOLDER.glob("*.json")} == {*LOSSES, *sources}


@every_loss
def test_nothing_that_a_card_states_is_refuted(loss: Loss) -> None:
    found = next(entry for entry in reports() if entry.loss == loss.id)
    assert [f"{entry.place()}: {entry.stated}: {entry.why}" for entry in found.refuted()] == []


def test_the_grid_is_decided() -> None:
    """At least 95 % of all cells, and 99 % of those in one variable; what is open there says why, which a time limit does not."""
    everything, scalar = Counter[bool](), Counter[bool]()
    unsaid: list[tuple[str, str, str]] = []
    for loss in CATALOG:
        for view in loss.views:
            for verdict in stored(loss.id)["views"][view.name]["verdicts"]:
                decided = verdict["holds"] is not None
                everything[decided] += 1
                if is_scalar(view):
                    scalar[decided] += 1
                    if not decided and ("no answer within" in verdict["reason"] or "not decided in time" in verdict["reason"]):
                        unsaid.append((loss.id, view.name, verdict["property"]))
    assert scalar.total() > 1800
    assert everything[True] >= 0.95 * everything.total(), everything
    assert scalar[True] >= 0.99 * scalar.total(), scalar
    assert unsaid == []


def one_variable_relations() -> list[tuple[Loss, int]]:
    """Relations with a formula between losses whose first views are about one real variable."""
    scalar = {loss.id for loss in CATALOG if loss.views and is_scalar(loss.views[0])}
    return [
        (loss, index)
        for loss in CATALOG
        for index, relation in enumerate(loss.relations)
        if relation.identity is not None and {loss.id, relation.target} <= scalar
    ]


def test_relations_between_one_variable_losses_are_decided() -> None:
    found: list[dict[str, Any]] = []
    for loss, index in one_variable_relations():
        answer = catalogue.answers(loss, LOSSES, stored(loss.id)).get(Question(loss.id, relation=index))
        found.append(dict(answer or {"status": "undecided", "reason": "no certificate", "target": loss.relations[index].target}))
    open_ones = [entry for entry in found if entry["status"] not in {"proved", "refuted"}]
    assert len(found) > 80
    assert len(open_ones) <= 0.1 * len(found), open_ones
    assert [entry for entry in found if entry["status"] == "refuted"] == []


def test_relations_can_be_read() -> None:
    """A formula that cannot be read is a mistake on the card, not an open question."""
    from lossgraph.verify.expansion import expand

    for loss in CATALOG:
        for relation in loss.relations:
            if relation.identity is not None:
                assert expand(relation.identity, relation.when, LOSSES).sides


def sample() -> list[Question]:
    """Every thirty-first question of the catalogue: a few of each family, some properties and some relations."""
    return [question for loss in CATALOG for question in catalogue.questions(loss, CATALOG.properties)][::31]


@pytest.mark.parametrize("question", sample(), ids=lambda question: f"{question.loss}-{question.view}-{question.property or question.relation}")
def test_a_decision_made_anew_is_the_stored_one(question: Question) -> None:
    """Equal verdicts always; equal bytes under the versions that made the file. After a change of the engine: raise ENGINE, run `lossgraph verify`."""
    loss = LOSSES[question.loss]
    known = catalogue.answers(loss, LOSSES, stored(loss.id)).get(question)
    assert known is not None, "no certificate"
    if any(words in known.get("reason", "") for words in ("no answer within", "not decided in time")):
        pytest.skip("the time limit decides, and that hangs on the machine")
    again = json.loads(canonical(catalogue.decide(question, loss, LOSSES, 120)))
    for key in ("holds", "status", "constant"):
        assert again.get(key) == known.get(key)
    if {name: stored(loss.id)["made_by"].get(name) for name in catalogue.versions()} == catalogue.versions():
        assert canonical(again) == canonical(known)


def test_most_proofs_are_confirmed_by_the_checker() -> None:
    """The second reader need not follow every proof, and says which it does."""
    entries = [entry for loss in CATALOG for view in stored(loss.id)["views"].values() for entry in view["verdicts"] if "certificate" in entry]
    assert len(entries) > 500
    assert sum(1 for entry in entries if entry.get("checked")) > 0


def test_whole_certificates_can_be_put_together_again() -> None:
    for loss in CATALOG:
        for view in loss.views:
            for entry in stored(loss.id)["views"][view.name]["verdicts"]:
                certificate = full_verdict(entry, view).get("certificate")
                if certificate is not None:
                    assert certificate["expression"] == view.expression
                    assert certificate["property"] == entry["property"]
