"""What a standard's files may say, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import kennel_club
import pytest

from healthsim_store import Store
from healthsim_store.errors import DeclarationError
from healthsim_store.standards.reading import read_standard
from healthsim_store.standards.standard import Standard


def whole(folder: Path, **changed: str | None) -> None:
    read_standard([Standard.from_folder(kennel_club.write(folder, **changed))])


def dogs(old: str, new: str) -> dict[str, str]:
    return kennel_club.replaced("dogs", old, new)


def keepers(old: str, new: str) -> dict[str, str]:
    return kennel_club.replaced("keepers", old, new)


def head(old: str, new: str) -> dict[str, str]:
    return kennel_club.replaced("standard", old, new)


REFUSED = {
    "no writer": (head("@writer datasets ", ""), "standard.sql: the first comment does not say"),
    "an unknown writer": (head("datasets", "papers"), "standard.sql: the first comment does not"),
    "an unknown kind of files": (head("xpt, csv", "xpt, pdf"), "standard.sql: @files json, ndjson"),
    "a kind of files twice": (head("xpt, csv", "csv, csv"), "standard.sql: @files json, ndjson"),
    "a guide without a version": (head("CLUB 2.1", "CLUB"), "standard.sql: @guide CLUB"),
    "an option that every standard has": (head("@param least", "@param files"), "standard.sql: "
        "@param files, which every standard has"),
    "an option that no SELECT has": (dogs(":least", "0"), "standard.sql: @param least, but no "
        "SELECT has :least"),
    "an unknown marker": (dogs("@class", "@kind"), "dogs.sql, line 2: unknown marker @kind"),
    "a layout that does not parse": (dogs("(GRAMS > 0)", "(GRAMS > )"), "dogs.sql, line 6: not "
        "understood"),
    "a column without a type": (dogs("DOG INTEGER,", "DOG,"), "dogs.sql, line 4: column DOG has no "
        "type"),
    "an unknown type": (dogs("DOG INTEGER", "DOG BLOB"), "dogs.sql, line 4, column DOG: unknown "
        "type BLOB"),
    "a column without a label": (dogs(" -- Kind", ""), "dogs.sql, line 5, column KIND: it has no "
        "label"),
    "a column twice": (dogs("  GRAMS", "  kind INTEGER, -- Again\n  GRAMS"), "dogs.sql, line 6: a "
        "second column named kind"),
    "a required optional column": (keepers("FAX VARCHAR(20), -- Telefax", "FAX VARCHAR(20) NOT "
        "NULL, -- Telefax @optional"), "keepers.sql, line 9, column FAX: it is NOT NULL and "),
    "a key of an unknown column": (dogs("(KEEPER, DOG)", "(KEEPER, DAG)"), "dogs.sql, line 10: its "
        "key names no column: DAG"),
    "a reference to no dataset": (dogs("REFERENCES KEEPERS", "REFERENCES KEPERS"), "dogs.sql, line "
        "3, column KEEPER: REFERENCES KEPERS (KEEPER), which is no dataset"),
    "a reference to what is not unique": (keepers(" UNIQUE", ""), "dogs.sql, line 3, column KEEPER:"
        " REFERENCES KEEPERS (KEEPER), which is not unique"),
    "a circle": (keepers("FAX VARCHAR(20),", "FAX INTEGER REFERENCES DOGS (GRAMS),") | dogs(
        "GRAMS INTEGER", "GRAMS INTEGER UNIQUE"), "refer to each other in a circle"),
    "a default that is none": (keepers("DEFAULT 'CLUB'", "DEFAULT 'KENNELCLUB'"), "keepers.sql, "
        "line 3, column CLUB: DEFAULT 'KENNELCLUB', which is not text"),
    "a word of SQL as a name": (dogs("DOG INTEGER", "GROUP INTEGER"), "dogs.sql, line 4"),
    "a dataset that would be the description": ({"datapackage": kennel_club.DOGS.replace("TABLE "
        "DOGS", "TABLE datapackage")}, "datapackage.sql, line 2: no file may be called"),
    "a dataset of a system's own name": ({"con": kennel_club.DOGS.replace("TABLE DOGS", "TABLE "
        "CON")}, "con.sql, line 2: no file may be called as the dataset CON"),
    "a layout in another file": ({"cats": kennel_club.DOGS}, "cats.sql, line 2: the layout of DOGS "
        "in the file cats.sql"),
    "a SELECT in another file": ({"cats": "-- @into DOGS\nSELECT 1;"}, "cats.sql, line 2: @into "
        "DOGS in the file cats.sql"),
    "a SELECT without a layout": ({"cats": "-- @into cats\nSELECT 1;"}, "cats.sql, line 2: @into "
        "cats, which has no layout"),
    "a SELECT without a marker": (dogs("-- @into DOGS", ""), "dogs.sql, line 14: SELECT tax_number "
        "AS... (without a marker) does not belong here"),
    "another statement": ({"more": "DELETE FROM pets;"}, "more.sql, line 1: DELETE FROM pets..."),
    "a @never without words": (head("A dog that is heavier than its keeper's age in kilograms ",
        ""), "standard.sql, line 17: a @never says in words"),
    "a macro of other parameters": (head("grams(weight)", "grams(kilos)"), "standard.sql, line 8: "
        "@macro grams(kilos), but the SELECT has :weight"),
    "a macro twice": (head("-- Whoever", "-- @macro grams(weight)\nSELECT :weight;\n\n-- Whoever"),
        "standard.sql, line 11: a second macro grams"),
    "a call with too few values": (dogs("grams(weight)", "grams()"), "dogs.sql, line 14: grams() "
        "with 0 values"),
    "no dataset": ({"dogs": None, "keepers": None}, ": it has no dataset"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_told_with_file_and_line(case: str, tmp_path: Path) -> None:
    changed, told = REFUSED[case]
    with pytest.raises(DeclarationError) as error:
        whole(tmp_path, **changed)
    assert told in error.value.message


def test_as_it_is_nothing_is_refused(tmp_path: Path) -> None:
    whole(tmp_path)


#: What only SQLite finds, on empty tables, before a scenario is read.
UNFIT = {
    "a column that the layout has not": (dogs("AS KIND", "AS BREED"), "dogs.sql, line 14: BREED is "
        "no column of DOGS"),
    "a column twice": (dogs("AS KIND", "AS dog"), "dogs.sql, line 14: DOG is given twice"),
    "a required column that is missing": (keepers("SELECT tax_number AS KEEPER,", "SELECT"),
        "keepers.sql, line 14: KEEPER of KEEPERS is required, and the SELECT does not give it"),
    "a column that the scenario has not": (dogs("species AS", "spcies AS"), "dogs.sql, line 14: no "
        "such column: spcies"),
    "a name in double quotes": (dogs("species AS", '"spcies" AS'), "dogs.sql, line 14: no such "
        "column: spcies"),
    "a function that may not be called": (dogs("species AS", "random() AS"), "dogs.sql, line 14: "
        "not authorized to use function: random"),
    "a @never of what is not there": (head("GRAMS >", "GRAM >"), "standard.sql, line 17: no such "
        "column: GRAM"),
    "a SELECT that does not end": (dogs("FROM pets", "FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION "
        "ALL SELECT i + 1 FROM n) SELECT max(i) FROM n) CROSS JOIN pets"), "line 14: it does not"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNFIT)
def test_it_is_tried_out_before_it_is_used(case: str, store: Store, tmp_path: Path) -> None:
    changed, told = UNFIT[case]
    folder = kennel_club.write(tmp_path, **changed)
    with pytest.raises(DeclarationError) as error:
        store.describe_standard(str(folder))
    assert told in error.value.message


def test_files_are_text(tmp_path: Path) -> None:
    folder = kennel_club.write(tmp_path)
    (folder / "dogs.sql").write_bytes(b"-- Dogs\n-- ch\xe9ri\n")
    with pytest.raises(DeclarationError, match=r"dogs.sql, line 2: byte 0xE9 is not UTF-8"):
        Standard.from_folder(folder)
    (folder / "standard.sql").unlink()
    (folder / "dogs.sql").write_text("-- Dogs\n")
    with pytest.raises(DeclarationError, match=r"club has no standard.sql"):
        Standard.from_folder(folder)


def test_files_of_windows_are_understood(tmp_path: Path) -> None:
    folder = kennel_club.write(tmp_path)
    for file in folder.iterdir():
        file.write_bytes(b"\xef\xbb\xbf" + file.read_text().replace("\n", "\r\n").encode())
    declared = read_standard([Standard.from_folder(folder)])
    assert declared.head.title == "Register of a kennel club, edition 2"
    assert [dataset.name for dataset in declared.datasets] == ["DOGS", "KEEPERS"]


def test_another_plugin_adds_to_a_standard(tmp_path: Path) -> None:
    main = Standard.from_folder(kennel_club.write(tmp_path))
    cats = (
        "-- Cats\nCREATE TABLE CATS (\n  CAT INTEGER PRIMARY KEY -- Number\n);\n\n"
        "-- @into CATS\nSELECT grams(rowid) AS CAT FROM keepers;\n"
    )
    more = "-- @into DOGS\nSELECT tax_number AS KEEPER, 9 AS DOG FROM owners;\n"
    added = Standard("club", "1", {"cats.sql": cats, "dogs.sql": more}, "other/standards/club")
    declared = read_standard([added, main])
    assert [dataset.name for dataset in declared.datasets] == ["DOGS", "KEEPERS", "CATS"]
    assert len(declared.by_name["dogs"].selects) == 2
    assert declared.by_name["dogs"].selects[1].where == "other/standards/club/dogs.sql, line 2"
    with pytest.raises(DeclarationError, match=r"nobody brings the standard\.sql"):
        read_standard([added])
