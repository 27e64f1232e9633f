"""What lay where SQLite would take it for a scenario's own, and is kept.

SQLite finds a WAL by the name of the file alone. It applies it also to a file that is not in WAL
mode, and to one with pages of another size. But a file whose header does not say WAL mode has no
WAL: the header says so before the WAL is made, and until after it is removed. What lies there then
is of another file, which had the name before.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import CorruptScenario, NotWritable

STAMP = "%Y%m%dT%H%M%S.%fZ"  # of the time at the end of a name
HIDDEN = ".healthsim-store"  # the folder in a store that has what is no scenario
FOLDER = "leftovers"  # in it

_MAGIC = b"SQLite format 3\0"
_VERSIONS = slice(18, 20)  # of the header: how the file is written, and read
_NO_WAL = b"\x01\x01"


def stamp() -> str:
    """The time as it stands at the end of a name: UTC, to the microsecond."""
    return f"{dt.datetime.now(dt.UTC):{STAMP}}"


def followed(path: Path) -> Path:
    """The file beside which SQLite looks: of a link the one that it leads to."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def keep(sidecar: Path, folder: Path) -> None:
    """Move what lies beside a file into ``folder``, under its name with the time.

    Where it is gone by now, somebody else has moved it. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.rename(sidecar, folder / f"{sidecar.name}~{stamp()}")


def set_aside_strange_wal(path: Path) -> None:
    """Take away a WAL beside a file that is not in WAL mode: it is another file's.

    An empty one says nothing, and stays.

    Args:
        path: the file, which SQLite has open in this process, and has not read.

    Raises NotWritable where it cannot be moved.
    """
    real = followed(path)
    wal = real.with_name(f"{real.name}-wal")
    try:
        before = os.lstat(wal)
    except OSError:
        return
    if not stat.S_ISREG(before.st_mode) or not before.st_size or not _is_strange(real):
        return
    with contextlib.suppress(FileNotFoundError):
        now = os.lstat(wal)
        if (before.st_ino, before.st_ctime_ns) != (now.st_ino, now.st_ctime_ns):
            return  # another one: the file was put in WAL mode just now
    hidden = next((each for each in real.parents if each.name == HIDDEN), real.parent / HIDDEN)
    try:
        keep(wal, hidden / FOLDER)
        real.with_name(f"{real.name}-shm").unlink(missing_ok=True)  # the index of that WAL
    except OSError as error:
        raise NotWritable(
            f"{wal.name} is of another file than {path.name}, which is not in WAL mode; it cannot"
            f" be moved: {error.strerror}.",
            hint=f"Nothing was read. Move {wal} away: SQLite would take it for what was written"
            " last.",
        ) from error


def refuse_strange_index(path: Path) -> None:
    """Raise CorruptScenario where the index of a WAL is no file.

    SQLite takes a folder of that name for an index that it may only read, and tries for ten seconds
    at each call to find sense in it.

    Args:
        path: the file of the scenario, which SQLite has open in this process, and has not read.
    """
    real = followed(path)
    index = real.with_name(f"{real.name}-shm")
    with contextlib.suppress(OSError):
        if not stat.S_ISREG(os.stat(index).st_mode) and not _is_strange(real):
            raise CorruptScenario(
                f"{path.name} cannot be opened: {index.name} beside it is no file.",
                hint=f"Move {index} away; SQLite makes a new one.",
            )


def _is_strange(path: Path) -> bool:
    """Whether a WAL beside this file cannot be its own. What is no SQLite file is not judged."""
    header = _header(path)
    if header is None:
        return False
    return not header or (header.startswith(_MAGIC) and header[_VERSIONS] == _NO_WAL)


def _header(path: Path) -> bytes | None:
    """The first bytes of a file that SQLite has open; None where they cannot be read.

    They are read by SQLite's own handle: to open the file and to close it again would drop every
    lock that this process has on it.
    """
    if os.name == "nt":  # there a lock is the handle's
        with open(path, "rb") as file:
            return file.read(_VERSIONS.stop)
    status = os.stat(path)
    for handle in _handles():
        with contextlib.suppress(OSError):  # closed meanwhile, or only written to
            if os.path.samestat(os.fstat(handle), status):
                found = os.pread(handle, _VERSIONS.stop, 0)
                if os.path.samestat(os.fstat(handle), status):
                    return found
    return None


def _handles() -> Iterator[int]:
    """The numbers of what this process has open, or may have."""
    try:
        names = os.listdir("/dev/fd")
    except OSError:
        yield from range(4096)
    else:
        yield from (int(name) for name in names if name.isdecimal())
