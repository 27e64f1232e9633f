"""All rows of a SELECT in one cursor: of one moment, in bounded memory, however many there are."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..base.sql import unique_names
from ..errors import QueryError
from ..storage.files import Files
from .select import Select, explain_names

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 1_000  # rows that are fetched at once


class RowStream:
    """The rows of one SELECT, to be gone through once: as dicts, or as Arrow `batches`.

    The file stays open until the last row was read, or `close`, or the end of a ``with`` block. As
    long as it is, nobody can commit to the scenario: a writer waits.

    ``columns`` are the names; of two columns with one name the second is ``name_2``.
    """

    def __init__(self, files: Files, select: Select) -> None:
        self._select = select
        self._closed = False
        self._seconds = select.timeout
        self._opened = contextlib.ExitStack()
        try:
            # Not the sandbox of this thread's moment: that one must be free for other questions.
            self._sandbox = self._opened.enter_context(files.lend(select.path, select.attached))
            self._cursor = self._opened.enter_context(self._run())
        except BaseException:
            self._opened.close()
            raise
        self.columns = unique_names(column[0] for column in self._cursor.description)
        self._chunks = self._fetch()

    @contextlib.contextmanager
    def _run(self) -> Iterator[sqlite3.Cursor]:
        select = self._select
        try:
            with self._sandbox.run(select.sql, select.parameters, timeout=select.timeout) as cursor:
                yield cursor
        except QueryError as error:
            raise explain_names(error, self._sandbox, select.sql) from error

    def _fetch(self) -> Iterator[list[tuple[Any, ...]]]:
        with self._opened:
            while not self._closed:
                # Only the time that SQLite takes counts, not what the caller does with the rows.
                self._sandbox.extend(self._seconds)
                begun = time.monotonic()
                rows = self._cursor.fetchmany(_CHUNK)
                self._seconds -= time.monotonic() - begun
                if not rows:
                    return
                yield rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for rows in self._chunks:
            for row in rows:
                yield dict(zip(self.columns, row, strict=True))

    def chunks(self) -> Iterator[list[tuple[Any, ...]]]:
        """The rows as tuples in the order of ``columns``, some at a time."""
        return self._chunks

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as Arrow record batches of one schema, some at a time.

        A column has the type of its first rows: int64, double, string or binary; string where
        they are NULL. Raises QueryError for a later value that is of another type.
        """
        import pyarrow as pa

        types: list[pa.DataType] | None = None
        for rows in self._chunks:
            columns = list(zip(*rows, strict=True))
            if types is None:
                found = [self._array(*column) for column in enumerate(columns)]
                types = [pa.string() if pa.types.is_null(a.type) else a.type for a in found]
            arrays = [
                self._array(number, values, type_)
                for number, (values, type_) in enumerate(zip(columns, types, strict=True))
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=list(self.columns))

    def _array(self, number: int, values: Sequence[Any], type_: Any = None) -> pa.Array[Any]:
        import pyarrow as pa

        try:
            array: pa.Array[Any] = pa.array(values, type_)
            return array
        except pa.ArrowException as error:
            name = self.columns[number]
            raise QueryError(
                f"The values of {name} are not all of one type: {error}.",
                hint="Give it one in the SELECT: CAST(... AS TEXT), AS REAL or AS INTEGER.",
            ) from error

    def close(self) -> None:
        """Give the file free; rows that were not read are not to be had any more."""
        self._closed = True
        self._opened.close()

    def __enter__(self) -> RowStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
