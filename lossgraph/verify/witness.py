"""Searches exact rational counterexamples: parameters and points at which a property visibly fails, each re-checkable by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from lossgraph.formula.domains import Span, end_value
from lossgraph.formula.tree import Node
from lossgraph.verify.exact import Unsure, Value, add, evaluate, holds, multiply, sign, subtract
from lossgraph.verify.order import Undefined

HALF = Fraction(1, 2)
LINE = tuple(Fraction(text) for text in "0 1 -1 2 -2 3 -3 1/2 -1/2 4 -4 6 -6 1/4 -1/4 7 -7 10 -10".split())
RAY = tuple(Fraction(n, d) for n, d in ((1, 1), (2, 1), (3, 1), (1, 2), (4, 1), (1, 4), (8, 1), (1, 10), (18, 1), (36, 1), (1, 100), (3, 2)))
SEGMENT = tuple(Fraction(n, 64) for n in (32, 16, 48, 8, 56, 24, 40, 4, 60, 1, 63))
CHOICES = {
    "line": (1, -1, 2, Fraction(1, 2), -2, 3),
    "ray": (1, 2, Fraction(1, 2), 4, Fraction(1, 4), 10),
    "segment": (HALF, Fraction(1, 4), Fraction(3, 4), Fraction(7, 8)),
}
MAX_SETTINGS = 16
MAX_POINTS = 26


@dataclass(frozen=True)
class Scene:
    """A formula in one variable with its domain, parameters, conditions and (for zeros) target, as trees."""

    formula: Node
    variable: str
    domain: tuple[Span, ...]
    parameters: Mapping[str, tuple[Span, ...]]
    conditions: tuple[Node, ...] = ()
    target: Node | None = None
    outcome: str | None = None


def find(scene: Scene, property_id: str) -> dict[str, Any] | None:
    """A proof of kind `witness_*` that the property fails for an allowed parameter, or None.

    Raises `Undefined` (with the point) where the formula has no value.
    """
    search = SEARCHES.get(property_id)
    if scene.outcome is not None:
        return _improper(scene, strict=property_id == "strictly_proper")
    for setting in settings(scene.parameters, scene.conditions):
        values = Values(scene, setting)
        points = [point for point in sample(scene, setting) if values.has(point)]
        found = search(values, points) if search else None
        if found is not None:
            return {**found, "parameters": {name: str(value) for name, value in setting.items()}}
    return None


class Values:
    """The formula's values at points for one setting of the parameters, computed once each."""

    def __init__(self, scene: Scene, setting: Mapping[str, Fraction]) -> None:
        self.scene, self.setting = scene, setting
        self.known: dict[Fraction, Value | None] = {}

    def has(self, point: Fraction) -> bool:
        """Whether the value at `point` is known. Raises `Undefined` with the point's name where there is provably none."""
        if point not in self.known:
            try:
                self.known[point] = evaluate(self.scene.formula, {**self.setting, self.scene.variable: point})
            except Unsure:
                self.known[point] = None
            except Undefined as error:
                place = ", ".join(f"{name} = {value}" for name, value in {**self.setting, self.scene.variable: point}.items())
                raise Undefined(f"at {place}: {error}") from None
        return self.known[point] is not None

    def __getitem__(self, point: Fraction) -> Value:
        if not self.has(point):
            raise Unsure(str(point))
        return self.known[point]

    def target(self) -> Fraction | None:
        """The target under this setting, where it is a fraction in the domain."""
        if self.scene.target is None:
            return None
        try:
            value = evaluate(self.scene.target, dict(self.setting))
        except (Unsure, Undefined, KeyError):
            return None
        return value if isinstance(value, Fraction) and inside(value, self.scene.domain) else None


def inside(point: Fraction, spans: tuple[Span, ...]) -> bool:
    """Whether a fraction lies in a set, with room to spare at ends that hold pi."""
    for span in spans:
        low, high = end_value(span.lower), end_value(span.upper)
        below = point > low or (point == low and not span.lower_open)
        above = point < high or (point == high and not span.upper_open)
        if below and above:
            return True
    return False


def spread(span: Span, kind: str) -> Iterator[Fraction]:
    """Rational points of an interval: for `kind` "points" where a formula is tried, for "settings" values of a parameter."""
    low, high = end_value(span.lower), end_value(span.upper)
    points = kind == "points"
    if isinstance(low, Fraction) and low == high:
        yield low
    elif isinstance(low, Fraction) and isinstance(high, Fraction):
        low, high = low.limit_denominator(10**6), high.limit_denominator(10**6)
        ends = [low] * (not span.lower_open) + [high] * (not span.upper_open)
        yield from (end for end in ends if inside(end, (span,)))
        yield from (low + (high - low) * part for part in (SEGMENT if points else CHOICES["segment"]))
    elif isinstance(low, Fraction):
        yield from [low] * (not span.lower_open)
        yield from (low + step for step in (RAY if points else CHOICES["ray"]))
    elif isinstance(high, Fraction):
        yield from [high] * (not span.upper_open)
        yield from (high - step for step in (RAY if points else CHOICES["ray"]))
    else:
        yield from (LINE if points else map(Fraction, CHOICES["line"]))


def settings(parameters: Mapping[str, tuple[Span, ...]], conditions: tuple[Node, ...] = ()) -> Iterator[dict[str, Fraction]]:
    """A few exact settings of the parameters that meet the conditions: the plain one first, then others."""
    names = list(parameters)
    columns = [[value for span in parameters[name] for value in spread(span, "settings")] for name in names]
    columns = [_interleaved(parameters[name], column) for name, column in zip(names, columns, strict=True)]
    order = sorted(product(*(range(len(column)) for column in columns)) if _size(columns) <= 20000 else _few(columns), key=lambda index: (sum(index), index))
    given = 0
    for index in order:
        setting = {name: column[i] for name, column, i in zip(names, columns, index, strict=True)}
        if meets(conditions, setting):
            yield setting
            given += 1
            if given == MAX_SETTINGS:
                return


def _interleaved(spans: tuple[Span, ...], column: list[Fraction]) -> list[Fraction]:
    """One value of each span first, then the seconds, so that no part of a union is forgotten."""
    groups = [[value for value in column if inside(value, (span,))] for span in spans]
    longest = max((len(group) for group in groups), default=0)
    return [group[i] for i in range(longest) for group in groups if i < len(group)]


def _size(columns: list[list[Fraction]]) -> int:
    size = 1
    for column in columns:
        size *= max(1, len(column))
    return size


def _few(columns: list[list[Fraction]]) -> Iterator[tuple[int, ...]]:
    yield tuple(0 for _ in columns)
    for position, column in enumerate(columns):
        for i in range(1, len(column)):
            yield tuple(i if place == position else 0 for place in range(len(columns)))


def meets(conditions: tuple[Node, ...], setting: Mapping[str, Fraction]) -> bool:
    """Whether a setting is seen to meet all conditions."""
    try:
        return all(holds(condition, setting) for condition in conditions)
    except (Unsure, Undefined, KeyError):
        return False


def sample(scene: Scene, setting: Mapping[str, Fraction]) -> list[Fraction]:
    """Points of the domain: round ones, and those that the parameters suggest."""
    found: dict[Fraction, None] = {}
    for group in zip(*(_padded(list(spread(span, "points"))) for span in scene.domain), strict=True):
        for point in group:
            if point is not None:
                found[point] = None
    plain = list(found)[:MAX_POINTS]
    hints = [factor * value for value in setting.values() for factor in (1, -1, 2, -2, 3)] + [1 - value for value in setting.values()]
    extra = [point for point in dict.fromkeys(hints) if point not in plain and inside(point, scene.domain)]
    return plain + extra[:10]


def _padded(points: list[Fraction]) -> list[Fraction | None]:
    return [*points, *([None] * (MAX_POINTS - len(points)))]


def _improper(scene: Scene, *, strict: bool) -> dict[str, Any] | None:
    """A probability q and a prediction p != q whose expected loss is smaller (or, for `strict`, exactly as small)."""
    assert scene.outcome is not None
    for setting in settings(scene.parameters, scene.conditions):
        one, zero = (Values(scene, {**setting, scene.outcome: Fraction(outcome)}) for outcome in (1, 0))
        points = [point for point in sample(scene, setting) if one.has(point) and zero.has(point)]
        for q, p in product([point for point in points if 0 <= point <= 1], points):
            gap = add(multiply(q, subtract(one[p], one[q])), multiply(1 - q, subtract(zero[p], zero[q])))
            if p != q and (_positive(-gap) or (strict and isinstance(gap, Fraction) and gap == 0)):
                kind = "witness_improper" if _positive(-gap) else "witness_not_strictly_proper"
                return {"kind": kind, "probability": str(q), "prediction": str(p), "parameters": {name: str(value) for name, value in setting.items()}}
    return None


def _convexity(values: Values, points: list[Fraction]) -> dict[str, Any] | None:
    return _midpoints(values, points, strict=False)


def _strictness(values: Values, points: list[Fraction]) -> dict[str, Any] | None:
    return _midpoints(values, points, strict=False) or _midpoints(values, points, strict=True)


def _midpoints(values: Values, points: list[Fraction], *, strict: bool) -> dict[str, Any] | None:
    for first, second in combinations(points, 2):
        middle = (first + second) / 2
        if not inside(middle, values.scene.domain):
            if strict or not _gap(middle, values.scene.domain):
                continue
            return {"kind": "witness_domain", "points": [str(first), str(second)], "missing": str(middle)}
        gap = subtract(multiply(Fraction(2), values[middle]), add(values[first], values[second])) if values.has(middle) else None
        if gap is None:
            continue
        if strict:
            if isinstance(gap, Fraction) and gap == 0:
                return {"kind": "witness_strictness", "points": [str(first), str(middle), str(second)]}
        elif _positive(gap):
            return {"kind": "witness_convexity", "points": [str(first), str(middle), str(second)]}
    return None


def _gap(point: Fraction, spans: tuple[Span, ...]) -> bool:
    """Whether a point is certainly outside (it is a fraction, and ends with pi are never fractions)."""
    return not inside(point, spans)


def _positive(value: Value) -> bool:
    try:
        return sign(value) > 0
    except Unsure:
        return False


def _quasiconvexity(values: Values, points: list[Fraction]) -> dict[str, Any] | None:
    ordered = sorted(points)
    for index, middle in enumerate(ordered[1:-1], start=1):
        for first, last in product(ordered[:index], ordered[index + 1 :]):
            if _positive(subtract(values[middle], values[first])) and _positive(subtract(values[middle], values[last])):
                return {"kind": "witness_quasiconvexity", "points": [str(first), str(middle), str(last)]}
    for first, second in combinations(ordered, 2):
        middle = (first + second) / 2
        if not inside(middle, values.scene.domain):
            return {"kind": "witness_domain", "points": [str(first), str(second)], "missing": str(middle)}
    return None


def _monotone(values: Values, points: list[Fraction]) -> dict[str, Any] | None:
    pairs = [(min(pair), max(pair)) for pair in combinations(points, 2)]  # the points come with the plainest first
    up = next((pair for pair in pairs if _positive(subtract(values[pair[1]], values[pair[0]]))), None)
    down = next((pair for pair in pairs if _positive(subtract(values[pair[0]], values[pair[1]]))), None)
    return {"kind": "witness_monotone", "rise": [str(p) for p in up], "fall": [str(p) for p in down]} if up and down else None


def _symmetry(values: Values, points: list[Fraction]) -> dict[str, Any] | None:
    for point in points:
        if not inside(-point, values.scene.domain):
            return {"kind": "witness_domain_symmetry", "point": str(point)}
        if values.has(-point):
            gap = subtract(values[point], values[-point])
            if _positive(gap) or _positive(-gap):
                return {"kind": "witness_symmetry", "point": str(point)}
    return None


def _negative(values: Values, points: list[Fraction]) -> dict[str, Any] | None:
    return next(({"kind": "witness_negative", "point": str(point)} for point in points if _positive(-values[point])), None)


def _nonzero_target(values: Values, points: list[Fraction]) -> dict[str, Any] | None:
    target = values.target()
    if target is None or not values.has(target):
        return None
    return {"kind": "witness_nonzero", "point": str(target)} if _positive(values[target]) or _positive(-values[target]) else None


def _other_zero(values: Values, points: list[Fraction]) -> dict[str, Any] | None:
    target = values.target()
    if target is None:
        return None
    other = next((point for point in points if point != target and isinstance(values[point], Fraction) and values[point] == 0), None)
    return _nonzero_target(values, points) or (None if other is None else {"kind": "witness_zero", "point": str(other), "target": str(target)})


SEARCHES: dict[str, Callable[[Values, list[Fraction]], dict[str, Any] | None]] = {
    "convex": _convexity, "strictly_convex": _strictness, "strongly_convex": _strictness, "quasiconvex": _quasiconvexity, "monotone": _monotone,
    "symmetric": _symmetry, "nonnegative": _negative, "zero_at_target": _nonzero_target, "zero_only_at_target": _other_zero,
}  # fmt: skip
