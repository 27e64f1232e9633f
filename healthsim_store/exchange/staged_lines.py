"""Which row of a staged file a row of a SELECT is made of."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Mapping
from typing import Any

from ..base.quoting import strict
from ..errors import DeclarationError
from ..schema.sqlfile import Statement


class SelectedRows:
    """The rows of a source that those of a SELECT are made of, found by asking it once more.

    It is read as far as is asked for, and once however often that is.

    Args:
        connection: the staged files.
        sql: a SELECT.
        table: that of the source, which it reads.
        values: of its parameters.
    """

    def __init__(
        self, connection: sqlite3.Connection, sql: str, table: str, values: Mapping[str, Any]
    ) -> None:
        self._connection = connection
        self._values = values
        self._asked = _with_rowid(sql, table)
        self._cursor: sqlite3.Cursor | None = None
        self._numbers = array("q")

    def of(self, row: int) -> int | None:
        """The rowid in the table that a row, by its number from 0, is made of; None if none is.

        Raises sqlite3.OperationalError where the clock of the connection ends it.
        """
        if self._asked is None:
            return None
        try:
            if self._cursor is None:
                self._cursor = self._connection.execute(strict(self._asked), self._values)
            while len(self._numbers) <= row and (batch := self._cursor.fetchmany(1_000)):
                self._numbers.extend(n if isinstance(n, int) else 0 for *_, n in batch)
        except sqlite3.Error as error:
            self._asked = None
            if str(error) == "interrupted":
                raise
            return None
        return (self._numbers[row] or None) if row < len(self._numbers) else None


def _with_rowid(sql: str, table: str) -> str | None:
    """The SELECT with the rowid of the table as its last column."""
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except sqlglot.errors.SqlglotError:
        return None
    if not isinstance(tree, exp.Select) or tree.args.get("distinct") or tree.args.get("limit"):
        return None
    start = tree.args.get("from_") or tree.args.get("from")
    joined = [join.this for join in tree.args.get("joins") or ()]
    read = [start.this if start else None, *joined]
    for one in read:
        if isinstance(one, exp.Table) and one.name.lower() == table.lower():
            column = exp.column("rowid", table=one.alias_or_name)
            return tree.select(column, append=True).sql(dialect="sqlite")
    return None


class RowNumbers:
    """The source rows of a SELECT that says itself which they are, by its column ``_row``.

    Args:
        statement: the SELECT.
        many: it may make several entities of one row, which then counts once.
    """

    def __init__(self, statement: Statement, *, many: bool) -> None:
        self._statement = statement
        self._seen: set[int] | None = set() if many else None
        self._numbers = array("q")

    def add(self, rowid: Any, rows: int) -> int:
        """Note the next row; how many rows of the source it counts for.

        Args:
            rowid: of the source's row.
            rows: how many it counts for, if it is the first one of this row.

        Raises DeclarationError where it is no number.
        """
        if not isinstance(rowid, int):
            raise DeclarationError(
                f"{self._statement.where}: _row is {rowid!r:.40}, and no rowid of the source"
            )
        self._numbers.append(rowid)
        if self._seen is None:
            return rows
        if rowid in self._seen:
            return 0
        self._seen.add(rowid)
        return rows

    def of(self, number: int) -> int | None:
        """The rowid of a row, by its number from 0; None where it was not read."""
        return self._numbers[number] if number < len(self._numbers) else None
