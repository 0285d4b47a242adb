"""What a certificate file is: which text of a card it speaks for (hashes), and how it is written and read, byte for byte.

A file `<id>.json` holds `{"format", "loss", "made_by", "relations": [...], "views": {name: {"sha256", "verdicts": [...], "stated": [...]}}}`: for each view the
hash of what its verdicts speak for, one verdict for each property, and those of claims that a card makes under a condition (`when`); for each relation with
a formula its hash, status, reason and certificate. Keys are sorted and one verdict stands on a line, so that equal results give equal bytes and a change
shows as a line. What a certificate repeats of its view is left out in the file and put back by `full_verdict`; parts of proofs that occur more than once
stand once, in the list `shared`, and elsewhere as `{"$": place}` (`read_file` puts them back).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from lossgraph.model import Loss, Relation, View

FORMAT = 1
ENGINE = 2
"""Raised whenever a change of the engine may change a verdict or a proof: certificates of another number are made anew."""
_SHORT = 60  # parts whose JSON is shorter are not worth a reference


def canonical(data: Any) -> str:
    """JSON with sorted keys and fixed layout, so that equal data give equal bytes."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(data: Any) -> str:
    """The SHA-256 of the canonical JSON of `data`."""
    return hashlib.sha256(canonical(data).encode("utf-8")).hexdigest()


def view_hash(view: View) -> str:
    """The hash of everything in a view that a verdict depends on: expression, variables, parameters and constraint; not the prose."""
    return digest(
        {
            "format": FORMAT,
            "expression": view.expression,
            "variables": {name: [entry.domain, entry.role, entry.length] for name, entry in view.variables.items()},
            "order": list(view.variables),
            "parameters": {name: [entry.domain, entry.length] for name, entry in view.parameters.items()},
            "constraint": view.constraint,
        }
    )


def relation_question(loss: Loss, relation: Relation, losses: Mapping[str, Loss], stored: Mapping[str, Any]) -> dict[str, Any]:
    """A relation with its certificate and the cards that its formula names, as plain data for the checker."""
    named = sorted({name for name in re.findall(r"[A-Za-z]\w*", relation.identity or "") if name in losses} | {loss.id, relation.target})
    cards = {name: [_view_data(view) for view in losses[name].views] for name in named if name in losses}
    return {
        "format": FORMAT, "type": relation.type, "source": loss.id, "target": relation.target, "as": relation.identity, "when": relation.when,
        "cards": cards, "status": stored["status"], "certificate": stored["certificate"],
    }  # fmt: skip


def _view_data(view: View) -> dict[str, Any]:
    variables = {name: {"domain": entry.domain, "role": entry.role, "length": entry.length} for name, entry in view.variables.items()}
    parameters = {name: {"domain": entry.domain, "length": entry.length} for name, entry in view.parameters.items()}
    return {"name": view.name, "expression": view.expression, "variables": variables, "parameters": parameters, "constraint": view.constraint}


def relation_hash(loss: Loss, relation: Relation, losses: Mapping[str, Loss]) -> str:
    """The hash of a relation's formula and of the views of every card that the formula names."""
    named = sorted({name for name in re.findall(r"[A-Za-z]\w*", relation.identity or "") if name in losses} | {loss.id, relation.target})
    views = {name: [view_hash(view) for view in losses[name].views] for name in named if name in losses}
    return digest({"format": FORMAT, "type": relation.type, "target": relation.target, "as": relation.identity, "when": relation.when, "cards": views})


def slim_verdict(verdict: Mapping[str, Any], view: View) -> dict[str, Any]:
    """A verdict as it is stored: nothing that is empty, and of the certificate only what the view and the verdict do not say already."""
    kept = {key: value for key, value in verdict.items() if value not in (None, (), [], {}, False) or key == "holds"}
    certificate = verdict.get("certificate")
    if certificate is not None and _certificate(kept, view, certificate["proof"]) == certificate:
        kept["certificate"] = {"proof": certificate["proof"]}
    return kept


def full_verdict(stored: Mapping[str, Any], view: View) -> dict[str, Any]:
    """The verdict with its whole certificate, as the checker reads it."""
    certificate = stored.get("certificate")
    if certificate is None or "format" in certificate:
        return dict(stored)
    return {**stored, "certificate": _certificate(stored, view, certificate["proof"])}


def _certificate(stored: Mapping[str, Any], view: View, proof: Any) -> dict[str, Any]:
    lengths = {name: part.length for group in (view.variables, view.parameters) for name, part in group.items() if part.length is not None}
    return {
        **({"lengths": dict(sorted(lengths.items()))} if lengths else {}),
        "format": FORMAT, "property": stored["property"], "expression": view.expression, "variables": ", ".join(stored["variables"]),
        "domain": stored.get("domain", ""), "parameters": stored.get("parameters", ""),
        "roles": {name: entry.role for name, entry in sorted(view.variables.items()) if entry.role},
        "holds": stored["holds"], "status": stored["status"], "constant": stored.get("constant"), "proof": proof,
    }  # fmt: skip


def file_text(data: Mapping[str, Any]) -> str:
    """A certificate file's text: canonical JSON, broken into one line for each verdict, relation and shared part."""
    data = _packed(data)
    views = ",\n".join(f"{json.dumps(name)}:{_view_text(view)}" for name, view in sorted(data["views"].items()))
    head = canonical({key: data[key] for key in ("format", "loss", "made_by")})
    lists = ",\n".join(_listed(name, data[name]) for name in ("relations", "shared"))
    return f'{head[:-1]},\n{lists},\n"views":{{\n{views}\n}}}}\n'


def _packed(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with every part that is long and occurs more than once moved to `shared`, inner parts first."""
    counts: dict[str, int] = {}

    def count(part: Any) -> None:
        if isinstance(part, dict | list):
            text = canonical(part)
            counts[text] = counts.get(text, 0) + 1
            if counts[text] == 1:
                for child in cast("Any", part.values() if isinstance(part, dict) else part):
                    count(child)

    def pack(part: Any) -> Any:
        if not isinstance(part, dict | list):
            return part
        key = canonical(part)
        if key in places:
            return {"$": places[key]}
        inner = cast("Any", part)
        packed: Any = {name: pack(child) for name, child in inner.items()} if isinstance(part, dict) else [pack(child) for child in inner]
        if counts.get(key, 0) > 1 and len(canonical(packed)) > _SHORT:
            places[key] = len(shared)
            shared.append(packed)
            return {"$": places[key]}
        return packed

    places: dict[str, int] = {}
    shared: list[Any] = []
    for entry in _proofs(data):
        count(entry["certificate"])
    views = {
        name: {**view, **{key: [_with(entry, pack) for entry in view.get(key, [])] for key in ("verdicts", "stated")}}
        for name, view in sorted(data["views"].items())
    }
    return {**data, "views": views, "relations": [_with(entry, pack) for entry in data["relations"]], "shared": shared}


def _proofs(data: Mapping[str, Any]) -> list[Any]:
    """The entries that carry a certificate."""
    lists = [view.get(key, []) for view in data["views"].values() for key in ("verdicts", "stated")]
    return [entry for entries in [*lists, data["relations"]] for entry in entries if "certificate" in entry]


def _with(entry: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    return {**entry, "certificate": change(entry["certificate"])} if "certificate" in entry else dict(entry)


def _unpacked(data: dict[str, Any]) -> dict[str, Any]:
    """The data with the shared parts back in their places."""
    shared: list[Any] = []

    def unpack(part: Any) -> Any:
        if isinstance(part, dict):
            return shared[cast("Any", part)["$"]] if "$" in part else {name: unpack(child) for name, child in cast("dict[str, Any]", part).items()}
        return [unpack(child) for child in cast("list[Any]", part)] if isinstance(part, list) else part

    for entry in data.pop("shared", []):
        shared.append(unpack(entry))
    for entry in _proofs(data):
        entry["certificate"] = unpack(entry["certificate"])
    return data


def _view_text(view: Mapping[str, Any]) -> str:
    return f"{{{_listed('stated', view.get('stated', []))},\n\"sha256\":{json.dumps(view['sha256'])},\n{_listed('verdicts', view['verdicts'])}}}"


def _listed(name: str, entries: list[Any]) -> str:
    return f'"{name}":[' + "".join(f"\n{canonical(entry)}{',' if index < len(entries) - 1 else ''}" for index, entry in enumerate(entries)) + "]"


def read_file(path: Path) -> dict[str, Any] | None:
    """The certificate file at `path`, or None where there is none that can be read: damaged counts as absent."""
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        well_formed = data["format"] == FORMAT and all("verdicts" in view for view in data["views"].values()) and isinstance(data["relations"], list)
        return _unpacked(data) if well_formed else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None


def write_file(path: Path, data: Mapping[str, Any]) -> None:
    """Writes the file whole or not at all, by an atomic rename; a file that holds the same bytes is left alone. Raises `OSError`."""
    text = file_text(data)
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, ValueError):
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
