"""Functions that remember what they confirmed: the proofs of several properties of one formula share most of their claims, and each is confirmed once.

Only pure functions are wrapped. The key is all of the arguments, so what holds on one space is not taken to hold on another; parts of a certificate
(mappings and lists) count by what is written in them, to the letter. What raises is not remembered, and the least recently used is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Written:
    """A part of a certificate, equal to another that is written alike."""

    __slots__ = ("part", "text")

    def __init__(self, part: Any) -> None:
        self.part, self.text = part, repr(part)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and self.text == other.text


def remembered(most: int) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """A decorator: the function with its last `most` results kept."""
    def wrap(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @lru_cache(maxsize=most, typed=True)
        def kept(*arguments: Any, **named: Any) -> Any:
            plain = (argument.part if isinstance(argument, Written) else argument for argument in arguments)
            return function(*plain, **named)  # pyright: ignore[reportCallIssue]

        @wraps(function)
        def asked(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            return kept(*(Written(argument) if isinstance(argument, (Mapping, list)) else argument for argument in arguments), **named)

        return asked

    return wrap
