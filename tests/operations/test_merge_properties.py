"""Random scenarios, cloned, changed on both sides and merged back; and merges that die."""

from __future__ import annotations

import contextlib
import functools
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kin
import pytest
from campaign import tries
from deaths import count_calls, die_at, needs_fork
from hypothesis import given
from hypothesis import strategies as st
from kin import rows_of

from healthsim_store import Store
from healthsim_store.errors import CannotUndo, HealthsimStoreError, MergeConflict

pytestmark = pytest.mark.usefixtures("kin_products")

RUNS = kin.runs(25, 400)

State = dict[str, dict[str, dict[str, Any]]]  # by table and id


WHERES = ["1", "rowid % 2", "rowid <= 2", "rowid > 2", "rowid = 1"]

UPDATES: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("people", {"person_id": "h9"}, {}),
    ("people", {"person_id": None}, {"code": "code || 'x'"}),
    ("people", {"boss_key": None}, {}),
    ("people", {}, {"boss_key": "(SELECT min(person_key) FROM people)"}),
    ("people", {}, {"boss_key": "(SELECT max(person_key) FROM people)"}),
    ("people", {}, {"code": "CASE code WHEN 'c1' THEN 'c2' WHEN 'c2' THEN 'c1' ELSE code END"}),
    ("rooms", {}, {"number": "4 - number", "price": "price / 3"}),
    ("rooms", {}, {"number": "number + 3"}),
    ("rooms", {"price": 0.1 + 0.2}, {}),
    ("things", {"badge": None, "name": "it's"}, {}),
    ("things", {"room_id": None}, {}),
    ("things", {}, {"room_id": "(SELECT max(room_id) FROM rooms)"}),
    ("notes", {"thing_id": "gone"}, {}),
    ("notes", {}, {"thing_id": "(SELECT min(thing_id) FROM things)"}),
    ("notes", {"person_id": "h1"}, {}),
]

STEPS = st.one_of(
    st.tuples(st.just("update"), st.sampled_from(UPDATES), st.sampled_from(WHERES)),
    st.tuples(st.just("update"), st.sampled_from(UPDATES), st.sampled_from(WHERES)),
    st.tuples(st.just("remove"), st.sampled_from([*kin.KEYS]), st.sampled_from(WHERES)),
    st.tuples(st.just("persist"), kin.scenarios(), st.sampled_from(["skip", "replace"])),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
)
SIDES = st.lists(st.tuples(st.sampled_from(["s", "a", "b"]), STEPS), max_size=10)


def take(store: Store, scenario: str, step: tuple[Any, ...]) -> None:
    """Do a step; some cannot be done."""
    kind, *what = step
    with contextlib.suppress(HealthsimStoreError):
        if kind == "update":
            (table, values, expressions), where = what
            store.update_entities(scenario, table, values, expressions=expressions, where=where)
        elif kind == "remove":
            table, where = what
            store.remove_entities(scenario, table, where=where, with_children=True)
        elif kind == "persist":
            rows, on_conflict = what
            given_ = {name: found for name, found in rows.items() if found}
            store.persist(given_, scenario=scenario, on_conflict=on_conflict)
        else:
            (store.undo if kind == "undo" else store.redo)(scenario)


@contextlib.contextmanager
def family(rows: dict[str, Any]) -> Iterator[Store]:
    """A store with ``s`` and its clones ``a`` and ``b``."""
    folder = Path(tempfile.mkdtemp())
    try:
        with Store(folder / "store") as store:
            store.persist({name: found for name, found in rows.items() if found}, scenario="s")
            for name in "ab":
                store.clone_scenario("s", new_name=name)
            yield store
    finally:
        shutil.rmtree(folder)


def original(store: Store, scenario: str) -> State:
    """The rows of a clone, with the ids that the original has for them; others are new."""
    own = store.scenario_info(scenario).scenario_id

    def ascended(value: Any) -> Any:
        if not isinstance(value, str) or scenario == "s":
            return value
        begins = f"{own}."
        return value.removeprefix(begins) if value.startswith(begins) else f"new {value}"

    state: State = {}
    for table, found in kin.dump(store.find(scenario)).items():
        state[table] = {}
        for row in found:
            told = {
                name: ascended(value)
                if name == kin.KEYS[table] or name in kin.PARENTS[table]
                else value
                for name, value in row.items()
            }
            state[table][told[kin.KEYS[table]]] = told
    return state


@RUNS
@given(
    kin.scenarios(),
    SIDES,
    st.sampled_from(["skip", "overwrite"]),
    st.sampled_from(["new", "into s", "into a", "three"]),
)
def test_a_merge_with_a_base(
    rows: dict[str, Any], steps: list[Any], strategy: str, way: str
) -> None:
    with family(rows) as store:
        was = original(store, "s")
        for scenario, step in steps:
            take(store, scenario, step)
        before = {name: rows_of(store.find(name)) for name in store.names()}
        bytes_ = {name: store.find(name).read_bytes() for name in store.names()}
        asked: dict[str, Any] = {
            "new": {"scenarios": ["a", "b"], "base": "s", "new_name": "m"},
            "three": {"scenarios": ["s", "a", "b"], "base": "s", "new_name": "m"},
            "into s": {"scenarios": ["b"], "into": "s"},
            "into a": {"scenarios": ["b"], "into": "a", "base": "s"},
        }[way]
        made = asked.get("into", "m")
        try:
            result = store.merge_scenarios(**asked, on_conflict=strategy)
        except MergeConflict as error:
            # Both sides made one natural key of two.
            assert "UNIQUE" in str(error)  # noqa: PT017
            assert {n: store.find(n).read_bytes() for n in store.names()} == bytes_
            return
        path = store.find(made)
        assert kin.faults(path) == []
        assert store.check_scenario(made).ok
        untouched = {n: b for n, b in bytes_.items() if n != made}
        assert {n: store.find(n).read_bytes() for n in untouched} == untouched
        sizes = {table: len(found) for table, found in rows_of(path).items() if found}
        assert result.entity_counts == sizes
        if way == "into a":
            check_columns(was, original(store, "a"), store, result, strategy)
        if way.startswith("into") and result.number is not None:
            after = rows_of(path)
            store.undo(made)
            assert rows_of(path) == before[made]
            store.redo(made)
            assert rows_of(path) == after
            with contextlib.suppress(MergeConflict):
                again = store.merge_scenarios(**asked, on_conflict="overwrite")
                assert store.check_scenario(made).ok
                assert kin.faults(path) == []
                del again


def check_columns(was: State, merged: State, store: Store, result: Any, strategy: str) -> None:
    """Of entities that all have: what only one side changed is as it is there."""
    if result.number is not None:
        store.undo("a")
    mine, yours = original(store, "a"), original(store, "b")
    if result.number is not None:
        store.redo("a")
    for table, found in was.items():
        for key, row in found.items():
            sides = [state.get(table, {}).get(key) for state in (mine, yours)]
            here = merged.get(table, {}).get(key)
            if None in sides or here is None:
                continue
            for name, value in row.items():
                one, other = (side[name] for side in sides)
                if name in kin.PARENTS[table] and here[name] not in (one, other):
                    continue  # another id stands for what both added
                if one == value:
                    expected = {other}
                elif other == value:
                    expected = {one}
                else:
                    expected = {one} if strategy == "skip" else {other}
                if name in kin.PARENTS[table]:
                    expected |= {one}  # what the other one refers to may have been removed here
                assert here[name] in expected, (table, key, name, value, one, other, here[name])


@RUNS
@given(kin.scenarios(), st.lists(st.tuples(st.sampled_from(["b"]), STEPS), max_size=6))
def test_what_one_side_changed_makes_the_other_the_same(
    rows: dict[str, Any], steps: list[Any]
) -> None:
    """Merged into an original that did not change, a clone differs from it in nothing."""
    with family(rows) as store:
        before = rows_of(store.find("s"))
        for scenario, step in steps:
            take(store, scenario, step)
        try:
            result = store.merge_scenarios(["b"], into="s")
        except MergeConflict as error:
            raise AssertionError("one side alone cannot conflict") from error
        assert result.conflicts == {}
        diff = store.diff_scenarios("s", "b")
        # A new entity of the clone whose id is another one's in the original got a new id there.
        taken = {f"new {key}" for table in original(store, "s").values() for key in table} & {
            key for table in original(store, "b").values() for key in table
        }
        assert diff.empty or taken, diff.to_markdown()
        for table in diff.entity_types.values():
            assert table.added == table.removed <= len(taken)
            assert not table.changed or taken
        if result.number is not None:
            store.undo("s")
        assert rows_of(store.find("s")) == before


@RUNS
@given(kin.scenarios(), SIDES, st.lists(st.sampled_from(["a", "b", "undo"]), max_size=5))
def test_merged_back_in_random_order(
    rows: dict[str, Any], steps: list[Any], merges: list[str]
) -> None:
    """Between changes of all three, clones are merged back and merges undone."""
    with family(rows) as store:
        waiting = list(steps)
        for what in merges:
            for scenario, step in waiting[:3]:
                take(store, scenario, step)
            del waiting[:3]
            before = rows_of(store.find("s"))
            try:
                if what == "undo":
                    store.undo("s")
                else:
                    store.merge_scenarios([what], into="s", on_conflict="overwrite")
            except (MergeConflict, CannotUndo):
                assert rows_of(store.find("s")) == before
            assert kin.faults(store.find("s")) == []
            assert store.check_scenario("s").ok


@RUNS
@given(kin.scenarios(), SIDES, st.sampled_from(["skip", "overwrite", "rename"]))
def test_relatives_without_a_base(rows: dict[str, Any], steps: list[Any], strategy: str) -> None:
    with family(rows) as store:
        for scenario, step in steps:
            take(store, scenario, step)
        bytes_ = {name: store.find(name).read_bytes() for name in store.names()}
        try:
            store.merge_scenarios(["s", "a", "b"], new_name="m", on_conflict=strategy)
        except MergeConflict as error:
            assert strategy != "skip"
            assert "UNIQUE" in str(error)  # noqa: PT017
        else:
            assert kin.faults(store.find("m")) == []
            assert store.check_scenario("m").ok
        assert {name: store.find(name).read_bytes() for name in bytes_} == bytes_


# -- killed ----------------------------------------------------------------------------------

PEOPLE: dict[str, list[dict[str, Any]]] = {
    "people": [{"person_key": f"p{n}", "code": f"c{n}", "boss_key": "p0"} for n in range(8)],
    "rooms": [{"room_id": f"r{n}", "person_key": f"p{n}", "number": 1} for n in range(8)],
    "things": [{"thing_id": f"t{n}", "room_id": f"r{n}"} for n in range(8)],
}


def test_what_refers_to_something_removed_is_told() -> None:
    """From another product, whose entities may stand without what they refer to."""
    rows = {
        "things": [{"thing_id": f"t{n}"} for n in range(3)],
        "notes": [{"note_id": f"n{n}", "thing_id": f"t{n % 3}"} for n in range(5)],
    }
    with family(rows) as store:
        store.remove_entities("a", "things", where="rowid < 3")
        trial = store.merge_scenarios(["a"], into="s", dry_run=True)
        result = store.merge_scenarios(["a"], into="s")
        told = "4 notes stay, whose thing_id names one of the removed things."
        assert [note for note in result.notes if "stay" in note] == [told]
        assert trial.notes == result.notes
        assert {name: len(found) for name, found in rows_of(store.find("s")).items()} == {
            "things": 1, "notes": 5,
        }  # fmt: skip
        # Where it goes along, nothing is told.
        store.undo("s")
        store.remove_entities("a", "notes", where="rowid <> 3")
        again = store.merge_scenarios(["a"], into="s")
        assert not [note for note in again.notes if "stay" in note]


def begin(folder: Path) -> Path:
    with Store(folder) as store:
        store.persist(PEOPLE, scenario="s")
        store.clone_scenario("s", new_name="b")
        swap = {"code": "'c' || (7 - substr(code, 2))"}
        store.update_entities("b", "people", expressions=swap, where="1")
        store.remove_entities("b", "rooms", where="rowid > 5", with_children=True)
        store.persist({"things": [{"thing_id": f"x{n}"} for n in range(9)]}, scenario="b")
        store.update_entities("s", "things", {"name": "n"}, where="rowid < 3")
    return folder


def whole(folder: Path) -> Any:
    with Store(folder, remember=False) as store:
        found = {}
        for name in store.names():
            path = store.find(name)
            assert kin.faults(path) == []
            with contextlib.closing(sqlite3.connect(path)) as file:
                told = file.execute("SELECT operation, entities FROM _log").fetchall()
                kept = file.execute("SELECT * FROM _history_rows ORDER BY 1, 2, 3").fetchall()
                ranges = file.execute("SELECT * FROM _batches ORDER BY 1, 2").fetchall()
            found[name] = (rows_of(path), told, kept, ranges)
        return found


def call_there(folder: Path, into: bool) -> None:
    with Store(folder) as store:
        if into:
            store.merge_scenarios(["b"], into="s")
        else:
            store.merge_scenarios(["s", "b"], base="s", new_name="m")


@needs_fork
@pytest.mark.parametrize("into", [True, False])
def test_a_merge_that_died_is_done_or_not_done(into: bool, tmp_path: Path) -> None:
    folder = begin(tmp_path / "once")
    shutil.copytree(folder, tmp_path / "template")
    before = whole(folder)
    length = count_calls(lambda: call_there(folder, into))
    after = whole(folder)
    assert before != after
    drawn = random.Random(int(into))
    died = 0
    for number in range(tries(12, 120)):
        case = tmp_path / f"case-{number}"
        shutil.copytree(tmp_path / "template", case)
        at = drawn.randint(length // 2 if number % 2 else 1, length)
        died += die_at(functools.partial(call_there, case, into), at)
        found = whole(case)
        if into:
            assert found in (before, after), f"died at {at} of {length}"
        else:
            assert {name: found[name] for name in before} == before
            assert {n: rows[0] for n, rows in found.items()} in (
                {n: rows[0] for n, rows in before.items()},
                {n: rows[0] for n, rows in after.items()},
            )
    assert died
