"""Statements about vectors of every length: each sum over components becomes an unknown number, of which only what holds for all lengths is known.

A vector is one symbol, its generic component. `sum(2*p*g + p)` becomes 2*S(p*g) + S(p), with S(p*g) >= 0 where p*g >= 0 on the components' sets. What is
proved for all values of these unknowns holds for vectors of every length. Components in [0, 1] are written in the products of x and 1 - x, whose sums are
nonnegative; so sum(p) - dot(p, g) = S(p*(1 - g)) >= 0 is seen at once. Components of a simplex sum to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, cast

import sympy

from lossgraph.formula.domains import Span
from lossgraph.formula.symbolic import requirements, symbol, to_sympy
from lossgraph.formula.tree import Call, Compare, Index, Name, Node
from lossgraph.model import InputError
from lossgraph.verify.signs import Sign, sign
from lossgraph.verify.space import Interval, Space
from lossgraph.verify.structure import understood

SUMS = frozenset({"sum", "dot", "norm", "logsumexp", "softmax"})
LARGEST_BASIS = 3
POSITIVE_RAY, RAY = (Interval(sympy.Integer(0), sympy.oo),), (Interval(sympy.Integer(0), sympy.oo, False, True),)


@dataclass
class Sums:
    """The generic components of a statement's vectors, and the unknowns that stand for their sums. One use each."""

    components: dict[sympy.Symbol, tuple[Interval, ...]] = field(default_factory=dict[sympy.Symbol, "tuple[Interval, ...]"])
    unit: list[sympy.Symbol] = field(default_factory=list[sympy.Symbol])
    binary: set[sympy.Symbol] = field(default_factory=set[sympy.Symbol])
    fixed: dict[sympy.Expr, sympy.Expr] = field(default_factory=dict[sympy.Expr, sympy.Expr])
    unknowns: dict[sympy.Expr, tuple[sympy.Symbol, tuple[Interval, ...]]] = field(default_factory=dict[sympy.Expr, "tuple[sympy.Symbol, tuple[Interval, ...]]"])
    scalars: tuple[tuple[sympy.Symbol, tuple[Interval, ...]], ...] = ()

    def vector(self, name: str, spans: tuple[Span, ...], intervals: tuple[Interval, ...], simplex: bool = False) -> tuple[sympy.Symbol]:
        """A vector's generic component, as the vector of one component that the formula evaluator works on."""
        made = symbol(f"{name}_i", spans)
        self.components[made] = intervals
        if simplex:
            self.fixed[made] = sympy.Integer(1)
        elif all(interval.lower.is_nonnegative and (1 - interval.upper).is_nonnegative for interval in intervals) and len(self.unit) < LARGEST_BASIS:
            self.unit.append(made)
        if all(interval.lower == interval.upper and interval.lower in (0, 1) for interval in intervals):
            self.binary.add(made)
        return (made,)

    def total(self, component: sympy.Expr) -> sympy.Expr:
        """The sum over all components of an expression in generic components, in unknowns."""
        expanded = sympy.expand(component)
        polynomial, rest = [], []
        for term in sympy.Add.make_args(expanded):
            scalar, part = term.as_independent(*self.components, as_Add=False)
            part = self._reduced(part)
            (polynomial if self._multiaffine(part) else rest).append((scalar, part))
        known = sympy.Add(*(scalar * self.unknown(part) for scalar, part in rest))
        return known + self._in_basis(polynomial)

    def _reduced(self, part: sympy.Expr) -> sympy.Expr:
        """Components in {0, 1} are their own powers."""
        powers = [node for node in part.atoms(sympy.Pow) if node.base in self.binary and node.exp.is_positive]
        return cast("sympy.Expr", part.xreplace({node: node.base for node in powers}))

    def _multiaffine(self, part: sympy.Expr) -> bool:
        return all(factor in self.unit or factor == 1 for factor in sympy.Mul.make_args(part))

    def _in_basis(self, terms: list[tuple[sympy.Expr, sympy.Expr]]) -> sympy.Expr:
        """A sum of multi-affine terms in the products of x and 1 - x: the coefficient of each product is the value at its corner."""
        whole = sympy.Add(*(scalar * part for scalar, part in terms))
        result: sympy.Expr = sympy.Integer(0)
        for corner in product((1, 0), repeat=len(self.unit)):
            value = whole.subs(dict(zip(self.unit, corner, strict=True)))
            if value != 0:
                result += value * self.unknown(sympy.Mul(*(x if one else 1 - x for x, one in zip(self.unit, corner, strict=True))))
        return result

    def unknown(self, part: sympy.Expr) -> sympy.Expr:
        """The number that stands for the sum of `part` over all components."""
        if part in self.fixed:
            return self.fixed[part]
        if part not in self.unknowns:
            domain = self._domain(part)
            kind = {"positive": True} if domain == POSITIVE_RAY else {"nonnegative": True} if domain == RAY else {"real": True}
            self.unknowns[part] = (sympy.Symbol(f"S{len(self.unknowns)}_", **kind), domain)
        return self.unknowns[part][0]

    def _domain(self, part: sympy.Expr) -> tuple[Interval, ...]:
        """(0, oo) or [0, oo) where every component of `part` is positive or nonnegative, else the reals."""
        inner = (*self.scalars, *((symbol, domain) for symbol, domain in self.components.items() if symbol in part.free_symbols))
        for weight, total in self.fixed.items():  # weights that sum to 1 are not all zero: a mean of what is positive is positive
            if weight in sympy.Mul.make_args(part) and total.is_positive and part != weight and part_sign(part / weight, inner) is Sign.POSITIVE:
                return POSITIVE_RAY
        found = part_sign(part, inner)
        if found is Sign.POSITIVE:
            return POSITIVE_RAY
        return RAY if found in (Sign.NONNEGATIVE, Sign.ZERO) else (Interval(),)

    def symbols(self) -> tuple[tuple[sympy.Symbol, tuple[Interval, ...]], ...]:
        """The unknowns with what is known of them."""
        return tuple(self.unknowns.values())

    def conditions(self) -> tuple[sympy.Basic, ...]:
        """A vector has at least one component, so the products of x and 1 - x do not all sum to zero."""
        corners = [sympy.Mul(*choice) for choice in product(*((x, 1 - x) for x in self.unit))] if self.unit else []
        seen = [self.unknowns[corner][0] for corner in corners if corner in self.unknowns]
        return (sympy.Add(*seen) > 0,) if seen and len(seen) == len(corners) else ()

    def hints(self, classes: bool) -> tuple[sympy.Basic, ...]:
        """A component of something positive is at most the sum, and less than it where there are two components at least (`classes`)."""
        parts = [(part, unknown) for part, (unknown, domain) in self.unknowns.items() if domain == POSITIVE_RAY and part.free_symbols & set(self.components)]
        return tuple(unknown > part if classes else unknown >= part for part, unknown in parts)

    def meanings(self) -> dict[str, str]:
        """What each unknown stands for, as text."""
        return {str(unknown): f"sum of {part}" for part, (unknown, _) in self.unknowns.items()}


def part_sign(part: sympy.Expr, symbols: tuple[tuple[sympy.Symbol, tuple[Interval, ...]], ...]) -> Sign | None:
    """The sign of a component's expression over the hull of its components' sets; None where it is open. Abs, even powers and the like count too."""
    from lossgraph.verify.everywhere import everywhere

    if part == 1:
        return Sign.POSITIVE
    used = tuple(entry for entry in symbols if entry[0] in part.free_symbols)
    if understood(part):
        hull = Space(tuple((name, Interval(spans[0].lower, spans[-1].upper, spans[0].lower_open, spans[-1].upper_open)) for name, spans in used))
        proof = sign(part, hull)
        return None if proof is None else proof.sign
    for claim, found in (("> 0", Sign.POSITIVE), (">= 0", Sign.NONNEGATIVE)):
        if everywhere(part, claim, used).proved:
            return found
    return None


def evaluate(node: Node, table: Mapping[str, Any], sums: Sums, lengths: frozenset[str] | set[str]) -> Any:
    """A formula without card calls over generic components: vectors are tuples of one component, sums are unknowns, a name of a length is the sum of 1.

    Raises `InputError` for what has no meaning for every length.
    """
    return to_sympy(*resolved(node, table, sums, lengths))


def resolved(
    node: Node, table: Mapping[str, Any], sums: Sums, lengths: frozenset[str] | set[str], noted: list[tuple[Any, Any]] | None = None
) -> tuple[Node, dict[str, Any]]:
    """The formula with names in the place of sums and the like, and what all names stand for. `noted` collects what has to hold for it to have a value."""
    values = dict(table)
    bare = _without_sums(node, values, sums, lengths, noted)
    for name in sorted(lengths):
        values.setdefault(name, sums.total(sympy.Integer(1)))
    if noted is not None:
        noted += [pair for pair in requirements(bare, values) if pair not in noted]
    return bare, values


def _without_sums(node: Node, values: dict[str, Any], sums: Sums, lengths: frozenset[str] | set[str], noted: list[tuple[Any, Any]] | None) -> Node:
    def put(value: Any) -> Node:
        mark = f"__sum{len(values)}"
        values[mark] = value
        return Name(mark)

    if isinstance(node, Index):
        raise InputError(f"`{node.vector}[{node.position}]` is one component, not a generic one")
    if isinstance(node, Compare):
        return Compare(node.operators, tuple(_without_sums(operand, values, sums, lengths, noted) for operand in node.operands))
    if not isinstance(node, Call):
        return node
    if node.function == "vector":
        raise InputError("a vector that is written out has its own length")
    if node.function not in SUMS:
        return Call(node.function, tuple(_without_sums(argument, values, sums, lengths, noted) for argument in node.arguments))
    parts = [to_sympy(*resolved(argument, values, sums, lengths, noted)) for argument in node.arguments]
    if not all(isinstance(part, tuple) and len(part) == 1 for part in parts):
        raise InputError(f"`{node.function}` of something that is no vector")
    component = parts[0][0]
    match node.function:
        case "sum":
            return put(sums.total(component))
        case "dot":
            return put(sums.total(component * parts[1][0]))
        case "norm":
            return put(sympy.sqrt(sums.total(component**2)))
        case "logsumexp":
            return put(sympy.log(sums.total(sympy.exp(component))))
        case _:
            return put((sympy.exp(component) / sums.total(sympy.exp(component)),))


__all__ = ["SUMS", "Sums", "evaluate", "part_sign"]
