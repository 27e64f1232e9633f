"""The trash of a store: deleted scenarios, and what upgrades replaced, until they are restored.

Or until they are purged, which nothing takes back.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ..base.arguments import check_limit
from ..base.leftovers import STAMP, stamp
from ..base.sqlite import beside
from ..base.text import size
from ..base.wording import call, option
from ..errors import (
    InvalidArgument,
    ScenarioBusy,
    ScenarioExists,
    ScenarioFileError,
    ScenarioNotFound,
)
from .folder import Folder, writing
from .moving import give, move_with_sidecars, settled
from .names import clean_name, find_name, whole_name

Made = TypeVar("Made")


MAX_DAYS = 36_500
_VERB = "purge_deleted"
_NAMED = 20  # of those that were purged, in words


@dataclass(frozen=True, slots=True)
class Deleted:
    """A scenario in the trash. ``deleted_at`` is UTC, as 2026-11-27T01:12:39Z.

    ``number`` counts from the oldest, so what is deleted later does not change it; ``size`` is in
    bytes, with what lies beside the file.
    """

    name: str
    deleted_at: str
    path: Path
    number: int = 0
    size: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "number": self.number,
            "name": self.name,
            "deleted_at": self.deleted_at,
            "size": self.size,
            "path": str(self.path),
        }


@dataclass(frozen=True, slots=True)
class Purged:
    """What was taken out of the trash for good, or would be; ``bytes`` of all files together."""

    scenarios: tuple[Deleted, ...]
    bytes: int
    done: bool = True

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "purged": [deleted.to_dict() for deleted in self.scenarios],
            "bytes": self.bytes,
            "done": self.done,
        }

    def to_markdown(self) -> str:
        """The same in words."""
        if not self.scenarios:
            return "There is nothing of it in the trash."
        names = [f"{one.name} of {one.deleted_at}" for one in self.scenarios[:_NAMED]]
        more = f" and {len(self.scenarios) - _NAMED:,} more" if self.scenarios[_NAMED:] else ""
        count = f"{len(self.scenarios):,} file{'s' if len(self.scenarios) > 1 else ''}"
        what = "Purged" if self.done else "Would be purged"
        return f"{what}: {count}, {size(self.bytes)}: {', '.join(names)}{more}."


@dataclass(frozen=True, slots=True)
class Purge:
    """What is to go: those of a name, or all, of those only what is older than some days."""

    scenario: str | None = None
    older_than: float | None = None
    everything: bool = False

    def __post_init__(self) -> None:
        if self.older_than is not None:
            check_days(self.older_than)
        if self.scenario is None and self.older_than is None and not self.everything:
            raise InvalidArgument(
                "It was not said what to purge.",
                hint=f"Give a name, {option('older_than')} or {option('everything', verb=_VERB)}.",
            )
        if self.everything and (self.scenario is not None or self.older_than is not None):
            raise InvalidArgument(f"{option('everything', verb=_VERB)} stands alone: it takes all.")


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
            with contextlib.suppress(ValueError, OSError):  # somebody else's file, or gone by now
                moment = dt.datetime.strptime(at, STAMP)
                told = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
                found.append((at, Deleted(name, told, path, size=_size(path))))
        numbered = enumerate(sorted(found, key=lambda pair: (pair[0], pair[1].name)), 1)
        return [replace(deleted, number=number) for number, (_, deleted) in numbered][::-1]

    def restore(self, scenario: str | None, number: int | None, new_name: str | None) -> Path:
        """Give a deleted scenario its place back, or another name: the last deleted of a name.

        Raises ScenarioNotFound, and ScenarioExists when the name is taken by now.
        """
        entry = self._wanted(scenario, number)
        target = clean_name(new_name) if new_name is not None else entry.name
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

    def _wanted(self, scenario: str | None, number: int | None) -> Deleted:
        if (scenario is None) == (number is None):
            raise InvalidArgument(
                "What to restore is given by its name or by its number.",
                hint="The list of the trash has both.",
            )
        deleted = self.list()
        if not deleted:
            raise ScenarioNotFound(
                f"There is no {number or repr(scenario)} to restore: the trash is empty."
            )
        if scenario is not None:
            name = find_name(scenario, {entry.name for entry in deleted})
            return next(entry for entry in deleted if entry.name == name)
        check_limit("number", number, most=10**9)
        found = [entry for entry in deleted if entry.number == number]
        if not found:
            raise ScenarioNotFound(
                f"There is no number {number} in the trash.",
                hint=f"It has 1 to {len(deleted)}.",
            )
        return found[0]

    def _offer(self, name: str) -> str:
        return call("purge_deleted", self._folder.file(name))

    def purge(self, wanted: Purge, *, dry_run: bool, confirm: Callable[[Purged], bool]) -> Purged:
        """Take files out of the trash for good; see `Store.purge_deleted`.

        Raises ScenarioNotFound for a name that nothing in it has, NotWritable.
        """
        deleted = self.list()
        if wanted.scenario is not None:
            names = {entry.name for entry in deleted}
            if not names:
                raise ScenarioNotFound("There is nothing to purge: the trash is empty.")
            name = whole_name(wanted.scenario, names, self._offer)
            deleted = [entry for entry in deleted if entry.name == name]
        if wanted.older_than is not None:
            before = dt.datetime.now(dt.UTC) - dt.timedelta(days=wanted.older_than)
            deleted = [e for e in deleted if e.deleted_at <= f"{before:%Y-%m-%dT%H:%M:%SZ}"]
        told = Purged(tuple(deleted), sum(entry.size for entry in deleted), done=False)
        if dry_run or not deleted or not confirm(told):
            return told
        with writing(self._folder.path):
            for entry in deleted:
                # The file last: who is killed before has it in the list still.
                for path in (*beside(entry.path), entry.path):
                    _remove(path)
        return replace(told, done=True)


def _remove(path: Path) -> None:
    """Remove a file, or what was deleted as a scenario and is a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def check_days(days: float) -> None:
    """Raises InvalidArgument for what is no number of days."""
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 <= days <= MAX_DAYS:
        raise InvalidArgument(
            f"{option('older_than')} is {days!r:.60}.",
            hint=f"Give days, from 0 to {MAX_DAYS:,}.",
        )


def _size(path: Path) -> int:
    """The bytes of a file, with what lies beside it."""
    count = path.lstat().st_size
    for sidecar in (*beside(path), *(path.rglob("*") if path.is_dir() else ())):
        with contextlib.suppress(OSError):
            count += sidecar.lstat().st_size
    return count


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
