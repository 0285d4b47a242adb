"""Checks counterexamples: evaluates the formula at the named parameters and points, exactly, and sees the property fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lossgraph.checker.constants import difference, sign_of
from lossgraph.checker.domain import read
from lossgraph.checker.expression import Node, Unreadable, names, number, parse
from lossgraph.checker.places import Places, Point, exact
from lossgraph.checker.signs import expect_keys
from lossgraph.checker.vectors import Value

Proof = Mapping[str, Any]


def _parts(value: Value) -> list[Node]:
    return value if isinstance(value, list) else [value]


def _greater(first: Node, second: Node) -> bool:
    return sign_of(difference(first, second)) == 1


def _ordered(places: Places, points: list[Point]) -> bool:
    """Whether points of one variable, a number, stand in increasing order."""
    values = [point[places.variable] for point in points]
    if any(isinstance(value, list) for value in values):
        raise Unreadable("vectors have no order")
    return all(later[1] > value[1] for value, later in pairwise(_parts(value)[0] for value in values))


def _share(places: Places, points: list[Point]) -> Fraction:
    """The s in (0, 1) with the second of three points at first + s*(last - first). Raises `Unreadable`; data are the same at all three."""
    first, middle, last = points
    shares = set[Fraction]()
    for name, value in first.items():
        for one, between, other in zip(_parts(value), _parts(middle[name]), _parts(last[name]), strict=True):
            gap = other[1] - one[1]
            if (gap == 0 and between != one) or (gap and name not in places.asked):
                raise Unreadable("points that are not on a line of what is asked about")
            if gap:
                shares.add((between[1] - one[1]) / gap)
    if set(first) != set(middle) or set(first) != set(last) or len(shares) != 1 or not 0 < min(shares) < 1:
        raise Unreadable("points that are not on a line")
    return shares.pop()


def _halfway(places: Places, points: list[Point]) -> bool:
    """Whether three points are different and the second is the midpoint."""
    return _share(places, points) == Fraction(1, 2)


def _gap(places: Places, points: list[Point]) -> int | None:
    """The sign of twice the value at the middle less the sum of the values at the ends."""
    first, middle, last = (places.value(point) for point in points)
    return sign_of(("add", ("mul", number(2), middle), ("neg", first), ("neg", last)))


def _points(places: Places, proof: Proof, field: str = "points") -> list[Point]:
    return [places.point(written) for written in proof[field]]


def _bent(sign: int) -> Callable[[Places, Proof], bool]:
    """The value at the midpoint lies above the mean of those at the ends (1), or is equal to it (0)."""

    def judge(places: Places, proof: Proof) -> bool:
        points = _points(places, proof)
        return _halfway(places, points) and _gap(places, points) == sign

    return judge


def _quasi(places: Places, proof: Proof) -> bool:
    points = _points(places, proof)
    first, middle, last = (places.value(point) for point in points)
    placed = _halfway(places, points) if isinstance(proof["points"][0], dict) else _ordered(places, points)
    return placed and _greater(middle, first) and _greater(middle, last)


def _monotone(places: Places, proof: Proof) -> bool:
    rise, fall = _points(places, proof, "rise"), _points(places, proof, "fall")
    if not (len(rise) == len(fall) == 2 and _ordered(places, rise) and _ordered(places, fall)):
        return False
    return _greater(places.value(rise[1]), places.value(rise[0])) and _greater(places.value(fall[0]), places.value(fall[1]))


def _missing(places: Places, proof: Proof) -> bool:
    first, second = _points(places, proof)
    middle = places.point(proof["missing"])
    _share(places, [first, middle, second])
    return places.has(first) and places.has(second) and not places.has(middle)


def _asymmetric(places: Places, proof: Proof) -> bool:
    point = places.point(proof["point"])
    image = places.mirrored(point)
    return image is not None and sign_of(difference(places.value(point), places.value(image))) in {-1, 1}


def _one_sided(places: Places, proof: Proof) -> bool:
    point = places.point(proof["point"])
    image = places.mirrored(point)
    return places.has(point) and (image is None or not places.has(image))


def _negative(places: Places, proof: Proof) -> bool:
    return sign_of(places.value(places.point(proof["point"]))) == -1


def about_the_domain(certificate: Mapping[str, Any], proof: Proof) -> bool:
    """Whether a witness only looks at the domain, and the domain at no parameter: then it speaks for all of them."""
    if proof["kind"] not in {"witness_domain", "witness_domain_symmetry"}:
        return False
    _, conditions = read(certificate["domain"])
    places = Places(certificate, proof)
    return all(names(parse(condition)) <= {*places.asked, *places.sizes} - {*places.setting} for condition in conditions)


def _gaps(value: Value, target: list[Node]) -> Iterator[int | None]:
    return (sign_of(difference(part, other)) for part, other in zip(_parts(value), target, strict=True))


def _nonzero(places: Places, proof: Proof) -> bool:
    point = places.point(proof["point"])
    reached = all(gap == 0 for gap in _gaps(point[places.predicted], places.target(point)))
    return reached and sign_of(places.value(point)) in {-1, 1}


def _other_zero(places: Places, proof: Proof) -> bool:
    point = places.point(proof["point"])
    target = places.target(point)
    written = exact(proof["target"]) if isinstance(proof["target"], list) else parse(proof["target"])
    named = isinstance(written, list) == isinstance(point[places.predicted], list) and all(gap == 0 for gap in _gaps(written, target))
    elsewhere = any(gap in {-1, 1} for gap in _gaps(point[places.predicted], target))
    return named and elsewhere and sign_of(places.value(point)) == 0


def _risk_gap(places: Places, proof: Proof) -> int | None:
    """The sign of the risk at the prediction less that at the probability. Raises `Unreadable` where the two are the same, or are none."""
    outcomes = [name for name, role in places.roles.items() if role == "outcome"]
    written = [exact(proof[field]) for field in ("probability", "prediction")]
    if len(outcomes) != 1 or outcomes[0] in places.setting or written[0] == written[1]:
        raise Unreadable("a risk needs one outcome, and two probabilities")
    others = places.point(proof["point"]) if "point" in proof else {}
    if set(others) & {places.variable, outcomes[0]}:
        raise Unreadable("what a risk averages over, and is asked about, is given by it")
    size, known = places.sizes.get(places.variable), places.sizes.get(outcomes[0])
    if size != known or any(isinstance(each, list) != (size is not None) or len(_parts(each)) != (size or 1) for each in written):
        raise Unreadable("probabilities of another length")
    weights = [part[1] for part in _parts(written[0])]
    weights = weights if size else [1 - weights[0], weights[0]]
    if min(weights) < 0 or sum(weights) != 1 or (size and sum(part[1] for part in _parts(written[1])) != 1):
        raise Unreadable("no probabilities")
    values: list[Node] = []
    for prediction, factor in ((written[1], 1), (written[0], -1)):
        for place, weight in enumerate(weights):
            outcome: Value = [number(int(place == other)) for other in range(size)] if size else number(place)
            values.append(("mul", number(factor * weight), places.value({**others, places.variable: prediction, outcomes[0]: outcome})))
    return sign_of(("add", *values))


_CONVEX = frozenset({"convex", "strictly_convex", "strongly_convex"})
_PROPER = frozenset({"proper", "strictly_proper"})
_AT_TARGET = frozenset({"zero_at_target", "zero_only_at_target"})
Judge = Callable[[Places, Proof], bool]
# kind -> (the properties that it refutes, its fields, how it is checked)
KINDS: dict[str, tuple[frozenset[str], frozenset[str], Judge]] = {
    "witness_convexity": (_CONVEX, frozenset({"points"}), _bent(1)),
    "witness_strictness": (_CONVEX - {"convex"}, frozenset({"points"}), _bent(0)),
    "witness_quasiconvexity": (frozenset({"quasiconvex"}), frozenset({"points"}), _quasi),
    "witness_domain": (_CONVEX | {"quasiconvex"}, frozenset({"points", "missing"}), _missing),
    "witness_monotone": (frozenset({"monotone"}), frozenset({"rise", "fall"}), _monotone),
    "witness_symmetry": (frozenset({"symmetric"}), frozenset({"point"}), _asymmetric),
    "witness_domain_symmetry": (frozenset({"symmetric"}), frozenset({"point"}), _one_sided),
    "witness_negative": (frozenset({"nonnegative"}), frozenset({"point"}), _negative),
    "witness_nonzero": (_AT_TARGET, frozenset({"point"}), _nonzero),
    "witness_zero": (frozenset({"zero_only_at_target"}), frozenset({"point", "target"}), _other_zero),
    "witness_improper": (_PROPER, frozenset({"probability", "prediction"}), lambda places, proof: _risk_gap(places, proof) == -1),
    "witness_not_strictly_proper": (
        frozenset({"strictly_proper"}), frozenset({"probability", "prediction"}), lambda places, proof: _risk_gap(places, proof) == 0,
    ),
}  # fmt: skip


def check_witness(certificate: Mapping[str, Any], proof: Proof) -> bool:
    """Whether the counterexample refutes the certificate's property for the parameters that it names."""
    refutes, fields, judge = KINDS[proof["kind"]]
    expect_keys(proof, fields | {"kind", "parameters"}, {"lengths"} | ({"point"} if certificate["property"] in _PROPER else set[str]()))
    return certificate["property"] in refutes and judge(Places(certificate, proof), proof)
