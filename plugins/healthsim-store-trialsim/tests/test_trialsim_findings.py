"""SDTM of results, medicines, histories and supplemental values, worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import InvalidValue
from healthsim_store.testing import StandardTests

STUDY = {"protocol_number": "ABC-1"}
ANN = {"usubjid": "ABC-1-01-1"}
BOB = {"usubjid": "ABC-1-01-2"}


def visit(number: float, name: str, day: str) -> dict[str, Any]:
    return ANN | {"visit_id": f"V{number}", "visit_num": number, "visit": name, "visit_date": day}


def lab(test: str, visit_id: str | None, **fields: Any) -> dict[str, Any]:
    return ANN | {"lbtestcd": test, "lbtest": test.title(), "visit_id": visit_id} | fields


def sign(
    test: str, day: str | None, result: str | None, unit: str, **fields: Any
) -> dict[str, Any]:
    told = {"vstestcd": test, "vstest": test.title(), "vsorres": result, "vsorresu": unit}
    return ANN | told | {"vsdtc": day} | fields


def supplement(domain: str, name: str, **fields: Any) -> dict[str, Any]:
    told = {"rdomain": domain, "qnam": name, "qlabel": name.title(), "qval": "Y", "qorig": "CRF"}
    return STUDY | ANN | told | fields


G = {"lborresu": "g/dL", "lbstresu": "g/L", "lbstnrlo": 120, "lbstnrhi": 160, "lbspec": "BLOOD",
     "lborres": "?", "lbornrlo": "12", "lbornrhi": "16"}  # fmt: skip

#: Ann is treated from 10 January on, Bob never.
ROWS: dict[str, list[dict[str, Any]]] = {
    "studies": [STUDY | {"study_id": "S", "phase": "2", "indication": "NSCLC"}],
    "sites": [STUDY | {"site_number": "01", "country": "FRA"}],
    "treatment_arms": [STUDY | {"arm_code": "A", "arm_name": "Active"}],
    "planned_visits": [
        STUDY | {"visit_num": 1, "visit_name": "SCREENING", "visit_day": -7},
        STUDY | {"visit_num": 3, "visit_name": "CYCLE 2", "visit_day": 22},
        STUDY | {"visit_num": 4, "visit_name": "CYCLE 3", "visit_day": 43},
    ],
    "subjects": [
        STUDY | ANN | {"site_number": "01", "arm_code": "A", "status": "active",
                       "consent_date": "2024-01-02", "first_dose_date": "2024-01-10",
                       "last_dose_date": "2024-01-31"},
        STUDY | BOB | {"site_number": "01", "status": "screen failure",
                       "consent_date": "2024-01-02"},
    ],
    "actual_visits": [
        visit(1, "SCREENING", "2024-01-02"), visit(2, "CYCLE 1", "2024-01-10"),
        visit(3, "CYCLE 2", "2024-01-31"),
    ],
    # Bob's long screening is nothing of Ann's.
    "trial_elements": [
        STUDY | {"element_id": "E", "etcd": "SCRN", "element": "Screening", "testrl": "Consent"}
    ],
    "subject_elements": [
        BOB | {"element_id": "E", "epoch": "SCREENING", "sestdtc": "2024-01-02",
               "seendtc": "2024-12-31"},
    ],
    "trial_lab_results": [
        lab("HGB", "V1", **G | {"lborres": "13.5", "lbstresn": 135, "lbdtc": "2024-01-02"}),
        lab("HGB", "V2", **G | {"lborres": "11", "lbstresn": 110, "lbdtc": "2024-01-10T08:15",
                                "lbseq": 5}),
        lab("HGB", "V3", **G | {"lborres": "17", "lbstresn": 170.5, "lbdtc": "2024-01-31"}),
        # A text has no number, and no range to be beside of.
        lab("HCG", "V1", lborres="NEGATIVE", lbspec="URINE", lbdtc="2024-01-03"),
        # Nobody measured it, so no unit is told; its day is the visit's.
        lab("GLUC", "V3", lborresu="mmol/L", lbstat="NOT DONE", lbreasnd="Lost"),
        # Only the number of the visit is known, and the month.
        lab("ALT", None, visit_num=4, lborres="45", lborresu="U/L", lbornrlo="7", lbornrhi="40",
            lbdtc="2024-02", lbloinc="1742-6"),
        # Nobody converted it into the standard unit.
        BOB | {"lbtestcd": "CREAT", "lbtest": "Creatinine", "lborres": "1.1", "lborresu": "mg/dL",
               "lbstresu": "umol/L", "lbdtc": "2024-01-02"},
    ],
    "trial_vital_signs": [
        sign("SYSBP", "2024-01-02", "120", "mmHg", vspos="SUPINE", vsseq=1),
        sign("SYSBP", "2024-01-02", "125", "mmHg", vspos="STANDING", vsseq=2),
        sign("SYSBP", "2024-01-11", "119", "mmHg", vspos="SUPINE", vsseq=3),
        # The trial itself says which one is the baseline.
        sign("PULSE", "2024-01-02", "61", "beats/min", vsseq=4, vsblfl="Y"),
        sign("PULSE", "2024-01-09", "64", "beats/min", vsseq=5, vsblfl="N"),
        sign("TEMP", "2024-01-09", "98.6", "F", vsseq=6, vsstresn=37, vsstresu="C"),
        # The latest one before the treatment is missing, so the one before it counts.
        sign("TEMP", "2024-01-10", None, "F", vsseq=7, vsstat="NOT DONE"),
    ],
    "concomitant_medications": [
        ANN | {"cmtrt": "Aspirin", "cmdose": 100, "cmdosu": "mg", "cmdosfrq": "QD",
               "cmstdtc": "2019-05", "cmenrf": "ONGOING", "cmindc": "Prevention"},
        ANN | {"cmtrt": "Paracetamol", "cmdostxt": "200-400", "cmstdtc": "2024-01-12",
               "cmendtc": "2024-01-14", "cmseq": 1},
    ],
    "medical_histories": [
        ANN | {"mhterm": "High blood pressure", "mhstdtc": "2015", "mhdtc": "2024-01-02",
               "mhenrf": "ONGOING", "mhcat": "GENERAL"},
        ANN | {"mhterm": "Stroke", "mhpresp": "Y", "mhoccur": "N"},
    ],
    "exposures": [
        ANN | {"drug": "Drug A", "dose": 20, "dose_unit": "mg", "start_date": "2024-01-10",
               "visit_id": "V2", "dose_form": "TABLET", "lot": "L7"},
        ANN | {"drug": "Drug A", "dose_text": "half", "start_date": "2024-01-31",
               "visit_id": "V3", "dose_unit": "mg"},
    ],
    "adverse_events": [
        ANN | {"term": "Rash", "start_date": "2024-01-12", "sequence": 1, "serious": "Y",
               "hospitalization": "Y", "sponsor_id": "17", "pattern": "INTERMITTENT"},
        ANN | {"term": "Death of it", "start_date": "2024-01", "sequence": 2, "serious": "Y",
               "outcome": "FATAL"},
    ],
    "supplemental_values": [
        supplement("AE", "AETRTEM", idvar="AESEQ", idvarval="1"),
        supplement("DM", "RACE1"),
        supplement("VS", "VSBY", idvar="VSTESTCD", idvarval="PULSE"),
    ],
}  # fmt: skip

DATASETS: dict[str, list[dict[str, Any]]] = {
    "LB": [
        {"LBSEQ": 5, "LBTESTCD": "HGB", "LBORRES": "11", "LBORRESU": "g/dL", "LBSTRESC": "110",
         "LBSTRESN": 110.0, "LBSTRESU": "g/L", "LBNRIND": "LOW", "LBLOBXFL": "Y",
         "LBORNRLO": "12", "LBSTNRLO": 120.0, "VISITNUM": 2.0, "VISIT": "CYCLE 1",
         "VISITDY": None, "LBDY": 1, "EPOCH": "TREATMENT", "LBDTC": "2024-01-10T08:15"},
        {"LBSEQ": 6, "LBTESTCD": "HGB", "LBSTRESN": 135.0, "LBNRIND": "NORMAL",
         "LBLOBXFL": None},
        {"LBSEQ": 7, "LBTESTCD": "HCG", "LBORRES": "NEGATIVE", "LBSTRESC": "NEGATIVE",
         "LBSTRESN": None, "LBSTRESU": None, "LBNRIND": None, "LBLOBXFL": "Y", "LBDY": -7,
         "VISIT": "SCREENING", "VISITDY": -7, "EPOCH": "SCREENING"},
        {"LBSEQ": 8, "LBTESTCD": "HGB", "LBSTRESC": "170.5", "LBNRIND": "HIGH",
         "LBLOBXFL": None, "LBDY": 22, "VISITDY": 22},
        {"LBSEQ": 9, "LBTESTCD": "ALT", "LBSTRESC": "45", "LBSTRESN": 45.0, "LBSTRESU": "U/L",
         "LBSTNRLO": 7.0, "LBSTNRHI": 40.0, "LBNRIND": "HIGH", "LBDTC": "2024-02",
         "LBDY": None, "VISITNUM": 4.0, "VISIT": "CYCLE 3", "VISITDY": 43, "LBLOINC": "1742-6"},
        {"LBSEQ": 10, "LBTESTCD": "GLUC", "LBSTAT": "NOT DONE", "LBREASND": "Lost",
         "LBORRES": None, "LBORRESU": None, "LBSTRESU": None, "LBDTC": "2024-01-31"},
        {"USUBJID": "ABC-1-01-2", "LBSEQ": 1, "LBORRES": "1.1", "LBSTRESC": "1.1",
         "LBSTRESN": 1.1, "LBSTRESU": "mg/dL", "LBLOBXFL": None, "LBDY": None,
         "EPOCH": "SCREENING"},
    ],
    "VS": [
        # Of two at the same time it is the later number, whatever the position.
        {"VSSEQ": 1, "VSLOBXFL": None, "VSPOS": "SUPINE", "VSSTRESN": 120.0},
        {"VSSEQ": 2, "VSLOBXFL": "Y", "VSPOS": "STANDING"},
        {"VSSEQ": 3, "VSLOBXFL": None, "VSDY": 2, "EPOCH": "TREATMENT"},
        {"VSSEQ": 4, "VSLOBXFL": "Y", "VSBLFL": "Y"},
        {"VSSEQ": 5, "VSLOBXFL": None, "VSBLFL": None},
        {"VSSEQ": 6, "VSLOBXFL": "Y", "VSORRES": "98.6", "VSSTRESC": "37", "VSSTRESU": "C"},
        {"VSSEQ": 7, "VSLOBXFL": None, "VSSTAT": "NOT DONE", "VSORRESU": None},
    ],
    "CM": [
        {"CMSEQ": 1, "CMTRT": "Paracetamol", "CMDOSE": None, "CMDOSTXT": "200-400",
         "CMSTDY": 3, "CMENDY": 5, "EPOCH": "TREATMENT"},
        {"CMSEQ": 2, "CMTRT": "Aspirin", "CMDOSE": 100.0, "CMSTDTC": "2019-05",
         "CMSTDY": None, "CMENRF": "ONGOING", "EPOCH": "SCREENING"},
    ],
    "MH": [
        {"MHSEQ": 1, "MHTERM": "High blood pressure", "MHSTDTC": "2015", "MHDY": -8, "MHSTDY": None,
         "MHENRF": "ONGOING", "MHDECOD": None},
        {"MHSEQ": 2, "MHTERM": "Stroke", "MHPRESP": "Y", "MHOCCUR": "N"},
    ],
    "EX": [
        {"EXSEQ": 1, "EXDOSE": 20.0, "EXDOSFRM": "TABLET", "EXLOT": "L7", "VISITNUM": 2.0,
         "VISIT": "CYCLE 1"},
        {"EXSEQ": 2, "EXDOSE": None, "EXDOSTXT": "half", "VISITDY": 22},
    ],
    "AE": [
        {"AESEQ": 1, "AESHOSP": "Y", "AESPID": "17", "AEPATT": "INTERMITTENT", "AESDTH": None},
        {"AESEQ": 2, "AESDTH": "Y", "AESTDTC": "2024-01", "AESTDY": None},
    ],
    "SUPPAE": [
        {"RDOMAIN": "AE", "USUBJID": "ABC-1-01-1", "IDVAR": "AESEQ", "IDVARVAL": "1",
         "QNAM": "AETRTEM", "QVAL": "Y"},
    ],
    "SUPPDM": [{"RDOMAIN": "DM", "IDVAR": "", "IDVARVAL": "", "QNAM": "RACE1"}],
    "SUPPVS": [{"RDOMAIN": "VS", "IDVAR": "VSTESTCD", "IDVARVAL": "PULSE"}],
}  # fmt: skip


class TestFindings(StandardTests):
    standard = "sdtm"
    rows = ROWS
    datasets = DATASETS


def test_a_supplemental_value_without_its_record_is_left_out(store: Store, tmp_path: Path) -> None:
    late = [
        supplement("AE", "AELATE", idvar="AESEQ", idvarval="9"),  # there is no ninth event
        supplement("AE", "AELATE", idvar="AESEQ", idvarval="2"),
        supplement("XX", "XXBY", idvar="XXSEQ", idvarval="1"),
        supplement("CM", "CMBY", idvar="CMSEQ", idvarval="2", qorig=None),
        STUDY | {"rdomain": "TS", "qnam": "A", "qlabel": "A", "qval": "1", "qorig": "CRF"},
    ]
    store.persist(ROWS | {"supplemental_values": late}, scenario="trial")
    made = store.export_scenario("trial", format="sdtm", to=tmp_path / "out")
    account = next(one for one in made.datasets if one.name == "SUPP")
    assert (account.given, account.rows) == (5, 1)
    assert sum(account.refused.values()) == 4
    assert account.refused["the record that it belongs to is not in the files"] == 1
    told = account.examples["the record that it belongs to is not in the files"]
    assert told == (
        "STUDYID ABC-1, RDOMAIN AE, USUBJID ABC-1-01-1, IDVAR AESEQ, IDVARVAL 9, QNAM AELATE"
    )
    assert [file.name for file in made.files if "supp" in file.name] == ["suppae.json"]
    written = json.loads((tmp_path / "out" / "suppae.json").read_text("utf-8"))
    assert (written["name"], written["label"]) == ("SUPPAE", "Supplemental Qualifiers for AE")
    # Where events are not chosen, no value of one can be.
    made = store.export_scenario(
        "trial", format="sdtm", to=tmp_path / "some", options={"only": "dm,ds,supp"}
    )
    assert [file.name for file in made.files if "supp" in file.name] == []
    with pytest.raises(InvalidValue, match="SUPPAE is written with SUPP"):
        store.export_scenario(
            "trial", format="sdtm", to=tmp_path / "none", options={"only": "dm,suppae"}
        )
