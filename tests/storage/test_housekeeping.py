"""The list of housekeeping tables, against what is in the files."""

from __future__ import annotations

import contextlib
import json
import sqlite3

import pytest
from conftest import make_older, owner

from healthsim_store import Store
from healthsim_store.schema.model import Column, EntityType
from healthsim_store.schema.parser import read_declaration
from healthsim_store.schema.types import LogicalType
from healthsim_store.storage import catalog
from healthsim_store.storage import format as fileformat
from healthsim_store.storage.housekeeping import (
    CARRIED,
    FORMAT_VERSION,
    NAMES,
    OF_PRODUCTS,
    TABLES,
    statements,
)


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def shape(path: str) -> dict[str, list[str]]:
    with contextlib.closing(sqlite3.connect(path)) as file:
        return {
            name: columns(file, name)
            for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name.startswith("_")
        }


@pytest.fixture
def filled(store: Store) -> Store:
    store.persist({"owners": [owner(1)], "pets": [{"owner_id": "o1"}]}, scenario="s", tags=["t"])
    return store


def test_a_file_has_the_tables_of_the_list_and_no_others(filled: Store) -> None:
    assert shape(str(filled.find("s"))).keys() == set(NAMES)


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION))
def test_a_file_of_each_older_format_becomes_as_a_new_one(filled: Store, version: int) -> None:
    new = shape(str(filled.find("s")))
    make_older(filled.find("s"), version)
    assert shape(str(filled.find("s"))) != new
    assert filled.load_scenario("s")["owners"] == [owner(1)]
    filled.persist({"owners": [owner(2)]}, scenario="s")
    assert shape(str(filled.find("s"))) == new
    assert filled.check_scenario("s").ok


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION))
def test_copies_of_an_older_format_are_of_the_newest(filled: Store, version: int) -> None:
    new = shape(str(filled.find("s")))
    make_older(filled.find("s"), version)
    filled.clone_scenario("s", new_name="clone")
    filled.merge_scenarios(["s", "clone"], new_name="merged", on_conflict="rename")
    for name in ("clone", "merged"):
        assert shape(str(filled.find(name))) == new
        assert filled.check_scenario(name).ok


def test_every_version_changes_something() -> None:
    for version in range(1, FORMAT_VERSION + 1):
        assert statements(version), version
    assert not statements(FORMAT_VERSION + 1)
    assert {table.since for table in TABLES} <= set(range(1, FORMAT_VERSION + 1))


def test_a_clone_has_the_rows_of_the_carried_tables_and_of_no_other(filled: Store) -> None:
    filled.clone_scenario("s", new_name="clone")
    with contextlib.closing(sqlite3.connect(filled.find("clone"))) as file:
        file.execute("ATTACH ? AS source", (str(filled.find("s")),))
        for table in TABLES:
            mine = file.execute(f"SELECT * FROM main.{table.name}").fetchall()
            theirs = file.execute(f"SELECT * FROM source.{table.name}").fetchall()
            if table in CARRIED:
                assert mine == theirs, table.name
            elif mine and theirs:
                assert mine != theirs, table.name


def test_what_belongs_to_a_product_is_what_a_merge_declares(filled: Store) -> None:
    filled.clone_scenario("s", new_name="clone")
    filled.merge_scenarios(["s", "clone"], new_name="m")
    with contextlib.closing(sqlite3.connect(filled.find("m"))) as file:
        file.execute("ATTACH ? AS source", (str(filled.find("s")),))
        for table in OF_PRODUCTS:
            mine = file.execute(f"SELECT * FROM main.{table.name}").fetchall()
            assert mine == file.execute(f"SELECT * FROM source.{table.name}").fetchall()


def test_the_texts_of_a_product_are_in_the_file(filled: Store) -> None:
    with contextlib.closing(sqlite3.connect(filled.find("s"))) as file:
        file.row_factory = sqlite3.Row
        (product,) = file.execute("SELECT * FROM _products")
    assert "CREATE TABLE owners" in product["schema_sql"]
    assert "@name species" in product["summary_sql"]
    assert "@name heavy_pets" in product["questions_sql"]


def test_a_column_is_described_by_the_names_of_the_dictionary(filled: Store) -> None:
    with contextlib.closing(sqlite3.connect(filled.find("s"))) as file:
        file.row_factory = sqlite3.Row
        (row,) = file.execute("SELECT * FROM _columns WHERE column_name = 'gender'")
    assert json.loads(row["allowed_values"]) == ["F", "M", "U"]
    assert json.loads(row["synonyms"]) == {"female": "F", "male": "M"}
    assert (row["codes"], row["type"], row["required"]) == ("HL7", "VARCHAR", 0)
    found: EntityType = filled.registry("s").entity_type("owners")
    assert found.by_name["gender"].values == ("F", "M", "U")
    assert found.by_name["tax_number"].sensitive
    reference = found.by_name["mentor_id"].references
    assert reference is not None
    assert (reference.entity_type, reference.column) == ("owners", "owner_id")


def test_the_columns_of_the_dictionary(filled: Store) -> None:
    """What is written by name is what the table has, in the order that its CREATE TABLE gives."""
    found = shape(str(filled.find("s")))
    assert (
        found["_columns"]
        == (
            "entity_type position column_name type required is_unique default_value allowed_values"
            " synonyms aliases references_entity_type references_column reference_enforced acyclic"
            " unit codes sensitive description"
        ).split()
    )
    column = Column("weight", LogicalType.parse("REAL"))
    assert [*catalog._column_row("pets", column, 3)] == found["_columns"]
    entity_type = filled.registry("s").entity_type("pets")
    assert [*catalog._entity_row(entity_type, 1)] == found["_entity_types"]


def test_columns_are_found_by_name_wherever_they_are(filled: Store) -> None:
    """As another writer's file may have them, or one that a later format gave one more."""
    before = [*filled.registry("s")]
    with contextlib.closing(sqlite3.connect(filled.find("s"))) as file:
        names = ", ".join(sorted(columns(file, "_columns")))
        file.execute(f"CREATE TABLE turned AS SELECT 1 AS more, {names} FROM _columns")
        file.execute("DROP TABLE _columns")
        file.execute("ALTER TABLE turned RENAME TO _columns")
        assert catalog.read_entity_types(file) == before


def test_a_product_described_again_keeps_its_place_and_its_day() -> None:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as file:
        fileformat.create(file, description=None)
        for name in ("toy", "vet"):
            sql = f"CREATE TABLE {name}s (id VARCHAR PRIMARY KEY);"
            catalog.add_product(file, read_declaration(name, "1.0", sql))
        file.execute("UPDATE _products SET added_at = 'then'")
        again = read_declaration("toy", "1.1", "CREATE TABLE toys (id VARCHAR PRIMARY KEY);")
        catalog.describe_product(file, again)
        assert file.execute("SELECT product, version, added_at FROM _products").fetchall() == [
            ("toy", "1.1", "then"),
            ("vet", "1.0", "then"),
        ]
        assert [e.name for e in catalog.read_entity_types(file)] == ["toys", "vets"]
