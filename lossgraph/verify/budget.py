"""Gives a part of a decision only so much of the processor's time, so that one hopeless attempt does not take all that the others could use."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator
from time import process_time
from types import FrameType

SOON = 1e-3  # seconds; a timer of zero would never ring
_ends: list[float] = []  # when the limits that are in force end, the innermost last; none ends after the one around it


class _Spent(BaseException):
    """The time of a limit is up, the outermost of those it is up for. No `Exception`, so that nothing on the way takes it for a failure of its own."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth


def _ring(number: int, frame: FrameType | None) -> None:
    now = process_time() + SOON
    raise _Spent(next((depth for depth, end in enumerate(_ends) if end <= now), len(_ends) - 1))


@contextlib.contextmanager
def limited(seconds: float) -> Generator[None]:
    """Breaks off what stands inside when the processor has worked that long, or as long as a limit around this one allows; the program goes on after it.

    Without effect outside the main thread, and on Windows.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    now, depth, before = process_time(), len(_ends), signal.getsignal(signal.SIGPROF)
    try:
        _ends.append(min([now + seconds, *_ends[-1:]]))
        signal.signal(signal.SIGPROF, _ring)
        signal.setitimer(signal.ITIMER_PROF, max(_ends[-1] - now, SOON))
        try:
            yield
        finally:  # a timer that rings before this is met below: it rings once
            signal.setitimer(signal.ITIMER_PROF, 0)
    except _Spent as spent:
        if spent.depth != depth:
            raise
    finally:
        signal.signal(signal.SIGPROF, before)
        del _ends[depth:]
        if _ends:  # the limit around this one goes on
            signal.setitimer(signal.ITIMER_PROF, max(_ends[-1] - process_time(), SOON))
