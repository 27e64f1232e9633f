"""docs/plugins.md: what it prints is installed and run."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import Run, install

from healthsim_store.plugins import installed

DOC = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"


PROFILE = """-- A ward's devices @counts devices @count 30

-- @for count
CREATE TABLE device (
  kind VARCHAR -- @choice pump, implant
);

-- @into devices
SELECT key || n AS udi, kind FROM device, run ORDER BY n;
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package that the page builds, with all that it adds later."""
    init, _tests, _imports, _several, importers, exporters, profiles, commands = blocks("python")
    schema, card, summary, chart, _checks, questions, _formats = blocks("sql")
    body = "\n".join([init, importers, exporters, profiles, commands]).replace(
        "import Product, hookimpl", "import Exporter, Importer, Product, hookimpl"
    )
    files = {"__init__.py": body, "schema.sql": schema + card, "summary.sql": f"{summary}\n{chart}"}
    files |= {"questions.sql": questions, "profiles/ward.sql": PROFILE}
    install(tmp_path / "site", "my_product", files)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    return tmp_path / "site"


def test_the_smallest_product_is_a_dozen_lines() -> None:
    lines = [line for line in blocks("python")[0].splitlines() if line.strip()]
    assert len(lines) <= 12


def test_what_the_page_builds_works(site: Path, run: Run, tmp_path: Path) -> None:
    batch = {"devices": [{"udi": "U-1", "type": "pump"}, {"udi": "U-2", "kind": "implant"}]}
    reply = run("persist", "--scenario", "ward", input=json.dumps(batch))
    assert reply.returncode == 0, reply.stderr
    assert "- Kinds: 1 implant, 1 pump" in reply.stdout
    assert (
        run("samples", "ward", "device", "-n", "1").stdout == "**1. implant U-2**\n- UDI: U-2\n\n"
    )
    assert run("count", "ward").stdout == "2\n"
    assert "long_identifiers: Devices of the kind :kind" in run("query", "ward").stdout
    asked = run("query", "ward", "-q", "long_identifiers", "-p", "kind", "pump", "--csv")
    assert asked.stdout.splitlines() == ["udi,kind", "U-1,pump"]
    geojson = {"features": [{"properties": {"udi": "U-3", "kind": "pump"}}]}
    (tmp_path / "devices.geojson").write_text(json.dumps(geojson))
    done = run("import", str(tmp_path / "devices.geojson"), "--scenario", "ward")
    assert done.returncode == 0, done.stderr
    done = run("export", "ward", "--format", "arrow", "--to", str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (0, "")
    assert '**Exported "ward" to Arrow**' in done.stdout
    with pa.ipc.open_file(tmp_path / "out" / "devices.arrow") as file:
        assert file.read_all().column("udi").to_pylist() == ["U-1", "U-2", "U-3"]
    assert "| Devices | 30 |" in run("generate", "ward", "--into", "made").stdout
    told = run("plugins").stdout
    assert "exports: arrow; profiles: ward" in told
    assert "LEFT OUT" not in told


def test_the_tests_that_the_page_gives_pass(site: Path, tmp_path: Path) -> None:
    (tmp_path / "test_my_product.py").write_text(blocks("python")[1])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_product.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "11 passed" in done.stdout


def test_several_products_of_one_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init, _tests, imports, several, *_ = blocks("python")
    assert init.startswith("from healthsim_store import")
    schema = blocks("sql")[0]
    files = {
        "__init__.py": imports + several, "devices/__init__.py": "", "devices/schema.sql": schema,
    }  # fmt: skip
    install(tmp_path / "site", "my_product", files)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    installed.cache_clear()
    assert "devices" in installed().declarations
    installed.cache_clear()
