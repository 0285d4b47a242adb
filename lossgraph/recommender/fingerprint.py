"""A problem's fingerprint as a YAML file: written from what was understood, edited by hand, and read back.

    lossgraph: 1
    facts:
      task: {value: segmentation, source: text, evidence: '"masks"', confidence: 0.9}
      imbalanced: true
    measures: {class_counts: {a: 90, b: 10}}
    cases: {glacier_outlines: 0.8, lake_outlines: 0.2}

A fact is its value alone, or a mapping with where it comes from. What follows from other facts is left out, since it is derived anew; `measures` are the
numbers from a data file that parameters are set from, `cases` the worked cases that a text resembled, with their shares of the votes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from lossgraph.catalog import near_names
from lossgraph.model import Fact, InputError
from lossgraph.recommender.answer import Finding
from lossgraph.yaml_files import YamlError, read_yaml

VERSION = 1
SOURCES = ("flag", "text", "data")
KEYS = ("lossgraph", "facts", "measures", "cases")
PARTS = ("value", "source", "evidence", "confidence")
_HEAD = """# The fingerprint of a problem. Change, add or remove facts and give it back: lossgraph recommend --facts FILE
# A fact may be its value alone, such as `imbalanced: true`; `lossgraph export --format facts-schema` lists facts and values.
"""
Meant = Callable[[Fact, Any, list[str]], Any]


@dataclass(frozen=True)
class Fingerprint:
    """Facts by id, the numbers that parameters are set from, and the shares of worked cases."""

    findings: Mapping[str, Finding] = field(default_factory=dict[str, Finding])
    measures: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cases: Mapping[str, float] = field(default_factory=dict[str, float])


def write_fingerprint(
    path: str | os.PathLike[str], findings: Iterable[Finding], measures: Mapping[str, Any], cases: Mapping[str, float], facts: Mapping[str, Fact]
) -> None:
    """Writes the facts that do not follow from others. Raises `InputError` where the file cannot be written."""
    import yaml

    kept = {
        facts[one.name].called: {"value": one.value, "source": one.source, "evidence": one.evidence, "confidence": one.confidence}
        for one in findings
        if one.source != "derived"
    }
    data: dict[str, Any] = {"lossgraph": VERSION, "facts": kept}
    if measures:
        data["measures"] = {name: _plain(value) for name, value in measures.items()}
    if cases:
        data["cases"] = dict(cases)
    text = _HEAD + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=None, width=160)
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"cannot write {os.fspath(path)}: {error.strerror or error}; choose another file for the facts") from None


def read_fingerprint(path: str | os.PathLike[str], names: Mapping[str, Fact], meant: Meant) -> Fingerprint:
    """The fingerprint in a file. `names` are the facts under every name, `meant` reads one value. Raises `InputError` with every problem and its place."""
    shown = os.fspath(path)
    try:
        data = read_yaml(Path(path))
    except YamlError as error:
        raise InputError(f"{shown}: {error}") from None
    problems: list[str] = []
    given = _mapping(data, "the file", problems, "a mapping with the key `facts`")
    problems += [f"{key}: no such key{near_names(str(key), KEYS)}; there are {', '.join(KEYS)}" for key in given if key not in KEYS]
    if given and "facts" not in given:
        problems.append("facts: this key is missing; it maps names of facts to values")
    if given.get("lossgraph", VERSION) != VERSION:
        problems.append(f"lossgraph: this program reads fingerprints of version {VERSION}, not {given['lossgraph']!r}")
    findings = _findings(_mapping(given.get("facts") or {}, "facts", problems, "a mapping from facts to values"), names, meant, problems)
    measures = _measures(_mapping(given.get("measures") or {}, "measures", problems, "a mapping from measures to numbers"), problems)
    cases = _cases(_mapping(given.get("cases") or {}, "cases", problems, "a mapping from worked cases to shares"), problems)
    if problems:
        raise InputError("\n".join(f"{shown}: {problem}" for problem in problems))
    return Fingerprint(findings, measures, cases)


def _mapping(value: Any, place: str, problems: list[str], expected: str) -> dict[Any, Any]:
    if isinstance(value, dict):
        return cast("dict[Any, Any]", value)
    problems.append(f"{place}: {expected} is expected, not {_short(value)}")
    return {}


def _findings(given: Mapping[Any, Any], names: Mapping[str, Fact], meant: Meant, problems: list[str]) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    for name, entry in given.items():
        fact = names.get(str(name))
        if fact is None:
            problems.append(f"facts.{name}: no such fact{near_names(str(name), names)}")
            continue
        if fact.id in found:
            problems.append(f"facts.{name}: {fact.called} stands twice, under two names; keep one")
            continue
        finding = _finding(fact, entry, meant, problems)
        if finding is not None:
            found[fact.id] = finding
    return found


def _finding(fact: Fact, entry: Any, meant: Meant, problems: list[str]) -> Finding | None:
    place = f"facts.{fact.called}"
    parts = cast("dict[Any, Any]", entry) if isinstance(entry, dict) else {"value": entry}
    wrong = [f"{place}.{key}: no such key{near_names(str(key), PARTS)}; there are {', '.join(PARTS)}" for key in parts if key not in PARTS]
    if parts.get("value") is None:
        wrong.append(f"{place}: a value is missing; remove the fact where it is not known")
        problems += wrong
        return None
    source, confidence = parts.get("source", "flag"), parts.get("confidence", 1.0)
    evidence = parts.get("evidence", f"{fact.called} = {parts['value']}")
    if source not in SOURCES:
        wrong.append(f"{place}.source: {_short(source)} is none of {', '.join(SOURCES)}")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 < confidence <= 1:
        wrong.append(f"{place}.confidence: a number above 0 and up to 1 is expected, not {_short(confidence)}")
    if not isinstance(evidence, str):
        wrong.append(f"{place}.evidence: text is expected, not {_short(evidence)}")
    reasons: list[str] = []
    try:
        value = meant(fact, parts["value"], reasons)
    except TypeError as error:
        value, reasons = None, [str(error)]
    problems += [*wrong, *(f"{place}.value: {reason}" for reason in reasons)]
    return None if wrong or value is None else Finding(fact.id, value, source, str(evidence), confidence)


def _measures(given: Mapping[Any, Any], problems: list[str]) -> dict[str, Any]:
    """Numbers, or mappings from labels to numbers; formulas of parameters read them."""
    for name, value in given.items():
        inner: Iterable[Any] = cast("dict[Any, Any]", value).values() if isinstance(value, dict) else [value]
        if not all(isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) and one >= 0 for one in inner):
            problems.append(f"measures.{name}: a number that is not negative, or a mapping from labels to such numbers, is expected, not {_short(value)}")
    return {str(name): value for name, value in given.items()}


def _cases(given: Mapping[Any, Any], problems: list[str]) -> dict[str, float]:
    for name, share in given.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            problems.append(f"cases.{name}: a share from 0 to 1 is expected, not {_short(share)}")
    return {str(name): share for name, share in given.items()}


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's own, labels as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    return value.item() if hasattr(value, "item") else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
