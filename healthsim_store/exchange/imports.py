"""Import: files of any installed format into a scenario, with an account of every row."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from ..base.wording import choice, option_of_import
from ..errors import (
    AmbiguousEntityType,
    EmptyBatch,
    InvalidArgument,
    SourceError,
    UnknownEntityType,
)
from ..query.reply import PersistResult
from ..schema.registry import Registry
from ..storage.rows import chunks
from .datapackage import FILE as PACKAGE_FILE
from .datapackage import Package
from .datapackage import read as read_package
from .foreign import tables
from .format_options import bind_options
from .formats import Formats, Importer
from .package import contents, instead_of_import
from .source import Source, SourceFolder
from .staging import Account, staged

STDIN = "-"

_TOLD = 10  # reasons why rows were left out, in one error


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The reply to an import.

    ``persisted`` says what was stored, ``sources`` what happened to the rows of each file.
    """

    persisted: PersistResult
    sources: tuple[Account, ...]

    @property
    def rows(self) -> int:
        return sum(account.rows for account in self.sources)

    @property
    def unmapped(self) -> int:
        return sum(sum(account.unmapped.values()) for account in self.sources)

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.persisted.to_dict(),
            "rows": self.rows,
            "unmapped": self.unmapped,
            "sources": [account.to_dict() for account in self.sources],
        }


class Persist(Protocol):
    """The type of `Store.persist`, with the arguments that an import uses."""

    def __call__(
        self,
        entities: Mapping[str, Any],
        *,
        scenario: str | None,
        context: str | None,
        tags: Sequence[str],
        description: str | None,
        operation: str,
        details: Mapping[str, Any],
        on_conflict: str,
        batch_id: str | None,
        keep_unknown: bool,
        round_decimals: bool,
        allow_triggers: bool,
        again: bool,
    ) -> PersistResult: ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import stores its rows, and how. The fields are arguments of `Store.import_data`."""

    scenario: str | None = None
    context: str | None = None
    tags: Sequence[str] = ()
    description: str | None = None
    on_conflict: str = "error"
    batch_id: str | None = None
    keep_unknown: bool = False
    round_decimals: bool = False
    allow_triggers: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """What an import reads.

    ``sources``, ``format``, ``entity_type`` and ``options`` are as in `Store.import_data`.
    ``blank`` is a source without a name. It has the settings that all sources share.
    """

    sources: Sequence[str | Path]
    format: str | None
    entity_type: str | None
    blank: Source
    options: Mapping[str, Any] | None = None

    def settings(self, importer: Importer) -> Source:
        """``blank`` for what an importer reads, with the values of its options.

        Raises InvalidValue.
        """
        return replace(self.blank, options=bind_options(importer, self.options))


def import_files(
    files: Files,
    target: Target,
    *,
    persist: Persist,
    formats: Formats,
    registry: Registry,
) -> ImportResult:
    """Read files, folders or standard input into a scenario; see `Store.import_data`.

    Args:
        files: what to read.
        target: where to store it.
        persist: stores all rows in one transaction.
        formats: the installed formats.
        registry: the installed entity types.
    """
    mappings = formats.mappings(files.format) if files.format else {}
    package, folder = _package(files)
    if package:
        target = _described(target, package)
        if _is_read_whole(package, formats):
            for resource in package.resources:
                resource.verify(folder)
            files, package = replace(files, format=package.format), None

    def store(entities: Mapping[str, Any], format: str | None) -> PersistResult:
        names = [Path(source).name for source in files.sources]
        fallback = None if target.scenario else _context(files.sources)
        return persist(
            entities,
            scenario=target.scenario,
            context=target.context or fallback,
            tags=target.tags,
            description=target.description,
            operation="import",
            details={"format": format, "sources": names},
            on_conflict=target.on_conflict,
            batch_id=target.batch_id,
            keep_unknown=target.keep_unknown,
            round_decimals=target.round_decimals,
            allow_triggers=target.allow_triggers,
            again=target.again,
        )

    if files.format and mappings:
        if files.options:
            files.settings(Importer(files.format, (), lambda _: iter(())))  # it has none
        with staged(files.format, mappings, _folder(files)) as mapping:
            mapping.count_skipped()
            persisted = store(mapping.entities(), files.format)
            return ImportResult(persisted, tuple(mapping.settle()))
    reading = _Reading(formats, registry)
    if package:
        if files.entity_type:
            raise InvalidArgument(
                f"{folder} says itself what its files are.", hint="Leave out the entity type."
            )
        described, packaged = contents(
            folder,
            package,
            _of_package(files, package, formats),
            reading.checked,
            formats=formats,
            registry=registry,
        )
        return ImportResult(store(packaged, package.format), tuple(described))
    entities = reading.entities(files)
    try:
        persisted = store(entities, files.format)
    except EmptyBatch as error:
        error.hint = reading.left_out() or error.hint
        raise
    return ImportResult(persisted, tuple(reading.settle()))


def _folder(files: Files) -> dict[str, Source]:
    """The CSV files of the folder, by name; a format that products map is always one folder."""
    folder = Path(files.sources[0])
    if len(files.sources) != 1 or not folder.is_dir():
        raise SourceError(
            f"The format {files.format} is a folder of files, "
            f"not {', '.join(map(str, files.sources))}.",
            hint="Give the folder's path.",
        )
    return {
        path.stem.lower(): replace(files.blank, name=path.name, path=path)
        for path in sorted(folder.iterdir())
        if path.suffix.lower() == ".csv"
    }


def _package(files: Files) -> tuple[Package | None, Path]:
    """The datapackage.json, if the only source is a folder that `export` wrote in this format."""
    alone = len(files.sources) == 1
    folder = Path(files.sources[0]) if alone else Path()
    package = read_package(folder) if alone and folder.is_dir() else None
    return (package if package and files.format in (None, package.format) else None), folder


def _is_read_whole(package: Package, formats: Formats) -> bool:
    """Whether the format's importer reads such an export as one folder."""
    importer = formats.importers.get(package.format)
    if importer is None or importer.read_folder is None:
        return False
    return importer.read is None or any(one.entity_type is None for one in package.resources)


def _of_package(files: Files, package: Package, formats: Formats) -> Source:
    """The settings for the files of an export."""
    importer = formats.importers.get(package.format)
    return files.settings(importer) if importer else files.blank


def _described(target: Target, package: Package) -> Target:
    """The target with the name, description and tags of the export, where the caller gave none."""
    return replace(
        target,
        context=target.context or (None if target.scenario else package.scenario),
        description=target.description or package.description,
        tags=[*package.tags, *target.tags],
    )


def total_size(sources: Sequence[str | Path]) -> int:
    """How many bytes there are to read, for a progress bar; 0 if that is not known.

    Args:
        sources: as in `Store.import_data`.
    """
    size = 0
    for source in map(Path, sources):
        with contextlib.suppress(OSError):
            files = source.iterdir() if source.is_dir() else [source]
            size += sum(file.stat().st_size for file in files if file.is_file())
    return size


def _context(sources: Sequence[str | Path]) -> str | None:
    names = [Path(source).resolve().stem for source in sources if str(source) != STDIN]
    return names[0] if names else None


class _Reading:
    """The files of one import, read by the installed formats and entity types."""

    def __init__(self, formats: Formats, registry: Registry) -> None:
        self._formats = formats
        self._registry = registry
        self._read: list[tuple[Source | SourceFolder, Account]] = []

    def entities(self, files: Files) -> dict[str, Iterator[Any]]:
        """The rows of all files by entity type. They can be read once. Adds an account per file."""
        importer = self._formats.importer(files.format) if files.format else None
        entities: dict[str, list[Iterator[Any]]] = {}
        for source, own in self._sources(files, importer):
            account = Account(source.name)
            self._read.append((source, account))
            for name, rows in tables(self._formats, own, source):
                found = self._entity_type(source, files.entity_type or name)
                entities.setdefault(found, []).append(self.checked(source, account, found, rows))
        return {name: itertools.chain.from_iterable(parts) for name, parts in entities.items()}

    def settle(self) -> list[Account]:
        """The accounts, after the rows were read, with what the importers left out."""
        settled: list[Account] = []
        for source, account in self._read:
            account.leave_out(source.skipped)
            settled.append(account)
            for file in source.handed.values() if isinstance(source, SourceFolder) else ():
                if file.skipped:
                    settled.append(Account(file.name))
                    settled[-1].leave_out(file.skipped)
        return settled

    def left_out(self) -> str:
        """What the importers left out, in a line; empty where it is nothing."""
        told = [
            f"{account.name}: {count:,} rows left out, {reason}"
            for account in self.settle()
            for reason, count in account.unmapped.items()
        ]
        return f"{'; '.join(told[:_TOLD])}." if told else ""

    def _sources(
        self, files: Files, importer: Importer | None
    ) -> Iterator[tuple[Source | SourceFolder, Importer]]:
        if not files.sources:
            raise InvalidArgument("No file was given.", hint="Give files, a folder, or -.")
        for item in files.sources:
            path = Path(item)
            if importer and importer.read is None and not path.is_dir():
                raise SourceError(
                    f"The format {importer.name} is a folder of files, not {item}.",
                    hint="Give the folder's path.",
                )
            if str(item) == STDIN:
                if importer is None:
                    raise InvalidArgument(
                        "Standard input has no ending that tells its format.",
                        hint=f"Give {choice('format', [*self._formats.importers])}.",
                    )
                blank = files.settings(importer)
                yield replace(blank, name="standard input", stream=sys.stdin.buffer), importer
            elif path.is_dir() and importer and importer.read_folder:
                blank = files.settings(importer)
                yield SourceFolder(path.name, path, blank, self._own(importer)), importer
            elif path.is_dir():
                yield from self._in_folder(path, files, importer)
            elif not path.exists():
                raise SourceError(f"There is no file {path}.", hint="Check the path.")
            else:
                known = [importer] if importer else self._formats.reading(path.name)
                if not known and path.suffix == ".db":
                    raise SourceError(
                        f"{path.name} may be a scenario itself, which needs no import.",
                        hint=instead_of_import(),
                    )
                if not known:
                    raise SourceError(
                        f"{path.name}: the ending tells no format.",
                        hint=f"Give {choice('format', self._formats.readable())}.",
                    )
                if len(known) > 1:
                    raise self._formats.several(path.name, known)
                yield replace(files.settings(known[0]), name=path.name, path=path), known[0]

    def _own(self, importer: Importer) -> Callable[[str], bool]:
        """Whether a file of a folder, by its name, is one for the importer."""
        if not importer.suffixes:
            return lambda name: True
        return lambda name: importer in self._formats.claiming(name)

    def _in_folder(
        self, path: Path, files: Files, importer: Importer | None
    ) -> Iterator[tuple[Source, Importer]]:
        """The files of a folder that are read one by one, each with its importer."""
        found = False
        for file in sorted(path.iterdir()):
            if file.name == PACKAGE_FILE:
                continue  # datapackage.json describes the other files
            known = self._formats.reading(file.name)
            if importer is not None:
                known = [importer] if importer in self._formats.claiming(file.name) else []
            if len(known) > 1:
                raise self._formats.several(file.name, known)
            if known:
                found = True
                yield replace(files.settings(known[0]), name=file.name, path=file), known[0]
        if not found:
            endings = importer.suffixes if importer else self._formats.endings()
            raise SourceError(
                f"{path} has no file of a known format.",
                hint=f"Endings: {', '.join(endings)}.",
            )

    def _entity_type(self, source: Source | SourceFolder, name: str | None) -> str:
        if name is None and source.path is None:
            raise InvalidArgument(
                "Standard input does not tell its entity type.",
                hint=f"Give {self._option()}, or a JSON object by entity type.",
            )
        try:
            return self._registry.entity_type(name or source.path.stem).name  # type: ignore[union-attr]
        except (UnknownEntityType, AmbiguousEntityType) as error:
            error.message = f"{source.name}: {error.message}"
            error.hint = f"{error.hint} Or tell what the rows are, as by {self._option()}."
            raise

    def _option(self) -> str:
        """The option that tells what rows are, with an entity type that there is."""
        return option_of_import("entity_type", next((e.name for e in self._registry), "TYPE"))

    def checked(
        self, source: Source | SourceFolder, account: Account, entity_type: str, rows: Any
    ) -> Iterator[Any]:
        """The rows, which are counted in the account as they are read.

        Raises SourceError if no field of the first row is a field of the entity type.
        """
        first = True
        for chunk in chunks(entity_type, rows):
            if first:
                _check_header(source, self._registry, entity_type, list(chunk[0]))
                first = False
            account.rows += len(chunk)
            account.mapped[entity_type] = account.mapped.get(entity_type, 0) + len(chunk)
            yield from chunk


def _check_header(
    source: Source | SourceFolder, registry: Registry, entity_type: str, names: list[str]
) -> None:
    if any(registry.field(entity_type, name) for name in names):
        return
    shown = ", ".join(str(name) for name in names[:6])
    near = registry.near_field(entity_type, str(names[0])) if names else None
    columns = option_of_import("columns", "mrn,given_name,...")
    raise SourceError(
        f"{source.name}: none of its columns is a field of {entity_type}: {shown}.",
        hint=near or f"Has the file no header? Then name its columns: {columns}.",
    )
