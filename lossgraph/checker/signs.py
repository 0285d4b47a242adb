"""Checks sign certificates: each node's claim is re-derived by the rule that its kind names (docs/certificates.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from lossgraph.checker.defined import check_defined
from lossgraph.checker.expression import ZERO, Node, Unreadable, number, parse
from lossgraph.checker.normal import condition_key, exponents_split, normal
from lossgraph.checker.remembered import remembered
from lossgraph.checker.space import MINUS_OO, OO, SIGNS, Space, flipped, form_sign, implies, product, structure
from lossgraph.checker.sturm import sign_without_roots

Proof = Mapping[str, Any]
# kind -> the fields that it has beside kind, sign and expression
FIELDS: dict[str, frozenset[str]] = {
    "structure": frozenset(),
    "zero": frozenset(),
    "any": frozenset(),
    "infinite": frozenset(),
    "coefficients": frozenset(),
    "factors": frozenset({"content", "factors"}),
    "substitute": frozenset({"changes", "proof"}),
    "cases": frozenset({"symbol", "cases"}),
    "bound": frozenset({"changes", "proof"}),
    "conjugate": frozenset({"square", "outside", "inside", "norm"}),
    "sturm": frozenset({"generator", "polynomial", "interval"}),
    "monotone": frozenset({"divisor", "symbol", "derivative", "end"}),
    "condition": frozenset({"condition", "content", "factors"}),
}


def expect_keys(part: Mapping[str, Any], needed: set[str] | frozenset[str], optional: set[str] | frozenset[str] = frozenset()) -> None:
    """Raises `Unreadable` where a part of a certificate lacks a field, or has one that the document does not know."""
    if not needed <= set(part) <= needed | optional:
        raise Unreadable(f"fields {sorted(set(part) ^ needed)}")


@lru_cache(maxsize=20_000)
def equal(first: Node, second: Node, space: Space) -> bool:
    """Whether two trees agree in normal form on the space."""
    if first == second:
        return True
    positive = space.positive()
    these, those = normal(first, positive), normal(second, positive)
    if these.numerator == those.numerator and these.denominator == those.denominator:
        return True
    gap = normal(("add", first, ("neg", second)), positive)
    if gap.is_zero():
        return True
    split = exponents_split(gap.numerator, positive)
    return split is not None and split.is_zero()


@remembered(5_000)
def check_sign(node: Node, sign: str, proof: Proof, space: Space, depth: int = 0) -> bool:
    """Whether the certificate shows that `node` (which has a value all over the space) has the sign (+ - 0 >=0 <=0) at every point of the space."""
    if depth > 40:
        raise Unreadable("nested too deeply")
    kind = proof["kind"]
    fields = FIELDS.get(kind)
    if fields is None or kind in {"any", "infinite"}:
        raise Unreadable(f"unknown kind {kind!r}")
    expect_keys(proof, fields | {"kind"}, {"sign", "expression"})
    if sign not in SIGNS or proof.get("sign", "0" if kind == "zero" else None) != sign:
        return False
    shown = parse(proof["expression"]) if "expression" in proof else node
    if shown != node:
        if not equal(shown, node, space):
            return False
        check_defined(shown, space, node)
    found = _rules()[kind](shown, proof, space, depth)
    return found == sign or implies(found, sign)


def _structure(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    return structure(node, space)


def _zero(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    return "0" if normal(node, space.positive()).is_zero() else None


def _factors(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    content = parse(str(proof["content"]))
    signs: list[str | None] = [structure(content, space)]
    whole: Node = content
    for entry in proof["factors"]:
        expect_keys(entry, {"expression", "power", "proof"})
        factor, power = parse(entry["expression"]), whole_number(entry["power"])
        check_defined(factor, space, node)
        whole = ("mul", whole, ("pow", factor, number(power)))
        signs.append(_factor_sign(factor, power, entry["proof"], space, depth))
    return product(signs) if equal(whole, node, space) else None


def whole_number(value: Any) -> int:
    """A whole number of a certificate; no text, no truth value."""
    if type(value) is not int:
        raise Unreadable(f"{value!r} is no whole number")
    return value


def _factor_sign(factor: Node, power: int, proof: Proof, space: Space, depth: int) -> str | None:
    if proof["kind"] == "any":
        expect_keys(proof, {"kind", "sign", "expression"})
        known = None
        if proof["sign"] != "any" or not equal(parse(proof["expression"]), factor, space) or power % 2:
            return None
    else:
        known = inner(factor, proof, space, depth)
        if known is None:
            return None
        if power < 0 and known in {">=0", "<=0"}:  # a divisor: its strict sign where it can be read off
            strict = structure(factor, space)
            known = strict if strict in {"+", "-"} else known
    if power % 2 == 0:
        return "+" if known in {"+", "-"} else ">=0" if power > 0 else None
    return known if power > 0 or known in {"+", "-"} else None


def inner(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    """The sign that a proof states, where it shows it of `node`."""
    sign = proof.get("sign", "0" if proof["kind"] == "zero" else None)
    return sign if sign in SIGNS and check_sign(node, sign, proof, space, depth + 1) else None


def _coefficients(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    return structure(node, space) or form_sign(node, space)


def _conjugate(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    square = parse(proof["square"])
    outside, inside = parse(proof["outside"]["expression"]), parse(proof["inside"]["expression"])
    root: Node = ("pow", square, number(Fraction(1, 2)))
    check_defined(("add", outside, ("mul", inside, root)), space, node)
    if not equal(("add", outside, ("mul", inside, root)), node, space):
        return None
    norm: Node = ("add", ("pow", outside, number(2)), ("neg", ("mul", ("pow", inside, number(2)), square)))
    first, second = inner(outside, proof["outside"], space, depth), inner(inside, proof["inside"], space, depth)
    third = inner(norm, proof["norm"], space, depth)
    if first not in {"+", "-"} or second not in {flipped(first), "<=0" if first == "+" else ">=0", "0"} or third is None:
        return None
    return product([first, third])


def _sturm(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    """No root in an open interval, by Sturm's theorem on exact fractions; then the sign at one point is the sign throughout."""
    generator = parse(proof["generator"])
    coefficients = [Fraction(value) for value in proof["polynomial"]]
    terms = [("mul", number(value), ("pow", generator, number(len(coefficients) - 1 - index))) for index, value in enumerate(coefficients)]
    if not equal(("add", *terms, ZERO), node, space):
        return None
    lower, upper = (parse(str(end)) for end in proof["interval"])
    if not coefficients[0] or len(coefficients) > 200:
        return None
    if generator[0] == "name":
        interval = space.interval(generator[1])
        if interval is None or (interval.lower, interval.upper) != (lower, upper) or not (interval.lower_open and interval.upper_open):
            return None
    elif not (lower == ZERO and upper == OO and structure(generator, space) == "+"):
        return None
    check_defined(generator, space, node)
    return sign_without_roots(coefficients, bound(lower), bound(upper))


_COMPARED = {"<": "-", "<=": "<=0", ">": "+", ">=": ">=0", "==": "0"}


def _condition(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    """The sign that a condition of the space gives: left - right is a number times the expression times factors of known sign."""
    condition = parse(proof["condition"])
    keys = [condition_key(known, space.positive()) for known in space.conditions]
    if condition[0] not in _COMPARED or condition_key(condition, space.positive()) not in keys:
        return None
    content = parse(str(proof["content"]))
    whole: Node = ("mul", content, node)
    signs: list[str | None] = [structure(content, space)]
    for entry in proof["factors"]:
        expect_keys(entry, {"expression", "power"})
        factor, power = parse(entry["expression"]), whole_number(entry["power"])
        check_defined(factor, space, node)
        whole = ("mul", whole, ("pow", factor, number(power)))
        signs.append("+" if power % 2 == 0 and structure(factor, space) in {"+", "-"} else structure(factor, space))
    around = product(signs)
    gap: Node = ("add", condition[1], ("neg", condition[2]))
    if around not in {"+", "-"} or not equal(whole, gap, space):
        return None
    return _COMPARED[condition[0]] if around == "+" else flipped(_COMPARED[condition[0]])


def bound(end: Node) -> Fraction | None:
    """A rational end, None for an infinite one. Raises `Unreadable`."""
    if end in (OO, MINUS_OO):
        return None
    if end[0] != "number":
        raise Unreadable("an end that is not rational")
    return end[1]


def _rules() -> dict[str, Callable[[Node, Proof, Space, int], str | None]]:
    from lossgraph.checker import charts, slopes

    return {
        "structure": _structure,
        "zero": _zero,
        "factors": _factors,
        "substitute": charts.substituted,
        "cases": charts.cases,
        "coefficients": _coefficients,
        "conjugate": _conjugate,
        "sturm": _sturm,
        "bound": slopes.bounded,
        "monotone": slopes.monotone,
        "condition": _condition,
    }
