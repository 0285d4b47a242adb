"""Time and memory of profiling a CSV file of a million rows (limits: 10 s, 1 GiB), in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy

ROWS = 1_000_000


def main() -> None:
    """Writes the file, profiles it in a fresh process, and prints what that took."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "million.csv"
        generator = numpy.random.default_rng(0)
        columns = numpy.column_stack([generator.normal(size=(ROWS, 5)).round(4), generator.lognormal(3, 1, ROWS).round(2)])
        numpy.savetxt(file, columns, fmt="%.4f", delimiter=",", header="a,b,c,d,e,price", comments="")
        started = time.monotonic()
        command = [sys.executable, "-m", "lossgraph", "recommend", "--data", str(file), "--target", "price", "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        print(f"{ROWS:,} rows, {file.stat().st_size / 2**20:.0f} MiB: {seconds:.1f} s (limit 10), peak memory {peak:.2f} GiB (limit 1)")


if __name__ == "__main__":
    main()
