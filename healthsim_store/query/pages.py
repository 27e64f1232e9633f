"""The rows of a SELECT, page by page, and how many there are in total."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..base.arguments import check_limit
from ..base.sql import unique_names
from ..errors import QueryError, QueryTimeout
from ..storage.files import Files
from ..storage.sandbox import Sandbox
from .failures import explain_failure
from .select import Parameters, Select

MAX_ROWS = 10_000
MAX_BYTES = 4_000_000
_LEAST_SECONDS = 0.05  # to count all rows, where the page took all the time


@dataclass(frozen=True)
class QueryResult:
    """One page of an answer.

    ``rows`` are dicts by column. If two columns have the same name, the second is ``name_2``.
    ``has_more`` is true if there are rows after the page. ``note`` says why a page has fewer rows
    than its limit although there are more, or why the answer to a question may have none.
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
        """How many rows the whole answer has; None if that takes longer than is left to count.

        The page and its total have one timeout together. On the last page it is known. On any
        other page it is counted on first access.
        """
        if not self.has_more and (self.rows or not self.offset):
            return self.offset + len(self.rows)
        if not self._known:
            self._known.append(self._count())
        return self._known[0]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; a BLOB is ``{"$base64": true, "encoded": ...}``, as in sqlite-utils.

        JSON has no infinite numbers; they become the text ``Infinity`` or ``-Infinity``.
        """
        told: dict[str, Any] = {
            "columns": list(self.columns),
            "rows": [{name: json_ready(v) for name, v in row.items()} for row in self.rows],
            "total": self.total,
            "limit": self.limit,
            "offset": self.offset,
            "has_more": self.has_more,
        }
        return told | ({"note": self.note} if self.note else {})


def json_ready(value: Any) -> Any:
    """A value of SQLite's as JSON can say it; see `QueryResult.to_dict`."""
    if isinstance(value, bytes):
        return {"$base64": True, "encoded": base64.b64encode(value).decode()}
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def csv_ready(value: Any) -> Any:
    """A value of SQLite's as CSV can say it: a BLOB in base 64."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def fetch(files: Files, select: Select, *, limit: int, offset: int) -> QueryResult:
    """One page of a SELECT's rows; all rows are counted only when `QueryResult.total` is read.

    Args:
        files: the files of the store.
        select: the statement, from `select.prepare`.
        limit: rows on the page, from 1 to MAX_ROWS.
        offset: rows before the page.

    Raises QueryRefused, QueryTimeout, QueryTooLarge, QueryError, and InvalidArgument for a limit
    or an offset out of range.
    """
    check_limit("limit", limit, most=MAX_ROWS)
    check_limit("offset", offset, least=0, most=2**63 - 1)
    begun = time.monotonic()
    with files.reading(select.path, select.attached) as sandbox:
        columns, rows, has_more, note = fetch_page(
            sandbox, select.sql, select.parameters, limit=limit, offset=offset,
            timeout=select.timeout,
        )  # fmt: skip

    # The page and its total together end within the limit.
    left = max(_LEAST_SECONDS, select.timeout - (time.monotonic() - begun))

    def count() -> int | None:
        with files.reading(select.path, select.attached) as sandbox:
            return count_rows(sandbox, select.sql, select.parameters, timeout=left)

    return QueryResult(columns, rows, limit, offset, has_more, note, count)


def fetch_page(
    sandbox: Sandbox, sql: str, parameters: Parameters, *, limit: int, offset: int, timeout: float
) -> tuple[tuple[str, ...], list[dict[str, Any]], bool, str | None]:
    """Columns, rows, whether there are more rows, and a note.

    The statement runs as it was written and the rows before the page are skipped here. A LIMIT in
    the SQL could make SQLite choose another plan, and so another order for each page. This way no
    row is on two pages and none is missing, also without ORDER BY.
    """
    rows: list[dict[str, Any]] = []
    size = 0
    try:
        with sandbox.run(sql, parameters, timeout=timeout, written=True) as cursor:
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
        raise explain_failure(error, sandbox, sql) from error


def count_rows(sandbox: Sandbox, sql: str, parameters: Parameters, *, timeout: float) -> int | None:
    """How many rows the statement gives; None if counting takes longer than the timeout."""
    inner = sql.strip().rstrip(";")
    try:
        with sandbox.run(
            f"SELECT count(*) FROM (\n{inner}\n)", parameters, timeout=timeout
        ) as cursor:
            return int(cursor.fetchone()[0])
    except QueryTimeout:
        return None
    except QueryError:
        # Some statements cannot be a subquery: EXPLAIN, or a comment after the semicolon.
        try:
            with sandbox.run(sql, parameters, timeout=timeout) as cursor:
                return sum(1 for _ in cursor)
        except QueryTimeout:
            return None
