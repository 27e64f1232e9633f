"""Importers of a plugin: whole folders, and an account of what is left out."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PLUGIN, SCHEMA, SUMMARY, Run, install, owner
from forks import command

from healthsim_store import Importer, ImportResult, Store
from healthsim_store.errors import (
    EmptyBatch,
    InvalidArgument,
    InvalidValue,
    PluginFailed,
    SourceError,
)
from healthsim_store.plugins import installed

IMPORTERS = '''
from healthsim_store import Exporter, Importer, Parameter, WrittenFile


def read_cards(source):
    """``name|gender`` in each line; a line without a name is left out."""
    rows = []
    with source.text() as lines:
        for number, line in enumerate(lines):
            name, _, gender = line.strip().partition("|")
            if not name:
                source.skip(1, "without a name")
                continue
            rows.append({"owner_id": f"{source.path.stem}{number}", "full_name": name,
                         "gender": gender, "tax_number": f"{source.path.stem}-{number}",
                         "born": "2000-01-01"})
    yield "owners", rows


def read_folder(folder):
    """Cards, and their animals in *.pets; an animal of nobody is left out."""
    known = set()

    def owners():
        for file in folder.files("**/*.card"):
            for _, rows in read_cards(file):
                known.update(row["owner_id"] for row in rows)
                yield from rows

    def pets():
        for file in folder.files("*.pets"):
            with file.text() as lines:
                for line in lines:
                    owner, species = line.split()
                    if owner in known:
                        yield {"owner_id": owner, "species": species}
                    else:
                        file.skip(1, "of nobody")
        folder.skip(2, "of last year")

    yield "owners", list(owners())
    yield "pets", pets()


def read_notes(source):
    """One owner of a line; options say which sign stands between the fields, and who is wanted."""
    with source.text() as lines:
        for number, line in enumerate(lines):
            name, gender = line.strip().split(source.options["between"])
            if source.options["gender"] in (None, gender):
                yield "owners", [{"full_name": name, "gender": gender, "born": "2000-01-01",
                                  "tax_number": f"t{number}"}]


def read_note_folder(folder):
    for file in folder.files():
        assert file.options == folder.options
        yield from read_notes(file)


def read_fault(folder):
    names = {"folder": folder, "told": [("owners", [])]}
    exec((folder.path / "fault.py").read_text(), names)
    yield from names["told"]


def write_cards(scenario, folder):
    rows = scenario.select("SELECT full_name, gender FROM owners ORDER BY owner_id")
    lines = ["|".join(row) for row in rows]
    (folder / "below").mkdir()
    (folder / "below" / "all.card").write_text("".join(f"{line}\\n" for line in lines))
    yield WrittenFile("below/all.card", len(lines), "owners")


OPTIONS = (
    Parameter("between", "text", default=";", description="what stands between the fields"),
    Parameter("gender", "choice", values=("F", "M"), synonyms={"female": "F"}),
)
IMPORTERS = [
    Importer("cards", (".card", ".pets"), read_folder=read_folder),
    Importer("card", (".card",), read_cards),
    Importer("long", (".long.json",), read_cards),
    Importer("short", (".json",), read_cards),
    Importer("faulty", (), read_folder=read_fault),
    Importer("notes", (".note",), read_notes, read_note_folder, options=OPTIONS),
]
EXPORTERS = [Exporter("cards", write_all=write_cards)]
'''

HOOKS = """
from healthsim_store import hookimpl as implementation
from .importers import EXPORTERS, IMPORTERS

@implementation
def healthsim_store_importers():
    return IMPORTERS

@implementation
def healthsim_store_exporters():
    return EXPORTERS
"""


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store beside a plugin that brings the importers."""
    files = {"__init__.py": PLUGIN + HOOKS, "importers.py": IMPORTERS, "schema.sql": SCHEMA}
    install(tmp_path / "site", "reading", files | {"summary.sql": SUMMARY})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    installed.cache_clear()
    with Store(tmp_path / "store") as store:
        yield store
    installed.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three owners in two files, one of them below, and files that are nobody's."""
    files = {
        "a.card": "Ann|F\n|F\nBo|M\n", "below/b.card": "Cy|U\n\n\n",
        "x.pets": "a0 cat\nb0 dog\nz9 dog\n",
        "notes.csv": "a,b\n1,2\n", ".hidden.card": "No|F\n", "datapackage.json": "{}",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    return tmp_path / "in"


def accounts(result: ImportResult) -> dict[str, Any]:
    return {told.pop("name"): told for told in (one.to_dict() for one in result.sources)}


def test_a_whole_folder_with_an_account_of_each_file(reading: Store, folder: Path) -> None:
    result = reading.import_data(folder, format="cards", scenario="s")
    assert accounts(result) == {
        "in": {"rows": 7, "mapped": {"owners": 3, "pets": 2}, "unmapped": {"of last year": 2}},
        "a.card": {"rows": 1, "unmapped": {"without a name": 1}},
        "below/b.card": {"rows": 2, "unmapped": {"without a name": 2}},
        "x.pets": {"rows": 1, "unmapped": {"of nobody": 1}},
    }
    assert (result.rows, result.unmapped) == (11, 6)
    sql = "SELECT full_name, species FROM owners LEFT JOIN pets USING (owner_id) ORDER BY 1"
    assert [tuple(row.values()) for row in reading.query_scenario("s", sql).rows] == [
        ("Ann", "cat"), ("Bo", None), ("Cy", "dog"),
    ]  # fmt: skip


def test_one_file_accounts_too(reading: Store, folder: Path) -> None:
    result = reading.import_data(folder / "a.card", format="card", scenario="s")
    assert accounts(result) == {
        "a.card": {"rows": 3, "mapped": {"owners": 2}, "unmapped": {"without a name": 1}}
    }


def test_where_all_is_left_out_the_error_says_why(reading: Store, folder: Path) -> None:
    (folder / "a.card").write_text("|F\n|M\n")
    with pytest.raises(EmptyBatch) as caught:
        reading.import_data(folder / "a.card", format="card", scenario="s")
    assert caught.value.hint == "a.card: 2 rows left out, without a name."
    assert reading.names() == []


def test_an_export_of_several_files_comes_back(reading: Store, tmp_path: Path) -> None:
    owners = [owner(n) for n in range(4)]
    reading.persist({"owners": owners}, scenario="s", tags=["ward"])
    reading.export_scenario("s", format="cards", to=tmp_path / "out")
    result = reading.import_data(tmp_path / "out", scenario="again")
    assert (result.rows, result.unmapped) == (6, 2)
    assert reading.scenario_info("again").tags == ("ward",)
    names = [row["full_name"] for row in reading.load_scenario("again")["owners"]]
    assert names == [one["full_name"] for one in owners]
    (tmp_path / "out" / "below").rename(tmp_path / "elsewhere")
    (tmp_path / "out" / "below").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match=r"below/all\.card .* leads out of the folder by a link"):
        reading.import_data(tmp_path / "out", scenario="led")
    (tmp_path / "out" / "below").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "out" / "below")
    file = tmp_path / "out" / "below" / "all.card"
    file.write_bytes(file.read_bytes().replace(b"|", b"/"))
    with pytest.raises(SourceError, match=r"all\.card has the hash"):
        reading.import_data(tmp_path / "out", scenario="changed")


# -- endings ----------------------------------------------------------------------------------


def test_no_importer_takes_a_file_of_another_format(reading: Store, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.long.json").write_text("Ann|F\n")
    (folder / "b.json").write_text('[{"owner_id": "b"}]')
    (folder / "c.txt").write_text("c")
    result = reading.import_data(folder, format="long", scenario="long")
    assert [account.name for account in result.sources] == ["a.long.json"]
    (folder / "b.json").write_text("Bo|M\n")
    result = reading.import_data(folder, format="short", scenario="short")
    assert [account.name for account in result.sources] == ["b.json"]
    with pytest.raises(SourceError, match="has no file of a known format") as caught:
        reading.import_data(folder, format="csv", scenario="none")
    assert caught.value.hint == "Endings: .csv."
    # Without a format each file has its own: the core's json refuses what is none.
    with pytest.raises(SourceError, match=r"b\.json"):
        reading.import_data(folder, scenario="each")


def test_a_format_of_folders_reads_no_file(reading: Store, folder: Path, run: Run) -> None:
    for source in (folder / "a.card", "-"):
        with pytest.raises(SourceError, match="The format cards is a folder of files, not"):
            reading.import_data(source, format="cards", scenario="s")
    # Its endings are not known to those who name no format: a file is not its.
    assert reading.import_data(folder / "a.card", scenario="one").rows == 3


# -- faults -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("told = [(None, [{}])]", "rows of a folder without their entity type"),
        ("told = 5", "'int' object is not iterable"),
        ("folder.skip(-1, 'x')", "the first is a number of rows"),
        ("folder.skip(True, 'x')", "the first is a number of rows"),
        ("folder.skip('x', 1)", "the first is a number of rows"),
        ("folder.skip(1, '')", "the second is the reason"),
        ("folder.files()[0].skip(1, 'a\\nb')", "the second is the reason"),
        ("folder.files('../*')", "leads out of the folder"),
    ],
)
def test_what_an_importer_may_not_do(reading: Store, tmp_path: Path, fault: str, said: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "fault.py").write_text(fault)
    with pytest.raises(PluginFailed) as caught:
        reading.import_data(tmp_path / "in", format="faulty", scenario="s")
    told = caught.value.message
    assert told.startswith("The plugin reading failed (format faulty, reading in): ")
    assert said in told
    assert reading.names() == []


def test_an_importer_has_a_function() -> None:
    with pytest.raises(InvalidArgument, match="neither read nor read_folder"):
        Importer("x", (".x",))


# -- options ----------------------------------------------------------------------------------


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.note").write_text("Ann;F\nBo;M\n")
    return tmp_path / "notes"


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("options", "names"),
    [({}, ["Ann", "Bo"]), ({"gender": "female"}, ["Ann"]), ({"gender": "M"}, ["Bo"])],
)
def test_options_come_as_their_types(
    reading: Store, notes: Path, whole: bool, options: Any, names: list[str]
) -> None:
    """The same of a folder and of a file, whose ending tells the format."""
    given: dict[str, Any] = {"format": "notes"} if whole else {}
    reading.import_data(
        notes if whole else notes / "a.note", scenario="s", options=options, **given
    )
    assert [row["full_name"] for row in reading.load_scenario("s")["owners"]] == names


@pytest.mark.parametrize(
    ("format", "given", "said"),
    [
        ("notes", {"gender": "X"}, "'X' does not fit gender: give one of F (female), M"),
        ("notes", {"gendre": "F"}, "The format notes has no option 'gendre'."),
        ("notes", {"colour": "red"}, "It has between, gender."),
        (
            "csv",
            {"gender": "F"},
            "The format csv has no option 'gender'.\nIt has none. Leave options",
        ),
    ],
)
def test_options_that_do_not_fit(
    reading: Store, notes: Path, format: str, given: Any, said: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        reading.import_data(notes / "a.note", format=format, scenario="s", options=given)
    assert said in str(caught.value)
    assert reading.list_scenarios() == []


def test_what_our_own_export_wrote_has_no_options(reading: Store, notes: Path) -> None:
    reading.import_data(notes, format="notes", scenario="s")
    reading.export_scenario("s", format="csv", to=notes / "out")
    with pytest.raises(InvalidValue, match="The format csv has no option 'gender'"):
        reading.import_data(notes / "out", scenario="t", options={"gender": "F"})


@pytest.mark.parametrize("whole", [True, False])
def test_reading_options_beside_those_of_the_format(
    reading: Store, notes: Path, whole: bool
) -> None:
    """Of a file and of a folder: the encoding and the null words are the caller's, too."""
    (notes / "a.note").write_bytes("Zoë;F\nNobody;M\n".encode("utf-16-be"))
    given: dict[str, Any] = {"format": "notes"} if whole else {}
    source = notes if whole else notes / "a.note"
    reading.import_data(
        source, scenario="s", encoding="utf-16-be", options={"gender": "female"}, **given
    )
    assert [row["full_name"] for row in reading.load_scenario("s")["owners"]] == ["Zoë"]


def test_a_reading_option_in_the_wrong_place(reading: Store, notes: Path) -> None:
    """The hint says where it belongs; it is never taken for one of the format."""
    for format in ("notes", "csv"):
        with pytest.raises(InvalidValue, match="has no option 'delimiter'") as caught:
            reading.import_data(
                notes / "a.note", format=format, scenario="s", options={"delimiter": ";"}
            )
        assert caught.value.hint == 'delimiter says how files are read: delimiter=";".'
    assert reading.names() == []


def test_a_mapped_format_has_no_options(reading: Store, notes: Path) -> None:
    (notes / "patients.csv").write_text("Id\n1\n")
    with pytest.raises(InvalidValue, match="The format synthea has no option 'gender'"):
        reading.import_data(notes, format="synthea", scenario="s", options={"gender": "F"})
    assert reading.names() == []


@pytest.mark.parametrize("name", ["delimiter", "null", "at", "bad_rows", "orphans"])
def test_no_option_of_an_importer_has_the_name_of_one_of_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    body = f"""
from healthsim_store import Importer, Parameter, hookimpl

@hookimpl
def healthsim_store_importers():
    return [Importer("odd", (".odd",), print, options=[Parameter({name!r}, "text")])]
"""
    install(tmp_path / "site", "oddly", {"__init__.py": body})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, "oddly", raising=False)
    importlib.invalidate_caches()
    installed.cache_clear()
    (plugin,) = (plugin for plugin in installed().plugins if plugin.name == "oddly")
    installed.cache_clear()
    assert f"the option {name!r} cannot be: import has one of this name" in str(plugin.problem)


def test_options_on_the_command_line(reading: Store, notes: Path, tmp_path: Path) -> None:
    paths = [str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "HEALTHSIM_STORE_DIR": str(reading.path), "PYTHONPATH": os.pathsep.join(paths),
    }  # fmt: skip

    def run(*words: str) -> str:
        done = command(*words, environment=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("import", str(notes / "a.note"), "-s", "s", "--set", "gender=female")
    assert [row["full_name"] for row in reading.load_scenario("s")["owners"]] == ["Ann"]
    shown = " ".join(run("import", "--help").split())
    assert "notes: between: text, by default ;: what stands between the fields; gender" in shown
    assert "notes .note with between and gender" in run("plugins")
    told = {plugin["name"]: plugin for plugin in json.loads(run("plugins", "--json"))}
    (between, gender) = told["reading"]["import_options"]["notes"]
    assert between["default"] == ";"
    assert gender["values"] == ["F", "M"]
    assert reading.import_options()["notes"][1].name == "gender"
    assert {"notes", "csv"} <= {*reading.list_import_formats()}
