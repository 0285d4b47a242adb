"""Our losses against scikit-learn's: its metrics, the private losses that its estimators minimise, and the coefficients that these find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

import lossgraph

from .comparing import BITS, POSITIVE, PREDICTION, SIGNS, TARGET, Comparison, Table, close, draw, ours

FEATURES = draw(60, 3)
OUTCOMES = FEATURES @ torch.tensor([1.0, -2.0, 0.3], dtype=torch.float64) + draw(60)


def _sklearn() -> Any:
    import sklearn.linear_model
    import sklearn.metrics
    import sklearn.svm

    return sklearn


def _metric(name: str, metric: str, *inputs: torch.Tensor, **parameters: Any) -> Comparison:
    """The mean (or the one number of a coupled loss) equals sklearn.metrics' value; its arguments are (y_true, y_pred)."""

    def compare() -> None:
        theirs = getattr(_sklearn().metrics, metric)(inputs[1].numpy(), inputs[0].numpy(), **{_ALIAS.get(key, key): value for key, value in parameters.items()})
        assert ours(name, *inputs, reduction="mean", **parameters).item() == pytest.approx(theirs)

    return compare


_ALIAS = {"tau": "alpha"}


def _private(name: str, make: Callable[[Any], Any], target: torch.Tensor, coded: torch.Tensor, **parameters: Any) -> Comparison:
    """Equals the loss object that sklearn's estimator minimises, up to a constant of the target where `make` says so."""

    def compare() -> None:
        theirs = make(_sklearn())
        values = numpy.array([theirs(float(y), float(p)) for y, p in zip(coded, PREDICTION, strict=True)])
        close(ours(name, PREDICTION, target, **parameters), torch.tensor(values))

    return compare


def _sgd(kind: str, *arguments: float) -> Callable[[Any], Any]:
    from importlib import import_module

    return lambda _: getattr(import_module("sklearn.linear_model._sgd_fast"), kind)(*arguments).py_loss


def _link(kind: str, **arguments: Any) -> Callable[[Any], Any]:
    """A loss of sklearn._loss at one target and one raw prediction."""
    from importlib import import_module

    def make(_: Any) -> Any:
        loss = getattr(import_module("sklearn._loss.loss"), kind)(**arguments)
        return lambda y, raw: float(loss.loss(numpy.array([y]), numpy.array([raw]))[0])

    return make


def _quarter(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A quarter of sklearn's loss, the scale that modified_huber's card states."""
    return lambda sklearn: lambda y, p: make(sklearn)(y, p) / 4


def _optimum(objective: Callable[[torch.Tensor], torch.Tensor], fit: Callable[[Any], Any]) -> Comparison:
    """The estimator's coefficients minimise our objective: no small step in any direction lowers it (a stationary point of a convex function)."""

    def compare() -> None:
        best = torch.tensor(numpy.ravel(fit(_sklearn())), dtype=torch.float64)
        value = objective(best)
        axes, generator = torch.eye(len(best), dtype=torch.float64), torch.Generator().manual_seed(1)
        for direction in [*axes, *torch.randn(20, len(best), generator=generator, dtype=torch.float64)]:
            for size in (1e-2, -1e-2):
                assert objective(best + size * direction) > value

    return compare


def _objective(name: str, **parameters: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    composite = "weights" in lossgraph.torch.function(name).declared.inputs
    return lambda w: ours(name, FEATURES @ w, OUTCOMES, *([w] if composite else []), **{"reduction": "mean", **parameters})


def _svm(name: str, target: torch.Tensor, strength: float, **parameters: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """LIBLINEAR's objective: half the squared norm plus C times the summed loss."""
    return lambda w: ours("l2_regularisation", w, lam=0.5) + strength * ours(name, FEATURES @ w, target, reduction="sum", **parameters)


_HINT = (OUTCOMES > 0).double() * 2 - 1
_SVM = {"C": 0.7, "fit_intercept": False, "tol": 1e-8, "max_iter": 100_000}
TABLE: Table = {
    "mae": ("mean_absolute_error", _metric("mae", "mean_absolute_error", PREDICTION, TARGET)),
    "mse": ("mean_squared_error", _metric("mse", "mean_squared_error", PREDICTION, TARGET)),
    "rmse": ("root_mean_squared_error", _metric("rmse", "root_mean_squared_error", PREDICTION, TARGET)),
    "rmsle": ("root_mean_squared_log_error", _metric("rmsle", "root_mean_squared_log_error", PREDICTION.exp(), POSITIVE)),
    "quantile": ("mean_pinball_loss", _metric("quantile", "mean_pinball_loss", PREDICTION, TARGET, tau=0.8)),
    "mape": ("mean_absolute_percentage_error", _metric("mape", "mean_absolute_percentage_error", PREDICTION, TARGET)),
    "brier": ("brier_score_loss", _metric("brier", "brier_score_loss", PREDICTION.sigmoid(), BITS)),
    "binary_cross_entropy": (
        "log_loss",
        lambda: close(ours("binary_cross_entropy", PREDICTION, BITS).mean().item(), _sklearn().metrics.log_loss(BITS, PREDICTION.sigmoid())),
    ),
    "zero_one": (
        "zero_one_loss",
        lambda: close(ours("zero_one", PREDICTION, SIGNS).mean().item(), _sklearn().metrics.zero_one_loss(SIGNS, PREDICTION.sign())),
    ),
    "hinge": ("SGDClassifier(loss='hinge')", _private("hinge", _sgd("Hinge", 1.0), SIGNS, SIGNS)),
    "perceptron": ("Perceptron", _private("perceptron", _sgd("Hinge", 0.0), SIGNS, SIGNS)),
    "modified_huber": ("SGDClassifier(loss='modified_huber')", _private("modified_huber", _quarter(_sgd("ModifiedHuber")), SIGNS, SIGNS)),
    "logistic": ("SGDClassifier(loss='log_loss')", _private("logistic", _link("HalfBinomialLoss"), SIGNS, BITS)),
    "exponential": (
        "GradientBoostingClassifier(loss='exponential')", _private("exponential", _link("ExponentialLoss"), SIGNS, BITS),
    ),
    "poisson_loss": ("PoissonRegressor", _private("poisson_loss", _link("HalfPoissonLoss"), POSITIVE, POSITIVE)),
    "gamma_nll": ("GammaRegressor", _private("gamma_nll", _link("HalfGammaLoss"), POSITIVE, POSITIVE)),
    "tweedie": ("TweedieRegressor", _private("tweedie", _link("HalfTweedieLoss", power=1.3), POSITIVE, POSITIVE, rho=1.3)),
    "ols": (
        "LinearRegression",
        _optimum(_objective("ols", reduction="sum"), lambda s: s.linear_model.LinearRegression(fit_intercept=False).fit(FEATURES, OUTCOMES).coef_),
    ),
    "ridge": (  # sum of squares + alpha*|w|^2; ours is the mean, so lam = alpha/60
        "Ridge",
        _optimum(_objective("ridge", lam=0.5), lambda s: s.linear_model.Ridge(alpha=30.0, fit_intercept=False).fit(FEATURES, OUTCOMES).coef_),
    ),
    "lasso": (  # half the mean of squares + alpha*|w|; ours has the whole mean, so lam = 2*alpha
        "Lasso",
        _optimum(_objective("lasso", lam=1.0), lambda s: s.linear_model.Lasso(alpha=0.5, fit_intercept=False, tol=1e-10).fit(FEATURES, OUTCOMES).coef_),
    ),
    "epsilon_insensitive": (
        "LinearSVR",
        _optimum(_svm("epsilon_insensitive", OUTCOMES, 0.7, epsilon=0.3), lambda s: s.svm.LinearSVR(epsilon=0.3, **_SVM).fit(FEATURES, OUTCOMES).coef_),
    ),
    "squared_epsilon_insensitive": (
        "LinearSVR",
        _optimum(
            _svm("squared_epsilon_insensitive", OUTCOMES, 0.7, epsilon=0.3),
            lambda s: s.svm.LinearSVR(epsilon=0.3, loss="squared_epsilon_insensitive", **_SVM).fit(FEATURES, OUTCOMES).coef_,
        ),
    ),
    "squared_hinge": (
        "LinearSVC(loss='squared_hinge')",
        _optimum(_svm("squared_hinge", _HINT, 0.7), lambda s: s.svm.LinearSVC(loss="squared_hinge", **_SVM).fit(FEATURES, _HINT).coef_),
    ),
}  # fmt: skip
