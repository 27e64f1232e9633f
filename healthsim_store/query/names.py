"""A statement with a wrong name: the error tells which names there are, and which was meant."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..base.quoting import renamed
from ..base.spelling import Meant, meant_by
from ..base.sql import quoted
from ..errors import QueryError
from ..storage.sandbox import Sandbox

_NO_SUCH = re.compile(r"no such (table|column): (.*?)( \(|\.\Z)", re.DOTALL)


@dataclass(slots=True)
class _Table:
    columns: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)  # of columns


def explain_names(error: QueryError, sandbox: Sandbox, sql: str) -> QueryError:
    """The error with a hint that lists the names that exist.

    Most statements fail because of a wrong name. Where it is sure which one was meant, the error
    has the corrected statement. Any other error is returned unchanged.
    """
    match = _NO_SUCH.search(error.message)
    if match is None or error.hint:
        return error
    kind, name = match[1], match[2]
    if kind == "table":
        meant, lines = _explain_table(sandbox, name)
    else:
        meant, lines = _explain_column(sandbox, name, sql)
    error.hint = "\n".join(lines) or None
    if meant.sure and match[3] != " (":  # what stood in quotes may be a text all the same
        error.corrected = renamed(sql, name.rpartition(".")[2], meant.names[0])
    return error


def _explain_table(sandbox: Sandbox, name: str) -> tuple[Meant, list[str]]:
    tables, aliases = _tables(sandbox)
    meant = meant_by(name.rpartition(".")[2], tables, aliases)
    listed = f"Tables: {', '.join(tables)}."
    return meant, [f"{meant.question} {listed}" if meant.question else listed]


def _explain_column(sandbox: Sandbox, name: str, sql: str) -> tuple[Meant, list[str]]:
    tables, _ = _tables(sandbox)
    mentioned = {alias: table for alias, table in _mentioned(sql) if table in tables}
    before, _, column = name.rpartition(".")
    table = mentioned.get(before.rpartition(".")[2])
    asked = [table] if table else list(dict.fromkeys(mentioned.values()))
    listed = [f"{table}: {', '.join(tables[table].columns)}" for table in asked]
    others = [table for table in tables if asked and column in tables[table].columns]
    known: list[str] = []
    aliases: dict[str, str] = {}
    for table in asked or tables:
        known += tables[table].columns
        aliases = tables[table].aliases | aliases
    meant = meant_by(column, known, aliases)
    told = [meant.question] if meant.question else []
    if others:
        # Perhaps the table was wrong, and not the column.
        told.append(f"{column} is a column of {', '.join(others)}.")
        meant = replace(meant, sure=False)
    return meant, [*told, *listed]


def _tables(sandbox: Sandbox) -> tuple[dict[str, _Table], dict[str, str]]:
    """Every table, also of the attached scenarios, and the aliases of tables."""
    tables: dict[str, _Table] = {}
    aliases: dict[str, str] = {}
    for schema in ("", *(f"{quoted(alias)}." for alias in sandbox.attached)):
        for table, column, others in sandbox.connection.execute(
            f"SELECT entity_type, column_name, aliases FROM {schema}_columns"
            " ORDER BY entity_type, position"
        ):
            found = tables.setdefault(table, _Table())
            if column not in found.columns:
                found.columns.append(column)
            for other in _listed(others):
                found.aliases.setdefault(other, column)
        for table, others in sandbox.connection.execute(
            f"SELECT entity_type, aliases FROM {schema}_entity_types ORDER BY position"
        ):
            for other in _listed(others):
                aliases.setdefault(other, table)
    return tables, aliases


def _listed(text: Any) -> list[str]:
    """The texts of a JSON list, as far as somebody has not written something else there."""
    with contextlib.suppress(ValueError, TypeError):
        found = json.loads(text)
        if isinstance(found, list):
            return [each for each in found if isinstance(each, str)]
    return []


def _mentioned(sql: str) -> Iterator[tuple[str, str]]:
    """The tables that the statement names, each with its alias; none if sqlglot cannot parse it."""
    import sqlglot
    from sqlglot import exp

    with contextlib.suppress(ValueError, RecursionError):
        for table in sqlglot.parse_one(sql, read="sqlite").find_all(exp.Table):
            yield table.alias_or_name, table.name
