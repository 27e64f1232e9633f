"""The ways in where a column has one type: tables of Arrow, DataFrames of pandas, Parquet."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nasty
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from sound_product import FIELDS
from trial import Column, Columns, Way

from healthsim_store import Store

_EPOCH = dt.datetime(1970, 1, 1)
_ZONES = {"UTC": dt.UTC, "+05:00": nasty.EAST, "-05:30": nasty.WEST}


@dataclass(frozen=True)
class Type:
    """A type of columns: its values, and what one of them means to the oracle.

    ``made`` is what the library calls it. ``fits`` are the kinds of fields that it is likely for.
    """

    name: str
    made: Any
    values: st.SearchStrategy[Any]
    meaning: Callable[[Any], Any] = lambda value: value
    fits: tuple[str, ...] = ()
    parquet: bool = True

    def __repr__(self) -> str:
        return self.name


def _decimals(digits: int, scale: int) -> st.SearchStrategy[decimal.Decimal]:
    most = 10 ** min(digits, 16) - 1
    return st.integers(-most, most).map(lambda n: decimal.Decimal(n).scaleb(-scale))


def _as_decimal_text(scale: int) -> Callable[[decimal.Decimal], str]:
    """Arrow gives decimals as text, with the column's own scale."""

    def meaning(value: decimal.Decimal) -> str:
        with decimal.localcontext(prec=60):
            return str(value.quantize(decimal.Decimal(1).scaleb(-scale)))

    return meaning


class Beyond:
    """A moment that Python has not; no type takes it."""


def _moment(unit: str, zone: str | None) -> Callable[[int], Any]:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]

    def meaning(value: int) -> Any:
        micro, rest = divmod(value * 10**6, per_second)
        if rest:  # nanoseconds: as text, which only a text column takes
            hours = {None: "", "UTC": "Z", "+05:00": "+0500", "-05:30": "-0530"}[zone]
            offset = _ZONES[zone].utcoffset(None) if zone else dt.timedelta()
            local = np.datetime64(value + offset // dt.timedelta(seconds=1) * 10**9, "ns")
            return f"{np.datetime_as_string(local)}{hours}"
        try:
            moment = _EPOCH + dt.timedelta(microseconds=micro)
            if zone is None:
                return moment
            return moment.replace(tzinfo=dt.UTC).astimezone(_ZONES[zone])
        except OverflowError:
            return Beyond()

    return meaning


_seconds = st.integers(-62_135_596_800, 253_402_300_799)  # of the years 1 to 9999
_far = st.sampled_from([-(2**52), 253_402_300_800, 10**12, -62_135_596_801, 2**52])
_nanoseconds = st.one_of(
    st.integers(10**14 - 2**63, 2**63 - 10**14), st.integers(0, 2**33).map(lambda n: n * 10**9),
    st.integers(0, 2**43).map(lambda n: n * 10**3),
)  # fmt: skip
_days = st.integers(-719_162, 2_932_896) | st.sampled_from([0, 19_782])


def _day(value: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=value)


def _float(kind: type[Any], most: float) -> st.SearchStrategy[Any]:
    """Floats of a type, up to a size, and those that are trouble."""
    nasty_ones = [x for x in nasty.FLOATS if abs(float(x)) <= most or math.isnan(x)]
    return (st.floats(-most, most) | st.sampled_from(nasty_ones)).map(kind)


_text_kinds = tuple({field.kind for field in FIELDS})
_numbers = ("integer", "real", "decimal", "boolean")
_whole = {
    name: st.integers(low, high) | st.integers(0, 3)
    for name, low, high in (
        ("int8", -128, 127), ("int16", -(2**15), 2**15 - 1), ("int32", -(2**31), 2**31 - 1),
        ("int64", -(2**63), 2**63 - 1), ("uint8", 0, 255), ("uint64", 0, 2**64 - 1),
    )
}  # fmt: skip

ARROW: list[Type] = [
    Type("string", pa.string(), nasty.writable_texts, fits=_text_kinds),
    Type("large_string", pa.large_string(), nasty.writable_texts, fits=_text_kinds),
    Type("string_view", pa.string_view(), nasty.writable_texts, parquet=False),
    Type("dictionary", pa.dictionary(pa.int32(), pa.string()), nasty.writable_texts),
    *(Type(name, getattr(pa, name)(), values, fits=_numbers) for name, values in _whole.items()),
    Type("float16", pa.float16(), _float(np.float16, 65_000.0), float),
    Type("float32", pa.float32(), _float(np.float32, 3e38), float, fits=("real", "decimal")),
    Type("float64", pa.float64(), _float(float, math.inf), float, fits=_numbers),
    *(
        Type(f"decimal({digits},{scale})", pa.decimal128(digits, scale), _decimals(digits, scale),
             _as_decimal_text(scale), fits=("decimal",))
        for digits, scale in ((12, 2), (38, 2), (15, 2), (4, 0), (9, 6), (15, 15), (38, 10))
    ),
    Type("decimal256", pa.decimal256(50, 3), _decimals(50, 3), _as_decimal_text(3)),
    Type("bool", pa.bool_(), st.booleans(), fits=("boolean", "integer")),
    Type("date32", pa.date32(), _days, _day, fits=("date", "timestamp")),
    Type("date64", pa.date64(), _days.map(lambda n: n * 86_400_000),
         lambda n: _day(n // 86_400_000)),
    *(
        Type(f"timestamp({unit},{zone})", pa.timestamp(unit, zone),
             values.map(lambda n, by=by: max(-(2**62), min(2**62, n * by))) if by else values,
             _moment(unit, zone), fits=("timestamp",))
        for unit, by, values in (
            ("s", 1, _seconds | _far), ("ms", 1000, _seconds | _far),
            ("us", 10**6, _seconds | _far), ("ns", 0, _nanoseconds),
        )
        for zone in (None, "UTC", "+05:00", "-05:30")
    ),
    Type("midnight", pa.timestamp("us"), _days.map(lambda n: n * 86_400 * 10**6),
         _moment("us", None), fits=("date",)),
    Type("time64", pa.time64("us"), st.integers(0, 86_399).map(lambda n: n * 10**6),
         lambda n: (_EPOCH + dt.timedelta(microseconds=n)).time()),
    Type("duration", pa.duration("us"), st.integers(0, 10**9),
         lambda n: dt.timedelta(microseconds=n)),
    Type("binary", pa.binary(), st.binary(max_size=4) | st.just(b"text")),
    Type("list", pa.list_(pa.int64()), st.lists(st.integers(-9, 2**62), max_size=3),
         fits=("json",)),
    Type("struct", pa.struct([("a", pa.int64()), ("b", pa.string())]),
         st.fixed_dictionaries({"a": st.integers(0, 9), "b": nasty.writable_texts}),
         lambda value: {"a": value["a"], "b": value["b"]}, fits=("json",)),
    Type("uuid", pa.uuid(), st.integers(0, 2**100).map(lambda n: uuid.UUID(int=n).bytes),
         lambda value: uuid.UUID(bytes=value), parquet=False),
]  # fmt: skip


def _array(column: Column) -> pa.Array:
    return pa.array(column.values, column.type and column.type.made)


def _table(columns: Columns) -> pa.Table:
    return pa.table({name: _array(column) for name, column in columns.items()})


def _arrow(store: Store, scenario: str, columns: Columns, folder: Path) -> None:
    store.persist({"samples": _table(columns)}, scenario=scenario)


def _parquet(store: Store, scenario: str, columns: Columns, folder: Path) -> None:
    path = folder / "samples.parquet"
    pq.write_table(_table(columns), path)
    store.import_data(path, scenario=scenario)


PANDAS: list[Type] = [
    Type("object", object, nasty.objects, fits=_text_kinds),
    Type("str", "str", nasty.writable_texts, fits=_text_kinds),
    Type("string", "string", nasty.writable_texts, fits=_text_kinds),
    Type("category", "category", nasty.writable_texts, fits=("text",)),
    *(Type(name, name.replace("int", "Int").replace("u", "U"), values, fits=_numbers)
      for name, values in _whole.items()),
    Type("float32", "float32", _float(np.float32, 3e38), float, fits=("real", "decimal")),
    Type("float64", "float64", _float(float, math.inf), float, fits=_numbers),
    Type("boolean", "boolean", st.booleans(), fits=("boolean", "integer")),
    *(
        Type(f"datetime64[{unit}]", f"datetime64[{unit}]", values, _moment(unit, None),
             fits=("timestamp",))
        for unit, values in (
            ("s", _seconds), ("us", _seconds.map(lambda n: n * 10**6)), ("ns", _nanoseconds),
        )
    ),
    Type("datetime64[us, UTC]", "datetime64[us, UTC]", _seconds.map(lambda n: n * 10**6),
         _moment("us", "UTC"), fits=("timestamp",)),
    Type("days", "datetime64[s]", _days.map(lambda n: n * 86_400), _moment("s", None),
         fits=("date",)),
]  # fmt: skip


def _series(column: Column) -> pd.Series:
    if column.type is None:
        return pd.Series(column.values)
    if column.type.made is object:
        cells = np.empty(len(column.values), dtype=object)
        for place, value in enumerate(column.values):
            cells[place] = value
        assert all(cell is value for cell, value in zip(cells, column.values, strict=True))
        return pd.Series(cells)
    values: Any = column.values
    if str(column.type.made).startswith("datetime64"):
        unit = column.type.made.split("[")[1].strip("]").split(",")[0]
        values = [pd.NaT if v is None else np.datetime64(v, unit) for v in values]
    return pd.Series(values, dtype=column.type.made)


def _pandas(store: Store, scenario: str, columns: Columns, folder: Path) -> None:
    frame = pd.DataFrame({name: _series(column) for name, column in columns.items()})
    store.persist({"samples": frame}, scenario=scenario)


WAYS = (
    (Way("Arrow", _arrow), ARROW),
    (Way("Parquet", _parquet), [type_ for type_ in ARROW if type_.parquet]),
    (Way("pandas", _pandas), PANDAS),
    # Without a column of objects a frame goes the way of a table.
    (Way("pandas, typed", _pandas), [type_ for type_ in PANDAS if type_.made is not object]),
)


@st.composite
def batches(draw: st.DrawFn, types: list[Type]) -> Columns:
    """A column of some type for each field, more often of one that is likely for it."""
    count = draw(st.sampled_from([1, 2, 5, 12, 20]))
    columns = {}
    for field in FIELDS:
        likely = [type_ for type_ in types if field.kind in type_.fits]
        type_ = draw(st.sampled_from(likely) | st.sampled_from(types))
        values = draw(st.lists(type_.values | st.none(), min_size=count, max_size=count))
        meanings = [None if value is None else type_.meaning(value) for value in values]
        columns[field.name] = Column(values, meanings, type_)
    return columns
