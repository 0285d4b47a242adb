"""Negative log-likelihoods and scores of predicted distributions of numbers and counts. The formulas stand on the cards."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import elementwise, pairs


@elementwise
def laplace_nll(mean: Tensor, scale: Tensor, target: Tensor) -> Tensor:
    """Negative log-density of a Laplace distribution: the absolute error over its scale, plus log(2*scale)."""
    return (2 * scale).log() + (mean - target).abs() / scale


@elementwise
def student_t_nll(mean: Tensor, scale: Tensor, target: Tensor, nu: Annotated[float, "(0, oo)"] = 4.0) -> Tensor:
    """Negative log-density of Student's t distribution with `nu` degrees of freedom, location `mean` and the given scale."""
    constant = math.log(nu * math.pi) / 2 - _log_gamma_ratio(nu / 2)
    return scale.log() + constant + (nu + 1) / 2 * _log1p_square_ratio(mean - target, scale * math.sqrt(nu))


@elementwise
def gaussian_crps(mean: Tensor, scale: Tensor, target: Tensor) -> Tensor:
    """Continuous ranked probability score of a normal distribution with the given mean and standard deviation (`scale`)."""
    residual = mean - target
    far = residual.abs() > 40 * scale  # there erf is 1 and the bell 0 in every dtype, and a ratio that overflows would pass on NaN
    ratio = torch.where(far, 40 * residual.sign(), residual / torch.where(far, 1.0, scale))
    return residual * (ratio / math.sqrt(2)).erf() + scale * (math.sqrt(2 / math.pi) * (-(ratio**2) / 2).exp() - 1 / math.sqrt(math.pi))


@elementwise
def negative_binomial_nll(log_rate: Tensor, dispersion: Tensor, target: Tensor) -> Tensor:
    """Negative log-probability of a count whose variance is mean + dispersion * mean**2, from the logarithm of its mean."""
    target, dispersion = target.clamp(min=0), dispersion.clamp(min=torch.finfo(dispersion.dtype).eps ** 2)  # below, nothing tells it from Poisson's 0
    size = 1 / dispersion
    excess = -logsigmoid(-(log_rate + dispersion.log()))
    return (size + target) * excess - target * log_rate - _log_rising(size, target) + (target + 1).lgamma()


@elementwise
def zero_inflated_poisson_nll(log_rate: Tensor, logits: Tensor, target: Tensor) -> Tensor:
    """Negative log-probability of a count that is 0 with the probability sigmoid(`logits`), and else Poisson with the rate exp(`log_rate`)."""
    zero = target <= 0
    rate = torch.where(zero, log_rate.clamp(max=80.0), 0.0).exp()  # exp(-exp(80)) is 0; more would multiply an infinite slope by it
    empty = -torch.logaddexp(logits, -rate)
    counted, count = torch.where(zero, 0.0, log_rate), target.clamp(min=0)
    poisson = counted.exp() - (count * counted).clamp(max=torch.finfo(counted.dtype).max) + (count + 1).lgamma()
    return -logsigmoid(-logits) + torch.where(zero, empty, poisson)


@pairs
def gaussian_mixture_nll(logits: Tensor, mean: Tensor, variance: Tensor, target: Tensor) -> Tensor:
    """Negative log-density of a mixture of normal distributions; the components lie along axis 1, their shares are the softmax of `logits`."""
    shares, square = logits.log_softmax(1), (mean - target.unsqueeze(1)) ** 2
    with torch.no_grad():
        weight = _log_component(shares, square, variance).softmax(1)
    alive = weight > 0  # the others would multiply slopes that overflow by 0
    terms = _log_component(torch.where(alive, shares, 0.0), torch.where(alive, square, 0.0), torch.where(alive, variance, 1.0))
    found = alive.any(1)
    density = torch.where(alive, terms, torch.finfo(terms.dtype).min).logsumexp(1)
    return torch.where(found, -density, torch.inf)


def _log_component(shares: Tensor, square: Tensor, variance: Tensor) -> Tensor:
    return shares - ((2 * math.pi * variance).log() + square / variance) / 2


def _log_gamma_ratio(half: float) -> float:
    """log(gamma(half + 1/2)/gamma(half)); from 1e4 on by its expansion, where the difference of two large logarithms would lose digits."""
    if half < 1e4:
        return math.lgamma(half + 0.5) - math.lgamma(half)
    return math.log(half) / 2 - 1 / (8 * half)


def _log_rising(size: Tensor, count: Tensor) -> Tensor:
    """log(gamma(size + count)/(gamma(size)*size**count)); for a large size by Stirling's series, whose large terms cancel by hand."""
    large = size > 10
    wide, narrow = torch.where(large, size, 11.0), torch.where(large, 1.0, size)
    grown = (count / wide).log1p()
    series = (wide - 0.5) * grown + count * grown - count + _stirling(wide + count) - _stirling(wide)
    return torch.where(large, series, (narrow + count).lgamma() - narrow.lgamma() - count * narrow.log())


def _stirling(size: Tensor) -> Tensor:
    """What Stirling's formula leaves of log(gamma(size)), for a size above 10."""
    inverse = 1 / size
    square = inverse**2
    return inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))


def _log1p_square_ratio(part: Tensor, whole: Tensor) -> Tensor:
    """log(1 + (part/whole)**2) of a positive whole, also where the ratio or its square overflows."""
    size = part.abs()
    far = size > whole
    large = torch.where(far, size, 1.0)
    inverse = torch.where(far, whole, 0.0) / large
    ratio = torch.where(far, 0.0, part) / torch.where(far, 1.0, whole)
    return torch.where(far, 2 * (large.log() - whole.log()) + (inverse**2).log1p(), (ratio**2).log1p())
