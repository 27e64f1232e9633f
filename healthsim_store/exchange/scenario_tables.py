"""A whole scenario as an exporter reads it: its tables, and SELECTs that may join them."""

from __future__ import annotations

import itertools
import time
from collections.abc import (
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.prefetch import work_ahead
from ..base.progress import Progress
from ..errors import QueryError, QueryTimeout, QueryTooLarge
from ..schema.model import EntityType
from ..schema.types import Stored
from ..storage.inserting import add_table, insert_selected
from ..storage.sandbox import Sandbox
from .snapshot import Snapshot
from .statement_clock import rows_for, seconds_for
from .table import Table

if TYPE_CHECKING:
    import pyarrow as pa

    from .export_result import DatasetAccount

_SECONDS = 3600.0  # for a SELECT to give its next rows
_ROWS = 1_000  # that are fetched at once


@dataclass(frozen=True, slots=True)
class SelectedRows:
    """The rows of a SELECT, which can be read once: ``for row in rows``, in bounded memory.

    ``columns`` are their names. A row is a tuple of values as they are stored: text, int, float or
    None; a DATE is text.
    """

    columns: tuple[str, ...]
    _rows: Iterator[tuple[Any, ...]] = field(repr=False)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows


class ScenarioTables:
    """A scenario of one moment, which ``write_all`` of an `Exporter` reads.

    ``name``, ``description`` and ``tags`` are those of the scenario. ``entity_types`` are those to
    export, by name, with the columns to export. ``options`` are the values of the exporter's
    options, by name. ``told`` is what `tell` was told.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        entity_types: Mapping[str, EntityType],
        options: Mapping[str, Stored],
        *,
        hidden: Collection[tuple[str, str]],
        progress: Progress,
        unreadable: Callable[[str, Exception], Exception],
    ) -> None:
        self.name = snapshot.source.stem
        self.description = snapshot.identity.description
        self.tags = snapshot.tags
        self.entity_types = dict(entity_types)
        self.options = dict(options)
        self._snapshot = snapshot
        self._hidden = hidden
        self._progress = progress
        self._unreadable = unreadable
        self.told: list[DatasetAccount] = []
        self.unwritten: dict[str, tuple[str, ...]] = {}
        self._read: set[str] = set()  # the tables of which progress was told
        self._free: list[Sandbox] = []
        self._open: dict[int, Generator[tuple[Any, ...], None, None]] = {}
        self._numbers = itertools.count()

    def table(self, entity_type: str) -> Table:
        """The rows of one entity type. They can be read again by another call.

        Args:
            entity_type: one of `entity_types`.

        Raises KeyError for one that is not to be exported.
        """
        found = self.entity_types[entity_type]
        return Table(
            found,
            self._snapshot.counts[entity_type],
            lambda: self._batches(found),
            self.options,
            lambda error: self._unreadable(entity_type, error),
        )

    def _batches(self, entity_type: EntityType) -> Iterator[pa.RecordBatch]:
        first = entity_type.name not in self._read
        self._read.add(entity_type.name)
        with work_ahead(self._snapshot.pieces(entity_type)) as batches:
            for batch in batches:
                if batch.num_rows:  # there may be a gap between the rowids
                    yield batch
                    if first:
                        self._progress(batch.num_rows)

    def select(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> SelectedRows:
        """The rows of one SELECT, which may join all tables and views of the scenario.

        It can only read. A column that is not exported because it is sensitive is NULL. Several may
        be open at once.

        Args:
            sql: the SELECT, in SQLite's dialect.
            parameters: values for its ``?`` or ``:name``.

        Raises ValueError for a statement that cannot be run, QueryTooLarge for a value that is too
        large.
        """
        number = next(self._numbers)
        rows = self._open[number] = self._run(sql, parameters, number)
        return SelectedRows(next(rows), rows)

    def add_table(
        self, sql: str, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Make a table that SELECTs may read, in the private copy of the scenario.

        Args:
            sql: its CREATE TABLE.
            table, columns: their names.
            rows: values as they are stored, in the order of the columns.

        Raises sqlite3.IntegrityError for a row that breaks a rule of the table, and
        sqlite3.OperationalError for a table that cannot be made.
        """
        add_table(self._snapshot.path, sql, table, columns, rows)

    def insert_into(
        self,
        database: Path,
        table: str,
        columns: Sequence[str],
        sql: str,
        parameters: Mapping[str, Any],
    ) -> int:
        """Put all rows of a SELECT into a table of another database, or none; how many they are.

        It reads as `select` does, which must have taken the statement before.

        Args:
            database: the SQLite file with the table.
            table: its name.
            columns: what the SELECT gives, in its order.
            sql: the SELECT.
            parameters: values for its ``:name``.

        Raises sqlite3.IntegrityError for a row that the table refuses, QueryTimeout, QueryTooLarge
        for over `most_rows`, NotWritable, and another sqlite3.Error where it cannot be done so.
        """
        return insert_selected(
            self._snapshot.path, database, table, columns, sql, parameters,
            hidden=self._hidden, seconds=seconds_for(self._size), rows=self.most_rows,
        )  # fmt: skip

    @property
    def most_rows(self) -> int:
        """How many rows a SELECT may give that ends: of a small scenario a million and more."""
        return rows_for(self._size)

    @property
    def _size(self) -> int:
        return self._snapshot.path.stat().st_size

    def _run(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any], number: int
    ) -> Generator[tuple[Any, ...], None, None]:
        """First the names of the columns, then the rows."""
        if not self._free:
            self._free.append(Sandbox(self._snapshot.path, hidden=self._hidden))
        sandbox = self._free.pop()
        until = time.monotonic() + _SECONDS
        try:
            with sandbox.run(sql, parameters, timeout=_SECONDS, written=True) as cursor:
                yield tuple(column[0] for column in cursor.description)
                while rows := cursor.fetchmany(_ROWS):
                    yield from rows
                    sandbox.extend(_SECONDS)
                    until = time.monotonic() + _SECONDS
        except QueryTimeout as error:
            if time.monotonic() < until:  # Python's sqlite3 forgets that it was Ctrl-C
                raise KeyboardInterrupt from error
            raise
        except QueryTooLarge:
            raise
        except QueryError as error:
            # The exporter wrote it, not the user.
            raise ValueError(error.in_one_line) from error
        finally:
            self._free.append(sandbox)
            self._open.pop(number, None)

    def tell(self, account: DatasetAccount) -> None:
        """Have the reply of the export say what became of the rows for a dataset.

        Args:
            account: of one dataset.
        """
        self.told.append(account)

    def leave(self, entity_type: str, columns: Sequence[str]) -> None:
        """Have the reply of the export say which columns with values are in no file.

        Args:
            entity_type: whose they are.
            columns: their names.
        """
        self.unwritten[entity_type] = tuple(columns)

    def close(self) -> None:
        """End what is still being read."""
        for rows in [*self._open.values()]:
            rows.close()
        for sandbox in self._free:
            sandbox.close()
