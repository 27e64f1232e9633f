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


def pip(*arguments: str, python: str = sys.executable) -> None:
    done = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr


def wheel(folder: Path, into: Path) -> Path:
    # hatchling is installed for the tests, so that nothing is downloaded to build.
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(into),
        str(folder))  # fmt: skip
    return max(into.glob("*.whl"), key=lambda path: path.stat().st_mtime_ns)


def test_every_wheel_carries_its_sql_files_and_tables(tmp_path: Path) -> None:
    plugins = (ROOT / "plugins").glob("healthsim-store-*/src")
    sources = {folder.parent: folder for folder in sorted(plugins)} | {ROOT: ROOT}
    assert len(sources) >= 5
    found = 0
    for project, source in sources.items():
        with zipfile.ZipFile(wheel(project, tmp_path)) as archive:
            names = set(archive.namelist())
        packages = [path.parent for path in source.glob("healthsim_store*/__init__.py")]
        declared = {
            path.relative_to(source).as_posix()
            for package in packages
            for ending in ("sql", "csv")
            for path in package.rglob(f"*.{ending}")
        }
        assert declared <= names
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
    wheels = [wheel(ROOT, folder / "a"), wheel(folder / "toy", folder / "b")]
    venv.create(folder / "venv", with_pip=True)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip("install", "--quiet", *map(str, wheels), python=str(scripts / "python"))
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
