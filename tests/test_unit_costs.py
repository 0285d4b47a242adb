"""Which error costs more, read from what each costs."""

from __future__ import annotations

import pytest

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
