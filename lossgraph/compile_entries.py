"""What every part of the compilation shares: a YAML file as plain data, entries validated against the model, and problems put into words."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# (YAML has no types until it is validated)

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lossgraph import model
from lossgraph.compile_cards import near
from lossgraph.yaml_files import YamlError, read_yaml


def show(folder: Path, path: Path) -> str:
    """A file as messages name it."""
    return f"catalog/{path.relative_to(folder).as_posix()}"


def plain(path: Path, shown: str, problems: list[str]) -> Any:
    """What a YAML file holds; {} where there is none or nothing, or where it cannot be read, which is reported under the name that is `shown`."""
    if not path.exists():
        return {}
    try:
        return read_yaml(path) or {}
    except YamlError as error:
        problems.append(f"{shown}: {error}")
        return {}


def validated(cls: type, entries: Mapping[str, Any], where: str, problems: list[str]) -> dict[str, Any]:
    """Each entry as an instance of `cls`; what does not fit is reported and left out."""
    from pydantic import TypeAdapter, ValidationError

    adapter: TypeAdapter[Any] = TypeAdapter(cls)
    found: dict[str, Any] = {}
    for name, entry in entries.items():
        try:
            found[name] = adapter.validate_python(entry)
        except ValidationError as error:
            problems += [f"{where}: {name}{place(one['loc'])}: {reason(one, cls)}" for one in error.errors()]
    return found


def place(location: tuple[Any, ...]) -> str:
    """`.relations[1].target`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)


def reason(error: Mapping[str, Any], cls: type) -> str:
    """A problem that pydantic found, in words."""
    if error["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return f'no such key{near(error["loc"][-1], _keys(cls, inside=len(error["loc"]) > 1))}'
    if error["type"] in {"missing", "missing_argument"}:
        return "this key is missing"
    value = repr(error.get("input"))
    return f"{error['msg']}, not {value if len(value) < 80 else value[:77] + '...'}"


def _keys(cls: type, *, inside: bool) -> set[str]:
    """The keys that may have been meant: those of the entry, or, inside of it, those of any part of the model."""
    classes = vars(model).values() if inside else (cls,)
    return {name for one in classes for name in getattr(one, "__dataclass_fields__", {}) if not name.startswith("_")}
