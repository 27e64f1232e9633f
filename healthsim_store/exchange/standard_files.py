"""The files of a standard as an import reads them: which file has which dataset.

A file says itself which dataset it has, where its kind has a place for that; of a CSV file its name
does. A dataset that is there in several kinds of files is read once, and the user says of which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.text import did_you_mean, in_line, listed
from ..base.wording import command, option
from ..errors import InvalidValue, SourceError
from ..schema.types import Stored
from ..storage.violations import Problem
from . import dataset_json, part_files, xpt_files
from .account import Account
from .compressed import inner_name
from .format_options import bind_options
from .formats import Formats, Importer
from .found_files import Files
from .readers import reader_of
from .source import Source
from .standard_format import StandardFormat

#: Options that every standard has: the kind of files, and the datasets to read or write.
FILES, ONLY = "files", "only"


def bind(format: StandardFormat, given: Mapping[str, Any] | None) -> dict[str, Stored]:
    """The value of each option of a standard. Raises InvalidValue."""
    none = Importer(format.name, (), lambda _: iter(()), options=format.options)
    return bind_options(none, given)


def unsaid(values: Mapping[str, Stored], problems: Iterable[Problem]) -> str | None:
    """A hint where rows lack what an option of the same name could say; else None.

    Args:
        values: of the options.
        problems: what is wrong with the rows.
    """
    names = dict.fromkeys(one.field for one in problems if one.field and one.value is None)
    lacking = {name: "VALUE" for name in names if name in values and values[name] is None}
    if not lacking:
        return None
    return f"The files do not say it: {option('options', lacking, verb='import_data')}."


def by_dataset(
    format: StandardFormat, sources: Iterable[Source], values: Mapping[str, Stored]
) -> tuple[dict[str, list[Source]], list[Account]]:
    """The files of each layout, by its name in lower case; and accounts of those that are of none.

    Args:
        format: the standard.
        sources: all files.
        values: of its options.

    Raises SourceError where a dataset is there in several kinds of files, and InvalidValue for a
    dataset that is to be read and is not there.
    """
    kind, only = values.get(FILES), _chosen(format, values)
    found: dict[str, list[Source]] = {}
    others: list[Account] = []
    for source in sources:
        if kind is not None and _kind(source) != kind:
            continue
        name = _dataset(source, format).lower()
        if not name:
            others.append(Account(source.name, notes=(f"it is no dataset of {format.name}",)))
        elif not only or name in only or format.layout(name).lower() in only:
            found.setdefault(name, []).append(source)
    _refuse_several_kinds(found)
    layouts: dict[str, list[Source]] = {}
    for name, those in found.items():
        layouts.setdefault(format.layout(name).lower(), []).extend(those)
    for name in only:
        if name not in found and name not in layouts:
            raise InvalidValue(
                f"There is no file of {name.upper()}.", [ONLY],
                hint=f"There is {in_line(sorted(found)) or 'none'}.",
            )  # fmt: skip
    return layouts, others


def _chosen(format: StandardFormat, values: Mapping[str, Stored]) -> list[str]:
    only = str(values.get(ONLY) or "")
    names = [name.strip().lower() for name in only.split(",") if name.strip()]
    known = format.datasets()
    every = dict.fromkeys([*known, *known.values()])
    for name in names:
        if name not in [one.lower() for one in every]:
            raise InvalidValue(
                f"{format.name} has no dataset {name!r:.60}.", [ONLY],
                hint=did_you_mean(name, every) or f"It has {in_line(every)}.",
            )  # fmt: skip
    return names


def _kind(source: Source) -> str:
    reader = reader_of(source)
    return reader.name if reader else "csv"


def _dataset(source: Source, format: StandardFormat) -> str:
    """Which dataset a file has, by what it says or is called; empty where it is none."""
    if source.path is None:
        raise SourceError(
            f"The format {format.name} is read from files, not from standard input.",
            hint="Give the path of a folder, or of files.",
        )
    stem = Path(inner_name(source.path.name)).stem
    if source.path.stat().st_size == 0:
        return stem
    names = {name.lower() for name in format.datasets()}
    plain = part_files.without_number(stem)
    called = plain if stem.lower() not in names and plain.lower() in names else stem
    kind = _kind(source)
    if kind == "xpt":
        return _agreed(source, xpt_files.name_of(source), called, format)
    if kind in ("json", "ndjson"):
        try:
            told = dataset_json.head_of(source)
        except SourceError:
            if called.lower() in names:
                raise
            return ""
        said = told.get("name")
        if isinstance(said, str) and said:
            return _agreed(source, said, called, format)
        return called if "columns" in told or called.lower() in names else ""
    return called


def _agreed(source: Source, said: str, called: str, format: StandardFormat) -> str:
    """What a file says that it is. Raises SourceError where only its name is one of a dataset."""
    names = {name.lower() for name in format.datasets()}
    layouts = {layout.lower() for layout in format.datasets().values()}
    is_known = said.lower() in names or format.layout(said).lower() in layouts
    if called.lower() in names and not is_known:
        raise SourceError(
            f"{source.name} says that it is the dataset {said!r:.60}, which {format.name} has not.",
            hint="It may be damaged. If its name is wrong, call it otherwise, and it is left out.",
        )
    return said


def _refuse_several_kinds(found: Mapping[str, Sequence[Source]]) -> None:
    for name, sources in found.items():
        kinds = dict.fromkeys(map(_kind, sources))
        if len(kinds) > 1:
            ways = [option("options", {FILES: kind}, verb="import_data") for kind in kinds]
            raise SourceError(
                f"{name.upper()} is there more than once: {in_line(s.name for s in sources)}.",
                hint=f"Say which kind of files to read: {listed(ways)}.",
            )


def looks_like(formats: Formats, files: Files, paths: Sequence[Path]) -> str | None:
    """A hint where files are called as the datasets of an installed standard; else None.

    Args:
        formats: the installed formats.
        files: what the user named.
        paths: where that is.
    """
    named = [entry for path in paths for entry in (path.iterdir() if path.is_dir() else [path])]
    stems = {
        Path(inner_name(path.name)).stem.lower() for path in named if formats.reading(path.name)
    }
    for standard in formats.standards.values():
        known = {name.lower() for name in standard.datasets()}
        if stems and len(stems & known) * 2 > len(stems):
            told = command("import_data", *map(str, files.sources), format=standard.name)
            return f"This looks like {standard.name}: {told}."
    return None
