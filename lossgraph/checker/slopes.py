"""Checks sign proofs that compare: a function with its limit at an end (`monotone`), a generator with a known bound (`bound`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import factorial
from typing import Any

from lossgraph.checker.defined import check_defined
from lossgraph.checker.expression import ONE, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.normal import differentiate, normal
from lossgraph.checker.polynomials import UNIT
from lossgraph.checker.signs import equal, expect_keys, inner
from lossgraph.checker.space import MINUS_OO, OO, POSITIVE, Space, product, structure
from lossgraph.checker.trees import monomial_tree

Proof = Mapping[str, Any]
UP, DOWN = frozenset({"+", ">=0", "0"}), frozenset({"-", "<=0", "0"})


def monotone(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    """g = node/divisor moves one way from its limit at an end of the symbol's interval; so it keeps the sign of that limit."""
    from lossgraph.checker.defined import smooth
    from lossgraph.checker.limits import Approach, check_limit

    name, divisor, end = proof["symbol"], parse(proof["divisor"]), proof["end"]
    expect_keys(end, {"at", "side", "value", "limit", "proof"})
    interval = space.interval(name)
    if interval is None or not (interval.lower_open and interval.upper_open):
        return None
    smooth(divisor, space)
    direction = structure(divisor, space)
    if direction not in {"+", "-"}:
        return None
    quotient = node if divisor == ONE else ("mul", node, ("pow", divisor, number(-1)))
    smooth(quotient, space)
    rest = space.without(name)
    slope = inner(differentiate(quotient, name), proof["derivative"], space, depth)
    lower = end["side"] == "+"
    at = interval.lower if lower else interval.upper
    value, stated = parse(end["value"]), parse(end["at"])
    there = at == stated if at in (OO, MINUS_OO) or stated in (OO, MINUS_OO) else equal(at, stated, rest)
    if slope is None or end["side"] not in {"+", "-"} or not there or not check_limit(end["limit"], Approach(quotient, name, at, end["side"], rest), value):
        return None
    at_end = _value_sign(value, end["proof"], rest, depth)
    outward = slope if lower else {"+": "-", "-": "+", ">=0": "<=0", "<=0": ">=0", "0": "0"}[slope]
    for sign, weak, side in (("+", ">=0", UP), ("-", "<=0", DOWN)):
        if at_end in side and outward in side:
            joined = "0" if at_end == outward == "0" else sign if sign in {at_end, outward} else weak
            return product([joined, direction])
    return None


def _value_sign(value: Node, proof: Proof, space: Space, depth: int) -> str | None:
    if value in (OO, MINUS_OO):
        expect_keys(proof, {"kind", "sign", "expression"})
        sign = "+" if value == OO else "-"
        return sign if (proof["kind"], proof["sign"]) == ("infinite", sign) and parse(proof["expression"]) == value else None
    return inner(value, proof, space, depth)


def bounded(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    """generator = bound + slack, or bound - slack, with a positive slack: put back, the inner expression is the node."""
    wide, back = space, dict[str, Node]()
    for change in proof["changes"]:
        expect_keys(change, {"generator", "bound", "slack"}, {"side"})
        generator, limit, slack = parse(change["generator"]), parse(change["bound"]), str(change["slack"])
        check_defined(generator, space, node)
        if slack in names(node) or parse(slack) != ("name", slack) or names(generator) | names(limit) > {other for other, _ in space.intervals}:
            return None
        side = next((side for side, known in _bounds(generator, space) if equal(known, limit, space)), None)
        if side is None or change.get("side", side) != side:
            return None
        wide = wide.extended(slack, POSITIVE)
        gap: Node = ("add", generator, ("neg", limit))
        back[slack] = gap if side == "above" else ("neg", gap)
    shown = parse(proof["proof"]["expression"])
    if not back or not equal(substitute(shown, back), node, space):
        return None
    check_defined(shown, wide)
    return inner(shown, proof["proof"], wide, depth)


def _bounds(generator: Node, space: Space) -> Iterator[tuple[str, Node]]:
    """Known strict bounds of a generator on the space, with the side that it lies on."""
    kind, inside = generator[0], generator[-1]
    if kind == "pow":
        above_one = structure(("add", generator[1], number(-1)), space) == "+"
        if above_one and structure(generator[2], space) == "+":
            yield "above", ONE
        return
    sign = structure(inside, space)
    if kind == "exp":
        yield from _exponential_bounds(inside, sign)
    elif kind == "log":
        yield from _logarithm_bounds(inside, space)
    elif sign == "+":
        yield from _other_bounds(generator, inside)


def _exponential_bounds(inside: Node, sign: str | None) -> Iterator[tuple[str, Node]]:
    if sign == "+":
        for degree in range(7):
            terms = [("mul", number(Fraction(1, factorial(power))), ("pow", inside, number(power))) for power in range(1, degree + 1)]
            yield "above", ("add", ONE, *terms)
    elif sign == "-":
        yield "above", ("add", ONE, inside)


def _logarithm_bounds(inside: Node, space: Space) -> Iterator[tuple[str, Node]]:
    if structure(("add", inside, number(-1)), space) in {"+", "-"}:
        yield "below", ("add", inside, number(-1))
    form = normal(inside, space.positive())
    if form.denominator != UNIT or len(form.numerator) < 2:
        return
    terms = [monomial_tree(monomial, value) for monomial, value in form.numerator.items()]
    if all(structure(term, space) == "+" for term in terms):
        for term in terms:
            yield "above", ("log", term)


def _other_bounds(generator: Node, z: Node) -> Iterator[tuple[str, Node]]:
    """For z > 0."""
    one_over: Node = ("pow", z, number(-1))
    if generator[0] == "atan":
        yield "above", ("mul", z, ("pow", ("add", ONE, ("pow", z, number(2))), number(-1)))
        yield "below", z
    elif generator[0] == "erf":
        yield "below", ONE
    elif generator[:2] == ("polygamma", number(0)):
        yield "above", ("add", ("log", z), ("neg", one_over))
        yield "below", ("add", ("log", z), ("mul", number(Fraction(-1, 2)), one_over))
    elif generator[:2] == ("polygamma", number(1)):
        yield "above", ("add", one_over, ("mul", number(Fraction(1, 2)), ("pow", one_over, number(2))))
        yield "below", ("add", one_over, ("pow", one_over, number(2)))
    elif generator[0] not in {"exp", "log"}:
        raise Unreadable(f"no bound of {generator[0]} is known")
