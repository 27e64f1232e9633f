"""Damage to a scenario's file: to its bytes, to what its tables say, and by what lies beside it.

Each kind of damage is a function that gets a file and a source of chance, and says what it did.
What cannot be done to a file raises an exception, and another one is tried.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

from healthsim_store.storage.housekeeping import NAMES

Damage = Callable[[Path, random.Random], str]

BYTES: list[Damage] = []
TABLES: list[Damage] = []
FILES: list[Damage] = []
BESIDE: list[Damage] = []
KINDS, WEIGHTS = [BYTES, TABLES, FILES, BESIDE], [4, 12, 3, 1]

#: What stands where something else should: SQL of values of every type and shape.
VALUES = {
    "NULL": "NULL",
    "a blob": "x'fffe00'",
    "a word": "'word'",
    "the empty text": "''",
    "a negative number": "-1",
    "zero": "0",
    "a huge number": "9223372036854775807",
    "a fraction": "1.5",
    "infinity": "9e999",
    "text that is not UTF-8": "CAST(x'41ff42' AS TEXT)",
    "text with a zero": "CAST(x'410042' AS TEXT)",
    "a quote": "'a\"b''c'",
    "a long text": "replace(hex(zeroblob(30000)), '00', 'long ')",
    "an empty list": "'[]'",
    "a list of numbers": "'[1, 2.5]'",
    "a list of null": "'[null]'",
    "a list of lists": "'[[\"nowhere\"], []]'",
    "a list of objects": "'[{\"a\": 1}]'",
    "a list of a lone surrogate": "'[\"\\ud800\"]'",
    "an empty object": "'{}'",
    "an object": '\'{"a": {"b": [1]}}\'',
    "an object of numbers": "'{\"a\": 1}'",
    "an object of a lone surrogate": '\'{"\\ud800": {"inserted": 1}}\'',
    "JSON null": "'null'",
    "a JSON text": "'\"text\"'",
    "JSON that is cut": "'{\"a\": '",
    "deep JSON": "replace(hex(zeroblob(50000)), '00', '[')",
    "a number of 6,000 digits": "'[' || replace(hex(zeroblob(6000)), '00', '7') || ']'",
    "a name of SQLite": "'sqlite_master'",
    "a name of ours": "'_log'",
    "SQL": "'SELECT 1; DROP TABLE _log'",
    "a circle": "'WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT * FROM r)'",
    "a type": "'DECIMAL(400,2)'",
    "a template": "'{0.__class__} {a!r:>99999}'",
}


def damage(file: Path, chance: random.Random, kinds: list[Damage] | None = None) -> str:
    """Damage a file in one way or in several; what was done."""
    told = []
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        for _ in range(20):
            kind = chance.choice(kinds or chance.choices(KINDS, WEIGHTS)[0])
            with contextlib.suppress(sqlite3.Error, LookupError, ValueError, TypeError, OSError):
                told.append(f"{kind.__name__}: {kind(file, chance)}")
                break
    return "; ".join(told)


def _kind(kinds: list[Damage]) -> Callable[[Damage], Damage]:
    def add(function: Damage) -> Damage:
        kinds.append(function)
        return function

    return add


# -- bytes ------------------------------------------------------------------------------------


def _page_size(content: bytes) -> int:
    size = struct.unpack(">H", content[16:18])[0] if len(content) > 18 else 4096
    return size if size >= 512 else 4096


@_kind(BYTES)
def bytes_overwritten(file: Path, chance: random.Random) -> str:
    content = bytearray(file.read_bytes())
    places = sorted(chance.randrange(len(content)) for _ in range(chance.choice([1, 8, 200])))
    for place in places:
        content[place] = chance.randrange(256)
    file.write_bytes(content)
    return f"{len(places)} from {places[0]} on"


@_kind(BYTES)
def header_changed(file: Path, chance: random.Random) -> str:
    content = bytearray(file.read_bytes())
    place = chance.randrange(100)
    content[place] = chance.randrange(256)
    file.write_bytes(content)
    return str(place)


@_kind(BYTES)
def page_filled(file: Path, chance: random.Random) -> str:
    content = bytearray(file.read_bytes())
    size = _page_size(content)
    page = chance.randrange(1, len(content) // size)
    fill = chance.choice([bytes(size), b"\xff" * size, chance.randbytes(size)])
    content[page * size : (page + 1) * size] = fill
    file.write_bytes(content)
    return f"{page} with {fill[0]}"


@_kind(BYTES)
def pages_swapped(file: Path, chance: random.Random) -> str:
    content = bytearray(file.read_bytes())
    size = _page_size(content)
    one, other = (chance.randrange(1, len(content) // size) * size for _ in range(2))
    first, second = content[one : one + size], content[other : other + size]
    content[one : one + size], content[other : other + size] = second, first
    file.write_bytes(content)
    return f"{one // size} and {other // size}"


@_kind(BYTES)
def truncated(file: Path, chance: random.Random) -> str:
    content = file.read_bytes()
    size = _page_size(content)
    length = chance.choice([0, 50, 100, size, chance.randrange(len(content)),
                            chance.randrange(1, len(content) // size) * size])  # fmt: skip
    file.write_bytes(content[:length])
    return str(length)


@_kind(BYTES)
def text_exchanged(file: Path, chance: random.Random) -> str:
    """Names and words in the file, also in its schema, become others of the same length."""
    content = file.read_bytes()
    words = re.findall(rb"[a-z_]{4,}", content)
    word = chance.choice(words)
    other = bytes(chance.choice([b"\xff", b"x", b"'", b"\0", b")"])[0] for _ in word)
    file.write_bytes(content.replace(word, other, chance.choice([1, -1])))
    return f"{word!r} by {other!r}"


# -- tables -----------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(file: Path):  # type: ignore[no-untyped-def]
    """The file for whoever knows SQLite and not us: everything can be written."""
    connection = sqlite3.connect(file, isolation_level=None)
    with contextlib.closing(connection):
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


def tables(connection: sqlite3.Connection) -> list[str]:
    return [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            " ORDER BY name"
        )
    ]


def _table(connection: sqlite3.Connection, chance: random.Random) -> str:
    """Mostly one of ours."""
    names = tables(connection)
    ours = [name for name in names if name in NAMES]
    return chance.choice(ours if ours and chance.random() < 0.7 else names)


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]


def _sql(connection: sqlite3.Connection, table: str) -> str:
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return str(sql)


def _set_sql(file: Path, table: str, sql: str) -> None:
    with opened(file) as connection:
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, table))
        (version,) = connection.execute("PRAGMA schema_version").fetchone()
        connection.execute(f"PRAGMA schema_version = {version + 1}")


def _without_rules(sql: str) -> str:
    sql = re.sub(r"\) STRICT\s*$", ")", sql)
    sql = re.sub(r"\bINTEGER\b(?! PRIMARY KEY)|\bTEXT\b|\bREAL\b", "BLOB", sql)
    return re.sub(r"\bNOT NULL\b", "", sql)


@_kind(TABLES)
def value_changed(file: Path, chance: random.Random) -> str:
    """In a column, whatever its table allows; in half of the files the table says so no more."""
    with opened(file) as connection:
        table = _table(connection, chance)
        column = chance.choice(columns(connection, table))
        before = _sql(connection, table)
    _set_sql(file, table, _without_rules(before))
    name = chance.choice([*VALUES])
    value = VALUES[name]
    if chance.random() < 0.2:
        name = value = '"' + chance.choice(columns_of(file, table)) + '"'
    where = chance.choice(["true", f'rowid = (SELECT max(rowid) FROM "{table}")'])
    with opened(file) as connection:
        connection.execute(f'UPDATE "{table}" SET "{column}" = {value} WHERE {where}')
    if chance.random() < 0.5:
        _set_sql(file, table, before)
    return f"{table}.{column} is {name} where {where}"


def columns_of(file: Path, table: str) -> list[str]:
    with opened(file) as connection:
        return columns(connection, table)


@_kind(TABLES)
def rows_gone(file: Path, chance: random.Random) -> str:
    with opened(file) as connection:
        table = _table(connection, chance)
        where = chance.choice(["true", f'rowid = (SELECT min(rowid) FROM "{table}")'])
        connection.execute(f'DELETE FROM "{table}" WHERE {where}')
    return f"{table} where {where}"


@_kind(TABLES)
def made_again(file: Path, chance: random.Random) -> str:
    """A table as another tool would write it: no keys, rows twice, columns in another order."""
    with opened(file) as connection:
        table = _table(connection, chance)
        names = columns(connection, table)
        chance.shuffle(names)
        if chance.random() < 0.5 and len(names) > 1:
            names.pop()
        chosen = ", ".join(f'"{name}"' for name in names)
        twice = chance.choice(["", " UNION ALL SELECT * FROM made"])
        connection.execute(f'CREATE TABLE made AS SELECT {chosen} FROM "{table}"')
        connection.execute(f'DROP TABLE "{table}"')
        connection.execute(f'CREATE TABLE "{table}" AS SELECT * FROM made{twice}')
        connection.execute("DROP TABLE made")
    return f"{table} as {names}{' twice' if twice else ''}"


@_kind(TABLES)
def column_changed(file: Path, chance: random.Random) -> str:
    with opened(file) as connection:
        table = _table(connection, chance)
        column = chance.choice(columns(connection, table))
        change = chance.choice([
            f'DROP COLUMN "{column}"', f'RENAME COLUMN "{column}" TO "{column}2"',
            f'RENAME COLUMN "{column}" TO "{column.upper()}"', "ADD COLUMN further",
            "ADD COLUMN further TEXT NOT NULL DEFAULT 'x'",
            "ADD COLUMN further AS (1 / 0)", 'ADD COLUMN "a""b" INTEGER',
        ])  # fmt: skip
        connection.execute(f'ALTER TABLE "{table}" {change}')
    return f"{table} {change}"


@_kind(TABLES)
def table_exchanged(file: Path, chance: random.Random) -> str:
    with opened(file) as connection:
        table = _table(connection, chance)
        change = chance.choice([
            "", 'CREATE VIEW "{0}" AS SELECT 1 AS a', 'CREATE VIEW "{0}" AS SELECT * FROM "{0}"',
            'CREATE TABLE "{0}" (a, b)', 'CREATE TABLE "{0}" (a PRIMARY KEY) WITHOUT ROWID',
            'CREATE VIRTUAL TABLE "{0}" USING fts5(a)',
            'CREATE TABLE other (a); CREATE INDEX "{0}" ON other (a)',
        ])  # fmt: skip
        connection.execute(f'DROP TABLE "{table}"')
        for statement in change.format(table).split("; "):
            connection.execute(statement)
    return f"{table}: {change or 'gone'}"


@_kind(TABLES)
def table_renamed(file: Path, chance: random.Random) -> str:
    with opened(file) as connection:
        table = _table(connection, chance)
        name = chance.choice([table.upper(), f"{table}x", f"_{table}", 'a "name"'])
        connection.execute(
            f'ALTER TABLE "{table}" RENAME TO "{name.replace(chr(34), chr(34) * 2)}"'
        )
    return f"{table} to {name}"


@_kind(TABLES)
def declared_anew(file: Path, chance: random.Random) -> str:
    """The text of a CREATE TABLE is another one, over the same rows."""
    with opened(file) as connection:
        table = _table(connection, chance)
        before = _sql(connection, table)
        column = chance.choice(columns(connection, table))
    inside = chance.choice([
        "", " COLLATE nowhere", " CHECK (nowhere(1))", " CHECK (0)", " CHECK (json_valid('{'))",
        " REFERENCES nowhere (a)", " REFERENCES _tags", f' AS ("{column}2")', " DEFAULT (1 / 0)",
        " GENERATED ALWAYS AS (1) STORED", " BLOB", " UNIQUE",
    ])  # fmt: skip
    sql = re.sub(rf'(?<=[\s("])({re.escape(column)}"?\s+\w+)', rf"\1{inside}", before, count=1)
    end = chance.choice(["", "", "", " WITHOUT ROWID", " STRICT", ", STRICT"])
    if end:
        sql = re.sub(r" STRICT\s*$", "", sql) + end
    _set_sql(file, table, sql)
    return f"{table}.{column}{inside}{end}"


@_kind(TABLES)
def schema_row_changed(file: Path, chance: random.Random) -> str:
    with opened(file) as connection:
        (name,) = chance.choice(connection.execute("SELECT name FROM sqlite_master").fetchall())
        column = chance.choice(["type", "name", "tbl_name", "rootpage", "sql"])
        value = chance.choice(["NULL", "'x'", "0", "1", "2", "999999", "-1", "x'ff'", "'table'",
                               "'view'", "CAST(x'ff' AS TEXT)", "'CREATE TABLE x (a)'",
                               "'CREATE VIEW x AS SELECT * FROM x'", "substr(sql, 1, 30)",
                               "sql || ' '"])  # fmt: skip
        connection.execute(f"UPDATE sqlite_master SET {column} = {value} WHERE name = ?", (name,))
    return f"{name}.{column} is {value}"


@_kind(TABLES)
def index_added(file: Path, chance: random.Random) -> str:
    with opened(file) as connection:
        table = _table(connection, chance)
        column = chance.choice(columns(connection, table))
        sql = chance.choice([
            'CREATE INDEX added ON "{0}" ("{1}") WHERE "{1}" > 5',
            'CREATE UNIQUE INDEX added ON "{0}" (length("{1}"))',
            'CREATE INDEX added ON "{0}" (json_extract("{1}", \'$.a\'))',
            'CREATE INDEX added ON "{0}" ("{1}" COLLATE NOCASE DESC)',
            'CREATE TRIGGER added AFTER INSERT ON "{0}" BEGIN DELETE FROM "{0}"; END',
            'CREATE TRIGGER added BEFORE UPDATE ON "{0}" BEGIN SELECT nowhere(1); END',
            'CREATE VIEW added AS SELECT "{1}" AS a, nowhere(1) FROM "{0}"',
        ]).format(table, column)  # fmt: skip
        connection.execute(sql)
    return sql


# -- the file as a whole ------------------------------------------------------------------------


@_kind(FILES)
def pragma_set(file: Path, chance: random.Random) -> str:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        name = chance.choice(["user_version", "application_id", "schema_version"])
        value = chance.choice([0, 1, 2, 3, 5, -1, 2**31 - 1, -(2**31)])
        connection.execute(f"PRAGMA {name} = {value}")
    return f"{name} = {value}"


@_kind(FILES)
def written_in_another_way(file: Path, chance: random.Random) -> str:
    """Another encoding, page size, vacuum mode or journal mode."""
    pragma = chance.choice([
        "encoding = 'UTF-16le'", "encoding = 'UTF-16be'", "page_size = 512", "page_size = 65536",
        "auto_vacuum = FULL", "journal_mode = WAL",
    ])  # fmt: skip
    if pragma.startswith("encoding"):
        made = file.with_name("made.tmp")
        made.unlink(missing_ok=True)
        with (
            contextlib.closing(sqlite3.connect(made, isolation_level=None)) as target,
            contextlib.closing(sqlite3.connect(file)) as source,
        ):
            target.execute(f"PRAGMA {pragma}")
            target.executescript("\n".join(source.iterdump()))
            for name in ("user_version", "application_id"):
                (value,) = source.execute(f"PRAGMA {name}").fetchone()
                target.execute(f"PRAGMA {name} = {value}")
        os.replace(made, file)
        return pragma
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA {pragma}")
        if "journal" not in pragma:
            connection.execute("VACUUM")
    return pragma


@_kind(FILES)
def made_for_sqlite(file: Path, chance: random.Random) -> str:
    """Tables that SQLite itself keeps, with rubbish in them."""
    with opened(file) as connection:
        if chance.random() < 0.5:
            connection.execute("CREATE TABLE counted (a INTEGER PRIMARY KEY AUTOINCREMENT)")
            connection.execute("INSERT INTO counted DEFAULT VALUES")
            table, value = "sqlite_sequence", chance.choice(["NULL", "'x'", "x'ff'", "1e300"])
            connection.execute(f"UPDATE sqlite_sequence SET seq = {value}, name = '_log'")
        else:
            table, value = "sqlite_stat1", chance.choice(["NULL", "'x y z'", "x'ff'", "'-1 0'"])
            connection.execute("ANALYZE")
            connection.execute(f"UPDATE sqlite_stat1 SET stat = {value}")
    return f"{table} is {value}"


# -- beside the file ----------------------------------------------------------------------------


@_kind(BESIDE)
def rubbish_beside(file: Path, chance: random.Random) -> str:
    ending = chance.choice(["-journal", "-wal", "-shm"])
    beginning = chance.choice([
        b"", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", bytes.fromhex("377f0682002de218"), b"\0" * 40,
    ])  # fmt: skip
    rest = chance.randbytes(chance.choice([0, 10, 3000]))
    Path(f"{file}{ending}").write_bytes(beginning + rest)
    return f"{len(beginning)} + {len(rest)} bytes as {ending}"


@_kind(BESIDE)
def folder_beside(file: Path, chance: random.Random) -> str:
    ending = chance.choice(["-journal", "-wal", "-shm"])
    Path(f"{file}{ending}").mkdir(exist_ok=True)
    return ending
