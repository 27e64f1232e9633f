"""Formats as values: an `Importer` reads a `Source`, an `Exporter` writes files.

The core's own formats are in `readers` and `writers`; plugins return more from their hooks.
`Formats` has all that are installed, by name.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..base.progress import Progress
from ..base.text import did_you_mean
from ..base.wording import call, choice, option_of_import
from ..errors import InvalidArgument, SourceError, UnknownFormat

if TYPE_CHECKING:
    from ..schema.model import EntityType
    from ..schema.parameter import Parameter
    from .scenario_tables import ScenarioTables
    from .table import Table


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, or a stream without a path, such as standard input.

    ``name`` is for messages. ``encoding`` is that of text. ``progress`` is called with the number
    of bytes that were just read.
    """

    name: str
    path: Path | None = None
    stream: BinaryIO | None = None
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()  # the header, for delimited text that has none
    progress: Progress = lambda _: None

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


Rows = Iterable[dict[str, Any]] | Any  # or whatever else persist takes
Tables = Iterator[tuple[str | None, Rows]]


@dataclass(frozen=True, slots=True)
class Importer:
    """A format that `import` reads.

    ``name`` is what ``--format`` takes. ``suffixes`` are endings of file names, such as ``.csv``.
    ``read`` yields pairs of an entity type and rows; if the entity type is None, the name of the
    source says what the rows are.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Source], Tables]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that ``write_all`` of an `Exporter` wrote.

    ``name`` is its name in the folder, ``rows`` how many rows it has. ``entity_type`` is given if
    they are all rows of that one and nothing else. ``mediatype`` is that of the exporter unless
    given.
    """

    name: str
    rows: int
    entity_type: str | None = None
    mediatype: str = ""


@dataclass(frozen=True, slots=True)
class Exporter:
    """A format that `export` writes. It has one of ``write``, ``write_all`` and ``copy``.

    ``name`` is what ``--format`` takes, ``suffix`` the ending of its files, ``title`` a name for
    readers. ``write(table, path)`` writes the file of one entity type. ``write_all(scenario,
    folder)`` reads a `ScenarioTables`, writes files of any names, and yields a `WrittenFile` of
    each. ``copy(source, path)`` writes one file for all; ``source`` is a private copy of the
    scenario file.

    ``takes`` are the names of the entity types that can be written, or a function that says it of
    an `EntityType`; the others are told as left out. None is all. ``options`` are what a user may
    choose. ``loading(location, files)`` returns the lines of code that read the files in the
    folder. ``mediatype``, ``encoding`` and ``dialect`` go into datapackage.json. With
    ``against_csv`` the reply compares the size with CSV.
    """

    name: str
    suffix: str = ""
    write: Callable[[Table, Path], None] | None = None
    copy: Callable[[Path, Path], None] | None = None
    title: str = ""
    mediatype: str = "application/octet-stream"
    encoding: str | None = None
    dialect: Mapping[str, Any] = field(default_factory=dict)
    loading: Callable[[str, Sequence[str]], str] = lambda location, files: ""
    against_csv: bool = False
    write_all: Callable[[ScenarioTables, Path], Iterable[WrittenFile]] | None = None
    takes: Collection[str] | Callable[[EntityType], bool] | None = None
    options: Sequence[Parameter] = ()

    def __post_init__(self) -> None:
        """Raises InvalidArgument without exactly one of the three functions."""
        functions = {"write": self.write, "write_all": self.write_all, "copy": self.copy}
        given = [name for name, function in functions.items() if function is not None]
        if len(given) != 1:
            has = " and ".join(given) or "none of write, write_all and copy"
            raise InvalidArgument(
                f"The exporter {self.name!r:.60} has {has}.",
                hint="write(table, path) writes a file for each entity type, write_all(scenario, "
                "folder) files of any names, copy(source, path) one for all.",
            )
        if self.copy and (self.takes is not None or self.options):
            raise InvalidArgument(
                f"The exporter {self.name!r:.60} has copy, which has no place for takes or"
                " options.",
                hint="write and write_all have.",
            )

    def accepts(self, entity_type: EntityType) -> bool:
        """Whether it takes the entity type."""
        if self.takes is None:
            return True
        if callable(self.takes):
            return bool(self.takes(entity_type))
        return entity_type.name in self.takes


@dataclass(frozen=True, slots=True)
class Formats:
    """The installed formats, by name.

    ``mapped`` are the names of the foreign formats that products map. ``mappings(format)`` returns
    the SQL for one of them, by product; products are read only when it is first called.
    ``plugin_of`` returns the name of the plugin that brings a format, None for the core's own.
    ``missing(kind, name)`` says why a format that a plugin has is not here, None where none has it.
    """

    importers: Mapping[str, Importer]
    exporters: Mapping[str, Exporter]
    mapped: Sequence[str] = ()
    mappings: Callable[[str], Mapping[str, str]] = lambda _: {}
    plugin_of: Callable[[Importer | Exporter], str | None] = lambda _: None
    missing: Callable[[str, str], str | None] = lambda kind, name: None

    def readable(self) -> list[str]:
        """Every format that `import` reads."""
        return sorted({*self.importers, *self.mapped})

    def importer(self, format: str) -> Importer:
        """The one of this name. Raises UnknownFormat, with the names that there are."""
        if format not in self.importers:
            raise UnknownFormat(
                f"Unknown format {format!r}.",
                hint=self.missing("format", format)
                or did_you_mean(format, self.readable())
                or f"Known: {', '.join(self.readable())}. A plugin may bring more.",
            )
        return self.importers[format]

    def by_suffix(self) -> dict[str, list[Importer]]:
        """The importers by the ending of a file's name, such as ``.csv``, in small letters.

        Several where plugins share one, which only ``--format`` can settle. What is an ending of
        the core's own stays its own.
        """
        found: dict[str, list[Importer]] = {}
        for importer in self.importers.values():
            for suffix in dict.fromkeys(map(str.lower, importer.suffixes)):
                found.setdefault(suffix, []).append(importer)
        for suffix, those in found.items():
            found[suffix] = [one for one in those if self.plugin_of(one) is None] or those
        return found

    def several(self, file: str, importers: Sequence[Importer]) -> SourceError:
        """The error for a file whose ending is one of several formats."""
        owners = [f"{one.name} (of {self.plugin_of(one) or 'core'})" for one in importers]
        return SourceError(
            f"{file}: its ending is one of {' and '.join(owners)}.",
            hint=f"Give {choice('format', [one.name for one in importers])}.",
        )

    def exporter(self, format: str) -> Exporter:
        """The one of this name. Raises UnknownFormat, with the names that there are."""
        if format not in self.exporters:
            near = did_you_mean(str(format), self.exporters)
            known = f"Known: {', '.join(self.exporters)}."
            why = self.missing("export format", str(format))
            more = (
                f"A plugin may bring more: {call('list_export_formats')} lists what is installed."
            )
            raise UnknownFormat(
                f"Unknown export format {format!r:.60}.",
                hint=" ".join(part for part in (why, near, known, more) if part),
            )
        return self.exporters[format]

    def export_options(self) -> dict[str, tuple[Parameter, ...]]:
        """The options of each exporter that has some, by its name."""
        return {name: tuple(one.options) for name, one in self.exporters.items() if one.options}

    def by_entity_type(self) -> str:
        """The names of the formats that write a file for each entity type, for a hint."""
        return ", ".join(exporter.name for exporter in self.exporters.values() if exporter.write)
