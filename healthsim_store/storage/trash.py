"""The trash of a store: deleted scenarios, until they are restored."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..base.wording import option
from ..errors import ScenarioBusy, ScenarioExists, ScenarioFileError, ScenarioNotFound
from .folder import Folder, writing
from .moving import STAMP, give, move_with_sidecars, settled, stamp
from .names import clean_name, find_name

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Deleted:
    """A scenario in the trash. ``deleted_at`` is UTC, as 2026-11-27T01:12:39Z."""

    name: str
    deleted_at: str
    path: Path

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "deleted_at": self.deleted_at, "path": str(self.path)}


class Trash:
    """A folder beside a store's files, in which deleted ones keep their name and a time."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._path = folder.trash

    def put(self, path: Path) -> None:
        """Move a scenario's file here, once nobody writes to it.

        What is no scenario, or cannot be read, is moved as it is, with what lies beside it. One of
        several names of a file is only taken away.

        Raises ScenarioBusy, ScenarioNotFound, NotWritable.
        """
        if not path.is_symlink() and self._folder.twins(path):
            with writing(self._folder.path):
                path.unlink()
            return
        self._path.mkdir(parents=True, exist_ok=True)
        target = self._path / f"{path.stem}~{stamp()}.db"
        _move(self._folder, path, lambda move: move(path, target))

    def list(self) -> list[Deleted]:
        """What is here, the last deleted first."""
        found = []
        for path in self._path.glob("*~*.db"):
            name, _, at = path.stem.rpartition("~")
            with contextlib.suppress(ValueError):  # somebody else's file
                moment = dt.datetime.strptime(at, STAMP)
                found.append((at, Deleted(name, f"{moment:%Y-%m-%dT%H:%M:%SZ}", path)))
        return [deleted for _, deleted in sorted(found, key=lambda pair: pair[0], reverse=True)]

    def restore(self, scenario: str, new_name: str | None) -> Path:
        """Give the last deleted scenario of a name its place back, or another name.

        Raises ScenarioNotFound, and ScenarioExists when the name is taken by now.
        """
        deleted = self.list()
        if not deleted:
            raise ScenarioNotFound(f"There is no {scenario!r} to restore: the trash is empty.")
        name = find_name(scenario, {entry.name for entry in deleted})
        entry = next(entry for entry in deleted if entry.name == name)
        target = clean_name(new_name) if new_name is not None else name
        try:
            return _move(
                self._folder,
                entry.path,
                lambda move: self._folder.give_name(entry.path, target, move=move),
            )
        except ScenarioExists as error:
            given = option("new_name", verb="restore_scenario")
            error.hint = f"Give a new name for the restored one: {given}."
            raise


def _move(folder: Folder, path: Path, act: Callable[[Callable[[Path, Path], None]], Made]) -> Made:
    """What ``act`` gives, which gets the way to move the file, when nobody writes to it."""
    with writing(folder.path):
        try:
            with settled(path):
                return act(give)
        except (ScenarioBusy, ScenarioExists):
            raise
        except ScenarioFileError:
            return act(move_with_sidecars)
