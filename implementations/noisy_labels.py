"""Losses of classification that wrong labels move less. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .contract import ClassTarget, classes


@classes
def reverse_cross_entropy(logits: Tensor, target: ClassTarget, log_zero: Annotated[float, "(-oo, 0)"] = -4.0) -> Tensor:
    """Cross-entropy with prediction and label in exchanged places, `log_zero` standing for log(0); a soft target takes the mean over its classes."""
    return target.expect(log_zero * logits.log_softmax(1).expm1())


@classes
def symmetric_cross_entropy(
    logits: Tensor, target: ClassTarget, alpha: Annotated[float, "[0, oo)"] = 0.1, beta: Annotated[float, "[0, oo)"] = 1.0,
    log_zero: Annotated[float, "(-oo, 0)"] = -4.0,
) -> Tensor:  # fmt: skip
    """`alpha` times the cross-entropy plus `beta` times the reverse cross-entropy; a soft target takes the mean over its classes."""
    logarithms = logits.log_softmax(1)
    return target.expect(beta * log_zero * logarithms.expm1() - alpha * logarithms)


@classes
def normalized_cross_entropy(logits: Tensor, target: ClassTarget) -> Tensor:
    """Cross-entropy as a share of the sum of the cross-entropies of all classes. Where classes have probability 0, these share the whole."""
    costs = -logits.log_softmax(1)
    infinite = costs.isinf()
    several = infinite.sum(1, keepdim=True)
    finite = torch.where(infinite, 0.0, costs)
    total = torch.where(several > 0, 1.0, finite.sum(1, keepdim=True))
    return target.expect(torch.where(several > 0, infinite.to(costs.dtype) / several.clamp(min=1), finite / total))


@classes
def bi_tempered_logistic(logits: Tensor, target: ClassTarget, t1: Annotated[float, "[0, 1]"] = 0.8, t2: Annotated[float, "[1, 4]"] = 1.2) -> Tensor:
    """Divergence of the label from a tempered softmax: `t1` below 1 bounds it, `t2` above 1 gives the softmax a heavy tail; 1 and 1 give the cross-entropy."""
    logarithms = logits.log_softmax(1) if t2 == 1 else _tempered_log_softmax(logits, t2)
    total = ((2 - t1) * logarithms).exp().sum(1, keepdim=True) / (2 - t1)
    if target.distribution is None:
        own = torch.full_like(logarithms, -1 / (2 - t1))
    else:
        share = torch.where(target.distribution > 0, target.distribution, 1.0).log()
        own = _tempered(share, t1) - ((1 - t1) * share).exp() / (2 - t1)
    return target.expect(own - _tempered(logarithms, t1) + total)


def _tempered(logarithms: Tensor, t: float) -> Tensor:
    """The tempered logarithm (x**(1 - t) - 1)/(1 - t) of exp(logarithms)."""
    return logarithms if t == 1 else ((1 - t) * logarithms).expm1() / (1 - t)


def _tempered_log_softmax(logits: Tensor, t: float) -> Tensor:
    """Logarithms of the tempered probabilities (1 + (t - 1)*(level - logits))**(-1/(t - 1)), whose level makes them sum to 1.

    The level is found by halving its interval, without gradients; a last Newton step, which changes nothing, gives it its derivative.
    """
    gaps = logits.amax(1, keepdim=True) - logits
    with torch.no_grad():
        low, high = torch.zeros_like(gaps[:, :1]), torch.full_like(gaps[:, :1], (logits.shape[1] ** (t - 1) - 1) / (t - 1))
        for _ in range(60):
            middle = (low + high) / 2
            short = _tempered_logs(gaps + middle, t).exp().sum(1, keepdim=True) > 1
            low, high = torch.where(short, middle, low), torch.where(short, high, middle)
        slope = -(t * _tempered_logs(gaps + high, t)).exp().sum(1, keepdim=True)
    level = high - (_tempered_logs(gaps + high, t).exp().sum(1, keepdim=True) - 1) / slope
    return _tempered_logs(gaps + level, t)


def _tempered_logs(depth: Tensor, t: float) -> Tensor:
    return -((t - 1) * depth).log1p() / (t - 1)
