"""How the command line tells an error: in a line, as JSON, with its trace."""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import SCHEMA, Run, install, owner
from forks import command

from healthsim_store import Store, errors
from healthsim_store.base.faults import as_error
from healthsim_store.base.sqlite import file_errors
from healthsim_store.cli.failures import tell
from healthsim_store.plugins import installed

FAULTY = """
import click
from healthsim_store import Exporter, Importer, Product, hookimpl

def read(source):
    text = source.path.read_text()
    if "at once" in text:
        raise KeyError("no\\nsuch")
    if "no pair" in text:
        yield 7
    if "no name" in text:
        yield 7, []

    def rows():
        yield {"owner_id": "o1", "tax_number": "T1", "full_name": "N", "born": "1990-01-01"}
        raise RuntimeError("in the middle")

    yield "owners", rows()

def write(table, path):
    if table.entity_type.name == "pets":
        raise ZeroDivisionError("pets cannot be divided")
    for batch in table.batches():
        path.write_text("rows")

def nothing(table, path):
    list(table.batches())

def copy(source, path):
    raise AttributeError("copy")

@click.command()
@click.argument("word")
def shout(word):
    {}[word]

@hookimpl
def healthsim_store_products():
    return [Product.from_package(__name__, name="toy")]

@hookimpl
def healthsim_store_importers():
    return [Importer("herd", (".herd",), read)]

@hookimpl
def healthsim_store_exporters():
    return [
        Exporter("pages", ".pages", write=write), Exporter("none", ".none", write=nothing),
        Exporter("whole", ".whole", copy=copy),
    ]

@hookimpl
def healthsim_store_commands():
    return [shout]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    install(tmp_path / "site", "faulty", {"__init__.py": FAULTY, "schema.sql": SCHEMA})
    return tmp_path / "site"


@pytest.fixture
def faulty(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store beside a plugin whose importer, exporters and command raise."""
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    installed.cache_clear()
    with Store(tmp_path / "store") as store:
        pets = [{"pet_id": "p1", "owner_id": "o2"}]
        store.persist({"owners": [owner(2)], "pets": pets}, scenario="s")
        yield store
    installed.cache_clear()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at once", r"KeyError: 'no\nsuch'"),
        ("no pair", "TypeError: it yields int, not"),
        ("no name", "TypeError: it yields int as the name"),
        ("later", "RuntimeError: in the middle"),
    ],
)
def test_an_importer_that_raises(faulty: Store, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.herd").write_text(text)
    with pytest.raises(errors.PluginFailed) as caught:
        faulty.import_data(tmp_path / "a.herd", scenario="new")
    told = caught.value.message
    assert told.startswith("The plugin faulty failed (format herd, reading a.herd): ")
    assert said in told
    assert "\n" not in told
    assert type(caught.value.__cause__).__name__ in said
    assert caught.value.to_dict()["plugin"] == "faulty"
    assert faulty.names() == ["s"]


@pytest.mark.parametrize(
    ("format", "said"),
    [
        ("pages", "writing pets.pages of s): ZeroDivisionError: pets cannot be divided"),
        ("none", "writing owners.none of s): TypeError: it wrote no such file"),
        ("whole", "writing s.whole of s): AttributeError: copy"),
    ],
)
def test_an_exporter_that_raises(faulty: Store, tmp_path: Path, format: str, said: str) -> None:
    with pytest.raises(errors.PluginFailed) as caught:
        faulty.export_scenario("s", format=format, to=tmp_path / "out")
    assert said in caught.value.message
    assert not (tmp_path / "out").exists()


def test_a_command_that_raises(site: Path, tmp_path: Path) -> None:
    environment = os.environ | {
        "HEALTHSIM_STORE_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]),
    }
    done = command("shout", "loud", environment=environment)
    assert done.returncode == 70
    told, hint = done.stderr.splitlines()
    assert told == (
        "Error (plugin_failed): The plugin faulty failed (healthsim-store shout loud):"
        " KeyError: 'loud'."
    )
    assert "--debug" in hint
    traced = command("shout", "--debug", "loud", environment=environment)
    assert "Traceback (most recent call last)" in traced.stderr
    assert traced.stderr.splitlines()[-2:] == [told.replace("shout", "shout --debug"), hint]


@pytest.mark.parametrize("words", [["--debug", "info", "nobody"], ["info", "nobody", "--debug"]])
def test_debug_before_and_after_the_command(run: Run, words: list[str]) -> None:
    done = run(*words)
    assert done.returncode == 3
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert "Error (scenario_not_found): There is no scenario 'nobody'." in done.stderr
    plain = run("info", "nobody")
    assert "Traceback" not in plain.stderr
    assert done.stderr.endswith(plain.stderr)


def test_debug_by_a_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTHSIM_STORE_DEBUG", "1")
    assert "Traceback" in run("info", "nobody").stderr
    monkeypatch.setenv("HEALTHSIM_STORE_DEBUG", "0")
    assert "Traceback" not in run("info", "nobody").stderr


@pytest.mark.parametrize("output", ["--json", "--nl"])
@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (["query", "nobody", "SELECT 1"], "scenario_not_found", 3),
        (["query", "--limit", "many", "nobody"], "usage", 2),
        (["inquire", "nobody"], "usage", 2),
        (["query"], "usage", 2),
    ],
)
def test_errors_as_json(run: Run, output: str, words: list[str], code: str, exit_code: int) -> None:
    done = run(*words, output)
    assert (done.returncode, done.stdout) == (exit_code, "")
    error = json.loads(done.stderr)
    assert (error["code"], error["exit_code"]) == (code, exit_code)
    assert set(error) == {"code", "message", "hint", "exit_code"}
    traced = json.loads(run(*words, output, "--debug").stderr)
    assert traced["trace"][0] == "Traceback (most recent call last):"
    assert {name: traced[name] for name in error} == error


def test_what_stands_behind_a_double_dash_is_no_option(run: Run) -> None:
    assert run("info", "--", "--json").stderr.startswith("Error (scenario_not_found): ")


@pytest.mark.parametrize(
    ("raised", "code", "exit_code"),
    [
        (OSError(28, "No space left on device", "/disk/a"), "system_failure", 1),
        (PermissionError(13, "Permission denied"), "system_failure", 1),
        (MemoryError(), "system_failure", 1),
        (UnicodeEncodeError("ascii", "ü", 0, 1, "not in range"), "system_failure", 1),
        (KeyError("a\nb"), "internal_error", 70),
        (sqlite3.OperationalError("no such table: x"), "internal_error", 70),
        (AssertionError(), "internal_error", 70),
        (RuntimeError("x" * 10_000), "internal_error", 70),
        (KeyboardInterrupt(), "interrupted", 130),
    ],
)
def test_what_nobody_raised_on_purpose(
    raised: BaseException, code: str, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(raised, ["list", "--json"]) == exit_code
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert len(told) < 1_000
    assert json.loads(told)["code"] == code


def test_an_error_of_ours_is_itself() -> None:
    error = errors.ScenarioNotFound("x")
    assert as_error(error) is error


def test_a_full_disk_is_told(toy: None) -> None:
    """In a process of its own: what is left over is written when Python ends."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "healthsim_store", "schema"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Error (system_failure): No space left on device")
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("text", ["unable to open database file", "disk I/O error"])
def test_a_file_that_was_moved_is_not_there(tmp_path: Path, text: str) -> None:
    def told(name: str, *, new: bool = False) -> errors.HealthsimStoreError:
        with (
            pytest.raises(errors.HealthsimStoreError) as caught,
            file_errors(tmp_path / name, new=new),
        ):
            raise sqlite3.OperationalError(text)
        return caught.value

    (tmp_path / "there.db").touch()
    assert isinstance(told("there.db"), errors.NotWritable)
    assert isinstance(told("gone.db", new=True), errors.NotWritable)
    assert isinstance(told("nowhere/gone.db"), errors.NotWritable)
    gone = told("gone.db")
    assert isinstance(gone, errors.ScenarioNotFound)
    assert "it was moved just now" in gone.message


def test_a_scenario_that_is_renamed_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renamed between the look at its name and the look at its size."""
    store.persist({"owners": [owner(1)]}, scenario="s")
    path = store.path / "s.db"

    def after(module: str, name: str) -> None:
        found: Callable[..., object] = getattr(importlib.import_module(module), name)

        def call(*arguments: object, **options: object) -> object:
            answer = found(*arguments, **options)
            path.rename(store.path / "t.db")
            return answer

        monkeypatch.setattr(f"{module}.{name}", call)

    after("healthsim_store.store", "read_info")
    with pytest.raises(errors.ScenarioNotFound):
        store.scenario_info("s")
