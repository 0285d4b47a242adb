"""Values, continuity and smoothness by composition, from the leaves up: what data alone decide (the sign of a gap of targets, a branch on them) is a constant.

A formula of continuous (real-analytic) functions is continuous (analytic) wherever it has a value, if roots and other powers are taken of what is positive
there. Positive is what the facts of `tree_facts`, a condition of the domain, or the form say, or what is proved as a claim.
"""

from __future__ import annotations

from fractions import Fraction

from lossgraph.formula.symbolic import to_sympy
from lossgraph.formula.tree import Call, Compare, Constant, Index, Name, Node, Number, names
from lossgraph.verify.lengths import resolved
from lossgraph.verify.question import Question
from lossgraph.verify.several_scene import Certificate, Open, Scene
from lossgraph.verify.tree_facts import ONE, Reader
from lossgraph.verify.tree_patterns import over_other_classes

KINKS = frozenset({"Abs", "Max", "Min", "relu"})
SMOOTH = frozenset(
    "add sub mul div neg exp log log1p expm1 sin cos tan atan tanh cosh sinh erf erfc loggamma softplus sigmoid sum dot logsumexp softmax vector".split()
)
ZERO = Number(Fraction(0))
ALWAYS_POSITIVE = frozenset({"exp", "softplus", "sigmoid", "softmax", "cosh"})


class Composition:
    """A formula's parts, of which those that vary have to be continuous or smooth. `claims` collects what was proved of the scene's numbers."""

    def __init__(self, question: Question, scene: Scene | None = None) -> None:
        self.question, self.scene = question, scene
        self.reader = Reader(question)
        self.asked = set(question.asked())
        self.claims: list[Certificate] = []

    def check(self, node: Node, *, smooth: bool) -> None:
        """Raises `Open` where a part may jump, or, if `smooth`, may have a kink. Every part has a value: that is proved apart."""
        if not names(node) & self.asked or isinstance(node, Name | Index):
            return
        if not isinstance(node, Call):
            raise Open("a condition in a number's place")
        if node.function == "Piecewise":
            self._branches(node, smooth=smooth)
            return
        if _square_of_norm(node):
            node = Call("sum", node.arguments[0].arguments)  # type: ignore[union-attr]
        for part in node.arguments:
            self.check(part, smooth=smooth)
        self._own(node, smooth=smooth)

    def _branches(self, node: Call, *, smooth: bool) -> None:
        for branch in node.arguments:
            if not isinstance(branch, Call) or names(branch.arguments[1]) & self.asked:
                raise Open("a branch on what varies")
            self.check(branch.arguments[0], smooth=smooth)

    def _own(self, node: Call, *, smooth: bool) -> None:
        """What the topmost function needs. Raises `Open`."""
        if node.function in SMOOTH or (node.function in KINKS and not smooth):
            return
        match node.function, node.arguments:
            case "norm", _:
                if smooth:
                    self._demand(node)
            case "sqrt", (inner,):
                if smooth:
                    self._demand(inner)
            case "pow", (base, exponent):
                whole = isinstance(exponent, Number) and exponent.value.denominator == 1
                if smooth and not whole and names(node) & self.asked:
                    self._demand(base)
            case ("asin" | "acos"), (inner,):
                if smooth:
                    self._demand(Call("sub", (ONE, Call("mul", (inner, inner)))))
            case _:
                raise Open(f"{node.function} may jump or have a kink")

    def _demand(self, node: Node) -> None:
        """A claim that a part is positive wherever it stands. Raises `Open`."""
        if self.positive(node):
            return
        if self.scene is None:
            raise Open("not proved positive")
        scene = self.scene
        named = frozenset(str(length) for length in scene.question.lengths.values()) if scene.sums.components else frozenset[str]()
        value = to_sympy(*resolved(node, scene.table, scene.sums, named)) if scene.sums.components else to_sympy(node, scene.table)
        for part in value if isinstance(value, tuple) else (value,):
            self.claims.append(scene.demand(part, "> 0"))

    def positive(self, node: Node) -> bool:
        """Whether a part (each component of it) is positive at every point, as facts, conditions or the form show."""
        facts = self.reader.facts(node)
        if facts.positive or (facts.low is not None and facts.low > 0) or self._stated(node):
            return True
        match node:
            case Name(name) | Index(name, _):
                spans = self.reader.sets.get(name)
                return spans is not None and facts.low == 0 and spans[0].lower_open
            case Call("add", (first, second)):
                pairs = ((first, second), (second, first))
                return any(self.positive(one) and self.nonnegative(other) for one, other in pairs)
            case Call("mul" | "div", (first, second)):
                return self.positive(first) and self.positive(second)
            case Call("sum", (Call("mul", (_, Call("exp", _))),)) if over_other_classes(self.reader, node):
                return True
            case Call("sqrt" | "sum" | "norm" | "pow", (inner, *_)):
                return self.positive(inner)
            case Call("Max", parts):
                return any(self.positive(part) for part in parts)
            case Call("Min", parts):
                return all(self.positive(part) for part in parts)
            case Call(function, _):
                return function in ALWAYS_POSITIVE
            case _:
                return False

    def nonnegative(self, node: Node) -> bool:
        """Whether a part is nonnegative at every point."""
        low = self.reader.facts(node).low
        return (low is not None and low >= 0) or self.positive(node)

    def _stated(self, node: Node) -> bool:
        """Whether a condition of the domain says that a part is positive."""
        for condition in (*self.question.conditions, *self.question.parameter_conditions):
            if isinstance(condition, Compare) and len(condition.operators) == 1:
                first, second = condition.operands if condition.operators[0] == ">" else condition.operands[::-1]
                if condition.operators[0] in {"<", ">"} and (node == Call("sub", (first, second)) or (second == ZERO and first == node)):
                    return True
        return False

    def nonzero(self, node: Node) -> bool:
        """Whether a part is positive everywhere, or negative everywhere."""
        high = self.reader.facts(node).high
        if isinstance(node, Call) and node.function in {"mul", "div"}:
            return all(self.nonzero(part) for part in node.arguments) or self.positive(node)
        if isinstance(node, Call) and node.function in {"neg", "pow"}:
            return self.nonzero(node.arguments[0])
        return self.positive(node) or (high is not None and high < 0)

    def has_value(self, node: Node) -> bool:
        """Whether a part has a finite value everywhere, whatever branch it stands in."""
        parts = node.arguments if isinstance(node, Call) else node.operands if isinstance(node, Compare) else ()
        if not all(self.has_value(part) for part in parts):
            return False
        match node:
            case Constant("oo"):
                return False
            case Call("Piecewise", (*_, Call("branch", (_, last)))):
                return last == Constant("True")
            case Call("div", (_, divisor)):
                return self.nonzero(divisor)
            case Call("log" | "loggamma", (inner,)):
                return self.positive(inner)
            case Call("log1p", (inner,)):
                return self.positive(Call("add", (ONE, inner)))
            case Call("sqrt", (inner,)):
                return self.nonnegative(inner)
            case Call("pow", (base, exponent)):
                whole = isinstance(exponent, Number) and exponent.value.denominator == 1
                if whole and isinstance(exponent, Number):
                    return exponent.value >= 0 or self.nonzero(base)
                return self.positive(base) or (self.nonnegative(base) and self.positive(exponent))
            case Call("asin" | "acos", (inner,)):
                facts = self.reader.facts(inner)
                return facts.low is not None and facts.high is not None and facts.low >= -1 and facts.high <= 1
            case Call("tan", _):
                return False
            case _:
                return True


def _square_of_norm(node: Call) -> bool:
    match node:
        case Call("pow", (Call("norm", _), Number(value))):
            return value > 0 and value % 2 == 0
        case Call("mul", (Call("norm", _) as first, second)):
            return first == second
        case _:
            return False


def composed(scene: Scene, *, smooth: bool) -> list[Certificate]:
    """The claims under which the formula is continuous (if `smooth`: analytic) as a composition. Raises `Open`."""
    found = Composition(scene.question, scene)
    found.check(scene.question.formula, smooth=smooth)
    return found.claims


def values_by_facts(question: Question) -> bool:
    """Whether the formula has a finite value everywhere, by facts of its parts alone."""
    try:
        return Composition(question).has_value(question.formula)
    except (ValueError, ArithmeticError, KeyError, TypeError):
        return False
