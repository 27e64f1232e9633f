"""Paths of pages, and what the arguments of one mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.utils import tilde_decode, tilde_encode

from ..base.sql import parameters
from ..errors import InvalidArgument
from ..query.pages import MAX_ROWS

PAGE_ROWS = 100
SECONDS = 5.0

_OWN = ("sql", "limit", "offset", "timeout", "with")


def static(name: str) -> str:
    return f"/-/static-plugins/healthsim-store/{name}"


def scenario(name: str) -> str:
    return f"/{tilde_encode(name)}"


def table(name: str, table: str) -> str:
    return f"{scenario(name)}/{tilde_encode(table)}"


def row(name: str, table: str, key: str) -> str:
    return f"{scenario(name)}/{tilde_encode(table)}/{tilde_encode(key)}"


def rows(name: str, table_name: str, column: str, value: str, *, sort: str) -> str:
    """The rows of a table with a value in a column."""
    filtered = urlencode({f"{column}__exact": value, "_sort": sort})
    return f"{table(name, table_name)}?{filtered}"


def query(name: str, sql: str, values: Mapping[str, str] | None = None) -> str:
    """The query page, with a statement to begin with and values of its ``:names``."""
    given = {key: text for key, text in (values or {}).items() if _is_value(key)}
    return f"{scenario(name)}/-/query?{urlencode({'sql': sql, **given})}"


def table_of(request: Any) -> str:
    """The table, or the question, that a URL of Datasette's names."""
    return str(tilde_decode(request.url_vars.get("table", "")))


def index(tag: str | None = None, search: str | None = None) -> str:
    arguments = {name: text for name, text in (("tag", tag), ("q", search)) if text}
    return f"/?{urlencode(arguments)}" if arguments else "/"


def arguments(request: Any) -> dict[str, str]:
    """The URL's arguments; of one that comes twice the first. An empty one is none."""
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
class Question:
    """A statement and which page of its rows; further arguments are values for its ``:names``."""

    sql: str | None
    limit: int = PAGE_ROWS
    offset: int = 0
    timeout: float = SECONDS
    attach: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Any) -> Question:
        pairs = parse_qsl(request.query_string, keep_blank_values=True)
        wanted = {name: text for name, text in reversed(pairs) if text or name == "sql"}
        return cls(
            sql=wanted.get("sql"),
            limit=number(wanted, "limit", PAGE_ROWS, least=1, most=MAX_ROWS),
            offset=number(wanted, "offset", 0, least=0, most=2**63 - 1),
            timeout=_seconds(wanted.get("timeout")),
            attach=tuple(text for name, text in pairs if name == "with" and text),
            parameters={name: text for name, text in pairs if _is_value(name)},
        )

    @property
    def fields(self) -> dict[str, str]:
        """The values, with an empty one for each ``:name`` of the statement that has none yet."""
        names = [name[1:] for name in parameters(self.sql or "") if name[0] == ":"]
        return dict.fromkeys(filter(_is_value, names), "") | dict(self.parameters)

    def at(self, offset: int, *, json: bool = False) -> str:
        """The path, under the scenario's, of the page from this row on."""
        pairs = [("sql", self.sql or ""), ("limit", str(self.limit)), ("offset", str(offset))]
        pairs += [("with", name) for name in self.attach]
        pairs += list(self.parameters.items())
        return f"/-/query{'.json' if json else ''}?{urlencode(pairs)}"


def _is_value(argument: str) -> bool:
    return argument not in _OWN and not argument.startswith("_")


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
