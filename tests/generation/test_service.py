"""Generating, from outside: a profile in a folder, its rows as plain sqlite3 sees them, errors."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, install
from deaths import wait_until_busy

from healthsim_store import HealthsimStoreError, Store
from healthsim_store.exit_codes import ExitCode
from healthsim_store.generation.faker_names import pool
from healthsim_store.generation.functions import luhn
from healthsim_store.generation.profile import Profile
from healthsim_store.generation.recipe import read_recipe
from healthsim_store.generation.run import Generation, default_batch
from healthsim_store.plugins import installed

KENNEL = """-- Owners and their pets @counts owners @count 40

CREATE TABLE options (
  as_of DATE NOT NULL DEFAULT '2025-12-31', -- The day on which ages are meant
  heavy REAL NOT NULL DEFAULT 1 CHECK (heavy BETWEEN 0.5 AND 2), -- Times the usual weight
  kind VARCHAR CHECK (kind IN ('cat', 'dog')) -- Only these
);

-- Known species
CREATE TABLE species (name VARCHAR, weight REAL);

INSERT INTO species VALUES ('cat', 3), ('dog', 1);

-- An owner @for count
CREATE TABLE person (
  gender VARCHAR, -- @choice F=3, M=1
  age INTEGER -- @normal 50, 10, 20, 80
);

-- @for person @total 5/2 @least 1
CREATE TABLE pet (
  species INTEGER, -- @pick species
  weight DECIMAL(4,1) -- @normal 8, 2, 1, 20
);

-- @into owners
SELECT key || printf('%06d', n) AS owner_id, key || '-' || n AS tax_number, 'Owner ' || n AS name,
  gender, date(as_of, '-' || age || ' years') AS dob
FROM person, run, options
ORDER BY n;

-- @into pets
SELECT key || printf('%06d', n) || '-' || k AS pet_id, key || printf('%06d', n) AS owner_id,
  coalesce(kind, species.name) AS species, round(pet.weight * heavy, 1) AS weight
FROM pet JOIN species ON species.rowid = pet.species, run, options
ORDER BY n, k;

-- Women @target 0.75
SELECT gender = 'F' FROM owners;

-- A pet of no weight @never
SELECT * FROM pets WHERE weight <= 0;
"""


@pytest.fixture
def kennel(tmp_path: Path) -> str:
    path = tmp_path / "kennel.sql"
    path.write_text(KENNEL, "utf-8")
    return str(path)


def rows(store: Store, scenario: str, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(store.find(scenario))) as connection:
        return connection.execute(sql).fetchall()


def joined(batches: Any) -> dict[str, list[Any]]:
    whole: dict[str, list[Any]] = {}
    for batch in batches:
        for name, found in batch.items():
            whole.setdefault(name, []).extend(found)
    return whole


def change(kennel: str, old: str, new: str) -> str:
    assert old in KENNEL
    Path(kennel).write_text(KENNEL.replace(old, new), "utf-8")
    return kennel


def failure(store: Store, *arguments: Any, **options: Any) -> HealthsimStoreError:
    with pytest.raises(HealthsimStoreError) as caught:
        for _ in store.generate(*arguments, **options):
            pass
    return caught.value


# -- what is made ----------------------------------------------------------------------------


def test_a_profile_makes_a_scenario(store: Store, kennel: str) -> None:
    told: list[int] = []
    result = store.generate_scenario(kennel, seed=7, progress=told.append)
    assert result.inserted == {"owners": 40, "pets": 100}  # 40 x 5/2, exactly
    assert (result.first, sum(told)) == (1, 40)
    assert "| Pets | 100 |" in result.summary.to_markdown()
    counted = rows(store, result.scenario, "SELECT count(*) FROM pets GROUP BY owner_id")
    assert len(counted) == 40
    assert min(counted) == (1,)
    assert len(set(counted)) > 1
    ((details,),) = rows(store, result.scenario, "SELECT details FROM _log")
    facts = json.loads(details)
    assert {name: facts[name] for name in ("profile", "seed", "count", "first", "last")} == {
        "profile": "kennel", "seed": 7, "count": 40, "first": 1, "last": 40,
    }  # fmt: skip
    assert facts["options"] == {"as_of": "2025-12-31", "heavy": 1.0, "kind": None}


@pytest.mark.parametrize("count", [1, 3, 500, 501, 1234])
def test_the_same_whatever_the_batch(store: Store, kennel: str, count: int) -> None:
    whole = joined(store.generate(kennel, count=count, seed=3, batch=100_000))
    assert len(whole["owners"]) == count
    assert len(whole["pets"]) == int(count * 2.5 + 0.5)
    for batch in (1, 7, 499) if count > 1 else (1,):
        assert joined(store.generate(kennel, count=count, seed=3, batch=batch)) == whole


def test_another_seed_makes_others_with_other_ids(store: Store, kennel: str) -> None:
    one, two = (joined(store.generate(kennel, seed=seed)) for seed in (1, 2))
    assert [row["gender"] for row in one["owners"]] != [row["gender"] for row in two["owners"]]
    assert not {row["owner_id"] for row in one["owners"]} & {
        row["owner_id"] for row in two["owners"]
    }
    # So both may be in one scenario.
    store.generate_scenario(kennel, seed=1, into="both")
    assert store.generate_scenario(kennel, seed=2, into="both").inserted["owners"] == 40
    assert rows(store, "both", "SELECT count(*) FROM owners") == [(80,)]


def test_known_values_stay_what_they_are(store: Store, kennel: str) -> None:
    """What a release makes of a seed, the next one makes too, on every machine."""
    first = next(store.generate(kennel, seed=7))
    assert [(row["gender"], row["dob"]) for row in first["owners"][:4]] == KNOWN_OWNERS
    assert [(row["species"], row["weight"]) for row in first["pets"][:5]] == KNOWN_PETS


KNOWN_OWNERS = [("F", "1976-12-31"), ("F", "1981-12-31"), ("F", "1959-12-31"), ("F", "1985-12-31")]
KNOWN_PETS = [("dog", 8.4), ("dog", 6.8), ("dog", 8.4), ("cat", 10.6), ("dog", 6.0)]


def test_options_are_typed_and_reach_the_sql(store: Store, kennel: str) -> None:
    usual = joined(store.generate(kennel, seed=1))["pets"]
    heavy = joined(store.generate(kennel, seed=1, heavy="2", kind="dog"))["pets"]
    assert {row["species"] for row in heavy} == {"dog"}
    assert [row["weight"] for row in heavy] == [round(row["weight"] * 2, 1) for row in usual]


def test_python_gives_batches_that_persist_takes(store: Store, kennel: str) -> None:
    sizes = []
    for batch in store.generate(kennel, count=120, seed=1, batch=50):
        sizes.append(len(batch["owners"]))
        store.persist(batch, scenario="by-hand")
    assert sizes == [50, 50, 20]
    assert rows(store, "by-hand", "SELECT count(*) FROM pets") == [(300,)]


def test_large_runs_have_larger_batches() -> None:
    assert [default_batch(n) for n in (1, 200, 2_000, 100_000, 10**7)] == [50, 50, 100, 2000, 2000]


def test_grandchildren_options_and_tables_decide_how_many(store: Store, tmp_path: Path) -> None:
    (tmp_path / "deep.sql").write_text(
        """-- Deep @counts owners

CREATE TABLE options (
  toys BOOLEAN NOT NULL DEFAULT 0 -- Make toys
);

CREATE TABLE colours (name VARCHAR);

INSERT INTO colours VALUES ('red'), ('blue'), ('green');

-- @for count
CREATE TABLE person (
  pets INTEGER -- @uniform 0, 4
);

-- @for person @times 1
CREATE TABLE trait (
  wealth REAL -- @uniform 0, 1
);

-- @for person @times pets
CREATE TABLE pet (
  toys INTEGER -- @choice 2
);

-- @for pet @times toys @when toys
CREATE TABLE toy (
  colour INTEGER -- @pick colours
);

-- @for person @times colours
CREATE TABLE shirt (
  worn BOOLEAN -- @chance 0.5
);

-- @for person @total 3 @weight trait.wealth
CREATE TABLE coin (
  worth INTEGER -- @uniform 1, 100
);

-- @into owners
SELECT n AS owner_id, n AS tax_number, person.pets || '/' || (SELECT count(*) FROM pet AS p
    WHERE p.n = person.n) || '/' || (SELECT count(*) FROM toy AS t WHERE t.n = person.n AND
    t.parent <= person.pets) || '/' || (SELECT count(*) FROM shirt AS s WHERE s.n = person.n)
    || '/' || (SELECT count(*) FROM coin AS c WHERE c.n = person.n) AS name,
  '2000-01-01' AS born
FROM person ORDER BY n;
"""
    )
    path = str(tmp_path / "deep.sql")
    for toys in (0, 1):
        found = joined(store.generate(path, count=300, seed=5, batch=11, toys=toys))["owners"]
        numbers = [tuple(map(int, row["name"].split("/"))) for row in found]
        assert {pets for pets, *_ in numbers} == {0, 1, 2, 3, 4}
        for declared, pets, toy, shirts, _ in numbers:
            assert (pets, toy, shirts) == (declared, 2 * pets * toys, 3)
        assert sum(coins for *_, coins in numbers) == 900


def test_names_and_csv_come_from_beside(store: Store, tmp_path: Path) -> None:
    (tmp_path / "towns.csv").write_text("town,zip\nArcata,01234\nFresno,93650\n")
    path = tmp_path / "towns.sql"
    path.write_text(
        """-- Towns @counts owners @count 60 @include _part.sql

-- @csv towns.csv
CREATE TABLE towns (zip VARCHAR, town VARCHAR);

-- @names last_name en_US
CREATE TABLE families (name VARCHAR);

-- @into owners
SELECT n AS owner_id, zip AS tax_number, families.name || ' of ' || towns.town AS name,
  '2000-01-01' AS born
FROM person
JOIN towns ON towns.rowid = person.town
JOIN families ON families.rowid = family
ORDER BY n;
"""
    )
    (tmp_path / "_part.sql").write_text(
        """-- A part

-- @for count
CREATE TABLE person (
  town INTEGER, -- @pick towns
  family INTEGER -- @pick families
);
"""
    )
    found = joined(store.generate(str(path), seed=1))["owners"]
    assert {row["tax_number"] for row in found} == {"01234", "93650"}
    assert {row["name"].partition(" of ")[2] for row in found} == {"Arcata", "Fresno"}
    assert len({row["name"] for row in found}) > 30
    result = store.generate_scenario(str(path), seed=1, count=1)
    assert len(result.run["names"]) == 12


def test_the_library_gives_the_same_names_as_ever() -> None:
    """If this fails, a new version of Faker has other names, and old seeds make other people."""
    first = {kind: pool(kind, where="here")[:3] for kind in (
        "first_name_female en_US", "first_name_male en_US", "last_name en_US", "last_name es_MX"
    )}  # fmt: skip
    assert first == {
        "first_name_female en_US": ("Amanda", "Tiffany", "Lisa"),
        "first_name_male en_US": ("Jeremy", "Nicholas", "Daniel"),
        "last_name en_US": ("Walter", "Graham", "Winters"),
        "last_name es_MX": ("Romero", "de la Rosa", "Almanza"),
    }
    for wrong in ("last_nam en_US", "last_name xx_XX", "_secret en_US", "seed_instance() en_US"):
        with pytest.raises(HealthsimStoreError, match="here: @names"):
            pool(wrong, where="here")


def test_luhn_is_what_the_standard_says() -> None:
    assert luhn("7992739871") == "79927398713"  # the example of ISO/IEC 7812-1
    assert luhn("80840123456789")[-1] == "3"  # the NPI of CMS's own example, 1234567893


# -- again, and on -----------------------------------------------------------------------------


def test_a_scenario_is_made_again_from_its_log(store: Store, kennel: str, tmp_path: Path) -> None:
    made = store.generate_scenario(kennel, seed=7, count=120, batch=50, options={"heavy": "2"})
    store.generate_scenario(kennel, seed=8, into=made.scenario)
    again = store.regenerate_scenario(made.scenario, profile=kennel)
    assert again.scenario == f"{made.scenario}-again"
    assert again.difference.empty
    for format in ("csv", "parquet"):
        folders = [tmp_path / format / name for name in ("one", "two")]
        for folder, name in zip(folders, (made.scenario, again.scenario), strict=True):
            store.export_scenario(name, format=format, to=folder)
        for file in (f"owners.{format}", f"pets.{format}"):
            assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes()
    # What was changed by hand is told.
    store.persist(
        {"owners": [{"tax_number": "new", "name": "N", "born": "2000-01-01"}]},
        scenario=made.scenario,
    )
    third = store.regenerate_scenario(made.scenario, profile=kennel, new_name="third")
    assert third.difference.entity_types["owners"].removed == 1


def test_what_was_not_generated_or_has_changed_is_not_made_again(store: Store, kennel: str) -> None:
    store.persist(
        {"owners": [{"tax_number": "1", "name": "N", "born": "2000-01-01"}]}, scenario="by-hand"
    )
    with pytest.raises(HealthsimStoreError, match="by-hand was not generated") as caught:
        store.regenerate_scenario("by-hand")
    assert caught.value.hint == "Its log has: persist."
    made = store.generate_scenario(kennel, seed=7)
    store.clone_scenario(made.scenario, new_name="copied")
    with pytest.raises(HealthsimStoreError, match="was not generated") as caught:
        store.regenerate_scenario("copied")
    assert made.scenario in str(caught.value.hint)
    change(kennel, "F=3", "F=2")
    with pytest.raises(HealthsimStoreError, match=r"no longer what it was: version .* statements"):
        store.regenerate_scenario(made.scenario, profile=kennel)
    assert store.names() == sorted(["by-hand", "copied", made.scenario])


def test_the_same_run_twice_adds_nothing(store: Store, kennel: str) -> None:
    made = store.generate_scenario(kennel, seed=7, into="kennel")
    before = store.find("kennel").read_bytes()
    twice = store.generate_scenario(kennel, seed=7, into="kennel")
    assert (twice.first, dict(twice.inserted), twice.scenario) == (None, {}, made.scenario)
    assert store.find("kennel").read_bytes() == before


def stop_at(limit: int) -> Any:
    """A progress callback that stops the run after so many."""
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        if done >= limit:
            raise KeyboardInterrupt

    return progress


def test_what_was_interrupted_goes_on_to_the_same_end(store: Store, kennel: str) -> None:
    whole = joined(store.generate(kennel, count=200, seed=9))
    with pytest.raises(KeyboardInterrupt) as caught:
        store.generate_scenario(
            kennel, count=200, seed=9, batch=30, into="half", options={"heavy": 1},
            progress=stop_at(60),
        )  # fmt: skip
    (note,) = caught.value.__notes__
    assert note.startswith("60 of 200 owners are in half, in whole batches. Go on with:")
    assert f'generate_scenario("{kennel}", count=200, seed=9' in note
    assert note.endswith('into="half")')
    assert rows(store, "half", "SELECT count(*) FROM owners") == [(60,)]
    rest = store.generate_scenario(kennel, count=200, seed=9, into="half")
    assert rest.first == 61
    ids = [owner_id for (owner_id,) in rows(store, "half", "SELECT owner_id FROM owners")]
    assert ids == [row["owner_id"] for row in whole["owners"]]
    assert rows(store, "half", "SELECT count(*) FROM pets") == [(500,)]


def test_batches_of_which_nothing_is_made_are_no_error(store: Store, kennel: str) -> None:
    change(kennel, "FROM person, run, options\n", "FROM person, run, options\nWHERE n % 70 = 0\n")
    Path(kennel).write_text(
        Path(kennel).read_text().replace("run, options\nORDER BY n, k", "run, options\n"
                                         "WHERE n % 70 = 0 ORDER BY n, k")
    )  # fmt: skip
    made = store.generate_scenario(kennel, count=200, seed=1, batch=50, into="few")
    assert made.inserted["owners"] == 2
    logged = rows(store, "few", "SELECT details FROM _log")
    assert [(json.loads(d)["first"], json.loads(d)["last"]) for (d,) in logged] == [
        (1, 100), (101, 150),
    ]  # fmt: skip
    assert store.generate_scenario(kennel, count=200, seed=1, into="few").first is None
    with pytest.raises(HealthsimStoreError, match="makes nothing of a count of 60"):
        store.generate_scenario(kennel, count=60, seed=1, into="none")
    assert store.names() == ["few"]


def test_a_run_goes_on_without_its_seed_and_after_an_upgrade(store: Store, kennel: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        store.generate_scenario(
            kennel, count=200, seed=9, batch=30, into="half", progress=stop_at(60)
        )
    with contextlib.closing(sqlite3.connect(store.find("half"))) as connection:
        connection.execute("UPDATE _log SET details = json_set(details, '$.version', '0.0.1')")
        connection.commit()
    rest = store.generate_scenario(kennel, count=200, into="half")
    assert (rest.first, rest.run["seed"]) == (61, 9)
    assert rows(store, "half", "SELECT count(*) FROM owners") == [(200,)]
    assert store.generate_scenario(kennel, count=200, seed=9, into="half").first is None
    assert store.regenerate_scenario("half", profile=kennel).difference.empty


def test_a_scenario_that_goes_away_meanwhile_is_not_made_twice(store: Store, kennel: str) -> None:
    def rename(_: int) -> None:
        store.rename_scenario("mid", "moved")

    with pytest.raises(HealthsimStoreError, match="mid is no longer there") as caught:
        store.generate_scenario(kennel, count=90, seed=9, batch=30, into="mid", progress=rename)
    assert "30 of 90 owners are in mid" in str(caught.value)
    assert store.names() == ["moved"]


def test_what_a_user_wrote_about_a_scenario_stays(store: Store, kennel: str) -> None:
    store.persist(
        {"owners": [{"tax_number": "1", "name": "N", "born": "2000-01-01"}]},
        scenario="ward", description="My own words",
    )  # fmt: skip
    store.generate_scenario(kennel, seed=1, into="ward")
    assert store.scenario_info("ward").description == "My own words"
    made = store.generate_scenario(kennel, seed=1, into="other")
    assert store.scenario_info(made.scenario).description == "Owners and their pets"


def test_a_profile_under_another_name_is_known_again(store: Store, kennel: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        store.generate_scenario(
            kennel, count=200, seed=9, batch=30, into="half", progress=stop_at(60)
        )
    renamed = Path(kennel).rename(Path(kennel).with_name("cattery.sql"))
    with pytest.raises(HealthsimStoreError, match="this profile under another name"):
        store.generate_scenario(str(renamed), count=200, seed=9, into="half")
    assert store.regenerate_scenario("half", profile=str(renamed)).difference.empty


def test_an_interrupted_regenerate_leaves_nothing(store: Store, kennel: str) -> None:
    made = store.generate_scenario(kennel, count=200, seed=9)
    with pytest.raises(KeyboardInterrupt):
        store.regenerate_scenario(made.scenario, profile=kennel, progress=stop_at(50))
    assert store.names() == [made.scenario]


def test_a_log_that_says_generate_for_something_else_is_no_run(store: Store) -> None:
    row = {"tax_number": "1", "name": "N", "born": "2000-01-01"}
    store.persist({"owners": [row]}, scenario="odd", operation="generate")
    with pytest.raises(HealthsimStoreError, match="odd was not generated"):
        store.regenerate_scenario("odd")


def test_batches_may_be_taken_in_another_thread(store: Store, kennel: str) -> None:
    batches = store.generate(kennel, count=100, seed=1, batch=50)
    next(batches)
    with ThreadPoolExecutor() as pool:
        assert len(pool.submit(next, batches).result()["owners"]) == 50


def test_half_a_run_of_a_profile_that_has_changed_does_not_go_on(store: Store, kennel: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        store.generate_scenario(
            kennel, count=200, seed=9, batch=30, into="half", progress=stop_at(60)
        )
    change(kennel, "F=3", "F=2")
    with pytest.raises(HealthsimStoreError, match=r"half has 60 of 200 from kennel .* changed"):
        store.generate_scenario(kennel, count=200, seed=9, into="half")


def owners_in(file: Path) -> int:
    """How many owners a scenario has by now; none while it is not there."""
    if not file.exists():
        return 0
    with contextlib.closing(sqlite3.connect(file)) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM owners")
    return int(count)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_process_leaves_whole_batches_and_goes_on(
    tmp_path: Path, kennel: str, run: Run, toy_folder: Path, how: signal.Signals
) -> None:
    command = ["generate", kennel, "--count", "20000", "--seed", "4", "--batch", "50"]
    environment = os.environ | {
        "HEALTHSIM_STORE_DIR": str(tmp_path / "store"), "PYTHONPATH": str(toy_folder),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "healthsim_store", *command, "--into", "stopped"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    file = tmp_path / "store" / "stopped.db"
    deadline = time.monotonic() + 60
    while owners_in(file) <= 50:  # until it has more than the first batch
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(how)
    _, told = process.communicate(timeout=60)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        ((owners,),) = connection.execute("SELECT count(*) FROM owners")
        ((pets,),) = connection.execute("SELECT count(*) FROM pets")
        ((lonely,),) = connection.execute(
            "SELECT count(*) FROM owners WHERE owner_id NOT IN (SELECT owner_id FROM pets)"
        )
    assert 0 < owners < 20_000
    assert owners % 50 == 0
    assert lonely == 0
    assert pets > owners
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert told.strip().startswith("Interrupted: ")
        assert "of 20,000 owners are in stopped, in whole batches. Go on with:" in told
        assert f"generate {kennel} --count 20000 --seed 4 --set as_of=2025-12-31" in told
        command = told.strip().rpartition("healthsim-store ")[2].split()[:-2]
    done = run(*command, "--into", "stopped")
    assert done.returncode == 0, done.stderr
    assert "| Pets | 50,000 |" in done.stdout
    assert run("check", "stopped").returncode == 0


# -- where profiles come from -------------------------------------------------------------------


def test_a_profile_dropped_in_the_store_is_found_by_name(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "store" / "profiles"
    folder.mkdir(parents=True)
    (folder / "kennel.sql").write_text(KENNEL)
    (folder / "_part.sql").write_text("-- A part is no profile\n")
    (folder / "broken.sql").write_text("-- Broken @counts owners\n\nDROP TABLE x;\n")
    told = run("profiles")
    assert "| kennel " in told.stdout
    assert "_part" not in told.stdout
    assert "broken.sql, line 3: this does not belong in a profile" in told.stdout
    told = run("profiles", "kennel")
    assert "Owners and their pets" in told.stdout
    assert "Counts owners, 40 by default." in told.stdout
    assert "| heavy    | REAL    | 1          | heavy BETWEEN 0.5 AND 2 |" in told.stdout
    done = run("generate", "kennel", "--count", "10", "--seed", "7", "--tag", "toy")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('Saved "kennel-')
    assert "(seed 7)" in done.stdout
    assert "| Owners | 10 |" in done.stdout
    again = run("regenerate", "kennel")
    assert "It is the same, entity by entity." in again.stdout
    assert run("list", "--tag", "toy").stdout.count("kennel-") == 2
    once = json.loads(run("generate", "kennel", "--seed", "3", "--into", "j", "--json").stdout)
    assert once["inserted"] == {"owners": 40, "pets": 100}
    assert json.loads(run("profiles", "kennel", "--json").stdout)["options"][0]["name"] == "as_of"


def test_a_plugin_brings_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy: None
) -> None:
    code = (
        "from healthsim_store import Profile, hookimpl\n\n@hookimpl\n"
        "def healthsim_store_profiles():\n    return Profile.all_from_package(__name__)\n"
    )
    part = KENNEL.replace("@count 40", "@count 40 @include _species.sql")
    start, end = part.index("-- Known species"), part.index("-- An owner")
    files = {
        "__init__.py": code,
        "profiles/kennel.sql": (whole := part[:start] + part[end:]),
        "profiles/_species.sql": part[start:end],
    }
    install(tmp_path / "site", "kennels", files, version="2.1")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    installed.cache_clear()
    with Store(tmp_path / "s") as store:
        (tmp_path / "s" / "profiles").mkdir(parents=True)
        # A file may not stand in for a plugin's profile.
        (tmp_path / "s" / "profiles" / "kennel.sql").write_text("-- nothing\n")
        result = store.generate_scenario("kennel", seed=1)
        assert result.run["version"] == "2.1"
        assert result.inserted["pets"] == 100
        # A stranger's file may include a plugin's part, and nothing that is not one.
        path = tmp_path / "mine.sql"
        path.write_text(whole.replace("_species.sql", "kennels/_species.sql"))
        assert "pets" in next(store.generate(str(path), seed=1))
        for name in ("../s/x.sql", "os/path.py", "kennels/../__init__.py", "not.there/x.sql"):
            path.write_text(whole.replace("_species.sql", name))
            assert "is not there" in failure(store, str(path)).message
    install(tmp_path / "more", "kennels_too", files | {"__init__.py": code})
    monkeypatch.syspath_prepend(str(tmp_path / "more"))
    importlib.invalidate_caches()
    installed.cache_clear()
    problems = {p.name: str(p.problem) for p in installed().plugins if p.problem}
    assert problems.keys() == {"kennels", "kennels_too"}
    assert problems["kennels"].startswith("claims the profile kennel, as kennels_too does")


# -- what is refused ---------------------------------------------------------------------------


def test_unknown_profiles_and_options_are_told_with_the_nearest(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "store" / "profiles"
    folder.mkdir(parents=True)
    (folder / "kennel.sql").write_text(KENNEL)
    for arguments, told in (
        (["kenel"], "There is no profile 'kenel'.\nDid you mean kennel?"),
        (["./nothing.sql"], "There is no file './nothing.sql'."),
        (["kennel", "--set", "hevy=1"], "kennel has no option 'hevy'.\nDid you mean heavy?"),
        (["kennel", "--set", "heavy=3"], "is '3'.\nIt must hold that heavy BETWEEN 0.5 AND 2."),
        (["kennel", "--set", "as_of=soon"], "is 'soon'.\nIt must be a date that exists"),
        (["kennel", "--set", "kind=cow"], "is 'cow'.\nIt must be one of cat, dog."),
        (["kennel", "--set", "as_of="], "kennel needs the option as_of: The day on which"),
        (["kennel", "--set", "heavy"], "--set heavy: no value."),
        (["kennel", "--count", "0"], "count is 0.\nGive a whole number from 1 to 10,000,000."),
        (["kennel", "--count", "-5"], "count is -5."),
        (["kennel", "--count", "99999999999"], "count is 99999999999."),
        (["kennel", "--batch", "0"], "batch is 0.\nGive a whole number from 1 to 100,000."),
        (["kennel", "--seed", "-1"], "seed is -1."),
    ):
        done = run("generate", *arguments)
        no_such = told.startswith("There is no")
        assert done.returncode == (ExitCode.NOT_FOUND if no_such else ExitCode.USAGE), arguments
        assert told in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
    assert json.loads(run("list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("@choice F=3, M=1", "@choice F=3, M=x",
         "kennel.sql, line 15, person.gender: @choice F=3, M=x: x is not a number", "@choice HMO"),
        ("@choice F=3, M=1", "@chioce F=3, M=1",
         "kennel.sql, line 15, person.gender: unknown marker @chioce", "@choice"),
        ("gender VARCHAR, -- @choice F=3, M=1", "gender VARCHAR,",
         "line 15, person.gender: a column needs one distribution, not 0", "@choice HMO"),
        ("@pick species", "@pick spicies", "line 21: no such table: spicies", None),
        ("INSERT INTO species VALUES ('cat', 3), ('dog', 1);", "",
         "line 21: @pick species: the table is empty", None),
        ("('cat', 3), ('dog', 1)", "('cat', -3), ('dog', 1)",
         "line 21: @pick species: a weight is not a number from 0 on", None),
        ("@total 5/2", "@total many", "line 21: @total many", "3, 2.5 or 425/150"),
        ("@total 5/2 @least 1", "@total 2 @least 3", "@least 3 is more than @total 2", None),
        ("@total 5/2 @least 1", "@total 2 @weight agee",
         "@weight agee is no column of numbers of person", "Did you mean age"),
        ("@total 5/2 @least 1", "", "does not say how many rows each person has", "@times 12"),
        ("@total 5/2 @least 1", "@times lots",
         "@times lots: neither a number, nor a column of person, nor a table", None),
        ("@for person @total", "@for persn @total",
         "@for persn: there is no sampled table of that name above", "Did you mean person?"),
        ("@total 5/2", "@when cats @total 5/2", "@when cats: there is no such option", None),
        ("@for count", "@for person", "@for person: there is no sampled table", None),
        ("@into pets", "@into owners", "a second SELECT into owners", "UNION ALL"),
        ("-- @into pets", "-- Pets", "a SELECT needs one of @into, @target and @never", None),
        ("@target 0.75", "@target most", "@target most", "A number"),
        ("pet.weight * heavy", "pet.wieght * heavy", "line 33: no such column: pet.wieght", None),
        ("pet.weight * heavy", '"wieght" * heavy', "line 33: no such column: wieght", None),
        ("printf('%06d', n) || '-'", "random() || '-'",
         "line 33: not authorized to use function: random", None),
        ("printf('%06d', n) || '-'", "luhn('x') || '-'", "line 33: invalid literal for int",
         None),
        ("@counts owners", "@counts dogs", "@counts dogs, which no SELECT is @into", "owners"),
        ("'Owner ' || n AS name,", "'Owner ' || n AS name, n AS name,",
         "two columns are called name", None),
        ("@for count", "@for count @times 3", "@times does not belong here", "Allowed here: @for."),
        ("@total 5/2 @least 1", "@times 2 @least 1", "@least does not belong here", "@times"),
        ("@total 5/2 @least 1", "@times 99999", "@times 99999", "A number from 1 to 10,000"),
        ("@total 5/2 @least 1", "@times person", "a sampled table has no rows yet", None),
        ("@total 5/2", "@total 1e9", "@total 1e9", "at most 10,000"),
        ("CREATE TABLE species (", "CREATE TABLE person (", "the name person is taken", None),
        ("-- Women @target 0.75", "-- A pet of no weight @target 0.75",
         "a second @target or @never called A pet of no weight", None),
        ("date(as_of, '-'", "date('now', '-'", "today's date is not there", "options"),
        ("date(as_of, '-'", "date(current_date, '-'", "today's date is not there", "options"),
        ("heavy REAL", "seed REAL", "an option cannot be called seed", "Taken: batch, count"),
        ("BETWEEN 0.5 AND 2)", "> kind)", "the option heavy: no such column: kind", "A DEFAULT"),
        ("DEFAULT 1 CHECK", "DEFAULT (random()) CHECK", "the option heavy: not authorized", None),
        ("@normal 50, 10, 20, 80", "@uniform 0, 1e30", "1e30 is too large", "@uniform 0, 1"),
        ("@counts owners @count 40", "", "does not say what is made and counted", "@counts"),
        ("@count 40", "@count none", "@count none", "A number from 1"),
        ("age INTEGER -- @normal", "n INTEGER -- @normal", "every sampled table has n", None),
        ("as_of DATE", "as_of DAET", "option as_of: unknown type DAET", "Known:"),
        ("weight REAL);", "weight REAL) WITHOUT ROWID;", "not understood: CREATE TABLE species",
         "WITHOUT ROWID"),
    ],
)  # fmt: skip
def test_a_faulty_profile_is_told_with_file_and_line(
    store: Store, kennel: str, old: str, new: str, message: str, hint: str | None
) -> None:
    error = failure(store, change(kennel, old, new), seed=1)
    assert error.code == "invalid_declaration"
    assert message in error.message
    assert (hint or "") in (error.hint or "")
    assert store.names() == []


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH '{0}/x.db' AS x;",
        "CREATE VIRTUAL TABLE f USING fts5(a);",
        "PRAGMA writable_schema = 1;",
        "INSERT INTO species SELECT load_extension('x'), 1;",
        "INSERT INTO species SELECT readfile('/etc/passwd'), 1;",
        "CREATE TABLE y AS SELECT fts3_tokenizer('simple');",
        "INSERT INTO run VALUES ('x', 1, 1, 1, 1);",
        "INSERT INTO options SELECT * FROM options;",
        "CREATE TRIGGER t AFTER INSERT ON species BEGIN SELECT 1; END;",
        "WITH x AS (SELECT 1) DELETE FROM run;",
    ],
)
def test_a_strangers_profile_only_computes(
    store: Store, kennel: str, statement: str, tmp_path: Path
) -> None:
    text = statement.format(tmp_path)
    error = failure(store, change(kennel, "-- An owner", f"{text}\n\n-- An owner"), seed=1)
    assert error.code == "invalid_declaration"
    assert not (tmp_path / "x.db").exists()


def test_a_statement_without_end_can_be_interrupted(tmp_path: Path, kennel: str, run: Run) -> None:
    change(
        kennel, "-- An owner",
        "CREATE TABLE e AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)\n"
        "SELECT count(*) AS n FROM c;\n\n-- An owner",
    )  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "healthsim_store", "generate", kennel],
        stderr=subprocess.PIPE, text=True,
        env=os.environ | {"HEALTHSIM_STORE_DIR": str(tmp_path / "store")},
    )  # fmt: skip
    wait_until_busy(process.pid, 3)  # its start takes less
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told.strip()) == (130, "Interrupted: nothing was changed.")


def test_a_file_as_an_editor_or_a_spreadsheet_saves_it(store: Store, tmp_path: Path) -> None:
    text = KENNEL.replace(
        "-- Known species\nCREATE TABLE species (name VARCHAR, weight REAL);",
        "-- Known species @csv species.csv\nCREATE TABLE species (name VARCHAR, weight REAL);",
    ).replace("INSERT INTO species VALUES ('cat', 3), ('dog', 1);\n", "")
    (tmp_path / "kennel.sql").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    (tmp_path / "species.csv").write_bytes(b"\xef\xbb\xbfname,weight\r\ncat,3\r\ndog,1\r\n")
    path = str(tmp_path / "kennel.sql")
    assert len(joined(store.generate(path, seed=1))["pets"]) == 100
    for content, told in (
        ("name,weight\ncat\n", "species.csv, line 2: not as many fields as the header has"),
        ("name,weight\ncat,3,4\n", "species.csv, line 2: not as many fields as the header has"),
        ('name,weight\n"cat,3\n', ": unexpected end of data"),
        ("name,weight\ncat,much\n", "species.csv, line 2, weight 'much': must be a number"),
        ("kind\ncat\n", "species.csv has no column name, weight"),
    ):
        (tmp_path / "species.csv").write_text(content)
        assert told in failure(store, path, seed=1).message


def test_one_bad_file_in_the_folder_spoils_no_other(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "store" / "profiles"
    (folder / "dir.sql").mkdir(parents=True)
    (folder / "kennel.sql").write_text(KENNEL)
    (folder / "._kennel.sql").write_bytes(b"\x00\x05")
    (folder / "bytes.sql").write_bytes(b"\xff\xfe\x00")
    os.mkfifo(folder / "pipe.sql")
    os.mkfifo(folder / "names.csv")
    text = KENNEL.replace("-- Known species\n", "-- Known species @csv names.csv\n")
    (folder / "reads.sql").write_text(text.replace("INSERT INTO species", "-- INSERT"))
    assert run("generate", "kennel", "--count", "3").returncode == 0
    told = run("profiles").stdout
    assert "cannot be read" in told
    assert "| kennel " in told
    for name in ("pipe", "reads"):  # nobody writes to the pipe: who reads from it waits for ever
        done = run("generate", name)
        assert done.returncode != 0
        assert "it is no file" in done.stderr


def test_rows_that_the_product_refuses_name_the_field(store: Store, kennel: str) -> None:
    change(kennel, "AS weight\n", "AS wieght\n")
    with pytest.raises(
        HealthsimStoreError, match=r"pets row 1 .*, wieght: is not a field"
    ) as caught:
        store.generate_scenario(kennel, seed=1)
    assert "Did you mean weight" in str(caught.value)
    assert store.names() == []


def test_an_error_half_way_keeps_what_is_whole_and_says_how_to_go_on(
    store: Store, kennel: str
) -> None:
    change(kennel, "'Owner ' || n AS name", "CASE WHEN n < 120 THEN 'Owner ' || n END AS name")
    with pytest.raises(HealthsimStoreError) as caught:
        store.generate_scenario(kennel, count=200, seed=1, into="half")
    assert caught.value.code == "invalid_rows"
    assert "100 of 200 owners are in half, in whole batches." in str(caught.value)
    assert rows(store, "half", "SELECT count(*) FROM owners") == [(100,)]


def test_a_profile_is_read_without_being_run(kennel: str) -> None:
    recipe = read_recipe(Profile.from_file(Path(kennel)))
    assert list(recipe.selects) == ["owners", "pets"]
    assert [target.name for target in recipe.targets] == ["Women"]
    assert [never.name for never in recipe.nevers] == ["A pet of no weight"]
    run = Generation(recipe, seed=1)
    assert run.facts()["fingerprint"] == recipe.fingerprint
    assert len(run.key) == 5
