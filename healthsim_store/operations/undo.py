"""Undo, redo and the history that they need."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.arguments import check_limit
from ..base.sqlite import transaction
from ..errors import CannotUndo, ChangedSince, ScenarioExists
from ..storage import triggers
from ..storage.files import Files
from ..storage.folder import writing
from ..storage.format import upgrade, verify, write_log
from ..storage.history import (
    Operation,
    Turned,
    changed_since,
    next_redo,
    next_undo,
    read_operations,
    turn,
)
from ..storage.housekeeping import NAMES
from ..storage.moving import drop_sidecars, settled
from ..storage.recording import Kept, drop, evict, read_kept
from ..storage.rules import refuse_unbounded
from ..storage.scenario import opened

MOST_ROWS = 100_000_000
MOST_MEGABYTES = 100_000


@dataclass(frozen=True)
class UndoResult:
    """What undo or redo did.

    ``number`` and ``operation`` are those of the history. ``counts`` are rows by entity type and
    by what became of them. ``again`` is false where it cannot be turned round once more.
    """

    scenario: str
    number: int
    operation: str
    done: str  # undone or redone
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    again: bool = True

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "scenario": self.scenario,
            "number": self.number,
            "operation": self.operation,
            "done": self.done,
            "counts": {name: dict(numbers) for name, numbers in self.counts.items()},
            "again": self.again,
        }

    def to_markdown(self) -> str:
        """The same in words."""
        told = [
            f"{count:,} {name.replace('_', ' ')} {what}"
            for name, numbers in self.counts.items()
            for what, count in numbers.items()
        ]
        counts = f": {', '.join(told)}" if told else ""
        text = f'{self.done.capitalize()} in "{self.scenario}": {self.operation}{counts}.'
        if not self.again:
            text += " It was more than the history keeps, so it cannot be done again."
        return text


@dataclass(frozen=True)
class History:
    """The operations of a scenario, the newest first, and what its file keeps for undo.

    ``kept`` is None for a file of an older format; it gets a history with its next change.
    """

    scenario: str
    operations: tuple[Operation, ...]
    kept: Kept | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "scenario": self.scenario,
            "operations": [operation.to_dict() for operation in self.operations],
            "kept": self.kept.to_dict() if self.kept else None,
        }

    def told_kept(self) -> str:
        """What the file keeps for undo, in words."""
        if self.kept is None:
            return "The file is of an older format: it gets a history with its next change."
        kept = self.kept
        return (
            f"It keeps {kept.operations:,} operations with {kept.rows:,} changed rows"
            f" ({kept.bytes / 1e6:,.1f} MB) for undo; at most {kept.most_rows:,} rows,"
            f" {kept.most_bytes / 1e6:,.0f} MB."
        )


def turn_file(files: Files, path: Path, *, back: bool) -> UndoResult:
    """Undo the last operation of a scenario, or do again what was undone last.

    Raises CannotUndo, ChangedSince, ScenarioExists; then nothing has changed.
    """
    with files.reading(path) as sandbox:
        operation = (next_undo if back else next_redo)(sandbox.connection, path)
    files.check_writable(path)
    if operation.operation == "rename":
        return _turn_name(files, path, operation, back)
    with opened(path) as connection, _told_of_others(path), transaction(connection):
        upgrade(connection)
        turned = turn(connection, _same(connection, path, operation, back), back=back)
    return _result(path.stem, turned, back)


def _same(connection: sqlite3.Connection, path: Path, expected: Operation, back: bool) -> Operation:
    """The operation, which must be the one that was found before the file was locked."""
    found = (next_undo if back else next_redo)(connection, path)
    if found.number != expected.number:
        raise ChangedSince(
            f"Nothing was changed: {found.what} was done just now.", hint="Look and try again."
        )
    return found


def _result(name: str, turned: Turned, back: bool) -> UndoResult:
    done = "undone" if back else "redone"
    operation = turned.operation
    return UndoResult(name, operation.number, operation.what, done, turned.counts, turned.again)


@contextlib.contextmanager
def _told_of_others(path: Path) -> Iterator[None]:
    """Turn what SQLite says of rows that other programs wrote into ChangedSince."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        what = "rows that another program wrote refer to what would be taken away"
        if "UNIQUE" in str(error):
            what = f"what would come back has been taken since ({error})"
        raise changed_since(what, path) from error


def _turn_name(files: Files, path: Path, operation: Operation, back: bool) -> UndoResult:
    old, new = operation.details.get("from"), operation.details.get("to")
    name = old if back else new
    if not isinstance(name, str) or not isinstance(old, str):
        raise CannotUndo("The log does not tell the name that it had.")
    if path.stem == name:  # moved back by hand
        raise ChangedSince(f"It is called {name} already.", hint="Nothing was changed.")
    turned: list[Turned] = []

    def log(connection: sqlite3.Connection) -> None:
        verify(connection, path)
        refuse_unbounded(connection, path, tables=NAMES)
        with triggers.refused(connection, path):
            turned.append(turn(connection, _same(connection, path, operation, back), back=back))
        connection.execute("COMMIT")
        drop_sidecars(path)

    files.folder.check_free(name, path)
    files.close()
    with writing(files.folder.path), settled(path) as connection:
        try:
            there = files.folder.give_name(path, name, before=functools.partial(log, connection))
        except ScenarioExists as error:
            error.hint = "Rename the other one first."
            raise
    return _result(there.stem, turned[0], back)


def read_history(files: Files, path: Path, limit: int) -> History:
    """The newest operations of a scenario."""
    with files.reading(path) as sandbox, sandbox.moment():
        connection = sandbox.connection
        return History(path.stem, tuple(read_operations(connection, limit)), read_kept(connection))


def set_history(
    files: Files, path: Path, *, forget: bool, rows: int | None, megabytes: int | None
) -> History:
    """Empty a scenario's history, or set its bounds; the history afterwards."""
    if rows is not None:
        check_limit("rows", rows, least=0, most=MOST_ROWS)
    if megabytes is not None:
        check_limit("megabytes", megabytes, least=0, most=MOST_MEGABYTES)
    files.check_writable(path)
    with opened(path, rows=False) as connection, transaction(connection):
        upgrade(connection)
        details: dict[str, Any] = {}
        for column, value in (
            ("history_rows", rows),
            ("history_bytes", None if megabytes is None else megabytes * 1_000_000),
        ):
            if value is not None:
                connection.execute(f"UPDATE _scenario SET {column} = ?", (value,))
                details[column] = value
        evict(connection)
        if forget:
            drop(connection, "1")
            details["forgotten"] = True
        if details:
            write_log(connection, "forget" if forget else "bound", details=details)
    return read_history(files, path, 20)
