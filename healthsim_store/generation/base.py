"""What a profile reads of a scenario that is there: a copy, of one moment, for one run.

The profile's statements see the copy and never the file. So the batches that the run adds to the
same scenario change nothing of what it reads, and others may write meanwhile. The copy is in a
temporary file of SQLite, of which only some pages are in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..base.aside import Aside
from ..base.sql import literal, quoted
from ..base.sqlite import connect
from ..base.text import did_you_mean
from ..errors import DeclarationError, InvalidArgument
from ..query.stream import RowStream
from ..schema.model import EntityType
from ..schema.registry import Registry
from ..storage.info import ScenarioInfo
from .recipe import Recipe, Source

_CACHE_KB = 65_536  # of the pages of the copy
_DIGEST = 16  # bytes


class Readable(Protocol):
    """What reading a base needs of a `Store`."""

    def registry(self, scenario: str) -> Registry: ...

    def list_entity_types(self) -> list[EntityType]: ...

    def scenario_info(self, scenario: str, *, log_entries: int = ...) -> ScenarioInfo: ...

    def moment(self, scenario: str) -> contextlib.AbstractContextManager[None]: ...

    def rows(self, scenario: str, sql: str, *, timeout: float = ...) -> RowStream: ...


@dataclass
class Base:
    """The entities that a profile reads, in a database of their own.

    ``rows`` counts them by entity type. ``fingerprint`` is of their content, whatever the order of
    the rows in the file. ``scenario`` is the scenario's name, ``scenario_id`` its id.
    """

    scenario: str
    scenario_id: str
    rows: Mapping[str, int]
    fingerprint: str
    connection: sqlite3.Connection = field(repr=False)

    def __post_init__(self) -> None:
        self.aside = Aside(self.connection)  # what runs on it may be running when it is closed

    def facts(self) -> dict[str, Any]:
        """For a scenario's log; JSON-ready."""
        return {
            "scenario": self.scenario,
            "scenario_id": self.scenario_id,
            "rows": dict(self.rows),
            "fingerprint": self.fingerprint,
        }

    def close(self) -> None:
        self.aside.close()


def read_base(
    store: Readable, recipe: Recipe, scenario: str, *, leave_out: Collection[int] = ()
) -> Base:
    """Copy what a profile reads of a scenario.

    Args:
        store: has the scenario.
        recipe: the profile; its ``reads`` are copied.
        scenario: the scenario's name.
        leave_out: entries of its log, by number. What these put in is not read: it is what the run
            itself has stored, before it was interrupted.

    Raises InvalidArgument for an entity type that neither the scenario nor a product has, and what
    reading a scenario raises.
    """
    connection = connect("", any_thread=True)
    try:
        # Nothing of a copy must outlive a crash, so there is nothing to sync.
        for pragma in ("journal_mode = MEMORY", "synchronous = OFF", f"cache_size = -{_CACHE_KB}"):
            connection.execute(f"PRAGMA {pragma}")
        with store.moment(scenario):
            info = store.scenario_info(scenario, log_entries=0)
            known = {found.name: found for found in store.registry(scenario)}
            declared = {found.name: found for found in store.list_entity_types()}
            rows: dict[str, int] = {}
            total = 0
            for source in recipe.sources:
                name = source.name
                columns = _columns(source, known.get(name), declared.get(name), recipe)
                _make(connection, name, columns)
                rows[name] = 0
                if name in known:
                    own = [column for column in columns if column in known[name].by_name]
                    sql = _select(name, own, leave_out)
                    rows[name], part = _copy(connection, store, scenario, name, own, sql)
                    total += part
                _index(connection, name, columns)
    except BaseException:
        connection.close()
        raise
    digest = f"{total % 256**_DIGEST:0{2 * _DIGEST}x}"
    return Base(info.name, info.scenario_id, rows, digest, connection)


def _columns(
    source: Source, known: EntityType | None, declared: EntityType | None, recipe: Recipe
) -> dict[str, str]:
    """The types in storage, by column: of the file, and of those that its product has by now.

    The latter are empty. So is all that an optional source has, of a product that is nowhere.
    """
    found = {
        column.name: column.type.storage
        for entity_type in (declared, known)
        if entity_type
        for column in entity_type.columns
    }
    if not found and not (source.optional and source.columns):
        raise unknown_type(recipe, source.name, ())
    for name in source.columns:
        if found and name not in found:
            raise DeclarationError(
                f"{recipe.where}: @from {source.name}({name}): there is no such column",
                hint=did_you_mean(name, found) or f"It has: {', '.join(found)}.",
            )
    return {name: found.get(name, "TEXT") for name in source.columns or found}


def unknown_type(recipe: Recipe, name: str, known: Iterable[str]) -> InvalidArgument:
    """The error for an entity type that neither the scenario nor a product has."""
    return InvalidArgument(
        f"{recipe.name} reads {name}, which no product has that is installed.",
        hint=did_you_mean(name, known) or "healthsim-store plugins tells what is installed.",
    )


def _make(connection: sqlite3.Connection, name: str, columns: Mapping[str, str]) -> None:
    typed = ", ".join(f"{quoted(column)} {type_}" for column, type_ in columns.items())
    connection.execute(f"CREATE TABLE {quoted(name)} ({typed})")


def _select(name: str, columns: Collection[str], leave_out: Collection[int]) -> str:
    table = quoted(name)
    sql = f"SELECT {', '.join(map(quoted, columns))} FROM {table}"
    if not leave_out:
        return sql
    numbers = ", ".join(map(str, leave_out))
    return (
        f"{sql} WHERE NOT EXISTS (SELECT 1 FROM _batches AS b"
        f" WHERE b.entity_type = {literal(name)} AND b.log_id IN ({numbers})"
        f" AND {table}.rowid BETWEEN b.first_rowid AND b.last_rowid)"
    )


def _copy(
    connection: sqlite3.Connection, store: Readable, scenario: str, name: str,
    columns: Collection[str], sql: str,
) -> tuple[int, int]:  # fmt: skip
    """How many rows were copied, and the sum of their hashes, which no order changes."""
    count = total = 0
    begun = hashlib.blake2b(name.encode(), digest_size=_DIGEST)

    def counted(chunk: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        nonlocal total
        for row in chunk:
            digest = begun.copy()
            # Version 2 writes equal rows alike in every Python: later ones have references in them.
            digest.update(marshal.dumps(row, 2))
            total += int.from_bytes(digest.digest())
            yield row

    names, places = ", ".join(map(quoted, columns)), ", ".join("?" * len(columns))
    insert = f"INSERT INTO {quoted(name)} ({names}) VALUES ({places})"
    connection.execute("BEGIN")
    with store.rows(scenario, sql, timeout=600) as rows:
        for chunk in rows.chunks():
            connection.executemany(insert, counted(chunk))
            count += len(chunk)
    connection.execute("COMMIT")
    return count, total


def _index(connection: sqlite3.Connection, name: str, columns: Iterable[str]) -> None:
    """For the joins of the profile, which are by ids: of entities and of persons."""
    for column in columns:
        if column.endswith("_id"):
            connection.execute(
                f"CREATE INDEX {quoted(f'{name}_by_{column}')} ON {quoted(name)} ({quoted(column)})"
            )
