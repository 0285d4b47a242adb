"""Does the profile of a CSV file say what the target is, on real tables and on awkward or broken files?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lossgraph
from lossgraph.model import TASK
from lossgraph.recommender import table
from lossgraph.recommender.profile import profile

pandas = pytest.importorskip("pandas")
datasets = pytest.importorskip("sklearn.datasets")


def sklearn_table(name: str) -> Callable[[], Any]:
    return lambda: getattr(datasets, f"load_{name}")(as_frame=True).frame


def statsmodels_table(name: str) -> Callable[[], Any]:
    def load() -> Any:
        statsmodels = pytest.importorskip("statsmodels.api")
        return getattr(statsmodels.datasets, name).load_pandas().data

    return load


REAL: list[tuple[str, Callable[[], Any], str, str, set[str], dict[str, Any]]] = [
    ("diabetes", sklearn_table("diabetes"), "target", "regression", {"mse", "half_squared_error"}, {"counts": None, "outliers": False}),
    ("breast_cancer", sklearn_table("breast_cancer"), "target", "binary_classification", {"binary_cross_entropy"}, {"n_classes": 2, "imbalanced": False}),
    ("iris", sklearn_table("iris"), "target", "multiclass_classification", {"categorical_cross_entropy"}, {"n_classes": 3, "imbalanced": False}),
    ("wine", sklearn_table("wine"), "target", "multiclass_classification", {"categorical_cross_entropy"}, {"n_classes": 3}),
    ("digits", sklearn_table("digits"), "target", "multiclass_classification", {"categorical_cross_entropy"}, {"n_classes": 10, "imbalanced": False}),
    ("linnerud", sklearn_table("linnerud"), "Situps", "regression", {"mse", "huber"}, {"skewed": None}),
    ("fair", statsmodels_table("fair"), "affairs", "regression", {"tweedie", "poisson_loss"}, {"many_zeros": True, "counts": None}),
    ("fair-rating", statsmodels_table("fair"), "rate_marriage", "multiclass_classification", {"categorical_cross_entropy"}, {"ordinal": True}),
    ("randhie", statsmodels_table("randhie"), "mdvis", "count_regression", {"negative_binomial_nll", "poisson_loss"},
     {"counts": True, "overdispersed": True, "many_zeros": True}),
    ("stackloss", statsmodels_table("stackloss"), "STACKLOSS", "regression", {"mse", "huber"}, {"counts": None}),
    ("cpunish", statsmodels_table("cpunish"), "EXECUTIONS", "count_regression", {"poisson_loss", "negative_binomial_nll"}, {"counts": True}),
    ("anes96", statsmodels_table("anes96"), "vote", "binary_classification", {"binary_cross_entropy"}, {"imbalanced": False}),
    ("engel", statsmodels_table("engel"), "foodexp", "regression", {"mse", "huber", "gamma_nll"}, {"nonnegative": True}),
    ("ccard", statsmodels_table("ccard"), "AVGEXP", "regression", {"mse", "gamma_nll", "huber"}, {"skewed": True}),
]


@pytest.mark.parametrize(("load", "target", "task", "first", "facts"), [case[1:] for case in REAL], ids=[case[0] for case in REAL])
def test_real_tables(load: Callable[[], Any], target: str, task: str, first: set[str], facts: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    load().to_csv(file, index=False)
    answer = lossgraph.recommend(data=file, target=target)
    assert answer.status == "recommended", (answer.questions, answer.errors)
    known = {fact.name: fact.value for fact in answer.facts}
    assert known[TASK] == task
    assert answer.recommendations[0].loss in first
    for name, value in facts.items():
        if name == "skewed" and value is None:
            assert known.get("skewed") is not None
        else:
            assert known.get(name) == value, name
    assert all(fact.source in {"data", "derived"} and fact.evidence for fact in answer.facts)


def write(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize(
    ("content", "target", "said"),
    [
        ("", "y", "is empty"),
        ("\n\n", "y", "is empty"),
        ("x,y\n", "y", "no rows"),
        ("x,price\n1,2\n", "prise", 'did you mean "price"'),
        ("x,y\n1,3\n2,3\n3,3\n", "y", "only one value ('3')"),
        ("x,y\n1,\n2,NaN\n3,NA\n", "y", "every value of 'y' is missing"),
        ("x,y\n" + "".join(f"1,id{n}\n" for n in range(80)), "y", "identifier or free text"),
        ("x,y\n" + "".join(f"1,{n}\n" for n in range(1000, 1080)), "y", "numbers the rows"),
        (b"PAR1\x00\x00\x01\x02", "y", "not a text file"),
        (b"PK\x03\x04", "y", "not a text file"),
        (b"\x00\x01\x02\x03", "y", "not a text file"),
        ("x,y\n1,inf\n2,inf\n3,-inf\n", "y", "fewer than two finite"),
    ],
)
def test_what_cannot_be_learnt_from_is_said(content: str | bytes, target: str, said: str, tmp_path: Path) -> None:
    answer = lossgraph.recommend(data=write(tmp_path, content), target=target)
    assert answer.status == "error"
    assert said in answer.errors[0]
    assert not answer.recommendations


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    assert "no file" in lossgraph.recommend(data=tmp_path / "absent.csv", target="y").errors[0]
    assert "is a folder without masks" in lossgraph.recommend(data=tmp_path, target="y").errors[0]
    answer = lossgraph.recommend(data=write(tmp_path, "a,b\n1,2\n"))
    assert answer.status == "error"
    assert "one of a, b" in answer.errors[0]


def test_text_labels_are_no_regression_target(tmp_path: Path) -> None:
    file = write(tmp_path, "x,y\n" + "1,cat\n2,dog\n3,bird\n" * 20)
    answer = lossgraph.recommend(task="regression", data=file, target="y")
    assert answer.status == "error"
    assert "text labels" in answer.errors[0]
    asked = lossgraph.recommend("regression on this table", data=file, target="y")
    assert asked.status == "question"
    assert "multiclass_classification" in asked.questions[0]


def test_a_continuous_target_is_no_class(tmp_path: Path) -> None:
    file = write(tmp_path, "x,y\n" + "".join(f"1,{n * 1.37 % 11:.4f}\n" for n in range(300)))
    assert lossgraph.recommend(task="classification", data=file, target="y").status == "error"


def test_two_numbers_are_classes_and_a_flag_for_regression_gets_a_caution(tmp_path: Path) -> None:
    file = write(tmp_path, "x,y\n" + "1,0\n2,1\n3,0\n" * 30)
    assert lossgraph.recommend(data=file, target="y").recommendations[0].loss == "binary_cross_entropy"
    answer = lossgraph.recommend(task="regression", data=file, target="y")
    assert answer.status == "recommended"
    assert any("two values" in caution for caution in answer.recommendations[0].cautions)


def test_codes_with_leading_zeros_are_labels(tmp_path: Path) -> None:
    found = profile(write(tmp_path, "x,y\n" + "1,007\n2,012\n3,099\n" * 20), "y")
    assert found.findings[TASK].value == "multiclass_classification"


def test_ratings_are_not_silently_classes_or_counts(tmp_path: Path) -> None:
    """Whole ratings written as 1.0 to 5.0, and ratings in halves: the first may be ordered classes, the second are numbers."""
    whole = profile(write(tmp_path, "x,hotel_rating\n" + "1,1.0\n1,2.0\n1,4.0\n1,5.0\n1,3.0\n1,5.0\n" * 30), "hotel_rating")
    assert whole.findings["ordinal"].value is True
    assert whole.families == ("regression", "classification")
    assert lossgraph.recommend("predict the hotel rating as a number, regression", data=tmp_path / "table.csv", target="hotel_rating").status == "recommended"
    halves = profile(write(tmp_path, "x,hotel_rating\n" + "1,1.0\n1,2.5\n1,4.0\n1,4.5\n1,3.0\n1,5.0\n" * 30), "hotel_rating")
    assert halves.findings[TASK].value == "regression"


def test_imbalance_weights_and_shares_come_from_the_counts(tmp_path: Path) -> None:
    file = write(tmp_path, "x,fraud\n" + "1,0\n" * 950 + "2,1\n" * 50)
    answer = lossgraph.recommend(data=file, target="fraud", top=5)
    weighted = next(one for one in answer.recommendations if one.loss == "weighted_cross_entropy")
    assert weighted.parameters["beta"] == pytest.approx(19.0)
    assert any("(1 - p)/p" in reason.text for reason in weighted.because)
    three = write(tmp_path, "x,y\n" + "1,a\n" * 80 + "2,b\n" * 15 + "3,c\n" * 5)
    first = lossgraph.recommend(data=three, target="y").recommendations[0]
    assert first.parameters["class_weight"] == [pytest.approx(100 / (3 * count), abs=1e-3) for count in (80, 15, 5)]
    assert "torch.tensor([" in first.code


def test_outliers_are_told_from_a_long_tail(tmp_path: Path) -> None:
    import numpy

    generator = numpy.random.default_rng(0)
    normal = generator.normal(50, 5, 500)
    normal[:6] = 5000
    dirty = profile(write(tmp_path, "y\n" + "\n".join(f"{value:.3f}" for value in normal), "a.csv"), "y")
    assert dirty.findings["outliers"].value is True
    assert "6 of 500" in dirty.findings["outliers"].evidence
    clean = profile(write(tmp_path, "y\n" + "\n".join(f"{value:.4f}" for value in generator.normal(0, 1, 50_000)), "c.csv"), "y")
    assert clean.findings["outliers"].value is False
    lognormal = generator.lognormal(3, 0.9, 500)
    tail = profile(write(tmp_path, "y\n" + "\n".join(f"{value:.3f}" for value in lognormal), "b.csv"), "y")
    assert tail.findings["skewed"].value is True
    assert tail.findings["outliers"].value is False


def test_delta_is_set_from_the_residuals_not_from_the_target(tmp_path: Path) -> None:
    import numpy

    generator = numpy.random.default_rng(1)
    x = generator.uniform(0, 1000, 2000)
    y = 3 * x + generator.normal(0, 2, 2000)
    y[:40] += 5000
    file = tmp_path / "table.csv"
    pandas.DataFrame({"x": x, "y": y}).to_csv(file, index=False)
    huber = next(one for one in lossgraph.recommend(task="regression", outliers=True, data=file, target="y").recommendations if one.loss == "huber")
    assert huber.parameters["delta"] == pytest.approx(1.345 * 2, rel=0.1)


def test_awkward_files_are_read_and_said(tmp_path: Path) -> None:
    german = write(tmp_path, "Größe;Preis\n" + "".join(f"{n};{n},{n % 10}5\n" for n in range(10, 90)), "german.csv")
    answer = lossgraph.recommend(data=german, target="Preis")
    assert answer.status == "recommended"
    said = " ".join(answer.recommendations[0].cautions)
    assert "';'" in said
    assert "decimal commas" in said
    latin = write(tmp_path, ("name,größe\n" + "".join(f"a,{n * 1.5}\n" for n in range(80))).encode("latin-1"), "latin.csv")
    answer = lossgraph.recommend(data=latin, target="größe")
    assert answer.status == "recommended"
    assert "not UTF-8" in " ".join(answer.recommendations[0].cautions)
    marked = write(tmp_path, b"\xef\xbb\xbf" + b"y,x\n" + b"".join(b"%d.5,1\n" % n for n in range(60)), "mark.csv")
    assert lossgraph.recommend(data=marked, target="y").status == "recommended"
    partly = write(tmp_path, "y\n" + "\n".join("inf" if n % 20 == 0 else f"{n * 0.7:.2f}" for n in range(100)), "partly.csv")
    assert "infinite" in " ".join(lossgraph.recommend(data=partly, target="y").recommendations[0].cautions)


def test_a_large_file_is_sampled_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_ROWS", 1000)
    file = write(tmp_path, "x,y\n" + "".join(f"{n},{(n * 7919) % 1009 * 0.5}\n" for n in range(10_000)))
    found = profile(file, "y")
    assert any("10,000 rows" in note and "-th was read" in note for note in found.notes)
    assert found.findings["samples"].value == 10_000


@pytest.mark.parametrize(
    ("content", "target", "status", "said"),
    [
        ("x,when\n" + "".join(f"1,2020-01-{n % 28 + 1:02d}\n" for n in range(200)), "when", "error", "holds dates"),
        ("1,2\n3,4\n", "y", "error", "lack a header"),
        ("x,y\n" + "1,-1\n2,0\n3,1\n" * 30, "y", "question", "a number or a class"),
        ("x,rate\n" + "".join(f"{n},{n % 89 + 0.5}%\n" for n in range(1, 90)), "rate", "recommended", "percent"),
        ("x,price\n" + "".join(f'{n},"${n * 1375:,}"\n' for n in range(1, 90)), "price", "recommended", "currency"),
        (",".join(f"c{n}" for n in range(10_000)) + "\n" + f"{'1.5,' * 9_999}1\n{'2.5,' * 9_999}1\n" * 20, "c5", "recommended", ""),
        ('a,note,y\n' + '1,"one\ntwo, three",3.5\n2,"x",4.25\n3,"z",9.1\n' * 20, "y", "recommended", ""),
    ],
    ids=["dates", "header", "signs", "percent", "currency", "wide", "quoted"],
)
def test_odd_tables(content: str, target: str, status: str, said: str, tmp_path: Path) -> None:
    answer = lossgraph.recommend(data=write(tmp_path, content), target=target)
    assert answer.status == status, answer.errors
    assert said in str(answer.to_dict())


def test_several_labels_in_a_cell_are_several_labels(tmp_path: Path) -> None:
    answer = lossgraph.recommend(data=write(tmp_path, "x,tags\n" + "1,a;b\n2,b\n3,a;c\n4,c\n" * 30), target="tags")
    assert answer.recommendations[0].loss == "binary_cross_entropy"
    assert {fact.name: fact.value for fact in answer.facts}["n_classes"] == 3


def test_a_column_says_nothing_of_masks(tmp_path: Path) -> None:
    file = write(tmp_path, "x,stage\n" + "".join(f"1,{n % 4}\n" for n in range(200)))
    answer = lossgraph.recommend(task="segmentation", data=file, target="stage")
    assert {fact.name for fact in answer.facts} == {TASK}
    assert any("left aside" in caution for caution in answer.recommendations[0].cautions)


def test_text_chooses_the_family_and_data_the_cardinality(tmp_path: Path) -> None:
    file = write(tmp_path, "x,stage\n" + "".join(f"1,{n % 4}\n" for n in range(200)))
    answer = lossgraph.recommend("classification of disease", data=file, target="stage")
    known = {fact.name: fact.value for fact in answer.facts}
    assert known[TASK] == "multiclass_classification"
    assert known["n_classes"] == 4
