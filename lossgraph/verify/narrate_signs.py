"""Tells sign, limit and range proofs in sentences; the part of `narrate` that goes into the depth of a certificate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Line = tuple[int, str]
Formula = Callable[[str], str]
_RELATIONS = {"+": "> 0", "-": "< 0", "0": "= 0", ">=0": ">= 0", "<=0": "<= 0", "any": "of any sign"}


def signs(proof: Mapping[str, Any], formula: Formula, depth: int = 0) -> Iterator[Line]:
    """The steps of a proof of a sign, a limit or a range; obvious ones are left out."""
    kind = proof.get("kind", "")
    if proof.get("sign") in {"any", "0"} or _is_number(str(proof.get("expression", ""))):
        return
    claim = f"{formula(proof['expression'])} {_RELATIONS.get(str(proof.get('sign')), '')}".rstrip() if "expression" in proof else ""
    match kind:
        case "structure" | "coefficients":
            yield depth, f"{claim}: every term of it has that sign."
        case "zero":
            yield depth, "It is zero identically."
        case "factors":
            yield depth, f"{claim}, as the product of its factors:"
            for entry in proof["factors"]:
                yield from signs(entry["proof"], formula, depth + 1)
        case "substitute":
            changes = ", ".join(f"{entry['symbol']} = {formula(entry['by'])}" for entry in proof["changes"])
            yield depth, f"{claim}: put {changes}, the new symbols being positive."
            yield from signs(proof["proof"], formula, depth + 1)
        case "cases":
            yield depth, f"{claim}, case by case of {proof['symbol']}:"
            for entry in proof["cases"]:
                yield depth + 1, f"{proof['symbol']} = {formula(entry['by'])}:" if entry["by"] != proof["symbol"] else "inside:"
                yield from signs(entry["proof"], formula, depth + 2)
        case "bound":
            steps = {"above": ">", "below": "<"}
            changes = ", ".join(f"{formula(entry['generator'])} {steps[entry['side']]} {formula(entry['bound'])}" for entry in proof["changes"])
            yield depth, f"{claim}, by {changes}."
            yield from signs(proof["proof"], formula, depth + 1)
        case "monotone":
            end = proof["end"]
            limit = f"tends to {formula(str(end['value']))} at {end['at']}"
            yield depth, f"{claim}: divided by {formula(proof['divisor'])} it is monotone in {proof['symbol']} and {limit}."
            yield from signs(proof["derivative"], formula, depth + 1)
        case "conjugate":
            yield depth, f"{claim}, by comparing squares:"
            yield from signs(proof["norm"], formula, depth + 1)
        case _:
            yield from _others(proof, kind, claim, formula, depth)


def _is_number(expression: str) -> bool:
    return expression.removeprefix("-").replace("/", "").replace(".", "").isdigit()


def _others(proof: Mapping[str, Any], kind: str, claim: str, formula: Formula, depth: int) -> Iterator[Line]:
    match kind:
        case "product":
            yield depth, f"{formula(proof['content'])} times factors that keep their signs, and whose sizes all go the same way:"
            for entry in proof["factors"]:
                yield from signs(entry["slope"], formula, depth + 1)
        case "sturm":
            polynomial = f"the polynomial with coefficients {', '.join(proof['polynomial'])} in {formula(proof['generator'])}"
            yield depth, f"{claim}: {polynomial} has no root in the interval (Sturm)."
        case "trigonometric":
            yield depth, f"{claim}: its argument stays within one half turn."
        case "z3_unsat":
            yield depth, f"{claim}: the solver {proof['solver']} finds no point with another sign."
        case "condition":
            yield depth, f"{claim} is one of the conditions of the domain: {formula(proof['condition'])}."
        case "asymptotic":
            leading = f"{formula(proof['coefficient'])} * {formula(proof['growth'])}" if proof["growth"] != "1" else formula(proof["coefficient"])
            yield depth, f"{formula(proof['expression'])} behaves like {leading} in t, with {proof['symbol']} moving to {proof['at']} as t grows."
        case "range":
            yield depth, "Its derivative has one sign between the points where the extrema are taken:"
            for entry in proof["pieces"]:
                yield from signs(entry["derivative"], formula, depth + 1)
        case "enclosure":
            yield depth, f"Bounds by ball arithmetic on a subdivision of {proof['compact']}; outside of it the derivative has one sign."
        case _:
            return
