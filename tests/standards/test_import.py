"""Files of a standard as a scenario: every kind of them, their account, and bad ones."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kennel_club
import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import (
    DeclarationError,
    HealthsimStoreError,
    InvalidArgument,
    InvalidRows,
    InvalidValue,
    SourceError,
)

KEEPERS: list[dict[str, Any]] = [
    {"CLUB": "CLUB", "KEEPER": "T1", "NAME": "Åsa", "SEX": "F", "YEAR": 1901},
    {"CLUB": "CLUB", "KEEPER": "T2", "NAME": "Bo", "SEX": "M", "YEAR": 1902},
]
DOGS: list[dict[str, Any]] = [
    {"KEEPER": "T1", "DOG": 1, "KIND": "dog", "GRAMS": 10500, "PRICE": 12.5, "CHIPPED": True,
     "SEEN": "2024-05-01T10:00:00"},
    {"KEEPER": "T1", "DOG": 2, "KIND": "cat", "GRAMS": 250, "PRICE": None, "CHIPPED": False,
     "SEEN": None},
    {"KEEPER": "T2", "DOG": 1, "KIND": "dog", "GRAMS": None, "PRICE": None, "CHIPPED": None,
     "SEEN": None},
]  # fmt: skip
OWNERS = [("kT1", "T1", "Åsa", "F", "1901-01-01"), ("kT2", "T2", "Bo", "M", "1902-01-01")]
PETS = [
    ("T1/1", "kT1", "dog", 10.5, 12.5, 1, "2024-05-01T10:00:00"),
    ("T1/2", "kT1", "cat", 0.25, None, 0, None),
    ("T2/1", "kT2", "dog", None, None, None, None),
]


def document(name: str, rows: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    """Dataset-JSON, written by hand: an empty text is ``""``, a number that is unknown null."""
    names = [*rows[0]]
    texts = {n for n in names if any(isinstance(row[n], str) for row in rows)}
    return {
        "datasetJSONCreationDateTime": "2025-01-01T00:00:00", "datasetJSONVersion": "1.1.0",
        "itemGroupOID": f"IG.{name}", "records": len(rows), "name": name, "label": name,
        "columns": [{"itemOID": f"IT.{n}", "name": n, "label": n,
                     "dataType": "string" if n in texts else "float"} for n in names],
        "rows": [["" if row[n] is None and n in texts else row[n] for n in names] for row in rows],
    } | changed  # fmt: skip


def write_json(folder: Path, name: str, rows: list[dict[str, Any]], **changed: Any) -> None:
    path = folder / f"{name.lower()}.json"
    path.write_text(json.dumps(document(name, rows, **changed)), "utf-8")


def write_ndjson(folder: Path, name: str, rows: list[dict[str, Any]], **changed: Any) -> None:
    told = document(name, rows, **changed)
    lines = [{key: value for key, value in told.items() if key != "rows"}, *told["rows"]]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / f"{name.lower()}.ndjson").write_text(text, "utf-8")


def write_csv(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    lines = [",".join(reversed(rows[0])).lower()]  # in another order and case
    lines += [",".join("" if v is None else str(v) for v in reversed(r.values())) for r in rows]
    (folder / f"{name.lower()}.csv").write_text("\n".join(lines) + "\n", "utf-8")


WRITERS: dict[str, Callable[..., None]] = {
    "json": write_json, "ndjson": write_ndjson, "csv": write_csv,
}  # fmt: skip


@pytest.fixture
def club(tmp_path: Path) -> str:
    return str(kennel_club.write(tmp_path, **kennel_club.READS))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Both datasets as Dataset-JSON."""
    folder = tmp_path / "files"
    folder.mkdir()
    write_json(folder, "KEEPERS", KEEPERS)
    write_json(folder, "DOGS", DOGS)
    return folder


def stored(store: Store, scenario: str = "back") -> tuple[list[Any], list[Any]]:
    owners = "SELECT owner_id, tax_number, full_name, gender, born FROM owners ORDER BY 1"
    pets = "SELECT pet_id, owner_id, species, weight, price, chipped, seen_at FROM pets ORDER BY 1"
    return tuple(  # type: ignore[return-value]
        [tuple(row.values()) for row in store.query_scenario(scenario, sql).rows]
        for sql in (owners, pets)
    )


def refused(store: Store, club: str, folder: Path, **options: Any) -> str:
    """What an import says that does not do it; nothing is stored."""
    with pytest.raises(HealthsimStoreError) as error:
        store.import_data(folder, format=club, scenario="back", **options)
    assert not store.list_scenarios()
    return str(error.value)


# -- what is read ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WRITERS)
def test_rows_come_from_every_kind_of_text(
    kind: str, store: Store, club: str, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    WRITERS[kind](folder, "KEEPERS", KEEPERS)
    WRITERS[kind](folder, "DOGS", DOGS)
    made = store.import_data(folder, format=club, scenario="back")
    assert stored(store) == (OWNERS, PETS)
    assert {one.name: one.mapped for one in made.sources} == {
        f"keepers.{kind}": {"owners": 2}, f"dogs.{kind}": {"pets": 3},
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["json", "ndjson", "xpt", "csv"])
def test_what_was_written_comes_back(kind: str, store: Store, club: str, tmp_path: Path) -> None:
    owners = [owner(n, owner_id=f"kT{n}", tax_number=f"T{n}", born=f"190{n}-01-01") for n in (1, 2)]
    pets = [
        {"pet_id": "T1/1", "owner_id": "kT1", "species": "dog", "weight": 10.5, "price": 12.5},
        {"pet_id": "T1/2", "owner_id": "kT1", "species": "cat", "chipped": True},
        {"pet_id": "T2/1", "owner_id": "kT2", "species": "dog", "seen_at": "2024-05-01T10:00:00"},
    ]
    store.persist({"owners": owners, "pets": pets}, scenario="first")
    out = tmp_path / "out"
    store.export_scenario("first", format=club, to=out, options={"files": kind})
    store.import_data(out, format=club, scenario="back")
    assert stored(store) == stored(store, "first")
    assert store.diff_scenarios("first", "back", by="id").empty


def test_kinds_may_be_mixed_and_packed(store: Store, club: str, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    write_ndjson(folder, "KEEPERS", KEEPERS)
    write_csv(folder, "DOGS", DOGS)
    with gzip.open(folder / "dogs.csv.gz", "wb") as packed:
        packed.write((folder / "dogs.csv").read_bytes())
    (folder / "dogs.csv").unlink()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    store.import_data(tmp_path / "all.zip", format=club, scenario="back")
    assert stored(store) == (OWNERS, PETS)


def test_files_may_be_called_as_they_like_where_they_say_their_dataset(
    store: Store, club: str, files: Path
) -> None:
    (files / "dogs.json").rename(files / "part 2 (final).json")
    store.import_data([files / "keepers.json", files / "part 2 (final).json"], format=club,
                      scenario="back")  # fmt: skip
    assert stored(store) == (OWNERS, PETS)


def test_a_dataset_may_have_several_files(store: Store, club: str, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    write_csv(folder, "KEEPERS", KEEPERS)
    for number, row in enumerate(DOGS):
        write_csv(folder, "DOGS", [row])
        (folder / "dogs.csv").rename(folder / f"dogs_{number}.csv")
    made = store.import_data(folder, format=club, scenario="back")
    assert stored(store) == (OWNERS, PETS)
    assert [one.name for one in made.sources] == ["dogs_*.csv (3 files)", "keepers.csv"]


def test_the_head_may_stand_behind_the_rows(store: Store, club: str, files: Path) -> None:
    told = document("DOGS", DOGS)
    rows = {"rows": told.pop("rows")}
    (files / "dogs.json").write_text(json.dumps(rows | told), "utf-8")
    store.import_data(files, format=club, scenario="back")
    assert stored(store) == (OWNERS, PETS)


def test_windows_text_comes_in_by_its_encoding(store: Store, club: str, files: Path) -> None:
    path = files / "keepers.json"
    text = json.dumps(document("KEEPERS", KEEPERS), ensure_ascii=False)
    path.write_bytes(text.encode("cp1252"))
    told = refused(store, club, files)
    assert "keepers.json, line 1: byte 0xC5 is not utf-8" in told
    assert "cp1252" in told
    path.rename(files / "keepers.cp1252.json")
    store.import_data(files, format=club, scenario="back", encoding="cp1252")
    assert stored(store) == (OWNERS, PETS)


def test_only_some_datasets_are_read(store: Store, club: str, files: Path) -> None:
    made = store.import_data(files, format=club, scenario="back", options={"only": "keepers"})
    assert made.persisted.inserted == {"owners": 2, "pets": 0}
    shutil.copy(files / "dogs.json", files / "cats.json")
    with pytest.raises(InvalidValue, match=r"club has no dataset 'cats'"):
        store.import_data(files, format=club, options={"only": "cats"})
    (files / "dogs.json").unlink()
    (files / "cats.json").unlink()
    with pytest.raises(InvalidValue, match=r"There is no file of DOGS"):
        store.import_data(files, format=club, options={"only": "dogs"})


def test_a_dry_run_stores_nothing(store: Store, club: str, files: Path) -> None:
    made = store.import_data(files, format=club, scenario="back", dry_run=True)
    assert made.persisted.inserted == {"owners": 2, "pets": 3}
    assert not store.list_scenarios()


# -- the account -----------------------------------------------------------------------------


def test_every_column_and_row_is_accounted_for(store: Store, club: str, files: Path) -> None:
    rows = [row | {"COAT": "red", "EYES": None, "DOMAIN": "x"} for row in DOGS]
    rows += [rows[0] | {"DOG": 99}]
    write_json(files, "DOGS", rows)
    keepers = [row | {"FAX": "1", "PHONE": "2"} for row in KEEPERS]
    keepers[1] |= {"FAX": None, "PHONE": None, "CLUB": "ELSE"}
    write_json(files, "KEEPERS", keepers)
    write_csv(files, "CATS", [{"CAT": 1}, {"CAT": 2}])
    made = store.import_data(files, format=club, scenario="back")
    assert {one["name"]: one for one in made.to_dict()["sources"]} == {
        "cats.csv": {
            "name": "cats.csv", "rows": 2,
            "unmapped": {"club makes nothing of cats for the installed products": 2},
        },
        "dogs.json": {
            "name": "dogs.json", "rows": 4, "mapped": {"pets": 3},
            "unmapped": {"number 99 is nobody's": 1},
            "not_carried": ["COAT", "DOMAIN"], "lost_values": {"COAT": 4, "DOMAIN": 4},
        },
        "keepers.json": {
            "name": "keepers.json", "rows": 2, "mapped": {"owners": 2},
            # The club is always the same, but in one row.
            "not_carried": ["CLUB", "PHONE"], "lost_values": {"CLUB": 1, "PHONE": 1},
            "derived": ["FAX"],
            "notes": ["the day of birth is not known, but the year: 2 rows"],
        },
    }  # fmt: skip


def test_a_missing_column_has_no_values(store: Store, club: str, files: Path) -> None:
    write_json(files, "DOGS", [{"KEEPER": "T1", "DOG": 1, "KIND": "dog"}])
    store.import_data(files, format=club, scenario="back")
    assert stored(store)[1] == [("T1/1", "kT1", "dog", None, None, None, None)]


def test_what_the_files_do_not_say_an_option_says(store: Store, club: str, files: Path) -> None:
    write_json(files, "KEEPERS", [row | {"YEAR": None} for row in KEEPERS])
    with pytest.raises(InvalidRows) as error:
        store.import_data(files, format=club, scenario="back")
    assert "owners, born: is required: (2 rows); the first: (keepers.json, item 1)" in (
        error.value.message
    )
    assert error.value.hint == "The files do not say it: options={'born': 'VALUE'}."
    with pytest.raises(InvalidValue, match="born"):
        store.import_data(files, format=club, scenario="back", options={"born": 1800})
    with pytest.raises(InvalidValue, match="has no option 'least'"):  # which is one of exports
        store.import_data(files, format=club, scenario="back", options={"least": 1})
    store.import_data(files, format=club, scenario="back", options={"born": 1950})
    assert stored(store)[0][0] == ("kT1", "T1", "Åsa", "F", "1950-01-01")


def test_an_option_of_imports_is_none_of_exports(store: Store, club: str, tmp_path: Path) -> None:
    store.persist({"owners": [owner(1)]}, scenario="kennel")
    with pytest.raises(InvalidValue, match="has no option 'born'"):
        store.export_scenario("kennel", format=club, to=tmp_path / "out", options={"born": 1950})


# -- bad files -------------------------------------------------------------------------------


def short(rows: list[Any]) -> list[Any]:
    return [rows[0], rows[1][:-1], *rows[2:]]


def with_list(rows: list[Any]) -> list[Any]:
    return [rows[0], [["T1"], *rows[1][1:]], *rows[2:]]


OF_ROWS = {
    "a row too short": (short, "dogs.json, item 2: 6 values, but there are 7 columns"),
    "a row too long": (lambda rows: [rows[0] + [1], *rows[1:]], "dogs.json, item 1: 8 values"),
    "a row that is an object": (lambda rows: [*rows, {"KEEPER": "T1"}], "item 4: a dict"),
    "a list in a cell": (with_list, "dogs.json, item 2: KEEPER is no single value"),
    "no number": (lambda rows: [[*rows[0][:3], "heavy", *rows[0][4:]], *rows[1:]],
        "pets (dogs.json, item 1), price"),
    "a word that the list has not": (lambda rows: [[*rows[0][:2], "cow", *rows[0][3:]], *rows[1:]],
        "pets (dogs.json, item 1), species 'cow': must be one of cat, dog"),
    "a number twice": (lambda rows: [*rows, rows[0]], "pets (dogs.json, item 4), pet_id 'T1/1': is "
        "there twice"),
    "no such keeper": (lambda rows: [*rows, ["T9", *rows[0][1:]]], "there is no such owner_id"),
}  # fmt: skip


@pytest.mark.parametrize("case", OF_ROWS)
def test_a_bad_row_is_told_or_left_out(
    case: str, store: Store, club: str, files: Path, tmp_path: Path
) -> None:
    change, told = OF_ROWS[case]
    if case == "no number":
        change = lambda rows: [[*rows[0][:4], "dear", *rows[0][5:]], *rows[1:]]  # noqa: E731
    rows = change(document("DOGS", DOGS)["rows"])
    text = json.dumps(document("DOGS", DOGS) | {"rows": rows, "records": len(rows)})
    (files / "dogs.json").write_text(text, "utf-8")
    assert told in refused(store, club, files)
    made = store.import_data(
        files, format=club, scenario="back", bad_rows="skip", orphans="skip",
        rejects=tmp_path / "rejects.csv",
    )  # fmt: skip
    (account,) = [one for one in made.sources if one.name == "dogs.json"]
    assert (account.rows, account.mapped["pets"]) == (len(rows), len(rows) - 1)
    assert sum(account.unmapped.values()) == 1
    assert len((tmp_path / "rejects.csv").read_text("utf-8").splitlines()) == 2


WHOLE = json.dumps(document("DOGS", DOGS))
OF_FILES = {
    "other than its number of rows": (WHOLE.replace('"records": 3', '"records": 4'),
        "dogs.json says that it has 4 records, and it has 3 rows"),
    "cut off in a row": (WHOLE[: WHOLE.rindex('"dog"')], "dogs.json, line 1: no Dataset-JSON"),
    "cut off behind a row": (WHOLE[: WHOLE.rindex("]]")] + "]", "dogs.json, line 1: no Dataset-JSON"
        " (, was expected). It may be cut off"),
    "something behind it": (WHOLE + "{}", "something follows the document"),
    "no columns": ('{"name": "DOGS", "rows": []}', "dogs.json is no Dataset-JSON: it says no "),
    "version 1.0": ('{"name": "DOGS", "clinicalData": {}}', "Dataset-JSON of version 1.0"),
    "a column without a name": (WHOLE.replace('"name": "KIND"', '"called": "KIND"'), "its column 3"
        " has no name"),
    "a column twice": (WHOLE.replace('"name": "KIND"', '"name": "dog"'), "the column DOG twice"),
    "a name twice": (WHOLE.replace('"label": "DOGS"', '"name": "DOGS"'), "a name is there twice"),
    "no key column": (WHOLE.replace('"name": "DOG"', '"name": "DAG"'), "the header lacks DOG"),
    "NaN": (WHOLE.replace("10500", "NaN"), "NaN is no number of JSON"),
    "half a character": (WHOLE.replace('"2024-05-01T10:00:00"', '"\\ud83d"'), "half of a char"),
    "an endless number": (WHOLE.replace("10500", "9" * 30), "a number that is too large"),
}  # fmt: skip


@pytest.mark.parametrize("case", OF_FILES)
def test_a_bad_file_is_told(case: str, store: Store, club: str, files: Path) -> None:
    text, told = OF_FILES[case]
    (files / "dogs.json").write_text(text, "utf-8")
    assert told in refused(store, club, files)
    assert told in refused(store, club, files, bad_rows="skip")


def test_lines_of_ndjson_are_told(store: Store, club: str, files: Path, tmp_path: Path) -> None:
    (files / "dogs.json").unlink()
    write_ndjson(files, "DOGS", DOGS)
    path = files / "dogs.ndjson"
    head, first, *others = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([head, first[:-5], "", *others]), "utf-8")
    assert "dogs.ndjson, line 2: not JSON" in refused(store, club, files)
    made = store.import_data(
        files, format=club, scenario="back", bad_rows="skip", rejects=tmp_path / "rejects.csv"
    )
    assert made.persisted.inserted["pets"] == 2
    path.write_text("\n".join([first, *others]), "utf-8")
    with pytest.raises(SourceError, match=r"dogs\.ndjson is no Dataset-JSON: its first line"):
        store.import_data(files, format=club, scenario="again")


def test_a_dataset_without_its_companion_is_told(store: Store, club: str, files: Path) -> None:
    (files / "keepers.json").unlink()
    told = refused(store, club, files)
    assert told.startswith("KEEPERS is not in the folder, and dogs.json refers to it.")


def test_two_kinds_of_one_dataset_are_told(store: Store, club: str, files: Path) -> None:
    write_csv(files, "DOGS", DOGS)
    told = refused(store, club, files)
    assert "DOGS is there more than once: dogs.csv, dogs.json" in told
    assert "options={'files': 'csv'} or options={'files': 'json'}" in told
    made = store.import_data(files, format=club, scenario="back", options={"files": "json"})
    assert made.rows == 5


def test_a_file_of_another_kind_is_no_dataset(store: Store, club: str, files: Path) -> None:
    (files / "manifest.json").write_text('["dogs.json"]')
    (files / "readme.txt").write_text("Dogs")
    made = store.import_data(files, format=club, scenario="back")
    assert stored(store) == (OWNERS, PETS)
    (other,) = [one for one in made.sources if one.name == "manifest.json"]
    assert other.notes == ("it is no dataset of club",)


def test_what_has_no_meaning_for_a_standard_is_refused(
    store: Store, club: str, files: Path
) -> None:
    for options in ({"map": {"A": "b"}}, {"decimal": ","}, {"delimiter": ";"}, {"at": "rows"}):
        with pytest.raises(InvalidArgument):
            store.import_data(files, format=club, **options)
    with pytest.raises(InvalidArgument, match="not from standard input"):
        store.import_data("-", format=club)
    empty = files.parent / "empty"
    empty.mkdir()
    write_csv(empty, "CATS", [{"CAT": 1}])
    with pytest.raises(SourceError, match="No file of the format club is there"):
        store.import_data(empty, format=club)


# -- what is declared ------------------------------------------------------------------------


def read_of(name: str, old: str, new: str) -> dict[str, str]:
    text = kennel_club.READS[name]
    assert old in text, old
    return {**kennel_club.READS, name: text.replace(old, new)}


UNFIT = {
    "rows of no dataset": (read_of("dogs.import", "@from DOGS", "@from DAGS"), "dogs.import.sql, "
        "line 2: @from DAGS, which is no dataset"),
    "a field that there is not": (read_of("dogs.import", "AS species", "AS kind_of"),
        "dogs.import.sql, line 2: kind_of is not a field of pets"),
    "a required field that is missing": (read_of("keepers.import", "NAME AS full_name,", ""),
        "keepers.import.sql, line 2: full_name of owners is required"),
    "a column that the layout has not": (read_of("dogs.import", "KIND AS", "BREED AS"),
        "dogs.import.sql, line 2: no such column: BREED"),
    "a note without words": (read_of("keepers.import", "the day of birth is not known, but the "
        "year ", ""), "keepers.import.sql, line 7: @note without a text"),
    "a count of two columns": (read_of("dogs.import", "SELECT count(*)", "SELECT 1, 2"),
        "dogs.import.sql, line 7: @skip needs one row with one number"),
    "a derived column that there is not": (read_of("keepers.import", "SELECT FAX", "SELECT TELEX"),
        "keepers.import.sql, line 10: no such column: TELEX"),
    "an option that no SELECT asks for": (read_of("keepers.import", ":born", "1900"), "standard.sql"
        ": @import born, but no SELECT has :born"),
    "a SELECT that does not end": (read_of("dogs.import", "FROM DOGS WHERE DOG = 99", "FROM (WITH "
        "RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n)"),
        "dogs.import.sql, line 7: it"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNFIT)
def test_it_is_tried_out_before_it_is_used(case: str, store: Store, tmp_path: Path) -> None:
    changed, told = UNFIT[case]
    folder = kennel_club.write(tmp_path, **changed)
    with pytest.raises(DeclarationError) as error:
        store.describe_standard(str(folder))
    assert told in error.value.message


def test_a_standard_says_what_it_reads(store: Store, club: str) -> None:
    told = store.describe_standard(club)
    assert [option["name"] for option in told["import_options"]] == ["files", "only", "born"]
    assert {one["name"]: one["makes"] for one in told["datasets"]} == {
        "DOGS": ["pets"], "KEEPERS": ["owners"],
    }  # fmt: skip


def test_entity_types_that_are_not_installed_are_not_made(
    store: Store, files: Path, tmp_path: Path
) -> None:
    more = "-- @into treatments @from DOGS\nSELECT rowid AS _row, KEEPER AS doctor FROM DOGS;\n"
    reads = {**kennel_club.READS, "dogs.import": more}
    folder = kennel_club.write(tmp_path, **reads)
    made = store.import_data(files, format=str(folder), scenario="back")
    (account,) = [one for one in made.sources if one.name == "dogs.json"]
    assert account.unmapped == {"club makes nothing of dogs for the installed products": 3}
