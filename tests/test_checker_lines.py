"""The checker on refutations along a line: it builds the formula on the line itself, and refuses a line, a formula, a domain or a target that is another."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lossgraph import decide
from lossgraph.checker import check
from tests.shipped import shipped_verdicts


def on_a_line(expression: str = "sum(p**2) - dot(p, g)", **changed: Any) -> dict[str, Any]:
    """sum(p**2) is not bounded above: on the line p = (1, 1) + t*(1, 0) it is t**2 + 2*t + 2, less what g takes."""
    inner = "(1 + t)**2 + 1**2 - ((1 + t)*1 + 1*0)"
    piece = {"lower": "-oo", "upper": "oo", "expression": "t**2 + t + 1", "resolutions": []}
    limit = {
        "claim": "limit", "lower": "-oo", "upper": "oo", "end": "upper", "at": "oo", "order": 0, "value": "oo",
        "proof": {
            "kind": "asymptotic", "expression": "t**2 + t + 1", "symbol": "t", "at": "oo", "side": "-", "value": "oo", "coefficient": "1",
            "growth": "t**2", "facts": {},
        },
    }  # fmt: skip
    question = {
        "format": 1, "property": "bounded_above", "expression": inner, "variables": "t", "domain": "t: (-oo, oo)", "parameters": "", "roles": {},
        "holds": False, "status": "refuted", "constant": None,
        "proof": {
            "kind": "pieces", "variable": "t", "cell": "", "holds": False, "claims": [limit, {"claim": "infinite", "order": 0, "at": "oo"}],
            "shape": {"components": [{"pieces": [piece], "points": [None, None]}]},
        },
    }  # fmt: skip
    proof = {
        "kind": "line", "variable": "t", "at": {"p": ["1", "1"]}, "direction": {"p": ["1", "0"]}, "given": {"g": ["1", "0"]}, "lengths": {"n": 2},
        "question": question,
    }  # fmt: skip
    return {
        "format": 1, "property": "bounded_above", "expression": expression, "variables": "p, g", "domain": "p: real; g: {0, 1}", "parameters": "",
        "roles": {"g": "target"}, "lengths": {"p": "n", "g": "n"},
        "holds": False, "status": "refuted", "constant": None, "proof": {**proof, **changed.pop("proof", {})}, **changed,
    }  # fmt: skip


def test_a_line_is_confirmed() -> None:
    assert check(on_a_line())
    assert check(on_a_line("sum(p**2) + 0*sum(p) - dot(g, p)"))


@pytest.mark.parametrize(
    "changed",
    [
        {"proof": {"direction": {"p": ["0", "0"]}}},
        {"proof": {"direction": {"p": ["1", "1"]}}},
        {"proof": {"at": {"p": ["2", "1"]}}},
        {"proof": {"at": {"p": ["1", "1", "1"]}}},
        {"proof": {"at": {"p": ["x", "1"]}}},
        {"proof": {"given": {"g": ["0", "0"]}}},
        {"proof": {"given": {"g": ["2", "0"]}}},  # outside {0, 1}
        {"proof": {"given": {}}},
        {"proof": {"lengths": {"n": 3}}},
        {"proof": {"lengths": {"t": 2}}},
        {"proof": {"lengths": {}}},
        {"lengths": {"p": "n"}},
        {"lengths": {"p": "n", "g": 3}},
        {"lengths": {}},
        {"proof": {"variable": "s"}},
        {"domain": "p: [0, 5]; g: {0, 1}"},  # the line leaves the box
        {"domain": "p: real; g: {0, 1}; sum(p) <= 3"},
        {"domain": "p: simplex; g: {0, 1}"},
        {"property": "bounded_below"},
        {"property": "monotone"},  # not inherited
        {"status": "undecided"},
        {"status": "proved", "holds": True},
        {"constant": "1"},
        {"parameters": "a: (0, 1)", "expression": "a*sum(p**2) - dot(p, g)"},
        {"expression": "sum(p**3) - dot(p, g)"},
        {"expression": "norm(p) - dot(p, g)"},
        {"variables": "p, g, r"},
        {"roles": {}},  # then g is asked about too
    ],
    ids=str,
)
def test_another_line_is_refused(changed: dict[str, Any]) -> None:
    assert not check(on_a_line(**changed))


def test_a_condition_that_holds_all_along_the_line_is_allowed() -> None:
    assert check(on_a_line(domain="p: real; g: {0, 1}; p[1] <= 3"))
    assert not check(on_a_line(domain="p: real; g: {0, 1}; p[0] <= 3"))


@pytest.mark.parametrize("property_id", ["symmetric", "zero_at_target", "zero_only_at_target"])
def test_lines_through_the_mirror_and_the_target(property_id: str) -> None:
    """Moving the point off the mirror or the target, or the interval to one side, refuses certificates that were confirmed."""
    confirmed = [c for _, _, c in shipped_verdicts() if c["proof"]["kind"] == "line" and c["property"] == property_id and check(c)]
    assert confirmed
    for certificate in confirmed[:12]:
        moved = copy.deepcopy(certificate)
        name, value = next(iter(moved["proof"]["at"].items()))
        moved["proof"]["at"][name] = ["3/7", *value[1:]] if isinstance(value, list) else "3/7"
        assert not check(moved)
        assert not check({**certificate, "proof": {**certificate["proof"], "question": {**certificate["proof"]["question"], "domain": "t: (1/8, 1/4)"}}})


def with_values(**changed: Any) -> dict[str, Any]:
    """a*norm(w) + b is not strictly convex for a = 0 and b = 2, shown on the line w = t*(1, 0)."""
    question = {
        "format": 1, "property": "strictly_convex", "expression": "0*sqrt(t**2 + 0**2) + 2", "variables": "t", "domain": "t: (-oo, oo)", "parameters": "",
        "roles": {}, "holds": False, "status": "refuted", "constant": None,
        "proof": {"kind": "witness_strictness", "parameters": {}, "points": ["-1", "0", "1"]},
    }  # fmt: skip
    proof = {
        "kind": "line", "variable": "t", "at": {"w": ["0", "0"]}, "direction": {"w": ["1", "0"]}, "given": {"a": "0", "b": "2"}, "lengths": {"n": 2},
        "question": question, **changed.pop("proof", {}),
    }  # fmt: skip
    return {
        "format": 1, "property": "strictly_convex", "expression": "a*norm(w) + b", "variables": "w, b", "domain": "w: real; b: [0, oo)",
        "parameters": "a: [0, oo)", "roles": {"b": "target"}, "lengths": {"w": "n"}, "holds": False, "status": "undecided", "constant": None,
        "proof": proof, **changed,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "refuted"},  # false for one value is not false for all
        {"parameters": "a: (0, oo)"},
        {"domain": "w: real; b: (2, oo)"},
        {"parameters": "a: [0, oo); a > 0"},
        {"parameters": "a: [0, oo); c: [0, oo); a > c"},  # a value tied to one that stays open
        {"parameters": "a: [0, oo); c: (0, a)", "expression": "a*norm(w) + b + 0*c"},
        {"roles": {}},  # then b is asked about
        {"proof": {"given": {"a": "0"}}},
        {"proof": {"given": {"a": "1", "b": "2"}}},
        {"proof": {"given": {"a": "0", "b": "3"}}},
        {"proof": {"given": {"a": "0", "b": ["2", "2"]}}},
        {"proof": {"given": {"a": "0", "b": "2", "c": "1"}}},
    ],
    ids=str,
)
def test_values_of_parameters_on_a_line(changed: dict[str, Any]) -> None:
    assert check(with_values())
    assert check(with_values(parameters="a: [0, oo); a < 1"))
    assert not check(with_values(**changed))


def on_rays(property_id: str = "lipschitz", **changed: Any) -> dict[str, Any]:
    """i/u on the rays (0, t) and (t, t): its values 0 and 1 do not come together at the origin."""
    node = "Piecewise((0, t <= 0), (-1, True))"
    sides = [{"becomes": value, "node": node, "signs": [{"function": "t", "sign": sign, "proof": proof}]} for value, sign, proof in (
        ("-1", "+", {"kind": "structure", "expression": "t", "sign": "+"}), ("0", "0", {"kind": "zero", "expression": "0"}),
    )]  # fmt: skip
    piece = {"lower": "0", "upper": "1", "expression": "-1", "resolutions": [sides[0]]}
    limit = {"claim": "limit", "lower": "0", "upper": "1", "end": "lower", "at": "0", "order": 0, "value": "-1", "proof": {"kind": "constant", "value": "-1"}}
    question = {
        "format": 1, "property": "continuous", "expression": "Piecewise((0, t <= 0), (0/t - t/t, True))", "variables": "t", "domain": "t: [0, 1)",
        "parameters": "", "roles": {}, "holds": False, "status": "refuted", "constant": None,
        "proof": {
            "kind": "pieces", "variable": "t", "cell": "", "holds": False, "claims": [limit, {"claim": "different", "at": "0", "left": "-1", "right": "0"}],
            "shape": {"components": [{"pieces": [piece], "points": [{"at": "0", "value": "0", "resolutions": [sides[1]]}, None]}]},
        },
    }  # fmt: skip
    proof = {
        "kind": "rays", "variable": "t", "from": {"i": "0", "u": "0"}, "directions": [{"i": "0", "u": "1"}, {"i": "1", "u": "1"}], "given": {}, "lengths": {},
        "question": question, **changed.pop("proof", {}),
    }  # fmt: skip
    return {
        "format": 1, "property": property_id, "expression": "i/u", "variables": "i, u", "domain": "i: [0, oo); u: (0, oo); i <= u", "parameters": "",
        "roles": {}, "holds": False, "status": "refuted", "constant": None, "proof": proof, **changed,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"proof": {"directions": [{"i": "0", "u": "1"}, {"i": "2", "u": "1"}]}},  # leaves the domain, and has another difference
        {"proof": {"directions": [{"i": "1", "u": "1"}, {"i": "0", "u": "1"}]}},
        {"proof": {"directions": [{"i": "0", "u": "1"}]}},
        {"proof": {"from": {"i": "0", "u": "1"}}},
        {"proof": {"given": {"i": "0"}}},
        {"domain": "i: [0, oo); u: (0, 1/2); i <= u"},
        {"domain": "i: [0, oo); u: (0, oo); i < u"},
        {"domain": "i: [0, oo); u: (0, oo); 2*i < u"},
        {"expression": "i/u**2"},
        {"expression": "i + u"},
        {"expression": "(i - u)/u"},
        {"property_id": "continuous"},
        {"property_id": "convex"},
        {"status": "undecided"},
        {"holds": True, "status": "proved"},
        {"constant": "1"},
    ],
    ids=str,
)
def test_rays_that_show_nothing_are_refused(changed: dict[str, Any]) -> None:
    assert check(on_rays())
    assert check(on_rays("lipschitz_gradient"))
    assert not check(on_rays(**changed))


def test_a_lipschitz_gradient_needs_a_convex_domain() -> None:
    for condition in ("i**2 + u**2 < 4", "u != 5", "i*u < 9"):
        domain = f"i: [0, oo); u: (0, oo); i <= u; {condition}"
        assert not check(on_rays("lipschitz_gradient", domain=domain))
    assert check(on_rays("lipschitz_gradient", domain="i: [0, oo); u: (0, oo); i <= u; i + u < 4"))
    assert not check(on_rays("lipschitz_gradient", domain="i: [0, oo); u: (0, 5) U (6, oo); i <= u"))
    assert check(on_rays(domain="i: [0, oo); u: (0, 5) U (6, oo); i <= u"))


def at_the_target(domain: str = "m: real; v: (0, oo); y: real", property_id: str = "bounded_below", **changed: Any) -> dict[str, Any]:
    """log(v) + (m - y)**2/v is not bounded below: where m is y, whatever y is, it is log(v)."""
    expression = "log(v) + (m - y)**2/v"
    found = decide(expression, property_id, domain="m: real; v: (0, oo); y: real", roles={"m": "mean", "y": "target"}).certificate
    assert found is not None
    return {**copy.deepcopy(found), "domain": domain, **changed}


def test_a_line_through_the_target_settles_it_for_all_targets() -> None:
    for expression, domain in {
        "log(v) + (m - y)**2/v": "m: real; v: (0, oo); y: real",
        "Abs(e - lam*y) - log(lam)": "e: real; lam: (0, oo); y: real",  # e and lam go in the direction of (y, 1)
        "Abs(e - lam*y) - log(lam) ": "e: real; lam: (0, oo); y: [0, oo)",
    }.items():
        name = domain[0]
        for property_id in ("bounded_below", "nonnegative"):
            verdict = decide(expression, property_id, domain=domain, roles={name: "mean", "y": "target"})
            assert (verdict.status, verdict.checked) == ("refuted", True), (expression, property_id)
            assert verdict.certificate is not None
            assert verdict.certificate["proof"]["at"][name] == "y"


def test_a_line_stays_off_targets_where_it_may_leave_the_domain() -> None:
    """Where m > -1, it is bounded below for y = -2, and not for y = 0."""
    for domain in ("m: (-1, oo); v: (0, oo); y: real", "m: real; v: (0, oo); y: real; m > -1"):
        verdict = decide("log(v) + (m - y)**2/v", "bounded_below", domain=domain, roles={"m": "mean", "y": "target"})
        proof: Any = {} if verdict.certificate is None else verdict.certificate["proof"]
        assert verdict.holds is not True
        assert verdict.status == "undecided"
        assert "y" not in str(proof.get("at"))


def test_a_line_that_names_the_target_is_read_strictly() -> None:
    good = at_the_target()
    assert check(good)
    assert good["proof"]["at"] == {"m": "y", "v": "1"}
    assert not check(at_the_target("m: (-1, oo); v: (0, oo); y: real"))
    assert not check(at_the_target("m: real; v: (0, oo); y: real; m > y"))
    places = [{"m": text, "v": "1"} for text in ("z", "v", "t", "2*y", "0")]
    changed = [*(("at", place) for place in (*places, {"m": "0", "v": "y"})), *(("direction", {"m": "y", "v": text}) for text in ("0", "1"))]
    for field, value in changed:
        assert not check({**good, "proof": {**good["proof"], field: value}}), (field, value)
    assert not check(at_the_target(roles={"m": "mean"}))  # y is asked about too
