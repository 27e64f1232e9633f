"""Which rules of a table take only as long as its rows are long."""

from __future__ import annotations

import contextlib
import sqlite3
import time

import pytest

from healthsim_store.schema import partial_moments
from healthsim_store.schema.bounds import unbounded

BOUNDED = [
    "CREATE TABLE t (a TEXT CHECK (a LIKE '%x%'), b REAL CHECK (b BETWEEN 1 AND 2))",
    "CREATE TABLE t (a TEXT CHECK (replace(a, '-', '') GLOB '[0-9]*'))",
    "CREATE TABLE t (a TEXT CHECK (instr(a, '@') > 1 AND trim(a) = a))",
    "CREATE TABLE t (a TEXT CHECK (replace(replace(a, '-', ''), ' ', '') <> ''))",
    "CREATE TABLE t (id TEXT DEFAULT (lower(hex(randomblob(16)))))",
    "CREATE TABLE t (format TEXT, UNIQUE (format) ON CONFLICT REPLACE)",
    "CREATE TABLE t (a TEXT -- printf('%.*c', 9, 'a')\n)",
    "CREATE TABLE t (a TEXT /* instr( */ DEFAULT 'instr(')",
    "CREATE INDEX i ON t (lower(a)) WHERE json_valid(b)",
    "CREATE TABLE t (n INTEGER, a TEXT AS (printf('%06d', n)))",
    "CREATE TABLE t (n INTEGER, a TEXT CHECK (length(format('MRN-%05d %.2f%%', n, b * 2)) = 9))",
    "CREATE TABLE t (a TEXT CHECK (trim(replace(a, ',', '. ')) <> '' OR instr(a, 'x') > 1))",
    "CREATE TABLE t (a DEFAULT (" + " || '-' || ".join(["hex(randomblob(4))"] * 9) + "))",
    "CREATE TABLE t (a TEXT CHECK (quote(hex(a)) <> 'hex(hex(hex(hex('))",
    "CREATE INDEX i ON t (replace(replace(printf('%s-%s', a, b), ' ', ''), 'A', 'b'))",
]
WITHOUT_BOUND = [
    "CREATE TABLE t (a TEXT CHECK (instr(printf('%.*c', 7900000, 'a'), a) > 0))",
    "CREATE TABLE t (a TEXT, b TEXT, CHECK (instr(a, b)))",
    'CREATE TABLE t (a TEXT CHECK ("instr" (a, a)))',
    "CREATE TABLE t (a TEXT CHECK (INSTR/**/(a, a)))",
    "CREATE TABLE t (a TEXT CHECK ([replace](a, a, a) = `trim`(a, a)))",
    "CREATE TABLE t (a TEXT DEFAULT (randomblob(7900000)))",
    "CREATE INDEX i ON t (json_patch(a, b))",
    f"CREATE TABLE t (a TEXT CHECK (instr(a, '{'a' * 1_000}')))",
    "CREATE TABLE t (a TEXT CHECK (" + " AND ".join(["instr(a, 'b')"] * 60) + "))",
    f"CREATE TABLE t (a TEXT DEFAULT '{'a' * 300_000}')",
    "CREATE TABLE t (a TEXT CHECK (" + "hex(" * 27 + "a" + ")" * 27 + " <> ''))",
    "CREATE TABLE t (a TEXT AS (" + "lower(quote (" * 9 + "a" + "))" * 9 + "))",
    "CREATE TABLE t (n INTEGER, a TEXT AS (printf('%*d', n, 1)))",
    "CREATE TABLE t (n INTEGER, a TEXT AS (printf('%.*f', n, 1)))",
    "CREATE TABLE t (n INTEGER, a TEXT AS (printf('%7000000d', n)))",
    "CREATE TABLE t (n INTEGER, a TEXT AS (printf(n, 1)))",
    "CREATE TABLE t (n INTEGER, a TEXT AS (printf('%s%s', printf('%s%s', n, n), n)))",
    "CREATE TABLE t (a TEXT CHECK (replace(replace(a, 'a', 'aaaa'), 'a', 'aaaa') <> ''))",
    "CREATE TABLE t (a TEXT CHECK (replace(trim(printf('%s %s', a, a)), 'a', 'aaaa') <> ''))",
]


def test_what_grows_in_what_grows_would_be_longer_than_memory() -> None:
    """Why it is refused: a value of four characters, and nine calls of eleven characters each."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        call = "'aaaa'"
        for _ in range(9):
            call = f"replace({call}, 'a', '{'a' * 11}')"
        with pytest.raises((sqlite3.DataError, MemoryError)):
            connection.execute(f"SELECT length({call})")
    assert unbounded(f"CREATE TABLE t (a TEXT CHECK ({call} <> ''))")


@pytest.mark.parametrize("sql", BOUNDED)
def test_a_rule_with_a_bound(sql: str) -> None:
    assert unbounded(sql) == ""


@pytest.mark.parametrize("sql", WITHOUT_BOUND)
def test_a_rule_without_one(sql: str) -> None:
    assert unbounded(sql)


def test_to_look_takes_no_time_either() -> None:
    begun = time.monotonic()
    for piece in (
        "instr(",
        "replace(a,",
        "instr(a, 'b') ",
        "printf('%d', ",
        "replace((grown), 'a', 'bb')",
        "printf('%d',,,,",
        "hex(",
        "'' ",
        '"instr" ',
        "/* ",
        "[ ",
    ):
        unbounded("CREATE TABLE t (a TEXT CHECK (" + piece * (190_000 // len(piece)) + "instr(a,a)")
    assert time.monotonic() - begun < 5


def test_the_rules_of_our_own_types_have_a_bound_in_any_number() -> None:
    rules = [partial_moments.check(f'"c{n}"') for n in range(40)]
    columns = ", ".join(f'"c{n}" TEXT CHECK ({rule})' for n, rule in enumerate(rules))
    assert unbounded(f"CREATE TABLE a ({columns}) STRICT") == ""
    close = rules[0].replace("char(0)", "c0")
    assert unbounded(f'CREATE TABLE a ("c0" TEXT CHECK ({close})) STRICT') == "a call of instr()"
