"""Measure the export of a trial as a standard's datasets, in one run.

    python benchmarks/standards.py [--quick]

A trial of 100,000 subjects of `oncology-phase3` is written as SDTM: Dataset-JSON and XPT. What it
is measured against is somebody's loop that has all rows already, as CSV files, and writes them
with json.dumps: no SELECT, no checks, no order. Rates are by seconds of the processor, so that
other work on the machine counts for nothing; the seconds of the clock are told too, in which two
cores do the work of more than one. Needs healthsim-store and healthsim-store-trialsim.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from run import begin, report

from healthsim_store import Store

ROUNDS = 3
SUBJECTS = 100_000
GOALS = {"json": 100_000, "xpt": 60_000}  # rows a second
NAMES = {"json": "Dataset-JSON", "xpt": "XPT"}


def export(store: Store, folder: Path, kind: str) -> tuple[int, int]:
    """Write the trial. How many rows, and in how many datasets."""
    made = store.export_scenario(
        "trial", format="sdtm", to=folder, force=True, options={"files": kind}
    )
    written = [file for file in made.files if file.rows]
    return made.rows, len(written)


def by_hand(source: Path, folder: Path) -> None:
    """The rows of CSV files as JSON, a file for each."""
    folder.mkdir(exist_ok=True)
    for path in sorted(source.glob("*.csv")):
        with (
            path.open(newline="", encoding="utf-8") as read,
            (folder / f"{path.stem}.json").open("w", encoding="utf-8") as written,
        ):
            for row in csv.reader(read):
                written.write(json.dumps(row, ensure_ascii=False) + "\n")


def memory(store: Path, folder: Path, kind: str) -> float:
    """The peak of a process of its own, in MB."""
    code = (
        "import resource, sys\nfrom pathlib import Path\nimport standards\n"
        "from healthsim_store import Store\n"
        "with Store(sys.argv[1]) as store:\n"
        "    standards.export(store, Path(sys.argv[2]), sys.argv[3])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    words = [sys.executable, "-c", code, str(store), str(folder), kind]
    done = subprocess.run(
        words, cwd=Path(__file__).parent, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the processor and of the clock."""
    os.sync()
    cpu, clock = time.process_time(), time.perf_counter()
    act()
    return time.process_time() - cpu, time.perf_counter() - clock


def main() -> None:
    count = SUBJECTS // begin(__doc__)
    with tempfile.TemporaryDirectory() as scratch, Store(Path(scratch) / "store") as store:
        folder = Path(scratch)
        subprocess.run(  # in a process of its own: a child's peak counts from its parent's
            [sys.executable, "-c", "import sys; from healthsim_store import Store\n"
             "with Store(sys.argv[1]) as store:\n"
             "    store.generate_scenario('oncology-phase3', count=int(sys.argv[2]), into='trial')",
             str(store.path), str(count)],
            check=True, capture_output=True,
        )  # fmt: skip
        for kind, name in NAMES.items():
            report(f"{count:,} subjects to {name}: resident memory",
                   memory(store.path, folder / kind, kind), "MB", "< 300",
                   "peak of a process of its own")  # fmt: skip
        rows, datasets = export(store, folder / "csv", "csv")
        acts: dict[str, Callable[[], object]] = {
            "json": lambda: export(store, folder / "json", "json"),
            "xpt": lambda: export(store, folder / "xpt", "xpt"),
            "hand": lambda: by_hand(folder / "csv", folder / "hand"),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in acts}
        for _ in range(ROUNDS):
            for name, act in acts.items():
                times[name].append(timed(act))
        least = {name: min(cpu for cpu, _ in found) for name, found in times.items()}
        clock = {name: min(seconds for _, seconds in found) for name, found in times.items()}
        for kind, name in NAMES.items():
            detail = f"{least[kind]:.1f} s of the processor, {clock[kind]:.1f} s by the clock"
            report(f"{rows:,} rows of {datasets} datasets to {name}", rows / least[kind],
                   "rows/s", f">= {GOALS[kind]:,}", detail)  # fmt: skip
            report("rate of it : of json.dumps of the same rows from CSV",
                   least["hand"] / least[kind], "x", "none",
                   f"by hand {least['hand']:.1f} s")  # fmt: skip
        shutil.rmtree(folder / "hand")


if __name__ == "__main__":
    main()
