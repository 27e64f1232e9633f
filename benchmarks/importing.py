"""Measure the import of files against persist of the same rows from memory, in one run.

    python benchmarks/importing.py [--quick]

1,000,000 laboratory results of 1,000 patients, as CSV, compressed, and in a layout of somebody
else that a mapping reads. Rates are by seconds of the processor, so that other work on the machine
counts for nothing; the seconds of the clock are told too. Needs healthsim-store and
healthsim-store-patientsim.
"""

from __future__ import annotations

import csv
import gc
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from run import begin, labs, patient, report

from healthsim_store import Store

PATIENTS = 1000
ROUNDS = 3
MAPPING = """
CREATE TABLE people (mrn TEXT NOT NULL, "first" TEXT, "last" TEXT, born TEXT, sex TEXT);
CREATE TABLE results (mrn TEXT NOT NULL, test TEXT, loinc TEXT, result TEXT, unit TEXT, taken TEXT);

-- @into patients @from people
SELECT
  mrn AS patient_id, mrn, "first" AS given_name, "last" AS family_name, born AS birth_date,
  sex AS gender
FROM people;

-- @into lab_results @from results
SELECT
  mrn AS patient_id, test AS test_name, loinc AS loinc_code, result AS value,
  result AS value_numeric, unit, taken AS collected_time
FROM results;
"""


def people() -> list[dict[str, Any]]:
    fields = ("patient_id", "mrn", "given_name", "family_name", "birth_date", "gender")
    return [{name: row[name] for name in fields} for row in map(patient, range(PATIENTS))]


def write(path: Path, header: list[str], rows: Any) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def lay(folder: Path, count: int) -> dict[str, Path]:
    """The files: a folder of each kind."""
    made = {name: folder / name for name in ("csv", "gz", "mapped")}
    for path in made.values():
        path.mkdir()
    rows = people()
    write(made["csv"] / "patients.csv", [*rows[0]], (row.values() for row in rows))
    first = next(labs(1))
    write(made["csv"] / "lab_results.csv", [*first], (row.values() for row in labs(count)))
    for path in made["csv"].iterdir():
        with path.open("rb") as file, gzip.open(made["gz"] / f"{path.name}.gz", "wb") as packed:
            shutil.copyfileobj(file, packed)
    write(
        made["mapped"] / "people.csv", ["mrn", "first", "last", "born", "sex"],
        ([*row.values()][1:] for row in rows),
    )  # fmt: skip
    # Their ids are the patients' numbers, and there is one column for the value.
    write(
        made["mapped"] / "results.csv", ["mrn", "test", "loinc", "result", "unit", "taken"],
        (
            ["MRN" + row["patient_id"][1:], row["test_name"], row["loinc_code"], row["value"],
             row["unit"], row["collected_time"]]
            for row in labs(count)
        ),
    )  # fmt: skip
    (folder / "mine.sql").write_text(MAPPING, "utf-8")
    return made


def memory(folder: Path, path: Path) -> float:
    """The peak of a process of its own, in MB."""
    code = (
        "import sys, resource\n"
        "from healthsim_store import Store\n"
        "with Store(sys.argv[1]) as store:\n"
        "    store.import_data(sys.argv[2], scenario='s')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    words = [sys.executable, "-c", code, str(folder / "memory"), str(path)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    scale = begin(__doc__)
    count = 1_000_000 // scale
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        made = lay(folder, count)
        report(f"import of {count:,} rows of CSV: resident memory", memory(folder, made["csv"]),
               "MB", "< 300", "peak of a process of its own")  # fmt: skip
        rows = {"patients": people(), "lab_results": [*labs(count)]}
        store = Store(folder / "store")

        def reading(path: Path, **options: Any) -> Callable[[], object]:
            return lambda: store.import_data(path, scenario="made", **options)

        acts: dict[str, Callable[[], object]] = {
            "persist": lambda: store.persist(rows, scenario="made"),
            "csv": reading(made["csv"]),
            "gz": reading(made["gz"]),
            "mapped": reading(made["mapped"], format=str(folder / "mine.sql")),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in acts}
        for _ in range(ROUNDS):
            for name, act in acts.items():
                os.sync()
                gc.collect()
                cpu, clock = time.process_time(), time.perf_counter()
                act()
                took = time.process_time() - cpu, time.perf_counter() - clock
                times[name].append(took)
                for path in store.path.glob("made*.db"):
                    path.unlink()
        store.close()
        t = {name: statistics.median(cpu for cpu, _ in found) for name, found in times.items()}
        clock = ", ".join(f"{name} {min(c for _, c in found):.1f}" for name, found in times.items())
        detail = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in t.items())
        detail += f"; least by the clock {clock}"
        what = f"of {count:,} rows"
        report(f"rate of import of CSV : of persist {what}", t["persist"] / t["csv"], "x",
               ">= 0.7", detail)  # fmt: skip
        report(f"import of .csv.gz : of CSV, {what}", t["gz"] / t["csv"], "x", "<= 1.3", detail)
        report(f"rate of a mapped import : of persist {what}", t["persist"] / t["mapped"], "x",
               ">= 0.5", detail)  # fmt: skip


if __name__ == "__main__":
    main()
