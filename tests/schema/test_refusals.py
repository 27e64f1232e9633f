"""What authors write and what becomes of it: it works, or it is refused with file and line."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import PLUGIN, QUESTIONS, SCHEMA, install

from healthsim_store import Exporter, Product, Store
from healthsim_store.errors import DeclarationError, InvalidArgument
from healthsim_store.exchange.staging import try_out_mapping
from healthsim_store.plugins import installed
from healthsim_store.schema import dry_run
from healthsim_store.schema.dry_run import DryRun
from healthsim_store.schema.parser import read_declaration
from healthsim_store.schema.refusals import MAX_COLUMNS, REFUSALS, RESERVED

TABLE = "-- T\nCREATE TABLE t (\n  t_id VARCHAR PRIMARY KEY,\n  {}\n);\n"


def load(version: str = "1.0", name: str = "toy", **files: str) -> None:
    """What is done with a product before it is used. ``format`` is a mapping."""
    mapping = files.pop("format", None)
    product = Product(name=name, version=version, **{"schema": SCHEMA} | files)
    DryRun().try_out(product.declaration)
    if mapping is not None:
        try_out_mapping(product.declaration, "herd", mapping)


# -- schema.sql, where the line of a column is 4 -------------------------------------------------

#: By a name for it: the column or columns, the key of REFUSALS or a text that is told, its line.
COLUMNS: dict[str, tuple[str, str, int]] = {
    "rowid": ("rowid INTEGER", "rowid", 4),
    "oid": ("oid VARCHAR", "rowid", 4),
    "_rowid_": ("_rowid_ VARCHAR", "rowid", 4),
    "ROWID": ('"RowId" VARCHAR', "rowid", 4),
    "underscore": ("_hidden VARCHAR", "name", 4),
    "capitals": ("birthDate DATE", "name", 4),
    "space": ('"birth date" DATE', "name", 4),
    "other letters": ("größe REAL", "name", 4),
    "digit": ('"2nd" REAL', "name", 4),
    "64 letters": (f"{'a' * 64} REAL", "name", 4),
    "empty name": ('"" REAL', "name", 4),
    "keyword": ('"order" INTEGER', "reserved", 4),
    "keyword without quotes": ("group VARCHAR", "reserved", 4),
    "twice": ("a INTEGER,\n  a REAL", "a second column named a", 5),
    "extra": ("extra JSON", "the column extra is the engine's own", 2),
    "current_timestamp": ("at TIMESTAMP DEFAULT CURRENT_TIMESTAMP", "default", 4),
    "expression": ("a VARCHAR DEFAULT (lower('A'))", "default", 4),
    "sum": ("a INTEGER DEFAULT (1 + 1)", "default", 4),
    "date('now')": ("a DATE DEFAULT (date('now'))", "default", 4),
    "default of another type": ("a INTEGER DEFAULT 'many'", "default_value", 4),
    "default that is not in the list": (
        "a VARCHAR DEFAULT 'fish' CHECK (a IN ('cat'))", "default_value", 4,
    ),
    "default with too many decimals": ("a DECIMAL(6,2) DEFAULT 0.125", "default_value", 4),
    "default against a check": ("a INTEGER DEFAULT 0 CHECK (a > 0)", "default_value", 4),
    "empty default of a required text": ("a VARCHAR NOT NULL DEFAULT ''", "default_value", 4),
    "default of a unique one": ("a INTEGER UNIQUE DEFAULT 1", "default_key", 4),
    "values of another type": ("a INTEGER CHECK (a IN ('few', 'many'))", "values", 4),
    "dates as numbers": ("a DATE CHECK (a IN ('31.01.2024'))", "values", 4),
    "too long a value": ("a VARCHAR(2) CHECK (a IN ('cat'))", "values", 4),
    "blob": ("a BLOB", "unknown type BLOB", 4),
    "uuid": ("a UUID", "unknown type UUID", 4),
    "decimal": ("a DECIMAL", "unknown type DECIMAL", 4),
    "long decimal": ("a NUMERIC(20,2)", "unknown type NUMERIC(20,2)", 4),
    "no type": ("a", "type", 4),
    "autoincrement": ("a INTEGER PRIMARY KEY AUTOINCREMENT", "autoincrement", 4),
    "two keys": ("a VARCHAR PRIMARY KEY", "key", 2),
    "generated": ("a INTEGER,\n  b INTEGER GENERATED ALWAYS AS (a + 1) STORED", "generated", 5),
    "generated, short": ("a INTEGER,\n  b INTEGER AS (a)", "generated", 5),
    "collate": ("a VARCHAR COLLATE NOCASE", "collate", 4),
    "unique with collate": ("a VARCHAR, UNIQUE (a COLLATE NOCASE)", "collate", 4),
    "on conflict": ("a VARCHAR UNIQUE ON CONFLICT REPLACE", "on_conflict", 4),
    "not null on conflict": ("a VARCHAR NOT NULL ON CONFLICT IGNORE", "on_conflict", 4),
    "on delete": ("a VARCHAR REFERENCES t (t_id) ON DELETE CASCADE", "action", 4),
    "on update": ("a VARCHAR REFERENCES t (t_id) ON UPDATE SET NULL", "action", 4),
    "deferrable": ("a VARCHAR REFERENCES t (t_id) DEFERRABLE INITIALLY DEFERRED", "action", 4),
    "match": ("a VARCHAR REFERENCES t (t_id) MATCH FULL", "action", 4),
    "parent alone": ("a VARCHAR REFERENCES t", "write REFERENCES parent(parent_id)", 4),
    "another product": ("a VARCHAR REFERENCES patients (patient_id)", "parent", 4),
    "no key": ("a VARCHAR REFERENCES t (a)", "parent_key", 4),
    "reference by a number": ("a INTEGER REFERENCES t (t_id)", "parent_key", 4),
    "foreign key": ("a VARCHAR,\n  FOREIGN KEY (a) REFERENCES t (t_id)", "foreign_key", 5),
    "check with a query": ("a INTEGER CHECK (a < (SELECT count(*) FROM t))", "check", 4),
    "check with exists": ("a INTEGER CHECK (EXISTS (SELECT 1 FROM t))", "check", 4),
    "check with today": ("a DATE CHECK (a <= date('now'))", "clock", 4),
    "check with current_date": ("a DATE CHECK (a <= CURRENT_DATE)", "clock", 4),
    "check with chance": ("a INTEGER CHECK (a > random())", "clock", 4),
    "check of a row with today": ("a DATE,\n  CHECK (a <= date('now', '+1 day'))", "clock", 5),
    "check with no column": ("a INTEGER CHECK (b > 0)", "no such column: b", 2),
    "check with no function": ("a INTEGER CHECK (f(a))", "no such function: F", 2),
    "unique of no column": ("a INTEGER, UNIQUE (a, b)", "UNIQUE names no column: b", 4),
    "unique of one twice": ("a INTEGER, UNIQUE (a, a)", "UNIQUE names a column twice", 4),
    "no comma": ("a INTEGER\n  b INTEGER", "not understood", 5),
    "exclude": ("a INTEGER, EXCLUDE (a)", "not understood: EXCLUDE", 4),
    # -- markers
    "misspelt marker": ("a REAL -- Weight @unti kg", "Did you mean @unit?", 4),
    "marker of a table": ("a REAL -- Weight @label W", "unknown marker @label", 4),
    "second marker": ("a REAL -- Weight @unit kg @unit lb", "a second @unit", 4),
    "marker without value": ("a REAL -- Weight @unit", "@unit has no value", 4),
    "words behind a flag": ("a REAL -- @sensitive Weight", "@sensitive Weight", 4),
    "comma in aliases": ("a REAL -- Weight @alias b, c", "@alias b,", 4),
    "capital alias": ("a REAL -- Weight @alias bodyWeight", "@alias bodyWeight", 4),
    "alias of another": ("a REAL, -- A @alias x\n  b REAL -- B @alias x", "already means a", 5),
    "synonym of no value": ("a VARCHAR CHECK (a IN ('x')) -- A @synonym b=y", "y is not an", 4),
    "synonym without =": ("a VARCHAR CHECK (a IN ('x')) -- A @synonym b", "@synonym b", 4),
    "synonym of two": (
        "a VARCHAR CHECK (a IN ('x', 'y')) -- A @synonym b=x, B=y", "B already means x", 4,
    ),
    "synonym that is a value": (
        "a VARCHAR CHECK (a IN ('x', 'y')) -- A @synonym X=y", "X already means x", 4,
    ),
    "acyclic": ("a VARCHAR -- A @acyclic", "it is @acyclic, but does not reference t", 4),
    "references": ("a VARCHAR -- A @references patients", "@references patients", 4),
    "lost marker": ("a REAL\n  -- @unit kg", "one belongs to no column: @unit in line 5", 2),
}  # fmt: skip


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_is_refused(kind: str) -> None:
    column, said, line = COLUMNS[kind]
    refused(TABLE.format(column), said, line)


def refused(schema: str, said: str, line: int, **files: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        load(schema=schema, **files)
    found = re.search(r"^toy/([\w/.]+), line (\d+)", caught.value.message)
    assert found, caught.value.message
    assert int(found[2]) == line, caught.value.message
    if said in REFUSALS:
        assert caught.value.message.endswith(f": {REFUSALS[said].why}"), caught.value.message
        assert REFUSALS[said].instead in str(caught.value.hint)
    else:
        assert said in str(caught.value)


A = "CREATE TABLE a (\n  a_id VARCHAR PRIMARY KEY\n);\n"
#: By a name for it: schema.sql, the key of REFUSALS or a text that is told, its line.
SCHEMAS: dict[str, tuple[str, str, int]] = {
    "no key": ("CREATE TABLE a (x VARCHAR);", "key", 1),
    "number as key": ("CREATE TABLE a (x INTEGER PRIMARY KEY);", "key", 1),
    "composite key": ("CREATE TABLE a (x VARCHAR, y DATE, PRIMARY KEY (x, y));", "key", 1),
    "key of no column": ("CREATE TABLE a (x VARCHAR, PRIMARY KEY (y));", "key", 1),
    "default of a key": ("CREATE TABLE a (x VARCHAR PRIMARY KEY DEFAULT 'x');", "default_key", 1),
    "without rowid": ("CREATE TABLE a (\n  x VARCHAR PRIMARY KEY\n) WITHOUT ROWID;", "options", 3),
    "strict": ("CREATE TABLE a (x VARCHAR PRIMARY KEY) STRICT;", "options", 1),
    "temp": ("CREATE TEMP TABLE a (x VARCHAR PRIMARY KEY);", "temporary", 1),
    "temporary view": (f"{A}CREATE TEMPORARY VIEW v AS SELECT 1 AS n;", "temporary", 4),
    "virtual": ("CREATE VIRTUAL TABLE a USING fts5(x);", "temporary", 1),
    "if not exists": (
        "CREATE TABLE IF NOT EXISTS a (x VARCHAR PRIMARY KEY);", "if_not_exists", 1,
    ),
    "view if not exists": (f"{A}CREATE VIEW IF NOT EXISTS v AS SELECT 1;", "if_not_exists", 4),
    "qualified": ("CREATE TABLE main.a (x VARCHAR PRIMARY KEY);", "qualified", 1),
    "qualified in quotes": ('CREATE TABLE "main"."a" (x VARCHAR PRIMARY KEY);', "qualified", 1),
    "as select": ("CREATE TABLE a AS SELECT 1 AS n;", "as_select", 1),
    "unique index": (f"{A}CREATE UNIQUE INDEX i ON a (a_id);", "unique_index", 4),
    "partial unique index": (
        f"{A}CREATE UNIQUE INDEX i ON a (a_id) WHERE a_id > 'a';", "unique_index", 4,
    ),
    "index of today": (f"{A}CREATE INDEX i ON a (a_id) WHERE a_id < date('now');", "clock", 4),
    "index of another product": (f"{A}CREATE INDEX i ON patients (mrn);", "no such table", 4),
    "index of no column": (f"{A}CREATE INDEX i ON a (b);", "no such column: b", 4),
    "index of a reference": (
        "CREATE TABLE a (a_id VARCHAR PRIMARY KEY, b_id VARCHAR REFERENCES a (a_id));\n"
        "CREATE INDEX a_b_id ON a (b_id);", "twice", 2,
    ),
    "trigger": (
        f"{A}CREATE TRIGGER g AFTER INSERT ON a BEGIN DELETE FROM a; END;", "statement", 4,
    ),
    "insert": (f"{A}INSERT INTO a VALUES ('1');", "statement", 4),
    "pragma": (f"{A}PRAGMA foreign_keys = OFF;", "statement", 4),
    "attach": (f"{A}ATTACH 'x.db' AS x;", "statement", 4),
    "alter": (f"{A}ALTER TABLE a ADD COLUMN b VARCHAR;", "statement", 4),
    "select": (f"{A}SELECT 1;", "statement", 4),
    "two tables of one name": (A + A, "twice", 4),
    "a view of a table's name": (f"{A}CREATE VIEW a AS SELECT 1 AS n;", "twice", 4),
    "two views of one name": (A + "CREATE VIEW v AS SELECT 1 AS n;\n" * 2, "twice", 5),
    "circle": (
        "CREATE TABLE a (a_id VARCHAR PRIMARY KEY, b_id VARCHAR REFERENCES b (b_id));\n"
        "CREATE TABLE b (b_id VARCHAR PRIMARY KEY, a_id VARCHAR REFERENCES a (a_id));",
        "circle", 1,
    ),
    "sqlite_": ("CREATE TABLE sqlite_things (x VARCHAR PRIMARY KEY);", "sqlite", 1),
    "housekeeping": ("CREATE TABLE _log (x VARCHAR PRIMARY KEY);", "name", 1),
    "housekeeping view": (f"{A}CREATE VIEW _log AS SELECT 1 AS n;", "name", 4),
    "keyword table": ('CREATE TABLE "order" (x VARCHAR PRIMARY KEY);', "reserved", 1),
    "capital table": ("CREATE TABLE Pets (x VARCHAR PRIMARY KEY);", "name", 1),
    "capital index": (f"{A}CREATE INDEX I ON a (a_id);", "name", 4),
    "many columns": (
        "CREATE TABLE a (x VARCHAR PRIMARY KEY, "
        f"{', '.join(f'c{n} INTEGER' for n in range(MAX_COLUMNS))});", "columns", 1,
    ),
    "alias of two": (
        "-- A @alias c\nCREATE TABLE a (x VARCHAR PRIMARY KEY);\n"
        "-- B @alias c\nCREATE TABLE b (x VARCHAR PRIMARY KEY);", "@alias c of b already means a",
        4,
    ),
    "marker of a column": ("-- A @unit kg\n" + A, "unknown marker @unit", 2),
    "card of a table": ("-- A @card a\n" + A, "@card does not belong here", 2),
    "misspelt marker": ("-- A @alais b\n" + A, "Did you mean @alias?", 2),
    "lost marker": ("-- A @alias b\n\n" + A, "@alias belongs to nothing: an empty line", 1),
    "marker behind": (A.replace(");", "); -- A @alias b"), "@alias belongs to nothing", 3),
    "marker at the end": (A + "-- A @alias b", "@alias belongs to nothing: no statement", 4),
    "marker inside of a view": (
        f"{A}CREATE VIEW v AS\n-- @card a\nSELECT a_id FROM a;", "@card belongs to nothing", 5,
    ),
    "card of nothing": (f"{A}-- @card b\nCREATE VIEW v AS SELECT 1 AS n;", "@card b needs", 5),
    "two cards": (
        A + "-- @card a\nCREATE VIEW v AS SELECT a_id, 1 AS n FROM a;\n"
        "-- @card a\nCREATE VIEW w AS SELECT a_id, 1 AS n FROM a;", "a second @card a", 7,
    ),
    "card of one column": (f"{A}-- @card a\nCREATE VIEW v AS SELECT a_id FROM a;", "the card's", 5),
    "card of no column": (f"{A}-- @card a\nCREATE VIEW v AS SELECT b, 1 FROM a;", "column: b", 5),
    "view with json": (
        "CREATE TABLE a (x VARCHAR PRIMARY KEY, j JSON);\n"
        "CREATE VIEW v AS SELECT json_extract(j, '$.a') AS n FROM a;", "json_extract", 2,
    ),
    "view with a function of ours": (f"{A}CREATE VIEW v AS SELECT stable_id(1);", "stable_id", 4),
    "open quote": (f"{A}-- B\nCREATE VIEW v AS\nSELECT 'x FROM a;\n", "the ' in line 6 is not", 5),
    "open comment": (f"{A}\n/* a comment\n{A}", "the /* in line 5 is not closed", 5),
    "open name": (f'{A}CREATE VIEW v AS SELECT "x FROM a;', 'the " in line 4 is not closed', 4),
    "open bracket": ("\nCREATE TABLE a (x VARCHAR PRIMARY KEY;", "not understood", 2),
    "no semicolon": (f"{A}CREATE VIEW v AS SELECT 1", "end the statement with a semicolon", 4),
    "nul": (f"{A}\n-- \0\n", "there is a NUL", 5),
}  # fmt: skip


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_refused(kind: str) -> None:
    refused(*SCHEMAS[kind])


def test_every_refusal_is_shown_by_a_kind() -> None:
    shown = {said for _, said, _ in [*COLUMNS.values(), *SCHEMAS.values()]}
    assert REFUSALS.keys() <= shown


# -- the other files -------------------------------------------------------------------------------

STATISTIC = "-- Kinds\n-- @name {} @section S @show {{n}}\nSELECT {};"
PEOPLE = "CREATE TABLE people (id TEXT);\n"
INTO = f"{PEOPLE}-- @into owners @from people\nSELECT {{}} FROM people;\n"
OWNER = "id AS owner_id, 'T' AS tax_number, 'N' AS full_name, '2000-01-01' AS born"
#: By a name for it: which file, its text, what is told, the line.
FILES: dict[str, tuple[str, str, str, int]] = {
    "statistic of no column": (
        "summary", STATISTIC.format("a", "fullname AS n FROM owners"), "such column: fullname", 3,
    ),
    "statistic of another name": (
        "summary", STATISTIC.format("a b", "1 AS n"), "statistic name 'a b'", 3,
    ),
    "show of no column": ("summary", STATISTIC.format("a", "1 AS m"), "has {n}, which", 3),
    "two statistics": ("summary", STATISTIC.format("a", "1 AS n") + "\n"
                       + STATISTIC.format("a", "2 AS n"), "a second statistic named a", 6),
    "chart of one column": (
        "summary", "-- A\n-- @name a @section S @chart\nSELECT 1 AS n;", "a @chart of one", 3,
    ),
    "statistic that writes": ("summary", STATISTIC.format("a", "1 AS n").replace(
        "SELECT 1 AS n", "DELETE FROM owners RETURNING 1 AS n"), "not authorized", 3),
    "check of no column": (
        "checks", "-- A @name a\nSELECT fullname FROM owners;", "no such column: fullname", 2,
    ),
    "check of no table": ("checks", "-- A @name a\nSELECT 1 FROM owner;", "no such table", 2),
    "check without a name": ("checks", "-- A\nSELECT 1;", "a check needs a label", 2),
    "check with another marker": ("checks", "-- A @names a\nSELECT 1;", "Did you mean @name?", 2),
    "question of no column": (
        "questions", "-- A @name a\n\nSELECT 1 FROM owners;", "@name belongs to nothing", 1,
    ),
    "question of a quoted text": (
        "questions", '-- A @name a\nSELECT full_name FROM owners WHERE gender = "F";',
        "no such column: F", 2,
    ),
    "mapping into nothing": ("format", INTO.format("1").replace("owners", "ownrs"), "@into ownrs",
                             3),
    "mapping from nothing": ("format", INTO.format(OWNER).replace("@from people", "@from persons"),
                             "@from persons", 3),
    "mapping of no column": ("format", INTO.format("idd AS owner_id"), "no such column: idd", 3),
    "mapping of a quoted text": ("format", INTO.format('"idd" AS owner_id'), "column: idd", 3),
    "mapping of no field": ("format", INTO.format(f"{OWNER}, 1 AS naem"), "naem is not a field", 3),
    "mapping of one field twice": ("format", INTO.format(f"{OWNER}, 'N' AS name"), "name means", 3),
    "mapping without a field": ("format", INTO.format("id AS owner_id"), "is required", 3),
    "mapping that writes": ("format", f"{PEOPLE}-- @into owners @from people\nDELETE FROM people;",
                            "@into, @from above DELETE", 3),
    "into alone": ("format", f"{PEOPLE}-- @into owners\nSELECT 1;", "@into above SELECT", 3),
    "neither": ("format", f"{PEOPLE}SELECT 1;", "neither a source's CREATE TABLE", 2),
    "view of no table": ("format", "CREATE VIEW v AS SELECT 1;\n-- @into owners @from v\n"
                         f"SELECT {OWNER} FROM v;", "@from v, of which no CREATE TABLE", 3),
    "skip without a row": (
        "format", f"{PEOPLE}-- R @skip people\nSELECT 1 FROM people;", "needs one row", 3,
    ),
    "skip of a sum": (
        "format", f"{PEOPLE}-- R @skip people\nSELECT sum(id) FROM people;", "needs one row", 3,
    ),
    "skip of two": ("format", f"{PEOPLE}-- R @skip people\nSELECT 1, 2;", "needs one row", 3),
    "skip without a reason": (
        "format", f"{PEOPLE}-- @skip people\nSELECT count(*) FROM people;", "without a reason", 3,
    ),
    "skip of nothing": (
        "format", f"{PEOPLE}-- R @skip peoples\nSELECT 0;", "Did you mean people?", 3,
    ),
    "layout": ("format", "CREATE TABLE people (id TEXT,);", "syntax error", 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_another_file_is_refused(kind: str) -> None:
    file, text, said, line = FILES[kind]
    refused(SCHEMA, said, line, **{file: text})


@pytest.mark.parametrize("file", ["summary", "checks", "questions", "format", "view"])
def test_what_does_not_end_is_refused(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.setattr(dry_run, "SECONDS", 0.1)
    endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r"
    texts = {
        "summary": f"-- A\n-- @name a @section S @show {{n}}\n{endless};",
        "checks": f"\n-- A @name a\n{endless};",
        "questions": f"\n-- A @name a\n{endless};",
        "format": f"{PEOPLE}-- R @skip people\nSELECT count(*) FROM ({endless});",
        "view": f"{PEOPLE}\nCREATE VIEW endless AS {endless};",
    }
    if file == "view":
        card = f"-- V\n\nCREATE VIEW v AS {endless};\n"
        refused(card + A, "it does not end", 3)
    else:
        refused(SCHEMA, "it does not end", 3, **{file: texts[file]})


# -- what works ------------------------------------------------------------------------------------

#: By a name for it: schema.sql, rows, and a SELECT with its answer.
WORKS: dict[str, tuple[str, dict[str, object], str, object]] = {
    "literal defaults": (
        TABLE.format("a INTEGER DEFAULT -1, b BOOLEAN DEFAULT TRUE, c VARCHAR DEFAULT ('x'),"
                     " d DATE DEFAULT '2024-01-31', e VARCHAR DEFAULT NULL, f VARCHAR DEFAULT 5,"
                     " g TIMESTAMP DEFAULT '2024-01-31 10:00', h REAL DEFAULT 1"),
        {"t_id": "1"}, "SELECT a, b, c, d, e, f, g, h FROM t",
        [-1, 1, "x", "2024-01-31", None, "5", "2024-01-31T10:00:00", 1.0],
    ),
    "names of constraints": (
        TABLE.format("a INTEGER CONSTRAINT n NOT NULL, CONSTRAINT c CHECK (a > 0),"
                     " CONSTRAINT u UNIQUE (a)"),
        {"t_id": "1", "a": 5}, "SELECT a FROM t", [5],
    ),
    "named primary key": (
        "CREATE TABLE t (t_id VARCHAR, a INTEGER, CONSTRAINT p PRIMARY KEY (t_id));",
        {"a": 5}, "SELECT a FROM t", [5],
    ),
    "numbers as values": (
        TABLE.format("a DECIMAL(4,2) CHECK (a IN (1.50, 2)), b REAL CHECK (b IN (1, 2)),"
                     " c INTEGER CHECK (c IN ('1', '2')), d VARCHAR CHECK (d IN (1, 2))"),
        {"a": "1.5", "b": "2", "c": "1", "d": "2"}, "SELECT a, b, c, d FROM t", [1.5, 2.0, 1, "2"],
    ),
    "values that differ by case": (
        TABLE.format("a VARCHAR CHECK (a IN ('m', 'M')), b DATE"),
        {"a": "m", "b": "20240131"}, "SELECT a, b FROM t", ["m", "2024-01-31"],
    ),
    "a comment above its column": (
        TABLE.format("a REAL,\n  -- How tall @unit cm @alias tall\n  b REAL"),
        {"tall": 5}, "SELECT b FROM t", [5.0],
    ),
    "a comment above its column and one behind it": (
        TABLE.format("a REAL,\n  -- How tall @unit cm @alias tall\n  b REAL -- In shoes"),
        {"tall": 5}, "SELECT description, unit FROM _columns WHERE column_name = 'b'",
        ["How tall In shoes", "cm"],
    ),
    "byte order mark and CRLF": (
        "\ufeff" + TABLE.format("a REAL").replace("\n", "\r\n"), {"a": 5}, "SELECT a FROM t", [5.0],
    ),
    "two statements in a line": (
        TABLE.format("a REAL").replace("\n", " ").replace("-- T", "")
        + "CREATE VIEW v AS SELECT a FROM t; CREATE INDEX t_a ON t (a);",
        {"a": 5}, "SELECT a FROM v", [5.0],
    ),
    "names of functions and types": (
        TABLE.format("date DATE, text VARCHAR, count INTEGER, key VARCHAR, rank INTEGER,"
                     " type VARCHAR, value VARCHAR, end_date DATE"),
        {"date": "2024-01-31", "key": "k", "rank": 1, "type": "t", "value": "v"},
        "SELECT date, key, rank, type, value FROM t", ["2024-01-31", "k", 1, "t", "v"],
    ),
    "semicolons and quotes in texts": (
        TABLE.format("a VARCHAR CHECK (a IN (';', 'it''s', '--', '/*'))"),
        {"a": "it's"}, "SELECT a FROM t WHERE a <> ';'", ["it's"],
    ),
    "collate in a check": (
        TABLE.format("a VARCHAR CHECK (a COLLATE NOCASE <> 'none')"), {"a": "x"},
        "SELECT a FROM t", ["x"],
    ),
    "a circle that is not enforced": (
        "CREATE TABLE t (t_id VARCHAR PRIMARY KEY, a VARCHAR REFERENCES b (b_id));\n"
        "CREATE TABLE b (b_id VARCHAR PRIMARY KEY, t_id VARCHAR -- T @references t(t_id)\n);",
        {"t_id": "1"}, "SELECT t_id FROM t", ["1"],
    ),
    "an index of an expression": (
        TABLE.format("a VARCHAR") + "CREATE INDEX t_a ON t (lower(a)) WHERE a <> '';",
        {"a": "X"}, "SELECT a FROM t WHERE lower(a) = 'x'", ["X"],
    ),
    "a table named as its column": (
        "CREATE TABLE t (t VARCHAR PRIMARY KEY, extra_2 JSON);", {"t": "1", "extra_2": {}},
        "SELECT t FROM t", ["1"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WORKS)
def test_it_works(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_of: Callable[..., None]
) -> None:
    schema, row, sql, answer = WORKS[kind]
    load(schema=schema)
    toy_of("1.0", schema, summary_sql="", questions_sql="")
    with Store(tmp_path / "store") as store:
        assert store.persist({"t": [row]}, scenario="s").inserted == {"t": 1}
        (found,) = store.query_scenario("s", sql).rows
        assert [*found.values()] == answer
        store.clone_scenario("s", new_name="c")
        store.merge_scenarios(["s", "c"], new_name="m", on_conflict="skip")
        assert store.check_scenario("m").ok


# -- products, formats, files ----------------------------------------------------------------------


@pytest.mark.parametrize("version", ["latest", "", "1.0 beta x", "v", "1..2", "2024-01-31 10:00"])
def test_a_version_that_is_none(version: str) -> None:
    with pytest.raises(DeclarationError, match=r"toy: the version .* is none") as caught:
        load(version)
    assert "PEP 440" in str(caught.value.hint)


@pytest.mark.parametrize("version", ["1", "1.0", "0.1.dev3+local", "1.0rc1", "2!1.0", "v1.2"])
def test_a_version_that_is_one(version: str) -> None:
    load(version)


@pytest.mark.parametrize("name", ["", "Toy", "my toy", "../toy", "tö"])
def test_a_product_name_that_is_none(name: str) -> None:
    with pytest.raises(DeclarationError, match="the product name"):
        load(name=name)


def test_a_file_that_is_not_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "latin", {"__init__.py": "", "schema.sql": SCHEMA})
    (tmp_path / "latin" / "summary.sql").write_bytes(b"-- one\n-- Gr\xf6\xdfe\n")
    (tmp_path / "latin" / "schema.sql").write_text("\ufeff" + SCHEMA, "utf-8")
    install(tmp_path, "nothing", {"__init__.py": ""})
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(DeclarationError, match=r"latin/summary.sql, line 2: byte 0xF6 is not UTF"):
        Product.from_package("latin")
    (tmp_path / "latin" / "summary.sql").unlink()
    assert Product.from_package("latin").declaration.entity_types[0].name == "owners"
    with pytest.raises(DeclarationError, match=r"nothing has no schema\.sql"):
        Product.from_package("nothing")


def test_a_format_without_functions() -> None:
    def function(*_: object) -> None:
        pass

    with pytest.raises(InvalidArgument, match="exporter 'x' has none of write, write_all and copy"):
        Exporter("x", ".x")
    with pytest.raises(InvalidArgument, match="exporter 'x' has write and copy"):
        Exporter("x", ".x", write=function, copy=function)


def test_the_plugin_is_left_out_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = "at TIMESTAMP DEFAULT CURRENT_TIMESTAMP"
    files = {"__init__.py": PLUGIN, "schema.sql": TABLE.format(column)}
    install(tmp_path, "z_clock", files)
    monkeypatch.syspath_prepend(str(tmp_path))
    installed.cache_clear()
    (problem,) = [p.problem for p in installed().checked.plugins if p.problem]
    installed.cache_clear()
    assert problem == (
        "toy/schema.sql, line 4, column at: DEFAULT CURRENT_TIMESTAMP: the same rows would not make"
        " the same scenario. A default is a number, a text, TRUE, FALSE or NULL"
    )


# -- against SQLite --------------------------------------------------------------------------------


def reads(word: str) -> bool:
    """Whether SQLite reads it as the name of a table and of a column, without quotes."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f'CREATE TABLE "{word}" ("{word}" TEXT)')
        connection.execute(f'INSERT INTO "{word}" VALUES (?)', ("value",))
        try:
            sql = f"SELECT {word}, {word}.{word} FROM {word} WHERE {word} = 'value'"
            return connection.execute(sql).fetchall() == [("value", "value")]
        except sqlite3.OperationalError:
            return False


def test_reserved_words_are_those_that_sqlite_does_not_read() -> None:
    assert [word for word in RESERVED if reads(word)] == []
    names = {name for e in read_declaration("toy", "1", SCHEMA).entity_types for name in e.by_name}
    others = names | {
        "action", "after", "begin", "by", "cascade", "column", "conflict", "cross", "current",
        "database", "day", "desc", "end", "explain", "filter", "first", "for", "full", "if",
        "inner", "key", "last", "left", "like", "match", "natural", "no", "of", "offset", "over",
        "partition", "plan", "query", "range", "release", "rename", "replace", "right", "row",
        "rows", "start", "temp", "trigger", "type", "view", "virtual", "window", "with", "without",
        "true", "false",
    }  # fmt: skip
    assert [word for word in others if not reads(word)] == []


def test_a_file_of_older_rules_is_still_read() -> None:
    older = (
        "-- T @alias Tee @alias Tea\n"
        "CREATE TABLE t (t_id VARCHAR PRIMARY KEY, \"order\" TIMESTAMP DEFAULT CURRENT_TIMESTAMP,"
        " x VARCHAR REFERENCES t (t_id) ON DELETE CASCADE -- X @unit kg @unit lb\n);\n"
        "CREATE UNIQUE INDEX I ON t (x);"
    )  # fmt: skip
    with pytest.raises(DeclarationError):
        read_declaration("toy", "1", older)
    declaration = read_declaration("toy", "1", older, stored=True)
    assert declaration.entity_types[0].by_name["order"].default == "CURRENT_TIMESTAMP"
    assert QUESTIONS
