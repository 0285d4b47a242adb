"""Is text that wants to be code refused with place and reason, does every hostile formula end in time, and does no worker outlive its caller or its memory?"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("flint")
pytest.importorskip("z3")

from lossgraph.model import InputError
from lossgraph.verify import decide
from lossgraph.verify.question import read

CODE = [
    '__import__("os").system("touch {marker}")',
    'exec(\'open("{marker}", "w")\')',
    "open('{marker}', 'w')",
    "eval('x')",
    "getattr(x, 'real')",
    "print(x)",
    "x.real",
    "x.__class__.__mro__",
    "().__class__",
    "Abs.__globals__",
    "(lambda: x)()",
    "(lambda x: x)(x)",
    "f'{{x}}'",
    "f\"{{__import__('os')}}\"",
    "[x for x in (1, 2)]",
    "{{x: 1 for x in (1,)}}",
    "(x for x in (1,))",
    "sum(x for x in (1, 2))",
    "[x, x]",
    "{{x}}",
    "(x, x)",
    "x if x > 0 else 0",
    "(y := x)",
    "x and x",
    "not x",
    "x is x",
    "x in x",
    "x @ x",
    "x // 2",
    "x % 2",
    "x << 2",
    "~x",
    "x ^ 2",
    "x & x",
    "x[0:1]",
    "x['a']",
    "*x",
    "Abs(*x)",
    "Abs(**x)",
    "Abs(x, evaluate=False)",
    "Piecewise((x, __import__('os')), (0, True))",
    "Piecewise(*x)",
    "'x'",
    "b'x'",
    "'x'*1000000000",
    "1j*x",
    "x + ...",
    "None",
    "x; x",
    "x = 1",
    "import os",
    "yield x",
    "await x",
    "x\nx",
    "gamma_function(x)",
    "integrate(x, x)",
    "Symbol('x')",
    "S(1)",
    "x # comment",
    "True(x)",
    "pi(x)",
    "Abs",
    "\x00",
    "x\u200b",
    "\U0001d431",
]


@pytest.mark.parametrize("text", CODE)
def test_code_is_refused_with_place_and_reason(text: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    formula = text.format(marker=marker)
    with pytest.raises(InputError) as caught:
        decide(formula, "convex", domain="x: real")
    message = str(caught.value)
    assert "character" in message or "formula" in message
    assert len(message) > 30
    assert not marker.exists()


@pytest.mark.parametrize("place", ["domain", "parameters", "variables"])
@pytest.mark.parametrize("text", ["x: (0, __import__('os').getpid())", "x: __import__('os')", "lambda: x", "x: real; x.real > 0", "x: [i for i in (1,)]"])
def test_code_in_other_texts_is_refused(place: str, text: str) -> None:
    given = {"domain": "x: real", "parameters": "", "variables": "x"} | {place: text}
    with pytest.raises(InputError):
        decide("x", "convex", domain=given["domain"], parameters=given["parameters"], variables=given["variables"])


READ = {
    "parentheses": "(" * 3000 + "x" + ")" * 3000,
    "calls": "Abs(" * 3000 + "x" + ")" * 3000,
    "signs": "-" * 5000 + "x",
    "powers": "**".join(["x"] * 500),
    "tower of numbers": "**".join(["9"] * 30),
    "tower in the exponent": "x**(9**9**9)",
    "large exponent": "x**1001",
    "huge exponent": "x**99999999999",
    "root of high order": "x**(1/1001)",
    "huge number": "x + " + "9" * 15000,
    "huge decimal exponent": "x*1e99999",
    "constant power": "(10**50)**999",
    "arguments": "Max(" + ",".join(f"x - {index}" for index in range(2000)) + ")",
    "branches": "Piecewise(" + ",".join(f"({index}, x < {index})" for index in range(1000)) + ",(0, True))",
    "too long": "x + " * 8000 + "x",
}


@pytest.mark.parametrize("name", READ)
def test_reading_is_quick_whatever_is_read(name: str) -> None:
    """In this process, where no time limit helps; measured in CPU time, so that a busy machine is no failure."""
    start = time.process_time()
    with contextlib.suppress(InputError):
        read(READ[name], "convex", None, "x: real", "", None)
    assert time.process_time() - start < 3


ENDS = {
    "branches": READ["branches"],
    "arguments": "Max(" + ",".join(f"x*{index} - {index}**2" for index in range(300)) + ")",
    "powers of powers": "((x**1000)**1000)**1000",
    "product of powers": "(x + 1)**1000*(x + 2)**1000*(x + 3)**999",
    "nested absolute values": "Abs(" * 38 + "x" + " - 1)" * 38,
    "absolute values of transcendental functions": " + ".join(f"Abs(exp({k}*x) - x**{k} - {k})" for k in range(2, 20)),
    "iterated exponentials": "exp(" * 30 + "x" + ")" * 30,
    "power tower of the variable": "**".join(["x"] * 40),
    "fine steps": "floor(1000000*x)",
    "steps of steps": "floor(" * 20 + "3*x" + ")" * 20,
    "nested branches": "Piecewise((" * 25 + "x" + ", x > 0), (x**2, True))" * 25,
    "large coefficients": "Abs(" + " + ".join(f"{7 ** (3 * k) % 10**60}*x**{k}" for k in range(40)) + ")",
    "fast sine": "sin(10**50*x)",
    "many parameters": "Max(" + ", ".join(f"a{k}*x + b{k}" for k in range(20)) + ")",
}


@pytest.mark.parametrize("name", ENDS)
def test_deciding_ends_in_time(name: str) -> None:
    parameters = "; ".join(f"{letter}{k}: real" for letter in "ab" for k in range(20)) if name == "many parameters" else ""
    domain = "x: (0, oo)" if "tower" in name else "x: real"
    start = time.monotonic()
    found = decide(ENDS[name], "convex", domain=domain, parameters=parameters, timeout=1)
    assert found.status in {"proved", "refuted", "depends", "undecided"}
    assert time.monotonic() - start < 1 + 60  # a fresh worker may take a while to start on a busy machine


def _gone(process: int) -> bool:
    """Whether a process ends within ten seconds."""
    for _ in range(100):
        try:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").exists() and Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True  # ended; whoever inherits it has not collected it yet
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


BUSY = (
    "import os, sys, threading, time; from lossgraph.verify import decide; from lossgraph.verify.pool import POOL; "
    "decide('x', 'convex', domain='x: real'); print(POOL.idle[0].process.pid, flush=True); "
    "hard = ' + '.join(f'Abs(exp({k}*x) - x**{k} - {k})' for k in range(2, 20)); "
    "threading.Thread(target=lambda: (time.sleep(0.5), print('busy', flush=True))).start(); "
    "decide(hard, 'twice_continuously_differentiable', domain='x: real', timeout=300)"
)


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_a_caller_that_is_killed(end: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as caller:
        assert caller.stdout is not None
        worker = int(caller.stdout.readline())
        assert caller.stdout.readline() == "busy\n"
        caller.send_signal(end)
        caller.wait(30)
    assert _gone(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is asked for on Linux only")
def test_a_worker_lost_in_one_long_operation_ends_with_its_caller() -> None:
    """The product of huge numbers never lets another Python thread run, so that only the kernel can end the process."""
    code = "import sys; from lossgraph.verify.worker import tied\nwith tied():\n    print('deep', flush=True); 7**(10**9)"
    worker = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    assert worker.stdin is not None
    assert worker.stdout.readline() == b"deep\n"
    time.sleep(0.5)
    assert worker.poll() is None
    worker.stdin.close()
    try:
        assert worker.wait(10) == -signal.SIGIO
    finally:
        worker.kill()
        worker.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no limit there")
def test_a_worker_that_wants_too_much_memory_ends_and_the_verdict_is_open() -> None:
    code = (
        "import lossgraph.verify.engine as engine, lossgraph.verify.worker as worker; "
        "engine.decide_question = lambda *_: bytearray(worker.MEMORY + (1 << 30)); worker.main()"
    )
    request = b'{"expression": "x", "property_id": "convex", "variables": null, "domain": "x: real", "parameters": "", "roles": {}}\n'
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(request)
        worker.stdin.flush()
        assert (worker.wait(120), worker.stdout.read()) == (1, b"ready\n")


def test_a_lost_worker_leaves_the_verdict_open_and_the_next_one_fresh() -> None:
    from lossgraph.verify.pool import POOL

    assert decide("Abs(x)", "convex", domain="x: real").holds is True
    for worker in POOL.idle:
        worker.process.kill()
        worker.process.wait()
    answers = [decide("Abs(x)", "convex", domain="x: real") for _ in range(3)]
    assert answers[-1].holds is True
    assert all(answer.holds in (True, None) for answer in answers)
