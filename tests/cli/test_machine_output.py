"""What a program reads: plain numbers, ISO times; and what a person reads of a store's counts."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path

import pytest
from conftest import Run, owner

from healthsim_store import Store


@pytest.fixture
def filled(run: Run, store: Store) -> Run:
    store.persist({"owners": map(owner, range(1_234))}, scenario="s", tags=["a", "b"])
    return run


@pytest.mark.parametrize("output", ["csv", "tsv"])
def test_a_list_for_a_program_has_plain_values(filled: Run, tmp_path: Path, output: str) -> None:
    answer = filled("list", f"--{output}")
    delimiter = "," if output == "csv" else "\t"
    (row,) = csv.DictReader(io.StringIO(answer.stdout), delimiter=delimiter)
    assert row["entities"] == "1234"
    assert int(row["size"]) == (tmp_path / "store" / "s.db").stat().st_size
    assert (row["name"], row["products"], row["tags"]) == ("s", "toy", "a, b")
    (told,) = json.loads(filled("list", "--json").stdout)
    assert row["changed_at"] == told["changed_at"]
    assert dt.datetime.fromisoformat(told["changed_at"]).tzinfo is not None
    assert (told["total"], told["size"]) == (1234, int(row["size"]))


def test_a_list_for_a_person_is_easy_to_read(filled: Run) -> None:
    text = filled("list").stdout
    assert "| 1,234 " in text
    assert " KB " in text


def test_an_empty_list_for_a_program_is_a_header(run: Run) -> None:
    assert run("list", "--csv").stdout.splitlines() == [
        "name,entities,products,tags,changed_at,size"
    ]


def test_the_facts_for_a_program_are_plain(filled: Run, tmp_path: Path) -> None:
    told = json.loads(filled("info", "s", "--json").stdout)
    assert told["size"] == (tmp_path / "store" / "s.db").stat().st_size
    assert told["entity_counts"]["owners"] == 1234
    (entry,) = told["log"]
    for at in (told["created_at"], told["changed_at"], entry["at"]):
        assert dt.datetime.fromisoformat(at).tzinfo is not None
