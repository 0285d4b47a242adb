"""The independent checker: which shipped certificates it confirms, what it never confirms, and that hostile certificates end."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from lossgraph.checker import check
from tests.shipped import shipped_verdicts


def piecewise(expression: str, claims: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    """A certificate about a formula on the whole line in one piece."""
    piece = {"lower": "-oo", "upper": "oo", "expression": expression, "resolutions": []}
    proof = {
        "kind": "pieces", "variable": "x", "cell": "", "holds": True, "claims": claims,
        "shape": {"components": [{"pieces": [piece], "points": [None, None]}]},
    }  # fmt: skip
    return {
        "format": 1, "property": "convex", "expression": expression, "variables": "x", "domain": "x: real", "parameters": "", "roles": {},
        "holds": True, "status": "proved", "constant": None, "proof": proof, **changed,
    }  # fmt: skip


def sign(function: str, found: str, order: int) -> dict[str, Any]:
    proof = {"kind": "structure", "sign": found, "expression": function}
    return {"claim": "sign", "lower": "-oo", "upper": "oo", "order": order, "function": function, "sign": found, "proof": proof}


def test_most_of_the_shipped_certificates_about_one_variable_are_confirmed() -> None:
    """At least 95 % of all, and of those in one variable and on lines; those of several variables by the rules that the checker knows."""
    everything, one, lines, several = Counter[bool](), Counter[bool](), Counter[bool](), Counter[str]()
    for _, _, certificate in shipped_verdicts():
        confirmed, proof = check(certificate), certificate["proof"]
        everything[confirmed] += 1
        if proof["kind"] == "several":
            several[proof["rule"]] += confirmed
        elif proof["kind"] == "line":
            lines[confirmed] += 1
        else:
            one[confirmed] += 1
    assert everything[True] >= 0.95 * everything.total(), everything
    assert one[True] >= 0.95 * one.total(), one
    assert lines[True] >= 0.95 * lines.total(), lines
    assert several["analytic"] > 100
    assert several["continuous"] > 40


def test_a_convex_formula_is_confirmed() -> None:
    assert check(piecewise("x**2", [sign("2", "+", 2)]))


@pytest.mark.parametrize(
    ("expression", "claim"),
    [
        ("x**3", sign("6*x", "+", 2)),  # a false sign
        ("-x**2", sign("2", "+", 2)),  # a sign of another function
        ("x**2", sign("2", "-", 2)),
        ("x**2", {**sign("2", "+", 2), "lower": "0"}),  # on a part only
        ("x**2", {**sign("2", "+", 2), "lower": "oo", "upper": "-oo"}),
        ("x**2", sign("2*x", "+", 1)),
        ("x**2", {**sign("2", "+", 2), "proof": {"kind": "z3_unsat", "smtlib": "", "solver": "", "sign": "+", "expression": "2"}}),
    ],
)
def test_false_claims_are_refused(expression: str, claim: dict[str, Any]) -> None:
    assert not check(piecewise(expression, [claim]))


@pytest.mark.parametrize("constant", ["2", "1", "0", "Max(1, 2)", "oo", "x", "exp(log(-1))"])
def test_a_constant_without_proof_is_refused(constant: str) -> None:
    """x**2 has no Lipschitz constant; and none is confirmed where the ranges that show it are missing."""
    assert not check(piecewise("x**2", [sign("2", "+", 2)], constant=constant))
    assert not check(piecewise("x**2", [], property="lipschitz_gradient", constant=constant))


@pytest.mark.parametrize(
    ("expression", "domain", "parameters", "proof", "confirmed"),
    [
        ("Abs(x)", "x: real", "", {"kind": "witness_strictness", "parameters": {}, "points": ["1", "2", "3"]}, True),
        ("Abs(x)", "x: real", "", {"kind": "witness_strictness", "parameters": {}, "points": ["1", "2", "4"]}, False),  # not the midpoint
        ("Abs(x)", "x: real", "", {"kind": "witness_strictness", "parameters": {}, "points": ["-1", "0", "1"]}, False),
        ("Abs(x)", "x: [0, 2]", "", {"kind": "witness_strictness", "parameters": {}, "points": ["1", "2", "3"]}, False),  # outside
        ("a*Abs(x)", "x: real", "a: (0, 1)", {"kind": "witness_strictness", "parameters": {"a": "2"}, "points": ["1", "2", "3"]}, False),
        ("1/x", "x: real", "", {"kind": "witness_strictness", "parameters": {}, "points": ["0", "0", "0"]}, False),
    ],
)
def test_witnesses(expression: str, domain: str, parameters: str, proof: dict[str, Any], confirmed: bool) -> None:
    certificate = {
        "format": 1, "property": "strictly_convex", "expression": expression, "variables": "x", "domain": domain, "parameters": parameters, "roles": {},
        "holds": False, "status": "undecided" if parameters else "refuted", "constant": None, "proof": proof,
    }  # fmt: skip
    assert check(certificate) is confirmed


def test_cells_must_fill_the_parameters() -> None:
    """A proof for a part of the parameters, or for an empty part, proves nothing for all."""
    for cell, confirmed in (("a: (0, oo)", True), ("a: (1, oo)", False), ("a: (0, 1)", False), ("", False), ("a: (2, 1)", False), ("a == 1", False)):
        certificate = piecewise("a*x**2", [sign("2*a", "+", 2)], parameters="a: (0, oo)")
        certificate["proof"]["cell"] = cell
        assert check(certificate) is confirmed, cell


@pytest.mark.parametrize(
    ("cells", "filled"),
    [
        (["a: (0, oo); b: [0, a)", "b == a; a: (0, oo)", "a: (0, oo); b: (a, oo)"], True),
        (["b == a; a: (0, oo)", "a: (0, 1); b: [0, a)", "a: [1, oo); b: [0, a)", "a: (0, oo); b: (a, oo)"], True),
        (["a: (0, oo); b: [0, a)", "a: (0, oo); b: (a, oo)"], False),  # b == a is missing
        (["a: (0, oo); b: (0, a)", "b == a; a: (0, oo)", "a: (0, oo); b: (a, oo)"], False),  # b == 0 is missing
        (["a: (0, oo); b: [0, a]", "a: (0, 1); b: (a, oo)"], False),  # only for small a
        (["a: (0, oo); b: [0, 2*a)", "a: (0, oo); b: [2*a, oo)"], True),
        (["a: (0, oo); b: [0, a - 1)", "a: (0, oo); b: [a - 1, oo)"], False),  # a - 1 may be negative
        (["a: (0, oo); b: [0, oo)", "a: (0, oo); b: (a, a)"], False),  # one cell is empty
        (["a: (0, oo); b: [-1, oo)"], False),  # outside
        (["a: (0, b); b: [0, oo)", "b: [0, a)"], False),
        (["a: (0, oo); b: [0, a)", "a: [b, oo); b: [0, oo)"], False),  # ends that name each other
    ],
    ids=str,
)
def test_ends_of_cells_may_name_other_parameters(cells: list[str], filled: bool) -> None:
    certificate = piecewise("(1 + a + b)*x**2", [], parameters="a: (0, oo); b: [0, oo)")
    proofs: list[dict[str, Any]] = []
    for cell in cells:
        b = "a" if "b == a" in cell else "b"
        proof = piecewise(f"(1 + a + {b})*x**2", [sign(f"2*(1 + a + {b})", "+", 2)])["proof"]
        proofs.append({**proof, "cell": cell})
    certificate["proof"] = {"kind": "cells", "cells": proofs}
    assert check(certificate) is filled


@pytest.mark.parametrize("text", ["9**9**9**9", "(" * 5000 + "x" + ")" * 5000, "x**100000", "+".join(f"exp(x**{power})" for power in range(300)), "x" * 10**6])
def test_hostile_texts_end(text: str) -> None:
    started = time.perf_counter()
    assert not check(piecewise(text, [sign(text, "+", 2)]))
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize("broken", [None, [], {}, {"format": 1}, {"format": 1, "proof": None}, "text"])
def test_what_is_no_certificate_is_refused(broken: Any) -> None:
    assert not check(broken if isinstance(broken, dict) else {"format": 1, "proof": broken})
