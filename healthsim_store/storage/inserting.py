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

from ..base.deadline import Deadline
from ..base.quoting import strict
from ..base.sql import permits, quoted
from ..base.sqlite import connect, uri
from ..errors import NotWritable, QueryTimeout, QueryTooLarge
from .sandbox import limit

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
    rows: int,
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
        seconds: of the processor that it may take.
        rows: that it may give at most.

    Raises sqlite3.IntegrityError for a row that breaks a rule of the table, QueryTimeout,
    QueryTooLarge for too many rows, NotWritable where the disk is full, KeyboardInterrupt for
    Ctrl-C, and another sqlite3.Error for a SELECT that cannot be run so.
    """
    with contextlib.closing(connect(source, mode="ro")) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"ATTACH ? AS {_TARGET}", (uri(target, "rw"),))
        # The database is thrown away whole, so nothing of it need be on the disk at any moment.
        for setting in ("synchronous = OFF", f"cache_size = -{_CACHE_KB}"):
            connection.execute(f"PRAGMA {_TARGET}.{setting}")
        connection.execute("PRAGMA foreign_keys = ON")
        limit(connection, attached=1)
        _confine(connection, table, hidden)
        insert = f"INSERT INTO {_TARGET}.{quoted(table)} ({', '.join(map(quoted, columns))})"
        # In brackets, so that no clause of an INSERT can follow it.
        selected = f"SELECT * FROM ({strict(sql)}\n) LIMIT {rows + 1}"
        deadline = Deadline(seconds, clock=time.thread_time)
        try:
            with deadline.over(connection):
                count: int = connection.execute(f"{insert} {selected}", values).rowcount
        except sqlite3.OperationalError as error:
            if deadline.check(error):
                raise QueryTimeout(
                    f"It takes more than {seconds:,.0f} seconds of the processor."
                ) from error
            if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR")):
                raise NotWritable(
                    f"There is no room for the rows of {table}: {error}.",
                    hint=f"Check the free space of {target.parent.parent}, and of the folder for"
                    " temporary files.",
                ) from error
            raise
        if count > rows:
            raise QueryTooLarge(f"It gives over {rows:,} rows.")
        return count


def _confine(
    connection: sqlite3.Connection, table: str, hidden: Collection[tuple[str, str]]
) -> None:
    """Let nothing be written but rows of the table, and nothing that is hidden be read."""

    def authorize(
        action: int, first: str | None, second: str | None, schema: str | None, *more: str | None
    ) -> int:
        if action == sqlite3.SQLITE_INSERT:
            into = (schema, str(first).lower()) == (_TARGET, table.lower())
            return sqlite3.SQLITE_OK if into else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ and schema != _TARGET:
            column = (str(first).lower(), str(second).lower())
            return sqlite3.SQLITE_IGNORE if column in hidden else sqlite3.SQLITE_OK
        # What is read of the other database are rows that REFERENCES of the table look up.
        return sqlite3.SQLITE_OK if permits(action, second) else sqlite3.SQLITE_DENY

    connection.set_authorizer(authorize)


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
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(strict(sql))
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO {quoted(table)} ({names}) VALUES ({places})", rows)
        connection.execute("COMMIT")
