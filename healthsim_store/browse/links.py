"""Paths of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from datasette.utils import tilde_encode

from .arguments import is_value


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


def page(name: str) -> str:
    """A page of a plugin."""
    return f"/-/pages/{tilde_encode(name)}"


def query(name: str, sql: str, values: Mapping[str, str] | None = None) -> str:
    """The query page, with a statement to begin with and values of its ``:names``."""
    given = {key: text for key, text in (values or {}).items() if is_value(key)}
    return f"{scenario(name)}/-/query?{urlencode({'sql': sql, **given})}"


def index(tag: str | None = None, search: str | None = None) -> str:
    arguments = {name: text for name, text in (("tag", tag), ("q", search)) if text}
    return f"/?{urlencode(arguments)}" if arguments else "/"
