"""Writes a PyTorch snippet that runs as it stands: the loss, tensors in the shapes it takes, one backward pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossgraph.model import TASK
from lossgraph.recommender.further_inputs import FURTHER_INPUTS
from lossgraph.recommender.inputs import INPUTS
from lossgraph.recommender.more_inputs import SPECIAL, TOGETHER
from lossgraph.recommender.ranking import Cards
from lossgraph.recommender.task_inputs import FURTHER_SPECIAL, FURTHER_TOGETHER, LATER_INPUTS

_CALL_ARGUMENTS = ("class_weight",)
_ALL_INPUTS = {**INPUTS, **FURTHER_INPUTS, **LATER_INPUTS}
_ALL_SPECIAL = {**SPECIAL, **FURTHER_SPECIAL}
_ALL_TOGETHER = {**TOGETHER, **FURTHER_TOGETHER}


def snippet(loss: str, parameters: Mapping[str, Any], known: Mapping[str, Any], cards: Cards) -> str:
    """The code for one recommendation. A combination is written as the weighted sum of its parts on the same output of the model."""
    special = _ALL_SPECIAL.get((str(known.get(TASK)), loss), _ALL_INPUTS.get(loss))
    if special is not None:
        tensors, arguments = special
        inside = "".join(f", {name}={value!r}" for name, value in parameters.items() if "." not in name)
        lines = ["import torch", "import lossgraph", "", f'loss = lossgraph.torch.module("{loss}"{inside})', "", *tensors]
        return "\n".join([*lines, f"value = loss({arguments})", "value.backward()"])
    if loss in _ALL_TOGETHER:
        return _together(loss, parameters, cards)
    parts = cards.parts(loss)
    if loss == "dice_cross_entropy" and (known.get("n_classes") or 2) > 2 and not known.get("multilabel"):  # its card writes the case of one foreground class
        parts = (("dice", 1.0), ("categorical_cross_entropy", 1.0))
    single = len(parts) == 1
    kinds = {part: _kind(part, cards) for part, _ in parts}
    penalties = [part for part, kind in kinds.items() if kind == "weights"]
    lines = ["import torch", "import lossgraph", ""]
    if penalties:
        lines += ["model = torch.nn.Linear(8, 1)                             # your model"]
    terms: list[str] = []
    for part, weight in parts:
        own = {name if single else name.split(".", 1)[1]: value for name, value in parameters.items() if single or name.startswith(f"{part}.")}
        variable = "loss" if single else part
        definitions, call = _term(part, variable, own, kinds[part], known, kinds.values())
        lines += definitions
        terms.append(call if weight == 1.0 else f"{weight:g} * {call}")
    levels = any(line.startswith("levels") for line in lines)
    return "\n".join([*lines, "", *_tensors(set(kinds.values()), known, bool(penalties), levels), f"value = {' + '.join(terms)}", "value.backward()"])


def _together(loss: str, parameters: Mapping[str, Any], cards: Cards) -> str:
    """A combination whose parts look at different tensors."""
    tensors, calls = _ALL_TOGETHER[loss]
    lines, terms = ["import torch", "import lossgraph", ""], list[str]()
    for part, weight in cards.parts(loss):
        inside = "".join(f", {name.split('.', 1)[1]}={value!r}" for name, value in parameters.items() if name.startswith(f"{part}."))
        lines.append(f'{part} = lossgraph.torch.module("{part}"{inside})')
        terms.append(f"{'' if weight == 1.0 else f'{weight:g} * '}{part}({calls[part]})")
    return "\n".join([*lines, "", *tensors, f"value = {' + '.join(terms)}", "value.backward()"])


def _kind(loss: str, cards: Cards) -> str:
    """What a loss takes first, by the roles of its card's first view: logits, class_logits, probabilities, masks, scores, prediction ..."""
    card = cards.catalog.data["losses"][loss]
    if not card["views"]:
        return "prediction"
    variables = card["views"][0]["variables"]
    roles = {one["role"]: one for one in variables.values()}
    if card["kind"] == "regulariser" or "weight" in roles:
        return "weights"
    for role, kind in (("margin", "scores"), ("variance", "mean"), ("log_rate", "log_rate"), ("rate", "rate"), ("embedding", "embedding")):
        if role in roles:
            return kind
    if "logit" in roles:
        return "class_logits" if roles["logit"]["length"] is not None else "logits"
    for role, kind in (("probability", "probabilities"), ("log_probability", "log_probabilities")):
        if role in roles:
            return ("masks" if card["strategy"] == "overlap" else kind) if roles[role]["length"] is not None else "probability"
    return "positive" if card["id"] in {"rmsle", "gamma_nll", "tweedie"} else "prediction"


def _term(part: str, variable: str, own: Mapping[str, Any], kind: str, known: Mapping[str, Any], kinds: Any) -> tuple[list[str], str]:
    """The lines that make the loss, and the expression that calls it."""
    listed = next((name for name, value in own.items() if isinstance(value, list) and name not in _CALL_ARGUMENTS), None)
    extra = "".join(f", {name}=torch.tensor({own[name]})" for name in _CALL_ARGUMENTS if name in own)
    shared = {name: value for name, value in own.items() if name != listed and name not in _CALL_ARGUMENTS}
    inside = "".join(f", {name}={value!r}" for name, value in shared.items())
    arguments = f"{_first(kind, known, kinds)}, target{extra}" if kind != "weights" else "weights"
    if kind == "prediction" and known.get(TASK) == "detection":
        arguments = "boxes, box_target"
    if kind == "logits" and "masks" in set(kinds) and (known.get("n_classes") or 2) > 2:  # one question of yes or no for each class
        arguments = "logits, torch.nn.functional.one_hot(target, logits.shape[1]).movedim(-1, 1).float()"
    if listed is not None:  # one output of the model for each value, such as both ends of an interval
        define = [f'levels = {own[listed]}', f'{variable} = [lossgraph.torch.module("{part}", {listed}=level{inside}) for level in levels]']
        return define, f"sum(one(prediction[:, k], target) for k, one in enumerate({variable}))"
    return [f'{variable} = lossgraph.torch.module("{part}"{inside})'], f"{variable}({arguments})"


def _first(kind: str, known: Mapping[str, Any], kinds: Any) -> str:
    classes = "class_logits" in set(kinds) or (known.get("n_classes") or 2) > 2
    return {
        "masks": "logits.softmax(1)" if classes else "logits.sigmoid()", "probability": "logits.sigmoid()", "probabilities": "logits.softmax(1)",
        "log_probabilities": "logits.log_softmax(1)", "class_logits": "logits", "scores": "scores", "mean": "mean, log_variance.exp()", "log_rate": "log_rate",
        "rate": "log_rate.exp()", "positive": "raw.exp()", "embedding": "prediction",
    }.get(kind, kind)  # fmt: skip


def _tensors(kinds: set[str], known: Mapping[str, Any], model: bool, levels: bool) -> list[str]:
    """Inputs of the right shape and meaning; the comments say what stands for the user's own. `levels`: one output for each of several quantiles."""
    task = known.get(TASK)
    count = int(known.get("n_classes") or 3)
    count = count if count <= 1000 else 1000
    shape = "4, {}, 64, 64" if task == "segmentation" else "32, {}"
    grad = ", requires_grad=True)"
    mine, truth = "  # your model's output", "  # your targets"
    weights = ["weights = model.weight.flatten()"] if model else []
    kinds = kinds - {"weights"}
    if task == "detection":
        boxes = [f"boxes = torch.randn(32, 4{grad}  # your model's boxes, of positive anchors only", "box_target = torch.randn(32, 4)  # your boxes"]
        weights = [*boxes, *weights]
    if kinds & {"class_logits", "probabilities", "log_probabilities"} or ("masks" in kinds and count > 2 and known.get("n_classes")):
        indices = "4, 64, 64" if task == "segmentation" else "32,"
        drawn = f"torch.randint(0, {count}, ({indices}))"
        return [*weights, f"logits = torch.randn({shape.format(count)}{grad}{mine}", f"target = {drawn}{truth}: the index of the class"]
    if kinds & {"logits", "masks", "probability"}:
        size = shape.format(1) if task == "segmentation" else f"32, {count}" if known.get("multilabel") else "32"
        drawn, meant = (f"torch.rand({size})", "between 0 and 1") if known.get("bounded") else (f"(torch.rand({size}) < 0.2).float()", "0 or 1")
        labels = f"target = {drawn}{truth}: {meant}"
        return [*weights, f"logits = torch.randn({size}{grad}{mine}", labels]
    if "scores" in kinds:
        return [*weights, f"scores = torch.randn(32{grad}{mine}", f"target = torch.where(torch.rand(32) < 0.5, -1.0, 1.0){truth}: -1 or +1"]
    if "mean" in kinds:
        return [f"mean = torch.randn(32{grad}{mine}", f"log_variance = torch.zeros(32{grad}{mine}, a second head", f"target = torch.randn(32){truth}"]
    if kinds & {"log_rate", "rate"}:
        return [f"log_rate = torch.randn(32{grad}{mine}: the logarithm of the rate", f"target = torch.poisson(torch.full((32,), 2.0)){truth}: counts"]
    if "positive" in kinds:
        return [f"raw = torch.randn(32{grad}{mine}, made positive by exp", f"target = torch.rand(32) * 100 + 1{truth}: positive"]
    if "embedding" in kinds:
        return [f"prediction = torch.randn(32, 16{grad}{mine}", f"target = torch.randn(32, 16){truth}"]
    size = "32, 2" if levels else "32"
    if model:
        return [*weights, "prediction = model(torch.randn(32, 8)).squeeze(1)", f"target = torch.randn(32){truth}"]
    return [f"prediction = torch.randn({size}{grad}{mine}", f"target = torch.randn(32){truth}"]
