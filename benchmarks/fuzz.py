"""The long fuzz of `lossgraph.decide`: random piecewise losses against a numeric falsifier, and each formula against its own second spelling.

Run: python benchmarks/fuzz.py [--decisions 20000] [--seed 1] [--limit 3] [--workers 2] [--out FILE]; the limit is CPU time. What is decided is kept in FILE,
a JSON line a formula, and not asked again: an interrupted run goes on where it stopped. At the end it prints a summary, and each finding with a call that
reproduces it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "tests")]

from fuzz_decisions import case_of, judged  # noqa: E402  (found beside the tests)


def main() -> int:
    """Runs until as many decisions are known as were asked for; 1 where a contradiction is among them."""
    wanted = argparse.ArgumentParser(description="Random losses against a numeric falsifier.")
    wanted.add_argument("--decisions", type=int, default=20_000)
    wanted.add_argument("--seed", type=int, default=1)
    wanted.add_argument("--limit", type=float, default=3.0, help="seconds a decision")
    wanted.add_argument("--workers", type=int, default=2)
    wanted.add_argument("--out", type=Path, default=Path("fuzz.jsonl"))
    options = wanted.parse_args()
    known = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    done = {entry["case"] for entry in known}
    count = sum(len(entry["decisions"]) for entry in known)
    start, fresh = time.monotonic(), 0
    with options.out.open("a") as file, ProcessPoolExecutor(options.workers, max_tasks_per_child=200) as processes:
        names = (name for number in itertools.count() if (name := f"{options.seed}:{number}") not in done)
        while count + fresh < options.decisions:
            batch = list(itertools.islice(names, 8 * options.workers))
            for entry in processes.map(partial(_asked, limit=options.limit), batch):
                file.write(json.dumps(entry) + "\n")
                file.flush()
                known.append(entry)
                fresh += len(entry["decisions"])
            rate = fresh / (time.monotonic() - start)
            print(f"{count + fresh} of {options.decisions} decisions, {rate:.1f} a second", file=sys.stderr, flush=True)
    return summary(known)


def _asked(name: str, limit: float) -> dict[str, Any]:
    case = case_of(name)
    return {"case": name, "expression": case.formula.text, "domain": case.domain, "parameters": case.parameters, "decisions": judged(case, limit)}


def summary(known: list[dict[str, Any]]) -> int:
    """Prints the counts and the contradictions; the number of contradictions."""
    decisions = [(entry, decision) for entry in known for decision in entry["decisions"]]
    counts = Counter(decision["finding"] or decision["status"] for _, decision in decisions)
    seconds = sum(decision["seconds"] for _, decision in decisions)
    unchecked = sum(1 for _, decision in decisions if decision["holds"] is not None and not decision["checked"])
    each = seconds / max(1, len(decisions))
    print(f"{len(known)} formulas, {len(decisions)} decisions, {each:.2f} s each, {unchecked} decided ones not confirmed by the checker")
    print(", ".join(f"{count} {name}" for name, count in counts.most_common()))
    bad = [(entry, decision) for entry, decision in decisions if decision["finding"]]
    for entry, decision in bad:
        call = f"decide({entry['expression']!r}, {decision['property']!r}, domain={entry['domain']!r}, parameters={entry['parameters']!r})"
        print(f"{decision['finding']}: {call} is {decision['status']}: {decision['why']}")
    return min(1, sum(1 for _, decision in bad if decision["finding"] == "contradiction"))


if __name__ == "__main__":
    sys.exit(main())
