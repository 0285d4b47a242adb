"""What the checker remembers: nothing of one space is taken to hold on another, a changed certificate is read anew, and memory is bounded."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from lossgraph.checker import check, uncollected
from lossgraph.checker.expression import ONE, ZERO, Unreadable, number, parse
from lossgraph.checker.remembered import remembered
from lossgraph.checker.signs import check_sign, equal
from lossgraph.checker.space import OO, Interval, Space


def test_a_sign_on_one_space_is_not_one_on_another() -> None:
    proof = {"kind": "structure", "sign": "+"}
    positive, negative, all_of_it = (Space((("x", interval),)) for interval in (Interval(ZERO, OO), Interval(number(-2), number(-1)), Interval()))
    for _ in range(2):  # the second time from memory
        assert check_sign(parse("x"), "+", proof, positive)
        assert not check_sign(parse("x"), "+", proof, negative)
        assert not check_sign(parse("x"), "+", proof, all_of_it)
        assert equal(parse("log(x*y)"), parse("log(x) + log(y)"), Space((("x", Interval(ZERO, OO)), ("y", Interval(ZERO, OO)))))
        assert not equal(parse("log(x*y)"), parse("log(x) + log(y)"), Space((("x", Interval()), ("y", Interval()))))


def test_equal_spaces_hash_alike_and_others_differ() -> None:
    one, same, other = (Space((("x", Interval(ZERO, upper)),)) for upper in (ONE, number(1), number(2)))
    assert hash(one) == hash(same)
    assert one == same
    assert one != other
    assert one.positive() == frozenset({"x"})
    assert one.narrowed("x", Interval()).positive() == frozenset()


def test_a_part_that_was_changed_in_place_is_read_anew() -> None:
    asked: list[str] = []

    @remembered(3)
    def read(part: dict[str, Any], name: str) -> str:
        asked.append(name)
        if part["a"] == "bad":
            raise Unreadable("bad")
        return str(part["a"])

    part: dict[str, Any] = {"a": 1}
    assert [read(part, "x"), read({"a": 1}, "x"), read(part, "y")] == ["1", "1", "1"]
    assert asked == ["x", "y"]
    part["a"] = True  # equal to 1, and not the same text
    assert read(part, "x") == "True"
    part["a"] = "bad"
    for _ in range(2):
        with pytest.raises(Unreadable):
            read(part, "x")
    assert asked == ["x", "y", "x", "x", "x"]
    for name in "abcd":
        read({"a": 1}, name)
    asked.clear()
    read({"a": 1}, "x")
    assert asked == ["x"]  # forgotten: no more than three are kept


def test_a_changed_certificate_is_refused_after_the_true_one_was_confirmed() -> None:
    point: dict[str, Any] = {"kind": "witness_convexity", "parameters": {}, "points": ["-1", "0", "1"]}
    question: dict[str, Any] = {"format": 1, "property": "convex", "expression": "-r**2", "variables": "r", "domain": "r: real", "parameters": "", "roles": {}}
    certificate: dict[str, Any] = {**question, "holds": False, "status": "refuted", "constant": None, "proof": point}
    assert check(certificate)
    assert not check({**certificate, "expression": "r**2"})
    point["points"] = ["-1", "1/2", "1"]
    assert not check(certificate)


def test_the_search_for_cycles_is_as_it_was_after_a_check() -> None:
    assert gc.isenabled()
    check({"format": 1})
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
