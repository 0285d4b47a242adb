"""Losses of generative models: divergences, variational autoencoders, adversarial games, diffusion. The formulas stand on the cards."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .contract import ClassTarget, at_points, classes, elementwise, samples, vectors


@vectors
def reverse_kl(probabilities: Tensor, target: Tensor) -> Tensor:
    """sum of probability * log(probability / target) over axis 1, for targets that are distributions.

    It is +inf, without a gradient from there, where a class that the target excludes has probability; a target of zeros alone (no distribution) costs 0.
    """
    allowed = target > 0
    logarithms = _log(probabilities) - torch.where(allowed, target, 1.0).log()
    excluded = torch.where((probabilities > 0) & ~allowed & allowed.any(1, keepdim=True), torch.inf, 0.0)
    return torch.where(allowed, probabilities * logarithms, excluded).sum(1)


@classes
def jensen_shannon(probabilities: Tensor, target: ClassTarget) -> Tensor:
    """Mean of the divergences of prediction and target from their average; at most log(2)."""
    outcome = _distribution(target, probabilities)
    middle = _log((probabilities + outcome) / 2)
    return target.weigh(probabilities * (_log(probabilities) - middle) + outcome * (_log(outcome) - middle)).sum(1) / 2


@samples("log_density")
def vae_reconstruction(log_density: Tensor) -> Tensor:
    """-log f(x | z), from the decoder's log-density of each sample, summed over its pixels, at one drawn latent."""
    return -log_density


@samples()
def vae_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Divergence of the diagonal Gaussian that the encoder predicts from the standard normal prior, in nats a sample."""
    return (mean**2 + log_variance.expm1() - log_variance).sum(1) / 2


@samples()
def gaussian_kl(mean: Tensor, log_variance: Tensor, prior_mean: Tensor, prior_log_variance: Tensor) -> Tensor:
    """Divergence of one diagonal Gaussian from another."""
    distance = _scaled_exponential((mean - prior_mean) ** 2, -prior_log_variance)
    difference = log_variance - prior_log_variance
    return (difference.expm1() + distance - difference).sum(1) / 2


@vectors
def vq_codebook(encodings: Tensor, codes: Tensor) -> Tensor:
    """Squared distance of the chosen code from the encoding; only the code is trained, no gradient reaches the encoding."""
    return ((encodings.detach() - codes) ** 2).sum(1)


@vectors
def vq_commitment(encodings: Tensor, codes: Tensor) -> Tensor:
    """Squared distance of the encoding from the chosen code; only the encoding is trained, no gradient reaches the code."""
    return ((encodings - codes.detach()) ** 2).sum(1)


@elementwise
def gan_minimax(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The discriminator's loss from its logits: cross-entropy against 1 on a real sample plus that against 0 on a generated one."""
    return -logsigmoid(real_logits) - logsigmoid(-fake_logits)


@elementwise
def gan_nonsaturating(fake_logits: Tensor) -> Tensor:
    """The generator's loss, -log of the discriminator's probability (from its logits) that a generated sample is real."""
    return -logsigmoid(fake_logits)


@elementwise
def wgan_critic(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """The critic's score of a generated sample minus that of a real one."""
    return fake_scores - real_scores


@elementwise
def wgan_generator(fake_scores: Tensor) -> Tensor:
    """Minus the critic's score of a generated sample."""
    return -fake_scores


@elementwise
def wgan_gp_generator(fake_scores: Tensor) -> Tensor:
    """Minus the critic's score of a generated sample; the penalty concerns the critic only."""
    return -fake_scores


@at_points
@samples()
def gradient_penalty(gradients: Tensor) -> Tensor:
    """Squared deviation from 1 of the norm of the critic's gradient in its input; a gradient of zero costs 1 and passes no gradient itself."""
    return (torch.linalg.vector_norm(gradients, dim=1) - 1) ** 2


@at_points
@samples()
def r1_penalty(gradients: Tensor, gamma: Annotated[float, "[0, oo)"] = 10.0) -> Tensor:
    """`gamma`/2 times the squared norm of the discriminator's gradient in its input at a real sample."""
    return gamma / 2 * (gradients**2).sum(1)


@elementwise
def gan_relativistic(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """The discriminator's loss: logistic loss of the lead of a real sample's score over a generated one's; the generator's has the two exchanged."""
    return -logsigmoid(real_scores - fake_scores)


@elementwise
def lsgan(real_scores: Tensor, fake_scores: Tensor, a: Annotated[float, "real"] = 0.0, b: Annotated[float, "real"] = 1.0) -> Tensor:
    """The discriminator's loss: half the squared distances of its outputs from the labels `b` (real) and `a` (generated)."""
    return ((real_scores - b) ** 2 + (fake_scores - a) ** 2) / 2


@elementwise
def lsgan_generator(fake_scores: Tensor, c: Annotated[float, "real"] = 1.0) -> Tensor:
    """The generator's loss: half the squared distance of the discriminator's output on a generated sample from the wanted `c`."""
    return (fake_scores - c) ** 2 / 2


@elementwise
def gan_hinge(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """The discriminator's loss: hinge losses at margin 1 of a real sample (label 1) and a generated one (label -1)."""
    return (1 - real_scores).relu() + (1 + fake_scores).relu()


@samples("prior")
def diffusion_vlb(reverse: Tensor, forward: Tensor, prior: Tensor) -> Tensor:
    """Negative variational bound along one noised path, from the log-densities of its reverse steps, its forward steps, and of its end under the prior."""
    return -prior - (reverse - forward).sum(1)


@samples()
def ddpm_simple(prediction: Tensor, target: Tensor) -> Tensor:
    """Squared distance between predicted and true noise, summed over the numbers of a sample."""
    return ((prediction - target) ** 2).sum(1)


@samples()
def flow_matching(velocity: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Squared distance of the predicted velocity from the step from noise (`start`) to data (`end`), summed over the numbers of a sample."""
    return ((velocity - (end - start)) ** 2).sum(1)


@samples("deviation")
def score_matching(prediction: Tensor, noisy: Tensor, deviation: Tensor, target: Tensor, lam: Annotated[float, "(0, oo)"] = 1.0) -> Tensor:
    """Squared distance of the predicted score at the noisy sample from the score of the noise; only the square of the noise's `deviation` enters, never 0."""
    square = (deviation**2).clamp(min=torch.finfo(deviation.dtype).tiny).unsqueeze(1)
    return lam * ((prediction + (noisy - target) / square) ** 2).sum(1)


def _distribution(target: ClassTarget, values: Tensor) -> Tensor:
    """The target as a distribution in the shape of the values."""
    if target.distribution is not None:
        return target.distribution
    assert target.indices is not None
    numbers = torch.arange(values.shape[1], device=values.device).reshape(1, -1, *([1] * (values.ndim - 2)))
    return (target.indices.unsqueeze(1) == numbers).to(values.dtype)


def _log(values: Tensor) -> Tensor:
    """The logarithm, and 0 with gradient 0 at 0, for terms that multiply it with 0."""
    positive = values > 0
    return torch.where(positive, torch.where(positive, values, 1.0).log(), 0.0)


def _scaled_exponential(factor: Tensor, exponent: Tensor) -> Tensor:
    """factor * exp(exponent), and 0 rather than NaN where the factor is 0 and the exponential overflows."""
    overflow = (factor == 0) & (exponent > math.log(torch.finfo(exponent.dtype).max))
    return factor * torch.where(overflow, 0.0, exponent).exp()
