"""Does every row of docs/ledger.md lead somewhere: to a card, an edge, a rule, a metric, a method or a claim that the catalogue has?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lossgraph

CATALOG = lossgraph.load()
DOCUMENT = (Path(__file__).resolve().parent.parent / "docs" / "ledger.md").read_text(encoding="utf-8")
KINDS = ("card", "edge", "rule", "metric", "method", "property", "task", "strategy", "claim")


def tables(text: str) -> dict[str, list[list[str]]]:
    """The rows of the table under each heading, by heading; a heading line and the rule below it are left out."""
    found: dict[str, list[list[str]]] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        found[title] = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line.startswith("|")][2:]
    return found


def places(cell: str) -> list[str]:
    return [place for place in re.findall(r"`([^`]*)`", cell) if place.partition(":")[0] in KINDS]


def exists(place: str) -> bool:
    kind, _, rest = place.partition(":")
    if kind == "edge":
        source, _, target = rest.partition("--")
        edges = {(start, end) for start, end, data in CATALOG.graph.edges(data=True) if data["type"] != "not_the_same_as"}
        return (source, target) in edges or (target, source) in edges
    if kind == "claim":
        return any([claim.source, claim.loss, claim.place] == rest.split(":", 2) for claim in CATALOG.claims)
    known = {
        "card": {loss.id for loss in CATALOG}, "rule": CATALOG.data["rules"], "metric": CATALOG.metrics, "method": CATALOG.methods,
        "property": CATALOG.properties, "task": CATALOG.tasks, "strategy": CATALOG.strategies,
    }  # fmt: skip
    return rest in known[kind]


TABLES = tables(DOCUMENT)


@pytest.mark.parametrize("title", TABLES)
def test_every_place_exists(title: str) -> None:
    lost = [f"{row[0]}: {place}" for row in TABLES[title] for place in places(row[-1]) if not exists(place)]
    assert not lost, "\n".join(lost)


@pytest.mark.parametrize("title", [title for title in TABLES if not title.startswith("Questions")])
def test_every_row_has_a_place_or_a_reason(title: str) -> None:
    bare = [row for row in TABLES[title] if not places(row[-1]) and not re.fullmatch(r"none: \S.{3,}", row[-1])]
    assert not bare


def test_no_row_is_missing() -> None:
    """The counts of the ledger, and each row once."""
    assert {title.split()[0]: len(rows) for title, rows in TABLES.items()} == {
        "Losses": 143, "Relations": 318, "Rules": 73, "Metrics": 26 + 8 + 5, "Taxonomy": 10, "Building": 14 + 8, "Suspected": 135 + 9, "Questions": 13,
    }  # fmt: skip
    for rows in TABLES.values():
        assert len({row[0] for row in rows}) == len(rows)


def test_sound_relations_are_edges_and_errors_are_claims() -> None:
    """A relation without an edge was found wrong, or has an end that no source names; every suspected error has its claim, with a deviation."""
    reasons = {row[-1] for row in TABLES["Relations"] if row[-1].startswith("none")}
    assert reasons <= {"none: doubtful, so no edge", "none: refuted, so no edge", "none: an end that no source names"}
    for row in TABLES["Suspected errors"]:
        (place,) = places(row[-1])
        _, source, loss, where = place.split(":", 3)
        assert any([claim.source, claim.loss, claim.place] == [source, loss, where] and claim.deviation for claim in CATALOG.claims), row


@pytest.mark.parametrize("place", [
    "card:hubr", "edge:huber--dice", "rule:none", "metric:rmsee", "method:newton", "property:smooth", "task:cooking", "strategy:luck",
    "claim:survey2023:huber:section 9.9",
])  # fmt: skip
def test_a_place_that_is_not_there_is_noticed(place: str) -> None:
    assert not exists(place)
