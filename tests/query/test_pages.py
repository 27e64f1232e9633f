"""Queries: nothing but reading gets through, and nothing harmless is refused."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import owner
from statements import ATTACKS, HARMLESS

from healthsim_store import Store
from healthsim_store.errors import (
    HealthsimStoreError,
    InvalidArgument,
    QueryError,
    QueryRefused,
)


@pytest.fixture
def asked(store: Store) -> Store:
    owners = [owner(n, full_name=f"update drop; -- {n}") for n in range(50)]
    store.persist({"owners": owners, "pets": [{"owner_id": "o1"}] * 30}, scenario="s")
    return store


@pytest.mark.parametrize(("sql", "error"), ATTACKS, ids=[sql[:30] for sql, _ in ATTACKS])
def test_attacks_change_nothing_and_end_in_time(
    asked: Store, sql: str, error: type[HealthsimStoreError], tmp_path: Path
) -> None:
    before = (asked.path / "s.db").read_bytes()
    files = sorted(tmp_path.rglob("*"))
    start = time.monotonic()
    with pytest.raises(error) as caught:
        asked.query_scenario("s", sql, timeout=0.5)
    assert time.monotonic() - start < 3
    assert caught.value.message
    assert (asked.path / "s.db").read_bytes() == before
    assert sorted(tmp_path.rglob("*")) == files
    assert not Path("stolen.db").exists()
    assert asked.query_scenario("s", "SELECT count(*) AS n FROM owners").rows == [{"n": 50}]


@pytest.mark.parametrize(("sql", "named"), [
    ("DROP TABLE owners", "DROP TABLE"), ("VACUUM INTO 'stolen.db'", "VACUUM INTO"),
    ("-- first\n/* so */ create unique index x on owners (phone)", "CREATE UNIQUE INDEX"),
    ("WITH x AS (SELECT 1) DELETE FROM owners", "DELETE"), ("BEGIN", "BEGIN"),
    ("/**/" * 5000 + ";; DROP TABLE owners", "DROP TABLE"),
    ("EXPLAIN DROP TABLE owners", "DELETE"), ("PRAGMA query_only = 0", "PRAGMA query_only"),
    ("SELECT load_extension('x')", "the function load_extension()"),
])  # fmt: skip
def test_a_refusal_names_what_was_asked(store: Store, sql: str, named: str) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    with pytest.raises(QueryRefused) as refused:
        store.query_scenario("s", sql)
    assert refused.value.message == f"Refused: {named}. A query may only read."


@pytest.mark.parametrize("sql", HARMLESS)
def test_harmless_sql_passes(asked: Store, sql: str) -> None:
    result = asked.query_scenario("s", sql, limit=100)
    assert result.columns
    assert result.total == len(result.rows)


def test_a_page_says_what_there_is(asked: Store) -> None:
    page = asked.query_scenario("s", "SELECT owner_id FROM owners ORDER BY owner_id", limit=20)
    assert (len(page.rows), page.has_more, page.total) == (20, True, 50)
    assert page.to_dict()["total"] == 50


@pytest.mark.parametrize("sql", ["SELECT * FROM owners ORDER BY gender", "SELECT * FROM owners;"])
def test_pages_have_no_row_twice_and_none_skipped(asked: Store, sql: str) -> None:
    seen = []
    for offset in range(0, 50, 7):
        page = asked.query_scenario("s", sql, limit=7, offset=offset)
        seen += [row["owner_id"] for row in page.rows]
        assert page.has_more is (offset + 7 < 50)
    assert sorted(seen) == sorted(f"o{n}" for n in range(50))


def test_a_page_beyond_the_end_knows_the_total(asked: Store) -> None:
    page = asked.query_scenario("s", "SELECT * FROM owners", offset=70)
    assert (page.rows, page.has_more, page.total) == ([], False, 50)


def test_columns_of_one_name_are_both_kept(asked: Store) -> None:
    sql = "SELECT * FROM owners JOIN pets ON pets.owner_id = owners.owner_id"
    row = asked.query_scenario("s", sql, limit=1).rows[0]
    assert row["owner_id"] == row["owner_id_2"] == "o1"


def test_parameters_by_name_and_place(asked: Store) -> None:
    by_name = asked.query_scenario(
        "s", "SELECT count(*) AS n FROM owners WHERE gender = :g", params={"g": "F"}
    )
    by_place = asked.query_scenario("s", "SELECT ? AS a", params=["x'; DROP TABLE owners"])
    assert by_name.rows == [{"n": 25}]
    assert by_place.rows == [{"a": "x'; DROP TABLE owners"}]
    with pytest.raises(QueryError):
        asked.query_scenario("s", "SELECT :missing")


def test_a_dialect_is_translated(asked: Store) -> None:
    sql = "SELECT full_name || '!' AS x FROM owners WHERE full_name ILIKE 'UPDATE%' LIMIT 1"
    assert asked.query_scenario("s", sql, dialect="postgres").rows[0]["x"].endswith("!")
    with pytest.raises(InvalidArgument, match="klingon"):
        asked.query_scenario("s", "SELECT 1", dialect="klingon")


def test_wrong_names_are_answered_with_the_right_ones(asked: Store) -> None:
    with pytest.raises(QueryError, match="owners: owner_id, tax_number, full_name"):
        asked.query_scenario("s", "SELECT ful_name FROM owners")
    with pytest.raises(QueryError, match="Did you mean full_name"):
        asked.query_scenario("s", "SELECT ful_name FROM owners")
    with pytest.raises(QueryError, match="Did you mean owners"):
        asked.query_scenario("s", "SELECT 1 FROM ownrs")


@pytest.mark.parametrize("limit", [0, -1, True, 2.5, "20", 10**9])
def test_limits_that_are_none(asked: Store, limit: object) -> None:
    with pytest.raises(InvalidArgument, match="limit"):
        asked.query_scenario("s", "SELECT 1", limit=limit)  # type: ignore[arg-type]


def test_several_scenarios_at_once(asked: Store) -> None:
    asked.persist({"owners": [owner(n) for n in range(40, 60)]}, scenario="other-one")
    sql = "SELECT count(*) AS n FROM owners JOIN other_one.owners AS o USING (owner_id)"
    assert asked.query_scenario("s", sql, attach=["other"]).rows == [{"n": 10}]
    named = sql.replace("other_one", "x")
    assert asked.query_scenario("s", named, attach={"x": "other"}).rows == [{"n": 10}]
    with pytest.raises(QueryRefused):
        asked.query_scenario("s", "DELETE FROM other_one.owners", attach=["other"])
    with pytest.raises(InvalidArgument):
        asked.query_scenario("s", "SELECT 1", attach={"main": "other"})
    with pytest.raises(QueryError, match="no such table"):
        asked.query_scenario("s", sql)


def test_a_page_of_huge_rows_is_cut_and_says_so(asked: Store) -> None:
    sql = (
        "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)"
        " SELECT printf('%1000000d', i) AS wide FROM n"
    )
    page = asked.query_scenario("s", sql)
    assert 0 < len(page.rows) < 10
    assert page.has_more
    assert "cut" in str(page.note)


def test_a_number_without_end_is_json_ready(asked: Store) -> None:
    answer = asked.query_scenario("s", "SELECT 1e999 AS a, -1e999 AS b, 1.5 AS c").to_dict()
    assert answer["rows"] == [{"a": "Infinity", "b": "-Infinity", "c": 1.5}]


def test_a_blob_is_json_ready(asked: Store) -> None:
    answer = asked.query_scenario("s", "SELECT x'00ff' AS b").to_dict()
    assert answer["rows"] == [{"b": {"$base64": True, "encoded": "AP8="}}]
    with pytest.raises(QueryError, match="decode"):
        asked.query_scenario("s", "SELECT CAST(x'ff' AS TEXT)")


@pytest.mark.parametrize(
    "end",
    [
        "",
        "; -- such a statement cannot stand in brackets",
    ],
)
def test_a_total_that_takes_too_long_to_count_is_not_known(asked: Store, end: str) -> None:
    """None, and not a number that would be taken for the total."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    page = asked.query_scenario("s", numbers + end, limit=2, timeout=0.3)
    assert [row["i"] for row in page.rows] == [1, 2]
    assert page.has_more
    assert page.total is None
    assert page.to_dict()["total"] is None


def test_what_cannot_stand_in_brackets_is_counted_too(asked: Store) -> None:
    page = asked.query_scenario("s", "SELECT owner_id FROM owners; -- all of them", limit=2)
    assert (len(page.rows), page.has_more, page.total) == (2, True, 50)
