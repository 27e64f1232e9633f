"""SQL as text: what the parts mean to SQLite itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from healthsim_store.base.sql import (
    authorize_reading,
    greatest_rowid,
    literal,
    parameters,
    permits,
    quoted,
    rowid_ends,
    unique_names,
)

ODD = ["plain", "two words", 'a "quoted" one', "it's", "select", "", "x;--", "é"]


@pytest.mark.parametrize("text", ODD)
def test_sqlite_reads_a_literal_as_the_text(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(f"SELECT {literal(text)}").fetchone() == (text,)


@pytest.mark.parametrize("name", [name for name in ODD if name])
def test_sqlite_reads_a_quoted_name_as_the_name(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE {quoted(name)} ({quoted(name)})")
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [(name,)]
        assert connection.execute(f"SELECT * FROM {quoted(name)}").description[0][0] == name


def test_the_ends_of_a_table() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE "a b" (x)')
        assert connection.execute(rowid_ends('"a b"')).fetchone() == (None, None)
        connection.executemany(
            'INSERT INTO "a b" (rowid, x) VALUES (?, 0)', [(-5,), (3,), (2**63 - 1,)]
        )
        assert connection.execute(rowid_ends('"a b"')).fetchone() == (-5, 2**63 - 1)
        last = greatest_rowid('main."a b"')
        assert connection.execute(f"SELECT {last}").fetchone() == (2**63 - 1,)


def test_the_ends_are_looked_up_and_not_searched_for() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (x)")
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {rowid_ends('t')}")]
    assert [step for step in plan if "SCAN t" in step] == []
    assert sum("SEARCH t" in step for step in plan) == 2


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 1", ()),
        ("SELECT :a, :b, :a", (":a", ":b")),
        ("SELECT @a, $b, ?, ?2", ("@a", "$b", "?", "?2")),
        ("SELECT ':no', \":no\", `:no`, [:no] -- :no\n, /* :no */ :yes", (":yes",)),
        ("SELECT 'it''s :no', :yes", (":yes",)),
        ("SELECT '10:30'", ()),
        ("/* two\nlines :no */ SELECT :yes", (":yes",)),
    ],
)
def test_parameters(sql: str, found: tuple[str, ...]) -> None:
    assert parameters(sql) == found


@pytest.mark.parametrize(
    ("names", "unique"),
    [
        ([], ()),
        (["a", "b"], ("a", "b")),
        (["a", "a", "a"], ("a", "a_2", "a_3")),
        (["a", "a_2", "a"], ("a", "a_2", "a_3")),
        (["a", "a", "a_2"], ("a", "a_2", "a_2_2")),
        (["a", "A"], ("a", "A")),
    ],
)
def test_names_of_columns_without_doubles(names: list[str], unique: tuple[str, ...]) -> None:
    assert unique_names(names) == unique


@pytest.mark.parametrize(
    ("action", "function", "allowed"),
    [
        (sqlite3.SQLITE_SELECT, None, True),
        (sqlite3.SQLITE_READ, "x", True),
        (sqlite3.SQLITE_RECURSIVE, None, True),
        (sqlite3.SQLITE_FUNCTION, "sum", True),
        (sqlite3.SQLITE_FUNCTION, "SUM", True),
        (sqlite3.SQLITE_FUNCTION, "->>", True),
        (sqlite3.SQLITE_FUNCTION, "load_extension", False),
        (sqlite3.SQLITE_FUNCTION, "random", False),
        (sqlite3.SQLITE_FUNCTION, "zeroblob", False),
        (sqlite3.SQLITE_FUNCTION, "", False),
        (sqlite3.SQLITE_FUNCTION, None, False),
        (sqlite3.SQLITE_INSERT, "t", False),
        (sqlite3.SQLITE_UPDATE, "t", False),
        (sqlite3.SQLITE_DELETE, "t", False),
        (sqlite3.SQLITE_PRAGMA, "user_version", False),
        (sqlite3.SQLITE_ATTACH, None, False),
        (sqlite3.SQLITE_TRANSACTION, None, False),
    ],
)
def test_what_may_only_read(action: int, function: str | None, allowed: bool) -> None:
    assert permits(action, function) is allowed
    answer = authorize_reading(action, None, function, "main", None)
    assert answer == (sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY)


def test_the_authorizer_at_work() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (2)")
        connection.commit()
        connection.set_authorizer(authorize_reading)
        assert connection.execute("SELECT SuM(x) + Abs(-1) FROM t").fetchone() == (3,)
        for sql in ("DELETE FROM t", "SELECT random()", "PRAGMA user_version", "DROP TABLE t"):
            with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
                connection.execute(sql)
