"""Are the claims of publications and libraries held against proofs, the false ones with counterexamples, and is the report in docs/ current?"""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

import lossgraph
from lossgraph.auditing import Audit, audit, chosen_sources
from lossgraph.cli import main
from lossgraph.export.audit_report import html, markdown
from lossgraph.model import UnknownNameError

CATALOG = lossgraph.load()
AUDITS = {source.id: audit(CATALOG, source) for source in chosen_sources(CATALOG, None)}
REPORT = Path(__file__).parent.parent / "docs" / "audit.md"
# What the ledger of the seeds names as tags that are wrong, and the traits of LossFunctions.jl that are, by loss and property.
FALSE = {
    "survey2023": [
        ("ramp", "convex"), ("huber", "strictly_convex"), ("smooth_l1", "strictly_convex"), ("modified_huber", "strictly_convex"), ("rmsle", "convex"),
        ("rmsle", "differentiable"), ("rmse", "differentiable"), ("mce", "convex"), ("focal", "lipschitz"),
        ("vae_elbo", "lipschitz"), ("beta_vae", "lipschitz"), ("cvae", "lipschitz"), ("vq_vae", "continuous"), ("perceptron", "classification_calibrated"),
    ],
    "lossfunctions_jl": [
        ("zero_one", "lipschitz"), ("log_cosh", "strongly_convex"), ("squared_epsilon_insensitive", "strictly_convex"),
        ("squared_epsilon_insensitive", "strongly_convex"), ("mse", "twice_continuously_differentiable"), ("hinge", "twice_continuously_differentiable"),
    ],
}  # fmt: skip
MISSING = [("log_cosh", "lipschitz"), ("log_cosh", "strictly_convex"), ("mse", "strictly_convex"), ("mbe", "convex"), ("rmse", "lipschitz")]


@pytest.mark.parametrize(("source", "loss", "property"), [(source, *pair) for source, pairs in FALSE.items() for pair in pairs])
def test_the_false_claims_that_are_known_are_found_with_a_counterexample(source: str, loss: str, property: str) -> None:
    found = [entry for entry in AUDITS[source].of("false") if (entry.claim.loss, entry.claim.property) == (loss, property)]
    assert found, [entry for entry in AUDITS[source].claims if (entry.claim.loss, entry.claim.property) == (loss, property)]
    assert all(entry.why and any(letter.isdigit() for letter in entry.why) for entry in found), found


@pytest.mark.parametrize(("loss", "property"), MISSING)
def test_what_the_survey_could_have_claimed_is_named(loss: str, property: str) -> None:
    assert (loss, property) in [(entry.loss, entry.property) for entry in AUDITS["survey2023"].missing]


def test_every_false_claim_has_its_reason_and_every_claim_an_outcome() -> None:
    for found in AUDITS.values():
        assert len(found.claims) == sum(1 for claim in CATALOG.claims if claim.source == found.source.id)
        assert all(entry.why for entry in found.of("false")), found.source.id
        assert all((entry.outcome == "by_hand") == (entry.claim.property is None) for entry in found.claims)


def test_a_claim_that_is_turned_round_changes_its_outcome() -> None:
    opposite = {"true": "false", "false": "true"}
    for found in AUDITS.values():
        decided = [entry for entry in found.claims if entry.outcome in opposite]
        turned = tuple(replace(entry.claim, holds=not entry.claim.holds) for entry in decided)
        again = audit(_with_claims(turned), found.source)
        assert [entry.outcome for entry in again.claims] == [opposite[entry.outcome] for entry in decided]


def _with_claims(claims: tuple[lossgraph.model.SourceClaim, ...]) -> lossgraph.catalog.Catalog:
    changed = lossgraph.catalog.Catalog(CATALOG.data, CATALOG.folder)
    changed.__dict__["claims"] = claims
    return changed


def test_the_report_in_docs_is_current() -> None:
    assert REPORT.read_text(encoding="utf-8") == markdown(list(AUDITS.values()), CATALOG), "run: lossgraph audit --format markdown > docs/audit.md"


def test_the_command_writes_every_format() -> None:
    run = CliRunner().invoke
    data = json.loads(run(main, ["audit", "survey2023", "--json"]).stdout)
    assert data[0]["source"] == "survey2023"
    assert data[0]["counts"]["false"] == len(AUDITS["survey2023"].of("false"))
    assert run(main, ["audit", "--format", "markdown"]).stdout == markdown(list(AUDITS.values()), CATALOG)
    assert run(main, ["audit", "lossfunctions_jl", "--format", "html"]).stdout == html([AUDITS["lossfunctions_jl"]], CATALOG)
    text = run(main, ["audit", "survey2023"])
    assert text.exit_code == 0
    assert "f(3/2) < (f(1) + f(2))/2" in " ".join(text.stdout.split())


def test_a_source_that_is_not_there_is_named_with_the_near_miss() -> None:
    with pytest.raises(UnknownNameError, match='did you mean "survey2023"'):
        chosen_sources(CATALOG, "survey203")
    assert CliRunner().invoke(main, ["audit", "survey203"]).exit_code == 2


class _Counter(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.rows += tag == "tr"
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_escapes_what_sources_print() -> None:
    found: Audit = AUDITS["survey2023"]
    hostile = replace(found, claims=(replace(found.of("false")[0], why="<script>alert(1)</script>"), *found.claims))
    page = html([hostile], CATALOG)
    assert "<script>" not in page
    counter = _Counter()
    counter.feed(page)
    assert not counter.open
    assert counter.rows > 100
