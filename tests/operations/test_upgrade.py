"""Check and upgrade: a file is found sound or not, and follows its product, or stays as it was."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import SCHEMA, Run, install, owner

from healthsim_store import Store
from healthsim_store.errors import (
    InvalidRows,
    NewerProduct,
    UnknownEntityType,
    UpgradeRefused,
)
from healthsim_store.plugins import installed

CARD = """
-- A pet for a reader @card pets
CREATE VIEW pet_cards AS
SELECT pet_id, species || ' of ' || full_name AS pet, legs AS Legs
FROM pets JOIN owners USING (owner_id);
"""

PETS = [
    {"pet_id": f"p{n}", "owner_id": f"o{n}", "species": "dog", "weight": 1.5 * n, "legs": 4}
    for n in (1, 2, 3)
]


@pytest.fixture
def old(toy_of: Callable[..., None], tmp_path: Path) -> Iterator[Store]:
    """A store with a scenario of toy 1.0."""
    toy_of("1.0")
    with Store(tmp_path / "store") as store:
        batch = {"owners": [owner(n, mentor_id="o1") for n in (1, 2, 3)], "pets": PETS}
        store.persist(batch, scenario="s")
        yield store


def dump(store: Store) -> list[str]:
    with contextlib.closing(sqlite3.connect(store.path / "s.db")) as connection:
        return [*connection.iterdump()]


def test_new_columns_views_rules_and_entity_types_arrive(
    old: Store, toy_of: Callable[..., None]
) -> None:
    connection = sqlite3.connect(old.path / "s.db")
    connection.execute("CREATE INDEX somebodys ON pets (legs)")
    connection.execute("CREATE VIEW somebodys_view AS SELECT count(*) AS n FROM pets")
    connection.commit()
    connection.close()
    schema = SCHEMA.replace(
        "  legs INTEGER,", "  colour VARCHAR DEFAULT 'grey', -- Fur @alias color\n  legs INTEGER,"
    ).replace("weight > 0", "weight > 0.1")
    schema += CARD + "-- Toys\nCREATE TABLE toys (toy_id VARCHAR PRIMARY KEY, -- Id\n" \
        " pet_id VARCHAR REFERENCES pets (pet_id) -- Whose\n);\n"  # fmt: skip
    checks = "-- Dogs have legs @name legs\nSELECT pet_id FROM pets WHERE legs IS NULL;\n"
    toy_of("1.1", schema, checks_sql=checks)
    (upgraded,) = old.upgrade_scenario("s")
    assert (upgraded.product, upgraded.before, upgraded.after) == ("toy", "1.0", "1.1")
    assert upgraded.changes == ["new column pets.colour", "new entity type toys"]
    old.persist(
        {"toys": [{"pet_id": "p1"}], "pets": [{"owner_id": "o1", "color": "red"}]}, scenario="s"
    )
    rows = old.query_scenario("s", "SELECT pet_id, colour, weight FROM pets ORDER BY rowid").rows
    assert [tuple(row.values()) for row in rows][:3] == [
        ("p1", "grey", 1.5), ("p2", "grey", 3), ("p3", "grey", 4.5),
    ]  # fmt: skip
    assert old.get_samples("s", "pets", count=4)[0] == {
        "pet_id": "p1", "pet": "dog of Owner 1", "Legs": 4,
    }  # fmt: skip
    assert old.get_samples("s", "pets", cards=False)[0]["colour"] == "grey"
    assert "colour" in old.registry("s").entity_type("pets").arrow_schema().names
    with pytest.raises(InvalidRows, match=r"weight > 0\.1"):
        old.persist({"pets": [{"owner_id": "o1", "weight": 0.05}]}, scenario="s")
    assert old.query_scenario("s", "SELECT n FROM somebodys_view").rows == [{"n": 4}]
    connection = sqlite3.connect(old.path / "s.db")
    indexes = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert {"somebodys", "pets_owner_id", "toys_pet_id"} <= indexes
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    check = old.check_scenario("s")
    assert not check.ok
    assert [f.message[:24] for f in check.findings] == ["Dogs have legs: not so f"]
    assert old.scenario_info("s").log[1]["operation"] == "upgrade"
    assert old.upgrade_scenario("s")[0].changes == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("  legs INTEGER,", "  legs INTEGER, ears INTEGER NOT NULL,"), "ears is required"),
        (("  legs INTEGER, -- How many\n", ""), "legs is no longer declared, but 3 rows"),
        (
            ("CHECK (weight > 0)", "CHECK (weight > 2)"),
            "do not meet the new rules: CHECK constraint failed: weight: weight > 2 (pet_id p1)",
        ),
        (("species IN ('cat', 'dog')", "species IN ('cat', 'cow')"), "species must be one of"),
    ],
)
def test_a_file_that_cannot_follow_is_left_as_it_was(
    old: Store, toy_of: Callable[..., None], change: tuple[str, str], said: str
) -> None:
    before = dump(old)
    assert change[0] in SCHEMA
    toy_of("2.0", SCHEMA.replace(*change))
    with pytest.raises(UpgradeRefused) as caught:
        old.upgrade_scenario("s")
    assert said in str(caught.value)
    assert dump(old) == before


def test_a_newer_file_is_refused_and_told(old: Store, toy_of: Callable[..., None]) -> None:
    toy_of("0.9")
    with pytest.raises(NewerProduct, match=r"toy 1\.0, which is newer than the installed 0\.9"):
        old.upgrade_scenario("s")
    check = old.check_scenario("s")
    assert check.ok
    assert "toy 1.0 is newer than the installed 0.9" in check.findings[0].message
    assert old.persist({"owners": [owner(9)]}, scenario="s").inserted == {"owners": 1}


def test_an_older_file_says_what_to_do(old: Store, toy_of: Callable[..., None]) -> None:
    toy_of("1.10", SCHEMA + "-- Toys\nCREATE TABLE toys (toy_id VARCHAR PRIMARY KEY);\n")
    assert 'upgrade_scenario("s")' in old.check_scenario("s").findings[0].message
    for batch, kind in (
        ({"toys": [{"toy_id": "t"}]}, UnknownEntityType),
        ({"pets": [{"owner_id": "o1", "colour": "red"}]}, InvalidRows),
    ):
        with pytest.raises(kind, match=r"has toy 1\.0, 1\.10 is installed: upgrade_scenario"):
            old.persist(batch, scenario="s")


def test_a_reply_says_that_the_file_is_of_an_older_version(
    old: Store, toy_of: Callable[..., None]
) -> None:
    pet = {"owner_id": "o1", "species": "cat"}
    assert old.persist({"pets": [pet]}, scenario="s").notes == ()
    toy_of("1.1")
    (told,) = old.persist({"pets": [pet | {"legs": 3}]}, scenario="s").notes
    assert told == 's was made by toy 1.0, and 1.1 is installed: upgrade_scenario("s").'
    batches = iter([({"pets": [pet | {"legs": 2}]}, {})])
    assert old.persist_batches(batches, scenario="s").notes == (told,)
    assert old.persist({"pets": [pet | {"owner_id": "o7"}], "owners": [owner(7)]}).notes == ()
    old.upgrade_scenario("s")
    assert old.persist({"pets": [pet | {"legs": 1}]}, scenario="s").notes == ()
    toy_of("1.0")  # what a newer one made needs nothing
    assert old.persist({"pets": [pet | {"legs": 0}]}, scenario="s").notes == ()


def test_a_product_that_is_left_out_is_told_with_the_reason(
    old: Store, toy_of: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note() -> str:
        (found,) = [one for one in old.check_scenario("s").findings if one.kind == "product"]
        return found.message

    toy_of("1.1", SCHEMA + "CREATE TRIGGER t AFTER INSERT ON pets BEGIN SELECT 1; END;")
    assert note().startswith(
        "toy 1.0 is left out: the plugin toysim, toy/schema.sql, line 24: CREATE TRIGGER: only"
    )
    with pytest.raises(
        UpgradeRefused, match=r"toy is left out: the plugin toysim, toy/schema\.sql"
    ):
        old.upgrade_scenario("s")
    # One whose plugin cannot even be imported: it is called as its product is.
    monkeypatch.setattr(sys, "path", [one for one in sys.path if "/site" not in one])
    install(tmp_path / "broken", "toy", {"__init__.py": "1 / 0\n"})
    monkeypatch.syspath_prepend(str(tmp_path / "broken"))
    installed.cache_clear()
    assert note() == (
        "toy 1.0 is left out: the plugin toy, ZeroDivisionError: division by zero;"
        " the file speaks for itself."
    )
    monkeypatch.setattr(sys, "path", [one for one in sys.path if "/broken" not in one])
    installed.cache_clear()
    assert note() == "toy 1.0 is not installed; the file speaks for itself."


def spoil(store: Store, *statements: str) -> None:
    """As another tool might, without our foreign keys and checks."""
    connection = sqlite3.connect(store.path / "s.db")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("PRAGMA writable_schema = ON")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statements", "kind", "said"),
    [
        (["DELETE FROM owners WHERE owner_id = 'o3'"], "foreign_key", "1 of pets refer to owners"),
        (["UPDATE pets SET weight = -1"], "rule", "3 of pets: weight: weight > 0 (pet_id p1, p2"),
        (["UPDATE owners SET born = '2024-02-30'"], "rule", "owners: born must be a date"),
        (["DROP TABLE pets"], "table", "pets lacks pet_id"),
        (["UPDATE sqlite_master SET sql = replace(sql, 'UNIQUE', '') WHERE name = 'owners'",
          "DELETE FROM sqlite_master WHERE name = 'sqlite_autoindex_owners_2'"],
         "integrity", ""),
        (["UPDATE _statistics SET sql = 'SELECT ears FROM pets' WHERE name = 'weight'"],
         "statistic", "Weight (The query failed: no such column"),
        (["INSERT INTO _rules VALUES ('toy', 'x', 1, 'No dogs', 'SELECT pet_id FROM pets')"],
         "rule", "No dogs: not so for 3, such as pet_id p1."),
        (["INSERT INTO _rules VALUES ('toy', 'x', 1, 'X', 'DELETE FROM pets')"],
         "rule", "X: could not be asked"),
    ],
)  # fmt: skip
def test_check_finds_what_is_wrong(old: Store, statements: list[str], kind: str, said: str) -> None:
    assert old.check_scenario("s").findings == ()
    spoil(old, *statements)
    check = old.check_scenario("s")
    assert not check.ok
    assert any(f.kind == kind and said in f.message for f in check.findings), check.findings
    assert json.loads(json.dumps(check.to_dict()))["ok"] is False


def test_several_without_a_natural_key_are_no_doubles(
    toy_of: Callable[..., None], tmp_path: Path
) -> None:
    """NULL is not the same as NULL."""
    toy_of("1.0", SCHEMA.replace("tax_number VARCHAR NOT NULL UNIQUE", "tax_number VARCHAR UNIQUE"))
    with Store(tmp_path / "store") as store:
        owners = [owner(1), owner(2, tax_number=None), owner(3, tax_number=None)]
        store.persist({"owners": owners}, scenario="s")
        assert store.check_scenario("s").findings == ()


def test_an_upgrade_that_would_lose_rows_is_refused(
    old: Store, toy_of: Callable[..., None]
) -> None:
    """An index that lacks rows, as after a fault of a disk, counts fewer than the table has."""
    whole = 'CREATE INDEX "pets_owner_id" ON "pets" ("owner_id")'
    spoil(
        old,
        "DROP INDEX pets_owner_id",
        f"{whole} WHERE weight > 2",
        f"UPDATE sqlite_master SET sql = '{whole}' WHERE name = 'pets_owner_id'",
    )
    before = (old.path / "s.db").read_bytes()
    toy_of("1.1", SCHEMA.replace("legs INTEGER,", "legs INTEGER, colour VARCHAR,"))
    with pytest.raises(UpgradeRefused, match="3 of 2 pets would be left"):
        old.upgrade_scenario("s")
    assert (old.path / "s.db").read_bytes() == before


def test_an_upgrade_of_a_file_with_a_broken_reference_is_refused(
    old: Store, toy_of: Callable[..., None]
) -> None:
    spoil(old, "UPDATE pets SET owner_id = 'nobody' WHERE pet_id = 'p2'")
    before = dump(old)
    toy_of("1.1", SCHEMA.replace("legs INTEGER,", "legs INTEGER, colour VARCHAR,"))
    with pytest.raises(UpgradeRefused, match="pets, rowid 2, would refer to owners that are not"):
        old.upgrade_scenario("s")
    assert dump(old) == before


def test_check_of_files_that_are_none(old: Store) -> None:
    (old.path / "text.db").write_text("no database " * 100)
    whole = (old.path / "s.db").read_bytes()
    (old.path / "half.db").write_bytes(whole[: len(whole) // 2])
    results = {result.scenario: result for result in old.check_scenarios()}
    assert results["s"].ok
    assert not results["text"].ok
    assert not results["half"].ok


def test_ids_in_two_files_are_told(old: Store) -> None:
    (old.path / "copy.db").write_bytes((old.path / "s.db").read_bytes())
    old.persist({"owners": [owner(1), owner(8)]}, scenario="third")
    notes = {r.scenario: [f.message for f in r.findings] for r in old.check_scenarios()}
    assert notes == {
        "copy": ["s has the same: the scenario id, 3 ids of owners, 3 ids of pets."],
        "s": [
            "copy has the same: the scenario id, 3 ids of owners, 3 ids of pets.",
            "third has the same: 1 ids of owners.",
        ],
        "third": ["s has the same: 1 ids of owners."],
    }
    assert all(result.ok for result in old.check_scenarios())


def test_check_and_upgrade_on_the_command_line(run: Run, tmp_path: Path) -> None:
    run("persist", "--scenario", "s", input=json.dumps({"owners": [owner(1)]}))
    done = run("check")
    assert (done.returncode, done.stdout[:5]) == (0, "s: ok")
    assert run("upgrade", "s").stdout == "toy 1.0 is current.\n"
    with contextlib.closing(sqlite3.connect(tmp_path / "store" / "s.db")) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE owners SET gender = 'x'")
        connection.commit()
    done = run("check", "s", "--json")
    assert done.returncode == 1
    (result,) = json.loads(done.stdout)
    assert "rule" in {finding["kind"] for finding in result["findings"]}
    done = run("check", "nothing")
    assert (done.returncode, done.stdout) == (3, "")
    assert "scenario_not_found" in done.stderr
