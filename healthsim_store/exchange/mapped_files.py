"""Mappings that are given by path: tried out, and the files that they are of."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from ..base.wording import option
from ..errors import DeclarationError, InvalidArgument, SourceError
from ..schema import dry_run
from ..schema.registry import Registry
from ..storage.apart import Trial, try_apart
from . import obeyed
from .compressed import inner_name
from .formats import Formats
from .found_files import STDIN, Files, Finder
from .readers import READERS, reader_of
from .reading_options import ReadingOptions
from .source import Source
from .staging import FUNCTION, StagedFolder

ENDING = ".sql"


def is_path(format: str | None) -> bool:
    """Whether what was given as a format is the path of a mapping."""
    return bool(format) and str(format).lower().endswith(ENDING)


def read_mapping(path: str, registry: Registry) -> dict[str, str]:
    """The SQL of a mapping by its path, after it was tried out.

    Args:
        path: of the .sql file.
        registry: the entity types that it may give.

    Raises SourceError if there is no such file, and DeclarationError, with file and line.
    """
    try:
        sql = Path(path).expanduser().read_text("utf-8")
    except OSError as error:
        raise SourceError(
            f"The mapping {path} cannot be read: {error.strerror}.", hint="Check the path."
        ) from error
    except UnicodeDecodeError:
        raise DeclarationError(f"{path} is not UTF-8") from None
    try_out(path, sql, registry)
    return {path: sql}


def try_out(path: str, sql: str, registry: Registry) -> None:
    """Raises DeclarationError, with file and line, if a mapping would not work.

    Args:
        path: of its file, for messages.
        sql: its text.
        registry: the entity types that it may give.
    """
    with contextlib.closing(StagedFolder(Path(path).stem, {path: sql}, None)) as trial:
        try_apart((Trial(*told) for told in trial.statements()), [FUNCTION])
        if not trial.declared.selects:
            raise DeclarationError(
                f"{Path(path).name}: no SELECT with @into and @from",
                hint="A mapping has a CREATE TABLE of each source, and a SELECT of each entity"
                " type.",
            )
        trial.try_out(registry, seconds=dry_run.SECONDS)


def refuse_renaming(options: ReadingOptions, what: str) -> None:
    """Raise InvalidArgument for columns that are to be called otherwise, or to have one value.

    Args:
        options: what the user gave.
        what: what says it itself.
    """
    if options.map or options.value:
        raise InvalidArgument(
            f"{option('map')} and {option('value')} are for files without a mapping.",
            hint=f"{what} says itself what its columns mean.",
        )


def sources(
    files: Files, paths: Sequence[Path], formats: Formats, finder: Finder | None = None
) -> dict[str, list[Source]]:
    """The files that were given, and those of folders, by their names without the ending.

    Args:
        files: what the user named.
        paths: where that is.
        formats: the installed formats.
        finder: knows afterwards what was not read.
    """
    finder = finder or Finder(formats, files)
    found: dict[str, list[Source]] = {}
    for path in paths:
        importer = None
        inner = inner_name(path.name)
        if not path.is_dir() and (str(path) == STDIN or not formats.reading(inner)):
            importer = formats.importers["csv"]
        for one in finder.find(path, importer):
            if formats.plugin_of(one.importer) is not None:
                raise SourceError(
                    f"{one.source.name} is of the format {one.importer.name}, which a mapping does"
                    " not read.",
                    hint=f"A mapping reads {', '.join(reader.name for reader in READERS)}.",
                )
            if isinstance(one.source, Source):
                found.setdefault(one.names[0].lower() if one.names else "", []).append(one.source)
    read = [one for those in found.values() for one in those]
    _refuse_others(files.blank.reading, formats, read)
    return found


def _refuse_others(options: ReadingOptions, formats: Formats, read: Sequence[Source]) -> None:
    """Raise InvalidArgument for an option that no file obeys, or that the mapping says itself."""
    if options.at is not None:
        raise InvalidArgument(
            f"{option('at')} has no meaning for a mapping.",
            hint="It says where records are above a CREATE TABLE: -- @json $.data[*]",
        )
    csv = formats.importers["csv"]
    obeyed.refuse_others(options, formats, [reader_of(one) or csv for one in read])
