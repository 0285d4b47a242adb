"""Tells a certificate as a proof in sentences, with its formulas as text or as LaTeX. Nothing is proved here: it reads what the certificate says.

A line is a depth and a sentence; `formula` turns a text of the formula language into what is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from lossgraph.formula.parse import parse_expression
from lossgraph.formula.render import latex
from lossgraph.model import InputError, View
from lossgraph.verify.explain import explain
from lossgraph.verify.narrate_signs import signs

Line = tuple[int, str]
Formula = Callable[[str], str]
Proof = Mapping[str, Any]
_PRIMES = ("f", "f'", "f''", "f'''")
_RELATIONS = {"+": "> 0", "-": "< 0", "0": "= 0", ">=0": ">= 0", "<=0": "<= 0", "any": "of any sign"}
_STEPS = {"+": ">", "-": "<", "0": "=", ">=0": ">=", "<=0": "<="}


def as_text(formula: str) -> str:
    """A formula as it stands."""
    return formula


def as_latex(formula: str) -> str:
    r"""A formula between dollar signs; what is not of the formula language (`oo` in an enclosure, say) in \texttt."""
    try:
        return f"${latex(parse_expression(formula))}$"
    except InputError:
        return f"\\texttt{{{formula.replace('_', chr(92) + '_')}}}"


def narrate(stored: Mapping[str, Any], view: View, formula: Formula = as_text) -> list[Line]:
    """The proof of one stored verdict, line by line; [] where there is no certificate."""
    certificate = stored.get("certificate")
    if certificate is None:
        return []
    names = ", ".join(f"{name} in {entry.domain}" for name, entry in {**view.variables, **view.parameters}.items())
    head = f"Let f = {formula(view.expression)}{f' with {names}' if names else ''}{f', where {view.constraint}' if view.constraint else ''}."
    return [(0, head), *_proof(certificate["proof"], stored, view, formula), (0, _conclusion(stored, formula))]


def _conclusion(stored: Mapping[str, Any], formula: Formula) -> str:
    name = stored["property"]
    said = {
        "proved": f"So {name} holds for all allowed parameters", "refuted": f"So {name} fails for all allowed parameters",
        "depends": f"So {name} holds for some parameters and fails for others",
        "undecided": f"So {name} fails for the parameters that are named; whether for all is open",
    }[stored["status"]]  # fmt: skip
    constant = f"; the best constant is {formula(str(stored['constant']))}" if stored.get("constant") else ""
    checked = "The independent checker has confirmed this." if stored.get("checked") else "The independent checker has not confirmed this."
    return f"{said}{constant}. {checked}"


def _proof(proof: Proof, stored: Mapping[str, Any], view: View, formula: Formula) -> Iterator[Line]:
    kind = str(proof.get("kind", ""))
    if kind.startswith("witness_") or kind in {"line", "rays"}:
        yield 0, (explain({**stored, "holds": False}, view) or "the certificate names a counterexample").rstrip(".") + "."
    elif kind == "cells":
        for cell in proof["cells"]:
            yield 0, f"Case {cell.get('cell') or 'of all parameters'}: {'it holds' if cell['holds'] else 'it fails'}."
            yield from _deeper(_proof({**cell, "cell": ""}, stored, view, formula))
    elif kind == "pieces":
        yield from _pieces(proof, formula)
    elif kind == "composition":
        yield from _composition(proof, stored, view, formula)
    elif kind == "several":
        yield from _several(proof, stored, view, formula)
    else:
        yield 0, f"The proof is of the kind {kind}, which docs/certificates.md describes."


def _deeper(lines: Iterable[Line]) -> Iterator[Line]:
    return ((depth + 1, sentence) for depth, sentence in lines)


def _composition(proof: Proof, stored: Mapping[str, Any], view: View, formula: Formula) -> Iterator[Line]:
    words = {
        "sum": "is a sum of terms that all have the property", "maximum": "is a maximum of functions with the property",
        "minimum": "is a minimum of functions with the property",
        "multiple": f"is {formula(str(proof.get('factor', 'a constant')))} times a function with the property", "absolute": "is an absolute value",
    }  # fmt: skip
    yield 0, f"{formula(proof['expression'])} {words.get(proof['rule'], 'is composed')}."
    for child in proof["children"]:
        yield 1, f"{formula(child['expression'])}:"
        yield from _deeper(_deeper(_proof(child["proof"], stored, view, formula)))


def _pieces(proof: Proof, formula: Formula) -> Iterator[Line]:
    variable = proof["variable"]
    if proof.get("cell"):
        yield 0, f"For {proof['cell']}:"
    if proof.get("window"):
        yield 0, f"It is enough to look at {proof['window']}, since every open part of the domain inherits the property."
    yield from _shape(proof["shape"], variable, formula)
    yield from _claims(proof["claims"], variable, formula)


def _shape(shape: Proof, variable: str, formula: Formula) -> Iterator[Line]:
    for component in shape.get("components", []):
        for piece in component["pieces"]:
            where = f"{formula(piece['lower'])} < {variable} < {formula(piece['upper'])}"
            yield 0, f"On {where}, f is {formula(piece['expression'])}{_resolved(piece['resolutions'], formula)}."
        for point in component["points"]:
            if point is not None:
                yield 0, f"At {variable} = {formula(point['at'])}, f is {formula(point['value'])}."


def _resolved(resolutions: Sequence[Proof], formula: Formula) -> str:
    """`, since r > 0 makes Abs(r) into r`, for what was replaced by a sign."""
    parts: list[str] = []
    for entry in resolutions:
        if "join" in entry:
            parts.append(f"the pieces on both sides of {formula(entry['join'])} are one analytic function")
        else:
            known = " and ".join(f"{formula(sign['function'])} {_RELATIONS.get(sign['sign'], sign['sign'])}" for sign in entry["signs"])
            parts.append(f"{known or 'there'} makes {formula(entry['node'])} into {formula(entry['becomes'])}")
    return f", since {'; '.join(parts)}" if parts else ""


def _claims(claims: Sequence[Proof], variable: str, formula: Formula) -> Iterator[Line]:
    for claim in claims:
        if claim["claim"] == "equal" and claim["left"] == claim["right"]:
            continue  # nothing to say
        yield 0, f"{_claim(claim, variable, formula)}."
        if "shape" in claim:
            yield from _deeper(_shape(claim["shape"], variable, formula))
        if isinstance(claim.get("proof"), Mapping):
            yield from _deeper(signs(claim["proof"], formula))
        yield from _deeper(_claims(claim.get("claims", []), variable, formula))


def _claim(claim: Proof, variable: str, formula: Formula) -> str:
    """One claim as a sentence without its full stop."""
    kind = claim["claim"]
    order = _PRIMES[min(int(claim.get("order", 0)), 3)]
    span = f"on {formula(claim['lower'])} < {variable} < {formula(claim['upper'])}" if "lower" in claim else ""
    shown = {name: formula(str(value)) for name, value in claim.items() if isinstance(value, str)}
    derivative = f"{order} = {shown['function']}" if "function" in shown and claim.get("sign") != "0" else order
    match kind:
        case "limit":
            side = "" if claim["at"] in {"oo", "-oo"} else " from the right" if claim["end"] == "lower" else " from the left"
            return f"{order} tends to {shown['value']} as {variable} goes to {shown['at']}{side}"
        case "difference_quotient":
            side = "right" if claim["end"] == "lower" else "left"
            return f"The difference quotient {shown['quotient']} tends to {shown['value']} as {variable} goes to {shown['at']} from the {side}"
        case "sign":
            return f"{derivative} is {_RELATIONS.get(claim['sign'], claim['sign'])} {span}"
        case "positive_at":
            return f"{derivative} is positive at {shown['at']}"
        case "sign_near":
            return f"{derivative} is {_RELATIONS.get(claim['sign'], claim['sign'])} close to {formula(claim[claim['end']])}"
        case "value":
            return f"f is {shown['value']} at {shown['at']}"
        case "equal" | "different":
            return f"{shown['left']} {'equals' if kind == 'equal' else 'is not'} {shown['right']}"
        case "compare":
            return f"{shown['left']} {_STEPS.get(claim['sign'], 'compares with')} {shown['right']}"
        case "less":
            return f"{shown['left']} < {shown['right']}"
        case "infinite":
            return f"{order} is unbounded near {shown['at']}"
        case "range":
            low, high = (_bound(claim[key], formula) for key in ("infimum", "supremum"))
            return f"{order} has the infimum {low} and the supremum {high} {span}"
        case _:
            return _rarer(kind, claim, order, span, shown)


def _bound(value: Any, formula: Formula) -> str:
    """An infimum or supremum: exact, or enclosed between two numbers."""
    return formula(value) if isinstance(value, str) else f"between {value[0]} and {value[1]}"


def _rarer(kind: str, claim: Proof, order: str, span: str, shown: Mapping[str, str]) -> str:
    at, slope = shown.get("at", ""), shown.get("slope", "")
    words = {
        "bounded": f"{order} is {'bounded' if claim.get('bounded') else 'unbounded'} {span}",
        "domain_not_convex": "The domain has a gap, so it is not convex",
        "domain_not_symmetric": "The domain is not its own mirror image",
        "target_outside": "The target lies outside the domain",
        "mirror": f"f(x) - f(-x) is {shown.get('function', '')}",
        "convex": "The formula is convex",
        "smallest_at_zero": "f(z) >= f(0) for every z, so a score of 0 minimises every conditional risk",
        "odd_part_nonpositive": "f(z) - f(-z) <= 0 for z > 0",
        "odd_part_nonnegative": "f(z) - f(-z) >= 0 for z > 0",
        "even_part": "The even part (f(z) + f(-z))/2 for z > 0",
        "risk": f"The expected loss under outcome probability {at}",
        "risk_slope": f"With outcome probability {at} the slope of the expected loss there is {slope}",
        "risk_slope_limit": f"The slope of the expected loss at the true probability is {slope}, which tends to {shown.get('value', '')} at {at}",
        "outcomes": "The losses of the two outcomes",
    }  # fmt: skip
    return words.get(kind, f"The certificate claims {kind}")


def _several(proof: Proof, stored: Mapping[str, Any], view: View, formula: Formula) -> Iterator[Line]:
    """A proof about several variables or vectors: its rule in words, then what it rests on."""
    if proof.get("formula") and proof["formula"] != view.expression:
        yield 0, f"In generic components and sums, f is {formula(proof['formula'])}."
    yield from ((0, f"{name} is the {meaning}.") for name, meaning in proof.get("sums", {}).items() if name in str(proof.get("formula")))
    if proof["rule"] == "composition":
        yield 0, "From the leaves up, each part of the formula has these properties:"
        yield from ((1, f"{formula(node)}: {', '.join(facts)}.") for node, facts in proof["facts"].items())
    elif proof["rule"] == "implied":
        yield from _proof(proof["by"]["proof"], {**stored, **proof["by"]}, view, formula)
    else:
        yield 0, f"Rule: {proof['rule']}."
    for claim in _several_claims(proof):
        yield 1, f"{formula(claim['expression'])} is {claim['claim']}."
        for cell in claim.get("cells", []):
            if "proof" in cell:
                yield from _deeper(_deeper(signs(cell["proof"], formula)))
    for part in ("decided",):
        if isinstance(proof.get(part), Mapping) and "claims" in proof[part]:
            yield from _deeper(_pieces({"variable": "x", **proof[part]}, formula))


def _several_claims(proof: Proof) -> list[Proof]:
    found: list[Proof] = []
    for value in (proof.get("claim"), proof.get("claims"), proof.get("defined"), proof.get("denominator"), proof.get("minors")):
        entries: Any = value if isinstance(value, list) else [value]
        found += [entry for entry in entries if isinstance(entry, Mapping) and "claim" in entry and "expression" in entry]
    return found
