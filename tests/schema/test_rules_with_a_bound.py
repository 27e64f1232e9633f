"""Which rules of a table take only as long as its rows are long."""

from __future__ import annotations

import time

import pytest

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
]


@pytest.mark.parametrize("sql", BOUNDED)
def test_a_rule_with_a_bound(sql: str) -> None:
    assert unbounded(sql) == ""


@pytest.mark.parametrize("sql", WITHOUT_BOUND)
def test_a_rule_without_one(sql: str) -> None:
    assert unbounded(sql)


def test_to_look_takes_no_time_either() -> None:
    begun = time.monotonic()
    for piece in ("instr(", "replace(a,", "instr(a, 'b') ", "'' ", '"instr" ', "/* ", "[ "):
        unbounded("CREATE TABLE t (a TEXT CHECK (" + piece * (190_000 // len(piece)) + "instr(a,a)")
    assert time.monotonic() - begun < 5
