"""Migrations: a product three versions old follows, or the file is as it was."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kennel
import pytest

from healthsim_store import Store

Release = Callable[..., None]


@pytest.fixture
def release(toy_of: Callable[..., None]) -> Release:
    """Install a version of the product; ``schema`` and ``migrations`` may be others."""

    def call(version: str, schema: str | None = None, migrations: str | None = None) -> None:
        known, steps = kennel.VERSIONS.get(version, ("", ""))
        schema = known if schema is None else schema
        steps = steps if migrations is None else migrations
        toy_of(version, schema, summary_sql="", questions_sql="", migrations_sql=steps)

    return call


@pytest.fixture
def store(release: Release, tmp_path: Path) -> Iterator[Store]:
    """A store with a scenario of version 1.0."""
    release("1.0")
    with Store(tmp_path / "store") as made:
        made.persist(kennel.rows(), scenario="s", tags=["t"])
        yield made


def ask(store: Store, sql: str, name: str = "s") -> list[Any]:
    with contextlib.closing(sqlite3.connect(store.path / f"{name}.db")) as file:
        return file.execute(sql).fetchall()


def test_a_file_three_versions_old_follows(store: Store, release: Release) -> None:
    release("3.0")
    (upgraded,) = store.upgrade_scenario("s")
    assert (upgraded.before, upgraded.after) == ("1.0", "3.0")
    assert upgraded.migrations == [
        "rename_dob", "fill_since", "split_address", "animals", "animals_of_vaccines", "kilograms",
        "paid_only", "no_vaccines",
    ]  # fmt: skip
    assert ask(store, "SELECT owner_id, tax_number, birth_date, since FROM owners") == [
        ("o1", "T1", "1941-01-15", "2020-01-01"),
        ("o2", "T2", "1942-01-15", "2020-01-01"),
        ("o3", "T3", "1943-01-15", "2020-01-01"),
    ]
    assert ask(store, "SELECT owner_id, street, town, zip FROM addresses") == [
        ("o1", "Street 1", "Town 1", "00501"),
        ("o2", "Street 2", "Town 2", "00502"),
    ]
    assert ask(store, "SELECT animal_id, owner_id, sex, weight, barks FROM animals") == [
        ("p1", "o1", "female", 1.5, 1),
        ("p2", "o2", "male", 3.0, 1),
        ("p3", "o3", "female", 4.5, 1),
    ]
    assert ask(store, "SELECT visit_id, animal_id, seen FROM visits") == [
        ("v11", "p1", "2020-02-01"), ("v21", "p2", "2020-02-01"), ("v31", "p3", "2020-02-01"),
    ]  # fmt: skip
    tables = {name for (name,) in ask(store, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {name for name in tables if name[0] != "_"} == {
        "owners", "addresses", "animals", "visits",
    }  # fmt: skip
    ids = [key for (key,) in ask(store, "SELECT address_id FROM addresses")]
    assert len({*ids}) == 2
    assert all(key.startswith(store.scenario_info("s").scenario_id) for key in ids)
    assert "as paid_only declares" in "\n".join(upgraded.changes)
    assert "owners.fax is dropped: 3 rows had a value" in upgraded.changes
    assert store.check_scenario("s").findings == ()
    assert store.scenario_info("s").tags == ("t",)
    store.persist({"animals": [{"owner_id": "o1", "weight": 2.5}]}, scenario="s")
    assert store.upgrade_scenario("s")[0].changes == []


def test_a_file_that_followed_is_as_one_that_was_made_new(store: Store, release: Release) -> None:
    """Its tables, indexes and views are those of a new file, whatever way it came."""
    shape = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
    store.clone_scenario("s", new_name="all")
    for version in ("1.1", "2.0", "3.0"):
        release(version)
        store.upgrade_scenario("all")
    store.upgrade_scenario("s")
    store.persist({"owners": [
        {"tax_number": "x", "birth_date": "1990-01-01", "since": "2000-01-01"}
    ]}, scenario="new")  # fmt: skip
    assert ask(store, shape) == ask(store, shape, "all") == ask(store, shape, "new")
    assert ask(store, "SELECT name, digest FROM _migrations") == ask(
        store, "SELECT name, digest FROM _migrations", "all"
    )
