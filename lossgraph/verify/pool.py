"""Runs decisions in a few worker processes that can be killed: SymPy, z3 and flint can neither be interrupted nor trusted to end."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

STARTING = 30.0  # seconds that a fresh worker may take to import SymPy, beside the decision's own time
WORKERS = 2
REMEMBERED = "50000"  # results that SymPy keeps of each of its functions; its own 1000 are forgotten between two properties of one formula


class WorkerLost(Exception):
    """The worker was killed at the time limit, or died; the message says which. `partial` is what it had said by then."""

    partial: dict[str, Any] | None = None


class Worker:
    """One process that answers one request at a time, a JSON object a line."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lossgraph.verify.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        self.buffer = b""
        self.ready = False

    def ask(self, request: dict[str, Any], timeout: float) -> dict[str, Any]:
        """The worker's answer. Raises `WorkerLost`, after which the worker is gone."""
        try:
            if not self.ready:
                self._line(time.monotonic() + STARTING, STARTING)
                self.ready = True
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            return self._answer(time.monotonic() + timeout, timeout)
        except WorkerLost:
            self.close()
            raise
        except (OSError, ValueError) as error:
            self.close()
            raise WorkerLost(f"the worker process broke off ({type(error).__name__})") from None
        except BaseException:  # an interrupt: the answer still under way must not meet the next question
            self.close()
            raise

    def _answer(self, end: float, timeout: float) -> dict[str, Any]:
        """The final reply; a partial one is kept in case the final one never comes."""
        partial: dict[str, Any] | None = None
        try:
            while "partial" in (reply := json.loads(self._line(end, timeout))):
                partial = reply
            return reply
        except WorkerLost as error:
            error.partial = partial
            raise

    def _line(self, end: float, timeout: float) -> bytes:
        """The next line from the worker, read as it comes."""
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self.buffer:
                left = end - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise WorkerLost(f"no answer within {timeout:g} s")
                chunk = os.read(self.process.stdout.fileno(), 1 << 16)
                if not chunk:
                    raise WorkerLost("the worker process ended (out of memory, or a crash in a library)")
                self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def close(self) -> None:
        """Kills the process and waits for it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was still buffered for a dead worker
                    stream.close()


def _environment() -> dict[str, str]:
    """The caller's environment, with fixed hashing (certificates must not change from run to run) and this very package importable."""
    environment = {"SYMPY_CACHE_SIZE": REMEMBERED, **os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    root = Path(__file__).resolve().parents[2]
    if root.name not in {"site-packages", "dist-packages"}:
        environment["PYTHONPATH"] = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    return environment


class Pool:
    """At most `size` workers, started when needed and used again; safe to use from several threads."""

    def __init__(self, size: int = WORKERS) -> None:
        self.slots = threading.BoundedSemaphore(size)
        self.lock = threading.Lock()
        self.idle: list[Worker] = []
        self.owner = os.getpid()

    def ask(self, request: dict[str, Any], timeout: float) -> dict[str, Any]:
        """One answer from any worker. Raises `WorkerLost`; the next request gets a fresh worker."""
        with self.slots:
            with self.lock:
                if self.owner != os.getpid():  # a forked child must not talk into its parent's pipes
                    self.idle, self.owner = [], os.getpid()
                worker = self.idle.pop() if self.idle else None
            worker = worker or Worker()
            answer = worker.ask(request, timeout)
            with self.lock:
                self.idle.append(worker)
            return answer

    def close(self) -> None:
        """Ends all idle workers."""
        with self.lock:
            workers, self.idle = (self.idle, []) if self.owner == os.getpid() else ([], [])
        for worker in workers:
            worker.close()


POOL = Pool()
atexit.register(POOL.close)
