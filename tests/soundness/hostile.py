"""Files that somebody made to hang whoever opens them, or to take all that there is.

Each begins as a scenario of two owners and a pet, with the toy product. What was done to it stands
here by name, as a function of its path.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from bombs import BOMBS, LONG, LOOP, SHORTER

from healthsim_store.base.sql import literal

#: A long call that has no SELECT in it, so it can stand in a rule: half a minute at each row.
SLOW = f"(instr({LONG}, {SHORTER}) > -1)"

#: A view over a view over a view, each of which has the one before twice: 4 million tables.
DOUBLED_VIEWS = [
    "CREATE VIEW v0 AS SELECT 1 AS x",
    *(f"CREATE VIEW v{n} AS SELECT a.x FROM v{n - 1} a, v{n - 1} b" for n in range(1, 23)),
]

Change = Callable[[Path], None]


def _sql(*statements: str) -> Change:
    def change(path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as file:
            for statement in statements:
                file.execute(statement)
            file.commit()

    return change


def _rewrite(table: str, old: str, new: str) -> Change:
    """Change the SQL of a table as it stands in the file: ALTER TABLE would run it."""
    return _sql(
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, {literal(old)}, {literal(new)})"
        f" WHERE name = {literal(table)}",
    )


def _one_by_one(*changes: Change) -> Change:
    def change(path: Path) -> None:
        for one in changes:
            one(path)

    return change


def _made(table: str, rule: str) -> Change:
    """A further column with a rule."""
    return _one_by_one(
        _sql(f"ALTER TABLE {table} ADD COLUMN made TEXT DEFAULT 'mark'"),
        _rewrite(table, "DEFAULT 'mark'", rule),
    )


def _many_views(path: Path) -> None:
    """Two thousand of 1,000 characters each, as rows of sqlite_master."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA writable_schema = ON")
        file.executemany(
            "INSERT INTO sqlite_master VALUES ('view', ?, ?, 0, ?)",
            (
                (f"w{n}", f"w{n}", f"CREATE VIEW w{n} AS SELECT {n} AS x, '{'y' * 900}' AS y")
                for n in range(2_000)
            ),
        )
        file.commit()


def _most_views(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA writable_schema = ON")
        file.executemany(
            "INSERT INTO sqlite_master VALUES ('view', ?, ?, 0, ?)",
            ((f"w{n}", f"w{n}", f"CREATE VIEW w{n} AS SELECT {n} AS x") for n in range(20_000)),
        )
        file.commit()


def _more_columns(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file:
        names = [name for _, name, *_ in file.execute("PRAGMA table_info(_columns)")]
        new = {"position": "position + n", "column_name": "'c' || n"}
        file.execute(
            "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r LIMIT 300000)"
            f" INSERT INTO _columns SELECT {', '.join(new.get(name, name) for name in names)}"
            " FROM (SELECT * FROM _columns WHERE entity_type = 'pets' ORDER BY position DESC"
            " LIMIT 1), r"
        )
        file.commit()


def _statistics(count: int) -> Change:
    bombs = [LOOP, BOMBS["a long function"], BOMBS["22 doublings"]]
    return _sql(*(
        f"INSERT INTO _statistics VALUES ('toy', 'endless{number}', {100 + number}, 'S', 'L',"
        f" '{{n}}', {literal(f'SELECT ({bombs[number % 3]}) AS n')})"
        for number in range(count)
    ))  # fmt: skip


def _indexed_slowly(where: str) -> Change:
    """An index that nobody can have made in a life; as a row of sqlite_master."""

    def change(path: Path) -> None:
        _sql("CREATE INDEX slow ON owners (full_name)")(path)
        _sql(
            "PRAGMA writable_schema = ON",
            f"UPDATE sqlite_master SET sql = {literal(f'CREATE INDEX slow ON owners {where}')}"
            " WHERE name = 'slow'",
        )(path)

    return change


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _nonsense(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 1_000)


#: What ends at once when it is opened, by the words that are told of it.
HOSTILE: dict[str, tuple[Change, str]] = {
    "a view in place of a table": (
        _sql("DROP TABLE pets", f"CREATE VIEW pets AS SELECT ({LOOP}) AS pet_id"),
        "pets is no table",
    ),
    "a computed column": (
        _one_by_one(
            _sql("ALTER TABLE owners DROP COLUMN full_name",
                 "ALTER TABLE owners ADD COLUMN full_name TEXT AS (owner_id)"),
            _rewrite("owners", "AS (owner_id)", f"AS {SLOW}"),
        ),
        "owners.full_name is computed",
    ),
    "computed tags": (
        _sql("DROP TABLE _tags", f"CREATE TABLE _tags (tag TEXT AS {SLOW}, added_at TEXT)"),
        "_tags.tag is computed",
    ),
    "100 endless statistics": (_statistics(100), ""),
    "an endless card": (
        _sql(
            f"CREATE VIEW owner_card AS SELECT owner_id, ({BOMBS['a long function']}) AS x"
            " FROM owners",
            "UPDATE _entity_types SET card = 'owner_card' WHERE entity_type = 'owners'",
        ),
        "",
    ),
    "an endless question": (
        _sql(f"UPDATE _questions SET sql = {literal('SELECT (' + BOMBS['22 doublings'] + ')')}"),
        "",
    ),
    "an endless rule": (
        _sql(f"INSERT INTO _rules VALUES ('toy', 'endless', 9, 'x', {literal(LOOP)})"), "",
    ),
    "an endless CHECK": (_made("owners", f"CHECK {SLOW}"), "instr() in 'owners'"),
    "an endless CHECK of the log": (
        _rewrite("_log", "at TEXT NOT NULL", f"at TEXT NOT NULL CHECK {SLOW}"), "in '_log'",
    ),
    "an endless default": (_made("pets", f"DEFAULT {SLOW}"), "in 'pets'"),
    "an endless index": (_indexed_slowly(f"({SLOW})"), "in 'slow'"),
    "an endless partial index": (_indexed_slowly(f"(full_name) WHERE {SLOW}"), "in 'slow'"),
    "an endless trigger": (
        _sql(f"CREATE TRIGGER endless AFTER INSERT ON owners BEGIN SELECT ({LOOP}); END"), "",
    ),
    "an endless table of somebody else": (
        _sql(f"CREATE TABLE others (x TEXT DEFAULT {SLOW}, y TEXT CHECK {SLOW})"), "",
    ),
    "views of views": (
        _sql(*DOUBLED_VIEWS,
             "INSERT INTO _statistics VALUES ('toy', 'deep', 99, 'S', 'L', '{n}',"
             " 'SELECT count(*) AS n FROM v22')"),
        "",
    ),
    "values of 50 MB": (
        _sql(*(
            f"INSERT INTO pets (pet_id, owner_id, notes) VALUES ('long{n}', 'o1',"
            " '\"' || printf('%.*c', 50000000, 'a') || '\"')"
            for n in range(2)
        )),
        "",
    ),
    "a schema of many views": (_many_views, ""),
    "20,000 views": (_most_views, ""),
    "views that double a sum": (
        _sql("CREATE VIEW s0 AS SELECT 1 AS x FROM owners",
             *(f"CREATE VIEW s{n} AS SELECT x + x AS x FROM s{n - 1}" for n in range(1, 31))),
        "",
    ),
    "300,000 declared columns": (
        _more_columns, "",
    ),
    "no scenario at all": (_nonsense, "not an SQLite file"),
    "a folder": (_folder, "a folder"),
}  # fmt: skip
if hasattr(os, "mkfifo"):
    HOSTILE["a named pipe"] = (_fifo, "a named pipe")
