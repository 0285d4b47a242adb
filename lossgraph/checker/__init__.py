"""The second, independent reader of certificates: own parser, exact fractions, ball arithmetic; no SymPy, nothing of the engine.

`check(certificate)` is True only where every step was confirmed; a kind that it does not know, or a step that it cannot follow, is not confirmed.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

FORMAT = 1


@contextmanager
def uncollected() -> Generator[None]:
    """The search for reference cycles put off while certificates are read: trees and forms have none, and it would walk through all that is remembered."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def check(certificate: Mapping[str, Any]) -> bool:
    """Whether the certificate's proof shows what it claims: `property` holds (or does not) for the expression on its domain."""
    from lossgraph.checker.expression import Unreadable
    from lossgraph.checker.proof import check_proof

    if certificate.get("format") != FORMAT:
        return False
    try:
        with uncollected():
            return check_proof(certificate)
    except (Unreadable, KeyError, TypeError, ValueError, IndexError, StopIteration, ZeroDivisionError, OverflowError, RuntimeError, AttributeError):
        return False  # a certificate that does not read as documented confirms nothing


def check_relation(question: Mapping[str, Any]) -> bool:
    """Whether the certificate of a relation shows what `status` says of it; `lossgraph.certificate.relation_question` makes the question."""
    from lossgraph.checker.expression import Unreadable
    from lossgraph.checker.relations import check_relation as confirmed

    if question.get("format") != FORMAT:
        return False
    try:
        with uncollected():
            return confirmed(question)
    except (Unreadable, KeyError, TypeError, ValueError, IndexError, StopIteration, ZeroDivisionError, OverflowError, RuntimeError, AttributeError):
        return False
