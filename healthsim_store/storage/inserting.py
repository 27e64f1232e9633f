"""A stranger's SELECT whose rows go into a table of ours, without any of them going through Python.

The SELECT can do no more than in the sandbox; the one INSERT that is allowed is the one into the
table that the caller names, in a database that the caller made.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.quoting import strict
from ..base.sql import permits, quoted
from ..base.sqlite import MAX_BYTES, MAX_PATTERN, connect, uri

_STEPS = 10_000  # virtual machine steps between looks at the clock
_TARGET = "filled"  # what the database is called to which the rows go
_CACHE_KB = 64_000


def insert_selected(
    source: Path,
    target: Path,
    table: str,
    columns: Sequence[str],
    sql: str,
    values: Mapping[str, Any],
    *,
    hidden: Collection[tuple[str, str]],
    seconds: float,
) -> int:
    """Put all rows of a SELECT into a table, or none; how many they are.

    Args:
        source: a private copy of a scenario, which the SELECT reads.
        target: the database with the table; no other connection may be writing to it.
        table: its name.
        columns: what the SELECT gives, in its order.
        sql: one SELECT.
        values: of its parameters.
        hidden: tables of the scenario and columns of them, in lower case, that are read as NULL.
        seconds: that it may take.

    Raises sqlite3.IntegrityError for a row that breaks a rule of the table, and another
    sqlite3.Error for a SELECT that cannot be run so.
    """
    with contextlib.closing(connect(source, mode="ro")) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"ATTACH ? AS {_TARGET}", (uri(target, "rw"),))
        for setting in ("journal_mode = MEMORY", "synchronous = OFF", f"cache_size = -{_CACHE_KB}"):
            connection.execute(f"PRAGMA {_TARGET}.{setting}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchone()
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
        connection.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MAX_PATTERN)

        def authorize(
            action: int,
            first: str | None,
            second: str | None,
            schema: str | None,
            *more: str | None,
        ) -> int:
            if action == sqlite3.SQLITE_INSERT:
                into = (schema, str(first).lower()) == (_TARGET, table.lower())
                return sqlite3.SQLITE_OK if into else sqlite3.SQLITE_DENY
            if action == sqlite3.SQLITE_READ and schema != _TARGET:
                column = (str(first).lower(), str(second).lower())
                return sqlite3.SQLITE_IGNORE if column in hidden else sqlite3.SQLITE_OK
            return sqlite3.SQLITE_OK if permits(action, second) else sqlite3.SQLITE_DENY

        until = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        connection.set_authorizer(authorize)
        insert = f"INSERT INTO {_TARGET}.{quoted(table)} ({', '.join(map(quoted, columns))})"
        # In brackets, so that no clause of an INSERT can follow it.
        selected = f"SELECT * FROM ({strict(sql)}\n)"
        count: int = connection.execute(f"{insert} {selected}", values).rowcount
        return count


def add_table(
    database: Path, sql: str, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Make a table in a private copy of a scenario, which is thrown away.

    Args:
        database: the copy.
        sql: the CREATE TABLE.
        table, columns: their names.
        rows: values as they are stored, in the order of the columns.

    Raises sqlite3.Error, and what ``rows`` raises.
    """
    names, places = ", ".join(map(quoted, columns)), ", ".join("?" * len(columns))
    with contextlib.closing(connect(database)) as connection:
        for setting in ("journal_mode = MEMORY", "synchronous = OFF"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute(strict(sql))
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO {quoted(table)} ({names}) VALUES ({places})", rows)
        connection.execute("COMMIT")
