"""Values that are longer than what is ever read: where they are, and how long.

healthsim-store writes none, but a file from somebody else may have some. SQLite reads a value only
where a statement needs it, so all other rows and columns can be read. Of such a value even
``length()`` and ``substr()`` fail; opened as a stream it tells its size without being read.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.sql import quoted, rowid_ends
from ..base.sqlite import MAX_BYTES
from ..base.text import size
from ..errors import QueryError, QueryTooLarge
from .sandbox import TOO_LONG, Sandbox

LIMIT = f"{MAX_BYTES // 1_000_000} MB"


@dataclass(frozen=True, slots=True)
class LongValue:
    """Where a value is that is too long to be read; ``size`` is in bytes, if it could be told.

    ``rowid`` is None in a table WITHOUT ROWID: there it is known only that there is one.
    """

    table: str
    column: str
    rowid: int | None
    size: int | None

    def __str__(self) -> str:
        row = "" if self.rowid is None else f", rowid {self.rowid}"
        return f"{self.table}{row}: {self.column} has {self._size}"

    @property
    def in_its_place(self) -> str:
        """What a person sees in place of the value."""
        return f"({self._size}, too long to show)"

    @property
    def _size(self) -> str:
        return f"over {LIMIT}" if self.size is None else size(self.size)


def told(values: Sequence[LongValue]) -> str:
    """What an error says where one of these values was needed."""
    return f"{TOO_LONG} {'; '.join(map(str, values))}."


def find_long_values(
    sandbox: Sandbox, *, timeout: float, tables: Sequence[tuple[str, str]] | None = None
) -> Iterator[LongValue]:
    """The long values of a file, table by table, in the order of the rows.

    Args:
        sandbox: the scenario's file.
        timeout: seconds for all of them.
        tables: pairs of schema and table; by default all tables of the file.

    Raises QueryTimeout, and QueryError for a table that cannot be read otherwise.
    """
    deadline = time.monotonic() + timeout
    for schema, table in _all_tables(sandbox, timeout) if tables is None else tables:
        yield from _Table(sandbox, schema, table, deadline).find()


def read_row(
    sandbox: Sandbox, table: str, columns: Sequence[str], rowid: int, *, timeout: float
) -> tuple[Any, ...]:
    """The values of a row; in place of one that is too long, a LongValue."""
    found = _Table(sandbox, "main", table, time.monotonic() + timeout, columns)
    long = {value.column: value for value in found.of_row(rowid)}
    names = [quoted(name) if name not in long else "NULL" for name in columns]
    sql = f"SELECT {', '.join(names)} FROM {quoted(table)} WHERE rowid = ?"
    with sandbox.run(sql, (rowid,), timeout=timeout) as cursor:
        row = cursor.fetchone()
    return tuple(long.get(name, value) for name, value in zip(columns, row, strict=True))


def _all_tables(sandbox: Sandbox, timeout: float) -> list[tuple[str, str]]:
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE"
        " '!' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    )
    with sandbox.run(sql, timeout=timeout) as cursor:
        return [("main", name) for (name,) in cursor]


class _Table:
    def __init__(
        self,
        sandbox: Sandbox,
        schema: str,
        table: str,
        deadline: float,
        columns: Sequence[str] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._schema = schema
        self._table = table
        self._deadline = deadline
        self._from = f"{quoted(schema)}.{quoted(table)}"
        self._columns = columns if columns is not None else self._all_columns()

    def find(self) -> Iterator[LongValue]:
        if self._fits(self._columns):
            return
        try:
            with self._run(rowid_ends(self._from)) as cursor:
                first, last = cursor.fetchone()
        except QueryTooLarge:
            raise
        except QueryError:  # WITHOUT ROWID
            for column in self._columns:
                if not self._fits([column]):
                    yield LongValue(self._table, column, None, None)
            return
        yield from self._between(first, last)

    def _between(self, first: int, last: int) -> Iterator[LongValue]:
        """By halves: what fits is read once on each level, and mostly there is one value."""
        if self._fits(self._columns, first, last):
            return
        if first == last:
            yield from self.of_row(first)
            return
        middle = first + (last - first) // 2
        yield from self._between(first, middle)
        yield from self._between(middle + 1, last)

    def of_row(self, rowid: int) -> Iterator[LongValue]:
        for column in self._columns:
            if not self._fits([column], rowid, rowid):
                yield LongValue(self._table, column, rowid, self._size(column, rowid))

    def _fits(self, columns: Sequence[str], *rowids: int) -> bool:
        """Whether all values of these columns can be read, of all rows or those between two."""
        # To be compared with a text, a value is read, but nothing is done with all of it.
        values = ", ".join(f"count({quoted(column)} = '')" for column in columns)
        where = " NOT INDEXED WHERE rowid BETWEEN ? AND ?" if rowids else ""
        try:
            with self._run(f"SELECT {values} FROM {self._from}{where}", rowids) as cursor:
                cursor.fetchone()
        except QueryTooLarge:
            return False
        return True

    def _size(self, column: str, rowid: int) -> int | None:
        """In bytes, without reading the value."""
        with contextlib.suppress(sqlite3.Error):
            return self._sandbox.blob_size(self._schema, self._table, column, rowid)
        return None

    def _all_columns(self) -> list[str]:
        with self._run(f"SELECT * FROM {self._from} LIMIT 0") as cursor:
            return [description[0] for description in cursor.description]

    def _run(
        self, sql: str, parameters: Sequence[Any] = ()
    ) -> contextlib.AbstractContextManager[sqlite3.Cursor]:
        left = max(self._deadline - time.monotonic(), 0.001)
        return self._sandbox.run(sql, parameters, timeout=left)
