"""The profile oncology-phase3: its promises over many seeds, and the seed's trial as known answers.

What is counted here is read with plain sqlite3, without the library's own queries.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from campaign import tries

from healthsim_store import Store
from healthsim_store.errors import InvalidArgument, InvalidRows
from healthsim_store.plugins import installed
from healthsim_store.testing import ProfileTests


class TestOncologyPhase3(ProfileTests):
    profile = "oncology-phase3"
    variants = ({}, {"protocol": "LUNG-7", "start": "2020-02-29"})
    seeds = range(tries(10, 60))


class TestAdverseEvents(ProfileTests):
    profile = "adverse-events"
    base = "oncology-phase3"
    variants = ({}, {"share": 1})
    count = 60


def trial(folder: Path, **given: Any) -> Path:
    """The scenario file of one generated trial."""
    installed.cache_clear()
    with Store(folder) as store:
        made = store.generate_scenario("oncology-phase3", **given)
        return store.find(made.scenario)


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def counts(file: Path, *tables: str) -> list[int]:
    return [rows(file, f"SELECT count(*) FROM {table}")[0][0] for table in tables]


@pytest.mark.parametrize("seed", [1, 7, 20241227])
def test_the_trial_has_the_known_size(tmp_path: Path, seed: int) -> None:
    file = trial(tmp_path, seed=seed)
    exact = ("studies", "sites", "treatment_arms", "subjects", "visit_schedule")
    assert counts(file, *exact, "disposition_events") == [1, 8, 2, 200, 2_400, 200]
    assert rows(
        file,
        "SELECT arm_name, count(*) FROM subjects JOIN treatment_arms USING (arm_id) "
        "GROUP BY 1 ORDER BY 1",
    ) == [("Active (Drug A + SOC)", 100), ("Control (SOC only)", 100)]
    assert rows(
        file, "SELECT DISTINCT count(*) FROM visit_schedule GROUP BY subject_id"
    ) == [(12,)]  # fmt: skip
    assert rows(file, "SELECT protocol_number, phase, indication FROM studies") == [
        ("ONCO-2024-001", "3", "NSCLC")
    ]


def test_visits_and_adverse_events_are_about_as_many_as_known(tmp_path: Path) -> None:
    """The seed's trial has 1,847 visits (77 %), and 89 adverse events in 32 of 200 subjects."""
    file = trial(tmp_path, seed=1, count=2_000)
    subjects, visits, events = counts(file, "subjects", "actual_visits", "adverse_events")
    ((affected,),) = rows(file, "SELECT count(DISTINCT subject_id) FROM adverse_events")
    assert visits / (12 * subjects) == pytest.approx(0.77, abs=0.03)
    assert affected / subjects == pytest.approx(32 / 200, abs=0.037)
    assert events / affected == pytest.approx(89 / 32, abs=0.36)


def test_arms_stay_equal_whenever_the_enrolment_stops(tmp_path: Path) -> None:
    file = trial(tmp_path, seed=3, count=61)
    arms = [arm for (arm,) in rows(file, "SELECT arm_id FROM subjects ORDER BY rowid")]
    pairs = list(zip(arms[::2], arms[1::2], strict=False))
    assert all(first != second for first, second in pairs)
    assert len({first for first, _ in pairs}) == 2, "the same arm is always the first"


def test_a_smallest_trial(tmp_path: Path) -> None:
    file = trial(tmp_path, seed=1, count=1)
    assert counts(file, "studies", "sites", "treatment_arms", "subjects") == [1, 8, 2, 1]


def test_two_trials_in_one_scenario_need_two_protocols(tmp_path: Path) -> None:
    file = trial(tmp_path, seed=1, count=10)
    with Store(tmp_path) as store:
        (name,) = store.names()
        with pytest.raises(InvalidRows, match="ONCO-2024-001"):
            store.generate_scenario("oncology-phase3", into=name, seed=2, count=10)
        store.generate_scenario(
            "oncology-phase3", into=name, seed=2, count=10, options={"protocol": "ONCO-2"}
        )
    assert counts(file, "studies", "sites", "subjects") == [2, 16, 20]


def test_a_protocol_has_a_number(tmp_path: Path) -> None:
    with Store(tmp_path) as store, pytest.raises(InvalidArgument, match="protocol"):
        store.generate_scenario("oncology-phase3", options={"protocol": ""})
