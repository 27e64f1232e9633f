"""Diff: exactly what was added, removed and changed, however the rows find their partners."""

from __future__ import annotations

import contextlib
import importlib
import json
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from campaign import tries
from conftest import PLUGIN, SCHEMA, Run, install, owner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthsim_store import DiffResult, Store
from healthsim_store.base.tokens import estimate_tokens
from healthsim_store.errors import (
    CorruptScenario,
    InvalidArgument,
    QueryError,
    QueryTimeout,
    QueryTooLarge,
    ScenarioNotFound,
    UnknownEntityType,
)
from healthsim_store.operations.diff_report import EntityDiff
from healthsim_store.plugins import installed

DATA = Path(__file__).parents[3] / "shared" / "data"

BATCH = {
    "owners": [owner(n, mentor_id=f"o{n // 2}") for n in range(20)],
    "pets": [{"owner_id": f"o{n % 20}", "weight": n + 0.5, "price": n + 0.25} for n in range(50)],
}

# Projects have places by number, places have rooms by name; tags hang from one another.
LABS = """
-- Projects
CREATE TABLE projects (
  project_id VARCHAR PRIMARY KEY, -- Id
  protocol VARCHAR NOT NULL UNIQUE, -- Natural key
  short_name VARCHAR UNIQUE, -- Another
  owner_id VARCHAR, -- Into another product @references owners(owner_id)
  started TIMESTAMP -- Begin
);

-- Places
CREATE TABLE places (
  place_id VARCHAR PRIMARY KEY, -- Id
  project_id VARCHAR NOT NULL REFERENCES projects (project_id), -- Study
  place_number INTEGER NOT NULL, -- Number in the study
  city VARCHAR, -- Where
  UNIQUE (project_id, place_number)
);

-- Rooms
CREATE TABLE rooms (
  room_id VARCHAR PRIMARY KEY, -- Id
  place_id VARCHAR NOT NULL REFERENCES places (place_id), -- Site
  name VARCHAR NOT NULL, -- Door
  beds INTEGER, -- How many
  UNIQUE (place_id, name)
);

-- Folders
CREATE TABLE folders (
  folder_id VARCHAR PRIMARY KEY, -- Id
  project_id VARCHAR NOT NULL REFERENCES projects (project_id), -- Study
  parent_id VARCHAR REFERENCES folders (folder_id), -- Above
  title VARCHAR NOT NULL, -- Title
  root_number INTEGER UNIQUE, -- Of those with nothing above
  UNIQUE (parent_id, title)
);
"""


def plainly(path: Path, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement, by a connection that knows nothing of the project."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for sql in statements:
            rows = connection.execute(sql).fetchall()
        connection.commit()
        return rows


def told(result: DiffResult) -> dict[str, tuple[int, int, int, dict[str, int]]]:
    """Added, removed, changed and the changed columns of what differs."""
    return {
        name: (diff.added, diff.removed, diff.changed, dict(diff.columns))
        for name, diff in result.entity_types.items()
        if diff.differences
    }


def mirrored(counts: dict[str, Any]) -> dict[str, Any]:
    return {name: (b, a, changed, columns) for name, (a, b, changed, columns) in counts.items()}


@pytest.fixture
def clones(store: Store) -> Callable[[str], Path]:
    """The scenario s, its clones c and d, and c's clone cc; gives a file by name."""
    store.persist(BATCH, scenario="s")
    store.clone_scenario("s", new_name="c")
    store.clone_scenario("s", new_name="d")
    store.clone_scenario("c", new_name="cc")
    return store.find


@pytest.fixture
def labs(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A second product, whose natural keys go through references."""
    install(tmp_path / "labs", "labsim", {
        "__init__.py": PLUGIN.replace('"toy"', '"labs"'), "schema.sql": LABS, "summary.sql": "",
    })  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path / "labs"))
    importlib.invalidate_caches()
    installed.cache_clear()
    assert "labs" in installed().declarations
    return store


def study(mark: str, **fields: object) -> dict[str, list[dict[str, object]]]:
    """One study with two places of two rooms, all ids with a mark."""
    return {
        "projects": [{"project_id": f"{mark}-st", "protocol": "P-1", "short_name": "one"} | fields],
        "places": [
            {
                "place_id": f"{mark}-si{n}",
                "project_id": f"{mark}-st",
                "place_number": n,
                "city": "X",
            }
            for n in (1, 2)
        ],
        "rooms": [
            {"room_id": f"{mark}-r{n}{d}", "place_id": f"{mark}-si{n}", "name": d, "beds": n}
            for n in (1, 2)
            for d in "AB"
        ],
    }


# -- relatives -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [("s", "c"), ("c", "s"), ("c", "d"), ("s", "cc"), ("cc", "s"), ("d", "cc"), ("cc", "d")],
)
@pytest.mark.parametrize("by", ["auto", "origin"])
def test_relatives_show_no_difference(
    store: Store, clones: Callable[[str], Path], a: str, b: str, by: str
) -> None:
    before = [clones(name).read_bytes() for name in (a, b)]
    result = store.diff_scenarios(a, b, by=by, rows=5)
    assert result.empty
    assert (told(result), result.rows) == ({}, ())
    assert {name: (d.same, d.matched_by) for name, d in result.entity_types.items()} == {
        "owners": (20, "origin"), "pets": (50, "origin"),
    }  # fmt: skip
    assert result.to_markdown() == f"**{a}** and **{b}** do not differ: 70 entities are the same."
    assert [clones(name).read_bytes() for name in (a, b)] == before


def test_a_changed_column(store: Store, clones: Callable[[str], Path]) -> None:
    plainly(
        clones("c"),
        "UPDATE owners SET full_name = 'New', gender = NULL WHERE tax_number = 'T3'",
        "UPDATE owners SET gender = 'U' WHERE tax_number = 'T4'",
        "UPDATE pets SET notes = '{\"a\": 1}' WHERE weight < 3",
    )
    expected = {"owners": (0, 0, 2, {"gender": 2, "full_name": 1}), "pets": (0, 0, 3, {"notes": 3})}
    for a, b in (("s", "c"), ("c", "s"), ("d", "c"), ("cc", "c")):
        assert told(store.diff_scenarios(a, b)) == expected
    result = store.diff_scenarios("s", "c", rows=2)
    (renamed, other, *pets) = result.rows
    ((new_id,),) = plainly(clones("c"), "SELECT owner_id FROM owners WHERE full_name = 'New'")
    assert renamed == {
        "entity_type": "owners", "change": "changed", "ids": {"a": "o3", "b": new_id},
        "key": {"tax_number": "T3"},
        "columns": {"full_name": ["Owner 3", "New"], "gender": ["M", None]},
    }  # fmt: skip
    assert other["columns"] == {"gender": ["F", "U"]}
    assert [row["columns"] for row in pets] == [{"notes": [None, '{"a": 1}']}] * 2
    assert result.rows_to_markdown().splitlines()[0] == (
        f"- Owners changed: o3 → {new_id} (tax_number T3):"
        " full_name: Owner 3 → New; gender: M → nothing"
    )
    assert result.entity_types["owners"].same == 18


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a short one", "another", 'a short one"} → {"name":"another'),
        ("x" * 70 + " one", "x" * 70 + " two", 'one"} → '),
        ("two  spaces", "two spaces", """two  spaces"}' → '{"name":"two spaces"""),
    ],
)
def test_two_values_that_differ_are_not_shown_alike(
    store: Store, before: str, after: str, shown: str
) -> None:
    for name, text in (("before", before), ("after", after)):
        pet = {"pet_id": "p", "owner_id": "o1", "notes": {"name": text}}
        store.persist({"owners": [owner(1)], "pets": [pet]}, scenario=name)
    told = store.diff_scenarios("before", "after", by="id", rows=1).rows_to_markdown()
    old, new = told.partition("notes: ")[2].split(" → ")
    assert old != new
    assert shown.replace('":"', '": "') in told.replace('":"', '": "')


def test_a_changed_reference(store: Store, clones: Callable[[str], Path]) -> None:
    """A pet given away, and an owner without a mentor; all other references are no difference."""
    plainly(
        clones("c"),
        "UPDATE pets SET owner_id = (SELECT owner_id FROM owners WHERE tax_number = 'T7')"
        " WHERE weight = 1.5",
        "UPDATE owners SET mentor_id = NULL WHERE tax_number = 'T9'",
    )
    expected = {"owners": (0, 0, 1, {"mentor_id": 1}), "pets": (0, 0, 1, {"owner_id": 1})}
    for a, b in (("s", "c"), ("c", "s"), ("d", "c"), ("cc", "c")):
        assert told(store.diff_scenarios(a, b)) == expected


def test_added_and_removed_on_either_side(store: Store, clones: Callable[[str], Path]) -> None:
    plainly(clones("c"), "DELETE FROM pets WHERE weight BETWEEN 10 AND 12")
    plainly(clones("s"), "DELETE FROM pets WHERE weight = 30.5")
    store.persist({"owners": [owner(100)]}, scenario="c")
    expected = {"owners": (1, 0, 0, {}), "pets": (1, 2, 0, {})}
    result = store.diff_scenarios("s", "c", rows=9)
    assert told(result) == expected
    assert told(store.diff_scenarios("c", "s")) == mirrored(expected)
    changes = [(row["change"], row["key"], row["ids"].keys()) for row in result.rows]
    assert changes == [
        ("added", {"tax_number": "T100"}, {"b"}), ("added", {}, {"b"}),
        ("removed", {}, {"a"}), ("removed", {}, {"a"}),
    ]  # fmt: skip
    assert result.rows[0]["columns"]["full_name"] == [None, "Owner 100"]
    assert sorted(row["columns"]["weight"][0] for row in result.rows[2:]) == [10.5, 11.5]
    assert "- Pets removed: " in result.rows_to_markdown()


def test_ids_generated_on_both_sides_are_not_the_same(
    store: Store, clones: Callable[[str], Path]
) -> None:
    """Both count on from where they were: the same number, but another pet."""
    for name in ("s", "c", "d"):
        store.persist({"pets": [{"owner_tax_number": "T1"}] * 3}, scenario=name)
    tails = [
        plainly(clones(n), "SELECT substr(pet_id, 7) FROM pets ORDER BY rowid DESC LIMIT 3")
        for n in ("s", "c")
    ]
    assert tails[0] == tails[1]
    for a, b in (("s", "c"), ("c", "s"), ("c", "d")):
        result = store.diff_scenarios(a, b)
        assert told(result) == {"pets": (3, 3, 0, {})}
        assert result.entity_types["pets"].same == 50


def test_what_both_sides_added_is_paired_by_its_natural_key(
    store: Store, clones: Callable[[str], Path]
) -> None:
    """Ids come first, then natural keys, also for what refers to such a row."""
    for name, born in (("s", "1990-01-01"), ("c", "1991-01-01")):
        new = owner(200, owner_id=f"{name}-new", born=born)
        store.persist({"owners": [new]}, scenario=name)
        plainly(clones(name), f"UPDATE owners SET mentor_id = '{name}-new' WHERE tax_number = 'T5'")
    for a, b in (("s", "c"), ("c", "s")):
        result = store.diff_scenarios(a, b)
        assert told(result) == {"owners": (0, 0, 1, {"born": 1})}
        assert result.entity_types["owners"].matched_by == "origin and natural key (tax_number)"
        assert told(store.diff_scenarios(a, b, by="origin")) == {
            "owners": (1, 1, 1, {"mentor_id": 1})
        }


def test_a_row_with_a_partner_by_id_gets_no_second_by_key(
    store: Store, clones: Callable[[str], Path]
) -> None:
    """T3 became T3x in the clone and another owner is T3 there: one changed, one added."""
    plainly(clones("c"), "UPDATE owners SET tax_number = 'T3x' WHERE tax_number = 'T3'")
    store.persist({"owners": [owner(300, tax_number="T3")]}, scenario="c")
    expected = {"owners": (1, 0, 1, {"tax_number": 1})}
    assert told(store.diff_scenarios("s", "c")) == expected
    assert told(store.diff_scenarios("c", "s")) == mirrored(expected)


# -- no relatives ----------------------------------------------------------------------------


def test_the_same_ids_without_a_common_origin(store: Store) -> None:
    batch = {"owners": BATCH["owners"], "pets": [p | {"pet_id": f"p{n}"} for n, p in
             enumerate(BATCH["pets"])]}  # fmt: skip
    store.persist(batch, scenario="x")
    store.persist(batch, scenario="y")
    result = store.diff_scenarios("x", "y")
    assert result.empty
    assert result.entity_types["pets"].matched_by == "id"
    with pytest.raises(InvalidArgument, match="no common origin"):
        store.diff_scenarios("x", "y", by="origin")
    plainly(store.find("y"), "UPDATE owners SET tax_number = 'T99' WHERE owner_id = 'o1'")
    assert told(store.diff_scenarios("x", "y")) == {"owners": (0, 0, 1, {"tax_number": 1})}
    by_key = store.diff_scenarios("x", "y", by="natural-key")
    # o1 is somebody else now, so those whose mentor it is have another; pets have no natural key.
    mentored = plainly(
        store.find("x"), "SELECT count(*) FROM owners WHERE mentor_id = 'o1' AND owner_id <> 'o1'"
    )
    assert mentored == [(2,)]
    assert told(by_key) == {"owners": (1, 1, 2, {"mentor_id": 2}), "pets": (50, 50, 0, {})}
    assert by_key.entity_types["pets"].matched_by == "none"
    assert by_key.entity_types["pets"].not_compared == ()
    assert told(store.diff_scenarios("x", "y", by="id")) == {"owners": (0, 0, 1, {"tax_number": 1})}


def test_other_ids_with_the_same_natural_keys(labs: Store) -> None:
    labs.persist(study("x"), scenario="x")
    labs.persist(study("y"), scenario="y")
    for by in ("auto", "natural-key"):
        result = labs.diff_scenarios("x", "y", by=by)
        assert result.empty, result
        assert {n: (d.same, d.matched_by) for n, d in result.entity_types.items() if d.same} == {
            "projects": (1, "natural key (protocol)"),
            "places": (2, "natural key (project_id, place_number)"),
            "rooms": (4, "natural key (place_id, name)"),
        }
    plainly(
        labs.find("y"),
        "UPDATE places SET city = 'Z' WHERE place_number = 2",
        "UPDATE rooms SET beds = 9 WHERE room_id = 'y-r2B'",
        "UPDATE rooms SET name = 'C' WHERE room_id = 'y-r1A'",
    )
    expected = {"places": (0, 0, 1, {"city": 1}), "rooms": (1, 1, 1, {"beds": 1})}
    assert told(labs.diff_scenarios("x", "y")) == expected
    assert told(labs.diff_scenarios("y", "x")) == expected
    (row,) = labs.diff_scenarios("x", "y", rows=1, entity_type="places").rows
    assert (row["ids"], row["key"]) == (
        {"a": "x-si2", "b": "y-si2"}, {"project_id": "x-st", "place_number": 2},
    )  # fmt: skip
    assert told(labs.diff_scenarios("x", "y", by="id")).keys() == {"projects", "places", "rooms"}


def test_a_second_natural_key_pairs_what_the_first_leaves(labs: Store) -> None:
    """And never a row that the first has paired."""

    def projects(mark: str, *rows: tuple[str, str | None]) -> dict[str, Any]:
        return {"projects": [
            {"project_id": f"{mark}{n}", "protocol": p, "short_name": s}
            for n, (p, s) in enumerate(rows)
        ]}  # fmt: skip

    labs.persist(projects("x", ("P1", "one"), ("P2", "two"), ("P3", None)), scenario="x")
    labs.persist(projects("y", ("P1", "two"), ("Q2", "one"), ("Q3", None)), scenario="y")
    # P1 pairs P1, though its short names differ; "one" and "two" are no pair of what is left.
    expected = {"projects": (2, 2, 1, {"short_name": 1})}
    assert told(labs.diff_scenarios("x", "y")) == expected
    plainly(labs.find("y"), "UPDATE projects SET short_name = 'uno' WHERE protocol = 'P1'",
            "UPDATE projects SET short_name = 'two' WHERE protocol = 'Q2'")  # fmt: skip
    expected = {"projects": (1, 1, 2, {"short_name": 1, "protocol": 1})}
    result = labs.diff_scenarios("x", "y", rows=5)
    assert told(result) == expected
    assert told(labs.diff_scenarios("y", "x")) == expected
    assert result.entity_types["projects"].matched_by == "natural key (protocol; short_name)"
    ids = [row["ids"] for row in result.rows if row["change"] == "changed"]
    assert ids == [{"a": "x0", "b": "y0"}, {"a": "x1", "b": "y1"}]


def test_a_natural_key_that_names_a_row_of_its_own_table(labs: Store) -> None:
    def folders(mark: str) -> dict[str, Any]:
        rows = [{"folder_id": f"{mark}0", "project_id": f"{mark}-st", "title": "root",
                 "root_number": 1}]  # fmt: skip
        rows += [
            {"folder_id": f"{mark}{n}", "project_id": f"{mark}-st", "parent_id": f"{mark}{n // 2}",
             "title": f"t{n}"}
            for n in range(1, 300)
        ]  # fmt: skip
        rows[1]["parent_id"] = f"{mark}0"
        return study(mark) | {"folders": rows}

    labs.persist(folders("x"), scenario="x")
    labs.persist(folders("y"), scenario="y")
    result = labs.diff_scenarios("x", "y")
    assert result.empty, result
    plainly(labs.find("y"), "UPDATE folders SET title = 'other' WHERE folder_id = 'y100'")
    # The folders below it hang from another one now.
    below = sum(1 for n in range(101, 300) if 100 in (n // 2, n // 4))
    assert below == 2
    expected = {"folders": (1 + below, 1 + below, 0, {})}
    assert told(labs.diff_scenarios("x", "y")) == expected
    assert told(labs.diff_scenarios("y", "x")) == expected


def test_a_reference_into_another_product(labs: Store) -> None:
    """It follows a clone; of what is not in the file there is the text alone."""
    both = study("x", owner_id="o1") | {"owners": [owner(1)]}
    labs.persist(both, scenario="s")
    labs.persist(study("x", owner_id="elsewhere"), scenario="t")
    for name in ("s", "t"):
        labs.clone_scenario(name, new_name=f"{name}c")
        assert labs.diff_scenarios(name, f"{name}c").empty
        assert labs.diff_scenarios(f"{name}c", name).empty
        plainly(labs.find(f"{name}c"), "UPDATE projects SET owner_id = 'x'")
        expected = {"projects": (0, 0, 1, {"owner_id": 1})}
        assert told(labs.diff_scenarios(name, f"{name}c")) == expected


def test_what_cannot_be_told_without_ids_is_not_compared(labs: Store) -> None:
    """Folders are known by root_number; what refers to a row without a natural key is told."""
    labs.persist(study("x"), scenario="x")
    labs.persist(study("y"), scenario="y")
    for name in ("x", "y"):
        plainly(labs.find(name), "UPDATE _entity_types SET unique_keys = '[]'"
                " WHERE entity_type = 'projects'", "UPDATE _entity_types SET unique_keys ="
                " '[[\"city\", \"place_number\"]]' WHERE entity_type = 'places'")  # fmt: skip
    result = labs.diff_scenarios("x", "y", by="natural-key")
    assert told(result) == {"projects": (1, 1, 0, {})}
    assert result.entity_types["places"].not_compared == ("project_id",)
    assert "Not compared, having no natural key to go by: " in result.to_markdown()


# -- meaning ---------------------------------------------------------------------------------


def test_columns_are_compared_as_meaning(labs: Store) -> None:
    labs.persist(
        {"owners": [owner(1)], "pets": [{"pet_id": "p", "owner_id": "o1", "price": 0.3,
         "seen_at": "2024-01-02T10:20:00", "notes": '{"a":[1,2]}', "weight": 0.3}]},
        scenario="x",
    )  # fmt: skip
    shutil.copy(labs.find("x"), labs.path / "y.db")
    same = [
        ("price", "0.1 + 0.2"),
        ("seen_at", "'2024-01-02T10:20:00.000'"),
        ("notes", """'{ "a": [1, 2] }'"""),
    ]
    for column, value in same:
        plainly(labs.path / "y.db", f"UPDATE pets SET {column} = {value}")
    different = "SELECT count(*) FROM pets WHERE price <> 0.3 AND length(seen_at) = 23"
    assert plainly(labs.path / "y.db", different) == [(1,)]
    assert labs.diff_scenarios("x", "y").empty
    for number, (column, value) in enumerate([
        ("price", "0.31"),
        ("seen_at", "'2024-01-02T10:20:00.001'"),
        ("seen_at", "'2024-01-02T10:20:10'"),
        ("notes", "'{\"a\":[2,1]}'"),
        ("notes", "NULL"),
        ("weight", "0.1 + 0.2"),  # REAL has no scale
    ]):  # fmt: skip
        changed = labs.path / f"z{number}.db"
        shutil.copy(labs.find("x"), changed)
        plainly(changed, f"UPDATE pets SET {column} = {value}")
        assert told(labs.diff_scenarios("x", changed.stem)) == {"pets": (0, 0, 1, {column: 1})}, (
            value
        )


def test_decimals_are_compared_at_the_coarser_scale(
    tmp_path: Path, toy_of: Callable[..., None]
) -> None:
    """One version of a product keeps two digits and the next four: what both can say is compared.

    12.34 and 12.3449 are the same there, and 12.34 and 12.35 are not.
    """
    finer = SCHEMA.replace("DECIMAL(8,2)", "DECIMAL(8,4)")
    assert finer != SCHEMA

    def pets(*prices: float) -> dict[str, Any]:
        priced = [{"pet_id": f"p{n}", "owner_id": "o1", "price": p} for n, p in enumerate(prices)]
        return {"owners": [owner(1)], "pets": priced}

    with Store(tmp_path / "store") as store:
        toy_of("1.0")
        store.persist(pets(12.34, 5.5), scenario="coarse")
        toy_of("2.0", finer)
        store.persist(pets(12.3449, 5.5), scenario="same")
        store.persist(pets(12.3451, 5.5), scenario="other")
        for a, b in (("coarse", "same"), ("same", "coarse")):
            assert store.diff_scenarios(a, b).empty
        for a, b in (("coarse", "other"), ("other", "coarse")):
            assert told(store.diff_scenarios(a, b)) == {"pets": (0, 0, 1, {"price": 1})}


def test_other_products_and_versions(labs: Store) -> None:
    labs.persist({"owners": [owner(1)]}, scenario="x")
    labs.persist({"owners": [owner(1)]} | study("x"), scenario="y")
    plainly(
        labs.find("x"),
        "ALTER TABLE owners ADD COLUMN phone TEXT",
        "INSERT INTO _columns SELECT entity_type, 99, 'phone', type, 0, 0, NULL, '[]', '{}', '[]',"
        " NULL, NULL, 0, 0, NULL, NULL, 0, 'Phone' FROM _columns WHERE column_name = 'full_name'",
    )
    result = labs.diff_scenarios("x", "y", rows=1)
    assert told(result) == {
        "projects": (1, 0, 0, {}), "places": (2, 0, 0, {}), "rooms": (4, 0, 0, {}),
    }  # fmt: skip
    assert result.only_in_a == ()
    assert set(result.only_in_b) == {"projects", "places", "rooms", "folders"}
    assert result.entity_types["owners"].columns_only_in_a == ("phone",)
    text = result.to_markdown()
    assert "Columns only in x: owners.phone" in text
    assert "Entity types only in y: " in text
    assert len(result.rows) == 3
    plainly(labs.find("x"), "UPDATE owners SET phone = '555'")
    result = labs.diff_scenarios("x", "y", rows=1, entity_type="owners")
    assert told(result) == {"owners": (0, 0, 1, {"phone": 1})}
    assert result.rows[0]["columns"] == {"phone": ["555", None]}
    assert told(labs.diff_scenarios("y", "x", entity_type="owners")) == told(result)


# -- the text --------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["n", "Straße", "患者", "🩺", "a|b\n", "x1-"])
@pytest.mark.parametrize("types", [0, 1, 7, 80])
def test_the_text_has_under_300_tokens(unit: str, types: int) -> None:
    columns = {unit * 30 + str(n): 10**9 + n for n in range(200)}
    diffs = {
        unit * 20 + str(n): EntityDiff(
            "id", 1, 10**9 + n, 10**9, 10**9, columns, tuple(columns), tuple(columns),
            tuple(columns),
        )
        for n in range(types)
    }  # fmt: skip
    names = tuple(diffs) or (unit * 20,)
    result = DiffResult(unit * 60, unit * 60, diffs, (), names, names)
    text = result.to_markdown()
    assert 0 < estimate_tokens(text) < 300
    if types == 80:
        assert "Left out: " in text
        assert "80" in text or "entity types" in text or "all else" in text


def test_the_text(store: Store, clones: Callable[[str], Path]) -> None:
    plainly(
        clones("c"),
        "UPDATE owners SET full_name = 'New', gender = 'U' WHERE tax_number < 'T2'",
        "UPDATE owners SET gender = 'U' WHERE tax_number = 'T3'",
    )
    ((named,),) = plainly(clones("c"), "SELECT count(*) FROM owners WHERE full_name = 'New'")
    assert store.diff_scenarios("s", "c").to_markdown().splitlines() == [
        "**s → c**",
        "",
        "| Entity Type | Added | Removed | Changed | Columns |",
        "|---|---|---|---|---|",
        f"| Owners | 0 | 0 | {named + 1} | gender {named + 1}, full_name {named} |",
        f"| **Total** | **0** | **0** | **{named + 1}** |  |",
        "",
        "1 entity type without a difference.",
    ]


def test_a_type_with_very_many_columns(store: Store, clones: Callable[[str], Path]) -> None:
    """More than an expression may be deep; and more than a statement may be long, which is told."""

    def widen(name: str, count: int, length: int) -> None:
        with contextlib.closing(sqlite3.connect(clones(name))) as connection:
            for n in range(count):
                column = f"c{n}_".ljust(length, "x")
                connection.execute(f"ALTER TABLE pets ADD COLUMN {column} TEXT")
                connection.execute(
                    "INSERT INTO _columns VALUES ('pets', ?, ?, 'VARCHAR', 0, 0, NULL, '[]', '{}',"
                    " '[]', NULL, NULL, 0, 0, NULL, NULL, 0, '')", (100 + n, column),
                )  # fmt: skip
            connection.commit()

    for name in ("s", "c"):
        widen(name, 600, 8)
    plainly(clones("c"), "UPDATE pets SET c599_xxx = 'v', c3_xxxxx = 'w' WHERE weight < 2")
    result = store.diff_scenarios("s", "c", rows=3)
    assert told(result) == {"pets": (0, 0, 2, {"c3_xxxxx": 2, "c599_xxx": 2})}
    assert result.rows[0]["columns"] == {"c3_xxxxx": [None, "w"], "c599_xxx": [None, "v"]}
    for name in ("d", "cc"):
        widen(name, 600, 120)
    with pytest.raises(QueryTooLarge, match="pets has too many columns"):
        store.diff_scenarios("d", "cc")
    assert store.diff_scenarios("d", "cc", entity_type="owners").empty


# -- errors ----------------------------------------------------------------------------------


def test_bad_arguments(store: Store, clones: Callable[[str], Path]) -> None:
    with pytest.raises(InvalidArgument, match="are the same scenario, s"):
        store.diff_scenarios("s", "S")
    with pytest.raises(InvalidArgument, match=r"Did you mean natural-key\?"):
        store.diff_scenarios("s", "c", by="natural_key")
    with pytest.raises(InvalidArgument, match="Known: auto, id, natural-key, origin"):
        store.diff_scenarios("s", "c", by="magic")
    with pytest.raises(UnknownEntityType, match=r"Did you mean owners\?"):
        store.diff_scenarios("s", "c", entity_type="ownerz")
    with pytest.raises(ScenarioNotFound):
        store.diff_scenarios("s", "nothing")
    with pytest.raises(InvalidArgument, match="rows is -1"):
        store.diff_scenarios("s", "c", rows=-1)
    with pytest.raises(InvalidArgument, match="timeout is 0"):
        store.diff_scenarios("s", "c", timeout=0)


def test_an_expired_time_is_told(store: Store, clones: Callable[[str], Path]) -> None:
    store.persist({"pets": [{"owner_id": "o1"}] * 30_000}, scenario="s")
    store.clone_scenario("s", new_name="e")
    with pytest.raises(QueryTimeout, match=r"Comparing s and e took over 0\.01 seconds; it was at"):
        store.diff_scenarios("s", "e", timeout=0.01)
    assert store.diff_scenarios("s", "e").empty


def test_a_strangers_file(store: Store, clones: Callable[[str], Path]) -> None:
    plainly(clones("c"), "DROP TABLE pets", "CREATE VIEW pets AS SELECT 1 AS pet_id")
    for a, b in (("s", "c"), ("c", "s")):
        with pytest.raises(CorruptScenario, match="tampered with: pets is no table"):
            store.diff_scenarios(a, b)
    plainly(store.find("c"), "DROP VIEW pets")
    for a, b in (("s", "c"), ("c", "s")):
        with pytest.raises(CorruptScenario, match="c: pets is declared, but is no table there"):
            store.diff_scenarios(a, b)
    plainly(
        clones("d"), "UPDATE _columns SET column_name = 'legs\" FROM' WHERE column_name = 'legs'"
    )
    with pytest.raises(QueryError, match=r"pets cannot be compared: .*no such column"):
        store.diff_scenarios("s", "d")


def test_a_natural_key_that_is_not_unique_pairs_nothing(labs: Store) -> None:
    labs.persist({"owners": [owner(n) for n in range(4)]}, scenario="x")
    labs.persist({"owners": [owner(n, owner_id=f"y{n}") for n in range(4)]}, scenario="y")
    assert labs.diff_scenarios("x", "y").empty
    for name in ("x", "y"):
        plainly(labs.find(name), "UPDATE _entity_types SET unique_keys = '[[\"gender\"]]'"
                " WHERE entity_type = 'owners'")  # fmt: skip
    assert told(labs.diff_scenarios("x", "y")) == {"owners": (4, 4, 0, {})}


# -- real data, and random data ---------------------------------------------------------------


def test_a_real_synthea_folder(store: Store) -> None:
    folder = DATA / "synthea-a"
    if not folder.is_dir():
        pytest.skip("the real data synthea-a is not beside the project")
    if not {"patientsim", "membersim"} <= installed().declarations.keys():
        pytest.skip("PatientSim and MemberSim are not installed")
    store.import_data([folder], format="synthea", scenario="s")
    store.clone_scenario("s", new_name="c")
    begun = time.monotonic()
    total = store.scenario_info("s").total
    for a, b in (("s", "c"), ("c", "s")):
        result = store.diff_scenarios(a, b)
        assert result.empty, result
        assert sum(diff.same for diff in result.entity_types.values()) == total > 1_000
    assert time.monotonic() - begun < 120
    path = store.find("c")
    plainly(path, "UPDATE patients SET city = 'Nowhere' WHERE rowid % 10 = 0")
    ((moved,),) = plainly(path, "SELECT count(*) FROM patients WHERE city = 'Nowhere'")
    assert told(store.diff_scenarios("s", "c")) == {"patients": (0, 0, moved, {"city": moved})}


CHANGES = st.lists(st.sampled_from(["update", "delete", "insert"]), max_size=6)


@settings(
    max_examples=tries(20, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    owners=st.integers(1, 8), pets=st.integers(0, 8), own_ids=st.booleans(),
    relation=st.sampled_from(["child", "parent", "sibling", "grandchild", "copy"]),
    changes=CHANGES, seed=st.integers(0, 10_000),
)  # fmt: skip
def test_exactly_the_changes_are_told(
    store: Store,
    owners: int,
    pets: int,
    own_ids: bool,
    relation: str,
    changes: list[str],
    seed: int,
) -> None:
    """diff(x, clone(x)) is empty; what plain sqlite3 then does to a copy is told, and mirrored."""
    rng = random.Random(seed)
    keys = {"owner_id": None} if not own_ids else {}
    rows = []
    for n in range(owners):
        mentor = (
            {"mentor_id": f"o{rng.randrange(n)}"} if own_ids and n and rng.random() < 0.6 else {}
        )
        row = owner(n, **mentor)
        rows.append({key: value for key, value in row.items() if key not in keys})
    batch: dict[str, Any] = {"owners": rows}
    if pets:
        batch["pets"] = [
            {"owner_tax_number": f"T{rng.randrange(owners)}", "weight": n + 1.0}
            for n in range(pets)
        ]
    base = store.persist(batch, context="random").scenario
    made = [base]

    def clone(name: str) -> str:
        made.append(store.clone_scenario(name).scenario)
        return made[-1]

    try:
        a, b = base, base
        if relation == "copy":
            b = f"{base}-file"
            shutil.copy(store.find(base), store.path / f"{b}.db")
            made.append(b)
        elif relation == "sibling":
            a, b = clone(base), clone(base)
        elif relation == "grandchild":
            b = clone(clone(base))
        else:
            b = clone(base)
            if relation == "parent":
                a, b = b, a
        assert store.diff_scenarios(a, b).empty
        expected = _change_at_random(store.find(b), rng, changes)
        result = told(store.diff_scenarios(a, b))
        assert result == expected
        assert told(store.diff_scenarios(b, a)) == mirrored(expected)
    finally:
        for name in made:
            store.delete_scenario(name)


def _change_at_random(path: Path, rng: random.Random, changes: list[str]) -> dict[str, Any]:
    """Each change to a pet that none was made to before; what a diff must tell."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        left = [row for (row,) in connection.execute("SELECT pet_id FROM pets ORDER BY rowid")]
        owners = [row for (row,) in connection.execute("SELECT owner_id FROM owners")]
        rng.shuffle(left)
        added = removed = changed = 0
        columns: dict[str, int] = {}
        for number, change in enumerate(changes):
            if change == "insert":
                connection.execute(
                    "INSERT INTO pets (pet_id, owner_id, species) VALUES (?, ?, 'dog')",
                    (f"new-{number}", rng.choice(owners)),
                )
                added += 1
            elif left and change == "delete":
                connection.execute("DELETE FROM pets WHERE pet_id = ?", (left.pop(),))
                removed += 1
            elif left:
                column = rng.choice(["weight", "legs", "species", "seen_at"])
                value = {"weight": 99.5, "legs": 3, "species": "dog",
                         "seen_at": "2024-01-01T00:00:00"}[column]  # fmt: skip
                connection.execute(
                    f"UPDATE pets SET {column} = ? WHERE pet_id = ?", (value, left.pop())
                )
                changed += 1
                columns[column] = columns.get(column, 0) + 1
        connection.commit()
    counts = (added, removed, changed, columns)
    return {"pets": counts} if any(counts) else {}


# -- the command line -------------------------------------------------------------------------


def test_the_command_line(run: Run, tmp_path: Path) -> None:
    run("persist", "--scenario", "s", input=json.dumps(BATCH))
    run("clone", "s", "c")
    same = run("diff", "s", "c")
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout == "**s** and **c** do not differ: 70 entities are the same.\n"
    plainly(tmp_path / "store" / "c.db", "DELETE FROM pets WHERE weight = 7.5")
    done = run("diff", "s", "c", "--rows", "2")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "| Pets | 0 | 1 | 0 |  |" in lines
    assert lines[-1].startswith("- Pets removed: ")
    told_ = json.loads(run("diff", "s", "c", "--json", "--entity", "animals", "--rows", "1").stdout)
    assert told_["empty"] is False
    assert told_["entity_types"] == {
        "pets": {"matched_by": "origin", "same": 49, "added": 0, "removed": 1, "changed": 0,
                 "columns": {}}
    }  # fmt: skip
    assert told_["rows"][0]["columns"]["weight"] == [7.5, None]
    # A mailed file, in another folder.
    (tmp_path / "mail").mkdir()
    mailed = shutil.copy(tmp_path / "store" / "c.db", tmp_path / "mail" / "theirs.db")
    assert "**s → theirs**" in run("diff", "s", str(mailed)).stdout
    assert "do not differ" in run("diff", str(mailed), "c").stdout
    for arguments, exit_code, code in (
        (["s", "s"], 2, "invalid_argument"), (["s", "nothing"], 3, "scenario_not_found"),
        (["s", "c", "--by", "key"], 2, "invalid_argument"),
        (["s", "c", "--entity", "petz"], 3, "unknown_entity_type"),
    ):  # fmt: skip
        failed = run("diff", *arguments)
        assert (failed.returncode, failed.stdout) == (exit_code, "")
        assert code in failed.stderr
