"""Zeros and signs of sin and cos of an affine argument on a bounded interval with number ends."""

from __future__ import annotations

from typing import Any

import sympy

from lossgraph.verify.order import sign_of
from lossgraph.verify.signs import Sign, SignProof
from lossgraph.verify.space import Space

MAX_ZEROS = 40
NUMBERS = Space(())


def zeros(function: sympy.Expr, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr) -> list[sympy.Expr]:
    """Zeros of the sines and cosines in `function` near (lower, upper); guesses, like all candidates."""
    found: list[sympy.Expr] = []
    nodes: list[Any] = sorted(function.atoms(sympy.sin, sympy.cos), key=str)
    for node in nodes:
        turns = _turns(node, variable, lower, upper)
        if turns is None or turns[1] - turns[0] > MAX_ZEROS:
            continue
        slope, shift = _affine(node, variable)
        found += [(number * sympy.pi - shift) / slope for number in range(turns[0], turns[1] + 2)]
    return found


def proved_sign(base: sympy.Expr, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr) -> SignProof | None:
    """The strict sign of sin or cos of an affine argument that stays between two neighbouring zeros, or None."""
    turn = half_turn(base, variable, lower, upper)
    if turn is None:
        return None
    found = Sign.POSITIVE if turn % 2 == 0 else Sign.NEGATIVE
    return SignProof(found, {"kind": "trigonometric", "expression": str(base), "sign": found.value, "half_turn": turn})


def half_turn(base: sympy.Expr, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr) -> int | None:
    """k where the argument of a sine (or that of a cosine and a quarter turn) stays strictly between k*pi and (k + 1)*pi; None for anything else."""
    if not isinstance(base, (sympy.sin, sympy.cos)):
        return None
    turns = _turns(base, variable, lower, upper)
    return None if turns is None or turns[0] != turns[1] else turns[0]


def _affine(node: Any, variable: sympy.Symbol) -> tuple[sympy.Expr, sympy.Expr]:
    """Slope and constant of the argument as that of a sine (a cosine leads by a quarter turn)."""
    polynomial = sympy.Poly(node.args[0], variable)
    quarter = sympy.pi / 2 if isinstance(node, sympy.cos) else sympy.S.Zero
    return polynomial.coeff_monomial(variable), polynomial.coeff_monomial(1) + quarter


def _turns(node: Any, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr) -> tuple[int, int] | None:
    """The half turns k, of those from k*pi to (k + 1)*pi, in which the argument starts and ends over the open interval; None for other arguments."""
    argument = node.args[0].as_poly(variable)
    ends_known = all(end.is_number and end.is_finite for end in (lower, upper))
    if argument is None or argument.degree() != 1 or not ends_known or argument.free_symbols_in_domain:
        return None
    slope, shift = _affine(node, variable)
    ends = [slope * end + shift for end in ((lower, upper) if slope.is_positive else (upper, lower))]
    first, last = int(sympy.floor(ends[0] / sympy.pi)), int(sympy.ceiling(ends[1] / sympy.pi)) - 1
    inside = sign_of(ends[0] - first * sympy.pi, NUMBERS) in (Sign.POSITIVE, Sign.ZERO) and sign_of((last + 1) * sympy.pi - ends[1], NUMBERS) in (
        Sign.POSITIVE,
        Sign.ZERO,
    )
    return (first, last) if inside else None
