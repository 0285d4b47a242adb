"""Questions about several variables or vectors: exact counterexamples where they are cheap, else the proofs of `several_proofs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from lossgraph.formula.domains import parse_set
from lossgraph.formula.tree import names
from lossgraph.model import InputError, Verdict
from lossgraph.verify.lines import SIZES, Tried, refute_on_lines
from lossgraph.verify.order import Undefined
from lossgraph.verify.question import Question
from lossgraph.verify.several_witness import LENGTH, SEARCHES, Scene
from lossgraph.verify.witness import settings

SETTINGS = 6  # settings of the scalar parameters in which a counterexample is sought


def decide_several(question: Question, report: Callable[[Verdict], None] | None = None) -> Verdict:
    """The verdict on a question that is not about one real variable alone: refuted by an exact counterexample, proved, or undecided.

    `report` is told of a counterexample for some parameters before it is asked whether the property fails for all.
    """
    from lossgraph.verify.engine import quantified, verdict

    early = None if question.property.startswith("lipschitz") else by_facts(question)  # cheap; what is proved has no counterexample to look for
    if early is not None:
        return early
    search = SEARCHES.get(question.property)
    free = set(question.asked())
    sizes = {name: int(length) if str(length).isdigit() else LENGTH for name, length in question.lengths.items()}
    scalars = {name: spans for name, spans in quantified(question).items() if name not in question.lengths}
    for setting in islice(settings(scalars, ()), SETTINGS):
        scene = Scene(question, free, sizes, setting)
        try:
            found = search(scene) if search is not None else None
        except Undefined as error:
            raise InputError(f"formula `{question.text}` has no finite real value {error}; restrict the domain or the parameters") from None
        if found is not None and scene.complete:
            from lossgraph.verify.several_scene import has_values

            if not defined(question, sizes) and not has_values(question):
                return verdict(question, None, "undecided", None, reason="not proved that the formula has a finite value everywhere")
            chosen = {str(length): sizes[name] for name, length in question.lengths.items()}
            proof = {**found, "parameters": {name: str(value) for name, value in setting.items()}, "lengths": chosen}
            free = found["kind"] == "witness_domain_symmetry" and not any(names(condition) & set(scalars) for condition in question.conditions)
            settled = free or not scalars  # a length for which it fails is named in the proof
            reason = None if settled else "fails for some parameters; open whether for all"
            refuted = verdict(question, False, "refuted" if settled else "undecided", proof, reason=reason)
            if report is not None and not settled:
                report(refuted)
            return refuted if settled else on_lines(question, settling=True) or refuted
    tried = Tried()
    fails = on_lines(question, tried, hasty=True)  # what fails for some parameters is not proved for all: cheap, and proofs that cannot be found take long
    if fails is not None and fails.status == "refuted":
        return fails
    if fails is not None and report is not None:
        report(fails)
    proved = prove(question) if fails is None else None
    found = proved or on_lines(question, tried, settling=fails is not None) or fails
    return found or verdict(question, None, "undecided", None, reason="no proof for formulas of several variables or vectors")


def prove(question: Question) -> Verdict | None:
    """The verdict "proved" by one of the rules, or None."""
    from lossgraph.verify.several_proofs import prove_several
    from lossgraph.verify.substitution import by_substitution

    first, second = (prove_several, by_facts) if question.property.startswith("lipschitz") else (by_facts, prove_several)  # the former finds constants
    return first(question) or second(question) or as_convex(question) or by_substitution(question, prove)


def by_facts(question: Question) -> Verdict | None:
    """The verdict "proved" by the rules of `tree_facts`, where the formula also has a value everywhere; else None."""
    from lossgraph.verify.engine import verdict
    from lossgraph.verify.several_scene import has_values
    from lossgraph.verify.tree_facts import facts_prove

    try:
        found = facts_prove(question)
    except (ValueError, ArithmeticError, KeyError, TypeError):
        return None
    fixed = all(str(length).isdigit() for length in question.lengths.values()) and not question.simplices
    sizes = {name: int(length) for name, length in question.lengths.items()} if fixed else {}
    if found is None or not (has_values(question) or (fixed and defined(question, sizes))):
        return None
    return verdict(question, True, "proved", {"kind": "several", **found})


def as_convex(question: Question) -> Verdict | None:
    """What is convex is quasiconvex; what is nonnegative is bounded below."""
    from lossgraph.verify.engine import verdict
    from lossgraph.verify.several_proofs import prove_several

    stronger = {"quasiconvex": "convex", "bounded_below": "nonnegative"}.get(question.property)
    if stronger is None:
        return None
    narrower = replace(question, property=stronger)
    found = by_facts(narrower) or prove_several(narrower)
    if found is None or found.certificate is None:
        return None
    return verdict(question, True, "proved", {"kind": "several", "rule": "implied", "by": dict(found.certificate)})


def on_lines(question: Question, tried: Tried | None = None, *, hasty: bool = False, settling: bool = False) -> Verdict | None:
    """The verdict "refuted" where the property fails on a line; "undecided" with the proof where it fails there for some parameters only; else None.

    `hasty`: only the likeliest lines are looked at. `settling`: only a line on which it fails for all parameters counts.
    """
    from lossgraph.verify.engine import verdict
    from lossgraph.verify.rays import refute_on_rays
    from lossgraph.verify.several_scene import has_values

    try:
        found = refute_on_lines(question, tried, hasty=hasty, settling=settling) or (None if hasty else refute_on_rays(question))
    except (InputError, ValueError, ArithmeticError, KeyError, TypeError, AttributeError, NameError):
        return None
    if found is None or (settling and not found[1]):
        return None
    sizes = {name: int(length) if str(length).isdigit() else found[0]["lengths"].get(str(length), SIZES[0]) for name, length in question.lengths.items()}
    if not defined(question, sizes) and not has_values(question):
        return None
    if found[1]:
        return verdict(question, False, "refuted", found[0])
    return verdict(question, False, "undecided", found[0], reason="fails for some parameters; open whether for all")


def defined(question: Question, sizes: Mapping[str, int]) -> bool:
    """Whether every divisor, argument of log, ... is proved to be allowed on the whole box of the variables and parameters, with vectors of the given sizes."""
    import sympy

    from lossgraph.formula.symbolic import requirements, symbol
    from lossgraph.verify.engine import interval
    from lossgraph.verify.signs import Sign, sign
    from lossgraph.verify.space import Interval, Space

    sets = {**question.sets, **question.parameters, **dict.fromkeys(question.simplices, parse_set("[0, 1]"))}
    values: dict[str, Any] = {}
    box: list[tuple[sympy.Symbol, Interval]] = []
    for name, spans in sets.items():
        size = sizes.get(name) or (LENGTH if name in question.simplices else None)
        parts = tuple(symbol(f"{name}_{i}", spans) for i in range(size)) if size else (symbol(name, spans),)
        values[name] = parts if size else parts[0]
        hull = [interval(span) for span in (spans[0], spans[-1])]
        box += [(part, Interval(hull[0].lower, hull[1].upper, hull[0].lower_open, hull[1].upper_open)) for part in parts]
    space = Space(tuple(box))
    allowed = {sympy.Ne: (Sign.POSITIVE, Sign.NEGATIVE), sympy.Gt: (Sign.POSITIVE,), sympy.Ge: (Sign.POSITIVE, Sign.ZERO, Sign.NONNEGATIVE)}
    try:
        lengths = {str(length): sizes[name] for name, length in question.lengths.items() if not str(length).isdigit()}
        for _, condition in requirements(question.formula, values, lengths):
            if condition in (True, sympy.true):
                continue
            wanted = allowed.get(type(condition))
            proof = None if wanted is None else sign(condition.lhs - condition.rhs, space)
            if wanted is None or proof is None or proof.sign not in wanted:
                return False
    except Exception:  # fails closed
        return False
    return True
