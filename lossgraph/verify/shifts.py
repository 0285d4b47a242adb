"""Proofs after a shift of one real quantity: where it stands only as q - r, say, the claim is about one quantity instead of two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy

from lossgraph.verify.everywhere import Proof, Symbols, everywhere
from lossgraph.verify.space import Interval


def everywhere_or_shifted(expression: sympy.Expr, claim: str, symbols: Symbols, conditions: tuple[sympy.Basic, ...] = ()) -> Proof:
    """As `everywhere`; of an inequality, after a shift that leaves fewer quantities, where there is one and it closes.

    A quantity that may be any number, and that no condition names, is any number again after something free of it is added: a claim for all of its
    values is the shifted claim for all of them. For quantities that do not depend on each other only (no sums over components).
    """
    for symbol, amount, shifted in _shifts(sympy.sympify(expression), symbols, conditions) if claim != "= 0" else ():
        found = everywhere(shifted, claim, symbols, conditions)
        if found.proved:
            return Proof(True, {"by": "shift", "claim": claim, "symbol": str(symbol), "amount": str(amount), "of": found.certificate})
    return everywhere(expression, claim, symbols, conditions)


def _shifts(expression: sympy.Expr, symbols: Symbols, conditions: tuple[sympy.Basic, ...]) -> Iterator[tuple[sympy.Symbol, sympy.Expr, sympy.Expr]]:
    """Quantities, what is added to them, and the formula then, which has fewer quantities."""
    tied = set[sympy.Basic]().union(*(condition.free_symbols for condition in conditions))
    for symbol, intervals in reversed(symbols):
        if symbol in tied or intervals != (Interval(),):
            continue
        seen: set[sympy.Expr] = set()
        for part in sorted(expression.atoms(sympy.Add), key=sympy.default_sort_key):
            slope: Any = part.coeff(symbol)
            amount: sympy.Expr = sympy.expand(symbol - part / slope) if slope.is_Rational and slope != 0 else symbol
            if symbol in amount.free_symbols or amount == 0 or amount in seen:
                continue
            seen.add(amount)
            shifted: Any = expression.subs(symbol, symbol + amount)
            shifted = shifted.replace(lambda node: isinstance(node, sympy.Add) and node.is_polynomial(*node.free_symbols), sympy.expand)
            if shifted.free_symbols < expression.free_symbols:
                yield symbol, amount, shifted
