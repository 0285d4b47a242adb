"""Our losses against kornia's. Its robust losses have their scale fixed; its overlap losses take logits and smooth the denominator only."""

from __future__ import annotations

import math
from typing import Any

import torch

from .comparing import CLASSES, IMAGE, LOGITS, MASKS, OTHER_IMAGE, PIXELS, PREDICTION, SOFT, TARGET, Comparison, Table, agree, both, ours, same

ROOT = math.sqrt(2)


def _loss(name: str, **options: Any) -> Any:
    """A kornia loss as a function of the reduction and the tensors."""

    def theirs(reduction: str, *inputs: torch.Tensor) -> Any:
        import kornia.losses

        return getattr(kornia.losses, name)(*inputs, reduction=reduction, **options)

    return theirs


def _whole(name: str, *arguments: Any) -> Any:
    """A kornia loss that is always the mean over the batch."""

    def theirs(values: torch.Tensor, _: str) -> Any:
        import kornia.losses

        return getattr(kornia.losses, name)(values, CLASSES, *arguments)

    return theirs


def _dice() -> Comparison:
    """No smoothing above the line; "micro", its default, takes one ratio over all classes, "macro" is the mean over classes, as ours is."""
    together = torch.nn.functional.one_hot(CLASSES, 2).movedim(-1, 1)
    return both(
        agree(lambda z, r: ours("dice", z.softmax(1), CLASSES, smooth=1e-12, reduction=r), _whole("dice_loss", "macro", 0.0), PIXELS, ("mean",)),
        agree(
            lambda z, r: ours("dice", z.softmax(1).reshape(3, 1, -1), together.reshape(3, 1, -1), smooth=1e-12, reduction=r),
            _whole("dice_loss", "micro", 0.0), PIXELS, ("mean",),
        ),
    )  # fmt: skip


def _heatmaps(values: torch.Tensor) -> torch.Tensor:
    """Rows of distributions as its (batch, channels, height, width), normalised over height and width."""
    return values.reshape(-1, 1, 2, 2)


def _divergence(name: str, theirs: str) -> Comparison:
    """It does not normalise either, so that the gradients agree too."""
    return agree(
        lambda p, r: ours(name, p, SOFT, reduction=r), lambda p, r: _loss(theirs)(r, _heatmaps(p), _heatmaps(SOFT)), LOGITS.softmax(1),
    )  # fmt: skip


def _similarity() -> Comparison:
    """Half of ours (DSSIM); without padding its windows are ours."""

    def theirs(first: torch.Tensor, reduction: str) -> torch.Tensor:
        import kornia.losses

        places = kornia.losses.ssim_loss(first, OTHER_IMAGE, 11, padding="valid", reduction="none")
        return {"none": places.mean((1, 2, 3)), "mean": places.mean()}[reduction] * 2

    return agree(lambda first, r: ours("ssim_loss", first, OTHER_IMAGE, reduction=r), theirs, IMAGE, ("none", "mean"), rtol=1e-5, atol=1e-6)


def _lovasz(name: str, theirs: str) -> Comparison:
    """Both are means over images (and classes); its hinge takes one channel of scores, its softmax all of them."""

    def reference(values: torch.Tensor, _: str) -> Any:
        import kornia.losses

        return getattr(kornia.losses, theirs)(values, CLASSES)

    if name == "lovasz_hinge":
        return agree(lambda z, r: ours(name, z, CLASSES.unsqueeze(1).double(), reduction=r), reference, PIXELS[:, :1], ("mean",), rtol=1e-5, atol=1e-6)
    return agree(lambda z, r: ours(name, z.softmax(1), CLASSES, reduction=r), reference, PIXELS, ("mean",), rtol=1e-5, atol=1e-6)


def _total_variation() -> Comparison:
    def theirs(image: torch.Tensor, reduction: str) -> Any:
        import kornia.losses

        single = kornia.losses.total_variation(image, reduction="sum").sum(1)  # one number a channel
        return {"none": single, "mean": single.mean(), "sum": single.sum()}[reduction]

    return agree(lambda image, r: ours("total_variation", image, reduction=r), theirs, IMAGE)


def _smoothness() -> Comparison:
    """It gives the mean over the batch only."""

    def theirs(depth: torch.Tensor, _: str) -> Any:
        import kornia.losses

        return kornia.losses.inverse_depth_smoothness_loss(depth, OTHER_IMAGE)

    return agree(lambda depth, r: ours("inverse_depth_smoothness", depth, OTHER_IMAGE, reduction=r), theirs, IMAGE[:, :1], ("mean",))


TABLE: Table = {
    "inverse_depth_smoothness": ("InverseDepthSmoothnessLoss", _smoothness()),
    "lovasz_hinge": ("LovaszHingeLoss", _lovasz("lovasz_hinge", "lovasz_hinge_loss")),
    "lovasz_softmax": ("LovaszSoftmaxLoss", _lovasz("lovasz_softmax", "lovasz_softmax_loss")),
    "total_variation": ("TotalVariation", _total_variation()),
    "cauchy": ("CauchyLoss", same("cauchy", _loss("cauchy_loss"), PREDICTION, TARGET, c=ROOT)),
    "welsch": ("WelschLoss", same("welsch", _loss("welsch_loss"), PREDICTION, TARGET, c=ROOT)),
    "geman_mcclure": ("GemanMcclureLoss", same("geman_mcclure", _loss("geman_mcclure_loss"), PREDICTION, TARGET, c=1.0)),
    "pseudo_huber": ("CharbonnierLoss", same("pseudo_huber", _loss("charbonnier_loss"), PREDICTION, TARGET, delta=1.0)),
    "charbonnier": (  # without its minimum
        "CharbonnierLoss",
        agree(
            lambda p, r: ours("charbonnier", p, TARGET, epsilon=1.0, reduction=r) - (len(TARGET) if r == "sum" else 1),
            lambda p, r: _loss("charbonnier_loss")(r, p, TARGET), PREDICTION,
        ),
    ),
    "focal": (
        "BinaryFocalLossWithLogits",
        same("focal", _loss("binary_focal_loss_with_logits", alpha=0.3, gamma=1.5), PIXELS, MASKS, alpha=0.3, gamma=1.5),
    ),
    "dice": ("DiceLoss", _dice()),
    "tversky": (
        "TverskyLoss",
        agree(
            lambda z, r: ours("tversky", z.softmax(1), CLASSES, alpha=0.2, beta=0.9, smooth=1e-12, reduction=r),
            _whole("tversky_loss", 0.2, 0.9, 0.0), PIXELS, ("mean",),
        ),
    ),
    "kl_divergence": ("kl_div_loss_2d", _divergence("kl_divergence", "kl_div_loss_2d")),
    "jensen_shannon": ("js_div_loss_2d", _divergence("jensen_shannon", "js_div_loss_2d")),
    "ssim_loss": ("SSIMLoss", _similarity()),
}  # fmt: skip
