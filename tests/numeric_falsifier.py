"""Looks for evidence against a property of a function of one variable, by numbers alone: a dense grid in numpy, then the points found again in mpmath.

Evidence is a sentence with the points; None says only that none was seen. It serves both ways: a claim "holds" with evidence against it is a contradiction,
a claim "fails" without any is one to look at. Nothing here comes from the verifier.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

mpmath: Any = import_module("mpmath")  # it has no types

Function = Callable[[Any], Any]
Interval = tuple[float, float, bool, bool]  # lower, upper, lower end open, upper end open
DIGITS = 50
TINY = mpmath.mpf(10) ** -20
SMALL = mpmath.mpf(10) ** -10
FLAT = 1e-6  # a curvature that counts as none; exp(-x**2) on a bounded interval has one of 1e-5 at its least


@dataclass
class Sample:
    """A function over a domain: `fast` on arrays of floats, `exact` on mpmath numbers; `special` are places where it may switch."""

    fast: Function
    exact: Function
    domain: list[Interval]
    special: list[Fraction] = field(default_factory=list)
    known: dict[Any, Any] = field(default_factory=dict)

    def inside(self, point: Any) -> bool:
        """Whether a point lies in the domain."""
        return any((point > low or (point == low and not opened)) and (point < high or (point == high and not shut)) for low, high, opened, shut in self.domain)

    @cached_property
    def grid(self) -> Any:
        """Dense points of the domain, with every special place and its close neighbours."""
        found: list[Any] = [np.array([float(place) + shift for place in (*self.special, Fraction(0)) for shift in (0, 1e-6, -1e-6, 1e-3, -1e-3)])]
        for low, high, _, _ in self.domain:
            low, high = max(low, -9.0), min(high, 9.0)
            found += [np.linspace(low, high, 193), (low + high) / 2 + np.linspace(-1, 1, 65) * min(2.0, (high - low) / 2)]
        points = np.unique(np.concatenate([*found, *(-part for part in found)]))
        return np.array([point for point in points if self.inside(point)])

    @cached_property
    def heights(self) -> Any:
        """The values on the grid."""
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(self.fast(self.grid), dtype=float), self.grid.shape)

    @property
    def usable(self) -> bool:
        """Whether floats know all values on the grid."""
        return bool(np.all(np.isfinite(self.heights))) and len(self.grid) > 0

    @cached_property
    def scale(self) -> float:
        """The size of the values, for tolerances."""
        return 1.0 + float(np.max(np.abs(self.heights)))

    def value(self, point: Any) -> Any:
        """The value with many digits."""
        point = mpmath.mpf(point)
        if point not in self.known:
            self.known[point] = self.exact(point)
        return self.known[point]

    def places(self) -> Iterator[tuple[Any, bool, bool]]:
        """Exact places at which something may happen: special ones, ends that belong to the domain, and those found by halving; with their sides."""
        shown = [mpmath.mpf(place.numerator) / place.denominator for place in self.special]
        ends = [mpmath.mpf(end) for low, high, opened, shut in self.domain for end, out in ((low, opened), (high, shut)) if not out]
        for place in dict.fromkeys([*shown, mpmath.mpf(0), *ends, *self.found]):
            if self.inside(place) and (place in ends or self._deep(place)):
                yield place, self.inside(place - mpmath.mpf(10) ** -8), self.inside(place + mpmath.mpf(10) ** -8)

    def _deep(self, place: Any) -> bool:
        """Whether a place keeps away from the ends, or is a part of the domain by itself."""
        margin = mpmath.mpf(10) ** -4
        return self.inside(place - margin) and self.inside(place + margin)

    @cached_property
    def found(self) -> list[Any]:
        """Places of jumps and kinks that are no special places: the steepest and the most bent intervals of the grid, halved again and again."""
        close: dict[float, tuple[float, float]] = {}
        for low, high, _, _ in self.domain:
            xs = np.linspace(max(low, -9.0), min(high, 9.0), 257)[1:-1]
            if xs[-1] <= xs[0]:
                continue
            with np.errstate(all="ignore"):
                ys = np.broadcast_to(np.asarray(self.fast(xs), dtype=float), xs.shape)
                bends = np.abs(ys[:-2] - 2 * ys[1:-1] + ys[2:])
                around = np.roll(bends, 3) + np.roll(bends, -3) + 1e-9 * self.scale
                standing_out = [*np.argsort(-bends / around)[:8], *np.argsort(-bends)[:2]]
                found = [self._in_floats(float(xs[i]), float(xs[i + 2])) for i in standing_out]
            close |= {round(place[0], 7): place for place in found if place is not None}
        return [self._halved(mpmath.mpf(low), mpmath.mpf(high)) for low, high in close.values()]

    def _in_floats(self, low: float, high: float) -> tuple[float, float] | None:
        """A kink or jump between the two to within 1e-5, where there is one and it is not at a special place."""
        special = np.array([float(place) for place in (*self.special, Fraction(0))])
        bend = 0.0
        while high - low > 1e-5:
            points = np.linspace(low, high, 17)
            values = np.broadcast_to(self.fast(points), points.shape)
            bends = np.abs(values[:-2] - 2 * values[1:-1] + values[2:])
            best = int(np.argmax(bends))
            low, high, bend = float(points[best]), float(points[best + 2]), float(bends[best])
        if bend < 1e-3 * (high - low) or np.any((special >= low - 1e-7) & (special <= high + 1e-7)):
            return None
        return low, high

    def _halved(self, low: Any, high: Any) -> Any:
        """Follows the half with the larger change of slope; the place where that leads."""
        for _ in range(60):
            points = [low + (high - low) * part / 8 for part in range(9)]
            values = [self.value(point) for point in points]
            bends = [abs(values[i - 1] - 2 * values[i] + values[i + 1]) for i in range(1, 8)]
            best = max(range(7), key=bends.__getitem__) + 1
            low, high = points[best - 1], points[best + 1]
            if high - low < TINY**2:
                break
        return (low + high) / 2


def _triples(sample: Sample) -> Iterator[tuple[Any, Any, Any]]:
    """Arrays of indices (left, middle, right) at several widths, inside connected parts or across them."""
    count = len(sample.grid)
    for step in (1, 2, 5, 17, 60, 120):
        middle = np.arange(step, count - step)
        if len(middle):
            yield middle - step, middle, middle + step


def _chord(sample: Sample, left: Any, middle: Any, right: Any) -> Any:
    """f(middle) minus the chord, with many digits."""
    a, b, c = (mpmath.mpf(float(part)) for part in (left, middle, right))
    t = (c - b) / (c - a)
    return sample.value(b) - (t * sample.value(a) + (1 - t) * sample.value(c))


def _chord_gaps(sample: Sample) -> Iterator[tuple[Any, Any]]:
    xs, ys = sample.grid, sample.heights
    for left, middle, right in _triples(sample):
        t = (xs[right] - xs[middle]) / (xs[right] - xs[left])
        yield (left, middle, right), ys[middle] - (t * ys[left] + (1 - t) * ys[right])


def convex(sample: Sample) -> str | None:
    """A point above a chord; or a hole in the domain."""
    if len(sample.domain) > 1:
        return "the domain has parts"
    for (left, middle, right), gaps in _chord_gaps(sample):
        for i in np.argsort(-gaps)[:3]:
            points = [sample.grid[index[i]] for index in (left, middle, right)]
            if gaps[i] > -1e-9 * sample.scale and _chord(sample, *points) > TINY * sample.scale:
                return f"above the chord: {points}"
    return _beside(sample)


def _beside(sample: Sample) -> str | None:
    """A place that lies above the chord of its two very close neighbours."""
    for place, before, after in sample.places():
        if before and after:
            gap = sample.value(place) - (sample.value(place - SMALL) + sample.value(place + SMALL)) / 2
            if gap > TINY**1.4 * sample.scale and gap > SMALL**2 * 1000:
                return f"above the chord close beside {mpmath.nstr(place, 12)}"
    return None


def strictly_convex(sample: Sample) -> str | None:
    """A point on a chord, to all digits."""
    if (found := convex(sample)) is not None:
        return found
    for (left, middle, right), gaps in _chord_gaps(sample):
        for i in np.argsort(np.abs(gaps))[:4]:
            points = [sample.grid[index[i]] for index in (left, middle, right)]
            if abs(_chord(sample, *points)) < mpmath.mpf(10) ** -50 * sample.scale:
                return f"on the chord: {points}"
    return None


def strongly_convex(sample: Sample) -> str | None:
    """A curvature that is next to nothing somewhere: on the grid, at special places, far out."""
    if (found := strictly_convex(sample)) is not None:
        return found
    for place in [*(mpmath.mpf(float(x)) for x in sample.grid[::16]), *(place for place, _, _ in sample.places()), *_far(sample)]:
        step = SMALL * max(1, abs(place)) if abs(place) < 50 else mpmath.mpf(1) / 8
        points = [place + side * step for side in (-1, 1)]
        if all(sample.inside(point) for point in points):
            curvature = (sample.value(points[0]) - 2 * sample.value(place) + sample.value(points[1])) / step**2
            if curvature < FLAT:
                return f"curvature {mpmath.nstr(curvature, 5)} at {mpmath.nstr(place, 8)}"
    for side in (-1, 1):
        if all(sample.inside(side * size) for size in (100, 1600)):
            near, far = ((sample.value(side * size - 1) - 2 * sample.value(side * size) + sample.value(side * size + 1)) for size in (100, 400))
            last = sample.value(side * 1600 - 1) - 2 * sample.value(side * 1600) + sample.value(side * 1600 + 1)
            if last < 0.8 * far and far < 0.8 * near:
                return f"the curvature falls towards {'oo' if side > 0 else '-oo'}"
    for place, before, after in sample.places():
        for side, there in ((-1, before), (1, after)):
            if there:
                a, b, c = (sample.value(place + side * part * SMALL) for part in (1, 2, 3))
                if abs((a - 2 * b + c) / SMALL**2) < FLAT:
                    return f"curvature next to nothing beside {mpmath.nstr(place, 8)}"
    return None


def _far(sample: Sample) -> list[Any]:
    return [mpmath.mpf(side * size) for side in (-1, 1) for size in (40, 200, 1000) if sample.inside(side * size)]


def quasiconvex(sample: Sample) -> str | None:
    """A point above points on both sides."""
    if len(sample.domain) > 1:
        return "the domain has parts"
    xs, ys = sample.grid, sample.heights
    before, after = np.minimum.accumulate(ys), np.minimum.accumulate(ys[::-1])[::-1]
    for worst in np.argsort(-np.minimum(ys - before, ys - after))[:3]:
        lowest = [int(np.argmin(ys[: worst + 1])), int(worst) + int(np.argmin(ys[worst:]))]
        height = sample.value(float(xs[worst])) - max(sample.value(float(xs[i])) for i in lowest)
        if height > TINY**1.8:
            return f"a hill at {xs[worst]}"
    far = [float(place) for place in _far(sample)]
    if far and min(far) < 0 < max(far):
        edges = max(min(sample.value(place) for place in far if place * side > 0) for side in (-1, 1))
        top = float(xs[int(np.argmax(ys))])
        if sample.value(top) - edges > TINY:
            return f"a hill at {top}"
    return _hill_beside(sample)


def _hill_beside(sample: Sample) -> str | None:
    for place, before, after in sample.places():
        if before and after:
            low, middle, high = (sample.value(place + side * SMALL) for side in (-1, 0, 1))
            if middle > max(low, high) + TINY**1.9:
                return f"a hill at {mpmath.nstr(place, 12)}"
    return None


def monotone(sample: Sample) -> str | None:
    """A rise and a fall."""
    xs, rises = sample.grid, np.diff(sample.heights)
    pairs = [(float(xs[i]), float(xs[i + 1])) for i in (*np.argsort(rises)[:2], *np.argsort(-rises)[:2])]
    far = sorted({*(float(place) for place in _far(sample)), float(xs[0]), float(xs[-1])})
    steps = [sample.value(b) - sample.value(a) for a, b in (*pairs, *itertools.pairwise(far))]
    for place, before, after in sample.places():
        sides = [sample.value(place + side * SMALL) for side, there in ((-1, before), (0, True), (1, after)) if there]
        steps += [b - a for a, b in itertools.pairwise(sides)]
    small = mpmath.mpf(10) ** -45
    return "rises and falls" if max(steps, default=0) > small and min(steps, default=0) < -small else None


def nonnegative(sample: Sample) -> str | None:
    """A value below zero."""
    points = [*sample.grid[np.argsort(sample.heights)[:3]], *_far(sample), *(place for place, _, _ in sample.places())]
    points += [place + side * SMALL for place, before, after in sample.places() for side, there in ((-1, before), (1, after)) if there]
    low = min(points, key=lambda point: sample.value(point))
    return f"f({mpmath.nstr(mpmath.mpf(low), 10)}) < 0" if sample.value(low) < -(mpmath.mpf(10) ** -45) else None


def symmetric(sample: Sample) -> str | None:
    """A point whose mirror image is missing or has another value."""
    for point in (*(mpmath.mpf(float(x)) for x in sample.grid), *(place for place, _, _ in sample.places())):
        if not sample.inside(-point):
            return f"{mpmath.nstr(-point, 8)} is not in the domain"
        if abs(sample.value(point) - sample.value(-point)) > mpmath.mpf(10) ** -40 * sample.scale:
            return f"f differs at +-{mpmath.nstr(point, 8)}"
    return None
