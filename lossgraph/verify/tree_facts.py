"""Proves properties of formulas of several variables by rules for sums, products and functions, from the leaves up; what holds is for vectors of every length.

Each node gets facts: bounds, curvature, Lipschitz ... in the variables asked about, for fixed parameters and data. What no rule gives is unknown, not false.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from lossgraph.formula.domains import Span, end_value
from lossgraph.formula.render import text as written
from lossgraph.formula.tree import Call, Compare, Constant, Index, Name, Node, Number, names
from lossgraph.verify.exact import Unsure, evaluate
from lossgraph.verify.exact import sign as exact_sign
from lossgraph.verify.order import Undefined
from lossgraph.verify.question import Question
from lossgraph.verify.tree_patterns import pattern

ONE = Number(Fraction(1))
Bound = Fraction | None


@dataclass(frozen=True)
class Facts:
    """What is known of a node. `low`, `high`: bounds for all parameters and data. The rest for fixed ones: `below`, `above` bounded; `positive`: at least some
    c > 0; `gradient`: its gradient is Lipschitz; `quasi`, `quasi_concave`: convex sublevel, superlevel sets. Of a vector: each component."""

    low: Bound = None
    high: Bound = None
    below: bool = False
    above: bool = False
    positive: bool = False
    constant: bool = False
    affine: bool = False
    convex: bool = False
    concave: bool = False
    quasi: bool = False
    quasi_concave: bool = False
    lipschitz: bool = False
    gradient: bool = False

    def bounded(self) -> bool:
        """Bounded on both sides, for fixed parameters and data."""
        return self.below and self.above

    def texts(self) -> list[str]:
        """The facts in the certificate."""
        bounds = [f"{sign} {bound}" for sign, bound in ((">=", self.low), ("<=", self.high)) if bound is not None]
        flags = "below above positive constant affine convex concave quasi quasi_concave lipschitz gradient".split()
        return [*bounds, *(flag for flag in flags if getattr(self, flag))]


def closed(facts: Facts) -> Facts:
    """The facts with what they imply: constant is affine, affine is convex, convex is quasiconvex, a bound bounds."""
    affine = facts.affine or facts.constant
    convex, concave = facts.convex or affine, facts.concave or affine
    fixed = facts.constant
    return replace(
        facts, affine=affine, convex=convex, concave=concave, quasi=facts.quasi or convex, quasi_concave=facts.quasi_concave or concave,
        lipschitz=facts.lipschitz or affine, gradient=facts.gradient or affine, below=facts.below or fixed or facts.low is not None or facts.positive,
        above=facts.above or fixed or facts.high is not None, positive=facts.positive or (facts.low is not None and facts.low > 0),
        low=Fraction(0) if facts.positive and facts.low is None else facts.low,
    )  # fmt: skip


class Reader:
    """Works out facts from the leaves up, and keeps them all for the certificate."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.asked = set(question.asked())
        self.sets = {**question.sets, **question.parameters}
        self.lengths = {str(length) for length in question.lengths.values() if not str(length).isdigit()}
        self.kept: dict[Node, Facts] = {}

    def facts(self, node: Node) -> Facts:
        """What is known of a node."""
        if node not in self.kept:
            self.kept[node] = closed(self._found(node))
        return self.kept[node]

    def _found(self, node: Node) -> Facts:
        match node:
            case Number(value):
                return Facts(value, value, constant=True, positive=value > 0)
            case Constant("pi" | "E"):
                return Facts(Fraction(2), Fraction(4), constant=True)
            case Name(name) | Index(name, _):
                return self._name(name)
            case Call("Piecewise", branches):
                return self._branches([branch.arguments for branch in branches if isinstance(branch, Call)], names(node))
            case Call(function, arguments):
                special = self._number(node) or pattern(self, node) or self._special(node)
                if special is not None:
                    return special
                rule = RULES.get(function)
                found = Facts() if rule is None else rule(self, *arguments)
                return replace(found, constant=True) if not names(node) & self.asked else found
            case _:
                return Facts()

    def _number(self, node: Call) -> Facts | None:
        """The sign of a number such as 1 - log(2)/log(3); None where the part holds names, or other rules know it."""
        if names(node) or node.function not in {"add", "sub", "div", "mul", "log", "neg"}:
            return None
        try:
            value = exact_sign(evaluate(node, {}))
        except (Unsure, Undefined, ArithmeticError, ValueError):
            return None
        rule = RULES[node.function](self, *node.arguments)
        nonnegative, nonpositive = Fraction(0) if value >= 0 else None, Fraction(0) if value <= 0 else None
        low = rule.low if nonnegative is None or (rule.low or 0) > 0 else nonnegative
        return replace(rule, low=low, high=rule.high if nonpositive is None or (rule.high or 0) < 0 else nonpositive, positive=value > 0, constant=True)

    def nonnegative(self, node: Node) -> bool:
        """Whether a part is proved nonnegative by the other rules. It has a value wherever the formula has."""
        from lossgraph.verify.several_proofs import prove_several

        found = prove_several(replace(self.question, property="nonnegative", formula=node, text=written(node)))
        return found is not None and found.holds is True

    def _name(self, name: str) -> Facts:
        fixed = name not in self.asked
        if name in self.lengths:
            return Facts(Fraction(1), None, constant=True)
        if name in self.question.simplices:
            return Facts(Fraction(0), Fraction(1), constant=fixed, affine=True)
        spans = self.sets.get(name)
        if spans is None:
            return Facts()
        low, high = _bound(spans[0].lower), _bound(spans[-1].upper)
        positive = fixed and low is not None and low >= 0 and not (low == 0 and not spans[0].lower_open)
        return Facts(low, high, positive=positive, constant=fixed, affine=True)

    def _branches(self, branches: list[tuple[Node, ...]], used: frozenset[str]) -> Facts:
        parts = [self.facts(value) for value, _ in branches]
        low, high = _least([part.low for part in parts]), _greatest([part.high for part in parts])
        found = Facts(low, high, all(part.below for part in parts), all(part.above for part in parts), constant=not used & self.asked)
        if any(names(condition) & self.asked for _, condition in branches):
            return found
        shared = "positive affine convex concave quasi quasi_concave lipschitz gradient".split()  # the data choose the branch: one of them is the formula
        return replace(found, **{flag: all(getattr(part, flag) for part in parts) for flag in shared})

    def whole(self, node: Node) -> bool:
        """Whether the components of a vector of the data or the prediction are nonnegative and sum to 1."""
        match node:
            case Name(name):
                said = any(written(condition).replace(" ", "") == f"sum({name})==1" for condition in self.question.conditions)
                low = self.facts(node).low
                return name in self.question.simplices or (said and low is not None and low >= 0)
            case Call("softmax", _):
                return True
            case Call("div", (Call("add", (first, second)), Number(two))):
                return two == 2 and self.whole(first) and self.whole(second)
            case Call("add", (Call("mul", (Call("sub", (one, share)), inner)), Call("div", (again, Name(length))))):  # label smoothing
                own = isinstance(inner, Name) and str(self.question.lengths.get(inner.name)) == length
                bounds = self.facts(share)
                scalar = isinstance(share, Number) or (isinstance(share, Name) and share.name not in self.question.lengths)
                return scalar and one == ONE and share == again and own and self.whole(inner) and _unit(bounds)
            case _:
                return False

    def _special(self, node: Call) -> Facts | None:
        match node:
            case Call("log", (Call("add", (one, Call("exp", (inner,)))),)) if one == ONE:
                return _softplus(self, inner)
            case Call("sum", (inner,)) if self.whole(inner):
                return Facts(Fraction(1), Fraction(1), affine=True)
            case Call("dot", (weights, Call("sub", (Call("log", (first,)), Call("log", (second,)))))) if (
                weights == first and self.whole(first) and self.whole(second)
            ):
                plain = _sum(self, Call("mul", node.arguments))
                above = plain.above or self.facts(Call("log", (second,))).below  # p*log(p) <= 0, and -p*log(q) at most what -log(q) is
                return replace(plain, low=Fraction(0), above=above)  # Gibbs: a Kullback-Leibler divergence
            case Call("sub", (first, second)) if self._above_mean(first, second):
                return replace(_difference(self, first, second), low=Fraction(0))
            case Call("div", (Call("dot", (a, b)), Call("mul", (Call("norm", (c,)), Call("norm", (d,)))))) if {a, b} == {c, d}:
                return Facts(Fraction(-1), Fraction(1))  # Cauchy and Schwarz
            case Call("dot", (weights, inner)) if self.whole(weights) and not names(weights) & self.asked:
                part, plain = self.facts(inner), _sum(self, Call("mul", (weights, inner)))
                return replace(plain, low=part.low, high=part.high, positive=part.positive)
            case Call("dot", (first, second)) if (self.whole(first) or self.whole(second)) and all(_unit(self.facts(part)) for part in (first, second)):
                return replace(_sum(self, Call("mul", (first, second))), low=Fraction(0), high=Fraction(1))
            case _:
                return None

    def _above_mean(self, first: Node, second: Node) -> bool:
        """logsumexp(v) - dot(y, v) for weights that sum to 1, also times their sum: the largest component is at least any mean."""
        match first, second:
            case Call("logsumexp", (inner,)), Call("dot", (weights, other)):
                return inner == other and self.whole(weights)
            case Call("logsumexp", (Call("div", (inner, scale)),)), Call("div", (Call("dot", (weights, other)), again)):
                return inner == other and scale == again and self.whole(weights)
            case Call("mul", (Call("sum", (total,)), Call("logsumexp", (inner,)))), Call("dot", (weights, other)):
                low = self.facts(weights).low
                return inner == other and total == weights and low is not None and low >= 0
            case _:
                return False


def _unit(facts: Facts) -> bool:
    return facts.low is not None and facts.low >= 0 and facts.high is not None and facts.high <= 1


def _bound(end: Node) -> Bound:
    value = end_value(end)
    if abs(value) == float("inf"):
        return None
    match end:
        case Number(number):
            return number
        case Call("neg", (Number(number),)):
            return -number
        case _:
            return None


def _least(bounds: list[Bound]) -> Bound:
    return None if not bounds or None in bounds else min(bound for bound in bounds if bound is not None)


def _greatest(bounds: list[Bound]) -> Bound:
    return None if not bounds or None in bounds else max(bound for bound in bounds if bound is not None)


def _plus(first: Bound, second: Bound) -> Bound:
    return None if first is None or second is None else first + second


def _add(reader: Reader, first: Node, second: Node) -> Facts:
    a, b = reader.facts(first), reader.facts(second)
    positive = (a.positive and b.low is not None and b.low >= 0) or (b.positive and a.low is not None and a.low >= 0)
    return Facts(
        _plus(a.low, b.low), _plus(a.high, b.high), a.below and b.below, a.above and b.above, positive, False, a.affine and b.affine, a.convex and b.convex,
        a.concave and b.concave, (a.quasi and b.constant) or (b.quasi and a.constant), (a.quasi_concave and b.constant) or (b.quasi_concave and a.constant),
        a.lipschitz and b.lipschitz, a.gradient and b.gradient,
    )  # fmt: skip


def _negative(a: Facts) -> Facts:
    return Facts(
        None if a.high is None else -a.high, None if a.low is None else -a.low, a.above, a.below, False, a.constant, a.affine, a.concave, a.convex,
        a.quasi_concave, a.quasi, a.lipschitz, a.gradient,
    )  # fmt: skip


def _neg(reader: Reader, inner: Node) -> Facts:
    return _negative(reader.facts(inner))


def _difference(reader: Reader, first: Node, second: Node) -> Facts:
    opposite = Call("neg", (second,))
    return _add(reader, first, opposite)


def _product_bounds(a: Facts, b: Facts) -> tuple[Bound, Bound]:
    if None not in (a.low, a.high, b.low, b.high):
        corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]  # type: ignore[operator]
        return min(corners), max(corners)
    signs = (_sign(a), _sign(b))
    if 0 in signs:
        return None, None
    if signs[0] == signs[1]:
        return Fraction(0), None
    return None, Fraction(0)


def _sign(facts: Facts) -> int:
    """1 for nonnegative, -1 for nonpositive, 0 for unknown."""
    return 1 if facts.low is not None and facts.low >= 0 else -1 if facts.high is not None and facts.high <= 0 else 0


def scaled(factor: Facts, part: Facts) -> Facts:
    """A constant times something."""
    sign = _sign(factor)
    base = part if sign >= 0 else _negative(part)
    known, both = sign != 0, part.bounded()
    return Facts(
        *_product_bounds(factor, part), (known and base.below) or both, (known and base.above) or both, factor.positive and part.positive, part.constant,
        part.affine, known and base.convex, known and base.concave, known and base.quasi, known and base.quasi_concave, part.lipschitz, part.gradient,
    )  # fmt: skip


def _mul(reader: Reader, first: Node, second: Node) -> Facts:
    if first == second:
        return _square(reader, first)
    a, b = reader.facts(first), reader.facts(second)
    if a.constant or b.constant:
        return scaled(a, b) if a.constant else scaled(b, a)
    tame = a.bounded() and b.bounded()
    smooth = tame and a.lipschitz and b.lipschitz
    low, high = _product_bounds(a, b)
    quadratic = a.affine and b.affine  # its second derivatives are constant
    return Facts(low, high, tame, tame, a.positive and b.positive, lipschitz=smooth, gradient=quadratic or (smooth and a.gradient and b.gradient))


def _div(reader: Reader, first: Node, second: Node) -> Facts:
    """The divisor is not 0: that is proved apart."""
    a, b = reader.facts(first), reader.facts(second)
    if b.constant:
        return replace(scaled(Facts(Fraction(0) if _sign(b) > 0 else None, Fraction(0) if _sign(b) < 0 else None), a), positive=_sign(b) > 0 and a.positive)
    tame = b.positive and a.bounded()
    smooth = tame and a.lipschitz and b.lipschitz
    low, high = _product_bounds(replace(a, high=None), Facts(Fraction(0)) if _sign(b) > 0 else Facts()) if _sign(a) > 0 else (None, None)
    quasi, quasi_concave = _quotient_levels(a, b)
    return Facts(
        low, high, tame, tame, a.positive and b.above and _sign(b) > 0, quasi=quasi, quasi_concave=quasi_concave, lipschitz=smooth,
        gradient=smooth and a.gradient and b.gradient,
    )  # fmt: skip


def _quotient_levels(a: Facts, b: Facts) -> tuple[bool, bool]:
    """Convex sublevel and superlevel sets of a/b, b > 0: a <= t*b and a >= t*b, of which t has to be looked at only where the sign of a allows it."""
    if _sign(b) <= 0:
        return False, False
    if a.constant and _sign(a) > 0:
        return b.quasi_concave, b.quasi
    both = a.affine and b.affine
    below = (a.convex and _sign(a) > 0 and b.concave) or (a.convex and _sign(a) < 0 and b.convex)
    above = (a.concave and _sign(a) > 0 and b.convex) or (a.concave and _sign(a) < 0 and b.concave)
    return both or below, both or above


def _square(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    convex = a.affine or (a.convex and _sign(a) > 0) or (a.concave and _sign(a) < 0)
    tame = a.bounded() and a.lipschitz
    low, high = _product_bounds(a, a)
    least = Fraction(0) if low is None or low < 0 else low
    return Facts(least, high, True, a.bounded(), a.positive, convex=convex, lipschitz=tame, gradient=a.affine or (tame and a.gradient))


def _pow(reader: Reader, base: Node, exponent: Node) -> Facts:
    if exponent == Number(Fraction(2)):
        return _square(reader, base)
    a, b = reader.facts(base), reader.facts(exponent)
    if (a.quasi or a.quasi_concave) and not a.affine and _sign(a) == 0 and reader.nonnegative(base):
        a = replace(a, low=Fraction(0))
    if _sign(a) <= 0 or not b.constant or _sign(b) <= 0:
        return Facts(Fraction(0)) if _sign(a) > 0 else Facts()
    least, most = (b.low or Fraction(0)), b.high
    return Facts(
        Fraction(1 if a.low is not None and a.low >= 1 else 0), Fraction(1) if a.high is not None and a.high <= 1 else None,
        True, a.above, a.positive, False, False, least >= 1 and a.convex,
        most is not None and most <= 1 and a.concave, a.quasi, a.quasi_concave, a.lipschitz and a.above and (a.positive or least >= 1),
    )  # fmt: skip


def _sum(reader: Reader, inner: Node) -> Facts:
    """Over the components; their number is fixed where something is only bounded."""
    a = reader.facts(inner)
    low, high = (Fraction(0) if _sign(a) > 0 else None), (Fraction(0) if _sign(a) < 0 else None)
    return replace(a, low=low, high=high, quasi=a.convex, quasi_concave=a.concave)


def _norm(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    return Facts(Fraction(0), None, True, a.bounded(), a.positive, convex=a.affine or (a.convex and _sign(a) > 0), lipschitz=a.lipschitz)


def _logsumexp(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    return Facts(None, None, a.below, a.above, convex=a.convex, lipschitz=a.lipschitz, gradient=a.lipschitz and a.gradient)


def _softmax(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    return Facts(Fraction(0), Fraction(1), lipschitz=a.lipschitz, gradient=a.lipschitz and a.gradient)


def _abs(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    convex = a.affine or (a.convex and _sign(a) > 0) or (a.concave and _sign(a) < 0)
    return Facts(Fraction(0), None, True, a.bounded(), a.positive, convex=convex, lipschitz=a.lipschitz)


def _max(reader: Reader, *arguments: Node) -> Facts:
    parts = [reader.facts(argument) for argument in arguments]
    lows = [part.low for part in parts if part.low is not None]
    return Facts(
        max(lows) if lows else None, _greatest([part.high for part in parts]), any(part.below for part in parts), all(part.above for part in parts),
        any(part.positive for part in parts), False, False, all(part.convex for part in parts), False, all(part.quasi for part in parts),
        lipschitz=all(part.lipschitz for part in parts),
    )  # fmt: skip


def _min(reader: Reader, *arguments: Node) -> Facts:
    opposite = [_negative(reader.facts(argument)) for argument in arguments]
    highs = [part.low for part in opposite if part.low is not None]
    found = Facts(
        max(highs) if highs else None, _greatest([part.high for part in opposite]), any(part.below for part in opposite), all(part.above for part in opposite),
        False, False, False, all(part.convex for part in opposite), False, all(part.quasi for part in opposite), False,
        all(part.lipschitz for part in opposite),
    )  # fmt: skip
    return replace(_negative(found), positive=all(reader.facts(argument).positive for argument in arguments))


def _rising(a: Facts, **known: Any) -> Facts:
    """An increasing function of something keeps quasiconvexity and, where continuous on a closed range, bounds."""
    return replace(Facts(quasi=a.quasi, quasi_concave=a.quasi_concave), **known)


def _exp(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    return _rising(
        a, low=Fraction(1) if _sign(a) > 0 else Fraction(0), high=Fraction(1) if _sign(a) < 0 else None, above=a.above, positive=a.below, convex=a.convex,
        lipschitz=a.lipschitz and a.above, gradient=a.lipschitz and a.gradient and a.above,
    )  # fmt: skip


def _log(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    smooth = a.positive and a.lipschitz
    return _rising(
        a, positive=a.low is not None and a.low > 1, low=Fraction(0) if a.low is not None and a.low >= 1 else None,
        high=Fraction(0) if a.high is not None and a.high <= 1 else None, below=a.positive,
        above=a.above, concave=a.concave, lipschitz=smooth, gradient=smooth and a.gradient,
    )  # fmt: skip


def _sqrt(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    return _rising(
        a, low=Fraction(0), above=a.above, positive=a.positive, concave=a.concave, lipschitz=a.positive and a.lipschitz,
        gradient=a.positive and a.lipschitz and a.gradient,
    )  # fmt: skip


def _softplus(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    return _rising(a, low=Fraction(0), above=a.above, positive=a.below, convex=a.convex, lipschitz=a.lipschitz, gradient=a.lipschitz and a.gradient)


def _sigmoid(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    return _rising(a, low=Fraction(0), high=Fraction(1), positive=a.below, lipschitz=a.lipschitz, gradient=a.lipschitz and a.gradient)


def _tanh(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    low, high = Fraction(0 if _sign(a) > 0 else -1), Fraction(0 if _sign(a) < 0 else 1)
    return _rising(a, low=low, high=high, lipschitz=a.lipschitz, gradient=a.lipschitz and a.gradient)


def _cosh(reader: Reader, inner: Node) -> Facts:
    a = reader.facts(inner)
    tame = a.lipschitz and a.bounded()
    convex = a.affine or (a.convex and _sign(a) > 0) or (a.concave and _sign(a) < 0)
    rises = _sign(a) > 0 or ((a.quasi or a.quasi_concave) and reader.nonnegative(inner))
    return Facts(
        Fraction(1), None, True, a.bounded(), convex=convex, quasi=rises and a.quasi, quasi_concave=rises and a.quasi_concave, lipschitz=tame,
        gradient=tame and a.gradient,
    )  # fmt: skip


RULES: dict[str, Callable[..., Facts]] = {
    "add": _add, "sub": _difference, "neg": _neg, "mul": _mul, "div": _div, "pow": _pow, "sum": _sum, "norm": _norm, "logsumexp": _logsumexp,
    "softmax": _softmax, "Abs": _abs, "Max": _max, "Min": _min, "exp": _exp, "log": _log, "sqrt": _sqrt, "softplus": _softplus, "sigmoid": _sigmoid,
    "tanh": _tanh, "cosh": _cosh,
    "dot": lambda reader, first, second: _sum(reader, Call("mul", (first, second))),
    "relu": lambda reader, inner: _max(reader, Number(Fraction(0)), inner),
    "log1p": lambda reader, inner: _log(reader, Call("add", (ONE, inner))),
}  # fmt: skip


def convex_domain(reader: Reader) -> bool:
    """Whether the variables asked about range over a convex set: one interval each, joint conditions affine in them."""
    question = reader.question
    spans: list[tuple[Span, ...]] = [question.sets[name] for name in reader.asked if name in question.sets]
    if any(len(each) > 1 for each in spans):
        return False
    for condition in question.conditions:
        if not names(condition) & reader.asked:
            continue
        if not isinstance(condition, Compare) or "!=" in condition.operators or not all(reader.facts(operand).affine for operand in condition.operands):
            return False
    return True


def facts_prove(question: Question) -> dict[str, Any] | None:
    """The certificate that the property holds, or None where the rules do not show it. That the formula has values everywhere is proved apart."""
    reader = Reader(question)
    found = reader.facts(question.formula)
    shown = {
        "convex": found.convex and convex_domain(reader),
        "quasiconvex": found.quasi and convex_domain(reader),
        "lipschitz": found.lipschitz,
        "lipschitz_gradient": found.gradient,
        "bounded_below": found.below,
        "bounded_above": found.above,
        "nonnegative": found.low is not None and found.low >= 0,
    }
    if not shown.get(question.property):
        return None
    return {"rule": "composition", "formula": written(question.formula), "facts": {written(node): facts.texts() for node, facts in reader.kept.items()}}
