"""Cards that write their formula for the smallest case (two pixels, two items, one channel): does the function keep the definition at any size?"""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pytest
import torch

import lossgraph.torch
from lossgraph.implementations.contract import reverse_gradient, signed_distance

close = torch.testing.assert_close


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _extension(errors: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """The Lovasz extension by its definition as an integral over thresholds of the Jaccard loss of the pixels whose error reaches them."""
    total, below = torch.zeros((), dtype=torch.float64), 0.0
    for level in sorted({float(error) for error in errors if error > 0}):
        wrong = errors >= level
        total = total + (level - below) * wrong.sum() / (wrong | (truth > 0)).sum()
        below = level
    return total


@pytest.mark.parametrize("name", ["lovasz_hinge", "lovasz_softmax"])
def test_lovasz_losses_are_the_integral_over_thresholds(name: str) -> None:
    function: Any = lossgraph.torch.function(name)
    for seed in range(5):
        values = draw(seed, 2, 3, 4, 5).mul(2)
        truth = (draw(seed + 100, 2, 3, 4, 5) > 0.3).double()
        truth[0, 0] = 0
        mask = draw(seed + 200, 2, 3, 4, 5) > -1
        inputs = values if name == "lovasz_hinge" else values.sigmoid()
        errors = (1 - (2 * truth - 1) * inputs).relu() if name == "lovasz_hinge" else (inputs - truth).abs()
        found = function(inputs, truth, reduction="none")
        masked = function(inputs, truth, mask=mask, reduction="none")
        for i, k in itertools.product(range(2), range(3)):
            close(found[i, k], _extension(errors[i, k].flatten(), truth[i, k].flatten()))
            close(masked[i, k], _extension(errors[i, k][mask[i, k]], truth[i, k][mask[i, k]]))


def test_list_mle_is_the_likelihood_of_the_order_drawn_item_by_item() -> None:
    function: Any = lossgraph.torch.function("list_mle")
    scores, relevance = draw(0, 1, 5), torch.tensor([[2.0, 0.0, 3.0, 1.0, 0.5]])
    likelihoods = []
    for order in itertools.permutations(range(5)):
        weights = scores[0].exp()
        chance, left = torch.ones((), dtype=torch.float64), list(range(5))
        for item in order:
            chance = chance * weights[item] / weights[left].sum()
            left.remove(item)
        likelihoods.append(chance)
        if order == (2, 0, 3, 4, 1):
            close(function(scores, relevance), -chance.log())
    close(torch.stack(likelihoods).sum(), torch.ones((), dtype=torch.float64))
    kept = torch.tensor([[True, False, True, True, False]])
    close(function(scores, relevance, mask=kept), function(scores[kept].unsqueeze(0), relevance[kept].unsqueeze(0)))


def test_approximate_ndcg_tends_to_the_metric() -> None:
    from sklearn.metrics import ndcg_score

    function: Any = lossgraph.torch.function("approx_ndcg")
    scores, relevance = draw(1, 4, 7), torch.randint(0, 4, (4, 7), generator=torch.Generator().manual_seed(0)).double()
    for row in range(4):
        wanted = 1 - ndcg_score((2 ** relevance[row : row + 1] - 1).numpy(), scores[row : row + 1].numpy())
        assert float(function(scores[row : row + 1], relevance[row : row + 1], alpha=1e6)) == pytest.approx(wanted, abs=1e-9)
    assert function(scores, torch.zeros(4, 7)) == 0


def test_distribution_focal_looks_at_the_two_bins_around_the_target() -> None:
    function: Any = lossgraph.torch.function("distribution_focal")
    logits, target = draw(2, 6, 5), torch.tensor([0.0, 1.25, 3.0, 3.75, 4.0, 9.0], dtype=torch.float64)
    logarithms = logits.log_softmax(1)
    weights = (1 - (target.clamp(max=4).unsqueeze(1) - torch.arange(5)).abs()).clamp(min=0)
    close(function(logits, target, reduction="none"), -(weights * logarithms).sum(1))


def test_gram_and_total_variation_of_several_channels() -> None:
    style: Any = lossgraph.torch.function("gram_style")
    first, second = draw(3, 2, 3, 4, 5), draw(4, 2, 3, 4, 5)
    grams = [torch.einsum("bchw,bdhw->bcd", value, value) for value in (first, second)]
    close(style(first, second, reduction="none"), ((grams[0] - grams[1]) ** 2).sum((1, 2)) / (4 * 3**2 * 20**2))
    variation: Any = lossgraph.torch.function("total_variation")
    rows = [abs(float(first[1, c, i, j + 1] - first[1, c, i, j])) for c in range(3) for i in range(4) for j in range(4)]
    columns = [abs(float(first[1, c, i + 1, j] - first[1, c, i, j])) for c in range(3) for i in range(3) for j in range(5)]
    assert float(variation(first, reduction="none")[1]) == pytest.approx(sum(rows) + sum(columns))


@pytest.mark.parametrize("shape", [(9,), (6, 7), (4, 5, 3)])
def test_signed_distances_are_exact(shape: tuple[int, ...]) -> None:
    from scipy.ndimage import distance_transform_edt

    masks = draw(5, 2, 2, *shape) > 0.6
    masks[0, 0], masks[0, 1] = True, False
    found = signed_distance(masks)
    assert not found[0].any()
    for k in range(2):
        mask = masks[1, k].numpy()
        wanted = numpy.asarray(distance_transform_edt(~mask)) - numpy.asarray(distance_transform_edt(mask))
        close(found[1, k].double(), torch.tensor(wanted), rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="batch, classes"):
        signed_distance(masks[0, 0, 0])


def test_a_reversed_gradient_keeps_the_value() -> None:
    features = draw(6, 4).requires_grad_()
    turned = reverse_gradient(features, 0.5)
    close(turned, features)
    (gradient,) = torch.autograd.grad((turned**2).sum(), features)
    close(gradient, -features)
    compiled = torch.compile(lambda value: reverse_gradient(value, 2.0).sum(), fullgraph=True, backend="aot_eager")
    close(torch.autograd.grad(compiled(features), features)[0], torch.full((4,), -2.0, dtype=torch.float64))
