"""Checks the single claims of a proof by pieces and keeps what they say. Every claim is confirmed, or the certificate is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lossgraph.checker.defined import check_defined, smooth
from lossgraph.checker.expression import ZERO, Node, Unreadable, names, parse, substitute
from lossgraph.checker.limits import Approach, check_limit, same
from lossgraph.checker.normal import differentiate, normal
from lossgraph.checker.polynomials import Quotient
from lossgraph.checker.shape import Piece, Shape, less
from lossgraph.checker.signs import check_sign, equal, expect_keys, whole_number
from lossgraph.checker.space import MINUS_OO, OO, Space, structure
from lossgraph.checker.trees import tree

Claim = Mapping[str, Any]
INFINITE = (OO, MINUS_OO)


def exact(text: Any, space: Space) -> Node:
    """A quantity in the parameters that has a value for all of them, or is infinite. Raises `Unreadable`."""
    node = parse(text)
    if node not in INFINITE:
        if not names(node) <= {name for name, _ in space.intervals}:
            raise Unreadable("a quantity names what is not in the space")
        check_defined(node, space)
    return node


_COMPARING = frozenset({"compare", "equal", "different", "infinite"})


@dataclass
class Facts:
    """What was confirmed: (order, lower, upper, sign); (piece, end, order) -> limit; orders with a positive value somewhere inside a piece, and so on."""

    shape: Shape
    signs: list[tuple[int, Node, Node, str]] = field(default_factory=list[tuple[int, Node, Node, str]])
    limits: dict[tuple[Node, Node, str, int], Node] = field(default_factory=dict[tuple[Node, Node, str, int], Node])
    positive: list[tuple[int, Node]] = field(default_factory=list[tuple[int, Node]])
    near: list[tuple[int, Node, str]] = field(default_factory=list[tuple[int, Node, str]])
    broken: bool = False  # the domain is not convex
    derive: bool = False  # whether limits that no claim states may be taken from formulas that are analytic at the end
    ranges: dict[tuple[Node, int], tuple[Any, Any]] = field(default_factory=dict[tuple[Node, int], tuple[Any, Any]])
    others: list[Facts] = field(default_factory=list["Facts"])
    values: list[Node] = field(default_factory=list[Node])

    def along(self, piece: Piece, order: int) -> list[str]:
        """Signs of a derivative on intervals that together fill the piece but for single points; [] where they do not."""
        whole = [sign for kind, lower, upper, sign in self.signs if kind == order and self._holds(lower, upper, piece)]
        if whole:
            return [min(whole, key=lambda sign: sign not in {"+", "-", "0"})]
        found: list[str] = []
        place = piece.lower
        for _ in range(200):
            step = next(((upper, sign) for kind, lower, upper, sign in self.signs if kind == order and same(lower, place, self.shape.space)), None)
            if step is None:
                return []
            place = step[0]
            found.append(step[1])
            if same(place, piece.upper, self.shape.space):
                return found
        return []

    def limit(self, piece: Piece, end: str, order: int) -> Node | None:
        """The limit of a derivative at an end of a piece: a confirmed claim, or the value there of a formula that is analytic there."""
        key = (piece.lower, piece.upper, end, order)
        if key not in self.limits and self.derive:
            from lossgraph.checker.limits import derived_limit

            try:
                point = piece.lower if end == "lower" else piece.upper
                side = "+" if end == "lower" else "-"
                value = derived_limit(derivative(piece, self.shape.variable, order), self.shape.variable, point, side, self.shape.space)
            except Unreadable:
                return None
            if value is None:
                return None
            self.limits[key] = value
        return self.limits.get(key)

    def _holds(self, lower: Node, upper: Node, piece: Piece) -> bool:
        """Whether an interval holds a piece."""
        return at_most(lower, piece.lower, self.shape.space) and at_most(piece.upper, upper, self.shape.space)


def at_most(first: Node, second: Node, space: Space) -> bool:
    """Whether first <= second for all parameters; either may be infinite."""
    return same(first, second, space) or less(first, second, space)


def read_claims(claims: Sequence[Claim], shape: Shape, others: Iterable[Shape] = (), skip: Iterable[str] = ()) -> Facts:
    """The facts of the claims about a shape. `others` are shapes that limits may be about too, `skip` kinds that the caller reads. Raises `Unreadable`."""
    facts = Facts(shape)
    facts.values = [ZERO, *(point[1] for component in shape.components for point in component.points if point is not None)]
    facts.others = extra = [Facts(other) for other in others]
    first = [claim for claim in claims if claim["claim"] not in _COMPARING]  # what is compared may be named only later
    for claim in (*first, *(claim for claim in claims if claim["claim"] in _COMPARING)):
        kind = claim["claim"]
        if kind in skip:
            continue
        reader = _READERS.get(kind)
        if reader is None:
            raise Unreadable(f"unknown claim {kind!r}")
        if not any(_tried(reader, claim, one, facts) for one in (facts, *extra)):
            raise Unreadable(f"a claim of kind {kind} is not confirmed: {claim}")
    return facts


def _tried(reader: Callable[[Claim, Facts], bool], claim: Claim, about: Facts, first: Facts) -> bool:
    if about is first and not first.others:
        return reader(claim, about)
    try:
        confirmed = reader(claim, about)
    except Unreadable:
        return False
    if about is not first:
        first.values += about.values
    return confirmed


@lru_cache(maxsize=2_000)
def derivative(piece: Piece, variable: str, order: int) -> Node:
    """The derivative of the piece's formula, computed here."""
    if not 0 <= order <= 4:
        raise Unreadable("a derivative of that order")
    node = piece.expression
    for _ in range(order):
        node = differentiate(node, variable)
    return node


def exact_piece(claim: Claim, shape: Shape) -> Piece:
    """The piece with the ends that a claim names."""
    lower, upper = exact(claim["lower"], shape.space), exact(claim["upper"], shape.space)
    piece = next((piece for piece in shape.pieces() if same(piece.lower, lower, shape.space) and same(piece.upper, upper, shape.space)), None)
    if piece is None:
        raise Unreadable("a claim about no piece")
    return piece


def _parts(shape: Shape, lower: Node, upper: Node) -> list[Piece]:
    """The one piece that holds an interval."""
    found = [piece for piece in shape.pieces() if at_most(piece.lower, lower, shape.space) and at_most(upper, piece.upper, shape.space)]
    if not found:
        raise Unreadable("an interval lies in no piece")
    return found


def _sign(claim: Claim, facts: Facts) -> bool:
    expect_keys(claim, {"claim", "lower", "upper", "order", "function", "sign", "proof"})
    shape, lower, upper, order = facts.shape, exact(claim["lower"], facts.shape.space), exact(claim["upper"], facts.shape.space), whole_number(claim["order"])
    if not less(lower, upper, shape.space):
        return False
    function, over = parse(claim["function"]), shape.over(lower, upper)
    known: Node = ZERO
    for piece in _parts(shape, lower, upper):
        known = derivative(piece, shape.variable, order)
        if not equal(function, known, over):
            return False
        check_defined(function, over, known, piece.proved)
    if not check_sign(function, claim["sign"], claim["proof"], over):
        return False
    if not all(_is_run_end(facts.shape, end, known, over) for end in (lower, upper)):
        return False
    _bound_end(facts, lower, upper)
    facts.signs.append((order, lower, upper, claim["sign"]))
    return True


def _is_run_end(shape: Shape, end: Node, function: Node, over: Space) -> bool:
    """Whether a run of a sign ends where it must: at the end of a piece, or where the function is zero."""
    if any(same(end, other, shape.space) for piece in shape.pieces() for other in (piece.lower, piece.upper)):
        return True
    return end not in INFINITE and not equal(function, ZERO, over) and equal(substitute(function, {shape.variable: end}), ZERO, shape.space)


def _bound_end(facts: Facts, lower: Node, upper: Node) -> None:
    """Values where two runs of a sign meet are quantities that later claims may compare."""
    for piece in facts.shape.pieces():
        if not same(piece.lower, lower, facts.shape.space) and lower not in INFINITE and less(piece.lower, lower, facts.shape.space):
            facts.values.append(substitute(piece.expression, {facts.shape.variable: lower}))


def _limit(claim: Claim, facts: Facts) -> bool:
    expect_keys(claim, {"claim", "lower", "upper", "end", "at", "order", "value", "proof"})
    shape, piece, order, end = facts.shape, exact_piece(claim, facts.shape), whole_number(claim["order"]), claim["end"]
    value = exact(claim["value"], facts.shape.space)
    point = {"lower": piece.lower, "upper": piece.upper}[end]
    approach = Approach(derivative(piece, shape.variable, order), shape.variable, point, "+" if end == "lower" else "-", shape.space)
    if not same(exact(claim["at"], facts.shape.space), point, shape.space) or not check_limit(claim["proof"], approach, value):
        return False
    facts.limits[piece.lower, piece.upper, end, order] = value
    facts.values.append(value)
    return True


def _quotient(claim: Claim, facts: Facts) -> bool:
    """The one-sided slope at a point by the difference quotient, taken as a limit of order 1 there: continuity is checked where slopes are used."""
    expect_keys(claim, {"claim", "at", "end", "quotient", "value", "proof"})
    shape, at, value, end = facts.shape, exact(claim["at"], facts.shape.space), exact(claim["value"], facts.shape.space), claim["end"]
    for point, known, beside in around(shape):
        for piece, side in beside:
            if not same(point, at, shape.space) or side != end:
                continue
            variable: Node = ("name", shape.variable)
            gap: Node = ("add", variable, ("neg", point))
            quotient: Node = ("mul", ("add", piece.expression, ("neg", known)), ("pow", gap, ("number", ZERO[1] - 1)))
            approach = Approach(quotient, shape.variable, point, "+" if end == "lower" else "-", shape.space)
            if equal(parse(claim["quotient"]), quotient, shape.over(piece.lower, piece.upper)) and check_limit(claim["proof"], approach, value):
                facts.values.append(value)
                return True
    return False


def _positive_at(claim: Claim, facts: Facts) -> bool:
    expect_keys(claim, {"claim", "at", "order", "function", "proof"})
    shape, at, order = facts.shape, exact(claim["at"], facts.shape.space), whole_number(claim["order"])
    for piece in shape.pieces():
        if less(piece.lower, at, shape.space) and less(at, piece.upper, shape.space):
            known = derivative(piece, shape.variable, order)
            confirmed = equal(parse(claim["function"]), known, shape.over(piece.lower, piece.upper))
            if confirmed and check_sign(substitute(known, {shape.variable: at}), "+", claim["proof"], shape.space):
                facts.positive.append((order, piece.lower))
                return True
    return False


def _sign_near(claim: Claim, facts: Facts) -> bool:
    """Close to an end the derivative is a product of factors, each of one sign on the piece or with a limit of that sign."""
    from lossgraph.checker.space import product

    expect_keys(claim, {"claim", "lower", "upper", "end", "order", "function", "factors", "sign"})
    shape, piece, order, end = facts.shape, exact_piece(claim, facts.shape), whole_number(claim["order"]), claim["end"]
    over, known = shape.over(piece.lower, piece.upper), derivative(piece, facts.shape.variable, order)
    point = {"lower": piece.lower, "upper": piece.upper}[end]
    whole: Node = ("number", ZERO[1] + 1)
    signs: list[str | None] = []
    for factor in claim["factors"]:
        expect_keys(factor, {"expression", "power", "sign", "proof"}, {"limit"})
        base, power, sign = parse(factor["expression"]), whole_number(factor["power"]), factor["sign"]
        check_defined(base, over, known, piece.proved)
        whole = ("mul", whole, ("pow", base, ("number", ZERO[1] + power)))
        if "limit" in factor:
            value = parse(factor["limit"])
            towards = OO if value == OO else MINUS_OO if value == MINUS_OO else value
            found = {OO: "+", MINUS_OO: "-"}.get(towards) or structure(value, shape.space)
            approach = Approach(base, shape.variable, point, "+" if end == "lower" else "-", shape.space)
            right = found == sign and check_limit(factor["proof"], approach, value)
        else:
            right = check_sign(base, sign, factor["proof"], over)
        if not right or sign not in {"+", "-"}:
            return False
        signs.append("+" if power % 2 == 0 else sign)
    confirmed = equal(parse(claim["function"]), known, over) and equal(whole, known, over) and product(signs) == claim["sign"]
    facts.near.append((order, piece.lower, claim["sign"]))
    return confirmed


def around(shape: Shape) -> list[tuple[Node, Node, list[tuple[Piece, str]]]]:
    """Each point with its value and the pieces that end there."""
    found: list[tuple[Node, Node, list[tuple[Piece, str]]]] = []
    for component in shape.components:
        for index, point in enumerate(component.points):
            if point is not None:
                beside = [(component.pieces[index - 1], "upper")] if index else []
                beside += [(component.pieces[index], "lower")] if index < len(component.pieces) else []
                found.append((point[0], point[1], beside))
    return found


def _value(claim: Claim, facts: Facts) -> bool:
    expect_keys(claim, {"claim", "at", "value"})
    at, value, space = exact(claim["at"], facts.shape.space), exact(claim["value"], facts.shape.space), facts.shape.space
    return any(same(point, at, space) and equal(known, value, space) for point, known, _ in around(facts.shape))


def _pair(claim: Claim, facts: Facts, judge: Callable[[Node, Node], bool]) -> bool:
    """`equal` and `different`: of value and limit at a point, of one-sided limits of a derivative there, or of a limit and 0."""
    expect_keys(claim, {"claim", "left", "right"}, {"at", "order"})
    left, right, space = exact(claim["left"], facts.shape.space), exact(claim["right"], facts.shape.space), facts.shape.space
    if "at" not in claim:
        return right == ZERO and any(same(left, value, space) for value in facts.values) and judge(left, right)
    at = exact(claim["at"], facts.shape.space)
    for point, value, beside in around(facts.shape):
        if not same(point, at, space):
            continue
        if "order" not in claim:
            here = same(right, value, space) and any(_is_limit(facts, piece, end, 0, left) for piece, end in beside)
        else:
            order = whole_number(claim["order"])
            here = order > 0 and bool(beside) and _is_limit(facts, *beside[0], order, left) and _is_limit(facts, *beside[-1], order, right)
        if here:
            return judge(left, right)
    return False


def _is_limit(facts: Facts, piece: Piece, end: str, order: int, value: Node) -> bool:
    known = facts.limit(piece, end, order)
    return known is not None and same(known, value, facts.shape.space)


def difference_sign(first: Node | None, second: Node | None, space: Space) -> str | None:
    """The sign of first - second for all parameters; None where it is not seen."""
    if first is None or second is None or (first in INFINITE and first == second):
        return None
    if first == OO or second == MINUS_OO:
        return "+"
    if first == MINUS_OO or second == OO:
        return "-"
    gap: Node = ("add", first, ("neg", second))
    return "0" if equal(first, second, space) else structure(gap, space) or monotone_sign(gap, space)


def monotone_sign(node: Node, space: Space, depth: int = 0) -> str | None:
    """The sign of what rises or falls in its only symbol, by its value at the end of the symbol's interval from which it moves away."""
    free = names(node)
    interval = space.interval(next(iter(free))) if len(free) == 1 else None
    if interval is None or depth > 2:
        return None
    name = next(iter(free))
    node = _without_factor(node, name, space)
    slope = differentiate(node, name)
    moves = structure(slope, space) or monotone_sign(slope, space, depth + 1)
    for end, opened, directions in ((interval.lower, interval.lower_open, ("+", "-")), (interval.upper, interval.upper_open, ("-", "+"))):
        if end in INFINITE or moves not in {"+", "-"}:
            continue
        value = substitute(node, {name: end})
        smooth(node, space)
        try:
            smooth(value, Space())
        except Unreadable:
            continue
        found = structure(value, Space())
        for sign, direction in (("+", directions[0]), ("-", directions[1])):
            if moves == direction and found in {sign, "0"}:
                return sign if found == sign or opened else {"+": ">=0", "-": "<=0"}[sign]
    return None


def _without_factor(node: Node, name: str, space: Space) -> Node:
    """The tree divided by the highest power of a positive symbol that divides each of its terms: the sign stays."""
    form, symbol = normal(node, space.positive()), ("symbol", name)
    if name not in space.positive() or not form.numerator:
        return node
    least = min(dict(monomial).get(symbol, 0) for monomial in form.numerator)
    return tree(form * Quotient({((symbol, -least),): 1})) if least > 0 else node


def _equal(claim: Claim, facts: Facts) -> bool:
    return _pair(claim, facts, lambda left, right: same(left, right, facts.shape.space))


def _different(claim: Claim, facts: Facts) -> bool:
    return _pair(claim, facts, lambda left, right: difference_sign(left, right, facts.shape.space) in {"+", "-"})


def _compare(claim: Claim, facts: Facts) -> bool:
    expect_keys(claim, {"claim", "left", "right", "sign"})
    left, right, space = exact(claim["left"], facts.shape.space), exact(claim["right"], facts.shape.space), facts.shape.space
    known = all(any(same(side, value, space) for value in facts.values) for side in (left, right))
    return known and difference_sign(left, right, space) == claim["sign"]


def _infinite(claim: Claim, facts: Facts) -> bool:
    expect_keys(claim, {"claim", "order", "at"})
    at, order, space = exact(claim["at"], facts.shape.space), whole_number(claim["order"]), facts.shape.space
    return any(
        value in INFINITE and level == order and same(lower if end == "lower" else upper, at, space)
        for (lower, upper, end, level), value in facts.limits.items()
    )


def _range(claim: Claim, facts: Facts) -> bool:
    from lossgraph.checker.ranges import check_range

    expect_keys(claim, {"claim", "lower", "upper", "order", "infimum", "supremum", "proof"})
    piece, order = exact_piece(claim, facts.shape), whole_number(claim["order"])
    infimum, supremum = claim["infimum"], claim["supremum"]
    confirmed = check_range(claim["proof"], derivative(piece, facts.shape.variable, order), facts.shape, piece, infimum, supremum)
    facts.ranges[piece.lower, order] = (infimum, supremum)
    return confirmed


def _domain_not_convex(claim: Claim, facts: Facts) -> bool:
    expect_keys(claim, {"claim", "first", "second"})
    space, components = facts.shape.space, facts.shape.components
    if len(components) < 2:
        return False
    for component, ends in zip(components[:2], (claim["first"], claim["second"]), strict=True):
        lower, upper = (component.pieces[0].lower, component.pieces[-1].upper) if component.pieces else (component.points[0] or (ZERO,))[:1] * 2
        if len(ends) != 2 or not same(parse(ends[0]), lower, space) or not same(parse(ends[1]), upper, space):
            return False
    facts.broken = True
    return True


_READERS: dict[str, Callable[[Claim, Facts], bool]] = {
    "sign": _sign,
    "limit": _limit,
    "difference_quotient": _quotient,
    "positive_at": _positive_at,
    "sign_near": _sign_near,
    "value": _value,
    "equal": _equal,
    "different": _different,
    "compare": _compare,
    "infinite": _infinite,
    "range": _range,
    "domain_not_convex": _domain_not_convex,
}
