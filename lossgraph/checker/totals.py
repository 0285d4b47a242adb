"""Statements about vectors of every length: a vector is its generic component `p_i`, and each sum over components a number `#B0` of known sign.

Sums are written as numbers times sums of single products of what varies from component to component, so that equal sums look equal. A component in {0, 1}
is its own power, and the components of a simplex sum to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from lossgraph.checker.calls import Quantity, Statement, one_length
from lossgraph.checker.cells import Span
from lossgraph.checker.expression import ONE, ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.instances import Builder, hull, number_of
from lossgraph.checker.normal import Monomial, Polynomial, Quotient, add_polynomials, normal
from lossgraph.checker.signs import equal
from lossgraph.checker.space import Space, structure
from lossgraph.checker.sums import sum_interval
from lossgraph.checker.trees import monomial_tree, polynomial_tree, tree
from lossgraph.checker.vectors import Value

REDUCING = frozenset({"sum", "dot", "norm", "softmax", "logsumexp"})


@dataclass
class Totals:
    """The components of vectors, the numbers beside them, and the sums met so far: what each adds up, by the name that stands for it."""

    components: dict[str, list[Span]] = field(default_factory=dict[str, list[Span]])
    numbers: dict[str, list[Span]] = field(default_factory=dict[str, list[Span]])
    simplex: set[str] = field(default_factory=set[str])
    found: dict[str, Monomial] = field(default_factory=dict[str, Monomial])

    def space(self) -> Space:
        """Numbers and components, without sums."""
        return hull({**self.numbers, **self.components})

    def over(self) -> Space:
        """The space with every sum met so far."""
        space = self.space()
        for name, monomial in self.found.items():
            space = space.extended(name, sum_interval(monomial_tree(monomial), self.space()))
        return space

    def binary(self, name: str) -> bool:
        """Whether a component is 0 or 1."""
        return all(lower == upper and lower in {ZERO, ONE} for lower, upper, _, _ in self.components.get(name, [(ZERO, ONE, False, False)]))

    def varies(self, node: Node) -> bool:
        """Whether a tree varies from component to component."""
        return bool(names(node) & set(self.components))

    def total(self, component: Node) -> Node:
        """The sum of a component over all components."""
        form = normal(component, self.over().positive())
        divisor = polynomial_tree(form.denominator)
        if self.varies(divisor):
            raise Unreadable("a sum of quotients")
        terms: list[Node] = [ZERO]
        for monomial, value in self.reduced(form).numerator.items():
            inside = tuple(item for item in monomial if self.varies(monomial_tree((item,))))
            outside = tuple(item for item in monomial if item not in inside)
            terms.append(("mul", monomial_tree(outside, value), self.name_of(inside)))
        whole: Node = ("add", *terms)
        return whole if divisor == ONE else ("mul", whole, ("pow", divisor, number(-1)))

    def reduced(self, form: Quotient) -> Quotient:
        """Components in {0, 1} are their own positive whole powers."""
        top: Polynomial = {}
        for monomial, value in form.numerator.items():
            kept = tuple(
                (generator, Fraction(1)) if generator[0] == "symbol" and generator[1] in self.components and self.binary(generator[1]) and power >= 1 else
                (generator, power) for generator, power in monomial
            )  # fmt: skip
            top = add_polynomials(top, {kept: value})
        return Quotient(top, form.denominator)

    def name_of(self, monomial: Monomial) -> Node:
        """The number that stands for the sum of a product."""
        if len(monomial) == 1 and monomial[0][0] == ("symbol", monomial[0][0][1]) and monomial[0][0][1] in self.simplex and monomial[0][1] == 1:
            return ONE
        name = next((name for name, known in self.found.items() if known == monomial), None)
        if name is None:
            name = f"#B{len(self.found)}"
            self.found[name] = monomial
        return ("name", name)


class EveryLength(Builder):
    """The statement for vectors of every length; `sums` are the certificate's names of sums with what they add up."""

    def __init__(self, statement: Statement, sums: Mapping[str, str]) -> None:
        if not one_length(statement):
            raise Unreadable("vectors that may have different lengths")
        self.totals = Totals()
        super().__init__(statement, 1)
        self.values.update({name: self.totals.total(ONE) for name in statement.lengths})
        self.stated = {name: read_sum(text) for name, text in sums.items()}
        known = {*self.totals.components, *self.totals.numbers}
        if set(self.stated) & known or any(not names(component) <= known for component in self.stated.values()):
            raise Unreadable("a sum of what is not known, or called like something else")

    def quantity(self, name: str, entry: Quantity) -> Value:
        if entry.length is None:
            self.totals.numbers[name] = list(entry.spans)
            return self.free(name, entry)
        component = f"{name}_i"
        if component in self.statement.quantities:
            raise Unreadable("a free name is called like a component of a vector")
        self.totals.components[component] = list(entry.spans)
        if entry.simplex:
            self.totals.simplex.add(component)
        return [self.free(component, entry)]

    def space(self) -> Space:
        return self.totals.over()

    def lifted(self, node: Node) -> Node:
        if node[0] in {"vector", "index"}:
            raise Unreadable("a vector of its own length")
        return super().lifted(node)

    def written(self, node: Node, values: Mapping[str, Value]) -> Value:
        if node[0] in {"number", "name"}:
            return values.get(node[1], node) if node[0] == "name" else node
        if node[0] == "index":
            raise Unreadable("one component of a vector")
        parts = [self.written(child, values) for child in node[1:]]
        if node[0] in REDUCING:
            if not all(isinstance(part, list) for part in parts):
                raise Unreadable(f"{node[0]} takes vectors")
            return self.reduction(node[0], [part[0] for part in parts if isinstance(part, list)])
        if node[0] == "Piecewise" and any(isinstance(part, list) for part in parts):
            raise Unreadable("a Piecewise over vectors")
        made: Node = (node[0], *(part[0] if isinstance(part, list) else part for part in parts))
        return [made] if any(isinstance(part, list) for part in parts) else made

    def reduction(self, kind: str, parts: list[Node]) -> Value:
        """A sum over components, or what is made of one."""
        if self.noting:
            for part in parts:
                self.note(part)
        value = self.reduced(kind, [number_of(self.filled(part)) for part in parts])
        if not self.noting or isinstance(value, list):
            return value
        # what the parts need is noted; the sum, which is written in another way, needs no more
        mark = self.mark(value)
        self.summed[str(mark[1])] = value
        return mark

    def reduced(self, kind: str, parts: list[Node]) -> Value:
        """The same, of parts that are filled."""
        first = parts[0]
        match kind:
            case "sum":
                return self.totals.total(first)
            case "dot":
                return self.totals.total(("mul", first, parts[1]))
            case "norm":
                return ("pow", self.totals.total(("pow", first, number(2))), number(Fraction(1, 2)))
            case "logsumexp":
                return ("log", self.totals.total(("exp", first)))
            case _:
                return [("mul", ("exp", first), ("pow", self.totals.total(("exp", first)), number(-1)))]

    def inner(self, formula: Node, arguments: Mapping[str, Value], sizes: Mapping[str, int]) -> Value:
        count = self.totals.total(ONE) if sizes else ONE
        table: dict[str, Value] = {**dict.fromkeys(sizes, count), **arguments}
        if not names(formula) <= set(table):
            raise Unreadable("a formula with names that its view does not declare")
        return self.written(formula, table)

    def total(self, parts: list[Node]) -> Node:
        return self.totals.total(parts[0])

    def meanings(self) -> dict[str, Node]:
        """The certificate's sums in the checker's own. One that adds up what the statement does not is refused, but for those that bound the others."""
        own = set(self.totals.found.values())
        table = {name: self.totals.total(component) for name, component in self.stated.items()}
        for component in self.stated.values():
            form = self.totals.reduced(normal(component, self.totals.over().positive()))
            plain = set(form.numerator.values()) <= {Fraction(1), Fraction(-1)} and form.denominator == {(): Fraction(1)}
            inner = [tuple(item for item in monomial if self.totals.varies(monomial_tree((item,)))) for monomial in form.numerator]
            mine = plain and all(monomial in own or self.totals.name_of(monomial) == ONE for monomial in inner)
            if not mine and not is_indicator(component, self.totals.space()):
                raise Unreadable("a sum of something else")
        return table

    def fact(self, condition: Node) -> bool:
        """Whether a condition on the certificate's sums holds for vectors of every length (of two components and more, where a length is called K)."""
        operator, left, right = condition
        gap: Node = ("add", left, ("neg", right))
        table = {name: self.totals.total(component) for name, component in self.stated.items()}
        if operator == "==":
            return equal(substitute(gap, table), ZERO, self.totals.over())
        if operator != ">":
            return False
        space = self.totals.space()
        if left[0] == "name" and left[1] in self.stated and self.totals.varies(right):  # one component is less than the sum of two or more
            component = self.stated[left[1]]
            return "K" in self.statement.lengths and equal(component, right, space) and structure(component, space) == "+"
        part = normal(substitute(gap, self.stated), space.positive()) if names(gap) <= set(self.stated) and _linear(gap, self.stated) else None
        return part is not None and structure(tree(part), space) == "+"


def _linear(gap: Node, stated: Mapping[str, Node]) -> bool:
    """Whether a tree is a linear combination, without a constant, of sums."""
    form = normal(gap)
    return form.denominator == {(): Fraction(1)} and all(
        len(monomial) == 1 and monomial[0][0][0] == "symbol" and monomial[0][0][1] in stated and monomial[0][1] == 1 for monomial in form.numerator
    )


def read_sum(text: str) -> Node:
    """What is added up, of `sum of p_i*g_i`."""
    if not text.startswith("sum of "):
        raise Unreadable("what is summed is not said")
    return parse(text.removeprefix("sum of "))


def is_indicator(component: Node, space: Space) -> bool:
    """Whether a sum is of 1, or of a product of `v_i` and `1 - v_i`."""
    choices: list[Node] = [ONE]
    for name in sorted(names(component)):
        vector: Node = ("name", name)
        choices = [("mul", known, factor) for known in choices for factor in (vector, ("add", ONE, ("neg", vector)))]
        if len(choices) > 64:
            return False
    return any(equal(component, choice, space) for choice in choices)
