"""Logical types: what a column of schema.sql means, beyond what SQLite can store.

SQLite's STRICT tables know five types. A logical type adds to one of them a CHECK, the spellings
that are understood on the way in, and the Arrow type on the way out.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import math
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Stored = str | int | float | None

_DECLARED = re.compile(r"\s*([A-Za-z ]+?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*")
_KINDS = {
    "VARCHAR": "text", "TEXT": "text", "CHAR": "text",
    "INTEGER": "integer", "INT": "integer", "BIGINT": "integer", "SMALLINT": "integer",
    "REAL": "real", "DOUBLE": "real", "DOUBLE PRECISION": "real", "FLOAT": "real",
    "DECIMAL": "decimal", "NUMERIC": "decimal",
    "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "timestamp", "JSON": "json",
}  # fmt: skip
_STORAGE = {"integer": "INTEGER", "boolean": "INTEGER", "real": "REAL", "decimal": "REAL"}
_TRUE = {"true", "t", "yes", "y", "1"}
_FALSE = {"false", "f", "no", "n", "0"}

TYPE_NAMES = "VARCHAR, VARCHAR(n), INTEGER, REAL, DECIMAL(p,s), BOOLEAN, DATE, TIMESTAMP, JSON"


@dataclass(frozen=True, slots=True)
class LogicalType:
    """A declared SQL type. ``sql`` is its one spelling, ``kind`` what it means."""

    sql: str
    kind: str
    size: int | None = None
    scale: int = 0

    @classmethod
    def parse(cls, declared: str) -> LogicalType:
        """Read ``DECIMAL(12, 2)``. Raises ValueError for a type that is not one of TYPE_NAMES."""
        match = _DECLARED.fullmatch(declared)
        name = " ".join(match[1].upper().split()) if match else ""
        kind = _KINDS.get(name)
        if match is None or kind is None:
            raise ValueError(declared)
        size = int(match[2]) if match[2] else None
        scale = int(match[3] or 0)
        if kind == "decimal" and (size is None or not scale <= size <= 15):
            # REAL is exact to 15 decimal digits; more would be stored as something else.
            raise ValueError(declared)
        if kind == "decimal":
            return cls(f"DECIMAL({size},{scale})", kind, size, scale)
        if kind == "text":
            return cls(f"VARCHAR({size})" if size else "VARCHAR", kind, size)
        return cls({"integer": "INTEGER", "real": "REAL"}.get(kind, name), kind)

    @property
    def storage(self) -> str:
        """The type of the column in a STRICT table."""
        return _STORAGE.get(self.kind, "TEXT")

    @property
    def expected(self) -> str:
        """What a value must be, for an error message."""
        if self.kind == "text" and self.size:
            return f"text of at most {self.size} characters"
        if self.kind == "decimal":
            return f"a number with at most {self.scale} decimals"
        return {
            "text": "text",
            "integer": "a whole number",
            "real": "a number",
            "boolean": "true or false",
            "date": "a date that exists, as YYYY-MM-DD",
            "timestamp": "a date and time that exist, as YYYY-MM-DDTHH:MM:SS",
            "json": "a JSON value",
        }[self.kind]

    def check(self, column: str) -> str | None:
        """The CHECK that makes SQLite itself refuse what is not of this type; NULL passes."""
        if self.kind == "text":
            return f"length({column}) <= {self.size}" if self.size else None
        if self.kind == "decimal":
            assert self.size is not None
            # A tolerance, since SQLite's round() may be off by the last bit of the double.
            return (
                f"abs({column} - round({column}, {self.scale})) < 1e-{self.scale + 3}"
                f" AND abs({column}) < 1e{self.size - self.scale}"
            )
        if self.kind == "real":
            # Infinity is no measurement, and JSON cannot say it.
            return f"{column} BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308"
        if self.kind == "timestamp":
            # One spelling only, so that comparing text compares time: T, no offset, and
            # an optional fraction, which strftime() would round.
            return (
                f"{column} IS NULL"
                f" OR strftime('%Y-%m-%dT%H:%M:%S', substr({column}, 1, 19), '+0 days')"
                f" IS substr({column}, 1, 19)"
                f" AND (length({column}) = 19 OR length({column}) BETWEEN 21 AND 26"
                f" AND substr({column}, 20, 1) = '.'"
                f" AND substr({column}, 21) NOT GLOB '*[^0-9]*')"
            )
        return {
            "boolean": f"{column} IN (0, 1)",
            # Without the modifier, date() gives 30 February back as it came.
            "date": f"{column} IS NULL OR date({column}, '+0 days') IS {column}",
            # SQLite 3.40 says that NULL is not valid JSON.
            "json": f"{column} IS NULL OR json_valid({column})",
        }.get(self.kind)

    def coerce(self, value: Any) -> Stored:
        """The stored form of a value in any understood spelling; None stays None.

        Raises ValueError when there is none; the caller says which field of which row.
        """
        if isinstance(value, enum.Enum):
            value = value.value
        if not isinstance(value, str | int | float) and hasattr(value, "item"):
            value = value.item()  # a numpy or Arrow scalar
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        if isinstance(value, str):
            value.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
            if value.strip() == "" and self.kind != "text":
                return None
        return _COERCE[self.kind](self, value)

    def arrow(self) -> pa.DataType:
        """The Arrow type, the same for every export."""
        import pyarrow as pa

        if self.kind == "decimal":
            assert self.size is not None
            return pa.decimal128(self.size, self.scale)
        types: dict[str, pa.DataType] = {
            "text": pa.string(),
            "integer": pa.int64(),
            "real": pa.float64(),
            "boolean": pa.bool_(),
            "date": pa.date32(),
            "timestamp": pa.timestamp("us"),
            "json": pa.string(),
        }
        return types[self.kind]


def _text(type_: LogicalType, value: Any) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, dt.date):
        text = value.isoformat()
    elif isinstance(value, int | float | decimal.Decimal | uuid.UUID):
        text = str(int(value)) if isinstance(value, bool) else str(value)
    else:
        raise ValueError(value)
    if type_.size and len(text) > type_.size:
        raise ValueError(value)
    return text


def _integer(type_: LogicalType, value: Any) -> int:
    number = _decimal_number(value)
    if number != number.to_integral_value() or not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return int(number)


def _real(type_: LogicalType, value: Any) -> float:
    return float(_decimal_number(value))


def _decimal(type_: LogicalType, value: Any) -> float:
    assert type_.size is not None
    number = _decimal_number(value)
    step = decimal.Decimal(1).scaleb(-type_.scale)
    if abs(number) >= decimal.Decimal(10) ** (type_.size - type_.scale):
        raise ValueError(value)
    rounded = number.quantize(step, rounding=decimal.ROUND_HALF_UP)
    # A binary float seldom is its decimal to the last digit, so it is rounded, as SQL does;
    # a decimal or a text that says more digits would lose them.
    if rounded != number and not isinstance(value, float):
        raise ValueError(value)
    return float(rounded)


def _decimal_number(value: Any) -> decimal.Decimal:
    if not isinstance(value, int | float | decimal.Decimal | str):
        raise ValueError(value)
    try:
        number = decimal.Decimal(str(int(value)) if isinstance(value, bool) else str(value).strip())
    except decimal.InvalidOperation:
        raise ValueError(value) from None
    if not number.is_finite():
        raise ValueError(value)
    return number


def _boolean(type_: LogicalType, value: Any) -> int:
    if isinstance(value, str):
        word = value.strip().casefold()
        if word in _TRUE | _FALSE:
            return int(word in _TRUE)
    elif isinstance(value, int | float) and value in (0, 1):
        return int(value)
    raise ValueError(value)


def _date(type_: LogicalType, value: Any) -> str:
    moment = _moment(value)
    if isinstance(moment, dt.datetime):
        if moment.time() != dt.time():
            raise ValueError(value)  # a time of day would be lost
        moment = moment.date()
    return moment.isoformat()


def _timestamp(type_: LogicalType, value: Any) -> str:
    moment = _moment(value)
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return moment.isoformat()


def _moment(value: Any) -> dt.date:
    """A date, or the datetime that is one of its kind."""
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        raise ValueError(value)
    text = value.strip()
    return dt.date.fromisoformat(text) if len(text) <= 10 else dt.datetime.fromisoformat(text)


def _json(type_: LogicalType, value: Any) -> str:
    if isinstance(value, str):
        json.loads(value)  # already JSON; json.JSONDecodeError is a ValueError
        return value
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except TypeError:
        raise ValueError(value) from None


_COERCE: dict[str, Callable[[LogicalType, Any], Stored]] = {
    "text": _text,
    "integer": _integer,
    "real": _real,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "json": _json,
}
