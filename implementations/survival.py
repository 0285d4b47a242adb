"""Losses of survival analysis: of the time of an event that is not always seen. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import Inside, elementwise, lists, vectors


@elementwise
def weibull_aft_nll(location: Tensor, time: Tensor, event: Tensor, sigma: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """Negative log-likelihood of a Weibull time whose logarithm has the given location; `event` is 1 where it was seen, 0 where it was cut off by `time`."""
    logarithm = time.log()
    ratio = (logarithm - location) / sigma
    return event * (torch.log(torch.full_like(ratio, sigma)) + logarithm - ratio) + ratio.exp()


@vectors
def discrete_hazard_nll(logits: Tensor, survived: Tensor, event: Tensor) -> Tensor:
    """Cross-entropy of the hazards of the intervals that a subject lived through (`survived` 1) and of the one in which the event fell (`event` 1)."""
    return (-survived * logsigmoid(-logits) - event * logsigmoid(logits)).sum(1)


@lists
def cox_partial_likelihood(scores: Tensor, time: Tensor, event: Tensor, inside: Inside) -> Tensor:
    """Minus the logarithm of Cox's partial likelihood: for each event, its risk against that of all who were still at risk at its time (Breslow's ties).

    One list is one stratum. `scores` are the logarithms of the relative risks, `event` is 1 where the event was seen and 0 where `time` cut it off.
    """
    time = torch.where(inside, time, -torch.inf)
    order = time.argsort(dim=1, descending=True, stable=True)
    sorted_time = time.gather(1, order)
    exponents = torch.where(inside, scores, torch.finfo(scores.dtype).min).gather(1, order)
    at_risk = exponents.logcumsumexp(1)
    last = torch.searchsorted(-sorted_time, -sorted_time, right=True) - 1  # all who share a time are at risk together
    terms = at_risk.gather(1, last.clamp(min=0)) - exponents
    return torch.where(inside, event, 0.0).gather(1, order).mul(torch.where(inside.gather(1, order), terms, 0.0)).sum(1)
