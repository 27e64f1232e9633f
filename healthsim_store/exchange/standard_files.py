"""The files of a standard as an import reads them: which file has which dataset.

A file says itself which dataset it has, where its kind has a place for that; of a CSV file its name
does. A dataset that is there in several kinds of files is read once, and the user says of which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.text import did_you_mean, in_line, listed
from ..base.wording import option
from ..errors import InvalidValue, SourceError
from ..schema.parameter import Parameter
from ..schema.registry import Registry
from ..schema.types import Stored
from . import dataset_json, part_files, xpt_files
from .compressed import inner_name
from .mapping import Declared
from .readers import reader_of
from .source import Source

#: Options that every standard has: the kind of files, and the datasets to read or write.
FILES, ONLY = "files", "only"


@dataclass(frozen=True, slots=True)
class StandardFormat:
    """A standard as a format that `import` reads.

    ``options`` are those that a user may choose, ``datasets()`` the names of its datasets.
    ``mapping(registry)`` is what makes entities of their rows, of the types that are installed.
    """

    name: str
    options: Sequence[Parameter]
    datasets: Callable[[], Sequence[str]]
    mapping: Callable[[Registry], Declared]

    def bind(self, given: Mapping[str, Any] | None) -> dict[str, Stored]:
        """The value of each option. Raises InvalidValue."""
        from .format_options import bind_options
        from .formats import Importer

        none = Importer(self.name, (), lambda _: iter(()), options=self.options)
        return bind_options(none, given)


def by_dataset(
    format: StandardFormat, sources: Iterable[Source], values: Mapping[str, Stored]
) -> dict[str, list[Source]]:
    """The files of each dataset, by its name in lower case.

    Args:
        format: the standard.
        sources: all files.
        values: of its options.

    Raises SourceError where a dataset is there in several kinds of files, and InvalidValue for a
    dataset that is to be read and is not there.
    """
    kind, only = values.get(FILES), _chosen(format, values)
    found: dict[str, list[Source]] = {}
    for source in sources:
        if kind is not None and _kind(source) != kind:
            continue
        name = _dataset(source, format).lower()
        if not only or name in only:
            found.setdefault(name, []).append(source)
    for name in only:
        if name not in found:
            raise InvalidValue(
                f"There is no file of {name.upper()}.", [ONLY],
                hint=f"There is {in_line(sorted(found)) or 'none'}.",
            )  # fmt: skip
    _refuse_several_kinds(found)
    return found


def _chosen(format: StandardFormat, values: Mapping[str, Stored]) -> list[str]:
    only = str(values.get(ONLY) or "")
    names = [name.strip().lower() for name in only.split(",") if name.strip()]
    every = [*format.datasets()]
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
    """Which dataset a file has, by what it says or is called."""
    if source.path is None:
        raise SourceError(
            f"The format {format.name} is read from files, not from standard input.",
            hint="Give the path of a folder, or of files.",
        )
    stem = Path(inner_name(source.path.name)).stem
    if source.path.stat().st_size == 0:
        return stem
    kind = _kind(source)
    said = ""
    if kind == "xpt":
        said = xpt_files.name_of(source)
    elif kind in ("json", "ndjson"):
        told = dataset_json.head_of(source).get("name")
        said = told if isinstance(told, str) else ""
    if said:
        return said
    names = {name.lower() for name in format.datasets()}
    plain = part_files.without_number(stem)
    return plain if stem.lower() not in names and plain.lower() in names else stem


def _refuse_several_kinds(found: Mapping[str, Sequence[Source]]) -> None:
    for name, sources in found.items():
        kinds = dict.fromkeys(map(_kind, sources))
        if len(kinds) > 1:
            ways = [option("options", {FILES: kind}, verb="import_data") for kind in kinds]
            raise SourceError(
                f"{name.upper()} is there more than once: {in_line(s.name for s in sources)}.",
                hint=f"Say which kind of files to read: {listed(ways)}.",
            )
