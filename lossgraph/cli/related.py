"""`lossgraph related`: the relations of one loss, read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lossgraph.catalog import load
from lossgraph.cli._arguments import complete_relations, json_option, loss_argument
from lossgraph.cli._output import paragraph, status_word, write_json

if TYPE_CHECKING:
    from lossgraph.graph import Step


@click.command()
@loss_argument()
@click.option("--type", "relation", metavar="TYPE", shell_complete=complete_relations, help="Only this relation, such as generalizes or limit_of.")
@json_option
def command(loss: str, relation: str | None, as_json: bool) -> None:
    """Show how a loss is related to others, from both ends of each relation.

    Example: lossgraph related huber --type equivalent_up_to_scale
    """
    catalog = load()
    steps = catalog.related(loss, relation)
    if as_json:
        write_json([step.to_dict() for step in steps])
        return
    for step in steps:
        write_step(step)
    if not steps:
        click.echo(f"{catalog.resolve(loss)} has no {'such ' if relation else ''}relation in the catalogue", err=True)


def write_step(step: Step, number: int | None = None) -> None:
    """One relation in words, with its formula, its condition, whether it is proved, and whether no second reader has confirmed the proof."""
    lead = f"{number}. " if number else ""
    words = status_word(step.status) + (f", {status_word('unchecked')}" if step.checked is False else "")
    click.echo(f"{lead}{click.style(step.source, bold=True)} {step.name} {click.style(step.target, bold=True)}  [{words}]")
    indent = len(lead) + 4
    if step.identity:
        paragraph(step.identity, indent, 4)
    if step.when:
        paragraph(f"when {step.when}", indent, 4)
    if step.statement:
        paragraph(step.statement, indent)
    if step.sources:
        paragraph(f"source: {', '.join(step.sources)}", indent)
