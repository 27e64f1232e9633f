"""Tables that somebody else made in a scenario's file, where only a part of it is cloned."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from ..base.sql import quoted


def drop_dangling(connection: sqlite3.Connection, tables: Sequence[str]) -> dict[str, int]:
    """Delete the rows of tables that refer to what is not there; how many, by table.

    One may be needed by a row of another table, so until none is left.
    """
    statements = [
        (table, f"DELETE FROM main.{quoted(table)} AS t WHERE {condition}")
        for table in tables
        for condition in _conditions(connection, table)
    ]
    dropped: dict[str, int] = {}
    more = True
    while more:
        more = False
        for table, sql in statements:
            count = connection.execute(sql).rowcount
            if count:
                dropped[table] = dropped.get(table, 0) + count
                more = True
    return dropped


def _conditions(connection: sqlite3.Connection, table: str) -> list[str]:
    """For each foreign key, SQL that is true for a row ``t`` whose parent is not there."""
    keys = connection.execute(
        'SELECT id, "table", "from", "to", seq FROM pragma_foreign_key_list(?, ?) ORDER BY id, seq',
        (table, "main"),
    ).fetchall()
    conditions = []
    for _, group in groupby(keys, key=itemgetter(0)):
        parts = [*group]
        parent = parts[0][1]
        if not connection.execute(
            "SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND lower(name) = lower(?)",
            (parent,),
        ).fetchone():
            continue  # a table that was left out, or never was there
        primary = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM pragma_table_info(?, ?) WHERE pk ORDER BY pk", (parent, "main")
            )
        ]
        pairs = [(child, to or primary[seq]) for _, _, child, to, seq in parts if to or primary]
        given = " AND ".join(f"t.{quoted(child)} IS NOT NULL" for child, _ in pairs)
        same = " AND ".join(f"p.{quoted(to)} = t.{quoted(child)}" for child, to in pairs)
        if pairs:
            conditions.append(
                f"{given} AND NOT EXISTS (SELECT 1 FROM main.{quoted(parent)} AS p WHERE {same})"
            )
    return conditions
