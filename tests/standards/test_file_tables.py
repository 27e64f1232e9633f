"""Tables of a standard with the rows of a file of the user's own."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kennel_club
import pytest
from conftest import owner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthsim_store import Store
from healthsim_store.errors import DeclarationError, SourceError

TABLE = """
-- What the club calls a kind @file kinds
CREATE TABLE kinds (
  said VARCHAR UNIQUE, -- Kind
  name VARCHAR NOT NULL, -- What it is called
  weight REAL CHECK (weight > 0), -- What it weighs
  paws INTEGER, -- How many paws it has
  CHECK (said IS NOT NULL OR paws IS NOT NULL)
);

-- Whoever has a dog
"""
DOGS = """
-- Dogs
CREATE TABLE DOGS (
  DOG VARCHAR(5) PRIMARY KEY, -- Dog
  KIND VARCHAR(40), -- Kind
  LEGS INTEGER -- Legs
);

-- @into DOGS
SELECT pet_id AS DOG, name AS KIND, paws AS LEGS FROM pets LEFT JOIN kinds ON said = species;
"""
HEAD = (
    kennel_club.HEAD.partition("-- A dog that")[0]
    .replace(
        "@param least number from 0 to 100 = 0: how heavy a dog is at least, in kg",
        "@param kinds file: names of kinds",
    )
    .replace("\n-- Whoever has a dog\n", TABLE)
)


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    pets = [
        {"pet_id": name, "owner_id": "o1", "species": species}
        for name, species in (("p1", "dog"), ("p2", "cat"))
    ]
    store.persist({"owners": [owner(1)], "pets": pets}, scenario="kennel")
    return store


@pytest.fixture
def club(tmp_path: Path) -> Path:
    return kennel_club.write(tmp_path, standard=HEAD, dogs=DOGS, keepers=None)


def dogs(store: Store, club: Path, file: Path | None, out: Path) -> list[list[str]]:
    options: dict[str, Any] = {"files": "csv"} | ({"kinds": file} if file else {})
    store.export_scenario("kennel", format=str(club), to=out, force=True, options=options)
    with (out / "dogs.csv").open(encoding="utf-8", newline="") as opened:
        return [*csv.reader(opened)][1:]


def test_its_rows_are_there_for_selects_and_not_in_the_scenario(
    filled: Store, club: Path, tmp_path: Path
) -> None:
    file, out = tmp_path / "kinds.csv", tmp_path / "out"
    assert dogs(filled, club, None, out) == [["p1", "", ""], ["p2", "", ""]]
    file.write_text("Paws,NAME,said\n4,Hound,dog\n\n,Kätzchen, cat \n", encoding="utf-8-sig")
    assert dogs(filled, club, file, out) == [["p1", "Hound", "4"], ["p2", "Kätzchen", ""]]
    assert [entity_type.name for entity_type in filled.registry("kennel")] == ["owners", "pets"]
    assert dogs(filled, club, None, out) == [["p1", "", ""], ["p2", "", ""]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "line 1: no column name"),
        (b"said,paws\na,1\n", "line 1: no column name"),
        (b"Said,Name,Paw\n", "line 1: the column 'Paw' is not known"),
        (b"said;name\na;b\n", "line 1: the column 'said;name' is not known"),
        (b"said,name,Name\n", "line 1: the column name is there twice"),
        (b"said,name\na,b,c\n", "line 2: 3 fields, and the header has 2"),
        (b"said,name\na,\n", "line 2: name is empty"),
        (b"name,paws\nb,1\n\nd,ten\n", "line 4: paws 'ten' must be a whole number"),
        (b"said,name\na,b\na,c\n", "line 3: said 'a' is there twice"),
        (b"said,name,weight\na,b,-1\n", "line 2: it must satisfy weight: weight > 0"),
        (b"said,name\n,b\n", "line 2: it must satisfy said IS NOT NULL OR paws IS NOT NULL"),
        (b'said,name\n"a,b\n', "unexpected end of data"),
        (b"said,name\nf\xfcr,b\n", "it is not UTF-8"),
        (b"PK\x03\x04\x00\xff\xfe", "it is not UTF-8"),
    ],
)
def test_a_file_that_does_not_fit_is_told_and_nothing_is_written(
    filled: Store, club: Path, tmp_path: Path, text: bytes, told: str
) -> None:
    (tmp_path / "kinds.csv").write_bytes(text)
    with pytest.raises(SourceError) as caught:
        dogs(filled, club, tmp_path / "kinds.csv", tmp_path / "out")
    assert str(caught.value).startswith("kinds.csv, ")
    assert told in str(caught.value)
    assert "[said], name, [weight], [paws]" in str(caught.value)
    assert not (tmp_path / "out").exists()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_understood_or_told(
    filled: Store, club: Path, tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "kinds.csv").write_bytes(b"said,name\n" + data)
    try:
        written = dogs(filled, club, tmp_path / "kinds.csv", tmp_path / "out")
    except SourceError as error:
        told = str(error)
    else:
        told = f"kinds.csv, line 2: {len(written)} dogs"
    assert re.match(r"kinds\.csv, line \d+: ", told)


def test_a_file_that_cannot_be_read_is_told(filled: Store, club: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.csv cannot be read: No such file"):
        dogs(filled, club, tmp_path / "none.csv", tmp_path / "out")
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        dogs(filled, club, tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("@param kinds file", "@param kinds text", "@file kinds, which is no @param of the type"),
        ("@file kinds", "@file kind", "Did you mean kinds?"),
        ("said VARCHAR UNIQUE, -- Kind", "said VARCHAR UNIQUE,", "it has no label"),
        (TABLE, "\n-- Whoever has a dog\n", "@param kinds, but no SELECT has :kinds"),
        ("CREATE TABLE kinds", "CREATE TABLE pets", "already exists"),
    ],
)
def test_a_table_that_is_declared_wrong_is_told(
    filled: Store, tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in HEAD
    club = kennel_club.write(tmp_path, standard=HEAD.replace(old, new), dogs=DOGS, keepers=None)
    with pytest.raises(DeclarationError) as caught:
        dogs(filled, club, None, tmp_path / "out")
    assert told in str(caught.value)
