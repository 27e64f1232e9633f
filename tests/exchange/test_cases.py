"""Small inputs that went wrong elsewhere, kept beside this project; skipped where they are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError
from healthsim_store.plugins import installed

CASES = Path(__file__).parents[2].parent / "shared" / "cases"

pytestmark = [
    pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside the project"),
]


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[Store]:
    pytest.importorskip("healthsim_store_patientsim")
    installed.cache_clear()
    with Store(tmp_path / "store") as made:
        yield made
    installed.cache_clear()


# What the file is; the options; the rows that are stored.
READ: list[tuple[str, dict[str, Any], int]] = [
    ("12-semicolon/patients.csv", {"delimiter": ";"}, 2),
    ("14-ddmmyyyy/patients.csv", {"date_format": "DD/MM/YYYY"}, 2),
    ("15-cp1252/patients.csv", {"encoding": "cp1252"}, 1),
    ("16-utf16le-bom/patients.csv", {}, 2),
    ("17-gz/patients.csv.gz", {}, 2),
    ("18-duplicate-header/patients.csv", {"ignore": ["city#2"]}, 1),
    ("22-trailing-comma/patients.csv", {}, 1),
    ("23-first-row-narrower/patients.csv", {"short_rows": "null"}, 2),
    ("24-envelope/patients.json", {"at": "data"}, 1),
    ("28-null-strings/patients.csv", {"null": ["NA", "NULL", "nan"]}, 2),
    ("29-pandas-index/patients.csv", {}, 2),
    ("31-excel-serial/patients.csv", {"date_format": "excel"}, 1),
    ("33-us-date/patients.csv", {"date_format": "MM/DD/YYYY"}, 1),
    ("36-pipe/patients.csv", {"delimiter": "|"}, 2),
    ("36-pipe/patients.psv", {}, 2),
    ("36-pipe/patients.txt", {"format": "csv"}, 2),
    ("37-sep-line/patients.csv", {}, 2),
    ("38-comment-line/patients.csv", {"skip_lines": 1}, 2),
    ("38-comment-line/patients.csv", {"comment": "#"}, 2),
    ("47-concatenated-json/patients.json", {}, 2),
    ("48-split-files", {}, 3),
    ("53-ragged-tail/patients.csv", {}, 2),
    ("54-footer-total/patients.csv", {"skip_footer": 1}, 2),
    ("80-parquet/part", {}, 2),
    ("80-parquet/spark", {}, 2),
    ("80-parquet/spark/patients.parquet", {}, 2),
    ("80-parquet/pandas-index/patients.parquet", {}, 2),
    ("80-parquet/float-zip/patients.parquet", {"whole_numbers": True}, 2),
    ("82-xlsx/patients.xlsx", {}, 2),
]


@pytest.mark.parametrize(("name", "options", "rows"), READ)
def test_is_read(own_store: Store, name: str, options: dict[str, Any], rows: int) -> None:
    result = own_store.import_data(CASES / name, scenario="s", **options)
    assert result.rows == rows
    assert result.persisted.inserted == {"patients": rows}
    assert own_store.query_scenario("s", "SELECT * FROM patients").total == rows


# What the file is, and what its error says without an option.
REFUSED = [
    ("12-semicolon/patients.csv", 'delimiter=";"'),
    ("14-ddmmyyyy/patients.csv", 'date_format="DD/MM/YYYY"'),
    ("15-cp1252/patients.csv", 'encoding="cp1252"'),
    ("18-duplicate-header/patients.csv", 'ignore="city#2"'),
    ("23-first-row-narrower/patients.csv", 'short_rows="null"'),
    ("24-envelope/patients.json", 'at="data"'),
    ("24-envelope/patients-data-only.json", 'at="data"'),
    ("28-null-strings/patients.csv", 'null="NA"'),
    ("31-excel-serial/patients.csv", 'date_format="excel"'),
    ("33-us-date/patients.csv", "only you know"),
    ("36-pipe/patients.csv", 'delimiter="|"'),
    ("38-comment-line/patients.csv", "skip_lines"),
    ("40-nul-byte/patients.csv", "(patients.csv, line 2), given_name"),
    ("48b-dup-key-json/patients.json", "'mrn' is there twice"),
    ("54-footer-total/patients.csv", "skip_footer"),
    ("80-parquet/float-zip/patients.parquet", "whole_numbers=True"),
    ("80-parquet/binary/patients.parquet", "must be text"),
]


@pytest.mark.parametrize(("name", "said"), REFUSED)
def test_is_refused_with_a_way_on(own_store: Store, name: str, said: str) -> None:
    with pytest.raises(HealthsimStoreError) as caught:
        own_store.import_data(CASES / name, scenario="s")
    assert said in str(caught.value)
    assert own_store.names() == []


SYNTHEA = [
    ("61-synthea-dup-provider", "Id 'd1' is there twice: providers.csv, line 2"),
    ("63-synthea-dup-encounter", "(encounters.csv, line 4), encounter_id 'e1'"),
    ("64-synthea-dup-claim", "(claims.csv, line 4), claim_id 'c1'"),
    ("66-synthea-no-encounters", "encounters.csv is not in the folder, and conditions.csv refers"),
    ("73-synthea-appended-run", "patients.csv, line 2 and patients.csv, line 4"),
    ("74-synthea-orphan", 'orphans="skip"'),
]


@pytest.mark.parametrize(("name", "said"), SYNTHEA)
def test_a_synthea_folder_is_refused(own_store: Store, name: str, said: str) -> None:
    pytest.importorskip("healthsim_store_membersim")
    with pytest.raises(HealthsimStoreError) as caught:
        own_store.import_data(CASES / name / "csv", format="synthea", scenario="s")
    assert said in str(caught.value)
    assert own_store.names() == []


def test_a_zip_of_synthea_is_as_its_folder(own_store: Store) -> None:
    pytest.importorskip("healthsim_store_membersim")
    archive = CASES / "98-synthea-zip" / "synthea.zip"
    result = own_store.import_data(archive, format="synthea", scenario="s")
    assert result.persisted.inserted["patients"] == 2


def test_orphans_are_counted(own_store: Store, tmp_path: Path) -> None:
    pytest.importorskip("healthsim_store_membersim")
    rejects = tmp_path / "rejects.csv"
    result = own_store.import_data(
        CASES / "74-synthea-orphan" / "csv",
        format="synthea",
        scenario="s",
        orphans="skip",
        rejects=rejects,
    )
    assert result.persisted.left_out == {"diagnoses": 1}
    assert "conditions.csv,4,diagnoses,patient_id,p9," in rejects.read_text("utf-8")
