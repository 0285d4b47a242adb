"""Our losses against those of torch.nn, with every reduction that both have."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .comparing import BITS, LABELS, LOGITS, POSITIVE, PREDICTION, SIGNS, SOFT, TARGET, Comparison, Table, Theirs, agree, both, close, ours, same

OTHERS = LOGITS.flip(0)
ONES = torch.ones(30, dtype=torch.float64)
ALIKE = SIGNS[:30]


def _module(name: str, **options: Any) -> Theirs:
    """A torch module as a function of the reduction and the tensors."""
    return lambda reduction, *inputs: getattr(nn, name)(reduction=reduction, **options)(*inputs)


def _row(card: str, name: str, *inputs: torch.Tensor, options: dict[str, Any] | None = None, **parameters: Any) -> tuple[str, Comparison]:
    """Both take the same tensors in the same order; `options` are torch's parameters, `parameters` ours."""
    return name, same(card, _module(name, **(options or {})), *inputs, **parameters)


def _gaussian_nll() -> Comparison:
    """torch takes the target second, the variance last."""
    return same("gaussian_nll", lambda r, mean, variance, y: nn.GaussianNLLLoss(full=True, reduction=r)(mean, y, variance), PREDICTION, POSITIVE, TARGET)


def _divergence(card: str) -> Comparison:
    """torch takes log-probabilities, gives one number an element, and its "mean" divides by all of them: "batchmean" is ours."""

    def theirs(probabilities: torch.Tensor, reduction: str) -> torch.Tensor:
        first, second = (probabilities, SOFT) if card == "kl_divergence" else (SOFT, probabilities)
        found = nn.KLDivLoss(reduction="batchmean" if reduction == "mean" else reduction)(first.log(), second)
        return found.sum(1) if reduction == "none" else found

    return agree(lambda probabilities, r: ours(card, probabilities, SOFT, reduction=r), theirs, LOGITS.softmax(1))


def _triplet() -> Comparison:
    """torch adds 1e-6 to every component of a difference; without that it is ours."""
    inputs = (LOGITS, SOFT, OTHERS)
    return both(
        same("triplet", _module("TripletMarginLoss", margin=0.8, eps=0.0), *inputs, margin=0.8),
        same("triplet", _module("TripletMarginLoss", margin=0.8), *inputs, margin=0.8, rtol=1e-4, atol=1e-5),
    )


def _hinge_of_distances() -> Comparison:
    """torch takes the distance itself, and -1 where our label of a dissimilar pair is 0."""
    return agree(
        lambda first, r: ours("pairwise_ranking", first, OTHERS, (ALIKE + 1) / 2, margin=2.0, reduction=r),
        lambda first, r: nn.HingeEmbeddingLoss(margin=2.0, reduction=r)((first - OTHERS).norm(dim=1), ALIKE), LOGITS,
    )  # fmt: skip


def _cosine() -> Comparison:
    """torch has a constant of 1e-12 under its roots, so that vectors of zeros have similarity 0, as ours do."""
    return agree(
        lambda first, r: ours("cosine_similarity_loss", first, OTHERS, reduction=r),
        lambda first, r: nn.CosineEmbeddingLoss(reduction=r)(first, OTHERS, ONES), LOGITS, rtol=1e-9, atol=1e-9,
    )  # fmt: skip


def _half() -> Comparison:
    return agree(
        lambda p, r: ours("half_squared_error", p, TARGET, reduction=r), lambda p, r: nn.MSELoss(reduction=r)(p, TARGET) / 2, PREDICTION,
    )  # fmt: skip


def _ranknet() -> Comparison:
    """The logit is the lead of the first score."""
    return agree(
        lambda first, r: ours("ranknet", first, TARGET, BITS, reduction=r), lambda first, r: nn.BCEWithLogitsLoss(reduction=r)(first - TARGET, BITS),
        PREDICTION,
    )  # fmt: skip


def _ebm_hinge() -> Comparison:
    """Energies: the correct answer's should be the lower one, which torch writes as a target of -1."""
    return agree(
        lambda correct, r: ours("ebm_hinge", correct, TARGET, margin=0.3, reduction=r),
        lambda correct, r: nn.MarginRankingLoss(margin=0.3, reduction=r)(correct, TARGET, -torch.ones_like(TARGET)), PREDICTION,
    )  # fmt: skip


def _weighted_classes() -> Comparison:
    """torch's "mean" divides by the weights of the classes that occur, ours by the number of samples."""
    weights = torch.tensor([0.5, 2.0, 1.0, 3.0], dtype=torch.float64)

    def theirs(logits: torch.Tensor, reduction: str) -> torch.Tensor:
        found = nn.CrossEntropyLoss(weight=weights, reduction=reduction)(logits, LABELS)
        return found * weights[LABELS].mean() if reduction == "mean" else found

    return agree(lambda logits, r: ours("categorical_cross_entropy", logits, LABELS, class_weight=weights, reduction=r), theirs, LOGITS)


def _ctc() -> None:
    """Values, and gradients with respect to logits (torch's gradient is right only behind log_softmax); lengths differ, one target is empty."""
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(4, 5, 9, generator=generator, dtype=torch.float64)
    target, frames, labels = torch.tensor([[1, 1, 2], [4, 3, 3], [1, 2, 3], [2, 0, 0]]), torch.tensor([9, 7, 3, 6]), torch.tensor([3, 2, 0, 1])
    mine, other = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    found = ours("ctc", mine.log_softmax(1), target, frames, labels)
    reference = nn.CTCLoss(reduction="none")(other.log_softmax(1).permute(2, 0, 1), target, frames, labels)
    close(found, reference)
    found.sum().backward()
    reference.sum().backward()
    close(mine.grad, other.grad)


_CROSS_ENTROPY = _module("CrossEntropyLoss")
TABLE: Table = {
    "bradley_terry": (
        "SoftMarginLoss",
        same("bradley_terry", lambda r, first, second: nn.SoftMarginLoss(reduction=r)(first - second, torch.ones_like(first)), PREDICTION, TARGET),
    ),
    "mae": _row("mae", "L1Loss", PREDICTION, TARGET),
    "mse": _row("mse", "MSELoss", PREDICTION, TARGET),
    "half_squared_error": ("MSELoss", _half()),
    "huber": _row("huber", "HuberLoss", PREDICTION, TARGET, options={"delta": 1.5}, delta=1.5),
    "smooth_l1": _row("smooth_l1", "SmoothL1Loss", PREDICTION, TARGET, options={"beta": 0.5}, beta=0.5),
    "gaussian_nll": ("GaussianNLLLoss", _gaussian_nll()),
    "poisson_loss": _row("poisson_loss", "PoissonNLLLoss", PREDICTION, POSITIVE),
    "binary_cross_entropy": _row("binary_cross_entropy", "BCEWithLogitsLoss", PREDICTION, BITS),
    "weighted_cross_entropy": (
        "BCEWithLogitsLoss(pos_weight",
        same("weighted_cross_entropy", _module("BCEWithLogitsLoss", pos_weight=torch.tensor(3.0)), PREDICTION, BITS, beta=3.0),
    ),
    "logistic": _row("logistic", "SoftMarginLoss", PREDICTION, SIGNS),
    "categorical_cross_entropy": (
        "CrossEntropyLoss",
        both(
            same("categorical_cross_entropy", _CROSS_ENTROPY, LOGITS, LABELS), same("categorical_cross_entropy", _CROSS_ENTROPY, LOGITS, SOFT),
            _weighted_classes(),
        ),
    ),
    "label_smoothing": (
        "CrossEntropyLoss(label_smoothing", same("label_smoothing", _module("CrossEntropyLoss", label_smoothing=0.2), LOGITS, LABELS, epsilon=0.2),
    ),
    "ar_lm": ("CrossEntropyLoss", same("ar_lm", _CROSS_ENTROPY, LOGITS, LABELS)),
    "mlm": ("CrossEntropyLoss", same("mlm", _CROSS_ENTROPY, LOGITS, LABELS)),
    "multi_margin": _row("multi_margin", "MultiMarginLoss", LOGITS, LABELS, options={"margin": 0.7}, margin=0.7),
    "listwise": ("CrossEntropyLoss", same("listwise", _CROSS_ENTROPY, LOGITS, SOFT)),
    "margin_ranking": _row("margin_ranking", "MarginRankingLoss", PREDICTION, TARGET, SIGNS, options={"margin": 0.3}, margin=0.3),
    "ranknet": ("BCEWithLogitsLoss", _ranknet()),
    "ebm_hinge": ("MarginRankingLoss", _ebm_hinge()),
    "triplet": ("TripletMarginLoss", _triplet()),
    "pairwise_ranking": ("HingeEmbeddingLoss", _hinge_of_distances()),
    "cosine_similarity_loss": ("CosineEmbeddingLoss", _cosine()),
    "ctc": ("CTCLoss", _ctc),
    "nll": _row("nll", "NLLLoss", LOGITS.log_softmax(1), LABELS),
    "kl_divergence": ("KLDivLoss", _divergence("kl_divergence")),
    "reverse_kl": ("KLDivLoss", _divergence("reverse_kl")),
}  # fmt: skip
