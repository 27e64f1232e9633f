"""Where many ask at once, what is slow leaves the processor to what is not, and goes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bombs import BOMBS
from conftest import owner
from statements import LOOP

from healthsim_store import Store
from healthsim_store.errors import QueryTimeout
from healthsim_store.storage import isolated
from healthsim_store.storage.isolated import IsolatedSandbox
from healthsim_store.storage.processes import Process, _Processes


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Processes]:
    """A program that many ask, with processes of its own."""
    made = _Processes()
    made.serve_many()
    monkeypatch.setattr(isolated, "processes", made)
    yield made
    made.end_all()


def niceness(process: Process) -> int:
    number = process._process.pid
    return _niceness(Path(f"/proc/{number}/task/{number}/stat"))


def _niceness(stat: Path) -> int:
    return int(stat.read_text().rpartition(")")[2].split()[16])


def test_a_slow_one_lets_others_go_first_and_is_not_kept(store: Store, many: _Processes) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    path = store.find("s")
    sandbox = IsolatedSandbox(path)
    process = sandbox._remote._process
    with sandbox.run("SELECT 1", timeout=5.0) as rows:
        assert rows.fetchall() == [(1,)]
    with pytest.raises(QueryTimeout), sandbox.run(LOOP, timeout=4.0) as rows:
        rows.fetchall()
    assert process.slow
    assert not sandbox.usable
    if sys.platform == "linux" and process.alive:
        assert niceness(process) > _niceness(Path("/proc/self/stat"))
    sandbox.close()
    assert process not in many._idle
    with (
        contextlib.closing(IsolatedSandbox(path)) as another,
        another.run("SELECT 1", timeout=5.0) as rows,
    ):
        assert rows.fetchall() == [(1,)]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_one_that_only_waits_is_kept(store: Store, many: _Processes) -> None:
    """On a busy machine all takes long, and to begin anew at each request takes longer still."""
    store.persist({"owners": [owner(1)]}, scenario="s")
    sandbox = IsolatedSandbox(store.find("s"))
    process = sandbox._remote._process
    os.kill(process._process.pid, signal.SIGSTOP)
    timer = threading.Timer(0.6, os.kill, [process._process.pid, signal.SIGCONT])
    timer.start()
    with sandbox.run("SELECT 1", timeout=30.0) as rows:
        assert rows.fetchall() == [(1,)]
    timer.join()
    assert not process.slow
    assert sandbox.usable
    sandbox.close()
    assert process in many._idle


def test_after_a_statement_that_was_ended_the_next_lets_others_go_first(
    store: Store, many: _Processes
) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    sandbox = IsolatedSandbox(store.find("s"))
    with pytest.raises(QueryTimeout), sandbox.run(BOMBS["a long function"], timeout=0.3) as rows:
        rows.fetchall()
    ended = sandbox._remote._process
    assert not ended.alive
    assert not many._idle  # nothing is started for a statement that may never come
    with sandbox.run("SELECT 1", timeout=30.0) as rows:
        assert rows.fetchall() == [(1,)]
    process = sandbox._remote._process
    assert process is not ended
    assert process.slow
    assert not sandbox.usable
    if sys.platform == "linux":
        assert niceness(process) > _niceness(Path("/proc/self/stat"))
    sandbox.close()
    assert not many._idle


def test_in_a_program_of_one_caller_nothing_is_slow(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _Processes()  # another test of this process may have been a server
    monkeypatch.setattr(isolated, "processes", made)
    store.persist({"owners": [owner(1)]}, scenario="s")
    sandbox = IsolatedSandbox(store.find("s"))
    process = sandbox._remote._process
    with pytest.raises(QueryTimeout), sandbox.run(LOOP, timeout=0.6) as rows:
        rows.fetchall()
    assert not process.slow
    # On a machine with much to do it may have been ended, as one that does not answer in time.
    assert sandbox.usable or not process.alive
    sandbox.close()
    made.end_all()
