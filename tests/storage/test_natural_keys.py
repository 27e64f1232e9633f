"""A parent is found by its natural key, also one of several columns of which the child has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from healthsim_store import Store
from healthsim_store.errors import InvalidRows

SCHEMA = """
CREATE TABLE houses (
  house_id VARCHAR PRIMARY KEY,
  study VARCHAR NOT NULL,
  number INTEGER NOT NULL,
  country VARCHAR,
  UNIQUE (study, number)
);
CREATE TABLE rooms (
  room_id VARCHAR PRIMARY KEY,
  house_id VARCHAR NOT NULL REFERENCES houses (house_id),
  floor INTEGER UNIQUE
);
CREATE TABLE halls (
  hall_id VARCHAR PRIMARY KEY,
  study VARCHAR,
  house_id VARCHAR REFERENCES houses (house_id)
);
CREATE TABLE doors (
  door_id VARCHAR PRIMARY KEY,
  inner_id VARCHAR REFERENCES houses (house_id),
  outer_id VARCHAR REFERENCES houses (house_id)
);
"""
SITES = [
    {"house_id": "a7", "study": "A", "number": 7}, {"house_id": "a8", "study": "A", "number": 8},
    {"house_id": "b7", "study": "B", "number": 7},
]  # fmt: skip


@pytest.fixture
def houses(toy_of: Callable[..., None], tmp_path: Path) -> Iterator[Store]:
    toy_of("1.0", SCHEMA, summary_sql="", questions_sql="")
    with Store(tmp_path / "store") as store:
        store.persist({"houses": SITES}, scenario="s")
        yield store


def found(store: Store, sql: str) -> list[Any]:
    return [[*row.values()] for row in store.query_scenario("s", sql).rows]


def refused(store: Store, entity_type: str, row: dict[str, Any], **options: Any) -> list[str]:
    with pytest.raises(InvalidRows) as caught:
        store.persist({entity_type: [row]}, scenario="s", **options)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("names", [
    ("house_study", "house_number"), ("study", "number"), ("number", "houseStudy"),
    ("HOUSE_NUMBER", "study"),
])  # fmt: skip
def test_all_columns_of_the_key_are_the_parents(houses: Store, names: tuple[str, str]) -> None:
    keys = [("A", 8), ("B", "7"), ("A", 7.0)]
    given = [
        {"room_id": str(n)} | {name: key["number" not in name.lower()] for name in names}
        for n, key in enumerate((number, study) for study, number in keys)
    ]  # fmt: skip
    houses.persist({"rooms": given}, scenario="s")
    assert found(houses, "SELECT house_id FROM rooms ORDER BY room_id") == [["a8"], ["b7"], ["a7"]]


def test_in_one_batch_with_the_parents_and_as_arrow(houses: Store) -> None:
    rooms = pa.table({"house_study": ["C", "A"], "floor": [1, 2], "house_number": [1, 7]})
    new = {"study": "C", "number": 1, "house_id": "c1"}
    houses.persist({"rooms": rooms, "houses": [new]}, scenario="s")
    assert found(houses, "SELECT house_id, floor FROM rooms ORDER BY floor") == [
        ["c1", 1],
        ["a7", 2],
    ]


def test_unknown_fields_are_kept_beside_them(houses: Store) -> None:
    row = {"study": "A", "colour": "red", "number": "7", "floor": 3}
    houses.persist({"rooms": [row]}, scenario="s", keep_unknown=True)
    assert found(houses, "SELECT house_id, floor, extra FROM rooms") == [
        ["a7", 3, '{"colour":"red"}']
    ]


@pytest.mark.parametrize(("on_conflict", "kept"), [("skip", "a7"), ("replace", "b7")])
def test_on_conflict(houses: Store, on_conflict: str, kept: str) -> None:
    houses.persist({"rooms": [{"study": "A", "number": 7, "floor": 1}]}, scenario="s")
    again = {"study": "B", "number": 7, "floor": 1}
    houses.persist({"rooms": [again]}, scenario="s", on_conflict=on_conflict)
    assert found(houses, "SELECT house_id, floor FROM rooms") == [[kept, 1]]


def test_what_is_missing_or_wrong_is_told(houses: Store) -> None:
    assert refused(houses, "rooms", {"study": "A"}) == [
        "rooms row 1, study: is found by number of houses too. Give house_number as well."
    ]
    assert refused(houses, "rooms", {"study": "A", "number": 9}) == [
        "rooms row 1, study 'A': there is no such study and number in houses. Store houses first,"
        " or in the same batch."
    ]
    assert (
        refused(houses, "rooms", {"study": "A", "number": "many"})
        == ["rooms row 1, number 'many': must be a whole number."]
        or "number 'many'" in refused(houses, "rooms", {"study": "A", "number": "many"})[0]
    )
    assert refused(houses, "rooms", {"floor": 5}) == [
        "rooms row 1, house_id: is required. Or house_study and house_number or house_number and"
        " house_study."
    ]
    assert (
        "study and number in houses" in refused(houses, "rooms", {"study": "A", "number": None})[0]
    )
    assert "study and number in houses" in refused(
        houses, "doors", {"inner_study": None, "inner_number": 7}
    )[0]  # fmt: skip
    assert "means the same as" in refused(
        houses, "rooms", {"study": "A", "house_study": "A", "number": 7}
    )[0]  # fmt: skip
    assert "means the same as" in refused(
        houses, "rooms", {"house_id": "a7", "study": "A", "number": 7}
    )[0]  # fmt: skip
    assert found(houses, "SELECT count(*) FROM rooms") == [[0]]


def test_a_column_that_the_child_has_is_its_own(houses: Store) -> None:
    houses.persist({"halls": [{"study": "B", "number": 7}, {"study": "A"}]}, scenario="s")
    assert found(houses, "SELECT study, house_id FROM halls ORDER BY study") == [
        ["A", None], ["B", "b7"],
    ]  # fmt: skip


def test_two_references_to_one_parent_are_named(houses: Store) -> None:
    row = {"inner_study": "A", "outer_study": "B", "outer_number": 7, "inner_number": 8}
    none = {"door_id": "z", "inner_study": None, "inner_number": None}
    houses.persist({"doors": [row, none]}, scenario="s")
    assert found(houses, "SELECT inner_id, outer_id FROM doors ORDER BY door_id = 'z'") == [
        ["a8", "b7"], [None, None],
    ]  # fmt: skip
    assert "is not a field" in refused(houses, "doors", {"study": "A", "number": 7})[0]
