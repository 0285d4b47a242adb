"""Losses of reinforcement learning and of learning from preferences. The formulas stand on the cards."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import elementwise


@elementwise
def policy_gradient_surrogate(ratio: Tensor, advantage: Tensor) -> Tensor:
    """Minus ratio*advantage; a ratio that has overflowed counts as the largest number."""
    return -ratio.clamp(max=torch.finfo(ratio.dtype).max) * advantage


@elementwise
def ppo_clip(ratio: Tensor, advantage: Tensor, epsilon: Annotated[float, "(0, 1)"] = 0.2) -> Tensor:
    """Minus the smaller of ratio*advantage with the ratio as it is and clipped to within `epsilon` of 1; the ratio is new over old probability.

    A ratio that has overflowed counts as the largest number, so that an advantage of 0 still gives 0.
    """
    ratio = ratio.clamp(max=torch.finfo(ratio.dtype).max)
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - epsilon, 1 + epsilon) * advantage)


@elementwise
def dpo(
    chosen: Tensor, rejected: Tensor, reference_chosen: Tensor, reference_rejected: Tensor, beta: Annotated[float, "(0, oo)"] = 0.1,
) -> Tensor:  # fmt: skip
    """Logistic loss of `beta` times how much more the policy prefers the chosen answer than the reference does; all inputs are log-probabilities of answers."""
    return -logsigmoid(beta * ((chosen - reference_chosen) - (rejected - reference_rejected)))


@elementwise
def ipo(
    chosen: Tensor, rejected: Tensor, reference_chosen: Tensor, reference_rejected: Tensor, beta: Annotated[float, "(0, oo)"] = 0.1,
) -> Tensor:  # fmt: skip
    """Squared distance of the difference of the two log-ratios to the reference from 1/(2*`beta`)."""
    return ((chosen - reference_chosen) - (rejected - reference_rejected) - 1 / (2 * beta)) ** 2


@elementwise
def kto(
    log_probability: Tensor, reference: Tensor, baseline: Tensor, target: Tensor, beta: Annotated[float, "(0, oo)"] = 0.1,
    desirable: Annotated[float, "(0, oo)"] = 1.0, undesirable: Annotated[float, "(0, oo)"] = 1.0,
) -> Tensor:  # fmt: skip
    """Sigmoid of how far an answer's log-ratio lies below (`target` 1) or above (`target` 0) the `baseline`, which should carry no gradient."""
    gain = beta * (log_probability - reference - baseline)
    return desirable * target * (-gain).sigmoid() + undesirable * (1 - target) * gain.sigmoid()


@elementwise
def simpo(
    chosen: Tensor, rejected: Tensor, beta: Annotated[float, "(0, oo)"] = 2.0, margin: Annotated[float, "[0, oo)"] = 1.0
) -> Tensor:  # fmt: skip
    """Logistic loss of `beta` times the lead of the chosen answer less `margin`; both inputs are mean log-probabilities per token."""
    return -logsigmoid(beta * (chosen - rejected) - margin)


@elementwise
def orpo(chosen: Tensor, rejected: Tensor, lam: Annotated[float, "[0, oo)"] = 0.1) -> Tensor:
    """Negative log-likelihood of the chosen answer plus `lam` times the logistic loss of the ratio of odds; mean log-probabilities per token, below 0."""
    return -chosen.clamp(max=0.0) - lam * logsigmoid(_log_odds(chosen) - _log_odds(rejected))


@elementwise
def bradley_terry(chosen: Tensor, rejected: Tensor) -> Tensor:
    """Logistic loss of the lead of the preferred answer's reward."""
    return -logsigmoid(chosen - rejected)


@elementwise
def grpo(
    current: Tensor, old: Tensor, reference: Tensor, advantage: Tensor, epsilon: Annotated[float, "(0, 1)"] = 0.2,
    beta: Annotated[float, "[0, oo)"] = 0.04,
) -> Tensor:  # fmt: skip
    """PPO's clipped surrogate of a token plus `beta` times an estimate of the divergence from the reference; log-probabilities and the group's advantage.

    A probability ratio that overflows counts as a very large number, without a gradient.
    """
    cap = 0.99 * math.log(torch.finfo(current.dtype).max)
    ratio = (current - old).clamp(max=cap).exp()
    surrogate = torch.minimum(ratio * advantage, ratio.clamp(1 - epsilon, 1 + epsilon) * advantage)
    lead = reference - current
    if beta == 0:
        return 0 * lead.clamp(-cap, cap) - surrogate  # infinity times 0 would be NaN
    inner = lead.clamp(max=cap)
    return beta * torch.where(lead > cap, torch.inf, inner.expm1() - inner) - surrogate


@elementwise
def dqn(
    prediction: Tensor, reward: Tensor, next_value: Tensor, terminal: Tensor, gamma: Annotated[float, "[0, 1]"] = 0.99
) -> Tensor:  # fmt: skip
    """Squared difference of the value of an action from its reward plus `gamma` times `next_value`, which passes no gradient; `terminal` is 1 at an end."""
    return (prediction - reward - gamma * (1 - terminal) * next_value.detach()) ** 2


def _log_odds(log_probability: Tensor) -> Tensor:
    """log(P/(1 - P)) from log(P), which counts as the largest negative number where it is 0 or more."""
    below = log_probability.clamp(max=-torch.finfo(log_probability.dtype).tiny)
    return below - (-below.expm1()).log()
