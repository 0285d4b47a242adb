"""Are refutations on lines, and proofs from the leaves up, right: falsehoods refuted, truths proved, and never the other way round?"""

from __future__ import annotations

from fractions import Fraction

import pytest

import lossgraph
from lossgraph.formula.parse import parse_expression
from lossgraph.model import Parameter, Variable, Verdict, View
from lossgraph.verify import engine
from lossgraph.verify.engine import decide_question
from lossgraph.verify.lines import Frame, Tried, affine, refute_on_lines
from lossgraph.verify.monomials import product_of, sum_of
from lossgraph.verify.tree_facts import facts_prove
from tests.test_several_proofs import question_of

R, P, G = Variable("real", "residual", "n"), Variable("[0, 1]", "probability", "n"), Variable("{0, 1}", "target", "n")
Z, Y, E = Variable("real", "logit", "K"), Variable("simplex", "outcome", "K"), Variable("real", "embedding", "d")
POSITIVE = Parameter("(0, oo)", 1.0)
DISTANCE = Variable("[0, oo)")
TRIPLET = View("v", "Max(0, m + near - far)", {"near": DISTANCE, "far": DISTANCE}, {"m": POSITIVE})
EMBEDDED = View("v", "Max(0, m + norm(a - p) - norm(a - n))", {"a": E, "p": E, "n": E}, {"m": POSITIVE})
SOFTMAX = View("v", "logsumexp(z) - dot(y, z)", {"z": Z, "y": Y})
ROOT = View("v", "norm(r)/sqrt(n)", {"r": R})
DICE = View("v", "1 - (2*dot(p, g) + s)/(sum(p) + sum(g) + s)", {"p": P, "g": G}, {"s": POSITIVE})
GAUSS = View("v", "(log(v) + (u - y)**2/v)/2", {"u": Variable(), "v": Variable("(0, oo)"), "y": Variable("real", "target")})
SADDLE = View("v", "x*y", {"x": Variable(), "y": Variable()})
TRUE = [
    (TRIPLET, "convex quasiconvex lipschitz nonnegative bounded_below continuous"),
    (EMBEDDED, "lipschitz nonnegative bounded_below continuous"),
    (SOFTMAX, "convex quasiconvex lipschitz lipschitz_gradient nonnegative bounded_below"),
    (ROOT, "convex quasiconvex lipschitz nonnegative symmetric"),
    (DICE, "quasiconvex lipschitz bounded_above nonnegative"),
]
FALSE = [
    (TRIPLET, "differentiable strictly_convex strongly_convex bounded_above symmetric lipschitz_gradient"),
    (EMBEDDED, "convex quasiconvex differentiable bounded_above symmetric"),
    (SOFTMAX, "strictly_convex strongly_convex bounded_above symmetric"),
    (ROOT, "differentiable continuously_differentiable lipschitz_gradient strictly_convex bounded_above"),
    (DICE, "convex strictly_convex strongly_convex symmetric"),
    (GAUSS, "convex lipschitz lipschitz_gradient bounded_above symmetric"),
    (SADDLE, "convex quasiconvex bounded_below bounded_above nonnegative lipschitz strictly_convex"),
]
CASES = [(view, name, holds) for cases, holds in ((TRUE, True), (FALSE, False)) for view, words in cases for name in words.split()]


@pytest.mark.parametrize(("view", "name", "holds"), CASES, ids=lambda part: getattr(part, "expression", part) if not isinstance(part, bool) else str(part))
def test_verdict(view: View, name: str, holds: bool) -> None:
    found = decide_question(question_of(view, name))
    assert found.holds is holds, found.reason
    assert found.status == ("proved" if holds else "refuted")


@pytest.mark.parametrize(("view", "name"), [(view, name) for view, name, holds in CASES if holds and view in (TRIPLET, ROOT)])
def test_no_line_refutes_a_truth(view: View, name: str) -> None:
    assert refute_on_lines(question_of(view, name)) is None


@pytest.mark.parametrize(("view", "name"), [(view, name) for view, name, holds in CASES if not holds])
def test_no_rule_proves_a_falsehood(view: View, name: str) -> None:
    assert facts_prove(question_of(view, name)) is None


def test_a_line_lies_in_the_domain() -> None:
    """With p summing to 1 the direction sums to 0, and the line ends where a component does."""
    view = View("v", "-dot(y, log(p))", {"p": Variable("(0, 1)", "probability", "K"), "y": Y}, constraint="sum(p) == 1")
    found = refute_on_lines(question_of(view, "bounded_above"))
    assert found is not None
    proof, settled = found
    assert settled
    assert sum(int(step) for step in proof["direction"]["p"]) == 0
    assert proof["question"]["status"] == "refuted"


def test_a_line_that_takes_long_keeps_none_behind_it_from_being_tried() -> None:
    """The first two lines of this card, along which log-gammas meet, are not decided in many seconds; the third is in a tenth of one."""
    view = next(view for view in lossgraph.load()["negative_binomial_nll"].views if view.name == "log_mean")
    found = refute_on_lines(question_of(view, "strongly_convex"), settling=True)
    assert found is not None
    assert found[1]
    assert found[0]["question"]["status"] == "refuted"


def test_no_line_is_decided_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(question: engine.Question) -> Verdict:
        asked.append(question.text)
        return decide_question(question)

    monkeypatch.setattr(engine, "decide_question", noted)
    tried, question = Tried(), question_of(TRIPLET, "strictly_convex")
    first, second = (refute_on_lines(question, tried, hasty=hasty) for hasty in (True, False))
    assert first == second
    assert first is not None
    assert 0 < len(asked) == len(set(asked))


@pytest.mark.parametrize(
    ("text", "found"), [("2*(1 - 3*t) - -t", (2, -5)), ("1/2 - 1/2", (0, 0)), ("t*t", None), ("x - x + t", None), ("exp(0)*t", None), ("t*(3 - 1) + 4", (4, 2))]
)
def test_affine_functions_are_read_off(text: str, found: tuple[int, int] | None) -> None:
    assert affine(parse_expression(text), "t") == found


def test_a_condition_with_scalars_that_cancel_ends_a_line() -> None:
    """x - c < 4 - c says x < 4 for every c; the other condition is not affine, so that no line is drawn."""
    variables = {"x": Variable(), "y": Variable(), "c": Variable("real", "target")}
    at, direction = {"x": (Fraction(0),), "y": (Fraction(0),)}, {"x": (Fraction(2),), "y": (Fraction(1),)}
    questions = [question_of(View("v", "x*y*c", variables, constraint=text), "convex") for text in ("x - c < 4 - c; x + y >= -9", "x*y < 4")]
    lines = [Frame(question, 0).line(at, direction, {}) for question in questions]
    assert lines[0] is not None
    assert (lines[0].lower, lines[0].upper, lines[0].closed) == (-3, 2, (True, False))
    assert lines[1] is None


def test_products_of_polynomials_stay_exact() -> None:
    half, two, b = {(("a", 1),): Fraction(1, 2), (): Fraction(1, 3)}, {(("a", 1),): Fraction(2)}, {(("b", 1),): Fraction(6)}
    found = product_of(half, two, b)
    assert found == {(("a", 2), ("b", 1)): Fraction(6), (("a", 1), ("b", 1)): Fraction(4)}
    assert product_of(b, two) == product_of(two, b) == {(("a", 1), ("b", 1)): Fraction(12)}
    assert sum_of(two, {(("a", 1),): Fraction(-2)}) == product_of(half, {}) == {}
    assert all(type(coefficient) is Fraction for coefficient in (*found.values(), *product_of().values(), *sum_of(half, two).values()))
