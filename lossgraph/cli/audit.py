"""`lossgraph audit`: what publications and libraries claim of losses, held against what is proved."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from lossgraph.catalog import load
from lossgraph.cli._output import bullets, heading, paragraph, write_json

if TYPE_CHECKING:
    from lossgraph.auditing import Audit, Audited


def _complete_sources(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=source.about) for name, source in load().sources.items() if name.startswith(incomplete)]


@click.command()
@click.argument("source", required=False, shell_complete=_complete_sources)
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown", "html"]), default="text", show_default=True, help="How to write it.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(source: str | None, form: str, as_json: bool) -> None:
    """Hold the claims of publications and libraries against proofs: of one SOURCE, or of all.

    A claim that is false comes with a counterexample that can be checked by hand. Nothing is decided anew: `lossgraph verify` does that.

    \b
    Example: lossgraph audit survey2023
    Example: lossgraph audit --format html > audit.html
    """
    from lossgraph.auditing import audit, chosen_sources

    catalog = load()
    audits = [audit(catalog, entry) for entry in chosen_sources(catalog, source)]
    if as_json or form == "json":
        write_json([_plain(entry) for entry in audits])
    elif form == "text":
        _write(audits)
    else:
        from lossgraph.export import audit_report

        click.echo(getattr(audit_report, form)(audits, catalog), nl=False)
    if any(entry.why == "not verified yet" for each in audits for entry in each.claims):
        click.echo("some claims were never decided: run `lossgraph verify`", err=True)


def _plain(audit: Audit) -> dict[str, Any]:
    from collections import Counter

    source = audit.source
    counts = Counter(entry.outcome for entry in audit.claims)
    claims = [{**asdict(entry.claim), **{key: value for key, value in asdict(entry).items() if key != "claim"}} for entry in audit.claims]
    return {"source": source.id, "about": source.about, "counts": dict(counts), "claims": claims, "missing": [asdict(entry) for entry in audit.missing]}


def _write(audits: list[Audit]) -> None:
    from lossgraph.export.audit_report import summary

    for audit in audits:
        heading(f"{audit.source.id}: {audit.source.about}")
        paragraph(f"{summary(audit)}.")
        _part("false", [f"{_line(entry)}\n{entry.why}" for entry in audit.of("false")])
        _part("undecided", [f"{_line(entry)}\n{entry.why}" for entry in audit.of("undecided")])
        _part("no formula to ask", [_line(entry) for entry in audit.of("no_formula")])
        missing: dict[str, list[str]] = {}
        for entry in audit.missing:
            missing.setdefault(f"{entry.loss} ({entry.view})", []).append(entry.property)
        _part("proved, but not claimed", [f"{loss}: {', '.join(names)}" for loss, names in missing.items()])


def _line(entry: Audited) -> str:
    claim = entry.claim
    said = f"{claim.property} {'holds' if claim.holds else 'fails'}"
    return f"{claim.loss}, {claim.place}, printed \"{claim.printed}\": {said}{'' if entry.checked or entry.outcome != 'false' else ' (proof unchecked)'}"


def _part(title: str, items: list[str]) -> None:
    if items:
        click.echo()
        click.secho(f"  {title}", bold=True)
        for item in items:
            first, _, rest = item.partition("\n")
            bullets([first])
            if rest:
                paragraph(rest, 6)
