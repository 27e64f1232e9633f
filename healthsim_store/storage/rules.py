"""Rules of a file that may take without end, where rows are written.

Rows are written in this process, without a limit of time; see `schema.bounds`. A file from somebody
else may have any rule, so it is looked at before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from ..base.sql import quoted
from ..base.wording import call
from ..errors import CorruptScenario
from ..schema.bounds import unbounded
from .housekeeping import NAMES


def find_unbounded(
    connection: sqlite3.Connection,
    *,
    schema: str = "main",
    tables: Collection[str] | None = None,
) -> Iterator[tuple[str, str]]:
    """The tables and indexes whose rules have no bound: the name of each, and what it is.

    Args:
        connection: the file.
        schema: under which it is attached.
        tables: those that are written to; what refers to others may be written to with them. By
            default all.
    """
    rows = connection.execute(
        f"SELECT name, tbl_name, sql FROM {quoted(schema)}.sqlite_master"
        " WHERE type IN ('table', 'index') AND sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    wanted = {str(table).lower() for _, table, sql in rows}
    if tables is not None:
        names = {name.lower() for name in tables}
        refer = {str(table).lower() for _, table, sql in rows if "references" in str(sql).lower()}
        wanted &= names | refer
    for name, table, sql in rows:
        what = unbounded(str(sql)) if str(table).lower() in wanted else ""
        if what:
            yield str(name), what


def written_tables(connection: sqlite3.Connection) -> list[str]:
    """The tables to which rows of a batch go, and what tells of them."""
    types = connection.execute("SELECT entity_type FROM _entity_types")
    return [*NAMES, *(str(name) for (name,) in types)]


def refuse_unbounded(
    connection: sqlite3.Connection,
    path: Path,
    *,
    schema: str = "main",
    tables: Collection[str] | None = None,
) -> None:
    """Raises CorruptScenario where a rule has no bound.

    Args:
        connection: the file, or one to which it is attached.
        path: the scenario's file, by which a hint calls it.
        schema: as for `find_unbounded`.
        tables: as for `find_unbounded`.
    """
    for name, what in find_unbounded(connection, schema=schema, tables=tables):
        shows = call("query_scenario", path, "SELECT name, sql FROM sqlite_master")
        raise CorruptScenario(
            f"Nothing was written: {told(path.stem, name, what)}",
            hint=f"{shows} shows it. Any SQLite tool can make the table or the index without it.",
        )


def told(scenario: str, name: str, what: str) -> str:
    """A sentence for a person."""
    return f"{scenario} has a rule that may take without end, {what} in {name!r:.60}."
