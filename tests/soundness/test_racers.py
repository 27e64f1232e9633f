"""Many processes on one store, some of them killed: what was stored is there, and once.

Racers persist, rename, delete, restore, tag, clone, merge and export, and another SQLite tool
writes to the files, with a WAL and without. Each row has a number of its own. A racer writes down
each step before it does it, and the row's number before it stores the row, and again when it was
told that it is stored.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import signal
import sqlite3
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import pytest
from campaign import CAMPAIGN, tries
from conftest import owner
from deaths import die_after, ended, fork, needs_fork
from report import RACERS as CHAPTER
from report import table, write_chapter

from healthsim_store import Store
from healthsim_store.errors import (
    AmbiguousScenario,
    HealthsimStoreError,
    ScenarioBusy,
    ScenarioExists,
    ScenarioNotFound,
)

pytestmark = needs_fork

RACERS = tries(5, 16)
STEPS = tries(25, 1_000)
NAMES = ["alpha", "beta", "gamma", "delta"]

# What another one's step may be the reason of.
FAIR = (AmbiguousScenario, ScenarioBusy, ScenarioExists, ScenarioNotFound)


class Racer:
    """One process: what it does, drawn, and what it writes down of it."""

    def __init__(self, folder: Path, number: int, seed: int) -> None:
        self.folder = folder
        self.number = number
        self.drawn = random.Random(seed)
        self.book = os.open(
            folder.parent / f"book-{number}", os.O_WRONLY | os.O_APPEND | os.O_CREAT
        )

    def note(self, word: str, what: object) -> None:
        os.write(self.book, f"{word} {what}\n".encode())

    def race(self, steps: range) -> None:
        with Store(self.folder) as store:
            for step in steps:
                # First: who is killed in the step has used its number, and nobody else may.
                self.note("step", step)
                self.step(store, self.number * 1_000_000 + step)

    def step(self, store: Store, row: int) -> None:
        act = self.drawn.choices(
            [self.persist, self.tool, self.rename, self.delete, self.restore, self.read, self.copy],
            [10, 3, 4, 3, 4, 3, 1],
        )[0]
        try:
            act(store, row)
            self.note("did", act.__name__)
        except FAIR as error:
            self.note("fair", f"{act.__name__}-{type(error).__name__}")
        except (HealthsimStoreError, sqlite3.Error, OSError, AssertionError):
            self.note("fault", traceback.format_exc().replace("\n", " | "))

    def name(self) -> str:
        return self.drawn.choice(NAMES)

    def persist(self, store: Store, row: int) -> None:
        self.note("begin", row)
        store.persist({"owners": [owner(row)]}, scenario=self.name())
        self.note("stored", row)

    def tool(self, store: Store, row: int) -> None:
        """Another SQLite tool, which knows nothing of a store.

        But that a file may be renamed after it was opened: what SQLite does then with a file in
        WAL mode is told in docs/scenario-file.md, and no store can prevent it.
        """
        path = self.folder / f"{self.name()}.db"
        with contextlib.suppress(sqlite3.OperationalError, FileNotFoundError):
            before = path.stat()
            file = sqlite3.connect(
                f"file:{path}?mode=rw", uri=True, timeout=5, isolation_level=None
            )
            with contextlib.closing(file):
                if self.drawn.random() < 0.3:
                    file.execute("PRAGMA journal_mode = WAL").fetchone()
                file.execute("BEGIN IMMEDIATE")
                if not os.path.samestat(before, path.stat()):
                    return
                self.note("begin", row)
                file.execute(
                    "INSERT INTO owners (owner_id, tax_number, full_name, born)"
                    " VALUES (?, ?, 'tool', '2000-01-01')",
                    (f"o{row}", f"T{row}"),
                )
                file.execute("COMMIT")
                self.note("stored", row)

    def rename(self, store: Store, row: int) -> None:
        store.rename_scenario(self.name(), self.name())

    def delete(self, store: Store, row: int) -> None:
        store.delete_scenario(self.name())

    def restore(self, store: Store, row: int) -> None:
        deleted = store.list_deleted()
        if deleted:
            store.restore_scenario(self.drawn.choice(deleted).name, new_name=self.name())

    def read(self, store: Store, row: int) -> None:
        assert not [info.problem for info in store.list_scenarios() if info.problem]
        store.get_summary(self.name())
        store.add_tags(self.name(), f"t{self.number}")

    def copy(self, store: Store, row: int) -> None:
        kind = self.drawn.choice(["clone", "merge", "export"])
        if kind == "clone":
            store.clone_scenario(self.name(), new_name=f"copy-{row}")
        elif kind == "merge":
            names = self.drawn.sample(NAMES, 2)
            store.merge_scenarios(names, new_name=f"copy-{row}")
        else:
            with tempfile.TemporaryDirectory() as to:
                store.export_scenario(self.name(), format="csv", to=Path(to) / "out")


def read_books(folder: Path) -> tuple[Counter[str], set[int], set[int], list[str]]:
    """Counts of what was done, the rows that were begun, those that are stored, and faults."""
    counts: Counter[str] = Counter()
    rows: dict[str, Counter[int]] = {"begin": Counter(), "stored": Counter()}
    faults: list[str] = []
    for book in folder.glob("book-*"):
        for line in book.read_text().splitlines():
            word, _, rest = line.partition(" ")
            if word in rows:
                rows[word][int(rest)] += 1
            elif word == "fault":
                faults.append(rest)
            elif word != "step":
                counts[f"{word} {rest}"] += 1
    # Else a row that is there twice says nothing of the store.
    assert {*rows["begin"].values()} <= {1}, "two steps used one number"
    return counts, {*rows["begin"]}, {*rows["stored"]}, faults


def rows_of(path: Path) -> list[int]:
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path.name
        assert file.execute("PRAGMA foreign_key_check").fetchall() == [], path.name
        return [int(tax[1:]) for (tax,) in file.execute("SELECT tax_number FROM owners")]


def kept_in(folder: Path) -> list[Path]:
    """The files of a store and its trash, without copies: each row is in one of them."""
    files = [path for path in folder.glob("*.db") if not path.stem.startswith("copy-")]
    return [*files, *folder.glob(".healthsim-store/trash/*.db")]


def compare(files: list[Path], begun: set[int], stored: set[int]) -> None:
    """Raises AssertionError where a row is lost, is in two files, or was stored by nobody."""
    places: dict[int, list[str]] = {}
    for path in files:
        for row in rows_of(path):
            places.setdefault(row, []).append(path.name)
    lost = stored - {*places}
    doubled = {row: names for row, names in places.items() if len(names) > 1}
    assert not lost, f"lost: {sorted(lost)[:10]}"
    assert not doubled, f"doubled: {[*doubled.items()][:10]}"
    assert {*places} <= begun


def test_racers(tmp_path: Path, toy: None) -> None:
    folder = tmp_path / "store"
    Store(folder).close()
    drawn = random.Random(15)
    began = time.monotonic()
    running: dict[int, tuple[int, Racer]] = {}
    kills = 0

    def start(number: int, first: int) -> None:
        def go() -> None:
            Racer(folder, number, drawn_seed).race(range(first, STEPS))

        drawn_seed = drawn.getrandbits(32)
        running[fork(go)] = (number, first)  # type: ignore[assignment]

    for number in range(RACERS):
        start(number, 0)
    while running:
        time.sleep(drawn.uniform(0.02, 0.3))
        for child in [*running]:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                del running[child]
                assert os.waitstatus_to_exitcode(status) == 0
        # On a slow machine each would be killed before it has done anything.
        if running and drawn.random() < 0.5 and kills < RACERS * STEPS / 4:
            child = drawn.choice([*running])
            number, _ = running.pop(child)
            os.kill(child, signal.SIGKILL)
            if ended(child) == -signal.SIGKILL:
                kills += 1
                start(number, next_step(folder.parent / f"book-{number}"))
    counts, begun, stored, faults = read_books(tmp_path)
    assert not faults, "\n".join(faults[:5])
    assert stored
    kept = kept_in(folder)
    compare(kept, begun, stored)
    for path in folder.glob("copy-*.db"):
        copied = rows_of(path)
        assert len({*copied}) == len(copied)
    assert len({path.stat().st_ino for path in kept}) == len(kept)
    files = [path for path in kept if path.parent == folder]
    with Store(folder) as store:
        store.persist({"owners": [owner(5)]}, scenario="afterwards")
        for result in store.check_scenarios(["afterwards", *(path.stem for path in files)]):
            assert result.ok, result.findings
    assert not [*folder.glob(".healthsim-store/new-*.db*")]
    assert sum(counts.values()) > RACERS * STEPS / 2
    if CAMPAIGN:
        lines = told(kills, len(stored), len(kept) - len(files), counts)
        write_chapter(CHAPTER, lines, time.monotonic() - began)


def told(kills: int, stored: int, moved: int, counts: Counter[str]) -> list[str]:
    """What the chapter says, once all that it counts as 0 was found to be 0."""
    fair: Counter[str] = Counter()
    did: Counter[str] = Counter()
    for name, count in counts.items():
        word, _, what = name.partition(" ")
        if word == "did":
            did[what] += count
        else:
            fair[what.partition("-")[0]] += count
    return [
        f"{RACERS} processes do {STEPS:,} steps each on four scenarios of one store, drawn among"
        " those below; `tool` is another SQLite program that inserts rows, with a WAL or without,"
        " and looks whether the file still has its name once it has begun to write."
        f" {kills:,} times one of them was killed and another took its place. A row has a number of"
        " its own, which its racer wrote down when the row was told as stored.",
        "",
        *table(
            ["rows told as stored", "files in the trash", "lost", "doubled", "corrupt files",
             "other errors"],
            [(f"{stored:,}", [moved, 0, 0, 0, 0])],
        ),
        "",
        "A program that opened a file before it was renamed, and writes to it in WAL mode, can do"
        " harm, which no store can prevent: see"
        " [files beside the scenarios](../docs/scenario-file.md#files-beside-the-scenarios).",
        "",
        "Refused is a step that another one's step made impossible: its scenario is renamed,"
        " deleted or busy, or the name is taken.",
        "",
        *table(["step", "done", "refused"],
               [(name, [did[name], fair[name]]) for name in sorted({*did, *fair})]),
    ]  # fmt: skip


def next_step(book: Path) -> int:
    """The first step that no process of this racer has begun, by what they wrote down."""
    with contextlib.suppress(FileNotFoundError):
        begun = [line for line in book.read_text().splitlines() if line.startswith("step ")]
        return int(begun[-1].split()[1]) + 1 if begun else 0
    return 0


@pytest.mark.parametrize("notes", [1, 2, 3])
def test_a_killed_racer_leaves_no_number_to_be_used_again(
    tmp_path: Path, toy: None, notes: int
) -> None:
    """Also where the one that took its place is killed in its first step, again and again."""
    folder, book = tmp_path / "store", tmp_path / "book-3"
    for seed in range(6):
        first = next_step(book)
        race = functools.partial(race_from, folder, seed, first)
        assert die_after(race, "note", times=notes)
    begun = [line for line in book.read_text().splitlines() if line.startswith("step ")]
    assert len(begun) == len({*begun}) >= 6
    _, begun_rows, stored, faults = read_books(tmp_path)
    assert not faults
    compare(kept_in(folder), begun_rows, stored)


def race_from(folder: Path, seed: int, first: int) -> None:
    Racer(folder, 3, seed).race(range(first, 1_000))


def test_a_row_in_two_files_is_found(tmp_path: Path, toy: None) -> None:
    with Store(tmp_path / "store") as store:
        for name, rows in (("alpha", (1, 2)), ("beta", (2,))):
            store.persist({"owners": [owner(row) for row in rows]}, scenario=name)
        store.clone_scenario("alpha", new_name="copy-1")
        store.delete_scenario("alpha")
    kept = kept_in(tmp_path / "store")
    with pytest.raises(AssertionError, match=r"doubled: \[\(2, \["):
        compare(kept, {1, 2}, {1, 2})
    with pytest.raises(AssertionError, match=r"lost: \[3\]"):
        compare(kept, {1, 2, 3}, {1, 2, 3})


@pytest.mark.parametrize("round_", range(tries(3, 40)))
def test_racers_for_one_name(tmp_path: Path, toy: None, round_: int) -> None:
    """One file, many that want to move it: it goes to one place, and the others are told."""
    folder = tmp_path / "store"
    with Store(folder) as store:
        store.persist({"owners": [owner(number) for number in range(50)]}, scenario="ward")
    go = tmp_path / "go"

    def move(number: int) -> None:
        with Store(folder) as store:
            store.list_scenarios()
            while not go.exists():
                time.sleep(0.001)
            with contextlib.suppress(*FAIR):
                if number % 3:
                    store.rename_scenario("ward", f"bay-{number}")
                else:
                    store.delete_scenario("ward")

    children = [fork(lambda number=number: move(number)) for number in range(6)]
    time.sleep(0.1)
    go.touch()
    assert [ended(child) for child in children] == [0] * 6
    found = [*folder.glob("*.db"), *folder.glob(".healthsim-store/trash/*.db")]
    assert [len(rows_of(path)) for path in found] == [50]
    assert not [*folder.glob("*.db-*")]
