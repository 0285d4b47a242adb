"""Do the rules for several variables and vectors fire where they hold, and stay silent on formulas that nearly meet them?"""

from __future__ import annotations

from typing import Any

import pytest
import sympy

from lossgraph.model import Parameter, Variable, View
from lossgraph.verify.engine import decide_question
from lossgraph.verify.orders import by_orders
from lossgraph.verify.rays import refute_on_rays
from lossgraph.verify.several_proofs import prove_several
from lossgraph.verify.space import Interval
from lossgraph.verify.substitution import substituted
from lossgraph.verify.tree_facts import facts_prove
from tests.test_several_proofs import question_of

X: Any = sympy.Symbol("x", real=True)
Y: Any = sympy.Symbol("y", real=True)
Z: Any = sympy.Symbol("z", real=True)
LINE, RAY, OPEN = (Interval(),), (Interval(sympy.S.Zero, sympy.oo, False, True),), (Interval(sympy.S.Zero, sympy.oo),)
REALS = ((X, LINE), (Y, LINE), (Z, LINE))
LARGEST: Any = sympy.Max
LEAST: Any = sympy.Min
OVERLAP = LARGEST(0, LEAST(X, Y))


SHOWN: list[Any] = [
    (sympy.Max(X, Y) - sympy.Min(X, Y), ">= 0", REALS, ()),
    (sympy.Max(X, Y) - sympy.Min(X, Y), "> 0", REALS, (X < Y,)),
    (sympy.Max(X, Y) + sympy.Min(X, Y) - X - Y, "= 0", REALS, ()),
    (X * Y - OVERLAP**2, ">= 0", ((X, RAY), (Y, RAY)), ()),
    (X + Y - OVERLAP, "> 0", ((X, OPEN), (Y, RAY)), ()),
    (sympy.Abs(X - Y) + sympy.Abs(Y - Z) - sympy.Abs(X - Z), ">= 0", REALS, ()),
    (sympy.sign(X - Y), ">= 0", REALS, (X >= Y, Z > 0, X < Y + 1)),
]


@pytest.mark.parametrize(("expression", "claim", "symbols", "conditions"), SHOWN)
def test_orders(expression: Any, claim: str, symbols: Any, conditions: Any) -> None:
    assert by_orders(expression, claim, symbols, conditions)


OPEN_CLAIMS: list[Any] = [
    (sympy.Max(X, Y) - sympy.Min(X, Y), "> 0", REALS, ()),  # zero where they meet
    (sympy.Max(X, Y) - sympy.Min(X, Y), "> 0", REALS, (X <= Y,)),
    (X + Y - OVERLAP, "> 0", ((X, RAY), (Y, RAY)), ()),  # zero at 0
    (sympy.Abs(X - Y) + sympy.Abs(Y - Z) - 2 * sympy.Abs(X - Z), ">= 0", REALS, ()),
    (1 - sympy.sign(X - Y), "> 0", REALS, ()),
    (sympy.Piecewise((1, X > Y), (-1, True)), ">= 0", REALS, (X >= Y,)),  # -1 where they are equal
    (sympy.Max(X, Y) - X - Y, "= 0", ((X, RAY), (Y, RAY)), ()),
]


@pytest.mark.parametrize(("expression", "claim", "symbols", "conditions"), OPEN_CLAIMS)
def test_orders_do_not_say_more(expression: Any, claim: str, symbols: Any, conditions: Any) -> None:
    assert not by_orders(expression, claim, symbols, conditions)


def vector(domain: str = "real", role: str | None = None, length: str | int = "n") -> Variable:
    return Variable(domain, role, length)


P, G, Q = vector("(0, 1)", "probability", "K"), vector("{0, 1}", "target"), vector("simplex", "outcome", "K")
VIEWS: dict[str, View] = {
    "log": View("v", "-dot(q, log(p))", {"p": P, "q": Q}, constraint="sum(p) == 1"),
    "log without a sum": View("v", "-dot(q, log(p))", {"p": P, "q": Q}),
    "log, open outcome": View("v", "-dot(q, log(p))", {"p": P, "q": vector("(0, 1)", "outcome", "K")}, constraint="sum(p) == 1; sum(q) == 1"),
    "brier": View("v", "sum((p - q)**2)", {"p": P, "q": Q}, constraint="sum(p) == 1"),
    "linear": View("v", "sum(Abs(p - q))", {"p": P, "q": Q}, constraint="sum(p) == 1"),
    "constant": View("v", "sum(q)", {"p": P, "q": Q}, constraint="sum(p) == 1"),
    "squares": View("v", "sum((f - g)**2)", {"f": vector(role="prediction"), "g": vector(role="target")}),
    "square of the sum": View("v", "sum(f - g)**2", {"f": vector(role="prediction"), "g": vector(role="target")}),
    "half": View("v", "sum(Max(0, f - g)**2)", {"f": vector(role="prediction"), "g": vector(role="target")}),
    "weighted": View("v", "dot(w, (f - g)**2)", {"f": vector(role="prediction"), "g": vector(role="target")}, {"w": Parameter("[0, oo)", length="n")}),
    "cosine": View("v", "1 - dot(f, g)/(norm(f)*norm(g))", {"f": vector(role="prediction"), "g": vector(role="target")}, constraint="norm(f) > 0; norm(g) > 0"),
    "one number": View("v", "(p - y)**2", {"p": Variable("[0, 1]", "probability"), "y": Variable("[0, 1]", "target")}),
    "not of one kind": View("v", "sum((f - g)**2)", {"f": vector(role="prediction"), "g": vector("[0, 1]", "target")}),
    "a number and a vector": View("v", "a + sum(b**2)", {"a": Variable("real"), "b": vector()}),
    "dice": View("v", "1 - (2*dot(sigmoid(z), g) + 1)/(sum(sigmoid(z)) + sum(g) + 1)", {"z": vector(role="logit"), "g": G}),
    "not only sigmoid": View("v", "sum(sigmoid(z)) + sum(z)", {"z": vector(role="logit"), "g": G}),
    "ssim": View(
        "v", "1 - (2*dot(x, y)/n - 2*sum(x)*sum(y)/n**2 + 1)/(dot(x, x)/n - sum(x)**2/n**2 + dot(y, y)/n - sum(y)**2/n**2 + 1)",
        {"x": vector(role="prediction"), "y": vector(role="target")},
    ),
    "ssim, more": View(
        "v", "1 - (2*dot(x, y)/n - 2*sum(x)*sum(y)/n**2 + 2)/(dot(x, x)/n - sum(x)**2/n**2 + dot(y, y)/n - sum(y)**2/n**2 + 1)",
        {"x": vector(role="prediction"), "y": vector(role="target")},
    ),
    "apart": View("v", "sum(a**2) + sum(exp(b))", {"a": vector(), "b": vector()}),
    "together": View("v", "sum(a**2) + dot(a, b)", {"a": vector(), "b": vector()}),
    "ratio": View("v", "i/u", {"i": Variable("[0, oo)"), "u": Variable("(0, oo)")}, constraint="i <= u"),
    "ratio, away from 0": View("v", "i/u", {"i": Variable("[0, 1]"), "u": Variable("[1, oo)")}),
    "quotient": View("v", "x/(1 + y)", {"x": Variable("[0, oo)"), "y": Variable("[0, oo)")}),
    "quotient of two convex": View("v", "(1 + x**2)/(1 + y**2)", {"x": Variable("[0, oo)"), "y": Variable("[0, oo)")}),
    "convex over concave": View("v", "(1 + x**2)/(1 + sqrt(y))", {"x": Variable("[0, oo)"), "y": Variable("[0, oo)")}),
    "even": View("v", "cosh(x - y/(1 + y))", {"x": Variable("[-1, 1]"), "y": Variable("[0, oo)")}),
    "log sum exp": View("v", "log(exp(x) + exp(-y)) - x", {"x": Variable("real"), "y": Variable("real")}),
    "log sum of a square": View("v", "log(exp(x) + exp(y**2)) - x", {"x": Variable("real"), "y": Variable("real")}),
    "root": View("v", "sqrt((x**2 + y**2)/2)", {"x": Variable("real"), "y": Variable("real")}),
    "root of a difference": View("v", "sqrt(1 + x**2 - y**2)", {"x": Variable("real"), "y": Variable("[0, 1]")}),
    "share": View("v", "1 - dot(q, softmax(z))", {"z": vector(role="logit", length="K"), "q": vector("{0, 1}", "outcome", "K")}, constraint="sum(q) == 1"),
    "shares": View("v", "1 - dot(q, softmax(z))", {"z": vector(role="logit", length="K"), "q": Q}),
    "product": View("v", "x*y", {"x": Variable("real"), "y": Variable("real")}),
    "cubic": View("v", "x*y**2", {"x": Variable("real"), "y": Variable("real")}),
    "direction": View("v", "dot(f, g)/norm(f)", {"f": vector(role="prediction"), "g": vector(role="target")}, constraint="norm(f) > 0"),
    "direction, away from 0": View("v", "dot(f, g)/norm(f)", {"f": vector(role="prediction"), "g": vector(role="target")}, constraint="norm(f) > 1"),
    "length": View("v", "norm(f) + sum(f)", {"f": vector(role="prediction")}, constraint="norm(f) > 0"),
    "divided": View("v", "1/sum(Max(0, f - g)**2)", {"f": vector(role="prediction"), "g": vector(role="target")}),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "property_id", "holds"),
    [
        ("log", "proper", True), ("log", "strictly_proper", True), ("brier", "strictly_proper", True), ("linear", "proper", False),
        ("constant", "strictly_proper", False),
        ("squares", "zero_only_at_target", True), ("square of the sum", "zero_only_at_target", False), ("half", "zero_only_at_target", False),
        ("weighted", "zero_only_at_target", False), ("cosine", "zero_only_at_target", False), ("cosine", "symmetric", True), ("squares", "symmetric", True),
        ("half", "symmetric", False), ("not of one kind", "symmetric", False), ("a number and a vector", "symmetric", False), ("cosine", "quasiconvex", False),
        ("dice", "zero_only_at_target", True), ("dice", "nonnegative", True), ("ssim", "nonnegative", True), ("ssim", "bounded_above", True),
        ("ratio", "lipschitz", False), ("ratio", "lipschitz_gradient", False), ("ratio, away from 0", "lipschitz", True), ("quotient", "quasiconvex", True),
        ("quotient of two convex", "quasiconvex", False), ("convex over concave", "quasiconvex", True), ("even", "quasiconvex", False),
        ("log sum exp", "lipschitz_gradient", True), ("log sum exp", "convex", True), ("log sum of a square", "lipschitz", False),
        ("root", "convex", True), ("root", "lipschitz", True), ("root of a difference", "convex", False), ("share", "quasiconvex", True),
        ("share", "lipschitz", True), ("product", "lipschitz_gradient", True), ("cubic", "lipschitz_gradient", False), ("direction", "lipschitz", False),
        ("apart", "strictly_convex", True), ("apart", "strongly_convex", False), ("together", "convex", False),
    ],
)  # fmt: skip
def test_verdicts(name: str, property_id: str, holds: bool) -> None:
    found = decide_question(question_of(VIEWS[name], property_id))
    assert found.holds is holds, found.reason


@pytest.mark.parametrize(
    ("name", "property_id"),
    [
        ("ratio", "lipschitz"), ("quotient of two convex", "quasiconvex"), ("even", "quasiconvex"), ("log sum of a square", "lipschitz_gradient"),
        ("root of a difference", "convex"), ("root", "lipschitz_gradient"), ("shares", "quasiconvex"), ("cubic", "lipschitz_gradient"),
    ],
)  # fmt: skip
def test_rules_of_form_do_not_say_more(name: str, property_id: str) -> None:
    assert facts_prove(question_of(VIEWS[name], property_id)) is None


@pytest.mark.parametrize(
    ("name", "property_id"),
    [
        ("ratio, away from 0", "lipschitz_gradient"), ("product", "lipschitz_gradient"), ("log sum exp", "lipschitz_gradient"),
        ("direction, away from 0", "lipschitz"), ("length", "lipschitz"),
    ],
)  # fmt: skip
def test_no_rays_refute_a_truth(name: str, property_id: str) -> None:
    assert refute_on_rays(question_of(VIEWS[name], property_id)) is None


@pytest.mark.parametrize(
    ("name", "property_id"),
    [
        ("log without a sum", "proper"), ("log, open outcome", "proper"), ("linear", "proper"), ("constant", "strictly_proper"),
        ("weighted", "zero_only_at_target"),
        ("square of the sum", "zero_only_at_target"), ("half", "zero_only_at_target"), ("half", "symmetric"),
        ("divided", "nonnegative"), ("ssim, more", "nonnegative"), ("apart", "strongly_convex"), ("together", "strictly_convex"),
        ("not of one kind", "symmetric"),
    ],
)  # fmt: skip
def test_near_misses_are_not_proved(name: str, property_id: str) -> None:
    assert prove_several(question_of(VIEWS[name], property_id)) is None


def test_symmetric_of_one_number_is_about_its_sign() -> None:
    assert question_of(VIEWS["one number"], "symmetric").swapped() is None
    assert question_of(VIEWS["cosine"], "symmetric").swapped() == ("f", "g")
    assert question_of(VIEWS["not of one kind"], "symmetric").swapped() is None


def test_only_a_logit_under_sigmoid_is_replaced() -> None:
    assert substituted(question_of(VIEWS["not only sigmoid"], "nonnegative")) is None
    assert substituted(question_of(VIEWS["dice"], "convex")) is None
    inner = substituted(question_of(VIEWS["dice"], "lipschitz"))
    assert inner is not None
    assert str(inner.sets["z"][0]) == "[0, 1]"
