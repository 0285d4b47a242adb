"""Is the compiled cache only ever a help: never stale, never an error, never half-written, whoever starts at the same time?"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_catalogue import card, write_catalogue

from lossgraph import catalog as catalog_module
from lossgraph.cache import unpack
from lossgraph.catalog import Catalog, catalog_folder, load
from lossgraph.model import CatalogError, InputError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """A catalogue of one card, and an empty folder for the cache."""
    monkeypatch.setenv("LOSSGRAPH_CACHE", str(tmp_path / "cache"))
    yield write_catalogue(tmp_path / "catalog", {"one": card("one")}), tmp_path / "cache"
    catalog_module._loaded.clear()


def fresh(folder: Path) -> Catalog:
    """As a new process would load it: without what this one remembers."""
    catalog_module._loaded.clear()
    return load(folder)


def cache_file(cache: Path) -> Path:
    (found,) = (cache / "lossgraph").iterdir()
    return found


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were compiled, in order."""
    from lossgraph import compile as compiler

    done: list[Path] = []
    real = compiler.compile_catalog
    monkeypatch.setattr(compiler, "compile_catalog", lambda folder: (done.append(folder), real(folder))[1])
    return done


def test_a_warm_cache_is_used(place: tuple[Path, Path], compilations: list[Path]) -> None:
    folder, cache = place
    first = fresh(folder)
    assert [path.suffix for path in (cache / "lossgraph").iterdir()] == [".json"]
    second = fresh(folder)
    assert len(compilations) == 1
    assert second.data == first.data
    assert second["one"] == first["one"]
    assert load(folder) is second


@pytest.mark.parametrize("change", ["edit", "add", "remove", "touch"])
def test_a_changed_file_is_seen(place: tuple[Path, Path], compilations: list[Path], change: str) -> None:
    folder, _ = place
    write_catalogue(folder, {"two": card("two")})
    before = load(folder)
    path = folder / "losses" / "regression" / "one.yaml"
    if change == "edit":
        path.write_text(card("one", name="Another name"), encoding="utf-8")
    elif change == "add":
        write_catalogue(folder, {"three": card("three")})
    elif change == "remove":
        (folder / "losses" / "regression" / "two.yaml").unlink()
    else:
        os.utime(path, (1, 1))
    after = load(folder)
    assert len(compilations) == 2
    assert after is not before
    expected = {"edit": ["one", "two"], "add": ["one", "three", "two"], "remove": ["one"], "touch": ["one", "two"]}
    assert [loss.id for loss in after] == expected[change]
    assert after["one"].name == ("Another name" if change == "edit" else "One loss")


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b"[]", b"\xff\xfe\x00", b'{"key": 1}', b"[" * 200_000], ids=lambda value: str(value[:8]))
def test_a_damaged_cache_costs_only_time(place: tuple[Path, Path], compilations: list[Path], damage: bytes) -> None:
    folder, cache = place
    fresh(folder)
    cache_file(cache).write_bytes(damage)
    assert [loss.id for loss in fresh(folder)] == ["one"]
    assert len(compilations) == 2
    fresh(folder)
    assert len(compilations) == 2


@pytest.mark.parametrize("part", ["the last line is gone", "a letter is another", "a length is another"])
def test_a_cache_that_was_changed_is_damaged(place: tuple[Path, Path], compilations: list[Path], part: str) -> None:
    folder, cache = place
    fresh(folder)
    checksum, head, rest = cache_file(cache).read_text(encoding="utf-8").split("\n", 2)
    data = json.loads(head)
    if part == "the last line is gone":
        rest = rest.rstrip("\n").rsplit("\n", 1)[0]
    elif part == "a letter is another":
        assert "One loss" in rest
        rest = rest.replace("One loss", "Two loss")
    else:
        data["lengths"]["losses"] -= 1
    cache_file(cache).write_text("\n".join((checksum, json.dumps(data, separators=(",", ":")), rest)), encoding="utf-8")
    catalog = fresh(folder)
    assert catalog["one"].name == "One loss"
    assert not catalog.data["rules"]
    assert len(compilations) == 2


def test_a_cache_of_another_version_is_not_used(place: tuple[Path, Path], compilations: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    fresh(place[0])
    monkeypatch.setattr(catalog_module, "VERSION", "0.0.0")
    fresh(place[0])
    assert len(compilations) == 2


@pytest.mark.parametrize("kind", ["a file stands there", "the folder is a file", "no such device", "read only"])
def test_an_unwritable_cache_costs_only_time(place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    folder, cache = place
    if kind == "a file stands there":
        cache.write_text("not a folder", encoding="utf-8")
    elif kind == "the folder is a file":
        cache.mkdir()
        (cache / "lossgraph").write_text("not a folder", encoding="utf-8")
    elif kind == "no such device":
        monkeypatch.setenv("LOSSGRAPH_CACHE", "/dev/null/cache")
    else:
        cache.mkdir(mode=0o500)
    assert [loss.id for loss in fresh(folder)] == ["one"]
    assert [loss.id for loss in fresh(folder)] == ["one"]


def test_a_full_disk_leaves_no_half_file(place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, cache = place

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        assert [loss.id for loss in fresh(folder)] == ["one"]
    assert list((cache / "lossgraph").iterdir()) == []


def test_a_broken_card_leaves_the_cache_alone(place: tuple[Path, Path]) -> None:
    folder, cache = place
    fresh(folder)
    before = cache_file(cache).read_bytes()
    write_catalogue(folder, {"two": "- broken\n"})
    with pytest.raises(CatalogError, match=r"two\.yaml"):
        fresh(folder)
    assert cache_file(cache).read_bytes() == before
    (folder / "losses" / "regression" / "two.yaml").unlink()
    assert [loss.id for loss in fresh(folder)] == ["one"]


def test_a_catalogue_can_be_copied_and_sent_to_other_processes(place: tuple[Path, Path]) -> None:
    assert [loss.id for loss in pickle.loads(pickle.dumps(fresh(place[0])))] == ["one"]


def key_of(text: bytes) -> str:
    return json.loads(text.split(b"\n", 2)[1])["key"]


PROGRAM = "import lossgraph, sys; c = lossgraph.load(sys.argv[1]); print(len(c), c['one'].name, flush=True)"


def test_many_processes_with_a_cold_cache(place: tuple[Path, Path]) -> None:
    folder, cache = place
    started = [subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        out, err = process.communicate(timeout=120)
        assert (out, err, process.returncode) == ("1 One loss\n", "", 0)
    text = cache_file(cache).read_bytes()
    kept = unpack(text, key_of(text))
    assert kept is not None
    assert list(kept["losses"]) == ["one"]


def test_readers_never_see_half_a_cache(place: tuple[Path, Path]) -> None:
    """One process rewrites the cache again and again while this one reads it."""
    folder, cache = place
    fresh(folder)
    program = ("import lossgraph, lossgraph.cache as c, sys, pathlib; loaded = lossgraph.load(sys.argv[1]).data; d = c.pack(loaded, loaded['key'])\n"
               "for _ in range(300): c.write(pathlib.Path(sys.argv[1]).resolve(), d)")  # fmt: skip
    writer = subprocess.Popen([sys.executable, "-c", program, str(folder)])
    path, seen = cache_file(cache), 0
    while writer.poll() is None:
        text = path.read_bytes()
        assert unpack(text, key_of(text)) is not None
        seen += 1
    assert writer.returncode == 0
    assert seen > 0
    assert [entry.suffix for entry in (cache / "lossgraph").iterdir()] == [".json"]


def test_without_a_home_folder(place: tuple[Path, Path]) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in {"HOME", "LOSSGRAPH_CACHE", "XDG_CACHE_HOME"}}
    command = [sys.executable, "-c", PROGRAM, str(place[0])]
    for home in ({}, {"HOME": "/dev/null"}):
        done = subprocess.run(command, env={**environment, **home}, capture_output=True, text=True, check=False, timeout=60)
        assert (done.stdout, done.stderr) == ("1 One loss\n", "")


def test_the_cache_folder_is_the_one_that_was_named(place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LOSSGRAPH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    fresh(place[0])
    assert len(list((tmp_path / "xdg" / "lossgraph").iterdir())) == 1
    assert not place[1].exists()


def test_a_clone_without_links_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_module, "__file__", str(tmp_path / "catalog.py"))
    with pytest.raises(InputError, match=r"the catalogue is missing at .*_catalog; reinstall lossgraph"):
        catalog_folder()
    (tmp_path / "_catalog").write_text("../catalog", encoding="utf-8")
    with pytest.raises(InputError, match=r"made without symbolic links; run `git config core\.symlinks true`"):
        catalog_folder()


def test_our_own_catalogue_may_lie_in_a_read_only_place(tmp_path: Path) -> None:
    """Nothing is written beside the files: the folder's content and times stay as they are."""
    folder = catalog_folder()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if "certificates" not in path.parts}
    command = [sys.executable, "-c", "import lossgraph; lossgraph.load()"]
    done = subprocess.run(command, env={**os.environ, "LOSSGRAPH_CACHE": str(tmp_path)}, check=False, timeout=120)
    assert done.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert set(before) == {path for path in folder.rglob("*") if "certificates" not in path.parts}
