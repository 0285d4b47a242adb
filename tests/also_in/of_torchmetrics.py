"""Our losses against their twins among torchmetrics' functional metrics. Its metrics of masks take masks, not probabilities, and smooth nothing."""

from __future__ import annotations

from typing import Any

import torch

from .comparing import (
    BITS,
    IMAGE,
    LABELS,
    LOGITS,
    MASKS,
    OTHER_IMAGE,
    PIXELS,
    POSITIVE,
    PREDICTION,
    SIGNS,
    SOFT,
    TARGET,
    Comparison,
    Table,
    agree,
    close,
    draw,
    ours,
)  # fmt: skip

ALMOST = {"rtol": 1e-5, "atol": 1e-6}  # torchmetrics computes these in float32
HARD = (PIXELS > 0).double()
LARGE = draw(2, 1, 176, 176).sigmoid()
LARGE_OTHER = (LARGE + draw(2, 1, 176, 176) / 10).clamp(0, 1)


def _metric(name: str, *inputs: Any, **options: Any) -> Any:
    """A functional metric of torchmetrics by its place, such as `regression.log_cosh_error`."""
    from importlib import import_module

    package, _, function = name.rpartition(".")
    return getattr(import_module(f"torchmetrics.functional.{package}"), function)(*inputs, **options)


def _mean(card: str, metric: str, *inputs: torch.Tensor, gradient: bool = True, tolerance: dict[str, float] | None = None, **options: Any) -> Comparison:
    """The metric of the same tensors is the mean of our loss."""
    return agree(
        lambda first, _: ours(card, first, *inputs[1:], reduction="mean"), lambda first, _: _metric(metric, first, *inputs[1:], **options),
        inputs[0], ("mean",), gradient, **(tolerance or {}),
    )  # fmt: skip


def _deviance(card: str, power: float, constant: torch.Tensor, **parameters: float) -> Comparison:
    """Half the deviance, up to a constant of the target, of a mean whose logarithm ours takes."""
    return agree(
        lambda s, _: ours(card, s, POSITIVE, reduction="mean", **parameters),
        lambda s, _: _metric("regression.tweedie_deviance_score", s.exp(), POSITIVE, power=power) / 2 + constant.mean(), PREDICTION / 2, ("mean",),
    )  # fmt: skip


def _hinge(card: str, squared: bool) -> Comparison:
    """It squashes scores with a sigmoid as soon as one lies outside [0, 1]: its value is ours of the squashed ones."""
    return agree(
        lambda scores, _: ours(card, scores.sigmoid(), SIGNS, reduction="mean"),
        lambda scores, _: _metric("classification.binary_hinge_loss", scores, BITS.long(), squared=squared), PREDICTION, ("mean",),
    )  # fmt: skip


def _masks(card: str, metric: str, **options: Any) -> Comparison:
    """One minus the score of two masks, for each image and class, is our loss as the smoothing vanishes."""

    def compare() -> None:
        theirs = _metric(metric, HARD.long(), MASKS.long(), num_classes=2, **options)
        close(ours(card, HARD, MASKS, smooth=1e-9), 1 - theirs.double(), **ALMOST)

    return compare


def _generalized_dice() -> Comparison:
    """The background is a class of its own there, in ours it is what the mask leaves."""

    def compare() -> None:
        first, second = HARD[:, :1], MASKS[:, :1]
        theirs = _metric("segmentation.generalized_dice_score", *(torch.cat([m, 1 - m], 1).long() for m in (first, second)), num_classes=2)
        close(ours("generalized_dice", first, second, smooth=1e-9)[:, 0], 1 - theirs.double(), **ALMOST)

    return compare


def _zero_one() -> Comparison:
    """One minus the accuracy, where no score is 0."""

    def compare() -> None:
        theirs = _metric("classification.binary_accuracy", PREDICTION, BITS.long())
        close(ours("zero_one", PREDICTION, SIGNS, reduction="mean").float(), 1 - theirs)

    return compare


def _perplexity() -> Comparison:
    """It takes logits and tokens, ours the log-probabilities of the tokens."""

    def theirs(logits: torch.Tensor, _: str) -> Any:
        return _metric("text.perplexity", logits.unsqueeze(0), LABELS.unsqueeze(0))

    def mine(logits: torch.Tensor, _: str) -> torch.Tensor:
        return ours("perplexity", logits.log_softmax(1).gather(1, LABELS.unsqueeze(1)).squeeze(1), reduction="mean")

    return agree(mine, theirs, LOGITS, ("mean",))


def _similarity() -> Comparison:
    """It pads the image by reflection, so that only places whose window lies inside agree."""

    def compare() -> None:
        for channel in range(3):
            first, second = IMAGE[:, channel : channel + 1], OTHER_IMAGE[:, channel : channel + 1]
            _, places = _metric("image.structural_similarity_index_measure", first, second, data_range=1.0, return_full_image=True)
            close(ours("ssim_loss", first, second), 1 - places[:, :, 5:-5, 5:-5].mean((1, 2, 3)), **ALMOST)

    return compare


def _multiscale() -> Comparison:
    """At the coarsest scale only, windows that reach over the edge count there: one factor differs, and both of its values can be had."""

    def compare() -> None:
        theirs = _metric("image.multiscale_structural_similarity_index_measure", LARGE, LARGE_OTHER, data_range=1.0, reduction="none")
        coarse = [torch.nn.functional.avg_pool2d(image, 16) for image in (LARGE, LARGE_OTHER)]
        padded, places = _metric("image.structural_similarity_index_measure", *coarse, data_range=1.0, reduction="none", return_full_image=True)
        inside = places[:, :, 5:-5, 5:-5].mean((1, 2, 3))
        close(1 - (1 - ours("ms_ssim_loss", LARGE, LARGE_OTHER)) * (padded / inside) ** 0.1333, 1 - theirs, rtol=2e-5, atol=1e-7)

    return compare


def _total_variation() -> Comparison:
    def theirs(image: torch.Tensor, reduction: str) -> Any:
        from torchmetrics.functional.image import total_variation

        return total_variation(image, reduction=None if reduction == "none" else reduction)

    return agree(lambda image, r: ours("total_variation", image, reduction=r), theirs, IMAGE)


def _distortion() -> Comparison:
    """A metric to be maximised: with the sign turned it is ours. It adds the smallest difference from 1 to both energies."""

    def theirs(waves: torch.Tensor, reduction: str) -> Any:
        from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

        ratios = -scale_invariant_signal_distortion_ratio(waves, IMAGE[0, :, 0])
        return {"none": ratios, "mean": ratios.mean(), "sum": ratios.sum()}[reduction]

    return agree(lambda waves, r: ours("si_sdr", waves, IMAGE[0, :, 0], reduction=r), theirs, IMAGE[1, :, 1], **ALMOST)


TABLE: Table = {
    "si_sdr": ("ScaleInvariantSignalDistortionRatio", _distortion()),
    "total_variation": ("TotalVariation", _total_variation()),
    "mae": ("mean_absolute_error", _mean("mae", "regression.mean_absolute_error", PREDICTION, TARGET)),
    "mse": ("mean_squared_error", _mean("mse", "regression.mean_squared_error", PREDICTION, TARGET)),
    "rmse": ("mean_squared_error(squared=False", _mean("rmse", "regression.mean_squared_error", PREDICTION, TARGET, squared=False)),
    "rmsle": (  # the root is ours
        "mean_squared_log_error",
        agree(
            lambda p, _: ours("rmsle", p, POSITIVE, reduction="mean"), lambda p, _: _metric("regression.mean_squared_log_error", p, POSITIVE).sqrt(),
            PREDICTION.exp(), ("mean",),
        ),
    ),
    "mape": ("mean_absolute_percentage_error", _mean("mape", "regression.mean_absolute_percentage_error", PREDICTION, TARGET)),
    "smape": ("symmetric_mean_absolute_percentage_error", _mean("smape", "regression.symmetric_mean_absolute_percentage_error", PREDICTION, TARGET)),
    "log_cosh": ("log_cosh_error", _mean("log_cosh", "regression.log_cosh_error", PREDICTION, TARGET)),
    "tweedie": ("tweedie_deviance_score", _deviance("tweedie", 1.3, -(POSITIVE**0.7) / (-0.3 * 0.7), rho=1.3)),
    "poisson_loss": ("tweedie_deviance_score(power=1", _deviance("poisson_loss", 1, POSITIVE - POSITIVE * POSITIVE.log())),
    "gamma_nll": ("tweedie_deviance_score(power=2", _deviance("gamma_nll", 2, POSITIVE.log() + 1)),
    "hinge": ("binary_hinge_loss", _hinge("hinge", False)),
    "squared_hinge": ("binary_hinge_loss(squared=True", _hinge("squared_hinge", True)),
    "zero_one": ("binary_accuracy", _zero_one()),
    "kl_divergence": (  # its first argument is the distribution that the mean is taken over: our target
        "kl_divergence",
        agree(
            lambda z, r: ours("kl_divergence", z.softmax(1), SOFT, reduction=r),
            lambda z, r: _metric("regression.kl_divergence", SOFT, z.softmax(1), reduction=r), LOGITS,
        ),
    ),
    "reverse_kl": (
        "kl_divergence",
        agree(
            lambda z, r: ours("reverse_kl", z.softmax(1), SOFT, reduction=r), lambda z, r: _metric("regression.kl_divergence", z.softmax(1), SOFT, reduction=r),
            LOGITS,
        ),
    ),
    "jensen_shannon": (
        "jensen_shannon_divergence",
        agree(
            lambda z, r: ours("jensen_shannon", z.softmax(1), SOFT, reduction=r),
            lambda z, r: _metric("regression.jensen_shannon_divergence", z.softmax(1), SOFT, reduction=r), LOGITS,
        ),
    ),
    "cosine_similarity_loss": (  # one minus it; its default is the sum over the batch
        "cosine_similarity",
        agree(
            lambda f, r: ours("cosine_similarity_loss", f, SOFT, reduction=r),
            lambda f, r: (30 if r == "sum" else 1) - _metric("regression.cosine_similarity", f, SOFT, reduction=r), LOGITS, **ALMOST,
        ),
    ),
    "perplexity": ("Perplexity", _perplexity()),
    "dice": ("dice_score", _masks("dice", "segmentation.dice_score", average="none")),
    "jaccard": ("mean_iou", _masks("jaccard", "segmentation.mean_iou", per_class=True)),
    "generalized_dice": ("generalized_dice_score", _generalized_dice()),
    "ssim_loss": ("StructuralSimilarityIndexMeasure", _similarity()),
    "ms_ssim_loss": ("MultiScaleStructuralSimilarityIndexMeasure", _multiscale()),
}  # fmt: skip
