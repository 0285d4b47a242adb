"""Times recommendations in one process, on a warm cache: from flags, from text, and with the changes that would put another loss first.

Run: python benchmarks/recommendations.py [number]. The processor's time is shown beside the wall's, since other work on the machine slows only the latter.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import lossgraph

LIMIT = 2.0  # milliseconds of a recommendation: 10,000 in 20 s
FLAGS: list[dict[str, Any]] = [
    {"task": "segmentation", "imbalanced": True},
    {"task": "regression", "outliers": True, "metric": "mae"},
    {"task": "multiclass_classification", "n_classes": 100, "label_noise": True},
    {"task": "detection"},
    {"task": "generative", "approach": "gan", "unstable": True},
]
TEXTS: list[dict[str, Any]] = [
    {"text": "house prices with a few crazy outliers, I want something smoother than absolute error"},
    {"text": "fraud detection with 1 % positives, tabular, xgboost, need calibrated probabilities"},
]
GROUPS: dict[str, list[dict[str, Any]]] = {"flags": FLAGS, "text": TEXTS, "flags, would change": [{**one, "would_change": True} for one in FLAGS]}


def milliseconds(problems: list[dict[str, Any]], number: int) -> tuple[float, float]:
    """Wall and processor time of one recommendation, in milliseconds."""
    wall, processor = time.perf_counter(), time.process_time()
    for place in range(number):
        lossgraph.recommend(**problems[place % len(problems)])
    return 1000 * (time.perf_counter() - wall) / number, 1000 * (time.process_time() - processor) / number


def main(number: int) -> int:
    """Prints a line for each group; 1 where flags or text take longer than they may."""
    lossgraph.recommend(task="regression")
    slow = False
    for name, problems in GROUPS.items():
        wall, processor = milliseconds(problems, number if "change" not in name else max(number // 100, 1))
        slow |= processor > LIMIT and "change" not in name
        print(f"{name}: {wall:.2f} ms wall, {processor:.2f} ms processor; 10,000 take {10 * processor:.1f} s of the processor")
    return int(slow)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
