"""What must be stored of a value, worked out plainly, and by nothing of healthsim_store.

It says once more, in the shortest way, what the documentation promises. Numbers are compared as
fractions, so that nothing is rounded on the way.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import math
import re
import struct
import uuid
from fractions import Fraction
from typing import Any

import numpy as np
from sound_product import Field

_NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?"
    r"(?:(Z)|([+-])(\d\d):?(\d\d)(?::(\d\d))?)?",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d{8}|\d{4}-W\d\d-\d|\d{4}W\d{3}", re.ASCII)
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


class Refused(Exception):
    """The value must not be stored."""


def stored(field: Field, value: Any) -> Any:
    """What SQLite must give back: text, a whole number, a double, or None.

    Raises Refused where the value must be refused.
    """
    found = _of_type(field, _simple(value))
    if found is None:
        found = field.default
    if field.required and (found is None or (isinstance(found, str) and not found.strip())):
        raise Refused
    if field.allowed and found is not None and found not in field.allowed:
        raise Refused
    return found


def _simple(value: Any) -> Any:
    """The value without what numpy, pandas and enum put around it; None where it is missing."""
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            return None
        # numpy's own spelling, with as many decimals as its unit has.
        text = str(value)
        return dt.date.fromisoformat(text) if len(text) == 10 else _Moment(text)
    if isinstance(value, np.ndarray):
        return value if value.shape else _simple(value[()])
    if isinstance(value, np.timedelta64):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.float16 | np.float32 | np.float64):
        value = float(value)
    if isinstance(value, np.str_):
        return str(value)
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, decimal.Decimal) and value.is_nan():
        return None
    return value


class _Moment(str):
    """A moment that has no datetime of its own, as text."""


def _of_type(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str):
        if any(0xD800 <= ord(character) < 0xE000 for character in value):
            raise Refused
        word = value.strip().casefold()
        for spelling in field.allowed:
            if isinstance(spelling, str) and spelling.casefold() == word:
                return spelling
        if word in field.synonyms:
            return field.synonyms[word]
        if field.kind != "text" and word == "":
            return None
    return _KINDS[field.kind](field, value)


# -- the types ----------------------------------------------------------------------------------


def _text(field: Field, value: Any) -> str:
    if isinstance(value, _Moment):
        value = _iso(value)
    if isinstance(value, bool | float):
        raise Refused  # 2134.0 may have been 02134
    if isinstance(value, int) or _finite(value) or isinstance(value, uuid.UUID):
        try:
            found = str(value)
        except ValueError:  # more digits than Python writes
            raise Refused from None
    elif isinstance(value, dt.date):
        found = value.isoformat()
    elif isinstance(value, str):
        found = str(value)
    else:
        raise Refused
    if "\0" in found or (field.size and len(found) > field.size):
        raise Refused
    return found


def _iso(moment: str) -> str:
    """Python's spelling of what numpy wrote with nine decimals, where no digit is lost."""
    whole, _, decimals = moment.partition(".")
    if decimals[6:].strip("0") or len(whole) != 19:
        return str(moment)
    return whole if not decimals.strip("0") else f"{whole}.{decimals[:6]}"


def _integer(field: Field, value: Any) -> int:
    number = _fraction(value)
    if number.denominator != 1 or not -(2**63) <= number < 2**63:
        raise Refused
    return int(number)


def _real(field: Field, value: Any) -> float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    number = _fraction(value)
    found = _double(number)
    if isinstance(value, int) and Fraction(found) != number:
        raise Refused  # a whole number is exact or not stored
    return found


def _decimal(field: Field, value: Any) -> float:
    number, step = _fraction(value), Fraction(1, 10**field.scale)
    if abs(number) >= 10 ** (field.size - field.scale):
        raise Refused
    near = math.floor(number / step + Fraction(1, 2)) * step
    if abs(near) >= 10 ** (field.size - field.scale):
        raise Refused
    if near == number:
        return _double(near)
    if not isinstance(value, float):
        raise Refused
    # A double, or a float32, that is as near to the decimal as sums of such come.
    off = abs(number - near)
    noise = min(max(abs(number), step) / 10**12, step / 1000)
    if _double(near) == value:
        return value
    as_float32 = struct.unpack("f", struct.pack("f", _double(near)))[0]
    if off <= noise or (as_float32 == value and off <= step / 10):
        return _double(near)
    raise Refused


def _boolean(field: Field, value: Any) -> int:
    if isinstance(value, str):
        word = value.strip().casefold()
        if word in _TRUE:
            return 1
        if word in _FALSE:
            return 0
    elif isinstance(value, int | float) and value in (0, 1):
        return int(value)
    raise Refused


def _date(field: Field, value: Any) -> str:
    moment = _moment(value)
    if isinstance(moment, dt.datetime):
        if moment.time() != dt.time() or moment.utcoffset():
            raise Refused  # the time of day, or the zone, would be lost
        moment = moment.date()
    return moment.isoformat()


def _timestamp(field: Field, value: Any) -> str:
    moment = _moment(value)
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime(moment.year, moment.month, moment.day)
    naive = dt.datetime(
        moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second,
        moment.microsecond,
    )  # fmt: skip
    try:
        naive -= moment.utcoffset() or dt.timedelta()
    except OverflowError:
        raise Refused from None
    return naive.isoformat()


def _json(field: Field, value: Any) -> str:
    if isinstance(value, str):
        if "\0" in value or _depth(value) > 500:
            raise Refused
        try:
            # Numbers stay text: Python's have limits that JSON has not.
            json.loads(value, parse_constant=_refuse, parse_int=str, parse_float=str)
        except ValueError:
            raise Refused from None
        except RecursionError:
            pass  # of no more than 500 brackets, on a stack that is deep itself
        return value
    return _dumped(value)


_KINDS = {
    "text": _text, "integer": _integer, "real": _real, "decimal": _decimal, "boolean": _boolean,
    "date": _date, "timestamp": _timestamp, "json": _json,
}  # fmt: skip


# -- what they share ------------------------------------------------------------------------------


def _refuse(_: Any) -> Any:
    raise Refused


def _finite(value: Any) -> bool:
    return isinstance(value, decimal.Decimal) and value.is_finite()


def _fraction(value: Any) -> Fraction:
    """The number, exactly. Raises Refused for what is none, and where it is beyond all types."""
    if isinstance(value, int):
        return Fraction(value)
    if isinstance(value, float) and math.isfinite(value):
        return Fraction(value)
    if isinstance(value, decimal.Decimal) and value.is_finite():
        value = str(value)
    if not isinstance(value, str):
        raise Refused
    match = _NUMBER.fullmatch(value.strip())
    if not match or not (match[2] or match[3]):
        raise Refused
    digits, decimals = match[2] + (match[3] or ""), len(match[3] or "")
    if len(digits) > 4000:
        raise Refused
    whole = int(digits) * (-1 if match[1] == "-" else 1)
    power = int(match[4] or 0) - decimals
    if whole == 0:
        return Fraction(0)
    if power + len(digits) > 400:
        raise Refused  # larger than a double, and than any decimal
    if power < -6000:
        power = -6000  # smaller than any double that is not 0
    return Fraction(whole) * Fraction(10) ** power


def _double(number: Fraction) -> float:
    """The nearest double: Python divides whole numbers with one rounding."""
    try:
        return number.numerator / number.denominator
    except OverflowError:
        raise Refused from None


def _moment(value: Any) -> dt.date:
    if isinstance(value, dt.date):
        if getattr(value, "nanosecond", 0):
            raise Refused  # of pandas
        return value
    if not isinstance(value, str):
        raise Refused
    text = value.strip()
    try:
        if _DAY.fullmatch(text):
            return dt.date.fromisoformat(text)
        match = _MOMENT.fullmatch(text)
        if match is None:
            raise Refused
        day, hour, minute, second, decimals, zulu, sign, *offset = match.groups()
        if decimals and decimals[6:].strip("0"):
            raise Refused
        zone = dt.UTC if zulu else None
        if sign:
            hours, minutes, seconds = (int(part or 0) for part in offset)
            length = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
            zone = dt.timezone(-length if sign == "-" else length)
        return dt.datetime.combine(
            dt.date.fromisoformat(day),
            dt.time(int(hour), int(minute or 0), int(second or 0), int(f"{decimals or 0:0<6}"[:6])),
            zone,
        )
    except ValueError:
        raise Refused from None


def _depth(text: str) -> int:
    """How many brackets are open at most, those within strings not counted."""
    depth = deepest = 0
    text = re.sub(r'"(\\.|[^"\\])*"', '""', text, flags=re.DOTALL)
    for sign in text:
        depth += (sign in "[{") - (sign in "]}")
        deepest = max(deepest, depth)
    return deepest


def _dumped(value: Any) -> str:
    """A value of dicts and lists as JSON, where it comes back as it was."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        try:
            return int.__repr__(value)
        except ValueError:
            raise Refused from None
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused
        return float.__repr__(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_dumped, value))}]"
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        pairs = (f"{json.dumps(key)}:{_dumped(item)}" for key, item in value.items())
        return f"{{{','.join(pairs)}}}"
    raise Refused
