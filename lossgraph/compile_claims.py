"""Reads what publications and libraries say of losses (catalog/claims/<source>.yaml), and checks that it can be audited.

A file holds `about`, `reference`, `formulas` (by name, in the form of a card's views) and `claims`.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# (YAML has no types until it is validated)

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lossgraph import model
from lossgraph.build import build
from lossgraph.compile_cards import check_view, near, view_data
from lossgraph.compile_entries import plain, show, validated
from lossgraph.model import InputError


def compile_claims(
    folder: Path, cards: Mapping[str, tuple[str, model.Loss]], compiled: Mapping[str, Any], problems: list[str]
) -> tuple[dict[str, model.Source], list[model.SourceClaim]]:
    """Every source by id, and all claims in the order of the files; what does not fit is added to `problems`."""
    properties = {name: build(model.Property, entry) for name, entry in compiled["properties"].items()}
    sources: dict[str, model.Source] = {}
    claims: list[model.SourceClaim] = []
    for path in sorted((folder / "claims").glob("*.yaml")):
        shown = show(folder, path)
        data = plain(path, shown, problems)
        listed = data.get("claims") if isinstance(data, dict) else data
        if not isinstance(data, dict) or not isinstance(listed or [], list) or not all(isinstance(entry, dict) for entry in listed or []):
            problems.append(f"{shown}: `claims:` with a list of mappings is expected")
            continue
        if path.stem in cards:
            problems.append(f"{shown}: the id {path.stem!r} is that of a card; rename the file")
            continue
        source = _source(path.stem, data, shown, problems)
        if source is None:
            continue
        sources[path.stem] = source
        problems += [f"{shown}: formulas.{view.name}: {problem}" for view in source.formulas for problem in check_view(view, properties)]
        if source.reference is not None and source.reference not in compiled["references"]:
            problems.append(f'{shown}: reference: no reference "{source.reference}"{near(source.reference, compiled["references"])}')
        entries = {f"claims[{index}]": {**entry, "source": path.stem} for index, entry in enumerate(listed or [])}
        for where, claim in validated(model.SourceClaim, entries, shown, problems).items():
            problems += [f"{shown}: {where}.{problem}" for problem in _check(claim, source, cards, compiled)]
            claims.append(claim)
    return sources, claims


def _source(name: str, data: Mapping[str, Any], shown: str, problems: list[str]) -> model.Source | None:
    formulas = data.get("formulas") or {}
    if not isinstance(formulas, dict):
        problems.append(f"{shown}: formulas: a mapping from each name to its variables and expression is expected")
        return None
    rest = {key: value for key, value in data.items() if key not in {"claims", "formulas"}}
    try:
        views = [view_data(key, {"parameters": {}, **(entry if isinstance(entry, dict) else {})}, {}) for key, entry in formulas.items()]
    except InputError as error:
        problems.append(f"{shown}: formulas: {error}")
        return None
    return validated(model.Source, {"": {"about": "", **rest, "id": name, "formulas": views}}, shown, problems).get("")


def _check(claim: model.SourceClaim, source: model.Source, cards: Mapping[str, tuple[str, model.Loss]], compiled: Mapping[str, Any]) -> list[str]:
    """What of a claim names something that does not exist, each as `loss: no loss ...`."""
    found: list[str] = []
    if claim.loss not in cards:
        found.append(f'loss: no loss "{claim.loss}"{near(claim.loss, cards)}')
    elif claim.view is not None and claim.view not in {view.name for view in cards[claim.loss][1].views}:
        found.append(f'view: {claim.loss} has no view "{claim.view}"{near(claim.view, [view.name for view in cards[claim.loss][1].views])}')
    if claim.property is not None and claim.property not in compiled["properties"]:
        found.append(f'property: no property "{claim.property}"{near(claim.property, compiled["properties"])}')
    if (claim.property is None) != (claim.holds is None):
        found.append("holds: a claim about a property says `property` and `holds`, another one neither")
    names = [view.name for view in source.formulas]
    if claim.formula is not None and claim.formula not in names:
        found.append(f'formula: no formula "{claim.formula}" in this file{near(claim.formula, names)}')
    if claim.formula is not None and claim.view is not None:
        found.append("formula: a claim is about one of the source's formulas or about a card's view, not both")
    return found
