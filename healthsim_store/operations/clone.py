"""Clone: a scenario once more, with an id of its own for every entity, and every reference intact.

Or a part of it, whose rows were found before. All of it is SQL over whole tables. What a clone must
keep is counted on both sides in the end, and no id may stand in both files; else nothing is kept.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import connect, file_errors, look
from ..errors import CopyFailed, HealthsimStoreError
from ..schema.model import EntityType
from ..storage.catalog import read_entity_types
from ..storage.format import now, read_last_number, write_log
from ..storage.housekeeping import CARRIED, NAMES, copy_rows
from ..storage.records import damaged
from .builder import CHOSEN, SOURCE, Building, counts
from .clone_report import CloneResult
from .foreign_rows import drop_dangling
from .lineage import Lineage, read_lineage, write_lineage


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a source that are to be cloned, if not all.

    ``rows`` is a file with a table for each entity type, by the names in ``tables``, of rowids.
    ``counted`` is what the clone must keep of them, as `counts` gives it. ``not_taken`` counts the
    others by type. ``chosen`` tells how many entities were asked for, by type, and ``how``;
    ``facts`` are for the log.
    """

    rows: Path
    tables: Mapping[str, str]
    counted: Mapping[str, int]
    not_taken: Mapping[str, int]
    chosen: Mapping[str, int]
    how: str
    facts: Mapping[str, Any]

    def table(self, entity_type: str) -> str:
        """The table of a type, where the file is attached."""
        return f"{CHOSEN}.{self.tables[entity_type]}"


def clone_file(
    source: Path, target: Path, progress: Progress, part: Part | None = None
) -> CloneResult:
    """Clone a scenario's file into a new one, which the caller throws away on an error.

    Raises CopyFailed, and what reading the source raises.
    """
    with contextlib.closing(Building(target, progress)) as building:
        scenario_id = building.create()
        known = look(source)
        with building.reading(source, part.rows if part else None):
            clone = _Clone(building, source, known, scenario_id, part)
            copied = clone.run()
        clone.prove()
        clone.describe(copied)
        clone.make_triggers()
    labels = {entity_type.name: entity_type.label for entity_type in clone.entity_types}
    result = CloneResult(
        target.stem,
        scenario_id,
        source.stem,
        copied,
        tuple(clone.left_out),
        tuple(clone.triggers),
        labels,
    )
    if part is None:
        return result
    not_taken = {name: n for name, n in part.not_taken.items() if n} | clone.dropped
    return replace(result, not_taken=not_taken, chosen=part.chosen, how=part.how)


class _Clone:
    def __init__(
        self,
        building: Building,
        source: Path,
        known: os.stat_result,
        scenario_id: str,
        part: Part | None = None,
    ) -> None:
        """``known`` is what `look` told of the source before it was read."""
        self._building = building
        self._part = part
        self._connection = building.connection
        self._source = source
        self._seen = known
        for table in CARRIED:
            copy_rows(self._connection, table, SOURCE)
        self.entity_types = read_entity_types(self._connection)
        self._here = {entity_type.name: entity_type for entity_type in self.entity_types}
        building.check_tables(source, [*self._here], all_=True)
        building.check_keys(self.entity_types)
        self._parent = read_lineage(self._connection, SOURCE)
        self._lineage = self._descend(scenario_id)
        self._known = {name: self._prefixed(e) for name, e in self._here.items()}
        self._before: dict[str, int] = {}
        self._facts: tuple[str | None, int] = (None, 0)
        self.left_out: list[str] = []
        self.triggers: dict[str, str] = {}
        self.dropped: dict[str, int] = {}  # rows of other tables that need what is not taken

    def _descend(self, scenario_id: str) -> Lineage:
        last_number = read_last_number(self._connection, SOURCE)
        separator = "."
        while self._some_id_begins(self._parent.scenario_id + separator):
            separator += "."
        (log_id,) = self._connection.execute(f"SELECT max(log_id) FROM {SOURCE}._log").fetchone()
        return self._parent.child(
            scenario_id, self._source.stem, separator, last_number, log_id,
            part=self._part is not None,
        )  # fmt: skip

    def _some_id_begins(self, beginning: str) -> bool:
        return any(
            self._ids_that_begin(entity_type, beginning) for entity_type in self.entity_types
        )

    def _ids_that_begin(
        self, entity_type: EntityType, beginning: str, *, not_: bool = False
    ) -> bool:
        """Whether the source has an id that begins so, or one that does not; by the index."""
        table, key = quoted(entity_type.name), quoted(entity_type.primary_key)
        after = beginning[:-1] + chr(ord(beginning[-1]) + 1)
        ends = {"first": beginning, "after": after}
        within = f"{key} >= :first AND {key} < :after"
        for where in (f"{key} < :first", f"{key} >= :after") if not_ else (within,):
            sql = f"SELECT 1 FROM {SOURCE}.{table} WHERE {where} LIMIT 1"
            if self._connection.execute(sql, ends).fetchone():
                return True
        return False

    def _prefixed(self, entity_type: EntityType) -> bool | None:
        """Whether all ids of a type begin with the parent's scenario id, or none; None if some."""
        beginning = self._parent.scenario_id
        if not self._ids_that_begin(entity_type, beginning):
            return False
        return None if self._ids_that_begin(entity_type, beginning, not_=True) else True

    def run(self) -> dict[str, int]:
        with ThreadPoolExecutor(1) as pool:
            # On a connection of its own, which sees what is copied: nobody can write to the source
            # while this transaction reads it. That is looked at afterwards.
            counted = None if self._part else pool.submit(self._count_source)
            copied = {e.name: self._copy(e) for e in self.entity_types}
            self._copy_foreign_tables()
            self._copy_views()
            with contextlib.suppress(HealthsimStoreError):  # it is no longer there
                self._before = counted.result() if counted is not None else {}
        if not (self._before and self._nothing_came_between()):
            self._before = (
                {**self._part.counted} if self._part else self._count(self._connection, SOURCE)
            )
        if any(copied[name] != self._before[name] for name in copied):
            raise CopyFailed("Nothing was kept: the clone has not all the rows of its source.")
        if self._some_id_begins(self._lineage.scenario_id):
            raise CopyFailed(
                f"Nothing was kept: ids of {self._source.stem} begin with the clone's already.",
                hint="That was a one in millions chance: clone again.",
            )
        self._facts = self._connection.execute(
            f"SELECT description, last_number FROM {SOURCE}._scenario"
        ).fetchone()
        return copied

    def _count_source(self) -> dict[str, int]:
        connection = connect(self._source, mode="ro")
        with contextlib.closing(connection), file_errors(self._source):
            return self._count(connection, "main")

    def _count(self, connection: sqlite3.Connection, schema: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for entity_type in self.entity_types:
            found |= counts(connection, schema, entity_type, self._here)
        return found

    def _nothing_came_between(self) -> bool:
        """Whether another connection saw what this one does: no WAL, and no other file there."""
        (mode,) = self._connection.execute(f"PRAGMA {SOURCE}.journal_mode").fetchone()
        with contextlib.suppress(HealthsimStoreError):
            return mode != "wal" and os.path.samestat(self._seen, look(self._source))
        return False

    def _new_id(self, entity_type: str, value: str) -> str:
        return self._lineage.cloned(value, prefixed=self._known[entity_type])

    def _copy(self, entity_type: EntityType) -> int:
        self._connection.execute(self._building.table_sql(entity_type.name))
        values = {column.name: f"s.{quoted(column.name)}" for column in entity_type.columns}
        changed = {
            entity_type.primary_key: self._new_id(entity_type.name, values[entity_type.primary_key])
        }
        for column, to in entity_type.references(soft=True):
            old = values[column.name]
            if to.enforced:
                changed[column.name] = self._new_id(to.entity_type, old)
            elif to.entity_type in self._here:
                # Into another product: what is not here is in a scenario of its own, and stays.
                parent, key = quoted(to.entity_type), quoted(to.column)
                changed[column.name] = (
                    f"CASE WHEN EXISTS (SELECT 1 FROM {SOURCE}.{parent} AS p WHERE p.{key} = {old})"
                    f" THEN {self._new_id(to.entity_type, old)} ELSE {old} END"
                )
        copied = self._building.copy(
            entity_type.name,
            values | changed,
            changed=[*changed],
            chosen=self._part.table(entity_type.name) if self._part else None,
        )
        self._building.copy_indexes(entity_type.name)
        return copied

    def _copy_foreign_tables(self) -> None:
        """Tables that somebody else made in the file, with their references to entities."""
        kinds = self._building.tables()
        known = {*self._here, *NAMES}
        foreign = []
        for name, kind in sorted(kinds.items()):
            if kind == "virtual":
                self.left_out.append(name)
            elif kind == "table" and name not in known:
                self._copy_foreign_table(name)
                foreign.append(name)
        if self._part is not None:
            self.dropped = drop_dangling(self._connection, foreign)

    def _copy_foreign_table(self, name: str) -> None:
        self._connection.execute(self._building.table_sql(name))
        table = quoted(name)
        columns = [
            column
            for column, hidden in self._connection.execute(
                "SELECT name, hidden FROM pragma_table_xinfo(?, ?)", (name, SOURCE)
            )
            if not hidden
        ]
        values = {column: f"s.{quoted(column)}" for column in columns}
        for parent, column, key in self._connection.execute(
            'SELECT "table", "from", "to" FROM pragma_foreign_key_list(?, ?)', (name, SOURCE)
        ):
            entity_type = self._here.get(parent)
            if entity_type and key in (None, entity_type.primary_key):
                values[column] = self._new_id(parent, values[column])
        self._connection.execute(
            f"INSERT INTO main.{table} ({', '.join(map(quoted, values))})"
            f" SELECT {', '.join(values.values())} FROM {SOURCE}.{table} AS s"
        )
        self._building.copy_indexes(name)

    def _copy_views(self) -> None:
        """But for those that a table left out would break; of triggers only the SQL is read."""
        absent = tuple(self.left_out)
        for kind, name, sql in self._connection.execute(
            f"SELECT type, name, sql FROM {SOURCE}.sqlite_master"
            " WHERE type IN ('view', 'trigger') ORDER BY rowid"
        ).fetchall():
            if not isinstance(sql, str):
                raise damaged(f"its schema has no text for the {kind} {name}.")
            if any(missing in sql for missing in absent):
                self.left_out.append(name)
            elif kind == "trigger":
                self.triggers[name] = sql
            else:
                self._connection.execute(sql)

    def make_triggers(self) -> None:
        """Last of all, so that none runs at what is written here."""
        with self._building.writing():
            for sql in self.triggers.values():
                self._connection.execute(sql)

    def prove(self) -> None:
        """That the new file has what was counted in the source, and no id of its."""
        after = self._building.ask(
            functools.partial(counts, schema="main", entity_type=entity_type, here=self._here)
            for entity_type in self.entity_types
        )
        for counted in after:
            for name, count in counted.items():
                if count != self._before[name]:
                    raise CopyFailed(
                        f"Nothing was kept: the clone would have {count:,} of {name}, its source"
                        f" has {self._before[name]:,}."
                    )
        self._building.prove_references(self.entity_types)
        own = self._lineage.scenario_id
        for entity_type in self.entity_types:
            table, key = quoted(entity_type.name), quoted(entity_type.primary_key)
            # Two subqueries: SQLite looks one of min and max up in the index, but scans for both.
            lowest, highest = self._connection.execute(
                f"SELECT (SELECT min({key}) FROM main.{table}),"
                f" (SELECT max({key}) FROM main.{table})"
            ).fetchone()
            if lowest is not None and not lowest[: len(own)] == highest[: len(own)] == own:
                raise CopyFailed(f"Nothing was kept: an id of {entity_type.name} was not renewed.")

    def describe(self, copied: Mapping[str, int]) -> None:
        with self._building.writing():
            self._connection.execute(
                "UPDATE main._scenario SET description = ?, last_number = ?", self._facts
            )
            write_lineage(self._connection, self._lineage)
            write_origin(
                self._connection,
                "clone",
                {self._parent.scenario_id: self._source.stem},
                {name: {"copied": n} for name, n in copied.items() if n},
                {"from": self._source.stem, **(self._part.facts if self._part else {})},
            )


def write_origin(
    connection: sqlite3.Connection,
    operation: str,
    parents: Mapping[str, str],
    entities: Mapping[str, Mapping[str, int]],
    details: Mapping[str, Any],
) -> None:
    """The first entry of a new file's log, and its parents' names by id."""
    connection.executemany(
        "INSERT INTO main._parents VALUES (?, ?, ?, ?)",
        [(scenario_id, name, operation, now()) for scenario_id, name in parents.items()],
    )
    write_log(connection, operation, entities=entities, details=details)
