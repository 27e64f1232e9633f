"""SDTM of a trial whose datasets were worked out by hand, and of a generated one."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import NotConformant
from healthsim_store.testing import StandardTests

IN_STUDY = {"protocol_number": "ONCO-2024-001"}

#: Two who were treated, one of whom dies; one who fails the screening, and one who is not treated.
ROWS: dict[str, list[dict[str, Any]]] = {
    "studies": [IN_STUDY | {"study_id": "ONCO", "phase": "III", "indication": "NSCLC"}],
    "sites": [IN_STUDY | {"site_number": "01", "country": "FRA", "investigator": "Dr. Roy"}],
    "treatment_arms": [
        IN_STUDY | {"arm_code": "ACTIVE", "arm_name": "Active"},
        IN_STUDY | {"arm_code": "SOC", "arm_name": "Standard of care"},
    ],
    "subjects": [
        IN_STUDY | {"site_number": "01", "usubjid": f"ONCO-2024-001-01-{number}", **fields}
        for number, fields in {
            "1": {"arm_code": "ACTIVE", "status": "discontinued", "sex": "F", "age": 61,
                  "consent_date": "2024-01-02", "randomization_date": "2024-01-09",
                  "first_dose_date": "2024-01-10", "last_dose_date": "2024-02-01",
                  "death_date": "2024-02-05", "race": "white"},
            "2": {"arm_code": "SOC", "status": "completed", "sex": "UNDIFFERENTIATED",
                  "country": "USA", "consent_date": "2024-01-03",
                  "first_dose_date": "2024-01-11", "last_dose_date": "2024-01-11"},
            "3": {"status": "screen failure", "consent_date": "2024-01-04"},
            "4": {"arm_code": "SOC", "status": "randomized", "sex": "M"},
        }.items()
    ],
    "adverse_events": [
        {"usubjid": "ONCO-2024-001-01-1", "term": "Rash", "start_date": "2024-01-09",
         "end_date": "2024-01-10", "severity": "MILD", "serious": "N"},
        {"usubjid": "ONCO-2024-001-01-1", "term": "Sepsis", "start_date": "2024-02-03",
         "end_date": "2024-02-05", "outcome": "FATAL", "serious": "Y", "sequence": 2,
         "body_system": "Infections"},
    ],
    "exposures": [
        {"usubjid": "ONCO-2024-001-01-1", "drug": "Drug A", "dose": 200, "dose_unit": "mg",
         "frequency": "Q3W", "start_date": "2024-01-10"},
        {"usubjid": "ONCO-2024-001-01-2", "drug": "Placebo", "start_date": "2024-01-11",
         "end_date": "2024-01-12"},
    ],
    "disposition_events": [
        {"usubjid": "ONCO-2024-001-01-1", "dsdecod": "DEATH", "date": "2024-02-05"},
        {"usubjid": "ONCO-2024-001-01-2", "dsdecod": "COMPLETED", "dsterm": "Finished",
         "date": "2024-03-01"},
    ],
}  # fmt: skip


DATASETS: dict[str, list[dict[str, Any]]] = {
    "DM": [
        {"STUDYID": "ONCO-2024-001", "DOMAIN": "DM", "SUBJID": "1", "SITEID": "01", "SEX": "F",
         "RFSTDTC": "2024-01-10", "RFPENDTC": "2024-02-05", "DTHFL": "Y", "AGE": 61,
         "AGEU": "YEARS", "RACE": "WHITE", "ARMCD": "ACTIVE", "ACTARMCD": "ACTIVE",
         "ARMNRS": None, "COUNTRY": "FRA", "INVNAM": "Dr. Roy"},
        {"SUBJID": "2", "SEX": "INTERSEX", "RFPENDTC": "2024-03-01", "DTHFL": None,
         "AGEU": None, "ACTARM": "Standard of care", "COUNTRY": "USA"},
        {"SUBJID": "3", "SEX": "U", "ARMCD": None, "ARMNRS": "SCREEN FAILURE",
         "RFSTDTC": None},
        {"SUBJID": "4", "ARMCD": "SOC", "ACTARMCD": None, "ARMNRS": "ASSIGNED, NOT TREATED"},
    ],
    "AE": [
        {"AESEQ": 2, "AETERM": "Sepsis", "AESTDY": 25, "EPOCH": "FOLLOW-UP", "AESDTH": "Y",
         "AESOC": "Infections", "AEOUT": "FATAL"},
        # It has no number, so it comes after those that have one.
        {"USUBJID": "ONCO-2024-001-01-1", "AESEQ": 3, "AETERM": "Rash", "AESTDY": -1,
         "AEENDY": 1, "EPOCH": "SCREENING", "AESDTH": None},
    ],
    "EX": [
        {"EXSEQ": 1, "EXTRT": "DRUG A", "EXDOSE": 200.0, "EXDOSFRQ": "EVERY 3 WEEKS",
         "EXSTDY": 1, "EXENDTC": "2024-01-10"},
        {"EXSEQ": 1, "EXTRT": "PLACEBO", "EXDOSE": None, "EXENDY": 2},
    ],
    "DS": [
        {"DSSEQ": 1, "DSDECOD": "INFORMED CONSENT OBTAINED", "DSCAT": "PROTOCOL MILESTONE",
         "DSSTDY": -8, "EPOCH": "SCREENING"},
        {"DSSEQ": 2, "DSDECOD": "RANDOMIZED", "DSSTDY": -1},
        {"DSSEQ": 3, "DSTERM": "DEATH", "DSCAT": "DISPOSITION EVENT", "DSSTDY": 27,
         "EPOCH": "FOLLOW-UP"},
        {"DSSEQ": 1, "DSSTDY": -8},
        {"DSSEQ": 2, "DSTERM": "Finished", "DSDECOD": "COMPLETED"},
        {"DSSEQ": 1, "DSDECOD": "INFORMED CONSENT OBTAINED", "DSSTDY": None},
    ],
}  # fmt: skip


class TestSdtm(StandardTests):
    standard = "sdtm"
    rows = ROWS
    datasets = DATASETS


def numbers(data: bytes) -> int:
    """How many variables an XPT file has."""
    return int(data[data.index(b"NAMESTR ") + 34 :][:4])


def test_a_generated_trial_is_written_whole(store: Store, tmp_path: Path) -> None:
    store.generate_scenario("oncology-phase3", count=40, seed=7, into="trial")
    counts = store.scenario_info("trial").entity_counts
    made = store.export_scenario("trial", format="sdtm", to=tmp_path / "json")
    accounts = {account.name: account for account in made.datasets}
    assert not any(account.refused or account.unread for account in made.datasets)
    assert accounts["DM"].rows == counts["subjects"] == 40
    assert accounts["AE"].rows == counts["adverse_events"]
    assert accounts["EX"].rows == counts["exposures"]
    assert accounts["DS"].rows == counts["disposition_events"] + 2 * 40  # consent, randomization
    assert accounts["TV"].rows == 12  # the trial's own visits, as the schedules have them
    assert accounts["SV"].rows == counts["actual_visits"]
    assert not made.left_out
    store.export_scenario("trial", format="sdtm", to=tmp_path / "xpt", options={"files": "xpt"})
    for name, account in accounts.items():
        if account.rows:  # where nothing is known, no file is written
            files = ("suppae", "suppdm") if name == "SUPP" else (name.lower(),)
            assert sum(same_in_both(tmp_path, file) for file in files) == account.rows


def same_in_both(folder: Path, name: str) -> int:
    """How many rows the JSON file has; the XPT file must be as long as these."""
    told = json.loads((folder / "json" / f"{name}.json").read_text("utf-8"))
    assert told["records"] == len(told["rows"])
    data = (folder / "xpt" / f"{name}.xpt").read_bytes()
    assert numbers(data) == len(told["columns"])
    width = sum(
        struct.unpack(">h", data[begin + 4 : begin + 6])[0]
        for begin in range(640, 640 + 140 * len(told["columns"]), 140)
    )
    body = len(data) - data.index(b"OBS     HEADER") - 60
    assert 0 <= body - width * len(told["rows"]) < 80
    return len(told["rows"])


def test_events_before_consent_are_not_written(store: Store, tmp_path: Path) -> None:
    early = {"usubjid": "ONCO-2024-001-01-2", "term": "Cough", "start_date": "2024-01-01"}
    rows = ROWS | {"adverse_events": [early]}
    store.persist(rows, scenario="trial")
    with pytest.raises(NotConformant, match="before informed consent: ONCO-2024-001-01-2"):
        store.export_scenario("trial", format="sdtm", to=tmp_path / "out")


def test_two_studies_are_told(store: Store, tmp_path: Path) -> None:
    other = {"protocol_number": "OTHER-1", "phase": "1", "indication": "Asthma"}
    store.persist(ROWS | {"studies": [*ROWS["studies"], other]}, scenario="trial")
    with pytest.raises(NotConformant, match="has 2 studies: ONCO-2024-001, OTHER-1"):
        store.export_scenario("trial", format="sdtm", to=tmp_path / "out")


@pytest.mark.parametrize(("day", "study_day", "epoch"), [
    ("2024-01-09", -1, "SCREENING"), ("2024-01-10T08:30", 1, "TREATMENT"),
    ("2024-01-09T23:59", -1, "SCREENING"), ("2024-02-01T10:00:00+02:00", 23, "TREATMENT"),
    ("2024-02-02", 24, "FOLLOW-UP"), ("2024-02", None, None), ("2024", None, None),
    ("2024-03", None, "FOLLOW-UP"), ("2025", None, "FOLLOW-UP"),
    ("2024---15", None, None), ("--02-03", None, None), ("2024-02--T07:15", None, None),
    ("-----T07:15", None, None),
])  # fmt: skip
def test_a_day_known_in_part_has_no_study_day(
    store: Store, tmp_path: Path, day: str, study_day: int | None, epoch: str | None
) -> None:
    """And an epoch only where all of its days are in one; it is before no consent for certain."""
    event = {"usubjid": "ONCO-2024-001-01-1", "dsdecod": "ADVERSE EVENT", "date": day}
    store.persist(ROWS | {"disposition_events": [event]}, scenario="trial")
    assert store.check_scenario("trial").ok
    store.export_scenario("trial", format="sdtm", to=tmp_path / "out")
    told = json.loads((tmp_path / "out" / "ds.json").read_text("utf-8"))
    names = [column["name"] for column in told["columns"]]
    (row,) = (
        one for one in (dict(zip(names, row, strict=True)) for row in told["rows"])
        if one["DSDECOD"] == "ADVERSE EVENT"
    )  # fmt: skip
    assert (row["DSSTDTC"], row["DSSTDY"], row["EPOCH"] or None) == (day, study_day, epoch)
