"""Loads a file into the staging table of its layout, and counts its rows in an account."""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Iterator

from ..base.sql import quoted
from ..errors import SourceError
from ..storage.rows import Rows
from . import dataset_json, staged_rows, xpt_files
from .account import Account
from .mapping import Layout
from .readers import is_delimited, reader_of
from .source import Source


def load(
    connection: sqlite3.Connection,
    name: str,
    layout: Layout,
    account: Account,
    source: Source,
    format: str,
    *,
    datasets: bool = False,
) -> None:
    """Load a file.

    Args:
        connection: of the staging tables.
        name: the table.
        layout: that of the table.
        account: of the file, where the rows are counted.
        source: the file.
        format: the name of the mapping, for messages.
        datasets: the files are those of a standard.

    Raises SourceError, also where the file lacks a required column.
    """
    parts = _with_header(source, datasets=datasets)
    if parts is not None:
        _load_parts(connection, name, layout, account, source, format, parts, datasets=datasets)
    else:
        _load_records(connection, name, layout, account, source, format)


def count(source: Source, *, datasets: bool = False) -> int:
    """How many rows a file has that no layout is for.

    Args:
        source: the file.
        datasets: the files are those of a standard.
    """
    parts = _with_header(source, datasets=datasets)
    return sum(map(len, parts)) if parts else sum(1 for _ in staged_rows.rows_of(source, None))


def _with_header(source: Source, *, datasets: bool) -> Iterator[Rows] | None:
    """The rows of a file whose rows all have the same columns; None for another one."""
    reader = reader_of(source)
    if is_delimited(source):
        return staged_rows.text_of(source)
    if reader and reader.name == "xpt":
        return xpt_files.rows_of(source)
    if reader and reader.name in ("json", "ndjson") and datasets:
        return dataset_json.rows_of(source)
    return None


def _load_parts(
    connection: sqlite3.Connection,
    name: str,
    layout: Layout,
    account: Account,
    source: Source,
    format: str,
    parts: Iterator[Rows],
    *,
    datasets: bool,
) -> None:
    part = next(parts, None)
    if part is None:
        return
    first = part.fields
    found = staged_rows.columns_of(source, layout, first, format)
    present, wanted = [*found], [*found.values()]
    insert = (
        f"INSERT INTO {quoted(name)} ({', '.join(map(quoted, present))})"
        f" VALUES ({', '.join('?' * len(present))})"
    )
    places = [first.index(column) for column in wanted]
    # Of a standard's columns those without a value are not worth a word.
    told = () if datasets else tuple(column for column in first if column not in wanted)
    account.not_carried = tuple(dict.fromkeys([*account.not_carried, *told]))
    lost = _Lost(layout, first, wanted, account)
    nulls = {*source.reading.null}
    for rows in itertools.chain([part], parts):
        lost.count(rows)
        values = (
            rows.values
            if places == [*range(len(first))]
            else [[row[place] for place in places] for row in rows.values]
        )
        if nulls:
            values = [[None if cell in nulls else cell for cell in row] for row in values]
        staged_rows.insert(connection, insert, values, source)
        account.rows += len(rows)


class _Lost:
    """Counts the values in the columns of a file that its layout has not.

    Args:
        layout: that of the file.
        header: the columns of the file.
        wanted: those of them that the layout has.
        account: of the file.
    """

    def __init__(
        self, layout: Layout, header: tuple[str, ...], wanted: list[str], account: Account
    ) -> None:
        constants = {name.casefold(): value for name, value in layout.constants.items()}
        self._places = [
            (name, place, constants.get(name.casefold()))
            for place, name in enumerate(header)
            if name not in wanted
        ]
        self._account = account
        self._derived = layout.derived

    def count(self, rows: Rows) -> None:
        """Count those of some rows."""
        counts = self._account.lost_values
        for name, place, constant in self._places:
            column = [row[place] for row in rows.values]
            found = len(column) - column.count(None) - (column.count(constant) if constant else 0)
            if found and name.casefold() in self._derived:
                if name not in self._account.derived:
                    self._account.derived += (name,)
            elif found:
                counts[name] = counts.get(name, 0) + found
                if name not in self._account.not_carried:
                    self._account.not_carried += (name,)


def _load_records(
    connection: sqlite3.Connection,
    name: str,
    layout: Layout,
    account: Account,
    source: Source,
    format: str,
) -> None:
    """Load records that need not have the same keys, as those of JSON."""
    rows, nulls = staged_rows.rows_of(source, layout.json), {*source.reading.null}
    columns, lacking = layout.columns, {*layout.required}
    seen = dict.fromkeys(account.not_carried)

    def values() -> Iterator[list[str | None]]:
        for row in rows:
            account.rows += 1
            seen.update(dict.fromkeys(row))
            cells = staged_rows.by_columns(row, columns)
            if lacking:
                found = (c for c, cell in zip(columns, cells, strict=True) if cell is not None)
                lacking.difference_update(found)
            yield [None if cell in nulls else cell for cell in cells] if nulls else cells

    marks = ", ".join("?" * len(columns))
    before = account.rows
    sql = f"INSERT INTO {quoted(name)} VALUES ({marks})"
    staged_rows.insert(connection, sql, values(), source)
    used = {re.split(r"[.\[]", column)[0] for column in columns} | {*columns}
    account.not_carried = tuple(key for key in seen if key not in used)
    if account.rows == before:
        account.notes += (f"{source.name} has nothing at {layout.json or '$'}",)
    elif lacking:
        raise SourceError(
            f"{source.name}: no record has {', '.join(sorted(lacking))}.",
            hint=f"They have: {', '.join(seen):.200}. Is this the format {format}?",
        )
