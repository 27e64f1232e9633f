"""Fields as other programs spell them: with the entity's name, nested, one entity alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import DeclarationError, HealthsimStoreError, InvalidRows
from healthsim_store.schema.columns import check_alias

SCHEMA = """
-- Owners of pets @alias owner people
CREATE TABLE owners (
  owner_id VARCHAR PRIMARY KEY, -- Owner's id
  tax_number VARCHAR NOT NULL UNIQUE, -- Natural key
  given VARCHAR, -- First name @alias fname name.first
  family VARCHAR, -- Last name @alias name.last
  street VARCHAR, -- Street @alias address address.line
  town VARCHAR, -- Town @alias address.town_name
  more JSON -- Anything @alias more.inside
);

-- Pets @alias pet
CREATE TABLE pets (
  pet_id VARCHAR PRIMARY KEY, -- Pet's id
  owner_id VARCHAR NOT NULL REFERENCES owners (owner_id), -- Who feeds it
  kind VARCHAR -- Kind
);
"""


@pytest.fixture
def store(toy_of: Callable[..., None], tmp_path: Path) -> Store:
    summary = "-- Pets\n-- @name pets @section Pets @show {n}\nSELECT count(*) AS n FROM pets;\n"
    toy_of("1.0", SCHEMA, summary_sql=summary, questions_sql="")
    return Store(tmp_path / "store")


def _owners(store: Store) -> list[tuple[Any, ...]]:
    sql = "SELECT owner_id, tax_number, given, family, street, town FROM owners ORDER BY 1"
    return [tuple(row.values()) for row in store.query_scenario("s", sql).rows]


@pytest.mark.parametrize("spelling", [
    "tax_number", "Tax Number", "TaxNumber", "TAX-NUMBER", "Owner Tax Number", "ownerTaxNumber",
    "owners.tax_number", "tax_number_owner", "People Tax Number",
])  # fmt: skip
@pytest.mark.parametrize("key", ["owner_id", "id", "ID", "Owner ID", "people_id"])
def test_the_name_of_the_entity_may_stand_there(store: Store, spelling: str, key: str) -> None:
    store.persist({"owners": [{key: "1", spelling: "T1"}]}, scenario="s")
    assert _owners(store) == [("1", "T1", None, None, None, None)]


def test_two_spellings_of_one_field_are_refused(store: Store) -> None:
    with pytest.raises(InvalidRows, match="means the same as"):
        store.persist({"owners": [{"id": "1", "owner_id": "1", "tax_number": "T1"}]})


def test_objects_are_the_fields_that_they_hold(store: Store) -> None:
    rows = [
        {"id": "1", "tax_number": "T1", "name": {"first": "Ann", "last": "A"},
         "address": {"line": "Elm 1", "townName": "Lynn"}},
        {"id": "2", "tax_number": "T2", "name": {"first": "Bo"}, "address": "Oak 2"},
        {"id": "3", "tax_number": "T3", "name": None, "address": None},
        {"id": "4", "tax_number": "T4", "name_first": "Di", "Address.Line": "Ash 4"},
    ]  # fmt: skip
    store.persist({"owners": rows}, scenario="s")
    assert _owners(store) == [
        ("1", "T1", "Ann", "A", "Elm 1", "Lynn"),
        ("2", "T2", "Bo", None, "Oak 2", None),
        ("3", "T3", None, None, None, None),
        ("4", "T4", "Di", None, "Ash 4", None),
    ]


def test_what_an_object_has_more_is_told_or_kept(store: Store) -> None:
    row = {"id": "1", "tax_number": "T1", "name": {"first": "Ann", "nick": "An"}}
    with pytest.raises(InvalidRows, match=r"name\.nick"):
        store.persist({"owners": [row]}, scenario="s")
    assert store.names() == []
    store.persist({"owners": [row]}, scenario="s", keep_unknown=True)
    (found,) = store.query_scenario("s", "SELECT given, extra FROM owners").rows
    assert found["given"] == "Ann"
    assert json.loads(found["extra"]) == {"name.nick": "An"}


def test_an_object_in_a_column_of_json_stays_one(store: Store) -> None:
    store.persist(
        {"owners": [{"id": "1", "tax_number": "T1", "more": {"inside": 1}}]}, scenario="s"
    )
    (found,) = store.query_scenario("s", "SELECT more FROM owners").rows
    assert json.loads(found["more"]) == {"inside": 1}


ALONE = {"owner": {"tax_number": "T1"}, "pets": [{"kind": "cat"}, {"kind": "dog"}]}


def test_what_belongs_to_one_entity_needs_no_key(store: Store, tmp_path: Path) -> None:
    store.persist(ALONE, scenario="s")
    sql = "SELECT kind, tax_number FROM pets JOIN owners USING (owner_id) ORDER BY 1"
    stored = [("cat", "T1"), ("dog", "T1")]
    assert [tuple(r.values()) for r in store.query_scenario("s", sql).rows] == stored
    store.delete_scenario("s")
    file = tmp_path / "saved.json"
    file.write_text(json.dumps(ALONE), "utf-8")
    store.import_data(file, scenario="s")
    assert [tuple(r.values()) for r in store.query_scenario("s", sql).rows] == stored


@pytest.mark.parametrize("given", [
    {"owners": [{"tax_number": "T1"}], "pets": [{"kind": "cat"}]},  # a list is no single one
    {"owner": {"tax_number": "T1"}, "pets": [{"kind": "cat", "owner_id": "X"}]},
    {"pets": [{"kind": "cat"}]},
])  # fmt: skip
def test_no_parent_is_guessed(store: Store, given: dict[str, Any]) -> None:
    with pytest.raises(HealthsimStoreError):
        store.persist(given, scenario="s")
    assert store.names() == []


def test_an_alias_has_one_point_at_most() -> None:
    check_alias("name.given", "here")
    for wrong in ("name.given.first", ".given", "name.", "Name.given"):
        with pytest.raises(DeclarationError):
            check_alias(wrong, "here")
