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


def tempered(logits: torch.Tensor, target: torch.Tensor, t1: float, t2: float) -> torch.Tensor:
    """The definition of Amid et al. (2019) in numbers: the level by bisection with scipy, then the divergence as it is printed."""
    optimize = pytest.importorskip("scipy.optimize")
    found: list[torch.Tensor] = []
    for row, label in zip(logits, target, strict=True):

        def probabilities(level: float, row: torch.Tensor = row) -> torch.Tensor:
            return (1 + (1 - t2) * (row - level)).clamp(min=0) ** (1 / (1 - t2)) if t2 != 1 else (row - level).exp()

        top = float(row.max())
        p = probabilities(optimize.brentq(lambda level, f=probabilities: float(f(level).sum()) - 1, top, top + 50, xtol=1e-13))

        def log_t(x: torch.Tensor) -> torch.Tensor:
            return x.log() if t1 == 1 else (x ** (1 - t1) - 1) / (1 - t1)

        safe = torch.where(label > 0, label, 1.0)
        found.append((torch.where(label > 0, label * log_t(safe), 0.0) - label * log_t(p) - (label ** (2 - t1) - p ** (2 - t1)) / (2 - t1)).sum())
    return torch.stack(found)


@pytest.mark.parametrize(("t1", "t2"), [(0.2, 1.2), (0.8, 1.2), (0.0, 4.0), (1.0, 1.5), (0.7, 1.0), (1.0, 1.0)])
def test_bi_tempered_is_its_definition(t1: float, t2: float) -> None:
    soft, hard = torch.randn(8, 5, generator=generator, dtype=torch.float64).softmax(1), torch.nn.functional.one_hot(LABELS, 5).double()
    for target in (soft, hard):
        close(loss("bi_tempered_logistic", LOGITS, target, t1=t1, t2=t2), tempered(LOGITS, target, t1, t2), rtol=1e-7, atol=1e-9)
    close(loss("bi_tempered_logistic", LOGITS, LABELS, t1=t1, t2=t2), loss("bi_tempered_logistic", LOGITS, hard, t1=t1, t2=t2))
    assert torch.autograd.gradcheck(lambda z: loss("bi_tempered_logistic", z, soft, t1=t1, t2=t2), LOGITS.clone().requires_grad_())
    if t1 == t2 == 1:
        close(loss("bi_tempered_logistic", LOGITS, LABELS, t1=t1, t2=t2), cross_entropy(LOGITS, LABELS, reduction="none"))


def test_bi_tempered_is_bounded_and_stays_finite() -> None:
    function: Any = lossgraph.torch.function("bi_tempered_logistic")
    far = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], dtype=torch.float16, requires_grad=True)
    value = function(far, torch.tensor([1, 0]), reduction="none")
    assert (value < 1 / (1 - 0.8) + 1).all()
    (gradient,) = torch.autograd.grad(value.sum(), far)
    assert gradient.isfinite().all()
    close(torch.compile(function, fullgraph=True, backend="aot_eager")(LOGITS, LABELS), function(LOGITS, LABELS))
    close(torch.func.vmap(function)(LOGITS.unsqueeze(1), LABELS.unsqueeze(1)), loss("bi_tempered_logistic", LOGITS, LABELS))
