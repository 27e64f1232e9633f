"""Measure update, remove and undo against plain SQLite with the same checks, in one run.

    python benchmarks/changing.py [--quick]

On 1,000,000 rows in 6 entity types. Needs healthsim-store and healthsim-store-patientsim.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from million import million
from run import begin, report, timed

from healthsim_store import Store

CHILDREN = ("vital_signs", "medications", "lab_results", "diagnoses", "encounters")


def bare(path: Path, act: Callable[[sqlite3.Connection], object]) -> Callable[[], None]:
    """Do something by plain SQLite, in one transaction, with foreign keys enforced."""

    def run() -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32768")
        connection.execute("BEGIN IMMEDIATE")
        act(connection)
        connection.execute("COMMIT")
        connection.close()

    return run


def median(times: list[float]) -> float:
    return statistics.median(times)


def main() -> None:
    scale = begin(__doc__)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store") as store:
        store.persist(million(scale), scenario="million")
        plain = Path(folder) / "plain.db"
        shutil.copy(store.find("million"), plain)
        with sqlite3.connect(plain) as connection:
            labs = connection.execute(
                "SELECT lab_result_id FROM lab_results WHERE rowid % ? = 0 LIMIT 1000",
                (397 // scale or 1,),
            ).fetchall()
        connection.close()
        ids = [key for (key,) in labs]
        rows = [{"lab_result_id": key, "value_numeric": 7.5, "unit": "g"} for key in ids]
        listed = ", ".join(f"'{key}'" for key in ids)
        times: dict[str, list[float]] = {
            name: [] for name in ("batch", "verb", "undo", "bare", "remove", "bring", "deletes")
        }

        def update(connection: sqlite3.Connection) -> None:
            # Another value each time: SQLite does not write a page that stays the same.
            value = 7.5 + len(times["bare"])
            connection.executemany(
                "UPDATE lab_results SET value_numeric = ?, unit = ? WHERE lab_result_id = ?",
                [(value, "g", key) for key in ids],
            )

        def delete(connection: sqlite3.Connection) -> None:
            chosen = "SELECT patient_id FROM patients WHERE rowid % 100 = 0"
            for table in (*CHILDREN, "patients"):
                connection.execute(f"DELETE FROM {table} WHERE patient_id IN ({chosen})")

        def turned(name: str, act: Callable[[], object]) -> None:
            os.sync()  # what one leaves to be written is not written on the time of the next
            times[name].append(timed(act))

        for _ in range(5):
            turned("bare", bare(plain, update))
            turned("batch", lambda: store.persist({"lab_results": rows}, scenario="million",
                                                  on_conflict="update"))  # fmt: skip
            turned("undo", lambda: store.undo("million"))
            turned("verb", lambda: store.update_entities(
                "million", "lab_results", {"value_numeric": 7.5, "unit": "g"},
                where=f"lab_result_id IN ({listed})",
            ))  # fmt: skip
            store.undo("million")
        for _ in range(3):
            copy = Path(folder) / "copy.db"
            shutil.copy(plain, copy)
            turned("deletes", bare(copy, delete))
            turned("remove", lambda: store.remove_entities(
                "million", "patients", where="rowid % 100 = 0", with_children=True
            ))  # fmt: skip
            turned("bring", lambda: store.undo("million"))
        t = {name: median(found) for name, found in times.items()}
        for name, ours, theirs, goal in (
            ("update of 1,000 rows by key, as a batch : bare UPDATE", "batch", "bare", "<= 3"),
            ("update of 1,000 rows by a condition : bare UPDATE", "verb", "bare", "<= 3"),
            ("undo of it : bare UPDATE", "undo", "bare", "<= 2"),
            ("remove 1 % of patients with children : bare DELETEs", "remove", "deletes", "<= 3"),
            ("undo of it : bare DELETEs", "bring", "deletes", ""),
        ):
            report(name, t[ours] / t[theirs], "x", goal,
                   f"ours {t[ours] * 1000:.0f} ms, bare {t[theirs] * 1000:.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
