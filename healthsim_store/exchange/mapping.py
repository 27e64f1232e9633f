"""A mapping as it is written: the layouts of its sources, and the SELECTs that make entities.

It is read from one .sql file, or from those of several products that map one format.
"""

from __future__ import annotations

import contextlib
import fnmatch
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..base.sql import quoted
from ..base.sqlite import connect, located
from ..errors import DeclarationError
from ..schema.sqlfile import Statement, blanked, read_statements
from . import json_paths, part_files

MARKERS = ("file", "from", "into", "json", "many", "note", "skip")
_CONFLICT = re.compile(r"\bON\s+CONFLICT\s+(\w+)", re.IGNORECASE)
ROWS = "_rows"  # the column of a SELECT that says how many source rows a row represents
ROW = "_row"  # the column that says which one: the rowid of the source's table


@dataclass(frozen=True, slots=True)
class Layout:
    """The table of a source.

    ``columns`` are those that a mapping uses, ``required`` those that a file cannot lack. ``file``
    is a pattern for the names of its files, by default its own name. ``json`` is the path of its
    records in a JSON document. ``key`` are the columns of its primary key; rows with an equal one
    are an error, unless ``takes_first`` says that the first is taken. ``types`` are those of
    columns that are not kept as text. ``constants`` are the values that columns always have, of
    which nothing is told, ``derived`` the columns, in small letters, that an export makes anew.
    """

    columns: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()
    file: str | None = None
    json: str | None = None
    key: tuple[str, ...] = ()
    takes_first: bool = False
    types: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    derived: frozenset[str] = frozenset()

    def fits(self, stem: str) -> bool:
        """Whether the pattern fits a file, by its name without the ending."""
        return self.file is not None and fnmatch.fnmatchcase(stem.lower(), self.file.lower())


@dataclass(slots=True)
class Declared:
    """What mappings declare. ``layouts`` are by their names in lower case.

    ``skips`` count rows that are left out, ``notes`` rows of which something is not carried over.
    ``datasets``: the files are those of a standard, which are called after its datasets.
    """

    layouts: dict[str, Layout] = field(default_factory=dict)
    views: list[Statement] = field(default_factory=list)  # steps that several SELECTs share
    selects: list[Statement] = field(default_factory=list)
    skips: list[Statement] = field(default_factory=list)
    notes: list[Statement] = field(default_factory=list)
    datasets: bool = False

    def counted(self) -> Iterator[tuple[str, Statement]]:
        """The statements that count rows, each with its marker."""
        yield from (("skip", statement) for statement in self.skips)
        yield from (("note", statement) for statement in self.notes)

    def file_of(self, layout: str) -> str:
        """How a file is called that is not there, in a message."""
        return layout.upper() if self.datasets else f"{layout}.csv"

    def tables_of(self, stem: str, *, alone: bool) -> list[str]:
        """The tables that a file is loaded into.

        Args:
            stem: its name without the ending, in lower case.
            alone: no other file was given: where there is one table only, it is that one's.
        """
        found = [name for name, layout in self.layouts.items() if layout.fits(stem)]
        if found:
            return found
        for name in (stem, part_files.without_number(stem)):
            if name in self.layouts:
                return [name]
        return [*self.layouts] if alone and len(self.layouts) == 1 else []

    def expected(self) -> str:
        """The names of the files that are wanted, for a hint."""
        names = {
            layout.file or (f"{name}.json" if layout.json else f"{name}.csv")
            for name, layout in self.layouts.items()
        }
        return ", ".join(sorted(names))


def read_mappings(format: str, sql_by_product: Mapping[str, str]) -> Declared:
    """The mappings of one format.

    Args:
        format: its name, for messages.
        sql_by_product: their SQL, by product or path of a .sql file.

    Raises DeclarationError, with file and line.
    """
    declared = Declared()
    for product, sql in sql_by_product.items():
        file = product if product.endswith(".sql") else f"{product}/formats/{format}.sql"
        if file == product:
            file = Path(product).name
        for statement in read_statements(sql, file=file, markers=MARKERS):
            _declare(declared, statement)
    return declared


def _declare(declared: Declared, statement: Statement) -> None:
    markers = statement.comment.markers
    text = blanked(statement.sql).lstrip().upper()
    reads = text.startswith(("SELECT", "WITH"))
    if {"into", "from"} <= markers.keys() <= {"into", "from", "many"} and reads:
        declared.selects.append(statement)
    elif markers.keys() == {"skip"} and reads:
        declared.skips.append(statement)
    elif markers.keys() == {"note"} and reads:
        declared.notes.append(statement)
    elif text.startswith("CREATE TABLE") and markers.keys() <= {"file", "json"}:
        _declare_layout(declared, statement)
    elif markers:
        given = ", ".join(f"@{marker}" for marker in markers)
        raise DeclarationError(
            f"{statement.where}: {given} above {statement.sql.strip():.20}...",
            hint="A SELECT has @into ENTITY_TYPE and @from SOURCE, or @skip SOURCE, or @note"
            " SOURCE; a CREATE TABLE may have @file and @json.",
        )
    elif text.startswith("CREATE VIEW"):
        declared.views.append(statement)
    else:
        raise DeclarationError(
            f"{statement.where}: neither a source's CREATE TABLE, a CREATE VIEW, nor a SELECT "
            "with @into and @from, @skip or @note"
        )


def _declare_layout(declared: Declared, statement: Statement) -> None:
    # SQLite parses the layout. Each product may declare the columns that it needs itself.
    with located(statement.where), contextlib.closing(connect(":memory:")) as reader:
        table = _made(reader, statement)
        info = reader.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    markers = statement.comment.markers
    if "json" in markers:
        json_paths.steps(markers["json"], statement.where)
    known = declared.layouts.get(table.lower(), Layout())
    names = dict.fromkeys([*known.columns, *(row[1] for row in info)])
    declared.layouts[table.lower()] = replace(
        known,
        columns=tuple(names),
        required=known.required | _required(info),
        file=markers.get("file", known.file),
        json=markers.get("json", known.json),
        key=known.key or _key(info),
        takes_first=known.takes_first or _takes_first(statement),
    )


def _key(info: Iterable[tuple[Any, ...]]) -> tuple[str, ...]:
    ordered = sorted((row[5], row[1]) for row in info if row[5])
    return tuple(name for _, name in ordered)


def _takes_first(statement: Statement) -> bool:
    """Whether the key says so; raises DeclarationError where it says something else."""
    found = _CONFLICT.search(blanked(statement.sql))
    if found is None:
        return False
    if found[1].upper() != "IGNORE":
        raise DeclarationError(
            f"{statement.where}: ON CONFLICT {found[1]}",
            hint="PRIMARY KEY ON CONFLICT IGNORE takes the first row of those with an equal key.",
        )
    return True


def _made(reader: sqlite3.Connection, statement: Statement) -> str:
    """Make the table; its name. A SELECT in it would run before anybody could end it.

    Raises DeclarationError for one.
    """
    refused = False

    def authorize(action: int, *of: object) -> int:
        nonlocal refused
        refused = refused or action == sqlite3.SQLITE_SELECT
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

    reader.set_authorizer(authorize)
    try:
        reader.execute(statement.sql)
    except sqlite3.DatabaseError:
        if not refused:
            raise
    reader.set_authorizer(None)
    found: list[tuple[str]] = reader.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    ).fetchall()
    if len(found) == 1:
        return found[0][0]
    raise DeclarationError(
        f"{statement.where}: a source's CREATE TABLE has its columns in brackets",
        hint="A step between is CREATE VIEW ... AS SELECT.",
    )


def _required(info: Iterable[tuple[object, ...]]) -> frozenset[str]:
    return frozenset(str(row[1]) for row in info if row[3])
