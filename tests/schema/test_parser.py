"""schema.sql: one declaration drives everything, and a faulty one is told with file and line."""

from __future__ import annotations

import dataclasses
import sqlite3

import pyarrow as pa
import pytest
from conftest import SCHEMA, SUMMARY

from healthsim_store.errors import DeclarationError, UnknownEntityType
from healthsim_store.schema.ddl import create_statements
from healthsim_store.schema.parser import read_declaration
from healthsim_store.schema.registry import Registry
from healthsim_store.schema.types import LogicalType
from healthsim_store.storage.catalog import add_product, read_entity_types, read_statistics
from healthsim_store.storage.format import create


def test_what_a_declaration_says() -> None:
    declaration = read_declaration("toy", "1.0", SCHEMA, SUMMARY)
    owners, pets = declaration.entity_types
    assert (owners.name, owners.aliases, owners.primary_key) == (
        "owners", ("owner", "people"), "owner_id",
    )  # fmt: skip
    gender = owners.by_name["gender"]
    assert gender.values == ("F", "M", "U")
    assert gender.synonyms == {"female": "F", "male": "M"}
    assert (gender.description, gender.codes) == ("Gender", "HL7")
    assert owners.by_name["tax_number"].sensitive
    assert owners.unique_keys == (("tax_number",),)
    assert pets.by_name["weight"].unit == "kg"
    assert pets.by_name["owner_id"].references is not None
    assert pets.by_name["species"].default == "'cat'"
    assert [statistic.name for statistic in declaration.statistics] == ["species", "weight"]


def test_the_file_says_what_was_declared() -> None:
    declaration = read_declaration("toy", "1.0", SCHEMA, SUMMARY)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("BEGIN")
    create(connection, description=None)
    add_product(connection, declaration)
    connection.execute("COMMIT")
    assert read_entity_types(connection) == list(declaration.entity_types)
    assert read_statistics(connection) == list(declaration.statistics)
    connection.close()


def test_a_new_column_shows_up_everywhere() -> None:
    more = SCHEMA.replace(
        "  legs INTEGER,", "  colour VARCHAR, -- Fur @alias color\n  legs INTEGER,"
    )
    declaration = read_declaration("toy", "1.1", more)
    registry = Registry(declaration.entity_types)
    pets = registry.entity_type("animals")
    field = registry.field("pets", "color")
    assert field is pets.by_name["colour"]
    assert pets.arrow_schema().field("colour").type == pa.string()
    (create_pets, _) = create_statements(pets)
    assert '"colour" TEXT, -- Fur' in create_pets


def test_arrow_types_are_the_declared_ones() -> None:
    pets = read_declaration("toy", "1.0", SCHEMA).entity_types[1]
    schema = pets.arrow_schema()
    assert {field.name: field.type for field in schema} == {
        "pet_id": pa.string(), "owner_id": pa.string(), "species": pa.string(),
        "weight": pa.float64(), "price": pa.decimal128(8, 2), "legs": pa.int64(),
        "chipped": pa.bool_(), "seen_at": pa.timestamp("us"), "notes": pa.string(),
        "extra": pa.string(),
    }  # fmt: skip
    assert not schema.field("owner_id").nullable
    assert schema.field("weight").metadata == {b"description": b"Weight", b"unit": b"kg"}


FAULTS = {
    "no primary key": ("CREATE TABLE a (x VARCHAR);", "needs a primary key"),
    "two keys": ("CREATE TABLE a (x VARCHAR, y VARCHAR, PRIMARY KEY (x, y));", "one VARCHAR"),
    "nowhere": (
        "CREATE TABLE a (x VARCHAR PRIMARY KEY, y VARCHAR REFERENCES b (z));", "is no table here",
    ),
    "marker": ("CREATE TABLE a (x VARCHAR PRIMARY KEY -- Id @sensitiv\n);", "unknown marker"),
    "type": ("CREATE TABLE a (x MONEY PRIMARY KEY);", "unknown type"),
    "syntax": ("CREATE TABLE a (x VARCHAR PRIMARY KEY y);", "not understood"),
    "unfinished": ("CREATE TABLE a (x VARCHAR PRIMARY KEY", "has no end"),
    "other statement": ("DELETE FROM a;", "only CREATE"),
    "synonym": (
        "CREATE TABLE a (x VARCHAR PRIMARY KEY, y VARCHAR CHECK (y IN ('p')) -- Y @synonym q=r\n);",
        "not an allowed value",
    ),
    "alias": ("CREATE TABLE a (x VARCHAR PRIMARY KEY, y VARCHAR -- Y @alias x\n);", "already"),
    "capital": ("CREATE TABLE a (X VARCHAR PRIMARY KEY);", "column name 'X'"),
    "reserved": ("CREATE TABLE a (x VARCHAR PRIMARY KEY, extra JSON);", "the engine's own"),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "said"), FAULTS.values(), ids=FAULTS)
def test_faults_are_told_with_file_and_line(sql: str, said: str) -> None:
    with pytest.raises(DeclarationError, match=said) as caught:
        read_declaration("toy", "1", f"-- a file\n\n{sql}", folder="toy/")
    assert "toy/schema.sql, line 3" in caught.value.message


def test_a_statistic_without_its_markers() -> None:
    with pytest.raises(DeclarationError, match="@section"):
        read_declaration("toy", "1", SCHEMA, "-- Label\n-- @name x @show {n}\nSELECT 1 AS n;")


def test_registry_order_and_clash() -> None:
    declaration = read_declaration("toy", "1", SCHEMA)
    owners, pets = declaration.entity_types
    assert [e.name for e in Registry([pets, owners])] == ["owners", "pets"]
    other = dataclasses.replace(owners, product="other")
    with pytest.raises(DeclarationError, match="of other is already one of toy"):
        Registry([owners, other])
    with pytest.raises(UnknownEntityType, match="Did you mean pets"):
        Registry([owners, pets]).entity_type("pet")


@pytest.mark.parametrize(
    ("declared", "given", "stored"),
    [
        ("DATE", "20240229", "2024-02-29"),
        ("DATE", "2024-02-29T00:00:00", "2024-02-29"),
        ("TIMESTAMP", "2024-02-29", "2024-02-29T00:00:00"),
        ("TIMESTAMP", "2024-02-29 10:00:00.5", "2024-02-29T10:00:00.500000"),
        ("DECIMAL(6,2)", "12.50", 12.5),
        ("DECIMAL(6,2)", 2.68, 2.68),
        ("INTEGER", "7", 7),
        ("BOOLEAN", "No", 0),
        ("JSON", {"a": None}, '{"a":null}'),
        ("VARCHAR", 2155, "2155"),
        ("REAL", float("nan"), None),
        ("DATE", " ", None),
    ],
)
def test_spellings_that_are_understood(declared: str, given: object, stored: object) -> None:
    assert LogicalType.parse(declared).coerce(given) == stored


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        ("DATE", "2024-02-30"), ("DATE", "02/03/2024"), ("DATE", "2024-02-29T10:00:00"),
        ("DATE", 5), ("TIMESTAMP", "2024-01-01T25:00:00"), ("DECIMAL(6,2)", "1.005"),
        ("DECIMAL(6,2)", 10_000), ("INTEGER", 1.5), ("INTEGER", 2**63), ("REAL", "abc"),
        ("REAL", float("inf")), ("BOOLEAN", 2), ("BOOLEAN", "maybe"), ("JSON", "{"),
        ("JSON", {1, 2}), ("VARCHAR", ["x"]), ("VARCHAR(2)", "abc"), ("VARCHAR", b"x"),
    ],
)  # fmt: skip
def test_values_that_are_refused(declared: str, given: object) -> None:
    with pytest.raises(ValueError):
        LogicalType.parse(declared).coerce(given)


@pytest.mark.parametrize("declared", ["MONEY", "DECIMAL", "DECIMAL(18,2)", "VARCHAR(x)", ""])
def test_types_that_are_not_known(declared: str) -> None:
    with pytest.raises(ValueError):
        LogicalType.parse(declared)


@pytest.mark.parametrize("alias", ["animals", "owners"])
def test_an_alias_means_one_entity_type(alias: str) -> None:
    schema = (
        "-- Pets @alias animals\nCREATE TABLE pets (pet_id VARCHAR PRIMARY KEY);\n"
        "-- Owners\nCREATE TABLE owners (owner_id VARCHAR PRIMARY KEY);\n"
        f"-- Dogs @alias {alias}\nCREATE TABLE dogs (dog_id VARCHAR PRIMARY KEY);\n"
    )
    with pytest.raises(DeclarationError, match=rf"line 6: @alias {alias} of dogs already means"):
        read_declaration("toy", "1", schema)


def test_a_comment_behind_the_last_column_is_its_own_whatever_its_type() -> None:
    text = """-- A
        CREATE TABLE a (
          x VARCHAR PRIMARY KEY, -- Id
          y PARTIAL_TIMESTAMP -- When @alias d
        );"""
    (entity_type,) = read_declaration("toy", "1", text).entity_types
    column = entity_type.by_name["y"]
    assert (column.description, column.aliases) == ("When", ("d",))


def test_synonyms_without_a_list_of_values_are_usual_spellings() -> None:
    text = """-- A
        CREATE TABLE a (
          x VARCHAR PRIMARY KEY, -- Id
          y VARCHAR -- How often @synonym Q3W=EVERY 3 WEEKS
        );"""
    (entity_type,) = read_declaration("toy", "1", text).entity_types
    column = entity_type.by_name["y"]
    told = [column.coerce(one) for one in ("q3w", "every 3 weeks", "EVERY 3 WEEKS", "at times")]
    assert told == ["EVERY 3 WEEKS"] * 3 + ["at times"]
