"""A folder that appears under its name whole, or not at all.

It is written beside its place under a hidden name, and renamed. Whoever is killed half-way leaves
only that hidden folder: nobody trips over it, and a later delivery to the same place sweeps it
away.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import NotWritable, TargetExists

_STALE_SECONDS = 24 * 3600


@contextlib.contextmanager
def atomic_folder(target: Path, *, foreign: Callable[[Path], str | None]) -> Iterator[Path]:
    """A folder to write into, which is ``target`` after the block.

    ``target`` may be missing or an empty folder. Anything else is replaced only where ``foreign``
    says None of it, and not before the new one is whole; otherwise ``foreign`` says what would be
    lost. Raises TargetExists then, and NotWritable; nothing is left behind.
    """
    # A link stays a link, to the new folder.
    target = target.expanduser().resolve()
    _check(target, foreign)
    partial = _hidden(target, "partial")
    parents = [target.parent, *target.parent.parents]
    missing = [parent for parent in parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        partial.mkdir()
        yield partial
        for path in [*partial.rglob("*"), partial]:
            flush(path)
        _check(target, foreign)
        _put(partial, target)
        flush(target.parent)
    except OSError as error:
        raise NotWritable(
            f"{target} cannot be written: {error.strerror or error}.",
            hint="Check the permissions and the free space, or choose another folder.",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in missing:
            with contextlib.suppress(OSError):
                parent.rmdir()  # only where it is empty


def flush(path: Path) -> None:
    """Have the bytes of a file, or the names in a folder, on the disk."""
    folder = path.is_dir()
    if folder and os.name == "nt":
        return  # Windows cannot, and does not need to
    handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check(target: Path, foreign: Callable[[Path], str | None]) -> None:
    try:
        if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
            return
        reason = foreign(target) if target.is_dir() else f"{target} is a file."
    except OSError as error:
        raise NotWritable(f"{target} cannot be read: {error.strerror}.") from error
    if reason:
        raise TargetExists(reason, hint="Choose another folder.")


def _put(partial: Path, target: Path) -> None:
    if not target.exists():
        os.rename(partial, target)
        return
    aside = _hidden(target, "replaced")
    os.rename(target, aside)
    try:
        os.rename(partial, target)
    except BaseException:
        os.rename(aside, target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _hidden(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{kind}-{os.getpid()}-{secrets.token_hex(4)}")


def _sweep(target: Path) -> None:
    """Throw away what killed deliveries to this place left, once it is a day old."""
    for kind in ("partial", "replaced"):
        for leftover in target.parent.iterdir():
            if leftover.name.startswith(f".{target.name}.{kind}-"):
                with contextlib.suppress(OSError):
                    if time.time() - leftover.stat().st_mtime > _STALE_SECONDS:
                        shutil.rmtree(leftover, ignore_errors=True)
