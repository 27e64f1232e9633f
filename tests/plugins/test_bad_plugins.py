"""Over twenty broken and clashing plugins at once: every command answers as without them."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_plugins import BAD, install_bad
from conftest import Run, install

from healthsim_store import Store
from healthsim_store.plugins import COMMANDS, installed

#: What differs from one run of a command to the next.
OWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?Z?|\d{4}-?\d\d-?\d\d"
    r"|[0-9a-z]{6}(?=-a\d|; toy)|\b(?i:id)\W+[0-9a-z]{6}\b|\d+\.\d+ s\b"
    r"|\d+ (seconds?|minutes?) ago|just now"
)


@pytest.fixture
def bad(toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    install_bad(tmp_path / "bad")
    monkeypatch.syspath_prepend(str(tmp_path / "bad"))
    importlib.invalidate_caches()
    installed.cache_clear()
    yield
    installed.cache_clear()


def test_each_is_left_out_and_named(bad: None, tmp_path: Path) -> None:
    assert len(BAD) > 20
    problems = {p.name: p.problem for p in installed().listed() if p.problem}
    assert problems.keys() == BAD.keys()
    for name, (_, reason) in BAD.items():
        assert reason in str(problems[name]), name
    healthy = {p.name: p for p in installed().listed() if not p.problem}
    assert {"core", "toysim", "noisy"} <= healthy.keys()
    assert healthy["noisy"].notes == ("prints when it is loaded: hello from a plugin and an error",)
    assert not (tmp_path / "store").exists()


def test_what_one_does_to_the_process_is_undone(bad: None) -> None:
    streams = sys.stdout, sys.stderr
    folder, filters = os.getcwd(), [*warnings.filters]
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert installed().plugins
    assert (sys.stdout, sys.stderr) == streams
    assert (os.getcwd(), [*warnings.filters]) == (folder, filters)
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_the_one_without_end_is_waited_for_once(
    bad: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {p.name: p.problem for p in installed().checked.plugins}
    kept = [*(tmp_path / "cache").rglob("endless/*")]
    assert [file.read_text() for file in kept] == [first["b_endless"]]
    kept[0].write_text("as it was kept")
    installed.cache_clear()
    assert {p.name: p.problem for p in installed().checked.plugins} == first | {
        "b_endless": "as it was kept"
    }
    os.utime(kept[0], (0, 0))  # long ago
    installed.cache_clear()
    assert {p.name: p.problem for p in installed().checked.plugins} == first


ROW = '{"owners": [{"tax_number": "T", "full_name": "N", "born": "2000-01-01"}]}'


def answers(run: Run, tmp_path: Path, own: Path) -> dict[tuple[str, ...], tuple[int, str, str]]:
    """What each command says, in a store that is empty before; without times and ids."""
    shutil.rmtree(tmp_path / "store", ignore_errors=True)
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "owners.csv").write_text("tax_number,full_name,born\nT,N,2000-01-01\n")
    calls: list[tuple[str, ...]] = [
        ("persist", "--scenario", "s"), ("import", "-", "--format", "json", "--scenario", "t"),
        ("query", "s", "SELECT 1 AS one"), ("summary", "s"), ("samples", "s", "owners"), ("list",),
        ("info", "s"), ("tag", "s", "x"), ("tags",), ("untag", "s", "x"), ("undo", "s"),
        ("redo", "s"), ("history", "s"), ("remove", "s", "owners", "--where", "0"),
        ("update", "s", "owners", "--set", "name=x", "--where", "1"), ("rename", "s", "u"),
        ("description", "u", "d"), ("note", "u", "n"), ("question", "save", "u", "q", "SELECT 1"),
        ("delete", "u"), ("restore", "u"), ("purge", "--all", "--yes"), ("check", "u"),
        ("upgrade", "u"), ("schema", "owners"),
        ("schema",), ("clone", "u", "v"), ("diff", "u", "v"), ("compare", "u", "v"),
        ("merge", "u", "t", "--dry-run"),
        ("export", "u", "--to", str(tmp_path / "out" / "u")),
        ("metadata", "--to", str(tmp_path / "out")), ("profiles",),
        ("generate", str(own), "--into", "g", "--seed", "7"), ("profiles", str(own)),
        ("standards",),
        ("regenerate", "g", "--profile", str(own)), ("serve", "--help"), ("plugins", "--help"),
        ("map", str(tmp_path / "owners.csv")),
        ("--help",), ("--version",), ("sumary", "s"), ("export", "u", "--format", "nothing"),
        ("persist", "--scenario", "nobody", "--help"),
    ]  # fmt: skip
    told = {}
    for call in calls:
        done = run(*call, input=ROW)
        told[call] = (done.returncode, OWN.sub("?", done.stdout), OWN.sub("?", done.stderr))
    assert {call[0] for call in calls} >= set(COMMANDS)
    return told


def test_every_command_answers_as_without_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "owners.sql"
    own.write_text(
        "-- Owners @counts owners @count 3\n\n-- @for count\n"
        "CREATE TABLE one (x REAL -- @uniform 0, 1\n);\n\n-- @into owners\n"
        "SELECT n AS tax_number, n AS name, '2000-01-01' AS born FROM one;\n"
    )
    without = answers(run, tmp_path, own)
    assert {call[0] for call, (code, _, _) in without.items() if code} == {"sumary", "export"}
    install_bad(tmp_path / "bad")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "bad"))
    told = {p["name"]: p.get("problem") for p in json.loads(run("plugins", "--json").stdout)}
    assert {name for name, problem in told.items() if problem} == BAD.keys()
    text = run("plugins").stdout
    assert all(f"| {name} " in text for name in BAD)
    assert text.count("LEFT OUT: ") == len(BAD)
    beside = answers(run, tmp_path, own)
    for call, answer in without.items():
        assert beside[call] == answer


SLEEPS = "import time\ntry:\n    time.sleep(60)\nexcept BaseException:\n    pass\n"


@pytest.mark.skipif(os.name != "posix", reason="it sends a signal")
def test_the_user_s_own_ctrl_c_interrupts_also_a_plugin_that_catches_it(
    toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "sleeps", "sleeps", {"__init__.py": SLEEPS})
    monkeypatch.syspath_prepend(str(tmp_path / "sleeps"))
    importlib.invalidate_caches()
    installed.cache_clear()
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        installed()
    timer.join()
    assert caught.value.__notes__ == [
        "The plugin sleeps was being loaded; HEALTHSIM_STORE_NO_PLUGINS=1 loads none."
    ]
    assert signal.getsignal(signal.SIGINT) is before
    monkeypatch.delitem(sys.modules, "sleeps", raising=False)
    installed.cache_clear()


def test_they_are_loaded_in_a_thread_too(bad: None) -> None:
    found: list[set[str]] = []

    def load() -> None:
        found.append({p.name for p in installed().plugins if p.problem})

    thread = threading.Thread(target=load)
    thread.start()
    thread.join(60)
    assert found
    assert BAD.keys() - found[0] == {"b_endless", "b_deletes", "c_left", "c_right"}


def test_a_list_of_entry_points_that_cannot_be_read_is_told_and_the_others_load(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "bad", "garbled", {"__init__.py": ""})
    points = tmp_path / "bad" / "garbled-1.0.dist-info" / "entry_points.txt"
    points.write_text("[healthsim_store]\nno equals sign\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "bad"))
    told = {p["name"]: p for p in json.loads(run("plugins", "--json").stdout)}
    assert "entry_points.txt cannot be read" in told["garbled"]["problem"]
    assert "problem" not in told["toysim"]
    assert run("persist", "--scenario", "s", input=ROW).returncode == 0


def test_two_versions_in_two_folders_are_told_and_the_first_is_used(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1.0", "2.0"):
        site = tmp_path / f"site-{version}"
        install(site, "twice", {"__init__.py": "", "schema.sql": ""}, version=version)
    path = os.pathsep.join(str(tmp_path / f"site-{version}") for version in ("2.0", "1.0"))
    monkeypatch.setenv("PYTHONPATH", path)
    told = {p["name"]: p for p in json.loads(run("plugins", "--json").stdout)}["twice"]
    assert (told["version"], "problem" in told) == ("2.0", False)
    first, second = path.split(os.pathsep)
    assert told["notes"] == [f"2.0 in {first} hides 1.0 in {second}"]
    assert f"note: 2.0 in {first} hides 1.0 in {second}" in run("plugins").stdout


def test_two_versions_in_one_folder_are_left_out(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version that Python reads may not be that of the code."""
    site = tmp_path / "site"
    install(site, "twice", {"__init__.py": ""}, version="1.0")
    shutil.copytree(site / "twice-1.0.dist-info", site / "twice-2.0.dist-info")
    metadata = site / "twice-2.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 2.0"))
    monkeypatch.setenv("PYTHONPATH", str(site))
    told = {p["name"]: p for p in json.loads(run("plugins", "--json").stdout)}["twice"]
    assert told["problem"] == (
        f"is there in versions 1.0 and 2.0 in {site}: uninstall it and install one"
    )


def test_a_plugin_is_removed_while_its_scenario_is_open(toy_folder: Path, tmp_path: Path) -> None:
    """In the process that has it open, all goes on; the next one reads, adds and copies too."""
    site = tmp_path / "site"
    shutil.copytree(toy_folder, site)
    program = """
import json, shutil, sys
from healthsim_store import Store
row = lambda n: {"owner_id": f"o{n}", "tax_number": f"T{n}", "full_name": "N", "born": "2000-01-01"}
with Store(sys.argv[1]) as store:
    if sys.argv[2] == "first":
        store.persist({"owners": [row(n) for n in range(3)]}, scenario="s")
        rows = iter(store.rows("s", "SELECT * FROM owners"))
        next(rows)
        shutil.rmtree(sys.argv[3])
        assert len([*rows]) == 2
        store.persist({"owners": [row(3)]}, scenario="new")
    store.persist({"owners": [row(9 if sys.argv[2] == "first" else 10)]}, scenario="s")
    store.clone_scenario("s")
    print(json.dumps([store.scenario_info("s").total, store.check_scenario("s").ok]))
"""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    }
    told = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "store"), part, str(site)],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )
        for part in ("first", "second")
    ]  # fmt: skip
    assert [done.stdout.strip() or done.stderr for done in told] == ["[4, true]", "[5, true]"]
    with Store(tmp_path / "store") as store:
        assert store.scenario_info("new").total == 1
