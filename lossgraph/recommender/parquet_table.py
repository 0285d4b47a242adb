"""Reads one column of a Parquet file as text; of a large file only every k-th row of that column is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lossgraph.model import InputError
from lossgraph.recommender import table


def read(file: Path, target: str | None) -> table.Column:
    """The column `target` of a Parquet file."""
    parquet, pandas = table.library("pyarrow.parquet"), table.library("pandas")
    notes: list[str] = []
    try:
        opened: Any = parquet.ParquetFile(file)
        header = [str(name) for name in opened.schema_arrow.names]
        name = table.find_column(target, header, file.name, notes)
        rows = int(opened.metadata.num_rows)
        step = max(1, -(-rows // table.MOST_ROWS))
        parts: list[Any] = []
        seen = 0
        for batch in opened.iter_batches(batch_size=200_000, columns=[name]):
            parts.append(batch.column(0).to_pandas().iloc[(-seen) % step :: step])
            seen += batch.num_rows
        head = next(opened.iter_batches(batch_size=table.FEATURE_ROWS, columns=_head(header, name)), None)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:  # what pyarrow raises for damaged files and nested columns
        raise InputError(f"{file.name} cannot be read as a Parquet file: {str(error).splitlines()[0]}") from None
    if rows == 0:
        raise InputError(f"{file.name} has columns but no rows")
    if step > 1:
        notes.append(f"{file.name} has {rows:,} rows; every {step}-th was read")
    values = pandas.concat(parts, ignore_index=True)
    return table.Column(name, table.as_text(values), tuple(header), rows, step > 1, tuple(notes), None if head is None else head.to_pandas())


def _head(header: list[str], name: str) -> list[str]:
    return list(dict.fromkeys([*header[: table.FEATURES], name]))
