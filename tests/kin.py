"""Two small products for copies: self references, composite and nullable keys, links across.

And random scenarios of them, from so few ids and keys that scenarios have many in common.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from campaign import tries
from conftest import PLUGIN, install
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

SCHEMA = """
-- People
CREATE TABLE people (
  person_key VARCHAR PRIMARY KEY, -- Id
  code VARCHAR NOT NULL UNIQUE, -- Natural key
  boss_key VARCHAR REFERENCES people (person_key), -- Another, or the same
  person_id VARCHAR -- The same human across products
);

-- Rooms of a person
CREATE TABLE rooms (
  room_id VARCHAR PRIMARY KEY, -- Id
  person_key VARCHAR NOT NULL REFERENCES people (person_key), -- Whose
  number INTEGER NOT NULL, -- Which
  price DECIMAL(8,2), -- A price
  UNIQUE (person_key, number)
);

-- Things, in a room or not
CREATE TABLE things (
  thing_id VARCHAR PRIMARY KEY, -- Id
  room_id VARCHAR REFERENCES rooms (room_id), -- Where
  badge VARCHAR UNIQUE, -- A natural key that may lack
  name VARCHAR -- Name
);
"""

LINKED = """
-- Notes about things of another product
CREATE TABLE notes (
  note_id VARCHAR PRIMARY KEY, -- Id
  thing_id VARCHAR, -- What about @references things(thing_id)
  person_id VARCHAR, -- The same human across products
  written TIMESTAMP -- When
);
"""

PARENTS = {
    "people": {"boss_key": "people"},
    "rooms": {"person_key": "people"},
    "things": {"room_id": "rooms"},
    "notes": {"thing_id": "things"},
}
KEYS = {"people": "person_key", "rooms": "room_id", "things": "thing_id", "notes": "note_id"}
UNIQUE = {"people": ("code",), "rooms": ("person_key", "number"), "things": ("badge",)}


def lay(folder: Path) -> Path:
    """The two products as distributions, to be put on the path."""
    plugin = PLUGIN.replace('name="toy"', "name=__name__")
    install(folder, "kin_product", {"__init__.py": plugin, "schema.sql": SCHEMA})
    install(folder, "kin_notes", {"__init__.py": plugin, "schema.sql": LINKED})
    return folder


def _some(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.sampled_from([*values, None]) if values else st.none()


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Rows by entity type, persistable as they are; people are there always."""

    def ids(letter: str, least: int = 0) -> list[str]:
        numbers = draw(st.lists(st.integers(0, 4), unique=True, min_size=least, max_size=4))
        return [f"{letter}{n}" for n in numbers]

    people, rooms, things, notes = ids("p", 1), ids("r"), ids("t"), ids("n")
    codes = draw(st.permutations([f"c{n}" for n in range(6)]))
    badges = draw(st.permutations([f"b{n}" for n in range(4)]))
    places = draw(
        st.lists(
            st.tuples(st.sampled_from(people), st.integers(1, 3)),
            unique=True, min_size=len(rooms) if len(people) > 1 else 0, max_size=len(rooms),
        )
    )  # fmt: skip
    rooms = rooms[: len(places)]
    human = st.sampled_from(["h1", "h2", "h3", None])
    return {
        "people": [
            {"person_key": key, "code": code, "boss_key": draw(_some(people)),
             "person_id": draw(human)}
            for key, code in zip(people, codes, strict=False)
        ],
        "rooms": [
            {"room_id": key, "person_key": who, "number": number,
             "price": draw(st.sampled_from([None, 0.1, 12.5, 99.99]))}
            for key, (who, number) in zip(rooms, places, strict=True)
        ],
        "things": [
            {"thing_id": key, "room_id": draw(_some(rooms)),
             "badge": badge if draw(st.booleans()) else None,
             "name": draw(st.sampled_from(["", "x", "it's", None]))}
            for key, badge in zip(things, badges, strict=False)
        ],
        "notes": [
            {"note_id": key, "thing_id": draw(_some([*things, "elsewhere"])),
             "person_id": draw(human),
             "written": draw(st.sampled_from([None, "2024-02-29T10:00:00"]))}
            for key in notes
        ],
    }  # fmt: skip


def dump(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table that plain sqlite3 sees, in id order; housekeeping left out."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        here = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        return {
            table: [
                dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY {key}")
            ]
            for table, key in KEYS.items()
            if table in here
        }


def rows_of(path: Path, *, said: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """Every row with its rowid, in their order; tables without a row left out.

    And, if wanted, what is ``said`` of the scenario.
    """
    with contextlib.closing(sqlite3.connect(path)) as file:
        here = {row[0] for row in file.execute("SELECT name FROM sqlite_master")}
        found = {
            table: file.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid").fetchall()
            for table in (*KEYS, *(["_own_questions"] if said else []))
            if table in here
        }
        if said:
            found["said"] = file.execute("SELECT description FROM _scenario").fetchall()
            found["tags"] = file.execute("SELECT tag FROM _tags ORDER BY tag").fetchall()
    return {table: rows for table, rows in found.items() if rows}


def runs(ordinary: int, campaign: int) -> settings:
    """How tests of random scenarios run: so many, and more in a campaign."""
    return settings(
        max_examples=tries(ordinary, campaign),
        deadline=None,
        derandomize=True,
        # Scenarios so small are read as they are, and shrinking takes long.
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )


def faults(path: Path) -> list[Any]:
    """What SQLite itself finds wrong with a file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        checked = connection.execute("PRAGMA integrity_check").fetchall()
    return broken + [row for row in checked if row != ("ok",)]
