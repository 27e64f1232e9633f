"""What is not well about the place of a scenario's file, and not about what is in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..base.sqlite import SIDECARS
from .folder import Folder, same_file


def faults(folder: Folder, path: Path) -> Iterator[str]:
    """Why a scenario is not safe where it is: it has a second name."""
    twins = folder.twins(path)
    if twins:
        yield f"{same_file(path.stem, twins)} What is done to one is done to all."


def set_aside(folder: Folder, path: Path) -> Iterator[str]:
    """What was set aside that lay beside the scenario, or where it got its name."""
    with contextlib.suppress(FileNotFoundError):
        for entry in sorted(os.scandir(folder.leftovers), key=lambda entry: entry.name):
            of, _, _ = entry.name.rpartition("~")
            if of in [path.name + ending for ending in SIDECARS]:
                yield (
                    f"{of} lay there of another file, which is gone. It is kept as {entry.path},"
                    " and may be deleted."
                )


def lone(folder: Folder) -> dict[str, list[str]]:
    """What lies beside no file, by the name of the scenario that was there."""
    found: dict[str, list[str]] = {}
    with contextlib.suppress(OSError):
        for entry in sorted(os.scandir(folder.path), key=lambda entry: entry.name):
            for ending in SIDECARS:
                file = entry.name.removesuffix(ending)
                if file == entry.name or not file.endswith(".db"):
                    continue
                if not os.path.lexists(folder.path / file):
                    found.setdefault(file.removesuffix(".db"), []).append(
                        f"{entry.name} lies there of a scenario that is gone. With {file} in its"
                        " place again it may have what was written last; a new scenario of that"
                        " name sets it aside."
                    )
    return found
