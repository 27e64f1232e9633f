"""A scenario at one moment: a private copy of its file, read as Arrow batches.

The ADBC driver reads three times as fast as Python's cursor, but it has an SQLite library of its
own. Two SQLite libraries in one process that open the same file break each other's locks. So the
driver never opens the scenario file. It opens a private copy, as immutable and without locks. A
long export then blocks no writer, and all its tables show the same moment.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.sql import quoted, rowid_ends
from ..base.sqlite import MAX_BYTES, file_errors, uri
from ..base.wording import call
from ..errors import CorruptScenario, QueryTooLarge
from ..schema.model import EntityType
from ..schema.registry import Registry
from ..storage.catalog import StoredProduct, read_entity_types, read_products
from ..storage.format import Identity, has_table, read_identity, read_tags
from ..storage.sandbox import Sandbox

if TYPE_CHECKING:
    import pyarrow as pa

# The most rows of a batch, and about the most bytes: a row may have long texts.
BATCH_ROWS = 32_768
BATCH_BYTES = 8_000_000


_LEAST = -(2**63)  # rowid
_SECONDS = 3600.0  # to count a table; reading it has no deadline
# ADBC takes the types of a result from its first rows, but a column may begin with NULLs. So a row
# with a value of the right type is put in front, and removed again.
_FIRST = {"TEXT": "''", "INTEGER": "0", "REAL": "0.0"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A private copy of a scenario at ``path``, and what is in it.

    ``source`` is the scenario's file, for messages. ``counts`` are rows by entity type.
    """

    path: Path
    source: Path
    identity: Identity
    tags: tuple[str, ...]
    products: tuple[StoredProduct, ...]
    registry: Registry
    counts: dict[str, int]
    cuts: dict[str, list[int]]  # the rowids between which the pieces of a table lie

    @classmethod
    def take(cls, source: Path, path: Path) -> Snapshot:
        """Copy the scenario at ``source`` to ``path``.

        Raises the errors of opening a scenario, and NotWritable.
        """
        with contextlib.closing(Sandbox(source)) as sandbox:
            sandbox.copy_to(path)
        with contextlib.closing(Sandbox(path)) as sandbox, file_errors(source):
            connection = sandbox.connection
            registry = Registry(read_entity_types(connection))
            counts, cuts = {}, {}
            for entity_type in registry:
                _check_table(sandbox, entity_type, source)
                sql = f"SELECT count(*) FROM {quoted(entity_type.name)}"
                with sandbox.run(sql, timeout=_SECONDS) as cursor:
                    counts[entity_type.name] = int(cursor.fetchone()[0])
                cuts[entity_type.name] = _cuts(sandbox, entity_type, counts[entity_type.name])
            return cls(
                path=path,
                source=source,
                identity=read_identity(connection),
                tags=read_tags(connection),
                products=read_products(connection),
                registry=registry,
                counts=counts,
                cuts=cuts,
            )

    def pieces(self, entity_type: EntityType) -> list[Callable[[], pa.RecordBatch]]:
        """The rows of a table as functions, one for each piece, in the order of the rowid.

        Each function may be called in any thread. It returns a batch of rows as they are stored:
        strings, int64 and doubles. It raises CorruptScenario for a value that is not of its
        column's type, and for text that is not UTF-8.
        """
        cuts = self.cuts[entity_type.name]
        return [
            functools.partial(self._read, entity_type, after, last)
            for after, last in itertools.pairwise(cuts)
        ]

    def _read(self, entity_type: EntityType, after: int, last: int) -> pa.RecordBatch:
        import adbc_driver_manager
        import pyarrow as pa
        from adbc_driver_sqlite import dbapi

        columns = entity_type.columns
        first = ", ".join(_FIRST[column.type.storage] for column in columns)
        names = ", ".join(quoted(column.name) for column in columns)
        # NOT INDEXED: rows must come in the order of the rowid. SQLite still finds rowids quickly.
        sql = (
            f"SELECT {first} UNION ALL SELECT {names} FROM {quoted(entity_type.name)} NOT INDEXED"
            f" WHERE rowid > {after} AND rowid <= {last}"
        )
        try:
            with (
                contextlib.closing(dbapi.connect(f"{uri(self.path, 'ro')}&immutable=1")) as adbc,
                contextlib.closing(adbc.cursor()) as cursor,
            ):
                # The rows of a piece, and the row in front that sets the types.
                option = {"adbc.sqlite.query.batch_rows": str(BATCH_ROWS + 1)}
                cursor.adbc_statement.set_options(**option)
                cursor.execute(sql)
                # The option above makes all rows one batch; slice(1) removes the row in front.
                batch: pa.RecordBatch = next(iter(cursor.fetch_record_batch())).slice(1)
                batch.validate(full=True)  # SQLite does not check that text is UTF-8
                if batch.schema.types != [column.type.stored_arrow() for column in columns]:
                    raise pa.ArrowInvalid("a value is of another type than its column")
                return batch.rename_columns([column.name for column in columns])
        except (adbc_driver_manager.Error, pa.ArrowException, OSError) as error:
            raise damaged(self.source, entity_type.name, error) from error


def damaged(scenario: Path, entity_type: str, error: Exception | str) -> CorruptScenario:
    """The error for a row that cannot be read as the data dictionary of the file declares it."""
    reason = (str(error).splitlines() or ["unreadable"])[0]
    return CorruptScenario(
        f"{scenario.stem}: a row of {entity_type} cannot be read as declared: {reason}",
        hint=f"{call('check_scenario', scenario)} looks for what is wrong.",
    )


def _cuts(sandbox: Sandbox, entity_type: EntityType, count: int) -> list[int]:
    """Rowids in order; between two of them lie at most as many rows as a batch may have."""
    table = quoted(entity_type.name)
    with sandbox.run(rowid_ends(table), timeout=_SECONDS) as cursor:
        low, high = cursor.fetchone()
    if low is None:
        return []
    before = low - 1 if low > _LEAST else 2 * _LEAST  # which SQLite reads as a float
    step = max(16, min(BATCH_ROWS, int(BATCH_BYTES / _width(sandbox, entity_type))))
    if high - low < 2 * count:
        return [before, *range(low - 1 + step, high, step), high]
    # With large gaps between rowids, equal steps would make many empty pieces: count the rows.
    sql = (
        f"SELECT rowid FROM (SELECT rowid, row_number() OVER (ORDER BY rowid) AS n FROM {table})"
        f" WHERE n % {step} = 0 AND rowid < {high}"
    )
    with sandbox.run(sql, timeout=_SECONDS) as cursor:
        return [before, *(rowid for (rowid,) in cursor), high]


def _width(sandbox: Sandbox, entity_type: EntityType) -> float:
    """About how many bytes a row takes in memory."""
    lengths = ", ".join(f"total(length({quoted(c.name)}))" for c in entity_type.columns)
    sql = f"SELECT {lengths}, count(*) FROM (SELECT * FROM {quoted(entity_type.name)} LIMIT 500)"
    try:
        with sandbox.run(sql, timeout=_SECONDS) as cursor:
            *totals, rows = cursor.fetchone()
    except QueryTooLarge:
        return MAX_BYTES
    return float(sum(totals) / max(1, rows) + 6 * len(totals))  # offsets and null bits


def _check_table(sandbox: Sandbox, entity_type: EntityType, scenario: Path) -> None:
    """Raises CorruptScenario unless the entity type is a table with stored columns.

    A file from somebody else may have a view or computed columns instead. They would run SQL from
    the file outside of the sandbox.
    """
    is_table = has_table(sandbox.connection, entity_type.name)
    stored: dict[str, Any] = {}
    if is_table:
        # PRAGMA table_info leaves out computed columns.
        info = sandbox.table_info(entity_type.name, timeout=_SECONDS)
        stored = {name: declared for _, name, declared, *_ in info}
    wrong = [c.name for c in entity_type.columns if stored.get(c.name) != c.type.storage]
    if wrong:
        what = f"the column {wrong[0]}" if is_table else "a table of that name"
        raise CorruptScenario(
            f"{scenario.stem}: its data dictionary has {entity_type.name}, "
            f"but {what} is not there as declared.",
            hint=f"{call('check_scenario', scenario)} looks for what is wrong.",
        )
