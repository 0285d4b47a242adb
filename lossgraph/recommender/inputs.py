"""Inputs of the losses whose shapes do not follow from a role alone: pairs, triples, lists, sequences, a teacher. For each the tensors and the call."""

from __future__ import annotations

from lossgraph.recommender.more_inputs import MORE_INPUTS

_EMBEDDINGS = "torch.randn(32, 16, requires_grad=True)"
_TOKENS = ["logits = torch.randn(4, 100, 12, requires_grad=True)  # your model's output: batch, vocabulary, places"]
_LISTS = [
    "scores = torch.randn(8, 20, requires_grad=True)  # your model's scores: 8 lists of 20 items",
    "target = torch.randint(0, 5, (8, 20)).float()  # your relevance labels, 0 to 4",
]
_CRITIC = [
    "real_scores = torch.randn(32, requires_grad=True)  # the critic's scores of real samples",
    "fake_scores = torch.randn(32, requires_grad=True)  # and of generated ones, detached from the generator",
]
_VAE = [
    "log_density = torch.randn(32, requires_grad=True)  # the decoder's log-density of each sample",
    "mean = torch.randn(32, 8, requires_grad=True)  # the encoder's output",
    "log_variance = torch.randn(32, 8, requires_grad=True)  # and its logarithm of the variance",
]
INPUTS: dict[str, tuple[list[str], str]] = {
    "triplet": (
        [
            f"anchor = {_EMBEDDINGS}  # your embeddings of some samples",
            f"positive = {_EMBEDDINGS}  # of samples of the same class",
            f"negative = {_EMBEDDINGS}  # of samples of another class",
        ],
        "anchor, positive, negative",
    ),
    "contrastive": (
        [
            f"first = {_EMBEDDINGS}  # your embeddings of one sample of each pair",
            f"second = {_EMBEDDINGS}  # and of the other",
            "target = (torch.rand(32) < 0.5).float()  # 0 for a similar pair, 1 for a dissimilar one",
        ],
        "first, second, target",
    ),
    "nt_xent": (
        [
            f"first = {_EMBEDDINGS}  # your embeddings of one view of each sample",
            f"second = {_EMBEDDINGS}  # and of another view",
            "unit = torch.nn.functional.normalize",
            "similarities = unit(first, dim=1) @ unit(second, dim=1).T  # the other samples of the batch are the negatives",
        ],
        "similarities, torch.arange(32)",
    ),
    "z_loss": (["logits = torch.randn(32, 10, requires_grad=True)  # your model's output: batch, classes"], "logits"),
    "listwise": (_LISTS, "scores, target"),
    "lambda_loss": (_LISTS, "scores, target"),
    "margin_ranking": (
        [
            "first = torch.randn(32, requires_grad=True)  # your model's score of one item of each pair",
            "second = torch.randn(32, requires_grad=True)  # and of the other",
            "target = torch.where(torch.rand(32) < 0.5, -1.0, 1.0)  # 1 where the first should be higher, else -1",
        ],
        "first, second, target",
    ),
    "ar_lm": (
        [*_TOKENS, "tokens = torch.randint(0, 100, (4, 12))  # your text"],
        "logits[:, :, :-1], tokens[:, 1:]",
    ),
    "mlm": (
        [*_TOKENS, "tokens = torch.randint(0, 100, (4, 12))  # your text", "hidden = torch.rand(4, 12) < 0.15  # the places that were masked"],
        "logits, tokens, mask=hidden",
    ),
    "gan_nonsaturating": (["fake_logits = torch.randn(32, requires_grad=True)  # the discriminator's logits of generated samples"], "fake_logits"),
    "gan_hinge": (_CRITIC, "real_scores, fake_scores"),
    "lsgan": (_CRITIC, "real_scores, fake_scores"),
    "wgan_critic": (_CRITIC, "real_scores, fake_scores"),
    "vae_elbo": (_VAE, "log_density, mean, log_variance"),
    **MORE_INPUTS,
    "beta_vae": (_VAE, MORE_INPUTS["beta_vae"][1]),
    "cvae": ([*_VAE, *MORE_INPUTS["cvae"][0]], MORE_INPUTS["cvae"][1]),
    "ddpm_simple": (
        [
            "predicted = torch.randn(4, 3, 16, 16, requires_grad=True)  # your model's estimate of the noise",
            "noise = torch.randn(4, 3, 16, 16)  # the noise that was added",
        ],
        "predicted, noise",
    ),
    "score_matching": (
        [
            "clean = torch.randn(32, 8)  # your samples",
            "deviation = torch.full((32,), 0.5)  # of the noise that was added to each",
            "noisy = clean + deviation[:, None] * torch.randn(32, 8)",
            "score = torch.randn(32, 8, requires_grad=True)  # your model's output at the noisy samples",
        ],
        "score, noisy, deviation, clean",
    ),
    "knowledge_distillation": (
        [
            "student = torch.randn(32, 5, requires_grad=True)  # your model's output",
            "teacher = torch.randn(32, 5)  # the teacher's, computed under torch.no_grad",
            "target = torch.randint(0, 5, (32,))  # your labels",
        ],
        "student, teacher, target",
    ),
}
