"""Several new scenarios that appear together: all of them, or none.

Each file is made under a hidden name. When all are whole, a list says which name each gets; from
then on they are there, for who is killed between two renames leaves the list, and the next one who
looks into the folder finishes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..base.atomic import flush
from ..base.locks import Locked, locked
from ..errors import HealthsimStoreError
from .names import clean_name

Give = Callable[[Path, str], Path]

LISTS = "together"  # the folder of the lists, which is there only while there is one

_STALE_SECONDS = 3600

_UNFINISHED = re.compile(r"new-[0-9]+-[0-9a-f]+\.db")


def publish_together(
    hidden: Path, files: Sequence[Path], names: Sequence[str], give: Give
) -> list[Path]:
    """Give files their names, all of them or none; the paths.

    Args:
        hidden: the store's hidden folder, in which the files are.
        files: whole and on the disk; nobody else has one open.
        names: the name of each.
        give: gives one file its name. What it raises is raised; then none has a new name.
    """
    lists = hidden / LISTS
    lists.mkdir(exist_ok=True)
    token = f"{os.getpid()}-{secrets.token_hex(4)}"
    given: list[tuple[Path, Path]] = []
    try:
        with locked(lists / f"{token}.lock"):
            listing = _write_list(lists, token, files, names)
            try:
                for file, name in zip(files, names, strict=True):
                    given.append((file, give(file, name)))
            except BaseException:
                # Such as a name that somebody has just taken. The list still has all of them, so
                # where this is killed too, they are finished.
                for file, path in given:
                    os.replace(path, file)
                raise
            finally:
                _remove_list(listing)
    finally:
        _remove_folder(lists)
    return [path for _, path in given]


def _write_list(lists: Path, token: str, files: Sequence[Path], names: Sequence[str]) -> Path:
    draft, listing = lists / f"{token}.draft", lists / f"{token}.json"
    pairs = [[file.name, name] for file, name in zip(files, names, strict=True)]
    draft.write_text(json.dumps(pairs), encoding="utf-8")
    flush(draft)
    os.replace(draft, listing)
    return listing


def _remove_list(listing: Path) -> None:
    with contextlib.suppress(OSError):
        listing.unlink()
        listing.with_suffix(".lock").unlink()


def _remove_folder(lists: Path) -> None:
    with contextlib.suppress(OSError):
        lists.rmdir()  # only where nobody has another list there


def listed(hidden: Path) -> set[str]:
    """The names of files that a list has: they are whole, and wait for their names."""
    return {file for listing in (hidden / LISTS).glob("*.json") for file, _ in _read(listing)}


def finish(hidden: Path, give: Give) -> None:
    """Give the files their names that somebody was killed over.

    ``give`` gives one its name, or another one where that is taken by now. What cannot be done now
    is left for the next one.
    """
    lists = hidden / LISTS
    for listing in lists.glob("*.json"):
        with (
            contextlib.suppress(Locked, HealthsimStoreError, OSError),
            locked(listing.with_suffix(".lock"), wait=0),
        ):
            for file, name in _read(listing):
                path = hidden / file
                if path.is_file():
                    give(path, name)
                path.with_suffix(".lock").unlink(missing_ok=True)
            _remove_list(listing)
    # What was left before there was a list. It stays a while: its maker may be about to write one.
    for left in (*lists.glob("*.lock"), *lists.glob("*.draft")):
        with contextlib.suppress(OSError):
            age = time.time() - left.stat().st_mtime
            if age > _STALE_SECONDS and not left.with_suffix(".json").exists():
                left.unlink()
    _remove_folder(lists)


def _read(listing: Path) -> list[tuple[str, str]]:
    """What a list says; nothing of what no list of ours says, as in a stranger's folder."""
    with contextlib.suppress(OSError, ValueError, TypeError, HealthsimStoreError):
        pairs = [(str(file), str(name)) for file, name in json.loads(listing.read_text("utf-8"))]
        if all(_UNFINISHED.fullmatch(file) and clean_name(name) == name for file, name in pairs):
            return pairs
    return []
