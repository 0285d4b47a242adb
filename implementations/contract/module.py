"""A loss as an `nn.Module` with its parameters fixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from .arguments import check_options, check_parameter, near
from .composite import COUPLED, Composite
from .layouts import Loss


class LossModule(nn.Module):
    """Calls a loss with fixed parameters and options; what stands here is checked once, at construction.

    `class_weight` becomes a buffer and a `network` a submodule, so that they move with the module. Calls take the loss's tensors and may override every option.
    """

    class_weight: Tensor | None

    def __init__(self, loss: Loss | Composite, keywords: Mapping[str, Any]) -> None:
        super().__init__()
        declared = loss.declared
        settings = dict(keywords)
        check_options(declared.name, settings.get("reduction", "mean"), settings.get("normalizer"))
        known = [*declared.domains, "reduction", "normalizer", "class_weight", *(["group"] if COUPLED & {loss.layout, *getattr(loss, "layouts", ())} else [])]
        known += getattr(loss, "takes_network", ())
        unknown = [key for key in settings if key not in known]
        if unknown:
            raise TypeError(f"{declared.name} has no parameter `{unknown[0]}`{near(unknown[0], known)}; it takes {', '.join(known)}")
        missing = [key for key in declared.domains if key not in declared.defaults and key not in settings]
        if missing:
            raise TypeError(f"{declared.name} needs a value for `{missing[0]}`; it takes {', '.join(known)}")
        for key in declared.domains:
            if key in settings:
                settings[key] = check_parameter(declared, key, settings[key])
        self.register_buffer("class_weight", settings.pop("class_weight", None))
        self.network = settings.pop("network", None)
        self.loss, self.settings = loss, settings
        if isinstance(loss, Composite):
            loss.resolve({**declared.defaults, **{key: settings[key] for key in declared.domains if key in settings}})

    def forward(self, *inputs: Any, **keywords: Any) -> Tensor:
        """The loss of the inputs, with the module's parameters and options unless overridden."""
        merged = {**self.settings, **keywords}
        if self.class_weight is not None:
            merged.setdefault("class_weight", self.class_weight)
        if self.network is not None:
            merged.setdefault("network", self.network)
        return self.loss(*inputs, **merged)

    def extra_repr(self) -> str:
        return ", ".join([self.loss.__name__, *(f"{key}={value!r}" for key, value in self.settings.items())])
