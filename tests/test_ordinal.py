"""Do the ordinal losses give the probabilities of the classes that they speak of?"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

import lossgraph
import lossgraph.torch

close = torch.testing.assert_close
generator = torch.Generator().manual_seed(7)
weighted_kappa: Any = lossgraph.torch.function("weighted_kappa")
SCORES = torch.randn(6, generator=generator, dtype=torch.float64) * 3


def test_cumulative_link_is_a_distribution_over_the_classes() -> None:
    """As the card's note gathers the thresholds, ends at infinity among them."""
    thresholds = torch.tensor([-1.5, 0.2, 2.0], dtype=torch.float64, requires_grad=True)
    ends = torch.tensor([torch.inf], dtype=torch.float64)
    edges = torch.cat([-ends, thresholds, ends])
    function = lossgraph.torch.function("cumulative_link")
    losses = torch.stack([function(SCORES, edges[k].expand(6), edges[k + 1].expand(6), reduction="none") for k in range(4)])
    close((-losses).exp().sum(0), torch.ones(6, dtype=torch.float64))
    below = (edges.unsqueeze(1) - SCORES).sigmoid()
    close((-losses).exp(), below[1:] - below[:-1])
    (gradient,) = torch.autograd.grad(losses.sum(), thresholds)
    assert gradient.isfinite().all()


def test_coral_counts_the_thresholds_below_the_class() -> None:
    target = torch.tensor([0, 1, 2, 3, 3, 1])
    logits = SCORES.unsqueeze(1) + torch.tensor([1.0, 0.0, -1.0], dtype=torch.float64)
    answers = (torch.arange(3) < target[:, None]).double()
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, answers, reduction="none").sum(1)
    close(lossgraph.torch.function("coral_ordinal")(logits, answers, reduction="none"), expected)


def test_the_kappa_loss_is_one_minus_the_metric() -> None:
    """With hard predictions it is the logarithm of 1 less scikit-learn's quadratically weighted kappa."""
    metrics = pytest.importorskip("sklearn.metrics")
    true, guessed = (torch.randint(0, 4, (50,), generator=generator) for _ in range(2))
    guessed = torch.where(torch.rand(50, generator=generator) < 0.6, true, guessed)
    hot = [torch.nn.functional.one_hot(labels, 4).double() for labels in (guessed, true)]
    kappa = metrics.cohen_kappa_score(true.numpy(), guessed.numpy(), weights="quadratic")
    assert weighted_kappa(*hot, epsilon=1e-12).item() == pytest.approx(math.log(1 - kappa))
    assert weighted_kappa(hot[1], hot[1]).item() == pytest.approx(math.log(1e-6))


def test_the_kappa_loss_is_its_table_written_out() -> None:
    logits = torch.randn(9, 4, generator=generator, dtype=torch.float64)
    true = torch.nn.functional.one_hot(torch.randint(0, 4, (9,), generator=generator), 4).double()
    distance = (torch.arange(4)[:, None] - torch.arange(4)).double() ** 2
    keep = torch.arange(9).unsqueeze(1) != 4

    def written_out(scores: torch.Tensor) -> torch.Tensor:
        seen, labels = scores.softmax(1)[keep[:, 0]], true[keep[:, 0]]
        chance = labels.sum(0)[:, None] * seen.sum(0) / len(seen)
        return ((distance * (labels.T @ seen)).sum() / (distance * chance).sum() + 1e-6).log()

    close(weighted_kappa(logits.softmax(1), true, mask=keep), written_out(logits))
    mine, theirs = (torch.func.grad(function)(logits) for function in (lambda z: weighted_kappa(z.softmax(1), true, mask=keep), written_out))
    close(mine, theirs)
    assert weighted_kappa(logits.softmax(1), true, mask=keep & False) == 0
    repeats = torch.tensor([1, 2, 1, 3, 1, 1, 2, 1, 1])
    repeated = weighted_kappa(logits.softmax(1).repeat_interleave(repeats, 0), true.repeat_interleave(repeats, 0))
    close(weighted_kappa(logits.softmax(1), true, weight=repeats.double().unsqueeze(1)), repeated)
    compiled = torch.compile(weighted_kappa, fullgraph=True, backend="aot_eager")
    close(compiled(logits.softmax(1), true), weighted_kappa(logits.softmax(1), true))
    with pytest.raises(ValueError, match="needs"):
        weighted_kappa(logits[0].softmax(0), true[0])
