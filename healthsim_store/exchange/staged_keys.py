"""Rows of a staged file whose key is there twice: refused, told or left out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from ..base.sql import quoted
from ..errors import SourceError
from .account import Account
from .mapping import Layout

#: The file of a staged row, and its line or its item, by its rowid.
Place = Callable[[int], tuple[str, int | None, int | None]]


def settle(
    connection: sqlite3.Connection, table: str, layout: Layout, account: Account, place: Place
) -> None:
    """Leave out rows whose key was there before, where the mapping says so.

    Args:
        connection: the staged files.
        table: that of the file, whose rows are all loaded.
        layout: its layout, which has a key.
        account: of the file, where the rows are counted.
        place: where its rows come from.

    Raises SourceError for such rows where the mapping says nothing else.
    """
    key = ", ".join(map(quoted, layout.key))
    if not layout.takes_first:
        text = twice(connection, table, layout.key, place)
        if text:
            raise SourceError(
                f"{account.name}: {text}.",
                hint="In a mapping, PRIMARY KEY ON CONFLICT IGNORE takes the first of them.",
            )
    else:
        again = connection.execute(
            f"DELETE FROM {quoted(table)} WHERE {_given(layout.key)} AND rowid NOT IN"
            f" (SELECT min(rowid) FROM {quoted(table)} GROUP BY {key})"
        ).rowcount
        if again:
            reason = f"the same {', '.join(layout.key)} as a row before"
            account.unmapped[reason] = account.unmapped.get(reason, 0) + again
    connection.execute(f"CREATE INDEX {quoted(f'{table} by key')} ON {quoted(table)} ({key})")


def twice(
    connection: sqlite3.Connection, table: str, key: Sequence[str], place: Place
) -> str | None:
    """Which key a file has twice, with the lines; None where it has none.

    Args:
        connection: the staged files.
        table: that of the file.
        key: the columns of the key.
        place: where the rows of the file come from.
    """
    if not key:
        return None
    listed = ", ".join(map(quoted, key))
    found = connection.execute(
        f"SELECT {listed}, min(rowid), max(rowid) FROM {quoted(table)} WHERE {_given(key)}"
        f" GROUP BY {listed} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    if found is None:
        return None
    lines = " and ".join(
        f"{file}, item {item}" if item else f"{file}, line {line}"
        for file, line, item in map(place, found[-2:])
    )
    said = ", ".join(f"{column} {value!r:.60}" for column, value in zip(key, found, strict=False))
    return f"{said} is there twice: {lines}"


def _given(key: Sequence[str]) -> str:
    return " AND ".join(f"{quoted(column)} IS NOT NULL" for column in key)
