"""Upgrade: a file written by an older version of a product gets what the installed one declares.

In one transaction, with a proof at its end: rows in = rows out, and no reference that dangles. A
table that changed is written anew, so whatever schema.sql may say can change, and every row meets
the new rules; where one does not, the file is left as it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.sql import quoted
from ..base.sqlite import transaction
from ..base.wording import call
from ..errors import DeclarationError, NewerProduct, UpgradeRefused
from ..schema.ddl import create_statements, create_table
from ..schema.model import Declaration, EntityType
from ..schema.product import compare_versions
from ..storage.catalog import describe_product, read_entity_types, read_products
from ..storage.format import upgrade as upgrade_format
from ..storage.format import write_log
from ..storage.records import read_records
from ..storage.scenario import opened

_NEW = "_upgraded"  # a table's name while it is written


@dataclass(slots=True)
class Upgraded:
    """What was done for one product: ``changes`` are sentences; none where it was current."""

    product: str
    before: str
    after: str
    changes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "before": self.before,
            "after": self.after,
            "changes": self.changes,
        }


def upgrade_file(path: Path, installed: Mapping[str, Declaration]) -> list[Upgraded]:
    """Bring every product of a file to its installed version; what is not installed stays.

    Raises NewerProduct, UpgradeRefused; then the file is as it was.
    """
    with opened(path) as connection:
        # A table is replaced while others refer to it; the proof at the end looks at all.
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA legacy_alter_table = ON")
        with transaction(connection):
            upgrade_format(connection)
            done = []
            for product in read_products(connection):
                declaration = installed.get(product.name)
                if declaration is not None:
                    done.append(_upgrade(connection, product.version, declaration))
            if any(upgraded.changes for upgraded in done):
                write_log(
                    connection, "upgrade",
                    details={u.product: f"{u.before} to {u.after}" for u in done if u.changes},
                )  # fmt: skip
                _prove(connection, path)
            return done


def _upgrade(connection: sqlite3.Connection, version: str, declaration: Declaration) -> Upgraded:
    product = declaration.product
    upgraded = Upgraded(product, version, declaration.version)
    if compare_versions(version, declaration.version) > 0:
        raise NewerProduct(
            f"The file was written by {product} {version}, which is newer than the installed "
            f"{declaration.version}.",
            hint="Install the newer version; nothing needs an upgrade.",
        )
    names = ("version", "schema_sql", "summary_sql", "checks_sql", "questions_sql")
    where = "WHERE product = ?"
    (row,) = read_records(connection, "_products", rest=where, values=(product,))
    texts = tuple(row[name] for name in names)
    if texts == (
        declaration.version,
        declaration.schema_sql,
        declaration.summary_sql,
        declaration.checks_sql,
        declaration.questions_sql,
    ):
        return upgraded
    before = {e.name: e for e in read_entity_types(connection) if e.product == product}
    kept = _kept(connection, product, version, texts[1])
    for entity_type in declaration.entity_types:
        old = before.pop(entity_type.name, None)
        if old is None:
            for statement in create_statements(entity_type):
                connection.execute(statement)
            upgraded.changes.append(f"new entity type {entity_type.name}")
            continue
        if _sql_of(connection, entity_type.name) != create_table(entity_type):
            upgraded.changes += _rewrite(connection, old, entity_type)
        for index in [*create_statements(entity_type)][1:]:
            if not _sql_of(connection, index.split('"')[1]):
                connection.execute(index)
    for old in before.values():
        _drop_unused(connection, old)
        upgraded.changes.append(f"{old.name} is no longer declared; it was empty")
    for extra in declaration.extras:
        connection.execute(extra.sql)
    for sql in kept:
        connection.execute(sql)
    describe_product(connection, declaration)
    if not upgraded.changes:
        upgraded.changes.append("descriptions, views, statistics, checks or questions")
    return upgraded


def _sql_of(connection: sqlite3.Connection, name: str) -> str:
    row = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def _kept(connection: sqlite3.Connection, product: str, version: str, schema_sql: str) -> list[str]:
    """Drop the product's own views and indexes; the SQL of what somebody else made, to restore."""
    from ..schema.parser import read_declaration  # sqlglot is slow to import

    try:
        old = read_declaration(product, version, schema_sql)
    except DeclarationError as error:
        raise UpgradeRefused(
            f"The schema.sql of {product} {version} in the file is not understood: {error.message}."
        ) from error
    for extra in old.extras:
        connection.execute(f"DROP {extra.kind} IF EXISTS {quoted(extra.name)}")
    tables = [entity_type.name for entity_type in old.entity_types]
    ours = {
        statement.split(" ON ")[0]
        for entity_type in old.entity_types
        for statement in create_statements(entity_type)
    }
    marks = ", ".join("?" * len(tables))
    foreign = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')"
        f" AND sql IS NOT NULL AND tbl_name IN ({marks})",
        tables,
    ).fetchall()
    kept = []
    for kind, name, sql in foreign:
        if sql.split(" ON ")[0] not in ours:
            connection.execute(f"DROP {kind} {quoted(name)}")
            kept.append(sql)
    return kept


def _rewrite(connection: sqlite3.Connection, old: EntityType, entity_type: EntityType) -> list[str]:
    table = quoted(entity_type.name)
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    new = [name for name in entity_type.by_name if name not in old.by_name]
    gone = [name for name in old.by_name if name not in entity_type.by_name]
    _check_columns(connection, entity_type, new, gone, count)
    common = [quoted(name) for name in entity_type.by_name if name in old.by_name]
    sql = create_table(entity_type).replace(f"CREATE TABLE {table}", f"CREATE TABLE {_NEW}", 1)
    connection.execute(sql)
    names = ", ".join(["rowid", *common])
    try:
        connection.execute(f"INSERT INTO {_NEW} ({names}) SELECT {names} FROM {table}")
    except sqlite3.IntegrityError as error:
        raise UpgradeRefused(
            f"A row of {entity_type.name} does not meet the new rules: {error}.",
            hint="Nothing was changed. Correct such rows with any SQLite tool, then upgrade again.",
        ) from error
    (written,) = connection.execute(f"SELECT count(*) FROM {_NEW}").fetchone()
    if written != count:
        raise UpgradeRefused(f"{written:,} of {count:,} {entity_type.name} would be left.")
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE {_NEW} RENAME TO {table}")
    changes = [f"new column {entity_type.name}.{name}" for name in new]
    changes += [f"{entity_type.name}.{name} is no longer declared; it was empty" for name in gone]
    return changes or [f"rules or descriptions of {entity_type.name}"]


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
                f"and there are {count:,} {entity_type.name} without it."
            )
    for name in gone:
        table = quoted(entity_type.name)
        (used,) = connection.execute(f"SELECT count({quoted(name)}) FROM {table}").fetchone()
        if used:
            raise UpgradeRefused(
                f"{entity_type.name}.{name} is no longer declared, but {used:,} rows have a value.",
                hint="Nothing was changed, so that nothing is lost.",
            )


def _drop_unused(connection: sqlite3.Connection, old: EntityType) -> None:
    table = quoted(old.name)
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    if count:
        raise UpgradeRefused(
            f"{old.name} is no longer declared, but has {count:,} rows.",
            hint="Nothing was changed, so that nothing is lost.",
        )
    connection.execute(f"DROP TABLE {table}")


def _prove(connection: sqlite3.Connection, path: Path) -> None:
    dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    if dangling:
        table, rowid, parent, _ = dangling[0]
        raise UpgradeRefused(
            f"{path.name}: {table}, rowid {rowid}, would refer to {parent} that are not there.",
            hint=f"{call('check_scenario', path)} says more.",
        )
