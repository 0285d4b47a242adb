"""Inputs of the losses for distributions, survival, ordered classes, geometry, representations, preferences and sound, as in inputs.py."""

from __future__ import annotations

_EMBED = "torch.randn(32, 16, requires_grad=True)"
_VIEWS = [f"first = {_EMBED}  # your network's output for one view of each sample", f"second = {_EMBED}  # and for another view"]
_SCALED = [
    "mean = torch.randn(32, requires_grad=True)  # your model's output",
    "raw = torch.zeros(32, requires_grad=True)  # a second head, made positive by softplus",
    "scale = torch.nn.functional.softplus(raw) + 1e-3",
    "target = torch.randn(32)  # your targets",
]
_COUNTS = [
    "log_rate = torch.randn(32, requires_grad=True)  # your model's output: the logarithm of the rate",
    "target = torch.poisson(torch.full((32,), 2.0))  # your targets: counts",
]
_CENTRES = [
    f"features = {_EMBED}  # your network's output",
    "centres = torch.randn(10, 16, requires_grad=True)  # one for each of 10 classes, learnt with it",
    "unit = torch.nn.functional.normalize",
    "similarities = unit(features, dim=1) @ unit(centres, dim=1).T",
    "target = torch.randint(0, 10, (32,))  # your labels: the index of the class",
]
_GROUPS = [
    f"embeddings = {_EMBED}  # your network's output",
    "unit = torch.nn.functional.normalize(embeddings, dim=1)",
    "labels = torch.randint(0, 4, (32,))  # your labels",
    "others = ~torch.eye(32, dtype=torch.bool)  # every sample is an anchor, all others are its candidates",
    "similarities = (unit @ unit.T)[others].reshape(32, 31)",
    "target = (labels[:, None] == labels)[others].reshape(32, 31).float()  # 1 for candidates of the anchor's class",
]
_ANSWERS = [
    "chosen = -torch.rand(16).requires_grad_() - 0.1  # log-probabilities of preferred answers",
    "rejected = -torch.rand(16).requires_grad_() - 0.1  # and of rejected ones",
]
_REFERENCE = [
    "chosen, rejected = torch.randn(16, requires_grad=True), torch.randn(16, requires_grad=True)  # log-probabilities of whole answers",
    "reference_chosen, reference_rejected = torch.randn(16), torch.randn(16)  # under the frozen start model",
]
_MEAN_ANSWERS = [
    "raw_chosen, raw_rejected = torch.randn(16, requires_grad=True), torch.randn(16, requires_grad=True)",
    "softplus = torch.nn.functional.softplus",
    "chosen, rejected = -softplus(raw_chosen) - 1e-3, -softplus(raw_rejected) - 1e-3  # mean log-probabilities of each answer's tokens",
]
_DOMAINS = [
    f"first = {_EMBED}  # your network's features of labelled samples",
    f"second = {_EMBED}  # and of samples of the new domain",
]
_SETS = [
    "prediction = torch.rand(4, 100, 3, requires_grad=True)  # your model's points: batch, points, coordinates",
    "target = torch.rand(4, 120, 3)  # your points",
]
SOUND = [
    "prediction = torch.randn(4, 16000, requires_grad=True)  # your model's waveforms",
    "target = torch.randn(4, 16000)  # the true ones",
]
STUDENT = [
    "logits = torch.randn(32, 10, requires_grad=True)  # your student's output",
    "teacher = torch.randn(32, 10)  # the teacher's, computed under torch.no_grad",
    "target = torch.randint(0, 10, (32,))  # your labels",
]
MAPS = [
    "prediction = torch.rand(2, 17, 64, 48, requires_grad=True)  # your model's heat maps: batch, key points, height, width",
    "target = torch.rand(2, 17, 64, 48)  # a bump of height 1 at each key point",
]
_CAPTIONS = [
    f"images = {_EMBED}  # embeddings of your images",
    f"texts = {_EMBED}  # and of their captions, in the same order",
    "unit = torch.nn.functional.normalize",
    "similarities = unit(images, dim=1) @ unit(texts, dim=1).T",
]
_DENSE = [
    "logits = torch.randn(2, 5, 100, requires_grad=True)  # your model's classes at 100 places",
    "quality = torch.rand(2, 5, 100) * (torch.rand(2, 5, 100) < 0.1)  # overlap of the predicted with the true box, 0 where there is no object",
]
MASKS = [
    "logits = torch.randn(4, 1, 64, 64, requires_grad=True)  # your model's output",
    "target = (torch.rand(4, 1, 64, 64) < 0.2).float()  # your targets: 0 or 1",
    "probabilities = logits.sigmoid()",
]
DISTANCES = ["from lossgraph.implementations.contract import signed_distance", *MASKS]
_RARE = [
    "logits = torch.randn(32, 10, requires_grad=True)  # your model's output",
    "counts = torch.tensor([5000.0, 2000, 1000, 500, 200, 100, 50, 20, 10, 5])  # training samples of each class",
    "target = torch.randint(0, 10, (32,))  # your targets: the index of the class",
]
FURTHER_INPUTS: dict[str, tuple[list[str], str]] = {
    **dict.fromkeys(("gaussian_crps", "laplace_nll", "student_t_nll"), (_SCALED, "mean, scale, target")),
    "gaussian_mixture_nll": (
        [
            "logits = torch.randn(32, 3, requires_grad=True)  # your model's output: the shares of 3 components",
            "mean = torch.randn(32, 3, requires_grad=True)  # their centres",
            "log_variance = torch.zeros(32, 3, requires_grad=True)  # and spreads",
            "target = torch.randn(32)  # your targets",
        ],
        "logits, mean, log_variance.exp() + 1e-4, target",
    ),
    "negative_binomial_nll": (
        [*_COUNTS, "raw = torch.zeros(32, requires_grad=True)  # a second head: how much the variance exceeds the mean"],
        "log_rate, torch.nn.functional.softplus(raw), target",
    ),
    "zero_inflated_poisson_nll": (
        [*_COUNTS, "zero_logits = torch.zeros(32, requires_grad=True)  # a second head: how likely a zero is that no rate explains"],
        "log_rate, zero_logits, target",
    ),
    "von_mises_nll": (
        [
            "mean = torch.randn(32, requires_grad=True)  # your model's angles, in radians",
            "raw = torch.zeros(32, requires_grad=True)  # a second head: the concentration, made positive by softplus",
            "target = torch.rand(32) * 6.28  # your angles",
        ],
        "mean, torch.nn.functional.softplus(raw), target",
    ),
    "periodic": (
        ["prediction = torch.randn(32, requires_grad=True)  # your model's angles, in radians", "target = torch.rand(32) * 6.28  # your angles"],
        "prediction, target",
    ),
    "cox_partial_likelihood": (
        [
            "scores = torch.randn(1, 64, requires_grad=True)  # your model's log-risks of one batch, which is compared within itself",
            "time = torch.rand(1, 64) * 10  # until the event, or until the sample was last seen",
            "event = (torch.rand(1, 64) < 0.6).float()  # 1 where the event was seen, 0 where the time is censored",
        ],
        "scores, time, event",
    ),
    "weibull_aft_nll": (
        [
            "location = torch.randn(64, requires_grad=True)  # your model's output: the logarithm of the time",
            "time = torch.rand(64) * 10 + 0.1  # until the event, or until the sample was last seen",
            "event = (torch.rand(64) < 0.6).float()  # 1 where the event was seen, 0 where the time is censored",
        ],
        "location, time, event",
    ),
    "discrete_hazard_nll": (
        [
            "logits = torch.randn(64, 12, requires_grad=True)  # your model's output: the hazard of each of 12 intervals",
            "last = torch.randint(0, 12, (64,))  # the interval of the event, or the last one seen",
            "seen = torch.rand(64) < 0.6  # whether the event was seen",
            "places = torch.arange(12)",
            "survived = (places < last[:, None]).float()",
            "event = ((places == last[:, None]) & seen[:, None]).float()",
        ],
        "logits, survived, event",
    ),
    "cumulative_link": (
        [
            "scores = torch.randn(32, requires_grad=True)  # your model's output, one number a sample",
            "steps = torch.zeros(3, requires_grad=True)  # 4 thresholds for 5 classes, learnt with it: a first one and positive steps",
            "first = torch.tensor([-2.0], requires_grad=True)",
            "inner = torch.cat([first, first + torch.nn.functional.softplus(steps).cumsum(0)])",
            "ends = torch.tensor([torch.inf])",
            "thresholds = torch.cat([-ends, inner, ends])",
            "target = torch.randint(0, 5, (32,))  # your classes, in order",
        ],
        "scores, thresholds[target], thresholds[target + 1]",
    ),
    "coral_ordinal": (
        [
            "scores = torch.randn(32, 1, requires_grad=True)  # your model's output, one number a sample",
            "biases = torch.linspace(2, -2, 4).requires_grad_()  # one for each of 4 thresholds between 5 classes, learnt with it",
            "target = torch.randint(0, 5, (32, 1))  # your classes, in order",
            "above = (target > torch.arange(4)).float()  # is the class above each threshold?",
        ],
        "scores + biases, above",
    ),
    "scale_invariant_log": (
        [
            "raw = torch.randn(2, 1, 32, 48, requires_grad=True)  # your model's output, made positive by exp",
            "depth = torch.rand(2, 1, 32, 48) * 10 + 0.5  # your ground truth",
            "valid = torch.rand(2, 1, 32, 48) < 0.7  # where there is any",
        ],
        "raw.exp(), depth, mask=valid",
    ),
    "endpoint_error": (
        [
            "prediction = torch.randn(2, 2, 32, 48, requires_grad=True)  # your model's flow: batch, both coordinates, height, width",
            "target = torch.randn(2, 2, 32, 48)  # the true flow",
        ],
        "prediction, target",
    ),
    "local_ncc": (
        [
            "warped = torch.rand(2, 1, 32, 32, requires_grad=True)  # the moving image under your model's deformation",
            "fixed = torch.rand(2, 1, 32, 32)  # the other image",
        ],
        "warped, fixed",
    ),
    "cl_dice": (MASKS, "probabilities, target"),
    "chamfer": (_SETS, "prediction, target"),
    "sinkhorn_divergence": (
        [
            "prediction = torch.rand(100, 3, requires_grad=True)  # your model's points of one object",
            "target = torch.rand(120, 3)  # its true points",
        ],
        "prediction, target",
    ),
    "adaptive_wing": (MAPS, "prediction, target"),
    "gaussian_focal": (
        [
            "logits = torch.randn(2, 5, 32, 32, requires_grad=True)  # your model's heat map of each class",
            "target = torch.rand(2, 5, 32, 32)  # bumps round the centres of objects, exactly 1 at each centre",
            "target[:, :, 8, 8] = 1",
        ],
        "logits, target",
    ),
    "quality_focal": (_DENSE, "logits, quality"),
    "varifocal": (_DENSE, "logits, quality"),
    "distribution_focal": (
        [
            "logits = torch.randn(64, 17, requires_grad=True)  # your model's output for each side of positive places: 17 bins of distance",
            "target = torch.rand(64) * 16  # your distances, in bins",
        ],
        "logits, target",
    ),
    "arcface": (_CENTRES, "similarities, target"),
    "cosface": (_CENTRES, "similarities, target"),
    "multi_similarity": (_GROUPS, "similarities, target"),
    "supervised_contrastive": (_GROUPS, "similarities, target"),
    "barlow_twins": (_VIEWS, "first, second"),
    "vicreg": (_VIEWS, "first, second"),
    "byol_regression": (
        [f"prediction = {_EMBED}  # your predictor's output for one view", "target = torch.randn(32, 16)  # the averaged network's for another view"],
        "prediction, target",
    ),
    "clip_contrastive": (_CAPTIONS, "similarities, similarities.T, torch.arange(32)"),
    "siglip": ([*_CAPTIONS, "target = 2 * torch.eye(32) - 1  # 1 where image and text belong together, else -1"], "similarities, target"),
    "deep_coral": (_DOMAINS, "first, second"),
    "gaussian_mmd": (_DOMAINS, "first, second"),
    "domain_adversarial": (
        [
            "from lossgraph.implementations.contract import reverse_gradient",
            f"features = {_EMBED}  # your network's features of both domains",
            "classifier = torch.nn.Linear(16, 1)  # tells the domains apart; the gradient is turned round between both",
            "logits = classifier(reverse_gradient(features)).squeeze(1)",
            "domain = (torch.arange(32) < 16).float()  # 1 for the new domain",
        ],
        "logits, domain",
    ),
    "bpr": (
        [
            "preferred = torch.randn(32, requires_grad=True)  # your model's scores of items that users took",
            "other = torch.randn(32, requires_grad=True)  # and of items that they did not",
        ],
        "preferred, other",
    ),
    **dict.fromkeys(
        ("list_mle", "approx_ndcg"),
        (
            [
                "scores = torch.randn(8, 20, requires_grad=True)  # your model's scores: 8 lists of 20 items",
                "target = torch.randint(0, 5, (8, 20)).float()  # your relevance labels, 0 to 4",
            ],
            "scores, target",
        ),
    ),
    "ipo": (_REFERENCE, "chosen, rejected, reference_chosen, reference_rejected"),
    "simpo": (_MEAN_ANSWERS, "chosen, rejected"),
    "orpo": (_MEAN_ANSWERS, "chosen, rejected"),
    "bradley_terry": (
        [
            "chosen = torch.randn(32, requires_grad=True)  # your model's rewards of preferred answers",
            "rejected = torch.randn(32, requires_grad=True)  # and of rejected ones",
        ],
        "chosen, rejected",
    ),
    "kto": (
        [
            "log_probability = torch.randn(16, requires_grad=True)  # of whole answers under your policy",
            "reference = torch.randn(16)  # under the frozen start model",
            "baseline = torch.zeros(16)  # the mean log-ratio of mismatched answers in the batch, not below 0, without a gradient",
            "target = (torch.rand(16) < 0.5).float()  # 1 for a good answer, 0 for a bad one",
        ],
        "log_probability, reference, baseline, target",
    ),
    "grpo": (
        [
            "current = torch.randn(8, 50, requires_grad=True)  # log-probabilities of the tokens of 8 answers to one prompt",
            "old = current.detach() + 0.1 * torch.randn(8, 50)  # under the policy that wrote them",
            "reference = torch.randn(8, 50)  # and under the start model",
            "reward = torch.rand(8, 1)  # of each answer",
            "advantage = ((reward - reward.mean()) / (reward.std() + 1e-6)).expand(8, 50)",
        ],
        "current, old, reference, advantage",
    ),
    "dqn": (
        [
            "prediction = torch.randn(64, requires_grad=True)  # your network's values of the actions taken",
            "reward = torch.randn(64)  # what came of them",
            "next_value = torch.randn(64)  # the best value of the next state, under the target network",
            "terminal = (torch.rand(64) < 0.1).float()  # 1 where the episode ended",
        ],
        "prediction, reward, next_value, terminal",
    ),
    "flow_matching": (
        [
            "velocity = torch.randn(8, 3, 16, 16, requires_grad=True)  # your model's output at (1 - time)*start + time*end",
            "start = torch.randn(8, 3, 16, 16)  # noise",
            "end = torch.randn(8, 3, 16, 16)  # your samples",
        ],
        "velocity, start, end",
    ),
    "gan_relativistic": (
        [
            "real_scores = torch.randn(32, requires_grad=True)  # the discriminator's scores of real samples",
            "fake_scores = torch.randn(32, requires_grad=True)  # and of generated ones, detached from the generator",
        ],
        "real_scores, fake_scores",
    ),
    "si_sdr": (SOUND, "prediction, target"),
    "multi_resolution_stft": (SOUND, "prediction, target"),
    "spectral_convergence": (
        ["prediction = torch.rand(4, 257, 60, requires_grad=True)  # sizes of your model's spectrum", "target = torch.rand(4, 257, 60)  # and of the true one"],
        "prediction, target",
    ),
    "decoupled_distillation": (STUDENT, "logits, teacher, target"),
    "feature_distillation": (
        [
            "prediction = torch.randn(32, 64, requires_grad=True)  # your student's hidden layer, mapped to the teacher's size",
            "target = torch.randn(32, 64)  # the teacher's, computed under torch.no_grad",
        ],
        "prediction, target",
    ),
    "gram_style": (
        [
            "prediction = torch.rand(2, 3, 64, 64, requires_grad=True)  # the image that is painted",
            "target = torch.rand(2, 3, 64, 64)  # the image whose style is wanted",
            "network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU())  # your trained network, here its first layers",
        ],
        "prediction, target, network=network",
    ),
    "photometric": (
        [
            "prediction = torch.rand(2, 3, 64, 64, requires_grad=True)  # the other view, warped by your model's depth or flow",
            "target = torch.rand(2, 3, 64, 64)  # this view",
        ],
        "prediction=prediction, target=target",
    ),
    **dict.fromkeys(("logit_adjusted_cross_entropy", "ldam", "class_balanced"), (_RARE, "logits, counts.expand(32, 10), target")),
    "asymmetric_multilabel": (
        [
            "logits = torch.randn(32, 80, requires_grad=True)  # your model's output: one logit for each label",
            "target = (torch.rand(32, 80) < 0.05).float()  # 1 for the labels of each sample",
        ],
        "logits, target",
    ),
    "nn_pu": (
        [
            "scores = torch.randn(64, requires_grad=True)  # your model's output",
            "target = (torch.rand(64) < 0.3).float()  # 1 for labelled positives, 0 for unlabelled samples",
        ],
        "scores, target",
    ),
    "deep_svdd": (
        [
            f"embedding = {_EMBED}  # your network's output for normal samples",
            "centre = torch.randn(16)  # fixed: the mean of the first embeddings",
        ],
        "embedding, centre.expand(32, 16)",
    ),
    "uncertainty_weighting": (
        [
            "losses = torch.rand(3, requires_grad=True)  # the loss of each of your 3 tasks",
            "log_variance = torch.zeros(3, requires_grad=True)  # learnt with the weights",
        ],
        'losses, log_variance, reduction="sum"',
    ),
    "top_k_cross_entropy": (
        [
            "logits = torch.randn(4, 3, 64, 64, requires_grad=True)  # your model's output",
            "target = torch.randint(0, 3, (4, 64, 64))  # your targets: the index of the class",
        ],
        "logits, target",
    ),
}
