"""The rows of housekeeping tables, as they must be: the one place where they come in.

Anybody can write into a file with any SQLite tool, and damage does. So each value is compared with
what `housekeeping.TABLES` declares of its column, and whoever reads further can rely on it.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..errors import CorruptScenario
from .housekeeping import CHANGES, TABLES

T = TypeVar("T")

Record = dict[str, Any]

_HINT = "healthsim-store check tells all that is wrong in it. Restore the file from a copy."

_COLUMN = re.compile(r"^  (\w+) (TEXT|INTEGER)\b(.*)$", re.MULTILINE)
_ADDED = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+) (TEXT|INTEGER)\b(.*)")
_DEFAULT = re.compile(r"DEFAULT (?:'(.*)'|(\d+))")
_NOT_TEXT = re.compile(r"Could not decode to UTF-8 column '(\w+)'")


@dataclass(frozen=True, slots=True)
class _Field:
    """A column. One that was ``added`` may lack in a file of an older format: ``default``."""

    name: str
    type: type
    required: bool
    added: bool = False
    default: str | int | None = None


@functools.cache
def _fields(table: str) -> tuple[_Field, ...]:
    (declared,) = (one for one in TABLES if one.name == table)
    fields = [
        _Field(name, _type(kind), "NOT NULL" in rest or "INTEGER PRIMARY KEY" in kind + rest)
        for name, kind, rest in _COLUMN.findall(declared.sql)
    ]
    for change in (sql for changes in CHANGES.values() for sql in changes):
        added = _ADDED.fullmatch(change)
        if added and added[1] == table:
            default = _DEFAULT.search(added[4])
            fields.append(
                _Field(
                    added[2], _type(added[3]), "NOT NULL" in added[4],
                    added=True, default=_default(default) if default else None,
                )
            )  # fmt: skip
    return tuple(fields)


def _default(found: re.Match[str]) -> str | int:
    return int(found[2]) if found[2] else found[1]


def _type(kind: str) -> type:
    return str if kind == "TEXT" else int


def damaged(message: str) -> CorruptScenario:
    """The error for what a file says of itself. `file_errors` puts the file's name in front.

    Args:
        message: begins with ``its``.
    """
    error = CorruptScenario(message, hint=_HINT)
    error.named = False
    return error


def understood(table: str, row: Record, name: str, read: Callable[[Any], T]) -> T:
    """What a function makes of a value.

    Args:
        table: the value's table.
        row: its row.
        name: its column.
        read: raises ValueError for what it does not understand.

    Raises CorruptScenario.
    """
    try:
        return read(row[name])
    except ValueError as error:
        raise _wrong(table, row, name, f"cannot be understood: {_line(error)}") from error


def _wrong(table: str, row: Record, name: str, what: str) -> CorruptScenario:
    keys = [
        str(row[key])
        for key in ("entity_type", "column_name", "product", "name", "tag")
        if key != name and isinstance(row.get(key), str)
    ]
    where = f" of {' '.join(keys)[:60]!r}" if keys else ""
    return damaged(f"its table {table}, {name}{where}: {_shown(row[name])} {what}.")


def _shown(value: Any) -> str:
    return "NULL" if value is None else f"{value!r:.40}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or "it is of another shape"


def read_records(
    connection: sqlite3.Connection,
    table: str,
    *,
    names: Sequence[str] = (),
    schema: str = "main",
    rest: str = "ORDER BY rowid",
    values: Sequence[Any] = (),
) -> list[Record]:
    """The rows of a housekeeping table; none where a file of an older format lacks it.

    Args:
        connection: the file.
        table: the table.
        names: the columns to read; by default all. What an older format lacks has its default.
        schema: the name under which the file is attached.
        rest: of the SELECT: which rows in which order.
        values: for the question marks in it.

    Raises CorruptScenario, which names the table, column and row, where a value is of another type
    than its column, or a table or column is missing.
    """
    fields = wanted = [one for one in _fields(table) if not names or one.name in names]
    try:
        try:
            rows = _select(connection, fields, f"{schema}.{table} {rest}", values)
        except sqlite3.OperationalError as error:
            lacking = _lacking(connection, table, schema, fields, error)
            fields = [one for one in fields if one not in lacking]
            rows = _select(connection, fields, f"{schema}.{table} {rest}", values)
    except sqlite3.OperationalError as error:
        (since,) = (one.since for one in TABLES if one.name == table)
        text = str(error)
        if text.startswith("no such table") and text.endswith(f"{table}"):
            if since > 1:
                return []
            raise damaged(f"its table {table} is missing.") from error
        not_text = _NOT_TEXT.search(text)
        if not_text:
            raise damaged(f"its table {table}, {not_text[1]}: a text is not UTF-8.") from error
        if text.startswith("no such "):
            raise damaged(f"its table {table} is another one: {text}.") from error
        raise
    there = [one.name for one in fields]
    found = [dict(zip(there, row, strict=True)) for row in rows]
    _check(table, fields, found)
    older = {one.name: one.default for one in wanted if one.name not in there}
    return [older | row for row in found]


def read_record(
    connection: sqlite3.Connection,
    table: str,
    key: str,
    value: str | int,
    *,
    names: Sequence[str] = (),
    schema: str = "main",
) -> Record:
    """The one row that is known to be there.

    Args:
        connection: the file.
        table: the table.
        key: the column that the row is found by.
        value: its value there.
        names: the columns to read; by default all.
        schema: the name under which the file is attached.

    Raises CorruptScenario as `read_records` does, and where there is not one such row: in a
    damaged file the index may know what the table lacks.
    """
    rows = read_records(
        connection, table, names=names, schema=schema, rest=f"WHERE {key} = ?", values=(value,)
    )
    if len(rows) != 1:
        raise damaged(
            f"its table {table} has {len(rows)} rows with the {key} {value!r:.60}, and must have"
            " one."
        )
    return rows[0]


def _select(
    connection: sqlite3.Connection, fields: Sequence[_Field], rest: str, values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    # No name is in quotes: SQLite would take a name in quotes that is missing for a text.
    names = ", ".join(one.name for one in fields)
    rows = connection.execute(f"SELECT {names} FROM {rest}", values)
    # Closed also after an error: a statement that stays open keeps writers from the file.
    with contextlib.closing(rows):
        return [tuple(row) for row in rows]


def _lacking(
    connection: sqlite3.Connection,
    table: str,
    schema: str,
    fields: Sequence[_Field],
    error: sqlite3.OperationalError,
) -> list[_Field]:
    """The columns that an older format lacks, where that is why a SELECT failed."""
    if not str(error).startswith("no such column"):
        raise error
    described = connection.execute(f"SELECT * FROM {schema}.{table} LIMIT 0").description
    there = {name.lower() for name, *_ in described}
    missing = [one for one in fields if one.name not in there]
    for one in missing:
        if not one.added:
            raise damaged(f"its table {table} lacks the column {one.name}.") from error
    if not missing:
        raise error
    return missing


def _check(table: str, fields: Sequence[_Field], rows: Sequence[Record]) -> None:
    for one in fields:
        allowed = {one.type} if one.required else {one.type, type(None)}
        name = one.name
        column = [row[name] for row in rows]
        if not allowed.issuperset(map(type, column)):
            row = next(row for row in rows if type(row[one.name]) not in allowed)
            must = "text" if one.type is str else "a whole number"
            raise _wrong(table, row, one.name, f"must be {must}")
        if one.type is str and any("\0" in text for text in column if text):
            row = next(row for row in rows if "\0" in (row[name] or ""))
            raise _wrong(table, row, name, "has a zero byte")


def check_records(connection: sqlite3.Connection) -> None:
    """Raises CorruptScenario where a housekeeping table has what it must not have."""
    for table in TABLES:
        read_records(connection, table.name, rest="")
