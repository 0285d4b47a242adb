"""`record`: the decorator of the frozen dataclasses that every start makes.

It is `dataclass(frozen=True)`, without the functions that are written and compiled for each class: comparison, hash, representation and freezing are common to
all, and the constructor is made when a class is first called. That saves most of the time that forty classes take whenever the command starts.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


def _values(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__match_args__)


def _same(self: Any, other: object) -> bool:
    return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _written(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__match_args__)})"


def _set(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _constructed_first(cls: Any) -> Any:
    """What stands for the constructor of a record until it is first called; then it is written and compiled."""

    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        cls.__init__ = _constructor(cls)
        cls.__init__(self, *args, **kwargs)

    return construct


def _constructor(cls: Any) -> Any:
    """What `dataclass` would write: a parameter a field, with its default, and `__post_init__` at the end where there is one."""
    assert all(one.init and not one.kw_only for one in fields(cls)), f"{cls.__name__}: a record takes all of its fields by place"
    names: dict[str, Any] = {"_unset": MISSING}
    head, body = ["self"], ["_into = self.__dict__"]
    for one in fields(cls):
        value = one.name
        if one.default_factory is not MISSING:
            names[f"_make_{one.name}"] = one.default_factory
            head.append(f"{one.name}=_unset")
            value = f"_make_{one.name}() if {one.name} is _unset else {one.name}"
        elif one.default is not MISSING:
            names[f"_default_{one.name}"] = one.default
            head.append(f"{one.name}=_default_{one.name}")
        else:
            head.append(one.name)
        body.append(f"_into['{one.name}'] = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    exec(f"def {cls.__name__}({', '.join(head)}):\n " + "\n ".join(body), names)
    return names[cls.__name__]  # so called, an error about its arguments names the class


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Makes a frozen dataclass of `cls`, equal to one of the same class and values."""
    made: Any = dataclass(init=False, eq=False, repr=False)(cls)
    made.__eq__, made.__hash__, made.__repr__, made.__setattr__, made.__delattr__ = _same, _hash, _written, _set, _delete
    made.__init__ = _constructed_first(made)
    return made
