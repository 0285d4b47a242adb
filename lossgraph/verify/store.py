"""Where certificate files lie: beside the cards, or, where that place cannot be written (an installed package), in the user's cache; else only in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lossgraph.certificate import read_file, write_file


class Store:
    """The certificates of a catalogue. `spare` is the folder used where the catalogue's own cannot be written."""

    def __init__(self, catalog_folder: Path, spare: Path) -> None:
        self.home = catalog_folder / "certificates"
        self.spare = spare
        self.memory: dict[str, Mapping[str, Any]] = {}
        self.used: set[str] = set()

    def read(self, loss: str) -> list[Mapping[str, Any]]:
        """What is stored of a card, the shipped file first; [] where nothing is."""
        found = [self.memory.get(loss), read_file(self.home / f"{loss}.json"), read_file(self.spare / f"{loss}.json")]
        return [entry for entry in found if entry is not None]

    def fingerprint(self, loss: str) -> str:
        """The SHA-256 of the bytes of a card's files, for telling whether they have changed."""
        found = hashlib.sha256()
        for folder in (self.home, self.spare):
            with suppress(OSError):
                found.update((folder / f"{loss}.json").read_bytes())
        return found.hexdigest()

    def write(self, loss: str, data: Mapping[str, Any]) -> None:
        """Keeps a card's file in the first place that takes it."""
        for folder in (self.home, self.spare):
            try:
                write_file(folder / f"{loss}.json", data)
            except OSError:
                continue
            self.used.add(str(folder))
            return
        self.memory[loss] = data
        self.used.add("")

    def orphans(self, known: Collection[str]) -> list[Path]:
        """Certificate files beside the cards that speak for no card."""
        return [path for path in sorted(self.home.glob("*.json")) if path.stem not in known]

    def tidy(self, known: Collection[str]) -> None:
        """Removes the orphans, where the place can be written."""
        for path in self.orphans(known):
            with suppress(OSError):
                path.unlink()

    def note(self) -> str | None:
        """What a user should know of where results went, None where they stand beside the cards."""
        if "" in self.used:
            return f"neither {self.home} nor {self.spare} can be written: the new certificates are not kept"
        if str(self.spare) in self.used:
            return f"{self.home} cannot be written: the new certificates are kept in {self.spare}"
        return None
