"""A scenario as a standard: the rows, what became of them, and what is refused."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kennel_club
import pytest
import xpt_reader
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import (
    DeclarationError,
    InvalidArgument,
    InvalidValue,
    NotConformant,
    UnknownFormat,
)
from healthsim_store.plugins import FOLDER, installed

#: The head of a standard of keepers alone.
ALONE = kennel_club.HEAD.partition("-- A dog that")[0].replace(
    next(line + "\n" for line in kennel_club.HEAD.splitlines() if "@param" in line), ""
)
ODM = "{http://www.cdisc.org/ns/odm/v1.3}"


def pet(number: int, keeper: int, **fields: object) -> dict[str, object]:
    return {
        "pet_id": f"p{number}", "owner_id": f"o{keeper}", "species": "dog", "weight": 10.5,
    } | fields  # fmt: skip


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    owners = [owner(1, full_name="Åsa"), owner(2), owner(3)]  # o3 keeps nothing
    pets = [
        pet(1, 1, price=12.5, chipped=True, seen_at="2024-05-01T10:00:00"),
        pet(2, 1, weight=0.25, species="cat", chipped=False),
        pet(3, 2, weight=None),
    ]
    store.persist({"owners": owners, "pets": pets}, scenario="kennel")
    return store


def export(store: Store, folder: Path, out: Path, **options: Any) -> Any:
    return store.export_scenario(
        "kennel", format=str(folder), to=out, force=True, options=options or None
    )


def document(out: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / f"{name}.json").read_text("utf-8"))
    return found


# -- what is written -------------------------------------------------------------------------


def test_dataset_json_has_the_rows_in_the_order_of_the_key(filled: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(filled, kennel_club.write(tmp_path), out)
    keepers, dogs = document(out, "keepers"), document(out, "dogs")
    assert [column["name"] for column in keepers["columns"]] == [
        "CLUB", "KEEPER", "NAME", "SEX", "YEAR", "FAX",
    ]  # fmt: skip
    assert keepers["rows"] == [
        ["CLUB", "T1", "Åsa", "M", 1901, ""],
        ["CLUB", "T2", "Owner 2", "F", 1902, ""],
    ]
    assert keepers["records"] == 2
    assert keepers["columns"][2] == {
        "itemOID": "IT.KEEPERS.NAME", "name": "NAME", "label": "Name", "dataType": "string",
        "length": 7,
    }  # fmt: skip
    assert [column.get("keySequence") for column in keepers["columns"]] == [
        1, 2, None, None, None, None,
    ]  # fmt: skip
    assert dogs["rows"] == [
        ["T1", 1, "dog", 10500, 12.5, True, "2024-05-01T10:00:00"],
        ["T1", 2, "cat", 250, None, False, ""],
        ["T2", 1, "dog", None, None, None, ""],
    ]
    assert [column["dataType"] for column in dogs["columns"]] == [
        "string", "integer", "string", "integer", "float", "boolean", "datetime",
    ]  # fmt: skip
    assert keepers["studyOID"] == "CLUB3"


def test_the_other_kinds_of_files_have_the_same_rows(filled: Store, tmp_path: Path) -> None:
    folder = kennel_club.write(tmp_path)
    for kind in ("json", "ndjson", "csv", "xpt"):
        made = export(filled, folder, tmp_path / kind, files=kind)
        names = [file.name for file in made.files]
        described = [] if kind == "csv" else ["define.xml"]
        assert names == [*described, f"dogs.{kind}", f"keepers.{kind}"]
    rows = document(tmp_path / "json", "dogs")["rows"]
    head, *lines = (tmp_path / "ndjson" / "dogs.ndjson").read_text("utf-8").splitlines()
    assert json.loads(head)["records"] == 3
    assert [json.loads(line) for line in lines] == rows
    with (tmp_path / "csv" / "dogs.csv").open(newline="") as file:
        assert [*csv.reader(file)] == [
            ["KEEPER", "DOG", "KIND", "GRAMS", "PRICE", "CHIPPED", "SEEN"],
            ["T1", "1", "dog", "10500", "12.5", "1", "2024-05-01T10:00:00"],
            ["T1", "2", "cat", "250", "", "0", ""],
            ["T2", "1", "dog", "", "", "", ""],
        ]
    dogs = xpt_reader.read(tmp_path / "xpt" / "dogs.xpt")
    assert dogs.rows == rows  # True is 1.0
    keepers = xpt_reader.read(tmp_path / "xpt" / "keepers.xpt")
    assert keepers.rows[0] == ["CLUB", "T1", "Åsa", "M", 1901.0, ""]
    assert keepers.labels[1] == "Number of the keeper"


@pytest.mark.parametrize(("kind", "sign"), [("csv", ","), ("tsv", "\t"), ("psv", "|")])
def test_delimited_text_has_its_delimiter(
    store: Store, tmp_path: Path, kind: str, sign: str
) -> None:
    owners = [owner(1, full_name='A,b\tc|d "e"\nf'), owner(2)]
    store.persist({"owners": owners, "pets": [pet(1, 1), pet(2, 2)]}, scenario="kennel")
    head = kennel_club.HEAD.replace("datasets @files json, ndjson, xpt, csv", "delimited")
    made = export(store, kennel_club.write(tmp_path, standard=head), tmp_path / "out", files=kind)
    assert [file.name for file in made.files] == [f"dogs.{kind}", f"keepers.{kind}"]
    path = tmp_path / "out" / f"keepers.{kind}"
    assert path.read_text("utf-8").splitlines()[0] == sign.join(
        ["CLUB", "KEEPER", "NAME", "SEX", "YEAR", "FAX"]
    )
    with path.open(newline="", encoding="utf-8") as file:
        rows = [*csv.reader(file, delimiter=sign)]
    assert [row[2] for row in rows] == ["NAME", 'A,b\tc|d "e"\nf', "Owner 2"]


def test_define_xml_describes_what_is_written(filled: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(filled, kennel_club.write(tmp_path), out)
    root = ET.parse(out / "define.xml").getroot()
    items = {item.get("OID"): item for item in root.iter(f"{ODM}ItemDef")}
    groups = {group.get("Name"): group for group in root.iter(f"{ODM}ItemGroupDef")}
    for name, group in groups.items():
        refs = [ref.get("ItemOID") for ref in group.iter(f"{ODM}ItemRef")]
        columns = document(out, str(name).lower())["columns"]
        assert refs == [column["itemOID"] for column in columns]
        assert all(ref in items for ref in refs)
    assert groups["KEEPERS"].get("Repeating") == "No"  # each row is a keeper
    assert groups["DOGS"].get("Repeating") == "Yes"
    terms = [item.get("CodedValue") for item in root.iter(f"{ODM}EnumeratedItem")]
    assert terms == ["F", "M"]
    assert root.findtext(f".//{ODM}StudyDescription") == "Dogs (all of them)"


def test_define_xml_is_xml_whatever_a_text_has(store: Store, tmp_path: Path) -> None:
    store.persist({"owners": [owner(1)], "pets": [pet(1, 1)]}, scenario="kennel")
    odd = kennel_club.replaced("standard", "'Dogs (all of them)'", "'<&\"' || char(1, 0xE9)")
    export(store, kennel_club.write(tmp_path, **odd), tmp_path / "out")
    root = ET.parse(tmp_path / "out" / "define.xml").getroot()
    assert root.findtext(f".//{ODM}StudyDescription") == '<&"\ufffdé'


def test_all_files_are_in_the_data_package(filled: Store, tmp_path: Path) -> None:
    export(filled, kennel_club.write(tmp_path), tmp_path / "out")
    told = json.loads((tmp_path / "out" / "datapackage.json").read_text())
    rows = {one["path"]: one["rows"] for one in told["resources"]}
    assert rows == {"define.xml": 0, "dogs.json": 3, "keepers.json": 2}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*rows, "datapackage.json"}


def test_an_option_of_the_standard_reaches_its_selects(filled: Store, tmp_path: Path) -> None:
    export(filled, kennel_club.write(tmp_path), tmp_path / "out", least="5")
    assert [row[:2] for row in document(tmp_path / "out", "dogs")["rows"]] == [["T1", 1]]
    with pytest.raises(InvalidValue, match="least: give a number from 0 to 100"):
        export(filled, tmp_path / "club", tmp_path / "out", least="heavy")


def test_only_some_datasets_are_written(filled: Store, tmp_path: Path) -> None:
    folder = kennel_club.write(tmp_path)
    made = export(filled, folder, tmp_path / "out", only="keepers")
    assert [file.name for file in made.files] == ["define.xml", "keepers.json"]
    made = export(filled, folder, tmp_path / "out", only="DOGS, keepers")
    assert [file.name for file in made.files] == ["define.xml", "dogs.json", "keepers.json"]
    with pytest.raises(InvalidValue) as error:
        export(filled, folder, tmp_path / "out", only="dogs")
    assert error.value.message == "DOGS refers to KEEPERS, which would be missing."
    assert error.value.hint == "Write them together: options={'only': 'keepers,dogs'}."
    with pytest.raises(InvalidValue, match="no dataset 'dags'") as error:
        export(filled, folder, tmp_path / "out", only="dags")
    assert error.value.hint == "Did you mean DOGS?"


def test_sensitive_columns_are_empty(filled: Store, tmp_path: Path) -> None:
    folder = kennel_club.write(
        tmp_path, **kennel_club.replaced("keepers", "full_name AS NAME", "tax_number AS NAME")
        | {"dogs": None, "standard": ALONE}
    )  # fmt: skip
    with pytest.raises(NotConformant) as error:  # the number of the keeper is required
        filled.export_scenario("kennel", format=str(folder), to=tmp_path / "a", drop_sensitive=True)
    assert error.value.hint == "KEEPERS: KEEPER is required."
    assert not (tmp_path / "a").exists()


def test_a_sensitive_column_is_not_read_where_no_row_is_refused(
    filled: Store, tmp_path: Path
) -> None:
    keepers = kennel_club.KEEPERS.replace("tax_number AS KEEPER, full_name", "owner_id AS KEEPER,"
                                          " tax_number")  # fmt: skip
    folder = kennel_club.write(tmp_path, keepers=keepers, dogs=None, standard=ALONE)
    for drop, names in ((False, ["T1", "T2"]), (True, ["", ""])):
        out = tmp_path / f"{drop}"
        made = filled.export_scenario("kennel", format=str(folder), to=out, drop_sensitive=drop)
        assert made.datasets[0].refused == {}
        assert [row[2] for row in document(out, "keepers")["rows"]] == names


# -- what became of the rows -----------------------------------------------------------------


def test_rows_that_break_a_rule_are_left_out_and_counted(store: Store, tmp_path: Path) -> None:
    owners = [owner(1), owner(2, gender="U"), owner(3)]
    pets = [pet(1, 1), pet(2, 2), pet(3, 3, weight=0.0001), pet(4, 3)]
    store.persist({"owners": owners, "pets": pets}, scenario="kennel")
    made = export(store, kennel_club.write(tmp_path), tmp_path / "out")
    accounts = {one.name: one for one in made.datasets}
    keepers, dogs = accounts["KEEPERS"], accounts["DOGS"]
    assert (keepers.given, keepers.rows) == (3, 2)
    assert keepers.refused == {"SEX must be one of F, M": 1}
    assert keepers.examples == {"SEX must be one of F, M": "KEEPER T2, SEX U"}
    assert (keepers.empty, keepers.dropped) == (("PHONE", "FAX"), ("PHONE",))
    # The dog of the keeper who was left out goes with him.
    assert (dogs.given, dogs.rows) == (4, 2)
    assert dogs.refused == {"KEEPER is not in KEEPERS": 1, "GRAMS: GRAMS > 0": 1}
    for account in (keepers, dogs):
        assert account.given == account.rows + sum(account.refused.values())
    reply = made.to_markdown()
    assert "**KEEPERS**: 1 row left out: SEX must be one of F, M (KEEPER T2, SEX U)" in reply
    assert "**KEEPERS without values**: FAX\n" in reply
    assert reply.endswith("**Not in the files**: 1 column that may be left out, without a value")
    assert made.to_dict()["datasets"][0]["refused"] == keepers.refused


def test_a_key_that_is_there_twice_is_left_out(filled: Store, tmp_path: Path) -> None:
    twice = kennel_club.replaced("keepers", "tax_number AS KEEPER", "'T1' AS KEEPER")
    made = export(filled, kennel_club.write(tmp_path, **twice), tmp_path / "out")
    (keepers,) = [one for one in made.datasets if one.name == "KEEPERS"]
    assert keepers.refused == {"CLUB, KEEPER is there twice": 1}


def test_many_rows_are_counted_one_by_one_around_a_refused_one(
    store: Store, tmp_path: Path
) -> None:
    count = 6_001  # more than are put in at once
    owners = [owner(n, gender="U" if n % 1_000 == 7 else "F") for n in range(count)]
    pets = [pet(n, n) for n in range(count)]
    store.persist({"owners": owners, "pets": pets}, scenario="kennel")
    lenient = kennel_club.HEAD.partition("-- A dog that")[0]
    made = export(store, kennel_club.write(tmp_path, standard=lenient), tmp_path / "out")
    accounts = {one.name: (one.given, one.rows) for one in made.datasets}
    assert accounts == {"KEEPERS": (count, count - 6), "DOGS": (count, count - 6)}
    assert len(document(tmp_path / "out", "dogs")["rows"]) == count - 6


def test_a_select_of_a_product_that_is_not_there_is_told(filled: Store, tmp_path: Path) -> None:
    more = kennel_club.DOGS + (
        "\n-- @into DOGS\nSELECT breeder AS KEEPER, 1 AS DOG FROM litters;\n"
    )
    made = export(filled, kennel_club.write(tmp_path, dogs=more), tmp_path / "out")
    (dogs,) = [one for one in made.datasets if one.name == "DOGS"]
    assert (dogs.rows, dogs.unread) == (3, ("the scenario has no litters",))


def test_entity_types_that_no_select_reads_are_told(filled: Store, tmp_path: Path) -> None:
    folder = kennel_club.write(
        tmp_path, dogs=None, standard=ALONE,
        keepers=kennel_club.KEEPERS.replace("FROM keepers", "FROM owners"),
    )  # fmt: skip
    made = export(filled, folder, tmp_path / "out")
    assert [one.entity_type for one in made.left_out] == ["pets"]


# -- what is refused, before anything is written ---------------------------------------------


def test_a_row_that_must_never_be_stops_the_export(store: Store, tmp_path: Path) -> None:
    owners = [owner(1, born="2020-01-15")]
    store.persist({"owners": owners, "pets": [pet(1, 1)]}, scenario="kennel")
    folder = kennel_club.write(tmp_path)
    with pytest.raises(NotConformant) as error:
        export(store, folder, tmp_path / "out")
    assert error.value.message == (
        "A dog that is heavier than its keeper's age in kilograms: 1, 10500, 2020."
    )
    assert f"{folder}/standard.sql, line 17" in str(error.value.hint)
    assert not (tmp_path / "out").exists()


def test_xpt_files_cut_nothing(filled: Store, tmp_path: Path) -> None:
    long = "A label of more than forty letters, which XPT cannot hold"
    keepers = kennel_club.KEEPERS.replace("-- Telefax", f"-- {long}").replace("FAX ", "TELEFAXES ")
    folder = kennel_club.write(tmp_path, keepers=keepers)
    with pytest.raises(NotConformant) as error:
        export(filled, folder, tmp_path / "out", files="xpt")
    assert error.value.message.splitlines() == [
        "XPT files cannot hold this:",
        "KEEPERS.TELEFAXES: its name has 9 letters; at most 8",
        "KEEPERS.TELEFAXES: its label has 57 bytes; at most 40",
    ]
    assert not (tmp_path / "out").exists()
    export(filled, folder, tmp_path / "out")  # as JSON it is none too long


def test_a_text_over_200_bytes_is_told_and_not_cut(filled: Store, tmp_path: Path) -> None:
    keepers = kennel_club.KEEPERS.replace("NAME VARCHAR(40)", "NAME VARCHAR").replace(
        "full_name AS NAME", "replace(hex(zeroblob(50)), '00', 'é') || 'é' AS NAME"
    )
    keepers = keepers.replace("hex(zeroblob(50))", "'" + "00" * 100 + "'")
    folder = kennel_club.write(tmp_path, keepers=keepers)
    with pytest.raises(NotConformant, match=r"KEEPERS.NAME: a text has 202 bytes; at most 200"):
        export(filled, folder, tmp_path / "out", files="xpt")


def test_a_scenario_of_two_studies_is_none(filled: Store, tmp_path: Path) -> None:
    two = kennel_club.replaced(
        "standard", "SELECT 'CLUB' || count(*) AS name, 'Dogs (all of them)' AS description FROM "
        "pets;", "SELECT tax_number AS name FROM owners;",
    )  # fmt: skip
    with pytest.raises(NotConformant, match="has 3 studies: T1, T2, T3"):
        export(filled, kennel_club.write(tmp_path, **two), tmp_path / "out")


def test_a_scenario_without_anything_for_it_is_told(store: Store, tmp_path: Path) -> None:
    store.persist({"owners": [owner(1)]}, scenario="kennel")
    with pytest.raises(NotConformant, match="has nothing that club could hold"):
        export(store, kennel_club.write(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_standard_is_written_whole(filled: Store, tmp_path: Path) -> None:
    folder = kennel_club.write(tmp_path)
    with pytest.raises(InvalidArgument, match="club is made of the whole scenario") as error:
        filled.export_scenario("kennel", format=str(folder), to=tmp_path / "o", entities=["pets"])
    assert error.value.hint == "Leave them out, or choose datasets by the option only."


# -- where a standard comes from -------------------------------------------------------------


def test_a_folder_of_the_users_is_a_format(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kennel_club.write(tmp_path / "own")
    monkeypatch.setenv(FOLDER, str(tmp_path / "own"))
    installed.cache_clear()
    try:
        assert "club" in filled.list_export_formats()
        (told,) = [one for one in filled.list_standards() if one["plugin"] == "club"]
        assert told["datasets"] == ["dogs", "keepers"]
        assert told["title"] == "Register of a kennel club, edition 2"
        made = filled.export_scenario("kennel", format="club", to=tmp_path / "out")
        assert made.rows == 5
    finally:
        installed.cache_clear()


def test_a_faulty_folder_is_left_out_and_told(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = kennel_club.replaced("dogs", "species AS KIND", "spcies AS KIND")
    folder = kennel_club.write(tmp_path / "own", **wrong)
    monkeypatch.setenv(FOLDER, str(tmp_path / "own"))
    installed.cache_clear()
    try:
        problems = [plugin.problem for plugin in installed().listed() if plugin.name == "club"]
        assert problems == [None]  # the tables are another plugin's: a scenario will tell
        with pytest.raises(DeclarationError) as error:
            filled.export_scenario("kennel", format="club", to=tmp_path / "out")
        assert f"{folder}/dogs.sql, line 14" in error.value.message
        assert "no such column: spcies" in error.value.message
        (folder / "keepers.sql").write_text("-- Nothing\nCREATE TABLE KEEPERS (A);\n")
        installed.cache_clear()
        (problem,) = [plugin.problem for plugin in installed().listed() if plugin.name == "club"]
        assert problem is not None
        assert problem.startswith(f"{folder}/keepers.sql, line 2: column A has no type")
        with pytest.raises(UnknownFormat, match="club"):
            installed().standards.declared("club")
    finally:
        installed.cache_clear()


def test_what_fills_a_dataset_is_told(filled: Store, tmp_path: Path) -> None:
    told = filled.describe_standard(str(kennel_club.write(tmp_path)))
    dogs, keepers = told["datasets"]
    assert keepers["filled"] == ["CLUB", "KEEPER", "NAME", "SEX", "YEAR"]
    assert keepers["not_filled"] == ["PHONE", "FAX"]
    assert keepers["reads"] == {"owners": "toy", "pets": "toy"}
    assert dogs["key"] == ["KEEPER", "DOG"]
    assert [option["name"] for option in told["options"]] == ["files", "only", "least"]
    assert told["never"] == ["A dog that is heavier than its keeper's age in kilograms"]
    with pytest.raises(UnknownFormat, match="no standard 'klub'"):
        filled.describe_standard("klub")
