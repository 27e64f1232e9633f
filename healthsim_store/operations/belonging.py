"""What belongs to chosen entities: rowids in tables, wave by wave, in SQL over whole tables.

Downwards goes what refers to a row, also from another product, and the same person anywhere.
Upwards go the rows that a row refers to, without what else belongs to those.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from ..base.sql import quoted
from ..schema.model import EntityType
from ..schema.registry import Registry
from .builder import SOURCE, counts
from .choice import PERSON


class Taken:
    """The rows that are taken of each entity type.

    Each type has a table with ``row`` (the rowid in the source) and ``unit`` (the chosen entity
    that it belongs to); ``n`` numbers them as they came, so that the last ones are found.

    Args:
        connection: it has the source attached.
        registry: the source's entity types.
        name: the beginning of the tables' names.
        links: keep in the table ``links`` which units a row of one and what belongs to another
            connect.
    """

    def __init__(
        self, connection: sqlite3.Connection, registry: Registry, name: str, *, links: bool = False
    ) -> None:
        self._connection = connection
        self.registry = registry
        self.names = {e.name: f"{name}_{number}" for number, e in enumerate(registry)}
        self._persons = f"main.{name}_persons"
        self._stage = f"main.{name}_stage"
        self._links = links
        self._with_rows = [
            entity_type
            for entity_type in registry
            if connection.execute(
                f"SELECT 1 FROM {SOURCE}.{quoted(entity_type.name)} LIMIT 1"
            ).fetchone()
        ]
        self._done = {"down": dict.fromkeys(self.names, 0), "up": dict.fromkeys(self.names, 0)}
        self._persons_done = 0
        # How many rows refer to one that is taken, by type and column: all of them are taken too.
        self._referring: dict[tuple[str, str], int] = {}
        self._counted: dict[str, tuple[int, dict[str, int]]] = {}
        self._whole: frozenset[tuple[str, str]] = frozenset()
        self._whole_until = dict.fromkeys(self.names, 0)
        columns = "n INTEGER PRIMARY KEY, row INTEGER NOT NULL UNIQUE, unit INTEGER"
        for table in self.names.values():
            connection.execute(f"CREATE TABLE main.{table} ({columns})")
        connection.execute(
            f"CREATE TABLE {self._persons} (n INTEGER PRIMARY KEY, person UNIQUE, unit INTEGER)"
        )
        connection.execute(f"CREATE TABLE {self._stage} (row INTEGER, unit INTEGER)")
        if links:
            connection.execute(
                "CREATE TABLE main.links (a INTEGER, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID"
            )

    def table(self, entity_type: str) -> str:
        """The table of a type."""
        return f"main.{self.names[entity_type]}"

    def last(self, entity_type: str) -> int:
        """How many rows of the type are taken; the ``n`` of the last one."""
        return self._last(self.table(entity_type))

    def _last(self, table: str) -> int:
        (last,) = self._connection.execute(f"SELECT coalesce(max(n), 0) FROM {table}").fetchone()
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

    # -- downwards ---------------------------------------------------------------------------

    def follow_down(self) -> None:
        """Take all that belongs to what is taken, until nothing comes any more."""
        if self._links:
            self._connection.execute("DELETE FROM main.links")
        while self._spread("down", self._with_rows, self._take_children) or self._take_persons():
            pass

    def _take_children(self, entity_type: EntityType, first: int, last: int) -> None:
        parent = f"{SOURCE}.{quoted(entity_type.name)}"
        for child in self._with_rows:
            for column, to in child.references(soft=True):
                if to.entity_type != entity_type.name:
                    continue
                # CROSS JOIN keeps this order: from the few that are taken to the many of the
                # source. Where a column has no index, SQLite makes one for the statement.
                count = self._take(
                    child,
                    f"SELECT r.rowid, t.unit FROM {self.table(entity_type.name)} AS t"
                    f" CROSS JOIN {parent} AS p ON p.rowid = t.row"
                    f" CROSS JOIN {SOURCE}.{quoted(child.name)} AS r"
                    f" ON r.{quoted(column.name)} = p.{quoted(to.column)}",
                    first,
                    last,
                )
                key = child.name, column.name
                self._referring[key] = self._referring.get(key, 0) + count
        if PERSON in entity_type.by_name:
            self._note_persons(entity_type, first, last)

    def _note_persons(self, entity_type: EntityType, first: int, last: int) -> None:
        """By a table of persons: many rows of one human are not joined each with each."""
        rows = (
            f"FROM {self.table(entity_type.name)} AS t"
            f" CROSS JOIN {SOURCE}.{quoted(entity_type.name)} AS s ON s.rowid = t.row"
        )
        self._connection.execute(
            f"INSERT OR IGNORE INTO {self._persons} (person, unit) SELECT s.{PERSON}, t.unit {rows}"
            f" WHERE s.{PERSON} IS NOT NULL AND t.n > ? AND t.n <= ?",
            (first, last),
        )
        if self._links:
            self._connection.execute(
                f"INSERT OR IGNORE INTO main.links SELECT t.unit, h.unit {rows}"
                f" CROSS JOIN {self._persons} AS h ON h.person = s.{PERSON}"
                " WHERE h.unit <> t.unit AND t.n > ? AND t.n <= ?",
                (first, last),
            )

    def _take_persons(self) -> bool:
        """Take all rows of the persons that came last; whether there were any."""
        first, last = self._persons_done, self._last(self._persons)
        for entity_type in self._with_rows if last > first else ():
            if PERSON in entity_type.by_name:
                self._take(
                    entity_type,
                    f"SELECT r.rowid, t.unit FROM {self._persons} AS t"
                    f" CROSS JOIN {SOURCE}.{quoted(entity_type.name)} AS r"
                    f" ON r.{PERSON} = t.person",
                    first,
                    last,
                )
        self._persons_done = last
        return last > first

    def _take(self, entity_type: EntityType, select: str, first: int, last: int) -> int:
        """Take the rows of a type that a SELECT gives; how many it gives."""
        connection, table = self._connection, self.table(entity_type.name)
        given = connection.execute(
            f"INSERT INTO {self._stage} {select} WHERE t.n > ? AND t.n <= ?", (first, last)
        ).rowcount
        if given:
            connection.execute(
                f"INSERT OR IGNORE INTO {table} (row, unit) SELECT row, unit FROM {self._stage}"
            )
            if self._links:
                connection.execute(
                    f"INSERT OR IGNORE INTO main.links SELECT s.unit, k.unit FROM {self._stage} AS"
                    f" s CROSS JOIN {table} AS k ON k.row = s.row WHERE k.unit <> s.unit"
                )
            connection.execute(f"DELETE FROM {self._stage}")
        return given

    # -- upwards -----------------------------------------------------------------------------

    def whole(self) -> frozenset[tuple[str, str]]:
        """The references, by type and column, of which every parent is taken already.

        After `follow_down`: then all rows that refer to a taken one are taken, so where as many of
        the taken rows refer to anything, there is no other parent.
        """
        found = set()
        for entity_type in self._with_rows:
            last = self.last(entity_type.name)
            counted = self._count(entity_type)
            self._counted[entity_type.name] = last, counted
            for column, _ in entity_type.references(soft=True):
                key = entity_type.name, column.name
                if self._referring.get(key, 0) == counted.get(".".join(key)):
                    found.add(key)
        return frozenset(found)

    def _count(self, entity_type: EntityType) -> dict[str, int]:
        table = self.table(entity_type.name)
        return counts(self._connection, SOURCE, entity_type, self.names, table)

    def counted(self) -> dict[str, int]:
        """What a copy of the taken rows must keep, as `counts` gives it of each type."""
        found: dict[str, int] = {}
        for entity_type in self.registry:
            last, known = self._counted.get(entity_type.name, (None, {}))
            more = self.last(entity_type.name) != last
            found |= self._count(entity_type) if more else known
        return found

    def expect_whole(self, whole: frozenset[tuple[str, str]]) -> None:
        """Of what is taken so far, these references need not be followed upwards."""
        self._whole = whole
        self._whole_until = self.counts()

    def follow_up(self) -> None:
        """Take all that what is taken refers to, without what else belongs to that."""
        children_first = self._with_rows[::-1]
        while self._spread("up", children_first, self._take_parents):
            pass

    def _take_parents(self, entity_type: EntityType, first: int, last: int) -> None:
        for column, to in entity_type.references(soft=True):
            start = first
            if (entity_type.name, column.name) in self._whole:
                start = max(first, self._whole_until[entity_type.name])
            if to.entity_type in self.names and start < last:
                self._connection.execute(
                    f"INSERT OR IGNORE INTO {self.table(to.entity_type)} (row)"
                    f" SELECT r.rowid FROM {self.table(entity_type.name)} AS t"
                    f" CROSS JOIN {SOURCE}.{quoted(entity_type.name)} AS c ON c.rowid = t.row"
                    f" CROSS JOIN {SOURCE}.{quoted(to.entity_type)} AS r"
                    f" ON r.{quoted(to.column)} = c.{quoted(column.name)}"
                    " WHERE t.n > ? AND t.n <= ?",
                    (start, last),
                )

    def _spread(
        self,
        way: str,
        entity_types: Iterable[EntityType],
        take: Callable[[EntityType, int, int], None],
    ) -> bool:
        """Go on once from the rows of each type that came last; whether there were any."""
        done, more = self._done[way], False
        for entity_type in entity_types:
            first, last = done[entity_type.name], self.last(entity_type.name)
            if last > first:
                take(entity_type, first, last)
                done[entity_type.name], more = last, True
        return more
