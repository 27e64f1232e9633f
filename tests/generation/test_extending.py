"""Profiles that read the scenario that they add to: what comes of it, again and on, and errors."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

from healthsim_store import HealthsimStoreError, Store
from healthsim_store.exit_codes import ExitCode

OWNERS = """-- Owners without pets @counts owners @count 30

CREATE TABLE options (
  born DATE NOT NULL DEFAULT '1970-01-01' -- The day of birth
);

-- @for count
CREATE TABLE person (
  gender VARCHAR -- @choice F=3, M=1
);

-- @into owners
SELECT key || printf('%06d', n) AS owner_id, key || '-' || n AS tax_number, 'Owner ' || n AS name,
  gender, born
FROM person, run, options
ORDER BY n;
"""

PETS = """-- Pets for the owners of a scenario @counts pets
-- @from scenario owners(owner_id, gender, born) pets(pet_id, owner_id, weight)?

CREATE TABLE options (
  most INTEGER NOT NULL DEFAULT 3 CHECK (most BETWEEN 0 AND 9) -- Pets of one owner at most
);

-- Owners @for scenario
CREATE TABLE person AS
SELECT owner_id, gender, born, length(owner_id) % 2 + 2 AS toys
FROM owners WHERE born > '1900-01-01';

-- @for person @times 9
CREATE TABLE pet (
  luck REAL, -- @uniform 0, 1
  weight DECIMAL(4,1) -- @normal 8, 2, 1, 20
);

-- @into pets
SELECT 'x' || key || printf('%06d', n) || '-' || k AS pet_id, owner_id,
  iif(gender = 'F', 'cat', 'dog') AS species, pet.weight
FROM pet JOIN person USING (n), run, options
WHERE iif(wanted IS NULL, k <= most AND luck < 0.6,
  k <= n * wanted / count - (n - 1) * wanted / count)
ORDER BY n, k;
"""


@pytest.fixture
def owners(tmp_path: Path) -> str:
    (tmp_path / "owners.sql").write_text(OWNERS, "utf-8")
    return str(tmp_path / "owners.sql")


@pytest.fixture
def pets(tmp_path: Path) -> str:
    (tmp_path / "more-pets.sql").write_text(PETS, "utf-8")
    return str(tmp_path / "more-pets.sql")


@pytest.fixture
def base(store: Store, owners: str) -> str:
    return store.generate_scenario(owners, seed=1, into="base").scenario


def rows(store: Store, scenario: str, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(store.find(scenario))) as connection:
        return connection.execute(sql).fetchall()


def drawn(store: Store, scenario: str) -> dict[str, list[tuple[Any, ...]]]:
    """The pets of each owner, without their ids."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for owner, *values in rows(
        store, scenario, "SELECT owner_id, species, weight FROM pets ORDER BY rowid"
    ):
        found.setdefault(owner, []).append(tuple(values))
    return found


def change(path: str, old: str, new: str) -> None:
    text = Path(path).read_text("utf-8")
    assert old in text
    Path(path).write_text(text.replace(old, new), "utf-8")


def stop_at(limit: int) -> Any:
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        if done >= limit:
            raise KeyboardInterrupt

    return progress


# -- what is made ----------------------------------------------------------------------------


def test_a_profile_adds_to_what_is_there(store: Store, base: str, pets: str) -> None:
    before = rows(store, base, "SELECT * FROM owners")
    made = store.generate_scenario(pets, into=base, seed=5)
    assert set(made.inserted) == {"pets"}
    assert rows(store, base, "SELECT * FROM owners") == before
    assert rows(store, base, "SELECT count(*) FROM pets") == [(made.inserted["pets"],)]
    # 3 tries of 0.6 for each of 30 owners: 54, with a standard deviation of 4.6
    assert 36 <= made.inserted["pets"] <= 72
    mixed = rows(
        store, base, "SELECT DISTINCT gender, species FROM pets JOIN owners USING (owner_id)"
    )
    assert sorted(mixed) == [("F", "cat"), ("M", "dog")]
    assert [f for f in store.check_scenario(base).findings if f.level == "error"] == []
    ((details,),) = rows(store, base, "SELECT details FROM _log ORDER BY log_id DESC LIMIT 1")
    facts = json.loads(details)
    told = facts["base"]
    assert (told["scenario"], told["rows"], told["entities"]) == (
        base,
        {"owners": 30, "pets": 0},
        30,
    )
    assert told["scenario_id"] == store.scenario_info(base).scenario_id
    assert len(told["fingerprint"]) == 32
    assert (facts["count"], facts["first"], facts["last"]) == (None, 1, 30)


def test_the_same_whatever_the_batch(store: Store, owners: str, pets: str) -> None:
    found = []
    for number, batch in enumerate((1, 7, 499, 100_000)):
        name = f"s{number}"
        store.generate_scenario(owners, seed=1, count=520 if number else 60, into=name)
        store.generate_scenario(pets, seed=5, batch=batch, into=name)
        found.append(drawn(store, name))
    assert found[1] == found[2] == found[3]
    assert len(found[1]) > 400


def test_what_one_gets_depends_on_the_key_and_not_on_the_others(
    store: Store, base: str, pets: str
) -> None:
    store.clone_scenario(base, new_name="unlike")  # new ids: other values
    kept = {}
    for name in ("whole", "part"):
        batch = store.load_scenario(base)
        if name == "part":
            batch["owners"] = batch["owners"][7:]
        store.persist(batch, scenario=name)
        store.generate_scenario(pets, seed=5, into=name)
        kept[name] = drawn(store, name)
    store.generate_scenario(pets, seed=5, into="unlike")
    assert len(kept["part"]) > 10
    assert {owner: kept["whole"].get(owner) for owner in kept["part"]} == kept["part"]
    assert len(kept["whole"]) > len(kept["part"])
    assert list(drawn(store, "unlike").values()) != list(kept["whole"].values())


def test_a_count_is_spread_over_those_that_are_there(store: Store, base: str, pets: str) -> None:
    made = store.generate_scenario(pets, into=base, seed=5, count=20)
    assert (made.inserted, made.notes) == ({"pets": 20}, ())
    assert rows(store, base, "SELECT max(n) FROM (SELECT count(*) AS n FROM pets GROUP BY owner_id)") == [(1,)]  # fmt: skip # noqa: E501
    more = store.generate_scenario(pets, into=base, seed=6, count=300)
    assert more.inserted == {"pets": 270}  # 9 of each of 30 at most
    assert more.notes == ("270 pets were made, of 300: for 30 owners there can be no more.",)
    assert more.to_dict()["notes"] == list(more.notes)


def test_for_another_scenario(store: Store, base: str, owners: str, tmp_path: Path) -> None:
    """A profile that makes the owners again in a scenario of their own, by person."""
    path = tmp_path / "sisters.sql"
    path.write_text(
        "-- A sister of each @from scenario owners @counts owners\n\n-- @for scenario\n"
        "CREATE TABLE person AS SELECT owner_id, born FROM owners;\n\n-- @into owners\n"
        "SELECT 's' || key || n AS owner_id, 's' || key || n AS tax_number, 'Of ' || owner_id AS"
        " name, 'F' AS gender, born FROM person, run ORDER BY n;\n"
    )
    before = store.find(base).read_bytes()
    made = store.generate_scenario(str(path), for_scenario=base, seed=1)
    assert made.scenario.startswith("sisters")
    assert store.find(base).read_bytes() == before
    names = {name for (name,) in rows(store, made.scenario, "SELECT full_name FROM owners")}
    assert names == {f"Of {owner}" for (owner,) in rows(store, base, "SELECT owner_id FROM owners")}
    # The same again is known; --again makes it once more.
    assert store.generate_scenario(str(path), for_scenario=base, seed=1).first is None
    batches = list(store.generate(str(path), for_scenario=base, seed=1, batch=7))
    assert [len(batch["owners"]) for batch in batches] == [7, 7, 7, 7, 2]
    # It is made again from the scenario that it was made for, also under another name.
    store.rename_scenario(base, "moved")
    again = store.regenerate_scenario(made.scenario, profile=str(path))
    assert again.difference.empty
    store.remove_entities("moved", "owners", where="rowid = 3")
    with pytest.raises(
        HealthsimStoreError, match="base, for which it was made, was changed"
    ) as told:
        store.regenerate_scenario(made.scenario, profile=str(path))
    assert "30 owners then, 29 now" in told.value.message
    store.delete_scenario("moved")
    with pytest.raises(HealthsimStoreError, match="was made for base, which is no longer there"):
        store.regenerate_scenario(made.scenario, profile=str(path))
    assert store.names() == sorted([made.scenario, again.scenario])


def test_what_belongs_to_others_goes_where_they_are(store: Store, base: str, pets: str) -> None:
    with pytest.raises(HealthsimStoreError) as told:
        store.generate_scenario(pets, for_scenario=base, seed=5)
    assert told.value.code == "invalid_rows"
    assert str(told.value.hint).endswith(
        'If pets are of owners that stay in base, add them there: into="base".'
    )
    assert store.names() == [base]


def test_what_the_run_adds_is_not_what_it_reads(store: Store, base: str, pets: str) -> None:
    """The profile counts pets that are there: those of its own batches are not among them."""
    change(pets, "pet.weight\nFROM", "(SELECT count(*) FROM pets) + 1 AS weight\nFROM")
    store.generate_scenario(pets, into=base, seed=5, batch=3)
    assert rows(store, base, "SELECT DISTINCT weight FROM pets") == [(1.0,)]
    ((there,),) = rows(store, base, "SELECT count(*) FROM pets")
    store.generate_scenario(pets, into=base, seed=6, batch=3)
    assert rows(store, base, "SELECT DISTINCT weight FROM pets ORDER BY 1") == [
        (1.0,),
        (there + 1,),
    ]


# -- again, and on -----------------------------------------------------------------------------


def test_it_is_made_again_on_the_same_base(store: Store, base: str, owners: str, pets: str) -> None:
    store.generate_scenario(pets, into=base, seed=5, batch=4)
    store.generate_scenario(pets, into=base, seed=6, count=10)
    path = Path(store.path / "profiles")
    path.mkdir()
    for file in (owners, pets):
        (path / Path(file).name).write_text(Path(file).read_text())
    again = store.regenerate_scenario(base)
    assert again.difference.empty
    assert len(again.runs) == 3
    # Made again from the second one as well: it is its own base now.
    assert store.regenerate_scenario(again.scenario).difference.empty


def test_a_base_that_was_changed_by_hand_is_told(
    store: Store, base: str, owners: str, pets: str
) -> None:
    (store.path / "profiles").mkdir()
    for file in (owners, pets):
        (store.path / "profiles" / Path(file).name).write_text(Path(file).read_text())
    store.update_entities(base, "owners", {"born": "1980-01-01"}, where="rowid = 1")
    store.generate_scenario(pets, into=base, seed=5)
    with pytest.raises(
        HealthsimStoreError, match="what it read is not what the runs before"
    ) as told:
        store.regenerate_scenario(base)
    assert "the same numbers of owners and pets, other values" in told.value.message
    assert store.names() == [base]
    # What the profile does not read may change.
    store.generate_scenario(owners, seed=2, into="other")
    store.update_entities("other", "owners", {"name": "N"}, where="rowid = 1")
    store.generate_scenario(pets, into="other", seed=5)
    assert store.regenerate_scenario("other").difference.entity_types["owners"].changed == 1


def test_a_base_from_no_profile_cannot_be_made_again(store: Store, pets: str) -> None:
    store.persist(
        {"owners": [{"tax_number": "1", "name": "N", "born": "2000-01-01"}]}, scenario="by-hand"
    )
    store.generate_scenario(pets, into="by-hand", seed=5, options={"most": 9})
    with pytest.raises(
        HealthsimStoreError, match="was in by-hand already, which came from no profile"
    ):
        store.regenerate_scenario("by-hand", profile=pets)


def test_a_second_run_with_the_same_seed_is_the_same_or_refused(
    store: Store, base: str, owners: str, pets: str
) -> None:
    made = store.generate_scenario(pets, into=base, seed=5)
    before = store.find(base).read_bytes()
    twice = store.generate_scenario(pets, into=base, seed=5)
    assert (twice.first, twice.scenario) == (None, made.scenario)
    for given in ({"count": 10}, {"options": {"most": 9}}):
        with pytest.raises(
            HealthsimStoreError, match="with the seed 5 already, with another"
        ) as told:
            store.generate_scenario(pets, into=base, seed=5, **given)
        assert "Give another seed" in str(told.value.hint)
    assert store.find(base).read_bytes() == before
    store.generate_scenario(owners, seed=2, count=5, into=base)
    with pytest.raises(HealthsimStoreError, match="for owners and pets that have changed since"):
        store.generate_scenario(pets, into=base, seed=5)
    # Other seeds have other ids.
    store.generate_scenario(pets, into=base, seed=6)
    store.generate_scenario(pets, into=base)
    assert rows(store, base, "SELECT count(*) = count(DISTINCT pet_id) FROM pets") == [(1,)]


def test_what_was_undone_can_be_made_once_more(store: Store, base: str, pets: str) -> None:
    made = store.generate_scenario(pets, into=base, seed=5)
    store.undo(base)
    assert rows(store, base, "SELECT count(*) FROM pets") == [(0,)]
    assert store.generate_scenario(pets, into=base, seed=5).inserted == made.inserted


def test_what_was_interrupted_goes_on_to_the_same_end(
    store: Store, base: str, owners: str, pets: str
) -> None:
    store.generate_scenario(owners, seed=1, into="whole")
    store.generate_scenario(pets, seed=5, into="whole", batch=4)
    with pytest.raises(KeyboardInterrupt) as caught:
        store.generate_scenario(pets, seed=5, into=base, batch=4, progress=stop_at(8))
    (note,) = caught.value.__notes__
    assert note.startswith("pets for 8 of 30 owners are in base, in whole batches. Go on with:")
    assert f'generate_scenario("{pets}", seed=5' in note
    assert "count" not in note
    rest = store.generate_scenario(pets, into=base)
    assert (rest.first, rest.run["seed"]) == (9, 5)
    assert drawn(store, base) == drawn(store, "whole")
    assert rows(store, base, "SELECT pet_id FROM pets ORDER BY 1") == rows(
        store, "whole", "SELECT pet_id FROM pets ORDER BY 1"
    )


def test_the_rest_does_not_go_onto_a_base_that_has_changed(
    store: Store, base: str, pets: str
) -> None:
    with pytest.raises(KeyboardInterrupt):
        store.generate_scenario(pets, seed=5, into=base, batch=4, progress=stop_at(8))
    store.update_entities(base, "owners", {"born": "1980-01-01"}, where="rowid = 30")
    with pytest.raises(HealthsimStoreError, match="that have changed since") as told:
        store.generate_scenario(pets, into=base)
    assert "The rest would not fit" in str(told.value.hint)


# -- what is refused ---------------------------------------------------------------------------


def test_what_is_not_there_is_named_with_the_way_out(
    run: Run, store: Store, owners: str, pets: str, tmp_path: Path
) -> None:
    folder = tmp_path / "store" / "profiles"
    folder.mkdir(parents=True)
    for file in (owners, pets):
        (folder / Path(file).name).write_text(Path(file).read_text())
    for arguments, code, told in (
        (["more-pets"], ExitCode.USAGE,
         "more-pets needs owners that are there.\nGive the scenario that has them: --into to add"),
        (["more-pets", "--into", "nowhere"], ExitCode.NOT_FOUND,
         "There is no scenario 'nowhere', and more-pets needs owners that are there."),
        (["owners", "--for", "nowhere"], ExitCode.USAGE,
         "owners reads no scenario: what it makes is not for what is there.\nThese read one:"),
        (["more-pets", "--for", "nowhere"], ExitCode.NOT_FOUND, "There is no scenario"),
    ):  # fmt: skip
        done = run("generate", *arguments)
        assert done.returncode == code, done.stderr
        assert told in done.stderr
    assert json.loads(run("list", "--json").stdout) == []
    told = run("profiles", "more-pets").stdout
    assert "Needs a scenario with owners: give --into or --for. It also reads pets." in told
    assert "Counts" not in told
    listed = json.loads(run("profiles", "more-pets", "--json").stdout)
    assert (listed["needs"], listed["reads"], listed["count"]) == (
        ["owners"],
        ["owners", "pets"],
        None,
    )


def test_a_scenario_without_what_it_needs(store: Store, base: str, owners: str, pets: str) -> None:
    (store.path / "profiles").mkdir(exist_ok=True)
    (store.path / "profiles" / "owners.sql").write_text(OWNERS)
    store.remove_entities(base, "owners", where="1")
    before = store.find(base).read_bytes()
    with pytest.raises(HealthsimStoreError, match="needs owners, of which base has none") as told:
        store.generate_scenario(pets, into=base)
    assert told.value.hint == (
        "It has: nothing. Choose another scenario, or add them first:"
        ' generate_scenario("owners", into="base") adds owners.'
    )
    assert store.find(base).read_bytes() == before


def test_nobody_of_them_fits(store: Store, base: str, pets: str) -> None:
    change(pets, "born > '1900-01-01'", "born > '2020-01-01'")
    with pytest.raises(HealthsimStoreError, match="makes nothing for the owners of base") as told:
        store.generate_scenario(pets, into=base, seed=5)
    assert "It goes through 0 of them." in str(told.value.hint)


def test_a_profile_without_wanted_takes_no_count(store: Store, base: str, pets: str) -> None:
    change(
        pets,
        "iif(wanted IS NULL, k <= most AND luck < 0.6,\n "
        " k <= n * wanted / count - (n - 1) * wanted / count)",
        "k <= most",
    )
    with pytest.raises(HealthsimStoreError, match="more-pets takes no count") as told:
        store.generate_scenario(pets, into=base, count=3)
    assert told.value.hint == "It makes pets for all owners that it reads."
    assert store.generate_scenario(pets, into=base).inserted == {"pets": 90}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("scenario owners(owner_id, gender, born) ", "scenario ", "@from scenario pets"),
        ("@from scenario", "@from file", "@from file owners"),
        ("@from scenario", "@from scenario pets", "@from scenario pets owners"),
        ("gender, born)", "gender, brn)", "@from owners(brn): there is no such column"),
        ("owners(owner_id, gender, born)", "cats", "reads cats, which no product has"),
        ("@counts pets", "@counts pets @count 3", "@count does not go with @from"),
        ("-- Owners @for scenario", "-- Owners @for count", "a table needs its columns in"),
        ("-- Owners @for scenario", "-- Owners", "there is no sampled table of that name above"),
        ("CREATE TABLE person AS\nSELECT owner_id", "CREATE TABLE person AS\nSELECT gender",
         "person has gender 'F' twice"),
        ("SELECT owner_id, gender, born, length", "SELECT owner_id AS n, gender, born, length",
         "two columns are called n"),
        ("@for person @times 9", "@for person @total 2", "pet does not go with @from"),
        ("CREATE TABLE pet (", "CREATE TABLE pets (", "the name pets is taken"),
        ("-- @for person @times 9", "INSERT INTO owners VALUES ('x', 'F', '2000-01-01');\n\n"
         "-- @for person @times 9", "not authorized"),
        ("FROM owners WHERE born > '1900-01-01'", "FROM owners, sqlite_master",
         "person has owner_id"),
        ("length(owner_id) % 2 + 2", "random()", "not authorized to use function: random"),
        ("FROM pet JOIN person", "FROM main._log JOIN person", "no such table: main._log"),
    ],
)  # fmt: skip
def test_a_faulty_profile_is_told(
    store: Store, base: str, pets: str, old: str, new: str, message: str
) -> None:
    change(pets, old, new)
    before = store.find(base).read_bytes()
    with pytest.raises(HealthsimStoreError) as caught:
        store.generate_scenario(pets, into=base, seed=5)
    assert message in caught.value.message
    assert "more-pets.sql" in caught.value.message or "more-pets reads" in caught.value.message
    assert store.find(base).read_bytes() == before
