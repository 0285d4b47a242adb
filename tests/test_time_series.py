"""Is the soft dynamic time warping loss its sum over all alignments, with its gradient, for one channel and for several?"""

from __future__ import annotations

from typing import Any

import pytest
import torch

import lossgraph
import lossgraph.torch

close = torch.testing.assert_close
generator = torch.Generator().manual_seed(13)
soft_dtw: Any = lossgraph.torch.function("soft_dtw")
FIRST, SECOND = (torch.randn(3, 2, 4, generator=generator, dtype=torch.float64) for _ in range(2))


def alignments(row: int, column: int) -> list[list[tuple[int, int]]]:
    """All monotone paths from the first pair of times to (row, column)."""
    if (row, column) == (0, 0):
        return [[(0, 0)]]
    before = [(row - 1, column), (row, column - 1), (row - 1, column - 1)]
    return [[*path, (row, column)] for one in before if min(one) >= 0 for path in alignments(*one)]


def written_out(first: torch.Tensor, second: torch.Tensor, gamma: float) -> torch.Tensor:
    costs = [torch.stack([((first[:, i] - second[:, j]) ** 2).sum() for i, j in path]).sum() for path in alignments(3, 3)]
    return -gamma * (-torch.stack(costs) / gamma).logsumexp(0)


@pytest.mark.parametrize("gamma", [0.1, 1.0, 5.0])
def test_it_is_the_soft_minimum_over_all_alignments(gamma: float) -> None:
    assert len(alignments(3, 3)) == 63
    mine, theirs = FIRST.clone().requires_grad_(), FIRST.clone().requires_grad_()
    value = soft_dtw(mine, SECOND, gamma=gamma, reduction="none")
    expected = torch.stack([written_out(theirs[one], SECOND[one], gamma) for one in range(3)])
    close(value, expected)
    for first, second in zip(torch.autograd.grad(value.sum(), mine), torch.autograd.grad(expected.sum(), theirs), strict=True):
        close(first, second)
    assert (value <= ((FIRST - SECOND) ** 2).sum((1, 2))).all()


def test_one_channel_needs_no_axis() -> None:
    close(soft_dtw(FIRST[:, 0], SECOND[:, 0]), soft_dtw(FIRST[:, :1], SECOND[:, :1]))
    assert torch.autograd.gradcheck(lambda series: soft_dtw(series, SECOND[:, 0]), FIRST[:, 0].clone().requires_grad_())


def test_a_small_gamma_is_the_best_alignment_and_a_shift_costs_little() -> None:
    bump = torch.exp(-((torch.arange(30.0) - 10) ** 2) / 4).unsqueeze(0)
    late = bump.roll(3, 1)
    assert soft_dtw(late, bump, gamma=1e-3) < 0.1 * ((late - bump) ** 2).sum()
    assert soft_dtw(bump, bump, gamma=1.0) < 0  # so it is not smallest where the series are equal


def test_masks_extremes_and_transforms() -> None:
    mask = torch.tensor([True, False, True])
    spoilt = torch.where(mask[:, None, None], FIRST, torch.nan).requires_grad_()
    value = soft_dtw(spoilt, SECOND, mask=mask)
    close(value, soft_dtw(FIRST[mask], SECOND[mask]))
    (gradient,) = torch.autograd.grad(value, spoilt)
    assert (gradient[1] == 0).all()
    assert gradient.isfinite().all()
    far = torch.full((1, 5), 1e4, dtype=torch.float16, requires_grad=True)
    huge = soft_dtw(far, -far.detach())
    close(huge, torch.tensor(5 * 4e8), rtol=1e-3, atol=1.0)
    assert torch.autograd.grad(huge, far)[0].isfinite().all()
    compiled = torch.compile(soft_dtw, fullgraph=True, backend="aot_eager")
    close(compiled(FIRST, SECOND), soft_dtw(FIRST, SECOND))
    close(torch.func.vmap(soft_dtw)(FIRST.unsqueeze(1), SECOND.unsqueeze(1)), soft_dtw(FIRST, SECOND, reduction="none"))
    with pytest.raises(ValueError, match="shape"):
        soft_dtw(FIRST, SECOND[:, :, :3])
