"""Problems that nobody had looked at while the rules were written: scenarios_blind.yaml was run once, and its first run is in docs/recommender.md.

Since then they have been used for repairs, so they measure nothing any more: the shares of the first run are floors, and forbidden choices and advice on
nonsense must not come back.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

import lossgraph
from lossgraph.yaml_files import read_yaml

FOLDER = Path(__file__).parent
BLIND: list[dict[str, Any]] = read_yaml(FOLDER / "scenarios_blind.yaml")
WRONG_TYPES = {"n_facts_bad_value", "n_facts_two_tasks"}  # mistakes of the caller's program, refused by an exception
NONSENSE: list[dict[str, Any]] = read_yaml(FOLDER / "nonsense_blind.yaml")
FIRST, ANY = 39 / 56, 46 / 56  # shares of the first run


def parts(name: str) -> frozenset[str]:
    """A combination whatever the order of its parts."""
    return frozenset(name.split("+"))


@lru_cache(maxsize=1)
def chosen() -> dict[str, list[frozenset[str]]]:
    """The recommended losses of each problem."""
    return {
        str(one["id"]): [parts(each.loss) for each in lossgraph.recommend(one.get("text"), **one.get("facts", {})).recommendations] for one in BLIND
    }


def shares() -> tuple[float, float]:
    """How often the first choice is acceptable, and how often one of the first three is."""
    first = [bool(found) and found[0] in {parts(name) for name in one["first"]} for one, found in zip(BLIND, chosen().values(), strict=True)]
    accepted = [{parts(name) for name in (*one["first"], *one.get("also", ()))} for one in BLIND]
    among = [bool(set(found) & names) for names, found in zip(accepted, chosen().values(), strict=True)]
    return sum(first) / len(BLIND), sum(among) / len(BLIND)


def test_the_shares_of_the_first_run_are_kept() -> None:
    first, among = shares()
    assert first >= FIRST - 1e-9
    assert among >= ANY - 1e-9


@pytest.mark.parametrize("one", BLIND, ids=[str(one["id"]) for one in BLIND])
def test_no_loss_that_would_be_wrong_is_named(one: dict[str, Any]) -> None:
    assert not {parts(name) for name in one.get("never", ())} & set(chosen()[str(one["id"])])


@pytest.mark.parametrize("one", NONSENSE, ids=[str(one["id"]) for one in NONSENSE])
def test_nonsense_and_contradictions_get_no_loss(one: dict[str, Any]) -> None:
    if one["id"] in WRONG_TYPES:
        with pytest.raises(TypeError):
            lossgraph.recommend(one.get("text"), **one.get("facts", {}))
        return
    answer = lossgraph.recommend(one.get("text"), **one.get("facts", {}))
    assert answer.status in one["status"]
    assert not answer.recommendations
