"""One moment: what is read in one block is of one state of the file, whoever writes meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import QueryRefused, ScenarioBusy, ScenarioNotFound
from healthsim_store.storage.isolated import IsolatedSandbox
from healthsim_store.storage.sandbox import Sandbox


@pytest.fixture
def store(toy: None, tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as made:
        made.persist({"owners": [owner(n) for n in range(3)]}, scenario="s")
        yield made


def count(sandbox: Sandbox, table: str = "owners") -> int:
    (number,) = sandbox.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(number)


def insert(path: Path, number: int, timeout: float = 0.0) -> None:
    """One more owner, by a plain connection: raises at once where it may not commit."""
    with contextlib.closing(sqlite3.connect(path, timeout=timeout)) as other, other:
        other.execute(
            "INSERT INTO owners (owner_id, tax_number, full_name, born)"
            " VALUES (?, ?, 'x', '2000-01-01')",
            (f"x{number}", f"tx{number}"),
        )


@contextlib.contextmanager
def writing(action: Callable[[], object]) -> Iterator[threading.Thread]:
    """``action`` in another thread, begun before the block and waited for after it."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield thread
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert failures == []


def is_waiting_to_commit(path: Path) -> bool:
    """Whether a writer of this process has all but the last lock: then nobody begins to read."""
    with contextlib.closing(sqlite3.connect(path, timeout=0)) as other:
        try:
            other.execute("SELECT 1 FROM owners").fetchone()
        except sqlite3.OperationalError:
            return True
    return False


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_no_other_connection_can_commit_inside(store: Store) -> None:
    path = store.find("s")
    with contextlib.closing(Sandbox(path)) as sandbox:
        with sandbox.moment():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                insert(path, 1)
            assert count(sandbox) == 3
        insert(path, 1)
        assert count(sandbox) == 4


def test_the_lock_is_there_before_the_first_read(store: Store) -> None:
    path = store.find("s")
    with (
        contextlib.closing(Sandbox(path)) as sandbox,
        sandbox.moment(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        insert(path, 1)


def test_without_a_moment_two_reads_may_differ(store: Store) -> None:
    """Or the tests here would prove nothing."""
    path = store.find("s")
    with contextlib.closing(Sandbox(path)) as sandbox:
        before = count(sandbox)
        insert(path, 1)
        assert count(sandbox) == before + 1


def test_a_writer_in_another_process_waits_and_then_gets_through(store: Store) -> None:
    program = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)\n"
        "print('ready', flush=True)\n"
        'c.execute("INSERT INTO owners (owner_id, tax_number, full_name, born)'
        " VALUES ('x', 'x', 'x', '2000-01-01')\")\n"
        "print('written', flush=True)\n"
    )
    path = store.find("s")
    with contextlib.closing(Sandbox(path)) as sandbox:
        with sandbox.moment():
            other = subprocess.Popen(
                [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
            )
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
            time.sleep(0.5)  # long enough for a writer that need not wait
            assert count(sandbox) == 3
            assert other.poll() is None
        assert other.communicate(timeout=20)[0] == "written\n"
        assert other.returncode == 0
        assert count(sandbox) == 4


def test_a_moment_inside_a_moment_is_the_outer_one(store: Store) -> None:
    path = store.find("s")
    with contextlib.closing(Sandbox(path)) as sandbox, sandbox.moment():
        with sandbox.moment():
            pass
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            insert(path, 1)  # the inner block has not ended it


@pytest.mark.parametrize("error", [ValueError, QueryRefused, KeyboardInterrupt])
def test_nothing_is_locked_after_an_error(store: Store, error: type[BaseException]) -> None:
    path = store.find("s")
    with contextlib.closing(Sandbox(path)) as sandbox:
        with pytest.raises(error), sandbox.moment():
            raise error("x")
        assert not sandbox.connection.in_transaction
        insert(path, 1)
        with sandbox.moment():
            assert count(sandbox) == 4


def test_a_refused_statement_inside_ends_nothing_and_the_guard_stays(store: Store) -> None:
    path = store.find("s")
    with contextlib.closing(Sandbox(path)) as sandbox, sandbox.moment():
        for sql in ("COMMIT", "DELETE FROM owners", "PRAGMA user_version"):
            with pytest.raises(QueryRefused), sandbox.run(sql, timeout=1):
                pass
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            insert(path, 1)


def test_attached_files_are_part_of_it(store: Store) -> None:
    store.persist({"owners": [owner(n) for n in range(5)]}, scenario="other")
    path, other = store.find("s"), store.find("other")
    with contextlib.closing(Sandbox(path, attached={"o": other})) as sandbox:
        with sandbox.moment():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                insert(other, 1)
            assert count(sandbox, "o.owners") == 5
        insert(other, 1)
        assert count(sandbox, "o.owners") == 6


def test_a_file_that_is_being_committed_is_busy_and_not_half_read(store: Store) -> None:
    path = store.find("s")
    with (
        contextlib.closing(Sandbox(path)) as sandbox,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer,
    ):
        sandbox.connection.execute("SELECT 1").fetchone()
        sandbox.connection.set_authorizer(None)
        sandbox.connection.execute("PRAGMA busy_timeout = 50")
        sandbox.guard()
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ScenarioBusy), sandbox.moment():
            pass
        writer.execute("ROLLBACK")
        assert not sandbox.connection.in_transaction
        with sandbox.moment():
            assert count(sandbox) == 3


def test_all_that_the_store_answers_inside_is_of_one_moment(store: Store) -> None:
    path = store.find("s")

    def write() -> None:
        store.persist({"owners": [owner(n) for n in range(3, 10)]}, scenario="s")

    def numbers() -> tuple[int, ...]:
        info = store.scenario_info("s")
        rows = store.query_scenario("s", "SELECT count(*) AS n FROM owners").rows
        return (
            info.entity_counts["owners"],
            sum(entry["entities"]["owners"]["inserted"] for entry in info.log),
            store.get_summary("s").entity_counts["owners"],
            rows[0]["n"],
            len(store.load_scenario("s")["owners"]),
            len(store.get_samples("s", "owners", count=100)),
        )

    with contextlib.ExitStack() as writer, store.moment("s"):
        first = store.scenario_info("s").entity_counts["owners"]
        writer.enter_context(writing(write))
        # From here on a new connection would wait: all is read by the moment's own.
        wait_for(lambda: is_waiting_to_commit(path))
        begun = time.monotonic()
        assert {first, *numbers()} == {3}
        assert time.monotonic() - begun < 5
    assert set(numbers()) == {10}


def test_a_query_with_others_attached_has_a_moment_too(store: Store) -> None:
    store.persist({"owners": [owner(n) for n in range(5)]}, scenario="other")
    sql = "SELECT (SELECT count(*) FROM owners) AS a, (SELECT count(*) FROM other.owners) AS b"
    both = "SELECT owner_id FROM owners UNION ALL SELECT owner_id FROM other.owners"
    with store.moment("s", attach=["other"]):
        for name in ("s", "other"):
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                insert(store.find(name), 1)
        page = store.query_scenario("s", both, attach=["other"], limit=2)
        assert page.total == 8
        rows = store.query_scenario("s", sql, attach=["other"]).rows
        assert rows == [{"a": 3, "b": 5}]
        assert store.scenario_info("s").total == 3
    insert(store.find("other"), 1)


def test_moments_in_moments_and_of_two_scenarios(store: Store) -> None:
    store.persist({"owners": [owner(1)]}, scenario="other")
    with store.moment("s"):
        with store.moment("other"), store.moment("s"):
            assert store.scenario_info("s").total == 3
        insert(store.find("other"), 1)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            insert(store.find("s"), 1)
    insert(store.find("s"), 1)


def test_nothing_is_left_locked_after_the_block(store: Store) -> None:
    for error in (None, ValueError):
        with contextlib.suppress(ValueError), store.moment("s"):
            store.get_summary("s")
            if error:
                raise error
        store.persist({"owners": [owner(100 if error else 101)]}, scenario="s")
    assert store.scenario_info("s").total == 5


def test_another_thread_is_not_in_this_one_s_moment(store: Store) -> None:
    """It has connections of its own, and may write when the block has ended."""
    seen: list[int] = []
    with store.moment("s"), writing(lambda: seen.append(store.scenario_info("s").total)):
        pass
    assert seen == [3]


WRITES: list[Callable[[Store], object]] = [
    lambda store: store.persist({"owners": [owner(50)]}, scenario="s"),
    lambda store: store.persist_batches([({"owners": [owner(50)]}, {})], scenario="s"),
    lambda store: store.add_tags("s", "late"),
    lambda store: store.remove_tags("s", "early"),
    lambda store: store.rename_scenario("s", "t"),
    lambda store: store.upgrade_scenario("s"),
]


@pytest.mark.parametrize("write", WRITES)
def test_to_write_inside_is_told_at_once(store: Store, write: Callable[[Store], object]) -> None:
    store.add_tags("s", "early")
    begun = time.monotonic()
    with store.moment("s"), pytest.raises(ScenarioBusy, match=r"inside moment\(\)") as told:
        write(store)
    assert time.monotonic() - begun < 1
    assert told.value.hint is not None
    assert "Write after" in told.value.hint
    write(store)  # and after the block it may


def test_a_new_scenario_may_be_written_inside(store: Store) -> None:
    with store.moment("s"):
        store.persist({"owners": [owner(1)]}, scenario="new")
        store.clone_scenario("s", new_name="copy")
    assert store.names() == ["copy", "new", "s"]


def test_in_wal_mode_a_writer_goes_on_and_is_not_seen(store: Store) -> None:
    """Whoever sets it: readers see the state at their beginning, and block nobody."""
    path = store.find("s")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        assert other.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        with store.moment("s"):
            assert store.scenario_info("s").total == 3
            insert(path, 1)
            store.persist({"owners": [owner(50)]}, scenario="s")  # of this thread too
            assert store.scenario_info("s").total == 3
            assert store.get_summary("s").entity_counts["owners"] == 3
        assert store.scenario_info("s").total == 5
        assert store.get_summary("s").entity_counts["owners"] == 5


def test_a_file_that_is_renamed_before_its_moment_begins_is_not_kept_from_writers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look for a name and the lock there is time for a rename."""
    path, begin = store.find("s"), IsolatedSandbox.moment

    def late(sandbox: IsolatedSandbox) -> contextlib.AbstractContextManager[None]:
        if path.exists():
            path.rename(path.with_name("other.db"))
        return begin(sandbox)

    monkeypatch.setattr(IsolatedSandbox, "moment", late)
    with pytest.raises(ScenarioNotFound), store.moment("s"):
        pass
    insert(store.find("other"), 1)


def test_a_file_that_takes_the_name_before_the_moment_begins_is_the_one_that_is_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.persist({"owners": [owner(n) for n in range(7)]}, scenario="other")
    other, path, begin = store.find("other"), store.find("s"), IsolatedSandbox.moment

    def late(sandbox: IsolatedSandbox) -> contextlib.AbstractContextManager[None]:
        if other.exists():
            other.replace(path)
        return begin(sandbox)

    monkeypatch.setattr(IsolatedSandbox, "moment", late)
    with store.moment("s"):
        assert len(store.load_scenario("s")["owners"]) == 7


@pytest.mark.parametrize("isolated", [True, False])
def test_a_look_at_all_files_in_a_moment_does_not_wait_for_who_waits_for_it(
    store: Store, isolated: bool
) -> None:
    with Store(store.path, remember=False, isolated=isolated) as asked:
        path = asked.find("s")
        with contextlib.ExitStack() as afterwards, asked.moment("s"):
            afterwards.enter_context(writing(lambda: insert(path, 1, timeout=30.0)))
            time.sleep(0.5)  # it waits with a lock that lets no new reader in
            begun = time.monotonic()
            (info,) = asked.list_scenarios()
            assert info.problem is None
            assert info.entity_counts["owners"] == 3
            with pytest.raises(ScenarioNotFound):
                asked.find("of no file")
            assert time.monotonic() - begun < 5
