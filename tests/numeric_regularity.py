"""Evidence against continuity, derivatives, Lipschitz constants and bounds: steps of 1e-10 to 1e-20 beside special places, and values far out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numeric_falsifier as shape
import numpy as np
from numeric_falsifier import SMALL, TINY, Sample, mpmath

Evidence = Callable[[Sample], str | None]
JUMP = 1e-4
STEEP = 1e7


def continuous(sample: Sample) -> str | None:
    """A value that differs from those 1e-20 beside it."""
    for place, before, after in sample.places():
        for side, there in ((-1, before), (1, after)):
            if there and _stays(*(sample.value(place + side * step) - sample.value(place) for step in (TINY, TINY**2))):
                return f"a jump at {mpmath.nstr(place, 12)}"
    return _zoomed_jump(sample)


def _stays(coarse: Any, fine: Any) -> bool:
    """Whether a difference of values is that of a jump: the finer step leaves it as it is, where a steep formula's shrinks with the step."""
    return abs(fine) > JUMP and abs(fine) > abs(coarse) / 2


def _zoomed_jump(sample: Sample) -> str | None:
    for place in sample.found:
        sides = [(place - step, place + step) for step in (TINY, TINY**1.5)]
        if all(sample.inside(low) and sample.inside(high) for low, high in sides) and _stays(*(sample.value(high) - sample.value(low) for low, high in sides)):
            return f"a jump at {mpmath.nstr(place, 12)}"
    return None


def _slopes(sample: Sample, place: Any, before: bool, after: bool, step: Any) -> list[Any]:
    """One-sided difference quotients at a place."""
    return [side * (sample.value(place + side * step) - sample.value(place)) / step for side, there in ((-1, before), (1, after)) if there]


def differentiable(sample: Sample) -> str | None:
    """One-sided slopes that differ or grow without bound."""
    if (jump := continuous(sample)) is not None:
        return jump
    for place, before, after in sample.places():
        coarse, fine = (_slopes(sample, place, before, after, step) for step in (SMALL, TINY))
        if any(abs(slope) > 1e4 and abs(slope) > 10 * abs(other) for slope, other in zip(fine, coarse, strict=True)):
            return f"a vertical tangent at {mpmath.nstr(place, 12)}"
        if len(fine) == 2 and abs(fine[0] - fine[1]) > JUMP * (1 + abs(fine[0])) and abs(coarse[0] - coarse[1]) > JUMP:
            return f"slopes {[mpmath.nstr(slope, 8) for slope in fine]} at {mpmath.nstr(place, 12)}"
    return None


def _derivative(sample: Sample, point: Any, order: int) -> Any:
    """A central difference quotient of order 1 or 2."""
    step = TINY if order == 1 else mpmath.mpf(10) ** -16
    low, middle, high = (sample.value(point + side * step) for side in (-1, 0, 1))
    return (high - low) / (2 * step) if order == 1 else (low - 2 * middle + high) / step**2


def _smooth(order: int) -> Evidence:
    def evidence(sample: Sample) -> str | None:
        if (found := differentiable(sample) if order == 1 else _smooth(1)(sample)) is not None:
            return found
        for place, before, after in sample.places():
            sides = [side for side, there in ((-1, before), (1, after)) if there]
            coarse, fine = ([_derivative(sample, place + side * step, order) for side in sides] for step in (mpmath.mpf(10) ** -5, SMALL))
            if any(abs(value) > 1e3 and abs(value) > 5 * abs(other) for value, other in zip(fine, coarse, strict=True)):
                return f"derivative {order} grows without bound at {mpmath.nstr(place, 12)}"
            if any(abs(value) > 1.02 * abs(other) + 3 and abs(value) > 10 for value, other in zip(fine, coarse, strict=True)):
                return f"derivative {order} keeps growing at {mpmath.nstr(place, 12)}"
            if len(fine) == 2 and abs(fine[0] - fine[1]) > JUMP * (1 + abs(fine[0])) and abs(fine[0] - fine[1]) > abs(coarse[0] - coarse[1]) / 10:
                return f"derivative {order} jumps at {mpmath.nstr(place, 12)}"
        return None

    return evidence


def steepest(sample: Sample, order: int = 1) -> tuple[Any, str | None]:
    """The largest derivative seen on the grid and beside the places, and evidence that it has no bound."""
    best: Any = mpmath.mpf(0)
    for point in [*(mpmath.mpf(float(x)) for x in sample.grid[::3]), *(place + side * 1e-5 for place, _, _ in sample.places() for side in (-1, 1))]:
        if all(sample.inside(point + side * TINY) for side in (-1, 1)) and all(abs(point - place) > 1e-12 for place, _, _ in sample.places()):
            best = max(best, abs(_derivative(sample, point, order)))
    return best, _unbounded_slope(sample, order)


def _unbounded_slope(sample: Sample, order: int) -> str | None:
    """Derivatives that grow towards infinity, or towards an end or a place."""
    for side in (-1, 1):
        sizes = (50, 100, 200, 400, 800)
        if all(sample.inside(side * size) for size in sizes):
            slopes = [max(abs(_derivative(sample, point, order)) for point in _window(side, size)) for size in sizes]
            if slopes[-1] > 1 and all(far > 1.17 * near for near, far in pairwise(slopes)):
                return f"derivative {order} grows towards {'oo' if side > 0 else '-oo'}"
    places = {end for low, high, _, _ in sample.domain for end in (low, high) if abs(end) < 1e9} | {place for place, _, _ in sample.places()}
    for place in places:
        for side in (-1, 1):
            points = [mpmath.mpf(place) + side * mpmath.mpf(10) ** -power for power in (4, 8, 12)]
            if all(sample.inside(point - TINY) and sample.inside(point + TINY) for point in points):
                near, middle, far = (abs(_derivative(sample, point, order)) for point in points)
                if far > middle + 3 and middle > near + 3:
                    return f"derivative {order} grows towards {mpmath.nstr(mpmath.mpf(place), 8)}"
    return None


def _window(side: int, size: int) -> list[Any]:
    """Places far out, over more than a period of what oscillates: at single places a bounded wave grows by chance."""
    return [side * (size + mpmath.mpf(part) * 61 / 100) for part in range(12)]


def lipschitz(sample: Sample) -> str | None:
    """A jump, also between parts of the domain that touch, or a slope without bound."""
    return continuous(sample) or _touching(sample, 0) or _unbounded_slope(sample, 1)


def lipschitz_gradient(sample: Sample) -> str | None:
    """No continuous derivative, or a second derivative without bound."""
    return _smooth(1)(sample) or _touching(sample, 1) or _unbounded_slope(sample, 2)


def _touching(sample: Sample, order: int) -> str | None:
    for (_, first, _, _), (second, _, _, _) in zip(sample.domain, sample.domain[1:], strict=False):
        if first == second:
            points = [mpmath.mpf(first) + side * SMALL for side in (-1, 1)]
            values = [sample.value(point) if order == 0 else _derivative(sample, point, 1) for point in points]
            if abs(values[0] - values[1]) > JUMP:
                return f"the parts of the domain do not meet at {first}"
    return None


def _bounded(direction: int) -> Evidence:
    def evidence(sample: Sample) -> str | None:
        for side in (-1, 1):
            if all(sample.inside(side * size) for size in (50, 100, 200, 400)):
                near, middle, far, last = (max(direction * sample.value(point) for point in _window(side, size)) for size in (50, 100, 200, 400))
                if last - far > 0.3 and far - middle > 0.3 and middle - near > 0.3 and last - far > 0.9 * (far - middle):
                    return f"f grows towards {'oo' if side > 0 else '-oo'}"
        for low, high, opened, shut in sample.domain:
            for end, out, inwards in ((low, opened, 1), (high, shut, -1)):
                if out and abs(end) < 1e9:
                    values = [direction * sample.value(end + inwards * mpmath.mpf(10) ** -power) for power in (5, 10, 15)]
                    if values[2] > values[1] + 1 > values[0] + 2:
                        return f"f grows towards {end}"
        return None

    return evidence


EVIDENCE: dict[str, Evidence] = {
    "continuous": continuous,
    "differentiable": differentiable,
    "continuously_differentiable": _smooth(1),
    "twice_continuously_differentiable": _smooth(2),
    "lipschitz": lipschitz,
    "lipschitz_gradient": lipschitz_gradient,
    "convex": shape.convex,
    "strictly_convex": shape.strictly_convex,
    "strongly_convex": shape.strongly_convex,
    "quasiconvex": shape.quasiconvex,
    "monotone": shape.monotone,
    "symmetric": shape.symmetric,
    "nonnegative": shape.nonnegative,
    "bounded_below": _bounded(-1),
    "bounded_above": _bounded(1),
}


def evidence(property_id: str, sample: Sample) -> str | None:
    """Evidence against the property, or None. Raises ArithmeticError where numbers do not tell."""
    with mpmath.workdps(shape.DIGITS + 20), np.errstate(all="ignore"):
        try:
            return EVIDENCE[property_id](sample)
        except (OverflowError, ValueError, ZeroDivisionError, TypeError) as error:
            raise ArithmeticError(str(error)) from None
