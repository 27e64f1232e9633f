"""What became of a base in one of the files that go back to it: temporary tables of ids.

Of each entity type, and of each file that is compared with the base:

    keyed     pairs that a natural key tells and no id: ``o`` in the base, ``x`` in the file
    changed   pairs that differ: ``o``, ``x``, and for each column whether it does
    added     ``x`` of what the base has not
    removed   ``o`` of what the file has not
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.sql import quoted
from ..schema.model import EntityType
from .differences import Differences, any_of
from .lineage import Lineage, counterpart, related
from .matching import Pairing, Shared

KINDS = ("keyed", "changed", "added", "removed")


@dataclass(frozen=True, slots=True)
class Attached:
    """A scenario's file in a connection: the schema that it is attached as, and what it has."""

    name: str
    schema: str
    entity_types: Mapping[str, EntityType]
    lineage: Lineage

    def table(self, entity_type: str) -> str:
        return f"{self.schema}.{quoted(entity_type)}"

    def key(self, entity_type: str) -> str:
        return quoted(self.entity_types[entity_type].primary_key)


def flag(column: str) -> str:
    """The name of the column that tells whether ``column`` differs."""
    return quoted(f"d {column}")


def compared(entity_type: EntityType) -> list[str]:
    """The columns that may differ: all but the primary key."""
    return [name for name in entity_type.by_name if name != entity_type.primary_key]


class Delta:
    """How a file differs from the base, once `read`.

    Args:
        connection: that has both attached.
        prefix: of the temporary tables, one for each file.
        base: the base.
        side: the file. Where it is the base itself, nothing differs, and nothing is read.
        order: the entity types that are merged, parents before children.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        prefix: str,
        base: Attached,
        side: Attached,
        order: Sequence[EntityType],
    ) -> None:
        self._connection = connection
        self._prefix = prefix
        self._base, self._side = base, side
        self._order = order
        self._number = {entity_type.name: number for number, entity_type in enumerate(order)}
        relatives = related(side.lineage, base.lineage) not in (None, (0, 0))
        schemas = (base.schema, side.schema)
        self._shared = {
            name: Shared(base.entity_types[name], side.entity_types[name], schemas, relatives)
            for name in self._number
            if name in base.entity_types and name in side.entity_types
        }
        to_base = functools.partial(counterpart, side.lineage, base.lineage)
        self._from_base = functools.partial(counterpart, base.lineage, side.lineage)
        self._pairing = Pairing(self._shared, to_base, self._from_base)
        self._differences = Differences(self._shared, self._pairing, self._ask)
        self._is_base = base.schema == side.schema
        self._some: set[tuple[str, str]] = set()

    def table(self, kind: str, name: str) -> str:
        """The temporary table of a kind of change and an entity type."""
        return f"temp.{self._prefix}_{kind}_{self._number[name]}"

    def some(self, kind: str, name: str) -> bool:
        """Whether it has a row."""
        return (kind, name) in self._some

    def here(self, name: str, value: str) -> str:
        """SQL for the id in the file of what has the id ``value``, also SQL, in the base."""
        if self._is_base:
            return value
        translated = self._from_base(value)
        if not self.some("keyed", name):
            return translated
        keyed = f"(SELECT x FROM {self.table('keyed', name)} WHERE o = {value})"
        return f"coalesce({keyed}, {translated})"

    def read(self) -> None:
        """Fill the tables. Inside a transaction that reads both files."""
        for entity_type in self._order:
            flags = "".join(f", {flag(column)}" for column in compared(entity_type))
            for kind, columns in zip(KINDS, ("o, x", f"o, x{flags}", "x", "o"), strict=True):
                table = self.table(kind, entity_type.name)
                self._connection.execute(f"CREATE TABLE {table} ({columns})")
            if not self._is_base:
                self._fill(entity_type.name)

    def count(self, kind: str, name: str) -> int:
        """How many rows it has."""
        (found,) = self._ask(name, f"SELECT count(*) FROM {self.table(kind, name)}")[0]
        return int(found)

    def empty(self, kind: str, name: str) -> None:
        """Forget the changes of a kind."""
        self._connection.execute(f"DELETE FROM {self.table(kind, name)}")
        self._some.discard((kind, name))

    def drop(self) -> None:
        """Drop the tables."""
        for entity_type in self._order:
            for kind in KINDS:
                self._connection.execute(f"DROP TABLE {self.table(kind, entity_type.name)}")
        self._some.clear()

    def _ask(self, _: str, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()

    def _put(self, kind: str, name: str, select: str, with_: str = "") -> None:
        self._put_into(self.table(kind, name), kind, name, f"{with_}{select}")

    def _put_into(self, table: str, kind: str, name: str, select: str) -> None:
        if self._connection.execute(f"INSERT INTO {table} {select}").rowcount:
            self._some.add((kind, name))

    def _fill(self, name: str) -> None:
        if name not in self._shared:
            if name in self._side.entity_types:
                key = self._side.key(name)
                self._put("added", name, f"SELECT {key} FROM {self._side.table(name)}")
            return
        shared = self._shared[name]
        (table_a, table_b), (a, b) = shared.tables, shared.ids
        least = min(self._count(table_a), self._count(table_b))
        ids, keys = self._differences.pair(name, least)
        with_ = self._differences.with_(name)
        if keys:
            self._put("keyed", name, f"SELECT {a}, {b} {self._pairing.by_key(name)}", with_)
            for column in "ox":
                index = f"temp.{self._prefix}_keyed_{self._number[name]}_{column}"
                table = self.table("keyed", name).removeprefix("temp.")
                self._connection.execute(f"CREATE INDEX {index} ON {table} ({column})")
        flags = self._differences.flags(name)
        if flags:
            wanted = "".join(f", {sql} AS {flag(column)}" for column, sql in flags.items())
            names = ", ".join(["o", "x", *map(flag, flags)])
            differ = any_of([flag(column) for column in flags])
            for source in self._differences.sources(name, ids, keys):
                select = f"SELECT {names} FROM (SELECT {a} AS o, {b} AS x{wanted} {source})"
                table = f"{self.table('changed', name)} ({names})"
                self._put_into(table, "changed", name, f"{with_}{select} WHERE {differ}")
        table = self.table("changed", name).removeprefix("temp.")
        self._connection.execute(f"CREATE INDEX temp.{table}_o ON {table} (o)")
        for kind, side, id_, there in (("added", "b", b, table_b), ("removed", "a", a, table_a)):
            unpaired = self._pairing.unpaired(name, side)
            select = f"SELECT {id_} FROM {there} AS {side} WHERE {unpaired}"
            self._put(kind, name, f"{select} ORDER BY {side}.rowid", with_)

    def _count(self, table: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
