"""Days and times of which a part may be unknown: 2003, 2003-12, 2003---15, 2003-12-15T07:15.

It is ISO 8601 in its extended form, to whatever precision is known, as FHIR's ``dateTime`` and
CDISC's SDTM have it. What is not known at the end is left out; a single hyphen stands for a part
that is not known before one that is. A time may have an offset, which stays: of half a day, nobody
can tell what it would be in UTC.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

EXPECTED = (
    "a day or time that exists, as far as it is known: YYYY, YYYY-MM, YYYY-MM-DD, YYYY-MM-DDThh:mm"
    " or YYYY-MM-DDThh:mm:ss; one - stands for an unknown part before a known one: 2003---15"
)

_DATE = r"(?P<year>\d{4}|-)(?:-(?P<month>\d\d|-)(?:-(?P<day>\d\d|-))?)?"
_TIME = r"(?P<hour>\d\d|-)(?::(?P<minute>\d\d|-)(?::(?P<second>\d\d)(?P<fraction>\.\d+)?)?)?"
_OFFSET = r"Z|[+-](?P<ahead>\d\d):(?P<beside>\d\d)"
_EXACT = re.compile(rf"{_DATE}(?:T{_TIME}(?:{_OFFSET})?)?", re.ASCII)
# Other spellings of ISO 8601: without separators, with a blank for the T, or a comma.
_BASIC = re.compile(
    r"(\d{4})(?:(\d\d)(\d\d)|-(\d\d)-(\d\d))"
    r"(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(?:([Zz])|([+-]\d\d)(?::?(\d\d))?)?)?",
    re.ASCII,
)

#: The same for a Data Package: how a value is spelled, whatever the calendar says of it.
PATTERN = (
    r"[0-9]{4}|([0-9]{4}|-)-[0-9]{2}|([0-9]{4}|-)-([0-9]{2}|-)-[0-9]{2}"
    r"|([0-9]{4}|-)-([0-9]{2}|-)-([0-9]{2}|-)"
    r"T([0-9]{2}|([0-9]{2}|-):[0-9]{2}|([0-9]{2}|-):([0-9]{2}|-):[0-9]{2}(\.[0-9]+)?)"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)


def partial_moment(value: Any, size: int | None, scale: int) -> str:
    """The stored form of a day or time: its ISO 8601 text, to the precision that it came with.

    A datetime keeps its offset. A whole number of four digits is a year, as sheets have it.
    """
    if isinstance(value, dt.date):
        told = _of_python(value)
    elif isinstance(value, int | float) and 1000 <= value <= 9999 and value == int(value):
        told = str(int(value))
    elif isinstance(value, str):
        told = value.strip()
    else:
        raise ValueError(value)
    parts = _EXACT.fullmatch(told)
    if parts is None:
        told = _respelled(told)
        parts = _EXACT.fullmatch(told)
    if parts is None or not _exists(parts):
        raise ValueError(value)
    return told


def plain_partial(values: Sequence[Any], size: int | None, scale: int) -> bool:
    """Text in its one spelling is judged by SQLite."""
    return set(map(type, values)) <= {str, type(None)}


def check(column: str) -> str:
    """The CHECK by which SQLite refuses what is no such text, over a column's quoted name.

    It stands in files, and `bounds` knows it to the letter: another one is known beside it, and not
    in its place.
    """
    # Most are whole days, which is quickly seen. In others, what is not known is filled with that
    # of which the calendar allows all: a leap year, a month of 31 days. SQLite knows fractions and
    # offsets, but no second 60 and no hour alone.
    filled = f"ltrim(replace(' ' || {column}, ' -', '2000'))"
    filled = f"replace(replace({filled}, '--T', '-01T'), '---', '-01-')"
    day = f"substr({filled} || '-01-01', 1, 10)"
    time = f"replace(substr({column}, instr({column}, 'T')), 'T-:', 'T00:')"
    time = f"substr(replace(replace({time}, ':-:', ':00:'), ':59:60', ':59:59'), 2)"
    hour = f"substr({column}, instr({column}, 'T') + 1, 2)"
    rest = f"substr({column}, instr({column}, 'T') + 3)"
    return (
        f"{column} IS NULL OR {column} >= '0001' AND date({column}, '+0 days') IS {column}"
        f" OR {column} NOT GLOB '*[^-0-9T:.Z+]*' AND instr({column}, char(0)) = 0"
        f" AND {column} NOT GLOB '0000*' AND {column} <> '-' AND date({day}, '+0 days') IS {day}"
        f" AND CASE substr({filled}, 11, 1) WHEN '' THEN instr({column}, 'T') = 0"
        f" WHEN 'T' THEN {column} NOT GLOB '*T24*' AND"
        f" iif({column} GLOB '*T??:*' OR {column} GLOB '*T-:*', time({time}),"
        f" time({hour} || ':00' || {rest})) IS NOT NULL ELSE 0 END"
    )


def _of_python(value: dt.date) -> str:
    if isinstance(value, dt.datetime):
        offset = value.utcoffset()
        if offset is not None and offset.total_seconds() % 60:
            value = value.astimezone(dt.UTC)  # a local time of long ago: no text has its seconds
    return value.isoformat()


def _respelled(told: str) -> str:
    """The one spelling of a whole day, or of a time of it, that is spelled otherwise."""
    found = _BASIC.fullmatch(told)
    if found is None:
        raise ValueError(told)
    year, month, day, months, days, hour, minute, second, fraction, utc, ahead, beside = (
        found.groups()
    )
    made = f"{year}-{month or months}-{day or days}"
    if hour:
        made += "".join([
            f"T{hour}", (minute and f":{minute}") or "", (second and f":{second}") or "",
            (fraction and f".{fraction}") or "", "Z" if utc else "",
            f"{ahead}:{beside or '00'}" if ahead else "",
        ])  # fmt: skip
    return made


def _exists(parts: re.Match[str]) -> bool:
    """Whether the calendar has such a day and the clock such a time, and the last part is known."""
    year, month, day = parts["year"], parts["month"], parts["day"]
    hour, minute, second = parts["hour"], parts["minute"], parts["second"]
    ends = [second or minute or hour] if hour else [day or month or year]
    if "-" in ends or year == "0000" or (hour and not day):
        return False
    if not 1 <= _number(month, 1) <= 12 or _number(hour, 0) > 23 or _number(minute, 0) > 59:
        return False
    days = calendar.monthrange(_number(year, 2000), _number(month, 1))[1]
    seconds = 60 if minute == "59" else 59  # a leap second
    return (
        1 <= _number(day, 1) <= days
        and _number(second, 0) <= seconds
        and _number(parts["ahead"], 0) <= 14
        and _number(parts["beside"], 0) <= 59
    )


def _number(part: str | None, unknown: int) -> int:
    return unknown if part in (None, "-") else int(part)
