"""Questions: declared, carried by every file and copy, and answered with what is filled in."""

from __future__ import annotations

import contextlib
import importlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import PLUGIN, QUESTIONS, SCHEMA, SUMMARY, Run, install, make_older, owner

from healthsim_store import Store
from healthsim_store.base.sql import parameters
from healthsim_store.errors import (
    CorruptScenario,
    DeclarationError,
    InvalidArgument,
    InvalidValue,
    QueryError,
    UnknownQuestion,
)
from healthsim_store.plugins import installed
from healthsim_store.schema.parser import read_declaration
from healthsim_store.storage.catalog import MAX_QUESTIONS

BATCH = {
    "owners": [owner(1), owner(2)],
    "pets": [
        {"pet_id": f"p{n}", "owner_id": f"o{n % 2 + 1}", "species": "cat" if n % 3 else "dog",
         "weight": 5.0 * n}
        for n in range(1, 9)
    ],
}  # fmt: skip


@pytest.fixture
def asked(store: Store) -> Store:
    store.persist(BATCH, scenario="s")
    return store


def weights(store: Store, scenario: str = "s", **values: Any) -> list[float]:
    rows = store.ask_question(scenario, "heavy_pets", params=values).rows
    return [row["weight"] for row in rows]


def test_what_a_declaration_says() -> None:
    heavy, doctors = read_declaration("toy", "1.0", SCHEMA, SUMMARY, "", QUESTIONS).questions
    assert (heavy.name, heavy.label, [parameter.name for parameter in heavy.parameters]) == (
        "heavy_pets", "Pets of more than :least kg, of the kind :species", ["least", "species"],
    )  # fmt: skip
    assert heavy.description == "Left empty, :least is 20 and :species is any."
    assert heavy.where == "questions.sql, line 5"
    assert doctors.parameters == ()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1;", "line 1: a question needs a label and a @name"),
        ("-- Pets\nSELECT 1;", "line 2: a question needs a label and a @name"),
        ("-- @name pets\nSELECT 1;", "line 2: a question needs a label and a @name"),
        ("-- Pets @name p @show {n}\nSELECT 1;", "line 2: unknown marker @show"),
        ("-- Pets @name Pets\nSELECT 1;", "line 2: question name 'Pets'"),
        ("-- Pets @name p\nSELECT 1;\n-- Pets @name p\nSELECT 1;", "line 4: a second question"),
        ("-- Weight @name weight\nSELECT 1;", "line 2: a second statistic named weight"),
        ("-- Pets @name p\nSELECT ?;", r"line 2: the parameter \?"),
        ("-- Pets @name p\nSELECT $least;", r"line 2: the parameter \$least"),
        ("-- Pets @name p\nSELECT :_actor_id;", "line 2: the parameter :_actor_id"),
        ("-- Pets @name p\nSELECT :sql;", "line 2: the parameter :sql"),
        ("-- Pets @name p\nSELECT 1", "line 2: the statement has no end"),
    ],
)
def test_a_faulty_declaration_is_told_with_its_line(sql: str, said: str) -> None:
    with pytest.raises(DeclarationError, match=f"toy/questions.sql, {said}"):
        read_declaration("toy", "1.0", SCHEMA, SUMMARY, "", sql, folder="toy/")


def test_parameters_are_not_what_is_quoted_or_a_comment() -> None:
    sql = """SELECT ':a', 'it''s :b', ":c", [:d], `:e`, '12:30', x->>'$.f' -- :g
        /* :h
        :i */ FROM t WHERE x > :j AND y < :k AND z = :j || strftime('%H:%M', :l)"""
    assert parameters(sql) == (":j", ":k", ":l")


def test_values_that_are_filled_in_and_those_that_are_not(asked: Store) -> None:
    assert [question.name for question in asked.list_questions("s")] == ["heavy_pets"]
    assert weights(asked) == weights(asked, least="") == [40, 35, 30, 25]
    assert weights(asked, least="34.9") == weights(asked, least=34.9) == [40, 35]
    assert weights(asked, species="dog") == [30]
    assert weights(asked, species="dog", least=0) == [30, 15]
    page = asked.ask_question("s", "heavy_pets", limit=3, offset=3)
    assert ([row["weight"] for row in page.rows], page.total) == ([25], 4)


@pytest.mark.parametrize(
    "value",
    ["' OR 1=1 --", "dog'; DROP TABLE pets; --", "dog\0", "%", "') UNION SELECT sql", ":least"],
)
def test_a_value_is_never_sql(asked: Store, value: str) -> None:
    before = asked.find("s").read_bytes()
    assert weights(asked, species=value) == []
    assert asked.find("s").read_bytes() == before


def test_a_value_that_is_no_text(asked: Store) -> None:
    for value in ("\ud800", [1], 2**70):
        with pytest.raises(QueryError):
            weights(asked, species=value)


def test_what_there_is_not(asked: Store) -> None:
    with pytest.raises(UnknownQuestion, match=r"no question 'heavy_pet'.\nDid you mean heavy_pets"):
        asked.ask_question("s", "heavy_pet")
    with pytest.raises(UnknownQuestion, match="Known: heavy_pets"):
        asked.ask_question("s", "nothing alike")
    with pytest.raises(UnknownQuestion, match=r"doctors cannot be asked of .*: treatments"):
        asked.ask_question("s", "doctors")
    with pytest.raises(InvalidArgument, match=r"has no value 'leest'.\nDid you mean least"):
        asked.ask_question("s", "heavy_pets", params={"leest": 3})


DOCTORS = """
-- Treatments
CREATE TABLE treatments (
  treatment_id VARCHAR PRIMARY KEY, -- Id
  pet_id VARCHAR, -- Whose @references pets(pet_id)
  doctor VARCHAR -- Who
);
"""


def test_one_that_names_another_product_s_table_waits_for_it(
    asked: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And two products' questions of one name are both there."""
    same = "-- Treatments @name heavy_pets\nSELECT doctor FROM treatments;"
    install(tmp_path / "site", "vetsim", {
        "__init__.py": PLUGIN.replace('"toy"', '"vet"'), "schema.sql": DOCTORS,
        "questions.sql": same,
    })  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    installed.cache_clear()
    asked.persist({"treatments": [{"pet_id": "p1", "doctor": "Dr. Ode"}]}, scenario="s")
    assert [question.name for question in asked.list_questions("s")] == [
        "toy.heavy_pets", "doctors", "vet.heavy_pets",
    ]  # fmt: skip
    assert asked.ask_question("s", "doctors").rows == [{"doctor": "Dr. Ode", "pet_id": "p1"}]
    assert asked.ask_question("s", "vet.heavy_pets").rows == [{"doctor": "Dr. Ode"}]
    assert "species" in asked.ask_question("s", "toy.heavy_pets").columns
    with pytest.raises(UnknownQuestion, match="is a question of several products") as asks:
        asked.ask_question("s", "heavy_pets")
    assert asks.value.hint == "Say toy.heavy_pets or vet.heavy_pets."
    assert all(not upgraded.changes for upgraded in asked.upgrade_scenario("s"))


def stored(store: Store, scenario: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(store.find(scenario))) as file:
        return file.execute("SELECT product, name, position, sql FROM _questions").fetchall()


def test_a_copy_has_its_source_s_questions(asked: Store) -> None:
    asked.clone_scenario("s", new_name="clone")
    asked.merge_scenarios(["s", "clone"], new_name="merged")
    assert len(stored(asked, "s")) == 2
    assert stored(asked, "clone") == stored(asked, "merged") == stored(asked, "s")
    assert weights(asked, "clone") == weights(asked)


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_an_older_format(asked: Store, version: int) -> None:
    make_older(asked.find("s"), version)
    before = asked.find("s").read_bytes()
    assert asked.list_questions("s") == []
    with pytest.raises(UnknownQuestion, match="comes with none"):
        asked.ask_question("s", "heavy_pets")
    assert asked.check_scenario("s").findings == ()
    asked.clone_scenario("s", new_name="clone")
    asked.merge_scenarios(["s", "clone"], new_name="merged")
    assert asked.find("s").read_bytes() == before
    assert stored(asked, "clone") == stored(asked, "merged") == []
    asked.persist({"owners": [owner(9)]}, scenario="s")
    assert stored(asked, "s") == []
    for name in ("s", "clone", "merged"):
        (upgraded,) = asked.upgrade_scenario(name)
        assert upgraded.changes == ["descriptions, views, statistics, checks or questions"]
        assert weights(asked, name)[:2] in ([40, 35], [40, 40])
        assert asked.upgrade_scenario(name)[0].changes == []


def test_an_upgrade_brings_what_changed(toy_of: Callable[..., None], tmp_path: Path) -> None:
    toy_of("1.0", questions_sql="")
    with Store(tmp_path / "store") as store:
        store.persist(BATCH, scenario="s")
        assert store.list_questions("s") == []
        toy_of("1.1", questions_sql=QUESTIONS)
        store.upgrade_scenario("s")
        assert weights(store) == [40, 35, 30, 25]
        toy_of("1.1", questions_sql=QUESTIONS.replace("20", "30"))
        store.upgrade_scenario("s")
        assert weights(store) == [40, 35]
        toy_of("1.2", questions_sql="")
        store.upgrade_scenario("s")
        assert stored(store, "s") == []


@pytest.mark.parametrize(
    "sql", ["SELECT ears FROM pets", "DELETE FROM pets", "SELECT load_extension('x')", "", "--"]
)
def test_a_stranger_s_question_is_told_by_check_and_not_offered(asked: Store, sql: str) -> None:
    assert asked.check_scenario("s").findings == ()
    assert asked.check_scenario("s").checked["question"] == 2
    with contextlib.closing(sqlite3.connect(asked.find("s"))) as file:
        file.execute(
            "INSERT INTO _questions (product, name, position, label, description, sql)"
            " VALUES ('toy', 'bad', 9, 'Bad', '', ?)",
            (sql,),
        )
        file.commit()
    before = asked.find("s").read_bytes()
    (finding,) = asked.check_scenario("s").findings
    assert (finding.level, finding.kind) == ("error", "question")
    assert finding.message.startswith("bad cannot be asked (")
    assert [question.name for question in asked.list_questions("s")] == ["heavy_pets"]
    assert asked.find("s").read_bytes() == before


def test_a_merge_takes_the_questions_from_whoever_has_them(asked: Store) -> None:
    asked.persist(BATCH, scenario="older")
    make_older(asked.find("older"), 2)
    assert asked.list_questions("older") == []
    asked.merge_scenarios(["older", "s"], new_name="merged")
    assert asked.list_questions("merged") == asked.list_questions("s") != []


def test_questions_that_are_none(asked: Store) -> None:
    """The table is somebody else's: that is told, and costs nothing but the questions."""
    with contextlib.closing(sqlite3.connect(asked.find("s"))) as file, file:
        file.execute("DROP TABLE _questions")
        file.execute("CREATE TABLE _questions (product, name, position, label, description, sql)")
        file.execute("INSERT INTO _questions SELECT product, 'x', 1, NULL, '', '' FROM _products")
    with pytest.raises(CorruptScenario, match="its table _questions, label"):
        asked.list_questions("s")
    assert [f.kind for f in asked.check_scenario("s").findings] == ["housekeeping"]
    assert asked.get_summary("s").entity_counts["pets"] > 0


def test_a_file_with_very_many_questions(asked: Store, run: Run) -> None:
    with contextlib.closing(sqlite3.connect(asked.find("s"))) as file, file:
        file.executemany(
            "INSERT INTO _questions (product, name, position, label, description, sql)"
            " SELECT product, ?, 9, 'x', '', 'SELECT 1' FROM _products",
            [(f"q{n}",) for n in range(1000)],
        )
    found = asked.list_questions("s")
    # Two are of the product, and doctors cannot be asked; the others were put in beside them.
    assert (len(found), found.left_out) == (MAX_QUESTIONS - 1, 2)
    assert "2 more are left out" in run("query", "s").stderr
    (told,) = [f for f in asked.check_scenario("s").findings if f.kind == "question"]
    assert (told.level, told.message) == ("note", "2 more than are read are left out.")


TYPED = QUESTIONS.replace(
    "-- @about Left empty, :least is 20 and :species is any.",
    "-- @param least number from 0 = 20: the weight, in kg\n"
    "-- @param species choice of pets.species: the kind",
).replace("CAST(coalesce(nullif(:least, ''), 20) AS REAL)", ":least").replace(
    "species = coalesce(nullif(:species, ''), species)", "(:species IS NULL OR species = :species)"
)  # fmt: skip


def test_declared_parameters_are_carried(toy_of: Callable[..., None], tmp_path: Path) -> None:
    """By clone and merge; an upgrade brings them to a file that has none."""
    toy_of("1.0")
    with Store(tmp_path / "store") as store:
        store.persist(BATCH, scenario="s")
        assert store.list_questions("s")[0].declared == ()
        toy_of("1.1", questions_sql=TYPED)
        store.upgrade_scenario("s")
        store.clone_scenario("s", new_name="clone")
        store.merge_scenarios(["s", "clone"], new_name="merged")
        for name in ("s", "clone", "merged"):
            (heavy,) = store.list_questions(name)
            assert [one.name for one in heavy.declared] == ["least", "species"]
            assert min(weights(store, name)) == 25
            assert {*weights(store, name, species="DOG", least=" 0 ")} == {30, 15}
            with pytest.raises(InvalidValue, match="'20 kg' does not fit least: give a number"):
                weights(store, name, least="20 kg")
        # A file of an older format, or one that lacks the column, has no types.
        for version in (3, 4):
            store.clone_scenario("s", new_name=f"older{version}")
            path = store.find(f"older{version}")
            if version == 4:
                with contextlib.closing(sqlite3.connect(path)) as file, file:
                    file.execute("ALTER TABLE _questions DROP COLUMN parameters")
            else:
                make_older(path, version)
            (heavy,) = store.list_questions(f"older{version}")
            assert [one.type for one in heavy.parameters] == ["any", "any"]
            assert store.check_scenario(f"older{version}").findings == ()


def test_several_values_that_do_not_fit(toy_of: Callable[..., None], tmp_path: Path) -> None:
    toy_of("1.0", questions_sql=TYPED)
    with Store(tmp_path / "store") as store:
        store.persist(BATCH, scenario="s")
        with pytest.raises(InvalidValue) as refused:
            weights(store, least="many", species="dogs")
        assert refused.value.to_dict() == {
            "code": "invalid_value",
            "message": "'many' does not fit least: give a number, at least 0, such as 20.\n"
            "'dogs' does not fit species: give one of cat, dog. Did you mean dog?",
            "fields": ["least", "species"],
        }
        with pytest.raises(InvalidArgument, match="params is 3"):
            store.ask_question("s", "heavy_pets", params=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [
    "", "x", "{}", "[1]", '[{"name": "least", "type": "wish"}]',
    '[{"name": "least", "type": "code", "column": "pets"}]',
    '[{"name": "least", "type": "number", "column": "pets.weight"}]', "[" * 100_000,
    '[{"name": "least", "type": "number", "default": "much"}]', 7, b"\xff", None,
])  # fmt: skip
def test_damaged_parameters_are_told(
    value: Any, toy_of: Callable[..., None], tmp_path: Path
) -> None:
    toy_of("1.0", questions_sql=TYPED)
    with Store(tmp_path / "store") as store:
        store.persist(BATCH, scenario="s")
        with contextlib.closing(sqlite3.connect(store.find("s"))) as file, file:
            file.execute("ALTER TABLE _questions DROP COLUMN parameters")
            file.execute("ALTER TABLE _questions ADD COLUMN parameters ANY")
            file.execute("UPDATE _questions SET parameters = ?", (value,))
        with pytest.raises(CorruptScenario, match="question"):
            store.list_questions("s")
        with pytest.raises(CorruptScenario, match="question"):
            store.ask_question("s", "heavy_pets")
        assert [f.kind for f in store.check_scenario("s").findings] == ["housekeeping"]
        assert store.get_summary("s").entity_counts["pets"] > 0


def test_the_command_line_tells_types_and_defaults(
    toy_of: Callable[..., None], tmp_path: Path, run: Run
) -> None:
    toy_of("1.0", questions_sql=TYPED)
    with Store(tmp_path / "store") as store:
        store.persist(BATCH, scenario="s")
    assert run("query", "s").stdout == (
        "heavy_pets: Pets of more than :least kg, of the kind :species\n"
        "    -p least: a number, at least 0, by default 20: the weight, in kg\n"
        "    -p species: one of cat, dog: the kind\n"
    )
    wrong = run("query", "s", "-q", "heavy_pets", "-p", "least", "10k")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "'10k' does not fit least" in wrong.stderr


def test_the_command_line(run: Run) -> None:
    run("persist", "--scenario", "s", input=json.dumps(BATCH))
    assert run("query", "s").stdout == (
        "heavy_pets: Pets of more than :least kg, of the kind :species\n"
        "    Left empty, :least is 20 and :species is any.\n"
    )
    (told,) = json.loads(run("query", "s", "--json").stdout)
    assert told["name"] == "heavy_pets"
    assert told["parameters"] == [
        {"name": "least", "type": "any"}, {"name": "species", "type": "any"},
    ]  # fmt: skip
    done = run(
        "query", "s", "-q", "heavy_pets", "-p", "least", "34", "-p", "species", "cat", "--csv"
    )
    assert done.stdout.splitlines() == ["species,full_name,weight", "cat,Owner 1,40.0",
                                        "cat,Owner 2,35.0"]  # fmt: skip
    page = json.loads(run("query", "s", "--question", "heavy_pets", "--json").stdout)
    assert page["total"] == 4
    wrong = run("query", "s", "-q", "heavy")
    assert (wrong.returncode, wrong.stdout) == (3, "")
    assert "unknown_question" in wrong.stderr
    assert "heavy_pets" in wrong.stderr
    both = run("query", "s", "SELECT 1", "-q", "heavy_pets")
    assert both.returncode == 2
    assert "has its own SQL" in both.stderr
