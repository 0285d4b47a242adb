"""Reads a target out of a NumPy file: a vector (.npy), a column of a matrix by its number, or an array of an archive by its name (.npz)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lossgraph.model import InputError
from lossgraph.recommender import table


def load(file: Path) -> Any:
    """The array or archive in a NumPy file; pickled objects are refused, since reading them would run what they say."""
    numpy = table.library("numpy")
    try:
        return numpy.load(file, allow_pickle=False, mmap_mode=None if file.suffix.lower() == ".npz" else "r")
    except (OSError, ValueError, EOFError) as error:
        said = "it holds Python objects, which are not read" if "object" in str(error).lower() else str(error).splitlines()[0]
        raise InputError(f"{file.name} cannot be read as a NumPy file: {said}") from None
    except Exception as error:
        if type(error).__name__ != "BadZipFile":
            raise
        raise InputError(f"{file.name} cannot be read as a NumPy file: it is damaged") from None


def read(file: Path, target: str | None) -> table.Column:
    """The target in a NumPy file."""
    loaded = load(file)
    notes: list[str] = []
    if file.suffix.lower() == ".npz":
        return _of_archive(loaded, file, target, notes)
    if loaded.ndim == 1:
        if target not in {None, "0"}:
            notes.append(f"{file.name} holds one vector, which was taken for {target!r}")
        return _column(target or "target", loaded, None, ("target",), file, notes)
    if loaded.ndim != 2:
        read_are = "a vector, a matrix of samples and columns, or a stack of masks of whole numbers is read"
        raise InputError(f"{file.name} has the shape {tuple(loaded.shape)} and the type {loaded.dtype}; {read_are}")
    header = [str(index) for index in range(loaded.shape[1])]
    name = table.find_column(target, header, file.name, notes)
    return _column(name, loaded[:, int(name)], loaded, tuple(header), file, notes)


def _of_archive(loaded: Any, file: Path, target: str | None, notes: list[str]) -> table.Column:
    name = table.find_column(target, list(loaded.files), file.name, notes)
    try:
        chosen = loaded[name]
        others = {other: loaded[other] for other in loaded.files if other != name}
    except ValueError:
        raise InputError(f"{file.name}: {name!r} or another array holds Python objects, which are not read") from None
    if chosen.ndim == 2 and chosen.shape[1] == 1:
        chosen = chosen[:, 0]
    if chosen.ndim != 1:
        raise InputError(f"{file.name}: {name!r} has the shape {tuple(chosen.shape)}; the target is a vector with one number or label a sample")
    features = next((array for array in others.values() if array.ndim == 2 and len(array) == len(chosen)), None)
    return _column(name, chosen, features, tuple(loaded.files), file, notes)


def _column(name: str, chosen: Any, features: Any, header: tuple[str, ...], file: Path, notes: list[str]) -> table.Column:
    pandas = table.library("pandas")
    rows = len(chosen)
    if rows == 0:
        raise InputError(f"{file.name} holds no samples")
    step = max(1, -(-rows // table.MOST_ROWS))
    if step > 1:
        notes.append(f"{file.name} has {rows:,} rows; every {step}-th was read")
    head = None
    if features is not None:
        first = features[: table.FEATURE_ROWS, : table.FEATURES]
        head = pandas.DataFrame(first, columns=[f"feature {index}" for index in range(first.shape[1])])
        head = head.loc[:, [column for column in head.columns if column != f"feature {name}"]].assign(**{name: chosen[: table.FEATURE_ROWS]})
    return table.Column(name, table.as_text(pandas.Series(chosen[::step])), header, rows, step > 1, tuple(notes), head)
