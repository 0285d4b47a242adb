"""Exact counterexamples in several variables or vectors: fractions at which a property fails, for one setting of the scalar parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import combinations, islice, product
from typing import Any

from lossgraph.formula.domains import Span
from lossgraph.formula.render import text as written_formula
from lossgraph.formula.tree import Node, names
from lossgraph.verify.exact import Unsure, Value, add, evaluate, holds, multiply, sign, subtract
from lossgraph.verify.order import Undefined
from lossgraph.verify.question import Question
from lossgraph.verify.witness import inside, spread

Coordinate = Fraction | tuple[Fraction, ...]
Place = dict[str, Coordinate]
LENGTH = 2  # vectors of a length that is not fixed are tried with this many components
MAX_PLACES = 60
MAX_PAIRS = 600  # pairs of places whose middle is looked at
MAX_COLUMN = 6


class Scene:
    """The formula at places of its domain, for one setting of the scalar parameters. `complete` says that every place tried had a value."""

    def __init__(self, question: Question, free: set[str], sizes: Mapping[str, int], setting: Mapping[str, Fraction]) -> None:
        self.question, self.free, self.sizes, self.setting = question, free, sizes, setting
        self.complete = True
        self.lengths = {str(length): Fraction(sizes[name]) for name, length in question.lengths.items() if not str(length).isdigit()}
        self.places = list(islice(self._places(), MAX_PLACES))

    def _places(self) -> Iterator[Place]:
        """Places of the domain, the plain ones first."""
        names = [name for name in self.question.variables if name not in self.setting]
        names += [name for name in self.question.lengths if name in self.question.parameters]
        columns = [list(islice(self._column(name), MAX_COLUMN)) for name in names]
        order = sorted(product(*(range(len(column)) for column in columns)), key=lambda index: (sum(index), index))[:2000]
        for index in order:
            place = {name: column[i] for name, column, i in zip(names, columns, index, strict=True)}
            if self.allowed(place):
                yield place

    def points(self, name: str) -> Iterator[Coordinate]:
        """Plain values of one variable."""
        return self._column(name)

    def _column(self, name: str) -> Iterator[Coordinate]:
        size = self.sizes.get(name)
        if name in self.question.simplices or sums_to_one(self.question, name):
            size = size or LENGTH
            spans = self.question.sets.get(name)
            for weight in (Fraction(1, 2), Fraction(1, 4), Fraction(7, 8), Fraction(1), Fraction(3, 4)):
                point = (weight, *([(1 - weight) / (size - 1)] * (size - 1))) if size > 1 else (Fraction(1),)
                if spans is None or all(inside(part, spans) for part in point):
                    yield point
            return
        spans = self.question.sets.get(name) or self.question.parameters[name]
        points = [point for span in spans for point in islice(spread(span, "points"), 4)]
        if size is None:
            yield from points
        else:
            own = [condition for condition in self.question.conditions if set(names(condition)) == {name}]
            yield from islice((point for point in product(points[:3], repeat=size) if all(_told(condition, {name: point}) for condition in own)), 12)

    def allowed(self, place: Place) -> bool:
        """Whether a place lies in the domain."""
        for name, coordinate in place.items():
            spans: tuple[Span, ...] | None = self.question.sets.get(name) or self.question.parameters.get(name)
            parts = coordinate if isinstance(coordinate, tuple) else (coordinate,)
            if spans is None:  # a simplex
                if any(part < 0 for part in parts) or sum(parts) != 1:
                    return False
            elif not all(inside(part, spans) for part in parts):
                return False
        conditions: tuple[Node, ...] = (*self.question.conditions, *self.question.parameter_conditions)
        try:
            return all(holds(condition, {**self.setting, **place}) for condition in conditions)
        except (Unsure, Undefined, KeyError):
            return False

    def leaves(self, place: Place) -> bool:
        """Whether a place lies outside the domain for certain: in a set of one variable, or by a condition that can be told."""
        for name, coordinate in place.items():
            spans = self.question.sets.get(name)
            parts = coordinate if isinstance(coordinate, tuple) else (coordinate,)
            if name in self.question.simplices and (any(part < 0 for part in parts) or sum(parts) != 1):
                return True
            if spans is not None and not all(inside(part, spans) for part in parts):
                return True
        try:
            return not all(holds(condition, {**self.lengths, **self.setting, **place}) for condition in self.question.conditions)
        except (Unsure, Undefined, KeyError):
            return False

    def value(self, place: Place) -> Value | None:
        """The formula at a place; None where it cannot be told."""
        try:
            return evaluate(self.question.formula, {**self.lengths, **self.setting, **place})
        except Unsure:
            self.complete = False
            return None
        except Undefined as error:
            raise Undefined(f"at {', '.join(f'{name} = {_text(part)}' for name, part in {**self.setting, **place}.items())}: {error}") from None

    def fixed(self, first: Place, second: Place) -> bool:
        """Whether two places differ only in the variables that are asked about."""
        return all(first[name] == second[name] for name in first if name not in self.free)


def sums_to_one(question: Question, name: str) -> bool:
    """Whether a condition says that the components of a vector sum to 1."""
    return any(written_formula(condition).replace(" ", "") == f"sum({name})==1" for condition in question.conditions)


def _told(condition: Node, place: Mapping[str, Any]) -> bool:
    try:
        return holds(condition, place)
    except (Unsure, Undefined, KeyError):
        return False


def _text(coordinate: Coordinate) -> Any:
    return [str(part) for part in coordinate] if isinstance(coordinate, tuple) else str(coordinate)


def written(place: Place) -> dict[str, Any]:
    """A place as texts, a vector as a list."""
    return {name: _text(coordinate) for name, coordinate in place.items()}


def _middle(first: Coordinate, second: Coordinate) -> Coordinate:
    if isinstance(first, tuple) and isinstance(second, tuple):
        return tuple((a + b) / 2 for a, b in zip(first, second, strict=True))
    assert isinstance(first, Fraction)
    assert isinstance(second, Fraction)
    return (first + second) / 2


def _positive(value: Value) -> bool:
    try:
        return sign(value) > 0
    except Unsure:
        return False


def _triples(scene: Scene) -> Iterator[tuple[Place, Place, Place, Value, Value, Value]]:
    """Pairs of places with their midpoint, where all three have values."""
    pairs = (pair for pair in combinations(scene.places, 2) if scene.fixed(*pair))
    for first, second in islice(pairs, MAX_PAIRS):
        middle = {name: coordinate if name not in scene.free else _middle(coordinate, second[name]) for name, coordinate in first.items()}
        if not scene.allowed(middle):
            continue
        values = [scene.value(place) for place in (first, middle, second)]
        if all(value is not None for value in values):
            yield first, middle, second, values[0], values[1], values[2]


def _convexity(scene: Scene) -> dict[str, Any] | None:
    for first, middle, second, low, centre, high in _triples(scene):
        if _positive(subtract(multiply(Fraction(2), centre), add(low, high))):
            return {"kind": "witness_convexity", "points": [written(first), written(middle), written(second)]}
    return _hole(scene)


def _hole(scene: Scene) -> dict[str, Any] | None:
    """Two places of the domain between which something is missing."""
    for first, second in combinations(scene.places, 2):
        if not scene.fixed(first, second):
            continue
        middle = {name: coordinate if name not in scene.free else _middle(coordinate, second[name]) for name, coordinate in first.items()}
        if scene.leaves(middle):
            return {"kind": "witness_domain", "points": [written(first), written(second)], "missing": written(middle)}
    return None


def _strictness(scene: Scene) -> dict[str, Any] | None:
    for first, middle, second, low, centre, high in _triples(scene):
        gap = subtract(multiply(Fraction(2), centre), add(low, high))
        if _positive(gap):
            return {"kind": "witness_convexity", "points": [written(first), written(middle), written(second)]}
        if isinstance(gap, Fraction) and gap == 0:
            return {"kind": "witness_strictness", "points": [written(first), written(middle), written(second)]}
    return _hole(scene)


def _quasiconvexity(scene: Scene) -> dict[str, Any] | None:
    for first, middle, second, low, centre, high in _triples(scene):
        if _positive(subtract(centre, low)) and _positive(subtract(centre, high)):
            return {"kind": "witness_quasiconvexity", "points": [written(first), written(middle), written(second)]}
    return _hole(scene)


def _asymmetry(scene: Scene) -> dict[str, Any] | None:
    """A point whose mirror image is outside the domain, or has another value."""
    swapped = scene.question.swapped()
    for place in scene.places:
        mirrored = mirror(scene.question, place)
        if swapped is not None and isinstance(place.get(swapped[0]), tuple) != isinstance(place.get(swapped[1]), tuple):
            return {"kind": "witness_domain_symmetry", "point": written(place)}  # a number does not stand in a vector's place
        if scene.leaves(mirrored):
            return {"kind": "witness_domain_symmetry", "point": written(place)}
        values = [scene.value(each) if scene.allowed(each) else None for each in (place, mirrored)]
        if values[0] is not None and values[1] is not None and _different(values[0], values[1]):
            return {"kind": "witness_symmetry", "point": written(place)}
    return None


def mirror(question: Question, place: Place) -> Place:
    """The place with two variables swapped, or with -x in the place of x."""
    swapped = question.swapped()
    if swapped is not None:
        table = {swapped[0]: swapped[1], swapped[1]: swapped[0]}
        return {name: place.get(table.get(name, name), coordinate) for name, coordinate in place.items()}
    name = question.asked()[0]
    value = place[name]
    return {**place, name: tuple(-part for part in value) if isinstance(value, tuple) else -value}


def _different(first: Value, second: Value) -> bool:
    gap = subtract(first, second)
    return _positive(gap) or _positive(-gap)


def _target(scene: Scene, place: Place) -> tuple[str, Coordinate] | None:
    """The variable that should equal the target, and the target, at a place."""
    name, target = scene.question.predicted(), scene.question.target()
    if name is None or target is None or name not in place:
        return None
    try:
        value = evaluate(target, {**scene.lengths, **scene.setting, **place})
    except (Unsure, Undefined):
        return None
    own = place[name]
    if isinstance(own, tuple) and isinstance(value, Fraction):
        value = (value,) * len(own)
    exact = all(isinstance(part, Fraction) for part in value) if isinstance(value, tuple) else isinstance(value, Fraction)
    return (name, value) if exact and isinstance(value, tuple) == isinstance(own, tuple) else None  # type: ignore[return-value]


def _nonzero(scene: Scene) -> dict[str, Any] | None:
    for place in scene.places:
        found = _target(scene, place)
        at = None if found is None else {**place, found[0]: found[1]}
        value = None if at is None or not scene.allowed(at) else scene.value(at)
        if at is not None and value is not None and _different(value, Fraction(0)):
            return {"kind": "witness_nonzero", "point": written(at)}
    return None


def _other_zero(scene: Scene) -> dict[str, Any] | None:
    found = _nonzero(scene)
    if found is not None:
        return found
    for place in scene.places:
        target = _target(scene, place)
        for at in [] if target is None else (place, {**place, target[0]: _doubled(target[1])}):
            if target is None or at[target[0]] == target[1] or not scene.allowed(at):
                continue
            value = scene.value(at)
            if isinstance(value, Fraction) and value == 0:
                return {"kind": "witness_zero", "point": written(at), "target": _text(target[1])}
    return None


def _doubled(coordinate: Coordinate) -> Coordinate:
    return tuple(2 * part for part in coordinate) if isinstance(coordinate, tuple) else 2 * coordinate


def _improper(strict: bool) -> Callable[[Scene], dict[str, Any] | None]:
    """Outcomes are the vectors with a single 1, the i-th of probability q_i: a prediction whose expected loss is less than that of q, or the same."""

    def search(scene: Scene) -> dict[str, Any] | None:
        question = scene.question
        outcome = next((name for name in question.variables if question.roles.get(name) == "outcome"), None)
        asked = question.asked()
        if outcome is None or len(asked) != 1 or outcome not in scene.sizes or asked[0] not in scene.sizes:
            return None
        points = [point for point in islice(scene.points(asked[0]), MAX_COLUMN) if isinstance(point, tuple)]
        rest = [place for place in scene.places if isinstance(place[outcome], tuple)][:1]
        for place, q, p in product(rest, points, points):
            if p == q:
                continue
            risks = [_risk(scene, place, outcome, asked[0], q, at) for at in (p, q)]
            if risks[0] is None or risks[1] is None:
                continue
            gap = subtract(risks[0], risks[1])
            same = strict and isinstance(gap, Fraction) and gap == 0
            if same or _positive(-gap):
                others = {name: part for name, part in place.items() if name not in (asked[0], outcome)}
                kind = "witness_not_strictly_proper" if same else "witness_improper"
                return {"kind": kind, "probability": _text(q), "prediction": _text(p), **({"point": written(others)} if others else {})}
        return None

    return search


def _risk(scene: Scene, place: Place, outcome: str, prediction: str, q: tuple[Fraction, ...], p: tuple[Fraction, ...]) -> Value | None:
    """The expected loss of the prediction p over outcomes of probability q."""
    total: Value = Fraction(0)
    for i, weight in enumerate(q):
        at: Place = {**place, prediction: p, outcome: tuple(Fraction(int(i == j)) for j in range(len(q)))}
        value = scene.value(at) if scene.allowed(at) else None
        if value is None:
            return None
        total = add(total, multiply(weight, value))
    return total


def _negative(scene: Scene) -> dict[str, Any] | None:
    for place in scene.places:
        value = scene.value(place)
        if value is not None and _positive(-value):
            return {"kind": "witness_negative", "point": written(place)}
    return None


SEARCHES: dict[str, Callable[[Scene], dict[str, Any] | None]] = {
    "convex": _convexity,
    "strictly_convex": _strictness,
    "strongly_convex": _strictness,
    "quasiconvex": _quasiconvexity,
    "nonnegative": _negative,
    "symmetric": _asymmetry,
    "zero_at_target": _nonzero,
    "zero_only_at_target": _other_zero,
    "proper": _improper(strict=False),
    "strictly_proper": _improper(strict=True),
}
