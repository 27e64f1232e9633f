"""What a user says of a scenario: its description, notes in its log, and questions of its own."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from conftest import QUESTIONS, Run, make_older, owner

from healthsim_store import Store
from healthsim_store.errors import (
    HealthsimStoreError,
    InvalidArgument,
    InvalidValue,
    QueryError,
    QueryRefused,
    QueryTimeout,
    UnknownQuestion,
)
from healthsim_store.schema.model import THIS_SCENARIO

PETS = [
    {"pet_id": f"p{n}", "owner_id": "o1", "species": "cat" if n % 2 else "dog", "weight": 2.0 * n}
    for n in range(1, 7)
]
SQL = "SELECT pet_id, weight FROM pets WHERE weight >= :least ORDER BY weight"
LEAST = "least number from 0 to 50 = 9: the weight, in kg"


@pytest.fixture
def ward(store: Store) -> Store:
    store.persist({"owners": [owner(1)], "pets": PETS}, scenario="s", description="Pets of one")
    return store


def rows(store: Store, table: str, scenario: str = "s") -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(store.path / f"{scenario}.db")) as file:
        return file.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()


def exported(store: Store, to: Path) -> bytes:
    store.export_scenario("s", format="ndjson", to=to, force=True)
    return b"".join(path.read_bytes() for path in sorted(to.glob("*.ndjson")))


# -- description -----------------------------------------------------------------------------


def test_a_description_is_changed_and_taken_back(ward: Store) -> None:
    assert ward.set_description("s", "  Cats and dogs ") == "Cats and dogs"
    assert ward.scenario_info("s").description == "Cats and dogs"
    assert "Cats and dogs" in ward.get_summary("s").to_markdown()
    entry = ward.scenario_info("s").log[0]
    assert (entry["operation"], entry["details"]) == ("describe", {"description": "Cats and dogs"})
    assert ward.undo("s").operation == "describe"
    assert ward.scenario_info("s").description == "Pets of one"
    ward.redo("s")
    assert ward.scenario_info("s").description == "Cats and dogs"


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_description_is_taken_away(ward: Store, nothing: str | None) -> None:
    assert ward.set_description("s", nothing) is None
    assert ward.scenario_info("s").description is None
    ward.undo("s")
    assert ward.scenario_info("s").description == "Pets of one"


def test_the_same_description_is_no_change(ward: Store) -> None:
    before = ward.find("s").read_bytes()
    ward.set_description("s", "Pets of one")
    assert ward.find("s").read_bytes() == before
    with pytest.raises(InvalidArgument, match="description is 7"):
        ward.set_description("s", 7)  # type: ignore[arg-type]


# -- notes -----------------------------------------------------------------------------------


def test_a_note_is_told_wherever_the_log_is(ward: Store, run: Run) -> None:
    number = ward.add_note("s", "  Checked by Ann: weights are in kg ")
    assert number == 2
    assert ward.scenario_info("s").log_rows()[0][1:] == (
        "note", "text: Checked by Ann: weights are in kg",
    )  # fmt: skip
    newest = ward.list_history("s").operations[0]
    assert (newest.number, newest.what) == (2, "note: Checked by Ann: weights are in kg")
    assert (newest.reach, newest.reason) == ("", "a note changes nothing; undo passes over it")
    assert "note: Checked by Ann" in run("history", "s").stdout
    assert "Checked by Ann" in run("info", "s").stdout


def test_undo_and_redo_pass_over_notes(ward: Store) -> None:
    ward.add_tags("s", "a")
    ward.add_note("s", "one")
    assert ward.undo("s").operation == "tag"
    ward.add_note("s", "two")  # what was undone can still be done again
    assert ward.redo("s").operation == "tag"
    assert ward.scenario_info("s").tags == ("a",)
    ward.add_note("s", "three")
    assert ward.undo("s").operation == "tag"
    told = [e["details"]["text"] for e in ward.scenario_info("s").log if e["operation"] == "note"]
    assert told == ["three", "two", "one"]


def test_an_operation_that_is_called_note_is_undone_as_any_other(ward: Store) -> None:
    ward.persist({"owners": [owner(2)]}, scenario="s", operation="note", details={"text": "x"})
    assert ward.undo("s").counts == {"owners": {"removed": 1}}


@pytest.mark.parametrize("text", ["", "  ", "two\nlines", "x" * 1_001, "a\0b", None, 7])
def test_what_is_no_note(ward: Store, text: Any) -> None:
    before = ward.find("s").read_bytes()
    with pytest.raises(InvalidArgument, match="The note"):
        ward.add_note("s", text)
    assert ward.find("s").read_bytes() == before


# -- questions -------------------------------------------------------------------------------


def test_a_question_is_saved_and_asked_as_any_other(ward: Store) -> None:
    saved = ward.save_question("s", "heavy", f"{SQL};", title="Heavy pets", parameters=[LEAST])
    assert (saved.product, saved.is_own, saved.sql) == (THIS_SCENARIO, True, SQL)
    # Of 2, 4, 6, 8, 10 and 12 kg.
    assert [r["pet_id"] for r in ward.ask_question("s", "heavy").rows] == ["p5", "p6"]
    found = ward.ask_question("s", "heavy", params={"least": "12"})
    assert found.rows == [{"pet_id": "p6", "weight": 12.0}]
    with ward.question_rows("s", "heavy", params={"least": 7}) as stream:
        assert [row["pet_id"] for row in stream] == ["p4", "p5", "p6"]
    with pytest.raises(InvalidValue, match="least"):
        ward.ask_question("s", "heavy", params={"least": "51"})
    listed = ward.list_questions("s")
    assert [(q.name, q.product) for q in listed] == [
        ("heavy", THIS_SCENARIO), ("heavy_pets", "toy"),
    ]  # fmt: skip
    assert ward.scenario_info("s").questions == ("heavy",)
    assert ward.get_summary("s").questions == ("heavy",)
    assert "Questions of this scenario: heavy" in ward.get_summary("s").to_markdown()
    assert ward.check_scenario("s").ok


def test_a_question_is_undone_and_redone(ward: Store, tmp_path: Path) -> None:
    before = exported(ward, tmp_path / "out")
    states = [rows(ward, "_own_questions")]
    for step in (
        lambda: ward.save_question("s", "one", "SELECT 1"),
        lambda: ward.save_question("s", "two", SQL, parameters=[LEAST]),
        lambda: ward.save_question("s", "one", "SELECT 11", replace=True, description="More"),
        lambda: ward.remove_question("s", "one"),
        lambda: ward.save_question("s", "three", "SELECT 3"),
    ):
        step()
        states.append(rows(ward, "_own_questions"))
    assert [[row[0] for row in state] for state in states] == [
        [], ["one"], ["one", "two"], ["one", "two"], ["two"], ["two", "three"],
    ]  # fmt: skip
    for state in states[-2::-1]:
        assert ward.undo("s").operation.startswith("question ")
        assert rows(ward, "_own_questions") == state
    for state in states[1:]:
        ward.redo("s")
        assert rows(ward, "_own_questions") == state
    assert exported(ward, tmp_path / "out") == before
    assert [o.what for o in ward.list_history("s").operations[:2]] == [
        "question three", "question one",
    ]  # fmt: skip


def test_undo_leaves_the_questions_of_another_program(ward: Store) -> None:
    ward.save_question("s", "mine", "SELECT 1")
    with contextlib.closing(sqlite3.connect(ward.find("s"))) as file, file:
        file.execute("INSERT INTO _own_questions VALUES ('theirs', 'T', '', 'SELECT 2', '[]', '')")
    ward.undo("s")
    assert [row[0] for row in rows(ward, "_own_questions")] == ["theirs"]


@pytest.mark.parametrize(
    ("name", "sql", "options", "kind", "told"),
    [
        ("heavy_pets", "SELECT 1", {}, InvalidArgument, "a question of toy already, and .* this"),
        ("doctors", "SELECT 1", {}, InvalidArgument, "a question of toy"),  # not asked of this file
        ("weight", "SELECT 1", {}, InvalidArgument, "weight is a statistic of toy"),
        ("Heavy", "SELECT 1", {}, InvalidArgument, "question name 'Heavy'"),
        ("a/b", "SELECT 1", {}, InvalidArgument, "question name 'a/b'"),
        ("", "SELECT 1", {}, InvalidArgument, "question name"),
        ("q", "SELECT nowhere FROM pets", {}, QueryError, "nowhere"),
        ("q", "SELECT * FROM nowhere", {}, QueryError, "nowhere"),
        ("q", 'SELECT "no_such" FROM pets', {}, QueryError, "no_such"),
        ("q", "DELETE FROM pets", {}, QueryRefused, "DELETE"),
        ("q", "SELECT 1; SELECT 2", {}, QueryError, "one statement|SELECT"),
        ("q", "ATTACH 'x.db' AS x", {}, QueryRefused, "ATTACH"),
        ("q", "", {}, QueryRefused, "no rows"),
        ("q", "SELECT ?", {}, InvalidArgument, r"the parameter \?"),
        ("q", "SELECT :sql", {}, InvalidArgument, "the parameter :sql"),
        ("q", "SELECT 1", {"parameters": [LEAST]}, InvalidArgument, "no :least"),
        ("q", SQL, {"parameters": ["least kind"]}, InvalidArgument, "least"),
        ("q", SQL, {"parameters": LEAST}, InvalidArgument, "parameters is a text"),
        ("q", SQL, {"parameters": ["least number\n@name x"]}, InvalidArgument, "one line"),
        ("q", "SELECT 1", {"title": "two\nlines"}, InvalidArgument, "The title"),
        ("q", "SELECT 1", {"description": "x" * 1_001}, InvalidArgument, "The description"),
        ("q", "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n FROM a) SELECT n FROM a "
              "WHERE n > 1", {"timeout": 0.1}, QueryTimeout, "longer"),
        ("q", 7, {}, InvalidArgument, "both of them text"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved(
    ward: Store, name: str, sql: Any, options: dict[str, Any], kind: type[Exception], told: str
) -> None:
    before = ward.find("s").read_bytes()
    with pytest.raises(kind, match=told):
        ward.save_question("s", name, sql, **options)
    assert ward.find("s").read_bytes() == before


def test_a_saved_question_is_replaced_only_on_request(ward: Store) -> None:
    ward.save_question("s", "q", "SELECT 1 AS a")
    with pytest.raises(InvalidArgument, match="This scenario has a question q already") as refused:
        ward.save_question("s", "q", "SELECT 2 AS a")
    assert "replace=True" in str(refused.value)
    ward.save_question("s", "q", "SELECT 2 AS a", replace=True)
    assert ward.ask_question("s", "q").rows == [{"a": 2}]


def test_so_many_can_be_saved(ward: Store) -> None:
    with contextlib.closing(sqlite3.connect(ward.find("s"))) as file, file:
        file.executemany(
            "INSERT INTO _own_questions VALUES (?, 'x', '', 'SELECT 1', '[]', '')",
            [(f"q{n}",) for n in range(203)],
        )
    found = ward.list_questions("s")
    assert (len(found), found.left_out) == (201, 3)
    with pytest.raises(InvalidArgument, match="has 200 questions already"):
        ward.save_question("s", "more", "SELECT 1")


def test_what_cannot_be_removed(ward: Store) -> None:
    ward.save_question("s", "mine", "SELECT 1")
    with pytest.raises(UnknownQuestion, match="heavy_pets is a question of toy, not of this"):
        ward.remove_question("s", "heavy_pets")
    with pytest.raises(UnknownQuestion, match=r"Did you mean mine\?"):
        ward.remove_question("s", "mien")
    assert ward.remove_question("s", "mine") == "mine"
    with pytest.raises(UnknownQuestion, match="None was saved here"):
        ward.remove_question("s", "mine")


def test_a_product_that_brings_the_same_name_later(toy_of: Any, tmp_path: Path) -> None:
    toy_of("1.0")
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(1)], "pets": PETS}, scenario="s")
        store.save_question("s", "light", "SELECT 'mine' AS whose")
        theirs = "\n-- Light pets @name light\nSELECT 'theirs' AS whose;\n"
        toy_of("1.1", questions_sql=QUESTIONS + theirs)
        store.upgrade_scenario("s")
        assert [q.name for q in store.list_questions("s")][:1] == ["own.light"]
        assert store.ask_question("s", "own.light").rows == [{"whose": "mine"}]
        assert store.ask_question("s", "toy.light").rows == [{"whose": "theirs"}]
        with pytest.raises(UnknownQuestion, match="of several"):
            store.ask_question("s", "light")
        assert store.remove_question("s", "own.light") == "light"
        assert store.ask_question("s", "light").rows == [{"whose": "theirs"}]


# -- where they go ---------------------------------------------------------------------------


def test_a_clone_and_an_export_as_a_file_have_them(ward: Store, tmp_path: Path) -> None:
    ward.save_question("s", "heavy", SQL, parameters=[LEAST], description="By weight")
    ward.clone_scenario("s", new_name="copy")
    assert rows(ward, "_own_questions", "copy") == rows(ward, "_own_questions")
    assert len(ward.ask_question("copy", "heavy").rows) == 2
    ward.export_scenario("s", format="sqlite", to=tmp_path / "out")
    (file,) = (tmp_path / "out").glob("*.db")
    shutil.copy(file, ward.path / "sent.db")
    assert len(ward.ask_question("sent", "heavy").rows) == 2


def test_a_merge_has_those_of_all_its_sources(ward: Store) -> None:
    ward.save_question("s", "same", "SELECT 1 AS n")
    ward.save_question("s", "other", "SELECT 2 AS n")
    ward.clone_scenario("s", new_name="t")
    ward.save_question("t", "other", "SELECT 3 AS n", replace=True)
    ward.save_question("t", "more", "SELECT 4 AS n")
    ward.merge_scenarios(["s", "t"], new_name="m")
    answers = {
        q.name: ward.ask_question("m", q.name).rows[0]["n"]
        for q in ward.list_questions("m")
        if q.is_own
    }
    assert answers == {"same": 1, "other": 2, "other_2": 3, "more": 4}
    details = ward.scenario_info("m").log[0]["details"]
    assert details["renamed_questions"] == {"t": {"other": "other_2"}}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_an_older_format_gets_the_table_with_its_first_change(
    ward: Store, version: int
) -> None:
    make_older(ward.find("s"), version)
    assert [q for q in ward.list_questions("s") if q.is_own] == []
    assert ward.scenario_info("s").questions == ()
    ward.clone_scenario("s", new_name="copy")
    ward.save_question("s", "q", "SELECT 1 AS n")
    assert ward.ask_question("s", "q").rows == [{"n": 1}]
    assert ward.check_scenario("s").ok
    ward.merge_scenarios(["copy", "s"], new_name="m")
    assert ward.ask_question("m", "q").rows == [{"n": 1}]


# -- a stranger's ----------------------------------------------------------------------------

_ENDLESS = "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT max(n) FROM a"


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("q", "DELETE FROM pets"),
        ("q", "ATTACH '/tmp/x.db' AS x"),
        ("q", "SELECT load_extension('x')"),
        ("q", "SELECT writefile('x', 'y')"),
        ("q", _ENDLESS),
        ("q", "SELECT length(replace(hex(zeroblob(200000000)), '0', '11'))"),
        ("q", "SELECT 1; DROP TABLE pets"),
        ("q", "PRAGMA writable_schema = 1"),
        ("../../etc", "SELECT 1"),
        ("<script>alert(1)</script>", "SELECT 1"),
        ("pets", "SELECT 1"),
        ("x" * 100_000, "SELECT 1"),
        ("a\nb", "SELECT 1"),
        ("own.q", "SELECT 1"),
    ],
)
def test_a_strangers_question_hurts_nobody(ward: Store, name: str, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(ward.find("s"))) as file, file:
        file.execute("INSERT INTO _own_questions VALUES (?, 'T', '', ?, '[]', '')", (name, sql))
    before = ward.find("s").read_bytes()
    for question in ward.list_questions("s"):
        with contextlib.suppress(HealthsimStoreError):
            ward.ask_question("s", question.name, timeout=0.3)
    assert ward.get_summary("s").tokens <= 300
    ward.check_scenario("s")
    ward.scenario_info("s")
    assert ward.find("s").read_bytes() == before
    assert len(ward.load_scenario("s")["pets"]) == 6
    ward.clone_scenario("s", new_name="copy")
    ward.save_question("s", "good", "SELECT 1 AS n")  # and what is there stays in nobody's way
    assert ward.ask_question("s", "good").rows == [{"n": 1}]
    ward.undo("s")


def test_the_command_line(ward: Store, run: Run) -> None:
    sql = SQL.replace(":least", ":born")
    done = run("question", "save", "s", "heavy", sql, "--title", "Heavy ones",
               "--parameter", "born number = 9: the weight")  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "Saved heavy: Heavy ones\n")
    told = run("query", "s")
    assert "heavy: Heavy ones (of this scenario)" in told.stdout
    assert "-p born" in told.stdout
    assert "p6" in run("query", "s", "-q", "heavy", "-p", "born", "11").stdout
    assert '"product": "this scenario"' in run("query", "s", "--json").stdout
    assert "Questions:   heavy" in run("info", "s").stdout
    again = run("question", "save", "s", "heavy", sql)
    assert again.returncode == 2
    assert "--replace puts this one in its place" in again.stderr
    assert run("question", "remove", "s", "heavy").stdout == "Removed heavy.\n"
    assert run("description", "s", "Other").stdout == "s: Other\n"
    assert run("description", "s", "").stdout == "s: no description\n"
    assert "number " in run("note", "s", "Looked at").stdout
    assert ward.scenario_info("s").log_rows()[0][1:] == ("note", "text: Looked at")
