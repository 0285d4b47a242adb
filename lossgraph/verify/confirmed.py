"""Remembers which certificate files the checker has read whole, so that an unchanged catalogue is not re-checked on every call.

The memory is one JSON file in the user's cache folder: for each card the fingerprint of its files. The key of all holds the checker's own source, so a
changed checker reads everything again. A memory that is damaged or cannot be written costs time, never a verdict: `verify --check` does not ask it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import lossgraph.checker

_FILE = "confirmed.json"


def _checker() -> str:
    """The checker's sources in one digest, and whether it has its ball arithmetic."""
    found = hashlib.sha256(str(find_spec("flint") is not None).encode())
    for path in sorted(Path(lossgraph.checker.__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def read(folder: Path) -> dict[str, str]:
    """The fingerprints under which cards were confirmed, by id; {} where the memory is of another checker, or cannot be read."""
    try:
        data: Any = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return cast("dict[str, str]", data["cards"]) if data["checker"] == _checker() else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def write(folder: Path, cards: Mapping[str, str]) -> None:
    """Keeps the fingerprints; a place that cannot be written is no error."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{_FILE}.tmp"
        temporary.write_text(json.dumps({"checker": _checker(), "cards": dict(sorted(cards.items()))}), encoding="utf-8")
        temporary.replace(folder / _FILE)
