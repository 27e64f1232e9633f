"""A scenario's file replaced by a changed copy, in one step; the file as it was is in the trash.

Whoever is killed at any moment leaves the old file or the new one under the scenario's name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..base.atomic import flush
from ..base.leftovers import stamp
from ..base.sqlite import look
from ..errors import NotWritable
from .folder import Folder, writing
from .moving import settled
from .sandbox import Sandbox

Made = TypeVar("Made")


def try_on_copy(path: Path, change: Callable[[Path], Made]) -> Made:
    """What ``change`` gives of a copy of a scenario's file, which is thrown away."""
    with tempfile.TemporaryDirectory(prefix="healthsim-store-") as scratch:
        copy = Path(scratch) / "trial.db"
        _copy(path, copy)
        return change(copy)


def replace_by_copy(
    folder: Folder, path: Path, change: Callable[[Path], tuple[Made, bool]]
) -> Made:
    """Put a changed copy in the place of a scenario's file, which goes to the trash.

    Nobody else writes to the file meanwhile; who reads it goes on with the old one.

    Args:
        folder: the store's folder.
        path: the scenario's file.
        change: changes the copy, whose path it gets, and leaves nothing beside it. It gives what
            this function gives, and whether anything was changed. Where it raises or changed
            nothing, the scenario is as it was.

    Raises what `settled` raises, and NotWritable.
    """
    real = path.resolve()  # a link stays one, to the new file
    folder.prepare()
    if os.stat(folder.hidden).st_dev != look(real).st_dev:
        raise NotWritable(
            f"{real} is on another disk than the store that has a link to it.",
            hint=f"Use the folder {real.parent} as a store, and do it there.",
        )
    with folder.unfinished() as copy, settled(real):
        _copy(real, copy)
        made, changed = change(copy)
        if changed:
            with writing(folder.path):
                flush(copy)
                shutil.copymode(real, copy)
                _keep(folder, real, f"{path.stem}~{stamp()}.db")
                os.replace(copy, real)
                flush(real.parent)
    return made


def _copy(path: Path, target: Path) -> None:
    """By SQLite: to read the file in another way would drop the locks that we have on it."""
    with contextlib.closing(Sandbox(path)) as sandbox:
        sandbox.copy_to(target)


def _keep(folder: Folder, path: Path, name: str) -> None:
    """Give the file a second name in the trash, until it loses the first one."""
    folder.trash.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, folder.trash / name)
    except OSError:  # a file system without hard links
        with folder.unfinished() as copy:
            _copy(path, copy)
            os.rename(copy, folder.trash / name)
    flush(folder.trash)
