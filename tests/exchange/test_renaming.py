"""Columns called by the fields that they mean, and fields with one value for all rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import SCHEMA

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError, InvalidArgument


@pytest.fixture
def store(toy_of: Callable[..., None], tmp_path: Path) -> Store:
    toy_of("1.0")
    return Store(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "owners.csv"
    path.write_text("No=1,The Name,Tax,Day,Rest\n1,Ann,T1,05/01/1980,x\n2,Bo,T2,,x\n", "utf-8")
    return path


HOW: dict[str, Any] = {
    "map": {"No=1": "owner_id", "The Name": "owners.full_name", "Tax": "tax_number", "Day": "born"},
    "value": {"gender": "female"}, "ignore": "Rest", "date_format": {"Day": "DD/MM/YYYY"},
}  # fmt: skip


def _owners(store: Store) -> list[tuple[Any, ...]]:
    sql = "SELECT owner_id, full_name, tax_number, gender, born FROM owners ORDER BY 1"
    return [tuple(row.values()) for row in store.query_scenario("s", sql).rows]


STORED = [("1", "Ann", "T1", "F", "1980-01-05"), ("2", "Bo", "T2", "F", "1980-01-06")]


def test_a_file_and_rows_are_read_alike(store: Store, file: Path) -> None:
    file.write_text(file.read_text("utf-8").replace("T2,,", "T2,06/01/1980,"), "utf-8")
    made = store.import_data(file, scenario="s", **HOW)
    assert made.persisted.inserted == {"owners": 2}
    assert _owners(store) == STORED
    rows = [
        {"No=1": "1", "The Name": "Ann", "Tax": "T1", "Day": "05/01/1980", "Rest": "x"},
        {"No=1": "2", "The Name": "Bo", "Tax": "T2", "Day": "06/01/1980"},
    ]
    store.delete_scenario("s")
    store.persist({"owners": rows}, scenario="s", **HOW)
    assert _owners(store) == STORED


@pytest.mark.parametrize(("change", "told"), [
    ({"map": ["Who=full_name"]}, "No row has the column 'Who'"),
    ({"map": ["The Name=full_nam"]}, "Did you mean full_name"),
    ({"map": ["The Name=pets.full_name"]}, "no field of pets"),
    ({"map": ["The Name"]}, "COLUMN=FIELD"),
    ({"map": {"The Name": "full_name", "Tax": "full_name"}}, "two columns are full_name"),
    ({"value": ["weight=3"]}, "No row that was given has a field 'weight'"),
    ({"value": ["name=Zoe"], "map": {"The Name": "full_name"}}, "have The Name themselves"),
    ({"value": ["nothing=1"]}, "'nothing' is no field"),
    ({"value": ["gender"]}, "FIELD=TEXT"),
    ({"map": [3]}, "Give a list of texts"),
])  # fmt: skip
def test_what_cannot_be_meant_stores_nothing(
    store: Store, file: Path, change: dict[str, Any], told: str
) -> None:
    file.write_text(file.read_text("utf-8").replace("T2,,", "T2,06/01/1980,"), "utf-8")
    given = {**HOW, **change}
    if "map" in change and "Who=full_name" in change["map"]:
        given["map"] = [*(f"{a}={b}" for a, b in HOW["map"].items()), *change["map"]]
    with pytest.raises(HealthsimStoreError) as caught:
        store.import_data(file, scenario="s", **given)
    assert told in str(caught.value)
    assert store.names() == []


def test_of_several_files_each_has_what_is_its(store: Store, tmp_path: Path) -> None:
    """One call may name columns of one file and give a value that only the other has."""
    owners, pets = tmp_path / "owners.csv", tmp_path / "pets.csv"
    owners.write_text("owner_id,tax_number,name,dob\n1,T1,Ann,1980-01-05\n", "utf-8")
    pets.write_text("pet_id,of\n7,1\n", "utf-8")
    store.import_data([owners, pets], scenario="s", map={"of": "owner_id"}, value={"legs": "4"})
    found = store.query_scenario("s", "SELECT owner_id, legs FROM pets").rows
    assert [tuple(row.values()) for row in found] == [("1", 4)]


def test_a_mapping_says_it_itself(store: Store, file: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mine.sql"
    mapping.write_text(
        "CREATE TABLE owners (Tax TEXT);\n-- @into owners @from owners\nSELECT Tax AS owner_id,"
        " Tax AS tax_number, Tax AS full_name, '1980-01-05' AS born FROM owners;\n",
        "utf-8",
    )
    with pytest.raises(InvalidArgument, match="without a mapping"):
        store.import_data(file, format=str(mapping), value={"gender": "F"})


def test_the_path_of_a_field_is_told_as_its_name(
    toy_of: Callable[..., None], tmp_path: Path
) -> None:
    toy_of("1.0", SCHEMA.replace("@alias name\n", "@alias name.whole\n"))
    store = Store(tmp_path / "store")
    with pytest.raises(InvalidArgument, match=r"field of an entity type 'name'") as caught:
        store.persist({"owners": [{"x": "A"}]}, scenario="s", map={"x": "name.whole"})
    assert caught.value.hint == "Write full_name, as owners have it."
