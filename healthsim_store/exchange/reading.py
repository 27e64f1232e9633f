"""Files as rows by entity type, counted as they are read."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..base.text import in_line
from ..base.wording import option_of_import
from ..errors import AmbiguousEntityType, InvalidArgument, SourceError, UnknownEntityType
from ..query.reply import PersistResult
from ..schema.registry import Registry
from ..storage.rows import Rows, Table, grouped_chunks
from . import conversions, hints, obeyed, origins, part_files, unknown_types
from .account import Account
from .foreign import tables
from .formats import Formats
from .found_files import Files, Finder, Found
from .readers import is_delimited
from .reading_options import USUAL, ReadingOptions
from .rejects import Rejects
from .renaming import Renaming
from .single_entities import by_entity_type
from .source import Source, SourceFolder

_TOLD = 10  # reasons why rows were left out, in one error


class Reading:
    """The files of one import.

    Args:
        formats: the installed formats.
        registry: the installed entity types.
        rejects: takes the rows that cannot be read.
        skipping: those are left out.
    """

    def __init__(
        self, formats: Formats, registry: Registry, rejects: Rejects, *, skipping: bool
    ) -> None:
        self._formats = formats
        self._registry = registry
        self._rejects = rejects
        self._skipping = skipping
        self._read: list[tuple[Source | SourceFolder, Account]] = []
        self._whole: dict[str, int] = {}
        self._told: set[int] = set()
        self._renaming: Renaming | None = None
        self._unread: list[Account] = []
        self.origins = origins.Origins()

    def entities(self, files: Files, paths: Sequence[Path]) -> dict[str, Table]:
        """The rows of all files by entity type. They can be read once. Adds an account per file."""
        importer = self._formats.importer(files.format) if files.format else None
        self.rename_by(files.blank.reading)
        finder = Finder(self._formats, files)
        entities: dict[str, list[Iterator[Rows]]] = {}
        found = [one for path in paths for one in finder.find(path, importer)]
        self._unread = finder.unread()
        obeyed.refuse_others(files.blank.reading, self._formats, [one.importer for one in found])
        for one in found:
            account = Account(one.source.name)
            source = self._refusing(one.source, account)
            self._read.append((source, account))
            if one.empty and len(found) > 1:
                account.notes = ("the file is empty",)
                continue
            found_tables = tables(self._formats, one.importer, source)
            if files.entity_type is None and self._formats.plugin_of(one.importer) is None:
                file = source if isinstance(source, Source) else None
                found_tables = by_entity_type(self._registry, found_tables, file)
            for name, rows in found_tables:
                entity_type = self._entity_type(one, files.entity_type, name)
                parts = entities.setdefault(entity_type, [])
                parts.append(self.checked(source, account, entity_type, rows))
        return {
            name: Table(itertools.chain.from_iterable(parts)) for name, parts in entities.items()
        }

    def rename_by(self, options: ReadingOptions) -> None:
        """Call columns as the options say. Raises InvalidArgument for a field that there is not."""
        self._renaming = Renaming(options, self._registry)

    def _refusing(self, source: Source | SourceFolder, account: Account) -> Source | SourceFolder:
        """The source, which counts the rows that cannot be read where they are left out."""
        if not self._skipping or not isinstance(source, Source):
            return source
        return self._rejects.refusing(source, account)

    def settle(self) -> list[Account]:
        """The accounts, after the rows were read, with what the importers left out."""
        settled: list[Account] = []
        for source, account in self._read:
            if id(account) not in self._told:
                account.leave_out(source.skipped)
                account.notes += tuple(source.notes) if isinstance(source, Source) else ()
                self._told.add(id(account))
            settled.append(account)
            for file in source.handed.values() if isinstance(source, SourceFolder) else ():
                if file.skipped:
                    settled.append(Account(file.name))
                    settled[-1].leave_out(file.skipped)
        if self._renaming and any(account.rows for account in settled):
            self._renaming.check()
        return [*settled, *self._unread]

    @property
    def has_files(self) -> bool:
        """Whether there was a file, if only an empty one; a folder may have none of its format."""
        return any(isinstance(source, Source) or source.handed for source, _ in self._read)

    @property
    def unread(self) -> list[Account]:
        """What folders have that was not read."""
        return self._unread

    def left_out(self) -> str:
        """What the importers left out, in a line; empty where it is nothing."""
        told = [
            f"{account.name}: {count:,} rows left out, {reason}"
            for account in self.settle()
            for reason, count in account.unmapped.items()
        ]
        return f"{'; '.join(told[:_TOLD])}." if told else ""

    def told(self, persisted: PersistResult) -> PersistResult:
        """The reply, with the whole numbers that were made."""
        return conversions.told(persisted, self._whole)

    def _entity_type(self, found: Found, given: str | None, name: str | None) -> str:
        source = found.source
        if given is None and name is None and source.path is None:
            raise InvalidArgument(
                "Standard input does not tell its entity type.",
                hint=(source.suggested if isinstance(source, Source) else None)
                or f"Give {self._option()}, or a JSON object by entity type.",
            )
        told = given or name
        names = [told] if told else [*found.names, *map(part_files.without_number, found.names)]
        try:
            for one in names[1:] and names:
                with contextlib.suppress(UnknownEntityType, AmbiguousEntityType):
                    return self._registry.entity_type(one).name
            return self._registry.entity_type(names[0]).name
        except (UnknownEntityType, AmbiguousEntityType) as error:
            key = name if not given else None
            unknown_types.explain(error, source, key, self._formats, self._registry)
            raise

    def _first(self) -> str:
        return next((e.name for e in self._registry), "TYPE")

    def _option(self) -> str:
        """The option that tells what rows are, with an entity type that there is."""
        return option_of_import("entity_type", self._first())

    def checked(
        self, source: Source | SourceFolder, account: Account, entity_type: str, rows: Any
    ) -> Iterator[Rows]:
        """The rows, which are counted in the account as they are read.

        Raises SourceError if no field of the first row is a field of the entity type, and at the
        end, if the file was changed meanwhile.
        """
        options = source.reading if isinstance(source, Source) else USUAL
        if self._renaming and self._renaming.is_needed():
            rows = self._renaming.rows(entity_type, rows)
            options = self._renaming.formats(options)
        if conversions.is_needed(options):
            rows = conversions.converted(options, self._registry, entity_type, rows, self._whole)
        first = True
        for chunk in grouped_chunks(entity_type, rows):
            if first:
                self.origins.begin(entity_type, source, account)
                self._check_header(source, entity_type, list(chunk[0].fields))
                first = False
            count = sum(map(len, chunk))
            account.rows += count
            account.mapped[entity_type] = account.mapped.get(entity_type, 0) + count
            self.origins.count(entity_type, count)
            yield from chunk
        if isinstance(source, Source):
            source.check_unchanged()

    def _check_header(
        self, source: Source | SourceFolder, entity_type: str, names: list[str]
    ) -> None:
        if not any(self._registry.field(entity_type, name) for name in names):
            _no_field(source, self._registry, entity_type, names)


def _no_field(
    source: Source | SourceFolder, registry: Registry, entity_type: str, names: list[str]
) -> NoReturn:
    near = registry.near_field(entity_type, str(names[0])) if names else None
    columns = option_of_import("columns", "mrn,given_name,...")
    is_text = isinstance(source, Source) and is_delimited(source)
    delimiter = hints.delimiter([*map(str, names)], ",") if is_text else None
    header = f"Has the file no header? Then name its columns: {columns}."
    raise SourceError(
        f"{source.name}: none of its columns is a field of {entity_type}: {in_line(names[:6])}.",
        hint=delimiter
        or (source.suggested if isinstance(source, Source) else None)
        or near
        or (header if is_text else None),
    )
