"""Rows that refer to rows of their own table: each must be there, and none in a circle.

Children may stand before their parents within a batch, so this is looked at when all of it is in.
"""

from __future__ import annotations

import sqlite3

from ..base.sql import quoted
from ..schema.ddl import circles
from ..schema.model import Column, EntityType
from .tolerance import Tolerance
from .violations import MAX_PROBLEMS, Problem, invalid_rows


def check(
    connection: sqlite3.Connection,
    entity_type: EntityType,
    last_rowid: int,
    tolerance: Tolerance,
    *,
    numbered: bool,
) -> int:
    """Look at the rows of a batch; return how many were taken out again, as orphans.

    Args:
        connection: the scenario.
        entity_type: that of the rows.
        last_rowid: the table's last before the batch; 0 where old rows were updated.
        tolerance: whether orphans are left out.
        numbered: every row of the batch was inserted, so that a rowid tells its number.

    Raises InvalidRows.
    """
    table, key = quoted(entity_type.name), quoted(entity_type.primary_key)
    taken = 0
    for column, reference in entity_type.references():
        if reference.entity_type != entity_type.name:
            continue
        name = quoted(column.name)
        expected = f"there is no such {reference.column} in {entity_type.name}"
        # Taking one out may leave another one without its parent.
        while dangling := connection.execute(
            f"SELECT rowid, {name}, {key} FROM {table} AS child WHERE rowid > ?"
            f" AND {name} IS NOT NULL"
            f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE {key} = child.{name}) LIMIT ?",
            (last_rowid, MAX_PROBLEMS),
        ).fetchall():
            problems = [
                Problem(
                    entity_type.name, rowid - last_rowid, column.name, value, expected,
                    parent=entity_type.name, entity_id=None if numbered and not taken else str(id_),
                )
                for rowid, value, id_ in dangling
            ]  # fmt: skip
            if not all(tolerance.takes([problem]) for problem in problems):
                raise invalid_rows(problems, complete=len(problems) < MAX_PROBLEMS)
            rowids = [(rowid,) for rowid, *_ in dangling]
            connection.executemany(f"DELETE FROM {table} WHERE rowid = ?", rowids)
            taken += len(dangling)
        if column.acyclic:
            _check_acyclic(connection, entity_type, column, last_rowid)
    return taken


def _check_acyclic(
    connection: sqlite3.Connection, entity_type: EntityType, column: Column, last_rowid: int
) -> None:
    """Every circle that was not there before goes through a new row. A row may name itself."""
    found = connection.execute(
        circles(entity_type, column), {"after": last_rowid, "limit": MAX_PROBLEMS}
    )
    problems = [
        Problem(
            entity_type.name,
            rowid - last_rowid,
            column.name,
            value,
            f"following {column.name} from here comes back to this row",
            "One of them must lead out of the circle, or to itself.",
        )
        for rowid, value in found
    ]
    if problems:
        raise invalid_rows(problems, complete=len(problems) < MAX_PROBLEMS)
