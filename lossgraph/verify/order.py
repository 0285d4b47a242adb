"""Compares exact quantities (ends, joints, limits, slopes) for all parameters of a space, and says what to split on where the order varies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy

from lossgraph.verify.signs import Sign, is_zero, sign
from lossgraph.verify.space import Space

if TYPE_CHECKING:
    from lossgraph.verify.oscillation import Oscillation

STRICT = (Sign.POSITIVE, Sign.NEGATIVE, Sign.ZERO)


class Undecided(Exception):
    """A proof did not close; the message says which step. Never means that the property fails. `about`, if given, is the formula that it failed on."""

    def __init__(self, reason: str, about: sympy.Expr | None = None) -> None:
        super().__init__(reason)
        self.about = about


class NoLimit(Undecided):
    """A formula turns for ever near an end of a piece; what is proved of that is in `found`. Where a limit is needed and no more, this means undecided."""

    def __init__(self, reason: str, found: Oscillation) -> None:
        super().__init__(reason)
        self.found = found


class Undefined(Exception):
    """The formula is proved not to be a finite real number at a point of the domain; the message names it."""


class NeedSplit(Exception):
    """The answer hangs on the sign of `expression` (in parameters only), which the space does not fix."""

    def __init__(self, expression: sympy.Expr) -> None:
        super().__init__(str(expression))
        self.expression = expression


def number_or_parametric(expression: sympy.Expr, space: Space) -> sympy.Expr:
    """`expression` itself where it is a finite real quantity in the parameters or +-oo; `Undecided` for anything else."""
    if expression.has(sympy.nan, sympy.zoo, sympy.I) or not expression.free_symbols <= set(space.symbols()):
        raise Undecided(f"{expression} is no real quantity")
    if expression.has(sympy.oo, -sympy.oo) and expression not in (sympy.oo, -sympy.oo):
        raise Undecided(f"{expression} mixes infinities")
    return expression


def sign_of(expression: sympy.Expr, space: Space) -> Sign | None:
    """The proved sign of a quantity in the parameters (zero is tried as an identity too), or None."""
    if expression == 0:
        return Sign.ZERO
    proof = sign(expression, space)
    if proof is not None:
        return proof.sign
    return Sign.ZERO if is_zero(expression, space) else None


def difference(first: sympy.Expr, second: sympy.Expr, space: Space) -> Sign:
    """The proved sign of `first - second`; either may be infinite, not both alike. Raises `NeedSplit` or `Undecided`."""
    first, second = number_or_parametric(sympy.sympify(first), space), number_or_parametric(sympy.sympify(second), space)
    if first == second:
        return Sign.ZERO
    if sympy.oo in (first, -second) or -sympy.oo in (first, -second):
        return Sign.POSITIVE if first == sympy.oo or second == -sympy.oo else Sign.NEGATIVE
    gap = first - second
    found = sign_of(gap, space)
    if found is None:
        raise split_on(gap, space)
    return found


def equal(first: sympy.Expr, second: sympy.Expr, space: Space) -> bool:
    """Whether two quantities agree for all parameters (True) or for none (False). Raises `NeedSplit` or `Undecided` otherwise."""
    found = difference(first, second, space)
    if found in STRICT:
        return found is Sign.ZERO
    raise split_on(sympy.sympify(first) - sympy.sympify(second), space)


def split_on(expression: sympy.Expr, space: Space) -> Exception:
    """The exception that asks for the sign of `expression`: a split on its first factor of unknown sign, or `Undecided` where it has no parameter."""
    if not expression.free_symbols:
        return Undecided(f"sign of {expression}")
    for factor in factors(expression):
        if factor.free_symbols and factor.free_symbols <= set(space.symbols()) and sign_of(factor, space) not in STRICT:
            return NeedSplit(factor)
    return Undecided(f"sign of {expression}")


def factors(expression: sympy.Expr) -> list[sympy.Expr]:
    """The factors of numerator and denominator, in a fixed order; powers are taken to their bases."""
    try:
        numerator, denominator = sympy.fraction(sympy.together(expression))
        parts = [*sympy.Mul.make_args(sympy.factor(numerator)), *sympy.Mul.make_args(sympy.factor(denominator))]
    except Exception:  # SymPy's factor fails on some transcendental expressions; the whole is then one factor
        parts = [expression]
    bases = {part.base if isinstance(part, sympy.Pow) and part.exp.is_number else part for part in parts}
    return sorted((base for base in bases if base.free_symbols), key=lambda base: (sympy.count_ops(base), str(base)))
