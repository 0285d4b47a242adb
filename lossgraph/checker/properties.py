"""When confirmed facts settle a property: one rule a property, for the whole domain and all parameters at once."""

from __future__ import annotations

from collections.abc import Callable

from lossgraph.checker import claims
from lossgraph.checker.claims import Facts, around
from lossgraph.checker.expression import Node, number, substitute
from lossgraph.checker.shape import Piece, Shape, less
from lossgraph.checker.space import MINUS_OO, OO

Rule = Callable[[Shape, Facts, bool], bool]
UP, DOWN = {"+", "0", ">=0"}, {"-", "0", "<=0"}
ENDS = ("lower", "upper")


def difference_sign(first: Node | None, second: Node | None, shape: Shape) -> str | None:
    """The sign of first - second for all parameters; None where it is not seen."""
    return claims.difference_sign(first, second, shape.space)


def _continuous(shape: Shape, facts: Facts, holds: bool) -> bool:
    gaps = [difference_sign(facts.limit(piece, end, 0), value, shape) for _, value, beside in around(shape) for piece, end in beside]
    return all(gap == "0" for gap in gaps) if holds else any(gap in {"+", "-"} for gap in gaps)


def _finite(value: Node | None) -> bool:
    return value is not None and value not in (OO, MINUS_OO)


def _smooth(order: int) -> Rule:
    """Continuous, and at each point the derivatives up to `order` have equal finite limits from both sides."""

    def rule(shape: Shape, facts: Facts, holds: bool) -> bool:
        if not holds and _continuous(shape, facts, False):
            return True
        found: list[bool] = []
        for level in range(1, order + 1):
            for _, _, beside in around(shape):
                limits = [facts.limit(piece, end, level) for piece, end in beside]
                if any(limit in (OO, MINUS_OO) for limit in limits) or (len(limits) == 2 and difference_sign(limits[0], limits[1], shape) in {"+", "-"}):
                    found.append(False)
                elif limits and all(_finite(limit) for limit in limits) and (len(limits) == 1 or difference_sign(limits[0], limits[1], shape) == "0"):
                    found.append(True)
                elif holds:
                    return False
            if not holds and False in found:
                # the one-sided slopes exist where the formula is continuous, so unequal limits of f' settle it; a limit of f'' needs f' to be continuous
                return level == 1 or _smooth(1)(shape, facts, True)
        return holds and all(found) and _continuous(shape, facts, True)

    return rule


def _differentiable(shape: Shape, facts: Facts, holds: bool) -> bool:
    if holds:
        return _smooth(1)(shape, facts, True)
    if _continuous(shape, facts, False):
        return True
    for _, value, beside in around(shape):
        if all(difference_sign(facts.limit(piece, end, 0), value, shape) == "0" for piece, end in beside):
            slopes = [facts.limit(piece, end, 1) for piece, end in beside]
            if any(slope in (OO, MINUS_OO) for slope in slopes) or (len(slopes) == 2 and difference_sign(slopes[0], slopes[1], shape) in {"+", "-"}):
                return True
    return False


def _convex(shape: Shape, facts: Facts, holds: bool) -> bool:
    if holds:
        curved = all(bool(signs := facts.along(piece, 2)) and all(sign in UP for sign in signs) for piece in shape.pieces())
        return curved and len(shape.components) == 1 and all(_joint_is_convex(shape, facts, *joint) for joint in around(shape))
    if facts.broken or any(order == 2 and sign == "-" for order, _, _, sign in facts.signs) or any(order == 2 and sign == "-" for order, _, sign in facts.near):
        return True
    if any(order == 2 and difference_sign(value, number(0), shape) == "-" for (_, _, _, order), value in facts.limits.items()):
        return True
    for _, value, beside in around(shape):
        if len(beside) == 2:
            if any(difference_sign(facts.limit(piece, end, 0), value, shape) in {"+", "-"} for piece, end in beside):
                return True
            if difference_sign(facts.limit(*beside[1], 1), facts.limit(*beside[0], 1), shape) == "-":
                return True
    return False


def _joint_is_convex(shape: Shape, facts: Facts, at: Node, value: Node, beside: list[tuple[Piece, str]]) -> bool:
    gaps = [difference_sign(value, facts.limit(piece, end, 0), shape) for piece, end in beside]
    if len(beside) == 1:
        return gaps[0] in UP
    return all(gap == "0" for gap in gaps) and difference_sign(facts.limit(*beside[1], 1), facts.limit(*beside[0], 1), shape) in UP


def _strictly_convex(shape: Shape, facts: Facts, holds: bool) -> bool:
    if not holds:
        return any(order == 2 and sign == "0" for order, _, _, sign in facts.signs) or _convex(shape, facts, False)
    strict = [all(sign == "+" for sign in facts.along(piece, 2)) or (2, piece.lower) in facts.positive for piece in shape.pieces()]
    return all(strict) and _convex(shape, facts, True)


def _strongly_convex(shape: Shape, facts: Facts, holds: bool) -> bool:
    limits = [(piece, end, facts.limit(piece, end, 2)) for piece in shape.pieces() for end in ENDS]
    if not holds:
        flat = any(difference_sign(value, number(0), shape) in DOWN for _, _, value in limits if value is not None)
        return flat or _strictly_convex(shape, facts, False)
    away = all(difference_sign(value, number(0), shape) == "+" for _, _, value in limits)
    return away and all(facts.along(piece, 2) == ["+"] for piece in shape.pieces()) and _convex(shape, facts, True)


def steps(shape: Shape, facts: Facts) -> list[str | None]:
    """The ups and downs over the domain in order: along pieces, and from values to limits at each joint; None for one that is not known."""
    found: list[str | None] = []
    last: Node | None = None
    started = False
    for component in shape.components:
        for index, point in enumerate(component.points):
            if point is not None:
                if started:
                    found.append(difference_sign(point[1], last, shape))
                last, started = point[1], True
            if index < len(component.pieces):
                piece = component.pieces[index]
                if started:
                    found.append(difference_sign(facts.limit(piece, "lower", 0), last, shape))
                signs = facts.along(piece, 1)
                found += signs or [None]
                last, started = facts.limit(piece, "upper", 0), True
    return found


def _monotone(shape: Shape, facts: Facts, holds: bool) -> bool:
    found = steps(shape, facts)
    if holds:
        return all(step in UP for step in found) or all(step in DOWN for step in found)
    signs = {sign for order, _, _, sign in facts.signs if order == 1}
    return {"+", "-"} <= (signs | {step for step in found if step is not None})


def _quasiconvex(shape: Shape, facts: Facts, holds: bool) -> bool:
    if len(shape.components) != 1:
        return not holds and facts.broken
    found = steps(shape, facts)
    if holds:
        return any(all(step in DOWN for step in found[:turn]) and all(step in UP for step in found[turn:]) for turn in range(len(found) + 1))
    return ("+" in found and "-" in found[found.index("+") :]) or _rises_then_falls(shape, facts)


def _rises_then_falls(shape: Shape, facts: Facts) -> bool:
    """Whether the slope is positive on an interval and negative on a later one: by the four values at their ends the formula is not quasiconvex."""
    rises = [upper for order, _, upper, sign in facts.signs if order == 1 and sign == "+"]
    falls = [lower for order, lower, _, sign in facts.signs if order == 1 and sign == "-"]
    return any(claims.at_most(upper, lower, shape.space) for upper in rises for lower in falls)


def _nonnegative(shape: Shape, facts: Facts, holds: bool) -> bool:
    values = [difference_sign(value, number(0), shape) for _, value, _ in around(shape)]
    if not holds:
        limits = [difference_sign(value, number(0), shape) for (_, _, _, order), value in facts.limits.items() if order == 0]
        values += [difference_sign(low, number(0), shape) for piece in shape.pieces() for low in _turning_values(shape, facts, piece)]
        signs = {sign for order, _, _, sign in facts.signs if order == 0} | {sign for order, _, sign in facts.near if order == 0}
        return "-" in values or "-" in limits or "-" in signs
    return all(value in UP for value in values) and all(_piece_nonnegative(shape, facts, piece) for piece in shape.pieces())


def _piece_nonnegative(shape: Shape, facts: Facts, piece: Piece) -> bool:
    """By the sign of the formula on the piece, or by its limits at the ends and its values where one run of the slope's sign meets the next."""
    signs = facts.along(piece, 0)
    if signs:
        return all(sign in UP for sign in signs)
    if not facts.along(piece, 1):
        return False
    lows: list[Node | None] = [facts.limit(piece, end, 0) for end in ENDS]
    lows += _turning_values(shape, facts, piece)
    return all(difference_sign(low, number(0), shape) in UP for low in lows)


def _turning_values(shape: Shape, facts: Facts, piece: Piece) -> list[Node]:
    """The values at points inside a piece where one run of the slope's sign meets the next."""
    own = [lower for order, lower, _, _ in facts.signs if order == 1 and claims.at_most(piece.lower, lower, shape.space)]
    inside = [lower for lower in own if less(piece.lower, lower, shape.space) and less(lower, piece.upper, shape.space)]
    return [substitute(piece.expression, {shape.variable: lower}) for lower in inside]


def _bounded(infinity: Node) -> Rule:
    def rule(shape: Shape, facts: Facts, holds: bool) -> bool:
        limits = [facts.limit(piece, end, 0) for piece in shape.pieces() for end in ENDS]
        return all(limit is not None and limit != infinity for limit in limits) if holds else infinity in limits

    return rule


def _lipschitz(order: int) -> Rule:
    """The derivative of this order is bounded on each piece, and the lower ones continuous over the whole (connected) domain."""

    def rule(shape: Shape, facts: Facts, holds: bool) -> bool:
        regular: Rule = _continuous if order == 1 else _smooth(1)
        limits = [facts.limit(piece, end, order) for piece in shape.pieces() for end in ENDS]
        if not holds:
            return any(limit in (OO, MINUS_OO) for limit in limits) or regular(shape, facts, False)
        return len(shape.components) == 1 and all(_finite(limit) for limit in limits) and regular(shape, facts, True)

    return rule


def _redescending(shape: Shape, facts: Facts, holds: bool) -> bool:
    pieces = shape.pieces()
    if not pieces or pieces[0].lower != MINUS_OO or pieces[-1].upper != OO:
        return False
    ends = [facts.limit(pieces[0], "lower", 1), facts.limit(pieces[-1], "upper", 1)]
    signs = [difference_sign(value, number(0), shape) for value in ends]
    return all(sign == "0" for sign in signs) if holds else any(sign in {"+", "-"} for sign in signs)


RULES: dict[str, Rule] = {
    "continuous": _continuous,
    "differentiable": _differentiable,
    "continuously_differentiable": _smooth(1),
    "twice_continuously_differentiable": _smooth(2),
    "convex": _convex,
    "strictly_convex": _strictly_convex,
    "strongly_convex": _strongly_convex,
    "quasiconvex": _quasiconvex,
    "monotone": _monotone,
    "nonnegative": _nonnegative,
    "bounded_below": _bounded(MINUS_OO),
    "bounded_above": _bounded(OO),
    "lipschitz": _lipschitz(1),
    "lipschitz_gradient": _lipschitz(2),
    "redescending": _redescending,
}
