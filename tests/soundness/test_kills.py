"""A call that is killed anywhere did all that it should, or nothing; and the next one works.

Half of the deaths are at a function call that is drawn, the others at a moment that is drawn, so
that SQLite and the system are hit too. What lay beside the file before is drawn as well.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign import CAMPAIGN, tries
from conftest import owner
from deaths import count_calls, die, die_at, ended, fork, killed_at_a_moment, needs_fork
from report import KILLS, table, write_chapter

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError
from healthsim_store.storage import moving

pytestmark = needs_fork

Act = Callable[[Store], object]
State = dict[str, list[str]]  # the owners' tax numbers by scenario; of a deleted one "~name"

WARD = [f"T{number}" for number in range(300)]
TRIALS = tries(4, 300)  # of each call, by each way of moving a file
GONE = [f"T{number}" for number in range(5)]
OTHER = [f"T{number}" for number in range(295, 305)]
HALVES = "ward-a and ward-b"  # in a state, what both have together
WRITTEN = [f"T{number}" for number in range(900, 903)]


def owners(numbers: range) -> dict[str, Any]:
    return {"owners": [owner(number) for number in numbers]}


def exported(store: Store) -> object:
    target = store.path.parent / "out"
    return store.export_scenario("ward", format="csv", to=target, force=True)


#: What is done, and what it makes of a store.
ACTS: dict[str, tuple[Act, Callable[[State], State]]] = {
    "persist a new one": (
        lambda store: store.persist(owners(range(900, 903)), scenario="new"),
        lambda state: state | {"new": WRITTEN},
    ),
    "persist to one": (
        lambda store: store.persist(owners(range(900, 903)), scenario="ward"),
        lambda state: state | {"ward": sorted([*state["ward"], *WRITTEN])},
    ),
    "rename": (
        lambda store: store.rename_scenario("ward", "bay"),
        lambda state: {("bay" if name == "ward" else name): rows for name, rows in state.items()},
    ),
    "delete": (
        lambda store: store.delete_scenario("ward"),
        lambda state: {("~ward" if name == "ward" else name): rows for name, rows in state.items()},
    ),
    "restore": (
        lambda store: store.restore_scenario("gone"),
        lambda state: {("gone" if name == "~gone" else name): rows for name, rows in state.items()},
    ),
    "clone": (
        lambda store: store.clone_scenario("ward", new_name="copy"),
        lambda state: state | {"copy": state["ward"]},
    ),
    "clone a part": (
        lambda store: store.clone_scenario(
            "ward", new_name="part", only="SELECT tax_number FROM owners WHERE born LIKE '191%'"
        ),
        lambda state: state | {"part": sorted(t for t in state["ward"] if t[-2:-1] == "1")},
    ),
    "split": (
        lambda store: store.split_scenario("ward", {"a": 70, "b": 30}, seed=7),
        lambda state: state | {HALVES: sorted(state["ward"])},
    ),
    "merge": (
        lambda store: store.merge_scenarios(["ward", "other"], new_name="both"),
        lambda state: state | {"both": sorted({*state["ward"], *OTHER})},
    ),
    "merge into": (
        lambda store: store.merge_scenarios(["other"], into="ward"),
        lambda state: state | {"ward": sorted({*state["ward"], *OTHER})},
    ),
    "merge with a base": (  # the other one is no copy of it: what it lacks was not removed there
        lambda store: store.merge_scenarios(["ward", "other"], base="ward", new_name="both"),
        lambda state: state | {"both": sorted({*state["ward"], *OTHER})},
    ),
    "export": (exported, lambda state: state),
}


def leave_journal(path: Path) -> list[str]:
    def write() -> sqlite3.Connection:
        file = sqlite3.connect(path, isolation_level=None)
        file.execute("PRAGMA cache_size = 2")
        file.execute("PRAGMA cache_spill = 1")
        file.execute("BEGIN IMMEDIATE")
        file.execute("UPDATE owners SET tax_number = 'half' || rowid")
        file.execute(
            "WITH n (i) AS (VALUES (1), (2), (3), (4), (5)) INSERT INTO owners"
            " (owner_id, tax_number, full_name, born)"
            " SELECT i || owner_id, i || tax_number, full_name, born FROM owners, n"
        )
        return file

    before = path.read_bytes()
    die(write)
    assert path.with_name(f"{path.name}-journal").stat().st_size > 512
    assert path.read_bytes() != before  # the journal is needed
    return []


def leave_wal(path: Path) -> list[str]:
    def write() -> sqlite3.Connection:
        file = sqlite3.connect(path, isolation_level=None)
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("INSERT INTO owners (owner_id, tax_number, full_name, born)"
                     " VALUES ('wal', 'Twal', 'x', '2000-01-01')")  # fmt: skip
        return file

    die(write)
    assert path.with_name(f"{path.name}-wal").stat().st_size
    return ["Twal"]


BEFORE: list[Callable[[Path], list[str]]] = [lambda path: [], leave_journal, leave_wal]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, toy_folder: Path) -> Path:
    """A store to copy for each trial."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(toy_folder))
        from healthsim_store.plugins import installed

        installed.cache_clear()
        with Store(folder / "store") as store:
            store.persist(owners(range(300)), scenario="ward")
            store.persist(owners(range(5)), scenario="gone")
            store.persist(owners(range(295, 305)), scenario="other")
            store.delete_scenario("gone")
        installed.cache_clear()
    return folder / "store"


def state_of(folder: Path) -> State:
    """What is in the store, read with SQLite alone where it lies; every file is sound."""
    here = {path.stem: path for path in folder.glob("*.db")}
    trash = {f"~{path.stem.rpartition('~')[0]}": path
             for path in folder.glob(".healthsim-store/trash/*.db")}  # fmt: skip
    inodes = {path.stat().st_ino for path in here.values()}
    told: State = {}
    for name, path in (here | trash).items():
        if name.startswith("~") and path.stat().st_ino in inodes:
            continue  # a move in two steps was killed between them: it was not done
        with contextlib.closing(sqlite3.connect(path)) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)], name
            told[name] = [tax for (tax,) in file.execute("SELECT tax_number FROM owners")]
            told[name].sort()
    if {"ward-a", "ward-b"} <= {*told}:
        told[HALVES] = sorted([*told.pop("ward-a"), *told.pop("ward-b")])
    return told


def measure(template: Path, folder: Path, act: Act) -> tuple[int, float]:
    """How many function calls and seconds it takes in a process of its own, as in a trial."""
    shutil.copytree(template, folder / "store")
    with Store(folder / "store") as store:
        calls = count_calls(lambda: act(store))
    shutil.rmtree(folder)
    shutil.copytree(template, folder / "store")
    began = time.monotonic()
    assert ended(fork(lambda: act(Store(folder / "store")))) == 0
    took = time.monotonic() - began
    shutil.rmtree(folder)
    return calls, took


@pytest.fixture(scope="module")
def figures_of() -> Iterator[dict[str, Counter[str]]]:
    """By act, what became of its trials. A campaign of all of them is written down."""
    figures: dict[str, Counter[str]] = {name: Counter() for name in ACTS}
    began = time.monotonic()
    yield figures
    # Only a test that passed all of its trials counts them, so a chapter is never half true.
    if CAMPAIGN and all(counted["trials"] == 2 * TRIALS for counted in figures.values()):
        write_chapter(KILLS, told(figures), time.monotonic() - began)


def told(figures: dict[str, Counter[str]]) -> list[str]:
    columns = ("trials", "killed", "done", "not done", "two names, told")
    return [
        "A call is killed at a function call or at a moment that is drawn. Beside the file lies"
        " nothing, the journal or the WAL of a writer that was killed before. Then every file of"
        " the store is sound, and all that the call should do is done or nothing of it; the next"
        " call works, and `check` finds nothing. Half of the trials go as on a system that cannot"
        " rename without replacing; there a killed rename can leave two names of one file, which"
        " `list` and `check` tell.",
        "",
        *table(
            ["call", *columns, "lost", "doubled", "corrupt"],
            [
                *((name, [*(counted[c] for c in columns), 0, 0, 0])
                  for name, counted in figures.items()),
                ("all", [*(sum(counted[c] for counted in figures.values()) for c in columns),
                         0, 0, 0]),
            ],
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("steps", ["one step", "two steps"])
@pytest.mark.parametrize("name", ACTS)
def test_killed_anywhere(
    template: Path, tmp_path: Path, toy: None, monkeypatch: pytest.MonkeyPatch, name: str,
    steps: str, figures_of: dict[str, Counter[str]],
) -> None:  # fmt: skip
    if steps == "two steps":  # as on a system that cannot rename without replacing
        monkeypatch.setattr(moving, "rename_if_free", lambda source, target: False)
    act, change = ACTS[name]
    calls, seconds = measure(template, tmp_path / "measured", act)
    drawn = random.Random(f"{name} {steps}")
    figures: Counter[str] = Counter()
    for number in range(TRIALS):
        folder = tmp_path / f"trial-{number}" / "store"
        shutil.copytree(template, folder)
        more = drawn.choice(BEFORE)(folder / "ward.db")
        before = {"ward": sorted([*WARD, *more]), "other": sorted(OTHER), "~gone": GONE}
        after = {key: sorted(rows) for key, rows in change(before).items()}

        def go(folder: Path = folder) -> None:
            act(Store(folder))

        if number % 2:
            killed = die_at(go, drawn.randint(1, calls))
        else:
            killed = killed_at_a_moment(go, drawn.uniform(0, seconds))
        figures["killed" if killed else "came to its end"] += 1
        with Store(folder) as store:
            names = {*store.names()}  # has what was killed among several names finished
            if name == "rename" and {"bay", "ward"} <= names:
                # The one thing that is told and left to the user: which name is meant.
                assert {info.name for info in store.list_scenarios() if info.problem} == {
                    "bay", "ward",
                }  # fmt: skip
                assert steps == "two steps"
                store.delete_scenario("ward")
                figures["two names, told"] += 1
        found = state_of(folder)
        assert found in (before, after), f"{name}, {number}: neither done nor not done"
        figures["done" if found == after else "not done"] += 1
        with Store(folder) as store:
            if found == before != after or name == "export":
                act(store)
            assert state_of(folder) == after, f"{name}, {number}: not done by the next call"
            if name == "rename":
                store.rename_scenario("bay", "ward")
            store.persist(owners(range(990, 993)), scenario="afterwards", again=True)
            for result in store.check_scenarios():
                assert result.ok, result.findings
            assert not [*(folder / ".healthsim-store").glob("new-*.db*")]
            for beside in folder.glob("*.db-*"):  # of a file in WAL mode
                assert beside.with_name(beside.name.rpartition("-")[0]).exists()
        shutil.rmtree(folder.parent)
    assert figures["killed"] > 0 or not CAMPAIGN  # of few, none may be early enough
    figures["trials"] = TRIALS
    figures_of[name].update(figures)


def test_an_error_of_ours_or_none(tmp_path: Path, toy: None) -> None:
    """After a kill a store answers at once, also where nothing was made yet."""
    for at in range(1, tries(400, 4_000), tries(57, 7)):
        folder = tmp_path / f"{at}"
        die_at(lambda folder=folder: Store(folder).persist(owners(range(3)), scenario="s"), at)
        with Store(folder) as store, contextlib.suppress(HealthsimStoreError):
            assert [info.problem for info in store.list_scenarios()] in ([], [None])
            store.get_summary("s")
