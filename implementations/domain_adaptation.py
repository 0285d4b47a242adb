"""Losses that make features of two domains alike. The formulas, and why some have none, stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import elementwise, joint


@elementwise
def domain_adversarial(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of which domain a sample comes from; put `contract.reverse_gradient` between the features and the classifier of domains."""
    return -target * logsigmoid(logits) - (1 - target) * logsigmoid(-logits)


@joint
def gaussian_mmd(first: Tensor, second: Tensor, sigma: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """Squared maximum mean discrepancy of two batches under the Gaussian kernel of width `sigma`, as means over all pairs; 0 where either is empty."""
    if min(len(first), len(second)) == 0:
        return first.sum() * 0 + second.sum() * 0
    return _kernel_mean(first, first, sigma) + _kernel_mean(second, second, sigma) - 2 * _kernel_mean(first, second, sigma)


@joint
def deep_coral(first: Tensor, second: Tensor) -> Tensor:
    """Squared distance of the covariances of two batches over four times the squared number of components; 0 where either has fewer than two rows."""
    if min(len(first), len(second)) < 2:
        return first.sum() * 0 + second.sum() * 0
    return ((_covariance(first) - _covariance(second)) ** 2).sum() / (4 * first.shape[1] ** 2)


def _kernel_mean(first: Tensor, second: Tensor, sigma: float) -> Tensor:
    apart = torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist") / sigma
    return (-(apart**2) / 2).exp().mean()


def _covariance(values: Tensor) -> Tensor:
    centred = values - values.mean(0)
    return centred.T @ centred / (len(values) - 1)
