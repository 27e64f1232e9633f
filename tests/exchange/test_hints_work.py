"""What an error tells to do works when it is done: files are read by their hints alone."""

from __future__ import annotations

import ast
import codecs
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import (
    HealthsimStoreError,
    InvalidArgument,
    InvalidRows,
    SourceError,
)
from healthsim_store.exchange import date_hints, hints

OWNERS = [owner(n) for n in range(3)]
_OPTION = re.compile(r"\b(\w+)=(\[.*?\]|\"(?:[^\"\\]|\\.)*\"|True|\d+)")


def _csv(rows: list[dict[str, Any]] = OWNERS, **how: Any) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0]], lineterminator="\n", **how)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _born(day: str, number: int = 0) -> str:
    return _csv([{**OWNERS[number], "born": day}])


def _by_hints(store: Store, path: Path) -> dict[str, Any]:
    """The options that read a file; each is the one that the error before named."""
    options: dict[str, Any] = {}
    for _ in range(4):
        try:
            store.import_data(path, scenario="s", **options)
        except HealthsimStoreError as error:
            message = str(error)
        else:
            return options
        told = _OPTION.search(message)
        assert told, f"no option is told: {message}"
        value = ast.literal_eval(told[2].replace("=FIELD", "=gender"))
        assert options.get(told[1]) != value, f"told twice: {message}"
        options[told[1]] = value
    pytest.fail(f"no end: {options}")


#: A file, the options that its hints lead to.
FILES: dict[str, tuple[str, str | bytes, dict[str, Any]]] = {
    "semicolons, all quoted": (
        "owners.csv", _csv(delimiter=";", quoting=csv.QUOTE_ALL), {"delimiter": ";"}),
    "tabs, all quoted": (
        "owners.csv", _csv(delimiter="\t", quoting=csv.QUOTE_ALL), {"delimiter": "tab"}),
    "semicolons, and a comma in the header": (
        "owners.csv", _csv(delimiter=";").replace("gender", '"gender, of the owner"'),
        {"delimiter": ";", "map": "gender, of the owner=gender"}),
    "carets": ("owners.csv", _csv(delimiter="^"), {"delimiter": "^"}),
    "tildes": ("owners.csv", _csv(delimiter="~"), {"delimiter": "~"}),
    "colons": ("owners.csv", _csv(delimiter=":"), {"delimiter": ":"}),
    "the sign of Hive": ("owners.csv", _csv(delimiter="\x01"), {"delimiter": "\\x01"}),
    "apostrophes as quotes": (
        "owners.csv", _csv([row | {"full_name": "A, B"} for row in OWNERS], quotechar="'",
                           quoting=csv.QUOTE_ALL), {"quote": "'"}),
    "apostrophes around days": ("owners.csv", _born("'1970-01-05'"), {"quote": "'"}),
    "a title of three lines": ("owners.csv", f"A title\nof today\n\n{_csv()}", {"skip_lines": "3"}),
    "a title with commas": ("owners.csv", f"A title,,,,\n{_csv()}", {"skip_lines": "1"}),
    "comments": ("owners.csv", f"# one\n# two\n{_csv()}", {"skip_lines": "2"}),
    "rows of a filtered frame": (
        "owners.csv", "\n".join(f"{n and n * 7},{line}" if n else f",{line}" for n, line in
                                enumerate(_csv().splitlines())), {"ignore": "#1"}),
    "a word in no column": (
        "owners.csv", _csv().replace("\n", ",\n").replace("15,\n", "15,x\n"), {"ignore": "#6"}),
    "Windows": ("owners.csv", _csv([OWNERS[0] | {"full_name": "Zoë"}]).encode("cp1252"),
                {"encoding": "cp1252"}),
    "days with slashes": ("owners.csv", _born("1970/01/05"), {"date_format": "YYYY/MM/DD"}),
    "days in words": ("owners.csv", _born("Jan 5, 1970"), {"date_format": "MMM DD, YYYY"}),
    "days of SAS": ("owners.csv", _born("05JAN1970"), {"date_format": "DDMMMYYYY"}),
    "days with an hour": (
        "owners.csv", _born("1/13/1970 12:00:00 AM"), {"date_format": "MM/DD/YYYY hh:mm:ss AM"}),
    "envelope": ("owners.json", json.dumps({"data": OWNERS, "errors": []}), {"at": "data"}),
    "deep": ("owners.json", json.dumps({"results": {"items": OWNERS}, "next": None}),
             {"at": "results.items"}),
    "in one object": ("owners.json", json.dumps({"data": OWNERS[0]}), {"at": "data"}),
    "resources": ("owners.json", json.dumps({"entry": [{"resource": row} for row in OWNERS]}),
                  {"at": "entry[*].resource"}),
    "beside other things": (
        "owners.json", json.dumps({"metadata": {"v": 1}, "version": 2, "owners": OWNERS}),
        {"ignore": ["metadata", "version"]}),
    "one alone, beside other things": (
        "owners.json", json.dumps({"scenario": "x", "owner": OWNERS[0],
                                   "pets": [{"species": "cat"}]}), {"ignore": "scenario"}),
    "a document in lines": ("owners.ndjson", json.dumps(OWNERS, indent=1), {"format": "json"}),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "wanted"), FILES.values(), ids=FILES)
def test_hints_lead_to_the_rows(
    store: Store, tmp_path: Path, name: str, content: str | bytes, wanted: dict[str, Any]
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    given = _by_hints(store, path)
    assert given == wanted
    found = store.load_scenario("s")["owners"]
    assert found[0]["owner_id"] == OWNERS[0]["owner_id"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1/5/80", "century"),
        ("5-Jan-80", "century"),
        ("05.01.1980", "only you know"),
        ("0000-00-00", 'null="0000-00-00"'),
        ("31/04/1980", None),
        ("30.2.1980", None),
        ("29225.5", None),
        ("1980-02-30", None),
        ("315878400", None),
    ],
)
def test_a_day_that_no_format_reads_has_no_format(text: str, told: str | None) -> None:
    hint = date_hints.of("date", text)
    assert (hint is None) if told is None else told in str(hint)


@pytest.mark.parametrize(
    ("given", "meant"), [("%d/%m/%Y", "DD/MM/YYYY"), ("dd.mm.yyyy", "DD.MM.YYYY")]
)
def test_a_format_of_other_programs(store: Store, tmp_path: Path, given: str, meant: str) -> None:
    (tmp_path / "owners.csv").write_text(_csv())
    with pytest.raises(InvalidArgument, match=f"Did you mean {meant}"):
        store.import_data(tmp_path / "owners.csv", date_format=given)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line", [1, 2, 700, 9000])
def test_bytes_that_are_no_text_have_their_line(
    store: Store, tmp_path: Path, line: int, end: str
) -> None:
    lines = [*_csv().splitlines()[:1], *(f"o{n},N{n},X{n},1970-01-01,F" for n in range(9000))]
    lines[line - 1] = f"{lines[line - 1]}é"
    path = tmp_path / "owners.csv"
    path.write_bytes(end.join(lines).encode("cp1252"))
    with pytest.raises(SourceError, match=rf"owners\.csv, line {line}: byte 0xE9"):
        store.import_data(path)


@pytest.mark.parametrize("bom", [codecs.BOM_UTF32_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8])
def test_a_byte_order_mark_tells_the_encoding(store: Store, tmp_path: Path, bom: bytes) -> None:
    encoding = {4: "utf-32-le", 2: "utf-16-be", 3: "utf-8"}[len(bom)]
    (tmp_path / "owners.csv").write_bytes(bom + _csv().encode(encoding))
    assert store.import_data(tmp_path / "owners.csv").rows == 3


def test_lines_without_a_value_are_no_header(store: Store, tmp_path: Path) -> None:
    (tmp_path / "owners.csv").write_text(f"\n,,,\n{_csv()}")
    assert store.import_data(tmp_path / "owners.csv").rows == 3


def test_rows_that_r_counts(store: Store, tmp_path: Path) -> None:
    lines = [f"{n or ''},{line}" for n, line in enumerate(_csv().splitlines())]
    (tmp_path / "owners.csv").write_text("\n".join(lines))
    assert store.import_data(tmp_path / "owners.csv").rows == 3


#: JSON that has no objects where rows should be, and what is told of it.
NO_ROWS = [
    ("owners.json", {"columns": ["full_name"], "data": [["A"]]}, "lists of values: columns, data"),
    ("owners.json", {"full_name": {"0": "A"}, "gender": {"0": "F"}}, "to_json"),
    ("owners.json", [["full_name"], ["A"]], "item 1: a list, and not an object"),
    ("owners.json", [OWNERS[0], None], "item 2: null, and not an object"),
    ("owners.json", {"owners": [OWNERS[0], 5]}, "item 2 of owners: a number"),
]


@pytest.mark.parametrize(("name", "document", "told"), NO_ROWS)
def test_json_without_objects(
    store: Store, tmp_path: Path, name: str, document: Any, told: str
) -> None:
    (tmp_path / name).write_text(json.dumps(document))
    with pytest.raises(SourceError, match=told):
        store.import_data(tmp_path / name)


@pytest.mark.parametrize("name", ["owners.json", "owners.ndjson"])
def test_what_is_no_object_is_left_out_with_its_place(
    store: Store, tmp_path: Path, name: str
) -> None:
    documents = [OWNERS[0], None, OWNERS[1], [1], OWNERS[2] | {"born": "x"}]
    text = json.dumps(documents)
    if name.endswith("ndjson"):
        text = "\n".join([*map(json.dumps, documents), '{"born": "x", "born": "y"}'])
    (tmp_path / name).write_text(text)
    rejects = tmp_path / "r.csv"
    made = store.import_data(tmp_path / name, scenario="s", bad_rows="skip", rejects=rejects)
    assert made.persisted.inserted == {"owners": 2}
    lines = rejects.read_text("utf-8").splitlines()
    found = [(row[1], row[5]) for row in csv.reader(lines)][1:]
    assert found[:2] == [("2", "null, and not an object"), ("4", "a list, and not an object")]
    assert found[-1][0] == "5"
    assert ("6", "a key is there twice in one object") in found or name.endswith(".json")


def test_paths_in_json_are_those_of_mappings(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "owners.json"
    path.write_text(json.dumps({"a.b": [{"list": OWNERS}]}))
    assert store.import_data(path, at='$."a.b"[0].list').rows == 3
    path.write_text(json.dumps({"entry": [{"resource": row} for row in OWNERS]}))
    assert store.import_data(path, at="entry[*].resource").rows == 3
    with pytest.raises(SourceError, match=r"\[\*\] before \.resource"):
        store.import_data(path, at="entry.resource")
    with pytest.raises(SourceError, match="no path"):
        store.import_data(path, at="entry[x]")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("8,2", 'decimal=","?'),
        ("1,234.5", 'thousands=","?'),
        ("1,23,456.5", 'thousands=","?'),
        ("1.234,5", 'decimal="," and thousands="."?'),
        ("1.234.567", 'decimal="," and thousands="."?'),
        ("1'234.5", 'thousands="\'"?'),
        ("1\u202f234", 'thousands=" "?'),
        ("1,234", "only you know"),
        ("1-2", None),
    ],
)
def test_the_signs_of_a_number(text: str, told: str | None) -> None:
    hint = hints.value("real", text)
    assert (hint is None) if told is None else told in str(hint)


def test_a_blank_between_thousands_may_be_one_that_breaks_no_line(
    store: Store, tmp_path: Path
) -> None:
    store.persist({"owners": OWNERS[:1]}, scenario="s")
    file = tmp_path / "pets.csv"
    file.write_text("owner_id,weight\no0,1\u202f234\no0,1 234.5\n", "utf-8")
    store.import_data(file, scenario="s", thousands=" ")
    assert [row["weight"] for row in store.load_scenario("s")["pets"]] == [1234, 1234.5]


def test_words_that_may_mean_nothing_are_told_of_fields_that_are_kept(store: Store) -> None:
    rows = [OWNERS[0] | {"hobby": "NULL"}, OWNERS[1] | {"hobby": "chess"}, OWNERS[2] | {"hobby": 1}]
    (note,) = store.persist({"owners": rows}, scenario="s", keep_unknown=True).notes
    assert "owners.hobby NULL (1)" in note


def test_all_that_rows_lack_is_given_in_one_command(store: Store, tmp_path: Path) -> None:
    (tmp_path / "owners.csv").write_text("owner_id\no1\n")
    with pytest.raises(InvalidRows) as caught:
        store.import_data(tmp_path / "owners.csv", scenario="s")
    told = _OPTION.search(str(caught.value.hint))
    assert told is not None
    fields = [text.partition("=")[0] for text in ast.literal_eval(told[2])]
    values = {"tax_number": "T1", "full_name": "Ann", "born": "1970-01-05"}
    value = [f"{field}={values[field]}" for field in fields]
    assert store.import_data(tmp_path / "owners.csv", scenario="s", value=value).rows == 1
