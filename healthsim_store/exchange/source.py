"""What an importer reads: a file, a stream, or a whole folder; and what it left out of it."""

from __future__ import annotations

import bisect
import codecs
import contextlib
import io
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..base.progress import Progress
from ..base.reading import check_file
from ..errors import InvalidArgument, SourceError
from ..schema.types import Stored
from . import compressed, hints
from .datapackage import FILE as DESCRIPTOR
from .reading_options import USUAL, ReadingOptions

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Lines:
    """The line of a file that each of its rows begins in.

    Most rows begin one line after the one before; only where that is not so it is noted. Of a list
    of JSON it is the number of each item, in place of a line.
    """

    def __init__(self) -> None:
        self.items = False
        self._rows = array("q")
        self._lines = array("q")
        self._next = 0

    def begin(self, row: int, line: int) -> None:
        """Row number ``row``, from 0, begins in this line; rows come in their order."""
        if line != self._next:
            self._rows.append(row)
            self._lines.append(line)
        self._next = line + 1

    def of(self, row: int) -> int | None:
        """The line of a row, from 0; None where the file has no lines."""
        at = bisect.bisect_right(self._rows, row) - 1
        return None if at < 0 else self._lines[at] + row - self._rows[at]


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, or a stream without a path, such as standard input.

    ``name`` is for messages. ``reading`` says how the file is read. ``options`` are the values of
    the importer's options, by name. ``progress`` is called with the number of bytes that were just
    read. ``given`` are values that each row has besides, from the names of folders. ``skipped`` is
    what `skip` was told, by reason; ``notes`` are what else there is to know of the file, which the
    reply of `import` tells. ``lines`` tells where rows begin. ``refuse`` takes a row that cannot be
    read, where such rows are left out.
    """

    name: str
    path: Path | None = None
    stream: BinaryIO | None = None
    reading: ReadingOptions = USUAL
    progress: Progress = lambda _: None
    options: Mapping[str, Stored] = field(default_factory=dict)
    given: tuple[tuple[str, str | None], ...] = ()
    refuse: Callable[[int | None, str | None, Any, str], None] | None = None
    skipped: dict[str, int] = field(default_factory=dict, init=False, compare=False)
    notes: list[str] = field(default_factory=list, init=False, compare=False)
    lines: Any = field(default_factory=Lines, init=False, compare=False)
    _seen: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def encoding(self) -> str:
        """That of text, as the caller gave it."""
        return self.reading.encoding

    @property
    def columns(self) -> tuple[str, ...]:
        """The header, for text that has none."""
        return self.reading.columns

    def skip(self, rows: int, reason: str) -> None:
        """Tell that rows were read and left out; the reply of `import` shows it.

        Args:
            rows: how many more.
            reason: why, in a few words, such as ``without an id``.

        Raises TypeError for what is no number or no reason.
        """
        _skip(self.skipped, rows, reason)

    def bad_row(
        self, line: int | None, reason: str, hint: str | None = None, *, value: Any = None
    ) -> None:
        """A row that cannot be read: raises SourceError, unless such rows are left out.

        Args:
            line: the one that it begins in, or its number in a list of JSON, from 1.
            reason: what is wrong with it.
            hint: what to do.
            value: what is there, for the file of rejected rows.
        """
        if self.refuse is None:
            what = "item" if self.lines.items else "line"
            where = f"{self.name}, {what} {line}" if line else self.name
            raise SourceError(f"{where}: {reason}.", hint=hint)
        self.refuse(line, None, value, reason)

    def suggest(self, hint: str | None) -> None:
        """Keep a hint for an error that says that nothing in the file is a field."""
        self._seen["hint"] = hint

    @property
    def suggested(self) -> str | None:
        """The hint that `suggest` was given."""
        found: str | None = self._seen.get("hint")
        return found

    def open(self) -> BinaryIO:
        """A binary file, decompressed; reads call ``progress``.

        Raises SourceError if it cannot be opened.
        """
        if self.stream is not None:
            raw = self.stream
        else:
            assert self.path is not None
            try:
                check_file(self.path)
                file = self.path.open("rb", 0)
            except OSError as error:
                raise SourceError(f"{self.name} cannot be read: {error.strerror}.") from error
            self._seen["state"] = self._state()
            raw = io.BufferedReader(_Watched(file, self.progress), 1 << 17)
        kind = self.reading.compression
        if kind is None:
            peek = getattr(raw, "peek", None)
            kind = compressed.kind_of(peek(4)[:4]) if peek else None
        return compressed.decompressed(raw, kind, self.name) if kind in ("gz", "zst") else raw

    def is_plain(self, stream: BinaryIO) -> bool:
        """Whether what `open` gave is the file at ``path``, as it is."""
        return self.path is not None and isinstance(getattr(stream, "raw", None), _Watched)

    def _state(self) -> tuple[int, int] | None:
        try:
            stat = self.path.stat() if self.path else None
        except OSError:
            return (-1, 0)
        return (stat.st_size, stat.st_mtime_ns) if stat else None

    def place(self, row: int) -> tuple[int | None, int | None]:
        """The line that a row begins in, or its number as an item of a list of JSON.

        Args:
            row: its number, from 0.
        """
        found = self.lines.of(row)
        return (None, found) if self.lines.items else (found, None)

    def check_unchanged(self) -> None:
        """Raise SourceError if the file is another one than when it was opened."""
        if "state" in self._seen and self._seen["state"] != self._state():
            raise SourceError(
                f"{self.name} was changed while it was read.",
                hint="Nothing was stored. Import it when nobody writes to it any more.",
            )

    def text(self) -> io.TextIOWrapper:
        """A text file, without a byte order mark, which tells the encoding itself.

        Raises SourceError if it cannot be opened, and InvalidArgument for an unknown encoding.
        """
        encoding = self.encoding
        try:
            usual = codecs.lookup(encoding).name == "utf-8"
        except LookupError:
            raise InvalidArgument(
                f"Unknown encoding {encoding!r:.60}.", hint="For example utf-8 or cp1252."
            ) from None
        raw = self.open()
        if usual:
            peek = getattr(raw, "peek", None)
            head = peek(4)[:4] if peek else b""
            encoding = "utf-16" if head.startswith(_UTF16) else "utf-8-sig"
            if head in _UTF32:  # which begins as UTF-16 does
                encoding = "utf-32"
        try:
            return io.TextIOWrapper(raw, encoding=encoding, newline="")
        except LookupError:  # a codec of Python's that is none of text
            raise InvalidArgument(
                f"{encoding!r:.60} is no encoding of text.", hint="For example utf-8 or cp1252."
            ) from None

    def undecodable(self, line: int, error: UnicodeDecodeError) -> SourceError:
        """The error for bytes that are not text in the encoding.

        Args:
            line: one before them, for what cannot be read once more.
            error: what Python says.
        """
        byte, where = error.object[error.start], f"after line {line}"
        hint = hints.encoding(error.object, error.start)
        if self.path is not None:
            with contextlib.suppress(SourceError), self.open() as stream:
                found = _undecodable(stream, error.encoding)
                if found:
                    where, hint = f"line {found[0]}", hints.encoding(*found[1:])
        return SourceError(
            f"{self.name}, {where}: byte 0x{byte:02X} is not {self.encoding}.", hint=hint
        )


def _undecodable(stream: BinaryIO, encoding: str) -> tuple[int, bytes, int] | None:
    """The line of the first bytes that are no text, a part of the file, and where they are in it.

    Text is decoded ahead of the lines that are read, so that Python's error does not tell it.
    """
    decoder, line, before = codecs.getincrementaldecoder(encoding)(), 1, ""
    while data := stream.read(1 << 16):
        try:
            text = decoder.decode(data)
        except UnicodeDecodeError as error:
            text = error.object[: error.start].decode(encoding, "ignore")
            return line + _ends(before + text), error.object, error.start
        text, before = before + text, ""
        if text.endswith("\r"):  # a line feed may follow
            text, before = text[:-1], "\r"
        line += _ends(text)
    return None


def _ends(text: str) -> int:
    """How many lines end in it."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


@dataclass(frozen=True, slots=True)
class SourceFolder:
    """A folder to read, for ``read_folder`` of an `Importer`.

    ``name`` is for messages, ``path`` is the folder. ``skipped`` is what `skip` was told, by
    reason; ``handed`` are the files that `files` gave.
    """

    name: str
    path: Path
    _blank: Source = field(repr=False)
    _takes: Callable[[str], bool] = field(repr=False)
    skipped: dict[str, int] = field(default_factory=dict, init=False, compare=False)
    handed: dict[str, Source] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def encoding(self) -> str:
        """That of text, as the caller gave it."""
        return self._blank.encoding

    @property
    def options(self) -> Mapping[str, Stored]:
        """The values of the importer's options, by name."""
        return self._blank.options

    def files(self, pattern: str = "*") -> list[Source]:
        """The files of the importer's endings, by name; all files where it has no endings.

        Hidden files and datapackage.json are left out. What `Source.skip` is told of one of them is
        told of that file.

        Args:
            pattern: of names, such as ``*.xml``, or ``**/*.xml`` for those in folders below too.
        """
        if ".." in Path(pattern).parts:
            raise ValueError(f"{pattern!r:.60} leads out of the folder")
        found = []
        for path in sorted(self.path.glob(pattern)):
            inside = path.relative_to(self.path)
            hidden = any(part.startswith(".") for part in inside.parts)
            if hidden or path.name == DESCRIPTOR or not self._takes(path.name):
                continue
            if path.is_file():
                name = inside.as_posix()
                new = replace(self._blank, name=name, path=path)
                found.append(self.handed.setdefault(name, new))
        return found

    def skip(self, rows: int, reason: str) -> None:
        """Tell that rows were read and left out, as `Source.skip`, of the folder as a whole.

        Args:
            rows: how many more.
            reason: why, in a few words.
        """
        _skip(self.skipped, rows, reason)


def _skip(skipped: dict[str, int], rows: Any, reason: Any) -> None:
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
        raise TypeError(f"skip({rows!r:.40}, ...): the first is a number of rows")
    if not isinstance(reason, str) or not reason.strip() or not reason.isprintable():
        raise TypeError(f"skip(..., {reason!r:.60}): the second is the reason, in a line")
    if rows:
        skipped[reason] = skipped.get(reason, 0) + rows


class _Watched(io.RawIOBase):
    """A raw file that calls ``progress`` with the bytes of each read."""

    def __init__(self, raw: Any, progress: Progress) -> None:
        self._raw = raw
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size: int = self._raw.readinto(buffer)
        self._progress(size)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()
