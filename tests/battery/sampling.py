"""Samples of a formula's domain and of its parameters: closed ends, the points where pieces meet, and points in between, from a fixed seed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy

from battery.cases import Case
from lossgraph.formula import numeric_function, parse_domain, parse_expression, parse_set
from lossgraph.formula.domains import Span, end_value
from lossgraph.formula.tree import Compare, Number, walk

Row = dict[str, Any]
_PARAMETERS = (-2.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
_PLACES = (-20.0, -2.0, -0.5, -1e-3, 0.0, 1e-3, 0.5, 2.0, 20.0)


def inside(value: float, spans: tuple[Span, ...]) -> bool:
    """Whether a number lies in a set."""
    for span in spans:
        low, high = float(end_value(span.lower)), float(end_value(span.upper))
        if (low < value or (low == value and not span.lower_open)) and (value < high or (value == high and not span.upper_open)):
            return True
    return False


def parameter_sets(case: Case) -> list[dict[str, float]]:
    """The defaults, and each parameter moved through its domain while the others keep theirs."""
    defaults = {name: float(parameter.default or 0.0) for name, parameter in case.view.parameters.items()}
    sets = [defaults]
    for name, parameter in case.view.parameters.items():
        spans = parse_set(parameter.domain)
        others = [value for value in _PARAMETERS if inside(value, spans) and value != defaults[name]]
        sets += [{**defaults, name: value} for value in (others if parameter.domain == "real" else others[:1] + others[-2:])]
    return sets


def rows(case: Case, parameters: Mapping[str, float], count: int = 24, interior: bool = False) -> list[Row]:
    """Samples of the first view's variables that satisfy its constraint; `interior` leaves out the special points."""
    generator = numpy.random.default_rng(zlib.crc32(case.loss.id.encode()))
    found: list[Row] = []
    for candidate in _candidates(case, parameters, generator, interior):
        if _allowed(case, parameters, candidate):
            found.append(candidate)
        if len(found) == count:
            return found
    raise AssertionError(f"{case.loss.id}: fewer than {count} samples satisfy `{case.view.constraint}`")


def special_points(case: Case, parameters: Mapping[str, float], name: str) -> list[float]:
    """Closed ends, and where pieces can meet: the formula's numbers and parameters, their opposites, and one minus them."""
    spans = parse_set(case.view.variables[name].domain)
    tree = parse_expression(case.view.expression)
    marks = {0.0, 1.0, *parameters.values(), *(float(node.value) for node in walk(tree) if isinstance(node, Number))}
    marks |= {-mark for mark in marks} | {1 - mark for mark in marks}
    ends = {float(end) for span in spans for end in (end_value(span.lower), end_value(span.upper)) if abs(end) != float("inf")}
    return sorted(mark for mark in marks | ends if inside(mark, spans))


def _candidates(case: Case, parameters: Mapping[str, float], generator: numpy.random.Generator, interior: bool) -> Iterator[Row]:
    scalars = [name for name in case.view.variables if case.size(name) is None]
    special = {name: special_points(case, parameters, name) for name in case.view.variables if case.view.variables[name].domain != "simplex"}
    if not interior and len(scalars) == len(case.view.variables):
        for name in scalars:
            for point in special[name]:
                yield {**_random_row(case, generator, special, False), name: point, "shift": 0.0}
    roles = [variable.role for variable in case.view.variables.values()]
    several = sum(role not in {"target", "outcome"} for role in roles) > 1 or roles.count("target") > 1 or {"prediction", "target"} <= set(roles)
    if not interior and several:  # kinks that need two variables at once, such as equal embeddings
        for mix in range(12):
            row = _random_row(case, generator, special, True, constant=True)
            if mix < 4 and not scalars[1:]:
                place = generator.random()
                vectors = [name for name in case.view.variables if name not in scalars and special.get(name) and not _sums_to_one(case, name)]
                row |= {name: numpy.full(case.size(name), special[name][int(place * len(special[name]))]) for name in vectors}
            yield row
    if not interior and not scalars:
        for mix in range(8):
            yield _random_row(case, generator, special, True, constant=mix < 4)
    for _ in range(2000):
        yield _random_row(case, generator, special, False)


def _random_row(case: Case, generator: numpy.random.Generator, special: Mapping[str, list[float]], at_special: bool, constant: bool = False) -> Row:
    row: Row = {"shift": 0.0 if at_special else float(generator.choice([0.0, 1.0, -2.5])), "sign": float(generator.choice([-1.0, 1.0]))}
    for name, variable in case.view.variables.items():
        size = case.size(name)
        if variable.domain == "simplex" or (size is not None and _sums_to_one(case, name)):
            row[name] = _distribution(generator, size or 2, variable.domain, at_special)
            continue
        spans = parse_set(variable.domain)
        if at_special and special[name]:
            shared = constant and size is not None
            row[name] = numpy.full(size or 1, generator.choice(special[name])) if shared else generator.choice(special[name], size)
        else:
            row[name] = _inner(generator, spans) if size is None else numpy.array([_inner(generator, spans) for _ in range(size)])
    return row


def _inner(generator: numpy.random.Generator, spans: tuple[Span, ...]) -> float:
    span = spans[int(generator.integers(len(spans)))]
    low, high = float(end_value(span.lower)), float(end_value(span.upper))
    if span.is_point:
        return low
    if low > -numpy.inf and high < numpy.inf:
        return float(low + (high - low) * generator.uniform(0.02, 0.98))
    if low > -numpy.inf:
        return float(low + numpy.exp(generator.normal()))
    return float(high - numpy.exp(generator.normal())) if high < numpy.inf else float(generator.normal() * 2)


def _distribution(generator: numpy.random.Generator, size: int, domain: str, at_special: bool) -> Any:
    if domain == "{0, 1}" or (at_special and domain == "simplex"):
        return numpy.eye(size)[generator.integers(size)]
    return numpy.full(size, 1 / size) if at_special else generator.dirichlet(numpy.full(size, 2.0))


def _conditions(case: Case) -> tuple[Any, ...]:
    return parse_domain(case.view.constraint).conditions


def _sums_to_one(case: Case, name: str) -> bool:
    return any(condition == parse_expression(f"sum({name}) == 1") for condition in _conditions(case))


def _allowed(case: Case, parameters: Mapping[str, float], row: Row) -> bool:
    vectors = {name for name in case.view.variables if case.size(name) is not None}
    values = {**{name: row[name] for name in case.view.variables}, **parameters}
    checked = [node for node in _conditions(case) if not (isinstance(node, Compare) and node.operators == ("==",))]
    return all(bool(numeric_function(node, vectors)(**values)) for node in checked)
