"""Values that have been trouble somewhere, and hypothesis' own."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import math
import uuid
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

D = decimal.Decimal
EAST, WEST = dt.timezone(dt.timedelta(hours=5)), dt.timezone(-dt.timedelta(hours=5, minutes=30))


@dataclasses.dataclass(frozen=True)
class Raw:
    """A number as it stands in a JSON file, where Python would write another one."""

    text: str

    @property
    def meaning(self) -> int | float:
        """JSON has no types of numbers; one without fraction and exponent is whole."""
        return int(self.text) if self.text.lstrip("-").isdigit() else float(self.text)


class Sex(enum.Enum):
    FEMALE = "female"


class Level(enum.IntEnum):
    TWO = 2


TEXTS: list[str] = [
    "", " ", "x", "plain", "00123", " padded ", "trailing ", 'say "hi"', '"', '""', '"x', "'",
    "a,b", "a\tb", "a;b", "two\nlines", "cr\rcr", "cr\r\nlf", "\r", "\n", "\ufeffbom", "\ufeff",
    "\\", "\\N", "NULL", "null", "NA", "N/A", "None", "nan", "NaN", "inf", "Infinity", "-", "--",
    "#", "=1+1", "Zoë", "Zoe\u0308", "🐈", "👩\u200d⚕️", "漢字", "\u202eabc", "ﷺ", "\u00a0",
    "\u2028", "\x7f", "\x01", "a\0b", "\0", "\ud800", "a\udfffb", "'); DROP TABLE samples; --",
    "x" * 5, "x" * 6, "é" * 5, "🐈" * 5, "x" * 3000, "female", " MALE ", "f", "M", "not told",
    "Not Told", "cat", "DOG", "cats",
]  # fmt: skip
NUMBER_TEXTS: list[str] = [
    "0", "-0", "1", "2", " 3 ", "4", "+7", "007", "12.34", "12.340", "12.345", "12.340009",
    "12.349999", ".5", "5.", "1e2", "1E-2", "1e-7", "0.30000000000000004", "1e400", "-1e400",
    "1e-400", "0e99", "1e999999999999999999", "-1e999999999999999999", "1e-999999999999999999",
    "0e999999999", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "1234567890123456789.0", "1234567890123456789.5", "9007199254740993", "9999999999.99",
    "9999999999.994", "9999999999.995", "10000000000", "9999999999999.99", "9999999999999.98",
    "10000000000000", "9999", "9999.4", "10000", "999.999999", "1000", "123.4567891",
    "0.123456789012345", "0.999999999999999", "0.1234567890123456", "1_000", "1,000", "1.234,5",
    "\u0663", "\uff11\uff12", "0x10", "1e", "e1", ".", "+", "++1", "1 2", "1/2", "0." + "3" * 60,
    "1" * 60, "true", "TRUE", "t", "yes", " No ", "n", "false", "F", "maybe",
]  # fmt: skip
MOMENT_TEXTS: list[str] = [
    "2024-02-29", "2023-02-29", "2024-2-9", "0001-01-01", "0000-01-01", "-0001-01-01",
    "9999-12-31", "10000-01-01", "+002024-01-01", "29/02/2024", "2024-02-29 ", "20240229",
    "2024-02-30", "2024-02-29T08:30:00", "2024-02-29 08:30:00", "2024-02-29T08:30",
    "2024-02-29T25:00:00", "2024-02-29T08:30:00.5", "2024-02-29T08:30:00.500000",
    "2024-02-29T08:30:00.000000", "2024-02-29T08:30:00.0", "2024-02-29T08:30:00.123456",
    "2024-02-29T08:30:00.1234560", "2024-02-29T08:30:00.1234567", "2024-02-29T08:30:00.000000001",
    "2024-02-29T08:30:00,25", "2024-02-29T08:30:00Z", "2024-02-29T08:30:00+00:00",
    "2024-02-29T08:30:00+05:30", "2024-02-29T00:00:00", "2024-02-29T00:00:00Z",
    "2024-02-29T00:00:00+05:00", "2024-02-29 00:00:00", "0001-01-01T00:00:00+05:00",
    "9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59.999999", "2024-02-29T08:30:60",
    "2024-02-30T08:30:00", "1969-12-31T23:59:59.9", "0000-01-01T00:00:00", "2024-02-29T08:30:00 ",
    "2024-W09-4", "2024W094", "2024-W09", "2024020199", "2024-060", "2024-02",
    "2024-02-29_08:30:00", "2024-02-29T08:30:00.", "2024-02-29T08:30:00+00:00:00.1234567",
    "2024-02-29T08:30:00+24:00", "2024-02-29T00:00:00.000000",
]  # fmt: skip
JSON_TEXTS: list[str] = [
    "{}", "[]", "null", '"text"', '{"a": 1, "a": 2}', '{"a":1.10}', "12.50", "1e5", "1e999",
    "-1e999", "9" * 40, "1" * 5000, "01", "1.", ".1", "+1", "NaN", "Infinity", "-Infinity",
    "{a: 1}", "{'a': 1}", "[1,]", "[1] ", " [1]", "\n[1]\n", "\u00a0[1]", "\ufeff[1]", "[1]x",
    '"\\ud800"', '"\\u0000"', '"a\tb"', '"\ud800"', '{"é": "🐈"}', '"' + "x" * 2000 + '"',
    "[" * 100 + "]" * 100, "[" * 500 + "]" * 500, "[" * 501 + "]" * 501, "[" * 1500 + "]" * 1500,
    '["' + "[" * 600 + '"]', '{"a":' * 501 + "1" + "}" * 501, "[" * 5000 + "]" * 5000,
    "[" * 100 + "]" * 99, '"\\x"', "// c\n1", "True", '{"": ""}',
]  # fmt: skip
WHOLE: list[Any] = [
    0, 1, 2, 3, 4, -1, 7, 9999, 10000, 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**60, 2**63 - 1,
    2**63, -(2**63), -(2**63) - 1, 10**15, 10**22, 10**23, 10**400, 10**5000, True, False,
    Level.TWO, np.int8(-5), np.int64(2), np.uint64(2**64 - 1), np.uint8(255), np.bool_(True),
    np.array(5),
]  # fmt: skip
FLOATS: list[float] = [
    0.0, -0.0, 1.0, 2.0, 3.0, 0.5, 0.1, 0.1 + 0.2, 0.3, 1 / 3, 12.34, 12.345, 12.34999,
    12.340000000001, 12.3400000000000001, 1.15, 2.675, 1.005, 0.285, sum([0.01] * 1000),
    sum([0.1] * 7), 1e15, 1e16, 1e22, 1e23, 2.0**53, 2.0**60, 2.0**63, -(2.0**63), 1e300, -1e300,
    1.7976931348623157e308, 5e-324, 1e-7, 9999999999.99, 9999999999.994, 9999999999.995,
    5234567890.123, 1000000000.0009, 131072.125, 1000000.0625, 123456.7890625, 1234567890123.45,
    1234567890123.454, 9999999999999.99, 0.12345678, 0.123456789012345, 0.207975789675844,
    -0.19220760996564, 999.9999994, 9999.0, 9999.4, math.nan, math.inf, -math.inf,
    *(float(np.float32(x)) for x in (12.34, 0.1, 1234.56, 99999.99, 1e10, 3.3)), np.float32(12.34),
    np.float32(0.1), np.float32(16777216.0), np.float32(math.nan), np.float16(0.1),
    np.float64(12.34), np.float64(math.inf),
]  # fmt: skip
DECIMALS: list[D] = [
    D("0"), D("-0"), D("0.00"), D("1"), D("1.0"), D("12.34"), D("12.340"), D("12.345"), D("1E+2"),
    D("1E-7"), D("1E+30"), D("12.340000000001"), D("9999999999.99"), D("99999999999.99"), D("0.1"),
    D("9223372036854775807"), D("9223372036854775808"), D("1234567890123456789.0"), D("NaN"),
    D("sNaN"), D("Infinity"), D("1E+999999"), D("0E+999999"), D("0.123456789012345"),
    D("0.3" + "3" * 40), D("9999999999999.99"), D(0.1), D(12.34),
]  # fmt: skip
MOMENTS: list[Any] = [
    dt.date(2024, 2, 29), dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.datetime(2024, 2, 29),
    dt.datetime(2024, 2, 29, 8, 30), dt.datetime(2024, 2, 29, 8, 30, 0, 500_000),
    dt.datetime(2024, 2, 29, 8, 30, tzinfo=EAST), dt.datetime(2024, 2, 29, tzinfo=dt.UTC),
    dt.datetime(2024, 2, 29, tzinfo=EAST), dt.datetime(1, 1, 1, tzinfo=EAST),
    dt.datetime(1, 1, 1, tzinfo=WEST), dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=WEST),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999_999), pd.Timestamp("2024-02-29"),
    pd.Timestamp("2024-02-29T08:30:00.123456"), pd.Timestamp("2024-02-29T08:30:00.123456789"),
    pd.Timestamp("2024-02-29T00:00:00.000000001"),
    pd.Timestamp("2024-02-29T08:30", tz="US/Eastern"), np.datetime64("2024-02-29"),
    np.datetime64("2024-02-29T08:30:00"), np.datetime64("2024-02-29T08:30:00.5", "ns"),
    np.datetime64("2024-02-29T08:30:00.123456789"), np.datetime64("2024-02-29", "ns"),
    np.datetime64("10000-01-01T00:00:00"), np.datetime64("NaT", "ns"), dt.time(8, 30),
    dt.timedelta(1), np.timedelta64(5, "ns"), np.timedelta64(5, "s"),
]  # fmt: skip
MISSING: list[Any] = [None, math.nan, pd.NA, pd.NaT, D("NaN")]
DOCUMENTS: list[Any] = [
    {}, [], {"a": [1, None, True, 0.1 + 0.2, "x\0y", "\ud800"]}, {"a": math.nan}, [math.inf],
    {1: 2}, {1: 2, "1": 3}, {None: 1}, (1, 2), [2**70], [10**5000], {"d": D("1.5")},
    {"d": dt.date(2024, 1, 1)}, {"s": {1, 2}}, [[[[]]]], {"": {"": ""}}, {"a": b"x"},
    [np.float64(0.1)], [np.int64(1)], {"é": "🐈"},
]  # fmt: skip
ODD: list[Any] = [
    b"bytes", b"", bytearray(b"x"), {1, 2}, object, 1j, fractions.Fraction(1, 2), Sex.FEMALE,
    np.array([5]), np.array([1, 2]), np.array([math.nan]), pd.Series([5]), pd.Series([1, 2]),
    np.longdouble("0.1"), np.str_("text"), np.str_("2"), np.bytes_(b"x"), uuid.UUID(int=1),
    range(3), memoryview(b"x"), np.complex128(1), ...,
]  # fmt: skip

_any_text = st.text(st.characters(exclude_categories=()), max_size=8)
_fifteen = st.integers(1 - 10**15, 10**15 - 1)  # as many digits as a decimal may have
_few = st.integers(-(10**6), 10**6)
_decimal = st.one_of(
    st.builds(lambda number, scale: D(number).scaleb(-scale), _fifteen, st.sampled_from([2, 15])),
    st.builds(lambda number, scale: D(number).scaleb(-scale), _few, st.integers(0, 4)),
)  # fmt: skip
_noise = st.builds(lambda number, ulps: float(number) * (1 + ulps * 2.0**-52), _decimal,
                   st.integers(-50, 50))  # fmt: skip
_float32 = st.floats(-3e38, 3e38).map(np.float32).map(float)
_float = st.one_of(st.floats(), _float32, _decimal.map(float), _noise)
_zones = st.sampled_from([None, EAST, WEST, dt.UTC])
_moment = st.one_of(
    st.dates(), st.builds(lambda time, zone: time.replace(tzinfo=zone), st.datetimes(), _zones),
)  # fmt: skip
_whole = st.integers() | st.integers(-(2**64), 2**64)

#: Text of any kind, as every file has it.
texts: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(TEXTS), st.sampled_from(NUMBER_TEXTS), st.sampled_from(MOMENT_TEXTS),
    st.sampled_from(JSON_TEXTS), _any_text, _decimal.map(str), _float.map(repr),
    _moment.map(lambda moment: moment.isoformat()), _whole.map(str),
)  # fmt: skip

#: What a Python program may give.
objects: st.SearchStrategy[Any] = st.one_of(
    texts, st.sampled_from(WHOLE), st.sampled_from(FLOATS), st.sampled_from(DECIMALS),
    st.sampled_from(MOMENTS), st.sampled_from(MISSING), st.sampled_from(DOCUMENTS),
    st.sampled_from(ODD), _whole, _float, _decimal, _moment,
)  # fmt: skip


def _is_unicode(text: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


#: Text that UTF-8 can say.
writable_texts = texts.filter(_is_unicode)

#: Numbers as a JSON file may write them, which Python would not.
JSON_NUMBERS = [
    "0",
    "-0",
    "0.0",
    "-0.0",
    "1.10",
    "1.0",
    "12.34",
    "12.340",
    "12.345",
    "1E5",
    "1e-7",
    "1e400",
    "-1e400",
    "1e-400",
    "0.1000000000000000055",
    "0.30000000000000004",
    "12345678901234567890",
    "12345678901234567890.5",
    "9223372036854775807",
    "9223372036854775808",
    "9007199254740993",
    "9999999999.994",
    "99.99999999999999999",
    "1e22",
    "2",
    "3",
    "NaN",
    "Infinity",
    "-Infinity",
    "1000000.0625",
]

#: What a JSON file may have: text, numbers as they are written, and objects.
_plain_json = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False),
        _any_text,
        st.sampled_from(TEXTS),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_any_text, inner, max_size=3),
    max_leaves=5,
)
json_values: st.SearchStrategy[Any] = st.one_of(
    texts,
    texts,
    st.sampled_from(JSON_NUMBERS).map(lambda text: Raw(text)),
    _plain_json,
    st.sampled_from([True, False, None, 0, 1, 2, 2**63, 10**400]),
)
