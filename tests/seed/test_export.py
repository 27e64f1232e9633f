"""Examples 11 and 12 of the conversation: the merged training data, as CSV and as Parquet."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from forks import command

from healthsim_store import Store
from healthsim_store.base.text import size
from healthsim_store.plugins import installed

NAME = "merged-training-20241227"
# Of the seed's table: File and Rows
ROWS = {"patients": 345, "encounters": 1015, "diagnoses": 892, "lab_results": 2060,
        "medications": 1240}  # fmt: skip

if "copd" not in installed().find("profiles"):
    pytest.skip("PatientSim is not installed", allow_module_level=True)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    installed.cache_clear()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(tmp_path / "Downloads"))
    monkeypatch.setenv("HEALTHSIM_STORE_DIR", str(tmp_path / "store"))
    with Store(tmp_path / "store") as made:
        for profile in ("diabetes-cohort", "heart-failure", "copd"):
            made.generate_scenario(profile, seed=2024, into=profile)
        made.merge_scenarios(["diabetes-cohort", "heart-failure", "copd"], new_name=NAME)
        yield made


def cli(*arguments: str) -> str:
    done = command(*arguments, environment=os.environ)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def rows_of(table: str) -> dict[str, tuple[int, str]]:
    """The reply's table: rows and size by file."""
    found = re.findall(r"^\| (\S+\.\w+) \| ([\d,]+) \| ([\d.]+ \w+) \|$", table, re.MULTILINE)
    return {name: (int(rows.replace(",", "")), told) for name, rows, told in found}


def test_11_csv_for_analysis_in_python(store: Store, tmp_path: Path) -> None:
    printed = cli("export", "merged training", "--format", "csv")
    folder = tmp_path / "Downloads" / NAME
    assert printed.startswith(f'**Exported "{NAME}" to CSV**\n\n| File | Rows | Size |\n')
    told = rows_of(printed)
    for name, count in ROWS.items():
        bytes_ = (folder / f"{name}.csv").stat().st_size
        assert told[f"{name}.csv"] == (count, size(bytes_))
    assert told.keys() == {path.name for path in folder.glob("*.csv")}
    assert f"**Location**: `~/Downloads/{NAME}/`" in printed
    total = sum(path.stat().st_size for path in folder.glob("*.csv"))
    assert f"**Total Size**: {size(total)}\n" in printed
    lines = [
        "import pandas as pd",
        f"patients = pd.read_csv('~/Downloads/{NAME}/patients.csv')",
        f"encounters = pd.read_csv('~/Downloads/{NAME}/encounters.csv')",
        'print(f"Loaded {len(patients)} patients and {len(encounters)} encounters")',
    ]
    for line in lines:
        assert line in printed.splitlines()
    done = subprocess.run(
        [sys.executable, "-c", printed.split("```")[1].removeprefix("python")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "Loaded 345 patients and 1015 encounters\n"
    with (folder / "patients.csv").open(newline="") as file:
        found = [(row["mrn"], row["postal_code"]) for row in csv.DictReader(file)]
    with contextlib.closing(sqlite3.connect(store.find(NAME))) as connection:
        sql = "SELECT mrn, postal_code FROM patients ORDER BY rowid"
        assert found == connection.execute(sql).fetchall()


def test_12_parquet_for_databricks(store: Store, tmp_path: Path) -> None:
    as_csv = store.export_scenario("merged", format="csv")
    printed = cli("export", "merged training", "--format", "parquet")
    folder = tmp_path / "Downloads" / f"{NAME}-parquet"
    assert printed.startswith(f'**Exported "{NAME}" to Parquet**')
    told = rows_of(printed)
    for name, count in ROWS.items():
        bytes_ = (folder / f"{name}.parquet").stat().st_size
        assert told[f"{name}.parquet"] == (count, size(bytes_))
    assert told.keys() == {path.name for path in folder.glob("*.parquet")}
    assert f"**Location**: `~/Downloads/{NAME}-parquet/`" in printed
    total = sum(path.stat().st_size for path in folder.glob("*.parquet"))
    percent = round(100 * (1 - total / as_csv.bytes))
    assert percent > 50
    assert f"**Total Size**: {size(total)} ({percent}% smaller than CSV!)" in printed
    lake = f"dbfs:/FileStore/healthsim/{NAME}-parquet"
    for line in (
        f"    '{folder.as_uri()}/',",
        f"    '{lake}/',",
        f"patients = spark.read.parquet('{lake}/patients.parquet')",
        "patients.display()",
        "CREATE TABLE healthsim.patients",
        "USING PARQUET",
        f"LOCATION '{lake}/patients.parquet';",
    ):
        assert line in printed.splitlines()
    patients = pd.read_parquet(folder / "patients.parquet")
    assert len(patients) == 345
    assert patients["postal_code"].str.fullmatch("9[0-6][0-9]{3}").all()  # text, as it was
    with contextlib.closing(sqlite3.connect(store.find(NAME))) as connection:
        ((women,),) = connection.execute("SELECT count(*) FROM patients WHERE gender = 'F'")
    assert (patients["gender"] == "F").sum() == women
