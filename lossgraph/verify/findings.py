"""Holds what cards state against what is decided: which statements are confirmed, refuted or open, and how much of the grid is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lossgraph.model import Claim, Loss, Property, View
from lossgraph.verify.catalogue import CARD_ERROR, Question, Stored, answers, applicable, is_scalar
from lossgraph.verify.explain import explain

Outcome = Literal["confirmed", "refuted", "undecided"]


@dataclass(frozen=True)
class Statement:
    """One thing that a card states, and what became of it. `why` is the counterexample, or the reason why it is open.

    `checked` says of a relation whether the independent checker confirmed its proof.
    """

    loss: str
    view: str | None
    subject: str
    stated: str
    outcome: Outcome
    why: str | None = None
    checked: bool | None = None

    def place(self) -> str:
        """`huber`, or `focal.logit` for a view."""
        return self.loss if self.view is None else f"{self.loss}.{self.view}"


@dataclass(frozen=True)
class Report:
    """What is known of a card after verification. The grid counts are of the views about one real variable; `checked` relations are those that the
    independent checker confirmed.
    """

    loss: str
    statements: tuple[Statement, ...]
    grid: int
    decided: int
    relations: Mapping[str, int]
    checked: int = 0

    def refuted(self) -> list[Statement]:
        """What the card states and proofs refute."""
        return [entry for entry in self.statements if entry.outcome == "refuted"]


def report(loss: Loss, losses: Mapping[str, Loss], properties: Mapping[str, Property], stored: Stored) -> Report:
    """The card against its file; what the file does not answer is open."""
    known = answers(loss, losses, stored)
    statements: list[Statement] = []
    grid = decided = 0
    for view in loss.views:
        names = applicable(view, properties)
        found = {name: known.get(Question(loss.id, view.name, name)) for name in names}
        if is_scalar(view):
            grid += len(names)
            decided += sum(1 for entry in found.values() if entry is not None and entry["holds"] is not None)
        shown = view.name if len(loss.views) > 1 else None
        statements += _card_errors(loss, shown, found)
        for name, claim in view.properties.items():
            if name in properties and properties[name].decided_by == "calculus":
                answer = known.get(Question(loss.id, view.name, name, claim.when))
                statements.append(_statement(loss, shown, view, name, claim, answer, name in names))
    relations, counts = _relations(loss, known)
    checked = sum(1 for question, entry in known.items() if question.relation is not None and entry.get("checked"))
    return Report(loss.id, (*statements, *relations), grid, decided, counts, checked)


def _card_errors(loss: Loss, view: str | None, found: Mapping[str, Stored | None]) -> list[Statement]:
    """A formula without a value at a point of its own domain is the card's mistake, reported once."""
    reasons = sorted({entry["reason"] for entry in found.values() if entry is not None and entry.get("reason", "").startswith(CARD_ERROR)})
    return [Statement(loss.id, view, "formula", "defined on its domain", "refuted", reason.removeprefix(CARD_ERROR)) for reason in reasons[:1]]


def _statement(loss: Loss, shown: str | None, view: View, name: str, claim: Claim, answer: Stored | None, applies: bool) -> Statement:
    stated = ("" if claim.holds else "not ") + name + (f" where {claim.when}" if claim.when else "")
    if not applies:
        return Statement(loss.id, shown, name, stated, "undecided", "the view has no variable of the role that this property needs")
    if answer is None or answer["holds"] is None:
        return Statement(loss.id, shown, name, stated, "undecided", "not verified yet" if answer is None else answer.get("reason"))
    if answer["holds"] is not claim.holds:
        return Statement(loss.id, shown, name, stated, "refuted", explain(answer, view) or f"proved: {'' if answer['holds'] else 'not '}{name}")
    if claim.constant is not None and claim.holds:
        return _constant(Statement(loss.id, shown, name, f"{stated} with constant {claim.constant}", "confirmed"), view, claim, answer)
    return Statement(loss.id, shown, name, stated, "confirmed")


def _constant(statement: Statement, view: View, claim: Claim, answer: Stored) -> Statement:
    from dataclasses import replace

    from lossgraph.verify.constants import same_constant

    found = answer.get("constant")
    if found is None:
        return replace(statement, outcome="undecided", why="the property is proved, its constant is not")
    same = same_constant(str(claim.constant), found, view)
    if same is None:
        return replace(statement, outcome="undecided", why=f"the property is proved with constant {found}; whether that equals {claim.constant} is open")
    return statement if same else replace(statement, outcome="refuted", why=f"the proved constant is {found}")


def _relations(loss: Loss, known: Mapping[Question, Stored]) -> tuple[list[Statement], dict[str, int]]:
    found: list[Statement] = []
    counts = {"proved": 0, "refuted": 0, "undecided": 0, "not_checkable": 0}
    outcomes: dict[str, Outcome] = {"proved": "confirmed", "refuted": "refuted"}
    for index, relation in enumerate(loss.relations):
        if relation.identity is None:
            counts["not_checkable"] += 1
            continue
        answer: Mapping[str, Any] = known.get(Question(loss.id, relation=index), {"status": "undecided", "reason": "not verified yet"})
        counts[answer["status"]] += 1
        when = f" where {relation.when}" if relation.when else ""
        outcome = outcomes.get(answer["status"], "undecided")
        subject, stated = f"{relation.type} {relation.target}", f"{relation.identity}{when}"
        found.append(Statement(loss.id, None, subject, stated, outcome, answer.get("reason"), bool(answer.get("checked"))))
    return found, counts
