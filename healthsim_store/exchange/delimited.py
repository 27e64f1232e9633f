"""Delimited text: CSV and its kin, by Python's csv module.

Of the readers that were compared (see benchmarks/README.md) it is the one that refuses a broken
quote, tells the line of each row, and takes 20 MB however long the file is.
"""

from __future__ import annotations

import collections
import csv
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..base.wording import option_of_import
from ..errors import SourceError
from . import hints
from .source import Source

_MAX_CELL = 8_000_000  # the longest value that a query can read back
_SEPARATOR = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)


def read_delimited(source: Source, delimiter: str) -> Iterator[dict[str, str | None]]:
    """Rows of delimited text as dicts; an empty cell is None.

    A row without any value is none. A column without a name is none either, if it is empty, or if
    it is the first and counts the rows as pandas does.

    Args:
        source: the file.
        delimiter: that of the format, where the options give none.

    Raises SourceError, with the line, for a row with more or fewer cells than the header, for a
    quote without an end, and for bytes that are not in the encoding.
    """
    csv.field_size_limit(_MAX_CELL)
    with source.text() as text:
        lines = _Lines(text, source)
        try:
            yield from _rows(source, lines, delimiter)
        except UnicodeDecodeError as error:
            raise source.undecodable(lines.number, error) from error
        except csv.Error as error:
            raise SourceError(
                f"{source.name}, line {max(lines.began, 1)}: {error}.", hint=_of_csv(error)
            ) from error


class _Lines:
    """The lines that are no comments. ``number`` is that of the last one, from 1."""

    def __init__(self, text: Iterable[str], source: Source) -> None:
        self._text = iter(text)
        self._comment = source.reading.comment
        self._quote = source.reading.quoting
        self._open = False  # within a quoted cell, which may have a line like a comment
        self.number = 0
        self.began = 0  # the line that the row at hand begins in
        self.separator: str | None = None
        for _ in range(source.reading.skip_lines):
            next(self)
        self._first = True

    def __iter__(self) -> Iterator[str]:
        if self._comment:
            return self
        return self._quick()

    def _quick(self) -> Iterator[str]:
        for line in self._text:
            self.number += 1
            if self.number == 1 and (match := _SEPARATOR.fullmatch(line)):
                self.separator = match[1]
                continue
            yield line

    def __next__(self) -> str:
        for line in self._text:
            self.number += 1
            if self._comment and not self._open and line.startswith(self._comment):
                continue
            if self._quote:
                self._open ^= bool(line.count(self._quote) & 1)
            return line
        return ""


def _rows(source: Source, lines: _Lines, delimiter: str) -> Iterator[dict[str, str | None]]:
    options = source.reading
    numbered = _numbered(lines, options.separator(delimiter), source)
    header = list(options.columns)
    if not header:
        header = _header(source, next(numbered, (0, []))[1], options.separator(delimiter))
    unnamed = [at for at, name in enumerate(header) if not name]
    kept = [at for at, name in enumerate(header) if name and _is_kept(header, at, options.ignore)]
    names = [header[at] for at in kept]
    _check_names(source, names)
    given = dict(source.given)
    whole, width, count = kept == [*range(len(header))], len(header), 0
    begin = source.lines.begin
    for line, cells in _without_footer(numbered, options.skip_footer):
        if len(cells) != width:
            if not any(cells):
                continue  # an empty line, as at the end of many files
            cells = _fitted(source, line, cells, header, options.separator(delimiter))
            if not cells:
                continue
        elif not any(cells):
            continue
        for at in unnamed:
            if cells[at] and not (at == 0 and cells[0] == str(count)):
                raise SourceError(
                    f"{source.name}, line {line}: column {at + 1} has a value but no name.",
                    hint="Name all columns in the header.",
                )
        begin(count, line)
        count += 1
        chosen: Iterable[str] = cells if whole else (cells[at] for at in kept)
        row = dict(zip(names, [cell or None for cell in chosen], strict=True))
        yield row | given if given else row


def _numbered(lines: _Lines, delimiter: str, source: Source) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins in."""
    iterator = iter(lines)
    if not source.reading.comment:
        first = next(iterator, None)
        if first is None:
            return
        iterator = itertools.chain([first], iterator)
    if lines.separator and source.reading.delimiter is None:
        delimiter = lines.separator
    quote = source.reading.quoting
    how: dict[str, Any] = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader(_until_empty(iterator), delimiter=delimiter, strict=True, **how)
    # The first line is read already, since it may name the delimiter.
    offset = lines.number - (0 if source.reading.comment else 1)
    if source.reading.comment:
        while True:
            lines.began = lines.number + 1
            cells = next(reader, None)
            if cells is None:
                return
            yield lines.began, cells
    lines.began = offset + 1
    for cells in reader:
        yield lines.began, cells
        lines.began = offset + reader.line_num + 1


def _until_empty(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line:
            return
        yield line


def _without_footer(
    rows: Iterator[tuple[int, list[str]]], footer: int
) -> Iterator[tuple[int, list[str]]]:
    if not footer:
        yield from rows
        return
    held: collections.deque[tuple[int, list[str]]] = collections.deque()
    for row in rows:
        if row[1]:
            held.append(row)
        if len(held) > footer:
            yield held.popleft()


def _fitted(
    source: Source, line: int, cells: list[str], header: list[str], delimiter: str
) -> list[str]:
    """The cells of a row that has too many or too few; empty where it is left out."""
    width = len(header)
    if len(cells) > width and not any(cells[width:]):
        return cells[:width]
    if len(cells) < width and source.reading.short_rows == "null":
        return cells + [""] * (width - len(cells))
    hint = "Quote cells that contain the delimiter."
    if len(cells) < width:
        short = option_of_import("short_rows", "null")
        hint = (
            f"If what is missing is empty: {short}; if it is a line at the end that is no row:"
            f" {option_of_import('skip_footer', '1')}."
        )
    hint = hints.delimiter(header, delimiter) or hint
    source.bad_row(line, f"{len(cells)} cells, but the header has {width}", hint, value=cells)
    return []


def _header(source: Source, cells: list[str], delimiter: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not any(header):
        raise SourceError(f"{source.name} is empty.", hint="Its first line must name the columns.")
    hint = hints.first_line(header)
    if hint and source.reading.comment is None:
        raise SourceError(f"{source.name}: its first line is no header: {header[0]:.60}", hint=hint)
    return header


def _is_kept(header: list[str], at: int, ignore: tuple[str, ...]) -> bool:
    """``city`` is every column of that name, ``city#2`` only the second one."""
    name = header[at]
    if name in ignore:
        return False
    return f"{name}#{header[: at + 1].count(name)}" not in ignore


def _check_names(source: Source, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(
            f"{source.name}: the header has {', '.join(twice)} more than once.",
            hint="Each column needs a name of its own; to leave the second one out:"
            f" {option_of_import('ignore', f'{twice[0]}#2')}.",
        )


def _of_csv(error: csv.Error) -> str | None:
    if "field larger" in str(error):
        return f"A cell may have {_MAX_CELL:,} characters. Is a quote left open?"
    if "expected after" in str(error) or "unexpected end" in str(error):
        return f"A quote within a cell is doubled; a file without quotes is read by \
{option_of_import('quote', 'none')}."
    return None
