"""Reads Dataset-JSON 1.1, as a document or as NDJSON, row by row: it may be larger than memory.

What a file says of itself is checked: the number of its rows, and of the values in each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn, TextIO

from ..base.text import in_line
from ..errors import SourceError
from ..storage.rows import CHUNK, Rows
from .source import Source

_SPACE = re.compile(r"[ \t\n\r]*")
_READ = 1 << 20  # characters at once
_MOST = 16 << 20  # of one value or row
_PLAIN = {str, int, float, type(None)}  # what a cell is nearly always
_OLD = {"clinicalData", "referenceData"}  # Dataset-JSON 1.0 has the datasets below these


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def head_of(source: Source) -> dict[str, Any]:
    """What a file says of its dataset: its name, its columns, the number of its rows.

    Raises SourceError for what is no Dataset-JSON.
    """
    with source.text() as text:
        document = _Lines(source, text) if _in_lines(source) else _Document(source, text)
        return document.head()


def rows_of(source: Source) -> Iterator[Rows]:
    """The rows, in parts; an empty text is None.

    Raises SourceError, also while rows are read: for a row that has not a value for each column,
    and at the end for a file with other than the number of rows that it tells.
    """
    told = head_of(source)
    names = _names(source, told)
    given = dict(source.given)
    fields, more = (*names, *given), tuple(given.values())
    with source.text() as text:
        reader = _Lines(source, text) if _in_lines(source) else _Document(source, text)
        source.lines.items = not _in_lines(source)
        read, kept = 0, 0
        values: list[tuple[Any, ...]] = []
        try:
            for place, row in reader.rows():
                read += 1
                cells = _cells(source, place, row, names)
                if cells is None:
                    continue
                source.lines.begin(kept, place)
                kept += 1
                values.append(cells + more if more else cells)
                if len(values) == CHUNK:
                    yield Rows(fields, values)
                    values = []
        except UnicodeDecodeError as error:
            raise source.undecodable(reader.line, error) from error
    if values:
        yield Rows(fields, values)
    _check_count(source, told, read)


def _in_lines(source: Source) -> bool:
    from .compressed import inner_name

    name = inner_name(source.path.name if source.path else source.name).lower()
    return not name.endswith(".json")


def _cells(source: Source, place: int, row: Any, names: tuple[str, ...]) -> tuple[Any, ...] | None:
    """The values of a row; None for one that is left out. ``place`` is its item or line."""
    if type(row) is not list or len(row) != len(names):
        what = f"{len(row):,} values" if isinstance(row, list) else f"a {type(row).__name__}"
        _bad(source, place, f"{what}, but there are {len(names):,} columns", row)
        return None
    if not _PLAIN.issuperset(map(type, row)):
        nested = [n for n, c in zip(names, row, strict=True) if isinstance(c, list | dict)]
        if nested:
            _bad(source, place, f"{nested[0]} is no single value", row)
            return None
        row = [str(cell).lower() if isinstance(cell, bool) else cell for cell in row]
    if "" in row:
        return tuple([None if cell == "" else cell for cell in row])
    return tuple(row)


def _bad(source: Source, place: int, reason: str, row: Any) -> None:
    if source.refuse is None and source.lines.items:
        raise SourceError(f"{source.name}, item {place}: {reason}.")
    source.bad_row(place, reason, value=row)


def _names(source: Source, head: dict[str, Any]) -> tuple[str, ...]:
    columns = head.get("columns")
    if not isinstance(columns, list) or not columns:
        if _OLD & head.keys():
            raise SourceError(
                f"{source.name} is Dataset-JSON of version 1.0; this reads version 1.1.",
                hint="Write it as Dataset-JSON 1.1, or as XPT.",
            )
        raise SourceError(
            f"{source.name} is no Dataset-JSON: it says no columns.",
            hint=f"It has {in_line(head)}." if head else "It is empty.",
        )
    names = [one.get("name") if isinstance(one, dict) else None for one in columns]
    for number, name in enumerate(names, 1):
        if not isinstance(name, str) or not name:
            raise SourceError(f"{source.name}: its column {number} has no name.")
    folded = [str(name).casefold() for name in names]
    twice = next((n for n, f in zip(names, folded, strict=True) if folded.count(f) > 1), None)
    if twice:
        raise SourceError(f"{source.name} has the column {twice} twice.")
    return tuple(map(str, names))


def _check_count(source: Source, head: dict[str, Any], read: int) -> None:
    told = head.get("records")
    if told is not None and told != read:
        raise SourceError(
            f"{source.name} says that it has {told!r:.20} records, and it has {read:,} rows.",
            hint="Is it whole? If so, correct what it says in records.",
        )


class _Lines:
    """NDJSON: the first line describes the dataset, each other one is a row."""

    def __init__(self, source: Source, text: TextIO) -> None:
        self._source = source
        self._text = text
        self.line = 0

    def head(self) -> dict[str, Any]:
        try:
            for line in self._text:
                self.line += 1
                if line.strip():
                    return self._described(line)
        except UnicodeDecodeError as error:
            raise self._source.undecodable(self.line, error) from error
        return {}

    def _described(self, line: str) -> dict[str, Any]:
        found = self._decoded(line)
        if not isinstance(found, dict):
            raise SourceError(
                f"{self._source.name} is no Dataset-JSON: its first line is no object.",
                hint="It describes the dataset.",
            )
        return found

    def rows(self) -> Iterator[tuple[int, Any]]:
        """Each row with its line."""
        self.head()
        for line in self._text:
            self.line += 1
            if line.strip():
                yield self.line, self._decoded(line)

    def _decoded(self, line: str) -> Any:
        try:
            return _DECODER.decode(line)
        except (ValueError, RecursionError) as error:
            if self._source.refuse is not None and self.line > 1:
                return line.strip()  # which is no row
            why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise SourceError(
                f"{self._source.name}, line {self.line}: not JSON ({why:.80})."
            ) from error


class _Document:
    """One document, of which only the row at hand is in memory."""

    def __init__(self, source: Source, text: TextIO) -> None:
        self._source = source
        self._text = text
        self._held = ""
        self._at = 0
        self._over = False
        self.line = 0  # of the beginning of what is held, from 0

    def head(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = {}
            for key in self._keys(found):
                if key == "rows":
                    if "columns" in found and "name" in found:
                        return found
                    for _ in self._items():
                        pass
            return found
        except UnicodeDecodeError as error:
            raise self._source.undecodable(self.line, error) from error

    def rows(self) -> Iterator[tuple[int, Any]]:
        """Each row with its number, from 1."""
        for key in self._keys({}):
            if key == "rows":
                yield from enumerate(self._items(), 1)

    def _keys(self, found: dict[str, Any]) -> Iterator[str]:
        """Each key of the document, whose values are put into ``found``; rows are not read."""
        self._expect("{")
        if self._next() == "}":
            return
        while True:
            key = self._value()
            if not isinstance(key, str) or key in found:
                raise self._wrong("a name is there twice" if key in found else "no name")
            self._expect(":")
            if key == "rows":
                self._next()
                found[key] = None
                yield key
            else:
                found[key] = self._value()
                yield key
            if self._next() == "}":
                self._at += 1
                if self._next():
                    raise self._wrong("something follows the document")
                return
            self._expect(",")

    def _items(self) -> Iterator[Any]:
        """Each item of the list that begins here."""
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            sign = self._next()
            if sign == "]":
                self._at += 1
                return
            self._expect(",")

    def _expect(self, sign: str) -> None:
        found = self._next()
        if found != sign:
            raise self._wrong(f"{sign} was expected")
        self._at += 1

    def _next(self) -> str:
        """The next sign that is no space; empty at the end."""
        while True:
            found = _SPACE.match(self._held, self._at)
            assert found is not None
            self._at = found.end()
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def _value(self) -> Any:
        if not self._next():
            raise self._wrong("it ends too early")
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                if len(self._held) - self._at > _MOST or not self._more():
                    raise self._wrong(f"{error.msg}") from error
                continue
            except (ValueError, RecursionError) as error:
                raise self._wrong(f"{error}") from error
            # A number at the end of what was read may go on.
            if end == len(self._held) and self._more():
                continue
            self._at = end
            return value

    def _more(self) -> bool:
        """Read on, and forget what is behind; whether there was more."""
        if self._over:
            return False
        self.line += self._held.count("\n", 0, self._at)
        rest = self._held[self._at :]
        read = self._text.read(max(_READ, len(rest)))
        self._over = not read
        self._held, self._at = rest + read, 0
        return bool(read)

    def _wrong(self, why: str) -> SourceError:
        line = self.line + self._held.count("\n", 0, self._at) + 1
        cut = " It may be cut off." if self._over and not self._held[self._at :].strip() else ""
        return SourceError(
            f"{self._source.name}, line {line}: no Dataset-JSON ({why:.80}).{cut}".strip()
        )
