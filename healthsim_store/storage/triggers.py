"""Triggers that somebody else put into a scenario's file, which no product declares.

One runs whenever rows of its table are written, and may change or delete anything, while the reply
tells of those rows alone. So where rows are written, none runs unless it was allowed.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..base.wording import call
from ..errors import TriggersRefused


def read_triggers(connection: sqlite3.Connection) -> dict[str, str]:
    """The triggers of a file, with the table at whose changes each runs."""
    return dict(
        connection.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'")
    )


_READ = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"


@contextlib.contextmanager
def refused(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """In the block no trigger of the file runs.

    Args:
        connection: the file.
        path: its path, for the message.

    Raises TriggersRefused where one would run, in place of SQLite's own error.
    """
    triggers = read_triggers(connection)
    if not triggers:
        yield
        return
    found: list[str] = []

    def authorize(
        action: int, first: str | None, second: str | None, schema: str | None, source: str | None
    ) -> int:
        # The source is the trigger, or the view, whose text asks for this.
        if source not in triggers:
            return sqlite3.SQLITE_OK
        found.append(str(source))
        return sqlite3.SQLITE_DENY

    connection.set_authorizer(authorize)
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not found:
            raise
        raise TriggersRefused(
            f"Nothing was changed: {path.stem} has a trigger {found[0]!r:.60}, which would run at"
            f" this change of {triggers[found[0]]}, and may change or delete anything.",
            hint=f"To read it: {call('query_scenario', path, _READ)}. DROP TRIGGER in any SQLite"
            " tool takes it away.",
        ) from error
    finally:
        connection.set_authorizer(None)
