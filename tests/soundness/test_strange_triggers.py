"""A stranger's triggers on every table of a file: no verb runs one that nobody allowed."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import meadow
import pytest
from damaged_verbs import GOOD, NAME, READS, WRITES

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError, TriggersRefused
from healthsim_store.plugins import installed

#: Verbs that write no row of the file, so that there is nothing to refuse.
NO_ROWS = {
    "delete_scenario", "restore_scenario", "purge_deleted", "regenerate_scenario",
    "upgrade_scenario", "upgrade_scenarios",
    "persist, known", "save_scenario",  # which refuse for another reason
}  # fmt: skip
#: What makes other files of it.
COPIES = ("clone", "merge", "split", "persist")


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with a good file, and one whose triggers empty a table that nobody else touches."""
    folder = tmp_path_factory.mktemp("strange")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(meadow.lay(folder / "site")))
        installed.cache_clear()
        with Store(folder / "made", remember=False) as store:
            new = meadow.scenarios(store, real=False)["new"]
            (folder / "made" / "rows.json").write_text(
                '[{"owner_id": "o77", "tax_number": "T77", "full_name": "X", "born": "2000-01-01"}]'
            )
        path = folder / "made" / f"{NAME}.db"
        shutil.copy(new, path)
        with contextlib.closing(sqlite3.connect(path)) as file:
            lay_triggers(file)
        yield folder / "made"
    installed.cache_clear()


def lay_triggers(file: sqlite3.Connection) -> None:
    tables = [name for (name,) in file.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    )]  # fmt: skip
    file.execute("CREATE TABLE canary (alive)")
    file.execute("INSERT INTO canary VALUES (1)")
    for table in tables:
        for when in ("BEFORE", "AFTER"):
            for event in ("INSERT", "UPDATE", "DELETE"):
                file.execute(
                    f'CREATE TRIGGER "{when} {event} of {table}" {when} {event} ON "{table}"'
                    " BEGIN DELETE FROM canary; END"
                )
    file.commit()


def test_they_do_run(strange: Path, tmp_path: Path) -> None:
    """In another SQLite program."""
    path = tmp_path / "x.db"
    shutil.copy(strange / f"{NAME}.db", path)
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE _tags SET tag = tag")
        assert file.execute("SELECT * FROM canary").fetchall() == []


@pytest.mark.parametrize("name", [*(name for name in READS if name.startswith(COPIES)), *WRITES])
def test_no_verb_runs_it(strange: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    for file in (f"{NAME}.db", f"{GOOD}.db"):
        shutil.copy(strange / file, folder / file)
    shutil.copytree(strange / "profiles", folder / "profiles")
    before = (folder / f"{NAME}.db").read_bytes()
    refused, told = False, ""
    with Store(folder, isolated=False) as store:
        try:
            (READS | WRITES)[name](store, strange)  # type: ignore[operator]
        except TriggersRefused:
            refused = True
        except HealthsimStoreError as error:
            told = error.message
    found = [*folder.rglob("*.db")]
    files = [path for path in found if path.name not in (f"{GOOD}.db", "memory.db")]
    if refused or name in READS:
        assert (folder / f"{NAME}.db").read_bytes() == before
    if not name.endswith(", tried"):  # which tells what the verb itself would say
        assert refused == (name in WRITES and name not in NO_ROWS), told
    for path in files:
        with contextlib.closing(sqlite3.connect(path)) as file:
            if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'canary'").fetchall():
                continue
            assert file.execute("SELECT * FROM canary").fetchall() == [(1,)], path.name
