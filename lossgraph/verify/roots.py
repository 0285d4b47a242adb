"""Cuts an open interval at the zeros of a smooth function, with a proof that the function keeps its sign between them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy

from lossgraph.verify import trigonometry
from lossgraph.verify.order import NeedSplit, Undecided, difference, factors, sign_of, split_on
from lossgraph.verify.signs import Sign, SignProof, is_zero, sign
from lossgraph.verify.smooth import regular_at
from lossgraph.verify.space import Interval, Space

_OPERATIONS = 60  # a candidate root with more operations than this is Cardano's or Lambert's and helps nobody


@dataclass(frozen=True)
class Cut:
    """The zeros of a function inside an open interval, in order, and the sign proofs on the open parts between them (one more than zeros)."""

    points: tuple[sympy.Expr, ...]
    proofs: tuple[SignProof, ...]


def open_part(space: Space, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr) -> Space:
    """`space` (parameters) with `variable` in the open interval."""
    return space.extended(variable, Interval(lower, upper, True, True))


@lru_cache(maxsize=4096)
def cut(function: sympy.Expr, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr, space: Space) -> Cut:
    """The zeros of `function` in (lower, upper), proved complete. Raises `NeedSplit` or `Undecided`.

    Candidates come from SymPy's solvers and may be incomplete or wrong: each is checked to be a zero and inside, and every part between has a sign proof.
    """
    whole = sign(function, open_part(space, variable, lower, upper))
    if whole is not None and whole.sign in (Sign.POSITIVE, Sign.NEGATIVE, Sign.ZERO):
        return Cut((), (whole,))
    points = _inside(function, variable, lower, upper, space)
    ends = (lower, *points, upper)
    proofs: list[SignProof] = []
    for left, right in itertools.pairwise(ends):
        proof = sign(function, open_part(space, variable, left, right))
        if proof is None or proof.sign not in (Sign.POSITIVE, Sign.NEGATIVE, Sign.ZERO):
            proof = _by_factors(function, variable, left, right, space)
        if proof is None:
            raise _suggestion(function, variable, left, right, space)
        proofs.append(proof)
    return Cut(points, tuple(proofs))


def factorised(function: sympy.Expr) -> list[tuple[sympy.Expr, int]]:
    """Bases and whole powers whose product is `function`; a base to a power that is not whole stands as one base."""
    try:
        product = sympy.factor(sympy.together(function))
    except Exception:  # SymPy's factor fails on some transcendental expressions; the whole is then one factor
        product = function
    parts: list[tuple[Any, int]] = []
    factors_found: tuple[Any, ...] = sympy.Mul.make_args(product)
    for part in factors_found:
        whole = isinstance(part, sympy.Pow) and part.exp.is_Integer
        parts.append((part.base, int(part.exp)) if whole else (part, 1))
    return parts


def _by_factors(
    function: sympy.Expr, variable: sympy.Symbol, left: sympy.Expr, right: sympy.Expr, space: Space, *, deeper: bool = True
) -> SignProof | None:
    """The strict sign of a product on (left, right): each factor by its own proof, or because it is monotone there and vanishes at an end."""
    over = open_part(space, variable, left, right)
    negative = False
    parts = []
    for base, power in factorised(function):
        proof = sign(base, over)
        if proof is None or proof.sign not in (Sign.POSITIVE, Sign.NEGATIVE):
            proof = trigonometry.proved_sign(base, variable, left, right) or (_monotone_from_zero(base, variable, left, right, space) if deeper else None)
        if proof is None or proof.sign not in (Sign.POSITIVE, Sign.NEGATIVE):
            return None
        negative ^= proof.sign is Sign.NEGATIVE and power % 2 == 1
        parts.append({"expression": str(base), "power": power, "proof": proof.certificate})
    found = Sign.NEGATIVE if negative else Sign.POSITIVE
    return SignProof(found, {"kind": "factors", "expression": str(function), "sign": found.value, "content": "1", "factors": parts})


def _monotone_from_zero(base: sympy.Expr, variable: sympy.Symbol, left: sympy.Expr, right: sympy.Expr, space: Space) -> SignProof | None:
    """The sign of a factor that vanishes at one end of (left, right) and whose derivative keeps its sign between."""
    slope = sympy.diff(base, variable)
    rising = sign(slope, open_part(space, variable, left, right)) or _by_factors(slope, variable, left, right, space, deeper=False)
    if rising is None or rising.sign not in (Sign.POSITIVE, Sign.NEGATIVE):
        return None
    for end, away in ((left, 1), (right, -1)):
        if end in (sympy.oo, -sympy.oo) or not regular_at(base, variable, end, space):
            continue
        if is_zero(base.subs(variable, end), space):
            positive = (rising.sign is Sign.POSITIVE) == (away == 1)
            found = Sign.POSITIVE if positive else Sign.NEGATIVE
            at = {
                "at": str(end),
                "side": "+" if away == 1 else "-",
                "value": "0",
                "limit": {"kind": "substitution", "value": "0"},
                "proof": {"kind": "zero", "expression": "0", "sign": "0"},
            }
            return SignProof(
                found,
                {
                    "kind": "monotone",
                    "expression": str(base),
                    "sign": found.value,
                    "divisor": "1",
                    "symbol": str(variable),
                    "derivative": rising.certificate,
                    "end": at,
                },
            )
    return None


def _inside(function: sympy.Expr, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr, space: Space) -> tuple[sympy.Expr, ...]:
    """The candidates that are proved zeros inside (lower, upper), in proved order."""
    found: list[sympy.Expr] = []
    for candidate in (*candidates(function, variable), *trigonometry.zeros(function, variable, lower, upper)):
        if not _real(candidate, space):
            continue
        below, above = difference(candidate, lower, space), difference(upper, candidate, space)
        for gap, sign_found in ((candidate - lower, below), (upper - candidate, above)):
            if sign_found in (Sign.NONNEGATIVE, Sign.NONPOSITIVE):
                raise split_on(gap, space)
        if below is Sign.POSITIVE and above is Sign.POSITIVE and is_zero(function.subs(variable, candidate), space):
            position = 0
            while position < len(found) and (gap := difference(candidate, found[position], space)) is Sign.POSITIVE:
                position += 1
            if position < len(found) and gap is Sign.ZERO:
                continue
            if position < len(found) and gap is not Sign.NEGATIVE:
                raise split_on(candidate - found[position], space)
            found.insert(position, candidate)
    return tuple(found)


def _real(candidate: sympy.Expr, space: Space) -> bool:
    """Whether a candidate is a real quantity in the parameters: every log, and every base of a fractional power, is proved positive (or zero under a root)."""
    if candidate.has(sympy.I, sympy.nan, sympy.zoo, sympy.oo) or not candidate.free_symbols <= set(space.symbols()):
        return False
    nodes: list[Any] = list(sympy.preorder_traversal(candidate))
    for node in nodes:
        if isinstance(node, sympy.Pow) and node.base == 0:
            return False
        if isinstance(node, sympy.Pow) and not node.exp.is_integer:
            positive = node.base == sympy.E or sign_of(node.base, space) in (Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO)
            if not positive:
                return False
        elif isinstance(node, sympy.log):
            if sign_of(node.args[0], space) is not Sign.POSITIVE:
                return False
        elif isinstance(node, (sympy.asin, sympy.acos)):
            if sign_of(sympy.sympify(1 - _first(node) ** 2), space) not in (Sign.POSITIVE, Sign.ZERO):
                return False
        elif isinstance(node, sympy.Function) and not isinstance(
            node, (sympy.exp, sympy.tan, sympy.sin, sympy.cos, sympy.atan, sympy.tanh, sympy.sinh, sympy.cosh)
        ):
            return False
    return True


def _first(node: Any) -> Any:
    return node.args[0]


@lru_cache(maxsize=4096)
def candidates(function: sympy.Expr, variable: sympy.Symbol) -> tuple[sympy.Expr, ...]:
    """Guesses at the zeros of `function`, in a fixed order; nothing rests on their being right or complete."""
    found: list[sympy.Expr] = []
    for factor in factors(function):
        if variable not in factor.free_symbols:
            continue
        for root in _solutions(factor, variable):
            simple = _tidy(root)
            if sympy.count_ops(simple) <= _OPERATIONS and simple not in found:
                found.append(simple)
    return tuple(sorted(found, key=lambda root: (sympy.count_ops(root), str(root))))


def _tidy(root: Any) -> Any:
    if not root.is_number and sympy.count_ops(root) > 3:
        return sympy.powdenest(sympy.simplify(root))
    return sympy.simplify(root) if sympy.count_ops(root) > 6 else root


def _solutions(factor: sympy.Expr, variable: sympy.Symbol) -> Iterator[sympy.Expr]:
    """Roots by polynomials in the variable or in exp, log or atan of it; SymPy's `solve` last."""
    polynomial = factor.as_poly(variable)
    if polynomial is not None:
        yield from _polynomial_roots(polynomial)
        return
    for inner in sorted(_inner(factor, variable), key=str):
        mark = sympy.Dummy("u", real=True)
        replaced = factor.subs(inner, mark)
        if isinstance(inner, sympy.exp):
            replaced = sympy.expand(sympy.powsimp(sympy.expand(factor, power_exp=False))).subs(inner, mark)
        polynomial = None if variable in replaced.free_symbols else sympy.fraction(sympy.together(replaced))[0].as_poly(mark)
        if polynomial is not None:
            for value in _polynomial_roots(polynomial):
                yield from _solve(inner - value, variable)
    yield from _solve(factor, variable)


def _inner(factor: sympy.Expr, variable: sympy.Symbol) -> set[sympy.Expr]:
    kinds = (sympy.exp, sympy.log, sympy.atan, sympy.tanh)
    return {node for node in sympy.preorder_traversal(factor) if isinstance(node, kinds) and variable in node.free_symbols}


def _polynomial_roots(polynomial: sympy.Poly) -> list[sympy.Expr]:
    try:
        return list(sympy.roots(polynomial, cubics=False, quartics=False))
    except Exception:  # no closed form: then the sign proofs must do without it
        return []


def _solve(equation: sympy.Expr, variable: sympy.Symbol) -> list[sympy.Expr]:
    try:
        return [root for root in sympy.solve(equation, variable) if isinstance(root, sympy.Expr)]
    except Exception:  # SymPy raises many kinds for what it cannot solve; a missing candidate costs completeness only
        return []


def _suggestion(function: sympy.Expr, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr, space: Space) -> Exception:
    """What to split on so that the sign of `function` may become provable: a coefficient of unknown sign in a factor, or `Undecided`."""
    parameters = set(space.symbols())
    for factor in factors(function):
        if factor.free_symbols <= parameters:
            if sign_of(factor, space) not in (Sign.POSITIVE, Sign.NEGATIVE, Sign.ZERO):
                return NeedSplit(factor)
            continue
        if variable in factor.free_symbols and sign(factor, open_part(space, variable, lower, upper)) is None:
            for coefficient in _coefficients(factor, variable):
                if coefficient.free_symbols and coefficient.free_symbols <= parameters and sign_of(coefficient, space) is None:
                    return split_on(coefficient, space)
    return Undecided(f"the zeros of {function} for {variable} in ({lower}, {upper})", function)


def _coefficients(factor: sympy.Expr, variable: sympy.Symbol) -> list[sympy.Expr]:
    """The coefficients of `factor` over everything in it that holds the variable."""
    generators = sorted(set(_atoms(sympy.expand(factor), variable)), key=str)
    try:
        return list(sympy.Poly(sympy.expand(factor), *generators).coeffs())
    except Exception:  # not a polynomial in those atoms
        return []


def _atoms(expression: sympy.Expr, variable: sympy.Symbol) -> Iterator[sympy.Expr]:
    for term in sympy.Add.make_args(expression):
        for part in sympy.Mul.make_args(term):
            if variable in part.free_symbols:
                yield part.base if isinstance(part, sympy.Pow) and part.exp.is_Integer else part
