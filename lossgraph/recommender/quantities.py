"""Finds numbers in a text: percentages, ratios, thousands written `40k`, fractions written `1 in 1000`, and the words beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import isfinite

from lossgraph.model import Fact
from lossgraph.recommender.answer import Finding
from lossgraph.record import record
from lossgraph.words import Shelves, Word, by_word, phrases

_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "hundred": 1e2}
_NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "fifteen": 15,
    "hundred": 100, "thousand": 1000, "one": 1, "half": 0.5,
}  # fmt: skip
_PARTS = {"third": 1 / 3, "quarter": 0.25, "half": 0.5, "tenth": 0.1, "fifth": 0.2}
_ROUGH = {"hundred": 100, "thousand": 1000, "dozen": 12}  # a vague plural: hundreds of classes
_FILLERS = frozenset(
    "th st nd rd of the our all are is a in only about roughly around my labelled labeled different possible distinct training target their ordered fine "
    "grained unique semantic product sample day hour customer value observation row policy entry week pixel than less under or some "
    "mutually exclusive disjoint separate".split()
)
_ROUGHLY = frozenset("of in about around roughly approximately nearly some every each the".split())
_REACH = 4
_JUDGED = frozenset("right correct correctly classified solved wrong accurate confident".split())  # what is said of pixels that are no foreground
_EMPTY = frozenset("background black empty zero void nothing".split())
_OF_RATIOS = frozenset("imbalance imbalanced unbalanced ratio class positive negative".split())


@record
class Number:
    """A number of the text: `kind` is plain, percent, fraction (1 in 1000), ratio (100:1) or quantile (P90); it covers the words [start, end)."""

    value: float
    kind: str
    start: int
    end: int


def numbers(found: list[Word]) -> Iterator[Number]:
    """Every number, with its unit."""
    index = 0
    while index < len(found):
        number = _number_at(found, index)
        if number is None:
            index += 1
        else:
            yield number
            index = number.end


def _value(word: Word) -> float | None:
    text = word.text.lower().replace(",", "")
    if text in _NUMBERS:
        return float(_NUMBERS[text])
    try:
        return float(text)
    except ValueError:
        return None


def _number_at(found: list[Word], index: int) -> Number | None:
    short = found[index].text.lower()
    if short[0] in "pq" and short[1:].isdigit() and len(short) == 3:  # P90
        return Number(int(short[1:]) / 100, "quantile", index, index + 1)
    if found[index].stem in _ROUGH and found[index].text.lower().endswith("s"):
        return Number(float(_ROUGH[found[index].stem]), "plain", index, index + 1)
    if short in _PARTS and index > 0 and found[index - 1].stem in {"a", "one"}:
        return Number(_PARTS[short], "fraction", index - 1, index + 1)
    value = _value(found[index])
    if value is None:
        return None
    end = index + 1
    if end < len(found) and found[end].stem in _SCALES and found[index].text[0].isdigit():
        value, end = value * _SCALES[found[end].stem], end + 1
    following = found[end].stem if end < len(found) else ""
    if following in {"%", "percent", "pct"} or (following == "per" and end + 1 < len(found) and found[end + 1].stem == "cent"):
        return Number(value / 100, "percent", index, end + (2 if following == "per" else 1))
    if following in {"per", "in", "out", "to"} and end + 1 < len(found):
        other_at = end + 2 if following == "out" and found[end + 1].stem == "of" else end + 1
        other = _value(found[other_at]) if other_at < len(found) else None
        if other and other_at + 1 < len(found) and found[other_at + 1].stem in _SCALES and found[other_at].text[0].isdigit():
            other, other_at = other * _SCALES[found[other_at + 1].stem], other_at + 1
        if other:
            high, low = max(value, other), min(value, other)
            if following == "to" and low > 0 and 1 in (value, other):
                return Number(high / low, "ratio", index, other_at + 1)
            if following != "to" and value < other:
                return Number(value / other, "fraction", index, other_at + 1)
    share = _out_of(found, index, end, value)
    if share is not None:
        return share
    if end < len(found) and found[end].clause == found[index].clause + 1:  # 1:100, parted by the colon, and no list such as 1, 2, 3
        beside = (found[index - 1] if index > 0 else None, found[end + 1] if end + 1 < len(found) else None)
        other = None if any(one is not None and one.text[0].isdigit() for one in beside) else _value(found[end])
        if other is not None and min(value, other) == 1 and found[index].text[0].isdigit():
            return Number(max(value, other), "ratio", index, end + 1)
    return Number(value, "plain", index, end)


def _out_of(found: list[Word], index: int, end: int, value: float) -> Number | None:
    """A share written with its noun inside, or roughly: 492 frauds out of 284807 transactions, 1 crooked in about 300, 492 of 284807."""
    for place in range(end, min(end + 3, len(found) - 1)):
        if found[place].clause != found[index].clause:
            return None
        if found[place].stem not in {"out", "of", "in", "among", "amongst"}:
            continue
        after = place + 1
        while after < len(found) and found[after].stem in _ROUGHLY:
            after += 1
        whole = _value(found[after]) if after < len(found) and (found[after].text[0].isdigit() or found[place].stem != "of") else None
        if whole is None or (place == end and found[index].stem == "one" and found[place].stem == "of"):  # one of 19 kinds
            return None
        stop = after + 1
        if stop < len(found) and found[stop].stem in _SCALES and found[after].text[0].isdigit():
            whole, stop = whole * _SCALES[found[stop].stem], stop + 1
        return Number(value / whole, "fraction", index, stop) if value < whole and whole >= 5 else None
    return None


def nouns_beside(fact: Fact, number: Number, found: list[Word]) -> tuple[int, int] | None:
    """Where one of the fact's nouns stands beside the number, as a range of words; None where none does. After it is tried first, then before."""
    from_first, from_last = _choices(tuple(fact.nouns))
    counted = fact.unit == "count" and number.kind == "plain"
    before = found[number.start - 1] if number.start > 0 else None
    if counted and before is not None and before.clause == found[number.start].clause and before.text.isdigit() and float(before.text) <= number.value:
        return None  # 50/50 classes, 1/4 of the labels, 3-5 labels: a share or a range
    strange = 0  # words that mean nothing to us; two may stand before a noun that is counted: 5 heart rhythm types
    for start in range(number.start + 1, min(number.end + _REACH, len(found))):
        for choice in from_first.get(found[start].stem, ()):
            if not _stands(choice, found, start):
                continue
            stop = start + len(choice)
            apart = start >= number.end or stop <= number.end
            close = start <= number.end and not _belongs(found, stop)
            meant = not counted or ((close or _plural(found[stop - 1])) and found[start].clause == found[number.start].clause)
            if apart and meant:
                return start, stop
        if start < number.end:
            continue
        if counted and found[start].stem not in _FILLERS and (_plural(found[start]) or _value(found[start]) is not None):  # it is these that are counted
            if start == number.end and _plural(found[start]) and found[start].clause == found[number.start].clause != found[number.start - 1].clause:
                return None  # good and bad classes, 200 features
            break
        strange += found[start].stem not in _FILLERS
        if strange > (2 if counted else 0) or found[start].clause > found[number.start].clause + 1:
            break
    for end in range(number.start, max(number.start - _REACH, 0), -1):
        for choice in from_last.get(found[end - 1].stem, ()) if not counted or _plural(found[end - 1]) else ():  # no label of 400, no sample 16 answers
            if end - len(choice) >= 0 and _stands(choice, found, end - len(choice)) and found[end - 1].clause >= found[number.start].clause - 1:
                return end - len(choice), end
        if found[end - 1].stem not in _FILLERS or found[end - 1].clause < found[number.start].clause - 1:
            break
    return None


def _belongs(found: list[Word], stop: int) -> bool:
    """Whether a noun that ends at `stop` only describes the one that is counted: 1200 disease genes, but 5 class problems."""
    last = found[stop - 1]
    return stop < len(found) and last.stem not in {"class", "way"} and not _plural(last) and _plural(found[stop]) and found[stop].clause == last.clause


def _plural(word: Word) -> bool:
    """Whether a word is a plural with -s, or one that is the same in both numbers."""
    return word.stem != word.text.lower() or word.stem.endswith("s")


@lru_cache(maxsize=64)
def _choices(nouns: tuple[str, ...]) -> tuple[Shelves, Shelves]:
    """All ways to write the nouns, by their first word and by their last, the longest first."""
    every = sorted({choice for noun in nouns for choice in phrases(noun)}, key=len, reverse=True)
    return by_word(every, 0), by_word(every, -1)


def _stands(choice: tuple[str, ...], found: list[Word], start: int) -> bool:
    return tuple(word.stem for word in found[start : start + len(choice)]) == choice


def fits(fact: Fact, number: Number) -> float | int | None:
    """The fact's value that the number gives, or None where its unit does not suit the fact."""
    value = number.value
    if not isfinite(value):
        return None
    if fact.unit in {"share", "level"}:
        if number.kind == "ratio":
            return None
        if number.kind == "plain" and not (0 < value < 1):
            if fact.unit == "level" and 1 <= value < 100:
                value /= 100
            else:
                return None
    elif fact.unit == "ratio":
        if number.kind not in {"ratio", "plain"}:
            return None
    elif number.kind != "plain" or value != int(value):
        return None
    if (fact.low is not None and value < fact.low) or (fact.high is not None and value > fact.high):
        return None
    return int(value) if fact.integer else value


def read_numbers(found: list[Word], facts: Mapping[str, Fact]) -> Iterator[tuple[Fact, float | int, int, int]]:
    """Every fact that a number of the text gives: the fact, its value, and the words [start, end) that say so."""
    for number in numbers(found):
        named = {"ratio": "imbalance_ratio", "quantile": "quantile_level"}.get(number.kind, "")
        from_to = number.start > 0 and found[number.start - 1].stem in {"from", "between"}
        if number.kind == "ratio" and (from_to or not {word.stem for word in found} & _OF_RATIOS):
            continue
        if named in facts:
            yield facts[named], number.value, number.start, number.end
            continue
        best: tuple[int, Fact, float | int, tuple[int, int]] | None = None
        for fact in facts.values():
            value = fits(fact, number) if fact.kind == "number" and fact.nouns else None
            place = nouns_beside(fact, number, found) if value is not None else None
            if value is not None and place is not None and (best is None or place[1] - place[0] > best[0]):
                best = place[1] - place[0], fact, value, place
        if best is not None and not (best[1].unit == "count" and _shares(found, number)):
            start, end = min(number.start, best[3][0]), max(number.end, best[3][1])
            value = _of_foreground(found[end : end + _REACH], float(best[2])) if best[1].id == "foreground_share" else best[2]
            if value is not None:
                yield best[1], value, start, end


def _shares(found: list[Word], number: Number) -> bool:
    """Whether the number is one of two shares: classes 45/55."""
    other = _value(found[number.end]) if number.end < len(found) else None
    return other is not None and number.value + other == 100 and number.end - number.start == 1


def _of_foreground(following: list[Word], share: float) -> float | None:
    """A share of pixels as one of the foreground: less it where they are background, None where they are said to be right or wrong."""
    stems = {word.stem for word in following}
    if stems & _JUDGED:
        return None
    return round(1 - share, 6) if stems & _EMPTY else share


_LEVEL = r"(\d+(?:\.\d+)?)(?:th|st|nd|rd)?\s*%?"
_LEVELS = rf"{_LEVEL}\s*(?:and|&|/|to)\s*(?:the\s+)?{_LEVEL}[\s-]*(?:percentile|quantile)"


def read_interval(text: str) -> tuple[float, str] | None:
    """What a pair of quantiles that leave the same share outside covers, such as the 5th and 95th percentile, and the words."""
    short = list(re.finditer(r"\b[PQpq](\d\d)\b", text))
    match = re.search(_LEVELS, text, re.IGNORECASE)
    if match is None and len(short) < 2:
        return _listed_levels(text)
    levels = match.groups() if match else tuple(one.group(1) for one in short)
    low, *_, high = sorted(float(level) / (100 if float(level) >= 1 else 1) for level in levels)
    if match is None:
        match = short[0]
    return (round(high - low, 6), f'"{match.group()}"') if high < 1 and abs(low + high - 1) < 1e-9 else None


_PERCENT = r"\d+(?:\.\d+)?\s*%?"
_LIST = rf"{_PERCENT}(?:\s*(?:,|;|/|and|\.\.\.)+\s*(?:and\s+|\.\.\.\s*)?{_PERCENT})+"


def _listed_levels(text: str) -> tuple[float, str] | None:
    """The same of a rising list of percentages that lies evenly about 50, such as 5, 25, 50, 75 and 95 %."""
    for match in re.finditer(_LIST, text, re.IGNORECASE):
        if "%" not in match.group():
            continue
        levels = [float(one) for one in re.findall(r"\d+(?:\.\d+)?", match.group())]
        if 50 in levels and len(levels) > 2 and sorted(set(levels)) == levels and levels[0] > 0 and abs(levels[0] + levels[-1] - 100) < 1e-9:
            return round((levels[-1] - levels[0]) / 100, 6), f'"{match.group().strip()}"'
    return None


_DECIMAL = r"(\d+(?:\.\d+)?|\.\d+)"
_SPREAD = rf"\b(?:mean|average|avg)\b[^\d.]{{0,15}}{_DECIMAL}\D{{0,25}}\bvar(?:iance)?\b[^\d.]{{0,15}}{_DECIMAL}"


_RATIO = r"\b(?:variance[- ]to[- ]mean ratio|index of dispersion|dispersion index|fano factor)\b\D{0,20}(\d+(?:\.\d+)?)"


def read_dispersion(text: str) -> dict[str, Finding]:
    """Whether counts vary more than Poisson's law says, where their mean and their variance are given."""
    ratio = re.search(_RATIO, text, re.IGNORECASE)
    if ratio is not None:
        return {"overdispersed": Finding("overdispersed", float(ratio.group(1)) > 1.5, "text", f'"{ratio.group()}"', 0.9)}
    match = re.search(_SPREAD, text, re.IGNORECASE)
    if match is None or float(match.group(1)) <= 0:
        return {}
    return {"overdispersed": Finding("overdispersed", float(match.group(2)) > 1.5 * float(match.group(1)), "text", f'"{match.group()}"', 0.9)}


_SIZE = r"(\d[\d,.]*)\s*(k|thousand|million)?"
_SIZES = rf"\b{_SIZE}\s+[a-z]+(?:\s[a-z]+)?,?\s+(?:and|vs\.?|versus|but|against)\s+(?:about\s|only\s)?{_SIZE}\s+[a-z]+"


def read_sizes(text: str) -> tuple[float, str] | None:
    """How many times larger one of two classes is, where both sizes are given (40 bad and 60000 good ones), and the words."""
    match = re.search(_SIZES, text, re.IGNORECASE)
    if match is None:
        return None
    one, scale, other, other_scale = match.groups()
    try:
        sizes = float(one.replace(",", "")) * _SCALES.get(scale or "", 1), float(other.replace(",", "")) * _SCALES.get(other_scale or "", 1)
    except ValueError:
        return None
    return (round(max(sizes) / min(sizes), 1), f'"{match.group()}"') if min(sizes) > 0 and max(sizes) >= 100 else None


_END = r"(\d[\d,.]*)\s*(k|thousand|m|mio|million)?"
_RANGE = rf"(?i)(?:\bbetween\s+{_END}\s+(?:[a-z€$]+\s+)?and|\b{_END}\s+(?:[a-z€$]+\s+)?(?:up\s+)?to)\s+{_END}\b"


def read_range(text: str) -> tuple[float, str] | None:
    """How many times larger the upper end of a range is than the lower one (from 30 to 300000 units), and the words; the widest that the text states."""
    found: list[tuple[float, str]] = []
    for match in re.finditer(_RANGE, text):
        low, scale, high, other = (match.group(place) for place in ((1, 2, 5, 6) if match.group(1) else (3, 4, 5, 6)))
        try:
            ends = float(low.replace(",", "")) * _SCALES.get((scale or "").lower(), 1), float(high.replace(",", "")) * _SCALES.get((other or "").lower(), 1)
        except ValueError:
            continue
        if ends[0] > 0:
            found.append((ends[1] / ends[0], f'"{match.group().strip()}"'))
    return max(found, default=None)
