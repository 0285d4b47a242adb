"""The sign of an expression read off its form: symbols by their intervals, then sums, products, powers and functions bottom-up, never wrong, often silent."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy

from lossgraph.verify.balls import Formula, number_sign
from lossgraph.verify.space import Space

NEGATIVE, ZERO, POSITIVE = 1, 2, 4
"""A sign set is a sum of these: the signs that an expression may take on the space."""
ANY = NEGATIVE | ZERO | POSITIVE
SIGN_TEXT = {NEGATIVE: "-", ZERO: "0", POSITIVE: "+", NEGATIVE | ZERO: "<=0", POSITIVE | ZERO: ">=0", ANY: "any", NEGATIVE | POSITIVE: "!=0"}
ODD_INCREASING = frozenset({"atan", "tanh", "sinh", "asin", "erf"})
"""Functions whose sign is that of their argument, wherever they are defined."""
ALLOWED = frozenset({
    "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "tanh", "cosh", "sinh", "erf", "erfc", "loggamma", "polygamma",
})


def understood(expression: Formula) -> bool:
    """True where every node is a number, a real symbol, a sum, a product, a power or a function of `ALLOWED`."""
    for node in sympy.preorder_traversal(expression):
        if isinstance(node, sympy.Rational | sympy.Add | sympy.Mul | sympy.Pow | sympy.Symbol) or node in (sympy.pi, sympy.E):
            continue
        if not isinstance(node, sympy.Function) or node.func.__name__ not in ALLOWED or isinstance(node, sympy.core.function.AppliedUndef):
            return False
    return True


def negated(signs: int) -> int:
    """The sign set of -a."""
    return (signs & ZERO) | (POSITIVE if signs & NEGATIVE else 0) | (NEGATIVE if signs & POSITIVE else 0)


def added(first: int, second: int) -> int:
    """The sign set of a + b."""
    if ZERO in (first, second):
        return second if first == ZERO else first
    both = first | second
    if both & NEGATIVE and both & POSITIVE:
        return ANY
    strict = both & ~ZERO
    return strict | (ZERO if first & ZERO and second & ZERO else 0)


def multiplied(first: int, second: int) -> int:
    """The sign set of a * b."""
    result = (first | second) & ZERO
    for left, right in ((NEGATIVE, NEGATIVE), (POSITIVE, POSITIVE)):
        result |= POSITIVE if first & left and second & right else 0
    if (first & NEGATIVE and second & POSITIVE) or (first & POSITIVE and second & NEGATIVE):
        result |= NEGATIVE
    return result


@lru_cache(maxsize=100000)
def structural_sign(expression: Formula, space: Space) -> int:
    """The sign set of `expression` over `space`, which must be defined there. `ANY` where the form does not tell."""
    if not expression.free_symbols:
        sign = number_sign(expression)
        return ANY if sign is None else (NEGATIVE, ZERO, POSITIVE)[sign + 1]
    if isinstance(expression, sympy.Symbol):
        return symbol_sign(expression, space)
    if isinstance(expression, sympy.Add):
        signs = ZERO
        for argument in expression.args:
            signs = added(signs, structural_sign(argument, space))
        return signs if signs != ANY else _linear_sign(expression, space)
    if isinstance(expression, sympy.Mul):
        signs = POSITIVE
        for argument in expression.args:
            signs = multiplied(signs, structural_sign(argument, space))
        return signs
    if isinstance(expression, sympy.Pow):
        return _power_sign(expression, space)
    return _function_sign(expression, space)


def symbol_sign(symbol: sympy.Symbol, space: Space) -> int:
    """The signs that the symbol's interval allows."""
    for name, interval in space.intervals:
        if name == symbol:
            signs = ANY
            lower = POSITIVE if interval.lower is sympy.oo else NEGATIVE if interval.lower is -sympy.oo else structural_sign(interval.lower, space)
            upper = POSITIVE if interval.upper is sympy.oo else NEGATIVE if interval.upper is -sympy.oo else structural_sign(interval.upper, space)
            if not lower & NEGATIVE:
                signs &= POSITIVE if interval.lower_open or lower == POSITIVE else POSITIVE | ZERO
            if not upper & POSITIVE:
                signs &= NEGATIVE if interval.upper_open or upper == NEGATIVE else NEGATIVE | ZERO
            return signs
    return ANY


def _linear_sign(expression: sympy.Add, space: Space) -> int:
    """A sum that is linear in one symbol with a numerical coefficient: the symbol is put at the end of its interval that minimises, or maximises, the sum."""
    for symbol, interval in reversed(space.intervals):
        slope: Formula = expression.coeff(symbol, 1)
        if slope == 0 or not slope.is_Rational:
            continue
        rest = expression - slope * symbol
        if symbol in rest.free_symbols:
            continue
        ends = (interval.lower, interval.lower_open), (interval.upper, interval.upper_open)
        (low, low_open), (high, high_open) = ends if slope > 0 else ends[::-1]
        signs = ANY
        if not low.is_infinite:
            smallest = structural_sign(sympy.expand(rest + slope * low), space)
            if not smallest & NEGATIVE:
                signs &= POSITIVE if low_open or smallest == POSITIVE else POSITIVE | ZERO
        if not high.is_infinite:
            largest = structural_sign(sympy.expand(rest + slope * high), space)
            if not largest & POSITIVE:
                signs &= NEGATIVE if high_open or largest == NEGATIVE else NEGATIVE | ZERO
        if signs != ANY:
            return signs
    return ANY


def _power_sign(expression: sympy.Pow, space: Space) -> int:
    """Whole powers by parity; any other power of a base that is defined is positive, or zero where the base may be."""
    base, exponent = expression.args
    signs = structural_sign(base, space)
    if isinstance(exponent, sympy.Integer):
        if exponent < 0:
            signs &= ~ZERO
        if exponent % 2 == 0:
            return (POSITIVE if signs & (POSITIVE | NEGATIVE) else 0) | (signs & ZERO)
        return signs
    if signs == POSITIVE:
        return POSITIVE
    return POSITIVE | ZERO


def _function_sign(expression: Formula, space: Space) -> int:
    """exp, cosh and erfc are positive, odd functions follow their argument, log follows its argument minus one."""
    name = expression.func.__name__
    argument = expression.args[0]
    if name in ("exp", "cosh", "erfc"):
        return POSITIVE
    if name in ODD_INCREASING:
        return structural_sign(argument, space)
    if name == "log":
        return structural_sign(sympy.expand(argument - 1), space)
    if name in ("sin", "cos"):
        return _turn_sign(expression, space)
    if name == "acos":
        return POSITIVE | ZERO
    if name == "polygamma" and argument.is_Integer and argument >= 1:
        return POSITIVE if argument % 2 else NEGATIVE
    return ANY


def _turn_sign(expression: Formula, space: Space) -> int:
    """A sine or cosine of an affine argument that stays between two neighbouring zeros."""
    from lossgraph.verify.trigonometry import half_turn

    symbols: set[Any] = expression.free_symbols
    interval = next((interval for name, interval in space.intervals if {name} == symbols), None)
    if interval is None or not (interval.lower_open and interval.upper_open):
        return ANY
    (symbol,) = symbols
    turn = half_turn(expression, symbol, interval.lower, interval.upper)
    return ANY if turn is None else NEGATIVE if turn % 2 else POSITIVE


def relation(relational: Formula) -> tuple[str, Formula] | None:
    """(operator, lhs - rhs) of a relational; None for anything else."""
    if not isinstance(relational, sympy.core.relational.Relational):
        return None
    parts: Formula = relational
    return str(parts.rel_op), parts.lhs - parts.rhs


def node(kind: str, signs: int, expression: Formula, **fields: Any) -> dict[str, Any]:
    """One node of a sign certificate: what is proved of which expression, and what the kind needs."""
    return {"kind": kind, "sign": SIGN_TEXT[signs], "expression": str(expression), **fields}
