"""Brings a card's YAML into the shape of the model, and checks what its types cannot say: names that must exist, formulas that must parse."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# (YAML has no types until it is validated)

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from lossgraph import model, vocabulary
from lossgraph.build import build
from lossgraph.formula.domains import REAL, Span, end_value, parse_domain, parse_set
from lossgraph.formula.parse import RESERVED, parse_expression
from lossgraph.formula.render import text as written
from lossgraph.formula.shapes import check_shapes
from lossgraph.formula.tree import CardCall, Compare, walk
from lossgraph.model import InputError

ROLES = (
    "residual", "prediction", "target", "margin", "probability", "logit", "log_probability", "outcome", "weight", "mean", "variance", "rate", "log_rate",
    "distance", "similarity", "energy", "score", "embedding", "reference_probability", "loss", "ratio", "advantage", "reference_logit",
    "reference_log_probability", "reference_distance", "reference_values",
)  # fmt: skip


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean "huber"?`, or nothing where no known name is close."""
    found = get_close_matches(str(name), list(known), 1)
    return f'; did you mean "{found[0]}"?' if found else ""


def card_data(identifier: str, raw: Any) -> dict[str, Any]:
    """A card's YAML in the shape of `model.Loss`: `formula` + `properties`, or `views`, become views; `as` becomes `identity`; a bare truth a claim."""
    if not isinstance(raw, dict):
        raise InputError("a card is a mapping of keys such as name, kind, formula; this file holds something else")
    if "id" in raw:
        raise InputError("id: the file's name is the id; remove the key")
    card: dict[str, Any] = {"id": identifier, **raw}
    formula, views = card.pop("formula", None), card.pop("views", None)
    properties = card.pop("properties", {})
    given = [formula is not None, views is not None, bool(card.get("composed_of"))]
    if sum(given) != 1:
        raise InputError("a card has exactly one of `formula` (a mapping, or `none` or `unknown` with `formula_note`), `views` and `composed_of`")
    if isinstance(formula, dict):
        views = {_first_name(formula): {**formula, "properties": properties}}
        properties = {}
    if isinstance(views, dict):
        card["views"] = [view_data(name, entry, views) for name, entry in views.items()]
    elif card.get("composed_of"):
        card["formula"] = "composed"
    elif formula == "none" or formula == "unknown":
        card["formula"] = formula
        if not card.get("formula_note"):
            raise InputError(f"`formula: {formula}` needs a `formula_note` that says why, or what was tried")
    else:
        raise InputError("`formula` is a mapping with variables and an expression, or one of the words none and unknown; `views` a mapping from name to such")
    if properties:
        raise InputError("`properties` belongs to `formula`, or inside each of the `views`")
    card["relations"] = _relations(card.get("relations"))
    return card


def _first_name(formula: Mapping[str, Any]) -> str:
    """The name of a card's only view: its first variable that is no target."""
    variables = formula.get("variables")
    if not isinstance(variables, dict) or not all(isinstance(entry, dict) for entry in variables.values()):
        raise InputError("formula.variables: a mapping from each name to its domain and role is expected, such as {r: {domain: real, role: residual}}")
    return next((name for name, entry in variables.items() if entry.get("role") not in {"target", "outcome"}), "main")


def view_data(name: str, entry: Any, views: Mapping[str, Any]) -> dict[str, Any]:
    """One of `views` in the shape of `model.View`; its parameters are those of the first one unless it has its own."""
    if not isinstance(entry, dict):
        raise InputError(f"views.{name}: a mapping with variables and an expression is expected")
    first = next(iter(views.values()), None)
    inherited = {"parameters": first.get("parameters", {})} if isinstance(first, dict) else {}
    view: dict[str, Any] = {**inherited, **entry, "name": name}
    claims = view.get("properties") or {}
    if not isinstance(claims, dict):
        raise InputError("properties: a mapping from each property to true, false or a claim is expected, such as {convex: true}")
    view["properties"] = {key: {"holds": claim} if isinstance(claim, bool) else claim for key, claim in claims.items()}
    return view


def _relations(entries: Any) -> list[dict[str, Any]]:
    if not isinstance(entries or [], list) or not all(isinstance(entry, dict) for entry in entries or []):
        raise InputError('relations: a list of mappings is expected, such as - {type: special_case_of, target: huber, as: "one(r) = huber(r, delta=1)"}')
    return [{("identity" if key == "as" else key): value for key, value in entry.items()} for entry in entries or []]


def check_card(loss: model.Loss, cards: Mapping[str, Any], known: Mapping[str, frozenset[str]], compiled: Mapping[str, Any]) -> list[str]:
    """Everything about a card that its own types cannot say: names that must exist, formulas that must parse, claims that must not clash."""
    found: list[str] = []

    def exists(place: str, name: str, where: Iterable[str], what: str) -> None:
        if name not in where:
            found.append(f'{place}: no {what} "{name}"{near(name, where)}')

    found += _check_names(loss)
    for index, task in enumerate(loss.tasks):
        exists(f"tasks[{index}]", task, known["tasks"], "task")
    exists("strategy", loss.strategy, known["strategies"], "strategy")
    for index, reference in enumerate(loss.references):
        exists(f"references[{index}]", reference, known["references"], "reference")
    for index, metric in enumerate(loss.use.metrics):
        exists(f"use.metrics[{index}]", metric, known["metrics"], "metric")
    for index, metric in enumerate(loss.use.surrogate_of):
        exists(f"use.surrogate_of[{index}]", metric, known["metrics"], "metric")
    for index, part in enumerate(loss.composed_of):
        exists(f"composed_of[{index}].loss", part.loss, cards, "loss")
    for name in loss.structure:
        exists(f"structure.{name}", name, known["properties"], "property")
    for index, pitfall in enumerate(loss.pitfalls):
        if "://" not in pitfall.source:
            exists(f"pitfalls[{index}].source", pitfall.source, known["references"], "reference (or URL)")
    if loss.kind == "composite" and not loss.composed_of and loss.formula != "none" and loss.formula != "unknown":
        found.append("kind: a composite names its parts in `composed_of`")
    properties = {name: build(model.Property, entry) for name, entry in compiled["properties"].items()}
    for name in loss.structure:
        if name in properties and properties[name].decided_by != "structure":
            found.append(f"structure.{name}: calculus decides this property; state it under `properties`")
    for view in loss.views:
        problems = check_view(view, properties) + _check_change(view, next(iter(loss.views)))
        found += [f"views.{view.name}: {problem}" if len(loss.views) > 1 else problem for problem in problems]
    for index, relation in enumerate(loss.relations):
        found += [f"relations[{index}].{problem}" for problem in _check_relation(relation, loss, cards, known)]
    return found


def _check_names(loss: model.Loss) -> list[str]:
    """The id, and the lists that may not be empty."""
    found: list[str] = []
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", loss.id) or loss.id in RESERVED:
        found.append(f'id: the file\'s name "{loss.id}" is the id: lower case letters, digits and `_`, and no word of the formula language')
    found += [f"{key}: name at least one" for key, entries in (("tasks", loss.tasks), ("references", loss.references)) if not entries]
    if loss.implementation is not None and not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", loss.implementation):
        found.append(f"implementation: `family.function` is expected, such as regression.huber, not {loss.implementation!r}")
    return found


def _check_change(view: model.View, first: model.View) -> list[str]:
    """A later view may change only variables that the first view has."""
    unknown = [name for name in view.change if name not in first.variables]
    return [f"change.{name}: the first view, {first.name}, has no variable `{name}`{near(name, first.variables)}" for name in unknown]


def check_view(view: model.View, properties: Mapping[str, model.Property]) -> list[str]:
    """Whether a view's domains and formulas parse, its roles exist, and what it states of properties makes sense."""
    found: list[str] = []

    def attempt(place: str, action: Callable[[], Any]) -> None:
        try:
            action()
        except InputError as error:
            found.append(f"{place}: {error}")

    lengths = {name: entry.length for name, entry in {**view.variables, **view.parameters}.items()}
    names = {*view.variables, *view.parameters, *(length for length in lengths.values() if isinstance(length, str))}
    found += [f"formula: `{name}` is a word of the formula language; choose another name" for name in sorted(names & RESERVED)]
    for place, entries in (("variables", view.variables), ("parameters", view.parameters)):
        for name, entry in entries.items():
            if entry.domain != "simplex":
                attempt(f"formula.{place}.{name}.domain", lambda domain=entry.domain: parse_set(domain))
            elif entry.length is None:
                found.append(f"formula.{place}.{name}.domain: a simplex needs a `length`")
    for name in view.variables.keys() & view.parameters.keys():
        found.append(f"formula: `{name}` is both a variable and a parameter; rename one")
    found += [f"formula.parameters.{name}.default: {problem}" for name, entry in view.parameters.items() for problem in _check_default(entry)]
    for name, length in lengths.items():
        if isinstance(length, int) and length < 1:
            found.append(f"formula: `{name}` has length {length}; a length is a whole number from 1, or a name such as n")
    for name, variable in view.variables.items():
        if variable.role is not None and variable.role not in ROLES:
            found.append(f'formula.variables.{name}.role: no role "{variable.role}"{near(variable.role, ROLES)}; the roles are {", ".join(ROLES)}')
    attempt("formula.expression", lambda: check_shapes(parse_expression(view.expression, names=names), lengths))
    attempt("formula.constraint", lambda: parse_domain(view.constraint))
    for name, expression in view.change.items():
        attempt(f"formula.change.{name}", lambda expression=expression: parse_expression(expression, names=names))
    for name, expression in view.derived.items():
        attempt(f"formula.derived.{name}", lambda expression=expression: parse_expression(expression))
        if name not in view.variables:
            found.append(f"formula.derived.{name}: no variable `{name}`{near(name, view.variables)}")
    for name, claim in view.properties.items():
        if name not in properties:
            found.append(f'properties.{name}: no property "{name}"{near(name, properties)}')
        elif properties[name].decided_by == "structure":
            found.append(f"properties.{name}: the card's structure decides this property; state it under `structure`")
        elif not vocabulary.has_roles(properties[name], {variable.role for variable in view.variables.values()}):
            found.append(f"properties.{name}: this property needs a variable of role {' or '.join(properties[name].roles)}; the view has none")
        if claim.constant is not None:
            attempt(f"properties.{name}.constant", lambda constant=claim.constant: parse_expression(constant, names=names))
        attempt(f"properties.{name}.when", lambda when=claim.when: parse_domain(when))
    always = {name: claim.holds for name, claim in view.properties.items() if claim.when is None and name in properties}
    return found + [f"properties: {problem}" for problem in vocabulary.contradictions(always, properties)]


def _check_relation(relation: model.Relation, loss: model.Loss, cards: Mapping[str, Any], known: Mapping[str, frozenset[str]]) -> list[str]:
    found: list[str] = []
    if relation.type not in known["relations"]:
        found.append(f'type: no relation "{relation.type}"{near(relation.type, known["relations"])}')
    if relation.target not in cards:
        found.append(f'target: no loss "{relation.target}"{near(relation.target, cards)}')
    elif relation.target == loss.id:
        found.append("target: a loss is not related to itself")
    found += [f'sources: no reference "{name}"{near(name, known["references"])}' for name in relation.sources if name not in known["references"]]
    if relation.identity is None and relation.statement is None:
        found.append("as: say how they are related, by a formula in `as` or by a sentence in `statement`")
    try:
        parse_domain(relation.when)
    except InputError as error:
        found.append(f"when: {error}")
    if relation.identity is not None and relation.target in cards:
        found += [f"as: {problem}" for problem in _check_identity(relation.identity, {loss.id, relation.target}, cards)]
    return found


def _check_identity(text: str, ends: set[str], cards: Mapping[str, tuple[str, model.Loss]]) -> list[str]:
    """Whether a relation's formula is an equation or inequality that calls both losses as their cards allow."""
    try:
        tree = parse_expression(text.replace(" = ", " == "), cards=cards.keys())
    except InputError as error:
        return [str(error)]
    if not isinstance(tree, Compare):
        return [f"`{text}` is no equation or inequality; write `one(r) = other(r)` or `one(r) >= other(r)`"]
    calls = [node for node in walk(tree) if isinstance(node, CardCall)]
    found = [f"`{text}` does not call {name}" for name in sorted(ends - {call.loss for call in calls})]
    return found + [problem for call in calls for problem in _check_call(call, cards[call.loss][1])]


def _check_call(call: CardCall, loss: model.Loss) -> list[str]:
    shown = written(call)
    view = next((view for view in loss.views if call.view in (None, view.name)), None)
    if view is None:
        has = f"has no view `{call.view}`{near(call.view or '', [entry.name for entry in loss.views])}" if loss.views else "has no formula of its own"
        return [f"`{shown}`: {loss.id} {has}"]
    slots = [*view.variables, *view.parameters]
    found = [f"`{shown}`: {loss.id} has no `{name}`{near(name, slots)}; it has {', '.join(slots)}" for name, _ in call.keywords if name not in slots]
    given = {name for name, _ in call.keywords} | set(list(view.variables)[: len(call.arguments)])
    if len(call.arguments) > len(view.variables) or not view.variables.keys() <= given:
        found.append(f"`{shown}`: {loss.id} takes the variables {', '.join(view.variables)}; parameters are given by name")
    return found


def _check_default(entry: model.Parameter) -> list[str]:
    """A default is a number of the parameter's domain; text is kept for expressions such as 1/K."""
    default = entry.default
    if default is None:
        return []
    if isinstance(default, str):
        return [f"{default!r} is text; write 1e-6 as 1.0e-6"] if re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", default, re.IGNORECASE) else []
    if default != default or default in (float("inf"), float("-inf")):
        return [f"{default} is no number"]
    try:
        spans = REAL if entry.domain == "simplex" else parse_set(entry.domain)
    except InputError:
        return []  # reported where the domain is checked
    if any(_holds(span, Fraction(str(default))) for span in spans):
        return []
    return [f"{default} is not in the domain {entry.domain}"]


def _holds(span: Span, value: Fraction) -> bool:
    low, high = end_value(span.lower), end_value(span.upper)
    return (low < value or (low == value and not span.lower_open)) and (value < high or (value == high and not span.upper_open))


def check_composites(cards: Mapping[str, tuple[str, model.Loss]]) -> list[str]:
    """A composite may not hold itself, at any depth."""
    found: list[str] = []
    for name, (path, loss) in cards.items():
        waiting, seen = [part.loss for part in loss.composed_of], set[str]()
        while waiting:
            part = waiting.pop()
            if part == name:
                found.append(f"{path}: composed_of: {name} is a part of itself")
                break
            if part in cards and part not in seen:
                seen.add(part)
                waiting += [inner.loss for inner in cards[part][1].composed_of]
    return found
