"""What a request asks for: the arguments of its URL, and the names in its path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.utils import tilde_decode

from ..base.spelling import meant_by
from ..base.sql import parameters
from ..errors import InvalidArgument
from ..query.pages import MAX_ROWS

PAGE_ROWS = 100
SECONDS = 5.0

_OWN = ("sql", "limit", "offset", "timeout", "with")


def table_of(request: Any) -> str:
    """The name of the table, or of the query, in the path of one of Datasette's pages."""
    return str(tilde_decode(request.url_vars.get("table", "")))


def key_of(request: Any) -> str:
    """The primary key in the path of a row's page."""
    return str(tilde_decode(request.url_vars.get("pks", "")))


def is_value(argument: str) -> bool:
    """Whether an argument is a value of a ``:name`` in the statement."""
    return argument not in _OWN and not argument.startswith("_")


def read(request: Any) -> dict[str, str]:
    """The URL's arguments. Empty ones are left out; of one that comes twice the first counts."""
    found: dict[str, str] = {}
    for name, text in parse_qsl(request.query_string):
        found.setdefault(name, text)
    return found


def number(wanted: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    """Raises InvalidArgument unless it is a whole number in the range."""
    text = wanted.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20) or not least <= int(text) <= most:
        raise InvalidArgument(
            f"{name} is {text!r:.40}.", hint=f"It is a whole number from {least} to {most:,}."
        )
    return int(text)


@dataclass(frozen=True, slots=True)
class QueryArguments:
    """A SELECT and which page of its rows. Further arguments are values of its ``:names``.

    ``timeout`` is in seconds; ``attach`` has the names of further scenarios.
    """

    sql: str | None
    limit: int = PAGE_ROWS
    offset: int = 0
    timeout: float = SECONDS
    attach: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Any) -> QueryArguments:
        pairs = parse_qsl(request.query_string, keep_blank_values=True)
        wanted = {name: text for name, text in reversed(pairs) if text or name == "sql"}
        return cls(
            sql=wanted.get("sql"),
            limit=number(wanted, "limit", PAGE_ROWS, least=1, most=MAX_ROWS),
            offset=number(wanted, "offset", 0, least=0, most=2**63 - 1),
            timeout=_seconds(wanted.get("timeout")),
            attach=tuple(text for name, text in pairs if name == "with" and text),
            parameters={name: text for name, text in pairs if is_value(name)},
        )

    @property
    def fields(self) -> dict[str, str]:
        """The values, with an empty one for each ``:name`` of the statement that has none yet."""
        names = [name[1:] for name in parameters(self.sql or "") if name[0] == ":"]
        return dict.fromkeys(filter(is_value, names), "") | dict(self.parameters)

    def at(self, offset: int, format: str | None = None) -> str:
        """The path, under the scenario's, of the page from this row on; ``csv`` has all rows."""
        pairs = [("sql", self.sql or "")]
        if format != "csv":
            pairs += [("limit", str(self.limit)), ("offset", str(offset))]
        pairs += [("with", name) for name in self.attach]
        pairs += list(self.parameters.items())
        return f"/-/query{f'.{format}' if format else ''}?{urlencode(pairs)}"


def _seconds(text: str | None) -> float:
    try:
        seconds = float(text) if text else SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= SECONDS:
        raise InvalidArgument(
            f"timeout is {text!r:.40}.", hint=f"It is a number of seconds, at most {SECONDS:g}."
        )
    return seconds


def check_filters(names: Iterable[str], table: str, columns: Iterable[str]) -> None:
    """Raises InvalidArgument for a filter of a table by a column that it has not.

    Args:
        names: of the page's arguments; a filter is the name of a column, perhaps with ``__`` and
            what is compared. Datasette's own begin with ``_``.
        table: the table or view.
        columns: its columns.
    """
    known = list(columns)
    folded = {column.casefold() for column in (*known, "rowid")}
    for name in names:
        column = name.rpartition("__")[0] or name
        is_filter = "__" in name or not name.startswith("_")
        if is_filter and folded.isdisjoint([name.casefold(), column.casefold()]):
            raise InvalidArgument(
                f"{table} has no column {column!r:.60} to filter by.",
                hint=meant_by(column, known).question or f"It has {', '.join(known)}.",
            )
