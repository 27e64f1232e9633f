"""Update, remove and undo by an agent: each task in at most two calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import healthsim_store as hs


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory, stdio: Any) -> Any:
    """A session on a store with a cohort and a bad batch."""
    folder: Path = tmp_path_factory.mktemp("changing")
    with hs.Store(folder) as store:
        store.generate_scenario("diabetes-cohort", count=5, seed=7, into="cohort")
        bad = [{"mrn": f"BAD-{n}", "given_name": "A", "family_name": "B", "gender": "F",
                "birth_date": "1970-01-01"} for n in range(4)]  # fmt: skip
        store.persist({"patients": bad}, scenario="cohort")
    with stdio(folder) as talk:
        yield talk


def patients(talk: Any, where: str = "1") -> int:
    sql = f"SELECT count(*) AS n FROM patients WHERE {where}"
    return int(talk("query", scenario="cohort", sql=sql)[1]["rows"][0][0])


def test_delete_the_bad_batch_and_take_it_back(changing: Any) -> None:
    told, data = changing("change", scenario="cohort", batch="last")
    assert told == 'Removed from "cohort": 4 patients.'
    assert data["removed"] == {"patients": 4}
    assert patients(changing) == 5
    told, _ = changing("undo", scenario="cohort")
    assert "4 patients inserted" in told
    assert patients(changing) == 9
    assert "4 patients removed" in changing("undo", scenario="cohort", redo=True)[0]
    assert "4 patients inserted" in changing("undo", scenario="cohort")[0]


def test_update_with_values(changing: Any) -> None:
    told, data = changing(
        "change", scenario="cohort", entity_type="patients", where="mrn LIKE :begins",
        values={"begins": "BAD-%"}, set={"city": "Fresno"}, set_sql={"state": "upper('ca')"},
    )  # fmt: skip
    assert told == 'Updated in "cohort": 4 patients (city, state).'
    assert data["updated"] == 4
    assert patients(changing, "city = 'Fresno' AND state = 'CA'") == 4
    changing("undo", scenario="cohort")
    assert patients(changing, "city = 'Fresno'") == 0


def test_what_is_refused_says_what_to_do(changing: Any) -> None:
    told = changing.error(
        "change", scenario="cohort", entity_type="patients", where="1", remove=True
    )
    assert told.startswith("rows_in_use: ")
    assert "with_children=true" in told
    told = changing.error("change", scenario="cohort", batch="nothing")
    assert told.startswith("unknown_batch: ")
    assert "needs entity_type" in changing.error("change", scenario="cohort", set={"city": "x"})
    assert "not both" in changing.error(
        "change", scenario="cohort", entity_type="patients", where="1", remove=True,
        set={"city": "x"},
    )  # fmt: skip
    changing("change", scenario="cohort", entity_type="patients", where="1", set={"city": "x"})
    told = changing.error("undo", scenario="cohort", redo=True)
    assert told.startswith("cannot_undo: ")
