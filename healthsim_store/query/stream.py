"""All rows of a SELECT from one cursor: in one read transaction and in bounded memory."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import weakref
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..base.sql import unique_names
from ..errors import QueryError
from ..storage.files import Files
from ..storage.sandbox import Sandbox
from .failures import explain_failure
from .select import Select

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 1_000  # rows per fetch

# The Python types that fit each Arrow type. The first one that fits is taken, so a column that
# begins with NULL alone is string.
_FITTING: dict[str, frozenset[type]] = {
    "string": frozenset([str]),
    "int64": frozenset([int]),
    "double": frozenset([int, float]),
    "binary": frozenset([bytes]),
}


class RowStream:
    """The rows of one SELECT, which can be read once: as dicts, or as Arrow `batches`.

    The file stays open until the last row was read, `close` was called, or a ``with`` block ends.
    Until then nobody can commit to the scenario or to those attached: writers wait, and one in the
    same thread gets ScenarioBusy at once.

    ``columns`` are the names. If two columns have the same name, the second is ``name_2``.
    """

    def __init__(self, files: Files, select: Select) -> None:
        self._closed = False
        self._seconds = select.timeout
        self._opened = contextlib.ExitStack()
        try:
            # A sandbox of its own: that of this thread's `moment` must stay free for other queries.
            self._sandbox = self._opened.enter_context(files.lend(select.path, select.attached))
            self._opened.enter_context(self._sandbox.moment())
            self._opened.enter_context(files.blocking(select.path, select.attached))
            self._cursor = self._opened.enter_context(_run(self._sandbox, select))
        except BaseException:
            self._opened.close()
            raise
        self.columns = unique_names(column[0] for column in self._cursor.description)
        self._chunks = self._fetch()
        # One that nobody closed frees the file when nobody has it any more.
        weakref.finalize(self, self._opened.close)

    def _fetch(self) -> Iterator[list[tuple[Any, ...]]]:
        with self._opened:
            while not self._closed:
                # Only the time in SQLite counts, not the time that the caller takes for the rows.
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
        """The rows as lists of tuples, at most 1,000 at a time, in the order of ``columns``."""
        return self._chunks

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as Arrow record batches of at most 1,000 rows, all with the same schema.

        The type of a column is that of the values in the first batch: int64, double, string or
        binary; string if all of them are NULL. Whole numbers fit into a column of double. Raises
        QueryError for any other value of another type.
        """
        import pyarrow as pa

        types: list[pa.DataType] | None = None
        for rows in self._chunks:
            columns = list(zip(*rows, strict=True))
            if types is None:
                types = [self._arrow_type(*column) for column in enumerate(columns)]
            arrays = [
                self._array(number, values, type_)
                for number, (values, type_) in enumerate(zip(columns, types, strict=True))
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=list(self.columns))

    def _arrow_type(self, number: int, values: Sequence[Any]) -> pa.DataType:
        import pyarrow as pa

        kinds = _kinds(values)
        names = [name for name, fitting in _FITTING.items() if kinds <= fitting]
        if not names:
            raise self._mixed(number, _told(kinds))
        found: pa.DataType = pa.type_for_alias(names[0])  # type: ignore[call-overload]
        return found

    def _array(self, number: int, values: Sequence[Any], type_: pa.DataType) -> pa.Array[Any]:
        import pyarrow as pa

        # Arrow itself would cut 1.5 to 1 in a column of whole numbers, and take bytes as text.
        odd = _kinds(values) - _FITTING[str(type_)]
        if odd:
            raise self._mixed(number, f"{_told(odd)} among {type_}")
        try:
            array: pa.Array[Any] = pa.array(values, type_)
            return array
        except pa.ArrowException as error:
            raise self._mixed(number, str(error)) from error

    def _mixed(self, number: int, reason: str) -> QueryError:
        return QueryError(
            f"The values of {self.columns[number]} are not all of one type: {reason}.",
            hint="Give it one in the SELECT: CAST(... AS TEXT), AS REAL or AS INTEGER.",
        )

    def close(self) -> None:
        """Close the file. Rows that were not read yet can no longer be read."""
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


@contextlib.contextmanager
def _run(sandbox: Sandbox, select: Select) -> Iterator[sqlite3.Cursor]:
    try:
        with sandbox.run(
            select.sql, select.parameters, timeout=select.timeout, written=True
        ) as cursor:
            yield cursor
    except QueryError as error:
        raise explain_failure(error, sandbox, select.sql) from error


def _kinds(values: Sequence[Any]) -> set[type]:
    return set(map(type, values)) - {type(None)}


def _told(kinds: set[type]) -> str:
    return ", ".join(sorted(kind.__name__ for kind in kinds))
