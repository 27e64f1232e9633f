"""A stranger's file with values that are too long to be read: named, and the rest can be read."""

from __future__ import annotations

import contextlib
import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.base.sqlite import MAX_BYTES
from healthsim_store.errors import (
    InvalidRows,
    QueryError,
    QueryTooLarge,
    ScenarioFileError,
)
from healthsim_store.storage.long_values import LongValue, find_long_values, read_row
from healthsim_store.storage.sandbox import Sandbox

LONG = '"' + "x" * 12_399_998 + '"'
PLACE = "pets, rowid 4: notes has 12 MB"


def write(path: Path, sql: str, *values: Any) -> None:
    """By a plain connection, as any other program would."""
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute(sql, values)


@pytest.fixture
def strange(store: Store) -> Store:
    pets = [{"pet_id": f"p{n}", "owner_id": "o1", "weight": n + 1} for n in range(9)]
    store.persist({"owners": [owner(n) for n in range(3)], "pets": pets}, scenario="s")
    write(store.find("s"), "UPDATE pets SET notes = ? WHERE pet_id = 'p3'", LONG)
    return store


def found_in(path: Path, **arguments: Any) -> list[LongValue]:
    with contextlib.closing(Sandbox(path)) as sandbox:
        return [*find_long_values(sandbox, timeout=60, **arguments)]


def test_where_they_are_and_how_long(store: Store) -> None:
    store.persist({"owners": [owner(n) for n in range(3)]}, scenario="s")
    path = store.find("s")
    for sql, *values in (
        ("CREATE TABLE more (a ANY, b ANY)",),
        ("CREATE INDEX by_a ON more (a)",),
        ("INSERT INTO more (rowid, a, b) VALUES (-5, ?, 1)", "x" * (MAX_BYTES + 1)),
        ("INSERT INTO more (rowid, a, b) VALUES (1, ?, ?)", "x" * MAX_BYTES, "é" * 3_999_999),
        ("INSERT INTO more (rowid, a, b) VALUES (7, ?, ?)", b"x" * 9_000_000, "é" * 4_000_001),
        ("INSERT INTO more (rowid, a, b) VALUES (9223372036854775807, NULL, zeroblob(8000001))",),
        ("CREATE TABLE keyed (k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID",),
        ("INSERT INTO keyed VALUES ('a', 'b'), ('c', ?)", "x" * 8_500_000),
        ("UPDATE _scenario SET description = ?", "x" * 20_000_000),
        ("CREATE VIEW seen AS SELECT a || b FROM more",),
    ):
        write(path, sql, *values)
    assert sorted(found_in(path), key=lambda value: value.table) == [
        LongValue("_scenario", "description", 1, 20_000_000),
        LongValue("keyed", "v", None, None),
        LongValue("more", "a", -5, 8_000_001),
        LongValue("more", "a", 7, 9_000_000),
        LongValue("more", "b", 7, 8_000_002),
        LongValue("more", "b", 2**63 - 1, 8_000_001),
    ]
    assert found_in(path, tables=[("main", "owners")]) == []
    with contextlib.closing(Sandbox(path)) as sandbox:
        row = read_row(sandbox, "more", ["b", "a"], -5, timeout=5)
        assert row == (1, LongValue("more", "a", -5, 8_000_001))
        with pytest.raises(QueryError, match="no such table"):
            [*find_long_values(sandbox, timeout=5, tables=[("main", "nowhere")])]


def test_other_columns_and_rows_are_answered(strange: Store) -> None:
    assert strange.query_scenario("s", "SELECT pet_id, weight FROM pets").total == 9
    assert strange.query_scenario("s", "SELECT * FROM pets WHERE rowid <> 4").total == 8
    by_type = "SELECT pet_id FROM pets WHERE typeof(notes) = 'text'"
    assert strange.query_scenario("s", by_type).rows == [{"pet_id": "p3"}]


@pytest.mark.parametrize("sql", [
    "SELECT * FROM pets", "SELECT length(notes) FROM pets p",
    "SELECT substr(notes, 1, 9) FROM pets",
    "SELECT pet_id FROM pets ORDER BY notes",
    "SELECT full_name FROM owners WHERE EXISTS (SELECT 1 FROM pets WHERE notes > '')",
])  # fmt: skip
def test_a_query_that_needs_it_says_where_it_is(strange: Store, sql: str) -> None:
    for ask in (strange.query_scenario, lambda *asked: [*strange.rows(*asked)]):
        with pytest.raises(QueryTooLarge, match=PLACE) as caught:
            ask("s", sql)
        assert caught.value.hint == (
            "Select other columns than notes, or other rows of pets: WHERE rowid <> 4."
        )


def test_of_an_attached_scenario(strange: Store) -> None:
    strange.persist({"owners": [owner(1)]}, scenario="other")
    with pytest.raises(QueryTooLarge, match=PLACE):
        strange.query_scenario("other", "SELECT notes FROM s.pets", attach=["s"])


def test_a_value_that_the_statement_made(strange: Store) -> None:
    sql = "SELECT replace(hex(printf('%03000000d', 1)), '3', '333') FROM owners"
    with pytest.raises(QueryTooLarge) as caught:
        strange.query_scenario("s", sql)
    assert caught.value.message == "A value is over 8 MB."


def test_samples_and_the_summary_show_how_long_it_is(strange: Store) -> None:
    shown = "(12 MB, too long to show)"
    rows = strange.get_samples("s", "pets", count=9)
    assert [row.get("notes") for row in rows] == [None, None, None, shown, *[None] * 5]
    assert rows[3]["pet_id"] == "p3"
    summary = strange.get_summary("s", samples=20)
    assert summary.samples["pets"][3]["notes"] == shown
    assert summary.entity_counts == {"owners": 3, "pets": 9}
    assert summary.omitted == ()


def test_a_card_that_needs_it(toy_of: Callable[..., None], tmp_path: Path) -> None:
    from conftest import SCHEMA

    card = "-- @card pets\nCREATE VIEW pet_cards AS SELECT pet_id, notes AS remarks FROM pets;"
    toy_of("1.0", schema_sql=f"{SCHEMA}\n{card}")
    pets = [{"pet_id": f"p{n}", "owner_id": "o1", "notes": n} for n in range(3)]
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(1)], "pets": pets}, scenario="s")
        write(store.find("s"), "UPDATE pets SET notes = ? WHERE pet_id = 'p1'", LONG)
        first, second, third = store.get_samples("s", "pets")
        assert (first, third) == (
            {"pet_id": "p0", "remarks": "0"}, {"pet_id": "p2", "remarks": "2"},
        )  # fmt: skip
        assert second["notes"] == "(12 MB, too long to show)"
        write(store.find("s"), "UPDATE pets SET notes = NULL, pet_id = ? WHERE pet_id = 'p1'", LONG)
        assert store.get_samples("s", "pets")[1]["pet_id"] == "(12 MB, too long to show)"


def test_what_gives_values_to_a_program_never_gives_another_one(strange: Store) -> None:
    with pytest.raises(QueryTooLarge, match=PLACE):
        strange.load_scenario("s")


def test_check_names_it_and_looks_at_the_rest(strange: Store, run: Run) -> None:
    (finding,) = strange.check_scenario("s").findings
    assert (finding.level, finding.kind) == ("error", "value")
    assert finding.message == f"{PLACE}: values over 8 MB are not read."
    told = run("check", "s")
    assert told.returncode == 1
    assert PLACE in told.stdout
    # Beside it, what is wrong otherwise is found as well, and a row with such a value is no excuse.
    path = strange.find("s")
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        other.execute("UPDATE pets SET weight = -1 WHERE pet_id = 'p5'")
        other.execute("UPDATE owners SET tax_number = ? WHERE owner_id = 'o2'", ("x" * 9_000_000,))
    findings = [(found.kind, found.message) for found in strange.check_scenario("s").findings]
    assert ("value", "owners, rowid 3: tax_number has 9.0 MB: values over 8 MB are not read.") in (
        findings
    )
    assert any(kind == "rule" and "p5" in message for kind, message in findings)
    assert findings[-1][0] == "value"
    assert findings[-1][1].startswith("Not looked at because of that: what integrity_check")


def test_very_many_are_not_all_listed(strange: Store) -> None:
    write(strange.find("s"), "INSERT INTO pets (pet_id, owner_id, notes) WITH RECURSIVE n(i) AS"
          " (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 121)"
          " SELECT i, 'o1', ? FROM n", '"' + "x" * 8_000_000 + '"')  # fmt: skip
    messages = [finding.message for finding in strange.check_scenario("s").findings]
    assert [text.endswith("are not read.") for text in messages] == [True] * 20 + [False] * 2
    assert messages[20] == "More than 20 such values; the others are not listed."
    assert messages[21].startswith("Not looked at because of that: pets")


def test_copies_have_it(strange: Store, tmp_path: Path) -> None:
    strange.persist({"owners": [owner(7)]}, scenario="other")
    strange.clone_scenario("s", new_name="cloned")
    strange.merge_scenarios(["s", "other"], new_name="merged")
    for name in ("cloned", "merged"):
        with contextlib.closing(sqlite3.connect(strange.find(name))) as other:
            assert other.execute("SELECT notes FROM pets WHERE notes NOT NULL").fetchall() == [
                (LONG,)
            ]
    strange.export_scenario("s", format="csv", to=tmp_path / "csv")
    csv.field_size_limit(2**30)
    with (tmp_path / "csv" / "pets.csv").open(newline="") as file:
        assert [row["notes"] for row in csv.DictReader(file) if row["notes"]] == [LONG]
    strange.export_scenario("s", format="ndjson", to=tmp_path / "ndjson")
    lines = (tmp_path / "ndjson" / "pets.ndjson").read_text().splitlines()
    assert next(row for row in map(json.loads, lines) if row.get("notes"))["pet_id"] == "p3"


def test_what_cannot_be_done_says_what_is_in_the_way(strange: Store) -> None:
    strange.clone_scenario("s", new_name="cloned")
    with pytest.raises(QueryTooLarge, match=r"pets cannot be compared: .* over 8 MB\.") as caught:
        strange.diff_scenarios("s", "cloned")
    assert str(caught.value.hint).startswith(
        'check_scenario("s") or check_scenario("cloned") says which one.'
    )
    assert strange.diff_scenarios("s", "cloned", entity_type="owners").to_dict()
    with pytest.raises(InvalidRows, match="meets a row of the scenario that has a value over 8 MB"):
        strange.persist({"pets": [{"pet_id": "p3", "owner_id": "o1"}]}, scenario="s",
                        on_conflict="replace")  # fmt: skip
    strange.persist({"pets": [{"pet_id": "new", "owner_id": "o1"}]}, scenario="s")


def test_of_what_the_file_says_of_itself(strange: Store) -> None:
    write(strange.find("s"), "UPDATE _scenario SET description = ?", "x" * 9_000_000)
    strange.persist({"owners": [owner(7)]}, scenario="other")
    for ask in (
        strange.scenario_info, strange.get_summary,
        lambda name: strange.merge_scenarios([name, "other"], new_name="m"),
    ):  # fmt: skip
        with pytest.raises(ScenarioFileError, match=r"s\.db: a value .* has over 8 MB") as caught:
            ask("s")
        assert str(caught.value.hint).startswith('check_scenario("s") says which one')
    messages = [finding.message for finding in strange.check_scenario("s").findings]
    assert any(text.startswith("_scenario, rowid 1: description has 9.0 MB") for text in messages)
    assert strange.query_scenario("s", "SELECT count(*) AS n FROM pets").rows == [{"n": 9}]
    assert [info.name for info in strange.list_scenarios() if info.problem] == ["s"]
