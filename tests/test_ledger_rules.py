"""Does every if-then rule of the seed documents (the ledger's r00 to r72) live in a rule of catalog/rules, or is it said why not?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lossgraph

ROWS = tuple(f"r{number:02d}" for number in range(73))
# Rows that no rule can carry, because they are not about a problem's facts.
ELSEWHERE: dict[str, str] = {
    "r72": "An order of deciding (task, data, loss, metric). The recommender follows it: text and data give facts, rules rank, metrics stand in each answer.",
}


def living() -> dict[str, list[str]]:
    """The rules that cite each row."""
    found: dict[str, list[str]] = {}
    for rule in lossgraph.load().data["rules"].values():
        for row in rule["ledger"]:
            found.setdefault(row, []).append(rule["id"])
    return found


@pytest.mark.parametrize("row", ROWS)
def test_a_row_lives_in_a_rule_or_it_is_said_why_not(row: str) -> None:
    assert bool(living().get(row)) != (row in ELSEWHERE), "cite the row under `ledger` in a rule, or say here why none carries it, but not both"


def test_no_rule_cites_a_row_that_does_not_exist() -> None:
    assert set(living()) <= set(ROWS)


def test_the_document_says_where_each_row_lives() -> None:
    """docs/ledger.md has one line for each row, which names every rule that cites it."""
    document = Path(__file__).parent.parent / "docs" / "ledger.md"
    lines = {match.group(1): line for line in document.read_text(encoding="utf-8").splitlines() if (match := re.match(r"\|\s*(r\d\d)\s*\|", line))}
    rules = living()
    assert set(lines) == set(ROWS)
    for row in ROWS:
        assert set(re.findall(r"`rule:(\w+)`", lines[row])) == set(rules.get(row, ())), row
