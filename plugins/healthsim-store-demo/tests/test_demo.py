"""The demo as a user runs it: a process of its own, from nothing."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from shell import Shell
from shown_commands import Command, split


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "healthsim_store", "demo", *arguments],
        capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | environment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("demo") / "here"
    done = demo("--to", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, folder


def test_each_prompt_is_answered_by_a_command(played: tuple[str, Path]) -> None:
    told, _ = played
    for number in range(1, 14):
        assert f"Example {number}: " in told
    assert "> Generate 100 Medicare Advantage members over 65 years old in California" in told
    assert "$ healthsim-store generate medicare-advantage --count 100 --seed " in told
    assert "$ healthsim-store clone diabetes-cohort\n" in told
    assert re.search(r"13 of 13 examples in \d+\.\d seconds\.\n$", told)


def test_it_fits_on_a_screen_of_100_columns(played: tuple[str, Path]) -> None:
    told, folder = played
    # A path of the test's own folder is longer than the demo's.
    lines = told.replace(str(folder), "/tmp/healthsim-demo-abcdefgh").splitlines()
    assert [line for line in lines if len(line) > 100] == []
    assert "\x1b" not in told  # no colour


def test_its_tables_are_aligned(played: tuple[str, Path]) -> None:
    told, _ = played
    tables = re.findall(r"(?:^\|.*\n)+", told, re.MULTILINE)
    assert len(tables) >= 10
    for table in tables:
        ends = [[at for at, sign in enumerate(line) if sign == "|"] for line in table.splitlines()]
        assert all(end == ends[0] for end in ends), table


def test_it_says_where_the_files_are_and_they_are_there(played: tuple[str, Path]) -> None:
    told, folder = played
    assert f"Scenarios: {folder / 'store'} (8 files" in told
    assert f"\n    export HEALTHSIM_STORE_DIR={folder / 'store'}\n" in told
    assert "\n    healthsim-store serve --open\n" in told
    names = {path.stem for path in (folder / "store").glob("*.db")}
    assert {"ca-medicare-q4-2024", "diabetes-cohort", "diabetes-cohort-copy",
            "heart-failure-cohort", "copd-training", "cohort-with-claims"} < names  # fmt: skip
    with closing(sqlite3.connect(folder / "store" / "diabetes-cohort.db")) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("patients", "encounters", "lab_results", "medications")
        ]
    assert counts == [150, 425, 890, 320]
    assert len(list((folder / "training-csv").glob("*.csv"))) >= 5


def test_its_last_lines_work_in_the_shell_that_it_was_played_in(
    played: tuple[str, Path], tmp_path: Path
) -> None:
    told, _ = played
    lines = re.findall(r"^    (export .*|healthsim-store .*)$", told, re.MULTILINE)
    shell = Shell.of(tmp_path, tmp_path / "home", Path(sys.executable).parent)
    listed = [shell.run(Command("bash", line)) for line in lines]
    assert lines[-2:] == ["healthsim-store list", "healthsim-store serve --open"]
    assert "ca-medicare-q4-2024" in listed[-2]
    assert "ca-medicare-q4-2024" in listed[-1]


@pytest.mark.long
def test_each_command_that_it_prints_works_as_printed(
    played: tuple[str, Path], tmp_path: Path
) -> None:
    told, folder = played
    lines = told.replace(str(folder), str(tmp_path)).splitlines()
    # An answer's lines come after its command; a command ends where its quotes do.
    at = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    typed = [next(split("\n".join(lines[number:]).removeprefix("$ "))) for number in at]
    assert len(typed) >= 16
    shell = Shell.of(tmp_path, tmp_path / "home", Path(sys.executable).parent)
    shell.environment["HEALTHSIM_STORE_DIR"] = str(tmp_path / "store")
    for command in typed:
        shell.run(Command("bash", command))
    assert (tmp_path / "training-csv" / "patients.csv").exists()


def test_a_folder_with_something_in_it_is_left_alone(played: tuple[str, Path]) -> None:
    _, folder = played
    done = demo("--to", str(folder))
    assert done.returncode == 2
    assert f"{folder} is not an empty folder: give another one." in done.stderr


def test_quietly_a_line_for_each_and_nothing_left(tmp_path: Path) -> None:
    done = demo("--quiet", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 14
    assert all(re.fullmatch(r"ok +\d+\. .* \(\d+\.\d s\)", line) for line in lines[:13])
    assert list(tmp_path.iterdir()) == []


def test_it_fails_when_an_example_fails() -> None:
    """Without plugins there is no profile; each failure is told, and the exit code is not 0."""
    code = (
        "import sys\n"
        "from healthsim_store_demo import script\n"
        "before = script.examples\n"
        "def broken(exports):\n"
        "    first, *others = before(exports)\n"
        "    wrong = script.Command(('summary', 'nothing'))\n"
        "    missing = script.Command(('tags',), ('no such text',))\n"
        "    return (script.Example(1, 'One', 'p', (wrong,)),\n"
        "            script.Example(2, 'Two', 'p', (missing,)))\n"
        "import healthsim_store_demo.demo as demo\n"
        "demo.examples = broken\n"
        "from healthsim_store.cli import main\n"
        "sys.argv = ['healthsim-store', 'demo', '--quiet']\n"
        "main()\n"
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert "FAILED  1. One" in done.stdout
    assert "Example 1 failed: summary: There is no scenario 'nothing'." in done.stderr
    assert "Example 2 failed: tags: the answer has no 'no such text'" in done.stderr
