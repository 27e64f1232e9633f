"""Locks between processes, which end with the process that has them, however it ends.

A lock is SQLite's on a small file of its own. It holds on every file system on which the scenarios
themselves are safe, also between machines or containers that share one.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..errors import NotWritable
from .sqlite import BUSY_SECONDS, connect


class Locked(Exception):
    """Another one has the lock."""


@contextlib.contextmanager
def locked(path: Path, *, wait: float = BUSY_SECONDS) -> Iterator[None]:
    """The lock is ours in the block; its file stays.

    Args:
        path: the lock's file, which is made where it is not there.
        wait: how many seconds to wait for another one. Raises Locked after that.

    Raises NotWritable.
    """
    with contextlib.ExitStack() as opened:
        try:
            lock = opened.enter_context(contextlib.closing(connect(path, mode="rwc", timeout=wait)))
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise Locked from error
            raise NotWritable(
                f"{path.parent} cannot be written: {error}.",
                hint="Check its permissions and the free space.",
            ) from error
        yield  # closing ends the lock


def is_left(path: Path) -> bool:
    """Whether a lock's file is there and nobody has the lock: who had it has ended."""
    try:
        with contextlib.closing(connect(path, mode="rw", timeout=0)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            return True
    except sqlite3.Error:
        return False
