"""How files are read: options, compression, archives, parts of tables, sheets."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.errors import (
    HealthsimStoreError,
    InvalidArgument,
    InvalidRows,
    SourceError,
)
from healthsim_store.exchange.compressed import FREE, RATIO
from healthsim_store.exchange.reading_options import ReadingOptions, specs

OWNERS = [owner(n) for n in range(5)]
HEADER = [*OWNERS[0]]


def as_csv(rows: list[dict[str, Any]] = OWNERS, **how: Any) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", **how)
    writer.writerow(HEADER)
    writer.writerows([[*row.values()] for row in rows])
    return text.getvalue()


def stored(store: Store) -> list[dict[str, Any]]:
    return store.load_scenario("s")["owners"]


# -- options ------------------------------------------------------------------------------------

SPELLED: dict[str, tuple[str, dict[str, Any]]] = {
    "semicolons": (as_csv(delimiter=";"), {"delimiter": ";"}),
    "tabs": (as_csv(delimiter="\t"), {"delimiter": "tab"}),
    "quotes": (as_csv(quotechar="'", quoting=csv.QUOTE_ALL), {"quote": "'"}),
    "lines before": (f"A title\n\n{as_csv()}", {"skip_lines": 2}),
    "lines after": (f"{as_csv()}Total: 5\n\n", {"skip_footer": 1}),
    "comments": (f"# one\n{as_csv()}# two\n", {"comment": "#"}),
    "no header": (as_csv().partition("\n")[2], {"columns": HEADER}),
    "separator": ("sep=;\n" + as_csv(delimiter=";"), {}),
    "commas at the end": (as_csv().replace("\n", ",\n"), {}),
    "lines of commas": (f"{as_csv()},,,,\n\n", {}),
    "pandas": ("\n".join(f"{n - 1 if n else ''},{line}" for n, line in
                         enumerate(as_csv().splitlines())), {}),
    "to leave out": (as_csv().replace("\n", ",x\n").replace(",x", ",note", 1), {"ignore": "note"}),
    "null": (as_csv([*OWNERS[:4], OWNERS[4] | {"gender": "NA"}]), {"null": ["NA"]}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "options"), SPELLED.values(), ids=SPELLED)
def test_a_file_as_the_options_say(
    store: Store, tmp_path: Path, text: str, options: dict[str, Any]
) -> None:
    path = tmp_path / "owners.csv"
    path.write_text(text, "utf-8")
    result = store.import_data(path, scenario="s", **options)
    assert result.rows == 5
    found = stored(store)
    assert found[:4] == OWNERS[:4]
    assert found[4].get("gender") == (None if "null" in options else OWNERS[4]["gender"])


MOMENTS = [
    ("DD/MM/YYYY", "02/01/1903"),
    ("DD/MM/YYYY", "2/1/1903"),
    ("DD-MMM-YYYY", "02-Jan-1903"),
    ("YYYYMMDD", "19030102"),
    ("excel", "1098"),
]


@pytest.mark.parametrize(("format", "spelled"), MOMENTS)
@pytest.mark.parametrize("column", ["", "born="])
def test_a_date_as_the_options_say(
    store: Store, tmp_path: Path, format: str, spelled: str, column: str
) -> None:
    path = tmp_path / "owners.csv"
    path.write_text(as_csv([OWNERS[0] | {"born": spelled}]))
    store.import_data(path, scenario="s", date_format=column + format)
    assert stored(store)[0]["born"] == "1903-01-02"
    store.persist({"owners": [OWNERS[1] | {"born": spelled}]}, scenario="s", date_format=format)
    assert stored(store)[1]["born"] == "1903-01-02"


@pytest.mark.parametrize("format", ["DD/MM", "dd.mm.yyyy", "%d/%m/%Y", "DD/MM/YYYY DD", ""])
def test_a_format_that_is_none(store: Store, format: str) -> None:
    with pytest.raises(InvalidArgument, match="no format of a date"):
        store.persist({"owners": OWNERS}, date_format=[format])


def test_numbers_as_the_options_say(store: Store) -> None:
    store.persist({"owners": OWNERS}, scenario="s")
    options = {"decimal": ",", "thousands": "."}
    pets = [{"owner_tax_number": "T1", "species": "dog", "weight": "1.234,5"}]
    store.persist({"pets": pets}, scenario="s", **options)
    assert store.query_scenario("s", "SELECT weight FROM pets").rows == [{"weight": 1234.5}]
    for wrong in ("8.2", "1.23,4", "12.34"):
        with pytest.raises(HealthsimStoreError, match="weight"):
            store.persist({"pets": [pets[0] | {"weight": wrong}]}, scenario="s", **options)


def test_options_that_cannot_be(store: Store) -> None:
    for wrong in (
        {"delimiter": ";;"}, {"skip_lines": -1}, {"short_rows": "maybe"}, {"null": 5},
        {"decimal": ",", "thousands": ","}, {"delimitr": ";"}, {"quote": ",", "delimiter": ","},
    ):  # fmt: skip
        with pytest.raises(InvalidArgument):
            ReadingOptions.of(wrong)
    with pytest.raises(InvalidArgument, match="is for files"):
        store.persist({"owners": OWNERS}, delimiter=";")


def test_every_door_has_the_options_of_the_declaration(run: Run) -> None:
    import inspect

    names = {spec.name for spec in specs()}
    assert names <= {*inspect.signature(Store.import_data).parameters}
    assert names <= {*inspect.signature(Store.persist).parameters}
    for command in ("import", "persist"):
        told = run(command, "--help").stdout
        assert all(f"--{name.replace('_', '-')} " in told for name in names)


# -- compression and archives -------------------------------------------------------------------


def test_compressed_files(store: Store, tmp_path: Path) -> None:
    data = as_csv().encode()
    files = {"owners.csv.gz": gzip.compress(data), "owners.csv": gzip.compress(data)}
    codec = pa.CompressedOutputStream
    with codec(str(tmp_path / "owners.csv.zst"), "zstd") as out:
        out.write(data)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    pq.write_table(pa.Table.from_pylist(OWNERS), tmp_path / "owners.parquet")
    inner = (tmp_path / "owners.parquet").read_bytes()
    (tmp_path / "owners.parquet.gz").write_bytes(gzip.compress(inner))
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/owners.csv", data)
    for name in [*files, "owners.csv.zst", "owners.parquet.gz", "all.zip"]:
        assert store.import_data(tmp_path / name, scenario=name.replace(".", "-")).rows == 5


def test_a_cut_off_file_is_refused(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "owners.csv.gz"
    path.write_bytes(gzip.compress(as_csv().encode())[:-12])
    with pytest.raises(SourceError, match=r"not a whole \.gz file"):
        store.import_data(path, scenario="s")
    assert store.names() == []


@pytest.mark.parametrize("name", ["../owners.csv", "/owners.csv", "a/../../b.csv", "c:\\o.csv"])
def test_an_archive_that_leads_out(store: Store, tmp_path: Path, name: str) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("owners.csv", as_csv())
        archive.writestr(name, as_csv())
    with pytest.raises(SourceError, match="leads out"):
        store.import_data(path, scenario="s")
    assert {one.name for one in tmp_path.iterdir()} <= {"bad.zip", "store"}


def test_bombs_are_refused_before_they_fill_the_machine(store: Store, tmp_path: Path) -> None:
    size = FREE + 2_000_000
    with gzip.open(tmp_path / "owners.csv.gz", "wb", 9) as file:
        file.write(b"full_name\n")
        for _ in range(size // 1_000_000 + 1):
            file.write(b"\n" * 1_000_000)
    assert size > RATIO * (tmp_path / "owners.csv.gz").stat().st_size
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("owners.csv", b"\n" * size)
    for name in ("owners.csv.gz", "bomb.zip"):
        with pytest.raises(SourceError, match="may be made to fill a machine"):
            store.import_data(tmp_path / name, scenario="s")


# -- parts of tables ----------------------------------------------------------------------------

PARTS: dict[str, list[str]] = {
    "numbers": ["owners-001.csv", "owners-002.csv"],
    "copies": ["owners.csv", "owners (1).csv"],
    "spark": ["owners.csv/part-00000-a.csv", "owners.csv/part-00001-b.csv"],
    "folder": ["owners/part-0.csv", "owners/part-1.csv"],
}


@pytest.mark.parametrize("names", PARTS.values(), ids=PARTS)
def test_parts_of_a_table(store: Store, tmp_path: Path, names: list[str]) -> None:
    folder = tmp_path / "in"
    for name, rows in zip(names, (OWNERS[:3], OWNERS[3:]), strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_csv(rows))
        (path.parent / "_SUCCESS").write_bytes(b"")
        (path.parent / f".{path.name}.crc").write_bytes(b"x")
    result = store.import_data(folder, scenario="s")
    assert {account.rows for account in result.sources} == {3, 2}
    assert sorted(row["tax_number"] for row in stored(store)) == [
        row["tax_number"] for row in OWNERS
    ]


def test_hive_partitions_have_their_columns(store: Store, tmp_path: Path) -> None:
    for n, row in enumerate(OWNERS):
        path = tmp_path / "in" / "owners" / f"full_name=O%20{n}" / "part-0.csv"
        path.parent.mkdir(parents=True)
        path.write_text(f"tax_number,born\n{row['tax_number']},1970-01-01\n")
    store.import_data(tmp_path / "in", scenario="s")
    assert sorted(row["full_name"] for row in stored(store)) == [f"O {n}" for n in range(5)]


def test_many_parts_are_told_by_their_kind(store: Store, tmp_path: Path) -> None:
    for n in range(40):
        (tmp_path / f"owners_{n}.csv").write_text(
            as_csv([{**OWNERS[0], "owner_id": f"o{n}", "tax_number": f"X{n}"}])
        )
    result = store.import_data(tmp_path, scenario="s")
    assert result.to_dict()["sources"] == [
        {"name": "owners_*.csv (40 files)", "rows": 40, "mapped": {"owners": 40}}
    ]


def test_empty_files(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    header = folder / "owners.csv"
    header.write_text(",".join(HEADER) + "\n")
    result = store.import_data(header)
    assert (result.rows, result.persisted.scenario, store.names()) == (0, "", [])
    (folder / "pets.csv").write_bytes(b"")
    (folder / "owners_2.csv").write_text(as_csv())
    told = store.import_data(folder, scenario="s")
    assert {one.name: (one.rows, one.notes) for one in told.sources} == {
        "owners.csv": (0, ()),
        "owners_2.csv": (5, ()),
        "pets.csv": (0, ("the file is empty",)),
    }


# -- JSON ---------------------------------------------------------------------------------------


def test_lines_of_json_in_a_json_file(store: Store, tmp_path: Path) -> None:
    import json

    path = tmp_path / "owners.json"
    path.write_text("\n".join(map(json.dumps, OWNERS)))
    assert store.import_data(path, scenario="s").rows == 5


@pytest.mark.parametrize(
    "text",
    [
        '[{"full_name": "A", "full_name": "B"}]',
        '[{"full_name": {"a": 1, "a": 2}}]',
        '{"owners": [], "owners": [{"full_name": "A"}]}',
        '{"full_name": "A"}\n{"full_name": "A", "full_name": "B"}',
    ],
)
@pytest.mark.parametrize("name", ["owners.json", "owners.ndjson"])
def test_a_key_that_comes_twice(store: Store, tmp_path: Path, name: str, text: str) -> None:
    if name.endswith(".ndjson") and text.startswith("["):
        text = text[1:-1]
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(SourceError, match="is there twice in one object"):
        store.import_data(path, scenario="s")


# -- sheets -------------------------------------------------------------------------------------


def test_sheets(store: Store, tmp_path: Path, workbook: Callable[..., Path]) -> None:
    rows = [HEADER, *([*row.values()] for row in OWNERS)]
    assert store.import_data(workbook("owners.xlsx", owners=rows), scenario="s").rows == 5
    assert stored(store) == OWNERS
    two = workbook("owners.xlsx", notes=[["x"]], owners=rows)
    with pytest.raises(SourceError, match="has 2 sheets: notes, owners"):
        store.import_data(two, scenario="t")
    assert store.import_data(two, scenario="t", sheet="owners").rows == 5


SHEETS = {
    "formula": ('<c r="B2"><f>1+1</f></c>', "B2 is a formula that was never calculated"),
    "error": ('<c r="B2" t="e"><v>#N/A</v></c>', "B2 is an error"),
}


@pytest.mark.parametrize(("cell", "said"), SHEETS.values(), ids=SHEETS)
def test_cells_without_a_value(
    store: Store, workbook: Callable[..., Path], cell: str, said: str
) -> None:
    path = workbook("owners.xlsx", owners=[HEADER, ["a", cell]])
    with pytest.raises(SourceError, match=said):
        store.import_data(path, scenario="s")


def test_merged_cells(store: Store, workbook: Callable[..., Path]) -> None:
    path = workbook("owners.xlsx", owners=[HEADER, ["a"]], merged="A2:A3")
    with pytest.raises(SourceError, match="merged at A2"):
        store.import_data(path, scenario="s")


FORMULA = '<c r="B2" t="str"><f>"T"&amp;1</f><v>T1</v></c>'


def test_values_of_formulas_are_told(store: Store, workbook: Callable[..., Path]) -> None:
    path = workbook(
        "owners.xlsx", owners=[["full_name", "tax_number", "born"], ["A", FORMULA, "1970-01-01"]]
    )
    (account,) = store.import_data(path, scenario="s").sources
    assert account.notes == ("cells with a formula, whose value calculated last was taken: 1",)


SERIAL = [["full_name", "tax_number", "born"], ["A", "T1", 25_569]]


def test_days_that_are_numbers(store: Store, workbook: Callable[..., Path]) -> None:
    path = workbook("owners.xlsx", owners=SERIAL)
    with pytest.raises(InvalidRows, match='date_format="excel"'):
        store.import_data(path, scenario="s")
    store.import_data(path, scenario="s", date_format="excel")
    assert stored(store)[0]["born"] == "1970-01-01"
    other = workbook("owners.xlsx", about='<workbookPr date1904="1"/>', owners=SERIAL)
    with pytest.raises(SourceError, match="counts days from 1904"):
        store.import_data(other, scenario="t", date_format="excel")


@pytest.mark.parametrize("packed", [False, True])
def test_a_workbook_on_standard_input(
    store: Store,
    tmp_path: Path,
    workbook: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    packed: bool,
) -> None:
    rows = [HEADER, *([*row.values()] for row in OWNERS)]
    content = workbook("owners.xlsx", owners=rows).read_bytes()
    given = io.BytesIO(gzip.compress(content) if packed else content)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(given)))
    store.import_data("-", format="xlsx", entity_type="owners", scenario="s")
    assert stored(store) == OWNERS


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Writes a workbook with the least that one has; a cell of XML is taken as it is."""

    def call(name: str, merged: str = "", about: str = "", **sheets: list[list[Any]]) -> Path:
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        package = "http://schemas.openxmlformats.org/package/2006"
        names, links = "", ""
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            for n, (title, rows) in enumerate(sheets.items(), 1):
                names += f'<sheet name="{title}" sheetId="{n}" r:id="r{n}"/>'
                links += (
                    f'<Relationship Id="r{n}" Type="{rel}/worksheet" Target="worksheets/s{n}.xml"/>'
                )
                body = "".join(_row(number, row) for number, row in enumerate(rows, 1))
                merge = f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
                archive.writestr(
                    f"xl/worksheets/s{n}.xml",
                    f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData>{merge}</worksheet>',
                )
            archive.writestr(
                "xl/workbook.xml",
                f'<workbook xmlns="{main}" xmlns:r="{rel}">{about}<sheets>{names}</sheets>'
                "</workbook>",
            )
            archive.writestr(
                "xl/_rels/workbook.xml.rels",
                f'<Relationships xmlns="{package}/relationships">{links}</Relationships>',
            )
            archive.writestr(
                "_rels/.rels",
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="r0"'
                f' Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            )
        return path

    return call


def _row(number: int, cells: list[Any]) -> str:
    told = ""
    for at, cell in enumerate(cells):
        if isinstance(cell, str) and cell.startswith("<c "):
            told += cell
        elif isinstance(cell, str):
            told += f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        elif cell is not None:
            told += f'<c r="{chr(65 + at)}{number}"><v>{cell}</v></c>'
    return f'<row r="{number}">{told}</row>'


# -- what a folder has besides ------------------------------------------------------------------


def test_archives_and_folders_in_a_folder_are_told(store: Store, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in ("old", "draft", ".git", "owners.parquet"):
        (folder / name).mkdir(parents=True)
        (folder / name / "pets.csv").write_text("owner_id,species\no1,dog\n")
    (folder / "owners.parquet" / "pets.csv").unlink()
    (folder / "owners.csv").write_text(as_csv())
    for name in ("more.zip", "most.tar.gz"):
        (folder / name).write_bytes(b"PK\x03\x04")
    notes = (
        "2 archives in it were not read: more.zip, most.tar.gz",
        "2 folders in it were not read: draft, old",
    )
    made = store.import_data(folder, scenario="s")
    assert made.persisted.inserted == {"owners": 5}
    assert {one.name: one.notes for one in made.sources} == {"owners.csv": (), "in": notes}
    answer = run("import", str(folder), "-s", "t")
    assert "; ".join(notes) in answer.stdout
    mapping = tmp_path / "mine.sql"
    mapping.write_text(
        "CREATE TABLE owners (tax_number TEXT, full_name TEXT, born TEXT);\n"
        "-- @into owners @from owners\nSELECT * FROM owners;\n"
    )
    mapped = store.import_data(folder, format=str(mapping), scenario="m")
    assert mapped.sources[-1].notes == notes
    (folder / "owners.csv").unlink()
    with pytest.raises(SourceError, match="has no file of a known format") as caught:
        store.import_data(folder, scenario="u")
    assert "2 archives in it were not read" in str(caught.value.hint)


def test_an_archive_in_an_archive_is_told(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("owners.csv", as_csv())
        archive.writestr("pets.zip", b"PK\x05\x06" + bytes(18))
    made = store.import_data(path, scenario="s")
    assert made.sources[-1].notes == ("1 archive in it was not read: pets.zip",)


def test_many_folders_are_told_in_a_line(store: Store, tmp_path: Path) -> None:
    (tmp_path / "owners.csv").write_text(as_csv())
    for n in range(40):
        (tmp_path / f"year{n:02}").mkdir()
    (note,) = store.import_data(tmp_path, scenario="s").sources[-1].notes
    assert re.fullmatch(r"4[01] folders in it were not read: .*, year0[34] and 3[56] more", note)
