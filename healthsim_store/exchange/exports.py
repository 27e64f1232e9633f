"""Export: a scenario as a folder of files, which appears only when it is complete."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.atomic import atomic_folder
from ..base.faults import blamed_on
from ..base.prefetch import work_ahead
from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import connect, connect_writable, file_errors, transaction
from ..base.text import place
from ..base.version import __version__
from ..base.wording import option
from ..errors import InvalidArgument, InvalidName, SourceError
from ..schema.model import EntityType
from ..storage.names import clean_name
from ..storage.rules import refuse_unbounded
from ..storage.triggers import refused
from . import datapackage
from .export_result import ExportedFile, ExportResult
from .formats import Exporter, Formats, Table, texts
from .snapshot import Snapshot, damaged
from .writers import delimited

if TYPE_CHECKING:
    import pyarrow as pa


_CSV_SAMPLE = 5_000  # rows of a table from which its size as CSV is estimated
_COPY = ".snapshot.db"  # cannot be the file of an entity type: those do not begin with a dot


def export_file(
    path: Path,
    *,
    formats: Formats,
    format: str,
    to: str | os.PathLike[str] | None = None,
    force: bool = False,
    entities: Sequence[str] = (),
    drop_sensitive: bool = False,
    progress: Progress = lambda _: None,
) -> ExportResult:
    """Write the scenario file at ``path`` as a folder of files.

    Args:
        path: the scenario's file.
        formats: the installed formats.
        format, to, force, entities, drop_sensitive, progress: see `Store.export_scenario`.
    """
    exporter = formats.exporter(format)
    entities = [entities] if isinstance(entities, str) else list(entities)
    if entities and exporter.copy:
        raise InvalidArgument(
            f"{exporter.name} exports the whole file, not some entity types.",
            hint=f"Leave them out, or export to {formats.by_entity_type()}.",
        )
    _check_file_name(path.stem, "The scenario")
    target = Path(to) if to is not None else _default_target(path.stem, exporter)

    def foreign(folder: Path) -> str | None:
        if not force:
            replaces = f"{option('force', True)} replaces an export."
            return f"{place(folder)} exists and is not empty. {replaces}"
        return _foreign(folder)

    with atomic_folder(target, foreign=foreign) as folder:
        snapshot = Snapshot.take(path, folder / _COPY)
        chosen = [snapshot.registry.entity_type(name).name for name in dict.fromkeys(entities)]
        exported = [
            _without_sensitive(entity_type) if drop_sensitive else entity_type
            for entity_type in snapshot.registry
            if (entity_type.name in chosen if chosen else snapshot.counts[entity_type.name])
        ]
        work = _Work(
            exporter, snapshot, folder, exported, progress, plugin=formats.plugin_of(exporter)
        )
        if exporter.copy:
            _refuse_unbounded(snapshot)
            if drop_sensitive:
                _forget_sensitive(snapshot, formats)
            work.copy()
        else:
            work.write()
        (folder / _COPY).unlink()
        datapackage.write(folder, work.descriptor())
        location = target.expanduser().resolve()
        loading = work.loading(place(location))
    return ExportResult(
        scenario=path.stem,
        format=exporter.name,
        title=exporter.title,
        location=location,
        files=tuple(work.files),
        csv_bytes=round(work.csv_bytes) if exporter.against_csv else None,
        csv_exact=work.csv_exact,
        loading=loading,
    )


class _Work:
    """The work of one export: writes the files and collects what the reply says of them."""

    def __init__(
        self,
        exporter: Exporter,
        snapshot: Snapshot,
        folder: Path,
        exported: Sequence[EntityType],
        progress: Progress,
        *,
        plugin: str | None,
    ) -> None:
        self._exporter = exporter
        self._plugin = plugin
        self._snapshot = snapshot
        self._folder = folder
        self._exported = {entity_type.name: entity_type for entity_type in exported}
        self._progress = progress
        self._done = 0
        self._resources: list[dict[str, Any]] = []
        self.files: list[ExportedFile] = []
        self.csv_bytes = 0.0
        self.csv_exact = True

    def write(self) -> None:
        """A file for each entity type."""
        if not self._exported:
            raise InvalidArgument(
                f"{self._snapshot.source.stem} has no rows to export.",
                hint="Name entity types to export them without rows.",
            )
        paths = {name: self._path(name) for name in self._exported}
        pieces = {name: self._snapshot.pieces(e) for name, e in self._exported.items()}
        # One queue for all tables: the next table is read while the end of this one is written.
        with work_ahead(itertools.chain.from_iterable(pieces.values())) as batches:
            for name, entity_type in self._exported.items():
                own = itertools.islice(batches, len(pieces[name]))
                self._write_table(entity_type, paths[name], own)

    def _path(self, entity_type: str) -> Path:
        name = _check_file_name(entity_type, "The entity type") + self._exporter.suffix
        if name == datapackage.FILE:
            raise InvalidName(
                f"The entity type {entity_type!r} would be {name}, which describes the others.",
                hint="Choose another format, or leave it out.",
            )
        return self._folder / name

    def _write_table(
        self, entity_type: EntityType, path: Path, batches: Iterator[pa.RecordBatch]
    ) -> None:
        import pyarrow as pa

        assert self._exporter.write is not None
        rows = self._snapshot.counts[entity_type.name]
        before = self._done
        counted = self._counted(entity_type, rows, batches)
        try:
            with self._blamed(path.name, pa.ArrowException):
                self._exporter.write(Table(entity_type, rows, lambda: counted), path)
        except pa.ArrowException as error:
            raise damaged(self._snapshot.source, entity_type.name, error) from error
        if self._done - before != rows:
            reason = f"{self._done - before:,} rows were read of {rows:,}"
            raise damaged(self._snapshot.source, entity_type.name, reason)
        self._add(path, entity_type, rows)

    def _counted(
        self, entity_type: EntityType, rows: int, batches: Iterator[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        """The batches. Reports each as progress, and measures the first rows as CSV if needed."""
        first = self._exporter.against_csv
        for batch in batches:
            if not batch.num_rows:
                continue  # a gap between the rowids
            if first:
                sample = batch.slice(0, _CSV_SAMPLE)
                head, each = _csv_size(entity_type, sample)
                self.csv_bytes += head + each * rows / sample.num_rows
                self.csv_exact &= sample.num_rows == rows
                first = False
            yield batch
            self._done += batch.num_rows
            self._progress(batch.num_rows)

    def copy(self) -> None:
        """One file of all entity types."""
        assert self._exporter.copy is not None
        path = self._folder / f"{self._snapshot.source.stem}{self._exporter.suffix}"
        with file_errors(path), self._blamed(path.name, sqlite3.Error):
            self._exporter.copy(self._snapshot.path, path)
        rows = sum(self._snapshot.counts.values())
        self._progress(rows)
        self._add(path, None, rows)

    def loading(self, location: str) -> str:
        """The lines of code that read the files of the folder ``location``."""
        with self._blamed("the way to load it"):
            return self._exporter.loading(location, [file.name for file in self.files])

    def _blamed(
        self, what: str, *passing: type[Exception]
    ) -> contextlib.AbstractContextManager[None]:
        """Code of the exporter runs in the block, on ``what``; see `blamed_on`."""
        where = f"format {self._exporter.name}, writing {what} of {self._snapshot.source.stem}"
        return blamed_on(self._plugin, where, passing=passing)

    def _add(self, path: Path, entity_type: EntityType | None, rows: int) -> None:
        exporter = self._exporter
        if not path.is_file():
            with self._blamed(path.name):
                raise TypeError("it wrote no such file")
        name = entity_type.name if entity_type else None
        bytes_ = path.stat().st_size
        resource = datapackage.Resource(path.name, name, rows, bytes_, datapackage.file_hash(path))
        self._resources.append(
            datapackage.describe_resource(
                resource,
                format=exporter.name,
                mediatype=exporter.mediatype,
                encoding=exporter.encoding,
                dialect=exporter.dialect,
                entity_type=entity_type,
                present=self._exported,
            )
        )
        self.files.append(ExportedFile(path.name, name, rows, bytes_))

    def descriptor(self) -> dict[str, Any]:
        snapshot = self._snapshot
        return datapackage.describe(
            name=snapshot.source.stem,
            description=snapshot.identity.description,
            tags=snapshot.tags,
            resources=self._resources,
            mark={
                "version": __version__,
                "format": self._exporter.name,
                "scenario_id": snapshot.identity.scenario_id,
                "products": {product.name: product.version for product in snapshot.products},
            },
        )


# -- names and places ------------------------------------------------------------------------


def _default_target(scenario: str, exporter: Exporter) -> Path:
    import platformdirs

    name = scenario if exporter.name == "csv" else f"{scenario}-{exporter.name}"
    return platformdirs.user_downloads_path() / name


def _check_file_name(name: str, what: str) -> str:
    """The name, if it is the name of a file in the folder. Raises InvalidName otherwise."""
    try:
        if (
            name.isprintable()
            and not name.startswith((".", "-"))
            and clean_name(name.replace(" ", "_"))
        ):
            return name
    except InvalidName:
        pass
    raise InvalidName(
        f"{what} {name!r:.80} cannot be the name of a file.",
        hint="A name is letters, digits, '-', '_' and '.'; it may come from a stranger's file.",
    )


def _foreign(folder: Path) -> str | None:
    """Why a folder must not be replaced; None if it is an export and has nothing else."""
    try:
        package = datapackage.read(folder)
    except SourceError:
        package = None
    if package is None:
        return f"{place(folder)} is no export of healthsim-store, so it is not replaced."
    ours = {datapackage.FILE, *(resource.path for resource in package.resources)}
    other = sorted(entry.name for entry in folder.iterdir() if entry.name not in ours)
    if other:
        return f"{place(folder)} has {other[0]}, which no export wrote, so it is not replaced."
    return None


# -- sensitive columns -----------------------------------------------------------------------


def _without_sensitive(entity_type: EntityType) -> EntityType:
    columns = tuple(column for column in entity_type.columns if not column.sensitive)
    if not columns:
        raise InvalidArgument(
            f"Every column of {entity_type.name} is sensitive.", hint="Leave it out."
        )
    return replace(entity_type, columns=columns)


def _refuse_unbounded(snapshot: Snapshot) -> None:
    """Raises CorruptScenario where the copy's indexes would take without end to be made."""
    with contextlib.closing(connect(snapshot.path)) as connection, file_errors(snapshot.path):
        refuse_unbounded(connection, snapshot.source)


def _forget_sensitive(snapshot: Snapshot, formats: Formats) -> None:
    """Set the sensitive columns of the copy to NULL.

    Raises InvalidArgument if a constraint of the table, such as NOT NULL, forbids it.
    """
    connection = connect_writable(snapshot.path)
    with (
        contextlib.closing(connection),
        file_errors(snapshot.path),
        refused(connection, snapshot.source),
        transaction(connection),
    ):
        for entity_type in snapshot.registry:
            names = [column.name for column in entity_type.columns if column.sensitive]
            if not names or not snapshot.counts[entity_type.name]:
                continue
            nulls = ", ".join(f"{quoted(name)} = NULL" for name in names)
            try:
                connection.execute(f"UPDATE {quoted(entity_type.name)} SET {nulls}")
            except sqlite3.IntegrityError as error:
                raise InvalidArgument(
                    f"{entity_type.name} must have what is sensitive in it: {error}.",
                    hint=f"Export to {formats.by_entity_type()}, where the column is left out.",
                ) from error


# -- sizes -----------------------------------------------------------------------------------


class _Counting(io.RawIOBase):
    """A file that keeps nothing, and counts the bytes that were written."""

    def __init__(self) -> None:
        self.bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        written = memoryview(data).nbytes
        self.bytes += written
        return written


def _csv_size(entity_type: EntityType, batch: pa.RecordBatch) -> tuple[int, int]:
    """The bytes of the header, and the bytes of the batch's rows, as CSV."""
    sink = _Counting()
    with delimited(entity_type, sink) as write:  # type: ignore[arg-type]
        head = sink.bytes
        write(texts(entity_type, batch))
    return head, sink.bytes - head
