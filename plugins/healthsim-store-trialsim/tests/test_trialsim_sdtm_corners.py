"""SDTM at its corners: a wrong arm, deaths, baselines with times, units, damaged files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import SourceError

STUDY: dict[str, list[dict[str, Any]]] = {
    "studies": [{"study_id": "s", "protocol_number": "T-1", "phase": "3", "indication": "Pain"}],
    "sites": [{"site_id": "i", "study_id": "s", "site_number": "01", "country": "USA"}],
    "treatment_arms": [
        {"arm_id": "a", "study_id": "s", "arm_code": "A", "arm_name": "Arm A"},
        {"arm_id": "b", "study_id": "s", "arm_code": "B", "arm_name": "Arm B"},
    ],
}
ANN = {
    "subject_id": "ann", "usubjid": "T-1-01-1", "study_id": "s", "site_id": "i", "arm_id": "a",
    "sex": "F", "consent_date": "2024-01-02", "first_dose_date": "2024-02-01",
}  # fmt: skip
SAID = {"phase": "3", "indication": "Pain"}


def written(store: Store, to: Path, scenario: str = "trial") -> dict[str, list[dict[str, Any]]]:
    """The rows of each dataset of an export."""
    store.export_scenario(scenario, format="sdtm", to=to)
    found = {}
    for path in to.glob("*.json"):
        told = json.loads(path.read_text("utf-8"))
        if "columns" in told:
            names = [column["name"] for column in told["columns"]]
            found[path.stem] = [dict(zip(names, row, strict=True)) for row in told["rows"]]
    return found


def lay(folder: Path, *subjects: dict[str, str]) -> Path:
    """A folder with a DM alone."""
    folder.mkdir()
    base = {
        "STUDYID": "T-1", "DOMAIN": "DM", "RFSTDTC": "2024-01-10", "RFXSTDTC": "2024-01-10",
        "RFICDTC": "2024-01-02", "SITEID": "01", "AGE": "50", "AGEU": "YEARS", "SEX": "M",
        "ARMCD": "A", "ARM": "Arm A", "ACTARMCD": "A", "ACTARM": "Arm A", "COUNTRY": "USA",
        "DTHDTC": "", "DTHFL": "",
    }  # fmt: skip
    with (folder / "dm.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*base, "USUBJID", "SUBJID"])
        writer.writeheader()
        writer.writerows(
            base | {"USUBJID": f"T-1-01-{n}", "SUBJID": str(n)} | one
            for n, one in enumerate(subjects, 1)
        )
    return folder


@pytest.mark.parametrize("planned", ["A", ""])
def test_subjects_who_got_another_arm_count_once(
    store: Store, tmp_path: Path, planned: str
) -> None:
    wrong = {"ARMCD": planned, "ACTARMCD": "B", "ACTARM": "Arm B"}
    made = store.import_data(
        lay(tmp_path / "in", {}, wrong, wrong), format="sdtm", scenario="t", options=SAID
    )
    assert made.persisted.inserted["subjects"] == 3
    arms = store.query_scenario("t", "SELECT arm_code FROM treatment_arms ORDER BY 1").rows
    assert [row["arm_code"] for row in arms] == ["A", "B"]


def test_who_died_is_not_active_and_a_death_without_a_day_is_told(
    store: Store, tmp_path: Path
) -> None:
    folder = lay(
        tmp_path / "in", {"DTHFL": "Y"}, {"DTHFL": "Y", "DTHDTC": "2024-02"},
        {"DTHFL": "Y", "DTHDTC": "2024-03-04"}, {},
    )  # fmt: skip
    made = store.import_data(folder, format="sdtm", scenario="t", options=SAID)
    found = store.query_scenario("t", "SELECT status FROM subjects ORDER BY usubjid").rows
    assert [row["status"] for row in found] == ["discontinued"] * 3 + ["active"]
    assert "a death without a day, for which TrialSim has no place: 2 rows" in made.sources[0].notes


def test_a_stated_day_of_death_stays(store: Store, tmp_path: Path) -> None:
    event = {
        "adverse_event_id": "e", "subject_id": "ann", "aeterm": "Stroke", "aeout": "FATAL",
        "aestdtc": "2024-04-01", "aeendtc": "2024-04-30",
    }  # fmt: skip
    subject = ANN | {"death_date": "2024-05-01"}
    store.persist(STUDY | {"subjects": [subject], "adverse_events": [event]}, scenario="trial")
    assert written(store, tmp_path / "out")["dm"][0]["DTHDTC"] == "2024-05-01"


def result(number: int, moment: str, **more: Any) -> dict[str, Any]:
    return {
        "trial_lab_result_id": f"r{number}", "subject_id": "ann", "lbtestcd": "K",
        "lbtest": "Potassium", "lborres": "4.1", "lborresu": "mmol/L", "lbdtc": moment,
    } | more  # fmt: skip


def test_the_baseline_is_before_the_hour_of_the_first_dose(store: Store, tmp_path: Path) -> None:
    dose = {
        "exposure_id": "x", "subject_id": "ann", "extrt": "Drug", "exdose": 1, "exdosu": "mg",
        "exstdtc": "2024-02-01T08:00",
    }  # fmt: skip
    results = [result(1, "2024-02-01T07:00"), result(2, "2024-02-01T14:00")]
    store.persist(
        STUDY | {"subjects": [ANN], "exposures": [dose], "trial_lab_results": results},
        scenario="trial",
    )
    found = written(store, tmp_path / "out")
    assert {row["LBDTC"]: row["LBLOBXFL"] for row in found["lb"]} == {
        "2024-02-01T07:00": "Y", "2024-02-01T14:00": "",
    }  # fmt: skip
    assert found["dm"][0]["RFSTDTC"] == "2024-02-01T08:00"


def test_a_result_in_another_unit_gets_no_unit_that_nobody_told(
    store: Store, tmp_path: Path
) -> None:
    results = [
        result(1, "2024-01-20", lborres="46.0", lborresu="%", lbstresc="0.46", lbstresn=0.46),
        result(2, "2024-01-21", lborres="46.0", lborresu="%", lbstresc="46", lbstresn=46),
    ]
    store.persist(STUDY | {"subjects": [ANN], "trial_lab_results": results}, scenario="trial")
    found = written(store, tmp_path / "out")["lb"]
    assert [(row["LBSTRESC"], row["LBSTRESU"]) for row in found] == [("0.46", ""), ("46", "%")]


def test_a_measurement_of_the_first_day_is_of_screening(store: Store, tmp_path: Path) -> None:
    elements = [
        {"element_id": name, "study_id": "s", "etcd": name, "element": name}
        for name in ("SCRN", "TRT")
    ]
    taken = [
        {"subject_element_id": "1", "subject_id": "ann", "element_id": "SCRN",
         "epoch": "SCREENING", "sestdtc": "2024-01-02", "seendtc": "2024-02-01"},
        {"subject_element_id": "2", "subject_id": "ann", "element_id": "TRT",
         "epoch": "TREATMENT", "sestdtc": "2024-02-01", "seendtc": "2024-03-01"},
    ]  # fmt: skip
    store.persist(
        STUDY | {"subjects": [ANN], "trial_elements": elements, "subject_elements": taken,
                 "trial_lab_results": [result(1, "2024-02-01"), result(2, "2024-02-02")]},
        scenario="trial",
    )  # fmt: skip
    found = written(store, tmp_path / "out")["lb"]
    assert [row["EPOCH"] for row in found] == ["SCREENING", "TREATMENT"]


def test_a_term_of_meddra_that_is_there_in_other_letters(store: Store, tmp_path: Path) -> None:
    event = {"adverse_event_id": "e", "subject_id": "ann", "aeterm": "Anemia",
             "aestdtc": "2024-02-03"}  # fmt: skip
    store.persist(STUDY | {"subjects": [ANN], "adverse_events": [event]}, scenario="trial")
    (tmp_path / "terms.csv").write_text("term,pt\nAnemia,First\nanemia ,Second\n", encoding="utf-8")
    made = store.export_scenario(
        "trial", format="sdtm", to=tmp_path / "out", options={"meddra": tmp_path / "terms.csv"}
    )
    events = next(one for one in made.datasets if one.name == "AE")
    assert (events.given, events.rows, events.refused) == (1, 1, {})
    assert "First" in (tmp_path / "out" / "ae.json").read_text("utf-8")


def test_a_damaged_dataset_is_no_dataset_less(store: Store, tmp_path: Path) -> None:
    subject = ANN | {"randomization_date": "2024-01-20"}
    store.persist(STUDY | {"subjects": [subject]}, scenario="trial")
    folder = tmp_path / "out"
    store.export_scenario("trial", format="sdtm", to=folder)
    (folder / "datapackage.json").unlink()
    path = folder / "ds.json"
    told = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(told | {"name": "XX"}), encoding="utf-8")
    with pytest.raises(SourceError, match=r"ds\.json says that it is the dataset 'XX', which sdtm"):
        store.import_data(folder, format="sdtm", scenario="back")
    path.write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match=r"ds\.json"):
        store.import_data(folder, format="sdtm", scenario="back")
    path.unlink()
    (folder / "ae.xpt").write_bytes(b"")
    with pytest.raises(SourceError, match=r"ae\.xpt"):
        store.import_data(folder, format="sdtm", scenario="back")
