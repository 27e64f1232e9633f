"""PatientSim's profiles: their promises over many seeds, and cohorts of known sizes.

What is counted here is read with plain sqlite3, without the library's own queries.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from campaign import tries

from healthsim_store import Store
from healthsim_store.generation.recipe import read_recipe
from healthsim_store.generation.run import Generation
from healthsim_store.plugins import installed
from healthsim_store.testing import ProfileTests


class TestDiabetesCohort(ProfileTests):
    profile = "diabetes-cohort"
    variants = ({}, {"insulin": 0.6}, {"insulin": 0, "as_of": "2020-02-29"})
    seeds = range(tries(10, 60))


class TestHeartFailure(ProfileTests):
    profile = "heart-failure"
    variants = ({}, {"reduced": 1, "hypertensive": 0}, {"as_of": "2020-02-29"})
    seeds = range(tries(10, 60))


class TestCopd(ProfileTests):
    profile = "copd"
    variants = ({}, {"as_of": "2020-02-29"})
    seeds = range(tries(10, 60))


class TestLabs(ProfileTests):
    profile = "labs"
    base = "heart-failure"
    variants = ({}, {"months": 24, "every": 1})
    count = 60


TABLES = ("patients", "encounters", "lab_results", "medications", "diagnoses")
SIZES = {
    "diabetes-cohort": [150, 425, 890, 320, 348],
    "heart-failure": [120, 380, 720, 600, 312],
    "copd": [75, 210, 450, 320, 232],
}


def generated(folder: Path, profile: str, **given: Any) -> Path:
    """The scenario file of one generated cohort."""
    installed.cache_clear()
    with Store(folder) as store:
        return store.find(store.generate_scenario(profile, **given).scenario)


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def sizes(file: Path) -> list[int]:
    return [rows(file, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]


def test_together_the_cohorts_are_the_merged_training_set() -> None:
    together = [sum(column) for column in zip(*SIZES.values(), strict=True)]
    assert together == [345, 1_015, 2_060, 1_240, 892]


@pytest.mark.parametrize("profile", SIZES)
@pytest.mark.parametrize("seed", [1, 7, 20241226])
def test_a_cohort_has_the_known_size(tmp_path: Path, profile: str, seed: int) -> None:
    assert sizes(generated(tmp_path, profile, seed=seed)) == SIZES[profile]


@pytest.mark.parametrize("profile", SIZES)
def test_ten_times_the_patients_have_ten_times_the_rest(tmp_path: Path, profile: str) -> None:
    file = generated(tmp_path, profile, seed=3, count=10 * SIZES[profile][0])
    assert sizes(file) == [10 * size for size in SIZES[profile]]


@pytest.mark.parametrize("profile", SIZES)
def test_small_cohorts_lose_nothing(profile: str) -> None:
    """Where few share a total one may get much of it; there must be enough to give."""
    installed.cache_clear()
    recipe = read_recipe(installed().checked.find("profiles")[profile])
    for count in (1, 2, 3, 10):
        known = [int(size * count / SIZES[profile][0] + 0.5) for size in SIZES[profile]]
        for seed in range(5):
            ((_, _, entities),) = Generation(recipe, count=count, seed=seed).batches()
            assert [len(entities[table]) for table in TABLES] == known, (count, seed)


def test_the_profiles_merge_without_conflict(tmp_path: Path) -> None:
    ids: Counter[str] = Counter()
    for profile in SIZES:
        file = generated(tmp_path / profile, profile, seed=7)
        for column in ("patient_id", "mrn", "ssn", "person_id"):
            ids.update(value for (value,) in rows(file, f"SELECT {column} FROM patients"))
    assert set(ids.values()) == {1}


@pytest.mark.parametrize("share", [0, 0.6])
def test_the_option_says_how_many_are_on_insulin(tmp_path: Path, share: float) -> None:
    file = generated(tmp_path, "diabetes-cohort", seed=1, count=600, options={"insulin": share})
    ((found,),) = rows(
        file, "SELECT count(DISTINCT patient_id) FROM medications WHERE name LIKE 'Insulin%'"
    )
    assert found / 600 == pytest.approx(share, abs=0.08)


def test_control_decides_treatment_and_complications(tmp_path: Path) -> None:
    file = generated(tmp_path, "diabetes-cohort", seed=1, count=1_000)
    bands = rows(
        file,
        """
        SELECT avg(insulin), avg(medicines), avg(complicated)
        FROM (
          SELECT patient_id, min(9, CAST(avg(value_numeric) AS INTEGER)) AS band
          FROM lab_results WHERE loinc_code = '4548-4' GROUP BY patient_id
        )
        JOIN (
          SELECT patient_id, max(name LIKE 'Insulin%') AS insulin, count(*) AS medicines
          FROM medications GROUP BY patient_id
        ) USING (patient_id)
        JOIN (
          SELECT patient_id, max(code GLOB 'E11.[0-8]*') AS complicated
          FROM diagnoses GROUP BY patient_id
        ) USING (patient_id)
        GROUP BY band ORDER BY band
        """,
    )
    assert len(bands) == 4  # A1C of 6, 7, 8, and 9 or more
    assert bands[0][0] == 0
    for measure in zip(*bands, strict=True):
        assert list(measure) == sorted(measure)
    assert bands[-1][2] > bands[0][2] + 0.2
