"""Functions from textbooks, other libraries and traps, with verdicts worked out by hand: nothing is ever decided wrongly, and nearly everything is decided.

The engine runs in this process under a limit of CPU time. A quarter of the functions is asked on every run (45 s of CPU time); all of them, in some four
minutes, where the environment has LOSSGRAPH_WHOLE_TABLE.
"""

from __future__ import annotations

import csv
import os
import zlib
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("flint")
pytest.importorskip("z3")

from fuzz_decisions import asked, eval_constant

from lossgraph.model import InputError, Verdict
from lossgraph.verify import decide

Row = dict[str, str]
LIMIT = 5.0  # seconds of CPU time a decision
PLAIN = ("id", "source", "expression", "domain", "parameters", "roles", "constants", "reason")
with (Path(__file__).parent / "oracle" / "traps.csv").open(encoding="utf-8") as file:
    ROWS = {row["id"]: row for row in csv.DictReader(file)}
ASKED = [name for name in ROWS if zlib.crc32(name.encode()) % 4 == 0 or os.environ.get("LOSSGRAPH_WHOLE_TABLE")]


@cache
def answers(name: str) -> dict[str, Verdict | None]:
    """The verdicts on one function; None where the time ran out."""
    row = ROWS[name]
    wanted = [column for column in row if column not in PLAIN and row[column] in {"T", "F", "D"}]
    return {column: asked(row["expression"], column, row["domain"], row["parameters"], LIMIT) for column in wanted}


def agrees(expected: str, found: Verdict) -> bool:
    """Whether a verdict that is not open fits: T holds, F fails (not only for some parameters), D holds for some parameters and fails for others."""
    if found.holds is None:
        return True
    if expected == "T":
        return found.holds
    return not found.holds and found.status != ("depends" if expected == "F" else "refuted")


def test_the_table_is_large_and_whole() -> None:
    assert len(ROWS) > 250
    assert all(row["reason"] for row in ROWS.values())
    assert {value for row in ROWS.values() for column, value in row.items() if column not in PLAIN} <= {"T", "F", "D", "-"}


@pytest.mark.parametrize("name", ASKED)
def test_no_verdict_is_wrong(name: str) -> None:
    row = ROWS[name]
    wrong = {column: (row[column], found.holds, found.status) for column, found in answers(name).items() if found and not agrees(row[column], found)}
    assert not wrong, row["reason"]
    for pair in filter(None, row["constants"].split("; ")):
        column, _, expected = pair.partition("=")
        found = answers(name)[column]
        if found is not None and found.constant is not None and not row["parameters"]:
            assert eval_constant(found.constant) == pytest.approx(eval_constant(expected), rel=1e-6)


def test_nearly_all_are_decided() -> None:
    found = [(name, column, verdict) for name in ASKED for column, verdict in answers(name).items()]
    left = [(name, column) for name, column, verdict in found if verdict is None or verdict.status == "undecided"]
    assert len(left) <= 0.03 * len(found), left


NO_VALUE = [
    ("x**(1/3)", "x: real", "", "x = "),
    ("sqrt(x)", "x: real", "", "x = "),
    ("1/(x**2 - 2)", "x: real", "", "sqrt(2)"),
    ("(x**2 - 1)/(x - 1)", "x: real", "", "x = 1"),
    ("x**(-2)", "x: real", "", "x = 0"),
    ("log(Abs(x))", "x: real", "", "x = 0"),
    ("asin(x)", "x: real", "", "x = "),
    ("acos(2*x)", "x: [0, 1]", "", "x = "),
    ("sqrt(x**2 - 1)", "x: real", "", "x = "),
    ("tan(x)", "x: [0, 2]", "", "pi/2"),
    ("loggamma(x)", "x: [0, 1]", "", "x = 0"),
    ("1/sign(x)", "x: real", "", "x = 0"),
    ("1/floor(x)", "x: [0, 2]", "", "x = "),
    ("Piecewise((1/x, x >= 0), (0, True))", "x: real", "", "x = 0"),
    ("Piecewise((0, Ne(x, 1)), (log(x - 1), True))", "x: real", "", "x = 1"),
    ("1/(exp(x) - 1)", "x: real", "", "x = 0"),
    ("1/Max(0, x)", "x: real", "", "x = "),
    ("x/Abs(x)", "x: [-1, 1]", "", "x = 0"),
    ("1/(x - a)", "x: real", "a: real", "x = "),
    ("log(x)/x", "x: [0, oo)", "", "x = 0"),
]


@pytest.mark.parametrize(("expression", "domain", "parameters", "place"), NO_VALUE)
def test_a_formula_without_a_value_is_refused_with_the_point(expression: str, domain: str, parameters: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        asked(expression, "continuous", domain, parameters, 30)
    assert place in str(caught.value)


@pytest.mark.parametrize("domain", ["x: (1, 1)", "x: [2, 1]", "x: (oo, -oo)", "x: (1, 1]", "x: {}", "x: (0, 1) U (1, 0)"])
def test_an_empty_domain_is_refused(domain: str) -> None:
    with pytest.raises(InputError):
        decide("x", "convex", domain=domain)


@pytest.mark.parametrize(("expression", "name"), [("1/(x**5 - x - 1)", "continuous"), ("1/(exp(x) + x)", "bounded_above"), ("log(x**3 - x - 7)", "monotone")])
def test_a_pole_without_a_name_leaves_the_question_open(expression: str, name: str) -> None:
    try:
        found = asked(expression, name, "x: real", "", 10)
    except InputError:
        return  # it is even refused
    assert found is None or found.holds is None
