"""Twenty tasks of a user who corrects, cuts, extends and compares: each in at most two calls.

A real client asks a real server. What came of it is read by plain SQLite, which knows nothing of
the project. Each task has scenarios of its own, so that they do not mind each other.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import healthsim_store as hs

MOST = 2  # calls for a task

A1C = "loinc_code = '4548-4'"
INSULIN = "name LIKE '%insulin%'"
ON_INSULIN = f"patient_id IN (SELECT patient_id FROM medications WHERE {INSULIN})"
PATIENTS = "SELECT count(*) FROM patients"
STRAY = "SELECT count(*) FROM {0} WHERE patient_id NOT IN (SELECT patient_id FROM patients)"


@dataclass(frozen=True)
class Call:
    """A tool and its arguments; ``made`` makes further ones of the reply before."""

    tool: str
    arguments: dict[str, Any]
    made: Callable[[dict[str, Any]], dict[str, Any]] = lambda data: {}


@dataclass(frozen=True)
class Check:
    """What a plain SELECT over a scenario's file finds: ``value``, or what it found before."""

    scenario: str
    sql: str
    value: Any


@dataclass(frozen=True)
class Task:
    """What a user says, the calls, what the last reply tells, and what must be true then.

    ``copies`` are made before: by name the scenario that each is a clone of.
    """

    said: str
    copies: dict[str, str]
    calls: list[Call]
    tells: str
    checks: list[Check]


class Same:
    """What a SELECT finds in another scenario, and so many more."""

    def __init__(self, scenario: str, sql: str, more: int = 0) -> None:
        self.scenario, self.sql, self.more = scenario, sql, more


TASKS = [
    Task(
        "Add 20 claims to members that are there",
        {"claims": "plan"},
        [Call("persist", {"scenario": "claims", "profile": "claims", "count": 20, "seed": 7})],
        "inserted: claims 20, ",
        [
            Check(
                "claims",
                "SELECT count(*), sum(service_date < birth_date OR service_date < coverage_start)"
                " FROM claims JOIN members USING (member_id)",
                (20, 0),
            ),
            Check("claims", "SELECT count(*) FROM members", 10),
        ],
    ),
    Task(
        "Delete the bad batch",
        {},
        [Call("change", {"scenario": "bad-batch", "batch": "last"})],
        'Removed from "bad-batch": 4 patients.',
        [
            Check("bad-batch", f"{PATIENTS} WHERE mrn LIKE 'BAD-%'", 0),
            Check("bad-batch", PATIENTS, 12),
        ],
    ),
    Task(
        "Change the clone and merge it back into its original",
        {"original": "cohort", "variant": "original"},
        [
            Call(
                "change",
                {
                    "scenario": "variant",
                    "entity_type": "medications",
                    "where": INSULIN,
                    "set": {"name": "Tirzepatide"},
                },
            ),
            Call("merge", {"scenarios": ["variant"], "into": "original"}),
        ],
        'Merged variant into "original"',
        [
            Check("original", PATIENTS, 12),
            Check(
                "original",
                "SELECT count(*) FROM medications WHERE name = 'Tirzepatide'",
                Same("cohort", f"SELECT count(*) FROM medications WHERE {INSULIN}"),
            ),
            Check(
                "original",
                "SELECT count(*) FROM medications",
                Same("cohort", "SELECT count(*) FROM medications"),
            ),
        ],
    ),
    Task(
        "A/B: change the insulin users of the clone and compare",
        {"b": "cohort"},
        [
            Call(
                "change",
                {
                    "scenario": "b",
                    "entity_type": "medications",
                    "where": INSULIN,
                    "set": {"name": "Tirzepatide", "dose": "5 mg"},
                },
            ),
            Call("compare", {"a": "cohort", "b": "b"}),
        ],
        "| 0 (0%) | -",
        [
            Check("b", f"SELECT count(*) FROM medications WHERE {INSULIN}", 0),
            Check(
                "b",
                "SELECT count(*) FROM medications WHERE name = 'Tirzepatide'",
                Same("cohort", f"SELECT count(*) FROM medications WHERE {INSULIN}"),
            ),
        ],
    ),
    Task(
        "Undo that",
        {"undone": "cohort"},
        [
            Call(
                "change",
                {"scenario": "undone", "entity_type": "medications", "where": "1", "remove": True},
            ),
            Call("undo", {"scenario": "undone"}),
        ],
        "medications inserted",
        [
            Check(
                "undone",
                "SELECT count(*), min(name), max(dose) FROM medications",
                Same("cohort", "SELECT count(*), min(name), max(dose) FROM medications"),
            )
        ],
    ),
    Task(
        "No, do it again after all",
        {},
        [Call("undo", {"scenario": "to-redo", "redo": True})],
        "12 patients updated",
        [Check("to-redo", f"{PATIENTS} WHERE city = 'Newtown'", 12)],
    ),
    Task(
        "Merge the clone into its original; no, take that back",
        {"merged": "cohort"},
        [
            Call("merge", {"scenarios": ["moved-away"], "into": "merged"}),
            Call("undo", {"scenario": "merged"}),
        ],
        "12 patients updated",
        [
            Check("merged", f"{PATIENTS} WHERE city = 'Newtown'", 0),
            Check("moved-away", f"{PATIENTS} WHERE city = 'Newtown'", 12),
        ],
    ),
    Task(
        "Two of us changed a clone each: put both changes into one",
        {},
        [
            Call(
                "merge",
                {"scenarios": ["by-ann", "by-bob"], "base": "cohort", "new_name": "by-both"},
            )
        ],
        "what only one side changed since is taken",
        [
            Check("by-both", f"{PATIENTS} WHERE city = 'Newtown'", 12),
            Check(
                "by-both",
                "SELECT count(*) FROM medications WHERE name = 'Tirzepatide'",
                Same("cohort", f"SELECT count(*) FROM medications WHERE {INSULIN}"),
            ),
            Check(
                "by-both",
                "SELECT count(*) FROM medications",
                Same("cohort", "SELECT count(*) FROM medications"),
            ),
            Check("by-both", PATIENTS, 12),
        ],
    ),
    Task(
        "All women born before 1965 have moved to Newtown",
        {"moved": "cohort"},
        [
            Call(
                "change",
                {
                    "scenario": "moved",
                    "entity_type": "patients",
                    "set": {"city": "Newtown"},
                    "where": "gender = 'F' AND birth_date < :day",
                    "values": {"day": "1965-01-01"},
                },
            )
        ],
        "patients (city)",
        [
            Check(
                "moved",
                f"{PATIENTS} WHERE city = 'Newtown'",
                Same("cohort", f"{PATIENTS} WHERE gender = 'F' AND birth_date < '1965-01-01'"),
            )
        ],
    ),
    Task(
        "Make every risk score a tenth higher",
        {"riskier": "plan"},
        [
            Call(
                "change",
                {
                    "scenario": "riskier",
                    "entity_type": "members",
                    "where": "1",
                    "set_sql": {"risk_score": "risk_score * 1.1"},
                },
            )
        ],
        "10 members",
        [
            Check(
                "riskier",
                "SELECT round(sum(risk_score), 6) FROM members",
                Same("plan", "SELECT round(sum(risk_score * 1.1), 6) FROM members"),
            )
        ],
    ),
    Task(
        "Correct the postal code of these two patients",
        {"corrected": "cohort"},
        [
            Call(
                "query",
                {
                    "scenario": "corrected",
                    "limit": 2,
                    "sql": "SELECT mrn FROM patients ORDER BY mrn",
                },
            ),
            Call(
                "persist",
                {"scenario": "corrected", "on_conflict": "update"},
                lambda data: {
                    "entities": {
                        "patients": [
                            {"mrn": row[0], "postal_code": "93650"} for row in data["rows"]
                        ]
                    }
                },
            ),
        ],
        "patients 2",
        [
            Check("corrected", f"{PATIENTS} WHERE postal_code = '93650'", 2),
            Check("corrected", PATIENTS, 12),
        ],
    ),
    Task(
        "Remove the diagnoses of high blood pressure",
        {"normal": "cohort"},
        [
            Call(
                "change",
                {
                    "scenario": "normal",
                    "entity_type": "diagnoses",
                    "remove": True,
                    "where": "code = 'I10'",
                },
            )
        ],
        'Removed from "normal": ',
        [
            Check(
                "normal",
                "SELECT count(*) FROM diagnoses",
                Same("cohort", "SELECT count(*) FROM diagnoses WHERE code <> 'I10'"),
            )
        ],
    ),
    Task(
        "Take the men out, with all that belongs to them",
        {"women": "cohort"},
        [
            Call(
                "change",
                {
                    "scenario": "women",
                    "entity_type": "patients",
                    "remove": True,
                    "where": "gender = 'M'",
                    "with_children": True,
                },
            )
        ],
        "encounters",
        [
            Check("women", PATIENTS, Same("cohort", f"{PATIENTS} WHERE gender <> 'M'")),
            *(
                Check("women", STRAY.format(table), 0)
                for table in ("encounters", "diagnoses", "lab_results", "medications")
            ),
        ],
    ),
    Task(
        "What would go if I did? Don't do it yet",
        {"kept": "cohort"},
        [
            Call(
                "change",
                {
                    "scenario": "kept",
                    "entity_type": "patients",
                    "remove": True,
                    "where": "gender = 'M'",
                    "with_children": True,
                    "dry_run": True,
                },
            )
        ],
        'Would remove from "kept": ',
        [Check("kept", PATIENTS, 12)],
    ),
    Task(
        "Clone the cohort and keep only patients whose A1C was ever above 8",
        {},
        [
            Call(
                "clone",
                {
                    "scenario": "cohort",
                    "new_name": "above-8",
                    "part": {
                        "only": f"SELECT patient_id FROM lab_results WHERE {A1C}"
                        " AND value_numeric > 8"
                    },
                },
            )
        ],
        "Left out",
        [
            Check(
                "above-8",
                PATIENTS,
                Same(
                    "cohort",
                    "SELECT count(DISTINCT patient_id) FROM"
                    f" lab_results WHERE {A1C} AND value_numeric > 8",
                ),
            ),
            Check("cohort", PATIENTS, 12),
        ],
    ),
    Task(
        "What exactly did I change in the clone?",
        {"changed": "cohort"},
        [
            Call(
                "change",
                {
                    "scenario": "changed",
                    "entity_type": "lab_results",
                    "where": f"{A1C} AND {ON_INSULIN}",
                    "set_sql": {"value_numeric": "7.0"},
                },
            ),
            Call("diff", {"a": "cohort", "b": "changed", "rows": 2}),
        ],
        "Lab Results changed: ",
        [
            Check(
                "changed",
                f"SELECT min(value_numeric), max(value_numeric) FROM lab_results WHERE"
                f" {A1C} AND {ON_INSULIN}",
                (7.0, 7.0),
            )
        ],
    ),
    Task(
        "Put the patients on insulin and their medications into a scenario of their own",
        {},
        [
            Call(
                "persist",
                {
                    "scenario": "on-insulin",
                    "source": "cohort",
                    "select": {
                        "patients": f"SELECT * FROM patients WHERE {ON_INSULIN}",
                        "medications": "SELECT medication_id, patient_id, name, start_date"
                        f" FROM medications WHERE {ON_INSULIN}",
                    },
                },
            )
        ],
        "| Patients | ",
        [
            Check("on-insulin", PATIENTS, Same("cohort", f"{PATIENTS} WHERE {ON_INSULIN}")),
            Check("on-insulin", STRAY.format("medications"), 0),
        ],
    ),
    Task(
        "Merge the cohort and the one with heart failure, for training",
        {},
        [
            Call("merge", {"scenarios": ["cohort", "failing"], "new_name": "for-training"}),
            Call("annotate", {"scenario": "for-training", "add": ["training"]}),
        ],
        "training",
        [
            Check("for-training", PATIENTS, Same("failing", PATIENTS, more=12)),
            Check("for-training", "SELECT count(*) FROM _tags WHERE tag = 'training'", 1),
        ],
    ),
    Task(
        "Add the patients of this file",
        {"from-file": "cohort"},
        [Call("persist", {"scenario": "from-file", "file": "new/patients.csv"})],
        "inserted: patients 3",
        [
            Check("from-file", PATIENTS, 15),
            Check("from-file", f"{PATIENTS} WHERE mrn LIKE 'FILE-%' AND gender = 'F'", 3),
        ],
    ),
    Task(
        "Delete that scenario; oh no, bring it back",
        {"regretted": "plan"},
        [Call("delete", {"scenario": "regretted"}), Call("restore", {"scenario": "regretted"})],
        "Restored regretted.",
        [Check("regretted", "SELECT count(*) FROM members", 10)],
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a cohort, a plan, and what some tasks begin with."""
    folder = tmp_path_factory.mktemp("tasks") / "store"
    bad = [
        {"mrn": f"BAD-{n}", "given_name": "A", "family_name": "B", "gender": "F",
         "birth_date": "1970-01-01"}
        for n in range(4)
    ]  # fmt: skip
    with hs.Store(folder) as store:
        store.generate_scenario("diabetes-cohort", count=12, seed=7, into="cohort")
        store.generate_scenario("medicare-advantage", count=10, seed=7, into="plan")
        store.generate_scenario("heart-failure", count=5, seed=7, into="failing")
        store.clone_scenario("cohort", new_name="bad-batch")
        store.persist({"patients": bad}, scenario="bad-batch")
        for name in ("to-redo", "by-ann"):
            store.clone_scenario("cohort", new_name=name)
            store.update_entities(name, "patients", {"city": "Newtown"}, where="1")
        store.undo("to-redo")
        store.clone_scenario("cohort", new_name="by-bob")
        store.update_entities("by-bob", "medications", {"name": "Tirzepatide"}, where=INSULIN)
        for task in TASKS:
            for name, source in task.copies.items():
                store.clone_scenario(source, new_name=name)
        store.clone_scenario("merged", new_name="moved-away")
        store.update_entities("moved-away", "patients", {"city": "Newtown"}, where="1")
    (folder / "new").mkdir()
    with (folder / "new" / "patients.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["mrn", "given_name", "family_name", "birth_date", "gender"])
        writer.writerows([f"FILE-{n}", "Ann", "Lee", "1971-02-03", "female"] for n in range(3))
    return folder


@pytest.fixture(scope="module")
def session(folder: Path, stdio: Any) -> Iterator[Any]:
    with stdio(folder) as talk:
        yield talk


def found(folder: Path, scenario: str, sql: str) -> Any:
    """The row of a SELECT, or its one value, by plain SQLite."""
    with closing(sqlite3.connect(folder / f"{scenario}.db")) as file:
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        row = file.execute(sql).fetchone()
    return row if len(row) > 1 else row[0]


def wanted(folder: Path, value: Any) -> Any:
    if not isinstance(value, Same):
        return value
    there = found(folder, value.scenario, value.sql)
    return there + value.more if value.more else there


def test_there_are_twenty_and_none_needs_more_than_two_calls() -> None:
    assert len(TASKS) == len({task.said for task in TASKS}) == 20
    assert all(1 <= len(task.calls) <= MOST for task in TASKS)


@pytest.mark.parametrize("task", TASKS, ids=[task.said for task in TASKS])
def test_a_task(task: Task, session: Any, folder: Path) -> None:
    text, data = "", {}
    for call in task.calls:
        text, data = session(call.tool, **call.arguments, **call.made(data))
    assert task.tells in text, text
    for check in task.checks:
        assert found(folder, check.scenario, check.sql) == wanted(folder, check.value), check.sql


def test_each_check_had_something_to_find(folder: Path) -> None:
    """What the checks compare with is not nothing, or they could not fail."""
    for task in TASKS:
        for check in task.checks:
            if isinstance(check.value, Same):
                assert found(folder, check.value.scenario, check.value.sql) not in (0, None)
