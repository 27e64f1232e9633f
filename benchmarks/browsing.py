"""Measure `serve`: the list of 200 scenarios, the first page of a million rows, the page of a
scenario of a million whose statistics nobody has asked for yet.

    python benchmarks/browsing.py [--quick]

Needs the three products, and the tests' helpers beside it.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from million import million
from run import begin, medians, report

from healthsim_store import Store

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browse"))
from browsing import serving


def main() -> None:
    scale = begin(__doc__)
    scenarios, rows = 200 // scale, 1_000_000 // scale
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        with Store(folder) as store:
            store.generate_scenario("diabetes-cohort", seed=1, into="s0")
            store.persist(million(scale), scenario="million")
        for number in range(1, scenarios - 1):
            shutil.copy(folder / "s0.db", folder / f"s{number}.db")
        with contextlib.closing(sqlite3.connect(folder / "s7.db")) as large, large:
            large.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                " INSERT INTO lab_results (lab_result_id, patient_id, test_name, value,"
                " collected_time) SELECT 'x' || i, (SELECT patient_id FROM patients LIMIT 1), 'T',"
                " i, '2025-01-01T08:00:00' FROM n",
                (rows,),
            )
        with serving(folder, path=Path(name)) as served:
            for path in ("/", "/s7/lab_results"):
                assert served.get(path).status == 200
            numbers = itertools.count()

            def changed(path: str) -> None:
                """A page of what has just changed, so that nothing is remembered of it."""
                with contextlib.closing(sqlite3.connect(folder / "million.db")) as large, large:
                    large.execute("UPDATE _scenario SET description = ?", (f"{next(numbers)}",))
                assert served.get(path).status == 200

            t = medians(
                15,
                index=lambda: served.get("/"),
                table=lambda: served.get("/s7/lab_results"),
            )
            t |= medians(
                5,
                scenario=lambda: changed("/million"),
                statistics=lambda: changed("/million/-/statistics"),
            )
    report(f"list of {scenarios} scenarios, warm", t["index"] * 1e3, "ms", "< 300", "over HTTP")
    report(f"first page of {rows:,} rows", t["table"] * 1e3, "ms", "< 500", "over HTTP")
    report(
        f"page of a scenario of {rows:,} rows that has just changed",
        t["scenario"] * 1e3, "ms", "< 500",
        f"its statistics, which come after it, {t['statistics'] * 1e3:.0f} ms",
    )  # fmt: skip


if __name__ == "__main__":
    main()
