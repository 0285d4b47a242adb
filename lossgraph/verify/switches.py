"""Removes the nodes at which a formula switches (Abs, Max, Min, Piecewise, sign, Heaviside, floor, ceiling), given the proved signs of what they switch on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy
from sympy.core.relational import Relational

from lossgraph.verify.limits import Limit, limit
from lossgraph.verify.order import Undecided, Undefined
from lossgraph.verify.roots import cut, open_part
from lossgraph.verify.signs import Sign, SignProof, sign
from lossgraph.verify.space import Space
from lossgraph.verify.spread import spread

SWITCHING = (sympy.Abs, sympy.Max, sympy.Min, sympy.Piecewise, sympy.sign, sympy.Heaviside, sympy.floor, sympy.ceiling)
ROUNDING = (sympy.floor, sympy.ceiling)
MAX_JUMPS = 40


def swap(expression: sympy.Expr, node: Any, replaced: Any) -> sympy.Expr:
    swapped = expression.xreplace({node: replaced})
    if swapped.has(sympy.nan, sympy.zoo) or not isinstance(swapped, sympy.Expr):
        raise Undecided(f"{swapped} after {node} was resolved")
    return swapped


def next_switch(expression: Any) -> Any:
    """The first switching node all of whose own switching nodes are gone; of a Piecewise only the first condition counts (other parts may be undefined)."""
    if isinstance(expression, sympy.Piecewise):
        first: Any = _branch(expression)[1]
        return next_switch(first) or expression
    for argument in expression.args:
        found = next_switch(argument)
        if found is not None:
            return found
    return expression if isinstance(expression, SWITCHING) else None


def _branch(node: Any) -> Any:
    """The first (value, condition) of a Piecewise."""
    return node.args[0]


def switch_functions(node: Any, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr, space: Space) -> Iterator[Any]:
    """The functions whose signs decide what `node` is."""
    if isinstance(node, (sympy.Max, sympy.Min)):
        arguments: list[Any] = sorted(node.args, key=str)
        yield arguments[0] - arguments[1]
    elif isinstance(node, sympy.Piecewise):
        yield from _relational_functions(_branch(node)[1])
    elif isinstance(node, ROUNDING):
        yield from (node.args[0] - level for level in _levels(node, variable, lower, upper, space))
    else:
        if isinstance(node, sympy.Heaviside) and node.args[1] != sympy.Rational(1, 2):
            raise Undecided("Heaviside with another value at 0")
        yield node.args[0]


def _levels(node: Any, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr, space: Space) -> range:
    """The whole numbers that the argument of floor or ceiling can cross on an open interval, where it runs between two known numbers."""
    ends = _argument_ends(node.args[0], variable, lower, upper, space)
    if ends is None or any(not end.is_number or end.is_infinite for end in ends):
        raise Undecided(f"{node} may jump infinitely often")
    low, high = sorted(sympy.floor(end) for end in ends)
    if high - low > MAX_JUMPS:
        raise Undecided(f"{node} jumps more than {MAX_JUMPS} times")
    return range(int(low) - 1, int(high) + 2)


def _argument_ends(argument: Any, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr, space: Space) -> list[Any] | None:
    """Numbers between which the argument stays: its values at the ends where it is affine, its limits there where it is monotone, else what its form says."""
    polynomial = argument.as_poly(variable)
    if variable in argument.free_symbols and polynomial is not None and polynomial.degree() == 1:
        return [argument.subs(variable, end) for end in (lower, upper)]
    over = open_part(space, variable, lower, upper)
    slope = sign(sympy.diff(argument, variable), over)
    if slope is not None:
        found = [limit(argument, variable, lower, "+", space), limit(argument, variable, upper, "-", space)]
        return [part.value if isinstance(part, Limit) else sympy.oo for part in found]
    between = spread(argument, over)
    return None if between is None else list(between)


def rounded(node: Any, variable: sympy.Symbol, lower: sympy.Expr, upper: sympy.Expr, space: Space) -> tuple[Any, list[dict[str, Any]]]:
    """The whole number that floor or ceiling is on an open interval without jumps."""
    for level in _levels(node, variable, lower, upper, space):
        below, above = (cut(gap, variable, lower, upper, space).proofs[0] for gap in (node.args[0] - level, level + 1 - node.args[0]))
        if below.sign is Sign.POSITIVE and above.sign is Sign.POSITIVE:
            value = sympy.Integer(level if isinstance(node, sympy.floor) else level + 1)
            gaps = ((node.args[0] - level, below), (level + 1 - node.args[0], above))
            return value, [{"function": str(gap), "sign": "+", "proof": proof.certificate} for gap, proof in gaps]
    raise Undecided(f"{node}")


def _gap(condition: Any) -> Any:
    return condition.lhs - condition.rhs


def _relational_functions(condition: Any) -> Iterator[sympy.Expr]:
    if isinstance(condition, Relational):
        yield _gap(condition)
    elif isinstance(condition, (sympy.And, sympy.Or, sympy.Not)):
        for argument in sorted(condition.args, key=str):
            yield from _relational_functions(argument)
    elif condition not in (sympy.true, sympy.false):
        raise Undecided(f"condition {condition}")


def resolve(node: Any, proof: Any) -> tuple[Any, list[dict[str, Any]]]:
    """What `node` is where each of its switching functions has the sign that `proof` gives; with the claims used."""
    claims: list[dict[str, Any]] = []

    def known(function: sympy.Expr) -> Sign:
        found: SignProof = proof(function)
        claims.append({"function": str(function), "sign": found.sign.value, "proof": found.certificate})
        return found.sign

    if isinstance(node, (sympy.Max, sympy.Min)):
        arguments: list[Any] = sorted(node.args, key=str)
        wins = (Sign.POSITIVE, Sign.ZERO, Sign.NONNEGATIVE) if isinstance(node, sympy.Max) else (Sign.NEGATIVE, Sign.ZERO, Sign.NONPOSITIVE)
        kept = arguments[0] if known(arguments[0] - arguments[1]) in wins else arguments[1]
        return node.func(kept, *arguments[2:]), claims
    if isinstance(node, sympy.Piecewise):
        truth = _truth(_branch(node)[1], known)
        if truth:
            return _branch(node)[0], claims
        rest = node.args[1:]
        if not rest:
            raise Undefined("no branch of the Piecewise applies")
        return sympy.Piecewise(*rest, evaluate=False), claims
    argument = node.args[0]
    found = known(argument)
    if isinstance(node, sympy.Abs):
        return (-argument if found in (Sign.NEGATIVE, Sign.NONPOSITIVE) else argument), claims
    values = {Sign.POSITIVE: 1, Sign.NEGATIVE: -1, Sign.ZERO: 0}
    if found not in values:
        raise Undecided(f"strict sign of {argument}")
    value = sympy.Integer(values[found])
    return (value if isinstance(node, sympy.sign) else (value + 1) / 2), claims


def _truth(condition: Any, known: Any) -> bool:
    """The truth of a condition from the signs of its relationals."""
    if condition in (sympy.true, sympy.false):
        return condition is sympy.true
    if isinstance(condition, sympy.And):
        return all(_truth(argument, known) for argument in sorted(condition.args, key=str))
    if isinstance(condition, sympy.Or):
        return any(_truth(argument, known) for argument in sorted(condition.args, key=str))
    if isinstance(condition, sympy.Not):
        return not _truth(condition.args[0], known)
    if isinstance(condition, Relational):
        found: Sign = known(_gap(condition))
        table = _RELATIONS[type(condition)]
        if found in table[0]:
            return True
        if found in table[1]:
            return False
    raise Undecided(f"truth of {condition}")


_P, _N, _Z, _GE, _LE = Sign.POSITIVE, Sign.NEGATIVE, Sign.ZERO, Sign.NONNEGATIVE, Sign.NONPOSITIVE
_RELATIONS: dict[type, tuple[tuple[Sign, ...], tuple[Sign, ...]]] = {
    sympy.StrictGreaterThan: ((_P,), (_N, _Z, _LE)),
    sympy.GreaterThan: ((_P, _Z, _GE), (_N,)),
    sympy.StrictLessThan: ((_N,), (_P, _Z, _GE)),
    sympy.LessThan: ((_N, _Z, _LE), (_P,)),
    sympy.Equality: ((_Z,), (_P, _N)),
    sympy.Unequality: ((_P, _N), (_Z,)),
}
