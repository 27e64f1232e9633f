"""SDTM comes in: a trial that went out comes back, and CDISC's public sample is accounted for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import InvalidArgument, SourceError
from healthsim_store.plugins import installed

SAMPLE = Path(__file__).parents[4] / "shared" / "data" / "sdtm-msg"
with_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason="no ../shared beside the project")

#: How many rows each dataset of the sample has, and what they become. Counted in its JSON files.
ROWS = {
    "ae": 74, "cm": 68, "dm": 18, "ds": 53, "ex": 1583, "lb": 3488, "mh": 17, "se": 43,
    "suppdm": 3, "sv": 164, "ta": 8, "te": 5, "ti": 62, "ts": 51, "tv": 14, "vs": 1414,
}  # fmt: skip
ENTITIES = {
    "adverse_events": 74, "concomitant_medications": 68, "subjects": 18, "sites": 6,
    "disposition_events": 53, "exposures": 1583, "trial_lab_results": 3488,
    "medical_histories": 17, "subject_elements": 43, "supplemental_values": 3,
    "actual_visits": 164, "treatment_arms": 3, "arm_elements": 8, "trial_elements": 5,
    "eligibility_criteria": 62, "studies": 1, "planned_visits": 14, "trial_vital_signs": 1414,
}  # fmt: skip
#: Variables that have values in the sample, and no place in TrialSim.
LOST = {
    "ae": {"AELNKID": 74, "AESCAN": 74, "AESOD": 74, "AEENRTPT": 35, "AEENTPT": 35},
    "cm": {"CMENRTPT": 32, "CMENTPT": 32}, "ds": {"DSLNKID": 18}, "ex": {"SPDEVID": 1583},
    "mh": {"MHEVDTYP": 17, "MHSTDY": 17}, "vs": {"VSREPNUM": 1053},
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path / "store") as made:
        yield made


def rows_of(store: Store, sql: str, scenario: str = "trial") -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in store.query_scenario(scenario, sql).rows]


def documents(folder: Path) -> dict[str, Any]:
    """The columns and rows of every dataset that was written."""
    found = {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}
    del found["datapackage"]
    return {
        name: ([column["name"] for column in told["columns"]], told["rows"])
        for name, told in found.items()
    }


# -- CDISC's sample --------------------------------------------------------------------------


@with_sample
@pytest.mark.parametrize("kind", ["json", "ndjson", "xpt"])
def test_every_row_of_the_sample_is_accounted_for(kind: str, store: Store) -> None:
    made = store.import_data(SAMPLE, format="sdtm", scenario="trial", options={"files": kind})
    accounts = {one.name.partition(".")[0]: one for one in made.sources}
    assert {name: one.rows for name, one in accounts.items()} == ROWS
    assert not any(one.unmapped for one in accounts.values())
    assert {name: one.lost_values for name, one in accounts.items() if one.lost_values} == LOST
    inserted = {name: n for name, n in made.persisted.inserted.items() if n}
    # A row of TS is a parameter, unless the study has a column that says all of it.
    parameters = inserted.pop("trial_parameters")
    assert inserted == ENTITIES
    assert accounts["ts"].mapped == {"studies": 51 - parameters, "trial_parameters": parameters}
    assert accounts["dm"].notes == (
        "a date of which only a part is known, and TrialSim has a place for whole days only:"
        " 18 rows",
        "the reference period is another one than that of the treatment, which is kept: 8 rows",
    )


@with_sample
def test_the_sample_says_what_it_said(store: Store) -> None:
    store.import_data(SAMPLE, format="sdtm", scenario="trial", options={"files": "xpt"})
    (study,) = rows_of(
        store,
        "SELECT study_id, phase, indication, blinding, randomized, trial_length, minimum_age,"
        " start_date, planned_subjects FROM studies",
    )
    assert study == (
        "CDISCPILOT01", "2", "Alzheimer's Disease (Disorder)", "DOUBLE BLIND", "Y", "P28W", "P50Y",
        "2012-10-06", 20,
    )  # fmt: skip
    subjects = rows_of(
        store,
        "SELECT subject_id, subject_number, site_id, arm_id, status, sex, age, birth_date,"
        " consent_date, first_dose_date, death_date, arm_null_reason FROM subjects"
        " WHERE usubjid IN ('CDISC001', 'CDISC002', 'CDISC015') ORDER BY 1",
    )
    assert subjects == [
        ("CDISC001", "1115", "CDISCPILOT01/701", "CDISCPILOT01/ZAN_LOW", "discontinued", "M", 84,
         None, "2012-11-23", "2012-11-30", None, None),
        ("CDISC002", "1211", "CDISCPILOT01/701", "CDISCPILOT01/ZAN_LOW", "discontinued", "F", 76,
         None, "2012-10-30", "2012-11-15", "2013-01-14", None),
        ("CDISC015", "1022", "CDISCPILOT01/711", None, "screen failure", "F", 86, None,
         "2014-03-17", None, None, "SCREEN FAILURE"),
    ]  # fmt: skip
    told = json.loads((SAMPLE / "lb.json").read_text("utf-8"))
    names = [column["name"] for column in told["columns"]]
    first = dict(zip(names, told["rows"][0], strict=True))
    assert rows_of(
        store,
        "SELECT lborres, lbstresn, lbdtc, visit_num, visit_id FROM trial_lab_results"
        " WHERE subject_id = 'CDISC001' AND lbseq = 1",
    ) == [(first["LBORRES"], first["LBSTRESN"], first["LBDTC"], 1.0, "CDISC001/SV/1")]
    # Days that are known in part stay as they are.
    partial = [row for row in json.loads((SAMPLE / "cm.json").read_text("utf-8"))["rows"]
               if 0 < len(row[11]) < 10]  # fmt: skip
    (count,) = rows_of(
        store, "SELECT count(*) FROM concomitant_medications WHERE length(cmstdtc) < 10"
    )
    assert count == (len(partial),) != (0,)


@with_sample
def test_what_the_sample_became_goes_out_and_comes_back(store: Store, tmp_path: Path) -> None:
    store.import_data(SAMPLE, format="sdtm", scenario="trial", options={"files": "json"})
    store.export_scenario("trial", format="sdtm", to=tmp_path / "first")
    store.import_data(tmp_path / "first", format="sdtm", scenario="back")
    store.export_scenario("back", format="sdtm", to=tmp_path / "second")
    first, second = documents(tmp_path / "first"), documents(tmp_path / "second")
    names, subjects = first["dm"]
    # Who has a later day of the last treatment than the last exposure: that is told the first time.
    assert [row for row in subjects if row not in second["dm"][1]] == [
        row for row in subjects if row[names.index("USUBJID")] == "CDISC008"
    ]
    del first["dm"], second["dm"]
    assert first == second


@with_sample
def test_three_forms_in_one_folder_are_told(store: Store) -> None:
    with pytest.raises(SourceError) as error:
        store.import_data(SAMPLE, format="sdtm")
    assert error.value.message.startswith("AE is there more than once: ae.json, ae.ndjson, ae.xpt.")


@with_sample
def test_a_folder_that_looks_like_it_is_told_the_command(store: Store, tmp_path: Path) -> None:
    for name in ("dm.json", "ae.ndjson", "sv.xpt"):
        shutil.copy(SAMPLE / name, tmp_path / name)
        with pytest.raises((SourceError, InvalidArgument)) as error:
            store.import_data(tmp_path / name)
        command = f"healthsim-store import {tmp_path / name} --format sdtm"
        assert str(error.value.hint) == f"This looks like sdtm: {command}."


# -- out and back ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["json", "ndjson", "xpt", "csv"])
def test_a_generated_trial_comes_back(kind: str, store: Store, tmp_path: Path) -> None:
    store.generate_scenario("oncology-phase3", count=30, seed=11, into="trial")
    made = store.export_scenario(
        "trial", format="sdtm", to=tmp_path / kind, options={"files": kind}
    )
    came = store.import_data(tmp_path / kind, format="sdtm", scenario="back")
    assert came.rows == made.rows
    assert not came.unmapped
    assert not any(one.not_carried for one in came.sources)
    for name in ("first", "second"):
        scenario = {"first": "trial", "second": "back"}[name]
        store.export_scenario(scenario, format="sdtm", to=tmp_path / name)
    assert documents(tmp_path / "first") == documents(tmp_path / "second")
    store.import_data(tmp_path / "second", format="sdtm", scenario="again")
    assert store.diff_scenarios("back", "again", by="id").empty
