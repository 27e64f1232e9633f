"""The stored form of a value, in whatever spelling it comes; and whether values have it already.

For each kind of logical type there are two functions. One gives the stored form of one value, or
raises ValueError. The other, ``plain``, looks at a column of values at once, as cheaply as it can:
true means that SQLite stores each exactly as the first function would. So one value has one stored
form, whatever its neighbours are.
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
from collections.abc import Sequence
from typing import Any

Stored = str | int | float | None

_TRUE = {"true", "t", "yes", "y", "1"}
_FALSE = {"false", "f", "no", "n", "0"}

_EXACT = 2**53  # whole numbers up to it are exact as a double
NOISE = 1e-12  # of its size, by how much a sum of doubles may be off
_FIRST_DAY = "0001"  # SQLite takes earlier years, which neither Python nor Arrow has
_FRACTION = re.compile(r"[.,](\d+)")
_NULL = type(None)


class Inexact(ValueError):
    """A number that has more decimals than its type; rounding it would store another one."""


def unwrapped(value: Any) -> Any:
    """The plain Python value of an enum member, or of a numpy or Arrow scalar; NaN is None."""
    if isinstance(value, enum.Enum):
        value = value.value
    if not isinstance(value, str | int | float | dt.date) and hasattr(value, "item"):
        value = value.item()
    # pandas has a value of its own for a time that is missing, which is not equal to itself.
    if value is None or value != value:
        return None
    return value


# -- text ---------------------------------------------------------------------------------------


def text(value: Any, size: int | None, scale: int) -> str:
    if isinstance(value, str):
        found = value
    elif isinstance(value, dt.date):
        found = value.isoformat()
    elif isinstance(value, int | float | decimal.Decimal | uuid.UUID):
        found = str(int(value)) if isinstance(value, bool) else str(value)
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
    number = _number(value)
    # The exponent first: to write 1e999999999 down as a whole number would take for ever.
    if number.adjusted() > 18 or number != number.to_integral_value():
        raise ValueError(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return int(number)


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
        near = rounded_decimal(value, size, scale)
        if not (abs(value - near) <= NOISE * max(abs(value), 10.0**-scale) or
                _as_float32(near) == value):  # fmt: skip
            raise Inexact(value)
        return near
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
    try:
        if isinstance(value, bool):
            value = int(value)
        number = decimal.Decimal(str(value).strip())
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


def plain_boolean(values: Sequence[Any], size: int | None, scale: int) -> bool:
    return set(map(type, values)) <= {int, bool, float, _NULL}


# -- days and times -----------------------------------------------------------------------------


def date(value: Any, size: int | None, scale: int) -> str:
    moment = _moment(value)
    if isinstance(moment, dt.datetime):
        if moment.time() != dt.time():
            raise ValueError(value)  # a time of day would be lost
        moment = moment.date()
    return moment.isoformat()


def timestamp(value: Any, size: int | None, scale: int) -> str:
    moment = _moment(value)
    if getattr(moment, "nanosecond", 0):
        raise ValueError(value)  # pandas counts them; six decimals is what we keep
    if isinstance(moment, dt.datetime):
        # Also of a subclass, whose isoformat() may say more.
        moment = dt.datetime.combine(moment.date(), moment.timetz(), moment.tzinfo)
    else:
        moment = dt.datetime.combine(moment, dt.time())
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment.isoformat()


def plain_moment(values: Sequence[Any], size: int | None, scale: int) -> bool:
    """Text is judged by SQLite, in one spelling; but it would take years before the first one."""
    kinds = set(map(type, values))
    if not kinds <= {str, _NULL}:
        return False  # dates too: Python's own way to store them is deprecated
    texts = values if _NULL not in kinds else [value for value in values if value is not None]
    return not texts or bool(min(texts) >= _FIRST_DAY)


def _moment(value: Any) -> dt.date:
    """A date, or the datetime that is one of its kind."""
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        raise ValueError(value)
    told = value.strip()
    if len(told) <= 10:
        return dt.date.fromisoformat(told)
    fraction = _FRACTION.search(told)
    if fraction and fraction[1][6:].strip("0"):
        raise ValueError(value)  # Python would leave the seventh decimal out
    return dt.datetime.fromisoformat(told)


# -- JSON ---------------------------------------------------------------------------------------


def json_text(value: Any, size: int | None, scale: int) -> str:
    if isinstance(value, str):
        json.loads(value)  # already JSON; json.JSONDecodeError is a ValueError
        if "\0" in value:
            raise ValueError(value)
        return value
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except TypeError:
        raise ValueError(value) from None


def plain_json(values: Sequence[Any], size: int | None, scale: int) -> bool:
    return plain_text(values, size, scale)
