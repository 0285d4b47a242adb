"""Losses of waveforms and their spectra. The formulas, and why one has none, stand on the cards."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .contract import samples
from .contract.norms import length

_RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))  # Fourier size, shift, window
_FLOOR = 1e-7  # magnitudes below it count as it in logarithms


@samples()
def si_sdr(prediction: Tensor, target: Tensor) -> Tensor:
    """Minus the scale-invariant signal-to-distortion ratio in decibels, without removing means.

    -inf for a multiple of the target, +inf for a signal orthogonal to it, both without a gradient; a signal of zeros is orthogonal to all.
    """
    estimate, wanted = _unit(prediction), _unit(target)
    share = (estimate * wanted).sum(1, keepdim=True)
    error = ((estimate - share * wanted) ** 2).sum(1)
    signal = share.squeeze(1) ** 2
    proper = (error > 0) & (signal > 0)
    ratio = torch.where(proper, error, 1.0).log() - torch.where(proper, signal, 1.0).log()
    return torch.where(proper, 10 / math.log(10) * ratio, torch.where(signal > 0, -torch.inf, torch.inf))


@samples()
def spectral_convergence(prediction: Tensor, target: Tensor) -> Tensor:
    """Distance of two magnitude spectra over the length of the true one; where that is 0, +inf unless both are, then 0."""
    distance, size = length(prediction - target), length(target)
    proper = size > 0
    return torch.where(proper, distance / torch.where(proper, size, 1.0), torch.where(distance > 0, torch.inf, 0.0))


@samples()
def multi_resolution_stft(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean over three resolutions of the spectral convergence and the mean absolute difference of log-magnitudes of two waveforms (batch, samples)."""
    terms: list[Tensor] = []
    for size, shift, window in _RESOLUTIONS:
        mine, theirs = _magnitudes(prediction, size, shift, window), _magnitudes(target, size, shift, window)
        difference = mine.clamp(min=_FLOOR).log() - theirs.clamp(min=_FLOOR).log()
        terms.append(spectral_convergence(mine, theirs, reduction="none") + difference.abs().mean((1, 2)))
    return torch.stack(terms).mean(0)


def _magnitudes(waves: Tensor, size: int, shift: int, window: int) -> Tensor:
    """Magnitudes (batch, frequencies, frames) of the short-time Fourier transform with a Hann window, the ends padded with zeros; gradient 0 at 0."""
    shape = torch.hann_window(window, dtype=waves.dtype, device=waves.device)
    spectrum = torch.view_as_real(torch.stft(waves, size, shift, window, shape, center=True, pad_mode="constant", return_complex=True))
    square = (spectrum**2).sum(-1)
    return torch.where(square > 0, torch.where(square > 0, square, 1.0).sqrt(), 0.0)


def _unit(signal: Tensor) -> Tensor:
    """The signal scaled to length 1; zeros stay zeros."""
    largest = signal.detach().abs().amax(1, keepdim=True) if signal.shape[1] else signal.detach().sum(1, keepdim=True)
    scaled = signal / torch.where(largest > 0, largest, 1.0)
    size = torch.linalg.vector_norm(scaled, dim=1, keepdim=True)
    return scaled / torch.where(size > 0, size, 1.0)
