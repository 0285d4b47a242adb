"""The worked cases of catalog/cases/: what the recommender makes of each, and what it would make of it without having seen it.

Cases were written without sight of the rules; docs/recommender.md holds what sets of them gave at first sight. A case answers itself, so the honest share is
the one where each is left out of the comparison while it is asked (its words still tell its task). Shares are floors.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

import lossgraph
from lossgraph.catalog import catalog_folder
from lossgraph.compile_cases import compile_cases
from lossgraph.recommender import text as reader
from lossgraph.recommender.resemblance import resembling
from lossgraph.words import words
from lossgraph.yaml_files import read_yaml

CASES: dict[str, dict[str, Any]] = {one["id"]: one for path in sorted((catalog_folder() / "cases").glob("*.yaml")) for one in read_yaml(path)}
MISTAKES: list[str] = read_yaml(Path(__file__).parent / "cases_mistaken.yaml")  # cases for which a loss is still named that would be a mistake
NONSENSE: list[dict[str, Any]] = [one for path in sorted(Path(__file__).parent.glob("nonsense*.yaml")) for one in read_yaml(path)]
FLOOR, LEFT_OUT = (0.93, 0.96), (0.79, 0.91)  # first choice, one of those named: of cases as they are, and left out of the comparison
WRONG_TYPES = {"n_facts_bad_value", "n_facts_two_tasks"}  # mistakes of the caller's program, refused by an exception


def parts(name: str) -> frozenset[str]:
    """A combination whatever the order of its parts."""
    return frozenset(name.split("+"))


def chosen(text: str) -> list[frozenset[str]]:
    """The losses that are recommended for a text."""
    return [parts(one.loss) for one in lossgraph.recommend(text).recommendations]


@cache
def answers() -> dict[str, list[frozenset[str]]]:
    """What is recommended for each case."""
    return {name: chosen(one["text"]) for name, one in CASES.items()}


def shares(found: dict[str, list[frozenset[str]]]) -> tuple[float, float]:
    """In which share of cases the first choice is acceptable, and one of those named."""
    first = [bool(losses) and losses[0] in {parts(each) for each in CASES[name]["first"]} for name, losses in found.items()]
    accepted = {name: {parts(each) for each in (*CASES[name]["first"], *CASES[name].get("also", ()))} for name in found}
    among = [bool(set(losses) & accepted[name]) for name, losses in found.items()]
    return sum(first) / len(found), sum(among) / len(found)


def test_cases_are_recognised() -> None:
    first, among = shares(answers())
    assert first >= FLOOR[0]
    assert among >= FLOOR[1]


def test_what_was_never_seen_is_answered_by_what_resembles_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, list[frozenset[str]]] = {}
    for name in list(CASES)[::3]:
        monkeypatch.setattr(reader, "resembling", partial(resembling, without=name))
        found[name] = chosen(CASES[name]["text"])
    first, among = shares(found)
    assert first >= LEFT_OUT[0]
    assert among >= LEFT_OUT[1]


def test_short_texts_give_cases_less_weight() -> None:
    few, many = resembling(words("house prices"), lossgraph.load()), resembling(words(next(iter(CASES.values()))["text"] * 3), lossgraph.load())
    assert few is not None
    assert many is not None
    assert few.trust < 0.5
    assert many.trust == 1


def test_a_text_that_shares_no_word_resembles_nothing() -> None:
    assert resembling(words("qwpox zzkrt"), lossgraph.load()) is None


def test_the_shares_of_the_nearest_cases_sum_to_one_and_the_case_itself_is_nearest() -> None:
    name, case = max(CASES.items(), key=lambda one: len(one[1]["text"]))
    found = resembling(words(case["text"]), lossgraph.load())
    assert found is not None
    assert found.cases[0][1]["id"] == name
    assert sum(share for share, _ in found.cases) == pytest.approx(1)
    without = resembling(words(case["text"]), lossgraph.load(), without=name)
    assert without is not None
    assert name not in [one["id"] for _, one in without.cases]


def test_a_case_that_a_rule_forbids_is_not_named() -> None:
    """Cases make candidates and move them; what a fact rules out stays out."""
    text = "Rents of flats in euros per month, a few are wild typing errors, I want one number that those errors cannot drag along, in sklearn"
    assert "mse" not in {one.loss for one in lossgraph.recommend(text, unlike="mse").recommendations}


def test_the_nearest_case_is_quoted_with_its_source() -> None:
    case = next(iter(CASES.values()))
    reasons = [reason for one in lossgraph.recommend(case["text"]).recommendations for reason in one.because if reason.rule == "worked_cases"]
    assert any(case["text"][:60] in reason.text and reason.sources == (case["source"],) for reason in reasons)


BROKEN = {
    "an unknown loss": ("first: [no_such_loss]", "there is no loss no_such_loss"),
    "an unknown task": ("task: knitting", "there is no task knitting"),
    "a choice that is a mistake": ("never: [mse]", "`first` names at least one loss, and none that `never` names"),
    "no choice": ("first: []", "`first` names at least one loss"),
    "an unknown key": ("colour: red", "no such key"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_case_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    change, said = BROKEN[name]
    key = change.partition(":")[0]
    lines = {"id": "a", "task": "regression", "first": "[mse]", "source": "a book", "text": "some words"}
    lines[key] = change.partition(": ")[2]
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "one.yaml").write_text("- {" + ", ".join(f"{one}: {value}" for one, value in lines.items()) + "}\n", encoding="utf-8")
    problems: list[str] = []
    compile_cases(tmp_path, {"regression"}, {"mse"}, problems)
    assert any(said in problem and "catalog/cases/one.yaml" in problem for problem in problems), problems


def test_two_cases_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "one.yaml").write_text("- {id: a, task: regression, first: [mse], source: a book, text: some words}\n" * 2, encoding="utf-8")
    problems: list[str] = []
    compile_cases(tmp_path, {"regression"}, {"mse"}, problems)
    assert problems == ["catalog/cases/one.yaml: a: this id is taken"]


def test_every_case_says_where_it_comes_from() -> None:
    assert [name for name, one in CASES.items() if len(one["source"]) < 3 or len(one["text"]) < 15] == []


def test_no_loss_that_would_be_a_mistake_is_named() -> None:
    mistaken = {name for name, losses in answers().items() if {parts(each) for each in CASES[name].get("never", ())} & set(losses)}
    assert sorted(mistaken) == sorted(MISTAKES)


@pytest.mark.parametrize("one", NONSENSE, ids=[str(one["id"]) for one in NONSENSE])
def test_nonsense_and_contradictions_get_no_loss(one: dict[str, Any]) -> None:
    if one["id"] in WRONG_TYPES:
        with pytest.raises(TypeError):
            lossgraph.recommend(one.get("text"), **one.get("facts", {}))
        return
    answer = lossgraph.recommend(one.get("text"), **one.get("facts", {}))
    assert not answer.recommendations
    assert answer.status in one["status"]
