"""Turns the compiled catalogue's plain JSON back into the frozen dataclasses of `model`, with the standard library only (start-up time)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lossgraph import model

T = TypeVar("T")


def _tuple(value: Any) -> Any:
    return tuple(value)


def _each(cls: type[Any]) -> Callable[[Any], Any]:
    def convert(value: Any) -> tuple[Any, ...]:
        return tuple(build(cls, item) for item in value)

    return convert


def _mapping(cls: type[Any]) -> Callable[[Any], Any]:
    def convert(value: Any) -> dict[str, Any]:
        return {key: build(cls, item) for key, item in value.items()}

    return convert


# How the fields that JSON cannot hold as they are get rebuilt; every other field is taken over.
_FIELDS: dict[type, dict[str, Callable[[Any], Any]]] = {
    model.View: {"variables": _mapping(model.Variable), "parameters": _mapping(model.Parameter), "properties": _mapping(model.Claim)},
    model.Relation: {"sources": _tuple},
    model.Use: dict.fromkeys(("applications", "advantages", "limitations", "metrics"), _tuple),
    model.Loss: {
        **dict.fromkeys(("tasks", "references", "aliases"), _tuple),
        "views": _each(model.View), "composed_of": _each(model.Part), "relations": _each(model.Relation), "use": lambda value: build(model.Use, value),
        "pitfalls": _each(model.Pitfall),
    },
    model.Source: {"formulas": _each(model.View)},
    model.Verdict: {"variables": _tuple, "cells": _each(model.Cell)},
    model.Task: {"aliases": _tuple},
    model.Property: dict.fromkeys(("implies", "excludes", "roles"), _tuple),
    model.Metric: dict.fromkeys(("aliases", "tasks"), _tuple),
    model.Edge: {"sources": _tuple},
    model.Derivation: {"when": _each(model.Condition)},
    model.Fact: {"nouns": _tuple, "derived": _each(model.Derivation)},
    model.Rule: {
        **dict.fromkeys(("sources", "losses", "having", "lacking", "strategies", "metrics", "ledger"), _tuple),
        "when": _each(model.Condition), "unless": _each(model.Condition),
    },
}  # fmt: skip


def build(cls: type[T], data: Mapping[str, Any]) -> T:
    """An instance of `cls` from what `dataclasses.asdict` and JSON made of one."""
    fields = _FIELDS.get(cls)
    if fields is None:
        return cls(**data)
    return cls(**{name: fields[name](value) if name in fields else value for name, value in data.items()})
