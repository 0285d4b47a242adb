"""What of a text is no description of a problem (orders to the program, code, logs), and what a description cannot mean (a share above 100 %)."""

from __future__ import annotations

import re

_ORDER = re.compile(  # somebody speaks to the program; a description speaks of data and models
    r"\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|these\s+|your\s+|previous\s+|prior\s+|above\s+|earlier\s+)*(?:instructions?|rules|prompts?)\b"
    r"|\bdeveloper mode\b|\bsystem prompt\b",
    re.IGNORECASE,
)
_PRETENCE = re.compile(r"\b(?:pretend|act as if)\s+(?:that\s+)?(?:i|you)\b", re.IGNORECASE)
_OF_A_MODEL = re.compile(r"\b(?:classif|detect|predict|train|fine-?tun|flag|filter)", re.IGNORECASE)  # such sentences may be what a model is to find
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
_CODE = re.compile(  # written by programs for programs; the keywords of SQL in capitals, since English selects, updates and deletes too
    r"\b(?:SELECT\b[^;]*?\bFROM|UPDATE\b[^;]*?\bSET|INSERT\s+INTO|DELETE\s+FROM|(?:DROP|CREATE|ALTER)\s+TABLE)\b[^;]*;?"
    r"|\bepoch\s*:?\s*\d+\b[\s/\d,:;|\[\]-]*(?:(?:(?:train|val|valid|validation)[_ ])?loss\W{0,3}\d[\d.e-]*[\s,;|-]*)+"
    r"|[^\n{}]*\{[^{}]*;[^{}]*\}|#include\s*<[^>]*>"
    r"|\b(?:Runtime|Type|Value|Import|Key|Index|Attribute|ModuleNotFound)Error:[^\n]*|Traceback \(most recent call last\):[^\n]*"
)
_PARTS = r"(?:the\s+|all\s+|my\s+|our\s+)?(?:rows|samples|labels|positives|negatives|cases|examples|pixels|images|records|customers|transactions)\b"
_ABOVE_ALL = re.compile(
    rf"(?<![\d.,])(?:1(?:0[1-9]|[1-9]\d)|[2-9]\d\d|[1-9]\d{{3,}}|(?<!\w)-\d+(?:\.\d+)?)\s*(?:%|percent)\s*(?:of\s+{_PARTS}|positives?\b|negatives?\b)",
    re.IGNORECASE,
)
_NO_CLASSES = re.compile(r"\b(?:into|among|problem with|with exactly)\s+(?:0|zero|-\d+|\d+\.\d+|minus\s+\w+)\s+(?:classes|categories)\b", re.IGNORECASE)
_NO_PERCENTILE = re.compile(r"\b(?:1(?:0[1-9]|[1-9]\d)|[2-9]\d\d|\d{4,})(?:st|nd|rd|th)\s+(?:percentile|quantile)\b", re.IGNORECASE)
_OUTPUT = r"(number|value|mask|categor(?:y|ies)|class|list|ranking|words?|texts?|pictures?|images?|box(?:es)?)"
_BOTH = re.compile(
    rf"\b{_OUTPUT}\b[^.!?]{{0,60}}?\b(?:that|which)\s+(?:is|are)\s+also\s+(?:exactly\s+)?(?:an?|one\s+of)\b[^.!?]{{0,40}}?\b{_OUTPUT}\b", re.IGNORECASE
)
_ALIKE = (
    ("number", "value"), ("class", "category", "categories"), ("image", "images", "picture", "pictures"), ("list", "ranking"),
    ("word", "words", "text", "texts"),
)  # fmt: skip
_LABELLED = re.compile(
    r"\b(?:no labels? at all|unlabell?ed|unsupervised)\b[^.!?]*\b(?:every|each)\s+sample\s+(?:carries|has|bears)\b[^.!?]*\blabel", re.IGNORECASE
)
_BOUND = re.compile(r"\bunbounded\b[^.!?]*\b(?:(?:may|must|can|should)\s+(?:never|not)\s+exceed|never\s+exceeds?|at\s+most)\b", re.IGNORECASE)
_BOTH_WAYS = re.compile(r"\b(\w+)\s+costs?\b[^.!?,]*?\bmore\s+than\s+(\w+)\b[^.!?]*?\b\2\s+costs?\b[^.!?,]*?\bmore\s+than\s+\1\b", re.IGNORECASE)
_MUST_NOT = re.compile(r"\bmust\s+(?!be\b|have\b|do\b)(\w+)\b[^.!?;]{0,40}?\band\b[^.!?;]{0,20}?\bmust\s+not\s+\1\b", re.IGNORECASE)
_EVEN = re.compile(r"\b(?:perfectly|completely|exactly)\s+balanced\b", re.IGNORECASE)
_RARE = re.compile(r"\b(?:one|1)\s+in\s+(?:a\s+(?:hundred|thousand|million)|\d{2,}(?:,\d{3})*)\b", re.IGNORECASE)


def described(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without orders to the program and without code and logs, and notes that say so."""
    notes: list[str] = []
    rest = _CODE.sub(" ", text)
    if rest != text:
        notes.append("code and logs in the text were left out; what they do must be said in words")
    kept = "".join(one for one in _SENTENCE.findall(rest) if not _orders(one)) if _ORDER.search(rest) or _PRETENCE.search(rest) else rest
    if kept != rest:
        notes.append("the text is a description, not an order to the program: sentences that give one were left out")
    return kept, tuple(notes)


def _orders(sentence: str) -> bool:
    return _PRETENCE.search(sentence) is not None or (_ORDER.search(sentence) is not None and _OF_A_MODEL.search(sentence) is None)


def cannot_be(text: str) -> tuple[str, ...]:
    """Questions on what cannot be meant as it stands: shares outside of 0 to 100 %, fewer than one class, one output of two kinds, even and yet rare."""
    found: list[str] = []
    for pattern, why in (
        (_ABOVE_ALL, "is no share: it lies outside of 0 to 100 %. What is meant?"),
        (_NO_CLASSES, "leaves nothing to tell apart. How many classes are there?"),
        (_LABELLED, "cannot both hold. Are there labels?"),
        (_BOUND, "cannot both hold. Which is right?"),
        (_BOTH_WAYS, "cannot both hold. Which is right?"),
        (_MUST_NOT, "cannot both hold. Which is right?"),
        (_NO_PERCENTILE, "does not exist: percentiles lie between 0 and 100. Which one is meant?"),
    ):
        found += [f'"{match.group().strip()}" {why}' for match in pattern.finditer(text)]
    both = next((match for match in _BOTH.finditer(text) if not _same(match.group(1), match.group(2))), None)
    if both is not None:
        found.append(f"One output cannot be both a {both.group(1)} and a {both.group(2)}. Which is right, or are there two outputs?")
    for sentence in _SENTENCE.findall(text):
        even, rare = _EVEN.search(sentence), _RARE.search(sentence)
        if even is not None and rare is not None:
            found.append(f'The text says both "{even.group()}" and "{rare.group()}", which exclude each other. Which is right?')
    return tuple(found)


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower() or any(one.lower() in kind and other.lower() in kind for kind in _ALIKE)
