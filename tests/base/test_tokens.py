"""The estimate against a real tokenizer."""

from __future__ import annotations

import json

import pytest
from real_tokenizer import count_tokens

from healthsim_store.base.tokens import estimate_tokens

SUMMARY = """**diabetes-cohort-20241226** (k3f9xz; patientsim 0.1.0)
diabetes cohort for training
Tags: diabetes, training

| Entity Type | Count |
|---|---|
| Patients | 150 |
| Encounters | 425 |
| Lab Results | 890 |
| Medications | 320 |

**Patient Demographics**
- Age range: 35-78 years
- Gender: 72 male, 78 female
- Race: White (45%), Hispanic (28%), Black (18%), Asian (9%)

**Clinical Characteristics**
- Average A1C: 7.8% (range: 6.1-12.4%)
- With complications: 67 (45%)
- On insulin: 43 (29%)
"""
SAMPLES = """**Patients** (3 of 150; 9 more columns)
patient_id | mrn | given_name | family_name | birth_date | gender | race | city
k3f9xz-a1 | P-2024-00847 | Maria | Gonzalez | 1966-03-02 | F | White | San Diego
k3f9xz-b55 | P-2024-01234 | James | Thompson | 1957-11-30 | M | Black | Sacramento
k3f9xz-c120 | P-2024-00623 | Patricia | Lee | 1952-07-14 | F | Asian | Los Angeles
"""
LABS = """**Lab Results** (2 of 890; 4 more columns)
lab_result_id | patient_id | test_name | loinc_code | value | unit | collected_time
k3f9xz-c151 | k3f9xz-a1 | Hemoglobin A1c/Hemoglobin.total | 4548-4 | 8.2 | % | 2024-02-15T09:30:00
"""
MEDICATIONS = """name | rxnorm_code | dose | route | start_date | status
Metformin 1000 MG Oral Tablet | 860975 | 1000 mg | oral | 2023-04-01 | active
insulin glargine 100 UNT/ML Injectable | 311041 | 30 units | SC | 2022-12-11 | completed
"""
SQL = """SELECT p.given_name, p.family_name, max(l.value_numeric) AS a1c
FROM patients AS p JOIN lab_results AS l USING (patient_id)
WHERE l.loinc_code IN ('4548-4', '17856-6') GROUP BY p.patient_id HAVING a1c > 9 ORDER BY a1c DESC
"""
REPLY = json.dumps(
    {
        "columns": ["patient_id", "given_name", "gender"],
        "rows": [
            {"patient_id": "k3f9xz-a1", "given_name": "Maria", "gender": "F"},
            {"patient_id": "k3f9xz-a2", "given_name": "Robert", "gender": "M"},
        ],
        "total": 150,
        "has_more": True,
    }
)


@pytest.mark.parametrize(
    "text",
    [SUMMARY, SAMPLES, LABS, MEDICATIONS, SQL, REPLY, SUMMARY + SAMPLES, SUMMARY + LABS + SAMPLES],
)
def test_estimate_is_never_below_and_at_most_a_quarter_above(text: str) -> None:
    real = count_tokens(text)
    assert real <= estimate_tokens(text) <= 1.25 * real


@pytest.mark.parametrize(
    "text",
    ["a", "patients", "2024-01-15", "E11.65", "é", "…", "\n\n", "患者", "a|b," * 300, "1,2," * 300],
)
def test_short_and_dense_texts_are_never_below(text: str) -> None:
    assert estimate_tokens(text) >= count_tokens(text)


def test_nothing_costs_nothing() -> None:
    assert estimate_tokens("") == 0
