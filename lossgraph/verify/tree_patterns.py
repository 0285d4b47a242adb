"""Shapes that the rules node by node do not see whole: log of a sum of exponentials, roots of sums of squares, divergences, quotients that are monotone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from lossgraph.formula.tree import Call, Name, Node, Number, names

if TYPE_CHECKING:
    from lossgraph.verify.tree_facts import Facts, Reader

ONE, TWO = Number(Fraction(1)), Number(Fraction(2))


def pattern(reader: Reader, node: Call) -> Facts | None:
    """What a shape says of a node; None where it is none of them."""
    from lossgraph.verify import tree_facts as rules

    match node:
        case Call("log", (Call("add", _) as inner,)):
            return _log_of_exponentials(reader, inner) or _log_of_sums(reader, inner)
        case Call("sqrt", (inner,)) if (parts := _squares(inner)) is not None:
            return _root_of_squares(reader, parts)
        case Call("div", (above, Call("sqrt", (inner,)))) if above in (_squares(inner) or ()) and names(above):
            return rules.Facts(Fraction(-1), Fraction(1))  # a square is at most the sum of squares
        case Call("div", (one, Call("add", (again, Call("exp", (inner,)))))) if one == again == ONE:
            return rules.RULES["sigmoid"](reader, Call("neg", (inner,)))
        case Call("sub", (Call("log", (first,)), Call("log", (second,)))):  # log(a/b), an increasing function of a quotient
            plain, quotient = rules.RULES["sub"](reader, *node.arguments), reader.facts(Call("div", (first, second)))
            return replace(plain, quasi=plain.quasi or quotient.quasi, quasi_concave=plain.quasi_concave or quotient.quasi_concave)
        case Call("sub", (Call("logsumexp", (inner,)), again)) if again == inner:  # the sum is at least each part
            return replace(rules.RULES["sub"](reader, *node.arguments), low=Fraction(0))
        case Call("div", (Call("mul", (Number(value), Call("dot", _) as product)), below)) if isinstance(below, Call) and below.function == "mul":
            cosine = reader.facts(Call("div", (product, below)))
            return rules.scaled(rules.Facts(value, value, constant=True, positive=value > 0), cosine) if cosine.low is not None else None
        case Call("sub", (Call("mul", (Name(length), Call("logsumexp", (inner,)))), Call("sum", (again,)))) if (
            again == inner and _classes(reader, inner, length)
        ):
            return replace(rules.RULES["sub"](reader, *node.arguments), positive=True)  # at least K*log(K): logsumexp is above the mean by log(K)
        case Call("div", (Call("sub", (Call("logsumexp", (u,)), Call("dot", (weights, v)))) as above, Call("sub", _) as below)) if (
            u == v and reader.whole(weights) and not names(weights) & reader.asked and below == _all_gaps(reader, u)
        ):
            return _share_of_gaps(reader, above, below)
        case Call("sum", (Call("mul", (_, Call("exp", (inner,)))),)) if over_other_classes(reader, node):
            return replace(rules.RULES["sum"](reader, *node.arguments), low=Fraction(0), positive=reader.facts(inner).below)
        case Call("log", (Call("sum", (Call("mul", (_, Call("exp", (inner,)))),)) as others,)) if over_other_classes(reader, others):
            return rules.RULES["logsumexp"](reader, inner)
        case Call("pow", (Call("dot", (weights, Call("softmax", (inner,)))), exponent)) if _one_hot(reader, weights):
            share = reader.facts(exponent)
            return _share(reader, weights, inner, exponent) if share.constant and share.low is not None and share.low >= 0 else None
        case Call("dot", (weights, Call("softmax", (inner,)))) if _one_hot(reader, weights):
            return _share(reader, weights, inner, ONE)
        case Call("add", (first, Call("logsumexp", (second,)))) if _divergence(first, second):
            plain = rules.RULES["add"](reader, *node.arguments)
            return replace(plain, low=Fraction(0))  # Gibbs, for probabilities softmax(u) and softmax(v)
        case Call("add", (Call("dot", (weights, inner)), Call("div", (Call("logsumexp", (scaled,)), scale)))) if reader.whole(weights):
            factor = reader.facts(scale)
            if scaled == _negated(scale, inner) and factor.low is not None and factor.low >= 0:
                return replace(rules.RULES["add"](reader, *node.arguments), low=Fraction(0))  # logsumexp(v)/c is at least the mean of v/c
            return None
        case _:
            return None


def _classes(reader: Reader, vector: Node, length: str) -> bool:
    """Whether a vector is one over classes, of which there are two at least: its length is called K."""
    own = {str(reader.question.lengths.get(name, "K" if name in reader.question.simplices else "")) for name in names(vector)} - {""}
    return length == "K" and own == {"K"}


def over_other_classes(reader: Reader, node: Call) -> bool:
    """Whether a node is sum((1 - y)*exp(u)) for the label y of one class: a sum over the other classes, of which there is one at least."""
    match node:
        case Call("sum", (Call("mul", (Call("sub", (one, weights)), Call("exp", _))),)):
            return one == ONE and _one_hot(reader, weights) and _classes(reader, weights, "K")
        case _:
            return False


def _all_gaps(reader: Reader, inner: Node) -> Node | None:
    """K*logsumexp(z) - sum(z), the sum of logsumexp(z) - z_k over all classes."""
    found = Call("sub", (Call("mul", (Name("K"), Call("logsumexp", (inner,)))), Call("sum", (inner,))))
    return found if _classes(reader, inner, "K") else None


def _share_of_gaps(reader: Reader, above: Node, below: Node) -> Facts:
    """A mean of gaps over their sum, in [0, 1]. With q = a/b bounded and b >= c > 0, the derivatives (a' - q*b')/b and (a'' - q*b'' - 2*q'*b')/b are too."""
    from lossgraph.verify.tree_facts import Facts

    a, b = reader.facts(above), reader.facts(below)
    smooth = b.positive and a.lipschitz and b.lipschitz
    return Facts(Fraction(0), Fraction(1), lipschitz=smooth, gradient=smooth and a.gradient and b.gradient)


def _negated(scale: Node, inner: Node) -> Node:
    return Call("mul", (Call("neg", (scale,)), inner))


def _terms(node: Node) -> list[Node]:
    return [*_terms(node.arguments[0]), *_terms(node.arguments[1])] if isinstance(node, Call) and node.function == "add" else [node]


def _log_of_exponentials(reader: Reader, inner: Call) -> Facts | None:
    """log(exp(u) + exp(v) + ...): what logsumexp of the vector of u, v, ... is."""
    from lossgraph.verify.tree_facts import Facts

    terms = [term.arguments[0] if isinstance(term, Call) and term.function == "exp" else None for term in _terms(inner)]
    parts = [reader.facts(term) for term in terms if term is not None]
    if len(parts) != len(terms):
        return None
    smooth = all(part.lipschitz and part.gradient for part in parts)
    return Facts(
        None, None, any(part.below for part in parts), all(part.above for part in parts), convex=all(part.convex for part in parts),
        lipschitz=all(part.lipschitz for part in parts), gradient=smooth,
    )  # fmt: skip


def _log_of_sums(reader: Reader, inner: Call) -> Facts | None:
    """log(c + sum(w*exp(u)) + ...), a positive number and weights from the data, nonnegative: a logsumexp with weights."""
    from lossgraph.verify.tree_facts import RULES

    numbers, moving = [], []
    for term in _terms(inner):
        match term:
            case Number(value) if value > 0:
                numbers.append(value)
            case Call("sum", (Call("mul", (weight, Call("exp", (exponent,)))),)):
                facts = reader.facts(weight)
                if not facts.constant or facts.low is None or facts.low < 0:
                    return None
                moving.append(reader.facts(exponent))
            case _:
                return None
    if not numbers or not moving:
        return None
    plain = RULES["log"](reader, inner)
    return replace(
        plain, below=True, above=plain.above or all(part.above for part in moving), convex=plain.convex or all(part.convex for part in moving),
        lipschitz=plain.lipschitz or all(part.lipschitz for part in moving),
        gradient=plain.gradient or all(part.lipschitz and part.gradient for part in moving),
    )  # fmt: skip


def _squares(inner: Node) -> list[Node] | None:
    """What is squared in a sum of squares and positive numbers, or in a positive multiple of one; None where it is no such sum of two at least."""
    if isinstance(inner, Call) and inner.function == "div" and isinstance(inner.arguments[1], Number) and inner.arguments[1].value > 0:
        return _squares(inner.arguments[0])
    terms = _terms(inner)
    parts = [term.arguments[0] for term in terms if isinstance(term, Call) and term.function == "pow" and term.arguments[1] == TWO]
    numbers = [term for term in terms if isinstance(term, Number) and term.value > 0]
    return [*parts, *numbers] if len(terms) > 1 and len(parts) + len(numbers) == len(terms) and parts else None


def _root_of_squares(reader: Reader, parts: list[Node]) -> Facts:
    """The norm of the vector of what is squared, up to positive factors."""
    from lossgraph.verify.tree_facts import Facts

    found = [reader.facts(part) for part in parts]
    convex = all(part.affine or (part.convex and part.low is not None and part.low >= 0) for part in found)
    return Facts(
        Fraction(0), None, True, all(part.bounded() for part in found), any(part.positive for part in found), convex=convex,
        lipschitz=all(part.lipschitz for part in found), gradient=all(part.affine for part in found) and any(isinstance(part, Number) for part in parts),
    )  # fmt: skip


def _one_hot(reader: Reader, weights: Node) -> bool:
    """Whether the data's weights are 0 or 1 and sum to 1: one of them is 1."""
    if not isinstance(weights, Name) or weights.name in reader.asked or not reader.whole(weights):
        return False
    spans = reader.sets.get(weights.name, ())
    return bool(spans) and all(span.is_point for span in spans)


def _share(reader: Reader, weights: Node, inner: Node, exponent: Node) -> Facts:
    """The component of softmax(z) that the weights choose, to a power q >= 0: exp(-q*(logsumexp(z) - z_k)), the exponent concave, Lipschitz and at most 0."""
    gap = Call("sub", (Call("logsumexp", (inner,)), Call("dot", (weights, inner))))
    return replace(reader.facts(Call("exp", (Call("neg", (Call("mul", (exponent, gap)),)),))), high=Fraction(1))


def _divergence(first: Node, second: Node) -> bool:
    """dot(softmax(u), u - v) - logsumexp(u), to which logsumexp(v) is added."""
    match first:
        case Call("sub", (Call("dot", (Call("softmax", (u,)), Call("sub", (again, v)))), Call("logsumexp", (third,)))):
            return u == again == third and v == second
        case _:
            return False
