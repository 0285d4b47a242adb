"""Inputs of the losses for boxes, images, waves, energies, policies and training itself: for each the tensors and the call, as in inputs.py."""

from __future__ import annotations

_FUSED = [
    "infrared, visible = torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32)  # your images",
    "fused = torch.rand(2, 1, 32, 32, requires_grad=True)  # your model's output",
]
_EDGES = "edges = lambda image: torch.gradient(image, dim=(-2, -1))[0].abs()  # or a Sobel filter"
_BOXES = [
    "corner, size = torch.rand(32, 2) * 50, torch.rand(32, 2) * 20 + 1",
    "boxes = torch.cat([corner, corner + size], 1).requires_grad_()  # your model's boxes: left, top, right, bottom",
    "target = torch.cat([corner + 2, corner + size + 3], 1)  # your boxes",
]
_IMAGES = [
    "prediction = torch.rand(2, 3, 192, 192, requires_grad=True)  # your model's images, values in [0, 1]",
    "target = torch.rand(2, 3, 192, 192)  # your true images",
]
_GAP = [
    "correct = torch.randn(32, requires_grad=True)  # energies of the right answers",
    "incorrect = torch.randn(32, requires_grad=True)  # of the most offending wrong ones",
]
_BOUNDED_GAP = [
    "correct = torch.rand(32, requires_grad=True)  # energies of the right answers, bounded below by 0",
    "incorrect = torch.rand(32, requires_grad=True)  # of the most offending wrong ones",
]
_POLICY = [
    "log_probability = torch.randn(64, requires_grad=True)  # of the actions under your policy",
    "old = log_probability.detach() + 0.1 * torch.randn(64)  # and under the one that gathered the data",
    "advantage = torch.randn(64)  # your estimates, normalised",
]
_WAVES = [
    "prediction = torch.randn(2, 3, 64, 16, requires_grad=True)  # simulated waves: batch, shots, times, receivers",
    "target = torch.randn(2, 3, 64, 16)  # recorded waves",
]
_TRAINING = [
    "value = torch.tensor([0.7], requires_grad=True)  # the loss of your task on the batch",
    "gradients = torch.randn(1, 10, requires_grad=True)  # its gradient in all weights, flattened",
]
_DISPARITY = [
    "disparity = torch.rand(2, 1, 16, 32) * 20  # your ground truth",
    "valid = torch.rand(2, 1, 16, 32) < 0.6  # where there is any",
]
_STAGES = [
    *_DISPARITY,
    "completed, refined, propagated = (torch.rand(2, 1, 16, 32, requires_grad=True) for _ in range(3))  # your model's stages",
]
_FEATURES = [
    "network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU())  # your trained network, here its first layers",
    "features, target_features = [network(prediction)], [network(target)]",
]
MORE_INPUTS: dict[str, tuple[list[str], str]] = {
    **dict.fromkeys(("iou_loss", "giou", "diou", "ciou", "eiou"), (_BOXES, "boxes, target")),
    **dict.fromkeys(("ssim_loss", "ms_ssim_loss"), (_IMAGES, "prediction, target")),
    **dict.fromkeys(("ebm_hinge", "ebm_log", "mce", "generalized_perceptron"), (_GAP, "correct, incorrect")),
    **dict.fromkeys(("square_square", "square_exponential"), (_BOUNDED_GAP, "correct, incorrect")),
    **dict.fromkeys(("ppo_clip", "policy_gradient_surrogate"), (_POLICY, "(log_probability - old).exp(), advantage")),
    **dict.fromkeys(("fwi_pixel_l1", "fwi_pixel_l2"), (_WAVES, "prediction, target")),
    "energy_loss": (
        ["prediction, truth = torch.randn(32, requires_grad=True), torch.randn(32)", "energies = (prediction - truth)**2  # energies of the right answers"],
        "energies",
    ),
    "ebm_nll": (
        ["energies = torch.randn(32, 5, requires_grad=True)  # of every answer", "target = torch.randint(0, 5, (32,))  # the index of the right one"],
        "energies, target",
    ),
    "ctc": (
        [
            "logits = torch.randn(4, 20, 50, requires_grad=True)  # your model's output: batch, characters with the blank first, frames",
            "target = torch.randint(1, 20, (4, 8))  # your characters",
            "frames, lengths = torch.full((4,), 50), torch.full((4,), 8)",
        ],
        "logits.log_softmax(1), target, frames, lengths",
    ),
    "dpo": (
        [
            "chosen, rejected = torch.randn(16, requires_grad=True), torch.randn(16, requires_grad=True)  # log-probabilities of whole answers",
            "reference_chosen, reference_rejected = torch.randn(16), torch.randn(16)  # under the frozen start model",
        ],
        "chosen, rejected, reference_chosen, reference_rejected",
    ),
    "ranknet": (
        [
            "first = torch.randn(32, requires_grad=True)  # your model's score of one item of each pair",
            "second = torch.randn(32, requires_grad=True)  # and of the other",
            "target = torch.randint(0, 2, (32,)).float()  # 1 where the first is preferred",
        ],
        "first, second, target",
    ),
    "nash_bounded": (
        ["payoffs = torch.randn(2, 3, 4, requires_grad=True)  # of each game, player and action, against the others' strategies"],
        "payoffs",
    ),
    "sam_objective": (_TRAINING, "value, gradients"),
    "asam_objective": ([*_TRAINING, "weights = torch.randn(1, 10)  # the weights, flattened"], "value, gradients, weights"),
    "fisher_sam_objective": ([*_TRAINING, "fisher = torch.rand(1, 10)  # the diagonal of the Fisher information"], "value, gradients, fisher"),
    "cl_natural_gradient_total": (
        [
            "value, gradients = torch.tensor([0.7]), torch.randn(1, 10)  # the new task's loss and its gradient in the weights, flattened",
            "step = torch.zeros(1, 10, requires_grad=True)  # the change of the weights",
            "fisher = torch.rand(1, 10)  # the diagonal of the earlier tasks' Fisher information",
        ],
        "value=value, gradients=gradients, step=step, fisher=fisher",
    ),
    "cl_previous_tasks_second_order": (
        [
            "step = torch.randn(1, 10, requires_grad=True)  # the weights minus those after the earlier tasks, flattened",
            "fisher = torch.rand(1, 10)  # the diagonal of the earlier tasks' Fisher information",
        ],
        "step, fisher",
    ),
    "perceptual": (
        [*_IMAGES, "network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU())  # your trained network, here its first layers"],
        "prediction, target, network=network",
    ),
    "cosine_similarity_loss": (
        ["prediction = torch.randn(32, 16, requires_grad=True)  # your embeddings", "target = torch.randn(32, 16)  # those that they should point along"],
        "prediction, target",
    ),
    "clip_guidance": (
        ["image = torch.randn(8, 64, requires_grad=True)  # embeddings of your images", "text = torch.randn(8, 64)  # and of their texts"],
        "image, text",
    ),
    "fwi_total": (
        [*_WAVES, *_FEATURES],
        "prediction=prediction, target=target, features=features[0], target_features=target_features[0]",
    ),
    "stereo_disparity": (_STAGES, "completed=completed, disparity=disparity, refined=refined, propagated=propagated, mask=valid"),
    "stereo_total": (
        [
            *_STAGES,
            "matching, others = torch.rand(2, 16, 32, requires_grad=True), torch.rand(2, 8, 16, 32, requires_grad=True)  # scores: true match, wrong ones",
            "gradient = torch.randn(2, 2, 16, 32, requires_grad=True)  # your model's slope of the disparity",
            "disparity_gradient = torch.randn(2, 2, 16, 32)  # the true slope",
            "masks = {'valid': valid, 'matched': valid[:, 0], 'valid_gradient': valid[:, 0]}",
        ],
        "completed=completed, disparity=disparity, refined=refined, propagated=propagated, matching=matching, others=others, gradient=gradient, "
        "disparity_gradient=disparity_gradient, **masks",
    ),
    "fusion_gradient": ([*_FUSED, _EDGES], "edges(fused), edges(infrared), edges(visible)"),
    "fusion_total": (
        [
            *_FUSED,
            _EDGES,
            "half, mixture = torch.full_like(infrared, 0.5), (infrared + visible) / 2  # weights of both sources",
            "logits = torch.randn(2, 3, 32, 32, requires_grad=True)  # a segmentation network's output on the fused image",
            "target = torch.randint(0, 3, (2, 32, 32))  # your segments",
        ],
        "fused=fused, infrared=infrared, visible=visible, infrared_saliency=half, visible_saliency=half, mixture=mixture, fused_edges=edges(fused), "
        "infrared_edges=edges(infrared), visible_edges=edges(visible), logits=logits, target=target",
    ),
    "fcos_loss": (
        [
            "logits = torch.randn(2, 5, 100, requires_grad=True)  # your model's classes at 100 places",
            "raw = torch.randn(2, 4, 100, requires_grad=True)  # its distances to the box, made positive by exp",
            "centreness_logits = torch.randn(2, 1, 100, requires_grad=True)",
            "inside = torch.rand(2, 100) < 0.1  # places inside an object",
            "target = torch.nn.functional.one_hot(torch.randint(0, 5, (2, 100)), 5).movedim(-1, 1) * inside.unsqueeze(1).float()",
            "box_target, centreness_target = torch.rand(2, 4, 100) + 0.5, torch.rand(2, 1, 100)",
        ],
        "logits=logits, distances=raw.exp(), box_target=box_target, centreness_logits=centreness_logits, centreness_target=centreness_target, target=target, "
        "inside_objects=inside",
    ),
    "yolo": (
        [
            "output = torch.randn(2, 25, 49, requires_grad=True)  # your model's boxes, confidences and classes in 49 cells",
            "there = torch.rand(2, 49) < 0.2  # cells with an object",
            "kind = torch.nn.functional.one_hot(torch.randint(0, 20, (2, 49)), 20).movedim(-1, 1).float()",
            "given = {'boxes': output[:, :4].sigmoid(), 'confidences': output[:, 4:5].sigmoid(), 'class_probabilities': output[:, 5:].softmax(1)}",
            "truth = {'box_target': torch.rand(2, 4, 49), 'confidence_target': there.unsqueeze(1).float(), 'class_target': kind}",
            "masks = {'responsible': there.unsqueeze(1).float(), 'boxes_with_object': there, 'cells_with_object': there}",
        ],
        "**given, **truth, **masks",
    ),
    "detection_smooth_l1_ce": (
        [
            "logits = torch.randn(32, 5, requires_grad=True)  # your model's classes of 32 regions, the background first",
            "offsets = torch.randn(32, 4, requires_grad=True)  # and their boxes",
            "target, box_target = torch.randint(0, 5, (32,)), torch.randn(32, 4)",
        ],
        "probabilities=logits.softmax(1), prediction=offsets, box_target=box_target, target=target",
    ),
    "beta_vae": ([], "log_density, mean, log_variance"),
    "cvae": (
        ["prior_mean, prior_log_variance = torch.randn(32, 8, requires_grad=True), torch.zeros(32, 8)  # what a network makes of the label"],
        "log_density=log_density, mean=mean, log_variance=log_variance, prior_mean=prior_mean, prior_log_variance=prior_log_variance",
    ),
    "vq_vae": (
        [
            "log_density = torch.randn(32, requires_grad=True)  # the decoder's log-density of each sample",
            "encodings = torch.randn(32, 8, requires_grad=True)  # the encoder's output",
            "codes = torch.randn(32, 8, requires_grad=True)  # the nearest entries of the codebook",
        ],
        "log_density, encodings, codes",
    ),
    "wgan_gp_critic": (
        [
            "real_scores = torch.randn(32, requires_grad=True)  # the critic's scores of real samples",
            "fake_scores = torch.randn(32, requires_grad=True)  # and of generated ones, detached from the generator",
            "gradients = torch.randn(32, 64, requires_grad=True)  # of the scores of points between both, by torch.autograd.grad(..., create_graph=True)",
        ],
        "real_scores, fake_scores, gradients",
    ),
    "diffusion_vlb": (
        [
            "reverse = torch.randn(8, 100, requires_grad=True)  # log-densities of your model's 100 denoising steps along each noised path",
            "forward, prior = torch.randn(8, 100), torch.randn(8)  # of the noising steps, and of the path's end under the prior",
        ],
        "reverse, forward, prior",
    ),
}
# Combinations whose parts look at different tensors: the tensors, and the call of each part.
TOGETHER: dict[str, tuple[list[str], dict[str, str]]] = {
    "focal+giou": (
        [
            "logits = torch.randn(32, requires_grad=True)  # your model's output for each anchor",
            "target = (torch.rand(32) < 0.2).float()  # 1 where an anchor holds an object",
            *(line.replace("target =", "box_target =") for line in _BOXES),
        ],
        {"focal": "logits, target", "giou": "boxes, box_target"},
    ),
    "ms_ssim_loss+mae": (_IMAGES, {"ms_ssim_loss": "prediction, target", "mae": "prediction, target"}),
    "fusion_pixel_mse+fusion_ssim": (
        [
            *_FUSED,
            "half = torch.full_like(infrared, 0.5)  # weights of both sources",
        ],
        {"fusion_pixel_mse": "fused, infrared, visible, half, half", "fusion_ssim": "fused, (infrared + visible) / 2"},
    ),
}
# Losses that a task uses in a way of its own.
SPECIAL: dict[tuple[str, str], tuple[list[str], str]] = {
    ("adaptation", "categorical_cross_entropy"): (
        ["logits = torch.randn(32, 5, requires_grad=True)  # your model's output on unlabelled samples"],
        "logits, logits.softmax(1)",
    ),
    ("adaptation", "kl_divergence"): (
        [
            "logits = torch.randn(32, 5, requires_grad=True)  # your model's output on unlabelled samples",
            "other = torch.randn(32, 5)  # and on another view of them, computed under torch.no_grad",
        ],
        "logits.softmax(1), other.softmax(1)",
    ),
    ("inference", "kl_divergence"): (
        [
            "logits = torch.randn(1, 5, requires_grad=True)  # of the probabilities that are fitted",
            "frequencies = torch.tensor([[0.1, 0.2, 0.4, 0.2, 0.1]])  # your observed frequencies",
        ],
        "logits.softmax(1), frequencies",
    ),
    ("detection", "smooth_l1"): (
        ["offsets = torch.randn(32, 4, requires_grad=True)  # your model's boxes", "box_target = torch.randn(32, 4)  # your boxes"],
        "offsets, box_target",
    ),
    ("stereo_matching", "smooth_l1"): (
        [
            "prediction = torch.rand(2, 1, 16, 32, requires_grad=True)  # your model's disparity",
            "disparity = torch.rand(2, 1, 16, 32) * 20  # your ground truth",
            "valid = torch.rand(2, 1, 16, 32) < 0.6  # where there is any",
        ],
        "prediction, disparity, mask=valid",
    ),
    **{("generative", name): (_IMAGES, "prediction, target") for name in ("mae", "mse")},
}
