"""A SELECT whose rows go into a table of ours: what it can do beside, which is nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.storage.inserting import insert_selected


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE names (name TEXT NOT NULL, n INTEGER CHECK (n > 0))")
        connection.execute("CREATE TABLE other (name TEXT)")
    return path


@pytest.fixture
def source(store: Store) -> Path:
    store.persist({"owners": [owner(1), owner(2)]}, scenario="s")
    return store.find("s")


def put(source: Path, target: Path, sql: str, **given: object) -> int:
    hidden = {("owners", "tax_number")}
    return insert_selected(
        source, target, "names", ["name", "n"], sql, given, hidden=hidden, seconds=2.0
    )


def rows(target: Path, table: str = "names") -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(target)) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()


def test_its_rows_are_there(source: Path, target: Path) -> None:
    assert put(source, target, "SELECT full_name, :n FROM owners ORDER BY 1", n=7) == 2
    assert rows(target) == [("Owner 1", 7), ("Owner 2", 7)]


def test_all_or_none(source: Path, target: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        put(source, target, "SELECT full_name, 2 - rowid FROM owners ORDER BY 1")
    with pytest.raises(sqlite3.IntegrityError):  # what is hidden is NULL, and a name is required
        put(source, target, "SELECT tax_number, 1 FROM owners")
    assert rows(target) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT load_extension('x'), 1",
        "SELECT name, n FROM names; DELETE FROM filled.other",
        "SELECT 'a', 1 WHERE 1 ON CONFLICT DO UPDATE SET name = 'b'",
        "SELECT zeroblob(1000000000), 1",
        "SELECT 'a', 1 FROM pragma_table_info('owners')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i), 1 FROM n",
        "SELECT 'a'",
    ],
)
def test_what_it_may_not(sql: str, source: Path, target: Path) -> None:
    before = source.read_bytes()
    with pytest.raises((sqlite3.Error, sqlite3.Warning)):
        put(source, target, sql)
    assert source.read_bytes() == before
    assert rows(target) == rows(target, "other") == []
