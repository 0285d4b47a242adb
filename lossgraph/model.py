"""The frozen data that everything in lossgraph speaks of: losses, claims, relations, verdicts, and the errors users see.

This module imports only the standard library, so that reading the compiled catalogue stays fast. `lossgraph/compile.py` validates YAML against these
dataclasses with pydantic; an unknown key is refused because each class carries `__pydantic_config__`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from lossgraph.record import record

STRICT: dict[str, Any] = {"extra": "forbid"}
EMPTY: Mapping[str, Any] = MappingProxyType({})

Kind = Literal["loss", "component", "composite", "regulariser", "transform", "framework"]
VerdictStatus = Literal["proved", "refuted", "depends", "undecided"]
EdgeStatus = Literal["proved", "tested", "stated"]


class InputError(ValueError):
    """Something a user gave is wrong; the message says what, where, and what to do."""


class UnknownNameError(InputError, KeyError):
    """An id or alias that the catalogue does not have; the message offers near misses."""

    def __str__(self) -> str:  # KeyError would print the repr
        return str(self.args[0])


class CatalogError(InputError):
    """Every problem found in the catalogue's files, one a line: `file: place: what is wrong; what to do`."""


@record
class Variable:
    """A variable of a formula. `length` makes it a vector; `role` says what it is in training (roles in properties.yaml)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    domain: str = "real"
    role: str | None = None
    length: str | int | None = None
    meaning: str = ""


@record
class Parameter:
    """A parameter of a formula: where it may lie, what it is unless given, and what it does."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    domain: str = "real"
    default: float | int | str | None = None
    meaning: str = ""
    length: str | int | None = None


@record
class Claim:
    """A property that a card expects of one view. `when` restricts the parameters; `constant` belongs to quantified properties."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    holds: bool
    constant: str | None = None
    when: str | None = None
    note: str | None = None


@record
class View:
    """One way to write a loss down: variables, parameters, an expression, and what is expected of it.

    A card's first view is what the implementation computes. Every later view names in `change` the first view's variables as
    expressions in its own (`{p: "sigmoid(z)"}`), or, where that cannot be said, in `derived` its own variables as expressions in those of the first
    view (`{d: "norm(a - b)"}`). `constraint` restricts the variables jointly (`"p + q < 1"`).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: str
    expression: str
    variables: Mapping[str, Variable]
    parameters: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])
    constraint: str | None = None
    change: Mapping[str, str] = field(default_factory=dict[str, str])
    derived: Mapping[str, str] = field(default_factory=dict[str, str])
    reduction: Literal["mean", "sum", "none"] = "mean"
    note: str | None = None
    properties: Mapping[str, Claim] = field(default_factory=dict[str, Claim])


@record
class Part:
    """One term of a composite: a card and its weight, with the parameters it is used with.

    `inputs` says what the composite calls the part's tensors (and its `mask`) where parts look at different ones: `{target: box_target}`.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    loss: str
    weight: float | str = 1.0
    parameters: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])


@record
class Relation:
    """An edge from the card that holds it to `target`. `identity` is the YAML key `as`; where no formula can say it, `statement` does."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    type: str
    target: str
    identity: str | None = None
    when: str | None = None
    statement: str | None = None
    sources: tuple[str, ...] = ()


@record
class Use:
    """When practitioners reach for the loss, and what they should watch.

    `metrics` are ids of metrics.yaml; those in `surrogate_of` cannot be trained on, and the loss is trained in their place.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    applications: tuple[str, ...] = ()
    advantages: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    surrogate_of: tuple[str, ...] = ()


@record
class Pitfall:
    """A known bug or misuse, with where it was seen (a reference id or a URL)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    text: str
    source: str


@record
class Loss:
    """A card of the catalogue: one loss, one file; the file's stem is the id.

    `views` holds the formula(s), empty for composites, for losses without a closed form (`formula: none`) and for those whose formula
    could not be found (`formula: unknown`); `formula_note` then says why. `cost` gives time and memory as functions of the shapes (`"O(N**2*d)"`).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    name: str
    kind: Kind
    summary: str
    tasks: tuple[str, ...]
    strategy: str
    references: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    formula: Literal["given", "composed", "none", "unknown"] = "given"
    formula_note: str | None = None
    composed_of: tuple[Part, ...] = ()
    structure: Mapping[str, bool] = field(default_factory=dict[str, bool])
    relations: tuple[Relation, ...] = ()
    implementation: str | None = None
    also_in: Mapping[str, str] = field(default_factory=dict[str, str])
    use: Use = Use()
    pitfalls: tuple[Pitfall, ...] = ()
    exempt: Mapping[str, str] = field(default_factory=dict[str, str])
    cost: Mapping[Literal["time", "memory"], str] = field(default_factory=dict[Literal["time", "memory"], str])
    note: str | None = None

    @property
    def status(self) -> Literal["complete", "no_formula", "unknown_formula"]:
        """Whether the card has its formula: `complete`, `no_formula` (it has none) or `unknown_formula` (not found)."""
        return {"given": "complete", "composed": "complete", "none": "no_formula", "unknown": "unknown_formula"}[self.formula]  # type: ignore[return-value]


@record
class Cell:
    """The verdict on one part of the parameter domain, for a property that depends on the parameters."""

    parameters: str
    holds: bool | None
    status: VerdictStatus
    constant: str | None = None
    certificate: Mapping[str, Any] | None = None


@record
class Verdict:
    """What is proved of one property of one formula, for every allowed parameter.

    `holds` is True (proved), False (fails for an allowed parameter, named by the certificate) or None (undecided). `status` is `refuted` where it fails for
    every allowed parameter, and `depends` where it holds for some and fails for others: `cells` then gives a verdict for each part of the parameter domain.
    `checked` says that the independent checker confirmed the certificate.
    """

    property: str
    variables: tuple[str, ...]
    domain: str
    parameters: str
    holds: bool | None
    status: VerdictStatus
    constant: str | None = None
    cells: tuple[Cell, ...] = ()
    certificate: Mapping[str, Any] | None = None
    checked: bool = False
    reason: str | None = None


@record
class Task:
    """A task of tasks.yaml; `parent` makes the taxonomy a tree."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    name: str
    definition: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()


@record
class Strategy:
    """How a loss is built: error, margin, probabilistic, overlap ..."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    name: str
    definition: str


@record
class Property:
    """A property of properties.yaml.

    `roles` are the variable roles it needs (any one of them; `a & b` needs both); `decided_by` says whether calculus or the card's structure settles it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    name: str
    definition: str
    decided_by: Literal["calculus", "structure"] = "calculus"
    implies: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    constant: str | None = None
    one_variable_only: bool = False
    unbounded_only: bool = False


@record
class RelationType:
    """A kind of edge. `checker` names how the relation is proved; `inverse` is how the edge reads from its other end."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    name: str
    definition: str
    inverse: str
    inverse_name: str
    checker: Literal["identity", "limit", "bound", "composition", "monotone", "none"]
    symmetric: bool = False


@record
class Metric:
    """An evaluation metric; `direction` says which way is better."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    name: str
    definition: str
    direction: Literal["min", "max", "zero", "one"]
    aliases: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    warning: str | None = None


@record
class Method:
    """A way to minimise a loss (methods.yaml).

    It can be used where the loss has all properties in `requires`; what it converges to is a global minimum where it has those in `guarantees` too, and
    it converges faster, or more safely, with those in `helped_by`. `kind_of` names the method that it is a special case of.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    name: str
    definition: str
    references: tuple[str, ...]
    requires: tuple[str, ...] = ()
    guarantees: tuple[str, ...] = ()
    helped_by: tuple[str, ...] = ()
    kind_of: str | None = None
    aliases: tuple[str, ...] = ()
    best_for: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


@record
class Reference:
    """A publication or document that cards and rules cite; at least one identifier (doi, arxiv, isbn or url) is given."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    title: str
    authors: str
    year: int
    doi: str | None = None
    arxiv: str | None = None
    isbn: str | None = None
    url: str | None = None


@record
class SourceClaim:
    """What a publication or a library says of a loss: a property (`property`, `holds`), or a formula or sentence that was compared by hand.

    `view` picks the card's view that a property is asked of, `formula` one of the source's own formulas instead. `deviation` says how our card differs
    from what is printed and why.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    loss: str
    place: str
    printed: str
    property: str | None = None
    holds: bool | None = None
    view: str | None = None
    formula: str | None = None
    deviation: str | None = None
    source: str = ""


@record
class Source:
    """Something whose claims are audited (catalog/claims/<id>.yaml). `formulas` are those that it states, where its claims are not about our cards' own."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    about: str
    reference: str | None = None
    formulas: tuple[View, ...] = ()

    def card(self) -> Loss:
        """The source's formulas in the form of a card, which can be verified as cards are."""
        return Loss(self.id, self.about, "loss", self.about, (), "", (), views=self.formulas)


@record
class Condition:
    """One test of a known fact, for example `minority_share < 0.2`. A fact that is not known meets `unknown` only."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    fact: str
    test: Literal["is", "in", "not", "<", "<=", ">", ">=", "known", "unknown"]
    value: Any = None


@record
class Derivation:
    """A fact that follows from others: `value` holds where all of `when` hold; `text` says why."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    value: Any
    when: tuple[Condition, ...]
    text: str

    @cached_property
    def needs(self) -> frozenset[str]:
        """The facts without which it cannot hold."""
        return frozenset(one.fact for one in self.when if one.test != "unknown")


TASK = "problem"  # the fact that says which task of tasks.yaml it is; flags and arguments call it `task`


@record
class Fact:
    """Something about a problem that the recommender reasons with (facts.yaml), with its closed set of values.

    `kind`: a `flag` is true or false, a `choice` one of `values` (or of the vocabulary named by `among`), a `number` lies in [low, high]. `synonyms` are the
    words of practitioners for each value (compiled into phrases, and empty from then on), `nouns` what stands beside a number. `decided_by` says whether text
    or data wins where they differ. `argument` is the name under which flags, arguments and files give it, where that is not the id.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    group: str
    kind: Literal["flag", "choice", "number"]
    definition: str
    question: str
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    among: Literal["tasks", "metrics", "losses"] | None = None
    low: float | None = None
    high: float | None = None
    integer: bool = False
    unit: Literal["share", "count", "level", "ratio"] | None = None
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    nouns: tuple[str, ...] = ()
    decided_by: Literal["text", "data"] = "text"
    derived: tuple[Derivation, ...] = ()
    argument: str | None = None

    @property
    def called(self) -> str:
        """The name that people use for it."""
        return self.argument or self.id


@record
class Case:
    """A problem in a practitioner's words (catalog/cases/): the losses that an expert would take `first`, those that may stand beside them (`also`), and
    those that would be a plain mistake (`never`); `source` names the publication, documentation or competition that says so."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    task: str
    source: str
    text: str
    first: tuple[str, ...]
    also: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@record
class Rule:
    """A piece of advice with its evidence (catalog/rules/*.yaml).

    It fires where all of `when` and none of `unless` hold. It is about `losses` (ids, or combinations such as `huber+l1_regularisation`) and, among
    the candidates of the task, about those for which `having` is proved and `lacking` refuted. `grade`: A independent benchmark, B the authors' own
    comparison, C consensus or a framework's default, D derivation. `ledger` names the if-then rules of the seed documents that it carries out
    (docs/ledger.md).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: str
    topic: str
    effect: Literal["support", "prefer", "avoid", "forbid", "require", "set", "companion", "warn", "measure", "ask", "conflict", "refuse"]
    text: str
    grade: Literal["A", "B", "C", "D"]
    sources: tuple[str, ...]
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    losses: tuple[str, ...] = ()
    having: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    strength: float = 1.0
    parameters: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    companion: str | None = None
    weight: float = 1.0
    metrics: tuple[str, ...] = ()
    fact: str | None = None
    ledger: tuple[str, ...] = ()


@record
class Edge:
    """A relation between two losses as the graph shows it: the card's relation, and whether it is proved, tested or only stated.

    `checked` says whether the independent checker confirmed the proof; None where there is none to check.
    """

    source: str
    target: str
    type: str
    status: EdgeStatus
    identity: str | None = None
    when: str | None = None
    statement: str | None = None
    sources: tuple[str, ...] = ()
    checked: bool | None = None
