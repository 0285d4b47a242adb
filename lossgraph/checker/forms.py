"""Trees written otherwise: whether two are the same but for what a printer may change, and roots of squares as absolute values.

A printer may change brackets in sums and products, their order, signs, numbers worked out, factors 1 and terms 0. Nothing is cancelled, so two such trees
have a value at the same points. Where more is needed the normal form decides.
"""

from __future__ import annotations

from fractions import Fraction

from lossgraph.checker.expression import Node, Unreadable, number
from lossgraph.checker.normal import normal
from lossgraph.checker.polynomials import UNIT

HALF = number(Fraction(1, 2))


def alike(first: Node, second: Node) -> bool:
    """Whether two trees are the same in this sense."""
    return plain(first) == plain(second)


def plain(node: Node) -> Node:
    """The tree with nested sums and products in one, their numbers worked out and in front, their other parts in order."""
    match node[0]:
        case "number" | "name":
            return node
        case "neg":
            return _product([number(-1), plain(node[1])])
        case "add":
            return _sum([plain(child) for child in node[1:]])
        case "mul":
            return _product([plain(child) for child in node[1:]])
        case "pow":
            return _power(plain(node[1]), plain(node[2]))
        case "Max" | "Min":
            return (node[0], *sorted((plain(child) for child in node[1:]), key=repr))
        case _:
            return (node[0], *(plain(child) for child in node[1:]))


def _sum(children: list[Node]) -> Node:
    parts = [part for child in children for part in (child[1:] if child[0] == "add" else (child,))]
    total = sum((part[1] for part in parts if part[0] == "number"), Fraction(0))
    rest = sorted((part for part in parts if part[0] != "number"), key=repr)
    if total or not rest:
        rest = [number(total), *rest]
    return rest[0] if len(rest) == 1 else ("add", *rest)


def _product(children: list[Node]) -> Node:
    parts = [part for child in children for part in (child[1:] if child[0] == "mul" else (child,))]
    total = Fraction(1)
    for part in parts:
        total *= part[1] if part[0] == "number" else 1
    rest = sorted((part for part in parts if part[0] != "number"), key=repr)
    if total != 1 or not rest:
        rest = [number(total), *rest]
    return rest[0] if len(rest) == 1 else ("mul", *rest)


def _power(base: Node, exponent: Node) -> Node:
    """The power, worked out where both are small numbers and it has a value."""
    if base[0] == exponent[0] == "number" and exponent[1].denominator == 1 and abs(exponent[1]) <= 64 and (base[1] or exponent[1] > 0):
        return number(base[1] ** int(exponent[1]))
    return base if base == number(1) else ("pow", base, exponent)


def unrooted(node: Node) -> Node:
    """The tree with sqrt(u**2*v) as Abs(u)*sqrt(v), sqrt(u)**2 as u, Abs(u)**2 as u**2, a Max in a Max as one: equal wherever the new tree has a value."""
    if node[0] in {"number", "name"}:
        return node
    node = (node[0], *(unrooted(child) for child in node[1:]))
    if node[0] in {"Max", "Min"}:
        return _flat(node)
    if node[0] != "pow" or node[2][0] != "number":
        return node
    base, exponent = node[1], node[2][1]
    if exponent.denominator == 1 and exponent > 0 and exponent % 2 == 0:
        if base[0] == "Abs":
            return ("pow", base[1], node[2])
        if base[0] == "pow" and base[2] == HALF:
            return base[1] if exponent == 2 else ("pow", base[1], number(exponent / 2))
    return _without_squares(node) if exponent.denominator == 2 else node


def _flat(node: Node) -> Node:
    """Max and Min with those inside them of the same kind in one, each argument once, of numbers only the one that counts."""
    parts = [part for child in map(plain, node[1:]) for part in (child[1:] if child[0] == node[0] else (child,))]
    numbers = [part for part in parts if part[0] == "number"]
    kept = list(dict.fromkeys(part for part in parts if part[0] != "number"))
    if numbers:
        extreme = max if node[0] == "Max" else min
        kept.append(extreme(numbers, key=lambda part: part[1]))
    return kept[0] if len(kept) == 1 else (node[0], *kept)


def _without_squares(node: Node) -> Node:
    """A root with the even powers under it taken out; the same node where there are none."""
    base, exponent = plain(node[1]), node[2][1]
    taken: list[Node] = []
    left: list[Node] = []
    for part in base[1:] if base[0] == "mul" else _square_of_name(base):
        even = part[0] == "pow" and part[2][0] == "number" and part[2][1].denominator == 1 and part[2][1] % 2 == 0
        if even:
            power = part[2][1] * exponent
            for inner in part[1][1:] if part[1][0] == "mul" else part[1:2]:
                size = inner if inner[0] == "Abs" else number(abs(inner[1])) if inner[0] == "number" else ("Abs", inner)
                taken.append(size if power == 1 else ("pow", size, number(power)))
        else:
            left.append(part)
    if not taken:
        return node
    rest: Node = ("mul", *left) if len(left) > 1 else left[0] if left else number(1)
    root = rest if rest == number(1) else ("pow", rest, node[2])
    return ("mul", root, *taken) if root != number(1) or len(taken) > 1 else taken[0]


def _square_of_name(base: Node) -> tuple[Node, ...]:
    """The factors of what is no product as it stands: those of its normal form where that is one monomial (x**2 + x**2 is 2*x**2)."""
    if base[0] != "add":
        return (base,)
    try:
        form = normal(base)
    except Unreadable:
        return (base,)
    if form.denominator != UNIT or len(form.numerator) != 1:
        return (base,)
    ((monomial, value),) = form.numerator.items()
    if not monomial or any(generator[0] != "symbol" or power < 1 or power != int(power) for generator, power in monomial):
        return (base,)
    factors: list[Node] = [number(value)] if value != 1 else []
    return (*factors, *(("pow", ("name", generator[1]), number(power)) for generator, power in monomial))
