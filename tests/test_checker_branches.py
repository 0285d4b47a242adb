"""The checker's ways around what switches: every choice of signs, sets with a gap, cells that no point is in, and conditions as ends of intervals."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lossgraph.checker import check_relation
from lossgraph.checker.branches import bounded, on_every_branch
from lossgraph.checker.expression import ONE, ZERO, Unreadable, parse
from lossgraph.checker.normal import normal
from lossgraph.checker.signs import equal
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space, structure
from tests.test_checker_mutations import changed, leaves, mutants
from tests.test_checker_relations import is_choice, shipped

LINE = Space((("a", Interval()), ("b", Interval())))
POSITIVE = Space((("a", Interval(ZERO, OO)), ("b", Interval(ZERO, OO))))
LEAVES = 10
CONFIRMED = (
    "byol_regression composed_of mse", "ciou upper_bounds iou_loss", "expectile generalizes half_squared_error",
    "feature_distillation equivalent_up_to_scale perceptual",
    "huber upper_bounds pseudo_huber", "inverse_depth_smoothness generalizes total_variation", "jaccard monotone_transform_of dice",
    "jensen_shannon transforms gan_minimax", "laplace_nll variant_of gaussian_nll", "logistic limit_of cumulative_link", "lovasz_hinge transforms hinge",
    "lovasz_softmax limit_of jaccard", "mae limit_of gaussian_crps", "mape equivalent_up_to_scale mae", "pseudo_huber approximates huber",
    "rmse upper_bounds mae", "rmse upper_bounds rmsle",
    "si_sdr transforms cosine_similarity_loss", "spectral_convergence generalizes mae", "triplet limit_of nt_xent",
)  # fmt: skip


def question_of(name: str) -> dict[str, Any]:
    """A shipped relation with its certificate."""
    return next(question for known, question in shipped() if known == name)


@pytest.mark.parametrize(
    ("expression", "value", "holds"),
    [
        ("(Abs(a)*b)**2 - a**2*b**2", "0", True),
        ("Max(a, b) - (a + b + Abs(a - b))/2", "0", True),
        ("Max(a, b) + Min(a, b) - a - b", "0", True),
        ("Abs(a*b) - Abs(a)*Abs(b)", "0", False),  # true, but the signs of a*b are not tied to those of a and b
        ("Abs(a) - a", "0", False),
        ("Max(a, b) - a", "0", False),
        ("Heaviside(a)*Abs(b) + Heaviside(-a)*Abs(b) - Abs(b)", "0", True),
        ("a*sign(a) - Abs(a)", "0", False),  # true, but that a is 0 where sign(a) is 0 is not put in
        ("Piecewise((a**2/2, a < 0), (a**2/2, True))", "a**2/2", True),
        ("Piecewise((a**2/2, a < 0), (a**2/3, True))", "a**2/2", False),
        ("Piecewise((1, Eq(a, 0)), (0, True))", "0", False),  # at one point only
        ("sign(a)**2 - 1", "0", False),
    ],
)
def test_every_branch(expression: str, value: str, holds: bool) -> None:
    """A tree is a formula everywhere where it is on each branch; a branch that is a single point counts too."""
    assert on_every_branch(parse(expression), parse(value), LINE) is holds


def test_too_many_branches() -> None:
    """What would take too long is refused."""
    text = " + ".join(f"Abs(a - {place})" for place in range(12)) + " - (" + " + ".join(f"Abs({place} - a)" for place in range(12)) + ")"
    with pytest.raises(Unreadable):
        on_every_branch(parse(text), ZERO, LINE)


@pytest.mark.parametrize(
    ("condition", "expression", "sign"),
    [
        ("0 <= a + b", "a + b + 1", "+"),
        ("0 <= a - b", "a - b + 1", "+"),
        ("2*a < b", "b - 2*a", "+"),
        ("a + b <= 1", "a + b - 1", "<=0"),
        ("a*b <= 1", "a*b - 1", None),  # not affine
        ("a <= 2", "3 - a", "+"),
        ("0 <= a + b", "a + b - 1", None),
        ("0 <= a + b", "-a - b - 1", "-"),
        ("0 <= a + b", "-a - b", "<=0"),
    ],
)
def test_conditions_as_ends(condition: str, expression: str, sign: str | None) -> None:
    """An affine condition is an end of the interval of its last symbol."""
    assert structure(parse(expression), bounded(Space(LINE.intervals, (parse(condition),)))) == sign


def test_a_number_keeps_its_end() -> None:
    """A condition on one symbol does not take the place of an end that is a number."""
    space = Space((("a", Interval(ONE, OO)),), (parse("a >= -5"),))
    assert bounded(space) == space
    assert bounded(Space((("a", Interval(MINUS_OO, OO)),), (parse("a >= -5"),))).interval("a") == Interval(parse("-5"), OO, False, True)


@pytest.mark.parametrize(
    ("first", "second", "space", "holds"),
    [
        ("sqrt(a**2 + 2*a + 1)", "a + 1", POSITIVE, True),
        ("sqrt(a**2 + 2*a + 1)", "a + 1", LINE, False),
        ("sqrt(a**2 - 2*a + 1)", "a - 1", POSITIVE, False),
        ("sqrt(3*a**2/4 + 3*a*b + 3*b**2)", "sqrt(3)*(a/2 + b)", POSITIVE, True),
        ("sqrt(a**2 + 2*a + 2)", "a + 1", POSITIVE, False),
        ("1/sqrt((a**2 + 2*a*b + b**2)*2)", "sqrt(2)/(2*(a + b))", POSITIVE, True),
        ("exp(a*b/(1 + b))", "exp(a)*exp(-a/(1 + b))", POSITIVE, True),
        ("exp(a*b/(1 + b))", "exp(a)*exp(a/(1 + b))", POSITIVE, False),
        ("exp(b*log(1 + a)/(1 + b))*(1 + a)**(1/(1 + b))", "1 + a", POSITIVE, True),
        ("exp(b*log(1 + a)/(1 + b))*(1 + a)**(2/(1 + b))", "1 + a", POSITIVE, False),
    ],
)
def test_equal_forms(first: str, second: str, space: Space, holds: bool) -> None:
    """Roots of squares of what is positive, and exponentials of quotients, are seen as equal; others are not."""
    assert equal(parse(first), parse(second), space) is holds


@pytest.mark.parametrize(
    ("expression", "sign"),
    [
        ("a**2 - 2*a*b + b**2", ">=0"),
        ("-3*a**2/2 + 3*a*b - 3*b**2/2", "<=0"),
        ("a**2 + 2*a*c + c**2", ">=0"),
        ("d**2 - 2*d*c + c**2", "+"),  # d < c
        ("-d**2 + 2*d*c - c**2", "-"),
        ("a**2 - 2*a*b - b**2", None),
        ("a**2 - 3*a*b + b**2", None),
        ("a**2 - 2*a*b + b**2 - 1", None),
        ("a**2 - 2*a*b + b**2 + b", None),
    ],
)
def test_signs_of_squares(expression: str, sign: str | None) -> None:
    """A sum that is the square of another is nonnegative, and positive where that has a sign."""
    space = Space((*LINE.intervals, ("c", Interval()), ("d", Interval(MINUS_OO, parse("c")))))
    assert structure(parse(expression), space) == sign


def test_square_roots_are_exact() -> None:
    """The root of a square is the normal form of what was squared."""
    assert normal(parse("sqrt((1 + a + 2*b)**2)"), frozenset({"a", "b"})).equals(normal(parse("1 + a + 2*b"), frozenset({"a", "b"})))


@pytest.mark.parametrize("name", CONFIRMED)
def test_what_was_added_is_confirmed_and_its_mutants_are_not(name: str) -> None:
    """Relations that need these ways are confirmed, and refused as soon as a leaf of their certificates changes."""
    question = question_of(name)
    assert check_relation(question)
    certificate = question["certificate"]
    found = [(path, value) for path, value in leaves(certificate) if not is_choice(question, path)]
    accepted = [
        (path, value, other)
        for path, value in random.Random(name).sample(found, min(LEAVES, len(found)))
        for other in mutants(value)
        if check_relation({**question, "certificate": changed(certificate, path, other)})
    ]
    assert not accepted, accepted[:20]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("expectile generalizes half_squared_error", "expectile(r, tau=1/3) = half_squared_error(r)"),
        ("expectile equivalent_up_to_scale mse", "expectile(r, tau=1/2) = mse(r)/3"),
        ("laplace_nll variant_of gaussian_nll", "(laplace_nll(mu, b, y) - log(2*b))**2 = 3*gaussian_nll(mu, b**2, y) - log(2*pi*b**2)"),
        ("lovasz_hinge transforms hinge", "lovasz_hinge(vector(a, b), vector(1, 0)) = Max(hinge(a), (hinge(a) + hinge(b))/2)"),
        ("mape equivalent_up_to_scale mae", "mape(f, y) = mae(f + y)/Abs(y)"),
        ("spectral_convergence generalizes mae", "spectral_convergence(vector(x), vector(y)) = mae(x + y)/y"),
        ("huber upper_bounds pseudo_huber", "huber(r, delta=d) >= 2*pseudo_huber(r, delta=d)"),
        ("rmse upper_bounds mae", "rmse(vector(a, b)) >= (mae(a) + 2*mae(b))/2"),
    ],
)
def test_another_claim_is_refused(name: str, text: str) -> None:
    """A certificate for a true claim does not confirm a false one beside it, though its `statement` is changed along."""
    question = question_of(name)
    assert not check_relation({**question, "as": text, "certificate": {**question["certificate"], "statement": text}})


def test_without_the_condition_is_refused() -> None:
    """byol_regression needs b != 0 and h != 0, logistic w > 0, lovasz_softmax one pixel that is not empty."""
    for name in ("byol_regression composed_of mse", "logistic limit_of cumulative_link", "lovasz_softmax limit_of jaccard"):
        question = question_of(name)
        assert question["when"]
        assert not check_relation({**question, "when": None})


def test_a_cell_that_is_not_empty_is_refused() -> None:
    """Saying of a cell that it is empty, and giving no proof, confirms nothing where a point lies in it."""
    question = question_of("lovasz_softmax limit_of jaccard")
    cells = [path[:-1] for path, _ in leaves(question["certificate"]) if path[-1] == "cell"]
    filled = [path for path in cells if "empty" not in _at(question["certificate"], path)]
    assert filled
    for path in random.Random(4).sample(filled, 4):
        entry = {"cell": _at(question["certificate"], path)["cell"] + "; False", "empty": True}
        assert not check_relation({**question, "certificate": changed(question["certificate"], path, entry)})


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree
