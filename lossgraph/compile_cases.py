"""Compiles the worked cases of `catalog/cases/`: problems in practitioners' words, each with the losses that an expert would take first, and why we think so.

The recommender compares a text with them (`recommender/resemblance.py`): what is kept is, for every word, the cases that it stands in, with its weight there
(term frequency and inverse document frequency, scaled to length 1), and of each case what is shown of it. Facts that are read from both texts were tried as
further features and changed nothing: the rules know them already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from math import sqrt
from pathlib import Path
from typing import Any, cast

from lossgraph import model
from lossgraph.compile_entries import plain, show, validated
from lossgraph.compile_likeness import NONE, bucket
from lossgraph.words import often, rare, single_features, words

COMMON = 0.06  # a word that stands in more than this share of the texts tells nothing
SHOWN = 160  # characters of a case's text that an answer quotes


def compile_cases(folder: Path, tasks: Collection[str], losses: Collection[str], problems: list[str]) -> list[model.Case]:
    """The cases of all files; what does not fit is added to `problems`."""
    cases: dict[str, model.Case] = {}
    for path in sorted((folder / "cases").glob("*.yaml")):
        shown = show(folder, path)
        entries: Any = plain(path, shown, problems) or []
        if not isinstance(entries, list):
            problems.append(f"{shown}: a list of cases is expected")
            continue
        numbered = {str(number): entry for number, entry in enumerate(cast("list[Any]", entries), 1)}
        for case in validated(model.Case, numbered, shown, problems).values():
            wrong = [name for name in (*case.first, *case.also, *case.never) if not set(name.split("+")) <= set(losses)]
            problems += [f"{shown}: {case.id}: there is no loss {name}" for name in wrong]
            if case.task not in tasks:
                problems.append(f"{shown}: {case.id}: there is no task {case.task}")
            if case.id in cases:
                problems.append(f"{shown}: {case.id}: this id is taken")
            if set(case.first) & set(case.never) or not case.first:
                problems.append(f"{shown}: {case.id}: `first` names at least one loss, and none that `never` names")
            cases[case.id] = case
    return list(cases.values())


def index(cases: Iterable[model.Case], of_nothing: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cases by number, as an answer shows them, and their traces.

    `of_nothing` are texts on nothing to be learned: cases without losses, so that what reads like them resembles these.
    """
    every = [*cases, *(model.Case("", NONE, "", text, ()) for text in of_nothing)]
    return {str(number): _short(case) for number, case in enumerate(every)}, traces(case.text for case in every)


def _short(case: model.Case) -> dict[str, Any]:
    text = case.text if len(case.text) <= SHOWN else f"{case.text[:SHOWN].rsplit(' ', 1)[0]} ..."
    return {"id": case.id, "task": case.task, "text": text, "source": case.source, "first": case.first, "also": case.also, "never": case.never}


def traces(texts: Iterable[str]) -> dict[str, Any]:
    """For each word that stands in two texts or more, by its first letters: how rare it is, and where it stands with which weight."""
    counted = [Counter(single_features(words(text))) for text in texts]
    spread = Counter(feature for one in counted for feature in one)
    rarity = {feature: rare(len(counted), number) if number <= COMMON * len(counted) else 0.0 for feature, number in spread.items()}
    found: dict[str, dict[str, Any]] = {}
    for number, one in enumerate(counted):
        weights = {feature: often(times) * rarity[feature] for feature, times in one.items() if spread[feature] > 1}
        length = sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        for feature, weight in weights.items():
            entry = found.setdefault(bucket(feature), {}).setdefault(feature, [round(rarity[feature], 3), {}])
            if weight:
                entry[1][str(number)] = round(weight / length, 3)
    return found
