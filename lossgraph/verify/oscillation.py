"""What a formula does near an end where a sine or cosine turns for ever: squeezed to a limit, bounded without one, or unbounded.

The formula is a polynomial in such sines and cosines, with coefficients that have limits. Where all coefficients but one tend to zero, the formula tends to
what that one tends to. Where all sines and cosines share their argument u, the points at which u is a multiple of a quarter turn lie as close to the end as
one likes, and the limits along them tell that there is no limit, or no bound. Where these agree, the odd eighths of a turn are tried too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sympy

from lossgraph.verify.limits import Limit, limit
from lossgraph.verify.signs import Sign, sign
from lossgraph.verify.space import Space

MAX_ATOMS = 4
HALF = sympy.sqrt(2) / 2
QUARTERS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # sine and cosine at 0, a quarter, a half, three quarters of a turn
EIGHTHS = ((HALF, HALF), (HALF, -HALF), (-HALF, -HALF), (-HALF, HALF))  # at the odd eighths, where sin(u)*cos(u) is not 0
Side = Literal["+", "-"]


@dataclass(frozen=True)
class Oscillation:
    """`limit`: what the formula tends to, None where that is not known; `settles` is False where it is proved to have no finite limit.

    `bounded` says that it is proved bounded near the end; `directions` holds 1 (-1) where it is proved to have no upper (lower) bound there.
    """

    limit: sympy.Expr | None
    settles: bool
    bounded: bool
    directions: frozenset[int]
    certificate: dict[str, Any]


def oscillation(expression: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr, side: Side, space: Space) -> Oscillation | None:
    """The behaviour of `expression` as `variable` tends to `point`; None where there is no such sine or cosine, or nothing is proved."""
    try:
        return _oscillation(expression, variable, point, side, space)
    except Exception:  # a failure inside the engine means undecided
        return None


def _oscillation(expression: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr, side: Side, space: Space) -> Oscillation | None:
    nodes: list[Any] = sorted(expression.atoms(sympy.sin, sympy.cos), key=str)
    atoms = [node for node in nodes if _turns(node.args[0], variable, point, side, space)]
    if not atoms or len(atoms) > MAX_ATOMS:
        return None
    marks = [sympy.Dummy(f"s{index}") for index in range(len(atoms))]
    replaced = sympy.expand(expression.xreplace(dict(zip(atoms, marks, strict=True))))
    polynomial = replaced.as_poly(*marks)
    if polynomial is None or any(coefficient.has(*atoms) for coefficient in polynomial.coeffs()):
        return None
    terms: dict[Any, Any] = dict(polynomial.terms())
    plain = terms.pop((0,) * len(atoms), sympy.S.Zero)
    limits = {monomial: limit(coefficient, variable, point, side, space) for monomial, coefficient in terms.items()}
    base = limit(plain, variable, point, side, space)
    shown = [{"factor": str(terms[monomial]), "powers": list(monomial), "limit": _shown(found)} for monomial, found in limits.items()]
    certificate = {
        "kind": "oscillation", "expression": str(expression), "symbol": str(variable), "at": str(point), "side": side,
        "turning": [str(atom) for atom in atoms], "rest": str(plain), "rest_limit": _shown(base), "terms": shown,
    }  # fmt: skip
    squeezed = _squeezed(base, limits, terms, plain, variable, point, side, space)
    finite = [found for found in (base, *limits.values()) if isinstance(found, Limit) and not found.value.is_infinite]
    bounded = len(finite) == len(limits) + 1
    if squeezed is not None:
        return Oscillation(squeezed, True, bounded, frozenset(), certificate)
    values: list[sympy.Expr] = []
    directions: frozenset[int] = frozenset()
    settles = True
    for phases in (QUARTERS, EIGHTHS):
        values += _phases(phases, replaced, dict(zip(marks, atoms, strict=True)), variable, point, side, space)
        directions = frozenset(1 if value is sympy.oo else -1 for value in values if value in (sympy.oo, -sympy.oo))
        settles = not directions and not _different(values, space)
        if not settles:
            break
    if settles and not bounded:
        return None
    return Oscillation(None, settles, bounded, directions, {**certificate, "phases": [str(value) for value in values]})


def _turns(argument: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr, side: Side, space: Space) -> bool:
    """Whether the argument grows without bound."""
    found = limit(argument, variable, point, side, space) if variable in argument.free_symbols else None
    return isinstance(found, Limit) and bool(found.value.is_infinite)


def _shown(found: Any) -> Any:
    return {"value": str(found.value), "proof": found.certificate} if isinstance(found, Limit) else None


def _squeezed(
    base: Any, limits: dict[Any, Any], terms: dict[Any, Any], plain: sympy.Expr, variable: sympy.Symbol, point: sympy.Expr, side: Side, space: Space
) -> sympy.Expr | None:
    """The limit of the formula where its turning terms vanish, or are smaller than a rest that tends to infinity."""
    if not isinstance(base, Limit):
        return None
    if all(isinstance(found, Limit) and found.value == 0 for found in limits.values()):
        return base.value
    if not base.value.is_infinite:
        return None
    total = sympy.S.Zero
    for coefficient in terms.values():
        share = limit(coefficient / plain, variable, point, side, space)
        if not isinstance(share, Limit) or not share.value.is_number or share.value.is_infinite:
            return None
        total += abs(share.value)
    smaller = sign(1 - total, Space(()))
    return base.value if smaller is not None and smaller.sign is Sign.POSITIVE else None


def _phases(
    phases: tuple[tuple[Any, Any], ...], replaced: sympy.Expr, meanings: dict[Any, Any], variable: sympy.Symbol, point: sympy.Expr, side: Side, space: Space
) -> list[sympy.Expr]:
    """The limits along the points at which the one argument is at such a part of its turn; none where the arguments differ."""
    arguments = {node.args[0] for node in meanings.values()}
    if len(arguments) != 1:
        return []
    values: list[sympy.Expr] = []
    for sine, cosine in phases:
        fixed = {mark: sympy.sympify(sine if isinstance(node, sympy.sin) else cosine) for mark, node in meanings.items()}
        found = limit(replaced.xreplace(fixed), variable, point, side, space)
        if isinstance(found, Limit):
            values.append(found.value)
    return values


def _different(values: list[sympy.Expr], space: Space) -> bool:
    for index, first in enumerate(values):
        for second in values[:index]:
            proof = sign(first - second, space)
            if proof is not None and proof.sign in (Sign.POSITIVE, Sign.NEGATIVE):
                return True
    return False
