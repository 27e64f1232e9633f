"""A merge with a base: known answers; what both sides changed; bases that changed since."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import Any

import pytest
from conftest import Run, make_older, owner

from healthsim_store import Store
from healthsim_store.errors import (
    CopyFailed,
    HealthsimStoreError,
    InvalidArgument,
    MergeConflict,
    ScenarioNotFound,
    UnknownEntityType,
)

OWNERS = "SELECT tax_number, full_name, mentor_id FROM owners ORDER BY tax_number"
PETS = (
    "SELECT tax_number, species, weight FROM pets JOIN owners USING (owner_id)"
    " ORDER BY tax_number, pets.rowid"
)


def plainly(store: Store, scenario: str, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(store.find(scenario))) as connection:
        return connection.execute(sql).fetchall()


def bytes_of(store: Store) -> dict[str, bytes]:
    return {name: store.find(name).read_bytes() for name in store.names()}


@pytest.fixture
def ward(store: Store) -> Store:
    """Nine owners with a pet each; two clones of them, a and b."""
    store.persist(
        {
            "owners": [owner(n, full_name=f"N{n}") for n in range(1, 10)],
            "pets": [{"owner_id": f"o{n}", "weight": n} for n in range(1, 10)],
        },
        scenario="ward",
    )
    store.clone_scenario("ward", new_name="a")
    store.clone_scenario("ward", new_name="b")
    return store


def test_five_changed_in_place_and_nothing_doubled(ward: Store) -> None:
    ward.update_entities("b", "owners", {"full_name": "X"}, where="tax_number < 'T6'")
    before = bytes_of(ward)
    trial = ward.merge_scenarios(["b"], into="ward", dry_run=True)
    assert bytes_of(ward) == before
    assert trial.scenario is None
    result = ward.merge_scenarios(["b"], into="ward")
    assert ward.find("b").read_bytes() == before["b"]
    assert result.done == trial.done == {"owners": {"updated": 5}}
    assert result.conflicts == {}
    assert (result.same, result.base, result.into) == ({"owners": 4, "pets": 9}, "ward", "ward")
    assert result.changes == {
        "ward": {"owners": {}, "pets": {}}, "b": {"owners": {"changed": 5}, "pets": {}},
    }  # fmt: skip
    assert [name for _, name, _ in plainly(ward, "ward", OWNERS)] == [
        *["X"] * 5,
        "N6",
        "N7",
        "N8",
        "N9",
    ]
    assert plainly(ward, "ward", "SELECT count(*) FROM pets") == [(9,)]
    assert ward.check_scenario("ward").ok
    operation = ward.list_history("ward").operations[0]
    assert (operation.operation, operation.number) == ("merge", result.number)
    assert operation.counts == {"owners": {"updated": 5}}
    undone = ward.undo("ward")
    assert undone.counts == {"owners": {"updated": 5}}
    assert [name for _, name, _ in plainly(ward, "ward", OWNERS)] == [f"N{n}" for n in range(1, 10)]
    ward.redo("ward")
    assert [name for _, name, _ in plainly(ward, "ward", OWNERS)][:5] == ["X"] * 5
    # Once more, there is nothing to do.
    again = ward.merge_scenarios(["b"], into="ward")
    assert (again.done, again.number, again.conflicts) == ({}, None, {})


def changed_on_both_sides(store: Store) -> None:
    """What each does: a changes T1, T2, T3; b changes T2's mentor, T3's name; both add, remove."""
    store.update_entities("a", "owners", {"full_name": "A"}, where="tax_number IN ('T1','T2','T3')")
    store.update_entities("a", "owners", {"full_name": "same"}, where="tax_number = 'T4'")
    store.remove_entities("a", "owners", where="tax_number = 'T8'", with_children=True)
    store.persist({"owners": [owner(20)], "pets": [{"owner_id": "o20"}]}, scenario="a")
    store.update_entities("b", "owners", {"full_name": "B"}, where="tax_number = 'T3'")
    store.update_entities("b", "owners", {"full_name": "same"}, where="tax_number = 'T4'")
    store.update_entities(
        "b", "owners", where="tax_number = 'T2'",
        expressions={"mentor_id": "(SELECT owner_id FROM owners WHERE tax_number = 'T1')"},
    )  # fmt: skip
    store.remove_entities("b", "owners", where="tax_number = 'T9'", with_children=True)
    store.persist({"owners": [owner(21, tax_number="T21")], "pets": [{"owner_id": "o21"}]},
                  scenario="b")  # fmt: skip


@pytest.mark.parametrize(("strategy", "name"), [("skip", "A"), ("overwrite", "B")])
@pytest.mark.parametrize("way", ["new", "into a", "named"])
def test_what_only_one_side_changed_is_taken(
    ward: Store, strategy: str, name: str, way: str
) -> None:
    changed_on_both_sides(ward)
    before = bytes_of(ward)
    if way == "into a":
        result = ward.merge_scenarios(["b"], into="a", base="ward", on_conflict=strategy)
        made = "a"
        del before["a"]
    else:
        result = ward.merge_scenarios(["a", "b"], new_name="m", base="ward", on_conflict=strategy)
        made = "m"
    assert {n: b for n, b in bytes_of(ward).items() if n in before} == before
    (first,) = plainly(ward, made, "SELECT owner_id FROM owners WHERE tax_number = 'T1'")
    (added,) = plainly(ward, "a", "SELECT full_name FROM owners WHERE tax_number = 'T20'")
    (other,) = plainly(ward, "b", "SELECT full_name FROM owners WHERE tax_number = 'T21'")
    assert plainly(ward, made, OWNERS) == [
        ("T1", "A", None), ("T2", "A", first[0]), ("T20", added[0], None),
        ("T21", other[0], None), ("T3", name, None), ("T4", "same", None), ("T5", "N5", None),
        ("T6", "N6", None), ("T7", "N7", None),
    ]  # fmt: skip
    assert [tax for tax, *_ in plainly(ward, made, PETS)] == [
        "T1", "T2", "T20", "T21", "T3", "T4", "T5", "T6", "T7",
    ]  # fmt: skip
    assert ward.check_scenario(made).ok
    assert result.conflicts == {"owners": {strategy: 1}}
    (dispute,) = result.disputes
    assert (dispute.entity_type, dispute.column_name) == ("owners", "full_name")
    assert dispute.values == ("N3", "A", "B")
    assert dispute.kept == ("a" if strategy == "skip" else "b")
    assert "full_name: was N3, in a A, in b B" in result.to_markdown()
    assert result.same["owners"] == 3
    assert result.changes["a"]["owners"] == {"added": 1, "changed": 4, "removed": 1}
    assert result.changes["b"]["owners"] == {"added": 1, "changed": 3, "removed": 1}


def test_error_tells_the_columns_and_merges_nothing(ward: Store) -> None:
    changed_on_both_sides(ward)
    before = bytes_of(ward)
    for asked in ({"scenarios": ["a", "b"]}, {"scenarios": ["b"], "into": "a"}):
        with pytest.raises(MergeConflict, match="full_name: was N3, in a A, in b B"):
            ward.merge_scenarios(**asked, base="ward", on_conflict="error")
        assert bytes_of(ward) == before


def test_removed_here_and_changed_there(ward: Store) -> None:
    ward.remove_entities("a", "owners", where="tax_number = 'T1'", with_children=True)
    ward.update_entities("b", "owners", {"full_name": "B"}, where="tax_number = 'T1'")
    ward.persist({"pets": [{"tax_number": "T1", "species": "dog"}]}, scenario="b")
    skipped = ward.merge_scenarios(["a", "b"], base="ward")
    assert "T1" not in {tax for tax, *_ in plainly(ward, str(skipped.scenario), OWNERS)}
    assert skipped.conflicts == {"owners": {"skip": 1}, "pets": {"skip": 1}}
    assert any("removed in a, changed in b" in str(d) for d in skipped.disputes)
    taken = ward.merge_scenarios(["a", "b"], base="ward", on_conflict="overwrite")
    assert plainly(ward, str(taken.scenario), OWNERS)[0] == ("T1", "B", None)
    assert [row for row in plainly(ward, str(taken.scenario), PETS) if row[0] == "T1"] == [
        ("T1", "dog", None)
    ]
    for made in (skipped, taken):
        assert ward.check_scenario(str(made.scenario)).ok
    # What was only added to it brings it back as well.
    ward.update_entities("b", "owners", {"full_name": "N1"}, where="tax_number = 'T1'")
    taken = ward.merge_scenarios(["a", "b"], base="ward", on_conflict="overwrite")
    assert plainly(ward, str(taken.scenario), OWNERS)[0] == ("T1", "N1", None)


def test_changed_here_and_removed_there(ward: Store) -> None:
    ward.update_entities("a", "owners", {"full_name": "A"}, where="tax_number = 'T1'")
    ward.persist({"pets": [{"tax_number": "T2", "species": "dog"}]}, scenario="a")
    ward.remove_entities("b", "owners", where="tax_number < 'T3'", with_children=True)
    skipped = ward.merge_scenarios(["a", "b"], base="ward")
    found = plainly(ward, str(skipped.scenario), OWNERS)
    assert [tax for tax, *_ in found][:3] == ["T1", "T2", "T3"]
    pets = [row for row in plainly(ward, str(skipped.scenario), PETS) if row[0] < "T3"]
    assert pets == [("T2", "dog", None)]
    assert skipped.conflicts == {"owners": {"skip": 2}}
    taken = ward.merge_scenarios(["a", "b"], base="ward", on_conflict="overwrite")
    assert plainly(ward, str(taken.scenario), OWNERS)[0][0] == "T3"
    assert taken.conflicts == {"owners": {"overwrite": 1}, "pets": {"overwrite": 1}}
    for made in (skipped, taken):
        assert ward.check_scenario(str(made.scenario)).ok


def test_keys_that_both_sides_moved(ward: Store) -> None:
    swap = {"tax_number": "CASE tax_number WHEN 'T1' THEN 'T2' ELSE 'T1' END"}
    ward.update_entities("b", "owners", where="tax_number < 'T3'", expressions=swap)
    ward.merge_scenarios(["b"], into="ward")
    assert plainly(ward, "ward", OWNERS)[:2] == [("T1", "N2", None), ("T2", "N1", None)]
    ward.undo("ward")
    assert plainly(ward, "ward", OWNERS)[:2] == [("T1", "N1", None), ("T2", "N2", None)]
    # Each gives the same key to another one.
    ward.update_entities("a", "owners", {"tax_number": "T99"}, where="tax_number = 'T5'")
    ward.update_entities("b", "owners", {"tax_number": "T99"}, where="tax_number = 'T6'")
    before = bytes_of(ward)
    for asked in ({"scenarios": ["a", "b"]}, {"scenarios": ["b"], "into": "a"}):
        told = r"and owners \S+\.o5 and \S+\.o6 would both have tax_number T99\."
        with pytest.raises(MergeConflict, match=told):
            ward.merge_scenarios(**asked, base="ward")
        assert bytes_of(ward) == before
    # And where what comes is new.
    ward.undo("b")
    ward.persist({"owners": [owner(99)]}, scenario="b")
    told = r"owners \S+\.o5 and o99 would both have tax_number T99\."
    with pytest.raises(MergeConflict, match=told):
        ward.merge_scenarios(["b"], into="a", base="ward")


def test_both_added_the_same(ward: Store) -> None:
    ward.persist({"owners": [owner(30, full_name="A")]}, scenario="a")
    ward.persist({"owners": [owner(31, tax_number="T30", full_name="B")],
                  "pets": [{"owner_id": "o31"}]}, scenario="b")  # fmt: skip
    result = ward.merge_scenarios(["a", "b"], new_name="m", base="ward")
    assert result.conflicts == {"owners": {"skip": 1}}
    found = "SELECT owner_id, full_name FROM owners WHERE tax_number = 'T30'"
    assert plainly(ward, "m", found) == [("o30", "A")]
    whose = "SELECT count(*) FROM pets WHERE owner_id = 'o30'"
    assert plainly(ward, "m", whose) == [(1,)]


def test_an_id_that_means_another_one(ward: Store) -> None:
    """The clone's new o1 is not the original's o1, which is called otherwise in the clone."""
    ward.persist(
        {"owners": [owner(1, tax_number="T77")], "pets": [{"owner_id": "o1"}]}, scenario="b"
    )
    ward.merge_scenarios(["b"], into="ward")
    (new,) = plainly(ward, "ward", "SELECT owner_id FROM owners WHERE tax_number = 'T77'")
    assert new[0] != "o1"
    assert plainly(ward, "ward", PETS)[7][0] == "T77"
    assert ward.check_scenario("ward").ok


# -- a base that changed since ---------------------------------------------------------------


def test_a_base_that_changed_is_rebuilt_from_its_history(ward: Store) -> None:
    ward.update_entities("b", "owners", {"full_name": "B"}, where="tax_number < 'T3'")
    ward.update_entities("ward", "owners", {"full_name": "W"}, where="tax_number IN ('T2', 'T3')")
    ward.add_tags("ward", "x")
    ward.persist({"owners": [owner(50)]}, scenario="ward")
    ward.remove_entities("ward", "owners", where="tax_number = 'T9'", with_children=True)
    result = ward.merge_scenarios(["b"], into="ward")
    names = {tax: name for tax, name, _ in plainly(ward, "ward", OWNERS)}
    assert names == {
        "T1": "B", "T2": "W", "T3": "W", "T50": "Owner 50",
        **{f"T{n}": f"N{n}" for n in range(4, 9)},
    }  # fmt: skip
    assert result.conflicts == {"owners": {"skip": 1}}
    assert result.disputes[0].values == ("N2", "W", "B")
    assert "rebuilt from its history" in result.to_markdown()
    assert result.changes["ward"]["owners"] == {"added": 1, "changed": 2, "removed": 1}
    ward.undo("ward")
    # The same, in a new one.
    made = ward.merge_scenarios(["ward", "b"], base="ward").scenario
    assert {tax: name for tax, name, _ in plainly(ward, str(made), OWNERS)} == names
    # The clones know nothing of it: a and b since then.
    made = ward.merge_scenarios(["a", "b"], base="ward").scenario
    assert {tax for tax, *_ in plainly(ward, str(made), OWNERS)} == {f"T{n}" for n in range(1, 10)}


def test_what_was_undone_since_is_done_again(ward: Store) -> None:
    ward.update_entities("ward", "owners", {"full_name": "old"}, where="tax_number = 'T1'")
    ward.clone_scenario("ward", new_name="late")
    ward.undo("ward")
    ward.update_entities("late", "owners", {"full_name": "L"}, where="tax_number = 'T2'")
    result = ward.merge_scenarios(["late"], into="ward")
    assert plainly(ward, "ward", OWNERS)[:2] == [("T1", "N1", None), ("T2", "L", None)]
    assert result.conflicts == {}


@pytest.mark.parametrize("how", ["forgotten", "too much", "another program"])
def test_a_base_that_cannot_be_had_is_refused_with_the_reason(ward: Store, how: str) -> None:
    if how == "too much":
        ward.keep_history("ward", rows=1)
    ward.update_entities("ward", "owners", {"full_name": "W"}, where="1")
    if how == "forgotten":
        ward.keep_history("ward", forget=True)
    if how == "another program":
        with contextlib.closing(sqlite3.connect(ward.find("ward"))) as connection:
            connection.execute("UPDATE owners SET full_name = 'other' WHERE rowid = 1")
            connection.commit()
    before = bytes_of(ward)
    for asked in ({"scenarios": ["b"], "into": "ward"}, {"scenarios": ["a", "b"], "base": "ward"}):
        with pytest.raises(CopyFailed, match="ward has changed since") as caught:
            ward.merge_scenarios(**asked)
        assert {
            "forgotten": "no longer has it", "too much": "more than the history may keep",
            "another program": "Another program has written",
        }[how] in str(caught.value)  # fmt: skip
        assert bytes_of(ward) == before


@pytest.mark.parametrize("older", ["ward", "b", "both"])
def test_files_of_an_older_format(ward: Store, older: str) -> None:
    """Its clone does not know the last entry of the log; then the time must tell."""
    ward.update_entities("b", "owners", {"full_name": "B"}, where="tax_number = 'T1'")
    for name in ("ward", "b"):
        if older in (name, "both"):
            make_older(ward.find(name), 3)
    result = ward.merge_scenarios(["b"], into="ward")
    assert result.done == {"owners": {"updated": 1}}
    ward.undo("ward")
    if older == "ward":
        return  # the clone knows
    with contextlib.closing(sqlite3.connect(ward.find("ward"))) as connection:
        connection.execute("UPDATE _log SET at = '2999-01-01T00:00:00Z' WHERE operation = 'undo'")
        connection.execute("UPDATE _log SET at = '2999-01-01T00:00:00Z' WHERE operation = 'merge'")
        connection.commit()
    with pytest.raises(CopyFailed, match="ward was changed by merge at 2999"):
        ward.merge_scenarios(["b"], into="ward")


def saved(store: Store, scenario: str) -> list[tuple[Any, ...]]:
    return plainly(store, scenario, "SELECT name, sql FROM _own_questions ORDER BY rowid")


@pytest.mark.parametrize("since", ["", "changed"])
def test_saved_questions_go_along_and_undo_takes_them_out(ward: Store, since: str) -> None:
    ward.save_question("ward", "both", "SELECT 1 AS one")
    ward.clone_scenario("ward", new_name="late")
    if since:  # so that the base is a file of its own
        ward.update_entities("ward", "owners", {"full_name": "Y"}, where="tax_number = 'T9'")
        ward.remove_question("ward", "both")
    ward.save_question("ward", "mine", "SELECT 2 AS two")
    ward.save_question("late", "mine", "SELECT 3 AS three")
    ward.save_question("late", "theirs", "SELECT 4 AS four")
    before = saved(ward, "ward")
    trial = ward.merge_scenarios(["late"], into="ward", dry_run=True)
    assert saved(ward, "ward") == before
    result = ward.merge_scenarios(["late"], into="ward")
    told = "Saved questions taken: mine as mine_2, theirs."
    assert told in result.notes
    assert told in trial.notes
    assert (result.done, result.undoable) == ({}, True)
    assert "Nothing had to be changed" not in str(result)
    assert saved(ward, "ward") == [
        *before, ("mine_2", "SELECT 3 AS three"), ("theirs", "SELECT 4 AS four"),
    ]  # fmt: skip
    assert ward.ask_question("ward", "theirs").rows == [{"four": 4}]
    operation = ward.list_history("ward").operations[0]
    assert (operation.operation, operation.number) == ("merge", result.number)
    again = ward.merge_scenarios(["late"], into="ward")
    assert again.number is None or "mine_2" not in str(again.notes)
    ward.undo("ward")
    assert saved(ward, "ward") == before
    ward.redo("ward")
    assert len(saved(ward, "ward")) == len(before) + 2


def test_a_part_of_the_base_has_nothing_removed(ward: Store) -> None:
    """Of a clone that got some of the entities only, what it lacks was not removed there."""
    with contextlib.closing(sqlite3.connect(ward.find("b"))) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM pets WHERE rowid > 3")
        connection.execute("DELETE FROM owners WHERE rowid > 3")
        connection.execute("UPDATE owners SET full_name = 'B' WHERE rowid = 1")
        connection.execute("UPDATE _ancestors SET part = 1")
        connection.commit()
    result = ward.merge_scenarios(["b"], into="ward")
    assert result.done == {"owners": {"updated": 1}}
    assert result.same == {"owners": 8, "pets": 9}
    assert "b has a part of the base: what it lacks stays." in result.notes


@pytest.mark.parametrize("how", ["into the base", "into a clone", "new"])
def test_a_stranger_removes_nothing(ward: Store, how: str) -> None:
    """Of a scenario that shares some ids by chance, what it lacks was never removed there."""
    ward.persist({"owners": [owner(1, full_name="X"), owner(70)]}, scenario="other")
    if how == "new":
        result = ward.merge_scenarios(["a", "other"], base="ward")
    else:
        into = "ward" if how == "into the base" else "a"
        result = ward.merge_scenarios(["other"], into=into, base="ward")
        assert result.done == {"owners": {"updated": 1, "inserted": 1}}
    made = str(result.scenario)
    assert [name for _, name, _ in plainly(ward, made, OWNERS)] == [
        "X", "N2", "N3", "N4", "N5", "N6", "N7", "Owner 70", "N8", "N9",
    ]  # fmt: skip
    assert plainly(ward, made, "SELECT count(*) FROM pets") == [(9,)]
    (note,) = [note for note in result.notes if "other" in note]
    assert note == "other is not known as a copy of ward: what it lacks stays."
    assert ward.check_scenario(made).ok


def test_a_stranger_that_comes_first(ward: Store) -> None:
    """What stands is a copy of it; that it has not all of the base is told once."""
    ward.persist({"owners": [owner(1, full_name="X"), owner(70)]}, scenario="other")
    ward.update_entities("b", "owners", {"full_name": "B"}, where="tax_number = 'T1'")
    result = ward.merge_scenarios(["other", "a", "b"], base="ward")
    found = plainly(ward, str(result.scenario), OWNERS)
    assert [name for _, name, _ in found] == ["X", "Owner 70"]
    assert [str(dispute.values) for dispute in result.disputes] == ["('N1', 'X', 'B')"]
    told = "other is not known as a copy of ward: what it lacks of it does not come."
    assert [note for note in result.notes if "other" in note] == [told]


def test_generations(ward: Store) -> None:
    ward.clone_scenario("b", new_name="b2")
    ward.update_entities("b", "owners", {"full_name": "B"}, where="tax_number = 'T1'")
    ward.update_entities("b2", "owners", {"full_name": "B2"}, where="tax_number = 'T2'")
    ward.merge_scenarios(["b2"], into="ward")
    assert [name for _, name, _ in plainly(ward, "ward", OWNERS)][:3] == ["N1", "B2", "N3"]
    ward.undo("ward")
    result = ward.merge_scenarios(["a", "b", "b2"], base="ward")
    assert [n for _, n, _ in plainly(ward, str(result.scenario), OWNERS)][:3] == ["B", "B2", "N3"]
    assert result.entity_counts == {"owners": 9, "pets": 9}
    # The grandchild goes back to the clone, too.
    ward.merge_scenarios(["b2"], into="b")
    assert [name for _, name, _ in plainly(ward, "b", OWNERS)][:3] == ["B", "B2", "N3"]


def test_an_export_that_was_imported_again(ward: Store, tmp_path: Any) -> None:
    ward.export_scenario("ward", format="csv", to=tmp_path / "out")
    ward.import_data(tmp_path / "out", scenario="again")
    ward.update_entities("again", "owners", {"full_name": "X"}, where="tax_number < 'T6'")
    ward.update_entities("a", "owners", {"full_name": "A"}, where="tax_number = 'T6'")
    result = ward.merge_scenarios(["a", "again"], base="ward")
    names = [name for _, name, _ in plainly(ward, str(result.scenario), OWNERS)]
    assert names == [*["X"] * 5, "A", "N7", "N8", "N9"]
    assert plainly(ward, str(result.scenario), "SELECT count(*) FROM pets") == [(9,)]
    # Without a base, what stands is chosen.
    result = ward.merge_scenarios(["again"], into="ward", on_conflict="overwrite")
    assert result.base is None
    assert result.done == {"owners": {"updated": 5}}
    assert result.same == {"owners": 4, "pets": 9}


def test_what_has_nothing_in_common_is_added(ward: Store) -> None:
    ward.persist({"owners": [owner(70), owner(71)]}, scenario="other")
    result = ward.merge_scenarios(["other"], into="ward")
    assert result.done == {"owners": {"inserted": 2}}
    assert ward.undo("ward").counts == {"owners": {"removed": 2}}


@pytest.mark.parametrize(
    ("scenarios", "options", "error", "said"),
    [
        (["a", "other"], {"base": "ward"}, InvalidArgument, "does not go back to ward"),
        (["other"], {"into": "a", "base": "ward"}, InvalidArgument, "no id in common"),
        (["ward", "b"], {"base": "a"}, InvalidArgument, "ward does not go back to a"),
        (["b", "a2"], {"base": "a"}, InvalidArgument, "both go back to ward"),
        (["a", "b"], {"base": "nothing"}, ScenarioNotFound, "nothing"),
        (["b"], {"into": "nothing"}, ScenarioNotFound, "nothing"),
        (["b"], {"into": "b"}, InvalidArgument, "with itself"),
        ([], {"into": "b"}, InvalidArgument, "one scenario is merged at a time, not 0"),
        (["b"], {"into": "a", "new_name": "m"}, InvalidArgument, "new_name"),
        (["b"], {"into": "a", "context": "m"}, InvalidArgument, "context"),
        (["b", "a"], {"into": "ward"}, InvalidArgument, "one after the other"),
        (["b"], {"base": "ward"}, InvalidArgument, "needs two"),
        (["a", "b"], {"base": "ward", "on_conflict": "rename"}, InvalidArgument, "stays one"),
        (["b"], {"into": "a", "on_conflict": {"pets": "rename"}}, InvalidArgument, "stays one"),
        (["b"], {"into": "a", "on_conflict": {"cats": "skip"}}, UnknownEntityType, "cats"),
    ],
)
def test_bad_input(
    ward: Store,
    scenarios: list[str],
    options: dict[str, Any],
    error: type[HealthsimStoreError],
    said: str,
) -> None:
    ward.persist({"owners": [owner(70)]}, scenario="other")
    ward.clone_scenario("a", new_name="a2")
    before = bytes_of(ward)
    with pytest.raises(error) as caught:
        ward.merge_scenarios(scenarios, **options)
    assert said in str(caught.value)
    assert bytes_of(ward) == before


def test_the_command_line(run: Run) -> None:
    rows = {"owners": [owner(n) for n in range(1, 4)]}
    run("persist", "--scenario", "ward", input=json.dumps(rows))
    run("clone", "ward", "b")
    run("update", "b", "owners", "--set", "full_name=B", "--where", "tax_number = 'T1'")
    done = run("merge", "b", "--into", "ward")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        '**Merged b into "ward"**:\n'
        "\n"
        "| Entity Type | Same  | Changed by ward | Changed by b | Added | Removed | Conflicts |"
        " Total |\n"
        "|-------------|-------|-----------------|--------------|-------|---------|-----------|"
        "-------|\n"
        "| Owners      | 2     | 0               | 1            | 0     | 0       | 0         |"
        " 3     |\n"
        "| **Total**   | **2** | **0**           | **1**        | **0** | **0**   | **0**     |"
        " **3** |\n"
        "\n"
        "- Base: ward; what only one side changed since is taken.\n"
        "- Changed in ward: Owners 1 updated\n"
        "- Conflicts resolved: 0\n"
    )
    done = run("merge", "ward", "b", "--base", "ward", "--name", "m", "--json")
    assert json.loads(done.stdout)["base"] == "ward"


def test_a_name_for_what_is_there_is_refused_with_the_option_that_was_given(run: Run) -> None:
    for number, name in enumerate("ab"):
        run("persist", "--scenario", name, input=json.dumps({"owners": [owner(number)]}))
    done = run("merge", "a", "--into", "b", "--name", "m")
    assert done.returncode == 2
    assert "Leave out --name, or --into." in done.stderr
