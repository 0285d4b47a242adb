"""Does every snippet for scikit-learn, XGBoost and LightGBM run, and does the advice name these where they are used?"""

from __future__ import annotations

from typing import Any

import pytest

import lossgraph
from lossgraph.recommender.advise import book
from lossgraph.recommender.composing import NAMES
from lossgraph.recommender.other_frameworks import MODELS, foreign_snippet
from lossgraph.recommender.parameters import defaults

MODULES = {"scikit_learn": "sklearn", "xgboost": "xgboost", "lightgbm": "lightgbm"}
VALUES: dict[str, Any] = {"tau": 0.9, "rho": 1.5, "delta": 1.0, "epsilon": 0.1, "beta": 4.0}


def run(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(code, "snippet", "exec"), names)
    return names["prediction"]


@pytest.mark.parametrize(("framework", "loss"), MODELS, ids=["-".join(key) for key in MODELS])
def test_snippet_runs(framework: str, loss: str) -> None:
    numpy = pytest.importorskip("numpy")
    pytest.importorskip(MODULES[framework])
    known = {} if "+" in loss else defaults(lossgraph.load(), loss)
    code = foreign_snippet(framework, loss, {**VALUES, **known}, {})
    assert code is not None
    prediction = run(code)
    assert len(prediction) == 300
    assert numpy.isfinite(prediction).all()


@pytest.mark.parametrize("framework", MODULES)
def test_both_ends_of_an_interval_are_fitted(framework: str) -> None:
    pytest.importorskip(MODULES[framework])
    answer = lossgraph.recommend(task="quantile_regression", interval=0.9, framework=framework)
    assert answer.recommendations[0].loss == "quantile"
    assert run(answer.recommendations[0].code).shape == (2, 300)


@pytest.mark.parametrize("framework", ["xgboost", "lightgbm"])
def test_proportions_have_an_objective_of_their_own(framework: str) -> None:
    pytest.importorskip(MODULES[framework])
    answer = lossgraph.recommend(task="regression", bounded=True, framework=framework, top=9)
    code = next(one.code for one in answer.recommendations if one.loss == "binary_cross_entropy")
    prediction = run(code)
    assert prediction.min() >= 0
    assert prediction.max() <= 1


def test_a_loss_that_the_library_lacks_is_said() -> None:
    answer = lossgraph.recommend(task="regression", outlier_share=0.3, framework="xgboost")
    assert any(one.code.startswith("# XGBoost does not have this loss built in") for one in answer.recommendations)


def test_rules_prefer_just_what_can_be_written() -> None:
    for framework in NAMES:
        rule = next(rule for rule in book().rules if rule.id == f"built_into_{framework}")
        assert set(rule.losses) == {loss for name, loss in MODELS if name == framework}
