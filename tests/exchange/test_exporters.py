"""Exporters of a plugin: what they take, their options, and files of any names."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import PLUGIN, SCHEMA, SUMMARY, install, owner
from forks import command

from healthsim_store import Exporter, Store
from healthsim_store.errors import (
    InvalidArgument,
    InvalidValue,
    PluginFailed,
    QueryTooLarge,
    SourceError,
    TargetExists,
)
from healthsim_store.plugins import installed

EXPORTERS = '''
import json

import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_store import Exporter, Parameter, WrittenFile


def write_list(table, path):
    """A name on each line, the first ones only."""
    names = [name for batch in table.typed() for name in batch.column("full_name").to_pylist()]
    greeting = table.options["greeting"] or ""
    path.write_text("".join(f"{greeting}{name}\\n" for name in names[: table.options["most"]]))


def write_register(scenario, folder):
    """Each pet with its owner, and the owners as they are."""
    sql = """SELECT pet_id, full_name, tax_number, species FROM pets JOIN owners USING (owner_id)
             WHERE species = coalesce(:species, species) ORDER BY pet_id"""
    rows = scenario.select(sql, {"species": scenario.options["species"]})
    count = 0
    with (folder / "register.ndjson").open("w") as file:
        for row in rows:
            file.write(json.dumps(dict(zip(rows.columns, row))) + "\\n")
            count += 1
    yield WrittenFile("register.ndjson", count, mediatype="application/x-ndjson")
    if "owners" in scenario.entity_types:
        table = scenario.table("owners")
        with pq.ParquetWriter(folder / "owners.parquet", table.schema) as writer:
            for batch in table.typed():
                writer.write_batch(batch)
        yield WrittenFile("owners.parquet", table.rows, "owners")


def write_fault(scenario, folder):
    """What nobody should write; the fault is the code of the option."""
    (folder / "a.csv").write_text('x\\n1\\n"2\\n3"\\n')
    names = {**globals(), **locals(), "told": [WrittenFile("a.csv", 2)]}
    exec(scenario.options["fault"], names)
    return names["told"]


def broken(table, path):
    """Arrow's own error, of which the scenario is not guilty."""
    pa.array(["x"]).cast(pa.int64())


def first_batch(table, path):
    path.write_text(str(next(table.batches()).num_rows))


def takes(entity_type):
    return entity_type.by_name["nothing"]


EXPORTERS = [
    Exporter(
        "list", ".list", write=write_list, title="List", takes=("owners", "strangers"),
        options=(
            Parameter("most", "integer", default=2, least=1, most=10, description="how many"),
            Parameter("greeting", "text"),
        ),
    ),
    Exporter(
        "register", write_all=write_register, title="Register",
        options=(Parameter("species", "choice", values=("cat", "dog")),),
        takes=lambda entity_type: entity_type.name in ("owners", "pets"),
    ),
    Exporter("fault", write_all=write_fault, options=(Parameter("fault", "text"),)),
    Exporter("none", ".none", write=write_list, takes=()),
    Exporter("choosy", ".choosy", write=write_list, takes=takes),
    Exporter("broken", ".broken", write=broken),
    Exporter("first", ".first", write=first_batch),
]
'''  # fmt: skip

HOOK = """
from healthsim_store import hookimpl as implementation
from .exporters import EXPORTERS

@implementation
def healthsim_store_exporters():
    return EXPORTERS
"""

PETS = [
    {"pet_id": "p1", "owner_id": "o2", "species": "dog"},
    {"pet_id": "p2", "owner_id": "o1", "species": "cat"},
    {"pet_id": "p3", "owner_id": "o2", "species": "cat"},
]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    files = {"__init__.py": PLUGIN + HOOK, "exporters.py": EXPORTERS, "schema.sql": SCHEMA}
    install(tmp_path / "site", "exporting", files | {"summary.sql": SUMMARY})
    return tmp_path / "site"


@pytest.fixture
def filled(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Three owners and three pets, beside a plugin that brings the exporters."""
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    installed.cache_clear()
    with Store(tmp_path / "store") as store:
        owners = [owner(n) for n in range(3)]
        store.persist({"owners": owners, "pets": PETS}, scenario="s")
        yield store
    installed.cache_clear()


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def described(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "datapackage.json").read_text("utf-8"))
    return told


# -- what an exporter takes -------------------------------------------------------------------


def test_what_it_does_not_take_is_told(filled: Store, tmp_path: Path) -> None:
    result = filled.export_scenario("s", format="list", to=tmp_path / "out")
    assert [file.name for file in result.files] == ["owners.list"]
    reason = "the format list does not take it"
    told = [{"entity_type": "pets", "rows": 3, "reason": reason}]
    assert result.to_dict()["left_out"] == told
    assert f"**Left out**: pets (3 rows): {reason}" in result.to_markdown()
    assert described(tmp_path / "out")["healthsim_store"]["left_out"] == {"pets": reason}
    whole = filled.export_scenario("s", format="csv", to=tmp_path / "csv")
    assert "left_out" not in whole.to_dict()


def test_what_is_asked_for_by_name_is_not_left_out_in_silence(
    filled: Store, tmp_path: Path
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        filled.export_scenario("s", format="list", entities=["owners", "pets"], to=tmp_path / "x")
    assert caught.value.message == "The format list does not take pets."
    assert caught.value.hint == "Of this scenario it takes owners."
    with pytest.raises(InvalidArgument, match=r"does not take owners, pets\.\n.* takes nothing"):
        filled.export_scenario("s", format="none", to=tmp_path / "x")
    with pytest.raises(PluginFailed, match=r"choosing what it takes of s.*KeyError: 'nothing'"):
        filled.export_scenario("s", format="choosy", to=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_fault_of_the_exporter_is_no_damage_of_the_scenario(
    filled: Store, tmp_path: Path
) -> None:
    with pytest.raises(PluginFailed, match=r"writing owners\.broken of s.*ArrowInvalid"):
        filled.export_scenario("s", format="broken", to=tmp_path / "x")
    with pytest.raises(PluginFailed, match=r"TypeError: 0 rows were read of 3\."):
        filled.export_scenario("s", format="first", to=tmp_path / "x")


# -- options ----------------------------------------------------------------------------------


def test_options_come_as_their_types(filled: Store, tmp_path: Path) -> None:
    given = {"most": "1", "greeting": " Dear "}
    filled.export_scenario("s", format="list", to=tmp_path / "one", options=given)
    names = [owner(n)["full_name"] for n in range(3)]
    assert (tmp_path / "one" / "owners.list").read_text() == f"Dear{names[0]}\n"
    filled.export_scenario("s", format="list", to=tmp_path / "two")
    assert (tmp_path / "two" / "owners.list").read_text() == f"{names[0]}\n{names[1]}\n"


@pytest.mark.parametrize(
    ("format", "given", "fields", "said"),
    [
        ("list", {"most": "many"}, ["most"], "'many' does not fit most: give a whole number from"),
        ("list", {"most": 11}, ["most"], "11 does not fit most"),
        ("list", {"mots": 1}, ["mots"], "The format list has no option 'mots'.\nDid you mean most"),
        ("list", {"mots": 1, "most": 0}, ["mots", "most"], "0 does not fit most"),
        ("list", {"colour": 1}, ["colour"], "It has most, greeting."),
        ("register", {"species": "cow"}, ["species"], "give one of cat, dog"),
        ("csv", {"most": 1}, ["most"], "The format csv has no option 'most'.\nIt has none. Leave"),
    ],
)
def test_options_that_do_not_fit(
    filled: Store, tmp_path: Path, format: str, given: Any, fields: list[str], said: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        filled.export_scenario("s", format=format, to=tmp_path / "out", options=given)
    assert said in str(caught.value)
    assert caught.value.to_dict()["fields"] == fields
    assert not (tmp_path / "out").exists()


def test_options_on_the_command_line(filled: Store, site: Path, tmp_path: Path) -> None:
    environment = os.environ | {
        "HEALTHSIM_STORE_DIR": str(tmp_path / "store"),
        "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]),
    }

    def run(*words: str) -> Any:
        return command(*words, environment=environment)

    to = str(tmp_path / "out")
    done = run("export", "s", "--format", "list", "--set", "most=1", "--to", to)
    assert done.returncode == 0, done.stderr
    assert "**Left out**: pets (3 rows): the format list does not take it" in done.stdout
    assert len((tmp_path / "out" / "owners.list").read_text().splitlines()) == 1
    wrong = run("export", "s", "--format", "csv", "--set", "most=1", "--to", to)
    assert wrong.returncode == 2
    assert "Leave --set out." in wrong.stderr
    assert "Write --set OPTION=VALUE." in run("export", "s", "--set", "most").stderr
    shown = " ".join(run("export", "--help").stdout.split())
    assert "list: most: a whole number from 1 to 10, by default 2: how many; greeting" in shown
    assert "list with most and greeting" in run("plugins").stdout
    (told,) = (p for p in json.loads(run("plugins", "--json").stdout) if p["name"] == "exporting")
    assert told["export_options"]["list"][0] == {
        "name": "most", "type": "integer", "default": 2, "least": 1, "most": 10,
        "description": "how many",
    }  # fmt: skip


# -- files of any names -----------------------------------------------------------------------


def test_several_named_files_of_joined_tables(filled: Store, tmp_path: Path) -> None:
    seen: list[int] = []
    result = filled.export_scenario(
        "s", format="register", to=tmp_path / "out", progress=seen.append
    )
    assert {file.name: (file.rows, file.entity_type) for file in result.files} == {
        "owners.parquet": (3, "owners"), "register.ndjson": (3, None),
    }  # fmt: skip
    assert sum(seen) == 6
    names = [owner(n)["full_name"] for n in range(3)]
    assert [(row["pet_id"], row["full_name"]) for row in lines(tmp_path / "out/register.ndjson")] \
        == [("p1", names[2]), ("p2", names[1]), ("p3", names[2])]  # fmt: skip
    assert pq.read_table(tmp_path / "out" / "owners.parquet")["full_name"].to_pylist() == names
    files = {one["path"]: one for one in described(tmp_path / "out")["resources"]}
    assert {path: one["rows"] for path, one in files.items()} == {
        "owners.parquet": 3, "register.ndjson": 3,
    }  # fmt: skip
    assert files["register.ndjson"]["mediatype"] == "application/x-ndjson"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "datapackage.json", "owners.parquet", "register.ndjson",
    ]  # fmt: skip
    only = {"species": "dog"}
    again = filled.export_scenario(
        "s", format="register", to=tmp_path / "out", force=True, options=only
    )
    assert [file.rows for file in again.files] == [3, 1]


def test_files_in_folders_below(filled: Store, tmp_path: Path) -> None:
    make = (
        "(folder / 'b/c').mkdir(parents=True); (folder / 'b/c/a.csv').write_text('1');"
        "(folder / 'b-c-a.csv').write_text('1');"
        "told += [WrittenFile('b/c/a.csv', 1), WrittenFile('b-c-a.csv', 1)]"
    )
    to = tmp_path / "out"
    for _ in "ab":  # the second replaces the first
        done = filled.export_scenario(
            "s", format="fault", to=to, options={"fault": make}, force=True
        )
        assert sorted(file.name for file in done.files) == ["a.csv", "b-c-a.csv", "b/c/a.csv"]
    resources = described(to)["resources"]
    assert len({one["name"] for one in resources}) == 3
    (below,) = (one for one in resources if one["path"] == "b/c/a.csv")
    assert (below["bytes"], below["rows"]) == (1, 1)
    (to / "b" / "mine").mkdir()
    with pytest.raises(TargetExists, match="has b/mine, which no export wrote"):
        filled.export_scenario("s", format="fault", to=to, force=True)


def test_an_export_for_others_is_not_taken_for_tables(filled: Store, tmp_path: Path) -> None:
    filled.export_scenario("s", format="register", to=tmp_path / "out")
    with pytest.raises(SourceError, match="register"):
        filled.import_data(tmp_path / "out", scenario="again")
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(TargetExists, match=r"has mine\.txt"):
        filled.export_scenario("s", format="register", to=tmp_path / "out", force=True)


def test_sensitive_columns_are_dropped_from_tables_and_selects(
    filled: Store, tmp_path: Path
) -> None:
    secrets = {owner(n)["tax_number"] for n in range(3)}
    filled.export_scenario("s", format="register", to=tmp_path / "all")
    assert {row["tax_number"] for row in lines(tmp_path / "all/register.ndjson")} <= secrets
    filled.export_scenario("s", format="register", to=tmp_path / "out", drop_sensitive=True)
    assert {row["tax_number"] for row in lines(tmp_path / "out/register.ndjson")} == {None}
    assert "tax_number" not in pq.read_schema(tmp_path / "out" / "owners.parquet").names


def test_what_a_merge_did_not_keep_is_sensitive_too(filled: Store, tmp_path: Path) -> None:
    filled.persist({"owners": [owner(1) | {"tax_number": "T-secret"}]}, scenario="t")
    filled.merge_scenarios(["s", "t"], new_name="m", on_conflict="skip")
    sql = "SELECT lost FROM _conflicts"
    (kept,) = filled.query_scenario("m", sql).rows
    assert "T-secret" in kept["lost"]
    ask = f"(folder / 'a.csv').write_text(repr([*scenario.select('{sql}')]))"
    given = {"fault": f"{ask}; told = [WrittenFile('a.csv', 1)]"}
    for drop, told in ((False, "T-secret"), (True, "[(None,)]")):
        to = tmp_path / str(drop)
        filled.export_scenario("m", format="fault", to=to, options=given, drop_sensitive=drop)
        assert told in (to / "a.csv").read_text()


FAULTS = {
    "nothing": ("told = None", "TypeError: 'NoneType' object is not iterable"),
    "no file": ("told.clear(); (folder / 'a.csv').unlink()", "it wrote no file"),
    "not told": ("(folder / 'b.csv').touch()", "it wrote b.csv and does not tell of it"),
    "not written": ("(folder / 'a.csv').unlink()", "it tells of a.csv and wrote no such file"),
    "a folder": ("(folder / 'b').mkdir(); told += [WrittenFile('b', 0)]", "wrote no such file"),
    "twice": ("told *= 2", "it tells of a.csv twice"),
    "below": ("(folder / 'b').mkdir(); (folder / 'b/a.csv').touch()",
              "it wrote b/a.csv and does not tell of it"),
    "an empty folder": ("(folder / 'b').mkdir()", "it wrote b and does not tell of it"),
    "rooted": ("told += [WrittenFile('/a', 0)]", "which cannot be a file's name"),
    "out of a folder": ("told += [WrittenFile('b/../a', 0)]", "which cannot be a file's name"),
    "hidden": ("told += [WrittenFile('.b/a', 0)]", "which cannot be a file's name"),
    "of Windows": ("told += [WrittenFile('b\\\\a', 0)]", "which cannot be a file's name"),
    "by a link": ("(folder / 'b').symlink_to(folder.parent)", "it made the link b, where only"),
    "a link": ("(folder / 'b.csv').symlink_to(folder / 'a.csv');"
               "told += [WrittenFile('b.csv', 2)]", "it made the link b.csv"),
    "one but for its case": ("told += [WrittenFile('A.csv', 0)]", "it tells of a.csv and A.csv"),
    "its own below": ("told += [WrittenFile('b/datapackage.json', 0)]", "it tells of b/datapack"),
    "outside": ("told += [WrittenFile('../b', 0)]", "which cannot be a file's name"),
    "no name": ("told += [WrittenFile(None, 0)]", "which cannot be a file's name"),
    "its own": ("told += [WrittenFile('datapackage.json', 0)]", "it tells of datapackage.json"),
    "a text": ("told += ['b']", "it tells of a str, not a WrittenFile"),
    "no rows": ("told = [WrittenFile('a.csv', None)]", "it tells that a.csv has None rows"),
    "negative": ("told = [WrittenFile('a.csv', -1)]", "it tells that a.csv has -1 rows"),
    "miscounted": ("told = [WrittenFile('a.csv', 4)]", "it tells that a.csv has 4 rows, which has"),
    "of a type": ("told = [WrittenFile('a.csv', 2, 'owners')]", "of owners in a.csv; owners has 3"),
    "no type": ("told = [WrittenFile('a.csv', 2, 'cows')]", "that a.csv has rows of 'cows'"),
    "no parquet": ("(folder / 'a.csv').rename(folder / 'a.parquet');"
                   "told = [WrittenFile('a.parquet', 2)]", "ArrowInvalid"),
    "no lines": ("(folder / 'a.csv').rename(folder / 'a.ndjson');"
                 "told = [WrittenFile('a.ndjson', 2)]", "2 rows, which has 4"),
    "an error": ("1 / 0", "ZeroDivisionError: division by zero"),
    "wrong sql": ("scenario.select('SELECT * FROM cows')", "ValueError: The query failed: no such"),
    "a write": ("scenario.select('DELETE FROM pets')", "Refused: DELETE FROM"),
    "another file": ("scenario.select(\"ATTACH 'x.db' AS x\")", "Refused: ATTACH"),
    "not exported": ("scenario.table('cows')", "KeyError: 'cows'"),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS)
def test_what_is_told_must_be_what_is_there(
    filled: Store, tmp_path: Path, fault: str, said: str
) -> None:
    with pytest.raises(PluginFailed) as caught:
        filled.export_scenario("s", format="fault", to=tmp_path / "out", options={"fault": fault})
    told = caught.value.message
    assert told.startswith("The plugin exporting failed (format fault, writing its files of s): ")
    assert said in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "fine",
    [
        "told = [WrittenFile('a.csv', 3)]",  # it may have no header
        "list(scenario.table('pets').typed()); list(scenario.table('pets').texts())",
        "[list(scenario.select('SELECT ?', [n])) for n in range(300)]",
        "a, b = (scenario.select('SELECT * FROM pets') for _ in 'ab'); next(iter(a)); list(b)",
        "next(scenario.table('pets').batches())",
    ],
)
def test_what_an_exporter_may_do(filled: Store, tmp_path: Path, fine: str) -> None:
    filled.export_scenario("s", format="fault", to=tmp_path / "out", options={"fault": fine})
    assert [one["path"] for one in described(tmp_path / "out")["resources"]] == ["a.csv"]


def test_a_value_without_end_is_no_fault_of_the_plugin(filled: Store, tmp_path: Path) -> None:
    sql = "WITH r (x) AS (SELECT 'x' UNION ALL SELECT x || x FROM r) SELECT length(x) FROM r"
    big = f'list(scenario.select("{sql}"))'
    with pytest.raises(QueryTooLarge):
        filled.export_scenario("s", format="fault", to=tmp_path / "out", options={"fault": big})


# -- what is no exporter ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("write=print, takes='owners'", "takes is 'owners', neither names such as"),
        ("write=print, takes=[1]", "takes has a int, not a name"),
        ("write=print, options='most'", "options is a str, not a tuple of Parameter"),
        ("write=print, options=['most']", "options has a str, not a Parameter"),
        ("write=print, options=[Parameter('x')]", "the option 'x' cannot be"),
        ("write=print, options=[Parameter('X', 'text')]", "the option 'X' cannot be"),
        ("write=print, options=[Parameter('x', 'colour')]", "the option 'x' cannot be"),
        ("write=print, options=[Parameter('x', 'integer', default='a')]", "'x' cannot be"),
        ("write=print, options=[Parameter('x', 'text')] * 2", "it is there twice"),
        ("write_all='all'", "write_all is a str, not a function"),
        ("write=print, write_all=print", "has write and write_all"),
        ("copy=print, takes=['owners']", "has copy, which has no place for takes or options"),
    ],
)
def test_what_cannot_be_an_exporter_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: str, said: str
) -> None:
    body = f"""
from healthsim_store import Exporter, Parameter, hookimpl

@hookimpl
def healthsim_store_exporters():
    return [Exporter("odd", ".odd", {fields})]
"""
    install(tmp_path / "site", "oddly", {"__init__.py": body})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, "oddly", raising=False)
    importlib.invalidate_caches()
    installed.cache_clear()
    (plugin,) = (plugin for plugin in installed().plugins if plugin.name == "oddly")
    installed.cache_clear()
    assert said in str(plugin.problem)


def test_an_exporter_has_one_function() -> None:
    with pytest.raises(InvalidArgument, match="has none of write, write_all and copy"):
        Exporter("x", ".x")
