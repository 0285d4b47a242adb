"""Reads facts from a sentence: the words of facts.yaml with negation, quantities, metrics and losses by name. Text is data; nothing in it is followed.

What is not recognised stays unknown: another language, or words without meaning for machine learning, give no facts, and the recommender then asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lossgraph.catalog import Catalog
from lossgraph.model import Fact
from lossgraph.recommender.answer import Finding
from lossgraph.recommender.conditions import TASK, family
from lossgraph.recommender.quantities import read_interval, read_numbers
from lossgraph.words import ENGLISH, GAP, Word, root, words

LONGEST = 20_000  # characters of text that are read
_NEGATORS = frozenset({"no", "not", "without", "never", "none", "neither", "nor", "hardly", "barely", "lacks", "lack", "zero", "cannot", "non", "free"})
_DOUBT = frozenset({"sure", "know", "idea", "clear", "whether", "if", "care", "matter", "mind", "only", "just", "much"})
_REACH = 3  # how many words before a phrase a negator reaches; words that only carry it on are not counted
_CARRIES = frozenset("to be been have any really necessarily particularly".split())
_WINDOW = 8  # how many words apart the parts of a phrase may stand that are only near each other
_GAP = 4  # how many words the gap of a phrase holds at most
_THAN = frozenset({"than", "instead", "replace", "replacing", "avoid"})
_INTENT = frozenset(
    "predict prediction forecast estimate model loss train training data learn learning target fit network regressor classifier feature label dataset error "
    "objective".split()
)
_FOREIGN = frozenset(
    "der die das und ist nicht ich mit für ein eine auf möchte wir sind von zu den dem le les des est et pas avec pour une je nous du dans el los las y con "
    "para una por il che di gli non per sono um uma não os em het een van voor niet och är inte med".split()
)
_JUDGING = frozenset(
    "metric judged judge evaluated evaluate evaluation score scored scoring measured measure leaderboard competition report reported minimise minimize "
    "maximise maximize optimise optimize optimised optimized maximised maximized kpi coefficient benchmark criterion graded compared".split()
)
_EVERYDAY = tuple(
    tuple(phrase.split())
    for phrase in ("segmentation fault", "market segmentation", "customer segmentation", "profit and loss", "weight loss", "hair loss", "stop loss",
                   "word count", "class action", "first class", "smooth l1", "smooth l1 loss", "intermittent fasting", "lose weight", "weight training")
)  # fmt: skip
# Where no task is named, these facts tell it, the surest first.
_HINTS = {
    "n_classes": "classification", "interval": "quantile_regression", "quantile_level": "quantile_regression", "foreground_share": "segmentation",
    "small_objects": "segmentation", "empty_masks": "segmentation", "thin_structures": "segmentation", "counts": "count_regression",
    "minority_share": "binary_classification", "label_noise": "classification", "multilabel": "classification", "long_tail": "classification",
    "max_margin": "binary_classification", "outliers": "regression", "heteroscedastic": "regression",
    "overconfident": "classification", "approach": "generative", "many_zeros": "regression", "bounded": "regression", "top_heavy": "ranking",
    "estimate": "regression",
}  # fmt: skip
_SURE_HINTS = frozenset(
    "n_classes interval quantile_level minority_share multilabel long_tail counts max_margin heteroscedastic overconfident approach many_zeros bounded".split()
)
_WEAK, _STRONG = 0.35, 1.0  # the evidence of a phrase
_FAINT, _WEAKLY = 0.4, 0.6  # confidence in a task that only weak phrases name: alone, and in a text about a learning problem
# The model of another task is trained, adapted or fitted: its own task is named beside them.
_ABOUT_TRAINING = ("adaptation", "continual_learning", "optimisation", "equilibrium", "inference", "preference_learning")
_OF_MODELS = ("classification", "detection", "regression", "segmentation", "language_modelling", "generative", "depth_estimation")
_TOGETHER = {"segmentation": ("classification", "detection", "regression"), "detection": ("classification", "regression"), "regularisation": (),
             "reinforcement_learning": ("language_modelling", "generative"), "sequence_recognition": ("classification", "language_modelling"),
             "embedding": ("classification",), "generative": ("classification",), "depth_estimation": ("regression", "stereo_matching"),
             "pose_estimation": ("regression", "detection"),
             "optical_flow": ("regression",), "image_registration": ("regression", "segmentation"), "audio_separation": ("classification", "generative"),
             "anomaly_detection": ("detection", "classification"), "point_clouds": ("regression", "classification"), "survival": ("regression",),
             **dict.fromkeys(("distillation", "multi_task", "domain_adaptation"), _OF_MODELS), **dict.fromkeys(_ABOUT_TRAINING, _OF_MODELS)}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """The facts of a text, and what the user should know of how it was read."""

    findings: Mapping[str, Finding]
    notes: tuple[str, ...] = ()
    foreign: bool = False


@dataclass(frozen=True)
class _Match:
    """A phrase of a fact in the text, over the words [start, end); `denied` when a negation stands before it."""

    fact: str
    value: str
    start: int
    end: int
    weak: bool
    denied: bool
    size: int  # how many words of the phrase were found: the longest of overlapping phrases counts


def read_text(text: str, facts: Mapping[str, Fact], catalog: Catalog) -> Reading:
    """The facts that a description in English states, with the words that say so as evidence."""
    notes: list[str] = []
    if len(text) > LONGEST:
        notes.append(f"only the first {LONGEST:,} characters of the text were read")
        text = text[:LONGEST]
    found = words(text)
    if _foreign(found):
        return Reading({}, (*notes, "the text does not seem to be English; only English is understood"), foreign=True)
    matches = [match for match in _longest(_matches(found, catalog.data["phrases"])) if not _not_meant(found, match)]
    unlike = _unlike(found, catalog)
    findings: dict[str, Finding] = {}
    if unlike is not None:
        findings["unlike"] = unlike
    for name, fact in facts.items():
        own = [match for match in matches if match.fact == name]
        if name == TASK:
            finding = _task(own, matches, found, catalog)
        elif fact.kind == "flag":
            finding = _flag(fact, own, found)
        else:
            finding = _choice(fact, own, found, unlike is not None, catalog.data["names"])
        if finding is not None:
            findings[name] = finding
    task = findings.get(TASK)
    interval = read_interval(text)
    if interval is not None and "interval" in facts:
        findings["interval"] = Finding("interval", interval[0], "text", interval[1], 0.9)
        if task is not None and task.confidence == _FAINT:
            findings[TASK] = task = replace(task, confidence=_WEAKLY)
    for fact, value, start, end in read_numbers(found, facts):
        if interval is not None and fact.id == "quantile_level":
            continue
        if task is not None and task.confidence == _FAINT:
            findings[TASK] = task = replace(task, confidence=_WEAKLY)
        findings.setdefault(fact.id, Finding(fact.id, value, "text", _quoted(found, start, end), 0.9))
    return Reading(_with_hints(findings, catalog), tuple(notes))


def _matches(found: list[Word], lexicon: Mapping[str, list[tuple[list[str], str, str, bool, list[list[list[str]]]]]]) -> Iterator[_Match]:
    roots = [root(word.stem) for word in found]
    for start, first in enumerate(roots):
        for choice, fact, value, weak, near in lexicon.get(first, ()):
            end = _end(found, roots, start, choice) if GAP in choice else start + len(choice) if roots[start : start + len(choice)] == choice else None
            if end is None or (first == "count" and _counts_as_verb([word.stem for word in found], start)):
                continue
            places = _near(found, roots, (start, end), near)
            denials = [] if places is None else [_denied(found, place) for place, _ in places]
            if places and None not in denials:
                span = min(place for place, _ in places), max(stop for _, stop in places)
                size = sum(stop - place for place, stop in places)
                yield _Match(fact, value, *span, weak, sum(bool(one) for one in denials) % 2 == 1 if not near else any(denials), size)


def _near(found: list[Word], roots: list[str], place: tuple[int, int], near: list[list[list[str]]]) -> list[tuple[int, int]] | None:
    """Where the parts of a phrase stand: the first one at `place`, each other within reach of it; None where one is missing."""
    places = [place]
    for choices in near:
        low, high = max(place[0] - _WINDOW, 0), min(place[1] + _WINDOW, len(found))
        spots = (
            (start, start + len(choice))
            for choice in choices
            for start in range(low, high)
            if roots[start : start + len(choice)] == choice and (start >= place[1] or start + len(choice) <= place[0])
        )
        spot = min(spots, key=lambda one: abs(one[0] - place[0]), default=None)
        if spot is None:
            return None
        places.append(spot)
    return places


def _end(found: list[Word], stems: list[str], start: int, choice: list[str]) -> int | None:
    """Where a phrase with a gap ends that starts at `start`; None where it does not stand there. The gap holds up to four words of one clause."""
    gap = choice.index(GAP)
    before, after = choice[:gap], choice[gap + 1 :]
    if stems[start : start + gap] != before:
        return None
    for place in range(start + gap, min(start + gap + _GAP + 1, len(found))):
        end = place + len(after)
        if stems[place:end] == after and found[end - 1].clause == found[start].clause:
            return end
    return None


def _counts_as_verb(stems: list[str], start: int) -> bool:
    """`mAP counts`, `its shape counts`, `what counts`: something matters, and nothing is counted."""
    before = stems[max(start - 2, 0) : start]
    if set(stems[start + 1 : start + 2]) & {"as", "just", "for", "equally", "most", "more", "less", "twice", "double", "too"}:
        return True
    return bool(before) and (before[-1] in {"what", "that", "which", "map", "recall", "precision", "accuracy", "auc", "f1", "ndcg"} or before[0] == "its")


def _not_meant(found: list[Word], match: _Match) -> bool:
    """Whether the words of a match stand in an everyday phrase that means something else."""
    for start in range(max(match.start - 2, 0), match.end):
        for phrase in _EVERYDAY:
            if tuple(word.stem for word in found[start : start + len(phrase)]) == phrase and start + len(phrase) > match.start:
                return True
    return False


def _longest(matches: Iterable[_Match]) -> list[_Match]:
    """Of overlapping phrases of one fact the longest; different facts may share words."""
    kept: list[_Match] = []
    for match in sorted(matches, key=lambda one: (-one.size, one.start)):
        covering = (other for other in kept if other.fact == match.fact and other.start < match.end and match.start < other.end)
        if not any(other.size > match.size for other in covering):
            kept.append(match)
    return sorted(kept, key=lambda one: one.start)


def _denied(found: list[Word], start: int) -> bool | None:
    """Whether a negation in the same clause reaches the phrase; None where the writer is in doubt ("not sure whether ...")."""
    negations = 0
    before = [word.stem for word in found[max(start - 4, 0) : start] if word.clause == found[start].clause]
    if set(before) & {"whether", "unsure", "unclear", "wonder", "maybe", "perhaps"}:
        return None
    reached = 0
    for index in range(start - 1, -1, -1):
        word = found[index].text.lower().replace("’", "'")
        reached += word not in _CARRIES
        if reached > _REACH or found[index].clause != found[start].clause:
            break
        if word in _NEGATORS and not (word == "free" and found[index + 1].stem not in {"of", "from"}):
            following = {one.stem for one in found[index + 1 : start]}
            if following & _DOUBT:
                return None if following & (_DOUBT - {"only", "just"}) else False
            negations += 1
    return negations % 2 == 1


def _flag(fact: Fact, matches: list[_Match], found: list[Word]) -> Finding | None:
    """True or false by the first strong phrase; phrases that disagree leave the fact unknown."""
    votes = [((match.value == "true") != match.denied, match) for match in matches if not (match.weak and match.denied)]
    if not votes:
        return None
    strong = [vote for vote in votes if not vote[1].weak] or votes
    if len({value for value, _ in strong}) > 1:
        return None
    value, match = strong[0]
    return Finding(fact.id, value, "text", _quoted(found, match.start, match.end, match.denied), 0.5 if match.weak else 0.9)


def _choice(fact: Fact, matches: list[_Match], found: list[Word], skip: bool, names: Mapping[str, list[str]]) -> Finding | None:
    for match in sorted(matches, key=lambda one: one.weak):
        if match.denied or (fact.id == "metric" and not _judges(found, match, names, after_than=skip)):
            continue
        return Finding(fact.id, match.value, "text", _quoted(found, match.start, match.end), 0.6 if match.weak else 0.85)
    return None


def _task(own: list[_Match], everything: list[_Match], found: list[Word], catalog: Catalog) -> Finding | None:
    """The task with most evidence in the family with most evidence; a close second family lowers the confidence, so that it is asked."""
    scores: dict[str, float] = {}
    for match in own:
        if not match.denied:
            scores[match.value] = scores.get(match.value, 0.0) + (_WEAK if match.weak else _STRONG)
    if not scores:
        return None
    families: dict[str, float] = {}
    for task, score in scores.items():
        root = family(task, catalog.tasks)
        families[root] = families.get(root, 0.0) + score
    for strong, covers in _TOGETHER.items():  # segmentation also classifies pixels, detection also regresses boxes
        if families.get(strong, 0) >= _STRONG:
            families = {name: score for name, score in families.items() if name not in covers}
    best, *rest = sorted(families, key=lambda name: -families[name])
    task = max((name for name in scores if family(name, catalog.tasks) == best), key=lambda name: (scores[name], catalog.tasks[name].parent is not None))
    kinds = [name for name in scores if catalog.tasks[name].parent == best]
    if task == best and kinds and (best == "classification" or max(scores[name] for name in kinds) >= _STRONG):
        task = max(kinds, key=lambda name: scores[name])
    match = next(one for one in own if one.value == task and not one.denied)
    evidence = _quoted(found, match.start, match.end)
    confidence = 0.9 if families[best] >= _STRONG else _WEAKLY if _meant(found, everything) else _FAINT
    if rest and families[rest[0]] >= 0.75 * families[best]:
        other = next(one for one in own if family(one.value, catalog.tasks) == rest[0])
        evidence = f"{evidence}, but {_quoted(found, other.start, other.end)} points to {other.value}"
        confidence = 0.5
    return Finding(TASK, task, "text", evidence, confidence)


def _meant(found: list[Word], matches: list[_Match]) -> bool:
    """Whether weak evidence stands in a text about a learning problem: another fact is stated, or a word of modelling occurs."""
    return any(match.fact not in {TASK, "nonnegative", "modality"} for match in matches) or any(word.stem in _INTENT for word in found)


def _with_hints(findings: dict[str, Finding], catalog: Catalog) -> dict[str, Finding]:
    """Where no task is named, a metric or a quantity may tell it."""
    if TASK in findings:
        return findings
    for name, task in _HINTS.items():
        if name in findings and findings[name].value is not False:
            confidence = _FAINT if findings[name].confidence <= 0.5 else 0.6 if name in _SURE_HINTS else 0.5
            return {TASK: Finding(TASK, task, "text", findings[name].evidence, confidence), **findings}
    metric = findings.get("metric")
    tasks: list[str] = list(catalog.metrics[str(metric.value)].tasks) if metric else []
    if metric and len({family(task, catalog.tasks) for task in tasks}) == 1:
        return {TASK: Finding(TASK, tasks[0], "text", metric.evidence, 0.56), **findings}
    return findings


def _unlike(found: list[Word], catalog: Catalog) -> Finding | None:
    """A loss that the writer wants something else than: named after `than`, `instead of` or `replace`."""
    stems = [word.stem for word in found]
    for index, stem in enumerate(stems):
        if stem in _THAN or (stem == "not" and stems[index + 1 : index + 2] in (["with"], ["use"], ["using"], ["want"])):
            start = index + 1 + sum(1 for word in stems[index + 1 : index + 4] if word in {"of", "the", "plain", "a", "with", "use", "using", "want", "to"})
            for length in (4, 3, 2, 1):
                name = "_".join(word.text.lower() for word in found[start : start + length])
                meant = catalog.data["names"].get(name) or catalog.data["names"].get(f"{name}_loss")
                if len(found[start : start + length]) == length and meant and len(meant) == 1:
                    return Finding("unlike", meant[0], "text", _quoted(found, index, start + length), 0.9)
    return None


def _judges(found: list[Word], match: _Match, names: Mapping[str, list[str]], after_than: bool) -> bool:
    """Whether a metric's name is meant as the metric: a name that a loss shares needs a word such as `judged by` or `score` near it."""
    if after_than and any(word.stem in _THAN for word in found[max(match.start - 3, 0) : match.start]):
        return False
    name = "_".join(word.stem for word in found[match.start : match.end])
    if name not in names:
        return True
    return any(word.stem in _JUDGING for word in found[max(match.start - 5, 0) : match.end + 2])


def _foreign(found: list[Word]) -> bool:
    plain = [word.text.lower() for word in found]
    foreign = sum(word in _FOREIGN for word in plain)
    outside = sum(not word.isascii() and word.isalpha() for word in plain)
    return (foreign >= 2 and foreign > sum(word in ENGLISH for word in plain)) or (outside > 0.5 * len(plain) if plain else False)


def _quoted(found: list[Word], start: int, end: int, denied: bool = False) -> str:
    if denied:
        start = next((index for index in range(start - 1, max(start - 1 - _REACH, -1), -1) if found[index].stem in _NEGATORS), start)
    return f'"{" ".join(word.text for word in found[start:end])}"'
