"""docs/plugins.md: what it prints is installed and run."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import Run, install

from healthsim_store.plugins import installed
from healthsim_store.plugins.new_plugin import plugin_files

DOC = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"


PROFILE = """-- A ward's devices @counts devices @count 30

-- @for count
CREATE TABLE device (
  kind VARCHAR -- @choice pump, implant
);

-- @into devices
SELECT key || n AS udi, kind FROM device, run ORDER BY n;
"""


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    text = DOC.read_text("utf-8").partition(f"\n## {title}\n")[2]
    assert text, title
    return text.partition("\n## ")[0]


def blocks(title: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", section(title), re.DOTALL)


def shown_files(title: str) -> dict[str, str]:
    """The files that a section shows, by path."""
    found = re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)```", section(title), re.DOTALL | re.MULTILINE)
    return dict(found)


TUTORIAL = "The smallest product"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package that the page builds, with all that it adds later."""
    shown = shown_files(TUTORIAL)
    init, schema, summary = (
        shown[f"src/my_product/{name}"] for name in ("__init__.py", "schema.sql", "summary.sql")
    )
    _imports, _several, *hooks = blocks("Hooks", "python")
    (card,) = (sql for sql in blocks("schema.sql", "sql") if "@card" in sql)
    (chart,) = blocks("summary.sql", "sql")
    (questions,) = blocks("questions.sql", "sql")
    body = "\n".join([init, *hooks]).replace(
        "import Product, hookimpl", "import Exporter, Importer, Product, hookimpl"
    )
    files = {"__init__.py": body, "schema.sql": schema + card, "summary.sql": f"{summary}\n{chart}"}
    files |= {"questions.sql": questions, "profiles/ward.sql": PROFILE}
    install(tmp_path / "site", "my_product", files)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    return tmp_path / "site"


def illnesses() -> sqlite3.Connection:
    """A database with the table that the page shows, with the types that SQLite has."""
    (shown,) = (sql for sql in blocks("schema.sql", "sql") if "PARTIAL_TIMESTAMP" in sql)
    connection = sqlite3.connect(":memory:")
    connection.execute(shown.replace("PARTIAL_TIMESTAMP", "TEXT"))
    return connection


@pytest.mark.parametrize(("began", "ended", "taken"), [
    ("2003-12-15", "2003-12-15", True), ("2003-12-15", "2003-12-14", False),
    ("2003-12-15", "2003-12", True), ("2003-12-15", "2003-11", False), ("2003", "2003-05", True),
    ("2003-12-15T07:15", "2003-12-15", True), ("2003-12-15T07:15", "2003-12-15T07", True),
    ("2003-12-15T07:15", "2003-12-15T06", False), ("2003-12-15", "2002", False),
    ("2003-06-01", "2003---15", True), ("--12-15", "2003-01", True), ("2003-12", "--01", True),
    ("2003-12-15T-:30", "2003-12-15T01:15", True), (None, "2003", True), ("2003", None, True),
    ("2003-12-15T07:15:30+02:00", "2003-12-15T07:15+02:00", True),
])  # fmt: skip
def test_the_end_that_the_page_shows(began: str | None, ended: str | None, taken: bool) -> None:
    with contextlib.closing(illnesses()) as connection:
        try:
            connection.execute("INSERT INTO illnesses VALUES ('i', ?, ?)", (began, ended))
        except sqlite3.IntegrityError:
            assert not taken
        else:
            assert taken


def test_what_the_page_asks_of_days_known_in_part() -> None:
    text = section("schema.sql").partition("| question | SQL |")[2].partition("\n\n")[0]
    known, whole, day, same = re.findall(r"\| `([^`]*)` \|$", text, re.MULTILINE)
    with contextlib.closing(illnesses()) as connection:

        def ask(sql: str, began: str, ended: str | None = None) -> object:
            connection.execute("DELETE FROM illnesses")
            connection.execute("INSERT INTO illnesses VALUES ('i', ?, ?)", (began, ended))
            return connection.execute(f"SELECT {sql} FROM illnesses").fetchone()[0]

        for began, expected in {
            "2003-12-15": (1, 1, "2003-12-15"), "2003-12-15T07:15": (1, 0, "2003-12-15"),
            "2003-12": (0, 0, None), "2003": (0, 0, None), "2003---15": (0, 0, None),
            "--12-15": (0, 0, None), "2003-12--T07:15": (0, 0, None), "-----T07:15": (0, 0, None),
        }.items():  # fmt: skip
            assert (ask(known, began), ask(whole, began), ask(day, began)) == expected, began
        assert [ask(same, "2003-12-15", end) for end in ("2003", "2003-12", "2004-01")] == [1, 1, 0]
        assert ask("julianday(began)", "2003") == 2003  # as the page warns


@pytest.mark.parametrize(
    ("title", "kind"), [(TUTORIAL, "product"), ("Tests", "importer"), ("Commands", "command")]
)
def test_what_the_page_shows_is_what_plugins_new_writes(title: str, kind: str) -> None:
    shown = shown_files(title)
    assert any(file.startswith("tests/") for file in shown)
    written = plugin_files(f"my-{kind}", kind=kind)
    assert shown == {file: written[file] for file in shown}


def test_the_smallest_product_is_a_dozen_lines() -> None:
    init = shown_files(TUTORIAL)["src/my_product/__init__.py"]
    assert len([line for line in init.splitlines() if line.strip()]) <= 12


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
    (tmp_path / "beds").mkdir()
    (tmp_path / "beds" / "a.ward").write_text("U-7:pump\nU-8:bed\n")
    done = run("import", str(tmp_path / "beds"), "--format", "ward", "--scenario", "beds")
    assert "| a.ward | 1      | left out: of no known kind |" in done.stdout
    done = run("export", "ward", "--format", "arrow", "--to", str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (0, "")
    assert '**Exported "ward" to Arrow**' in done.stdout
    with pa.ipc.open_file(tmp_path / "out" / "devices.arrow") as file:
        assert file.read_all().column("udi").to_pylist() == ["U-1", "U-2", "U-3"]
    done = run("export", "ward", "--format", "kinds", "--set", "kind=pump", "--to",
               str(tmp_path / "kinds"))  # fmt: skip
    assert "| kinds.ndjson | 2 |" in done.stdout
    assert (tmp_path / "kinds" / "kinds.ndjson").read_text() == '["pump", "U-1"]\n["pump", "U-3"]\n'
    assert "| Devices | 30 |" in run("generate", "ward", "--into", "made").stdout
    done = run("check", "ward")
    assert done.stdout.startswith("ward: ok (")
    odd = json.dumps({"devices": [{"udi": "X-9", "kind": "pump"}]})
    assert run("persist", "--scenario", "ward", input=odd).returncode == 0
    done = run("check", "ward")
    assert (done.returncode, done.stdout.splitlines()[1]) == (
        1, "  error, plugin_check: udi: X-9 is no UDI",
    )  # fmt: skip
    told = run("plugins").stdout
    assert "exports: arrow, kinds with kind; profiles: ward" in told
    assert "checks: udi; tools: device_kinds; pages: totals.json" in told
    assert "LEFT OUT" not in told


def own_tests(folder: Path, text: str, *options: str, environment: Mapping[str, str] = {}) -> str:
    """What pytest says of a product's tests, in a process of its own."""
    (folder / "test_my_product.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options,
         "test_my_product.py"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | environment,
    )  # fmt: skip
    return done.stdout


def test_the_tests_that_the_page_gives_pass(site: Path, tmp_path: Path) -> None:
    assert "13 passed" in own_tests(tmp_path, shown_files(TUTORIAL)["tests/test_my_product.py"])


def test_the_next_version_that_the_page_shows(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of 1.0 is upgraded to 2.0 as the page prints it; the tests record and follow."""
    shown = shown_files(TUTORIAL)
    init, schema = (shown[f"src/my_product/{name}"] for name in ("__init__.py", "schema.sql"))
    tests = shown["tests/test_my_product.py"]
    new, steps = blocks("Versions", "sql")
    tests = tests.replace('"type"', '"kind"')
    newer = tests.replace('{"udi": "U-1", "kind": "pump"}', '{"udi": "U-1", "class": 2}').replace(
        "}]}", '}], "pumps": [{"identifier": "U-1", "rate": 1.5}]}'
    )
    sites = {}
    for version, files in {
        "1.0": {"schema.sql": schema}, "2.0": {"schema.sql": new, "migrations.sql": steps},
    }.items():  # fmt: skip
        sites[version] = tmp_path / version
        install(sites[version], "my_product", {"__init__.py": init, **files}, version=version)
    before = os.environ.get("PYTHONPATH", "")

    def use(version: str, test: str, environment: Mapping[str, str] = {}) -> str:
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(sites[version]), before]))
        return own_tests(tmp_path, test, "-k", "released", environment=environment)

    assert "2 passed" in use("1.0", tests, {"HEALTHSIM_STORE_RECORD": "1"})
    assert {path.name for path in (tmp_path / "released" / "1.0").iterdir()} == {
        "schema.sql", "migrations.json", "rows.json",
    }  # fmt: skip
    batch = {"devices": [{"udi": "U-1", "kind": "pump"}, {"udi": "U-2", "kind": "implant"}]}
    assert run("persist", "--scenario", "ward", input=json.dumps(batch)).returncode == 0
    assert "2 passed" in use("2.0", newer)
    (example,) = (block for block in blocks("Versions", "text") if "upgrade ward" in block)
    command, *lines = example.splitlines()
    done = run(*command.removeprefix("$ healthsim-store ").split())
    assert (done.returncode, done.stdout.splitlines()) == (0, lines)
    assert run("upgrade", "--all").returncode == 0
    assert run("query", "ward", "SELECT identifier, class, rate FROM devices LEFT JOIN pumps"
               " USING (device_id)", "--csv").stdout.splitlines() == [
        "identifier,class,rate", "U-1,2,", "U-2,3,",
    ]  # fmt: skip
    assert run("restore", "ward", "--as", "before").returncode == 0
    assert "U-1,pump" in run("query", "before", "SELECT udi, kind FROM devices", "--csv").stdout


def test_several_products_of_one_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imports, several, *_ = blocks("Hooks", "python")
    schema = shown_files(TUTORIAL)["src/my_product/schema.sql"]
    files = {
        "__init__.py": imports + several, "devices/__init__.py": "", "devices/schema.sql": schema,
    }  # fmt: skip
    install(tmp_path / "site", "my_product", files)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    installed.cache_clear()
    assert "devices" in installed().declarations
    installed.cache_clear()
