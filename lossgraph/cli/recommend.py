"""`lossgraph recommend`: which loss to train with, and why. One option for each fact, made from the compiled catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click


class _Recommend(click.Command):
    """Adds an option for each fact when the command is called, so that listing the commands does not load the catalogue."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx)[:-1], *_fact_options(ctx), *super().get_params(ctx)[-1:]]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options that click refuses are an answer too where JSON was asked for."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if "--json" not in given:
                raise
            from lossgraph.recommender.answer import Answer

            click.echo(json.dumps(Answer("error", errors=(error.format_message(),)).to_dict(), indent=2, ensure_ascii=False))
            ctx.exit(2)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The general options first, then those of the facts by group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups.setdefault(getattr(parameter, "group", "Options"), []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)


class _FactOption(click.Option):
    """An option that gives a fact; `group` is its heading in the help."""

    group: str = ""


def _fact_options(ctx: click.Context) -> list[click.Parameter]:
    key = "lossgraph.recommend.options"
    if key not in ctx.meta:
        ctx.meta[key] = [_option(name, fact) for name, fact in _data()["facts"].items()]
    return ctx.meta[key]


def _option(name: str, fact: dict[str, Any]) -> click.Option:
    """`--outliers/--no-outliers` for a flag, `--metric TEXT` for a choice, `--n-classes NUMBER` for a number; given twice, both are kept to be compared."""
    flag = (fact["argument"] or name).replace("_", "-")
    shared: dict[str, Any] = {"multiple": True, "default": None, "help": fact["definition"]}
    if fact["kind"] == "flag":
        option = _FactOption([f"--{flag}/--no-{flag}", name], **shared)
    elif fact["kind"] == "number":
        option = _FactOption([f"--{flag}", name], type=int if fact["integer"] else float, metavar="NUMBER", **shared)
    else:
        values = ", ".join(fact["values"] or (_ids(fact["among"]) if fact["among"] == "tasks" else ()))
        shared["help"] = f"{fact['definition']}{f' One of: {values}.' if values else ''}"
        option = _FactOption([f"--{flag}", name], type=str, metavar=(fact["among"] or "value").upper().rstrip("S"), **shared)
    option.group = f"Facts: {fact['group']}"
    return option


def _ids(vocabulary: str) -> list[str]:
    """The ids of a vocabulary of the catalogue."""
    return list(_data()[vocabulary])


def _data() -> Mapping[str, Any]:
    """The compiled catalogue, by way of the recommender, which does not look anew at every file each time."""
    from lossgraph.recommender.advise import book

    return book().catalog.data


@click.command(cls=_Recommend)
@click.argument("text", required=False)
@click.option("--data", type=str, metavar="FILE", help="A table (CSV, Parquet, NumPy) or a folder of masks to profile.")
@click.option("--target", type=str, metavar="COLUMN", help="The column of the file that is predicted.")
@click.option("--top", type=int, default=3, show_default=True, help="How many losses to name.")
@click.option("--why-not", type=str, metavar="LOSS", help="Explain why this loss is not first.")
@click.option("--would-change", is_flag=True, help="Also look for the smallest changes of facts that put another loss first.")
@click.option("--facts", "fingerprint", type=str, metavar="FILE", help="A YAML file of facts, as --save-facts writes it; options win over it.")
@click.option("--save-facts", "save_fingerprint", type=str, metavar="FILE", help="Write what was understood to this YAML file.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_context
def command(ctx: click.Context, /, text: str | None, as_json: bool, **options: Any) -> None:
    """Recommend a loss for a problem described in words, by facts, or by a data file.

    Exit status: 0 with a recommendation, 1 with a question that has to be answered first, 2 with an error.

    \b
    Examples:
      lossgraph recommend --task segmentation --imbalanced
      lossgraph recommend "house prices with a few crazy outliers"
      lossgraph recommend --data houses.csv --target price
      lossgraph recommend "segment small lesions" --save-facts facts.yaml
      lossgraph recommend --facts facts.yaml --empty-masks
    """
    from lossgraph.recommender.advise import recommend
    from lossgraph.recommender.answer import Answer

    general = {name: options.pop(name) for name in ("data", "target", "top", "why_not", "would_change", "fingerprint", "save_fingerprint")}
    called = {name: fact["argument"] or name for name, fact in _data()["facts"].items()}
    facts, clashes = _settle(options, called)
    answer = Answer("error", errors=clashes) if clashes else recommend(text, **general, **facts)
    if as_json:
        click.echo(json.dumps(answer.to_dict(), indent=2, ensure_ascii=False))
    else:
        from lossgraph.cli._answer import show

        show(answer, _data())
    ctx.exit({"recommended": 0, "question": 1, "error": 2}[answer.status])


def _settle(options: dict[str, tuple[Any, ...]], called: dict[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """One value for each fact that was given; a sentence for each that was given two different ones."""
    facts: dict[str, Any] = {}
    clashes: list[str] = []
    for name, values in options.items():
        distinct: list[Any] = list(dict.fromkeys(values or ()))
        flag = called[name].replace("_", "-")
        if len(distinct) > 1:
            shown = [f"--{'' if value else 'no-'}{flag}" if isinstance(value, bool) else f"--{flag} {value}" for value in distinct]
            clashes.append(f"{' and '.join(shown)} exclude each other; give one of them")
        elif distinct:
            facts[called[name]] = distinct[0]
    return facts, tuple(clashes)
