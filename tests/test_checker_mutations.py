"""Certificates in which one leaf was changed are refused: every leaf of a sample in CI, of every shipped certificate with LOSSGRAPH_ALL_MUTATIONS=1.

A counterexample that was changed into another true counterexample shows what the certificate says, and is not counted.
"""

from __future__ import annotations

import copy
import os
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from lossgraph.checker import check
from tests.shipped import shipped_verdicts

SIGNS = ("+", "-", "0")
Path = tuple[str | int, ...]
EVERY = bool(os.environ.get("LOSSGRAPH_ALL_MUTATIONS"))
CERTIFICATES_OF_A_KIND, LEAVES = 2, 25


def leaves(part: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with its path."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from leaves(value, (*path, key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from leaves(value, (*path, index))
    else:
        yield path, part


def mutants(value: Any) -> Iterator[Any]:
    """Other values of a leaf: another truth value, number, sign, end, or text."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        if value in {"+", "-", "0", ">=0", "<=0"}:
            yield from (other for other in SIGNS if other != value and (value in SIGNS or other == {">=0": "-", "<=0": "+"}[value]))
            return
        found = re.search(r"\d+", value)
        if found:
            yield value[: found.start()] + str(int(found[0]) + 1) + value[found.end() :]
        if value in {"oo", "-oo"}:
            yield value[1:] if value[0] == "-" else "-oo"
            yield "0"
        if value.isidentifier():
            yield value + "_"
        elif re.search(r"[a-z]", value):
            yield f"-({value}) + 3"


def changed(certificate: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy with one leaf changed."""
    copied = copy.deepcopy(certificate)
    place: Any = copied
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copied


def kinds(part: Any) -> Iterator[str]:
    """The kinds of proofs and claims in a certificate."""
    if isinstance(part, dict):
        yield from (str(part[field]) for field in ("kind", "claim") if isinstance(part.get(field), str))
        for value in part.values():
            yield from kinds(value)
    elif isinstance(part, list):
        for value in part:
            yield from kinds(value)


def sample() -> list[dict[str, Any]]:
    """Certificates that together have every kind that is confirmed, the shortest ones of each."""
    certificates = [certificate for _, _, certificate in shipped_verdicts() if len(str(certificate)) < (10**9 if EVERY else 20_000)]
    if EVERY:
        return [certificate for certificate in certificates if check(certificate)]
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for certificate in sorted(certificates, key=lambda certificate: len(str(certificate))):
        fresh = [kind for kind in {*kinds(certificate["proof"]), certificate["property"]} if len(by_kind[kind]) < CERTIFICATES_OF_A_KIND]
        if fresh and check(certificate):
            for kind in fresh:
                by_kind[kind].append(certificate)
    return list({id(certificate): certificate for found in by_kind.values() for certificate in found}.values())


CHOICES = {"parameters", "points", "point", "rise", "fall", "missing", "probability", "prediction", "lengths", "roles", "property"}


def is_true_of_others(certificate: dict[str, Any], path: Path) -> bool:
    """Whether the leaf is a choice in a counterexample, or the question of a proof that holds for other formulas and domains as well."""
    proof = certificate["proof"]
    if proof["kind"] == "line":  # what refutes a property on a line refutes it on every domain that has the line
        return path == ("domain",) or path[0] == "roles" or (path[:2] == ("proof", "question") and is_true_of_others(proof["question"], path[2:]))
    parts = proof.get("cells", [proof])
    if proof["kind"] == "several" and path == ("domain",):
        return True  # a smooth formula is smooth on a smaller domain as well
    narrow = all(part["kind"].startswith("witness") or [claim.get("claim") for claim in part.get("claims", ())] == ["domain_not_symmetric"] for part in parts)
    return bool(set(path) & CHOICES) or ((narrow or certificate["property"] == "symmetric") and path in {("expression",), ("domain",)})


def is_same_on_the_line(certificate: dict[str, Any]) -> bool:
    """Whether a changed certificate of kind `line` still says what is so: its formula on its line has the values of its question, by floating-point numbers."""
    import math

    from lossgraph.formula import numeric_function, parse_expression

    proof = certificate["proof"]
    if proof["kind"] != "line":
        return False
    start, direction, given = (
        {name: value if isinstance(value, list) else [value] for name, value in proof[key].items()} for key in ("at", "direction", "given")
    )
    vectors = {name for name, value in {**proof["at"], **proof["given"]}.items() if isinstance(value, list)}
    others = {name: Fraction(7, 9) for name in re.findall(r"(\w+)\s*(?::|[<>])", proof["question"]["parameters"])}
    whole, inner = parse_expression(certificate["expression"]), parse_expression(proof["question"]["expression"])
    for t in (Fraction(-3, 5), Fraction(1, 7), Fraction(2, 3)):
        place = {name: [Fraction(a) + t * Fraction(d) for a, d in zip(value, direction[name], strict=True)] for name, value in start.items()}
        point = {**place, **{name: [Fraction(part) for part in value] for name, value in given.items()}}
        values = {name: [float(part) for part in value] if name in vectors else float(value[0]) for name, value in point.items()}
        values |= {name: float(value) for name, value in others.items()} | {name: float(count) for name, count in proof["lengths"].items()}
        one = float(numeric_function(whole, frozenset(vectors))(**values))
        other = float(numeric_function(inner)(**{proof["variable"]: float(t), **{name: float(value) for name, value in others.items()}}))
        if not (math.isnan(one) and math.isnan(other)) and abs(one - other) > 1e-9 * (1 + abs(one)):
            return False
    return True


def test_mutants_are_refused() -> None:
    """100 % of the changed leaves of proofs, claims of the certificate (holds, status, constant) and of their kinds are refused."""
    chosen = sample()
    assert len(chosen) > 20
    random.seed(7)
    accepted: list[Any] = []
    tried = 0
    for certificate in chosen:
        every = [(path, value) for path, value in leaves(certificate) if not is_true_of_others(certificate, path)]
        for path, value in every if EVERY else random.sample(every, min(LEAVES, len(every))):
            for other in mutants(value):
                tried += 1
                mutant = changed(certificate, path, other)
                if check(mutant) and not is_same_on_the_line(mutant):
                    accepted.append((certificate["expression"], certificate["property"], path, value, other))
    assert tried > 300
    assert not accepted, f"{len(accepted)} of {tried}: {accepted[:12]}"


def test_unknown_keys_and_formats_are_refused() -> None:
    """A field that the document does not know refutes the certificate, at the top and in every part of the proof."""
    for certificate in sample()[:12]:
        assert not check({**certificate, "more": 1})
        assert not check({**certificate, "format": 2})
        assert not check({**certificate, "proof": {**certificate["proof"], "more": 1}})


@pytest.mark.parametrize(
    ("expression", "text"),
    [("x", "exp(log(x))"), ("x", "sqrt(x)**2"), ("x - 1", "x - x*(1/x)"), ("1 - x", "exp(log(1 - x))")],
)
def test_texts_without_a_value_prove_nothing(expression: str, text: str) -> None:
    """A sign may not be read off a text that agrees in normal form but has no value somewhere."""
    proof = {"kind": "structure", "sign": "+", "expression": text}
    claim = {"claim": "sign", "lower": "-oo", "upper": "oo", "order": 0, "function": expression, "sign": "+", "proof": proof}
    piece = {"lower": "-oo", "upper": "oo", "expression": expression, "resolutions": []}
    certificate = {
        "format": 1, "property": "nonnegative", "expression": expression, "variables": "x", "domain": "x: real", "parameters": "", "roles": {},
        "holds": True, "status": "proved", "constant": None,
        "proof": {
            "kind": "pieces", "variable": "x", "cell": "", "holds": True, "claims": [claim],
            "shape": {"components": [{"pieces": [piece], "points": [None, None]}]},
        },
    }  # fmt: skip
    assert not check(certificate)
