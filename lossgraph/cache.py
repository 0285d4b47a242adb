"""The compiled catalogue as one text in the cache folder: a checksum, a line that every command reads, then a line a large part, parsed when it is asked for.

Parsing all of it would take half of the time of `lossgraph recommend`; even the lengths of the lines of a section are a line of their own. The line that all
read holds the lengths of the sections, so that nothing is looked for. A file that was cut or changed is seen at once. (To map it into memory would save the
time of one copy, and would kill the program where another one cuts the file meanwhile.)
Writing goes through a temporary file: a reader sees the old cache or the new one, never half of it.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

WHOLE_LINES = "whole"  # what the sections with one line are kept as
START = 9  # where the text begins, after its checksum
# What a compiled catalogue holds: sections in the line that all read, sections with a line of their own, sections with a line an entry.
SMALL = ("tasks", "strategies", "properties", "relations", "metrics", "names", "facts", "methods")
WHOLE = ("references", "edges", "claims", "sources", "likeness", "synonyms")
SPLIT = ("losses", "verdicts", "rules", "shelves", "phrases", "evidence", "hints", "cases", "traces")


class Lines(Mapping[str, Any]):
    """A mapping whose values are JSON lines of a text, each parsed once, when it is asked for; a line with their lengths stands before them, at `place`.

    `length` is that of all these lines.
    """

    def __init__(self, text: bytes, place: int, length: int) -> None:
        self._text, self._place, self._end = text, place, place + length
        self._known: dict[str, Any] = {}

    @cached_property
    def _lengths(self) -> dict[str, int]:
        return json.loads(self._text[self._place : self._first])

    @cached_property
    def _first(self) -> int:
        return self._text.find(b"\n", self._place, self._end) + 1

    @cached_property
    def _places(self) -> dict[str, int]:
        return dict(zip(self._lengths, accumulate(self._lengths.values(), initial=self._first), strict=False))

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            place = self._places[name]
            self._known[name] = json.loads(self._text[place : place + self._lengths[name]])
        return self._known[name]

    def get(self, name: str, default: Any = None) -> Any:  # the inherited one raises and catches an error for what is missing
        return self._known[name] if name in self._known else self[name] if name in self._lengths else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._lengths)

    def __len__(self) -> int:
        return len(self._lengths)

    def __contains__(self, name: object) -> bool:
        return name in self._lengths


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
    sections = {WHOLE_LINES: {name: data[name] for name in WHOLE}, **{name: data[name] for name in SPLIT}}
    parts = {name: _lines(section) for name, section in sections.items()}
    head = _line({**{name: data[name] for name in SMALL}, "key": key, "lengths": {name: len(part) for name, part in parts.items()}})
    text = "".join((head, *parts.values())).encode("ascii")
    return b"%08x\n" % zlib.crc32(text) + text


def _lines(section: Mapping[str, Any]) -> str:
    """The lengths of the entries of a section, in a line, and the entries, a line each."""
    lines = {name: _line(entry) for name, entry in section.items()}
    return "".join((_line({name: len(line) for name, line in lines.items()}), *lines.values()))


def _line(data: Any) -> str:
    return json.dumps(data, separators=(",", ":")) + "\n"


def unpack(text: bytes, key: str) -> Data | None:
    """The catalogue in `text`; None where it is damaged or of another `key`."""
    if text[:START] != b"%08x\n" % zlib.crc32(memoryview(text)[START:]):
        return None
    place = text.find(b"\n", START) + 1
    head: dict[str, Any] = json.loads(text[START:place])
    if head["key"] != key:
        return None
    parts: dict[str, Lines] = {}
    for name, length in head.pop("lengths").items():
        parts[name] = Lines(text, place, length)
        place += length
    return Data(head, parts, parts.pop(WHOLE_LINES))


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
    except (OSError, RuntimeError):  # no such file, no home folder
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
