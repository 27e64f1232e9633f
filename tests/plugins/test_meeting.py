"""Plugins that claim one name: both are told, and what follows from it says so."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bad_plugins import hook, product
from conftest import Run, install

from healthsim_store import Store
from healthsim_store.errors import SourceError, UnknownFormat, UnknownProfile
from healthsim_store.plugins import TRACE, Plugin, installed

Also = Callable[..., None]

READS = """
from healthsim_store import Exporter, Importer, hookimpl

def read(source):
    yield None, [{{"thing_id": "{name}"}}]

def write(table, path):
    path.write_text(str(table.rows))

@hookimpl
def healthsim_store_importers():
    return [Importer("{name}", (".dat", ".{name}"), read)]

@hookimpl
def healthsim_store_exporters():
    return [Exporter("{name}", ".{name}", write=write)]
"""


@pytest.fixture
def also(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Also]:
    """Install further plugins; ``command`` is for the command line too."""
    site = tmp_path / "site"

    def call(name: str, files: dict[str, str], *, distribution: str = "") -> None:
        install(site, distribution or name, files)
        if distribution:
            points = site / f"{distribution}-1.0.dist-info" / "entry_points.txt"
            points.write_text(f"[healthsim_store]\n{name} = {distribution}\n")
        monkeypatch.delitem(sys.modules, distribution or name, raising=False)
        importlib.invalidate_caches()
        installed.cache_clear()

    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    yield call
    installed.cache_clear()


def listed() -> dict[str, Plugin]:
    return {plugin.name: plugin for plugin in installed().listed()}


def test_a_file_of_two_formats_is_read_only_with_the_format_named(
    also: Also, run: Run, tmp_path: Path
) -> None:
    also("t", product("t"))
    also("a_one", {"__init__.py": READS.format(name="one")})
    also("b_two", {"__init__.py": READS.format(name="two")})
    assert {name for name, plugin in listed().items() if plugin.problem} == set()
    assert listed()["a_one"].notes == ("the ending .dat is also one of b_two: say the format one",)
    (tmp_path / "t_things.dat").write_text("x")
    (tmp_path / "t_things.two").write_text("x")
    told = "t_things.dat: its ending is one of one (of a_one) and two (of b_two)."
    with Store(tmp_path / "store") as store:
        for source in (tmp_path / "t_things.dat", tmp_path):
            with pytest.raises(SourceError) as refused:
                store.import_data([source])
            assert refused.value.message == told
            assert refused.value.hint == 'Give format="one" or "two".'
        for format in ("two", "one"):
            stored = store.import_data([tmp_path / "t_things.dat"], format=format)
            ids = store.query_scenario(stored.persisted.scenario, "SELECT thing_id FROM t_things")
            assert ids.rows == [{"thing_id": format}]
        # An ending that is one format's alone tells it, and a format reads its files of a folder.
        assert store.import_data([tmp_path / "t_things.two"]).rows == 1
        assert store.import_data([tmp_path], format="one").rows == 1
    refused_there = run("import", str(tmp_path / "t_things.dat"))
    assert refused_there.returncode == 1
    assert f"{told}\nGive --format one or two." in refused_there.stderr


def test_an_ending_of_the_core_s_own_stays_its_own(also: Also, tmp_path: Path) -> None:
    also("t", product("t"))
    also("commas", {"__init__.py": READS.format(name="commas").replace(".dat", ".CSV")})
    (tmp_path / "t_things.csv").write_text("thing_id\na\n")
    with Store(tmp_path / "store") as store:
        store.import_data([tmp_path / "t_things.csv"], scenario="s")
        assert store.query_scenario("s", "SELECT thing_id FROM t_things").rows == [
            {"thing_id": "a"}
        ]
    assert listed()["commas"].notes == (
        "the ending .csv is also one of core: say the format commas",
    )


def test_what_follows_from_a_clash_says_so(also: Also, run: Run, tmp_path: Path) -> None:
    both = READS.format(name="same") + (
        "\nimport click\nfrom healthsim_store import Profile\n"
        "@hookimpl\ndef healthsim_store_commands():\n    return [click.Command('both')]\n"
        "@hookimpl\ndef healthsim_store_profiles():\n"
        "    return [Profile('cohort', '1.0', '', str), Profile({own!r}, '1.0', '', str)]\n"
    )
    also("a_one", {"__init__.py": both.replace("{own!r}", "'own'")})
    also("b_two", {"__init__.py": both.replace("{own!r}", "'other'")})
    also("c_three", hook("commands", "return [click.Command('both')]"))
    neither = "is declared by a_one and b_two; neither is loaded. Uninstall all but one."
    with Store(tmp_path / "store") as store:
        with pytest.raises(UnknownFormat, match=f"same {neither}"):
            store.import_data(["-"], format="same")
        with pytest.raises(UnknownProfile, match=f"cohort {neither}"):
            store.describe_profile("cohort")
        with pytest.raises(UnknownProfile) as refused:
            store.describe_profile("own")
        assert str(refused.value.hint).startswith(
            "The plugin a_one has it, and is left out: claims the command both, as b_two and "
            "c_three do, so none of them is used: uninstall all but one (and 3 more names)."
        )
    called = run("both")
    assert called.returncode == 2
    assert (
        "No such command 'both'. both is declared by a_one, b_two and c_three; none of them is "
        "loaded. Uninstall all but one."
    ) in " ".join(called.stderr.split())
    assert run("--help").returncode == 0


def test_a_format_that_a_product_left_out_maps(also: Also, tmp_path: Path) -> None:
    files = product("half", summary_sql="-- X @name x @section S @show {n}\nSELECT m AS n FROM t;")
    also("half", files | {"formats/herd.sql": "CREATE TABLE others (Id TEXT);"})
    with Store(tmp_path / "store") as store, pytest.raises(UnknownFormat) as refused:
        store.import_data([tmp_path], format="herd")
    assert "The plugin half has it, and is left out: half/summary.sql, line 2" in str(
        refused.value.hint
    )


def test_two_distributions_that_call_their_plugin_the_same(also: Also) -> None:
    also("same", product("one"), distribution="dist_one")
    also("same", product("two"), distribution="dist_two")
    problems = {p.distribution: p.problem for p in installed().listed() if p.problem}
    ending = "so none of them is used: uninstall all but one"
    assert problems == {
        "dist_one": f"claims the plugin same, as same of dist_two does, {ending}",
        "dist_two": f"claims the plugin same, as same of dist_one does, {ending}",
    }


def test_what_both_may_have_is_noted_with_what_to_say(also: Also) -> None:
    question = "-- X @name which\nSELECT thing_id FROM {0}_things;"
    for name in ("one", "two"):
        also(name, product(
            name,
            f"-- More @alias outings\nCREATE TABLE {name}_trips (trip_id VARCHAR PRIMARY KEY);\n",
            questions_sql=question.format(name),
        ))  # fmt: skip
    assert listed()["one"].notes == (
        "the alias outings is also one of two: say one_trips",
        "the question which is also one of two: say one.which",
    )
    assert listed()["two"].notes == (
        "the alias outings is also one of one: say two_trips",
        "the question which is also one of one: say two.which",
    )


def test_an_alias_that_is_another_ones_name_is_noted(also: Also, tmp_path: Path) -> None:
    """The name goes before the alias: rows that are given by it are those of the other plugin."""
    table = "-- More @alias two_trips\nCREATE TABLE one_trips (trip_id VARCHAR PRIMARY KEY);\n"
    also("one", product("one", table))
    assert listed()["one"].notes == ()
    table = "-- Trips\nCREATE TABLE two_trips (trip_id VARCHAR PRIMARY KEY);\n"
    also("two", product("two", table))
    assert listed()["one"].notes == (
        "the alias two_trips is the name of an entity type of two: say one_trips",
    )
    assert listed()["two"].notes == ()
    with Store(tmp_path / "own") as store:
        made = store.persist({"two_trips": [{"trip_id": "t"}]}, scenario="s")
    assert made.inserted == {"two_trips": 1}


def test_aliases_of_columns_do_not_meet(also: Also, tmp_path: Path) -> None:
    """Two plugins may give one alias to fields of their own tables; each has its own."""
    for name in ("one", "two"):
        table = f"-- Trips\nCREATE TABLE {name}_trips (trip_id VARCHAR PRIMARY KEY, -- Id\n"
        also(name, product(name, f"{table}  {name}_end VARCHAR -- End @alias goal trip.goal\n);\n"))
    with Store(tmp_path / "own") as store:
        rows = [{"trip_id": "t", "goal": "A"}]
        nested = [{"trip_id": "t", "trip": {"goal": "B"}}]
        store.persist({"one_trips": rows, "two_trips": nested}, scenario="s")
        found = store.load_scenario("s")
    assert [found["one_trips"][0]["one_end"], found["two_trips"][0]["two_end"]] == ["A", "B"]


def test_what_each_brings_is_told_with_versions_and_endings(also: Also, run: Run) -> None:
    also("one", {"__init__.py": READS.format(name="one")})
    also("t", product("t") | {"formats/herd.sql": "CREATE TABLE others (Id TEXT);"})
    table = run("plugins").stdout
    assert re.search(r"\| one +\| one 1\.0 +\| formats: one \.dat \.one; exports: one +\|", table)
    assert re.search(r"\| t +\| t 1\.0 +\| products: t 1\.0; mapped formats: herd +\|", table)
    told = listed()["one"].to_dict()
    assert (told["suffixes"], told["exports"]) == ({"one": [".dat", ".one"]}, ["one"])
    assert listed()["t"].to_dict()["versions"] == {"t": "1.0"}


def test_calls_are_traced_on_stderr_alone(
    also: Also, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    also("one", {"__init__.py": READS.format(name="one")})
    also("t", product("t"))
    (tmp_path / "t_things.dat").write_text("x")
    call = ("import", str(tmp_path / "t_things.dat"), "--scenario")
    quiet = run(*call, "quiet")
    monkeypatch.setenv(TRACE, "1")
    traced = run(*call, "traced")
    exported = run("export", "traced", "--format", "one", "--to", str(tmp_path / "out"))
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert traced.stdout.splitlines()[0] == quiet.stdout.splitlines()[0].replace("quiet", "traced")
    lines = [line.partition(" took ")[0] for line in traced.stderr.splitlines()]
    assert [line for line in lines if line.startswith(("plugin one", "plugin t:"))] == [
        "plugin one: import",
        "plugin one: healthsim_store_importers",
        "plugin one: healthsim_store_exporters",
        "plugin t: import",
        "plugin t: healthsim_store_products",
        "plugin t: its declarations, tried out,",
        "plugin one: format one, reading t_things.dat,",
    ]
    assert all(re.search(r" took [\d,]+\.\d ms$", line) for line in traced.stderr.splitlines())
    assert "plugin one: format one, writing t_things.one, took" in exported.stderr
