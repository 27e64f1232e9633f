"""Two products as large as a standard's: one of 200 entity types, and one of 300 columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bad_plugins import PRODUCT
from conftest import install

TYPES = 200
COLUMNS = 300
_SQL = ("VARCHAR", "INTEGER", "REAL", "DECIMAL(12,2)", "DATE", "TIMESTAMP", "BOOLEAN", "JSON")
_VALUES = (
    "a text of some length, as a standard has them", 12345, 0.5, "12.34", "2024-01-01",
    "2024-01-01T10:00:00", True, '{"a": 1}',
)  # fmt: skip


def kind(number: int) -> str:
    return f"kind_of_thing_number_{number:03}"


def _table(number: int) -> str:
    name = kind(number)
    parent = kind(number - 1)
    reference = (
        f"  parent_id VARCHAR REFERENCES {parent} ({parent}_id), -- What it belongs to\n"
        if number
        else ""
    )
    return (
        f"-- Things of the kind {number}\nCREATE TABLE {name} (\n"
        f"  {name}_id VARCHAR PRIMARY KEY, -- Id\n  code VARCHAR NOT NULL UNIQUE, -- Key\n"
        f"{reference}"
        "  amount DECIMAL(10,2), -- Money @unit USD\n  day DATE -- A day\n);\n\n"
        f"CREATE VIEW {name}_card AS SELECT {name}_id, code, amount FROM {name};\n\n"
        f"CREATE INDEX {name}_by_day ON {name} (day);\n\n"
    )


def _wide() -> str:
    columns = [
        f"  {column(number)} {_SQL[number % 8]} -- What was measured"
        for number in range(COLUMNS - 2)
    ]
    return (
        "-- Wide things\nCREATE TABLE wides (\n  wide_id VARCHAR PRIMARY KEY, -- Id\n"
        "  code VARCHAR NOT NULL UNIQUE, -- Key\n" + "\n".join(columns).replace(" --", ", --")
    ).rpartition(", --")[0] + " -- The last\n);\n"


def column(number: int) -> str:
    return f"a_value_that_was_measured_and_has_a_long_name_{number:03}"


def install_large(folder: Path) -> None:
    numbers = range(TYPES)
    install(folder, "manysim", {
        "__init__.py": PRODUCT.format(name="many"),
        "schema.sql": "".join(map(_table, numbers)),
        "summary.sql": "\n".join(
            f"-- Money {n}\n-- @name money_{n} @section Kinds @show {{n}} of {{total:.2f}}\n"
            f"SELECT count(*) AS n, sum(amount) AS total FROM {kind(n)} HAVING count(*) > 0;\n"
            for n in numbers
        ),
        "checks.sql": "\n".join(
            f"-- No debts {n}\n-- @name debts_{n}\nSELECT code FROM {kind(n)} WHERE amount < 0;\n"
            for n in numbers
        ),
        "questions.sql": "\n".join(
            f"-- Above :least\n-- @name above_{n}\nSELECT code, amount FROM {kind(n)}"
            " WHERE amount > CAST(coalesce(nullif(:least, ''), 0) AS REAL);\n"
            for n in numbers
        ),
    })  # fmt: skip
    install(folder, "widesim", {"__init__.py": PRODUCT.format(name="wide"), "schema.sql": _wide()})


def many(rows: int = 3, first: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Rows of every entity type; each has a parent of the type before."""
    return {
        kind(n): [
            {f"{kind(n)}_id": f"{n}-{i}", "code": f"C{i}", "amount": "1.50", "day": "2024-01-01"}
            | ({"parent_id": f"{n - 1}-{i}"} if n else {})
            for i in range(first, first + rows)
        ]
        for n in range(TYPES)
    }


def wide(rows: int = 20, first: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Rows of 300 values."""
    values = {column(n): _VALUES[n % 8] for n in range(COLUMNS - 2)}
    return {
        "wides": [
            {"wide_id": f"w{i}", "code": f"C{i}"} | values for i in range(first, first + rows)
        ]
    }
