"""A statement with a wrong name, at every door: what there is, and what was meant."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.errors import (
    InvalidArgument,
    QueryError,
    QueryRefused,
    QueryTooLarge,
    UnknownQuestion,
)

MISSPELT = "SELECT count(*) AS n FROM pets WHERE \"specie\" = 'dog'"
MEANT = "SELECT count(*) AS n FROM pets WHERE \"species\" = 'dog'"
SAID = "no such column: specie .*a text is written 'specie'"


@pytest.fixture
def asked(store: Store) -> Store:
    pets = [{"owner_id": f"o{n}", "species": "dog"} for n in range(3)]
    store.persist({"owners": [owner(n) for n in range(3)], "pets": pets}, scenario="s")
    store.clone_scenario("s", new_name="other")
    return store


def test_a_misspelt_name_in_quotes(asked: Store) -> None:
    assert asked.query_scenario("s", MEANT).rows == [{"n": 3}]
    assert [*asked.rows("s", MEANT)] == [{"n": 3}]
    with pytest.raises(QueryError, match=SAID) as caught:
        asked.query_scenario("s", MISSPELT)
    assert str(caught.value.hint).startswith("Did you mean species?\npets: pet_id, owner_id")
    with pytest.raises(QueryError, match=SAID):
        asked.rows("s", MISSPELT)


def test_of_an_attached_scenario(asked: Store) -> None:
    joined = 'SELECT count(*) AS n FROM pets JOIN "other"."pets" AS "o" ON {} IS NOT NULL'
    attached = {"attach": ["other"]}
    assert asked.query_scenario("s", joined.format('"o"."species"'), **attached).rows == [{"n": 9}]
    with pytest.raises(QueryError, match=r"no such column: o\.specie\.\nDid you mean species"):
        asked.query_scenario("s", joined.format('"o"."specie"'), **attached)
    with pytest.raises(QueryError, match=SAID):
        asked.query_scenario("s", joined.format('"specie"'), **attached)


def test_in_another_dialect(asked: Store) -> None:
    assert asked.query_scenario("s", MEANT, dialect="postgres").rows == [{"n": 3}]
    with pytest.raises(QueryError, match=SAID):
        asked.query_scenario("s", MISSPELT, dialect="postgres")
    text = 'SELECT count(*) AS n FROM pets WHERE species = "dog"'  # a text in that dialect
    assert asked.query_scenario("s", text, dialect="mysql").rows == [{"n": 3}]


def test_on_the_command_line(asked: Store, run: Run) -> None:
    assert run("query", "s", MEANT, "--csv").stdout.split() == ["n", "3"]
    told = run("query", "s", MISSPELT, "--csv")
    assert told.returncode == 1
    assert told.stdout == ""
    assert "Did you mean species?" in told.stderr


def test_what_a_file_brings_along(asked: Store) -> None:
    """A question that would answer wrongly is told; a view that means text by it goes on."""
    with contextlib.closing(sqlite3.connect(asked.find("s"))) as other, other:
        other.execute('CREATE VIEW dogs AS SELECT pet_id FROM pets WHERE species = "dog"')
        other.execute("UPDATE _questions SET sql = replace(sql, ' species =', ' \"specie\" =')")
        other.execute("UPDATE _statistics SET sql = replace(sql, 'SELECT species', ?)",
                      ('SELECT "specie" AS species',))  # fmt: skip
    assert asked.query_scenario("s", 'SELECT count("pet_id") AS n FROM "dogs"').rows == [{"n": 3}]
    with pytest.raises(UnknownQuestion, match=SAID):
        asked.ask_question("s", "heavy_pets")
    assert any("specie" in failed for failed in asked.get_summary("s").omitted)
    found = asked.check_scenario("s")
    assert {finding.kind for finding in found.findings} == {"question", "statistic"}


@pytest.mark.parametrize(("sql", "corrected"), [
    ("SELECT 1 FROM animals", "SELECT 1 FROM pets"),  # an alias
    ("SELECT o.dob FROM owners o", "SELECT o.born FROM owners o"),
    ("SELECT ful_name, 'ful_name' FROM owners", "SELECT full_name, 'ful_name' FROM owners"),
    ("SELECT \"owners\".\"ful_name\" FROM owners", 'SELECT "owners".full_name FROM owners'),
    ("SELECT \"ful_name\" FROM owners", None),  # it may be a text
    ("SELECT species FROM owners", None),  # of another table
    ("SELECT wage FROM pets", None),
    ("SELECT 1 FROM", None),
])  # fmt: skip
def test_what_is_surely_meant(asked: Store, sql: str, corrected: str | None) -> None:
    with pytest.raises(QueryError) as caught:
        asked.query_scenario("s", sql)
    assert caught.value.corrected == corrected
    if corrected:
        asked.query_scenario("s", corrected)


def test_a_column_of_another_table(asked: Store) -> None:
    for sql in (
        "SELECT species FROM owners",
        "SELECT o.species FROM owners o JOIN pets USING (owner_id)",
    ):
        with pytest.raises(QueryError, match="species is a column of pets") as caught:
            asked.query_scenario("s", sql)
        assert "owners: owner_id" in str(caught.value.hint)


def test_a_dictionary_that_somebody_else_wrote(asked: Store, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(asked.find("s"))) as other, other:
        other.execute("UPDATE _columns SET aliases = 'x[' WHERE column_name = 'born'")
        other.execute("UPDATE _columns SET aliases = '{\"a\": 1}' WHERE column_name = 'species'")
        other.execute("UPDATE _entity_types SET aliases = '[1, \"beasts\"]'")
    with pytest.raises(QueryError, match="Did you mean"):
        asked.query_scenario("s", "SELECT ful_name FROM owners")
    with pytest.raises(QueryError, match="Tables: owners, pets"):
        asked.query_scenario("s", "SELECT ful_name FROM nowhere")


def test_a_column_that_is_declared_and_not_there(asked: Store) -> None:
    """Never its name as a value, which SQLite would give."""
    with contextlib.closing(sqlite3.connect(asked.find("s"))) as other, other:
        other.execute("ALTER TABLE pets DROP COLUMN legs")
    for ask in (lambda: asked.get_samples("s", "pets"), lambda: asked.load_scenario("s")):
        with pytest.raises(QueryError, match="no such column: legs"):
            ask()
    summary = asked.get_summary("s")
    assert summary.omitted == ("samples of Pets (The query failed: no such column: legs.)",)
    assert summary.samples.keys() == {"owners"}
    assert summary.entity_counts == {"owners": 3, "pets": 3}


@pytest.mark.parametrize(
    ("sql", "dialect", "error", "said"),
    [
        ("SELECT 1", "klingon", InvalidArgument, "there is no such dialect"),
        ("SELECT 1", "postgres, tone=high", InvalidArgument, "there is no such dialect"),
        ("SELECT '", "postgres", QueryError, "not understood as postgres: Error tokenizing"),
        ("SELECT (", "duckdb", QueryError, "duckdb, line 1, column 8: .* missing for Paren"),
        ("SELECT 1 FROM a b c", "spark", QueryError, "line 1, column 19: "),
        ("SELECT 1 FOR UPDATE", "postgres", QueryError, "no such thing as this postgres statement"),
        ("SELECT " + "(" * 9_000 + "1" + ")" * 9_000, "mysql", QueryTooLarge, "nested too deeply"),
        ("SELECT 1" + " " * 100_000, "mysql", QueryTooLarge, "100,008 characters"),
    ],
)
def test_what_a_dialect_cannot_say(
    asked: Store, sql: str, dialect: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        asked.query_scenario("s", sql, dialect=dialect)
    assert "sqlglot." not in str(caught.value)


def test_a_name_is_wrong_in_what_only_sqlite_understands(asked: Store) -> None:
    """The hint is made with sqlglot, which does not read all that SQLite reads."""
    for sql, params in (
        ("SELECT nosuch FROM pets /* open", None),
        ("SELECT nosuch FROM pets WHERE ?1 = 1 AND ?2", (1, 2)),
    ):
        with pytest.raises(QueryError, match="no such column: nosuch") as caught:
            asked.query_scenario("s", sql, params=params)
        assert caught.value.corrected is None


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT random()", r"the function random\(\). Each page of the rows would be of other"),
        ("SELECT * FROM pets ORDER BY RANDOM()", r"the function random\(\)"),
        ("SELECT load_extension('x')", r"the function load_extension\(\)"),
        ("SELECT * FROM pragma_table_info('pets')", "Refused: pragma_table_info. A query may only"),
        ("SELECT name FROM Pragma_Function_List", "Refused: Pragma_Function_List"),
        ("CREATE TABLE x AS SELECT random()", "Refused: CREATE TABLE"),
    ],
)
def test_a_refusal_names_what_is_refused(asked: Store, sql: str, said: str) -> None:
    with pytest.raises(QueryRefused, match=said):
        asked.query_scenario("s", sql)
