"""Formats as values: an `Importer` reads a `Source`, an `Exporter` writes a `Table`.

The core's own formats are in `readers` and `writers`; plugins return more from their hooks.
`Formats` has all that are installed, by name.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..base.progress import Progress
from ..base.text import did_you_mean
from ..base.wording import call, choice, option_of_import
from ..errors import InvalidArgument, SourceError, UnknownFormat

if TYPE_CHECKING:
    import pyarrow as pa

    from ..schema.model import Column, EntityType


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
class Table:
    """The rows of one entity type, for an `Exporter`; they can be read once.

    ``entity_type`` has the columns as they are exported, ``rows`` is their number. ``batches``
    returns the rows as they are stored: strings, int64 and doubles.
    """

    entity_type: EntityType
    rows: int
    batches: Callable[[], Iterator[pa.RecordBatch]]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of `typed`: the declared types."""
        return self.entity_type.arrow_schema()

    def typed(self) -> Iterator[pa.RecordBatch]:
        """The rows in the declared Arrow types: date32, timestamp, decimal128, bool, ..."""
        return (typed(self.entity_type, batch) for batch in self.batches())

    def texts(self) -> Iterator[pa.RecordBatch]:
        """The rows for delimited text: dates and timestamps are text, exactly as stored."""
        return (texts(self.entity_type, batch) for batch in self.batches())


@dataclass(frozen=True, slots=True)
class Exporter:
    """A format that `export` writes. It has either ``write`` or ``copy``.

    ``name`` is what ``--format`` takes, ``suffix`` the ending of its files, ``title`` a name for
    readers. ``write(table, path)`` writes the file of one entity type. ``copy(source, path)``
    writes one file for all; ``source`` is a private copy of the scenario file. ``loading(location,
    files)`` returns the lines of code that read the files in the folder. ``mediatype``,
    ``encoding`` and ``dialect`` go into datapackage.json. With ``against_csv`` the reply compares
    the size with CSV.
    """

    name: str
    suffix: str
    write: Callable[[Table, Path], None] | None = None
    copy: Callable[[Path, Path], None] | None = None
    title: str = ""
    mediatype: str = "application/octet-stream"
    encoding: str | None = None
    dialect: Mapping[str, Any] = field(default_factory=dict)
    loading: Callable[[str, Sequence[str]], str] = lambda location, files: ""
    against_csv: bool = False

    def __post_init__(self) -> None:
        """Raises InvalidArgument without exactly one of the two functions."""
        given = [function is not None for function in (self.write, self.copy)]
        if given.count(True) != 1:
            has = "both" if all(given) else "neither"
            raise InvalidArgument(
                f"The exporter {self.name!r:.60} has {has} of write and copy.",
                hint="write(table, path) writes a file for each entity type, copy(source, path) "
                "one for all.",
            )


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

    def by_entity_type(self) -> str:
        """The names of the formats that write a file for each entity type, for a hint."""
        return ", ".join(exporter.name for exporter in self.exporters.values() if exporter.write)


def typed(entity_type: EntityType, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch in the declared Arrow types.

    Raises pyarrow.ArrowInvalid for a value that cannot be converted.
    """
    import pyarrow as pa

    schema = entity_type.arrow_schema()
    arrays = [
        _declared(column, values)
        for column, values in zip(entity_type.columns, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def texts(entity_type: EntityType, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch for delimited text: decimals and booleans in their declared types, the rest stored.

    Arrow writes decimals with all their digits and booleans as true and false.
    """
    import pyarrow as pa

    arrays = [
        _declared(column, values) if column.type.typed_text else values
        for column, values in zip(entity_type.columns, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _declared(column: Column, values: Any) -> Any:
    """The values in the column's Arrow type. Raises pyarrow.ArrowInvalid where one is another."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from ..schema.values import NOISE, PART  # slow to import for those who only ask which formats

    if column.type.kind == "decimal":
        # Arrow would round what has more decimals without a word.
        steps = 10.0**column.type.scale
        near = pc.divide(pc.round(pc.multiply(values, steps)), steps)
        off = pc.abs(pc.subtract(values, near))
        noise = pc.multiply(pc.max_element_wise(pc.abs(values), 1 / steps), NOISE)
        allowed = pc.min_element_wise(noise, PART / steps)
        wrong = pc.greater(off, allowed)
        if pc.any(wrong).as_py():
            value = values.filter(wrong)[0].as_py()
            raise pa.ArrowInvalid(f"{column.name} {value!r} is no {column.type.expected}")
        values = near
    return values.cast(column.type.arrow())
