"""Sheets of workbooks (.xlsx), read by calamine, after `sheet_checks` looked at them."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from ..base.text import did_you_mean, in_line
from ..base.wording import option_of_import
from ..errors import SourceError
from .compressed import BROKEN
from .formats import Tables
from .sheet_checks import BOOK, MOST, check_sheet, check_workbook, damaged
from .source import Source

# A day is counted from 1904 where this says so; else from 1900.
_OTHER_DAYS = re.compile(rb'<(?:\w+:)?workbookPr\b[^>]*\bdate1904="(?:1|true)"')


def read_workbook(source: Source) -> Tables:
    """The rows of one sheet; of the one that the options name, where there are several.

    Raises SourceError for merged cells, formulas without a value, and cells that are errors.
    """
    import python_calamine as calamine

    try:
        with _whole(source) as file:
            shared = check_workbook(source, file)
            _refuse_other_days(source, file)
            file.seek(0)
            book = calamine.CalamineWorkbook.from_filelike(file)
            name = _sheet(source, book)
            formulas = check_sheet(source, file, name, shared)
            if formulas:
                source.notes.append(
                    f"cells with a formula, whose value calculated last was taken: {formulas:,}"
                )
            sheet = book.get_sheet_by_name(name)
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
    except (calamine.CalamineError, *BROKEN, KeyError, OSError) as error:
        raise damaged(source, error) from error


@contextlib.contextmanager
def _whole(source: Source) -> Iterator[BinaryIO]:
    """The workbook as a file in which one can go back; what is a stream is read into memory."""
    with source.open() as stream:
        plain = source.is_plain(stream)
        content = b"" if plain else stream.read(MOST + 1)
    if len(content) > MOST:
        raise SourceError(f"{source.name} has over {MOST:,} bytes.", hint="Give it as a file.")
    if plain and source.path:
        with source.path.open("rb") as file:
            yield file
    else:
        yield io.BytesIO(content)


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


def _refuse_other_days(source: Source, file: BinaryIO) -> None:
    """Raise SourceError where numbers would be read as days that they are not."""
    options = source.reading
    if not any(text.endswith("excel") for text in (*options.date_format, *options.time_format)):
        return
    with zipfile.ZipFile(file) as archive:
        if _OTHER_DAYS.search(archive.read(BOOK)):
            raise SourceError(
                f"{source.name} counts days from 1904, as old programs of Apple did.",
                hint="Give the cells a format of dates in a spreadsheet program, and save it.",
            )


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
            f"{source.name}: the header has {in_line(twice)} more than once.",
            hint="Each column needs a name of its own.",
        )
    count = 0
    given = dict(source.given)
    unnamed = [
        at for at in range(len(cells[0]) if cells else 0) if at >= len(header) or not header[at]
    ]
    for line, row in enumerate(cells, first):
        values = [_plain(row[at]) if at < len(row) else None for at in kept]
        if all(value is None for value in values) and not any(row[at] != "" for at in unnamed):
            continue
        for at in unnamed:
            value = _plain(row[at])
            if value is not None and not (at == 0 and value == count):  # as pandas counts rows
                raise SourceError(
                    f"{source.name}: {_letters(at)}{line} has a value, but its column has no name.",
                    hint="Name all columns in the header.",
                )
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
