"""What of a text is no description of a problem (orders to the program, code, logs), and what a description cannot mean (a share above 100 %).

A pattern is compiled only where one of its telling words stands in the text, for the sake of a quick start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SENTENCE = r"[^.!?\n]+[.!?\n]*"
# Somebody speaks to the program; a description speaks of data and models.
_ORDER_WORDS = (
    "ignore", "disregard", "forget", "override", "developer mode", "system prompt", "you are a helpful", "your rules", "your instructions", "assistant:",
    "system:", "debug mode", "your confidence", "your list", "reply only",
)  # fmt: skip
_ORDER = (
    r"\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|these\s+|your\s+|previous\s+|prior\s+|above\s+|earlier\s+)*(?:instructions?|rules|prompts?)\b"
    r"|\b(?:developer|debug) mode\b|\bset your confidence\b|\b(?:top|entry) of your list\b|\breply only with\b"
    r"|\bsystem prompt\b|\byou are a helpful assistant\b"
    r"|\bignore\s+(?:everything|all)\s+(?:that\s+)?you\b|</?\w+>\s*(?:system|assistant)\s*:"
    r"|\b(?:print|reveal|show|repeat)\s+(?:me\s+)?(?:all\s+)?your\s+(?:rules|instructions|prompt)\b"
)
_OF_A_MODEL = r"\b(?:classif|detect|predict|train|fine-?tun|flag|filter)"  # such sentences may be what a model is to find
_PRETENCE_WORDS = ("pretend", "act as if")
_PRETENCE = r"\b(?:pretend|act as if)\s+(?:that\s+)?(?:i|you)\b"
# Written by programs for programs; the keywords of SQL in capitals, since English selects, updates and deletes too.
_CODE_WORDS = ("SELECT", "UPDATE", "INSERT", "DELETE", "DROP", "CREATE", "ALTER", "epoch", "{", "#include", "Error:", "Traceback", "):")
_CODE = (
    r"\b(?:SELECT\b[^;]*?\bFROM|UPDATE\b[^;]*?\bSET|INSERT\s+INTO|DELETE\s+FROM|(?:DROP|CREATE|ALTER)\s+TABLE)\b[^;]*;?"
    r"|\bepoch\s*:?\s*\d+\b[\s/\d,:;|\[\]-]*(?:(?:(?:train|val|valid|validation)[_ ])?loss\W{0,3}\d[\d.e-]*[\s,;|-]*)+"
    r"|\b(?:for\s+\w+\s+in|while|if|def)\s+\w+\([^()\n]*\)\s*:[^\n]*|[^\n{}]*\{[^{}]*;[^{}]*\}|#include\s*<[^>]*>"
    r"|\b(?:Runtime|Type|Value|Import|Key|Index|Attribute|ModuleNotFound)Error:[^\n]*|Traceback \(most recent call last\):[^\n]*"
)
_PARTS = r"(?:the\s+|all\s+|my\s+|our\s+)?(?:rows|samples|labels|positives|negatives|cases|examples|pixels|images|records|customers|transactions)\b"
_OUTPUT = r"(number|value|mask|categor(?:y|ies)|class|list|ranking|words?|texts?|pictures?|images?|box(?:es)?)"
_BOTH_WORDS = ("that is also", "which is also", "that are also", "which are also")
_BOTH = rf"\b{_OUTPUT}\b[^.!?]{{0,60}}?\b(?:that|which)\s+(?:is|are)\s+also\s+(?:exactly\s+)?(?:an?|one\s+of)\b[^.!?]{{0,40}}?\b{_OUTPUT}\b"
_ALIKE = (
    ("number", "value"), ("class", "category", "categories"), ("image", "images", "picture", "pictures"), ("list", "ranking"),
    ("word", "words", "text", "texts"),
)  # fmt: skip
_SHARES = r"(\d+(?:\.\d+)?)\s*%\s*(?:are\s+)?positives?\b(?:\s+and|,)(?:\s+the\s+other)?\s+(\d+(?:\.\d+)?)\s*%\s*(?:are\s+)?negatives?\b"
_EXCLUDE = "cannot both hold. Which is right?"
# Telling words, the pattern, and what is wrong with what it finds.
_CANNOT_BE: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("%", "percent"),
        r"(?<![\d.,])(?:1(?:0[1-9]|[1-9]\d)|[2-9]\d\d|[1-9]\d{3,}|(?<!\w)-\d+(?:\.\d+)?)\s*(?:%|percent)\s*"
        rf"(?:of\s+{_PARTS}|of\s+(?:the\s+|all\s+|our\s+|my\s+)?\w+\s+(?:are|is)\b|positives?\b|negatives?\b)",
        "is no share: it lies outside of 0 to 100 %. What is meant?",
    ),
    (
        (" classes", " categories"),
        r"\b(?:into|among|problem with|with exactly)\s+(?:0|zero|-\d+|\d+\.\d+|minus\s+\w+)\s+(?:classes|categories)\b"
        r"|\b(?:with|has|have)\s+(?:0|zero|-\d+|minus\s+\w+)\s+(?:classes|categories)\b",
        "leaves nothing to tell apart. How many classes are there?",
    ),
    (
        (" classes", " images", " samples", " rows", " examples", " epochs"),
        r"\bthere\s+are\s+\d+\.\d+\s+classes\b|(?<![\d.])0\s+rows\s*,\s*0\s+columns\b|\b(?:on|from|have|has|with|for)\s+(?:0|minus\s+\d[\d,]*|-\d[\d,]*)\s+(?:training\s+)?(?:images|samples|rows|examples|epochs)\b",
        "cannot be. How many are there?",
    ),
    (
        ("probabilit",),
        r"\bprobabilit(?:y|ies)\s+(?:between|from)\s+-?\d+(?:\.\d+)?\s+(?:and|to)\s+(?:[2-9]|\d{2,})(?:\.\d+)?(?!\s*%|\d|\s*percent)",
        "cannot be: probabilities lie between 0 and 1. What is meant?",
    ),
    (("number of", "count"), r"\b(?:number\s+of|counts?)\b[^.!?]{0,80}?\bbetween\s+-\d[\d.]*\s+and\s+-?\d[\d.]*", "cannot be: counts start at 0."),
    (
        ("exactly one",),
        r"\bexactly\s+one\s+(?:class|label)\s+and\s+(?:always\s+|usually\s+)?(?:at\s+least\s+)?(?:two|three|four|five|several|many)\b"
        r"|\bexactly\s+one\s+(?:class|label)\b[^.!?]*\b(?:several|two|three|four|many)\b[^.!?]*\bat\s+(?:the\s+same\s+time|once)\b",
        _EXCLUDE,
    ),
    (("target",), r"\btargets?\s+is\b[^!?]*\bthere\s+(?:is|are)\s+no\s+targets?\b|\bthere\s+is\s+no\s+target\b(?!\s+\w)[^!?]{0,200}?\btarget\s+is\b", _EXCLUDE),
    (
        ("minus", " classes", "set of ", "batch", "pixels"),
        r"(?<![\w\d.])-\d+\s*(?:by|x)\s*-?\d+\s+pixels\b|\bthere\s+are\s+minus\s+\w+\s+(?:classes|categories|labels|images|samples|rows)\b|\bwith\s+\d+\.\d+\s+classes\b(?!\s+(?:on\s+average|per|each))"
        r"|\b(?:data\s?set|set)\s+of\s+(?:0|zero)\s+(?:images|samples|rows|examples)\b|\bbatch\s+size\s+of\s+(?:0|zero)\b(?![\w./-])",
        "cannot be. How many are there?",
    ),
    (
        ("must and must not", "never a number", "must be ", "real number that is also", "constant and has to vary"),
        r"\bit\s+must\s+and\s+must\s+not\b|\bnever\s+a\s+number\b|\bmust\s+be\s+(\w+)\s+and\s+no\s+\w+\s+may\s+be\s+\1\b|\breal\s+number\s+that\s+is\s+also\s+one\s+of\b"
        r"|\bconstant\s+and\s+has\s+to\s+vary\b",
        _EXCLUDE,
    ),
    (
        ("labels are",),
        r"\blabels\s+are\s+(?:\w+ly\s+)?(?:right|correct|clean)\s+and\s+(?:all|100\s*%)\s+(?:of\s+them|(?:\w+\s+)?labels)\s+are\s+(?:\w+ly\s+)?(?:wrong|noisy)\b"
        r"|\blabels\s+are\s+100\s*%\s+clean\s+and\s+all\s+wrong\b",
        _EXCLUDE,
    ),
    (
        ("nothing is to be",),
        r"\bnothing\s+is\s+to\s+be\s+(?:predicted|learn\w+)(?:\s+or\s+\w+)*\s*(?:[.,;!?]|$)",
        "leaves nothing to learn. What should come out?",
    ),
    (
        ("neither", "output nothing"),
        r"\bneither\s+(?:inputs?|data|features?)\s+nor\s+(?:outputs?|targets?|labels?)\b(?!\s+(?:is|are)\b)|\bmust\s+output\s+nothing\s+at\s+all\b",
        "leaves nothing to learn from. What is there?",
    ),
    (("none of them has a class",), r"\bone\s+class\b[^!?]{0,200}?\bnone\s+of\s+them\s+has\s+a\s+class\b", _EXCLUDE),
    (
        ("percentile", "quantile"),
        r"\b(?:1(?:0[1-9]|[1-9]\d)|[2-9]\d\d|\d{4,})(?:st|nd|rd|th)\s+(?:percentile|quantile)\b",
        "does not exist: percentiles lie between 0 and 100. Which one is meant?",
    ),
    (
        ("every sample", "each sample", "every image is label", "all images are label", "all samples are label"),
        r"\b(?:no labels? at all|unlabell?ed|unsupervised)\b[^.!?]*\b(?:every|each)\s+sample\s+(?:carries|has|bears)\b[^.!?]*\blabel"
        r"|\b(?:every|all)\s+(?:images?|samples?)\s+(?:is|are)\s+labell?ed\b[^.!?]*\bno\s+labels?\s+at\s+all\b",
        "cannot both hold. Are there labels?",
    ),
    (
        ("labelled and none", "labeled and none", "no labels of any kind"),
        r"\blabell?ed\s+and\s+none\b|(?<!un)\bsupervised\b[^.!?]*\bno\s+labels\s+of\s+any\s+kind\b",
        "cannot both hold. Are there labels?",
    ),
    (("unbounded",), r"\bunbounded\b[^.!?]*\b(?:(?:may|must|can|should)\s+(?:never|not)\s+exceed|never\s+exceeds?|at\s+most)\b", _EXCLUDE),
    (("more than",), r"\b(\w+)\s+costs?\b[^.!?,]*?\bmore\s+than\s+(\w+)\b[^.!?]*?\b\2\s+costs?\b[^.!?,]*?\bmore\s+than\s+\1\b", _EXCLUDE),
    (
        ("every label", "every single label", "all labels"),
        r"\b(?:every|all)\s+(?:single\s+)?labels?\s+(?:is|are|(?:has|have)\s+been\s+\w+\s+as)\s+(?:right|correct|clean|perfect)\b"
        r"[^.!?]*\blabels?\b[^.!?]*\b(?:wrong|flipped|incorrect|false)\b",
        _EXCLUDE,
    ),
    (("always negative", "negative count"), r"\bcounts?\s+(?:is|are)\s+always\s+negative\b|\bnegative\s+counts?\b", "cannot be: counts start at 0."),
    (("zero for", "0 for"), r"\b(?:zero|0)\s+for\s+(?:every|all|any)\s+predictions?\b", "tells nothing: every prediction would be as good. What is wanted?"),
    (("categories",), r"\b(?:mean|average)\s+of\s+(?:the\s+)?categories\b", "does not exist: categories have no mean. What is predicted?"),
    (
        ("no data", "no target"),
        r"\bno\s+(?:target|data|inputs?)\b[^.!?]*\bno\s+(?:data|inputs?|target)\b",
        "leaves nothing to learn from. What is there?",
    ),
    (("all samples are",), r"\ball\s+samples\s+are\s+(?:positive\b[^.!?]*\bnegative|negative\b[^.!?]*\bpositive)\b", _EXCLUDE),
    (("positive",), r"\b(?:strictly|always)\s+positive\b[^.!?]*\b(?:half|some|many|most)\s+of\s+(?:them|the\s+\w+)\s+are\s+negative\b", _EXCLUDE),
    (("must not",), r"\bmust\s+(?!be\b|have\b|do\b)(\w+)\b[^.!?;]{0,40}?\band\b[^.!?;]{0,20}?\bmust\s+not\s+\1\b", _EXCLUDE),
    (
        ("balanced",),
        r"\b(?:perfectly|completely|exactly)\s+balanced\b[^!?]*?\b(?:(?:one|1)\s+in\s+(?:a\s+(?:hundred|thousand|million)|\d{2,}(?:,\d{3})*)\b"
        r"|(?<![\d.])1?\d(?:\.\d+)?\s*(?:%|percent)\s+(?:of\s+\w+\s+\w+\s+(?:are|is)\s+)?positives?\b)",
        _EXCLUDE,
    ),
)


def described(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without orders to the program and without code and logs, and notes that say so."""
    notes: list[str] = []
    rest = re.sub(_CODE, " ", text) if any(word in text for word in _CODE_WORDS) else text
    if rest != text:
        notes.append("code and logs in the text were left out; what they do must be said in words")
    lower = rest.lower()
    if any(word in lower for word in (*_ORDER_WORDS, *_PRETENCE_WORDS)):
        sentences = re.findall(_SENTENCE, rest)
        kept = [sentence for sentence in sentences if not _orders(sentence)]
        if len(kept) < len(sentences):
            notes.append("the text is a description, not an order to the program: sentences that give one were left out")
            rest = "".join(kept)
    return rest, tuple(notes)


def cannot_be(text: str) -> tuple[str, ...]:
    """Questions on what cannot be meant as it stands: shares outside of 0 to 100 %, fewer than one class, one output of two kinds, even and yet rare."""
    return tuple(_cannot_be(text))


def _cannot_be(text: str) -> Iterator[str]:
    lower = text.lower()
    for telling, pattern, why in _CANNOT_BE:
        if any(word in lower for word in telling):
            for match in re.finditer(pattern, text, re.IGNORECASE):
                yield f'"{match.group().strip()}" {why}'
    for match in re.finditer(_SHARES, lower) if "positives" in lower else ():
        if float(match.group(1)) + float(match.group(2)) > 101:
            yield f'"{match.group()}" is more than everything. Which share is right?'
    for match in re.finditer(_BOTH, lower) if any(word in lower for word in _BOTH_WORDS) else ():
        if not _same(match.group(1), match.group(2)):
            yield f"One output cannot be both a {match.group(1)} and a {match.group(2)}. Which is right, or are there two outputs?"


def _orders(sentence: str) -> bool:
    if re.search(_PRETENCE, sentence, re.IGNORECASE):
        return True
    return re.search(_ORDER, sentence, re.IGNORECASE) is not None and re.search(_OF_A_MODEL, sentence, re.IGNORECASE) is None


def _same(one: str, other: str) -> bool:
    return one == other or any(one in kind and other in kind for kind in _ALIKE)
