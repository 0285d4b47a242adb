"""How `lossgraph verify` shows its results: counts, each card's proofs and counterexamples, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lossgraph.cli._output import bullets, heading, labelled, paragraph, status_word

if TYPE_CHECKING:
    from lossgraph.model import Loss, Verdict, View
    from lossgraph.verify.findings import Report


def counts(reports: list[Report], decided: int) -> dict[str, Any]:
    statements = [entry for each in reports for entry in each.statements]
    relations = {status: sum(each.relations[status] for each in reports) for status in ("proved", "refuted", "undecided", "not_checkable")}
    relations["checked"] = sum(each.checked for each in reports)
    return {
        "cards": len(reports),
        "decided_now": decided,
        "grid": {"cells": sum(each.grid for each in reports), "decided": sum(each.decided for each in reports)},
        "statements": {outcome: sum(1 for entry in statements if entry.outcome == outcome) for outcome in ("confirmed", "refuted", "undecided")},
        "relations": relations,
    }


def data(chosen: list[Loss], files: Mapping[str, Mapping[str, Any]], reports: list[Report], decided: int) -> dict[str, Any]:
    """The JSON: verdicts without their proofs (those lie in the certificate files)."""

    def plain(entry: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in entry.items() if key not in {"certificate", "sha256"}}

    cards = [
        {
            "loss": loss.id,
            "views": {name: {entry["property"]: plain(entry) for entry in view["verdicts"]} for name, view in files[loss.id]["views"].items()},
            "relations": [plain(entry) for entry in files[loss.id]["relations"]],
            "statements": [asdict(entry) for entry in each.statements],
        }
        for loss, each in zip(chosen, reports, strict=True)
    ]
    return {"cards": cards, "refuted": [asdict(entry) for each in reports for entry in each.refuted()], "counts": counts(reports, decided)}


def write_reports(chosen: list[Loss], files: Mapping[str, Mapping[str, Any]], reports: list[Report], decided: int, detailed: bool) -> None:
    for loss, each in zip(chosen, reports, strict=True):
        if detailed:
            _write_card(loss, files[loss.id], each)
        else:
            _write_line(each)
    found = counts(reports, decided)
    write_refuted(reports)
    click.echo()
    grid, statements, relations = found["grid"], found["statements"], found["relations"]
    share = f" ({100 * grid['decided'] / grid['cells']:.1f} %)" if grid["cells"] else ""
    paragraph(f"{found['cards']} card{'' if found['cards'] == 1 else 's'}. One-variable properties: {grid['decided']} of {grid['cells']} decided{share}. "
              f"Statements of the cards: {statements['confirmed']} confirmed, {statements['refuted']} refuted, {statements['undecided']} undecided. "
              f"Relations: {relations['proved']} proved, {relations['refuted']} refuted, {relations['undecided']} undecided, "
              f"{relations['not_checkable']} in words only; {relations['checked']} confirmed by a second reader. "
              f"{decided} decisions made now, the rest re-used.")  # fmt: skip


def _write_line(each: Report) -> None:
    undecided = [entry for entry in each.statements if entry.outcome == "undecided"]
    tail = f", {len(undecided)} statements open" if undecided else ""
    mark = status_word("refuted") + " " if each.refuted() else ""
    click.echo(f"{mark}{each.loss}: {each.decided} of {each.grid} properties decided, {each.relations['proved']} relations proved{tail}")


def _write_card(loss: Loss, file: Mapping[str, Any], each: Report) -> None:
    click.secho(loss.id, bold=True)
    for view in loss.views:
        _write_view(loss, view, file["views"][view.name]["verdicts"])
    if any(relation.identity for relation in loss.relations):
        heading("relations")
        for entry in (entry for entry in each.statements if " " in entry.subject):
            status = {"confirmed": "proved"}.get(entry.outcome, entry.outcome)
            unchecked = " (unchecked)" if entry.checked is False and status in {"proved", "refuted"} else ""
            labelled(status, f"{entry.stated}{f' ({entry.why})' if entry.why else ''}{unchecked}", status=status)
    unsure = [f"{entry.place()}: {entry.stated}: {entry.why}" for entry in each.statements if entry.outcome == "undecided" and " " not in entry.subject]
    if unsure:
        heading("stated, but open")
        bullets(unsure)


def _write_view(loss: Loss, view: View, verdicts: list[Mapping[str, Any]]) -> None:
    from lossgraph.verify.explain import explain

    heading(f"{view.expression}" if len(loss.views) == 1 else f"{view.name}: {view.expression}")
    proved = [_named(entry) for entry in verdicts if entry["holds"]]
    if proved:
        labelled("proved", ", ".join(proved), status="proved")
    for entry in (entry for entry in verdicts if entry["holds"] is False):
        if entry["status"] == "depends":
            cells = "; ".join(f"{'holds' if cell['holds'] else 'fails'} where {cell['parameters']}" for cell in entry.get("cells", []))
            labelled("depends", f"{entry['property']}: {cells}", status="depends")
        else:
            why = explain(entry, view)
            labelled("fails", f"{entry['property']}{f': {why}' if why else ''}", status="refuted")
    undecided = [entry["property"] for entry in verdicts if entry["holds"] is None]
    if undecided:
        reasons = sorted({entry.get("reason", "") for entry in verdicts if entry["holds"] is None})
        labelled("undecided", f"{', '.join(undecided)}{f' ({reasons[0]})' if len(reasons) == 1 else ''}", status="undecided")


def _named(entry: Mapping[str, Any]) -> str:
    return entry["property"] + (f" (constant {entry['constant']})" if entry.get("constant") else "")


def write_refuted(reports: list[Report]) -> None:
    found = [entry for each in reports for entry in each.refuted()]
    if found:
        heading("stated, but refuted")
        bullets(f"{entry.place()}: {entry.stated}: {entry.why}" for entry in found)


def write_proofs(loss: Loss, file: Mapping[str, Any], property_id: str | None, form: str) -> None:
    """The proofs of a card's verdicts in words: of one property, or of all."""
    for view in loss.views:
        for entry in file["views"][view.name]["verdicts"]:
            if property_id in (None, entry["property"]):
                heading(f"{loss.id}{f'.{view.name}' if len(loss.views) > 1 else ''}: {entry['property']}")
                _write_proof(entry, view, form)


def _write_proof(stored: Mapping[str, Any], view: View, form: str) -> None:
    from lossgraph.verify.narrate import as_latex, as_text, narrate

    lines = narrate(stored, view, as_latex if form == "latex" else as_text)
    for depth, sentence in lines:
        paragraph(sentence, 2 * depth, 2)
    if not lines:
        paragraph(f"undecided{': ' + stored['reason'] if stored.get('reason') else ''}")


def write_verdict(expression: str, verdict: Verdict, form: str | None = None) -> None:
    """A verdict on a formula; `form` tells its proof too, with formulas as text or as latex."""
    from lossgraph.model import Variable, View
    from lossgraph.verify.explain import explain

    status = "proved" if verdict.holds else verdict.status
    constant = f", constant {verdict.constant}" if verdict.constant else ""
    labelled(status, f"{verdict.property}{constant}", status=status)
    view = View("", expression, {name: Variable() for name in verdict.variables})
    if form is not None and verdict.certificate is not None:
        _write_proof(asdict(verdict), view, form)
        return
    why = explain(asdict(verdict), view)
    if why:
        labelled("", why)
    for cell in verdict.cells:
        word = {True: "holds", False: "fails", None: "open"}[cell.holds]
        labelled("", f"{word} where {cell.parameters}{f' (constant {cell.constant})' if cell.constant else ''}")
    if verdict.holds is None and verdict.reason:
        labelled("", verdict.reason)
