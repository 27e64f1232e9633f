"""What an operation changes, noted as it happens, so that it can be undone.

Rows that are added cost nothing: their rowids stand together. Rows that are changed are noted by
triggers in our own connection, as they were before; the file gets no trigger. All of it becomes an
entry of `_history`, within bounds, in the transaction of the operation itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.sql import quoted
from ..schema.model import EntityType
from .batch_rows import BatchRows
from .format import has_table, read_identity, read_scenario, read_tags
from .own_questions import read_own_rows
from .records import read_records

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
State = dict[str, Any]
_Row = tuple[int, str | None, str | None]


def encoded(values: Sequence[Any]) -> str:
    """Stored values as a JSON list: every number exactly, which SQLite's own JSON does not do."""
    return _encode([*values])


def next_number(connection: sqlite3.Connection) -> int:
    """The number of the next entry of the log."""
    (number,) = connection.execute("SELECT coalesce(max(log_id), 0) + 1 FROM _log").fetchone()
    return int(number)


def read_limits(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many rows, and bytes of their values, the history of a file may have."""
    row = read_scenario(connection)
    return row["history_rows"], row["history_bytes"]


def read_state(connection: sqlite3.Connection) -> State:
    """What else than entities a scenario has, as undo brings it back."""
    description = read_identity(connection).description
    return {
        "tags": [*read_tags(connection)],
        "description": description,
        "questions": read_own_rows(connection),
    }


class Recorder:
    """Notes changes to an open scenario file of the current format.

    Inside the caller's transaction: made before anything is written, and `save` at its end, after
    the entry of the log with its ``number``.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.number = next_number(connection)
        self.batches = BatchRows(connection)
        self.kept = True
        self._rows_left, self._bytes_left = read_limits(connection)
        self._row_count = self._bytes = 0
        self._watched: dict[str, tuple[EntityType, str]] = {}
        self._columns: dict[str, dict[str, list[str]]] = {}
        self._before = read_state(connection)
        self._known: dict[str, tuple[list[str | None], list[str | None]]] = {}
        self._name: tuple[str, str] | None = None

    # -- rows --------------------------------------------------------------------------------

    def watch(self, entity_type: EntityType) -> None:
        """From now on, note the rows of a type as they were before they are changed."""
        if entity_type.name in self._watched or not self.kept:
            return
        self._overwrite()
        number = len(self._watched)
        noted = f"_noted_{number}"
        self._watched[entity_type.name] = (entity_type, noted)
        columns = [quoted(column.name) for column in entity_type.columns]
        self._connection.execute(
            f"CREATE TEMP TABLE {noted} (row INTEGER PRIMARY KEY, {', '.join(columns)})"
        )
        old = ", ".join(f"OLD.{name}" for name in columns)
        for change in ("UPDATE", "DELETE"):
            self._connection.execute(
                f"CREATE TEMP TRIGGER _healthsim_{change}_{number} AFTER {change}"
                f" ON main.{quoted(entity_type.name)} BEGIN"
                f" INSERT INTO {noted} SELECT OLD.rowid, {old}"
                f" WHERE NOT EXISTS (SELECT 1 FROM {noted} WHERE row = OLD.rowid); END"
            )

    def noted(self, entity_type: str) -> int:
        """How many rows of a type were noted: each was one more change to SQLite."""
        if entity_type not in self._watched:
            return 0
        _, noted = self._watched[entity_type]
        (count,) = self._connection.execute(f"SELECT count(*) FROM {noted}").fetchone()
        return int(count)

    def remove(self, entity_type: EntityType, going: str, count: int) -> None:
        """Note ``count`` rows that are about to be removed, by the rowids in the table ``going``.

        At once, which costs less than one after the other.
        """
        self._overwrite()
        names = ", ".join(f"t.{quoted(column.name)}" for column in entity_type.columns)
        self._columns.setdefault(entity_type.name, {})["all"] = [*entity_type.by_name]
        found = self._connection.execute(
            f"SELECT t.rowid, {names} FROM {going} AS g"
            f" CROSS JOIN main.{quoted(entity_type.name)} AS t ON t.rowid = g.row"
        )
        self._keep(entity_type.name, count, ((row, encoded(v), None) for row, *v in found))

    def _overwrite(self) -> None:
        """What was changed or removed is to be in the history and nowhere else in the file."""
        self._connection.execute("PRAGMA secure_delete = ON")

    def _keep(self, entity_type: str, count: int, rows: Iterable[_Row]) -> None:
        if self.kept and self._row_count + count <= self._rows_left:
            self._row_count += self._connection.executemany(
                "INSERT INTO _history_rows VALUES (?, ?, ?, ?, ?)",
                self._counted(entity_type, rows),
            ).rowcount
            self.kept = self._bytes <= self._bytes_left
        else:
            self.kept = False
        if not self.kept:
            self._connection.execute("DELETE FROM _history_rows WHERE log_id = ?", (self.number,))

    def _counted(self, entity_type: str, rows: Iterable[_Row]) -> Iterator[tuple[Any, ...]]:
        for row, before, after in rows:
            self._bytes += len(before or "") + len(after or "")
            if self._bytes > self._bytes_left:
                return
            yield (self.number, entity_type, row, before, after)

    def _keep_watched(self) -> None:
        for entity_type, noted in self._watched.values():
            names = [quoted(column.name) for column in entity_type.columns]
            table = f"main.{quoted(entity_type.name)} AS t"
            told = ", ".join(f"max(b.{name} IS NOT t.{name})" for name in names)
            count, *differs = self._connection.execute(
                f"SELECT count(*), {told} FROM {noted} AS b JOIN {table} ON t.rowid = b.row"
            ).fetchone()
            changed = [name for name, differ in zip(names, differs, strict=True) if differ]
            if not changed:
                continue
            plain = [c.name for c, differ in zip(entity_type.columns, differs, strict=True)
                     if differ]  # fmt: skip
            self._columns.setdefault(entity_type.name, {})["changed"] = plain
            values = ", ".join(f"{side}.{name}" for side in "bt" for name in changed)
            found = self._connection.execute(
                f"SELECT b.row, {values} FROM {noted} AS b JOIN {table} ON t.rowid = b.row"
            )
            half = len(changed)
            pairs = ((row, encoded(v[:half]), encoded(v[half:])) for row, *v in found)
            self._keep(entity_type.name, count, (pair for pair in pairs if pair[1] != pair[2]))

    # -- what else ---------------------------------------------------------------------------

    def stored(self, batch_id: str | None, fingerprint: str | None) -> None:
        """The operation is a batch, which a retry is known by."""
        self._known[str(self.number)] = ([None, None], [batch_id, fingerprint])

    def free(self, log_id: int) -> None:
        """Nothing of a batch is left, so that the same may come again."""
        found = self._connection.execute(
            "SELECT batch_id, fingerprint FROM _log WHERE log_id = ?", (log_id,)
        ).fetchone()
        if found is not None:
            self._known[str(log_id)] = ([*found], [None, None])
            write_known(self._connection, {str(log_id): [None, None]})

    def renamed(self, old: str, new: str) -> None:
        """The operation gives the scenario another name."""
        self._name = (old, new)

    # -- at the end --------------------------------------------------------------------------

    def save(self) -> bool:
        """Write the entry; whether the operation can be undone."""
        self._keep_watched()
        before, after = _differences(self._before, read_state(self._connection))
        if self.batches.before or self.batches.after:
            before["batches"] = sorted(self.batches.before)
            after["batches"] = sorted(self.batches.after)
        if self._known:
            before["known"] = {number: pair[0] for number, pair in self._known.items()}
            after["known"] = {number: pair[1] for number, pair in self._known.items()}
        if self._name:
            before["name"], after["name"] = self._name
        self._forget_undone()
        size = self._bytes if self.kept else 0
        self._connection.execute(
            "INSERT INTO _history VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.number, int(self.kept), self._row_count if self.kept else 0, size,
             json.dumps(self._columns), json.dumps(before), json.dumps(after)),
        )  # fmt: skip
        if not self.kept:
            drop(self._connection, f"log_id < {self.number}")  # nothing leads back beyond it
        evict(self._connection)
        return self.kept

    def _forget_undone(self) -> None:
        """What was undone can be done again until something else is done."""
        drop(self._connection,
             "log_id IN (SELECT log_id FROM _log WHERE undone_at IS NOT NULL)")  # fmt: skip


def _differences(before: State, after: State) -> tuple[State, State]:
    keys = [key for key in before if before[key] != after[key]]
    return {key: before[key] for key in keys}, {key: after[key] for key in keys}


def write_known(connection: sqlite3.Connection, known: Mapping[str, Sequence[str | None]]) -> None:
    """What retries of batches are known by: of each number a batch_id and a fingerprint."""
    connection.executemany(
        "UPDATE _log SET batch_id = ?, fingerprint = ? WHERE log_id = ?",
        [(*pair, int(number)) for number, pair in known.items()],
    )


def drop(connection: sqlite3.Connection, condition: str) -> None:
    """Take entries out of the history for good; their values are overwritten in the file."""
    if connection.execute(f"SELECT 1 FROM _history WHERE {condition} LIMIT 1").fetchone() is None:
        return
    connection.execute("PRAGMA secure_delete = ON")
    for table in ("_history_rows", "_history"):
        connection.execute(f"DELETE FROM {table} WHERE {condition}")


def evict(connection: sqlite3.Connection) -> None:
    """Drop the oldest entries until the history is within its bounds."""
    most_rows, most_bytes = read_limits(connection)
    rows = size = 0
    names = ("log_id", "row_count", "bytes")
    newest_first = "ORDER BY log_id DESC"
    for entry in read_records(connection, "_history", names=names, rest=newest_first):
        rows, size = rows + entry["row_count"], size + entry["bytes"]
        if rows > most_rows or size > most_bytes:
            drop(connection, f"log_id <= {entry['log_id']}")
            return


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file keeps for undo, and its bounds."""

    operations: int
    rows: int
    bytes: int
    most_rows: int
    most_bytes: int

    def to_dict(self) -> dict[str, int]:
        """JSON-ready."""
        return {
            "operations": self.operations,
            "rows": self.rows,
            "bytes": self.bytes,
            "most_rows": self.most_rows,
            "most_bytes": self.most_bytes,
        }


def read_kept(connection: sqlite3.Connection) -> Kept | None:
    """What the file keeps; None for one of an older format."""
    if not has_table(connection, "_history"):
        return None
    found = read_records(connection, "_history", names=("row_count", "bytes"))
    most_rows, most_bytes = read_limits(connection)
    rows, size = (sum(row[name] for row in found) for name in ("row_count", "bytes"))
    return Kept(len(found), rows, size, most_rows, most_bytes)
