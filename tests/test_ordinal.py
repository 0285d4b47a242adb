"""Do the ordinal losses give the probabilities of the classes that they speak of?"""

from __future__ import annotations

import torch

import lossgraph
import lossgraph.torch

close = torch.testing.assert_close
generator = torch.Generator().manual_seed(7)
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
