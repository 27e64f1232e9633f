"""A product of odd values: every type, '' beside NULL, self references, composite keys."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

SCHEMA = """
-- Things of every type @label Odd Things
CREATE TABLE things (
  thing_id VARCHAR PRIMARY KEY, -- Id
  code VARCHAR NOT NULL UNIQUE, -- Natural key, with leading zeros @codes ZIP
  note VARCHAR, -- May be empty, which is not NULL
  short VARCHAR(5), -- At most five
  secret VARCHAR, -- Not for everybody @sensitive
  amount DECIMAL(12,2), -- Money @unit USD
  ratio REAL, -- A float
  n INTEGER, -- Whole
  level INTEGER CHECK (level IN (1, 2, 3)), -- One of three
  flag BOOLEAN, -- Yes or no
  day DATE, -- A day
  at TIMESTAMP, -- A moment
  since PARTIAL_TIMESTAMP, -- As far as it is known
  doc JSON, -- Anything
  parent_id VARCHAR REFERENCES things (thing_id), -- Another thing
  person_id VARCHAR -- The same human elsewhere
);

-- Parts of things
CREATE TABLE parts (
  part_id VARCHAR PRIMARY KEY, -- Id
  thing_id VARCHAR NOT NULL REFERENCES things (thing_id), -- What it belongs to
  number INTEGER NOT NULL, -- Which one
  other_id VARCHAR REFERENCES things (thing_id), -- Perhaps
  UNIQUE (thing_id, number)
);
"""

PLUGIN = """
from healthsim_store import Product, hookimpl

@hookimpl
def healthsim_store_products():
    return [Product.from_package(__name__, name="odd")]
"""

TEXTS = [
    "", None, "plain", "00123", 'say "hi"', "a,b", "a\tb", "two\nlines", "cr\r\nlf", " spaces ",
    "NULL", "null", "NA", "None", "nan", "true", "1e5", "Zoë 🐈 漢字", "'", "\\", "\\N", "#", '""',
    "2024-01-01", "-", "=1+1",
]  # fmt: skip

_EVERY: dict[str, list[Any]] = {
    "note": TEXTS,
    "secret": TEXTS[::-1],
    "amount": [0.1, 9999999999.99, -0.01, 0, 1234567.8, None, 0.29, 1.15, -9999999999.99],
    "ratio": [0.1 + 0.2, 1e300, 5e-324, -0.0, 1.0, 1 / 3, 123456789012345678.0, None, 2.5e-7],
    "n": [0, 2**63 - 1, -(2**63), None, 7, 2**53 + 1],
    "level": [1, 2, 3, None],
    "flag": [True, False, None],
    "day": ["2024-02-29", "0001-01-01", "9999-12-31", None, "1969-12-31"],
    "at": ["2024-02-15T09:30:00", "2024-02-15T09:30:00.5", "2024-02-15T09:30:00.123456",
           "1900-01-01T00:00:00", None, "2024-02-15T09:30:00.120"],
    "since": ["2024", "2024-02", "2024---15", None, "2024-02-15", "2024-02-15T09:30+02:00",
              "-----T09:30", "2024-02-15T09:30:00.120"],
    "doc": ['{"a": [1, null, "x, y"]}', "[]", '"text"', "null", "12.50", None, '{"q": "\\"\\n"}'],
}  # fmt: skip


def things(count: int = 60) -> list[dict[str, Any]]:
    """Rows with every odd value; every third has a parent, which may come later."""
    return [
        {"thing_id": f"t{n:05}", "code": f"{n:05}", "short": "5 äöü"[: n % 6] or None}
        | {name: values[n % len(values)] for name, values in _EVERY.items()}
        | {"parent_id": f"t{(n * 7) % count:05}" if n % 3 == 0 else None, "person_id": f"p{n % 9}"}
        for n in range(count)
    ]


def parts(count: int = 90, of: int = 60) -> list[dict[str, Any]]:
    return [
        {"part_id": f"x{n:05}", "thing_id": f"t{n % of:05}", "number": n // of,
         "other_id": None if n % 2 else f"t{(n * 5) % of:05}"}
        for n in range(count)
    ]  # fmt: skip


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All entities of a file, by plain sqlite3: the columns' names, then the rows by id."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY 1"
        ).fetchall()
        found = {}
        for (name,) in names:
            cursor = connection.execute(f'SELECT * FROM "{name}" ORDER BY 1')
            columns = tuple(description[0] for description in cursor.description)
            found[name] = [columns, *cursor]
        return found
