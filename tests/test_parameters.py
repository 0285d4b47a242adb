"""Are properties that hang on several parameters at once settled, and those of losses that turn for ever?"""

from __future__ import annotations

import pytest
import sympy

pytest.importorskip("flint")
pytest.importorskip("z3")

from lossgraph.formula import parse_domain, parse_expression
from lossgraph.verify import decide
from lossgraph.verify.cells import closed_ends, initial, split_cell
from lossgraph.verify.guided import guided
from lossgraph.verify.space import Interval
from lossgraph.verify.witness import Scene, find

A, B, C = (sympy.Symbol(name, positive=True) for name in "abc")
RAY = (Interval(sympy.S.Zero, sympy.oo),)


def scene(text: str, domain: str, parameters: str) -> Scene:
    limits = parse_domain(parameters)
    return Scene(parse_expression(text), "x", parse_domain(domain).sets["x"], limits.sets, limits.conditions)


HARD = [
    ("-Min(x*a, Max(1 - e, Min(x, 1 + e))*a) + b*(o/x - log(o/x) - 1)", "x: (0, oo)", "e: (0, 1); b: [0, oo); o: (0, oo); a: real", "quasiconvex"),
    ("b*(exp(r - x) - (r - x) - 1) - a*Min(exp(x - o), 1 + e)", "x: (-oo, 0]", "e: (0, 1); b: [0, oo); o: (-oo, 0]; r: (-oo, 0]; a: (0, oo)", "quasiconvex"),
    ("log(a) + log(b) + c*x**2", "x: real", "a: (0, oo); b: (1/4, oo); c: (0, oo)", "nonnegative"),
]


@pytest.mark.parametrize(("text", "domain", "parameters", "property_id"), HARD)
def test_floats_lead_to_exact_counterexamples(text: str, domain: str, parameters: str, property_id: str) -> None:
    asked = scene(text, domain, parameters)
    found = guided(asked, property_id)
    assert found is not None
    assert set(found["parameters"]) == set(asked.parameters)
    verdict = decide(text, property_id, variables="x", domain=domain, parameters=parameters)
    assert verdict.holds is False


def test_the_plain_settings_alone_miss_one_of_them() -> None:
    assert find(scene(*HARD[0][:3]), "quasiconvex") is None


@pytest.mark.parametrize(
    ("text", "property_id"),
    [("a*x**2 + b*c", "nonnegative"), ("a*Abs(x)**b + c", "quasiconvex"), ("a*x**3 + b*x + c", "monotone"), ("a*exp(b*x) + c*x**2", "convex")],
)
def test_none_is_found_where_the_property_holds(text: str, property_id: str) -> None:
    assert guided(scene(text, "x: real", "a: (0, oo); b: (0, oo); c: (0, oo)"), property_id) is None


def test_a_sign_of_a_logarithm_splits_two_parameters() -> None:
    cell = initial({A: RAY, B: RAY}, ())[0]
    parts = split_cell(cell, sympy.log(A) + 2 * sympy.log(B) + 1)
    assert [part.text() for part in parts] == ["b: (0, oo); a: (0, exp(-1)/b**2)", "a == exp(-1)/b**2; b: (0, oo)", "b: (0, oo); a: (exp(-1)/b**2, oo)"]


def test_a_loss_whose_sign_hangs_on_a_product_of_scales() -> None:
    verdict = decide("log(a) + log(b) + exp(x) - x", "nonnegative", variables="x", domain="x: real", parameters="a > 0; b > 0")
    assert verdict.status == "depends"
    assert {cell.parameters: cell.holds for cell in verdict.cells} == {
        "b: (0, oo); a: (0, exp(-1)/b)": False, "a == exp(-1)/b; b: (0, oo)": True, "b: (0, oo); a: (exp(-1)/b, oo)": True,
    }  # fmt: skip


def test_ends_are_split_where_the_proof_failed_and_never_where_nothing_hangs_on_them() -> None:
    closed = (Interval(sympy.S.Zero, sympy.oo, False, True),)
    cell = initial({A: closed, B: closed, C: closed}, ())[0]
    assert [part.text().split(";")[0] for part in closed_ends(cell, ["b", "c"], ["c"])] == ["c == 0", "a: [0, oo)"]
    assert [part.text().split(";")[0] for part in closed_ends(cell, ["b", "c"])] == ["b == 0", "a: [0, oo)"]
    assert closed_ends(cell, []) == ()


def test_a_power_of_what_is_zero_without_looking_so_is_zero() -> None:
    text = "Abs(y - sigmoid(z))**b*(y*softplus(-z) + (1 - y)*softplus(z))"
    about = {"variables": "z, y", "domain": "z: real; y: (0, 1)", "parameters": "b > 0", "roles": {"z": "logit", "y": "target"}}
    assert decide(text, "continuous", **about).holds is True  # type: ignore[arg-type]
    assert decide(text, "zero_at_target", **about).holds is True  # type: ignore[arg-type]
    assert decide(text.replace("**b", "**(b - 1)"), "continuous", **{**about, "parameters": "b > 1"}).holds is not False  # type: ignore[arg-type]


TURNING = [
    ("1 - cos(r)", "r: [-pi, pi]", "zero_only_at_target", True),
    ("1 - cos(r)", "r: [-2*pi, 2*pi]", "zero_only_at_target", False),
    ("1 - cos(r)", "r: real", "zero_only_at_target", False),
    ("2*sin(r/2)**2", "r: real", "zero_only_at_target", False),
    ("1 - cos(r) + r**2", "r: real", "zero_only_at_target", True),
    ("2*sin(r/2)**2", "r: real", "redescending", False),
    ("r + sin(r)**2", "r: real", "redescending", False),
    ("sin(r)**2/(1 + r**2)", "r: real", "redescending", True),
]


@pytest.mark.parametrize(("text", "domain", "property_id", "expected"), TURNING)
def test_losses_that_turn_for_ever(text: str, domain: str, property_id: str, expected: bool) -> None:
    assert decide(text, property_id, domain=domain, roles={"r": "residual"}).holds is expected


FACTORS = [
    ("exp(-x)*(1 + exp(-2*x))/a", "monotone", True),
    ("-a*x**2*exp(x)*log(1 + x)", "monotone", True),
    ("Abs(y - sigmoid(x))**a*(y*softplus(-x) + (1 - y)*softplus(x))", "quasiconvex", True),
    ("x**a*exp(-x)", "monotone", False),
]


@pytest.mark.parametrize(("text", "property_id", "expected"), FACTORS)
def test_products_of_factors_that_go_one_way(text: str, property_id: str, expected: bool) -> None:
    about = {"variables": "x, y", "domain": f"x: {'real' if 'y' in text else '(0, oo)'}; y: (0, 1)", "parameters": "a > 0", "roles": {"y": "target"}}
    assert decide(text, property_id, **about).holds is expected  # type: ignore[arg-type]
