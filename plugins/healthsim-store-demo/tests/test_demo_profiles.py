"""The demo's profile of persons who are patients and members, and the question that it is for."""

from __future__ import annotations

from pathlib import Path

from campaign import tries

from healthsim_store import Store
from healthsim_store.testing import ProfileTests

HIGH_CLAIMS = """
SELECT patient_id, sum(total_charge) AS total, max(total_charge) AS highest, service_category,
  payer_name
FROM patients
JOIN (SELECT member_id, person_id, payer_name FROM members) USING (person_id)
JOIN claims USING (member_id)
WHERE patient_id IN (SELECT patient_id FROM diagnoses WHERE code LIKE 'E11%')
GROUP BY patient_id
HAVING max(total_charge) > 10000
"""


class TestInsuredDiabetesCohort(ProfileTests):
    profile = "insured-diabetes-cohort"
    variants = ({}, {"insulin": 0.5}, {"claims": False})
    seeds = range(tries(10, 60))


def test_23_patients_have_diabetes_and_a_claim_over_10000_dollars(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        made = store.generate_scenario("insured-diabetes-cohort", count=150, seed=32, into="s")
        found = store.query_scenario("s", HIGH_CLAIMS, limit=100).rows
    assert made.inserted["patients"] == made.inserted["members"] == 150
    assert len(found) == 23
    assert {"inpatient", "surgery"} <= {row["service_category"] for row in found}
    assert "Medicare" in {row["payer_name"] for row in found}
