"""Merge of relatives: entities that go back to the same original are the same entity."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import MergeConflict

OWNERS = "SELECT tax_number, full_name, mentor_id FROM owners ORDER BY rowid"


def plainly(store: Store, scenario: str, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(store.find(scenario))) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def ward(store: Store) -> Store:
    """Nine owners, each with two pets: half of the ids are given, and half are made."""
    store.persist(
        {
            "owners": [owner(n, full_name=f"N{n}", mentor_id="o1") for n in range(1, 10)],
            "pets": [
                pet
                for n in range(1, 10)
                for pet in ({"pet_id": f"p{n}", "owner_id": f"o{n}"}, {"owner_id": f"o{n}"})
            ],
        },
        scenario="ward",
    )
    return store


def change(store: Store, scenario: str) -> None:
    store.update_entities(
        scenario, "owners", {"full_name": "X"}, where="tax_number IN ('T2', 'T3', 'T4', 'T5', 'T6')"
    )


def changed_once(store: Store, scenario: str) -> None:
    """The merge has nine owners, five of them changed, and eighteen pets."""
    names = [name for _, name, _ in plainly(store, scenario, OWNERS)]
    assert names == ["N1", "X", "X", "X", "X", "X", "N7", "N8", "N9"]
    assert plainly(store, scenario, "SELECT count(*) FROM pets") == [(18,)]
    assert store.check_scenario(scenario).ok


def test_a_clone_that_changed_is_merged_back_and_nothing_doubles(ward: Store) -> None:
    ward.clone_scenario("ward", new_name="clone")
    change(ward, "clone")
    before = [ward.find(name).read_bytes() for name in ("ward", "clone")]
    result = ward.merge_scenarios(["ward", "clone"], new_name="m", on_conflict="overwrite")
    assert [ward.find(name).read_bytes() for name in ("ward", "clone")] == before
    changed_once(ward, "m")
    assert result.conflicts == {"owners": {"overwrite": 5}}
    assert result.same == {"owners": 4, "pets": 18}
    assert result.taken == {"ward": {"owners": 9, "pets": 18}, "clone": {"owners": 0, "pets": 0}}
    assert "5 (Owners 5 overwritten" in result.to_markdown()
    assert "the same in both: 22" in result.to_markdown()


def test_as_diff_finds_them(ward: Store) -> None:
    ward.clone_scenario("ward", new_name="clone")
    change(ward, "clone")
    found = ward.diff_scenarios("ward", "clone").entity_types
    result = ward.merge_scenarios(["ward", "clone"], new_name="m", on_conflict="overwrite")
    for name, differing in (("owners", 5), ("pets", 0)):
        assert found[name].changed == differing
        assert sum(result.conflicts.get(name, {}).values()) == differing
        assert result.same[name] == found[name].same


def test_of_the_generations_of_a_clone(ward: Store) -> None:
    ward.clone_scenario("ward", new_name="g1")
    ward.clone_scenario("g1", new_name="g2")
    ward.clone_scenario("ward", new_name="aside")
    change(ward, "g2")
    for names in (["ward", "g2"], ["ward", "g1", "g2"], ["aside", "g2"], ["aside", "g1", "g2"]):
        result = ward.merge_scenarios(names, on_conflict="overwrite")
        changed_once(ward, str(result.scenario))
    result = ward.merge_scenarios(["ward", "g2"])  # the first one stays
    assert "X" not in {name for _, name, _ in plainly(ward, str(result.scenario), OWNERS)}
    assert result.conflicts == {"owners": {"skip": 5}}


@pytest.mark.parametrize("format", ["csv", "sqlite"])
def test_an_export_that_was_imported_again(ward: Store, tmp_path: Path, format: str) -> None:
    exported = ward.export_scenario("ward", format=format, to=tmp_path / "out").to_dict()
    place = Path(str(exported["location"]))
    if format == "sqlite":
        (file,) = place.glob("*.db")
        shutil.copy(file, ward.path / "again.db")
    else:
        ward.import_data(place, scenario="again")
    change(ward, "again")
    result = ward.merge_scenarios(["ward", "again"], new_name="m", on_conflict="overwrite")
    changed_once(ward, "m")
    assert result.conflicts == {"owners": {"overwrite": 5}}


def test_natural_keys_that_changed_places(ward: Store) -> None:
    """An entity is its original's, also where another one has its natural key now."""
    ward.clone_scenario("ward", new_name="clone")
    ward.update_entities(
        "clone", "owners", where="tax_number IN ('T2', 'T3')",
        expressions={"tax_number": "CASE tax_number WHEN 'T2' THEN 'T3' ELSE 'T2' END"},
    )  # fmt: skip
    ward.merge_scenarios(["ward", "clone"], new_name="m", on_conflict="overwrite")
    found = plainly(ward, "m", "SELECT owner_id, tax_number, full_name FROM owners LIMIT 3")
    assert found == [("o1", "T1", "N1"), ("o2", "T3", "N2"), ("o3", "T2", "N3")]
    assert ward.check_scenario("m").ok
    # Where the other one keeps it, both cannot have it.
    ward.clone_scenario("ward", new_name="taker")
    ward.update_entities("taker", "owners", {"tax_number": "T99"}, where="tax_number = 'T3'")
    ward.update_entities("taker", "owners", {"tax_number": "T3"}, where="tax_number = 'T2'")
    ward.remove_entities("taker", "owners", where="tax_number = 'T99'", with_children=True)
    names = ward.names()
    with pytest.raises(MergeConflict, match="owners of taker cannot be merged"):
        ward.merge_scenarios(["ward", "taker"], on_conflict="overwrite")
    assert ward.names() == names
    ward.merge_scenarios(["ward", "taker"], new_name="m2")
    assert ward.check_scenario("m2").ok


def test_rename_keeps_both_versions(ward: Store) -> None:
    ward.clone_scenario("ward", new_name="clone")
    change(ward, "clone")
    result = ward.merge_scenarios(["ward", "clone"], new_name="m", on_conflict="rename")
    assert result.entity_counts == {"owners": 18, "pets": 36}
    assert ward.check_scenario("m").ok
    whose = "SELECT count(*) FROM pets JOIN owners USING (owner_id) WHERE tax_number LIKE '%~2'"
    assert plainly(ward, "m", whose) == [(18,)]


def test_what_a_renamed_one_became_is_what_its_clone_finds(ward: Store) -> None:
    """The second source's entities get other ids here; the third goes back to them."""
    ward.persist({"owners": [owner(1, tax_number="U1", full_name="O")]}, scenario="other")
    ward.clone_scenario("other", new_name="clone")
    ward.update_entities("clone", "owners", {"full_name": "Y"}, where="1")
    ward.merge_scenarios(["ward", "other"], new_name="both", on_conflict="rename")
    # 'other' has o1, which is taken; of it and its clone only one is to be here.
    result = ward.merge_scenarios(["ward", "other", "clone"], new_name="m")
    assert result.entity_counts["owners"] == 9
    (standing,) = {row[0] for row in plainly(ward, "m", "SELECT entity_id FROM _conflicts")}
    assert standing == "o1"
