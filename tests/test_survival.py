"""Are the survival losses the likelihoods that they should be, against definitions written out and against statsmodels and scipy?"""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import torch

import lossgraph
import lossgraph.torch

close = torch.testing.assert_close
generator = torch.Generator().manual_seed(3)
SCORES = torch.randn(3, 9, generator=generator, dtype=torch.float64)
TIME = torch.randint(1, 6, (3, 9), generator=generator).double()  # many ties
EVENT = (torch.rand(3, 9, generator=generator) < 0.6).double()
cox: Any = lossgraph.torch.function("cox_partial_likelihood")


def partial_likelihood(scores: torch.Tensor, time: torch.Tensor, event: torch.Tensor) -> torch.Tensor:
    """Cox's definition, sample by sample."""
    total = scores.sum() * 0
    for one in range(len(scores)):
        if event[one]:
            total = total - scores[one] + scores[time >= time[one]].logsumexp(0)
    return total


def test_cox_is_its_definition_with_its_gradient() -> None:
    first, second = SCORES.clone().requires_grad_(), SCORES.clone().requires_grad_()
    value = cox(first, TIME, EVENT, reduction="none")
    expected = torch.stack([partial_likelihood(second[one], TIME[one], EVENT[one]) for one in range(3)])
    close(value, expected)
    for mine, theirs in zip(torch.autograd.grad(value.sum(), first), torch.autograd.grad(expected.sum(), second), strict=True):
        close(mine, theirs)
    assert torch.autograd.gradcheck(lambda s: cox(s, TIME, EVENT), SCORES.clone().requires_grad_())


def test_cox_is_the_partial_likelihood_of_statsmodels() -> None:
    regression = pytest.importorskip("statsmodels.duration.hazard_regression")
    features = torch.randn(9, 2, generator=generator, dtype=torch.float64)
    weights = torch.tensor([0.3, -0.7], dtype=torch.float64)
    theirs = regression.PHReg(TIME[0].numpy(), features.numpy(), status=EVENT[0].numpy(), ties="breslow").loglike(weights.numpy())
    assert cox((features @ weights).unsqueeze(0), TIME[:1], EVENT[:1]).item() == pytest.approx(-theirs)


def test_cox_leaves_masked_samples_out() -> None:
    mask = torch.rand(3, 9, generator=generator) < 0.7
    mask[2] = False
    spoilt = torch.where(mask, SCORES, torch.nan).requires_grad_()
    value = cox(spoilt, torch.where(mask, TIME, torch.nan), torch.where(mask, EVENT, torch.nan), mask=mask, reduction="none")
    close(value, torch.stack([partial_likelihood(SCORES[one][mask[one]], TIME[one][mask[one]], EVENT[one][mask[one]]) for one in range(3)]))
    (gradient,) = torch.autograd.grad(value.sum(), spoilt)
    assert (gradient[~mask] == 0).all()
    close(cox(SCORES, TIME, EVENT, mask=mask), value.sum() / 2)  # a stratum without samples does not count


def test_cox_at_extremes_in_half_precision_and_compiled() -> None:
    assert cox(torch.tensor([[1e4, -1e4]], dtype=torch.float16), torch.ones(1, 2), torch.ones(1, 2)).item() == pytest.approx(2e4, rel=1e-3)
    assert cox(SCORES, TIME, EVENT * 0) == 0
    assert cox(SCORES[:0], TIME[:0], EVENT[:0]) == 0
    compiled = torch.compile(cox, fullgraph=True, backend="aot_eager")
    close(compiled(SCORES, TIME, EVENT), cox(SCORES, TIME, EVENT))
    stacked = torch.func.vmap(cox)(SCORES.unsqueeze(1), TIME.unsqueeze(1), EVENT.unsqueeze(1))
    close(stacked, cox(SCORES, TIME, EVENT, reduction="none"))
    with pytest.raises(TypeError, match="event has dtype"):
        cox(SCORES, TIME, EVENT.bool())


def test_weibull_is_the_censored_likelihood_of_scipy() -> None:
    weibull = pytest.importorskip("scipy.stats").weibull_min
    location, sigma = SCORES.numpy(), 0.7
    law = weibull(1 / sigma, scale=numpy.exp(location))
    expected = -numpy.where(EVENT.numpy() == 1, law.logpdf(TIME.numpy()), law.logsf(TIME.numpy()))
    close(lossgraph.torch.function("weibull_aft_nll")(SCORES, TIME, EVENT, sigma=sigma, reduction="none"), torch.tensor(expected))


def test_hazards_are_the_likelihood_of_the_interval() -> None:
    """As the card's note builds its arguments from the interval's number."""
    logits = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    interval, event = torch.tensor([0, 3, 4, 2]), torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    steps = torch.arange(5)
    before, here = (steps < interval[:, None]).double(), (steps == interval[:, None]).double()
    loss = lossgraph.torch.function("discrete_hazard_nll")(logits, before + here * (1 - event[:, None]), here * event[:, None], reduction="none")
    hazard = logits.sigmoid()
    for one in range(4):
        k = int(interval[one])
        lived = (1 - hazard[one, : k + int(event[one] == 0)]).prod()
        close(loss[one], -(lived * (hazard[one, k] if event[one] else 1.0)).log())
