"""Brings the certificates of cards up to date for `lossgraph verify`: what is open is decided with a progress bar, and kept card by card."""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lossgraph.cache import cache_folder
from lossgraph.model import InputError

if TYPE_CHECKING:
    from lossgraph.catalog import Catalog
    from lossgraph.model import Loss, Property
    from lossgraph.verify.catalogue import Plan
    from lossgraph.verify.findings import Report
    from lossgraph.verify.store import Store


@dataclass(frozen=True)
class Cards:
    """What can be verified: the catalogue's cards, the formulas of audited sources in the form of cards, and cards from files of the user's (`own`)."""

    catalog: Catalog
    own: Mapping[str, Loss]

    @property
    def all(self) -> dict[str, Loss]:
        """Every card by id; a card of the user's stands for the catalogue's of the same id."""
        sources = (source.card() for source in self.catalog.sources.values() if source.formulas)
        return {**{loss.id: loss for loss in (*self.catalog, *sources)}, **self.own}

    def properties(self, loss: Loss) -> Mapping[str, Property]:
        """What is asked of a card: everything; of a source's formulas only what the source speaks of."""
        if loss.id not in self.catalog.sources:
            return self.catalog.properties
        claimed = {claim.property for claim in self.catalog.claims if claim.source == loss.id}
        return {name: entry for name, entry in self.catalog.properties.items() if name in claimed}

    def store(self, loss: str) -> Store:
        """Where a card's certificates lie; those of a user's card never beside the catalogue's."""
        from lossgraph.verify.store import Store

        spare = cache_folder() / f"certificates-{sha256(str(self.catalog.folder).encode()).hexdigest()[:16]}"
        return Store(spare / "own", spare / "own") if loss in self.own else Store(self.catalog.folder, spare)


def read_cards(names: tuple[str, ...], catalog: Catalog) -> tuple[Cards, list[str]]:
    """The cards that can be verified and the ids that `names` (ids, aliases, sources, files of cards) stand for. Raises `InputError`."""
    from lossgraph.compile_own import read_card

    own: dict[str, Loss] = {}
    chosen: list[str] = []
    for name in names:
        path = Path(name)
        if path.suffix in {".yaml", ".yml"}:
            if path.stem in own:
                raise InputError(f"{name}: another file of that name is given too; verify one of them at a time")
            own[path.stem] = read_card(path, catalog)
            chosen.append(path.stem)
        else:
            chosen.append(name if name in catalog.sources else catalog.resolve(name))
    return Cards(catalog, own), list(dict.fromkeys(chosen))


def bring_up_to_date(cards: Cards, chosen: list[Loss], timeout: float, *, fresh: bool, again: bool) -> tuple[dict[str, Mapping[str, Any]], list[Report], int]:
    """The certificate files of the chosen cards, what became of their statements, and how many decisions were made now.

    `fresh`: everything is decided anew; `again`: what was undecided is.
    """
    from lossgraph.verify import confirmed
    from lossgraph.verify.catalogue import assemble, run, versions
    from lossgraph.verify.findings import report

    losses, spare = cards.all, cards.store("").spare
    stores = {loss.id: cards.store(loss.id) for loss in chosen}
    stored = {name: store.read(name) for name, store in stores.items()}
    known = confirmed.read(spare)
    seen = {name for name, store in stores.items() if known.get(name) == store.fingerprint(name)}
    plans = _plans(cards, chosen, stored, seen, fresh=fresh, again=again)
    _need_engine(plans)
    made_by = {"lossgraph": _version(), **versions()}
    reports: list[Report] = []
    files: dict[str, Mapping[str, Any]] = {}
    try:
        with click.progressbar(length=sum(len(entry.open) for entry in plans), label="deciding", file=sys.stderr, hidden=not _watched(plans)) as bar:
            lock = threading.Lock()

            def answered(question: object) -> None:
                with lock:
                    bar.update(1)

            for entry, results in run(plans, losses, timeout, answered):
                name, before = entry.loss.id, stored[entry.loss.id]
                files[name] = assemble(entry, losses, results, made_by if results or not before else before[0]["made_by"])
                if not before or files[name] != before[0]:
                    stores[name].write(name, files[name])
                known[name] = stores[name].fingerprint(name)
                reports.append(report(entry.loss, losses, cards.properties(entry.loss), files[name]))
    except KeyboardInterrupt:
        click.echo(f"\ninterrupted: {len(reports)} of {len(plans)} cards are done and kept; the same command goes on from there", err=True)
        raise SystemExit(130) from None
    finally:
        confirmed.write(spare, known)
    for note in dict.fromkeys(store.note() for store in stores.values()):
        if note:
            click.echo(note, err=True)
    return files, reports, sum(len(entry.open) for entry in plans)


def _plans(cards: Cards, chosen: list[Loss], stored: Mapping[str, list[Mapping[str, Any]]], seen: Collection[str], *, fresh: bool, again: bool) -> list[Plan]:
    """What is open of each card; the checker reads what it has not `seen`, which may take a minute."""
    from lossgraph.verify.catalogue import plan

    losses = cards.all
    with click.progressbar(chosen, label="checking", file=sys.stderr, hidden=not sys.stderr.isatty() or len(seen) == len(chosen)) as bar:
        return [plan(loss, losses, cards.properties(loss), stored[loss.id], fresh=fresh, again=again, seen=loss.id in seen) for loss in bar]


def _watched(plans: list[Plan]) -> bool:
    return sys.stderr.isatty() and any(entry.open for entry in plans)


def _need_engine(plans: list[Plan]) -> None:
    if any(entry.open for entry in plans):
        from lossgraph.verify import need_libraries

        need_libraries()


def _version() -> str:
    from lossgraph.catalog import VERSION

    return VERSION
