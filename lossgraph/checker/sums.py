"""Reads a formula of vectors of every length in generic components: `p` is its component `p_i`, and each sum over components is one number with a name.

Two sums have the same name where what they add up is equal. Split, a sum is written as numbers times sums of single monomials, so that equal formulas have
equal normal forms; components that are 0 or 1 are their own powers, and those that sum to 1 do. By corners, what is linear in each of the components that lie
in [0, 1] is written in the products of x and 1 - x instead, whose sums are nonnegative, and not all zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, number
from lossgraph.checker.normal import normal
from lossgraph.checker.polynomials import Monomial
from lossgraph.checker.quantities import REDUCTIONS, Quantities
from lossgraph.checker.space import MINUS_OO, OO, Interval, Space, structure
from lossgraph.checker.trees import monomial_tree, tree

MAX_UNIT = 3


@dataclass
class Sums:
    """The sums met so far: what each adds up, by the name that stands for it. `split`: sums of single monomials; `corners`: of products of x and 1 - x."""

    known: Quantities
    stem: str
    split: bool = False
    corners: bool = False
    found: dict[str, Node] = field(default_factory=dict[str, Node])
    space: Space = field(default_factory=Space)

    def __post_init__(self) -> None:
        self.space = self.known.space()
        if len(set(self.known.lengths.values())) > 1 or any(not isinstance(length, str) for length in self.known.lengths.values()):
            raise Unreadable("vectors of several lengths, or of a fixed one")

    def read(self, node: Node) -> Node:
        """The tree with sums as names and vectors as components. Raises `Unreadable`."""
        if node[0] == "number":
            return node
        if node[0] == "name":
            if node[1] in self.known.named_lengths:
                return self.total(ONE)
            return ("name", f"{node[1]}_i") if node[1] in self.known.vectors else node
        if node[0] == "index":
            raise Unreadable("one component of a vector")
        parts = [self.read(child) for child in node[1:]]
        if node[0] not in REDUCTIONS:
            return (node[0], *parts)
        if not all(self.known.is_vector(child) for child in node[1:]):
            raise Unreadable(f"{node[0]} takes vectors")
        first = parts[0]
        match node[0]:
            case "sum":
                return self.total(first)
            case "dot":
                return self.total(("mul", first, parts[1]))
            case "norm":
                return ("pow", self.total(("pow", first, number(2))), number(Fraction(1, 2)))
            case "logsumexp":
                return ("log", self.total(("exp", first)))
            case _:
                return ("mul", ("exp", first), ("pow", self.total(("exp", first)), number(-1)))

    def total(self, component: Node) -> Node:
        """The sum of a component over all."""
        if not self.split:
            return ONE if self._sums_to_one(component) else self.name_of(component)
        form = normal(component, self.space.positive())
        if form.denominator != {(): Fraction(1)}:
            return self.name_of(tree(form))
        terms: list[Node] = [ZERO]
        linear: list[tuple[Node, frozenset[str]]] = []
        for monomial, value in form.numerator.items():
            inside = self._own_powers(tuple(item for item in monomial if self.holds_component(monomial_tree((item,)))))
            outside = monomial_tree(tuple(item for item in monomial if item[0] not in {generator for generator, _ in inside}), value)
            ones = frozenset(str(generator[-1]) for generator, power in inside if generator[0] == "symbol" and power == 1)
            if self.corners and len(ones) == len(inside) and ones <= set(self.unit()):
                linear.append((outside, ones))
            else:
                terms.append(("mul", outside, self._monomial_sum(inside)))
        return ("add", *terms, *self._at_corners(linear))

    def unit(self) -> tuple[str, ...]:
        """The first components that lie in [0, 1] and do not sum to 1."""
        inside = Interval(ZERO, ONE, False, False)
        names_of = [name for name in self.known.sets if name in self.known.vectors - self.known.weights]
        return tuple(f"{name}_i" for name in names_of if _lies_in(self.known.interval(name), inside))[:MAX_UNIT]

    def corner_names(self) -> list[Node | None]:
        """The names of the sums of all products of x and 1 - x, which together add up the number of components; None for one that was not met."""
        known = {tuple(component): name for name, component in self.found.items()}
        return [("name", known[corner]) if corner in known else None for corner in map(self._corner, product((1, 0), repeat=len(self.unit())))]

    def _corner(self, ones: tuple[int, ...]) -> Node:
        factors = [("name", name) if one else ("add", ONE, ("neg", ("name", name))) for name, one in zip(self.unit(), ones, strict=True)]
        return factors[0] if len(factors) == 1 else ("mul", *factors) if factors else ONE

    def _at_corners(self, linear: list[tuple[Node, frozenset[str]]]) -> list[Node]:
        """A sum of products of components with coefficients: the coefficient of each corner is the value there."""
        terms: list[Node] = []
        for corner in product((1, 0), repeat=len(self.unit())) if linear else ():
            at_one = {name for name, one in zip(self.unit(), corner, strict=True) if one}
            parts = [coefficient for coefficient, ones in linear if ones <= at_one]
            if parts and not normal(("add", ZERO, *parts), self.space.positive()).is_zero():
                terms.append(("mul", ("add", ZERO, *parts), self.name_of(self._corner(corner))))
        return terms

    def _own_powers(self, inside: Monomial) -> Monomial:
        """Components that are 0 or 1 are their own powers."""
        binary = {("symbol", name) for name in self.known.binary}
        return tuple((generator, Fraction(1) if generator in binary and power > 0 else power) for generator, power in inside)

    def _monomial_sum(self, kept: Monomial) -> Node:
        sizes = tuple(item for item in kept if item[0][0] == "Abs" and item[1].denominator == 1 and item[1] >= 2)
        if sizes:  # an even power needs no absolute value
            rest = tuple(item for item in kept if item not in sizes)
            parts: list[Node] = [monomial_tree(rest)]
            for generator, power in sizes:
                size = monomial_tree(((generator, 1),))
                parts += [("pow", size[1], number(power - power % 2)), *([size] if power % 2 else [])]
            return self.total(("mul", *parts))
        component = monomial_tree(kept)
        return ONE if self._sums_to_one(component) else self.name_of(component)

    def _sums_to_one(self, component: Node) -> bool:
        return component[0] == "name" and component[1] in {f"{name}_i" for name in self.known.weights}

    def name_of(self, component: Node) -> Node:
        """A name for the sum of a component, the same for equal ones."""
        form = normal(component, self.space.positive())
        for name, known in self.found.items():
            if normal(known, self.space.positive()).equals(form):
                return ("name", name)
        name = f"{self.stem}{len(self.found)}_"
        self.found[name] = component
        return ("name", name)

    def over(self) -> Space:
        """The space with every sum in the interval that the signs of what it adds up allow."""
        space = self.space
        for name, component in self.found.items():
            space = space.extended(name, self.interval(component))
        return space

    def interval(self, component: Node) -> Interval:
        """Where a sum lies; weights that sum to 1 are not all zero, so that a mean of what is positive is positive."""
        space = self.space
        for name in sorted(names(component) & set(self.found)):  # a softmax names a sum
            space = space.extended(name, self.interval(self.found[name]))
        found = sum_interval(component, space)
        weights = [f"{name}_i" for name in self.known.weights if f"{name}_i" in names(component)]
        for name in weights if found.lower_open is False else ():
            rest = normal(("mul", component, ("pow", ("name", name), number(-1))), space.positive())
            if name not in names(tree(rest)) and structure(tree(rest), space) == "+":
                return Interval(ZERO, OO)
        return found

    def holds_component(self, node: Node) -> bool:
        """Whether a tree varies from component to component."""
        return bool(names(node) & {f"{name}_i" for name in self.known.vectors})


def _lies_in(one: Interval, other: Interval) -> bool:
    """Whether an interval with rational ends lies in another."""
    ends = (one.lower, one.upper, other.lower, other.upper)
    return all(end[0] == "number" for end in ends) and one.lower[1] >= other.lower[1] and one.upper[1] <= other.upper[1]


def sum_interval(component: Node, space: Space) -> Interval:
    """Where a sum over one or more components lies."""
    if component == ONE:
        return Interval(ONE, OO, False, True)
    found = structure(component, space)
    if found == "0":
        return Interval(ZERO, OO, False, True)
    lower, upper = (ZERO if found in {"+", ">=0"} else MINUS_OO), (ZERO if found in {"-", "<=0"} else OO)
    return Interval(lower, upper, found != ">=0", found != "<=0")
