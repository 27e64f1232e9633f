"""Statements in a thread of their own, while the caller looks at the clock and hears Ctrl-C.

SQLite looks at the clock, and lets Python hear Ctrl-C, after so many of its steps; one step that
calls a function on long values may take a second. Whoever waits for a thread hears both at once.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.5  # Windows lets Ctrl-C through only between two waits

_Job = tuple[Callable[[], Any], "queue.SimpleQueue[tuple[Any, BaseException | None]]"]


class Aside:
    """Runs functions that use one connection, one after the other.

    ``left``: one of them did not end in time, or the caller was interrupted. Nothing can be run any
    more. The connection's progress handler should end a statement then.

    Args:
        connection: may be used by any thread; `close` closes it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.left = False
        self._connection = connection
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._begun = False
        weakref.finalize(self, self._jobs.put, None)

    def run(self, act: Callable[[], T], seconds: float) -> T:
        """What a function gives.

        Args:
            act: the function.
            seconds: that it may take.

        Raises what it raises, and TimeoutError.
        """
        if not self._begun:
            self._begun = True
            threading.Thread(target=_work, args=(self._jobs,), daemon=True).start()
        answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._jobs.put((act, answers))
        try:
            found, failed = _wait(answers, time.monotonic() + seconds)
        except BaseException:  # Ctrl-C
            self.left = True
            self._connection.interrupt()
            raise
        if failed is not None:
            raise failed
        result: T = found
        return result

    def close(self) -> None:
        """Close the connection; where something still runs, as soon as it has ended."""
        if self.left:
            self._jobs.put((self._connection.close, queue.SimpleQueue()))
        else:
            self._connection.close()
        self._jobs.put(None)


def _wait(
    answers: queue.SimpleQueue[tuple[Any, BaseException | None]], until: float
) -> tuple[Any, BaseException | None]:
    while (left := until - time.monotonic()) > 0:
        try:
            return answers.get(timeout=min(left, _LOOK_SECONDS))
        except queue.Empty:
            continue
    raise TimeoutError


def _work(jobs: queue.SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        act, answers = job
        try:
            answers.put((act(), None))
        except BaseException as error:  # raised where it is waited for
            answers.put((None, error))
        del job, act, answers  # or they would be kept until the next one
