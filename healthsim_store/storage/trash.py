"""The trash of a store: deleted scenarios, until they are restored."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ScenarioExists, ScenarioFileError, ScenarioNotFound
from .folder import Folder, writing
from .names import clean_name, find_name
from .scenario import opened

_STAMP = "%Y%m%dT%H%M%S.%fZ"


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
        self._path = folder.hidden / "trash"

    def put(self, path: Path) -> None:
        """Move a scenario's file here, once nobody writes to it. Raises NotWritable."""
        with contextlib.suppress(ScenarioFileError), opened(path) as connection:
            # Wait for a writer, and let SQLite undo what a killed one left half-done.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        with writing(self._folder.path):
            self._path.mkdir(parents=True, exist_ok=True)
            os.rename(path, self._path / f"{path.stem}~{dt.datetime.now(dt.UTC):{_STAMP}}.db")

    def list(self) -> list[Deleted]:
        """What is here, the last deleted first."""
        found = []
        for path in self._path.glob("*~*.db"):
            name, _, stamp = path.stem.rpartition("~")
            moment = dt.datetime.strptime(stamp, _STAMP)
            found.append((stamp, Deleted(name, f"{moment:%Y-%m-%dT%H:%M:%SZ}", path)))
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
        with writing(self._folder.path):
            try:
                return self._folder.give_name(entry.path, target)
            except ScenarioExists as error:
                error.hint = "Give a new name for the restored one."
                raise
