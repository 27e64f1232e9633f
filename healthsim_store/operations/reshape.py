"""The tables of a product made as it declares them, with the rows that are there.

A table that changed is written anew, so whatever schema.sql may say can change, and every row meets
the new rules. Nothing is lost: a column or a table that is no longer declared must be empty.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence

from ..base.sql import quoted
from ..errors import UpgradeRefused
from ..schema.ddl import create_statements, create_table
from ..schema.model import Declaration, EntityType
from ..storage.format import EntityIds

_NEW = "_upgraded"  # a table's name while it is written
_SHOWN = 3  # rows of a kind that are named, and kinds

_UNFIT = "Nothing was changed. A migration of the product can change such rows; or correct them."
_KEPT = "Nothing was changed, so that nothing is lost. A migration of the product can drop it."


def reshape(
    connection: sqlite3.Connection, declaration: Declaration, tables: Iterable[str]
) -> list[str]:
    """Make the tables of a product as they are declared; what was done, as sentences.

    Its views and what somebody else put on its tables are not there while this runs.

    Args:
        connection: the file, in the caller's transaction.
        declaration: the product.
        tables: those that it has by now.

    Raises UpgradeRefused.
    """
    changes = []
    left = {*tables}
    for entity_type in declaration.entity_types:
        if entity_type.name not in left:
            for statement in create_statements(entity_type):
                connection.execute(statement)
            changes.append(f"new entity type {entity_type.name}")
            continue
        left.remove(entity_type.name)
        if sql_of(connection, entity_type.name) != create_table(entity_type):
            changes += _rewrite(connection, entity_type)
        for index in [*create_statements(entity_type)][1:]:
            if not sql_of(connection, index.split('"')[1]):
                connection.execute(index)
    for name in sorted(left):
        _drop_unused(connection, name)
        changes.append(f"{name} is no longer declared; it was empty")
    return changes


def sql_of(connection: sqlite3.Connection, name: str) -> str:
    """The statement that made a table, index or view; empty where there is none."""
    row = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def _rewrite(connection: sqlite3.Connection, entity_type: EntityType) -> list[str]:
    table = quoted(entity_type.name)
    there = [
        str(name)
        for (name,) in connection.execute(
            "SELECT name FROM pragma_table_info(?)", (entity_type.name,)
        )
    ]
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    new = [name for name in entity_type.by_name if name not in there]
    gone = [name for name in there if name not in entity_type.by_name]
    if entity_type.primary_key in new and count:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(entity_type.primary_key)}")
        new.remove(entity_type.primary_key)
    _check_columns(connection, entity_type, new, gone, count)
    made = _make_ids(connection, entity_type) if entity_type.primary_key not in new else 0
    sql = create_table(entity_type).replace(f"CREATE TABLE {table}", f"CREATE TABLE {_NEW}", 1)
    connection.execute(sql)
    common = [quoted(name) for name in entity_type.by_name if name not in new]
    names = ", ".join(["rowid", *common])
    try:
        connection.execute(f"INSERT INTO {_NEW} ({names}) SELECT {names} FROM {table}")
    except sqlite3.IntegrityError as error:
        raise UpgradeRefused(_unfit(connection, entity_type, names), hint=_UNFIT) from error
    (written,) = connection.execute(f"SELECT count(*) FROM {_NEW}").fetchone()
    if written != count:
        raise UpgradeRefused(f"{written:,} of {count:,} {entity_type.name} would be left.")
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE {_NEW} RENAME TO {table}")
    changes = [f"new column {entity_type.name}.{name}" for name in new]
    changes += [f"{entity_type.name}.{name} is no longer declared; it was empty" for name in gone]
    changes += [f"{made:,} {entity_type.name} got an id"] if made else []
    return changes or [f"rules or descriptions of {entity_type.name}"]


def _unfit(connection: sqlite3.Connection, entity_type: EntityType, names: str) -> str:
    """Which rows the new table does not take, each tried alone."""
    keys: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    marks = ", ".join("?" * (names.count(", ") + 1))
    key = quoted(entity_type.primary_key)
    for shown, *row in connection.execute(
        f"SELECT {key}, {names} FROM {quoted(entity_type.name)} ORDER BY rowid"
    ):
        try:
            connection.execute(f"INSERT INTO {_NEW} ({names}) VALUES ({marks})", row)
        except sqlite3.IntegrityError as error:
            reason = str(error).replace(f"{_NEW}.", "")
            counts[reason] += 1
            if counts[reason] <= _SHOWN:
                keys.setdefault(reason, []).append(str(shown))
    told = [
        f"{counts[reason]:,} of {entity_type.name} do not meet the new rules: {reason}"
        f" ({entity_type.primary_key} {', '.join(first)}"
        f"{', ...' if counts[reason] > _SHOWN else ''})"
        for reason, first in [*keys.items()][:_SHOWN]
    ]
    more = f", and {len(keys) - _SHOWN} more reasons" if len(keys) > _SHOWN else ""
    return f"{'; '.join(told)}{more}."


def _make_ids(connection: sqlite3.Connection, entity_type: EntityType) -> int:
    """Give every row without a primary key a generated one, as `persist` does; how many."""
    table, key = quoted(entity_type.name), quoted(entity_type.primary_key)
    rows = connection.execute(f"SELECT rowid FROM {table} WHERE {key} IS NULL").fetchall()
    if rows:
        ids = EntityIds(connection)
        connection.executemany(
            f"UPDATE {table} SET {key} = ? WHERE rowid = ?",
            ((*next(ids), rowid) for (rowid,) in rows),
        )
        ids.save()
    return len(rows)


def _check_columns(
    connection: sqlite3.Connection,
    entity_type: EntityType,
    new: Sequence[str],
    gone: Sequence[str],
    count: int,
) -> None:
    for name in new:
        column = entity_type.by_name[name]
        if count and column.required and column.default is None:
            raise UpgradeRefused(
                f"{entity_type.name}.{name} is required and has no default, "
                f"and there are {count:,} {entity_type.name} without it.",
                hint="Nothing was changed. A migration of the product can add and fill it.",
            )
    for name in gone:
        table = quoted(entity_type.name)
        (used,) = connection.execute(f"SELECT count({quoted(name)}) FROM {table}").fetchone()
        if used:
            raise UpgradeRefused(
                f"{entity_type.name}.{name} is no longer declared, but {used:,} rows have a value.",
                hint=_KEPT,
            )


def _drop_unused(connection: sqlite3.Connection, name: str) -> None:
    table = quoted(name)
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    if count:
        raise UpgradeRefused(f"{name} is no longer declared, but has {count:,} rows.", hint=_KEPT)
    connection.execute(f"DROP TABLE {table}")
