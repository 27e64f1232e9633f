"""An upgrade of a product three versions old that is killed anywhere: the old file or the new one.

It is killed after each of its steps, at a function call that is drawn, and at a moment that is
drawn. Beside the file lies nothing, or the journal or the WAL of a writer that was killed before.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kennel
import pytest
from campaign import CAMPAIGN, tries
from deaths import (
    count_calls,
    die,
    die_after,
    die_at,
    ended,
    fork,
    killed_at_a_moment,
    needs_fork,
)
from report import UPGRADES, table, write_chapter

from healthsim_store import Store
from healthsim_store.storage import replacing

pytestmark = needs_fork

COUNT = 200  # owners
TRIALS = tries(12, 220)  # with links, and without
STEPS = kennel.TO_1_1.count("@migration") + kennel.TO_2_0.count("@migration") + (
    kennel.TO_3_0.count("@migration"))  # fmt: skip

#: After what an upgrade is killed, in its order, and how often that was there by then; whether the
#: file is the new one. Each migration ends with `_compare`, its account.
POINTS: list[tuple[str, int, bool]] = [
    ("settled", 1, False),  # nobody else can write to the file
    ("copy_to", 1, False),
    ("_take_away", 1, False),
    *(("_compare", number, False) for number in range(1, STEPS + 1)),
    ("reshape", 1, False),
    ("describe_product", 1, False),
    ("_prove_references", 1, False),
    ("_upgrade_copy", 1, False),
    ("posix.fsync", 1, False),  # the copy is on the disk
    ("copymode", 1, False),
    ("_keep", 1, False),  # the old one is in the trash
    ("posix.replace", 1, True),
    ("posix.fsync", 3, True),  # of the folder, after that of the copy and of the trash
    ("replace_by_copy", 1, True),
]


def kill_a_writer(path: Path, *statements: str) -> None:
    before = path.read_bytes()

    def write() -> sqlite3.Connection:
        file = sqlite3.connect(path, isolation_level=None)
        file.execute("PRAGMA cache_size = 2")
        file.execute("PRAGMA cache_spill = 1")
        for statement in statements:
            file.execute(statement).fetchall()
        return file

    die(write)
    assert path.read_bytes() != before  # pages of a half-done change, or the header of WAL mode


def leave_journal(path: Path) -> None:
    kill_a_writer(
        path, "BEGIN IMMEDIATE", "UPDATE owners SET tax_number = 'half' || rowid, zip = 1",
        "WITH n (i) AS (VALUES (1), (2), (3), (4), (5)) INSERT INTO owners"
        " (owner_id, tax_number, dob, address) SELECT i || owner_id, i || tax_number, dob,"
        " printf('%.*c', 200, 'a') FROM owners, n",
    )  # fmt: skip
    assert path.with_name(f"{path.name}-journal").stat().st_size > 512


def leave_wal(path: Path) -> None:
    kill_a_writer(
        path, "PRAGMA journal_mode = WAL",
        "INSERT INTO owners (owner_id, tax_number, dob) VALUES ('wal', 'Twal', '2000-01-01')",
    )  # fmt: skip
    assert path.with_name(f"{path.name}-wal").stat().st_size


BESIDE: dict[str, Callable[[Path], None]] = {
    "nothing": lambda path: None, "a hot journal": leave_journal, "a WAL": leave_wal,
}  # fmt: skip


def content(path: Path) -> list[str]:
    """All that a file holds, but for the times of the upgrade and what it makes of its log."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        lines = [line for line in file.iterdump() if 'INTO "_log"' not in line]
        told = file.execute("SELECT operation, details FROM _log").fetchall()
        ran = file.execute("SELECT name, version, digest FROM _migrations").fetchall()
    return [*(line for line in lines if '"_migrations"' not in line), str(told), str(ran)]


def check_account(path: Path, *, new: bool, beside: str) -> None:
    """That the rows are those which the batch had, before the migrations or after them."""
    numbers = range(1, COUNT + 1)
    wal = beside == "a WAL"
    sexes = ("male", "female") if new else ("m", "f")
    with contextlib.closing(sqlite3.connect(path)) as file:

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return sorted(file.execute(sql).fetchall())

        if new:
            owners = "SELECT tax_number, birth_date, since FROM owners"
            expected: list[tuple[Any, ...]] = [
                (f"T{n}", f"19{40 + n % 50}-01-15", "2020-01-01") for n in numbers
            ] + [("Twal", "2000-01-01", "2000-01-01")] * wal
            animals = "SELECT tax_number, sex, weight FROM animals JOIN owners USING (owner_id)"
            addresses = (
                "SELECT tax_number, street, town, addresses.zip"
                " FROM addresses JOIN owners USING (owner_id)"
            )
            places: list[tuple[Any, ...]] = [
                (f"T{n}", f"Street {n}", f"Town {n}", f"{500 + n:05}") for n in numbers if n % 3
            ]
            visits = [("2020-02-01",)] * COUNT
        else:
            owners = "SELECT tax_number, dob, zip FROM owners"
            expected = [(f"T{n}", f"19{40 + n % 50}-01-15", 500 + n) for n in numbers] + (
                [("Twal", "2000-01-01", None)] * wal)  # fmt: skip
            animals = "SELECT tax_number, sex, weight FROM pets JOIN owners USING (owner_id)"
            addresses = "SELECT tax_number, address FROM owners WHERE address IS NOT NULL"
            places = [(f"T{n}", f"Street {n}, Town {n}") for n in numbers if n % 3]
            visits = [("2020-01-01",)] * COUNT + [("2020-02-01",)] * COUNT
        assert ask(owners) == sorted(expected)
        assert ask(addresses) == sorted(places)
        assert ask("SELECT seen FROM visits") == visits
        assert [(tax, sex, float(weight)) for tax, sex, weight in ask(animals)] == sorted(
            (f"T{n}", sexes[n % 2], 1.5 * n if new else 1500.0 * n) for n in numbers
        )


def in_trash(folder: Path) -> list[Path]:
    return sorted(folder.glob(".healthsim-store/trash/s~*.db"))


def upgrade(folder: Path) -> None:
    Store(folder).upgrade_scenario("s")


@dataclass(slots=True)
class Kennel:
    """A store whose product is three versions old; ``old`` and ``new`` are its `content`."""

    template: Path
    calls: int
    seconds: float
    contents: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def lay(self, folder: Path, beside: str) -> None:
        shutil.copytree(self.template, folder)
        BESIDE[beside](folder / "s.db")

    def look(self, folder: Path, beside: str, what: str) -> bool:
        """Whether the upgrade was done; nothing is between, and nothing else is there."""
        old, new = self.contents[beside]
        path = folder / "s.db"
        lay_there = [*folder.glob("*.db-*")]
        found = content(path)
        assert found in (old, new), f"{what}: neither the old file nor the new one"
        done = found == new
        check_account(path, new=done, beside=beside)
        assert [*folder.glob("*.db-*")] == []  # SQLite has finished what was the file's own
        if done:  # it came with nothing beside it, and the file as it was is in the trash
            assert lay_there == [], what
            assert [content(kept) for kept in in_trash(folder)] == [old]
        return done

    def go_on(self, folder: Path, beside: str) -> None:
        """The next upgrade does it, and the store is as if nothing had been killed."""
        old, new = self.contents[beside]
        with Store(folder) as store:
            store.upgrade_scenario("s")
            assert content(folder / "s.db") == new
            check_account(folder / "s.db", new=True, beside=beside)
            kept = in_trash(folder)
            assert kept
            assert all(content(path) == old for path in kept)
            assert all(not os.path.samefile(path, folder / "s.db") for path in kept)
            assert store.check_scenario("s").findings == ()
            store.persist({"owners": [
                {"tax_number": "x", "birth_date": "1990-01-01", "since": "2000-01-01"}
            ]}, scenario="s")  # fmt: skip
            assert store.restore_scenario("s", new_name="before") == "before"
            assert content(folder / "before.db") == old
            assert [*folder.glob("*.db-*")] == []
            assert not [*(folder / ".healthsim-store").glob("new-*.db*")]


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the file system has hard links, by which the old file is kept."""
    if not request.param:

        def refuse(*names: object) -> None:
            raise OSError(95, "not supported")

        monkeypatch.setattr(replacing.os, "link", refuse)
    return bool(request.param)


@pytest.fixture
def old_kennel(toy_of: Callable[..., None], tmp_path: Path, links: bool) -> Kennel:
    def release(version: str) -> None:
        schema, steps = kennel.VERSIONS[version]
        toy_of(version, schema, summary_sql="", questions_sql="", migrations_sql=steps)

    release("1.0")
    template = tmp_path / "template"
    with Store(template) as store:
        store.persist(kennel.rows(COUNT), scenario="s")
    release("3.0")
    for name in ("warm", "measured"):  # what the first one parses, the others find
        shutil.copytree(template, tmp_path / name)
        calls = count_calls(lambda name=name: upgrade(tmp_path / name))
    shutil.copytree(template, tmp_path / "timed")
    began = time.monotonic()
    assert ended(fork(lambda: upgrade(tmp_path / "timed"))) == 0
    made = Kennel(template, calls, time.monotonic() - began)
    for beside in BESIDE:
        made.lay(tmp_path / f"unkilled {beside}", beside)
        path = tmp_path / f"unkilled {beside}" / "s.db"
        old = content(path)
        check_account(path, new=False, beside=beside)
        upgrade(path.parent)
        made.contents[beside] = (old, content(path))
        check_account(path, new=True, beside=beside)
        assert old != made.contents[beside][1]
    return made


@pytest.fixture(scope="module")
def figures_of() -> Iterator[dict[str, Counter[str]]]:
    """By how an upgrade was killed, what became of it. A campaign of all is written down."""
    figures: dict[str, Counter[str]] = {
        how: Counter() for how in ("after a step", "at a function call", "at a moment")
    }
    began = time.monotonic()
    yield figures
    # Only a test that passed all of its trials counts them, so a chapter is never half true.
    trials = sum(counted["trials"] for counted in figures.values())
    if CAMPAIGN and trials == 2 * (TRIALS + len(POINTS) * len(BESIDE)):
        write_chapter(UPGRADES, told(figures), time.monotonic() - began)


def told(figures: dict[str, Counter[str]]) -> list[str]:
    columns = ("trials", "killed", "new", "old")
    return [
        f"A scenario of {COUNT} owners whose product is three versions old is upgraded by"
        f" {STEPS} migrations, which rename, split and drop columns, tables and rows. Beside the"
        " file lies nothing, the journal or the WAL of a writer that was killed before. The"
        f" upgrade is killed after each of {len(POINTS)} of its steps, at a function call or at a"
        " moment that is drawn; half of the trials go as on a file system without hard links. Then"
        " the file is wholly the old one or wholly the new one: every row is compared with what"
        " the batch says of it, and everything else in the file with what an upgrade that is not"
        " killed makes. Of a new file the old one is in the trash, and nothing lies beside it. The"
        " next upgrade does what was not done, and `check` finds nothing.",
        "",
        *table(
            ["killed", *columns, "neither", "rows lost or doubled", "something beside the new"],
            [
                *((name, [*(counted[c] for c in columns), 0, 0, 0])
                  for name, counted in figures.items()),
                ("all", [*(sum(counted[c] for counted in figures.values()) for c in columns),
                         0, 0, 0]),
            ],
        ),
    ]  # fmt: skip


def test_killed_after_each_step(
    old_kennel: Kennel, tmp_path: Path, links: bool, figures_of: dict[str, Counter[str]]
) -> None:
    """Each step is there: a trial that comes to its end fails."""
    figures: Counter[str] = Counter()
    ways = [*BESIDE] if CAMPAIGN else ["a WAL" if links else "a hot journal"]
    # In the ordinary run, without links, only from where that makes a difference.
    for function, times, new in POINTS if links or CAMPAIGN else POINTS[-6:]:
        for beside in ways:
            what = f"{function} {times}, {beside}"
            folder = tmp_path / "killed"
            old_kennel.lay(folder, beside)
            assert die_after(lambda folder=folder: upgrade(folder), function, times), what
            assert old_kennel.look(folder, beside, what) is new, what
            figures.update(["trials", "killed", "new" if new else "old"])
            old_kennel.go_on(folder, beside)
            shutil.rmtree(folder)
    figures_of["after a step"].update(figures)


def test_killed_anywhere(
    old_kennel: Kennel, tmp_path: Path, links: bool, figures_of: dict[str, Counter[str]]
) -> None:
    drawn = random.Random(f"migrations {links}")
    all_figures: dict[str, Counter[str]] = {}
    seconds = old_kennel.seconds
    for number in range(TRIALS):
        folder = tmp_path / f"trial-{number}"
        beside = drawn.choice([*BESIDE])
        old_kennel.lay(folder, beside)
        act = lambda folder=folder: upgrade(folder)  # noqa: E731
        if number % 2:
            # The last calls are where the copy takes the file's place.
            first = max(1, old_kennel.calls - 400) if number % 4 == 1 else 1
            how, killed = "at a function call", die_at(act, drawn.randint(first, old_kennel.calls))
        else:
            how = "at a moment"
            killed = killed_at_a_moment(act, drawn.uniform(0, seconds))
            # However busy the machine is by now: some come to their end, others nearly.
            seconds *= 1.05 if killed else 0.8
        figures = all_figures.setdefault(how, Counter())
        figures.update(["trials", *(["killed"] if killed else [])])
        new = old_kennel.look(folder, beside, f"{number}, {beside}")
        figures["new" if new else "old"] += 1
        old_kennel.go_on(folder, beside)
        shutil.rmtree(folder)
    for how, figures in all_figures.items():
        assert figures["killed"] > 0
        assert figures["old"] > 0
        figures_of[how].update(figures)
    assert sum(figures["new"] for figures in all_figures.values()) > 0 or not CAMPAIGN
