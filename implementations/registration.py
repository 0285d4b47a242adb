"""Losses of displacements between images, and of images that one lays on another. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

from torch import Tensor
from torch.nn.functional import avg_pool2d

from .contract import images, vectors
from .contract.norms import length

_WINDOW = 9


@vectors
def endpoint_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Euclidean distance of two vectors along axis 1; the gradient of a perfect match is 0."""
    return length(prediction - target)


@images
def local_ncc(prediction: Tensor, target: Tensor, epsilon: Annotated[float, "(0, oo)"] = 1.0e-5) -> Tensor:
    """Minus the squared correlation inside a 9 x 9 window, averaged over channels and all places of the window inside the image (cut to smaller images).

    Deviations are taken about the image's mean first: without that shift, squares of bright pixels cancel.
    """
    first, second = (value - value.detach().mean((2, 3), keepdim=True) for value in (prediction, target))
    mean_1, mean_2, size = _means(first), _means(second), min(_WINDOW, first.shape[2]) * min(_WINDOW, first.shape[3])
    spread_1, spread_2 = ((_means(value**2) - mean**2).clamp(min=0) * size for value, mean in ((first, mean_1), (second, mean_2)))
    product = (_means(first * second) - mean_1 * mean_2) * size
    return -(product**2 / (spread_1 * spread_2 + epsilon)).mean((1, 2, 3))


def _means(values: Tensor) -> Tensor:
    return avg_pool2d(values, (min(_WINDOW, values.shape[2]), min(_WINDOW, values.shape[3])), 1)
