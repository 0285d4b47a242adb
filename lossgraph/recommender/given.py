"""Reads facts that are given by name: as arguments, as options, or in a fingerprint file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.catalog import Catalog, near_names
from lossgraph.model import Fact, UnknownNameError
from lossgraph.recommender.answer import Finding

Value = bool | float | int | str


def read_flags(given: Mapping[str, Any], names: Mapping[str, Fact], catalog: Catalog, errors: list[str]) -> dict[str, Finding]:
    """The facts that were given by name. Wrong names and values are added to `errors`; a wrong Python type raises TypeError."""
    flags: dict[str, Finding] = {}
    for name, value in given.items():
        if value is None:
            continue
        fact = names.get(name)
        if fact is None:
            errors.append(f'no fact "{name}"{near_names(name, names)}; `lossgraph recommend --help` lists all')
            continue
        meant = meant_by(fact, value, catalog, errors)
        if meant is None:
            continue
        if fact.id in flags and flags[fact.id].value != meant:
            errors.append(f"{flags[fact.id].evidence} and {name} = {value} exclude each other; give one of them")
        flags[fact.id] = Finding(fact.id, meant, "flag", f"{fact.called} = {value}", 1.0)
    return flags


def meant_by(fact: Fact, value: Any, catalog: Catalog, errors: list[str]) -> Value | None:
    """The value of a fact that is meant, or None where there is none; the reason is added to `errors`. A wrong Python type raises TypeError."""
    if fact.kind == "flag":
        if not isinstance(value, bool):
            raise TypeError(f"{fact.called} is True, False or None, not {value!r}")
        return value
    if fact.kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{fact.called} is a number, not {value!r}")
        return _number(fact, value, errors)
    if not isinstance(value, str):
        raise TypeError(f"{fact.called} is a word, not {value!r}")
    return _choice(fact, value, catalog, errors)


def _number(fact: Fact, value: float, errors: list[str]) -> float | int | None:
    low, high = fact.low, fact.high
    finite = abs(value) < float("inf")
    whole = finite and (not fact.integer or value == int(value))
    if not whole or (low is not None and not value >= low) or (high is not None and not value <= high):
        kind = "a whole number" if fact.integer else "a number"
        errors.append(f"{fact.called} is {kind} between {low:g} and {high:g}, not {value!r}: {fact.definition}")
        return None
    return int(value) if fact.integer else value


def _choice(fact: Fact, value: str, catalog: Catalog, errors: list[str]) -> str | None:
    """The value that a word stands for: itself, or the id behind a name or an alias."""
    folded = _folded(value)
    if fact.among == "losses":
        try:
            return catalog.resolve(value)
        except UnknownNameError as error:
            errors.append(str(error))
            return None
    names = _names(fact, catalog)
    if folded in names:
        return names[folded]
    errors.append(f'no {fact.called} "{value}"{near_names(folded, names)}; there are {", ".join(sorted(set(names.values())))}')
    return None


_known: dict[tuple[str, str], dict[str, str]] = {}


def _names(fact: Fact, catalog: Catalog) -> dict[str, str]:
    """Every word for a value of the fact, with the value; remembered for each state of the catalogue."""
    key = (str(catalog.data["key"]), fact.id)
    if key not in _known:
        names: dict[str, str] = {name: name for name in fact.values}
        if fact.among in {"tasks", "metrics"}:
            entries = catalog.data[fact.among]
            for identifier, entry in entries.items():
                names.update({_folded(alias): identifier for alias in (*entry["aliases"], entry["name"])})
            names.update({identifier: identifier for identifier in entries})
        _known[key] = names
    return _known[key]


def _folded(value: str) -> str:
    return "_".join(value.lower().replace("-", " ").replace("_", " ").split())
