"""Answers kept beside the scenario files, so that an unchanged file is not read again.

A cache in the full sense: it may be deleted at any time, it is never written into a scenario, and
where its folder cannot be written the store works without it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..base.leftovers import followed
from ..base.sqlite import beside, connect, look, transaction
from ..errors import ScenarioNotFound

_VERSION = 3
_SETTLED_NS = 100_000_000  # longer than the tick by which file systems on disks write times
_COARSE_NS = 2_500_000_000  # for a file system that writes whole (FAT: even) seconds


def file_mark(path: Path) -> str | None:
    """What a file's bytes are known by: inode, size, and times to the nanosecond.

    None while the file may change without changing them: written just now, or with a journal or
    a WAL beside it. The header's change counter would be exact, but to read it means to open the
    file, and closing it again would drop every lock that this process's SQLite holds on it.

    Raises ScenarioNotFound, and what `look` raises else.
    """
    status = look(path)
    age = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns)
    coarse = status.st_mtime_ns % 1_000_000_000 == 0
    if age < (_COARSE_NS if coarse else _SETTLED_NS):
        return None
    real = followed(path)
    if any(map(os.path.exists, (f"{real}-journal", f"{real}-wal"))):
        return None
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"


class Cache:
    """Answers by file, the file's fingerprint, and a key. Values are JSON.

    Without a path nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def answer(self, path: Path, key: str, compute: Callable[[], Any]) -> Any:
        """The value of a key for the file as it is, computed where it is not kept.

        What is computed is kept, unless the file changed meanwhile. Raises what `file_mark` and
        ``compute`` raise.
        """
        mark = file_mark(path)
        value = self.get(path.name, mark, key)
        if value is None:
            value = compute()
            with contextlib.suppress(ScenarioNotFound):
                if mark == file_mark(path):
                    self.put(key, {(path.name, mark): value})
        return value

    def get(self, file: str, mark: str | None, key: str) -> Any:
        """The value that is kept, or None."""
        if mark is None:
            return None
        with self._open(create=False) as connection:
            if connection is None:
                return None
            row = connection.execute(
                "SELECT value FROM answers WHERE file = ? AND key = ? AND fingerprint = ?",
                (file, key, mark),
            ).fetchone()
            return json.loads(row[0]) if row else None
        return None  # the cache could not be read

    def all(self, key: str) -> dict[tuple[str, str], Any]:
        """Every value of one key, by file and fingerprint."""
        with self._open(create=False) as connection:
            if connection is not None:
                return {
                    (file, mark): json.loads(value)
                    for file, mark, value in connection.execute(
                        "SELECT file, fingerprint, value FROM answers WHERE key = ?", (key,)
                    )
                }
        return {}

    def put(self, key: str, answers: Mapping[tuple[str, str | None], Any]) -> None:
        """Keep values of one key by file and fingerprint; one without a fingerprint is not kept."""
        rows = [
            (file, key, mark, json.dumps(value))
            for (file, mark), value in answers.items()
            if mark is not None
        ]
        if rows:
            with self._open(create=True) as connection:
                if connection is not None:
                    with transaction(connection):
                        connection.executemany(
                            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", rows
                        )

    def close(self) -> None:
        with self._lock:
            self._drop()

    @contextlib.contextmanager
    def _open(self, *, create: bool) -> Iterator[sqlite3.Connection | None]:
        """The connection, or None; whatever is wrong with a cache is no reason to fail."""
        with self._lock:
            connection = None
            try:
                connection = self._connect(create)
            except (sqlite3.Error, UnicodeDecodeError, OSError) as error:
                self._forget(error)
            try:
                yield connection
            except (sqlite3.Error, ValueError) as error:  # also of its JSON, and of its text
                self._forget(error)

    def _forget(self, error: Exception) -> None:
        """Give up a file that cannot be used, unless another process is just using it."""
        self._drop()
        if self._path is not None and "locked" not in str(error):
            with contextlib.suppress(OSError):
                for path in (*beside(self._path), self._path):  # a new one must not find a journal
                    path.unlink(missing_ok=True)

    def _connect(self, create: bool) -> sqlite3.Connection | None:
        if self._path is None:
            return None
        if self._connection is None or not self._path.exists():
            self._drop()
            if not create and not self._path.exists():
                return None
            self._path.parent.mkdir(exist_ok=True)
            self._connection = connect(self._path, timeout=0.5, any_thread=True)
            # A cache that is lost with the power is made again.
            self._connection.execute("PRAGMA synchronous = OFF")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                self._connection.executescript(
                    "BEGIN IMMEDIATE; DROP TABLE IF EXISTS answers;"
                    "CREATE TABLE answers (file TEXT, key TEXT, fingerprint TEXT, value TEXT,"
                    f" PRIMARY KEY (file, key)) STRICT; PRAGMA user_version = {_VERSION}; COMMIT;"
                )
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
