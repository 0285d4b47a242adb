"""Explains the values of losses of embeddings and of alignments: equal embeddings, anchors without positives, targets that no alignment reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.model import Loss


def explain_embeddings(loss: Loss, given: Mapping[str, Any]) -> list[str]:
    """Equal embeddings in one call of a loss of distances: their distance is 0, where it has no slope."""
    names = [name for name, variable in (loss.views[0].variables.items() if loss.views else ()) if variable.role == "embedding"]
    found: list[str] = []
    for other in names[1:]:
        equal = (given[names[0]] == given[other]).all(1)
        found += count(f"{names[0]} and {other}", equal, "pairs are equal", "their distance is 0 and passes no gradient")
    return found


def explain_alignments(given: Mapping[str, Any], blank: int) -> list[str]:
    """Targets that are empty, that hold what is no label, or that need more frames than there are."""
    values, target, frames, labels = given.values()
    frames, labels = frames.clamp(0, values.shape[2]), labels.clamp(0, target.shape[1])
    read = (target == target).cumsum(1) <= labels.unsqueeze(1)
    wrong = read & ((target < 0) | (target >= values.shape[1]) | (target == blank))
    repeats = (read[:, 1:] & (target[:, 1:] == target[:, :-1])).sum(1)
    found = count("target_lengths", labels == 0, "targets are empty", "all their frames are read as blank")
    found += count("target", wrong.any(1), "targets hold a label that is no class or the blank", "their loss is infinite, with a zero gradient")
    short = labels + repeats > frames
    return found + count("target", short, "targets need more frames than input_lengths gives them", "their loss is infinite, with a zero gradient")


def explain_batch(name: str, embeddings: Any, target: Any, mask: Any = None) -> list[str]:
    """Samples of a batch of embeddings that form no pairs, and embeddings that are equal, zero or not finite."""
    kept = (target == target) if mask is None else mask
    embeddings, target = embeddings.detach()[kept], target[kept]
    same = (target.unsqueeze(1) == target).fill_diagonal_(False)
    found = count("embeddings", ~embeddings.isfinite().all(1), "embeddings are not finite", "the loss is not finite")
    lonely, uniform = ~same.any(1), (same.sum(1) == len(target) - 1) & (len(target) > 1)
    result = "they are no anchors" if name in {"triplet", "nt_xent", "supervised_contrastive"} else "they only count as dissimilar"
    found += count("target", lonely, "samples have no other of their label (no positive)", result)
    found += count("target", uniform, "samples have none of another label (no negative)", "nothing pushes them away")
    if name in {"nt_xent", "supervised_contrastive", "multi_similarity"}:
        zero = (embeddings == 0).all(1)
        return found + count("embeddings", zero, "embeddings are zero", "their similarity to all others is 0 and they pass no gradient")
    twins = len(embeddings) - len(embeddings.unique(dim=0)) if embeddings.isfinite().all() else 0
    return found + ([f"embeddings: {twins} of {len(embeddings)} repeat another one; their distance is 0 and passes no gradient"] if twins else [])


def count(key: str, wrong: Any, what: str, result: str) -> list[str]:
    """A sentence on how many are wrong and where the first one is; none where nothing is."""
    number = int(wrong.sum())
    return [f"{key}: {number} of {wrong.numel()} {what}, the first at {tuple(int(i) for i in wrong.nonzero()[0])}; {result}"] if number else []
