"""Compiles the words of facts.yaml into a lexicon: every phrase under its first and its last word, so that reading looks at few, and parses few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lossgraph.words import ENGLISH, NEAR, phrases, root


def lexicon(facts: Mapping[str, Any], tasks: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """The phrases by their first word and then by their last, each as [words, fact, value, whether it is weak evidence, what must stand near].

    What must stand near is a list of parts, each with the first words of its alternatives and the alternatives.
    """
    found: dict[str, dict[str, list[Any]]] = {}
    for name, value, written in _entries(facts, tasks, metrics):
        first, *near = written.split(NEAR)
        parts = [[_roots(choice) for choice in phrases(part)] for part in near]
        beside = [[sorted({choice[0] for choice in part}), part] for part in parts]
        for choice in phrases(first):
            words = _roots(choice)
            entry = [words, name, value, written.startswith("~"), beside]
            entries = found.setdefault(words[0], {}).setdefault(words[-1], [])
            if entry not in entries:  # label/labels folds to one phrase, which must not count twice
                entries.append(entry)
    return found


def _roots(choice: tuple[str, ...]) -> list[str]:
    return [root(word) for word in choice]


def _entries(facts: Mapping[str, Any], tasks: Mapping[str, Any], metrics: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every phrase as it is written, with its fact and value."""
    for name, fact in facts.items():
        for value, written in fact["synonyms"].items():
            for phrase in written:
                yield name, value, phrase
        if fact["among"] == "tasks":  # single words are everyday ones as well ("fraud detection"): they stand in facts.yaml
            for identifier, task in tasks.items():
                yield from ((name, identifier, phrase) for phrase in (task["name"], *task["aliases"]) if " " in phrase)
        if fact["among"] == "metrics":
            for identifier, metric in metrics.items():
                for phrase in sorted({identifier.replace("_", " "), metric["name"], *metric["aliases"]}):
                    if phrase.replace(" ", "").replace("-", "").isalnum() and len(phrase) > 1 and phrase.lower() not in ENGLISH:
                        yield name, identifier, phrase
