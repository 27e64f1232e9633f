"""The housekeeping tables of a scenario file: one list, which everything that touches them asks.

Of each: since which version of the format it is there, whether a clone has the rows of its source,
and which of its rows belong to a product.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.sql import quoted

_OF_ENTITY_TYPES = (
    "entity_type IN (SELECT entity_type FROM {schema}._entity_types WHERE product = :product)"
)


@dataclass(frozen=True, slots=True)
class Table:
    """A housekeeping table.

    ``since`` is the version of the format that brought it. ``carried``: a clone has its rows.
    ``of_product`` is the condition by which a row belongs to the product ``:product``, where a
    merge takes the rows of each product from one source; ``{schema}`` stands for the file.
    ``history``: they tell what was done, and stay where the product is described anew.
    """

    name: str
    since: int
    sql: str
    carried: bool = False
    of_product: str = ""
    history: bool = False


#: In the order in which rows may be written: those that others refer to come first.
TABLES = (
    Table(
        "_scenario",
        1,
        sql="""
CREATE TABLE _scenario (
  -- What this file is; one row
  one INTEGER PRIMARY KEY CHECK (one = 1),
  scenario_id TEXT NOT NULL, -- short id, also the beginning of generated entity ids
  description TEXT,
  created_at TEXT NOT NULL, -- UTC
  last_number INTEGER NOT NULL DEFAULT 0, -- the number in the last generated entity id
  about TEXT NOT NULL
) STRICT
""",
    ),
    Table(
        "_tags",
        1,
        carried=True,
        sql="""
CREATE TABLE _tags (
  -- The scenario's tags
  tag TEXT PRIMARY KEY NOT NULL,
  added_at TEXT NOT NULL
) STRICT
""",
    ),
    Table(
        "_products",
        1,
        carried=True,
        of_product="product = :product",
        sql="""
CREATE TABLE _products (
  -- The products whose entity types are here, with their declarations as written
  product TEXT PRIMARY KEY NOT NULL,
  version TEXT NOT NULL,
  schema_sql TEXT NOT NULL,
  summary_sql TEXT NOT NULL,
  checks_sql TEXT NOT NULL,
  added_at TEXT NOT NULL
) STRICT
""",
    ),
    Table(
        "_entity_types",
        1,
        carried=True,
        of_product="product = :product",
        sql="""
CREATE TABLE _entity_types (
  -- Data dictionary: the entity types, each of which is a table
  entity_type TEXT PRIMARY KEY NOT NULL,
  product TEXT NOT NULL REFERENCES _products (product),
  position INTEGER NOT NULL,
  primary_key TEXT NOT NULL,
  unique_keys TEXT NOT NULL, -- JSON: lists of column names
  aliases TEXT NOT NULL, -- JSON: other names that are understood
  label TEXT NOT NULL, -- as a heading
  card TEXT, -- the view that shows one entity to a reader, by its primary key
  description TEXT NOT NULL
) STRICT
""",
    ),
    Table(
        "_columns",
        1,
        carried=True,
        of_product=_OF_ENTITY_TYPES,
        sql="""
CREATE TABLE _columns (
  -- Data dictionary: the columns of the entity types
  entity_type TEXT NOT NULL REFERENCES _entity_types (entity_type),
  position INTEGER NOT NULL,
  column_name TEXT NOT NULL,
  type TEXT NOT NULL, -- the logical SQL type; SQLite stores it as TEXT, INTEGER or REAL
  required INTEGER NOT NULL,
  is_unique INTEGER NOT NULL,
  default_value TEXT, -- an SQL literal
  allowed_values TEXT NOT NULL, -- JSON list; empty when every value of the type is allowed
  synonyms TEXT NOT NULL, -- JSON object: spelling -> allowed value
  aliases TEXT NOT NULL, -- JSON list: other names that are understood
  references_entity_type TEXT,
  references_column TEXT,
  reference_enforced INTEGER NOT NULL, -- 0 where it refers to an entity type of another product
  acyclic INTEGER NOT NULL, -- 1 where references of the table to itself must not form a circle
  unit TEXT, -- UCUM
  codes TEXT, -- code system
  sensitive INTEGER NOT NULL,
  description TEXT NOT NULL,
  PRIMARY KEY (entity_type, column_name)
) STRICT
""",
    ),
    Table(
        "_statistics",
        1,
        carried=True,
        of_product="product = :product",
        sql="""
CREATE TABLE _statistics (
  -- The SELECTs of the summary; show is the template of a row's text
  product TEXT NOT NULL REFERENCES _products (product),
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  section TEXT NOT NULL,
  label TEXT NOT NULL,
  show TEXT NOT NULL,
  sql TEXT NOT NULL,
  PRIMARY KEY (product, name)
) STRICT
""",
    ),
    Table(
        "_rules",
        1,
        carried=True,
        of_product="product = :product",
        sql="""
CREATE TABLE _rules (
  -- The SELECTs of `check`; a row that one of them finds is an error
  product TEXT NOT NULL REFERENCES _products (product),
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  label TEXT NOT NULL,
  sql TEXT NOT NULL,
  PRIMARY KEY (product, name)
) STRICT
""",
    ),
    Table(
        "_log",
        1,
        sql="""
CREATE TABLE _log (
  -- Every operation that changed this file
  log_id INTEGER PRIMARY KEY,
  at TEXT NOT NULL, -- UTC
  operation TEXT NOT NULL, -- persist, import, tag, rename, ...
  batch_id TEXT UNIQUE, -- a retry with the same one changes nothing
  entities TEXT NOT NULL, -- JSON: entity type -> counts
  details TEXT NOT NULL -- JSON: where from, options, seed
) STRICT
""",
    ),
    Table(
        "_parents",
        1,
        sql="""
CREATE TABLE _parents (
  -- The scenarios that this one was made from
  scenario_id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  operation TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT
""",
    ),
    Table(
        "_ancestors",
        2,
        sql="""
CREATE TABLE _ancestors (
  -- Of a clone: the scenarios that its ids were derived from, its parent first
  generation INTEGER PRIMARY KEY,
  scenario_id TEXT NOT NULL, -- ids began with it; the next generation put its own in its place
  name TEXT NOT NULL,
  separator TEXT NOT NULL, -- what the next generation put between its scenario id and other ids
  last_number INTEGER NOT NULL -- the number in the last id that it had generated by then
) STRICT
""",
    ),
    Table(
        "_conflicts",
        2,
        sql="""
CREATE TABLE _conflicts (
  -- Of a merge: entities of a source whose id or natural key was taken already
  conflict_id INTEGER PRIMARY KEY,
  source TEXT NOT NULL, -- the scenario's name
  entity_type TEXT NOT NULL,
  source_entity_id TEXT NOT NULL, -- its id there
  matched_on TEXT NOT NULL, -- the key that was taken, such as mrn
  resolution TEXT NOT NULL, -- skip, overwrite or rename
  entity_id TEXT NOT NULL, -- the id in this file of the entity that now represents it
  lost TEXT -- JSON: the values that were not kept; NULL where there was no difference
) STRICT
""",
    ),
    Table(
        "_questions",
        3,
        carried=True,
        of_product="product = :product",
        sql="""
CREATE TABLE _questions (
  -- SELECTs that a person may want to run; the tables of some may be missing in this file
  product TEXT NOT NULL REFERENCES _products (product),
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  label TEXT NOT NULL,
  description TEXT NOT NULL,
  sql TEXT NOT NULL, -- a :name is a parameter; without a value it is the empty text
  PRIMARY KEY (product, name)
) STRICT
""",
    ),
    Table(
        "_own_questions",
        4,
        carried=True,
        sql="""
CREATE TABLE _own_questions (
  -- Questions that somebody saved in this scenario; no product has them
  name TEXT PRIMARY KEY NOT NULL,
  label TEXT NOT NULL,
  description TEXT NOT NULL,
  sql TEXT NOT NULL, -- as in _questions
  parameters TEXT NOT NULL, -- JSON list, as in _questions
  saved_at TEXT NOT NULL -- UTC
) STRICT
""",
    ),
    Table(
        "_migrations",
        4,
        carried=True,
        of_product="product = :product",
        history=True,
        sql="""
CREATE TABLE _migrations (
  -- The migrations of products that an upgrade ran in this file, or in one that it is a copy of
  product TEXT NOT NULL REFERENCES _products (product),
  name TEXT NOT NULL,
  version TEXT NOT NULL, -- of the product, to which it leads
  at TEXT NOT NULL, -- UTC
  digest TEXT NOT NULL, -- SHA-256 of its SQL: a migration does not change after it ran
  PRIMARY KEY (product, name)
) STRICT
""",
    ),
    Table(
        "_batches",
        4,
        sql="""
CREATE TABLE _batches (
  -- Which rows each batch put in, by their rowids
  entity_type TEXT NOT NULL,
  first_rowid INTEGER NOT NULL,
  last_rowid INTEGER NOT NULL, -- rows in between may have been removed since
  log_id INTEGER NOT NULL REFERENCES _log (log_id),
  PRIMARY KEY (entity_type, first_rowid)
) STRICT, WITHOUT ROWID
""",
    ),
    Table(
        "_history",
        4,
        sql="""
CREATE TABLE _history (
  -- What undo and redo need of the last operations; no copy or export of the file has it
  log_id INTEGER PRIMARY KEY, -- the operation, as in _log
  kept INTEGER NOT NULL, -- 0 where it was more than may be kept
  row_count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  columns TEXT NOT NULL, -- JSON: entity type -> the columns of its values in _history_rows
  before TEXT NOT NULL, -- JSON: what else it changed, as it was: tags, description, questions
  after TEXT NOT NULL -- JSON: the same as it left that
) STRICT
""",
    ),
    Table(
        "_history_rows",
        4,
        sql="""
CREATE TABLE _history_rows (
  -- The rows that those operations changed
  log_id INTEGER NOT NULL,
  entity_type TEXT NOT NULL,
  row INTEGER NOT NULL, -- the rowid
  before TEXT, -- JSON list of values; NULL where the row was not there
  after TEXT, -- JSON list of values; NULL where it was not there any more
  PRIMARY KEY (log_id, entity_type, row)
) STRICT, WITHOUT ROWID
""",
    ),
)

#: What a version of the format changes of tables that were there before.
CHANGES: Mapping[int, Sequence[str]] = {
    4: (
        "ALTER TABLE _products ADD COLUMN questions_sql TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE _log ADD COLUMN fingerprint TEXT",
        "CREATE INDEX _log_by_fingerprint ON _log (fingerprint)",
        "ALTER TABLE _questions ADD COLUMN parameters TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE _log ADD COLUMN call INTEGER",
        "ALTER TABLE _log ADD COLUMN undone_at TEXT",
        "ALTER TABLE _ancestors ADD COLUMN last_log INTEGER",
        "ALTER TABLE _ancestors ADD COLUMN part INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE _scenario ADD COLUMN history_rows INTEGER NOT NULL DEFAULT 200000",
        "ALTER TABLE _scenario ADD COLUMN history_bytes INTEGER NOT NULL DEFAULT 100000000",
    ),
}

#: What the columns are that a change added, by table.
ADDED: Mapping[str, Mapping[str, str]] = {
    "_products": {"questions_sql": "its questions.sql as written"},
    "_questions": {"parameters": "JSON list: what is declared of its parameters"},
    "_log": {
        "fingerprint": "what the rows of a batch are known by, so that they are not stored twice",
        "call": "of several batches that one call stored: the log_id of the first",
        "undone_at": "UTC; NULL unless it was undone, and not done again",
    },
    "_ancestors": {
        "last_log": "the last log_id that it had when the next generation was copied of it;"
        " NULL where an older version made the copy",
        "part": "1 where the next generation has only some of its entities: a clone of a part",
    },
    "_scenario": {
        "history_rows": "the most changed rows that the history keeps for undo",
        "history_bytes": "the most bytes that their values may have",
    },
}

FORMAT_VERSION = 4

#: The names of all of them, and of the table in which sqlite-utils keeps its migrations.
NAMES = (*(table.name for table in TABLES), "_sqlite_migrations")

CARRIED = tuple(table for table in TABLES if table.carried)
OF_PRODUCTS = tuple(table for table in TABLES if table.of_product)


def statements(version: int) -> list[str]:
    """What makes a file of this version of one of the version before."""
    return [
        *(table.sql.strip() for table in TABLES if table.since == version),
        *CHANGES.get(version, ()),
    ]


def insert(connection: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, given by the names of their columns, of which all have the same."""
    if rows:
        names = [*rows[0]]
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(map(quoted, names))})"
            f" VALUES ({', '.join(f':{name}' for name in names)})",
            rows,
        )


def forget_product(connection: sqlite3.Connection, product: str) -> None:
    """Delete what describes a product, but for the row of the product itself."""
    for table in reversed(OF_PRODUCTS):
        if table.name != "_products" and not table.history:
            condition = table.of_product.format(schema="main")
            connection.execute(f"DELETE FROM {table.name} WHERE {condition}", {"product": product})


def copy_rows(
    connection: sqlite3.Connection, table: Table, schema: str, *, product: str | None = None
) -> None:
    """Copy a table's rows from the file attached as ``schema``, all or those of a product.

    A file of an older format may lack the table or some of its columns; they get their defaults.
    """
    columns = [
        quoted(name)
        for (name,) in connection.execute(
            "SELECT name FROM pragma_table_info(?, ?)", (table.name, schema)
        )
    ]
    if columns:
        names = ", ".join(columns)
        where = f" WHERE {table.of_product.format(schema=schema)}" if product else ""
        connection.execute(
            f"INSERT INTO main.{table.name} ({names}) SELECT {names} FROM {schema}.{table.name}"
            f"{where} ORDER BY rowid",
            {"product": product} if product else {},
        )
