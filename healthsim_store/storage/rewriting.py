"""New values for rows that are there, by their rowids, where keys may change places."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from ..base.sql import quoted
from ..schema.model import EntityType

Refused = tuple[int, Sequence[Any], sqlite3.Error]


def rewrite(
    connection: sqlite3.Connection,
    entity_type: EntityType,
    columns: Sequence[str],
    rows: Sequence[tuple[int, Sequence[Any]]],
) -> None:
    """Give rows new values in some columns; inside a transaction that defers foreign keys.

    Where two rows exchange a natural key, SQLite refuses the first of them. Then all are taken out
    and put in again, each with its rowid. Raises what SQLite raises where that is refused too.
    """
    for _, _, error in refusals(connection, entity_type, columns, rows):
        raise error


def refusals(
    connection: sqlite3.Connection,
    entity_type: EntityType,
    columns: Sequence[str],
    rows: Sequence[tuple[int, Sequence[Any]]],
) -> Iterator[Refused]:
    """The same; the rows that SQLite refuses, each with its rowid, its values and the error."""
    table = quoted(entity_type.name)
    changes = ", ".join(f"{quoted(name)} = ?" for name in columns)
    with contextlib.suppress(sqlite3.IntegrityError):
        connection.execute("SAVEPOINT rewriting")
        connection.executemany(
            f"UPDATE {table} SET {changes} WHERE rowid = ?",
            ((*values, row) for row, values in rows),
        )
        connection.execute("RELEASE rewriting")
        return
    connection.execute("ROLLBACK TO rewriting")
    connection.execute("RELEASE rewriting")
    names = [*entity_type.by_name]
    places = [names.index(name) for name in columns]
    listed = ", ".join(map(quoted, names))
    whole = []
    for row, values in rows:
        found = connection.execute(f"SELECT {listed} FROM {table} WHERE rowid = ?", (row,))
        new = [*found.fetchone()]
        for place, value in zip(places, values, strict=True):
            new[place] = value
        whole.append((row, new))
    connection.executemany(f"DELETE FROM {table} WHERE rowid = ?", ((row,) for row, _ in rows))
    sql = f"INSERT INTO {table} (rowid, {listed}) VALUES (?{', ?' * len(names)})"
    for row, new in whole:
        try:
            connection.execute(sql, (row, *new))
        except sqlite3.IntegrityError as error:
            yield row, new, error
