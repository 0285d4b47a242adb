"""Proves that formulas are nonnegative in which a logsumexp stands: it is at least the mean of its exponents under any weights, and at least each of them.

log(sum(exp(u))) >= sum(w*u) where w >= 0 sums to 1: a vector of the data that does, or data y >= 0 divided by their sum. What is left once each logsumexp is
replaced by such a mean has to be nonnegative; often it is 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any

import sympy

from lossgraph.verify.everywhere import everywhere
from lossgraph.verify.lengths import RAY
from lossgraph.verify.several_scene import Certificate, Open, Scene, demand

MAX_CHOICES = 6


def above_means(scene: Scene) -> Certificate:
    """The certificate that the formula is nonnegative by this rule. Raises `Open`."""
    return _for_vectors(scene) if scene.sums.components else _for_numbers(scene)


def _for_vectors(scene: Scene) -> Certificate:
    logarithms = _logarithms(scene)
    terms = [(coefficient, u) for coefficient, u, _ in logarithms]
    rest = sympy.expand(scene.expression) - sympy.Add(*(term for _, _, term in logarithms))
    if not terms:
        raise Open("no logsumexp")
    for coefficient, _ in terms:
        scene.demand(coefficient, ">= 0")
    for chosen in islice(product(list(_weights(scene)), repeat=len(terms)), MAX_CHOICES):
        means = [scene.sums.total(sympy.expand(w * u)) / total for (w, total), (_, u) in zip(chosen, terms, strict=True)]
        left = sympy.expand(sympy.expand(sympy.Add(*(c * mean for (c, _), mean in zip(terms, means, strict=True))) + rest))
        try:
            claim = scene.demand(left, ">= 0")
        except Open:
            continue
        return {"rule": "logsumexp above a mean", "weights": [str(w) if total == 1 else f"{w}/({total})" for w, total in chosen], "claim": claim}
    raise Open("no weights for which the rest is nonnegative")


def _logarithms(scene: Scene) -> list[tuple[Any, Any, Any]]:
    """The terms c*log(sum of exp(u)), as c, u and the term itself."""
    parts = {unknown: part for part, (unknown, _) in scene.sums.unknowns.items()}
    found: list[tuple[Any, Any, Any]] = []
    for term in sympy.Add.make_args(sympy.expand(scene.expression)):
        logs = [factor for factor in sympy.Mul.make_args(term) if isinstance(factor, sympy.log) and factor.args[0] in parts]
        if len(logs) == 1:
            part: Any = parts[logs[0].args[0]]  # type: ignore[index]
            exponent = _exponent(part)
            if exponent is not None:
                found.append((term / logs[0], exponent, term))
    return found


def _weights(scene: Scene) -> Iterator[tuple[Any, Any]]:
    """Components of the data that are nonnegative, with what they sum to."""
    for name, domain in scene.sums.components.items():
        if name in scene.asked:
            continue
        if name in scene.sums.fixed:
            yield name, sympy.Integer(1)
        elif all(interval.lower.is_nonnegative for interval in domain):
            total = scene.sums.total(name)
            try:
                scene.demand(total, "> 0")
            except Open:
                continue
            yield name, total


def _for_numbers(scene: Scene) -> Certificate:
    """log(exp(a) + exp(b) + ...) is at least the largest exponent: what is left with it in that place is nonnegative wherever it is the largest."""
    expanded = sympy.expand(scene.expression)
    for term in sympy.Add.make_args(expanded):
        exponents = _exponents(term)
        if exponents is None:
            continue
        claims: list[Certificate] = []
        for largest in exponents:
            left: Any = sympy.expand(expanded - term + largest)
            gap = sympy.Symbol("largest_", nonnegative=True)
            others = [other for other in exponents if other != largest]
            claims.append(_where_largest(scene, left, largest, others, gap))
        return {"rule": "logsumexp above its largest", "exponents": [str(each) for each in exponents], "claims": claims}
    raise Open("no logsumexp of numbers")


def _exponents(term: Any) -> list[Any] | None:
    """The exponents of log(1 + exp(a) + exp(b) + ...), 0 for the number 1; None where the term is something else."""
    if not isinstance(term, sympy.log) or not isinstance(term.args[0], sympy.Add):
        return None
    found: list[Any] = []
    for part in term.args[0].args:
        exponent = sympy.Integer(0) if part == 1 else _exponent(part)
        if exponent is None:
            return None
        found.append(exponent)
    return found


def _exponent(part: Any) -> Any:
    """u, where the part is exp(u) or a product of such; None where it is something else."""
    factors: Any = sympy.Mul.make_args(part)
    return sympy.Add(*(factor.args[0] for factor in factors)) if all(isinstance(factor, sympy.exp) for factor in factors) else None


def _where_largest(scene: Scene, left: Any, largest: Any, others: list[Any], gap: sympy.Symbol) -> Certificate:
    """The claim where `largest` is at least the only other exponent: a number of the exponents is written as the rest and their difference."""
    if len(others) != 1:
        raise Open("more than two exponents")
    difference = sympy.expand(largest - others[0])
    for name in sorted(difference.free_symbols & set(scene.asked), key=str):
        slope: Any = sympy.diff(difference, name)
        if slope in (1, -1) and not _bound_by_conditions(scene, name):
            moved = sympy.expand(left.subs(name, sympy.expand(name - (difference - gap) / slope)))  # largest - other = gap
            return demand(everywhere(moved, ">= 0", (*scene.symbols(), (gap, RAY)), ()))
    return scene.demand_where(left, ">= 0", largest >= others[0])


def _bound_by_conditions(scene: Scene, name: Any) -> bool:
    return any(name in condition.free_symbols for condition in scene.conditions)
