"""SDTM comes in: a trial that went out comes back, and CDISC's public sample is accounted for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import InvalidArgument, SourceError

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
    "mh": {"MHEVDTYP": 17}, "vs": {"VSREPNUM": 1053},
}  # fmt: skip


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


STUDY = "T-1"
ANN, BEN, CAT = "T-1-01-1", "T-1-01-2", "T-1-02-3"

#: A trial with all that SDTM can hold, whose ids are those that an import makes.
TRIAL: dict[str, list[dict[str, Any]]] = {
    "studies": [{
        "study_id": STUDY, "protocol_number": STUDY, "phase": "2/3", "indication": "Gout",
        "sponsor": "Nobody", "title": "A trial", "planned_subjects": 9, "start_date": "2024-01-01",
        "end_date": "2024-12-31", "study_type": "INTERVENTIONAL", "intervention_model": "PARALLEL",
        "intervention_type": "DRUG", "blinding": "OPEN LABEL", "control_type": "NONE",
        "randomized": "Y", "adaptive_design": "N", "add_on": "N", "objective": "To see",
        "pharmacologic_class": "Some class", "treatment": "Drug", "trial_length": "P6M",
        "minimum_age": "P18Y", "sex_population": "BOTH", "registry_id": "NCT01234567",
    }],
    "trial_parameters": [
        {"trial_parameter_id": f"{STUDY}/TS/TTYPE/{n}", "study_id": STUDY, "tsseq": n,
         "tsparmcd": "TTYPE", "tsparm": "Trial Type", "tsval": value}
        for n, value in ((1, "SAFETY"), (2, "EFFICACY"))
    ],
    "sites": [
        {"site_id": f"{STUDY}/{n}", "study_id": STUDY, "site_number": n, "country": country,
         "investigator": "Dr. Roy"} for n, country in (("01", "FRA"), ("02", "USA"))
    ],
    "treatment_arms": [
        {"arm_id": f"{STUDY}/{code}", "study_id": STUDY, "arm_code": code, "arm_name": name}
        for code, name in (("A", "Active"), ("B", "Best care"))
    ],
    "trial_elements": [
        {"element_id": f"{STUDY}/{code}", "study_id": STUDY, "etcd": code, "element": code.title(),
         "testrl": "Start", "teenrl": "End", "tedur": "P2W"} for code in ("SCREEN", "TREAT")
    ],
    "arm_elements": [
        {"arm_element_id": f"{STUDY}/{arm}/{n}", "arm_id": f"{STUDY}/{arm}",
         "element_id": f"{STUDY}/{code}", "taetord": n, "epoch": epoch,
         "tabranch": f"Randomized to {arm}" if n == 1 else None}
        for arm in "AB"
        for n, code, epoch in ((1, "SCREEN", "SCREENING"), (2, "TREAT", "TREATMENT"))
    ],
    "eligibility_criteria": [
        {"criterion_id": f"{STUDY}/TI/INCL01/{version}", "study_id": STUDY, "ietestcd": "INCL01",
         "ietest": f"Adult, version {version}", "iecat": "INCLUSION", "tivers": version}
        for version in "12"
    ],
    "planned_visits": [
        {"planned_visit_id": f"{STUDY}/TV/1", "study_id": STUDY, "visit_num": 1,
         "visit_name": "Baseline", "visit_day": 1, "tvstrl": "Day 1"},
        {"planned_visit_id": f"{STUDY}/TV/A/2", "study_id": STUDY, "visit_num": 2,
         "arm_id": f"{STUDY}/A", "visit_name": "Week 2", "visit_day": 15, "tvstrl": "Day 15",
         "tvenrl": "It is over"},
    ],
    "subjects": [
        {"subject_id": ANN, "usubjid": ANN, "subject_number": "1", "study_id": STUDY,
         "site_id": f"{STUDY}/01", "arm_id": f"{STUDY}/A", "actual_arm_id": f"{STUDY}/B",
         "status": "completed", "sex": "F", "age": 61, "birth_date": "1963-02-01", "race": "WHITE",
         "ethnicity": "NOT HISPANIC OR LATINO", "country": "FRA", "screening_date": "2024-01-30",
         "consent_date": "2024-01-29", "randomization_date": "2024-02-01",
         "first_dose_date": "2024-02-01", "last_dose_date": "2024-02-14",
         "participation_end_date": "2024-03-01"},
        {"subject_id": BEN, "usubjid": BEN, "subject_number": "2", "study_id": STUDY,
         "site_id": f"{STUDY}/01", "status": "screen failure", "sex": "M", "country": "FRA",
         "screening_date": "2024-02-01", "consent_date": "2024-02-01",
         "participation_end_date": "2024-02-02", "arm_null_reason": "SCREEN FAILURE"},
        {"subject_id": CAT, "usubjid": CAT, "subject_number": "3", "study_id": STUDY,
         "site_id": f"{STUDY}/02", "arm_id": f"{STUDY}/B", "status": "withdrawn", "sex": "INTERSEX",
         "age": 20, "country": "USA", "screening_date": "2024-02-01", "consent_date": "2024-02-01",
         "participation_end_date": "2024-02-03", "arm_null_reason": "ASSIGNED, NOT TREATED"},
    ],
    "actual_visits": [
        {"visit_id": f"{ANN}/SV/1", "subject_id": ANN, "visit_num": 1, "visit_name": "Baseline",
         "visit_date": "2024-02-01", "study_day": 1},
        {"visit_id": f"{ANN}/SV/1.5", "subject_id": ANN, "visit_num": 1.5, "visit_name": "Called",
         "visit_date": "2024-02-10", "end_date": "2024-02-11", "study_day": 10,
         "visit_status": "unscheduled"},
    ],
    "subject_elements": [
        {"subject_element_id": f"{ANN}/SE/1", "subject_id": ANN, "element_id": f"{STUDY}/SCREEN",
         "seseq": 1, "taetord": 1, "epoch": "SCREENING", "sestdtc": "2024-01-29",
         "seendtc": "2024-02-01T08:30"},
        {"subject_element_id": f"{ANN}/SE/2", "subject_id": ANN, "seseq": 2, "epoch": "TREATMENT",
         "sestdtc": "2024-02-01T08:30", "seupdes": "Best care by mistake"},
    ],
    "eligibility_exceptions": [
        {"eligibility_exception_id": f"{BEN}/IE/1", "subject_id": BEN, "ieseq": 1,
         "criterion_id": f"{STUDY}/TI/INCL01/1", "ieorres": "N", "iedtc": "2024-02"},
    ],
    "adverse_events": [
        {"adverse_event_id": f"{ANN}/AE/1", "subject_id": ANN, "aeseq": 1, "aeterm": "Rash",
         "aedecod": "Rash", "aebodsys": "Skin", "aebdsycd": 7, "aesoc": "Skin", "aesoccd": 7,
         "aestdtc": "2024-02", "aeendtc": "2024-02-09", "aesev": "MILD", "aeser": "N",
         "aerel": "PERHAPS", "aeacn": "NOT APPLICABLE", "aeout": "RECOVERED/RESOLVED",
         "aetoxgr": "1", "aespid": "R-1", "aecat": "C", "aecontrt": "Y", "aeenrf": "DURING"},
    ],
    "disposition_events": [
        {"disposition_event_id": f"{who}/DS/{n}", "subject_id": who, "dsseq": n, "dsdecod": term,
         "dsterm": term, "dscat": kind, "dsscat": part, "epoch": "SCREENING", "dsstdtc": day}
        for who, n, term, kind, part, day in (
            (ANN, 1, "INFORMED CONSENT OBTAINED", "PROTOCOL MILESTONE", None, "2024-01-29"),
            (ANN, 2, "RANDOMIZED", "PROTOCOL MILESTONE", None, "2024-02-01"),
            (ANN, 3, "COMPLETED", "DISPOSITION EVENT", "STUDY PARTICIPATION", "2024-03-01"),
            (BEN, 1, "INFORMED CONSENT OBTAINED", "PROTOCOL MILESTONE", None, "2024-02-01"),
            (CAT, 1, "INFORMED CONSENT OBTAINED", "PROTOCOL MILESTONE", None, "2024-02-01"),
            (CAT, 2, "WITHDRAWAL BY SUBJECT", "DISPOSITION EVENT", None, "2024-02-03"),
        )
    ],
    "exposures": [
        {"exposure_id": f"{ANN}/EX/1", "subject_id": ANN, "exseq": 1, "extrt": "DRUG",
         "exdose": 1.5, "exdosu": "mg", "exdosfrm": "TABLET", "exdosfrq": "QD", "exroute": "ORAL",
         "exlot": "L1", "excat": "C", "exadj": "A", "epoch": "TREATMENT", "exstdtc": "2024-02-01",
         "exendtc": "2024-02-14", "visit_id": f"{ANN}/SV/1"},
    ],
    "trial_lab_results": [
        {"trial_lab_result_id": f"{ANN}/LB/1", "subject_id": ANN, "lbseq": 1, "lbtestcd": "URATE",
         "lbtest": "Urate", "lbcat": "CHEMISTRY", "lborres": "7.1", "lborresu": "mg/dL",
         "lbornrlo": "2.4", "lbornrhi": "6", "lbstresc": "422.3", "lbstresn": 422.3,
         "lbstresu": "umol/L", "lbstnrlo": 142.8, "lbstnrhi": 356.9, "lbnrind": "HIGH",
         "lbspec": "SERUM", "lbblfl": "Y", "lbfast": "Y", "lbloinc": "3084-1", "visit_num": 1,
         "visit_id": f"{ANN}/SV/1", "lbdtc": "2024-02-01T08:00"},
    ],
    "trial_vital_signs": [
        {"trial_vital_sign_id": f"{ANN}/VS/1", "subject_id": ANN, "vsseq": 1, "vstestcd": "PULSE",
         "vstest": "Pulse Rate", "vspos": "SITTING", "vsorres": "61", "vsorresu": "beats/min",
         "vsstresc": "61", "vsstresn": 61, "vsstresu": "beats/min", "visit_num": 1.5,
         "visit_id": f"{ANN}/SV/1.5", "vsdtc": "2024-02-10"},
        {"trial_vital_sign_id": f"{ANN}/VS/2", "subject_id": ANN, "vsseq": 2, "vstestcd": "TEMP",
         "vstest": "Temperature", "vsstat": "NOT DONE", "vsreasnd": "Broken", "visit_num": 1,
         "visit_id": f"{ANN}/SV/1", "vsdtc": "2024-02-01"},
    ],
    "concomitant_medications": [
        {"concomitant_medication_id": f"{ANN}/CM/1", "subject_id": ANN, "cmseq": 1,
         "cmtrt": "Aspirin", "cmdecod": "ACETYLSALICYLIC ACID", "cmindc": "PAIN", "cmdose": 100,
         "cmdosu": "mg", "cmdosfrq": "QD", "cmroute": "ORAL", "cmstdtc": "2019", "cmenrf": "AFTER"},
    ],
    "medical_histories": [
        {"medical_history_id": f"{ANN}/MH/1", "subject_id": ANN, "mhseq": 1, "mhterm": "Flu",
         "mhcat": "GENERAL", "mhpresp": "Y", "mhoccur": "Y", "mhstdtc": "2003---15",
         "mhdtc": "2024-01-30"},
    ],
    "supplemental_values": [
        {"supplemental_value_id": f"{ANN}/AE/AESEQ/1/AEWHERE", "study_id": STUDY, "subject_id": ANN,
         "rdomain": "AE", "idvar": "AESEQ", "idvarval": "1", "qnam": "AEWHERE",
         "qlabel": "Where it was", "qval": "Arm", "qorig": "CRF"},
        {"supplemental_value_id": f"{BEN}/DM/NICK", "study_id": STUDY, "subject_id": BEN,
         "rdomain": "DM", "qnam": "NICK", "qlabel": "Nickname", "qval": "Benny", "qorig": "CRF"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["json", "ndjson", "xpt", "csv"])
def test_all_that_sdtm_can_hold_comes_back(kind: str, store: Store, tmp_path: Path) -> None:
    store.persist(TRIAL, scenario="trial")
    made = store.export_scenario(
        "trial", format="sdtm", to=tmp_path / "out", options={"files": kind}
    )
    assert not any(one.refused for one in made.datasets)
    came = store.import_data(tmp_path / "out", format="sdtm", scenario="back")
    assert came.rows == made.rows
    assert not any(one.not_carried or one.unmapped or one.notes for one in came.sources)
    told = store.diff_scenarios("trial", "back", by="id", rows=20)
    assert told.empty, told.rows


def test_what_sdtm_cannot_hold_is_told_by_name(store: Store, tmp_path: Path) -> None:
    rows = {**TRIAL, "sites": [one | {"name": "Clinic", "city": "Lyon"} for one in TRIAL["sites"]]}
    rows["visit_schedule"] = [
        {"scheduled_visit_id": "v1", "subject_id": ANN, "visit_num": 1, "visit_name": "Baseline"}
    ]
    store.persist(rows, scenario="trial")
    made = store.export_scenario("trial", format="sdtm", to=tmp_path / "out")
    assert "city" in made.unwritten["sites"]
    store.import_data(tmp_path / "out", format="sdtm", scenario="back")
    found = store.diff_scenarios("trial", "back", by="id").entity_types
    changed = {name: {*one.columns} for name, one in found.items() if one.columns}
    assert changed == {"sites": {"name", "city"}}
    assert {name: one.removed for name, one in found.items() if one.removed} == {
        "visit_schedule": 1,
    }


# -- files as older ones are -----------------------------------------------------------------

DM = """\
STUDYID,DOMAIN,USUBJID,SUBJID,RFSTDTC,RFENDTC,SITEID,AGE,AGEU,SEX,RACE,ARMCD,ARM,ACTARMCD,ACTARM,COUNTRY
P1,DM,01-701-1015,1015,2014-01-02,2014-07-02,701,63,YEARS,F,WHITE,Pbo,Placebo,Pbo,Placebo,USA
P1,DM,01-701-1057,1057,,,701,59,YEARS,F,WHITE,Scrnfail,Screen Failure,Scrnfail,Screen Failure,USA
P1,DM,01-703-1042,1042,2013-07-19T09:00,2014-01-17,703,80,YEARS,M,WHITE,Hi,High Dose,Lo,Low Dose,USA
"""
AE = """\
STUDYID,DOMAIN,USUBJID,AESEQ,AESPID,AETERM,AESEV,AESER,AEREL,AEOUT,AESTDTC,AEENDTC,AEDTC
P1,AE,01-701-1015,1,E07,SITE ERYTHEMA,MILD,N,LIKELY,NOT RECOVERED/NOT RESOLVED,2014-01-03,,2014
P1,AE,01-703-1042,2,E08,DIARRHOEA,MILD,N,REMOTE,RECOVERED/RESOLVED,2013-08,2013,2014
"""


def test_files_as_older_guides_have_them(store: Store, tmp_path: Path) -> None:
    (tmp_path / "dm.csv").write_text(DM)
    (tmp_path / "ae.csv").write_text(AE)
    files = [tmp_path / "dm.csv", tmp_path / "ae.csv"]
    with pytest.raises(InvalidArgument) as error:
        store.import_data(files, format="sdtm", scenario="trial")
    said = {"phase": "VALUE", "indication": "VALUE"}
    assert error.value.hint == f"The files do not say it: options={said}."
    said = {"phase": "2", "indication": "Alzheimer"}
    made = store.import_data(files, format="sdtm", scenario="trial", options=said)
    assert {one.name: one.lost_values for one in made.sources} == {
        "dm.csv": {}, "ae.csv": {"AEDTC": 2},
    }  # fmt: skip
    assert rows_of(
        store,
        "SELECT subject_id, arm_id, actual_arm_id, status, arm_null_reason, first_dose_date,"
        " last_dose_date FROM subjects ORDER BY 1",
    ) == [
        ("01-701-1015", "P1/Pbo", "P1/Pbo", "active", None, "2014-01-02", "2014-07-02"),
        ("01-701-1057", None, None, "screen failure", "SCREEN FAILURE", None, None),
        ("01-703-1042", "P1/Hi", "P1/Lo", "active", None, "2013-07-19", "2014-01-17"),
    ]
    assert rows_of(store, "SELECT arm_code, arm_name FROM treatment_arms ORDER BY 1") == [
        ("Hi", "High Dose"), ("Lo", "Low Dose"), ("Pbo", "Placebo"),
    ]  # fmt: skip
    assert rows_of(store, "SELECT aestdtc, aeendtc, aerel FROM adverse_events ORDER BY 1") == [
        ("2013-08", "2013", "REMOTE"), ("2014-01-03", None, "LIKELY"),
    ]  # fmt: skip
