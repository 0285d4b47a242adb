"""The names of a question about several variables or vectors: where each lies, which are vectors, and which of them the property is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lossgraph.checker.cells import Span, fold_conditions
from lossgraph.checker.domain import is_quantified, read
from lossgraph.checker.expression import ONE, Node, Unreadable, names, parse
from lossgraph.checker.shape import spans
from lossgraph.checker.space import OO, Interval, Space
from lossgraph.checker.vectors import MAX_LENGTH, Value, expand

REDUCTIONS = frozenset({"sum", "dot", "norm", "softmax", "logsumexp"})
TRUTHS = frozenset({"<", "<=", ">", ">=", "==", "!="})


@dataclass(frozen=True)
class Quantities:
    """`sets`: of a number, or of each component of a vector. `lengths`: of the vectors, a number or a name. `conditions`: comparisons between several names."""

    variables: tuple[str, ...]
    asked: tuple[str, ...]
    sets: Mapping[str, tuple[Span, ...]]
    lengths: Mapping[str, str | int]
    simplices: frozenset[str]
    conditions: tuple[Node, ...]
    roles: Mapping[str, str]

    @property
    def vectors(self) -> frozenset[str]:
        """The names of vectors."""
        return frozenset(self.lengths)

    @property
    def named_lengths(self) -> frozenset[str]:
        """The names of lengths, each a whole number from 1 on."""
        return frozenset(length for length in self.lengths.values() if isinstance(length, str))

    @property
    def weights(self) -> frozenset[str]:
        """The vectors whose components are nonnegative and sum to 1: of a simplex, or by a condition."""
        return self.simplices & self.vectors | frozenset(name for name in self.vectors if self._sums_to_one(name))

    def _sums_to_one(self, name: str) -> bool:
        total, (lower, _, _, _) = ("sum", ("name", name)), self.sets[name][0]
        said = any(condition in {("==", total, ONE), ("==", ONE, total)} for condition in self.conditions)
        return said and lower[0] == "number" and lower[1] >= 0

    @property
    def binary(self) -> frozenset[str]:
        """The vectors whose components are 0 or 1, by the name of the component."""
        zero_one = {("number", 0), ("number", 1)}
        return frozenset(f"{name}_i" for name in self.vectors if all(lower == upper and lower in zero_one for lower, upper, _, _ in self.sets[name]))

    def interval(self, name: str) -> Interval:
        """The least interval that holds the set of a name."""
        members = self.sets[name]
        return Interval(members[0][0], members[-1][1], members[0][2], members[-1][3])

    def space(self) -> Space:
        """Every number, and the generic component `p_i` of every vector, in its interval."""
        space = Space()
        for name in self.sets:
            space = space.extended(f"{name}_i" if name in self.vectors else name, self.interval(name))
        return space

    def varies(self, node: Node) -> bool:
        """Whether a tree names something that the property is about."""
        return bool(names(node) & set(self.asked))

    def is_vector(self, node: Node) -> bool:
        """Whether a tree is a vector, of which each component is meant."""
        if node[0] in {"number", "index", "sum", "dot", "norm", "logsumexp"}:
            return False
        return node[1] in self.lengths if node[0] == "name" else any(self.is_vector(child) for child in node[1:])


def quantities(certificate: Mapping[str, Any]) -> Quantities:
    """The names of a certificate's question. Raises `Unreadable` for names that are taken, and for sets whose ends are no numbers."""
    variables = tuple(name.strip() for name in str(certificate["variables"]).split(","))
    own, joint = read(certificate["domain"])
    parameters, conditions = read(certificate["parameters"])
    texts = {**dict.fromkeys(variables, "real"), **own, **parameters}
    simplices = frozenset(name for name, text in texts.items() if text == "simplex")
    sets = {name: spans("[0, 1]" if text == "simplex" else text) for name, text in texts.items()}
    lengths: dict[str, str | int] = {**dict.fromkeys(simplices, "K"), **dict(certificate.get("lengths", {}))}
    tied = [part for text in joint for part in comparisons(parse(text))]
    for text in conditions:
        try:
            fold_conditions(text, sets)
        except (Unreadable, KeyError):
            tied += comparisons(parse(text))
    roles = dict(certificate["roles"])
    asked = tuple(name for name in variables if not is_quantified(roles.get(name)))
    found = Quantities(variables, asked, {name: tuple(members) for name, members in sets.items()}, lengths, simplices, tuple(tied), roles)
    _check_names(found)
    return found


def _check_names(found: Quantities) -> None:
    taken = set(found.sets)
    named = {length for length in found.lengths.values() if isinstance(length, str)}
    if any(type(length) is not int or length < 1 for length in found.lengths.values() if not isinstance(length, str)):
        raise Unreadable("a length that is none")
    if not set(found.lengths) <= taken or named & taken or not all(name.isidentifier() for name in named):
        raise Unreadable("a length of no name, or with the name of something else")
    if {f"{name}_i" for name in found.lengths} & (taken | named) or any(name.startswith(("U", "B", "S")) and name.endswith("_") for name in taken | named):
        raise Unreadable("a name is taken")
    for name, members in found.sets.items():
        if not members or any(names(end) for member in members for end in member[:2]):
            raise Unreadable(f"the set of {name} is empty, or an end names another name")
    for condition in found.conditions:
        if not names(condition) <= taken | named:
            raise Unreadable("a condition names what is not declared")


def comparisons(node: Node) -> list[Node]:
    """The comparisons that a condition consists of. Raises `Unreadable` for `or`, `not` and the like."""
    if node[0] == "and":
        return [part for child in node[1:] for part in comparisons(child)]
    if node[0] not in TRUTHS:
        raise Unreadable(f"no comparison: {node[0]}")
    return [node]


def is_closed_and_bounded(members: tuple[Span, ...]) -> bool:
    """Whether a set holds its ends, which are finite."""
    return all(not lower_open and not upper_open and OO not in (upper, ("neg", lower)) for lower, upper, lower_open, upper_open in members)


def written_out(known: Quantities, formula: Node) -> tuple[Quantities, Node]:
    """A question about vectors of fixed lengths as one about numbers: each component `v_0`, `v_1`, ... is a number of its own. Raises `Unreadable`."""
    if any(not isinstance(length, int) or length > MAX_LENGTH for length in known.lengths.values()):
        raise Unreadable("no fixed length, or too many components")
    parts = {name: [f"{name}_{place}" for place in range(int(length))] for name, length in known.lengths.items()}
    own = [part for name in known.sets for part in parts.get(name, [name])]
    if known.simplices or len(set(own)) != len(own):
        raise Unreadable("a name that is taken")
    table: dict[str, Value] = {name: [("name", part) for part in components] for name, components in parts.items()}

    def placed(node: Node) -> Node:
        found = expand(node, table)
        if isinstance(found, list):
            raise Unreadable("a number, not a vector")
        return found

    def each(given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part for name in given for part in parts.get(name, [name]))

    sets = {part: members for name, members in known.sets.items() for part in parts.get(name, [name])}
    return Quantities(each(known.variables), each(known.asked), sets, {}, frozenset(), tuple(map(placed, known.conditions)), {}), placed(formula)
