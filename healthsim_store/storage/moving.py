"""Moving a scenario's file: nobody writes to it meanwhile, and nothing of it stays behind.

SQLite finds what a killed writer left half-done by the file's name: ``name.db-journal``,
``name.db-wal``. So a file is settled before it is moved, and nothing of another file may lie where
it comes to: it would be taken for its own.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ..base.leftovers import keep
from ..base.sqlite import BUSY_SECONDS, SIDECARS, beside, connect, file_errors, look
from ..errors import NotWritable, ScenarioBusy

_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP}
_PAUSE = 0.05  # seconds between two tries to be alone with a file in WAL mode


@contextlib.contextmanager
def settled(path: Path) -> Iterator[sqlite3.Connection]:
    """In the block nobody else writes to the file, and nothing lies beside it.

    What a killed writer left half-done is undone, a WAL is written into the file, and the file is
    no longer in WAL mode. The connection is in a transaction; also after its COMMIT nobody else
    can write until the block ends.

    Raises ScenarioBusy where somebody writes to the file for 10 seconds, or keeps it open in WAL
    mode, or another file has its name by now; ScenarioNotFound where it is not there; what
    `file_errors` raises.
    """
    before = look(path)
    with file_errors(path), contextlib.closing(connect(path, mode="rw")) as connection:
        connection.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")
        end = time.monotonic() + BUSY_SECONDS
        while True:
            _leave_wal_mode(connection, path, end)
            # A commit leaves the journal's file, which is ours to remove: SQLite would remove what
            # has that name by then.
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute("BEGIN IMMEDIATE")
            if _journal_mode(connection) != "wal":
                # From now on; before, two that wait would keep each other from the lock.
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                break
            connection.execute("ROLLBACK")  # somebody has switched it on just now
        if not os.path.samestat(before, look(path)):
            raise ScenarioBusy(
                f"{path.name} was replaced just now, as an upgrade does.", hint="Try again."
            )
        drop_sidecars(path)
        yield connection
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _journal_mode(connection: sqlite3.Connection) -> str:
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return str(mode)


def _leave_wal_mode(connection: sqlite3.Connection, path: Path, end: float) -> None:
    """Have a WAL written into the file and be rid of it; for that, nobody else may be there."""
    connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # recovers what must be
    while _journal_mode(connection) == "wal":
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            if time.monotonic() > end:
                raise ScenarioBusy(
                    f"{path.name} is open in another program, in WAL mode.",
                    hint="Close it there, and try again.",
                ) from error
            time.sleep(_PAUSE)


def drop_sidecars(path: Path) -> None:
    """Remove what lies beside a file that is settled: it says nothing any more."""
    for sidecar in beside(path):
        _remove(sidecar)


def _remove(sidecar: Path) -> None:
    try:
        os.unlink(sidecar)
    except FileNotFoundError:
        return
    except OSError:
        if not sidecar.is_dir():
            raise
        raise NotWritable(
            f"{sidecar.name} lies beside the scenario, and is a folder.",
            hint="Move it away: SQLite has a file of that name there.",
        ) from None


def set_aside(path: Path, leftovers: Path) -> None:
    """Take away what lies beside a file that is not there: it would be taken for a new one's.

    What may hold data is kept in the folder ``leftovers``.
    """
    for sidecar in beside(path):
        if not os.path.lexists(sidecar):
            continue
        if sidecar.name.endswith("-shm") or not sidecar.stat().st_size:
            _remove(sidecar)
        else:
            keep(sidecar, leftovers)


def move_with_sidecars(path: Path, target: Path) -> None:
    """Move a file that SQLite cannot settle, with what lies beside it; the target is free."""
    give(path, target)
    for ending in SIDECARS:
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{path}{ending}", f"{target}{ending}")


def give(source: Path, target: Path) -> None:
    """Rename, but never over a file that is there, whoever made it in the meantime.

    Where the system has no such step it takes two, and who is killed between them leaves one file
    under two names. A link that is moved to another folder still leads to its file.

    Raises FileExistsError.
    """
    if source.is_symlink() and source.parent != target.parent:
        os.symlink(source.parent / os.readlink(source), target)
        os.unlink(source)
        return
    if rename_if_free(source, target):
        return
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, or a directory
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "it is there", str(target)) from None
        os.rename(source, target)
        return
    os.unlink(source)


def rename_if_free(source: Path, target: Path) -> bool:
    """Rename in one step, unless the target is there. False where the system has no such step.

    Raises FileExistsError, and OSError for another reason.
    """
    rename = _system_rename()
    if rename is None:
        return False
    number = rename(os.fsencode(source), os.fsencode(target))
    if number in _CANNOT:
        return False
    if number:
        raise OSError(number, os.strerror(number), str(target))
    return True


@functools.cache
def _system_rename() -> Callable[[bytes, bytes], int] | None:
    """The system's own; it gives the number of the error, or 0."""
    import ctypes  # takes some milliseconds

    if os.name != "posix":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        here, no_replace = -100, 1
        return lambda source, target: (
            library.renameat2(here, source, here, target, no_replace) and ctypes.get_errno()
        )
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        exclusive = 4
        return lambda source, target: (
            library.renamex_np(source, target, exclusive) and ctypes.get_errno()
        )
    return None
