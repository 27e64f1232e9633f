"""What a file looks like, in the words of a hint. Nothing of it goes into data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..base.wording import SHELL, here, option_of_import
from . import date_hints

_NAMES = {";": "semicolons", "|": "pipes", "\t": "tabs", ",": "commas"}
_NULLS = frozenset("na n/a null nan nat none nil missing unknown - . ?".split())
_AROUND = 24  # bytes on each side that are shown
_BETWEEN = re.compile(rb"[,;|\t\r\n\"]")
_NUMBER = re.compile(r"[-+]?[\d., '\u00a0\u202f]*\d[\d., '\u00a0\u202f]*", re.ASCII)


def encoding(part: bytes, start: int = 0) -> str:
    """What encoding bytes may have that are not UTF-8.

    Args:
        part: bytes of the file.
        start: where in them the first one is that is none of UTF-8. What stands around it is shown
            as it would be read: whether that is a word only the reader knows.
    """
    if start < 4 and part.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return "It is compressed, also inside: decompress it yourself."
    if part[:4096].count(0) > len(part[:4096]) // 4:
        return f"It may be {option_of_import('encoding', _wide_name(part[:2].decode('latin-1')))}."
    word = _BETWEEN.split(part[max(start - _AROUND, 0) : start])[-1]
    word += _BETWEEN.split(part[start : start + _AROUND])[0]
    try:
        told = f"This looks like Windows text, {word.decode('cp1252')!r}: "
        name = "cp1252"
    except UnicodeDecodeError:
        told, name = "It may be ", "latin-1"
    return f"{told}{option_of_import('encoding', name)}."


def wide(text: str) -> str | None:
    """A hint where every second character is NUL; None where there are fewer."""
    if text.count("\0") <= len(text) // 4:
        return None
    return f"It may be {option_of_import('encoding', _wide_name(text[:2]))}."


def _wide_name(begin: str) -> str:
    return "utf-16-be" if begin[:1] == "\0" and begin[1:] != "\0" else "utf-16-le"


def delimiter(header: Sequence[str], used: str) -> str | None:
    """A hint where the header is one cell, or a few, that has another delimiter in it.

    Args:
        header: its cells.
        used: the delimiter that made them.
    """
    text = used.join(header)
    found = {sign: text.count(sign) for sign in _NAMES if sign != used}
    sign = max(found, key=lambda one: found[one])
    if found[sign] > len(header) - 1:
        return f"This looks like {_NAMES[sign]}: {_delimiter(sign)}."
    if len(header) != 1 or "\0" in text:
        return None
    others = [sign for sign in text if not (sign.isalnum() or sign in "_-.'\"()/#%")]
    sign = max(others, key=others.count, default="")
    if sign and others.count(sign) > 1:
        return f"If {sign!r} stands between cells: {_delimiter(sign)}."
    return None


def delimiter_of_line(line: str, used: str) -> str | None:
    """A hint where the first line, whose quotes are no quotes, has more of another delimiter."""
    return delimiter([line.rstrip()], used) if line.count(used) < 1 else None


def quote(sign: str) -> str:
    """A hint for cells that stand between signs like quotes."""
    return f"Are these quotes? {option_of_import('quote', sign)}."


def _delimiter(sign: str) -> str:
    shown = "tab" if sign == "\t" else sign if sign.isprintable() else f"\\x{ord(sign):02x}"
    return option_of_import("delimiter", shown)


def before_header(lines: int) -> str:
    """A hint for lines that stand before the header.

    Args:
        lines: how many.
    """
    return f"The header may be in line {lines + 1}: {option_of_import('skip_lines', str(lines))}."


def is_comment(cells: Sequence[str]) -> bool:
    """Whether a line is a comment, and no header."""
    return bool(cells) and cells[0][:1] in ("#", "%") and len(cells[0]) > 1


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
        return date_hints.of(kind, text)
    if kind in ("decimal", "real", "integer") and _NUMBER.fullmatch(text.lstrip("$€£ ")):
        if text[:1] in "$€£":
            return "A number has no currency sign; take it out of the file."
        return _of_signs(re.sub(r"[\u00a0\u202f]", " ", text.lstrip("+-")))
    return None


def _of_signs(text: str) -> str | None:
    """Which sign of a number is the decimal one, and which stands between thousands."""
    signs = [sign for sign in dict.fromkeys(text) if not sign.isdigit()]
    if len(signs) > 2 or not signs:
        return None
    decimal = signs[-1] if len(signs) == 2 else None
    if signs == ["."] and text.count(".") > 1:
        decimal = ","  # 1.234.567
    if decimal is not None and (decimal not in ",." or text.count(decimal) > 1):
        return None
    between = option_of_import("thousands", signs[0])
    if decimal == ".":
        return f"{between}?"
    if decimal == ",":
        told = " and " if here().kind != SHELL else " "
        return f"{option_of_import('decimal', ',')}{told}{between}?"
    if signs == [","] and text.count(",") == 1:
        other = option_of_import("decimal", ",")
        sure = len(text.rpartition(",")[2]) != 3
        return f"{other}?" if sure else f"{between}, or {other}: only you know which."
    return None if signs == ["."] else f"{between}?"
