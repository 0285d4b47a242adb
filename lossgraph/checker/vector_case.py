"""One certificate about several variables or vectors while it is checked: its sums in the checker's own, and its claims held against what they have to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lossgraph.checker.cells import LINE
from lossgraph.checker.combined import component_sign
from lossgraph.checker.defined import NONZERO, POSITIVE, WEAK
from lossgraph.checker.everywhere import OUTSIDE, Field, check_claim
from lossgraph.checker.expression import ZERO, Node, Unreadable, names, number, parse, substitute
from lossgraph.checker.instances import Instance
from lossgraph.checker.normal import condition_key, normal
from lossgraph.checker.quantities import Quantities
from lossgraph.checker.signs import equal
from lossgraph.checker.space import MINUS_OO, OO, structure
from lossgraph.checker.sums import Sums
from lossgraph.checker.values import Domain

Claim = Mapping[str, Any]
_SAYS = {"> 0": POSITIVE, ">= 0": WEAK}
_TRUE = {">": {"+"}, ">=": {"+", ">=0", "0"}, "==": {"0"}, "!=": {"+", "-"}}


@dataclass
class Case:
    """A certificate with its proof, its formula, and what is known on the domain. `shown`: what the certificate's sums add up; `meanings`: in the checker's."""

    certificate: Mapping[str, Any]
    proof: Mapping[str, Any]
    known: Quantities
    domain: Domain
    formula: Node
    shown: dict[str, Node] = field(default_factory=dict[str, Node])
    meanings: dict[str, Node] = field(default_factory=dict[str, Node])

    def basic(self) -> Sums:
        """Sums of single monomials. Raises `Unreadable` for vectors of several lengths."""
        if self.domain.basic is None:
            raise Unreadable("vectors of several lengths, or of a fixed one")
        return self.domain.basic

    def read_sums(self) -> None:
        """Reads what the certificate's sums add up. Raises `Unreadable` for sums of what is not declared."""
        allowed = {f"{name}_i" if name in self.known.vectors else name for name in self.known.sets}
        self.own_formula()
        for name, text in dict(self.proof.get("sums", {})).items():
            if not name.startswith("S") or not name.endswith("_") or not text.startswith("sum of "):
                raise Unreadable("what is summed is not said")
            component = parse(text.removeprefix("sum of "))
            if not names(component) <= allowed:
                raise Unreadable("a sum of what is not declared")
            if any(equal(component, other, self.basic().space) for other in self.shown.values()):
                raise Unreadable("a sum that is named twice")
            self.shown[name] = component
        self.meanings = {name: self.basic().total(component) for name, component in self.shown.items()}

    def occurs(self, component: Node) -> bool:
        """Whether a sum of a component stands in the formula, or in a condition, as it is read here."""
        space = self.basic().space.positive()
        form = normal(component, space)
        return any(normal(known, space).equals(form) for known in self.basic().found.values())

    def own(self, node: Node) -> Node:
        """A tree in the certificate's sums, in the checker's own."""
        return substitute(node, self.meanings)

    def own_formula(self) -> Node:
        """The formula in the checker's own sums."""
        return self.basic().read(self.formula)

    def conditions(self) -> list[Node]:
        """The conditions of the domain and of the parameters in the checker's own sums."""
        return [(operator, self.basic().read(left), self.basic().read(right)) for operator, left, right in self.known.conditions]

    def field(self, cells: str = "") -> Field:
        """Where claims are confirmed; a sum that the cells let be 0 is let be 0."""
        sets = {f"{name}_i" if name in self.known.vectors else name: list(members) for name, members in self.known.sets.items()}
        for name, component in self.shown.items():
            one = self.basic().interval(component)
            # the certificate knows of a sum whether it is positive or nonnegative, and no more
            opened = (one.lower_open or one.lower != ZERO) and f"{name}: [0, oo)" not in cells
            sets[name] = [LINE if one.lower == MINUS_OO else (ZERO, OO, opened, True)]
        instance = Instance({}, [], [], [], {}, [], [], frozenset(), dict(self.meanings))
        return Field(instance, sets, self.conditions(), self.basic() if self.known.vectors else None, self if self.known.vectors else None)

    def fact(self, condition: Node) -> bool:
        """Whether a condition on the certificate's sums holds for vectors of every length."""
        operator, left, right = condition
        gap: Node = ("add", left, ("neg", right))
        if operator in {"<", "<="}:
            operator, gap = {"<": ">", "<=": ">="}[operator], ("neg", gap)
        gap, space = self.own(gap), self.basic().over()
        if normal(gap, space.positive()).is_zero():
            return operator in {"==", ">="}
        return structure(gap, space) in _TRUE[operator]

    def shows(self, node: Node, wanted: str, claim: Claim) -> bool:
        """Whether a claim shows that a tree (in the checker's own sums) is "= 0", ">= 0" or "> 0" on the whole domain."""
        if "combined" not in claim:
            return check_claim(node, wanted, claim, self.field("; ".join(cell["cell"] for cell in claim.get("cells", ()))))
        return check_claim(node, wanted, {key: value for key, value in claim.items() if key != "combined"}, self.combined_field(claim["combined"]))

    def combined_field(self, shown: Mapping[str, str], positive: str = "") -> Field:
        """Where claims are confirmed that speak of combined sums too, each in the ray that the sign of what it adds up allows; one may be positive."""
        field, sums = self.field(), self.basic()
        for name, text in shown.items():
            if not name.startswith("T") or not name.endswith("_") or not text.startswith("sum of "):
                raise Unreadable("what is summed is not said")
            component = parse(text.removeprefix("sum of "))
            sign = component_sign(component, self.known, sums.space)
            if sign is None or not names(component) <= {other for other, _ in sums.space.intervals}:
                raise Unreadable("a sum of no sign that is seen")
            stated = f"{name}p" if name == positive else name
            field.instance.meanings[stated] = sums.total(component)
            field.sets[stated] = [(ZERO, OO, sign == "+" or name == positive, True)]
        return field

    def holds(self, claim: Claim) -> bool:
        """Whether a claim is true of what it speaks of itself."""
        return self.shows(self._subject(claim), claim["claim"], claim)

    def note(self, claim: Claim) -> bool:
        """Whether a claim is true of what it speaks of itself; the domain is told what it says."""
        subject, wanted = self._subject(claim), claim["claim"]
        if wanted not in _SAYS or not self.shows(subject, wanted, claim):
            return False
        if subject[0] == "Piecewise" and len(subject) == 3 and subject[2][1:] == (OUTSIDE[wanted], ("name", "True")):
            self.domain.state(_SAYS[wanted], subject[1][1], subject[1][2])  # what is needed in a branch, where its condition holds
        self.domain.state(_SAYS[wanted], subject)
        if wanted == "> 0" and subject[0] == "pow" and subject[2] == number(2):
            self.domain.state(NONZERO, subject[1])
        return True

    def _subject(self, claim: Claim) -> Node:
        """What a claim speaks of; a proof by pieces writes the conditions on its variable around it."""
        node = self.own(parse(claim["expression"]))
        keys = [condition_key(condition, frozenset()) for condition in self.conditions()]
        while claim["by"] == "pieces" and node[0] == "Piecewise" and len(node) == 3 and node[2][1:] == (OUTSIDE[claim["claim"]], ("name", "True")):
            if condition_key(node[1][2], frozenset()) not in keys:
                break
            node = node[1][1]
        return node
