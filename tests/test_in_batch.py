"""Do the losses over a batch of embeddings equal their definition pair by pair and triple by triple, also for bad batches, and within time and memory?"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import lossgraph.torch
from lossgraph.implementations.in_batch import contrastive, nt_xent, pairwise_ranking, triplet

close = torch.testing.assert_close
NAMES = ("pairwise_ranking", "contrastive", "triplet", "nt_xent", "supervised_contrastive", "multi_similarity")
MINING = ("all", "hard", "semi_hard", "easy", "hardest")
SCRIPT = Path(__file__).parent / "battery" / "in_batch_of_two.py"
_generator = torch.Generator().manual_seed(0)
EMBEDDINGS = torch.randn(12, 3, generator=_generator, dtype=torch.float64)
LABELS = torch.tensor([0, 0, 1, 1, 1, 2, 2, 3, 4, 0, 1, 2])  # 3 and 4 have no positives
EMBEDDINGS[1] = EMBEDDINGS[0]  # a positive equal to its anchor
EMBEDDINGS[7] = EMBEDDINGS[5]  # and a negative


def _single(name: str, *inputs: torch.Tensor, **parameters: Any) -> torch.Tensor:
    """The card's function on one pair or triple."""
    return lossgraph.torch.function(name)(*(value.unsqueeze(0) for value in inputs), **parameters)


def _mean(parts: list[torch.Tensor]) -> torch.Tensor:
    return torch.stack(parts).mean() if parts else torch.zeros((), dtype=torch.float64)


@pytest.mark.parametrize(("name", "alike"), [("pairwise_ranking", 1.0), ("contrastive", 0.0)])
def test_pairs_are_all_pairs(name: str, alike: float) -> None:
    function: Callable[..., torch.Tensor] = {"pairwise_ranking": pairwise_ranking, "contrastive": contrastive}[name]
    pairs = list(itertools.combinations(range(12), 2))
    labels = [torch.tensor(alike if LABELS[i] == LABELS[j] else 1 - alike, dtype=torch.float64) for i, j in pairs]
    parts = [_single(name, EMBEDDINGS[i], EMBEDDINGS[j], label, margin=1.5) for (i, j), label in zip(pairs, labels, strict=True)]
    close(function(EMBEDDINGS, LABELS, margin=1.5), _mean(parts))
    close(function(EMBEDDINGS, LABELS, margin=1.5, reduction="sum"), torch.stack(parts).sum())


def _triples(mining: str, margin: float) -> list[torch.Tensor]:
    near = (EMBEDDINGS.unsqueeze(0) - EMBEDDINGS.unsqueeze(1)).norm(dim=2)
    found = [
        (a, p, n) for a, p, n in itertools.product(range(12), repeat=3) if a != p and LABELS[a] == LABELS[p] and LABELS[a] != LABELS[n]
    ]  # fmt: skip
    lead = {triple: float(near[triple[0], triple[2]] - near[triple[0], triple[1]]) for triple in found}
    if mining == "hardest":
        found = [max((t for t in found if t[0] == a), key=lambda t: -lead[t]) for a in sorted({a for a, _, _ in found})]
    kinds = {"hard": lambda t: lead[t] <= 0, "easy": lambda t: lead[t] >= margin and lead[t] > 0, "semi_hard": lambda t: 0 < lead[t] < margin}
    kept = [t for t in found if kinds.get(mining, lambda t: True)(t)]
    return [_single("triplet", *(EMBEDDINGS[i] for i in t), margin=margin) for t in kept]


@pytest.mark.parametrize("margin", [0.0, 0.7, 5.0])
@pytest.mark.parametrize("mining", MINING)
def test_triples_are_those_of_their_kind(mining: str, margin: float) -> None:
    parts = _triples(mining, margin)
    close(triplet(EMBEDDINGS, LABELS, margin=margin, mining=mining), _mean(parts))
    close(triplet(EMBEDDINGS, LABELS, margin=margin, mining=mining, reduction="sum"), sum(parts, torch.zeros((), dtype=torch.float64)))


def test_kinds_of_triples_are_all_of_them() -> None:
    whole = triplet(EMBEDDINGS, LABELS, margin=0.7, reduction="sum")
    parts = [triplet(EMBEDDINGS, LABELS, margin=0.7, mining=kind, reduction="sum") for kind in ("hard", "semi_hard", "easy")]
    close(whole, sum(parts))
    assert parts[0] > 0
    assert parts[1] > 0
    assert parts[2] == 0


def test_nt_xent_is_the_cards_loss_of_each_anchor_and_positive() -> None:
    unit = torch.nn.functional.normalize(EMBEDDINGS, dim=1)
    parts: list[torch.Tensor] = []
    for anchor, positive in itertools.permutations(range(12), 2):
        if LABELS[anchor] == LABELS[positive]:
            candidates = [positive, *(i for i in range(12) if LABELS[i] != LABELS[anchor])]
            parts.append(_single("nt_xent", unit[candidates] @ unit[anchor], torch.tensor(0), temperature=0.2))
    close(nt_xent(EMBEDDINGS, LABELS, temperature=0.2), _mean(parts))


@pytest.mark.parametrize("name", ["supervised_contrastive", "multi_similarity"])
def test_lists_of_similarities_are_the_cards_loss_of_each_anchor(name: str) -> None:
    unit = torch.nn.functional.normalize(EMBEDDINGS, dim=1)
    parts: list[torch.Tensor] = []
    for anchor in range(12):
        others = [i for i in range(12) if i != anchor]
        alike = (LABELS[others] == LABELS[anchor]).double()
        if name == "multi_similarity" or alike.any():
            parts.append(_single(name, unit[others] @ unit[anchor], alike))
    close(lossgraph.torch.in_batch(name)(EMBEDDINGS, LABELS), _mean(parts))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_right_and_finite(name: str) -> None:
    function: Any = lossgraph.torch.in_batch(name)
    apart = EMBEDDINGS + torch.randn(EMBEDDINGS.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda values: function(values, LABELS), (apart.requires_grad_(),))
    batches = [EMBEDDINGS, torch.zeros(12, 3), torch.ones(12, 3), torch.full((12, 3), 1e-30), torch.randn(12, 3).half() * 1e4, EMBEDDINGS[:, :0]]
    for batch in batches:
        leaf = batch.clone().requires_grad_()
        value = function(leaf, LABELS)
        assert value.isfinite()
        assert value.dtype == (torch.float64 if batch.dtype == torch.float64 else torch.float32)
        (gradient,) = torch.autograd.grad(value, leaf)
        assert gradient.isfinite().all()


@pytest.mark.parametrize("mining", MINING)
def test_batches_without_triples_cost_nothing(mining: str) -> None:
    for labels in (torch.arange(12), torch.zeros(12, dtype=torch.long)):  # no positives; no negatives
        leaf = EMBEDDINGS.clone().requires_grad_()
        value = triplet(leaf, labels, mining=mining)
        assert value == 0
        assert not torch.autograd.grad(value, leaf)[0].any()


@pytest.mark.parametrize("name", NAMES)
def test_empty_and_masked_batches(name: str) -> None:
    function: Any = lossgraph.torch.in_batch(name)
    assert function(EMBEDDINGS[:0], LABELS[:0]) == 0
    assert function(EMBEDDINGS[:1], LABELS[:1]) == 0
    assert function(EMBEDDINGS, LABELS, mask=torch.zeros(12, dtype=torch.bool)) == 0
    mask = torch.arange(12) % 3 != 1
    spoilt = EMBEDDINGS.masked_fill(~mask.unsqueeze(1), float("nan")).requires_grad_()
    value = function(spoilt, LABELS, mask=mask)
    close(value, function(EMBEDDINGS[mask], LABELS[mask]))
    (gradient,) = torch.autograd.grad(value, spoilt)
    assert not gradient[~mask].any()
    assert gradient.isfinite().all()


@pytest.mark.parametrize(
    ("keywords", "error", "shown"),
    [
        ({"embeddings": LABELS}, TypeError, "torch.int64"), ({"embeddings": EMBEDDINGS[0]}, ValueError, r"\(3,\)"),
        ({"target": LABELS.double()}, TypeError, "torch.float64"), ({"target": LABELS[:5]}, ValueError, r"\(5,\)"),
        ({"mask": LABELS}, TypeError, "torch.int64"), ({"mask": LABELS[:2] > 0}, ValueError, r"\(2,\)"),
        ({"reduction": "none"}, ValueError, "'none'"), ({"group": 3}, TypeError, "3"),
        ({"margin": "1"}, TypeError, "'1'"), ({"margin": -1.0}, ValueError, "-1.0"),
        ({"mining": "semihard"}, ValueError, "did you mean `semi_hard`"),
    ],
)  # fmt: skip
def test_wrong_calls_say_what_is_wrong(keywords: dict[str, Any], error: type[Exception], shown: str) -> None:
    with pytest.raises(error, match=shown):
        triplet(**{"embeddings": EMBEDDINGS, "target": LABELS, **keywords})


def test_losses_without_pairs_have_no_batch_form() -> None:
    assert lossgraph.torch.in_batch("NT-Xent") is nt_xent
    with pytest.raises(lossgraph.InputError, match="triplet"):
        lossgraph.torch.in_batch("huber")


@pytest.mark.parametrize("name", NAMES)
def test_they_compile_and_batch(name: str) -> None:
    function: Any = lossgraph.torch.in_batch(name)
    torch._dynamo.reset()
    close(torch.compile(function, fullgraph=True, backend="aot_eager")(EMBEDDINGS, LABELS), function(EMBEDDINGS, LABELS))
    stacked, labels = torch.stack([EMBEDDINGS, EMBEDDINGS.flip(0) * 2]), torch.stack([LABELS, LABELS.flip(0)])
    for transform in (lambda loss: loss, torch.func.grad):
        found = torch.func.vmap(transform(function))(stacked, labels)
        for index in range(2):
            close(found[index], transform(function)(stacked[index], labels[index]))


def test_two_processes_equal_one(tmp_path: Path) -> None:
    """Loss and gradient under DistributedDataParallel, with batches of uneven size."""
    store = tmp_path / "store"
    running = [subprocess.Popen([sys.executable, str(SCRIPT), rank, str(store), *NAMES], stdout=subprocess.PIPE, text=True) for rank in ("alone", "0", "1")]
    try:
        alone, first, second = (json.loads(process.communicate(timeout=120)[0]) for process in running)
    finally:
        for process in running:
            process.kill()
    for name in NAMES:
        for part in (first, second):
            close(torch.tensor(part[name]["loss"]), torch.tensor(alone[name]["loss"]))
            close(torch.tensor(part[name]["gradient"]), torch.tensor(alone[name]["gradient"]))


def test_check_explains_the_batch() -> None:
    found = lossgraph.torch.check("triplet", EMBEDDINGS, LABELS, in_batch=True)
    assert [text.split(";")[0] for text in found] == [
        "target: 2 of 12 samples have no other of their label (no positive), the first at (7,)", "embeddings: 2 of 12 repeat another one",
    ]  # fmt: skip
    assert "2 of 12" not in "".join(lossgraph.torch.check("nt_xent", EMBEDDINGS, LABELS % 3, in_batch=True))
    zeros = lossgraph.torch.check("nt_xent", torch.zeros(2, 3), torch.tensor([0, 0]), in_batch=True)
    assert any(text.startswith("embeddings: 2 of 2 embeddings are zero") for text in zeros)
    assert any("no negative" in text for text in zeros)
    assert lossgraph.torch.check("nt_xent", torch.eye(4), torch.tensor([0, 0, 1, 1]), in_batch=True) == ()
    assert lossgraph.torch.check("triplet", EMBEDDINGS, LABELS, mining="best", in_batch=True)[0].startswith("triplet: mining is 'best'")
    equal = lossgraph.torch.check("triplet", EMBEDDINGS, EMBEDDINGS.roll(1, 0), EMBEDDINGS + 1)
    assert equal[0].startswith("anchor and positive: 1 of 12 pairs are equal")


MEASURE = """
import resource, sys, torch, lossgraph.torch
torch.set_num_threads(1)
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
embeddings, labels = torch.randn(2048, 128, requires_grad=True), torch.arange(2048) % int(sys.argv[2])
if sys.argv[1] == "listwise":
    call = lambda: lossgraph.torch.function("listwise")(embeddings @ embeddings.detach().T, torch.rand(2048, 2048))  # each ranks all
else:
    call = lambda: lossgraph.torch.in_batch(sys.argv[1])(embeddings, labels)
torch.randn(64, 64).matmul(torch.randn(64, 64))
before = peak()
call().backward()
assert embeddings.grad.isfinite().all()
print(peak() - before)
"""


@pytest.mark.parametrize(("name", "classes"), [*((name, 1024) for name in (*NAMES, "listwise")), ("triplet", 2)])
def test_2048_embeddings_need_less_than_a_gibibyte(name: str, classes: int) -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE, name, str(classes)], capture_output=True, text=True, check=True, timeout=300)
    assert float(done.stdout) < 1024
