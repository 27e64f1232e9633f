"""The files of one store: found by name, opened for reading, listed, moved.

What belongs together for one folder: the folder itself, its trash, the pool of open files and the
cache of answers.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ..base.sqlite import file_errors, look
from ..base.version import __version__
from ..base.wording import call
from ..errors import (
    CorruptScenario,
    HealthsimStoreError,
    InvalidArgument,
    NotAScenario,
    ScenarioBusy,
    ScenarioFileError,
    ScenarioNotFound,
)
from . import scenario as scenario_file
from .batches import read_keys
from .cache import Cache, file_mark
from .folder import Folder, same_file, writing
from .info import ScenarioInfo, make_info, read_info
from .isolated import IsolatedSandbox
from .moving import settled
from .names import clean_name, find_name, not_whole
from .pool import Pool
from .processes import start_ahead
from .sandbox import Sandbox
from .trash import Trash

Held = TypeVar("Held")
Open = type[Sandbox]

_LASTING = (NotAScenario, CorruptScenario)  # errors that last as long as the file is as it is
_IDLE = 8  # open files kept for the next question
_TRIES = 5  # where other files come to have the names while they are opened
_IDLE_PROCESSES = 2  # the same, where each takes a process


@dataclass(frozen=True, slots=True)
class _Moment:
    """A sandbox in its read transaction, with the files attached to it by schema."""

    sandbox: Sandbox
    attached: Mapping[str, Path]


@dataclass(frozen=True, eq=False)
class _Reader:
    """A thread and the files of which it has a read transaction."""

    thread: int
    paths: frozenset[Path]


class Files:
    """The files of the store in the folder ``path``.

    ``remember=False`` keeps no answers beside the files, so that reading writes nothing.
    ``isolated``: each file is read in a process of its own, see `isolated`.
    """

    def __init__(self, path: Path, *, remember: bool = True, isolated: bool = True) -> None:
        self.open: Open = IsolatedSandbox if isolated else Sandbox
        self.folder = Folder(path)
        if isolated and path.is_dir():
            start_ahead()  # somebody will read: its start is over by then
        self.trash = Trash(self.folder)
        self.cache = Cache(self.folder.hidden / "memory.db" if remember else None)
        self._pool = Pool(self._open, idle=_IDLE_PROCESSES if isolated else _IDLE)
        self._local = threading.local()
        self._readers: set[_Reader] = set()
        # Also at the end of the process, so that no connection is left for the collector.
        weakref.finalize(self, _close, self._pool, self.cache)

    def _open(self, path: Path, attached: Mapping[str, Path]) -> Sandbox:
        return self.open(path, attached=attached)

    def close(self) -> None:
        """Close the files that are kept open between questions."""
        _close(self._pool, self.cache)

    # -- finding -----------------------------------------------------------------------------

    def find(self, scenario: str) -> Path:
        """The file of the scenario that is meant; see `Store.find`."""
        if not isinstance(scenario, str):
            raise InvalidArgument(f"A scenario is given by its name, not {scenario!r:.60}.")
        direct = self.folder.exact(scenario)
        if direct is not None:
            return direct
        if any(sign in scenario for sign in "/\\\0"):
            raise ScenarioNotFound(
                f"{scenario!r:.80} is a path, not a scenario's name.",
                hint=f"Scenarios are in {self.folder.path}; open another folder as a store of its"
                " own.",
            )
        try:
            return self.folder.file(find_name(scenario, self.folder.names()))
        except ScenarioNotFound:
            for info in self.infos():
                if info.scenario_id == scenario.strip().casefold():
                    return info.path
            raise

    def whole(self, scenario: str) -> Path:
        """The file of a scenario that is given by its whole name or its id, and not by a part.

        Raises ScenarioNotFound, which offers the name that is meant.
        """
        path = self.find(scenario)
        folded = scenario.strip().casefold()
        if folded == path.stem.casefold():
            return path
        by_id = (info.path for info in self.infos() if info.scenario_id == folded)
        found = next(by_id, None)
        if found is None:
            raise not_whole(scenario, path.stem, call("delete_scenario", path))
        return found

    def existing(self, name: str) -> Path | None:
        """The file of exactly this name, or of what a new scenario of this name would be called."""
        return self.folder.existing(name) or self.folder.existing(clean_name(name))

    def holding(
        self, key: str, look: Callable[[sqlite3.Connection], Held | None]
    ) -> tuple[Path, Held] | None:
        """The scenario that has a batch, and what ``look`` finds of it there; None without one.

        Only files that changed since the last call are opened, and the one that has it.

        Args:
            key: what the batch is found by, as `batches.read_keys` gives it.
            look: makes sure of it in the file. It may find None.
        """
        for path, _, keys in self._each("batches", lambda sandbox: read_keys(sandbox.connection)):
            if isinstance(keys, list) and key in keys:
                with contextlib.suppress(ScenarioFileError), self.reading(path) as sandbox:
                    found = look(sandbox.connection)
                    if found is not None:
                        return path, found
        return None

    # -- reading -----------------------------------------------------------------------------

    def lend(
        self, path: Path, attached: Mapping[str, Path] | None = None
    ) -> contextlib.AbstractContextManager[Sandbox]:
        """A sandbox on a file for this thread alone."""
        return self._pool.lend(path, attached)

    @contextlib.contextmanager
    def reading(self, path: Path, attached: Mapping[str, Path] | None = None) -> Iterator[Sandbox]:
        """The same; inside `moment`, the sandbox of that moment."""
        held = self._moments.get(path)
        if held is not None and (not attached or attached == held.attached):
            yield held.sandbox
        else:
            with self.lend(path, attached) as sandbox:
                yield sandbox

    @contextlib.contextmanager
    def moment(self, path: Path, attached: Mapping[str, Path] | None = None) -> Iterator[Sandbox]:
        """All that this thread reads of a file in the block is of one moment.

        So is what it reads of ``attached`` together with it.
        """
        moments = self._moments
        with (
            self._begun(path, attached) as sandbox,
            self.blocking(path, attached),
        ):
            outer = moments.get(path)
            if outer is None or outer.sandbox is not sandbox:
                moments[path] = _Moment(sandbox, dict(attached or {}))
            try:
                yield sandbox
            finally:
                if outer is None:
                    del moments[path]
                else:
                    moments[path] = outer

    @contextlib.contextmanager
    def _begun(self, path: Path, attached: Mapping[str, Path] | None) -> Iterator[Sandbox]:
        """A sandbox in its read transaction, on the files that have these names while it lasts.

        A file that is renamed after it was opened and before it is read is another one's by then.
        Whoever looked for it once more in the transaction would open all files, also this one:
        and wait for a writer that waits for the transaction.
        """
        paths = [path, *(attached or {}).values()]
        for _ in range(_TRIES):
            before = [*map(look, paths)]
            with self.reading(path, attached) as sandbox, sandbox.moment():
                if all(map(os.path.samestat, before, map(look, paths))):
                    yield sandbox
                    return
        raise ScenarioBusy(
            f"{path.name} was replaced just now, as an upgrade does.", hint="Try again."
        )

    @property
    def _moments(self) -> dict[Path, _Moment]:
        """Of the thread that asks, the moments that it is in, by file."""
        by_path: dict[Path, _Moment] = self._local.__dict__.setdefault("moments", {})
        return by_path

    @contextlib.contextmanager
    def blocking(self, path: Path, attached: Mapping[str, Path] | None = None) -> Iterator[None]:
        """In the block, a read transaction of this thread keeps writers from these files."""
        reader = _Reader(threading.get_ident(), frozenset([path, *(attached or {}).values()]))
        self._readers.add(reader)
        try:
            yield
        finally:
            self._readers.discard(reader)

    def check_writable(self, path: Path) -> None:
        """Raises ScenarioBusy where this thread would wait for itself.

        Not so for a file in WAL mode, where readers and a writer do not wait for each other. Raises
        ScenarioFileError where the file has another name in the store.
        """
        self.folder.check_single(path)
        thread = threading.get_ident()
        # A copy, made in one step: other threads begin and end to read meanwhile.
        readers = list(self._readers)
        blocked = any(one.thread == thread and path in one.paths for one in readers)
        if blocked and not path.with_name(f"{path.name}-wal").exists():
            raise ScenarioBusy(
                f"{path.name} is being read here, inside moment() or by rows(), so it cannot be"
                " written.",
                hint="Write after the moment's block, or when the rows are read or closed.",
            )

    def answer(self, path: Path, key: str, read: Callable[[Sandbox], Any]) -> Any:
        """What ``read`` makes of a file, kept under ``key`` until the file changes; JSON."""

        def compute() -> Any:
            with self.reading(path) as sandbox, sandbox.moment():
                return read(sandbox)

        return self.cache.answer(path, key, compute)

    def keeps(self, path: Path, key: str) -> bool:
        """Whether `answer` has this without reading the file."""
        return self.cache.get(path.name, file_mark(path), key) is not None

    def infos(self) -> list[ScenarioInfo]:
        """Every scenario's facts; those of which not all is well have a ``problem``."""
        found = [
            ScenarioInfo(path.stem, path, size, problem=facts.message)
            if isinstance(facts, HealthsimStoreError)
            else make_info(path, size, facts)
            for path, size, facts in self._each("info", read_info)
        ]
        return self._with_twins(found)

    def _with_twins(self, infos: list[ScenarioInfo]) -> list[ScenarioInfo]:
        """The same, where several names of one file are told as a problem of each."""
        names: dict[tuple[int, int], list[str]] = {}
        for info in infos:
            with contextlib.suppress(OSError):
                status = info.path.stat()
                names.setdefault((status.st_dev, status.st_ino), []).append(info.name)
        problems = {
            name: same_file(name, [other for other in same if other != name])
            for same in names.values()
            for name in same
            if len(same) > 1
        }
        return [
            replace(info, problem=problems[info.name]) if info.name in problems else info
            for info in infos
        ]

    def _each(
        self, key: str, read: Callable[[Sandbox], Any]
    ) -> Iterator[tuple[Path, int, Any | HealthsimStoreError]]:
        """Of every scenario the file, its bytes, and what ``read`` makes of it, or why it cannot.

        That is kept under ``key`` until the file changes; JSON.
        """
        kept = self.cache.all(key)
        fresh: dict[tuple[str, str | None], Any] = {}
        try:
            for name in self.folder.names():
                path = self.folder.file(name)
                size, mark = 0, None
                try:
                    size = look(path).st_size
                    mark = file_mark(path)
                    facts = kept.get((path.name, mark)) if mark else None
                    known = _known_error(facts)
                    if known is not None:
                        facts = known
                    elif facts is None or (isinstance(facts, dict) and "error" in facts):
                        with self._alone(path) as sandbox, file_errors(path):
                            facts = read(sandbox)
                        if path not in self._moments:  # of an earlier moment, in WAL mode
                            fresh[(path.name, mark)] = facts
                except ScenarioNotFound:
                    continue  # deleted while we looked
                except HealthsimStoreError as error:
                    facts = error
                    if mark and type(error) in _LASTING:
                        told = [type(error).__name__, error.message, error.hint]
                        fresh[(path.name, mark)] = {"error": told, "by": __version__}
                yield path, size, facts
        finally:
            self.cache.put(key, fresh)

    def _alone(self, path: Path) -> contextlib.AbstractContextManager[Sandbox]:
        """A sandbox for one question, which stays out of the pool.

        In this thread's moment of the file it is the moment's: a second one would wait for a writer
        that waits for the moment's end.
        """
        held = self._moments.get(path)
        if held is not None:
            return contextlib.nullcontext(held.sandbox)
        return contextlib.closing(self.open(path))

    # -- moving ------------------------------------------------------------------------------

    def rename(self, path: Path, name: str) -> Path:
        """Give a file another name; the new path. Raises ScenarioExists when it is taken."""
        if path.stem == name:
            return path
        self.check_writable(path)
        self.folder.check_free(name, path)
        self.close()
        with writing(self.folder.path), settled(path) as connection:
            log = functools.partial(scenario_file.log_rename, connection, path, name)
            return self.folder.give_name(path, name, before=log)

    def delete(self, path: Path) -> None:
        """Move a file to the trash. Raises ScenarioBusy where somebody writes to it."""
        self.close()
        self.trash.put(path)


def _known_error(kept: Any) -> HealthsimStoreError | None:
    """The error that this version had of a file, where such is kept of it."""
    if isinstance(kept, dict) and kept.get("by") == __version__:
        name, message, hint = kept["error"]
        found = {kind.__name__: kind for kind in _LASTING}[name]
        return found(message, hint=hint)
    return None


def _close(pool: Pool[Sandbox], cache: Cache) -> None:
    pool.close()
    cache.close()
