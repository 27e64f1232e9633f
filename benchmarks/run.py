"""Measure healthsim-store against plain SQLite, in one run.

    python benchmarks/run.py [--quick]

Every figure is a ratio of medians of the same run, or is told with its unit; absolute times are
only there to judge the ratios by. Needs healthsim-store and healthsim-store-patientsim.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlite_utils

from healthsim_store import Store
from healthsim_store.plugins import installed
from healthsim_store.schema.ddl import create_statements

COLUMNS = (
    "patient_id mrn given_name family_name birth_date gender race ethnicity city state county"
    " postal_code country language marital_status deceased address_line phone email person_id"
).split()


def patient(n: int) -> dict[str, Any]:
    """A row of patients in 20 columns."""
    values = (
        f"p{n:09}", f"MRN{n:09}", f"Given{n % 997}", f"Family{n % 1499}",
        f"19{n % 90 + 10}-{n % 12 + 1:02}-{n % 28 + 1:02}", "MF"[n % 2],
        ("White", "Black", "Asian")[n % 3], "Not Hispanic or Latino", f"City{n % 50}", "CA",
        f"County{n % 20}", f"{90000 + n % 2000}", "US", "en", "married", n % 50 == 0,
        f"{n % 9000} Main Street", f"555-01{n % 100:02}", f"p{n}@example.com", f"person{n:09}",
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def labs(count: int, patients: int = 1000) -> Iterator[dict[str, Any]]:
    for n in range(count):
        yield {
            "patient_id": f"p{n % patients:09}",
            "test_name": "Hemoglobin A1c", "loinc_code": "4548-4",
            "value": f"{5 + n % 70 / 10:.1f}", "value_numeric": 5 + n % 70 / 10, "unit": "%",
            "collected_time": f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}T08:30:00",
        }  # fmt: skip


class Scratch:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    def new(self) -> Path:
        self._number += 1
        return self._folder / f"{self._number}"


def timed(action: Callable[[], Any]) -> float:
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def medians(rounds: int, **actions: Callable[[], Any]) -> dict[str, float]:
    """The median time of each action; the actions take turns, so that noise is shared."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            times[name].append(timed(action))
    return {name: statistics.median(values) for name, values in times.items()}


def patients_table(path: Path) -> sqlite3.Connection:
    """An empty patients table, with the same checks and indexes as persist makes."""
    connection = sqlite3.connect(path, isolation_level=None)
    declaration = installed().declarations["patientsim"]
    (patients,) = [e for e in declaration.entity_types if e.name == "patients"]
    indexes = [extra.sql for extra in declaration.extras if extra.kind == "INDEX"]
    for statement in [*create_statements(patients), *indexes]:
        connection.execute(statement)
    return connection


def report(name: str, value: float, unit: str, goal: str, detail: str) -> None:
    print(f"| {name} | {value:.2f} {unit} | {goal} | {detail} |", flush=True)


def persist(scratch: Scratch, count: int, rounds: int) -> None:
    rows = [patient(n) for n in range(count)]
    insert = (
        f"INSERT INTO patients ({', '.join(COLUMNS)}) VALUES"
        f" ({', '.join(':' + name for name in COLUMNS)})"
    )

    def ours() -> None:
        with Store(scratch.new()) as store:
            store.persist({"patients": rows}, scenario="s")

    def executemany() -> None:
        with contextlib.closing(patients_table(scratch.new())) as connection:
            connection.execute("BEGIN")
            connection.executemany(insert, rows)
            connection.execute("COMMIT")

    def insert_all() -> None:
        with contextlib.closing(patients_table(scratch.new())) as connection:
            database = sqlite_utils.Database(connection)
            with database.atomic():
                database["patients"].insert_all(rows)

    t = medians(rounds, ours=ours, executemany=executemany, insert_all=insert_all)
    detail = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in t.items())
    what = f"persist of {count:,} dicts in 20 columns"
    report(f"{what} : executemany", t["ours"] / t["executemany"], "x", "<= 1.3", detail)
    report(f"sqlite-utils insert_all : {what}", t["insert_all"] / t["ours"], "x", ">= 2", detail)


def bounded_memory(count: int) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import resource, tempfile, run\n"
        "from healthsim_store import Store\n"
        "with tempfile.TemporaryDirectory() as folder, Store(folder) as store:\n"
        "    people = (run.patient(n) for n in range(1000))\n"
        "    store.persist({'patients': people, 'lab_results': run.labs(int(sys.argv[2]))})\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    here = str(Path(__file__).parent)
    answer = subprocess.run(
        [sys.executable, "-c", code, here, str(count)], check=True, capture_output=True, text=True
    )
    report(f"resident memory, {count:,} rows from an iterator", float(answer.stdout), "MB",
           "< 200", "peak of a process of its own")  # fmt: skip


def reading(store: Store, count: int, rounds: int) -> None:
    sql = "SELECT patient_id, count(*) FROM lab_results WHERE patient_id < 'p000000050' GROUP BY 1"
    small = "SELECT given_name, birth_date FROM patients WHERE mrn = 'MRN000000500'"
    bare = sqlite3.connect(f"file:{store.path}/big.db?mode=ro", uri=True)
    named = 'SELECT "given_name", "birth_date" FROM "patients" WHERE "mrn" = \'MRN000000500\''
    asked = {"a lookup": small, "a lookup with names in quotes": named, "an aggregate": sql}
    for name, question in asked.items():
        t = medians(
            rounds * 20,
            ours=lambda q=question: store.query_scenario("big", q, limit=100).rows,
            bare=lambda q=question: bare.execute(q).fetchall(),
        )
        report(f"warm query, {name}: over a bare connection", (t["ours"] - t["bare"]) * 1e3, "ms",
               "<= 1", f"ours {t['ours'] * 1e3:.2f} ms, bare {t['bare'] * 1e3:.2f} ms")  # fmt: skip
    bare.close()
    time.sleep(0.2)
    first = timed(lambda: store.get_summary("big", samples=3))
    t = medians(rounds * 5, again=lambda: store.get_summary("big", samples=3).to_markdown())
    report(f"summary of an unchanged scenario of {count:,} rows", t["again"] * 1e3, "ms", "<= 20",
           f"the first time {first:.2f} s")  # fmt: skip


def cards(scratch: Scratch, count: int, rounds: int) -> None:
    """Nine labs a patient, in a large and in a small scenario."""

    def scenario(store: Store, name: str, rows: int) -> None:
        people = rows // 10
        batch = {
            "patients": (patient(n) for n in range(people)),
            "lab_results": labs(rows - people, people),
        }
        store.persist(batch, scenario=name)

    page = "SELECT * FROM patient_cards WHERE patient_id >= 'p000000500'"
    with Store(scratch.new()) as store:
        scenario(store, "large", count)
        scenario(store, "small", count // 100)
        for what, ask in (
            ("3 cards of patients", lambda name: store.get_samples(name, "patients")),
            ("a page of 20 cards, by SQL", lambda name: store.query_scenario(name, page).rows),
        ):
            t = medians(rounds * 10, large=lambda a=ask: a("large"), small=lambda a=ask: a("small"))
            detail = f"{t['large'] * 1e3:.1f} ms, {t['small'] * 1e3:.1f} ms"
            name = f"{what}: {count:,} rows against {count // 100:,}"
            report(name, t["large"] / t["small"], "x", "<= 2", detail)


def small_batch(store: Store, scratch: Scratch, rounds: int) -> None:
    number = iter(range(10_000_000, 99_999_999))

    def batch() -> list[dict[str, Any]]:
        return [patient(next(number)) for _ in range(50)]

    def into_empty() -> Callable[[], Any]:
        other = Store(scratch.new())
        other.persist({"patients": [patient(1)]}, scenario="small")
        return lambda: other.persist({"patients": batch()}, scenario="small")

    empty = into_empty()
    t = medians(
        rounds * 3,
        big=lambda: store.persist({"patients": batch()}, scenario="big"),
        small=empty,
    )
    report("persist of 50 rows: into 1,000,000 against into an empty one", t["big"] / t["small"],
           "x", "<= 10", f"{t['big'] * 1e3:.0f} ms, {t['small'] * 1e3:.0f} ms")  # fmt: skip


def start_up(rounds: int) -> None:
    scripts = Path(sys.executable).parent

    def command(name: str) -> Callable[[], Any]:
        return lambda: subprocess.run(
            [scripts / name, "--help"], check=True, stdout=subprocess.DEVNULL
        )

    t = medians(rounds * 3, ours=command("healthsim-store"), other=command("sqlite-utils"))
    report("healthsim-store --help : sqlite-utils --help", t["ours"] / t["other"], "x", "<= 1",
           f"{t['ours'] * 1e3:.0f} ms, {t['other'] * 1e3:.0f} ms")  # fmt: skip


def listing(scratch: Scratch, count: int, rounds: int) -> None:
    folder = scratch.new()
    with Store(folder) as store:
        store.persist({"patients": [patient(n) for n in range(50)]}, scenario="s0")
        for n in range(1, count):
            shutil.copyfile(folder / "s0.db", folder / f"s{n}.db")
        time.sleep(0.2)
        first = timed(store.list_scenarios)
        t = medians(rounds, again=store.list_scenarios)
    report(f"list of {count:,} scenarios", t["again"], "s", "< 1",
           f"the first time, each file opened, {first:.2f} s")  # fmt: skip


def begin(what: str | None) -> int:
    """Read the command line and print the head of the report; by how much to scale down."""
    parser = argparse.ArgumentParser(
        description=what, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, to try it")
    scale = 10 if parser.parse_args().quick else 1
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
          f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores\n")  # fmt: skip
    print("| what | measured | goal | medians |\n|---|---|---|---|")
    return scale


def main() -> None:
    scale = begin(__doc__)
    rounds = 5
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder))
        bounded_memory(1_000_000 // scale)  # first: a child's peak counts from its parent's size
        persist(scratch, 100_000 // scale, rounds)
        count = 1_000_000 // scale
        with Store(scratch.new()) as store:
            people = (patient(n) for n in range(1000))
            store.persist({"patients": people, "lab_results": labs(count)}, scenario="big")
            reading(store, count, rounds)
            small_batch(store, scratch, rounds)
        cards(scratch, count, rounds)
        start_up(rounds)
        listing(scratch, 2000 // scale, rounds)


if __name__ == "__main__":
    main()
