"""Losses of classification: of the margin, of logits and of probabilities. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import ClassTarget, classes, elementwise, vectors


@elementwise
def zero_one(scores: Tensor, target: Tensor) -> Tensor:
    """1 where the sign of the score is wrong, 0 elsewhere and at a tie; the gradient is 0."""
    return (-target * scores).sign().clamp(min=0)


@elementwise
def perceptron(scores: Tensor, target: Tensor) -> Tensor:
    """How far the margin is below 0."""
    return (-target * scores).relu()


@elementwise
def hinge(scores: Tensor, target: Tensor) -> Tensor:
    """How far the margin is below 1."""
    return (1 - target * scores).relu()


@elementwise
def squared_hinge(scores: Tensor, target: Tensor) -> Tensor:
    """The square of how far the margin is below 1."""
    return (1 - target * scores).relu() ** 2


@elementwise
def smoothed_hinge(scores: Tensor, target: Tensor) -> Tensor:
    """The hinge with a quadratic joint on the margins from 0 to 1."""
    return _quadratic_then_linear(1 - target * scores, 1.0)


@elementwise
def quadratically_smoothed_hinge(scores: Tensor, target: Tensor, gamma: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """The hinge with a quadratic joint of width `gamma` below margin 1."""
    return _quadratic_then_linear(1 - target * scores, gamma) / gamma


@elementwise
def modified_huber(scores: Tensor, target: Tensor) -> Tensor:
    """A quarter of the squared hinge down to margin -1, slope -1 beyond."""
    return _quadratic_then_linear(1 - target * scores, 2.0) / 2


@elementwise
def ramp(scores: Tensor, target: Tensor) -> Tensor:
    """The hinge, cut off at 1."""
    return (1 - target * scores).clamp(0, 1)


@elementwise
def logistic(scores: Tensor, target: Tensor) -> Tensor:
    """log(1 + exp(-margin)), without overflow."""
    return -logsigmoid(target * scores)


@elementwise
def exponential(scores: Tensor, target: Tensor) -> Tensor:
    """exp(-margin)."""
    return (-target * scores).exp()


@elementwise
def savage(scores: Tensor, target: Tensor) -> Tensor:
    """The square of the sigmoid of -margin; bounded."""
    return (-target * scores).sigmoid() ** 2


@elementwise
def sigmoid_loss(scores: Tensor, target: Tensor) -> Tensor:
    """The sigmoid of -margin; bounded."""
    return (-target * scores).sigmoid()


@elementwise
def tangent(scores: Tensor, target: Tensor) -> Tensor:
    """(2*atan(margin) - 1)**2; bounded, and it charges margins that are too large."""
    return (2 * (target * scores).atan() - 1) ** 2


@elementwise
def brier(probabilities: Tensor, target: Tensor) -> Tensor:
    """Squared error between a probability and the label."""
    return (probabilities - target) ** 2


@elementwise
def binary_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Negative log-likelihood of a label in [0, 1] from the log-odds, accurate at both ends."""
    return -target * logsigmoid(logits) - (1 - target) * logsigmoid(-logits)


@elementwise
def weighted_cross_entropy(logits: Tensor, target: Tensor, beta: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """Binary cross-entropy with the positive label weighted by `beta`."""
    return -beta * target * logsigmoid(logits) - (1 - target) * logsigmoid(-logits)


@elementwise
def balanced_cross_entropy(logits: Tensor, target: Tensor, beta: Annotated[float, "(0, 1)"] = 0.5) -> Tensor:
    """Binary cross-entropy with weight `beta` on the positive label and 1 - `beta` on the negative one."""
    return -beta * target * logsigmoid(logits) - (1 - beta) * (1 - target) * logsigmoid(-logits)


@elementwise
def focal(logits: Tensor, target: Tensor, gamma: Annotated[float, "[0, oo)"] = 2.0, alpha: Annotated[float, "(0, 1)"] = 0.25) -> Tensor:
    """Binary cross-entropy with easy samples turned down by (1 - p_t)**gamma, as exp(gamma*log(1 - p_t)): its gradients stay finite for gamma < 1."""
    positive, negative = logsigmoid(logits), logsigmoid(-logits)
    return -alpha * target * (gamma * negative).exp() * positive - (1 - alpha) * (1 - target) * (gamma * positive).exp() * negative


@classes
def categorical_cross_entropy(logits: Tensor, target: ClassTarget) -> Tensor:
    """Negative log-likelihood of the class, from one score a class."""
    return -target.expect(logits.log_softmax(1))


@classes
def cross_entropy(probabilities: Tensor, target: ClassTarget) -> Tensor:
    """-sum of target * log(probability); +inf where a class of the target has probability 0."""
    return -target.expect_log(probabilities)


@classes
def kl_divergence(probabilities: Tensor, target: ClassTarget) -> Tensor:
    """sum of target * log(target / probability); +inf where a class of the target has probability 0."""
    return target.expect_own_log(probabilities) - target.expect_log(probabilities)


@classes
def nll(log_probabilities: Tensor, target: ClassTarget) -> Tensor:
    """-sum of target * log-probability."""
    return -target.expect(log_probabilities)


@classes
def label_smoothing(logits: Tensor, target: ClassTarget, epsilon: Annotated[float, "[0, 1)"] = 0.1) -> Tensor:
    """Cross-entropy against the target mixed with the uniform distribution, whose share is `epsilon`."""
    logarithms = logits.log_softmax(1)
    return (epsilon - 1) * target.expect(logarithms) - epsilon * target.weigh(logarithms).mean(1)


@classes
def generalized_cross_entropy(logits: Tensor, target: ClassTarget, q: Annotated[float, "(0, 1]"] = 0.7) -> Tensor:
    """(1 - p**q)/q for the probability p of the target class; a soft target takes the mean over its classes."""
    return target.expect(-(q * logits.log_softmax(1)).expm1() / q)


@classes
def poly1(logits: Tensor, target: ClassTarget, epsilon: Annotated[float, "[-1, oo)"] = 1.0) -> Tensor:
    """Cross-entropy plus `epsilon` * (1 - p) for the probability p of the target class; a soft target takes the mean over its classes."""
    logarithms = logits.log_softmax(1)
    return -target.expect(logarithms + epsilon * logarithms.expm1())


@classes
def multi_margin(logits: Tensor, target: ClassTarget, margin: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """How far the true class falls short of leading each other class by `margin`, summed over those and divided by the number of classes.

    Against a distribution it is the mean over the true classes, for which every pair of classes is compared.
    """
    if target.indices is not None:
        true = target.indices.unsqueeze(1)
        short = (margin - logits.gather(1, true) + logits).relu()
        others = torch.zeros_like(logits, dtype=torch.bool).scatter(1, true, True).logical_not()
        return target.expect(torch.where(others, short, 0.0).sum(1, keepdim=True).expand(logits.shape) / logits.shape[1])
    own = torch.eye(logits.shape[1], dtype=torch.bool, device=logits.device).reshape(1, *[logits.shape[1]] * 2, *[1] * (logits.ndim - 2))
    short = (margin - logits.unsqueeze(2) + logits.unsqueeze(1)).relu()
    return target.expect(torch.where(own, 0.0, short).sum(2) / logits.shape[1])


@vectors
def cosine_similarity_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """1 - cosine of the angle between the vectors along axis 1; a vector of zeros has cosine 0 with everything, and gradient 0."""
    return 1 - (_direction(prediction) * _direction(target)).sum(1)


def _quadratic_then_linear(shortfall: Tensor, width: float) -> Tensor:
    """shortfall**2/2 up to `width`, continued with slope `width`; 0 below 0. One expression for all pieces, so that no piece overflows."""
    shortfall = shortfall.relu()
    inner = shortfall.clamp(max=width)
    return inner * (shortfall - inner / 2)


def _direction(vector: Tensor) -> Tensor:
    """The unit vector along axis 1, scaled by the largest component first so that no square over- or underflows."""
    largest = vector.detach().abs().amax(1, keepdim=True)
    scaled = vector / torch.where(largest > 0, largest, 1.0)
    length = torch.linalg.vector_norm(scaled, dim=1, keepdim=True)
    return scaled / torch.where(length > 0, length, 1.0)
