"""Sheets of workbooks (.xlsx), read by calamine.

What a cell shows by a formula that was never calculated, or as an error, calamine gives as an
empty cell. So the sheet's XML is looked through for such cells first.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from ..base.text import did_you_mean
from ..base.wording import option_of_import
from ..errors import SourceError
from . import compressed
from .formats import Tables
from .source import Source

_CELL = re.compile(rb"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]+\d+)"')
_PIECE = 1 << 20
_MOST = 1_000_000_000  # bytes of sheets
# A day is counted from 1904 where this says so; else from 1900.
_OTHER_DAYS = re.compile(rb'<(?:\w+:)?workbookPr\b[^>]*\bdate1904="(?:1|true)"')


def read_workbook(source: Source) -> Tables:
    """The rows of one sheet; of the one that the options name, where there are several.

    Raises SourceError for merged cells, formulas without a value, and cells that are errors.
    """
    import python_calamine as calamine

    try:
        with _whole(source) as file:
            _refuse_bomb(source, file)
            file.seek(0)
            book = calamine.CalamineWorkbook.from_filelike(file)
            name = _sheet(source, book)
            sheet = book.get_sheet_by_name(name)
            with zipfile.ZipFile(file) as archive:
                _refuse_other_days(source, archive)
                formulas = _check_cells(source, archive, name)
            if formulas:
                source.notes.append(
                    f"cells with a formula, whose value calculated last was taken: {formulas:,}"
                )
            merged = sheet.merged_cell_ranges
            if merged:
                (row, column), _ = merged[0]
                raise SourceError(
                    f"{source.name}, sheet {name}: cells are merged at"
                    f" {_letters(column)}{row + 1}, so that rows have no value of their own.",
                    hint="Unmerge them, and fill the cells.",
                )
            yield None, _rows(source, sheet.to_python(skip_empty_area=False))
    except calamine.PasswordError as error:
        raise SourceError(f"{source.name} has a password.", hint="Save it without one.") from error
    except (calamine.CalamineError, zipfile.BadZipFile, OSError, KeyError) as error:
        raise SourceError(
            f"{source.name} is not a whole workbook: {error}.", hint="Save it again as .xlsx."
        ) from error


@contextlib.contextmanager
def _whole(source: Source) -> Iterator[BinaryIO]:
    """The workbook as a file in which one can go back; what is a stream is read into memory."""
    with source.open() as stream:
        plain = source.is_plain(stream)
        content = b"" if plain else stream.read(_MOST + 1)
    if len(content) > _MOST:
        raise SourceError(f"{source.name} has over {_MOST:,} bytes.", hint="Give it as a file.")
    if plain and source.path:
        with source.path.open("rb") as file:
            yield file
    else:
        yield io.BytesIO(content)


def _refuse_bomb(source: Source, file: BinaryIO) -> None:
    packed = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        size = sum(info.file_size for info in archive.infolist())
        compressed.refuse_bomb(source.name, packed, size)
        if size > _MOST:
            raise SourceError(
                f"{source.name} has {size:,} bytes of sheets.", hint="Save the sheet as CSV UTF-8."
            )


def _sheet(source: Source, book: Any) -> str:
    names: list[str] = [
        one.name for one in book.sheets_metadata if str(one.typ).endswith("WorkSheet")
    ]
    wanted = source.reading.sheet
    if wanted is not None:
        if wanted in names:
            return wanted
        raise SourceError(
            f"{source.name} has no sheet {wanted!r:.60}.",
            hint=did_you_mean(wanted, names) or f"It has: {', '.join(names):.200}.",
        )
    if len(names) != 1:
        first = names[0] if names else "NAME"
        raise SourceError(
            f"{source.name} has {len(names)} sheets: {', '.join(names):.200}.",
            hint=f"Say which: {option_of_import('sheet', first)}.",
        )
    return names[0]


def _refuse_other_days(source: Source, archive: zipfile.ZipFile) -> None:
    """Raise SourceError where numbers would be read as days that they are not."""
    options = source.reading
    if not any(text.endswith("excel") for text in (*options.date_format, *options.time_format)):
        return
    if _OTHER_DAYS.search(archive.read("xl/workbook.xml")):
        raise SourceError(
            f"{source.name} counts days from 1904, as old programs of Apple did.",
            hint="Give the cells a format of dates in a spreadsheet program, and save it.",
        )


def _check_cells(source: Source, archive: zipfile.ZipFile, sheet: str) -> int:
    """How many cells of a sheet are formulas.

    Raises SourceError for a cell of which calamine would say that it is empty.
    """
    formulas = 0
    member = _member(archive, sheet)
    if member is None:
        return 0
    with archive.open(member) as file:
        rest = b""
        while piece := file.read(_PIECE):
            rest += piece
            end = 0
            for match in _CELL.finditer(rest):
                end = match.end()
                body = match[2] or b""
                formula, error = b"<f" in body, b't="e"' in match[1]
                formulas += formula
                if error or (formula and b"<v" not in body and b"<is" not in body):
                    found = _PLACE.search(match[1])
                    place = found[1].decode() if found else "a cell"
                    what = "is an error" if error else "is a formula that was never calculated"
                    raise SourceError(
                        f"{source.name}, sheet {sheet}: {place} {what}.",
                        hint="Open the workbook in a spreadsheet program, mend it and save it.",
                    )
            rest = rest[end:][-10 * _PIECE :]
    return formulas


def _member(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The file of a sheet, by the workbook's own relations."""
    import html

    try:
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return None
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        name = re.search(r'\bname="([^"]*)"', tag)
        key = re.search(r'\br:id="([^"]*)"|\bid="([^"]*)"', tag)
        if not name or not key or html.unescape(name[1]) != sheet:
            continue
        for relation in re.findall(r"<Relationship\b[^>]*>", relations):
            if f'Id="{key[1] or key[2]}"' in relation:
                target = re.search(r'\bTarget="([^"]*)"', relation)
                path = target[1].lstrip("/") if target else ""
                path = path if path.startswith("xl/") else f"xl/{path}"
                return path if path in archive.namelist() else None
    return None


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _rows(source: Source, cells: list[list[Any]]) -> Iterator[dict[str, Any]]:
    options = source.reading
    cells = cells[options.skip_lines :]
    first = options.skip_lines + 1
    if options.skip_footer:
        cells = cells[: -options.skip_footer]
    header = list(options.columns)
    if not header:
        header = [str(cell).strip() for cell in cells[0]] if cells else []
        cells, first = cells[1:], first + 1
    if not any(header):
        raise SourceError(f"{source.name} is empty.", hint="Its first row must name the columns.")
    kept = [at for at, name in enumerate(header) if name and name not in options.ignore]
    names = [header[at] for at in kept]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(
            f"{source.name}: the header has {', '.join(twice)} more than once.",
            hint="Each column needs a name of its own.",
        )
    count = 0
    given = dict(source.given)
    for line, row in enumerate(cells, first):
        values = [_plain(row[at]) if at < len(row) else None for at in kept]
        if all(value is None for value in values):
            continue
        source.lines.begin(count, line)
        count += 1
        yield dict(zip(names, values, strict=True)) | given


def _plain(value: Any) -> Any:
    """A value as other files have it; a whole number, which a sheet has as a float, is one."""
    if value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, dt.timedelta | dt.time) else value
