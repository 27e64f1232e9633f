"""Delimited text: CSV and its kin, by Python's csv module.

Of the readers that were compared (see benchmarks/README.md) it is the one that refuses a broken
quote, tells the line of each row, and takes 20 MB however long the file is.
"""

from __future__ import annotations

import collections
import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..base.text import in_line
from ..base.wording import option_of_import
from ..errors import SourceError
from ..storage.rows import CHUNK, Rows
from . import hints
from .source import Source

_MAX_CELL = 8_000_000  # the longest value that a query can read back
_SEPARATOR = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)


def read_delimited(source: Source, delimiter: str) -> Iterator[Rows]:
    """Rows of delimited text, a part after the other; an empty cell is None.

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
            looks = hints.delimiter_of_line(lines.first, source.reading.separator(delimiter))
            raise SourceError(
                f"{source.name}, line {max(lines.began, 1)}: {error}.",
                hint=looks or _of_csv(error),
            ) from error


class _Lines:
    """The lines of a file.

    Without comments the csv module takes them from the file itself, and counts them.
    """

    def __init__(self, text: Iterable[str], source: Source) -> None:
        self._text = iter(text)
        self._comment = source.reading.comment
        self._quote = source.reading.quoting
        self._given = source.reading.delimiter
        self._before = 0  # lines before the first one that the csv module gets
        self._reader: Any = None
        self.began = 0  # the line that the row at hand begins in
        self.first = ""  # the line that should be the header
        for _ in range(source.reading.skip_lines):
            self._before += next(self._text, None) is not None

    @property
    def number(self) -> int:
        """That of the last line, from 1."""
        return self._before + (self._reader.line_num if self._reader else 0)

    def records(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Each record with the line that it begins in.

        Args:
            delimiter: between cells, where the first line does not name another one.
        """
        lines = self._text if self._comment is None else self._without_comments()
        first = next(lines, None)
        if first is None:
            return
        match = _SEPARATOR.fullmatch(first) if not self._before else None
        if match:
            self._before += 1
            delimiter = match[1] if self._given is None else delimiter
        else:
            self.first = first
            lines = itertools.chain([first], lines)
        how: dict[str, Any] = (
            {"quotechar": self._quote} if self._quote else {"quoting": csv.QUOTE_NONE}
        )
        reader = csv.reader(lines, delimiter=delimiter, strict=True, **how)
        self._reader, before = reader, self._before
        self.began = before + 1
        for cells in reader:
            yield self.began, cells
            self.began = before + reader.line_num + 1

    def _without_comments(self) -> Iterator[str]:
        """The lines; of a comment its end, so that lines are counted and no row begins there."""
        is_open = False  # within a quoted cell, which may have a line like a comment
        for line in self._text:
            if not is_open and line.startswith(self._comment or ""):
                yield "\n"
                continue
            if self._quote:
                is_open ^= bool(line.count(self._quote) & 1)
            yield line


def _rows(source: Source, lines: _Lines, delimiter: str) -> Iterator[Rows]:
    options = source.reading
    numbered = lines.records(options.separator(delimiter))
    header = list(options.columns)
    if not header:
        # A row without any value is none, and no header either.
        first = next((cells for _, cells in numbered if any(map(str.strip, cells))), [])
        header = _header(source, first)
        if options.comment is None and hints.is_comment(header):
            raise _comment(source, header, numbered)
    unnamed = [
        at for at, name in enumerate(header) if not name and f"#{at + 1}" not in options.ignore
    ]
    kept = [at for at, name in enumerate(header) if name and _is_kept(header, at, options.ignore)]
    names = [header[at] for at in kept]
    _check_names(source, names)
    given = dict(source.given)
    kept = [at for at in kept if header[at] not in given]
    fields = (*(header[at] for at in kept), *given)
    more = tuple(given.values())
    values: list[tuple[str | None, ...]] = []
    whole, width, count, due = kept == [*range(len(header))], len(header), 0, -1
    start = 0  # the number of the first row, where the first column counts the rows
    begin = source.lines.begin
    if options.skip_footer:
        numbered = _without_footer(numbered, options.skip_footer)
    for line, cells in numbered:
        if len(cells) != width:
            if not any(cells):
                continue  # an empty line, as at the end of many files
            cells = _fitted(source, line, cells, header, options.separator(delimiter))
            if not cells:
                continue
        elif not any(cells):
            continue
        for at in unnamed:
            if at == 0 and not count and cells[0] == "1":
                start = 1  # as R counts
            if cells[at] and not (at == 0 and cells[0] == str(count + start)):
                raise SourceError(
                    f"{source.name}, line {line}: column {at + 1} has a value but no name.",
                    hint=_nameless(header, at, line),
                )
        if line != due:
            begin(count, line)
        due = line + 1
        count += 1
        chosen: Sequence[str | None] = cells if whole else [cells[at] for at in kept]
        row = tuple([cell or None for cell in chosen]) if "" in chosen else tuple(chosen)
        values.append(row + more if more else row)
        if len(values) == CHUNK:
            yield Rows(fields, values)
            values = []
    if values:
        yield Rows(fields, values)


def _without_footer(
    rows: Iterator[tuple[int, list[str]]], footer: int
) -> Iterator[tuple[int, list[str]]]:
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
    hint = hints.delimiter(header, delimiter) or _of_width(cells, header, line)
    source.bad_row(line, f"{len(cells)} cells, but the header has {width}", hint, value=cells)
    return []


def _of_width(cells: list[str], header: list[str], line: int) -> str:
    """What to do about a row that has too many or too few cells."""
    if len(cells) < len(header):
        return (
            f"If what is missing is empty: {option_of_import('short_rows', 'null')}; if it is a"
            f" line at the end that is no row: {option_of_import('skip_footer', '1')}."
        )
    if len(header) == 1:
        return hints.before_header(line - 1)
    begins = [cell.lstrip()[:1] for cell in cells]
    sign = next((sign for sign in "'`" if begins.count(sign) > len(cells) // 2), None)
    return hints.quote(sign) if sign else "Quote cells that contain the delimiter."


def _nameless(header: list[str], at: int, line: int) -> str:
    """What to do about a column that has values and no name."""
    if sum(map(bool, header)) == 1 < len(header) - 1:
        return hints.before_header(line - 1)
    told = option_of_import("ignore", f"#{at + 1}")
    return f"Name all columns in the header; or leave it out: {told}."


def _header(source: Source, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not any(header):
        raise SourceError(f"{source.name} is empty.", hint="Its first line must name the columns.")
    if "\0" in "".join(header):
        raise SourceError(
            f"{source.name}: its header has NUL characters.", hint=hints.wide("".join(cells))
        )
    return header


def _comment(
    source: Source, header: list[str], rows: Iterator[tuple[int, list[str]]]
) -> SourceError:
    """The error for a comment where the header should be; comments may follow it."""
    line = next((line for line, cells in rows if cells and not hints.is_comment(cells)), 2)
    told = option_of_import("comment", header[0][0])
    return SourceError(
        f"{source.name}: its first line is no header: {in_line(header[:1], 60)}",
        hint=f"{hints.before_header(line - 1)} To leave out all such lines: {told}.",
    )


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
            f"{source.name}: the header has {in_line(twice)} more than once.",
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
