"""Profiles the target of a data file, or masks: what kind of target it is, and the facts that change the loss, each with its statistic and threshold.

The kind decides which task families are possible; the text or a flag chooses among them. What one column cannot tell is left open rather than guessed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from lossgraph.model import TASK, InputError
from lossgraph.recommender import masks, other_columns
from lossgraph.recommender.answer import Finding
from lossgraph.recommender.quantity import Found, hint, quantity
from lossgraph.recommender.table import Column, read_column

MOST_INTEGER_CLASSES = 30
MOST_DECAYING_CLASSES = 5  # whole numbers that thin out upwards are taken for counts from one more value on
NUMERIC_SHARE = 0.98  # of the values that must read as numbers


@dataclass(frozen=True)
class Profile:
    """What a column says: findings, the task families that it allows (with the reason), numbers for parameters, notes on how it was read."""

    findings: Mapping[str, Finding]
    families: tuple[str, ...]
    why_families: str
    measures: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def profile(path: str | os.PathLike[str], target: str | None) -> Profile:
    """The profile of one column, or of masks. Raises `InputError` where the file cannot be read, or the column cannot be learnt from."""
    if masks.is_masks(Path(path)):
        return _of_masks(Path(path), target)
    return _of_column(read_column(path, target))


def _of_masks(path: Path, target: str | None) -> Profile:
    found, notes = masks.findings(path)
    if target is not None:
        notes.append(f"{path.name} holds masks, which have no columns: {target!r} was left aside")
    return Profile(dict(found), ("segmentation",), f"{path.name} holds masks", {}, tuple(notes))


def _of_column(column: Column) -> Profile:
    present = column.values.dropna().str.strip()
    if present.empty:
        raise InputError(f"every value of {column.name!r} is missing")
    notes = list(column.notes)
    missing = len(column.values) - len(present)
    if missing:
        notes.append(f"{missing:,} of {len(column.values):,} values of {column.name!r} are missing and were left out")
    if present.nunique() == 1:
        raise InputError(f"{column.name!r} holds only one value ({present.iloc[0]!r}): there is nothing to learn")
    found = Found()
    found.add("samples", len(present) if not column.sampled else column.rows, f"{column.rows:,} rows", 1.0)
    found.add("modality", "tabular", "a table was given", 0.95)
    numbers = _numbers(present, notes)
    if numbers is None:
        families, why, measures = _classes(present, column, found)
    else:
        families, why, measures = _numeric(numbers, column, found)
        other_columns.circular(numbers, column, found)
        other_columns.capped(numbers.to_numpy(), column, notes)
    other_columns.censoring(column, found, notes)
    other_columns.missing_entries(column, found)
    if str(found[TASK].value).endswith("classification") and "multilabel" not in found:
        other_columns.disputed_labels(column, found, notes)
    if other_columns.groups(column, notes):
        families = (*families, "ranking")
    return Profile(dict(found), families, why, measures, tuple(notes))


def _numbers(present: Any, notes: list[str]) -> Any:
    """The values as numbers, or None where they are labels. Codes with leading zeros are labels; decimal commas are read, and said."""
    numpy: Any = import_module("numpy")
    pandas: Any = import_module("pandas")

    if present.str.fullmatch(r"0\d+").mean() > 0.05:
        return None
    numbers = pandas.to_numeric(present, errors="coerce")
    if numbers.notna().mean() < NUMERIC_SHARE:
        text = present.str.replace("\u00a0", "", regex=False)
        european = text.str.fullmatch(r"-?\d{1,3}(?:\.\d{3})*(?:,\d+)?|-?\d+(?:,\d+)?").mean() >= NUMERIC_SHARE
        plain = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        changed = plain if european else text.str.replace(r"^[$€£]\s*|,(?=\d{3})|\s*[%$€£]$", "", regex=True)
        numbers = pandas.to_numeric(changed, errors="coerce")
        if numbers.notna().mean() < NUMERIC_SHARE:
            return None
        dropped = "signs of currency or percent and separators of thousands were dropped from the target"
        notes.append("the target was read with decimal commas" if european else dropped)
    unread = int(numbers.isna().sum())
    if unread:
        notes.append(f"{unread:,} values of the target are not numbers and were left out")
    infinite = int(numpy.isinf(numbers).sum())
    if infinite:
        notes.append(f"{infinite:,} values of the target are infinite and were left out")
    finite = numbers[numpy.isfinite(numbers)]
    if finite.nunique() < 2:
        raise InputError("the target holds fewer than two finite values: there is nothing to learn")
    return finite


def _classes(present: Any, column: Column, found: Found) -> tuple[tuple[str, ...], str, dict[str, Any]]:
    """Labels: two or more classes, several labels in one cell, or no target at all (dates, identifiers, free text)."""
    counts = present.value_counts()
    if present.str.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}.*|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}.*").mean() > NUMERIC_SHARE:
        raise InputError(f"{column.name!r} holds dates (such as {present.iloc[0]!r}); a target is a number or a class, so turn them into one")
    several = _several(present)
    if several is not None:
        separator, labels = several
        example = counts.index[counts.index.str.contains(separator, regex=False)][0]
        why = f"{column.name!r} holds several labels in one cell, parted by {separator!r} (such as {example!r})"
        found.add(TASK, "classification", why, 0.8)
        found.add("multilabel", True, why, 0.8)
        found.add("n_classes", labels, f"{labels} different labels", 0.8)
        return ("classification",), why, {}
    if len(counts) > 20 and len(counts) > 0.5 * len(present):
        example = ", ".join(repr(value) for value in counts.index[:3])
        shown = f"{len(counts):,} different values in {len(present):,} rows, such as {example}"
        raise InputError(f"{column.name!r} looks like an identifier or free text ({shown}); name the column of the target")
    why = f"{column.name!r} holds text labels ({', '.join(repr(value) for value in counts.index[:3])}{', ...' if len(counts) > 3 else ''})"
    return ("classification",), why, _class_facts(counts, found, why, 0.95)


def _several(present: Any) -> tuple[str, int] | None:
    """The separator between several labels in one cell, and how many different labels there are; None where cells hold one label."""
    for separator in (";", "|", ","):
        share = present.str.contains(separator, regex=False).mean()
        pieces = present.str.split(separator).explode().str.strip()
        if share >= 0.1 and 2 < pieces.nunique() < 0.5 * len(pieces) and pieces.value_counts().median() >= 2 and pieces.str.len().max() <= 40:
            return separator, int(pieces.nunique())
    return None


def _class_facts(counts: Any, found: Found, why: str, confidence: float) -> dict[str, Any]:
    """Number of classes, imbalance, long tail, and the counts in the order of the labels."""
    number, total = len(counts), int(counts.sum())
    smallest, largest = int(counts.min()), int(counts.max())
    found.add(TASK, "binary_classification" if number == 2 else "multiclass_classification", why, confidence)
    found.add("n_classes", number, f"{number} different values", confidence)
    found.add("imbalance_ratio", largest / smallest, f"{largest:,} samples in the largest class, {smallest:,} in the smallest", confidence)
    if number == 2:
        found.add("minority_share", smallest / total, f"{smallest:,} of {total:,} samples ({counts.idxmin()!r})", confidence)
    found.add("imbalanced", smallest / total < 0.2 if number == 2 else largest / smallest > 4, f"{smallest:,} to {largest:,} samples a class", confidence)
    if number >= 20 and largest / smallest >= 20:
        rare = int((counts < 0.1 * largest).sum())
        if rare >= 0.5 * number:
            found.add("long_tail", True, f"{rare} of {number} classes have less than a tenth of the largest's samples", confidence)
    ordered = sorted(counts.index, key=lambda label: (float(label), "") if _is_number(label) else (0.0, str(label)))
    return {"class_counts": {str(label): int(counts[label]) for label in ordered}}


def _is_number(label: Any) -> bool:
    try:
        float(label)
    except (TypeError, ValueError):
        return False
    return True


def _numeric(numbers: Any, column: Column, found: Found) -> tuple[tuple[str, ...], str, dict[str, Any]]:
    """A column of numbers: two values, whole numbers that may be classes, counts or ranks, or a quantity."""
    distinct = numbers.nunique()
    whole = bool((numbers == numbers.round()).all())
    if distinct == 2:
        low, high = sorted(numbers.unique())
        why = f"{column.name!r} has two values, {low:g} and {high:g}"
        return ("classification", "regression"), why, _class_facts(_tally(numbers), found, why, 0.9)
    if whole and distinct == len(numbers) > 50 and float(numbers.max() - numbers.min()) == len(numbers) - 1:
        shown = f"every whole number from {numbers.min():g} to {numbers.max():g} once"
        raise InputError(f"{column.name!r} numbers the rows ({shown}): it is an identifier, not a target")
    if whole and distinct <= MOST_INTEGER_CLASSES:
        return _few_integers(numbers, column, found)
    measures = quantity(numbers, column, found, whole)
    found.add(TASK, "regression", f"{distinct:,} different numbers in {len(numbers):,} rows", 0.9)
    why = f"{column.name!r} holds {distinct:,} different {'whole numbers' if whole else 'numbers, not all whole'}"
    return ("regression",), why, measures


def _tally(numbers: Any) -> Any:
    counts = numbers.value_counts()
    counts.index = [f"{value:g}" for value in counts.index]
    return counts


def _few_integers(numbers: Any, column: Column, found: Found) -> tuple[tuple[str, ...], str, dict[str, Any]]:
    """A handful of whole numbers: classes, counts, ranks, or a quantity with few levels; told by their shape and by the column's name, with a confidence."""
    counts = numbers.value_counts()
    low, high, distinct, rows = int(numbers.min()), int(numbers.max()), len(counts), len(numbers)
    contiguous = high - low + 1 == distinct
    named = hint(column.name)
    decaying = low == 0 and float(numbers.mean()) < 0.35 * high and counts.idxmax() <= low + 1
    even = int(counts.max()) <= 6 * int(counts.min()) and distinct <= 0.2 * rows
    why = f"{column.name!r} holds whole numbers from {low} to {high}, {distinct} different ones"
    if named == "count" or (decaying and named is None and distinct > MOST_DECAYING_CLASSES):
        shape = f"whole numbers from 0 to {high}, mostly small" if decaying else f"the column is called {column.name!r}"
        found.add("counts", True, shape, 0.85 if decaying and named else 0.65)
        measures = quantity(numbers, column, found, True)
        found.add(TASK, "regression", why, 0.85 if named else 0.65)
    elif named == "order":
        measures = _class_facts(_tally(numbers), found, why, 0.6)
        found.add("ordinal", True, f"the column is called {column.name!r} and has the levels {low} to {high}", 0.7)
    elif (contiguous and low in {0, 1} and (even or distinct <= MOST_DECAYING_CLASSES)) or named == "class":
        measures = _class_facts(_tally(numbers), found, why, 0.85 if named == "class" or (even and distinct <= 10) else 0.65)
    else:
        measures = quantity(numbers, column, found, True)
        found.add(TASK, "regression", why, 0.7 if distinct > 10 or not contiguous else 0.5)
    return ("regression", "classification"), why, measures
