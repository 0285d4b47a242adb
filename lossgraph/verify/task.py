"""One formula and property, attempted on one cell of the parameter domain after another: definedness first, then proof, composition, refutation on a part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sympy

from lossgraph.model import InputError
from lossgraph.verify.cells import ParameterCell, interval_text, refreshed
from lossgraph.verify.checks import Outcome
from lossgraph.verify.composition import compose
from lossgraph.verify.order import NeedSplit, Undecided, Undefined, sign_of
from lossgraph.verify.pieces import split
from lossgraph.verify.properties import CONSTANTS, DECIDERS, Case
from lossgraph.verify.question import PROPERTIES, Question
from lossgraph.verify.samples import sample_points
from lossgraph.verify.signs import Sign
from lossgraph.verify.space import Interval, Space

# properties that a formula has on every part of its domain once it has them on the whole
INHERITED = frozenset(PROPERTIES) - {
    "symmetric", "zero_at_target", "zero_only_at_target", "redescending", "classification_calibrated", "proper", "strictly_proper",
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What one parameter cell gave: a verdict with its proof, or the reason why there is none."""

    cell: ParameterCell
    holds: bool | None
    proof: dict[str, Any] | None = None
    constant: str | None = None
    reason: str | None = None
    defined: bool = True
    about: tuple[str, ...] = ()  # the names in the formula that a proof failed on


def named(expression: sympy.Expr, cell: ParameterCell) -> sympy.Expr:
    """`expression` with the cell's own symbols, found by name."""
    by_name = {own.name: own for own in cell.space.symbols()}
    others: set[Any] = expression.free_symbols
    return expression.subs({other: by_name[other.name] for other in others if other.name in by_name and other != by_name[other.name]})


@dataclass(frozen=True)
class Task:
    """A formula and property in SymPy, to be attempted on one cell after another."""

    question: Question
    expression: sympy.Expr
    variable: sympy.Symbol
    domain: tuple[Interval, ...]
    wanted: tuple[tuple[Any, Any], ...]
    target: sympy.Expr | None
    refuted: bool = False
    outcome: sympy.Symbol | None = None
    doubtful: bool = False
    constants: bool = True

    def defined(self, cell: ParameterCell) -> bool:
        """Whether the formula is proved, without any splitting, to have a value everywhere in the cell."""
        case, wanted = self.prepared(cell)[1:]
        try:
            _meets_requirements(case, wanted)
        except (NeedSplit, Undecided, Undefined):
            return False
        except Exception:  # fails closed
            return False
        return True

    def names(self, cell: ParameterCell) -> tuple[str, ...]:
        """The names that the answer may depend on in this cell: in the formula, its requirements and target, and in ends and conditions of parameters."""
        fresh, case, wanted = self.prepared(cell)
        ends = [end for _, interval in fresh.space.intervals for end in (interval.lower, interval.upper)]
        aim = [] if case.target is None else [case.target]
        return _names(case.expression, *aim, *(part for pair in wanted for part in pair), *ends, *fresh.space.conditions)

    def prepared(self, cell: ParameterCell) -> tuple[ParameterCell, Case, list[tuple[Any, Any]]]:
        """The cell, the case and the requirements, in symbols that carry the signs that the cell implies."""
        target = sympy.S.Zero if self.target is None else self.target
        pairs = [part for pair in self.wanted for part in pair]
        fresh, changed = refreshed(cell, (self.expression, target, *pairs))
        aim = None if self.target is None else sympy.sympify(changed[1])
        case = Case(sympy.sympify(changed[0]), self.variable, self.domain, fresh.space, aim, self.outcome, self.doubtful)
        return fresh, case, list(zip(changed[2::2], changed[3::2], strict=True))

    def attempt(self, cell: ParameterCell) -> Result | NeedSplit:
        """The outcome on one cell, or what to split on. Anything unforeseen means undecided, never a verdict."""
        fresh, case, wanted = self.prepared(cell)
        defined = False
        try:
            _meets_requirements(case, wanted)
            defined = True
            if self.refuted:
                return Result(fresh, False)
            outcome = decide_case(case, self.question.property)
            if self.constants and outcome.holds and outcome.proof is None and self.question.property in CONSTANTS:
                outcome = CONSTANTS[self.question.property](case, outcome)
            proof = _written(case, outcome)
        except NeedSplit as error:
            return error
        except Undefined as error:
            if fresh.space.conditions and not sample_points(fresh.space, 1):  # a cell that might be empty proves nothing about the formula
                return Result(cell, None, reason=str(error), defined=False)
            where = f" where {fresh.text()}" if fresh.text() else ""
            raise InputError(f"formula `{self.question.text}` has no finite real value{where}: {error}; restrict the domain or the parameters") from None
        except Undecided as error:
            return Result(cell, None, reason=str(error), defined=defined, about=() if error.about is None else _names(error.about))
        except InputError:
            raise
        except Exception as error:  # the engine fails closed: whatever SymPy raises is no proof of anything
            return Result(cell, None, reason=f"{type(error).__name__}: {error}", defined=defined)
        if not outcome.holds and fresh.space.conditions and not sample_points(fresh.space, 1):
            return Result(cell, None, reason="fails where the parameters meet conditions that may have no solution")
        return Result(fresh, outcome.holds, proof, outcome.constant)


def _names(*expressions: Any) -> tuple[str, ...]:
    return tuple(sorted({symbol.name for expression in expressions for symbol in expression.free_symbols}))


def _written(case: Case, outcome: Outcome) -> dict[str, Any]:
    """The proof of one cell: the outcome's own, or its claims about a shape."""
    if outcome.proof is not None:
        return outcome.proof
    shape = outcome.shape
    if shape is None:
        shape = {} if case.outcome is not None else case.shape().certificate()
    return {"kind": "pieces", "variable": str(case.variable), "shape": shape, "claims": outcome.claims}


def decide_case(case: Case, property_id: str) -> Outcome:
    """The property over one parameter cell: from the pieces; else composed from parts; else refuted on a part of the domain that is easier to split."""
    try:
        return DECIDERS[property_id](case)
    except Undecided as error:
        used = case.expression.free_symbols
        if any(symbol in used and not (interval.lower_open and interval.upper_open) for symbol, interval in case.space.intervals):
            raise  # the closed ends are split off first: that is cheaper, and settles more
        composed = None if case.doubtful else compose(case, property_id, decide_case)
        if composed is not None:
            return composed
        for window in windows(case.domain) if property_id in INHERITED else ():
            part = replace(case, domain=(window,), kept={})
            try:
                outcome = DECIDERS[property_id](part)
            except (Undecided, NeedSplit):
                continue
            if not outcome.holds:
                return replace(outcome, proof={**_written(part, outcome), "window": interval_text(case.variable, window)})
        raise error


def windows(domain: tuple[Interval, ...]) -> Iterator[Interval]:
    """Open intervals inside the domain: bounded ones, one far out on each side, and the middle of each bounded part."""
    for part in domain:
        if part.lower.is_finite and part.upper.is_finite and sign_of(part.upper - part.lower, Space(())) is Sign.POSITIVE:
            yield Interval((3 * part.lower + part.upper) / 4, (part.lower + 3 * part.upper) / 4, True, True)
    for low, high in ((-2, 2), (1, 5), (5, sympy.oo), (-sympy.oo, -5)):
        for part in domain:
            lower, upper = sympy.Max(part.lower, low), sympy.Min(part.upper, high)
            wide = upper - lower if lower.is_finite and upper.is_finite else sympy.S.One
            if lower.is_number and upper.is_number and (lower != part.lower or upper != part.upper) and sign_of(wide, Space(())) is Sign.POSITIVE:
                yield Interval(lower, upper, True, True)


def _meets_requirements(case: Case, wanted: list[tuple[Any, Any]]) -> None:
    """Every part of the formula as written has a value (SymPy forgets that x/x has none at 0). Raises `Undefined`, `NeedSplit` or `Undecided`."""
    for guard, condition in wanted:
        if condition in (True, sympy.true) or guard in (False, sympy.false):
            continue
        # 1 where the part is used and its condition fails, 0 elsewhere: split like any formula, and read off
        broken = sympy.Piecewise((0, condition), (1, True))
        alarm = broken if guard in (True, sympy.true) else sympy.Piecewise((0, sympy.Not(guard)), (broken, True), evaluate=False)
        shape = split(sympy.sympify(alarm), case.variable, case.domain, case.space)
        for point in shape.points():
            if point.value != 0:
                raise _missing(case, condition, f"at {case.variable} = {point.at}")
        for piece in shape.pieces():
            if piece.expression != 0:
                raise _missing(case, condition, f"between {piece.lower} and {piece.upper}")


def _missing(case: Case, condition: Any, where: str) -> Exception:
    """What a requirement that fails says. Where it asks for a positive base because an exponent's sign did not show, 0 to a positive power may stand there."""
    powers = {node for node in case.expression.atoms(sympy.Pow) if node.exp.free_symbols and node.exp.is_positive is None}
    if powers and isinstance(condition, sympy.StrictGreaterThan):
        return Undecided(f"{where}, {condition} fails, and a power of 0 may be meant")
    return Undefined(f"{where}, {condition} fails")
