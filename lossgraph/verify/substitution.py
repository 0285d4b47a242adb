"""Proofs by a change of variable: a formula in which z stands only as sigmoid(z) is a formula of p = sigmoid(z) in (0, 1).

What holds for the formula of p holds for that of z: bounds and zeros, since p runs through all of (0, 1); continuity and derivatives, since sigmoid has
them all; Lipschitz and Lipschitz gradient where the formula of p is proved to have them on the closed cube, on which its gradient is then bounded: sigmoid
and its derivative are bounded and Lipschitz. Convexity is not kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lossgraph.formula.domains import parse_set
from lossgraph.formula.render import text
from lossgraph.formula.tree import Call, Compare, Name, Node, names
from lossgraph.model import Verdict
from lossgraph.verify.question import Question

KEPT = frozenset({
    "continuous", "differentiable", "continuously_differentiable", "twice_continuously_differentiable", "bounded_below", "bounded_above", "nonnegative",
    "zero_at_target", "zero_only_at_target",
})  # fmt: skip
CLOSED = frozenset({"lipschitz", "lipschitz_gradient"})  # asked on the closed cube


def substituted(question: Question) -> Question | None:
    """The question about p where the only variable asked about stands as sigmoid(z) alone; None where it does not."""
    asked = question.asked()
    if len(asked) != 1 or question.property not in KEPT | CLOSED or any(names(condition) & set(asked) for condition in question.conditions):
        return None
    name = asked[0]
    if question.roles.get(name) != "logit" or name in question.simplices or question.sets[name] != parse_set("real"):
        return None
    formula = _without(question.formula, name)
    if formula is None or formula == question.formula:
        return None
    domain = "[0, 1]" if question.property in CLOSED else "(0, 1)"
    sets = {**question.sets, name: parse_set(domain)}
    shown = "; ".join(f"{other}: {' U '.join(str(span) for span in spans)}" for other, spans in sets.items())
    rest = [f"{other}: simplex" for other in question.simplices] + [text(condition) for condition in question.conditions]
    # z equals the logit of the target y where p equals y; the logit of a y that is 0 or 1 is no number, and stays the target
    hard = all(span.is_point for other, spans in question.sets.items() if question.roles.get(other) == "target" for span in spans)
    roles = question.roles if hard else {**question.roles, name: "probability"}
    return replace(question, text=text(formula), formula=formula, sets=sets, domain_text="; ".join([shown, *rest]), roles=roles)


def _without(node: Node, name: str) -> Node | None:
    """The formula with `name` in the place of sigmoid(name); None where it stands elsewhere too."""
    if node == Call("sigmoid", (Name(name),)):
        return Name(name)
    if name not in names(node):
        return node
    if isinstance(node, Call | Compare):
        parts = [_without(part, name) for part in (node.arguments if isinstance(node, Call) else node.operands)]
        found = tuple(part for part in parts if part is not None)
        if len(found) == len(parts):
            return Call(node.function, found) if isinstance(node, Call) else Compare(node.operators, found)
    return None


def by_substitution(question: Question, prove: Any) -> Verdict | None:
    """The verdict "proved" from that on the formula of p, or None. `prove` decides that."""
    from lossgraph.verify.engine import verdict

    inner = substituted(question)
    found = None if inner is None else prove(inner)
    if inner is None or found is None or found.certificate is None:
        return None
    proof = {"kind": "several", "rule": "substitution", "variable": question.asked()[0], "by": "sigmoid", "of": dict(found.certificate)}
    return verdict(question, True, "proved", proof)
