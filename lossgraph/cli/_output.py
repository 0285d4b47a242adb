"""How commands write: JSON, headings, tables and wrapped text; styles vanish where the output is piped (click sees to it)."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import click

STATUS_STYLE: dict[str, dict[str, Any]] = {
    "proved": {"fg": "green"}, "tested": {"fg": "cyan"}, "stated": {"fg": "yellow"}, "refuted": {"fg": "red"}, "depends": {"fg": "magenta"},
    "undecided": {"dim": True}, "unchecked": {"dim": True},
}  # fmt: skip


def write_json(data: Any) -> None:
    """`data` on stdout, keys in their order, readable by people too."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=not _unicode()))


def _unicode() -> bool:
    """Whether the terminal or pipe takes more than ASCII; escapes are valid JSON everywhere."""
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") in {"utf8", "utf16"}


def width() -> int:
    """How many columns text may take: the terminal's, at most 120; 100 where the output is piped."""
    return min(shutil.get_terminal_size((100, 24)).columns, 120) if sys.stdout.isatty() else 100


def heading(text: str) -> None:
    """A section's title after an empty line."""
    click.echo()
    click.secho(text, bold=True)


def status_word(status: str) -> str:
    """A status in its colour."""
    return click.style(status, **STATUS_STYLE.get(status, {}))


def paragraph(text: str, indent: int = 0, hanging: int = 0) -> None:
    """Text wrapped to the width; lines after the first stand `hanging` columns further in. Long formulas are never broken inside a word."""
    lines = textwrap.wrap(text, max(width(), 40), initial_indent=" " * indent, subsequent_indent=" " * (indent + hanging), break_long_words=False,
                          break_on_hyphens=False)  # fmt: skip
    click.echo("\n".join(lines) if lines else "")


def bullets(items: Iterable[str], indent: int = 2) -> None:
    """One item a paragraph, with a dash."""
    for item in items:
        paragraph(f"- {item}", indent, 2)


def labelled(label: str, text: str, *, status: str | None = None, column: int = 13) -> None:
    """`  proved      convex, continuous`: a label in its colour, then wrapped text in a column of its own."""
    lines = textwrap.wrap(text, max(width() - column - 2, 30), break_long_words=False, break_on_hyphens=False) or [""]
    styled = click.style(label.ljust(column), **STATUS_STYLE.get(status or "", {}))
    click.echo(f"  {styled}{lines[0]}")
    for line in lines[1:]:
        click.echo(" " * (column + 2) + line)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their longest cell; the last one is cut with ... where a terminal would wrap it, and left whole in a pipe."""
    if not rows:
        return
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    room = width() - sum(widths[:-1]) - 2 * (len(widths) - 1)
    for index, row in enumerate([header, *rows]):
        cells = [str(cell).ljust(widths[i]) for i, cell in enumerate(row)]
        if sys.stdout.isatty() and len(cells[-1].rstrip()) > max(room, 12):
            cells[-1] = cells[-1][: max(room, 12) - 3].rstrip() + "..."
        click.secho("  ".join(cells).rstrip(), bold=True if index == 0 else None)
