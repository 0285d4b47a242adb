"""The worker process: reads one request a line from stdin, decides it, answers one line on stdout; ends when the caller closes stdin or dies."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Generator
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from lossgraph.model import Verdict

MEMORY = 6 << 30  # address space; z3 and SymPy reserve far more than they use


def main() -> None:
    """Answers requests until stdin ends."""
    _limit_memory()
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    sys.stdout = sys.stderr  # a library that prints must not break the protocol
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    import_module("lossgraph.verify.engine")  # before saying ready: the time limit is for the decision

    out.write("ready\n")
    out.flush()
    while True:
        request = json.loads(lines.get())
        with tied():
            reply = answer(request, lambda verdict: _write(out, {"partial": asdict(verdict)}))
        _write(out, reply)


def _write(out: TextIO, reply: dict[str, Any]) -> None:
    out.write(json.dumps(reply, sort_keys=True) + "\n")
    out.flush()


def _listen(lines: queue.Queue[str]) -> None:
    """Hands on what the caller writes, and ends the process, whatever it is computing, as soon as the caller is gone."""
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


@contextlib.contextmanager
def tied() -> Generator[None]:
    """While it lasts, Linux itself ends this process when the caller's end of the pipe closes.

    `_listen` cannot while a library (or a product of huge numbers) keeps Python's lock. The signal would come with the caller's next line too, but a caller
    writes that only after the answer, when the signal is ignored again.
    """
    if sys.platform != "linux":
        yield
        return
    import fcntl
    import select
    import signal

    pipe = sys.stdin.fileno()
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    ended = select.poll()
    ended.register(pipe, 0)
    if any(event & (select.POLLHUP | select.POLLERR) for _, event in ended.poll(0)):
        os._exit(0)
    try:
        yield
    finally:
        signal.signal(signal.SIGIO, signal.SIG_IGN)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def answer(request: dict[str, Any], report: Callable[[Verdict], None]) -> dict[str, Any]:
    """`{"verdict": ...}` (before it, perhaps, a `{"partial": ...}`), or `{"input_error": message}` where the question itself is wrong.

    `{"relation": ...}` answers a relation between cards.
    """
    from lossgraph.model import InputError
    from lossgraph.verify.engine import decide_question
    from lossgraph.verify.question import read

    try:
        if "relation" in request:
            from lossgraph.verify.relations import answer_relation

            return {"relation": answer_relation(request)}
        return {"verdict": asdict(decide_question(read(**request), report))}
    except InputError as error:
        return {"input_error": str(error)}
    except MemoryError:
        os._exit(1)
    except (Exception, RecursionError) as error:  # a failure inside the engine means undecided
        return {"failure": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
