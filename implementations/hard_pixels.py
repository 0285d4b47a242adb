"""Losses of segmentation that learn from the hardest pixels of an image alone. Why they have no formula stands on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .classification import categorical_cross_entropy
from .contract import ClassWeight, Inside, class_maps


@class_maps
def top_k_cross_entropy(
    logits: Tensor, target: Tensor, inside: Inside, class_weight: ClassWeight, share: Annotated[float, "(0, 1]"] = 0.1
) -> Tensor:  # fmt: skip
    """Mean of the largest `share` (rounded down, but at least one) of the cross-entropies of an image's pixels."""
    losses = categorical_cross_entropy(logits, target, mask=inside, class_weight=class_weight, reduction="none").flatten(1)
    kept = inside.flatten(1)
    count = (share * kept.sum(1, keepdim=True)).floor().clamp(min=1)
    falling = torch.where(kept, losses, -torch.inf).sort(1, descending=True).values
    chosen = (torch.arange(losses.shape[1], device=losses.device) < count) & (falling > -torch.inf)
    return torch.where(chosen, falling, 0.0).sum(1) / count.squeeze(1)
