"""Does any verdict on a random loss go against the numbers, or against that on the same function in another spelling? Fixed seeds."""

from __future__ import annotations

from fractions import Fraction

import pytest

pytest.importorskip("flint")
pytest.importorskip("z3")

import numeric_regularity as numeric
from fuzz_decisions import Case, case_of, contradiction, judged, sample
from fuzz_formulas import Formula

from lossgraph.model import Verdict

FORMULAS = 14
LIMIT = 1.0  # seconds of CPU time a decision


@pytest.mark.parametrize("number", range(FORMULAS))
def test_random_losses(number: int) -> None:
    case = case_of(f"ci:{number}")
    findings = [decision for decision in judged(case, LIMIT) if decision["finding"]]
    assert not findings, (case.formula.text, case.domain, case.parameters)


FAILING = [
    (Formula("-x**2", "", lambda m, v: -(v["x"] ** 2)), "real", ("convex", "quasiconvex", "nonnegative", "lipschitz", "bounded_below", "monotone")),
    (Formula("Abs(x - 1/3)", "", lambda m, v: abs(v["x"] - m.number(Fraction(1, 3)))), "real", ("differentiable", "strictly_convex", "symmetric")),
    (Formula("Abs(exp(x) - 2)", "", lambda m, v: abs(m.exp(v["x"]) - 2)), "real", ("convex", "differentiable", "continuously_differentiable")),
    (Formula("sign(exp(x) - 2)", "", lambda m, v: m.sign(m.exp(v["x"]) - 2)), "real", ("continuous", "lipschitz", "convex")),
    (Formula("exp(x)", "", lambda m, v: m.exp(v["x"])), "real", ("strongly_convex", "lipschitz", "lipschitz_gradient", "bounded_above")),
    (Formula("x*Abs(x)", "", lambda m, v: v["x"] * abs(v["x"])), "[-2, 2]", ("twice_continuously_differentiable", "convex", "nonnegative")),
    (Formula("sqrt(x)", "", lambda m, v: m.sqrt(abs(v["x"]))), "[0, oo)", ("differentiable", "lipschitz", "convex")),
    (Formula("log(x)", "", lambda m, v: m.log(abs(v["x"]))), "(0, 1]", ("bounded_below", "lipschitz", "nonnegative")),
    (Formula("x", "", lambda m, v: v["x"] * 1), "(-1, 0) U (0, 1)", ("convex", "quasiconvex", "strongly_convex")),
]


@pytest.mark.parametrize(("formula", "domain", "names"), FAILING, ids=[formula.text for formula, _, _ in FAILING])
def test_the_falsifier_sees_what_fails(formula: Formula, domain: str, names: tuple[str, ...]) -> None:
    case = Case("", formula, f"x: {domain}", "")
    for name in names:
        assert numeric.evidence(name, sample(case)) is not None, name
        claimed = Verdict(name, ("x",), case.domain, "", True, "proved")
        assert contradiction(case, name, claimed, [sample(case)])[0] == "contradiction"


def test_the_falsifier_accuses_nothing_that_holds() -> None:
    softplus = Case("", Formula("softplus(x)", "", lambda m, v: m.log(1 + m.exp(v["x"]))), "x: real", "")
    holding = set(numeric.EVIDENCE) - {"strongly_convex", "symmetric", "bounded_above"}
    assert {name for name in numeric.EVIDENCE if numeric.evidence(name, sample(softplus)) is None} == holding
    claimed = Verdict("lipschitz", ("x",), "x: real", "", True, "proved", "1/2")
    assert contradiction(softplus, "lipschitz", claimed, [sample(softplus)])[0] == "contradiction"
