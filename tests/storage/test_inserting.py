"""A SELECT whose rows go into a table of ours: what it can do beside, which is nothing."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.base.sqlite import uri
from healthsim_store.errors import NotWritable, QueryTimeout, QueryTooLarge
from healthsim_store.storage import inserting
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


def put(source: Path, target: Path, sql: str, most: int = 1_000, **given: object) -> int:
    hidden = {("owners", "tax_number")}
    return insert_selected(
        source, target, "names", ["name", "n"], sql, given, hidden=hidden, seconds=1.0, rows=most
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
        "SELECT replace(hex(zeroblob(1000000)), '00', '0123456789'), 1",
        "SELECT 'a', 1" + " + 1" * 300,
        "SELECT 'a', 1" + " " * 200_000,
        "SELECT 'a'",
    ],
)
def test_what_it_may_not(sql: str, source: Path, target: Path) -> None:
    before = source.read_bytes()
    with pytest.raises((sqlite3.Error, sqlite3.Warning)):
        put(source, target, sql)
    assert source.read_bytes() == before
    assert rows(target) == rows(target, "other") == []


COUNTING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


def test_one_that_does_not_end_is_ended(source: Path, target: Path) -> None:
    with pytest.raises(QueryTimeout, match=r"It takes more than 1 seconds of the processor\."):
        put(source, target, f"{COUNTING} SELECT max(i), 1 FROM n")
    with pytest.raises(QueryTooLarge, match=r"It gives over 1,000 rows\."):
        put(source, target, f"{COUNTING} SELECT CAST(i AS TEXT), 1 FROM n")
    assert put(source, target, f"{COUNTING} SELECT 'a', i FROM n LIMIT 1000") == 1_000


# Python tells of a signal that comes while SQLite asks for the time, and SQLite ends all the same.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_is_ctrl_c(source: Path, target: Path) -> None:
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        put(source, target, f"{COUNTING} SELECT max(i), 1 FROM n")
    timer.join()
    assert rows(target) == []


def test_a_full_disk_is_told(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Small(sqlite3.Connection):  # as on a disk on which no page is free any more
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:  # type: ignore[override]
            if sql.startswith("INSERT"):
                self.set_authorizer(None)
                super().execute("PRAGMA filled.max_page_count = 1")
            return super().execute(sql, *values)

    monkeypatch.setattr(
        inserting, "connect", lambda path, mode: sqlite3.connect(
            uri(path, mode), uri=True, isolation_level=None, factory=Small
        ),
    )  # fmt: skip
    with pytest.raises(NotWritable, match="There is no room for the rows of names: database or"):
        put(source, target, f"{COUNTING} SELECT 'a' || i, i FROM n", most=1_000_000)
    assert rows(target) == []
