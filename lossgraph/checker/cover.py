"""Checks that cells fill a parameter domain, one parameter after another: the ends of one may name those that were placed before it.

The parameters placed so far lie in an interval or at a value (an atom); the ends of the next one, in all cells that are left and in its own set, have to stand
in one order there, and cut its set into atoms. Where no parameter is left, a cell has to be left that holds the whole atom; and every cell has to be one such.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from lossgraph.checker.expression import Node, Unreadable, names, substitute
from lossgraph.checker.shape import less
from lossgraph.checker.signs import equal
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space

Span = tuple[Node, Node, bool, bool]
INFINITE = (OO, MINUS_OO)
MAX_ATOMS = 4000


class Cover:
    """The cells, the sets that they should fill, which of them were seen to hold an atom, and how many atoms there were."""

    def __init__(self, cells: list[dict[str, Span]], wanted: Mapping[str, list[Span]]) -> None:
        self.cells, self.wanted = cells, wanted
        self.used: set[int] = set()
        self.atoms = 0

    def fills(self) -> bool:
        """Whether the cells fill the product of the sets, none reaches out of it, and none is empty. Raises `Unreadable` where that is not seen."""
        return self._filled(Space(), {}, frozenset(self.wanted), tuple(range(len(self.cells)))) and len(self.used) == len(self.cells)

    def _filled(self, space: Space, values: Mapping[str, Node], rest: frozenset[str], left: tuple[int, ...]) -> bool:
        self.atoms += 1
        if self.atoms > MAX_ATOMS:
            raise Unreadable("too many cells")
        if not left:
            return False
        if not rest:
            self.used |= set(left)
            return True
        name = _next(self.wanted, rest, [self.cells[index] for index in left])
        placed = {index: _at(self.cells[index][name], values) for index in left}
        seen: set[int] = set()
        for member in (_at(member, values) for member in self.wanted[name]):
            own = {index: span for index, span in placed.items() if _within(span, member, space)}
            seen |= set(own)
            for atom in _atoms(member, _ordered([member, *own.values()], space), space):
                kept = tuple(index for index, span in own.items() if _within(atom, span, space))
                point = atom[0] == atom[1]
                inner, table = (space, {**values, name: atom[0]}) if point else (space.extended(name, Interval(*atom)), values)
                if not self._filled(inner, table, rest - {name}, kept):
                    return False
        return seen == set(placed)


def inside(cells: list[dict[str, Span]], wanted: Mapping[str, list[Span]]) -> bool:
    """Whether each cell lies in the product of the sets and is not empty. Raises `Unreadable` where that is not seen."""
    for cell in cells:
        space, values, rest = Space(), dict[str, Node](), frozenset(wanted)
        while rest:
            name = _next(wanted, rest, [cell])
            span = _at(cell[name], values)
            if not any(_within(span, _at(member, values), space) for member in wanted[name]):
                return False
            if span[0] == span[1]:
                values[name] = span[0]
            elif _compare(span[0], span[1], space) < 0:
                space = space.extended(name, Interval(*span))
            else:
                return False
            rest -= {name}
    return True


def _next(wanted: Mapping[str, list[Span]], rest: frozenset[str], cells: list[dict[str, Span]]) -> str:
    """The next parameter: one whose ends name none that is still to be placed, and rather none at all: it may tell apart cells with ends in no order."""
    named = {name: [names(end) for span in (*(cell[name] for cell in cells), *wanted[name]) for end in span[:2]] for name in wanted if name in rest}
    ready = [name for name, found in named.items() if not any(free & rest for free in found)]
    if not ready:
        raise Unreadable("ends that name each other")
    return next((name for name in ready if not any(named[name])), ready[0])


def _at(span: Span, values: Mapping[str, Node]) -> Span:
    """The interval with the parameters that have a value put in."""
    lower, upper = (substitute(end, dict(values)) if end not in INFINITE else end for end in span[:2])
    return lower, upper, span[2], span[3]


def _compare(first: Node, second: Node, space: Space) -> int:
    """-1, 0 or 1 for all parameters placed so far. Raises `Unreadable` where the order hangs on them."""
    if first == second:
        return 0
    if first not in INFINITE and second not in INFINITE and equal(first, second, space):
        return 0
    if less(first, second, space):
        return -1
    if less(second, first, space):
        return 1
    raise Unreadable("the order of two ends of cells is not seen")


def _ordered(spans: list[Span], space: Space) -> list[Node]:
    """All ends in order, each once."""
    found: list[Node] = []
    for end in (end for span in spans for end in span[:2]):
        places = [_compare(other, end, space) for other in found]
        if 0 not in places:
            found.insert(sum(place < 0 for place in places), end)
    return found


def _atoms(member: Span, ends: list[Node], space: Space) -> list[Span]:
    """The interval cut at every end, all of which lie in it: open intervals and single points."""
    lower, upper, lower_open, upper_open = member
    points: list[Span] = []
    for end in ends:
        outer = (lower_open and _compare(end, lower, space) == 0) or (upper_open and _compare(end, upper, space) == 0)
        if end not in INFINITE and not outer:
            points.append((end, end, False, False))
    return points + [(low, high, True, True) for low, high in pairwise(ends)]


def _within(inner: Span, outer: Span, space: Space) -> bool:
    low, high = _compare(outer[0], inner[0], space), _compare(inner[1], outer[1], space)
    point = inner[0] == inner[1]
    below = low < 0 or (low == 0 and (not outer[2] or (inner[2] and not point)))
    above = high < 0 or (high == 0 and (not outer[3] or (inner[3] and not point)))
    return below and above
