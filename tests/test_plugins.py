"""Plugins: each alone, and none can break the tool."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PLUGIN, SCHEMA, SUMMARY, Run, install, owner

import healthsim_store
from healthsim_store import Store
from healthsim_store.plugins import COMMANDS, DISABLE, installed

RAISES = "raise RuntimeError('no good')"
MISSPELT = (
    "from healthsim_store import hookimpl\n"
    "@hookimpl\ndef healthsim_store_product():\n    return []\n"
)


OTHER = "-- Others\nCREATE TABLE others (other_id VARCHAR PRIMARY KEY);\n"
COMMAND = """
import click
from healthsim_store import hookimpl

@click.command("summary")
def mine():
    pass

@hookimpl
def healthsim_store_commands():
    return [mine]
"""


EXPORTER = """
from healthsim_store import Exporter, hookimpl

@hookimpl
def healthsim_store_exporters():
    return [Exporter("csv", ".csv", write=print)]
"""


@pytest.fixture
def broken(toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    site = tmp_path / "broken"
    install(site, "z_raises", {"__init__.py": RAISES})
    install(site, "z_misspelt", {"__init__.py": MISSPELT})
    clash = PLUGIN.replace('"toy"', '"second"')
    install(site, "z_clash", {"__init__.py": clash, "schema.sql": SCHEMA})
    same = {"__init__.py": PLUGIN, "schema.sql": SCHEMA}
    install(site, "z_same", same)
    bad = PLUGIN.replace('"toy"', '"third"')
    install(site, "z_schema", {"__init__.py": bad, "schema.sql": "CREATE TABLE a (x VARCHAR);"})
    for name, files in {
        "z_statistic": {"summary.sql": SUMMARY.replace("species", "spcies")},
        "z_question": {"questions.sql": "-- X @name x\nSELECT y FROM others;"},
        "z_syntax": {"questions.sql": "-- X @name x\nSELECT y FROM elsewhere WHERE;"},
        "z_rule": {"checks.sql": "-- X @name x\nSELECT load_extension('x');"},
        "z_view": {"schema.sql": OTHER + "CREATE VIEW v AS SELECT y FROM others;"},
        "z_format": {"formats/csv.sql": "CREATE TABLE others (Id TEXT);"},
    }.items():
        other = PLUGIN.replace('"toy"', f'"{name}"')
        install(site, name, {"__init__.py": other, "schema.sql": OTHER} | files)
    install(site, "z_command", {"__init__.py": COMMAND})
    install(site, "z_exporter", {"__init__.py": EXPORTER})
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    installed.cache_clear()
    yield
    installed.cache_clear()


def test_broken_plugins_are_reported_and_left_out(broken: None, tmp_path: Path) -> None:
    problems = {p.name: p.problem for p in installed().checked.plugins if p.problem}
    assert problems.keys() == {
        "z_raises", "z_misspelt", "z_clash", "z_same", "z_schema", "z_statistic", "z_rule",
        "z_question", "z_syntax",
        "z_view", "z_format", "z_command", "z_exporter",
    }  # fmt: skip
    assert problems["z_exporter"] == "claims the export format csv, which core has"
    assert problems["z_command"] == "claims the command summary, which core has"
    assert problems["z_format"] == "claims the format csv, which core has"
    assert problems["z_statistic"] == "z_statistic/summary.sql, line 4: no such table: pets"
    assert problems["z_question"] == "z_question/questions.sql, line 2: no such column: y"
    assert problems["z_syntax"] == "z_syntax/questions.sql, line 2: incomplete input"
    assert problems["z_rule"] == "z_rule/checks.sql, line 2: not authorized to use function: " \
        "load_extension"  # fmt: skip
    assert problems["z_view"] == "z_view/schema.sql, line 3: no such column: y"
    assert problems["z_raises"] == "RuntimeError: no good"
    assert "healthsim_store_product" in str(problems["z_misspelt"])
    assert "entity type owners of second is already one of toy" in str(problems["z_clash"])
    assert problems["z_same"] == "claims the product toy, which toysim has"
    assert "third/schema.sql, line 1" in str(problems["z_schema"])
    with Store(tmp_path / "store") as store:
        row = {"tax_number": "T", "full_name": "N", "born": "2000-01-01"}
        assert store.persist({"owners": [row]}).inserted == {"owners": 1}


def test_an_environment_variable_loads_none(toy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DISABLE, "1")
    installed.cache_clear()
    assert [plugin.name for plugin in installed().plugins] == ["core"]


THREE = {
    "z_raises": {"__init__.py": RAISES},
    "z_clash": {"__init__.py": PLUGIN.replace('"toy"', '"second"'), "schema.sql": SCHEMA},
    "z_misspelt": {"__init__.py": MISSPELT},
}


def test_every_command_works_beside_three_broken_plugins(
    run: Run, toy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "broken"
    for name, files in THREE.items():
        install(site, name, files)
    monkeypatch.setenv("PYTHONPATH", str(site))
    table = run("plugins").stdout
    assert "LEFT OUT: RuntimeError: no good" in table
    assert "LEFT OUT: the entity type owners of second is already one of toy" in table
    assert "LEFT OUT: PluginValidationError: unknown hook 'healthsim_store_product'" in table
    row = '{"owners": [{"tax_number": "T", "full_name": "N", "born": "2000-01-01"}]}'
    profile = tmp_path / "owners.sql"
    profile.write_text(
        "-- Owners @counts owners @count 3\n\n-- @for count\n"
        "CREATE TABLE one (x REAL -- @uniform 0, 1\n);\n\n-- @into owners\n"
        "SELECT n AS tax_number, n AS name, '2000-01-01' AS born FROM one;\n"
    )
    calls: list[tuple[str, ...]] = [
        ("persist", "--scenario", "s"), ("import", "-", "--format", "json", "--scenario", "t"),
        ("query", "s", "SELECT 1 AS one"), ("summary", "s"), ("samples", "s", "owners"), ("list",),
        ("info", "s"), ("tag", "s", "x"), ("tags",), ("untag", "s", "x"), ("rename", "s", "u"),
        ("delete", "u"), ("restore", "u"), ("check", "u"), ("upgrade", "u"), ("schema", "owners"),
        ("clone", "u", "v"), ("diff", "u", "v"), ("merge", "u", "t", "--dry-run"),
        ("export", "u", "--to", str(tmp_path / "out")), ("metadata", "--to", str(tmp_path)),
        ("generate", str(profile), "--into", "g"), ("profiles", str(profile)),
        ("regenerate", "g", "--profile", str(profile)), ("plugins",), ("--help",),
        # It would serve until it is interrupted; tests/test_browse.py lets it.
        ("serve", "--help"),
    ]  # fmt: skip
    assert {call[0] for call in calls} - {"--help"} == set(COMMANDS)
    for call in calls:
        done = run(*call, input=row)
        assert (done.returncode, done.stderr) == (0, ""), call


def test_statistics_of_one_name_are_both_told(
    toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = SUMMARY.replace("pets", "others").replace("species", "other_id").replace(
        "@name other_id", "@name species"
    )  # fmt: skip
    summary = summary.partition("\n\n")[0]
    install(tmp_path / "site", "othersim", {
        "__init__.py": PLUGIN.replace('"toy"', '"other"'), "schema.sql": OTHER,
        "summary.sql": summary,
    })  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    installed.cache_clear()
    with Store(tmp_path / "store") as store:
        batch = {"owners": [owner(1)], "pets": [{"owner_id": "o1"}], "others": [{"other_id": "x"}]}
        store.persist(batch, scenario="s")
        answers = {name: a.text for name, a in store.get_summary("s").statistics.items()}
    assert answers == {"species": "1 cat", "other.species": "1 x"}


def test_the_core_knows_no_product() -> None:
    products = {"patientsim", "membersim", "trialsim", "synthea"}
    for product in installed().declarations.values():
        products |= {entity_type.name for entity_type in product.entity_types}
        products |= {
            column.name
            for entity_type in product.entity_types
            for column in entity_type.columns
            if "_" in column.name  # `name` and `status` are words of any code
        }
    root = Path(healthsim_store.__file__).parent
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            # Messages and help may give examples; code and keys may not.
            for word in (getattr(node, name, None) for name in ("id", "attr", "arg", "value")):
                assert not (isinstance(word, str) and word in products), (file, word)
