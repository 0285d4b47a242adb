"""What do the losses do with tensors that an unkind user passes: values outside every space, wrong shapes, integers, equal and zero embeddings?

Shapes and dtypes raise; values never do and never give NaN, in the loss or in a gradient; `lossgraph.torch.check` explains both.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from battery.batches import batch_of
from battery.cases import Case, cases

import lossgraph
import lossgraph.torch

close = torch.testing.assert_close
RUBBISH = (0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 1e4, -1e4, 1e-30, -1e-30, 255.0, -100.0)
IN_BATCH = [(name, {}) for name in ("pairwise_ranking", "contrastive", "nt_xent", "supervised_contrastive", "multi_similarity")] + [
    ("triplet", {"mining": mining}) for mining in ("all", "hard", "semi_hard", "easy", "hardest")
]  # fmt: skip
every = pytest.mark.parametrize("case", cases(), ids=lambda case: case.loss.id)
TAKES_SPACES = [case for case in cases() if {"probabilities", "log_probabilities", "rate", "distances"} & set(case.input_names)]
MIXED = [loss.id for loss in lossgraph.load() if loss.composed_of and loss.id not in {"fcos_loss"}]


def _rubbish(shape: torch.Size, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.tensor(RUBBISH)[torch.randint(0, len(RUBBISH), shape, generator=generator)]


def _spoilt(inputs: dict[str, torch.Tensor], seed: int) -> dict[str, torch.Tensor]:
    """All inputs, all but the target, or a half of each replaced by rubbish; the first seeds have one bad number everywhere."""
    if seed < len(RUBBISH):
        return {name: torch.full_like(value, RUBBISH[seed], dtype=torch.float32) for name, value in inputs.items()}
    found: dict[str, torch.Tensor] = {}
    for place, (name, value) in enumerate(inputs.items()):
        bad = _rubbish(value.shape, 100 * seed + place)
        kept = {0: name == "target", 1: torch.rand(value.shape, generator=torch.Generator().manual_seed(seed)) < 0.5}.get(seed % 3, False)
        found[name] = torch.where(torch.as_tensor(kept), value.float(), bad)
    return found


@every
def test_rubbish_gives_no_nan(case: Case) -> None:
    batch = batch_of(case, "cpu")
    for seed in range(31):
        value, gradients = batch.gradients(_spoilt(batch.inputs, seed), reduction="none")
        assert not value.isnan().any(), seed
        assert not any(gradient.isnan().any() for gradient in gradients.values()), seed


@pytest.mark.parametrize(("name", "options"), IN_BATCH)
def test_rubbish_embeddings_give_no_nan(name: str, options: dict[str, str]) -> None:
    for seed in range(40):
        embeddings = _rubbish(torch.Size((8, 3)), seed) * (1e26 if seed % 2 else 1.0)  # 1e30 squared is no float32
        labels = torch.randint(0, 4, (8,), generator=torch.Generator().manual_seed(seed))
        leaf = embeddings.requires_grad_()
        value = lossgraph.torch.in_batch(name)(leaf, labels, **options)
        assert not value.isnan()
        assert not torch.autograd.grad(value, leaf)[0].isnan().any()


@pytest.mark.parametrize("name", ["pairwise_ranking", "contrastive", "triplet"])
def test_equal_and_huge_embeddings(name: str) -> None:
    function: Any = lossgraph.torch.function(name)
    for value in (0.0, 1.0, 1e30):
        first = torch.full((2, 3), value, requires_grad=True)
        others = (torch.full((2, 3), value), torch.full((2, 3), value)) if name == "triplet" else (torch.full((2, 3), value), torch.tensor([0.0, 1.0]))
        found = function(first, *others, reduction="none")
        assert found.isfinite().all()
        found.sum().backward()
        assert first.grad is not None
        assert not first.grad.any()
        assert any("equal" in text for text in lossgraph.torch.check(name, first, *others))
    if name == "triplet":  # distances whose squares overflow, but which do not
        close(function(torch.zeros(1, 2), torch.tensor([[3e30, 4e30]]), torch.tensor([[3e30, 0.0]])), torch.tensor(2e30))


@pytest.mark.parametrize("case", TAKES_SPACES, ids=lambda case: case.loss.id)
def test_values_outside_their_space_are_clamped_and_explained(case: Case) -> None:
    name = next(key for key in case.input_names if key in {"probabilities", "log_probabilities", "rate", "distances"})
    batch = batch_of(case, "cpu")
    low, high = {"probabilities": (0.0, 1.0), "log_probabilities": (-torch.inf, 0.0)}.get(name, (0.0, torch.inf))
    outside = batch.inputs[name] * 3 - 1 if name != "log_probabilities" else batch.inputs[name] + 2
    assert ((outside < low) | (outside > high)).any()
    wild = {**batch.inputs, name: outside}
    close(batch(wild, reduction="none"), batch({**batch.inputs, name: outside.clamp(low, high)}, reduction="none"))
    found = lossgraph.torch.check(case.loss.id, **wild, **batch.parameters)
    assert any(text.startswith(f"{name}: ") and "outside" in text and "clamped" in text for text in found)


@pytest.mark.parametrize("case", [case for case in cases() if case.layout in {"classes", "pixels"}], ids=lambda case: case.loss.id)
def test_shares_and_masks_outside_0_and_1_are_clamped_and_explained(case: Case) -> None:
    batch = batch_of(case, "cpu")
    wild = {**batch.inputs, "target": batch.inputs["target"] * 3 - 1}
    close(batch(wild, reduction="none"), batch({**wild, "target": wild["target"].clamp(0, 1)}, reduction="none"))
    assert any("outside [0, 1]" in text and "clamped" in text for text in lossgraph.torch.check(case.loss.id, **wild, **batch.parameters))


@every
def test_integers_where_numbers_belong_raise(case: Case) -> None:
    batch = batch_of(case, "cpu")
    for name, value in batch.inputs.items():
        if name == "target":
            continue
        for whole in (value.long(), value > 0):
            with pytest.raises(TypeError, match=re.escape(str(whole.dtype))):
                batch({**batch.inputs, name: whole})
            assert str(whole.dtype) in lossgraph.torch.check(case.loss.id, **{**batch.inputs, name: whole}, **batch.parameters)[0]


@every
def test_no_input_is_broadcast(case: Case) -> None:
    """One row, one column, an axis more or one less in any single input raises; of a loss of one input there is nothing to broadcast."""
    batch = batch_of(case, "cpu")
    if len(batch.inputs) == 1 or case.layout == "whole":
        return
    for name, value in batch.inputs.items():
        for wrong in (value[:1], value[0], value.unsqueeze(0), value[..., :1], value.sum()):
            free = case.loss.id == "sam_objective" and wrong.ndim == value.ndim and len(wrong) == len(value)  # a gradient may have any length
            if wrong.shape == value.shape or free:
                continue
            with pytest.raises(ValueError, match="shape"):
                batch({**batch.inputs, name: wrong})


@pytest.mark.parametrize("name", MIXED)
def test_composites_refuse_what_their_parts_refuse(name: str) -> None:
    function: Any = lossgraph.torch.function(name)
    values = {key: torch.rand(3, 2, 4, 4) for key in function.declared.inputs}
    needed = {key: 0.5 for key in function.declared.domains if key not in function.declared.defaults}
    whole = {key: torch.randint(0, 9, (3, 2, 4, 4)) for key in list(values)[:1]}
    with pytest.raises(TypeError, match="int64"):
        function(**{**values, **whole, **needed})
    with pytest.raises(TypeError, match="needs"):
        function()


def test_documented_results_of_bad_values() -> None:
    rmsle: Any = lossgraph.torch.function("rmsle")
    low = torch.tensor([-1.0, -3.0])
    assert rmsle(low, low.flip(0)) == 0
    assert rmsle(low, torch.ones(2)) == torch.inf
    for name, parameters in (("gamma_nll", {}), ("tweedie", {"rho": 1.5})):
        function: Any = lossgraph.torch.function(name)
        close(function(torch.tensor([-1e4]), torch.tensor([-5.0]), **parameters), function(torch.tensor([-1e4]), torch.zeros(1), **parameters))
    fcos: Any = lossgraph.torch.function("fcos_box_regression")
    assert fcos(torch.ones(1, 4), -torch.ones(1, 4)) == 0  # the place lies in no box
    close(fcos(torch.full((1, 4), 1e30), torch.full((1, 4), 5e29)), torch.tensor(4.0).log())
    relevance = torch.tensor([[1e4, 0.0]])
    lambda_loss: Any = lossgraph.torch.function("lambda_loss")
    close(lambda_loss(torch.zeros(1, 2), relevance), lambda_loss(torch.zeros(1, 2), relevance.clamp(max=100)))


@pytest.mark.parametrize(("name", "expected"), [("geman_mcclure", 2.0), ("cauchy", 2.385**2 * (30 * 2.302585093 - 0.869199208)), ("barron", 1e30)])
def test_robust_losses_stay_finite_where_squares_overflow(name: str, expected: float) -> None:
    leaf = torch.tensor([1e30], requires_grad=True)
    value: torch.Tensor = lossgraph.torch.function(name)(leaf, torch.zeros(1))
    close(value, torch.tensor(expected), rtol=1e-4, atol=0)
    assert torch.autograd.grad(value, leaf)[0].isfinite()


@pytest.mark.parametrize("name", ["iou_loss", "giou", "diou", "ciou", "eiou", "fcos_box_regression", "yolo_localization"])
def test_a_box_has_four_numbers(name: str) -> None:
    for size in (2, 3, 5):
        with pytest.raises(ValueError, match=rf"\(2, {size}\).*4 numbers a box"):
            lossgraph.torch.function(name)(torch.rand(2, size), torch.rand(2, size))


def test_check_explains_what_is_empty_and_what_is_no_logarithm() -> None:
    mask = torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]]])
    assert lossgraph.torch.check("dice", torch.full((2, 1, 2), 0.5), mask)[0].startswith("target: 1 of 2 masks are empty, the first at (1, 0)")
    for name in ("listwise", "lambda_loss"):
        assert lossgraph.torch.check(name, torch.rand(2, 2), mask[:, 0])[0].startswith("target: 1 of 2 lists hold no relevant item")
    lengths = torch.tensor([3]), torch.tensor([1])
    found = lossgraph.torch.check("ctc", torch.rand(1, 3, 3) + 0.1, torch.tensor([[1]]), *lengths)
    assert found[0].startswith("log_probabilities: 9 of 9 values lie outside (-oo, 0]")
    assert lossgraph.torch.check("ctc", torch.rand(1, 3, 3).log_softmax(1), torch.tensor([[1]]), *lengths) == ()
