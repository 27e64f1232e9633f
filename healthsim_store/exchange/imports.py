"""Import: files of any installed format into a scenario, with an account of every row."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import EmptyBatch, InvalidArgument, InvalidRows, SourceError
from ..query.reply import PersistResult, nothing_stored
from ..schema.registry import Registry
from ..storage.scenario import Batch
from ..storage.stored import Stored
from . import conversions, mapped_files, obeyed, origins
from .account import Account, add_up, by_kind
from .datapackage import Package
from .datapackage import read as read_package
from .formats import Formats, Importer
from .found_files import STDIN, Files, Finder, unpacked
from .mapping import Declared
from .package import contents
from .reading import Reading
from .reading_options import OF_VALUES, ReadingOptions
from .rejects import Rejects
from .source import Source
from .staging import staged
from .standard_files import bind, by_dataset, looks_like, unsaid
from .standard_format import StandardFormat


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

    @property
    def kinds(self) -> list[Account]:
        """The sources; where there are many, those that differ in a number only are one."""
        return by_kind(self.sources)

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.persisted.to_dict(),
            "rows": self.rows,
            "unmapped": self.unmapped,
            "sources": [account.to_dict() for account in self.kinds],
        }


#: Stores a batch in the scenario that is named, or in a new one that the context names.
Persist = Callable[[Batch, str | None, str | None], PersistResult]


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import stores its rows, and how.

    ``batch`` is one without entities, with all that is the same for every format; of its tolerance
    the words only. ``rejects`` is the path of the file for rows that are left out.
    """

    batch: Batch
    scenario: str | None = None
    context: str | None = None
    rejects: str | Path | None = None


def import_files(
    files: Files, target: Target, *, persist: Persist, formats: Formats, registry: Registry
) -> ImportResult:
    """Read files, folders or standard input into a scenario; see `Store.import_data`.

    Args:
        files: what to read.
        target: where to store it.
        persist: stores all rows in one transaction.
        formats: the installed formats.
        registry: the installed entity types.
    """
    if not files.sources:
        raise InvalidArgument("No file was given.", hint="Give files, a folder, or -.")
    conversions.check(files.blank.reading)
    with contextlib.ExitStack() as opened:
        rejects = opened.enter_context(contextlib.closing(Rejects(target.rejects)))
        compression = files.blank.reading.compression
        paths = [
            opened.enter_context(unpacked(Path(one), compression, formats.is_data))
            for one in files.sources
        ]
        work = _Import(files, target, paths, persist, formats, registry, rejects)
        made = work.run()
        return replace(made, persisted=rejects.told(made.persisted))


def total_size(sources: Sequence[str | Path]) -> int:
    """How many bytes there are to read, for a progress bar; 0 if that is not known.

    Args:
        sources: as in `Store.import_data`.
    """
    size = 0
    for source in map(Path, sources):
        with contextlib.suppress(OSError):
            files = source.rglob("*") if source.is_dir() else [source]
            size += sum(file.stat().st_size for file in files if file.is_file())
    return size


class _Import:
    """One import: what is read, and how it is stored."""

    def __init__(
        self,
        files: Files,
        target: Target,
        paths: Sequence[Path],
        persist: Persist,
        formats: Formats,
        registry: Registry,
        rejects: Rejects,
    ) -> None:
        self._files = files
        self._target = target
        self._paths = paths
        self._persist = persist
        self._formats = formats
        self._registry = registry
        self._rejects = rejects

    def run(self) -> ImportResult:
        files, formats = self._files, self._formats
        by_path = mapped_files.is_path(files.format)
        if by_path:
            mappings: Mapping[str, str] = mapped_files.read_mapping(
                str(files.format), self._registry
            )
        else:
            mappings = formats.mappings(files.format) if files.format else {}
            for name, sql in mappings.items():
                if mapped_files.is_path(name):  # of a plugins folder: products were not asked yet
                    mapped_files.try_out(name, sql, self._registry)
        package, folder = self._package()
        if package:
            self._target = _described(self._target, package)
            if _is_read_whole(package, formats):
                for resource in package.resources:
                    resource.verify(folder)
                self._files, package = replace(files, format=package.format), None
        if files.format and mappings:
            return self._mapped(files.format, mappings)
        standard = formats.standard(self._files.format or (package.format if package else None))
        if standard:
            for resource in package.resources if package else ():
                resource.verify(folder)
            return self._standard(standard)
        reading = Reading(
            formats, self._registry, self._rejects,
            skipping=self._target.batch.tolerance.bad_rows == "skip",
        )  # fmt: skip
        if package:
            return self._packaged(package, folder, reading)
        try:
            entities = reading.entities(self._files, self._paths)
            persisted = self._store(
                entities,
                self._files.format,
                reading.settle,
                reading.origins.locate,
                _not_in(entities, reading.unread),
            )
        except EmptyBatch as error:
            error.hint = reading.left_out() or error.hint
            accounts = reading.settle()
            if any(account.rows for account in accounts) or not reading.has_files:
                raise
            return ImportResult(nothing_stored(self._target.scenario), tuple(accounts))
        except (InvalidArgument, SourceError) as error:
            looks = looks_like(formats, files, self._paths) if not files.format else None
            error.hint = looks or error.hint
            raise
        return ImportResult(reading.told(persisted), tuple(reading.settle()))

    def _mapped(self, format: str, mappings: Mapping[str, str]) -> ImportResult:
        options = self._files.blank.reading
        finder = Finder(self._formats, self._files)
        if self._files.options:  # a mapping has none
            self._files.settings(Importer(Path(format).name, (), lambda _: iter(())))
        mapped_files.refuse_renaming(options, Path(format).name)
        if any(name.endswith(mapped_files.ENDING) for name in mappings):
            format = Path(format).name
            sources = mapped_files.sources(self._files, self._paths, self._formats, finder)
        else:
            csv = self._formats.importers["csv"]
            obeyed.refuse(
                options, {*OF_VALUES, *csv.reading}, self._formats, f"the format {format}"
            )
            _refuse_conversions(options, format)
            sources = self._folder(finder)
        return self._staged(format, mappings, sources, finder)

    def _standard(self, standard: StandardFormat) -> ImportResult:
        """The files of a standard."""
        files = self._files
        _refuse_conversions(files.blank.reading, standard.name)
        mapped_files.refuse_renaming(files.blank.reading, f"The standard {standard.name}")
        values = bind(standard, files.options)
        finder = Finder(self._formats, replace(files, format=None, options=None))
        sources = mapped_files.sources(files, self._paths, self._formats, finder)
        every = [one for those in sources.values() for one in those]
        found, others = by_dataset(standard, every, values)
        mapping = standard.mapping(self._registry)
        try:
            made = self._staged(standard.name, mapping, found, finder, values)
        except InvalidRows as error:
            error.hint = unsaid(values, error.problems) or error.hint
            raise
        return replace(made, sources=(*made.sources, *others))

    def _staged(
        self,
        format: str,
        declared: Mapping[str, str] | Declared,
        sources: Mapping[str, Sequence[Source]],
        finder: Finder,
        values: Mapping[str, Any] | None = None,
    ) -> ImportResult:
        options, whole = self._files.blank.reading, dict[str, int]()
        with staged(format, declared, sources, self._refusing, values or {}) as mapping:
            mapping.count_skipped()
            entities: Mapping[str, Any] = mapping.entities()
            if conversions.is_needed(options):
                entities = {
                    into: conversions.converted(options, self._registry, into, rows, whole)
                    for into, rows in entities.items()
                }
            persisted = self._store(
                entities, format, mapping.settle, mapping.locate, mapping.lacking
            )
            accounts = (*mapping.settle(), *finder.unread())
            return ImportResult(conversions.told(persisted, whole), accounts)

    def _packaged(self, package: Package, folder: Path, reading: Reading) -> ImportResult:
        if self._files.entity_type:
            raise InvalidArgument(
                f"{folder} says itself what its files are.", hint="Leave out the entity type."
            )
        reading.rename_by(self._files.blank.reading)
        importer = self._formats.importers.get(package.format)
        own = importer.reading if importer and self._formats.plugin_of(importer) else ()
        what = "an export, which says itself how its files are written"
        known = {*OF_VALUES, *own}
        obeyed.refuse(self._files.blank.reading, known, self._formats, what)
        blank = self._files.settings(importer) if importer else self._files.blank
        accounts, entities = contents(
            folder, package, blank, reading.checked,
            formats=self._formats, registry=self._registry,
        )  # fmt: skip
        persisted = self._store(
            entities, package.format, lambda: accounts, reading.origins.locate, _not_in(entities)
        )
        return ImportResult(persisted, tuple(accounts))

    def _store(
        self,
        entities: Mapping[str, Any],
        format: str | None,
        settle: Callable[[], list[Account]],
        locate: origins.Locate,
        lacking: Callable[[str], str | None],
    ) -> PersistResult:
        """Store the rows, if their account adds up; an error names their files and lines."""
        target, names = self._target, [Path(source).name for source in self._files.sources]
        fallback = None if target.scenario else _context(self._files.sources)
        words = target.batch.tolerance

        def verify(stored: Mapping[str, Stored]) -> None:
            add_up(settle(), stored)

        batch = replace(
            target.batch,
            entities=entities,
            operation="import",
            details={**target.batch.details, "format": format, "sources": names},
            tolerance=origins.tolerance(words.bad_rows, words.orphans, locate, self._rejects),
            verify=verify,
        )
        try:
            return self._persist(batch, target.scenario, target.context or fallback)
        except InvalidRows as error:
            raise origins.told(error, locate, lacking, words) from error

    def _refusing(self, source: Source, account: Account) -> Source:
        """The source, whose rows that cannot be read are left out, where they are to be."""
        if self._target.batch.tolerance.bad_rows != "skip":
            return source
        return self._rejects.refusing(source, account)

    def _folder(self, finder: Finder) -> dict[str, list[Source]]:
        """The CSV files of the folder, by name; a format that products map is always one folder."""
        files, folder = self._files, self._paths[0]
        if len(files.sources) != 1 or not folder.is_dir():
            raise SourceError(
                f"The format {files.format} is a folder of files, "
                f"not {', '.join(map(str, files.sources))}.",
                hint="Give the folder's path.",
            )
        csv = self._formats.importers["csv"]
        found: dict[str, list[Source]] = {}
        for one in finder.in_folder(folder, csv):
            assert isinstance(one.source, Source)
            if one.importer is csv:
                found.setdefault(one.names[0].lower(), []).append(one.source)
        return found

    def _package(self) -> tuple[Package | None, Path]:
        """The datapackage.json, if the only source is a folder that `export` wrote so."""
        alone = len(self._paths) == 1
        folder = self._paths[0] if alone else Path()
        package = read_package(folder) if alone and folder.is_dir() else None
        fits = package and self._files.format in (None, package.format)
        return (package if fits else None), folder


def _not_in(
    entities: Collection[str], unread: Sequence[Account] = ()
) -> Callable[[str], str | None]:
    """What is missing where there is no file of an entity type; None where there is one.

    Args:
        entities: those that were given.
        unread: what was there, and was not read.
    """
    given = {*entities}
    notes = "; ".join(note for one in unread for note in one.notes)
    more = f" ({notes})" if notes else ""
    return lambda name: None if name in given else f"No file of {name} was given{more}"


def _is_read_whole(package: Package, formats: Formats) -> bool:
    """Whether the format's importer reads such an export as one folder."""
    importer = formats.importers.get(package.format)
    if importer is None or importer.read_folder is None:
        return False
    return importer.read is None or any(one.entity_type is None for one in package.resources)


def _described(target: Target, package: Package) -> Target:
    """The target with the name, description and tags of the export, where the caller gave none."""
    batch = replace(
        target.batch,
        description=target.batch.description or package.description,
        tags=tuple(dict.fromkeys([*package.tags, *target.batch.tags])),
    )
    named = target.context or (None if target.scenario else package.scenario)
    return replace(target, context=named, batch=batch)


def _context(sources: Sequence[str | Path]) -> str | None:
    names = [Path(source).resolve().name for source in sources if str(source) != STDIN]
    return names[0].partition(".")[0] or names[0] if names else None


def _refuse_conversions(options: ReadingOptions, format: str) -> None:
    """Raise InvalidArgument for options that the SELECTs of a mapping do not know."""
    known = replace(options, null=(), whole_numbers=False)
    if conversions.is_needed(known):
        raise InvalidArgument(
            f"The format {format} says itself how numbers and dates are written.",
            hint="Leave out the signs of numbers and the formats of dates and times.",
        )
