"""Are proofs told in words as the certificates have them, as text and as LaTeX, and can a card outside the catalogue be verified?"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import lossgraph
from lossgraph.certificate import read_file
from lossgraph.cli import main
from lossgraph.verify.narrate import as_latex, as_text, narrate

CATALOG = lossgraph.load()
OWN = """
formula:
  variables: {r: {domain: real, role: residual}}
  parameters: {c: {domain: "(0, oo)", default: 1.0}}
  expression: "c**2*log(1 + (r/c)**2)/2"
properties: {convex: CONVEX, lipschitz: {holds: true, constant: c/2}}
relations:
  - {type: same_as, target: cauchy, as: "my_loss(r, c=c) = cauchy(r, c=c)"}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("loss", [loss.id for loss in CATALOG if loss.views])
def test_every_proof_can_be_told(loss: str) -> None:
    file = read_file(CATALOG.folder / "certificates" / f"{loss}.json")
    assert file is not None
    for view in CATALOG[loss].views:
        for stored in file["views"][view.name]["verdicts"]:
            if "certificate" in stored:
                for form in (as_text, as_latex):
                    lines = [sentence for _, sentence in narrate(stored, view, form)]
                    assert len(lines) >= 3, (stored["property"], lines)
                    assert not any("{'" in sentence or "Mapping" in sentence for sentence in lines)
                    assert stored["property"] in lines[-1]


def test_a_told_proof_has_the_pieces_the_slopes_and_the_conclusion() -> None:
    text = " ".join(run("verify", "huber", "--explain", "--property", "convex").stdout.split())
    assert "On -delta < r < delta, f is r**2/2" in text
    assert "f'' = 1 is > 0 on -delta < r < delta" in text
    assert "So convex holds for all allowed parameters. The independent checker has confirmed this." in text


def test_latex_has_dollars_around_formulas() -> None:
    text = run("verify", "--expression", "Max(0, 1 - z)", "--property", "convex", "--domain", "z: real", "--explain=latex").stdout
    assert r"$\max\left(0, 1 - z\right)$" in text
    assert text.count("$") % 2 == 0


def test_explain_says_what_does_not_go_together() -> None:
    assert run("verify", "--explain").exit_code == 2
    assert "choose one of them" in run("verify", "huber", "--explain", "--json").stderr
    assert run("verify", "huber", "--property", "convex").exit_code == 2


@pytest.mark.parametrize(("convex", "status"), [("false", 0), ("true", 1)])
def test_a_card_of_ones_own_is_verified_and_nothing_is_written_beside_the_catalogue(
    convex: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSGRAPH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "my_loss.yaml"
    path.write_text(OWN.replace("CONVEX", convex), encoding="utf-8")
    before = set((CATALOG.folder / "certificates").iterdir())
    found = run("verify", str(path))
    assert found.exit_code == status, found.output
    assert "my_loss(r, c=c) = cauchy(r, c=c)" in found.stdout
    assert ("stated, but refuted" in found.stdout) == bool(status)
    assert set((CATALOG.folder / "certificates").iterdir()) == before
    assert "0 decisions made now" in " ".join(run("verify", str(path)).stdout.split())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("formula: [", "line 2"), ("- a", "a card is a mapping"), (OWN.replace("CONVEX", "true").replace("cauchy,", "cauchi,"), 'did you mean "cauchy"'),
        (OWN.replace("CONVEX", "true").replace('"c**2*log', '"__import__(os)*c**2*log'), "expression"), (OWN.replace("CONVEX", "1.5"), "properties"),
    ],
)  # fmt: skip
def test_a_wrong_card_of_ones_own_says_what_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "my_loss.yaml"
    path.write_text(text, encoding="utf-8")
    found = run("verify", str(path))
    assert found.exit_code == 2
    assert message in found.stderr, found.stderr
    assert str(path) in found.stderr


def test_a_file_that_is_not_there_is_named() -> None:
    found = run("verify", "no_such_file.yaml")
    assert found.exit_code == 2
    assert "there is no such file" in found.stderr


def test_two_rays_are_told_with_the_gap_between_the_values_on_them() -> None:
    """Along (t, 0) the cosine with (1, 0) is 1, along (t, -t) it is 1/sqrt(2)."""
    text = " ".join(run("verify", "cosine_similarity_loss", "--explain", "--property", "lipschitz").stdout.split())
    assert "with y = (1, 0), the formula at f = (t, 0) less that at f = (t, -t) tends to -1 + sqrt(2)/2 as t tends to 0" in text
