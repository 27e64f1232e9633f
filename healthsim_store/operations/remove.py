"""Remove: the entities that a WHERE means, or those of a batch; with what belongs to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..base.sql import quoted
from ..base.sqlite import transaction
from ..base.wording import call, option
from ..errors import InvalidArgument, RowsInUse, UnknownBatch
from ..schema.model import EntityType
from ..schema.registry import Registry
from ..storage import catalog
from ..storage.batch_rows import read_ranges
from ..storage.files import Files
from ..storage.format import upgrade, write_log
from ..storage.history import Operation, read_operations
from ..storage.recording import Recorder
from ..storage.scenario import opened
from .selection import select_rows
from .update import DryRun, told_undoable


@dataclass(frozen=True)
class RemoveResult:
    """What was removed: entities by type.

    ``number`` is that of the history; None where nothing was written. ``undoable`` is false where
    it was more than the history keeps. ``notes`` tell what stays and referred to them.
    """

    scenario: str
    removed: Mapping[str, int]
    dry_run: bool = False
    number: int | None = None
    undoable: bool = True
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Entities of all types."""
        return sum(self.removed.values())

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told: dict[str, Any] = {
            "scenario": self.scenario,
            "removed": dict(self.removed),
            "total": self.total,
            "dry_run": self.dry_run,
            "number": self.number,
            "undoable": self.undoable,
            "notes": list(self.notes),
        }
        return {key: value for key, value in told.items() if value not in (None, [])}

    def to_markdown(self) -> str:
        """The same in words."""
        counts = listed(self.removed)
        if self.dry_run:
            text = f'Would remove from "{self.scenario}": {counts or "nothing"}.'
        elif self.number is None:
            text = f'Nothing to remove in "{self.scenario}".'
        else:
            text = f'Removed from "{self.scenario}": {counts}.'
        return "\n".join([text + told_undoable(self.undoable), *self.notes])


def listed(counts: Mapping[str, int]) -> str:
    """Counts by entity type in words."""
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counts.items() if n)


@dataclass(frozen=True, slots=True)
class Removal:
    """What `Store.remove_entities` is asked for."""

    entity_type: str | None = None
    where: str | None = None
    params: Sequence[Any] | Mapping[str, Any] | None = None
    batch: str | int | None = None
    with_children: bool = False
    dry_run: bool = False
    timeout: float = 60.0


def _free_ids(entity_type: EntityType) -> list[str]:
    """Columns of ids that are neither the type's own nor those of another one."""
    return [
        column.name
        for column in entity_type.columns
        if column.name.endswith("_id")
        and column.references is None
        and column.name != entity_type.primary_key
    ]


def remove_from_file(files: Files, path: Path, removal: Removal) -> RemoveResult:
    """Remove entities of a scenario; see `Store.remove_entities`."""
    if (removal.batch is None) == (removal.where is None):
        raise InvalidArgument(
            "Give where, with the entity type, or batch.",
            hint=f"{option('where', '1')} means all entities of the type;"
            f" {call('list_history', path)} tells the batches.",
        )
    if removal.where is not None and removal.entity_type is None:
        raise InvalidArgument("where needs the entity type whose entities it means.")
    files.check_writable(path)
    try:
        with opened(path) as connection, transaction(connection):
            return _Removing(files, path, connection, removal).run()
    except DryRun as done:
        return done.result  # type: ignore[no-any-return]


@dataclass(slots=True)
class _Going:
    """The rows of a type that are to go: their rowids, in a temporary table."""

    entity_type: EntityType
    table: str
    chosen: int = 0  # as they were asked for
    by_column: dict[str, int] = field(default_factory=dict)  # those that refer to others


class _Removing:
    def __init__(
        self, files: Files, path: Path, connection: sqlite3.Connection, removal: Removal
    ) -> None:
        self._files = files
        self._path = path
        self._connection = connection
        self._removal = removal
        self._registry = Registry(catalog.read_entity_types(connection))
        self._going: dict[str, _Going] = {}
        for number, entity_type in enumerate(self._registry):
            table = f"temp._going_{number}"
            connection.execute(f"CREATE TEMP TABLE _going_{number} (row INTEGER PRIMARY KEY)")
            self._going[entity_type.name] = _Going(entity_type, table)

    def run(self) -> RemoveResult:
        removal = self._removal
        if removal.where is not None:
            details = self._choose()
        upgrade(self._connection)
        if removal.where is None:
            details = self._choose_batch()
        self._follow()
        counts = {name: self._count(going.table) for name, going in self._going.items()}
        removed = {name: n for name, n in counts.items() if n}
        self._check_children(removed)
        result = RemoveResult(self._path.stem, removed, removal.dry_run)
        if not removed:
            return result
        notes = (*self._soft_references(removed), *self._shared(removed))
        recorder = Recorder(self._connection)
        self._remove(recorder, removed)
        number = write_log(
            self._connection, "remove", details=details,
            entities={name: {"removed": n} for name, n in removed.items()},
        )  # fmt: skip
        undoable = recorder.save()
        result = replace(result, number=number, undoable=undoable, notes=notes)
        if removal.dry_run:
            raise DryRun(replace(result, number=None))
        return result

    def _count(self, table: str) -> int:
        (count,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)

    # -- which ones --------------------------------------------------------------------------

    def _choose(self) -> dict[str, Any]:
        removal = self._removal
        assert removal.entity_type is not None
        assert removal.where is not None
        going = self._going[self._registry.entity_type(removal.entity_type).name]
        with self._files.lend(self._path) as sandbox:
            found = select_rows(
                sandbox, going.entity_type, removal.where, removal.params, timeout=removal.timeout
            )
        self._connection.executemany(f"INSERT INTO {going.table} VALUES (?)", found)
        going.chosen = len(found)
        return {"entity_type": going.entity_type.name, "where": removal.where[:2_000]}

    def _choose_batch(self) -> dict[str, Any]:
        operation = self._batch()
        ranges = read_ranges(self._connection, operation.batches)
        if not ranges:
            raise self._rows_unknown(operation)
        only = self._removal.entity_type
        wanted = self._registry.entity_type(only).name if only is not None else None
        for name, first, last, _ in ranges:
            if name not in self._going or wanted not in (None, name):
                continue
            going = self._going[name]
            self._connection.execute(
                f"INSERT INTO {going.table} SELECT rowid FROM {quoted(name)}"
                " WHERE rowid BETWEEN ? AND ?",
                (first, last),
            )
        for going in self._going.values():
            going.chosen = self._count(going.table)
        return {"batch": operation.number}

    def _rows_unknown(self, operation: Operation) -> UnknownBatch:
        return UnknownBatch(
            f"Number {operation.number} ({operation.what}) has no rows that are known as its own.",
            hint="They were removed, or an older version stored them. Use where.",
        )

    def _batch(self) -> Operation:
        """The operation that put the batch in: by its number, by its batch_id, or the last one."""
        asked = self._removal.batch
        operations = read_operations(self._connection)
        storing = [o for o in operations if any("inserted" in n for n in o.counts.values())]
        if asked == "last":
            found = [o for o in storing if read_ranges(self._connection, o.batches)][:1]
            if not found and storing:
                raise self._rows_unknown(storing[0])
        else:
            found = [o for o in storing if o.batch_id is not None and o.batch_id == asked]
            if not found and str(asked).isascii() and str(asked).isdigit():
                found = [o for o in storing if int(asked or 0) in (o.number, *o.batches)]
        if not found:
            known = ", ".join(f"{o.number} ({o.what})" for o in storing[:5])
            raise UnknownBatch(
                f"There is no batch {asked!r:.60} in {self._path.stem}.",
                hint=f"The last ones: {known}." if known else None,
            )
        if found[0].undone:
            raise UnknownBatch(f"The batch {asked!r:.60} was undone: its rows are not there.")
        return found[0]

    # -- what belongs to them ----------------------------------------------------------------

    def _follow(self) -> None:
        """All rows that refer to those that go, and those that refer to them."""
        for parent in self._registry:  # parents before children
            self._follow_to(parent, parent)
            for child in self._registry:
                if child is not parent:
                    self._follow_to(parent, child)

    def _follow_to(self, parent: EntityType, child: EntityType) -> None:
        going, coming = self._going[parent.name], self._going[child.name]
        for column, to in child.references():
            if to.entity_type != parent.name:
                continue
            sql = (
                f"INSERT OR IGNORE INTO {coming.table} SELECT c.rowid FROM {going.table} AS g"
                f" CROSS JOIN main.{quoted(parent.name)} AS p ON p.rowid = g.row"
                f" CROSS JOIN main.{quoted(child.name)} AS c"
                f" ON c.{quoted(column.name)} = p.{quoted(to.column)}"
            )
            while added := self._connection.execute(sql).rowcount:
                coming.by_column[column.name] = coming.by_column.get(column.name, 0) + added
                if child is not parent:
                    break

    def _check_children(self, removed: Mapping[str, int]) -> None:
        if self._removal.with_children:
            return
        counts = {
            name: sum(going.by_column.values())
            for name, going in self._going.items()
            if going.by_column
        }
        if counts:
            chosen = {name: going.chosen for name, going in self._going.items() if going.chosen}
            by = [
                f"{n:,} {name.replace('_', ' ')} ({column})"
                for name, going in self._going.items()
                for column, n in going.by_column.items()
            ]
            raise RowsInUse(
                f"Nothing was removed: {', '.join(by)} refer to the {listed(chosen)}.",
                counts,
                hint=f"{option('with_children', True)} removes them too; undo brings all back.",
            )

    def _soft_references(self, removed: Mapping[str, int]) -> list[str]:
        """What refers to them from other products, which may stand in scenarios of their own."""
        notes = []
        for child in self._registry:
            for column, to in child.references(soft=True):
                if to.enforced or to.entity_type not in removed:
                    continue
                going = self._going[to.entity_type]
                (count,) = self._connection.execute(
                    f"SELECT count(*) FROM {going.table} AS g"
                    f" CROSS JOIN {quoted(to.entity_type)} AS p ON p.rowid = g.row"
                    f" CROSS JOIN {quoted(child.name)} AS c"
                    f" ON c.{quoted(column.name)} = p.{quoted(to.column)}"
                    f" WHERE c.rowid NOT IN (SELECT row FROM {self._going[child.name].table})"
                ).fetchone()
                if count:
                    notes.append(
                        f"{count:,} {child.name} stay, whose {column.name} names one of the removed"
                        f" {to.entity_type}."
                    )
        return notes

    def _shared(self, removed: Mapping[str, int]) -> list[str]:
        """Entities of other types that have the same id of something that is no entity here.

        So products tell that a patient and a member are one person.
        """
        notes = []
        for entity_type in self._registry:
            for column in _free_ids(entity_type) if entity_type.name in removed else ():
                for other in self._registry:
                    if other is not entity_type and column in _free_ids(other):
                        notes += self._same(entity_type.name, other.name, column)
        return notes

    def _same(self, gone: str, other: str, column: str) -> list[str]:
        name = quoted(column)
        (count,) = self._connection.execute(
            f"SELECT count(*) FROM {quoted(other)} WHERE {name} IN"
            f" (SELECT {name} FROM {quoted(gone)} WHERE rowid IN"
            f" (SELECT row FROM {self._going[gone].table}))"
            f" AND rowid NOT IN (SELECT row FROM {self._going[other].table})"
        ).fetchone()
        if not count:
            return []
        return [f"{count:,} {other} stay that have the {column} of removed {gone}."]

    # -- away --------------------------------------------------------------------------------

    def _remove(self, recorder: Recorder, removed: Mapping[str, int]) -> None:
        for entity_type in reversed([*self._registry]):  # children before parents
            name = entity_type.name
            if name not in removed:
                continue
            table = self._going[name].table
            recorder.remove(entity_type, table, removed[name])
            self._connection.execute(
                f"DELETE FROM {quoted(name)} WHERE rowid IN (SELECT row FROM {table})"
            )
            recorder.batches.drop_empty(name, f"SELECT 1 FROM {table}")
            recorder.batches.trim(name)
        gone = {log_id for *_, log_id in recorder.batches.before}
        for log_id in gone:
            if not read_ranges(self._connection, [log_id]):
                recorder.free(log_id)
