"""The same rows a second time: not stored, as long as the first are there as they were."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import functools
import json
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign import tries
from conftest import owner
from deaths import count_calls, die_at, needs_fork
from hypothesis import given
from hypothesis import strategies as st

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError, InvalidRows
from healthsim_store.plugins import installed
from healthsim_store.schema.registry import Registry
from healthsim_store.storage.fingerprint import Fingerprint, fingerprint, is_certain
from healthsim_store.storage.rows import Rows


def owners(*numbers: int) -> dict[str, Any]:
    return {"owners": [owner(number) for number in numbers]}


def pets(count: int, **more: Any) -> dict[str, Any]:
    """Rows without a key."""
    return {"pets": [{"owner_id": "o1", "weight": 2.0 + n, **more} for n in range(count)]}


@pytest.fixture
def shop(store: Store) -> Store:
    store.persist(owners(1), scenario="shop")
    return store


def count(store: Store, scenario: str = "shop", table: str = "pets") -> int:
    (row,) = store.query_scenario(scenario, f"SELECT count(*) AS n FROM {table}").rows
    return int(row["n"])


def test_rows_without_a_key_are_stored_once(shop: Store) -> None:
    first = shop.persist(pets(20), scenario="shop")
    second = shop.persist(pets(20), scenario="shop", tags=["late"])
    assert not first.repeated
    assert second.repeated
    assert not second.created
    assert second.inserted == first.inserted == {"pets": 20}
    (note,) = second.notes
    assert "These rows are there since 20" in note
    assert "again=True" in note
    assert second.to_dict()["notes"] == [note]
    assert count(shop) == 20
    assert shop.scenario_info("shop").tags == ("late",)  # what else was asked for is done
    third = shop.persist(pets(20), scenario="shop", again=True)
    assert not third.repeated
    assert not third.notes
    assert count(shop) == 40


def test_a_handful_without_a_key_is_stored_and_told(shop: Store) -> None:
    assert not shop.persist(pets(3), scenario="shop").notes
    second = shop.persist(pets(3), scenario="shop")
    assert not second.repeated
    assert "The same rows were stored before, at 20" in second.notes[0]
    assert count(shop) == 6


def test_a_handful_with_a_key_is_stored_once(shop: Store) -> None:
    batch = {**owners(2), "pets": [{"owner_id": "o2", "weight": 3.5}]}
    shop.persist(batch, scenario="shop")
    second = shop.persist(batch, scenario="shop")
    assert second.repeated
    assert second.inserted == {"owners": 1, "pets": 1}
    assert (count(shop), count(shop, table="owners")) == (1, 2)


def test_one_row_more_is_another_batch(shop: Store) -> None:
    shop.persist(owners(2, 3), scenario="shop")
    with pytest.raises(InvalidRows, match="is already in the scenario"):
        shop.persist(owners(2, 3, 4), scenario="shop")
    with pytest.raises(InvalidRows, match="is already in the scenario"):
        shop.persist({"owners": [owner(2), owner(3, full_name="Another")]}, scenario="shop")
    assert count(shop, table="owners") == 3


def test_skip_and_replace_as_before(shop: Store) -> None:
    shop.persist(owners(2), scenario="shop")
    assert shop.persist(owners(2), scenario="shop", on_conflict="skip").skipped == {"owners": 1}
    with_pets = {**owners(2), **pets(20)}
    shop.persist(with_pets, scenario="shop", on_conflict="skip")
    assert shop.persist(with_pets, scenario="shop", on_conflict="skip").repeated
    assert count(shop) == 20


def name_of(store: Store, number: int) -> str:
    sql = "SELECT full_name FROM owners WHERE owner_id = ?"
    (row,) = store.query_scenario("shop", sql, params=[f"o{number}"]).rows
    return str(row["full_name"])


def test_what_was_replaced_since_is_not_remembered(shop: Store) -> None:
    first = {"owners": [owner(2, full_name="First")]}
    shop.persist(first, scenario="shop")
    shop.persist({"owners": [owner(2, full_name="Second")]}, scenario="shop", on_conflict="replace")
    with pytest.raises(InvalidRows, match="is already"):
        shop.persist(first, scenario="shop")
    back = shop.persist(first, scenario="shop", on_conflict="replace")
    assert not back.repeated
    assert back.replaced == {"owners": 1}
    assert name_of(shop, 2) == "First"


def test_what_was_removed_since_is_not_remembered(shop: Store) -> None:
    shop.persist(pets(20), scenario="shop")
    with contextlib.closing(sqlite3.connect(shop.find("shop"))) as file:
        file.execute("DELETE FROM pets WHERE rowid <= 5")
        file.commit()
    assert not shop.persist(pets(20), scenario="shop").repeated
    assert count(shop) == 35


def test_without_a_name_the_whole_store_is_asked(store: Store) -> None:
    first = store.persist(owners(1, 2), context="pet owners", tags=["a"])
    second = store.persist(owners(1, 2), context="pet owners", tags=["b"])
    assert second.repeated
    assert second.scenario == first.scenario
    assert store.names() == [first.scenario]
    assert store.scenario_info(first.scenario).tags == ("a", "b")
    # Another context means something else, and so do other rows.
    assert store.persist(owners(1, 2), context="zoo").created
    assert store.persist(owners(1, 2, 3), context="pet owners").created
    assert store.persist(owners(1, 2), context="pet owners", again=True).created
    assert len(store.names()) == 4
    assert store.persist(owners(1, 2), scenario="a-name-of-its-own").created


def test_a_scenario_that_was_deleted_is_not_remembered(store: Store) -> None:
    first = store.persist(owners(1), context="pet owners")
    store.delete_scenario(first.scenario)
    assert store.persist(owners(1), context="pet owners").created


def test_a_handful_without_a_key_makes_a_scenario_each_time(store: Store) -> None:
    doubled = {"owners": [{k: v for k, v in owner(1).items() if k != "owner_id"}]}
    assert store.persist(doubled, context="x").created
    assert not store.persist(doubled, context="x").created  # tax_number is a key


def test_a_file_that_is_imported_twice(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "owners.json"
    file.write_text(json.dumps(owners(*range(30))), "utf-8")
    first = store.import_data(file).persisted
    second = store.import_data(file).persisted
    assert first.created
    assert second.repeated
    assert second.scenario == first.scenario
    assert store.import_data(file, again=True).persisted.created
    assert store.import_data(file, scenario=first.scenario).persisted.repeated


def test_batches_of_one_call_are_no_retries_of_each_other(shop: Store) -> None:
    def batches() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        yield pets(20), {"part": 1}
        yield pets(20), {"part": 2}

    first = shop.persist_batches(batches(), scenario="shop")
    assert first.inserted == {"pets": 40}
    assert not first.notes
    second = shop.persist_batches(batches(), scenario="shop")
    assert second.repeated
    assert "2 of 2 batches were there already" in second.notes[0]
    assert count(shop) == 40


def test_batches_go_on_where_they_stopped(shop: Store) -> None:
    shop.persist_batches([(pets(20), {})], scenario="shop")
    more = [(pets(20), {}), (pets(21), {}), (pets(22), {})]
    result = shop.persist_batches(more, scenario="shop")
    assert not result.repeated
    assert result.inserted == {"pets": 43}
    assert "1 of 3 batches were there already" in result.notes[0]
    assert count(shop) == 63


def test_a_profile_with_the_same_seed(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        first = store.generate_scenario("copd", count=3, seed=7)
        second = store.generate_scenario("copd", count=3, seed=7)
        assert second.first is None
        assert second.scenario == first.scenario
        assert store.generate_scenario("copd", count=4, seed=7).scenario != first.scenario
        assert store.generate_scenario("copd", count=3, seed=7, again=True).first == 1
        assert len(store.names()) == 3


# -- what rows are known by ------------------------------------------------------------------


@pytest.fixture
def registry(toy: None) -> Registry:
    return installed().registry


def test_chunks_and_shapes_do_not_count(registry: Registry) -> None:
    rows = [owner(n, gender=None if n % 3 else "F") for n in range(50)]
    without = [{k: v for k, v in row.items() if v is not None} for row in rows]
    whole = fingerprint(registry, [("owners", rows)])
    assert fingerprint(registry, [("owners", without)]) == whole
    _in_parts(registry, rows, 7, whole)
    assert is_certain(whole)


def test_chunks_of_a_large_batch_do_not_count(registry: Registry) -> None:
    rows = [owner(n, gender=None if n % 3 else "F") for n in range(5_000)]
    whole = fingerprint(registry, [("owners", rows)])
    _in_parts(registry, rows, 700, whole)
    _in_parts(registry, rows, 4_999, whole)
    for changed in (0, 1_999, 2_000, 4_999):
        other = [*rows]
        other[changed] = {**rows[changed], "full_name": "Another"}
        assert fingerprint(registry, [("owners", other)]) != whole
    assert fingerprint(registry, [("owners", rows[:-1])]) != whole
    assert fingerprint(registry, [("owners", rows[1:] + rows[:1])]) != whole


def _in_parts(registry: Registry, rows: list[Any], size: int, whole: str) -> None:
    fields = tuple(rows[0])
    parts = Fingerprint(registry)
    for start in range(0, len(rows), size):
        values = [tuple(row[name] for name in fields) for row in rows[start : start + size]]
        for _ in parts.chunks("owners", Rows(fields, values)):
            pass
    assert parts.text() == whole


@pytest.mark.parametrize("value", [
    "", "N", "None", 0, 0.0, False, "0", "False", b"N", ["N"], ("N",), dt.date(2024, 1, 2),
    "2024-01-02", decimal.Decimal(0), decimal.Decimal("0.0"), float("inf"),
])  # fmt: skip
def test_every_value_counts(registry: Registry, value: Any) -> None:
    def told(*values: Any) -> str:
        return fingerprint(registry, [("pets", [{"notes": each} for each in values])])

    others = [told(None), told(None, value), told(value, None), told(value, value)]
    assert told(value) not in others
    assert len(set(others)) == 4
    for other in ("", 0, 0.0, False, "0", ["N"], dt.date(2024, 1, 2), "2024-01-02"):
        if type(other) is not type(value):
            assert told(other) != told(value)


values = st.one_of(st.none(), st.text(max_size=3), st.integers(-3, 3), st.booleans())


@given(st.lists(values, max_size=6), st.lists(values, max_size=6))
def test_two_lists_of_values_are_known_apart(first: list[Any], second: list[Any]) -> None:
    registry = Registry([])
    told = []
    for values in (first, second):
        found = Fingerprint(registry)
        found._certain = lambda: True  # type: ignore[method-assign]
        found._meaning = lambda entity_type, name: str(name)  # type: ignore[method-assign]
        found.finish([("x", [{"a": value} for value in values])])
        told.append(found.text())
    same = [(type(v), v) for v in first] == [(type(v), v) for v in second]
    assert (told[0] == told[1]) == same


# -- many at once ----------------------------------------------------------------------------


def test_sixteen_at_once_with_one_batch_id_make_one_scenario(store: Store) -> None:
    results: list[Any] = []
    begin = threading.Barrier(16)

    def call() -> None:
        with Store(store.path) as own:
            begin.wait()
            results.append(own.persist(owners(1, 2), context="pet owners", batch_id="b"))

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 16
    assert [result.created for result in results].count(True) == 1
    assert len(store.names()) == 1
    assert len(store.load_scenario(store.names()[0])["owners"]) == 2


def test_a_batch_is_found_without_opening_every_file(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from healthsim_store.storage import cache, files

    monkeypatch.setattr(cache, "_SETTLED_NS", 0)
    monkeypatch.setattr(cache, "_COARSE_NS", 0)
    for number in range(8):
        store.persist(owners(number), scenario=f"s{number}", batch_id=f"b{number}")
    opened: list[str] = []

    class Watched(files.Sandbox):
        def __init__(self, path: Path, **options: Any) -> None:
            opened.append(path.stem)
            super().__init__(path, **options)

    monkeypatch.setattr(files, "Sandbox", Watched)
    with Store(store.path) as fresh:
        assert fresh.persist(owners(7), batch_id="b7").scenario == "s7"
        opened.clear()
        assert fresh.persist(owners(5), batch_id="b5").scenario == "s5"
        assert set(opened) <= {"s5"}
        opened.clear()
        assert fresh.persist(owners(9), batch_id="b9").created
        assert len(set(opened)) <= 1  # the reply


# -- a call that failed, and once more -------------------------------------------------------

Call = Callable[[Store, Path], Any]


def _batches() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for number in range(3):
        yield {**owners(10 + number), **pets(20 + number)}, {"part": number}


CALLS: dict[str, Call] = {
    "persist into one": lambda s, f: s.persist(pets(25), scenario="shop"),
    "persist into a new one": lambda s, f: s.persist({**owners(1), **pets(25)}, scenario="new"),
    "persist without a name": lambda s, f: s.persist({**owners(1), **pets(3)}, context="x"),
    "persist with a batch_id": lambda s, f: s.persist(pets(3), scenario="shop", batch_id="b"),
    "a batch_id alone": lambda s, f: s.persist({**owners(1), **pets(3)}, batch_id="b"),
    "save": lambda s, f: s.save_scenario("new", {**owners(1), **pets(3)}),
    "batches": lambda s, f: s.persist_batches(_batches(), scenario="shop"),
    "import": lambda s, f: s.import_data(f / "pets.csv", scenario="shop"),
    "import without a name": lambda s, f: s.import_data(f / "owners.json"),
    "generate": lambda s, f: s.generate_scenario("toy-owners", count=40, seed=3, batch=15),
    "generate into": lambda s, f: s.generate_scenario(
        "toy-owners", count=40, seed=3, batch=15, into="shop"
    ),
    "clone": lambda s, f: s.clone_scenario("shop", new_name="copy"),
    "merge": lambda s, f: s.merge_scenarios(["shop", "other"], new_name="both"),
    "tag": lambda s, f: s.add_tags("shop", "late"),
    "untag": lambda s, f: s.remove_tags("shop", "early"),
    "rename": lambda s, f: s.rename_scenario("other", "another"),
    "delete": lambda s, f: s.delete_scenario("other"),
    "export": lambda s, f: s.export_scenario("shop", format="csv", to=f / "out"),
}

PROFILE = """\
-- Owners @counts owners @count 10

-- What an owner has @for count
CREATE TABLE trait (age INTEGER -- @uniform 20, 80
);

-- @into owners
SELECT 'O' || key || n AS owner_id, 'T' || key || n AS tax_number, 'Owner ' || n AS full_name,
  date('2024-01-01', '-' || age || ' years') AS born
FROM trait, run ORDER BY n;
"""


def _begin(folder: Path) -> Path:
    """A store before the call, and the files beside it."""
    folder.mkdir()
    lines = ["owner_id,weight", *(f"o1,{n + 1}.5" for n in range(30))]
    (folder / "pets.csv").write_text("\n".join(lines), "utf-8")
    (folder / "owners.json").write_text(json.dumps(owners(*range(5))), "utf-8")
    (folder / "store" / "profiles").mkdir(parents=True)
    (folder / "store" / "profiles" / "toy-owners.sql").write_text(PROFILE, "utf-8")
    with Store(folder / "store") as store:
        store.persist(owners(1), scenario="shop", tags=["early"])
        store.persist(owners(2), scenario="other")
    return folder


def _state(folder: Path) -> dict[str, Any]:
    """All that a user can see, but for the ids that are made new for each row."""
    with Store(folder / "store") as store:
        state: dict[str, Any] = {}
        for name in store.names():
            assert store.check_scenario(name).ok
            loaded = store.load_scenario(name)
            told = {
                kind: sorted(
                    repr({k: v for k, v in row.items() if k not in ("pet_id", "owner_id")})
                    for row in rows
                )
                for kind, rows in loaded.items()
            }
            state[name] = (told, store.scenario_info(name).tags)
        state["exported"] = sorted(p.name for p in folder.glob("out/*"))
        return state


def _open_and_call(folder: Path, call: Call) -> None:
    call(Store(folder / "store"), folder)


@needs_fork
@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_died_anywhere_and_is_made_again(name: str, tmp_path: Path, toy: None) -> None:
    call = CALLS[name]
    # What is imported at the first call is there at all the others.
    _open_and_call(_begin(tmp_path / "first"), call)
    once = _begin(tmp_path / "once")
    with Store(once / "store") as store:
        length = count_calls(lambda: call(store, once))
    wanted = _state(once)
    drawn = random.Random(name)
    died = 0
    for number in range(tries(3, 60)):
        # Half of the deaths are late, where something may be stored and not yet told.
        first = 1 if number % 2 else length // 2
        folder = _begin(tmp_path / f"case-{number}")
        at = drawn.randint(first, length)
        died += die_at(functools.partial(_open_and_call, folder, call), at)
        # A second retry, of what may have got an answer, must not change anything either.
        for _ in range(2):
            with Store(folder / "store") as store, contextlib.suppress(HealthsimStoreError):
                call(store, folder)
            assert _state(folder) == wanted, f"died at {at} of {length}"
    assert died
