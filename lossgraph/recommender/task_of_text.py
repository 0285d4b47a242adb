"""Which task a text is about: the phrases of facts.yaml that name one, weighed against what the whole text reads like, and other facts that tell it.

Phrases and likeness are added up as logarithms of odds. A task is taken where it leads by enough, and asked otherwise; a text that reads like nothing to be
learned is asked, unless the names of a task outweigh that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lossgraph.catalog import Catalog
from lossgraph.model import TASK
from lossgraph.recommender.answer import Finding
from lossgraph.recommender.evidence import Match, quoted
from lossgraph.recommender.resemblance import AGREED, TYPICAL, Resemblance, families
from lossgraph.recommender.similarity import NONE, scores, telling
from lossgraph.words import Word

_INTENT = frozenset(
    "predict prediction forecast estimate model loss train training data learn learning target fit network net regressor classifier feature label dataset "
    "error objective".split()
)
_MEANT = _INTENT - {"loss"}  # a match and a company have losses too
# Where no task is named, these facts tell it, the surest first.
_HINTS = {
    "n_classes": "classification", "censored": "survival", "interval": "quantile_regression", "quantile_level": "quantile_regression",
    "foreground_share": "segmentation",
    "small_objects": "segmentation", "empty_masks": "segmentation", "thin_structures": "segmentation", "counts": "count_regression",
    "minority_share": "binary_classification", "label_noise": "classification", "multilabel": "classification", "long_tail": "classification",
    "max_margin": "binary_classification", "outliers": "regression", "heteroscedastic": "regression",
    "overconfident": "classification", "approach": "generative", "many_zeros": "regression", "bounded": "regression", "top_heavy": "ranking",
    "estimate": "regression", "gaussian": "regression", "spread_grows": "regression", "relative_error": "regression", "tolerance": "regression",
    "skewed": "regression", "wide_range": "regression", "heavy_tails": "regression", "uncertainty": "probabilistic_forecasting",
    "several_modes": "probabilistic_forecasting", "soft_labels": "classification", "overdispersed": "count_regression",
    "boundary": "segmentation", "connected": "segmentation",
    "unequal_costs": "binary_classification", "attacked": "classification", "consistent": "classification", "easy_majority": "classification",
    "alignment": "domain_adaptation",
}  # fmt: skip
_SURE_HINTS = frozenset(
    "n_classes censored interval quantile_level minority_share multilabel long_tail counts max_margin heteroscedastic overconfident "
    "many_zeros bounded several_modes soft_labels overdispersed".split()
)
_OF_NO_TASK = frozenset({"nonnegative", "modality", "unlike"})  # facts of which texts about nothing to be learned speak too
_WEAK, _STRONG = 0.35, 1.0  # the evidence of a phrase
_MOST = 2.0  # more than two strong phrases say no more
_PHRASE = 10.0  # the logarithm of odds that a strong phrase stands for
# Confidence in a task of a text that reads like nothing to be learned, in a task that is asked, and in one that is taken though only weak evidence names it.
NOTHING, FAINT, WEAKLY = 0.3, 0.4, 0.6
TORN = 0.5  # in a task beside which another one is named as clearly: it is asked too, unless worked cases agree
_ODD = 0.15  # a text whose nearest case is farther away than this is unlike all of them: a task that its words only hint at is asked
_CORRECTING = 0.4  # the share of the cases' votes that corrects a task that words only hint at
_AS_IN_CASES = 0.75
_CLEAR, _LEAD = 10.0, 1.5  # how far the best task leads where it is taken on likeness alone: clearly, and at all
_NOT_NONE, _ALIKE = 9.0, 2.0  # how much more alike it must be than texts about something else, and than texts in general where two words tell it
_HINT, _SURE_HINT = 2.0, 4.0  # what another fact adds to the task that it tells
_MODELLING = 3.0  # how much less a text that holds a word of modelling is about something else
_DOUBT = 3.0  # how much more alike than nothing to be learned a task must be that only weak phrases name
_KIND = 4.0  # how much more alike a kind of a task must be than the task itself
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


def read_task(own: list[Match], others: Mapping[str, Finding], found: list[Word], catalog: Catalog) -> tuple[Finding | None, str | None]:
    """The task of a text, with how sure that is, and a note where no words name it. `others` are the other facts of the text, which may tell it."""
    named = _named(own)
    said = {quoted(found, match.start, match.end) for match in own}  # the same words do not tell twice
    others = {name: one for name, one in others.items() if one.evidence not in said}
    alike = _hinted_likeness(scores(found, catalog), others, catalog)
    families = _families(named, alike, catalog)
    if not families:
        return None, None
    phrases = {name: evidence for name, (evidence, _) in families.items()}
    total = {name: _PHRASE * min(evidence, _MOST) + likeness for name, (evidence, likeness) in families.items()}
    for strong, covers in _TOGETHER.items():  # segmentation also classifies pixels, detection also regresses boxes
        if phrases.get(strong, 0) >= _STRONG:
            for name in covers:
                if name in total:
                    rest = total[name] - _PHRASE * min(phrases[name], _MOST)
                    total[name] = rest if rest > total[strong] + _CLEAR else min(rest, total[strong] - _CLEAR)
                    phrases[name] = 0.0
    none = alike.get(NONE, 0.0) - _MODELLING * min(len({word.stem for word in found} & _INTENT), 3)
    best, *following = sorted(total, key=lambda name: (-total[name], name))
    stated_next = next((name for name in following if phrases[name] >= _STRONG), best)
    if stated_next != best and phrases[best] == 0 and total[best] - total[stated_next] < _CLEAR:  # what is named goes before what the text only reads like
        best, following = stated_next, [best, *(name for name in following if name != stated_next)]
    lead = total[best] - (total[following[0]] if following else 0.0)
    task = _kind(best, named, alike, catalog)
    evidence = _evidence(task, best, own, found, catalog)
    if none > total[best] - (0.0 if phrases[best] >= _STRONG else _DOUBT):
        guess = max(sorted(phrases), key=lambda name: (phrases[name], total[name]))
        if not phrases[guess]:
            return None, None  # no word names a task, and the text reads like nothing to be learned: a guess would only mislead
        task = _kind(guess, named, alike, catalog)
        stated = phrases[guess] >= _STRONG and bool(set(others) - _OF_NO_TASK)
        return Finding(TASK, task, "text", _evidence(task, guess, own, found, catalog) or f'"{found[0].text}"', WEAKLY if stated else NOTHING), None
    if phrases[best] >= _STRONG:
        both = following[0] if following and lead < _CLEAR else {"regression": "classification", "classification": "regression"}.get(best, "")
        if phrases.get(both, 0.0) >= 0.75 * phrases[best]:
            other = next(one for one in own if catalog.family(one.value) == both and not one.denied)
            return Finding(TASK, task, "text", f"{evidence}, but {quoted(found, other.start, other.end)} points to {other.value}", TORN), None
        return Finding(TASK, task, "text", evidence, 0.9), None
    said = len(telling(found, task, catalog))
    if lead >= _LEAD and total[best] - none >= _NOT_NONE and (said > 2 or (said == 2 and total[best] - _PHRASE * phrases[best] >= _ALIKE)):
        note = None if phrases[best] else f"no task is named: the text reads most like {catalog.data['tasks'][task]['name']}, because of {evidence}"
        sure = 0.75 if lead >= _CLEAR and total[best] >= 0 else WEAKLY
        if sure == WEAKLY and phrases[best] < _STRONG and not _meant(found, others):
            sure = FAINT
        return Finding(TASK, task, "text", evidence, sure), note
    if phrases[best]:
        return Finding(TASK, task, "text", evidence, WEAKLY if _meant(found, others) else FAINT), None
    return (Finding(TASK, task, "text", f"{evidence}, words that are common there", FAINT), None) if lead >= 1 and total[best] > 0 else (None, None)


def as_in_cases(findings: Mapping[str, Finding], alike: Resemblance | None, found: list[Word], catalog: Catalog) -> Finding | None:
    """The task of the worked cases that a text resembles, where they agree and the words left it open (or hinted at another); else the one that was read."""
    task = findings.get(TASK)
    if task is not None and task.confidence == WEAKLY and (alike is None or alike.cosine < _ODD):
        return replace(task, confidence=FAINT)
    open_to_cases = _meant(found, findings) if task is None else task.confidence in {WEAKLY, TORN}
    if alike is None or not open_to_cases or alike.cosine < TYPICAL:
        return task
    votes = families(alike, catalog)
    best = max(sorted(votes), key=lambda name: votes[name])
    hinted = task is not None and task.confidence == WEAKLY
    if best == NONE or votes[best] < (_CORRECTING if hinted else AGREED):
        return task
    if task is not None and catalog.family(str(task.value)) == best:
        return task if hinted else replace(task, confidence=_AS_IN_CASES)
    kind = next(case["task"] for _, case in alike.cases if case["task"] != NONE and catalog.family(case["task"]) == best)
    evidence = " and ".join(f'"{word}"' for word in telling(found, kind, catalog)) or f'"{found[0].text}"'
    return Finding(TASK, kind, "text", f"{evidence}, as in worked cases", _AS_IN_CASES)


def _named(own: list[Match]) -> dict[str, float]:
    """The evidence of phrases for each task."""
    named: dict[str, float] = {}
    for match in own:
        if not match.denied:
            named[match.value] = named.get(match.value, 0.0) + (_WEAK if match.weak else _STRONG)
    return named


def _families(named: Mapping[str, float], alike: Mapping[str, float], catalog: Catalog) -> dict[str, tuple[float, float]]:
    """For each family of tasks the evidence of its phrases, and the likeness of the one that the text reads most like."""
    phrases: dict[str, float] = {}
    likeness: dict[str, float] = {}
    for task, evidence in named.items():
        root = catalog.family(task)
        phrases[root] = phrases.get(root, 0.0) + evidence
    for task in (*alike, *(name for name in named if name not in alike)):
        if task != NONE:
            root, score = catalog.family(task), alike.get(task, 0.0)
            likeness[root] = max(likeness.get(root, score), score)
    return {root: (phrases.get(root, 0.0), score) for root, score in likeness.items()}


def _kind(best: str, named: Mapping[str, float], alike: Mapping[str, float], catalog: Catalog) -> str:
    """The task of a family: the one with most evidence; a kind without a phrase must be clearly more alike than the family's own task."""
    members = [name for name in catalog.kinds(best) if name in named or name in alike]
    kinds = [name for name in members if named.get(name)]
    if any(name != best and named[name] >= _STRONG for name in kinds):
        members = [name for name in members if name != best]
    if best != "classification" and best in kinds and max((named[name] for name in kinds if name != best), default=0.0) < _STRONG:
        kinds = [best] if named[best] >= _STRONG else kinds
    strength = {name: _PHRASE * min(named.get(name, 0.0), _MOST) + alike.get(name, 0.0) - (0.0 if name in kinds or name == best else _KIND) for name in members}
    if best in strength and kinds != [best]:
        strength[best] -= 1e-6 if len(kinds) < 2 else _PHRASE * min(named.get(best, 0.0), _MOST)
    if best == "classification" and set(kinds) - {best}:  # one that is named in any way says more
        strength.pop(best, None)
    return max(sorted(strength), key=lambda name: strength[name])


def _evidence(task: str, root: str, own: list[Match], found: list[Word], catalog: Catalog) -> str:
    """The words that name the task, or another one of its family, or else those that are common there."""
    for names in ((task,), catalog.kinds(root)):
        match = next((one for one in own if one.value in names and not one.denied), None)
        if match is not None:
            return quoted(found, match.start, match.end)
    return " and ".join(f'"{word}"' for word in telling(found, task, catalog))


def _meant(found: list[Word], others: Mapping[str, Finding]) -> bool:
    """Whether weak evidence stands in a text about a learning problem: another fact is stated, or a word of modelling occurs."""
    return bool(set(others) - _OF_NO_TASK) or any(word.stem in _MEANT for word in found)


def _hinted_likeness(alike: dict[str, float], others: Mapping[str, Finding], catalog: Catalog) -> dict[str, float]:
    """Likeness with what other facts tell of the task: a number of classes, a metric that judges one family alone."""
    result = dict(alike)
    for name, task in _HINTS.items():
        if name in others and others[name].value is not False and others[name].confidence > 0.5:
            more = _SURE_HINT if name in _SURE_HINTS else _HINT
            for kind in catalog.tasks:
                if kind == task or (task == "classification" and catalog.tasks[kind].parent == task):
                    result[kind] = result.get(kind, 0.0) + more
    tasks = _judged(others.get("metric"), catalog)
    for task in catalog.kinds(catalog.family(tasks[0])) if tasks else ():
        result[task] = result.get(task, 0.0) + (_SURE_HINT if task in tasks else _HINT)
    return result


def _judged(metric: Finding | None, catalog: Catalog) -> tuple[str, ...]:
    """The tasks that a metric judges where they are all of one family; () otherwise."""
    tasks = tuple(catalog.metrics[str(metric.value)].tasks) if metric else ()
    return tasks if len({catalog.family(task) for task in tasks}) == 1 else ()


def with_hints(findings: dict[str, Finding], named: bool, catalog: Catalog) -> dict[str, Finding]:
    """Where no task is named, or only faintly, a metric or a quantity may tell it. `named`: phrases name one, which must then be of the same family."""
    task = findings.get(TASK)
    if task is not None and task.confidence != FAINT:
        return findings
    hinted = _hinted(findings, catalog)
    if hinted is None or (task is not None and named and catalog.family(str(hinted.value)) != catalog.family(str(task.value))):
        return findings
    if task is not None and catalog.family(str(hinted.value)) == catalog.family(str(task.value)):
        hinted = Finding(TASK, task.value, "text", f"{task.evidence}; {hinted.evidence}", max(hinted.confidence, task.confidence))
    return {**findings, TASK: hinted}


def _hinted(findings: Mapping[str, Finding], catalog: Catalog) -> Finding | None:
    for name, task in _HINTS.items():
        if name in findings and findings[name].value is not False:
            confidence = FAINT if findings[name].confidence <= 0.5 else 0.6 if name in _SURE_HINTS else 0.5
            return Finding(TASK, task, "text", findings[name].evidence, confidence)
    metric = findings.get("metric")
    tasks = _judged(metric, catalog)
    if metric and tasks:
        return Finding(TASK, tasks[0], "text", metric.evidence, FAINT if metric.value == "accuracy" else 0.56)
    return None
