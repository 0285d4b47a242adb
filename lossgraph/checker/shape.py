"""Checks how a formula was split into pieces: that they cover the domain in order, and that on each the formula is what the certificate says.

The formula is resolved anew, bottom-up: each Abs, Max, Min, Piecewise, sign and Heaviside needs the sign of a function on the piece, taken from the
certificate's own sign proofs (re-checked) or read off the form; the result has to equal the certificate's expression in normal form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lossgraph.checker.constants import fraction
from lossgraph.checker.defined import MEETS, check_defined, own_needs, smooth
from lossgraph.checker.expression import ONE, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.forms import unrooted
from lossgraph.checker.normal import condition_key, normal
from lossgraph.checker.polynomials import constant, first_monomial, quotient_of
from lossgraph.checker.remembered import remembered
from lossgraph.checker.signs import check_sign, equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space, flipped, structure

SWITCHING = frozenset({"Abs", "Max", "Min", "Piecewise", "sign", "Heaviside", "floor", "ceiling"})
SignOf = Callable[[Node], str]


@dataclass(frozen=True)
class Piece:
    """An open interval, the smooth formula on it, and functions whose signs are proved there."""

    lower: Node
    upper: Node
    expression: Node
    proved: tuple[tuple[Node, str], ...] = ()


@dataclass(frozen=True)
class Component:
    """Consecutive pieces and the points around them; None where the domain does not hold an end."""

    pieces: tuple[Piece, ...]
    points: tuple[tuple[Node, Node] | None, ...]


@dataclass(frozen=True)
class Shape:
    """A formula over one variable, in components of its domain, for all parameters of the space."""

    variable: str
    space: Space
    components: tuple[Component, ...]

    def over(self, lower: Node, upper: Node) -> Space:
        """The space with the variable in an open interval."""
        return self.space.extended(self.variable, Interval(lower, upper))

    def pieces(self) -> list[Piece]:
        """All pieces in order."""
        return [piece for component in self.components for piece in component.pieces]


def less(first: Node, second: Node, space: Space) -> bool:
    """Whether first < second for all parameters; either may be infinite."""
    if first == MINUS_OO or second == OO:
        return first != OO and second != MINUS_OO
    if first == OO or second == MINUS_OO:
        return False
    return structure(("add", second, ("neg", first)), space) == "+"


def spans(text: str) -> list[tuple[Node, Node, bool, bool]]:
    """The intervals of a set, as (lower, upper, lower open, upper open)."""
    if text.strip() == "real":
        return [(MINUS_OO, OO, True, True)]
    found: list[tuple[Node, Node, bool, bool]] = []
    for part in re.split(r"\s+U\s+|∪", text.strip()):
        match = re.fullmatch(r"([(\[])([^,]+),([^,]+)([)\]])", part.strip())
        if match:
            lower, upper = parse(match[2]), parse(match[3])
            found.append((lower, upper, match[1] == "(" or lower == MINUS_OO, match[4] == ")" or upper == OO))
        elif part.strip().startswith("{") and part.strip().endswith("}"):
            found += [(parse(point), parse(point), False, False) for point in part.strip()[1:-1].split(",")]
        else:
            raise Unreadable(f"no set: {part!r}")
    return found


def check_apart(members: Sequence[tuple[Node, Node, bool, bool]], space: Space) -> None:
    """Confirms that intervals are not empty, rise, and leave something out between them. Raises `Unreadable`."""
    for lower, upper, lower_open, upper_open in members:
        point = lower == upper and not lower_open and not upper_open
        if not point and not less(lower, upper, space):
            raise Unreadable("an interval may be empty")
    for before, after in pairwise(members):
        touching = before[1] == after[0] and before[3] and after[2]
        if not touching and not less(before[1], after[0], space):
            raise Unreadable("the intervals of a set do not rise")


def read_shape(certificate: Mapping[str, Any], formula: Node, variable: str, domain: str, space: Space) -> Shape:
    """The shape, where every statement in it is confirmed. Raises `Unreadable` where one is not."""
    return read_components(certificate, formula, variable, tuple(spans(domain)), space)


@remembered(2_000)
def read_components(
    certificate: Mapping[str, Any], formula: Node, variable: str, wanted: Sequence[tuple[Node, Node, bool, bool]], space: Space, *, steps: bool = True
) -> Shape:
    """The shape over the intervals `wanted` of the variable, where every statement in it is confirmed. Raises `Unreadable` where one is not.

    Without `steps` the formula may be written otherwise than the one that the resolutions start from: only what they prove of signs is used.
    """
    expect_keys(certificate, {"components"})
    formula = prune(formula)
    check_apart(wanted, space)
    components = certificate["components"]
    if len(wanted) != len(components):
        raise Unreadable("the components are not those of the domain")

    def read_as(form: Node) -> Shape:
        return Shape(variable, space, tuple(_component(entry, span, form, variable, space, steps) for entry, span in zip(components, wanted, strict=True)))

    hull = Interval(wanted[0][0], wanted[-1][1], wanted[0][2], wanted[-1][3])
    idle = without_idle_branches(formula)
    tried = list(dict.fromkeys([unrooted(prune(unrooted(formula))), formula, idle, prune(idle, space.extended(variable, hull))]))
    for form in tried[:-1]:
        try:
            return read_as(form)
        except Unreadable:
            continue
    return read_as(tried[-1])


def _component(entry: Mapping[str, Any], span: tuple[Node, Node, bool, bool], formula: Node, variable: str, space: Space, steps: bool) -> Component:
    expect_keys(entry, {"pieces", "points"})
    lower, upper, lower_open, upper_open = span
    pieces = [(parse(piece["lower"]), parse(piece["upper"]), piece) for piece in entry["pieces"]]
    points = [None if point is None else _point(point, formula, variable, space, steps) for point in entry["points"]]
    if lower == upper:
        if pieces or len(points) != 1 or points[0] is None or points[0][0] != lower:
            raise Unreadable("a single point is its own component")
        return Component((), tuple(points))
    if len(points) != len(pieces) + 1 or pieces[0][0] != lower or pieces[-1][1] != upper:
        raise Unreadable("the pieces do not fill the interval")
    for before, after in pairwise(pieces):
        if before[1] != after[0]:
            raise Unreadable("the pieces leave a gap")
    for end in {end for start, stop, _ in pieces for end in (start, stop)} - {OO, MINUS_OO}:
        if not names(end) <= {name for name, _ in space.intervals}:
            raise Unreadable("an end names what is not in the space")
        check_defined(end, space)
    if not all(less(piece[0], piece[1], space) for piece in pieces):
        raise Unreadable("a piece may be empty")
    for index, point in enumerate(points):
        at = pieces[index][0] if index < len(pieces) else pieces[-1][1]
        absent = (index == 0 and lower_open) or (index == len(pieces) and upper_open)
        if absent != (point is None) or (point is not None and point[0] != at):
            raise Unreadable("the points are not the ends of the pieces")
    return Component(tuple(read_piece(start, stop, piece, formula, variable, space, steps) for start, stop, piece in pieces), tuple(points))


def read_piece(lower: Node, upper: Node, entry: Mapping[str, Any], formula: Node, variable: str, space: Space, steps: bool = True) -> Piece:
    """A piece, confirmed on each of the parts that were joined to make it, and at the points between them."""
    expect_keys(entry, {"lower", "upper", "expression", "resolutions"})
    expression = parse(entry["expression"])
    joins: list[Node] = []
    parts: list[list[Mapping[str, Any]]] = [[]]
    for resolution in entry["resolutions"]:
        if "join" in resolution:
            expect_keys(resolution, {"join"})
            joins.append(parse(resolution["join"]))
            parts.append([])
        else:
            parts[-1].append(resolution)
    ends = [lower, *joins, upper]
    if not all(less(first, second, space) for first, second in pairwise(ends)):
        raise Unreadable("the joints are out of order")
    proved: list[tuple[Node, str]] = []
    for (first, second), resolutions in zip(pairwise(ends), parts, strict=True):
        over = space.extended(variable, Interval(first, second))
        proved = proved_signs(resolutions, over)
        judge = judge_by(proved, over)
        found = _resolved(formula, resolutions, over, judge)
        if steps:
            check_resolutions(formula, resolutions, over, {})
        if not equal(found, expression, over):
            raise Unreadable("the formula is something else on a piece")
        smooth(expression, over, judge)
        check_defined(found, over, expression)
    for point in joins:
        at = {variable: point}
        value = resolve(substitute(formula, at), lambda node: _parameter_sign(node, space))
        smooth(substitute(expression, at), space)
        if not equal(value, substitute(expression, at), space):
            raise Unreadable("the formula is something else at a joint")
    return Piece(lower, upper, expression, () if joins else tuple(proved))


def _resolved(formula: Node, resolutions: list[Mapping[str, Any]], over: Space, judge: SignOf) -> Node:
    """The formula on a part of a piece. A difference that vanishes as it stands (an even formula less its mirror image) needs no resolution."""
    try:
        return resolve(formula, judge)
    except Unreadable:
        if not resolutions and normal(formula, over.positive()).is_zero():
            return number(0)
        raise


def _point(entry: Mapping[str, Any], formula: Node, variable: str, space: Space, steps: bool) -> tuple[Node, Node]:
    expect_keys(entry, {"at", "value", "resolutions"})
    at, value = parse(entry["at"]), parse(entry["value"])
    placed = prune(substitute(formula, {variable: at}))
    found = resolve(placed, lambda node: _parameter_sign(node, space))
    if unrooted(placed) != placed:  # sqrt(a**2 + x**2) at x = 0
        found = resolve(unrooted(placed), lambda node: _parameter_sign(node, space))
    check_defined(found, space)
    if steps:
        check_resolutions(placed, entry["resolutions"], space, {variable: at})
    if not equal(found, value, space):
        raise Unreadable("the value at a point is another")
    check_defined(value, space, found)
    return at, value


def check_resolutions(formula: Node, resolutions: Iterable[Mapping[str, Any]], space: Space, at: dict[str, Node]) -> None:
    """Confirms what the certificate says of each switching node, in order: that it occurs, the signs of its functions, and what it becomes."""
    current, stated = formula, list(resolutions)
    known: list[tuple[Node, str]] = []
    for place, resolution in enumerate(stated):
        expect_keys(resolution, {"node", "becomes", "signs"})
        node, becomes = (substitute(parse(resolution[field]), at) for field in ("node", "becomes"))
        proved: list[tuple[Node, str]] = []
        for claim in resolution["signs"]:
            expect_keys(claim, {"function", "sign", "proof"})
            function = substitute(parse(claim["function"]), at)
            right = check_sign(function, claim["sign"], claim["proof"], space)
            if not right and not (at and check_sign(settled(unrooted(function), [], space), claim["sign"], claim["proof"], space)):  # sqrt(x) at x = a**2
                raise Unreadable("the sign of a switching function is not proved")
            proved.append((function, claim["sign"]))
        if not equal(resolve(node, judge_by(proved, space)), resolve(becomes, judge_by(proved, space)), space):
            raise Unreadable("a switching node becomes something else")
        functions = [part for other in (node, substitute(parse(resolution["node"]), {})) for part in switch_functions(other)]
        if not all(any(_ratio_of(substitute(function, at), substitute(other, at), space) for other in functions) for function, _ in proved):
            raise Unreadable("a sign is claimed of no function of the node")
        replaced = replace_node(current, node, becomes, space)
        if replaced == current:  # what needs no proof may have been resolved before
            keep = [node, *(substitute(parse(later["node"]), at) for later in stated[place + 1 :])]
            current = settled(current, keep, space)
            replaced = replace_node(current, node, becomes, space)
        known += proved
        if replaced == current:
            replaced = _replaced_as_it_stands((current, formula), node, becomes, judge_by(known, space), space)
        current = replaced


def _replaced_as_it_stands(versions: tuple[Node, Node], node: Node, becomes: Node, judge: SignOf, space: Space) -> Node:
    """The formula with a node replaced that is written otherwise in it: nodes inside it are resolved, as far as the signs are known; or it was resolved before,
    together with one that equals it. `versions` are the formula as it is now and as it was. Raises `Unreadable` where there is no such node.
    """
    wanted = _inside_resolved(node, judge)
    for version in versions:
        for part in _parts(version):
            if part[0] == node[0] and _agree(_inside_resolved(part, judge), wanted, space):
                return replace_node(versions[0], part, becomes, space)
    raise Unreadable("a switching node does not occur in the formula")


def _parts(node: Node) -> Iterator[Node]:
    yield node
    for child in node[1:] if node[0] not in {"number", "name"} else ():
        yield from _parts(child)


def _inside_resolved(node: Node, judge: SignOf) -> Node:
    """The node with every switching node inside it resolved for which the judge tells the signs."""
    return (node[0], *(_partly_resolved(child, judge) for child in node[1:]))


def _partly_resolved(node: Node, judge: SignOf) -> Node:
    if node[0] in {"number", "name"}:
        return node
    if node[0] in SWITCHING:
        try:
            return resolve(node, judge)
        except Unreadable:
            pass
    return _inside_resolved(node, judge)


def settled(node: Node, keep: list[Node], space: Space) -> Node:
    """The tree with every switching node but those to keep resolved whose signs can be read off the form."""
    if node[0] in {"number", "name"}:
        return node
    node = (node[0], *(settled(child, keep, space) for child in node[1:])) if node[0] != "Piecewise" else node
    if node[0] not in SWITCHING or any(node[0] == other[0] and _agree(node, other, space) for other in keep):
        return node
    try:
        return resolve(node, judge_by([], space))
    except Unreadable:
        return node


def switch_functions(node: Node) -> Iterator[Node]:
    """The functions whose signs tell what a switching node becomes."""
    match node[0]:
        case "Abs" | "sign" | "Heaviside":
            yield node[1]
        case "Max" | "Min":
            yield from (("add", first, ("neg", second)) for first in node[1:] for second in node[1:] if first != second)
        case "Piecewise":
            for _, _, condition in node[1:2]:
                yield from _comparisons(condition)
        case _:
            return


def _comparisons(condition: Node) -> Iterator[Node]:
    if condition[0] in {"and", "or", "not"}:
        for part in condition[1:]:
            yield from _comparisons(part)
    elif condition[0] in _COMPARE:
        yield ("add", condition[1], ("neg", condition[2]))


def replace_node(current: Node, node: Node, becomes: Node, space: Space) -> Node:
    """The tree with every switching node that agrees with `node` replaced."""
    if current[0] in {"number", "name"}:
        return current
    if current[0] == node[0] and _agree(current, node, space):
        return becomes
    return (current[0], *(replace_node(child, node, becomes, space) for child in current[1:]))


def _agree(first: Node, second: Node, space: Space) -> bool:
    """Whether two switching nodes are the same; of a Piecewise, branches may be missing whose conditions are false all over the space."""
    if first == second:
        return True
    if first[0] == "Piecewise":
        return _same_branches(list(first[1:]), list(second[1:]), space)
    try:
        if normal(first, space.positive()).equals(normal(second, space.positive())):
            return True
    except Unreadable:
        return False
    return first[0] == second[0] and first[0] in {"Abs", "Max", "Min"} and _same_arguments(list(first[1:]), list(second[1:]), space)


def _same_arguments(these: list[Node], those: list[Node], space: Space) -> bool:
    """Whether each of the first is equal to one of the second, no two to the same: a normal form in a normal form is not always one of a kind."""
    for this in these:
        place = next((place for place, that in enumerate(those) if _agree_tree(this, that, space)), None)
        if place is None:
            return False
        del those[place]
    return not those


def _same_branches(all_branches: list[Node], shown: list[Node], space: Space) -> bool:
    settled = False  # a condition was true all over the space, so that later branches may be missing
    for _, value, condition in all_branches:
        if not shown:
            break
        try:
            true: bool | None = truth(condition, judge_by([], space))
        except Unreadable:
            true = None
        _, other, under = shown[0]
        same = condition == under or (true and under == ("name", "True")) or _same_condition(condition, under, space)
        if same and _agree_tree(value, other, space):
            shown.pop(0)
            settled = settled or bool(true)
        elif true is not False and not settled:
            return False
    return settled and not shown


def _same_condition(first: Node, second: Node, space: Space) -> bool:
    try:
        return condition_key(first, space.positive()) == condition_key(second, space.positive())
    except (Unreadable, ValueError, IndexError):
        return False


def _agree_tree(first: Node, second: Node, space: Space) -> bool:
    try:
        return equal(first, second, space)
    except Unreadable:
        return False


def prune(node: Node, space: Space | None = None) -> Node:
    """The tree without what is multiplied by an exact zero and has a value everywhere (all over the space, where one is given)."""
    if node[0] in {"number", "name"}:
        return node
    node = (node[0], *(prune(child, space) for child in node[1:]))
    if node[0] != "mul":
        return node
    try:
        vanishes = any(not names(child) and fraction(child) == 0 for child in node[1:])
        return number(0) if vanishes and all(total_function(child) or _has_value(child, space) for child in node[1:]) else node
    except Unreadable:
        return node


def _has_value(node: Node, space: Space | None, known: tuple[tuple[Node, str], ...] = ()) -> bool:
    """Whether a tree has a value all over the space where functions have the signs `known`: a branch of a Piecewise only where its condition holds."""
    if space is None or node[0] in {"number", "name"}:
        return space is not None
    if node[0] == "Piecewise":
        if node[-1][2] != ("name", "True"):
            return False
        for _, value, condition in node[1:]:
            if not all(_has_value(side, space, known) for gap in _comparisons(condition) for side in (gap[1], gap[2][1])):
                return False
            if not _has_value(value, space, (*known, *_said(condition, True))):
                return False
            known = (*known, *_said(condition, False))
        return True
    judge = judge_by(list(known), space)
    return all(_has_value(child, space, known) for child in node[1:]) and all(judge(inner) in MEETS[need] for need, inner in own_needs(node))


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_SIGN_OF = {"<": "-", "<=": "<=0", ">": "+", ">=": ">=0", "==": "0"}


def _said(condition: Node, true: bool) -> list[tuple[Node, str]]:
    """The sign of left - right where a comparison is true, or false; nothing of other conditions."""
    if condition[0] not in _COMPARE:
        return []
    operator = condition[0] if true else _OPPOSITE[str(condition[0])]
    sign = _SIGN_OF.get(str(operator))
    return [] if sign is None else [(("add", condition[1], ("neg", condition[2])), sign)]


def without_idle_branches(node: Node) -> Node:
    """The tree with every Piecewise replaced whose branches are the same formula, which has a value everywhere."""
    if node[0] in {"number", "name"}:
        return node
    node = (node[0], *(without_idle_branches(child) for child in node[1:]))
    if node[0] != "Piecewise" or not total_function(node):
        return node
    values = [branch[1] for branch in node[1:]]
    try:
        return values[0] if all(equal(value, values[0], Space()) for value in values[1:]) else node
    except Unreadable:
        return node


def total_function(node: Node) -> bool:
    """Whether a tree has a value whatever its names are."""
    if node[0] == "Piecewise":
        return node[-1][2] == ("name", "True") and all(total_function(branch[1]) for branch in node[1:])
    if node[0] in {"number", "name"}:
        return True
    return all(total_function(child) for child in node[1:]) and next(own_needs(node), None) is None


def _parameter_sign(node: Node, space: Space) -> str:
    if normal(node, space.positive()).is_zero():
        return "0"
    found = structure(node, space)
    if found is None:
        raise Unreadable("the sign of a quantity in the parameters is not seen")
    return found


def judge_of(resolutions: Iterable[Mapping[str, Any]], over: Space) -> SignOf:
    """A judge of signs on a part of a piece: read off the form, or by a claim of the certificate about a multiple of the function."""
    return judge_by(proved_signs(resolutions, over), over)


def proved_signs(resolutions: Iterable[Mapping[str, Any]], over: Space) -> list[tuple[Node, str]]:
    """The functions whose signs the resolutions claim, where the claim is confirmed."""
    proved: list[tuple[Node, str]] = []
    for resolution in resolutions:
        for claim in resolution["signs"]:
            function = parse(claim["function"])
            if check_sign(function, claim["sign"], claim["proof"], over):
                proved.append((function, claim["sign"]))
    return proved


def judge_by(proved: list[tuple[Node, str]], over: Space) -> SignOf:
    """A judge of signs: read off the form, or one of those that are proved."""
    def judge(node: Node) -> str:
        found = structure(node, over)
        if found in {"+", "-", "0"}:
            return found
        if normal(node, over.positive()).is_zero():
            return "0"
        for function, sign in proved:
            ratio = _ratio_of(node, function, over)
            if ratio:
                return sign if ratio > 0 else flipped(sign) or sign
        if found is not None:
            return found
        raise Unreadable("the sign of a switching function is not proved")

    return judge


def _ratio_of(node: Node, function: Node, space: Space) -> Any:
    """The number c with node = c*function, or None."""
    form, other = normal(node, space.positive()), normal(function, space.positive())
    if other.is_zero():
        return 1 if form.is_zero() else None
    ratio = (form * other.inverse()).rational()
    return _ratio(form, other) if ratio is None else ratio


def _ratio(form: Any, other: Any) -> Any:
    """The rational c with form = c*other, or None."""
    if not other.numerator or not form.numerator:
        return None
    first = first_monomial(form.numerator)
    if first not in other.numerator:
        return None
    ratio = quotient_of(form.numerator[first], other.numerator[first])
    return ratio if form.equals(other * constant(ratio)) else None


def resolve(node: Node, sign: SignOf) -> Node:
    """The tree with every switching node replaced by what it is where its functions have the signs that `sign` tells."""
    match node[0]:
        case "number" | "name":
            return node
        case "Piecewise":
            for _, value, condition in node[1:]:
                if truth(condition, sign):
                    return resolve(value, sign)
            raise Unreadable("no branch of a Piecewise applies")
        case "Abs":
            inner = resolve(node[1], sign)
            return ("neg", inner) if sign(inner) in {"-", "<=0"} else inner
        case "Max" | "Min":
            best = resolve(node[1], sign)
            for child in node[2:]:
                other = resolve(child, sign)
                above = sign(("add", other, ("neg", best))) in {"+", ">=0"}
                if above == (node[0] == "Max"):
                    best = other
            return best
        case "sign" | "Heaviside":
            found = {"+": 1, "-": -1, "0": 0}.get(sign(resolve(node[1], sign)))
            if found is None:
                raise Unreadable("a strict sign is needed")
            return number(found) if node[0] == "sign" else ("mul", ("add", number(found), ONE), ("pow", number(2), number(-1)))
        case "floor" | "ceiling":
            raise Unreadable("floor is not resolved here")
        case _:
            return (node[0], *(resolve(child, sign) for child in node[1:]))


def truth(condition: Node, sign: SignOf) -> bool:
    """Whether a condition is true where its functions have the signs that `sign` tells. Raises `Unreadable` where they do not tell."""
    match condition[0]:
        case "name" if condition[1] in {"True", "False"}:
            return condition[1] == "True"
        case "and":
            return all(truth(part, sign) for part in condition[1:])
        case "or":
            return any(truth(part, sign) for part in condition[1:])
        case "not":
            return not truth(condition[1], sign)
        case "<" | "<=" | ">" | ">=" | "==" | "!=":
            found = sign(("add", resolve(condition[1], sign), ("neg", resolve(condition[2], sign))))
            true, false = _COMPARE[condition[0]]
            if found in true or found in false:
                return found in true
        case _:
            pass
    raise Unreadable("the truth of a condition is not seen")


_COMPARE: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "<": (frozenset({"-"}), frozenset({"+", "0", ">=0"})),
    "<=": (frozenset({"-", "0", "<=0"}), frozenset({"+"})),
    ">": (frozenset({"+"}), frozenset({"-", "0", "<=0"})),
    ">=": (frozenset({"+", "0", ">=0"}), frozenset({"-"})),
    "==": (frozenset({"0"}), frozenset({"+", "-"})),
    "!=": (frozenset({"+", "-"}), frozenset({"0"})),
}
