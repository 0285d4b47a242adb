"""Which heavy modules may a command load? Each command runs in a process of its own with a warm cache, and tells what is in its `sys.modules`."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import lossgraph

HEAVY = ("sympy", "torch", "networkx", "pydantic", "yaml", "numpy", "pandas", "rich", "z3", "flint", "scipy", "sklearn", "mpmath")
# What each command may load beside click and the standard library. Whatever is not listed stays out.
COMMANDS: dict[str, tuple[list[str], set[str]]] = {
    "help": (["--help"], set()),
    "recommend": (["recommend", "--task", "segmentation", "--imbalanced"], set()),
    "recommend --json": (["recommend", "--task", "segmentation", "--imbalanced", "--json"], set()),
    "recommend text": (["recommend", "house prices with a few crazy outliers, I want something smoother than absolute error"], set()),
    "list": (["list", "--having", "convex", "--json"], set()),
    "show": (["show", "huber"], set()),
    "show --json": (["show", "huber", "--json"], set()),
    "show --latex": (["show", "huber", "--latex"], set()),
    "search": (["search", "pinball"], set()),
    "related": (["related", "huber"], set()),
    "path": (["path", "huber", "modified_huber"], set()),
    "path --all": (["path", "huber", "modified_huber", "--all"], {"networkx"}),
    "compare": (["compare", "huber", "mae"], set()),
    "export": (["export", "--format", "json"], {"networkx"}),
    "export svg": (["export", "--format", "svg", "--of", "relations", "--around", "huber"], {"networkx"}),
}
PROGRAM = """
import sys, json, io
from lossgraph.cli import main
out = sys.stdout
sys.stdout = io.StringIO()
try:
    main(sys.argv[1:], prog_name="lossgraph")
except SystemExit as stop:
    code = stop.code
sys.stdout = out
print(json.dumps([code, sorted({name.split(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_only_what_it_needs(name: str) -> None:
    lossgraph.load()  # warms the cache
    arguments, allowed = COMMANDS[name]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    code, modules = json.loads(done.stdout)
    assert code == 0
    # networkx may bring numpy along where it is installed.
    spared = allowed | ({"numpy", "scipy"} if "networkx" in allowed else set())
    assert sorted(set(modules) & set(HEAVY) - spared) == []


def test_the_measure_sees_a_heavy_module() -> None:
    done = subprocess.run([sys.executable, "-c", "import networkx\n" + PROGRAM, "--help"], capture_output=True, text=True, check=False, timeout=120)
    assert "networkx" in json.loads(done.stdout)[1]


@pytest.mark.parametrize("module", ["lossgraph", "lossgraph.formula", "lossgraph.verify", "lossgraph.torch", "lossgraph.checker", "lossgraph.recommender"])
def test_importing_us_is_cheap(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import {module}, sys; print(*sys.modules)"], capture_output=True, text=True, check=True, timeout=60)
    assert not {name.split(".")[0] for name in done.stdout.split()} & set(HEAVY)


def heavy_at_load(path: Path) -> set[str]:
    """The heavy modules that a source imports as soon as it is loaded."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found & set(HEAVY)


LIGHT = [path for path in sorted(Path(lossgraph.__file__).parent.rglob("*.py")) if path.parent.name != "verify" and path.name != "symbolic.py"]


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: "/".join(path.parts[-2:]))
def test_heavy_imports_stand_inside_functions(path: Path) -> None:
    assert not heavy_at_load(path)
