"""Clone and merge on data that others made, on three products at once, and when they are killed."""

from __future__ import annotations

import contextlib
import itertools
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign import tries

from healthsim_store import Store
from healthsim_store.plugins import installed

SYNTHEA = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea-a"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path_factory.mktemp("real") / "store") as made:
        # Persons who are patients and members, and a trial, in one file.
        for profile in ("insured-diabetes-cohort", "oncology-phase3"):
            made.generate_scenario(profile, count=60, seed=1, into="three-products")
        if SYNTHEA.is_dir():
            made.import_data([SYNTHEA], format="synthea", scenario="synthea")
        yield made


def plainly(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def entities(path: Path) -> dict[str, str]:
    """Every entity type and its primary key."""
    return dict(plainly(path, "SELECT entity_type, primary_key FROM _entity_types"))


def joins(path: Path) -> dict[tuple[str, str], int]:
    """How many rows each declared reference joins, those into other products too."""
    return {
        (table, column): plainly(
            path, f"SELECT count(*) FROM {table} AS c JOIN {parent} AS p ON p.{key} = c.{column}"
        )[0][0]
        for table, column, parent, key in plainly(
            path,
            "SELECT entity_type, column_name, references_entity_type, references_column"
            " FROM _columns"
            " WHERE references_entity_type IN (SELECT entity_type FROM _entity_types)",
        )
    }


@pytest.mark.parametrize("name", ["synthea", "three-products"])
def test_a_clone_of_a_clone_of_a_clone(store: Store, name: str) -> None:
    if name not in store.names():
        pytest.skip(f"{SYNTHEA} is not there")
    generations = [store.find(name)]
    for number in range(1, 4):
        result = store.clone_scenario(generations[-1].stem, new_name=f"{name}-{number}")
        generations.append(store.find(result.scenario))
    for path in generations[1:]:
        assert plainly(path, "PRAGMA foreign_key_check") == []
        assert joins(path) == joins(generations[0])
        assert sum(joins(path).values()) > 1_000
    for table, key in entities(generations[0]).items():
        ids = [set(plainly(path, f"SELECT {key} FROM {table}")) for path in generations]
        for one, other in itertools.combinations(ids, 2):
            assert len(one) == len(other)
            assert not one & other
        longest = [max((len(i) for (i,) in found), default=0) for found in ids[1:]]
        assert longest == [longest[0]] * 3
    people = "SELECT {0}, count(*) FROM {1} GROUP BY 1 ORDER BY 1"
    for table, column in (("patients", "mrn"), ("members", "person_id"), ("patients", "person_id")):
        asked = people.format(column, table)
        assert plainly(generations[3], asked) == plainly(generations[0], asked)
    assert store.check_scenario(f"{name}-3").ok == store.check_scenario(name).ok
    for path in generations[1:]:
        store.delete_scenario(path.stem)


def test_scenarios_of_different_products_merge(store: Store) -> None:
    whole = store.load_scenario("three-products", max_rows=100_000)
    payer = ("members", "claims", "claim_lines")
    clinic = ("patients", "encounters", "diagnoses", "lab_results", "vital_signs", "medications")
    parts = {"payer": payer, "clinic": clinic, "trial": (*(whole.keys() - {*payer, *clinic}),)}
    for part, names in parts.items():
        store.persist({name: whole[name] for name in names}, scenario=part)
    result = store.merge_scenarios(["clinic", "payer", "trial"], new_name="merged")
    assert result.conflicts == {}
    info = store.scenario_info("merged")
    assert {*info.products} == {"patientsim", "membersim", "trialsim"}
    expected = store.scenario_info("three-products").entity_counts
    assert {k: n for k, n in info.entity_counts.items() if n} == {
        k: n for k, n in expected.items() if n
    }
    across = (
        "SELECT count(*) FROM patients JOIN members USING (person_id) JOIN claims USING (member_id)"
    )
    assert plainly(store.find("merged"), across) == [(len(whole["claims"]),)]
    assert store.check_scenario("merged").ok
    # Enough entity types that the table is turned: a type a line.
    lines = result.to_markdown().splitlines()
    assert lines[2].split() == ["|", "Entity", "Type", "|", "clinic", "|", "payer", "|", "trial",
                                "|", "Total", "|"]  # fmt: skip
    assert max(map(len, lines[:-5])) <= 100
    for name in ("clinic", "payer", "trial", "merged"):
        store.delete_scenario(name)


# Each takes half a second.
KILLS = tries(5, 50)

KILLED = """
import sys
from healthsim_store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
if sys.argv[2] == "clone":
    store.clone_scenario("one", new_name="target")
else:
    store.merge_scenarios(["one", "other"], new_name="target")
"""


@pytest.mark.parametrize("operation", ["clone", "merge"])
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_at_any_moment(tmp_path: Path, operation: str) -> None:
    """There is all of the target or none, and nothing that a later run trips over."""
    seed = random.Random(7)
    with Store(tmp_path / "store") as store:
        for name in ("one", "other"):
            people = [
                {"mrn": f"{name}-{n}", "given_name": "A", "family_name": "B", "gender": "F",
                 "birth_date": "1950-01-01"}
                for n in range(4_000)
            ]  # fmt: skip
            labs = [
                {"mrn": f"{name}-{n % 4_000}", "test_name": "BNP", "value": "1",
                 "collected_time": "2024-01-01T08:00:00"}
                for n in range(16_000)
            ]  # fmt: skip
            store.persist({"patients": people, "lab_results": labs}, scenario=name)
        before = {name: store.find(name).read_bytes() for name in ("one", "other")}
        rows = 20_000 if operation == "clone" else 40_000
        whole = 0
        for _ in range(KILLS):
            process = subprocess.Popen(
                [sys.executable, "-c", KILLED, str(store.path), operation],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(seed.uniform(0, 0.5))
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
            assert store.names() in (["one", "other"], ["one", "other", "target"])
            if "target" in store.names():
                whole += 1
                path = store.find("target")
                assert sum(store.scenario_info("target").entity_counts.values()) == rows
                assert plainly(path, "PRAGMA integrity_check") == [("ok",)]
                assert plainly(path, "PRAGMA foreign_key_check") == []
                path.unlink()
            assert {name: store.find(name).read_bytes() for name in before} == before
        leftovers = [*(store.path / ".healthsim-store").glob("new-*")]
        assert leftovers or whole, "no run was killed on its way: give it less time"
        # The next run goes through, whatever lies about.
        if operation == "clone":
            store.clone_scenario("one", new_name="target")
        else:
            store.merge_scenarios(["one", "other"], new_name="target")
        assert sum(store.scenario_info("target").entity_counts.values()) == rows
