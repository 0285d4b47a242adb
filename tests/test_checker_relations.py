"""Does the checker confirm relations, and refuse them once anything in the certificate or the question is changed into something else?"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import lossgraph
from lossgraph.certificate import read_file, relation_hash, relation_question
from lossgraph.checker import check_relation
from tests.test_checker_mutations import changed, leaves, mutants

FOLDER = Path(__file__).resolve().parent.parent / "catalog" / "certificates"
EVERY = bool(os.environ.get("LOSSGRAPH_ALL_MUTATIONS"))
CERTIFICATES, LEAVES = 40, 8
LEAST_SHARE = 1.0
"""Of the proofs that are shipped, so many are confirmed at least: all. Others would be listed by `lossgraph verify` as unchecked."""


@cache
def shipped() -> tuple[tuple[str, dict[str, Any]], ...]:
    """(name, question) of every relation with a certificate that fits its cards."""
    catalog = lossgraph.load()
    losses = {loss.id: loss for loss in catalog}
    found: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(FOLDER.glob("*.json")):
        data = read_file(path)
        if data is None or data["loss"] not in losses:
            continue
        loss = losses[data["loss"]]
        stored = {entry["sha256"]: entry for entry in data["relations"] if "certificate" in entry}
        for relation in loss.relations:
            entry = stored.get(relation_hash(loss, relation, losses)) if relation.identity else None
            if entry is not None:
                found.append((f"{loss.id} {relation.type} {relation.target}", relation_question(loss, relation, losses, entry)))
    return tuple(found)


@cache
def confirmed() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Those that the checker confirms."""
    return tuple((name, question) for name, question in shipped() if check_relation(question))


def test_shipped_relations_are_confirmed() -> None:
    """All proofs of relations are read to the end by the second reader."""
    assert len(shipped()) > 450
    assert len(confirmed()) >= LEAST_SHARE * len(shipped()), sorted({name for name, _ in shipped()} - {name for name, _ in confirmed()})


def is_choice(question: dict[str, Any], path: tuple[Any, ...]) -> bool:
    """Whether a leaf is free: another point at which the formula fails is as good, and at one point another node may have the same value."""
    at_a_point = "points" in path and "resolutions" in path and path[-1] in {"node", "becomes"}
    return at_a_point or (question["certificate"]["kind"] == "counterexample" and path[:1] == ("point",))


def kind_of(question: dict[str, Any]) -> str:
    certificate = question["certificate"]
    return f"{question['type']} {certificate['kind']} {'sizes' in certificate} {'lengths' in certificate}"


def sample() -> list[tuple[str, dict[str, Any]]]:
    """The shortest certificates of every kind and type, and some others."""
    if EVERY:
        return list(confirmed())
    seen: Counter[str] = Counter()
    chosen: list[tuple[str, dict[str, Any]]] = []
    ordered = sorted(confirmed(), key=lambda entry: len(str(entry[1]["certificate"])))
    for name, question in [entry for entry in ordered if len(str(entry[1]["certificate"])) < 12_000]:
        seen[kind_of(question)] += 1
        if seen[kind_of(question)] in {2, 4, 9}:
            chosen.append((name, question))
    return chosen[:CERTIFICATES]


def test_mutants_are_refused() -> None:
    """Every changed leaf of a certificate is refused."""
    random.seed(3)
    accepted: list[Any] = []
    tried = 0
    for name, question in sample():
        certificate = question["certificate"]
        every = [(path, value) for path, value in leaves(certificate) if not is_choice(question, path)]
        for path, value in every if EVERY else random.sample(every, min(LEAVES, len(every))):
            for other in mutants(value):
                tried += 1
                if check_relation({**question, "certificate": changed(certificate, path, other)}):
                    accepted.append((name, path, value, other))
    print(f"{tried} mutants, {len(accepted)} accepted")
    assert not accepted, accepted[:20]
    assert tried > 300


def changed_questions(question: dict[str, Any]) -> list[dict[str, Any]]:
    """The same certificate for another formula, type, direction, condition, status, or another card."""
    found = [{**question, "source": question["target"], "target": question["source"]} if question["type"] in {"upper_bounds", "limit_of"} else {}]
    found += [{**question, "status": status} for status in ("proved", "refuted", "undecided") if status != question["status"]]
    found += [{**question, "as": text} for text in mutants(question["as"])]
    if not question["type"].startswith("equivalent"):
        found.append({**question, "type": "equivalent_up_to_constant"})
    card = question["source"]
    views = question["cards"][card]
    for place, view in enumerate(views) if question["certificate"]["kind"] == "identity" else ():
        if (re.search(rf"\b{card}\(", question["as"]) and place == 0) or re.search(rf"\b{card}\.{view['name']}\(", question["as"]):
            other = {**view, "expression": f"({view['expression']}) + 1/7"}
            found.append({**question, "cards": {**question["cards"], card: [*views[:place], other, *views[place + 1 :]]}})
    return [entry for entry in found if entry]


def test_another_question_is_refused() -> None:
    """A certificate confirms its own formula, type and cards only."""
    accepted: list[Any] = []
    tried = 0
    for name, question in sample():
        for other in changed_questions(question):
            tried += 1
            if check_relation(other):
                accepted.append((name, {key: other[key] for key in other if other[key] != question[key]}))
    assert not accepted, accepted[:20]
    assert tried > 100
