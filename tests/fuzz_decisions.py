"""Asks the verifier about a random loss and judges its answers by numbers: what holds must meet no evidence, what fails must meet some.

The engine runs in this process under a limit of CPU time, so that a busy machine loses no verdicts and no time on fresh workers.
"""

from __future__ import annotations

import random
import re
import signal
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numeric_regularity as numeric
from fuzz_formulas import DOMAINS, PARAMETERS, Digits, Formula, Numpy, loss
from numeric_falsifier import DIGITS, Interval, Sample, mpmath

from lossgraph.model import InputError, Verdict
from lossgraph.verify import cell_at
from lossgraph.verify.engine import decide_question
from lossgraph.verify.question import read

CONTRADICTION, LOOK, SPELLING = "contradiction", "no evidence", "spellings disagree"


class OutOfTime(BaseException):
    """The CPU time is spent; no `Exception`, so that the engine does not take it for a failure of its own."""


def _out_of_time(*_: object) -> None:
    raise OutOfTime


def asked(expression: str, name: str, domain: str, parameters: str, limit: float) -> Verdict | None:
    """The engine's verdict, or what it had reported when `limit` seconds of CPU time were spent; None where that is nothing."""
    partial: list[Verdict] = []
    question = read(expression, name, None, domain, parameters, None)
    before = signal.signal(signal.SIGPROF, _out_of_time)
    try:
        signal.setitimer(signal.ITIMER_PROF, limit)
        try:
            return decide_question(question, partial.append)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except OutOfTime:
        return partial[-1] if partial else None
    finally:
        signal.signal(signal.SIGPROF, before)


@dataclass(frozen=True)
class Case:
    """One random question: a formula with its domain and parameters; `lines` are the directions on which a function of two variables is judged."""

    name: str
    formula: Formula
    domain: str
    parameters: str
    values: tuple[str, ...] = ()
    lines: tuple[tuple[Fraction, Fraction, Fraction, Fraction], ...] = ()
    respelled: bool = False


def case_of(name: str) -> Case:
    """The random question of a name such as "1:17", always the same."""
    draw = random.Random(name)
    kind = draw.random()
    depth = draw.choice((1, 1, 1, 2))
    if kind < 0.08:
        ends = [Fraction(draw.randint(-6, 6), 2) for _ in range(12)]
        lines = tuple((ends[4 * i], ends[4 * i + 1], ends[4 * i + 2], ends[4 * i + 3] or Fraction(1)) for i in range(3))
        return Case(name, loss(draw, depth, ("x", "y")), "x: real; y: real", "", (), lines)
    if kind < 0.28:
        parameters = draw.choice(sorted(PARAMETERS))
        return Case(name, loss(draw, 1, ("x", "a")), f"x: {draw.choice(DOMAINS)}", parameters, PARAMETERS[parameters])
    return Case(name, loss(draw, depth), f"x: {draw.choice(DOMAINS)}", "", (), (), draw.random() < 0.3)


def intervals(text: str) -> list[Interval]:
    """The parts of a domain written as in `DOMAINS`."""
    if text == "real":
        return [(-float("inf"), float("inf"), True, True)]
    if text.startswith("{"):
        return [(float(part), float(part), False, False) for part in text.strip("{}").split(",")]
    found: list[Interval] = []
    for part in text.split(" U "):
        low, high = (float(Fraction(end)) if "oo" not in end else float(end.replace("oo", "inf")) for end in part[1:-1].split(","))
        found.append((low, high, part[0] == "(", part[-1] == ")"))
    return found


def sample(case: Case, value: str | None = None, line: tuple[Fraction, Fraction, Fraction, Fraction] | None = None) -> Sample:
    """The function for one value of the parameter, or along one line of the plane."""
    at, given = case.formula.at, {} if value is None else {"a": Fraction(value)}

    def along(library: Any) -> Any:
        def function(t: Any) -> Any:
            numbers = {name: library.number(part) for name, part in given.items()}
            if line is None:
                return at(library, {"x": t, **numbers})
            p, q, d, e = (library.number(part) for part in line)
            return at(library, {"x": p + d * t, "y": q + e * t})

        return function

    numbers = {Fraction(text) for text in re.findall(r"\d+(?:/\d+)?", case.formula.text)} | set(given.values())
    zeros = {sign * number / slope for number in (*numbers, Fraction(0)) for sign in (1, -1) for slope in (1, 2, Fraction(1, 2))}
    zeros |= {sign * (number + shift) / slope for number in numbers for shift in (1, -1, 2) for sign in (1, -1) for slope in (1, 2, Fraction(1, 2))}
    special = [] if line is not None else sorted(zero for zero in zeros if abs(zero) < 9)
    domain = intervals("real" if line is not None else case.domain.removeprefix("x: "))
    return Sample(along(Numpy), along(Digits), domain, special)


def judged(case: Case, limit: float) -> list[dict[str, Any]]:
    """The verdict on each property, and what the numbers say of it."""
    found: list[dict[str, Any]] = []
    samples = [sample(case, value) for value in case.values] or [sample(case, line=line) for line in case.lines] or [sample(case)]
    for name in numeric.EVIDENCE:
        if case.lines and name == "monotone":
            continue
        start = time.process_time()
        try:
            verdict = asked(case.formula.text, name, case.domain, case.parameters, limit)
        except InputError as error:
            return [*found, _entry(name, None, 0.0, LOOK, f"refused: {error}")]
        start, spent = time.process_time(), time.process_time() - start
        finding, why = (None, None) if verdict is None else contradiction(case, name, verdict, samples)
        if case.respelled and finding is None and verdict is not None and verdict.holds is not None:
            other = asked(case.formula.other, name, case.domain, case.parameters, limit)
            if other is not None and other.holds not in (None, verdict.holds):
                finding, why = SPELLING, case.formula.other
        found.append(_entry(name, verdict, spent, finding, why))
    return found


def _entry(name: str, verdict: Verdict | None, spent: float, finding: str | None, why: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"property": name, "status": "out of time", "holds": None, "checked": False, "reason": None, "kind": None}
    if verdict is not None:
        kind = None if verdict.certificate is None else verdict.certificate["proof"].get("kind")
        entry |= {"status": verdict.status, "holds": verdict.holds, "checked": verdict.checked, "reason": verdict.reason, "kind": kind}
    return {**entry, "seconds": round(spent, 2), "finding": finding, "why": why}


def contradiction(case: Case, name: str, verdict: Verdict, samples: list[Sample]) -> tuple[str | None, str | None]:
    """(kind of finding, its words) where the verdict and the numbers do not go together; (None, None) else."""
    if verdict.holds is None or not all(one.usable for one in samples):
        return None, None
    for index, one in enumerate(samples):
        holds: bool | None = verdict.holds
        if case.values:
            cell = cell_at(verdict, {"a": Fraction(case.values[index])}) if verdict.cells else None
            holds = cell.holds if cell is not None else verdict.holds if verdict.status in ("proved", "refuted") else None
        if holds is None or (case.lines and (holds is False or name in ("symmetric",))):
            continue
        try:
            against = numeric.evidence(name, one)
        except ArithmeticError:
            continue
        if holds and against is not None:
            return CONTRADICTION, against
        if holds and name == "lipschitz" and verdict.constant is not None and not case.values and (beyond := _beyond(verdict.constant, one)) is not None:
            return CONTRADICTION, beyond
        if not holds and against is None and not (name in WEAK and len(one.domain) > 1):
            return LOOK, "fails, but the numbers show nothing"
    return None, None


WEAK = ("differentiable", "continuously_differentiable", "twice_continuously_differentiable", "lipschitz", "lipschitz_gradient")


def _beyond(constant: str, one: Sample) -> str | None:
    """A slope that the stated constant does not allow, or a constant that no slope comes near."""
    with mpmath.workdps(DIGITS + 20):
        try:
            best, _ = numeric.steepest(one)
            top = mpmath.mpf(eval_constant(constant))
        except (ArithmeticError, ValueError, TypeError):
            return None
        if best > top * (1 + mpmath.mpf(10) ** -12):
            return f"slope {mpmath.nstr(best, 12)} exceeds the constant {constant}"
        return f"no slope above {mpmath.nstr(best, 8)} was seen; constant {constant}" if best < 0.5 * top else None


def eval_constant(text: str) -> Any:
    """The value of a constant, an enclosure by its upper end."""
    from lossgraph.formula.numeric import numeric_function
    from lossgraph.formula.parse import parse_expression

    upper = text.strip("[]").split(", ")[-1] if text.startswith("[") else text
    return float(numeric_function(parse_expression(upper))())
