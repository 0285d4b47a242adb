"""Counterexamples among many parameters: floating point looks for settings at which a property seems to fail, the exact search then shows that it does.

Nothing rests on the floats: a setting that they miss costs completeness only, and one that they like proves nothing before exact arithmetic agrees.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from lossgraph.formula.domains import Span, end_value
from lossgraph.verify.order import Undefined
from lossgraph.verify.samples import PRIMES, halton
from lossgraph.verify.witness import SEARCHES, Scene, Values, inside, meets, sample

FEWEST = 3  # with fewer parameters the plain settings are many enough
SETTINGS = 200
TRIES = 6
AT_END = Fraction(1, 6)  # the share of settings that stand at a closed end


def guided(scene: Scene, property_id: str) -> dict[str, Any] | None:
    """A proof of kind `witness_*` that the property fails for some setting of at least three parameters, or None."""
    seems = SEEMS.get(property_id)
    if seems is None or len(scene.parameters) < FEWEST or len(scene.parameters) > len(PRIMES):
        return None
    names = list(scene.parameters)
    function = _floats(scene, names)
    if function is None:
        return None
    tries = 0
    for setting in _settings(scene, names):
        points = sorted(sample(scene, setting))
        values = [function(*(float(setting[name]) for name in names), float(point)) for point in points]
        finite = [value for value in values if value is not None]
        if len(finite) < 3 or not seems([float(p) for p, v in zip(points, values, strict=True) if v is not None], finite):
            continue
        found = _exactly(scene, property_id, setting, points)
        if found is not None:
            return {**found, "parameters": {name: str(value) for name, value in setting.items()}}
        tries += 1
        if tries == TRIES:
            return None
    return None


def _exactly(scene: Scene, property_id: str, setting: Mapping[str, Fraction], points: list[Fraction]) -> dict[str, Any] | None:
    values = Values(scene, setting)
    try:
        return SEARCHES[property_id](values, [point for point in points if values.has(point)])
    except Undefined:  # told of where the formula is first asked, with plainer numbers
        return None


def _floats(scene: Scene, names: list[str]) -> Callable[..., float | None] | None:
    """The formula as a function of floats, None at points where it has no finite value."""
    import sympy

    from lossgraph.formula.symbolic import to_sympy

    symbols = [sympy.Symbol(name, real=True) for name in (*names, scene.variable)]
    try:
        plain = sympy.lambdify(symbols, to_sympy(scene.formula, {symbol.name: symbol for symbol in symbols}), "math")
    except Exception:  # a node without a counterpart in floats
        return None

    def value(*arguments: float) -> float | None:
        try:
            found = float(plain(*arguments))
        except (ArithmeticError, ValueError, TypeError, NameError):
            return None
        return found if math.isfinite(found) else None

    return value


def _settings(scene: Scene, names: list[str]) -> Iterator[dict[str, Fraction]]:
    """Well spread settings in small fractions, always the same ones."""
    for index in range(1, SETTINGS + 1):
        shares = [Fraction(int(part.p), int(part.q)) for part in (halton(index, prime) for prime in PRIMES[: len(names)])]
        setting = {name: _placed(scene.parameters[name], share, index) for name, share in zip(names, shares, strict=True)}
        given = {name: value for name, value in setting.items() if value is not None}
        if len(given) == len(names) and meets(scene.conditions, given):
            yield given


def _placed(spans: tuple[Span, ...], share: Fraction, index: int) -> Fraction | None:
    """A small fraction at about this share of one of the spans, or one of its closed ends."""
    span = spans[index % len(spans)]
    low, high = end_value(span.lower), end_value(span.upper)
    if isinstance(low, Fraction) and low == high:
        return low
    if isinstance(low, Fraction) and not span.lower_open and share < AT_END:
        return low
    if isinstance(high, Fraction) and not span.upper_open and (1 - share if isinstance(low, Fraction) else share) < AT_END:
        return high
    if isinstance(low, Fraction) and isinstance(high, Fraction):
        found = low + (high - low) * share
    elif isinstance(low, Fraction):
        found = low + share / (1 - share)
    elif isinstance(high, Fraction):
        found = high - share / (1 - share)
    else:
        found = (2 * share - 1) / (share * (1 - share)) / 2
    short = next((part for part in (found.limit_denominator(size) for size in (8, 32, 1000)) if inside(part, (span,))), found)
    return short if inside(short, (span,)) else None


def _room(*values: float) -> float:
    """How far values have to differ to count: far more than the rounding of these, however large others are."""
    return 1e-9 * (1 + max(abs(value) for value in values))


def _negative(points: list[float], values: list[float]) -> bool:
    return min(values) < -1e-9


def _turns(points: list[float], values: list[float]) -> bool:
    """It rises somewhere and falls somewhere."""
    steps = [(after - before, _room(before, after)) for before, after in itertools.pairwise(values)]
    return any(step > room for step, room in steps) and any(step < -room for step, room in steps)


def _hill(points: list[float], values: list[float]) -> bool:
    """A value stands above one on its left and one on its right."""
    inner = range(1, len(values) - 1)
    return any(max(min(values[:place]), min(values[place + 1 :])) + _room(values[place]) < values[place] for place in inner)


def _bulge(points: list[float], values: list[float]) -> bool:
    """A value stands above the chord between its neighbours."""
    for place in range(1, len(values) - 1):
        share = (points[place] - points[place - 1]) / (points[place + 1] - points[place - 1])
        chord = values[place - 1] + share * (values[place + 1] - values[place - 1])
        if values[place] > chord + _room(*values[place - 1 : place + 2]):
            return True
    return False


SEEMS: dict[str, Callable[[list[float], list[float]], bool]] = {
    "nonnegative": _negative, "monotone": _turns, "quasiconvex": _hill, "convex": _bulge, "strictly_convex": _bulge, "strongly_convex": _bulge,
}  # fmt: skip
