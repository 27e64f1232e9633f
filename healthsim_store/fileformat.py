"""The scenario file: one SQLite file that says what it is.

Housekeeping tables begin with ``_``. ``application_id`` marks the file as ours, ``user_version`` is
the format's version, and the format grows by migrations, which any `sqlite-utils` can list.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import NewerFormat, NotAScenario
from .sqlite import file_errors

APPLICATION_ID = 0x48535353  # "HSSS" in the header, bytes 68-71
FORMAT_VERSION = 1

# No vowels, no look-alikes: an id never spells a word and survives being read aloud.
_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"

_ABOUT = (
    "A scenario of synthetic healthcare data, written by healthsim-store. _entity_types and "
    "_columns describe every table; _statistics holds the SELECTs of its summary; _log says what "
    "was done to it. Tables whose names begin with _ are housekeeping."
)

_FORMAT_1 = """
CREATE TABLE _scenario (
  -- What this file is; one row
  one INTEGER PRIMARY KEY CHECK (one = 1),
  scenario_id TEXT NOT NULL, -- short id, also the beginning of generated entity ids
  description TEXT,
  created_at TEXT NOT NULL, -- UTC
  last_number INTEGER NOT NULL DEFAULT 0, -- of the generated entity ids
  about TEXT NOT NULL
) STRICT;
CREATE TABLE _tags (
  tag TEXT PRIMARY KEY NOT NULL,
  added_at TEXT NOT NULL
) STRICT;
CREATE TABLE _products (
  -- The products whose entity types are here, with their declarations as written
  product TEXT PRIMARY KEY NOT NULL,
  version TEXT NOT NULL,
  schema_sql TEXT NOT NULL,
  summary_sql TEXT NOT NULL,
  checks_sql TEXT NOT NULL,
  added_at TEXT NOT NULL
) STRICT;
CREATE TABLE _entity_types (
  -- Data dictionary: tables
  entity_type TEXT PRIMARY KEY NOT NULL,
  product TEXT NOT NULL REFERENCES _products (product),
  position INTEGER NOT NULL,
  primary_key TEXT NOT NULL,
  unique_keys TEXT NOT NULL, -- JSON: lists of column names
  aliases TEXT NOT NULL, -- JSON: other names that are understood
  label TEXT NOT NULL, -- as a heading
  card TEXT, -- the view that shows one entity to a reader, by its primary key
  description TEXT NOT NULL
) STRICT;
CREATE TABLE _columns (
  -- Data dictionary: columns
  entity_type TEXT NOT NULL REFERENCES _entity_types (entity_type),
  position INTEGER NOT NULL,
  column_name TEXT NOT NULL,
  type TEXT NOT NULL, -- the logical SQL type; SQLite stores it as TEXT, INTEGER or REAL
  required INTEGER NOT NULL,
  is_unique INTEGER NOT NULL,
  default_value TEXT, -- an SQL literal
  allowed_values TEXT NOT NULL, -- JSON list; empty when any value of the type will do
  synonyms TEXT NOT NULL, -- JSON object: spelling -> allowed value
  aliases TEXT NOT NULL, -- JSON list: other names that are understood
  references_entity_type TEXT,
  references_column TEXT,
  reference_enforced INTEGER NOT NULL, -- 0 where it leads into another product
  acyclic INTEGER NOT NULL, -- 1 where following a self reference must not come back
  unit TEXT, -- UCUM
  codes TEXT, -- code system
  sensitive INTEGER NOT NULL,
  description TEXT NOT NULL,
  PRIMARY KEY (entity_type, column_name)
) STRICT;
CREATE TABLE _statistics (
  -- The SELECTs of the summary; show says how one of their rows reads
  product TEXT NOT NULL REFERENCES _products (product),
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  section TEXT NOT NULL,
  label TEXT NOT NULL,
  show TEXT NOT NULL,
  sql TEXT NOT NULL,
  PRIMARY KEY (product, name)
) STRICT;
CREATE TABLE _rules (
  -- The SELECTs of `check`; none of them may give a row
  product TEXT NOT NULL REFERENCES _products (product),
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  label TEXT NOT NULL,
  sql TEXT NOT NULL,
  PRIMARY KEY (product, name)
) STRICT;
CREATE TABLE _log (
  -- Every operation that changed this file
  log_id INTEGER PRIMARY KEY,
  at TEXT NOT NULL, -- UTC
  operation TEXT NOT NULL, -- persist, import, tag, rename, ...
  batch_id TEXT UNIQUE, -- a retry with the same one changes nothing
  entities TEXT NOT NULL, -- JSON: entity type -> counts
  details TEXT NOT NULL -- JSON: where from, options, seed
) STRICT;
CREATE TABLE _parents (
  -- The scenarios that this one was made from
  scenario_id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  operation TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
"""

HOUSEKEEPING = (*re.findall(r"^CREATE TABLE (\w+)", _FORMAT_1, re.MULTILINE), "_sqlite_migrations")


@dataclass(frozen=True, slots=True)
class Identity:
    """A scenario file's first facts."""

    scenario_id: str
    description: str | None
    created_at: str


def now() -> str:
    """The time as the housekeeping tables write it: UTC, to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def create(connection: sqlite3.Connection, *, description: str | None) -> Identity:
    """Make an empty database a scenario file; inside the caller's transaction."""
    _migrate(connection)
    identity = Identity("".join(secrets.choice(_ALPHABET) for _ in range(6)), description, now())
    connection.execute(
        "INSERT INTO _scenario (one, scenario_id, description, created_at, about)"
        " VALUES (1, ?, ?, ?, ?)",
        (identity.scenario_id, description, identity.created_at, _ABOUT),
    )
    return identity


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the format up to date: a new file, or one from an older version."""
    from sqlite_utils import Database, Migrations  # slow to import, and seldom needed

    migrations = Migrations("healthsim_store")

    @migrations()
    def format_1(db: Any) -> None:
        # Not executescript(), which would commit the caller's transaction.
        for statement in filter(str.strip, _FORMAT_1.split(";\n")):
            db.conn.execute(statement)

    migrations.apply(Database(connection, execute_plugins=False, recursive_triggers=False))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


def upgrade(connection: sqlite3.Connection) -> None:
    """Migrate a file of an older format; inside the caller's transaction. Else does nothing."""
    if connection.execute("PRAGMA user_version").fetchone()[0] < FORMAT_VERSION:
        _migrate(connection)


def verify(connection: sqlite3.Connection, path: Path) -> None:
    """Raise NotAScenario or NewerFormat unless the open file is a scenario we understand."""
    with file_errors(path):
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID:
        raise NotAScenario(
            f"{path.name} is an SQLite file, but not a healthsim-store scenario.",
            hint="Scenarios are made by persist or import.",
        )
    if version > FORMAT_VERSION:
        raise NewerFormat(
            f"{path.name} was written by a newer healthsim-store (format {version}; "
            f"this one knows {FORMAT_VERSION}).",
            hint="Install a newer healthsim-store: pip install --upgrade healthsim-store",
        )


def read_identity(connection: sqlite3.Connection) -> Identity:
    row = connection.execute(
        "SELECT scenario_id, description, created_at FROM _scenario"
    ).fetchone()
    return Identity(*row)


def read_tags(connection: sqlite3.Connection) -> tuple[str, ...]:
    return tuple(tag for (tag,) in connection.execute("SELECT tag FROM _tags ORDER BY tag"))


def write_log(
    connection: sqlite3.Connection,
    operation: str,
    *,
    batch_id: str | None = None,
    entities: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry; inside the caller's transaction, so that it stands or falls with the deed."""
    connection.execute(
        "INSERT INTO _log (at, operation, batch_id, entities, details) VALUES (?, ?, ?, ?, ?)",
        (now(), operation, batch_id, json.dumps(entities or {}), json.dumps(details or {})),
    )


class EntityIds:
    """Generated primary keys: short, unique in the file and between scenarios, in sorted order.

    ``k3f9xz-c123`` is the scenario's id, the number of digits as a letter, and the number: sorted
    as text they come in the order in which they were made. One count serves all tables, so that an
    id is never right in the wrong table.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._prefix, self._last = connection.execute(
            "SELECT scenario_id, last_number FROM _scenario"
        ).fetchone()
        self._saved = self._last

    def __iter__(self) -> Iterator[tuple[str]]:
        return self

    def __next__(self) -> tuple[str]:
        self._last += 1
        number = str(self._last)
        return (f"{self._prefix}-{chr(96 + len(number))}{number}",)

    def save(self) -> None:
        """Remember the last number; inside the caller's transaction."""
        if self._last != self._saved:
            self._connection.execute("UPDATE _scenario SET last_number = ?", (self._last,))
            self._saved = self._last
