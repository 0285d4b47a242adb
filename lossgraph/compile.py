"""Reads the catalogue's YAML, validates every card against the model and against each other, and compiles all of it into one JSON object.

This is the slow half of loading (pydantic, PyYAML); `catalog.py` runs it only when a file has changed. All problems of a run are reported at once.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# (YAML has no types until it is validated)

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lossgraph import model, vocabulary
from lossgraph.build import build
from lossgraph.compile_cards import card_data, check_card, check_composites
from lossgraph.compile_cases import compile_cases, index
from lossgraph.compile_claims import compile_claims
from lossgraph.compile_entries import place, plain, reason, show, validated
from lossgraph.compile_lexicon import lexicon
from lossgraph.compile_likeness import NONE, further, likeness
from lossgraph.compile_rules import Known, compile_rules
from lossgraph.compile_vocabularies import check_vocabularies
from lossgraph.conditions import holds
from lossgraph.model import TASK, CatalogError, InputError
from lossgraph.yaml_files import YamlError, read_yaml

VOCABULARIES: dict[str, type] = {
    "tasks": model.Task, "strategies": model.Strategy, "properties": model.Property, "relations": model.RelationType, "metrics": model.Metric,
    "references": model.Reference, "methods": model.Method,
}  # fmt: skip
_Problems = list[str]


def compile_catalog(folder: Path) -> dict[str, Any]:
    """The whole catalogue under `folder` as plain JSON data. Raises `CatalogError` listing every problem, a line each, with file and place."""
    problems: _Problems = []
    compiled: dict[str, Any] = {name: _vocabulary(folder / f"{name}.yaml", cls, problems) for name, cls in VOCABULARIES.items()}
    cards = _cards(folder, problems)
    known = {name: frozenset(compiled[name]) for name in VOCABULARIES}
    for path, loss in cards.values():
        problems += [f"{path}: {problem}" for problem in check_card(loss, cards, known, compiled)]
    problems += check_composites(cards) + check_vocabularies(compiled)
    sources, claims = compile_claims(folder, cards, compiled, problems)
    facts, rules = compile_rules(folder, _nameable(cards, known), problems)
    examples = _examples(folder / "examples.yaml", known["tasks"], problems)
    cases = compile_cases(folder, known["tasks"], cards, problems)
    by_fact = _fact_examples(folder / "fact_examples.yaml", known["tasks"], facts, problems)
    if problems:
        raise CatalogError("\n".join(problems))
    losses = {name: asdict(loss) for name, (_, loss) in sorted(cards.items())}
    known_cards = {name: loss for name, (_, loss) in cards.items()}
    certificates = _certificates(folder, {**known_cards, **{name: source.card() for name, source in sources.items()}})
    verdicts = _verdicts(certificates, compiled["properties"])
    edges = _edges(known_cards, certificates)
    hints = further(by_fact, examples)
    shown, traces = index(cases, examples.get(NONE, ()))
    for name, sentences in by_fact.items():
        examples[name.split()[0]] = [*examples.get(name.split()[0], ()), *sentences]
    of_tasks: dict[str, list[str]] = {}
    for case in cases:
        of_tasks.setdefault(case.task, []).append(case.text)
    unseen, evidence = likeness(_wording(losses, compiled["tasks"], facts), examples, of_tasks)
    return {
        **compiled, "losses": losses, "names": _names(losses), "verdicts": verdicts, "edges": edges, "rules": {rule["id"]: _short(rule) for rule in rules},
        "shelves": _shelves(rules, compiled["tasks"]),
        "facts": {name: {key: value for key, value in fact.items() if key != "synonyms"} for name, fact in facts.items()},  # texts are read by phrases
        "synonyms": {name: fact["synonyms"] for name, fact in facts.items()},
        "likeness": unseen, "evidence": evidence, "hints": hints, "phrases": lexicon(facts, compiled["tasks"], compiled["metrics"]),
        "sources": {name: asdict(source) for name, source in sources.items()}, "claims": [asdict(claim) for claim in claims],
        "cases": shown, "traces": traces,
    }  # fmt: skip


def _vocabulary(path: Path, cls: type, problems: _Problems) -> dict[str, Any]:
    data = _mapping(path, "a mapping from id to entry", problems)
    entries = {name: {"id": name, **(entry if isinstance(entry, dict) else {})} for name, entry in data.items()}
    return {name: asdict(entry) for name, entry in validated(cls, entries, f"catalog/{path.name}", problems).items()}


def _mapping(path: Path, expected: str, problems: _Problems) -> dict[Any, Any]:
    """What a YAML file holds; {} where there is none. One that is no mapping is reported."""
    shown = show(path.parent, path)
    data = plain(path, shown, problems)
    if isinstance(data, dict):
        return data
    problems.append(f"{shown}: {expected} is expected")
    return {}


def _examples(path: Path, tasks: frozenset[str], problems: _Problems) -> dict[str, list[str]]:
    """Sentences by the task that they mean; `none` for none."""
    data = _mapping(path, "a mapping from task to sentences", problems)
    for name, sentences in data.items():
        if name not in tasks and name != NONE:
            problems.append(f"catalog/{path.name}: {name}: there is no such task")
        if not isinstance(sentences, list) or not all(isinstance(one, str) for one in sentences):
            problems.append(f"catalog/{path.name}: {name}: a list of sentences is expected")
    return {} if problems else data


def _fact_examples(path: Path, tasks: frozenset[str], facts: Mapping[str, Any], problems: _Problems) -> dict[str, list[str]]:
    """Sentences by a task and the value of a fact that they mean, `segmentation boundary=true`."""
    data = _mapping(path, "a mapping from `task fact=value` to lines", problems)
    for name in data:
        task, _, meaning = str(name).partition(" ")
        fact, _, value = meaning.partition("=")
        if task not in tasks or fact not in facts or value not in (facts[fact]["values"] or ("true", "false")):
            problems.append(f"catalog/{path.name}: {name}: `task fact=value` is expected")
    return {str(name): [line.strip() for line in str(text).splitlines() if line.strip()] for name, text in data.items()}


def _cards(folder: Path, problems: _Problems) -> dict[str, tuple[str, model.Loss]]:
    """Every card, by id, with the path that messages name."""
    from pydantic import TypeAdapter, ValidationError

    adapter = TypeAdapter(model.Loss)
    cards: dict[str, tuple[str, model.Loss]] = {}
    for path in sorted((folder / "losses").rglob("*.yaml")):
        shown = show(folder, path)
        try:
            raw = read_yaml(path)
            loss = adapter.validate_python(card_data(path.stem, raw))
        except ValidationError as error:
            problems += [f"{shown}: {place(one['loc']).lstrip('.') or 'card'}: {reason(one, model.Loss)}" for one in error.errors()]
            continue
        except (YamlError, InputError) as error:
            problems.append(f"{shown}: {error}")
            continue
        if path.stem in cards:
            problems.append(f"{shown}: the id {path.stem!r} is taken by {cards[path.stem][0]}; rename one file")
            continue
        cards[path.stem] = (shown, loss)
    return cards


def _nameable(cards: Mapping[str, tuple[str, model.Loss]], known: Mapping[str, frozenset[str]]) -> Known:
    """What facts and rules may name; the free weights of a composite are parameters of it."""
    parameters = {
        name: frozenset(loss.views[0].parameters if loss.views else ()) | {part.weight for part in loss.composed_of if isinstance(part.weight, str)}
        for name, (_, loss) in cards.items()
    }  # fmt: skip
    return Known(known["tasks"], known["metrics"], frozenset(cards), known["properties"], known["references"], known["strategies"], parameters)


def _certificates(folder: Path, losses: Mapping[str, model.Loss]) -> dict[str, Any]:
    """What still fits of the certificate files of known losses; one that cannot be read counts as absent (its properties are then undecided)."""
    found: dict[str, Any] = {}
    for name in losses:
        path = folder / "certificates" / f"{name}.json"
        try:
            found[name] = _current(json.loads(path.read_text(encoding="utf-8")), losses[name], losses)
        except (OSError, ValueError, RecursionError, AttributeError, KeyError, TypeError):
            continue
    return found


def _current(file: Mapping[str, Any], loss: model.Loss, losses: Mapping[str, model.Loss]) -> dict[str, Any]:
    """Only what still fits the cards: a view or a relation whose hash differs is dropped."""
    from lossgraph.certificate import relation_hash, view_hash

    views = {view.name: view_hash(view) for view in loss.views}
    relations = {relation_hash(loss, relation, losses) for relation in loss.relations}
    return {
        "views": {key: entry for key, entry in file.get("views", {}).items() if entry.get("sha256") == views.get(key)},
        "relations": [entry for entry in file.get("relations", []) if entry.get("sha256") in relations],
    }


def _verdicts(certificates: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Verdicts by loss and view, without their proofs, closed over the implications; an entry that is no verdict counts as absent."""
    known = {name: build(model.Property, entry) for name, entry in properties.items()}
    found: dict[str, Any] = {}
    for name, file in certificates.items():
        for view, entry in file["views"].items():
            verdicts = {verdict.property: verdict for verdict in map(_verdict, entry.get("verdicts", [])) if verdict is not None and verdict.property in known}
            closed = vocabulary.close(verdicts, known)
            found.setdefault(name, {})[view] = {key: asdict(verdict) for key, verdict in closed.items()}
    return found


def _verdict(entry: Any) -> model.Verdict | None:
    """A certificate's verdict without its proof; None where it has another shape, or says what its status denies."""
    try:
        slim = {key: value for key, value in entry.items() if key != "certificate"}
        cells = [{key: value for key, value in cell.items() if key != "certificate"} for cell in slim.get("cells", [])]
        verdict = build(model.Verdict, {**slim, "cells": cells})
    except (AttributeError, KeyError, TypeError):
        return None
    # undecided with holds: false says that it fails for the parameter of the proof, and that it is open whether for all
    meaning = {"proved": (True,), "refuted": (False,), "depends": (False,), "undecided": (None, False)}
    return verdict if verdict.holds in meaning.get(verdict.status, ()) else None


def _edges(losses: Mapping[str, model.Loss], certificates: Mapping[str, Any]) -> list[dict[str, Any]]:
    from lossgraph.certificate import relation_hash

    edges: list[dict[str, Any]] = []
    for name, loss in sorted(losses.items()):
        # a proof with a reason covers some lengths of its vectors only, which it names: as an edge it counts as tested
        settled = {
            entry["sha256"]: "tested" if entry["status"] == "proved" and entry.get("reason") else entry["status"]
            for entry in certificates.get(name, {}).get("relations", [])
        }
        confirmed = {entry["sha256"] for entry in certificates.get(name, {}).get("relations", []) if entry.get("checked")}
        for relation in loss.relations:
            status = settled.get(relation_hash(loss, relation, losses), "stated")
            shown = status if status in {"proved", "tested"} else "stated"
            checked = None if shown == "stated" else relation_hash(loss, relation, losses) in confirmed
            edges.append({"source": name, "status": shown, "checked": checked, **asdict(relation)})
        declared = {relation.target for relation in loss.relations if relation.type == "composed_of"}
        for part in loss.composed_of:
            if part.loss not in declared:
                sentence = f"{part.loss} is a term, with weight {part.weight}"
                edge = model.Edge(name, part.loss, "composed_of", "proved", statement=sentence)
                edges.append(asdict(edge))
    return edges


_OF_SOME_RULES = ("having", "lacking", "strategies", "parameters", "companion", "metrics", "fact")


def _short(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule without the empty keys that few rules use."""
    return {key: value for key, value in rule.items() if value or key not in _OF_SOME_RULES}


def _shelves(rules: list[dict[str, Any]], tasks: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """For each task, and for none (""), the rules that it allows: id, effect, and a fact that the rule needs to be known ("" where it needs none)."""
    asked = [(rule, *([model.Condition(**one) for one in rule[part]] for part in ("when", "unless"))) for rule in rules]
    parents = {name: entry["parent"] for name, entry in tasks.items()}
    found: dict[str, list[list[str]]] = {}
    for task in ("", *tasks):
        known, above = ({TASK: task}, vocabulary.lineage(task, parents)) if task else ({}, ())
        found[task] = [
            [rule["id"], rule["effect"], next((one.fact for one in when if one.fact != TASK and one.test != "unknown"), "")]
            for rule, when, unless in asked
            if all(holds(one, known, above) for one in when if one.fact == TASK) and not any(holds(one, known, above) for one in unless if one.fact == TASK)
        ]
    return found


def _wording(losses: Mapping[str, Any], tasks: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, str]:
    """What the catalogue says of each task, for telling which one a text reads like: its entry, its synonyms, and its losses' summaries and applications."""
    synonyms: Mapping[str, Any] = next((fact["synonyms"] for fact in facts.values() if fact["among"] == "tasks"), {})
    found: dict[str, list[str]] = {
        name: [task["name"], task["definition"], *task["aliases"], *(phrase.lstrip("~").replace("/", " ") for phrase in synonyms.get(name, ()))]
        for name, task in tasks.items()
    }
    for loss in losses.values():
        for task in loss["tasks"]:
            found[task] += [loss["name"], *loss["aliases"], *loss["use"]["applications"]]
    return {name: ". ".join(texts) for name, texts in found.items()}


def _names(losses: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every id, name and alias, folded, with the losses that it may mean; an id means only itself."""
    found: dict[str, list[str]] = {}
    for identifier, loss in losses.items():
        for name in {identifier, loss["name"], *loss["aliases"]}:
            found.setdefault(folded(name), []).append(identifier)
    return {name: [name] if name in losses else sorted(set(ids)) for name, ids in sorted(found.items())}


def folded(name: str) -> str:
    """A name as it is looked up: lower case, blanks and hyphens as underscores."""
    return "_".join(name.lower().replace("-", " ").replace("_", " ").split())
