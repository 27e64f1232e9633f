"""A quoted name that is no name: found by SQLite itself, and nothing that is right is refused."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_store.base.quoting import misread_name, quoted_names, renamed, strict, told

TABLES = """
CREATE TABLE visits ("code" TEXT, "a ""b"" c" TEXT, "odd]name" TEXT, "tick`ed" TEXT, n INTEGER);
CREATE TABLE "other table" (code TEXT, "order" INTEGER);
CREATE VIEW lenient AS SELECT code FROM visits WHERE "never a column" = 'never a column';
INSERT INTO visits VALUES ('a', 'b', 'c', 'd', 1), ('x', 'b', 'c', 'd', 2);
INSERT INTO "other table" VALUES ('a', 3);
"""


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:")) as made:
        made.executescript(TABLES)
        yield made


RIGHT = [
    'SELECT "code" FROM "visits"',
    'SELECT "visits"."code" FROM "main"."visits" AS "visits"',
    'SELECT "v"."code" FROM visits "v" WHERE "v"."n" = 1',
    'SELECT code AS "my label" FROM visits ORDER BY "my label"',
    'SELECT code "my label" FROM visits WHERE "my label" = \'a\' GROUP BY "my label"',
    'SELECT n % 2 AS "odd" FROM visits GROUP BY "odd" HAVING "odd" = 1',
    'SELECT "a ""b"" c", "odd]name", "tick`ed" FROM visits',
    'SELECT "rowid", "ROWID", "CODE" FROM visits',
    'SELECT "order" FROM "other table" ORDER BY "order"',
    'WITH "c t e"("x y") AS (SELECT 1) SELECT "x y" FROM "c t e"',
    'WITH RECURSIVE "up"("i") AS (SELECT 1 UNION ALL SELECT "i" + 1 FROM "up" WHERE "i" < 3)'
    ' SELECT "i" FROM "up"',
    'SELECT sum(n) OVER "w" FROM visits WINDOW "w" AS (ORDER BY "code")',
    'SELECT code FROM visits ORDER BY code COLLATE "nocase"',
    'SELECT "count"(*), "max"("n") FROM visits',
    'SELECT CAST(n AS "text") FROM visits',
    'SELECT v.code FROM visits AS v JOIN "other table" AS "o" USING ("code")',
    'SELECT (SELECT "o"."order" FROM "other table" AS "o" WHERE "o"."code" = "v"."code")'
    ' FROM visits AS "v"',
    'SELECT "n" FROM visits WHERE EXISTS (SELECT 1 FROM "other table" WHERE "order" > "n")',
    'SELECT "key", "value" FROM json_each(\'{"cod": "x"}\')',
    "SELECT json_extract('{\"cod\": 1}', '$.\"cod\"')",
    "SELECT '\"cod\"', 'it''s \"cod\"' FROM visits",
    'SELECT [code] AS ["] FROM visits -- "cod"',
    'SELECT `code` AS `"cod"` FROM visits /* "cod" */',
    'SELECT code /* " */ FROM visits -- "',
    'SELECT "code" FROM lenient',  # a view that means text by it stays as its maker meant it
    'EXPLAIN QUERY PLAN SELECT "code" FROM visits',
    '  ;; -- "cod"\n SELECT "code" FROM visits ;',
    "VALUES (1, '\"')",
]

WRONG = [
    ("SELECT count(*) FROM visits WHERE \"cod\" = 'a'", "cod"),
    ('SELECT "cod" FROM visits', "cod"),
    ('SELECT n FROM visits ORDER BY "cod"', "cod"),
    ('SELECT count(*) FROM visits GROUP BY "cod"', "cod"),
    ('SELECT 1 FROM visits v JOIN "other table" o ON "codd" = o.code', "codd"),
    ('SELECT sum("amount") FROM visits', "amount"),
    ('SELECT n FROM visits WHERE code = "a"', "a"),
    ("SELECT n FROM visits WHERE code IN (\"a\", 'b')", "a"),
    ('SELECT n FROM visits WHERE code = ""', ""),
    ('SELECT n FROM visits WHERE code = "two words"', "two words"),
    ('SELECT n FROM visits WHERE code = "say ""hi"""', 'say "hi"'),
    ('SELECT n FROM visits WHERE code = "ti`ck"', "ti`ck"),
    ('SELECT n FROM visits WHERE code = "br]ack"', "br]ack"),
    ("SELECT strftime(\"%Y\", '2024-01-01')", "%Y"),
    ('WITH c AS (SELECT "cod" FROM visits) SELECT * FROM c', "cod"),
    ('SELECT (SELECT max("orde") FROM "other table") FROM visits', "orde"),
    ('SELECT 1 UNION SELECT "cod" FROM visits', "cod"),
    (';-- x\n;SELECT "cod" FROM visits', "cod"),
    ('EXPLAIN SELECT "cod" FROM visits', "cod"),
    ('SELECT "true" FROM (SELECT 1 AS "true")', "true"),  # SQLite names no column so
    ('SELECT /* it\'s */ "cod" FROM visits', "cod"),
    ("SELECT 'it''s', \"cod\" FROM visits", "cod"),
    ('SELECT "n", "code", "café" FROM visits', "café"),
    ('SELECT n FROM visits WHERE "cod" = :x AND n > :y', "cod"),
]


@pytest.mark.parametrize("sql", RIGHT)
def test_what_sqlite_understands_is_let_through(connection: sqlite3.Connection, sql: str) -> None:
    connection.execute(sql).fetchall()
    assert misread_name(connection, sql) is None
    with contextlib.closing(connection.execute(strict(sql))) as cursor:
        assert cursor.fetchall() == connection.execute(sql).fetchall()


@pytest.mark.parametrize(("sql", "name"), WRONG)
def test_a_name_read_as_text_is_found(connection: sqlite3.Connection, sql: str, name: str) -> None:
    values = {"x": "a", "y": 1} if ":x" in sql else ()
    connection.execute(sql, values).fetchall()  # SQLite itself says nothing
    assert misread_name(connection, sql, values) == name
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        connection.execute(strict(sql), values)


@pytest.mark.parametrize("sql", [
    'SELECT cod, "code" FROM visits',  # not in quotes: SQLite says so itself
    'SELECT "v"."cod" FROM visits AS "v"',
    'SELECT "code" FROM nowhere',
    'SELECT "code" FROM visits; SELECT "cod" FROM visits',
    'SELECT "code FROM visits',
    'SELECT nothing("cod") FROM visits',
    'SELECT "n" FROM visits WHERE n = :missing',
    '"', '""', "", ";", "-- \"cod\"",
])  # fmt: skip
def test_what_is_wrong_otherwise_is_told_by_running_it(
    connection: sqlite3.Connection, sql: str
) -> None:
    assert misread_name(connection, sql) is None


def test_a_name_is_put_in_place_of_another() -> None:
    sql = """SELECT p.word, "word", 'word', name -- word
    FROM t AS p WHERE WORD = ':word' AND :word > $word(word)"""
    told = """SELECT p.full, full, 'word', name -- word
    FROM t AS p WHERE full = ':word' AND :word > $word(word)"""
    assert renamed(sql, "word", "full") == told
    assert renamed("SELECT word", "word", "two words") == 'SELECT "two words"'


def test_what_is_told() -> None:
    assert told("cod") == "no such column: cod (\"...\" is a name, a text is written 'cod')"
    assert told("it's").endswith("a text is written 'it''s')")


def test_many_quotes_take_no_time(connection: sqlite3.Connection) -> None:
    for text in ('"' * 99_999, '"x' * 40_000, "'" * 99_999 + '"', "/*" * 40_000 + '"'):
        assert misread_name(connection, f"SELECT {text}") is None
        assert len(quoted_names(text)) <= 2


# Statements of which it is known beforehand what is in double quotes and whether it is a name.
_FINE = st.sampled_from([
    '"code"', '"n"', '"odd]name"', '"tick`ed"', '"a ""b"" c"', "'\"cod\"'", '[code]', '`code`',
    "'it''s'", "/* \"cod\" ' */ n", '-- "cod" \'\n n', '"visits"."code"', "CAST(n AS \"x\")",
])  # fmt: skip
_MISSPELT = st.text("abc ]`'é-/*[\n", max_size=4).map(
    lambda name: ('"' + name.replace('"', '""') + '"', name)
)


@settings(max_examples=300, deadline=None)
@given(
    fine=st.lists(_FINE, max_size=4),
    misspelt=st.none() | _MISSPELT,
    at=st.integers(0, 4),
    where=st.sampled_from(["SELECT {}", "SELECT n FROM visits WHERE coalesce({}) IS 0 UNION VALUES",
                           "SELECT count(*) FROM visits GROUP BY {}"]),
)  # fmt: skip
def test_any_mixture(
    fine: list[str], misspelt: tuple[str, str] | None, at: int, where: str
) -> None:
    parts = [*fine]
    if misspelt:
        parts.insert(min(at, len(parts)), misspelt[0])
    values = ",\n".join([*parts, "n", "code"])
    form = {"SELECT {}": "SELECT {} FROM visits"}.get(where, where)
    sql = (f"{form}(1)" if form.endswith("VALUES") else form).format(values)
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLES)
        connection.execute(sql).fetchall()
        found = misread_name(connection, sql)
        assert found == (misspelt[1] if misspelt else None)
        if hasattr(connection, "setconfig"):
            # From Python 3.12 on SQLite's own switch says the same.
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)
            with (
                pytest.raises(sqlite3.OperationalError, match="no such column")
                if misspelt
                else contextlib.nullcontext()
            ):
                connection.execute(sql)
