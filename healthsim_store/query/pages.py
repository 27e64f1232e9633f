"""Questions in SQL: pages of rows, and errors that name what was meant."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base.nearest import did_you_mean
from ..errors import InvalidArgument, QueryError, QueryTimeout
from ..schema.ddl import quoted
from ..storage.sandbox import Sandbox

MAX_ROWS = 10_000
MAX_BYTES = 4_000_000

Parameters = Sequence[Any] | Mapping[str, Any]

_NO_SUCH = re.compile(r"no such (table|column|function): (\S+)")


@dataclass(frozen=True)
class QueryResult:
    """One page of an answer.

    ``rows`` are dicts by column; of two columns with one name the second is ``name_2``. ``note``
    says why a page is shorter than its limit although there is more.
    """

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    limit: int
    offset: int
    has_more: bool
    note: str | None = None
    _count: Callable[[], int | None] = field(default=lambda: None, repr=False, compare=False)
    _known: list[int | None] = field(default_factory=list, repr=False, compare=False)

    @property
    def total(self) -> int | None:
        """How many rows the whole answer has; None when counting them takes too long.

        On a page that is not the last it is counted when first asked for.
        """
        if not self.has_more and (self.rows or not self.offset):
            return self.offset + len(self.rows)
        if not self._known:
            self._known.append(self._count())
        return self._known[0]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; a BLOB is ``{"$base64": true, "encoded": ...}``, as in sqlite-utils.

        A number without end, which JSON has not, is the text ``Infinity`` or ``-Infinity``.
        """
        told: dict[str, Any] = {
            "columns": list(self.columns),
            "rows": [{name: _json_ready(v) for name, v in row.items()} for row in self.rows],
            "total": self.total,
            "limit": self.limit,
            "offset": self.offset,
            "has_more": self.has_more,
        }
        return told | ({"note": self.note} if self.note else {})


def _json_ready(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$base64": True, "encoded": base64.b64encode(value).decode()}
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def check_limit(name: str, value: Any, *, least: int = 1, most: int = MAX_ROWS) -> int:
    """Raises InvalidArgument unless ``value`` is a whole number in the range."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidArgument(
            f"{name} is {value!r}.", hint=f"It is a whole number from {least} to {most:,}."
        )
    return value


def fetch_page(
    sandbox: Sandbox, sql: str, parameters: Parameters, *, limit: int, offset: int, timeout: float
) -> tuple[tuple[str, ...], list[dict[str, Any]], bool, str | None]:
    """Columns, rows, whether there is more, and a note.

    The statement runs as it was written and the page is cut out of its rows. All pages are then
    windows of one sequence: no row twice and none skipped, also without ORDER BY.
    """
    rows: list[dict[str, Any]] = []
    size = 0
    try:
        with sandbox.run(sql, parameters, timeout=timeout) as cursor:
            columns = unique_names(description[0] for description in cursor.description)
            for _ in range(offset):
                if cursor.fetchone() is None:
                    return columns, rows, False, None
            for values in cursor:
                if len(rows) == limit:
                    return columns, rows, True, None
                rows.append(dict(zip(columns, values, strict=True)))
                size += sum(len(v) if isinstance(v, str | bytes) else 8 for v in values)
                if size > MAX_BYTES:
                    note = f"The page was cut after {len(rows)} rows, at {MAX_BYTES // 10**6} MB."
                    return columns, rows, cursor.fetchone() is not None, note
            return columns, rows, False, None
    except QueryError as error:
        raise explain_names(error, sandbox, sql) from error


def count_rows(sandbox: Sandbox, sql: str, parameters: Parameters, *, timeout: float) -> int | None:
    """How many rows the statement gives, or None when the time does not suffice."""
    inner = sql.strip().rstrip(";")
    try:
        with sandbox.run(
            f"SELECT count(*) FROM (\n{inner}\n)", parameters, timeout=timeout
        ) as cursor:
            return int(cursor.fetchone()[0])
    except QueryTimeout:
        return None
    except QueryError:
        # Not every statement can stand in brackets (EXPLAIN, a comment after the semicolon).
        try:
            with sandbox.run(sql, parameters, timeout=timeout) as cursor:
                return sum(1 for _ in cursor)
        except QueryTimeout:
            return None


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Column names without doubles, so that no value of a row is lost: ``id``, ``id_2``."""
    taken: dict[str, None] = {}
    for name in names:
        candidate, number = name, 1
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken[candidate] = None
    return tuple(taken)


def translate(sql: str, dialect: str) -> str:
    """The statement in SQLite's dialect. Raises InvalidArgument for what sqlglot cannot read."""
    import sqlglot

    try:
        statements = sqlglot.transpile(sql, read=dialect, write="sqlite")
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise InvalidArgument(
            f"Cannot translate from {dialect!r}: {reason}",
            hint="Dialects are sqlglot's: postgres, duckdb, spark, databricks, snowflake, ...",
        ) from error
    return ";\n".join(statements)


def explain_names(error: QueryError, sandbox: Sandbox, sql: str) -> QueryError:
    """The error with the names that exist: nearly every failing statement has a wrong one."""
    match = _NO_SUCH.search(error.message)
    if match is None or error.hint:
        return error
    kind, name = match[1], match[2].rstrip(".").rpartition(".")[2]
    tables = _tables(sandbox)
    if kind == "table":
        near = did_you_mean(name, tables)
        error.hint = f"{near + ' ' if near else ''}Tables: {', '.join(tables)}."
    elif kind == "column":
        meant = [table for table in _mentioned(sql) if table in tables]
        known = {column for table in meant or tables for column in tables[table]}
        near = did_you_mean(name, known)
        listed = "\n".join(f"{table}: {', '.join(tables[table])}" for table in meant)
        error.hint = "\n".join(part for part in (near, listed) if part) or None
    return error


def _tables(sandbox: Sandbox) -> dict[str, list[str]]:
    """The columns of every table, the attached scenarios' too."""
    tables: dict[str, list[str]] = {}
    for schema in ("", *(f"{quoted(alias)}." for alias in sandbox.attached)):
        for table, column in sandbox.connection.execute(
            f"SELECT entity_type, column_name FROM {schema}_columns ORDER BY entity_type, position"
        ):
            tables.setdefault(table, []).append(column)
    return {table: list(dict.fromkeys(columns)) for table, columns in tables.items()}


def _mentioned(sql: str) -> list[str]:
    """The tables that the statement names, as far as sqlglot can read it."""
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except ValueError:
        return []
    return list(dict.fromkeys(table.name for table in tree.find_all(exp.Table)))
