"""SAS transport files are read: numbers to the last bit, texts, and what is no whole file."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_store import Store
from healthsim_store.errors import InvalidArgument, SourceError
from healthsim_store.exchange import dataset_json, xpt_files
from healthsim_store.exchange.reading_options import ReadingOptions
from healthsim_store.exchange.source import Source
from healthsim_store.standards.xpt import ibm

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "sdtm-msg"

# SAS's own examples, of TS-140 and of its notes on numeric precision; numbers may be cut short.
NUMBERS = {
    "0000000000000000": 0, "4110000000000000": 1, "c110000000000000": -1, "4080000000000000": 0.5,
    "c276a00000000000": -118.625, "401999999999999a": 0.1, "4264": 100, "4110": 1,
    "2e00000000000000": None, "4100000000000000": None, "5f00000000000000": None,
}  # fmt: skip


@pytest.mark.parametrize("data", NUMBERS)
def test_a_number_is_read_as_sas_wrote_it(data: str) -> None:
    found = xpt_files.number(bytes.fromhex(data))
    assert found == NUMBERS[data]
    assert type(found) is type(NUMBERS[data])


@given(st.floats(1e-70, 1e70) | st.floats(-1e70, -1e-70) | st.integers(-(2**53) + 1, 2**53 - 1))
def test_every_number_comes_back_to_the_last_bit(value: float) -> None:
    assert xpt_files.number(ibm(value)) == value


def record(text: str) -> bytes:
    return text.encode("latin-1").ljust(80)


def member(name: str, columns: list[tuple[str, int]], rows: bytes, size: int = 140) -> bytes:
    """A dataset of texts, from its own header on; its rows are given as they lie in the file."""
    named, at = b"", 0
    for place, (column, length) in enumerate(columns, 1):
        named += struct.pack(
            ">hhhh8s40s8shhh2s8shhl", 2, 0, length, place, column.encode().ljust(8), b" " * 40,
            b" " * 8, 0, 0, 0, b"\0\0", b" " * 8, 0, 0, at,
        ).ljust(size, b"\0")  # fmt: skip
        at += length
    head = f"HEADER RECORD*******{{:8}}HEADER RECORD!!!!!!!{'0' * 30}"
    return b"".join([
        record(head.format("MEMBER"))[:74] + f"{size:04d}  ".encode(),
        record(head.format("DSCRPTR")), record(f"SAS     {name:8}SASDATA 9.4"), record(""),
        record(f"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!000000{len(columns):04d}"),
        named + b" " * (-len(named) % 80), record(head.format("OBS")),
        rows + b" " * (-len(rows) % 80),
    ])  # fmt: skip


LIBRARY = record(f"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!{'0' * 30}") + 2 * record("")


def source(path: Path, **options: Any) -> Source:
    return Source(path.name, path, reading=ReadingOptions.of(options))


def rows_of(path: Path, data: bytes, **options: Any) -> list[tuple[Any, ...]]:
    path.write_bytes(data)
    return [row for part in xpt_files.rows_of(source(path, **options)) for row in part.values]


def test_texts_are_read_without_what_fills_them_up(tmp_path: Path) -> None:
    data = LIBRARY + member("ONE", [("A", 4), ("B", 2)], b" a  b \0\0\0\0  c   dd")
    assert rows_of(tmp_path / "a.xpt", data) == [(" a", "b"), (None, None), ("c", "dd")]
    assert xpt_files.name_of(source(tmp_path / "a.xpt")) == "ONE"
    vax = LIBRARY + member("ONE", [("A", 4), ("B", 2)], b" a  b ", size=136)
    assert rows_of(tmp_path / "a.xpt", vax) == [(" a", "b")]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.lists(st.booleans(), max_size=40))
def test_blanks_are_rows_unless_they_fill_up_the_last_record(
    tmp_path_factory: pytest.TempPathFactory, width: int, empty: list[bool]
) -> None:
    lines = [b" " * width if one else b"x" * width for one in empty]
    path = tmp_path_factory.getbasetemp() / "blanks.xpt"
    found = rows_of(path, LIBRARY + member("ONE", [("A", width)], b"".join(lines)))
    expected = [(None,) if one else ("x" * width,) for one in empty]
    size = -(-len(b"".join(lines)) // 80) * 80
    while expected and expected[-1] == (None,) and size - (len(expected) - 1) * width < 80:
        expected.pop()
    assert found == expected


def test_a_large_file_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xpt_files, "_READ", 1_000)
    texts = [f"{n:06d}" for n in range(5_000)]
    data = LIBRARY + member("ONE", [("A", 6), ("B", 1)], "".join(f"{t} " for t in texts).encode())
    assert rows_of(tmp_path / "a.xpt", data) == [(text, None) for text in texts]


def test_two_datasets_in_a_file_are_told(tmp_path: Path) -> None:
    two = LIBRARY + member("ONE", [("A", 4)], b"a   ") + member("TWO", [("B", 2)], b"b ")
    (tmp_path / "a.xpt").write_bytes(two)
    found = {
        one.name: [row for part in rows for row in part.values]
        for one, rows in xpt_files.datasets_of(source(tmp_path / "a.xpt"))
    }
    assert found == {"ONE": [("a",)], "TWO": [("b",)]}
    with pytest.raises(SourceError, match=r"a\.xpt has several datasets: ONE and TWO"):
        rows_of(tmp_path / "a.xpt", two)


def test_text_of_windows_is_read_by_its_encoding_and_never_as_wrong_letters(tmp_path: Path) -> None:
    data = LIBRARY + member("ONE", [("A", 4), ("B", 4)], b"a   b   c   ol\xe9 ")
    with pytest.raises(SourceError, match=r"a\.xpt, item 2, B: byte 0xE9 is not utf-8") as error:
        rows_of(tmp_path / "a.xpt", data)
    assert "cp1252" in str(error.value.hint)
    assert rows_of(tmp_path / "a.xpt", data, encoding="cp1252") == [("a", "b"), ("c", "olé")]
    with pytest.raises(InvalidArgument, match="Unknown encoding 'windows-99'"):
        rows_of(tmp_path / "a.xpt", data, encoding="windows-99")


GOOD = LIBRARY + member("ONE", [("A", 50)], b"a".ljust(50) * 10)
BAD = {
    "version 8": (GOOD.replace(b"*LIBRARY ", b"*LIBV8   "), "is a SAS transport file of version 8"),
    "of CPORT": (b"**COMPRESSED** " * 20, "is no SAS transport file: it begins with"),
    "another file": (b"STUDYID,DOMAIN\n" * 20, "is no SAS transport file: it begins with"),
    "nothing": (b"HEADER", "is cut off"),
    "cut off in a record": (GOOD[:-100], "is cut off"),
    "cut off between records": (GOOD[:-80], "is cut off"),
    "cut off in its head": (GOOD[:500], "is cut off"),
    "no number of columns": (GOOD.replace(b"!!!!!!!0000000001", b"!!!!!!!000000000x"), "damaged"),
    "no header": (GOOD.replace(b"NAMESTR ", b"NAMESTRX"), "damaged SAS transport file: the header"),
    "a length of nothing": (GOOD.replace(b"\0\2\0\0\0\x32", b"\0\2\0\0\0\0"), "its column 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_whole_file_is_told(case: str, tmp_path: Path) -> None:
    data, told = BAD[case]
    with pytest.raises(SourceError) as error:
        rows_of(tmp_path / "a.xpt", data)
    assert told in error.value.message
    assert error.value.message.startswith("a.xpt ")


def test_a_file_is_rows_of_an_entity_type(store: Store, tmp_path: Path) -> None:
    rows = b"".join(
        f"{n}   T{n}   {name:8}1901-01-01".encode() for n, name in ((1, "Ann"), (2, "Bo"))
    )
    columns = [("OWNER_ID", 4), ("TAX_NO", 5), ("NAME", 8), ("BORN", 10)]
    (tmp_path / "owners.xpt").write_bytes(LIBRARY + member("OWN", columns, rows))
    store.import_data(tmp_path / "owners.xpt", map={"TAX_NO": "tax_number"}, scenario="s")
    found = store.query_scenario("s", "SELECT owner_id, full_name FROM owners").rows
    assert [tuple(row.values()) for row in found] == [("1", "Ann"), ("2", "Bo")]


# -- Dataset-JSON ----------------------------------------------------------------------------

CELLS = st.none() | st.text(max_size=6) | st.integers(-9, 10**15) | st.floats(-1e9, 1e9)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=20), st.integers(1, 40), st.booleans())
def test_a_document_is_read_as_json_wherever_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, Any]], size: int, first: bool
) -> None:
    head = {"name": "ONE", "records": len(rows), "columns": [{"name": "A"}, {"name": "B"}]}
    told = {"rows": rows, **head} if first else {**head, "rows": rows, "more": {"x": [1]}}
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(told, indent=size % 3 or None, ensure_ascii=size < 20), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset_json, "_READ", size)
        found = [row for part in dataset_json.rows_of(source(path)) for row in part.values]
    assert found == [tuple(None if cell == "" else cell for cell in row) for row in rows]


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="no ../shared beside the project")
@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLE.glob("*.xpt")))
def test_the_three_forms_of_a_sample_have_the_same_rows(name: str) -> None:
    told = json.loads((SAMPLE / f"{name}.json").read_text("utf-8"))
    expected = [tuple(None if cell == "" else cell for cell in row) for row in told["rows"]]
    assert expected

    def rows(read: Any, ending: str) -> list[tuple[Any, ...]]:
        parts = read(source(SAMPLE / f"{name}.{ending}"))
        return [row for part in parts for row in part.values]

    assert rows(dataset_json.rows_of, "json") == expected
    assert rows(dataset_json.rows_of, "ndjson") == expected
    # SAS cut some numbers by a bit when it wrote them.
    for found, row in zip(rows(xpt_files.rows_of, "xpt"), expected, strict=True):
        near = [pytest.approx(c, rel=1e-15) if isinstance(c, float) else c for c in row]
        assert [*found] == near
