"""Refutes Lipschitz properties by two rays from one point along which the formula tends to different values: two points on them come as close as one likes.

With |f(x) - f(y)| <= L*|x - y| the values at c + t*d and c + t*e would differ by at most L*t*|d - e|, which tends to 0. A gradient that is Lipschitz is bounded
on bounded convex sets, and the formula Lipschitz there: so the same refutes lipschitz_gradient on a convex domain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, islice
from typing import Any

from lossgraph.formula.domains import parse_set
from lossgraph.formula.render import text as written
from lossgraph.formula.tree import Call, Compare
from lossgraph.model import InputError, Verdict
from lossgraph.verify.lines import SIZES, Frame, Line, Point, expanded, finite_end, is_line
from lossgraph.verify.order import Undefined
from lossgraph.verify.question import Question, read
from lossgraph.verify.samples_on_lines import Curve
from lossgraph.verify.tree_facts import Reader, convex_domain

MAX_PAIRS, MAX_PROOFS = 60, 3
CLOSE = 1e-7


def refute_on_rays(question: Question) -> tuple[dict[str, Any], bool] | None:
    """A certificate of kind `rays` and whether it settles the question for all scalar parameters; None where no such rays were found."""
    from lossgraph.verify.engine import decide_question

    if question.property not in {"lipschitz", "lipschitz_gradient"}:
        return None
    if question.property == "lipschitz_gradient" and not convex_domain(Reader(question)):
        return None
    open_length = any(not str(length).isdigit() for length in question.lengths.values())
    frame = Frame(question, SIZES[0] if open_length else 0)
    partial: dict[str, Any] | None = None
    for start, first, second in islice(_likely(frame), MAX_PROOFS):
        try:
            inner = _gap(frame, first, second)
            found: Verdict = decide_question(inner)
        except (InputError, Undefined):
            continue
        if found.holds is False and found.certificate is not None:
            texts = [frame.texts(line) for line in (first, second)]
            proof = {
                "kind": "rays", "variable": frame.name, "from": frame.written(start), "directions": [text["direction"] for text in texts],
                "given": texts[0]["given"], "lengths": frame.lengths, "question": dict(found.certificate),
            }  # fmt: skip
            if found.status == "refuted":
                return proof, True
            partial = partial or proof
    return None if partial is None else (partial, False)


def _gap(frame: Frame, first: Line, second: Line) -> Question:
    """Whether the difference of the formula on the two rays, with the value 0 at their start, is continuous there."""
    on = [frame.on(line) for line in (first, second)]
    difference = f"Piecewise((0, {frame.name} <= 0), ({written(on[0].formula)} - ({written(on[1].formula)}), True))"
    parameters = max((one.parameters_text for one in on), key=len)
    return read(difference, "continuous", frame.name, f"{frame.name}: [0, 1)", parameters, {})


def _likely(frame: Frame) -> Iterator[tuple[Point, Line, Line]]:
    """Pairs of rays from a corner of the domain on which values close to the corner differ."""
    curve = Curve(frame.question, frame.sizes, frame.lengths, frame.scalars)
    for given in islice(frame.given(), 2):
        corner = _corner(frame)
        rays: list[tuple[Line, float]] = []
        for at in islice(frame.starts(given), 10):
            direction = {name: tuple(part - base for part, base in zip(parts, corner[name], strict=True)) for name, parts in at.items()}
            if all(part == 0 for parts in direction.values() for part in parts):
                continue
            line = Line(corner, direction, given, Fraction(0), Fraction(1), (False, False))
            found = frame.line(at, direction, given)
            if found is None and not _holds_between(frame, line):
                continue
            if found is not None and (found.lower is None or found.lower > -1 or (found.upper is not None and found.upper < 0)):
                continue
            value = curve.along(corner, direction, given)(CLOSE)
            if not math.isnan(value) and not math.isinf(value):
                rays.append((line, value))
        for (first, low), (second, high) in islice(combinations(rays, 2), MAX_PAIRS):
            if abs(low - high) > 1e-3:
                yield corner, first, second


def _holds_between(frame: Frame, line: Line) -> bool:
    """Whether all conditions, which need not be linear, are proved on the open ray, and every variable asked about may have any value."""
    import sympy

    from lossgraph.formula.symbolic import to_sympy
    from lossgraph.verify.signs import Sign, sign
    from lossgraph.verify.space import Interval, Space

    t = sympy.Symbol(frame.name, positive=True)
    space = Space(((t, Interval(sympy.Integer(0), sympy.Integer(1), True, True)),))
    if any(not is_line(frame.question.sets.get(name, ())) for name in frame.asked):
        return False
    for condition in frame.question.conditions:
        if not isinstance(condition, Compare) or condition.operators not in ((">",), ("<",)):
            return False
        left, right = condition.operands if condition.operators == (">",) else condition.operands[::-1]
        try:
            gap = to_sympy(expanded(Call("sub", (left, right)), frame.table(line)), {frame.name: t})
        except (KeyError, TypeError, ValueError):
            return False
        proof = sign(sympy.sympify(gap), space)
        if proof is None or proof.sign is not Sign.POSITIVE:
            return False
    return True


def _corner(frame: Frame) -> Point:
    """The finite ends of the variables asked about, 0 where there are none."""
    corner: Point = {}
    for name in frame.asked:
        spans = frame.question.sets.get(name) or parse_set("[0, 1]")
        low, high = finite_end(spans[0].lower), finite_end(spans[-1].upper)
        corner[name] = (low if low is not None else high if high is not None else Fraction(0),) * frame.size(name)
    return corner


