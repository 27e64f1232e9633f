"""Plugins of one file each, in the folder that the user names, and in no other."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.plugins import DISABLE, FOLDER, installed

PROFILE = """-- Owners of pets @counts owners @count 5

-- What an owner is like @for count
CREATE TABLE person (
  age INTEGER -- @uniform 20, 60
);

-- @into owners
SELECT key || n AS owner_id, 'T' || key || n AS tax_number, 'Owner ' || n AS full_name,
  (2025 - age) || '-01-01' AS born
FROM person, run ORDER BY n;
"""
MAPPING = """CREATE TABLE people (Id TEXT NOT NULL, Name TEXT);

-- @into owners @from people
SELECT stable_id(Id) AS owner_id, Id AS tax_number, Name AS full_name, '1980-01-01' AS born
FROM people;
"""
COMMAND = """
from dataclasses import dataclass

import click
from healthsim_store import hookimpl


@dataclass
class Greeting:
    text: str = "hello"


@click.command()
def greet():
    click.echo(Greeting().text)


@hookimpl
def healthsim_store_commands():
    return [greet]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "own"
    made.mkdir()
    (made / "pet-owners.sql").write_text(PROFILE)
    (made / "kennel.sql").write_text(MAPPING)
    (made / "greet.py").write_text(COMMAND)
    (made / "_skipped.py").write_text("raise RuntimeError")
    (made / "notes.txt").write_text("no plugin")
    return made


def listed(told: str) -> dict[str, dict[str, object]]:
    return {plugin["name"]: plugin for plugin in json.loads(told)}


def test_a_profile_a_mapping_and_a_command_work_as_those_of_packages(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    named = ("--plugins-dir", str(folder))
    plugins = listed(run(*named, "plugins", "--json").stdout)
    assert plugins["pet-owners"]["profiles"] == ["pet-owners"]
    assert plugins["kennel"]["mapped"] == ["kennel"]
    assert plugins["greet"]["commands"] == ["greet"]
    assert plugins["greet"]["distribution"] == str(folder / "greet.py")
    assert len(str(plugins["greet"]["version"])) == 8
    assert not any("problem" in plugin for plugin in plugins.values())
    assert "_skipped" not in plugins

    assert run(*named, "greet").stdout == "hello\n"
    assert "  greet" in run(*named, "--help").stdout
    assert "| Owners | 5 |" in run(*named, "generate", "pet-owners", "--into", "made").stdout
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "people.csv").write_text("Id,Name\n1,Ann\n2,Bob\n")
    command = ("import", "--format", "kennel", str(tmp_path / "csv"), "--scenario", "read")
    done = run(*named, *command)
    assert done.returncode == 0, done.stderr
    with Store(tmp_path / "store") as store:
        rows = store.load_scenario("read")["owners"]
    assert [(row["tax_number"], row["full_name"]) for row in rows] == [("1", "Ann"), ("2", "Bob")]


def test_the_environment_names_the_folder_too(
    toy: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(folder))
    installed.cache_clear()
    assert {"pet-owners", "kennel", "greet"} <= {p.name for p in installed().plugins}
    assert "kennel" in installed().formats.readable()
    monkeypatch.setenv(DISABLE, "1")
    installed.cache_clear()
    assert [plugin.name for plugin in installed().plugins] == ["core"]


def test_a_faulty_file_is_left_out_and_named(run: Run, folder: Path) -> None:
    (folder / "broken.sql").write_text(PROFILE.replace("@uniform 20, 60", "@evenly 20, 60"))
    (folder / "half.sql").write_text(MAPPING + "DROP TABLE people;\n")
    (folder / "latin.sql").write_bytes("-- Gr\xf6\xdfe".encode("latin-1"))
    (folder / "empty.sql").write_text("")
    (folder / "raises.py").write_text("raise SystemExit(3)")
    (folder / "no-code.py").write_text("def (:")
    (folder / "two words.py").write_text(COMMAND)
    (folder / "dir.py").mkdir()
    os.mkfifo(folder / "pipe.py")  # who reads from it waits for ever
    os.mkfifo(folder / "tube.sql")
    (folder / "twin.py").write_text(COMMAND)
    named = ("--plugins-dir", str(folder))
    problems = {
        name: str(plugin["problem"])
        for name, plugin in listed(run(*named, "plugins", "--json").stdout).items()
        if "problem" in plugin
    }
    assert problems.keys() == {
        "broken", "half", "latin", "empty", "raises", "no-code", "two words", "dir", "twin",
        "greet", "pipe", "tube",
    }  # fmt: skip
    assert "broken.sql, line 4" in problems["broken"]
    assert "half.sql, line 6" in problems["half"]
    assert "latin.sql: cannot be read" in problems["latin"]
    assert problems["raises"] == "SystemExit: 3"
    assert problems["no-code"].startswith("SyntaxError")
    assert problems["pipe"] == problems["tube"] == problems["dir"] == "is no file"
    assert problems["two words"].startswith("its name may have only letters")
    assert problems["twin"].startswith("claims the command greet, as greet does")
    # All else works.
    assert "| Owners | 5 |" in run(*named, "generate", "pet-owners", "--into", "made").stdout


def test_a_folder_that_is_not_there_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run("--plugins-dir", str(tmp_path / "nowhere"), "list")
    assert refused.returncode != 0
    assert "nowhere" in refused.stderr
    monkeypatch.setenv(FOLDER, str(tmp_path / "nowhere"))
    assert run("list").returncode == 0
    told = listed(run("plugins", "--json").stdout)[FOLDER]
    assert told["problem"] == "cannot be read: No such file or directory"


def test_nothing_that_lies_in_a_store_is_run_unless_the_user_names_it(
    run: Run, toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store may be somebody else's, unpacked from an archive."""
    store = tmp_path / "store"
    mark = tmp_path / "it-was-run"
    evil = f"open({str(mark)!r}, 'w').close()\n" + COMMAND
    names = ("plugin.py", "plugins/plugin.py", "profiles/plugin.py", ".plugins/plugin.py",
             "sitecustomize.py", "healthsim_store_evil.py", "conftest.py")  # fmt: skip
    for name in names:
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_text(evil)
    for name in ("kennel.sql", "plugins/kennel.sql", "formats/kennel.sql"):
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_text(MAPPING)
    before = set(listed(run("plugins", "--json").stdout))
    monkeypatch.chdir(store.parent)
    with Store(store) as opened:
        opened.persist({"owners": [owner(1)]}, scenario="s")
    commands = (
        ("plugins",), ("list",), ("info", "s"), ("summary", "s"), ("check",), ("profiles",),
        ("query", "s", "SELECT 1"), ("export", "s", "--format", "csv", "--to", "out"),
        ("generate", "plugin"), ("import", "--format", "kennel", str(store)),
    )  # fmt: skip
    for command in commands:
        run(*command)
    assert set(listed(run("plugins", "--json").stdout)) == before
    assert not mark.exists()
    unknown = run("import", "--format", "kennel", str(store))
    assert "Unknown format 'kennel'" in unknown.stderr
    # Named by the user, the same folder is one like any other.
    assert "plugin" in listed(run("--plugins-dir", str(store), "plugins", "--json").stdout)
    assert mark.exists()
