"""Checks proofs by composition: what is known of each part of a formula is worked out again from the leaves up, and has to hold what the certificate says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from lossgraph.checker import bounds
from lossgraph.checker.bounds import Bounds, of_interval
from lossgraph.checker.curvature import FLAGS, FUNCTIONS, Facts, added, closed, composed, multiplied, negated
from lossgraph.checker.expression import Node, Unreadable, number, parse
from lossgraph.checker.levels import leveled
from lossgraph.checker.means import sharpened
from lossgraph.checker.powers import raised
from lossgraph.checker.quantities import REDUCTIONS, Quantities
from lossgraph.checker.signs import expect_keys

ONE, MINUS_ONE = number(1), number(-1)
NEEDED = {
    "convex": "convex",
    "quasiconvex": "quasi",
    "lipschitz": "lipschitz",
    "lipschitz_gradient": "gradient",
    "bounded_below": "below",
    "bounded_above": "above",
    "nonnegative": ">= 0",
}


class Reader:
    """Facts of every part of a formula, each worked out once."""

    def __init__(self, known: Quantities) -> None:
        self.known = known
        self.kept: dict[Node, Facts] = {}
        self.nonnegative: Callable[[Node], bool] = lambda node: False  # whether a part is so by the signs of sums over components, set where these are known

    def facts(self, node: Node) -> Facts:
        """What is known of a part of the formula. Raises `Unreadable` where it names what is not declared."""
        if node not in self.kept:
            found = closed(self._found(node))
            found = closed(sharpened(node, found, self.known, self.facts))
            found = closed(leveled(node, found, self.known, self.facts))
            if not self.known.varies(node):
                found = closed(replace(found, constant=True))
            self.kept[node] = closed(replace(found, values=self._conditioned(node, found.values)))
        return self.kept[node]

    def _conditioned(self, node: Node, values: Bounds) -> Bounds:
        """The bounds that a condition of the domain states of the node itself, or of the difference that it is."""
        for operator, left, right in self.known.conditions:
            for first, second, turned in ((left, right, operator), (right, left, _TURNED.get(operator, operator))):
                if second[0] == "number" and first == node:
                    values = _cut(values, turned, second[1])
                elif node == ("add", first, ("neg", second)):
                    values = _cut(values, turned, Fraction(0))
        return values

    def _found(self, node: Node) -> Facts:
        kind = node[0]
        if kind == "number":
            return Facts(Bounds(node[1], node[1]), constant=True)
        if kind == "name":
            return self._name(node[1])
        if kind == "index":
            return self.facts(node[1])
        if kind == "Piecewise":
            return self._branches([self.facts(branch[1]) for branch in node[1:]], any(self.known.varies(condition) for _, _, condition in node[1:]))
        if kind in REDUCTIONS:
            return self._reduced(node)
        special = _special(node)
        if special is not None:
            return composed(FUNCTIONS[special[0]], self.facts(special[1]))
        weighted = self._weighted(node)
        if weighted is not None:
            return weighted
        if kind == "mul" and len(node) == 3 and node[1] == node[2]:
            return raised(self.facts(node[1]), self.facts(number(2)))
        parts = [self.facts(child) for child in node[1:]]
        if kind == "cosh" or (kind == "pow" and (node[2][0] != "number" or node[2][1].denominator != 1)):
            parts[0] = self._with_sign(node[1], parts[0])
        match kind:
            case "add" | "mul":
                found = parts[0]
                for part in parts[1:]:
                    found = closed((added if kind == "add" else multiplied)(found, part))
                return found
            case "neg":
                return negated(parts[0])
            case "pow":
                return raised(parts[0], parts[1])
            case "Max":
                return _largest(parts)
            case "Min":
                return replace(negated(_largest([negated(part) for part in parts])), positive=all(part.positive for part in parts))
            case _:
                return composed(FUNCTIONS[kind], parts[0]) if kind in FUNCTIONS and len(parts) == 1 else Facts()

    def _with_sign(self, node: Node, found: Facts) -> Facts:
        """The facts of the base of a power, or of an argument of cosh, which is nonnegative by the signs of sums."""
        if found.sign() is not None or not (found.quasi or found.quasi_concave) or not self.nonnegative(node):
            return found
        return closed(replace(found, values=replace(found.values, low=Fraction(0), over=False)))

    def _name(self, name: str) -> Facts:
        if name in {"pi", "E"}:
            return Facts(Bounds(Fraction(3), Fraction(4), True, True) if name == "pi" else Bounds(Fraction(2), Fraction(3), True, True), constant=True)
        if name in self.known.named_lengths:
            return Facts(Bounds(Fraction(1)), constant=True)
        if name not in self.known.sets:
            raise Unreadable(f"{name} is not declared")
        return Facts(of_interval(self.known.interval(name)), affine=True)

    def _branches(self, parts: list[Facts], cut: bool) -> Facts:
        """Of a Piecewise. Where the conditions do not change with the variables asked about (not `cut`), it is one of its branches for fixed data."""
        found = Facts(bounds.either([part.values for part in parts]), all(part.below for part in parts), all(part.above for part in parts))
        if cut:
            return found
        return replace(found, **{flag: all(getattr(part, flag) for part in parts) for flag in FLAGS if flag not in {"below", "above", "constant"}})

    def _weighted(self, node: Node) -> Facts | None:
        """log(c + sum(w*exp(u)) + ...), c > 0 and weights w >= 0 from the data: a logsumexp of log(c) and u + log(w), without what has no weight. It is convex
        and rising in each u, its derivatives by them (shares, that sum to 1 at most) and theirs are bounded; at least log(c)."""
        if node[0] != "log" or node[1][0] != "add":
            return None
        parts: list[Facts] = []
        least = Fraction(0)
        for term in node[1][1:]:
            match term:
                case ("number", value) if value > 0:
                    least += value
                case ("sum", ("mul", weight, ("exp", exponent))) if not self.known.varies(weight) and self.facts(weight).values.nonnegative():
                    parts.append(self.facts(exponent))
                case _:
                    return None
        if not parts or least == 0:
            return None
        above, smooth = all(part.above for part in parts), all(part.affine or (part.lipschitz and part.gradient) for part in parts)
        return Facts(
            Bounds(Fraction(0) if least >= 1 else None), True, above, convex=all(part.convex for part in parts),
            lipschitz=all(part.lipschitz for part in parts), gradient=smooth,
        )  # fmt: skip

    def _reduced(self, node: Node) -> Facts:
        """Sums and the like over the components, of which there is one at least, and for fixed data a fixed number of them."""
        if any(not self.known.is_vector(child) for child in node[1:]):
            raise Unreadable(f"{node[0]} takes vectors")
        first = self.facts(node[1])
        match node[0]:
            case "sum":
                return _total(first)
            case "dot":
                return _total(self.facts(("mul", node[1], node[2])))
            case "norm":
                return _norm(first)
            case "logsumexp":
                return _logsumexp(first)
            case _:
                # each is exp(a_i) over the sum of all: in (0, 1]; its derivatives of all orders are bounded
                smooth = first.affine or (first.lipschitz and first.gradient)
                return Facts(Bounds(Fraction(0), Fraction(1), True), positive=first.bounded(), lipschitz=first.lipschitz, gradient=smooth)


_TURNED: dict[Any, Any] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _cut(values: Bounds, operator: str, at: Fraction) -> Bounds:
    """Bounds cut by a comparison with a number."""
    if operator in {">", ">=", "=="} and (values.low is None or values.low < at or (values.low == at and operator == ">")):
        values = replace(values, low=at, over=operator == ">")
    if operator in {"<", "<=", "=="} and (values.high is None or values.high > at or (values.high == at and operator == "<")):
        values = replace(values, high=at, under=operator == "<")
    return values


def _special(node: Node) -> tuple[str, Node] | None:
    """softplus and sigmoid, which are written out: log(1 + exp(u)) and 1/(1 + exp(-u))."""
    match node:
        case ("log", ("add", one, ("exp", inner))) | ("log", ("add", ("exp", inner), one)) if one == ONE:
            return "softplus", inner
        case ("pow", ("add", one, ("exp", inner)), exponent) | ("pow", ("add", ("exp", inner), one), exponent) if one == ONE and exponent == MINUS_ONE:
            return "sigmoid", inner[1] if inner[0] == "neg" else ("neg", inner)
        case _:
            return None


def _total(a: Facts) -> Facts:
    """A sum of one or more: signs, bounds for a fixed number of terms, curvature and Lipschitz add up; level sets of a sum are not those of its terms."""
    low = a.values.low if a.values.nonnegative() else None
    high = a.values.high if a.values.nonpositive() else None
    values = Bounds(low, high, low is not None and a.values.over, high is not None and a.values.under)
    return replace(a, values=values, quasi=a.convex, quasi_concave=a.concave)


def _norm(a: Facts) -> Facts:
    """A norm is at least any component's absolute value, convex, rising in components that are nonnegative (falling, nonpositive), and 1-Lipschitz."""
    values = bounds.absolute(a.values)
    convex = a.affine or (a.convex and a.values.nonnegative()) or (a.concave and a.values.nonpositive())
    strict = values.over or a.sign() in {"+", "-"}
    return Facts(Bounds(values.low, None, strict), True, a.bounded(), a.positive, convex=convex, lipschitz=a.lipschitz)


def _logsumexp(a: Facts) -> Facts:
    """Convex and rising in each component, at least the largest, with a gradient (softmax) in [0, 1] that is Lipschitz."""
    values = Bounds(a.values.low, None, a.values.low is not None and a.values.over)
    smooth = a.affine or (a.lipschitz and a.gradient)
    return Facts(values, a.below, a.above, a.positive, convex=a.convex, lipschitz=a.lipschitz, gradient=smooth)


def _largest(parts: list[Facts]) -> Facts:
    """Max: its epigraph and its sublevel sets are intersections; as Lipschitz as the worst part; it may have kinks."""
    return Facts(
        bounds.largest([part.values for part in parts]), any(part.below for part in parts), all(part.above for part in parts),
        any(part.positive for part in parts), convex=all(part.convex for part in parts), quasi=all(part.quasi for part in parts),
        lipschitz=all(part.lipschitz for part in parts),
    )  # fmt: skip


def says(found: Facts, claim: str) -> bool:
    """Whether facts hold what a certificate claims: a flag by its name, or a bound."""
    if claim in FLAGS:
        return bool(getattr(found, claim))
    operator, _, text = claim.partition(" ")
    end = parse(text)
    if operator not in {">=", "<="} or end[0] != "number":
        raise Unreadable(f"no fact: {claim!r}")
    return found.values.within(end[1], None) if operator == ">=" else found.values.within(None, end[1])


def convex_domain(known: Quantities, reader: Reader) -> bool:
    """Whether the variables asked about range over a convex set: one interval each, and joint conditions that are affine in them."""
    for condition in known.conditions:
        if known.varies(condition) and (condition[0] == "!=" or not all(reader.facts(side).affine for side in condition[1:])):
            return False
    return all(len(known.sets[name]) == 1 for name in known.asked)


def check_composition(certificate: Mapping[str, Any], proof: Mapping[str, Any], known: Quantities, reader: Reader) -> bool:
    """Whether the facts that the certificate states follow, and among those of the whole formula is the one that the property needs."""
    expect_keys(proof, {"kind", "rule", "formula", "facts"})
    formula, needed = parse(certificate["expression"]), NEEDED.get(certificate["property"])
    if needed is None or parse(proof["formula"]) != formula or certificate["constant"] is not None:
        return False
    stated: set[str] = set()
    for text, claims in proof["facts"].items():
        node = parse(text)
        found = reader.facts(node)
        if not all(says(found, claim) for claim in claims):
            return False
        if node == formula:
            stated |= set(claims)
    shown = needed in stated or (needed == ">= 0" and any(claim.startswith(">= ") and says(reader.facts(formula), ">= 0") for claim in stated))
    return shown and (certificate["property"] not in {"convex", "quasiconvex"} or convex_domain(known, reader))


