"""Parts of a scenario by a SELECT, a question, a sample, a split: known answers, bad input."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.errors import (
    HealthsimStoreError,
    InvalidArgument,
    InvalidName,
    QueryError,
    QueryRefused,
    QueryTimeout,
    ScenarioExists,
    ScenarioNotFound,
    UnknownEntityType,
    UnknownQuestion,
)
from healthsim_store.operations.drawing import draw, evenly
from healthsim_store.storage import together
from healthsim_store.storage.folder import Folder

# 40 owners, of whom every fourth is an F in the eyes of `stratify`; each has two pets.
OWNERS = [owner(n, gender="F" if n % 4 == 0 else "M") for n in range(40)]
PETS = [{"pet_id": f"p{n}", "owner_id": f"o{n % 40}", "weight": n + 0.1} for n in range(80)]


@pytest.fixture
def source(store: Store) -> Path:
    store.persist(
        {"owners": OWNERS, "pets": PETS}, scenario="s", description="Owners", tags=["a", "b"]
    )
    return store.find("s")


def plainly(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def numbers(store: Store, name: str) -> list[int]:
    """Which owners a scenario has, by their tax numbers."""
    found = plainly(store.find(name), "SELECT substr(tax_number, 2) FROM owners ORDER BY rowid")
    return [int(number) for (number,) in found]


# -- chosen by a SELECT --------------------------------------------------------------------------


def test_the_chosen_with_their_children(store: Store, source: Path) -> None:
    before = source.read_bytes()
    result = store.clone_scenario(
        "s", new_name="women", only="SELECT owner_id FROM owners WHERE gender = 'F'"
    )
    assert source.read_bytes() == before
    assert result.copied == {"owners": 10, "pets": 20}
    assert result.not_taken == {"owners": 30, "pets": 60}
    assert result.chosen == {"owners": 10}
    assert result.how == "10 of 40 owners by owner_id"
    assert result.to_dict()["not_taken"] == {"owners": 30, "pets": 60}
    told = result.to_markdown()
    assert "| Owners      | 10     | 30       |" in told
    assert "Chosen: 10 of 40 owners by owner_id." in told
    assert numbers(store, "women") == [*range(0, 40, 4)]
    women = store.find("women")
    weights = "SELECT tax_number, weight FROM owners JOIN pets USING (owner_id) ORDER BY weight"
    assert plainly(women, weights) == [
        row for row in plainly(source, weights) if int(row[0][1:]) % 4 == 0
    ]
    assert store.check_scenario("women").ok


def test_the_part_knows_its_parent(store: Store, source: Path) -> None:
    sql = "SELECT owner_id FROM owners WHERE gender = :g"
    store.clone_scenario("s", new_name="women", only=sql, params={"g": "F"})
    info = store.scenario_info("women")
    assert (info.description, info.tags, info.parents) == ("Owners", ("a", "b"), ("s",))
    (entry,) = info.log
    assert entry["operation"] == "clone"
    (details,) = plainly(store.find("women"), "SELECT details FROM _log")[0]
    assert json.loads(details) == {
        "from": "s", "entity_type": "owners", "only": sql, "params": {"g": "F"},
    }  # fmt: skip
    difference = store.diff_scenarios("s", "women").entity_types
    assert (difference["owners"].same, difference["owners"].removed) == (10, 30)


@pytest.mark.parametrize(
    ("only", "owners", "pets"),
    [
        # A child is chosen, and its parent comes without its other children.
        ("SELECT pet_id FROM pets WHERE pet_id = 'p7'", [7], 1),
        # By a natural key, and by the foreign key of another table.
        ("SELECT tax_number FROM owners WHERE tax_number = 'T3'", [3], 2),
        ("SELECT full_name, tax_number FROM owners WHERE tax_number = 'T3'", [3], 2),
        ("SELECT owner_id FROM pets WHERE weight > 79", [39], 2),
        # Of several ids it is the first; twice the same is once; NULL is none.
        ("SELECT p.pet_id, owner_id FROM pets AS p WHERE pet_id = 'p7'", [7], 1),
        ("SELECT 'o3' AS owner_id UNION ALL SELECT 'o3' UNION ALL SELECT NULL", [3], 2),
        # A column of any name, where it stands alone.
        ("SELECT max(owner_id) FROM owners", [9], 2),
    ],
)
def test_what_a_select_may_name(
    store: Store, source: Path, only: str, owners: list[int], pets: int
) -> None:
    result = store.clone_scenario("s", new_name="part", only=only)
    assert numbers(store, "part") == owners
    assert result.copied == {"owners": len(owners), "pets": pets}


def test_a_question_names_them(store: Store, source: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.execute(
            "UPDATE _questions SET sql = replace(sql, 'species, full_name,', 'full_name, pet_id,')"
        )
        connection.commit()
    params = {"least": 70}
    asked = store.ask_question("s", "heavy_pets", params=params, limit=100)
    result = store.clone_scenario("s", only_question="heavy_pets", params=params)
    assert result.copied["pets"] == asked.total == 10
    assert result.how == "10 of 80 pets by pet_id"
    with pytest.raises(UnknownQuestion, match="no question 'heavy_pet'") as error:
        store.clone_scenario("s", only_question="heavy_pet")
    assert error.value.hint == "Did you mean heavy_pets?"
    with pytest.raises(InvalidArgument, match="no value 'leest'"):
        store.clone_scenario("s", only_question="heavy_pets", params={"leest": 70})


def test_a_question_that_names_no_entity(store: Store, source: Path) -> None:
    with pytest.raises(InvalidArgument) as error:
        store.clone_scenario("s", only_question="heavy_pets")
    assert error.value.message == (
        "the question heavy_pets gives species, full_name, weight: none is the id of an entity"
        " type."
    )


def test_everything_is_no_part(store: Store, source: Path) -> None:
    with pytest.raises(InvalidArgument) as error:
        store.clone_scenario("s", only="SELECT owner_id FROM owners")
    assert error.value.message.startswith("Everything is chosen: only leaves nothing out (")
    assert store.names() == ["s"]


def test_tables_of_somebody_else(store: Store, source: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as connection:
        connection.executescript(
            "CREATE TABLE reviews (n INTEGER PRIMARY KEY, owner TEXT REFERENCES owners (owner_id));"
            "INSERT INTO reviews SELECT rowid, owner_id FROM owners;"
            "INSERT INTO reviews VALUES (99, NULL);"
            # By a natural key, of two columns, and in a table without rowids.
            "CREATE TABLE replies (a INTEGER, b TEXT REFERENCES owners (tax_number),"
            " n INTEGER REFERENCES reviews, PRIMARY KEY (a, b)) WITHOUT ROWID;"
            "INSERT INTO replies SELECT rowid, tax_number, rowid FROM owners;"
            "CREATE TABLE stars (a INTEGER, b TEXT, FOREIGN KEY (a, b) REFERENCES replies);"
            "INSERT INTO stars SELECT a, b FROM replies;"
            "CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('x');"
        )
    only = "SELECT owner_id FROM owners WHERE gender = 'F'"
    result = store.clone_scenario("s", new_name="women", only=only)
    women = store.find("women")
    assert plainly(women, "SELECT count(*) FROM reviews") == [(11,)]
    assert plainly(women, "SELECT count(*) FROM replies JOIN stars USING (a, b)") == [(10,)]
    assert plainly(women, "SELECT count(*) FROM words") == [(1,)]
    assert plainly(women, "PRAGMA foreign_key_check") == []
    assert {name: result.not_taken[name] for name in ("reviews", "replies", "stars")} == {
        "reviews": 30, "replies": 30, "stars": 30,
    }  # fmt: skip
    assert "reviews" in result.to_markdown()


# -- drawn -----------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same(store: Store, source: Path) -> None:
    found = []
    for seed in (7, 7, 8, 7 + 2**32):
        result = store.clone_scenario("s", sample=10, seed=seed)
        found.append(numbers(store, result.scenario))
        assert result.how == f"10 of 40 owners, seed {seed}"
        assert result.copied == {"owners": 10, "pets": 20}
    assert found[0] == found[1]
    assert len({tuple(one) for one in found}) == 3
    assert found[0] == drawn(40, 10, 7) == [2, 5, 8, 13, 14, 15, 18, 20, 35, 38]
    assert found[3] == drawn(40, 10, 7 + 2**32)
    # A clone draws what its source draws.
    store.clone_scenario("s", new_name="twin")
    result = store.clone_scenario("twin", sample=10, seed=7)
    assert numbers(store, result.scenario) == found[0]
    # Without a seed one is drawn, and by it the sample can be drawn again.
    result = store.clone_scenario("s", sample=10)
    seed = int(result.how.rpartition(" ")[2])
    again = store.clone_scenario("s", sample=10, seed=seed)
    assert numbers(store, again.scenario) == numbers(store, result.scenario)


def drawn(rows: int, count: int, seed: int) -> list[int]:
    """The same once more in Python: whatever the version or machine, a seed draws this."""

    def mixed(place: int) -> int:
        x = (place * 2654435769 + seed) & 0xFFFFFFFF
        for more in (seed >> 32, 0, seed & 0xFFFFFFFF, 0):
            x = ((x ^ x >> 16) * 0x45D9F3B + more) & 0xFFFFFFFF
        return x ^ x >> 16

    order = sorted(range(1, rows + 1), key=lambda place: (mixed(place), place))
    ends = [(2 * count * number + rows) // (2 * rows) for number in range(rows + 1)]
    return sorted(order[n] - 1 for n in range(rows) if ends[n + 1] > ends[n])


def test_each_is_drawn_as_often() -> None:
    """Each of 20 is among 5 with a chance of a quarter, and with each other alike."""
    often: Counter[int] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE units (unit INTEGER PRIMARY KEY, draw INTEGER)")
        connection.executemany("INSERT INTO units (unit) VALUES (?)", [(n,) for n in range(20)])
        for seed in range(800):
            draw(connection, "units", seed)
            found = [
                number
                for (number,) in connection.execute(
                    "SELECT unit FROM (SELECT unit, row_number() OVER (ORDER BY draw) AS i"
                    f" FROM units) WHERE {evenly('i', 5, 20)} ORDER BY unit"
                )
            ]
            assert len(found) == 5
            often.update(found)
            pairs.update((a, b) for a in found for b in found if a < b)
    # Of 800 draws 200 are expected, with a standard deviation of 12; of a pair 42, with 6.3.
    assert len(often) == 20
    assert 151 < min(often.values()) <= max(often.values()) < 249
    assert len(pairs) == 190
    assert 13 < min(pairs.values()) <= max(pairs.values()) < 74


def test_a_sample_by_strata_has_their_shares(store: Store, source: Path) -> None:
    for seed in range(8):
        result = store.clone_scenario("s", sample=12, seed=seed, stratify="gender")
        genders = plainly(
            store.find(result.scenario), "SELECT gender, count(*) FROM owners GROUP BY 1"
        )
        assert dict(genders) == {"F": 3, "M": 9}
    # Of nothing too.
    store.update_entities("s", "owners", {"gender": None}, where="rowid % 4 = 2")
    result = store.clone_scenario("s", sample=20, seed=1, stratify="GENDER", entity_type="owner")
    found = dict(plainly(
        store.find(result.scenario), "SELECT gender, count(*) FROM owners GROUP BY 1"
    ))  # fmt: skip
    assert found == {"F": 5, "M": 10, None: 5}


def test_a_sample_of_the_chosen(store: Store, source: Path) -> None:
    only = "SELECT owner_id FROM owners WHERE gender = 'F'"
    result = store.clone_scenario("s", only=only, sample=4, seed=1)
    assert result.how == "4 of 40 owners by owner_id, seed 1"
    assert all(number % 4 == 0 for number in numbers(store, result.scenario))
    result = store.clone_scenario("s", sample=4, seed=1, entity_type="pets")
    assert (result.copied["pets"], result.not_taken["pets"]) == (4, 76)


# -- dealt -----------------------------------------------------------------------------------------


def test_a_split_deals_all(store: Store, source: Path) -> None:
    before = source.read_bytes()
    result = store.split_scenario("s", {"train": 75, "test": 25}, seed=3, stratify="gender")
    assert source.read_bytes() == before
    assert result.scenarios == ["s-train", "s-test"]
    train, test = (numbers(store, name) for name in result.scenarios)
    assert sorted([*train, *test]) == [*range(40)]
    assert (len(train), len(test)) == (30, 10)
    # Of the ten in four of a gender, to within one.
    assert sum(number % 4 == 0 for number in test) in (2, 3)
    assert result.parts["test"].copied == {"owners": 10, "pets": 20}
    assert result.to_dict()["parts"]["train"]["dealt"] == {"owners": 30}
    told = result.to_markdown()
    assert "Dealt: 30 owners to train; 10 owners to test, seed 3." in told
    assert "Together they have every entity of the source." in told
    for name in result.scenarios:
        assert store.check_scenario(name).ok
        assert store.scenario_info(name).parents == ("s",)
    (details,) = plainly(store.find("s-test"), "SELECT details FROM _log")[0]
    assert json.loads(details) == {
        "from": "s", "entity_type": "owners", "seed": 3, "stratify": "gender", "part": "test",
        "share": 25.0,
    }  # fmt: skip


def test_a_split_of_the_chosen_tells_the_others(store: Store, source: Path) -> None:
    only = "SELECT owner_id FROM owners WHERE gender = 'F'"
    shares = {"a": "33.3", "b": 33.3, "c": 33.4}
    result = store.split_scenario("s", shares, new_name="x", only=only, sample=9, seed=1)
    assert [part.copied["owners"] for part in result.parts.values()] == [3, 3, 3]
    assert result.not_taken == {"owners": 31, "pets": 62}
    assert "Left out of all parts: 31 owners, 62 pets." in result.to_markdown()


def test_those_that_hang_together_stay_together(store: Store) -> None:
    """Ten masters with three pupils each: a chain, so that it takes several steps to find."""
    rows = [
        owner(n, mentor_id=f"o{n - 1}" if n % 4 else None)
        for n in (*range(0, 40, 2), *range(1, 40, 2))
    ]
    store.persist({"owners": rows, "pets": PETS}, scenario="s")
    result = store.split_scenario("s", {"a": 50, "b": 50}, seed=5)
    parts = [numbers(store, name) for name in result.scenarios]
    assert [Counter(number // 4 for number in part) for part in parts] == [
        dict.fromkeys({number // 4 for number in part}, 4) for part in parts
    ]
    assert [len(part) for part in parts] == [20, 20]
    with pytest.raises(InvalidArgument) as error:
        store.split_scenario("s", {"a": 99, "b": 1}, new_name="t", seed=5)
    assert error.value.message == (
        "The part b would have none of the 40 owners, which hang together in 10 groups."
    )


def test_a_long_chain_is_found(store: Store) -> None:
    rows = [owner(n, mentor_id=f"o{n - 1}" if n % 400 else None) for n in range(1_200)]
    store.persist({"owners": rows}, scenario="s")
    result = store.split_scenario("s", {"a": 66, "b": 34}, seed=5)
    assert [part.copied["owners"] for part in result.parts.values()] == [800, 400]


# -- bad input -------------------------------------------------------------------------------------

ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT {} AS owner_id FROM n"
)

BAD: list[tuple[dict[str, Any], type[HealthsimStoreError], str, str | None]] = [
    # ids of another type, or of none
    ({"only": "SELECT pet_id AS owner_id FROM pets"}, InvalidArgument,
     "80 of the 80 values of only are no owner_id of owners, such as 'p0'.",
     "It is the pet_id of pets: select the ids that are meant, under their own name."),
    ({"only": "SELECT 'o1' AS owner_id UNION SELECT 'p1'"}, InvalidArgument,
     "1 of the 2 values of only are no owner_id of owners, such as 'p1'.", None),
    ({"only": "SELECT owner_id FROM owners", "entity_type": "pets"}, InvalidArgument,
     "40 of the 40 values of only are no pet_id of pets, such as 'o0'.", None),
    ({"only": "SELECT full_name FROM owners"}, InvalidArgument,
     "The values of only are ids of no entity type, such as 'Owner 0'.", None),
    ({"only": "SELECT full_name, born FROM owners"}, InvalidArgument,
     "only gives full_name, born: none is the id of an entity type.",
     "Select one of owner_id or pet_id."),
    # nothing
    ({"only": "SELECT owner_id FROM owners WHERE gender = 'U'"}, InvalidArgument,
     "Nothing is chosen: only gives no owner_id.", None),
    ({"only": "SELECT NULL AS owner_id"}, InvalidArgument, "Nothing is chosen", None),
    ({"only": ""}, QueryRefused, "gives no rows", None),
    # what no SELECT may do
    ({"only": "DELETE FROM owners"}, QueryRefused, "DELETE FROM", None),
    ({"only": "ATTACH 'other.db' AS o"}, QueryRefused, "ATTACH", None),
    ({"only": "SELECT readfile('/etc/passwd') AS owner_id"}, QueryError, "readfile", None),
    ({"only": "SELECT load_extension('x') AS owner_id"}, QueryRefused, "load_extension", None),
    ({"only": "SELECT owner_id FROM owners; SELECT 1"}, QueryRefused, "one statement", None),
    ({"only": ENDLESS.format("'o1'"), "timeout": 0.3}, QueryTimeout, "Stopped after 0.3", None),
    ({"only": ENDLESS.format("i")}, InvalidArgument, "are no owner_id of owners", None),
    ({"only": "SELECT owner_idd FROM owners"}, QueryError, "no such column",
     "Did you mean owner_id?"),
    ({"only": 7}, InvalidArgument, "only is 7.", None),
    # options that do not go together
    ({"only": "SELECT 1", "only_question": "heavy_pets"}, InvalidArgument, "not both", None),
    ({"params": {"a": 1}}, InvalidArgument, "params has no use without only", None),
    ({"seed": 7}, InvalidArgument, "seed has no use without sample.", None),
    ({"only": "SELECT 1", "stratify": "gender"}, InvalidArgument,
     "stratify has no use without sample.", None),
    ({"entity_type": "pets"}, InvalidArgument, "entity_type has no use", None),
    ({"only_question": "heavy_pets", "params": [1]}, InvalidArgument, "by name", None),
    # samples
    ({"sample": 0}, InvalidArgument, "sample is 0.", None),
    ({"sample": True}, InvalidArgument, "sample is True.", None),
    ({"sample": 41}, InvalidArgument, "A sample of 41 owners cannot be drawn from 40.",
     "Ask for at most 40."),
    ({"sample": 5, "seed": -1}, InvalidArgument, "seed is -1.", None),
    ({"sample": 5, "seed": 2**63}, InvalidArgument, "seed is", None),
    ({"sample": 5, "stratify": "gendre"}, InvalidArgument,
     "owners has no column 'gendre' to stratify by.", "Did you mean gender?"),
    ({"sample": 5, "entity_type": "petz"}, UnknownEntityType, "petz", None),
    ({"sample": 5, "timeout": 0}, InvalidArgument, "timeout is 0.", None),
    # names
    ({"sample": 5, "new_name": "taken"}, ScenarioExists, "taken", None),
    ({"sample": 5, "new_name": "///"}, InvalidName, "", None),
]  # fmt: skip


def unchanged(store: Store) -> dict[str, bytes]:
    """The store's files; nothing unfinished may lie there."""
    hidden = store.path / ".healthsim-store"
    assert [*hidden.glob("new-*"), *hidden.glob("together*")] == []
    return {path.name: path.read_bytes() for path in store.path.glob("*.db")}


@pytest.mark.parametrize(("given", "error", "message", "hint"), BAD)
def test_bad_input(
    store: Store, source: Path, given: dict[str, Any], error: type[HealthsimStoreError],
    message: str, hint: str | None,
) -> None:  # fmt: skip
    store.persist({"owners": OWNERS[:3]}, scenario="taken")
    before = unchanged(store)
    with pytest.raises(error) as raised:
        store.clone_scenario("s", **given)
    assert message in raised.value.message
    if hint is not None:
        assert raised.value.hint is not None
        assert hint in raised.value.hint
    assert unchanged(store) == before


SHARES: list[tuple[Any, dict[str, Any], type[HealthsimStoreError], str]] = [
    ({"train": 80, "test": 10}, {}, InvalidArgument, "The shares are 90 % together, not 100 %."),
    ({"train": 80, "test": 30.5}, {}, InvalidArgument, "The shares are 110.5 % together"),
    ({"all": 100}, {}, InvalidArgument, "A split has from 2 to 20 parts"),
    ({}, {}, InvalidArgument, "A split has from 2 to 20 parts"),
    ("train=80,test=20", {}, InvalidArgument, "A split has from 2 to 20 parts"),
    ({"a": 100, "b": 0}, {}, InvalidArgument, "The share of 'b' is 0."),
    ({"a": 120, "b": -20}, {}, InvalidArgument, "The share of 'a' is 120."),
    ({"a": "x", "b": 50}, {}, InvalidArgument, "The share of 'a' is 'x'."),
    ({"a": True, "b": 99}, {}, InvalidArgument, "The share of 'a' is True."),
    ({"a": "nan", "b": 50}, {}, InvalidArgument, "The share of 'a' is 'nan'."),
    ({"a": "0.00000001", "b": "99.99999999"}, {}, InvalidArgument, "more than 6 decimals"),
    ({"a": 50, "A": 50}, {}, InvalidArgument, "one name"),
    ({"a": 50, "a ": 50}, {}, InvalidArgument, "Two parts are called 'a'."),
    ({"train": 80, "taken": 20}, {}, ScenarioExists, "s-taken"),
    ({"a": 50, "b": 50}, {"new_name": "s/../x\0"}, InvalidName, ""),
    ({"a": 99, "b": 1}, {"sample": 5}, InvalidArgument,
     "The part b would have none of the 5 owners."),
    ({"a": 50, "b": 50}, {"stratify": "legz"}, InvalidArgument, "no column 'legz'"),
    ({"a": 50, "b": 50}, {"only": "SELECT nowhere FROM owners"}, QueryError, "no such column"),
]  # fmt: skip


@pytest.mark.parametrize(("shares", "given", "error", "message"), SHARES)
def test_bad_shares(
    store: Store, source: Path, shares: Any, given: dict[str, Any],
    error: type[HealthsimStoreError], message: str,
) -> None:  # fmt: skip
    store.persist({"owners": OWNERS[:3]}, scenario="s-taken")
    before = unchanged(store)
    with pytest.raises(error) as raised:
        store.split_scenario("s", shares, **given)
    assert message in raised.value.message
    assert unchanged(store) == before


def test_nothing_of_a_scenario_that_is_empty_or_not_there(store: Store, source: Path) -> None:
    store.remove_entities("s", "owners", where="1", with_children=True)
    with pytest.raises(InvalidArgument, match="the scenario has no entities"):
        store.clone_scenario("s", sample=1)
    with pytest.raises(InvalidArgument, match="There are no pets to choose from"):
        store.split_scenario("s", {"a": 50, "b": 50}, entity_type="pets")
    with pytest.raises(ScenarioNotFound):
        store.clone_scenario("nowhere", sample=1)


def test_a_name_taken_meanwhile_takes_all_back(
    store: Store, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give = Folder.give_name

    def slow(self: Folder, file: Path, name: str, **options: Any) -> Path:
        if name == "s-b":  # another one makes it at this moment
            (self.path / "s-b.db").write_bytes(b"")
        return give(self, file, name, **options)

    monkeypatch.setattr(Folder, "give_name", slow)
    with pytest.raises(ScenarioExists):
        store.split_scenario("s", {"a": 50, "b": 50}, seed=1)
    (store.path / "s-b.db").unlink()
    assert {*unchanged(store)} == {"s.db"}


def test_a_list_of_a_stranger_is_not_followed(store: Store, source: Path, tmp_path: Path) -> None:
    lists = store.path / ".healthsim-store" / together.LISTS
    outside = tmp_path / "outside.db"
    outside.write_bytes(b"x")
    hidden = store.path / ".healthsim-store" / "new-1-ab.db"
    for number, text in enumerate(
        ([[str(outside), "stolen"]], [["../s.db", "moved"]], [["new-1-ab.db", "../out"]], {"a": 1},
         "no list", [["new-1-ab.db"]])
    ):  # fmt: skip
        hidden.write_bytes(b"x")
        lists.mkdir(exist_ok=True)
        (lists / f"{number}.json").write_text(json.dumps(text))
        assert store.names() == ["s"]
        assert outside.read_bytes() == hidden.read_bytes() == b"x"


# -- the command line ------------------------------------------------------------------------------


def test_the_command_line(store: Store, source: Path, run: Run) -> None:
    done = run("clone", "s", "women", "--only", "SELECT owner_id FROM owners WHERE gender = :g",
               "-p", "g", "F", "--json")  # fmt: skip
    assert json.loads(done.stdout)["not_taken"] == {"owners": 30, "pets": 60}
    done = run("clone", "s", "few", "--sample", "8", "--seed", "7", "--stratify", "gender")
    assert "Chosen: 8 of 40 owners, seed 7." in done.stdout
    done = run("clone", "s", "--split", "train=75,test=25%", "--seed", "1", "--json")
    parts = json.loads(done.stdout)["parts"]
    assert {name: part["dealt"] for name, part in parts.items()} == {
        "train": {"owners": 30}, "test": {"owners": 10},
    }  # fmt: skip
    done = run("clone", "s", "--split", "train=75,train=25")
    assert "names a part twice" in done.stderr
    done = run("clone", "s", "--split", "train")
    assert "A split has from 2 to 20 parts" in done.stderr
    done = run("clone", "s", "--seed", "1")
    assert "--seed has no use without --sample." in done.stderr
    done = run("clone", "s", "--only-question", "heavy_pet")
    assert "Did you mean heavy_pets?" in done.stderr


def test_a_part_that_was_changed_is_merged_back(store: Store, source: Path) -> None:
    """What the part lacks is not removed, what was changed there is changed, nothing is doubled."""
    store.clone_scenario(
        "s", new_name="women", only="SELECT owner_id FROM owners WHERE gender = 'F'"
    )
    store.update_entities("women", "pets", {"weight": 99}, where="weight < 10")
    store.merge_scenarios(["women"], into="s", on_conflict="overwrite")
    counts = "SELECT (SELECT count(*) FROM owners), (SELECT count(*) FROM pets)"
    assert plainly(source, counts) == [(40, 80)]
    changed = plainly(source, "SELECT pet_id FROM pets WHERE weight = 99 ORDER BY rowid")
    assert [pet_id for (pet_id,) in changed] == ["p0", "p4", "p8"]
    assert store.check_scenario("s").ok
