"""What is in a file, read a second time by nothing of healthsim_store, nor by what it reads with.

CSV, JSON and the XML of sheets are read here by hand, as plainly as can be; Parquet by DuckDB.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import file_kinds


class Unreadable(Exception):
    """The file must be refused."""


@dataclass
class Found:
    """The rows of a file, by the names of their columns, and how many could not be read."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    bad: int = 0


# -- delimited text -------------------------------------------------------------------------------


def _decoded(data: bytes) -> str:
    try:
        if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):  # begins as that of UTF-16 does
            return data.decode("utf-32")
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16")
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Unreadable from None


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The cells of each record; a quote opens a cell only at its beginning."""
    cells, cell, state, at = [], "", "begin", 0
    while at < len(text):
        sign = text[at]
        at += 1
        if state == "quoted":
            if sign != '"':
                cell += sign
            elif text[at : at + 1] == '"':
                cell, at = f'{cell}"', at + 1
            else:
                state = "closed"
        elif sign == '"' and state == "begin":
            state = "quoted"
        elif sign == delimiter:
            cells, cell, state = [*cells, cell], "", "begin"
        elif sign in "\r\n":
            if sign == "\r" and text[at : at + 1] == "\n":
                at += 1
            # A line without any sign is a record without cells.
            yield [] if not cells and state == "begin" else [*cells, cell]
            cells, cell, state = [], "", "begin"
        elif state == "closed":
            raise Unreadable
        else:
            cell, state = cell + sign, "plain"
    if state == "quoted":
        raise Unreadable
    if cells or state != "begin":
        yield [*cells, cell]


def read_csv(data: bytes) -> Found:
    text, delimiter = _decoded(data), ","
    named = re.match(r'"?sep=([^\r\n])"?(\r\n|\r|\n|$)', text, re.IGNORECASE)
    if named:
        delimiter, text = named[1], text[named.end() :]
    records = _records(text, delimiter)
    # A line without any value is no header.
    header = next(
        ([c.strip() for c in cells] for cells in records if any(map(str.strip, cells))), []
    )
    names = [name for name in header if name]
    if not names or len({*names}) < len(names):
        raise Unreadable
    found = Found()
    for cells in records:
        if not any(cells):
            continue
        if len(cells) < len(header) or any(cells[len(header) :]):
            found.bad += 1
            continue
        for at, name in enumerate(header):
            # A numbering of pandas is no column.
            if not name and cells[at] and not (at == 0 and cells[0] == str(len(found.rows))):
                raise Unreadable
        row = dict(zip(header, cells[: len(header)], strict=True))
        found.rows.append({name: row[name] or None for name in names})
    return found


# -- JSON -----------------------------------------------------------------------------------------

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_WORDS = {"true": True, "false": False, "null": None, "NaN": float("nan"),
          "Infinity": float("inf"), "-Infinity": float("-inf")}  # fmt: skip
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class _Json:
    """A document that is read sign by sign; a key that is there twice is no JSON for us."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def space(self, signs: str = " \t\r\n") -> None:
        while self.at < len(self.text) and self.text[self.at] in signs:
            self.at += 1

    def value(self, depth: int = 0) -> Any:
        if depth > 2000:
            raise Unreadable
        self.space()
        sign = self.text[self.at : self.at + 1]
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._list(depth)
        if sign == '"':
            return self._string()
        if match := _NUMBER.match(self.text, self.at):
            word = next((w for w in _WORDS if self.text.startswith(w, self.at)), None)
            self.at = match.end()
            whole = not (match[2] or match[3])
            if len(match[0]) > 4000 and whole:
                raise Unreadable
            assert word is None
            return int(match[0]) if whole else float(match[0])
        for word, meant in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meant
        raise Unreadable

    def _string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if not match:
            raise Unreadable
        self.at = match.end()
        made = _ESCAPE.sub(_unescaped, match[1])
        return made.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")

    def _object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        made: dict[str, Any] = {}
        self.space()
        while self.text[self.at : self.at + 1] != "}":
            if made:
                self._sign(",")
            key = self._string() if self.text[self.at : self.at + 1] == '"' else None
            if key is None or key in made:
                raise Unreadable
            self._sign(":")
            made[key] = self.value(depth + 1)
            self.space()
        self.at += 1
        return made

    def _list(self, depth: int) -> list[Any]:
        self.at += 1
        made: list[Any] = []
        self.space()
        while self.text[self.at : self.at + 1] != "]":
            if made:
                self._sign(",")
            made.append(self.value(depth + 1))
            self.space()
        self.at += 1
        return made

    def _sign(self, sign: str) -> None:
        self.space()
        if self.text[self.at : self.at + 1] != sign:
            raise Unreadable
        self.at += 1
        self.space()


def _unescaped(match: re.Match[str]) -> str:
    sign = match[1]
    return chr(int(sign[1:], 16)) if len(sign) == 5 else _ESCAPES.get(sign, sign)


def _documents(text: str, between: str = " \t\r\n\f\v\x1c\x1d\x1e\x1f\x85\xa0\u2028") -> list[Any]:
    reader, found = _Json(text), []
    reader.space(between)
    while reader.at < len(text):
        found.append(reader.value())
        reader.space(between)
    return found


def read_json(data: bytes) -> Found:
    documents = _documents(_decoded(data))
    if len(documents) != 1:
        return Found(_objects(documents))
    (document,) = documents
    if isinstance(document, dict) and len(document) == 1:
        ((name, inside),) = document.items()
        if name.casefold() in ("samples", "sample") and isinstance(inside, list | dict):
            document = inside
    return Found(_objects(document if isinstance(document, list) else [document]))


def _objects(rows: list[Any]) -> list[dict[str, Any]]:
    if not all(isinstance(row, dict) for row in rows):
        raise Unreadable
    return rows


def read_ndjson(data: bytes) -> Found:
    found = Found()
    for line in re.split(r"\r\n|\r|\n", _decoded(data)):
        if not line.strip():
            continue
        try:
            documents = _documents(line)
            if len(documents) != 1:
                raise Unreadable
        except Unreadable:
            found.bad += 1
            continue
        found.rows += documents
    return found


# -- Parquet --------------------------------------------------------------------------------------


def read_parquet(data: bytes) -> Found:
    import tempfile

    import duckdb
    import pyarrow.parquet as pq

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(data)
        file.flush()
        try:
            with contextlib.closing(duckdb.connect(config={"threads": 1})) as connection:
                answer = connection.execute("SELECT * FROM read_parquet(?)", [file.name])
                names = [column[0] for column in answer.description or ()]
                rows = answer.fetchall()
        except (duckdb.Error, UnicodeDecodeError, OverflowError, ValueError) as error:
            return _by_arrow(file.name, error)
        if len(rows) < pq.read_metadata(file.name).num_rows:  # DuckDB leaves out damaged parts
            return _by_arrow(file.name, ValueError("DuckDB has fewer rows"))
        if rows and any(all(cell is None for cell in column) for column in zip(*rows, strict=True)):
            # DuckDB may only have believed the index, which says so, and looked at no page.
            with contextlib.suppress(Unreadable):
                return _by_arrow(file.name, ValueError("DuckDB believes the index"))
        found = Found([dict(zip(names, row, strict=True)) for row in rows])
        if any(isinstance(cell, bytes) for row in rows for cell in row):
            _decode(found, {field.name for field in pq.read_schema(file.name) if _is_text(field)})
    return found


def _is_text(field: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(field.type) or pa.types.is_large_string(field.type))


def _decode(found: Found, names: set[str]) -> None:
    """Arrow has a schema of its own in the file: a text is one where that of Parquet is damaged."""
    for row in found.rows:
        for name in names & row.keys():
            if isinstance(row[name], bytes):
                with contextlib.suppress(UnicodeDecodeError):
                    row[name] = row[name].decode()


def _by_arrow(path: str, refused: Exception) -> Found:
    """What Arrow reads at once, where DuckDB refuses a damaged index that Arrow has no need of."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return Found(pq.ParquetFile(path).read(use_threads=False).to_pylist())
    except (pa.ArrowException, OSError, ValueError):
        raise Unreadable from refused


# -- workbooks ------------------------------------------------------------------------------------

_PRESERVED = "{http://www.w3.org/XML/1998/namespace}space"
_OF_DATES = {*range(14, 23), 45, 46, 47}


def read_xlsx(data: bytes) -> Found:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            parts = {name: file.read(name) for name in file.namelist() if name.startswith("xl/")}
        book = _tree(parts, "xl/workbook.xml")
        relations = _tree(parts, "xl/_rels/workbook.xml.rels")
        (link,) = (
            next(value for key, value in sheet.items() if key.endswith("}id"))
            for sheet in book.iter("sheet")
        )
        target = next(one.get("Target", "") for one in relations if one.get("Id") == link)
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        sheet = _tree(parts, path)
        shared = [_joined(one) for one in _tree(parts, "xl/sharedStrings.xml").findall("si")]
        dated = _dated(_tree(parts, "xl/styles.xml"))
        properties = book.find("workbookPr")
        of_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        grid = _grid(sheet, shared, dated)
        if of_1904:
            later = dt.timedelta(days=1462)
            for line in grid.values():
                line |= {k: v + later for k, v in line.items() if isinstance(v, dt.datetime)}
        return _sheet_rows(grid)
    except (ET.ParseError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, IndexError,
            StopIteration, OSError, RuntimeError, OverflowError) as error:  # fmt: skip
        raise Unreadable from error


def _joined(element: ET.Element) -> str:
    """The text of its parts; a workbook has _x0041_ for signs that XML cannot have."""
    texts = ((one.text or "", one.get(_PRESERVED)) for one in element.iter("t"))
    text = "".join(text if how == "preserve" else text.strip(" \t\r\n") for text, how in texts)
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def _tree(parts: dict[str, bytes], name: str) -> ET.Element:
    """A part, without the namespaces of its elements."""
    tree = ET.fromstring(parts[name]) if name in parts else ET.Element("none")
    for one in tree.iter():
        one.tag = str(one.tag).rpartition("}")[2]
    return tree


def _dated(styles: ET.Element) -> list[bool]:
    """Of each style whether its numbers are days."""
    own = {
        one.get("numFmtId"): bool(re.search("[ymdhs]", one.get("formatCode", "").lower()))
        for one in styles.iter("numFmt")
        if (one.get("numFmtId") or "").isdigit() and int(one.get("numFmtId") or 0) >= 164
    }
    formats = [one.get("numFmtId", "0") for one in styles.findall("cellXfs/xf")]
    return [own.get(one, one.isdigit() and int(one) in _OF_DATES) for one in formats]


def _grid(sheet: ET.Element, shared: list[str], dated: list[bool]) -> dict[int, dict[int, Any]]:
    """The values by row and column, both from 1."""
    grid: dict[int, dict[int, Any]] = {}
    if [*sheet.iter("mergeCell")]:
        raise Unreadable
    number = 0
    for row in sheet.findall("sheetData/row"):
        number, column = int(row.get("r") or number + 1), 0
        if number in grid:
            raise Unreadable
        line = grid.setdefault(number, {})
        for cell in row.findall("c"):
            place = cell.get("r")
            column += 1
            if place is not None:
                match = re.fullmatch(r"([A-Z]{1,3})(\d+)", place)
                if not match or int(match[2]) != number:
                    raise Unreadable
                column = 0
                for letter in match[1]:
                    column = 26 * column + ord(letter) - 64
            if column in line:
                raise Unreadable
            line[column] = _cell(cell, shared, dated)
    return grid


def _cell(cell: ET.Element, shared: list[str], dated: list[bool]) -> Any:
    kind, value = cell.get("t", "n"), cell.find("v")
    if kind == "e" or (cell.find("f") is not None and value is None):
        raise Unreadable
    if kind == "inlineStr" or (value is None and cell.find("is") is not None):
        return _joined(cell) or None
    if value is None or not value.text:
        return None
    if kind == "s":
        return shared[int(value.text)] or None
    if kind in ("str", "d"):
        return value.text
    if kind == "b":
        return {"1": True, "0": False}[value.text]
    try:
        number = float(value.text)
    except ValueError:
        return value.text  # no number, and no less than it says
    style = int(cell.get("s", "-1"))  # what names no style is no day
    if kind == "n" and 0 <= style < len(dated) and dated[style]:
        with contextlib.suppress(OverflowError):  # no day that there is, so a number
            # 1 is 1900-01-01, and 60 the 29th of February 1900, which there was not.
            return dt.datetime(1899, 12, 30 + (number < 60)) + dt.timedelta(days=number)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _sheet_rows(grid: dict[int, dict[int, Any]]) -> Found:
    header = {at: str(name).strip() for at, name in grid.get(1, {}).items() if name is not None}
    header = {at: name for at, name in header.items() if name}
    if not header or len({*header.values()}) < len(header):
        raise Unreadable
    found = Found()
    for number in sorted({*grid} - {1}):
        line = {at: value for at, value in grid[number].items() if value is not None}
        if line.keys() - header.keys():
            raise Unreadable
        if line:
            found.rows.append({name: line.get(at) for at, name in header.items()})
    return found


# -- archives, and mappings -----------------------------------------------------------------------


def read_gz(data: bytes) -> Found:
    try:
        return read_csv(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable from error


def read_zip(data: bytes) -> Found:
    """The CSV files of an archive, one after the other."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            parts = {
                info.filename: file.read(info) for info in file.infolist() if not info.is_dir()
            }
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError) as error:
        raise Unreadable from error
    names = [name for name in parts if not name.startswith("__MACOSX/")]
    top = ""
    while len(firsts := {name.removeprefix(top).partition("/")[:2] for name in names}) == 1:
        ((folder, slash),) = firsts
        if not slash:
            break
        top += f"{folder}/"
    found = Found()
    for name in sorted(names):
        inside = name.removeprefix(top)
        if "/" in inside or inside.startswith(".") or not parts[name]:
            continue
        if re.search(r"(?i)\.csv(\.gz)?$", inside):
            part = read_gz(parts[name])
            found.rows += part.rows
            found.bad += part.bad
    return found


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def read_mapped_csv(data: bytes) -> Found:
    found = read_csv(data)
    folded = [{name.casefold(): value for name, value in row.items()} for row in found.rows]
    found.rows = [{name: row.get(name) for name in file_kinds.MAPPED} for row in folded]
    return found


def read_mapped_json(data: bytes) -> Found:
    records: list[Any] = []
    for document in _documents(_decoded(data)):
        items = document.get("items") if isinstance(document, dict) else None
        for item in items if isinstance(items, list) else ():
            records += item if isinstance(item, list) else [] if item is None else [item]
    rows = _objects(records)
    return Found([{name: _as_text(row.get(name)) for name in file_kinds.MAPPED} for row in rows])


READERS: dict[str, Callable[[bytes], Found]] = {
    "CSV": read_csv, "JSON": read_json, "NDJSON": read_ndjson, "Parquet": read_parquet,
    "xlsx": read_xlsx, ".gz": read_gz, ".zip": read_zip, "mapped CSV": read_mapped_csv,
    "mapped JSON": read_mapped_json,
}  # fmt: skip
