"""What a stranger installs: wheels in a virtual environment of its own, and a product of theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import PLUGIN, SCHEMA, SUMMARY

ROOT = Path(__file__).resolve().parents[1]
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "toy-product"
version = "3.2"
dependencies = ["healthsim-store>=0.1"]

[project.entry-points.healthsim_store]
toy = "toy_product"
"""


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr


# What pip calls to build; hatchling is installed for the tests, so that nothing is downloaded.
BUILD = """
import os, sys
from hatchling.build import build_wheel
for folder in sys.argv[2:]:
    os.chdir(folder)
    print(build_wheel(sys.argv[1]))
"""


def wheels(into: Path, *folders: Path) -> list[Path]:
    """Build the wheels of these projects into a folder, all in one process."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(into), *map(str, folders)],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [into / name for name in done.stdout.split()]


def test_every_wheel_carries_its_sql_files_and_tables(tmp_path: Path) -> None:
    plugins = (ROOT / "plugins").glob("healthsim-store-*/src")
    sources = {folder.parent: folder for folder in sorted(plugins)} | {ROOT: ROOT}
    assert len(sources) >= 5
    found = 0
    built = wheels(tmp_path, *sources)
    for source, file in zip(sources.values(), built, strict=True):
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
        packages = [path.parent for path in source.glob("healthsim_store*/__init__.py")]
        declared = {
            path.relative_to(source).as_posix()
            for package in packages
            for ending in ("sql", "csv")
            for path in package.rglob(f"*.{ending}")
        }
        assert declared <= names
        has = (source if source == ROOT else source.parent) / "NOTICE"
        assert has.exists() == any(name.endswith("/licenses/NOTICE") for name in names)
        found += len(declared)
    assert found > 20


def test_products_are_mostly_sql() -> None:
    for folder in (ROOT / "plugins").glob("*sim/src"):
        lines = {
            ending: sum(len(path.read_text("utf-8").splitlines()) for path in
                        folder.rglob(f"*.{ending}"))
            for ending in ("sql", "py")
        }  # fmt: skip
        assert lines["sql"] >= 0.8 * sum(lines.values()), folder


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the core and a fourth product, from their wheels alone."""
    folder = tmp_path_factory.mktemp("stranger")
    package = folder / "toy" / "src" / "toy_product"
    package.mkdir(parents=True)
    (folder / "toy" / "pyproject.toml").write_text(PROJECT)
    (package / "__init__.py").write_text(PLUGIN)
    (package / "schema.sql").write_text(SCHEMA)
    (package / "summary.sql").write_text(SUMMARY)
    built = wheels(folder, ROOT, folder / "toy")
    venv.create(folder / "venv", with_pip=False)  # ours installs into it
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip("--python", str(scripts / "python"), "install", "--quiet", *map(str, built))
    return scripts


def test_a_fourth_product_in_a_fresh_environment(stranger: Path, tmp_path: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "HEALTHSIM"))}

    def run(*arguments: str, input: str | None = None) -> str:
        done = subprocess.run(
            [stranger / "healthsim-store", *arguments, "--store", str(tmp_path / "store")],
            input=input, capture_output=True, text=True, check=False, env=clean, cwd=tmp_path,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    plugins = subprocess.run(
        [stranger / "healthsim-store", "plugins", "--json"],
        capture_output=True, text=True, check=True, env=clean, timeout=120,
    )  # fmt: skip
    assert [p["name"] for p in json.loads(plugins.stdout)] == ["core", "toy"]
    batch = {
        "people": [{"tax_number": "T-1", "name": "Ann", "dob": "1980-05-01", "gender": "female"}],
        "pets": [{"owner_tax_number": "T-1", "species": "dog", "weight": n} for n in (3, 7)],
    }
    assert "| Pets | 2 |" in run("persist", "--scenario", "zoo", input=json.dumps(batch))
    assert "- Weight: 3.0-7.0 kg" in run("summary", "zoo")
    sql = "SELECT full_name, count(*) AS pets FROM owners JOIN pets USING (owner_id)"
    assert json.loads(run("query", "zoo", sql, "--json"))["rows"] == [
        {"full_name": "Ann", "pets": 2}
    ]
    assert "species" in run("samples", "zoo", "pets")
    assert run("check", "zoo").startswith("zoo: ok")
