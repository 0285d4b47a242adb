"""The parameter domain in cells: each a space in which the signs that a proof needs are fixed, each proved not to be empty."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy

from lossgraph.verify.order import STRICT, Undecided, factors, sign_of
from lossgraph.verify.signs import Sign
from lossgraph.verify.space import Interval, Space


@dataclass(frozen=True)
class ParameterCell:
    """Part of the parameter domain: a space over the parameters that are still free, values for those that are fixed, and the text of the whole."""

    space: Space
    fixed: tuple[tuple[sympy.Symbol, sympy.Expr], ...] = ()
    splits: tuple[sympy.Expr, ...] = field(default=(), compare=False)

    def text(self) -> str:
        """The cell in the grammar of parameter domains, `0 < tau; tau < 1/2`."""
        parts = [f"{symbol} == {value}" for symbol, value in self.fixed]
        parts += [part for symbol, interval in self.space.intervals for part in [interval_text(symbol, interval)] if part]
        parts += [str(condition) for condition in self.space.conditions]
        return "; ".join(parts)


def interval_text(symbol: sympy.Symbol, interval: Interval) -> str:
    """`symbol: (a, b]`, with `real` for the whole line and `{a}` for a point."""
    if interval.lower == -sympy.oo and interval.upper == sympy.oo:
        return f"{symbol}: real"
    if interval.lower == interval.upper:
        return f"{symbol}: {{{interval.lower}}}"
    return f"{symbol}: {'(' if interval.lower_open else '['}{interval.lower}, {interval.upper}{')' if interval.upper_open else ']'}"


def initial(parameters: Mapping[sympy.Symbol, tuple[Interval, ...]], conditions: tuple[sympy.Basic, ...]) -> tuple[ParameterCell, ...]:
    """The product of the parameters' intervals, a single point being a fixed value."""
    cells = [ParameterCell(Space((), ()))]
    for symbol, intervals in parameters.items():
        grown: list[ParameterCell] = []
        for cell in cells:
            for interval in intervals:
                if interval.lower == interval.upper:
                    grown.append(replace(cell, fixed=(*cell.fixed, (symbol, interval.lower))))
                else:
                    grown.append(replace(cell, space=cell.space.extended(symbol, interval)))
        cells = grown
    return tuple(_with_conditions(cell, conditions) for cell in cells)


def _with_conditions(cell: ParameterCell, conditions: tuple[sympy.Basic, ...]) -> ParameterCell:
    kept = tuple(condition.subs(dict(cell.fixed)) for condition in conditions)
    return replace(cell, space=cell.space.given(*(condition for condition in kept if condition is not sympy.true)))


def split_cell(cell: ParameterCell, expression: sympy.Expr) -> tuple[ParameterCell, ...]:
    """Cells that together are `cell`, in each of which the sign of `expression` may be provable. Raises `Undecided` where no useful split is known.

    Any partition is sound; cuts are made only through one parameter at exact points strictly inside its interval, so that no part is empty.
    """
    free: list[Any] = sorted(expression.free_symbols, key=str)
    if not free or not set(free) <= set(cell.space.symbols()):
        raise Undecided(f"cannot split on {expression}")
    if len(free) > 1:
        open_factors = [factor for factor in factors(expression) if factor != expression and sign_of(factor, cell.space) not in STRICT]
        if open_factors:
            return split_cell(cell, open_factors[0])
    if expression in cell.splits:
        raise Undecided(f"the sign of {expression} stays open after a split on it")
    if len(free) > 1:
        return _split_jointly(cell, expression)
    symbol = free[0]
    interval = cell.space.interval(symbol)
    cuts = sorted({root for root in _roots(expression, symbol) if _strictly_inside(root, interval)}, key=lambda root: sympy.N(root, 30))
    if not cuts:
        return _closed_ends(cell, symbol, interval, expression)
    parts: list[ParameterCell] = []
    ends = [interval.lower, *cuts, interval.upper]
    for index, (left, right) in enumerate(itertools.pairwise(ends)):
        part = Interval(left, right, interval.lower_open if index == 0 else True, interval.upper_open if index == len(cuts) else True)
        parts.append(_narrowed(cell, symbol, part, expression))
        if index < len(cuts):
            parts.append(fix(cell, symbol, right, expression))
    return tuple(parts)


def _split_jointly(cell: ParameterCell, expression: sympy.Expr) -> tuple[ParameterCell, ...]:
    """A split on an expression in several parameters: two open cells with a condition, and a substitution between; each with an exact sample point.

    The expression is affine in one of them, or in its logarithm.
    """
    names: list[Any] = sorted(expression.free_symbols, key=str)
    for symbol in names:
        interval = cell.space.interval(symbol)
        logarithm, mark = sympy.log(symbol), sympy.Dummy("l", real=True)
        by_log = bool(symbol.is_positive) and expression.has(logarithm)
        replaced: Any = expression.xreplace({logarithm: mark}) if by_log else expression
        polynomial = replaced.as_poly(mark if by_log else symbol)
        rest = Space(tuple(pair for pair in cell.space.intervals if pair[0] != symbol))
        if polynomial is None or polynomial.degree() != 1 or cell.space.conditions or any(symbol in _ends(other) for _, other in rest.intervals):
            continue
        if by_log and symbol in polynomial.free_symbols_in_domain:
            continue
        if sign_of(polynomial.LC(), rest) not in (Sign.POSITIVE, Sign.NEGATIVE):
            continue
        root: Any
        if by_log:
            root = sympy.exp(sympy.expand(-polynomial.coeff_monomial(1) / polynomial.LC()))
        else:
            roots = sympy.solve(expression, symbol)
            if not roots:  # the symbol's sign forbids it
                continue
            root = roots[0]
        holds = [
            sign_of(root - interval.lower, rest) is Sign.POSITIVE or interval.lower == -sympy.oo,
            sign_of(interval.upper - root, rest) is Sign.POSITIVE or interval.upper == sympy.oo,
        ]
        if not all(holds):
            continue
        before = tuple(pair for pair in cell.space.intervals if pair[0] != symbol)
        below, above = (Interval(interval.lower, root, interval.lower_open, True), Interval(root, interval.upper, True, interval.upper_open))
        spaces = [Space((*before, (symbol, part))) for part in (below, above)]
        equal = ParameterCell(rest, (*((name, value.subs(symbol, root)) for name, value in cell.fixed), (symbol, root)), (*cell.splits, expression))
        return (ParameterCell(spaces[0], cell.fixed, (*cell.splits, expression)), equal, ParameterCell(spaces[1], cell.fixed, (*cell.splits, expression)))
    raise Undecided(f"cannot split on {expression}, which holds several parameters")


def _ends(interval: Interval) -> set[sympy.Basic]:
    return interval.lower.free_symbols | interval.upper.free_symbols


def _closed_ends(cell: ParameterCell, symbol: sympy.Symbol, interval: Interval, expression: sympy.Expr | None) -> tuple[ParameterCell, ...]:
    """Splits closed ends off, since a sign may differ there."""
    parts: list[ParameterCell] = []
    if not interval.lower_open:
        parts.append(fix(cell, symbol, interval.lower, expression))
    if interval.lower_open and interval.upper_open:
        raise Undecided(f"the sign of {expression} for {interval_text(symbol, interval)}")
    parts.append(_narrowed(cell, symbol, Interval(interval.lower, interval.upper, True, True), expression))
    if not interval.upper_open:
        parts.append(fix(cell, symbol, interval.upper, expression))
    return tuple(parts)


def closed_ends(cell: ParameterCell, used: Collection[str], first: Collection[str] = ()) -> tuple[ParameterCell, ...]:
    """The cell with the closed ends of one parameter that is in use split off; () where there are none. The last resort where a proof does not close.

    Parameters named in `first`, on which the proof failed, come before the others.
    """
    for symbol, interval in sorted(cell.space.intervals, key=lambda pair: pair[0].name not in first):
        if symbol.name in used and not (interval.lower_open and interval.upper_open) and interval.lower != interval.upper:
            return _closed_ends(cell, symbol, interval, None)
    return ()


def fix(cell: ParameterCell, symbol: sympy.Symbol, value: sympy.Expr, expression: sympy.Expr | None) -> ParameterCell:
    """The cell in which `symbol` has one value."""
    intervals = tuple(
        (name, Interval(interval.lower.subs(symbol, value), interval.upper.subs(symbol, value), interval.lower_open, interval.upper_open))
        for name, interval in cell.space.intervals
        if name != symbol
    )
    conditions = tuple(c for c in (condition.subs(symbol, value) for condition in cell.space.conditions) if c is not sympy.true)
    fixed = (*((name, old.subs(symbol, value)) for name, old in cell.fixed), (symbol, value))
    return ParameterCell(Space(intervals, conditions), fixed, _splits(cell, expression))


def _splits(cell: ParameterCell, expression: sympy.Expr | None) -> tuple[sympy.Expr, ...]:
    return cell.splits if expression is None else (*cell.splits, expression)


def _narrowed(cell: ParameterCell, symbol: sympy.Symbol, part: Interval, expression: sympy.Expr | None) -> ParameterCell:
    intervals = tuple((name, part if name == symbol else interval) for name, interval in cell.space.intervals)
    return ParameterCell(Space(intervals, cell.space.conditions), cell.fixed, _splits(cell, expression))


def _roots(expression: sympy.Expr, symbol: sympy.Symbol) -> Iterator[sympy.Expr]:
    """Exact real zeros of a one-parameter expression; they need not be complete."""
    from lossgraph.verify.roots import candidates

    plain = sympy.Dummy(str(symbol), real=True)
    for root in candidates(expression.subs(symbol, plain), plain):
        if root.is_number and root.is_real:
            yield root


def _strictly_inside(root: sympy.Expr, interval: Interval) -> bool:
    if not (interval.lower.is_number and interval.upper.is_number):
        return False
    below = interval.lower == -sympy.oo or sign_of(root - interval.lower, Space(())) is Sign.POSITIVE
    above = interval.upper == sympy.oo or sign_of(interval.upper - root, Space(())) is Sign.POSITIVE
    return below and above


def refreshed(cell: ParameterCell, expressions: tuple[Any, ...]) -> tuple[ParameterCell, tuple[Any, ...]]:
    """The cell and expressions with each free parameter replaced by a symbol of the same name that carries the sign its interval implies."""
    swaps: dict[Any, Any] = {}
    intervals: list[tuple[sympy.Symbol, Interval]] = []
    for symbol, interval in cell.space.intervals:
        lower: Any = interval.lower.xreplace(swaps)
        upper: Any = interval.upper.xreplace(swaps)
        new = assumed(symbol.name, Interval(lower, upper, interval.lower_open, interval.upper_open))
        swaps[symbol] = new
        intervals.append((new, Interval(lower, upper, interval.lower_open, interval.upper_open)))
    conditions = tuple(condition.xreplace(swaps) for condition in cell.space.conditions)
    fixed: tuple[tuple[sympy.Symbol, Any], ...] = tuple((symbol, value.xreplace(swaps)) for symbol, value in cell.fixed)
    values: dict[Any, Any] = dict(fixed)
    changed = tuple((expression.subs(values) if values else expression).xreplace(swaps) for expression in expressions)
    return ParameterCell(Space(tuple(intervals), conditions), fixed, cell.splits), changed


def assumed(name: str, interval: Interval) -> sympy.Symbol:
    """A real symbol that carries the sign its interval implies."""
    lower, upper = interval.lower, interval.upper
    if lower.is_nonnegative and (lower.is_positive or interval.lower_open):
        return sympy.Symbol(name, positive=True)
    if lower.is_nonnegative:
        return sympy.Symbol(name, nonnegative=True)
    if upper.is_nonpositive and (upper.is_negative or interval.upper_open):
        return sympy.Symbol(name, negative=True)
    if upper.is_nonpositive:
        return sympy.Symbol(name, nonpositive=True)
    return sympy.Symbol(name, real=True)
