"""Connections, transactions, and what SQLite's errors mean for a scenario file.

The standard library's module only: pysqlite3 brings a newer SQLite but cannot limit the length of
a value, which the sandbox needs, and two SQLite libraries on one file in one process break each
other's locks.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..errors import (
    CorruptScenario,
    DeclarationError,
    NotAScenario,
    NotWritable,
    ScenarioBusy,
    ScenarioFileError,
)

BUSY_SECONDS = 10.0
MAX_BYTES = 8_000_000  # of one value, and of one row: what is written must be readable again


def uri(path: Path, mode: str) -> str:
    """The file's URI; ``?`` and ``#`` in a name do not end it."""
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


def connect(
    database: Path | str,
    *,
    mode: str | None = None,
    timeout: float = BUSY_SECONDS,
    any_thread: bool = False,
) -> sqlite3.Connection:
    """A connection in autocommit mode, so that transactions are only where somebody begins one.

    ``mode`` is that of the URI: ``ro``, ``rw`` or ``rwc``; without it the database is one of our
    own: a file, ``:memory:``, or ``""`` for a temporary file. ``timeout`` is how many seconds to
    wait for a lock. ``any_thread``: opened in one thread and used in others, one after the other.
    """
    return sqlite3.connect(
        uri(Path(database), mode) if mode else database,
        uri=mode is not None,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=not any_thread,
    )


def connect_writable(path: Path, *, mode: str = "rw") -> sqlite3.Connection:
    """A connection that may write, with foreign keys enforced.

    ``mode`` ``rwc`` creates the file. Raises what `file_errors` raises.
    """
    with file_errors(path):
        connection = connect(path, mode=mode)
        connection.execute("PRAGMA foreign_keys = ON")
        # trusted_schema stays on: without it, SQLite 3.40 refuses json_valid() in a CHECK. No
        # function of ours is registered here, and SQLite's own are harmless to a trigger.
        return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: BEGIN IMMEDIATE takes the write lock at once, so no late SQLITE_BUSY."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself has already rolled back after some errors, such as a full disk.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a file into our errors, with the file's name and the way out."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise CorruptScenario(
            f"{path.name} is damaged: its schema is not text ({error.reason}).",
            hint="Restore the file from a copy.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise _file_error(path, error) from error


@contextlib.contextmanager
def located(where: str) -> Iterator[None]:
    """Turn what SQLite says of a declaration's SQL into DeclarationError, with its place."""
    try:
        yield
    except sqlite3.Error as error:
        raise DeclarationError(f"{where}: {error}") from error


def _file_error(path: Path, error: sqlite3.DatabaseError) -> ScenarioFileError:
    text = str(error)
    if "not a database" in text:
        return NotAScenario(
            f"{path.name} is not an SQLite file.", hint="Check the path, or import the file."
        )
    if "malformed" in text or "Could not decode" in text or "corrupt" in text:
        return CorruptScenario(
            f"{path.name} is damaged: {text}.", hint="Restore the file from a copy."
        )
    if "locked" in text or "busy" in text:
        return ScenarioBusy(
            f"{path.name} is being written by another program ({text}).",
            hint="Try again when it has finished.",
        )
    if "too big" in text:
        return ScenarioFileError(
            f"{path.name}: a value that is needed here has over {MAX_BYTES // 1_000_000} MB.",
            hint=f"healthsim-store check {path.stem} says which one; more of a value is not read.",
        )
    if "readonly" in text or "unable to open" in text or "full" in text or "disk I/O" in text:
        return NotWritable(
            f"{path.name}: {text}.",
            hint=f"Check the permissions and the free space of {path.parent}.",
        )
    return ScenarioFileError(f"{path.name}: {text}.")
