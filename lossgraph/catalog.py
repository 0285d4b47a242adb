"""The catalogue as users hold it: load it (fast, from the compiled cache), look losses up, filter them by task and proved property.

`load()` compiles the YAML only when a file changed; the compiled catalogue is one file in the user's cache folder, keyed by the path, sizes and
times of the sources and by our version, and written by an atomic rename. A damaged or unwritable cache costs time, never an error.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossgraph import cache, model, vocabulary
from lossgraph.build import build
from lossgraph.model import Edge, InputError, Loss, UnknownNameError, Verdict

if TYPE_CHECKING:
    import networkx

VERSION = "0.1.0"
_loaded: dict[Path, Catalog] = {}
_COMPILERS = (
    "compile.py", "compile_cards.py", "compile_claims.py", "compile_lexicon.py", "compile_rules.py", "compile_vocabularies.py", "model.py", "vocabulary.py",
    "words.py", "compile_entries.py", "compile_likeness.py", "compile_cases.py", "cache.py", "conditions.py",
)  # fmt: skip


class Catalog:
    """All losses, the vocabularies, and what is proved. Iterating gives the losses in order of id; indexing takes an id or an alias."""

    def __init__(self, data: Mapping[str, Any], folder: Path) -> None:
        self.data = data
        self.folder = folder
        self._losses: dict[str, Loss] = {}
        self._lineages: dict[str, tuple[str, ...]] = {}
        self._families: dict[str, str] = {}
        self._kinds: dict[str, tuple[str, ...]] = {}

    def __repr__(self) -> str:
        return f"<Catalog of {len(self)} losses>"

    def __len__(self) -> int:
        return len(self.data["losses"])

    def __iter__(self) -> Iterator[Loss]:
        return (self._loss(name) for name in self.data["losses"])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and len(self._meant(name)) == 1

    def __getitem__(self, name: str) -> Loss:
        """The loss with this id, name or alias. Raises `UnknownNameError` with near misses, or listing the losses that share the alias."""
        return self._loss(self.resolve(name))

    def resolve(self, name: str) -> str:
        """The id that `name` (an id, a name or an alias, in any case) stands for."""
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a loss is looked up by its id as text, not by {name!r}")
        meant = self._meant(name)
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise UnknownNameError(f'"{name}" is used for {len(meant)} losses: {", ".join(meant)}; say which by its id')
        raise UnknownNameError(f'no loss "{name}"{near_names(name, self.data["names"])}; `lossgraph list` shows all')

    def _meant(self, name: str) -> list[str]:
        return [name] if name in self.data["losses"] else self.data["names"].get("_".join(name.lower().replace("-", " ").replace("_", " ").split()), [])

    def _loss(self, name: str) -> Loss:
        if name not in self._losses:
            self._losses[name] = build(Loss, self.data["losses"][name])
        return self._losses[name]

    @cached_property
    def tasks(self) -> dict[str, model.Task]:
        """The tasks of tasks.yaml, by id."""
        return self._vocabulary("tasks", model.Task)

    @cached_property
    def strategies(self) -> dict[str, model.Strategy]:
        """The strategies of strategies.yaml, by id."""
        return self._vocabulary("strategies", model.Strategy)

    @cached_property
    def properties(self) -> dict[str, model.Property]:
        """The properties of properties.yaml, by id."""
        return self._vocabulary("properties", model.Property)

    @cached_property
    def relation_types(self) -> dict[str, model.RelationType]:
        """The relation types of relations.yaml, by id."""
        return self._vocabulary("relations", model.RelationType)

    @cached_property
    def metrics(self) -> dict[str, model.Metric]:
        """The metrics of metrics.yaml, by id."""
        return self._vocabulary("metrics", model.Metric)

    @cached_property
    def references(self) -> dict[str, model.Reference]:
        """The references of references.yaml, by id."""
        return self._vocabulary("references", model.Reference)

    @cached_property
    def methods(self) -> dict[str, model.Method]:
        """The ways to minimise a loss of methods.yaml, by id."""
        return self._vocabulary("methods", model.Method)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every relation between losses, once, in the direction of the card that states it."""
        return tuple(
            build(Edge, {key: value for key, value in edge.items() if key in Edge.__dataclass_fields__}) for edge in self.data["edges"]
        )

    @cached_property
    def claims(self) -> tuple[model.SourceClaim, ...]:
        """What publications say of our losses, to be audited."""
        return tuple(build(model.SourceClaim, claim) for claim in self.data["claims"])

    @cached_property
    def sources(self) -> dict[str, model.Source]:
        """The publications and libraries whose claims are audited, by id."""
        return self._vocabulary("sources", model.Source)

    def _vocabulary(self, name: str, cls: type[Any]) -> dict[str, Any]:
        return {key: build(cls, entry) for key, entry in self.data[name].items()}

    def kinds(self, root: str) -> tuple[str, ...]:
        """A most general task, and everything that is a kind of it."""
        if root not in self._kinds:
            self._kinds[root] = tuple(name for name in self.tasks if self.family(name) == root)
        return self._kinds[root]

    def verdicts(self, name: str, view: str | None = None) -> dict[str, Verdict]:
        """What is proved of a loss in one view (the first unless named), by property; {} where nothing was verified."""
        identifier = self.resolve(name)
        views = self.data["verdicts"].get(identifier, {})
        chosen = view or next((entry["name"] for entry in self.data["losses"][identifier]["views"]), "")
        return {key: build(Verdict, entry) for key, entry in views.get(chosen, {}).items()}

    def holds(self, name: str, property: str, view: str | None = None) -> bool | None:
        """Whether the property is proved for every allowed parameter (True), fails for some (False), or is undecided (None)."""
        if property not in self.data["properties"]:
            raise UnknownNameError(f'no property "{property}"{near_names(property, self.data["properties"])}')
        structural = self.data["losses"][self.resolve(name)]["structure"]
        if property in structural:
            return structural[property]
        verdict = self.verdicts(name, view).get(property)
        return None if verdict is None else verdict.holds

    def find(
        self, *, task: str | None = None, strategy: str | None = None, kind: str | None = None, having: Iterable[str] = (), lacking: Iterable[str] = ()
    ) -> list[Loss]:
        """The losses of a task (subtasks included), strategy and kind, for which one view proves all of `having` and refutes all of `lacking`."""
        wanted, unwanted = _as_list(having), _as_list(lacking)
        for name, known, what in ((task, self.tasks, "task"), (strategy, self.strategies, "strategy")):
            if name is not None and name not in known:
                raise UnknownNameError(f'no {what} "{name}"{near_names(name, known)}; there are {", ".join(known)}')
        for name in (*wanted, *unwanted):
            if name not in self.data["properties"]:
                raise UnknownNameError(f'no property "{name}"{near_names(name, self.data["properties"])}')
        kinds = ("loss", "component", "composite", "regulariser", "transform", "framework")
        if kind is not None and kind not in kinds:
            raise UnknownNameError(f'no kind "{kind}"{near_names(kind, kinds)}; there are {", ".join(kinds)}')
        tasks = None if task is None else {name for name in self.tasks if task in self.lineage(name)}
        found = (loss for loss in self if (tasks is None or tasks & set(loss.tasks)) and strategy in (None, loss.strategy) and kind in (None, loss.kind))
        return [loss for loss in found if self._proves(loss, wanted, unwanted)]

    def lineage(self, task: str) -> tuple[str, ...]:
        """The task itself and everything that it is a kind of, the most general last."""
        if task not in self._lineages:
            self._lineages[task] = vocabulary.lineage(task, {name: entry["parent"] for name, entry in self.data["tasks"].items()})
        return self._lineages[task]

    def family(self, task: str) -> str:
        """The most general task that `task` is a kind of."""
        if task not in self._families:
            self._families[task] = self.lineage(task)[-1]
        return self._families[task]

    def _proves(self, loss: Loss, having: list[str], lacking: list[str]) -> bool:
        if not having and not lacking:
            return True
        views: list[str | None] = [view.name for view in loss.views] or [None]
        return any(
            all(self.holds(loss.id, name, view) is True for name in having) and all(self.holds(loss.id, name, view) is False for name in lacking)
            for view in views
        )

    @cached_property
    def graph(self) -> networkx.MultiDiGraph[str]:
        """Losses, tasks, strategies, properties and metrics as one networkx MultiDiGraph (see `lossgraph.graph`)."""
        from lossgraph.graph import build_graph

        return build_graph(self)

    def path(self, source: str, target: str) -> Any:
        """The best chain of relations between two losses (see `lossgraph.graph.shortest_path`)."""
        from lossgraph.graph import shortest_path

        return shortest_path(self, source, target)

    def related(self, name: str, type: str | None = None) -> Any:
        """The edges at a loss, read from it, of one relation type or of all (see `lossgraph.graph.neighbours`)."""
        from lossgraph.graph import neighbours

        return neighbours(self, name, type)


def near_names(name: str, known: Iterable[str]) -> str:
    """`; did you mean "huber"?`, or nothing where no known name is close."""
    from difflib import get_close_matches

    found = get_close_matches(name.lower(), list(known), 1, 0.5)
    return f'; did you mean "{found[0]}"?' if found else ""


def _as_list(names: Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def catalog_folder() -> Path:
    """Where the catalogue's files lie. Raises `InputError` where the link to them is a plain file (a clone made without symbolic links)."""
    link = Path(__file__).resolve().parent / "_catalog"
    if link.is_file():
        raise InputError(f"{link} should be a link to the catalog folder but is a plain file: this clone was made without symbolic links; "
                         "run `git config core.symlinks true` and `git checkout -- lossgraph`, or install the wheel")  # fmt: skip
    if not link.is_dir():
        raise InputError(f"the catalogue is missing at {link}; reinstall lossgraph")
    return link.resolve()


def load(folder: str | os.PathLike[str] | None = None) -> Catalog:
    """The catalogue: ours, or the one under `folder`. Raises `CatalogError` listing every problem in its files."""
    path = catalog_folder() if folder is None else Path(folder).resolve()
    if not path.is_dir():
        raise InputError(f"no catalogue folder at {path}")
    key = _key(path)
    known = _loaded.get(path)
    if known is not None and known.data["key"] == key:
        return known
    data = cache.read(path, key)
    if data is None:
        from lossgraph.compile import compile_catalog

        text = cache.pack(compile_catalog(path), key)
        cache.write(path, text)
        data = cache.unpack(text, key)  # through the text, so that a cold start gives exactly what a warm one reads
        assert data is not None
    _loaded[path] = Catalog(data, path)
    return _loaded[path]


def _key(folder: Path) -> str:
    """A fingerprint of the sources: every file's path, size and time, our version, and the size and time of the code that compiles."""
    code = [status for path in _COMPILERS if (status := _stamp(os.path.join(os.path.dirname(__file__), path)))]  # noqa: PTH118, PTH120 (pathlib is slower)
    lines = [VERSION, f"{sys.version_info.major}.{sys.version_info.minor}", str(folder), *code, *sorted(_stamps(str(folder)))]
    written = "\n".join(lines).encode()
    return f"{len(written)}-{zlib.crc32(written):08x}-{zlib.adler32(written):08x}"  # against chance, not against malice; hashlib is slow to import


def _stamp(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return ""
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def _stamps(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    yield from _stamps(entry.path)
                elif entry.name.endswith((".yaml", ".json")):
                    status = entry.stat()
                    yield f"{entry.path} {status.st_size} {status.st_mtime_ns}"
    except FileNotFoundError:  # removed while we look, as when a certificate is being replaced; the stamp of the next load tells
        return
    except OSError as error:
        raise InputError(f"the catalogue folder {folder} cannot be read: {error.strerror or error}") from None
