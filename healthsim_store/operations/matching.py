"""Which row of a scenario is which of another, as SQL; no row is paired twice.

The tables of the first file are ``a``, those of the second ``b``.
Rows belong together by their ids, translated where the two files are relatives; what is left over
on both sides belongs together by a natural key. A reference in such a key is translated in turn by
the pairs of its parents, so pairs by key are common table expressions that use one another, from
the parents down. They hold only what ids did not pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..base.sql import quoted
from ..schema.model import Column, EntityType, Reference

OTHER = "other"  # the schema of the second file

Translate = Callable[[str], str]  # of SQL for an id into SQL for its counterpart
Key = tuple[str, ...]


@dataclass(frozen=True)
class Shared:
    """An entity type that both files have, as each declares it; and the schemas of the two.

    ``relatives``: what ids that are translated leave over belongs together by the same id, as what
    one file got from the other after they parted.
    """

    a: EntityType
    b: EntityType
    schemas: tuple[str, str] = ("main", OTHER)
    relatives: bool = False

    @property
    def name(self) -> str:
        return self.a.name

    @property
    def tables(self) -> tuple[str, str]:
        table = quoted(self.name)
        return f"{self.schemas[0]}.{table}", f"{self.schemas[1]}.{table}"

    @property
    def ids(self) -> tuple[str, str]:
        return f"a.{quoted(self.a.primary_key)}", f"b.{quoted(self.b.primary_key)}"

    @property
    def keys(self) -> list[Key]:
        """What pairs the rows that are left over: the natural keys that both declare."""
        keys = [key for key in self.a.unique_keys if key in self.b.unique_keys]
        return [(self.a.primary_key,), *keys] if self.relatives else keys

    @property
    def columns(self) -> dict[str, tuple[Column | None, Column | None]]:
        """Every column but the primary keys, as each file has it."""
        names = dict.fromkeys([*self.a.by_name, *self.b.by_name])
        return {
            name: (self.a.by_name.get(name), self.b.by_name.get(name))
            for name in names
            if name not in (self.a.primary_key, self.b.primary_key)
        }

    def reference(self, column: str) -> Reference | None:
        """To what a column refers; enforced where both say so."""
        mine, yours = (t.by_name[column].references for t in (self.a, self.b))
        if mine is None or yours is None:
            return mine or yours
        if mine.entity_type != yours.entity_type:
            return None
        return mine if mine.enforced else yours


class Pairing:
    """The pairs of all shared entity types, parents first, as FROM clauses over ``a`` and ``b``.

    ``to_a`` translates an id of the second file into one of the first, ``to_b`` the other way;
    without them ids pair nothing. Natural keys pair once `use` is told that they shall.
    """

    def __init__(
        self, shared: Mapping[str, Shared], to_a: Translate | None, to_b: Translate | None
    ) -> None:
        self._shared = shared
        self._number = {name: number for number, name in enumerate(shared)}
        self.to_a = to_a
        self._to_b = to_b
        self._used: dict[str, list[Key]] = {}

    def use(self, name: str, key: Key) -> bool:
        """Pair by this natural key as well; False where its references cannot be translated."""
        if self._select(self._shared[name], key) is None:
            return False
        self._used.setdefault(name, []).append(key)
        return True

    def drop(self, name: str, key: Key) -> None:
        """Do without a key again."""
        self._used[name].remove(key)

    def used(self, name: str) -> list[Key]:
        return self._used.get(name, [])

    def by_id(self, name: str) -> str | None:
        """FROM what ids pair; None when ids are not looked at."""
        if self.to_a is None:
            return None
        shared = self._shared[name]
        (table_a, table_b), (a, b) = shared.tables, shared.ids
        # CROSS JOIN keeps the order: one scan of b, and a look-up by primary key for each.
        return f"FROM {table_b} AS b CROSS JOIN {table_a} AS a ON {a} = {self.to_a(b)}"

    def by_key(self, name: str) -> str:
        """FROM what natural keys pair; needs `with_` of the same entity type."""
        shared = self._shared[name]
        (table_a, table_b), (a, b) = shared.tables, shared.ids
        return (
            f"FROM {self._pairs(name)} AS p"
            f" CROSS JOIN {table_b} AS b ON {b} = p.b CROSS JOIN {table_a} AS a ON {a} = p.a"
        )

    def pairs(self, name: str, key: Key) -> str:
        """The pairs by one key, as a table of ``a`` and ``b``; needs `with_`."""
        return f"k{self._number[name]}_{self._shared[name].keys.index(key)}"

    def in_pairs(self, name: str, a: str, b: str) -> str | None:
        """Whether two ids are a pair by natural key; None when no key of theirs pairs any."""
        if not self.used(name):
            return None
        return f"({a}, {b}) IN (SELECT a, b FROM {self._pairs(name)})"

    def unpaired(self, name: str, side: str) -> str:
        """The condition that a row of ``a`` or of ``b`` has no partner; needs `with_`."""
        return " AND ".join(self._unpaired(name, side, self.used(name))) or "TRUE"

    def with_(self, names: Iterable[str]) -> str:
        """The WITH clause, empty or ending in a space, that makes the pairs of these types."""
        tables: dict[str, str] = {}
        for name in names:
            self._define(name, tables)
        if not tables:
            return ""
        defined = (f"{name}(a, b) AS MATERIALIZED ({sql})" for name, sql in tables.items())
        return f"WITH RECURSIVE {', '.join(defined)} "

    def _define(self, name: str, tables: dict[str, str]) -> None:
        shared = self._shared[name]
        for key in self.used(name):
            for _, reference in self._references(shared, key):
                if reference.entity_type != name and self.pairs(name, key) not in tables:
                    self._define(reference.entity_type, tables)
            sql = self._select(shared, key)
            assert sql is not None  # since `use` accepted the key
            tables[self.pairs(name, key)] = sql

    def _references(self, shared: Shared, key: Key) -> Iterator[tuple[str, Reference]]:
        """The columns of a key that are translated: their parents stand before, or are its own."""
        here = self._number[shared.name]
        for column in key:
            reference = shared.reference(column)
            if reference and self._number.get(reference.entity_type, here + 1) <= here:
                yield column, reference

    def _select(self, shared: Shared, key: Key) -> str | None:
        """SELECT the pairs by one key of what ids and the keys before it leave over."""
        name = shared.name
        used = self.used(name)
        earlier = used[: used.index(key)] if key in used else used
        references = dict(self._references(shared, key))
        joins, equal, own = "", [], []
        for number, column in enumerate(key):
            a, b = f"a.{quoted(column)}", f"b.{quoted(column)}"
            if column not in references:
                equal.append(f"{a} = {b}")
                continue
            parent = references[column].entity_type
            keys = earlier if parent == name else self.used(parent)
            found = [self.to_a(b)] if self.to_a else []
            join = ""
            if keys:
                join = f" LEFT JOIN {self._pairs(parent, keys)} AS j{number} ON j{number}.b = {b}"
                found.insert(0, f"j{number}.a")
            if not found:
                return None
            value = f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]
            if parent == name:
                own.append((column, join, f"{a} = {value}"))
            else:
                joins += join
                equal.append(f"{a} = {value}")
        (table_a, table_b), (a, b) = shared.tables, shared.ids
        left_over = " AND ".join(
            [*self._unpaired(name, "a", earlier), *self._unpaired(name, "b", earlier)] or ["TRUE"]
        )
        select = (
            f"SELECT {a}, {b} FROM {table_b} AS b{joins}{''.join(join for _, join, _ in own)}"
            f" CROSS JOIN {table_a} AS a ON {' AND '.join([*equal, *(on for *_, on in own)])}"
            f" WHERE {left_over}"
        )
        if len(own) != 1:
            return select
        # A key that names a row of the same table: what it pairs leads to the next generation.
        column = quoted(own[0][0])
        return (
            f"{select} UNION SELECT {a}, {b} FROM {self.pairs(name, key)} AS up"
            f" CROSS JOIN {table_b} AS b ON b.{column} = up.b{joins}"
            f" CROSS JOIN {table_a} AS a ON {' AND '.join([f'a.{column} = up.a', *equal])}"
            f" WHERE {left_over}"
        )

    def _unpaired(self, name: str, side: str, keys: list[Key]) -> Iterator[str]:
        shared = self._shared[name]
        (table_a, table_b), (a, b) = shared.tables, shared.ids
        if self.to_a and self._to_b:
            own, to, table, key = (
                (a, self._to_b, table_b, shared.b.primary_key)
                if side == "a"
                else (b, self.to_a, table_a, shared.a.primary_key)
            )
            yield f"NOT EXISTS (SELECT 1 FROM {table} AS x WHERE x.{quoted(key)} = {to(own)})"
        for used in keys:
            pairs = self.pairs(name, used)
            yield f"{a if side == 'a' else b} NOT IN (SELECT {side} FROM {pairs})"

    def _pairs(self, name: str, keys: list[Key] | None = None) -> str:
        """All pairs by natural keys, or by some of them."""
        tables = [self.pairs(name, key) for key in (self.used(name) if keys is None else keys)]
        if len(tables) == 1:
            return tables[0]
        return f"({' UNION ALL '.join(f'SELECT a, b FROM {table}' for table in tables)})"
