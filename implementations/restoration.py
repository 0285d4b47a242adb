"""Losses of image restoration and style transfer: smoothness of an image, and statistics of a network's features. The formulas stand on the cards."""

from __future__ import annotations

import torch
from torch import Tensor

from .contract import images, through_network


@images
def total_variation(prediction: Tensor) -> Tensor:
    """Sum of the absolute differences of neighbours in rows and in columns, over all channels."""
    across = (prediction[..., 1:] - prediction[..., :-1]).abs().sum((1, 2, 3))
    return across + (prediction[..., 1:, :] - prediction[..., :-1, :]).abs().sum((1, 2, 3))


@through_network("prediction", "target")
@images
def gram_style(prediction: Tensor, target: Tensor) -> Tensor:
    """Summed squared differences of the Gram matrices of two feature maps, over four times the squared numbers of channels and of places."""
    channels, places = prediction.shape[1], prediction.shape[2] * prediction.shape[3]
    difference = (_gram(prediction) - _gram(target)) / (2 * channels * places)
    return (difference**2).sum((1, 2))


def _gram(features: Tensor) -> Tensor:
    flat = features.flatten(2)
    return torch.matmul(flat, flat.transpose(1, 2))
