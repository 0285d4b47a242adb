"""Reads facts from a sentence: the words of facts.yaml with negation, quantities, metrics and losses by name. Text is data; nothing in it is followed.

What is not recognised stays unknown: another language, or words without meaning for machine learning, give no facts, and the recommender then asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from lossgraph.catalog import Catalog
from lossgraph.model import TASK, Fact
from lossgraph.recommender.answer import Finding
from lossgraph.recommender.cleaning import cannot_be, described
from lossgraph.recommender.evidence import NEGATORS, REACH, Match, quoted
from lossgraph.recommender.quantities import read_dispersion, read_interval, read_numbers, read_range, read_sizes
from lossgraph.recommender.resemblance import Resemblance, resembling
from lossgraph.recommender.similarity import implied
from lossgraph.recommender.task_of_text import FAINT, as_in_cases, read_task, with_hints
from lossgraph.recommender.unit_costs import read_unit_costs
from lossgraph.record import record
from lossgraph.words import ENGLISH, GAP, Word, by_word, root, words

_WITHOUT = r"\bw/o\b"
Entry = tuple[list[str], str, str, bool, list[tuple[list[str], list[list[str]]]]]  # of the lexicon (compile_lexicon.py)
LONGEST = 20_000  # characters of text that are read
_DOUBT = frozenset({"sure", "know", "idea", "clear", "whether", "if", "care", "matter", "mind", "only", "just", "much"})
_UNSURE = frozenset({"whether", "unsure", "unclear", "wonder", "maybe", "perhaps"})
_CARRIES = frozenset("to be been have any really necessarily particularly a an the train use fit using".split())
_WINDOW = 10  # how many words apart the parts of a phrase may stand that are only near each other
_WIDE = 1000.0  # from how many times its lower end on a range of targets is wide
_GAP = 4  # how many words the gap of a phrase holds at most
_STATUS_QUO = frozenset({"currently", "now", "today", "previously", "formerly", "tried", "instead", "replace", "replacing", "old", "existing", "baseline"})
_OF_METHODS = frozenset({"max_margin", "second_order", "boosting", "reward_model", "fit_reward"})  # what is used today need not be wished for
_SAID_TWICE = frozenset(  # true of one thing, false of another
    "imbalanced label_noise empty_masks pairs many_negatives bidirectional unstable implicit_feedback soft_labels teacher class_head positive_pairs own_target "
    "sequence_score unequal_costs easy_majority attacked consistent sampled_negatives intractable_sum "
    "several_passes hidden_parts vanishing_gradients keeps_level listed_negatives reference_model reward_model fit_reward commit_to_modes overfitting "
    "convex counts".split()
)
_OF_TWO = frozenset({"binary_classification", "classification"})  # two sizes that are named are those of the classes
_THAN = frozenset({"than", "instead", "replace", "replacing", "avoid"})
_COMPLAINTS = frozenset("ignore blur oversmooth collapse saturate fail".split())
_YIELDS = frozenset("yield give make produce lead leave turn is look".split())
_BAD = frozenset("blurry blurred weak poor washed garbage nothing useless soft flat mushy".split())
_UNITS = frozenset("percent degree hour minute second day week month year km kilometre metre mile euro dollar litre kilo kg gram ton tonne".split())  # measured
_FOREIGN = frozenset(
    "der die das und ist nicht ich mit für ein eine auf möchte wir sind von zu den dem le les des est et pas avec pour une je nous du dans el los las y con "
    "para una por il che di gli sono um uma não os em het een van voor niet och är inte med "
    "wie wann wo wer warum kann mir jemand hatten haben wird bei nach aus oder quel quelle combien où quand comment vous cuánto cuesta cuando dónde está "
    "cerca habitaciones quiero tengo quanto costa dove quando quero onde jak kiedy gdzie jest nie się czy ile które bir ve mi nasıl için hangi ja ei että "
    "mikä jag vill hvad hvor jeg ikke og wat hoe waar".split()
)
_JUDGING = frozenset(
    "metric judged judge evaluated evaluate evaluation score scored scoring measured measure leaderboard competition report reported minimise minimize "
    "maximise maximize optimise optimize optimised optimized maximised maximized kpi coefficient benchmark criterion graded compared "
    "bonus depend official contest contract".split()
)
_EVERYDAY = by_word(
    [tuple(phrase.split()) for phrase in
     ("segmentation fault", "market segmentation", "customer segmentation", "profit and loss", "weight loss", "hair loss", "loss plan", "loss diet",
      "stop loss", "word count",
      "class action", "first class", "hearing loss", "net loss", "regression test", "regression testing", "software regression", "brand image",
      "survival of the fittest", "survival of our club", "role model", "business model", "sales target", "class reunion", "loss of trust", "ranking on google",
      "image of our brand", "image of our company", "image of the company", "school class", "yoga class", "java class",
      "smooth l1", "smooth l1 loss", "intermittent fasting", "lose weight", "weight training", "root mean",
      "teacher forcing", "poisson equation", "poisson's equation",
      "power imbalance", "energy imbalance", "grid imbalance", "imbalance price", "imbalance charge", "imbalance cost", "imbalance fee",
      "imbalance settlement", "imbalance penalty", "n 0 1", "collapse to it", "predicted tag", "half precision", "mixed precision", "double precision")],
    0,
)  # fmt: skip


@record
class Reading:
    """The facts of a text, and what the user should know of how it was read."""

    findings: Mapping[str, Finding]
    notes: tuple[str, ...] = ()
    foreign: bool = False
    contradictions: tuple[str, ...] = ()  # questions on what the text says and denies
    found: tuple[Word, ...] = ()  # its words; () where it is not English
    alike: Resemblance | None = None  # the worked cases that it resembles


_BETWEEN_BARS = r"\|\s*([^|\n]{1,30}?)\s+[-–−]\s+([^|\n]{1,30}?)\s*\|"  # |promised - actual|


def read_text(text: str, facts: Mapping[str, Fact], catalog: Catalog) -> Reading:
    """The facts that a description in English states, with the words that say so as evidence, and the worked cases that it resembles."""
    reading = _words_and_facts(text, facts, catalog)
    found = list(reading.found)
    alike = resembling(found, catalog)
    task = as_in_cases(reading.findings, alike, found, catalog)
    findings = reading.findings if task is None else {**reading.findings, TASK: task}
    return replace(reading, findings=findings, alike=alike)


def _words_and_facts(text: str, facts: Mapping[str, Fact], catalog: Catalog) -> Reading:
    notes: list[str] = []
    if len(text) > LONGEST:
        notes.append(f"only the first {LONGEST:,} characters of the text were read")
        text = text[:LONGEST]
    text, left_out = described(text)
    notes += left_out
    text = re.sub(_WITHOUT, "without", text, flags=re.IGNORECASE)
    text = re.sub(_BETWEEN_BARS, r"absolute difference of \1 and \2", text)
    found = words(text)
    if _foreign(found):
        return Reading({}, (*notes, "the text does not seem to be English; only English is understood"), foreign=True)
    matches = [match for match in _longest(_matches(found, catalog.data["phrases"])) if not _not_meant(found, match)]
    unlike = _unlike(found, catalog) or _complained(found, catalog.data["names"])
    findings: dict[str, Finding] = {}
    if unlike is not None:
        findings["unlike"] = unlike
    told: dict[str, list[Match]] = {}
    for match in matches:
        told.setdefault(match.fact, []).append(match)
    spoken = [(name, fact, told[name]) for name, fact in facts.items() if name in told]
    for name, fact, own in spoken:
        if name == TASK:
            continue
        finding = _flag(fact, own, found) if fact.kind == "flag" else _choice(fact, own, found, unlike is not None, catalog.data["names"])
        if finding is not None:
            findings[name] = finding
    digits = any(map(str.isdigit, text))
    interval = read_interval(text) if digits else None
    if interval is not None and "interval" in facts:
        findings["interval"] = Finding("interval", interval[0], "text", interval[1], 0.9)
    for fact, value, start, end in read_numbers(found, facts):
        if interval is None or fact.id != "quantile_level":
            findings.setdefault(fact.id, Finding(fact.id, value, "text", quoted(found, start, end), 0.9))
    if digits and "overdispersed" in facts:
        findings |= read_dispersion(text)
    own = told.get(TASK, [])
    task, note = read_task(own, findings, found, catalog)
    if task is not None:
        findings = {TASK: task, **findings}
        if task.value in _OF_TWO and not {"imbalance_ratio", "minority_share", "label_noise"} & findings.keys():
            sizes = read_sizes(text) if digits else None
            if sizes is not None and "imbalance_ratio" in facts:
                findings["imbalance_ratio"] = Finding("imbalance_ratio", sizes[0], "text", sizes[1], 0.8)
    said_and_denied = tuple(question for _, fact, said in spoken for question in _contradiction(fact, said, found))
    findings = with_hints(findings, bool(own), catalog)
    known = findings.get(TASK)
    findings = _as_the_task_means(findings, catalog)
    if known is not None and "costly_error" in facts and catalog.family(str(known.value)) == "regression":
        findings |= read_unit_costs(text)
    if digits and known is not None and "wide_range" in facts and known.value in {"regression", "time_series"} and "wide_range" not in findings:
        widest = read_range(text)
        if widest is not None and widest[0] >= _WIDE:
            findings["wide_range"] = Finding("wide_range", True, "text", widest[1], 0.8)
    for name, value, _, said in implied(found, str(known.value), catalog) if known is not None and known.confidence > FAINT else ():
        meant = value == "true" if facts[name].kind == "flag" else value
        if (name == "many_zeros" and "feature_selection" in findings) or (name == "bounded" and "wide_range" in findings):
            continue
        findings.setdefault(name, Finding(name, meant, "text", " and ".join(f'"{word}"' for word in said), 0.6))
    return Reading(findings, (*notes, note) if note else tuple(notes), contradictions=(*said_and_denied, *cannot_be(text)), found=tuple(found))


def _as_the_task_means(findings: Mapping[str, Finding], catalog: Catalog) -> dict[str, Finding]:
    """Facts whose words mean something else in view of the task: zero labels out of many, exact zeros of coefficients, levels of quantiles."""
    task = findings.get(TASK)
    result = dict(findings)
    if task is not None and task.value == "restoration" and getattr(result.get("approach"), "value", "restoration") != "restoration":
        del result["approach"]  # a discriminator or a latent may serve restoration
    if task is not None and task.value == "multilabel_classification" and re.search("(zero|none|no) or", getattr(result.get("many_zeros"), "evidence", "")):
        del result["many_zeros"]
    if task is None or task.confidence <= FAINT or catalog.family(str(task.value)) != "regression":
        return result
    sizes = result.get("n_classes")
    if sizes is not None and ("bin" in sizes.evidence or (task.value == "quantile_regression" and "level" in sizes.evidence)):
        del result["n_classes"]
    zeros = result.get("many_zeros")
    if zeros is not None and "feature_selection" in result and re.search("exact|coefficient|weight", zeros.evidence):
        del result["many_zeros"]
    return result


def _matches(found: list[Word], lexicon: Mapping[str, Mapping[str, list[Entry]]]) -> Iterator[Match]:
    roots = [root(word.stem) for word in found]
    present: dict[str, int] = {}
    for place, stem in enumerate(roots):
        present.setdefault(stem, place)
    doubtful = any(word.stem in _UNSURE or word.text.lower().replace("’", "'") in NEGATORS for word in found)
    for start, first in enumerate(roots):
        by_last = lexicon.get(first)
        if by_last is None:
            continue
        for choice, fact, value, weak, near in [entry for last in _common(present, by_last) for entry in by_last[last]]:
            if any(present.keys().isdisjoint(part[0]) for part in near):
                continue
            end = _stop(found, roots, start, choice)
            if end is None or (first == "count" and _counts_as_verb([word.stem for word in found], start)):
                continue
            if GAP in choice and choice[:2] == ["how", "many"] and found[start + 2].stem in _UNITS:  # how many minutes until it arrives
                continue
            if end < len(found) and found[end - 1].stem.isdigit() and found[end].stem.isdigit() and found[end].clause == found[start].clause:
                continue  # mostly 0-5: a range
            places = _near(found, roots, (start, end), near)
            inside = frozenset(index for place, stop in places or () for index in range(place, stop))
            denials = [] if places is None else [doubtful and _denied(found, place, inside) for place, _ in places]
            if places and None not in denials and len(set(denials)) == 1:  # of parts of which some are denied nobody knows what is meant
                span = min(place for place, _ in places), max(stop for _, stop in places)
                size = len(choice) - choice.count(GAP) + sum(stop - place for place, stop in places[1:])  # what a gap holds is not said by the phrase
                yield Match(fact, value, *span, weak, bool(denials[0]), size)


def _common(present: Mapping[str, int], others: Mapping[str, list[Entry]]) -> list[str]:
    """The words of a text (with their first places) that others hold too, in the order of the text; the smaller side is walked."""
    if len(present) <= len(others):
        return [stem for stem in present if stem in others]
    return sorted((stem for stem in others if stem in present), key=present.__getitem__)


def _near(found: list[Word], roots: list[str], place: tuple[int, int], near: list[tuple[list[str], list[list[str]]]]) -> list[tuple[int, int]] | None:
    """Where the parts of a phrase stand: the first one at `place`, each other within reach of it; None where one is missing."""
    places = [place]
    for _, choices in near:
        low, high = max(place[0] - _WINDOW, 0), min(place[1] + _WINDOW, len(found))
        spots = (
            (start, stop)
            for choice in choices
            for start in range(low, high)
            if roots[start] == choice[0]
            and (stop := _stop(found, roots, start, choice)) is not None
            and (start >= place[1] or stop <= place[0])
            and found[start].sentence == found[place[0]].sentence
        )
        spot = min(spots, key=lambda one: abs(one[0] - place[0]), default=None)
        if spot is None:
            return None
        places.append(spot)
    return places


def _stop(found: list[Word], roots: list[str], start: int, choice: list[str]) -> int | None:
    """Where a phrase ends that starts at `start`; None where it does not stand there."""
    if GAP in choice:
        return _end(found, roots, start, choice)
    return start + len(choice) if roots[start : start + len(choice)] == choice else None


def _end(found: list[Word], stems: list[str], start: int, choice: list[str]) -> int | None:
    """Where a phrase with gaps ends that starts at `start`; None where it does not stand there. A gap holds up to four words of one clause."""
    before, *rest = _between_gaps(choice)
    end = start + len(before)
    if stems[start:end] != before:
        return None
    for part in rest:
        places = range(end, min(end + _GAP + 1, len(found) - len(part) + 1))
        place = next((one for one in places if stems[one : one + len(part)] == part and found[one + len(part) - 1].clause == found[start].clause), None)
        if place is None:
            return None
        end = place + len(part)
    return end


def _between_gaps(choice: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in choice:
        if word == GAP:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _counts_as_verb(stems: list[str], start: int) -> bool:
    """`mAP counts`, `its shape counts`, `what counts`: something matters, and nothing is counted."""
    before = stems[max(start - 2, 0) : start]
    if set(stems[start + 1 : start + 2]) & {"as", "just", "for", "equally", "most", "more", "less", "twice", "double", "too", "linearly", "fully"}:
        return True
    return bool(before) and (before[-1] in {"what", "that", "which", "map", "recall", "precision", "accuracy", "auc", "f1", "ndcg"} or before[0] == "its")


def _not_meant(found: list[Word], match: Match) -> bool:
    """Whether the words of a match stand in an everyday phrase that means something else."""
    for start in range(max(match.start - 2, 0), match.end):
        for phrase in _EVERYDAY.get(found[start].stem, ()):
            end = start + len(phrase)
            if tuple(word.stem for word in found[start:end]) == phrase and end > match.start and not match.start <= start < end < match.end:
                return True
    return False


def _longest(matches: Iterable[Match]) -> list[Match]:
    """Of overlapping phrases of one fact the longest; different facts may share words."""
    kept: list[Match] = []
    for match in sorted(matches, key=lambda one: (-one.size, one.start)):
        covering = (other for other in kept if other.fact == match.fact and other.start < match.end and match.start < other.end)
        if not any(other.size > match.size for other in covering):
            kept.append(match)
    return sorted(kept, key=lambda one: one.start)


def _denied(found: list[Word], start: int, inside: frozenset[int] = frozenset()) -> bool | None:
    """Whether a negation in the same clause reaches the phrase, apart from its own words `inside`; None in doubt ("not sure whether ...")."""
    negations = 0
    before = [found[index].stem for index in range(max(start - 4, 0), start) if found[index].clause == found[start].clause and index not in inside]
    if _UNSURE.intersection(before):
        return None
    reached = 0
    for index in range(start - 1, -1, -1):
        word = found[index].text.lower().replace("’", "'")
        reached += word not in _CARRIES
        if reached > REACH or found[index].clause != found[start].clause:
            break
        if word in NEGATORS and index not in inside and not (word == "free" and found[index + 1].stem not in {"of", "from"}):
            following = {one.stem for one in found[index + 1 : start]}
            if following & _DOUBT:
                return None if following & (_DOUBT - {"only", "just"}) else False
            negations += 1
    return negations % 2 == 1


def _flag(fact: Fact, matches: list[Match], found: list[Word]) -> Finding | None:
    """True or false by the first strong phrase; phrases that disagree leave the fact unknown, and so does a method that is only used so far."""
    if fact.id in _OF_METHODS:
        matches = [match for match in matches if not {word.stem for word in found[max(match.start - 3, 0) : match.start]} & _STATUS_QUO]
    votes = [((match.value == "true") != match.denied, match) for match in matches if not (match.weak and match.denied)]
    if not votes:
        return None
    strong = [vote for vote in votes if not vote[1].weak] or votes
    if len({value for value, _ in strong}) > 1:
        return None
    value, match = strong[0]
    return Finding(fact.id, value, "text", quoted(found, match.start, match.end, match.denied), 0.5 if match.weak else 0.9)


def _contradiction(fact: Fact, matches: list[Match], found: list[Word]) -> Iterator[str]:
    """What a text says and denies in so many words, or has and has not: nobody can advise on both."""
    if fact.kind == "flag" and fact.id not in _SAID_TWICE:
        votes = {(match.value == "true") != match.denied: match for match in matches if not match.weak and (not match.denied or _plainly_denied(match, found))}
    elif fact.id == "modality":
        votes = {match.denied: match for match in matches if not match.weak and (not match.denied or _plainly_denied(match, found))}
        if len({match.value for match in votes.values()}) > 1:
            return
    else:
        return
    if len(votes) == 2:
        said = " and ".join(quoted(found, match.start, match.end, match.denied) for match in votes.values())
        yield f"The text says both {said}, which exclude each other. Which is right? {fact.question}"


def _plainly_denied(match: Match, found: list[Word]) -> bool:
    """Whether the word before denies it: what is far from its negation may be meant otherwise (without giving up streaming)."""
    return match.start > 0 and found[match.start - 1].stem in {"no", "not", "without", "never", "non"}


def _choice(fact: Fact, matches: list[Match], found: list[Word], skip: bool, names: Mapping[str, list[str]]) -> Finding | None:
    for match in sorted(matches, key=lambda one: (one.weak, 0 if fact.id == "metric" else -one.size)):  # more words say more
        if match.denied or (fact.id == "metric" and not _judges(found, match, names, after_than=skip)):
            continue
        return Finding(fact.id, match.value, "text", quoted(found, match.start, match.end), 0.6 if match.weak else 0.85)
    return None


def _unlike(found: list[Word], catalog: Catalog) -> Finding | None:
    """A loss that the writer wants something else than: named after `than`, `instead of` or `replace`."""
    stems = [word.stem for word in found]
    for index, stem in enumerate(stems):
        if stem in _THAN or (stem == "not" and stems[index + 1 : index + 2] in (["with"], ["use"], ["using"], ["want"])):
            start = index + 1 + sum(1 for word in stems[index + 1 : index + 4] if word in {"of", "the", "plain", "a", "with", "use", "using", "want", "to"})
            for length in (4, 3, 2, 1):
                loss = _loss_called(found[start : start + length], catalog.data["names"])
                if len(found[start : start + length]) == length and loss is not None:
                    return Finding("unlike", loss, "text", quoted(found, index, start + length), 0.9)
    return None


def _complained(found: list[Word], names: Mapping[str, list[str]]) -> Finding | None:
    """A loss that the writer complains of: its name, and right behind it what it fails to do (`L2 ignores them`, `MSE yields blurry peaks`)."""
    for index, word in enumerate(found):
        if word.stem not in _COMPLAINTS and not (word.stem in _YIELDS and {one.stem for one in found[index + 1 : index + 4]} & _BAD):
            continue
        for start in range(max(index - 3, 0), index):
            loss = _loss_called(found[start:index], names)
            if loss is not None and found[start].sentence == word.sentence:
                return Finding("unlike", loss, "text", quoted(found, start, index + 1), 0.9)
    return None


def _loss_called(called: list[Word], names: Mapping[str, list[str]]) -> str | None:
    """The one loss that the words name; None where they name none, or several."""
    name = "_".join(word.text.lower() for word in called)
    meant = names.get(name) or names.get(f"{name}_loss")
    return meant[0] if meant and len(meant) == 1 else None


def _judges(found: list[Word], match: Match, names: Mapping[str, list[str]], after_than: bool) -> bool:
    """Whether a metric's name is meant as the metric: a name that a loss shares needs a word such as `judged by` or `score` near it."""
    if after_than and any(word.stem in _THAN for word in found[max(match.start - 3, 0) : match.start]):
        return False
    name = "_".join(word.stem for word in found[match.start : match.end])
    if name not in names:
        return True
    return any(word.stem in _JUDGING for word in found[max(match.start - 5, 0) : match.end + 2])


def _foreign(found: list[Word]) -> bool:
    """Whether most of what tells a language tells of another one than English, or nothing tells of English where letters of others occur."""
    plain = [word.text.lower() for word in found]
    english, foreign = sum(word in ENGLISH for word in plain), len(_FOREIGN.intersection(plain))
    outside = sum(not word.isascii() and word.isalpha() for word in plain)
    strange = not english and len(plain) > 3 and foreign + outside > 1 and (foreign > 0 or outside > 2)
    return (foreign >= 2 and foreign > english) or strange or (outside > 0.5 * len(plain) if plain else False)
