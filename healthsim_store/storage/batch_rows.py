"""Which rows each batch put in: ranges of rowids in the table `_batches`.

SQLite counts rowids up, so the rows of a batch stand together. It gives a rowid out again once it
is greater than all others: so where the last rows of a table are removed, ranges end before them,
and where a new range meets an old one, because another program removed the last rows, the new one
is right. VACUUM keeps rowids: every entity type's table has an index, that of its primary key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from ..base.sql import greatest_rowid, quoted

#: An entity type, the first and the last rowid, and the number in the log.
Range = tuple[str, int, int, int]


class BatchRows:
    """Changes to the ranges, which ``before`` and ``after`` tell; inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.before: set[Range] = set()
        self.after: set[Range] = set()

    def add(self, entity_type: str, first: int, last: int, log_id: int) -> None:
        """A batch put these rows in."""
        for old in self._ranges("entity_type = ? AND last_rowid >= ?", entity_type, first):
            self._shorten(old, first - 1)
        self._put((entity_type, first, last, log_id))

    def trim(self, entity_type: str) -> None:
        """Rows of a type were removed: ranges may be shorter now, or gone."""
        table = quoted(entity_type)
        (end,) = self._connection.execute(f"SELECT {greatest_rowid(table)}").fetchone()
        for old in self._ranges("entity_type = ? AND last_rowid > ?", entity_type, end or 0):
            self._shorten(old, end or 0)

    def drop_empty(self, entity_type: str, touched: str) -> None:
        """Forget ranges without a row. ``touched``: a SELECT of the rowids that were removed."""
        table = quoted(entity_type)
        for old in self._ranges(
            f"entity_type = ? AND EXISTS ({touched} WHERE row BETWEEN first_rowid AND last_rowid)"
            f" AND NOT EXISTS (SELECT 1 FROM {table} AS t"
            " WHERE t.rowid BETWEEN first_rowid AND last_rowid)",
            entity_type,
        ):
            self._take(old)

    def _ranges(self, where: str, *values: object) -> list[Range]:
        sql = f"SELECT entity_type, first_rowid, last_rowid, log_id FROM _batches WHERE {where}"
        return self._connection.execute(sql, values).fetchall()

    def _shorten(self, old: Range, last: int) -> None:
        self._take(old)
        entity_type, first, _, log_id = old
        if first <= last:
            self._put((entity_type, first, last, log_id))

    def _take(self, old: Range) -> None:
        take(self._connection, [old])
        if old in self.after:
            self.after.remove(old)
        else:
            self.before.add(old)

    def _put(self, new: Range) -> None:
        put(self._connection, [new])
        if new in self.before:
            self.before.remove(new)
        else:
            self.after.add(new)


def take(connection: sqlite3.Connection, ranges: Iterable[Sequence[object]]) -> None:
    """Delete ranges."""
    connection.executemany(
        "DELETE FROM _batches WHERE entity_type = ? AND first_rowid = ?",
        [(entity_type, first) for entity_type, first, *_ in ranges],
    )


def forget_rows(connection: sqlite3.Connection, product: str) -> None:
    """The rows of a product's entity types are known as those of a batch no longer."""
    connection.execute(
        "DELETE FROM _batches WHERE entity_type NOT IN"
        " (SELECT entity_type FROM _entity_types WHERE product <> ?)",
        (product,),
    )


def put(connection: sqlite3.Connection, ranges: Iterable[Sequence[object]]) -> None:
    """Write ranges."""
    connection.executemany("INSERT INTO _batches VALUES (?, ?, ?, ?)", map(tuple, ranges))


def read_ranges(connection: sqlite3.Connection, log_ids: Iterable[int]) -> list[Range]:
    """The ranges of some entries of the log."""
    found: list[Range] = []
    for log_id in log_ids:
        found += connection.execute(
            "SELECT entity_type, first_rowid, last_rowid, log_id FROM _batches WHERE log_id = ?"
            " ORDER BY entity_type, first_rowid",
            (log_id,),
        )
    return found
