"""A file of TrialSim 0.1.0 follows: what the migrations change, and what stays as it was."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import DeclarationError
from healthsim_store.plugins import installed
from healthsim_store.storage.releases import Release

RELEASED = Path(__file__).parent / "released" / "0.1.0"

SUBJECT = {"study_id": "T", "site_id": "S", "arm_id": "A", "consent_date": "2024-01-02"}

ROWS: dict[str, list[dict[str, Any]]] = {
    "studies": [
        {"study_id": "T", "protocol_number": "TRI-1", "phase": "2", "indication": "Asthma"},
        {"study_id": "U", "protocol_number": "UNO-1", "phase": "1", "indication": "COPD"},
    ],
    "sites": [{"site_id": "S", "study_id": "T", "site_number": "07", "country": "FIN"}],
    "treatment_arms": [
        {"arm_id": "A", "study_id": "T", "arm_code": "ACT", "arm_name": "Active"}
    ],
    "subjects": [
        SUBJECT | {"subject_id": "1", "usubjid": "TRI-1-07-001", "sex": "UNDIFFERENTIATED",
                   "first_dose_date": "2024-02-01", "age": 41},
        SUBJECT | {"subject_id": "2", "usubjid": "TRI-1-07-", "sex": "F"},
        SUBJECT | {"subject_id": "3", "usubjid": "TRI-1-7-003", "sex": "U"},
        SUBJECT | {"subject_id": "4", "usubjid": "TRI-1-007-4"},
    ],
    "adverse_events": [
        {"adverse_event_id": "a", "subject_id": "1", "aeterm": "Rash", "aestdtc": "2024-02-03",
         "aerel": "RELATED", "aeout": "FATAL", "aeser": "Y", "aeendtc": "2024-02-03"},
        {"adverse_event_id": "b", "subject_id": "1", "aeterm": "Cough", "aestdtc": "2024-02-04",
         "aeser": "Y"},
    ],
    "exposures": [
        {"exposure_id": n, "subject_id": "1", "extrt": "X", "exstdtc": "2024-02-01",
         "exdosfrq": often}
        for n, often in (("e1", "Q3W"), ("e2", "q2w"), ("e3", "BID"), ("e4", None))
    ],
}  # fmt: skip


def make_old(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Path:
    """A file of the version 0.1.0, in a store of its own."""
    installed.cache_clear()
    (folder / "store").mkdir()
    schema = (RELEASED / "schema.sql").read_text("utf-8")
    file = folder / "store" / "old.db"
    Release("0.1.0", schema, {}, rows).make_file(file, "trialsim")
    return file


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store with a file of the version 0.1.0."""
    return make_old(tmp_path, ROWS).parent


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def test_the_released_version_is_as_it_was() -> None:
    """It has the terms that the migrations rename, so they were not put into it afterwards."""
    schema = (RELEASED / "schema.sql").read_text("utf-8")
    assert "UNDIFFERENTIATED" in schema
    assert "actual_arm_id" not in schema
    assert json.loads((RELEASED / "migrations.json").read_text("utf-8")) == {}


def test_an_old_file_follows(old: Path) -> None:
    file = old / "old.db"
    tables = [name for (name,) in rows(file, "SELECT entity_type FROM _entity_types")]
    before = {name: rows(file, f"SELECT count(*) FROM {name}")[0][0] for name in tables}
    with Store(old) as store:
        (upgraded,) = store.upgrade_scenario("old")
        assert upgraded.migrations == [
            "intersex", "frequencies", "subject_numbers", "actual_arms", "fatal_events",
        ]  # fmt: skip
        assert store.check_scenario("old").ok
        assert store.upgrade_scenario("old")[0].changes == []
    after = {name: rows(file, f"SELECT count(*) FROM {name}")[0][0] for name in tables}
    assert before == after == {name: len(ROWS.get(name, [])) for name in tables}
    assert rows(
        file, "SELECT sex, subject_number, actual_arm_id, age, age_unit FROM subjects ORDER BY 1"
    ) == [
        (None, None, None, None, "YEARS"),
        ("F", None, None, None, "YEARS"),
        ("INTERSEX", "001", "A", 41, "YEARS"),
        ("U", None, None, None, "YEARS"),
    ]
    assert rows(file, "SELECT exdosfrq FROM exposures ORDER BY exposure_id") == [
        ("EVERY 3 WEEKS",), ("EVERY 2 WEEKS",), ("BID",), (None,),
    ]  # fmt: skip
    assert rows(file, "SELECT aerel, aestdtc, aesdth FROM adverse_events ORDER BY 2") == [
        ("RELATED", "2024-02-03", "Y"), (None, "2024-02-04", None),
    ]  # fmt: skip


def test_an_upgraded_file_takes_days_that_are_known_in_part(old: Path) -> None:
    with Store(old) as store:
        store.upgrade_scenario("old")
        event = {"usubjid": "TRI-1-07-001", "term": "Fever", "start_date": "2024-02"}
        store.persist({"adverse_events": [event]}, scenario="old")
    assert rows(old / "old.db", "SELECT max(aestdtc), count(*) FROM adverse_events") == [
        ("2024-02-04", 3)
    ]


def test_an_old_file_is_written_as_sdtm_after_an_upgrade(tmp_path: Path) -> None:
    file = make_old(tmp_path, ROWS | {"studies": ROWS["studies"][:1]})
    with Store(file.parent) as store:
        with pytest.raises(DeclarationError, match="no such column: ") as caught:
            store.export_scenario("old", format="sdtm", to=tmp_path / "out")
        told = 'of an older version of its product, upgrade_scenario("old") adds what is new.'
        assert caught.value.hint == f"If old is {told}"
        store.upgrade_scenario("old")
        made = store.export_scenario("old", format="sdtm", to=tmp_path / "out")
    written = {account.name: account.rows for account in made.datasets if account.rows}
    assert written == {"AE": 2, "DM": 4, "DS": 4, "EX": 4, "TS": 7}
