"""A pool of open files: what was opened for one question is there for the next one."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..base.sqlite import file_errors, look
from ..errors import CorruptScenario, HealthsimStoreError
from .sandbox import Sandbox

Opened = TypeVar("Opened", bound=Sandbox)


class Pool(Generic[Opened]):
    """Sandboxes that are lent to one thread at a time; at most ``idle`` wait for the next.

    The one that was given back last is lent first: SQLite still has pages of the file in memory.

    Args:
        open_: opens a sandbox; it gets the file and those to attach, by schema.
        idle: how many stay open between two uses.
    """

    def __init__(self, open_: Callable[[Path, Mapping[str, Path]], Opened], *, idle: int) -> None:
        self._open = open_
        self._most = idle
        # Reentrant: the garbage collector may give rows back that nobody closed, at any time.
        self._lock = threading.RLock()
        self._idle: list[tuple[tuple[Any, ...], Opened]] = []
        # Also of a pool that nobody closed, so that no connection is left for the collector.
        weakref.finalize(self, _close_all, self._idle)
        self._closings = 0

    @contextlib.contextmanager
    def lend(self, path: Path, attached: Mapping[str, Path] | None = None) -> Iterator[Opened]:
        """A sandbox for this thread alone.

        A file that has another one's name by now is another file: its inode tells. It is kept for
        the next after a HealthsimStoreError in the block, and closed after any other exception
        and after CorruptScenario.

        Raises ScenarioNotFound where there is no file, what `look` and ``open_`` raise.
        """
        attached = attached or {}
        paths = [path, *attached.values()]
        inodes = [(status.st_dev, status.st_ino) for status in map(look, paths)]
        key = (*paths, *attached, *inodes)
        with self._lock:
            closings = self._closings
            sandbox = None
            # Those of a process from which this one was forked, or whose process has ended.
            self._idle[:] = [waiting for waiting in self._idle if waiting[1].usable]
            for waiting in reversed(self._idle):
                if waiting[0] == key:
                    self._idle.remove(waiting)
                    sandbox = waiting[1]
                    break
        if sandbox is None:
            sandbox = self._open(path, attached)
        try:
            with file_errors(path):
                yield sandbox
        except CorruptScenario:
            sandbox.close()  # what failed may be half-read, which would keep writers from the file
            raise
        except HealthsimStoreError:
            self._take_back(key, sandbox, closings)
            raise
        except BaseException:
            sandbox.close()
            raise
        self._take_back(key, sandbox, closings)

    def _take_back(self, key: tuple[Any, ...], sandbox: Opened, closings: int) -> None:
        dropped = sandbox
        sandbox.rest()
        with self._lock:
            # One that was lent before `close` is not kept open after it.
            if closings == self._closings and sandbox.usable:
                self._idle.append((key, sandbox))
                if len(self._idle) <= self._most:
                    return
                dropped = self._idle.pop(0)[1]
        dropped.close()

    def close(self) -> None:
        """Close what waits, and what is lent when it comes back. The pool stays usable."""
        with self._lock:
            self._closings += 1
            waiting = [*self._idle]
            self._idle.clear()
        for _, sandbox in waiting:
            sandbox.close()


def _close_all(idle: list[tuple[tuple[Any, ...], Opened]]) -> None:
    while idle:
        idle.pop()[1].close()
