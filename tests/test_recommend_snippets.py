"""Does every snippet run? Each different snippet over a grid of problems is executed, forward and backward."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

import lossgraph
from lossgraph.recommender import composing

pytest.importorskip("torch")
TASKS = tuple(lossgraph.load().data["tasks"])
FACTS: tuple[dict[str, Any], ...] = (
    {}, {"imbalanced": True}, {"outliers": True}, {"outlier_share": 0.3}, {"wide_range": True, "positive": True}, {"uncertainty": True}, {"many_zeros": True},
    {"interval": 0.9}, {"quantile_level": 0.25}, {"multilabel": True}, {"n_classes": 5}, {"n_classes": 5, "imbalanced": True}, {"label_noise": True},
    {"max_margin": True}, {"max_margin": True, "label_noise": True}, {"max_margin": True, "smooth": True}, {"costly_error": "missed"},
    {"costly_error": "missed", "empty_masks": True},
    {"costly_error": "false_alarm"}, {"costly_error": "underestimate"}, {"costly_error": "overestimate"}, {"feature_selection": True},
    {"feature_selection": True, "outliers": True}, {"correlated_features": True}, {"bounded": True}, {"soft_labels": True}, {"metric": "rmsle"},
    {"small_objects": True},
    {"teacher": True}, {"approach": "gan"}, {"approach": "vae"}, {"approach": "diffusion"},
    {"approach": "restoration"}, {"approach": "restoration", "perceptual": True}, {"metric": "ssim"}, {"metric": "psnr"}, {"disentangled": True},
    {"discrete_latent": True}, {"approach": "vae", "conditional": True}, {"approach": "vae", "semi_supervised": True}, {"gradient_penalty": True},
    {"least_squares_gan": True}, {"approach": "diffusion", "metric": "nll"}, {"text_alignment": True}, {"perceptual": True},
    {"detector": "anchor_free"}, {"detector": "yolo"}, {"detector": "boxes"}, {"detector": "boxes", "boxes_apart": True}, {"direction_only": True},
    {"energy_fixed_shape": True}, {"counts": True}, {"adaptive_tails": True}, {"tolerance": True}, {"boosting": True}, {"modality": "volume"},
    {"imbalanced": True, "smooth": True},
    {"framework": "pytorch"}, {"survival_wish": "time"}, {"ordinal": True, "n_classes": 5}, {"ordinal": True, "metric": "quadratic_kappa"},
    {"circular": True}, {"heavy_tails": True}, {"several_modes": True},
    {"uncertainty": True, "heavy_tails": True}, {"uncertainty": True, "metric": "crps"}, {"metric": "mape"}, {"metric": "smape"},
    {"outliers": True, "second_order": True}, {"outliers": True, "smooth": True}, {"ground_truth": False}, {"ground_truth": True},
    {"point_output": "heatmaps"}, {"point_output": "coordinates"}, {"detector": "centres"}, {"detector": "dense", "box_quality": True}, {"pairs": False},
    {"many_negatives": False}, {"implicit_feedback": False}, {"full_orders": True}, {"metric": "ndcg"}, {"feedback": "single"}, {"feedback": "pairs"},
    {"feedback": "reward"}, {"fit_reward": True}, {"reference_model": False}, {"off_policy": True, "actions": "discrete"}, {"approach": "flow"},
    {"sequence_to_sequence": True}, {"unstable": True, "bidirectional": False}, {"teacher_features": True}, {"audio_output": "spectrogram"},
    {"approach": "gan", "gradient_penalty": True}, {"metric": "iou"}, {"metric": "iou", "n_classes": 5}, {"boundary": True}, {"connected": True},
    {"long_tail": True, "n_classes": 5}, {"label_noise": True, "noise_rate": 0.6, "n_classes": 5}, {"max_margin": True, "n_classes": 5}, {"time_shifts": True},
    {"edge_map": True}, {"per_image_weight": True}, {"volume_weight": True}, {"score_itself": True}, {"score_itself": True, "n_classes": 5},
    {"instance_masks": True}, {"detector": "grid"}, {"hard_samples": True}, {"worst_pixels": True},
    {"textureless": True}, {"reconstruction": True, "label_noise": True}, {"supervise_costs": True}, {"patch_structure": True}, {"piecewise_flat": True},
    {"rotated_boxes": True}, {"detector": "angle"}, {"detector": "set"}, {"metric": "iou", "score_itself": True},
    {"translation": "unpaired"}, {"approach": "gan", "translation": "paired"}, {"zero_centred_penalty": True}, {"latent_ignored": True}, {"keeps_level": True},
    {"approach": "invertible"}, {"approach": "autoregressive"}, {"approach": "matching"}, {"approach": "autoencoder"}, {"data_density": True},
    {"steered": True}, {"audio_output": "levels"}, {"hidden_parts": True}, {"clusters": True}, {"approach": "vae", "several_modes": True},
    {"minority_share": 0.05}, {"heteroscedastic": True}, {"overdispersed": True}, {"multilabel": True, "imbalanced": True},
    {"attacked": True, "n_classes": 5}, {"consistent": True}, {"alignment": "transport"}, {"logits_drift": True}, {"commit_to_modes": True},
    {"approach": "restoration", "wasserstein": True}, {"edges_of_sources": True}, {"max_margin": False}, {"detector": "set", "box_part": True},
)  # fmt: skip


def snippets() -> dict[str, str]:
    """Every different snippet, with the loss and the problem that it was written for."""
    found: dict[str, str] = {}
    with patch.object(composing, "FAR_BEHIND", 0.0):  # what is far behind in these problems is recommended in others
        for task in TASKS:
            for facts in FACTS:
                for one in lossgraph.recommend(task=task, top=20, **facts).recommendations:
                    found.setdefault(one.code, f"{one.loss}-{task}-{'-'.join(facts)}")
    return found


SNIPPETS = snippets()


@pytest.mark.parametrize("code", SNIPPETS, ids=SNIPPETS.values())
def test_snippet_runs(code: str) -> None:
    names: dict[str, Any] = {}
    exec(compile(code, "snippet", "exec"), names)
    assert names["value"].ndim == 0
    assert bool(names["value"].isfinite())
    inputs = [one for one in names.values() if getattr(one, "is_leaf", False) and getattr(one, "requires_grad", False)]
    inputs += list(names["model"].parameters()) if "model" in names else []
    assert inputs
    assert any(one.grad is not None and bool((one.grad != 0).any()) for one in inputs)


def test_every_supported_loss_has_a_snippet() -> None:
    """No loss that a rule can support is left unexecuted."""
    supported = {loss for rule in lossgraph.load().data["rules"].values() if rule["effect"] == "support" for loss in rule["losses"]}
    executed = {name.split("-")[0] for name in SNIPPETS.values()}
    assert supported - executed == set()
