"""Limits on the processor's time of a part of a decision: they break off, they nest, and they leave nothing behind."""

from __future__ import annotations

import signal
import threading
from time import process_time

import pytest

from lossgraph.verify.budget import limited


def work(seconds: float) -> str:
    """Keeps the processor busy that long."""
    end = process_time() + seconds
    while process_time() < end:
        sum(range(100))
    return "done"


def test_what_takes_too_long_is_broken_off_and_the_rest_goes_on() -> None:
    said: list[str] = []
    with limited(0.05):
        said.append(work(60))
    assert said == []
    with limited(60):
        said.append(work(0.01))
    assert said == ["done"]


def test_the_limit_around_others_ends_them_all() -> None:
    start, tries = process_time(), 0
    with limited(0.2):
        while True:
            tries += 1
            with limited(0.05):
                work(60)
    assert tries > 1
    assert process_time() - start < 5


def test_errors_pass_and_no_timer_is_left() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(ValueError, match="inside"), limited(60):
        raise ValueError("inside")
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0
    assert signal.getsignal(signal.SIGPROF) is before


def test_other_threads_are_left_alone() -> None:
    said: list[str] = []

    def run() -> None:
        with limited(0.01):
            said.append(work(0.05))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert said == ["done"]
