"""Formats as values: an `Importer` reads a `Source`, an `Exporter` writes files.

The core's own formats are in `readers` and `writers`; plugins return more from their hooks.
`Formats` has all that are installed, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.text import did_you_mean
from ..base.wording import call, choice
from ..errors import InvalidArgument, SourceError, UnknownFormat
from .compressed import inner_name

if TYPE_CHECKING:
    from ..schema.model import EntityType
    from ..schema.parameter import Parameter
    from .scenario_tables import ScenarioTables
    from .source import Source, SourceFolder
    from .standard_format import StandardFormat
    from .table import Table


Rows = Iterable[dict[str, Any]] | Any  # or whatever else persist takes
Tables = Iterator[tuple[str | None, Rows]]


@dataclass(frozen=True, slots=True)
class Importer:
    """A format that `import` reads.

    ``name`` is what ``--format`` takes. ``suffixes`` are endings of file names, such as ``.csv``.
    ``read(source)`` reads a file; it yields pairs of an entity type and rows. If the entity type is
    None, the name of the source says what the rows are. ``read_folder(folder)`` reads a
    `SourceFolder` whole, where the user gives a folder and this format by its name; it names each
    entity type. An importer has one of the two, or both. ``options`` are what a user may choose;
    their values are in ``source.options`` and ``folder.options``. ``reading`` are the names of the
    options of files that it obeys, as they are in ``source.reading``: the others are refused.
    `Source.text` and `Source.open` obey ``encoding`` and ``compression`` themselves.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Source], Tables] | None = None
    read_folder: Callable[[SourceFolder], Tables] | None = None
    options: Sequence[Parameter] = ()
    reading: Collection[str] = ("encoding", "columns", "compression")

    def __post_init__(self) -> None:
        """Raises InvalidArgument without any function."""
        if self.read is None and self.read_folder is None:
            raise InvalidArgument(
                f"The importer {self.name!r:.60} has neither read nor read_folder.",
                hint="read(source) reads a file, read_folder(folder) a whole folder.",
            )


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that ``write_all`` of an `Exporter` wrote.

    ``name`` is its path in the folder, such as ``a.csv`` or ``notes/a.csv``. ``rows`` is how many
    rows it has. ``entity_type``  is given if
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
    choose. ``whole`` is given where entity types cannot be chosen; it says what can be instead.
    ``loading(location, files)`` returns the lines of code that read the files in the folder.
    ``mediatype``, ``encoding`` and ``dialect`` go into datapackage.json. With ``against_csv`` the
    reply compares the size with CSV.
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
    whole: str = ""

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
    ``at(path)`` is the exporter of the standard in a folder, None where the text is no path.
    ``standards`` are read by `import`, and ``standard_at(path)`` is the one in a folder.
    """

    importers: Mapping[str, Importer]
    exporters: Mapping[str, Exporter]
    mapped: Sequence[str] = ()
    mappings: Callable[[str], Mapping[str, str]] = lambda _: {}
    plugin_of: Callable[[Importer | Exporter], str | None] = lambda _: None
    missing: Callable[[str, str], str | None] = lambda kind, name: None
    at: Callable[[str], Exporter | None] = lambda path: None
    standards: Mapping[str, StandardFormat] = field(default_factory=dict)
    standard_at: Callable[[str], StandardFormat | None] = lambda path: None

    def readable(self) -> list[str]:
        """Every format that `import` reads."""
        return sorted({*self.importers, *self.mapped, *self.standards})

    def standard(self, format: str | None) -> StandardFormat | None:
        """The standard of this name or in this folder; None where it is none.

        Raises DeclarationError for one in a folder that does not work.
        """
        if format is None or format in self.importers:
            return None
        return self.standards.get(format) or self.standard_at(format)

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

    def endings(self) -> list[str]:
        """The endings of the files that can be read without the name of a format."""
        return sorted({s.lower() for one in self.importers.values() if one.read
                       for s in one.suffixes})  # fmt: skip

    def claiming(self, file: str) -> list[Importer]:
        """The importers that have the ending of a file's name, the longest that any has.

        Args:
            file: its name; ``a.fhir.json`` is not of a format that has ``.json``, where another
                one has ``.fhir.json``.
        """
        found: dict[int, list[Importer]] = {}
        for importer in self.importers.values():
            fitting = [len(s) for s in importer.suffixes if file.lower().endswith(s.lower())]
            if fitting and max(fitting) < len(file):
                found.setdefault(max(fitting), []).append(importer)
        return found[max(found)] if found else []

    def reading(self, file: str) -> list[Importer]:
        """The importers that read a file of this name without being named.

        Several where plugins share an ending, which only ``--format`` can settle. What is an ending
        of the core's own stays its own.
        """
        those = [one for one in self.claiming(file) if one.read]
        return [one for one in those if self.plugin_of(one) is None] or those

    def is_data(self, file: str) -> bool:
        """Whether a file of this name, which may be compressed, is read without being named."""
        return bool(self.reading(inner_name(file)))

    def several(self, file: str, importers: Sequence[Importer]) -> SourceError:
        """The error for a file whose ending is one of several formats."""
        owners = [f"{one.name} (of {self.plugin_of(one) or 'core'})" for one in importers]
        return SourceError(
            f"{file}: its ending is one of {' and '.join(owners)}.",
            hint=f"Give {choice('format', [one.name for one in importers])}.",
        )

    def exporter(self, format: str) -> Exporter:
        """The one of this name, or of the standard in this folder.

        Raises UnknownFormat, with the names that there are.
        """
        if format not in self.exporters:
            of_folder = self.at(format) if isinstance(format, str) else None
            if of_folder is not None:
                return of_folder
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

    def import_options(self) -> dict[str, tuple[Parameter, ...]]:
        """The options of each importer that has some, by its name."""
        those: dict[str, Importer | StandardFormat] = {**self.importers, **self.standards}
        return {name: tuple(one.options) for name, one in those.items() if one.options}

    def by_entity_type(self) -> str:
        """The names of the formats that write a file for each entity type, for a hint."""
        return ", ".join(exporter.name for exporter in self.exporters.values() if exporter.write)
