"""What a file looks like, in the words of a hint. Nothing of it goes into data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..base.wording import option_of_import

_NAMES = {";": "semicolons", "|": "pipes", "\t": "tabs", ",": "commas"}
_NULLS = frozenset("na n/a null nan nat none nil missing unknown - . ?".split())
_NUMBER = re.compile(r"[-+]?[\d., ']*\d[\d., ']*", re.ASCII)
_SERIAL = re.compile(r"[1-7]\d{4}(?:\.\d+)?", re.ASCII)  # Excel's days from 1927 to 2119


def encoding(part: bytes) -> str:
    """What encoding bytes may have that are not UTF-8."""
    if part[:4096].count(0) > len(part[:4096]) // 4:
        name = _wide_name(part[:2].decode("latin-1"))
    else:
        try:
            part.decode("cp1252")
            name = "cp1252"
        except UnicodeDecodeError:
            name = "latin-1"
    told = "This looks like Windows text: " if name == "cp1252" else "It may be "
    return f"{told}{option_of_import('encoding', name)}."


def wide(text: str) -> str | None:
    """A hint where every second character is NUL; None where there are fewer."""
    if text.count("\0") <= len(text) // 4:
        return None
    return f"It may be {option_of_import('encoding', _wide_name(text[:2]))}."


def _wide_name(begin: str) -> str:
    return "utf-16-be" if begin[:1] == "\0" and begin[1:] != "\0" else "utf-16-le"


def delimiter(header: Sequence[str], used: str) -> str | None:
    """A hint where the header is one cell that has another delimiter in it."""
    if len(header) != 1:
        return None
    found = {sign: header[0].count(sign) for sign in _NAMES if sign != used}
    sign = max(found, key=lambda one: found[one])
    if not found[sign]:
        return None
    given = "tab" if sign == "\t" else sign
    return f"This looks like {_NAMES[sign]}: {option_of_import('delimiter', given)}."


def first_line(cells: Sequence[str]) -> str | None:
    """A hint where the first line is a comment or a title, and no header."""
    if cells and cells[0][:1] in ("#", "%") and len(cells[0]) > 1:
        return f"The header may be in line 2: {option_of_import('skip_lines', '1')}."
    return None


def binary(head: bytes) -> str | None:
    """What a file is that is no text, by its first bytes."""
    if head.startswith(b"PK\x03\x04"):
        return "a .zip or a workbook (.xlsx)"
    if head.startswith(b"PAR1"):
        return "Parquet"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "an old workbook (.xls)"
    return "a scenario or another SQLite file" if head.startswith(b"SQLite format 3") else None


def value(kind: str, text: str) -> str | None:
    """A hint for a text that is no date, moment or number as it stands.

    Args:
        kind: of the column's logical type.
        text: the value.
    """
    text = text.strip()
    if text.casefold() in _NULLS:
        return f"Where it means no value: {option_of_import('null', text)}."
    if kind in ("date", "timestamp", "partial"):
        if _SERIAL.fullmatch(text):
            return f"A day number of Excel? {option_of_import('date_format', 'excel')}."
        if kind in ("date", "partial") and re.fullmatch(r"\d\d?/\d\d?/\d{4}", text):
            first, second = map(int, text.split("/")[:2])
            if first > 12:
                return f"{option_of_import('date_format', 'DD/MM/YYYY')}."
            if second > 12:
                return f"{option_of_import('date_format', 'MM/DD/YYYY')}."
            return (
                f"{option_of_import('date_format', 'DD/MM/YYYY')}, or MM/DD/YYYY: only you know"
                " which."
            )
        if kind == "partial" and re.fullmatch(r"\d\d?/\d{4}", text):
            return f"{option_of_import('date_format', 'MM/YYYY')}."
        if re.match(r"\d{4}-" if kind == "partial" else r"\d{4}-?\d\d", text):
            return None  # the usual spelling, of a day or time that there is not
        name = "time_format" if kind == "timestamp" else "date_format"
        shown = "DD.MM.YYYY" if name == "date_format" else "DD.MM.YYYY hh:mm"
        return f"Say how it is written, for example {option_of_import(name, shown)}."
    if kind in ("decimal", "real", "integer") and _NUMBER.fullmatch(text.lstrip("$€£ ")):
        if text[:1] in "$€£":
            return "A number has no currency sign; take it out of the file."
        after = text.rpartition(",")[2]
        if text.count(",") == 1 and (len(after) != 3 or "." in after):
            return f"{option_of_import('decimal', ',')}?"
        if "," in text:
            return f"{option_of_import('thousands', ',')}?"
    return None
