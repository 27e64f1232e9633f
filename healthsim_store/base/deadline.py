"""An end to the statements of a connection, when the time is over or the user presses Ctrl-C."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator

_STEPS = 10_000  # of SQLite's virtual machine, between looks at the clock


class Deadline:
    """A moment at which statements end.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._until

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
