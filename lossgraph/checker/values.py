"""Whether a formula of several variables or vectors has a value on its whole domain, and is continuous or analytic there, as a composition of such functions.

What has to be positive, or not zero, is so by the facts of composition, by the signs of sums over components, by a condition of the domain, or by a claim of
the certificate that was checked before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lossgraph.checker import space
from lossgraph.checker.composition import Reader
from lossgraph.checker.defined import NONZERO, POSITIVE, WEAK, own_needs, ratio_of, strict_sign
from lossgraph.checker.expression import Node, Unreadable
from lossgraph.checker.normal import condition_key, normal
from lossgraph.checker.polynomials import Quotient
from lossgraph.checker.quantities import REDUCTIONS, Quantities
from lossgraph.checker.sums import Sums

VALUE, CONTINUOUS, ANALYTIC = "value", "continuous", "analytic"
_JUMPS = frozenset({"sign", "Heaviside", "floor", "ceiling", "Piecewise"})
_KINKS = _JUMPS | {"Abs", "Max", "Min"}
_MEETS = {POSITIVE: {"+"}, NONZERO: {"+", "-"}, WEAK: {"+", "0", ">=0"}}
_STRONGER = {POSITIVE: {POSITIVE}, NONZERO: {POSITIVE, NONZERO}, WEAK: {POSITIVE, WEAK}}
_STATES: dict[Any, str] = {">": POSITIVE, "<": POSITIVE, ">=": WEAK, "<=": WEAK, "!=": NONZERO}


@dataclass
class Domain:
    """What is known on the domain of a question: facts by composition, and differences that conditions, or checked claims, say to be positive or the like."""

    known: Quantities
    reader: Reader
    plain: Sums | None = None
    basic: Sums | None = None
    stated: list[tuple[str, Quotient, Any]] = field(default_factory=list[tuple[str, Quotient, Any]])
    assumed: list[Any] = field(default_factory=list[Any])

    def __post_init__(self) -> None:
        try:
            self.plain, self.basic = Sums(self.known, "U"), Sums(self.known, "B", split=True)
        except Unreadable:
            return  # vectors of several lengths: facts alone have to do
        self.reader.nonnegative = self._is_nonnegative
        for operator, left, right in self.known.conditions:
            first, second = (right, left) if operator in {"<", "<="} else (left, right)
            state = _STATES.get(operator)
            if state is not None:
                self.state(state, self.basic.read(("add", first, ("neg", second))))

    def state(self, need: str, node: Node, guard: Node | None = None) -> None:
        """Notes that a tree, in the names of basic sums, is positive (nonnegative, not zero) on the whole domain, or wherever a condition holds."""
        if self.basic is None:
            return
        try:
            positive = self.basic.space.positive()
            self.stated.append((need, normal(node, positive), None if guard is None else condition_key(guard, positive)))
        except Unreadable:
            return

    def meets(self, need: str, inner: Node) -> bool:
        """Whether a part of the formula is positive (nonnegative, not zero) on the whole domain."""
        if self.reader.facts(inner).sign() in _MEETS[need]:
            return True
        if need == NONZERO and inner[0] in {"neg", "pow"}:
            return self.meets(need, inner[1])
        if need != WEAK and inner[0] == "mul" and all(self.meets(need, factor) for factor in inner[1:]):
            return True
        by_sums = any(_sign_in(sums, inner) in _MEETS[need] for sums in (self.plain, self.basic))
        return by_sums or self._is_stated(need, inner) or all(sign in _MEETS[need] for sign in self._signs_by_corners(inner))

    def _is_nonnegative(self, inner: Node) -> bool:
        """Whether a part is nonnegative wherever it has a value, by the signs of sums: claims, and what holds in a branch only, are left out."""
        by_sums = any(_sign_in(sums, inner) in _MEETS[WEAK] for sums in (self.plain, self.basic))
        return by_sums or all(sign in _MEETS[WEAK] for sign in self._signs_by_corners(inner))

    def _signs_by_corners(self, inner: Node) -> list[str | None]:
        """The signs where one after another of the sums of products of x and 1 - x is positive: at least one always is."""
        sums = Sums(self.known, "C", split=True, corners=True) if self.basic is not None else None
        if sums is None or not sums.unit():
            return [None]
        try:
            read = sums.read(inner)
            spaces = [sums.over() if name is None else sums.over().narrowed(name[1], space.POSITIVE) for name in sums.corner_names()]
            return [strict_sign(read, one) for one in spaces]
        except Unreadable:
            return [None]

    def _is_stated(self, need: str, inner: Node) -> bool:
        if self.basic is None or not self.stated:
            return False
        try:
            form = normal(self.basic.read(inner), self.basic.space.positive())
            known = [(state, other) for state, other, guard in self.stated if guard is None or guard in self.assumed]
            return any(state in _STRONGER[need] and _is_multiple(form, other, need == NONZERO) for state, other in known)
        except Unreadable:
            return False

    def confirm(self, node: Node, level: str = VALUE) -> None:
        """Confirms that a formula has a value (is continuous, is analytic in the variables asked about) on the whole domain. Raises `Unreadable`."""
        kind = node[0]
        level = level if self.known.varies(node) else VALUE  # for fixed data and parameters a constant
        if kind == "name" and node[1] in {"oo", "True", "False"}:
            raise Unreadable(f"{node[1]} is no number")
        if kind in {"number", "name", "index"}:
            self.reader.facts(node)
            return
        if kind == "Piecewise" and not any(self.known.varies(condition) for _, _, condition in node[1:]):
            self._confirm_branches(node, level)  # for fixed data one branch, whatever the variables are
            return
        if kind in (_KINKS if level == ANALYTIC else _JUMPS if level == CONTINUOUS else frozenset[str]()):
            raise Unreadable(f"{kind} may have jumps or kinks")
        if kind == "Piecewise":
            self._confirm_branches(node, VALUE)
            return
        if _is_square_of_norm(node):
            self.confirm(node[1][1], level)
            return
        for child in node[1:]:
            self.confirm(child, level)
        if not all(self.meets(need, inner) for need, inner in self._needs(node, level)):
            raise Unreadable("the formula may have no value, or be no smooth function, somewhere")

    def _confirm_branches(self, node: Node, level: str) -> None:
        """Every branch has a value (is continuous, is analytic) everywhere, the first where its condition holds, which is enough; and the last applies where
        no other does."""
        for place, (_, value, condition) in enumerate(node[1:]):
            self._confirm_condition(condition)
            guard = condition_key(condition, self.basic.space.positive()) if place == 0 and self.basic is not None else None
            self.assumed.append(guard)
            try:
                self.confirm(value, level)
            finally:
                self.assumed.pop()
        if node[-1][2] != ("name", "True"):
            raise Unreadable("a Piecewise that may have no branch")

    def _confirm_condition(self, condition: Node) -> None:
        if condition[0] == "name":
            return
        for part in condition[1:]:
            self._confirm_condition(part) if condition[0] in {"and", "or", "not"} else self.confirm(part)

    def _needs(self, node: Node, level: str) -> Iterator[tuple[str, Node]]:
        """What has to hold of which inner tree, for the topmost node alone."""
        if node[0] in REDUCTIONS:
            if node[0] == "norm" and level == ANALYTIC:
                yield POSITIVE, node
            return
        exponent = node[2] if node[0] == "pow" else None
        if exponent is None or exponent[0] == "number" or level == ANALYTIC:
            yield from own_needs(node, smooth=level == ANALYTIC)
        else:  # 0 to a positive power is 0, and x**y is continuous there
            yield (WEAK if self.reader.facts(exponent).sign() == "+" else POSITIVE), node[1]


def _is_square_of_norm(node: Node) -> bool:
    """Whether a node is a sum of squares to a whole power, written as an even power of its root."""
    if node[0] == "mul":
        return len(node) == 3 and node[1] == node[2] and node[1][0] == "norm"
    return node[0] == "pow" and node[1][0] == "norm" and node[2][0] == "number" and node[2][1] > 0 and node[2][1] % 2 == 0


def _sign_in(sums: Sums | None, inner: Node) -> str | None:
    if sums is None:
        return None
    try:
        return strict_sign(sums.read(inner), sums.over())
    except Unreadable:
        return None


def _is_multiple(form: Quotient, other: Quotient, either_sign: bool) -> bool:
    """Whether form is a positive (or, if `either_sign`, any) number times other."""
    ratio = ratio_of(form, other)
    return ratio is not None and (ratio > 0 or (either_sign and ratio != 0))
