"""An end to the statements of a mapping on real rows, and to what they may give.

Before, they were tried on empty tables; there a statement that never ends with rows ends at once.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ..base.sqlite import located
from ..errors import DeclarationError

SECONDS = 60.0  # of the processor, for each statement
SECONDS_PER_MB = 10.0  # of what it reads, besides
_STEPS = 10_000  # of SQLite's virtual machine, between looks at the clock
_FREE_ROWS = 1_000_000  # that a statement may give, besides one for each byte of what it reads
_BATCH = 1_000  # rows between two looks

ENDLESS = "Does a join lack its ON, or does a WITH RECURSIVE never end?"

Row = tuple[Any, ...]


def seconds_for(size: int) -> float:
    """How many seconds of the processor a statement may take that reads so many bytes."""
    return SECONDS + SECONDS_PER_MB * size / 1e6


def rows_for(size: int) -> int:
    """How many rows a statement may give that reads so many bytes."""
    return size + _FREE_ROWS


class StatementClock:
    """Ends the statements of a connection.

    Args:
        connection: with the files loaded.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        self._bytes: int = pages * size
        self._seconds = seconds_for(self._bytes)
        self._until = math.inf
        connection.set_progress_handler(self._is_over, _STEPS)

    def _is_over(self) -> bool:
        return time.thread_time() > self._until

    @contextlib.contextmanager
    def running(self, where: str, used: float = 0.0) -> Iterator[None]:
        """In the block a statement runs.

        Args:
            where: its file and line.
            used: seconds of the processor that it took before.

        Raises DeclarationError where it takes too long or SQLite has an error, and
        KeyboardInterrupt where it was Ctrl-C that ended it: Python's sqlite3 forgets what was
        raised while it asked for the time.
        """
        self._until = time.thread_time() + self._seconds - used
        try:
            with located(where):
                yield
        except DeclarationError as error:
            if str(error.__cause__) != "interrupted":
                raise
            if not self._is_over():
                raise KeyboardInterrupt from error
            raise DeclarationError(
                f"{where}: it takes more than {self._seconds:,.0f} seconds of the processor on"
                f" these files, which have {self._bytes / 1e6:,.1f} MB",
                hint=ENDLESS,
            ) from error
        finally:
            self._until = math.inf

    def rows(
        self, sql: str, where: str, values: Mapping[str, Any]
    ) -> tuple[list[str], Iterator[list[Row]]]:
        """The names of a SELECT's columns, and its rows in lists.

        Args:
            sql: the SELECT.
            where: its file and line.
            values: of its parameters.

        Raises DeclarationError, also while rows are read.
        """
        start = time.thread_time()
        with self.running(where):
            cursor = self._connection.execute(sql, values)
        names = [description[0] for description in cursor.description]
        return names, self._batches(cursor, where, time.thread_time() - start)

    def _batches(self, cursor: sqlite3.Cursor, where: str, used: float) -> Iterator[list[Row]]:
        given = 0
        while True:
            start = time.thread_time()
            with self.running(where, used):
                batch = cursor.fetchmany(_BATCH)
            used += time.thread_time() - start  # what is done with the rows is not its time
            if not batch:
                return
            given += len(batch)
            if given > rows_for(self._bytes):
                raise DeclarationError(
                    f"{where}: it gives over {given:,} rows of files that have"
                    f" {self._bytes / 1e6:,.1f} MB",
                    hint=ENDLESS,
                )
            yield batch
