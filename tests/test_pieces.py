"""Is a formula split completely into smooth pieces and exact values, and is everything refused that is not understood?"""

from __future__ import annotations

import pytest

pytest.importorskip("flint")
pytest.importorskip("z3")

import sympy

from lossgraph.formula import parse_expression, to_sympy
from lossgraph.verify import roots
from lossgraph.verify.cells import closed_ends, initial, split_cell
from lossgraph.verify.order import NeedSplit, Undecided, Undefined
from lossgraph.verify.pieces import Shape, split
from lossgraph.verify.signs import Sign, SignProof
from lossgraph.verify.space import Interval, Space

X = sympy.Symbol("x", real=True)
D = sympy.Symbol("d", positive=True)
TAU = sympy.Symbol("tau", positive=True)
A = sympy.Symbol("a", real=True)
EMPTY = Space(())
WITH_D = Space(((D, Interval(sympy.S.Zero, sympy.oo)),))
LINE = (Interval(),)


def shape(text: str, domain: tuple[Interval, ...] = LINE, space: Space = EMPTY) -> Shape:
    """The shape of a formula in x (and d, tau, a)."""
    return split(to_sympy(parse_expression(text), {"x": X, "d": D, "tau": TAU, "a": A}), X, domain, space)


def between(low: int | str, high: int | str, *, closed: str = "") -> tuple[Interval, ...]:
    """One interval; `closed` holds "l" or "u" for closed ends."""
    return (Interval(sympy.sympify(low), sympy.sympify(high), "l" not in closed, "u" not in closed),)


def summary(found: Shape) -> list[str]:
    """The pieces and points in order, as text."""
    parts: list[str] = []
    for component in found.components:
        for index, point in enumerate(component.points):
            if point is not None:
                parts.append(f"{point.at}: {point.value}")
            if index < len(component.pieces):
                parts.append(str(component.pieces[index].expression))
    return parts


SPLITS = [
    ("Abs(x)", LINE, ["-x", "0: 0", "x"]),
    ("x**2", LINE, ["x**2"]),
    ("Max(x, 2*x, 3*x)", LINE, ["x", "0: 0", "3*x"]),
    ("Min(1, Max(0, 1 - x))", LINE, ["1", "0: 1", "1 - x", "1: 0", "0"]),
    ("Abs(Abs(x) - 1)", LINE, ["-x - 1", "-1: 0", "x + 1", "0: 1", "1 - x", "1: 0", "x - 1"]),
    ("Piecewise((5, Eq(x, 2)), (x, True))", LINE, ["x", "2: 5", "x"]),
    ("Piecewise((2, Eq(x, 2)), (x, True))", LINE, ["x"]),
    ("Piecewise((x, x < 1), (x, True))", LINE, ["x"]),
    ("sign(x)", LINE, ["-1", "0: 0", "1"]),
    ("Heaviside(x)", LINE, ["0", "0: 1/2", "1"]),
    ("floor(2*x)", between(0, 1, closed="lu"), ["0: 0", "0", "1/2: 1", "1", "1: 2"]),
    ("ceiling(x)", between(0, 2, closed="l"), ["0: 0", "1", "1: 1", "2"]),
    ("sqrt(x)", between(0, "oo", closed="l"), ["0: 0", "sqrt(x)"]),
    ("Abs(exp(x) - 2)", LINE, ["2 - exp(x)", "log(2): 0", "exp(x) - 2"]),
    ("Abs(x)", (*between(-2, -1), *between(0, 0, closed="lu"), *between(1, 2)), ["-x", "0: 0", "x"]),
    ("Piecewise((x*log(x), x > 0), (0, True))", between(0, 1, closed="l"), ["0: 0", "x*log(x)"]),
    ("Piecewise((1, And(x > 0, x < 1)), (0, True))", LINE, ["0", "0: 0", "1", "1: 0", "0"]),
    ("Piecewise((1, Or(x < 0, x > 1)), (x, Not(Eq(x, 1))), (7, True))", LINE, ["1", "0: 0", "x", "1: 7", "1"]),
]


@pytest.mark.parametrize(("text", "domain", "expected"), SPLITS, ids=[text for text, _, _ in SPLITS])
def test_pieces_and_values(text: str, domain: tuple[Interval, ...], expected: list[str]) -> None:
    assert summary(shape(text, domain)) == expected


def test_joints_may_depend_on_parameters() -> None:
    found = shape("Piecewise((x**2/2, Abs(x) <= d), (d*(Abs(x) - d/2), True))", space=WITH_D)
    assert [str(piece.lower) for piece in found.pieces()] == ["-oo", "-d", "d"]
    assert [point.value for point in found.points()] == [D**2 / 2, D**2 / 2]


REFUSED = [
    ("floor(x)", LINE),
    ("floor(x*sin(1/x))", between(0, 1)),
    ("Abs(sin(x))", LINE),
    ("Max(exp(x), x + 2)", LINE),
    ("Abs(x**5 - x - 1)", LINE),
    ("Abs(x - 1)*floor(1/x)", between(0, 1)),
]


@pytest.mark.parametrize(("text", "domain"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_is_not_split_completely_is_refused(text: str, domain: tuple[Interval, ...]) -> None:
    with pytest.raises(Undecided):
        shape(text, domain)


@pytest.mark.parametrize(
    "node", [sympy.gamma(X), sympy.Mod(X, 2), sympy.LambertW(X), sympy.zeta(X), sympy.Derivative(sympy.Function("f")(X), X), sympy.besselj(0, X)]
)
def test_unlisted_node_types_are_refused(node: sympy.Expr) -> None:
    with pytest.raises(Undecided):
        split(node + sympy.Abs(X), X, between(1, 2), EMPTY)


UNDEFINED = [
    ("log(x)", between(0, 1, closed="l")),
    ("1/x", LINE),
    ("sqrt(x)", between(-1, 1)),
    ("log(x - 2)", between(0, 1)),
    ("asin(x)", between(2, 3)),
    ("x**(-1/2)", between(0, 1, closed="l")),
]


@pytest.mark.parametrize(("text", "domain"), UNDEFINED, ids=[text for text, _ in UNDEFINED])
def test_points_without_a_value_are_named(text: str, domain: tuple[Interval, ...]) -> None:
    with pytest.raises(Undefined, match=r"\d"):
        shape(text, domain)


def test_an_open_order_of_joints_asks_for_a_split() -> None:
    space = Space(((A, Interval()),))
    with pytest.raises(NeedSplit) as caught:
        shape("Abs(x) + Abs(x - a)", space=space)
    assert caught.value.expression.free_symbols == {A}
    cells = split_cell(initial({A: (Interval(),)}, ())[0], caught.value.expression)
    assert [cell.text() for cell in cells] == ["a: (-oo, 0)", "a == 0", "a: (0, oo)"]


def test_cells_cover_and_do_not_overlap() -> None:
    cell = initial({A: (Interval(sympy.S.Zero, sympy.S(4), False, False),)}, ())[0]
    parts = split_cell(cell, (A - 1) * (A - 2))
    assert [part.text() for part in parts] == ["a: [0, 1)", "a == 1", "a: (1, 2)", "a == 2", "a: (2, 4]"]
    assert [part.text() for part in closed_ends(parts[0], ["a"])] == ["a == 0", "a: (0, 1)"]
    with pytest.raises(Undecided):
        split_cell(initial({A: (Interval(),)}, ())[0], A**2 + 1)


def test_a_wrong_root_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates are guesses: a false one is dropped, a missing one leaves the question open."""
    roots.cut.cache_clear()
    monkeypatch.setattr(roots, "candidates", lambda function, variable: (sympy.S(5), sympy.S.Zero))
    assert roots.cut(X, X, -sympy.oo, sympy.oo, EMPTY).points == (0,)
    monkeypatch.setattr(roots, "candidates", lambda function, variable: ())
    with pytest.raises(Undecided):
        roots.cut(X**3 - 2, X, -sympy.oo, sympy.oo, EMPTY)
    roots.cut.cache_clear()


def test_without_a_sign_proof_there_is_no_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Completeness rests on the sign prover: if it decides nothing, nothing is split."""
    roots.cut.cache_clear()
    monkeypatch.setattr(roots, "sign", lambda *_, **__: None)
    with pytest.raises(Undecided):
        shape("Abs(x)")
    monkeypatch.setattr(roots, "sign", lambda *_, **__: SignProof(Sign.NONNEGATIVE, {}))
    with pytest.raises(Undecided):
        shape("Abs(x)")
    roots.cut.cache_clear()
