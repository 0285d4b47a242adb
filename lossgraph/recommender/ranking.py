"""Runs the rules over the facts: which losses are candidates, how strongly each is supported, what speaks against it, and what was ruled out.

Scores are plain sums: a rule gives its strength, times the confidence of the least certain fact that it rests on. `support` makes a loss a candidate;
`prefer` and `avoid` only move candidates; `forbid` and `require` take losses out. A rule about properties reads what is proved; undecided, it does not fire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lossgraph.catalog import Catalog
from lossgraph.model import Rule

MOVES = frozenset({"support", "prefer", "avoid"})
ACTS = MOVES | {"forbid", "set", "companion"}  # on candidates, one by one


@dataclass(eq=False)
class Standing:
    """A candidate: its score, and the rules that gave or took from it (with how much), changed it, or ruled it out."""

    loss: str
    score: float = 0.0
    moved: list[tuple[float, Rule]] = field(default_factory=list)
    sets: list[Rule] = field(default_factory=list)
    companions: list[Rule] = field(default_factory=list)
    barred: list[Rule] = field(default_factory=list)

    @property
    def against(self) -> list[Rule]:
        """The rules that speak against it, the strongest first."""
        return [rule for weight, rule in sorted(self.moved, key=lambda pair: pair[0]) if weight < 0]

    @property
    def reasons(self) -> list[Rule]:
        """The rules that speak for it, the strongest first."""
        return [rule for weight, rule in sorted(self.moved, key=lambda pair: -pair[0]) if weight > 0]


@dataclass
class Ranking:
    """Candidates in order (best first), those ruled out, and the rules that fired without moving a candidate (warn, measure, ask)."""

    standings: list[Standing]
    rejected: list[Standing]
    remarks: list[Rule]


class Cards:
    """What ranking asks of the catalogue, remembered: the parts of a candidate, its strategies, its parameters."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._parts: dict[str, tuple[tuple[str, float], ...]] = {}
        self._proved: dict[tuple[str, tuple[str, ...], tuple[str, ...]], bool] = {}

    def known(self, loss: str) -> bool:
        """Whether every part of the name is a card."""
        return all(part in self.catalog.data["losses"] for part in loss.split("+"))

    def parts(self, loss: str) -> tuple[tuple[str, float], ...]:
        """The terms of a composite card or of a combination `a+b`, with weights; a single loss is its own only term."""
        if loss not in self._parts:
            card = self.catalog.data["losses"].get(loss)
            if card is None:
                found = tuple((part, 1.0) for part in loss.split("+"))
            elif card["composed_of"]:
                found = tuple((part["loss"], _number(part["weight"])) for part in card["composed_of"])
            else:
                found = ((loss, 1.0),)
            self._parts[loss] = found
        return self._parts[loss]

    def strategy(self, loss: str) -> str:
        """The strategy of a card; a combination without a card is compound."""
        card = self.catalog.data["losses"].get(loss)
        return card["strategy"] if card else "compound"

    def proves(self, loss: str, rule: Rule) -> bool:
        """Whether what the rule reads is proved of the loss (never for combinations without a card, never where undecided)."""
        key = loss, rule.having, rule.lacking
        if key not in self._proved:
            self._proved[key] = loss in self.catalog.data["losses"] and (
                all(self.catalog.holds(loss, name) is True for name in rule.having) and all(self.catalog.holds(loss, name) is False for name in rule.lacking)
            )
        return self._proved[key]

    def chosen(self, rule: Rule, loss: str) -> bool:
        """Whether the rule is about this candidate."""
        if rule.losses and loss not in rule.losses:
            return False
        if rule.strategies and self.strategy(loss) not in rule.strategies:
            return False
        return not (rule.having or rule.lacking) or self.proves(loss, rule)

    def concerns(self, rule: Rule, loss: str) -> bool:
        """Whether a warning is about this candidate or one of its parts; one that selects nothing is about all."""
        return self.chosen(rule, loss) or any(self.chosen(rule, part) for part, _ in self.parts(loss) if part != loss)


def _number(weight: float | str) -> float:
    try:
        return float(weight)
    except ValueError:
        return 1.0


def rank(fired: list[Rule], confidence: Mapping[str, float], cards: Cards) -> Ranking:
    """All candidates, best first, by the rules that fired. `confidence` says how sure each fact is."""
    standings: dict[str, Standing] = {}
    for rule in fired:
        if rule.effect == "support":
            for loss in rule.losses:
                if loss not in standings and cards.known(loss):
                    standings[loss] = Standing(loss)
    _apply(fired, standings, confidence, cards)
    _require([rule for rule in fired if rule.effect == "require"], standings, cards)
    left = [one for one in standings.values() if not one.barred]
    good = [one for one in left if one.score > 0] or left  # what speaks against all of them moves them, but only `forbid` and `require` take the last one out
    ranked = sorted(good, key=lambda one: (-round(one.score, 6), one.loss))
    rejected = sorted((one for one in standings.values() if one not in good), key=lambda one: (-_support(one), one.loss))
    return Ranking(ranked, rejected, [rule for rule in fired if rule.effect in {"warn", "measure", "ask"}])


def _apply(fired: list[Rule], standings: Mapping[str, Standing], confidence: Mapping[str, float], cards: Cards) -> None:
    """Lets each rule act on the candidates that it is about."""
    for rule in fired:
        if rule.effect not in ACTS:
            continue
        chosen = [standings[loss] for loss in rule.losses or standings if loss in standings and cards.chosen(rule, loss)]
        if rule.effect in MOVES:
            sure = min([confidence.get(condition.fact, 1.0) for condition in rule.when], default=1.0)
            weight = (-rule.strength if rule.effect == "avoid" else rule.strength) * sure
            for standing in chosen:
                standing.score += weight
                standing.moved.append((weight, rule))
        else:
            for standing in chosen:
                (standing.barred if rule.effect == "forbid" else standing.sets if rule.effect == "set" else standing.companions).append(rule)


def _require(required: list[Rule], standings: Mapping[str, Standing], cards: Cards) -> None:
    """A requirement takes out every candidate that it does not name."""
    for rule in required:
        for standing in standings.values():
            if not cards.chosen(rule, standing.loss):
                standing.barred.append(rule)


def _support(standing: Standing) -> float:
    return sum(weight for weight, _ in standing.moved if weight > 0)
