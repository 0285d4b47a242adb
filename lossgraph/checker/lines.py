"""Checks refutations of formulas in several variables or vectors by restriction to a line: f(a + t*d) is built here, from the expression and the line alone.

The question that the certificate carries has to be about that formula, on an interval of t in which the line stays in the domain, with the parameters that
the outer question has; the property has to be one that a formula inherits on every line (docs/certificates.md), and then the inner proof decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lossgraph.checker.cells import Span, fold_conditions, same_spans, span_within
from lossgraph.checker.constants import truth
from lossgraph.checker.defined import check_defined
from lossgraph.checker.domain import LINKS, contains, is_quantified, read
from lossgraph.checker.expression import ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.forms import alike
from lossgraph.checker.normal import normal
from lossgraph.checker.places import parameters_of, swapped, variables_of
from lossgraph.checker.shape import spans
from lossgraph.checker.signs import equal, expect_keys
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space, structure
from lossgraph.checker.vectors import MAX_LENGTH, Value, expand

Certificate = Mapping[str, Any]
INHERITED = frozenset({
    "continuous", "differentiable", "continuously_differentiable", "twice_continuously_differentiable", "lipschitz", "lipschitz_gradient", "convex",
    "strictly_convex", "strongly_convex", "quasiconvex", "bounded_above", "bounded_below", "nonnegative", "symmetric", "zero_at_target", "zero_only_at_target",
})  # fmt: skip
AT_TARGET = frozenset({"zero_at_target", "zero_only_at_target"})
STATUS = {"refuted": {"refuted"}, "undecided": {"depends", "undecided"}}
SETTLED = {"undecided": {"refuted", "depends", "undecided"}}
"""The status on the line by the outer one; and where the line gives a scalar parameter or target its value: then the property fails for these values."""
_TRUE = {"<": {"-"}, "<=": {"-", "0", "<=0"}, ">": {"+"}, ">=": {"+", "0", ">=0"}, "==": {"0"}, "!=": {"+", "-"}}


@dataclass(frozen=True)
class Line:
    """The point a and the direction d of each variable asked about (lists of one number for a number), the data's vectors, and the interval of t.

    A number whose set is all of the real line may start at, and move by, a number of the data or a parameter, given by its name.
    `settled` are the scalar parameters and data that were given a value.
    Vectors among what stays a parameter are given by their numbers of components.
    """

    variable: str
    at: dict[str, list[Node]]
    direction: dict[str, list[Node]]
    vectors: frozenset[str]
    given: dict[str, list[Node]]
    settled: dict[str, Node]
    lengths: dict[str, int]
    vector_parameters: dict[str, int]
    span: Span


def question_on_line(certificate: Certificate, proof: Certificate) -> Certificate:
    """The inner certificate, about the formula on the line: where its proof holds, the outer claim does. Raises `Unreadable` where it is another one."""
    expect_keys(proof, {"kind", "variable", "at", "direction", "given", "lengths", "question"})
    question: Certificate = proof["question"]
    if certificate["property"] not in INHERITED or certificate["holds"] is not False or certificate["constant"] is not None:
        raise Unreadable("a property that a line does not inherit")
    right = question["property"] == certificate["property"] and question["holds"] is False and question["constant"] is None and question["format"] == 1
    if not right or question["proof"]["kind"] in {"line", "rays", "several"}:
        raise Unreadable("the question on the line is another one")
    line = line_of(certificate, proof, question, tied=certificate["property"] not in {*AT_TARGET, "symmetric"})
    if question["status"] not in (SETTLED if line.settled else STATUS).get(certificate["status"], set[str]()):
        raise Unreadable("the question on the line says something else")
    scalars = inside(certificate, line)
    formula = restricted(certificate, line, scalars)
    shared = parameters_on(question, names(formula) - {line.variable}, scalars)
    inner = parse(question["expression"])
    if not names(inner) <= {line.variable, *shared}:
        raise Unreadable("the formula on the line names something else")
    if not alike(inner, formula):
        over = space_of(shared).extended(line.variable, Interval(*line.span))
        if not equal(inner, formula, over):
            raise Unreadable("the formula on the line is another one")
        check_defined(formula, over, inner)
    _special(certificate, question, line)
    return question


def line_of(certificate: Certificate, proof: Certificate, question: Certificate, *, tied: bool = False) -> Line:
    """The line as written: all asked variables, every vector of the data, the interval of t. Raises `Unreadable`.

    `tied`: points and directions may name numbers of the data.
    """
    variables = variables_of(certificate)
    asked = [name for name in variables if not is_quantified(dict(certificate["roles"]).get(name))]
    variable, lengths = str(proof["variable"]), dict(proof["lengths"])
    stated: dict[str, Any] = dict(certificate.get("lengths", {}))
    sizes = {name: lengths[length] if isinstance(length, str) else length for name, length in stated.items()}
    vectors = {name for name, value in {**proof["at"], **proof["given"]}.items() if isinstance(value, list)}
    scalars = {*variables, *parameters_of(certificate)} - {*asked, *sizes}
    free = scalars - {*proof["given"]} if tied else set[str]()
    at, direction = ({name: _numbers(value, set() if name in sizes else free) for name, value in proof[field].items()} for field in ("at", "direction"))
    given = {name: _numbers(value, set()) for name, value in proof["given"].items()}
    settled = {name: value[0] for name, value in given.items() if name not in vectors}
    given = {name: value for name, value in given.items() if name in vectors}
    fitting = set(at) == set(direction) == set(asked) and set(given) <= set(variables) - set(asked) and set(settled) <= scalars
    for name in at:
        fitting = fitting and len(at[name]) == len(direction[name]) and isinstance(proof["direction"][name], list) == (name in vectors)
    fitting = fitting and all(sizes[name] == len(value) for name, value in (at | given).items() if name in vectors)
    fitting = fitting and vectors == set(sizes) & {*at, *given} and set(lengths) == {length for length in stated.values() if isinstance(length, str)}
    if not fitting or any(type(count) is not int or not 0 < count <= MAX_LENGTH for count in lengths.values()):
        raise Unreadable("a line that does not give each variable")
    if all(step == ZERO or step[0] != "number" for steps in direction.values() for step in steps):
        raise Unreadable("a line without a direction")
    declared = {*variables, *read(certificate["parameters"])[0], *lengths}
    sets, conditions = read(question["domain"])
    if variable in declared or set(lengths) & {*variables, *read(certificate["parameters"])[0]} or question["variables"] != variable:
        raise Unreadable("a name is taken")
    if set(sets) != {variable} or conditions or len(spans(sets[variable])) != 1:
        raise Unreadable("the line is one interval")
    span = spans(sets[variable])[0]
    if any(end not in (OO, MINUS_OO) and end[0] != "number" for end in span[:2]):
        raise Unreadable("the line ends at a number")
    rest = {name: size for name, size in sizes.items() if name not in vectors}
    return Line(variable, at, direction, frozenset(vectors), given, settled, lengths, rest, span)


def _numbers(value: Any, free: Collection[str]) -> list[Node]:
    found = [parse(part) for part in (value if isinstance(value, list) else [value])]
    if not found or any(part[0] != "number" and not (part[0] == "name" and part[1] in free) for part in found):
        raise Unreadable("a point is made of exact fractions, and of names of the data's numbers")
    return found


def _moved(at: Node, step: Node, variable: str) -> Node:
    return at if step == ZERO else ("add", at, ("mul", step, ("name", variable)))


def _table(line: Line) -> dict[str, Value]:
    """What each name stands for on the line."""
    found: dict[str, Value] = {name: number(count) for name, count in line.lengths.items()}
    for name, start in line.at.items():
        moved = [_moved(part, step, line.variable) for part, step in zip(start, line.direction[name], strict=True)]
        found[name] = moved if name in line.vectors else moved[0]
    return {**found, **line.given, **line.settled}


def inside(certificate: Certificate, line: Line) -> dict[str, list[Span]]:
    """Confirms that the line and the data lie in the domain; gives the sets of everything else, cut by the conditions on it alone. Raises `Unreadable`."""
    sets, conditions = read(certificate["domain"])
    parameters, own = read(certificate["parameters"])
    variables = [name.strip() for name in str(certificate["variables"]).split(",")]
    for name in (*line.at, *line.given):
        steps = line.direction.get(name, [ZERO] * len(line.given.get(name, ())))
        _component_inside(sets.get(name, "real"), line.at.get(name) or line.given[name], steps, line.span)
    if not all(contains((sets if name in variables else parameters).get(name, "real"), value) for name, value in line.settled.items()):
        raise Unreadable("a value outside its set")
    rest = {name: sets.get(name, "real") for name in variables if name not in line.at and name not in line.given} | parameters
    rest = {name: text for name, text in rest.items() if name not in line.settled}
    scalars = {name: spans(text) for name, text in rest.items()}
    if any(names(end) & {*line.settled} for members in scalars.values() for member in members for end in member[:2]):
        raise Unreadable("a set that ends at a parameter with a value")
    for condition in (*own, *conditions):
        node = parse(condition)
        moving = names(node) & {*line.at, *line.given, *line.lengths, *line.settled}
        if not moving:
            fold_conditions(condition, scalars)
            continue
        placed = expand(node, _table(line))
        if isinstance(placed, list) or not names(placed) <= {line.variable}:
            raise Unreadable("a condition that ties the line to a parameter")
        _always(placed, line)
    return scalars


def _component_inside(text: str, start: list[Node], steps: list[Node], span: Span) -> None:
    """Confirms that each component stays in its set (all together in the simplex) as t runs over the interval."""
    if text.strip() == "simplex":
        if sum(part[1] for part in start) != 1 or sum(step[1] for step in steps) != 0:
            raise Unreadable("a point outside the simplex")
        text = "[0, 1]"
    members = spans(text) if "{" not in text else []
    for part, step in zip(start, steps, strict=True):
        if "name" in (part[0], step[0]):
            inside = members == spans("real")
        elif step == ZERO:
            inside = contains(text, part)
        else:
            reached = _image(part[1], step[1], span)
            inside = any(span_within(reached, member) for member in members)
        if not inside:
            raise Unreadable("the line leaves the domain")


def _image(start: Fraction, step: Fraction, span: Span) -> Span:
    """The interval that start + step*t runs over."""
    lower, upper, lower_open, upper_open = span

    def end(node: Node) -> Node:
        if node in (OO, MINUS_OO):
            return node if step > 0 else (MINUS_OO if node == OO else OO)
        return number(start + step * node[1])

    return (end(lower), end(upper), lower_open, upper_open) if step > 0 else (end(upper), end(lower), upper_open, lower_open)


def _always(condition: Node, line: Line) -> None:
    """Confirms a condition for every t of the interval: on the open interval by the sign of the difference, at closed ends by evaluation."""
    lower, upper, lower_open, upper_open = line.span
    over = Space().extended(line.variable, Interval(lower, upper))
    for operator, left, right in condition[1:] if condition[0] == "and" else (condition,):
        gap: Node = ("add", left, ("neg", right))
        check_defined(gap, over)
        sign = "0" if normal(gap).is_zero() else structure(gap, over)
        if sign not in _TRUE[operator]:
            raise Unreadable("a condition does not hold all along the line")
    for end, opened in ((lower, lower_open), (upper, upper_open)):
        if not opened and not truth(substitute(condition, {line.variable: end})):
            raise Unreadable("a condition does not hold at an end of the line")


def restricted(certificate: Certificate, line: Line, scalars: Mapping[str, Any]) -> Node:
    """The formula on the line. A vector `w` of parameters is written in its components `w_0`, `w_1`, ..."""
    table = _table(line)
    for name, count in line.vector_parameters.items():
        parts = [f"{name}_{place}" for place in range(count)]
        if set(parts) & {*scalars, *line.at, *line.given, *line.settled, line.variable}:
            raise Unreadable("a name is taken")
        table[name] = [("name", part) for part in parts]
    found = expand(parse(certificate["expression"]), table)
    if isinstance(found, list):
        raise Unreadable("the formula is a vector")
    return found


def parameters_on(question: Certificate, used: frozenset[str], scalars: Mapping[str, list[Span]]) -> dict[str, list[Span]]:
    """The sets of the question's parameters, each that of the outer name: nothing that the formula on the line uses is missing. Raises `Unreadable`."""
    sets, conditions = read(question["parameters"])
    inner = {name: spans(text) for name, text in sets.items()}
    for condition in conditions:
        fold_conditions(condition, inner)
    outer = {name: scalars[name if name in scalars else name.rpartition("_")[0]] for name in inner}
    if not used <= set(inner) or not all(same_spans(inner[name], outer[name]) for name in inner):
        raise Unreadable("the parameters on the line are others")
    return inner


def space_of(parameters: Mapping[str, list[Span]]) -> Space:
    """The parameters, each in one interval that holds its set."""
    space = Space()
    for name, members in parameters.items():
        if any(names(end) for member in members for end in member[:2]):
            raise Unreadable("an end that names another parameter")
        space = space.extended(name, Interval(members[0][0], members[-1][1], members[0][2], members[-1][3]))
    return space


def _special(certificate: Certificate, question: Certificate, line: Line) -> None:
    """The lines on which symmetry, and zeros at the target, are asked: through a mirrored point, or through the target. Raises `Unreadable`."""
    property_id, roles = certificate["property"], dict(question["roles"])
    if property_id in AT_TARGET:
        if roles != {line.variable: "residual"} or not contains(read(question["domain"])[0][line.variable], ZERO) or not _at_target(certificate, line):
            raise Unreadable("a line that does not pass through the target")
        return
    if roles:
        raise Unreadable("a role on a line")
    if property_id == "symmetric" and not _turned(certificate, line):
        raise Unreadable("a line that the mirror does not turn round")


def _at_target(certificate: Certificate, line: Line) -> bool:
    """Whether the point is the target: 0 for a residual, else the data's vector of that role."""
    roles = dict(certificate["roles"])
    if len(line.at) != 1:
        return False
    ((name, start),) = line.at.items()
    if "residual" in roles.values():
        return roles.get(name) == "residual" and all(part == ZERO for part in start)
    targets = [other for other, role in roles.items() if role == "target"]
    return len(targets) == 1 and roles.get(name, "") not in LINKS and line.given.get(targets[0]) == start


def _turned(certificate: Certificate, line: Line) -> bool:
    """Whether the mirror (of one variable, x to -x; of several, a swap of the first two) takes the point of every t to that of -t."""
    lower, upper, lower_open, upper_open = line.span
    opposite = (lower == MINUS_OO and upper == OO) or (lower[0] == upper[0] == "number" and lower[1] == -upper[1])
    if not opposite or lower_open != upper_open:
        return False
    pair = swapped(certificate)
    if pair is None:
        return len(line.at) == 1 and all(part == ZERO for start in line.at.values() for part in start)
    if not set(pair) <= set(line.at):
        return False
    first, second = pair
    turned = line.at[first] == line.at[second] and line.direction[first] == [number(-step[1]) for step in line.direction[second]]
    still = all(step == ZERO for name in line.at if name not in pair for step in line.direction[name])
    return turned and still and (first in line.vectors) == (second in line.vectors)
