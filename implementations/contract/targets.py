"""What a classifier should answer: class indices or a distribution over the classes, with one interface for both."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ClassTarget:
    """Indices of shape (batch, places...) or a distribution of shape (batch, classes, places...), and one weight a class (or None).

    Sums over classes run over axis 1 of the values, which have shape (batch, classes, places...). Indices are never spread out into one-hot vectors.
    """

    indices: Tensor | None
    distribution: Tensor | None
    class_weight: Tensor | None

    def expect(self, values: Tensor) -> Tensor:
        """sum_k weight_k * target_k * values_k; a class with weight or target 0 adds 0 even where its value is infinite."""
        if self.indices is not None:
            return _times(self._coefficients(values), _pick(values, self.indices))
        return _times(self._coefficients(values), values).sum(1)

    def expect_log(self, probabilities: Tensor) -> Tensor:
        """sum_k weight_k * target_k * log(probabilities_k); 0 * log(0) is 0, also in the gradient."""
        if self.indices is not None:
            return _times_log(self._coefficients(probabilities), _pick(probabilities, self.indices))
        return _times_log(self._coefficients(probabilities), probabilities).sum(1)

    def expect_own_log(self, values: Tensor) -> Tensor:
        """sum_k weight_k * target_k * log(target_k), the weighted negative entropy of the target; `values` only lends its shape."""
        if self.distribution is None:
            return torch.zeros_like(values.select(1, 0))
        return (self._coefficients(values) * torch.where(self.distribution == 0, 1.0, self.distribution).log()).sum(1)

    def weigh(self, values: Tensor) -> Tensor:
        """weight_k * values_k, the class weights alone; a weight of 0 gives 0 even where the value is infinite."""
        return values if self.class_weight is None else _times(along_classes(self.class_weight, values), values)

    def replace(self, values: Tensor, others: Tensor) -> Tensor:
        """`values` with those at the target's class taken from `others`; a distribution mixes the two in its shares."""
        if self.indices is not None:
            index = self.indices.unsqueeze(1)
            return values.scatter(1, index, others.gather(1, index))
        assert self.distribution is not None
        return _times(1 - self.distribution, values) + _times(self.distribution, others)

    def _coefficients(self, values: Tensor) -> Tensor:
        if self.indices is not None:
            if self.class_weight is None:
                return torch.ones_like(values.select(1, 0))
            return self.class_weight[self.indices]
        assert self.distribution is not None
        return self.weigh(self.distribution)


def along_classes(class_weight: Tensor, values: Tensor) -> Tensor:
    """The class weights shaped to multiply values whose axis 1 runs over the classes."""
    return class_weight.reshape(1, -1, *([1] * (values.ndim - 2)))


def _pick(values: Tensor, indices: Tensor) -> Tensor:
    return values.gather(1, indices.unsqueeze(1)).squeeze(1)


def _times(coefficients: Tensor, values: Tensor) -> Tensor:
    """coefficients * values, with 0 * infinity = 0."""
    return coefficients * torch.where((coefficients == 0) & values.isinf(), 0.0, values)


def _times_log(coefficients: Tensor, values: Tensor) -> Tensor:
    """coefficients * log(values), with 0 * log(0) = 0, also in the gradient."""
    return coefficients * torch.where((coefficients == 0) & (values == 0), 1.0, values).log()
