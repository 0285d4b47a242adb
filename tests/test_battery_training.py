"""Does every implementation survive what training does with it: compilation, function transforms, gradient accumulation, several processes?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from battery.batches import Batch, batch_of
from battery.cases import Case, cases, each

close = torch.testing.assert_close
SCRIPT = Path(__file__).parent / "battery" / "one_of_two.py"


def _options(batch: Batch) -> dict[str, Any]:
    """A mask and weights, so that their code is compiled and transformed too."""
    return {"mask": batch.mask(), "weight": batch.random(batch.weight_shape)}


@each("compile")
def test_compiles_into_one_graph(case: Case, device: str) -> None:
    for indices in {False, case.layout in {"classes", "pixels"}}:
        torch._dynamo.reset()
        batch = batch_of(case, device, indices=indices)
        options = _options(batch)
        compiled = torch.compile(case.function, fullgraph=True, backend="aot_eager")
        value, gradients = batch.gradients(function=compiled, **options)
        expected, others = batch.gradients(**options)
        close(value, expected)
        for name, gradient in gradients.items():
            close(gradient, others[name])


@each("func")
def test_function_transforms(case: Case, device: str) -> None:
    """`torch.func.grad` gives autograd's gradient, and `vmap` of it over stacked batches gives each batch's own."""
    batches = [batch_of(case, device, seed_rows=skip) for skip in (0, 5)]
    masks = torch.stack([batch.mask(seed) for seed, batch in enumerate(batches)])
    names = case.differentiated

    def loss(trained: dict[str, torch.Tensor], fixed: dict[str, torch.Tensor], mask: torch.Tensor) -> torch.Tensor:
        return case.function(**trained, **fixed, mask=mask, **batches[0].parameters)

    trained = [{name: batch.inputs[name] for name in names} for batch in batches]
    fixed = [{name: value for name, value in batch.inputs.items() if name not in names} for batch in batches]
    expected = [batch.gradients(mask=mask) for batch, mask in zip(batches, masks, strict=True)]
    gradient = torch.func.grad(loss)(trained[0], fixed[0], masks[0])
    for name in names:
        close(gradient[name], expected[0][1][name])
    stacked = [{name: torch.stack([part[name] for part in parts]) for name in parts[0]} for parts in (trained, fixed)]
    values = torch.func.vmap(loss)(*stacked, masks)
    gradients = torch.func.vmap(torch.func.grad(loss))(*stacked, masks)
    for index, (value, own) in enumerate(expected):
        close(values[index], value)
        for name in names:
            close(gradients[name][index], own[name])


@each("accumulation", lambda case: case.layout not in {"batch", "whole"})
def test_accumulated_micro_batches_equal_the_full_batch(case: Case, device: str) -> None:
    batch = batch_of(case, device)
    mask = batch.mask()
    count = int(mask.flatten(2).any(-1).sum()) if case.layout == "pixels" else int(mask.any(1).sum()) if case.layout in {"lists", "maps"} else int(mask.sum())
    full, gradients = batch.gradients(mask=mask)
    total = torch.zeros_like(full)
    pieces: dict[str, list[torch.Tensor]] = {name: [] for name in gradients}
    for rows in (slice(0, 1), slice(1, None)):
        value, parts = batch.gradients({name: value[rows] for name, value in batch.inputs.items()}, mask=mask[rows], normalizer=count)
        total = total + value
        for name, part in parts.items():
            pieces[name].append(part)
    close(total, full)
    for name, gradient in gradients.items():
        close(torch.cat(pieces[name]), gradient)


@each("accumulation", lambda case: case.layout == "batch")
def test_coupled_losses_refuse_a_normalizer(case: Case, device: str) -> None:
    with pytest.raises(ValueError, match="couples the whole batch"):
        batch_of(case, device)(normalizer=3)


@each("accumulation", lambda case: case.layout == "whole")
def test_penalties_take_several_tensors(case: Case, device: str) -> None:
    batch = batch_of(case, device)
    (name,) = case.input_names
    weights = batch.inputs[name]
    close(batch({name: iter([weights[:1], weights[1:]])}), batch())  # type: ignore[dict-item]


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What a process with the whole batch computes, and what each of two with a part of it does."""
    coupled = [case.loss.id for case in cases() if case.layout == "batch"]
    store = tmp_path_factory.mktemp("gloo") / "store"
    running = [
        subprocess.Popen([sys.executable, str(SCRIPT), rank, str(store), *coupled], stdout=subprocess.PIPE, text=True) for rank in ("alone", "0", "1")
    ]
    try:
        alone, first, second = (json.loads(process.communicate(timeout=120)[0]) for process in running)
    finally:
        for process in running:
            process.kill()
    return alone, first, second


@each("distributed", lambda case: case.layout == "batch")
def test_two_processes_equal_one(case: Case, two_processes: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
    """Loss and gradient under DistributedDataParallel, on halves of uneven size and with a mask."""
    alone, first, second = (result[case.loss.id] for result in two_processes)
    for part in (first, second):
        close(torch.tensor(part["loss"]), torch.tensor(alone["loss"]))
        close(torch.tensor(part["gradient"]), torch.tensor(alone["gradient"]))


@each("distributed", lambda case: case.layout != "batch")
def test_only_coupled_losses_take_a_group(case: Case, device: str) -> None:
    with pytest.raises(TypeError, match="`group`"):
        batch_of(case, device)(group=None)
