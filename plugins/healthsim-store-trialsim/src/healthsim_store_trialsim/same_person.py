"""A rule between two products: a subject and a patient with one person_id are one human.

The SQL of checks.sql knows the tables of its own product only, so this is a check in Python. It is
run where both products are in a scenario.
"""

from collections.abc import Callable, Iterator
from typing import Any

from healthsim_store import Check

_DIFFERENT = """
SELECT usubjid, s.birth_date, s.sex, p.patient_id, p.birth_date AS born, p.gender
FROM subjects AS s
JOIN patients AS p ON p.person_id = s.person_id
WHERE s.birth_date <> p.birth_date
  OR (s.sex <> p.gender AND s.sex IN ('M', 'F') AND p.gender IN ('M', 'F'))
ORDER BY usubjid, p.patient_id
LIMIT 21
"""


def find_two_people(query: Callable[..., list[dict[str, Any]]], scenario: str) -> Iterator[str]:
    """A text for each pair that cannot be one human.

    Args:
        query: asks one SELECT of the scenario.
        scenario: its name.
    """
    for row in query(_DIFFERENT):
        yield (
            f"the subject {row['usubjid']} ({row['sex']}, born {row['birth_date']}) and the"
            f" patient {row['patient_id']} ({row['gender']}, born {row['born']}) have one person_id"
        )


CHECK = Check("subject_and_patient", find_two_people, entity_types=("subjects", "patients"))
