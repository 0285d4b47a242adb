"""The answer of the recommender, as frozen data: what is recommended and why, what was rejected, what was understood, what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal

from lossgraph.record import record

Status = Literal["recommended", "question", "error"]
Source = Literal["flag", "text", "data", "derived"]


@record
class Finding:
    """A fact as it is known: `evidence` quotes what says so, `confidence` lies in (0, 1]. A derived fact follows from others."""

    name: str
    value: bool | float | int | str
    source: Source
    evidence: str
    confidence: float


@record
class Reason:
    """A rule that fired: its sentence, the publications or documents that support it, and the grade of that evidence (A to D)."""

    rule: str
    text: str
    sources: tuple[str, ...]
    grade: str


@record
class Component:
    """A term of a combination, with its weight."""

    loss: str
    weight: float


@record
class Recommendation:
    """One recommended loss. Equal ranks are ties; `parameters` of a combination are named `loss.parameter`; `code` runs as it stands."""

    rank: int
    loss: str
    components: tuple[Component, ...]
    parameters: Mapping[str, Any]
    because: tuple[Reason, ...]
    cautions: tuple[str, ...]
    metrics: tuple[str, ...]
    code: str


@record
class Rejection:
    """A loss that one might have expected, and why it is not recommended."""

    loss: str
    because: tuple[Reason, ...]


@record
class Change:
    """A change of facts that would put another loss first."""

    facts: Mapping[str, Any]
    winner: str
    text: str


@record
class Answer:
    """What `recommend` returns.

    `recommended`: at least one recommendation; `questions` then only refine it. `question`: no recommendation, at least one question.
    `error`: no recommendation, at least one sentence in `errors`. `would_change` is filled when it was asked for.
    """

    status: Status
    facts: tuple[Finding, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    questions: tuple[str, ...] = ()
    would_change: tuple[Change, ...] = ()
    errors: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON data."""
        return _plain(self)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
