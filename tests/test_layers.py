"""Do imports run one way? Each room of the house names the rooms that it may import; reading the sources (AST) shows what it does import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lossgraph

PACKAGE = Path(lossgraph.__file__).parent
# room -> the rooms that it may import from. The order is that of design and reading: nothing imports from below itself.
ALLOWED: dict[str, set[str]] = {
    "record": set(),
    "model": {"record"},
    "build": {"model"},
    "vocabulary": {"model"},
    "certificate": {"model"},
    "conditions": {"model"},
    "yaml_files": {"model"},
    "formula": {"model"},
    "words": {"record"},
    "compile_lexicon": {"words"},
    "compile_likeness": {"words"},
    "compile_cases": {"model", "yaml_files", "words", "compile_entries", "compile_likeness"},
    "compile_rules": {"model", "yaml_files"},
    "compile_cards": {"model", "build", "vocabulary", "formula"},
    "compile_vocabularies": {"compile_cards"},
    "compile_entries": {"model", "yaml_files", "compile_cards"},
    "compile_claims": {"model", "build", "compile_cards", "compile_entries"},
    "compile_own": {"model", "yaml_files", "compile_cards", "compile_entries", "catalog"},
    "compile": {
        "model", "build", "vocabulary", "certificate", "yaml_files", "conditions",
        "compile_cards", "compile_cases", "compile_claims", "compile_entries", "compile_lexicon", "compile_likeness", "compile_rules", "compile_vocabularies",
    },
    "cache": set(),
    "catalog": {"cache", "model", "build", "vocabulary"},
    "knowledge": {"model", "catalog"},
    "lookup": {"model", "catalog"},
    "methods": {"catalog", "knowledge"},
    "graph": {"model", "vocabulary", "catalog", "knowledge"},
    "export": {"model", "catalog", "knowledge", "graph", "auditing"},
    "checker": {"certificate"},
    "verify": {"model", "build", "vocabulary", "certificate", "formula", "checker"},
    "recommender": {"record", "model", "build", "conditions", "vocabulary", "catalog", "knowledge", "yaml_files", "words", "compile_likeness"},
    "auditing": {"model", "build", "vocabulary", "certificate", "catalog", "verify"},
    "pair_values": {"model"},
    "values": {"model", "formula", "pair_values"},
    "torch": {"model", "catalog", "formula", "implementations", "values", "pair_values"},
    "implementations": set(),
    "cli": {
        "model", "vocabulary", "certificate", "cache", "catalog", "auditing", "knowledge", "lookup", "methods", "graph", "export", "formula", "verify",
        "recommender", "torch", "compile_own",
    },
    "__main__": {"cli"},
}
# Doors: imports that stand inside a function, so that a name is at hand where users look for it. A door never opens while a module loads.
DOORS: dict[str, set[str]] = {
    "__init__": {"model", "catalog", "recommender", "verify", "torch"},
    "catalog": {"compile", "graph"},
}


def room_of(module: str) -> str:
    """`graph` of `lossgraph.graph`, `verify` of `lossgraph.verify.pieces`, `__init__` of `lossgraph`."""
    return [*module.split("."), "__init__"][1]


def imported(tree: ast.AST, module: str, is_package: bool) -> Iterator[tuple[str, bool]]:
    """Every module that a source imports, and whether the import runs when the module is loaded."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)]
    typing_blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    later = {id(node) for block in (*functions, *typing_blocks) for node in ast.walk(block)}
    for node in ast.walk(tree):
        at_load = id(node) not in later
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, at_load
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")[: len(module.split(".")) - node.level + is_package] if node.level else []
            base = ".".join([*parts, *((node.module or "").split(".") if node.module else [])])
            # `from lossgraph import torch` imports a room, `from lossgraph.catalog import load` a name of one.
            for alias in node.names:
                yield (f"{base}.{alias.name}" if base == "lossgraph" else base), at_load
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"import_module", "__import__"} and node.args:
            name = node.args[0]
            text = name.value if isinstance(name, ast.Constant) else name.values[0].value if isinstance(name, ast.JoinedStr) and name.values else ""
            if isinstance(text, str) and text.startswith("lossgraph."):
                yield text.rstrip("."), at_load


def problems(source: str, module: str, is_package: bool = False) -> list[str]:
    """What in one source breaks the rules."""
    found: list[str] = []
    room = room_of(module)
    for name, at_load in imported(ast.parse(source), module, is_package):
        if not (name == "lossgraph" or name.startswith("lossgraph.")):
            continue
        other = room_of(name)
        if other in {room, "VERSION", "__version__"} or other in ALLOWED.get(room, set()):
            continue
        if other in DOORS.get(room, set()) and not at_load:
            continue
        if room == "__init__" and other == "model":
            continue
        found.append(f"{module} imports {name}; {room} may import {', '.join(sorted(ALLOWED.get(room, set()))) or 'no other room'}")
    return found


def sources() -> list[tuple[str, Path]]:
    """Every module of the package under its import name, the implementations included."""
    found: list[tuple[str, Path]] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found.append((".".join(["lossgraph", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__"), path))
    linked = PACKAGE / "implementations"
    found += [(".".join(["lossgraph.implementations", *path.relative_to(linked).with_suffix("").parts]).removesuffix(".__init__"), path)
              for path in sorted(linked.rglob("*.py"))]  # fmt: skip
    return sorted(dict(found).items())


@pytest.mark.parametrize(("module", "path"), sources(), ids=[module for module, _ in sources()])
def test_imports_run_one_way(module: str, path: Path) -> None:
    assert not problems(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")


def test_every_room_has_its_rule() -> None:
    rooms = {room_of(module) for module, _ in sources()}
    assert rooms - {"__init__"} <= set(ALLOWED)
    assert {"implementations", "verify", "checker", "cli", "recommender"} <= rooms


def test_the_rules_have_no_circle() -> None:
    left = dict(ALLOWED)
    while left:
        free = [room for room, needs in left.items() if not needs & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for room in free:
            del left[room]


FORBIDDEN: dict[str, set[str]] = {
    "checker": {"sympy", "numpy", "torch", "networkx", "pydantic", "mpmath", "z3"},  # a second reader shares nothing with the first
    "implementations": {"lossgraph", "sympy", "networkx", "pydantic", "yaml", "numpy"},
}


@pytest.mark.parametrize(("module", "path"), [entry for entry in sources() if room_of(entry[0]) in FORBIDDEN], ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_rooms_that_stand_alone(module: str, path: Path) -> None:
    # Read under another name, so that a module's imports from its own room do not count as imports of lossgraph.
    tops = {name.split(".")[0] for name, _ in imported(ast.parse(path.read_text(encoding="utf-8")), "standalone", path.name == "__init__.py")}
    assert not tops & FORBIDDEN[room_of(module)]


@pytest.mark.parametrize(("source", "module"), [
    ("from lossgraph.cli import main", "lossgraph.graph"), ("import lossgraph.verify", "lossgraph.checker.check"),
    ("from lossgraph import verify", "lossgraph.checker"),
    ("from ..verify import signs", "lossgraph.checker.check"), ("from lossgraph.compile import compile_catalog", "lossgraph.catalog"),
    ("from ..model import Loss", "lossgraph.implementations.regression"), ("def f():\n    from lossgraph.export import render", "lossgraph.graph"),
    ("import_module('lossgraph.cli')", "lossgraph.formula.parse"),
], ids=lambda value: value.splitlines()[-1].strip())  # fmt: skip
def test_a_backward_import_is_seen(source: str, module: str) -> None:
    assert problems(source, module)


@pytest.mark.parametrize(("source", "module"), [
    ("def f():\n    from lossgraph.graph import build_graph", "lossgraph.catalog"), ("from .contract import loss", "lossgraph.implementations.regression"),
    ("import json", "lossgraph.model"), ("from lossgraph.verify.signs import sign", "lossgraph.verify.limits"),
], ids=lambda value: value.splitlines()[-1].strip())  # fmt: skip
def test_a_forward_import_is_fine(source: str, module: str) -> None:
    assert not problems(source, module)
