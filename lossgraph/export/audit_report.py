"""Writes audits as Markdown or as one page of HTML: what is false with its counterexample, what is missing, what is open, what was compared by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossgraph.auditing import Audit, Audited
    from lossgraph.catalog import Catalog

TITLE = "What sources say of losses, held against proofs"
INTRODUCTION = (
    "Every claim about a property is asked of the formula beside it, for all allowed parameters; a false one comes with a counterexample that can be "
    "checked by hand. The column checked says whether a second program, which shares no code with the prover, has confirmed the proof."
)
Row = list[str]
Table = tuple[str, Row, list[Row]]


def summary(audit: Audit) -> str:
    """`89 claims about properties: 75 true, 14 false, 0 undecided; 136 compared by hand`."""
    asked = [entry for entry in audit.claims if entry.outcome != "by_hand"]
    true, false, undecided, without, by_hand = (len(audit.of(outcome)) for outcome in ("true", "false", "undecided", "no_formula", "by_hand"))
    words = f"{len(asked)} claims about properties: {true} true, {false} false, {undecided} undecided"
    return f"{words}{f', {without} without a formula' if without else ''}; {by_hand} formulas and sentences compared by hand"


def tables(audit: Audit, catalog: Catalog) -> list[Table]:
    """The parts of a report: a title, the header, and the rows; parts without rows are left out."""
    false = [[_loss(entry), entry.claim.place, entry.claim.printed, _asked(entry), entry.why or "", _checked(entry.checked)] for entry in audit.of("false")]
    missing = [[entry.loss, entry.view, catalog.properties[entry.property].name, _checked(entry.checked)] for entry in audit.missing]
    open_ones = [[_loss(entry), entry.claim.place, entry.claim.printed, _asked(entry), entry.why or "no formula"] for entry in _open(audit)]
    differs = [[entry.claim.loss, entry.claim.place, entry.claim.printed, entry.claim.deviation or ""] for entry in audit.of("by_hand") if _differs(entry)]
    true = [[_loss(entry), entry.claim.place, entry.claim.printed, _asked(entry), _checked(entry.checked)] for entry in audit.of("true")]
    parts: list[Table] = [
        ("False", ["loss", "place", "printed", "asked of", "counterexample", "checked"], false),
        ("Proved, but not claimed", ["loss", "variable", "property", "checked"], missing),
        ("Undecided", ["loss", "place", "printed", "asked of", "why"], open_ones),
        ("True", ["loss", "place", "printed", "asked of", "checked"], true),
        ("Compared by hand, and not as our card has it", ["loss", "place", "printed", "what differs"], differs),
    ]
    return [part for part in parts if part[2]]


def _open(audit: Audit) -> Iterable[Audited]:
    return [*audit.of("undecided"), *audit.of("no_formula")]


def _differs(entry: Audited) -> bool:
    return bool(entry.claim.deviation) and not str(entry.claim.deviation).startswith("None")


def _loss(entry: Audited) -> str:
    return entry.claim.loss + (f" ({entry.claim.formula})" if entry.claim.formula else "")


def _asked(entry: Audited) -> str:
    return "" if entry.expression is None else f"{entry.claim.property}: {entry.expression}, {entry.domain}"


def _checked(confirmed: bool) -> str:
    return "yes" if confirmed else "no"


def markdown(audits: Sequence[Audit], catalog: Catalog) -> str:
    """The report as Markdown tables."""
    lines = [f"# {TITLE}", "", f"Written by `lossgraph audit --format markdown`. {INTRODUCTION}", ""]
    for audit in audits:
        lines += [f"## {audit.source.about}", "", f"`{audit.source.id}`: {summary(audit)}.", ""]
        for title, header, rows in tables(audit, catalog):
            lines += [f"### {title}", "", *_markdown_table(header, rows), ""]
    return "\n".join(lines)


def _markdown_table(header: Row, rows: Iterable[Row]) -> list[str]:
    head, *body = (f"| {' | '.join(_cell(cell) for cell in row)} |" for row in (header, *rows))
    return [head, f"|{'---|' * len(header)}", *body]


def _cell(text: str) -> str:
    """Text that Markdown shows as it is: no bars, no emphasis, no tags."""
    plain = " ".join(text.split())
    for letter in "\\`*_|<>[]":
        plain = plain.replace(letter, f"\\{letter}")
    return plain


def html(audits: Sequence[Audit], catalog: Catalog) -> str:
    """The report as one page that needs nothing else."""
    parts = [f"<h1>{escape(TITLE)}</h1>", f"<p>{escape(INTRODUCTION)}</p>"]
    for audit in audits:
        parts += [f'<h2 id="{escape(audit.source.id)}">{escape(audit.source.about)}</h2>', f"<p>{escape(summary(audit))}.</p>"]
        for title, header, rows in tables(audit, catalog):
            parts += [f"<h3>{escape(title)}</h3>", "<table>", f"<thead>{_html_row(header, 'th scope=col')}</thead>", "<tbody>"]
            parts += [*(_html_row(row, "td") for row in rows), "</tbody>", "</table>"]
    return _PAGE.format(title=escape(TITLE), body="\n".join(parts))


def _html_row(cells: Row, tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag.split()[0]}>' for cell in cells)}</tr>"


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1c2733 }}
table {{ border-collapse: collapse; width: 100%; font-size: .9rem }}
th, td {{ border: 1px solid #cfd6dd; padding: .35rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere }}
thead th {{ background: #eef2f5 }}
h2 {{ margin-top: 3rem }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
