"""Examples 11 and 12 of the conversation: the merged training data, as CSV and as Parquet."""

from __future__ import annotations

import contextlib
import csv
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from healthsim_store import Store
from healthsim_store.plugins import installed
from healthsim_store.sizes import size

NAME = "merged-training-20241227"
# Of the seed's table, File and Rows; the files come parents first.
ROWS = {"patients": 345, "encounters": 1015, "diagnoses": 892, "lab_results": 2060,
        "medications": 1240}  # fmt: skip

if "patientsim" not in installed().declarations:
    pytest.skip("PatientSim is not installed", allow_module_level=True)


def merged() -> dict[str, list[dict[str, Any]]]:
    def many(entity_type: str) -> Iterator[tuple[int, dict[str, Any]]]:
        for n in range(ROWS[entity_type]):
            yield n, {"patient_mrn": f"MRN{n % 345:05}"}

    return {
        "patients": [
            {"mrn": f"MRN{n:05}", "given_name": "Ana", "family_name": f"Lee-{n}",
             "gender": "FM"[n % 2], "birth_date": f"19{n % 60 + 30}-04-0{n % 9 + 1}",
             "postal_code": f"0{n % 9000:04}"}
            for n in range(345)
        ],
        "encounters": [
            row | {"encounter_id": f"e{n}", "class_code": "AMB",
                   "admission_time": f"2024-03-{n % 28 + 1:02}T09:00:00"}
            for n, row in many("encounters")
        ],
        "diagnoses": [
            row | {"code": "E11.9", "description": "Type 2 diabetes mellitus, w/o complications",
                   "diagnosed_date": "2024-03-01", "diagnosis_type": "principal"}
            for n, row in many("diagnoses")
        ],
        "lab_results": [
            row | {"test_name": "Hemoglobin A1c", "loinc_code": "4548-4", "value": f"{5 + n / 500}",
                   "value_numeric": 5 + n / 500, "unit": "%",
                   "collected_time": "2024-02-15T08:00:00"}
            for n, row in many("lab_results")
        ],
        "medications": [
            row | {"name": "Metformin 500 MG", "start_date": "2024-01-01"}
            for n, row in many("medications")
        ],
    }  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    installed.cache_clear()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(tmp_path / "Downloads"))
    monkeypatch.setenv("HEALTHSIM_STORE_DIR", str(tmp_path / "store"))
    with Store(tmp_path / "store") as made:
        made.persist(merged(), scenario=NAME, tags=["training"])
        yield made


def cli(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "healthsim_store", *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
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
    assert rows_of(printed) == {
        f"{name}.csv": (count, size((folder / f"{name}.csv").stat().st_size))
        for name, count in ROWS.items()
    }
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
    assert rows_of(printed) == {
        f"{name}.parquet": (count, size((folder / f"{name}.parquet").stat().st_size))
        for name, count in ROWS.items()
    }
    assert f"**Location**: `~/Downloads/{NAME}-parquet/`" in printed
    total = sum(path.stat().st_size for path in folder.glob("*.parquet"))
    percent = round(100 * (1 - total / as_csv.bytes))
    assert percent > 50
    assert f"**Total Size**: {size(total)} ({percent}% smaller than CSV!)" in printed
    lake = f"dbfs:/FileStore/healthsim/{NAME}-parquet"
    for line in (
        f"dbutils.fs.cp('{folder.as_uri()}/', '{lake}/', recurse=True)",
        f"patients = spark.read.parquet('{lake}/patients.parquet')",
        "patients.display()",
        "CREATE TABLE healthsim.patients",
        "USING PARQUET",
        f"LOCATION '{lake}/patients.parquet';",
    ):
        assert line in printed.splitlines()
    patients = pd.read_parquet(folder / "patients.parquet")
    assert len(patients) == 345
    assert patients["postal_code"].str.startswith("0").all()
    assert (patients["gender"] == "F").sum() == 173
