"""Write what a three-way merge decided into the file that stands."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.sql import quoted
from ..base.text import shorten
from ..errors import MergeConflict
from ..schema.ddl import circles
from ..schema.model import EntityType
from ..storage.batch_rows import read_ranges
from ..storage.recording import Recorder, read_limits
from ..storage.row_numbers import last_row
from .deltas import compared
from .differences import any_of
from .merge_report import Changes, Dispute
from .parents import Parents
from .strategies import Strategy
from .three_way import DISPUTES, ThreeWay

TOLD = 20  # disputes in a reply
_LONG = 200  # characters of a value in one


class Applying:
    """Writes what is decided, and counts.

    Args:
        connection: as of the merge.
        merge: what is decided.
        recorder: notes the changes, so that they can be undone; None for a file that is new.
    """

    def __init__(
        self, connection: sqlite3.Connection, merge: ThreeWay, recorder: Recorder | None
    ) -> None:
        self._connection = connection
        self._merge = merge
        self._recorder = recorder
        self._ends = {e.name: last_row(self._connection, e.name) for e in merge.order}
        #: By entity type how many rows came, changed and went.
        self.done: dict[str, dict[str, int]] = {}

    def _one(self, sql: str) -> Any:
        return self._connection.execute(sql).fetchone()[0]

    def write(self) -> None:
        """Rows that go make room for the keys of those that change, and both for those that come.

        Inside a transaction. Raises MergeConflict where what is written would not be sound.
        """
        order = self._merge.order
        for entity_type in reversed(order):
            self._count(entity_type, "removed", self._remove(entity_type))
        self._free_batches()
        for entity_type in order:
            self._count(entity_type, "updated", self._update(entity_type))
        for entity_type in order:
            self._count(entity_type, "inserted", self._insert(entity_type))
        for entity_type in order:
            self._check_circles(entity_type)

    def _count(self, entity_type: EntityType, what: str, count: int) -> None:
        if count:
            self.done.setdefault(entity_type.name, {})[what] = count

    @contextlib.contextmanager
    def _writing(self, entity_type: EntityType, rows: str) -> Iterator[None]:
        """Write the rows of a SELECT, with the id as ``own``. Raises MergeConflict."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            why = self._same_key(entity_type, rows, str(error)) or str(error)
            raise MergeConflict(
                f"Nothing was merged: both sides have changed, and {why}.",
                hint="Correct it in one of them.",
            ) from error

    def _same_key(self, entity_type: EntityType, rows: str, told: str) -> str | None:
        """Which two entities would have one natural key, where it is that what SQLite told."""
        rule, _, subject = told.partition("UNIQUE constraint failed: ")
        if rule:
            return None
        table, own = f"main.{quoted(entity_type.name)}", quoted(entity_type.primary_key)
        columns = [name.strip().partition(".")[2] for name in subject.split(",")]
        equal = " AND ".join(f"n.{quoted(c)} = m.{quoted(c)}" for c in columns)
        values = ", ".join(f"n.{quoted(c)}" for c in columns)
        for other, key in ((table, own), (f"({rows})", "own")):
            found = self._connection.execute(
                f"SELECT m.{key}, n.own, {values} FROM ({rows}) AS n JOIN {other} AS m"
                f" ON {equal} AND m.{key} <> n.own LIMIT 1"
            ).fetchone()
            if found:
                value = shorten(", ".join(map(str, found[2:])), _LONG)
                return (
                    f"{entity_type.name} {found[0]} and {found[1]} would both have"
                    f" {' + '.join(columns)} {value}"
                )
        return None

    def _remove(self, entity_type: EntityType) -> int:
        name = entity_type.name
        going = self._merge.table("going", name)
        count = int(self._one(f"SELECT count(*) FROM {going}"))
        if not count:
            return 0
        if self._recorder:
            self._recorder.remove(entity_type, going, count)
        self._connection.execute(
            f"DELETE FROM main.{quoted(name)} WHERE rowid IN (SELECT row FROM {going})"
        )
        if self._recorder:
            self._recorder.batches.drop_empty(name, f"SELECT 1 FROM {going}")
            self._recorder.batches.trim(name)
        return count

    def _free_batches(self) -> None:
        """Of batches without a row that is left, the same may come again."""
        if self._recorder:
            for log_id in {log_id for *_, log_id in self._recorder.batches.before}:
                if not read_ranges(self._connection, [log_id]):
                    self._recorder.free(log_id)

    def _update(self, entity_type: EntityType) -> int:
        """New values for all that change, at once: two rows may exchange a key."""
        merge, name = self._merge, entity_type.name
        columns = compared(entity_type)
        taken = {column: merge.taken(entity_type, column, "k.") for column in columns}
        pending, table = merge.table("pending", name), f"main.{quoted(name)}"
        if not columns:
            return 0
        key, own = quoted(entity_type.primary_key), merge.source_key(name)
        chosen = ", ".join(
            f"CASE WHEN {taken[c]} THEN {merge.value(entity_type, c)} ELSE m.{quoted(c)} END"
            f" AS {quoted(c)}"
            for c in columns
        )
        names = ", ".join(map(quoted, columns))
        self._connection.execute(
            f"CREATE TEMP TABLE three_way_rows AS SELECT m.rowid AS row, m.{key} AS own, {chosen}"
            f" FROM {pending} AS k CROSS JOIN {table} AS m ON m.rowid = k.row"
            f" CROSS JOIN {own} = k.s WHERE {any_of([*taken.values()])}"
        )
        count = int(self._one("SELECT count(*) FROM temp.three_way_rows"))
        if count and self._recorder:
            if count <= read_limits(self._connection)[0]:
                self._recorder.watch(entity_type)
            else:
                self._recorder.kept = False
        if count:
            self._connection.execute(
                f"DELETE FROM {table} WHERE rowid IN (SELECT row FROM temp.three_way_rows)"
            )
            with self._writing(entity_type, "SELECT * FROM temp.three_way_rows"):
                self._connection.execute(
                    f"INSERT INTO {table} (rowid, {key}, {names})"
                    f" SELECT row, own, {names} FROM temp.three_way_rows ORDER BY row"
                )
        self._connection.execute("DROP TABLE temp.three_way_rows")
        return count

    def _insert(self, entity_type: EntityType) -> int:
        merge, name = self._merge, entity_type.name
        end = self._ends[name]
        columns = [*entity_type.by_name]
        values = [
            merge.followed(name, f"s.{quoted(c)}")
            if c == entity_type.primary_key
            else merge.value(entity_type, c)
            for c in columns
        ]
        coming = f"{merge.table('coming', name)} AS k CROSS JOIN {merge.source_key(name)} = k.s"
        named = ", ".join(f"{v} AS {quoted(c)}" for c, v in zip(columns, values, strict=True))
        rows = f"SELECT {named}, {values[columns.index(entity_type.primary_key)]} AS own"
        # Rowids that no row had before: the history tells rows apart by them.
        with self._writing(entity_type, f"{rows} FROM {coming}"):
            count = self._connection.execute(
                f"INSERT INTO main.{quoted(name)} (rowid, {', '.join(map(quoted, columns))})"
                f" SELECT {end} + row_number() OVER (ORDER BY s.rowid), {', '.join(values)}"
                f" FROM {coming}"
            ).rowcount
        if count and self._recorder:
            self._recorder.batches.add(name, end + 1, end + count, self._recorder.number)
        return count

    def _check_circles(self, entity_type: EntityType) -> None:
        if entity_type.name not in self.done:
            return
        for column, to in entity_type.references():
            if to.entity_type == entity_type.name and column.acyclic:
                found = self._connection.execute(
                    circles(entity_type, column), {"after": 0, "limit": 1}
                ).fetchone()
                if found:
                    raise MergeConflict(
                        f"Nothing was merged: following {column.name} of {entity_type.name} would"
                        f" come back to {found[1]}, as each side changed it elsewhere.",
                        hint="Correct it in one of them.",
                    )


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a source's changes."""

    sides: tuple[str, str]
    changes: Mapping[str, Changes]
    done: Mapping[str, Mapping[str, int]]
    disputes: Sequence[Dispute]
    notes: Sequence[str]

    def counts(self, names: Iterable[str]) -> Iterator[int]:
        """How many rows of each type were written."""
        for name in names:
            yield sum(self.done.get(name, {}).values())

    def tell(
        self,
        changes: dict[str, dict[str, dict[str, int]]],
        conflicts: dict[str, dict[str, int]],
        same: dict[str, int],
    ) -> None:
        """Add it to what a reply tells."""
        first, source = self.sides
        mine = changes.setdefault(first, {}) if first not in changes else {}
        yours = changes.setdefault(source, {})
        for name, found in self.changes.items():
            mine[name] = {what: count for what, count in found.ours.items() if count}
            yours[name] = {what: count for what, count in found.theirs.items() if count}
            same[name] = min(same.get(name, found.same), found.same)
            for done, count in (
                ("skip", found.conflicts - found.taken),
                ("overwrite", found.taken),
            ):
                if count:
                    resolved = conflicts.setdefault(name, {})
                    resolved[done] = resolved.get(done, 0) + count


def apply_changes(
    connection: sqlite3.Connection,
    merge: ThreeWay,
    strategies: Mapping[str, Strategy],
    recorder: Recorder | None,
) -> Applied:
    """Decide and write a merge; inside a transaction.

    Raises MergeConflict where a strategy refuses, or what is written would not be sound.
    """
    merge.decide()
    Parents(merge).settle()
    merge.finish()
    first, source = merge.sides
    disputes = read_disputes(connection, merge, first, source)
    refuse_disputes(connection, merge, strategies, disputes, source)
    changes = read_changes(connection, merge)
    applying = Applying(connection, merge, recorder)
    applying.write()
    notes = [*merge.notes(), *_left_behind(connection, merge)]
    merge.drop()
    return Applied((first, source), changes, applying.done, disputes, notes)


def _left_behind(connection: sqlite3.Connection, merge: ThreeWay) -> Iterator[str]:
    """What is here and refers into another product, to something that a merge removed."""
    keys = {entity_type.name: entity_type.primary_key for entity_type in merge.order}
    for child in merge.all_types:
        for column, to in child.references(soft=True):
            if to.enforced or keys.get(to.entity_type) != to.column:
                continue
            going = merge.table("going", to.entity_type)
            (count,) = connection.execute(
                f"SELECT count(*) FROM main.{quoted(child.name)} AS c"
                f" WHERE EXISTS (SELECT 1 FROM {going}) AND c.{quoted(column.name)} IN"
                f" (SELECT m FROM {going})"
            ).fetchone()
            if count:
                yield (
                    f"{count:,} {child.name} stay, whose {column.name} names one of the removed"
                    f" {to.entity_type}."
                )


def read_changes(connection: sqlite3.Connection, merge: ThreeWay) -> dict[str, Changes]:
    """What became of each entity type's entities; before anything is written."""
    found = {}
    for entity_type in merge.order:
        name = entity_type.name
        ours, theirs = merge.ours, merge.theirs
        (same,) = connection.execute(
            f"SELECT count(*) FROM {merge.table('both', name)}"
            f" WHERE m NOT IN (SELECT m FROM {merge.table('pending', name)})"
        ).fetchone()
        same += (
            connection.execute(
                f"SELECT (SELECT count(*) FROM {merge.base_table(name)}) - count(*) FROM"
                f" (SELECT o FROM {ours.table('changed', name)}"
                f" UNION SELECT o FROM {ours.table('removed', name)}"
                f" UNION SELECT o FROM {theirs.table('changed', name)}"
                f" UNION SELECT o FROM {theirs.table('removed', name)})"
            ).fetchone()[0]
            if merge.in_base(name)
            else 0
        )
        conflicts = connection.execute(
            f"SELECT count(DISTINCT id), count(DISTINCT CASE WHEN taken THEN id END)"
            f" FROM {DISPUTES} WHERE entity_type = ?",
            (name,),
        ).fetchone()
        found[name] = Changes(
            same=same,
            ours={kind: ours.count(kind, name) for kind in ("added", "changed", "removed")},
            theirs={kind: theirs.count(kind, name) for kind in ("added", "changed", "removed")},
            conflicts=conflicts[0],
            taken=conflicts[1],
        )
    return found


def read_disputes(
    connection: sqlite3.Connection, merge: ThreeWay, first: str, source: str
) -> list[Dispute]:
    """Some of the disputes, each with the values of both sides; sensitive ones are not told."""
    columns = {e.name: e.by_name for e in merge.order}

    def told(name: str, column: str | None, value: Any) -> Any:
        if column and columns[name][column].sensitive and value is not None:
            return "(sensitive)"
        return value[:_LONG] if isinstance(value, str) else value

    rows = connection.execute(
        "SELECT entity_type, id, column_name, what, base, ours, theirs, taken"
        f" FROM {DISPUTES} ORDER BY rowid LIMIT ?",
        (TOLD,),
    )
    return [
        Dispute(name, str(id_), column, what,
                (told(name, column, before), told(name, column, mine), told(name, column, yours)),
                (first, source), source if taken else first)
        for name, id_, column, what, before, mine, yours, taken in rows
    ]  # fmt: skip


def refuse_disputes(
    connection: sqlite3.Connection, merge: ThreeWay, strategies: Mapping[str, Strategy],
    told: Sequence[Dispute], source: str,
) -> None:  # fmt: skip
    """Raises MergeConflict where a type is in dispute for which that ends the merge."""
    refusing = [e.name for e in merge.order if strategies[e.name].refuses]
    for name in refusing:
        (count,) = connection.execute(
            f"SELECT count(DISTINCT id) FROM {DISPUTES} WHERE entity_type = ?", (name,)
        ).fetchone()
        if count:
            shown = "; ".join(str(dispute) for dispute in told if dispute.entity_type == name)
            raise MergeConflict(
                f"Nothing was merged: {count:,} {name} of {source} were changed on both sides:"
                f" {shown[:1000]}",
                hint="Choose what stays: skip (the first one's), or overwrite (the later one's).",
            )
