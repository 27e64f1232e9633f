"""Clone: a copy that shares no id with its source and keeps every reference, or no copy at all."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, make_older, owner

from healthsim_store import Store
from healthsim_store.errors import (
    CopyFailed,
    CorruptScenario,
    InvalidName,
    NotWritable,
    ScenarioExists,
    ScenarioNotFound,
)
from healthsim_store.operations.builder import Building
from healthsim_store.operations.clone import _Clone
from healthsim_store.storage.housekeeping import FORMAT_VERSION

BATCH = {
    "owners": [owner(n, mentor_id=f"o{n // 2}") for n in range(40)],
    "pets": [{"owner_id": f"o{n % 40}", "weight": n + 0.1} for n in range(100)],
}


def plainly(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def source(store: Store) -> Path:
    store.persist(BATCH, scenario="s", description="Owners", tags=["a", "b"])
    return store.find("s")


def test_ids_are_new_and_references_follow(store: Store, source: Path) -> None:
    before = source.read_bytes()
    result = store.clone_scenario("s")
    assert source.read_bytes() == before
    assert (result.scenario, result.copied, result.total) == (
        "s-copy", {"owners": 40, "pets": 100}, 140,
    )  # fmt: skip
    clone = store.find("s-copy")
    assert plainly(clone, "PRAGMA foreign_key_check") == []
    assert plainly(clone, "PRAGMA integrity_check") == [("ok",)]
    for table, key in (("owners", "owner_id"), ("pets", "pet_id")):
        ids = {path: set(plainly(path, f"SELECT {key} FROM {table}")) for path in (source, clone)}
        assert len(ids[clone]) == len(ids[source])
        assert not ids[clone] & ids[source]
    # Who feeds what, and who learnt from whom, by what did not change.
    for sql in (
        "SELECT tax_number, weight FROM owners JOIN pets USING (owner_id) ORDER BY 1, 2",
        "SELECT a.tax_number, b.tax_number FROM owners a JOIN owners b ON b.owner_id = a.mentor_id"
        " ORDER BY 1, 2",
    ):
        joined = plainly(source, sql)
        assert len(joined) in (40, 100)
        assert plainly(clone, sql) == joined


def test_what_the_clone_says_of_itself(store: Store, source: Path) -> None:
    store.clone_scenario("s", new_name="b arm")
    info = store.scenario_info("b-arm")
    assert (info.description, info.tags, info.parents) == ("Owners", ("a", "b"), ("s",))
    assert [entry["operation"] for entry in info.log] == ["clone"]
    assert info.scenario_id != store.scenario_info("s").scenario_id
    assert store.check_scenario("b-arm").ok
    kinds = "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2"
    assert plainly(store.find("b-arm"), kinds) == plainly(source, kinds)
    (ours, theirs) = store.check_scenarios(["s", "b-arm"])
    assert [f for f in (*ours.findings, *theirs.findings) if f.kind == "same_id"] == []


def test_the_clone_lives_its_own_life(store: Store, source: Path) -> None:
    store.clone_scenario("s")
    store.persist({"pets": [{"owner_tax_number": "T1"}]}, scenario="s-copy")
    store.persist({"pets": [{"owner_tax_number": "T2"}]}, scenario="s")
    assert store.scenario_info("s-copy").entity_counts["pets"] == 101
    assert plainly(store.find("s-copy"), "PRAGMA foreign_key_check") == []
    assert store.check_scenario("s-copy").ok


def test_ids_do_not_grow_with_generations(store: Store, source: Path) -> None:
    names = ["s"]
    for _ in range(4):
        # Ids of all kinds: a user's, generated here, and a user's in the clone.
        number = len(names)
        pets = [{"pet_id": f"p{number}", "tax_number": "T1"}, {"tax_number": "T2"}]
        store.persist({"pets": pets}, scenario=names[-1])
        names.append(store.clone_scenario(names[-1], new_name=f"g{number}").scenario)
    longest = [
        plainly(store.find(name), "SELECT max(length(owner_id)) FROM owners")[0][0]
        for name in names
    ]
    assert longest[1:] == [longest[1]] * 4
    generated = [
        plainly(store.find(name), "SELECT max(length(pet_id)) FROM pets WHERE pet_id LIKE '%-%'")
        for name in names
    ]
    assert generated[1:] == [generated[0]] * 4
    ids = [set(plainly(store.find(n), "SELECT pet_id FROM pets")) for n in names]
    assert len(set.union(*ids)) == sum(map(len, ids)) == 5 * 100 + 2 * (4 + 4 + 3 + 2 + 1)


def test_an_id_that_looks_like_a_cloned_one(store: Store, source: Path) -> None:
    """P-1, and P-1 with this scenario's id before it, stay two."""
    scenario_id = store.scenario_info("s").scenario_id
    odd = [f"{scenario_id}.o1", f"{scenario_id}..o1", f"{scenario_id}-o1", f"{scenario_id}", ".o1"]
    rows = [owner(n, owner_id=key) for n, key in enumerate(odd, 100)]
    store.persist({"owners": rows}, scenario="s")
    store.clone_scenario("s")
    assert plainly(store.find("s-copy"), "SELECT count(DISTINCT owner_id) FROM owners") == [(45,)]
    assert store.check_scenario("s-copy").ok


def test_what_somebody_else_added_comes_along(store: Store, source: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.executescript(
            "CREATE TABLE reviews (n INTEGER PRIMARY KEY, owner TEXT REFERENCES owners (owner_id));"
            "INSERT INTO reviews SELECT rowid, owner_id FROM owners;"
            "CREATE INDEX by_legs ON pets (legs);"
            "CREATE VIEW dogs AS SELECT * FROM pets WHERE species = 'dog';"
            "CREATE TRIGGER no_more BEFORE DELETE ON pets BEGIN SELECT RAISE(ABORT, 'no'); END;"
            "CREATE VIRTUAL TABLE words USING fts5(word);"
            "CREATE VIEW some_words AS SELECT * FROM words;"
        )
    result = store.clone_scenario("s")
    assert result.left_out == ("words", "some_words")
    assert "Left out: words, some_words" in result.to_markdown()
    clone = store.find("s-copy")
    names = {name for (name,) in plainly(clone, "SELECT name FROM sqlite_master")}
    assert {"reviews", "by_legs", "dogs", "no_more"} <= names
    joined = "SELECT count(*) FROM reviews JOIN owners ON owner_id = owner"
    assert plainly(clone, joined) == [(40,)]


def test_a_source_that_is_not_sound_is_not_cloned(store: Store, source: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.execute("UPDATE pets SET owner_id = 'nobody' WHERE rowid = 7")
        connection.commit()
    with pytest.raises(CopyFailed, match=r"pets .* would refer to owners"):
        store.clone_scenario("s")
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.executescript("DROP TABLE pets; CREATE VIEW pets AS SELECT 1 AS pet_id")
    with pytest.raises(CorruptScenario, match="pets is no table in it"):
        store.clone_scenario("s")
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.executescript("DROP VIEW pets")
    with pytest.raises(CopyFailed, match="pets is declared, but is no table"):
        store.clone_scenario("s")
    assert store.names() == ["s"]
    assert [path.name for path in (store.path / ".healthsim-store").glob("new-*")] == []


def test_a_clone_that_lacks_rows_of_its_source_is_not_kept(store: Store, source: Path) -> None:
    """An index that lacks rows, as after a fault of a disk, counts fewer than the table has."""
    with contextlib.closing(sqlite3.connect(source)) as file:
        whole = "CREATE INDEX pets_owner_id ON pets (owner_id)"
        file.execute("DROP INDEX pets_owner_id")
        file.execute(f"{whole} WHERE weight > 50")
        file.execute("PRAGMA writable_schema = ON")
        file.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'pets_owner_id'", (whole,))
        file.commit()
    assert plainly(source, "SELECT count(*) FROM pets") == [(50,)]
    assert plainly(source, "SELECT count(*) FROM pets NOT INDEXED") == [(100,)]
    with pytest.raises(CopyFailed, match="Nothing was kept: the clone has not all the rows"):
        store.clone_scenario("s")
    assert [info.name for info in store.list_scenarios()] == ["s"]


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        ("DELETE FROM pets WHERE rowid = 7", "would have 99 of pets, its source has 100"),
        ("DELETE FROM pets", "would have 0 of pets, its source has 100"),
        (
            "UPDATE owners SET mentor_id = NULL WHERE rowid = 9",
            "would have 39 of owners.mentor_id, its source has 40",
        ),
        (
            "UPDATE pets SET owner_id = 'nobody' WHERE rowid = 7",
            r"pets \(rowid 7\) would refer to owners that are not there",
        ),
        ("UPDATE pets SET pet_id = '0' WHERE rowid = 7", "an id of pets was not renewed"),
        ("UPDATE pets SET pet_id = '~' WHERE rowid = 7", "an id of pets was not renewed"),
    ],
)
def test_a_clone_is_proven_before_it_is_kept(
    source: Path, tmp_path: Path, damage: str, error: str
) -> None:
    """The rows are copied by the real code, and damaged before the proof."""
    with contextlib.closing(Building(tmp_path / "new.db", lambda _: None)) as building:
        scenario_id = building.create()
        with building.reading(source):
            clone = _Clone(building, source, source.stat(), scenario_id)
            assert clone.run() == {"owners": 40, "pets": 100}
        clone.prove()
        building.connection.execute(damage)
        with pytest.raises(CopyFailed, match=f"Nothing was kept: .*{error}"):
            clone.prove()


def test_an_id_that_would_be_too_long_is_told(store: Store, source: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.executescript(
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql ="
            " replace(sql, 'KEY NOT NULL', 'KEY NOT NULL CHECK (length(pet_id) < 13)')"
            " WHERE name = 'pets'; PRAGMA writable_schema = OFF"
        )
    store.clone_scenario("s")  # generated ids, as long as before
    store.persist({"pets": [{"pet_id": "twelve-signs", "owner_id": "o1"}]}, scenario="s")
    with pytest.raises(CopyFailed, match="length"):
        store.clone_scenario("s")


def test_a_full_disk_is_told_and_leaves_nothing(store: Store, source: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits of files are a matter of POSIX")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    store.persist({"pets": [{"owner_id": f"o{n % 40}"} for n in range(5_000)]}, scenario="s")
    store.persist({"owners": [owner(99)]}, scenario="other")
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limit[1]))
    try:
        for copy in (
            lambda: store.clone_scenario("s"),
            lambda: store.merge_scenarios(["s", "other"]),
        ):
            with pytest.raises(NotWritable, match="no room for the copy"):
                copy()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert store.names() == ["other", "s"]
    assert [*(store.path / ".healthsim-store").glob("new-*")] == []
    assert store.clone_scenario("s").total == 5_140


def test_a_dictionary_that_cannot_be_read_is_told(store: Store, source: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.execute("UPDATE _columns SET type = 'NONSENSE' WHERE column_name = 'legs'")
        connection.commit()
    for ask in (store.clone_scenario, store.get_summary, store.registry):
        with pytest.raises(CorruptScenario, match=r"type of .*legs.*NONSENSE"):
            ask("s")
    assert not store.check_scenario("s").ok


@pytest.mark.parametrize(
    ("scenario", "name", "error"),
    [
        ("s", "s", ScenarioExists),
        ("s", "S", ScenarioExists),
        ("s", "../x", InvalidName),
        ("s", "!!!", InvalidName),
        ("nothing", None, ScenarioNotFound),
    ],
)
def test_bad_names(
    store: Store, source: Path, scenario: str, name: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        store.clone_scenario(scenario, new_name=name)
    assert store.names() == ["s"]


def test_a_taken_default_name_counts_on(store: Store, source: Path) -> None:
    names = [store.clone_scenario("s").scenario for _ in range(3)]
    assert names == ["s-copy", "s-copy-2", "s-copy-3"]


def test_a_file_of_the_first_format_is_cloned(store: Store, source: Path) -> None:
    make_older(source, 1)
    before = source.read_bytes()
    store.clone_scenario("s")
    assert source.read_bytes() == before
    assert plainly(store.find("s-copy"), "SELECT name FROM _ancestors") == [("s",)]
    store.persist({"pets": [{"owner_id": "o1"}]}, scenario="s")  # which brings it up to date
    assert plainly(source, "PRAGMA user_version") == [(FORMAT_VERSION,)]
    assert plainly(source, "SELECT count(*) FROM _ancestors") == [(0,)]
    assert plainly(source, "SELECT count(*) FROM _questions") == [(0,)]


def test_the_command_line(run: Run, tmp_path: Path) -> None:
    run("persist", "--scenario", "s", input=json.dumps(BATCH))
    done = run("clone", "s")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:8] == [
        '**Cloned "s" → "s-copy"**',
        "",
        "| Entity Type | Copied           |",
        "|-------------|------------------|",
        "| Owners      | 40               |",
        "| Pets        | 100              |",
        "| **Total**   | **140 entities** |",
        "",
    ]
    assert json.loads(run("clone", "s", "x", "--json").stdout)["total"] == 140
    taken = run("clone", "s", "x")
    assert (taken.returncode, taken.stdout) == (4, "")
    assert "scenario_exists" in taken.stderr


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_what_happens_to_the_source_meanwhile_is_not_in_the_clone(
    store: Store, source: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """In WAL mode somebody writes to it; else another one gets its name."""
    store.persist({"owners": [owner(1)]}, scenario="other")
    with contextlib.closing(sqlite3.connect(source, isolation_level=None)) as tool:
        tool.execute(f"PRAGMA journal_mode = {mode}")
        count = _Clone._count_source

        def late(clone: _Clone) -> dict[str, int]:
            if mode == "wal":
                with contextlib.closing(sqlite3.connect(source)) as writer, writer:
                    writer.execute("DELETE FROM pets")
            else:
                os.rename(store.path / "other.db", source)
            return count(clone)

        monkeypatch.setattr(_Clone, "_count_source", late)
        result = store.clone_scenario("s")
    assert result.copied == {"owners": 40, "pets": 100}
    assert store.scenario_info("s-copy").entity_counts == {"owners": 40, "pets": 100}


def test_a_table_of_the_users_own_whose_rule_pads_a_number(store: Store, source: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as file, file:
        file.execute(
            "CREATE TABLE badges (n INTEGER, code TEXT NOT NULL DEFAULT (printf('%04d', 7)),"
            " CHECK (length(printf('%s-%04d', code, n)) > 8))"
        )
        file.execute("INSERT INTO badges (n) VALUES (12), (345)")
    sql = "SELECT n, code FROM badges"
    rows = [{"n": 12, "code": "0007"}, {"n": 345, "code": "0007"}]
    assert store.query_scenario(store.clone_scenario(source.stem).scenario, sql).rows == rows
    store.export_scenario(source.stem, format="sqlite", to=store.path / "out")
