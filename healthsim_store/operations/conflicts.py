"""Conflicts of a merge: which entities of a source are there already, and what becomes of them.

Rows of the source at hand are ``s``, rows that stand are ``m``. Nothing is taken into memory: a
temporary table has the conflicts of one entity type, another one the ids that are others here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..base.sql import literal, quoted
from ..base.wording import choice
from ..errors import MergeConflict
from ..schema.model import Column, EntityType
from .builder import SOURCE
from .lineage import Lineage, counterpart
from .strategies import STRATEGIES, Strategy

_CONFLICTS = "temp.conflicts"
_TOLD = 5  # conflicts in an error


@dataclass(frozen=True, slots=True)
class Part:
    """A source's rows of one entity type, which is meant as the new file declares it.

    ``number`` is the source's place in the merge, from 1. ``relatives`` are the sources before it
    that go back to the same original: of each the number and the lineage.
    """

    entity_type: EntityType
    source: str
    number: int
    lineage: Lineage
    relatives: tuple[tuple[int, Lineage], ...] = ()

    @property
    def name(self) -> str:
        return self.entity_type.name

    @property
    def table(self) -> str:
        return quoted(self.name)

    @property
    def key(self) -> str:
        return quoted(self.entity_type.primary_key)


class Ids:
    """Which id of the source at hand is which id here, where the two differ."""

    def __init__(self, connection: sqlite3.Connection, scenario_id: str) -> None:
        self._connection = connection
        self._prefix = literal(f"{scenario_id}-")
        self._mapped: set[str] = set()
        self._kept: set[tuple[int, str]] = set()
        self.last_number = 0

    def changed(self, entity_type: str) -> bool:
        """Whether any id of the type is another here."""
        return entity_type in self._mapped

    def followed(self, entity_type: str, value: str) -> str:
        """SQL for the id here of what has the id ``value``, also SQL, in the source."""
        if entity_type not in self._mapped:
            return value
        return f"coalesce((SELECT new FROM {_ids(entity_type)} WHERE old = {value}), {value})"

    def met(self, entity_type: str, name: str, column: Column) -> bool:
        """Whether a column of the source's table ``name`` has any id that is another here."""
        sql = f"SELECT old FROM {_ids(entity_type)}"
        sql = (
            f"SELECT 1 FROM {SOURCE}.{quoted(name)} WHERE {quoted(column.name)} IN ({sql}) LIMIT 1"
        )
        return self._connection.execute(sql).fetchone() is not None

    def map(self, entity_type: str, select: str) -> None:
        """Remember the pairs that a SELECT gives: the id there, the id here."""
        table = _ids(entity_type)
        self._connection.execute(
            f"CREATE TABLE {table} (old TEXT PRIMARY KEY, new TEXT) WITHOUT ROWID"
        )
        if self._connection.execute(f"INSERT INTO {table} {select}").rowcount:
            self._mapped.add(entity_type)
        else:
            self._connection.execute(f"DROP TABLE {table}")

    def generated(self, where: str) -> str:
        """A SELECT of the conflicting ids that ``where`` chooses, and a generated id for each."""
        (count,) = self._connection.execute(
            f"SELECT count(*) FROM {_CONFLICTS} WHERE {where}"
        ).fetchone()
        number = f"({self.last_number} + row_number() OVER (ORDER BY old))"
        self.last_number += count
        return (
            f"SELECT old, {self._prefix} || char(96 + length({number})) || {number}"
            f" FROM {_CONFLICTS} WHERE {where}"
        )

    def clear(self) -> None:
        """Forget it all, for the next source."""
        for entity_type in self._mapped:
            self._connection.execute(f"DROP TABLE {_ids(entity_type)}")
        self._mapped.clear()

    def keep(self, number: int) -> None:
        """The same, and remember it as that of a source to which later ones are related."""
        for entity_type in self._mapped:
            kept = f"ids of {entity_type} in {number}"
            self._connection.execute(f"ALTER TABLE {_ids(entity_type)} RENAME TO {quoted(kept)}")
            self._kept.add((number, entity_type))
        self._mapped.clear()

    def kept(self, number: int, entity_type: str, value: str) -> str:
        """SQL for the id here of what has the id ``value`` in a source that was kept."""
        if (number, entity_type) not in self._kept:
            return value
        table = f"temp.{quoted(f'ids of {entity_type} in {number}')}"
        return f"coalesce((SELECT new FROM {table} WHERE old = {value}), {value})"


def _ids(entity_type: str) -> str:
    return f"temp.{quoted(f'ids of {entity_type}')}"


# Of each conflict the first key; a bare column beside min() is of the same row.
_FIRST = f"SELECT old, matched_on, stands, min(position) FROM {_CONFLICTS} GROUP BY old"


class Conflicts:
    """The conflicts of one part; their ids are in the ``ids`` as soon as they are found.

    ``count`` is how many entities are there already. Raises MergeConflict where the strategy
    refuses and there is one.
    """

    def __init__(
        self, connection: sqlite3.Connection, ids: Ids, part: Part, strategy: Strategy
    ) -> None:
        self._connection = connection
        self._ids = ids
        self._part = part
        self.strategy = strategy
        self.count = self._find()
        if self.count and strategy.refuses:
            raise self._refusal()

    def _find(self) -> int:
        """Fill the tables of conflicts and ids; how many entities conflict.

        A row of conflicts is a key that is taken: ``position`` 0, 1, ... for the natural keys, and
        the last for the id; a negative one where both go back to the same original. What stands
        for an entity is that original's, else what has its first taken key.
        """
        part = self._part
        parents = (to.entity_type for _, to in part.entity_type.references(soft=True))
        if not self._some(f"main.{part.table}") and not any(map(self._ids.changed, parents)):
            return 0  # nobody was here before, and nothing of the source became one
        self._connection.execute(
            f"CREATE TABLE {_CONFLICTS} (old TEXT, position INTEGER, matched_on TEXT, stands TEXT,"
            " PRIMARY KEY (old, position)) WITHOUT ROWID"
        )
        for place, (number, lineage) in enumerate(part.relatives, -len(part.relatives)):
            self._find_origin(place, number, lineage)
        keys = [*part.entity_type.unique_keys, (part.entity_type.primary_key,)]
        for position, key in enumerate(keys):
            self._find_taken(position, key)
        for position, key in enumerate(keys[:-1]):
            self._find_doubles(position, key)
        (found,) = self._connection.execute(
            f"SELECT count(DISTINCT old) FROM {_CONFLICTS}"
        ).fetchone()
        if self.strategy.keeps_both:
            self._ids.map(part.name, self._ids.generated(f"position = {len(keys) - 1}"))
        else:
            self._ids.map(part.name, f"SELECT old, stands FROM ({_FIRST}) WHERE old <> stands")
        return int(found)

    def _some(self, rows: str) -> bool:
        return self._connection.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone() is not None

    def _find_origin(self, position: int, number: int, lineage: Lineage) -> None:
        """What goes back to the same original as an entity of an earlier source."""
        part = self._part
        there = counterpart(part.lineage, lineage, f"s.{part.key}")
        here = self._ids.kept(number, part.name, there)
        self._connection.execute(
            f"INSERT INTO {_CONFLICTS} SELECT s.{part.key}, {position}, 'origin', m.{part.key}"
            f" FROM {SOURCE}.{part.table} AS s CROSS JOIN main.{part.table} AS m"
            f" ON m.{part.key} = {here}"
        )

    def _find_taken(self, position: int, key: Sequence[str]) -> None:
        if not self._may_overlap(key):
            return
        part = self._part
        own = part.entity_type.primary_key
        matched = literal(" + ".join(key))
        equal = " AND ".join(f"m.{quoted(name)} = {self._key_value(name)}" for name in key)
        self._connection.execute(
            f"INSERT INTO {_CONFLICTS} SELECT s.{part.key}, {position}, {matched}, m.{quoted(own)}"
            f" FROM {SOURCE}.{part.table} AS s CROSS JOIN main.{part.table} AS m ON {equal}"
        )

    def _key_value(self, name: str) -> str:
        """A key's column in the source, with a parent that another stands for followed."""
        part = self._part
        to = part.entity_type.by_name[name].references
        value = f"s.{quoted(name)}"
        return self._ids.followed(to.entity_type, value) if to else value

    def _may_overlap(self, key: Sequence[str]) -> bool:
        """Whether the first and last of the values leave room for a common one."""
        part = self._part
        if len(key) > 1 or part.entity_type.by_name[key[0]].references:
            return True
        name = quoted(key[0])
        ends = [
            self._connection.execute(
                # Two subqueries: SQLite looks one of min and max up, but scans for both.
                f"SELECT (SELECT min({name}) FROM {schema}.{part.table}),"
                f" (SELECT max({name}) FROM {schema}.{part.table})"
            ).fetchone()
            for schema in ("main", SOURCE)
        ]
        (low, high), (lowest, highest) = ends
        return low is not None and lowest is not None and lowest <= high and low <= highest

    def _find_doubles(self, position: int, key: Sequence[str]) -> None:
        """Rows of this source that became one key when their parents became one."""
        part = self._part
        references = (part.entity_type.by_name[name].references for name in key)
        if not any(to and self._ids.changed(to.entity_type) for to in references):
            return
        values = [self._key_value(name) for name in key]
        settled = f"SELECT old FROM {_CONFLICTS}"
        if self.strategy.replaces:
            # What conflicts by its id alone will stand there with this key.
            settled += f" WHERE position = {position}"
        self._connection.execute(
            f"INSERT INTO {_CONFLICTS} SELECT old, {position}, {literal(' + '.join(key))},"
            f" coalesce((SELECT f.stands FROM ({_FIRST}) AS f WHERE f.old = first), first)"
            f" FROM (SELECT s.{part.key} AS old, first_value(s.{part.key}) OVER"
            f" (PARTITION BY {', '.join(values)} ORDER BY s.rowid) AS first"
            f" FROM {SOURCE}.{part.table} AS s WHERE s.{part.key} NOT IN ({settled})"
            f" AND {' AND '.join(f'{value} IS NOT NULL' for value in values)})"
            " WHERE old <> first"
        )

    def where(self) -> str:
        """Which rows of the source get in as rows of their own."""
        if not self.count or self.strategy.keeps_both:
            return ""
        return f"s.{self._part.key} NOT IN (SELECT old FROM {_CONFLICTS})"

    @property
    def left(self) -> int:
        """How many rows of the source do not get in."""
        return 0 if self.strategy.keeps_both else self.count

    def renamed(self, values: Mapping[str, str]) -> dict[str, str]:
        """The natural keys of renamed entities, with a suffix where they are taken."""
        part = self._part
        renamed = {}
        for position, key in enumerate(part.entity_type.unique_keys):
            taken = f"SELECT old FROM {_CONFLICTS} WHERE position = {position}"
            if not self._some(f"({taken})"):
                continue
            name = _changeable(part.entity_type, key)
            if name is None:
                usable = _usable(keeps_both=False)
                raise MergeConflict(
                    f"{part.name} of {part.source} cannot be renamed: {' + '.join(key)} is"
                    " taken, and has no text that could get a suffix.",
                    hint=f"Choose {choice('on_conflict', usable, of=part.name)}.",
                )
            suffix = literal(self._suffix(name))
            renamed[name] = (
                f"CASE WHEN s.{part.key} IN ({taken}) THEN {values[name]} || {suffix}"
                f" ELSE {values[name]} END"
            )
        return renamed

    def _suffix(self, name: str) -> str:
        """``~2`` for what the second source brings; a later number where one ends so already."""
        part = self._part
        number = part.number
        while any(
            self._connection.execute(
                f"SELECT 1 FROM {schema}.{part.table}"
                f" WHERE substr({quoted(name)}, -{len(str(number)) + 1}) = ? LIMIT 1",
                (f"~{number}",),
            ).fetchone()
            for schema in ("main", SOURCE)
        ):
            number += 1
        return f"~{number}"

    def _refusal(self) -> MergeConflict:
        shown = self._connection.execute(f"{_FIRST} LIMIT {_TOLD}").fetchall()
        told = ", ".join(f"{old} (by {matched_on})" for old, matched_on, *_ in shown)
        more = ", ..." if self.count > len(shown) else ""
        return MergeConflict(
            f"{self.count:,} {self._part.name} of {self._part.source} are in the merge already:"
            f" {told}{more}.",
            hint=f"Nothing was merged. Choose {choice('on_conflict', _usable())}.",
        )

    def settle(self, values: Mapping[str, str]) -> None:
        """After the others got in: write the conflicts down with what gives way, and overwrite.

        ``values`` is the SQL of each column as it would be stored.
        """
        part = self._part
        compared = [name for name in values if name != part.entity_type.primary_key]
        stands, lost = "q.stands", "NULL"
        if self.strategy.keeps_both:
            stands = self._ids.followed(part.name, "q.old")  # both stay, and nothing is lost
        elif compared:
            equal = " AND ".join(f"m.{quoted(name)} IS {values[name]}" for name in compared)
            giving_way = _as_json("m" if self.strategy.replaces else "s", [*values])
            lost = f"CASE WHEN NOT ({equal}) THEN {giving_way} END"
        matches = (
            f"({_FIRST}) AS q JOIN {SOURCE}.{part.table} AS s ON s.{part.key} = q.old"
            f" JOIN main.{part.table} AS m ON m.{part.key} = {stands}"
        )
        self._connection.execute(
            "INSERT INTO main._conflicts (source, entity_type, source_entity_id, matched_on,"
            f" resolution, entity_id, lost) SELECT ?, ?, q.old, q.matched_on, ?, {stands}, {lost}"
            f" FROM {matches} ORDER BY s.rowid",
            (part.source, part.name, self.strategy.name),
        )
        if self.strategy.replaces and compared:
            # Of two that overwrite one, the last: bare columns are of the row that has the max().
            chosen = ", ".join(f"{values[name]} AS {quoted(name)}" for name in compared)
            rows = (
                f"SELECT m.rowid AS row, m.{part.key} AS stands, max(s.rowid), {chosen}"
                f" FROM {matches} GROUP BY m.{part.key}"
            )
            if self._keys_move():
                self._put_again(rows, compared)
            else:
                self._connection.execute(
                    f"UPDATE main.{part.table} AS t SET"
                    f" {', '.join(f'{quoted(name)} = n.{quoted(name)}' for name in compared)}"
                    f" FROM ({rows}) AS n WHERE t.{part.key} = n.stands"
                )

    def _keys_move(self) -> bool:
        """Whether an entity gets a natural key that another one has: the two may exchange it."""
        return self._some(
            f"(SELECT old FROM {_CONFLICTS} GROUP BY old"
            " HAVING min(position) < 0 AND count(DISTINCT stands) > 1)"
        )

    def _put_again(self, rows: str, columns: Sequence[str]) -> None:
        """Take the rows out and put them in as they are to be, each with its rowid.

        Where one of them were changed after the other, SQLite would see a key twice.
        """
        table, names = f"main.{self._part.table}", ", ".join(map(quoted, columns))
        key = self._part.key
        self._connection.execute(f"CREATE TEMP TABLE put_again AS {rows}")
        self._connection.execute(
            f"DELETE FROM {table} WHERE rowid IN (SELECT row FROM temp.put_again)"
        )
        self._connection.execute(
            f"INSERT INTO {table} (rowid, {key}, {names})"
            f" SELECT row, stands, {names} FROM temp.put_again"
        )
        self._connection.execute("DROP TABLE temp.put_again")

    def forget(self) -> None:
        self._connection.execute(f"DROP TABLE IF EXISTS {_CONFLICTS}")


def _usable(*, keeps_both: bool = True) -> list[str]:
    """The strategies that end no merge, for a hint; without those that keep both, if so asked."""
    return [
        name
        for name, strategy in STRATEGIES.items()
        if not strategy.refuses and (keeps_both or not strategy.keeps_both)
    ]


def _changeable(entity_type: EntityType, key: Sequence[str]) -> str | None:
    """The column of a natural key that may get a suffix: text of the user's own, the last one."""
    for name in reversed(key):
        column = entity_type.by_name[name]
        if column.type.kind == "text" and not column.references and not column.values:
            return name
    return None


def _as_json(alias: str, names: Sequence[str]) -> str:
    """A row as JSON without NULLs; in parts, for a function takes 127 arguments at the most."""
    built = "'{}'"
    for start in range(0, len(names), 60):
        part = ", ".join(
            f"{literal(name)}, {alias}.{quoted(name)}" for name in names[start : start + 60]
        )
        built = f"json_patch({built}, json_object({part}))"
    return built
