"""Refutes a property of several variables or vectors on a line: f(a + t*d) is a formula of one variable, decided for all parameters.

Every property asked here is inherited by the formula on a line (symmetric: on lines through a point that the mirror leaves alone), so a refutation there is
one of the whole. Floating-point numbers only choose the lines that are tried; they decide nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice, product
from time import process_time
from typing import Any

from lossgraph.formula.domains import Span, end_value, parse_set
from lossgraph.formula.render import text as written
from lossgraph.formula.tree import Call, Compare, Index, Name, Node, Number, names
from lossgraph.model import InputError, Verdict
from lossgraph.verify.budget import limited
from lossgraph.verify.exact import Unsure, holds
from lossgraph.verify.order import Undefined
from lossgraph.verify.question import LINKS, Question, read
from lossgraph.verify.samples_on_lines import Curve, plausible
from lossgraph.verify.several_witness import sums_to_one
from lossgraph.verify.witness import inside, settings, spread

ON_LINES = frozenset({
    "continuous", "differentiable", "continuously_differentiable", "twice_continuously_differentiable", "lipschitz", "lipschitz_gradient", "convex",
    "strictly_convex", "strongly_convex", "quasiconvex", "bounded_above", "bounded_below", "nonnegative", "symmetric", "zero_at_target", "zero_only_at_target",
})  # fmt: skip
AT_TARGET = frozenset({"zero_at_target", "zero_only_at_target"})
SIZES = (2, 3)  # vectors of open length are tried with these numbers of components
MAX_LINES, MAX_HASTY, MAX_PROOFS, MAX_TIED = 400, 60, 3, 2
AT_FIRST, ON_A_LINE, IN_HASTE, ON_LINES_AT_ALL = 1.0, 4.0, 5.0, 8.0  # seconds of the processor; most lines that settle anything need a tenth of one
ENDED = float("inf")
Point = dict[str, tuple[Fraction, ...]]
Parts = Node | tuple[Node, ...]


@dataclass(frozen=True)
class Line:
    """a + t*d with t in an interval, for the variables asked about; `given` are the vectors of the data, fixed. Scalars are tuples of one number.

    `tied`: numbers whose set is all of the real line, and which start at a number of the data, its value for all of its values, instead; where the flag is
    true they also go in its direction.
    """

    at: Point
    direction: Point
    given: Point
    lower: Fraction | None
    upper: Fraction | None
    closed: tuple[bool, bool]
    tied: Mapping[str, tuple[str, bool]] = field(default_factory=dict[str, tuple[str, bool]])

    def domain(self, name: str) -> str:
        """The interval of t in the grammar of domains."""
        low, high = ("-oo" if self.lower is None else str(self.lower)), ("oo" if self.upper is None else str(self.upper))
        return f"{name}: {'[' if self.closed[0] else '('}{low}, {high}{']' if self.closed[1] else ')'}"


class Tried:
    """What became of the lines of one question, so that none is decided twice, and the seconds that went into them.

    `partial` is the certificate of the first one on which the property fails for some parameters, rather one that the checker confirms.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[str, str, str], tuple[Verdict | None, float]] = {}
        self.seconds = 0.0
        self.partial: dict[str, Any] | None = None
        self.confirmed = False

    def decided(self, question: Question, seconds: float) -> tuple[Verdict | None, bool]:
        """The verdict on a line, None where there is none, and whether it took more than these seconds."""
        from lossgraph.verify.engine import decide_question

        key = question.text, question.domain_text, question.parameters_text
        found, spent = self.known.get(key, (None, 0.0))
        if spent < seconds:
            spent = seconds  # what a limit around this one breaks off is not known afterwards
            with limited(seconds):
                with contextlib.suppress(InputError, Undefined):
                    found = decide_question(question)
                spent = ENDED
            self.known[key] = found, spent
        return found, spent != ENDED


def refute_on_lines(question: Question, tried: Tried | None = None, *, hasty: bool = False, settling: bool = False) -> tuple[dict[str, Any], bool] | None:
    """A certificate of kind `line` and whether it settles the question for all scalar parameters; None where no line was found on which the property fails.

    `hasty`: only the first lines are looked at, with the first size of vectors and all values of the scalars. `settling`: that it fails for
    some parameters is known, so that only a line for all of them says more.
    """
    if question.property not in ON_LINES or (question.property == "symmetric" and question.swapped() is not None and len(question.asked()) == 1):
        return None
    tried = Tried() if tried is None else tried
    open_length = any(not str(length).isdigit() for length in question.lengths.values())
    sizes = SIZES[: 1 if hasty else None] if open_length else (0,)
    began = process_time()
    try:
        with limited(IN_HASTE if hasty else ON_LINES_AT_ALL - tried.seconds):
            for size in sizes:
                frame = Frame(question, size)
                for fixed in ({}, *([] if hasty or settling else frame.settings())):  # for all values of the scalars first
                    if fixed and tried.partial is not None:
                        return tried.partial, False
                    found = _on_candidates(Frame(question, size, fixed), tried, hasty=hasty)
                    if found is not None and not fixed:
                        return found, True
                    tried.partial = tried.partial or found
                if settling and tried.partial is not None and frame.settings():
                    return tried.partial, False
    finally:
        tried.seconds += process_time() - began
    return None if tried.partial is None else (tried.partial, False)


def _on_candidates(frame: Frame, tried: Tried, *, hasty: bool) -> dict[str, Any] | None:
    """The certificate of the first line on which the property fails for all scalars that are left. One on which it fails for some is noted."""
    for line, found in _attempts(frame, tried, hasty=hasty):
        if found is not None and found.holds is False and found.certificate is not None:
            proof = {"kind": "line", **frame.texts(line), "question": dict(found.certificate)}
            if found.status == "refuted":
                return proof
            if tried.partial is None or (found.checked and not tried.confirmed):
                tried.partial, tried.confirmed = proof, found.checked
    return None


def _attempts(frame: Frame, tried: Tried, *, hasty: bool) -> Iterator[tuple[Line, Verdict | None]]:
    """Lines with the verdicts on them; those that take long come again after the others, with more time."""
    late: list[tuple[Line, Question]] = []
    for line in frame.chosen(MAX_HASTY if hasty else MAX_LINES):
        with contextlib.suppress(InputError):
            question = frame.on(line)
            found, spent = tried.decided(question, AT_FIRST)
            late += [(line, question)] if spent else []
            yield line, found
    for line, question in late:
        yield line, tried.decided(question, ON_A_LINE)[0]


class Frame:
    """A question with its vectors at one size: what lines there are, and the formula on each."""

    def __init__(self, question: Question, size: int, fixed: Mapping[str, Fraction] | None = None) -> None:
        self.question, self.fixed = question, dict(fixed or {})
        self.sizes = {name: int(length) if str(length).isdigit() else size for name, length in question.lengths.items()}
        self.lengths = {str(length): self.sizes[name] for name, length in question.lengths.items() if not str(length).isdigit()}
        self.asked = question.asked()
        self.data = tuple(name for name in question.variables if name not in self.asked and (name in self.sizes or name in question.simplices))
        everything = {**question.sets, **question.parameters}
        self.scalars = {name: spans for name, spans in everything.items() if name not in (*self.asked, *self.data, *self.fixed)}
        taken = {*question.variables, *question.parameters, *self.lengths}
        self.name = next(name for name in ("t", "t1", "t2", "t3") if name not in taken)

    def settings(self) -> list[dict[str, Fraction]]:
        """Values of the scalar parameters and data, where there are any and the parameters have no vectors."""
        if not self.scalars or any(name in self.sizes for name in self.scalars):
            return []
        return list(islice(settings(self.scalars, self.question.parameter_conditions), 2))

    def size(self, name: str) -> int:
        """The number of components of a variable."""
        return self.sizes.get(name, 1)

    def texts(self, line: Line) -> dict[str, Any]:
        """The line in the certificate."""
        point, given = self.written, {**line.given, **self.settled()}
        at = {**point(line.at), **{name: data for name, (data, _) in line.tied.items()}}
        direction = {**point(line.direction), **{name: data for name, (data, along) in line.tied.items() if along}}
        return {"variable": self.name, "at": at, "direction": direction, "given": point(given), "lengths": self.lengths}

    def written(self, entry: Point) -> dict[str, Any]:
        """A point as texts, a vector as a list."""
        return {name: [str(part) for part in parts] if name in self.sizes else str(parts[0]) for name, parts in entry.items()}

    def settled(self) -> Point:
        """The scalars that have a value here."""
        return {name: (value,) for name, value in self.fixed.items()}

    def table(self, line: Line) -> dict[str, Parts]:
        """What each name stands for on the line."""
        found: dict[str, Parts] = {name: Number(Fraction(size)) for name, size in self.lengths.items()}
        for name, parts in line.at.items():
            moved = tuple(_moved(part, step, self.name) for part, step in zip(parts, line.direction[name], strict=True))
            found[name] = moved if name in self.sizes else moved[0]
        for name, (data, along) in line.tied.items():
            found[name] = Call("add", (Name(data), Call("mul", (Name(data), Name(self.name))))) if along else Name(data)
        for name, parts in line.given.items():
            found[name] = tuple(Number(part) for part in parts)
        found.update({name: Number(value) for name, value in self.fixed.items()})
        for name in self.scalars:
            if name in self.sizes:  # a vector of parameters: its components stay parameters
                found[name] = tuple(Name(f"{name}_{i}") for i in range(self.sizes[name]))
        return found

    def on(self, line: Line) -> Question:
        """The question about t. Raises `InputError` where conditions tie the scalars to what is fixed."""
        formula = expanded(self.question.formula, self.table(line))
        if isinstance(formula, tuple):
            raise InputError("a vector")
        used = names(formula)
        parts: list[str] = []
        for name, spans in self.scalars.items():
            own = [f"{name}_{i}" for i in range(self.sizes[name])] if name in self.sizes else [name]
            parts += [f"{each}: {_set(spans)}" for each in own if each in used]
        for condition in (*self.question.parameter_conditions, *self.question.conditions):
            if not names(condition) - set(self.fixed):
                continue  # the values that were chosen meet it
            free = names(condition) & set(self.scalars)
            if free & used and names(condition) - set(self.scalars):
                raise InputError("a condition ties the scalars to the line")
            if free and free <= used:
                parts.append(written(condition))
        role = {self.name: "residual"} if self.question.property in AT_TARGET else {}
        return read(written(formula), self.question.property, self.name, line.domain(self.name), "; ".join(parts), role)

    def chosen(self, most: int) -> Iterator[Line]:
        """The candidates that are tried: a few that start at the data, and a few of the others."""
        tries = {True: MAX_TIED, False: MAX_PROOFS}
        for line in self.candidates(most):
            if tries[bool(line.tied)] > 0:
                yield line
                tries[bool(line.tied)] -= 1
            if not any(tries.values()):
                return

    def candidates(self, most: int) -> Iterator[Line]:
        """Lines on which floating-point values hint at a failure, the likeliest shapes first."""
        fixed = {name: parse_set("{" + str(value) + "}") for name, value in self.fixed.items()}
        curve = Curve(self.question, self.sizes, self.lengths, {**self.scalars, **fixed})
        for line in islice(self.lines(), most):
            values = curve.along(line.at, line.direction, line.given, line.tied)
            low, high = (None if end is None else float(end) for end in (line.lower, line.upper))
            if plausible(self.question.property, values, low, high):
                yield line

    def lines(self) -> Iterator[Line]:
        """Lines through plain points of the domain in plain directions."""
        yield from self.at_targets()
        for given in self.given():
            for at in self.starts(given):
                for direction in self.directions(at):
                    found = self.line(at, direction, given)
                    if found is not None:
                        yield found

    def given(self) -> Iterator[Point]:
        """Values of the vectors that the data give."""
        columns = [list(islice((point for point in self.points(name) if self.member(name, point)), 4)) for name in self.data]
        for chosen in islice(product(*columns), 6):
            yield dict(zip(self.data, chosen, strict=True))

    def member(self, name: str, point: tuple[Fraction, ...]) -> bool:
        """Whether a point lies in the set of a variable, and meets the conditions that speak of it alone."""
        spans = self.question.sets.get(name)
        if spans is not None and not all(inside(part, spans) for part in point):
            return False
        own = [condition for condition in self.question.conditions if set(names(condition)) == {name}]
        value: Any = point if name in self.sizes else point[0]
        try:
            return all(holds(condition, {name: value}) for condition in own)
        except (Unsure, Undefined, KeyError):
            return False

    def at_targets(self) -> Iterator[Line]:
        """Lines on which one number asked about equals the target, whatever that is, and the ray through a point where it does."""
        targets = [name for name in self.scalars if self.question.roles.get(name) == "target"]
        numbers = not self.sizes and not self.data and self.question.property not in {*AT_TARGET, "symmetric"}
        if len(targets) != 1 or not numbers:
            return
        still: Point = {name: (Fraction(0),) for name in self.asked}
        for name in self.asked:
            rest = [other for other in self.asked if other != name]
            if not rest or not is_line(self.question.sets.get(name, ())):
                continue
            for values in islice(product(*(list(islice(self.points(other), 2)) for other in rest)), 2):
                at: Point = {**dict(zip(rest, values, strict=True)), name: (Fraction(0),)}
                for direction, along in (*(({**still, other: (Fraction(1),)}, False) for other in rest), (at, True)):
                    found = self.line(at, direction, {}) if direction != still else None
                    if found is not None and not any(name in names(condition) for condition in self.question.conditions):
                        yield replace(found, tied={name: (targets[0], along)})

    def points(self, name: str) -> Iterator[tuple[Fraction, ...]]:
        """Plain values of one variable: simplices and probabilities that sum to 1 too."""
        count = self.size(name)
        one, none = Fraction(1), Fraction(0)
        if name in self.question.simplices or sums_to_one(self.question, name):
            yield (one, *[none] * (count - 1))
            yield (Fraction(1, count),) * count
            yield (Fraction(1, 2), *[Fraction(1, 2 * (count - 1))] * (count - 1)) if count > 1 else (one,)
            yield (Fraction(3, 4), *[Fraction(1, 4 * (count - 1))] * (count - 1)) if count > 1 else (one,)
            return
        plain = [point for span in self.question.sets[name] for point in islice(spread(span, "points"), 4)]
        yield tuple(plain[0] for _ in range(count))
        yield (plain[1 % len(plain)], *[plain[0]] * (count - 1))
        yield tuple(plain[(i + 1) % len(plain)] for i in range(count))
        yield tuple(plain[(2 * i + 2) % len(plain)] for i in range(count))
        if any(set(names(condition)) == {name} for condition in self.question.conditions):
            yield from (point for point in product(plain[:3], repeat=count) if self.member(name, point))

    def starts(self, given: Point) -> Iterator[Point]:
        """Where lines pass through."""
        question, first = self.question, self.asked[0]
        if question.property in AT_TARGET:
            target = question.target()
            if target is None or question.roles.get(first) in LINKS or len(self.asked) > 1:
                return
            if isinstance(target, Name) and target.name in given:
                yield {first: given[target.name]}
            elif not isinstance(target, Name):
                yield {first: (Fraction(0),) * self.size(first)}
            return
        if question.property == "symmetric" and len(self.asked) == 1:
            yield {first: (Fraction(0),) * self.size(first)}
            return
        columns = [list(islice(self.points(name), 4)) for name in self.asked]
        order = sorted(product(*(range(len(column)) for column in columns)), key=lambda index: (sum(index), index))
        for index in islice(order, 10):
            yield dict(zip(self.asked, (column[i] for column, i in zip(columns, index, strict=True)), strict=True))

    def directions(self, at: Point) -> Iterator[Point]:
        """Unit steps, differences, the diagonal, and the ray through the point itself; for symmetric, those that the swap turns round."""
        slots = [(name, i) for name in self.asked for i in range(self.size(name))]
        still = {name: (Fraction(0),) * self.size(name) for name in self.asked}

        def along(steps: Mapping[tuple[str, int], int]) -> Point:
            return {name: tuple(Fraction(steps.get((name, i), 0)) for i in range(self.size(name))) for name in self.asked}

        if self.question.property == "symmetric" and len(self.asked) > 1:
            first, second = self.asked[:2]
            if at[first] == at[second]:
                yield from (along({(first, i): 1, (second, i): -1}) for i in range(self.size(first)))
            return
        yield from (along({slot: 1}) for slot in slots[:5])
        yield from (along({one: 1, other: -1}) for i, one in enumerate(slots[:4]) for other in slots[i + 1 : 5])
        yield along(dict.fromkeys(slots, 1))
        yield along({slot: i + 1 for i, slot in enumerate(slots)})
        if at != still:
            yield at

    def line(self, at: Point, direction: Point, given: Point) -> Line | None:
        """The line with the longest interval of t that a convex part of the domain allows; None where the point is outside or the conditions are not linear."""
        bounds = Bounds()
        for name, parts in at.items():
            if name in self.question.simplices:
                if sum(direction[name]) != 0 or sum(parts) != 1:
                    return None
                spans: tuple[Span, ...] = ()
                for part, step in zip(parts, direction[name], strict=True):
                    bounds.at_least(part, step, False)
                continue
            spans = self.question.sets[name]
            for part, step in zip(parts, direction[name], strict=True):
                span = next((span for span in spans if inside(part, (span,))), None)
                if span is None:
                    return None
                low, high = finite_end(span.lower), finite_end(span.upper)
                if low is not None:
                    bounds.at_least(part - low, step, span.lower_open)
                if high is not None:
                    bounds.at_least(high - part, -step, span.upper_open)
        line = Line(at, direction, given, None, None, (False, False))
        if not all(self._keeps(condition, line, bounds) for condition in self.question.conditions):
            return None
        lower, upper = bounds.lower, bounds.upper
        if lower is not None and upper is not None and lower >= upper:
            return None
        if self.question.property == "symmetric":
            reach = min((end for end in (None if lower is None else -lower, upper) if end is not None), default=None)
            return None if reach is not None and reach <= 0 else Line(at, direction, given, None if reach is None else -reach, reach, (False, False))
        if self.question.property in AT_TARGET and any(end == 0 and not shut for end, shut in ((lower, bounds.closed[0]), (upper, bounds.closed[1]))):
            return None
        return Line(at, direction, given, lower, upper, (bounds.closed[0], bounds.closed[1]))

    def _keeps(self, condition: Node, line: Line, bounds: Bounds) -> bool:
        """Whether a joint condition is linear on the line, and true at its point; it then bounds t."""
        if not names(condition) & {*line.at, *line.given}:
            return True
        if not isinstance(condition, Compare):
            return False
        table = self.table(line)
        operands = [expanded(operand, table) for operand in condition.operands]
        for operator, left, right in zip(condition.operators, operands, operands[1:], strict=False):
            small, large = (left, right) if operator in {"<", "<="} else (right, left)
            gap = Call("sub", (large, small))
            found = affine(gap, self.name) or self._affine(gap)
            if found is None or operator == "!=" or (operator == "==" and found != (0, 0)):
                return False
            if operator != "==":
                bounds.at_least(*found, operator in {"<", ">"})
        return not bounds.empty

    def _affine(self, gap: Node) -> tuple[Fraction, Fraction] | None:
        """Start and slope of a function of t in which scalars may stand, where they cancel; None where it is not affine with rational ones."""
        import sympy

        from lossgraph.formula.symbolic import to_sympy

        t = sympy.Symbol(self.name, real=True)
        value = sympy.expand(to_sympy(gap, {self.name: t, **{name: sympy.Symbol(name, real=True) for name in self.scalars}}))  # type: ignore[arg-type]
        slope, start = value.coeff(t, 1), value.subs(t, 0)
        if sympy.expand(value - start - slope * t) != 0 or not start.is_Rational or not slope.is_Rational:
            return None
        return Fraction(int(start.p), int(start.q)), Fraction(int(slope.p), int(slope.q))  # type: ignore[attr-defined]


class Bounds:
    """The interval of t that linear inequalities leave."""

    def __init__(self) -> None:
        self.lower: Fraction | None = None
        self.upper: Fraction | None = None
        self.closed = [False, False]
        self.empty = False

    def at_least(self, start: Fraction, slope: Fraction, strict: bool) -> None:
        """start + slope*t >= 0, or > 0."""
        if slope == 0:
            self.empty = self.empty or start < 0 or (strict and start == 0)
            return
        end = -start / slope
        if slope > 0 and (self.lower is None or end > self.lower or (end == self.lower and strict)):
            self.lower, self.closed[0] = end, not strict
        if slope < 0 and (self.upper is None or end < self.upper or (end == self.upper and strict)):
            self.upper, self.closed[1] = end, not strict


def affine(node: Node, name: str) -> tuple[Fraction, Fraction] | None:
    """Start and slope of a function of one name, where sums and products of numbers alone show that it is affine; None where they do not."""
    match node:
        case Number(value):
            return value, Fraction(0)
        case Name(own) if own == name:
            return Fraction(0), Fraction(1)
        case Call("neg", (inner,)):
            found = affine(inner, name)
            return None if found is None else (-found[0], -found[1])
        case Call(("add" | "sub" | "mul") as function, (left, right)):
            one, other = affine(left, name), affine(right, name)
            if one is None or other is None:
                return None
            if function == "mul":
                (start, slope), factor = (one, other) if other[1] == 0 else (other, one)
                return (start * factor[0], slope * factor[0]) if factor[1] == 0 else None
            return (one[0] + other[0], one[1] + other[1]) if function == "add" else (one[0] - other[0], one[1] - other[1])
        case _:
            return None


def is_line(spans: tuple[Span, ...]) -> bool:
    """Whether a set is all of the real line."""
    return len(spans) == 1 and end_value(spans[0].lower) == -end_value(spans[0].upper) == -float("inf")


def finite_end(node: Node) -> Fraction | None:
    """A rational end, None for an infinite one. Raises `InputError` for others."""
    value = end_value(node)
    if abs(value) == float("inf"):
        return None
    match node:
        case Number(number):
            return number
        case Call("neg", (Number(number),)):
            return -number
        case _:
            raise InputError("an end that is no fraction")


def _set(spans: tuple[Span, ...]) -> str:
    if len(spans) == 1:
        return str(spans[0])
    if all(span.is_point for span in spans):
        return "{" + ", ".join(written(span.lower) for span in spans) + "}"
    raise InputError("a parameter with several intervals")


def _moved(part: Fraction, step: Fraction, name: str) -> Node:
    if step == 0:
        return Number(part)
    moved: Node = Name(name) if step == 1 else Call("mul", (Number(step), Name(name)))
    return moved if part == 0 else Call("add", (Number(part), moved))


def expanded(node: Node, table: Mapping[str, Parts]) -> Any:
    """The formula with vectors written out: a node, or a tuple of nodes for a vector."""
    match node:
        case Name(name):
            return table.get(name, node)
        case Index(vector, position):
            parts = table[vector]
            if not isinstance(parts, tuple) or position >= len(parts):
                raise InputError("no such component")
            return parts[position]
        case Compare(operators, operands):
            return Compare(operators, tuple(expanded(operand, table) for operand in operands))
        case Call(function, arguments):
            return _applied(function, [expanded(argument, table) for argument in arguments])
        case _:
            return node


def _total(parts: tuple[Node, ...]) -> Node:
    total = parts[0]
    for part in parts[1:]:
        total = Call("add", (total, part))
    return total


def _applied(function: str, arguments: list[Any]) -> Any:
    if function == "vector":
        return tuple(arguments)
    if function == "sum":
        return _total(arguments[0])
    if function == "dot":
        return _total(tuple(Call("mul", pair) for pair in zip(arguments[0], arguments[1], strict=True)))
    if function == "norm":
        return Call("sqrt", (_total(tuple(Call("pow", (part, Number(Fraction(2)))) for part in arguments[0])),))
    if function == "logsumexp":
        return Call("log", (_total(tuple(Call("exp", (part,)) for part in arguments[0])),))
    if function == "softmax":
        powers = tuple(Call("exp", (part,)) for part in arguments[0])
        return tuple(Call("div", (power, _total(powers))) for power in powers)
    sizes = {len(argument) for argument in arguments if isinstance(argument, tuple)}
    if not sizes:
        return Call(function, tuple(arguments))
    if len(sizes) > 1:
        raise InputError("vectors of different lengths")
    spread_out = [argument if isinstance(argument, tuple) else (argument,) * max(sizes) for argument in arguments]
    return tuple(_applied(function, list(parts)) for parts in zip(*spread_out, strict=True))
