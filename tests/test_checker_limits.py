"""The checker's own limits and signs: powers of the distance whose exponents hold parameters, sums of logarithms, branches that are the same."""

from __future__ import annotations

import pytest

from lossgraph.checker.defined import check_defined
from lossgraph.checker.expression import Unreadable, number, parse
from lossgraph.checker.limits import Approach, derived_limit, limit_is
from lossgraph.checker.shape import prune, without_idle_branches
from lossgraph.checker.signs import check_sign, equal
from lossgraph.checker.space import Interval, Space, structure

UNIT, HALF_LINE = Interval(parse("0"), parse("1")), Interval(parse("0"), parse("oo"))
SPACE = Space((("a", HALF_LINE), ("c", Interval(parse("1"), parse("oo"))), ("y", UNIT)))


@pytest.mark.parametrize(
    ("function", "point", "side", "value"),
    [
        ("(y - x)**a*log(x)", "y", "-", "0"),
        ("(y - x)**(-a)*log(x)", "y", "-", "-oo"),
        ("log(1 + (x - y)**a)/(x - y)**a", "y", "+", "1"),
        ("log(1 + (x - y)**a)/(x - y)**(2*a)", "y", "+", "oo"),
        ("exp((x - y)**a) + (x - y)**c", "y", "+", "1"),
        ("((x - y)**2 + (x - y)**3)**a/(x - y)**(2*a)", "y", "+", "1"),
        ("(y - 1/(1 + exp(-x)))**a*exp(x)", "log(y/(1 - y))", "-", "0"),
        ("(3*(x - y) + (x - y)**2)*(x - y)**(-1)", "y", "+", "3"),
        ("erf(x/c)", "oo", "-", "1"),
        ("x*erf(c*x) - x", "oo", "-", "0"),
        ("exp(-a*x**2 + 9*x)*exp(9*x)", "oo", "-", "0"),
    ],
)
def test_limits_by_powers_of_the_distance(function: str, point: str, side: str, value: str) -> None:
    """Each limit is seen, and no other value is taken for it."""
    approach = Approach(parse(function), "x", parse(point), side, SPACE)
    assert limit_is(approach, parse(value))
    assert not any(_seen(approach, other) for other in ("0", "1", "2", "oo", "-oo", "y") if other != value)


def _seen(approach: Approach, value: str) -> bool:
    try:
        return limit_is(approach, parse(value))
    except Unreadable:
        return False


@pytest.mark.parametrize(
    "function",
    [
        "(x - y)**(a - c)",  # the exponent may have either sign
        "(x - y)**(a - 1)*(1 + log(x))",
        "(2*x - 2*y - (x - y))**a*log(x - y)",  # a logarithm of what tends to 0
        "exp((x - y)**(-a))",
        "(x - y)**a/((x - y)**a - (x - y)**a*(1 + x - y))",  # what is divided by vanishes in its leading order
    ],
)
def test_what_hangs_on_a_parameter_is_not_guessed(function: str) -> None:
    approach = Approach(parse(function), "x", parse("y"), "+", SPACE)
    assert derived_limit(approach.function, "x", approach.point, "+", SPACE) is None


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("c*log(1 + a) - c*log(1 + 2*a)", "-"),
        ("log(exp(y + a) + 1) - log(exp(y - a) + 1)", "+"),
        ("log(exp(y - a) + 1) - log(exp(y + a) + 1)", "-"),
        ("log(exp(2*y - a) + 1) - log(exp(y) + 1)", None),
        ("y*log(y) - y*log(1 - y) + log(1 - y)", "-"),
        ("y*log(y) - 2*y*log(1 - y) + log(1 - y)", None),
        ("a*log(2) - log(3)", None),
        ("exp(a)*3 - 2", "+"),
        ("a**2*c - a**2", "+"),
        ("a**2*y - a**2*c", "-"),
        ("a**2*c - 2*a**2", None),
    ],
)
def test_signs_of_sums(text: str, sign: str | None) -> None:
    assert structure(parse(text), SPACE) == sign


def test_a_product_of_negative_factors_is_positive() -> None:
    """log(y/(1 - y)) has a value, written with two negative factors; with one it has none."""
    check_defined(parse("log(-y/(y - 1))"), SPACE)
    for text in ("log(y/(y - 1))", "log((y - a)/(1 - y))", "1/(y - a)"):
        with pytest.raises(Unreadable):
            check_defined(parse(text), SPACE)


def test_quotients_in_lower_terms() -> None:
    """Powers and logarithms of equal quotients are the same, of others not."""
    for first, second, same in (
        ("(a/(1 + a) - 1)**c", "(-1/(1 + a))**c", True),
        ("log((1 - a**2)/(1 + a))", "log(1 - a)", True),
        ("((c + a*c)*y/((1 + a)*(2 + c)))**a", "(c*y/(2 + c))**a", True),
        ("log(-1/(y - 1))", "-log(1 - y)", True),
        ("((c + a*c)*y/((1 + a)*(2 + c)))**a", "(c*y/(2 + a))**a", False),
        ("log((1 - a**2)/(1 + a))", "log(1 + a)", False),
    ):
        assert equal(parse(first), parse(second), SPACE) is same, first


@pytest.mark.parametrize(
    ("text", "becomes_zero"),
    [
        ("0*Piecewise((0, x <= 1), (log(x - 1), True))", True),
        ("0*Piecewise((0, x <= 1), ((x - 1)**a*log(1 + x**2), True))", True),
        ("0*Piecewise((0, x < 1), (log(x - 1), True))", False),  # log(0) at 1
        ("0*Piecewise((0, x <= 1), (log(x - 2), True))", False),
        ("0*Piecewise((log(x), x <= 1), (1, True))", False),
        ("0*Piecewise((1, x <= 1), (1/x, x <= 2))", False),  # no branch above 2
        ("0*log(x)", False),
    ],
)
def test_zero_times_what_may_have_no_value_is_kept(text: str, becomes_zero: bool) -> None:
    node = parse(text)
    assert (prune(node, SPACE.extended("x", Interval())) == number(0)) is becomes_zero


def test_a_chart_may_start_below_the_old_symbol() -> None:
    """1 + t covers (c, oo) for c > 1, and (2, oo), and not (a, oo) for a > 0."""
    for lower, covered in (("c", True), ("2", True), ("a", False), ("1/2", False)):
        space = SPACE.extended("x", Interval(parse(lower), parse("oo")))
        proof = {"kind": "structure", "sign": "+", "expression": "x_1"}
        changed = {"kind": "substitute", "sign": "+", "expression": "x - 1", "changes": [{"symbol": "x", "by": "1 + x_1"}], "proof": proof}
        try:
            found = check_sign(parse("x - 1"), "+", changed, space)
        except Unreadable:
            found = False
        assert found is covered, lower


def test_only_equal_branches_are_idle() -> None:
    same, other = parse("Piecewise((0.5*x**2, x < 0), ((1 - 0.5)*x**2, True))"), parse("Piecewise((0.5*x**2, x < 0), ((1 - 0.25)*x**2, True))")
    assert without_idle_branches(same) == same[1][1]
    assert without_idle_branches(other) == other
    partial = parse("Piecewise((log(x), x > 0), (log(x), True))")
    assert without_idle_branches(partial) == partial  # a branch that may have no value is kept
