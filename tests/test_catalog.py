"""Is every card of the catalogue sound as data, and does a broken one end in a message with file, place, reason and what to do?"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from small_catalogue import card, compiled, relation, write_catalogue

import lossgraph
from lossgraph import model
from lossgraph.catalog import catalog_folder, load
from lossgraph.certificate import relation_hash, view_hash
from lossgraph.compile import compile_catalog
from lossgraph.compile_vocabularies import identifier_problems
from lossgraph.model import CatalogError
from lossgraph.yaml_files import YamlError, parse_yaml, read_yaml

CATALOG = lossgraph.load()
BASE = card("one")
WHERE = "catalog/losses/regression/one.yaml: "
REPOSITORY = Path(__file__).parent.parent


def problems(folder: Path, **cards: str) -> list[str]:
    """What compiling a catalogue of these cards (beside a sound one called two) complains of."""
    write_catalogue(folder, {"two": card("two"), **cards})
    with pytest.raises(CatalogError) as caught:
        compile_catalog(folder)
    return str(caught.value).splitlines()


def edited(before: str, after: str, text: str = BASE) -> str:
    assert text.count(before) == 1, before
    return text.replace(before, after)


def same_as(identity: str) -> str:
    return BASE + "relations:\n" + relation("same_as", "two", identity)


COMPOSITE = "name: C\nkind: composite\nsummary: s\ntasks: [regression]\nstrategy: compound\nreferences: [huber1964]\n"
BROKEN: dict[str, tuple[str, str]] = {
    "misspelt key": (BASE + "summry: x\n", 'summry: no such key; did you mean "summary"?'),
    "misspelt key inside": (edited("role: residual", "roel: residual"), 'views[0].variables.r.roel: no such key; did you mean "role"?'),
    "missing key": (edited("name: One loss\n", ""), "name: this key is missing"),
    "missing expression": (edited('  expression: "delta*r**2"\n', ""), "views[0].expression: this key is missing"),
    "duplicate key": (BASE + "name: again\n", "line 14: the key 'name' stands twice; keep one"),
    "duplicate key inside": (edited("{convex: true}", "{convex: true, convex: false}"), "line 11: the key 'convex' stands twice; keep one"),
    "alias": (edited("summary: A small", "note: *a\nsummary: &a A small"), "line 4: aliases (*name) are not accepted; write the value out"),
    "tag": (BASE + "note: !!python/object/apply:os.system ['true']\n", "line 14: could not determine a constructor"),
    "syntax": (BASE + "note: [a\n", "line 15: "),
    "tab": ("\tname: x\n", "line 1: found character"),
    "too deep": ("[" * 60, "line 1: nested more than 40 deep"),
    "far too deep": ("[" * 100_000, "line 1: "),  # newer versions of libyaml refuse this themselves, in their own words
    "no mapping": ("- a\n", "a card is a mapping of keys such as name, kind, formula; this file holds something else"),
    "empty file": ("", "a card is a mapping"),
    "too large": ("#" * 2_100_000, "2,100,000 bytes is too large; the limit is 2,000,000"),
    "null character": (BASE + "note: 'a\x00b'\n", "is not readable YAML: unacceptable character"),
    "wrong type": (edited("name: One loss", "name: 3"), "name: Input should be a valid string, not 3"),
    "id given": ("id: other\n" + BASE, "id: the file's name is the id; remove the key"),
    "unknown kind": (edited("kind: loss", "kind: los"), "kind: Input should be 'loss', 'component'"),
    "unknown task": (edited("[regression]", "[regresion]"), 'tasks[0]: no task "regresion"; did you mean "regression"?'),
    "no task": (edited("[regression]", "[]"), "tasks: name at least one"),
    "no reference": (edited("[huber1964]", "[]"), "references: name at least one"),
    "unknown strategy": (edited("strategy: error", "strategy: eror"), 'strategy: no strategy "eror"; did you mean "error"?'),
    "unknown reference": (edited("[huber1964]", "[huber1946]"), 'references[0]: no reference "huber1946"; did you mean "huber1964"?'),
    "unknown metric": (BASE + "use: {metrics: [rsme]}\n", 'use.metrics[0]: no metric "rsme"; did you mean "rmse"?'),
    "unknown source": (BASE + "pitfalls: [{text: x, source: huber1946}]\n", 'pitfalls[0].source: no reference (or URL) "huber1946"'),
    "unknown structure": (BASE + "structure: {batch_copled: true}\n", 'structure.batch_copled: no property "batch_copled"; did you mean "batch_coupled"?'),
    "calculus in structure": (BASE + "structure: {convex: true}\n", "structure.convex: calculus decides this property; state it under `properties`"),
    "structure in properties": (edited("{convex: true}", "{batch_coupled: true}"), "properties.batch_coupled: the card's structure decides"),
    "unknown property": (edited("{convex: true}", "{convx: true}"), 'properties.convx: no property "convx"; did you mean "convex"?'),
    "property without its role": (edited("{convex: true}", "{proper: true}"), "properties.proper: this property needs a variable of role"),
    "contradiction": (edited("{convex: true}", "{convex: false, strictly_convex: true}"), "properties: strictly_convex implies convex, which the card denies"),
    "claim no truth": (edited("{convex: true}", "{convex: maybe}"), "views[0].properties.convex: Input should be"),
    "claims no mapping": (edited("{convex: true}", "[convex]"), "properties: a mapping from each property"),
    "constant unreadable": (edited("{convex: true}", "{lipschitz: {holds: true, constant: dleta}}"), "properties.lipschitz.constant: formula `dleta`"),
    "condition unreadable": (edited("{convex: true}", '{convex: {holds: true, when: "delta >"}}'), "properties.convex.when: "),
    "unknown name": (edited("delta*r**2", "dleta*r**2"), "formula.expression: formula `dleta*r**2`: character 1: unknown name `dleta`; did you mean `delta`"),
    "unknown function": (edited("delta*r**2", "expp(r)"), "formula.expression: formula `expp(r)`: character 1: unknown function `expp`; did you mean `exp`?"),
    "formula syntax": (edited("delta*r**2", "delta*r**"), "formula.expression: formula `delta*r**`: syntax error"),
    "power": (edited("delta*r**2", "delta*r^2"), "write a power as `**`, not `^`"),
    "code": (edited("delta*r**2", "__import__('os').system('true')"), "formula.expression: "),
    "formula no text": (edited('"delta*r**2"', "3"), "views[0].expression: Input should be a valid string, not 3"),
    "formula no mapping": (edited("\nformula:", "\nformula: [1]\nother:"), "`formula` is a mapping with variables and an expression"),
    "unknown without note": (re.sub(r"formula:(\n  .*)*\nproperties.*\n", "formula: unknown\n", BASE), "needs a `formula_note`"),
    "two formulas": (BASE + "composed_of: [{loss: two}]\n", "a card has exactly one of"),
    "variables no mapping": (edited("{r: {domain: real, role: residual}}", "[r]"), "formula.variables: a mapping from each name"),
    "variable no mapping": (edited("{domain: real, role: residual}", "real"), "formula.variables: a mapping from each name"),
    "unknown role": (edited("role: residual", "role: residul"), 'formula.variables.r.role: no role "residul"; did you mean "residual"?'),
    "empty domain": (edited('"(0, oo)"', '"(1, 0)"'), "formula.parameters.delta.domain: domain `(1, 0)`: `(1, 0)` is empty; write the smaller end first"),
    "unreadable domain": (edited('"(0, oo)"', '"0 to 1"'), "formula.parameters.delta.domain: domain `0 to 1`: cannot read"),
    "simplex without length": (edited("domain: real", "domain: simplex"), "formula.variables.r.domain: a simplex needs a `length`"),
    "length zero": (edited("domain: real", "length: 0, domain: real"), "formula: `r` has length 0"),
    "vector as number": (edited("domain: real", "length: n, domain: real").replace("delta*r**2", "Piecewise((r, r < 0), (1, True))"), "formula.expression: "),
    "name of the language": (edited("{delta: {domain", "{exp: {domain").replace("delta*r**2", "r**2"), "formula: `exp` is a word of the formula language"),
    "variable and parameter": (edited("{delta: {domain", "{r: {domain").replace("delta*r**2", "r**2"), "formula: `r` is both a variable and a parameter"),
    "default outside": (edited("default: 1.0", "default: 0"), "formula.parameters.delta.default: 0 is not in the domain (0, oo)"),
    "default no number": (edited("default: 1.0", "default: .nan"), "formula.parameters.delta.default: nan is no number"),
    "default as text": (edited("default: 1.0", "default: 1e-6"), "formula.parameters.delta.default: '1e-6' is text; write 1e-6 as 1.0e-6"),
    "implementation": (edited("regression.one", "regression"), "implementation: `family.function` is expected, such as regression.huber, not 'regression'"),
    "relations no list": (BASE + "relations: [two]\n", "relations: a list of mappings is expected"),
    "relation to nothing": (BASE + "relations:\n" + relation("same_as", "tow", statement="x"), 'relations[0].target: no loss "tow"; did you mean "two"?'),
    "relation to itself": (BASE + "relations:\n" + relation("same_as", "one", statement="x"), "relations[0].target: a loss is not related to itself"),
    "unknown relation": (BASE + "relations:\n" + relation("same", "two", statement="x"), 'relations[0].type: no relation "same"; did you mean "same_as"?'),
    "relation without words": (BASE + "relations: [{type: same_as, target: two}]\n", "relations[0].as: say how they are related"),
    "relation's source": (BASE + "relations: [{type: same_as, target: two, statement: x, sources: [nobody]}]\n", 'relations[0].sources: no reference "nobody"'),
    "relation's when": (BASE + 'relations: [{type: same_as, target: two, statement: x, when: "r >"}]\n', "relations[0].when: "),
    "identity no equation": (same_as("one(r) + two(r)"), "relations[0].as: `one(r) + two(r)` is no equation or inequality"),
    "identity of others": (same_as("one(r) = 2"), "relations[0].as: `one(r) = 2` does not call two"),
    "identity's parameter": (same_as("one(r, dleta=1) = two(r)"), 'relations[0].as: `one(r, dleta=1)`: one has no `dleta`; did you mean "delta"?'),
    "identity's variables": (same_as("one(r, s) = two(r)"), "relations[0].as: `one(r, s)`: one takes the variables r; parameters are given by name"),
    "identity's view": (same_as("one.logit(r) = two(r)"), "relations[0].as: `one.logit(r)`: one has no view `logit`"),
    "identity's loss": (same_as("ones(r) = two(r)"), "relations[0].as: formula `ones(r) == two(r)`: character 1: unknown function `ones`; did you mean `one`?"),
    "part unknown": (COMPOSITE + "composed_of: [{loss: tow}]\n", 'composed_of[0].loss: no loss "tow"; did you mean "two"?'),
    "part of itself": (COMPOSITE + "composed_of: [{loss: one}]\n", "composed_of: one is a part of itself"),
    "composite without parts": (edited("kind: loss", "kind: composite"), "kind: a composite names its parts in `composed_of`"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_card_says_where_why_and_what_to_do(name: str, tmp_path: Path) -> None:
    text, message = BROKEN[name]
    found = problems(tmp_path, one=text)
    assert len(found) <= 2
    assert any(line.startswith(WHERE + message) or (line.startswith(WHERE) and message in line) for line in found), found
    assert "Traceback" not in "\n".join(found)


def test_all_problems_of_a_run_are_reported_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, one=edited("[regression]", "[regresion]"), three=card("three", "delt*r"), four="- a\n")
    assert [line.split(": ")[0].rsplit("/", 1)[-1] for line in sorted(found)] == ["four.yaml", "one.yaml", "three.yaml"]


def test_the_sound_card_is_sound(tmp_path: Path) -> None:
    assert [loss.id for loss in compiled(write_catalogue(tmp_path, {"one": BASE, "two": card("two")}))] == ["one", "two"]


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    write_catalogue(tmp_path, {"one": BASE})
    (tmp_path / "losses" / "regression" / "one.yaml").write_bytes(BASE.replace("A small", "Ein kleiner Verlust für").encode("latin-1"))
    with pytest.raises(CatalogError, match=r"one\.yaml: is not UTF-8 \(byte \d+\); save it as UTF-8"):
        compile_catalog(tmp_path)


def test_two_files_with_one_id(tmp_path: Path) -> None:
    found = problems(tmp_path, **{"one": BASE, "classification/one": BASE})
    assert found == ["catalog/losses/regression/one.yaml: the id 'one' is taken by catalog/losses/classification/one.yaml; rename one file"]


@pytest.mark.parametrize("stem", ["Huber Loss", "1loss", "exp", "a-b", "größe"])
def test_a_file_name_that_is_no_id(stem: str, tmp_path: Path) -> None:
    assert any("id: the file's name" in line for line in problems(tmp_path, **{stem: BASE}))


def test_longer_circles_of_composites(tmp_path: Path) -> None:
    found = problems(tmp_path, one=COMPOSITE + "composed_of: [{loss: three}]\n", three=COMPOSITE + "composed_of: [{loss: one}]\n")
    assert sorted(line.split(": ", 1)[1] for line in found) == ["composed_of: one is a part of itself", "composed_of: three is a part of itself"]


def test_a_later_view_changes_only_what_the_first_one_has(tmp_path: Path) -> None:
    text = re.sub(r"formula:(\n  .*)*\nproperties.*\n", """views:
  p: {variables: {p: {domain: "(0, 1)"}}, expression: "-log(p)"}
  logit: {variables: {z: {domain: real}}, expression: "softplus(-z)", change: {q: "sigmoid(z)"}}
""", BASE)  # fmt: skip
    assert problems(tmp_path, one=text) == [WHERE + "views.logit: change.q: the first view, p, has no variable `q`"]


VOCABULARY: dict[str, tuple[str, str, str, str]] = {
    "parent": ("tasks", "parent: regression", "parent: regresion", 'tasks.yaml: count_regression.parent: no task "regresion"; did you mean'),
    "circle of tasks": (
        "tasks", 'sample.", aliases: [fore', 'sample.", parent: count_regression, aliases: [fore', "regression.parent: regression is a part of itself",
    ),
    "implied": ("properties", "implies: [quasiconvex]", "implies: [quasiconvx]", 'convex.implies: no property "quasiconvx"; did you mean "quasiconvex"?'),
    "inverse": ("relations", "inverse: generalizes", "inverse: same_as", "special_case_of.inverse: same_as has the inverse same_as, not special_case_of"),
    "definition": (
        "strategies", 'definition: "A function of the diff', 'definitin: "A function of the diff', 'error.definitin: no such key; did you mean "definition"?',
    ),
    "doi": ("references", 'doi: "10.1214/aoms/1177703732"', 'doi: "aoms/1177703732"', "huber1964.doi: 'aoms/1177703732' has not the form of one"),
    "no identifier": ("references", ', doi: "10.1214/aoms/1177703732"', "", "catalog/references.yaml: huber1964: give one of doi, arxiv, isbn or url"),
}  # fmt: skip


@pytest.mark.parametrize("name", VOCABULARY)
def test_a_broken_vocabulary_is_reported(name: str, tmp_path: Path) -> None:
    file, before, after, message = VOCABULARY[name]
    write_catalogue(tmp_path, {"one": BASE})
    path = tmp_path / f"{file}.yaml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        compile_catalog(tmp_path)
    assert any(message in line for line in str(caught.value).splitlines()), str(caught.value)


def test_broken_claims_are_reported(tmp_path: Path) -> None:
    write_catalogue(tmp_path, {"one": BASE})
    (tmp_path / "claims").mkdir()
    path = tmp_path / "claims" / "survey.yaml"
    for text, message in (
        ("claims: [{loss: onn, place: p, printed: x}]", 'catalog/claims/survey.yaml: claims[0].loss: no loss "onn"; did you mean "one"?'),
        ("claims: [{loss: one, place: p, printed: x, property: convx}]", 'claims[0].property: no property "convx"; did you mean "convex"?'),
        ("claims: [one]", "`claims:` with a list of mappings is expected"), ("- one", "`claims:` with a list of mappings is expected"),
        ("claims: [{loss: one, place: p}]", "claims[0].printed: this key is missing"),
    ):  # fmt: skip
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CatalogError) as caught:
            compile_catalog(tmp_path)
        assert message in str(caught.value)


def test_an_alias_of_two_losses_is_legal_but_cannot_be_looked_up(tmp_path: Path) -> None:
    catalog = compiled(write_catalogue(tmp_path, {name: card(name, more="aliases: [Shared Name]") for name in ("one", "two")}))
    with pytest.raises(lossgraph.UnknownNameError, match='"shared-name" is used for 2 losses: one, two; say which by its id'):
        _ = catalog["shared-name"]
    assert "shared name" not in catalog
    assert catalog["One loss"].id == "one"


def test_an_id_means_itself_even_where_it_is_an_alias_of_another(tmp_path: Path) -> None:
    catalog = compiled(write_catalogue(tmp_path, {"one": BASE, "two": card("two", more="aliases: [One]")}))
    assert catalog["one"].id == catalog["ONE"].id == "one"


def certificate(catalog: lossgraph.Catalog, status: str = "proved", holds: bool | None = True) -> dict:
    loss = catalog["one"]
    losses = {entry.id: entry for entry in catalog}
    verdict = {"property": "lipschitz", "variables": ["r"], "domain": "r: real", "parameters": "", "holds": holds, "status": status, "checked": True}
    return {"views": {"r": {"sha256": view_hash(loss.views[0]), "verdicts": [verdict]}},
            "relations": [{"sha256": relation_hash(loss, entry, losses), "status": "proved"} for entry in loss.relations]}  # fmt: skip


@pytest.fixture
def certified(tmp_path: Path) -> tuple[Path, dict]:
    folder = write_catalogue(tmp_path / "catalog", {"one": same_as("one(r) = two(r)"), "two": card("two")})
    (folder / "certificates").mkdir()
    data = certificate(compiled(folder))
    (folder / "certificates" / "one.json").write_text(json.dumps(data), encoding="utf-8")
    return folder, data


def test_a_certificate_that_fits_is_believed(certified: tuple[Path, dict]) -> None:
    catalog = compiled(certified[0])
    assert catalog.holds("one", "lipschitz") is True
    assert catalog.holds("one", "continuous") is None  # nothing was decided of it, and implications fill only what was asked
    assert [edge.status for edge in catalog.edges] == ["proved"]


@pytest.mark.parametrize(("before", "after"), [("delta*r**2", "delta*r**4"), ("(0, oo)", "(0, 1]"), ("domain: real", 'domain: "(0, oo)"')])
def test_a_certificate_of_another_formula_counts_as_undecided(certified: tuple[Path, dict], before: str, after: str) -> None:
    path = certified[0] / "losses" / "regression" / "one.yaml"
    path.write_text(edited(before, after, path.read_text(encoding="utf-8")), encoding="utf-8")
    catalog = compiled(certified[0])
    assert catalog.holds("one", "lipschitz") is None
    assert [edge.status for edge in catalog.edges] == ["stated"]


def test_a_relation_that_changed_is_only_stated(certified: tuple[Path, dict]) -> None:
    path = certified[0] / "losses" / "regression" / "one.yaml"
    path.write_text(edited("one(r) = two(r)", "one(r) = 2*two(r)", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert [edge.status for edge in compiled(certified[0]).edges] == ["stated"]


def test_prose_may_change_without_a_new_proof(certified: tuple[Path, dict]) -> None:
    path = certified[0] / "losses" / "regression" / "one.yaml"
    path.write_text(edited("A small loss for tests.", "Another sentence.", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert compiled(certified[0]).holds("one", "lipschitz") is True


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '{"views": []}', '{"views": {"r": 3}}', "[" * 100_000, "\ufeff{}"], ids=lambda text: text[:12])
def test_a_damaged_certificate_counts_as_undecided(certified: tuple[Path, dict], text: str) -> None:
    (certified[0] / "certificates" / "one.json").write_text(text, encoding="utf-8")
    catalog = compiled(certified[0])
    assert catalog.holds("one", "lipschitz") is None
    assert [edge.status for edge in catalog.edges] == ["stated"]


@pytest.mark.parametrize(("status", "holds"), [("proved", False), ("proved", None), ("refuted", True), ("depends", True), ("undecided", True), ("sure", True)])
def test_a_verdict_that_contradicts_itself_is_dropped(certified: tuple[Path, dict], status: str, holds: bool | None) -> None:
    data = certificate(compiled(certified[0]), status, holds)
    (certified[0] / "certificates" / "one.json").write_text(json.dumps(data), encoding="utf-8")
    assert compiled(certified[0]).holds("one", "lipschitz") is None


@pytest.mark.parametrize("loss", [loss.id for loss in CATALOG])
def test_every_card_is_complete(loss: str) -> None:
    found = CATALOG[loss]
    assert found.references
    assert found.tasks
    assert found.summary.endswith(".")
    assert found.views or found.composed_of or found.formula_note
    if found.status == "complete" and found.kind in {"loss", "component", "regulariser", "transform"}:
        assert found.implementation
    if found.kind in {"composite", "framework"}:
        assert found.implementation is None
    assert len(set(found.aliases)) == len(found.aliases)
    assert len({view.name for view in found.views}) == len(found.views)


def test_no_two_cards_share_an_implementation() -> None:
    counted = Counter(loss.implementation for loss in CATALOG if loss.implementation)
    assert [name for name, count in counted.items() if count > 1] == []


def test_every_reference_leads_somewhere_and_is_used() -> None:
    assert {name: found for name, entry in CATALOG.data["references"].items() if (found := identifier_problems(entry))} == {}


@pytest.mark.parametrize(("entry", "sound"), [
    ({"doi": "10.1214/aoms/1177703732"}, True), ({"doi": "https://doi.org/10.1214/x"}, False), ({"arxiv": "1708.02002"}, True), ({"arxiv": "cs/0112017"}, True),
    ({"arxiv": "arXiv:1708.02002"}, False), ({"isbn": "978-0-387-31073-2"}, True), ({"isbn": "978-0-387-31073-3"}, False), ({"isbn": "0-306-40615-2"}, True),
    ({"url": "https://pytorch.org/docs"}, True), ({"url": "pytorch.org"}, False), ({"doi": None}, False), ({}, False),
], ids=str)  # fmt: skip
def test_identifiers_are_judged_by_their_form(entry: dict, sound: bool) -> None:
    assert (identifier_problems(entry) == []) is sound


def test_relations_stand_once() -> None:
    seen = Counter((frozenset((edge.source, edge.target)), edge.type, edge.identity, edge.statement) for edge in CATALOG.edges)
    assert [key for key, count in seen.items() if count > 1] == []


def documents() -> list[Path]:
    return sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")])


def yaml_blocks() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for path in documents():
        for index, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)):
            found.append((f"{path.name}[{index}]", block))
    return found


@pytest.mark.parametrize(("place", "block"), yaml_blocks(), ids=[place for place, _ in yaml_blocks()])
def test_examples_of_the_documents_are_read_by_our_loader(place: str, block: str, tmp_path: Path) -> None:
    """A block that is a whole card (it has name and kind) must compile beside our own cards; any other block must be YAML that we accept."""
    data = parse_yaml(block)
    if isinstance(data, dict) and {"name", "kind"} <= set(data):
        others = {str(path.relative_to(catalog_folder() / "losses").with_suffix("")): path.read_text(encoding="utf-8")
                  for path in (catalog_folder() / "losses").rglob("*.yaml")}  # fmt: skip
        compile_catalog(write_catalogue(tmp_path, {**others, "examples/an_example": block}))


def test_yaml_is_read_strictly(tmp_path: Path) -> None:
    assert parse_yaml("a: 1\nb: [x, y]") == {"a": 1, "b": ["x", "y"]}
    with pytest.raises(YamlError, match="aliases"):
        parse_yaml("a: &x [1]\nb: *x")
    with pytest.raises(YamlError, match="stands twice"):
        parse_yaml("a: 1\n'a': 2")
    with pytest.raises(YamlError, match="nested more than"):
        parse_yaml("{a: " * 50)
    with pytest.raises(YamlError, match="cannot be read"):
        read_yaml(tmp_path / "absent.yaml")
    with pytest.raises(YamlError, match="cannot be read"):
        read_yaml(tmp_path)


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(lossgraph.InputError, match="no catalogue folder at"):
        load("/no/such/folder")


def test_edges_of_composites_are_derived(tmp_path: Path) -> None:
    catalog = compiled(write_catalogue(tmp_path, {"one": BASE, "two": card("two"), "both": COMPOSITE + "composed_of: [{loss: one}, {loss: two, weight: 2}]\n"}))
    assert {(edge.source, edge.target, edge.type, edge.status) for edge in catalog.edges} == {
        ("both", "one", "composed_of", "proved"), ("both", "two", "composed_of", "proved"),
    }  # fmt: skip
    assert catalog["both"].status == "complete"
    assert isinstance(catalog["both"].composed_of[0], model.Part)
