"""Are the methods of minimisation that are said to apply those that the proved properties allow, and do they do on small problems what is said?"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

import lossgraph
import lossgraph.torch
from lossgraph.methods import methods_for
from lossgraph.model import InputError, UnknownNameError

CATALOG = lossgraph.load()
VIEWS = [(loss.id, view.name) for loss in CATALOG for view in loss.views]


@pytest.mark.parametrize(("loss", "view"), VIEWS, ids=lambda value: value)
def test_answers_are_read_off_the_verdicts(loss: str, view: str) -> None:
    for found in methods_for(CATALOG, loss, view):
        method = CATALOG.methods[found.method]
        asked = {name: CATALOG.holds(loss, name, view) for name in (*method.requires, *method.guarantees)}
        if found.applies:
            assert all(asked[name] is True for name in method.requires)
        if found.applies is False:
            assert any(asked[name] is False for name in method.requires)
        if found.global_minimum:
            assert method.guarantees
            assert all(asked.values())
        assert set(found.failing) == {name for name, holds in asked.items() if holds is False}
        assert set(found.undecided) == {name for name, holds in asked.items() if holds is None}


def answers(loss: str, view: str | None = None) -> dict[str, tuple[bool | None, bool | None]]:
    return {entry.method: (entry.applies, entry.global_minimum) for entry in methods_for(CATALOG, loss, view)}


def test_known_answers() -> None:
    squared, absolute, counted = answers("mse"), answers("mae"), answers("zero_one")
    assert squared["closed_form"] == squared["gradient_descent"] == (True, True)
    assert absolute["gradient_descent"] == (False, False)
    assert absolute["subgradient"] == (True, True)
    assert counted["subgradient"] == counted["gradient_descent"] == (False, False)
    assert counted["zeroth_order"] == (True, False)
    assert answers("tta_total")["gradient_descent"] == (None, None)  # without a formula nothing is decided
    assert answers("tta_total")["derivative_free"] == (True, False)


def test_searches_promise_nothing_and_kinds_name_methods() -> None:
    for method in CATALOG.methods.values():
        assert method.references
        assert method.limits
        assert method.kind_of is None or method.kind_of in CATALOG.methods
    assert not any(entry.global_minimum for loss, _ in VIEWS for entry in methods_for(CATALOG, loss) if entry.method in {"derivative_free", "zeroth_order"})


@pytest.mark.parametrize("name", [loss for loss, view in VIEWS if view == CATALOG[loss].views[0].name and CATALOG[loss].views[0].variables.keys() == {"r"}])
def test_where_gradient_descent_is_sure_it_finds_the_minimum(name: str) -> None:
    """Small steps in one residual end no higher than the best of a grid, unless the infimum lies at infinity."""
    if not answers(name)["gradient_descent"][1] or not CATALOG.holds(name, "bounded_below"):
        pytest.skip("nothing is promised")
    loss = lossgraph.torch.function(name)
    residual, zero = torch.tensor([2.0], dtype=torch.float64, requires_grad=True), torch.zeros(1, dtype=torch.float64)
    for step in (0.01, 0.0005):  # then smaller ones: a slope may change within a thousandth
        for _ in range(3000):
            (slope,) = torch.autograd.grad(loss(residual, zero), residual)
            residual = (residual - step * slope).detach().requires_grad_()
    grid = torch.linspace(-5, 5, 201, dtype=torch.float64)
    assert float(loss(residual, zero).detach()) <= float(loss(grid, torch.zeros_like(grid), reduction="none").min()) + 1e-3


def test_wrong_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        methods_for(CATALOG, "hubber")
    with pytest.raises(InputError, match='no view "logit"'):
        methods_for(CATALOG, "huber", "logit")


def test_show_says_which_methods_apply() -> None:
    def shown(*arguments: str) -> str:
        done = subprocess.run([sys.executable, "-m", "lossgraph", "show", *arguments], capture_output=True, text=True, timeout=120, check=True)
        return done.stdout

    words = " ".join(shown("mae").split())
    assert "to the best subgradient method" in words
    assert "gradient descent (not differentiable)" in words
    listed = {entry["method"]: entry for entry in json.loads(shown("mae", "--json"))["views"][0]["methods"]}
    assert listed["subgradient"]["global_minimum"] is True
    assert listed["gradient_descent"]["failing"] == ["differentiable"]


def test_metrics_have_their_edges() -> None:
    edges = {(source, target, data["type"], data["status"]) for source, target, data in CATALOG.graph.edges(data=True) if target.startswith("metric:")}
    assert ("rmse", "metric:rmse", "used_with", "stated") in edges
    assert ("lambda_loss", "metric:ndcg", "surrogate_of", "stated") in edges
    assert ("hinge", "metric:classification_error", "surrogate_of", "proved") in edges
    proved = {source for source, _, kind, status in edges if kind == "surrogate_of" and status == "proved"}
    assert proved == {loss.id for loss in CATALOG if CATALOG.holds(loss.id, "classification_calibrated")}
    assert "perceptron" not in proved
