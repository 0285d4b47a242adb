"""Losses of language models and of sequences without alignment. The formulas stand on the cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import pad

from .contract import ClassTarget, batch, classes, sequences, transductions, vectors

Average = Callable[[Tensor], Tensor]
_LEAST = -1e9  # stands in for impossible in the transducer, whose running sums have to keep their differences
_NEVER = -1e30  # the logarithm of a probability of 0 inside sums: with -inf in its place gradients would be NaN


@classes
def ar_lm(logits: Tensor, target: ClassTarget) -> Tensor:
    """Negative log-likelihood of the token that each position must predict: `target` at place t is token t + 1. Logits are (batch, vocabulary, places)."""
    return -target.expect(logits.log_softmax(1))


@classes
def mlm(logits: Tensor, target: ClassTarget) -> Tensor:
    """Negative log-likelihood of the original token at each place; pass `mask`, True where a token was hidden, so that only those places count."""
    return -target.expect(logits.log_softmax(1))


@classes
def knowledge_distillation(
    logits: Tensor, reference_logits: Tensor, target: ClassTarget, alpha: Annotated[float, "[0, 1]"] = 0.5, temperature: Annotated[float, "(0, oo)"] = 2.0,
) -> Tensor:  # fmt: skip
    """Cross-entropy against the labels mixed with the divergence of the teacher's softened distribution (`reference_logits`) from the student's."""
    student, teacher = (logits / temperature).log_softmax(1), (reference_logits / temperature).log_softmax(1)
    shares = target.weigh(teacher.exp())
    divergence = (shares * torch.where(shares == 0, 0.0, teacher - student)).sum(1)
    return (alpha - 1) * target.expect(logits.log_softmax(1)) + alpha * temperature**2 * divergence


@vectors
def z_loss(logits: Tensor, lam: Annotated[float, "[0, oo)"] = 1e-4) -> Tensor:
    """`lam` times the square of the logarithm of the softmax's normalising constant, at each place."""
    return lam * logits.logsumexp(1) ** 2


@batch
def perplexity(log_probabilities: Tensor, average: Average) -> Tensor:
    """exp of the mean negative log-probability of the tokens that occurred, over the whole batch; 0 where no token is left."""
    return torch.where(average(torch.ones_like(log_probabilities)) > 0, (-average(log_probabilities)).exp(), 0.0)


@sequences
def ctc(log_probabilities: Tensor, target: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: Annotated[float, "[0, oo)"] = 0) -> Tensor:
    """Negative log-probability of the labels, summed over all alignments to the frames: the forward recursion over frames, in logarithms.

    +inf, with a zero gradient, where no alignment exists: too few frames, or a label that is no class or the blank. Without labels the frames are all blank.
    """
    width, symbols = 2 * target.shape[1] + 1, log_probabilities.shape[1]
    silent = _whole(blank, symbols)
    known = (target >= 0) & (target < symbols) & (target != silent)
    labels = torch.where(known, target, silent)
    path = pad(torch.stack((labels, torch.full_like(labels, silent)), 2).flatten(1), (1, 0), value=silent)  # blank, label, blank, label ... blank
    may_skip = pad(path[:, 2:] != path[:, :-2], (2, 0))[:, :width]  # from a label to the next, unless they are equal
    steps = log_probabilities.clamp(min=_NEVER).transpose(1, 2)
    states = torch.full_like(steps[:, :1, :1].sum((1, 2)), 0.0).unsqueeze(1)
    states = pad(states, (0, width - 1), value=_NEVER)
    emitted = steps.gather(2, path.unsqueeze(1).expand(-1, steps.shape[1], -1))
    for time, gained in enumerate(emitted.unbind(1)):
        entered = torch.stack((states, pad(states, (1, 0), value=_NEVER)[:, :width], _skipped(states, may_skip)))
        moved = entered.logsumexp(0) + gained
        states = torch.where((time < input_lengths).unsqueeze(1), moved, states)
    last = (2 * target_lengths).unsqueeze(1)
    ends = torch.cat((states.gather(1, last), torch.where(last > 0, states.gather(1, (last - 1).clamp(min=0)), _NEVER)), 1)
    loss = -ends.logsumexp(1)
    read = torch.arange(target.shape[1], device=target.device) < target_lengths.unsqueeze(1)
    impossible = (read & ~known).any(1) | (loss.detach() > -_NEVER / 2)
    return torch.where(impossible, torch.inf, loss)


@transductions
def rnn_transducer(
    log_probabilities: Tensor, target: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: Annotated[float, "[0, oo)"] = 0
) -> Tensor:  # fmt: skip
    """Negative log-probability of the labels, summed over all ways to emit them between the blanks that end the frames.

    A forward recursion over frames; within a frame the labels are a running sum. +inf, with a zero gradient, where no path has a probability: a label that
    is no class or the blank, no frames, or log-probabilities of -inf.
    """
    symbols, frames = log_probabilities.shape[1:3]
    silent = _whole(blank, symbols, "rnn_transducer")
    known = (target >= 0) & (target < symbols) & (target != silent)
    steps = log_probabilities.clamp(min=_LEAST).double()
    stops = steps[:, silent]  # (batch, frames, length + 1)
    index = torch.where(known, target, silent).unsqueeze(1).expand(-1, frames, -1)
    says = steps[..., :-1].gather(1, index.unsqueeze(1)).squeeze(1)
    read = torch.arange(target.shape[1], device=target.device) < target_lengths.unsqueeze(1)
    said = pad(torch.where(read.unsqueeze(1), says, 0.0).cumsum(2), (1, 0))  # all labels up to each place, in one frame
    states = said[:, :1].sum(1)
    ends = torch.zeros_like(states)
    for time in range(frames):
        if time:
            states = said[:, time] + (states + stops[:, time - 1] - said[:, time]).logcumsumexp(1)
        ends = torch.where((input_lengths == time + 1).unsqueeze(1), states + stops[:, time], ends)
    loss = -ends.gather(1, target_lengths.unsqueeze(1)).squeeze(1)
    impossible = (read & ~known).any(1) | (input_lengths < 1) | (loss.detach() > -_LEAST / 2)
    return torch.where(impossible, torch.inf, loss).to(log_probabilities.dtype)


def _skipped(states: Tensor, may_skip: Tensor) -> Tensor:
    return torch.where(may_skip, pad(states, (2, 0), value=_NEVER)[:, : states.shape[1]], _NEVER)


def _whole(blank: float, symbols: int, name: str = "ctc") -> int:
    """The blank's index. Raises ValueError where it is no class."""
    if blank != int(blank) or blank >= symbols:
        raise ValueError(f"{name}: blank is {blank}, which is none of the {symbols} classes; pass a whole number below {symbols}")
    return int(blank)
