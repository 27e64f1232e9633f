"""One page of Datasette's own makes many reads; here they are put into one read transaction.

A request has at most one `RequestMoment`, for the database that its path names. Datasette's reads
find it by a context variable, since Datasette hands nothing of the request down to them.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from ..storage.sandbox import Sandbox

LONGEST_SECONDS = 2.0  # a writer waits for at most 10

T = TypeVar("T")


class Database(Protocol):
    """`ScenarioDatabase`, as far as a moment calls it."""

    def lend(self) -> contextlib.AbstractContextManager[Any]: ...

    def read_at_once(self, function: Callable[[Any], T]) -> T: ...


_current: ContextVar[RequestMoment | None] = ContextVar("_current", default=None)


class RequestMoment:
    """The reads of one request of one database, in one transaction that the first read begins.

    A writer waits while it lasts, so it ends as soon as the page has its values: before the
    template is rendered, and before anything is sent. One that lasts longer than
    ``LONGEST_SECONDS`` ends at the next read: the rest of a very slow page may be of a later
    moment, so that no writer gives up for it.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        # Datasette may ask for several facets at once, from several threads.
        self._lock = threading.Lock()
        self._opened = contextlib.ExitStack()
        self._sandbox: Sandbox | None = None
        self._begun = 0.0
        self._ended = False

    def read(self, function: Callable[[Sandbox], T]) -> T:
        """What ``function`` reads, in the transaction; after the end, as any other read."""
        try:
            with self._lock:
                sandbox = self._inside()
                if sandbox is not None:
                    return function(sandbox)
        finally:
            if self._ended:  # by another thread, while this one was reading
                self.end()
        return self.database.read_at_once(function)

    def _inside(self) -> Sandbox | None:
        """The sandbox of the transaction, which is begun where it is not; None after the end."""
        if self._sandbox is None and not self._ended:
            with contextlib.ExitStack() as opening:
                sandbox = opening.enter_context(self.database.lend())
                opening.enter_context(sandbox.moment())
                self._opened = opening.pop_all()
            # Only now: the lines above may have waited for a writer.
            self._sandbox, self._begun = sandbox, time.monotonic()
        elif time.monotonic() - self._begun > LONGEST_SECONDS:
            self._ended = True
        if self._sandbox is not None and not self._ended:
            self._sandbox.guard()
            return self._sandbox
        return None

    def end(self) -> None:
        """Let writers go on. Where a read is not finished yet, it ends the transaction itself."""
        self._ended = True
        if self._lock.acquire(blocking=False):
            try:
                self._sandbox = None
                self._opened.close()
            finally:
                self._lock.release()


@contextlib.contextmanager
def begin(database: Database | None) -> Iterator[None]:
    """What is read of ``database`` in the block is of one moment, until `end`; None: nothing is."""
    moment = RequestMoment(database) if database is not None else None
    token = _current.set(moment)
    try:
        yield
    finally:
        _current.reset(token)
        if moment is not None:
            moment.end()


def end() -> None:
    """All of the page that comes from the database was read."""
    moment = _current.get()
    if moment is not None:
        moment.end()


def of(database: Database) -> RequestMoment | None:
    """The moment of the request that is being answered, where it is one of this database."""
    moment = _current.get()
    return moment if moment is not None and moment.database is database else None
