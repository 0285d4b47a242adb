"""Which error costs more, read from what each costs; how wide a range of numbers is."""

from __future__ import annotations

import pytest

from lossgraph.recommender.quantities import read_range
from lossgraph.recommender.unit_costs import read_unit_costs


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Throwing one away costs us 0.60, being sold out loses 2.40 margin.", "underestimate"),
        ("one croissant too few means losing 1.80 profit, one too many costs 45 cents", "underestimate"),
        ("leftover bread costs 1 euro, a shortage costs 20 cents", "overestimate"),
        ("a shortage is billed at $4k, surplus at $900 a unit", "underestimate"),
        ("Too short a slot delays the afternoon, too long a slot idles one agent. The first is about four times worse.", "underestimate"),
        ("Too short a slot delays the afternoon, too long a slot idles one agent. The latter is about four times worse.", "overestimate"),
    ],
)
def test_the_dearer_error_is_read(text: str, value: str) -> None:
    assert read_unit_costs(text)["costly_error"].value == value


@pytest.mark.parametrize(
    "text",
    [
        "too high by 3 percent or too low by 5 percent",
        "one too few costs 2 euros and one too many costs 2 euros",
        "being sold out loses 2.40 margin",
        "the first model is four times worse",
        "missing values in 12 columns, too many of 40 features",
        "",
    ],
)
def test_nothing_is_read_where_prices_do_not_tell(text: str) -> None:
    assert not read_unit_costs(text)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("products sell 30 to 300000 units", 1e4),
        ("cost centres between 1k and 40M per month", 4e4),
        ("salaries, 20k to 2M.", 100.0),
        ("from 3 MW to 900 MW", 300.0),
    ],
)
def test_a_range_is_read(text: str, times: float) -> None:
    found = read_range(text)
    assert found is not None
    assert found[0] == pytest.approx(times)


@pytest.mark.parametrize("text", ["4 classes and 5000 images", "0 to 4000", "one number", ""])
def test_no_range_is_read(text: str) -> None:
    assert read_range(text) is None
