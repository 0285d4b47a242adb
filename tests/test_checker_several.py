"""Does the checker confirm proofs about vectors that are right, and refuse each of them once a fact, number, sign, name or rule in it is changed?"""

from __future__ import annotations

import copy
import json
import random
import re
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lossgraph.checker import check
from tests.shipped import shipped_verdicts
from tests.test_checker_mutations import changed, is_true_of_others, leaves, mutants

LEAVES = 14
OF_A_RULE = 4


def certificates() -> list[dict[str, Any]]:
    """Every shipped proof about several variables or vectors."""
    return [certificate for _, _, certificate in shipped_verdicts() if certificate["proof"]["kind"] == "several"]


def by_rule() -> dict[str, list[dict[str, Any]]]:
    """The shortest certificates of each rule that are confirmed, of different properties first."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for certificate in sorted(certificates(), key=lambda certificate: len(str(certificate))):
        chosen = found[certificate["proof"]["rule"]]
        fresh = certificate["property"] not in {other["property"] for other in chosen}
        if len(chosen) < OF_A_RULE and fresh and check(certificate):
            chosen.append(certificate)
    return found


RULES = by_rule()
CONFIRMED = sorted(rule for rule, chosen in RULES.items() if chosen)  # the engine's newest rules are not read by the checker yet


def test_nearly_all_are_confirmed() -> None:
    found = certificates()
    confirmed = sum(check(certificate) for certificate in found)
    assert len(found) > 500
    assert confirmed >= 0.9 * len(found), f"{confirmed} of {len(found)}"  # the aim is 0.95, once the engine's newest rules are read


def is_weaker(path: tuple[str | int, ...], old: Any, new: Any) -> bool:
    """Whether a fact is changed into another one that follows from it: `<= 1` into `<= 2`, `>= -1` into `>= -2`."""
    if "facts" not in path or not isinstance(old, str) or old[:2] not in {"<=", ">="} or old[:2] != new[:2]:
        return False
    before, after = Fraction(old[3:]), Fraction(new[3:])
    return after >= before if old[0] == "<" else after <= before


@pytest.mark.parametrize("rule", CONFIRMED)
def test_mutants_of_each_rule_are_refused(rule: str) -> None:
    random.seed(5)
    tried, accepted = 0, list[Any]()
    for certificate in RULES[rule]:
        every = [(path, value) for path, value in leaves(certificate) if not is_true_of_others(certificate, path)]
        for path, value in random.sample(every, min(LEAVES, len(every))):
            for other in mutants(value):
                if is_weaker(path, value, other):
                    continue
                tried += 1
                if check(changed(certificate, path, other)):
                    accepted.append((certificate["expression"], certificate["property"], path, value, other))
    assert tried > 10
    assert not accepted, f"{len(accepted)} of {tried}: {accepted[:6]}"


@pytest.mark.parametrize("rule", CONFIRMED)
def test_a_rule_shows_nothing_else(rule: str) -> None:
    """The same proof under the name of another rule, for a property that it does not show, or with a field that no document knows, is refused."""
    properties = {"convex", "strongly_convex", "lipschitz", "bounded_above", "nonnegative", "symmetric", "zero_at_target", "quasiconvex"}
    shown = {certificate["property"] for certificate in certificates() if certificate["proof"]["rule"] == rule}
    for certificate in RULES[rule]:
        proof = certificate["proof"]
        assert not any(check({**certificate, "proof": {**proof, "rule": other}}) for other in set(RULES) - {rule})
        assert not any(check({**certificate, "property": other}) for other in properties - shown)
        assert not check({**certificate, "proof": {**proof, "more": []}})
        assert not check({**certificate, "constant": "7"})
        assert not check({**certificate, "holds": False, "status": "refuted"})


def facts_of(
    expression: str, property_id: str, domain: str, lengths: dict[str, Any] | None = None, parameters: str = "", roles: dict[str, str] | None = None
) -> dict[str, Any]:
    """A certificate that claims a property by the fact that it needs, and nothing else."""
    needed = {"convex": "convex", "quasiconvex": "quasi", "lipschitz": "lipschitz", "lipschitz_gradient": "gradient", "nonnegative": ">= 0",
              "bounded_below": "below", "bounded_above": "above"}[property_id]  # fmt: skip
    names = [part.split(":")[0].strip() for part in domain.split(";") if ":" in part]
    return {
        "format": 1, "property": property_id, "expression": expression, "variables": ", ".join(names), "domain": domain, "parameters": parameters,
        "roles": roles or {},
        **({"lengths": lengths} if lengths else {}), "holds": True, "status": "proved", "constant": None,
        "proof": {"kind": "several", "rule": "composition", "formula": expression, "facts": {expression: [needed]}},
    }  # fmt: skip


TRUE = [
    ("norm(a - b)", "convex", "a: real; b: real", {"a": "n", "b": "n"}),
    ("logsumexp(z) + sum(exp(z))", "convex", "z: real", {"z": "K"}),
    ("exp(norm(a))", "convex", "a: real", {"a": "n"}),
    ("x**2 + Abs(y)", "convex", "x: real; y: real", None),
    ("1/(x + y)", "convex", "x: (0, oo); y: (0, oo)", None),
    ("sqrt(x)", "quasiconvex", "x: [0, oo); y: real", None),
    ("tanh(x) + softplus(y)", "lipschitz", "x: real; y: real", None),
    ("logsumexp(z) - dot(y, z)", "nonnegative", "z: real; y: simplex", {"z": "K", "y": "K"}),
    ("sum(p*q)", "bounded_above", "p: [0, 1]; q: [0, 1]", {"p": "n", "q": "n"}),
    ("x*y", "lipschitz_gradient", "x: real; y: real", None),
    ("(x - y)/(x + y)", "quasiconvex", "x: (0, oo); y: (0, oo)", None),
    ("x**2/sqrt(y)", "quasiconvex", "x: real; y: (0, oo)", None),
    ("-sqrt(x)/cosh(y)", "quasiconvex", "x: [0, oo); y: real", None),
    ("log(x + y) - log(x + 2*y)", "quasiconvex", "x: (0, oo); y: (0, oo)", None),
    ("dot(w, softmax(z))", "lipschitz_gradient", "z: real; w: {0, 1}; sum(w) == 1", {"z": "K", "w": "K"}),
    ("1 - dot(w, softmax(z))**(1/2)", "quasiconvex", "z: real; w: {0, 1}; sum(w) == 1", {"z": "K", "w": "K"}),
    ("dot(w, e) + logsumexp(-c*e)/c", "nonnegative", "e: real; w: simplex", {"e": "K", "w": "K"}),
    ("dot(softmax(t), t - z) - logsumexp(t) + logsumexp(z)", "nonnegative", "z: real; t: real", {"t": "K", "z": "K"}),
    ("(1 - dot(p, g)/(dot(p, g) + sum(p*(1 - g)) + 1))**(1/c)", "quasiconvex", "p: [0, 1]; g: {0, 1}", {"p": "n", "g": "n"}),
    ("cosh(1 - dot(p, g)/(dot(p, g) + sum(p*(1 - g)) + 1))", "quasiconvex", "p: [0, 1]; g: {0, 1}", {"p": "n", "g": "n"}),
    ("x/(1 - b**c)", "bounded_below", "x: [0, 1]; b: [0, 1/2]", None),
    ("-2*dot(a, b)/(norm(a)*norm(b)) + 2", "nonnegative", "a: real; b: real; norm(a) > 0; norm(b) > 0", {"a": "n", "b": "n"}),
    ("K*logsumexp(z) - sum(z)", "nonnegative", "z: real", {"z": "K"}),
    ("(logsumexp(z) - dot(w, z))/(K*logsumexp(z) - sum(z))", "lipschitz_gradient", "z: real; w: simplex", {"z": "K", "w": "K"}),
    ("(logsumexp(z) - dot(w, z))/(K*logsumexp(z) - sum(z))", "bounded_above", "z: real; w: simplex", {"z": "K", "w": "K"}),
    ("log(sum((1 - w)*exp(z)))", "convex", "z: real; w: {0, 1}; sum(w) == 1", {"z": "K", "w": "K"}),
    ("log(1 + sum(w*exp(3*z)))", "lipschitz_gradient", "z: real; w: [0, 2]", {"z": "n", "w": "n"}),
    ("log(1/2 + sum(w*exp(z**2)))", "convex", "z: real; w: [0, 2]", {"z": "n", "w": "n"}),
    ("Piecewise((x**2, g > 0), (Abs(x), True))", "convex", "x: real; g: real", None),
    ("Piecewise((log(1 + exp(x)), g > 0), (x, True))", "lipschitz", "x: real; g: real", None),
]
FALSE = [
    ("-norm(a)", "convex", "a: real", {"a": "n"}),
    ("norm(a) - norm(b)", "convex", "a: real; b: real", {"a": "n", "b": "n"}),
    ("x*y", "convex", "x: real; y: real", None),
    ("sqrt(x + y)", "lipschitz", "x: [0, oo); y: [0, oo)", None),
    ("exp(x) + y", "lipschitz", "x: real; y: real", None),
    ("Abs(x) + y", "lipschitz_gradient", "x: real; y: real", None),
    ("1/(x + y)", "convex", "x: real; y: real", None),  # no value where x + y = 0
    ("log(x) + y", "bounded_below", "x: [0, 1]; y: [0, 1]", None),  # no value at 0
    ("sum(log(p))", "convex", "p: (0, 1)", {"p": "n"}),
    ("x**2 + y", "convex", "x: [0, 1] U [2, 3]; y: real", None),  # the domain is not convex
    ("x + y", "convex", "x: real; y: real; x**2 + y**2 > 1", None),
    ("x + y", "convex", "x: real; y: real; x != y", None),
    ("1 - sum(p)", "nonnegative", "p: [0, 1]", {"p": "n"}),  # true of one component only
    ("logsumexp(z)", "nonnegative", "z: real", {"z": "n"}),
    ("logsumexp(z) - dot(y, z)", "nonnegative", "z: real; y: [0, 1]", {"z": "n", "y": "n"}),  # y need not sum to 1
    ("dot(p, log(p) - log(q))", "nonnegative", "p: (0, 1); q: (0, 1)", {"p": "n", "q": "n"}),
    ("dot(a, b)/(norm(a)*norm(a))", "bounded_above", "a: real; b: real; norm(a) > 0", {"a": "n", "b": "n"}),
    ("dot(a, b)/(norm(a)*norm(b))", "bounded_above", "a: real; b: real", {"a": "n", "b": "n"}),  # no value where a is 0
    ("sum(a)/n - 1", "nonnegative", "a: [0, oo)", {"a": "n"}),
    ("x**(-1) + y", "quasiconvex", "x: real; y: real", None),
    ("x*y", "lipschitz", "x: real; y: real", None),
    ("(x - y)/(x + y)", "quasiconvex", "x: real; y: real", None),  # it has no value where x + y = 0
    ("x**2/y", "quasiconvex", "x: real; y: (-oo, 0)", None),  # the divisor is negative: concave
    ("x**2/cosh(y)", "quasiconvex", "x: real; y: real", None),  # the divisor is not concave
    ("x**2/y**2", "quasiconvex", "x: (0, oo); y: (0, oo)", None),
    ("exp(x)/cosh(y)", "quasiconvex", "x: real; y: real", None),
    ("log(x + y) - log(x**2 + y**2)", "quasiconvex", "x: (0, oo); y: (0, oo)", None),
    ("dot(w, softmax(z))", "quasiconvex", "z: real; w: {0, 1}; sum(w) == 1", {"z": "K", "w": "K"}),  # it is quasiconcave
    ("1 - dot(w, softmax(z))", "quasiconvex", "z: real; w: {0, 1}", {"z": "K", "w": "K"}),  # w need not sum to 1
    ("1 - dot(w, softmax(z))", "quasiconvex", "z: real; w: simplex", {"z": "K", "w": "K"}),  # w need not be one-hot
    ("1/dot(w, softmax(z))", "bounded_above", "z: real; w: {0, 1}; sum(w) == 1", {"z": "K", "w": "K"}),
    ("dot(w, e) + logsumexp(-2*c*e)/c", "nonnegative", "e: real; w: simplex", {"e": "K", "w": "K"}),
    ("dot(w, e) + logsumexp(-c*e)/c", "nonnegative", "e: real; w: [0, 1]", {"e": "K", "w": "K"}),
    ("dot(softmax(t), t - z) - logsumexp(t) + logsumexp(2*z)", "nonnegative", "z: real; t: real", {"t": "K", "z": "K"}),
    ("dot(softmax(t), z - t) - logsumexp(z) + logsumexp(t)", "nonnegative", "z: real; t: real", {"t": "K", "z": "K"}),
    ("cosh(1 - 2*dot(p, g)/(dot(p, g) + sum(p*(1 - g)) + 1))", "quasiconvex", "p: [0, 1]; g: {0, 1}", {"p": "n", "g": "n"}),
    ("x/(1 - b**c)", "bounded_below", "x: [0, 1]; b: [0, 1]", None),
    ("2*dot(a, b)/(norm(a)*norm(a))", "bounded_above", "a: real; b: real; norm(a) > 0; norm(b) > 0", {"a": "n", "b": "n"}),
    ("1/(n*logsumexp(z) - sum(z))", "bounded_above", "z: real", {"z": "n"}),  # no value where n is 1
    ("K*logsumexp(z) - sum(2*z)", "nonnegative", "z: real", {"z": "K"}),
    ("(logsumexp(z) - dot(w, z))/(K*logsumexp(z) - sum(z))", "bounded_above", "z: real; w: [0, 1]", {"z": "K", "w": "K"}),  # w need not sum to 1
    ("(logsumexp(z) - dot(w, 2*z))/(K*logsumexp(z) - sum(z))", "bounded_above", "z: real; w: simplex", {"z": "K", "w": "K"}),
    ("log(sum((1 - w)*exp(z)))", "convex", "z: real; w: {0, 1}; sum(w) == 1", {"z": "n", "w": "n"}),  # no value where n is 1
    ("log(sum((1 - w)*exp(z)))", "convex", "z: real; w: {0, 1}", {"z": "K", "w": "K"}),  # no value where every w is 1
    ("log(sum((1 - w)*exp(z)))", "bounded_below", "z: real; w: {0, 1}; sum(w) == 1", {"z": "K", "w": "K"}),
    ("log(1 + sum(w*exp(z)))", "lipschitz", "z: real; w: [-1, 1]", {"z": "n", "w": "n"}),
    ("log(2 + sum(w*exp(z)))", "lipschitz", "z: real; w: [-1, 0]; 2 + sum(w*exp(z)) > 0", {"z": "n", "w": "n"}),
    ("log(1 + sum(w*exp(z**2)))", "lipschitz", "z: real; w: [0, 1]", {"z": "n", "w": "n"}),
    ("log(1 + sum(w*exp(-z**2)))", "convex", "z: real; w: [0, 1]", {"z": "n", "w": "n"}),
    ("log(1/2 + sum(w*exp(z)))", "nonnegative", "z: real; w: [0, 1]", {"z": "n", "w": "n"}),
    ("Piecewise((x**2, g > 0), (-x**2, True))", "convex", "x: real; g: real", None),
    ("Piecewise((x, x > 0), (x**2, True))", "quasiconvex", "x: real; g: real", None),
    ("Piecewise((x, x > 0), (-2*x, True))", "lipschitz_gradient", "x: real; g: real", None),
]


def _rest(expression: str) -> tuple[str, dict[str, str]]:
    """The parameter c, where the formula names it; w and g are data."""
    return ("c: [1, oo)" if re.search(r"\bc\b", expression) else ""), {name: "target" for name in ("g", "w") if re.search(rf"\b{name}\b", expression)}


@pytest.mark.parametrize(("expression", "name", "domain", "lengths"), TRUE)
def test_what_follows_is_confirmed(expression: str, name: str, domain: str, lengths: dict[str, Any] | None) -> None:
    assert check(facts_of(expression, name, domain, lengths, *_rest(expression)))


@pytest.mark.parametrize(("expression", "name", "domain", "lengths"), FALSE)
def test_what_is_false_or_has_no_value_is_refused(expression: str, name: str, domain: str, lengths: dict[str, Any] | None) -> None:
    assert not check(facts_of(expression, name, domain, lengths, *_rest(expression)))


def in_components(rule: str, expression: str, formula: str, domain: str = "s: real; g: real", **lengths: int) -> dict[str, Any]:
    """A certificate about vectors of fixed lengths, whose components are numbers."""
    property_id = {"continuous": "continuous", "analytic": "twice_continuously_differentiable"}[rule]
    more = {"continuous": "composition"} if rule == "continuous" else {}
    return {
        "format": 1, "property": property_id, "expression": expression, "variables": "s, g", "domain": domain, "parameters": "", "roles": {"g": "target"},
        "lengths": lengths or {"s": 2, "g": 2}, "holds": True, "status": "proved", "constant": None,
        "proof": {"kind": "several", "rule": rule, "formula": formula, **more},
    }  # fmt: skip


def test_components_of_vectors_of_a_fixed_length_are_numbers() -> None:
    good = (
        "Piecewise((log(1 + exp(s[1] - s[0])), g[0] >= g[1]), (dot(s, g), True))",
        "Piecewise((log(exp(s_1 - s_0) + 1), g_0 >= g_1), (g_0*s_0 + g_1*s_1, True))",
    )
    assert check(in_components("analytic", *good))
    assert check(in_components("continuous", *good))
    assert check(in_components("continuous", "norm(s) + sqrt(g[0])", "sqrt(s_0**2 + s_1**2) + sqrt(g_0)", "s: real; g: [0, oo)"))
    for rule, expression, formula in [
        ("analytic", good[0], good[1].replace("s_1 - s_0", "s_0 - s_1")),
        ("analytic", good[0].replace("g[0] >=", "s[0] >="), good[1].replace("g_0 >=", "s_0 >=")),  # a branch on what varies
        ("analytic", "Abs(s[0] - s[1])", "Abs(s_0 - s_1)"),
        ("continuous", "sign(s[0] - g[0])", "sign(s_0 - g_0)"),
        ("continuous", "1/s[0]", "1/s_0"),
        ("analytic", "norm(s)", "sqrt(s_0**2 + s_1**2)"),
        ("analytic", "s[0] + s[2]", "s_0 + s_2"),
    ]:
        assert not check(in_components(rule, expression, formula)), (rule, expression)
    assert not check(in_components("continuous", "norm(s) + sqrt(g[0])", "sqrt(s_0**2 + s_1**2) + sqrt(g_0)"))
    assert not check(in_components("analytic", "sum(s)", "s_0", s=10**9, g=2))
    assert check(in_components("analytic", "Abs(g[0])*s[0]", "s_0*Abs(g_0)"))  # for fixed data a number


def test_a_fact_that_does_not_follow_refutes_the_whole() -> None:
    certificate = facts_of("norm(a)**2", "convex", "a: real", {"a": "n"})
    assert check(certificate)
    for text, claims in (("norm(a)", ["concave"]), ("norm(a)", [">= 1"]), ("a", ["positive"]), ("norm(a)", ["smooth"]), ("norm(b)", ["convex"])):
        wrong = copy.deepcopy(certificate)
        wrong["proof"]["facts"][text] = claims
        assert not check(wrong), (text, claims)


KEPT = json.loads((Path(__file__).parent / "oracle" / "several_certificates.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("certificate", KEPT, ids=lambda certificate: f"{certificate['proof']['rule']}-{certificate['property']}")
def test_certificates_of_further_rules(certificate: dict[str, Any]) -> None:
    """Zeros at the target only, proper vectors, sigmoids and swaps: confirmed, and refused when a leaf of the proof is changed."""
    assert check(certificate)
    accepted: list[Any] = []
    for path, value in leaves(certificate):
        if path[0] == "proof":
            accepted += [(path, value, other) for other in mutants(value) if check(changed(certificate, path, other))]
    assert not accepted
