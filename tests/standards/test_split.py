"""A layout that is written as several datasets, and rows that are left out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kennel_club
import pytest
import xpt_reader
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import DeclarationError, InvalidValue, NotConformant
from healthsim_store.standards.reading import read_standard
from healthsim_store.standards.standard import Standard

#: What is said of pets beside their rows: a note for each kind of them.
NOTES = """
-- Notes about KIND @class NOTES @split KIND
CREATE TABLE NOTES (
  KEEPER VARCHAR(20) NOT NULL REFERENCES KEEPERS (KEEPER), -- Who keeps it
  KIND VARCHAR(3) NOT NULL CHECK (KIND IN ('cat', 'dog')), -- Kind
  ABOUT VARCHAR(20) NOT NULL DEFAULT '', -- What it is about
  NOTE VARCHAR(20), -- Note @optional
  BY VARCHAR(20), -- Who wrote it @optional NOTE
  SINCE VARCHAR(20), -- When @optional BY
  LATER VARCHAR(20), -- When else @optional
  PRIMARY KEY (KEEPER, KIND, ABOUT)
);

-- @into NOTES
SELECT tax_number AS KEEPER, species AS KIND, coalesce(nullif(pet_id, 'p1'), '') AS ABOUT,
  CASE species WHEN 'dog' THEN 'barks' END AS NOTE
FROM pets JOIN owners USING (owner_id);

-- nobody of that number has a dog @refuse NOTES
SELECT KEEPER, KIND, ABOUT FROM NOTES AS n
WHERE NOT EXISTS (SELECT 1 FROM DOGS AS d WHERE d.KEEPER = n.KEEPER AND d.KIND = 'dog');
"""
HEAD = kennel_club.HEAD.partition("-- A dog that")[0]


def pet(number: int, keeper: int, species: str = "dog") -> dict[str, object]:
    weight = 10 + number
    return {
        "pet_id": f"p{number}", "owner_id": f"o{keeper}", "species": species, "weight": weight,
    }  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    pets = [pet(1, 1), pet(2, 1, "cat"), pet(3, 1), pet(4, 2, "cat"), pet(5, 3)]
    store.persist({"owners": [owner(1), owner(2), owner(3)], "pets": pets}, scenario="kennel")
    return store


def club(folder: Path, notes: str = NOTES, **changed: str | None) -> Path:
    made = kennel_club.write(folder, **{"standard": HEAD, **changed})
    (made / "notes.sql").write_text(notes, encoding="utf-8")
    return made


def export(store: Store, folder: Path, out: Path, **options: Any) -> Any:
    return store.export_scenario(
        "kennel", format=str(folder), to=out, force=True, options=options or None
    )


def test_each_value_has_a_dataset_of_its_own(filled: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = export(filled, club(tmp_path), out)
    names = [file.name for file in made.files]
    assert names == ["define.xml", "dogs.json", "keepers.json", "notescat.json", "notesdog.json"]
    dogs = json.loads((out / "notesdog.json").read_text("utf-8"))
    assert (dogs["name"], dogs["label"]) == ("NOTESdog", "Notes about dog")
    # An empty text is a value of the key, and is written as what is not known is.
    assert dogs["rows"] == [
        ["T1", "dog", "", "barks", "", ""], ["T1", "dog", "p3", "barks", "", ""],
        ["T3", "dog", "p5", "barks", "", ""],
    ]  # fmt: skip
    # BY and SINCE are there with NOTE, and left out without it.
    assert [c["name"] for c in dogs["columns"]] == [
        "KEEPER", "KIND", "ABOUT", "NOTE", "BY", "SINCE",
    ]  # fmt: skip
    cats = json.loads((out / "notescat.json").read_text("utf-8"))
    assert cats["rows"] == [["T1", "cat", "p2"]]
    assert [c["name"] for c in cats["columns"]] == ["KEEPER", "KIND", "ABOUT"]


def test_what_is_left_out_is_counted_with_the_first_of_them(filled: Store, tmp_path: Path) -> None:
    made = export(filled, club(tmp_path), tmp_path / "out")
    account = next(one for one in made.datasets if one.name == "NOTES")
    why = "nobody of that number has a dog"
    assert (account.given, account.rows) == (5, 4)
    assert dict(account.refused) == {why: 1}
    assert account.examples[why] == "KEEPER T2, KIND cat, ABOUT p4"
    assert f"1 row left out: {why}" in made.to_markdown()


def test_every_kind_of_files_has_the_same_parts(filled: Store, tmp_path: Path) -> None:
    standard = club(tmp_path, NOTES.replace("NOTES", "NOTE"))
    (standard / "notes.sql").rename(standard / "note.sql")
    for kind in ("json", "ndjson", "xpt", "csv"):
        made = export(filled, standard, tmp_path / kind, files=kind)
        assert [f"note{n}.{kind}" for n in ("cat", "dog")] == [
            file.name for file in made.files if file.name.startswith("note")
        ]
    read = xpt_reader.read(tmp_path / "xpt" / "notedog.xpt")
    assert (read.name, len(read.rows)) == ("NOTEdog", 3)


def test_a_name_that_a_part_cannot_have_in_xpt_is_told(filled: Store, tmp_path: Path) -> None:
    notes = NOTES.replace("'cat'", "'kitten'").replace("VARCHAR(3)", "VARCHAR(9)")
    with pytest.raises(NotConformant, match="NOTESkitten"):
        export(filled, club(tmp_path, notes), tmp_path / "out", files="xpt")


def test_a_part_is_chosen_with_its_layout(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="has no dataset 'notesdog'") as caught:
        export(filled, club(tmp_path), tmp_path / "out", only="keepers,notesdog")
    assert "NOTESDOG is written with NOTES" in str(caught.value)
    # Dogs that are not written are none, so that no note belongs to one.
    made = export(filled, club(tmp_path), tmp_path / "out", only="keepers,notes")
    assert [file.name for file in made.files] == ["define.xml", "keepers.json"]


def test_the_layout_of_a_written_dataset_is_found(tmp_path: Path) -> None:
    declared = read_standard([Standard.from_folder(club(tmp_path))])
    dataset, value = declared.by_file["notesdog"]
    assert (dataset.name, value, dataset.parts[value].name) == ("NOTES", "dog", "NOTESdog")
    assert declared.by_file["dogs"][1] == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("@split KIND", "@split SORT", "@split SORT, which is no column that has one of a few"),
        ("@split KIND", "@split NOTE", "@split NOTE, which is no column that has one of a few"),
        ("'cat', 'dog'", "'c/t', 'dog'", "the dataset name 'NOTESc/t'"),
        ("@refuse NOTES", "@refuse NOTE", "@refuse NOTE, which is no dataset"),
        ("@refuse NOTES", "@refuse KEEPERS", "@refuse KEEPERS, to which DOGS refers"),
        ("-- nobody of that number has a dog @", "-- @", "a @refuse says in words why"),
        ("SELECT KEEPER, KIND, ABOUT FROM", "SELECT KEEPER, KIND FROM", "it gives KEEPER, KIND"),
        ("@optional BY", "@optional BYE", "@optional BYE, which is no column"),
    ],
)
def test_what_is_declared_wrong_is_told(
    filled: Store, tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in NOTES
    with pytest.raises(DeclarationError) as caught:
        export(filled, club(tmp_path, NOTES.replace(old, new)), tmp_path / "out")
    assert told in str(caught.value)


def test_two_datasets_of_one_name_are_refused(tmp_path: Path) -> None:
    standard = club(tmp_path)
    other = kennel_club.DOGS.replace("CREATE TABLE DOGS", "CREATE TABLE NOTESDOG")
    (standard / "notesdog.sql").write_text(other.partition("-- @into")[0], encoding="utf-8")
    with pytest.raises(DeclarationError, match="is written by NOTES and NOTESDOG"):
        read_standard([Standard.from_folder(standard)])
