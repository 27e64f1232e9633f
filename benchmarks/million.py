"""A scenario of 1,000,000 rows in 6 entity types of PatientSim.

    python benchmarks/million.py STORE_FOLDER

The numbers of rows are those that a clinic would have of each other: six encounters and twenty
labs a patient.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from healthsim_store import Store


def million(scale: int = 1, prefix: str = "") -> dict[str, Iterator[dict[str, Any]]]:
    """The entities, as iterators; ``scale`` 10 is a tenth of them. ``prefix`` makes other ids."""
    patients, encounters = 20_000 // scale, 130_000 // scale

    def day(n: int) -> str:
        return f"20{n % 24 + 1:02}-{n % 12 + 1:02}-{n % 28 + 1:02}"

    def patient_id(n: int) -> str:
        return f"{prefix}p{n % patients:06}"

    def visit(n: int) -> dict[str, str]:
        return {
            "patient_id": patient_id(n % encounters),
            "encounter_id": f"{prefix}e{n % encounters:06}",
        }

    return {
        "patients": (
            {
                "patient_id": patient_id(n), "mrn": f"{prefix}MRN{n:07}",
                "given_name": f"Given{n % 997}", "family_name": f"Family{n % 1499}",
                "birth_date": f"19{n % 90 + 10}-{n % 12 + 1:02}-{n % 28 + 1:02}",
                "gender": "MF"[n % 2], "race": "White", "city": f"City{n % 50}", "state": "CA",
                "person_id": f"{prefix}person{n:06}",
            }
            for n in range(patients)
        ),
        "encounters": (
            visit(n) | {
                "class_code": "AMB", "admission_time": f"{day(n)}T09:00:00",
                "facility": f"Clinic {n % 40}", "chief_complaint": "routine follow-up",
            }
            for n in range(encounters)
        ),
        "diagnoses": (
            visit(n) | {
                "code": f"E11.{n % 10}", "description": "Type 2 diabetes mellitus",
                "diagnosed_date": day(n), "diagnosis_type": "principal",
            }
            for n in range(150_000 // scale)
        ),
        "lab_results": (
            visit(n) | {
                "test_name": "Hemoglobin A1c", "loinc_code": "4548-4",
                "value": f"{5 + n % 70 / 10:.1f}", "value_numeric": 5 + n % 70 / 10, "unit": "%",
                "collected_time": f"{day(n)}T08:30:00", "reference_range": "4.0-5.6",
            }
            for n in range(400_000 // scale)
        ),
        "medications": (
            visit(n) | {
                "name": "Metformin 500 MG Oral Tablet", "dose": "500 mg", "frequency": "BID",
                "start_date": day(n), "status": "active",
            }
            for n in range(150_000 // scale)
        ),
        "vital_signs": (
            visit(n) | {
                "observed_time": f"{day(n)}T09:05:00", "systolic_bp": 120 + n % 40,
                "diastolic_bp": 70 + n % 20, "heart_rate": 60 + n % 40, "weight": 70.5,
            }
            for n in range(150_000 // scale)
        ),
    }  # fmt: skip


if __name__ == "__main__":
    with Store(sys.argv[1]) as store:
        print(store.persist(million(), scenario="million").summary)
