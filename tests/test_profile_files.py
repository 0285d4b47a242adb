"""Are Parquet files, NumPy files and masks profiled as CSV files are, with what other columns tell, and are wrong ones refused in a clear sentence?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lossgraph
from lossgraph.model import TASK, InputError
from lossgraph.recommender import table
from lossgraph.recommender.profile import Profile, profile

numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")
datasets = pytest.importorskip("sklearn.datasets")
pictures = pytest.importorskip("PIL.Image")


def values(found: Profile) -> dict[str, Any]:
    return {name: one.value for name, one in found.findings.items()}


@pytest.mark.parametrize("name", ["diabetes", "breast_cancer", "iris", "digits"])
def test_parquet_and_numpy_say_what_the_csv_file_says(name: str, tmp_path: Path) -> None:
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    numpy.savez(tmp_path / "a.npz", x=frame.drop(columns="target").to_numpy(), target=frame["target"].to_numpy())
    numpy.save(tmp_path / "a.npy", frame.to_numpy())
    expected = profile(tmp_path / "a.csv", "target")
    for found in (
        profile(tmp_path / "a.parquet", "target"), profile(tmp_path / "a.npz", "target"), profile(tmp_path / "a.npy", str(frame.shape[1] - 1))
    ):  # fmt: skip
        assert values(found) == values(expected)
        assert found.families == expected.families
        assert found.measures.get("residual_scale", 0.0) == pytest.approx(expected.measures.get("residual_scale", 0.0), rel=1e-6)


def test_a_large_parquet_file_is_sampled_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_ROWS", 1000)
    pandas.DataFrame({"x": range(10_000), "y": numpy.random.default_rng(0).normal(size=10_000)}).to_parquet(tmp_path / "a.parquet")
    found = profile(tmp_path / "a.parquet", "y")
    assert any("10,000 rows; every 10-th was read" in note for note in found.notes)
    assert found.findings["samples"].value == 10_000


def _save(array: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        numpy.save(folder / "a.npy", array, allow_pickle=True)
        return folder / "a.npy"

    return write


def _bytes(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def _archive(folder: Path) -> Path:
    numpy.savez(folder / "a.npz", y=numpy.zeros((3, 4)))
    return folder / "a.npz"


def _colours(folder: Path) -> Path:
    pictures.fromarray(numpy.zeros((4, 4, 3), dtype="uint8")).save(folder / "a.png")
    return folder


def _black(folder: Path) -> Path:
    pictures.fromarray(numpy.zeros((4, 4), dtype="uint8")).save(folder / "a.png")
    return folder


@pytest.mark.parametrize(
    ("make", "target", "said"),
    [
        (_bytes("a.parquet", b"PAR1 and then nothing"), "y", "cannot be read as a Parquet file"),
        (_bytes("a.parquet", b""), "y", "is empty"),
        (_bytes("a.npy", b"\x93NUMPY\x01\x00"), "y", "cannot be read as a NumPy file"),
        (_bytes("a.npz", b"PK\x03\x04 broken"), "y", "cannot be read as a NumPy file"),
        (_save(numpy.array([{"a": 1}], dtype=object)), None, "Python objects, which are not read"),
        (_save(numpy.zeros((3, 4, 5))), None, "has the shape (3, 4, 5)"),
        (_save(numpy.zeros((3, 4))), "price", "no column 'price'"),
        (_archive, "y", "has the shape (3, 4)"),
        (_archive, "z", "no column 'z'"),
        (_colours, None, "an image in colours"),
        (_black, None, "has foreground"),
        (_bytes("a.png", b"\x89PNG broken"), None, "not a text file"),
    ],
)
def test_files_that_cannot_be_read_are_refused_in_a_sentence(make: Callable[[Path], Path], target: str | None, said: str, tmp_path: Path) -> None:
    answer = lossgraph.recommend(data=make(tmp_path), target=target or "y")
    assert answer.status == "error"
    assert said in answer.errors[0], answer.errors
    assert not answer.recommendations


def _disc(size: int, radius: float, at: tuple[int, int] = (0, 0)) -> Any:
    y, x = numpy.mgrid[:size, :size] - size // 2
    return ((x - at[0]) ** 2 + (y - at[1]) ** 2 <= radius**2).astype("uint8")


def test_masks_tell_foreground_small_objects_and_empty_ones(tmp_path: Path) -> None:
    for index in range(20):
        mask = _disc(128, 4, (index, -index)) * 255 if index % 4 else numpy.zeros((128, 128), dtype="uint8")
        pictures.fromarray(mask).save(tmp_path / f"{index:02d}.png")
    found = values(profile(tmp_path, None))
    assert found[TASK] == "segmentation"
    assert found["foreground_share"] == pytest.approx(15 * _disc(128, 4).sum() / (20 * 128 * 128))
    assert found["small_objects"] is True
    assert found["empty_masks"] is True
    assert found["imbalanced"] is True
    assert found["n_classes"] == 2
    assert "thin_structures" not in found
    answer = lossgraph.recommend(data=tmp_path)
    assert answer.status == "recommended"
    assert any("dice" in one.loss for one in answer.recommendations)


def test_large_round_objects_are_neither_small_nor_thin_and_lines_are_thin(tmp_path: Path) -> None:
    numpy.save(tmp_path / "round.npy", numpy.stack([_disc(96, 40)] * 5))
    round_ones = values(profile(tmp_path / "round.npy", None))
    assert round_ones["small_objects"] is False
    assert round_ones["empty_masks"] is False
    assert "thin_structures" not in round_ones
    lines = numpy.zeros((5, 96, 96), dtype="uint8")
    lines[:, 47:50, 5:90] = 1
    numpy.save(tmp_path / "lines.npy", lines)
    assert values(profile(tmp_path / "lines.npy", None))["thin_structures"] is True


def test_volumes_and_classes(tmp_path: Path) -> None:
    for index in range(3):
        volume = numpy.zeros((16, 32, 32), dtype="int16")
        volume[4:12, 8:24, 8:16], volume[4:12, 8:24, 16:24] = 1, 2
        numpy.save(tmp_path / f"{index}.npy", volume)
    found = values(profile(tmp_path, None))
    assert found["modality"] == "volume"
    assert found["n_classes"] == 3


def test_other_columns_tell_of_censoring_groups_angles_and_caps(tmp_path: Path) -> None:
    generator = numpy.random.default_rng(0)
    survival = pandas.DataFrame({"age": generator.normal(60, 9, 300), "event": generator.integers(0, 2, 300), "time": generator.exponential(300, 300).round(1)})
    survival.to_csv(tmp_path / "survival.csv", index=False)
    found = profile(tmp_path / "survival.csv", "time")
    assert values(found)["censored"] is True
    assert any("'event' looks like an event indicator" in note for note in found.notes)
    assert "censored" not in values(profile(_without(survival, "event", tmp_path), "time"))
    ranking = pandas.DataFrame({"qid": numpy.repeat(range(30), 10), "x": generator.normal(size=300), "relevance": generator.integers(0, 5, 300)})
    ranking.to_csv(tmp_path / "ranking.csv", index=False)
    found = profile(tmp_path / "ranking.csv", "relevance")
    assert "ranking" in found.families
    assert any("say task ranking" in note for note in found.notes)
    wind = pandas.DataFrame({"x": generator.normal(size=400), "wind_direction": generator.uniform(0, 360, 400).round(2)})
    wind.to_csv(tmp_path / "wind.csv", index=False)
    assert values(profile(tmp_path / "wind.csv", "wind_direction"))["circular"] is True
    prices = numpy.minimum(generator.lognormal(3, 0.5, 600).round(1), 50.0)
    pandas.DataFrame({"x": range(600), "medv": prices}).to_csv(tmp_path / "capped.csv", index=False)
    assert any("equal the largest one, 50" in note for note in profile(tmp_path / "capped.csv", "medv").notes)


def _without(frame: Any, name: str, folder: Path) -> Path:
    frame.drop(columns=name).to_csv(folder / "less.csv", index=False)
    return folder / "less.csv"


@pytest.mark.parametrize(("flipped", "noisy"), [(0.0, False), (0.2, True)])
def test_labels_that_a_model_disputes_are_suspected(flipped: float, noisy: bool, tmp_path: Path) -> None:
    frame = datasets.load_digits(as_frame=True).frame
    generator = numpy.random.default_rng(0)
    wrong = generator.random(len(frame)) < flipped
    frame.loc[wrong, "target"] = (frame.loc[wrong, "target"] + generator.integers(1, 10, wrong.sum())) % 10
    frame.to_csv(tmp_path / "digits.csv", index=False)
    assert values(profile(tmp_path / "digits.csv", "target")).get("label_noise", False) is noisy


def test_the_folder_of_masks_has_no_columns(tmp_path: Path) -> None:
    pictures.fromarray(_disc(32, 9)).save(tmp_path / "a.png")
    assert any("left aside" in note for note in profile(tmp_path, "y").notes)
    with pytest.raises(InputError, match="no file"):
        profile(tmp_path / "absent", None)
