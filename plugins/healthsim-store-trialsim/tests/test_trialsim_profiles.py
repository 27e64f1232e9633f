"""The profiles of trials: their promises over many seeds, and the seed's trial as known answers.

The effects of their drugs are found as one who analyses a trial would find them.

What is counted here is read with plain sqlite3, without the library's own queries.
"""

from __future__ import annotations

import contextlib
import sqlite3
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from campaign import tries

from healthsim_store import Store
from healthsim_store.errors import InvalidArgument, InvalidRows
from healthsim_store.plugins import installed
from healthsim_store.testing import ProfileTests


class TestOncologyPhase3(ProfileTests):
    profile = "oncology-phase3"
    variants = (
        {},
        {"protocol": "LUNG-7", "start": "2020-02-29", "findings": 0},
        {"screen_failures": 0.3, "milestones": 1},
    )
    seeds = range(tries(6, 60))


class TestCardiovascularOutcomes(ProfileTests):
    profile = "cardiovascular-outcomes"
    variants = ({}, {"screen_failures": 0, "milestones": 0, "start": "2023-12-31"})
    seeds = range(tries(6, 60))


class TestAdverseEvents(ProfileTests):
    profile = "adverse-events"
    base = "oncology-phase3"
    base_options: ClassVar[Mapping[str, Any]] = {"findings": 0}
    variants = ({}, {"share": 1})
    count = 60


def trial(folder: Path, profile: str = "oncology-phase3", **given: Any) -> Path:
    """The scenario file of one generated trial."""
    installed.cache_clear()
    with Store(folder) as store:
        made = store.generate_scenario(profile, **given)
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
    file = trial(tmp_path, seed=1, count=2_000, options={"findings": 0})
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


# -- what the drugs do ---------------------------------------------------------------------------


def errors_apart(first: list[float], second: list[float]) -> float:
    """By how many standard errors the mean of the first sample is above that of the second."""
    error = (
        statistics.variance(first) / len(first) + statistics.variance(second) / len(second)
    ) ** 0.5
    return float((statistics.fmean(first) - statistics.fmean(second)) / error)


def changes(file: Path, test: str, *, since: int, until: int) -> dict[str, list[float]]:
    """By arm, how much the subjects' results of a laboratory test change between two visits."""
    found: dict[str, list[float]] = {}
    for arm, change in rows(
        file,
        "SELECT arm_code, later.lbstresn - first.lbstresn FROM trial_lab_results AS first"
        " JOIN trial_lab_results AS later USING (subject_id, lbtestcd)"
        " JOIN subjects USING (subject_id) JOIN treatment_arms USING (arm_id)"
        f" WHERE lbtestcd = '{test}' AND first.visit_num = {since} AND later.visit_num = {until}"
        " AND first.lbstresn IS NOT NULL AND later.lbstresn IS NOT NULL",
    ):
        found.setdefault(arm, []).append(change)
    return found


def test_ldl_falls_with_the_drug(tmp_path: Path) -> None:
    """It is about 30 standard errors, so the test fails by chance less often than once in 10^9.

    A drug without an effect would pass once in 3 million times.
    """
    found = changes(trial(tmp_path, "cardiovascular-outcomes", seed=5), "LDL", since=2, until=6)
    assert errors_apart(found["DRUGB"], found["PLACEBO"]) < -5
    assert statistics.fmean(found["DRUGB"]) == pytest.approx(-1.37, abs=0.2)


def test_neutrophils_fall_by_cycle_in_the_experimental_arm(tmp_path: Path) -> None:
    """At cycle 9 it is about 12 standard errors: a failure by chance once in 10^11 times.

    Two arms with one effect would pass once in 3 million times.
    """
    file = trial(tmp_path, seed=5, count=400)
    found = changes(file, "NEUT", since=2, until=10)
    assert errors_apart(found["ACTIVE"], found["CONTROL"]) < -5
    means = [
        statistics.fmean(changes(file, "NEUT", since=2, until=visit)["ACTIVE"])
        for visit in (4, 7, 10)
    ]
    assert 0 > means[0] > means[1] > means[2]  # two thirds of a cell apart, and an error of 0.05


def test_adverse_events_follow_exposure(tmp_path: Path) -> None:
    """Of those who are treated to the end, 65 % have an event, of others 29 %: 11 standard errors.

    So the test fails by chance once in 10^8 times, and passes without a reason once in 3 million.
    Who dies, or leaves because of an event, has one in any case, and is not counted.
    """
    options = {"findings": 0}
    file = trial(tmp_path, "cardiovascular-outcomes", seed=5, count=2_000, options=options)
    samples: dict[str, list[float]] = {}
    for completed, affected in rows(
        file,
        "SELECT status = 'completed', EXISTS (SELECT 1 FROM adverse_events AS e"
        " WHERE e.subject_id = s.subject_id) FROM subjects AS s"
        " JOIN disposition_events USING (subject_id) WHERE dsscat = 'STUDY PARTICIPATION'"
        " AND dsdecod NOT IN ('DEATH', 'ADVERSE EVENT', 'SCREEN FAILURE')",
    ):
        samples.setdefault("long" if completed else "short", []).append(affected)
    assert errors_apart(samples["long"], samples["short"]) > 5


def test_a_result_is_as_low_as_its_adverse_event_says(tmp_path: Path) -> None:
    """CTCAE 5: grade 3 is below 1.0, grade 4 below 0.5 of a thousand neutrophils."""
    file = trial(tmp_path, seed=5, count=600)
    found = rows(
        file,
        "SELECT aetoxgr, max(lbstresn), count(*) FROM adverse_events"
        " JOIN trial_lab_results USING (subject_id)"
        " WHERE aeterm = 'Low neutrophils' AND lbtestcd = 'NEUT'"
        " AND substr(lbdtc, 1, 10) BETWEEN aestdtc AND coalesce(aeendtc, '9')"
        " GROUP BY aetoxgr ORDER BY aetoxgr",
    )
    assert [grade for grade, *_ in found] == ["1", "2", "3", "4"]
    for (_, most, count), limit in zip(found, (1.8, 1.5, 1, 0.5), strict=True):
        assert most < limit, count


def test_the_two_trials_can_be_in_one_scenario(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.generate_scenario("oncology-phase3", into="both", seed=1, count=10)
        store.generate_scenario("cardiovascular-outcomes", into="both", seed=1, count=10)
        assert [f for f in store.check_scenario("both").findings if f.level == "error"] == []
        assert store.scenario_info("both").entity_counts["studies"] == 2


def test_no_term_of_a_dictionary_is_made(tmp_path: Path) -> None:
    """MedDRA and WHODrug are not free: a user brings them."""
    for profile in ("oncology-phase3", "cardiovascular-outcomes"):
        file = trial(tmp_path / profile, profile, seed=1, count=60)
        assert rows(
            file,
            "SELECT count(aedecod), count(aebodsys), count(aellt), count(aesoc), count(*) > 0"
            " FROM adverse_events",
        ) == [(0, 0, 0, 0, 1)]
        assert rows(file, "SELECT count(cmdecod), count(*) > 0 FROM concomitant_medications") == [
            (0, 1)
        ]
        assert rows(file, "SELECT count(mhdecod), count(*) > 0 FROM medical_histories") == [(0, 1)]
