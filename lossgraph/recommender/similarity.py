"""Which task a text reads like, where no word of the vocabulary names one: cosine of TF-IDF vectors over what the catalogue says of each task.

A task's document is its name, aliases, definition and synonyms with the applications of its losses (compiled into the catalogue as `wording`). The words
that tasks share weigh little, and the two best tasks are returned with the words that speak for them, so that a question can name them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt

from lossgraph.catalog import Catalog
from lossgraph.recommender.answer import Finding
from lossgraph.recommender.conditions import TASK
from lossgraph.words import Word, words

_PLAIN = frozenset(
    "the a an of to in is are and or for with on from by my our your we i it this that be at as have has had want need should will would can could do does "
    "not no than some what which how where when who but so very more most few many all each per only them they there model loss train training learn learning "
    "use using good best data dataset problem task each other into its one two work make made get network neural function "
    "too up down".split()
)


@dataclass(frozen=True)
class Likely:
    """A task, how alike the text is (0 to 1), and the words of the text that say so, the strongest first."""

    task: str
    score: float
    words: tuple[str, ...]


FAINT, ALONE, CLEAR, MARGIN = 0.07, 0.12, 0.2, 1.5  # a task is asked from FAINT on (ALONE: by one word); taken from CLEAR on, where it leads by MARGIN
_models: dict[int, Model] = {}


class Model:
    """The TF-IDF vectors of all tasks, of length 1."""

    def __init__(self, wording: Mapping[str, str]) -> None:
        counts = {task: Counter(word.stem for word in words(text) if _informative(word)) for task, text in wording.items()}
        spread = Counter(stem for found in counts.values() for stem in found)
        self.rarity = {stem: log((1 + len(counts)) / (1 + number)) + 1 for stem, number in spread.items()}
        self.vectors = {task: _unit({stem: (1 + log(number)) * self.rarity[stem] for stem, number in found.items()}) for task, found in counts.items()}

    def likely(self, found: list[Word], most: int = 3) -> list[Likely]:
        """The tasks that a text reads most like, the best first; [] where it shares no informative word with any."""
        stems = {word.stem: word.text for word in found if _informative(word)}
        known = _unit({stem: self.rarity[stem] for stem in stems if stem in self.rarity})
        if not known:
            return []
        share = len(known) / len(stems)  # words that no task knows speak against all of them
        scored: list[Likely] = []
        for task, vector in self.vectors.items():
            parts = {stem: weight * vector[stem] for stem, weight in known.items() if stem in vector}
            if parts:
                best = sorted(parts, key=lambda stem: -parts[stem])[:3]
                scored.append(Likely(task, sqrt(share) * sum(parts.values()), tuple(stems[stem] for stem in best)))
        return sorted(scored, key=lambda one: -one.score)[:most]


def model(catalog: Catalog) -> Model:
    """The model of a catalogue, made when it is first asked for."""
    if id(catalog) not in _models:
        _models.clear()
        _models[id(catalog)] = Model(catalog.data["wording"])
    return _models[id(catalog)]


def similar_task(text: str, catalog: Catalog) -> tuple[Finding, str | None] | None:
    """The task that a text reads like, and the note that says so where it is surely enough to go on; without a note it is to be asked. None: like none."""
    likely = model(catalog).likely(words(text))
    if not likely or likely[0].score < (FAINT if len(likely[0].words) > 1 else ALONE):
        return None
    best, other = likely[0], likely[1] if len(likely) > 1 else None
    shown = " and ".join(f'"{word}"' for word in best.words)
    name = catalog.data["tasks"][best.task]["name"]
    if best.score >= CLEAR and len(best.words) > 1 and (other is None or best.score >= MARGIN * other.score):
        return Finding(TASK, best.task, "text", shown, 0.56), f"no task is named: the text reads most like {name}, because of {shown}"
    return Finding(TASK, best.task, "text", f"{shown}, words that are common there", 0.4), None


def _informative(word: Word) -> bool:
    return len(word.stem) > 1 and word.stem not in _PLAIN and not word.stem[0].isdigit()


def _unit(vector: dict[str, float]) -> dict[str, float]:
    length = sqrt(sum(value * value for value in vector.values()))
    return {stem: value / length for stem, value in vector.items()} if length else {}
