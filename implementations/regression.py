"""Losses of regression: of the residual, of counts and positive amounts, and of predicted distributions. The formulas stand on the cards."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor

from .contract import batch, elementwise

Average = Callable[[Tensor], Tensor]


@elementwise
def mae(prediction: Tensor, target: Tensor) -> Tensor:
    """Absolute error."""
    return (prediction - target).abs()


@elementwise
def mse(prediction: Tensor, target: Tensor) -> Tensor:
    """Squared error, without the factor 1/2."""
    return (prediction - target) ** 2


@elementwise
def half_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Half the squared error."""
    return (prediction - target) ** 2 / 2


@elementwise
def ols(prediction: Tensor, target: Tensor) -> Tensor:
    """Squared error; ordinary least squares is its sum, `reduction="sum"`."""
    return (prediction - target) ** 2


@elementwise
def mbe(prediction: Tensor, target: Tensor) -> Tensor:
    """Signed error, target - prediction."""
    return target - prediction


@batch
def rmse(prediction: Tensor, target: Tensor, average: Average) -> Tensor:
    """Root of the mean squared error over the whole batch; its gradient at a perfect fit is 0."""
    return _root(average((prediction - target) ** 2))


@batch
def rmsle(prediction: Tensor, target: Tensor, average: Average) -> Tensor:
    """Root of the mean squared difference of log(1 + .) over the whole batch.

    Values below -1 are taken as -1, where the loss is infinite, without a gradient; where prediction and target both are there, they are equal.
    """
    below, other = prediction <= -1, target <= -1
    first, second = (torch.where(below | other, 0.0, value).log1p() for value in (prediction, target))
    return _root(average(torch.where(below ^ other, torch.inf, first - second) ** 2))


@elementwise
def huber(prediction: Tensor, target: Tensor, delta: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """Quadratic up to `delta`, linear beyond."""
    residual = prediction - target
    inner = residual.clamp(-delta, delta)  # one expression for both pieces: no overflow in the piece not taken, and a right second derivative at 0
    return inner * (residual - inner / 2)


@elementwise
def smooth_l1(prediction: Tensor, target: Tensor, beta: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """The absolute error with a quadratic joint of half-width `beta`."""
    residual = prediction - target
    inner = residual.clamp(-beta, beta)
    return inner * (residual - inner / 2) / beta


@elementwise
def pseudo_huber(prediction: Tensor, target: Tensor, delta: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """A smooth Huber loss, with slope `delta` far away; written without the difference that cancels near 0."""
    residual = prediction - target
    return residual * (residual / (1 + (1 + (residual / delta) ** 2).sqrt()))


@elementwise
def cauchy(prediction: Tensor, target: Tensor, c: Annotated[float, "(0, oo)"] = 2.385) -> Tensor:
    """Grows like a logarithm beyond the scale `c`."""
    return c**2 / 2 * _log1p_square((prediction - target) / c)


@elementwise
def geman_mcclure(prediction: Tensor, target: Tensor, c: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """Saturates at 2 beyond the scale `c`."""
    ratio = (prediction - target) / (2 * c)
    far = ratio.abs() > 1  # there the square may overflow
    square, inverse = torch.where(far, 0.0, ratio) ** 2, torch.where(far, 1 / torch.where(far, ratio, 1.0), 0.0) ** 2
    return torch.where(far, 2 / (1 + inverse), 2 * square / (square + 1))


@elementwise
def welsch(prediction: Tensor, target: Tensor, c: Annotated[float, "(0, oo)"] = 2.985) -> Tensor:
    """Saturates at c**2/2 like a Gaussian bump turned over."""
    return -(c**2) / 2 * (-(((prediction - target) / c) ** 2)).expm1()


@elementwise
def tukey(prediction: Tensor, target: Tensor, c: Annotated[float, "(0, oo)"] = 4.685) -> Tensor:
    """The biweight loss: constant c**2/6 from |residual| = `c` on."""
    square = ((prediction - target) / c).clamp(-1.0, 1.0) ** 2
    return c**2 / 6 * square * (3 - 3 * square + square**2)


@elementwise
def barron(prediction: Tensor, target: Tensor, alpha: Annotated[float, "real"] = 1.0, c: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """The adaptive robust loss: shape `alpha` (2: squared, 1: pseudo-Huber, 0: Cauchy, -2: Geman-McClure), scale `c`."""
    ratio = (prediction - target) / c
    if alpha == 2:
        return ratio**2 / 2
    if alpha == 0:
        return _log1p_square(ratio / math.sqrt(2))
    distance = abs(alpha - 2)
    return distance / alpha * (alpha / 2 * _log1p_square(ratio / math.sqrt(distance))).expm1()


@elementwise
def epsilon_insensitive(prediction: Tensor, target: Tensor, epsilon: Annotated[float, "(0, oo)"] = 0.1) -> Tensor:
    """Absolute error beyond a tube of half-width `epsilon`."""
    return ((prediction - target).abs() - epsilon).relu()


@elementwise
def squared_epsilon_insensitive(prediction: Tensor, target: Tensor, epsilon: Annotated[float, "(0, oo)"] = 0.1) -> Tensor:
    """Squared distance to a tube of half-width `epsilon`."""
    return ((prediction - target).abs() - epsilon).relu() ** 2


@elementwise
def log_cosh(prediction: Tensor, target: Tensor) -> Tensor:
    """log(cosh(residual)), without overflow far away and without cancellation near 0."""
    residual = prediction - target
    size = residual.abs()
    near = residual.clamp(-1.0, 1.0)
    return torch.where(size < 1, (2 * (near / 2).sinh() ** 2).log1p(), size + (-2 * size).exp().log1p() - math.log(2))


@elementwise
def quantile(prediction: Tensor, target: Tensor, tau: Annotated[float, "(0, 1)"] = 0.5) -> Tensor:
    """Pinball loss at level `tau`."""
    residual = prediction - target
    return torch.maximum(-tau * residual, (1 - tau) * residual)


@elementwise
def expectile(prediction: Tensor, target: Tensor, tau: Annotated[float, "(0, 1)"] = 0.5) -> Tensor:
    """Squared error weighted by `tau` where the prediction is below the target and by 1 - `tau` where it is above."""
    residual = prediction - target
    return torch.where(residual < 0, tau, 1 - tau) * residual**2


@elementwise
def fair(prediction: Tensor, target: Tensor, c: Annotated[float, "(0, oo)"] = 1.4) -> Tensor:
    """Quadratic near 0, nearly linear with slope `c` far away, through a logarithm."""
    ratio = (prediction - target).abs() / c
    near = ratio.clamp(max=0.1)  # there ratio - log1p(ratio) loses digits, so its power series stands in
    series = near**2 * torch.stack([(-near) ** (k - 2) / k for k in range(2, 20)]).sum(0)
    return c**2 * torch.where(ratio < 0.1, series, ratio - ratio.log1p())


@elementwise
def charbonnier(prediction: Tensor, target: Tensor, epsilon: Annotated[float, "(0, oo)"] = 1e-3) -> Tensor:
    """The absolute error with its kink rounded off at the scale `epsilon`."""
    residual = prediction - target
    return torch.hypot(residual, torch.full_like(residual, epsilon))


@elementwise
def mape(prediction: Tensor, target: Tensor) -> Tensor:
    """Absolute error as a share of the target's size; +inf at a target of 0, or 0 where the prediction is 0 too."""
    return _share((prediction - target).abs(), target.abs())


@elementwise
def smape(prediction: Tensor, target: Tensor) -> Tensor:
    """Absolute error as a share of the mean size of prediction and target, from 0 to 2; 0 where both are 0."""
    return _share((prediction - target).abs(), prediction.abs() / 2 + target.abs() / 2)


@elementwise
def gaussian_nll(mean: Tensor, variance: Tensor, target: Tensor) -> Tensor:
    """Negative log-density of a normal distribution with its constant; a variance of 0 or less is taken as the smallest positive number."""
    return ((2 * math.pi * variance).log() + (mean - target) ** 2 / variance) / 2


@elementwise
def poisson_loss(log_rate: Tensor, target: Tensor) -> Tensor:
    """Negative log-likelihood of a count without the term log(target!), from the logarithm of the rate."""
    return log_rate.exp() - (target * log_rate).clamp(max=torch.finfo(log_rate.dtype).max)  # where both overflow the exponential is larger


@elementwise
def gamma_nll(log_rate: Tensor, target: Tensor) -> Tensor:
    """Negative log-likelihood of a gamma distribution with fixed shape, per unit of shape, from the logarithm of its mean."""
    return log_rate + _scaled_exponential(target, -log_rate)


@elementwise
def tweedie(log_rate: Tensor, target: Tensor, rho: Annotated[float, "(1, 2)"] = 1.5) -> Tensor:
    """Negative log-likelihood of a compound Poisson-gamma amount with variance power `rho`, from the logarithm of its mean."""
    return ((2 - rho) * log_rate).exp() / (2 - rho) + _scaled_exponential(target, (1 - rho) * log_rate) / (rho - 1)


def _scaled_exponential(factor: Tensor, exponent: Tensor) -> Tensor:
    """factor * exp(exponent), and 0 rather than NaN where the factor is 0 and the exponential overflows; a negative factor, which no amount is, counts as 0."""
    factor = factor.clamp(min=0)
    overflow = (factor == 0) & (exponent > math.log(torch.finfo(exponent.dtype).max))
    return factor * torch.where(overflow, 0.0, exponent).exp()


def _log1p_square(ratio: Tensor) -> Tensor:
    """log(1 + ratio**2), also where the square overflows."""
    far = ratio.abs() > 1
    large = torch.where(far, ratio.abs(), 1.0)
    return torch.where(far, 2 * large.log() + (1 / large**2).log1p(), (torch.where(far, 0.0, ratio) ** 2).log1p())


def _share(part: Tensor, whole: Tensor) -> Tensor:
    """part / whole; where the whole is 0, 0 if the part is 0 too, else +inf, without a gradient."""
    defined = whole > 0
    return torch.where(defined, part / torch.where(defined, whole, 1.0), torch.where(part > 0, torch.inf, 0.0))


def _root(square: Tensor) -> Tensor:
    """The square root with the gradient 0, not NaN, at 0."""
    return torch.where(square > 0, torch.where(square > 0, square, 1.0).sqrt(), square)
