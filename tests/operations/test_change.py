"""Update, remove, undo, redo: what they do, what they refuse, and what stays as it was."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from conftest import SCHEMA, Run, make_older, owner
from odd import tables

from healthsim_store import Store
from healthsim_store.errors import (
    CannotUndo,
    ChangedSince,
    InvalidArgument,
    InvalidRows,
    QueryError,
    QueryRefused,
    QueryTimeout,
    RowsInUse,
    UnknownBatch,
    UnknownEntityType,
)


@pytest.fixture
def shop(store: Store) -> Store:
    """Nine owners, the first three with two pets each, the second and third taught by the first."""
    owners = [owner(n, mentor_id="o1" if n in (2, 3) else None) for n in range(1, 10)]
    store.persist({"owners": owners}, scenario="shop")
    pets = [{"pet_id": f"p{n}", "owner_id": f"o{n % 3 + 1}", "weight": 1.5 * n + 1, "legs": 4}
            for n in range(6)]  # fmt: skip
    store.persist({"pets": pets}, scenario="shop")
    return store


def values(store: Store, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(store.find("shop"))) as file:
        return file.execute(sql).fetchall()


def state(store: Store) -> Any:
    """All entities with their rowids: what an export is made of."""
    path = store.find("shop")
    order = {
        name: values(store, f"SELECT rowid, * FROM {name} ORDER BY rowid")
        for name in ("owners", "pets")
    }
    return order, tables(path)


# -- update ----------------------------------------------------------------------------------


def test_an_update_by_a_condition(shop: Store) -> None:
    before = state(shop)
    done = shop.update_entities("shop", "owners", {"name": "Kim", "gender": "female"},
                                where="born < :day", params={"day": "1904-01-01"})  # fmt: skip
    assert (done.updated, done.columns, done.undoable) == (3, ("full_name", "gender"), True)
    found = values(shop, "SELECT owner_id FROM owners WHERE full_name = 'Kim' AND gender = 'F'")
    assert found == [("o1",), ("o2",), ("o3",)]
    assert shop.check_scenario("shop").ok
    assert shop.undo("shop").counts == {"owners": {"updated": 3}}
    assert state(shop) == before
    shop.redo("shop")
    assert len(values(shop, "SELECT 1 FROM owners WHERE full_name = 'Kim'")) == 3


def test_an_update_by_an_expression(shop: Store) -> None:
    shop.update_entities("shop", "pets", expressions={"weight": "weight * 2", "notes": "NULL"},
                         where="legs = 4 -- all of them")  # fmt: skip
    assert values(shop, "SELECT weight FROM pets ORDER BY rowid") == [
        (2.0,), (5.0,), (8.0,), (11.0,), (14.0,), (17.0,)
    ]  # fmt: skip


def test_a_dry_run_of_an_update_changes_nothing(shop: Store) -> None:
    before = shop.find("shop").read_bytes()
    done = shop.update_entities("shop", "owners", {"gender": "M"}, where="1", dry_run=True)
    assert (done.updated, done.dry_run, done.number) == (9, True, None)
    with pytest.raises(InvalidRows):
        shop.update_entities("shop", "owners", {"tax_number": "T"}, where="1", dry_run=True)
    assert shop.find("shop").read_bytes() == before


@pytest.mark.parametrize(("arguments", "told"), [
    ({"values": {"gender": "X"}}, "owners o1 (and 8 more like it), gender 'X': must be one of F"),
    ({"values": {"born": "soon"}}, "owners o1 (and 8 more like it), born 'soon': must be"),
    ({"values": {"tax_number": "T1"}}, "owners o2 (and 7 more like it), tax_number 'T1': would be"
     " there twice: o1 has it."),
    ({"values": {"full_name": None}}, "owners o1 (and 8 more like it), full_name: is required"),
    ({"values": {"full_name": ""}}, "owners o1 (and 8 more like it), full_name '': is required"),
    ({"values": {"mentor_id": "o77"}}, "there is no such owner_id in owners"),
    ({"values": {"mentor_tax_number": "T77"}}, "there is no such tax_number in owners"),
    ({"expressions": {"full_name": "full_name || replace(hex(zeroblob(30)), '00', 'x')"}},
     "owners o1"),
])  # fmt: skip
def test_a_value_that_cannot_be(shop: Store, arguments: dict[str, Any], told: str) -> None:
    before = shop.find("shop").read_bytes()
    with pytest.raises((InvalidRows, QueryError)) as caught:
        shop.update_entities("shop", "owners", where="1", **arguments)
    if isinstance(caught.value, InvalidRows):
        assert told in str(caught.value)
        assert str(caught.value).startswith("Nothing was changed: 1 problem.")
    assert shop.find("shop").read_bytes() == before


@pytest.mark.parametrize(("field", "hint"), [
    ("full_nam", "full_name"), ("owner_id", "never changes"), ("", "Fields: owner_id"),
])  # fmt: skip
def test_a_field_that_cannot_be_set(shop: Store, field: str, hint: str) -> None:
    with pytest.raises(InvalidArgument, match=hint):
        shop.update_entities("shop", "owners", {field: "x"}, where="1")
    with pytest.raises(InvalidArgument, match="same column"):
        shop.update_entities("shop", "owners", {"name": "x", "full_name": "y"}, where="1")
    with pytest.raises(InvalidArgument, match="No value"):
        shop.update_entities("shop", "owners", where="1")
    with pytest.raises(UnknownEntityType):
        shop.update_entities("shop", "ownerz", {"name": "x"}, where="1")


@pytest.mark.parametrize("where", [
    "", "1) OR (1", "1; DROP TABLE owners", "born <", "SELECT 1; SELECT 2", "1 UNION SELECT 2",
    "load_extension('x')", "1) --", "nosuch = 1", "(1", "1 /* open", "gender = 'F",
    "(SELECT 1 FROM pragma_table_info('owners'))", "1 ORDER BY born",
])  # fmt: skip
def test_a_where_that_is_no_expression(shop: Store, where: str) -> None:
    before = shop.find("shop").read_bytes()
    for call in (shop.update_entities, shop.remove_entities):
        given = {"values": {"name": "x"}} if call == shop.update_entities else {}
        with pytest.raises((InvalidArgument, QueryError, QueryRefused)) as caught:
            call("shop", "owners", where=where, **given)
        assert "ORDER BY rowid" not in str(caught.value)  # which nobody wrote
    assert shop.find("shop").read_bytes() == before


def test_where_an_expression_is_wrong(shop: Store) -> None:
    with pytest.raises(QueryError) as caught:
        shop.update_entities("shop", "owners", {"name": "x"}, where="born = ")
    told = 'where is no SQL expression: it ends too early, after "born =".'
    assert caught.value.message == told
    with pytest.raises(QueryError) as caught:
        shop.update_entities(
            "shop", "owners", expressions={"name": "upper(gender) gender"}, where="1"
        )
    told = "the expression for full_name is no SQL expression:"
    told += ' "gender" cannot stand at character 15, after "upper(gender)".'
    assert caught.value.message == told
    only = "SELECT owner_id FROM owners WHERE born = "
    told = 'syntax error, it ends too early, after "SELECT owner_id FROM owners WHERE born ="'
    for refused in (
        lambda: shop.clone_scenario("shop", only=only),
        lambda: shop.query_scenario("shop", only),
        lambda: shop.save_question("shop", "q", only),
    ):
        with pytest.raises(QueryError) as caught:
            refused()
        assert told in caught.value.message


def test_a_where_that_does_not_end(shop: Store) -> None:
    endless = (
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n)"
    )
    with pytest.raises(QueryTimeout):
        shop.update_entities("shop", "owners", {"name": "x"}, where=endless, timeout=0.3)
    with pytest.raises(QueryTimeout):
        shop.remove_entities("shop", "pets", where=endless, timeout=0.3)


def test_brackets_in_texts_and_names_are_no_brackets(shop: Store) -> None:
    where = "full_name <> ')' AND \"gender\" <> '((' /* ( */ AND (1 -- )\n)"
    assert shop.update_entities("shop", "owners", {"name": "x"}, where=where).updated == 9


def test_keys_that_change_places(shop: Store) -> None:
    before = state(shop)
    turned = {"tax_number": "CASE tax_number WHEN 'T1' THEN 'T2' WHEN 'T2' THEN 'T1' END"}
    shop.update_entities("shop", "owners", expressions=turned, where="owner_id IN ('o1', 'o2')")
    assert values(shop, "SELECT tax_number FROM owners ORDER BY rowid LIMIT 2") == [
        ("T2",), ("T1",)
    ]  # fmt: skip
    assert shop.check_scenario("shop").ok
    shop.undo("shop")
    assert state(shop) == before


def test_a_batch_of_partial_rows(shop: Store) -> None:
    before = state(shop)
    rows = [{"owner_id": "o1", "full_name": "One"}, {"tax_number": "T2", "gender": "male"}]
    done = shop.persist({"owners": rows}, scenario="shop", on_conflict="update")
    assert (done.replaced, done.inserted) == ({"owners": 2}, {"owners": 0})
    assert values(shop, "SELECT full_name, gender, born FROM owners ORDER BY rowid LIMIT 2") == [
        ("One", "M", "1901-01-15"), ("Owner 2", "M", "1902-01-15")
    ]  # fmt: skip
    shop.undo("shop")
    assert state(shop) == before


@pytest.mark.parametrize(("row", "told"), [
    ({"owner_id": "o99", "name": "x"}, "owner_id 'o99': is not in the scenario"),
    ({"tax_number": "T99", "name": "x"}, "tax_number 'T99': is not in the scenario"),
    ({"name": "x"}, "owner_id: is required. An update needs owner_id, or tax_number."),
    ({"owner_id": "o1", "gender": "Q"}, "gender 'Q': must be one of"),
    ({"owner_id": "o1", "tax_number": "T2"}, "owners row 2, tax_number 'T2': is already in the"
     " scenario: o2 has it."),
])  # fmt: skip
def test_a_batch_of_partial_rows_that_cannot_be(
    shop: Store, row: dict[str, Any], told: str
) -> None:
    before = shop.find("shop").read_bytes()
    rows = [{"owner_id": "o3", "gender": "M"}, row]
    with pytest.raises(InvalidRows) as caught:
        shop.persist({"owners": rows}, scenario="shop", on_conflict="update")
    assert told in str(caught.value)
    assert str(caught.value).startswith("Nothing was changed: 1")
    assert shop.find("shop").read_bytes() == before


# -- remove ----------------------------------------------------------------------------------


def test_children_are_asked_for(shop: Store) -> None:
    before = state(shop)
    with pytest.raises(RowsInUse) as caught:
        shop.remove_entities("shop", "owners", where="owner_id = 'o1'")
    # Its two pets; the two whom it teaches, and their four pets.
    assert caught.value.counts == {"owners": 2, "pets": 6}
    assert "2 owners (mentor_id), 6 pets (owner_id) refer to the 1 owners" in str(caught.value)
    assert state(shop) == before
    done = shop.remove_entities("shop", "owners", where="owner_id = 'o1'", with_children=True)
    assert done.removed == {"owners": 3, "pets": 6}
    assert shop.check_scenario("shop").ok
    assert values(shop, "SELECT count(*) FROM owners") == [(6,)]
    shop.undo("shop")
    assert state(shop) == before
    shop.redo("shop")
    assert values(shop, "SELECT count(*) FROM pets") == [(0,)]


def test_a_batch_goes_as_a_whole(shop: Store) -> None:
    before = state(shop)
    shop.persist({"owners": [owner(20)], "pets": [{"owner_id": "o20"}] * 3}, scenario="shop",
                 batch_id="bad")  # fmt: skip
    shop.persist({"pets": [{"pet_id": "late", "owner_id": "o20"}]}, scenario="shop")
    with pytest.raises(RowsInUse, match="1 pets"):
        shop.remove_entities("shop", batch="bad")
    shop.remove_entities("shop", batch="last")
    number = next(o.number for o in shop.list_history("shop").operations if o.batch_id == "bad")
    assert shop.remove_entities("shop", batch=str(number), dry_run=True).total == 4
    assert shop.remove_entities("shop", batch="bad").removed == {"owners": 1, "pets": 3}
    assert state(shop) == before
    with pytest.raises(UnknownBatch, match="no rows that are known as its own"):
        shop.remove_entities("shop", batch=number)
    # It is not there any more, so the same may come again.
    again = shop.persist({"owners": [owner(20)], "pets": [{"owner_id": "o20"}] * 3},
                         scenario="shop", batch_id="bad")  # fmt: skip
    assert not again.repeated


def test_rowids_that_are_given_out_again(shop: Store) -> None:
    """Another program removes the last rows; the next batch gets their rowids."""
    shop.persist({"pets": [{"pet_id": "a", "owner_id": "o1"}, {"pet_id": "b", "owner_id": "o1"}]},
                 scenario="shop", batch_id="one")  # fmt: skip
    with contextlib.closing(sqlite3.connect(shop.find("shop"))) as file:
        file.execute("DELETE FROM pets WHERE pet_id = 'b'")
        file.commit()
    shop.persist({"pets": [{"pet_id": "c", "owner_id": "o1"}]}, scenario="shop", batch_id="two")
    shop.remove_entities("shop", batch="one")
    assert ("c",) in values(shop, "SELECT pet_id FROM pets")
    assert ("a",) not in values(shop, "SELECT pet_id FROM pets")


def test_rows_know_their_batch_after_other_changes(shop: Store) -> None:
    shop.persist({"pets": [{"pet_id": "a", "owner_id": "o1"}, {"pet_id": "b", "owner_id": "o1"}]},
                 scenario="shop", batch_id="one")  # fmt: skip
    shop.remove_entities("shop", "pets", where="pet_id = 'b'")
    shop.persist({"pets": [{"pet_id": "c", "owner_id": "o1"}]}, scenario="shop")
    shop.update_entities("shop", "pets", {"legs": 3}, where="1")
    with contextlib.closing(sqlite3.connect(shop.find("shop"))) as file:
        file.execute("VACUUM")
    assert shop.remove_entities("shop", batch="one").removed == {"pets": 1}
    assert ("c",) in values(shop, "SELECT pet_id FROM pets")


@pytest.mark.parametrize(("arguments", "told"), [
    ({}, "Give where"),
    ({"where": "1", "batch": "last", "entity_type": "pets"}, "Give where"),
    ({"where": "1"}, "needs the entity type"),
    ({"batch": "nothing"}, "There is no batch 'nothing'"),
    ({"batch": 99}, "There is no batch 99"),
])  # fmt: skip
def test_a_removal_that_is_not_clear(shop: Store, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidArgument, match=told):
        shop.remove_entities("shop", **arguments)


def test_what_was_removed_may_be_stored_again(shop: Store) -> None:
    batch = {"pets": [{"owner_id": "o1", "weight": 2.0 + n} for n in range(30)]}
    shop.persist(batch, scenario="shop")
    shop.remove_entities("shop", "pets", where="weight > 20")
    assert not shop.persist(batch, scenario="shop").repeated
    shop.undo("shop")
    shop.undo("shop")
    # As before the removal: a retry is a retry again.
    assert shop.persist(batch, scenario="shop").repeated
    shop.undo("shop")
    assert not shop.persist(batch, scenario="shop").repeated


# -- undo, redo, history ---------------------------------------------------------------------


def test_undo_of_a_batch_and_a_retry_of_it(shop: Store) -> None:
    before = state(shop)
    batch = {"owners": [owner(20)]}
    shop.persist(batch, scenario="shop", batch_id="b", tags=["late"], description="More")
    shop.undo("shop")
    assert state(shop) == before
    info = shop.scenario_info("shop")
    assert (info.tags, info.description) == ((), None)
    assert not shop.persist(batch, scenario="shop", batch_id="b").repeated
    with pytest.raises(CannotUndo, match="nothing to redo"):
        shop.redo("shop")


def test_undo_and_redo_step_by_step(shop: Store) -> None:
    states = [state(shop)]
    shop.update_entities("shop", "owners", {"name": "x"}, where="owner_id = 'o5'")
    states.append(state(shop))
    shop.remove_entities("shop", "pets", where="weight > 3")
    states.append(state(shop))
    shop.persist({"owners": [owner(5, full_name="y"), owner(30)]}, scenario="shop",
                 on_conflict="replace")  # fmt: skip
    states.append(state(shop))
    for expected in states[-2::-1]:
        shop.undo("shop")
        assert state(shop) == expected
    for expected in states[1:]:
        shop.redo("shop")
        assert state(shop) == expected
    with pytest.raises(CannotUndo):
        shop.redo("shop")


def test_tags_and_a_name_are_undone(shop: Store) -> None:
    shop.add_tags("shop", "a", "b")
    shop.remove_tags("shop", "a")
    shop.rename_scenario("shop", "store")
    assert shop.undo("store").scenario == "shop"
    assert shop.names() == ["shop"]
    shop.undo("shop")
    assert shop.scenario_info("shop").tags == ("a", "b")
    shop.undo("shop")
    assert shop.scenario_info("shop").tags == ()
    shop.redo("shop")
    shop.redo("shop")
    assert shop.redo("shop").scenario == "store"
    assert shop.scenario_info("store").tags == ("b",)


def test_batches_of_one_call_are_undone_together(shop: Store) -> None:
    before = state(shop)
    calls = [({"owners": [owner(n)]}, {}) for n in (20, 21, 22)]
    shop.persist_batches(calls, scenario="shop")
    newest = shop.list_history("shop").operations[0]
    assert (len(newest.batches), newest.counts) == (3, {"owners": {"inserted": 3}})
    assert shop.remove_entities("shop", batch="last", dry_run=True).removed == {"owners": 3}
    shop.undo("shop")
    assert state(shop) == before


def test_what_cannot_be_undone(store: Store) -> None:
    store.persist({"owners": [owner(1)]}, scenario="shop")
    with pytest.raises(CannotUndo, match="it made the scenario"):
        store.undo("shop")
    with pytest.raises(CannotUndo, match="nothing to redo"):
        store.redo("shop")


@pytest.mark.parametrize("statement", [
    "UPDATE owners SET full_name = 'other' WHERE owner_id = 'o5'",
    "DELETE FROM owners WHERE owner_id = 'o5'",
])  # fmt: skip
def test_another_program_wrote_what_was_updated(shop: Store, statement: str) -> None:
    shop.update_entities("shop", "owners", {"name": "x"}, where="owner_id >= 'o5'")
    with contextlib.closing(sqlite3.connect(shop.find("shop"))) as file:
        file.execute(statement)
        file.commit()
    before = shop.find("shop").read_bytes()
    with pytest.raises(ChangedSince, match="1 of its 5 owners are not as it left them") as caught:
        shop.undo("shop")
    assert "forget=True" in str(caught.value)
    assert shop.find("shop").read_bytes() == before


def test_another_program_wrote_beside_a_batch(shop: Store) -> None:
    shop.persist({"owners": [owner(20), owner(21)]}, scenario="shop")
    with contextlib.closing(sqlite3.connect(shop.find("shop"))) as file:
        file.execute("INSERT INTO pets (pet_id, owner_id) VALUES ('theirs', 'o20')")
        file.commit()
    with pytest.raises(ChangedSince, match="refer to what would be taken away"):
        shop.undo("shop")
    with contextlib.closing(sqlite3.connect(shop.find("shop"))) as file:
        file.execute("DELETE FROM pets WHERE pet_id = 'theirs'")
        file.execute("DELETE FROM owners WHERE owner_id = 'o20'")
        file.commit()
    with pytest.raises(ChangedSince, match="1 of the 2 owners that it put in are no longer there"):
        shop.undo("shop")


def test_another_program_took_a_natural_key(shop: Store) -> None:
    shop.remove_entities("shop", "owners", where="owner_id = 'o9'")
    with contextlib.closing(sqlite3.connect(shop.find("shop"))) as file:
        file.execute(
            "INSERT INTO owners (rowid, owner_id, tax_number, full_name, born)"
            " VALUES (77, 'x', 'T9', 'X', '1999-01-01')"
        )
        file.commit()
    with pytest.raises(ChangedSince, match=r"owners\.tax_number"):
        shop.undo("shop")


def test_history_has_bounds(shop: Store) -> None:
    shop.keep_history("shop", rows=4)
    shop.update_entities("shop", "pets", {"legs": 3}, where="pet_id < 'p3'")
    shop.update_entities("shop", "pets", {"legs": 2}, where="pet_id < 'p2'")
    first, second = shop.list_history("shop").operations[:2]
    assert (first.reach, second.reach) == ("undo", "")
    assert second.reason == "the history no longer has it"
    done = shop.update_entities("shop", "owners", {"gender": "M"}, where="1")
    assert not done.undoable
    assert "cannot be undone" in done.to_markdown()
    with pytest.raises(CannotUndo, match="more than the history may keep"):
        shop.undo("shop")
    shop.keep_history("shop", rows=1_000, megabytes=0)
    assert not shop.update_entities("shop", "owners", {"gender": "F"}, where="1").undoable


def test_a_batch_of_more_rows_than_may_be_kept(shop: Store) -> None:
    before = state(shop)
    shop.keep_history("shop", rows=2)
    shop.persist({"owners": [owner(n) for n in range(20, 30)]}, scenario="shop")
    done = shop.undo("shop")
    assert (done.counts, done.again) == ({"owners": {"removed": 10}}, False)
    assert state(shop) == before
    with pytest.raises(CannotUndo):
        shop.redo("shop")


def test_an_upgrade_is_not_undone(tmp_path: Path, toy_of: Any) -> None:
    toy_of("1.0")
    with Store(tmp_path / "store") as shop:
        shop.persist({"owners": [owner(1)]}, scenario="shop")
        shop.persist({"owners": [owner(2)]}, scenario="shop", batch_id="two")
        toy_of("1.1", SCHEMA.replace("-- Anything", "-- Anything at all"))
        shop.upgrade_scenario("shop")
        with pytest.raises(CannotUndo, match="an upgrade of the products cannot be undone"):
            shop.undo("shop")
        # The table was written anew, with the rowids as they were.
        assert shop.remove_entities("shop", batch="two").removed == {"owners": 1}
        assert values(shop, "SELECT owner_id FROM owners") == [("o1",)]


SECRET = "Wilhelmina Featherstonehaugh"


def test_removed_values_leave_with_the_history(shop: Store, tmp_path: Path) -> None:
    path = shop.find("shop")
    shop.persist({"owners": [owner(50, full_name=SECRET)]}, scenario="shop")
    shop.remove_entities("shop", "owners", where="owner_id = 'o50'")
    assert SECRET.encode() in path.read_bytes()
    assert shop.scenario_info("shop").history["rows"] == 1
    made = shop.export_scenario("shop", format="sqlite", to=tmp_path / "out")
    shop.clone_scenario("shop", new_name="twin")
    shop.merge_scenarios(["shop", "twin"], new_name="both")
    files = [*Path(made.location).glob("*.db"), shop.find("twin"), shop.find("both")]
    assert len(files) == 3
    for file in files:
        assert SECRET.encode() not in file.read_bytes(), file
    for name in ("twin", "both"):
        assert shop.scenario_info(name).history == {}
    shop.keep_history("shop", forget=True)
    assert SECRET.encode() not in path.read_bytes()
    assert shop.scenario_info("shop").history == {}
    with pytest.raises(CannotUndo, match="no longer has it"):
        shop.undo("shop")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_an_older_format(shop: Store, version: int) -> None:
    shop.close()
    path = shop.find("shop")
    make_older(path, version)
    before = state(shop)
    assert shop.list_history("shop").kept is None
    with pytest.raises(CannotUndo):
        shop.undo("shop")
    with pytest.raises(UnknownBatch, match="no rows that are known"):
        shop.remove_entities("shop", batch="last")
    shop.update_entities("shop", "pets", {"legs": 3}, where="1")
    shop.undo("shop")
    assert state(shop) == before
    with pytest.raises(CannotUndo, match="no longer has it"):
        shop.undo("shop")


def test_the_command_line(run: Run) -> None:
    rows = json.dumps({"owners": [owner(1), owner(2)]})
    assert run("persist", "--scenario", "shop", input=rows).returncode == 0
    rows = json.dumps({"pets": [{"owner_id": "o1", "weight": 2.5}]})
    assert run("persist", "--scenario", "shop", input=rows).returncode == 0
    done = run("update", "shop", "pets", "--set", "legs=3", "--set-sql", "weight=weight * 2",
               "--where", "legs IS NULL AND weight > :w", "-p", "w", "2")  # fmt: skip
    assert done.stdout == 'Updated in "shop": 1 pets (legs, weight).\n', done.stderr
    done = run("remove", "shop", "owners", "--where", "1")
    assert done.returncode == 4
    assert "1 pets (owner_id) refer to the 2 owners" in done.stderr
    done = run("remove", "shop", "owners", "--where", "1", "--with-children", "--dry-run")
    assert done.stdout == 'Would remove from "shop": 2 owners, 1 pets.\n'
    assert "3" in run("history", "shop").stdout
    done = run("undo", "shop")
    assert done.stdout == 'Undone in "shop": update 1 pets: 1 pets updated.\n', done.stderr
    assert run("redo", "shop", "--json").returncode == 0
    done = run("history", "shop", "--forget")
    assert "0 changed rows" in done.stdout
    assert run("undo", "shop").returncode == 4
    assert run("update", "shop", "pets", "--set", "legs", "--where", "1").returncode == 2
