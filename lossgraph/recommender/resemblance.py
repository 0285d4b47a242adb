"""Which worked cases a text resembles, and what they say: the losses that were the choice there, those that would have been a mistake, the task.

Cases are weighed by the cosine of their words with those of the text (TF-IDF, weights computed when the catalogue was compiled), raised so steeply that the
few nearest decide. Words that stand in no case count as well, so that a text about something else resembles nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from math import exp, log, sqrt
from typing import Any

from lossgraph.catalog import Catalog, near_names
from lossgraph.compile_likeness import NONE, bucket
from lossgraph.model import EMPTY, InputError, Rule
from lossgraph.record import record
from lossgraph.words import Word, often, rare, single_features

STEEP = 40.0  # a cosine that is larger by 0.1 makes a case weigh 55 times as much
NEAREST = 40  # how many cases are asked
REACH = 0.15  # cases whose cosine is smaller than the best one's by more than this have no vote
SHORT = 360.0  # the squared length of a text of about twelve words, from which on cases have their full weight
LEAST = 0.12  # a cosine below this is chance
TYPICAL = 0.25  # a cosine from which on a case may tell the task
AGREED = 0.8  # the share of the votes that counts as agreement
_SUPPORTED = 0.3  # with this share of the votes the cases make a loss a candidate
_FLOOR = 0.002  # a share that counts as no vote
_MISTAKE = 0.8  # how much the votes against a loss weigh against those for it
_FEW = 0.1  # votes below this share are too few to speak against a loss


@record
class Resemblance:
    """The nearest worked cases with their shares of the votes, which sum to 1, the nearest first; `cosine` is that of the nearest.

    `trust`, up to 1, is how much weight the votes have: in a short text single words decide which cases are near.
    """

    cases: tuple[tuple[float, Mapping[str, Any]], ...]
    cosine: float
    trust: float = 1.0


def resembling(found: list[Word], catalog: Catalog, without: str | None = None) -> Resemblance | None:
    """The cases that a text resembles; None where it resembles none. `without` leaves out one case, by its id (to test with it)."""
    products, squares = _products(found, catalog)
    length = sqrt(max(squares, SHORT))
    cases = catalog.data["cases"]
    if without is not None:
        products = {number: product for number, product in products.items() if cases[number]["id"] != without}
    least = max(LEAST, max(products.values(), default=0.0) / length - REACH)
    near = sorted(((product / length, number) for number, product in products.items() if product / length >= least), reverse=True)[:NEAREST]
    if not near:
        return None
    best = near[0][0]
    weights = [exp(STEEP * (cosine - best)) for cosine, _ in near]
    whole = sum(weights)
    votes = tuple((weight / whole, cases[number]) for weight, (_, number) in zip(weights, near, strict=True))
    return Resemblance(votes, best, min(squares / SHORT, 1.0))


def shares(alike: Resemblance | None) -> dict[str, float]:
    """The cases of a resemblance by id, with their shares, which sum to its trust; `none` stands for those of nothing to be learned."""
    found: dict[str, float] = {}
    if alike is not None:
        for share, case in alike.cases:
            found[case["id"] or NONE] = found.get(case["id"] or NONE, 0.0) + alike.trust * share
    return found


def with_shares(given: Mapping[str, float], catalog: Catalog) -> Resemblance:
    """The resemblance to cases with these ids and shares. Raises `InputError` naming those that do not exist."""
    known = {case["id"] or NONE: case for case in catalog.data["cases"].values()}
    missing = [name for name in given if name not in known]
    if missing:
        raise InputError("\n".join(f"cases.{name}: no such worked case{near_names(name, known)}" for name in missing))
    trust = sum(given.values()) or 1.0
    return Resemblance(tuple((share / trust, known[name]) for name, share in given.items()), TYPICAL, min(trust, 1.0))


def _products(found: list[Word], catalog: Catalog) -> tuple[dict[str, float], float]:
    """The scalar product of the text with each case (of length 1) that it shares a word with, and its own squared length."""
    traces = catalog.data["traces"]
    unseen = rare(len(catalog.data["cases"]), 1), EMPTY
    products: defaultdict[str, float] = defaultdict(float)
    squares = 0.0
    for feature, times in Counter(single_features(found)).items():
        rarity, places = traces.get(bucket(feature), EMPTY).get(feature, unseen)
        weight = often(times) * rarity
        squares += weight**2
        for number, there in places.items():
            products[number] += weight * there
    return products, squares


def families(alike: Resemblance, catalog: Catalog) -> dict[str, float]:
    """The shares of the votes for each family of tasks, and for none."""
    found: dict[str, float] = {}
    for share, case in alike.cases:
        root = NONE if case["task"] == NONE else catalog.family(case["task"])
        found[root] = found.get(root, 0.0) + share
    return found


def agree(alike: Resemblance, family: str, catalog: Catalog) -> bool:
    """Whether cases that are typical enough are about this family of tasks, nearly all of them."""
    return alike.cosine >= TYPICAL and families(alike, catalog).get(family, 0.0) >= AGREED


def rules_of(alike: Resemblance, candidates: Collection[str], catalog: Catalog, task: str) -> list[Rule]:
    """What the cases of a task and its kinds say, as rules: how much likelier a loss is the choice than by chance, and how much speaks against it.

    Only what can matter is said: of the candidates, and of losses that enough cases make candidates.
    """
    chosen: dict[str, float] = {}
    accepted: dict[str, float] = {}
    mistaken: dict[str, float] = {}
    nearest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for share, case in alike.cases:
        if case["task"] == NONE or not (case["task"] in catalog.lineage(task) or task in catalog.lineage(case["task"])):
            continue
        for loss in case["first"]:
            chosen[loss] = chosen.get(loss, 0.0) + share / len(case["first"])
            nearest.setdefault(("first", loss), case)
        for loss in (*case["first"], *case["also"]):
            accepted[loss] = accepted.get(loss, 0.0) + share
        for loss in case["never"]:
            mistaken[loss] = mistaken.get(loss, 0.0) + share
            nearest.setdefault(("never", loss), case)
    found: list[Rule] = []
    for loss, share in chosen.items():
        if loss not in candidates and share < _SUPPORTED:
            continue
        case = nearest["first", loss]
        text = f"Your words read like worked cases for which it is the choice, such as “{case['text']}”"
        effect = "support" if share >= _SUPPORTED else "prefer"
        found.append(Rule("worked_cases", "cases", effect, text, "C", (case["source"],), losses=(loss,), strength=alike.trust * log((share + _FLOOR) / _FLOOR)))
    for loss, share in mistaken.items():
        if loss not in candidates and chosen.get(loss, 0.0) < _SUPPORTED:
            continue
        against = share / (share + accepted.get(loss, 0.0) + _FEW)
        case = nearest["never", loss]
        text = f"In worked cases that read like your words it would be a mistake, such as “{case['text']}”"
        strength = alike.trust * _MISTAKE * log((against + _FLOOR) / _FLOOR)
        found.append(Rule("worked_cases_against", "cases", "avoid", text, "C", (case["source"],), losses=(loss,), strength=strength))
    return found
