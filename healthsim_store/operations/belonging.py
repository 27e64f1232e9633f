"""What belongs to chosen entities: rowids in tables, wave by wave, in SQL over whole tables.

Downwards goes what refers to a row, also from another product, and the same person anywhere.
Upwards go the rows that a row refers to, without what else belongs to those.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..base.sql import quoted
from ..schema.model import EntityType
from ..schema.registry import Registry
from .builder import SOURCE, counts
from .choice import PERSON


class Taken:
    """The rows that are taken of each entity type.

    Each type has a table with ``row`` (the rowid in the source), ``unit`` (the chosen entity that
    it belongs to) and ``wave``: a number that grows with each statement that takes rows, so that
    the last ones are found.

    Args:
        connection: it has the source attached.
        totals: how many rows the source has of each entity type.
        registry: the source's entity types.
        name: the beginning of the tables' names.
        links: keep in the table ``links`` which units a row of one and what belongs to another
            connect.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        registry: Registry,
        totals: Mapping[str, int],
        name: str,
        *,
        links: bool = False,
    ) -> None:
        self._connection = connection
        self.registry = registry
        self.names = {e.name: f"{name}_{number}" for number, e in enumerate(registry)}
        self._persons = f"main.{name}_persons"
        self._stage = f"main.{name}_stage"
        self._links = links
        self._totals = totals
        self._with_rows = [entity_type for entity_type in registry if totals[entity_type.name]]
        self.wave = 0  # the last one
        self._last_wave = dict.fromkeys(self.names, 0)
        self._taken = dict.fromkeys(self.names, 0)
        self._sorted: set[str] = set()  # types whose rows are found by wave
        self._done = {"down": dict.fromkeys(self.names, 0), "up": dict.fromkeys(self.names, 0)}
        self._persons_done = 0
        # How many rows refer to one that is taken, by type and column: all of them are taken too.
        self._referring: dict[tuple[str, str], int] = {}
        self._counted: dict[str, tuple[int, dict[str, int]]] = {}
        self._whole: frozenset[tuple[str, str]] = frozenset()
        self._whole_until = 0
        for table in self.names.values():
            connection.execute(
                f"CREATE TABLE main.{table}"
                " (row INTEGER PRIMARY KEY, unit INTEGER, wave INTEGER NOT NULL)"
            )
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

    def counts(self) -> dict[str, int]:
        """How many rows of each type are taken."""
        return {**self._taken}

    def all_of(self, entity_type: str) -> bool:
        """Whether every row of the type is taken."""
        return self._taken[entity_type] == self._totals[entity_type]

    def take_units(self, entity_type: EntityType) -> None:
        """Take what is in the table ``units``, rows of this type, each as a unit of its own."""
        self._insert(entity_type.name, "SELECT unit, unit FROM main.units ORDER BY unit")

    def take_part(self, other: Taken, since: int, part: int) -> None:
        """Take what another one took after a wave, and whose unit went to the part."""
        for entity_type in self.registry:
            within, waves = other.within(entity_type.name, since)
            self._insert(
                entity_type.name,
                f"SELECT t.row, t.unit FROM {other.table(entity_type.name)} AS t"
                f" CROSS JOIN main.units AS u ON u.unit = t.unit WHERE u.part = ? AND {within}"
                " ORDER BY t.row",
                (part, *waves),
            )

    def _insert(self, entity_type: str, select: str, params: Sequence[int] = ()) -> int:
        """Take the rows and units of a type that a SELECT gives; how many were not taken before."""
        self.wave += 1
        count = self._connection.execute(
            f"INSERT OR IGNORE INTO {self.table(entity_type)} (row, unit, wave)"
            f" SELECT *, {self.wave} FROM ({select})",
            params,
        ).rowcount
        if count:
            self._taken[entity_type] += count
            self._last_wave[entity_type] = self.wave
        return count

    def within(self, entity_type: str, first: int) -> tuple[str, tuple[int, ...]]:
        """SQL, with its parameters, for the rows ``t`` that were taken after the wave ``first``."""
        # Not those that come while a statement after another goes through them: they are next.
        last = self._last_wave[entity_type]
        if not first:
            return "t.wave <= ?", (last,)
        # Only now: most often all rows are gone through once, and a chain in many short waves.
        if entity_type not in self._sorted:
            self._sorted.add(entity_type)
            table = self.names[entity_type]
            self._connection.execute(f"CREATE INDEX main.{table}_by_wave ON {table} (wave, unit)")
        return "t.wave > ? AND t.wave <= ?", (first, last)

    # -- downwards ---------------------------------------------------------------------------

    def follow_down(self) -> None:
        """Take all that belongs to what is taken, until nothing comes any more."""
        if self._links:
            self._connection.execute("DELETE FROM main.links")
        while self._spread("down", self._with_rows, self._take_children) or self._take_persons():
            pass

    def _take_children(self, entity_type: EntityType, first: int) -> None:
        parent = f"{SOURCE}.{quoted(entity_type.name)}"
        within, waves = self.within(entity_type.name, first)
        for child in self._with_rows:
            for column, to in child.references(soft=True):
                if to.entity_type != entity_type.name:
                    continue
                # CROSS JOIN keeps this order: from the few that are taken to the many of the
                # source. Where a column has no index, SQLite makes one for the statement.
                count = self._take(
                    child,
                    f"{self.table(entity_type.name)} AS t"
                    f" CROSS JOIN {parent} AS p ON p.rowid = t.row"
                    f" CROSS JOIN {SOURCE}.{quoted(child.name)} AS r"
                    f" ON r.{quoted(column.name)} = p.{quoted(to.column)}",
                    within,
                    waves,
                )
                key = child.name, column.name
                self._referring[key] = self._referring.get(key, 0) + count
        if PERSON in entity_type.by_name:
            self._note_persons(entity_type, first)

    def _note_persons(self, entity_type: EntityType, first: int) -> None:
        """By a table of persons: many rows of one human are not joined each with each."""
        rows = (
            f"FROM {self.table(entity_type.name)} AS t"
            f" CROSS JOIN {SOURCE}.{quoted(entity_type.name)} AS s ON s.rowid = t.row"
        )
        within, waves = self.within(entity_type.name, first)
        self._connection.execute(
            f"INSERT OR IGNORE INTO {self._persons} (person, unit) SELECT s.{PERSON}, t.unit {rows}"
            f" WHERE s.{PERSON} IS NOT NULL AND {within}",
            waves,
        )
        if self._links:
            self._connection.execute(
                f"INSERT OR IGNORE INTO main.links SELECT t.unit, h.unit {rows}"
                f" CROSS JOIN {self._persons} AS h ON h.person = s.{PERSON}"
                f" WHERE h.unit <> t.unit AND {within}",
                waves,
            )

    def _take_persons(self) -> bool:
        """Take all rows of the persons that came last; whether there were any."""
        first = self._persons_done
        (last,) = self._connection.execute(
            f"SELECT coalesce(max(n), 0) FROM {self._persons}"
        ).fetchone()
        for entity_type in self._with_rows if last > first else ():
            if PERSON in entity_type.by_name:
                self._take(
                    entity_type,
                    f"{self._persons} AS t CROSS JOIN {SOURCE}.{quoted(entity_type.name)} AS r"
                    f" ON r.{PERSON} = t.person",
                    "t.n > ? AND t.n <= ?",
                    (first, last),
                )
        self._persons_done = last
        return bool(last > first)

    def _take(self, entity_type: EntityType, joined: str, where: str, params: Sequence[int]) -> int:
        """Take the rows ``r`` of a type that joins of ``t`` give; how many they give.

        Where all rows of the type are taken already only the links are looked at, and it gives 0.
        """
        connection, name = self._connection, entity_type.name
        table = self.table(name)
        select = f"SELECT r.rowid, t.unit FROM {joined} WHERE {where}"
        if not self._taken[name]:
            return self._insert(name, select, params)
        if self.all_of(name):
            if self._links:
                connection.execute(
                    f"INSERT OR IGNORE INTO main.links SELECT t.unit, k.unit FROM {joined}"
                    f" CROSS JOIN {table} AS k ON k.row = r.rowid WHERE k.unit <> t.unit"
                    f" AND {where}",
                    params,
                )
            return 0
        given = connection.execute(f"INSERT INTO {self._stage} {select}", params).rowcount
        if given:
            self._insert(name, f"SELECT row, unit FROM {self._stage}")
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
            counted = self._count(entity_type)
            self._counted[entity_type.name] = self._taken[entity_type.name], counted
            for column, to in entity_type.references(soft=True):
                key = entity_type.name, column.name
                parents = to.entity_type in self.names and self.all_of(to.entity_type)
                if parents or self._referring.get(key, 0) == counted.get(".".join(key)):
                    found.add(key)
        return frozenset(found)

    def _count(self, entity_type: EntityType) -> dict[str, int]:
        """What `counts` gives of the taken rows; by the indexes, where each reference has one."""
        found = {entity_type.name: self._taken[entity_type.name]}
        for column, to in entity_type.references(soft=True):
            if not (to.enforced or to.entity_type in self.names):
                continue
            empty = self._count_empty(entity_type.name, column.name) if to.enforced else None
            if empty is None:
                table = self.table(entity_type.name)
                return counts(self._connection, SOURCE, entity_type, self.names, table)
            found[f"{entity_type.name}.{column.name}"] = found[entity_type.name] - empty
        return found

    def _count_empty(self, entity_type: str, column: str) -> int | None:
        """How many of the taken rows have NULL there; None where that would be a search."""
        connection = self._connection
        if not connection.execute(
            "SELECT 1 FROM pragma_index_list(?, ?) AS l, pragma_index_info(l.name, ?) AS i"
            " WHERE NOT l.partial AND i.seqno = 0 AND i.name = ?",
            (entity_type, SOURCE, SOURCE, column),
        ).fetchone():
            return None
        rows = f"{SOURCE}.{quoted(entity_type)} AS s"
        empty = f"s.{quoted(column)} IS NULL"
        count: int
        (count,) = connection.execute(f"SELECT count(*) FROM {rows} WHERE {empty}").fetchone()
        if not count or self.all_of(entity_type):
            return count
        if count > self._taken[entity_type]:
            return None
        (count,) = connection.execute(
            f"SELECT count(*) FROM {rows} CROSS JOIN {self.table(entity_type)} AS k"
            f" ON k.row = s.rowid WHERE {empty}"
        ).fetchone()
        return count

    def counted(self) -> dict[str, int]:
        """What a copy of the taken rows must keep, as `counts` gives it of each type."""
        found: dict[str, int] = {}
        for entity_type in self.registry:
            taken, known = self._counted.get(entity_type.name, (None, {}))
            more = self._taken[entity_type.name] != taken
            found |= self._count(entity_type) if more else known
        return found

    def expect_whole(self, whole: frozenset[tuple[str, str]]) -> None:
        """Of what is taken so far, these references need not be followed upwards."""
        self._whole = whole
        self._whole_until = self.wave

    def follow_up(self) -> None:
        """Take all that what is taken refers to, without what else belongs to that."""
        children_first = self._with_rows[::-1]
        while self._spread("up", children_first, self._take_parents):
            pass

    def _take_parents(self, entity_type: EntityType, first: int) -> None:
        for column, to in entity_type.references(soft=True):
            start = first
            if (entity_type.name, column.name) in self._whole:
                start = max(first, self._whole_until)
            if to.entity_type in self.names and start < self._last_wave[entity_type.name]:
                within, waves = self.within(entity_type.name, start)
                self._insert(
                    to.entity_type,
                    f"SELECT r.rowid, NULL FROM {self.table(entity_type.name)} AS t"
                    f" CROSS JOIN {SOURCE}.{quoted(entity_type.name)} AS c ON c.rowid = t.row"
                    f" CROSS JOIN {SOURCE}.{quoted(to.entity_type)} AS r"
                    f" ON r.{quoted(to.column)} = c.{quoted(column.name)} WHERE {within}",
                    waves,
                )

    def _spread(
        self,
        way: str,
        entity_types: Iterable[EntityType],
        take: Callable[[EntityType, int], None],
    ) -> bool:
        """Go on once from the rows of each type that came last; whether there were any."""
        done, more = self._done[way], False
        for entity_type in entity_types:
            first, last = done[entity_type.name], self._last_wave[entity_type.name]
            if last > first:
                done[entity_type.name], more = last, True
                take(entity_type, first)
        return more
