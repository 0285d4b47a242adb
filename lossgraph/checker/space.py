"""Where symbols lie while a sign is checked: intervals in order (ends may name earlier symbols), and what follows at once for the sign of a tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import combinations
from math import lcm
from typing import Any

from lossgraph.checker.constants import sign_of
from lossgraph.checker.expression import ZERO, Node, Unreadable, names, number, substitute
from lossgraph.checker.normal import exponential, largest, normal, square_root
from lossgraph.checker.polynomials import (
    UNIT,
    Generator,
    Monomial,
    Number,
    Polynomial,
    Quotient,
    exact,
    is_quotient_key,
    order,
    quotient_of,
    sorted_monomial,
)
from lossgraph.checker.sturm import sign_without_roots
from lossgraph.checker.trees import monomial_tree, polynomial_tree, tree

OO: Node = ("name", "oo")
MINUS_OO: Node = ("neg", OO)
SIGNS = frozenset({"+", "-", "0", ">=0", "<=0"})
_FLIPPED = {"+": "-", "-": "+", "0": "0", ">=0": "<=0", "<=0": ">=0"}
MAX_DEPTH = 60
MAX_DEGREE = 40


@dataclass(frozen=True)
class Interval:
    """An interval of the reals; an end that is infinite is open."""

    lower: Node = MINUS_OO
    upper: Node = OO
    lower_open: bool = True
    upper_open: bool = True


@dataclass(frozen=True)
class Space:
    """Every symbol in its interval, and every condition true."""

    intervals: tuple[tuple[str, Interval], ...] = ()
    conditions: tuple[Node, ...] = ()

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.intervals, self.conditions))

    def interval(self, name: str) -> Interval | None:
        """The interval of a symbol, None where the space does not have it."""
        return next((interval for other, interval in self.intervals if other == name), None)

    def without(self, name: str) -> Space:
        """The space without one symbol (later ends must not name it)."""
        if any(name in names(interval.lower) | names(interval.upper) for _, interval in self.intervals):
            raise Unreadable(f"an end names {name}")
        return Space(tuple(item for item in self.intervals if item[0] != name), tuple(part for part in self.conditions if name not in names(part)))

    def apart_from(self, name: str) -> Space:
        """The space without one symbol and without those whose ends name it: of what is left nothing is said that the space does not say."""
        kept = tuple(item for item in self.intervals if item[0] != name and name not in names(item[1].lower) | names(item[1].upper))
        gone = {other for other, _ in self.intervals} - {other for other, _ in kept}
        return Space(kept, tuple(part for part in self.conditions if not names(part) & gone))

    def replaced(self, name: str, new: str, interval: Interval, by: Node) -> Space:
        """The space with one symbol's place taken by another, `by` being the old in terms of the new."""
        if self.interval(new) is not None:
            raise Unreadable(f"{new} is taken")
        changed = tuple(
            (other, Interval(substitute(old.lower, {name: by}), substitute(old.upper, {name: by}), old.lower_open, old.upper_open))
            for other, old in self.intervals
            if other != name
        )
        return Space(((new, interval), *changed), tuple(substitute(part, {name: by}) for part in self.conditions))

    def placed(self, name: str, point: Node) -> Space:
        """The space where a symbol has one value."""
        changed = [
            (other, Interval(substitute(old.lower, {name: point}), substitute(old.upper, {name: point}), old.lower_open, old.upper_open))
            for other, old in self.intervals
            if other != name
        ]
        return Space(tuple(changed), tuple(substitute(part, {name: point}) for part in self.conditions))

    def narrowed(self, name: str, interval: Interval) -> Space:
        """The space with another interval for a symbol, in its place."""
        return Space(tuple((other, interval if other == name else old) for other, old in self.intervals), self.conditions)

    def extended(self, name: str, interval: Interval) -> Space:
        """The space with one symbol more."""
        if self.interval(name) is not None:
            raise Unreadable(f"{name} is taken")
        return Space((*self.intervals, (name, interval)), self.conditions)

    def positive(self) -> frozenset[str]:
        """The symbols that are positive at once: their interval starts at a number >= 0, or at an exponential."""
        return self._positive

    @cached_property
    def _positive(self) -> frozenset[str]:
        found: set[str] = set()
        for name, interval in self.intervals:
            if interval.lower[0] == "exp":
                found.add(name)
            elif interval.lower != MINUS_OO and not names(interval.lower) and interval.lower != OO:
                start = sign_of(interval.lower)
                if start == 1 or (start == 0 and interval.lower_open):
                    found.add(name)
        return frozenset(found)


POSITIVE = Interval(ZERO, OO)


def flipped(sign: str | None) -> str | None:
    """The sign of the negative."""
    return None if sign is None else _FLIPPED[sign]


def implies(found: str | None, wanted: str) -> bool:
    """Whether a sign that was found is at least as sharp as the one wanted."""
    return found == wanted or (found, wanted) in {("+", ">=0"), ("0", ">=0"), ("-", "<=0"), ("0", "<=0")}


def product(signs: list[str | None]) -> str | None:
    """The sign of a product."""
    if "0" in signs:
        return "0"
    if None in signs:
        return None
    negative = sum(sign in {"-", "<=0"} for sign in signs) % 2 == 1
    weak = any(sign in {">=0", "<=0"} for sign in signs)
    return {(False, False): "+", (True, False): "-", (False, True): ">=0", (True, True): "<=0"}[negative, weak]


def total(signs: list[str | None]) -> str | None:
    """The sign of a sum, where the terms agree."""
    kept = [sign for sign in signs if sign != "0"]
    if not kept:
        return "0"
    if all(sign in {"+", ">=0"} for sign in kept):
        return "+" if "+" in kept else ">=0"
    if all(sign in {"-", "<=0"} for sign in kept):
        return "-" if "-" in kept else "<=0"
    return None


@lru_cache(maxsize=50_000)
def structure(node: Node, space: Space, depth: int = 0) -> str | None:
    """The sign of a tree read off its form, bottom-up; None where the form does not tell."""
    if depth > MAX_DEPTH:
        return None
    free = names(node)
    if not free:
        if node[0] == "name" or node == MINUS_OO:
            return {OO: "+", MINUS_OO: "-"}.get(node) or _constant(node)
        return _constant(node)
    if node[0] == "name":
        return _symbol(node[1], space, depth)
    if node[0] == "neg":
        return flipped(structure(node[1], space, depth + 1))
    if node[0] == "mul":
        return product([structure(child, space, depth + 1) for child in node[1:]])
    if node[0] == "pow":
        return _power(node[1], node[2], space, depth)
    if node[0] == "add":
        direct = total([structure(child, space, depth + 1) for child in node[1:]])
        return direct or linear(node, space, depth + 1) or form_sign(node, space)
    rule = _FUNCTIONS.get(node[0])
    return rule(node, lambda child: structure(child, space, depth + 1)) if rule else None


def _constant(node: Node) -> str | None:
    try:
        found = sign_of(node)
    except Unreadable:
        return None
    return None if found is None else {1: "+", 0: "0", -1: "-"}[found]


def _symbol(name: str, space: Space, depth: int) -> str | None:
    interval = space.interval(name)
    if interval is None:
        return None
    node: Node = ("name", name)
    low = structure(interval.lower, space, depth + 1) if interval.lower != MINUS_OO else None
    high = structure(interval.upper, space, depth + 1) if interval.upper != OO else None
    if low == "+" or (low in {"0", ">=0"} and interval.lower_open):
        return "+"
    if high == "-" or (high in {"0", "<=0"} and interval.upper_open):
        return "-"
    said = {_said(condition, node) for condition in space.conditions}
    for strict in ("+", "-"):
        if strict in said:
            return strict
    if low in {"0", ">=0"} or ">=0" in said:
        return ">=0"
    return "<=0" if high in {"0", "<=0"} or "<=0" in said else None


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _said(condition: Node, node: Node) -> str | None:
    """The sign of a symbol that a condition says, which compares it with a number."""
    if condition[0] not in _TURNED:
        return None
    operator, left, right = condition if condition[1] == node else (_TURNED[condition[0]], condition[2], condition[1])
    if left != node or right[0] != "number":
        return None
    above, strict = operator in {">", ">="}, operator in {">", "<"}
    gap = right[1] if above else -right[1]
    if gap < 0:
        return None
    weak = gap == 0 and not strict
    return (">=0" if weak else "+") if above else ("<=0" if weak else "-")


def _power(base: Node, exponent: Node, space: Space, depth: int) -> str | None:
    under = structure(base, space, depth + 1)
    if exponent[0] == "number" and exponent[1].denominator == 1:
        power = int(exponent[1])
        if power == 0:
            return "+" if under in {"+", "-"} else None
        if power % 2:
            return under if power > 0 or under in {"+", "-"} else None
        if under in {"+", "-"}:
            return "+"
        return ("0" if under == "0" else ">=0") if power > 0 else None
    if under == "+":
        return "+"
    return ">=0" if under in {">=0", "0"} and structure(exponent, space, depth + 1) == "+" else None


def _log(node: Node, sign: Callable[[Node], str | None]) -> str | None:
    return sign(("add", node[1], number(-1)))


def _polygamma(node: Node, sign: Callable[[Node], str | None]) -> str | None:
    order = node[1]
    if order[0] != "number" or order[1].denominator != 1 or order[1] < 1 or sign(node[2]) != "+":
        return None
    return "+" if order[1] % 2 else "-"


def _extreme(node: Node, sign: Callable[[Node], str | None]) -> str | None:
    """Max is at least each argument; two whose product is never positive are not both negative. Min the other way round."""
    turn = flipped if node[0] == "Min" else (lambda found: found)
    signs = [turn(sign(child)) for child in node[1:]]
    if "+" in signs:
        return turn("+")
    if any(found in {"0", ">=0"} for found in signs) or any(sign(_grouped(*pair)) in {"0", "<=0"} for pair in combinations(node[1:], 2)):
        return turn(">=0")
    return turn("-" if set(signs) == {"-"} else "<=0" if all(found in {"-", "<=0"} for found in signs) else None)


def _grouped(first: Node, second: Node) -> Node:
    """A product of two sums, the symbols that divide all terms of one of them taken out, as powers."""
    factors: list[Node] = []
    powers: dict[Generator, Number] = {}
    for node in (first, second):
        try:
            form = normal(node)
        except Unreadable:
            return ("mul", first, second)
        symbols = {generator for monomial in form.numerator for generator, _ in monomial if generator[0] == "symbol"}
        least = {generator: min(dict(monomial).get(generator, 0) for monomial in form.numerator) for generator in sorted(symbols, key=repr)}
        common = {generator: power for generator, power in least.items() if power > 0}
        rest = form * Quotient({sorted_monomial((generator, -power) for generator, power in common.items()): 1})
        factors.append(tree(rest))
        powers = {generator: powers.get(generator, 0) + common.get(generator, 0) for generator in {**powers, **common}}
    return ("mul", *factors, *(("pow", ("name", generator[1]), number(power)) for generator, power in powers.items()))


_FUNCTIONS: dict[str, Callable[[Node, Callable[[Node], str | None]], str | None]] = {
    **dict.fromkeys(("exp", "cosh", "erfc"), lambda node, sign: "+"),
    **dict.fromkeys(("atan", "tanh", "sinh", "asin", "erf"), lambda node, sign: sign(node[1])),
    "log": _log,
    "polygamma": _polygamma,
    **dict.fromkeys(("Max", "Min"), _extreme),
    "Abs": lambda node, sign: {"+": "+", "-": "+", "0": "0"}.get(sign(node[1]) or "", ">=0"),
}


def linear(node: Node, space: Space, depth: int = 0) -> str | None:
    """The sign of a sum that is linear in a symbol: judged at the ends of its interval; at one end only where the slope has a known sign."""
    try:
        form = normal(node, space.positive())
    except Unreadable:
        return None
    return _linear(form, space, depth)


def _linear(form: Quotient, space: Space, depth: int) -> str | None:
    if form.denominator != UNIT or depth > MAX_DEPTH:
        return None
    for name, interval in reversed(space.intervals):
        slope = _slope(form, name)
        if not slope:
            continue
        rising = structure(polynomial_tree(slope), space, depth + 1) if len(slope) > 1 or () not in slope else "+" if slope[()] > 0 else "-"
        low = _end_sign(form, name, interval.lower, space, depth)
        high = _end_sign(form, name, interval.upper, space, depth)
        for sign, weak, opposite in (("+", ">=0", "-"), ("-", "<=0", "+")):
            at_low, at_high = low in {sign, weak, "0"}, high in {sign, weak, "0"}
            if at_low and rising in {sign, weak}:
                return sign if low == sign or (interval.lower_open and rising == sign) else weak
            if at_high and rising in {opposite, _FLIPPED[weak]}:
                return sign if high == sign or (interval.upper_open and rising == opposite) else weak
            if at_low and at_high:
                strict = (low == sign or interval.lower_open) and (high == sign or interval.upper_open) and sign in {low, high}
                return sign if strict else weak
    return None


def _end_sign(form: Quotient, name: str, end: Node, space: Space, depth: int) -> str | None:
    if end in (OO, MINUS_OO):
        return None
    return structure(tree(_at(form, name, end, space)), space.apart_from(name), depth + 1)


def _at(form: Quotient, name: str, end: Node, space: Space) -> Quotient:
    """The polynomial, which is linear in a symbol, with the symbol put at `end`: taken from the normal form, where nothing can vanish unseen."""
    value = normal(end, space.positive())
    total = Quotient({})
    for monomial, coefficient in form.numerator.items():
        rest = tuple(item for item in monomial if item[0] != ("symbol", name))
        term = Quotient({rest: coefficient})
        total = total + (term if len(rest) == len(monomial) else term * value)
    return total


def _slope(form: Quotient, name: str) -> Polynomial | None:
    """The coefficient (free of the symbol) of a symbol in which a polynomial is linear; None where it is not so."""
    slope: Polynomial = {}
    for monomial, coefficient in form.numerator.items():
        if any(repr(name) in repr(generator) and generator != ("symbol", name) for generator, _ in monomial):
            return None
        power = dict(monomial).get(("symbol", name), 0)
        if power not in (0, 1):
            return None
        if power:
            slope[tuple(item for item in monomial if item[0] != ("symbol", name))] = coefficient
    return slope


def form_sign(node: Node, space: Space) -> str | None:
    """The sign of the normal form: numerator and denominator each a sum of monomials that agree."""
    try:
        form = normal(node, space.positive())
    except Unreadable:
        return None
    bottom = polynomial_sign(form.denominator, space)
    return product([polynomial_sign(form.numerator, space), bottom]) if bottom in {"+", "-"} else None


def polynomial_sign(polynomial: Polynomial, space: Space) -> str | None:
    """The sign of a sum of monomials in generators, where all agree."""
    if not polynomial:
        return "0"
    signs: list[str | None] = []
    for monomial, coefficient in polynomial.items():
        parts: list[str | None] = ["+" if coefficient > 0 else "-"]
        parts += [_generator_sign(generator, power, space) for generator, power in monomial]
        signs.append(product(parts))
    found = total(signs)
    if found is not None or len(polynomial) < 2:
        return found
    common, rest = _divided(polynomial)
    if common:
        outside = product([_generator_sign(generator, power, space) for generator, power in common])
        return None if outside is None else product([outside, polynomial_sign(rest, space)])
    plain = _linear(Quotient(polynomial), space, MAX_DEPTH - 8) or _univariate(polynomial, space)
    return plain or _by_logs(polynomial, space) or logarithmic(polynomial, space) or _of_square(polynomial, space)


def _of_square(polynomial: Polynomial, space: Space) -> str | None:
    """The sign of a number times the square of a sum."""
    if len(polynomial) < 3:
        return None
    scale = polynomial[largest(polynomial)]
    root = square_root({monomial: quotient_of(value, scale) for monomial, value in polynomial.items()})
    if root is None:
        return None
    found = "+" if polynomial_sign(root, space) in {"+", "-"} else ">=0"
    return found if scale > 0 else flipped(found)


def _by_logs(polynomial: Polynomial, space: Space) -> str | None:
    """The sign of a*log(p) + b*log(q) + ... + r, where each of these has the same sign: a, b, ... and r hold no logarithm."""
    groups: dict[Generator | None, Polynomial] = {}
    for monomial, value in polynomial.items():
        logs = [item for item in monomial if item[0][0] == "log"]
        if len(logs) > 1 or any(power != 1 for _, power in logs):
            return None
        log = logs[0][0] if logs else None
        groups.setdefault(log, {})[tuple(item for item in monomial if item not in logs)] = value
    if len(groups) < 2 or len(groups) == len(polynomial):
        return None
    signs: list[str | None] = []
    for log, part in groups.items():
        own = polynomial_sign(part, space)
        signs.append(own if log is None else product([own, _generator_sign(log, exact(1), space)]))
    return total(signs)


def _divided(polynomial: Polynomial) -> tuple[Monomial, Polynomial]:
    """The powers of generators that divide every term, and what is left."""
    least: dict[Generator, Number] = {}
    for generator in {generator for monomial in polynomial for generator, _ in monomial}:
        power = min(dict(monomial).get(generator, 0) for monomial in polynomial)
        if power:
            least[generator] = power
    common = sorted_monomial(least.items())
    inverse = Quotient({tuple((generator, -power) for generator, power in common): 1})
    return common, (Quotient(polynomial) * inverse).numerator


def logarithmic(polynomial: Polynomial, space: Space) -> str | None:
    """The sign of a sum of multiples of logarithms and other terms, as that of one product's; of a difference of exponentials, by their logarithms."""
    return _sum_of_logs(polynomial, space) or _of_two(polynomial, space)


def _sum_of_logs(polynomial: Polynomial, space: Space) -> str | None:
    """c*log(p) + d*log(q) + ... + r has the sign of p**c*q**d*...*exp(r) - 1; all are multiplied by what makes c, d, ... whole."""
    above, below, others = Quotient(UNIT), Quotient(UNIT), Quotient({})
    scale = 1
    for value in polynomial.values():
        scale = lcm(scale, value.denominator)
    logs, sums = 0, False  # of numbers and single symbols `_of_two` speaks, which comes back here
    for monomial, value in polynomial.items():
        times = int(value * scale)
        if len(monomial) != 1 or monomial[0][0][0] != "log" or monomial[0][1] != 1:
            others = others + Quotient({monomial: times})
            continue
        if abs(times) > 4:
            return None
        logs, sums = logs + 1, sums or len(monomial[0][0][1]) > 1
        inside = Quotient(dict(monomial[0][0][1]), dict(monomial[0][0][2])).power(abs(times))
        above, below = (above * inside, below) if times > 0 else (above, below * inside)
    if not logs or len(others.numerator) > 2 or (others.numerator and not sums):
        return None
    gap = above * exponential(others, space.positive()) + -below
    top, bottom = polynomial_sign(gap.numerator, space), polynomial_sign(gap.denominator, space)
    return product([top, bottom]) if bottom in {"+", "-"} else None


def _of_two(polynomial: Polynomial, space: Space) -> str | None:
    """a*m - b*n with positive a, b, m, n has the sign of log(a/b) + log(m) - log(n); the monomials are made of exponentials and positive symbols."""
    if len(polynomial) != 2:
        return None
    (first, one), (second, other) = sorted(polynomial.items(), key=lambda item: item[1], reverse=True)
    if not one > 0 > other:
        return None
    terms: list[Node] = [] if one == -other else [("log", number(Fraction(one) / -other))]
    for monomial, sign in ((first, 1), (second, -1)):
        for generator, power in monomial:
            if generator[0] == "exp" and not is_quotient_key(generator[1]):
                terms.append(monomial_tree(generator[1], exact(sign * power)))
            elif generator[0] == "symbol" and structure(("name", generator[1]), space) == "+":
                terms.append(("mul", number(sign * power), ("log", ("name", generator[1]))))
            else:
                return None
    moving = any(generator[0] == "exp" for monomial in (first, second) for generator, _ in monomial)
    return structure(("add", *terms), space, MAX_DEPTH - 12) if moving and terms else None


def _univariate(polynomial: Polynomial, space: Space) -> str | None:
    """The sign of a monomial times a polynomial in one symbol between rational ends, without a root there."""
    generators = {generator for monomial in polynomial for generator, _ in monomial}
    common = [(generator, min(dict(monomial).get(generator, 0) for monomial in polynomial)) for generator in sorted(generators, key=order)]
    rest = {
        tuple((generator, power - dict(common)[generator]) for generator, power in _all_powers(monomial, generators)): value
        for monomial, value in polynomial.items()
    }
    used = {generator for monomial in rest for generator, power in monomial if power}
    if len(used) != 1 or (generator := next(iter(used)))[0] != "symbol" or (interval := space.interval(generator[1])) is None:
        return None
    degrees = {dict(monomial)[generator]: value for monomial, value in rest.items()}
    pair = (interval.lower, interval.upper)
    ends = [end[1] if end[0] == "number" else None for end in pair]
    if any(degree.denominator != 1 for degree in degrees) or max(degrees) > MAX_DEGREE:
        return None
    if any(end[0] != "number" and end not in (OO, MINUS_OO) for end in pair) or not (interval.lower_open and interval.upper_open):
        return None
    coefficients = [Fraction(degrees.get(degree, 0)) for degree in range(int(max(degrees)), -1, -1)]
    try:
        own = sign_without_roots(coefficients, ends[0], ends[1])
    except Unreadable:
        return None
    return product([own, *(_generator_sign(item, power, space) for item, power in common if power)])


def _all_powers(monomial: Monomial, generators: set[Generator]) -> list[tuple[Generator, Number]]:
    held = dict(monomial)
    return [(generator, held.get(generator, 0)) for generator in sorted(generators, key=order)]


def _generator_sign(generator: tuple[Any, ...], power: Number, space: Space) -> str | None:
    if generator[0] in {"exp", "pi"}:
        return "+"
    if generator[0] == "power":
        return "+" if polynomial_sign(dict(generator[1]), space) == "+" else None
    if generator[0] == "root":
        under = polynomial_sign(dict(generator[1]), space)
        return under if under == "+" else ">=0" if under in {">=0", "0"} and power > 0 else None
    found = None
    if generator[0] == "symbol":
        found = structure(("name", generator[1]), space)
    elif generator[0] == "log":
        inner = Quotient(dict(generator[1]), dict(generator[2])) + Quotient({(): -1})
        top, bottom = polynomial_sign(inner.numerator, space), polynomial_sign(inner.denominator, space)
        found = product([top, bottom]) if bottom in {"+", "-"} else None
    elif generator[0] in {"atan", "erf", "asin"}:
        inner = Quotient(dict(generator[1][0]), dict(generator[1][1]))
        top, bottom = polynomial_sign(inner.numerator, space), polynomial_sign(inner.denominator, space)
        found = product([top, bottom]) if bottom in {"+", "-"} else None
    if power.denominator != 1:
        return "+" if found == "+" else None
    if power % 2 == 0:
        return "+" if found in {"+", "-"} else ">=0" if power > 0 else None
    return found if power > 0 or found in {"+", "-"} else None
