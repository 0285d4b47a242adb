"""Decides a relation between two losses: proves its formula for all its free names, or finds an exact point at which it fails.

The form of the formula chooses the proof (equation, inequality, limit); the type of the relation says what else must hold (a positive scale, an
increasing function).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import sympy

from lossgraph.model import InputError, Loss, Relation
from lossgraph.verify.equivalence import extra_claims, misfit
from lossgraph.verify.everywhere import Proof, condition_holds, everywhere, lies_in
from lossgraph.verify.expansion import Statement, calls_in, expand, limits
from lossgraph.verify.instance import Instance, instantiate, instantiate_every
from lossgraph.verify.refute import counterexample
from lossgraph.verify.relation_limits import limit_proof
from lossgraph.verify.shifts import everywhere_or_shifted

SIZES, CLASSES = (1, 2, 3), (2, 3)
"""The sizes at which vectors of open length are instantiated, those over classes (length `K`) from two on: a proof holds for these sizes only, and says so."""
CLAIMS: dict[str, tuple[int, str]] = {"==": (1, "= 0"), ">=": (1, ">= 0"), ">": (1, "> 0"), "<=": (-1, ">= 0"), "<": (-1, "> 0")}
Status = Literal["proved", "refuted", "undecided", "not_checkable"]


@dataclass(frozen=True)
class Decision:
    """What is settled of one relation. `certificate` proves it, or names the point at which it fails; `reason` says why it is open."""

    status: Status
    reason: str | None = None
    certificate: Mapping[str, Any] = field(default_factory=dict)


class Open(Exception):
    """A step that was not proved; the message says which."""


def decide_relation(loss: Loss, relation: Relation, losses: Mapping[str, Loss]) -> Decision:
    """Whether the relation's formula holds for all values of its free names. A sentence without a formula is not checkable."""
    if relation.identity is None:
        return Decision("not_checkable", "stated in words, without a formula")
    try:
        statement = expand(relation.identity, relation.when, losses)
        called = {call.loss for side in statement.sides for call in calls_in(side)}
        missing = next((name for name in (loss.id, relation.target) if name not in called), None)
        if missing is not None:
            return Decision("undecided", f"the formula does not mention {missing}")
        wrong = misfit(relation.type, statement, loss.id, relation.target)
        if wrong is not None:
            return Decision("refuted", wrong, {**_head(statement), "kind": "misfit", "reason": wrong})
        sizes = (1,) if not statement.has_vectors else CLASSES if "K" in statement.lengths else SIZES
        refuted = _refuted(statement, losses, sizes)
        if refuted is not None:
            return Decision("refuted", _sentence(refuted), {**_head(statement), "kind": "counterexample", **refuted})
        return _proved(relation.type, statement, losses, sizes)
    except (InputError, Open) as error:
        return Decision("undecided", str(error))
    except Exception as error:  # a failure inside the engine means undecided
        return Decision("undecided", f"{type(error).__name__}: {error}")


def request_for(loss: Loss, relation: Relation, losses: Mapping[str, Loss]) -> dict[str, Any]:
    """What a worker needs to decide the relation: the cards that its formula names, as plain data."""
    words = set(re.findall(r"[A-Za-z]\w*", relation.identity or "")) | {loss.id, relation.target}
    return {"relation": asdict(relation), "loss": loss.id, "cards": {name: asdict(losses[name]) for name in sorted(words & losses.keys())}}


def answer_relation(request: Mapping[str, Any]) -> dict[str, Any]:
    """The decision on a `request_for`, as plain data."""
    from lossgraph.build import build

    losses = {name: build(Loss, card) for name, card in request["cards"].items()}
    return asdict(decide_relation(losses[request["loss"]], build(Relation, request["relation"]), losses))


def _head(statement: Statement) -> dict[str, Any]:
    free = {quantity.name: quantity.domain() + (f" of length {quantity.length}" if quantity.length is not None else "") for quantity in statement.quantities}
    return {"statement": statement.text, "free": free}


def _refuted(statement: Statement, losses: Mapping[str, Loss], sizes: tuple[int, ...]) -> dict[str, Any] | None:
    if any(limits(side) for side in statement.sides):
        return None
    for size in sizes:
        found = counterexample(statement, losses, size)
        if found is not None:
            return {**found, "size": size} if statement.has_vectors else found
    return None


def _sentence(found: Mapping[str, Any]) -> str:
    place = ", ".join(f"{name} = {value}" for name, value in found["point"].items())
    return f"fails at {place}: the left side is {found['left']}, the right side {found['right']}"


def _proved(kind: str, statement: Statement, losses: Mapping[str, Loss], sizes: tuple[int, ...]) -> Decision:
    if statement.has_vectors:
        every = _for_every_length(kind, statement, losses)
        if every is not None:
            return every
    head = _head(statement)
    parts: list[dict[str, Any]] = []
    for size in sizes:
        found = _parts(kind, statement, losses, size, instantiate(statement, losses, size))
        if isinstance(found, Decision):
            return found
        parts.append({"size": size, **found} if statement.has_vectors else found)
    if not statement.has_vectors:
        return Decision("proved", None, {**head, "kind": _form(statement), **parts[0]})
    return Decision("proved", f"proved for vectors of length {', '.join(map(str, sizes))} only", {**head, "kind": _form(statement), "sizes": parts})


def _form(statement: Statement) -> str:
    if any(limits(side) for side in statement.sides):
        return "limit"
    return "identity" if set(statement.operators) == {"=="} else "bound"


def _for_every_length(kind: str, statement: Statement, losses: Mapping[str, Loss]) -> Decision | None:
    """The proof with sums as unknowns; None where it does not close, which says nothing about any length."""
    try:
        instance, sums = instantiate_every(statement, losses)
        found = _parts(kind, statement, losses, 0, instance)
    except (InputError, Open, ValueError):
        return None
    if isinstance(found, Decision):  # it fails with sums as unknowns, which need not be sums
        return None
    return Decision("proved", None, {**_head(statement), "kind": _form(statement), "lengths": "every", "sums": sums, **found})


def _parts(kind: str, statement: Statement, losses: Mapping[str, Loss], size: int, instance: Instance) -> dict[str, Any] | Decision:
    """The certificate's parts for one instance, or the decision that a limit is another. Raises `Open` or InputError."""
    certificate: dict[str, Any] = {}
    certificate["domains"] = [
        _demand(lies_in(entry.expression, entry.intervals, instance.symbols, instance.about(entry.expression)), entry.place) for entry in instance.obligations
    ]
    certificate["defined"] = [_defined(guard, condition, instance) for guard, condition in instance.requirements]
    if any(limits(side) for side in statement.sides):
        found = limit_proof(statement, instance)
        if found.refuted is not None:
            return Decision("refuted", found.refuted, {**_head(statement), "kind": "limit", **found.certificate})
        certificate["limit"] = _demand(Proof(found.proved, found.certificate, found.reason), "the limit")
    else:
        certificate["links"] = [_link(operator, instance.sides[i], instance.sides[i + 1], instance) for i, operator in enumerate(statement.operators)]
    certificate["type"] = extra_claims(kind, statement, losses, size, instance)
    return {key: value for key, value in certificate.items() if value}


def _demand(proof: Proof, what: str) -> dict[str, Any]:
    if not proof.proved:
        raise Open(f"{what}: {proof.reason}")
    return dict(proof.certificate)


def _link(operator: str, left: sympy.Expr, right: sympy.Expr, instance: Instance) -> dict[str, Any]:
    if operator not in CLAIMS:
        raise Open(f"`{operator}` is not proved; use = < <= > >=")
    if isinstance(left, tuple) or isinstance(right, tuple):
        raise Open("a side is a vector; write its sum")
    direction, claim = CLAIMS[operator]
    large, small = (left, right) if direction == 1 else (right, left)
    # |a| <= b is -b <= a <= b: this way no proof hangs on where a changes its sign
    inside = [small.args[0], -small.args[0]] if operator != "==" and isinstance(small, sympy.Abs) else [small]
    prove = everywhere_or_shifted if instance.size else everywhere
    proofs = [_demand(prove(large - part, claim, instance.symbols, instance.conditions), "the difference of the sides") for part in inside]
    return proofs[0] if len(proofs) == 1 else {"both": proofs}


def _defined(guard: Any, condition: Any, instance: Instance) -> dict[str, Any]:
    """A condition under which the formula around the card calls has a value at all."""
    found = condition_holds(condition, guard, instance.symbols, instance.conditions)
    if not found.proved:
        raise Open(f"{found.reason}; restrict the free names with `when`")
    return {"condition": str(condition), **found.certificate}
