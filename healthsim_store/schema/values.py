"""The stored form of a value, in whatever spelling it comes; and whether values have it already.

For each kind of logical type there are two functions. One gives the stored form of one value, or
raises ValueError. The other, ``plain``, looks at a column of values at once, as cheaply as it can:
true means that SQLite stores each exactly as the first function would. So one value has one stored
form, whatever its neighbours are. Files have numbers as text: ``usual`` makes a function that gives
the stored form of text in the spelling that most files have, ten times as quickly; None for others.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import enum
import json
import math
import re
import struct
import uuid
from collections.abc import Callable, Sequence
from typing import Any

Stored = str | int | float | None
Usual = Callable[[str], Stored]

_TRUE = {"true", "t", "yes", "y", "1"}
_FALSE = {"false", "f", "no", "n", "0"}

_EXACT = 2**53  # whole numbers up to it are exact as a double
NOISE = 1e-12  # of its size, by how much a sum of doubles may be off
PART = 1e-3  # of one step of its scale, which a decimal may be off at most
_PART_FLOAT32 = 0.1  # the same for a float32, of which a step is many times larger
_FIRST_DAY = "0001"  # SQLite takes earlier years, which neither Python nor Arrow has
# Python would take any sign before the time, any number of digits, and a week as its Monday.
_DAY = r"\d{4}(?:-\d\d-\d\d|\d{4}|-W\d\d-\d|W\d{3})"
_CLOCK = r"\d\d(?::?\d\d(?::?\d\d(?:[.,](\d+))?)?)?"
_MOMENT = re.compile(rf"{_DAY}(?:[Tt ]{_CLOCK}(?:Z|[+-]{_CLOCK})?)?", re.ASCII)
_JSON_PART = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_DEEP = 500  # how deeply JSON may be nested
_SECONDS, _MICROSECONDS = 19, 26  # the lengths of a timestamp in its one spelling
_NULL = type(None)


class Inexact(ValueError):
    """A number that has more decimals than its type; rounding it would store another one."""


def unwrapped(value: Any) -> Any:
    """The plain Python value of an enum member or of a numpy scalar; what is missing is None."""
    if isinstance(value, enum.Enum):
        value = value.value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float | dt.date):
        # pandas has a value of its own for a time that is missing, which is not equal to itself.
        return None if value != value else value
    if isinstance(value, decimal.Decimal):
        return None if value.is_nan() else value
    if hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        return _of_numpy(value)
    return None if type(value).__name__ == "NAType" else value  # pandas.NA


def _of_numpy(value: Any) -> Any:
    """A numpy scalar, or an array without dimensions; those with some are no single value."""
    if value != value:
        return None
    if value.dtype.kind == "m":
        return value  # numpy would make a number of a length of time, and leave out its unit
    found = value.item()
    if value.dtype.kind == "M" and not isinstance(found, dt.date):
        # It makes a number of nanoseconds, and of years that Python has not, too.
        found = str(value)
        with contextlib.suppress(ValueError):
            found = _moment(found)
    return found


# -- text ---------------------------------------------------------------------------------------


def text(value: Any, size: int | None, scale: int) -> str:
    if isinstance(value, str):
        found = value
    elif isinstance(value, dt.date):
        found = value.isoformat()
    elif isinstance(value, bool | float):
        raise ValueError(value)  # 2134.0 may have been 02134, which a program took for a number
    elif isinstance(value, int | uuid.UUID) or (
        isinstance(value, decimal.Decimal) and value.is_finite()
    ):
        found = str(value)
    else:
        raise ValueError(value)
    if (size and len(found) > size) or "\0" in found:
        raise ValueError(value)
    return found


def plain_text(values: Sequence[Any], size: int | None, scale: int) -> bool:
    try:
        return "\0" not in "".join(values)
    except TypeError:
        kinds = set(map(type, values))
        if not kinds <= {str, int, _NULL}:
            return False
        return "\0" not in "".join(value for value in values if type(value) is str)


# -- numbers ------------------------------------------------------------------------------------


def integer(value: Any, size: int | None, scale: int) -> int:
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if isinstance(value, float):
        # Its own value, as SQLite takes it, and not the shortest digits that it is written with.
        if not (value.is_integer() and -(2.0**63) <= value < 2.0**63):
            raise ValueError(value)
        return int(value)
    number = _number(value)
    if not number:
        return 0
    # The exponent first: to write 1e999999999 down as a whole number would take for ever.
    if number.adjusted() > 18 or number != number.to_integral_value():
        raise ValueError(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return int(number)


def usual_integer(size: int | None, scale: int) -> Usual:
    return lambda told: int(told) if told.isascii() and told.isdigit() and len(told) < 19 else None


def plain_integer(values: Sequence[Any], size: int | None, scale: int) -> bool:
    # SQLite makes a whole number of a float where nothing is lost, and refuses it otherwise.
    return set(map(type, values)) <= {int, bool, float, _NULL}


def real(value: Any, size: int | None, scale: int) -> float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    number = _number(value)
    found = float(number)
    if not math.isfinite(found) or (isinstance(value, int) and found != value):
        raise ValueError(value)
    return found


def usual_real(size: int | None, scale: int) -> Usual:
    return _as_float(r"-?\d{1,15}(?:\.\d{1,15})?")


def _as_float(pattern: str) -> Usual:
    """Python's float() of a text that fits the pattern, which is the nearest double."""
    fits = re.compile(pattern, re.ASCII).fullmatch
    return lambda told: float(told) if fits(told) else None


def plain_real(values: Sequence[Any], size: int | None, scale: int) -> bool:
    kinds = set(map(type, values))
    if int not in kinds:
        return kinds <= {float, _NULL}
    return kinds <= {int, float, _NULL} and all(
        -_EXACT <= value <= _EXACT for value in values if type(value) is int
    )


def exact_decimal(value: Any, size: int | None, scale: int) -> float:
    """The double that is nearest to the decimal.

    Text and Decimal must have no more decimals than the type. A float that is off by no more than
    doubles are, or float32 are, means the decimal beside it. Raises Inexact for any other.
    """
    assert size is not None
    number = _number(value)
    if number and number.adjusted() >= size - scale:
        raise ValueError(value)
    if isinstance(value, float):
        near, step = rounded_decimal(value, size, scale), 10.0**-scale
        off = abs(value - near)
        # A large number has room for more decimals below its noise: those are not noise.
        if off <= min(NOISE * max(abs(value), step), PART * step):
            return near
        if off <= _PART_FLOAT32 * step and _as_float32(near) == value:
            return near
        raise Inexact(value)
    if number != number.quantize(decimal.Decimal(1).scaleb(-scale)):
        raise Inexact(value)
    return float(number)


def rounded_decimal(value: Any, size: int | None, scale: int) -> float:
    """The same, rounded to the scale, half away from zero."""
    assert size is not None
    number = _number(value)
    step = decimal.Decimal(1).scaleb(-scale)
    if number and number.adjusted() >= size - scale:
        raise ValueError(value)
    rounded = number.quantize(step, rounding=decimal.ROUND_HALF_UP)
    if rounded and rounded.adjusted() >= size - scale:
        raise ValueError(value)
    return float(rounded)


def usual_decimal(size: int | None, scale: int) -> Usual | None:
    if size is None or size == scale:
        return None
    decimals = rf"(?:\.\d{{1,{scale}}})?" if scale else ""
    return _as_float(rf"-?\d{{1,{size - scale}}}{decimals}")


def plain_decimal(values: Sequence[Any], size: int | None, scale: int) -> bool:
    if not set(map(type, values)) <= {float, int, _NULL}:
        return False
    steps = 10.0**scale
    try:
        # The quotient of two whole numbers is the double nearest to the decimal.
        return all(v is None or round(v * steps) / steps == v for v in values)
    except (ValueError, OverflowError):
        return False  # NaN, or infinite


def _as_float32(value: float) -> float:
    """The float32 that is nearest, which a double may be made of."""
    try:
        found: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.inf
    return found


def _number(value: Any) -> decimal.Decimal:
    if not isinstance(value, int | float | decimal.Decimal | str):
        raise ValueError(value)
    if isinstance(value, bool):
        value = int(value)
    told = str(value).strip()
    if not told.isascii() or "_" in told:
        raise ValueError(value)  # Python would take 1_000 and the digits of every script
    try:
        number = decimal.Decimal(told)
    except decimal.DecimalException:
        raise ValueError(value) from None
    if not number.is_finite():
        raise ValueError(value)
    return number


# -- true and false -----------------------------------------------------------------------------


def boolean(value: Any, size: int | None, scale: int) -> int:
    if isinstance(value, str):
        word = value.strip().casefold()
        if word in _TRUE | _FALSE:
            return int(word in _TRUE)
    elif isinstance(value, int | float) and value in (0, 1):
        return int(value)
    raise ValueError(value)


def usual_boolean(size: int | None, scale: int) -> Usual:
    return (dict.fromkeys(_TRUE, 1) | dict.fromkeys(_FALSE, 0)).get


def plain_boolean(values: Sequence[Any], size: int | None, scale: int) -> bool:
    return set(map(type, values)) <= {int, bool, float, _NULL}


# -- days and times -----------------------------------------------------------------------------


def date(value: Any, size: int | None, scale: int) -> str:
    moment = _moment(value)
    if isinstance(moment, dt.datetime):
        if moment.time() != dt.time() or _nanosecond(moment) or moment.utcoffset():
            raise ValueError(value)  # a time of day would be lost, or the zone whose day it is
        moment = moment.date()
    return moment.isoformat()


def timestamp(value: Any, size: int | None, scale: int) -> str:
    moment = _moment(value)
    if _nanosecond(moment):
        raise ValueError(value)  # six decimals is what we keep
    if isinstance(moment, dt.datetime):
        # Also of a subclass, whose isoformat() may say more.
        moment = dt.datetime.combine(moment.date(), moment.timetz(), moment.tzinfo)
    else:
        moment = dt.datetime.combine(moment, dt.time())
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment.isoformat()


def plain_date(values: Sequence[Any], size: int | None, scale: int) -> bool:
    """Text is judged by SQLite, in one spelling."""
    return _plain_moments(values) is not None


def plain_timestamp(values: Sequence[Any], size: int | None, scale: int) -> bool:
    """The same; but SQLite would take a fraction of any length, and it has one."""
    texts = _plain_moments(values)
    lengths = set(map(len, texts or ()))
    return texts is not None and (
        lengths <= {_SECONDS}
        or (lengths <= {_SECONDS, _MICROSECONDS} and ".000000" not in "".join(texts))
    )


def _plain_moments(values: Sequence[Any]) -> Sequence[str] | None:
    """The texts, if there is nothing else; and none before the first year, which SQLite has."""
    kinds = set(map(type, values))
    if not kinds <= {str, _NULL}:
        return None  # dates too: Python's own way to store them is deprecated
    texts = values if _NULL not in kinds else [value for value in values if value is not None]
    return texts if not texts or min(texts) >= _FIRST_DAY else None


def _nanosecond(moment: Any) -> bool:
    """Whether it has more than microseconds, as a moment of pandas may."""
    return bool(getattr(moment, "nanosecond", 0))


def _moment(value: Any) -> dt.date:
    """A date, or the datetime that is one of its kind."""
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        raise ValueError(value)
    told = value.strip()
    match = _MOMENT.fullmatch(told)
    if match is None or any(fraction and fraction[6:].strip("0") for fraction in match.groups()):
        raise ValueError(value)  # Python would leave the seventh decimal out
    return dt.date.fromisoformat(told) if len(told) <= 10 else dt.datetime.fromisoformat(told)


# -- JSON ---------------------------------------------------------------------------------------


def json_text(value: Any, size: int | None, scale: int) -> str:
    if isinstance(value, str):
        if "\0" in value or _is_deep(value):
            raise ValueError(value)
        # Numbers stay text, since Python's have limits that those of JSON have not. SQLite judges
        # where Python's stack has too little room. A json.JSONDecodeError is a ValueError.
        with contextlib.suppress(RecursionError):
            json.loads(value, parse_int=str, parse_float=str, parse_constant=_no_number)
        return value
    try:
        found = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except TypeError:
        raise ValueError(value) from None
    _check_keys(value)
    return found


def _no_number(name: str) -> Any:
    """NaN and Infinity, which Python reads and JSON has not."""
    raise ValueError(name)


def _check_keys(value: Any) -> None:
    """Raise ValueError for a key that is no text: it would become text, perhaps that of another."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError(value)
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        _check_keys(item)


def plain_json(values: Sequence[Any], size: int | None, scale: int) -> bool:
    return plain_text(values, size, scale) and not any(
        len(value) > _DEEP and _is_deep(value) for value in values if type(value) is str
    )


def _is_deep(text: str) -> bool:
    """Whether JSON is nested more deeply than every version of SQLite and Python reads."""
    if text.count("[") + text.count("{") <= _DEEP:
        return False
    depth = 0
    for part in _JSON_PART.findall(text):
        depth += 1 if part in "[{" else -1 if part in "]}" else 0
        if depth > _DEEP:
            return True
    return False
