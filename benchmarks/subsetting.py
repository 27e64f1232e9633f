"""Measure clones of parts against a clone of all, in one run.

    python benchmarks/subsetting.py [--quick]

On 1,000,000 rows in 6 entity types. Needs healthsim-store and healthsim-store-patientsim.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from million import million
from run import begin, report, timed

from healthsim_store import Store


def main() -> None:
    scale = begin(__doc__)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store") as store:
        store.persist(million(scale), scenario="million")
        patients = store.scenario_info("million").entity_counts["patients"]
        tenth = "SELECT patient_id FROM patients WHERE rowid % 10 = 3"

        def part(**options: Any) -> Callable[[], object]:
            return lambda: store.clone_scenario("million", new_name="made", **options)

        acts: dict[str, Callable[[], object]] = {
            "all": part(),
            "only": part(only=tenth),
            "sample": part(sample=patients // 10, seed=7, stratify="gender"),
            "split": lambda: store.split_scenario(
                "million", {"train": 80, "test": 20}, new_name="made", seed=7
            ),
        }
        times: dict[str, list[float]] = {name: [] for name in acts}
        for _ in range(5):
            for name, act in acts.items():
                os.sync()  # what one leaves to be written is not written on the time of the next
                times[name].append(timed(act))
                for made in store.path.glob("made*.db"):
                    made.unlink()
        t = {name: statistics.median(found) for name, found in times.items()}
        for name, what, goal in (
            ("only", "part of 10 %, by a SELECT : clone of all", "<= 0.3"),
            ("sample", "part of 10 %, a sample by strata : clone of all", "<= 0.3"),
            ("split", "split into 80 and 20 % : clone of all", "none"),
        ):
            report(what, t[name] / t["all"], "x", goal,
                   f"part {t[name]:.2f} s, all {t['all']:.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
