"""A drafted mapping: it can be run, and says what it is unsure of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import SourceError
from healthsim_store.exchange.found_files import Files
from healthsim_store.exchange.mapped_files import try_out
from healthsim_store.exchange.mapping_draft import draft
from healthsim_store.exchange.reading_options import ReadingOptions
from healthsim_store.exchange.source import Source
from healthsim_store.plugins import installed


@pytest.fixture(autouse=True)
def _toy(toy_of: Callable[..., None]) -> None:
    toy_of("1.0")


def _draft(path: Path, entity_type: str | None = None, **reading: Any) -> str:
    blank = Source("", reading=ReadingOptions.of(reading))
    plugins = installed()
    text = draft(Files([path], None, entity_type, blank), plugins.formats, plugins.registry)
    try_out("mine.sql", text, plugins.registry)
    return text


def test_a_draft_imports_what_it_was_made_of(tmp_path: Path) -> None:
    file = tmp_path / "My Owners 7.csv"
    file.write_text(
        "Owner ID,Tax Number,Name,DOB,sex,order,a @into b\n1,T1,Ann,1980-01-05,female,9,x\n",
        "utf-8",
    )
    text = _draft(file)
    assert "-- @into owners @from my_owners_7" in text
    assert "unsure" not in text
    assert "-- Not mapped: order" in text
    mapping = tmp_path / "mine.sql"
    mapping.write_text(text, "utf-8")
    with Store(tmp_path / "store") as store:
        store.import_data(file, format=str(mapping), scenario="s")
        (row,) = store.query_scenario("s", "SELECT * FROM owners").rows
    assert (row["owner_id"], row["full_name"], row["born"]) == ("1", "Ann", "1980-01-05")


def test_what_is_unsure_is_told(tmp_path: Path) -> None:
    file = tmp_path / "owners.csv"
    file.write_text("tax_number,name,born,gender\nT1,Ann,13/02/1980,1\nT2,Bo,,2\n", "utf-8")
    text = _draft(file)
    assert "  born, -- unsure: '13/02/1980' is not" in text
    assert "  gender -- unsure: '1', '2' is not one of F, M, U." in text
    file.write_text("name\nAnn\n", "utf-8")
    assert "NULL AS tax_number, -- required, and no column is called so" in _draft(file)


def test_the_records_of_a_document_are_found(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    people = [{"resource": {"tax_number": "T1", "name": "Ann", "born": "1980-01-05"}}]
    file.write_text(json.dumps({"total": 1, "entry": people}), "utf-8")
    assert "-- @json $.entry[*].resource\nCREATE TABLE answer" in _draft(file)


def test_the_entity_type_may_be_told(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a;b\n1;2\n", "utf-8")
    assert "-- @into pets @from x" in _draft(file, "pets", delimiter=";")
    with pytest.raises(SourceError, match="looks like semicolons"):
        _draft(file, "pets")
