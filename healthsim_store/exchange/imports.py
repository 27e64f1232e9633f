"""Import: files of any known format into a scenario, every row accounted for."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.nearest import did_you_mean
from ..errors import InvalidArgument, SourceError, UnknownEntityType
from ..plugins import installed
from ..schema.registry import Registry
from ..storage.rows import chunks
from ..store import PersistResult, Store
from .datapackage import FILE as PACKAGE_FILE
from .datapackage import Package
from .datapackage import read as read_package
from .package import contents
from .readers import Importer, Source
from .staging import Account, staged

STDIN = "-"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The reply to an import: what was persisted, and what became of every source's rows."""

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


def import_data(
    store: Store,
    sources: Sequence[str | Path],
    *,
    format: str | None = None,
    scenario: str | None = None,
    entity_type: str | None = None,
    context: str | None = None,
    tags: Sequence[str] = (),
    description: str | None = None,
    on_conflict: str = "error",
    batch_id: str | None = None,
    keep_unknown: bool = False,
    encoding: str = "utf-8",
    columns: Sequence[str] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> ImportResult:
    """Read files, folders or standard input (``-``) into a scenario, in one transaction.

    The format goes by the file's ending unless given; the entity type by the file's name, or the
    keys of a JSON document, unless given. The name of a format that a product maps (``synthea``)
    takes one folder. A folder that `export` wrote comes back as it was, ids, tags and description
    included. ``progress`` is called with the number of bytes just read.

    Raises SourceError, UnknownFormat, UnknownEntityType and what `Store.persist` raises.
    """
    options: dict[str, Any] = {
        "scenario": scenario,
        "context": context or (None if scenario else _context(sources)),
        "tags": tags,
        "description": description,
        "on_conflict": on_conflict,
        "batch_id": batch_id,
        "keep_unknown": keep_unknown,
        "operation": "import",
        "details": {"format": format, "sources": [Path(source).name for source in sources]},
    }
    blank = Source("", encoding=encoding, columns=tuple(columns), progress=progress)
    mappings = installed().mappings(format) if format else {}
    if format and mappings:
        folder = Path(sources[0])
        if len(sources) != 1 or not folder.is_dir():
            raise SourceError(
                f"The format {format} is a folder of files, not {', '.join(map(str, sources))}.",
                hint="Give the folder's path.",
            )
        files = {
            path.stem.lower(): replace(blank, name=path.name, path=path)
            for path in sorted(folder.iterdir())
            if path.suffix.lower() == ".csv"
        }
        with staged(format, mappings, files) as mapping:
            persisted = store.persist(mapping.entities(), **options)
            return ImportResult(persisted, tuple(mapping.settle()))
    package, folder = _package(sources, format)
    if package:
        if entity_type:
            raise InvalidArgument(
                f"{folder} says itself what its files are.", hint="Leave out the entity type."
            )
        options["context"] = context or (None if scenario else package.scenario)
        options["description"] = description or package.description
        options["tags"] = [*package.tags, *tags]
        options["details"]["format"] = package.format
        described, packaged = contents(folder, package, blank, _checked)
        return ImportResult(store.persist(packaged, **options), tuple(described))
    importer = installed().importer(format) if format else None
    accounts: list[Account] = []
    entities: dict[str, list[Iterator[Any]]] = {}
    for source, own in _sources(sources, importer, blank):
        account = Account(source.name)
        accounts.append(account)
        for name, rows in own.read(source):
            found = _entity_type(source, entity_type or name)
            entities.setdefault(found, []).append(_checked(source, account, found, rows))
    batch = {name: _chain(parts) for name, parts in entities.items()}
    persisted = store.persist(batch, **options)
    return ImportResult(persisted, tuple(accounts))


def _package(sources: Sequence[str | Path], format: str | None) -> tuple[Package | None, Path]:
    """What the one folder says about itself, where `export` wrote it in this format."""
    folder = Path(sources[0]) if len(sources) == 1 else Path()
    package = read_package(folder) if len(sources) == 1 and folder.is_dir() else None
    return (package if package and format in (None, package.format) else None), folder


def total_size(sources: Sequence[str | Path]) -> int:
    """How many bytes there are to read, for a progress bar; 0 when nobody knows."""
    size = 0
    for source in map(Path, sources):
        with contextlib.suppress(OSError):
            files = source.iterdir() if source.is_dir() else [source]
            size += sum(file.stat().st_size for file in files if file.is_file())
    return size


def _context(sources: Sequence[str | Path]) -> str | None:
    names = [Path(source).resolve().stem for source in sources if str(source) != STDIN]
    return names[0] if names else None


def _sources(
    given: Sequence[str | Path], importer: Importer | None, blank: Source
) -> Iterator[tuple[Source, Importer]]:
    if not given:
        raise InvalidArgument("No file was given.", hint="Give files, a folder, or -.")
    by_suffix: dict[str, Importer] = {
        suffix: known
        for known in installed().find("importers").values()
        for suffix in known.suffixes
    }
    for item in given:
        path = Path(item)
        if str(item) == STDIN:
            if importer is None:
                raise InvalidArgument(
                    "Standard input has no ending that tells its format.",
                    hint="Give --format csv, tsv, json, ndjson or parquet.",
                )
            yield replace(blank, name="standard input", stream=sys.stdin.buffer), importer
        elif path.is_dir():
            found = False
            for file in sorted(path.iterdir()):
                known = by_suffix.get(file.suffix.lower())
                if file.name == PACKAGE_FILE:
                    continue  # it describes the others
                if known and (importer is None or known is importer):
                    found = True
                    yield replace(blank, name=file.name, path=file), known
            if not found:
                raise SourceError(
                    f"{path} has no file of a known format.",
                    hint=f"Endings: {', '.join(sorted(by_suffix))}.",
                )
        elif not path.exists():
            raise SourceError(f"There is no file {path}.", hint="Check the path.")
        else:
            known = importer or by_suffix.get(path.suffix.lower())
            if known is None and path.suffix == ".db":
                raise SourceError(
                    f"{path.name} may be a scenario itself, which needs no import.",
                    hint="Copy it into the store's folder, or give its path as the scenario.",
                )
            if known is None:
                raise SourceError(
                    f"{path.name}: the ending tells no format.",
                    hint=f"Give --format {', '.join(installed().formats())}.",
                )
            yield replace(blank, name=path.name, path=path), known


def _entity_type(source: Source, name: str | None) -> str:
    if name is None and source.path is None:
        raise InvalidArgument(
            "Standard input does not tell its entity type.",
            hint="Give --entity-type, or a JSON object by entity type.",
        )
    try:
        return installed().registry.entity_type(name or source.path.stem).name  # type: ignore[union-attr]
    except UnknownEntityType as error:
        error.message = f"{source.name}: {error.message}"
        error.hint = f"{error.hint} Or give --entity-type."
        raise


def _checked(source: Source, account: Account, entity_type: str, rows: Any) -> Iterator[Any]:
    """The rows, counted; the first one must have some field that the entity type knows."""
    first = True
    for chunk in chunks(entity_type, rows):
        if first:
            _check_header(source, installed().registry, entity_type, list(chunk[0]))
            first = False
        account.rows += len(chunk)
        account.stored[entity_type] = account.stored.get(entity_type, 0) + len(chunk)
        yield from chunk


def _check_header(source: Source, registry: Registry, entity_type: str, names: list[str]) -> None:
    if any(registry.field(entity_type, name) for name in names):
        return
    shown = ", ".join(str(name) for name in names[:6])
    near = did_you_mean(str(names[0]), registry.fields(entity_type)) if names else None
    raise SourceError(
        f"{source.name}: none of its columns is a field of {entity_type}: {shown}.",
        hint=near or "Has the file no header? Then name its columns: --columns mrn,given_name,...",
    )


def _chain(parts: list[Iterator[Any]]) -> Iterator[Any]:
    for part in parts:
        yield from part
