"""Says in a sentence, with numbers that can be checked by hand, why a stored verdict does not hold: the counterexample, or the limit that breaks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from lossgraph.model import View

_PRIMES = ("f", "f'", "f''", "f'''")


def explain(stored: Mapping[str, Any], view: View) -> str | None:
    """Why the property fails, or None where the certificate tells nothing short."""
    certificate = stored.get("certificate")
    if certificate is None or stored["holds"] is not False:
        return None
    proof = _failing(certificate["proof"])
    if proof is None:
        return None
    if str(proof.get("kind", "")).startswith("witness_"):
        return _witness(proof, view)
    return _from_claims(proof.get("claims", []), str(proof.get("cell", "")))


def _failing(proof: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The part of a proof that shows the failure: an example, or the first cell that does not hold."""
    if "example" in proof:
        return proof["example"]
    if proof.get("kind") == "cells":
        return next((_failing(cell) for cell in proof["cells"] if cell.get("holds") is False), None)
    return proof


def _witness(proof: Mapping[str, Any], view: View) -> str | None:
    kind = proof["kind"].removeprefix("witness_")
    setting = proof.get("parameters", {})
    at = f"at {', '.join(f'{name} = {value}' for name, value in setting.items())}: " if setting else ""
    if kind == "domain":
        return f"{at}{proof['points'][0]} and {proof['points'][1]} are in the domain, {proof['missing']} between them is not"
    if kind == "domain_symmetry":
        return f"{at}{proof['point']} is in the domain, its mirror image is not"
    points = [proof[key] for key in ("point", "target") if key in proof] + [point for key in ("points", "rise", "fall") for point in proof.get(key, [])]
    values = _values(points, setting, view)
    if values is None:
        return None
    shown = ", ".join(f"f({point}) = {value}" for point, value in values.items())
    if kind == "monotone":
        (first, second), (third, fourth) = proof["rise"], proof["fall"]
        return f"{at}{shown}: it rises from {first} to {second} and falls from {third} to {fourth}"
    return f"{at}{shown}{_conclusion(kind, points)}"


def _conclusion(kind: str, points: Sequence[str]) -> str:
    if kind in {"convexity", "strictness", "quasiconvexity"}:
        first, middle, last = points[:3]
        return {
            "convexity": f"; convexity needs f({middle}) <= (f({first}) + f({last}))/2",
            "strictness": f"; strict convexity needs f({middle}) < (f({first}) + f({last}))/2",
            "quasiconvexity": f"; quasiconvexity needs f({middle}) <= Max(f({first}), f({last}))",
        }[kind]
    return {"symmetry": ": not the same", "negative": " < 0", "nonzero": ", not 0 at the target"}.get(kind, "")


def _values(points: Sequence[str], setting: Mapping[str, str], view: View) -> dict[str, str] | None:
    """f at the points, exact or to 10 digits; a mirror image is added for a single point."""
    from lossgraph.verify.exact import Unsure, evaluate
    from lossgraph.verify.instance import formula
    from lossgraph.verify.order import Undefined

    names = [name for name in view.variables if name not in setting]
    if len(names) != 1 or not all(isinstance(point, str) for point in points):  # a vector's points are lists of numbers  # pyright: ignore[reportUnnecessaryIsInstance]
        return None
    wanted = [*points, str(-Fraction(points[0]))] if len(points) == 1 and Fraction(points[0]) else list(points)
    found: dict[str, str] = {}
    for point in wanted:
        try:
            value = evaluate(formula(view), {**{name: Fraction(text) for name, text in setting.items()}, names[0]: Fraction(point)})
        except (Unsure, Undefined, ValueError, KeyError):
            continue
        found[point] = str(value) if isinstance(value, Fraction) else value.str(10, radius=False)
    return found or None


def _from_claims(claims: Sequence[Mapping[str, Any]], cell: str) -> str | None:
    """The limits and differences among the claims of a failed check."""
    parts: list[str] = []
    for claim in claims:
        order = _PRIMES[min(int(claim.get("order", 0)), 3)]
        if claim.get("claim") == "limit":
            side = "" if str(claim["at"]) in {"oo", "-oo"} else " from the right" if claim["end"] == "lower" else " from the left"
            parts.append(f"{order} tends to {claim['value']} at {claim['at']}{side}")
        elif claim.get("claim") == "different":
            parts.append(f"{claim['left']} is not {claim['right']}")
        elif claim.get("claim") == "sign":
            parts.append(f"{order} has the sign {claim.get('sign')} between {claim.get('lower')} and {claim.get('upper')}")
    if not parts:
        return None
    return f"{f'where {cell}: ' if cell else ''}{'; '.join(parts[-3:])}"
