"""The numbers of a table's rows, its rowids, which may lie as far apart as they can."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..base.sql import greatest_rowid, quoted
from ..errors import CorruptScenario

_MOST = 2**62  # far from 2**63 - 1, after which SQLite draws numbers that are free


def last_row(connection: sqlite3.Connection, name: str) -> int:
    """The number of the last row of a table of main, 0 if it has none; new rows come after it.

    Raises CorruptScenario where the numbers will not be enough.
    """
    sql = f"SELECT coalesce({greatest_rowid(f'main.{quoted(name)}')}, 0)"
    (last,) = connection.execute(sql).fetchone()
    if last > _MOST:
        error = CorruptScenario(
            f"its table {name} has a row with the number {last}, so that there are no further"
            " numbers for new ones.",
            hint="Clone the scenario: the rows of the clone are numbered anew.",
        )
        error.named = False
        raise error
    return int(last)


@dataclass(frozen=True)
class RowNumbers:
    """The numbers of a table's rows.

    A stranger's file, or one with ids that were drawn, may have numbers that lie as far apart as
    they can: steps of one length would go through the gaps for ever.

    Args:
        connection: the database.
        table: its name, as SQL.
        column: where the numbers are: ``rowid``, or a column with an index.
    """

    connection: sqlite3.Connection
    table: str
    column: str

    def blocks(self, rows: int) -> Iterator[tuple[int, int]]:
        """The first and the last number of each block, in order; all rows are in one.

        Args:
            rows: that a block has at most.
        """
        first, last = self._one(f"min({self.column})"), self._one(f"max({self.column})")
        gap = False
        while first is not None:
            end: int = min(last, first + rows - 1)
            if gap:  # another may follow soon, so the rows are counted
                nth = self._nth(first, rows)
                end = last if nth is None else nth
            yield first, end
            if end == last:
                return
            after = self._one(f"min({self.column})", "> ?", end)
            gap = after > end + 1
            first = after

    def _nth(self, first: int, rows: int) -> Any:
        sql = f"ORDER BY {self.column} LIMIT 1 OFFSET {rows - 1}"
        return self._one(self.column, f">= ? {sql}", first)

    def _one(self, what: str, condition: str = "", *values: int) -> Any:
        where = f" WHERE {self.column} {condition}" if condition else ""
        found = self.connection.execute(f"SELECT {what} FROM {self.table}{where}", values)
        row = found.fetchone()
        return row[0] if row else None
