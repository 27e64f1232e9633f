"""SAS transport files, version 5, as rows; written from SAS's own description of them (TS-140).

A file has records of 80 bytes. Nothing in it says how many rows there are: what follows the last
one is filled up with blanks. Numbers are IBM's floating point, and dates are numbers in most files.
"""

from __future__ import annotations

import codecs
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..errors import InvalidArgument, SourceError
from ..storage.rows import CHUNK, Rows, Table
from . import hints
from .formats import Tables
from .source import Source

_RECORD = 80
_HEADER = b"HEADER RECORD*******"
_MEMBER = _HEADER + b"MEMBER  HEADER RECORD!!!!!!!"
_NAMESTR = struct.Struct(">hhhh8s40s8shhh2s8shhl")
_READ = 1 << 20  # bytes at once
_MISSING = {bytes([sign]) for sign in b"._ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_FILL = b" \0"  # what fills texts up
_CACHED = 20_000  # different values of a column that are remembered


@dataclass(frozen=True, slots=True)
class Member:
    """A dataset of a file: its name, and the columns with their places in a row."""

    name: str
    columns: tuple[tuple[str, bool, int, int], ...]  # name, whether a number, begin, end
    width: int


def read_xpt(source: Source) -> Tables:
    """The rows of a file. Raises SourceError, also while rows are read."""
    yield None, Table(rows_of(source))


def rows_of(source: Source) -> Iterator[Rows]:
    """The rows of the only dataset of a file. Raises SourceError, also where it has several."""
    first = ""
    for member, rows in datasets_of(source):
        if first:
            raise SourceError(
                f"{source.name} has several datasets: {first} and {member.name}.",
                hint="Give each a file of its own.",
            )
        first = member.name
        yield from rows


def name_of(source: Source) -> str:
    """What the file calls its first dataset. Raises SourceError."""
    for member, _ in datasets_of(source):
        return member.name
    return ""


def datasets_of(source: Source) -> Iterator[tuple[Member, Iterator[Rows]]]:
    """Each dataset of a file with its rows, which are read before the next one is asked for.

    Raises SourceError for what is no such file, is of another version, or is cut off.
    """
    check_encoding(source)
    with source.open() as stream:
        file = _File(source, stream)
        file.begin()
        while file.more:
            member = file.member()
            rows = file.rows(member)
            yield member, rows
            for _ in rows:
                pass


class _File:
    """A file that is read from its beginning to its end."""

    def __init__(self, source: Source, stream: BinaryIO) -> None:
        self._source = source
        self._stream = stream
        self._kept = b""  # was read, and belongs to the next dataset
        self.more = True
        self._row = 0

    def begin(self) -> None:
        """Read the header of the file."""
        first = self._record()
        told = self._source.name
        if first.startswith(_HEADER + b"LIBV8"):
            raise SourceError(
                f"{told} is a SAS transport file of version 8; this reads version 5.",
                hint="Write it as version 5, or as Dataset-JSON.",
            )
        if not first.startswith(_HEADER + b"LIBRARY"):
            made = "CPORT, which only SAS reads" if first.startswith(b"**COMPRESSED**") else None
            raise SourceError(
                f"{told} is no SAS transport file: it begins with"
                f" {first[:20].decode('ascii', 'replace')!r:.60}.",
                hint=f"It looks like a file of {made}." if made else None,
            )
        self._record()
        self._record()
        self._expect(b"MEMBER", self._record(optional=True))

    def member(self) -> Member:
        """Read what describes a dataset; its first header was read before."""
        self._expect(b"DSCRPTR", self._record())
        name = self._record()[8:16].decode("ascii", "replace").strip()
        self._record()
        header = self._record()
        self._expect(b"NAMESTR", header)
        try:
            count = int(header[54:58])
        except ValueError:
            raise self._damaged("the number of its columns") from None
        size = self._size
        described = self._take(-(-count * size // _RECORD) * _RECORD)
        columns = []
        end = 0
        for at in range(0, count * size, size):
            kind, _, length, _, called, *_, position = _NAMESTR.unpack_from(described, at)
            text = called.decode("ascii", "replace").strip()
            if kind not in (1, 2) or not 0 < length <= 32_767 or position < 0 or not text:
                raise self._damaged(f"the description of its column {at // size + 1}")
            if kind == 1 and length > 8:
                raise self._damaged(f"the length of the number {text}")
            columns.append((text, kind == 1, position, position + length))
            end = max(end, position + length)
        names = [column[0] for column in columns]
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice:
            raise SourceError(f"{self._source.name} has the column {twice} twice.")
        self._expect(b"OBS", self._record())
        return Member(name, tuple(columns), end)

    def rows(self, member: Member) -> Iterator[Rows]:
        """The rows of a dataset, some at a time; at its end it is known whether more follow."""
        decoders = [
            _Numbers() if is_number else _Texts(self._source.encoding)
            for _, is_number, _, _ in member.columns
        ]
        fields = (*(name for name, *_ in member.columns), *dict(self._source.given))
        given = tuple(dict(self._source.given).values())
        self._source.lines.items = True
        self._row = 0
        for data in self._data(member.width):
            for start in range(0, len(data), member.width * CHUNK):
                part = data[start : start + member.width * CHUNK]
                values = self._decoded(part, member, decoders)
                if not self._row:
                    self._source.lines.begin(0, 1)
                self._row += len(values)
                yield Rows(fields, [row + given for row in values] if given else values)

    def _decoded(self, data: bytes, member: Member, decoders: list[Any]) -> list[tuple[Any, ...]]:
        width = member.width
        columns = []
        for (name, _, begin, end), decoder in zip(member.columns, decoders, strict=True):
            length = end - begin
            cells = [data[at : at + length] for at in range(begin, len(data), width)]
            try:
                columns.append([*map(decoder.__getitem__, cells)])
            except UnicodeDecodeError as error:
                place = next(
                    n for n, cell in enumerate(cells) if cell.rstrip(_FILL) == error.object
                )
                raise SourceError(
                    f"{self._source.name}, item {self._row + place + 1}, {name}:"
                    f" byte 0x{error.object[error.start]:02X} is not {self._source.encoding}.",
                    hint=hints.encoding(error.object, error.start),
                ) from error
        return [*zip(*columns, strict=True)]

    def _data(self, width: int) -> Iterator[bytes]:
        """The bytes of whole rows; what fills up the last record is left out."""
        held, size = self._kept, 0
        self._kept = b""
        while True:
            # Another dataset begins at a record, so that its header may be cut in two.
            found = self._next_member(held, size)
            if found is not None:
                self._kept = held[found + _RECORD :]
                held = held[:found]
                yield from self._last(held, width)
                return
            read = self._stream.read(_READ)
            if not read:
                self.more = False
                if (size + len(held)) % _RECORD:
                    raise self._cut_off()
                yield from self._last(held, width)
                return
            keep = _RECORD + width + len(_MEMBER)
            ready = max(0, len(held) - keep) // width * width
            if ready:
                yield held[:ready]
                size += ready
                held = held[ready:]
            held += read

    def _next_member(self, held: bytes, size: int) -> int | None:
        at = held.find(_MEMBER)
        while at >= 0:
            if (size + at) % _RECORD == 0:
                return at
            at = held.find(_MEMBER, at + 1)
        return None

    def _last(self, held: bytes, width: int) -> Iterator[bytes]:
        """The last rows: at most 79 blanks behind them fill up the record."""
        whole = len(held) // width * width
        if held[whole:].strip(b" "):
            raise self._cut_off()
        filled = len(held) - whole
        while whole and filled + width < _RECORD and not held[whole - width : whole].strip(b" "):
            whole -= width
            filled += width
        if filled >= _RECORD:
            raise self._cut_off()
        if whole:
            yield held[:whole]

    def _record(self, *, optional: bool = False) -> bytes:
        if optional and not self._peek():
            self.more = False
            return _HEADER + b"MEMBER  "
        return self._take(_RECORD)

    def _peek(self) -> bytes:
        if not self._kept:
            self._kept = self._stream.read(_READ)
        return self._kept

    def _take(self, size: int) -> bytes:
        while len(self._kept) < size:
            read = self._stream.read(_READ)
            if not read:
                raise self._cut_off()
            self._kept += read
        taken, self._kept = self._kept[:size], self._kept[size:]
        return taken

    def _expect(self, kind: bytes, record: bytes) -> None:
        if not record.startswith(_HEADER + kind.ljust(8)):
            raise self._damaged(f"the header {kind.decode()}")
        if kind == b"MEMBER":
            # 0140 on most machines; 0136 on the old VAX
            self._size = 136 if record[74:78] == b"0136" else 140

    def _damaged(self, what: str) -> SourceError:
        return SourceError(
            f"{self._source.name} is a damaged SAS transport file: {what} is not readable.",
            hint="Get the file whole, for example as binary where it came by FTP or mail.",
        )

    def _cut_off(self) -> SourceError:
        return SourceError(
            f"{self._source.name} is cut off: its last record or row is not whole.",
            hint="Get the file whole, for example as binary where it came by FTP or mail.",
        )


class _Texts(dict[bytes, "str | None"]):
    """The texts of a column by their bytes; without what fills them up. An empty one is None."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    def __missing__(self, data: bytes) -> str | None:
        text = data.rstrip(_FILL).decode(self._encoding) or None
        if len(self) < _CACHED:
            self[data] = text
        return text


class _Numbers(dict[bytes, "int | float | None"]):
    """The numbers of a column by their bytes; one that SAS calls missing is None."""

    def __missing__(self, data: bytes) -> int | float | None:
        found = number(data)
        if len(self) < _CACHED:
            self[data] = found
        return found


def number(data: bytes) -> int | float | None:
    """IBM's floating point of 2 to 8 bytes; a whole number is an int. None where it is missing."""
    if data[:1] in _MISSING and not any(data[1:]):
        return None
    data = data.ljust(8, b"\0")
    whole = int.from_bytes(data[1:], "big")
    value = math.ldexp(whole, 4 * ((data[0] & 127) - 64) - 56)
    value = -value if data[0] & 128 else value
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def check_encoding(source: Source) -> None:
    """Raise InvalidArgument for an encoding that there is not."""
    try:
        codecs.lookup(source.encoding)
    except LookupError:
        raise InvalidArgument(
            f"Unknown encoding {source.encoding!r:.60}.", hint="For example utf-8 or cp1252."
        ) from None
