"""Migrations: the steps of a product's migrations.sql, run on the tables of an older version.

The SQL is a plugin's, whose Python is run anyway; still it may change the tables of its product and
nothing else, and it ends. So a mistake cannot reach what is not the product's. Of each step the
rows are counted before and after.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from ..base.deadline import Deadline
from ..base.quoting import misread_name, strict, told
from ..base.sql import permits, quoted
from ..errors import MigrationFailed, UnknownVersion
from ..schema.ddl import create_statements
from ..schema.model import Declaration, EntityType, Migration
from ..schema.versions import base_version, compare_versions
from ..storage.format import now
from ..storage.housekeeping import insert

_GROWTH = 20  # times the size of the file, and the pages below: what a step may make of it
_PAGES = 250_000

_LOOSE = "_loose"  # a table's name while it is written
_MASTER = ("sqlite_master", "sqlite_temp_master")
_DEFINING = (
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_DROP_TABLE,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,
    sqlite3.SQLITE_DELETE,
)
_ON_SECOND = (
    sqlite3.SQLITE_CREATE_INDEX,
    sqlite3.SQLITE_DROP_INDEX,
    sqlite3.SQLITE_ALTER_TABLE,
)
_NAME = r'("[^"]+"|`[^`]+`|\[[^\]]+\]|\w+)'
_DROP_COLUMN = re.compile(
    rf"\s*ALTER\s+TABLE\s+{_NAME}\s+DROP\s+(?:COLUMN\s+)?{_NAME}\s*", re.IGNORECASE
)


def due(declaration: Declaration, version: str) -> list[Migration]:
    """The steps that a file of a version needs. A pre-release counts as the version it leads to.

    Raises UnknownVersion for a file that is older than what the steps know.
    """
    if compare_versions(version, declaration.version) >= 0:
        return []
    before, now_installed = base_version(version), base_version(declaration.version)
    steps = [
        step
        for step in declaration.migrations
        if compare_versions(before, step.version) < 0
        and compare_versions(step.version, now_installed) <= 0
    ]
    if steps and compare_versions(before, declaration.oldest) < 0:
        raise UnknownVersion(
            f"The file was written by {declaration.product} {version}; the migrations of the"
            f" installed {declaration.version} begin with {declaration.oldest}.",
            hint=f"Nothing was changed, and the file can be read as it is. To upgrade it, install a"
            f" version of {declaration.product} that knows {version}, upgrade, and then install"
            f" {declaration.version} again.",
        )
    return steps


class Steps:
    """The due steps of a product, run on an open file inside the caller's transaction.

    ``changes`` are sentences of what was done. Indexes, views and triggers that look at the tables
    are not there while they run.

    Args:
        connection: the file.
        declaration: the installed one.
        steps: those that are due, in their order.
        old: the product's entity types as they are in the file.
        deadline: when all must have ended; it is over the connection already.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        declaration: Declaration,
        steps: Sequence[Migration],
        old: Mapping[str, EntityType],
        deadline: Deadline,
    ) -> None:
        self._connection = connection
        self._declaration = declaration
        self._steps = steps
        self._deadline = deadline
        self._others = _tables(connection) - {*old}
        self._denied = ""
        self.changes: list[str] = []
        new = {entity_type.name: entity_type for entity_type in declaration.entity_types}
        words = {
            word.lower()
            for step in steps
            for sql, _ in step.statements
            for word in re.findall(r"\w+", sql)
        }
        for entity_type in old.values():
            if entity_type.name in words:
                _loosen(connection, entity_type, new.get(entity_type.name))

    def run(self) -> None:
        """Raises MigrationFailed."""
        before = self._counts()
        for step in self._steps:
            self.changes.append(f"{step.name} (to {step.version}): {step.description}")
            with self._guarded():
                for sql, where in step.statements:
                    before = self._run(step, sql, where, before)
            after = self._counts()
            self._compare(step, before, after)
            before = after
            insert(self._connection, "_migrations", [{
                "product": step.product, "name": step.name, "version": step.version,
                "at": now(), "digest": step.digest,
            }])  # fmt: skip

    def tables(self) -> set[str]:
        """The tables of the product by now: its own, and those that the steps made."""
        return _tables(self._connection) - self._others

    def _counts(self) -> dict[str, int]:
        return {
            name: self._connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0]
            for name in self.tables()
        }

    def _run(
        self, step: Migration, sql: str, where: str, before: Mapping[str, int]
    ) -> dict[str, int]:
        """Run a statement; the counts from before the step, by the names that the tables have now.

        Raises MigrationFailed.
        """
        tables = self.tables()
        misread = misread_name(self._connection, sql)
        if misread is not None:
            raise self._failed(step, f"{where}: {told(misread)}")
        dropped = self._values_of(_DROP_COLUMN.fullmatch(sql))
        self._denied = ""
        try:
            changed = self._connection.execute(strict(sql)).rowcount
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._failed(step, f"{where}: {self._reason(error)}") from error
        if changed >= 0:
            self.changes.append(f"{step.name}: {changed:,} rows, {_shortened(sql)}")
        self.changes += dropped
        gone, come = tables - self.tables(), self.tables() - tables
        for name in come:
            if name.startswith(("_", "sqlite_")):
                raise self._failed(step, f"{where}: a table of a product has no name like {name}")
        counts = dict(before)
        if len(gone) == len(come) == 1 and re.match(r"\s*ALTER\b", sql, re.IGNORECASE):
            (old,), (new,) = gone, come
            if old in counts:
                counts[new] = counts.pop(old)
        return counts

    def _values_of(self, drop: re.Match[str] | None) -> list[str]:
        """What a DROP COLUMN takes away."""
        if drop is None:
            return []
        table, column = (name.strip('"`[]') for name in drop.groups())
        with contextlib.suppress(sqlite3.Error):  # told by the statement itself
            (count,) = self._connection.execute(
                f"SELECT count(`{column}`) FROM `{table}`"
            ).fetchone()
            return [f"{table}.{column} is dropped: {count:,} rows had a value"]
        return []

    def _compare(
        self, step: Migration, before: Mapping[str, int], after: Mapping[str, int]
    ) -> None:
        for name, count in before.items():
            left = after.get(name, 0)
            if left < count:
                self._check(step, name, count, left, "drops_rows", step.drops_rows)
            elif left > count:
                self._check(step, name, count, left, "adds_rows", step.adds_rows)
        for name in after.keys() - before.keys():
            self.changes.append(f"{name} is new: {after[name]:,} rows")

    def _check(
        self,
        step: Migration,
        table: str,
        before: int,
        after: int,
        marker: str,
        declared: Sequence[str],
    ) -> None:
        what = f"{table} had {before:,} rows and has {after:,}"
        if table not in declared:
            raise self._failed(
                step,
                f"{what}, which it does not declare",
                hint=f"Where that is meant, its comment says so: @{marker} {table}.",
            )
        self.changes.append(f"{what}, as {step.name} declares")

    def _failed(self, step: Migration, reason: str, hint: str = "") -> MigrationFailed:
        what = f"{step.name} of {step.product} to {step.version}"
        return MigrationFailed(
            f"The migration {what} failed: {reason.rstrip('.')}.",
            hint=f"Nothing was changed. {hint}".strip(),
        )

    # -- what the SQL may do -------------------------------------------------------------------

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """In the block only the product's tables can be changed, and the file has an end."""
        connection = self._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages * _GROWTH + _PAGES}")
        connection.set_authorizer(self._authorize)
        try:
            yield
        finally:
            connection.set_authorizer(None)

    def _authorize(
        self, action: int, first: str | None, second: str | None, *context: str | None
    ) -> int:
        if self._allows(action, first, second):
            return sqlite3.SQLITE_OK
        self._denied = self._denied or str(second if action in _ON_SECOND else first)
        return sqlite3.SQLITE_DENY

    def _allows(self, action: int, first: str | None, second: str | None) -> bool:
        if action in _DEFINING:
            # SQLite itself writes there for a CREATE or an ALTER; it lets no statement do so.
            return first in _MASTER or self._is_own(first)
        if action in _ON_SECOND:
            return self._is_own(second)
        if action == sqlite3.SQLITE_FUNCTION and str(second).startswith("sqlite_"):
            return second in _OF_ALTER
        # SQLite's own look at the rows, where ADD COLUMN has a CHECK.
        looks = action == sqlite3.SQLITE_PRAGMA and first == "quick_check"
        return looks or action == sqlite3.SQLITE_REINDEX or permits(action, second)

    def _is_own(self, table: str | None) -> bool:
        name = str(table).lower()
        if name.startswith(("_", "sqlite_")):
            return False
        return name not in {other.lower() for other in self._others}

    def _reason(self, error: Exception) -> str:
        text = str(error)
        if self._deadline.check(error):
            return f"it did not end within {self._deadline.seconds:g} seconds"
        if "authoriz" in text and "function" in text:
            return f"{text}: it may use those that only compute"
        if "authoriz" in text or "prohibited" in text:
            return f"it may change the tables of its product only, and not {self._denied}"
        return text


_OF_ALTER = (
    "sqlite_rename_column",
    "sqlite_rename_table",
    "sqlite_rename_test",
    "sqlite_rename_quotefix",
    "sqlite_drop_column",
    "sqlite_fail",
)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {
        str(name)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }


def _loosen(connection: sqlite3.Connection, old: EntityType, new: EntityType | None) -> None:
    """Write a table anew without its rules, which are not those of the rows to come.

    A column that is stored otherwise from now on has no type, so that SQLite does not turn '00501'
    back into a number. An index of a reference stays where its column does.
    """
    kept = new.by_name if new else {}
    names, columns = [], []
    for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (old.name,)):
        column, after = old.by_name.get(name), kept.get(name)
        parts = [quoted(name)]
        if column and after and column.type.storage == after.type.storage:
            parts.append(column.type.storage)
        if name == old.primary_key:
            parts.append("PRIMARY KEY")
        if column and column.default is not None:
            parts.append(f"DEFAULT {column.default}")
        names.append(parts[0])
        columns.append(" ".join(parts))
    indexed = [column.name in kept for column, _ in old.references(soft=True) if not column.unique]
    indexes = [*create_statements(old)][1:]
    table, every = quoted(old.name), ", ".join(["rowid", *names])
    connection.execute(f"CREATE TABLE {_LOOSE} ({', '.join(columns)})")
    connection.execute(f"INSERT INTO {_LOOSE} ({every}) SELECT {every} FROM {table}")
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE {_LOOSE} RENAME TO {table}")
    for sql in itertools.compress(indexes, indexed):
        connection.execute(sql)


def _shortened(sql: str) -> str:
    return f"{' '.join(sql.split()):.60}"
