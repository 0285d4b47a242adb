"""Our losses against MONAI's. Both of its smoothing constants are set to ours, 1; its own default is 1e-5."""

from __future__ import annotations

import functools
from typing import Any

import torch

import lossgraph
from lossgraph.implementations.contract import signed_distance

from .comparing import BOXES, IMAGE, LOGITS, MASKS, OTHER_BOXES, OTHER_IMAGE, PIXELS, PREDICTION, SOFT, Comparison, Table, agree, both, ours, same

FLOAT = {"rtol": 1e-5, "atol": 1e-6}  # MONAI computes these in float32
PROBABILITIES = PIXELS.sigmoid()


def _loss(name: str, **options: Any) -> Any:
    """A MONAI loss as a function of the reduction and the tensors; the import takes seconds, so it waits for the call."""

    def theirs(reduction: str, *inputs: torch.Tensor) -> Any:
        import monai.losses

        return getattr(monai.losses, name)(reduction=reduction, **options)(*inputs)

    return theirs


def _generalized_dice() -> Comparison:
    """Its classes are channels and its weights unsmoothed: ours as the smoothing vanishes, with the background as a channel beside the foreground."""
    foreground = MASKS[:, :1]
    return agree(
        lambda p, reduction: ours("generalized_dice", p, foreground, smooth=1e-9, reduction=reduction),
        lambda p, reduction: _loss("GeneralizedDiceLoss", smooth_nr=0, smooth_dr=0)(
            reduction, torch.cat([p, 1 - p], 1), torch.cat([foreground, 1 - foreground], 1)
        ),
        PROBABILITIES[:, :1], **FLOAT,
    )  # fmt: skip


def _hausdorff() -> Comparison:
    """It measures the distances itself and takes one channel of probabilities; the square images hold foreground and background."""
    values, masks = IMAGE[:, :1], (OTHER_IMAGE[:, 1:2] > 0.5).double()

    def mine(probabilities: torch.Tensor, reduction: str) -> torch.Tensor:
        predicted, true = (signed_distance(mask).double() for mask in (probabilities > 0.5, masks))
        return ours("hausdorff_dt", probabilities, predicted, true, masks, reduction=reduction)

    return agree(mine, lambda p, reduction: _loss("HausdorffDTLoss")(reduction, p, masks), values, ("mean",), **FLOAT)


def _correlation() -> Comparison:
    """Where its windows lie inside the image they are ours, cell by cell."""
    inside = (slice(None), slice(None), slice(4, -4), slice(4, -4))

    def theirs(first: torch.Tensor, reduction: str) -> Any:
        # it squares the product first and adds its constants then, so that a tiny first constant changes nothing
        options = {"spatial_dims": 2, "kernel_size": 9, "smooth_nr": 1e-30, "smooth_dr": 1e-5}
        cells = _loss("LocalNormalizedCrossCorrelationLoss", **options)("none", first, OTHER_IMAGE)[inside]
        return {"none": cells.mean((1, 2, 3)), "mean": cells.mean()}[reduction]

    return agree(lambda first, r: ours("local_ncc", first, OTHER_IMAGE, reduction=r), theirs, IMAGE, ("none", "mean"), **FLOAT)


def _focal() -> Comparison:
    """Equal but for "sum", which MONAI takes over means of the places; without alpha it is twice ours at alpha = 1/2."""
    theirs, places = _loss("FocalLoss", gamma=1.5, alpha=0.3), PIXELS[0, 0].numel()
    focal = functools.partial(ours, "focal", gamma=1.5, alpha=0.3)
    return both(
        agree(lambda z, r: focal(z, MASKS, reduction=r), lambda z, r: theirs(r, z, MASKS), PIXELS, ("none", "mean"), **FLOAT),
        agree(lambda z, r: focal(z, MASKS, reduction=r), lambda z, r: theirs(r, z, MASKS) * places, PIXELS, ("sum",), **FLOAT),
        agree(lambda z, r: 2 * ours("focal", z, MASKS, alpha=0.5, reduction=r), lambda z, r: _loss("FocalLoss")(r, z, MASKS), PIXELS, ("mean",), **FLOAT),
    )


def _dice_cross_entropy() -> Comparison:
    """Equal with one channel; with several MONAI's cross-entropy is that of a softmax, even where its Dice term is told to take sigmoids."""
    theirs = _loss("DiceCELoss", sigmoid=True, smooth_nr=1, smooth_dr=1)
    return both(
        agree(
            lambda z, r: ours("dice_cross_entropy", z, MASKS[:, :1], reduction=r), lambda z, r: theirs(r, z, MASKS[:, :1]), PIXELS[:, :1], ("mean",)
        ),
        agree(
            lambda z, r: ours("dice", z.sigmoid(), MASKS, reduction=r) + ours("categorical_cross_entropy", z, MASKS, reduction=r),
            lambda z, r: theirs(r, z, MASKS), PIXELS, ("mean",),
        ),
    )  # fmt: skip


def _contrastive() -> Comparison:
    """It takes the two views as two batches; ours takes one batch, with labels that say which belong together."""
    first, second = LOGITS[:15], SOFT[:15]

    def theirs(views: torch.Tensor, _: str) -> torch.Tensor:
        import monai.losses

        return monai.losses.ContrastiveLoss(temperature=0.3)(*views.chunk(2))

    labels = torch.arange(15).repeat(2)
    in_batch: Any = lossgraph.torch.in_batch("nt_xent")
    return agree(lambda views, _: in_batch(views, labels, temperature=0.3), theirs, torch.cat([first, second]), ("mean",), rtol=1e-6, atol=1e-8)


def _adversarial(criterion: str, real: bool, scores: torch.Tensor, **options: Any) -> torch.Tensor:
    import monai.losses

    return monai.losses.PatchAdversarialLoss(criterion=criterion, **options)(scores, target_is_real=real, for_discriminator=True)


def _game(name: str, criterion: str, factor: float, change: Any = None, **options: Any) -> Comparison:
    """A discriminator's loss: `factor` times MONAI's of the real scores plus its of the fake ones, which it computes after an activation of its own."""
    real, fake = PREDICTION[:20], PREDICTION[20:]
    change = change or (lambda scores: scores)
    return agree(
        lambda scores, _: ours(name, change(scores), change(fake), reduction="mean"),
        lambda scores, _: factor * (_adversarial(criterion, True, scores, **options) + _adversarial(criterion, False, fake, **options)), real, ("mean",),
        **FLOAT,
    )  # fmt: skip


def _generator(name: str, criterion: str, factor: float, **options: Any) -> Comparison:
    return agree(
        lambda scores, _: ours(name, scores, reduction="mean"), lambda scores, _: factor * _adversarial(criterion, True, scores, **options), PREDICTION,
        ("mean",), **FLOAT,
    )  # fmt: skip


TABLE: Table = {
    "hausdorff_dt": ("HausdorffDTLoss", _hausdorff()),
    "local_ncc": ("LocalNormalizedCrossCorrelationLoss", _correlation()),
    # one number an image over all its channels, of which there is one here; its third constant, of the harmonic mean, is almost 0
    "cl_dice": ("SoftclDiceLoss", same("cl_dice", _loss("SoftclDiceLoss", smooth=1e-12), PROBABILITIES[:, :1], MASKS[:, :1], **FLOAT)),
    "dice": ("DiceLoss", same("dice", _loss("DiceLoss", smooth_nr=1, smooth_dr=1), PROBABILITIES, MASKS)),
    "dice_squared": ("DiceLoss(squared_pred=True", same("dice_squared", _loss("DiceLoss", squared_pred=True, smooth_nr=1, smooth_dr=1), PROBABILITIES, MASKS)),
    "jaccard": (  # its constants are added to twice the overlap
        "DiceLoss(jaccard=True", same("jaccard", _loss("DiceLoss", jaccard=True, smooth_nr=2, smooth_dr=2), PROBABILITIES, MASKS, smooth=1.0),
    ),
    "tversky": (
        "TverskyLoss", same("tversky", _loss("TverskyLoss", alpha=0.2, beta=0.9, smooth_nr=1, smooth_dr=1), PROBABILITIES, MASKS, alpha=0.2, beta=0.9),
    ),
    "generalized_dice": ("GeneralizedDiceLoss", _generalized_dice()),
    "focal": ("FocalLoss", _focal()),
    "dice_cross_entropy": ("DiceCELoss", _dice_cross_entropy()),
    "dice_focal": (
        "DiceFocalLoss", same("dice_focal", _loss("DiceFocalLoss", sigmoid=True, smooth_nr=1, smooth_dr=1), PIXELS, MASKS, reductions=("mean",), **FLOAT),
    ),
    "ssim_loss": ("SSIMLoss", same("ssim_loss", _loss("SSIMLoss", spatial_dims=2), IMAGE, OTHER_IMAGE, **FLOAT)),
    "giou": ("BoxGIoULoss", same("giou", _loss("BoxGIoULoss"), BOXES, OTHER_BOXES, **FLOAT)),
    "nt_xent": ("ContrastiveLoss", _contrastive()),
    "lsgan": ("PatchAdversarialLoss", _game("lsgan", "least_squares", 0.5, no_activation_leastsq=True)),
    "lsgan_generator": ("PatchAdversarialLoss", _generator("lsgan_generator", "least_squares", 0.5, no_activation_leastsq=True)),
    "gan_hinge": ("PatchAdversarialLoss", _game("gan_hinge", "hinge", 1.0, change=torch.tanh)),  # behind a tanh, which keeps every score inside the margin
    "gan_minimax": ("PatchAdversarialLoss", _game("gan_minimax", "bce", 1.0)),
    "gan_nonsaturating": ("PatchAdversarialLoss", _generator("gan_nonsaturating", "bce", 1.0)),
}
