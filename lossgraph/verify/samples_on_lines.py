"""Floating-point values of a formula along a line, and whether they hint that a property fails there. A hint chooses what is tried; it proves nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import Any

from lossgraph.formula.domains import Span
from lossgraph.formula.tree import Node
from lossgraph.verify.question import Question
from lossgraph.verify.witness import spread

Values = Callable[[float], float]
Points = Mapping[str, tuple[Fraction, ...]]
SMOOTHNESS = frozenset({"differentiable", "continuously_differentiable", "twice_continuously_differentiable"})


class Curve:
    """The formula as a function of all components, at plain values of the scalars."""

    def __init__(self, question: Question, sizes: Mapping[str, int], lengths: Mapping[str, int], scalars: Mapping[str, tuple[Span, ...]]) -> None:
        names = (*question.variables, *(name for name in question.parameters if name not in question.variables))
        self.order = [(name, i) for name in names for i in range(sizes.get(name, 1))]
        self.function = _compiled(question.formula, tuple((name, sizes.get(name)) for name in names), tuple(lengths.items()))
        self.scalars = {name: float(_plain(spans)) for name, spans in scalars.items()}

    def along(self, at: Points, direction: Points, given: Points, tied: Mapping[str, tuple[str, bool]] | None = None) -> Along:
        """The values on a line; nan where there is none. Of numbers that are `tied` to the data see `Line`."""
        starts: list[float] = []
        steps: list[float] = []
        for name, i in self.order:
            starts.append(float(at[name][i]) if name in at else float(given[name][i]) if name in given else self.scalars[name])
            steps.append(float(direction[name][i]) if name in direction else 0.0)
            if tied and name in tied:
                starts[-1] = self.scalars[tied[name][0]]
                steps[-1] = starts[-1] if tied[name][1] else steps[-1]
        return Along(self.function, tuple(starts), tuple(steps))


@dataclass(frozen=True)
class Along:
    """A compiled formula on a line: its value at t, nan where there is none."""

    function: Callable[..., Any]
    starts: tuple[float, ...]
    steps: tuple[float, ...]

    def __call__(self, t: float) -> float:
        try:
            return float(self.function(*[start + t * step for start, step in zip(self.starts, self.steps, strict=True)]))
        except (ValueError, ZeroDivisionError, OverflowError, TypeError):
            return math.nan


@lru_cache(maxsize=32)
def _compiled(formula: Node, sizes: tuple[tuple[str, int | None], ...], lengths: tuple[tuple[str, int], ...]) -> Callable[..., Any]:
    """The formula as a function of floats: all components of all names in order. The properties of one formula share it."""
    import sympy

    from lossgraph.formula.symbolic import to_sympy

    vectors = {name: tuple(sympy.Symbol(f"{name}__{i}", real=True) for i in range(1 if size is None else size)) for name, size in sizes}
    table: dict[str, Any] = {name: vectors[name] if size is not None else vectors[name][0] for name, size in sizes}
    return sympy.lambdify([part for parts in vectors.values() for part in parts], to_sympy(formula, table, dict(lengths)), "math")


@lru_cache(maxsize=3000)
def _on_grid(f: Along, low: float, high: float) -> tuple[float, ...] | None:
    """The values at the points of `_grid`, None where one is not finite. Remembered for the other properties of the formula."""
    values: list[float] = []
    for t in _grid(low, high):
        values.append(f(t))
        if not math.isfinite(values[-1]):
            return None
    return tuple(values)


def _grid(low: float, high: float) -> list[float]:
    width = (high - low) / 257
    return [low + width * (i + 0.5) for i in range(257)]


def _plain(spans: tuple[Span, ...]) -> Fraction:
    """A point that is seldom special."""
    found = list(islice(spread(spans[-1], "points"), 6))
    return next((point for point in found if point > 0), found[0])


def plausible(property_id: str, f: Along, lower: float | None, upper: float | None) -> bool:
    """Whether the property seems to fail on the line."""
    low, high = (-4.0 if lower is None else lower), (4.0 if upper is None else upper)
    if lower is None and upper is not None:
        low = upper - 8.0
    if upper is None and lower is not None:
        high = lower + 8.0
    values = _on_grid(f, low, high)
    if values is None:
        return False
    width, grid = (high - low) / 257, _grid(low, high)
    bends = [values[i - 1] - 2 * values[i] + values[i + 1] for i in range(1, len(values) - 1)]
    scale = max(1.0, max(abs(value) for value in values))
    noise = 1e-11 * scale
    match property_id:
        case "convex":
            return min(bends) < -noise
        case "strictly_convex":
            return any(abs(bends[i]) <= noise and abs(bends[i + 1]) <= noise for i in range(len(bends) - 1)) or min(bends) < -noise
        case "strongly_convex":
            return min(bends) / width**2 < 1e-2 or _flattens(f, lower, upper)
        case "quasiconvex":
            rises = next((i for i in range(len(values) - 1) if values[i + 1] > values[i] + noise), None)
            return rises is not None and any(values[i + 1] < values[i] - noise for i in range(rises, len(values) - 1))
        case "nonnegative":
            return min(values) < -noise or any(value < -noise for pair in _ends(f, lower, upper) for value in pair)
        case "bounded_above":
            return any(second - first > 0.5 for first, second in _ends(f, lower, upper))
        case "bounded_below":
            return any(first - second > 0.5 for first, second in _ends(f, lower, upper))
        case "continuous":
            return _jump(f, grid, values, bends)
        case "symmetric":
            return any(abs(f(t) - f(-t)) > 10 * noise for t in (0.3 * high, 0.71 * high))
        case "zero_at_target":
            return abs(f(0.0)) > noise
        case "zero_only_at_target":
            return abs(f(0.0)) > noise or any(abs(value) <= noise for t, value in zip(grid, values, strict=True) if abs(t) > width)
        case "lipschitz":
            return _steep(f, lower, upper, 1)
        case "lipschitz_gradient":
            return _steep(f, lower, upper, 2) or _kink(f, grid, bends)
        case _:
            return _kink(f, grid, bends) or (property_id == "twice_continuously_differentiable" and _kink(_slope(f), grid, _bends(_slope(f), grid)))


def _bends(f: Values, grid: list[float]) -> list[float]:
    values = [f(t) for t in grid]
    return [values[i - 1] - 2 * values[i] + values[i + 1] for i in range(1, len(values) - 1)]


def _slope(f: Values) -> Values:
    return lambda t: (f(t + 1e-5) - f(t - 1e-5)) / 2e-5


def _ends(f: Values, lower: float | None, upper: float | None) -> list[tuple[float, float]]:
    """Values far out, or close to an end, in pairs: further out last."""
    pairs: list[tuple[float, float]] = []
    for end, outward in ((lower, -1.0), (upper, 1.0)):
        near, nearer = (outward * 1e3, outward * 1e7) if end is None else (end - outward * 1e-4, end - outward * 1e-12)
        first, second = f(near), f(nearer)
        if math.isnan(second) and end is None:  # exp overflows
            first, second = f(outward * 10), f(outward * 100)
        if not math.isnan(first) and not math.isnan(second):
            pairs.append((first, second))
    return pairs


def _steep(f: Values, lower: float | None, upper: float | None, order: int) -> bool:
    """Whether the derivative of that order grows towards an end, or anywhere near 0, where roots are."""
    def derivative(t: float, h: float) -> float:
        return (f(t + h) - f(t - h)) / (2 * h) if order == 1 else (f(t + h) - 2 * f(t) + f(t - h)) / h**2

    for end, outward in ((lower, -1.0), (upper, 1.0)):
        if end is None:
            tests = [(derivative(outward * a, 1e-2), derivative(outward * b, 1e-2)) for a, b in ((2.0, 20.0), (20.0, 200.0))]
        else:
            tests = [(derivative(end - outward * a, a / 4), derivative(end - outward * a / 1e3, a / 4e3)) for a in (1e-2,)]
        if any(abs(second) > 2.5 * abs(first) + 1e-3 for first, second in tests if not math.isnan(first + second)):
            return True
    return False


def _flattens(f: Values, lower: float | None, upper: float | None) -> bool:
    """Whether the second derivative is small far out or close to an end."""
    found = []
    for end, outward in ((lower, -1.0), (upper, 1.0)):
        t, h = (outward * 50.0, 0.5) if end is None else (end - outward * 1e-3, 1e-4)
        found.append((f(t + h) - 2 * f(t) + f(t - h)) / h**2)
    return any(value < 1e-2 for value in found)


def _kink(f: Values, grid: list[float], bends: list[float]) -> bool:
    """Whether the slope jumps somewhere: the largest bends stay large under a finer grid."""
    width = grid[1] - grid[0]
    for i in sorted(range(len(bends)), key=lambda i: -abs(bends[i]))[:3]:
        jump = abs(bends[i]) / width
        if jump < 1e-4:
            continue
        low, high = grid[i] - width / 2, grid[i + 2] + width / 2
        finer = [low + (high - low) * (k + 0.37) / 48 for k in range(48)]
        step = finer[1] - finer[0]
        if max(abs(bend) for bend in _bends(f, finer)) / step > 0.4 * jump:
            return True
    return False


def _jump(f: Values, grid: list[float], values: Sequence[float], bends: list[float]) -> bool:
    width = grid[1] - grid[0]
    i = max(range(len(bends)), key=lambda i: abs(bends[i]))
    low = grid[i]
    finer = [f(low + 2 * width * k / 64) for k in range(65)]
    steps = [abs(finer[k + 1] - finer[k]) for k in range(64)]
    return max(steps) > 0.4 * abs(bends[i]) > 1e-6
