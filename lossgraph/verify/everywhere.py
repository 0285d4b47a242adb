"""Proves that an expression of several real quantities is zero, nonnegative or positive at every point.

The proof runs over cells of all quantities but one, and in each cell over the pieces of that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sympy

from lossgraph.verify.cells import ParameterCell, initial, interval_text, refreshed, split_cell
from lossgraph.verify.order import NeedSplit, Undecided, Undefined
from lossgraph.verify.orders import SWITCHES, by_orders
from lossgraph.verify.pieces import Piece, split
from lossgraph.verify.signs import Sign, is_zero, sign
from lossgraph.verify.space import Interval, Space
from lossgraph.verify.structure import understood

MAX_CELLS = 60
MANY = 4  # with so many quantities a piecewise formula is tried in every order of them first
ACCEPTED: dict[str, tuple[Sign, ...]] = {
    "= 0": (Sign.ZERO,),
    ">= 0": (Sign.POSITIVE, Sign.ZERO, Sign.NONNEGATIVE),
    "> 0": (Sign.POSITIVE,),
}
"""The claims, and the signs that prove them."""
OUTSIDE: dict[str, int] = {"= 0": 0, ">= 0": 0, "> 0": 1}
Symbols = tuple[tuple[sympy.Symbol, tuple[Interval, ...]], ...]


@dataclass(frozen=True)
class Proof:
    """A universal claim that is proved (with its certificate) or not (with the reason). It never says that the claim fails."""

    proved: bool
    certificate: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def everywhere(expression: sympy.Expr, claim: str, symbols: Symbols, conditions: tuple[sympy.Basic, ...] = ()) -> Proof:
    """Whether `expression` is "= 0", ">= 0" or "> 0" wherever every symbol is in its intervals and all conditions hold.

    Where it has no Abs, Max, Piecewise ... one sign proof over all symbols is tried first. Then each symbol in turn is split into pieces, predictions
    (which stand last) first.
    """
    expression = sympy.sympify(expression)
    if expression.is_Rational:
        held = (expression == 0, expression >= 0, expression > 0)[list(ACCEPTED).index(claim)]
        return Proof(bool(held), {"by": "number", "expression": str(expression), "claim": claim}, "" if held else f"{expression} {claim} is false")
    if expression in (sympy.oo, -sympy.oo, sympy.nan, sympy.zoo):
        return Proof(False, reason=f"{expression} is no number")
    held = expression.free_symbols.union(*(condition.free_symbols for condition in conditions))
    symbols = tuple(entry for entry in symbols if entry[0] in held)
    reasons: list[str] = []
    if understood(expression):
        found = over_cells(symbols, conditions, (expression,), lambda space, parts: _smooth(parts[0], claim, space))
        if found.proved:
            return Proof(True, {"by": "sign", "expression": str(expression), "claim": claim, **found.certificate})
        reasons.append(found.reason)
    switched = expression.has(*SWITCHES)
    early = switched and len(symbols) >= MANY
    if early and by_orders(expression, claim, symbols, conditions):
        return Proof(True, {"by": "orders", "expression": str(expression), "claim": claim})
    inside = [entry for entry in reversed(symbols) if entry[0] in expression.free_symbols] or [(sympy.Symbol("x_", real=True), (Interval(),))]
    if early and len(symbols) > MANY:  # pieces of one quantity in cells of so many others are not tried
        inside = []
    for main in inside:
        found = _along(expression, claim, main, tuple(entry for entry in symbols if entry[0] != main[0]), conditions)
        if found.proved:
            return found
        reasons.append(found.reason)
    if (switched or conditions) and not early and by_orders(expression, claim, symbols, conditions):
        return Proof(True, {"by": "orders", "expression": str(expression), "claim": claim})
    return Proof(False, reason=reasons[-1] if len(reasons) == 1 else next((reason for reason in reversed(reasons) if reason), "not decided"))


def _smooth(expression: sympy.Expr, claim: str, space: Space) -> dict[str, Any]:
    if is_zero(expression, space) and Sign.ZERO in ACCEPTED[claim]:
        return {"sign": "0", "proof": {"kind": "zero", "expression": str(expression)}}
    for where in () if claim == "= 0" else (space, *_wider(expression, space)):
        found = sign(expression, where)
        if found is not None and found.sign in ACCEPTED[claim]:
            wider = {} if where is space else {"over": interval_text(*where.intervals[-1])}
            return {"sign": found.sign.value, "proof": found.certificate, **wider}
    raise Undecided(f"{expression} {claim} is not proved")


def _wider(expression: sympy.Expr, space: Space) -> Iterator[Space]:
    """The same space with the last symbol less bound: what holds on more points holds here, and a ray is sometimes easier than an interval."""
    if not space.intervals or space.conditions:
        return
    symbol, interval = space.intervals[-1]
    for lower, upper in ((interval.lower, sympy.oo), (-sympy.oo, interval.upper), (-sympy.oo, sympy.oo)):
        if symbol in expression.free_symbols and (lower, upper) != (interval.lower, interval.upper) and not (symbol.is_positive or symbol.is_negative):
            yield Space((*space.intervals[:-1], (symbol, Interval(lower, upper))))


def _along(expression: sympy.Expr, claim: str, main: tuple[sympy.Symbol, tuple[Interval, ...]], others: Symbols, conditions: tuple[sympy.Basic, ...]) -> Proof:
    """The proof by the pieces of `main`, in cells of the other symbols. Conditions on `main` become a Piecewise that meets the claim wherever they fail."""
    variable, domain = main
    own = [condition for condition in conditions if variable in condition.free_symbols]
    rest = tuple(condition for condition in conditions if variable not in condition.free_symbols)
    for condition in own:
        expression = sympy.Piecewise((expression, condition), (sympy.Integer(OUTSIDE[claim]), True), evaluate=False)  # type: ignore[assignment]
    found = over_cells(others, rest, (expression,), lambda space, parts: _pieces(parts[0], claim, variable, domain, space))
    if not found.proved:
        return found
    return Proof(True, {"by": "pieces", "expression": str(expression), "claim": claim, "variable": str(variable), **found.certificate})


def _pieces(expression: sympy.Expr, claim: str, variable: sympy.Symbol, domain: tuple[Interval, ...], space: Space) -> dict[str, Any]:
    shape = split(expression, variable, domain, space)
    pieces = [{**piece_text(piece), **_smooth(piece.expression, claim, shape.over(piece))} for piece in shape.pieces()]
    points = [
        {"at": str(point.at), "value": str(point.value), "resolutions": list(point.resolutions), **_smooth(point.value, claim, space)}
        for point in shape.points()
    ]
    return {"pieces": pieces, "points": points}


def piece_text(piece: Piece) -> dict[str, Any]:
    """A piece as text, with the proofs that resolved its Abs, Max and Piecewise."""
    return {"lower": str(piece.lower), "upper": str(piece.upper), "expression": str(piece.expression), "resolutions": list(piece.resolutions)}


def over_cells(
    symbols: Symbols, conditions: tuple[sympy.Basic, ...], expressions: tuple[sympy.Basic, ...], attempt: Callable[[Space, tuple[Any, ...]], dict[str, Any]]
) -> Proof:
    """Runs `attempt` on cells that together are the space of `symbols`, split where it raises `NeedSplit`. Proved where it returns for every cell.

    `attempt` gets the cell's space and the expressions in the cell's symbols; it returns what it proved there.
    """
    cells = list(initial(dict(symbols), conditions))
    settled: list[dict[str, Any]] = []
    while cells:
        cell = cells.pop(0)
        fresh, changed = refreshed(cell, expressions)
        if sympy.false in fresh.space.conditions:
            settled.append({"cell": fresh.text(), "empty": True})
            continue
        try:
            if any(part.has(sympy.nan, sympy.zoo) for part in changed):
                raise Undecided(f"no value where {fresh.text()}")
            settled.append({"cell": fresh.text(), **attempt(fresh.space, changed)})
        except NeedSplit as error:
            parts = _parts(cell, error.expression)
            if parts is None or len(parts) + len(cells) + len(settled) > MAX_CELLS:
                return Proof(False, reason=f"the sign of {error.expression} is open{_where(fresh)}")
            cells[:0] = parts
        except (Undecided, Undefined) as error:
            return Proof(False, reason=f"{error}{_where(fresh)}")
        except Exception as error:  # the engine fails closed: whatever SymPy raises is no proof of anything
            return Proof(False, reason=f"{type(error).__name__}: {error}{_where(fresh)}")
    return Proof(True, {"cells": settled})


def _where(cell: ParameterCell) -> str:
    return f" where {cell.text()}" if cell.text() else ""


def _parts(cell: ParameterCell, expression: sympy.Expr) -> tuple[ParameterCell, ...] | None:
    try:
        return split_cell(cell, named(expression, cell.space))
    except Undecided:
        return None


def named(expression: sympy.Expr, space: Space) -> sympy.Expr:
    """`expression` with the symbols of `space`, found by name (the same name may carry other assumptions elsewhere)."""
    own = {symbol.name: symbol for symbol in space.symbols()}
    return expression.subs({other: own[str(other)] for other in expression.free_symbols if str(other) in own and other != own[str(other)]})


def lies_in(expression: sympy.Expr, allowed: tuple[Interval, ...], symbols: Symbols, conditions: tuple[sympy.Basic, ...]) -> Proof:
    """Whether `expression` is in one of the intervals at every point (each point in the same interval)."""
    found = Proof(False, reason="no interval")
    for interval in allowed:
        proofs: list[Proof] = []
        for gap, opened in _gaps(expression, interval):
            proofs.append(everywhere(gap, "> 0" if opened else ">= 0", symbols, conditions))
            if not proofs[-1].proved:
                break
        if all(proof.proved for proof in proofs):
            return Proof(True, {"claims": [proof.certificate for proof in proofs]})
        found = proofs[-1]
    if len(allowed) > 1 and all(interval.lower == interval.upper for interval in allowed):
        return _one_of(expression, [interval.lower for interval in allowed], symbols, conditions)
    return found


def _gaps(expression: sympy.Expr, interval: Interval) -> Iterator[tuple[sympy.Expr, bool]]:
    if interval.lower != -sympy.oo:
        yield expression - interval.lower, interval.lower_open
    if interval.upper != sympy.oo:
        yield interval.upper - expression, interval.upper_open


def _one_of(expression: sympy.Expr, values: list[sympy.Expr], symbols: Symbols, conditions: tuple[sympy.Basic, ...]) -> Proof:
    """A finite set: the product of the differences is zero."""
    return everywhere(sympy.Mul(*(expression - value for value in values)), "= 0", symbols, conditions)


def condition_holds(condition: Any, guard: Any, symbols: Symbols, conditions: tuple[sympy.Basic, ...] = ()) -> Proof:
    """Whether a comparison, or several joined by And, is true at every point at which `guard` is."""
    proofs = [_comparison(part, guard, symbols, conditions) for part in (condition.args if isinstance(condition, sympy.And) else (condition,))]
    failed = next((proof for proof in proofs if not proof.proved), None)
    return failed or Proof(True, {"claims": [proof.certificate for proof in proofs]})


def _comparison(condition: Any, guard: Any, symbols: Symbols, conditions: tuple[sympy.Basic, ...]) -> Proof:
    if condition in (True, sympy.true):
        return Proof(True, {"by": "number"})
    operator = str(getattr(condition, "rel_op", ""))  # And, Or and Not have none
    gap = condition.lhs - condition.rhs if operator else sympy.Integer(0)
    tries = {
        ">": [(gap, "> 0")], ">=": [(gap, ">= 0")], "<": [(-gap, "> 0")], "<=": [(-gap, ">= 0")], "!=": [(gap, "> 0"), (-gap, "> 0"), (gap**2, "> 0")],
    }.get(operator, [])  # fmt: skip
    limit: Any = guard.args[0] - guard.args[1] if isinstance(guard, sympy.StrictGreaterThan) else None  # type: ignore[operator]
    if limit is not None and operator in {">", "!="}:  # what is at least as much as something positive is positive
        found = everywhere(gap - limit, ">= 0", symbols, conditions)
        if found.proved:
            return found
    for expression, claim in tries:
        whole = expression if guard in (True, sympy.true) else sympy.Piecewise((expression, guard), (1, True), evaluate=False)
        found = everywhere(whole, claim, symbols, conditions)
        if found.proved:
            return found
    return Proof(False, reason=f"{condition} is not proved")
