"""Losses that teach a small network what a large one says or computes. The formulas stand on the cards."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from .contract import ClassTarget, classes, samples


@samples()
def feature_distillation(prediction: Tensor, target: Tensor) -> Tensor:
    """Half the squared distance of the student's features, mapped to the teacher's size, from the teacher's."""
    return ((prediction - target) ** 2).sum(1) / 2


@classes
def decoupled_distillation(
    logits: Tensor, reference_logits: Tensor, target: ClassTarget, alpha: Annotated[float, "[0, oo)"] = 1.0, beta: Annotated[float, "[0, oo)"] = 8.0,
    temperature: Annotated[float, "(0, oo)"] = 4.0,
) -> Tensor:  # fmt: skip
    """`alpha` times the divergence over the true class against all others, plus `beta` times that over the others alone, both softened."""
    student, teacher = (_from_the_largest(value / temperature) for value in (logits, reference_logits))
    plain = ClassTarget(target.indices, target.distribution, None)
    nothing = torch.full_like(student, torch.finfo(student.dtype).min / 4)
    wrong, others = plain.replace(student, nothing), plain.replace(teacher, nothing)
    among = _divergence(wrong.log_softmax(1), others.log_softmax(1), target).sum(1)
    true = plain.expect(_divergence(student.log_softmax(1), teacher.log_softmax(1), target))
    rest, all_others = (value.logsumexp(1) - whole.logsumexp(1) for value, whole in ((wrong, student), (others, teacher)))
    against = target.expect(torch.ones_like(student)) * all_others.exp() * (all_others - rest)
    return temperature**2 * (alpha * (true + against) + beta * among)


def _divergence(student: Tensor, teacher: Tensor, target: ClassTarget) -> Tensor:
    """Each class's term of the divergence of the teacher from the student, times the class's weight."""
    shares = target.weigh(teacher.exp())
    return shares * torch.where(shares == 0, 0.0, teacher - student)


def _from_the_largest(logits: Tensor) -> Tensor:
    """The logits less their largest, which changes no probability and keeps differences of large ones accurate."""
    largest = logits.detach().amax(1, keepdim=True)
    return logits - torch.where(largest.isfinite(), largest, 0.0)
