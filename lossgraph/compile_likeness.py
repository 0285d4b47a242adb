"""Compiles what tells of a task that is not named: how much more often a word, or two words in a row, stand in texts on one task than in all texts.

The texts are what the catalogue says of each task, and the sentences of `examples.yaml`, with sentences on nothing to be learned under `none`. The weights are
those of a naive Bayes classifier with the frequencies of all texts as its prior (a Dirichlet prior of `PRIOR` words), kept where a feature was seen at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import log
from typing import Any

from lossgraph.words import features, single_features, words

PRIOR = 100.0  # words of prior experience: a word that stood once in a text on a task tells little
FEWEST = 200.0  # a task of which little is written is not taken for one whose words are rare
PAIRS = 0.5  # how much a pair of words weighs against a single one
CATALOGUE = 0.5  # how much the catalogue's own wording weighs against the examples
NONE = "none"


def likeness(wording: Mapping[str, str], examples: Mapping[str, Iterable[str]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a feature adds to each task it was not seen with; and, by its first letters, what each feature adds more to each task it was seen with."""
    counts = {task: _counted(wording.get(task, ""), examples.get(task, ())) for task in (*wording, NONE)}
    total: dict[str, float] = {}
    for found in counts.values():
        for feature, number in found.items():
            total[feature] = total.get(feature, 0.0) + number
    everything = sum(total.values())
    unseen = {task: round(log(PRIOR / (max(sum(found.values()), FEWEST) + PRIOR)), 3) for task, found in counts.items()}
    evidence: dict[str, dict[str, dict[str, float]]] = {}
    for feature, number in sorted(total.items()):
        usual = PRIOR * number / everything
        seen = {task: round(log(1 + found[feature] / usual), 2) for task, found in counts.items() if feature in found}
        evidence.setdefault(bucket(feature), {})[feature] = seen
    return unseen, evidence


def bucket(feature: str) -> str:
    """Under which key a feature is kept: a run parses only the entries that its text may hold."""
    return feature[:2]


def _counted(own: str, sentences: Iterable[str]) -> dict[str, float]:
    found = {feature: CATALOGUE * min(number, 3) ** 0.5 for feature, number in Counter(single_features(words(own))).items()}
    for sentence in sentences:
        for feature in features(words(sentence)):
            found[feature] = found.get(feature, 0.0) + (PAIRS if " " in feature else 1.0)
    return found
