"""Reference tables of a profile that are not written in SQL: rows of a CSV file, or names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import DeclarationError
from ..schema.columns import read_column
from ..schema.model import Column
from ..schema.sqlfile import Statement
from ..schema.types import LogicalType
from .markers import columns_of


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """A reference table with rows from a CSV file, or with names from Faker (``provider``)."""

    name: str
    columns: tuple[tuple[str, LogicalType], ...]
    where: str
    rows: tuple[tuple[object, ...], ...] = ()
    provider: str | None = None  # "first_name_female en_US"


def read_names_table(statement: Statement) -> ReferenceTable:
    """Read a CREATE TABLE with @names. Raises DeclarationError."""
    name, columns = _columns(statement)
    provider = statement.comment.markers["names"]
    if len(columns) != 1 or columns[0].type.kind != "text" or not provider:
        raise DeclarationError(
            f"{statement.where}: @names {provider}: fills a table of one VARCHAR column",
            hint="-- Given names of women @names first_name_female en_US",
        )
    return ReferenceTable(name, _typed(columns), statement.where, provider=provider)


def read_csv_table(statement: Statement, file: str, text: str) -> ReferenceTable:
    """Read a CREATE TABLE with @csv.

    Args:
        statement: the CREATE TABLE.
        file: the name of the CSV file, for messages.
        text: the content of the CSV file.

    Raises DeclarationError, with the line of the CSV file.
    """
    name, columns = _columns(statement)
    rows = tuple(_csv_rows(text, file, columns, statement.where))
    return ReferenceTable(name, _typed(columns), statement.where, rows=rows)


def _columns(statement: Statement) -> tuple[str, list[Column]]:
    name, parts = columns_of(statement)
    return name, [
        read_column(part, f"{statement.where}, column {part.name}", markers=())[0] for part in parts
    ]


def _typed(columns: list[Column]) -> tuple[tuple[str, LogicalType], ...]:
    return tuple((column.name, column.type) for column in columns)


def _csv_rows(
    text: str, file: str, columns: list[Column], where: str
) -> Iterator[tuple[object, ...]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        yield from _typed_rows(reader, file, columns, where)
    except csv.Error as error:
        raise DeclarationError(f"{file}, line {reader.line_num}: {error}") from error


def _typed_rows(
    reader: csv.DictReader[str], file: str, columns: list[Column], where: str
) -> Iterator[tuple[object, ...]]:
    missing = [column.name for column in columns if column.name not in (reader.fieldnames or ())]
    if missing:
        raise DeclarationError(
            f"{where}: {file} has no column {', '.join(missing)}",
            hint=f"It has: {', '.join(reader.fieldnames or ())}.",
        )
    for row in reader:
        if None in row or None in row.values():
            raise DeclarationError(
                f"{file}, line {reader.line_num}: not as many fields as the header has"
            )
        values = []
        for column in columns:
            try:
                values.append(column.coerce(row[column.name] or None))
            except ValueError:
                raise DeclarationError(
                    f"{file}, line {reader.line_num}, {column.name} {row[column.name]!r:.40}: "
                    f"must be {column.expected}"
                ) from None
        yield tuple(values)
