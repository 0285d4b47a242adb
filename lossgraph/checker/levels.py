"""Level sets of quotients, and parts of a formula that equal another formula of which more is known: each says why it is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from lossgraph.checker.curvature import FLAGS, Facts
from lossgraph.checker.expression import ONE, Node, number
from lossgraph.checker.means import is_one_hot, tighter
from lossgraph.checker.quantities import Quantities

FactsOf = Callable[[Node], Facts]
_MINUS = number(-1)


def both(first: Facts, second: Facts) -> Facts:
    """What two derivations about the same part say together."""
    flags = {flag: getattr(first, flag) or getattr(second, flag) for flag in FLAGS}
    return Facts(tighter(first.values, second.values), **flags)


def leveled(node: Node, found: Facts, known: Quantities, facts: FactsOf) -> Facts:
    """The facts of a node with what is known of it as a quotient, as the logarithm of one, or as the share of one component."""
    match node:
        case ("mul", above, ("pow", below, exponent)) if exponent == _MINUS:
            return _with_levels(found, *_quotient(facts(above), facts(below)))
        case ("add", ("log", above), ("neg", ("log", below))):  # log(a/b) rises with a/b, both positive where the logarithms have values
            quotient = facts(("mul", above, ("pow", below, _MINUS)))
            return _with_levels(found, quotient.quasi, quotient.quasi_concave)
        case ("pow", ("dot", weights, ("softmax", inner)), exponent) if is_one_hot(weights, known, facts):
            share = facts(exponent)
            return both(found, _share(weights, inner, exponent, facts)) if share.constant and share.values.nonnegative() else found
        case ("dot", weights, ("softmax", inner)) if is_one_hot(weights, known, facts):
            return both(found, _share(weights, inner, ONE, facts))
        case _:
            return found


def _with_levels(found: Facts, quasi: bool, quasi_concave: bool) -> Facts:
    return replace(found, quasi=found.quasi or quasi, quasi_concave=found.quasi_concave or quasi_concave)


def _quotient(a: Facts, b: Facts) -> tuple[bool, bool]:
    """Whether the sublevel and the superlevel sets of a/b are convex. With b > 0 (b >= 0, and a value only where b is not 0) they are a - t*b <= 0 and >= 0:
    of affine functions half-spaces. a >= 0 has to be looked at for t >= 0 only, a <= 0 for t <= 0: the other sets are empty or everything."""
    if not b.values.nonnegative():
        return False, False
    up, down, halves = a.values.nonnegative(), a.values.nonpositive(), a.affine and b.affine
    below = a.convex and ((up and b.concave) or (down and b.convex))
    above = a.concave and ((up and b.convex) or (down and b.concave))
    return halves or below, halves or above


def _share(weights: Node, inner: Node, exponent: Node, facts: FactsOf) -> Facts:
    """softmax(z)_k**q, k being where the weights are 1, is exp(-q*(logsumexp(z) - z_k)), q >= 0: at most 1."""
    gap: Node = ("add", ("logsumexp", inner), ("neg", ("dot", weights, inner)))
    found = facts(("exp", ("neg", ("mul", exponent, gap))))
    values = found.values
    return replace(found, values=values if values.within(None, Fraction(1)) else replace(values, high=Fraction(1), under=False))
