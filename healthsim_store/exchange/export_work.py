"""The work of an export: the files are written, counted and described."""

from __future__ import annotations

import contextlib
import io
import itertools
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.faults import blamed_on
from ..base.prefetch import work_ahead
from ..base.progress import Progress
from ..base.sqlite import file_errors
from ..base.version import __version__
from ..errors import InvalidArgument, InvalidName
from ..schema.model import EntityType
from ..schema.types import Stored
from ..storage.names import clean_name
from . import datapackage
from .export_result import DatasetAccount, ExportedFile, LeftOut
from .formats import Exporter, WrittenFile
from .row_counts import possible_counts
from .scenario_tables import ScenarioTables
from .snapshot import Snapshot, damaged
from .table import Table, texts
from .writers import delimited

if TYPE_CHECKING:
    import pyarrow as pa

COPY = ".snapshot.db"  # cannot be the file of an entity type: those do not begin with a dot

_CSV_SAMPLE = 5_000  # rows of a table from which its size as CSV is estimated


class ExportWork:
    """The work of one export: writes the files and collects what the reply says of them."""

    def __init__(
        self,
        exporter: Exporter,
        snapshot: Snapshot,
        folder: Path,
        exported: Sequence[EntityType],
        options: Mapping[str, Stored],
        left_out: Sequence[LeftOut],
        progress: Progress,
        *,
        plugin: str | None,
        hidden: Collection[tuple[str, str]],
    ) -> None:
        self._exporter = exporter
        self._plugin = plugin
        self._snapshot = snapshot
        self._folder = folder
        self._exported = {entity_type.name: entity_type for entity_type in exported}
        self._options = options
        self._left_out = left_out
        self._hidden = hidden
        self._progress = progress
        self._done = 0
        self._at_end = False  # whether the exporter read the table to its end
        self._resources: list[dict[str, Any]] = []
        self._names: set[str] = set()  # of resources
        self.files: list[ExportedFile] = []
        self.datasets: tuple[DatasetAccount, ...] = ()  # of a standard
        self.unwritten: dict[str, tuple[str, ...]] = {}
        self.csv_bytes = 0.0
        self.csv_exact = True

    def write(self) -> None:
        """A file for each entity type."""
        self._refuse_nothing()
        paths = {name: self._path(name) for name in self._exported}
        pieces = {name: self._snapshot.pieces(e) for name, e in self._exported.items()}
        # One queue for all tables: the next table is read while the end of this one is written.
        with work_ahead(itertools.chain.from_iterable(pieces.values())) as batches:
            for name, entity_type in self._exported.items():
                own = itertools.islice(batches, len(pieces[name]))
                self._write_table(entity_type, paths[name], own)

    def _refuse_nothing(self) -> None:
        if not self._exported:
            raise InvalidArgument(
                f"{self._snapshot.source.stem} has no rows to export.",
                hint="Name entity types to export them without rows.",
            )

    def _path(self, entity_type: str) -> Path:
        name = check_file_name(entity_type, "The entity type") + self._exporter.suffix
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

        def unreadable(error: Exception) -> Exception:
            return damaged(self._snapshot.source, entity_type.name, error)

        try:
            with self._blamed(path.name):
                table = Table(entity_type, rows, lambda: counted, self._options, unreadable)
                self._exporter.write(table, path)
        except pa.ArrowException as error:  # of the core's own: the values are at fault
            raise unreadable(error) from error
        if self._done - before != rows:
            reason = f"{self._done - before:,} rows were read of {rows:,}"
            if not self._at_end:
                with self._blamed(path.name):
                    raise TypeError(reason)
            raise damaged(self._snapshot.source, entity_type.name, reason)
        self._add(path, entity_type, rows)

    def _counted(
        self, entity_type: EntityType, rows: int, batches: Iterator[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        """The batches. Reports each as progress, and measures the first rows as CSV if needed."""
        first = self._exporter.against_csv
        self._at_end = False
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
        self._at_end = True

    def write_all(self) -> None:
        """Files of any names, as the exporter tells them."""
        assert self._exporter.write_all is not None
        self._refuse_nothing()
        source = self._snapshot.source
        told: dict[str, WrittenFile] = {}

        def read(rows: int) -> None:
            self._done += rows
            self._progress(rows)

        tables = ScenarioTables(
            self._snapshot,
            self._exported,
            self._options,
            hidden=self._hidden,
            progress=read,
            unreadable=lambda entity_type, error: damaged(source, entity_type, error),
        )
        with contextlib.closing(tables), self._blamed("its files"):
            for file in self._exporter.write_all(tables, self._folder):
                self._check_told(file, told)
                told[file.name] = file
            self._compare(told, _written(self._folder))
        self.datasets = tuple(tables.told)
        self.unwritten = tables.unwritten
        rows = sum(self._snapshot.counts[name] for name in self._exported)
        self._progress(max(0, rows - self._done))  # what SELECTs read is not counted
        for name in sorted(told):
            self._add_told(told[name])

    def _check_told(self, file: Any, told: Mapping[str, WrittenFile]) -> None:
        """Raises TypeError for what tells of no file that could be in the folder."""
        if not isinstance(file, WrittenFile):
            raise TypeError(f"it tells of a {type(file).__name__}, not a WrittenFile")
        name, of = file.name, file.entity_type
        try:
            *_, last = [check_file_name(part, "A file") for part in name.split("/")]
        except (InvalidName, AttributeError):
            raise TypeError(f"it tells of {name!r:.80}, which cannot be a file's name") from None
        if name in told or last == datapackage.FILE:
            raise TypeError(f"it tells of {name}{' twice' if name in told else ''}")
        same = next((one for one in told if one.lower() == name.lower()), None)
        if same:
            raise TypeError(f"it tells of {same} and {name}, which many systems take for one file")
        if not isinstance(file.rows, int) or isinstance(file.rows, bool) or file.rows < 0:
            raise TypeError(f"it tells that {name} has {file.rows!r:.40} rows")
        if of is not None and of not in self._exported:
            raise TypeError(f"it tells that {name} has rows of {of!r:.80}")

    def _compare(self, told: Mapping[str, WrittenFile], found: Mapping[str, Path]) -> None:
        """Raises TypeError where what was told and what is there differ."""
        for name in sorted({*told, *found}):
            if name not in told:
                raise TypeError(f"it wrote {name} and does not tell of it")
            if name not in found or not found[name].is_file():
                raise TypeError(f"it tells of {name} and wrote no such file")
            rows, of = told[name].rows, told[name].entity_type
            true = possible_counts(found[name])
            if true is not None and rows not in true:
                raise TypeError(f"it tells that {name} has {rows:,} rows, which has {max(true):,}")
            if of is not None and rows != self._snapshot.counts[of]:
                has = self._snapshot.counts[of]
                raise TypeError(f"it tells of {rows:,} rows of {of} in {name}; {of} has {has:,}")
        if not told:
            raise TypeError("it wrote no file")

    def _add_told(self, file: WrittenFile) -> None:
        own = file.mediatype in ("", self._exporter.mediatype)
        path = self._folder / file.name
        resource = datapackage.Resource(
            file.name, None, file.rows, path.stat().st_size, datapackage.file_hash(path)
        )
        name = datapackage.slug(file.name)
        while name in self._names:
            name += "-"
        self._names.add(name)
        described = datapackage.describe_resource(
            resource,
            format=path.suffix.removeprefix(".") or self._exporter.name,
            mediatype=file.mediatype or self._exporter.mediatype,
            encoding=self._exporter.encoding if own else None,
            dialect=self._exporter.dialect if own else None,
        )
        # Two files may differ only by their endings, and two names may not be the same.
        self._resources.append(described | {"name": name})
        self.files.append(ExportedFile(file.name, file.entity_type, file.rows, resource.bytes))

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
        left_out = {one.entity_type: one.reason for one in self._left_out}
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
                **({"left_out": left_out} if left_out else {}),
            },
        )


def _written(folder: Path) -> dict[str, Path]:
    """What an exporter wrote, by its path in the folder; of a folder only what is in it.

    Raises TypeError for a link: the export would be what it leads to, and not be whole without it.
    """
    found: dict[str, Path] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise TypeError(f"it made the link {name}, where only files may be")
        if name != COPY and not (path.is_dir() and any(path.iterdir())):
            found[name] = path
    return found


def check_file_name(name: str, what: str) -> str:
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
