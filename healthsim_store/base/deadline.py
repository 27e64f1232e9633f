"""An end to the statements of a connection, when the time is over or the user presses Ctrl-C."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator

_STEPS = 10_000  # of SQLite's virtual machine, between looks at the clock


class Deadline:
    """A moment at which statements end.

    Args:
        seconds: from now on.
        clock: what they are measured by, such as ``time.thread_time`` for seconds of the processor
            in the thread that made it.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._until = clock() + seconds

    @property
    def is_over(self) -> bool:
        return self._clock() > self._until

    @contextlib.contextmanager
    def over(self, connection: sqlite3.Connection) -> Iterator[None]:
        """In the block a statement that runs at that moment raises OperationalError: interrupted.

        Raises KeyboardInterrupt where it was Ctrl-C that ended it: Python's sqlite3 forgets what
        was raised while it asked for the time.

        Args:
            connection: what runs the statements.
        """
        connection.set_progress_handler(lambda: self.is_over, _STEPS)
        try:
            yield
        except sqlite3.OperationalError as error:
            self.check(error)
            raise
        finally:
            connection.set_progress_handler(None, 0)

    def check(self, error: Exception) -> bool:
        """Whether an error is that of a statement that was ended by the time.

        Raises KeyboardInterrupt where it was ended by Ctrl-C.

        Args:
            error: what was raised.
        """
        if str(error) != "interrupted":
            return False
        if not self.is_over:
            raise KeyboardInterrupt from error
        return True
