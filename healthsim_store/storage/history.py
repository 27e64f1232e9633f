"""The operations of a scenario, and taking the last of them back, or doing it again.

An operation is a call: of several batches that one call stored, all are undone together. What is
undone must be as the operation left it; else another program has written since, and nothing is
changed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..base.sql import quoted
from ..base.sqlite import file_of
from ..base.wording import call
from ..errors import CannotUndo, ChangedSince
from . import batch_rows, catalog
from .batches import read_counts, read_object
from .format import now, write_log
from .own_questions import turn_own_rows
from .recording import State, drop, encoded, read_limits, write_known
from .records import read_record, read_records, understood
from .rewriting import rewrite

#: Entries of the log that are about others.
_ABOUT_OTHERS = ("undo", "redo", "forget")

#: Counts that the operation's own name tells.
_OWN_WORD = ("inserted", "updated", "removed")

_OUT_OF_REACH = "the history no longer has it"
_OF_A_NOTE = "a note changes nothing; undo passes over it"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a scenario's log, with the entries of all its batches.

    ``reach`` says what can be done with it: ``undo``, ``redo``, or nothing; then ``reason`` tells
    why. ``present`` counts by entity type the rows that it put in and that are there still, as far
    as the file knows.
    """

    number: int
    at: str
    operation: str
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    batch_id: str | None = None
    batches: tuple[int, ...] = ()
    undone: bool = False
    reach: str = ""
    reason: str = ""

    @property
    def is_note(self) -> bool:
        """Whether it says something, and changed nothing."""
        return self.operation == "note" and not self.counts and "text" in self.details

    @property
    def what(self) -> str:
        """The operation in words."""
        if self.is_note:
            return f"note: {self.details['text']}"
        if self.operation == "question" and not self.counts:
            return " ".join(["question", *map(str, self.details.values())])
        told = [
            f"{count:,} {name.replace('_', ' ')}" + ("" if what in _OWN_WORD else f" {what}")
            for name, numbers in self.counts.items()
            for what, count in numbers.items()
            if count
        ]
        return f"{self.operation} {', '.join(told)}".strip()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told = {
            "number": self.number,
            "at": self.at,
            "operation": self.operation,
            "counts": {name: dict(numbers) for name, numbers in self.counts.items()},
            "details": dict(self.details),
            "batch_id": self.batch_id,
            "batches": len(self.batches),
            "undone": self.undone,
            "reach": self.reach,
            "reason": self.reason,
        }
        return {key: value for key, value in told.items() if value not in (None, "", {}, False)}


def read_operations(connection: sqlite3.Connection, limit: int | None = None) -> list[Operation]:
    """The operations of a file, the newest first; at most ``limit``.

    A file of an older format has them too, and none of them can be undone.
    """
    names = ("log_id", "at", "operation", "batch_id", "entities", "details", "call", "undone_at")
    rows = [
        tuple(row[name] for name in names)
        for row in read_records(connection, "_log", names=names, rest="ORDER BY log_id DESC")
    ]
    calls: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        if row[2] in _ABOUT_OTHERS:
            continue
        number = row[6] if row[6] is not None else row[0]
        if number not in calls and limit is not None and len(calls) >= limit:
            break
        calls.setdefault(number, []).append(row)
    history = {
        row["log_id"]: row["kept"]
        for row in read_records(connection, "_history", names=("log_id", "kept"))
    }
    made = [_operation(number, entries[::-1]) for number, entries in calls.items()]
    return [*_reached(made, history)]


def _operation(number: int, entries: Sequence[tuple[Any, ...]]) -> Operation:
    counts: dict[str, dict[str, int]] = {}
    for entry in entries:
        for name, numbers in (read_counts(entry[4]) or {}).items():
            total = counts.setdefault(name, {})
            for what, count in numbers.items():
                if count:
                    total[what] = total.get(what, 0) + count
    _, at, operation, batch_id, _, details, _, undone_at = entries[0]
    return Operation(
        number=number,
        at=at,
        operation=operation,
        counts=counts,
        details=read_object(details) or {},
        batch_id=batch_id,
        batches=tuple(entry[0] for entry in entries),
        undone=undone_at is not None,
    )


def _reached(operations: Sequence[Operation], history: Mapping[int, int]) -> Iterator[Operation]:
    """The same operations, each with what can be done with it; the newest comes first."""
    blocked = ""  # why nothing older can be undone
    done = [o for o in operations if not (o.undone or o.is_note)]
    last_done = max((max(o.batches) for o in done), default=0)
    for operation in operations:
        if operation.is_note:
            yield replace(operation, reason=_OF_A_NOTE)
            continue
        there = all(history.get(number) for number in operation.batches)
        if operation.undone:
            again = there and operation.number > last_done
            yield replace(operation, reach="redo" if again else "",
                          reason="" if again else "it was undone")  # fmt: skip
            continue
        reason = blocked
        if not there and not blocked:
            reason = blocked = _why_not(operation, history)
        yield replace(operation, reach="" if reason else "undo", reason=reason)


def _why_not(operation: Operation, history: Mapping[int, int]) -> str:
    if 1 in operation.batches:
        return "it made the scenario; delete takes all of it away"
    if operation.operation == "upgrade":
        return "an upgrade of the products cannot be undone"
    if any(history.get(number) == 0 for number in operation.batches):
        return "it changed more than the history may keep"
    return _OUT_OF_REACH


def next_undo(connection: sqlite3.Connection, path: Path) -> Operation:
    """The operation that undo takes back in the file at ``path``. Raises CannotUndo."""
    done = (o for o in read_operations(connection) if not (o.undone or o.is_note))
    found = next(done, None)
    if found is None:
        raise CannotUndo("There is nothing to undo.")
    if found.reach != "undo":
        raise CannotUndo(
            f"{found.what} (number {found.number}) cannot be undone: {found.reason}.",
            hint=f"{call('list_history', path)} tells what was done.",
        )
    return found


def next_redo(connection: sqlite3.Connection, path: Path) -> Operation:
    """The operation that redo does again. Raises CannotUndo where there is none."""
    del path  # nothing is told of it
    found = [o for o in read_operations(connection) if o.reach == "redo"]
    if not found:
        raise CannotUndo(
            "There is nothing to redo.", hint="Only what was undone last can be done again."
        )
    return found[-1]


@dataclass(frozen=True, slots=True)
class Turned:
    """What undo or redo did: counts of rows by entity type, and the scenario's name now.

    ``again`` is false where so much was taken back that it cannot be done again.
    """

    operation: Operation
    counts: Mapping[str, Mapping[str, int]]
    name: str | None = None
    again: bool = True


def turn(connection: sqlite3.Connection, operation: Operation, *, back: bool) -> Turned:
    """Undo an operation, or do it again; inside the caller's transaction.

    Raises ChangedSince where its rows are not as it left them; then the caller rolls back.
    """
    connection.execute("PRAGMA defer_foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    turning = _Turning(connection, back)
    for number in sorted(operation.batches, reverse=back):
        turning.entry(number)
    connection.executemany(
        "UPDATE _log SET undone_at = ? WHERE log_id = ?",
        [(now() if back else None, number) for number in operation.batches],
    )
    write_log(
        connection, "undo" if back else "redo",
        details={"number": operation.number, "operation": operation.what},
    )  # fmt: skip
    if not turning.again:
        for number in operation.batches:
            drop(connection, f"log_id = {number}")
    return Turned(operation, turning.counts, turning.name, turning.again)


class _Turning:
    def __init__(self, connection: sqlite3.Connection, back: bool) -> None:
        self._connection = connection
        self._back = back
        self._types = {e.name: e for e in catalog.read_entity_types(connection)}
        self.counts: dict[str, dict[str, int]] = {}
        self.name: str | None = None
        self.again = True

    def entry(self, number: int) -> None:
        entry = read_record(self._connection, "_history", "log_id", number)
        columns, before, after = (
            understood("_history", entry, name, _object) for name in ("columns", "before", "after")
        )
        old, new = (after, before) if self._back else (before, after)
        if self._back:
            self._keep_added(number, after, columns)
        # Rows that go make room for the keys of those that change, and both for those that come.
        types = dict.fromkeys(
            name for (name,) in self._connection.execute(
                "SELECT DISTINCT entity_type FROM _history_rows WHERE log_id = ?", (number,)
            )
        )  # fmt: skip
        for kind in ("go", "change", "come"):
            for name in types:
                self._rows(number, name, columns.get(name, {}), kind)
        self._restore(old, new)

    def _keep_added(self, number: int, after: State, columns: dict[str, Any]) -> None:
        """The rows that the operation put in, as they are now, so that they can come again."""
        added = [found for found in after.get("batches", ()) if found[3] == number]
        rows_left, bytes_left = read_limits(self._connection)
        if sum(last - first + 1 for _, first, last, _ in added) > rows_left:
            self._take_added(number, added)
            return
        for name, first, last, _ in added:
            entity_type = self._type(name)
            columns.setdefault(name, {})["all"] = [*entity_type.by_name]
            names = ", ".join(quoted(column) for column in entity_type.by_name)
            found = self._connection.execute(
                f"SELECT rowid, {names} FROM {quoted(name)} WHERE rowid BETWEEN ? AND ?",
                (first, last),
            )
            there = self._connection.executemany(
                "INSERT OR REPLACE INTO _history_rows VALUES (?, ?, ?, NULL, ?)",
                ((number, name, row, encoded(values)) for row, *values in found),
            ).rowcount
            self._check_whole(name, last - first + 1, there)
        if added:
            rows, size = self._connection.execute(
                "SELECT count(*), sum(coalesce(length(before), 0) + coalesce(length(after), 0))"
                " FROM _history_rows WHERE log_id = ?",
                (number,),
            ).fetchone()
            self._connection.execute(
                "UPDATE _history SET row_count = ?, bytes = ?, columns = ? WHERE log_id = ?",
                (rows, size, json.dumps(columns), number),
            )
            self.again = self.again and size <= bytes_left

    def _take_added(self, number: int, added: Sequence[Sequence[Any]]) -> None:
        """Take out more rows than the history may keep, so that they cannot come again."""
        for name, first, last, _ in reversed(added):
            self._type(name)
            taken = self._connection.execute(
                f"DELETE FROM {quoted(name)} WHERE rowid BETWEEN ? AND ?", (first, last)
            ).rowcount
            self._check_whole(name, last - first + 1, taken)
            self.counts.setdefault(name, {})["removed"] = taken
        self.again = False

    def _check_whole(self, name: str, stored: int, there: int) -> None:
        if there != stored:
            raise self._changed(
                f"{stored - there:,} of the {stored:,} {name} that it put in are no longer there"
            )

    def _changed(self, what: str) -> ChangedSince:
        return changed_since(what, file_of(self._connection))

    def _type(self, name: str) -> Any:
        if name not in self._types:
            raise self._changed(f"there is no entity type {name} any more")
        return self._types[name]

    def _rows(self, number: int, name: str, columns: Mapping[str, list[str]], kind: str) -> None:
        condition = {
            "go": ("before IS NULL", "after IS NULL"),
            "come": ("after IS NULL", "before IS NULL"),
            "change": ("before IS NOT NULL AND after IS NOT NULL",) * 2,
        }[kind][0 if self._back else 1]
        sides = "after, before" if self._back else "before, after"
        rows = self._connection.execute(
            f"SELECT row, {sides} FROM _history_rows"
            f" WHERE log_id = ? AND entity_type = ? AND {condition} ORDER BY row",
            (number, name),
        ).fetchall()
        if not rows:
            return
        entity_type = self._type(name)
        names = columns.get("changed" if kind == "change" else "all", [])
        missing = [column for column in names if column not in entity_type.by_name]
        if missing:
            raise self._changed(f"{name} has no column {missing[0]} any more")
        self._check(name, names, [(row, old) for row, old, _ in rows])
        new = [(row, json.loads(text)) for row, _, text in rows if text is not None]
        table = quoted(name)
        told = {"go": "removed", "come": "inserted", "change": "updated"}[kind]
        if kind == "go":
            self._connection.executemany(
                f"DELETE FROM {table} WHERE rowid = ?", [(row,) for row, _, _ in rows]
            )
        elif kind == "come":
            self._connection.executemany(
                f"INSERT INTO {table} (rowid, {', '.join(map(quoted, names))})"
                f" VALUES (?{', ?' * len(names)})",
                [(row, *values) for row, values in new],
            )
        else:
            rewrite(self._connection, entity_type, names, new)
        counted = self.counts.setdefault(name, {})
        counted[told] = counted.get(told, 0) + len(rows)

    def _check(self, name: str, names: Sequence[str], rows: list[tuple[int, str | None]]) -> None:
        """Whether rows are as they were left. Raises ChangedSince."""
        columns = ", ".join(map(quoted, names)) or "1"
        sql = f"SELECT {columns} FROM {quoted(name)} WHERE rowid = ?"
        other = []
        for row, left in rows:
            found = self._connection.execute(sql, (row,)).fetchone()
            if (None if found is None else encoded(found)) != left:
                other.append(row)
        if other:
            raise self._changed(
                f"{len(other):,} of its {len(rows):,} {name} are not as it left them"
                f" (the first: {self._key(name, other[0])})"
            )

    def _key(self, name: str, row: int) -> str:
        key = quoted(self._types[name].primary_key)
        found = self._connection.execute(
            f"SELECT {key} FROM {quoted(name)} WHERE rowid = ?", (row,)
        ).fetchone()
        return str(found[0]) if found else f"row {row}, which is gone"

    def _restore(self, old: State, new: State) -> None:
        connection = self._connection
        batch_rows.take(connection, old.get("batches", ()))
        batch_rows.put(connection, new.get("batches", ()))
        if "known" in new:
            write_known(connection, new["known"])
        if "description" in new:
            connection.execute("UPDATE _scenario SET description = ?", (new["description"],))
        if "tags" in new:
            for tag in {*old["tags"]} - {*new["tags"]}:
                connection.execute("DELETE FROM _tags WHERE tag = ?", (tag,))
            connection.executemany(
                "INSERT INTO _tags VALUES (?, ?) ON CONFLICT DO NOTHING",
                [(tag, now()) for tag in new["tags"]],
            )
        if "questions" in new:
            turn_own_rows(connection, old["questions"], new["questions"])
        self.name = new.get("name", self.name)


def _object(text: str) -> dict[str, Any]:
    """A JSON object. Raises ValueError for any other text."""
    found = read_object(text)
    if found is None:
        raise ValueError("it is no JSON object")
    return found


def changed_since(what: str, path: Path) -> ChangedSince:
    """The error for what cannot be undone because another program has written."""
    return ChangedSince(
        f"Nothing was changed: {what}. Another program has written to the scenario since.",
        hint=(
            "What is there now can be updated and removed."
            f" {call('keep_history', path, forget=True)} ends what can be undone."
        ),
    )
