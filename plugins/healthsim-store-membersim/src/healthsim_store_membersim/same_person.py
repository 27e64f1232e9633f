"""A rule between two products: a member and a patient with one person_id are one human.

The SQL of checks.sql knows the tables of its own product only, so this is a check in Python. It is
run where both products are in a scenario.
"""

from collections.abc import Callable, Iterator
from typing import Any

from healthsim_store import Check

_DIFFERENT = """
SELECT member_id, m.birth_date, m.gender, patient_id, p.birth_date AS born, p.gender AS is_patient
FROM members AS m
JOIN patients AS p USING (person_id)
WHERE m.birth_date <> p.birth_date
  OR (m.gender <> p.gender AND m.gender IN ('M', 'F') AND p.gender IN ('M', 'F'))
ORDER BY member_id, patient_id
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
            f"the member {row['member_id']} ({row['gender']}, born {row['birth_date']}) and the"
            f" patient {row['patient_id']} ({row['is_patient']}, born {row['born']}) have one"
            " person_id"
        )


CHECK = Check("member_and_patient", find_two_people, entity_types=("members", "patients"))
