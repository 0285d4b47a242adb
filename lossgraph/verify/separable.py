"""Sums of parts, each of which holds one of the variables asked about: the sum has a property exactly where the parts have it, each in its own variable.

f(x, y) = g(x) + h(y) on a product of sets: with y fixed f is g plus a number, so a property of f that is kept on lines is one of g and of h. The other way
round: sums of functions with continuous derivatives, Lipschitz, bounded or convex ones are again such. If g and h are strictly convex, two different points
differ in x or in y; if they are strongly convex with m and k, f is so with the smaller one. For vectors the parts are sums of one function over components.
"""

from __future__ import annotations

from typing import Any

import sympy

from lossgraph.verify.order import Undecided
from lossgraph.verify.properties import DECIDERS, Case
from lossgraph.verify.several_scene import Certificate, Open, Scene, demand

PARTS = frozenset({
    "continuous", "differentiable", "continuously_differentiable", "twice_continuously_differentiable", "lipschitz", "lipschitz_gradient", "convex",
    "strictly_convex", "strongly_convex",
})  # fmt: skip
CONVEX = frozenset({"convex", "strictly_convex", "strongly_convex"})


def separable(scene: Scene) -> Certificate:
    """The property of each part, for all parameters and data. Raises `Open`."""
    from lossgraph.verify.everywhere import over_cells

    property_id = scene.question.property
    if property_id not in PARTS or len(scene.asked) < 2 or scene.question.simplices or any(_ties(condition, scene) for condition in scene.conditions):
        raise Open("not a sum of parts")
    if any(name in scene.sums.fixed for name in scene.asked):
        raise Open("components that sum to 1")
    parts = _parts(scene)
    shown: list[Certificate] = []
    for name in scene.asked:
        part, domain = parts[name], scene.domain(name)
        if property_id in CONVEX and len(domain) > 1:
            raise Open("a domain in several parts")
        others = tuple(entry for entry in scene.symbols() if entry[0] in part.free_symbols and entry[0] != name)
        conditions = tuple(condition for condition in scene.conditions if condition.free_symbols <= {entry[0] for entry in others})

        def attempt(space: Any, given: tuple[Any, ...], name: sympy.Symbol = name, domain: Any = domain) -> Certificate:
            outcome = DECIDERS[property_id](Case(given[0], name, domain, space))
            if not outcome.holds:
                raise Undecided("a part does not have the property")
            return {"claims": outcome.claims}

        found = over_cells(others, conditions, (part,), attempt)
        shown.append({"variable": str(name), "part": str(part), **demand(found)})
    return {"rule": "separable", "parts": shown}


def _ties(condition: Any, scene: Scene) -> bool:
    return bool(condition.free_symbols & ({*scene.asked} | set(scene.moving())))


def _parts(scene: Scene) -> dict[sympy.Symbol, Any]:
    """The part of the formula that holds each variable; for a vector, the function of its component that is summed."""
    moving = scene.moving()
    parts: dict[sympy.Symbol, Any] = {name: sympy.Integer(0) for name in scene.asked}
    for term in sympy.Add.make_args(sympy.expand(scene.expression)):
        split: tuple[Any, Any] = term.as_independent(*moving, *scene.asked, as_Add=False)
        factor, core = split
        if core in moving:
            for summand in sympy.Add.make_args(sympy.expand(moving[core])):
                _put(parts, factor * summand, scene)
        elif core.free_symbols & set(moving):
            raise Open(f"no rule for {core}")
        else:
            if any(name in scene.sums.components for name in scene.asked if name in core.free_symbols):
                raise Open(f"no rule for {core}")
            _put(parts, term, scene)
    return parts


def _put(parts: dict[sympy.Symbol, Any], term: Any, scene: Scene) -> None:
    names = [name for name in scene.asked if name in term.free_symbols]
    if len(names) > 1:
        raise Open(f"{term} holds several variables")
    if names:
        parts[names[0]] += term


