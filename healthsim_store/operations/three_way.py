"""A three-way merge: what a source changed since the base, to be done in the file that stands.

All is decided here and in `parents`, in temporary tables, and `applying` writes it. Of each entity
type:

    ids      where an id of the source is another here than its origin says: ``old``, ``new``
    both     entities that both added: ``s`` in the source, ``m`` here
    pending  rows that change: ``row``, ``s``, ``o``, ``m``, and for each column what becomes of it
             (KEEP, TAKE, or DISPUTED)
    coming   ids in the source of the rows that come
    going    rows that go: ``row``, ``m``

What only one side changed is taken. What both changed to different values is a dispute, which the
strategy of the type decides: by ``skip`` what stands here stays, by ``overwrite`` the source's word
counts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from ..base.sql import literal, quoted
from ..schema.model import EntityType
from .deltas import Attached, Delta, compared, flag
from .differences import any_of
from .lineage import counterpart, related
from .strategies import Strategy

KEEP, TAKE, DISPUTED = 0, 1, 2

DISPUTES = "temp.three_way_disputes"


class ThreeWay:
    """What a source brings to the file that stands: `decide`, then `Parents`, then `finish`.

    Args:
        connection: that has all three attached; the file that stands is ``main``.
        order: the entity types of the file that stands, parents before children.
        main, source, base: the files. The base may be the same as the file that stands.
        strategies: by entity type.
        scenario_id: with which the ids begin that are generated here.
        last_number: in the last one of them.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        order: Sequence[EntityType],
        *,
        main: Attached,
        source: Attached,
        base: Attached,
        strategies: Mapping[str, Strategy],
        scenario_id: str,
        last_number: int,
    ) -> None:
        self._connection = connection
        self.all_types = order
        self.order = [e for e in order if e.name in source.entity_types]
        self._main, self._source, self._base = main, source, base
        self.strategies = strategies
        self._prefix = literal(f"{scenario_id}-")
        self.last_number = last_number
        self.number = {e.name: number for number, e in enumerate(self.order)}
        self.ours = Delta(connection, "ours", base, main, self.order)
        self.theirs = Delta(connection, "theirs", base, source, self.order)
        self._other_ids: set[str] = set()

    def table(self, kind: str, name: str) -> str:
        """The temporary table of a kind of decision and an entity type."""
        return f"temp.three_way_{kind}_{self.number[name]}"

    @property
    def lacks(self) -> str | None:
        """Why what the source lacks was not removed there, and stays; None where it was."""
        return self._never_had_all(self._source)

    def _never_had_all(self, side: Attached) -> str | None:
        steps = related(side.lineage, self._base.lineage)
        if steps is None and self._base.entity_types:
            # Of ids alone nobody knows: two scenarios may have some in common by chance.
            return f"{side.name} is not known as a copy of {self._base.name}"
        if steps and any(ancestor.part for ancestor in side.lineage.ancestors[: steps[0]]):
            return f"{side.name} has a part of the base"
        return None

    def notes(self) -> list[str]:
        """What a reply says of sides that never had all of the base; after `decide`."""
        found = []
        if self.lacks:
            found.append(f"{self.lacks}: what it lacks stays.")
        why = self._never_had_all(self._main)
        if why and any(self.ours.some("removed", name) for name in self.number):
            found.append(f"{why}: what it lacks of it does not come.")
        return found

    def source_key(self, name: str) -> str:
        """A join with the source's rows ``s``, up to the id that they shall have."""
        return f"{self._source.table(name)} AS s ON s.{self._source.key(name)}"

    @property
    def sides(self) -> tuple[str, str]:
        """The names of the scenario that stands and of the source."""
        return self._main.name, self._source.name

    def main_table(self, name: str) -> str:
        """The table of an entity type in the file that stands."""
        return self._main.table(name)

    def in_base(self, name: str) -> bool:
        """Whether the base has the entity type."""
        return name in self._base.entity_types

    def base_table(self, name: str) -> str:
        """The base's table of an entity type."""
        return self._base.table(name)

    def decide(self) -> None:
        """Fill the tables; inside a transaction that reads all three files."""
        self.ours.read()
        self.theirs.read()
        for name in self.number if self.lacks else ():
            self.theirs.empty("removed", name)
        self._connection.execute(
            f"CREATE TABLE {DISPUTES} (entity_type, id, column_name, what, base, ours, theirs,"
            " taken)"
        )
        for entity_type in self.order:
            self._create(entity_type)
            self._identify(entity_type)
        for entity_type in self.order:
            self._change(entity_type)
            self._come_and_go(entity_type)

    def finish(self) -> None:
        """After `Parents` has settled what comes and goes: note what is in dispute."""
        for entity_type in self.order:
            self._tell_disputes(entity_type)

    def drop(self) -> None:
        """Drop the temporary tables, for the next source."""
        for entity_type in self.order:
            for kind in ("ids", "both", "pending", "coming", "going"):
                self._connection.execute(f"DROP TABLE {self.table(kind, entity_type.name)}")
        self._connection.execute(f"DROP TABLE {DISPUTES}")
        self.ours.drop()
        self.theirs.drop()

    # -- which entity is which ---------------------------------------------------------------

    def _create(self, entity_type: EntityType) -> None:
        flags = "".join(f", {flag(column)}" for column in compared(entity_type))
        for kind, columns in (
            ("ids", "old TEXT PRIMARY KEY, new TEXT NOT NULL"),
            ("both", "s TEXT PRIMARY KEY, m TEXT UNIQUE"),
            ("pending", f"row INTEGER PRIMARY KEY, s TEXT, o TEXT, m TEXT{flags}"),
            ("coming", "s TEXT PRIMARY KEY"),
            ("going", "row INTEGER PRIMARY KEY, m TEXT UNIQUE"),
        ):
            self._connection.execute(
                f"CREATE TABLE {self.table(kind, entity_type.name)} ({columns})"
            )

    def _by_rule(self, value: str) -> str:
        """SQL for the id here that an id of the source has by its origin; else the same one."""
        there = counterpart(self._source.lineage, self._main.lineage, value)
        return value if there == value else f"coalesce({there}, {value})"

    def followed(self, name: str, value: str) -> str:
        """SQL for the id here of what has the id ``value``, also SQL, in the source."""
        ruled = self._by_rule(value)
        if name not in self._other_ids:
            return ruled
        return f"coalesce((SELECT new FROM {self.table('ids', name)} WHERE old = {value}), {ruled})"

    def value(self, entity_type: EntityType, column: str) -> str:
        """SQL for a column of the source's row ``s`` as it is to be here."""
        stored = f"s.{quoted(column)}"
        to = entity_type.by_name[column].references
        if to is None or to.entity_type not in self.number:
            return stored
        followed = self.followed(to.entity_type, stored)
        if to.enforced:
            return followed
        # Into another product: what is not in the source is in a scenario of its own.
        parent, key = self._source.table(to.entity_type), quoted(to.column)
        return (
            f"CASE WHEN EXISTS (SELECT 1 FROM {parent} AS p WHERE p.{key} = {stored})"
            f" THEN {followed} ELSE {stored} END"
        )

    def run(self, sql: str, *values: Any) -> int:
        return self._connection.execute(sql, values).rowcount

    def _identify(self, entity_type: EntityType) -> None:
        name = entity_type.name
        both = self.table("both", name)
        added, here = self.theirs.table("added", name), self.ours.table("added", name)
        if self.theirs.some("keyed", name):
            keyed = self.theirs.table("keyed", name)
            self._other(name, f"SELECT x, {self.ours.here(name, 'o')} FROM {keyed}")
        if self.ours.some("keyed", name):
            there = counterpart(self._base.lineage, self._source.lineage, "k.o")
            self._other(
                name,
                f"SELECT s.{self.key(name)}, k.x FROM {self.ours.table('keyed', name)} AS k"
                f" CROSS JOIN {self._source.table(name)} AS s ON s.{self.key(name)} = {there}",
            )
        if not self.theirs.some("added", name):
            return
        if self.ours.some("added", name):
            self.run(
                f"INSERT OR IGNORE INTO {both} SELECT a.x, b.x FROM {added} AS a"
                f" JOIN {here} AS b ON b.x = {self._by_rule('a.x')}"
            )
            for key in entity_type.unique_keys:
                self._same_key(entity_type, key)
        # An id that another entity has here: this one gets a new one.
        alone = (
            f"FROM {added} AS a WHERE a.x NOT IN (SELECT s FROM {both}) AND EXISTS (SELECT 1 FROM"
            f" {self._main.table(name)} AS m WHERE m.{self.key(name)} = {self._by_rule('a.x')})"
        )
        number = f"({self.last_number} + row_number() OVER (ORDER BY a.x))"
        self.last_number += self._other(
            name, f"SELECT a.x, {self._prefix} || char(96 + length({number})) || {number} {alone}"
        )

    def key(self, name: str) -> str:
        return self._main.key(name)

    def _other(self, name: str, select: str) -> int:
        done = self.run(f"INSERT OR IGNORE INTO {self.table('ids', name)} {select}")
        if done:
            self._other_ids.add(name)
        return done

    def _same_key(self, entity_type: EntityType, key: Sequence[str]) -> None:
        """What both added with one natural key is one entity."""
        name, own = entity_type.name, self.key(entity_type.name)
        both = self.table("both", name)
        equal = " AND ".join(f"m.{quoted(c)} = {self.value(entity_type, c)}" for c in key)
        found = self.run(
            f"INSERT OR IGNORE INTO {both} SELECT a.x, b.x FROM {self.theirs.table('added', name)}"
            f" AS a JOIN {self._source.table(name)} AS s ON s.{own} = a.x"
            f" JOIN {self._main.table(name)} AS m ON {equal}"
            f" JOIN {self.ours.table('added', name)} AS b ON b.x = m.{own}"
            f" WHERE a.x NOT IN (SELECT s FROM {both})"
        )
        if found:
            self._other(name, f"SELECT s, m FROM {both} WHERE m <> {self._by_rule('s')}")

    # -- what each side changed --------------------------------------------------------------

    def _change(self, entity_type: EntityType) -> None:
        name, own = entity_type.name, self.key(entity_type.name)
        pending, columns = self.table("pending", name), compared(entity_type)
        unlike = {
            column: entity_type.by_name[column].type.unlike(
                entity_type.by_name[column].type, f"m.{quoted(column)}",
                self.value(entity_type, column),
            )
            for column in columns
        }  # fmt: skip
        source, main = self._source.table(name), self._main.table(name)
        if self.theirs.some("changed", name):
            decided = "".join(
                f", CASE WHEN NOT coalesce(q.{flag(c)}, 0) THEN {KEEP}"
                f" WHEN NOT coalesce(e.{flag(c)}, 0) THEN {TAKE}"
                f" WHEN {unlike[c]} THEN {DISPUTED} ELSE {KEEP} END"
                for c in columns
            )
            self.run(
                f"INSERT INTO {pending} SELECT m.rowid, q.x, q.o, m.{own}{decided}"
                f" FROM {self.theirs.table('changed', name)} AS q"
                f" CROSS JOIN {source} AS s ON s.{own} = q.x"
                f" CROSS JOIN {main} AS m ON m.{own} = {self.ours.here(name, 'q.o')}"
                f" LEFT JOIN {self.ours.table('changed', name)} AS e ON e.o = q.o"
            )
        decided = "".join(
            f", CASE WHEN {unlike[c]} THEN {DISPUTED} ELSE {KEEP} END" for c in columns
        )
        self.run(
            f"INSERT INTO {pending} SELECT m.rowid, b.s, NULL, b.m{decided}"
            f" FROM {self.table('both', name)} AS b CROSS JOIN {source} AS s ON s.{own} = b.s"
            f" CROSS JOIN {main} AS m ON m.{own} = b.m"
        )
        if columns:
            stays = any_of([flag(column) for column in columns])
            self.run(f"DELETE FROM {pending} WHERE NOT ({stays})")

    def _come_and_go(self, entity_type: EntityType) -> None:
        name, own = entity_type.name, self.key(entity_type.name)
        wins = self.strategies[name].replaces
        main = self._main.table(name)
        coming, going = self.table("coming", name), self.table("going", name)
        if self.theirs.some("added", name):
            self.run(
                f"INSERT INTO {coming} SELECT x FROM {self.theirs.table('added', name)}"
                f" WHERE x NOT IN (SELECT s FROM {self.table('both', name)})"
            )
        if self.theirs.some("changed", name) and self.ours.some("removed", name):
            lost = (
                f"FROM {self.theirs.table('changed', name)} AS q"
                f" WHERE q.o IN (SELECT o FROM {self.ours.table('removed', name)})"
            )
            self.dispute(name, self.ours.here(name, "q.o"), "removed here, changed there", lost,
                          taken=wins)  # fmt: skip
            if wins:
                self.run(f"INSERT OR IGNORE INTO {coming} SELECT q.x {lost}")
        if not self.theirs.some("removed", name):
            return
        found = (
            f"FROM {self.theirs.table('removed', name)} AS r"
            f" CROSS JOIN {main} AS m ON m.{own} = {self.ours.here(name, 'r.o')}"
        )
        changed = f"r.o IN (SELECT o FROM {self.ours.table('changed', name)})"
        if self.ours.some("changed", name):
            self.dispute(name, f"m.{own}", "changed here, removed there",
                          f"{found} WHERE {changed}", taken=wins)  # fmt: skip
        where = "" if wins else f" WHERE NOT {changed}"
        self.run(f"INSERT OR IGNORE INTO {going} SELECT m.rowid, m.{own} {found}{where}")

    def dispute(self, name: str, id_: str, what: str, rows: str, *, taken: bool) -> None:
        """Note rows about which the two sides do not agree as a whole."""
        self.run(
            f"INSERT INTO {DISPUTES} SELECT {literal(name)}, {id_}, NULL, {literal(what)}, NULL,"
            f" NULL, NULL, {int(taken)} {rows}"
        )

    def taken(self, entity_type: EntityType, column: str, alias: str = "") -> str:
        """SQL: whether a pending row gets the source's value of a column."""
        wins = self.strategies[entity_type.name].replaces
        return f"{alias}{flag(column)} {f'IN ({TAKE}, {DISPUTED})' if wins else f'= {TAKE}'}"

    # -- disputes ----------------------------------------------------------------------------

    def _tell_disputes(self, entity_type: EntityType) -> None:
        """Note the columns that both sides changed to different values."""
        name, own = entity_type.name, self.key(entity_type.name)
        wins = int(self.strategies[name].replaces)
        pending = self.table("pending", name)
        # A row that goes is told as a whole.
        self.run(
            f"DELETE FROM {pending} WHERE row IN (SELECT row FROM {self.table('going', name)})"
        )
        columns = compared(entity_type)
        if (
            not columns
            or not self._connection.execute(
                f"SELECT 1 FROM {pending} WHERE"
                f" {any_of([f'{flag(c)} = {DISPUTED}' for c in columns])} LIMIT 1"
            ).fetchone()
        ):
            return
        has_base = name in self._base.entity_types
        base = f" LEFT JOIN {self._base.table(name)} AS o ON o.{own} = k.o" if has_base else ""
        for column in columns:
            before = f"o.{quoted(column)}" if has_base else "NULL"
            self.run(
                f"INSERT INTO {DISPUTES} SELECT {literal(name)}, k.m, {literal(column)}, 'changed',"
                f" {before}, m.{quoted(column)}, {self.value(entity_type, column)}, {wins}"
                f" FROM {pending} AS k CROSS JOIN {self._main.table(name)} AS m ON m.rowid = k.row"
                f" CROSS JOIN {self._source.table(name)} AS s ON s.{own} = k.s{base}"
                f" WHERE k.{flag(column)} = {DISPUTED}"
            )
