"""Each thing that may lie beside a scenario's file, by the header of the file and by the verb.

What a file holds is told by plain SQLite from a copy with what is its own beside it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import owner
from deaths import die, needs_fork

from healthsim_store import Store
from healthsim_store.errors import CorruptScenario, NotWritable

pytestmark = needs_fork

ROWS = 300
OWN = 4  # rows that only its own WAL has
ENDINGS = ("-journal", "-wal", "-shm")


def fill(store: Store, name: str, count: int = ROWS, first: int = 0) -> Path:
    numbers = range(first, first + count)
    store.persist({"owners": [owner(number) for number in numbers]}, scenario=name, again=True)
    return store.find(name)


def beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def set_mode(path: Path, mode: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode,)


def leave(path: Path, mode: str, statement: str) -> None:
    """Leave a file as a writer does that is killed: with its WAL, or with a hot journal."""

    def write() -> sqlite3.Connection:
        file = sqlite3.connect(path, isolation_level=None)
        file.execute("PRAGMA wal_autocheckpoint = 0")
        file.execute("PRAGMA cache_size = 2")
        assert file.execute("PRAGMA journal_mode").fetchone() == (mode,)
        file.execute("SAVEPOINT s" if mode == "wal" else "BEGIN IMMEDIATE")
        file.execute(statement)
        if mode == "wal":
            file.execute("RELEASE s")
        return file

    die(write)


UPDATE = "UPDATE owners SET full_name = 'of another file', tax_number = 'x' || rowid"
INSERT = (
    "INSERT INTO owners (owner_id, tax_number, full_name, born)"
    f" SELECT 'x' || owner_id, 'x' || tax_number, 'own', born FROM owners LIMIT {OWN}"
)


def own_wal(path: Path, elsewhere: Store) -> int:
    leave(path, "wal", INSERT)
    return ROWS + OWN


def own_journal(path: Path, elsewhere: Store) -> int:
    leave(path, "delete", UPDATE)
    assert beside(path, "-journal").stat().st_size > 512
    return ROWS


def strange_wal(path: Path, elsewhere: Store) -> int:
    """Of a larger file that had the name: without care all of its rows would be read."""
    other = fill(elsewhere, path.stem, 2 * ROWS, 5_000)
    elsewhere.close()
    set_mode(other, "wal")
    leave(other, "wal", UPDATE)
    for ending in ("-wal", "-shm"):
        shutil.copy(beside(other, ending), beside(path, ending))
    return ROWS


def strange_wal_of_other_pages(path: Path, elsewhere: Store) -> int:
    other = fill(elsewhere, path.stem, 2 * ROWS, 5_000)
    elsewhere.close()
    with contextlib.closing(sqlite3.connect(other)) as file:
        file.executescript("PRAGMA page_size = 1024; VACUUM; PRAGMA journal_mode = WAL")
    leave(other, "wal", UPDATE)
    shutil.copy(beside(other, "-wal"), beside(path, "-wal"))
    return ROWS


def rubbish(ending: str) -> Callable[[Path, Store], int]:
    def lay(path: Path, elsewhere: Store) -> int:
        beside(path, ending).write_bytes(b"no page of a database " * 1_000)
        return ROWS

    return lay


def empty(ending: str) -> Callable[[Path, Store], int]:
    def lay(path: Path, elsewhere: Store) -> int:
        beside(path, ending).touch()
        return ROWS

    return lay


def cold_journal(path: Path, elsewhere: Store) -> int:
    """One that was committed: its header is zero."""
    beside(path, "-journal").write_bytes(bytes(512) + b"pages of another file" * 1_000)
    return ROWS


#: By the mode of the header and what lies beside it: how it is laid there, which gives how many
#: rows the scenario has; and whether it is kept as a leftover.
BESIDE: dict[tuple[str, str], tuple[Callable[[Path, Store], int], bool]] = {
    ("delete", "WAL of another file"): (strange_wal, True),
    ("delete", "WAL of another file with other pages"): (strange_wal_of_other_pages, True),
    ("delete", "rubbish as WAL"): (rubbish("-wal"), True),
    ("delete", "empty WAL"): (empty("-wal"), False),
    ("delete", "own hot journal"): (own_journal, False),
    ("delete", "cold journal of another file"): (cold_journal, False),
    ("delete", "rubbish as journal"): (rubbish("-journal"), False),
    ("delete", "empty journal"): (empty("-journal"), False),
    ("delete", "rubbish as shm"): (rubbish("-shm"), False),
    ("delete", "empty shm"): (empty("-shm"), False),
    ("wal", "own WAL"): (own_wal, False),
    ("wal", "rubbish as WAL"): (rubbish("-wal"), False),
    ("wal", "empty WAL"): (empty("-wal"), False),
    ("wal", "cold journal of another file"): (cold_journal, False),
    ("wal", "rubbish as journal"): (rubbish("-journal"), False),
    ("wal", "empty journal"): (empty("-journal"), False),
    ("wal", "rubbish as shm"): (rubbish("-shm"), False),
    ("wal", "empty shm"): (empty("-shm"), False),
}


def listed(store: Store) -> str:
    (info,) = [info for info in store.list_scenarios() if info.name == "ward"]
    assert info.problem is None
    return "ward"


def deleted(store: Store) -> str:
    store.delete_scenario("ward")
    assert store.names() == ["other"]
    return store.restore_scenario("ward")


def persisted(store: Store) -> str:
    store.persist({"owners": [owner(9_000)]}, scenario="ward")
    store.undo("ward")
    return "ward"


def queried(store: Store) -> str:
    assert store.query_scenario("ward", "SELECT 1 AS one").rows == [{"one": 1}]
    return "ward"


def attached(store: Store) -> str:
    sql = "SELECT count(*) AS n FROM ward.owners WHERE full_name = 'of another file'"
    assert store.query_scenario("other", sql, attach=["ward"]).rows == [{"n": 0}]
    return "ward"


def cloned(store: Store) -> str:
    store.clone_scenario("ward", new_name="copy")
    return "copy"


def merged(store: Store) -> str:
    store.merge_scenarios(["ward", "other"], new_name="both", on_conflict="skip")
    return "ward"


def renamed(store: Store) -> str:
    store.rename_scenario("ward", "bay")
    return "bay"


def checked(store: Store) -> str:
    result = store.check_scenario("ward")
    assert result.ok, result.findings
    return "ward"


def upgraded(store: Store) -> str:
    store.upgrade_scenario("ward")
    return "ward"


ACTS: dict[str, Callable[[Store], str]] = {
    "list": listed, "query": queried, "attach": attached, "check": checked, "clone": cloned,
    "merge": merged, "persist": persisted, "rename": renamed, "delete": deleted,
    "upgrade": upgraded,
}  # fmt: skip


def count(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        sql = "SELECT count(*) FROM owners WHERE full_name <> 'of another file'"
        (found,) = file.execute(sql).fetchone()
        assert file.execute("SELECT count(*) FROM owners").fetchone() == (found,)
    return int(found)


def leftovers(store: Store) -> dict[str, bytes]:
    folder = store.path / ".healthsim-store" / "leftovers"
    found = sorted(folder.iterdir()) if folder.exists() else []
    return {path.name.rpartition("~")[0]: path.read_bytes() for path in found}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(("mode", "what"), BESIDE)
def test_it_harms_nothing_and_is_not_lost(
    store: Store, tmp_path: Path, mode: str, what: str, act: str
) -> None:
    lay, kept = BESIDE[mode, what]
    path = fill(store, "ward")
    fill(store, "other", 5, 7_000)
    store.close()
    set_mode(path, mode)
    with Store(tmp_path / "elsewhere") as elsewhere:
        rows = lay(path, elsewhere)
    wal = beside(path, "-wal").read_bytes() if kept else b""
    with Store(store.path) as fresh:
        name = ACTS[act](fresh)
    assert count(store.path / f"{name}.db") == rows
    assert leftovers(store) == ({"ward.db-wal": wal} if kept else {})
    if kept and name == "ward":
        told = [finding.message for finding in store.check_scenario("ward").findings]
        assert [each.partition(" lay there of another file")[0] for each in told] == ["ward.db-wal"]


def test_persist_tells_it(store: Store, tmp_path: Path) -> None:
    path = fill(store, "ward")
    store.close()
    with Store(tmp_path / "elsewhere") as elsewhere:
        strange_wal(path, elsewhere)
    (note,) = store.persist({"owners": [owner(9_000)]}, scenario="ward").notes
    assert note.startswith("ward.db-wal lay there of another file, which is gone. It is kept as")
    assert count(path) == ROWS + 1


def test_a_link_is_as_good(store: Store, tmp_path: Path) -> None:
    path = fill(store, "ward")
    store.close()
    real = tmp_path / "real" / "far.db"
    real.parent.mkdir()
    path.rename(real)
    path.symlink_to(real)
    with Store(tmp_path / "elsewhere") as elsewhere:
        strange_wal(real, elsewhere)
    assert [*store.query_scenario("ward", "SELECT count(*) AS n FROM owners").rows] == [{"n": ROWS}]
    assert not beside(real, "-wal").exists()
    (kept,) = (real.parent / ".healthsim-store" / "leftovers").iterdir()
    assert kept.name.startswith("far.db-wal~")
    leave(real, "delete", UPDATE)
    assert beside(real, "-journal").exists()
    assert [*store.query_scenario("ward", "SELECT count(*) AS n FROM owners").rows] == [{"n": ROWS}]
    assert count(real) == ROWS


def test_an_empty_file_keeps_its_wal(store: Store) -> None:
    """SQLite would remove it without a word."""
    fill(store, "ward")
    (store.path / "none.db").touch()
    (store.path / "none.db-wal").write_bytes(b"what may be data" * 100)
    store.list_scenarios()
    assert leftovers(store) == {"none.db-wal": b"what may be data" * 100}


def test_where_it_cannot_be_moved_nothing_is_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fill(store, "ward")
    store.close()
    with Store(tmp_path / "elsewhere") as elsewhere:
        strange_wal(path, elsewhere)
    before = {each.name: each.read_bytes() for each in store.path.glob("ward.db*")}

    def refuse(*names: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", refuse)
    with (
        Store(store.path, isolated=False) as asked,
        pytest.raises(NotWritable, match=r"ward\.db-wal is of another file than ward\.db") as told,
    ):
        asked.query_scenario("ward", "SELECT 1")
    assert "Move" in str(told.value.hint)
    assert {each.name: each.read_bytes() for each in store.path.glob("ward.db*")} == before


def test_the_locks_of_this_process_stay(store: Store, tmp_path: Path) -> None:
    """The header is read by SQLite's own handle: another one, when closed, would drop them."""
    path = fill(store, "ward")
    store.close()

    def may_write() -> bool:
        """Whether a new process may: a fork would know of our locks without asking."""
        program = (
            "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute(sys.argv[2])"
        )
        told = subprocess.run(
            [sys.executable, "-c", program, str(path), "BEGIN IMMEDIATE"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0 or "database is locked" in told.stderr
        return told.returncode == 0

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as mine:
        mine.execute("BEGIN IMMEDIATE")
        mine.execute("UPDATE owners SET full_name = 'mine'")
        assert not may_write()
        with Store(tmp_path / "elsewhere") as elsewhere:
            strange_wal(path, elsewhere)
        with Store(store.path, isolated=False) as asked:
            assert asked.scenario_info("ward").problem is None
        assert [*leftovers(store)] == ["ward.db-wal"]
        assert not may_write()
        mine.execute("COMMIT")
    assert may_write()


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_folder_in_the_place_of_the_index_is_told(store: Store, mode: str) -> None:
    """Beside some damaged WALs SQLite tries for ten seconds, at each call, to read it."""
    path = fill(store, "keep")
    if mode == "wal":
        set_mode(path, "wal")
        leave(path, "wal", "UPDATE owners SET full_name = 'x'")
        beside(path, "-shm").unlink()
    beside(path, "-shm").mkdir()
    with Store(store.path) as other:  # which has not opened it before
        if mode == "delete":  # where SQLite does not look at it
            assert other.scenario_info("keep").entity_counts["owners"] == ROWS
            return
        calls: list[Callable[[], object]] = [
            lambda: other.scenario_info("keep"),
            lambda: other.query_scenario("keep", "SELECT count(*) FROM owners"),
            lambda: other.persist({"owners": [owner(ROWS)]}, scenario="keep", again=True),
        ]
        for call in calls:
            with pytest.raises(CorruptScenario, match=r"keep\.db-shm beside it is no file") as told:
                call()
            assert "Move " in str(told.value.hint)
        other.list_scenarios()  # goes on
