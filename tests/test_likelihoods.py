"""Are the likelihoods and scores of predicted distributions those of torch.distributions, of scipy, or of an integral?"""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import torch
from torch import distributions

import lossgraph
import lossgraph.torch

close = torch.testing.assert_close
generator = torch.Generator().manual_seed(5)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def ours(name: str, *inputs: torch.Tensor, **keywords: Any) -> torch.Tensor:
    return lossgraph.torch.function(name)(*inputs, reduction="none", **keywords)


MEAN, SCALE, TARGET = draw(30) * 2, draw(30).exp(), draw(30) * 3
COUNTS = torch.tensor([0.0, 1.0, 2.0, 5.0, 40.0, 3000.0], dtype=torch.float64).repeat(5)


def test_laplace_and_student_t() -> None:
    close(ours("laplace_nll", MEAN, SCALE, TARGET), -distributions.Laplace(MEAN, SCALE).log_prob(TARGET))
    for nu in (0.5, 1.0, 4.0, 300.0):
        close(ours("student_t_nll", MEAN, SCALE, TARGET, nu=nu), -distributions.StudentT(nu, MEAN, SCALE).log_prob(TARGET))
    normal = -distributions.Normal(MEAN, SCALE).log_prob(TARGET)
    for nu in (1e7, 1e12):
        close(ours("student_t_nll", MEAN, SCALE, TARGET, nu=nu), normal, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dispersion", [1e-6, 1e-3, 0.09, 0.11, 1.0, 50.0])
def test_negative_binomial(dispersion: float) -> None:
    rate, size = MEAN.exp(), torch.full_like(MEAN, 1 / dispersion)
    theirs = -distributions.NegativeBinomial(size, logits=rate.log() - size.log()).log_prob(COUNTS)
    close(ours("negative_binomial_nll", MEAN, torch.full_like(MEAN, dispersion), COUNTS), theirs, rtol=1e-7, atol=1e-7)
    single = ours("negative_binomial_nll", MEAN.float(), torch.full_like(MEAN, dispersion).float(), COUNTS.float())
    close(single.double(), theirs, rtol=1e-4, atol=1e-4)


def test_zero_inflated_poisson() -> None:
    share, poisson = SCALE.log().sigmoid(), distributions.Poisson(MEAN.exp()).log_prob(COUNTS).exp()
    probability = (COUNTS == 0) * share + (1 - share) * poisson
    theirs = torch.where(probability > 0, -probability.log(), ours("zero_inflated_poisson_nll", MEAN, SCALE.log(), COUNTS))
    close(ours("zero_inflated_poisson_nll", MEAN, SCALE.log(), COUNTS), theirs)


def test_gaussian_mixture() -> None:
    logits, means, variances = draw(30, 4), draw(30, 4), draw(30, 4).exp()
    mixture = distributions.MixtureSameFamily(distributions.Categorical(logits=logits), distributions.Normal(means, variances.sqrt()))
    close(ours("gaussian_mixture_nll", logits, means, variances, TARGET), -mixture.log_prob(TARGET))


def test_gaussian_crps_is_its_integral() -> None:
    """The squared distance of the distribution function from the step at the target, integrated."""
    integrate, norm = pytest.importorskip("scipy.integrate"), pytest.importorskip("scipy.stats").norm
    for mean, scale, target, found in zip(MEAN.tolist(), SCALE.tolist(), TARGET.tolist(), ours("gaussian_crps", MEAN, SCALE, TARGET).tolist(), strict=True):
        below = integrate.quad(lambda x, m=mean, s=scale: norm.cdf(x, m, s) ** 2, -numpy.inf, target)[0]
        above = integrate.quad(lambda x, m=mean, s=scale: norm.sf(x, m, s) ** 2, target, numpy.inf)[0]
        assert found == pytest.approx(below + above, rel=1e-6)


def test_von_mises() -> None:
    first, second = (MEAN.clone().requires_grad_(), SCALE.clone().requires_grad_()), (MEAN.clone().requires_grad_(), SCALE.clone().requires_grad_())
    value, theirs = ours("von_mises_nll", *first, TARGET), -distributions.VonMises(*second).log_prob(TARGET)
    close(value, theirs, rtol=1e-6, atol=1e-6)
    for mine, reference in zip(torch.autograd.grad(value.sum(), first), torch.autograd.grad(theirs.sum(), second), strict=True):
        close(mine, reference, rtol=1e-5, atol=1e-5)
    assert torch.autograd.gradcheck(lambda m, c: ours("von_mises_nll", m, c, TARGET), first)
    wide = ours("von_mises_nll", torch.tensor([1e4, 2.0], dtype=torch.float16), torch.tensor([6e4, 0.0], dtype=torch.float16), torch.tensor([1e4, -50.0]))
    close(wide, torch.tensor([0.5 * numpy.log(2 * numpy.pi / 6e4), numpy.log(2 * numpy.pi)], dtype=torch.float32), rtol=1e-4, atol=1e-4)


def test_von_mises_is_the_periodic_loss_at_a_fixed_concentration() -> None:
    kappa = torch.full_like(MEAN, 2.5)
    shift = ours("von_mises_nll", MEAN, kappa, MEAN)
    close(ours("von_mises_nll", MEAN, kappa, TARGET), 2.5 * ours("periodic", MEAN, TARGET) + shift)
    directions = [torch.stack([angle.cos(), angle.sin()], 1) for angle in (MEAN, TARGET)]
    close(ours("periodic", MEAN, TARGET), ours("cosine_similarity_loss", *directions))


def test_von_mises_compiles_and_maps() -> None:
    function: Any = lossgraph.torch.function("von_mises_nll")
    close(torch.compile(function, fullgraph=True, backend="aot_eager")(MEAN, SCALE, TARGET), function(MEAN, SCALE, TARGET))
    close(torch.func.vmap(function)(MEAN, SCALE, TARGET), ours("von_mises_nll", MEAN, SCALE, TARGET))
