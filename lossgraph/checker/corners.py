"""Sums over components that lie in [0, 1], by corners: the sum of p is that of p*g and of p*(1 - g), and these are not negative."""

from __future__ import annotations

from itertools import product

from lossgraph.checker.expression import ONE, ZERO, Node, names, substitute
from lossgraph.checker.polynomials import Monomial
from lossgraph.checker.space import OO, Interval, Space
from lossgraph.checker.totals import Totals

MAX_VECTORS = 3


def by_corners(node: Node, totals: Totals) -> tuple[Node, Space] | None:
    """The tree with each sum as the sum of the corners that it holds, and their space; None where a sum is of something else, or a vector leaves [0, 1]."""
    used = names(node) & set(totals.found)
    vectors = sorted({generator[1] for name in used for generator, _ in totals.found[name] if generator[0] == "symbol"})
    if not used or len(vectors) > MAX_VECTORS or not all(_unit(name, totals) for name in vectors):
        return None
    corners = {chosen: f"#C{place}" for place, chosen in enumerate(product((True, False), repeat=len(vectors)))}
    table: dict[str, Node] = {}
    for name in used:
        held = _held(totals.found[name])
        if held is None:
            return None
        inside = [corner for chosen, corner in corners.items() if held <= {vector for vector, taken in zip(vectors, chosen, strict=True) if taken}]
        table[name] = ("add", ZERO, *(("name", corner) for corner in inside))
    space = totals.space()
    for corner in corners.values():
        space = space.extended(corner, Interval(ZERO, OO, lower_open=False))
    return substitute(node, table), space


def _unit(name: str, totals: Totals) -> bool:
    """Whether a component lies in [0, 1]."""
    ends = {end for span in totals.components.get(name, ()) for end in span[:2]}
    return bool(ends) and ends <= {ZERO, ONE}


def _held(monomial: Monomial) -> frozenset[str] | None:
    """The components whose product is summed; None where it is something else."""
    if not all(generator[0] == "symbol" and power == 1 for generator, power in monomial):
        return None
    return frozenset(str(generator[1]) for generator, _ in monomial)
