"""Checks one-sided limits: by analyticity at a finite point, or by the term that dominates as t tends to infinity.

The formula is brought into normal form after x = t, x = -t, x = a + 1/t or x = a - 1/t. `lossgraph.checker.growth` tells which monomial grows fastest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lossgraph.checker.defined import check_defined, smooth
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.growth import Leading, T, leading
from lossgraph.checker.normal import normal
from lossgraph.checker.puiseux import leading_at
from lossgraph.checker.remembered import remembered
from lossgraph.checker.series import leads_with, tends_to_zero
from lossgraph.checker.signs import check_sign, equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, POSITIVE, Space, structure


@dataclass(frozen=True)
class Approach:
    """A function of a variable that tends to a point: from below where side is "-"; the parameters' space; `inside` is the space with the variable."""

    function: Node
    variable: str
    point: Node
    side: str
    space: Space


def limit_is(approach: Approach, value: Node, coefficient: Node | None = None) -> bool:
    """Whether the limit is `value` (an expression in the parameters, oo or -oo) for all parameters; `coefficient` is a way to write the leading one."""
    plain = regular_value(approach.function, approach.variable, approach.point, approach.space)
    if plain is not None:
        return value not in (OO, MINUS_OO) and equal(plain, value, approach.space)
    try:
        first = _lead(approach)
        if not isinstance(first, Unreadable) and _agrees(first, value, approach.space, coefficient):
            return True
    except Unreadable:
        pass
    lead = _lead_at(approach)
    if lead is not None and _agrees(lead, value, approach.space, coefficient):
        return True
    return value not in (OO, MINUS_OO) and tends_to_zero(("add", _moved(approach), ("neg", value)), approach.space)


def regular_value(function: Node, variable: str, point: Node, space: Space) -> Node | None:
    """The value of a formula at a finite point at which it is analytic, which is then its limit there; None where that is not seen."""
    if point in (OO, MINUS_OO):
        return None
    if variable not in names(function):
        return function
    value = substitute(function, {variable: point})
    try:
        smooth(value, space)
    except Unreadable:
        return None
    return value


def _moved(approach: Approach) -> Node:
    """The function of t that tends as the approach does when t tends to infinity."""
    t: Node = ("name", T)
    step: Node = ("pow", t, number(-1))
    point = approach.point
    by = t if point == OO else ("neg", t) if point == MINUS_OO else ("add", point, step if approach.side == "+" else ("neg", step))
    if T in names(approach.function) or approach.space.interval(T) is not None:
        raise Unreadable(f"{T} is taken")
    return substitute(approach.function, {approach.variable: by})


@lru_cache(maxsize=5_000)
def _lead(approach: Approach) -> Leading | Unreadable | None:
    """The leading term as t tends to infinity, None for zero; or why it is not seen, which is remembered too."""
    try:
        return leading(normal(_moved(approach), approach.space.positive() | {T}), approach.space)
    except Unreadable as reason:
        return Unreadable(str(reason))


@lru_cache(maxsize=5_000)
def _lead_at(approach: Approach) -> Leading | None:
    """The leading term at a finite point, by powers of the distance whose exponents may hold parameters; None where that is not seen."""
    if approach.point in (OO, MINUS_OO) or T in names(approach.function) or approach.space.interval(T) is not None:
        return None
    distance: Node = ("name", T)
    by: Node = ("add", approach.point, distance if approach.side == "+" else ("neg", distance))
    try:
        return leading_at(substitute(approach.function, {approach.variable: by}), approach.space)
    except Unreadable:
        return None


def derived_limit(function: Node, variable: str, point: Node, side: str, space: Space) -> Node | None:
    """The limit at a finite point, by analyticity or by powers of the distance; None where it is not seen, or infinite."""
    value = regular_value(function, variable, point, space)
    if value is not None:
        return value
    lead = _lead_at(Approach(function, variable, point, side, space))
    return None if lead is None or lead.size > 0 else lead.coefficient if lead.size == 0 else ZERO


def _agrees(lead: Leading | None, value: Node, space: Space, coefficient: Node | None = None) -> bool:
    """Whether a function with this leading term tends to the value."""
    if lead is None:
        return value == ZERO
    if lead.size > 0:
        sign = structure(lead.coefficient, space)
        if sign is None and coefficient is not None and equal(coefficient, lead.coefficient, space):
            sign = structure(coefficient, space)
        return (sign == "+" and value == OO) or (sign == "-" and value == MINUS_OO)
    if lead.size < 0:
        return value == ZERO
    return value not in (OO, MINUS_OO) and equal(lead.coefficient, value, space)


@remembered(5_000)
def check_limit(proof: Mapping[str, Any], approach: Approach, value: Node) -> bool:
    """Whether the limit is the value, and every field of its certificate is right."""
    kind = proof["kind"]
    if value not in (OO, MINUS_OO):
        check_defined(value, approach.space)
    if not limit_is(approach, value, parse(proof["coefficient"]) if kind == "asymptotic" else None):
        return False
    if kind in {"substitution", "constant"}:
        expect_keys(proof, {"kind", "value"}, {"expression"})
        constant = approach.variable not in names(approach.function)
        if kind == "constant" and not constant and not equal(approach.function, value, approach.space.extended(approach.variable, POSITIVE)):
            return False
        written = "expression" not in proof or equal(parse(proof["expression"]), approach.function, approach.space)
        return same(parse(proof["value"]), value, approach.space) and written
    if kind != "asymptotic":
        raise Unreadable(f"unknown kind {kind!r}")
    expect_keys(proof, {"kind", "expression", "symbol", "at", "side", "value", "coefficient", "growth", "facts"})
    space, point = approach.space, approach.point
    side = "-" if point == OO else "+" if point == MINUS_OO else approach.side
    named = proof["symbol"] == approach.variable and proof["side"] == side and same(parse(proof["at"]), point, space)
    wide = space.extended(approach.variable, POSITIVE) if point == ZERO and side == "+" else space
    if not named or not equal(parse(proof["expression"]), approach.function, wide) or not same(parse(proof["value"]), value, space):
        return False
    facts = all(_fact(name, fact, space) for name, fact in proof["facts"].items())
    return facts and _leads(proof, approach, value)


def _fact(name: str, fact: Mapping[str, Any], space: Space) -> bool:
    expect_keys(fact, {"sign", "proof"})
    return check_sign(parse(name), fact["sign"], fact["proof"], space)


def _leads(proof: Mapping[str, Any], approach: Approach, value: Node) -> bool:
    """Whether the certificate's coefficient and growth are those of the leading term."""
    growth, coefficient = parse(proof["growth"]), parse(proof["coefficient"])
    if not names(growth) <= {"t", *(name for name, _ in approach.space.intervals)}:
        return False
    if coefficient == ZERO:
        return growth == ONE and value == ZERO
    if growth == ONE:
        return value not in (OO, MINUS_OO) and equal(coefficient, value, approach.space)
    grown = substitute(growth, {"t": ("name", T)})
    rate = leading(normal(grown, approach.space.positive() | {T}), approach.space)
    if rate is not None and rate.coefficient == ONE:
        for found in (_tried, _lead_at):
            lead = found(approach)
            if lead is not None and lead.grows_like(rate, approach.space) and equal(lead.coefficient, coefficient, approach.space):
                return True
    return leads_with(_moved(approach), coefficient, grown, approach.space)


def _tried(approach: Approach) -> Leading | None:
    found = _lead(approach)
    return None if isinstance(found, Unreadable) else found


def same(first: Node, second: Node, space: Space) -> bool:
    """Whether two values, which may be infinite, are the same for all parameters."""
    infinite = (OO, MINUS_OO)
    return first == second if first in infinite or second in infinite else equal(first, second, space)
