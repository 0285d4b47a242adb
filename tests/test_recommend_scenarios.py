"""Does the recommender give the advice that published sources support? One scenario a test, from scenarios.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lossgraph
from lossgraph.recommender.answer import Answer
from lossgraph.yaml_files import read_yaml

FOLDER = Path(__file__).parent
SCENARIOS: list[dict[str, Any]] = read_yaml(FOLDER / "scenarios.yaml")
MEANT = [scenario for scenario in SCENARIOS if "means" in scenario]
# Scenarios that wait for a card or a rule (`rules`), or for words that the reader does not know yet (`words`); each must fail still. `cards` are losses that
# the catalogue does not hold yet.
OPEN: dict[str, list[str]] = read_yaml(FOLDER / "scenarios_open.yaml")


def marked(scenarios: list[dict[str, Any]], key: str) -> list[Any]:
    """The scenarios as parameters, those that are open expected to fail."""
    waiting = pytest.mark.xfail(strict=True, reason=f"open: {key}")
    return [pytest.param(one, id=str(one["id"]), marks=[waiting] if one["id"] in OPEN[key] else []) for one in scenarios]


def judge(answer: Answer, scenario: dict[str, Any]) -> None:
    assert answer.status == "recommended", (answer.questions, answer.errors)
    chosen = [one.loss for one in answer.recommendations]
    assert chosen[0] in scenario["first"], (chosen, [(fact.name, fact.value) for fact in answer.facts])
    assert not set(chosen) & set(scenario["never"]), chosen


@pytest.mark.parametrize("scenario", marked(SCENARIOS, "words"))
def test_scenario(scenario: dict[str, Any]) -> None:
    judge(lossgraph.recommend(scenario.get("text"), **scenario.get("facts", {})), scenario)


@pytest.mark.parametrize("scenario", marked(MEANT, "rules"))
def test_rules_advise_well_once_the_text_is_understood(scenario: dict[str, Any]) -> None:
    judge(lossgraph.recommend(**scenario["means"]), scenario)


def test_there_are_many_with_sources_and_known_losses() -> None:
    known = lossgraph.load()
    assert len(SCENARIOS) >= 150
    assert {name for key in ("rules", "words") for name in OPEN[key]} <= {scenario["id"] for scenario in SCENARIOS}
    for scenario in SCENARIOS:
        assert scenario["source"].startswith("https://")
        for name in (*scenario["first"], *scenario["never"]):
            assert all(part in known or part in OPEN["cards"] for part in name.split("+")), name
