"""Losses for classes of very unequal frequency and for samples with several labels. The formulas stand on the cards."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import ClassTarget, classes, elementwise


@elementwise
def asymmetric_multilabel(
    logits: Tensor, target: Tensor, gamma_positive: Annotated[float, "[0, oo)"] = 0.0, gamma_negative: Annotated[float, "[0, oo)"] = 4.0,
    shift: Annotated[float, "[0, 1)"] = 0.05,
) -> Tensor:  # fmt: skip
    """Focal binary cross-entropy with a focusing of its own for each label; negatives with a probability up to `shift` cost nothing."""
    present = -(gamma_positive * logsigmoid(-logits)).exp() * logsigmoid(logits)
    if shift == 0:
        absent = -(gamma_negative * logsigmoid(logits)).exp() * logsigmoid(-logits)
    else:
        excess = logits.sigmoid() - shift
        counts = excess > 0
        excess = torch.where(counts, excess, 0.5)
        rest = torch.where(excess < 0.5, (-excess).log1p(), (logits.neg().sigmoid() + shift).clamp(max=1.0).log())
        absent = torch.where(counts, -(gamma_negative * excess.log()).exp() * rest, 0.0)
    return target * present + (1 - target) * absent


@classes
def logit_adjusted_cross_entropy(logits: Tensor, prior: Tensor, target: ClassTarget, tau: Annotated[float, "[0, oo)"] = 1.0) -> Tensor:
    """Cross-entropy of the logits plus `tau` times the logarithm of the class frequencies, which are shares or counts in the shape of the logits."""
    return -target.expect((_lowered(logits) + tau * prior.clamp(min=torch.finfo(prior.dtype).tiny).log()).log_softmax(1))


@classes
def ldam(logits: Tensor, counts: Tensor, target: ClassTarget, margin: Annotated[float, "[0, oo)"] = 0.5) -> Tensor:
    """Cross-entropy after the true class's logit is lowered by `margin`/counts**(1/4), more for rarer classes; counts below 1 are taken as 1."""
    true = target.distribution
    if target.indices is not None:
        true = torch.zeros_like(logits).scatter(1, target.indices.unsqueeze(1), 1.0)
    assert true is not None
    return -target.expect((_lowered(logits) - true * margin / counts.clamp(min=1) ** 0.25).log_softmax(1))


@classes
def class_balanced(logits: Tensor, counts: Tensor, target: ClassTarget, beta: Annotated[float, "[0, 1)"] = 0.999) -> Tensor:
    """Cross-entropy over the effective number of samples of the true class, (1 - beta**counts)/(1 - beta); counts below 1 are taken as 1."""
    counts = counts.clamp(min=1)
    effective = counts**0 if beta == 0 else -(counts * math.log(beta)).expm1() / (1 - beta)
    logarithms = logits.log_softmax(1)
    endless = logarithms.isinf()  # of a class that a weight of 0 leaves out: its slope in the counts would be NaN
    return -target.expect(torch.where(endless, logarithms, torch.where(endless, 0.0, logarithms) / effective))


def _lowered(logits: Tensor) -> Tensor:
    """The logits less their largest, so that what is added to them is not rounded away; the softmax is the same."""
    return logits - logits.detach().amax(1, keepdim=True).clamp(min=torch.finfo(logits.dtype).min)
