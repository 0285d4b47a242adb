"""Does every implementation compute its card's formula, and the formula's derivative, everywhere on its domain and in every dtype?"""

from __future__ import annotations

import itertools
import random
from typing import Any

import mpmath
import numpy
import pytest
import torch
from battery.cases import CHECKS, Case, argument, arguments, cases, each, holds, per_row, stated, variable_gradient
from battery.reference import evaluate, exact_value, one_sided
from battery.sampling import inside, parameter_sets, rows

from lossgraph.formula import numeric_function, parse_expression, parse_set
from lossgraph.model import View

FLOATS = (torch.float32, torch.bfloat16, torch.float16)
ENDS = {
    "probabilities": (0.0, 1.0), "log_probabilities": (0.0, -1e4), "variance": (1e-4, 1e4), "rate": (1e-4, 1e4), "ratio": (1e-4, 1e4),
    "similarities": (-1.0, 1.0), "distances": (1e-4, 1e4), "fisher": (1e-4, 1e4), "scale": (1e-4, 1e4), "dispersion": (1e-4, 1e4), "prior": (1e-4, 1e4),
    "counts": (1.0, 1e4), "losses": (0.0, 1e4),
}  # fmt: skip


@each("value")
def test_value_is_the_formula(case: Case, device: str) -> None:
    for parameters in parameter_sets(case):
        samples = rows(case, parameters)
        exact = numpy.array([float(value) for value in evaluate(case, samples, parameters)])
        computed = per_row(case, arguments(case, samples, device), **parameters).cpu().numpy()
        numpy.testing.assert_allclose(computed, exact, rtol=1e-9, atol=1e-13, err_msg=f"{case.loss.id} {parameters}")


@each("gradient")
def test_gradient_is_the_derivative_and_a_subgradient_at_kinks(case: Case, device: str) -> None:
    for parameters in parameter_sets(case):
        samples = rows(case, parameters)
        inputs = arguments(case, samples, device)
        gradients = _gradients(case, inputs, parameters)
        for name, variable in case.view.variables.items():
            if variable.role in {"target", "outcome"}:
                continue
            computed = variable_gradient(case, name, inputs, gradients).cpu().numpy().reshape(len(samples), -1)
            sides = one_sided(case, samples, parameters, name)
            low, high = sides.min(-1), sides.max(-1)
            slack = 1e-9 + 1e-8 * numpy.abs(computed)
            endless = numpy.isinf(low) & (low == high) & numpy.isfinite(computed)  # no finite derivative exists here: any finite gradient will do
            wrong = ~(endless | ((low - slack <= computed) & (computed <= high + slack)))
            if stated(case, "convex") and case.size(name) is not None:  # where components tie at an end of their domain, no partial derivative bounds it
                sound = [row.any() and _is_subgradient(case, samples, index, name, computed[index], parameters) for index, row in enumerate(wrong)]
                wrong &= ~numpy.array(sound)[:, None]
            index = tuple(numpy.argwhere(wrong)[0]) if wrong.any() else None
            assert index is None, f"{case.loss.id} {parameters}: d/d{name} is {computed[index]}, not in {sides[index]}, at {samples[index[0]]}"


@each("gradient", lambda case: stated(case, "differentiable") is False and case.layout != "batch")
def test_samples_reach_the_kinks(case: Case) -> None:
    """The gradient's check is empty at kinks unless some sample lies on one."""
    parameters = parameter_sets(case)[0]
    samples = rows(case, parameters)
    names = [name for name, variable in case.view.variables.items() if variable.role not in {"target", "outcome"}]
    gaps = [sides[..., 1] - sides[..., 0] for sides in (one_sided(case, samples, parameters, name) for name in names)]
    assert any((numpy.abs(gap) > 1e-3).any() for gap in gaps)


@each("gradcheck")
def test_gradcheck_away_from_kinks_and_at_smooth_joints(case: Case, device: str) -> None:
    parameters = parameter_sets(case)[0]
    smooth = holds(case, "differentiable") and case.layout == "elementwise"
    samples = rows(case, parameters, 6, interior=True) + ([row for row in rows(case, parameters) if _strictly_inside(case, row)][:8] if smooth else [])
    inputs = arguments(case, samples, device)
    names = case.differentiated

    def loss(*values: torch.Tensor) -> torch.Tensor:
        return per_row(case, {**inputs, **dict(zip(names, values, strict=True))}, **parameters)

    assert torch.autograd.gradcheck(loss, tuple(inputs[name].clone().requires_grad_() for name in names), atol=1e-4, rtol=1e-4)


@each("none_gradient")
def test_each_loss_passes_its_own_upstream_gradient(case: Case, device: str) -> None:
    parameters = parameter_sets(case)[0]
    inputs = arguments(case, rows(case, parameters, 10), device)
    upstream = torch.tensor(numpy.random.default_rng(1).normal(size=10), device=device)
    single = _gradients(case, inputs, parameters)
    scaled = _gradients(case, inputs, parameters, upstream)
    for name in case.differentiated:
        torch.testing.assert_close(scaled[name], single[name] * upstream.reshape(-1, *([1] * (single[name].ndim - 1))))


@each("extremes")
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_extremes_are_exact_or_infinite_never_nan(case: Case, dtype: torch.dtype, device: str) -> None:
    for parameters in parameter_sets(case)[:3]:
        inputs = _extreme_inputs(case, parameters, dtype, device)
        leaves = {name: value.requires_grad_(name != "target") for name, value in inputs.items()}
        losses = per_row(case, leaves, **parameters)
        assert not losses.isnan().any(), f"{case.loss.id} {parameters}: NaN at {_at(inputs, losses.isnan())}"
        largest = torch.finfo(losses.dtype).max
        for index, computed in enumerate(losses.tolist()):
            exact = exact_value(case, _columns(case, inputs, index), parameters)
            if numpy.isnan(exact):
                continue
            wanted = exact if abs(exact) <= largest else numpy.copysign(numpy.inf, exact)
            assert computed == pytest.approx(wanted, rel=1e-4, abs=1e-5), f"{case.loss.id} {parameters}: {computed}, not {wanted}, at {_row(inputs, index)}"
        for name, gradient in zip(case.differentiated, torch.autograd.grad(losses.sum(), [leaves[name] for name in case.differentiated]), strict=True):
            assert not gradient.isnan().any(), f"{case.loss.id} {parameters}: NaN in the gradient of {name} at {_at(inputs, gradient.isnan())}"


@each("extremes", lambda case: case.layout == "classes")
def test_extremes_with_indices_are_those_with_one_hot_targets(case: Case, device: str) -> None:
    parameters = parameter_sets(case)[0]
    (first, *between, _), hot = case.input_names, torch.eye(3, device=device)
    ends = ENDS.get(first, (1e4, -1e4))
    values = torch.tensor(list(itertools.product(ends, repeat=3)), device=device).repeat_interleave(3, 0)
    labels = torch.arange(len(values), device=device) % 3
    others = [values.flip(1) for _ in between]
    results = [
        torch.func.grad_and_value(lambda x, t=target: case.function(x, *others, t, reduction="sum", **parameters))(values) for target in (labels, hot[labels])
    ]
    for mine, reference in zip(*results, strict=True):
        torch.testing.assert_close(mine, reference)
        assert not mine.isnan().any()


@each("half")
@pytest.mark.parametrize("dtype", FLOATS[1:], ids=str)
def test_half_inputs_are_reduced_in_float32(case: Case, dtype: torch.dtype, device: str) -> None:
    parameters = parameter_sets(case)[0]
    inputs = {name: value.to(dtype) for name, value in arguments(case, rows(case, parameters, 12, interior=True), device).items()}
    losses = per_row(case, inputs, **parameters)
    assert losses.dtype == torch.float32
    wide = per_row(case, {name: value.double() for name, value in inputs.items()}, **parameters)
    torch.testing.assert_close(losses.double(), wide, rtol=1e-4, atol=1e-5)


@each("views", lambda case: len(case.loss.views) > 1)
def test_other_views_are_the_same_function(case: Case, device: str) -> None:
    for view in (view for view in case.loss.views[1:] if view.change):
        other = Case(type(case.loss)(**{**vars(case.loss), "views": (view,)}), case.function)
        for parameters in parameter_sets(other):
            samples = rows(other, parameters, 16, interior=True)
            exact = [float(value) for value in evaluate(other, samples, parameters)]
            computed = per_row(case, arguments(case, [_changed(case, other, row, parameters) for row in samples], device), **parameters)
            numpy.testing.assert_allclose(computed.cpu().numpy(), exact, rtol=1e-8, atol=1e-10, err_msg=f"{case.loss.id} {view.name} {parameters}")


@each("views", lambda case: any(view.derived for view in case.loss.views))
def test_derived_views_are_the_same_function(case: Case, device: str) -> None:
    """Where a view's variables are expressions in the first view's: its formula at them is what the function computes."""
    for view in (view for view in case.loss.views if view.derived):
        other = Case(type(case.loss)(**{**vars(case.loss), "views": (view,)}), case.function)
        for parameters in parameter_sets(case):
            samples = rows(case, parameters, 16, interior=True)
            exact = [float(value) for value in evaluate(other, [_derived(case, view, row, parameters) for row in samples], parameters)]
            computed = per_row(case, arguments(case, samples, device), **parameters)
            numpy.testing.assert_allclose(computed.cpu().numpy(), exact, rtol=1e-8, atol=1e-10, err_msg=f"{case.loss.id} {view.name} {parameters}")


@each("parameters")
def test_parameters_are_the_cards(case: Case) -> None:
    declared = case.function.declared
    assert dict(declared.domains) == {name: parameter.domain for name, parameter in case.view.parameters.items()}
    assert dict(declared.defaults) == {name: parameter.default for name, parameter in case.view.parameters.items() if parameter.default is not None}


def test_exemptions_are_few() -> None:
    pairs = len(cases()) * len(CHECKS)
    exempt = [(case.loss.id, check) for case in cases() for check in case.loss.exempt]
    assert not [check for _, check in exempt if check not in CHECKS], f"unknown checks; there are {CHECKS}"
    assert len(exempt) <= 0.02 * pairs, f"{len(exempt)} of {pairs} pairs are exempt: {exempt}"


def _gradients(case: Case, inputs: dict[str, torch.Tensor], parameters: dict[str, float], upstream: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
    leaves = {name: value.clone().requires_grad_(name != "target") for name, value in inputs.items()}
    losses = per_row(case, leaves, **parameters)
    found = torch.autograd.grad(losses, [leaves[name] for name in case.differentiated], torch.ones_like(losses) if upstream is None else upstream)
    return dict(zip(case.differentiated, found, strict=True))


def _is_subgradient(case: Case, samples: list[dict[str, Any]], index: int, name: str, gradient: Any, parameters: dict[str, float]) -> bool:
    """Whether a convex loss lies above its tangent at a sample, wherever the other samples have the variable."""
    others = [{**samples[index], name: row[name]} for row in samples]
    here, *there = evaluate(case, [samples[index], *others], parameters)
    ahead = numpy.array([gradient @ (row[name] - samples[index][name]) for row in others])
    return bool((numpy.array([float(value - here) for value in there]) >= ahead - 1e-9).all())


def _strictly_inside(case: Case, row: dict[str, Any]) -> bool:
    """Whether a numerical derivative can step to both sides of every trained variable."""
    trained = [(name, variable) for name, variable in case.view.variables.items() if variable.role not in {"target", "outcome"}]
    return all(inside(row[name] - 1e-4, parse_set(variable.domain)) and inside(row[name] + 1e-4, parse_set(variable.domain)) for name, variable in trained)


def _extreme_inputs(case: Case, parameters: dict[str, float], dtype: torch.dtype, device: str) -> dict[str, torch.Tensor]:
    """Sampled rows whose trained arguments lie at +-1e4, or at the ends of their space."""
    generator = random.Random(3)
    samples = rows(case, parameters, 16)
    inputs = arguments(case, samples, device)
    for name in case.differentiated:
        ends = ENDS.get(name, (1e4, -1e4))
        flat = [generator.choice(ends) for _ in range(inputs[name].numel())]
        inputs[name] = torch.tensor(flat, dtype=torch.float64, device=device).reshape(inputs[name].shape)
    if case.layout == "classes":  # sums of rounded numbers are not 1; these are
        hard = any(variable.domain == "{0, 1}" for variable in case.view.variables.values())
        shares = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], *([] if hard else [[0.25, 0.5, 0.25], [0.0, 0.5, 0.5]])]
        inputs["target"] = torch.tensor([generator.choice(shares) for _ in samples], dtype=torch.float64, device=device)
    if case.loss.id == "rmsle":
        inputs["prediction"] = inputs["prediction"].abs() - 1
    return {name: value.to(dtype) for name, value in inputs.items()}


def _columns(case: Case, inputs: dict[str, torch.Tensor], index: int) -> dict[str, Any]:
    """The card's variables at one row, exactly as the rounded arguments give them."""
    exact = {name: numpy.frompyfunc(mpmath.mpf, 1, 1)(value[index].detach().double().cpu().numpy()) for name, value in inputs.items()}
    found: dict[str, Any] = {}
    for name, variable in case.view.variables.items():
        role = str(variable.role)
        if role == "residual":
            value = exact["prediction"] - exact["target"]
        elif role == "margin":
            value = exact["scores"] * exact["target"]
        else:
            value = exact[argument(case, name)]
        value = value[0] if case.layout == "pixels" else value.reshape(-1) if case.layout == "images" else value
        found[name] = numpy.array([value], dtype=object)
    return found


def _changed(case: Case, other: Case, row: dict[str, Any], parameters: dict[str, float]) -> dict[str, Any]:
    """The first view's variables at a sample of another view."""
    vectors = {name for name in other.view.variables if other.size(name) is not None}
    values = {**{name: row[name] for name in other.view.variables}, **parameters}
    changed = {name: numeric_function(parse_expression(text), vectors)(**values) for name, text in other.view.change.items()}
    return {**{name: changed.get(name, row.get(name)) for name in case.view.variables}, "shift": row["shift"], "sign": row["sign"]}


def _derived(case: Case, view: View, row: dict[str, Any], parameters: dict[str, float]) -> dict[str, Any]:
    """A view's variables at a sample of the first view."""
    vectors = {name for name in case.view.variables if case.size(name) is not None}
    values = {**{name: row[name] for name in case.view.variables}, **parameters}
    lengths = {str(variable.length): case.size(name) for name, variable in case.view.variables.items() if isinstance(variable.length, str)}
    found = {name: numeric_function(parse_expression(text), vectors)(**values, **lengths) for name, text in view.derived.items()}
    return {name: found.get(name, row.get(name)) for name in view.variables}


def _row(inputs: dict[str, torch.Tensor], index: int) -> dict[str, list[float]]:
    return {name: value[index].tolist() for name, value in inputs.items()}


def _at(inputs: dict[str, torch.Tensor], wrong: torch.Tensor) -> dict[str, list[float]]:
    return _row(inputs, int(wrong.reshape(wrong.shape[0], -1).any(1).nonzero()[0]))
