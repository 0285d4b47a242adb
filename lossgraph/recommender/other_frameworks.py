"""Snippets for scikit-learn, XGBoost and LightGBM, for the losses that these have built in; each runs as it stands.

A constructor names the loss's parameters in braces; each is filled with the value that was set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NUMBERS = "target = rng.normal(size=300)  # your target"
COUNTS = "target = rng.poisson(2.0, size=300).astype(float)  # your target: counts"
AMOUNTS = "target = rng.gamma(2.0, size=300) + 0.1  # your target: positive"
CLAIMS = "target = rng.gamma(2.0, size=300) * (rng.random(300) < 0.4)  # your target: amounts, many of them zero"
SHARES = "target = rng.random(300)  # your target: between 0 and 1"
TWO = "target = (rng.random(300) < 0.3).astype(int)  # your labels: 0 or 1"
SEVERAL = "target = rng.integers(0, 3, size=300)  # your labels: the index of the class"
GRADES = "target = rng.integers(0, 5, size=300)  # your relevance labels, 0 to 4"
TIMES = "target = rng.exponential(5.0, size=300) * np.where(rng.random(300) < 0.6, 1, -1)  # your times, negative where they are censored"


@dataclass(frozen=True)
class Model:
    """How a library fits a loss: what is imported, the target, the constructor, and what `fit` takes beside features and target."""

    imports: str
    target: str
    constructor: str
    fit: str = ""


def _sklearn(module: str, call: str, target: str) -> Model:
    return Model(f"from sklearn.{module} import {call.split('(', 1)[0]}", target, call)


def _boosted(library: str, sort: str, inside: str, target: str, fit: str = "") -> Model:
    name = f"{'XGB' if library == 'xgboost' else 'LGBM'}{sort}"
    key = "objective=" if inside else ""
    return Model(f"from {library} import {name}", target, f"{name}({key}{inside}, n_estimators=50)", fit)


def _xgb(sort: str, inside: str, target: str, fit: str = "") -> Model:
    return _boosted("xgboost", sort, inside, target, fit)


def _lgbm(sort: str, inside: str, target: str, fit: str = "") -> Model:
    return _boosted("lightgbm", sort, inside, target, fit)


_TREES = "ensemble"
MODELS: dict[tuple[str, str], Model] = {
    ("scikit_learn", "mse"): _sklearn(_TREES, 'HistGradientBoostingRegressor(loss="squared_error")', NUMBERS),
    ("scikit_learn", "mae"): _sklearn(_TREES, 'HistGradientBoostingRegressor(loss="absolute_error")', NUMBERS),
    ("scikit_learn", "quantile"): _sklearn(_TREES, 'HistGradientBoostingRegressor(loss="quantile", quantile={tau})', NUMBERS),
    ("scikit_learn", "poisson_loss"): _sklearn(_TREES, 'HistGradientBoostingRegressor(loss="poisson")', COUNTS),
    ("scikit_learn", "gamma_nll"): _sklearn(_TREES, 'HistGradientBoostingRegressor(loss="gamma")', AMOUNTS),
    ("scikit_learn", "tweedie"): _sklearn("linear_model", 'TweedieRegressor(power={rho}, link="log")', CLAIMS),
    ("scikit_learn", "huber"): _sklearn("linear_model", "HuberRegressor(epsilon=1.35)  # in units of the scale that it estimates", NUMBERS),
    ("scikit_learn", "epsilon_insensitive"): _sklearn("svm", "LinearSVR(epsilon={epsilon})", NUMBERS),
    ("scikit_learn", "squared_epsilon_insensitive"): _sklearn("svm", 'LinearSVR(loss="squared_epsilon_insensitive", epsilon={epsilon})', NUMBERS),
    ("scikit_learn", "lasso"): _sklearn("linear_model", "Lasso(alpha=0.1)  # choose alpha by cross-validation: LassoCV", NUMBERS),
    ("scikit_learn", "ridge"): _sklearn("linear_model", "Ridge(alpha=1.0)  # choose alpha by cross-validation: RidgeCV", NUMBERS),
    ("scikit_learn", "mse+elastic_net"): _sklearn("linear_model", "ElasticNet(alpha=0.1, l1_ratio=0.5)  # ElasticNetCV chooses both", NUMBERS),
    ("scikit_learn", "binary_cross_entropy"): _sklearn(_TREES, "HistGradientBoostingClassifier()", TWO),
    ("scikit_learn", "weighted_cross_entropy"): _sklearn(_TREES, "HistGradientBoostingClassifier(class_weight={{0: 1.0, 1: {beta}}})", TWO),
    ("scikit_learn", "balanced_cross_entropy"): _sklearn(_TREES, 'HistGradientBoostingClassifier(class_weight="balanced")', TWO),
    ("scikit_learn", "categorical_cross_entropy"): _sklearn(_TREES, "HistGradientBoostingClassifier()", SEVERAL),
    ("scikit_learn", "hinge"): _sklearn("svm", 'LinearSVC(loss="hinge")', TWO),
    ("scikit_learn", "squared_hinge"): _sklearn("svm", 'LinearSVC(loss="squared_hinge")', TWO),
    ("scikit_learn", "modified_huber"): _sklearn("linear_model", 'SGDClassifier(loss="modified_huber")', TWO),
    ("scikit_learn", "logistic"): _sklearn("linear_model", "LogisticRegression()", TWO),
    ("scikit_learn", "exponential"): _sklearn(_TREES, 'GradientBoostingClassifier(loss="exponential")', TWO),
    ("xgboost", "mse"): _xgb("Regressor", '"reg:squarederror"', NUMBERS),
    ("xgboost", "mae"): _xgb("Regressor", '"reg:absoluteerror"', NUMBERS),
    ("xgboost", "quantile"): _xgb("Regressor", '"reg:quantileerror", quantile_alpha={tau}', NUMBERS),
    ("xgboost", "pseudo_huber"): _xgb("Regressor", '"reg:pseudohubererror", huber_slope={delta}', NUMBERS),
    ("xgboost", "rmsle"): _xgb("Regressor", '"reg:squaredlogerror"', AMOUNTS),
    ("xgboost", "poisson_loss"): _xgb("Regressor", '"count:poisson"', COUNTS),
    ("xgboost", "gamma_nll"): _xgb("Regressor", '"reg:gamma"', AMOUNTS),
    ("xgboost", "tweedie"): _xgb("Regressor", '"reg:tweedie", tweedie_variance_power={rho}', CLAIMS),
    ("xgboost", "cox_partial_likelihood"): _xgb("Regressor", '"survival:cox"', TIMES),
    ("xgboost", "binary_cross_entropy"): _xgb("Classifier", '"binary:logistic"', TWO),
    ("xgboost", "weighted_cross_entropy"): _xgb("Classifier", '"binary:logistic", scale_pos_weight={beta}', TWO),
    ("xgboost", "categorical_cross_entropy"): _xgb("Classifier", '"multi:softprob"', SEVERAL),
    ("xgboost", "hinge"): _xgb("Classifier", '"binary:hinge"', TWO),
    ("xgboost", "lambda_loss"): _xgb("Ranker", '"rank:ndcg"', GRADES, "qid=np.repeat(np.arange(30), 10)"),
    ("xgboost", "ranknet"): _xgb("Ranker", '"rank:pairwise"', GRADES, "qid=np.repeat(np.arange(30), 10)"),
    ("lightgbm", "mse"): _lgbm("Regressor", '"regression"', NUMBERS),
    ("lightgbm", "mae"): _lgbm("Regressor", '"regression_l1"', NUMBERS),
    ("lightgbm", "quantile"): _lgbm("Regressor", '"quantile", alpha={tau}', NUMBERS),
    ("lightgbm", "huber"): _lgbm("Regressor", '"huber", alpha={delta}', NUMBERS),
    ("lightgbm", "fair"): _lgbm("Regressor", '"fair"', NUMBERS),
    ("lightgbm", "mape"): _lgbm("Regressor", '"mape"', AMOUNTS),
    ("lightgbm", "poisson_loss"): _lgbm("Regressor", '"poisson"', COUNTS),
    ("lightgbm", "gamma_nll"): _lgbm("Regressor", '"gamma"', AMOUNTS),
    ("lightgbm", "tweedie"): _lgbm("Regressor", '"tweedie", tweedie_variance_power={rho}', CLAIMS),
    ("lightgbm", "binary_cross_entropy"): _lgbm("Classifier", '"binary"', TWO),
    ("lightgbm", "weighted_cross_entropy"): _lgbm("Classifier", '"binary", scale_pos_weight={beta}', TWO),
    ("lightgbm", "categorical_cross_entropy"): _lgbm("Classifier", '"multiclass"', SEVERAL),
    ("lightgbm", "lambda_loss"): _lgbm("Ranker", '"lambdarank"', GRADES, "group=[10] * 30"),
    ("lightgbm", "listwise"): _lgbm("Ranker", '"rank_xendcg"', GRADES, "group=[10] * 30"),
}
_BOUNDED: dict[str, Model] = {  # cross-entropy against proportions: an objective of its own where there is one
    "xgboost": _xgb("Regressor", '"reg:logistic"', SHARES),
    "lightgbm": _lgbm("Regressor", '"cross_entropy"', SHARES),
}


def foreign_snippet(framework: str, loss: str, parameters: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """The code for a loss in a library other than PyTorch, or None where the library does not have it built in."""
    model = MODELS.get((framework, loss))
    if known.get("bounded") and loss == "binary_cross_entropy":
        model = _BOUNDED.get(framework)
    if model is None or (known.get("multilabel") and loss in {"binary_cross_entropy", "weighted_cross_entropy"}):
        return None
    listed = next((name for name, value in parameters.items() if isinstance(value, list) and f"{{{name}}}" in model.constructor), None)
    features = "features = rng.normal(size=(300, 5))  # your table"
    lines = ["import numpy as np", model.imports, "", "rng = np.random.default_rng(0)", features, model.target]
    fit = f", {model.fit}" if model.fit else ""
    if listed is None:
        constructor = model.constructor.format(**parameters)
        return "\n".join([*lines, f"model = {constructor}", f"model.fit(features, target{fit})", "prediction = model.predict(features)"])
    constructor = model.constructor.format(**{**parameters, listed: "level"})
    predicted = f"prediction = np.stack([one.fit(features, target{fit}).predict(features) for one in models])"
    return "\n".join([*lines, f"models = [{constructor} for level in {parameters[listed]}]", predicted])
