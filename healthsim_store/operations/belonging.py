"""What belongs to chosen entities: rowids in tables, wave by wave, in SQL over whole tables.

Downwards goes what refers to a row, also from another product, and the same person anywhere.
Upwards go the rows that a row refers to, without what else belongs to those.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from ..base.sql import quoted
from ..schema.model import EntityType, Reference
from ..schema.registry import Registry
from .builder import SOURCE
from .choice import PERSON


class Taken:
    """The rows that are taken of each entity type.

    Each type has a table with ``row`` (the rowid in the source) and ``unit`` (the chosen entity
    that it belongs to); ``n`` numbers them as they came, so that the last ones are found.
    """

    def __init__(self, connection: sqlite3.Connection, registry: Registry, name: str) -> None:
        self._connection = connection
        self.registry = registry
        self.names = {e.name: f"{name}_{number}" for number, e in enumerate(registry)}
        self._down = {e.name: 0 for e in registry}  # how far what belongs to them was taken
        self._up = {e.name: 0 for e in registry}
        for table in self.names.values():
            connection.execute(
                f"CREATE TABLE main.{table}"
                " (n INTEGER PRIMARY KEY, row INTEGER NOT NULL UNIQUE, unit INTEGER)"
            )

    def table(self, entity_type: str) -> str:
        """The table of a type."""
        return f"main.{self.names[entity_type]}"

    def last(self, entity_type: str) -> int:
        """How many rows of the type are taken; the ``n`` of the last one."""
        (last,) = self._connection.execute(
            f"SELECT coalesce(max(n), 0) FROM {self.table(entity_type)}"
        ).fetchone()
        return int(last)

    def counts(self) -> dict[str, int]:
        """The same of every type."""
        return {name: self.last(name) for name in self.names}

    def take_units(self, entity_type: EntityType) -> None:
        """Take what is in the table ``units``, rows of this type, each as a unit of its own."""
        self._connection.execute(
            f"INSERT INTO {self.table(entity_type.name)} (row, unit)"
            " SELECT unit, unit FROM main.units ORDER BY unit"
        )

    def follow_down(self) -> None:
        """Take all that belongs to what is taken."""

        def take(entity_type: EntityType, first: int, last: int) -> None:
            for child in self.registry:
                for column, to in child.references(soft=True):
                    if to.entity_type == entity_type.name:
                        joined = _child(entity_type, child, column.name, to)
                        self._take(entity_type, child, joined, first, last)
                if PERSON in entity_type.by_name and PERSON in child.by_name:
                    joined = _same_person(entity_type, child)
                    self._take(entity_type, child, joined, first, last)

        self._spread([*self.registry], self._down, take)

    def follow_up(self) -> None:
        """Take all that what is taken refers to."""

        def take(entity_type: EntityType, first: int, last: int) -> None:
            for column, to in entity_type.references(soft=True):
                if to.entity_type in self.names:
                    parent = next(e for e in self.registry if e.name == to.entity_type)
                    joined = _parent(entity_type, parent, column.name, to)
                    self._take(entity_type, parent, joined, first, last)

        self._spread([*self.registry][::-1], self._up, take)

    def _spread(
        self,
        entity_types: Iterable[EntityType],
        done: dict[str, int],
        take: Callable[[EntityType, int, int], None],
    ) -> None:
        """Go on from the rows that came last, until none comes any more."""
        more = True
        while more:
            more = False
            for entity_type in entity_types:
                last = self.last(entity_type.name)
                if last > done[entity_type.name]:
                    take(entity_type, done[entity_type.name], last)
                    done[entity_type.name] = last
                    more = True

    def _take(self, of: EntityType, taken: EntityType, joined: str, first: int, last: int) -> None:
        """Take the rows ``r`` of a type that are joined to those of another."""
        self._connection.execute(
            f"INSERT OR IGNORE INTO {self.table(taken.name)} (row, unit)"
            f" SELECT r.rowid, t.unit FROM {self.table(of.name)} AS t {joined}"
            " WHERE t.n > ? AND t.n <= ?",
            (first, last),
        )


# CROSS JOIN keeps the order of the tables: from the few that are taken to the many of the source.
# Where a column has no index, SQLite makes one for the statement.


def _child(parent: EntityType, child: EntityType, column: str, to: Reference) -> str:
    return (
        f"CROSS JOIN {SOURCE}.{quoted(parent.name)} AS p ON p.rowid = t.row"
        f" CROSS JOIN {SOURCE}.{quoted(child.name)} AS r"
        f" ON r.{quoted(column)} = p.{quoted(to.column)}"
    )


def _parent(child: EntityType, parent: EntityType, column: str, to: Reference) -> str:
    return (
        f"CROSS JOIN {SOURCE}.{quoted(child.name)} AS c ON c.rowid = t.row"
        f" CROSS JOIN {SOURCE}.{quoted(parent.name)} AS r"
        f" ON r.{quoted(to.column)} = c.{quoted(column)}"
    )


def _same_person(one: EntityType, other: EntityType) -> str:
    return (
        f"CROSS JOIN {SOURCE}.{quoted(one.name)} AS p ON p.rowid = t.row"
        f" CROSS JOIN {SOURCE}.{quoted(other.name)} AS r ON r.{PERSON} = p.{PERSON}"
    )
