"""Which task a text reads like, by the words that it shares with what the catalogue says of each task and with example sentences (`compile_likeness.py`).

Every feature of the text (a word, or two in a row) adds its weight to each task: a naive Bayes classifier whose weights were computed when the catalogue was
compiled. Among the tasks stands `none`: texts that have nothing to do with learning.
"""

from __future__ import annotations

from collections.abc import Mapping

from lossgraph.catalog import Catalog
from lossgraph.compile_likeness import NONE, PAIRS, bucket
from lossgraph.model import EMPTY
from lossgraph.record import record
from lossgraph.words import Word, features, single_features

_EVERYDAY = frozenset("not no off right between nothing other way always never all any every each much some same then there here now only more less".split())
IMPLIED = 4.0  # the logarithm of odds from which on a fact is read that no phrase names
TELLING = 0.5  # what a word adds at least that is shown as a reason


@record
class Likely:
    """A task, how much the text speaks for it (a logarithm of odds against texts in general), and the words that say so, the strongest first."""

    task: str
    score: float
    words: tuple[str, ...]


def scores(found: list[Word], catalog: Catalog) -> dict[str, float]:
    """For each task, and for `none`, the logarithm of how much likelier the text is there than among all texts; {} where no word is known."""
    evidence, unseen = catalog.data["evidence"], catalog.data["likeness"]
    result = dict.fromkeys(unseen, 0.0)
    known = 0.0
    for feature in features(found):
        seen = _seen(feature, evidence)
        if seen:
            weight = PAIRS if " " in feature else 1.0
            known += weight
            for task, more in seen.items():
                result[task] += weight * more
    return {task: score + known * unseen[task] for task, score in result.items()} if known else {}


def likely(found: list[Word], catalog: Catalog, most: int = 3) -> list[Likely]:
    """The tasks that a text reads most like, the best first; [] where it shares no word with any. `none` stands among them."""
    ranked = sorted(scores(found, catalog).items(), key=lambda pair: -pair[1])[:most]
    return [Likely(task, score, telling(found, task, catalog)) for task, score in ranked]


def telling(found: list[Word], task: str, catalog: Catalog, most: int = 3) -> tuple[str, ...]:
    """The words of the text that speak for a task, the strongest first."""
    evidence = catalog.data["evidence"]
    shown = {feature: word.text for word in reversed(found) for feature in single_features([word])}
    weights = {feature: _seen(feature, evidence).get(task, 0.0) for feature in shown}
    return tuple(shown[feature] for feature in sorted((one for one in weights if weights[one] > 0), key=lambda one: -weights[one])[:most])


def _seen(feature: str, evidence: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Mapping[str, float]:
    return evidence.get(bucket(feature), EMPTY).get(feature, EMPTY)


def implied(found: list[Word], task: str, catalog: Catalog) -> list[tuple[str, str, float, tuple[str, ...]]]:
    """Facts that a text on a task means without naming them: fact, value, odds (a logarithm) and the words that say so, the surest first."""
    hints = catalog.data["hints"].get(task)
    if hints is None:
        return []
    usual, more = hints["usual"], hints["more"]
    known = 0.0
    odds = dict.fromkeys(usual, 0.0)
    for feature in features(found):
        if feature in more:
            weight = PAIRS if " " in feature else 1.0
            known += weight
            for meaning, added in more[feature].items():
                odds[meaning] += weight * added
    likely = {meaning: added + known * usual[meaning] for meaning, added in odds.items() if added + known * usual[meaning] > IMPLIED}
    if not likely:
        return []
    shown = {feature: word.text for word in reversed(found) for feature in single_features([word]) if feature in more and feature not in _EVERYDAY}
    result: list[tuple[str, str, float, tuple[str, ...]]] = []
    for meaning, sure in likely.items():
        least = TELLING - usual[meaning]
        said = sorted((feature for feature in shown if more[feature].get(meaning, 0.0) > least), key=lambda feature: -more[feature][meaning])
        if len(said) > 1 and (len(said) > 2 or sure > 2.0 * IMPLIED):
            fact, _, value = meaning.partition("=")
            result.append((fact, value, sure, tuple(shown[feature] for feature in said[:3])))
    return sorted(result, key=lambda one: -one[2])


__all__ = ["NONE", "Likely", "implied", "likely", "scores", "telling"]
