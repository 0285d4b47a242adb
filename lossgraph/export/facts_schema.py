"""The facts of the recommender as a JSON Schema (draft 2020-12): what a fingerprint file for `lossgraph recommend --facts` may hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lossgraph.catalog import Catalog


def written(catalog: Catalog) -> str:
    """The schema as JSON text."""
    return json.dumps(schema(catalog), indent=2, ensure_ascii=False) + "\n"


def schema(catalog: Catalog) -> dict[str, Any]:
    """The schema: one property for each fact, under the name that flags use."""
    facts: Mapping[str, Mapping[str, Any]] = catalog.data["facts"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fingerprint of a problem",
        "description": "What lossgraph recommend --save-facts writes and --facts reads.",
        "type": "object",
        "required": ["facts"],
        "additionalProperties": False,
        "properties": {
            "lossgraph": {"const": 1, "description": "The version of this format."},
            "facts": {
                "type": "object",
                "additionalProperties": False,
                "properties": {fact["argument"] or name: _fact(fact, catalog) for name, fact in facts.items()},
            },
            "cases": {
                "type": "object",
                "description": "Worked cases that a text resembled, with their shares of the votes.",
                "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
            },
            "measures": {
                "type": "object",
                "description": "Numbers from a data file that parameters are set from.",
                "additionalProperties": {
                    "anyOf": [{"type": "number", "minimum": 0}, {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}]
                },
            },
        },
    }


def _fact(fact: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """A fact: its value alone, or a mapping that says where it comes from."""
    value = _value(fact, catalog)
    with_source = {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "value": value,
            "source": {"enum": ["flag", "text", "data"]},
            "evidence": {"type": "string"},
            "confidence": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        },
    }
    return {"title": fact["question"], "description": fact["definition"], "anyOf": [value, with_source]}


def _value(fact: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    if fact["kind"] == "flag":
        return {"type": "boolean"}
    if fact["kind"] == "number":
        bounds = {key: fact[name] for key, name in (("minimum", "low"), ("maximum", "high")) if fact[name] is not None}
        return {"type": "integer" if fact["integer"] else "number", **bounds}
    if fact["among"]:
        return {"enum": list(catalog.data[fact["among"]])}
    return {"enum": list(fact["values"])}
