"""Where a tree has a value, and where it is real-analytic: what must be positive, and what must not vanish, inside it.

Texts in a proof may be written otherwise than the formula that they stand for; a text that has no value somewhere (`exp(log(x))` for x) would let a false
sign be read off its form, so each is held to the same needs as the formula itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

from lossgraph.checker.expression import Node, Unreadable, names, number
from lossgraph.checker.normal import normal, without_positive_factors
from lossgraph.checker.polynomials import Quotient, multiply_polynomials
from lossgraph.checker.space import Space, structure

_ENTIRE = frozenset({"exp", "sin", "cos", "tanh", "cosh", "sinh", "atan", "erf", "erfc"})
_SWITCHING = frozenset({"Abs", "Max", "Min", "sign", "Heaviside"})
POSITIVE, NONZERO, WEAK, POWER = "positive", "nonzero", "nonnegative", "power"


def needs(node: Node, smooth: bool = False) -> Iterator[tuple[str, Node]]:
    """What has to hold of which inner tree, so that `node` has a value (and, if `smooth`, is analytic). Raises `Unreadable` for what it has no rule for."""
    kind = node[0]
    if kind in {"number", "name"}:
        return
    if kind == "Piecewise" or (smooth and kind in _SWITCHING):
        raise Unreadable(f"{kind} is not understood here")
    for child in node[1:]:
        yield from needs(child, smooth)
    if kind == "pow" and node[2][0] != "number" and not smooth:
        yield POWER, node
    else:
        yield from own_needs(node, smooth)


def own_needs(node: Node, smooth: bool = False) -> Iterator[tuple[str, Node]]:
    """The same, of the topmost node alone."""
    kind = node[0]
    if kind in {"add", "mul", "neg"} or kind in _ENTIRE or kind in _SWITCHING:
        return
    if kind == "pow":
        yield from _power_needs(node[1], node[2], smooth)
    elif kind in {"log", "loggamma", "polygamma", "gamma", "digamma"}:
        yield POSITIVE, node[-1]
    elif kind in {"asin", "acos"}:
        for edge in (("add", number(1), node[1]), ("add", number(1), ("neg", node[1]))):
            yield (POSITIVE if smooth else WEAK), edge
    elif kind == "tan":
        yield NONZERO, ("cos", node[1])
    else:
        raise Unreadable(f"{kind} is not understood here")


def _power_needs(base: Node, exponent: Node, smooth: bool) -> Iterator[tuple[str, Node]]:
    if exponent[0] == "number" and exponent[1].denominator == 1:
        if exponent[1] < 0:
            yield NONZERO, base
    elif exponent[0] == "number" and exponent[1] > 0 and not smooth:
        yield WEAK, base
    else:
        yield POSITIVE, base


def strict_sign(node: Node, space: Space) -> str | None:
    """The sign read off the form, or of the number that the normal form is."""
    found = structure(node, space)
    if found in {"+", "-", "0"}:
        return found
    value = normal(node, space.positive()).rational() if not names(node) else None
    return found if value is None else "+" if value > 0 else "-" if value < 0 else "0"


MEETS = {POSITIVE: {"+"}, NONZERO: {"+", "-"}, WEAK: {"+", "0", ">=0"}}


def _meets(need: str, node: Node, space: Space) -> bool:
    """Whether a need is met for all of the space; a power whose exponent is no number needs a positive base, or one >= 0 and a positive exponent."""
    if need != POWER:
        return strict_sign(node, space) in MEETS[need]
    base = strict_sign(node[1], space)
    return base == "+" or (base in MEETS[WEAK] and strict_sign(node[2], space) == "+")


def smooth(node: Node, space: Space, judge: Callable[[Node], str] | None = None) -> None:
    """Confirms that a tree is real and analytic on the space; `judge` tells signs that were proved there. Raises `Unreadable`."""
    for need, inner in needs(node, smooth=True):
        if strict_sign(inner, space) not in MEETS[need] and (judge is None or judge(inner) not in MEETS[need]):
            raise Unreadable("a tree may have no value, or be no smooth function, somewhere")


def check_defined(node: Node, space: Space, like: Node | None = None, proved: Iterable[tuple[Node, str]] = ()) -> None:
    """Confirms that a tree has a value all over the space; `like` is a tree that is known to have one, `proved` are known signs. Raises `Unreadable`."""
    known: dict[str, list[Any]] | None = None
    for need, inner in _by_factors(needs(node), space):
        if known is None:
            known = _known(like, space, proved)
        if need == POWER:
            need, inner = (WEAK if strict_sign(inner[2], space) == "+" else POSITIVE), inner[1]
        form = _core(inner, space)
        allowed = known[POSITIVE] + (known[NONZERO] if need == NONZERO else known[WEAK] if need == WEAK else [])
        products = (first * second for first, second in combinations_with_replacement(allowed, 2))
        if not any(_multiple(form, other, need == NONZERO) for group in (allowed, products) for other in group):
            raise Unreadable("a text of the proof may have no value somewhere")


def _by_factors(wanted: Iterator[tuple[str, Node]], space: Space) -> Iterator[tuple[str, Node]]:
    """The needs that are not seen to be met. A product is not zero (is positive) where its factors are, a whole power where its base is."""
    for need, inner in wanted:
        if _meets(need, inner, space):
            continue
        if need != WEAK and inner[0] == "mul":
            yield from _by_factors(((need, factor) for factor in inner[1:]), space)
        elif need != WEAK and inner[0] == "pow" and inner[2][0] == "number" and inner[2][1].denominator == 1:
            yield from _by_factors(((need, base) for base in inner[1:2]), space)
        else:
            yield need, inner


def _known(like: Node | None, space: Space, proved: Iterable[tuple[Node, str]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {POSITIVE: [], NONZERO: [], WEAK: []}
    for function, sign in proved:
        if sign != "0":
            need = POSITIVE if sign in {"+", "-"} else WEAK
            found[need].append(_core(("neg", function) if sign in {"-", "<=0"} else function, space))
    if like is not None:
        for need, inner in needs(like):
            if need == POWER:  # where it has a value the base is positive, or zero under a positive exponent
                positive = strict_sign(inner[2], space) in {"-", "<=0", "0"}
                need, inner = (POSITIVE if positive else WEAK), inner[1]
            found[need].append(_core(inner, space))
    return found


def _core(node: Node, space: Space) -> Quotient:
    """The normal form without the positive numbers and powers that divide it, nor a divisor that is positive: it is positive (zero) where the tree is."""
    form = normal(node, space.positive())
    return without_positive_factors(form, space.positive()) if form.numerator else form


def _multiple(form: Quotient, other: Quotient, either_sign: bool) -> bool:
    """Whether form is a positive (or, if `either_sign`, any) number times other."""
    ratio = ratio_of(form, other)
    return ratio is not None and (ratio > 0 or (either_sign and ratio != 0))


def ratio_of(form: Quotient, other: Quotient) -> Fraction | None:
    """The number c with form = c*other, where there is one that is not 0."""
    first, second = multiply_polynomials(form.numerator, other.denominator), multiply_polynomials(other.numerator, form.denominator)
    if not first or set(first) != set(second):
        return None
    ratios = {Fraction(value) / second[monomial] for monomial, value in first.items()}
    return ratios.pop() if len(ratios) == 1 else None
