"""Do all formats say the same, and can the programs they are for read them back: networkx, pydot, an XML reader, Mermaid's own parser?"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import networkx
import pytest
from small_catalogue import card, compiled, relation, write_catalogue

import lossgraph
from lossgraph.catalog import Catalog
from lossgraph.export import FORMATS, PARTS, render
from lossgraph.export.selection import select
from lossgraph.export.spread import Box
from lossgraph.model import InputError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pydot")
MERMAID = Path(__file__).parent / "mermaid"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = 'A "quoted" <b>loss</b> & a | pipe; end [x] (y) {z} #35; \\\\ ünïcode 損失'


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return lossgraph.load()


@lru_cache
def all_relations(catalog: Catalog) -> str:
    """The largest picture, which takes half a minute to lay out: drawn once for the tests that look at it."""
    return render(catalog, "svg", "relations")


@pytest.fixture
def hostile(tmp_path: Path) -> Catalog:
    """Names that every format has to quote; one id is a word of Mermaid, one a word of dot."""
    cards = {
        "end": card("end", name="x").replace("name: x", f"name: {json.dumps(HOSTILE)}"),
        "graph": card("graph", more="relations:\n" + relation("same_as", "end", "graph(r, delta=1) = end(r, delta=1)")),
        "subgraph": card("subgraph", more="relations:\n" + relation("limit_of", "graph", statement='"a \\"quoted\\" sentence; with <tags> & more"')),
    }
    return compiled(write_catalogue(tmp_path / "catalog", cards), {("graph", "end"): "proved"})


@pytest.mark.parametrize("of", PARTS)
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_catalogue_gives_the_same_text(form: str, of: str, hostile: Catalog) -> None:
    text = render(hostile, form, of)
    assert text == render(compiled_again(hostile), form, of)
    assert text.endswith("\n")


def compiled_again(catalog: Catalog) -> Catalog:
    return compiled(catalog.folder, {("graph", "end"): "proved"})


def test_json_holds_every_node_and_edge(catalog: Catalog) -> None:
    data = json.loads(render(catalog, "json"))
    graph = catalog.graph
    assert sorted(node["id"] for node in data["nodes"]) == sorted(graph.nodes)
    assert len(data["edges"]) == graph.number_of_edges()
    assert all({"id", "kind", "name"} <= set(node) for node in data["nodes"])
    assert all({"source", "target", "type", "status"} <= set(edge) for edge in data["edges"])


def test_json_of_a_part_is_closed(catalog: Catalog) -> None:
    for of in PARTS:
        for task, around in ((None, None), ("regression", None), (None, "huber")):
            data = json.loads(render(catalog, "json", of, task=task, around=around))
            ids = {node["id"] for node in data["nodes"]}
            assert {end for edge in data["edges"] for end in (edge["source"], edge["target"])} <= ids


def test_json_of_the_relations_is_the_cards_relations(catalog: Catalog) -> None:
    edges = json.loads(render(catalog, "json", "relations"))["edges"]
    found = [(edge["source"], edge["target"], edge["type"], edge["status"], edge.get("as")) for edge in edges]
    assert sorted(found, key=str) == sorted(((edge.source, edge.target, edge.type, edge.status, edge.identity) for edge in catalog.edges), key=str)


def test_around_and_depth_keep_what_is_near(catalog: Catalog) -> None:
    def losses(depth: int) -> set[str]:
        return {node.id for node in select(catalog, "relations", around="huber", depth=depth).losses}

    near = {end for edge in catalog.edges if "huber" in (edge.source, edge.target) and edge.type != "not_the_same_as" for end in (edge.source, edge.target)}
    assert losses(0) == {"huber"}
    assert losses(1) == near
    assert losses(1) < losses(2)
    assert losses(100) <= {loss.id for loss in catalog}


def test_a_task_keeps_its_losses(catalog: Catalog) -> None:
    for task in ("regression", "segmentation"):
        chosen = select(catalog, "taxonomy", task=task)
        assert {node.id for node in chosen.losses} == {loss.id for loss in catalog.find(task=task)}
        assert {branch.task for branch in chosen.branches} == {task}


def test_the_taxonomy_holds_each_loss_once(catalog: Catalog) -> None:
    placed = [loss for branch in select(catalog, "taxonomy").branches for loss in branch.losses]
    assert sorted(placed) == sorted(loss.id for loss in catalog)


def test_wrong_words_are_refused(catalog: Catalog) -> None:
    with pytest.raises(InputError, match=r'no format "svgg".*did you mean "svg"'):
        render(catalog, "svgg")
    with pytest.raises(InputError, match='no part of the graph "relation"'):
        render(catalog, "svg", "relation")
    with pytest.raises(InputError, match="depth counts relations"):
        render(catalog, "json", around="huber", depth=-1)
    with pytest.raises(InputError, match='no task "regresion"'):
        render(catalog, "json", task="regresion")


@pytest.mark.parametrize("of", PARTS)
def test_graphml_is_read_by_networkx(of: str, catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "graph.graphml"
    path.write_text(render(catalog, "graphml", of), encoding="utf-8")
    read = networkx.read_graphml(path, force_multigraph=True)
    chosen = select(catalog, of)
    assert sorted(read.nodes) == sorted(node.id for node in chosen.nodes)
    assert sorted((a, b, data["type"], data["status"]) for a, b, data in read.edges(data=True)) == sorted(
        (link.source, link.target, link.type, link.status) for link in chosen.links
    )
    assert all(read.nodes[node.id]["name"] == node.name for node in chosen.nodes)


def test_graphml_keeps_hostile_names(hostile: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "graph.graphml"
    path.write_text(render(hostile, "graphml"), encoding="utf-8")
    assert networkx.read_graphml(path).nodes["end"]["name"] == HOSTILE


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


@pytest.mark.parametrize("of", PARTS)
def test_dot_is_read_by_pydot(of: str, catalog: Catalog) -> None:
    import pydot

    (graph,) = pydot.graph_from_dot_data(render(catalog, "dot", of)) or [None]
    assert graph is not None
    chosen = select(catalog, of)
    names = {unquoted(node.get_name()): unquoted(node.get("label")) for node in graph.get_nodes() if node.get("label")}
    assert {node.id: node.name for node in chosen.losses}.items() <= names.items()
    edges = [(unquoted(edge.get_source()), unquoted(edge.get_destination()), edge.get("style")) for edge in graph.get_edges()]
    if of == "taxonomy":
        assert sorted(target for _, target, _ in edges if target in names and ":" not in target) == sorted(node.id for node in chosen.losses)
    else:
        assert sorted(edges) == sorted((link.source, link.target, "solid" if link.status == "proved" else "dashed") for link in chosen.links)


def test_dot_keeps_hostile_names(hostile: Catalog) -> None:
    import pydot

    (graph,) = pydot.graph_from_dot_data(render(hostile, "dot", "relations")) or [None]
    assert graph is not None
    assert {unquoted(node.get_name()): unquoted(node.get("label")) for node in graph.get_nodes() if node.get("label")}["end"] == HOSTILE


def read_mermaid(folder: Path, texts: dict[str, str]) -> dict[str, dict]:
    """What Mermaid's own parser finds in each text. Skips where it is not installed, but never in CI."""
    if not (MERMAID / "node_modules" / "mermaid").is_dir() or shutil.which("node") is None:
        assert not os.environ.get("CI"), "CI runs `npm ci` in tests/mermaid first"
        pytest.skip("run `npm ci` in tests/mermaid (needs node)")
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(["node", "read.mjs", *(str(folder / name) for name in texts)], cwd=MERMAID, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return {name: json.loads(done.stdout)[str(folder / name)] for name in texts}


def test_mermaid_is_read_by_its_own_parser(catalog: Catalog, hostile: Catalog, tmp_path: Path) -> None:
    found = read_mermaid(tmp_path, {
        **{of: render(catalog, "mermaid", of) for of in PARTS}, "hostile": render(hostile, "mermaid", "relations"), "broken": "flowchart LR\n a --> ((",
    })  # fmt: skip
    assert "Parse error" in found.pop("broken")["error"]
    for name, diagram in found.items():
        assert "error" not in diagram, f"{name}: {diagram.get('error')}"
    for of in PARTS:
        labels = [vertex["label"] for vertex in found[of]["vertices"]]
        for node in select(catalog, of).losses:
            assert labels.count(node.name) >= 1, node.id
    assert len(found["relations"]["edges"]) == len(catalog.edges)
    assert sum(edge["stroke"] == "normal" for edge in found["relations"]["edges"]) == sum(edge.status == "proved" for edge in catalog.edges)
    assert {vertex["id"]: html.unescape(vertex["label"]) for vertex in found["hostile"]["vertices"]}["n_end"] == HOSTILE
    assert {edge["stroke"] for edge in found["hostile"]["edges"]} == {"normal", "dotted"}


class Picture:
    """An SVG file as its reader sees it: every rectangle and text with its place on the page, by the loss that it belongs to."""

    def __init__(self, text: str) -> None:
        self.root = ElementTree.fromstring(text)
        self.losses: dict[str, list[tuple[Box, Box, str]]] = {}
        self.labels: list[Box] = []
        self.words: list[Box] = []
        self.size = float(self.root.get("width", "0")), float(self.root.get("height", "0"))
        self.walk(self.root, 0.0, 0.0)

    def walk(self, element: ElementTree.Element, x: float, y: float) -> None:
        move = re.fullmatch(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform", ""))
        if move:
            x, y = x + float(move[1]), y + float(move[2])
        if element.get("class") == "loss":
            rectangle, text = element.find(f"{SVG}rect"), element.find(f"{SVG}text")
            assert rectangle is not None
            assert text is not None
            self.losses.setdefault(element.get("data-id", ""), []).append((self.rectangle(rectangle, x, y), self.text(text, x, y), text.text or ""))
        if element.get("class") == "relation":
            self.labels += [self.text(text, x, y) for text in element.iter(f"{SVG}text")]
        if element.tag == f"{SVG}text":
            self.words.append(self.text(element, x, y))
        for child in element:
            self.walk(child, x, y)

    @staticmethod
    def rectangle(element: ElementTree.Element, x: float, y: float) -> Box:
        left, top, width, height = (float(element.get(key, "0")) for key in ("x", "y", "width", "height"))
        return Box(x + left + width / 2, y + top + height / 2, width, height)

    @staticmethod
    def text(element: ElementTree.Element, x: float, y: float) -> Box:
        """The box of a text, from the baseline up by its size and down by a fifth of it."""
        left, base, size, width = (float(element.get(key, "0")) for key in ("x", "y", "font-size", "textLength"))
        centre = left if element.get("text-anchor") == "middle" else left + width / 2
        return Box(x + centre, y + base - size * 0.3, width, size)


def inside(inner: Box, outer: Box) -> bool:
    return (abs(inner.x - outer.x) + inner.width / 2 <= outer.width / 2 + 0.2) and (abs(inner.y - outer.y) + inner.height / 2 <= outer.height / 2 + 0.2)


SELECTIONS = [
    ("taxonomy", {}), ("taxonomy", {"task": "segmentation"}), ("taxonomy", {"around": "dice"}), ("relations", {}), ("relations", {"task": "classification"}),
    ("relations", {"around": "hinge", "depth": 2}), ("relations", {"around": "huber", "depth": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("of", "part"), SELECTIONS, ids=lambda value: str(value))
def test_the_picture_is_legible(of: str, part: dict, catalog: Catalog) -> None:
    picture = Picture(render(catalog, "svg", of, **part) if part or of != "relations" else all_relations(catalog))
    chosen = select(catalog, of, **part)
    assert {name: [text for _, _, text in places] for name, places in picture.losses.items()} == {node.id: [node.name] for node in chosen.losses}
    boxes = {name: place for name, [(place, _, _)] in picture.losses.items()}
    page = Box(picture.size[0] / 2, picture.size[1] / 2, *picture.size)
    for name, [(place, text, _)] in picture.losses.items():
        assert inside(text, place), f"the name of {name} leaves its box"
        assert inside(place, page), f"{name} leaves the page"
    for (first, one), (second, other) in combinations(boxes.items(), 2):
        assert not one.meets(other), f"{first} and {second} overlap"
    assert all(inside(text, page) for text in picture.words)
    for label in picture.labels:
        assert not any(label.meets(place, -1) for place in boxes.values())
    for one, other in combinations(picture.labels, 2):
        assert not one.meets(other, -1)
    for one, other in combinations(picture.words, 2):
        assert not one.meets(other, -1.5), (one, other)


def test_every_relation_is_drawn_and_told_apart(catalog: Catalog) -> None:
    root = ElementTree.fromstring(all_relations(catalog))
    pairs = {frozenset((edge.source, edge.target)) for edge in catalog.edges}
    drawn = [element for element in root.iter(f"{SVG}g") if element.get("class") == "relation"]
    assert len(drawn) == len(pairs)
    titles = [title.text or "" for element in drawn for title in element.iter(f"{SVG}title")]
    assert all(any(f"{edge.source} " in title and f" {edge.target} [" in title for title in titles) for edge in catalog.edges if edge.type != "variant_of")


def test_proved_lines_are_solid_and_stated_ones_dashed(hostile: Catalog) -> None:
    root = ElementTree.fromstring(render(hostile, "svg", "relations"))
    lines = [path for path in root.iter(f"{SVG}path") if "C" in path.get("d", "")]
    assert sorted(bool(path.get("stroke-dasharray")) for path in lines) == [False, True]


def test_pictures_are_accessible_and_alone(catalog: Catalog, hostile: Catalog) -> None:
    for text in (render(catalog, "svg", "all"), render(hostile, "svg", "all")):
        root = ElementTree.fromstring(text)
        assert root.get("role") == "img"
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert set(root.get("aria-labelledby", "").split()) <= set(ids)
        assert root.findtext(f"{SVG}title")
        assert "loss functions" in (root.findtext(f"{SVG}desc") or "")
        # A background of its own, and nothing that another file would have to supply.
        first = next(element for element in root if element.tag == f"{SVG}rect")
        assert float(first.get("width", "0")) >= float(root.get("width", "0")) - 2
        assert not re.search(r"(?:href|src|@import|<script|<foreignObject|url\((?!#))", text)


def test_hostile_names_stay_words_in_pictures(hostile: Catalog) -> None:
    picture = Picture(render(hostile, "svg", "relations"))
    assert picture.losses["end"][0][2] == HOSTILE


def test_a_picture_of_nothing_is_a_picture(tmp_path: Path) -> None:
    lonely = compiled(write_catalogue(tmp_path / "catalog", {"only": card("only")}))
    for of in PARTS:
        for part in ({}, {"task": "segmentation"}):
            ElementTree.fromstring(render(lonely, "svg", of, **part))


def test_a_large_catalogue_is_still_legible(tmp_path: Path) -> None:
    """150 losses with long names and 225 relations, in a shape that the real catalogue will not have."""
    names = [f"loss_{i}" for i in range(150)]
    cards = {}
    for i, name in enumerate(names):
        others = sorted({names[(i * 7 + 1) % 150], names[i // 2]} - {name}) if i % 2 else [names[(i * 11 + 3) % 150]]
        lines = "".join(relation("variant_of", other) for other in others if other != name)
        cards[name] = card(name, name=f"{'A rather long name of a loss ' if i % 5 == 0 else 'Loss'} {i}", more=f"relations:\n{lines}")
    catalog = compiled(write_catalogue(tmp_path / "catalog", cards))
    for of in ("taxonomy", "relations"):
        boxes = [place for [(place, _, _)] in Picture(render(catalog, "svg", of)).losses.values()]
        assert len(boxes) == 150
        assert not any(one.meets(other) for one, other in combinations(boxes, 2))
