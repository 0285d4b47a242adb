"""The compiled catalogue as one text in the cache folder: a first line that every command reads, then a line a large part, parsed when it is asked for.

Parsing all of it would take half of the time of `lossgraph recommend`. The first line holds the lengths of the others, so that none is looked for, and their
checksum, so that a file that was cut or changed is seen at once. Writing goes through a temporary file: a reader sees the old cache or the new one, never
half of it.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

# What a compiled catalogue holds: sections in the first line, sections with a line of their own, sections with a line an entry.
SMALL = ("tasks", "strategies", "properties", "relations", "metrics", "names", "screens", "facts", "methods")
WHOLE = ("references", "edges", "claims", "sources", "likeness", "synonyms")
SPLIT = ("losses", "verdicts", "rules", "phrases", "evidence", "hints", "cases", "traces")


class Lines(Mapping[str, Any]):
    """A mapping whose values are JSON texts, at these places of a longer one, until they are asked for; each is parsed once."""

    def __init__(self, text: bytes, places: Mapping[str, tuple[int, int]]) -> None:
        self._text = text
        self._places = places
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            start, end = self._places[name]
            self._known[name] = json.loads(self._text[start:end])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places


class Data(Mapping[str, Any]):
    """The sections of a compiled catalogue by name, with its `key`."""

    def __init__(self, head: Mapping[str, Any], split: Mapping[str, Lines], whole: Lines) -> None:
        self._head, self._split, self._whole = head, split, whole

    def __getitem__(self, name: str) -> Any:
        if name in self._head:
            return self._head[name]
        return self._split[name] if name in self._split else self._whole[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._head, *self._split, *self._whole))

    def __len__(self) -> int:
        return len(self._head) + len(self._split) + len(self._whole)


def pack(data: Mapping[str, Any], key: str) -> bytes:
    """The text of a compiled catalogue, which is ASCII."""
    parts = {"whole": {name: _line(data[name]) for name in WHOLE}, **{name: {entry: _line(one) for entry, one in data[name].items()} for name in SPLIT}}
    body = "\n".join(line for lines in parts.values() for line in lines.values()).encode("ascii")
    lengths = {name: {entry: len(line) for entry, line in lines.items()} for name, lines in parts.items()}
    head = {**{name: data[name] for name in SMALL}, "key": key, "lengths": lengths, "checksum": zlib.crc32(body)}
    return _line(head).encode("ascii") + b"\n" + body


def _line(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"))


def unpack(text: bytes, key: str) -> Data | None:
    """The catalogue in `text`; None where it is damaged or of another `key`. Raises ValueError or RecursionError where it is no JSON."""
    place = text.find(b"\n") + 1 or len(text)
    parsed: Any = json.loads(text[:place])
    if not isinstance(parsed, dict):
        return None
    head = cast("dict[str, Any]", parsed)
    if head.get("key") != key or not head.keys() >= {*SMALL, "lengths", "checksum"} or head["checksum"] != zlib.crc32(memoryview(text)[place:]):
        return None
    parts: dict[str, Lines] = {}
    for name, lengths in head.pop("lengths").items():
        places: dict[str, tuple[int, int]] = {}
        for entry, length in lengths.items():
            places[entry] = place, place + length
            place += length + 1
        parts[name] = Lines(text, places)
    del head["checksum"]
    if place != len(text) + 1:  # a length was changed, or a section is missing
        return None
    return Data(head, parts, parts.pop("whole"))


def cache_folder() -> Path:
    """Where we may keep what can be made again, in the user's cache folder."""
    base = os.environ.get("LOSSGRAPH_CACHE") or os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base else Path(os.environ.get("LOCALAPPDATA") or Path.home() / ".cache")
    return root / "lossgraph"


def _file(folder: Path) -> Path:
    path = str(folder).encode()
    return cache_folder() / f"{len(path)}-{zlib.crc32(path):08x}.json"


def read(folder: Path, key: str) -> Data | None:
    """The cached catalogue of a folder, None where there is none that fits."""
    try:
        return unpack(_file(folder).read_bytes(), key)
    except (OSError, ValueError, RuntimeError, StopIteration):
        return None


def write(folder: Path, text: bytes) -> None:
    """Keeps a packed catalogue; an unwritable cache costs time, never an error."""
    import tempfile  # slow to import, and needed only here

    try:
        path = _file(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError):
        return
