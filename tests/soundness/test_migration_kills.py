"""An upgrade of a product three versions old that is killed anywhere: the old file or the new one.

Half of the deaths are at a function call that is drawn, the others at a moment that is drawn.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import kennel
import pytest
from campaign import CAMPAIGN, tries
from deaths import count_calls, die_at, ended, fork, killed_at_a_moment, needs_fork

from healthsim_store import Store
from healthsim_store.storage import replacing

pytestmark = needs_fork


def content(path: Path) -> list[str]:
    """All that a file holds, but for the times of the upgrade and what it makes of its log."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        lines = [line for line in file.iterdump() if 'INTO "_log"' not in line]
        told = file.execute("SELECT operation, details FROM _log").fetchall()
        ran = file.execute("SELECT name, version, digest FROM _migrations").fetchall()
    return [*(line for line in lines if '"_migrations"' not in line), str(told), str(ran)]


def in_trash(folder: Path) -> list[Path]:
    return sorted(folder.glob(".healthsim-store/trash/s~*.db"))


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_killed_anywhere(
    toy_of: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def release(version: str) -> None:
        schema, steps = kennel.VERSIONS[version]
        toy_of(version, schema, summary_sql="", questions_sql="", migrations_sql=steps)

    def upgrade(folder: Path) -> None:
        Store(folder).upgrade_scenario("s")

    if not links:

        def refuse(*names: object) -> None:
            raise OSError(95, "not supported")

        monkeypatch.setattr(replacing.os, "link", refuse)
    release("1.0")
    template = tmp_path / "template"
    with Store(template) as store:
        store.persist(kennel.rows(200), scenario="s")
    release("3.0")
    for name in ("warm", "measured"):  # what the first one parses, the others find
        shutil.copytree(template, tmp_path / name)
        calls = count_calls(lambda name=name: upgrade(tmp_path / name))
    new = content(tmp_path / "measured" / "s.db")
    old = content(template / "s.db")
    shutil.copytree(template, tmp_path / "timed")
    began = time.monotonic()
    assert ended(fork(lambda: upgrade(tmp_path / "timed"))) == 0
    seconds = time.monotonic() - began
    assert old != new == content(tmp_path / "timed" / "s.db")

    drawn = random.Random(f"migrations {links}")
    figures: Counter[str] = Counter()
    for number in range(tries(12, 400)):
        folder = tmp_path / f"trial-{number}"
        shutil.copytree(template, folder)
        if number % 2:
            # The last calls are where the copy takes the file's place.
            first = calls * 9 // 10 if number % 4 == 1 else 1
            killed = die_at(lambda folder=folder: upgrade(folder), drawn.randint(first, calls))
        else:
            act = lambda folder=folder: upgrade(folder)  # noqa: E731
            killed = killed_at_a_moment(act, drawn.uniform(0, seconds))
        figures["killed" if killed else "came to its end"] += 1
        found = content(folder / "s.db")
        assert found in (old, new), f"{number}: neither the old file nor the new one"
        figures["new" if found == new else "old"] += 1
        assert [*folder.glob("*.db-*")] == []
        if found == new:  # and the file as it was is in the trash
            assert [content(path) for path in in_trash(folder)] == [old]
        with Store(folder) as store:
            store.upgrade_scenario("s")
            assert content(folder / "s.db") == new
            kept = in_trash(folder)
            assert old in [content(path) for path in kept]
            assert {content(path) == old for path in kept} == {True}
            assert all(not os.path.samefile(path, folder / "s.db") for path in kept)
            assert store.check_scenario("s").findings == ()
            store.persist({"owners": [
                {"tax_number": "x", "birth_date": "1990-01-01", "since": "2000-01-01"}
            ]}, scenario="s")  # fmt: skip
            assert store.restore_scenario("s", new_name="before") == "before"
            assert content(folder / "before.db") == old
            assert not [*(folder / ".healthsim-store").glob("new-*.db*")]
        shutil.rmtree(folder)
    assert figures["killed"] > 0
    assert figures["old"] > 0
    assert figures["new"] > 0 or not CAMPAIGN
    print(f"Figures, {'links' if links else 'no links'}: {dict(figures)}; 0 between")
