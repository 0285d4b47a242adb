"""Weights that sum to 1, and what they bring: means lie between, logsumexp is above them, divergences are nonnegative; and Cauchy and Schwarz."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from lossgraph.checker.bounds import Bounds
from lossgraph.checker.curvature import Facts
from lossgraph.checker.expression import ONE, Node, Unreadable, names, number
from lossgraph.checker.normal import normal
from lossgraph.checker.quantities import Quantities

FactsOf = Callable[[Node], Facts]
_MINUS = number(-1)


def mass(node: Node, known: Quantities) -> Node | None:
    """What the components of a vector add up to, as a number's tree, where it is made of vectors that sum to 1 and of numbers; None where that is not seen."""
    if not known.is_vector(node):
        lengths = known.named_lengths
        return ("mul", node, ("name", next(iter(lengths)))) if len(lengths) == 1 and all(length in lengths for length in known.lengths.values()) else None
    match node[0]:
        case "name":
            total: Node = ("sum", node)
            said = any({repr(side) for side in condition[1:]} == {repr(total), repr(ONE)} for condition in known.conditions if condition[0] == "==")
            return ONE if said or node[1] in known.simplices else None
        case "softmax":
            return ONE
        case "neg":
            inner = mass(node[1], known)
            return None if inner is None else ("neg", inner)
        case "add":
            parts = [mass(child, known) for child in node[1:]]
            return None if any(part is None for part in parts) else ("add", *(part for part in parts if part is not None))
        case "mul":
            vectors = [child for child in node[1:] if known.is_vector(child)]
            inner = mass(vectors[0], known) if len(vectors) == 1 else None
            return None if inner is None else ("mul", inner, *(child for child in node[1:] if child is not vectors[0]))
        case _:
            return None


def are_weights(node: Node, known: Quantities, facts: FactsOf) -> bool:
    """Whether a vector's components are nonnegative and sum to 1."""
    total = mass(node, known) if known.is_vector(node) else None
    if total is None or not facts(node).values.nonnegative():
        return False
    try:
        return normal(total, known.named_lengths).equals(normal(ONE))
    except Unreadable:
        return False


def sharpened(node: Node, found: Facts, known: Quantities, facts: FactsOf) -> Facts:
    """The facts of a node with what means, divergences and cosines are known to satisfy."""
    match node:
        case ("sum", inner) if are_weights(inner, known, facts):
            return replace(found, values=Bounds(Fraction(1), Fraction(1)))
        case ("dot", first, second):
            return _dot(found, first, second, known, facts)
        case ("add", first, ("neg", second)) if _above_mean(first, second, known, facts):
            return replace(found, values=_at_least_zero(found.values))
        case ("add", ("add", ("dot", ("softmax", u), ("add", again, ("neg", v))), ("neg", ("logsumexp", third))), ("logsumexp", last)) if (
            u == again == third and v == last
        ):
            return replace(found, values=_at_least_zero(found.values))  # Gibbs, of softmax(u) and softmax(v)
        case ("add", ("dot", weights, inner), ("mul", ("logsumexp", scaled), ("pow", scale, exponent))) if (
            exponent == _MINUS and scaled == ("mul", ("neg", scale), inner) and _are_scaled(weights, scale, known, facts)
        ):
            return replace(found, values=_at_least_zero(found.values))  # logsumexp(-c*v)/c is at least the mean of -v, c > 0
        case ("mul", ("dot", a, b), ("pow", ("mul", ("norm", c), ("norm", d)), exponent)) if exponent == _MINUS and (a, b) in {(c, d), (d, c)}:
            return replace(found, values=Bounds(Fraction(-1), Fraction(1)))  # |a.b| <= |a||b|
        case ("mul", ("mul", ("number", value), ("dot", a, b)), ("pow", ("mul", ("norm", c), ("norm", d)), exponent)) if (
            exponent == _MINUS and (a, b) in {(c, d), (d, c)}
        ):
            return replace(found, values=Bounds(-abs(value), abs(value)))  # the same, times a number
        case ("add", ("mul", length, ("logsumexp", u)), ("neg", ("sum", again))) if u == again and _classes(length, u, known):
            return replace(found, positive=True)  # exp is convex: logsumexp(u) >= log(K) + mean(u), so this is K*log(K) at least, and K >= 2
        case ("mul", above, ("pow", below, exponent)) if exponent == _MINUS and _is_share(above, below, known, facts):
            return _share(found, facts(above), facts(below))
        case ("sum", ("mul", ("add", one, ("neg", label)), ("exp", u))) if one == ONE and _is_label(label, known, facts):
            return replace(found, values=tighter(found.values, Bounds(Fraction(0), None, True)), positive=found.positive or facts(u).below)
        case ("log", ("sum", ("mul", ("add", one, ("neg", label)), ("exp", u)))) if one == ONE and _is_label(label, known, facts):
            return _logsumexp_of_others(found, facts(u))
        case _:
            return found


def _classes(length: Node, vector: Node, known: Quantities) -> bool:
    """Whether a vector is one over classes, and the other tree their number: a length named K is at least 2 (docs/certificates.md)."""
    return length == ("name", "K") and {known.lengths.get(name) for name in names(vector) & known.vectors} == {"K"}


def _is_label(label: Node, known: Quantities, facts: FactsOf) -> bool:
    """Whether a vector of the data names one class: each component is 0 or 1, and they sum to 1. There is another class, of which 1 - y is 1."""
    return is_one_hot(label, known, facts) and _classes(("name", "K"), label, known)


def is_one_hot(weights: Node, known: Quantities, facts: FactsOf) -> bool:
    """Whether a vector of the data has components 0 and 1 that sum to 1: a single one is 1."""
    named = weights[0] == "name" and f"{weights[1]}_i" in known.binary and not known.varies(weights)
    return named and are_weights(weights, known, facts)


def _is_share(above: Node, below: Node, known: Quantities, facts: FactsOf) -> bool:
    """Whether above is a mean, under weights of the data, of the gaps logsumexp(u) - u_k, which are nonnegative, and below is the sum of all of them."""
    match above, below:
        case ("add", ("logsumexp", u), ("neg", ("dot", weights, v))), ("add", ("mul", length, ("logsumexp", third)), ("neg", ("sum", last))):
            return u == v == third == last and _classes(length, u, known) and not known.varies(weights) and are_weights(weights, known, facts)
        case _:
            return False


def _share(found: Facts, a: Facts, b: Facts) -> Facts:
    """Of q = a/b in [0, 1], b >= c > 0: dq = (da - q*db)/b is bounded where da and db are, and Lipschitz where they are too, q and 1/b being so then."""
    smooth = b.positive and a.lipschitz and b.lipschitz
    return replace(
        found, values=Bounds(Fraction(0), Fraction(1)), lipschitz=found.lipschitz or smooth, gradient=found.gradient or (smooth and a.gradient and b.gradient)
    )  # fmt: skip


def _logsumexp_of_others(found: Facts, a: Facts) -> Facts:
    """logsumexp over the other classes, of which there is one at least: for fixed data over fixed components."""
    smooth = a.affine or (a.lipschitz and a.gradient)
    return replace(
        found, below=found.below or a.below, above=found.above or a.above, convex=found.convex or a.convex, lipschitz=found.lipschitz or a.lipschitz,
        gradient=found.gradient or smooth,
    )  # fmt: skip


def _are_scaled(weights: Node, scale: Node, known: Quantities, facts: FactsOf) -> bool:
    return not known.is_vector(scale) and facts(scale).values.nonnegative() and are_weights(weights, known, facts)


def _at_least_zero(values: Bounds) -> Bounds:
    return values if values.nonnegative() else replace(values, low=Fraction(0), over=False)


def _dot(found: Facts, first: Node, second: Node, known: Quantities, facts: FactsOf) -> Facts:
    """A mean lies between the bounds of what is averaged. The sum of p*log(p/q) for weights p, q is at least the sum of p*(1 - q/p) = 0 (Gibbs)."""
    for weights, averaged in ((first, second), (second, first)):
        if not are_weights(weights, known, facts):
            continue
        inner = facts(averaged)
        values = inner.values
        if averaged[0] == "add" and averaged[1:2] == (("log", weights),) and len(averaged) == 3:
            other = averaged[2]
            if other[0] == "neg" and other[1][0] == "log" and are_weights(other[1][1], known, facts):
                values = _at_least_zero(values)
        return replace(
            found, values=tighter(found.values, values), below=found.below or inner.below, above=found.above or inner.above, positive=inner.positive
        )  # fmt: skip
    return found


def tighter(first: Bounds, second: Bounds) -> Bounds:
    """Both bounds hold: the sharper end of each."""
    low, over = max(((one.low, one.over) for one in (first, second) if one.low is not None), default=(None, False))
    highs = [(one.high, not one.under) for one in (first, second) if one.high is not None]
    high, reached = min(highs, default=(None, True))
    return Bounds(low, high, over, not reached)


def _above_mean(first: Node, second: Node, known: Quantities, facts: FactsOf) -> bool:
    """logsumexp(v) >= the largest component >= dot(w, v); also with both sides times sum(w) for nonnegative w, then without w summing to 1."""
    match first:
        case ("logsumexp", inner):
            return any(are_weights(weights, known, facts) for weights in _weights_of(second, inner))
        case ("mul", ("sum", total), ("logsumexp", inner)):
            return any(weights == total and facts(weights).values.nonnegative() for weights in _weights_of(second, inner))
        case _:
            return False


def _weights_of(mean: Node, inner: Node) -> list[Node]:
    """Each w with mean = dot(w, inner), or with mean = dot(w, v)*c and inner = v*c for the same number c."""
    found: list[Node] = []
    match mean:
        case ("dot", first, second):
            found += [weights for weights, other in ((first, second), (second, first)) if other == inner]
        case ("mul", ("dot", first, second), factor) if inner[0] == "mul" and inner[2:] == (factor,):
            found += [weights for weights, other in ((first, second), (second, first)) if other == inner[1]]
        case _:
            pass
    return found


__all__ = ["are_weights", "is_one_hot", "mass", "sharpened", "tighter"]
