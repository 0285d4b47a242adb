"""Checks that an expression of several numbers is zero, nonnegative or positive everywhere: by its value, by signs in cells, or by pieces of one number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lossgraph.checker.branches import bounded, on_every_branch
from lossgraph.checker.cells import LINE, Span, cell_space, fill, merged, read_cell
from lossgraph.checker.defined import check_defined
from lossgraph.checker.domain import read
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.instances import Instance, hull
from lossgraph.checker.normal import condition_key, normal
from lossgraph.checker.shape import Component, Shape, judge_by, prune, read_components, resolve, total_function, truth, unrooted
from lossgraph.checker.shifts import shifted
from lossgraph.checker.signs import check_sign, equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space, implies, structure
from lossgraph.checker.sums import sum_interval
from lossgraph.checker.totals import EveryLength
from lossgraph.checker.trees import polynomial_tree, tree

Claim = Mapping[str, Any]
SIGN_OF = {"= 0": "0", ">= 0": ">=0", "> 0": "+"}
# what a claim may say of points that the conditions exclude
OUTSIDE = {"= 0": ZERO, ">= 0": ZERO, "> 0": ONE}


class HasSums(Protocol):
    """The checker's own sums."""

    @property
    def found(self) -> Mapping[str, Any]:
        """What they add up, by name."""
        ...

    def over(self) -> Space:
        """The space with every sum."""
        ...


class HasFacts(Protocol):
    """What is known of the certificate's sums."""

    def fact(self, condition: Node) -> bool:
        """Whether a condition on them holds for vectors of every length."""
        ...


@dataclass
class Field:
    """Where claims are confirmed: an instance, the sets of the certificate's names (its sums in the place of the checker's), and how conditions are known."""

    instance: Instance
    sets: dict[str, list[Span]]
    conditions: list[Node]
    totals: HasSums | None = None
    stated: HasFacts | None = None

    @staticmethod
    def of(instance: Instance, every: EveryLength | None = None) -> Field:
        """The field of a whole statement."""
        if every is None:
            return Field(instance, dict(instance.sets), list(instance.conditions))
        space = every.totals.space()
        sums = {name: sum_interval(component, space) for name, component in every.stated.items()}
        # the certificate knows of a sum whether it is positive or nonnegative, and no more
        intervals = {name: [LINE if one.lower == MINUS_OO else (ZERO, OO, one.lower_open or one.lower != ZERO, True)] for name, one in sums.items()}
        return Field(instance, {**instance.sets, **intervals}, list(instance.conditions), every.totals, every)

    def hull(self) -> Space:
        """Each number in the least interval that holds its set."""
        return hull(self.sets)

    def without(self, predictions: frozenset[str], extra: dict[str, list[Span]]) -> Field:
        """The field without some numbers and all conditions, with others."""
        sets = {name: members for name, members in self.sets.items() if name not in predictions}
        return Field(self.instance, {**sets, **extra}, [], self.totals, self.stated)

    def own(self, node: Node) -> Node:
        """A text of the certificate in the checker's own sums."""
        return substitute(node, self.instance.meanings)

    def wide(self, space: Space, fixed: Mapping[str, Node]) -> Space:
        """A cell's space with everything that it does not mention in its hull, and with the checker's sums in the place of the certificate's."""
        given = dict(space.intervals)
        total = Space()
        for name, interval in (*hull(self.sets).intervals, *(self.totals.over().intervals if self.totals else ())):
            if name not in fixed and name not in self.instance.meanings and total.interval(name) is None:
                total = total.extended(name, given.get(name, interval))
        for name, interval in space.intervals:
            if total.interval(name) is None and name not in self.instance.meanings:
                total = total.extended(name, interval)
        return total


def check_claim(node: Node, wanted: str, claim: Claim, field: Field) -> bool:
    """Whether the claim shows that `node` is "= 0", ">= 0" or "> 0" wherever the field's numbers lie."""
    if claim["claim"] != wanted:
        return False
    node = even(prune(unrooted(node)))
    if claim["by"] == "shift":
        return claim["of"]["by"] != "shift" and check_claim(shifted(node, claim, field), wanted, claim["of"], field)
    by, stated = claim["by"], parse(claim["expression"])
    if by == "number":
        expect_keys(claim, {"by", "claim", "expression"})
        return _is_number(node, stated, wanted, field)
    if by == "sign":
        expect_keys(claim, {"by", "claim", "expression", "cells"})
        cells = (cell for cell in claim["cells"] if not is_empty(cell, field))
        return covered(claim["cells"], names(stated), field, "") and all(_by_sign(cell, node, stated, wanted, field) for cell in cells)
    if by == "pieces":
        expect_keys(claim, {"by", "claim", "expression", "cells", "variable"})
        variable = claim["variable"]
        for condition in field.conditions:
            if variable in names(condition):
                node = ("Piecewise", ("tuple", node, condition), ("tuple", OUTSIDE[wanted], ("name", "True")))
        cells = (cell for cell in claim["cells"] if not is_empty(cell, field))
        pieces = (_by_pieces(cell, node, stated, variable, wanted, field) for cell in cells)
        return covered(claim["cells"], names(stated), field, variable) and all(pieces)
    raise Unreadable(f"unknown kind {by!r}")


def even(node: Node) -> Node:
    """The tree with even powers of absolute values written without them."""
    if node[0] in {"number", "name"}:
        return node
    node = (node[0], *(even(child) for child in node[1:]))
    plain = node[0] == "pow" and node[1][0] == "Abs" and node[2][0] == "number" and node[2][1] % 2 == 0 and node[2][1] > 0
    return ("pow", node[1][1], node[2]) if plain else node


def _is_number(node: Node, stated: Node, wanted: str, field: Field) -> bool:
    space = field.wide(Space(), {})
    value = normal(resolved(node, space), space.positive()).rational()
    if value is None and stated[0] == "number" and on_every_branch(node, stated, space):
        value = stated[1]
    if value is None or stated != number(value):
        return False
    return implies("0" if value == 0 else "+" if value > 0 else "-", SIGN_OF[wanted])


def resolved(node: Node, space: Space) -> Node:
    """The tree with what switches replaced where the signs can be read off the form; as it is, where that is open."""
    try:
        return resolve(node, judge_by([], space))
    except Unreadable:
        return node


def covered(entries: Sequence[Claim], used: Collection[str], field: Field, variable: str) -> bool:
    """Whether the cells fill the sets of all numbers but the variable that are used, under conditions that hold wherever the claim is asked."""
    cells = [cell["cell"] for cell in entries]
    boxes = merged([read_cell(cell, conditions=True) for cell in cells])
    mentioned = set(boxes[0]) if boxes else set[str]()
    if variable in mentioned or (variable and variable not in field.sets):
        return False
    if (set(used) - mentioned - {variable}) & set(field.sets):
        return False
    if not fill(boxes, {name: field.sets[name] for name in mentioned}):
        return False
    filled = [cell["cell"] for cell in entries if not is_empty(cell, field)]
    return all(known(parse(text), cell, field) for cell in filled for text in read(cell)[1])


def is_empty(entry: Claim, field: Field) -> bool:
    """Whether a cell is said to be empty; a condition under which the claim is asked then has to be false all over it. Raises `Unreadable` where none is."""
    if "empty" not in entry:
        return False
    expect_keys(entry, {"cell", "empty"})
    inner, fixed = cell_space(entry["cell"], conditions=True)
    space = field.wide(inner, fixed)
    sums = {meaning[1]: ("name", name) for name, meaning in _plain_meanings(field)}
    told = [(substitute(condition, fixed), space) for condition in field.conditions]
    if sums:  # in the certificate's own sums, as the cell is
        told += [(substitute(substitute(condition, sums), fixed), inner) for condition in field.conditions]
    if entry["empty"] is not True or all(_told(condition, where) is not False for condition, where in told):
        raise Unreadable("a cell that may not be empty")
    return True


def _plain_meanings(field: Field) -> Iterator[tuple[str, Node]]:
    """The certificate's sums that are each one of the checker's own."""
    for name, meaning in field.instance.meanings.items():
        plain = tree(normal(meaning))
        if plain[0] == "name":
            yield name, plain


def _told(condition: Node, space: Space) -> bool | None:
    """Whether a condition is true all over a space, or false all over it; None where its form does not tell."""
    try:
        return truth(condition, judge_by([], space))
    except Unreadable:
        return None


def holds(condition: Node, field: Field) -> bool:
    """Whether a condition is true wherever the field's numbers lie."""
    return _told(condition, field.wide(field.hull(), {})) is True


def known(stated: Node, cell: str, field: Field) -> bool:
    """Whether a condition of a cell is one of those under which the claim is asked, or true of sums."""
    condition = field.own(stated)
    fixed = {name: lower for name, (lower, upper, _, _) in read_cell(cell, conditions=True).items() if lower == upper}
    if (condition[0] == "==" and condition[1][0] == "name" and condition[1][1] in fixed) or condition == ("name", "True"):
        return True
    space = field.wide(field.hull(), {})
    for given in field.conditions:
        parts = given[1:] if given[0] == "and" else (given,)
        for part in parts:
            if condition_key(substitute(part, fixed), space.positive()) == condition_key(condition, space.positive()):
                return True
    return field.stated is not None and condition[0] in {"==", ">"} and field.stated.fact(stated)


def cell_of(text: str) -> tuple[Space, dict[str, Node]]:
    """The space of a cell, `S > c` being the lower end of S, and the values of its fixed numbers."""
    space, fixed = cell_space(text, conditions=True)
    return Space(space.intervals, tuple(parse(part) for part in read(text)[1])), fixed


def _by_sign(cell: Claim, node: Node, stated: Node, wanted: str, field: Field) -> bool:
    expect_keys(cell, {"cell", "sign", "proof"}, {"over"})
    space, fixed = cell_of(cell["cell"])
    wide = field.wide(space, fixed)
    own, shown = resolved(prune(substitute(node, fixed)), wide), prune(substitute(stated, fixed))
    if not implies(cell["sign"], SIGN_OF[wanted]):
        return False
    if not equal(own, field.own(shown), wide):
        return cell["proof"]["kind"] == "zero" and _zero_by_logs(cell, own, shown, space, wide)
    if cell["proof"]["kind"] == "zero" and not equal(own, ZERO, wide):
        return _zero_by_logs(cell, own, shown, space, wide)
    _has_value(shown, own, space, wide, field)
    return _signed(shown, cell, space, field)


def _zero_by_logs(cell: Claim, own: Node, shown: Node, space: Space, wide: Space) -> bool:
    """Whether all three texts are zero once logarithms of quotients are differences, where the divisor is seen to be positive."""
    expect_keys(cell["proof"], {"kind", "expression"}, {"sign"})
    check_defined(shown, space, own)
    texts = (own, shown, parse(cell["proof"]["expression"]))
    return cell["sign"] == "0" and cell["proof"].get("sign", "0") == "0" and all(equal(split_logs(text, wide), ZERO, wide) for text in texts)


def split_logs(node: Node, space: Space) -> Node:
    """The tree with log(a/b) written as log(a) - log(b) where b is positive all over the space."""
    if node[0] in {"number", "name"}:
        return node
    node = (node[0], *(split_logs(child, space) for child in node[1:]))
    if node[0] != "log":
        return node
    form = normal(node[1], space.positive())
    divisor = polynomial_tree(form.denominator)
    if divisor == ONE or structure(divisor, space) != "+":
        return node
    return ("add", ("log", polynomial_tree(form.numerator)), ("neg", ("log", divisor)))


def _has_value(shown: Node, own: Node, space: Space, wide: Space, field: Field) -> None:
    """Confirms that a text of the certificate has a value all over the space, where the checker's own form of it has one."""
    try:
        check_defined(shown, space)
    except Unreadable:
        check_defined(field.own(shown), wide, own)


def _signed(shown: Node, entry: Claim, space: Space, field: Field) -> bool:
    """Whether the sign proof holds, on the space or on a wider one."""
    if "over" in entry:
        ((name, span),) = read_cell(entry["over"]).items()
        old = space.interval(name)
        wider = Interval(*span)
        if old is None or not all(new in {end, infinite} for new, end, infinite in ((span[0], old.lower, MINUS_OO), (span[1], old.upper, OO))):
            return False
        space = Space(space.intervals).narrowed(name, wider)
        check_defined(shown, space)
    if bounded(space) != space:
        try:
            if check_sign(shown, entry["sign"], entry["proof"], bounded(space)):
                return True
        except Unreadable:
            pass
    return check_sign(shown, entry["sign"], entry["proof"], space)


def _by_pieces(cell: Claim, node: Node, stated: Node, variable: str, wanted: str, field: Field) -> bool:
    expect_keys(cell, {"cell", "pieces", "points"})
    space, fixed = cell_of(cell["cell"])
    if variable in names(stated) and any(variable in names(value) for value in fixed.values()):
        return False
    members = field.sets[variable]
    certificate = {"components": list(_components(cell, members))}
    around = Space(space.intervals).extended(variable, hull({variable: members}).intervals[0][1])
    shape = read_components(certificate, collapsed(substitute(stated, fixed), around), variable, members, space)
    if field.totals is None:
        read_components(certificate, collapsed(substitute(node, fixed), around), variable, members, space, steps=False)
    else:
        wide = field.wide(space, fixed)
        inner = _peeled(stated, cell["cell"], wanted, field)
        if not equal(resolved(substitute(node, fixed), wide), field.own(substitute(inner, fixed)), wide):
            return False
    return all(_piece_signed(shape, component, entry, wanted, field) for component, entry in _entries(shape, cell))


def collapsed(node: Node, space: Space) -> Node:
    """The tree with each Piecewise that has one value, whichever condition is true, replaced by it."""
    if node[0] in {"number", "name"}:
        return node
    node = (node[0], *(collapsed(child, space) for child in node[1:]))
    if node[0] != "Piecewise":
        return node
    try:
        first, *others = (resolve(prune(branch[1]), judge_by([], space)) for branch in node[1:])
        kept = next((branch for branch in (first, *others) if total_function(branch)), first)
        return kept if all(equal(first, other, space) for other in others) else node
    except Unreadable:
        return node


def _peeled(stated: Node, cell: str, wanted: str, field: Field) -> Node:
    """What a claim says where conditions hold that always hold: a Piecewise that meets the claim where they fail."""
    while stated[0] == "Piecewise" and len(stated) == 3 and stated[2] == ("tuple", OUTSIDE[wanted], ("name", "True")) and known(stated[1][2], cell, field):
        stated = stated[1][1]
    return stated


def _components(cell: Claim, members: list[Span]) -> Iterator[dict[str, Any]]:
    """The pieces and points of a cell by the intervals of the domain, as a shape writes them."""
    pieces, points = list(cell["pieces"]), list(cell["points"])
    for lower, upper, lower_open, upper_open in members:
        mine: list[Any] = []
        while lower != upper and pieces and (not mine or parse(mine[-1]["upper"]) != upper):
            mine.append(pieces.pop(0))
        count = len(mine) + 1
        absent = {place for place, missing in ((0, lower_open), (count - 1, upper_open)) if missing and lower != upper}
        here = [None if place in absent else points.pop(0) for place in range(count)]
        yield {
            "pieces": [{key: piece[key] for key in ("lower", "upper", "expression", "resolutions")} for piece in mine],
            "points": [None if point is None else {key: point[key] for key in ("at", "value", "resolutions")} for point in here],
        }
    if pieces or points:
        raise Unreadable("pieces outside the domain")


def _entries(shape: Shape, cell: Claim) -> Iterator[tuple[Any, Claim]]:
    """Each piece and each point of the shape with what the certificate says of it."""
    components: tuple[Component, ...] = shape.components
    yield from zip((piece for component in components for piece in component.pieces), cell["pieces"], strict=True)
    yield from zip((point for component in components for point in component.points if point is not None), cell["points"], strict=True)


def _piece_signed(shape: Shape, part: Any, entry: Claim, wanted: str, field: Field) -> bool:
    if not implies(entry["sign"], SIGN_OF[wanted]):
        return False
    if isinstance(part, tuple):
        expect_keys(entry, {"at", "value", "resolutions", "sign", "proof"})
        value: Node = part[1]
        return _signed(value, entry, shape.space, field)
    expect_keys(entry, {"lower", "upper", "expression", "resolutions", "sign", "proof"}, {"over"})
    return _signed(part.expression, entry, shape.over(part.lower, part.upper), field)
