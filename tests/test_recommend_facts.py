"""Are facts saved, edited and given back without loss; is a wrong file answered with places; does the JSON Schema describe what is written?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import lossgraph
from lossgraph.cli import main
from lossgraph.export.facts_schema import schema
from lossgraph.model import TASK
from lossgraph.recommender.advise import book
from lossgraph.yaml_files import read_yaml

CATALOG = lossgraph.load()
PROBLEMS: dict[str, dict[str, Any]] = {
    "flags": {"task": "segmentation", "imbalanced": True, "n_classes": 4},
    "text": {"text": 'classify images into 10 classes, 40% of the labels are "wrong" — später mehr'},
    "both": {"text": "house prices with a few crazy outliers", "metric": "mae", "samples": 1000},
    "number": {"task": "binary_classification", "minority_share": 1.0e-6, "calibrated": True},
    "choice": {"task": "regression", "unlike": "mse", "costly_error": "underestimate"},
    "question": {"imbalanced": True},
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_saved_fingerprint_gives_the_same_answer(name: str, tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    first = lossgraph.recommend(**PROBLEMS[name], save_fingerprint=file)
    assert lossgraph.recommend(fingerprint=file, save_fingerprint=tmp_path / "again.yaml").to_dict() == first.to_dict()
    assert (tmp_path / "again.yaml").read_bytes() == file.read_bytes()


def test_a_saved_fingerprint_keeps_what_parameters_are_set_from(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("kind\n" + "a\n" * 80 + "b\n" * 15 + "c\n" * 5, encoding="utf-8")
    first = lossgraph.recommend(data=table, target="kind", save_fingerprint=tmp_path / "facts.yaml")
    again = lossgraph.recommend(fingerprint=tmp_path / "facts.yaml")
    assert first.recommendations[0].parameters["class_weight"]
    assert {one.loss: one.parameters for one in again.recommendations} == {one.loss: one.parameters for one in first.recommendations}
    assert again.facts == first.facts


def test_a_case_that_does_not_exist_is_named(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text("facts: {task: regression}\ncases: {no_such_case: 0.5}\n", encoding="utf-8")
    assert lossgraph.recommend(fingerprint=file).errors[0].startswith("cases.no_such_case: no such worked case")
    file.write_text("facts: {task: regression}\ncases: {no_such_case: 2}\n", encoding="utf-8")
    assert "a share from 0 to 1 is expected, not 2" in lossgraph.recommend(fingerprint=file).errors[0]


def test_edited_facts_are_used_and_flags_win(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    lossgraph.recommend(task="regression", outliers=True, save_fingerprint=file)
    file.write_text(file.read_text(encoding="utf-8").replace("outliers: {value: true", "gaussian: true\n  outliers: {value: false"), encoding="utf-8")
    edited = lossgraph.recommend(fingerprint=file)
    assert {fact.name: fact.value for fact in edited.facts} == {TASK: "regression", "outliers": False, "gaussian": True}
    assert edited.recommendations[0].loss == "mse"
    overruled = lossgraph.recommend(fingerprint=file, task="count_regression")
    assert overruled.recommendations[0].loss == "poisson_loss"
    assert any("the file of facts says task = regression" in caution for caution in overruled.recommendations[0].cautions)


WRONG: dict[str, tuple[str, str]] = {
    "no YAML": ("facts: {", "facts.yaml: line"),
    "a list": ("- task", "the file: a mapping with the key `facts` is expected"),
    "nothing": ("", "the file: a mapping"),
    "no facts": ("lossgraph: 1", "facts: this key is missing"),
    "newer": ("lossgraph: 2\nfacts: {}", "lossgraph: this program reads fingerprints of version 1, not 2"),
    "key": ("fact: {}\nfacts: {}", "fact: no such key; did you mean"),
    "fact": ("facts: {outlier: true}", 'facts.outlier: no such fact; did you mean "outliers"'),
    "value": ("facts: {task: regresion}", 'facts.task.value: no task "regresion"; did you mean "regression"?'),
    "kind": ("facts: {outliers: 3}", "facts.outliers.value: outliers is True, False or None, not 3"),
    "range": ("facts: {zero_share: 3}", "facts.zero_share.value: zero_share is a number between 0 and 1, not 3"),
    "part": ("facts: {outliers: {value: true, sure: 1}}", "facts.outliers.sure: no such key"),
    "source": ("facts: {outliers: {value: true, source: derived}}", "facts.outliers.source: 'derived' is none of flag, text, data"),
    "confidence": ("facts: {outliers: {value: true, confidence: 7}}", "facts.outliers.confidence: a number above 0"),
    "evidence": ("facts: {outliers: {value: true, evidence: 7}}", "facts.outliers.evidence: text is expected"),
    "empty": ("facts: {outliers: }", "facts.outliers: a value is missing"),
    "twice": ("facts: {outliers: true, outliers: false}", "stands twice"),
    "two names": ("facts: {task: regression, problem: regression}", "stands twice, under two names"),
    "measure": ("facts: {}\nmeasures: {class_counts: {a: many}}", "measures.class_counts: a number"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_answered_with_the_place(name: str, tmp_path: Path) -> None:
    text, said = WRONG[name]
    file = tmp_path / "facts.yaml"
    file.write_text(text, encoding="utf-8")
    answer = lossgraph.recommend(fingerprint=file)
    assert answer.status == "error"
    assert said in " | ".join(answer.errors), answer.errors


def test_all_problems_are_said_at_once_and_a_missing_file_too(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text("facts: {outlier: true, task: regresion}", encoding="utf-8")
    assert len(lossgraph.recommend(fingerprint=file).errors) == 2
    assert "No such file" in lossgraph.recommend(fingerprint=tmp_path / "none.yaml").errors[0]
    assert "cannot write" in lossgraph.recommend(task="regression", save_fingerprint=tmp_path / "no" / "facts.yaml").errors[0]
    with pytest.raises(TypeError):
        lossgraph.recommend(fingerprint=3)  # type: ignore[arg-type]  # the wrong type is what is tested


def test_the_command_saves_and_reads(tmp_path: Path) -> None:
    file = str(tmp_path / "facts.yaml")
    assert CliRunner().invoke(main, ["recommend", "--task", "segmentation", "--imbalanced", "--save-facts", file]).exit_code == 0
    result = CliRunner().invoke(main, ["recommend", "--facts", file, "--no-imbalanced", "--json"])
    facts = {fact["name"]: fact["value"] for fact in json.loads(result.stdout)["facts"]}
    assert (result.exit_code, facts["imbalanced"]) == (0, False)


def test_no_fact_is_called_like_an_argument() -> None:
    assert not set(book().facts) & {"text", "task", "data", "target", "top"}
    assert {fact.name for fact in lossgraph.recommend(task="regression").facts} == {TASK}
    assert lossgraph.recommend(problem="regression") == lossgraph.recommend(task="regression")
    assert "exclude each other" in lossgraph.recommend(task="regression", problem="segmentation").errors[0]


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_saved_fits_the_schema(name: str, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema(CATALOG))
    validator.check_schema(schema(CATALOG))
    lossgraph.recommend(**PROBLEMS[name], save_fingerprint=tmp_path / "facts.yaml")
    assert list(validator.iter_errors(read_yaml(tmp_path / "facts.yaml"))) == []


@pytest.mark.parametrize("name", [name for name in WRONG if name not in {"no YAML", "twice", "two names", "nothing"}])
def test_the_schema_refuses_what_the_reader_refuses(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from lossgraph.yaml_files import parse_yaml

    assert not jsonschema.Draft202012Validator(schema(CATALOG)).is_valid(parse_yaml(WRONG[name][0]))


def test_the_schema_is_exported_with_every_fact() -> None:
    result = CliRunner().invoke(main, ["export", "--format", "facts-schema"])
    facts = json.loads(result.stdout)["properties"]["facts"]["properties"]
    assert set(facts) == {fact.called for fact in book().facts.values()}
    refused = CliRunner().invoke(main, ["export", "--format", "facts-schema", "--of", "all"])
    assert refused.exit_code == 2
