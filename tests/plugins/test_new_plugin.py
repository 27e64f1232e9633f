"""`plugins new`: what it writes is a plugin whose tests pass, and a bad name leaves nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import Run
from test_wheels import ROOT, pip, wheels

import healthsim_store
from healthsim_store.cli import cli
from healthsim_store.errors import InvalidArgument, InvalidName, NotWritable, TargetExists
from healthsim_store.plugins.new_plugin import KINDS, new_plugin, plugin_files

QUICK = ("command",)  # the docs' tests run that of a product
KIND = [pytest.param(k, marks=() if k in QUICK else pytest.mark.long) for k in KINDS]
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error")


@pytest.mark.parametrize("kind", KIND)
def test_its_tests_pass_once_it_is_installed(
    run: Run, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = run("plugins", "new", "fresh-one", "--kind", kind)
    assert (made.returncode, made.stderr) == (0, "")
    (wheel,) = wheels(tmp_path, tmp_path / "fresh-one")
    with zipfile.ZipFile(wheel) as archive:  # as pip does it
        archive.extractall(tmp_path / "site")
    path = [tmp_path / "site", *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(
        [sys.executable, *PYTEST, "tests"], cwd=tmp_path / "fresh-one", env=environment,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_from_nothing_to_green_tests_in_a_fresh_environment(tmp_path: Path, kind: str) -> None:
    """By the commands that README.md names, in less than a minute from `plugins new` on."""
    (core,) = wheels(tmp_path, ROOT)
    venv.create(tmp_path / "venv", with_pip=False)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip("--python", str(scripts / "python"), "install", "--quiet", str(core))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "HEALTHSIM"))}

    def run(*command: str, cwd: Path) -> str:
        done = subprocess.run(
            [scripts / command[0], *command[1:]], cwd=cwd, env=clean, capture_output=True,
            text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    start = time.monotonic()
    run("healthsim-store", "plugins", "new", "my-first", "--kind", kind, cwd=tmp_path)
    folder = tmp_path / "my-first"
    pip("--python", str(scripts / "python"), "install", "--quiet", "-e", f"{folder}[test]")
    assert "LEFT OUT" not in run("healthsim-store", "plugins", cwd=folder)
    assert " passed" in run("pytest", "-q", cwd=folder)
    assert time.monotonic() - start < 60


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_writes_is_whole(tmp_path: Path, kind: str) -> None:
    made = new_plugin("Acme.Health_9", kind=kind, parent=tmp_path)
    assert made.folder == tmp_path / "Acme.Health_9"
    found = {p.relative_to(made.folder).as_posix() for p in made.folder.rglob("*") if p.is_file()}
    assert found == set(made.files)
    assert {"src/acme_health_9/__init__.py", "tests/test_acme_health_9.py", "README.md"} <= found
    for file in found:
        text = (made.folder / file).read_text("utf-8")
        assert not re.search(r"\$\{?[a-z_]|PACKAGE|SHORT", text.replace("${{ matrix", "")), file
        assert text.endswith("\n")
        if file.endswith(".py"):
            compile(text, file, "exec")
    project = tomllib.loads((made.folder / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["name"] == "Acme.Health_9"
    assert project["project"]["entry-points"]["healthsim_store"] == {
        "acme-health-9": "acme_health_9"
    }
    release = ".".join(healthsim_store.__version__.split(".")[:2])
    assert f"healthsim-store>={release}" in project["project"]["dependencies"]
    core = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["license"] == core["project"]["license"]
    workflow = yaml.safe_load((made.folder / ".github/workflows/test.yml").read_text("utf-8"))
    assert {"run": "pytest"} in workflow["jobs"]["test"]["steps"]
    assert list(tmp_path.iterdir()) == [made.folder]


def test_the_command_offers_every_kind() -> None:
    new = cli.commands["plugins"].commands["new"]  # type: ignore[attr-defined]
    (kind,) = (parameter for parameter in new.params if parameter.name == "kind")
    assert list(kind.type.choices) == list(KINDS)


@pytest.mark.parametrize(
    "name",
    ["", "9lives", "a b", "a/b", "../a", "-x", "x-", "größe", "json", "class", "healthsim-store",
     "x" * 61, "a\n"],
)  # fmt: skip
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidName):
        new_plugin(name, kind="product", parent=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("summary", "command"),
        ("parquet", "exporter"),
        ("ndjson", "importer"),
        ("parquet", "standard"),
    ],
)
def test_a_name_that_the_core_has_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    with pytest.raises(InvalidName, match=f"itself has the .*{name}"):
        new_plugin(name, kind=kind, parent=tmp_path)
    new_plugin(name, kind="profile", parent=tmp_path)


def test_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    for there in ("a-file", "a-link"):
        (tmp_path / there).symlink_to("nowhere") if there == "a-link" else (
            tmp_path / there
        ).write_text("mine")
        with pytest.raises(TargetExists):
            new_plugin(there, kind="product", parent=tmp_path)
    assert (tmp_path / "a-file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-file", "a-link"]
    with pytest.raises(NotWritable):
        new_plugin("x", kind="product", parent=tmp_path / "a-file")
    with pytest.raises(InvalidArgument, match="no kind 'profil'") as refused:
        plugin_files("x", kind="profil")
    assert refused.value.hint == "Did you mean profile?"


def test_the_command_line_tells_the_files_and_what_is_next(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("plugins", "new", "my-own", "--kind", "product", "--json")
    told = json.loads(done.stdout)
    assert (told["name"], told["kind"]) == ("my-own", "product")
    assert told["files"] == list(plugin_files("my-own", kind="product"))
    again = run("plugins", "new", "my-own", "--kind", "product")
    assert again.returncode != 0
    assert "my-own is there already" in again.stderr
    other = run("plugins", "new", "my-other", "--kind", "product")
    assert other.stdout.endswith('Now: cd my-other; pip install -e ".[test]"; pytest\n')
    unknown = run("plugins", "new", "my-x", "--kind", "check")
    assert "is not one of 'product'" in unknown.stderr
    # The listing is as it was.
    assert {p["name"] for p in json.loads(run("plugins", "--json").stdout)} >= {"core", "toysim"}
