"""Says in a sentence, with numbers that can be checked by hand, why a stored verdict does not hold: the counterexample, or the limit that breaks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from lossgraph.model import Variable, View
from lossgraph.verify.expansion import DATA_ROLES

_PRIMES = ("f", "f'", "f''", "f'''")
_SIGNS = {"+": ">", "-": "<", "0": "=", "+0": ">=", "-0": "<="}


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
    if proof.get("kind") == "line":
        return _line(proof, view)
    if proof.get("kind") == "rays":
        return _rays(proof)
    return _from_claims(proof.get("claims", []), str(proof.get("cell", "")))


def _failing(proof: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The part of a proof that shows the failure: an example, or the first cell that does not hold."""
    if "example" in proof:
        return proof["example"]
    if proof.get("kind") == "cells":
        return next((_failing(cell) for cell in proof["cells"] if cell.get("holds") is False), None)
    return proof


def _line(proof: Mapping[str, Any], view: View) -> str | None:
    """Where the line runs, the formula along it, and why that formula of one variable fails."""
    question, variable = proof["question"], proof["variable"]
    inner = explain({"certificate": question, "holds": question["holds"]}, View("", question["expression"], {variable: Variable()}))
    if inner is None:
        return None
    places = [f"{name} = {_along(proof['at'][name], proof['direction'][name], variable)}" for name in proof["at"]]
    places += [f"{name} = {_shown(value)}" for name, value in proof["given"].items()]
    return f"with {' and '.join(places)} the formula is f({variable}) = {question['expression']}; {inner}"


def _rays(proof: Mapping[str, Any]) -> str | None:
    """Where the two rays run, and how far the values on them stay apart while the rays meet."""
    inner = _failing(proof["question"]["proof"]) or {}
    gap = next((claim["value"] for claim in inner.get("claims", []) if claim.get("claim") == "limit" and str(claim["at"]) == "0"), None)
    if gap is None:
        return None
    variable = proof["variable"]
    rays = [" and ".join(f"{name} = {_along(start, ray[name], variable)}" for name, start in proof["from"].items()) for ray in proof["directions"]]
    given = " and ".join(f"{name} = {_shown(value)}" for name, value in proof["given"].items())
    told = f"the formula at {rays[0]} less that at {rays[1]} tends to {gap} as {variable} tends to 0, where the two points meet"
    return f"with {given}, {told}" if given else told


def _along(start: Any, direction: Any, variable: str) -> str:
    """`(t, 1)` for the start (0, 1) and the direction (1, 0)."""
    if isinstance(start, list):
        return f"({', '.join(_along(first, second, variable) for first, second in zip(start, direction, strict=True))})"
    if direction in {"0", 0}:
        return str(start)
    step = {"1": variable, "-1": f"-{variable}"}.get(str(direction), f"{direction}*{variable}")
    return step if start in {"0", 0} else f"{start} - {step[1:]}" if step.startswith("-") else f"{start} + {step}"


def _shown(point: Any) -> str:
    """A point as people write it: `1/2`, `(0, 1)`, `p = (0, 1), g = (1, 0)`."""
    if isinstance(point, Mapping):
        return ", ".join(f"{name} = {_shown(value)}" for name, value in point.items())
    return f"({', '.join(map(str, point))})" if isinstance(point, list) else str(point)


def _witness(proof: Mapping[str, Any], view: View) -> str | None:
    kind = proof["kind"].removeprefix("witness_")
    setting = {**proof.get("lengths", {}), **proof.get("parameters", {})}
    at = f"at {', '.join(f'{name} = {_shown(value)}' for name, value in setting.items())}: " if setting else ""
    if kind == "domain":
        return f"{at}{_shown(proof['points'][0])} and {_shown(proof['points'][1])} are in the domain, {_shown(proof['missing'])} between them is not"
    if kind == "domain_symmetry":
        return f"{at}{_shown(proof['point'])} is in the domain, its mirror image is not"
    if kind in {"improper", "not_strictly_proper"}:
        risk = "less than" if kind == "improper" else "exactly as much as"
        return f"{at}where the outcome has probability {proof['probability']}, predicting {proof['prediction']} costs {risk} predicting {proof['probability']}"
    points = [proof[key] for key in ("point", "target") if key in proof] + [point for key in ("points", "rise", "fall") for point in proof.get(key, [])]
    values = _values([*points, *_mirror(kind, points, view)], setting, view)
    if values is None:
        return None
    name = "L" if "f" in view.variables else "f"
    shown = ", ".join(f"{name}({_shown(point)}) = {value}" for point, value in values)
    if kind == "monotone":
        (first, second), (third, fourth) = proof["rise"], proof["fall"]
        return f"{at}{shown}: it rises from {first} to {second} and falls from {third} to {fourth}"
    return f"{at}{shown}{_conclusion(kind, [f'{name}({_shown(point)})' for point in points])}"


def _mirror(kind: str, points: Sequence[Any], view: View) -> list[Any]:
    """The other point of a missing symmetry: the negative one, or the first two variables swapped."""
    if kind != "symmetry":
        return []
    point = points[0]
    if isinstance(point, str):
        return [str(-Fraction(point))]
    asked = [name for name, variable in view.variables.items() if name in point and variable.role not in DATA_ROLES]
    if len(asked) < 2:
        return [{name: _negative(value) if name in asked else value for name, value in point.items()}]
    return [{**point, asked[0]: point[asked[1]], asked[1]: point[asked[0]]}]


def _negative(value: Any) -> Any:
    return [str(-Fraction(part)) for part in value] if isinstance(value, list) else str(-Fraction(value))


def _conclusion(kind: str, values: Sequence[str]) -> str:
    """What the property needs of the values, written as `f(1)`, that they do not have."""
    if kind in {"convexity", "strictness", "quasiconvexity"}:
        first, middle, last = values[:3]
        return {
            "convexity": f"; convexity needs {middle} <= ({first} + {last})/2",
            "strictness": f"; strict convexity needs {middle} < ({first} + {last})/2",
            "quasiconvexity": f"; quasiconvexity needs {middle} <= Max({first}, {last})",
        }[kind]
    return {"symmetry": ": not the same", "negative": " < 0", "nonzero": ", not 0 at the target"}.get(kind, "")


def _values(points: Sequence[Any], setting: Mapping[str, Any], view: View) -> list[tuple[Any, str]] | None:
    """f at the points, exact or to 10 digits; None where it cannot be told at one of them."""
    from lossgraph.verify.exact import Unsure, evaluate
    from lossgraph.verify.instance import formula
    from lossgraph.verify.order import Undefined

    names = [name for name in view.variables if name not in setting]
    given = {name: _number(value) for name, value in setting.items()}
    found: list[tuple[Any, str]] = []
    for point in points:
        place = point if isinstance(point, Mapping) else {names[0]: point} if len(names) == 1 else {}
        try:
            value = evaluate(formula(view), {**given, **{name: _number(part) for name, part in place.items()}})
        except (Unsure, Undefined, ValueError, KeyError):
            return None
        found.append((point, str(value) if isinstance(value, Fraction) else value.str(10, radius=False)))
    return found or None


def _number(value: Any) -> Any:
    return tuple(Fraction(part) for part in value) if isinstance(value, list) else Fraction(value)


def _from_claims(claims: Sequence[Mapping[str, Any]], cell: str) -> str | None:
    """The limits, signs and differences among the claims of a failed check."""
    parts = [sentence for sentence in map(_claim, claims) if sentence]
    if not parts:
        return None
    return f"{f'where {cell}: ' if cell else ''}{'; '.join(parts[-3:])}"


def _claim(claim: Mapping[str, Any]) -> str | None:
    """One claim in words, None where it says nothing by itself."""
    order = _PRIMES[min(int(claim.get("order", 0)), 3)]
    match claim.get("claim"):
        case "limit":
            side = "" if str(claim["at"]) in {"oo", "-oo"} else " from the right" if claim["end"] == "lower" else " from the left"
            return f"{order} tends to {claim['value']} at {claim['at']}{side}"
        case "different":
            return f"{claim['left']} is not {claim['right']}"
        case "compare":
            return f"{claim['left']} {_SIGNS.get(claim['sign'], 'compares with')} {claim['right']}"
        case "sign":
            return f"{order} has the sign {claim.get('sign')} between {claim.get('lower')} and {claim.get('upper')}"
        case "sign_near":
            return f"{order} has the sign {claim['sign']} close to {claim[claim['end']]}"
        case "value":
            return f"at {claim['at']} it is {claim['value']}"
        case "mirror":
            return f"f(x) - f(-x) is {claim['function']}"
        case "domain_not_symmetric":
            return "the domain is not its own mirror image"
        case "risk_slope_limit":
            return f"with outcome probability {claim['at']} the slope of the risk tends to {claim['value']} there, so the minimum lies elsewhere"
        case "smallest_at_zero":
            return "f is nowhere below f(0), so a score of 0 minimises the risk whatever the class probability"
        case _:
            return None
