"""Reads one column of a CSV file as text, with whatever separator, encoding and size the file has, and says what was assumed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from lossgraph.model import InputError
from lossgraph.recommender import table

CHUNK = 200_000
START = 262_144  # bytes from which encoding, separator and header are told


def read(file: Path, target: str | None) -> table.Column:
    """The column `target` of a CSV file."""
    encoding, separator, header, notes = _open(file)
    name = table.find_column(target, header, file.name, notes)
    pandas = table.library("pandas")
    reader: dict[str, Any] = {"sep": separator, "encoding": encoding, "encoding_errors": "replace", "on_bad_lines": "skip", "skipinitialspace": True}
    step = max(1, -(-_estimated_rows(file) // table.MOST_ROWS))
    try:
        chunks = pandas.read_csv(file, usecols=[header.index(name)], dtype=str, keep_default_na=False, chunksize=CHUNK, **reader)
        read: list[Any] = []
        rows = 0
        for chunk in chunks:
            read.append(chunk.iloc[(-rows) % step :: step, 0])
            rows += len(chunk)
        values = pandas.concat(read, ignore_index=True) if read else pandas.Series([], dtype=str)
        head = pandas.read_csv(file, nrows=table.FEATURE_ROWS, usecols=_head_columns(header, name), **reader) if len(header) > 1 else None
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError, ValueError, OSError) as error:
        raise InputError(f"{file.name} cannot be read as a table: {str(error).splitlines()[0]}") from None
    if rows == 0:
        raise InputError(f"{file.name} has a header but no rows")
    if step > 1:
        notes.append(f"{file.name} has {rows:,} rows; every {step}-th was read")
    return table.Column(name, table.without_missing(values), tuple(header), rows, step > 1, tuple(notes), head)


def _head_columns(header: list[str], name: str) -> list[int]:
    """The first columns, and the target wherever it stands."""
    return sorted({*range(min(len(header), table.FEATURES)), header.index(name)})


def _open(file: Path) -> tuple[str, str, list[str], list[str]]:
    """Encoding, separator, header and notes, from the first part of the file."""
    try:
        with file.open("rb") as opened:
            start = opened.read(START)
            while b"\n" not in start[-START:] and len(start) < 64 * START and (more := opened.read(START)):
                start += more  # the header is read whole, however many columns it has
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error.strerror or error}") from None
    if not start.strip():
        raise InputError(f"{file.name} is empty")
    notes: list[str] = []
    encoding = _encoding(start, file, notes)
    text = start.decode(encoding, errors="replace").lstrip("\ufeff")
    lines = [line for line in text.splitlines() if line.strip()][:50]
    lines = lines[:-1] if len(lines) > 1 and len(lines) < 50 and not text.endswith("\n") else lines  # the last may be cut
    separator = _separator(lines)
    if separator != ",":
        notes.append(f"{file.name} was read with columns parted by {'tabs' if separator == chr(9) else repr(separator)}")
    header = [name.strip() for name in next(csv.reader([lines[0]], delimiter=separator))]
    return encoding, separator, header, notes


def _encoding(start: bytes, file: Path, notes: list[str]) -> str:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\x00" in start or start.startswith((b"PAR1", b"PK", b"\x1f\x8b", b"%PDF", b"\x89PNG")):
        raise InputError(f"{file.name} is not a text file; save the table as CSV in UTF-8, as Parquet, or as a NumPy file, with the ending that says so")
    try:
        start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 4:
            notes.append(f"{file.name} is not UTF-8 (byte {error.start}); it was read as Windows-1252, so check the names of columns and classes")
            return "cp1252"
    return "utf-8-sig"


def _separator(lines: list[str]) -> str:
    """The separator that parts most lines into the same number of columns, more than one."""

    def score(separator: str) -> tuple[int, int]:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
        except csv.Error:
            return 0, 0
        return (sum(count == counts[0] for count in counts) if counts[0] > 1 else 0, counts[0])

    best = max(",;\t|", key=score)
    return best if score(best)[0] else ","


def _estimated_rows(file: Path) -> int:
    """From the file's size and the length of its first lines."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        start = opened.read(1_000_000)
    lines = max(start.count(b"\n"), 1)
    return max(int(size / (len(start) / lines)), 1) if len(start) < size else lines
