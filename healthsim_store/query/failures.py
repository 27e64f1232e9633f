"""Why a statement failed: which names there are and which was meant, which value is too long."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..base.json_text import read_json
from ..base.quoting import renamed
from ..base.spelling import Meant, meant_by
from ..base.sql import quoted
from ..base.syntax import is_of_syntax, wrong_in_query
from ..errors import CorruptScenario, QueryError, QueryTooLarge
from ..storage.long_values import LongValue, find_long_values, told
from ..storage.records import Record, read_records
from ..storage.sandbox import TOO_LONG, Sandbox

if TYPE_CHECKING:
    from sqlglot import exp

_SEARCH_SECONDS = 0.5
_SHOWN = 3  # long values that are told

_NO_SUCH = re.compile(r"no such (table|column): (.*?)( \(|\.\Z)", re.DOTALL)


@dataclass(slots=True)
class _Table:
    columns: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)  # of columns


def explain_failure(error: QueryError, sandbox: Sandbox, sql: str) -> QueryError:
    """The error with a hint that lists the names that exist, or says where a long value is.

    Most statements fail because of a wrong name. Where it is sure which one was meant, the error
    has the corrected statement. Any other error is returned unchanged.
    """
    if isinstance(error, QueryTooLarge) and error.message == TOO_LONG:
        return _explain_long_value(error, sandbox, sql)
    if is_of_syntax(error.message) and not error.hint:
        place = wrong_in_query(sql)
        if place:
            error.message = f"The query failed: syntax error, {place}."
        return error
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


def _explain_long_value(error: QueryTooLarge, sandbox: Sandbox, sql: str) -> QueryTooLarge:
    """Unchanged where no stored value is too long: then the statement made one."""
    schemas = ("main", *sandbox.attached)
    tables = _tables(sandbox)[0]
    asked = [
        (table.db or "main", table.name)
        for table in _mentioned(sql)
        if table.name in tables and (table.db or "main") in schemas
    ]
    found: list[LongValue] = []
    with contextlib.suppress(QueryError):
        named = list(dict.fromkeys(asked)) or None
        values = find_long_values(sandbox, timeout=_SEARCH_SECONDS, tables=named)
        found += itertools.islice(values, _SHOWN)
    if found:
        error.message = told(found)
        first = found[0]
        error.hint = f"Select other columns than {first.column}" + (
            f", or other rows of {first.table}: WHERE rowid <> {first.rowid}."
            if first.rowid is not None
            else "."
        )
    return error


def _explain_table(sandbox: Sandbox, name: str) -> tuple[Meant, list[str]]:
    tables, aliases = _tables(sandbox)
    meant = meant_by(name.rpartition(".")[2], tables, aliases)
    listed = f"Tables: {', '.join(tables)}."
    return meant, [f"{meant.question} {listed}" if meant.question else listed]


def _explain_column(sandbox: Sandbox, name: str, sql: str) -> tuple[Meant, list[str]]:
    tables, _ = _tables(sandbox)
    mentioned = {
        table.alias_or_name: table.name for table in _mentioned(sql) if table.name in tables
    }
    before, _, column = name.rpartition(".")
    table = mentioned.get(before.rpartition(".")[2])
    asked = [table] if table else list(dict.fromkeys(mentioned.values()))
    listed = [f"{table}: {', '.join(tables[table].columns)}" for table in asked]
    others = [table for table in tables if column in tables[table].columns]
    known: list[str] = []
    aliases: dict[str, str] = {}
    for table in asked or tables:
        known += tables[table].columns
        aliases = tables[table].aliases | aliases
    meant = meant_by(column, known, aliases)
    if others and not asked:
        meant = Meant()  # the name is right, and no table was named
    lines = [meant.question] if meant.question else []
    if others:
        # Perhaps the table was wrong, and not the column.
        lines.append(f"{column} is a column of {', '.join(others)}.")
        meant = replace(meant, sure=False)
    return meant, [*lines, *listed]


def _tables(sandbox: Sandbox) -> tuple[dict[str, _Table], dict[str, str]]:
    """Every table, also of the attached scenarios, and the aliases of tables."""
    tables: dict[str, _Table] = {}
    aliases: dict[str, str] = {}
    for schema in ("main", *map(quoted, sandbox.attached)):
        names = ("entity_type", "column_name", "aliases")
        for row in _rows(sandbox, schema, "_columns", names, "ORDER BY entity_type, position"):
            table, column, others = (row[name] for name in names)
            found = tables.setdefault(table, _Table())
            if column not in found.columns:
                found.columns.append(column)
            for other in _listed(others):
                found.aliases.setdefault(other, column)
        named = ("entity_type", "aliases")
        for row in _rows(sandbox, schema, "_entity_types", named, "ORDER BY position"):
            for other in _listed(row["aliases"]):
                aliases.setdefault(other, row["entity_type"])
    return tables, aliases


def _rows(
    sandbox: Sandbox, schema: str, table: str, names: Sequence[str], rest: str
) -> list[Record]:
    """Of a dictionary; nothing where it is damaged, which is no reason to hide what failed."""
    with contextlib.suppress(CorruptScenario):
        return read_records(sandbox.connection, table, names=names, schema=schema, rest=rest)
    return []


def _listed(text: Any) -> list[str]:
    """The texts of a JSON list, as far as somebody has not written something else there."""
    with contextlib.suppress(ValueError):
        found = read_json(text)
        if isinstance(found, list):
            return [each for each in found if isinstance(each, str)]
    return []


def _mentioned(sql: str) -> list[exp.Table]:
    """The tables that the statement names; none if sqlglot cannot parse it."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    with contextlib.suppress(SqlglotError, ValueError, RecursionError):
        return [*sqlglot.parse_one(sql, read="sqlite").find_all(exp.Table)]
    return []
