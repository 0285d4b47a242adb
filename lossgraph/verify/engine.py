"""Decides one question: an exact counterexample is sought first, then a proof in each cell of the parameter domain; the certificate says how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy

from lossgraph.formula.domains import Span
from lossgraph.formula.symbolic import end, requirements, symbol, to_sympy
from lossgraph.model import Cell, InputError, Verdict, VerdictStatus
from lossgraph.verify import witness
from lossgraph.verify.cells import ParameterCell, closed_ends, initial, split_cell
from lossgraph.verify.guided import guided
from lossgraph.verify.order import NeedSplit, Undecided, Undefined
from lossgraph.verify.properties import CONSTANTS
from lossgraph.verify.question import Question
from lossgraph.verify.space import Interval
from lossgraph.verify.task import Result, Task, named

FORMAT = 1
MAX_CELLS = 40


def decide_question(question: Question, report: Callable[[Verdict], None] | None = None) -> Verdict:
    """The verdict on a question. Raises `InputError` where the formula is proved to have no finite real value at a point of the domain.

    `report` is told of a counterexample as soon as it is known to count, for a caller who may lose patience with the rest.
    """
    if len(question.asked()) != 1 or question.simplices or question.lengths:
        from lossgraph.verify.several import decide_several

        return decide_several(question, report)
    try:
        refuted = find_witness(question)
    except Undefined as error:
        raise InputError(f"formula `{question.text}` has no finite real value {error}; restrict the domain or the parameters") from None
    settled = refuted is not None and not quantified(question)
    task, cells = prepared(question, settled=settled, doubtful=refuted is not None)
    if refuted is not None and report is not None and not settled and all(task.defined(cell) for cell in cells):
        report(verdict(question, False, "undecided", refuted, reason="fails for some parameters; whether for all was not decided in time"))
    if report is not None and question.property in CONSTANTS:
        plain = merge(question, prove(replace(task, constants=False), cells), refuted)
        if not plain.holds:
            return plain
        report(plain)
    return merge(question, prove(task, cells), refuted)


def find_witness(question: Question) -> dict[str, Any] | None:
    """An exact counterexample in the one variable asked about, or None. Raises `Undefined`."""
    name = question.asked()[0]
    conditions = (*question.conditions, *question.parameter_conditions)
    scene = witness.Scene(question.formula, name, question.sets[name], quantified(question), conditions, question.target(), question.outcome())
    return witness.find(scene, question.property) or guided(scene, question.property)


def quantified(question: Question) -> dict[str, Any]:
    """The parameters, and the variables that are quantified like them (targets, outcomes), with their sets."""
    apart = (*question.asked(), question.outcome())
    return {**question.parameters, **{name: spans for name, spans in question.sets.items() if name not in apart}}


def prepared(question: Question, *, settled: bool, doubtful: bool) -> tuple[Task, list[ParameterCell]]:
    """The question in SymPy, and the cells that its parameter domain starts with."""
    name, outcome = question.asked()[0], question.outcome()
    sets = {**quantified(question), name: question.sets[name], **({} if outcome is None else {outcome: question.sets[outcome]})}
    symbols = {other: symbol(other, spans) for other, spans in sets.items()}
    wanted = requirements(question.formula, symbols)
    if outcome is not None:
        wanted = tuple((_at(first, symbols[outcome], value), _at(second, symbols[outcome], value)) for value in (0, 1) for first, second in wanted)
    target = question.target()
    domain = tuple(interval(span) for span in question.sets[name])
    task = Task(
        question, sympy.sympify(to_sympy(question.formula, symbols)), symbols[name], domain, wanted, None if target is None else to_sympy(target, symbols),
        settled, symbols.get(outcome or ""), doubtful,
    )  # fmt: skip
    conditions = tuple(to_sympy(condition, symbols) for condition in question.parameter_conditions)
    limits = {symbols[key]: tuple(interval(span) for span in spans) for key, spans in quantified(question).items()}
    return task, list(initial(limits, conditions))


def _at(part: Any, outcome: sympy.Symbol, value: int) -> Any:
    return sympy.sympify(part).subs(outcome, value)


def prove(task: Task, cells: list[ParameterCell]) -> list[Result]:
    """Proofs over cells that together are the parameter domain, split where a sign is needed that a cell does not fix."""
    if task.question.conditions:
        return [Result(cell, None, reason="a condition that ties the variable to others", defined=False) for cell in cells]
    waiting, results = list(cells), []
    while waiting:
        cell = waiting.pop(0)
        found = task.attempt(cell)
        try:
            parts = split_cell(cell, named(found.expression, cell)) if isinstance(found, NeedSplit) else ()
            reason = "" if isinstance(found, NeedSplit) else found.reason
        except Undecided as error:
            parts, reason = (), str(error)
        if not parts and (isinstance(found, NeedSplit) or found.holds is None):
            parts = closed_ends(cell, task.names(cell), () if isinstance(found, NeedSplit) else found.about)
        if parts and len(parts) + len(waiting) + len(results) <= MAX_CELLS:
            waiting[:0] = parts
        else:
            results.append(found if isinstance(found, Result) else Result(cell, None, reason=reason or f"more than {MAX_CELLS} cells of parameters"))
    return results


def interval(span: Span) -> Interval:
    """A span with SymPy ends."""
    return Interval(sympy.sympify(end(span.lower)), sympy.sympify(end(span.upper)), span.lower_open, span.upper_open)


def merge(question: Question, results: list[Result], refuted: dict[str, Any] | None) -> Verdict:
    """One verdict from all cells. Where a cell is open, a counterexample still says that the property does not hold for every parameter."""
    vague = next((result.reason for result in results if not result.defined), None)
    if vague is not None:
        return verdict(question, None, "undecided", None, reason=f"not proved that the formula has a finite value everywhere: {vague}")
    holds = {result.holds for result in results}
    if refuted is not None and not quantified(question):
        return verdict(question, False, "refuted", refuted)
    if holds == {True}:
        constants = {result.constant for result in results}
        constant = constants.pop() if len(constants) == 1 else None
        return verdict(question, True, "proved", _proof(results), constant=constant, cells=_cells(results) if len(results) > 1 and constant is None else ())
    if holds == {False}:
        return verdict(question, False, "refuted", _proof(results) if len(results) > 1 or refuted is None else {**_proof(results), "example": refuted})
    reason = next((result.reason for result in results if result.holds is None), None)
    if None not in holds:
        return verdict(question, False, "depends", _proof(results), cells=_cells(results))
    if False in holds or refuted is not None:
        proof = refuted or _proof([result for result in results if result.holds is False][:1])
        return verdict(
            question,
            False,
            "undecided",
            proof,
            cells=_cells(results) if len(results) > 1 else (),
            reason=f"fails for some parameters; open whether for all: {reason}",
        )
    return verdict(question, None, "undecided", None, cells=_cells(results) if len(results) > 1 else (), reason=reason)


def _proof(results: list[Result]) -> dict[str, Any]:
    if len(results) == 1:
        return _with_cell(results[0])
    return {"kind": "cells", "cells": [_with_cell(result) for result in results]}


def _with_cell(result: Result) -> dict[str, Any]:
    return {**(result.proof or {}), "cell": result.cell.text(), "holds": result.holds}


def _cells(results: list[Result]) -> tuple[Cell, ...]:
    status: dict[bool | None, VerdictStatus] = {True: "proved", False: "refuted", None: "undecided"}
    return tuple(Cell(result.cell.text(), result.holds, status[result.holds], result.constant) for result in results)


def verdict(
    question: Question,
    holds: bool | None,
    status: VerdictStatus,
    proof: dict[str, Any] | None,
    *,
    constant: str | None = None,
    cells: tuple[Cell, ...] = (),
    reason: str | None = None,
) -> Verdict:
    """The verdict with its certificate, checked where the checker confirms it."""
    parameters = question.parameters_text
    certificate = None
    if proof is not None:
        certificate = {
            **({"lengths": dict(sorted(question.lengths.items()))} if question.lengths else {}),
            "format": FORMAT, "property": question.property, "expression": question.text, "variables": ", ".join(question.variables),
            "domain": question.domain_text,
            "parameters": parameters, "roles": dict(sorted(question.roles.items())), "holds": holds, "status": status, "constant": constant, "proof": proof,
        }  # fmt: skip
    plain = Verdict(question.property, question.variables, question.domain_text, parameters, holds, status, constant, cells, certificate, False, reason)
    return replace(plain, checked=_checked(certificate))


def _checked(certificate: dict[str, Any] | None) -> bool:
    if certificate is None:
        return False
    try:
        from lossgraph.checker import check
    except ImportError:
        return False
    try:
        return bool(check(certificate))
    except Exception:  # a checker that stumbles has confirmed nothing
        return False
