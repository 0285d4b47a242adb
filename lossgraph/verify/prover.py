"""Searches for a proof of the sign of a defined expression: form, factors, changes of variable, bounds, conjugates, Sturm chains, monotonicity, and z3 last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import sympy
from sympy.simplify.fu import TR8

from lossgraph.verify import bounds, charts
from lossgraph.verify.balls import Formula, number_sign
from lossgraph.verify.polynomials import Normal, NotNormal, normal, text
from lossgraph.verify.samples import sampled_signs
from lossgraph.verify.solver import by_solver
from lossgraph.verify.space import Interval, Space
from lossgraph.verify.spread import spread
from lossgraph.verify.structure import ANY, NEGATIVE, POSITIVE, ZERO, multiplied, negated, node, structural_sign

STEPS = {0: 40, 1: 120, 2: 600}
LARGEST = 160
LARGEST_BOUNDED = 60
DERIVATIVES = 5
BOUNDED = (sympy.sin, sympy.cos, sympy.tanh, sympy.erf, sympy.erfc, sympy.atan, sympy.asin, sympy.acos)
ODD = (sympy.asin, sympy.atan, sympy.tanh, sympy.sinh, sympy.erf)
Proof = tuple[int, dict[str, Any]]


@dataclass
class Search:
    """What one search may still spend, and what it has settled. Counts steps, not seconds, so that answers do not depend on the machine."""

    steps: int
    depth: int = 0
    derived: int = 0
    cuts: int = 2
    solves: int = 3
    shallow: bool = False
    settled: dict[tuple[Formula, Space, bool], Proof | None] = field(default_factory=dict)

    def prove(self, expression: Formula, space: Space) -> Proof | None:
        """A sign set (never `ANY`) with its certificate, or None. `expression` must be defined on `space`."""
        key = (expression, space, self.shallow)
        if key in self.settled:
            return self.settled[key]
        self.steps -= 1 + int(sympy.count_ops(expression)) // 40
        if self.steps < 0 or self.depth > 14:
            return None
        self.settled[key] = None  # a proof may not rest on itself
        self.depth += 1
        try:
            self.settled[key] = self._prove(expression, space)
        except (NotNormal, ZeroDivisionError, OverflowError, RecursionError):
            self.settled[key] = None
        finally:
            self.depth -= 1
        if self.settled[key] is None and self.steps < 0:
            del self.settled[key]
            return None
        return self.settled[key]

    def _prove(self, expression: Formula, space: Space) -> Proof | None:
        signs = structural_sign(expression, space)
        weak: Proof | None = None
        if signs not in (ANY, 0):
            weak = signs, node("structure", signs, expression)
            if signs in (NEGATIVE, ZERO, POSITIVE):
                return weak
        if not expression.free_symbols:
            return (ZERO, node("zero", ZERO, expression)) if normal(expression, space).numerator.is_zero() else weak
        seen = sampled_signs(expression, space)
        if seen == POSITIVE | NEGATIVE:
            return None
        space = charts.tightened(space)
        form = normal(expression, space)
        if form.numerator.is_zero():
            return ZERO, node("zero", ZERO, expression)
        # factors would put a common exp(x**2) in front of erf, which then decays no longer
        early = self._monotone(expression, space, seen) if self.derived == 0 and expression.has(sympy.erf, sympy.erfc) and expression.has(sympy.exp) else None
        return early or self._factored(expression, form, space) or weak

    def _factored(self, expression: Formula, form: Normal, space: Space) -> Proof | None:
        """The product of the signs of the irreducible factors of numerator and denominator."""
        signs, parts, product = POSITIVE, [], sympy.Integer(1)
        pieces: list[tuple[Formula, int]] = []
        for polynomial, direction in ((form.numerator, 1), (form.denominator, -1)):
            content, factors = form.factors(polynomial)
            signs = negated(signs) if content < 0 else signs
            product *= content**direction
            pieces += [(form.expression(factor), direction * power) for factor, power in factors]
        for factor, power in sorted(pieces, key=lambda piece: (sympy.count_ops(piece[0]), text(piece[0]))):
            proof = self._factor(factor, space, even=power % 2 == 0)
            if proof is None:
                return None
            found = proof[0] & ~ZERO if power < 0 else proof[0]
            if power % 2 == 0:
                found = (POSITIVE if found & (POSITIVE | NEGATIVE) else 0) | (found & ZERO)
            signs = multiplied(signs, found)
            parts.append({"expression": text(factor), "power": power, "proof": proof[1]})
        if signs in (ANY, 0):
            return None
        if len(parts) == 1 and parts[0]["power"] == 1 and text(expression) == parts[0]["expression"]:
            return signs, parts[0]["proof"]
        return signs, node("factors", signs, expression, content=str(product), factors=parts)

    def _factor(self, factor: Formula, space: Space, even: bool) -> Proof | None:
        """The sign of one irreducible factor. An even power only asks whether it vanishes, so that any sign will do."""
        signs = structural_sign(factor, space)
        if signs in (NEGATIVE, POSITIVE):
            return signs, node("structure", signs, factor)
        anything: Proof = ANY, node("any", ANY, factor)
        weak: Proof | None = None if signs == ANY else (signs, node("structure", signs, factor))
        seen = sampled_signs(factor, space)
        if seen == POSITIVE | NEGATIVE:
            return anything if even else None
        if sympy.count_ops(factor) > LARGEST:
            return weak or (anything if even else None)
        key = (factor, space, self.shallow)
        if self.settled.get(key) is not None:
            return self.settled[key]
        proof = bounds.from_condition(factor, space) or self._stages(factor, space, seen)
        if proof is not None:
            self.settled[key] = proof
        return proof or weak or (anything if even else None)

    def _stages(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        """The stages in order of cost; the first proof is taken."""
        quick: tuple[Callable[[Formula, Space, int], Proof | None], ...] = (self._sturm, self._conjugate, self._bounded)
        thorough = (
            self._closed_ends, self._waves, self._exponential, self._shifts, *quick, self._at_zero, self._logarithmic, self._halves, self._monotone,
            self._spread, self._cut, self._solver,
        )  # fmt: skip
        for stage in quick if self.shallow else thorough:
            if self.steps < 0:
                return None
            try:
                proof = stage(factor, space, seen)
            except NotNormal:
                continue
            if proof is not None and proof[0] not in (ANY, 0):
                return proof
        return None

    def _closed_ends(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        for symbol in reversed(space.symbols()):
            if symbol in factor.free_symbols and (cases := charts.closed_end_cases(factor, space, symbol)):
                return self._cases(factor, cases)
        return None

    def _at_zero(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        """Odd functions have one sign on each side of zero: a bounded interval around it is cut there."""
        for symbol in reversed(space.symbols()):
            ends = space.interval(symbol).lower, space.interval(symbol).upper
            closed = not space.interval(symbol).lower_open or not space.interval(symbol).upper_open
            if symbol not in factor.free_symbols or closed or not factor.has(*ODD):
                continue
            if all(end.is_Rational for end in ends) and ends[0] < 0 < ends[1]:
                others = [interval.lower.free_symbols | interval.upper.free_symbols for _, interval in space.intervals]
                if not any(symbol in used for used in (*others, *(relational.free_symbols for relational in space.conditions))):
                    return self._cases(factor, charts.parts(factor, space, symbol, [sympy.Integer(0)]))
        return None

    def _halves(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        for symbol in reversed(space.symbols()):
            interval = space.interval(symbol)
            if symbol in factor.free_symbols and interval.lower is -sympy.oo and interval.upper is sympy.oo:
                return self._cases(factor, charts.halves(factor, space, symbol))
        return None

    def _cases(self, factor: Formula, cases: list[charts.Chart]) -> Proof | None:
        """All cases proved, in the order that fails soonest; the sign sets are joined."""
        signs, parts = 0, []
        for case in cases:
            proof = self.prove(case.expression, case.space)
            if proof is None or (signs | proof[0]) & (POSITIVE | NEGATIVE) == POSITIVE | NEGATIVE:
                return None
            signs |= proof[0]
            parts.append({"by": str(case.replacement), **case.range_text(), "proof": proof[1]})
        return signs, node("cases", signs, factor, symbol=str(cases[0].symbol), cases=parts)

    def _shifts(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        """All symbols with finite ends become positive ones; then the signs of the coefficients may tell."""
        expression, target, changes = factor, space, []
        for symbol in space.symbols():
            if (chart := charts.shift(expression, target, symbol)) is not None:
                expression, target = chart.expression, chart.space
                changes.append({"symbol": str(symbol), "by": str(chart.replacement)})
        if not changes:
            return None
        self.shallow = True
        try:
            proof = self.prove(expression, target)
        finally:
            self.shallow = False
        return None if proof is None else (proof[0], node("substitute", proof[0], factor, changes=changes, proof=proof[1]))

    def _logarithmic(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        return self._charted(charts.logarithmic, factor, space)

    def _exponential(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        return self._charted(charts.exponential, factor, space)

    def _charted(self, change: Callable[[Formula, Space, sympy.Symbol], charts.Chart | None], factor: Formula, space: Space) -> Proof | None:
        """A change of one symbol that rids the factor of a function."""
        for symbol in reversed(space.symbols()):
            if symbol not in factor.free_symbols or (chart := change(factor, space, symbol)) is None:
                continue
            proof = self.prove(chart.expression, chart.space)
            if proof is not None:
                changes = [{"symbol": str(symbol), "by": str(chart.replacement)}]
                return proof[0], node("substitute", proof[0], factor, changes=changes, proof=proof[1])
        return None

    def _cut(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        """Cuts an interval where the derivative vanishes, so that the factor is monotone on each part."""
        from lossgraph.verify.critical import candidates

        if self.cuts <= 0 or self.derived:
            return None
        for symbol in reversed(space.symbols()):
            used = [interval.lower.free_symbols | interval.upper.free_symbols for _, interval in space.intervals]
            used += [relational.free_symbols for relational in space.conditions]
            if symbol not in factor.free_symbols or any(symbol in symbols for symbols in used) or not self._smooth(factor, space):
                continue
            interval = space.interval(symbol)
            if not interval.lower_open or not interval.upper_open:
                continue
            self.cuts -= 1
            points = candidates(sympy.diff(factor, symbol), symbol, space)
            if isinstance(points, list) and points and (proof := self._cases(factor, charts.parts(factor, space, symbol, points))):
                return proof
        return None

    def _spread(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        """Numbers between which the factor stays by its form, as 2 - sin(x); products of sines become sums first."""
        if not factor.has(*BOUNDED):
            return None
        plain: Formula = TR8(factor) if factor.has(sympy.sin, sympy.cos) else factor
        between = spread(plain, space)
        if between is None:
            return None
        ends = number_sign(between[0]), number_sign(between[1])
        known: dict[tuple[int | None, int | None], int] = {
            (1, 1): POSITIVE, (0, 1): POSITIVE | ZERO, (-1, -1): NEGATIVE, (-1, 0): NEGATIVE | ZERO, (0, 0): ZERO,
        }  # fmt: skip
        signs = known.get(ends, ANY)
        if signs == ANY:
            return None
        return signs, node("spread", signs, factor, sums=str(plain), least=str(between[0]), greatest=str(between[1]))

    def _waves(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        return self._spread(factor, space, seen) if factor.has(sympy.sin, sympy.cos) else None

    def _sturm(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        return bounds.sturm(factor, space)

    def _conjugate(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        """a + b*root with a and b of opposite signs has the sign of a times the sign of a**2 - b**2*root**2."""
        split = bounds.root_parts(factor, space)
        if split is None:
            return None
        outside, inside, square = split
        first, second = self.prove(outside, space), self.prove(inside, space)
        if first is None or second is None or {first[0], second[0]} != {POSITIVE, NEGATIVE}:
            return None
        norm = self.prove(sympy.expand(outside**2 - inside**2 * square), space)
        if norm is None:
            return None
        parts = {"outside": first[1], "inside": second[1], "norm": norm[1]}
        signs = multiplied(first[0], norm[0])
        return signs, node("conjugate", signs, factor, square=str(square), **parts)

    def _bounded(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        """Replaces a generator by a bound plus a positive slack: exp(m) = 1 + m + w and its like."""
        if sympy.count_ops(factor) > LARGEST_BOUNDED:
            return None
        for bound in bounds.slack_forms(factor, space):
            if sampled_signs(bound.expression, bound.space) == POSITIVE | NEGATIVE:
                continue
            signs = bounds.coefficient_sign(bound.expression, bound.space)
            if signs not in (ANY, 0):
                inner = node("coefficients", signs, bound.expression)
                return signs, node("bound", signs, factor, changes=[dict(change) for change in bound.changes], proof=inner)
        return None

    def _monotone(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        """g' > 0 and g >= 0 at the lower end give g > 0; g is the factor, or the factor over something of known sign."""
        from lossgraph.verify.limits import Limit, limit

        if self.derived >= (2 if factor.atoms(sympy.sin, sympy.cos, sympy.loggamma, sympy.polygamma) else DERIVATIVES):
            return None
        for symbol in reversed(space.symbols()):
            if symbol not in factor.free_symbols:
                continue
            interval = space.interval(symbol)
            if not interval.lower_open or not interval.upper_open or not self._smooth(factor, space):
                continue
            free = Space(space.intervals, tuple(relational for relational in space.conditions if symbol not in relational.free_symbols))
            rest = Space(tuple(item for item in space.intervals if item[0] != symbol), free.conditions)
            if any(symbol in (item.lower.free_symbols | item.upper.free_symbols) for _, item in rest.intervals):
                continue
            for divisor, direction in bounds.divisors(factor, symbol, free):
                quotient = factor / divisor
                slope = self._slope(quotient, symbol, free)
                if slope is None:
                    continue
                for end, side, outward in _ends(interval, slope[0]):
                    if outward & POSITIVE and outward & NEGATIVE:
                        continue
                    value = limit(quotient, symbol, end, side, rest)
                    if not isinstance(value, Limit):
                        continue
                    if not rest.intervals and outward & ZERO and outward != ZERO:
                        outward &= ~ZERO  # the slope is analytic and not zero throughout, so its zeros are isolated
                    at_end = self._end_sign(value.value, rest)
                    joined = ANY if at_end is None else joined_sign(at_end[0], outward)
                    if at_end is None or joined in (ANY, 0):
                        continue
                    signs = multiplied(joined, direction)
                    at = {"at": str(end), "side": side, "value": str(value.value), "limit": value.certificate, "proof": at_end[1]}
                    return signs, node("monotone", signs, factor, divisor=str(divisor), symbol=str(symbol), derivative=slope[1], end=at)
        return None

    def _slope(self, quotient: Formula, symbol: sympy.Symbol, space: Space) -> Proof | None:
        """The sign of the derivative; derivatives of derivatives only to a fixed order, because they grow."""
        self.derived += 1
        try:
            return self.prove(sympy.diff(quotient, symbol), space)
        finally:
            self.derived -= 1

    def _smooth(self, factor: Formula, space: Space) -> bool:
        """True where `factor` has derivatives all over the space: its roots are of positive things, and no function ends vertically."""
        if factor.atoms(sympy.asin, sympy.acos):
            return False
        for power in factor.atoms(sympy.Pow):
            if not power.exp.is_Integer and power.base is not sympy.E:
                proof = self.prove(power.base, space)
                if proof is None or proof[0] != POSITIVE:
                    return False
        return True

    def _end_sign(self, value: Formula, space: Space) -> Proof | None:
        if value.is_infinite:
            signs = POSITIVE if value is sympy.oo else NEGATIVE
            return signs, node("infinite", signs, value)
        return self.prove(value, space)

    def _solver(self, factor: Formula, space: Space, seen: int) -> Proof | None:
        self.solves -= 1
        return by_solver(factor, space, seen) if self.solves >= 0 else None


def _ends(interval: Interval, growth: int) -> tuple[tuple[Formula, Literal["+", "-"], int], ...]:
    """(end, side, sign of the growth away from the end)."""
    return ((interval.lower, "+", growth), (interval.upper, "-", negated(growth)))


def joined_sign(at_end: int, outward: int) -> int:
    """The sign of g inside, from its limit at an end and the sign of its growth away from that end."""
    if at_end == ANY:
        return ANY
    for sign in (POSITIVE, NEGATIVE):
        if not at_end & ~(sign | ZERO) and not outward & ~(sign | ZERO):
            strict = at_end == sign or outward == sign
            return sign if strict else sign | ZERO
    return ANY
