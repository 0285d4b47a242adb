"""What follows from what: closes verdicts over the implications of properties.yaml, and reads relations from their other end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from lossgraph.model import Edge, Property, RelationType, Verdict


def consequences(name: str, properties: Mapping[str, Property]) -> frozenset[str]:
    """Everything that `name` implies, itself excluded."""
    found: set[str] = set()
    waiting = list(properties[name].implies)
    while waiting:
        implied = waiting.pop()
        if implied not in found and implied in properties:
            found.add(implied)
            waiting += properties[implied].implies
    return frozenset(found)


def lineage(task: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    """The task itself and everything that it is a kind of, the most general last."""
    found = [task]
    while (parent := parents.get(found[-1])) and parent not in found:
        found.append(parent)
    return tuple(found)


def close(verdicts: Mapping[str, Verdict], properties: Mapping[str, Property]) -> dict[str, Verdict]:
    """The verdicts with undecided ones settled by implication: what a proved property implies holds, what implies a refuted one fails.

    Only verdicts that hold, or fail, for every allowed parameter are passed on; those that depend on parameters stay as they are.
    """
    closed = dict(verdicts)
    for name, verdict in verdicts.items():
        if verdict.holds is True:
            for implied in consequences(name, properties):
                if implied in closed and closed[implied].holds is None:
                    closed[implied] = replace(closed[implied], holds=True, status="proved", checked=verdict.checked, reason=f"implied by {name}")
        if verdict.status == "refuted":
            for stronger in properties:
                if stronger in closed and closed[stronger].holds is None and name in consequences(stronger, properties):
                    closed[stronger] = replace(closed[stronger], holds=False, status="refuted", checked=verdict.checked, reason=f"would imply {name}")
    return closed


def has_roles(entry: Property, roles: Collection[str | None]) -> bool:
    """Whether variables of these roles are enough for a property: any one of its `roles`, where `a & b` asks for both."""
    return not entry.roles or any(all(word.strip() in roles for word in words.split("&")) for words in entry.roles)


def contradictions(claims: Mapping[str, bool], properties: Mapping[str, Property]) -> list[str]:
    """Sentences for claims of one card that exclude each other: `strictly_convex holds, so convex holds too; the card says it does not`."""
    found: list[str] = []
    for name, holds in claims.items():
        if holds and name in properties:
            found += [f"{name} implies {implied}, which the card denies" for implied in sorted(consequences(name, properties)) if claims.get(implied) is False]
            found += [f"{name} excludes {other}, which the card states too" for other in properties[name].excludes if claims.get(other)]
    return found


def inverse(edge: Edge, types: Mapping[str, RelationType]) -> Edge:
    """The edge read from its other end, its type replaced by the inverse."""
    return replace(edge, source=edge.target, target=edge.source, type=types[edge.type].inverse)
