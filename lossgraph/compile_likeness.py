"""Compiles what tells of a task that is not named: how much more often a word, or two words in a row, stand in texts on one task than in all texts.

The texts are what the catalogue says of each task, and the sentences of `examples.yaml`, with sentences on nothing to be learned under `none`. The weights are
those of a naive Bayes classifier with the frequencies of all texts as its prior, kept where a feature was seen at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import log
from typing import Any

from lossgraph.words import features, single_features, words

DOUBT = 0.2  # how much of the usual frequency of a word is expected of a task with which it was never seen
FEWEST = 200.0  # a task of which little is written is not taken for one whose words are rare
PAIRS = 0.5  # how much a pair of words weighs against a single one
CATALOGUE = 0.5  # how much the catalogue's own wording weighs against the examples
FACT_PRIOR = 250.0  # how many words of the usual frequency are added where the sentences of one task are compared
CASE = 0.3  # how much the long text of a worked case weighs against an example sentence
NONE = "none"


def likeness(
    wording: Mapping[str, str], examples: Mapping[str, Iterable[str]], cases: Mapping[str, Iterable[str]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a feature adds to each task it was not seen with; and, by its first letters, what each feature adds more to each task it was seen with."""
    counts = {task: _counted(wording.get(task, ""), examples.get(task, ())) for task in (*wording, NONE)}
    for task, texts in cases.items():
        for feature, number in _counted("", texts).items():
            counts[task][feature] = counts[task].get(feature, 0.0) + CASE * number
    sizes = {task: max(sum(found.values()), FEWEST) for task, found in counts.items()}
    usual: dict[str, float] = {}
    whole: dict[str, float] = {}
    holders: dict[str, list[str]] = {}
    for task, found in counts.items():
        for feature, number in found.items():
            usual[feature] = usual.get(feature, 0.0) + number / sizes[task] / len(counts)
            whole[feature] = whole.get(feature, 0.0) + number
            holders.setdefault(feature, []).append(task)
    usual = {feature: share for feature, share in usual.items() if _told(feature, whole[feature])}
    unseen = dict.fromkeys(counts, round(log(DOUBT / (1 + DOUBT)), 3))
    evidence: dict[str, dict[str, dict[str, float]]] = {}
    for feature, share in sorted(usual.items()):
        seen = {task: round(log(1 + counts[task][feature] / sizes[task] / (DOUBT * share)), 2) for task in holders[feature]}
        evidence.setdefault(bucket(feature), {})[feature] = seen
    return unseen, evidence


def bucket(feature: str) -> str:
    """Under which key a feature is kept: a run parses only the entries that its text may hold."""
    first, _, second = feature.partition(" ")
    return f"{first[:2]} {second[:1]}" if second else first[:3]


def _told(feature: str, number: float) -> bool:
    """Whether a feature is kept: a pair of words that stands in one sentence of all tells of that sentence alone."""
    return " " not in feature or number > PAIRS


def _counted(own: str, sentences: Iterable[str]) -> dict[str, float]:
    found = {feature: CATALOGUE * min(number, 3) ** 0.5 for feature, number in Counter(single_features(words(own))).items()}
    for sentence in sentences:
        for feature in features(words(sentence)):
            found[feature] = found.get(feature, 0.0) + (PAIRS if " " in feature else 1.0)
    return found


def further(by_fact: Mapping[str, Iterable[str]], examples: Mapping[str, Iterable[str]]) -> dict[str, dict[str, Any]]:
    """For each task what a feature of a text adds to the odds of a fact's value against the task's other sentences.

    `usual` is what it adds where it stands in no sentence of that value; `more`, for every feature of the task, by how much those differ that do.
    """
    texts: dict[str, list[str]] = {}
    for name, sentences in by_fact.items():
        texts.setdefault(name.split()[0], []).extend(sentences)
    counts = {task: _counted("", (*examples.get(task, ()), *sentences)) for task, sentences in texts.items()}
    found: dict[str, dict[str, Any]] = {
        task: {"usual": {}, "more": {feature: {} for feature in sorted(whole) if _told(feature, whole[feature])}} for task, whole in counts.items()
    }
    for name, sentences in by_fact.items():
        task, meaning = name.split()
        fact = meaning.partition("=")[0]
        own = _counted("", sentences)
        others = {feature: number - own.get(feature, 0.0) for feature, number in counts[task].items()}
        rival = _counted("", (one for key, lines in by_fact.items() if key.startswith(f"{task} {fact}=") and key != name for one in lines))
        for feature, number in rival.items():  # what speaks for another value of the same fact counts twice
            others[feature] += number
        size, rest = sum(own.values()), sum(others.values())

        def weight(here: float, there: float, size: float = size, rest: float = rest) -> float:
            usual = FACT_PRIOR * (here + there) / (size + rest)
            return log((here + usual) / (size + FACT_PRIOR)) - log((there + usual) / (rest + FACT_PRIOR))

        # How often a feature stands in the other sentences makes no difference where it stands in none of these.
        usual = weight(0.0, 1.0)
        found[task]["usual"][meaning] = round(usual, 2)
        for feature, number in own.items():
            if feature in found[task]["more"]:
                found[task]["more"][feature][meaning] = round(weight(number, others.get(feature, 0.0)) - usual, 2)
    return found
