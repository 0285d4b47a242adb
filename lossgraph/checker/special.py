"""Properties whose proofs look at more than the formula's own shape: symmetry, and zeros at the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lossgraph.checker.claims import difference_sign as difference_of
from lossgraph.checker.claims import read_claims
from lossgraph.checker.defined import NONZERO, POSITIVE, check_defined, needs
from lossgraph.checker.expression import ZERO, Node, Unreadable, names, parse, substitute
from lossgraph.checker.learning import Question, calibrated, proper
from lossgraph.checker.normal import normal
from lossgraph.checker.properties import difference_sign
from lossgraph.checker.shape import Shape, check_apart, judge_of, read_shape, resolve, spans
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, Space, structure

Cell = Mapping[str, Any]


def _own_shape(question: Question, cell: Cell) -> Shape:
    return read_shape(cell["shape"], question.formula, question.variable, question.domain, question.space)


def _is_zero(node: Node, space: Space) -> bool:
    return normal(node, space.positive()).is_zero()


def _is_other(node: Node, space: Space) -> bool:
    """Whether a quantity is different from zero for all parameters."""
    return structure(node, space) in {"+", "-"} or difference_of(node, ZERO, space) in {"+", "-"}


def _is_outside(question: Question, claim: Mapping[str, Any]) -> bool:
    """Whether the target is no number (the log of what is not positive), or outside the domain, for all parameters of the cell."""
    expect_keys(claim, {"claim", "target"})
    target, space = question.target, question.space
    if target is None:
        raise Unreadable("no target")
    if any(_never(need, inner, space) for need, inner in needs(target)):
        return claim["target"] == "zoo"
    check_defined(target, space)
    if not equal(parse(claim["target"]), target, space):
        return False
    return all(_beyond(target, member, space) for member in spans(question.domain))


def _never(need: str, inner: Node, space: Space) -> bool:
    """Whether what a target needs in order to be a number is met by no parameter: a divisor that is 0, a logarithm of what is not positive."""
    sign = "0" if _is_zero(inner, space) else structure(inner, space)
    return (need == NONZERO and sign == "0") or (need == POSITIVE and sign in {"0", "-", "<=0"})


def _beyond(target: Node, member: tuple[Node, Node, bool, bool], space: Space) -> bool:
    lower, upper, lower_open, upper_open = member
    below = None if lower == MINUS_OO else structure(("add", target, ("neg", lower)), space)
    above = None if upper == OO else structure(("add", upper, ("neg", target)), space)
    return any(gap == "-" or (gap in {"0", "<=0"} and opened) for gap, opened in ((below, lower_open), (above, upper_open)))


def _zero_at_target(question: Question, cell: Cell, holds: bool) -> bool:
    outside = [claim for claim in cell["claims"] if claim["claim"] == "target_outside"]
    if outside:
        if cell["shape"] != {}:
            _own_shape(question, cell)
        return holds and len(cell["claims"]) == 1 and _is_outside(question, outside[0])
    shape = _own_shape(question, cell)
    read_claims(cell["claims"], shape)
    value = _value_at(shape, question)
    return _is_zero(value, question.space) if holds else _is_other(value, question.space)


def _value_at(shape: Shape, question: Question) -> Node:
    if question.target is None:
        raise Unreadable("no target")
    for component in shape.components:
        for point in component.points:
            if point is not None and _is_zero(("add", point[0], ("neg", question.target)), question.space):
                return point[1]
    raise Unreadable("the target is no point of the shape")


def _zero_only_at_target(question: Question, cell: Cell, holds: bool) -> bool:
    shape = _own_shape(question, cell)
    outside = [claim for claim in cell["claims"] if claim["claim"] == "target_outside"]
    if outside:
        return len(outside) == 1 and _is_outside(question, outside[0]) and _nowhere_zero(question, cell, shape, holds)
    at_target = _value_at(shape, question)
    target = question.target or ZERO
    facts = read_claims(cell["claims"], shape)
    points = [point for component in shape.components for point in component.points if point is not None]
    others = [point for point in points if not _is_zero(("add", point[0], ("neg", target)), question.space)]
    if holds:
        inside = all(len(signs := facts.along(piece, 0)) == 1 and signs[0] in {"+", "-"} for piece in shape.pieces())
        apart = all(_is_other(value, question.space) for _, value in others)
        return _is_zero(at_target, question.space) and inside and apart
    elsewhere = [at for at, value in others if _is_zero(value, question.space) and _is_other(("add", at, ("neg", target)), question.space)]
    flat = any(order == 0 and sign == "0" for order, _, _, sign in facts.signs)
    return _is_other(at_target, question.space) or bool(elsewhere) or flat


def _nowhere_zero(question: Question, cell: Cell, shape: Shape, holds: bool) -> bool:
    """What zero_only_at_target says where there is no target: no zero at all."""
    facts = read_claims(cell["claims"], shape, skip={"target_outside"})
    values = [point[1] for component in shape.components for point in component.points if point is not None]
    if holds:
        inside = all(len(signs := facts.along(piece, 0)) == 1 and signs[0] in {"+", "-"} for piece in shape.pieces())
        return inside and all(_is_other(value, question.space) for value in values)
    return any(_is_zero(value, question.space) for value in values) or any(order == 0 and sign == "0" for order, _, _, sign in facts.signs)


def _symmetric(question: Question, cell: Cell, holds: bool) -> bool:
    """f(x) - f(-x) on the positive half of a domain that mirrors itself."""
    members = spans(question.domain)
    check_apart(members, question.space)
    mirrored = all(_is_mirror(first, other, question.space) for first, other in zip(members, reversed(members), strict=True))
    kinds = [claim["claim"] for claim in cell["claims"]]
    if not mirrored:
        expect_keys(cell["claims"][0], {"claim"})
        if cell["shape"] != {}:
            _own_shape(question, cell)
        return not holds and kinds == ["domain_not_symmetric"] and _lopsided(members, question.space)
    claims = [claim for claim in cell["claims"] if claim["claim"] == "mirror"]
    variable: Node = ("name", question.variable)
    gap: Node = ("add", question.formula, ("neg", substitute(question.formula, {question.variable: ("neg", variable)})))
    half = _right_half(question.domain)
    shape = read_shape(cell["shape"], gap, question.variable, half, question.space)
    if len(claims) != 1 or not _is_gap(claims[0], gap, question, shape):
        return False
    facts = read_claims(cell["claims"], shape, skip={"mirror"})
    values = [point[1] for component in shape.components for point in component.points if point is not None]
    if holds:
        return all(facts.along(piece, 0) == ["0"] for piece in shape.pieces()) and all(
            _is_zero(value, question.space) for value in values
        )
    different = any(order == 0 and sign in {"+", "-"} for order, _, _, sign in facts.signs)
    limits = any(order == 0 and difference_sign(value, ZERO, shape) in {"+", "-"} for (_, _, _, order), value in facts.limits.items())
    return different or limits or any(_is_other(value, question.space) for value in values)


def _is_gap(claim: Mapping[str, Any], gap: Node, question: Question, shape: Shape) -> bool:
    """Whether the claim's function is f(x) - f(-x): the same tree in normal form, or resolved to the same on every piece of the shape."""
    expect_keys(claim, {"claim", "function"})
    shown = parse(claim["function"])
    if names(shown) <= names(gap) and _agree(shown, gap, question.space):
        return True
    pieces = shape.pieces()
    for piece in pieces:
        over = shape.over(piece.lower, piece.upper)
        if not equal(resolve(shown, judge_of([], over)), piece.expression, over):
            return False
    return bool(pieces)


def _agree(first: Node, second: Node, space: Space) -> bool:
    try:
        return equal(first, second, space)
    except Unreadable:
        return False


def _is_mirror(first: tuple[Node, Node, bool, bool], other: tuple[Node, Node, bool, bool], space: Space) -> bool:
    return _opposite(first[0], other[1]) and _opposite(first[1], other[0]) and first[2] == other[3] and first[3] == other[2]


def _opposite(first: Node, second: Node) -> bool:
    if first in (OO, MINUS_OO) or second in (OO, MINUS_OO):
        return {repr(first), repr(second)} == {repr(OO), repr(MINUS_OO)}
    return normal(("add", first, second)).is_zero()


def _lopsided(members: list[tuple[Node, Node, bool, bool]], space: Space) -> bool:
    """Whether the set surely differs from its mirror image: the outer ends are not opposite, or one is closed and the other open."""
    lower, upper, lower_open, upper_open = members[0][0], members[-1][1], members[0][2], members[-1][3]
    if (lower == MINUS_OO) != (upper == OO):
        return True
    if lower == MINUS_OO:
        return False
    gap: Node = ("add", lower, upper)
    if _is_zero(gap, space):
        return lower_open != upper_open
    return structure(gap, space) in {"+", "-"}


def _right_half(domain: str) -> str:
    if domain.strip() == "real":
        return "(0, oo)"
    from lossgraph.checker.constants import sign_of

    parts: list[str] = []
    for part in domain.split(" U "):
        lower, upper = spans(part)[0][:2]
        if upper != OO and sign_of(upper) != 1:
            continue
        whole = lower == upper or (lower != MINUS_OO and sign_of(lower) == 1)
        parts.append(part.strip() if whole else f"(0, {part[part.index(',') + 1 :].strip()}")
    return " U ".join(parts)


SPECIAL: dict[str, Callable[[Question, Cell, bool], bool]] = {
    "zero_at_target": _zero_at_target,
    "zero_only_at_target": _zero_only_at_target,
    "symmetric": _symmetric,
    "classification_calibrated": calibrated,
    "proper": proper,
    "strictly_proper": proper,
}
