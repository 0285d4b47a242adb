"""Proves the sign of a piecewise rational formula of several quantities by putting them in every order.

A Max, Min, Abs, sign or Piecewise is resolved by the sign of an affine function. Where that sign is open the space is cut: one quantity is the other plus a
nonnegative gap, or the other way round. In the parts every quantity is a sum of gaps that are independent of each other, and the coefficients of a polynomial
show its sign: a sum of products of nonnegative quantities with positive coefficients is nonnegative, and positive where one product has positive factors only.
The parts cover the space, whatever was cut: x = y + gap or y = x + gap. A bound above is forgotten: what holds on more points holds here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from lossgraph.verify.balls import Formula, number_sign
from lossgraph.verify.monomials import Polynomial, constant, linear, named, product_of, put, rational, sum_of
from lossgraph.verify.polynomials import text as written
from lossgraph.verify.space import Interval

Symbols = tuple[tuple[sympy.Symbol, tuple[Interval, ...]], ...]
REAL, WEAK, STRICT = "real", ">= 0", "> 0"
MAX_PARTS = 3000
MAX_SIZE = 2500
SWITCHES = (sympy.Max, sympy.Min, sympy.Abs, sympy.sign, sympy.Piecewise)
JUMPS = (sympy.sign, sympy.Piecewise)
FLIPPED = {"+": "-", "-": "+", "0": "0", ">=0": "<=0", "<=0": ">=0"}
ALLOWED = {"= 0": {"0"}, ">= 0": {"+", "0", ">=0"}, "> 0": {"+"}}


class NotOrdered(Exception):
    """A formula or a domain that the method does not reach."""


class Cut(Exception):
    """The sign of an affine function is needed that the part does not fix."""

    def __init__(self, gap: Polynomial, strict: bool) -> None:
        super().__init__()
        self.gap, self.strict = gap, strict


@dataclass(frozen=True)
class Part:
    """A part of the space: each symbol as a sum of gaps, and what is known of each gap. `facts` are affine and still to be used: >= 0, > 0 or = 0."""

    values: dict[str, Polynomial]
    kinds: dict[str, str]
    facts: tuple[tuple[Polynomial, str], ...] = ()

    def where(self, name: str, by: Polynomial, kinds: dict[str, str]) -> Part:
        """The part with a gap replaced."""
        kept = {**{other: kind for other, kind in self.kinds.items() if other != name}, **kinds}
        values = {other: put(value, name, by) for other, value in self.values.items()}
        return Part(values, kept, tuple((put(fact, name, by), claim) for fact, claim in self.facts))


@lru_cache(maxsize=4000)
def by_orders(expression: Formula, claim: str, symbols: Symbols, conditions: tuple[Any, ...]) -> bool:
    """Whether `expression` is "= 0", ">= 0" or "> 0" everywhere. The formula has a value everywhere: that is proved apart. False says only: not proved."""
    expression = sympy.sympify(expression)
    if expression.has(sympy.floor, sympy.ceiling, sympy.Heaviside) or sympy.count_ops(expression) > MAX_SIZE:
        return False
    try:
        expression = _without_logarithms(expression)
        waiting = [_start(symbols, conditions)]
        above, below = sympy.fraction(sympy.together(_opaque(expression)))
        count = 0
        while waiting:
            part = waiting.pop()
            count += 1
            if count > MAX_PARTS:
                return False
            try:
                parts = _ruled(part) if part.facts else None
                if parts is None and not _shown(Reader(part), above, below, claim):
                    return False
            except Cut as cut:
                parts = _cut(part, cut.gap, strict=cut.strict)
            waiting += parts or []
        return True
    except (NotOrdered, sympy.PolynomialError, TypeError, ValueError, ZeroDivisionError, NotImplementedError, AttributeError, KeyError):
        return False


def _start(symbols: Symbols, conditions: tuple[Any, ...]) -> Part:
    """The whole space. Intervals become rays, lines and points; conditions facts."""
    values: dict[str, Polynomial] = {}
    kinds: dict[str, str] = {}
    for symbol, intervals in symbols:
        lower, upper = intervals[0].lower, intervals[-1].upper
        gap = f"{symbol.name}_0"
        if lower.is_Rational:
            values[symbol.name], kinds[gap] = sum_of(constant(rational(lower)), named(gap)), STRICT if intervals[0].lower_open else WEAK
        elif upper.is_Rational:
            values[symbol.name], kinds[gap] = sum_of(constant(rational(upper)), named(gap, Fraction(-1))), STRICT if intervals[-1].upper_open else WEAK
        else:
            values[symbol.name], kinds[gap] = named(gap), REAL
    reader = Reader(Part(values, kinds))
    return Part(values, kinds, tuple((reader.value(fact), claim) for condition in conditions for fact, claim in _facts(condition)))


def _facts(condition: Any) -> list[tuple[Formula, str]]:
    """The polynomial comparisons of a condition; what else it says is forgotten: what holds without it holds with it."""
    if isinstance(condition, sympy.And):
        return [fact for inner in condition.args for fact in _facts(inner)]
    operator = str(getattr(condition, "rel_op", ""))
    if operator not in {">", ">=", "<", "<=", "=="}:
        return []
    gap = sympy.expand(condition.lhs - condition.rhs)
    if not gap.is_polynomial(*gap.free_symbols):
        return []
    return [(-gap if operator in {"<", "<="} else gap, "= 0" if operator == "==" else "> 0" if operator in {">", "<"} else ">= 0")]


def _without_logarithms(expression: Formula) -> Formula:
    """log(a) - log(b) has the sign of a - b."""
    terms = sympy.Add.make_args(expression)
    if len(terms) == 2 and all(term.as_coeff_Mul()[1].func is sympy.log for term in terms):
        (first, a), (second, b) = (term.as_coeff_Mul() for term in terms)
        if first == -second:
            one, other = _inside(a), _inside(b)
            return one - other if first > 0 else other - one
    return expression


def _inside(logarithm: Any) -> Any:
    return logarithm.args[0]


def _opaque(expression: Formula) -> Formula:
    """The expression with each outermost switch as one function of which SymPy knows nothing, so that a common denominator is found fast."""
    if isinstance(expression, SWITCHES):
        return Opaque(expression)
    if not expression.args or not expression.has(*SWITCHES):
        return expression
    return expression.func(*(_opaque(argument) for argument in expression.args))


class Opaque(sympy.Symbol):
    """A symbol that stands for a switch."""

    switch: Formula

    def __new__(cls, switch: Formula) -> Opaque:
        made = super().__new__(cls, f"({written(switch)})", real=True)
        made.switch = switch
        return made


class Reader:
    """Works out a formula in the gaps of one part. Raises `Cut` where a sign is open."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.kinds = dict(part.kinds)
        self.known: dict[Formula, Polynomial] = {}

    def value(self, expression: Formula) -> Polynomial:
        """A formula as a polynomial in gaps, and in positive functions as quantities of their own."""
        if expression not in self.known:
            self.known[expression] = self._value(expression)
        return self.known[expression]

    def _value(self, expression: Formula) -> Polynomial:
        if isinstance(expression, Opaque):
            return self.value(expression.switch)
        if expression.is_Rational:
            return constant(rational(expression))
        if expression.is_Symbol:
            return self.part.values[expression.name]
        if expression.is_number:
            sign = number_sign(expression)
            if sign is None:
                raise NotOrdered(f"the sign of {expression}")
            return self._generator(str(expression), STRICT, Fraction(sign))
        if expression.is_Add:
            return sum_of(*(self.value(argument) for argument in expression.args))
        if expression.is_Mul:
            return product_of(*(self.value(argument) for argument in expression.args))
        if isinstance(expression, SWITCHES):
            return self._switch(expression)
        if isinstance(expression, sympy.Pow) and expression.exp.is_Integer and expression.exp > 0:
            return product_of(*[self.value(expression.base)] * int(expression.exp))
        return self._function(expression)

    def _generator(self, text: str, kind: str, factor: Fraction = Fraction(1)) -> Polynomial:
        self.kinds[f"[{text}]"] = kind
        return named(f"[{text}]", factor)

    def _function(self, expression: Formula) -> Polynomial:
        """Powers of numbers above 1 as products of 1 + something; exp, softplus and roots as positive quantities."""
        if isinstance(expression, sympy.Pow) and expression.base.is_number and (expression.base - 1).is_positive and expression.base != sympy.E:
            exponent = self.value(expression.exp)
            factors = [constant(Fraction(1))]
            for monomial, coefficient in exponent.items():
                if len(monomial) != 1 or monomial[0][1] != 1 or coefficient.denominator != 1 or coefficient < 0 or self.kinds[monomial[0][0]] == REAL:
                    raise NotOrdered(f"the power {expression}")
                step = sum_of(constant(Fraction(1)), self._generator(f"{expression.base}**{monomial[0][0]}", self.kinds[monomial[0][0]]))
                factors += [step] * int(coefficient)
            return product_of(*factors)
        inner = expression.args[0]
        if isinstance(expression, sympy.exp) or (isinstance(expression, sympy.log) and (inner - 1).func is sympy.exp):
            shown = sorted((str(symbol), _text(self.value(symbol))) for symbol in expression.free_symbols)
            switches = [_text(self.value(node)) for node in sorted(expression.atoms(*SWITCHES), key=written)]
            return self._generator(f"{expression.func.__name__}({inner}) {shown} {switches}", STRICT)
        raise NotOrdered(f"the function {expression}")

    def sign(self, value: Polynomial) -> str | None:
        """The sign that the coefficients show; None where they do not."""
        if not value:
            return "0"
        for text, factor in (("+", 1), ("-", -1)):
            strict = self._form(value, factor)
            if strict is not None:
                return text if strict else {"+": ">=0", "-": "<=0"}[text]
        return None

    def _form(self, value: Polynomial, factor: int) -> bool | None:
        """Whether a polynomial with nonnegative terms has a positive one; None where a term may be negative."""
        strict = False
        for monomial, coefficient in value.items():
            if coefficient * factor < 0 or any(self.kinds[name] == REAL and power % 2 for name, power in monomial):
                return None
            strict = strict or all(self.kinds[name] == STRICT for name, _ in monomial)
        return strict

    def _switch(self, node: Formula) -> Polynomial:
        """What a switch is in the part."""
        if isinstance(node, sympy.Piecewise):
            return self._branch(node)
        arguments = [self.value(argument) for argument in sorted(node.args, key=written)]
        if isinstance(node, sympy.Abs | sympy.sign):
            found = self._decided(arguments[0], arguments[0], jumps=isinstance(node, sympy.sign))
            if isinstance(node, sympy.sign):
                return constant(Fraction({"+": 1, "-": -1, "0": 0}[found]))
            return arguments[0] if found in {"+", "0", ">=0"} else product_of(constant(Fraction(-1)), arguments[0])
        texts: list[Formula] = sorted(node.args, key=written)
        chosen, at = arguments[0], texts[0]
        for value, text in zip(arguments[1:], texts[1:], strict=True):
            gap = sum_of(chosen, product_of(constant(Fraction(-1)), value))
            powers = at.is_Pow and text.is_Pow and at.base == text.base and (at.base - 1).is_positive
            by = self.value(sympy.expand(at.exp - text.exp)) if powers else gap
            up = self._decided(gap, by, jumps=False) in {"+", "0", ">=0"}
            if up != isinstance(node, sympy.Max):
                chosen, at = value, text
        return chosen

    def _branch(self, node: Formula) -> Polynomial:
        for value, condition in node.args:
            if condition in (True, sympy.true):
                return self.value(value)
            operator = str(getattr(condition, "rel_op", ""))
            if not operator:
                raise NotOrdered("a condition of several comparisons")
            gap = self.value(condition.lhs - condition.rhs)
            found = self._decided(gap, gap, jumps=True)
            if {">": found == "+", "<": found == "-", ">=": found in "+0", "<=": found in "-0", "==": found == "0", "!=": found != "0"}[operator]:
                return self.value(value)
        raise NotOrdered("no branch")

    def _decided(self, gap: Polynomial, by: Polynomial, *, jumps: bool) -> str:
        """The sign of `gap`; `by` has the same sign. A jump needs to be told from its sides."""
        found = self.sign(gap) or self.sign(by)
        if found is None or (jumps and found in {">=0", "<=0"}):
            raise Cut(by, jumps)
        return found


def _text(value: Polynomial) -> str:
    return str(sorted((monomial, str(coefficient)) for monomial, coefficient in value.items()))


def _ruled(part: Part) -> list[Part]:
    """What the first fact leaves of a part."""
    (fact, claim), rest = part.facts[0], replace(part, facts=part.facts[1:])
    found = Reader(part).sign(fact)
    if found is None:
        if not linear(fact):
            return [rest]  # forgotten: what holds without it holds with it
        lines = sorted(name for ((name, _),) in (monomial for monomial in fact if monomial) if part.kinds[name] == REAL)
        if not lines:
            try:
                return _cut(part, fact, strict=True)
            except NotOrdered:
                return [rest]
        new, name = _fresh(part), lines[-1]
        gap: Polynomial = {} if claim == "= 0" else named(new)
        kinds = {} if claim == "= 0" else {new: STRICT if claim == "> 0" else WEAK}
        return [rest.where(name, _solved(fact, name, gap), kinds)]
    if found == "-" or (found == "+" and claim == "= 0") or (found in {"0", "<=0"} and claim == "> 0"):
        return []  # no point of the part meets the condition
    if found in {"+", "0"} or (found == ">=0" and claim == ">= 0"):
        return [rest]
    try:
        return _cut_points(part, fact) if linear(fact) else [rest]
    except NotOrdered:
        return [rest]


def _solved(gap: Polynomial, name: str, value: Polynomial) -> Polynomial:
    """The gap `name` where the affine `gap` is `value`."""
    slope = gap[(name, 1),]
    rest = {monomial: coefficient for monomial, coefficient in gap.items() if monomial != ((name, 1),)}
    return product_of(constant(1 / slope), sum_of(value, product_of(constant(Fraction(-1)), rest)))


def _cut(part: Part, gap: Polynomial, *, strict: bool) -> list[Part]:
    """The part cut by the sign of an affine function, or by one that brings it closer to a sign. Without `strict` equality belongs to both sides."""
    if not linear(gap):
        raise NotOrdered("a sign of a product is open")
    new, more = _fresh(part), STRICT if strict else WEAK
    names = sorted(name for ((name, _),) in (monomial for monomial in gap if monomial))
    lines = [name for name in names if part.kinds[name] == REAL]
    if lines:
        parts = [part.where(lines[-1], _solved(gap, lines[-1], named(new, step)), {new: more}) for step in (Fraction(1), Fraction(-1))]
        return [*parts, part.where(lines[-1], _solved(gap, lines[-1], {}), {})] if strict else parts
    up = [name for name in names if gap[(name, 1),] > 0]
    down = [name for name in names if gap[(name, 1),] < 0]
    if not up or not down:
        return _cut_points(part, gap)
    first, second = up[0], down[0]
    ratio = -gap[(second, 1),] / gap[(first, 1),]
    parts = [*_larger(part, first, second, ratio, new, more), *_larger(part, second, first, 1 / ratio, new, more)]
    both = STRICT if STRICT in (part.kinds[first], part.kinds[second]) else WEAK
    return [*parts, part.where(first, named(second, ratio), {second: both})] if strict else parts


def _larger(part: Part, large: str, small: str, ratio: Fraction, new: str, more: str) -> list[Part]:
    """The part where `large` is ratio * `small` plus a gap. Where `large` has to be positive, one of the two is."""
    by, kind = sum_of(named(small, ratio), named(new)), part.kinds[small]
    if part.kinds[large] == WEAK or STRICT in (kind, more):
        return [part.where(large, by, {small: kind, new: more})]
    return [part.where(large, by, {small: STRICT, new: WEAK}), part.where(large, by, {small: WEAK, new: STRICT}).where(small, {}, {})]


def _cut_points(part: Part, gap: Polynomial) -> list[Part]:
    """A gap that may be 0 is 0 or positive."""
    names = sorted({name for monomial in gap for name, _ in monomial})
    weak = [name for name in names if part.kinds.get(name) == WEAK]
    if not weak or any(part.kinds.get(name) == REAL for name in names):
        raise NotOrdered("no cut")
    return [replace(part, kinds={**part.kinds, weak[0]: STRICT}), part.where(weak[0], {}, {})]


def _fresh(part: Part) -> str:
    return next(f"g{i}_" for i in range(len(part.kinds) + 1) if f"g{i}_" not in part.kinds)


def _shown(reader: Reader, above: Formula, below: Formula, claim: str) -> bool:
    """Whether the signs of numerator and denominator show the claim."""
    if claim == "= 0":
        return not reader.value(above)
    lower, upper = _factored_sign(below, reader), _factored_sign(above, reader)
    if lower in (None, "0") or upper is None:
        return False
    return (FLIPPED[upper] if lower in {"-", "<=0"} else upper) in ALLOWED[claim]


def _factored_sign(polynomial: Formula, reader: Reader) -> str | None:
    """The sign by the coefficients, factor by factor as they stand."""
    odd, weak, zero = 0, False, False
    for factor in sympy.Mul.make_args(polynomial):
        base, power = factor.as_base_exp()
        if not power.is_Integer or power < 0:
            base, power = factor, sympy.Integer(1)
        sign = reader.sign(reader.value(base))
        if sign is None and power % 2:
            return None
        odd += int(sign in {"-", "<=0"} and power % 2 == 1)
        weak = weak or sign in {None, ">=0", "<=0"}
        zero = zero or sign == "0"
    return "0" if zero else ("-" if odd % 2 else "+") if not weak else "<=0" if odd % 2 else ">=0"
