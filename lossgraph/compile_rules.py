"""Validates the recommender's data: the facts of facts.yaml and the rules of rules/*.yaml, against each other and against the catalogue.

A condition is written `fact: value`, `fact: [value, value]`, `fact: ">= 50"`, `fact: known`, `fact: unknown` or `fact: {not: value}`; all must hold.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# (YAML has no types until it is validated)

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from lossgraph import model
from lossgraph.model import InputError
from lossgraph.yaml_files import YamlError, read_yaml

FORMULAS = ("odds", "negative_share", "class_weights", "quantile_level", "interval_ends", "huber_delta", "residual_scale")  # recommender/parameters.py
COMPARISONS = ("<=", ">=", "<", ">")
RESERVED = frozenset(
    {"text", "task", "data", "target", "top", "would_change", "why_not", "json", "help", "facts", "save_facts", "fingerprint", "save_fingerprint"}
)
# Which keys an effect cannot do without.
NEEDS: dict[str, tuple[str, ...]] = {"set": ("parameters",), "companion": ("companion",), "measure": ("metrics",), "ask": ("fact",)}
_ROW = re.compile(r"r\d\d")
SELECTING = frozenset({"support", "prefer", "avoid", "forbid", "require", "set", "companion"})


@dataclass(frozen=True)
class Known:
    """What rules may name: ids of the vocabularies, losses, and the facts once these are read."""

    tasks: frozenset[str]
    metrics: frozenset[str]
    losses: frozenset[str]
    properties: frozenset[str]
    references: frozenset[str]
    strategies: frozenset[str]
    parameters: Mapping[str, frozenset[str]]  # loss -> names of its parameters


def compile_rules(folder: Path, known: Known, problems: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The facts by id and the rules in the order of their files, as plain JSON data; what does not fit is added to `problems`."""
    from pydantic import TypeAdapter, ValidationError

    facts = _facts(folder / "facts.yaml", known, problems)
    adapter = TypeAdapter(model.Rule)
    rules: dict[str, model.Rule] = {}
    for path in sorted((folder / "rules").glob("*.yaml")):
        shown = f"catalog/rules/{path.name}"
        for place, entry in _entries(path, shown, problems):
            try:
                rule = adapter.validate_python({**entry, "topic": path.stem, "when": conditions(entry.get("when")), "unless": conditions(entry.get("unless"))})
            except ValidationError as error:
                problems += [f"{shown}: {place}.{'.'.join(map(str, one['loc']))}: {_reason(one, model.Rule)}" for one in error.errors()]
                continue
            except InputError as error:
                problems.append(f"{shown}: {place}: {error}")
                continue
            if rule.id in rules:
                problems.append(f"{shown}: {place}: the id {rule.id!r} is taken by a rule of {rules[rule.id].topic}.yaml; rename one")
            rules[rule.id] = rule
            problems += [f"{shown}: {place}.{problem}" for problem in _check_rule(rule, facts, known)]
    return {name: asdict(fact) for name, fact in facts.items()}, [asdict(rule) for rule in rules.values()]


def _entries(path: Path, shown: str, problems: list[str]) -> Iterable[tuple[str, dict[str, Any]]]:
    """The rules of one file, each with the name that messages use for it."""
    try:
        data = read_yaml(path)
    except YamlError as error:
        problems.append(f"{shown}: {error}")
        return
    entries = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        problems.append(f"{shown}: a mapping with the key `rules`, a list, is expected")
        return
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            yield str(entry.get("id", f"rules[{index}]")), entry
        else:
            problems.append(f"{shown}: rules[{index}]: a mapping of keys such as id, when, effect is expected, not {entry!r}")


def _facts(path: Path, known: Known, problems: list[str]) -> dict[str, model.Fact]:
    from pydantic import TypeAdapter, ValidationError

    if not path.exists():
        return {}
    try:
        data = read_yaml(path) or {}
    except YamlError as error:
        problems.append(f"catalog/facts.yaml: {error}")
        return {}
    if not isinstance(data, dict):
        problems.append("catalog/facts.yaml: a mapping from id to fact is expected")
        return {}
    adapter = TypeAdapter(model.Fact)
    facts: dict[str, model.Fact] = {}
    for name, entry in data.items():
        try:
            facts[name] = adapter.validate_python(_fact_data(name, entry))
        except ValidationError as error:
            problems += [f"catalog/facts.yaml: {name}.{'.'.join(map(str, one['loc']))}: {_reason(one, model.Fact)}" for one in error.errors()]
        except InputError as error:
            problems.append(f"catalog/facts.yaml: {name}: {error}")
    for fact in facts.values():
        problems += [f"catalog/facts.yaml: {fact.id}.{problem}" for problem in _check_fact(fact, facts, known)]
    return facts


def _fact_data(name: str, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise InputError("a mapping of keys such as group, kind, definition is expected")
    synonyms = {_word(value): phrases for value, phrases in (entry.get("synonyms") or {}).items()}
    values = {_word(value): meaning for value, meaning in (entry.get("values") or {}).items()}
    derived = [{**one, "when": conditions(one.get("when"))} for one in entry.get("derived") or []]
    return {**entry, "id": name, "synonyms": synonyms, "values": values, "derived": derived}


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def conditions(written: Any) -> list[dict[str, Any]]:
    """The conditions that a YAML mapping writes down, each as a fact, a test and a value."""
    if written is None:
        return []
    if not isinstance(written, dict):
        raise InputError(f"conditions are a mapping from facts to values, not {written!r}")
    return [{"fact": fact, **_condition(value)} for fact, value in written.items()]


def _condition(value: Any) -> dict[str, Any]:
    if value in ("known", "unknown"):
        return {"test": value}
    if isinstance(value, dict):
        if set(value) != {"not"}:
            raise InputError(f"a condition in braces is {{not: value}}, not {value!r}")
        return {"test": "not", "value": value["not"]}
    if isinstance(value, list):
        return {"test": "in", "value": value}
    if isinstance(value, str):
        for sign in COMPARISONS:
            if value.startswith(sign):
                try:
                    return {"test": sign, "value": float(value[len(sign) :])}
                except ValueError:
                    raise InputError(f"after {sign} a number is expected, not {value[len(sign):]!r}") from None
    return {"test": "is", "value": value}


def _check_fact(fact: model.Fact, facts: Mapping[str, model.Fact], known: Known) -> list[str]:
    found: list[str] = []
    if not fact.id.isidentifier() or fact.id in RESERVED:
        found.append(f"id: {fact.id!r} cannot be the name of a fact: it must be a plain word and none of {', '.join(sorted(RESERVED))}")
    if fact.kind == "choice" and not fact.values and fact.among is None:
        found.append("values: a choice lists its values, or names a vocabulary in `among`")
    for value in fact.synonyms:
        if not _may_be(value == "true" if fact.kind == "flag" and value in {"true", "false"} else value, fact, known):
            found.append(f"synonyms.{value}: no such value{_near(value, _values(fact, known))}")
    for index, one in enumerate(fact.derived):
        found += [f"derived[{index}].{problem}" for problem in _check_conditions(one.when, facts, known)]
        if not _may_be(one.value, fact, known):
            found.append(f"derived[{index}].value: {one.value!r} is no value of {fact.id}")
    return found


def _values(fact: model.Fact, known: Known) -> Iterable[str]:
    if fact.kind == "flag":
        return ("true", "false")
    return getattr(known, fact.among) if fact.among else fact.values


def _may_be(value: Any, fact: model.Fact, known: Known) -> bool:
    if fact.kind == "flag":
        return isinstance(value, bool)
    if fact.kind == "number":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (fact.low is None or value >= fact.low) and (fact.high is None or value <= fact.high)
    return value in _values(fact, known)


def _check_conditions(written: Iterable[model.Condition], facts: Mapping[str, model.Fact], known: Known) -> list[str]:
    found: list[str] = []
    for condition in written:
        fact = facts.get(condition.fact)
        if fact is None:
            found.append(f'when.{condition.fact}: no fact "{condition.fact}"{_near(condition.fact, facts)}')
        elif condition.test in COMPARISONS:
            if fact.kind != "number":
                found.append(f"when.{fact.id}: {condition.test} compares numbers; {fact.id} is a {fact.kind}")
        elif condition.test in {"is", "not", "in"}:
            wanted = condition.value if condition.test == "in" else [condition.value]
            found += [
                f"when.{fact.id}: {value!r} is no value of {fact.id}{_near(str(value), _values(fact, known))}"
                for value in wanted if not _may_be(value, fact, known)
            ]  # fmt: skip
    return found


def _check_rule(rule: model.Rule, facts: Mapping[str, model.Fact], known: Known) -> list[str]:
    found = _check_conditions((*rule.when, *rule.unless), facts, known)
    for loss in (*rule.losses, *([rule.companion] if rule.companion else [])):
        found += [f'losses: no loss "{part}"{_near(part, known.losses)}' for part in loss.split("+") if part not in known.losses]
    for place, names, where in (
        ("having", rule.having, known.properties), ("lacking", rule.lacking, known.properties), ("strategies", rule.strategies, known.strategies),
        ("metrics", rule.metrics, known.metrics),
    ):  # fmt: skip
        found += [f'{place}: no "{name}" is known{_near(name, where)}' for name in names if name not in where]
    found += [
        f'sources: no reference "{name}" (nor a URL){_near(name, known.references)}'
        for name in rule.sources if "://" not in name and name not in known.references
    ]  # fmt: skip
    if not rule.sources:
        found.append("sources: every rule cites at least one source; a derivation names the text where the fact it rests on stands")
    found += [f"ledger: {name!r} is no row of the ledger; rows are written r00 to r99" for name in rule.ledger if not _ROW.fullmatch(name)]
    if rule.fact is not None and rule.fact not in facts:
        found.append(f'fact: no fact "{rule.fact}"{_near(rule.fact, facts)}')
    found += [f"{key}: the effect {rule.effect!r} needs this key" for key in NEEDS.get(rule.effect, ()) if not getattr(rule, key)]
    if rule.effect in SELECTING and not (rule.losses or rule.having or rule.lacking or rule.strategies):
        found.append("losses: say which losses the rule is about (losses, strategies, having, lacking)")
    if rule.effect == "support" and not rule.losses:
        found.append("losses: support makes a loss a candidate, so it names losses; `prefer` selects among the candidates")
    return found + _check_parameters(rule, known)


def _check_parameters(rule: model.Rule, known: Known) -> list[str]:
    """A parameter that a rule sets must be one of every loss that the rule is about (`class_weight` is an argument of every classification loss)."""
    parts = [part for loss in rule.losses for part in loss.split("+")]
    named = {name: value for name, value in rule.parameters.items() if isinstance(value, str)}
    unknown = [f'parameters.{name}: no formula "{value}"{_near(value, FORMULAS)}' for name, value in named.items() if value not in FORMULAS]
    return unknown + [
        f'parameters.{name}: no parameter "{name}" of {" or ".join(parts)}'
        for name in rule.parameters
        if name != "class_weight" and not any(name in known.parameters.get(part, ()) for part in parts)
    ]  # fmt: skip


def _near(name: str, known: Iterable[str]) -> str:
    found = get_close_matches(str(name), list(known), 1, 0.5)
    return f'; did you mean "{found[0]}"?' if found else ""


def _reason(error: Mapping[str, Any], cls: type) -> str:
    reasons: dict[str, Callable[[], str]] = {
        "unexpected_keyword_argument": lambda: f"no such key{_near(str(error['loc'][-1]), cls.__dataclass_fields__)}",  # type: ignore[attr-defined]
        "missing": lambda: "this key is missing",
        "missing_argument": lambda: "this key is missing",
    }
    value = repr(error.get("input"))
    default = f"{error['msg']}, not {value if len(value) < 80 else value[:77] + '...'}"
    return reasons[error["type"]]() if error["type"] in reasons else default
