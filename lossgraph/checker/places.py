"""The formula of a certificate at single points of its domain: reads points, says whether they lie in it, and gives values, mirror images and targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.checker.constants import sign_of, truth
from lossgraph.checker.domain import LINKS, allowed, contains, is_quantified, read
from lossgraph.checker.expression import Node, Unreadable, names, number, parse
from lossgraph.checker.shape import spans
from lossgraph.checker.vectors import MAX_LENGTH, Value, expand

Point = dict[str, Value]
"""Each variable that is no setting, with its number, or its list of numbers."""


class Places:
    """The formula under one setting of the parameters and scalar data, with one length for each vector."""

    def __init__(self, certificate: Mapping[str, Any], proof: Mapping[str, Any]) -> None:
        self.setting: dict[str, Node] = {name: parse(value) for name, value in proof["parameters"].items()}
        self.formula = parse(certificate["expression"])
        self.roles = dict(certificate["roles"])
        self.names = variables_of(certificate)
        self.sets, self.conditions = read(certificate["domain"])
        self.lengths, self.sizes = lengths_of(certificate, proof.get("lengths", {}))
        self.swapped = swapped(certificate)
        if any(name in self.names and not is_quantified(self.roles.get(name)) for name in self.setting):
            raise Unreadable("only parameters, targets, outcomes and the like are set")
        if any(names(value) for value in self.setting.values()) or set(self.setting) & set(self.sizes):
            raise Unreadable("a setting is a number")
        own = {name: value for name, value in self.setting.items() if name not in self.names}
        if set(own) != parameters_of(certificate) or not allowed(certificate["parameters"], own):
            raise Unreadable("the parameters are not those of the question, or lie outside their domain")
        self.asked = [name for name in self.names if not is_quantified(self.roles.get(name))]

    @property
    def variable(self) -> str:
        """The variable asked about where there is one."""
        if len(self.asked) != 1:
            raise Unreadable("this is about one variable")
        return self.asked[0]

    @property
    def predicted(self) -> str:
        """The variable that should equal the target: the only one asked about, or the only one of role mean."""
        means = [name for name in self.asked if self.roles.get(name) == "mean"]
        return means[0] if len(self.asked) != 1 and len(means) == 1 else self.variable

    def full(self, point: Point) -> dict[str, Value]:
        """All names with their values at a point. Raises `Unreadable` where one is missing or given twice."""
        if set(point) & set(self.setting) or {*point, *self.setting} < {*self.names} or not set(point) <= set(self.names):
            raise Unreadable("a point gives each variable once")
        return {**{name: number(count) for name, count in self.lengths.items()}, **self.setting, **point}

    def has(self, point: Point) -> bool:
        """Whether the domain holds the point."""
        setting = self.full(point)
        for name in self.names:
            value, members = setting[name], self.sets.get(name, "real").strip()
            parts = value if isinstance(value, list) else [value]
            if members == "simplex":
                members = "[0, 1]"
                if not isinstance(value, list) or sign_of(("add", *parts, number(-1))) != 0:
                    return False
            if not all(contains(members, part) for part in parts):
                return False
        texts = [expand(parse(condition), setting) for condition in self.conditions]
        return all(not isinstance(text, list) and truth(text) for text in texts)

    def value(self, point: Point) -> Node:
        """The value at a point of the domain. Raises `Unreadable` where the point lies outside."""
        if not self.has(point):
            raise Unreadable("a point lies outside the domain")
        found = expand(self.formula, self.full(point))
        if isinstance(found, list):
            raise Unreadable("the value is a vector")
        return found

    def point(self, written: Any) -> Point:
        """A point as the certificate writes it: a text gives the only variable, an object several or vectors. Raises `Unreadable` for other lengths."""
        given = {self.variable: written} if isinstance(written, str) else dict(written)
        point: Point = {name: exact(value) for name, value in given.items()}
        if any(self.sizes.get(name) != (len(value) if isinstance(value, list) else None) for name, value in point.items()):
            raise Unreadable("vectors of other lengths than stated, or numbers in their place")
        if any(name not in self.asked and name not in self.sizes for name in point):
            raise Unreadable("a point gives the variables asked about, and vectors; numbers of the data are set")
        return point

    def mirrored(self, point: Point) -> Point | None:
        """-x where one variable is asked about, the two that are swapped where there are; None where a number would stand in a vector's place."""
        if self.swapped is None:
            value = point[self.variable]
            return {**point, self.variable: [_opposite(part) for part in value] if isinstance(value, list) else _opposite(value)}
        first, second = self.swapped
        if self.sizes.get(first) != self.sizes.get(second):
            return None
        return {**point, first: point[second], second: point[first]}

    def target(self, point: Point) -> list[Node]:
        """Where the loss should be zero, component by component; a target that is a number counts for each. Raises `Unreadable` where there is none."""
        name = self.predicted
        own = point[name]
        if "residual" in self.roles.values():
            if self.roles.get(name) != "residual":
                raise Unreadable("the residual is another variable")
            value: Value = number(0)
        else:
            targets = [other for other, role in self.roles.items() if role == "target"]
            if len(targets) != 1:
                raise Unreadable("no target")
            value = expand(parse(LINKS.get(self.roles.get(name, ""), "{y}").format(y=targets[0])), self.full(point))
        if isinstance(value, list):
            if not isinstance(own, list):
                raise Unreadable("a target of several numbers")
            return value
        return [value] * (len(own) if isinstance(own, list) else 1)


def variables_of(certificate: Mapping[str, Any]) -> list[str]:
    """The names of the variables, in order."""
    return [name.strip() for name in str(certificate["variables"]).split(",")]


def parameters_of(certificate: Mapping[str, Any]) -> set[str]:
    """The names of the parameters: those with a set, and those of conditions on parameters."""
    sets, conditions = read(certificate["parameters"])
    return {*sets}.union(*(names(parse(condition)) for condition in conditions))


def lengths_of(certificate: Mapping[str, Any], chosen: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """The lengths by their names, and the number of components of each vector. `chosen` gives every length, and no other; raises `Unreadable`."""
    stated: dict[str, Any] = dict(certificate.get("lengths", {}))
    fixed = {str(length): length for length in stated.values() if type(length) is int}
    if set(chosen) != {str(length) for length in stated.values()} or any(chosen[name] != length for name, length in fixed.items()):
        raise Unreadable("other lengths than those of the question")
    if any(type(count) is not int or not 0 < count <= MAX_LENGTH for count in chosen.values()) or set(chosen) & set(variables_of(certificate)):
        raise Unreadable("a length that is none")
    return {name: count for name, count in chosen.items() if name not in fixed}, {name: chosen[str(length)] for name, length in stated.items()}


def swapped(certificate: Mapping[str, Any]) -> tuple[str, str] | None:
    """The two variables that the mirror swaps; None where it takes x to -x.

    These are the first two of several that are asked about. A vector asked about and the data beside it in the first two places count as two where they are of
    one kind: the same length and the same set.
    """
    variables, lengths = variables_of(certificate), dict(certificate.get("lengths", {}))
    asked = [name for name in variables if not is_quantified(dict(certificate["roles"]).get(name))]
    if len(asked) > 1:
        return asked[0], asked[1]
    if len(variables) < 2 or not set(asked) <= set(variables[:2]) or variables[0] not in lengths:
        return None
    sets = read(certificate["domain"])[0]
    first, second = ((lengths.get(name), _members(sets.get(name, "real"))) for name in variables[:2])
    return (variables[0], variables[1]) if first == second else None


def _members(text: str) -> Any:
    return "simplex" if text.strip() == "simplex" else spans(text)


def exact(written: Any) -> Value:
    """A number or a list of numbers, as exact fractions. Raises `Unreadable`."""
    return [_number(part) for part in written] if isinstance(written, list) else _number(written)


def _number(text: Any) -> Node:
    node = parse(text)
    if node[0] != "number":
        raise Unreadable("a point is an exact fraction")
    return node


def _opposite(part: Node) -> Node:
    return number(-part[1])
