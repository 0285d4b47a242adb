"""Splits text into words and folds them, and expands the phrases of facts.yaml, so that both can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise, product
from math import log

from lossgraph.record import record

_TOKEN = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:e-?\d+)?|\.\d+|%|[^\W\d_][^\W_]*(?:['’][^\W\d_]+)?|[,;.:!?()]|(?<=\s)[-–—](?=\s)", re.IGNORECASE)
_SLOPPY = frozenset("dont doesnt didnt isnt arent wasnt werent havent hasnt wouldnt shouldnt couldnt neednt".split())
NUMBER = "#"  # any number, as a feature of a text
GAP = "*"  # in a phrase of facts.yaml: up to four words of the same clause
NEAR = " & "  # in a phrase of facts.yaml: parts that stand near each other, in any order
_CLAUSE = frozenset(",;.:!?()-–—")
_SENTENCE = frozenset(".!?")
ENGLISH = frozenset(
    "the a an of to in is are and or for with on from by my our your we i it this that be at as have has had want need should will would can do does not "
    "no than some what which how where when who but so very more most few many all each per only them they there".split()
)
_ROOTS = frozenset(  # words that end in -ing or -ed by chance, or mean something else with it
    "balanced pleasing heading rated captioning weighted weighting sampling sampled clipping "
    "during nothing something anything everything evening morning ceiling string spring".split()
)
_EVERYWHERE = frozenset(
    "the a an of to in is are and or for with on from by my our your we i it this that be at as have has had want need should will would can could do does "
    "than some when who but so very most few all per only them they there model loss train learn use good best data dataset problem task into its work make "
    "which what how where does pls help thx asap please "
    "made get network neural function too up down you me he she him his her us am were been such also".split()
)
_KEEP = frozenset("bias gas this has was its always perhaps yes".split())


@record
class Word:
    """A word of the text: as written, folded, and the numbers of the clause and the sentence it stands in."""

    text: str
    stem: str
    clause: int
    sentence: int = 0


def words(text: str) -> list[Word]:
    """The words and numbers of a text. Punctuation starts a new clause, and so does `but`; hyphens and slashes part words."""
    found: list[Word] = []
    clause = sentence = 0
    for match in _TOKEN.finditer(text):
        token = match.group().lower().replace("’", "'")
        if token in _CLAUSE:
            clause += 1
            sentence += token in _SENTENCE
            continue
        if token in {"but", "however", "although", "though", "whereas", "while"}:
            clause += 1
        if token.endswith("n't") or token in _SLOPPY:  # don't, dont -> do not
            stem = token[:-3] if token.endswith("n't") else token[:-2]
            found.append(Word(match.group()[: len(stem)], stem, clause, sentence))
            found.append(Word("not", "not", clause, sentence))
            continue
        found.append(Word(match.group(), fold(token.removesuffix("'s")), clause, sentence))  # a teacher's layer
    return found


def fold(word: str) -> str:
    """A word without case, and without the -s of a plural."""
    word = word.lower()
    if len(word) <= 3 or not word.endswith("s") or word in _KEEP or word.endswith(("ss", "us", "is")) or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


@lru_cache(maxsize=20_000)
def root(stem: str) -> str:
    """A folded word without -ing and -ed and a silent -e, so that `scored`, `scoring` and `score` agree; -ion and the like stay."""
    if len(stem) < 5 or not stem.isalpha() or stem in _ROOTS:
        return stem
    if stem.endswith("eed"):
        return stem
    short = stem[:-3] if stem.endswith("ing") else stem[:-2] if stem.endswith("ed") else stem
    if short == stem:
        return stem[:-1] if stem.endswith("e") else stem
    if len(short) < 4 or not set(short) & set("aeiouy"):
        return stem
    if short[-1] == short[-2] and (short[-1] not in "lsz" or len(short) > 5):
        short = short[:-1]
    return short[:-1] if short.endswith("e") else f"{short[:-1]}y" if stem.endswith("ied") else short


Shelves = dict[str, list[tuple[str, ...]]]


def by_word(sequences: Iterable[tuple[str, ...]], place: int) -> Shelves:
    """Sequences of words by the word at a place (0: the first, -1: the last), so that only those are compared that can stand where it does."""
    found: Shelves = {}
    for sequence in sequences:
        found.setdefault(sequence[place], []).append(sequence)
    return found


def single_features(found: list[Word]) -> list[str]:
    """The roots of words, without those that stand everywhere; all numbers are one word."""
    return _telling(_stems(found))


def _telling(stems: list[str]) -> list[str]:
    return [stem for stem in stems if (len(stem) > 1 and stem not in _EVERYWHERE) or stem == NUMBER]


def features(found: list[Word]) -> list[str]:
    """What a text is compared by, each once: its words, and pairs of words in a row."""
    stems = _stems(found)
    return list(dict.fromkeys([*_telling(stems), *(f"{one} {other}" for one, other in pairwise(stems))]))


def rare(texts: int, spread: int) -> float:
    """The weight of a word that stands in `spread` of so many texts (inverse document frequency)."""
    return log((1 + texts) / (1 + spread)) + 1


def often(times: float) -> float:
    """The weight of a word that stands in a text so many times (term frequency)."""
    return 1 + log(times)


def _stems(found: list[Word]) -> list[str]:
    return [NUMBER if word.stem[0].isdigit() else root(word.stem) for word in found]


def phrases(written: str) -> Iterator[tuple[str, ...]]:
    """The folded words of a phrase of facts.yaml, once for each choice among its alternatives (`noisy label/annotation`)."""
    if any(character.isdigit() for character in written):  # parted as the text is: 3d, f1
        for choice in product(*([one for one in part.split("/") if one] for part in written.lstrip("~").split())):
            yield tuple(stem for part in choice for stem in ([GAP] if part == GAP else [word.stem for word in words(part)]))
        return
    if "/" not in written:
        yield tuple(fold(word) for word in written.lstrip("~").replace("-", " ").split())
        return
    parts = [[choice for choice in part.split("/") if choice] for part in written.lstrip("~").replace("-", " ").split()]
    for choice in product(*parts):
        yield tuple(fold(word) for word in choice)
