"""The rows of a file as a mapping stages them: delimited text, JSON by a path, and the others."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..base.text import in_line
from ..errors import SourceError
from ..storage.rows import Rows, chunks
from . import hints, json_paths
from .delimited import read_delimited
from .json_files import documents, read_lines
from .mapping import Layout
from .readers import reader_of
from .source import Source


def rows_of(source: Source, json_path: str | None) -> Iterator[dict[str, Any]]:
    """The rows of a file, as what its name says; values are those of the file.

    Args:
        source: the file.
        json_path: where the records are, in JSON.

    Raises SourceError, also in the middle of the file.
    """
    reader = reader_of(source)
    if reader is None:
        yield from itertools.chain.from_iterable(read_delimited(source, ","))
    elif reader.name in ("json", "ndjson"):
        yield from _records(source, json_path or "$", lines=reader.name == "ndjson")
    elif reader.read:
        for _, rows in reader.read(source):
            yield from itertools.chain.from_iterable(chunks(source.name, rows))


def text_of(source: Source) -> Iterator[Rows]:
    """The rows of a file of delimited text, a part after the other. Raises SourceError."""
    reader = reader_of(source)
    signs = {"tsv": "\t", "psv": "|"}
    return read_delimited(source, signs.get(reader.name, ",") if reader else ",")


def columns_of(
    source: Source, layout: Layout, header: Sequence[str], format: str
) -> dict[str, str]:
    """The columns of a layout that a header has in any case, with those of the header.

    Args:
        source: the file, for messages.
        layout: what the mapping says of the file.
        header: of the file.
        format: the mapping, for messages.

    Raises SourceError where the header lacks one that is required, or has none.
    """
    named = {column.casefold(): column for column in header}
    missing = sorted(c for c in layout.required if c.casefold() not in named)
    if missing:
        raise SourceError(
            f"{source.name}: the header lacks {in_line(missing)}.",
            hint=hints.delimiter(header, ",")
            or f"It has: {in_line(header)}. Is this the format {format}?",
        )
    found = {c: named[c.casefold()] for c in layout.columns if c.casefold() in named}
    if not found:
        raise SourceError(
            f"{source.name}: none of its columns is one that the mapping uses: {in_line(header)}.",
            hint=f"It uses {in_line(layout.columns)}.",
        )
    return found


def insert(
    connection: sqlite3.Connection,
    sql: str,
    values: Iterable[Sequence[str | None]],
    source: Source,
) -> None:
    """Insert rows of a file. Raises SourceError for a text that is none, or too large a number.

    Args:
        connection: the staged files.
        sql: the INSERT.
        values: of each row.
        source: the file, for messages.
    """
    try:
        connection.executemany(sql, values)
    except UnicodeEncodeError as error:
        raise SourceError(
            f"{source.name}: {error.object!r:.60} has half of a character (a surrogate), which"
            " cannot be stored.",
            hint="Mend it in the file.",
        ) from error
    except OverflowError as error:
        raise SourceError(
            f"{source.name} has a number that is too large.", hint="Write it as text."
        ) from error


def _records(source: Source, path: str, *, lines: bool) -> Iterator[dict[str, Any]]:
    steps = json_paths.steps(path, source.name)
    whole = replace(source)  # its lines are those of documents, of which each has many records
    number = 0
    found = _numbered(whole) if lines else [*documents(whole)]
    source.lines.items = isinstance(found, list) and len(found) == 1
    for document, line in found:
        for record in json_paths.records(document, steps):
            if not isinstance(record, dict):
                raise SourceError(
                    f"{source.name}: {path} is a {type(record).__name__}, not an object."
                )
            number += 1
            source.lines.begin(number - 1, number if source.lines.items else line)
            yield record
    whole.check_unchanged()


def _numbered(source: Source) -> Iterator[tuple[Any, int]]:
    for number, document in enumerate(read_lines(source)):
        yield document, source.lines.of(number)


def cell(value: Any) -> str | None:
    """A value as it is staged: as text, an object or list as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def by_columns(row: Mapping[str, Any], columns: Sequence[str]) -> list[str | None]:
    """The cells of a record for these columns."""
    return [cell(json_paths.inside(dict(row), name)) for name in columns]
