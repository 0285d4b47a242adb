"""Softmax losses with a margin on the cosines between embeddings and class centres, as in face recognition. The formulas stand on the cards."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor

from .contract import ClassTarget, classes


@classes
def arcface(
    similarities: Tensor, target: ClassTarget, margin: Annotated[float, "[0, oo)"] = 0.5, scale: Annotated[float, "(0, oo)"] = 64.0
) -> Tensor:  # fmt: skip
    """Cross-entropy of scaled cosines, with `margin` added to the angle of the true class; at cosines 1 and -1 the angle's slope counts as that beside it."""
    cosines = similarities.clamp(-1, 1)
    square = (1 - cosines) * (1 + cosines)
    sine = torch.where(square > 0, torch.where(square > 0, square, 1.0).sqrt(), 0.0)
    return _cross_entropy(cosines, cosines * math.cos(margin) - sine * math.sin(margin), target, scale)


@classes
def cosface(
    similarities: Tensor, target: ClassTarget, margin: Annotated[float, "[0, oo)"] = 0.35, scale: Annotated[float, "(0, oo)"] = 64.0
) -> Tensor:  # fmt: skip
    """Cross-entropy of scaled cosines, with `margin` taken from the cosine of the true class."""
    cosines = similarities.clamp(-1, 1)
    return _cross_entropy(cosines, cosines - margin, target, scale)


def _cross_entropy(cosines: Tensor, moved: Tensor, target: ClassTarget, scale: float) -> Tensor:
    """Of the cosines with that of the true class replaced by `moved`; a soft target replaces each in its share."""
    return -target.expect((scale * target.replace(cosines, moved)).log_softmax(1))
