"""Small good files of every kind that `import` reads, with a column of each logical type.

Each maker gets a source of chance, and gives the bytes of a file of `sound_product`'s samples.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.parquet as pq

Rows = list[dict[str, Any]]

#: What a column may have in a good file; None is an empty cell, or a field that is not there.
_VALUES: dict[str, list[Any]] = {
    "title": ["Ann", "Zoë", "two\nlines", 'say "hi"', "a,b", "漢字", "00123", "#1", "sep=;"],
    "note": [None, "x", " padded ", "NULL", "{}", "-"],
    "short": [None, "abc", "12345"],
    "whole": [None, 0, -7, 2**40],
    "needed": [1, 2, 3],
    "ratio": [None, 0.5, 1e-7, 3.25, -1e300],
    "money": [None, 12.34, 0.1, 9999999999.99],
    "units": [None, 1, 9999],
    "rate": [None, 123.456789, 0.000001],
    "flag": [None, True, False],
    "sure": [True, False],
    "day": [None, dt.date(2024, 2, 29), dt.date(1900, 3, 1)],
    "born": [dt.date(1980, 1, 5), dt.date(2000, 12, 31)],
    "at": [None, dt.datetime(2024, 2, 29, 8, 30), dt.datetime(2001, 1, 1, 23, 59, 59)],
    "sex": [None, "F", "female", "not told"],
    "level": [None, 1, 2, 3],
    "species": [None, "cat", "DOG"],
}
_NEEDED = ("sample_id", "title", "needed", "sure", "born")

#: The mapping that the mapped files are read by; its files are JSON too.
MAPPING = """
-- @json $.items[*]
CREATE TABLE raw (sample_id TEXT, title TEXT, needed TEXT, sure TEXT, born TEXT, note TEXT,
  whole TEXT, ratio TEXT);

-- @into samples @from raw
SELECT sample_id, title, needed, sure, born, note, whole, ratio FROM raw WHERE title IS NOT NULL;

-- without a title @skip raw
SELECT count(*) FROM raw WHERE title IS NULL;
"""
MAPPED = ("sample_id", "title", "needed", "sure", "born", "note", "whole", "ratio")


def make_rows(chance: random.Random, names: tuple[str, ...] | None = None) -> Rows:
    """Rows that can all be stored, with the same columns in the same order."""
    if names is None:
        others = [name for name in (*_VALUES, "badge", "serial", "doc") if name not in _NEEDED]
        chosen = [*_NEEDED, *chance.sample(others, chance.randrange(len(others) + 1))]
        chance.shuffle(chosen)
        names = tuple(chosen)
    rows = []
    for number in range(chance.choice([1, 2, 3, 8, 30])):
        row = {name: chance.choice(_VALUES[name]) if name in _VALUES else None for name in names}
        own = {
            "sample_id": f"s{number}",
            "badge": chance.choice([None, f"b{number}"]),
            "serial": chance.choice([None, number]),
            "doc": chance.choice([None, {"a": [1, 2.5, None]}, []]),
        }
        rows.append(row | {name: value for name, value in own.items() if name in names})
    return rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def _in_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _csv(rows: Rows, chance: random.Random) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=chance.choice(["\n", "\r\n"]))
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow(_text(value) for value in row.values())
    return text.getvalue().encode()


def _objects(rows: Rows, chance: random.Random) -> list[dict[str, Any]]:
    """Without some of the fields that are nothing, as many programs write them."""
    return [
        {k: _in_json(v) for k, v in row.items() if v is not None or chance.random() < 0.5}
        for row in rows
    ]


def make_csv(chance: random.Random) -> bytes:
    return _csv(make_rows(chance), chance)


def make_json(chance: random.Random) -> bytes:
    objects = _objects(make_rows(chance), chance)
    document: Any = chance.choice([objects, objects, {"samples": objects}])
    return json.dumps(
        document, indent=chance.choice([None, 1]), ensure_ascii=chance.random() < 0.5
    ).encode()


def make_ndjson(chance: random.Random) -> bytes:
    objects = _objects(make_rows(chance), chance)
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects).encode()


def make_gz(chance: random.Random) -> bytes:
    return gzip.compress(make_csv(chance))


def make_zip(chance: random.Random) -> bytes:
    return packed({"samples.csv": make_csv(chance)})


def make_mapped_csv(chance: random.Random) -> bytes:
    return _csv(make_rows(chance, MAPPED), chance)


def make_mapped_json(chance: random.Random) -> bytes:
    return json.dumps({"items": _objects(make_rows(chance, MAPPED), chance)}).encode()


_ARROW = {
    "whole": pa.int64(), "needed": pa.int32(), "serial": pa.int64(), "ratio": pa.float64(),
    "money": pa.decimal128(12, 2), "units": pa.int16(), "rate": pa.float64(), "flag": pa.bool_(),
    "sure": pa.bool_(), "day": pa.date32(), "born": pa.date32(), "at": pa.timestamp("us"),
    "level": pa.int8(),
}  # fmt: skip


def make_parquet(chance: random.Random) -> bytes:
    rows = make_rows(chance)
    columns = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        if name == "doc":
            values = [None if value is None else json.dumps(value) for value in values]
        if name == "money":
            columns[name] = pa.array(values, pa.float64()).cast(pa.decimal128(12, 2))
        else:
            columns[name] = pa.array(values, _ARROW.get(name, pa.string()))
    file = io.BytesIO()
    pq.write_table(
        pa.table(columns), file, row_group_size=chance.choice([2, 100]),
        compression=chance.choice(["none", "snappy", "zstd", "gzip"]),
        use_dictionary=chance.random() < 0.5, write_page_checksum=True,
        data_page_version=chance.choice(["1.0", "2.0"]),
    )  # fmt: skip
    return file.getvalue()


# -- workbooks ----------------------------------------------------------------------------------

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _relation(key: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _override(part: str, kind: str) -> str:
    return f'<Override PartName="/xl/{part}" ContentType="{_TYPES}.{kind}+xml"/>'


_BOOK = {
    "[Content_Types].xml": f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    + _override("workbook.xml", "sheet.main")
    + _override("styles.xml", "styles")
    + _override("sharedStrings.xml", "sharedStrings")
    + "</Types>",
    "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_RELATIONS}">'
    + _relation("r1", "officeDocument", "xl/workbook.xml")
    + "</Relationships>",
    "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets/></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_RELATIONS}">'
    + _relation("r1", "styles", "styles.xml")
    + _relation("r2", "sharedStrings", "sharedStrings.xml")
    + "</Relationships>",
    # Style 1 is a day, style 2 a moment.
    "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="yyyy-mm-dd hh:mm:ss"/></numFmts>'
    '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs>'
    "</styleSheet>",
}


def make_xlsx(chance: random.Random) -> bytes:
    rows = make_rows(chance)
    return workbook({"samples": [[*rows[0]], *([*row.values()] for row in rows)]}, chance)


def workbook(sheets: dict[str, list[list[Any]]], chance: random.Random | None = None) -> bytes:
    """A workbook of these cells; some of their texts stand in the cells themselves."""
    chance = chance or random.Random(0)
    shared: list[str] = []
    parts = dict(_BOOK)
    names, relations, types = "", "", ""
    for number, (name, lines) in enumerate(sheets.items(), 1):
        body = "".join(_row(line, at, shared, chance) for at, line in enumerate(lines, 1))
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
        )
        names += f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="s{number}"/>'
        relations += _relation(f"s{number}", "worksheet", f"worksheets/sheet{number}.xml")
        types += _override(f"worksheets/sheet{number}.xml", "worksheet")
    items = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in shared)
    counts = f'count="10000000" uniqueCount="{len(shared)}"'
    parts["xl/sharedStrings.xml"] = f'{_HEAD}<sst xmlns="{_MAIN}" {counts}>{items}</sst>'
    for part, sign, new in (
        ("xl/workbook.xml", "<sheets/>", f"<sheets>{names}</sheets>"),
        ("xl/_rels/workbook.xml.rels", "</Relationships>", f"{relations}</Relationships>"),
        ("[Content_Types].xml", "</Types>", f"{types}</Types>"),
    ):
        parts[part] = parts[part].replace(sign, new)
    return packed({name: text.encode() for name, text in parts.items()})


def _row(line: list[Any], number: int, shared: list[str], chance: random.Random) -> str:
    cells = (_cell(f"{letters(at)}{number}", v, shared, chance) for at, v in enumerate(line))
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Any, shared: list[str], chance: random.Random) -> str:
    if value is None:
        return ""
    where = f"r={quoteattr(place)}"
    if isinstance(value, bool):
        return f'<c {where} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c {where}><v>{value!r}</v></c>"
    if isinstance(value, dt.date):
        moment = isinstance(value, dt.datetime)
        whole = value if isinstance(value, dt.datetime) else dt.datetime(*value.timetuple()[:3])
        serial = (whole - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)
        return f'<c {where} s="{2 if moment else 1}"><v>{serial!r}</v></c>'
    text = value if isinstance(value, str) else json.dumps(value)
    if place.rstrip("0123456789") != "" and chance.random() < 0.5:
        return f'<c {where} t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
    shared.append(text)
    return f'<c {where} t="s"><v>{len(shared) - 1}</v></c>'


def letters(column: int) -> str:
    """A column's letters, of its number from 0."""
    found = ""
    while column >= 0:
        column, rest = divmod(column, 26)
        found, column = chr(65 + rest) + found, column - 1
    return found


def packed(parts: dict[str, bytes]) -> bytes:
    """An archive of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def parts_of(archive: bytes) -> dict[str, bytes]:
    """The files of an archive, by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name) for name in file.namelist()}


#: What the kinds are called, what their files are called, and what makes them.
KINDS: dict[str, tuple[str, Callable[[random.Random], bytes]]] = {
    "CSV": ("samples.csv", make_csv),
    "JSON": ("samples.json", make_json),
    "NDJSON": ("samples.ndjson", make_ndjson),
    "Parquet": ("samples.parquet", make_parquet),
    "xlsx": ("samples.xlsx", make_xlsx),
    ".gz": ("samples.csv.gz", make_gz),
    ".zip": ("samples.zip", make_zip),
    "mapped CSV": ("export.csv", make_mapped_csv),
    "mapped JSON": ("export.json", make_mapped_json),
}
