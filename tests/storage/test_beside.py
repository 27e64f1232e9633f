"""What lies beside a scenario's file, or has taken its place, and what moves with it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Run, owner
from deaths import die, die_after, ended, fork, needs_fork, wait_for

from healthsim_store import Store
from healthsim_store.base import sqlite as base_sqlite
from healthsim_store.base.sqlite import file_errors
from healthsim_store.errors import (
    HealthsimStoreError,
    NotAScenario,
    ScenarioBusy,
    ScenarioExists,
    ScenarioNotFound,
)

pytestmark = needs_fork

MANY = 2_000


def fill(store: Store, name: str, count: int = 1) -> Path:
    store.persist({"owners": [owner(number) for number in range(count)]}, scenario=name, again=True)
    return store.find(name)


def half_written(path: Path) -> None:
    """Leave the file as a killed writer does: some of its pages changed, and a hot journal."""

    def write() -> sqlite3.Connection:
        file = sqlite3.connect(path, isolation_level=None)
        file.execute("PRAGMA cache_size = 2")
        file.execute("PRAGMA cache_spill = 1")
        file.execute("BEGIN IMMEDIATE")
        file.execute("UPDATE owners SET full_name = 'half', tax_number = 'half' || rowid")
        file.execute(
            "INSERT INTO owners (owner_id, tax_number, full_name, born)"
            " SELECT 'x' || owner_id, 'x' || tax_number, full_name, born FROM owners"
        )
        return file

    die(write)
    assert beside(path, "-journal").stat().st_size > 512


def with_wal(path: Path, add: int = 5) -> None:
    """Leave the file with a WAL that has its last rows, as a killed writer does."""

    def write() -> sqlite3.Connection:
        file = sqlite3.connect(path, isolation_level=None)
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA wal_autocheckpoint = 0")
        insert(file, range(MANY, MANY + add))
        return file

    die(write)
    assert beside(path, "-wal").stat().st_size > 0


def insert(file: sqlite3.Connection, numbers: range) -> None:
    for number in numbers:
        file.execute(
            "INSERT INTO owners (owner_id, tax_number, full_name, born)"
            " VALUES (?, ?, 'wal', '2000-01-01')",
            (f"o{number}", f"T{number}"),
        )


def beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def count(store: Store, name: str) -> int:
    """How many owners it has, in a sound file."""
    with contextlib.closing(sqlite3.connect(store.find(name))) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    (row,) = store.query_scenario(
        name, "SELECT count(*) AS n, sum(full_name = 'half') AS half FROM owners"
    ).rows
    assert not row.get("half")
    return int(row["n"])


def lone(store: Store) -> list[str]:
    """What is in the store's folder but for scenarios and the hidden folder."""
    return sorted(p.name for p in store.path.iterdir() if p.suffix != ".db" and p.name[0] != ".")


# -- what a killed writer left --------------------------------------------------------------------


@pytest.mark.parametrize("leave", [half_written, with_wal])
def test_what_is_left_of_another_file_does_not_reach_a_new_one(store: Store, leave) -> None:
    path = fill(store, "ward", MANY)
    leave(path)
    store.close()
    path.unlink()  # by hand
    left = {p.name: p.stat().st_size for p in store.path.iterdir() if p.name.startswith("ward.")}
    (lone_result,) = store.check_scenarios()
    assert lone_result.ok
    assert all(finding.message.startswith("ward.db-") for finding in lone_result.findings)
    assert len(lone_result.findings) == len(left)
    notes = store.persist({"owners": [owner(n) for n in range(3)]}, scenario="ward").notes
    assert [note.split(" lay there ")[0] for note in notes] == [
        name for name in sorted(left) if not name.endswith("-shm")
    ]
    assert count(store, "ward") == 3
    assert lone(store) == []
    kept = {p.name.split("~")[0]: p.stat().st_size
            for p in (store.path / ".healthsim-store" / "leftovers").iterdir()}  # fmt: skip
    data = {name: size for name, size in left.items() if not name.endswith("-shm")}
    assert kept == data  # what may hold data is not thrown away
    results = {r.scenario: r for r in store.check_scenarios()}
    told = "\n".join(finding.message for finding in results["ward"].findings)
    for name in data:
        assert name in told
    assert all(result.ok for result in results.values())


@pytest.mark.parametrize("leave", [half_written, with_wal])
def test_nor_does_it_reach_a_file_that_gets_its_name(store: Store, leave) -> None:
    fill(store, "keep", 7)
    fill(store, "gone", 9)
    store.delete_scenario("gone")
    path = fill(store, "one", MANY)
    leave(path)
    store.close()
    path.unlink()
    store.rename_scenario("keep", "one")
    assert count(store, "one") == 7
    leftover = fill(store, "two", MANY)
    leave(leftover)
    store.close()
    leftover.unlink()
    store.restore_scenario("gone", new_name="two")
    assert count(store, "two") == 9
    assert lone(store) == []


@pytest.mark.parametrize("leave", [half_written, with_wal])
def test_nor_one_that_is_copied_there(store: Store, leave) -> None:
    fill(store, "source", 7)
    for name in ("clone", "merged"):
        path = fill(store, name, MANY)
        leave(path)
        store.close()
        path.unlink()
    store.clone_scenario("source", new_name="clone")
    fill(store, "other", 0 + 9)
    store.merge_scenarios(["source", "other"], new_name="merged", on_conflict="skip")
    assert (count(store, "clone"), count(store, "merged")) == (7, 9)


@pytest.mark.parametrize(("leave", "rows"), [(half_written, MANY), (with_wal, MANY + 5)])
def test_what_belongs_to_a_file_goes_with_it(store: Store, leave, rows: int) -> None:
    path = fill(store, "ward", MANY)
    leave(path)
    store.close()
    store.rename_scenario("ward", "bay")
    assert count(store, "bay") == rows
    assert lone(store) == []
    leave2 = store.find("bay")
    if leave is half_written:
        leave(leave2)
        store.close()
    store.delete_scenario("bay")
    assert lone(store) == []
    fill(store, "bay", 3)
    assert store.restore_scenario("bay", new_name="back") == "back"
    assert (count(store, "bay"), count(store, "back")) == (3, rows)
    assert lone(store) == []


def test_what_lies_beside_a_damaged_file_goes_with_it(store: Store) -> None:
    path = fill(store, "ward", MANY)
    store.close()
    content, journal = b"no database" * 1_000, b"\0" * 512 + b"pages" * 1_000
    path.write_bytes(content)
    beside(path, "-journal").write_bytes(journal)
    store.delete_scenario("ward")
    assert store.names() == []
    assert lone(store) == []
    fill(store, "ward", 3)
    assert count(store, "ward") == 3
    assert store.restore_scenario("ward", new_name="again") == "again"
    assert (store.path / "again.db").read_bytes() == content
    assert (store.path / "again.db-journal").read_bytes() == journal


def test_a_scenario_with_a_hot_journal_is_attached(store: Store) -> None:
    fill(store, "here", 2)
    path = fill(store, "there", MANY)
    half_written(path)
    store.close()
    (row,) = store.query_scenario(
        "here", "SELECT count(*) AS n, sum(full_name = 'half') AS half FROM there.owners",
        attach=["there"],
    ).rows  # fmt: skip
    assert (row["n"], row.get("half")) == (MANY, 0)


@pytest.mark.parametrize("format", ["csv", "sqlite"])
def test_an_export_has_the_wal_in_it_and_not_beside_it(
    store: Store, tmp_path: Path, format: str
) -> None:
    with_wal(fill(store, "ward", MANY))
    store.close()
    for _ in range(2):
        store.export_scenario("ward", format=format, to=tmp_path / "out", force=True)
        found = sorted(path.name for path in (tmp_path / "out").iterdir())
        assert found == sorted(["datapackage.json", found[-1]])
    if format == "sqlite":
        with contextlib.closing(sqlite3.connect(tmp_path / "out" / found[-1])) as file:
            assert file.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            assert file.execute("SELECT count(*) FROM owners").fetchone() == (MANY + 5,)


# -- another program has it open ------------------------------------------------------------------


@contextlib.contextmanager
def another(path: Path, *statements: str) -> Iterator[int]:
    """Another process has the file open, and said these statements."""
    ready, go = path.with_name("ready"), path.with_name("go")

    def hold() -> None:
        file = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            file.execute(statement).fetchall()
        ready.touch()
        wait_for(go)
        insert(file, range(90_000, 90_003))
        if file.in_transaction:
            file.execute("COMMIT")

    child = fork(hold)
    wait_for(ready)
    try:
        yield child
    finally:
        go.touch()
        assert ended(child) == 0
        ready.unlink()
        go.unlink()


MOVES = {
    "delete": lambda store: store.delete_scenario("ward"),
    "rename": lambda store: store.rename_scenario("ward", "bay"),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("begin", [
    ["BEGIN IMMEDIATE", "UPDATE owners SET full_name = 'theirs'"],
    ["PRAGMA journal_mode = WAL", "UPDATE owners SET full_name = 'theirs'"],
    ["PRAGMA journal_mode = WAL", "BEGIN IMMEDIATE", "UPDATE owners SET full_name = 'theirs'"],
])  # fmt: skip
def test_a_file_is_not_taken_from_who_writes_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, move: str, begin: list[str]
) -> None:

    monkeypatch.setattr("healthsim_store.storage.moving.BUSY_SECONDS", 0.2)
    path = fill(store, "ward", 10)
    store.close()
    with another(path, *begin), pytest.raises(ScenarioBusy, match=r"ward\.db is"):
        MOVES[move](store)
    assert store.names() == ["ward"]
    assert count(store, "ward") == 13
    MOVES[move](store)
    assert store.names() == ([] if move == "delete" else ["bay"])
    if move == "delete":
        store.restore_scenario("ward", new_name="bay")
    (row,) = store.query_scenario(
        "bay", "SELECT count(*) AS n, sum(full_name = 'theirs') AS theirs FROM owners"
    ).rows
    assert (row["n"], row["theirs"]) == (13, 10)
    assert lone(store) == []


def test_who_reads_does_not_keep_a_scenario_from_being_deleted(store: Store) -> None:
    path = fill(store, "ward", 10)
    store.close()
    ready, go = path.with_name("ready"), path.with_name("go")

    def read() -> None:
        file = sqlite3.connect(path, isolation_level=None)
        file.execute("BEGIN")
        assert file.execute("SELECT count(*) FROM owners").fetchone() == (10,)
        ready.touch()
        wait_for(go)
        assert file.execute("SELECT count(*) FROM owners").fetchone() == (10,)

    child = fork(read)
    wait_for(ready)
    store.delete_scenario("ward")
    go.touch()
    assert ended(child) == 0
    assert store.names() == []


@pytest.mark.parametrize("move", MOVES)
def test_who_opened_it_before_it_was_moved_does_not_write_to_it(store: Store, move: str) -> None:
    path = fill(store, "ward", 10)
    store.close()
    ready, go = path.with_name("ready"), path.with_name("go")

    def late() -> None:
        from healthsim_store.storage.scenario import add_tags, opened

        def write() -> None:
            with opened(path) as file:
                ready.touch()
                wait_for(go)
                file.execute("BEGIN IMMEDIATE")
                add_tags(file, ["late"])

        with pytest.raises(ScenarioNotFound, match="renamed or deleted"):
            write()

    child = fork(late)
    wait_for(ready)
    MOVES[move](store)
    go.touch()
    assert ended(child) == 0
    if move == "delete":
        store.restore_scenario("ward", new_name="bay")
    assert store.scenario_info("bay").tags == ()


def test_a_file_that_is_moved_before_its_wal_is_opened_is_told_as_moved(store: Store) -> None:
    path = fill(store, "ward", 10)
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
        path.rename(path.with_name("bay.db"))
        with (
            pytest.raises(ScenarioNotFound, match="renamed or deleted just now"),
            file_errors(path),
        ):
            file.execute("BEGIN IMMEDIATE")


@pytest.mark.parametrize("name", ["ward", "other"])
def test_who_opened_it_before_it_was_moved_does_not_write_to_a_wal_of_its_old_name(
    store: Store, name: str
) -> None:
    """SQLite would take that WAL for the new file's, which would have the old one's rows."""
    path = fill(store, "ward", 10)
    store.close()
    ready, go = path.with_name("ready"), path.with_name("go")

    def late() -> None:
        from healthsim_store.storage.scenario import Batch, append

        def connect_slowly(*arguments: object, **options: object) -> sqlite3.Connection:
            connection = connect(*arguments, **options)  # type: ignore[arg-type]
            ready.touch()
            wait_for(go)
            return connection

        connect = base_sqlite.connect
        base_sqlite.connect = connect_slowly  # type: ignore[assignment]
        kind = ScenarioBusy if name == "ward" else ScenarioNotFound
        with pytest.raises(kind, match="just now"):
            append(path, Batch({"owners": [owner(100)]}), dict)  # type: ignore[arg-type]

    child = fork(late)
    wait_for(ready)
    store.rename_scenario("ward", "bay")
    store.persist({"owners": [owner(n) for n in range(50, 55)]}, scenario=name)
    with contextlib.closing(sqlite3.connect(store.find("bay"))) as other:
        assert other.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        assert other.execute("SELECT count(*) FROM owners").fetchone() == (10,)
        go.touch()
        assert ended(child) == 0
    found = {each: count(store, each) for each in store.names()}
    assert found == {"bay": 10, name: 5}
    assert all(result.ok for result in store.check_scenarios())


def test_a_racing_rename_is_told_as_what_it_is(store: Store) -> None:
    path = fill(store, "ward", 10)
    store.rename_scenario("ward", "bay")
    with pytest.raises(ScenarioNotFound, match="no scenario 'ward'"):
        store._files.rename(path, "third")
    with pytest.raises(ScenarioNotFound, match="no scenario 'ward'"):
        store._files.delete(path)


# -- two names of one file ------------------------------------------------------------------------


def test_two_names_of_one_file_are_told_and_not_written(store: Store, run: Run) -> None:
    path = fill(store, "ward", 3)
    os.link(path, store.path / "twin.db")
    infos = {info.name: info for info in store.list_scenarios()}
    assert infos["ward"].problem == "ward.db and twin.db are one file under two names."
    assert infos["twin"].problem == "twin.db and ward.db are one file under two names."
    assert infos["ward"].entity_counts["owners"] == 3
    results = store.check_scenarios()
    assert [result.ok for result in results] == [False, False]
    assert "twin.db" in store.check_scenario("ward").findings[0].message
    for write in (
        lambda: store.persist({"owners": [owner(9)]}, scenario="ward"),
        lambda: store.add_tags("twin", "x"),
        lambda: store.rename_scenario("twin", "other"),
    ):
        with pytest.raises(HealthsimStoreError, match="one file under two names") as caught:
            write()
        assert "delete" in str(caught.value.hint)
    assert "one file under two names" in run("list").stderr
    store.delete_scenario("twin")
    assert (store.names(), count(store, "ward")) == (["ward"], 3)
    assert store.list_deleted() == []  # nothing was lost, so there is nothing to bring back
    store.persist({"owners": [owner(9)]}, scenario="ward")


def test_a_name_elsewhere_does_not_count(store: Store, tmp_path: Path) -> None:
    path = fill(store, "ward", 3)
    os.link(path, tmp_path / "backup.db")
    store.persist({"owners": [owner(9)]}, scenario="ward")
    assert store.list_scenarios()[0].problem is None
    assert store.check_scenario("ward").ok


def linking(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system that cannot rename without replacing: two steps, link and unlink."""
    monkeypatch.setattr(
        "healthsim_store.storage.moving.rename_if_free", lambda source, target: False
    )


@pytest.mark.parametrize("move", ["persist", "restore", "clone"])
def test_a_move_that_ended_between_its_two_steps_is_finished(
    store: Store, monkeypatch: pytest.MonkeyPatch, move: str
) -> None:
    linking(monkeypatch)
    fill(store, "source", 4)
    fill(store, "ward", 3)
    store.delete_scenario("ward")
    store.close()
    acts = {
        "persist": lambda: fill(store, "ward", 3),
        "restore": lambda: store.restore_scenario("ward"),
        "clone": lambda: store.clone_scenario("source", new_name="ward"),
    }
    assert die_after(acts[move], "link")
    assert store.find("ward").stat().st_nlink == 2
    store.persist({"owners": [owner(9)]}, scenario="ward")
    assert store.find("ward").stat().st_nlink == 1
    assert count(store, "ward") == (5 if move == "clone" else 4)
    assert len(store.list_deleted()) == (0 if move == "restore" else 1)
    for info in store.list_scenarios():
        assert info.problem is None


@pytest.mark.parametrize("function", ["log_rename", "rename_if_free", "settled", "link"])
@pytest.mark.parametrize("move", MOVES)
def test_a_move_that_is_killed_leaves_one_file_under_one_name(
    store: Store, monkeypatch: pytest.MonkeyPatch, move: str, function: str
) -> None:
    if function == "link":
        linking(monkeypatch)
    fill(store, "ward", 3)
    store.close()
    die_after(lambda: MOVES[move](store), function)
    names = store.names()
    if names == ["bay", "ward"]:  # killed between link and unlink
        assert function == "link"
        assert all(info.problem for info in store.list_scenarios())
        store.delete_scenario("ward")
        names = store.names()
    found = [*names, *(entry.name for entry in store.list_deleted() if entry.name not in names)]
    assert len(found) == 1
    if not names:
        store.restore_scenario("ward")
    assert count(store, store.names()[0]) == 3
    store.persist({"owners": [owner(9)]}, scenario=store.names()[0])
    assert count(store, store.names()[0]) == 4


# -- what is no file ------------------------------------------------------------------------------


def odd_things(folder: Path) -> Iterator[str]:
    os.mkfifo(folder / "fifo.db")
    yield "fifo"
    (folder / "directory.db").mkdir()
    yield "directory"
    listening = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(folder)  # the name of a socket must be short
    listening.bind("socket.db")
    os.chdir(here)
    listening.close()
    yield "socket"
    (folder / "device.db").symlink_to("/dev/zero")
    yield "device"
    (folder / "nothing.db").symlink_to(folder / "nowhere.db")
    yield "nothing"
    (folder / "itself.db").symlink_to(folder / "itself.db")
    yield "itself"


def test_what_is_no_file_is_told_at_once_and_disturbs_nobody(store: Store, run: Run) -> None:
    fill(store, "ward", 3)
    names = [*odd_things(store.path)]
    began = time.monotonic()
    infos = {info.name: info for info in store.list_scenarios()}
    assert {*infos} == {"ward", *names}
    for name in names:
        assert f"{name}.db is " in str(infos[name].problem)
    assert infos["ward"].problem is None
    for name in names:
        for act in (
            lambda name=name: store.get_summary(name),
            lambda name=name: store.scenario_info(name),
            lambda name=name: store.query_scenario("ward", "SELECT 1", attach=[name]),
            lambda name=name: store.persist({"owners": [owner(1)]}, scenario=name),
            lambda name=name: store.add_tags(name, "x"),
            lambda name=name: store.clone_scenario(name),
            lambda name=name: store.merge_scenarios(["ward", name], new_name="m"),
            lambda name=name: store.diff_scenarios("ward", name),
            lambda name=name: store.export_scenario(name, format="csv", to=store.path / "out"),
            lambda name=name: store.upgrade_scenario(name),
            lambda name=name: store.rename_scenario(name, "other"),
        ):
            with pytest.raises(NotAScenario, match=rf"{name}\.db is "):
                act()
        assert not store.check_scenario(name).ok
    assert {result.scenario for result in store.check_scenarios() if result.ok} == {"ward"}
    shown = run("list")
    assert (shown.returncode, shown.stderr.count("Left out:")) == (0, len(names))
    for name in names:
        assert store.delete_scenario(name) == name
    assert store.names() == ["ward"]
    assert {entry.name for entry in store.list_deleted()} == {*names}
    (folder,) = [entry for entry in store.list_deleted() if entry.name == "directory"]
    (folder.path / "large").write_bytes(bytes(10_000_000))
    (folder,) = [entry for entry in store.list_deleted() if entry.name == "directory"]
    assert folder.size > 10_000_000
    assert len(store.purge_deleted(everything=True).scenarios) == len(names)
    assert store.list_deleted() == []
    assert time.monotonic() - began < 20


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no users here")
def test_a_file_that_may_not_be_read_is_told(store: Store) -> None:
    fill(store, "good")
    secret = fill(store, "secret")
    secret.chmod(0)
    store.close()

    def look() -> None:
        if os.geteuid() == 0:
            for folder in (store.path, *store.path.parents):
                if folder.stat().st_uid == 0 and folder.parent != folder.parent.parent:
                    with contextlib.suppress(OSError):
                        folder.chmod(folder.stat().st_mode | 0o055)
            os.seteuid(65534)
        # This user may not start a Python that is another one's.
        with Store(store.path, isolated=False) as asked:
            infos = {info.name: info.problem for info in asked.list_scenarios()}
        assert infos["good"] is None
        assert "secret.db" in str(infos["secret"])

    assert ended(fork(look)) == 0
    secret.chmod(0o644)


def test_a_link_to_a_scenario_is_as_good(store: Store, tmp_path: Path) -> None:
    path = fill(store, "ward", 3)
    store.close()
    elsewhere = tmp_path / "elsewhere.db"
    path.rename(elsewhere)
    path.symlink_to(os.path.relpath(elsewhere, store.path))
    store.persist({"owners": [owner(9)]}, scenario="ward")
    store.rename_scenario("ward", "bay")
    assert count(store, "bay") == 4
    store.delete_scenario("bay")
    assert store.restore_scenario("bay") == "bay"
    assert count(store, "bay") == 4
    assert elsewhere.exists()


def test_a_stray_file_in_the_trash(store: Store) -> None:
    fill(store, "ward")
    store.delete_scenario("ward")
    (store.path / ".healthsim-store" / "trash" / "a~b.db").touch()
    assert [entry.name for entry in store.list_deleted()] == ["ward"]


# -- what killed makers left ----------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_killed_maker_left_goes_with_the_next(store: Store, how: signal.Signals) -> None:
    fill(store, "source", 3)
    store.close()

    def rows() -> Iterator[dict[str, object]]:
        for number in range(5_000):
            yield owner(number)
        os.kill(os.getpid(), how)

    child = fork(lambda: Store(store.path).persist({"owners": rows()}, scenario="big"))
    assert ended(child) == -how
    hidden = store.path / ".healthsim-store"
    assert [*hidden.glob("new-*.db")]
    with Store(store.path) as other:
        fill(other, "next")
        assert [*hidden.glob("new-*")] == []
        assert other.names() == ["next", "source"]


def test_what_somebody_makes_at_this_moment_stays(store: Store) -> None:
    fill(store, "source", 3)
    store.close()
    ready, go = store.path / "ready", store.path / "go"

    def rows() -> Iterator[dict[str, object]]:
        yield owner(1)
        ready.touch()
        wait_for(go)
        yield owner(2)

    child = fork(lambda: Store(store.path).persist({"owners": rows()}, scenario="slow"))
    wait_for(ready)
    with Store(store.path) as other:
        fill(other, "next")
        assert len([*(store.path / ".healthsim-store").glob("new-*.db")]) == 1
    go.touch()
    assert ended(child) == 0
    assert count(store, "slow") == 2


# -- the clock ------------------------------------------------------------------------------------


def test_a_clock_that_was_set_back_hides_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, "ward")
    before = store.scenario_info("ward").changed_at
    monkeypatch.setattr("healthsim_store.storage.format.now", lambda: "2001-02-03T04:05:06Z")
    store.add_tags("ward", "x")
    monkeypatch.undo()
    assert store.scenario_info("ward").changed_at == before
    assert [info.name for info in store.list_scenarios(since=before[:10])] == ["ward"]


def test_a_name_that_is_taken_keeps_what_lies_beside_it(store: Store) -> None:
    path = fill(store, "ward", MANY)
    fill(store, "other")
    half_written(path)
    journal = beside(path, "-journal").read_bytes()
    store.close()
    with pytest.raises(ScenarioExists):
        store.rename_scenario("other", "ward")
    with pytest.raises(ScenarioExists):
        store.clone_scenario("other", new_name="ward")
    assert beside(path, "-journal").read_bytes() == journal
    assert count(store, "ward") == MANY
