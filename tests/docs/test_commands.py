"""Each command that README, docs and plugins' READMEs print works as printed.

The quick tests run them in the environment of the tests, the long one where a reader does: in a
fresh checkout, where nothing is installed but Python.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from shell import Server, Shell
from shown_commands import Command, read_answers, read_commands

from healthsim_store.plugins import installed

ROOT = Path(__file__).resolve().parents[2]
# Their blocks are parts of a plugin or a profile, which tests of their own put together, or
# signatures and docstrings, which a test compares with the code, or need the files that they show.
WITH_THEIR_OWN_TESTS = {
    "docs/plugins.md", "docs/profiles.md", "docs/python.md", "docs/standards.md",
    "docs/import-recipes.md",
}  # fmt: skip
PAGES = sorted(
    str(page.relative_to(ROOT))
    for page in (ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/README.md"))
)
PRODUCTS = {"patientsim", "membersim", "trialsim"}


def why_not(command: Command, shell: Shell, *, fresh: bool) -> str | None:
    """Why a command is not run; None if it is."""
    if command.language == "sql":
        return None if not fresh else "DuckDB is not a part of the installation"
    if command.language == "python":
        if "spark." in command.text:
            return "Spark has a test of its own, where it is installed"
        return (
            "pandas is not a part of the installation"
            if fresh and "pandas" in command.text
            else None
        )
    first, *others = command.words
    if first in ("claude", "npx"):
        return "a client of somebody else, which changes its own settings or downloads itself"
    if others[:1] == ["dev.py"] and others[1:2] not in (["demo"], ["wheels"]):
        return "that is what runs this test"
    set_up = first in ("pip", "pipx", "uv", ".") or others[:1] == ["dev.py"]
    if set_up and not fresh:
        return "the long test sets up"
    if shutil.which(first, path=shell.environment["PATH"]) is None and first not in (".", "export"):
        ours = ("healthsim-store", "datasette", "python3", "pip")
        assert first not in ours, f"{first} is not on the PATH"
        return f"there is no {first} here"
    return None


def follow(page: Path, shell: Shell, *, fresh: bool = False) -> dict[str, str]:
    """Run a page's commands; what each said on stdout."""
    said: dict[str, str] = {}
    with contextlib.ExitStack() as until_the_end:
        for command in read_commands(page):
            reason = why_not(command, shell, fresh=fresh)
            if reason is not None:
                print(f"Not run, for {reason}: {command.text}")
                continue
            if command.language == "sql":
                code = f"import duckdb; print(duckdb.sql({command.text!r}))"
                said[command.text] = shell.run(Command("python", code))
                continue
            if command.text.startswith("curl ") and "8001" not in shell.ports:
                served = Server(shell, Command("bash", "healthsim-store serve"))
                shell.ports["8001"] = str(until_the_end.enter_context(served).port)
            if command.text.startswith(("uv ", "pipx ")):
                said[command.text] = install_for_daily_use(command, shell)
                continue
            said[command.text] = shell.run(command)
            if command.language == "python":
                # As a script does: rows that are there already are not stored again.
                assert shell.run(command) == said[command.text]
    return said


def install_for_daily_use(command: Command, shell: Shell) -> str:
    """Run it for a user of its own, since all such tools put the command into one folder."""
    home = Path(shell.environment["HOME"]) / command.words[0]
    home.mkdir()
    alone = Shell(shell.folder, shell.environment | {"HOME": str(home)})
    alone.run(command)
    plugins = alone.run(Command("bash", f"{home}/.local/bin/healthsim-store plugins"))
    assert "LEFT OUT" not in plugins
    assert PRODUCTS | {"mcp", "demo"} < set(re.findall(r"\w+", plugins))
    return plugins


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell at what looks like the top of the checkout, on a store of its own."""
    top = tmp_path / "top"
    top.mkdir()
    for name in ("examples", "plugins", "metadata.yml", "datasette.yml"):
        (top / name).symlink_to(ROOT / name)
    made = Shell.of(top, tmp_path / "home", Path(sys.executable).parent)
    made.forked = True
    (tmp_path / "home" / ".curlrc").write_text("fail\nsilent\n")
    made.environment["HEALTHSIM_STORE_DIR"] = str(tmp_path / "store")
    return made


@pytest.mark.parametrize("page", [page for page in PAGES if page not in WITH_THEIR_OWN_TESTS])
def test_the_commands_of_a_page(page: str, shell: Shell) -> None:
    if not set(installed().declarations) >= PRODUCTS:
        pytest.skip("the three products are not all installed")
    said = follow(ROOT / page, shell)
    if page == "README.md":
        assert len(said) >= 25
        assert "clinic" in said["healthsim-store list"]
        again = next(text for text in said if "regenerate" in text)
        assert "It is the same, entity by entity." in said[again]
    if page == "docs/ab-test.md":
        (answer,) = read_answers(ROOT / page)
        # Asked once more after the merge was undone, so it tells that all is as it was.
        assert said["healthsim-store compare diabetes-cohort treatment-b"] == answer
        told = said["healthsim-store diff diabetes-cohort treatment-b"]
        assert "do not differ: 2,534 entities are the same." in told


def test_pages_with_tests_of_their_own_are_there() -> None:
    assert set(PAGES) >= WITH_THEIR_OWN_TESTS


# -- where nothing is installed ------------------------------------------------------------------


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in a copy of the checkout, with Python and pip, uv and pipx, and nothing of ours."""
    top = tmp_path_factory.mktemp("checkout")
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, top / name)
    tools = tmp_path_factory.mktemp("tools")
    venv.create(tools, with_pip=True)
    pip = [tools / "bin" / "pip", "install", "--quiet", "uv", "pipx"]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        pytest.skip("no package index can be reached")
    only = tmp_path_factory.mktemp("bin")
    for name in ("uv", "pipx"):
        (only / name).symlink_to(tools / "bin" / name)
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve().parent
    made = Shell.of(top, tmp_path_factory.mktemp("fresh") / "home", only, base)
    here = {str(Path(sys.executable).parent)}
    path = [folder for folder in made.environment["PATH"].split(os.pathsep) if folder not in here]
    made.environment["PATH"] = os.pathsep.join(path)
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        made.environment.pop(name, None)
    (Path(made.environment["HOME"]) / ".curlrc").write_text("fail\nsilent\n")
    return made


@pytest.mark.long
def test_a_reader_of_the_readme_in_a_fresh_checkout(fresh: Shell) -> None:
    assert shutil.which("healthsim-store", path=fresh.environment["PATH"]) is None
    before = Shell(fresh.folder, dict(fresh.environment))
    said = follow(fresh.folder / "README.md", fresh, fresh=True)
    for line in ("python3 dev.py demo", "python3 dev.py wheels", "pip install . ./plugins/*/"):
        assert line in said
    for tool in ("uv tool install", "pipx install"):
        assert any(text.startswith(tool) for text in said), tool
    # The last lines of the demo, in the shell that it was played in.
    told = said["python3 dev.py demo"]
    assert "13 of 13 examples" in told
    lines = re.findall(r"^    (export .*|healthsim-store .*)$", told, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        before.run(Command("bash", line))


@pytest.mark.long
@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in {*WITH_THEIR_OWN_TESTS, "README.md"}]
)
def test_a_reader_of_another_page(page: str, fresh: Shell, tmp_path: Path) -> None:
    """After README's, so that the command is there."""
    shell = Shell(fresh.folder, fresh.environment | {"HEALTHSIM_STORE_DIR": str(tmp_path)})
    follow(fresh.folder / page, shell, fresh=True)
