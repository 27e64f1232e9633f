"""A dry run: products' declarations tried out on an empty database before anybody relies on them.

Tables, indexes and views are made; every statistic, rule, card and question runs as it will run on
a file: only reading, only the sandbox's functions. A ``"name"`` that is no column is an error here,
where SQLite would take it for text. What fails here would fail for a user, or be missing from a
summary. A question may name another product's table, which is not here.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..base.quoting import misread_name, strict, told
from ..base.sql import authorize_reading, permits, quoted
from ..base.sqlite import connect, located
from ..errors import DeclarationError
from .bounds import unbounded
from .ddl import column_rules, create_statements
from .model import Column, Declaration, EntityType, Question, Statistic
from .parameter import ANY
from .refusals import REFUSALS
from .template import template_fields
from .types import Stored

#: Of the processor, for all of a product: every command waits for it. 200 entity types take 0.03,
#: and a busy machine takes nothing from it.
SECONDS = 1.0
_STEPS = 10_000  # of SQLite's virtual machine, between looks at the clock

_PRODUCT = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_PLAIN_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,5}")


class DryRun:
    """Tries products out one after the other; no two may have a table or view of one name.

    ``names`` are the names of those that passed, each with what it is called by; an entity type and
    a view of one name clash too.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        """``seconds`` of the processor are for each product."""
        self._seconds = seconds
        self.names: dict[tuple[str, str], str] = {}
        self._owners: dict[str, str] = {}

    def try_out(self, declaration: Declaration) -> None:
        """Raises DeclarationError, with file and line; the product then owns no name."""
        _check_name_and_version(declaration)
        names = {e.name: "entity type" for e in declaration.entity_types}
        names |= {extra.name: extra.kind.lower() for extra in declaration.extras}
        for name, kind in names.items():
            if name in self._owners:
                raise DeclarationError(
                    f"the {kind} {name} of {declaration.product} "
                    f"is already one of {self._owners[name]}"
                )
        # Alone in its database, as it may be in a file.
        connection = connect(":memory:")
        with contextlib.closing(connection):
            until = time.thread_time() + self._seconds
            connection.set_progress_handler(lambda: time.thread_time() > until, _STEPS)
            make(connection, declaration)
            connection.execute("PRAGMA trusted_schema = OFF")  # as in the sandbox
            connection.set_authorizer(authorize_reading)
            _ask(connection, declaration)
        self._owners |= dict.fromkeys(names, declaration.product)
        self.names |= {("table", name): kind for name, kind in names.items()}


def statements(declaration: Declaration) -> Iterator[tuple[str, str, dict[str, Stored]]]:
    """Every statement that is run here, with its place and the values of its parameters."""
    for statement, where in making(declaration):
        yield statement, where, {}
    for extra in declaration.extras:
        if extra.kind == "VIEW":
            yield f"SELECT * FROM {quoted(extra.name)}", extra.where, {}
    for entity_type in declaration.entity_types:
        for column in entity_type.columns:
            for _, sql in column_rules(column) if column.default is not None else ():
                yield _default_check(column, sql), column.where, {}
    for statistic in declaration.statistics:
        yield statistic.sql, statistic.where, {}
    for rule in declaration.rules:
        yield rule.sql, rule.where, {}
    for question in declaration.questions:
        for values in values_to_try(question):
            yield question.sql, question.where, values


def making(declaration: Declaration) -> Iterator[tuple[str, str]]:
    """The statements that make its tables, indexes and views, each with its place."""
    for entity_type in declaration.entity_types:
        for statement in create_statements(entity_type):
            yield strict(statement), entity_type.where
    for extra in declaration.extras:
        yield strict(extra.sql), extra.where


def is_endless(error: DeclarationError) -> bool:
    """Whether a declaration was refused because a statement took longer than there is time."""
    return str(error.__cause__) == "interrupted"


def confine(
    connection: sqlite3.Connection,
    seconds: float,
    *,
    any_function: bool = True,
    look: Callable[[], None] = lambda: None,
) -> None:
    """Let statements of a product only read, and only for so long.

    Args:
        connection: the database, perhaps with functions of ours.
        seconds: of the processor, for all statements.
        any_function: they may call whatever function there is, not only those of the sandbox.
        look: is called now and then; a statement ends if it raises.
    """
    until = time.thread_time() + seconds

    def must_stop() -> bool:
        look()
        return time.thread_time() > until

    connection.set_progress_handler(must_stop, _STEPS)
    connection.set_authorizer(_authorize_any_function if any_function else authorize_reading)


def release(connection: sqlite3.Connection) -> None:
    """Let everything be done again with a connection that was confined."""
    connection.set_progress_handler(None, 0)
    connection.set_authorizer(None)


def _authorize_any_function(
    action: int, first: str | None, second: str | None, *context: str | None
) -> int:
    reads = action == sqlite3.SQLITE_FUNCTION or permits(action, second)
    return sqlite3.SQLITE_OK if reads else sqlite3.SQLITE_DENY


def _check_name_and_version(declaration: Declaration) -> None:
    if not _PRODUCT.fullmatch(declaration.product):
        raise DeclarationError(
            f"the product name {declaration.product!r:.80}",
            hint="It has lower case letters, digits, _ and -, and begins with a letter.",
        )
    if _PLAIN_VERSION.fullmatch(declaration.version):
        return
    from packaging.version import InvalidVersion, Version  # slow to import, and seldom needed

    try:
        Version(declaration.version)
    except InvalidVersion:
        raise DeclarationError(
            f"{declaration.product}: the version {declaration.version!r:.80} is none",
            hint="A version is like 1.0, 2.1.3 or 1.0rc1, as PEP 440 says: files of an older one "
            "are upgraded.",
        ) from None


def make(connection: sqlite3.Connection, declaration: Declaration) -> None:
    """Make its tables, indexes and views. Raises DeclarationError, with file and line."""
    for entity_type in declaration.entity_types:
        where = f"{entity_type.where}, table {entity_type.name}"
        for statement in create_statements(entity_type):
            _refuse_unbounded(statement, where)
            with located(where):
                connection.execute(strict(statement))
    for extra in declaration.extras:
        if extra.kind == "INDEX":
            _refuse_unbounded(extra.sql, extra.where)
        with located(extra.where):
            connection.execute(strict(extra.sql))


def _refuse_unbounded(sql: str, where: str) -> None:
    what = unbounded(sql)
    if what:
        raise DeclarationError(
            f"{where}: a rule may take without end: {what}",
            hint="instr(), replace() and trim() are for a column and short texts.",
        )


def _ask(connection: sqlite3.Connection, declaration: Declaration) -> None:
    columns = {
        extra.name: _columns(connection, f"SELECT * FROM {quoted(extra.name)}", extra.where)
        for extra in declaration.extras
        if extra.kind == "VIEW"
    }
    wheres = {extra.name: extra.where for extra in declaration.extras}
    for entity_type in declaration.entity_types:
        for column in entity_type.columns:
            _check_default(connection, column)
        if entity_type.card:
            _check_card(entity_type, columns[entity_type.card], wheres[entity_type.card])
    for statistic in declaration.statistics:
        found = _columns(connection, statistic.sql, statistic.where)
        _check_show(statistic, found)
        if not statistic.show and len(found) < 2:
            raise DeclarationError(
                f"{statistic.where}: a @chart of one column",
                hint="A bar has a name and a number: the SELECT gives both.",
            )
    for rule in declaration.rules:
        _columns(connection, rule.sql, rule.where)
    for question in declaration.questions:
        ask(connection, question)


def ask(connection: sqlite3.Connection, question: Question, *, alone: bool = True) -> None:
    """Run a question with nothing filled in, and with a value for each typed parameter.

    Raises DeclarationError.

    ``alone`` is a database of one product: then a table that is not there may be another one's.
    """
    tries = values_to_try(question)
    _refuse_misread(connection, question.sql, question.where, tries[0])
    with located(question.where):
        try:
            for values in tries:
                connection.execute(question.sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if not (alone and str(error).startswith("no such table: ")):
                raise


def _refuse_misread(
    connection: sqlite3.Connection, sql: str, where: str, values: Mapping[str, Any] | None = None
) -> None:
    name = misread_name(connection, sql, values or {})
    if name is not None:
        raise DeclarationError(f"{where}: {told(name)}")


def values_to_try(question: Question) -> list[dict[str, Stored]]:
    """What a question is run with to see that it can be: nothing filled in, then examples."""
    empty = {one.name: "" if one.type == ANY else one.default for one in question.parameters}
    given = {
        one.name: one.bind(one.example or next(iter(one.values), "x")) for one in question.declared
    }
    return [empty, empty | given] if given else [empty]


def _columns(connection: sqlite3.Connection, sql: str, where: str) -> list[str]:
    _refuse_misread(connection, sql, where)
    with located(where):
        cursor = connection.execute(sql)
        cursor.fetchall()
        return [description[0] for description in cursor.description]


def _check_default(connection: sqlite3.Connection, column: Column) -> None:
    """A default breaks no rule of its column; a rule over several columns is not asked."""
    for rule, sql in column_rules(column) if column.default is not None else ():
        with contextlib.suppress(sqlite3.OperationalError):
            ((holds,),) = connection.execute(_default_check(column, sql))
            if holds == 0:
                told = f"DEFAULT {column.default}, but {rule}"
                raise REFUSALS["default_value"].error(column.where, told)


def _default_check(column: Column, sql: str) -> str:
    """A SELECT of whether a column's default holds to one of its rules."""
    return f"SELECT ({strict(sql)}) FROM (SELECT {column.default} AS {quoted(column.name)})"


def _check_card(entity_type: EntityType, columns: list[str], where: str) -> None:
    if columns[0] != entity_type.primary_key or len(columns) < 2:
        raise DeclarationError(
            f"{where}: the card's first column is {columns[0]}",
            hint=f"It is {entity_type.primary_key}, by which a card is found; then what the "
            "reader sees.",
        )


def _check_show(statistic: Statistic, columns: list[str]) -> None:
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
