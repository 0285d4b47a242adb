"""Whether a tree is the same on every branch of what switches in it, and what conditions say of a space."""

from __future__ import annotations

from collections.abc import Iterator

from lossgraph.checker.expression import ZERO, Node, Unreadable, names, number, substitute
from lossgraph.checker.normal import differentiate, normal
from lossgraph.checker.shape import judge_by, resolve
from lossgraph.checker.signs import equal
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space
from lossgraph.checker.trees import tree

MAX_BRANCHES = 400
_WEAK = (">=0", "<=0")
_STRICT = ("+", "-", "0")
_BROKEN_AT_ZERO = frozenset({"Piecewise", "sign", "Heaviside"})


class _Open(Exception):
    """The sign of a function on which something switches is not known."""

    def __init__(self, function: Node) -> None:
        super().__init__()
        self.function = function


def on_every_branch(node: Node, value: Node, space: Space) -> bool:
    """Whether a tree equals `value`, which does not switch, whatever signs the functions have on which its Abs, Max, Min and Piecewise switch.

    At each point these functions have some signs; the tree is there what it becomes under them, so that all choices of signs cover all points. Abs, Max
    and Min are continuous, so that zero belongs to both sides; elsewhere zero is a case of its own.
    """
    choices = _STRICT if any(kind in _BROKEN_AT_ZERO for kind in _kinds(node)) else _WEAK
    node, left = _numbers_first(node), MAX_BRANCHES

    def agrees(known: list[tuple[Node, str]]) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise Unreadable("too many branches")
        judge = judge_by(known, space)

        def ask(function: Node) -> str:
            try:
                return judge(function)
            except Unreadable:
                raise _Open(function) from None

        try:
            branch = resolve(node, ask)
        except _Open as found:
            return all(agrees([*known, (found.function, sign)]) for sign in choices)
        return equal(branch, value, space)

    return agrees([])


def _numbers_first(node: Node) -> Node:
    """The tree with the numbers in a Max or Min in front: fewer functions switch when the rest are compared with what is left."""
    if node[0] in {"number", "name"}:
        return node
    parts = tuple(_numbers_first(child) for child in node[1:])
    return (node[0], *(sorted(parts, key=lambda part: part[0] != "number") if node[0] in {"Max", "Min"} else parts))


def _kinds(node: Node) -> Iterator[str]:
    yield node[0]
    for child in node[1:] if node[0] not in {"number", "name"} else ():
        yield from _kinds(child)


def bounded(space: Space) -> Space:
    """The space with conditions such as `i <= u + v` as ends of the last symbol's interval: all of them are true, so only what the old end said is lost."""
    order = [name for name, _ in space.intervals]
    for operator, left, right in (condition for condition in space.conditions if condition[0] in {"<", "<=", ">", ">="}):
        low, high = (left, right) if operator[0] == "<" else (right, left)
        held = sorted(names(low) | names(high), key=lambda name: order.index(name) if name in order else -1)
        old = space.interval(held[-1]) if held else None
        if old is None or not set(held) <= set(order):
            continue
        found = _solved(("add", high, ("neg", low)), held[-1], space)
        if found is not None:
            end, rising = found
            if len(held) == 1 and (old.lower if rising else old.upper) not in (OO, MINUS_OO):  # a number has an end that is a number
                continue
            opened = len(operator) == 1
            new = Interval(end, old.upper, opened, old.upper_open) if rising else Interval(old.lower, end, old.lower_open, opened)
            space = space.narrowed(held[-1], new)
    return space


def _solved(gap: Node, name: str, space: Space) -> tuple[Node, bool] | None:
    """The value of a symbol where a tree, affine in it with a number before it, is 0; and whether the tree rises there."""
    try:
        slope = normal(differentiate(gap, name), space.positive()).rational()
    except Unreadable:
        return None
    if not slope:
        return None
    return tree(normal(("mul", number(-1 / slope), substitute(gap, {name: ZERO})), space.positive())), slope > 0
