"""Files that somebody put into a folder, where others look for them by their ending."""

from __future__ import annotations

import errno
from pathlib import Path


def check_file(path: Path) -> None:
    """Raise OSError for a pipe, a socket or a device: who reads from one may wait for ever."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "it is no file", str(path))


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """The text of a file. Raises OSError, also for what `check_file` refuses; ValueError."""
    check_file(path)
    return path.read_text(encoding)
