"""Counterexamples in several variables and vectors: the checker evaluates them itself, and refuses them once a number, length, role or set is another."""

from __future__ import annotations

from typing import Any

import pytest

from lossgraph.checker import check
from tests.shipped import shipped_verdicts


def witness(property_id: str, kind: str, expression: str, domain: str, roles: dict[str, str] | None = None, **proof: Any) -> dict[str, Any]:
    """A certificate by one counterexample; every vector has the length n, which the proof chooses as 2. `parameters` gives a value to each parameter."""
    names = [part.split(":")[0].strip() for part in domain.split(";") if ":" in part]
    points: list[Any] = [place for place in [*proof.values(), *proof.get("points", ())] if isinstance(place, dict)]
    vectors: set[str] = {name for point in points for name, value in point.items() if isinstance(value, list)}
    vectors |= {name for name, role in (roles or {}).items() if "probability" in proof and role in {"probability", "outcome"}}
    setting = proof.pop("parameters", {})
    sets = proof.pop("sets", "")
    lengths = {"lengths": dict.fromkeys(sorted(vectors), "n")} if vectors else {}
    return {
        "format": 1, "property": property_id, "expression": expression, "variables": ", ".join(names), "domain": domain, "parameters": sets,
        "roles": roles or {}, **lengths, "holds": False, "status": "undecided" if setting else "refuted", "constant": None,
        "proof": {"kind": kind, "parameters": setting, "lengths": {"n": 2} if vectors else {}, **proof},
    }  # fmt: skip


PLANE = "x: real; y: real"
VECTOR = {"p": "prediction", "y": "target"}
RISK = {"p": "probability", "y": "outcome"}
PROPER = "p: (0, 1); y: {0, 1}; sum(p) == 1; sum(y) == 1"
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "two numbers are swapped": (
        witness("symmetric", "witness_symmetry", "x - y", PLANE, point={"x": "0", "y": "1"}),
        [{"point": {"x": "1", "y": "1"}}, {"point": {"x": "0"}}, {"point": "1"}, {"point": {"x": "0", "y": ["1", "1"]}}, {"kind": "witness_domain_symmetry"}],
    ),
    "one vector beside data of another set has its mirror image": (
        witness("symmetric", "witness_symmetry", "sum(p) + sum(y)", "p: real; y: [0, 1]", VECTOR, point={"p": ["0", "1"], "y": ["0", "1"]}),
        [{"point": {"p": ["1", "-1"], "y": ["0", "1"]}}, {"point": {"p": ["0", "1"], "y": ["0", "2"]}}, {"lengths": {"n": 3}}, {"lengths": {}}],
    ),
    "one vector beside data of its kind is swapped": (
        witness("symmetric", "witness_symmetry", "sum(p) - sum(y)", "p: real; y: real", VECTOR, point={"p": ["0", "1"], "y": ["0", "0"]}),
        [{"point": {"p": ["0", "1"], "y": ["1", "0"]}}, {"point": {"p": ["0", "1", "1"], "y": ["0", "1", "0"]}}],  # -p would differ
    ),
    "a number in a vector's place": (
        witness("symmetric", "witness_domain_symmetry", "x + norm(v)", "x: real; v: real", point={"x": "0", "v": ["0", "0"]}),
        [{"kind": "witness_symmetry"}, {"point": {"x": "0", "v": "0"}}, {"point": {"x": ["0", "0"], "v": ["0", "0"]}}],
    ),
    "the mirror image leaves the domain": (
        witness("symmetric", "witness_domain_symmetry", "norm(p - y)/norm(y)", "p: real; y: real; norm(y) > 0", VECTOR,
                point={"p": ["0", "0"], "y": ["0", "1"]}),
        [{"point": {"p": ["0", "1"], "y": ["0", "1"]}}, {"point": {"p": ["0", "0"], "y": ["0", "0"]}}],
    ),
    "not zero at a vector's target": (
        witness("zero_at_target", "witness_nonzero", "sum((p + y)**2)", "p: real; y: real", VECTOR, point={"p": ["0", "1"], "y": ["0", "1"]}),
        [{"point": {"p": ["0", "0"], "y": ["0", "0"]}}, {"point": {"p": ["1", "1"], "y": ["0", "1"]}}, {"point": {"p": ["0", "1"]}}],
    ),
    "a number counts for each component": (
        witness("zero_at_target", "witness_nonzero", "norm(m - y) + s", "m: real; s: (0, oo); y: real", {"m": "mean", "y": "target"},
                parameters={"y": "1"}, point={"m": ["1", "1"], "s": "1"}),
        [{"point": {"m": ["1", "2"], "s": "1"}}, {"point": {"m": ["1", "1"], "s": "0"}}, {"parameters": {"y": "2"}}, {"parameters": {}}],
    ),
    "zero where the prediction is not the target": (
        witness("zero_only_at_target", "witness_zero", "1 - dot(p, y)/(norm(p)*norm(y))", "p: real; y: real; norm(p) > 0; norm(y) > 0", VECTOR,
                point={"p": ["0", "2"], "y": ["0", "1"]}, target=["0", "1"]),
        [{"point": {"p": ["0", "1"], "y": ["0", "1"]}}, {"point": {"p": ["1", "2"], "y": ["0", "1"]}}, {"target": ["0", "2"]}, {"target": "1"},
         {"target": ["0"]}],
    ),
    "another prediction has the smaller risk": (
        witness("proper", "witness_improper", "1 - dot(y, p)", PROPER, RISK, probability=["3/4", "1/4"], prediction=["7/8", "1/8"]),
        [{"prediction": ["5/8", "3/8"]}, {"prediction": ["7/8", "1/4"]}, {"probability": ["3/4", "1/8"]}, {"prediction": ["3/4", "1/4"]},
         {"probability": ["5/4", "-1/4"]}, {"prediction": ["1", "0"]}, {"probability": "3/4"}, {"kind": "witness_not_strictly_proper"},
         {"point": {"y": ["1", "0"]}}, {"prediction": ["7/8"]}],
    ),
    "two predictions have the same risk": (
        witness("strictly_proper", "witness_not_strictly_proper", "1 - dot(y, p)", PROPER, RISK, probability=["1/2", "1/2"], prediction=["1/4", "3/4"]),
        [{"probability": ["1/4", "3/4"]}, {"probability": ["3/8", "5/8"]}, {"kind": "witness_improper"}],
    ),
    "something is missing between two vectors": (
        witness("quasiconvex", "witness_domain", "log(Abs(dot(a, b)))", "a: real; b: real; Abs(dot(a, b)) > 0",
                points=[{"a": ["0", "1"], "b": ["1", "1"]}, {"a": ["0", "-2"], "b": ["1", "1"]}], missing={"a": ["0", "0"], "b": ["1", "1"]}),
        [{"missing": {"a": ["0", "1/2"], "b": ["1", "1"]}}, {"missing": {"a": ["1", "-1"], "b": ["1", "1"]}}, {"missing": {"a": ["0", "1"], "b": ["1", "1"]}},
         {"points": [{"a": ["0", "1"], "b": ["1", "1"]}, {"a": ["0", "2"], "b": ["1", "1"]}]}, {"missing": {"a": ["0", "-3"], "b": ["1", "1"]}}],
    ),
    "the middle lies above": (
        witness("convex", "witness_convexity", "-norm(a)", "a: real", points=[{"a": ["-1", "0"]}, {"a": ["0", "0"]}, {"a": ["1", "0"]}]),
        [{"points": [{"a": ["1", "0"]}, {"a": ["2", "0"]}, {"a": ["3", "0"]}]}, {"points": [{"a": ["-1", "0"]}, {"a": ["0", "0"]}, {"a": ["2", "0"]}]},
         {"points": [{"a": ["-1", "0"]}, {"a": ["0", "1"]}, {"a": ["1", "0"]}]}, {"kind": "witness_strictness"}],
    ),
    "the middle lies on the chord": (
        witness("strictly_convex", "witness_strictness", "norm(a)", "a: real", points=[{"a": ["1", "0"]}, {"a": ["2", "0"]}, {"a": ["3", "0"]}]),
        [{"points": [{"a": ["-1", "0"]}, {"a": ["0", "0"]}, {"a": ["1", "0"]}]}, {"points": [{"a": ["1", "0"]}, {"a": ["1", "0"]}, {"a": ["1", "0"]}]},
         {"points": [{"a": ["1", "0"]}, {"a": ["1", "0"]}, {"a": ["2", "0"]}]}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_counterexample_is_confirmed_and_each_false_one_refused(name: str) -> None:
    certificate, changes = CASES[name]
    assert check(certificate)
    for change in changes:
        assert not check({**certificate, "proof": {**certificate["proof"], **change}}), change
    assert not check({**certificate, "holds": True, "status": "proved"})
    assert not check({**certificate, "property": "lipschitz"})
    assert not check({**certificate, "proof": {**certificate["proof"], "more": 1}})
    assert not check({**certificate, "lengths": {**certificate.get("lengths", {}), "other": "n"}})


def test_a_counterexample_for_one_parameter_refutes_no_other() -> None:
    """`refuted` says that the property fails for every parameter; a witness that names some shows it for these."""
    certificate = witness("symmetric", "witness_symmetry", "x - a*y", PLANE, parameters={"a": "2"}, sets="a: real", point={"x": "0", "y": "1"})
    assert check(certificate)
    assert not check({**certificate, "status": "refuted"})
    assert not check({**certificate, "parameters": "a: (0, 1)"})
    # a number of the data counts as a parameter, and has to be set as one
    target = witness("zero_at_target", "witness_nonzero", "Abs(m + y)", "m: real; y: real", {"m": "mean", "y": "target"}, point={"m": "1", "y": "1"})
    assert not check(target)
    assert check({**target, "status": "undecided", "proof": {**target["proof"], "parameters": {"y": "1"}, "point": {"m": "1"}}})


def test_a_hole_in_the_domain_counts_for_all_parameters() -> None:
    inside = {"x": "1/2", "y": "1/4"}
    certificate = witness("symmetric", "witness_domain_symmetry", "a*x + y", "x: (0, 2); y: (0, 1)", parameters={"a": "0"}, sets="a: real", point=inside)
    assert not check({**certificate, "status": "refuted"})
    outside = {**certificate["proof"], "point": {"x": "3/2", "y": "1/2"}}
    assert check({**certificate, "status": "refuted", "proof": outside})
    assert not check({**certificate, "status": "refuted", "proof": outside, "domain": "x: (0, 2); y: (0, 1); x + a > 0"})


def test_all_shipped_ones_are_confirmed() -> None:
    found = [certificate for _, _, certificate in shipped_verdicts() if certificate["proof"]["kind"].startswith("witness_")]
    assert len(found) > 300
    assert all(check(certificate) for certificate in found)
