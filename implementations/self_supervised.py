"""Losses that learn embeddings without labels, from two views of a sample or from images with texts. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .classification import cosine_similarity_loss
from .contract import ClassTarget, Inside, classes, elementwise, joint_views, vectors


@vectors
def byol_regression(prediction: Tensor, target: Tensor) -> Tensor:
    """Squared distance of the two directions along axis 1; the target passes no gradient, and a vector of zeros has cosine 0 with everything."""
    return 2 * cosine_similarity_loss(prediction, target.detach(), reduction="none")


@classes
def clip_contrastive(
    image_similarities: Tensor, text_similarities: Tensor, target: ClassTarget, temperature: Annotated[float, "(0, oo)"] = 0.07
) -> Tensor:  # fmt: skip
    """Mean of the cross-entropies of each image among all texts and of each text among all images; rows are pairs, and `target` is a pair's own place."""
    return -target.expect((image_similarities / temperature).log_softmax(1) + (text_similarities / temperature).log_softmax(1)) / 2


@elementwise
def siglip(
    similarities: Tensor, target: Tensor, temperature: Annotated[float, "(0, oo)"] = 10.0, bias: Annotated[float, "real"] = -10.0
) -> Tensor:  # fmt: skip
    """Logistic loss of a pair's scaled and shifted cosine; `target` is 1 where image and text belong together, else -1."""
    return -logsigmoid(target * (temperature * similarities + bias))


@joint_views
def barlow_twins(first: Tensor, second: Tensor, inside: Inside, lam: Annotated[float, "[0, oo)"] = 5e-3) -> Tensor:
    """Squared distance of the correlations of two views' components from the identity, those off the diagonal times `lam`."""
    correlations = _standardised(first, inside).T @ _standardised(second, inside) / inside.sum().clamp(min=1)
    diagonal = torch.eye(first.shape[1], dtype=torch.bool, device=first.device)
    terms = torch.where(diagonal, (1 - correlations) ** 2, lam * correlations**2).sum()
    return torch.where(inside.sum() > 0, terms, 0.0)


@joint_views
def vicreg(
    first: Tensor, second: Tensor, inside: Inside, invariance: Annotated[float, "[0, oo)"] = 25.0, variance: Annotated[float, "[0, oo)"] = 25.0,
    covariance: Annotated[float, "[0, oo)"] = 1.0, gamma: Annotated[float, "(0, oo)"] = 1.0, epsilon: Annotated[float, "(0, oo)"] = 1e-4,
) -> Tensor:  # fmt: skip
    """Mean squared distance of the views, plus how far the deviation of each component falls short of `gamma`, plus squared covariances of components."""
    count = inside.sum()
    total = invariance * ((first - second) ** 2).sum() / count.clamp(min=1)
    for view in (first, second):
        products = _products(view, inside) / (count - 1).clamp(min=1)
        deviations = (products.diagonal() + epsilon).sqrt()
        total = total + variance * (gamma - deviations).relu().mean()
        off = products - torch.diag_embed(products.diagonal())
        total = total + covariance * (off**2).sum() / view.shape[1]
    return torch.where(count > 0, total, 0.0)


def _centred(values: Tensor, inside: Tensor) -> Tensor:
    return (values - values.sum(0) / inside.sum().clamp(min=1)) * inside


def _products(values: Tensor, inside: Tensor) -> Tensor:
    centred = _centred(values, inside)
    return centred.T @ centred


def _standardised(values: Tensor, inside: Tensor) -> Tensor:
    """Each component with mean 0 and variance 1 over the rows that count; a constant component is 0."""
    centred = _centred(values, inside)
    spread = (centred**2).sum(0) / inside.sum().clamp(min=1)
    varies = spread > 0
    return torch.where(varies, centred / torch.where(varies, spread, 1.0).sqrt(), 0.0)
