"""The formula of a card in exact arithmetic (mpmath, 60 digits): its values, its one-sided derivatives, and its limits at the ends of the domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mpmath
import numpy

from battery.cases import Case
from battery.sampling import inside
from lossgraph.formula import numeric_function, parse_expression, parse_set

_STEP = "1e-25"


def evaluate(case: Case, rows: Sequence[Mapping[str, Any]], parameters: Mapping[str, float]) -> list[Any]:
    """The formula's value at each row, as mpmath numbers."""
    columns = {name: numpy.array([row[name] for row in rows], dtype=object) for name in case.view.variables}
    return evaluate_columns(case, columns, parameters)


def evaluate_columns(case: Case, columns: Mapping[str, Any], parameters: Mapping[str, float], digits: int = 60) -> list[Any]:
    """The formula's value for variables given as arrays whose axis 0 runs over the rows (and axis 1 over a vector's components)."""
    vectors = {name for name in case.view.variables if case.size(name) is not None}
    lengths = {str(variable.length): case.size(name) for name, variable in case.view.variables.items() if isinstance(variable.length, str)}
    count = len(next(iter(columns.values())))
    with mpmath.workdps(digits):
        function = numeric_function(parse_expression(case.view.expression), vectors, backend="mpmath")
        result = function(**columns, **parameters, **lengths)
        return list(numpy.broadcast_to(result, (count,)))


def one_sided(case: Case, rows: Sequence[Mapping[str, Any]], parameters: Mapping[str, float], name: str) -> numpy.ndarray[Any, Any]:
    """Left and right derivatives in each component of a variable: (rows, components, 2) floats; a side that leaves the domain repeats the other."""
    size = case.size(name) or 1
    variable = case.view.variables[name]
    spans = parse_set(variable.domain) if variable.domain != "simplex" else parse_set("[0, 1]")
    found = numpy.empty((len(rows), size, 2))
    with mpmath.workdps(60):
        step = mpmath.mpf(_STEP)
        columns = {key: numpy.array([row[key] for row in rows], dtype=object) for key in case.view.variables}
        here = evaluate_columns(case, columns, parameters)
        for component in range(size):
            for side, direction in enumerate((-1, 1)):
                slopes: list[list[Any]] = []
                for stride in (step, step / 1000):
                    moved = _moved(columns[name], component, direction * stride, case.size(name) is not None)
                    there = evaluate_columns(case, {**columns, name: moved}, parameters)
                    slopes.append([direction * (b - a) / stride for a, b in zip(here, there, strict=True)])
                found[:, component, side] = [_slope(coarse, fine) for coarse, fine in zip(*slopes, strict=True)]
        for index, row in enumerate(rows):
            for component in range(size):
                value = float(numpy.atleast_1d(row[name])[component])
                if not inside(value - 1e-9, spans):
                    found[index, component, 0] = found[index, component, 1]
                if not inside(value + 1e-9, spans):
                    found[index, component, 1] = found[index, component, 0]
    return found


def exact_value(case: Case, columns: Mapping[str, Any], parameters: Mapping[str, float]) -> float:
    """The value at one point as a float that may be infinite; at an open end of the domain the limit from inside (NaN where the formula has none)."""
    direct = evaluate_columns(case, columns, parameters)[0]
    if not mpmath.isnan(direct):
        return float(direct)
    with mpmath.workdps(2500):
        nudged = [{name: _nudged(case, name, column, size) for name, column in columns.items()} for size in (300, 2000)]
        near, nearer = (evaluate_columns(case, moved, parameters, 2500)[0] for moved in nudged)
        if mpmath.isnan(near) or mpmath.isnan(nearer):
            return float("nan")
        both = {name: _nudged(case, name, column, 2000, targets=True) for name, column in columns.items()}
        beside = evaluate_columns(case, both, parameters, 2500)[0]
        if mpmath.isinf(nearer) and not mpmath.isinf(beside) and abs(beside) < 1:  # the limit hangs on how prediction and target approach the end
            return float("nan")
        return float(nearer) if abs(nearer - near) < 1 else float("inf") * float(mpmath.sign(nearer))


def _moved(column: Any, component: int, step: Any, is_vector: bool) -> Any:
    exact = numpy.frompyfunc(mpmath.mpf, 1, 1)(column.astype(float)).astype(object)
    if is_vector:
        exact[:, component] = exact[:, component] + step
        return exact
    return exact + step


def _slope(coarse: Any, fine: Any) -> float:
    """The limit of difference quotients, infinite where a smaller step makes them steeper and steeper."""
    return float("inf") * float(mpmath.sign(fine)) if abs(fine) > 1.5 * abs(coarse) + 1e-9 else float(fine)


def _nudged(case: Case, name: str, column: Any, size: int, targets: bool = False) -> Any:
    """Ends of an open interval moved inside by 10**-size."""
    variable = case.view.variables[name]
    if variable.domain == "simplex" or (variable.role in {"target", "outcome"} and not targets):
        return column
    tiny = mpmath.mpf(10) ** -size
    spans = parse_set(variable.domain)

    def move(value: Any) -> Any:
        if inside(float(value), spans):
            return mpmath.mpf(value)
        return mpmath.mpf(value) + (tiny if inside(float(value) + 1e-9, spans) else -tiny)

    return numpy.frompyfunc(move, 1, 1)(column)
