"""docs/profiles.md: the profile that it prints, and the tests that it gives, with PatientSim."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run, install

from healthsim_store.generation.distributions import FORMS
from healthsim_store.plugins import installed

DOC = (Path(__file__).resolve().parents[2] / "docs" / "profiles.md").read_text("utf-8")

if "patientsim" not in installed().declarations:
    pytest.skip("PatientSim is not installed", allow_module_level=True)


def block(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.DOTALL)[number]


def test_the_profile_of_the_page_runs_as_the_page_says(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asthma.sql").write_text(block("sql"), "utf-8")
    done = run("generate", "./asthma.sql", "--count", "500", "--seed", "7")
    assert done.returncode == 0, done.stderr
    assert "| Patients | 500 |" in done.stdout
    assert "| Encounters | 1,250 |" in done.stdout
    (tmp_path / "store" / "profiles").mkdir()
    (tmp_path / "asthma.sql").rename(tmp_path / "store" / "profiles" / "asthma.sql")
    done = run("generate", "asthma", "--set", "severe=0.2", "--into", "ward-7")
    assert done.returncode == 0, done.stderr
    severe = "SELECT count(*) AS n FROM encounters WHERE chief_complaint = 'severe asthma'"
    assert int(run("query", "ward-7", severe, "--tsv").stdout.split()[1]) > 0


def test_the_profile_that_reads_a_scenario_runs_as_the_page_says(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asthma.sql").write_text(block("sql"), "utf-8")
    (tmp_path / "reminders.sql").write_text(block("sql", 1), "utf-8")
    assert run("generate", "./asthma.sql", "--seed", "7", "--into", "ward-7").returncode == 0
    done = run("generate", "./reminders.sql", "--into", "ward-7", "--count", "30")
    assert done.returncode == 0, done.stderr
    assert "30 encounters" in done.stdout
    done = run("generate", "./reminders.sql", "--into", "ward-7")
    assert done.returncode == 0, done.stderr
    # 12 tries of 0.2 for each of 100: 240, with a standard deviation of 14
    ((made,),) = (line.split("\t") for line in run(
        "query", "ward-7", "SELECT count(*) FROM encounters WHERE class_code = 'VR'", "--tsv"
    ).stdout.split()[1:])  # fmt: skip
    assert 180 < int(made) - 30 < 300


def test_the_tests_of_the_page_pass_for_a_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"__init__.py": block("python", 1), "profiles/asthma.sql": block("sql")}
    install(tmp_path / "site", "asthmasim", files)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    (tmp_path / "test_asthma.py").write_text(block("python", 0), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_asthma.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_every_distribution_is_on_the_page() -> None:
    for marker in FORMS:
        assert f"| `@{marker} " in DOC
