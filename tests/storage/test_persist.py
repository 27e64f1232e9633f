"""Persisting: every input shape, all or nothing, and errors that name the row."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pydantic
import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import (
    EmptyBatch,
    HealthsimStoreError,
    InvalidArgument,
    InvalidName,
    InvalidRows,
    NotWritable,
    ScenarioExists,
    UnknownEntityType,
)


def rows(store: Store, sql: str, scenario: str = "s") -> list[tuple[Any, ...]]:
    """The file's rows by plain sqlite3, independent of the store's own reading."""
    connection = sqlite3.connect(store.path / f"{scenario}.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@dataclasses.dataclass
class Owner:
    tax_number: str
    full_name: str
    born: dt.date


class OwnerModel(pydantic.BaseModel):
    tax_number: str
    name: str
    dob: dt.date


def test_every_input_shape_stores_the_same(store: Store) -> None:
    born = dt.date(1980, 2, 29)
    shapes: dict[str, Any] = {
        "dicts": [{"tax_number": "T", "full_name": "N", "born": "1980-02-29"}],
        "one": {"tax_number": "T", "full_name": "N", "born": born},
        "dataclasses": [Owner("T", "N", born)],
        "pydantic": [OwnerModel(tax_number="T", name="N", dob=born)],
        "iterator": iter([{"taxNumber": "T", "Full Name": "N", "DOB": born}]),
        "arrow": pa.table({"tax_number": ["T"], "full_name": ["N"], "born": [born]}),
        "datetime": [{"tax_number": "T", "full_name": "N", "born": dt.datetime(1980, 2, 29)}],
    }
    for name, source in shapes.items():
        result = store.persist({"owners": source}, scenario=name)
        assert result.inserted == {"owners": 1}
        assert rows(store, "SELECT tax_number, full_name, born FROM owners", name) == [
            ("T", "N", "1980-02-29")
        ]


def test_values_are_normalised_as_declared(store: Store) -> None:
    store.persist(
        {
            "people": [owner(1, gender="Female"), owner(2, gender="m"), owner(3, gender=None)],
            "animals": [
                {
                    "owner_tax_number": "T1",
                    "species": "DOG",
                    "weight": "4.5",
                    "price": decimal.Decimal("12.50"),
                    "legs": 4.0,
                    "chipped": "yes",
                    "seen_at": "2024-03-01T12:00:00+02:00",
                    "notes": {"a": [1, 2]},
                },
                {"owner_id": "o2", "price": 0.3, "seen_at": dt.datetime(2024, 1, 1, 8)},
            ],
        },
        scenario="s",
    )
    assert rows(store, "SELECT gender FROM owners ORDER BY owner_id") == [("F",), ("M",), (None,)]
    assert rows(
        store, "SELECT owner_id, species, weight, price, legs, chipped, seen_at, notes FROM pets"
    ) == [
        ("o1", "dog", 4.5, 12.5, 4, 1, "2024-03-01T10:00:00", '{"a":[1,2]}'),
        ("o2", "cat", None, 0.3, None, None, "2024-01-01T08:00:00", None),
    ]


def test_an_odd_value_does_not_make_its_neighbours_required(store: Store) -> None:
    batch = {
        "owners": [owner(1, gender="female") | {"mentor_tax_number": None}],
        "pets": [{"owner_id": "o1", "species": None, "chipped": "no"}],
    }
    store.persist(batch, scenario="s")
    assert rows(store, "SELECT mentor_id FROM owners") == [(None,)]
    assert rows(store, "SELECT species, chipped FROM pets") == [("cat", 0)]


def test_infinity_is_refused_and_numpy_numbers_are_not(store: Store) -> None:
    numpy = pytest.importorskip("numpy")
    store.persist({"owners": [owner(1)]}, scenario="s")
    with pytest.raises(InvalidRows, match="weight inf"):
        store.persist({"pets": [{"owner_id": "o1", "weight": float("inf")}]}, scenario="s")
    pet = {"owner_id": "o1", "weight": numpy.float32(2.5), "legs": numpy.int64(4)}
    store.persist({"pets": [pet]}, scenario="s")
    assert rows(store, "SELECT weight, legs FROM pets") == [(2.5, 4)]


def test_replacing_may_not_break_a_reference(store: Store) -> None:
    store.persist({"owners": [owner(1), owner(2, mentor_id="o1")]}, scenario="s")
    with pytest.raises(InvalidRows, match="no such owner_id in owners"):
        store.persist({"owners": [owner(2, mentor_id="gone")]}, scenario="s", on_conflict="replace")
    assert rows(store, "SELECT mentor_id FROM owners ORDER BY owner_id") == [(None,), ("o1",)]


def test_a_child_may_stand_before_its_parent_within_a_batch(store: Store) -> None:
    store.persist({"owners": [owner(1, mentor_id="o2"), owner(2)]}, scenario="s")
    assert rows(store, "PRAGMA foreign_key_check") == []


def test_generated_ids_are_short_unique_and_in_order(store: Store) -> None:
    without = [{k: v for k, v in owner(n).items() if k != "owner_id"} for n in range(1200)]
    store.persist({"owners": without}, scenario="s")
    ids = [i for (i,) in rows(store, "SELECT owner_id FROM owners ORDER BY rowid")]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1200
    assert max(map(len, ids)) <= 12
    store.persist({"pets": [{"owner_id": ids[0]}]}, scenario="s")
    ((pet,),) = rows(store, "SELECT pet_id FROM pets")
    assert pet not in ids


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("a date that does not exist", {"born": "2024-02-30"}, "born", "a date that exists"),
    ("a wrong type", {"full_name": ["x"]}, "full_name", "must be text"),
    ("outside its CHECK", {"gender": "X"}, "gender", "one of F, M, U"),
    ("missing", {"full_name": None}, "full_name", "is required"),
    ("empty", {"full_name": ""}, "full_name", "is required"),
    ("too long", {"full_name": "x" * 41}, "full_name", "at most 40 characters"),
    ("no such parent", {"mentor_id": "nobody"}, "mentor_id", "no such owner_id in owners"),
    ("unknown field", {"full_nam": "x"}, "full_nam", "Did you mean full_name"),
    ("doubled in the batch", {"owner_id": "o5"}, "owner_id", "twice in this batch"),
    ("a lone surrogate", {"full_name": "\ud800"}, "full_name", "must be text"),
    ("two spellings", {"dob": "2000-01-01"}, "dob", "means the same as born"),
]


@pytest.mark.parametrize(("fault", "field", "said"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_row_731_of_1000(store: Store, fault: dict[str, Any], field: str, said: str) -> None:
    store.persist({"owners": [owner(5000)]}, scenario="s")
    batch = [owner(n) for n in range(1, 1001)]
    batch[730] |= fault
    before = (store.path / "s.db").read_bytes()
    with pytest.raises(InvalidRows) as caught:
        store.persist({"owners": batch}, scenario="s")
    (problem,) = caught.value.problems
    assert (problem.entity_type, problem.row, problem.field) == ("owners", 731, field)
    assert said in str(problem)
    assert (store.path / "s.db").read_bytes() == before
    with pytest.raises(InvalidRows):
        store.persist({"owners": batch}, scenario="new")
    assert store.names() == ["s"]


def test_all_bad_rows_of_a_batch_are_named_and_the_list_is_bounded(store: Store) -> None:
    few = [owner(n, born="never" if n in (3, 40, 77) else "2000-01-01") for n in range(1, 101)]
    with pytest.raises(InvalidRows) as caught:
        store.persist({"owners": few}, scenario="s")
    assert [problem.row for problem in caught.value.problems] == [3, 40, 77]
    assert caught.value.complete
    with pytest.raises(InvalidRows) as caught:
        store.persist({"owners": [owner(n, born="never") for n in range(500)]}, scenario="s")
    assert len(caught.value.problems) == 20
    assert caught.value.complete
    assert caught.value.total == sum(problem.count for problem in caught.value.problems) == 500
    assert caught.value.to_dict()["code"] == "invalid_rows"


def test_an_id_that_is_in_the_file_already(store: Store) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    with pytest.raises(InvalidRows, match="already in the scenario"):
        store.persist({"owners": [owner(2), owner(1)]}, scenario="s")
    assert rows(store, "SELECT count(*) FROM owners") == [(1,)]


@pytest.mark.parametrize(
    "reading", [{}, {"null": "NA"}, {"ignore": "x"}, {"value": {"full_name": "N"}}], ids=str
)
@pytest.mark.parametrize(
    ("entities", "error"),
    [
        ({"ownrs": [{}]}, UnknownEntityType),
        ({1: [{}]}, UnknownEntityType),
        ({}, EmptyBatch),
        ({"owners": []}, EmptyBatch),
        ([owner(1)], InvalidArgument),
        ({"owners": [...]}, InvalidArgument),
        ({"owners": "text"}, InvalidArgument),
        ({"owners": [owner(1), 7]}, InvalidArgument),
        ({"owners": None}, InvalidArgument),
    ],
)
def test_what_is_no_batch(
    store: Store, entities: Any, error: type[HealthsimStoreError], reading: dict[str, Any]
) -> None:
    with pytest.raises(error) as caught:
        store.persist(entities, **reading)
    assert caught.value.hint
    assert store.names() == []


def test_an_unknown_entity_type_offers_the_nearest(store: Store) -> None:
    with pytest.raises(UnknownEntityType, match="owners"):
        store.persist({"ownrs": [owner(1)]})


def test_on_conflict(store: Store) -> None:
    store.persist({"owners": [owner(1), owner(2)]}, scenario="s")
    skipped = store.persist(
        {"owners": [owner(2, full_name="New"), owner(3)]}, scenario="s", on_conflict="skip"
    )
    assert (skipped.inserted, skipped.skipped) == ({"owners": 1}, {"owners": 1})
    assert rows(store, "SELECT full_name FROM owners WHERE owner_id = 'o2'") == [("Owner 2",)]
    by_natural_key = {"tax_number": "T2", "full_name": "New", "born": "2001-01-01"}
    replaced = store.persist(
        {"owners": [by_natural_key, owner(4)]}, scenario="s", on_conflict="replace"
    )
    assert (replaced.inserted, replaced.replaced) == ({"owners": 1}, {"owners": 1})
    assert rows(
        store, "SELECT owner_id, full_name, gender FROM owners WHERE tax_number = 'T2'"
    ) == [("o2", "New", "F")]
    with pytest.raises(InvalidArgument, match="on_conflict"):
        store.persist({"owners": [owner(9)]}, scenario="s", on_conflict="merge")


def test_a_batch_id_makes_a_retry_a_no_op(store: Store) -> None:
    first = store.persist({"owners": [owner(1)]}, context="pet owners", batch_id="b1")
    again = store.persist({"owners": [owner(1)]}, context="pet owners", batch_id="b1")
    named = store.persist({"owners": [owner(1)]}, scenario=first.scenario, batch_id="b1")
    assert (again.scenario, again.repeated, named.repeated) == (first.scenario, True, True)
    assert again.inserted == first.inserted
    assert rows(store, "SELECT count(*) FROM owners", first.scenario) == [(1,)]
    assert len(store.names()) == 1


def test_unknown_fields_are_kept_on_request(store: Store) -> None:
    batch = [owner(1, shoe_size=42), owner(2, shoe_size=None)]
    store.persist({"owners": batch}, scenario="s", keep_unknown=True)
    assert rows(store, "SELECT extra FROM owners") == [('{"shoe_size":42}',), (None,)]


def test_an_iterator_that_fails_leaves_nothing(store: Store) -> None:
    def source() -> Iterator[dict[str, object]]:
        yield from (owner(n) for n in range(25_000))
        raise RuntimeError("the generator broke")

    with pytest.raises(RuntimeError, match="the generator broke"):
        store.persist({"owners": source()}, scenario="s")
    assert store.names() == []
    assert [path.name for path in (store.path / ".healthsim-store").glob("new-*")] == []


@pytest.mark.parametrize("name", ["", "  ", "!!!", "a/b", "..", "x..y", "a\0b", "x" * 300, "con"])
def test_names_that_cannot_be_a_file(store: Store, name: str) -> None:
    with pytest.raises(InvalidName) as caught:
        store.persist({"owners": [owner(1)]}, scenario=name)
    assert caught.value.hint
    assert store.names() == []


@pytest.mark.parametrize("argument", ["scenario", "context", "description", "batch_id", "tags"])
def test_arguments_that_are_no_text(store: Store, argument: str) -> None:
    with pytest.raises(InvalidArgument, match=f"{argument} is 5"):
        store.persist({"owners": [owner(1)]}, **{argument: 5})  # type: ignore[arg-type]
    assert store.names() == []


def test_auto_names(store: Store) -> None:
    today = f"{dt.date.today():%Y%m%d}"
    contexts = ["Generate 100 pet owners over 65", "pet owners for training", None]
    names = [store.persist({"owners": [owner(1)]}, context=c).scenario for c in contexts]
    assert names == [f"pet-owners-{today}", f"pet-owners-{today}-2", f"owners-{today}"]


def test_save_and_load_small_scenarios(store: Store) -> None:
    store.save_scenario("Small one", {"owners": [owner(1)], "pets": [{"owner_id": "o1"}]})
    loaded = store.load_scenario("small-one")
    assert loaded["owners"] == [owner(1)]
    assert loaded["pets"][0]["species"] == "cat"
    with pytest.raises(ScenarioExists):
        store.save_scenario("Small one", {"owners": [owner(1)]})
    with pytest.raises(InvalidArgument, match="more than 1"):
        store.load_scenario("small", max_rows=1)


def test_a_folder_that_cannot_be_written(tmp_path: Any, toy: None) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(NotWritable):
        Store(tmp_path / "file").persist({"owners": [owner(1)]})


def test_two_threads_write_one_scenario(store: Store) -> None:
    store.persist({"owners": [owner(0)]}, scenario="s")
    failures: list[BaseException] = []

    def write(part: int) -> None:
        try:
            for n in range(5):
                number = part * 1000 + n + 1
                store.persist({"owners": [owner(number)]}, scenario="s")
                store.query_scenario("s", "SELECT count(*) FROM owners")
        except HealthsimStoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows(store, "SELECT count(*) FROM owners") == [(21,)]
    assert rows(store, "PRAGMA integrity_check") == [("ok",)]
