"""`lossgraph verify`: proves or refutes what cards state, or one property of any formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lossgraph.catalog import load
from lossgraph.cli._arguments import complete_losses, complete_properties, json_option
from lossgraph.cli._output import bullets, write_json
from lossgraph.cli._verify_output import counts, data, write_proofs, write_refuted, write_reports, write_verdict
from lossgraph.cli._verifying import Cards, bring_up_to_date, read_cards
from lossgraph.model import InputError

if TYPE_CHECKING:
    from lossgraph.model import Loss


@click.command()
@click.argument("losses", nargs=-1, metavar="[ID | FILE]...", shell_complete=complete_losses)
@click.option("--expression", metavar="F", help="Decide a property of this formula instead of cards.")
@click.option("--property", "property_id", metavar="P", shell_complete=complete_properties, help="With --expression or --explain: which, such as convex.")
@click.option("--domain", metavar="D", help='With --expression: where its variables lie, such as "x: (0, 1]; y: real".')
@click.option("--parameters", metavar="D", help='With --expression: where its parameters lie, such as "0 < tau < 1; delta > 0".')
@click.option("--variables", metavar="NAMES", help='With --expression: the variables in order, such as "x, y" (else as in --domain).')
@click.option("--role", "roles", metavar="NAME=ROLE", multiple=True, help="With --expression: what a variable is, such as r=residual. May be repeated.")
@click.option("--explain", type=click.Choice(["text", "latex"]), is_flag=False, flag_value="text", help="Tell the proofs in words, formulas as text or LaTeX.")
@click.option("--timeout", metavar="SECONDS", type=click.FloatRange(0, min_open=True), default=20.0, show_default=True, help="For each single decision.")
@click.option("--fresh", is_flag=True, help="Decide everything anew, whatever is stored.")
@click.option("--again", is_flag=True, help="Decide anew what is stored as undecided, such as with more time.")
@click.option("--check", "only_check", is_flag=True, help="Decide and write nothing; fail where a shipped certificate is missing or stale.")
@json_option
def command(losses: tuple[str, ...], as_json: bool, timeout: float, fresh: bool, again: bool, only_check: bool, explain: str | None, **formula: Any) -> None:
    """Prove or refute what cards state: each property of each view, and each relation. Without an ID, all cards.

    A card of your own is verified by its file's name, such as my_loss.yaml; its relations may name losses of the catalogue.

    Results are kept as certificates; what has not changed is not decided again. Exit code 1 where something that a card states is refuted
    (undecided is only counted), 2 for wrong input. With --expression, any verdict is 0.

    \b
    Example: lossgraph verify huber
    Example: lossgraph verify huber --explain --property convex
    Example: lossgraph verify my_loss.yaml
    Example: lossgraph verify --expression "Abs(x)" --property convex --domain "x: (-oo, oo)"
    """
    if explain and as_json:
        raise InputError("--explain tells proofs in words, and --json gives data: choose one of them")
    if formula["expression"] is not None:
        if losses or fresh or again or only_check:
            raise InputError("--expression decides a formula: give no ID, --fresh, --again or --check with it")
        _formula(formula, timeout, as_json, explain)
        return
    given = [name for name in ("property_id", "domain", "parameters", "variables", "roles") if formula[name] and not (name == "property_id" and explain)]
    if given:
        raise InputError(f"--{given[0].removesuffix('_id').replace('roles', 'role')} belongs to --expression; give the formula too")
    if fresh + again + only_check > 1:
        raise InputError("--check decides nothing, --again what is undecided, and --fresh everything: give one of them")
    if explain and (only_check or not losses):
        raise InputError("--explain tells the proofs of cards that are named, or of --expression; --check does not go with it")
    catalog = load()
    cards, names = read_cards(losses, catalog)
    chosen = [cards.all[name] for name in names] or list(cards.all.values())
    if only_check:
        _check(cards, chosen, as_json)
        return
    files, reports, decided = bring_up_to_date(cards, chosen, timeout, fresh=fresh, again=again)
    if not losses:
        cards.store("").tidy(cards.all)
    if explain:
        for loss in chosen:
            write_proofs(loss, files[loss.id], formula["property_id"], explain)
    elif as_json:
        write_json(data(chosen, files, reports, decided))
    else:
        write_reports(chosen, files, reports, decided, detailed=bool(losses) and len(chosen) <= 5)
    if any(entry.refuted() for entry in reports):
        raise SystemExit(1)


def _check(cards: Cards, chosen: list[Loss], as_json: bool) -> None:
    """The shipped certificates against the cards, without deciding anything."""
    from lossgraph.certificate import read_file
    from lossgraph.verify.catalogue import plan
    from lossgraph.verify.findings import report

    losses, store = cards.all, cards.store("")
    shipped = {loss.id: read_file(store.home / f"{loss.id}.json") for loss in chosen}
    stale = [
        line for loss in chosen for line in plan(loss, losses, cards.properties(loss), [entry for entry in [shipped[loss.id]] if entry is not None]).stale
    ]
    stale += [f"{path.stem}: a certificate file without a card" for path in store.orphans(losses) if len(chosen) == len(losses)]
    reports = [report(loss, losses, cards.properties(loss), shipped[loss.id] or {"views": {}, "relations": []}) for loss in chosen]
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


def _formula(formula: Mapping[str, Any], timeout: float, as_json: bool, explain: str | None) -> None:
    """One property of a formula, or every property that needs no role where none is named."""
    from lossgraph.verify import decide

    roles = dict(_role(text) for text in formula["roles"])
    about: dict[str, Any] = {name: formula[name] for name in ("variables", "domain")}
    about.update(parameters=formula["parameters"] or "", roles=roles, timeout=timeout)
    one = formula["property_id"]
    properties = [one] if one else [entry.id for entry in load().properties.values() if entry.decided_by == "calculus" and not entry.roles]
    verdicts = [decide(formula["expression"], name, **about) for name in properties]
    if as_json:
        write_json(asdict(verdicts[0]) if one else [asdict(verdict) for verdict in verdicts])
        return
    for verdict in verdicts:
        write_verdict(formula["expression"], verdict, explain)


def _role(text: str) -> tuple[str, str]:
    name, separator, role = text.partition("=")
    if not separator or not name.strip() or not role.strip():
        raise InputError(f"--role {text}: write NAME=ROLE, such as r=residual")
    return name.strip(), role.strip()
