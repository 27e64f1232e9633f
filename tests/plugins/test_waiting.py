"""A plugin whose import does not end is named, and the next command does not wait for it."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Run, install
from deaths import ended, fork, needs_fork, wait_for, wait_until_busy

from healthsim_store.base.locks import is_left
from healthsim_store.plugins import installed, waiting

SLOW = """
import pathlib, time
pathlib.Path(__file__).with_name("begun").touch()
time.sleep({seconds})
"""
SLOW_ONE = waiting.Loaded("slow", "slow", "1.0", "slow")


@pytest.fixture
def site(toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A plugin that sleeps while it is imported; and little patience."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, seconds in (("NAMED", 0.2), ("MARKED", 0.4), ("LOOK", 0.05)):
        monkeypatch.setattr(waiting, name, seconds)
    install(tmp_path / "site", "slow", {"__init__.py": SLOW.format(seconds=60)})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield tmp_path / "site"
    sys.modules.pop("slow", None)
    installed.cache_clear()


def load() -> dict[str, str | None]:
    """Load all plugins anew; what is wrong with each."""
    sys.modules.pop("slow", None)
    importlib.invalidate_caches()
    installed.cache_clear()
    return {plugin.name: plugin.problem for plugin in installed().plugins}


def marks(tmp_path: Path) -> list[Path]:
    found = (tmp_path / "cache").rglob("unfinished/*")
    return [path for path in found if not path.name.endswith("-journal")]


def is_marked() -> bool:
    """Whether the slow one has its mark, and its lock, a moment later; others have theirs too."""
    mark = SLOW_ONE.mark()
    return mark.exists() and not is_left(mark)


def interrupted(until: Callable[[], object]) -> int:
    """Press Ctrl-C in a process that loads the plugins, once something is so; its exit code."""

    def act() -> None:
        try:
            load()
        except KeyboardInterrupt:
            os._exit(130)

    child = fork(act)
    wait(until)
    os.kill(child, signal.SIGINT)
    return ended(child)


def wait(until: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not until():
        assert time.monotonic() < end
        time.sleep(0.01)


@needs_fork
def test_who_waits_is_told_and_the_next_command_does_not_wait(
    site: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert interrupted(until=is_marked) == 130
    told = capfd.readouterr().err
    assert "The plugin slow is being loaded since 0 seconds. Ctrl-C ends this" in told
    (mark,) = marks(tmp_path)
    began = time.monotonic()
    problems = load()
    assert time.monotonic() - began < 5
    assert str(problems.pop("slow")).startswith("did not end within 0.4 seconds when it was loaded")
    assert str(mark) in str({p.name: p.problem for p in installed().plugins}["slow"])
    assert problems["toysim"] is None
    # Once its files are changed, or after an hour, it is tried again.
    (site / "slow" / "__init__.py").write_text("")
    assert load()["slow"] is None
    (site / "slow" / "__init__.py").write_text(SLOW.format(seconds=0.01))
    os.utime(site / "slow" / "__init__.py", ns=(1, 1))
    assert load()["slow"] is None
    assert marks(tmp_path) == [mark]


@needs_fork
def test_after_an_hour_it_is_tried_again(site: Path, tmp_path: Path) -> None:
    assert interrupted(until=is_marked) == 130
    (mark,) = marks(tmp_path)
    assert load()["slow"]
    os.utime(mark, (time.time() - waiting.KEPT - 1,) * 2)
    begun = site / "slow" / "begun"
    begun.unlink()
    assert interrupted(until=begun.exists) == 130  # it is tried


@needs_fork
def test_who_is_stopped_early_leaves_no_mark(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MARKED", 60.0)
    assert interrupted(until=(site / "slow" / "begun").exists) == 130
    assert marks(tmp_path) == []


@needs_fork
def test_a_killed_one_leaves_its_mark_and_a_living_one_keeps_nobody_out(
    site: Path, tmp_path: Path
) -> None:
    child = fork(load)
    wait(is_marked)
    assert marks(tmp_path) == [SLOW_ONE.mark()]
    assert waiting.left_behind(SLOW_ONE) is None
    os.kill(child, signal.SIGKILL)
    ended(child)
    assert waiting.left_behind(SLOW_ONE) is not None


def test_a_slow_one_that_ends_is_loaded_and_leaves_no_mark(
    site: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (site / "slow" / "__init__.py").write_text(SLOW.format(seconds=0.9))
    assert load()["slow"] is None
    assert "The plugin slow is being loaded" in capfd.readouterr().err
    assert marks(tmp_path) == []
    assert "plugins" not in {thread.name for thread in threading.enumerate()}


def test_where_there_is_no_cache_it_is_only_named(
    site: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cache").write_text("a file")
    (site / "slow" / "__init__.py").write_text(SLOW.format(seconds=0.9))
    assert load()["slow"] is None
    assert "The plugin slow is being loaded" in capfd.readouterr().err


def test_nobody_is_told_of_what_is_quick(run: Run) -> None:
    done = run("plugins", "--json")
    assert done.stderr == ""
    assert "toysim" in {plugin["name"] for plugin in json.loads(done.stdout)}


# A view without end: SQLite asks for the time while it looks, and forgets what is raised meanwhile.
ENDLESS = """
-- Things
CREATE TABLE things (
  thing_id VARCHAR PRIMARY KEY -- Id
);

-- Without end @card things
CREATE VIEW thing_cards AS
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
SELECT (SELECT max(i) FROM n) AS thing_id, 'x' AS thing;
"""
BRINGS = """
from healthsim_store import Product, hookimpl

@hookimpl
def healthsim_store_products():
    return [Product("slow", "1.0", SCHEMA)]
"""


@needs_fork
def test_ctrl_c_in_a_dry_run_is_no_fault_of_the_product(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / "slow" / "__init__.py").write_text(f"SCHEMA = '''{ENDLESS}'''\n{BRINGS}")
    monkeypatch.setattr("healthsim_store.plugins.rehearsal.QUICK", 20.0)
    importlib.invalidate_caches()

    def act() -> None:
        try:
            assert load()["slow"] is None
            (tmp_path / "loaded").touch()
            problems = {plugin.name: plugin.problem for plugin in installed().checked.plugins}
            print(problems["slow"])
        except KeyboardInterrupt:
            os._exit(130)

    child = fork(act)
    wait_for(tmp_path / "loaded")
    wait_until_busy(child, 0.5)  # in the view
    os.kill(child, signal.SIGINT)
    assert ended(child) == 130
    assert not [*(tmp_path / "cache").rglob("endless/*")]
