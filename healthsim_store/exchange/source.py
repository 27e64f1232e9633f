"""What an importer reads: a file, a stream, or a whole folder; and what it left out of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..base.progress import Progress
from ..base.wording import option_of_import
from ..errors import InvalidArgument, SourceError
from ..schema.types import Stored
from .datapackage import FILE as DESCRIPTOR


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, or a stream without a path, such as standard input.

    ``name`` is for messages. ``encoding`` is that of text. ``progress`` is called with the number
    of bytes that were just read. ``options`` are the values of the importer's options, by name.
    ``skipped`` is what `skip` was told, by reason.
    """

    name: str
    path: Path | None = None
    stream: BinaryIO | None = None
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()  # the header, for delimited text that has none
    progress: Progress = lambda _: None
    options: Mapping[str, Stored] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict, init=False, compare=False)

    def skip(self, rows: int, reason: str) -> None:
        """Tell that rows were read and left out; the reply of `import` shows it.

        Args:
            rows: how many more.
            reason: why, in a few words, such as ``without an id``.

        Raises TypeError for what is no number or no reason.
        """
        _skip(self.skipped, rows, reason)

    def open(self) -> BinaryIO:
        """A binary file; reads call ``progress``. Raises SourceError if it cannot be opened."""
        if self.stream is not None:
            return self.stream
        assert self.path is not None
        try:
            return io.BufferedReader(_Watched(self.path.open("rb", 0), self.progress))
        except OSError as error:
            raise SourceError(f"{self.name} cannot be read: {error.strerror}.") from error

    def text(self) -> io.TextIOWrapper:
        """A text file, without a byte order mark.

        Raises SourceError if it cannot be opened, and InvalidArgument for an unknown encoding.
        """
        encoding = "utf-8-sig" if self.encoding.lower() in ("utf-8", "utf8") else self.encoding
        try:
            return io.TextIOWrapper(self.open(), encoding=encoding, newline="")
        except LookupError:
            raise InvalidArgument(
                f"Unknown encoding {self.encoding!r}.", hint="For example utf-8 or latin-1."
            ) from None

    def undecodable(self, line: int, error: UnicodeDecodeError) -> SourceError:
        """The error for bytes after ``line`` that are not text in the encoding."""
        byte = error.object[error.start]
        return SourceError(
            f"{self.name}, after line {line}: byte 0x{byte:02X} is not {self.encoding}.",
            hint=f"Name its encoding, for example {option_of_import('encoding', 'latin-1')}.",
        )


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
