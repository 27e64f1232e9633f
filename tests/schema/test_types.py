"""Logical types: what each accepts, stores, refuses and gives out; and a new one in one place."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import json
import sqlite3
import uuid
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import PLUGIN, install

from healthsim_store import Store
from healthsim_store.errors import InvalidRows
from healthsim_store.plugins import installed
from healthsim_store.schema.types import KINDS, Kind, LogicalType

ACCEPTED: list[tuple[str, Any, Any]] = [
    ("VARCHAR", "a", "a"), ("VARCHAR", 7, "7"), ("VARCHAR", "", ""),
    ("VARCHAR", uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ("VARCHAR(3)", "abc", "abc"), ("VARCHAR", None, None), ("VARCHAR", float("nan"), None),
    ("INTEGER", 3, 3), ("INTEGER", "3", 3), ("INTEGER", 3.0, 3), ("INTEGER", " 3 ", 3),
    ("INTEGER", "", None), ("INTEGER", -(2**63), -(2**63)), ("INTEGER", True, 1),
    ("REAL", "1.5", 1.5), ("REAL", 1, 1.0), ("REAL", decimal.Decimal("0.1"), 0.1),
    ("DECIMAL(8,2)", "12.34", 12.34), ("DECIMAL(8,2)", decimal.Decimal("12.3"), 12.3),
    ("DECIMAL(8,2)", 12, 12.0),
    ("BOOLEAN", "yes", 1), ("BOOLEAN", False, 0), ("BOOLEAN", 0, 0), ("BOOLEAN", "F", 0),
    ("DATE", "2024-02-29", "2024-02-29"), ("DATE", dt.date(2024, 2, 29), "2024-02-29"),
    ("DATE", dt.datetime(2024, 2, 29), "2024-02-29"),
    ("TIMESTAMP", "2024-02-29T08:30:00+02:00", "2024-02-29T06:30:00"),
    ("TIMESTAMP", "2024-02-29", "2024-02-29T00:00:00"),
    ("JSON", {"a": [1, None]}, '{"a":[1,null]}'), ("JSON", '{"a": 1}', '{"a": 1}'),
    # Text and Decimal are exact. A float means the decimal that doubles or float32 make it of.
    ("DECIMAL(8,2)", 0.1 + 0.2, 0.3), ("DECIMAL(8,2)", 12.340000152587891, 12.34),
    ("DECIMAL(12,2)", sum([0.01] * 1000), 10.0), ("DECIMAL(4,0)", 7.0, 7.0),
    ("INTEGER", "1234567890123456789.0", 1234567890123456789),
    ("JSON", True, "true"), ("JSON", 0.1 + 0.2, "0.30000000000000004"),
    ("TIMESTAMP", "2024-02-29T08:30:00.123456000", "2024-02-29T08:30:00.123456"),
    ("TIMESTAMP", "2024-02-29T08:30:00.5", "2024-02-29T08:30:00.500000"),
    ("INTEGER", 2.0**60, 2**60), ("INTEGER", "0e999999999", 0),
    ("DECIMAL(15,2)", 1234567890123.45, 1234567890123.45),
    ("TIMESTAMP", np.datetime64("2024-02-29T08:30:00", "ns"), "2024-02-29T08:30:00"),
    ("PARTIAL_TIMESTAMP", "2003", "2003"), ("PARTIAL_TIMESTAMP", " 2003---15 ", "2003---15"),
    ("PARTIAL_TIMESTAMP", dt.date(2024, 2, 29), "2024-02-29"), ("PARTIAL_TIMESTAMP", "", None),
    ("VARCHAR", pd.NA, None), ("INTEGER", decimal.Decimal("sNaN"), None),
    ("JSON", '{"n":' + "1" * 5000 + "}", '{"n":' + "1" * 5000 + "}"),
]  # fmt: skip

REFUSED: list[tuple[str, Any]] = [
    ("VARCHAR(3)", "abcd"), ("VARCHAR", ["a"]), ("VARCHAR", "\ud800"),
    ("INTEGER", "3.5"), ("INTEGER", 3.5), ("INTEGER", 2**63), ("INTEGER", "three"),
    ("REAL", "x"), ("REAL", float("inf")), ("REAL", "inf"),
    ("DECIMAL(8,2)", "12.345"), ("DECIMAL(8,2)", 1_000_000), ("DECIMAL(8,2)", "NaN"),
    ("BOOLEAN", 2), ("BOOLEAN", "maybe"),
    ("DATE", "2024-02-30"), ("DATE", "29/02/2024"), ("DATE", dt.datetime(2024, 2, 29, 1)),
    ("TIMESTAMP", "2024-02-29T25:00:00"), ("TIMESTAMP", 5),
    ("JSON", "{"), ("JSON", float("inf")), ("JSON", {1, 2}),
    ("DECIMAL(12,2)", "12.340009"), ("DECIMAL(12,2)", 12.34999), ("DECIMAL(12,2)", 12.345),
    ("DECIMAL(12,2)", decimal.Decimal("12.340000000001")), ("DECIMAL(8,2)", "1e999999999999999999"),
    ("INTEGER", "1e999999999999999999"), ("REAL", 2**53 + 1), ("REAL", "1e400"),
    ("PARTIAL_TIMESTAMP", "2003-13"), ("PARTIAL_TIMESTAMP", "2023-02-29"),
    ("PARTIAL_TIMESTAMP", "2003-12-15\0"), ("PARTIAL_TIMESTAMP", "2003-"),
    ("VARCHAR", "a\0b"), ("JSON", '"a\0b"'),
    ("TIMESTAMP", "0001-01-01T00:00:00+05:00"), ("TIMESTAMP", "2024-02-29T08:30:00.1234567"),
    ("DATE", "-0001-01-01"), ("DATE", "0000-01-01"),
    # Digits that Python would take for a date, a day of which the zone would be lost.
    ("DATE", "2024020199"), ("TIMESTAMP", "1" * 60), ("DATE", "2024-02-29T00:00:00+05:00"),
    ("DATE", pd.Timestamp("2024-02-29T00:00:00.000000001")), ("DATE", "2024-W09"),
    # Three decimals that a float32, or a share of the whole amount, would hide.
    ("DECIMAL(12,2)", 1000000.0625), ("DECIMAL(12,2)", 5234567890.123),
    ("INTEGER", "1_000"), ("INTEGER", "\u0663"), ("INTEGER", np.timedelta64(5, "ns")),
    ("INTEGER", np.array([5])), ("VARCHAR", float("inf")), ("VARCHAR", 2134.0),
    ("VARCHAR", True), ("JSON", {1: 2}), ("JSON", "NaN"),
    ("JSON", "[" * 501 + "]" * 501),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "value", "stored"), ACCEPTED)
def test_the_stored_form(declared: str, value: Any, stored: Any) -> None:
    found = LogicalType.parse(declared).coerce(value)
    assert found == stored
    assert type(found) is type(stored)


@pytest.mark.parametrize(("declared", "value"), REFUSED)
def test_what_is_not_of_the_type(declared: str, value: Any) -> None:
    with pytest.raises(ValueError):
        LogicalType.parse(declared).coerce(value)


@pytest.mark.parametrize(("declared", "sql"), [
    ("varchar", "VARCHAR"), ("TEXT", "VARCHAR"), ("char(2)", "VARCHAR(2)"), ("int", "INTEGER"),
    ("double  precision", "REAL"), ("numeric(12, 2)", "DECIMAL(12,2)"), ("bool", None),
    ("DECIMAL", None), ("DECIMAL(16,2)", None), ("DECIMAL(4,5)", None), ("BLOB", None),
])  # fmt: skip
def test_spellings(declared: str, sql: str | None) -> None:
    if sql is None:
        with pytest.raises(ValueError):
            LogicalType.parse(declared)
    else:
        assert LogicalType.parse(declared).sql == sql
        assert LogicalType.parse(sql).sql == sql


@pytest.mark.parametrize("declared", [
    "VARCHAR", "VARCHAR(5)", "INTEGER", "REAL", "DECIMAL(8,2)", "BOOLEAN", "DATE", "TIMESTAMP",
    "PARTIAL_TIMESTAMP", "JSON",
])  # fmt: skip
def test_what_is_stored_as_it_is_is_what_coerce_gives(declared: str) -> None:
    """`plain` must not pass a value that SQLite would store otherwise."""
    type_ = LogicalType.parse(declared)
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        check = type_.check('"x"')
        condition = f" CHECK ({check})" if check else ""
        connection.execute(f'CREATE TABLE t ("x" {type_.storage}{condition}) STRICT')
        for _, value, _ in ACCEPTED:
            if not type_.plain([value]):
                continue
            connection.execute("DELETE FROM t")
            try:
                connection.execute("INSERT INTO t VALUES (?)", (value,))
            except sqlite3.Error:
                continue  # it is refused, and then coerced
            ((stored,),) = connection.execute("SELECT x FROM t")
            assert stored == type_.coerce(value), (declared, value)
        for _, value in REFUSED:
            if type_.plain([value]):
                try:
                    connection.execute("INSERT INTO t VALUES (?)", (value,))
                except (sqlite3.Error, ValueError, OverflowError):
                    continue
                assert type_.coerce(value) is not None


@pytest.mark.parametrize("declared", [
    "DECIMAL(15,15)", "DECIMAL(15,6)", "DECIMAL(15,2)", "DECIMAL(15,0)", "DECIMAL(12,2)",
])  # fmt: skip
def test_sqlite_takes_every_decimal_of_as_many_digits(declared: str) -> None:
    """Its round() is off by the last bit for one of some thousands with fifteen digits."""
    type_, random = LogicalType.parse(declared), Random(3)
    assert type_.size is not None
    most = 10**type_.size - 1
    values = [random.randint(-most, most) / 10**type_.scale for _ in range(50_000)]
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (x REAL) STRICT")
        connection.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
        refused = f"SELECT x FROM t WHERE NOT ({type_.check('x')})"
        assert connection.execute(refused).fetchall() == []
        half = (random.randint(0, most // 10) + 0.5) / 10**type_.scale
        connection.execute("INSERT INTO t VALUES (?)", (half,))
        assert connection.execute(refused).fetchall() == [(half,)]


@pytest.mark.parametrize("declared", [
    "VARCHAR", "VARCHAR(5)", "INTEGER", "REAL", "DECIMAL(8,2)", "BOOLEAN", "DATE", "TIMESTAMP",
    "PARTIAL_TIMESTAMP", "JSON",
])  # fmt: skip
def test_sqlite_takes_what_coerce_gives_and_null(declared: str) -> None:
    type_ = LogicalType.parse(declared)
    values = [stored for other, _, stored in ACCEPTED if other == declared] + [None]
    check = type_.check('"x"')
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        condition = f" CHECK ({check})" if check else ""
        connection.execute(f'CREATE TABLE t ("x" {type_.storage}{condition}) STRICT')
        connection.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
        found = [value for (value,) in connection.execute("SELECT x FROM t ORDER BY rowid")]
    assert found == values


def test_the_types_of_other_formats() -> None:
    told = {
        name: (kind.storage, kind.package, str(LogicalType.parse(_declared(kind)).arrow()))
        for name, kind in KINDS.items()
    }
    assert told == {
        "text": ("TEXT", "string", "string"),
        "integer": ("INTEGER", "integer", "int64"),
        "real": ("REAL", "number", "double"),
        "decimal": ("REAL", "number", "decimal128(8, 2)"),
        "boolean": ("INTEGER", "boolean", "bool"),
        "date": ("TEXT", "date", "date32[day]"),
        "timestamp": ("TEXT", "datetime", "timestamp[us]"),
        "partial": ("TEXT", "string", "string"),
        "json": ("TEXT", "string", "string"),
    }


def _declared(kind: Kind) -> str:
    return f"{kind.spellings[0]}(8,2)" if kind.name == "decimal" else kind.spellings[0]


# -- a new type, in one place -------------------------------------------------------------------


def _clock(value: Any, size: int | None, scale: int) -> str:
    if isinstance(value, str):
        value = dt.time.fromisoformat(value)
    if not isinstance(value, dt.time):
        raise ValueError(value)
    return value.isoformat("seconds")


TIME = Kind(
    "time", ("TIME",), "TEXT", "time",
    expected=lambda t: "a time of day, as HH:MM:SS",
    check=lambda t, c: f"{c} IS NULL OR time({c}) IS {c}",
    coerce=_clock,
    plain=lambda column, size, scale: all(isinstance(value, str) for value in column),
    arrow=lambda t: pa.large_string(),
    unlike=lambda mine, yours, a, b: f"substr({a}, 1, 5) IS NOT substr({b}, 1, 5)",
    moment=True,
)  # fmt: skip

SCHEMA = """
-- Alarms
CREATE TABLE alarms (
  alarm_id VARCHAR PRIMARY KEY, -- Id
  rings_at TIME NOT NULL -- When it rings
);
"""


def test_a_new_type_works_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "time", TIME)
    install(tmp_path / "site", "clocks", {
        "__init__.py": PLUGIN.replace('name="toy"', 'name="clocks"'), "schema.sql": SCHEMA,
    })  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    installed.cache_clear()
    with Store(tmp_path / "store") as store:
        batch = {"alarms": [{"alarm_id": "a", "rings_at": dt.time(7, 30)},
                            {"alarm_id": "b", "rings_at": "06:00"}]}  # fmt: skip
        store.persist(batch, scenario="s")
        rows = store.load_scenario("s")["alarms"]
        assert [row["rings_at"] for row in rows] == ["07:30:00", "06:00:00"]
        with pytest.raises(InvalidRows) as refused:
            store.persist({"alarms": [{"rings_at": "25:00"}]}, scenario="s")
        assert "must be a time of day, as HH:MM:SS" in str(refused.value)
        assert store.check_scenario("s").ok
        package = store.export_scenario("s", format="parquet", to=tmp_path / "out").location
        assert pa.parquet.read_schema(package / "alarms.parquet").field("rings_at").type == (
            pa.large_string()
        )
        (resource,) = json.loads((package / "datapackage.json").read_text())["resources"]
        assert resource["schema"]["fields"][1]["type"] == "time"
        text = store.export_scenario("s", format="csv", to=tmp_path / "csv").location
        store.import_data(text, scenario="back")
        assert store.diff_scenarios("s", "back").empty
        later = {"alarms": [{"alarm_id": "a", "rings_at": "07:30:59"}]}
        store.persist(later, scenario="back", on_conflict="replace")
        assert store.diff_scenarios("s", "back").empty  # by its own word for the same
        later["alarms"][0]["rings_at"] = "07:31:00"
        store.persist(later, scenario="back", on_conflict="replace")
        assert store.diff_scenarios("s", "back").entity_types["alarms"].changed == 1
    installed.cache_clear()
