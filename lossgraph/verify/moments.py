"""Sums of squares and products of two vectors by their means and variances, so that Cauchy and Schwarz's inequality is seen.

With n components, means m and k: sum(x**2) = n*(v + m**2) and dot(x, y) = n*(c + m*k), v >= 0 and c the variances and the covariance. The variances of
x + y and x - y are nonnegative: v + w + 2*c = P >= 0 and v + w - 2*c = M >= 0. What is proved for all P, M >= 0, all v and all means holds for all vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy

from lossgraph.verify.space import Interval

if TYPE_CHECKING:
    from lossgraph.verify.several_scene import Scene

LINE, RAY = (Interval(),), (Interval(sympy.S.Zero, sympy.oo, False, True),)
SUM, DIFFERENCE, OWN = (sympy.Symbol(name, real=True) for name in ("mean_sum_", "mean_gap_", "variance_"))
PLUS, MINUS = (sympy.Symbol(name, nonnegative=True) for name in ("variance_sum_", "variance_gap_"))
MOMENTS = ((SUM, LINE), (DIFFERENCE, LINE), (OWN, LINE), (PLUS, RAY), (MINUS, RAY))


def moments(scene: Scene) -> dict[sympy.Symbol, Any] | None:
    """The scene's sums of x, y, x**2, y**2 and x*y by means and variances; None where there are no two such vectors, or the length is not in the formula."""
    real = [name for name in scene.sums.components if name not in scene.sums.unit and name not in scene.sums.fixed]
    known = {part: unknown for part, (unknown, _) in scene.sums.unknowns.items()}
    count = known.get(sympy.S.One)
    if len(real) != 2 or count is None:
        return None
    x, y = real
    m, k = (SUM + DIFFERENCE) / 2, (SUM - DIFFERENCE) / 2
    table = {
        x: m, y: k, x**2: (PLUS + MINUS) / 2 - OWN + m**2, y**2: OWN + k**2, x * y: (PLUS - MINUS) / 4 + m * k,
    }  # fmt: skip
    if not {x**2, y**2} & set(known) or not {x, y} & set(known):
        return None
    return {known[part]: count * value for part, value in table.items() if part in known}


def centred(expression: Any, table: dict[sympy.Symbol, Any]) -> Any:
    """The expression by means and variances, its numerator and denominator expanded, so that what cancels is gone."""
    numerator, denominator = sympy.fraction(sympy.together(expression.xreplace(table)))
    return sympy.factor_terms(sympy.expand(numerator)) / sympy.factor_terms(sympy.expand(denominator))
