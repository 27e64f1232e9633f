"""Plugins: each alone, and none can break the tool."""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import PLUGIN, SCHEMA, SUMMARY, Run, install, owner

import healthsim_store
from healthsim_store import Store
from healthsim_store.errors import AmbiguousEntityType, UnknownEntityType
from healthsim_store.plugins import DISABLE, installed

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


IMPORTER = """
from healthsim_store import Importer, hookimpl

@hookimpl
def healthsim_store_importers():
    return [Importer("herd", (".herd",), print)]
"""


@pytest.fixture
def broken(toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    site = tmp_path / "broken"
    install(site, "z_raises", {"__init__.py": RAISES})
    install(site, "z_misspelt", {"__init__.py": MISSPELT})
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
        "z_raises", "z_misspelt", "z_schema", "z_statistic", "z_rule",
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
    assert "third/schema.sql, line 1" in str(problems["z_schema"])
    with Store(tmp_path / "store") as store:
        row = {"tax_number": "T", "full_name": "N", "born": "2000-01-01"}
        assert store.persist({"owners": [row]}).inserted == {"owners": 1}


def test_an_environment_variable_loads_none(toy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DISABLE, "1")
    installed.cache_clear()
    assert [plugin.name for plugin in installed().plugins] == ["core"]


Install = Callable[[str, dict[str, str]], None]


@pytest.fixture
def also(toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a further plugin beside the toy product."""

    def call(name: str, files: dict[str, str]) -> None:
        install(tmp_path / f"site-{name}", name, files)
        monkeypatch.syspath_prepend(str(tmp_path / f"site-{name}"))
        monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()
        installed.cache_clear()

    return call


def product(name: str, schema: str, **files: str) -> dict[str, str]:
    plugin = PLUGIN.replace('"toy"', f'"{name}"')
    return {"__init__.py": plugin, "schema.sql": schema} | files


def problems() -> dict[str, str]:
    return {p.name: p.problem for p in installed().checked.plugins if p.problem}


CLASH = "so none of them is used: uninstall all but one"


@pytest.mark.parametrize("name", ["a_before", "z_after"])
def test_of_two_that_claim_one_entity_type_neither_wins_by_its_name(
    also: Install, tmp_path: Path, name: str
) -> None:
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(1)]}, scenario="before")
        also(name, product("second", SCHEMA.replace("CREATE TABLE pets", "CREATE TABLE dogs")))
        also("fourth", product("fourth", OTHER))
        assert problems() == {
            "toysim": f"claims the entity type owners, as {name} does, {CLASH}",
            name: f"claims the entity type owners, as toysim does, {CLASH}",
        }
        for entity_type, plugin in (("owners", "toysim"), ("pets", "toysim"), ("dogs", name)):
            with pytest.raises(UnknownEntityType) as refused:
                store.persist({entity_type: [owner(2)]}, scenario="new")
            first, second = sorted(["toysim", name])
            assert refused.value.hint == (
                f"owners is declared by {first} and {second}; neither is loaded. "
                "Uninstall all but one."
                if entity_type == "owners"
                else f"The plugin {plugin} has it, and is left out: {problems()[plugin]}."
            )
        # What a scenario holds it explains itself, and the other products work.
        store.persist({"owners": [owner(2)], "others": [{"other_id": "x"}]}, scenario="before")
        assert store.scenario_info("before").entity_counts == {"owners": 2, "pets": 0, "others": 1}
        assert store.names() == ["before"]


@pytest.mark.parametrize("name", ["a_before", "z_after"])
def test_of_two_that_claim_one_product_neither_wins_by_its_name(also: Install, name: str) -> None:
    also(name, product("toy", OTHER))
    assert problems() == {
        "toysim": f"claims the product toy, as {name} does, {CLASH}",
        name: f"claims the product toy, as toysim does, {CLASH}",
    }


def test_a_format_that_two_map_clashes_with_its_importer_alone(also: Install) -> None:
    mapping = {"formats/herd.sql": "CREATE TABLE others (Id TEXT);"}
    also("m_one", product("one", OTHER, **mapping))
    also("m_two", product("two", OTHER.replace("other", "further"), **mapping))
    assert problems() == {}
    also("a_importer", {"__init__.py": IMPORTER})
    assert problems() == {
        "a_importer": f"claims the format herd, as m_one and m_two do, {CLASH}",
        "m_one": f"claims the format herd, as a_importer does, {CLASH}",
        "m_two": f"claims the format herd, as a_importer does, {CLASH}",
    }


OUTINGS = "-- Calls @alias outings others\nCREATE TABLE {0} ({0}_id VARCHAR PRIMARY KEY);\n"


def test_an_alias_that_two_claim_stores_nothing_by_chance(also: Install, tmp_path: Path) -> None:
    also("b_one", product("one", OUTINGS.format("calls")))
    with Store(tmp_path / "store") as store:
        row = {"id": "1"}
        store.persist({"outings": [{"calls_id": "1"}]}, scenario="s")  # one alone claims it
        also("a_two", product("two", OUTINGS.format("trips")))
        for scenario in ("s", "t"):
            with pytest.raises(AmbiguousEntityType, match=r"'outings' is an alias of") as refused:
                store.persist({"outings": [row]}, scenario=scenario)
            assert {"two.trips", "one.calls"} <= set(refused.value.message.rstrip(".").split())
            assert refused.value.hint in (
                "Give the name: trips or calls.", "Give the name: calls or trips.",
            )  # fmt: skip
        (tmp_path / "outings.csv").write_text("trips_id\nx\n")
        with pytest.raises(AmbiguousEntityType, match=r"outings\.csv: 'outings' is an alias"):
            store.import_data([tmp_path / "outings.csv"])
        assert store.names() == ["s"]
        assert store.scenario_info("s").total == 1
        store.persist({"trips": [{"trips_id": "1"}]}, scenario="s")
        # Now the file has both, with or without the plugins.
        with pytest.raises(AmbiguousEntityType):
            store.get_samples("s", "outings")


def test_a_name_goes_before_an_alias_also_in_a_scenario_that_knows_only_the_alias(
    also: Install, tmp_path: Path
) -> None:
    also("one", product("one", OUTINGS.format("calls")))
    with Store(tmp_path / "store") as store:
        store.persist({"others": [{"calls_id": "1"}]}, scenario="s")
        also("other", product("other", OTHER))
        for scenario in ("s", "t"):
            stored = store.persist({"others": [{"other_id": "1"}]}, scenario=scenario)
            assert stored.inserted == {"others": 1}
        assert store.scenario_info("s").entity_counts == {"calls": 1, "others": 1}


def test_a_product_that_has_a_name_of_the_scenario_s_cannot_join_it(
    toy_of: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The toy product is no longer installed, but its scenario is there, and takes others' rows."""
    toy_of("1.0")
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(1)]}, scenario="s")
        monkeypatch.setattr(sys, "path", [p for p in sys.path if not p.endswith("site0")])
        install(tmp_path / "new", "second", product("second", SCHEMA.replace("pets", "dogs")))
        install(tmp_path / "new", "other", product("other", OTHER))
        monkeypatch.syspath_prepend(str(tmp_path / "new"))
        importlib.invalidate_caches()
        installed.cache_clear()
        store.persist({"owners": [owner(2)], "others": [{"other_id": "x"}]}, scenario="s")
        with pytest.raises(UnknownEntityType) as refused:
            store.persist({"dogs": [{"owner_id": "o1"}]}, scenario="s")
        assert refused.value.hint == (
            "second, which has it, cannot be added here: owners is there already, of toy."
        )
        assert store.scenario_info("s").entity_counts == {"owners": 2, "pets": 0, "others": 1}


def test_every_door_adds_to_a_scenario_whose_product_is_not_installed(
    run: Run, toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file explains itself."""
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(1)]}, scenario="s")
    monkeypatch.setenv(DISABLE, "1")
    installed.cache_clear()
    batch = json.dumps({"people": [owner(2)], "pets": [{"owner_id": "o1"}]})
    done = run("persist", "--scenario", "s", input=batch)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith('Added to "s": 1 owners, 1 pets')
    file = tmp_path / "owners.csv"
    file.write_text("owner_id,tax_number,full_name,born\no3,T3,N,1990-01-01\n")
    assert run("import", str(file), "--scenario", "s").returncode == 0
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(4)]}, scenario="s")
        assert store.scenario_info("s").entity_counts == {"owners": 4, "pets": 1}
    refused = run("import", str(file), "--scenario", "new")
    assert refused.returncode == 3
    assert "Unknown entity type 'owners'" in refused.stderr


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
    assert answers == {"toy.species": "1 cat", "other.species": "1 x"}


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
    products.discard("person_id")  # the one name that products share: a human's, in any of them
    root = Path(healthsim_store.__file__).parent
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            # Messages and help may give examples; code and keys may not.
            for word in (getattr(node, name, None) for name in ("id", "attr", "arg", "value")):
                assert not (isinstance(word, str) and word in products), (file, word)
