"""Reading options that no file could obey are refused before anything is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.errors import InvalidArgument
from healthsim_store.exchange.readers import READERS
from healthsim_store.exchange.reading_options import OF_VALUES, ReadingOptions, specs

# A value that is not the usual one, of every option that is about files.
GIVEN: dict[str, Any] = {
    "encoding": "cp1252", "columns": ["full_name", "tax_number", "born"], "delimiter": ";",
    "quote": "'", "skip_lines": 1, "skip_footer": 1, "comment": "#", "short_rows": "null",
    "compression": "gz", "sheet": "One", "at": "data",
}  # fmt: skip


def test_every_option_of_files_is_tried() -> None:
    assert {*GIVEN} == {spec.name for spec in specs()} - {*OF_VALUES}


CELLS = [(one.name, name) for one in READERS for name in GIVEN if name not in one.reading]


@pytest.mark.parametrize(("format", "name"), CELLS)
def test_an_option_of_other_formats_is_refused(
    store: Store, tmp_path: Path, format: str, name: str
) -> None:
    path = tmp_path / f"owners.{format}"
    path.write_bytes(b"nothing that can be read")
    with pytest.raises(InvalidArgument, match=f"{name} has no meaning for {format}") as caught:
        store.import_data(path, format=format, scenario="s", **{name: GIVEN[name]})
    for one in READERS:
        if name in one.reading:
            assert one.name in str(caught.value.hint)


def test_an_option_for_one_of_several_files_is_taken(store: Store, tmp_path: Path) -> None:
    (tmp_path / "owners.csv").write_text("full_name;tax_number;born\nA;T1;1970-01-01\n")
    (tmp_path / "pets.json").write_text('[{"owner_tax_number": "T1", "species": "dog"}]')
    result = store.import_data(tmp_path, scenario="s", delimiter=";")
    assert result.persisted.inserted == {"owners": 1, "pets": 1}


MAPPING = """\
-- @file * @json $
CREATE TABLE people (full_name TEXT, tax_number TEXT, born TEXT);
-- @into owners @from people
SELECT full_name, tax_number, born FROM people;
"""


@pytest.mark.parametrize("name", ["delimiter", "sheet", "at"])
def test_files_of_a_mapping(store: Store, tmp_path: Path, name: str) -> None:
    mapping = tmp_path / "mine.sql"
    mapping.write_text(MAPPING)
    path = tmp_path / "people.json"
    path.write_text(json.dumps([owner(1)], default=str))
    with pytest.raises(InvalidArgument, match=f"{name} has no meaning for"):
        store.import_data(path, format=str(mapping), scenario="s", **{name: GIVEN[name]})
    assert store.import_data(path, format=str(mapping), scenario="s").rows == 1


def test_an_export_says_itself_how_it_is_written(store: Store, tmp_path: Path) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    store.export_scenario("s", format="csv", to=tmp_path / "out")
    with pytest.raises(InvalidArgument, match="delimiter has no meaning for an export"):
        store.import_data(tmp_path / "out", scenario="t", delimiter=";")
    assert store.import_data(tmp_path / "out", scenario="t").rows == 1


def test_the_command_says_which_formats_have_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "owners.json"
    path.write_text("[]")
    answer = run("import", str(path), "-s", "s", "--comment", "#")
    assert answer.returncode == 2
    assert "--comment has no meaning for json." in answer.stderr
    assert "It is for csv, tsv or psv." in answer.stderr


# What each format writes of two owners under an option; both have to come in. So a name in
# `Importer.reading` is no promise without a reader.
def _csv(sign: str) -> Callable[[str], bytes]:
    return lambda text: text.replace(",", sign).encode()


TEXT = "full_name,tax_number,born\nÄnn,T1,1970-01-01\nBo,T2,1970-01-02\n"
OBEYED: list[tuple[str, dict[str, Any], bytes]] = [
    ("encoding", {}, TEXT.encode("cp1252")),
    ("columns", {}, TEXT.partition("\n")[2].encode()),
    ("delimiter", {}, _csv(";")(TEXT)),
    ("quote", {}, TEXT.replace("Bo", "'B,o'").encode()),
    ("skip_lines", {}, b"title\n" + TEXT.encode()),
    ("skip_footer", {}, TEXT.encode() + b"total\n"),
    ("comment", {}, b"# by hand\n" + TEXT.encode()),
    ("short_rows", {}, TEXT.replace(",born", ",born,city").encode()),
]


@pytest.mark.parametrize(("name", "more", "content"), OBEYED)
def test_delimited_text_obeys(
    store: Store, tmp_path: Path, name: str, more: dict[str, Any], content: bytes
) -> None:
    path = tmp_path / "owners.csv"
    path.write_bytes(content)
    options = more | {name: GIVEN[name]} | ({"ignore": ["city"]} if name == "short_rows" else {})
    assert store.import_data(path, scenario="s", **options).persisted.inserted == {"owners": 2}
    assert name in ReadingOptions.of(options).given()
