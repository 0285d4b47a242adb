"""Does `lossgraph verify` keep its promises: exit codes, JSON, re-use, resuming, read-only places, and a card that states something false?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import lossgraph
from lossgraph.cli import main
from lossgraph.verify import catalogue

ROOT = Path(__file__).resolve().parents[1]
CARD = """name: Toy loss
kind: loss
summary: For a test.
tasks: [regression]
strategy: error
formula:
  variables: {{r: {{domain: real, role: residual}}}}
  parameters: {{d: {{domain: "(0, oo)", default: 1.0}}}}
  expression: "{expression}"
properties: {{{properties}}}
relations: [{relations}]
references: [huber1964]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of its own with the real vocabularies and no cards, which `lossgraph verify` reads instead of ours."""
    folder = tmp_path / "catalog"
    (folder / "losses" / "regression").mkdir(parents=True)
    for path in (ROOT / "catalog").glob("*.yaml"):
        if path.name not in {"facts.yaml", "fact_examples.yaml"}:
            shutil.copy(path, folder / path.name)
    monkeypatch.setenv("LOSSGRAPH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("lossgraph.cli.verify.load", lambda: lossgraph.load(folder))
    return folder


def write(folder: Path, name: str, expression: str = "Abs(r)", properties: str = "", relations: str = "") -> None:
    """A card with this formula and these statements."""
    text = CARD.format(expression=expression, properties=properties, relations=relations)
    (folder / "losses" / "regression" / f"{name}.yaml").write_text(text, encoding="utf-8")


def verify(*arguments: str) -> Result:
    """Runs the command."""
    return CliRunner().invoke(main, ["verify", *arguments])


def data(result: Result) -> Any:
    """What it printed as JSON."""
    return json.loads(result.stdout)


def test_true_statements_are_confirmed_and_kept(place: Path) -> None:
    write(place, "one", properties="convex: true, differentiable: false, lipschitz: {holds: true, constant: '1'}")
    write(place, "two", "d*Abs(r)", relations='{type: equivalent_up_to_scale, target: one, as: "two(r, d=k) = k*one(r)"}')
    first = verify("--json")
    assert first.exit_code == 0, first.output
    found = data(first)
    assert found["counts"]["statements"] == {"confirmed": 4, "refuted": 0, "undecided": 0}
    assert found["counts"]["relations"]["proved"] == 1
    assert found["counts"]["decided_now"] > 30
    assert [card["loss"] for card in found["cards"]] == ["one", "two"]
    files = {path.name: path.read_bytes() for path in (place / "certificates").iterdir()}
    assert set(files) == {"one.json", "two.json"}
    again = verify("--json")
    assert data(again)["counts"]["decided_now"] == 0
    assert {path.name: path.read_bytes() for path in (place / "certificates").iterdir()} == files
    assert verify("--check").exit_code == 0
    assert lossgraph.load(place).holds("one", "convex") is True
    assert [edge.status for edge in lossgraph.load(place).edges] == ["proved"]


@pytest.mark.parametrize(
    ("properties", "relations", "words"),
    [
        ("strictly_convex: true", "", "strict convexity needs"),
        ("convex: false", "", "proved: convex"),
        ("lipschitz: {holds: true, constant: '2'}", "", "the proved constant is 1"),
        ('symmetric: {holds: false, when: "d > 1"}', "", "proved: symmetric"),
        ("", '{type: same_as, target: two, as: "one(r) = 3*two(r)"}', "fails at"),
    ],
)
def test_a_false_statement_is_named_and_exits_1(place: Path, properties: str, relations: str, words: str) -> None:
    write(place, "one", properties=properties, relations=relations)
    write(place, "two", "Abs(r)/2")
    found = verify()
    assert found.exit_code == 1, found.output
    assert "stated, but refuted" in found.output
    assert words in " ".join(found.output.split())
    as_json = verify("one", "--json")
    assert as_json.exit_code == 1
    assert len(data(as_json)["refuted"]) == 1
    assert verify("--check").exit_code == 1


def test_claims_with_a_condition_are_decided_under_it(place: Path) -> None:
    write(place, "one", "Max(d*r, -r)", 'symmetric: {holds: true, when: "d == 1"}, lipschitz: {holds: true, constant: d, when: "d > 2"}')
    found = data(verify("one", "--json"))
    assert [(entry["stated"], entry["outcome"]) for entry in found["cards"][0]["statements"]] == [
        ("symmetric where d == 1", "confirmed"),
        ("lipschitz where d > 2 with constant d", "confirmed"),
    ]
    assert found["cards"][0]["views"]["r"]["symmetric"]["holds"] is False


def test_a_changed_card_is_decided_again_and_check_says_stale(place: Path) -> None:
    write(place, "one")
    assert verify().exit_code == 0
    write(place, "one", "Abs(r) + 1")
    check = verify("--check")
    assert check.exit_code == 1
    assert "one: no current certificate" in check.output
    assert lossgraph.load(place).holds("one", "convex") is None
    assert data(verify("--json"))["counts"]["decided_now"] > 0
    assert verify("--check").exit_code == 0


def test_what_was_undecided_can_be_asked_again(place: Path) -> None:
    write(place, "one")
    assert data(verify("--json", "--timeout", "0.001"))["counts"]["decided_now"] > 0
    path = place / "certificates" / "one.json"
    short = path.read_bytes()
    assert b'"status":"undecided"' in short
    assert data(verify("--json"))["counts"]["decided_now"] == 0
    assert verify("--again", "--timeout", "0.001").exit_code == 0
    assert path.read_bytes() == short  # an answer that says no more changes nothing
    assert verify("--again").exit_code == 0
    once = path.read_bytes()
    assert b'"status":"undecided"' not in once
    assert data(verify("--again", "--json"))["counts"]["decided_now"] == 0
    assert verify("--fresh").exit_code == 0
    assert path.read_bytes() == once


def test_an_answer_for_some_parameters_is_kept_until_there_is_one_for_all() -> None:
    loss = lossgraph.load()["huber"]
    question = catalogue.Question("huber", loss.views[0].name, "convex")
    some, none, every = ({"holds": holds, "status": status} for holds, status in ((False, "undecided"), (None, "undecided"), (False, "refuted")))
    plan = catalogue.Plan(loss, {question: some}, (question,), ())
    assert plan.questions() == (question,)
    for answer, kept in ((none, some), (some, some), (every, every)):
        file = catalogue.assemble(plan, {}, {question: answer}, {})
        assert file["views"][question.view]["verdicts"] == [kept]


def test_the_certificates_of_a_card_that_is_gone_are_removed(place: Path) -> None:
    for name in ("one", "three", "two"):
        write(place, name)
    assert verify().exit_code == 0
    (place / "losses" / "regression" / "two.yaml").unlink()
    assert "two: a certificate file without a card" in verify("--check").output
    assert verify("one").exit_code == 0
    assert (place / "certificates" / "two.json").exists()
    assert verify().exit_code == 0
    assert not (place / "certificates" / "two.json").exists()


def test_a_damaged_file_counts_as_absent(place: Path) -> None:
    write(place, "one")
    assert verify().exit_code == 0
    path = place / "certificates" / "one.json"
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    assert verify("--check").exit_code == 1
    assert verify().exit_code == 0
    assert path.read_bytes() == good


def test_a_certificate_of_another_engine_is_stale(place: Path) -> None:
    write(place, "one")
    assert verify().exit_code == 0
    path = place / "certificates" / "one.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"engine":', '"engine":9'), encoding="utf-8")
    assert "made by engine" in verify("--check").output


def test_where_the_catalogue_cannot_be_written_results_go_to_the_cache(place: Path, tmp_path: Path) -> None:
    write(place, "one")
    (place / "certificates").write_text("a file, so that nothing can be written beside the cards", encoding="utf-8")
    first = verify("one")
    assert first.exit_code == 0
    assert "cannot be written: the new certificates are kept in" in " ".join(first.stderr.split())
    assert list((tmp_path / "cache").rglob("one.json"))
    assert data(verify("one", "--json"))["counts"]["decided_now"] == 0


def test_where_nothing_can_be_written_it_says_so(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(place, "one")
    blocked = tmp_path / "blocked"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setenv("LOSSGRAPH_CACHE", str(blocked))
    (place / "certificates").write_text("", encoding="utf-8")
    found = verify("one")
    assert found.exit_code == 0
    assert "the new certificates are not kept" in found.stderr
    assert "proved" in found.stdout


def test_an_interrupted_run_keeps_whole_cards_and_goes_on(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "three", "two"):
        write(place, name)
    decide = catalogue.decide

    def interrupted(question: catalogue.Question, *rest: Any) -> dict[str, Any]:
        if question.loss == "two":
            raise KeyboardInterrupt
        return decide(question, *rest)

    monkeypatch.setattr(catalogue, "decide", interrupted)
    stopped = verify()
    assert stopped.exit_code == 130
    assert "2 of 3 cards are done and kept" in stopped.stderr
    assert sorted(path.name for path in (place / "certificates").iterdir()) == ["one.json", "three.json"]
    monkeypatch.setattr(catalogue, "decide", decide)
    found = data(verify("--json"))
    assert {question["loss"] for question in found["cards"]} == {"one", "three", "two"}
    assert 0 < found["counts"]["decided_now"] < 25


def test_a_formula_without_a_value_is_the_cards_mistake(place: Path) -> None:
    write(place, "one", "log(r)")
    found = verify("one")
    assert found.exit_code == 1
    assert "no finite real value" in " ".join(found.output.split())


def test_expression() -> None:
    found = verify("--expression", "Abs(x)", "--property", "convex", "--domain", "x: (-oo, oo)", "--json")
    assert found.exit_code == 0
    verdict = data(found)
    assert (verdict["holds"], verdict["status"], verdict["property"]) == (True, "proved", "convex")
    assert verdict["certificate"]["proof"]
    refuted = verify("--expression", "d*Abs(x)", "--property", "strictly_convex", "--domain", "x: real", "--parameters", "d > 0")
    assert refuted.exit_code == 0
    assert "refuted" in refuted.output
    assert "strict convexity needs" in " ".join(refuted.output.split())
    role = verify("--expression", "r**2", "--property", "zero_only_at_target", "--domain", "r: real", "--role", "r=residual", "--json")
    assert data(role)["holds"] is True
    every = data(verify("--expression", "x**2", "--domain", "x: real", "--json"))
    assert {entry["property"]: entry["holds"] for entry in every}["strongly_convex"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuchloss"], "no loss"),
        (["--property", "convex"], "--property belongs to --expression"),
        (["huber", "--expression", "x"], "give no ID"),
        (["--check", "--fresh"], "give one of them"),
        (["--check", "--again"], "give one of them"),
        (["--again", "--expression", "x"], "give no ID"),
        (["--expression", "x +", "--property", "convex", "--domain", "x: real"], "syntax error"),
        (["--expression", "x", "--property", "convexx", "--domain", "x: real"], "did you mean `convex`"),
        (["--expression", "log(x)", "--property", "convex", "--domain", "x: real"], "no finite real value"),
        (["--expression", "x", "--property", "convex", "--domain", "x: (1, 0)"], "is empty"),
        (["--expression", "x", "--property", "convex", "--domain", "x: real", "--role", "x"], "NAME=ROLE"),
    ],
)
def test_wrong_input_exits_2_with_a_reason(arguments: list[str], words: str) -> None:
    found = verify(*arguments)
    assert found.exit_code == 2, found.output
    assert words in " ".join(found.stderr.split())
    assert "Traceback" not in found.output


def test_help_has_examples() -> None:
    found = verify("--help")
    assert found.exit_code == 0
    assert "lossgraph verify huber" in found.output
