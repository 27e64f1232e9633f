"""Profiles over a scenario whose diagnoses are in SNOMED CT, as Synthea writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.plugins import installed

DIABETES, HIGH_PRESSURE = "44054006", "38341003"


@pytest.fixture
def charts(tmp_path: Path) -> Iterator[Store]:
    """Ann has diabetes, and Bo has not."""
    pytest.importorskip("healthsim_store_patientsim")
    installed.cache_clear()
    people = [("P1", "Ann", DIABETES), ("P2", "Bo", HIGH_PRESSURE)]
    with Store(tmp_path) as store:
        store.persist({
            "patients": [
                {"patient_id": p, "mrn": p, "given_name": name, "family_name": "Lee",
                 "birth_date": "1970-02-01", "gender": "F"} for p, name, _ in people
            ],
            "diagnoses": [
                {"patient_id": p, "code": code, "code_system": "SNOMED CT", "description": "d",
                 "diagnosed_date": "2020-01-02"} for p, _, code in people
            ],
            "encounters": [
                {"patient_id": p, "class_code": "AMB", "admission_time": "2025-03-04T09:00:00",
                 "status": "finished"} for p, _, _ in people
            ],
        }, scenario="charts")  # fmt: skip
        yield store
    installed.cache_clear()


def _rows(store: Store, scenario: str, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in store.query_scenario(scenario, sql).rows]


def test_diabetes_is_known_by_its_code_of_snomed_ct(charts: Store) -> None:
    charts.generate_scenario("diabetes-claims", seed=1, for_scenario="charts", into="made")
    assert _rows(charts, "made", "SELECT given_name FROM members") == [("Ann",)]


def test_codes_keep_their_system(charts: Store) -> None:
    charts.generate_scenario("patient-claims", seed=1, for_scenario="charts", into="made")
    found = _rows(charts, "made", "SELECT DISTINCT code, code_system FROM member_conditions")
    assert sorted(found) == [(HIGH_PRESSURE, "SNOMED CT"), (DIABETES, "SNOMED CT")]
    systems = "SELECT DISTINCT diagnosis_code_system FROM claims"
    assert _rows(charts, "made", systems) == [("SNOMED CT",)]
    assert charts.check_scenario("made").findings == ()


def test_a1c_is_measured_for_diabetes_in_snomed_ct(charts: Store) -> None:
    charts.generate_scenario("labs", seed=1, for_scenario="charts", into="charts")
    sql = "SELECT DISTINCT patient_id FROM lab_results WHERE loinc_code = '4548-4'"
    assert _rows(charts, "charts", sql) == [("P1",)]
