"""Values as the reading options say: null words, decimal signs, dates and times.

What is not written as the options say is left as it is, for the entity type to judge; where that
would take it for something else, it is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ..errors import InvalidArgument
from ..query.reply import PersistResult
from ..schema.registry import Link, Registry
from ..storage.rows import Unstorable, chunks
from .reading_options import ReadingOptions

Convert = Callable[[Any], Any]

_NUMBERS = ("decimal", "real", "integer")
_TOKENS = {
    "YYYY": r"(?P<year>\d{4})",
    "MMM": r"(?P<name>[A-Za-z]{3,9})",
    "MM": r"(?P<month>\d\d?)",
    "DD": r"(?P<day>\d\d?)",
    "hh": r"(?P<hour>\d\d?)",
    "mm": r"(?P<minute>\d\d)",
    "ss": r"(?P<second>\d\d)",
    "fff": r"(?P<fraction>\d{1,6})",
    "AM": r"(?P<half>[AaPp][Mm])",
}
_STRPTIME = {
    "%Y": "YYYY", "%m": "MM", "%d": "DD", "%b": "MMM", "%B": "MMM", "%H": "hh", "%I": "hh",
    "%M": "mm", "%S": "ss", "%f": "fff", "%p": "AM",
}  # fmt: skip
_TOKEN = re.compile("|".join(_TOKENS))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_BLANKS = " \u00a0\u202f"  # a blank, and those at which no line is broken
_BLANK = re.compile(f"[{_BLANKS}]")
_EXCEL = "excel"  # days since 30 December 1899, as spreadsheet programs keep them
_HINT = "It is made of YYYY, MM or MMM, DD, hh, mm, ss, fff and AM, such as DD/MM/YYYY; or excel."
_YEARS = range(1000, 10_000)  # of a sheet, where a year may stand among the numbers of days


def converted(
    options: ReadingOptions, registry: Registry, entity_type: str, rows: Any, told: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """The rows with their values in the spelling that everything else reads.

    Args:
        options: how they are written.
        registry: the entity types.
        entity_type: that of the rows.
        rows: whatever `persist` takes.
        told: is given the number of whole numbers that were made, by column.
    """
    by_shape: dict[tuple[str, ...], list[tuple[str, Convert]]] = {}
    for chunk in chunks(entity_type, rows):
        for row in chunk:
            shape = tuple(row)
            if shape not in by_shape:
                by_shape[shape] = _conversions(options, registry, entity_type, shape, told)
            new = dict(row)
            for name, convert in by_shape[shape]:
                new[name] = convert(new[name])
            yield new


def told(persisted: PersistResult, whole: Mapping[str, int]) -> PersistResult:
    """The reply, with the whole numbers that were made, by column."""
    if not whole:
        return persisted
    columns = ", ".join(f"{name} ({count:,})" for name, count in whole.items())
    note = f"Numbers with a point were stored as whole ones in fields of text: {columns}."
    return replace(persisted, notes=(*persisted.notes, note))


def is_needed(options: ReadingOptions) -> bool:
    """Whether any value may have another spelling than the usual one."""
    return bool(
        options.null or options.decimal != "." or options.thousands or options.date_format
        or options.time_format or options.whole_numbers
    )  # fmt: skip


def check(options: ReadingOptions) -> None:
    """Raises InvalidArgument for a format of dates or times that is none."""
    for name in ("date_format", "time_format"):
        for given in getattr(options, name):
            _compiled(given.rpartition("=")[2])


def _conversions(
    options: ReadingOptions,
    registry: Registry,
    entity_type: str,
    names: Iterable[str],
    told: dict[str, int],
) -> list[tuple[str, Convert]]:
    nulls = frozenset(options.null)
    found: list[tuple[str, Convert]] = []
    for name in names:
        field = registry.field(entity_type, name) if isinstance(name, str) else None
        column = field.key if isinstance(field, Link) else field
        kind = column.type.kind if column is not None else ""
        inner = _of_kind(options, str(name), kind, told)
        if nulls:
            found.append((name, partial(_null, nulls, inner)))
        elif inner is not None:
            found.append((name, inner))
    return found


def _null(nulls: frozenset[str], inner: Convert | None, value: Any) -> Any:
    if type(value) is str and value.strip() in nulls:
        return None
    return inner(value) if inner else value


def _of_kind(options: ReadingOptions, name: str, kind: str, told: dict[str, int]) -> Convert | None:
    if kind in _NUMBERS and (options.decimal != "." or options.thousands):
        return partial(_number, _number_pattern(options.decimal, options.thousands))
    if kind == "partial":
        given = (*options.time_format, *options.date_format)
        formats = _formats_for(name, given)
        if formats:
            return partial(_moment, formats, kind)
    if kind in ("date", "timestamp"):
        given = options.date_format if kind == "date" else options.time_format
        formats = _formats_for(name, given, whole=True)
        if kind == "timestamp" and not formats:
            formats = _formats_for(name, options.date_format, whole=True)
        if formats:
            return partial(_moment, formats, kind)
    if kind == "text" and options.whole_numbers:
        return partial(_whole, name, told)
    return None


def _whole(name: str, told: dict[str, int], value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        told[name] = told.get(name, 0) + 1
        return int(value)
    return value


# -- numbers ------------------------------------------------------------------------------------


def _number_pattern(decimal: str, thousands: str | None) -> tuple[re.Pattern[str], str, str]:
    whole = r"\d+"
    if thousands:
        sign = f"[{_BLANKS}]" if thousands == " " else re.escape(thousands)
        whole = rf"(?:\d{{1,3}}(?:{sign}\d{{3}})+|\d+)"
    pattern = rf"\s*[-+]?{whole}(?:{re.escape(decimal)}\d*)?(?:[eE][-+]?\d+)?\s*"
    return re.compile(pattern, re.ASCII), decimal, thousands or ""


def _number(how: tuple[re.Pattern[str], str, str], value: Any) -> Any:
    if type(value) is not str or not value.strip():
        return value
    pattern, decimal, thousands = how
    if thousands == " ":
        value = _BLANK.sub(" ", value)
    if not pattern.fullmatch(value):
        return Unstorable(repr(value))  # 1.234 may be a thousand to who wrote it
    return (value.replace(thousands, "") if thousands else value).replace(decimal, ".").strip()


# -- days and times -----------------------------------------------------------------------------


def _formats_for(
    name: str, given: tuple[str, ...], *, whole: bool = False
) -> tuple[re.Pattern[str] | None, ...]:
    """Of a column of this name, else of all. With ``whole`` it holds no days known in part.

    Raises InvalidArgument for a format without a day that is said to be that of such a column.
    """
    own = [text.partition("=")[2] for text in given if text.partition("=")[0] == name]
    if not own:
        every = [text for text in given if "=" not in text]
        return tuple(_compiled(text) for text in every if not (whole and _in_part(text)))
    for text in own:
        if whole and _in_part(text):
            raise InvalidArgument(
                f"{text!r:.60} has no day, and {name} is a whole date.", hint=_HINT
            )
    return tuple(map(_compiled, own))


def _in_part(text: str) -> bool:
    """Whether a format has no day, such as MM/YYYY."""
    return text != _EXCEL and "DD" not in text


def _compiled(text: str) -> re.Pattern[str] | None:
    """The pattern of a format; None is a spreadsheet's number. Raises InvalidArgument."""
    if text == _EXCEL:
        return None
    pattern, at, seen = "", 0, []
    for match in _TOKEN.finditer(text):
        pattern += re.escape(text[at : match.start()]) + _TOKENS[match[0]]
        seen.append(match[0])
        at = match.end()
    rest = _TOKEN.sub("", text)
    months = {"MM", "MMM"} & {*seen}
    letters = re.search(r"[A-SU-Za-z%]", rest)
    needed = {"DD": months, "hh": {"DD"}, "mm": {"hh"}, "ss": {"mm"}, "fff": {"ss"}, "AM": {"hh"}}
    gaps = any(not needs & {*seen} for token, needs in needed.items() if token in seen)
    if len({*seen}) < len(seen) or len(months) > 1 or "YYYY" not in seen or gaps or letters:
        raise InvalidArgument(f"{text!r:.60} is no format of a date.", hint=_meant(text) or _HINT)
    return re.compile(pattern + re.escape(text[at:]), re.ASCII)


def _meant(text: str) -> str | None:
    """A hint where a format is written as other programs write it: %d/%m/%Y or dd/mm/yyyy."""
    new = text
    for percent, token in _STRPTIME.items():
        new = new.replace(percent, token)
    if new == text:
        new = re.sub(r"y{4}|m{2,3}(?![:.]?[sS])|d{2}", lambda match: match[0].upper(), text)
    try:
        return f"Did you mean {new}?" if new != text and _compiled(new) else None
    except InvalidArgument:
        return None


def _moment(formats: tuple[re.Pattern[str] | None, ...], kind: str, value: Any) -> Any:
    for pattern in formats:
        if pattern is None:
            found = _of_excel(value, kind)
        else:
            match = pattern.fullmatch(value.strip()) if type(value) is str else None
            found = _spelled(match.groupdict(), kind) if match else None
        if found is not None:
            return found
    return value


def _of_excel(value: Any, kind: str) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        days = float(value)
        whole, part = divmod(days, 1)
        if kind == "partial" and days in _YEARS:
            return str(int(days))
        if not 61 <= days < 2_958_466 or (kind == "date" and part):
            return None  # before, Excel counts a day that there was not
        day = dt.datetime(1899, 12, 30) + dt.timedelta(days=whole, seconds=round(part * 86400))
    except (ValueError, OverflowError):
        return None
    if kind == "date" or (kind == "partial" and not part):
        return day.date().isoformat()
    return day.isoformat()


def _spelled(parts: Mapping[str, str | None], kind: str) -> str | None:
    """The moment as everything else reads it; None where there is no such day or time."""
    month = parts.get("month")
    if name := parts.get("name"):
        month = next((str(n) for n, m in enumerate(_MONTHS, 1) if name.lower()[:3] == m), "0")
    hour = int(parts.get("hour") or 0)
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    try:
        moment = dt.datetime(
            int(parts["year"] or 0), int(month or 1), int(parts.get("day") or 1), hour,
            int(parts.get("minute") or 0), int(parts.get("second") or 0),
            int((parts.get("fraction") or "0").ljust(6, "0")),
        )  # fmt: skip
    except ValueError:
        return None
    if kind == "partial":
        return _as_far(moment.isoformat(timespec="microseconds"), parts)
    if kind == "date":
        return moment.date().isoformat() if moment.time() == dt.time() else None
    return moment.isoformat()


def _as_far(told: str, parts: Mapping[str, str | None]) -> str:
    """The part of a moment that its text had."""
    if fraction := parts.get("fraction"):
        return told[: 20 + len(fraction)]
    ends = {"second": 19, "minute": 16, "hour": 13, "day": 10, "month": 7, "name": 7}
    return told[: next((end for part, end in ends.items() if parts.get(part)), 4)]
