"""Triggers that somebody put into a scenario's file: none runs unless it was allowed."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from conftest import Run, make_older, owner

from healthsim_store import Store
from healthsim_store.errors import InvalidRows, TriggersRefused

AT_OWNERS = """
CREATE TRIGGER wipe AFTER INSERT ON owners BEGIN
  DELETE FROM pets; DELETE FROM owners WHERE owner_id <> new.owner_id;
END
"""
CHANGES = {
    "insert": AT_OWNERS,
    "update": AT_OWNERS.replace("AFTER INSERT", "AFTER UPDATE"),
    "by a SELECT": "CREATE TRIGGER drop_it BEFORE INSERT ON owners BEGIN SELECT RAISE(IGNORE); END",
    "at the log": "CREATE TRIGGER at_log AFTER INSERT ON _log BEGIN DELETE FROM pets; END",
    "at the tags": "CREATE TRIGGER at_tags AFTER INSERT ON _tags BEGIN DELETE FROM pets; END",
    "odd name": 'CREATE TRIGGER "a ""b"" \'c\'" AFTER INSERT ON _log BEGIN DELETE FROM pets; END',
}


def put(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.executescript(sql)


@pytest.fixture
def ward(store: Store) -> Store:
    store.persist(
        {"owners": [owner(1), owner(2)], "pets": [{"owner_id": "o1"}] * 3}, scenario="ward"
    )
    return store


def counts(store: Store, name: str = "ward") -> tuple[int, int]:
    found = store.scenario_info(name).entity_counts
    return found["owners"], found["pets"]


@pytest.mark.parametrize("kind", [kind for kind in CHANGES if kind != "update"])
def test_a_trigger_that_would_run_is_refused_by_name(ward: Store, kind: str) -> None:
    path = ward.find("ward")
    put(path, CHANGES[kind])
    before = path.read_bytes()
    with pytest.raises(TriggersRefused, match=r"ward has a trigger ") as caught:
        ward.persist({"owners": [owner(3)]}, scenario="ward", tags=["x"])
    assert path.read_bytes() == before
    assert "allow_triggers=True" in str(caught.value.hint)
    assert counts(ward) == (2, 3)
    result = ward.persist({"owners": [owner(3)]}, scenario="ward", tags=["x"], allow_triggers=True)
    assert "allowed to run" in result.notes[0]
    assert result.inserted == {"owners": int(kind != "by a SELECT")}
    assert counts(ward) == {"insert": (1, 0), "by a SELECT": (2, 3)}.get(kind, (3, 0))


def test_one_that_would_not_run_is_no_reason_to_refuse(ward: Store) -> None:
    put(
        ward.find("ward"),
        CHANGES["update"] + ";CREATE TABLE mine (a); CREATE TRIGGER at_mine AFTER INSERT ON mine"
        " BEGIN DELETE FROM owners; END; CREATE VIEW seen AS SELECT * FROM owners",
    )
    ward.persist({"owners": [owner(3)]}, scenario="ward")
    ward.add_tags("ward", "x")
    assert ward.rename_scenario("ward", "bay") == "bay"
    assert counts(ward, "bay") == (3, 3)
    with pytest.raises(TriggersRefused, match="trigger 'wipe'"):
        ward.persist({"owners": [owner(3, full_name="New")]}, scenario="bay", on_conflict="replace")
    with pytest.raises(InvalidRows):  # what is wrong with the rows is told as ever
        ward.persist({"owners": [owner(4, gender="?")]}, scenario="bay")


def test_every_change_of_a_scenario_refuses(ward: Store) -> None:
    path = ward.find("ward")
    ward.add_tags("ward", "x")
    put(path, CHANGES["at the log"])
    put(path, CHANGES["at the tags"])
    before = path.read_bytes()
    for change in (
        lambda: ward.add_tags("ward", "y"),
        lambda: ward.remove_tags("ward", "x"),
        lambda: ward.rename_scenario("ward", "bay"),
        lambda: ward.persist_batches([({"owners": [owner(4)]}, {})], scenario="ward"),
    ):
        with pytest.raises(TriggersRefused, match="ward has a trigger 'at_") as caught:
            change()
        assert "DROP TRIGGER" in str(caught.value.hint)
    assert path.read_bytes() == before
    assert ward.names() == ["ward"]
    ward.persist_batches([({"owners": [owner(4)]}, {})], scenario="ward", allow_triggers=True)
    assert counts(ward) == (3, 0)


def test_an_upgrade_refuses(ward: Store) -> None:
    path = ward.find("ward")
    make_older(path, 3)
    put(path, "CREATE TRIGGER at_migrations AFTER INSERT ON _sqlite_migrations"
              " BEGIN DELETE FROM pets; END")  # fmt: skip
    with pytest.raises(TriggersRefused, match="at_migrations"):
        ward.upgrade_scenario("ward")
    assert counts(ward) == (2, 3)


def test_check_tells_of_it(ward: Store) -> None:
    assert ward.check_scenario("ward").findings == ()
    put(ward.find("ward"), AT_OWNERS)
    result = ward.check_scenario("ward")
    (finding,) = result.findings
    assert (finding.level, finding.kind) == ("note", "trigger")
    assert "'wipe'" in finding.message
    assert result.ok


@pytest.mark.parametrize("kind", CHANGES)
def test_a_clone_has_it_and_tells_of_it_and_it_has_not_run(ward: Store, kind: str) -> None:
    put(ward.find("ward"), CHANGES[kind])
    ward.persist({"owners": [owner(9)]}, scenario="other")
    result = ward.clone_scenario("ward", new_name="copy")
    assert counts(ward, "copy") == (2, 3)
    (name,) = result.triggers
    assert name in result.to_markdown()
    assert result.to_dict()["triggers"] == [name]
    merged = ward.merge_scenarios(["ward", "other"], new_name="both")
    assert counts(ward, "both") == (3, 3)
    assert name in str(merged)
    with contextlib.closing(sqlite3.connect(ward.find("both"))) as file:
        assert not file.execute("SELECT 1 FROM sqlite_master WHERE type = 'trigger'").fetchall()


def test_what_is_sensitive_is_not_put_back(odd_store: Store, tmp_path: Path) -> None:
    """By a trigger, in the copy that an export writes."""
    store = odd_store
    store.persist({"owners": [owner(1)]}, scenario="ward")
    path = store.find("ward")
    with contextlib.closing(sqlite3.connect(path)) as file:
        (sql,) = file.execute("SELECT sql FROM sqlite_master WHERE name = 'owners'").fetchone()
        file.execute("PRAGMA writable_schema = ON")
        loose = sql.replace('"tax_number" TEXT NOT NULL', '"tax_number" TEXT')
        assert loose != sql
        file.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'owners'", (loose,))
        file.commit()
    put(path, "CREATE TABLE kept (a); CREATE TRIGGER keep AFTER UPDATE ON owners"
              " BEGIN INSERT INTO kept VALUES (old.tax_number); END")  # fmt: skip
    with pytest.raises(TriggersRefused, match="trigger 'keep'"):
        store.export_scenario("ward", format="sqlite", to=tmp_path / "out", drop_sensitive=True)
    assert not (tmp_path / "out").exists()


def test_the_command_line(ward: Store, run: Run) -> None:
    put(ward.find("ward"), AT_OWNERS)
    batch = json.dumps({"owners": [owner(3)]})
    refused = run("persist", "--scenario", "ward", input=batch)
    assert refused.returncode == 4
    assert "trigger 'wipe'" in refused.stderr
    assert "--allow-triggers" in refused.stderr
    allowed = run("persist", "--scenario", "ward", "--allow-triggers", input=batch)
    assert (allowed.returncode, allowed.stderr.count("\n")) == (0, 1)
    assert "Triggers of the file were allowed to run: wipe." in allowed.stderr
    assert "wipe" in run("check", "ward").stdout
