"""Merge: known answers for each strategy, and what is refused."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import PLUGIN, SCHEMA, Run, install, make_older, owner

from healthsim_store import Store
from healthsim_store.errors import (
    CopyFailed,
    HealthsimStoreError,
    InvalidArgument,
    MergeConflict,
    ScenarioExists,
    ScenarioNotFound,
    UnknownEntityType,
)


def plainly(store: Store, scenario: str, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(store.find(scenario))) as connection:
        return connection.execute(sql).fetchall()


# T1 is o1 in both, T2 is o2 in the one and o9 in the other, and o3 is T3 here and T8 there.
ONE = {
    "owners": [owner(1, full_name="Ann"), owner(2, full_name="Bob"), owner(3, full_name="Cy")],
    "pets": [{"pet_id": "a", "owner_id": "o1"}, {"pet_id": "b", "owner_id": "o2"}],
}
OTHER = {
    "owners": [
        owner(1, full_name="Ann"),
        owner(9, tax_number="T2", full_name="Bobby", mentor_id="o3"),
        owner(3, tax_number="T8", full_name="Di", mentor_id="o9"),
        owner(4, full_name="Ed", mentor_id="o9"),
    ],
    "pets": [
        {"pet_id": "b", "owner_id": "o9", "weight": 2.5},
        {"pet_id": "c", "owner_id": "o9"},
        {"pet_id": "d", "owner_id": "o3"},
        {"pet_id": "e", "owner_id": "o4"},
    ],
}

OWNERS = "SELECT owner_id, tax_number, full_name, mentor_id FROM owners ORDER BY rowid"
PETS = "SELECT pet_id, owner_id, weight FROM pets ORDER BY rowid"
CONFLICTS = (
    "SELECT source, entity_type, source_entity_id, matched_on, resolution, entity_id"
    " FROM _conflicts ORDER BY conflict_id"
)


@pytest.fixture
def two(store: Store) -> Store:
    store.persist(ONE, scenario="one", tags=["x", "y"])
    store.persist(OTHER, scenario="other", tags=["y", "z"])
    return store


def test_skip_keeps_the_first_and_its_children_follow(two: Store) -> None:
    before = [two.find(name).read_bytes() for name in ("one", "other")]
    result = two.merge_scenarios(["one", "other"], new_name="m")
    assert [two.find(name).read_bytes() for name in ("one", "other")] == before
    assert plainly(two, "m", OWNERS) == [
        ("o1", "T1", "Ann", None), ("o2", "T2", "Bob", None), ("o3", "T3", "Cy", None),
        ("o4", "T4", "Ed", "o2"),
    ]  # fmt: skip
    assert plainly(two, "m", PETS) == [
        ("a", "o1", None), ("b", "o2", None), ("c", "o2", None), ("d", "o3", None),
        ("e", "o4", None),
    ]  # fmt: skip
    assert plainly(two, "m", CONFLICTS) == [
        ("other", "owners", "o1", "tax_number", "skip", "o1"),
        ("other", "owners", "o9", "tax_number", "skip", "o2"),
        ("other", "owners", "o3", "owner_id", "skip", "o3"),
        ("other", "pets", "b", "pet_id", "skip", "b"),
    ]
    lost = [row[0] for row in plainly(two, "m", "SELECT lost FROM _conflicts ORDER BY conflict_id")]
    assert lost[0] is None  # the two were the same
    assert json.loads(lost[1])["full_name"] == "Bobby"
    assert json.loads(lost[3]) == {
        "pet_id": "b", "owner_id": "o9", "species": "cat", "weight": 2.5,
    }  # fmt: skip
    assert result.to_dict() == {
        "scenario": "m",
        "sources": {"one": {"owners": 3, "pets": 2}, "other": {"owners": 1, "pets": 3}},
        "entity_counts": {"owners": 4, "pets": 5},
        "total": 9,
        "conflicts": {"owners": {"skip": 2}, "pets": {"skip": 1}},
        "same": {"owners": 1},
        "tags": ["x", "y", "z"],
        "scenario_id": two.scenario_info("m").scenario_id,
    }
    assert two.check_scenario("m").ok


def test_overwrite_gives_the_first_the_values_of_the_last(two: Store) -> None:
    two.merge_scenarios(["one", "other"], new_name="m", on_conflict="overwrite")
    assert plainly(two, "m", OWNERS) == [
        ("o1", "T1", "Ann", None), ("o2", "T2", "Bobby", "o3"), ("o3", "T8", "Di", "o2"),
        ("o4", "T4", "Ed", "o2"),
    ]  # fmt: skip
    assert plainly(two, "m", PETS)[1] == ("b", "o2", 2.5)
    lost = [row[0] for row in plainly(two, "m", "SELECT lost FROM _conflicts ORDER BY conflict_id")]
    assert [json.loads(text)["full_name"] for text in lost[1:3]] == ["Bob", "Cy"]
    assert two.check_scenario("m").ok


def test_rename_keeps_both(two: Store) -> None:
    two.merge_scenarios(["one", "other"], new_name="m", on_conflict="rename")
    own = two.scenario_info("m").scenario_id
    assert plainly(two, "m", OWNERS) == [
        ("o1", "T1", "Ann", None), ("o2", "T2", "Bob", None), ("o3", "T3", "Cy", None),
        (f"{own}-a1", "T1~2", "Ann", None), ("o9", "T2~2", "Bobby", f"{own}-a2"),
        (f"{own}-a2", "T8", "Di", "o9"), ("o4", "T4", "Ed", "o9"),
    ]  # fmt: skip
    assert plainly(two, "m", PETS) == [
        ("a", "o1", None), ("b", "o2", None), (f"{own}-a3", "o9", 2.5), ("c", "o9", None),
        ("d", f"{own}-a2", None), ("e", "o4", None),
    ]  # fmt: skip
    two.persist({"pets": [{"owner_id": "o1"}]}, scenario="m")
    assert plainly(two, "m", PETS)[-1][0] == f"{own}-a4"
    # A suffix that is there already is not given again.
    two.merge_scenarios(["m", "other"], new_name="m2", on_conflict="rename")
    taken = plainly(two, "m2", "SELECT tax_number FROM owners WHERE tax_number LIKE 'T1%'")
    assert sorted(taken) == [("T1",), ("T1~2",), ("T1~3",)]


def test_error_names_the_conflicts(two: Store) -> None:
    with pytest.raises(MergeConflict) as caught:
        two.merge_scenarios(["one", "other"], new_name="m", on_conflict="error")
    said = str(caught.value)
    assert "3 owners of other are in the merge already" in said
    assert "o9 (by tax_number)" in said
    assert caught.value.code == "merge_conflict"
    assert two.names() == ["one", "other"]


def test_a_strategy_for_each_entity_type(two: Store) -> None:
    two.merge_scenarios(
        ["one", "other"], new_name="m", on_conflict={"owner": "overwrite", "*": "rename"}
    )
    assert plainly(two, "m", "SELECT count(*) FROM owners") == [(4,)]
    assert plainly(two, "m", "SELECT count(*) FROM pets") == [(6,)]
    assert plainly(two, "m", "SELECT DISTINCT entity_type, resolution FROM _conflicts") == [
        ("owners", "overwrite"), ("pets", "rename"),
    ]  # fmt: skip


def test_what_the_merge_says_of_itself(two: Store) -> None:
    result = two.merge_scenarios(["other", "one"], context="training dataset")
    assert result.scenario is not None
    assert result.scenario.startswith("merged-training-")
    info = two.scenario_info(result.scenario)
    assert (info.parents, info.tags) == (("other", "one"), ("x", "y", "z"))
    assert info.description == "Merged from other, one"
    assert info.log[0]["operation"] == "merge"
    kinds = "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2"
    assert plainly(two, result.scenario, kinds) == plainly(two, "one", kinds)


def test_a_dry_run_reports_the_same_and_writes_nothing(two: Store, tmp_path: Path) -> None:
    files = sorted((two.path).rglob("*"))
    trial = two.merge_scenarios(["one", "other"], dry_run=True)
    assert sorted((two.path).rglob("*")) == files
    assert trial.scenario is None
    told = two.merge_scenarios(["one", "other"], new_name="m").to_dict()
    assert {k: v for k, v in trial.to_dict().items() if k not in ("dry_run", "scenario")} == {
        k: v for k, v in told.items() if k not in ("scenario_id", "scenario")
    }
    assert "nothing was written" in trial.to_markdown()


def test_what_somebody_added_to_a_source_is_told(two: Store) -> None:
    with contextlib.closing(sqlite3.connect(two.find("one"))) as connection:
        connection.executescript("CREATE TABLE reviews (n); CREATE VIEW mine AS SELECT 1 AS one;")
    result = two.merge_scenarios(["one", "other"], new_name="m")
    assert sorted(result.left_out) == ["one: table reviews", "one: view mine"]
    assert "one: table reviews" in result.to_markdown()


@pytest.mark.parametrize(
    ("scenarios", "options", "error", "said"),
    [
        (["one"], {}, InvalidArgument, "needs two"),
        ([], {}, InvalidArgument, "needs two"),
        ("one", {}, InvalidArgument, "Give a list"),
        (["one", "one"], {}, InvalidArgument, "with itself"),
        (["one", "ONE"], {}, InvalidArgument, "with itself"),
        (["one", "nothing"], {}, ScenarioNotFound, "nothing"),
        (["one", "other"], {"on_conflict": "skipp"}, InvalidArgument, "Did you mean skip"),
        (["one", "other"], {"on_conflict": "keep"}, InvalidArgument, "skip, overwrite, rename"),
        (["one", "other"], {"on_conflict": {"ownrs": "skip"}}, UnknownEntityType, "owners"),
        (["one", "other"], {"on_conflict": {"owners": "x"}}, InvalidArgument, "on_conflict is 'x'"),
        (["one", "other"], {"new_name": "one"}, ScenarioExists, "already"),
        (["one", "other"], {"new_name": "a/b"}, HealthsimStoreError, "path"),
    ],
)
def test_bad_input(
    two: Store, scenarios: Any, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        two.merge_scenarios(scenarios, **options)
    assert said in str(caught.value)
    assert two.names() == ["one", "other"]
    assert [*(two.path / ".healthsim-store").glob("new-*")] == []


def test_versions_of_a_product(tmp_path: Path, toy_of: Callable[..., None]) -> None:
    """The newest declaration is the merge's; nothing of an older file may be lost by it."""
    with Store(tmp_path / "store") as store:
        toy_of("1.0")
        store.persist(ONE, scenario="old")
        store.persist(
            {"owners": [owner(7)], "pets": [{"owner_id": "o7", "legs": 3}]}, scenario="legs"
        )
        toy_of("2.0", SCHEMA.replace("  legs INTEGER, -- How many\n", "")
               .replace("born DATE NOT NULL,", "born DATE NOT NULL, vet VARCHAR,"))  # fmt: skip
        store.persist({"owners": [owner(8, vet="Dr. X")]}, scenario="new")
        store.merge_scenarios(["old", "new"], new_name="m")
        assert store.scenario_info("m").products == {"toy": "2.0"}
        assert plainly(store, "m", "SELECT count(*), count(vet) FROM owners") == [(4, 1)]
        with pytest.raises(CopyFailed, match="legs would be lost"):
            store.merge_scenarios(["legs", "new"])
        toy_of(
            "3.0",
            SCHEMA.replace("born DATE NOT NULL,", "born DATE NOT NULL, vet VARCHAR NOT NULL,"),
        )
        store.persist({"owners": [owner(9, vet="Dr. Y")]}, scenario="strict")
        with pytest.raises(CopyFailed, match="vet would be missing"):
            store.merge_scenarios(["old", "strict"])
        toy_of(
            "4.0",
            SCHEMA.replace("born DATE NOT NULL,", "born DATE NOT NULL CHECK (born > '1902'),"),
        )
        store.persist({"owners": [owner(9)]}, scenario="ruled")
        with pytest.raises(MergeConflict, match="born"):
            store.merge_scenarios(["old", "ruled"])


def describe_pets(store: Store, scenario: str, description: str) -> None:
    with contextlib.closing(sqlite3.connect(store.find(scenario))) as connection:
        connection.execute(
            "UPDATE _entity_types SET description = ? WHERE entity_type = 'pets'", (description,)
        )
        connection.commit()


def test_of_two_with_one_version_the_first_describes_the_merge(two: Store) -> None:
    describe_pets(two, "one", "The first's")
    describe_pets(two, "other", "The second's")
    for names, description in (
        (["one", "other"], "The first's"),
        (["other", "one"], "The second's"),
    ):
        result = two.merge_scenarios(names)
        asked = "SELECT description FROM _entity_types WHERE entity_type = 'pets'"
        assert plainly(two, str(result.scenario), asked) == [(description,)]


def test_of_two_with_one_version_that_of_the_newer_format_describes_the_merge(two: Store) -> None:
    """A file of format 2 has no questions; where it comes first, they must not be lost."""
    make_older(two.find("one"), 2)
    for names in (["one", "other"], ["other", "one"]):
        result = two.merge_scenarios(names)
        found = plainly(two, str(result.scenario), "SELECT name FROM _questions ORDER BY position")
        assert found == [("heavy_pets",), ("doctors",)]


PROJECTS = """
-- Projects
CREATE TABLE projects (
  project_id VARCHAR PRIMARY KEY, -- Id
  protocol VARCHAR NOT NULL UNIQUE, -- Natural key
  leader_id VARCHAR -- Who leads it @references owners(owner_id)
);
"""


def test_what_two_products_refer_to_in_a_circle_is_refused_once_an_id_is_another(
    tmp_path: Path, toy_of: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Owners are stored before projects, so that those of a project that is skipped are lost."""
    files = {"__init__.py": PLUGIN.replace('"toy"', '"projects"'), "schema.sql": PROJECTS}
    install(tmp_path / "projects", "projectsim", files | {"summary.sql": ""})
    monkeypatch.syspath_prepend(str(tmp_path / "projects"))
    works_in = "born DATE NOT NULL, project_id VARCHAR, -- @references projects(project_id)\n"
    toy_of("1.0", SCHEMA.replace("born DATE NOT NULL,", works_in))
    with Store(tmp_path / "store") as store:

        def persist(scenario: str, number: int, protocol: str) -> None:
            store.persist(
                {
                    "owners": [owner(number, project_id=f"p{number}")],
                    "projects": [{"project_id": f"p{number}", "protocol": protocol,
                                  "leader_id": f"o{number}"}],
                },
                scenario=scenario,
            )  # fmt: skip

        persist("one", 1, "P-1")
        persist("same", 2, "P-1")
        persist("other", 3, "P-3")
        with pytest.raises(CopyFailed, match="which projects are meant cannot be told"):
            store.merge_scenarios(["one", "same"])
        store.merge_scenarios(["one", "other"], new_name="m")
        joined = "SELECT owner_id, protocol FROM owners JOIN projects USING (project_id) ORDER BY 1"
        assert plainly(store, "m", joined) == [("o1", "P-1"), ("o3", "P-3")]


def test_a_suffix_that_is_taken_is_not_used(two: Store) -> None:
    with contextlib.closing(sqlite3.connect(two.find("other"))) as connection:
        connection.execute("UPDATE owners SET tax_number = 'T1~2' WHERE owner_id = 'o4'")
        connection.commit()
    two.merge_scenarios(["one", "other"], new_name="m", on_conflict="rename")
    taken = plainly(two, "m", "SELECT tax_number FROM owners ORDER BY rowid")
    assert taken[3:] == [("T1~3",), ("T2~3",), ("T8",), ("T1~2",)]


def test_the_command_line(run: Run, tmp_path: Path) -> None:
    run("persist", "--scenario", "one", "--tag", "x", input=json.dumps(ONE))
    run("persist", "--scenario", "other", input=json.dumps(OTHER))
    done = run("merge", "one", "other", "--name", "m", "--on-conflict", "pets=error", "--dry-run")
    assert done.returncode == 4
    assert "1 pets of other are in the merge already: b (by pet_id)" in done.stderr
    done = run("merge", "one", "other", "--name", "m")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        '**Created "m"** from 2 sources:\n'
        "\n"
        "| Source    | Owners | Pets  |\n"
        "|-----------|--------|-------|\n"
        "| one       | 3      | 2     |\n"
        "| other     | 1      | 3     |\n"
        "| **Total** | **4**  | **5** |\n"
        "\n"
        "- Conflicts resolved: 3 (Owners 2 skipped, Pets 1 skipped;"
        " each is in the table _conflicts); the same in both: 1\n"
        "- Tags inherited: x\n"
        "\n"
        "All source scenarios remain unchanged.\n"
    )
    assert json.loads(run("merge", "one", "other", "--dry-run", "--json").stdout)["dry_run"] is True
    assert run("merge", "one").returncode == 2


def test_a_unique_index_that_two_sources_break(tmp_path: Path, toy: None) -> None:
    """A product may not declare one, but somebody may have made it in the file."""
    with Store(tmp_path / "store") as store:
        for number, name in ((1, "a"), (2, "b")):
            pet = {"pet_id": f"p{number}", "owner_id": f"o{number}", "notes": "[]"}
            store.persist({"owners": [owner(number)], "pets": [pet]}, scenario=name)
            with contextlib.closing(sqlite3.connect(store.find(name))) as file:
                file.execute("CREATE UNIQUE INDEX one_of_each ON pets (notes)")
        with pytest.raises(CopyFailed, match=r"do not fit an index .*: pets\.notes"):
            store.merge_scenarios(["a", "b"], new_name="m")
        assert store.names() == ["a", "b"]
