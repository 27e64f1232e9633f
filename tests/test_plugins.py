"""Plugins: each alone, and none can break the tool."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PLUGIN, SCHEMA, install

import healthsim_store
from healthsim_store import Store
from healthsim_store.plugins import DISABLE, installed

RAISES = "raise RuntimeError('no good')"
MISSPELT = (
    "from healthsim_store import hookimpl\n"
    "@hookimpl\ndef healthsim_store_product():\n    return []\n"
)


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
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    installed.cache_clear()
    yield
    installed.cache_clear()


def test_broken_plugins_are_reported_and_left_out(broken: None, tmp_path: Path) -> None:
    problems = {p.name: p.problem for p in installed().checked.plugins if p.problem}
    assert problems.keys() == {"z_raises", "z_misspelt", "z_clash", "z_same", "z_schema"}
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


def test_the_front_door_is_listed_and_whole() -> None:
    for name in healthsim_store.__all__:
        assert getattr(healthsim_store, name) is not None
    with pytest.raises(AttributeError):
        _ = healthsim_store.nothing  # type: ignore[attr-defined]


def test_the_core_knows_no_product() -> None:
    products = {"patientsim", "membersim", "trialsim", "synthea"}
    for product in installed().declarations.values():
        products |= {entity_type.name for entity_type in product.entity_types}
    root = Path(healthsim_store.__file__).parent
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            # Messages and help may give examples; code and keys may not.
            for word in (getattr(node, name, None) for name in ("id", "attr", "arg", "value")):
                assert not (isinstance(word, str) and word in products), (file, word)
