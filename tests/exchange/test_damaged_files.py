"""Faults that damaged files brought to light, each as small as it can be."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import file_kinds
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError, InvalidRows, SourceError

HEADER = "owner_id,tax_number,full_name,born"
ROW = "a,T1,Ann,1980-01-05"
CELLS = [HEADER.split(","), ROW.split(",")]


def _write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_message_has_no_signs_that_a_terminal_obeys(store: Store, tmp_path: Path) -> None:
    file = _write(tmp_path / "owners.csv", f"{HEADER},x\x1b[2Jy\n{ROW},1\n")
    with pytest.raises(InvalidRows) as caught:
        store.import_data(file)
    assert r"x\x1b[2Jy" in caught.value.message
    name = "y" * 3000
    _write(file, f"{HEADER},{name}\n{ROW},1\n")
    with pytest.raises(InvalidRows) as caught:
        store.import_data(file)
    assert len(str(caught.value)) < 500


def test_a_hint_that_is_added_later_can_be_printed(store: Store, tmp_path: Path) -> None:
    """A second byte order mark is a part of the first name, and nobody sees it."""
    header = f"\ufeff\ufeffborn,{HEADER.removesuffix(',born')}"
    path = _write(tmp_path / "owners.csv", f"{header}\n1980-13-01,b,T2,Bob\n")
    with pytest.raises(HealthsimStoreError, match="No row is left") as caught:
        store.import_data(path, bad_rows="skip")
    assert str(caught.value).replace("\n", "").isprintable()


def test_the_end_of_a_line_in_a_name_is_shown(store: Store, tmp_path: Path) -> None:
    file = _write(tmp_path / "owners.csv", '"two\nlines",b\n1,2\n')
    with pytest.raises(SourceError, match=r"field of owners: two\\nlines, b\."):
        store.import_data(file)


def test_utf_16_without_a_mark_is_told(store: Store, tmp_path: Path) -> None:
    file = _write(tmp_path / "owners.csv", f"{HEADER}\n{ROW}\n".encode("utf-16-le"))
    with pytest.raises(SourceError, match="NUL") as caught:
        store.import_data(file)
    assert caught.value.hint == 'It may be encoding="utf-16-le".'
    assert store.import_data(file, encoding="utf-16-le").rows == 1


def test_half_of_a_character_is_rejected(store: Store, tmp_path: Path) -> None:
    bad = '{"owner_id": "b", "tax_number": "T2", "full_name": "\\ud800", "born": "1980-01-05"}'
    good = bad.replace("\\ud800", "Bo").replace('"b"', '"c"').replace("T2", "T3")
    file = _write(tmp_path / "owners.ndjson", f"{bad}\n{good}\n")
    rejects = tmp_path / "rejects.csv"
    made = store.import_data(file, bad_rows="skip", rejects=rejects)
    assert made.persisted.inserted == {"owners": 1}
    assert "\\ud800" in rejects.read_text("utf-8")


MAPPING = """
CREATE TABLE people (id TEXT, name TEXT, born TEXT);
-- @into owners @from people
SELECT id AS owner_id, 'T' || id AS tax_number, name AS full_name, born FROM people;
"""


def test_a_mapped_file_without_any_of_its_columns(store: Store, tmp_path: Path) -> None:
    mapping = _write(tmp_path / "mine.sql", MAPPING)
    file = _write(tmp_path / "x.csv", "1,Ann,1980-01-05\n")
    _write(file, file.read_text("utf-8") * 2)
    with pytest.raises(SourceError, match=r"none of its columns .* 1, Ann, 1980-01-05\.") as caught:
        store.import_data(file, format=str(mapping))
    assert caught.value.hint == "It uses id, name, born."


def test_half_of_a_character_is_no_text_of_a_mapped_file(store: Store, tmp_path: Path) -> None:
    mapping = _write(tmp_path / "mine.sql", MAPPING)
    file = _write(tmp_path / "x.json", '[{"id": "1", "name": "a\\udfff", "born": "1980-01-05"}]')
    with pytest.raises(SourceError, match=r"x\.json: 'a\\udfff' has half of a character"):
        store.import_data(file, format=str(mapping))


def _parquet(path: Path, **columns: pa.Array) -> Path:
    values = {name: pa.array([text]) for name, text in zip(*CELLS, strict=True)} | columns
    pq.write_table(pa.table(values), path, compression="none", write_page_checksum=True)
    return path


def test_a_page_of_parquet_that_is_not_as_it_was_written(store: Store, tmp_path: Path) -> None:
    file = _parquet(tmp_path / "owners.parquet")
    data = file.read_bytes()
    at = data.index(b"Ann")  # of the page; the index has it once more
    _write(file, data[:at] + b"Bnn" + data[at + 3 :])
    with pytest.raises(SourceError, match=r"not a whole Parquet file: .*checksum"):
        store.import_data(file)


def test_text_of_parquet_that_is_no_text(store: Store, tmp_path: Path) -> None:
    wrong = pa.array([b"a\xff"]).view(pa.string())
    file = _parquet(tmp_path / "owners.parquet", full_name=wrong)
    with pytest.raises(HealthsimStoreError, match="owners") as caught:
        store.import_data(file)
    assert caught.value.code != "corrupt_scenario"
    named = _write(file, _parquet(file).read_bytes().replace(b"full_name", b"full_nam\xff"))
    with pytest.raises(SourceError, match=r"owners\.parquet") as caught:
        store.import_data(named)
    assert "is damaged" not in caught.value.message


def _changed(part: str, old: str, new: str) -> bytes:
    """A good workbook with something else in one of its parts."""
    parts = file_kinds.parts_of(file_kinds.workbook({"owners": CELLS}))
    text = parts[part].decode()
    assert old in text
    return file_kinds.packed(parts | {part: text.replace(old, new, 1).encode()})


SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
WORKBOOKS = [
    # calamine makes a place for each cell up to the last one
    (SHEET, 'r="D2"', 'r="XFD2"', "XFD2 has a value, but its column has no name"),
    (SHEET, "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
     r"sheet owners: XFD1048576 is far away"),
    (SHEET, 'r="C2"', 'r="B2"', r"the cell 'B2' of row 2 is not in its place"),
    (SHEET, '<row r="2">', '<row r="1">', "row 1 comes after row 1"),
    (SHEET, "</v></c>", "</v><v>2</v></c>", "[A-D][12] has two values"),
    (SHEET, 'r="A2" t="', 'r="A2" t="x', r"A2 is of the kind 'x"),
    (SHEET, "</row>", "", "sheet1.xml: mismatched tag"),
    (SHEET, '<?xml version="1.0"', '<!DOCTYPE a [<!ENTITY b "c">]><?xml version="1.0"', "sheet1"),
    (SHEET, 'encoding="UTF-8"', 'encoding="latin-1"', "says that it is in 'latin-1'"),
    # and room for as many texts as it is told
    (TEXTS, 'uniqueCount="', 'uniqueCount="4294967', "uniqueCount is '4294967"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "old", "new", "told"), WORKBOOKS)
def test_a_damaged_workbook(
    store: Store, tmp_path: Path, part: str, old: str, new: str, told: str
) -> None:
    file = _write(tmp_path / "owners.xlsx", _changed(part, old, new))
    with pytest.raises(HealthsimStoreError, match=told):
        store.import_data(file)


def test_a_part_of_a_workbook_that_says_that_it_is_encrypted(store: Store, tmp_path: Path) -> None:
    data = bytearray(file_kinds.workbook({"owners": CELLS}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(SourceError, match="has a password"):
        store.import_data(_write(tmp_path / "owners.xlsx", bytes(data)))


def test_a_value_of_a_column_without_a_name(store: Store, tmp_path: Path) -> None:
    book = file_kinds.workbook({"owners": [CELLS[0], [*CELLS[1], "more"]]})
    file = _write(tmp_path / "owners.xlsx", book)
    with pytest.raises(SourceError, match="E2 has a value, but its column has no name"):
        store.import_data(file)


def test_a_number_of_a_text_that_there_is_not(store: Store, tmp_path: Path) -> None:
    book = file_kinds.parts_of(file_kinds.workbook({"owners": [*CELLS, ["b", "T2", "Bo", "x"]]}))
    cell = book[SHEET].index(b't="s"><v>')
    for number in (b"-1", b"99", b"1.5"):
        sheet = book[SHEET][: cell + 9] + number + book[SHEET][book[SHEET].index(b"</v>", cell) :]
        file = _write(tmp_path / "owners.xlsx", file_kinds.packed(book | {SHEET: sheet}))
        with pytest.raises(SourceError, match=f"has the text number '{number.decode()}'"):
            store.import_data(file)


def _zip(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), f"{HEADER}\n{ROW}\n")
    return path


def test_names_in_an_archive(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a file in it is called 'own\\ners\.csv'"):
        store.import_data(_zip(tmp_path / "a.zip", "own\ners.csv"))
    with pytest.raises(SourceError, match=r"^c\.zip: a file in it has no name\.\nIt may be"):
        store.import_data(_zip(tmp_path / "c.zip", "owners.csv", ""))
    # What macOS lays beside a file on a disk of another kind.
    made = store.import_data(_zip(tmp_path / "b.zip", "owners.csv", "._owners.csv"))
    assert [one.name for one in made.sources] == ["owners.csv"]


# -- rows as tuples ----------------------------------------------------------------------------


@pytest.fixture
def many(tmp_path: Path) -> Callable[[int], Path]:
    def make(count: int) -> Path:
        text = io.StringIO()
        text.write(f"{HEADER},gender\n")
        for n in range(count):
            row = owner(n)
            text.write(f"{row['owner_id']},{row['tax_number']},x,{row['born']},\n")
        return _write(tmp_path / "owners.csv", text.getvalue())

    return make


def test_more_rows_than_one_part_has(store: Store, many: Callable[[int], Path]) -> None:
    file = many(25_001)
    assert store.import_data(file, scenario="s").rows == 25_001
    assert store.query_scenario("s", "SELECT owner_id FROM owners").total == 25_001
    _write(file, file.read_bytes() + b"last,T0,x,1980-01-05,\n")
    with pytest.raises(InvalidRows, match=r"owners\.csv, line 25,003"):
        store.import_data(file, scenario="t")
