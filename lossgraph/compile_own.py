"""Reads one card from a file outside the catalogue, validated as the catalogue's own are; its relations may name the catalogue's losses."""

# pyright: reportUnknownVariableType=false
# (YAML has no types until it is validated)

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossgraph import model
from lossgraph.compile_cards import card_data, check_card
from lossgraph.compile_entries import place, reason
from lossgraph.model import CatalogError, InputError
from lossgraph.yaml_files import YamlError, read_yaml

if TYPE_CHECKING:
    from lossgraph.catalog import Catalog

_OPTIONAL = {"kind": "loss", "tasks": (), "strategy": "", "references": ()}  # what a card needs in the catalogue, but not for being verified


def read_card(path: Path, catalog: Catalog) -> model.Loss:
    """The card in `path`, its id the file's stem. Raises `CatalogError` listing every problem, a line each."""
    from pydantic import TypeAdapter, ValidationError

    if not path.is_file():
        raise InputError(f"{path}: there is no such file; give an id of the catalogue, or the file of a card")
    try:
        raw = read_yaml(path)
        filled: Any = {"name": path.stem, "summary": path.stem, **_OPTIONAL, **raw} if isinstance(raw, dict) else raw
        loss = TypeAdapter(model.Loss).validate_python(card_data(path.stem, filled))
    except ValidationError as error:
        raise CatalogError("\n".join(f"{path}: {place(one['loc']).lstrip('.') or 'card'}: {reason(one, model.Loss)}" for one in error.errors())) from None
    except (YamlError, InputError) as error:
        raise CatalogError(f"{path}: {error}") from None
    cards = {**{entry.id: ("", entry) for entry in catalog}, loss.id: (str(path), loss)}
    known = {name: frozenset(catalog.data[name]) for name in ("tasks", "strategies", "properties", "relations", "metrics", "references")}
    left_out = tuple(f"{name}:" for name in _OPTIONAL if name not in raw)
    found = [f"{path}: {problem}" for problem in check_card(loss, cards, known, catalog.data) if not problem.startswith(left_out)]
    if found:
        raise CatalogError("\n".join(found))
    return loss
