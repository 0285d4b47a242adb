"""Does every implementation keep the contract: reductions, weights, masks, empty batches, errors?"""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from battery.batches import Batch, batch_of
from battery.cases import Case, each
from battery.sampling import inside

from lossgraph.formula import parse_set

close = torch.testing.assert_close
NOT_COUPLED = frozenset({"elementwise", "classes", "vectors", "pairs", "lists", "maps", "pixels", "samples", "images"})
WITHOUT_CLASSES = frozenset({"vectors", "pairs", "lists", "maps", "samples", "images"})


def _with_indices(case: Case) -> bool:
    return case.layout in {"classes", "pixels"}


def _batches(case: Case, device: str) -> list[Batch]:
    return [batch_of(case, device), *([batch_of(case, device, indices=True)] if _with_indices(case) else [])]


@each("reductions")
def test_reductions_agree(case: Case, device: str) -> None:
    for batch in _batches(case, device):
        single = batch(reduction="none")
        assert tuple(single.shape) == batch.loss_shape
        close(batch(reduction="sum"), single.sum())
        close(batch(), single.mean())
        if case.layout != "batch":
            close(batch(normalizer=7), single.sum() / 7)
            close(batch(normalizer=torch.tensor(7.0, device=device)), single.sum() / 7)


@each("weight")
def test_weight_multiplies_each_loss_and_leaves_the_count(case: Case, device: str) -> None:
    for batch in _batches(case, device):
        weight = batch.random(batch.weight_shape)
        if case.layout in NOT_COUPLED:
            close(batch(weight=weight, reduction="none"), weight * batch(reduction="none"))
            close(batch(weight=weight), (weight * batch(reduction="none")).mean())
            return
        counts = torch.arange(1, 13, device=device).reshape(4, 3)
        repeated = {name: value.reshape(-1).repeat_interleave(counts.reshape(-1)) for name, value in batch.inputs.items()}
        scale = counts.numel() / counts.sum() if case.layout == "batch" else 1.0
        close(batch(weight=counts * scale), batch(repeated))
        column = batch.random((4, 1))
        close(batch(weight=column), batch(weight=column.expand(4, 3)))


@each("weight")
def test_weight_zero_hides_even_an_infinite_loss(case: Case, device: str) -> None:
    batch = batch_of(case, device)
    weight = torch.ones(batch.weight_shape, dtype=torch.float64, device=device)
    weight.view(-1)[0] = 0
    value, gradients = batch.gradients(weight=weight)
    assert value.isfinite().all()
    if case.layout in {"elementwise", "batch", "whole"}:
        for name in case.differentiated:
            assert gradients[name].view(-1)[0] == 0


@each("class_weight")
def test_class_weight_is_one_number_a_class(case: Case, device: str) -> None:
    weights = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64, device=device)
    for batch in _batches(case, device):
        if case.layout in WITHOUT_CLASSES:
            with pytest.raises(ValueError, match="class_weight has no meaning"):
                batch(class_weight=weights)
            continue
        close(batch(class_weight=torch.ones_like(weights)), batch())
        if case.layout == "classes":
            parts = [batch(class_weight=weight * unit, reduction="none") for weight, unit in zip(weights, torch.eye(3, device=device).double(), strict=True)]
            close(batch(class_weight=weights, reduction="none"), torch.stack(parts).sum(0))
        elif case.layout in {"batch", "whole"}:
            close(batch(class_weight=weights), batch(weight=weights.reshape(1, 3)))
        else:
            close(batch(class_weight=weights, reduction="none"), weights * batch(reduction="none"))


@each("class_weight", lambda case: case.layout == "classes")
def test_class_weight_zero_hides_even_an_infinite_loss(case: Case, device: str) -> None:
    """The idiom that gives an unwanted class the weight 0, with probability 0 for it."""
    nothing = {"probabilities": 0.0, "energies": torch.inf}.get(case.input_names[0], -torch.inf)
    for batch in _batches(case, device):
        batch.inputs[case.input_names[0]][:, 2] = nothing
        value, gradients = batch.gradients(class_weight=torch.tensor([1.0, 2.0, 0.0], device=device))
        assert value.isfinite()
        assert not any(gradient.isnan().any() for gradient in gradients.values())


@each("class_weight", lambda case: case.layout == "classes")
def test_indices_and_one_hot_distributions_agree(case: Case, device: str) -> None:
    weights = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64, device=device)
    batch = batch_of(case, device, indices=True)
    hot = torch.nn.functional.one_hot(batch.inputs["target"], 3).movedim(-1, 1).double()
    for keywords in ({}, {"class_weight": weights}):
        close(batch({**batch.inputs, "target": hot}, **keywords), batch(**keywords))
    narrow = {**batch.inputs, "target": batch.inputs["target"].to(torch.uint8)}
    close(batch(narrow, class_weight=weights), batch(class_weight=weights))


@each("class_weight", lambda case: case.layout == "pixels")
def test_indices_and_masks_agree(case: Case, device: str) -> None:
    batch = batch_of(case, device, indices=True)
    hot = torch.nn.functional.one_hot(batch.inputs["target"], 3).movedim(-1, 1)
    for masks in (hot, hot.double(), hot.bool()):
        close(batch({**batch.inputs, "target": masks}), batch())


@each("masked")
def test_masked_equals_cropped(case: Case, device: str) -> None:
    for seed in range(3):
        for batch in _batches(case, device):
            mask = batch.mask(seed)
            if case.layout == "pixels":
                if batch.inputs["target"].dtype == torch.int64:
                    continue
                mask[..., 0] = True  # an image and class with no pixel left is not cropped but empty, see below
                cropped = torch.stack([batch(inputs) for inputs in batch.cropped(mask)]).reshape(batch.loss_shape)
                close(batch(mask=mask, reduction="none"), cropped)
                shared = mask[:, :1]
                close(batch(mask=shared), batch(mask=shared.expand(mask.shape)))
                close(batch(mask=shared[:, 0]), batch(mask=shared))
                continue
            if case.layout in {"lists", "maps"}:
                mask[:, 0] = True
                close(batch(mask=mask, reduction="none"), torch.cat([batch(inputs, reduction="none") for inputs in batch.cropped(mask)]))
                continue
            (inputs,) = batch.cropped(mask)
            close(batch(mask=mask), batch(inputs))
            close(batch(mask=mask, reduction="sum"), batch(inputs, reduction="sum"))


@each("empty_mask")
def test_a_mask_that_leaves_nothing_gives_zero(case: Case, device: str) -> None:
    for batch in _batches(case, device):
        nothing = torch.zeros(batch.mask_shape, dtype=torch.bool, device=device)
        for reduction in ("mean", "sum", "none"):
            value, gradients = batch.gradients(mask=nothing, reduction=reduction)
            assert (value == 0).all()
            assert all((gradient == 0).all() for gradient in gradients.values())


@each("empty_mask", lambda case: case.layout in {"pixels", "lists", "maps"})
def test_an_empty_image_does_not_count(case: Case, device: str) -> None:
    batch = batch_of(case, device)
    mask = torch.ones(batch.mask_shape, dtype=torch.bool, device=device)
    mask[0] = False
    close(batch(mask=mask), batch({name: value[1:] for name, value in batch.inputs.items()}))


@each("empty_mask")
def test_an_empty_batch_gives_zero(case: Case, device: str) -> None:
    for batch in _batches(case, device):
        value, _ = batch.gradients({name: value[:0] for name, value in batch.inputs.items()})
        assert value == 0


@each("ignored")
@pytest.mark.parametrize("rubbish", [float("nan"), float("inf"), float("-inf")])
def test_no_gradient_and_no_rubbish_from_ignored_positions(case: Case, rubbish: float, device: str) -> None:
    for batch in _batches(case, device):
        mask = batch.mask()
        if case.layout == "pixels" and not batch.inputs["target"].is_floating_point():
            mask = mask[:, 0]
        spoilt = {}
        for name, value in batch.inputs.items():
            hidden = ~batch.spread(mask, value)
            spoilt[name] = value.masked_fill(hidden, rubbish if value.is_floating_point() else -100)
        value, gradients = batch.gradients(spoilt, mask=mask)
        clean, expected = batch.gradients(mask=mask)
        close(value, clean)
        for name, gradient in gradients.items():
            hidden = ~batch.spread(mask, gradient)
            assert (gradient[hidden] == 0).all()
            close(gradient[~hidden], expected[name][~hidden])


@each("ignored", _with_indices)
def test_an_index_that_is_no_class_makes_the_loss_infinite(case: Case, device: str) -> None:
    for wrong in (-100, 3):
        batch = batch_of(case, device, indices=True)
        batch.inputs["target"][0, 0] = wrong
        value, gradients = batch.gradients(reduction="none")
        assert value[0, 0] == torch.inf
        assert not any(gradient.isnan().any() for gradient in gradients.values())
        keep = torch.ones(batch.inputs["target"].shape, dtype=torch.bool, device=device)
        keep[0, 0] = False
        assert batch(mask=keep).isfinite()


def _wrong_calls(case: Case, batch: Batch) -> list[tuple[type[Exception], str, dict[str, Any]]]:
    """Wrong arguments, with the error's type and the offending value that its message must show."""
    first = case.input_names[0]
    value = batch.inputs[first]
    calls: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (TypeError, "list", {first: value.tolist()}) if case.layout != "whole" else (TypeError, "3", {first: 3}),
        (TypeError, "torch.int64", {first: value.long()}),
        (TypeError, "torch.complex128", {first: value.to(torch.complex128)}),
        (ValueError, '"average"', {"reduction": "average"}),
        (TypeError, "None", {"reduction": None}),
        (TypeError, "`ignore_index`", {"ignore_index": -100}),
        (TypeError, "torch.float64", {"mask": torch.ones(batch.mask_shape, dtype=torch.float64)}),
        (ValueError, "(7,)", {"mask": torch.ones(7, dtype=torch.bool)}),
        (ValueError, "(7,)", {"weight": torch.ones(7)}),
        (ValueError, "meta", {"weight": torch.ones(batch.weight_shape, device="meta")}),
        (ValueError, "meta", {"mask": torch.ones(batch.mask_shape, dtype=torch.bool, device="meta")}),
        (TypeError, "2.0", {"weight": 2.0}),
        (ValueError, "0", {"normalizer": 0}),
        (TypeError, "'many'", {"normalizer": "many"}),
        (ValueError, "7", {"normalizer": 7, "reduction": "sum"}),
    ]
    if case.layout not in WITHOUT_CLASSES:
        calls.append((ValueError, "(5,)", {"class_weight": torch.ones(5)}))
    if "target" in batch.inputs:
        target = batch.inputs["target"]
        calls.append((ValueError, "meta", {"target": target.to("meta")}))
        calls += [(ValueError, str(tuple(target[:1].shape)), {"target": target[:1]}), (ValueError, "shape ()", {"target": target.sum()})]
    return calls


@each("errors")
def test_wrong_calls_raise_and_show_the_offending_value(case: Case) -> None:
    for batch in _batches(case, "cpu"):
        for error, shown, keywords in _wrong_calls(case, batch):
            inputs = {**batch.inputs, **{name: value for name, value in keywords.items() if name in batch.inputs}}
            with pytest.raises(error, match=re.escape(shown)):
                batch(inputs, **{name: value for name, value in keywords.items() if name not in batch.inputs})


@each("errors")
def test_a_column_is_not_broadcast_against_a_row(case: Case) -> None:
    batch = batch_of(case, "cpu")
    if "target" in batch.inputs:
        first = case.input_names[0]
        with pytest.raises(ValueError, match="shape"):
            case.function(**{**batch.inputs, first: batch.inputs[first].reshape(-1, 1), "target": batch.inputs["target"].reshape(-1)}, **batch.parameters)


@each("errors", lambda case: case.layout in {"classes", "pixels"})
def test_a_single_class_needs_another_loss(case: Case) -> None:
    batch = batch_of(case, "cpu", indices=True)
    single = {name: value[:, :1] for name, value in batch.inputs.items() if name != "target"}
    with pytest.raises(ValueError, match="2"):
        batch({**single, "target": torch.zeros_like(batch.inputs["target"])})


@each("errors", lambda case: bool(case.view.parameters))
def test_parameters_outside_their_domain_raise(case: Case) -> None:
    batch = batch_of(case, "cpu")
    for name, parameter in case.view.parameters.items():
        spans = parse_set(parameter.domain)
        for value in (-1e9, -1.5, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 1e9):
            if inside(value, spans):
                assert not batch(**{name: value}).isnan()
            else:
                with pytest.raises(ValueError, match=re.escape(f"{name} is {value}")):
                    batch(**{name: value})
        for value in (float("nan"), float("inf")):
            with pytest.raises(ValueError, match=f"{name} is {value}"):
                batch(**{name: value})
        for value in ("1", None, True, torch.tensor(1.0)):
            with pytest.raises(TypeError, match=name):
                batch(**{name: value})
