"""Properties of losses as criteria for learning: classification-calibrated margin losses, proper scoring rules for a binary outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lossgraph.checker.claims import Facts, derivative
from lossgraph.checker.claims import read_claims as read_stated
from lossgraph.checker.expression import ZERO, Node, names, number, parse, substitute
from lossgraph.checker.limits import Approach, check_limit, regular_value
from lossgraph.checker.properties import DOWN, RULES, UP, difference_sign, steps
from lossgraph.checker.shape import Piece, Shape, less, read_shape, spans
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, Interval

Cell = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """A formula in one variable over one cell: its domain's text, the space of the parameters, where the loss should be zero, its outcome."""

    formula: Node
    variable: str
    domain: str
    space: Any
    target: Node | None
    property: str
    outcome: str | None


def read_claims(claims: list[Mapping[str, Any]], shape: Shape, others: tuple[Shape, ...] = (), skip: frozenset[str] = frozenset()) -> Facts:
    """The facts of the claims; limits that no claim states are taken from formulas that are analytic at the end."""
    facts = read_stated(claims, shape, others, skip)
    for known in (facts, *facts.others):
        known.derive = True
    return facts


def _at_once(claims: list[Mapping[str, Any]], kind: str) -> Mapping[str, Any] | None:
    found = [claim for claim in claims if claim["claim"] == kind]
    return found[0] if len(found) == 1 else None


def calibrated(question: Question, cell: Cell, holds: bool) -> bool:
    """A margin loss over the whole real line: the convex case, or the two lemmas on its even and odd parts (docs/certificates.md)."""
    if spans(question.domain) != [(MINUS_OO, OO, True, True)]:
        return False
    claims = list(cell["claims"])
    if _at_once(claims, "convex") is not None:
        return _convex_case(question, cell, holds)
    if _at_once(claims, "smallest_at_zero") is not None:
        return not holds and _smallest_at_zero(question, cell)
    return _mirror_case(question, cell, holds)


def _smallest_at_zero(question: Question, cell: Cell) -> bool:
    """f(z) >= f(0) for all z, so z = 0 minimises every risk: by the sign of f(z) - f(0) on each piece and at each point."""
    claims = list(cell["claims"])
    if len(claims) != 1:
        return False
    expect_keys(claims[0], {"claim", "claims"})
    gap: Node = ("add", question.formula, ("neg", substitute(question.formula, {question.variable: ZERO})))
    shape = read_shape(cell["shape"], gap, question.variable, question.domain, question.space)
    return RULES["nonnegative"](shape, read_claims(claims[0]["claims"], shape), True)


def _convex_case(question: Question, cell: Cell, holds: bool) -> bool:
    """Calibrated exactly where it is differentiable at 0 with a negative slope."""
    claims = list(cell["claims"])
    claim = _at_once(claims, "convex") or {}
    expect_keys(claim, {"claim", "shape", "claims"})
    plain = read_shape(claim["shape"], question.formula, question.variable, question.domain, question.space)
    if not RULES["convex"](plain, read_claims(claim["claims"], plain), True):
        return False
    shape = read_shape(cell["shape"], question.formula, question.variable, question.domain, question.space)
    facts = read_claims(claims, shape, skip=frozenset({"convex"}))
    left, right = _slopes_at_zero(shape, facts)
    same = difference_sign(left, right, shape)
    if holds:
        return same == "0" and difference_sign(left, ZERO, shape) == "-"
    return same in {"+", "-"} or (same == "0" and difference_sign(left, ZERO, shape) in UP)


def _slopes_at_zero(shape: Shape, facts: Facts) -> tuple[Node | None, Node | None]:
    """The one-sided slopes at 0, from the pieces that end there or from the piece that holds it."""
    left = right = None
    for piece in shape.pieces():
        if piece.upper == ZERO:
            left = facts.limit(piece, "upper", 1)
        elif piece.lower == ZERO:
            right = facts.limit(piece, "lower", 1)
        elif less(piece.lower, ZERO, shape.space) and less(ZERO, piece.upper, shape.space):
            left = right = regular_value(derivative(piece, shape.variable, 1), shape.variable, ZERO, shape.space)
    return left, right


def _mirror_case(question: Question, cell: Cell, holds: bool) -> bool:
    """f(z) <= f(-z) for z > 0, and the even part falls to a limit at which the odd part is negative, or rises from 0 where f has a negative slope."""
    claims = list(cell["claims"])
    variable: Node = ("name", question.variable)
    mirrored = substitute(question.formula, {question.variable: ("neg", variable)})
    odd_formula: Node = ("add", question.formula, ("neg", mirrored))
    even_formula: Node = ("mul", ("add", question.formula, mirrored), ("pow", number(2), number(-1)))
    kind = "odd_part_nonpositive" if holds else "odd_part_nonnegative"
    odd_claim = _at_once(claims, kind)
    if odd_claim is None or len(claims) != (2 if holds else 1):
        return False
    expect_keys(odd_claim, {"claim", "shape", "claims"})
    odd = read_shape(odd_claim["shape"], odd_formula, question.variable, "(0, oo)", question.space)
    if not _one_sign(odd, read_claims(odd_claim["claims"], odd), DOWN if holds else UP):
        return False
    if not holds:
        return cell["shape"] == {} or cell["shape"] is None
    even_claim = _at_once(claims, "even_part")
    if even_claim is None:
        return False
    expect_keys(even_claim, {"claim", "shape", "claims"})
    even = read_shape(even_claim["shape"], even_formula, question.variable, "(0, oo)", question.space)
    shape = read_shape(cell["shape"], question.formula, question.variable, question.domain, question.space)
    facts = read_claims(even_claim["claims"], even, (odd, shape))
    return _even_part_helps(shape, odd, even, facts)


def _one_sign(shape: Shape, facts: Facts, allowed: set[str]) -> bool:
    inside = [bool(signs := facts.along(piece, 0)) and all(sign in allowed for sign in signs) for piece in shape.pieces()]
    values = [point[1] for component in shape.components for point in component.points if point is not None]
    return all(inside) and all(difference_sign(value, ZERO, shape) in allowed for value in values)


def _even_part_helps(shape: Shape, odd: Shape, even: Shape, facts: Facts) -> bool:
    moves = steps(even, facts)
    first, last = even.pieces()[0], even.pieces()[-1]
    at_zero = next((point[1] for component in shape.components for point in component.points if point is not None and point[0] == ZERO), None)
    start, end = facts.limit(first, "lower", 0), facts.limit(last, "upper", 0)
    far = Facts(odd, derive=True)
    far.limits.update({key: value for known in facts.others if known.shape is odd for key, value in known.limits.items()})
    tail = far.limit(odd.pieces()[-1], "upper", 0)
    if all(move in DOWN for move in moves):
        finite = end is not None and end not in (OO, MINUS_OO)
        return finite and difference_sign(at_zero, start, even) in UP and difference_sign(tail, ZERO, odd) == "-"
    if all(move in UP for move in moves):
        own = next((known for known in facts.others if known.shape is shape), Facts(shape, derive=True))
        left, right = _slopes_at_zero(shape, own)
        flat = difference_sign(left, right, shape) == "0" and difference_sign(left, ZERO, shape) == "-"
        return flat and RULES["differentiable"](shape, own, True)
    return False


def _risks(cell: Cell) -> Iterator[Mapping[str, Any]]:
    """Each `risk` claim; anything else beside them is refused."""
    for claim in cell["claims"]:
        expect_keys(claim, {"claim", "at", "shape", "claims"})
        if claim["claim"] != "risk":
            raise ValueError("a claim beside the risks")
        yield claim


def proper(question: Question, cell: Cell, holds: bool) -> bool:
    """The risk q*l(1, p) + (1 - q)*l(0, p) falls before p = q and rises after, for each q of the domain of p."""
    members = spans(question.domain)
    if len(members) != 1 or question.outcome is None or not _probabilities(members[0], question):
        return False
    if any(claim["claim"] in {"risk_slope", "risk_slope_limit"} for claim in cell["claims"]):
        return not holds and _slanted(question, cell)
    lower, upper, lower_open, upper_open = members[0]
    wanted: list[Node] = [("name", "q_")] + ([] if lower_open else [lower]) + ([] if upper_open else [upper])
    seen: list[Node] = []
    failed = False
    for claim in _risks(cell):
        at = parse(claim["at"])
        space = question.space.extended("q_", Interval(lower, upper)) if at == ("name", "q_") else question.space
        if at not in wanted:
            return False
        shape = read_shape(claim["shape"], _risk(question, at), question.variable, question.domain, space)
        facts = read_claims(claim["claims"], shape)
        moves = [_turns(shape, facts, piece, at, question.property == "strictly_proper", holds) for piece in shape.pieces()]
        if not RULES["continuous"](shape, facts, True):
            return False
        failed = failed or (not holds and True in moves)
        if holds and not all(moves):
            return False
        seen.append(at)
    return all(at in seen for at in wanted) if holds else failed


def _probabilities(member: tuple[Node, Node, bool, bool], question: Question) -> bool:
    shape = Shape(question.variable, question.space, ())
    return difference_sign(member[0], ZERO, shape) in UP and difference_sign(number(1), member[1], shape) in UP


def _risk(question: Question, at: Node) -> Node:
    one, zero = (substitute(question.formula, {question.outcome or "": number(value)}) for value in (1, 0))
    return ("add", ("mul", at, one), ("mul", ("add", number(1), ("neg", at)), zero))


def _turns(shape: Shape, facts: Facts, piece: Piece, at: Node, strict: bool, holds: bool) -> bool:
    before = piece.upper == at or less(piece.upper, at, shape.space)
    after = piece.lower == at or less(at, piece.lower, shape.space)
    if not before and not after:
        return False
    signs = facts.along(piece, 1)
    good = ({"-"} if before else {"+"}) if strict else (DOWN if before else UP)
    bad = {"+" if before else "-"} | ({"0"} if strict else set[str]())
    if holds:
        return bool(signs) and all(sign in good for sign in signs)
    return at in (piece.upper, piece.lower) and len(signs) == 1 and signs[0] in bad


def _slanted(question: Question, cell: Cell) -> bool:
    """The slope of the risk at p = q is not 0 for some q: near an end of the domain, or at a number inside a piece."""
    claims = list(cell["claims"])
    limit, outcomes = _at_once(claims, "risk_slope_limit"), _at_once(claims, "outcomes")
    if limit is not None and outcomes is not None and len(claims) == 2:
        return _slope_near_end(question, limit, outcomes)
    claim = _at_once(claims, "risk_slope")
    if claim is None:
        return False
    expect_keys(claim, {"claim", "at", "slope"})
    at = parse(claim["at"])
    if names(at):
        return False
    shape = read_shape(cell["shape"], _risk(question, at), question.variable, question.domain, question.space)
    piece = next((piece for piece in shape.pieces() if less(piece.lower, at, shape.space) and less(at, piece.upper, shape.space)), None)
    if piece is None:
        return False
    slope = substitute(derivative(piece, shape.variable, 1), {shape.variable: at})
    compared = [other for other in claims if other is not claim]
    if not equal(parse(claim["slope"]), slope, shape.space) or len(compared) != 1 or compared[0]["claim"] != "compare":
        return False
    expect_keys(compared[0], {"claim", "left", "right", "sign"})
    named = equal(parse(compared[0]["left"]), slope, shape.space) and parse(compared[0]["right"]) == ZERO
    return named and difference_sign(slope, ZERO, shape) == compared[0]["sign"] in {"+", "-"}


def _slope_near_end(question: Question, claim: Mapping[str, Any], outcomes: Mapping[str, Any]) -> bool:
    expect_keys(claim, {"claim", "at", "end", "slope", "value", "proof"})
    expect_keys(outcomes, {"claim", "one", "zero"})
    shapes = [
        read_shape(outcomes[field], substitute(question.formula, {question.outcome or "": number(value)}), question.variable, question.domain, question.space)
        for field, value in (("one", 1), ("zero", 0))
    ]
    last = claim["end"] == "upper"
    first, second = (shape.pieces()[-1 if last else 0] for shape in shapes)
    variable: Node = ("name", question.variable)
    slope: Node = (
        "add",
        ("mul", variable, derivative(first, question.variable, 1)),
        ("mul", ("add", number(1), ("neg", variable)), derivative(second, question.variable, 1)),
    )
    point = {"upper": first.upper, "lower": first.lower}[claim["end"]]
    value = parse(claim["value"])
    approach = Approach(slope, question.variable, point, "-" if last else "+", question.space)
    over = shapes[0].over(first.lower, first.upper)
    named = parse(claim["at"]) == point and equal(parse(claim["slope"]), slope, over)
    return named and difference_sign(value, ZERO, shapes[0]) in {"+", "-"} and check_limit(claim["proof"], approach, value)
