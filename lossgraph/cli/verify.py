"""`lossgraph verify`: proves or refutes what cards state, or one property of any formula."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lossgraph.cache import cache_folder
from lossgraph.catalog import load
from lossgraph.cli._arguments import complete_losses, complete_properties, json_option
from lossgraph.cli._output import bullets, write_json
from lossgraph.cli._verify_output import counts, data, write_refuted, write_reports, write_verdict
from lossgraph.model import InputError

if TYPE_CHECKING:
    from lossgraph.catalog import Catalog
    from lossgraph.model import Loss, Property
    from lossgraph.verify.catalogue import Plan
    from lossgraph.verify.findings import Report
    from lossgraph.verify.store import Store


@click.command()
@click.argument("losses", nargs=-1, metavar="[ID]...", shell_complete=complete_losses)
@click.option("--expression", metavar="F", help="Decide a property of this formula instead of cards.")
@click.option("--property", "property_id", metavar="P", shell_complete=complete_properties, help="With --expression: the property, such as convex.")
@click.option("--domain", metavar="D", help='With --expression: where its variables lie, such as "x: (0, 1]; y: real".')
@click.option("--parameters", metavar="D", help='With --expression: where its parameters lie, such as "0 < tau < 1; delta > 0".')
@click.option("--variables", metavar="NAMES", help='With --expression: the variables in order, such as "x, y" (else as in --domain).')
@click.option("--role", "roles", metavar="NAME=ROLE", multiple=True, help="With --expression: what a variable is, such as r=residual. May be repeated.")
@click.option("--timeout", metavar="SECONDS", type=click.FloatRange(0, min_open=True), default=20.0, show_default=True, help="For each single decision.")
@click.option("--fresh", is_flag=True, help="Decide everything anew, whatever is stored.")
@click.option("--check", "only_check", is_flag=True, help="Decide and write nothing; fail where a shipped certificate is missing or stale.")
@json_option
def command(losses: tuple[str, ...], as_json: bool, timeout: float, fresh: bool, only_check: bool, **formula: Any) -> None:
    """Prove or refute what cards state: each property of each view, and each relation. Without an ID, all cards.

    Results are kept as certificates; what has not changed is not decided again. Exit code 1 where something that a card states is refuted
    (undecided is only counted), 2 for wrong input. With --expression, any verdict is 0.

    \b
    Example: lossgraph verify huber
    Example: lossgraph verify --expression "Abs(x)" --property convex --domain "x: (-oo, oo)"
    """
    given = [name for name in ("property_id", "domain", "parameters", "variables", "roles") if formula[name]]
    if formula["expression"] is not None:
        if losses or fresh or only_check:
            raise InputError("--expression decides a formula: give no ID, --fresh or --check with it")
        _formula(formula, timeout, as_json)
        return
    if given:
        raise InputError(f"--{given[0].removesuffix('_id').replace('roles', 'role')} belongs to --expression; give the formula too")
    if fresh and only_check:
        raise InputError("--check decides nothing, and --fresh everything: give one of them")
    catalog = load()
    known = _everything(catalog)
    chosen = [known[name] for name in dict.fromkeys(name if name in catalog.sources else catalog.resolve(name) for name in losses)] or list(known.values())
    if only_check:
        _check(catalog, chosen, as_json)
    else:
        _verify(catalog, chosen, timeout, fresh, as_json, detailed=bool(losses) and len(chosen) <= 5)


def _everything(catalog: Catalog) -> dict[str, Loss]:
    """All cards, and the formulas of the sources whose claims are audited, in the form of cards."""
    return {loss.id: loss for loss in (*catalog, *(source.card() for source in catalog.sources.values() if source.formulas))}


def _properties(catalog: Catalog, loss: Loss) -> Mapping[str, Property]:
    """What is asked of a card: everything; of a source's formulas only what the source speaks of."""
    if loss.id not in catalog.sources:
        return catalog.properties
    claimed = {claim.property for claim in catalog.claims if claim.source == loss.id}
    return {name: entry for name, entry in catalog.properties.items() if name in claimed}


def _store(catalog: Catalog) -> Store:
    from hashlib import sha256

    from lossgraph.verify.store import Store

    return Store(catalog.folder, cache_folder() / f"certificates-{sha256(str(catalog.folder).encode()).hexdigest()[:16]}")


def _verify(catalog: Catalog, chosen: list[Loss], timeout: float, fresh: bool, as_json: bool, detailed: bool) -> None:
    from lossgraph.verify import confirmed
    from lossgraph.verify.catalogue import assemble, run, versions
    from lossgraph.verify.findings import report

    losses, store = _everything(catalog), _store(catalog)
    stored = {loss.id: store.read(loss.id) for loss in chosen}
    known = confirmed.read(store.spare)
    plans = _plans(catalog, chosen, stored, fresh, {loss.id for loss in chosen if known.get(loss.id) == store.fingerprint(loss.id)})
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
                    store.write(name, files[name])
                known[name] = store.fingerprint(name)
                reports.append(report(entry.loss, losses, _properties(catalog, entry.loss), files[name]))
    except KeyboardInterrupt:
        click.echo(f"\ninterrupted: {len(reports)} of {len(plans)} cards are done and kept; the same command goes on from there", err=True)
        raise SystemExit(130) from None
    finally:
        confirmed.write(store.spare, known)
    if len(chosen) == len(losses):
        store.tidy(losses)
    if store.note():
        click.echo(store.note(), err=True)
    decided = sum(len(entry.open) for entry in plans)
    if as_json:
        write_json(data(chosen, files, reports, decided))
    else:
        write_reports(chosen, files, reports, decided, detailed)
    if any(entry.refuted() for entry in reports):
        raise SystemExit(1)


def _plans(catalog: Catalog, chosen: list[Loss], stored: Mapping[str, list[Mapping[str, Any]]], fresh: bool, seen: set[str]) -> list[Plan]:
    """What is open of each card; the checker reads what it has not `seen`, which may take a minute."""
    from lossgraph.verify.catalogue import plan

    losses = _everything(catalog)
    with click.progressbar(chosen, label="checking", file=sys.stderr, hidden=not sys.stderr.isatty() or len(seen) == len(chosen)) as bar:
        return [plan(loss, losses, _properties(catalog, loss), stored[loss.id], fresh=fresh, seen=loss.id in seen) for loss in bar]


def _watched(plans: list[Plan]) -> bool:
    return sys.stderr.isatty() and any(entry.open for entry in plans)


def _need_engine(plans: list[Plan]) -> None:
    if any(entry.open for entry in plans):
        from lossgraph.verify import need_libraries

        need_libraries()


def _version() -> str:
    from lossgraph.catalog import VERSION

    return VERSION


def _check(catalog: Catalog, chosen: list[Loss], as_json: bool) -> None:
    """The shipped certificates against the cards, without deciding anything."""
    from lossgraph.certificate import read_file
    from lossgraph.verify.catalogue import plan
    from lossgraph.verify.findings import report

    losses, store = _everything(catalog), _store(catalog)
    shipped = {loss.id: read_file(store.home / f"{loss.id}.json") for loss in chosen}
    stale = [
        line
        for loss in chosen
        for line in plan(loss, losses, _properties(catalog, loss), [entry for entry in [shipped[loss.id]] if entry is not None]).stale
    ]
    stale += [f"{path.stem}: a certificate file without a card" for path in store.orphans(losses) if len(chosen) == len(losses)]
    reports = [report(loss, losses, _properties(catalog, loss), shipped[loss.id] or {"views": {}, "relations": []}) for loss in chosen]
    refuted = [asdict(entry) for each in reports for entry in each.refuted()]
    if as_json:
        write_json({"stale": stale, "refuted": refuted, "counts": counts(reports, 0)})
    else:
        bullets(stale, 0)
        write_refuted(reports)
        click.echo(f"{len(chosen)} cards: {len(stale)} certificates missing or stale, {len(refuted)} statements refuted")
        if stale:
            click.echo("run `lossgraph verify` to make them anew")
    if stale or refuted:
        raise SystemExit(1)


def _formula(formula: Mapping[str, Any], timeout: float, as_json: bool) -> None:
    """One property of a formula, or every property that needs no role where none is named."""
    from lossgraph.verify import decide

    roles = dict(_role(text) for text in formula["roles"])
    about: dict[str, Any] = {name: formula[name] for name in ("variables", "domain")}
    about.update(parameters=formula["parameters"] or "", roles=roles, timeout=timeout)
    if formula["property_id"]:
        verdict = decide(formula["expression"], formula["property_id"], **about)
        if as_json:
            write_json(asdict(verdict))
        else:
            write_verdict(formula["expression"], verdict)
        return
    properties = [entry.id for entry in load().properties.values() if entry.decided_by == "calculus" and not entry.roles]
    verdicts = [decide(formula["expression"], name, **about) for name in properties]
    if as_json:
        write_json([asdict(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            write_verdict(formula["expression"], verdict)


def _role(text: str) -> tuple[str, str]:
    name, separator, role = text.partition("=")
    if not separator or not name.strip() or not role.strip():
        raise InputError(f"--role {text}: write NAME=ROLE, such as r=residual")
    return name.strip(), role.strip()
