"""Measure clone, merge and diff, against plain SQLite and against each other, in one run.

    python benchmarks/copying.py [--quick]

On 1,000,000 rows in 6 entity types. Needs healthsim-store and healthsim-store-patientsim.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from million import million
from run import Scratch, begin, medians, report, timed

from healthsim_store import Store

SOURCES = ("a", "b", "c")


def clone(store: Store, scratch: Scratch, rounds: int) -> None:
    source = store.find("million")

    def vacuum_into(target: Path) -> None:
        connection = sqlite3.connect(source)
        connection.execute("VACUUM INTO ?", (str(target),))
        connection.close()

    store.find(store.clone_scenario("million").scenario).unlink()  # imports what it needs
    times: dict[str, list[float]] = {"ours": [], "vacuum_into": []}
    for _ in range(rounds):
        # What one leaves to be written to the disk is not written on the time of the other.
        os.sync()
        times["ours"].append(timed(lambda: store.clone_scenario("million", new_name="clone")))
        store.find("clone").unlink()
        os.sync()
        target = scratch.new()
        times["vacuum_into"].append(timed(functools.partial(vacuum_into, target)))
        target.unlink()
    t = {name: statistics.median(values) for name, values in times.items()}
    report("clone, its proof included : VACUUM INTO", t["ours"] / t["vacuum_into"], "x", "<= 4.5",
           f"ours {t['ours']:.2f} s, VACUUM INTO {t['vacuum_into']:.2f} s")  # fmt: skip


class Bare:
    """The same rows, into the same empty tables with the same indexes, by INSERT..SELECT."""

    def __init__(self, store: Store, scratch: Scratch) -> None:
        self._paths = [store.find(name) for name in SOURCES]
        self._scratch = scratch

    def empty(self) -> sqlite3.Connection:
        target = sqlite3.connect(self._scratch.new(), isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
            target.execute(f"PRAGMA {pragma}")
        source = sqlite3.connect(self._paths[0])
        for (sql,) in source.execute(
            "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
            " AND substr(tbl_name, 1, 1) <> '_' ORDER BY rowid"
        ):
            target.execute(sql)
        self._names = [row[0] for row in source.execute("SELECT entity_type FROM _entity_types")]
        source.close()
        return target

    def fill(self, target: sqlite3.Connection) -> None:
        for path in self._paths:
            target.execute("ATTACH ? AS source", (str(path),))
            target.execute("BEGIN")
            for name in self._names:
                target.execute(f"INSERT INTO main.{name} SELECT * FROM source.{name}")
            target.execute("COMMIT")
            target.execute("DETACH source")
        target.close()


def merge(store: Store, scratch: Scratch, rounds: int) -> None:
    bare = Bare(store, scratch)
    times: dict[str, list[float]] = {"ours": [], "bare": []}

    def ours(**options: Any) -> None:
        store.merge_scenarios(SOURCES, new_name="merged", **options)

    for _ in range(rounds):
        target = bare.empty()
        os.sync()
        times["bare"].append(timed(functools.partial(bare.fill, target)))
        os.sync()
        times["ours"].append(timed(ours))
        store.find("merged").unlink()
    t = {name: statistics.median(values) for name, values in times.items()}
    report("merge of 3, its proof included : INSERT..SELECT", t["ours"] / t["bare"], "x", "<= 1.5",
           f"ours {t['ours']:.2f} s, INSERT..SELECT {t['bare']:.2f} s")  # fmt: skip
    ours()
    again = timed(lambda: store.merge_scenarios(["merged", "a"], dry_run=True))
    report("merge where every third entity conflicts : INSERT..SELECT", again / t["bare"], "x",
           "none", f"{again:.2f} s, once")  # fmt: skip


def diff(store: Store, rounds: int) -> None:
    store.clone_scenario("million", new_name="clone")
    t = medians(rounds, ours=lambda: store.diff_scenarios("million", "clone"))
    report("diff of a scenario and its clone", t["ours"], "s", "none", "every column of every row")


def merge_back(store: Store, rounds: int) -> None:
    """Of a clone of which 1,000 rows changed: a merge into its original, and one with a base."""
    for name, city in (("ours", "Newtown"), ("theirs", "Oldtown")):
        store.clone_scenario("million", new_name=name)
        first, last = (0, 1000) if name == "ours" else (1000, 2000)
        rows = f"rowid IN (SELECT rowid FROM patients ORDER BY rowid LIMIT {last} OFFSET {first})"
        store.update_entities(name, "patients", {"city": city}, where=rows)
    t = medians(rounds, diff=lambda: store.diff_scenarios("million", "ours"))

    def into(target: str) -> tuple[float, float]:
        """Once: from its undo on, the original has changed since it was copied."""
        os.sync()
        merge = functools.partial(store.merge_scenarios, ["ours"], into=target, base="million")
        return timed(merge), timed(lambda: store.undo(target))

    def told(what: str, seconds: float, more: str = "") -> None:
        report(f"{what} : diff of the two", seconds / t["diff"], "x", "none",
               f"merge {seconds:.2f} s, once; diff {t['diff']:.2f} s{more}")  # fmt: skip

    os.sync()
    three = functools.partial(
        store.merge_scenarios, ["ours", "theirs"], base="million", new_name="both"
    )
    told("three-way merge into a new scenario", timed(three))
    told("three-way merge into one of the two", into("theirs")[0])
    merged, undone = into("million")
    told("merge of a clone into its original", merged, f"; undo {undone:.2f} s")
    store.update_entities("million", "patients", {"city": "Hightown"}, where="rowid % 1000 = 0")
    told("the same, where the original changed since", into("million")[0])


def main() -> None:
    scale = begin(__doc__)
    rounds = 5
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store") as store:
        scratch = Scratch(Path(folder))
        store.persist(million(scale), scenario="million")
        for name in SOURCES:
            store.persist(million(3 * scale, name), scenario=name)
        time.sleep(0.5)
        clone(store, scratch, rounds)
        merge(store, scratch, rounds)
        diff(store, 3)
        merge_back(store, 3)


if __name__ == "__main__":
    main()
