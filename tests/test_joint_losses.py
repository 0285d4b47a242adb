"""Losses without a formula over scalars, whose cards promise a comparison: of two batches, point sets, waveforms, centre lines, the hardest pixels."""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pytest
import torch

import lossgraph.torch

close = torch.testing.assert_close
JOINT = ("gaussian_mmd", "deep_coral", "barlow_twins", "vicreg")
VIEWS = JOINT[2:]


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


FIRST, SECOND = draw(0, 9, 4), draw(1, 9, 4) + 0.3


def _written_out(name: str, first: Any, second: Any) -> float:
    """The definition on the card, by numpy's statistics and loops over pairs."""
    if name == "gaussian_mmd":
        def kernel(a: Any, b: Any) -> float:
            return float(numpy.mean([numpy.exp(-((x - y) ** 2).sum() / (2 * 1.5**2)) for x in a for y in b]))

        return kernel(first, first) + kernel(second, second) - 2 * kernel(first, second)
    size = first.shape[1]
    if name == "deep_coral":
        return float(((numpy.cov(first.T) - numpy.cov(second.T)) ** 2).sum() / (4 * size**2))
    off = ~numpy.eye(size, dtype=bool)
    if name == "barlow_twins":
        correlations = numpy.corrcoef(first.T, second.T)[:size, size:]
        return float(((1 - correlations[~off]) ** 2).sum() + 5e-3 * (correlations[off] ** 2).sum())
    total = 25 * ((first - second) ** 2).sum(1).mean()
    for view in (first, second):
        total += 25 * numpy.maximum(0, 1 - numpy.sqrt(view.var(0, ddof=1) + 1e-4)).mean() + (numpy.cov(view.T)[off] ** 2).sum() / size
    return float(total)


@pytest.mark.parametrize("name", JOINT)
def test_losses_of_two_batches_are_their_definition(name: str) -> None:
    function: Any = lossgraph.torch.function(name)
    options = {"sigma": 1.5} if name == "gaussian_mmd" else {}
    other = SECOND if name in VIEWS else SECOND[:6]
    assert float(function(FIRST, other, **options)) == pytest.approx(_written_out(name, FIRST.numpy(), other.numpy()), rel=1e-9)
    if name in VIEWS:
        mask = torch.arange(9) % 4 != 1
        spoilt = FIRST.masked_fill(~mask.unsqueeze(1), torch.nan)
        close(function(spoilt, SECOND, mask=mask), function(FIRST[mask], SECOND[mask]))
    leaf = FIRST.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda value: function(value, other, **options), (leaf,))
    assert function(FIRST.half(), other.half(), **options).dtype == torch.float32


@pytest.mark.parametrize("name", JOINT)
def test_bad_batches_give_no_nan(name: str) -> None:
    function: Any = lossgraph.torch.function(name)
    for value in (FIRST[:0], FIRST[:1], torch.zeros(5, 4), torch.ones(5, 4), torch.full((5, 4), 1e4), torch.randn(5, 4).half()):
        leaf = value.clone().requires_grad_()
        found = function(leaf, value.clone())
        assert found.isfinite()
        assert torch.autograd.grad(found, leaf)[0].isfinite().all()
    for wrong in (FIRST[0], FIRST[:, :2]):
        with pytest.raises(ValueError, match="shape"):
            function(FIRST, wrong)
    with pytest.raises(ValueError, match="weight has no meaning"):
        function(FIRST, SECOND, weight=torch.ones(9))
    with pytest.raises(TypeError, match="group"):
        function(FIRST, SECOND, group=3)
    torch._dynamo.reset()
    close(torch.compile(function, fullgraph=True, backend="aot_eager")(FIRST, SECOND), function(FIRST, SECOND))


def test_chamfer_is_the_search_written_out() -> None:
    function: Any = lossgraph.torch.function("chamfer")
    first, second = draw(2, 3, 5, 3), draw(3, 3, 7, 3)
    for k in range(3):
        near = [min(float(((x - y) ** 2).sum()) for y in second[k]) for x in first[k]]
        back = [min(float(((x - y) ** 2).sum()) for x in first[k]) for y in second[k]]
        assert float(function(first, second, reduction="none")[k]) == pytest.approx(numpy.mean(near) + numpy.mean(back))
    mask = torch.tensor([True, False, True])
    close(function(first, second, mask=mask), function(first[mask], second[mask]))
    same = first.clone().requires_grad_()
    value = function(same, first)
    assert value == 0
    assert not torch.autograd.grad(value, same)[0].any()
    assert torch.autograd.gradcheck(lambda value: function(value, second), (first.clone().requires_grad_(),))
    with pytest.raises(ValueError, match="points, coordinates"):
        function(first, second[:, :, :2])


def test_multi_resolution_is_the_mean_of_its_terms() -> None:
    function: Any = lossgraph.torch.function("multi_resolution_stft")
    waves, other = draw(4, 2, 3000), draw(5, 2, 3000)
    terms = []
    for size, shift, window in ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240)):
        shape = numpy.zeros(size)
        start = (size - window) // 2
        shape[start : start + window] = 0.5 - 0.5 * numpy.cos(2 * numpy.pi * numpy.arange(window) / window)
        magnitudes = []
        for signal in (waves[1].numpy(), other[1].numpy()):
            padded = numpy.pad(signal, size // 2)
            frames = [padded[at : at + size] * shape for at in range(0, len(padded) - size + 1, shift)]
            magnitudes.append(numpy.abs(numpy.fft.rfft(numpy.array(frames), axis=1)))
        mine, theirs = magnitudes
        convergence = numpy.linalg.norm(theirs - mine) / numpy.linalg.norm(theirs)
        terms.append(convergence + numpy.abs(numpy.log(numpy.maximum(mine, 1e-7)) - numpy.log(numpy.maximum(theirs, 1e-7))).mean())
    assert float(function(waves, other, reduction="none")[1]) == pytest.approx(numpy.mean(terms), rel=1e-6)
    silent = torch.zeros(1, 3000, requires_grad=True)
    assert torch.autograd.grad(function(silent, other[:1].float()), silent)[0].isfinite().all()
    assert function(waves, waves) == 0


def _extreme(image: Any, offsets: list[tuple[int, int]], pick: Any) -> Any:
    """The smallest or largest value over a neighbourhood, written out."""
    height, width = image.shape
    found = image.copy()
    for i, j in itertools.product(range(height), range(width)):
        found[i, j] = pick(image[i + a, j + b] for a, b in offsets if 0 <= i + a < height and 0 <= j + b < width)
    return found


def test_centre_lines_are_the_chain_written_out() -> None:
    function: Any = lossgraph.torch.function("cl_dice")
    cross, block = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)], list(itertools.product((-1, 0, 1), repeat=2))

    def line(mask: Any, count: int) -> Any:
        def lost(value: Any) -> Any:
            return numpy.maximum(0, value - _extreme(_extreme(value, cross, min), block, max))

        found = lost(mask)
        for _ in range(count):
            mask = _extreme(mask, cross, min)
            found = found + numpy.maximum(0, (1 - found) * lost(mask))
        return found

    values, truth = draw(6, 1, 1, 8, 9).sigmoid(), (draw(7, 1, 1, 8, 9) > 0).double()
    p, g = values[0, 0].numpy(), truth[0, 0].numpy()
    for count in (0, 2):
        precision = ((line(p, count) * g).sum() + 1) / (line(p, count).sum() + 1)
        sensitivity = ((line(g, count) * p).sum() + 1) / (line(g, count).sum() + 1)
        assert float(function(values, truth, iterations=count)) == pytest.approx(1 - 2 * precision * sensitivity / (precision + sensitivity))
    for shape in ((9,), (5, 6, 4)):
        assert function(draw(8, 2, 3, *shape).sigmoid(), (draw(9, 2, 3, *shape) > 0).double(), reduction="none").shape == (2, 3)
    mask = torch.ones(1, 1, 8, 9, dtype=torch.bool)
    mask[..., 4:] = False
    close(function(values, truth, mask=mask), function(values * mask, truth * mask))
    with pytest.raises(ValueError, match="whole number"):
        function(values, truth, iterations=1.5)


def test_the_hardest_pixels_are_the_largest_losses() -> None:
    function: Any = lossgraph.torch.function("top_k_cross_entropy")
    entropy: Any = lossgraph.torch.function("categorical_cross_entropy")
    logits, target = draw(10, 3, 4, 5, 6), torch.randint(0, 4, (3, 5, 6), generator=torch.Generator().manual_seed(0))
    weights = torch.tensor([1.0, 2.0, 0.5, 1.0], dtype=torch.float64)
    mask = draw(11, 3, 5, 6) > -0.5
    mask[2] = False
    losses = entropy(logits, target, class_weight=weights, reduction="none")
    found = function(logits, target, class_weight=weights, mask=mask, share=0.3, reduction="none")
    for k in range(2):
        ranked = losses[k][mask[k]].sort(descending=True).values
        close(found[k], ranked[: int(0.3 * len(ranked))].mean())
    assert found[2] == 0
    close(function(logits, target, class_weight=weights, mask=mask, share=0.3), found[:2].mean())
    close(function(logits, target, share=1.0), entropy(logits, target))
    assert torch.autograd.gradcheck(lambda value: function(value, target, share=0.2), (logits.clone().requires_grad_(),))
    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    close(compiled(logits, target, mask=mask), function(logits, target, mask=mask))
    assert function(logits.half() * 1e4, target).isfinite()
    assert function(logits[:0], target[:0]) == 0
    with pytest.raises(ValueError, match="places"):
        function(logits[:, :, 0, 0], target[:, 0, 0])


def test_sinkhorn_divergence_is_the_transport_less_the_batches_own() -> None:
    from scipy.optimize import linear_sum_assignment

    function: Any = lossgraph.torch.function("sinkhorn_divergence")
    first, second = draw(12, 6, 2), draw(13, 6, 2) + 2

    def plan_cost(x: Any, y: Any, epsilon: float) -> float:
        """The primal value at the plan of plain Sinkhorn scalings."""
        costs = ((x[:, None] - y[None]) ** 2).sum(2) / 2
        kernel, right = numpy.exp(-costs / epsilon), numpy.ones(len(y))
        for _ in range(5000):
            left = (1 / len(x)) / (kernel @ right)
            right = (1 / len(y)) / (kernel.T @ left)
        plan = left[:, None] * kernel * right
        return float((plan * costs).sum() + epsilon * (plan * numpy.log(plan * len(x) * len(y))).sum())

    x, y = first.numpy(), second[:4].numpy()
    wanted = plan_cost(x, y, 0.5) - plan_cost(x, x, 0.5) / 2 - plan_cost(y, y, 0.5) / 2
    assert float(function(first, second[:4], epsilon=0.5, iterations=1000)) == pytest.approx(wanted, rel=1e-6)
    costs = ((first.numpy()[:, None] - second.numpy()[None]) ** 2).sum(2) / 2
    exact = costs[linear_sum_assignment(costs)].mean()
    assert float(function(first, second, epsilon=0.02, iterations=4000)) == pytest.approx(exact, rel=1e-2)
    assert float(function(first, first)) == pytest.approx(0, abs=1e-12)
    leaves = (first.clone().requires_grad_(), second[:4].clone().requires_grad_())
    assert torch.autograd.gradcheck(lambda a, b: function(a, b, epsilon=0.5, iterations=500), leaves)
    assert function(torch.zeros(5, 2), torch.full((5, 2), 1e4)).isfinite()
    with pytest.raises(ValueError, match="whole number"):
        function(first, second, iterations=2.5)


def test_the_transducer_sums_over_all_paths() -> None:
    function: Any = lossgraph.torch.function("rnn_transducer")
    values = draw(14, 3, 4, 5, 4).log_softmax(1)
    target, frames, labels = torch.tensor([[1, 2, 1], [3, 3, 0], [2, 0, 0]]), torch.tensor([5, 4, 2]), torch.tensor([3, 2, 0])

    def paths(k: int, time: int, said: int) -> float:
        """The probability of all ways from a place of the grid to the last blank."""
        if time == frames[k]:
            return float(said == labels[k])
        found = float(values[k, 0, time, said].exp()) * paths(k, time + 1, said)
        if said < labels[k]:
            found += float(values[k, int(target[k, said]), time, said].exp()) * paths(k, time, said + 1)
        return found

    wanted = torch.tensor([-numpy.log(paths(k, 0, 0)) for k in range(3)])
    close(function(values, target, frames, labels, reduction="none"), wanted)
    mask = torch.tensor([True, False, True])
    close(function(values, target, frames, labels, mask=mask), wanted[mask].mean())
    assert torch.autograd.gradcheck(lambda logs: function(logs, target, frames, labels), (values.clone().requires_grad_(),))
    wrong = target.clone()
    wrong[0, 1] = 0
    leaf = values.clone().requires_grad_()
    found = function(leaf, wrong, frames, labels, reduction="none")
    assert found[0] == torch.inf
    assert torch.autograd.grad(found[1:].sum(), leaf)[0].isfinite().all()
    barred = values.clone()
    barred[0, 2, :2] = -torch.inf  # the second label of the first sequence cannot be said in the first frames
    values_then, barred[1, 3] = values.clone(), -torch.inf  # and that of the second sequence never
    values_then[0, 2, :2] = -torch.inf
    values, before = values_then, values
    close(function(barred, target, frames, labels, reduction="none"), torch.tensor([-numpy.log(paths(0, 0, 0)), numpy.inf, wanted[2]]), rtol=1e-6, atol=1e-6)
    values = before
    extreme = torch.full((3, 4, 5, 4), -1e4).masked_fill(torch.arange(4).reshape(1, 4, 1, 1) == 0, 0.0)
    close(function(extreme, target, frames, labels, reduction="none"), torch.tensor([3e4, 2e4, 0.0]), rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="length"):
        function(values, target[:, :2], frames, labels)
    torch._dynamo.reset()
    close(torch.compile(function, fullgraph=True, backend="aot_eager")(values, target, frames, labels), wanted.mean())
