"""Holds what publications and libraries claim of losses against what is proved: each claim with its verdict, a false one with its counterexample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lossgraph import vocabulary
from lossgraph.build import build
from lossgraph.model import Source, SourceClaim, UnknownNameError, Verdict, View

if TYPE_CHECKING:
    from lossgraph.catalog import Catalog

Outcome = Literal["true", "false", "undecided", "no_formula", "by_hand"]


@dataclass(frozen=True)
class Audited:
    """One claim and what became of it.

    `true` and `false` rest on a proof (`checked`: the independent checker confirmed it); a claim that a property holds is false where it fails for an allowed
    parameter. `why` is then the counterexample, or the proved property where its absence was claimed. `no_formula`: there is no formula to ask the
    property of. `by_hand`: a printed formula or a sentence, compared by people; `claim.deviation` says what they found.
    """

    claim: SourceClaim
    outcome: Outcome
    expression: str | None = None
    domain: str | None = None
    why: str | None = None
    checked: bool = False


@dataclass(frozen=True)
class Missing:
    """A property that is proved of a loss and lies in the source's vocabulary, but that the source does not give to it."""

    loss: str
    view: str
    property: str
    checked: bool


@dataclass(frozen=True)
class Audit:
    """A source, its claims in their order, and what it could have claimed."""

    source: Source
    claims: tuple[Audited, ...]
    missing: tuple[Missing, ...]

    def of(self, outcome: Outcome) -> list[Audited]:
        """The claims with this outcome."""
        return [entry for entry in self.claims if entry.outcome == outcome]


def chosen_sources(catalog: Catalog, name: str | None) -> list[Source]:
    """The source of that id, or all of them. Raises `UnknownNameError`."""
    if name is None:
        return list(catalog.sources.values())
    if name not in catalog.sources:
        from lossgraph.catalog import near_names

        raise UnknownNameError(f'no source "{name}"{near_names(name, catalog.sources)}; there are {", ".join(catalog.sources)}')
    return [catalog.sources[name]]


def audit(catalog: Catalog, source: Source) -> Audit:
    """Every claim of the source against the stored verdicts; nothing is decided anew. Explanations need SymPy, which is imported here."""
    claims = [claim for claim in catalog.claims if claim.source == source.id]
    return Audit(source, tuple(_audited(catalog, source, claim) for claim in claims), tuple(_missing(catalog, claims)))


def _view(catalog: Catalog, source: Source, claim: SourceClaim) -> tuple[str, View] | None:
    """The formula that a claim is about, with the id under which its certificates are kept; None where there is none."""
    owner = source.card() if claim.formula is not None else catalog[claim.loss]
    wanted = claim.formula if claim.formula is not None else claim.view
    views = [view for view in owner.views if wanted in (None, view.name)]
    return (owner.id, views[0]) if views else None


def _verdict(catalog: Catalog, owner: str, view: str, property: str) -> Verdict | None:
    entry = catalog.data["verdicts"].get(owner, {}).get(view, {}).get(property) if owner in catalog.data["verdicts"] else None
    return None if entry is None else build(Verdict, entry)


def _audited(catalog: Catalog, source: Source, claim: SourceClaim) -> Audited:
    if claim.property is None:
        return Audited(claim, "by_hand")
    found = _view(catalog, source, claim)
    if found is None:
        return Audited(claim, "no_formula")
    owner, view = found
    verdict = _verdict(catalog, owner, view.name, claim.property)
    ranges = [f"{name}: {entry.domain}" for name, entry in {**view.variables, **view.parameters}.items()]
    domain = "; ".join([*ranges, *([view.constraint] if view.constraint else [])])
    if verdict is None or verdict.holds is None:
        return Audited(claim, "undecided", view.expression, domain, verdict.reason if verdict else "not verified yet")
    outcome = "true" if verdict.holds is claim.holds else "false"
    why = None if outcome == "true" else _why(catalog, owner, view, verdict)
    return Audited(claim, outcome, view.expression, domain, why, verdict.checked)


def _why(catalog: Catalog, owner: str, view: View, verdict: Verdict) -> str:
    """What shows a claim false: the counterexample, or that the property which the source denies is proved."""
    if verdict.holds:
        return f"proved: {verdict.property}{f', with constant {verdict.constant}' if verdict.constant else ''}"
    from lossgraph.verify.explain import explain

    stored = _stored(catalog, owner, view.name, verdict.property)
    if stored["holds"] is None and verdict.reason and verdict.reason.startswith("would imply "):  # the proof is that of the weaker property
        stored = _stored(catalog, owner, view.name, verdict.reason.removeprefix("would imply "))
    words = explain(stored, view)
    cells = "; ".join(f"{'holds' if cell.holds else 'fails'} where {cell.parameters}" for cell in verdict.cells)
    return ". ".join(part for part in (words, cells) if part) or "refuted; the certificate has the proof"


def _stored(catalog: Catalog, owner: str, view: str, property: str) -> Mapping[str, Any]:
    """The verdict as it lies in its file, with its proof."""
    from lossgraph.certificate import read_file

    file = read_file(catalog.folder / "certificates" / f"{owner}.json") or {"views": {}}
    entries = file["views"].get(view, {}).get("verdicts", [])
    return next((entry for entry in entries if entry["property"] == property), {"holds": None})


def _missing(catalog: Catalog, claims: Iterable[SourceClaim]) -> Iterator[Missing]:
    """For losses to whose card the source gives properties: what else of its vocabulary is proved of the same view, and not implied by what it says."""
    tags = [claim for claim in claims if claim.property is not None and claim.formula is None]
    words = list(dict.fromkeys(claim.property for claim in tags if claim.property))
    given: dict[tuple[str, str], set[str]] = {}
    for claim in tags:
        views = [view.name for view in catalog[claim.loss].views if claim.view in (None, view.name)]
        if claim.holds and views and claim.property:
            given.setdefault((claim.loss, views[0]), set()).update({claim.property, *vocabulary.consequences(claim.property, catalog.properties)})
    for (loss, view), known in given.items():
        proved = {name: verdict for name in words if (verdict := _verdict(catalog, loss, view, name)) is not None and verdict.holds}
        for name, verdict in proved.items():
            if name not in known:
                yield Missing(loss, view, name, verdict.checked)
