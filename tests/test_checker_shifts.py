"""Claims that are proved after a shift of one real number: what the checker takes such a step for, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

from lossgraph.checker import check_relation
from lossgraph.checker.everywhere import Field
from lossgraph.checker.expression import Unreadable, parse
from lossgraph.checker.instances import Instance
from lossgraph.checker.shape import spans
from lossgraph.checker.shifts import shifted
from lossgraph.verify.everywhere import everywhere
from lossgraph.verify.shifts import everywhere_or_shifted
from lossgraph.verify.space import Interval
from tests.test_checker_mutations import changed, leaves, mutants
from tests.test_checker_relations import shipped

LINE = (Interval(),)
NAMES = ("dqn upper_bounds huber", "gaussian_crps approximates mae")


def field(*conditions: str) -> Field:
    """Three numbers: q any, r any, s positive."""
    sets = {name: spans(text) for name, text in {"q": "real", "r": "real", "s": "(0, oo)"}.items()}
    found = [parse(condition) for condition in conditions]
    return Field(Instance(sets, found, [], [], {}, [], [], frozenset(), {}), sets, found)


def shift(symbol: str, amount: str) -> dict[str, Any]:
    """The head of a claim."""
    return {"by": "shift", "claim": ">= 0", "symbol": symbol, "amount": amount, "of": {}}


def test_what_cancels_is_gone() -> None:
    """The shifted formula is about one number less."""
    assert shifted(parse("Abs(q - r) + s"), shift("q", "r"), field()) == parse("Abs(q) + s")


@pytest.mark.parametrize(
    ("symbol", "amount", "condition"),
    [("s", "r", ""), ("q", "q", ""), ("q", "r + q", ""), ("q", "t", ""), ("q", "log(r)", ""), ("q", "1/r", ""), ("q", "r", "q <= s"), ("x", "r", "")],
)
def test_other_shifts_are_refused(symbol: str, amount: str, condition: str) -> None:
    """A number that is bounded, or tied by a condition, or that is not there; an amount that holds it, or may have no value."""
    with pytest.raises(Unreadable):
        shifted(parse("Abs(q - r) + s"), shift(symbol, amount), field(*([condition] if condition else [])))


@pytest.mark.parametrize("name", NAMES)
def test_shifted_proofs(name: str) -> None:
    """Both relations that need a shift are confirmed; with another symbol or amount, or two shifts, they are not."""
    question = next(question for known, question in shipped() if known == name)
    certificate = question["certificate"]
    assert check_relation(question)
    steps = [path[:-1] for path, value in leaves(certificate) if path[-1] == "by" and value == "shift"]
    assert steps
    for path, value in leaves(certificate):
        if path[:-1] in steps:
            for other in mutants(value):
                assert not check_relation({**question, "certificate": changed(certificate, path, other)}), (path, other)
    for path in steps:
        step: Any = certificate
        for key in path:
            step = step[key]
        assert not check_relation({**question, "certificate": changed(certificate, path, {**step, "of": step})})
        assert not check_relation({**question, "certificate": changed(certificate, path, step["of"])})
        assert not check_relation({**question, "certificate": changed(certificate, path, {**step, "amount": "0"})})


def test_a_tighter_bound_is_refused() -> None:
    """The constants of the two relations are those of their proofs."""
    for name, old, new in ((NAMES[0], ">= huber", ">= 3*huber"), (NAMES[1], "<= s/sqrt(pi)", "<= s/2")):
        question = next(question for known, question in shipped() if known == name)
        text = question["as"].replace(old, new)
        assert text != question["as"]
        assert not check_relation({**question, "as": text, "certificate": {**question["certificate"], "statement": text}})


def test_the_engine_shifts_only_what_is_free() -> None:
    """Abs(q - r) >= (q - r)/2 by a shift of q or r; none where a condition ties both, or both are bounded, or the claim is false."""
    q, r = sympy.Symbol("q", real=True), sympy.Symbol("r", real=True)
    gap = sympy.Abs(q - r) - (q - r) / 2
    found = everywhere_or_shifted(gap, ">= 0", ((q, LINE), (r, LINE)))
    assert found.proved
    assert found.certificate["by"] == "shift"
    unit = (Interval(sympy.Integer(0), sympy.Integer(1), lower_open=False, upper_open=False),)
    for symbols, conditions in ((((q, unit), (r, unit)), ()), (((q, LINE), (r, LINE)), (q + r > 0,))):
        other = everywhere_or_shifted(gap, ">= 0", symbols, conditions)
        assert other.certificate.get("by") != "shift"
    for wrong in (gap - 1, sympy.Abs(q - r) - 2 * (q - r)):
        assert not everywhere_or_shifted(wrong, ">= 0", ((q, LINE), (r, LINE))).proved
        assert not everywhere(wrong, ">= 0", ((q, LINE), (r, LINE))).proved
