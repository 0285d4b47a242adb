"""`recommend`: from flags, text, a data file and a fingerprint to an answer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from time import monotonic
from typing import Any

from lossgraph import catalog as catalogue
from lossgraph.build import build
from lossgraph.catalog import Catalog
from lossgraph.conditions import written
from lossgraph.model import CatalogError, Fact, InputError, Rule, UnknownNameError
from lossgraph.recommender.answer import Answer, Finding
from lossgraph.recommender.composing import Advice, compose
from lossgraph.recommender.given import meant_by, read_flags
from lossgraph.recommender.index import Index
from lossgraph.recommender.merging import Readings, merge
from lossgraph.recommender.resemblance import Resemblance, shares, with_shares
from lossgraph.record import record

Path = str | os.PathLike[str]
_books: dict[str, Book] = {}
_looked = 0.0


class Book:
    """The facts and rules of a catalogue, built once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.facts: dict[str, Fact] = {name: build(Fact, entry) for name, entry in catalog.data["facts"].items()}
        self.names: dict[str, Fact] = {**self.facts, **{fact.called: fact for fact in self.facts.values()}}
        self.advice = Advice(catalog, self.facts)
        self.conflicts = Index(catalog.data, {"conflict", "refuse"})

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order of their files."""
        return self.advice.rules


def book() -> Book:
    """The facts and rules of our catalogue; whether its files have changed is looked at once a second at most."""
    global _looked
    now = monotonic()
    if _books and now - _looked < 1:
        return next(iter(_books.values()))
    catalog = catalogue.load()
    _looked = now
    key = catalog.data["key"]
    if key not in _books:
        _books.clear()
        _books[key] = Book(catalog)
    return _books[key]


@record
class Request:
    """What was asked, apart from the other facts that were given by name."""

    text: str | None = None
    task: str | None = None
    data: Path | None = None
    target: str | None = None
    top: int = 3
    would_change: bool = False
    why_not: str | None = None
    fingerprint: Path | None = None
    save_fingerprint: Path | None = None

    def __post_init__(self) -> None:
        for name in ("text", "task", "target", "why_not"):
            if not isinstance(getattr(self, name), str | None):
                raise TypeError(f"{name} is text or None, not {getattr(self, name)!r}")
        for name in ("data", "fingerprint", "save_fingerprint"):
            if not isinstance(getattr(self, name), str | os.PathLike | None):
                raise TypeError(f"{name} is the path of a file or None, not {getattr(self, name)!r}")
        if isinstance(self.top, bool) or not isinstance(self.top, int):  # pyright: ignore[reportUnnecessaryIsInstance] (callers may be untyped)
            raise TypeError(f"top is a whole number, not {self.top!r}")
        if not isinstance(self.would_change, bool):  # pyright: ignore[reportUnnecessaryIsInstance] (callers may be untyped)
            raise TypeError(f"would_change is True or False, not {self.would_change!r}")


def recommend(
    text: str | None = None,
    *,
    task: str | None = None,
    data: Path | None = None,
    target: str | None = None,
    top: int = 3,
    would_change: bool = False,
    why_not: str | None = None,
    fingerprint: Path | None = None,
    save_fingerprint: Path | None = None,
    **facts: Any,
) -> Answer:
    """The losses to train with, for a problem described in words, by facts, by a data file, or by all of these.

    `text` is a description in English, `task` an id or alias of tasks.yaml, `data` a CSV, Parquet or NumPy file whose column `target` is predicted, or a
    folder of masks, `top` how many losses
    to name. `facts` are the facts of facts.yaml by name (`imbalanced=True`, `n_classes=10`, `metric="f1"`); None means not known. `would_change` also looks
    for the smallest changes of facts that put another loss first; `why_not` names a loss whose absence is to be explained. `fingerprint` is a YAML file of
    facts, which `save_fingerprint` writes; facts that are given by name win over it.

    Whatever is wrong in text, facts or files is said in the Answer; only values of a wrong Python type raise, TypeError.
    """
    request = Request(text, task, data, target, top, would_change, why_not, fingerprint, save_fingerprint)
    try:
        return _advise(request, facts if task is None else {"task": task, **facts})
    except CatalogError:  # the catalogue itself is broken: nothing that the caller said
        raise
    except InputError as error:
        return Answer("error", errors=tuple(str(error).split("\n")))


def _advise(request: Request, given: Mapping[str, Any]) -> Answer:
    known = book()
    errors: list[str] = []
    flags = read_flags(given, known.names, known.catalog, errors)
    if request.top < 1:
        errors.append(f"top is the number of losses to name, at least 1, not {request.top}")
    why_not = request.why_not
    if why_not is not None:
        try:
            why_not = known.catalog.resolve(why_not)
        except UnknownNameError as error:
            errors.append(str(error))
    if errors:
        return Answer("error", facts=tuple(flags.values()), errors=tuple(errors))
    readings, measures, notes, questions = _read(request, flags, known)
    problem = merge(readings, known.facts, known.conflicts, known.catalog)
    problem.questions += questions
    problem.cautions = notes + problem.cautions
    answer = compose(problem, measures, request.top, request.would_change, why_not, known.advice, described=bool(request.text and request.text.strip()))
    if request.save_fingerprint is not None and answer.status != "error":
        from lossgraph.recommender.fingerprint import write_fingerprint

        write_fingerprint(request.save_fingerprint, answer.facts, measures, shares(problem.alike), known.facts)
    return answer


def _read(request: Request, flags: Mapping[str, Finding], known: Book) -> tuple[Readings, dict[str, Any], list[str], list[str]]:
    """What text, data and a fingerprint say beside the flags, the numbers that parameters are set from, notes on how files were read, questions."""
    said: Mapping[str, Finding] = {}
    alike: Resemblance | None = None
    notes: list[str] = []
    questions: list[str] = []
    measures: dict[str, Any] = {}
    if request.text and request.text.strip():
        from lossgraph.recommender.text import read_text

        reading = read_text(request.text, known.facts, known.catalog)
        said, notes, questions, alike = reading.findings, list(reading.notes), list(reading.contradictions), reading.alike
    readings = Readings(flags, said, alike=alike)
    if request.data is None:
        if request.target is not None:
            raise InputError(f"the target column {request.target!r} was given without a data file; add data (--data FILE)")
    else:
        from lossgraph.recommender.profile import profile

        found = profile(request.data, request.target)
        readings = Readings(flags, said, found.findings, found.families, found.why_families, alike)
        measures, notes = dict(found.measures), notes + list(found.notes)
    if request.fingerprint is not None:
        from lossgraph.recommender.fingerprint import read_fingerprint

        kept = read_fingerprint(request.fingerprint, known.names, lambda fact, value, errors: meant_by(fact, value, known.catalog, errors))
        readings = _with_fingerprint(readings, kept.findings, known, notes)
        measures = {**kept.measures, **measures}
        if kept.cases and readings.alike is None:
            readings = replace(readings, alike=with_shares(kept.cases, known.catalog))
    return readings, measures, notes, questions


def _with_fingerprint(readings: Readings, kept: Mapping[str, Finding], known: Book, notes: list[str]) -> Readings:
    """The readings with the facts of a fingerprint, each where it came from; what was said anew wins over the file, and a note says so."""
    fresh = {**readings.data, **readings.text, **readings.flags}
    for name, finding in kept.items():
        if name in fresh and fresh[name].value != finding.value:
            fact, new = known.facts[name], fresh[name]
            notes.append(f"the file of facts says {fact.called} = {written(finding.value, fact)}; {new.evidence} was used")
    parts = {
        source: {**{name: one for name, one in kept.items() if one.source == source and name not in fresh}, **own}
        for source, own in (("flag", readings.flags), ("text", readings.text), ("data", readings.data))
    }
    return Readings(parts["flag"], parts["text"], parts["data"], readings.families, readings.why_families, readings.alike)
