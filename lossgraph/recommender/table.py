"""Reads one column of a data file as text (CSV, Parquet, NumPy), and says what was assumed on the way."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from lossgraph.catalog import near_names
from lossgraph.model import InputError

MOST_ROWS = 1_000_000  # of a larger file every k-th row is read
FEATURE_ROWS = 5_000  # rows read in full, for the baseline that parameters are set from
FEATURES = 200  # columns of these rows
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "<na>", "#n/a", "missing"})
PARQUET, NUMPY = frozenset({".parquet", ".pq"}), frozenset({".npy", ".npz"})


@dataclass(frozen=True)
class Column:
    """The target column as text (None where missing), the names of all columns, and what was assumed in reading.

    `rows` counts all data rows, whether or not all were read; `head` holds the first rows with all columns, for a baseline.
    """

    name: str
    values: Any  # pandas.Series of text
    columns: tuple[str, ...]
    rows: int
    sampled: bool
    notes: tuple[str, ...] = ()
    head: Any = field(default=None, compare=False)


def read_column(path: str | os.PathLike[str], target: str | None) -> Column:
    """The column `target` of a data file. Raises `InputError` where the file, or the column, is not there or holds nothing."""
    file = Path(path)
    if not file.exists():
        raise InputError(f"no file {str(file)!r}")
    if file.is_dir():
        raise InputError(f"{str(file)!r} is a folder without masks; name a CSV, Parquet or NumPy file, or a folder of masks (PNG, TIFF or NumPy)")
    if not file.stat().st_size:
        raise InputError(f"{file.name} is empty")
    room = "parquet_table" if file.suffix.lower() in PARQUET else "numpy_table" if file.suffix.lower() in NUMPY else "csv_table"
    return import_module(f"lossgraph.recommender.{room}").read(file, target)


def library(name: str) -> Any:
    """A library of the extra `data`. Raises `InputError` that names the extra."""
    try:
        return import_module(name)
    except ImportError:
        raise InputError(f"reading this file needs {name.partition('.')[0]}; install it with `pip install 'lossgraph[data]'`") from None


def find_column(target: str | None, header: list[str], file: str, notes: list[str]) -> str:
    """The column that `target` names, in any case. Raises `InputError` with the near miss, or with the columns there are."""
    if target is None:
        shown = ", ".join(header[:12]) + (", ..." if len(header) > 12 else "")
        raise InputError(f"{file} was given without the column that is to be predicted; add target (--target COLUMN), one of {shown}")
    if target in header:
        if header.count(target) > 1:
            notes.append(f"{file} has {header.count(target)} columns named {target!r}; the first was read")
        return target
    folded = [name for name in header if name.lower() == target.strip().lower()]
    if len(folded) == 1:
        notes.append(f"the column is written {folded[0]!r}")
        return folded[0]
    near = near_names(target, header)
    if all(name.replace(".", "", 1).lstrip("-").isdigit() for name in header):
        raise InputError(f"{file} has no column {target!r}: its first row holds only numbers, so it seems to lack a header; add one")
    shown = "" if near else f"; there are {', '.join(header[:12])}{', ...' if len(header) > 12 else ''}"
    raise InputError(f"{file} has no column {target!r}{near}{shown}")


def without_missing(values: Any) -> Any:
    """The text with None where it says that there is no value."""
    return values.where(~values.str.strip().str.lower().isin(MISSING))


def as_text(values: Any) -> Any:
    """A column of any type as the text that a CSV file would hold, None where a value is missing: whole floats and truth values as whole numbers."""
    pandas = library("pandas")
    if values.map(type).eq(bool).all() or str(values.dtype) in {"bool", "boolean"}:
        values = values.astype("Int64")
    elif pandas.api.types.is_float_dtype(values.dtype):
        finite = values[values.notna() & ~values.isin([float("inf"), float("-inf")])]
        if len(finite) == len(values) and (finite == finite.round()).all() and finite.abs().max() < 2**53:
            values = values.astype("int64")
    missing = values.isna()
    return without_missing(values.astype(str).where(~missing))
