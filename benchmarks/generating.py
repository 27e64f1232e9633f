"""Measure generate against persist alone, its memory, and the demo.

    python benchmarks/generating.py [--quick]

Needs healthsim-store, the three products, and healthsim-store-demo.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run import Scratch, begin, medians, report

from healthsim_store import Store

PROFILE, SEED, BATCH = "medicare-advantage", 1, 5_000


def against_persist(scratch: Scratch, count: int) -> None:
    """The same batches: made and stored, or taken from memory and stored."""
    with Store(scratch.new()) as store:
        ready = list(store.generate(PROFILE, count=count, seed=SEED, batch=BATCH))
        next(store.generate(PROFILE, count=1, seed=SEED))  # names are drawn once in a process

    def both() -> None:
        with Store(scratch.new()) as store:
            store.generate_scenario(PROFILE, count=count, seed=SEED, batch=BATCH, into="s")

    def persist() -> None:
        with Store(scratch.new()) as store:
            store.persist_batches(((batch, {}) for batch in ready), scenario="s")

    t = medians(3, both=both, persist=persist)
    rows = sum(len(found) for batch in ready for found in batch.values())
    detail = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in t.items())
    what = f"rate of generate and persist, {count:,} members ({rows:,} rows) : persist alone"
    report(what, 100 * t["persist"] / t["both"], "%", ">= 40", detail)


def against_generate(scratch: Scratch, count: int) -> None:
    """Rows in a second: of claims for members that are there, and of members with their claims."""
    rates: dict[str, list[float]] = {"generate": [], "extend": []}
    for _ in range(3):
        with Store(scratch.new()) as store:
            for name, profile, options in (
                ("generate", PROFILE, {"claims": True}), ("extend", "claims", {}),
            ):  # fmt: skip
                start = time.perf_counter()
                made = store.generate_scenario(
                    profile, count=count if name == "generate" else None, seed=SEED, batch=BATCH,
                    options=options, into="s",
                )  # fmt: skip
                seconds = time.perf_counter() - start
                rates[name].append(sum(made.inserted.values()) / seconds)
    extend, generate = (statistics.median(rates[name]) for name in ("extend", "generate"))
    detail = f"rows/s: extend {extend:,.0f}, generate {generate:,.0f}"
    what = f"rate of claims into {count:,} members that are there : members with claims"
    report(what, extend / generate, "x", ">= 1", detail)


def bounded_memory(labs: int) -> None:
    """In a process of its own; 890 labs for 150 patients."""
    code = (
        "import resource, sys, tempfile, time\n"
        "from healthsim_store import Store\n"
        "with tempfile.TemporaryDirectory() as folder, Store(folder) as store:\n"
        "    start = time.perf_counter()\n"
        "    made = store.generate_scenario('diabetes-cohort', count=int(sys.argv[1]), seed=1)\n"
        "    seconds = time.perf_counter() - start\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "print(peak, sum(made.inserted.values()), made.inserted['lab_results'], seconds)\n"
    )
    for part in (10, 1):
        count = labs // part * 150 // 890
        answer = subprocess.run(
            [sys.executable, "-c", code, str(count)], check=True, capture_output=True, text=True
        )
        peak, rows, found, seconds = map(float, answer.stdout.split())
        report(f"resident memory, diabetes-cohort with {found:,.0f} labs", peak, "MB", "bounded",
               f"{rows:,.0f} rows in {seconds:.0f} s, peak of a process of its own")  # fmt: skip


def demo(rounds: int) -> None:
    command = [Path(sys.executable).parent / "healthsim-store", "demo", "--quiet"]
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    t = medians(
        rounds,
        demo=lambda: subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, env=environment
        ),
    )
    report("demo, as a process", t["demo"], "s", "< 20", "the thirteen examples")


def main() -> None:
    scale = begin(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        bounded_memory(1_000_000 // scale)  # first: a child's peak counts from its parent's size
        against_persist(Scratch(Path(folder)), 100_000 // scale)
        against_generate(Scratch(Path(folder)), 20_000 // scale)
    demo(3)


if __name__ == "__main__":
    main()
