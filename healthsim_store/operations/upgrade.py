"""Upgrade: a file written by an older version of a product follows the installed one.

The product's migrations are run, then each table is made as it is declared. All of it is done on a
copy, proven there by counts, references and `check`, and the copy takes the file's place in one
step. The file as it was stays in the trash. Where anything fails, nothing happened.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.deadline import Deadline
from ..base.progress import Progress
from ..base.sql import quoted
from ..base.sqlite import MAX_BYTES, connect_writable, file_errors, transaction
from ..base.wording import call
from ..errors import (
    DeclarationError,
    HealthsimStoreError,
    MigrationFailed,
    NewerProduct,
    UpgradeRefused,
)
from ..schema.ddl import create_statements
from ..schema.model import Declaration, EntityType
from ..schema.versions import compare_versions
from ..storage.batch_rows import forget_rows
from ..storage.catalog import describe_product, read_entity_types, read_products
from ..storage.folder import Folder
from ..storage.format import missing_tables, verify, write_log
from ..storage.format import upgrade as upgrade_format
from ..storage.housekeeping import FORMAT_VERSION
from ..storage.product_versions import changed_migrations
from ..storage.recording import drop
from ..storage.records import read_record
from ..storage.replacing import replace_by_copy, try_on_copy
from ..storage.sandbox import Sandbox
from ..storage.triggers import refused
from . import migrate
from .check import check_content
from .reshape import reshape

_TEXTS = ("version", "schema_sql", "summary_sql", "checks_sql", "questions_sql")
SECONDS = 1800.0  # for all that an upgrade of a file does, but for the check of the result
# What `check` may find that an upgrade must not leave: rules of checks.sql may be new, and say
# something of the rows that are there.
_FAULTS = ("integrity", "foreign_key", "table", "unique", "value", "file")


@dataclass(slots=True)
class Upgraded:
    """What was done for one product: ``changes`` are sentences; none where it was current.

    ``migrations`` are the names of the steps that ran.
    """

    product: str
    before: str
    after: str
    changes: list[str] = field(default_factory=list)
    migrations: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "before": self.before,
            "after": self.after,
            "migrations": self.migrations,
            "changes": self.changes,
        }


@dataclass(frozen=True, slots=True)
class UpgradeResult:
    """What became of one of several scenarios; ``error`` says why it was left as it was."""

    scenario: str
    products: tuple[Upgraded, ...] = ()
    error: HealthsimStoreError | None = None

    @property
    def changed(self) -> bool:
        return any(upgraded.changes for upgraded in self.products)

    def to_dict(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "products": [upgraded.to_dict() for upgraded in self.products],
            **({"error": self.error.to_dict()} if self.error else {}),
        }


def upgrade_file(
    path: Path,
    folder: Folder,
    installed: Mapping[str, Declaration],
    open_: type[Sandbox] = Sandbox,
    *,
    dry_run: bool = False,
) -> list[Upgraded]:
    """Bring every product of a file to its installed version; what is not installed stays.

    Args:
        path: the scenario's file.
        folder: the store's folder.
        installed: the declarations of the installed products.
        open_: opens a file that is checked.
        dry_run: do it on a copy that is thrown away.

    Raises NewerProduct, UpgradeRefused; then the file is as it was.
    """
    current = _current(path, installed)
    if current is not None:
        return current
    change = functools.partial(_upgrade_copy, path, installed, open_)
    return try_on_copy(path, change)[0] if dry_run else replace_by_copy(folder, path, change)


def upgrade_files(
    names: Sequence[str],
    upgrade: Callable[[str], list[Upgraded]],
    progress: Progress = lambda _: None,
) -> list[UpgradeResult]:
    """Upgrade several scenarios, each by itself: one that is refused does not stop the others.

    Args:
        names: their names.
        upgrade: upgrades one.
        progress: is told 1 for each scenario that is done.
    """
    results = []
    for name in names:
        try:
            results.append(UpgradeResult(name, tuple(upgrade(name))))
        except HealthsimStoreError as error:
            results.append(UpgradeResult(name, error=error))
        progress(1)
    return results


def _current(path: Path, installed: Mapping[str, Declaration]) -> list[Upgraded] | None:
    """The reply where there is nothing to do; None where there is something.

    Raises NewerProduct, UpgradeRefused.
    """
    with contextlib.closing(Sandbox(path)) as sandbox, file_errors(path):
        faulty = getattr(installed, "faulty", {})
        for product in read_products(sandbox.connection):
            if product.name in faulty:
                raise UpgradeRefused(
                    f"{product.name} is left out: {faulty[product.name].rstrip('.')}.",
                    hint="Nothing was changed. Its plugin has to be put right first.",
                )
        declarations = _declarations(sandbox.connection, installed)
        for version, declaration in declarations:
            _check_version(version, declaration)
            if migrate.due(declaration, version):
                _check_unchanged(sandbox.connection, declaration)
        if sandbox.format < FORMAT_VERSION:
            return None
        if all(_is_current(sandbox.connection, declaration) for _, declaration in declarations):
            return [Upgraded(d.product, version, d.version) for version, d in declarations]
    return None


def _declarations(
    connection: sqlite3.Connection, installed: Mapping[str, Declaration]
) -> list[tuple[str, Declaration]]:
    """Of each installed product in a file its version there, and its declaration."""
    return [
        (product.version, installed[product.name])
        for product in read_products(connection)
        if product.name in installed
    ]


def _is_current(connection: sqlite3.Connection, declaration: Declaration) -> bool:
    record = read_record(connection, "_products", "product", declaration.product)
    return all(record[name] == getattr(declaration, name) for name in _TEXTS)


def _check_version(version: str, declaration: Declaration) -> None:
    if compare_versions(version, declaration.version) > 0:
        raise NewerProduct(
            f"The file was written by {declaration.product} {version}, which is newer than the"
            f" installed {declaration.version}.",
            hint="Install the newer version; nothing needs an upgrade.",
        )


def _check_unchanged(connection: sqlite3.Connection, declaration: Declaration) -> None:
    for told in changed_migrations(connection, declaration):
        raise MigrationFailed(
            told,
            hint="Nothing was changed: what the next ones would find here is not what they were"
            f" written for. Whoever makes {declaration.product} puts it back as it was released,"
            " and writes the change as a further migration.",
        )


def _upgrade_copy(
    origin: Path, installed: Mapping[str, Declaration], open_: type[Sandbox], path: Path
) -> tuple[list[Upgraded], bool]:
    """What was done of ``origin`` in its copy at ``path``, and whether that is anything."""
    deadline = Deadline(SECONDS)
    connection = connect_writable(path)
    with (
        contextlib.closing(connection),
        file_errors(origin),
        _ends(origin, deadline),
        deadline.over(connection),
    ):
        verify(connection, origin)
        # A table is replaced while others refer to it; the proof at the end looks at all.
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA legacy_alter_table = ON")
        # Nobody knows this file yet, and a failure drops it whole: no journal on disk is needed.
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -32768")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
        with transaction(connection):
            with refused(connection, origin):
                upgrade_format(connection)
            done = []
            for version, declaration in _declarations(connection, installed):
                done.append(_upgrade(connection, origin, version, declaration, deadline))
            with refused(connection, origin):
                _log(connection, done)
            _prove_references(connection, origin)
        changed = connection.total_changes > 0
    faults = [
        found.message
        for found in (check_content(path, installed, open_) if changed else ())
        if found.level == "error" and found.kind in _FAULTS
    ]
    if faults:
        told = faults[0].partition("\n")[0].replace(path.name, origin.name)  # it was of the copy
        raise UpgradeRefused(
            f"{origin.stem} would not be sound: {told}",
            hint=f"Nothing was changed. {call('check_scenario', origin)} may say more.",
        )
    return done, changed


@contextlib.contextmanager
def _ends(origin: Path, deadline: Deadline) -> Iterator[None]:
    """Raises UpgradeRefused where the time is over."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if deadline.check(error):
            raise UpgradeRefused(
                f"The upgrade of {origin.stem} did not end within {deadline.seconds:g} seconds.",
                hint="Nothing was changed. Try it when the machine has less to do.",
            ) from error
        raise


def _upgrade(
    connection: sqlite3.Connection,
    origin: Path,
    version: str,
    declaration: Declaration,
    deadline: Deadline,
) -> Upgraded:
    product = declaration.product
    upgraded = Upgraded(product, version, declaration.version)
    if _is_current(connection, declaration):
        return upgraded
    _check_version(version, declaration)
    old = {e.name: e for e in read_entity_types(connection) if e.product == product}
    missing = missing_tables(connection, [*old])
    if missing:
        raise UpgradeRefused(
            f"{origin.stem} lacks the table {missing[0]}: it was declared.",
            hint=f"Nothing was changed. {call('check_scenario', origin)} says more.",
        )
    with refused(connection, origin):
        strange = _take_away(connection, product, version)
    tables = {*old}
    due = migrate.due(declaration, version)
    if due:
        steps = migrate.Steps(connection, declaration, due, old, deadline)
        steps.run()
        tables = steps.tables()
        _drop_indexes(connection, tables)
        upgraded.changes += steps.changes
        upgraded.migrations += [step.name for step in due]
    with refused(connection, origin):
        upgraded.changes += reshape(connection, declaration, tables)
        for extra in declaration.extras:
            connection.execute(extra.sql)
        gone = _names(old.values()) - _names(declaration.entity_types)
        upgraded.changes += _bring_back(connection, strange, gone)
        describe_product(connection, declaration)
    if not upgraded.changes:
        upgraded.changes.append("descriptions, views, statistics, checks or questions")
    return upgraded


# -- what is not the product's tables --------------------------------------------------------

_Strange = list[tuple[str, str, str]]  # kind, name and SQL of what somebody else made


def _take_away(connection: sqlite3.Connection, product: str, version: str) -> _Strange:
    """Drop the product's own views and indexes, and what somebody else made of its tables."""
    from ..schema.parser import read_declaration  # sqlglot is slow to import

    schema_sql = read_record(connection, "_products", "product", product)["schema_sql"]
    try:
        old = read_declaration(product, version, schema_sql, stored=True)
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
    found: _Strange = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND (type = 'view'"
        f" OR type IN ('index', 'trigger') AND tbl_name IN ({marks})"
        " OR type = 'trigger' AND tbl_name IN (SELECT name FROM sqlite_master WHERE type = 'view'))"
        " ORDER BY rowid",
        tables,
    ).fetchall()
    strange = [(kind, name, sql) for kind, name, sql in found if sql.split(" ON ")[0] not in ours]
    for kind, name, _ in reversed(strange):
        connection.execute(f"DROP {kind} IF EXISTS {quoted(name)}")  # a view takes its triggers
    return strange


def _names(entity_types: Iterable[EntityType]) -> set[str]:
    """The names of tables and columns."""
    return {name for one in entity_types for name in (one.name, *one.by_name)}


def _bring_back(
    connection: sqlite3.Connection, strange: _Strange, gone: Collection[str]
) -> list[str]:
    """Make what somebody else made again; what is told of that which no longer fits.

    ``gone`` are names that nothing of the product has any more. A view is not run to find out: it
    may be a stranger's.
    """
    told = []
    for kind, name, sql in strange:
        try:
            connection.execute(sql)
        except sqlite3.OperationalError as error:
            if str(error) == "interrupted":
                raise
            told.append(f"the {kind} {name}, which somebody made, is gone: {error}")
            continue
        names = sorted({*re.findall(r"\w+", sql)} & {*gone}) if kind == "view" else []
        if names:
            told.append(f"the view {name}, which somebody made, names {', '.join(names)}")
    return told


def _drop_indexes(connection: sqlite3.Connection, tables: set[str]) -> None:
    """Those that the steps used; the declared ones are made with the tables."""
    for name, table in connection.execute(
        "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall():
        if table in tables:
            connection.execute(f"DROP INDEX {quoted(name)}")


# -- the end ---------------------------------------------------------------------------------


def _log(connection: sqlite3.Connection, done: Sequence[Upgraded]) -> None:
    changed = [upgraded for upgraded in done if upgraded.changes]
    if changed:
        details: dict[str, Any] = {u.product: f"{u.before} to {u.after}" for u in changed}
        migrations = [name for upgraded in changed for name in upgraded.migrations]
        write_log(
            connection,
            "upgrade",
            details=details | ({"migrations": migrations} if migrations else {}),
        )
        # Nothing leads back beyond it; and a migration may have given rows other rowids.
        drop(connection, "1")
        for upgraded in changed:
            if upgraded.migrations:
                forget_rows(connection, upgraded.product)


def _prove_references(connection: sqlite3.Connection, origin: Path) -> None:
    dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    if dangling:
        table, rowid, parent, _ = dangling[0]
        raise UpgradeRefused(
            f"{origin.stem}: {table}, rowid {rowid}, would refer to {parent} that are not there.",
            hint=f"{call('check_scenario', origin)} says more.",
        )
