"""A phrase that was found in a text, and how it is quoted."""

from __future__ import annotations

from lossgraph.record import record
from lossgraph.words import Word

NEGATORS = frozenset("no not without never none nothing nobody neither nor hardly barely lacks lack zero cannot non free forbid forbids forbade".split())
REACH = 3  # how many words before a phrase a negator reaches; words that only carry it on are not counted


@record
class Match:
    """A phrase of a fact in the text, over the words [start, end); `denied` when a negation stands before it."""

    fact: str
    value: str
    start: int
    end: int
    weak: bool
    denied: bool
    size: int  # how many words of the phrase were found: the longest of overlapping phrases counts


def quoted(found: list[Word], start: int, end: int, denied: bool = False) -> str:
    """The words of the text that say something, with the negation before them."""
    if denied:
        start = next((index for index in range(start - 1, max(start - 1 - REACH, -1), -1) if found[index].stem in NEGATORS), start)
    return f'"{" ".join(word.text for word in found[start:end])}"'
