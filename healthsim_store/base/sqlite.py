"""Connections, transactions, and what SQLite's errors mean for a scenario file.

The standard library's module only: pysqlite3 brings a newer SQLite but cannot limit the length of
a value, which the sandbox needs, and two SQLite libraries on one file in one process break each
other's locks.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..errors import (
    CorruptScenario,
    DeclarationError,
    HealthsimStoreError,
    NotAScenario,
    NotWritable,
    ScenarioBusy,
    ScenarioFileError,
    ScenarioNotFound,
)
from .leftovers import followed, refuse_strange_index, set_aside_strange_wal
from .wording import call

BUSY_SECONDS = 10.0
MAX_BYTES = 8_000_000  # of one value, and of one row: what is written must be readable again

MAX_PATTERN = 1_000  # characters of a pattern for LIKE and GLOB, which may look at each for each

#: The endings of what SQLite keeps beside a file, and finds again by the file's name.
SIDECARS = ("-journal", "-wal", "-shm")

# Every statement over a file is over tables that it has, or says that it has.
_ANOTHER_SCHEMA = re.compile(
    "^no such (table|column)|^table .* (has no column|has [0-9]+ columns|already exists)"
)

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def beside(path: Path) -> list[Path]:
    """Where SQLite keeps what is half-done, whether it is there or not."""
    return [path.with_name(path.name + ending) for ending in SIDECARS]


def look(path: Path) -> os.stat_result:
    """What the system knows of a scenario's file, which is not opened.

    Raises ScenarioNotFound, and NotAScenario for what is no file: SQLite would wait for ever for
    what comes out of a pipe.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        if path.is_symlink():
            kind = "a link that leads nowhere"
        elif isinstance(error, FileNotFoundError):
            raise ScenarioNotFound(f"There is no scenario {path.stem!r}.") from None
        else:
            raise NotWritable(f"{path.name} cannot be read: {error.strerror}.") from error
    else:
        if stat.S_ISREG(status.st_mode):
            return status
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "of an unknown kind")
    raise NotAScenario(
        f"{path.name} is {kind}, and no scenario.", hint="Move it out of the store's folder."
    )


def uri(path: Path, mode: str) -> str:
    """The file's URI; ``?`` and ``#`` in a name do not end it."""
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


class _Connection(sqlite3.Connection):
    """A connection that knows which file had the name when it was opened."""

    opened: tuple[Path, os.stat_result] | None = None


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

    A WAL of another file is set aside. Raises what `look` does of a file that must be there,
    NotWritable where that WAL cannot be moved, and CorruptScenario where its index is no file.
    """
    before = look(Path(database)) if mode in ("ro", "rw") else None
    try:
        connection = sqlite3.connect(
            uri(Path(database), mode) if mode else database,
            uri=mode is not None,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=not any_thread,
            factory=_Connection,
        )
    except sqlite3.OperationalError:
        if mode in ("ro", "rw"):
            look(Path(database))  # gone since
        raise
    if before is not None:
        connection.opened = (Path(database).absolute(), before)
        try:
            refuse_strange_index(Path(database))
            set_aside_strange_wal(Path(database))
        except BaseException:
            connection.close()
            raise
    return connection


def connect_writable(path: Path, *, mode: str = "rw") -> sqlite3.Connection:
    """A connection that may write, with foreign keys enforced.

    ``mode`` ``rwc`` creates the file. Raises what `file_errors` raises.
    """
    with file_errors(path, new=mode == "rwc"):
        connection = connect(path, mode=mode)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MAX_PATTERN)
        # trusted_schema stays on: without it, SQLite 3.40 refuses json_valid() in a CHECK. No
        # function of ours is registered here, and SQLite's own are harmless to a trigger.
        return connection


def recover(path: Path) -> None:
    """Let SQLite undo what a killed writer left half-done; that needs a writable opening."""
    if not os.path.lexists(f"{followed(path)}-journal"):
        return
    try:
        with contextlib.closing(connect(path, mode="ro")) as connection:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        with contextlib.closing(connect_writable(path)) as connection:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: BEGIN IMMEDIATE takes the write lock at once, so no late SQLITE_BUSY.

    Raises ScenarioNotFound or ScenarioBusy where the file has lost its name since it was opened.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        _check_name(connection)
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself has already rolled back after some errors, such as a full disk.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check_name(connection: sqlite3.Connection) -> None:
    """Raises an error where another file has the name by now; while we write, no store moves it.

    SQLite looks for this when it makes a journal, but not for a file in WAL mode: it would write
    to a WAL by the old name, which is taken for that of the file which has the name.
    """
    if isinstance(connection, _Connection) and connection.opened is not None:
        path, before = connection.opened
        try:
            same = os.path.samestat(before, os.stat(path))
        except OSError:
            same = False
        if not same:
            raise _moved(path)


def file_of(connection: sqlite3.Connection) -> Path:
    """The file that a connection has open."""
    (file,) = connection.execute("SELECT file FROM pragma_database_list LIMIT 1").fetchone()
    return Path(file)


@contextlib.contextmanager
def file_errors(path: Path, *, new: bool = False) -> Iterator[None]:
    """Turn what SQLite says of a file into our errors, with the file's name and the way out.

    A file that is not there was renamed or deleted meanwhile, unless it is ``new``.
    """
    try:
        yield
    except CorruptScenario as error:
        if not error.named:
            error.named = True
            error.message = f"{path.name} is damaged: {error.message}"
        raise
    except UnicodeDecodeError as error:
        raise CorruptScenario(
            f"{path.name} is damaged: its schema is not text ({error.reason}).",
            hint="Restore the file from a copy.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise _file_error(path, error, new=new) from error


@contextlib.contextmanager
def located(where: str) -> Iterator[None]:
    """Turn what SQLite says of a declaration's SQL into DeclarationError, with its place."""
    try:
        yield
    except sqlite3.Error as error:
        told = "it does not end" if str(error) == "interrupted" else str(error)
        raise DeclarationError(f"{where}: {told}") from error


def _was_moved(path: Path, error: sqlite3.DatabaseError) -> bool:
    """Whether the file is no longer where it was opened, so that SQLite does not write to it."""
    name = getattr(error, "sqlite_errorname", "")
    # A journal or WAL gets the permissions of the file; the second is told where there is no file.
    return name == "SQLITE_READONLY_DBMOVED" or (
        name == "SQLITE_IOERR_FSTAT" and os.access(path.parent, os.X_OK)
    )


def _moved(path: Path) -> HealthsimStoreError:
    if os.path.lexists(path):
        return ScenarioBusy(
            f"{path.name} was replaced just now, as an upgrade does.",
            hint="Nothing was changed. Try again.",
        )
    return ScenarioNotFound(
        f"There is no scenario {path.stem!r} any more: it was renamed or deleted just now.",
        hint="Nothing was changed.",
    )


def _file_error(path: Path, error: sqlite3.DatabaseError, *, new: bool) -> HealthsimStoreError:
    text = " ".join(str(error).split())[:300]  # it may have a piece of the schema in it
    if _was_moved(path, error):
        return _moved(path)
    refused = any(each in text for each in ("readonly", "unable to open", "disk I/O"))
    searched = os.access(path.parent, os.X_OK)  # else nobody can say what is there
    if refused and searched and not new and not os.path.lexists(path):
        return ScenarioNotFound(f"There is no scenario {path.stem!r}: it was moved just now.")
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
            hint=f"{call('check_scenario', path)} says which one; more of a value is not read.",
        )
    if refused or "full" in text:
        return NotWritable(
            f"{path.name}: {text}.",
            hint=f"Check the permissions and the free space of {path.parent}.",
        )
    if _ANOTHER_SCHEMA.search(text):
        return CorruptScenario(
            f"{path.name} is damaged: its tables are not as it says of them: {text}.",
            hint=f"healthsim-store check {path.stem} tells all that is wrong in it. Restore the"
            " file from a copy.",
        )
    return ScenarioFileError(
        f"{path.name}: {text}.",
        hint=f"healthsim-store check {path.stem} says whether the file is sound.",
    )
