"""A rehearsal: products' declarations tried out on an empty database before anybody relies on them.

Tables, indexes and views are made; every statistic, rule and card runs as it will run on a file:
only reading, only the sandbox's functions. What fails here would fail for a user, or be missing
from a summary.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from .ddl import create_statements, quoted
from .errors import DeclarationError
from .sandbox import permits
from .schema import Declaration, EntityType
from .statistics import template_fields


class Rehearsal:
    """One empty database for all products, so that names which clash are found too."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._owners: dict[str, str] = {}

    def close(self) -> None:
        self._connection.close()

    def try_out(self, declaration: Declaration) -> None:
        """Raises DeclarationError, with file and line; then the product leaves no trace."""
        self._connection.execute("SAVEPOINT product")
        try:
            self._make(declaration)
            with self._only_reading():
                self._ask(declaration)
        except BaseException:
            self._connection.execute("ROLLBACK TO product")
            raise
        finally:
            self._connection.execute("RELEASE product")
        names = [entity_type.name for entity_type in declaration.entity_types]
        names += [extra.name for extra in declaration.extras]
        self._owners |= dict.fromkeys(names, declaration.product)

    def _make(self, declaration: Declaration) -> None:
        for entity_type in declaration.entity_types:
            if entity_type.name in self._owners:
                raise DeclarationError(
                    f"the entity type {entity_type.name} of {declaration.product} "
                    f"is already one of {self._owners[entity_type.name]}"
                )
            for statement in create_statements(entity_type):
                with _located(f"{declaration.product}, table {entity_type.name}"):
                    self._connection.execute(statement)
        for extra in declaration.extras:
            if extra.name in self._owners:
                raise DeclarationError(
                    f"{extra.where}: the {extra.kind.lower()} {extra.name} "
                    f"is already one of {self._owners[extra.name]}"
                )
            with _located(extra.where):
                self._connection.execute(extra.sql)

    @contextlib.contextmanager
    def _only_reading(self) -> Iterator[None]:
        # As in the sandbox, where a view may not use what SQLite holds for unsafe.
        self._connection.execute("PRAGMA trusted_schema = OFF")
        self._connection.set_authorizer(
            lambda action, first, second, *_: (
                sqlite3.SQLITE_OK if permits(action, second) else sqlite3.SQLITE_DENY
            )
        )
        try:
            yield
        finally:
            self._connection.set_authorizer(None)
            self._connection.execute("PRAGMA trusted_schema = ON")

    def _ask(self, declaration: Declaration) -> None:
        wheres = {extra.name: extra.where for extra in declaration.extras}
        for extra in declaration.extras:
            if extra.kind == "VIEW":
                self._columns(f"SELECT * FROM {quoted(extra.name)}", extra.where)
        for entity_type in declaration.entity_types:
            if entity_type.card:
                self._check_card(entity_type, wheres[entity_type.card])
        for statistic in declaration.statistics:
            columns = self._columns(statistic.sql, statistic.where)
            try:
                fields = template_fields(statistic.show)
            except ValueError:
                raise DeclarationError(
                    f"{statistic.where}: @show {statistic.show} is not understood",
                    hint="A field is {name}, or with a format {name:,} {name:.1f} {name:.0f}.",
                ) from None
            for name in fields:
                if name not in columns:
                    raise DeclarationError(
                        f"{statistic.where}: @show has {{{name}}}, which the SELECT does not give",
                        hint=f"It gives: {', '.join(columns)}.",
                    )
        for rule in declaration.rules:
            self._columns(rule.sql, rule.where)

    def _check_card(self, entity_type: EntityType, where: str) -> None:
        sql = f"SELECT * FROM {quoted(str(entity_type.card))}"
        columns = self._columns(sql, where)
        if columns[0] != entity_type.primary_key or len(columns) < 2:
            raise DeclarationError(
                f"{where}: the card's first column is {columns[0]}",
                hint=f"It is {entity_type.primary_key}, by which a card is found; then what the "
                "reader sees.",
            )

    def _columns(self, sql: str, where: str) -> list[str]:
        with _located(where):
            cursor = self._connection.execute(sql)
            columns = [description[0] for description in cursor.description]
            cursor.fetchall()
            return columns


@contextlib.contextmanager
def _located(where: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DeclarationError(f"{where}: {error}") from error
