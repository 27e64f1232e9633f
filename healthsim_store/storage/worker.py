"""The process that reads a scenario for another one; see `isolated`, which starts and ends it.

It is there to be ended: a long function or a statement with a million terms cannot be stopped from
inside. So it looks at the clock itself, and ends at once when its time is over or when nobody
listens any more. Its memory and its temporary files are limited.

A request or an answer is a tuple of plain values, as marshal writes it, with its length in front.
"""

from __future__ import annotations

import contextlib
import itertools
import marshal
import os
import queue
import sqlite3
import stat
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from ..base import wording
from ..base.sqlite import connect
from ..errors import HealthsimStoreError
from .sandbox import Sandbox

TOO_LATE = 70  # its exit code when its time was over
TOO_LARGE = 71  # when its temporary files were too large

HEAP_BYTES = 400_000_000  # of SQLite
ADDRESS_BYTES = 1_000_000_000  # of all of the process
TEMPORARY_BYTES = 400_000_000  # of one temporary file
ALL_TEMPORARY_BYTES = 600_000_000  # of all; more may be there when it is looked at

SLOW_SECONDS = 0.2  # of the processor, after which a considerate worker lets others go first
CONSIDERATE = "considerate"  # its argument
SLOW = "slow"  # the same, for one that lets others go first from the start
NICENESS = 10  # more than that of the process that asks

TRIAL_SECONDS = 3.0  # of the processor, for a statement that is tried and that nothing stops
_STOPPED_SECONDS = 1.0  # the same, for one that can be stopped
_TRIAL_STEPS = 10_000
_GRACE_SECONDS = 0.25  # for what SQLite cannot stop by itself at its deadline
_LOOK_SECONDS = 0.1  # between looks at the clock
_CLOSE_LOOK_SECONDS = 0.02  # the same, while what is slow has the processor as all others do
_CHUNK_BYTES = 1_000_000
_BLOCK_ROWS = 32
_MOST_FILES = 256  # numbers of open files that are looked at
_LENGTH = struct.Struct(">I")


def send(stream: IO[bytes], message: tuple[Any, ...]) -> None:
    """Write one message. Raises ValueError for a value that is not plain, OSError."""
    text = marshal.dumps(message, 2)
    stream.write(_LENGTH.pack(len(text)) + text)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[Any, ...]:
    """Read one message. Raises EOFError where there is none any more, OSError."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    text = stream.read(_LENGTH.unpack(head)[0])
    found: tuple[Any, ...] = marshal.loads(text)  # noqa: S302 (written by this module's `send`)
    return found


class _Cursor:
    """The rows of a statement that is not at its end."""

    def __init__(
        self, rows: sqlite3.Cursor, opened: contextlib.ExitStack, is_late: Callable[[], bool]
    ) -> None:
        self._rows = rows
        self._opened = opened
        self._is_late = is_late
        self._block = 1  # rows that are read at once

    def fetch(self, count: int, seconds: float) -> tuple[list[bytes], bool]:
        """Some of the next ``count`` rows, as many as come in that time; whether that was all.

        The rows are in blocks, as marshal writes a list of them.
        """
        found: list[bytes] = []
        size, until = 0, time.monotonic() + seconds
        try:
            while count:
                wanted = min(count, self._block)
                rows = list(itertools.islice(self._rows, wanted))
                found.append(marshal.dumps(rows, 2))
                count -= len(rows)
                size += len(found[-1])
                if len(rows) < wanted:
                    self.close()
                    return found, True
                # How long rows are is known when they are read, so few are read after long ones.
                short = len(found[-1]) < _CHUNK_BYTES // 10
                self._block = min(2 * self._block, _BLOCK_ROWS) if short else 1
                if self._is_late():  # SQLite looks at the clock after steps, not after rows
                    raise sqlite3.OperationalError("interrupted")
                if size > _CHUNK_BYTES or time.monotonic() > until:
                    break
        except BaseException:
            # What the sandbox makes of the error.
            if not self._opened.__exit__(*sys.exc_info()):
                raise
        return found, False

    def close(self) -> None:
        self._opened.close()


class Worker:
    """Does what `isolated.IsolatedSandbox` asks, one request after the other."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO, *, considerate: bool = False) -> None:
        """``considerate``: one of many, so what is slow leaves the processor to what is not."""
        self._considerate = considerate
        self._requests = requests
        self._answers = answers
        self._sandbox: Sandbox | None = None
        self._moment = contextlib.ExitStack()
        self._cursors: dict[int, _Cursor] = {}
        self._trials: sqlite3.Connection | None = None
        self._numbers = itertools.count(1)
        self._waiting: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._busy = threading.Event()
        self._gave_way = False
        self._used_before = 0.0
        self._until = float("inf")
        self._processor_until = float("inf")

    def serve(self) -> None:
        """Answer until nobody asks any more."""
        for other in (self._listen, self._watch):
            threading.Thread(target=other, daemon=True).start()
        while True:
            name, seconds, door, *arguments = self._waiting.get()
            self._until = time.monotonic() + seconds + _GRACE_SECONDS
            self._used_before = time.process_time()
            self._busy.set()
            with wording.at(*door):
                answer = self._answer(getattr(self, f"do_{name}"), arguments)
            self._until = float("inf")
            self._busy.clear()
            send(self._answers, (self._gave_way, *answer))

    def _listen(self) -> None:
        """Take requests in, also while one is answered: one may be to leave off."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                request = receive(self._requests)
                if request[0] == "interrupt":
                    if self._sandbox is not None:
                        self._sandbox.connection.interrupt()
                else:
                    self._waiting.put(request)
        os._exit(0)  # whoever asked is gone

    def _watch(self) -> None:
        while True:
            self._busy.wait()
            time.sleep(_CLOSE_LOOK_SECONDS if self._considerate else _LOOK_SECONDS)
            used = time.process_time()
            if time.monotonic() > self._until or used > self._processor_until:
                os._exit(TOO_LATE)
            # Not by the clock: where others have the processor, all that is asked takes long.
            if (
                self._considerate
                and self._busy.is_set()
                and used > self._used_before + SLOW_SECONDS
            ):
                self._considerate, self._gave_way = False, True
                _let_others_go_first()
            if _temporary_bytes() > ALL_TEMPORARY_BYTES:
                os._exit(TOO_LARGE)

    def _answer(self, do: Callable[..., Any], arguments: list[Any]) -> tuple[Any, ...]:
        try:
            return ("ok", do(*arguments))
        except HealthsimStoreError as error:
            return ("ours", type(error).__name__, error.message, error.hint)
        except (sqlite3.Error, sqlite3.Warning) as error:
            return ("sqlite3", type(error).__name__, error.args, None)
        except (ValueError, OverflowError, MemoryError, RecursionError, TypeError) as error:
            return ("builtins", type(error).__name__, error.args, None)

    # -- requests ----------------------------------------------------------------------------

    def do_open(self, path: str, attached: dict[str, str], browsed: bool) -> int:
        """Open a file, in place of the one before; the version of its format."""
        self.do_close()
        others = {alias: Path(other) for alias, other in attached.items()}
        self._sandbox = Sandbox(Path(path), attached=others, browsed=browsed)
        return self._sandbox.format

    def do_close(self) -> None:
        self._drop([*self._cursors])
        self._moment.close()
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def do_begin(self) -> None:
        self._moment.enter_context(self._opened.moment())

    def do_end(self) -> None:
        self._drop([*self._cursors])
        self._moment.close()

    def do_run(
        self,
        sql: str,
        parameters: Any,
        timeout: float,
        count: int,
        seconds: float,
        written: bool,
    ) -> tuple[Any, ...]:
        """Begin a stranger's statement: its columns, the first rows, and how to get more."""
        opened = contextlib.ExitStack()
        rows = opened.enter_context(
            self._opened.run(sql, parameters, timeout=timeout, written=written)
        )
        return self._begun(rows, opened, count, seconds)

    def do_execute(
        self, sql: str, parameters: Any, timeout: float, count: int, seconds: float
    ) -> tuple[Any, ...]:
        """The same of a statement of our own, or of Datasette's."""
        opened = contextlib.ExitStack()
        opened.enter_context(self._in_time(timeout))
        rows = self._opened.connection.execute(sql, parameters)
        opened.enter_context(contextlib.closing(rows))
        return self._begun(rows, opened, count, seconds)

    def _begun(
        self, rows: sqlite3.Cursor, opened: contextlib.ExitStack, count: int, seconds: float
    ) -> tuple[Any, ...]:
        columns = [column[0] for column in rows.description] if rows.description else None
        rows.row_factory = None
        cursor = _Cursor(rows, opened, self._opened.is_late)
        found, ended = cursor.fetch(count, seconds)
        number = 0
        if not ended:
            number = next(self._numbers)
            self._cursors[number] = cursor
        return columns, found, number

    def do_fetch(
        self, number: int, count: int, seconds: float, timeout: float | None
    ) -> tuple[list[bytes], bool]:
        """Further rows. ``timeout`` is a new limit for what is left of the statement."""
        if number not in self._cursors:
            raise sqlite3.ProgrammingError("the moment of these rows is over")
        if timeout is not None:
            self._opened.extend(timeout)
        found, ended = self._cursors[number].fetch(count, seconds)
        if ended:
            del self._cursors[number]
        return found, ended

    def do_drop(self, numbers: list[int]) -> None:
        """No more rows of these are wanted."""
        self._drop(numbers)

    def _drop(self, numbers: list[int]) -> None:
        for number in numbers:
            cursor = self._cursors.pop(number, None)
            if cursor is not None:
                cursor.close()

    def do_inspect(self, pragma: str, timeout: float) -> list[tuple[Any, ...]]:
        return self._opened.inspect(pragma, timeout=timeout)

    def do_blob_size(self, schema: str, table: str, column: str, rowid: int) -> int:
        return self._opened.blob_size(schema, table, column, rowid)

    def do_table_info(self, table: str, timeout: float) -> list[tuple[Any, ...]]:
        return self._opened.table_info(table, timeout=timeout)

    # -- for `apart` --

    def do_begin_trials(self, functions: list[tuple[str, int]]) -> None:
        """An empty database, with functions of these names that give NULL."""
        self.do_end_trials()
        self._trials = connect(":memory:")
        for name, arguments in functions:
            self._trials.create_function(name, arguments, _null, deterministic=True)
        self._trials.set_authorizer(_authorize_trial)

    def do_try(self, sql: str, values: dict[str, Any]) -> None:
        assert self._trials is not None
        until = time.thread_time() + _STOPPED_SECONDS
        self._trials.set_progress_handler(lambda: time.thread_time() > until, _TRIAL_STEPS)
        self._processor_until = time.process_time() + TRIAL_SECONDS
        try:
            with contextlib.closing(self._trials.execute(sql, values)) as rows:
                for _ in rows:
                    pass
        finally:
            self._processor_until = float("inf")

    def do_end_trials(self) -> None:
        if self._trials is not None:
            self._trials.close()
            self._trials = None

    @property
    def _opened(self) -> Sandbox:
        assert self._sandbox is not None
        return self._sandbox

    @contextlib.contextmanager
    def _in_time(self, seconds: float) -> Iterator[None]:
        self._opened.extend(seconds)
        try:
            yield
        finally:
            self._opened.extend(float("inf"))


def _null(*values: Any) -> None:
    return None


def _authorize_trial(action: int, *what: str | None) -> int:
    """Other files stay closed; all else is in memory."""
    files = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if action in files else sqlite3.SQLITE_OK


def _let_others_go_first() -> None:
    """For good: who may not take priority cannot take it back either."""
    if hasattr(os, "setpriority"):
        # Linux does so for a thread, other systems for the process.
        thread = threading.main_thread().native_id if sys.platform == "linux" else 0
        with contextlib.suppress(OSError):
            niceness = os.getpriority(os.PRIO_PROCESS, thread or 0) + NICENESS
            os.setpriority(os.PRIO_PROCESS, thread or 0, niceness)


def _temporary_bytes() -> int:
    """The bytes of the files that are open and have no name any more, as SQLite's own have not."""
    found = 0
    for number in range(3, _MOST_FILES):
        with contextlib.suppress(OSError):
            status = os.fstat(number)
            if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                found += status.st_size
    return found


def _limit() -> None:
    """Bound what this process may take, where the system can do it."""
    with contextlib.closing(connect(":memory:")) as any_file:
        any_file.execute(f"PRAGMA hard_heap_limit = {HEAP_BYTES}")
    try:
        import resource
    except ImportError:  # Windows: the limit of SQLite's memory holds there too
        return
    for what, most in (
        (resource.RLIMIT_AS, ADDRESS_BYTES),
        (resource.RLIMIT_FSIZE, TEMPORARY_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            _, hard = resource.getrlimit(what)
            resource.setrlimit(what, (most, hard))


def main() -> None:
    """Serve standard input and output."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Nothing else may write between the answers.
    os.dup2(2, 1)
    _limit()
    Worker(requests, answers, considerate=CONSIDERATE in sys.argv).serve()
