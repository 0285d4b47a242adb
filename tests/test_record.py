"""`record` makes what `dataclass(frozen=True)` makes: values that compare, hash and show themselves by what they hold, and do not change."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, dataclass, field, replace

import pytest

from lossgraph.record import record


@record
class Mine:
    """Ours."""

    name: str
    parts: tuple[int, ...] = field(default_factory=tuple[int, ...])


@dataclass(frozen=True)
class Usual:
    """The standard library's."""

    name: str
    parts: tuple[int, ...] = field(default_factory=tuple[int, ...])


def test_equal_values_are_equal_and_hash_alike() -> None:
    assert Mine("a", (1,)) == Mine("a", (1,))
    assert hash(Mine("a", (1,))) == hash(Mine("a", (1,)))
    assert Mine("a") != Mine("b")
    assert len({Mine("a"), Mine("a"), Mine("b")}) == 2
    assert Mine("a") != Usual("a")


def test_it_shows_itself_and_is_taken_apart_as_usual() -> None:
    assert repr(Mine("a", (1,))) == repr(Usual("a", (1,))).replace("Usual", "Mine")
    assert asdict(replace(Mine("a"), parts=(2,))) == asdict(Usual("a", (2,)))


def test_it_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Mine("a").name = "b"  # pyright: ignore[reportAttributeAccessIssue] (frozen: that is what is tested)


def test_its_constructor_is_that_of_a_dataclass() -> None:
    """It is made when it is first called, by this test for a class of its own."""

    @record
    class Checked:
        size: int
        name: str = "x"
        parts: list[int] = field(default_factory=list[int])
        values: tuple[int, ...] = (1,)  # a name that the constructor itself might want

        def __post_init__(self) -> None:
            if self.size < 0:
                raise ValueError("negative")

    with pytest.raises(TypeError, match="unexpected keyword argument 'width'"):
        Checked(width=1)  # pyright: ignore[reportCallIssue] (what is tested)
    with pytest.raises(ValueError, match="negative"):
        Checked(-1)
    one, other = Checked(1), Checked(1)
    assert (one.size, one.name, one.parts, one.values) == (1, "x", [], (1,))
    assert one.parts is not other.parts
