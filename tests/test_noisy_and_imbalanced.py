"""Do the losses for noisy labels, unequal classes and missing labels do what they were made for?"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

import lossgraph
import lossgraph.torch

close = torch.testing.assert_close
generator = torch.Generator().manual_seed(11)
LOGITS = torch.randn(8, 5, generator=generator, dtype=torch.float64) * 2
LABELS = torch.randint(0, 5, (8,), generator=generator)
COUNTS = torch.tensor([1.0, 7.0, 40.0, 300.0, 5000.0], dtype=torch.float64)


def loss(name: str, *inputs: torch.Tensor, **keywords: Any) -> torch.Tensor:
    return lossgraph.torch.function(name)(*inputs, reduction="none", **keywords)


@pytest.mark.parametrize("name", ["reverse_cross_entropy", "normalized_cross_entropy", "active_passive"])
def test_robust_losses_sum_to_a_constant_over_all_labels(name: str) -> None:
    """The condition of Ghosh et al. (2017) under which uniform label noise does not move the optimum."""
    total = torch.stack([loss(name, LOGITS, torch.full((8,), label)) for label in range(5)]).sum(0)
    close(total, total[:1].expand(8))


def test_the_symmetric_cross_entropy_is_not_robust() -> None:
    total = torch.stack([loss("symmetric_cross_entropy", LOGITS, torch.full((8,), label)) for label in range(5)]).sum(0)
    assert total.std() > 0.01


def test_active_passive_is_its_definition() -> None:
    costs, probabilities = -LOGITS.log_softmax(1), LOGITS.softmax(1)
    true = torch.nn.functional.one_hot(LABELS, 5).double()
    expected = (true * costs).sum(1) / costs.sum(1) + (probabilities - true).abs().sum(1)
    close(loss("active_passive", LOGITS, LABELS), expected)


def test_weights_and_margins_follow_the_counts() -> None:
    counts, single = COUNTS.expand(8, 5), cross_entropy(LOGITS, LABELS, reduction="none")
    weight = (1 - 0.99) / (1 - 0.99**COUNTS)
    close(loss("class_balanced", LOGITS, counts, LABELS, beta=0.99), weight[LABELS] * single)
    lowered = LOGITS.clone()
    lowered[torch.arange(8), LABELS] -= 0.5 / COUNTS[LABELS] ** 0.25
    close(loss("ldam", LOGITS, counts, LABELS), cross_entropy(lowered, LABELS, reduction="none"))
    share = COUNTS / COUNTS.sum()
    adjusted = cross_entropy(LOGITS + share.log(), LABELS, reduction="none")
    close(loss("logit_adjusted_cross_entropy", LOGITS, counts, LABELS), adjusted)
    close(loss("logit_adjusted_cross_entropy", LOGITS, share.expand(8, 5), LABELS), adjusted)


def test_easy_negatives_cost_nothing() -> None:
    logits = torch.tensor([-5.0, -2.95, 0.0], dtype=torch.float64, requires_grad=True)
    value = loss("asymmetric_multilabel", logits, torch.zeros(3, dtype=torch.float64))
    assert (value[:2] == 0).all()
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    assert (gradient[:2] == 0).all()
    shifted = 0.5 - 0.05
    close(value[2], -torch.tensor(shifted**4, dtype=torch.float64) * torch.log1p(torch.tensor(-shifted, dtype=torch.float64)))


def test_the_unlabelled_risk_is_not_negative() -> None:
    scores, target = LOGITS.flatten(), torch.arange(40) % 4 == 0
    function: Any = lossgraph.torch.function("nn_pu")
    positive, unlabelled = scores[target], scores[~target]
    for prior in (0.05, 0.4, 0.95):
        negative = unlabelled.sigmoid().mean() - prior * positive.sigmoid().mean()
        close(function(scores, target.double(), prior=prior), prior * (-positive).sigmoid().mean() + negative.clamp(min=0))
    assert function(scores, torch.ones_like(scores), prior=0.3).isfinite()
    assert function(scores, torch.zeros_like(scores), prior=0.3).isfinite()
