"""Parts of a scenario of three products: persons, claims and a trial."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.plugins import installed


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path_factory.mktemp("real") / "store") as made:
        # Persons who are patients and members, and a trial, in one file.
        for profile in ("insured-diabetes-cohort", "oncology-phase3"):
            made.generate_scenario(profile, count=60, seed=1, into="three")
        yield made


def plainly(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def business_keys(path: Path) -> dict[str, set[Any]]:
    """Who and what is in a file, by what a clone does not change."""
    return {
        "patients": {*plainly(path, "SELECT mrn FROM patients")},
        "persons of members": {*plainly(path, "SELECT person_id FROM members")},
        "claims": {*plainly(path, "SELECT person_id, service_date, total_charge FROM claims"
                                  " JOIN members USING (member_id)")},
        "subjects": {*plainly(path, "SELECT usubjid FROM subjects")},
    }  # fmt: skip


def test_the_same_persons_in_other_products(store: Store) -> None:
    source = store.find("three")
    result = store.clone_scenario(
        "three", new_name="poor", only_question="a1c_above", params={"least": 8}
    )
    part = store.find("poor")
    asked = store.ask_question("three", "a1c_above", params={"least": 8}, limit=1_000)
    chosen = {row["mrn"] for row in asked.rows}
    assert {mrn for (mrn,) in plainly(part, "SELECT mrn FROM patients")} == chosen
    assert result.chosen == {"patients": len(chosen)}
    # Every claim, visit and result of these persons, and of nobody else; no trial.
    mrns = ", ".join(map(repr, sorted(chosen)))
    persons = f"SELECT person_id FROM patients WHERE mrn IN ({mrns})"
    for sql in (
        "SELECT sum(total_charge), count(*) FROM claims JOIN members USING (member_id)"
        f" WHERE person_id IN ({persons})",
        "SELECT sum(value_numeric), count(*) FROM lab_results JOIN patients USING (patient_id)"
        f" WHERE person_id IN ({persons})",
    ):
        assert plainly(part, sql) == plainly(source, sql)
    assert plainly(part, "SELECT count(*) FROM members") == [(len(chosen),)]
    visits = "SELECT count(*) FROM claims JOIN encounters USING (encounter_id)"
    assert plainly(part, visits)[0][0] > 0
    assert plainly(part, "SELECT count(*) FROM subjects") == [(0,)]
    assert result.not_taken["studies"] == 1
    assert store.check_scenario("poor").ok
    assert plainly(part, "PRAGMA foreign_key_check") == []


def test_what_is_tested_was_not_seen_in_training(store: Store) -> None:
    source = business_keys(store.find("three"))
    result = store.split_scenario("three", {"train": 70, "test": 30}, seed=2, stratify="gender")
    train, test = (business_keys(store.find(name)) for name in result.scenarios)
    for what, all_ in source.items():
        assert train[what] | test[what] == all_
        assert not train[what] & test[what], what
    # Subjects are no patients of the first part: they are dealt after those, and both need these.
    assert result.in_several["studies"] == 1
    assert {*result.in_several} <= {"studies", "sites", "treatment_arms", "trial_elements"}
    assert result.not_taken == {}
    for name in result.scenarios:
        assert store.check_scenario(name).ok
