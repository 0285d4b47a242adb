"""Checks sign proofs that change a symbol: by a chart onto a half line or another interval, and by cases that together cover its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.checker.branches import bounded
from lossgraph.checker.defined import check_defined
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.normal import Quotient, normal
from lossgraph.checker.signs import equal, expect_keys, inner
from lossgraph.checker.space import MINUS_OO, OO, POSITIVE, Interval, Space, implies, structure
from lossgraph.checker.trees import tree

Proof = Mapping[str, Any]
INFINITE = (OO, MINUS_OO)


def substituted(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    """The sign after changes of symbols. The chart that is put in is the checker's own, so that no text of the certificate is trusted to have a value."""
    if not proof["changes"]:
        return None
    for change in proof["changes"]:
        expect_keys(change, {"symbol", "by"})
        space, chart = _charted(space, change["symbol"], parse(change["by"]))
        node = substitute(node, {change["symbol"]: chart})
    return inner(node, proof["proof"], space, depth)


def _fresh(by: Node, space: Space, name: str) -> str:
    """The new symbol of a chart: the first of x_1, x_2, ... for a symbol x (or x_7) that the space does not have."""
    taken = {other for other, _ in space.intervals}
    new = names(by) - taken
    stem = name.rstrip("0123456789_")
    wanted = next(f"{stem}_{index}" for index in range(1, len(taken) + 2) if f"{stem}_{index}" not in taken)
    if set(new) != {wanted}:
        raise Unreadable("a change of symbol brings one new symbol")
    return wanted


def _charted(space: Space, name: str, by: Node) -> tuple[Space, Node]:
    """The space after one change of symbol, and the chart: the new symbol covers (at least) everything that the old one did."""
    interval = space.interval(name)
    if interval is None:
        raise Unreadable(f"{name} is not in the space")
    fresh = _fresh(by, space, name)
    t: Node = ("name", fresh)
    wide = space.extended(fresh, POSITIVE)
    low, high = interval.lower not in INFINITE, interval.upper not in INFINITE
    if interval.lower_open and interval.upper_open:
        charts: list[tuple[Node, Interval]] = []
        if low:
            length: Node = OO if not high else ("add", interval.upper, ("neg", interval.lower))
            charts.append((("add", interval.lower, t), Interval(ZERO, length)))
        if high and not low:
            charts.append((("add", interval.upper, ("neg", t)), POSITIVE))
        if low and high:
            top: Node = ("add", interval.lower, ("mul", interval.upper, t))
            charts.append((("mul", top, ("pow", ("add", ONE, t), number(-1))), POSITIVE))
        for chart, new in charts:
            if equal(by, chart, wide):
                return space.replaced(name, fresh, new, chart), chart
        if low and _starts_below(by, interval.lower, fresh, space):
            return space.replaced(name, fresh, POSITIVE, by), by
    return _logarithmic(space, name, by, fresh, interval) or _exponential(space, name, by, fresh, interval)


def _starts_below(by: Node, lower: Node, fresh: str, space: Space) -> bool:
    """Whether a chart is t plus a number that is not above the lower end of the old symbol: it covers more than that did."""
    start = normal(("add", by, ("neg", ("name", fresh)))).rational()
    return start is not None and structure(("add", lower, number(-start)), space) in {"+", "0", ">=0"}


def _logarithmic(space: Space, name: str, by: Node, fresh: str, interval: Interval) -> tuple[Space, Node] | None:
    """symbol = (exp(s) - a)/b with b of known sign: s = log(a + b*symbol) runs between the images of the ends."""
    t: Node = ("name", fresh)
    form = normal(by, space.positive())
    exponential = normal(("exp", t)).numerator
    ((mark, _),) = exponential.items()
    slope = Quotient({}) + _part(form, mark[0][0])
    rest = form + -(slope * normal(("exp", t)))
    if slope.is_zero() or _holds(slope, fresh) or _holds(rest, fresh):
        return None
    direction = structure(tree(slope), space.apart_from(name))
    if direction not in {"+", "-"}:
        raise Unreadable("a chart of unknown direction")

    def image(end: Node, opened: bool) -> Node:
        if end in INFINITE:
            if (end == OO) != (direction == "+"):
                raise Unreadable("the chart leaves its domain")
            return OO
        inside: Node = ("mul", ("add", end, ("neg", tree(rest))), ("pow", tree(slope), number(-1)))
        value = normal(inside, space.positive())
        sign = "0" if value.is_zero() else structure(tree(value), space.apart_from(name))
        if sign == "0" and opened:
            return MINUS_OO
        if sign != "+":
            raise Unreadable("the chart leaves its domain")
        return ("log", tree(value))

    ends = (image(interval.lower, interval.lower_open), interval.lower_open), (image(interval.upper, interval.upper_open), interval.upper_open)
    (lower, lower_open), (upper, upper_open) = ends if direction == "+" else (ends[1], ends[0])
    chart: Node = ("add", tree(rest), ("mul", tree(slope), ("exp", t)))
    return space.replaced(name, fresh, Interval(lower, upper, lower_open, upper_open), chart), chart


def _exponential(space: Space, name: str, by: Node, fresh: str, interval: Interval) -> tuple[Space, Node]:
    """symbol = log(u)/k: u = exp(k*symbol) runs between the images of the ends."""
    t: Node = ("name", fresh)
    log = normal(("log", t), frozenset({fresh}))
    factor = normal(by, space.positive() | {fresh}) * log.inverse()
    if _holds(factor, fresh) or factor.is_zero():
        raise Unreadable("no chart that is known")
    direction = structure(tree(factor), space.apart_from(name))
    if direction not in {"+", "-"}:
        raise Unreadable("a chart of unknown direction")

    def image(end: Node) -> Node:
        if end in INFINITE:
            return OO if (end == OO) == (direction == "+") else ZERO
        return ("exp", ("mul", end, tree(factor.inverse())))

    ends = (image(interval.lower), interval.lower_open), (image(interval.upper), interval.upper_open)
    (lower, lower_open), (upper, upper_open) = ends if direction == "+" else (ends[1], ends[0])
    chart: Node = ("mul", tree(factor), ("log", t))
    return space.replaced(name, fresh, Interval(lower, upper, lower_open, upper_open), chart), chart


def _part(form: Quotient, generator: Any) -> Quotient:
    """The coefficient of a generator to the first power."""
    found = {
        tuple(item for item in monomial if item[0] != generator): value for monomial, value in form.numerator.items() if dict(monomial).get(generator) == 1
    }
    return Quotient(found, form.denominator)


def _holds(form: Quotient, name: str) -> bool:
    return repr(name) in repr(form.key())


def cases(node: Node, proof: Proof, space: Space, depth: int) -> str | None:
    """The union of the signs over cases that cover the symbol's interval: open intervals, and the points between and at closed ends."""
    name = proof["symbol"]
    interval = space.interval(name)
    if interval is None:
        return None
    signs: list[str] = []
    tried = (interval, *_conditioned(name, interval, space))
    segments: list[tuple[Node, Node]] = []
    points: list[Node] = []
    rest = space
    for case in proof["cases"]:
        expect_keys(case, {"by", "proof"}, {"lower", "upper"})
        by = parse(case["by"])
        if names(by) and name not in names(by) and all(space.interval(other) is not None for other in names(by)):
            chart, part = by, _identified(space, name, by, case)
            points.append(chart)
        elif "lower" in case or "upper" in case:
            segment, part, chart = _segment(space, name, by, parse(case["lower"]), parse(case["upper"]))
            segments.append(segment)
        else:
            chart = _point(by, interval, space)
            part = space.placed(name, chart)
            points.append(chart)
        placed = substitute(node, {name: chart})
        sign = inner(placed, case["proof"], part, depth)
        if sign is None and (within := bounded(part)) != part:
            sign = inner(placed, case["proof"], within, depth)
        if sign is None:
            return None
        signs.append(sign)
    return union(signs) if any(_cover(segments, points, one, rest) for one in tried) else None


_TURNED: dict[Any, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _conditioned(name: str, interval: Interval, space: Space) -> list[Interval]:
    """The interval of a symbol cut by each condition that compares it with others: what is left out does not meet the condition."""
    found: list[Interval] = []
    for condition in space.conditions:
        if condition[0] not in _TURNED:
            continue
        for operator, left, right in (condition, (_TURNED[condition[0]], condition[2], condition[1])):
            if left == ("name", name) and names(right) and name not in names(right):
                strict = operator in {"<", ">"}
                rising = (right, interval.upper, strict, interval.upper_open)
                found.append(Interval(*(rising if operator in {">", ">="} else (interval.lower, right, interval.lower_open, strict))))
    return found


def _identified(space: Space, name: str, by: Node, case: Proof) -> Space:
    """The space where a symbol is an expression in earlier ones; of a single one the case repeats the ends. Raises `Unreadable` where they are others."""
    order = [symbol for symbol, _ in space.intervals]
    stated = [parse(case[end]) for end in ("lower", "upper") if end in case]
    allowed: list[list[Node]] = [[]]
    for other, interval in space.intervals:
        if names(by) == frozenset({other}):
            allowed += [[one.lower, one.upper] for one in (interval, *_conditioned(other, interval, space))]
    if stated not in allowed or any(order.index(other) > order.index(name) for other in names(by)):
        raise Unreadable("a symbol becomes what is not before it")
    check_defined(by, space.placed(name, by))
    return space.placed(name, by)


def _segment(space: Space, name: str, by: Node, lower: Node, upper: Node) -> tuple[tuple[Node, Node], Space, Node]:
    """The part of the symbol's line that an open case covers, its space, and what the symbol becomes. `lower` and `upper` are the ends of what `by` names."""
    for end in (lower, upper):
        if end not in INFINITE:
            check_defined(end, space)
    if by == ("name", name):
        return (lower, upper), space.narrowed(name, Interval(lower, upper)), by
    fresh = _fresh(by, space, name)
    t: Node = ("name", fresh)
    if (lower, upper) != (ZERO, OO):
        raise Unreadable("a case runs over the positive numbers")
    part = space.replaced(name, fresh, POSITIVE, by)
    if by == t:
        return (ZERO, OO), part, t
    if by == ("neg", t):
        return (MINUS_OO, ZERO), part, by
    raise Unreadable("no case that is known")


def _point(by: Node, interval: Interval, rest: Space) -> Node:
    """A point as the checker writes it: an end of the interval where it is one."""
    if not names(by) < {other for other, _ in rest.intervals}:
        raise Unreadable("a point names what is not in the space")
    check_defined(by, rest)
    return next((end for end in (interval.lower, interval.upper) if end not in INFINITE and equal(by, end, rest)), by)


def _same(first: Node, second: Node, space: Space) -> bool:
    return first == second if first in INFINITE or second in INFINITE else equal(first, second, space)


def _cover(segments: list[tuple[Node, Node]], points: list[Node], interval: Interval, space: Space) -> bool:
    """Whether open segments and points lead without a gap from one end of the interval to the other, and each is used."""
    left, free = list(segments), list(points)

    def take(point: Node) -> bool:
        found = next((other for other in free if _same(other, point, space)), None)
        if found is not None:
            free.remove(found)
        return found is not None

    place = interval.lower
    if not interval.lower_open and not take(place):
        return False
    while not _same(place, interval.upper, space):
        found = next((segment for segment in left if _same(segment[0], place, space)), None)
        if found is None:
            return False
        left.remove(found)
        place = found[1]
        if not _same(place, interval.upper, space) and not take(place):
            return False
    return (interval.upper_open or take(place)) and not left and not free


def union(signs: list[str]) -> str | None:
    """The sharpest sign that all have."""
    return next((sign for sign in ("0", "+", "-", ">=0", "<=0") if all(implies(found, sign) for found in signs)), None)
