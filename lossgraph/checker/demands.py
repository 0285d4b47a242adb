"""What the type of a relation demands besides its formula: the form, a positive scale, a constant free of the prediction, an increasing function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.checker.calls import Statement, calls_in, has_limit
from lossgraph.checker.everywhere import Field, check_claim
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.limits import Approach, limit_is
from lossgraph.checker.normal import differentiate, normal
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, Space, structure
from lossgraph.checker.trees import tree

EQUATIONS = frozenset(
    "special_case_of generalizes same_as equivalent_up_to_scale equivalent_up_to_constant composed_of regularised_version_of transforms "
    "monotone_transform_of".split()
)
LINEAR = frozenset({"equivalent_up_to_scale", "equivalent_up_to_constant"})
ENDS = {
    "limit_of": ("outside the limit", "inside the limit"),
    "tends_to": ("inside the limit", "outside the limit"),
    "upper_bounds": ("on the larger side", "on the smaller side"),
    "lower_bounds": ("on the smaller side", "on the larger side"),
}
VALUE = "value_"


def misfit(kind: str, statement: Statement, source: str, target: str) -> str | None:
    """Why the formula, true or not, does not say what the type says; None where it fits."""
    limited = [has_limit(side) for side in statement.sides]
    if kind in EQUATIONS and (set(statement.operators) != {"=="} or any(limited)):
        return f"{kind} needs an equation without a limit"
    if kind not in ENDS:
        return None
    places: dict[str, Node] = {}
    if kind in {"limit_of", "tends_to"}:
        places = {("inside" if inside else "outside") + " the limit": side for inside, side in zip(limited, statement.sides, strict=True)}
    elif len(statement.operators) == 1 and statement.operators[0] in {">=", "<=", ">", "<"}:
        larger, smaller = statement.sides if statement.operators[0][0] == ">" else statement.sides[::-1]
        places = {"on the larger side": larger, "on the smaller side": smaller}
    for name, place in zip((source, target), ENDS[kind], strict=True):
        if place not in places or name not in {call[1] for call in calls_in(places[place])}:
            return f"{kind} needs {name} {place}"
    return None


def check_demand(kind: str, part: Mapping[str, Any] | None, statement: Statement, field: Field, ends: tuple[str, str]) -> bool:
    """Whether the certificate shows what the type demands besides the formula."""
    if kind not in LINEAR and kind != "monotone_transform_of":
        return part is None
    if part is None or statement.operators != ("==",):
        return False
    calls = field.instance.calls
    if len(calls) != 2 or {card for card, _ in calls.values()} != set(ends) or any(isinstance(value, list) for _, value in calls.values()):
        return False
    sides = [side for side in field.instance.bare if not isinstance(side, list)]
    if len(sides) != 2:
        return False
    return _linear(kind, part, sides, field) if kind in LINEAR else _increasing(part, sides, field)


def _predicted(node: Node, field: Field) -> bool:
    """Whether a tree speaks of a prediction, a sum over components of one included."""
    inside = set(names(node))
    if field.totals is not None:
        from lossgraph.checker.trees import monomial_tree

        for name in names(node) & set(field.totals.found):
            inside |= names(monomial_tree(field.totals.found[name]))
    return bool(inside & field.instance.predictions)


def _linear(kind: str, part: Mapping[str, Any], sides: list[Node], field: Field) -> bool:
    """The equation as a*source + b*target + c = 0 with -b/a > 0, none of a, b and c holding a loss or a prediction; c = 0 for a mere scale."""
    expect_keys(part, {"scale", "constant", "positive"})
    first, second = field.instance.calls
    space = field.wide(field.hull(), {})
    difference: Node = ("add", sides[0], ("neg", sides[1]))
    slopes = [simple(differentiate(difference, name), space) for name in (first, second)]
    rest = simple(("add", difference, *(("neg", ("mul", slope, ("name", name))) for slope, name in zip(slopes, (first, second), strict=True))), space)
    for node in (*slopes, rest):
        if names(node) & {first, second} or _predicted(node, field):
            return False
    scale: Node = ("neg", ("mul", slopes[1], ("pow", slopes[0], number(-1))))
    constant: Node = ("neg", ("mul", rest, ("pow", slopes[0], number(-1))))
    if kind == "equivalent_up_to_scale" and not equal(rest, ZERO, space):
        return False
    if not equal(field.own(parse(part["scale"])), scale, space) or not equal(field.own(parse(part["constant"])), constant, space):
        return False
    return check_claim(scale, "> 0", part["positive"], field)


def simple(node: Node, space: Space) -> Node:
    """The tree of the normal form, in which what cancels is gone."""
    return tree(normal(node, space.positive()))


def _increasing(part: Mapping[str, Any], sides: list[Node], field: Field) -> bool:
    """The equation as one = h(other) with h' > 0 on an interval that holds the values of `other`, and h continuous at its closed end."""
    expect_keys(part, {"function", "range", "derivative", "values"})
    calls = field.instance.calls
    alone = next((side for side in sides if side[0] == "name" and side[1] in calls), None)
    if alone is None:
        return False
    formula = sides[1] if sides[0] == alone else sides[0]
    other = next(name for name in calls if name != alone[1])
    if alone[1] in names(formula) or _predicted(formula, field) or VALUE in field.sets:
        return False
    value = calls[other][1]
    if isinstance(value, list):
        return False
    lower, closed, upper = _range(value, part["values"], field)
    if part["range"].replace(" ", "") != f"({'0' if lower == ZERO else '-oo'},{'1' if upper == ONE else 'oo'})":
        return False
    function = substitute(formula, {other: ("name", VALUE)})
    inside = field.without(field.instance.predictions, {VALUE: [(lower, upper, True, True)]})
    space = inside.wide(inside.hull(), {})
    if not equal(field.own(parse(part["function"])), function, space):
        return False
    if not check_claim(differentiate(function, VALUE), "> 0", part["derivative"], inside):
        return False
    return not closed or _continuous_at_zero(function, field.without(field.instance.predictions, {}))


def _range(value: Node, claims: list[Mapping[str, Any]], field: Field) -> tuple[Node, bool, Node]:
    """The ends of an interval that holds the inner loss, as its claims show, and whether the lower one is among its values."""
    lower, closed, upper = MINUS_OO, False, OO
    for claim in claims:
        if lower == MINUS_OO and _shown(value, claim["claim"], claim, field):
            lower, closed = ZERO, claim["claim"] == ">= 0"
        elif upper == OO and _shown(("add", ONE, ("neg", value)), "> 0", claim, field):
            upper = ONE
        else:
            raise Unreadable("a claim about no end of the range")
    return lower, closed, upper


def _shown(node: Node, wanted: str, claim: Mapping[str, Any], field: Field) -> bool:
    try:
        return wanted in {"> 0", ">= 0"} and check_claim(node, wanted, claim, field)
    except Unreadable:
        return False


def _continuous_at_zero(function: Node, field: Field) -> bool:
    space = field.wide(field.hull(), {})
    value = at_zero(substitute(function, {VALUE: ZERO}), space)
    return limit_is(Approach(function, VALUE, ZERO, "+", space), value)


def at_zero(node: Node, space: Space) -> Node:
    """The tree with powers of 0 that have a positive exponent written as 0."""
    if node[0] in {"number", "name"}:
        return node
    node = (node[0], *(at_zero(child, space) for child in node[1:]))
    if node[0] == "pow" and node[1] == ZERO and structure(node[2], space) == "+":
        return ZERO
    return node
