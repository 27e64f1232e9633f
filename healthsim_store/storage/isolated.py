"""A sandbox in a process of its own, which can be ended whatever SQLite is doing there.

In one process nothing stops a function that runs for a minute, or a statement that takes a minute
and gigabytes to be parsed: the deadline is only looked at between steps. So what a stranger's SQL
or a stranger's file may do is done by a `worker`, at most until its time is over.
"""

from __future__ import annotations

import contextlib
import itertools
import marshal
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import errors
from ..base.sqlite import connect, file_errors, recover
from ..errors import QueryTooLarge, ScenarioFileError
from .processes import Ended, processes
from .sandbox import Sandbox, copy_file, too_late
from .worker import HEAP_BYTES, TOO_LATE

_FIRST_ROWS = 64
_MOST_ROWS = 1_000
_FIRST_SECONDS = 0.005  # of waiting for more rows than the first
_MORE_SECONDS = 0.05
_OWN_SECONDS = 10.0  # for a statement of our own
_OPEN_SECONDS = 30.0  # a file is opened: it may be busy for ten, and a journal may be undone


class Row(tuple[Any, ...]):
    """A row by position and by the names of its columns, as sqlite3.Row is."""

    names: tuple[str, ...]

    def keys(self) -> list[str]:
        return list(self.names)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            try:
                key = self.names.index(key)
            except ValueError:
                raise IndexError("No item with that key") from None
        return super().__getitem__(key)


class _Cursor:
    """The rows of one statement, fetched as they are wanted; what a reader needs of sqlite3's."""

    rowcount = -1
    lastrowid = None

    def __init__(self, connection: _Connection) -> None:
        self.connection = connection
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self._rows: deque[tuple[Any, ...]] = deque()
        self._number = 0
        self._life = connection.life
        self._count = _FIRST_ROWS
        self.timeout: float | None = None  # a new limit, told with the next request
        self._limit = 0.0  # seconds that it may take
        self._until = 0.0  # when they are over

    def execute(self, sql: str, parameters: Any = ()) -> _Cursor:
        return self.begin("execute", sql, parameters, self.connection.seconds)

    def begin(self, name: str, sql: str, parameters: Any, timeout: float, *more: Any) -> _Cursor:
        self._drop()
        self._limit, self._until = timeout, time.monotonic() + timeout
        given = _plain(parameters)
        ask = self.connection.ask
        columns, rows, self._number = ask(
            name, timeout, sql, given, timeout, self._count, _FIRST_SECONDS, *more
        )
        self._life = self.connection.life
        if self._number:
            self.connection.open.add(self._number)
        names = tuple(columns) if columns is not None else None
        self.description = tuple((n, *[None] * 6) for n in names) if names is not None else None
        self._take(rows)
        return self

    def _take(self, blocks: Sequence[bytes]) -> None:
        rows = itertools.chain.from_iterable(map(marshal.loads, blocks))
        if self.connection.row_factory is None or self.description is None:
            self._rows.extend(rows)
            return
        kind = type("Row", (Row,), {"names": tuple(column[0] for column in self.description)})
        self._rows.extend(map(kind, rows))

    def _more(self, count: int) -> bool:
        """Fetch until there is a row; false at the end."""
        while not self._rows and self._number:
            if self._life != self.connection.life:
                raise self.connection.lost()
            if self.timeout is not None:
                self._limit, self._until = self.timeout, time.monotonic() + self.timeout
            left = max(0.0, self._until - time.monotonic())
            rows, ended = self.connection.ask(
                "fetch", left, self._number, count, _MORE_SECONDS, self.timeout, limit=self._limit
            )
            self.timeout = None
            if ended:
                self.connection.open.discard(self._number)
                self._number = 0
            self._take(rows)
        return bool(self._rows)

    def __iter__(self) -> Iterator[Any]:
        while self._more(self._count):
            yield self._rows.popleft()
            if not self._rows:
                self._count = min(self._count * 2, _MOST_ROWS)

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._more(self._count) else None

    def fetchmany(self, size: int = 1) -> list[Any]:
        found: list[Any] = []
        while (left := size - len(found)) and self._more(min(left, _MOST_ROWS)):
            if left < len(self._rows):
                found.extend(self._rows.popleft() for _ in range(left))
            else:
                found.extend(self._rows)
                self._rows.clear()
        return found

    def fetchall(self) -> list[Any]:
        return list(self)

    def close(self) -> None:
        """No more rows are wanted; told at once."""
        self._rows.clear()
        self._drop()
        self.connection.tell_dropped()

    def _drop(self) -> None:
        if self._number and self._life == self.connection.life:
            self.connection.dropped.append(self._number)
        self._number = 0

    def __del__(self) -> None:
        self._drop()


def _plain(parameters: Any) -> Any:
    """Values that can be sent; others are left to SQLite's module, which refuses them."""
    if isinstance(parameters, Mapping):
        return {name: _value(value) for name, value in parameters.items()}
    return tuple(map(_value, parameters))


def _value(value: Any) -> Any:
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if value is None or isinstance(value, bytes):
        return value
    raise sqlite3.ProgrammingError(f"type '{type(value).__name__}' is not supported")


class _Connection:
    """What a reader needs of a connection, over a worker."""

    def __init__(self, path: Path, attached: Mapping[str, Path], *, browsed: bool) -> None:
        self.row_factory: Any = sqlite3.Row if browsed else None
        self.text_factory: Any = str
        self.seconds = _OWN_SECONDS
        self.in_transaction = False
        self.dropped: deque[int] = deque()
        self.open: set[int] = set()  # statements of the worker's that are not at their end
        self.life = 0  # of the process, as a number: what an earlier one had open is lost
        self._path = path
        self._files = [path, *attached.values()]
        self._moment: list[tuple[int, ...]] = []
        others = {alias: str(other) for alias, other in attached.items()}
        self._open = ("open", _OPEN_SECONDS, str(path), others, browsed)
        for file in self._files:
            with file_errors(file):
                recover(file)  # here: of a large file it is more than a worker may write
        self._ended = False  # the worker, by a statement that took too much
        self._process = processes.take()
        try:
            self.format = self._process.ask(*self._open)
        except Ended:
            self._process.end()
            raise self.lost() from None
        except BaseException:
            self._process.end()
            raise

    def ask(self, name: str, seconds: float, *arguments: Any, limit: float | None = None) -> Any:
        """The worker's answer. Raises what is raised there, QueryTimeout, QueryTooLarge.

        After one of these the next statement goes on in a new worker. ``limit`` is what the
        statement was given, where ``seconds`` are what is left of it.
        """
        self.tell_dropped()
        return self._ask(name, seconds, *arguments, limit=limit)

    def _ask(self, name: str, seconds: float, *arguments: Any, limit: float | None = None) -> Any:
        if self._ended:
            self._start_again()
        try:
            return self._process.ask(name, seconds, *arguments)
        except Ended as ended:
            if ended.code is None:
                raise self.lost() from None
            self.dropped.clear()
            self.open.clear()
            self.life += 1
            self._ended = True
            if ended.code == TOO_LATE:
                raise too_late(seconds if limit is None else limit) from None
            raise QueryTooLarge(
                f"The statement needs more than {HEAP_BYTES // 10**6} MB of memory, or of temporary"
                " files.",
                hint="Ask for less (WHERE, LIMIT), or for smaller values.",
            ) from None

    def _start_again(self) -> None:
        """A new worker on the same file, in the same moment as long as nobody has written."""
        self._ended = False
        process = processes.take(slow=True)
        process.late = self._process.late
        with contextlib.suppress(Ended, sqlite3.Error, errors.HealthsimStoreError):
            process.ask(*self._open)
            if self.in_transaction:
                process.ask("begin", _OPEN_SECONDS)
            if not self.in_transaction or self._marks() == self._moment:
                self._process = process
                return
        process.end()

    def _marks(self) -> list[tuple[int, ...]]:
        """What changes with every commit to one of the files."""
        marks: list[tuple[int, ...]] = []
        for file in self._files:
            for path in (str(file), f"{file}-wal"):
                with contextlib.suppress(FileNotFoundError):
                    found = os.stat(path)
                    marks.append((found.st_ino, found.st_size, found.st_mtime_ns))
        return marks

    def lost(self) -> ScenarioFileError:
        """The error for whoever reads on where the worker that read is gone."""
        return ScenarioFileError(
            f"{self._path.name} is not being read any more: the process that read it has ended.",
            hint="Ask again.",
        )

    @property
    def usable(self) -> bool:
        """Whether there is a worker, and it is this process's own."""
        return self._process.ours

    @property
    def slow(self) -> bool:
        """Whether its worker lets others go first."""
        return self._process.slow

    def begin(self) -> None:
        """Begin a read transaction."""
        self.ask("begin", _OPEN_SECONDS)
        self._moment = self._marks()
        self.in_transaction = True

    def end(self) -> None:
        """End it, where it is not lost already."""
        self.in_transaction = False
        if self.usable:
            self.ask("end", _OPEN_SECONDS)

    def tell_dropped(self) -> None:
        """Let go of statements that nobody reads to their end."""
        if self.dropped and self._process.ours:
            numbers = [self.dropped.popleft() for _ in range(len(self.dropped))]
            self.open.difference_update(numbers)
            self._ask("drop", self.seconds, numbers)

    def rest(self) -> None:
        """Let go of all statements: one that is open keeps writers from the file."""
        self.dropped.extend(self.open)
        with contextlib.suppress(errors.HealthsimStoreError, sqlite3.Error):
            self.tell_dropped()

    def cursor(self) -> _Cursor:
        return _Cursor(self)

    def execute(self, sql: str, parameters: Any = ()) -> _Cursor:
        return self.cursor().execute(sql, parameters)

    def set_progress_handler(self, handler: Callable[[], Any] | None, n: int) -> None:
        """Datasette's own time limits: the handler is asked while we wait for an answer."""
        self._process.late = handler

    def close(self) -> None:
        if not self._process.ours:
            self._process.end()
            return
        try:
            self._process.ask("close", self.seconds)
        except (Ended, sqlite3.Error, errors.HealthsimStoreError):
            self._process.end()
        else:
            self._process.late = None
            processes.give_back(self._process)


class IsolatedSandbox(Sandbox):
    """The same as `Sandbox`, in a process that ends when a statement does not end in time.

    Raises what `Sandbox` raises; QueryTooLarge also for too much memory.
    """

    def __init__(
        self,
        path: Path,
        *,
        attached: Mapping[str, Path] | None = None,
        browsed: bool = False,
    ) -> None:
        self.path = path
        self.attached = tuple(attached or ())
        self._remote = _Connection(path, attached or {}, browsed=browsed)
        self.connection = self._remote  # type: ignore[assignment]
        self.format = self._remote.format
        self._running: _Cursor | None = None
        self._denied = None

    @property
    def usable(self) -> bool:
        """See `Sandbox.usable`. One that was slow is not kept: others would lose their place."""
        return self._remote.usable and not self._remote.slow

    def rest(self) -> None:
        """See `Sandbox.rest`."""
        self._remote.rest()

    def guard(self) -> None:
        """The worker's sandbox is guarded from the start; a deadline of Datasette's ends here."""
        self._remote.set_progress_handler(None, 0)

    @contextlib.contextmanager
    def run(
        self,
        sql: str,
        parameters: Sequence[Any] | Mapping[str, Any] = (),
        *,
        timeout: float,
        written: bool = False,
    ) -> Iterator[sqlite3.Cursor]:
        """Run one SELECT; see `Sandbox.run`."""
        cursor = self._remote.cursor()
        outer, self._running = self._running, cursor
        try:
            with self._explaining(sql, timeout):
                cursor.begin("run", sql, parameters, timeout, written)
                yield cursor  # type: ignore[misc]
        finally:
            self._running = outer
            cursor.close()

    def extend(self, seconds: float) -> None:
        """Inside `run`: the statement may take so many seconds from now on."""
        if self._running is not None:
            self._running.timeout = seconds

    def inspect(self, pragma: str, *, timeout: float) -> list[tuple[Any, ...]]:
        """See `Sandbox.inspect`."""
        found: list[tuple[Any, ...]] = self._remote.ask("inspect", timeout, pragma, timeout)
        return found

    def table_info(self, table: str, *, timeout: float) -> list[tuple[Any, ...]]:
        """See `Sandbox.table_info`."""
        found: list[tuple[Any, ...]] = self._remote.ask("table_info", timeout, table, timeout)
        return found

    @contextlib.contextmanager
    def moment(self) -> Iterator[None]:
        """See `Sandbox.moment`."""
        if self._remote.in_transaction:
            yield
            return
        self._remote.begin()
        try:
            yield
        finally:
            self._remote.end()

    def blob_size(self, schema: str, table: str, column: str, rowid: int) -> int:
        """See `Sandbox.blob_size`."""
        found: int = self._remote.ask("blob_size", _OWN_SECONDS, schema, table, column, rowid)
        return found

    def copy_to(self, target: Path, *, history: bool = False) -> None:
        """See `Sandbox.copy_to`. No SQL runs, and no limit of a worker holds for the copy."""
        with (
            self.moment(),
            file_errors(self.path),
            contextlib.closing(connect(self.path, mode="ro")) as source,
        ):
            copy_file(source, self.path, target, history=history)

    def close(self) -> None:
        self._remote.close()
