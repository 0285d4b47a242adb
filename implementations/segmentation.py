"""Losses of segmentation: overlap losses of whole masks, one number for each image and class, and losses of distances to their boundaries.

The formulas stand on the cards.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .contract import Inside, elementwise, pixels


@pixels
def dice(probabilities: Tensor, target: Tensor, smooth: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """1 - the smoothed Dice coefficient, summed as a mismatch over a total, which keeps small losses accurate."""
    return _mismatch(probabilities, target) / (probabilities.sum(-1) + target.sum(-1) + smooth)


@pixels
def tversky(
    probabilities: Tensor, target: Tensor, alpha: Annotated[float, "[0, oo)"] = 0.3, beta: Annotated[float, "[0, oo)"] = 0.7,
    smooth: Annotated[float, "(0, oo)"] = 1.0,
) -> Tensor:  # fmt: skip
    """1 - the smoothed Tversky index: `alpha` weighs false positives, `beta` false negatives."""
    return _tversky(probabilities, target, alpha, beta, smooth)


@pixels
def focal_tversky(
    probabilities: Tensor, target: Tensor, alpha: Annotated[float, "[0, oo)"] = 0.3, beta: Annotated[float, "[0, oo)"] = 0.7,
    gamma: Annotated[float, "(0, oo)"] = 4 / 3, smooth: Annotated[float, "(0, oo)"] = 1.0,
) -> Tensor:  # fmt: skip
    """The Tversky loss to the power 1/`gamma`; at a perfect match, where the slope of the root is infinite, the gradient is 0."""
    loss = _tversky(probabilities, target, alpha, beta, smooth)
    return torch.where(loss > 0, torch.where(loss > 0, loss, 1.0) ** (1 / gamma), loss.detach())


@pixels
def dice_squared(probabilities: Tensor, target: Tensor, smooth: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """1 - the smoothed Dice coefficient with squares in the denominator."""
    return ((probabilities - target) ** 2).sum(-1) / ((probabilities**2).sum(-1) + (target**2).sum(-1) + smooth)


@pixels
def condinst_mask(probabilities: Tensor, target: Tensor, epsilon: Annotated[float, "(0, oo)"] = 1e-5) -> Tensor:
    """The Dice loss of CondInst: squares in the denominator, `epsilon` there only, so an empty mask that is matched costs 1."""
    return (((probabilities - target) ** 2).sum(-1) + epsilon) / ((probabilities**2).sum(-1) + (target**2).sum(-1) + epsilon)


@pixels
def jaccard(probabilities: Tensor, target: Tensor, smooth: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """1 - the smoothed intersection over union."""
    union = (probabilities + target - probabilities * target).sum(-1)
    return _mismatch(probabilities, target) / (union + smooth)


@pixels
def log_cosh_dice(probabilities: Tensor, target: Tensor, smooth: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """log(cosh(Dice loss)), without cancellation near 0."""
    loss = _mismatch(probabilities, target) / (probabilities.sum(-1) + target.sum(-1) + smooth)
    return (2 * (loss / 2).sinh() ** 2).log1p()


@pixels
def generalized_dice(probabilities: Tensor, target: Tensor, inside: Inside, smooth: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """1 - the Dice coefficient of foreground and background together, each weighted by one over its squared size; `smooth` keeps an empty one finite."""
    foreground, background = target.sum(-1), (inside - target).sum(-1)
    weight, other = 1 / (foreground**2 + smooth), 1 / (background**2 + smooth)
    total = weight * (probabilities.sum(-1) + foreground) + other * ((inside - probabilities).sum(-1) + background)
    mismatch = (weight + other) * _mismatch(probabilities, target)  # what both classes miss is the same
    return mismatch / torch.where(total > 0, total, 1.0)


@pixels
def lovasz_hinge(logits: Tensor, target: Tensor, inside: Inside) -> Tensor:
    """The Lovasz extension of the Jaccard loss at the hinge errors of the scores."""
    return _lovasz((1 - (2 * target - 1) * logits).relu(), target, inside)


@pixels
def lovasz_softmax(probabilities: Tensor, target: Tensor, inside: Inside) -> Tensor:
    """The Lovasz extension of the Jaccard loss at the errors of the probabilities."""
    return _lovasz(probabilities * (1 - target) + (1 - probabilities) * target, target, inside)


@elementwise
def boundary_loss(probabilities: Tensor, signed_distance: Tensor) -> Tensor:
    """Foreground probability times the distance to the boundary of the true mask, negative inside; `contract.signed_distance` makes it from masks."""
    return probabilities * signed_distance


@elementwise
def hausdorff_dt(
    probabilities: Tensor, predicted_distance: Tensor, true_distance: Tensor, target: Tensor, alpha: Annotated[float, "(0, oo)"] = 2.0
) -> Tensor:  # fmt: skip
    """Squared error times the distances to both boundaries, without sign, to the power `alpha`.

    Pass `contract.signed_distance(probabilities > 0.5)` and that of the true mask.
    """
    return (probabilities - target) ** 2 * (_distance_power(predicted_distance, alpha) + _distance_power(true_distance, alpha))


def _lovasz(errors: Tensor, target: Tensor, inside: Tensor) -> Tensor:
    """Errors in falling order, each times how much the Jaccard loss of the set of wrong pixels grows when its pixel joins those before it.

    Pixels left out come last and cost nothing.
    """
    order = torch.where(inside > 0, errors.detach(), -1.0).argsort(-1, descending=True)
    truth = target.gather(-1, order)
    missed, false = truth.cumsum(-1), (1 - truth).cumsum(-1)
    size = truth.sum(-1, keepdim=True)
    jaccard = 1 - (size - missed) / (size + false).clamp(min=torch.finfo(errors.dtype).tiny)
    growth = torch.cat((jaccard[..., :1], jaccard[..., 1:] - jaccard[..., :-1]), -1)
    return (errors.gather(-1, order) * growth * inside.gather(-1, order)).sum(-1)


def _distance_power(distance: Tensor, alpha: float) -> Tensor:
    """|distance|**alpha, with gradient 0 at 0."""
    apart = distance != 0
    return torch.where(apart, torch.where(apart, distance, 1.0).abs() ** alpha, 0.0)


def _mismatch(probabilities: Tensor, target: Tensor) -> Tensor:
    """The size of both masks less twice their overlap, as a sum of what differs."""
    return (probabilities * (1 - target) + (1 - probabilities) * target).sum(-1)


def _tversky(probabilities: Tensor, target: Tensor, alpha: float, beta: float, smooth: float) -> Tensor:
    mistakes = alpha * (probabilities * (1 - target)).sum(-1) + beta * ((1 - probabilities) * target).sum(-1)
    return mistakes / ((probabilities * target).sum(-1) + mistakes + smooth)
