"""Prints an answer of the recommender for people: the losses first, then what to mind, what was understood, and what is still open."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossgraph.recommender.answer import Answer, Reason, Recommendation

WIDTH = 100


def show(answer: Answer, catalog: Mapping[str, Any]) -> None:
    """The answer on stdout, errors on stderr. `catalog` is the compiled catalogue, for the names of losses and facts."""
    losses, called = catalog["losses"], {name: fact["argument"] or name for name, fact in catalog["facts"].items()}
    if answer.status == "error":
        for error in answer.errors:
            click.echo(click.style("error: ", fg="red", bold=True) + error, err=True)
        _show_rejected(answer)
        return
    if answer.status == "question":
        for question in answer.questions:
            click.echo(_wrapped(click.style("? ", fg="yellow", bold=True), question))
        _show_facts(answer, called)
        return
    tied = sum(one.rank == 1 for one in answer.recommendations) > 1
    for one in answer.recommendations:
        _show_one(one, losses, tied and one.rank == 1, first=one is answer.recommendations[0])
    _show_common(answer)
    _show_rejected(answer)
    if answer.would_change:
        click.echo(click.style("\nWhat would change the first choice", bold=True))
    for change in answer.would_change:
        click.echo(_wrapped("  > ", change.text))
    _show_facts(answer, called)
    if answer.questions:
        click.echo(click.style("\nThis would refine the advice", bold=True))
        for question in answer.questions:
            click.echo(_wrapped("  ? ", question))


def _show_one(one: Recommendation, losses: Mapping[str, Any], tied: bool, first: bool) -> None:
    name = losses[one.loss]["name"] if one.loss in losses else " + ".join(losses[part.loss]["name"] for part in one.components)
    tie = click.style("  (a tie)", dim=True) if tied else ""
    heading = click.style(f"{one.rank}. {name}", bold=True, fg="green" if one.rank == 1 else None)
    click.echo(f"{'' if first else chr(10)}{heading}{click.style(f'  {one.loss}', dim=True)}{tie}")
    if one.components:
        click.echo(_wrapped("   ", "= " + " + ".join(f"{part.weight:g} * {part.loss}" for part in one.components)))
    if one.parameters:
        click.echo(_wrapped("   with ", ", ".join(f"{key} = {_value(value)}" for key, value in one.parameters.items())))
    for reason in one.because:
        click.echo(_wrapped("   + ", _sentence(reason)))
    if one.metrics:
        click.echo(_wrapped("   watch ", ", ".join(one.metrics)))
    if first:
        click.echo(textwrap.indent(click.style(one.code, fg="cyan"), "     "))


def _show_common(answer: Answer) -> None:
    """Cautions, each once, with the losses it is about unless it is about all that are shown."""
    about: dict[str, list[str]] = {}
    for one in answer.recommendations:
        for caution in one.cautions:
            about.setdefault(caution, []).append(one.loss)
    if about:
        click.echo(click.style("\nMind", bold=True))
    for caution, losses in about.items():
        who = "" if len(losses) == len(answer.recommendations) else f"{', '.join(losses)}: "
        click.echo(_wrapped("  ! ", who + caution))


def _show_rejected(answer: Answer) -> None:
    if not answer.rejected:
        return
    click.echo(click.style("\nNot chosen", bold=True))
    grouped: dict[str, list[str]] = {}
    for one in answer.rejected:
        grouped.setdefault(" ".join(_sentence(reason) for reason in one.because), []).append(one.loss)
    for why, losses in grouped.items():
        click.echo(_wrapped("  - ", f"{', '.join(losses)}: {why}"))


def _show_facts(answer: Answer, called: Mapping[str, str]) -> None:
    if not answer.facts:
        return
    click.echo(click.style("\nUnderstood", bold=True))
    for fact in answer.facts:
        sure = "" if fact.confidence >= 0.95 else f", {fact.confidence:.0%} sure"
        name = called[fact.name]
        given = fact.source == "flag" and fact.evidence == f"{name} = {fact.value}"
        origin = "given" if given else f"{'given' if fact.source == 'flag' else fact.source}: {fact.evidence}{sure}"
        click.echo(_wrapped("  ", f"{name} = {_value(fact.value)}  ({origin})"))


def _sentence(reason: Reason) -> str:
    sources = ", ".join(reason.sources)
    return f"{reason.text} [{reason.grade}{': ' + sources if sources else ''}]"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_value(item) for item in cast("list[Any]", value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _wrapped(lead: str, text: str) -> str:
    width = len(click.unstyle(lead))
    lines = textwrap.wrap(text, WIDTH - width, break_long_words=False) or [""]
    return f"\n{' ' * width}".join([lead + lines[0], *lines[1:]])
