"""Inputs of combinations whose parts look at different tensors, and of losses that a task uses in a way of its own, as in inputs.py."""

from __future__ import annotations

from lossgraph.recommender.further_inputs import DISTANCES, FURTHER_INPUTS, MAPS, MASKS, SOUND, STUDENT

_MATCHED_BOXES = [
    "corner = torch.rand(12, 2, requires_grad=True)  # your model's boxes, of matched predictions only",
    "boxes = torch.cat([corner, corner + 0.3], 1)",
    "box_target = torch.tensor([[0.2, 0.2, 0.6, 0.7]]).expand(12, 4)  # the boxes that they were matched with: left, top, right, bottom",
]
# Combinations whose parts look at different tensors: the tensors, and the call of each part.
FURTHER_TOGETHER: dict[str, tuple[list[str], dict[str, str]]] = {
    "dice_cl_dice": (MASKS, {"dice": "probabilities, target", "cl_dice": "probabilities, target"}),
    "dice+boundary_loss": (DISTANCES, {"dice": "probabilities, target", "boundary_loss": "probabilities, signed_distance(target)"}),
    "dice+hausdorff_dt": (
        DISTANCES,
        {"dice": "probabilities, target", "hausdorff_dt": "probabilities, signed_distance(probabilities > 0.5), signed_distance(target), target"},
    ),
    "photometric+inverse_depth_smoothness": (
        [
            *FURTHER_INPUTS["photometric"][0],
            "inverse_depth = torch.rand(2, 1, 64, 64, requires_grad=True)  # your model's output",
        ],
        {"photometric": "prediction=prediction, target=target", "inverse_depth_smoothness": "inverse_depth, target"},
    ),
    "categorical_cross_entropy+mae+giou": (
        [
            "logits = torch.randn(200, 21, requires_grad=True)  # your model's classes of all its predictions; the last one means no object",
            "target = torch.full((200,), 20)  # the true classes; those of matched predictions are set",
            "target[:12] = torch.randint(0, 20, (12,))",
            *_MATCHED_BOXES,
        ],
        {"categorical_cross_entropy": "logits, target", "mae": "boxes, box_target", "giou": "boxes, box_target"},
    ),
    "mae+giou": (_MATCHED_BOXES, {"mae": "boxes, box_target", "giou": "boxes, box_target"}),
    "mse+total_variation": (
        [
            "noisy = torch.rand(2, 3, 64, 64)  # your images",
            "image = noisy.clone().requires_grad_()  # the clean ones that are sought, or your model's output",
        ],
        {"mse": "image, noisy", "total_variation": "image"},
    ),
    "gan_nonsaturating+r1_penalty": (
        [
            "fake_logits = torch.randn(32, requires_grad=True)  # the discriminator's logits of generated samples",
            "gradients = torch.randn(32, 64, requires_grad=True)  # of its logits of real samples, by torch.autograd.grad(..., create_graph=True)",
        ],
        {"gan_nonsaturating": "fake_logits", "r1_penalty": "gradients"},
    ),
    "lsgan+mae": (
        [
            "real_scores = torch.randn(32, requires_grad=True)  # a discriminator's scores of samples of its kind",
            "fake_scores = torch.randn(32, requires_grad=True)  # and of translated ones; discriminators minimise the first term",
            "restored = torch.randn(32, 3, 64, 64, requires_grad=True)  # images after there and back; generators minimise the second, and lsgan_generator",
            "original = torch.randn(32, 3, 64, 64)  # the images that these were",
        ],
        {"lsgan": "real_scores, fake_scores", "mae": "restored, original"},
    ),
    "gan_nonsaturating+mae": (
        [
            "fake_logits = torch.randn(32, requires_grad=True)  # the discriminator's logits of your model's images beside their sources",
            "prediction = torch.randn(32, 3, 64, 64, requires_grad=True)  # your model's output",
            "target = torch.randn(32, 3, 64, 64)  # the true images",
        ],
        {"gan_nonsaturating": "fake_logits", "mae": "prediction, target"},
    ),
    "mae+multi_resolution_stft": (SOUND, {"mae": "prediction, target", "multi_resolution_stft": "prediction, target"}),
    "multi_resolution_stft+lsgan_generator": (
        [*SOUND, "fake_scores = torch.randn(4, requires_grad=True)  # the discriminator's scores of your model's output"],
        {"multi_resolution_stft": "prediction, target", "lsgan_generator": "fake_scores"},
    ),
    "categorical_cross_entropy+kl_divergence": (
        [
            "logits = torch.randn(32, 5, requires_grad=True)  # your model's output for the samples",
            "changed = torch.randn(32, 5, requires_grad=True)  # and for their attacked or augmented copies",
            "target = torch.randint(0, 5, (32,))  # your labels",
        ],
        {"categorical_cross_entropy": "logits, target", "kl_divergence": "changed.softmax(1), logits.softmax(1)"},
    ),
    "ar_lm+z_loss": (
        [
            "logits = torch.randn(4, 100, 12, requires_grad=True)  # your model's output: batch, vocabulary, places",
            "tokens = torch.randint(0, 100, (4, 12))  # your text",
        ],
        {"ar_lm": "logits[:, :, :-1], tokens[:, 1:]", "z_loss": "logits"},
    ),
}
_KAPPA = (
    [
        "logits = torch.randn(64, 5, requires_grad=True)  # your model's output, a large batch",
        "target = torch.nn.functional.one_hot(torch.randint(0, 5, (64,)), 5).float()  # your grades",
    ],
    "logits.softmax(1), target",
)
LATER_INPUTS: dict[str, tuple[list[str], str]] = {
    "condinst_mask": (
        [
            "logits = torch.randn(12, 1, 100, 152, requires_grad=True)  # your model's mask of each of 12 positive places",
            "target = (torch.rand(12, 1, 100, 152) < 0.2).float()  # the mask of the object that each belongs to",
        ],
        "logits.sigmoid(), target",
    ),
    "inverse_depth_smoothness": (
        [
            "inverse_depth = torch.rand(2, 1, 64, 64, requires_grad=True)  # your model's output, divided by its mean",
            "image = torch.rand(2, 3, 64, 64)  # the photograph",
        ],
        "inverse_depth, image",
    ),
    "stereo_cost_volume": (
        [
            "similarities = torch.randn(500, 96, requires_grad=True)  # of 500 pixels, at each disparity",
            "true = torch.randint(0, 96, (500, 1))  # their disparities",
            "near = (torch.arange(96) - true).abs() < 1.5",
            "others = similarities.masked_fill(near, -1.0).topk(3, 1).values  # the three wrong ones that look most alike",
        ],
        "others, similarities.gather(1, true).squeeze(1)",
    ),
    "weighted_kappa": _KAPPA,
    "bi_tempered_logistic": (
        [
            "logits = torch.randn(32, 5, requires_grad=True)  # your model's output",
            "target = torch.randint(0, 5, (32,))  # your targets: the index of the class",
        ],
        "logits, target",
    ),
    "soft_dtw": (
        [
            "prediction = torch.randn(8, 50, requires_grad=True)  # your model's series: batch, times",
            "target = torch.randn(8, 50)  # the true ones",
        ],
        "prediction, target",
    ),
    "rnn_transducer": (
        [
            "logits = torch.randn(2, 20, 30, 9, requires_grad=True)  # your joint network's output: batch, characters (blank first), frames, labels + 1",
            "target = torch.randint(1, 20, (2, 8))  # your characters",
            "frames, lengths = torch.full((2,), 30), torch.full((2,), 8)",
        ],
        "logits.log_softmax(1), target, frames, lengths",
    ),
}
# Losses that a task uses in a way of its own.
_DENSITY = (
    [
        "log_density = torch.randn(32, requires_grad=True)  # your model's log-density of each sample: that of the base, plus the log-determinant",
        'loss = lossgraph.torch.module("vae_reconstruction")  # minus a log-density; nll itself takes log-probabilities of classes',
    ],
    "log_density",
)
FURTHER_SPECIAL: dict[tuple[str, str], tuple[list[str], str]] = {
    **dict.fromkeys((("generative", "nll"), ("anomaly_detection", "nll")), _DENSITY),
    ("optical_flow", "charbonnier"): (FURTHER_INPUTS["photometric"][0], "prediction, target"),
    ("optical_flow", "mae"): FURTHER_INPUTS["endpoint_error"],
    ("pose_estimation", "mse"): (MAPS, "prediction, target"),
    ("image_registration", "mse"): FURTHER_INPUTS["local_ncc"],
    ("audio_separation", "mae"): (SOUND, "prediction, target"),
    ("style_transfer", "perceptual"): FURTHER_INPUTS["gram_style"],
    **{
        ("depth_estimation", name): (
            [
                "prediction = torch.rand(2, 1, 32, 48, requires_grad=True)  # your model's depth",
                "depth = torch.rand(2, 1, 32, 48) * 10  # your ground truth",
                "valid = torch.rand(2, 1, 32, 48) < 0.7  # where there is any",
            ],
            "prediction, depth, mask=valid",
        )
        for name in ("mae", "smooth_l1")
    },
    **{
        ("pose_estimation", name): (
            [
                "prediction = torch.randn(32, 68, 2, requires_grad=True)  # your model's coordinates of 68 points, in pixels",
                "target = torch.randn(32, 68, 2)  # your points",
            ],
            "prediction, target",
        )
        for name in ("wing", "smooth_l1")
    },
    ("anomaly_detection", "mse"): (
        [
            "samples = torch.randn(32, 20)  # your normal samples",
            "reconstruction = torch.randn(32, 20, requires_grad=True)  # what your autoencoder makes of them",
        ],
        "reconstruction, samples",
    ),
    ("detection", "gaussian_kl"): (
        [
            "def gaussian(box):  # centre x, centre y, width, height, angle -> mean and covariance",
            "    cos, sin = box[:, 4].cos(), box[:, 4].sin()",
            "    turn = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)",
            "    return box[:, :2], turn @ torch.diag_embed(box[:, 2:4] ** 2 / 4) @ turn.mT",
            "",
            "base = torch.tensor([50.0, 40.0, 30.0, 10.0, 0.3])",
            "raw = torch.randn(32, 5, requires_grad=True)  # your model's output, of positive anchors only",
            "mean, covariance = gaussian(base + raw)",
            "true_mean, true_covariance = gaussian(base.expand(32, 5))  # your boxes, the angle in radians",
            "lower = torch.linalg.cholesky(true_covariance)  # in coordinates where the true box is the unit circle",
            "half = torch.linalg.solve_triangular(lower, covariance, upper=False)",
            "spread = torch.linalg.eigvalsh(torch.linalg.solve_triangular(lower, half.mT, upper=False))",
            "shift = torch.linalg.solve_triangular(lower, (mean - true_mean).unsqueeze(2), upper=False).squeeze(2)",
            "zero = torch.zeros_like(shift)",
        ],
        "shift, spread.log(), zero, zero",
    ),
    ("distillation", "kl_divergence"): (
        [*STUDENT[:2]],
        "logits.softmax(1), teacher.softmax(1)",
    ),
    ("distillation", "reverse_kl"): (
        [*STUDENT[:2]],
        "logits.softmax(1), teacher.softmax(1)",
    ),
    **{
        (task, "mse"): (
            [
                "prediction = torch.randn(64, requires_grad=True)  # by how much your model scores the better item of each pair higher",
                "target = torch.randn(64)  # by how much the teacher does",
            ],
            "prediction, target",
        )
        for task in ("ranking", "retrieval")
    },
    ("link_prediction", "binary_cross_entropy"): (
        [
            "logits = torch.randn(32, 6, requires_grad=True)  # your model's scores of true pairs and of the drawn ones",
            "target = torch.tensor([1.0, 0, 0, 0, 0, 0]).expand(32, 6)  # 1 for the true ones",
        ],
        "logits, target",
    ),
    ("link_prediction", "categorical_cross_entropy"): (
        [
            "logits = torch.randn(32, 500, requires_grad=True)  # your model's scores of all candidates for each query",
            "target = torch.randint(0, 500, (32,))  # the index of the true one",
        ],
        "logits, target",
    ),
    ("recommendation", "mse"): (
        [
            "prediction = torch.randn(64, requires_grad=True)  # your model's ratings of pairs of user and item",
            "target = torch.randint(1, 6, (64,)).float()  # the ratings that are known",
        ],
        "prediction, target",
    ),
    ("language_modelling", "label_smoothing"): (
        [
            "logits = torch.randn(4, 100, 12, requires_grad=True)  # your model's output: batch, vocabulary, places",
            "tokens = torch.randint(0, 100, (4, 12))  # your text",
        ],
        "logits[:, :, :-1], tokens[:, 1:]",
    ),
}
