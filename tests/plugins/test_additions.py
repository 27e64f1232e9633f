"""Checks and pages that plugins bring: what they may do, and that a faulty one hurts nothing."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import serving
from conftest import install, owner

from healthsim_store import Store
from healthsim_store.plugins import installed

PLUGIN = """
from healthsim_store import Check, Page, hookimpl


def find_names(query, scenario):
    rows = query("SELECT full_name FROM owners WHERE owner_id = ?", ["o1"])
    return [f"{row['full_name']} in {scenario}" for row in rows if row["full_name"] != "Ann"]


def find_many(query, scenario):
    yield from map(str, range(10**9))


def find_writing(query, scenario):
    query("DELETE FROM owners")


def find_raising(query, scenario):
    raise ValueError("no good")


def html(store, arguments):
    return f"<p>{arguments.get('who', 'nobody')}</p>"


def data(store, arguments):
    return {"scenarios": store.names()}


def broken(store, arguments):
    raise KeyError("lost")


@hookimpl
def healthsim_store_checks():
    return [
        Check("names", find_names, ["owners"]), Check("many", find_many),
        Check("writing", find_writing), Check("raising", find_raising),
        Check("elsewhere", find_raising, entity_types=["nothing_here"]),
        Check("text", lambda query, scenario: "a text"),
    ]


@hookimpl
def healthsim_store_pages():
    hello = Page("hello", html, title="Greeting & more")
    return [hello, Page("data.json", data), Page("broken", broken)]
"""
BAD = """
from healthsim_store import Check, Page, Tool, hookimpl


@hookimpl
def healthsim_store_{kind}():
    return [{item}]
"""


@pytest.fixture
def site(tmp_path: Path, toy: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site"
    install(folder, "adds", {"__init__.py": PLUGIN})
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(importlib.import_module("sys").modules, "adds", raising=False)
    importlib.invalidate_caches()
    installed.cache_clear()
    yield folder
    installed.cache_clear()


def test_each_check_is_run_and_a_faulty_one_is_named(site: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(1), owner(2)]}, scenario="s")
        result = store.check_scenario("s")
        own = [name for name, _ in installed().owned("checks") if name == "adds"]
        assert len(own) == 6
        assert result.checked["plugin_check"] == len(installed().owned("checks"))
        told = [f.message for f in result.findings if f.kind == "plugin_check"]
        assert told[0] == "names: Owner 1 in s"
        assert told[1:21] == [f"many: {n}" for n in range(20)]
        assert told[21] == "many: more than 20 errors; the others are not listed."
        writing, raising, text = told[22:]
        assert writing.startswith("writing: ")
        assert raising == "raising: The plugin adds failed (check raising of s): " \
            "ValueError: no good."  # fmt: skip
        assert text.startswith("text: The plugin adds failed (check text of s): TypeError")
        assert not result.ok
        assert store.scenario_info("s").total == 2
        (again,) = store.check_scenarios(["s"])
        assert again.findings == result.findings


def test_pages_are_served_below_one_path(
    site: Path, toy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{site}:{toy_folder}", prepend=":")
    with Store(tmp_path / "store") as store:
        store.persist({"owners": [owner(1)]}, scenario="s")
    with serving(tmp_path / "store", path=tmp_path, site=site) as served:
        hello = served.get("/-/pages/hello", who="Ann")
        assert (hello.status, hello.text) == (200, "<p>Ann</p>")
        assert hello.headers["content-type"].startswith("text/html")
        assert served.get("/-/pages/data.json").json == {"scenarios": ["s"]}
        missing = served.get("/-/pages/missing")
        assert missing.status == 404
        assert "There is no page" in missing.text
        broken = served.get("/-/pages/broken")
        assert broken.status == 500
        assert "The plugin adds failed (page broken)" in broken.text
        assert served.get("/s").status == 200
        links = re.findall(r'<a href="(/-/pages/[^"]*)">([^<]*)</a>', served.get("/").text)
        assert links == [
            ("/-/pages/hello", "Greeting &amp; more"), ("/-/pages/data~2Ejson", "data.json"),
            ("/-/pages/broken", "broken"),
        ]  # fmt: skip
        assert "<dt>adds</dt>" in served.get("/").text
        assert served.get(links[1][0]).json == {"scenarios": ["s"]}
    with serving(tmp_path / "store", "s", path=tmp_path, site=site) as served:
        assert served.get("/-/pages/data.json").status == 404
        assert "Pages of plugins" not in served.get("/").text


@pytest.mark.parametrize(
    ("kind", "item", "problem"),
    [
        ("checks", "'names'", "item 1: a str is not a Check"),
        ("checks", "Check('a', None)", "find is a NoneType, not a function"),
        ("checks", "Check('a', print, 'owners')", "entity_types is 'owners', not a tuple"),
        ("pages", "Page('../a', print)", "a page's name has only letters"),
        ("pages", "Page('a', print, 3)", "title is a int, not a text"),
        ("pages", "Page('a', 3)", "function is a int, not a function"),
        ("tools", "Tool('scenario_list', print)", "does not begin with scenario_"),
        ("tools", "Tool('a b', print)", "a tool's name has small letters"),
        ("tools", "Tool('a', lambda store: 1)", "it has no description"),
        ("tools", "Tool('a', print, 3)", "description is a int, not a text"),
        ("pages", "Page('a', print), Page('a', print)", "claims the page a twice"),
    ],
)
def test_what_is_none_is_left_out_and_named(
    toy: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, item: str, problem: str
) -> None:
    install(tmp_path / "bad", "bad_one", {"__init__.py": BAD.format(kind=kind, item=item)})
    monkeypatch.syspath_prepend(str(tmp_path / "bad"))
    monkeypatch.delitem(importlib.import_module("sys").modules, "bad_one", raising=False)
    importlib.invalidate_caches()
    installed.cache_clear()
    told = {plugin.name: plugin.problem for plugin in installed().listed()}
    assert problem in str(told["bad_one"])
    installed.cache_clear()
